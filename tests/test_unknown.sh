#!/bin/sh
# What missing data mean, from deliveries to the answers of an engine: a register is delivered, then not
# delivered twice, under reliefs that refuse, that allow, and that go by what was last known; and persons
# who live under a code that was replaced.
set -u
: "${ELIG_BIN:=build/bin}" "${ELIG_TOP:=.}"
work=$(mktemp -d) || exit 3
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
passed=0 failed=0
good() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "$*"; }
fail() {
    echo "$*"
    cat "$work"/*.log
    echo "$passed passed, $((failed + 1)) failed, 0 skipped"
    exit 1
}

mkdir "$work/catalogue"
cat >"$work/catalogue/a.rules" <<'END'
place JURMALA = 0094
product ride.refuse = 2001
product ride.allow = 2002
product ride.known = 2003
product ride.town = 2004
group pensioner = status VSAA.pension.old_age
group townspeople = resident_in JURMALA
relief REFUSING giver 90011524360 from 2025-01-01
  everywhere
  clause pensioner product ride.refuse free
relief ALLOWING giver 90011524360 from 2025-01-01
  everywhere
  unknown allow
  clause pensioner product ride.allow free
relief KNOWING giver 90011524360 from 2025-01-01
  everywhere
  unknown last known 14 days
  clause pensioner product ride.known free
relief TOWN giver 90011524360 from 2025-01-01
  everywhere
  clause townspeople product ride.town free
END
# What was 0004000 in the deliveries is 0094000 now.
printf 'code,title,replaced_by\n0094000,Jurmala,\n0004000,Jurmala,0094000\n' >"$work/catalogue/places.csv"

for kind in identity signing; do
    "$ELIG_BIN/eligctl" keygen $kind "$work/$kind.key" >/dev/null || fail "no $kind key"
done

# publish DAY [option ...]: the deliveries as of that day; with options, without pensions
publish() {
    rm -rf "$work/exports"
    cp -r "$ELIG_TOP/tests/fixtures/exports" "$work/exports"
    sed -i "s/2026-01-15/$1/" "$work/exports/delivery.csv"
    shift
    [ $# -eq 0 ] || sed -i /VSAA/d "$work/exports/delivery.csv"
    "$ELIG_BIN/eligload" build --quiet --exports "$work/exports" --catalogue "$work/catalogue" \
        --registers "$ELIG_TOP/loader/registers" --snapshots "$work/snapshots" --identity-key "$work/identity.key" \
        --signing-key "$work/signing.key" "$@" >"$work/build.log" 2>&1 || fail "no snapshot"
}
ready() { "$ELIG_BIN/eligctl" status --connect "unix:$work/till" --json 2>/dev/null | grep -q "\"generation\": $1,"; }
# serve GENERATION: until it is in service
serve() {
    [ -z "$server" ] || kill -HUP "$server"
    [ -n "$server" ] || {
        "$ELIG_BIN/eligd" --snapshots "$work/snapshots" --identity-key "$work/identity.key" \
            --signing-public "$work/signing.key.pub" --unix "$work/till" 2>"$work/eligd.log" &
        server=$!
    }
    tries=200
    until ready "$1"; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || fail "generation $1 is not in service"
        sleep 0.05
    done
}
# ask STATUS IDENTIFIER PRODUCT DAY "what is shown"
ask() {
    got=$(echo "$2" | "$ELIG_BIN/eligctl" check --connect "unix:$work/till" --product "$3" --price 1.50 --at "$4T12:00" --json |
        sed -n 's/^ *"status": "\(.*\)",$/\1/p')
    if [ "$got" = "$1" ]; then good; else bad "$5, $4: $got, wanted $1"; fi
}
pensioner=320000-00106 other=320000-00107

publish 2026-01-15
serve 1
for product in 2001 2002 2003; do
    ask APPLIES $pensioner $product 2026-01-20 "a pensioner while all is known, product $product"
    ask DOES_NOT_APPLY $other $product 2026-01-20 "somebody else while all is known, product $product"
done
ask APPLIES 320000-00102 2004 2026-01-20 "who lives under the replaced code"
ask DOES_NOT_APPLY $pensioner 2004 2026-01-20 "who lives elsewhere"

publish 2026-01-17 --absent VSAA.pension --accept group-empty,group-change
serve 2
for person in $pensioner $other; do
    ask NO_DATA "$person" 2001 2026-01-20 "a relief that refuses"
    ask APPLIES "$person" 2002 2026-01-20 "a relief that allows"
done
ask APPLIES $pensioner 2003 2026-01-20 "who was last known to be a pensioner"
ask APPLIES $pensioner 2003 2026-01-28 "on the last of the days"
ask NO_DATA $pensioner 2003 2026-01-29 "14 days after it was known"
ask NO_DATA $other 2003 2026-01-20 "who was not known to be one"

# Carried over again it ends where it ended.
publish 2026-01-22 --absent VSAA.pension --accept group-empty,group-change
serve 3
ask APPLIES $pensioner 2003 2026-01-28 "carried over twice, on the last of the days"
ask NO_DATA $pensioner 2003 2026-01-29 "carried over twice, 14 days after it was known"

publish 2026-01-24
serve 4
ask APPLIES $pensioner 2001 2026-01-30 "a pensioner when all is known again"
ask DOES_NOT_APPLY $other 2002 2026-01-30 "somebody else when all is known again"

echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
