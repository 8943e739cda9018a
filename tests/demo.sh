#!/bin/sh
# A whole country from nothing: made up, loaded, compared with what is true, served, asked, measured,
# replaced under load. No root, no settings; everything is left in build/demo.
# usage: tests/demo.sh [PERSONS]      (make demo, make demo PERSONS=20000)
set -u
persons=${1:-1857000}
build=${BUILD:-build}
bin=$build/bin
demo=$build/demo
began=$(date +%s)
eligd_pid='' load_pid=''

# shellcheck source=tests/demo_parts.sh
. tests/demo_parts.sh
stop_all() {
    [ -z "$load_pid" ] || stop "$load_pid"
    [ -z "$eligd_pid" ] || stop "$eligd_pid"
    load_pid='' eligd_pid=''
}
trap stop_all EXIT
trap 'exit 1' HUP INT TERM

# ---- keys, country, snapshot ----

# Only what an earlier demo left.
rm -rf "$demo/keys" "$demo/merchants" "$demo/catalogue" "$demo/identity-keys" "$demo/country" "$demo/snapshots" "$demo/ledger" "$demo/reliefs" "$demo/port" "$demo"/*.json "$demo"/*.txt "$demo"/*.log "$demo/eligd.conf"
mkdir -p "$demo/keys" || fail "cannot write to $demo"
for kind in signing server merchant subject; do
    "$bin/eligctl" keygen $kind "$demo/keys/$kind.key" >>"$demo/keys.txt" || fail "no $kind key"
done
keys="--identity-keys $demo/identity-keys --signing-public $demo/keys/signing.key.pub"

echo "1. A country of $(thousands "$persons") persons, none of them real, as eleven registers deliver it"
# Terminals for sealed sessions, which benches hold: eligbench compare, bench/sealed.sh.
{ cp -r loader/catalogue "$demo/catalogue" &&
    "$bin/eligbench" terminals --quiet --terminals 20000 --merchant-key "$demo/keys/merchant.key" \
        --merchant-keys "$demo/merchants" "$demo/catalogue"; } || fail "no terminals"
started=$(date +%s.%N)
"$bin/eligbench" country --persons "$persons" --seed 1 --as-of today "$demo/country" >"$demo/country.txt" || fail "no country"
country_s=$(seconds_since "$started")

load() {
    "$bin/eligload" build --exports "$demo/country" --snapshots "$demo/snapshots" --identity-keys "$demo/identity-keys" \
        --signing-key "$demo/keys/signing.key" --subject-key "$demo/keys/subject.key" --catalogue "$demo/catalogue" \
        --summary "$demo/load.json" "$@" >"$demo/load.txt"
}
echo "2. Deliveries in seven dialects and with broken rows become one signed snapshot"
started=$(date +%s.%N)
load || { cat "$demo/load.txt"; fail "no snapshot"; }
load_s=$(seconds_since "$started")

echo "3. Every identifier and every group, compared with what is true of the country"
# shellcheck disable=SC2086 # options without blanks
"$bin/eligbench" agree --truth "$demo/country/truth.csv" --snapshots "$demo/snapshots" $keys >"$demo/agree.txt" 2>&1 ||
    { tail -5 "$demo/agree.txt"; fail "the snapshot is not what is true"; }
echo "   $(tail -1 "$demo/agree.txt")"

# ---- serve ----

# shellcheck disable=SC2086
"$bin/eligd" --snapshots "$demo/snapshots" $keys --listen-plain 127.0.0.1:7447 --dump-config >"$demo/eligd.conf" || fail "no settings"
"$bin/eligd" --config "$demo/eligd.conf" --listen-plain 127.0.0.1:0 --port-file-plain "$demo/port" 2>"$demo/eligd.log" &
eligd_pid=$!
wait_until 20 test -s "$demo/port" || fail "eligd does not serve"
address=127.0.0.1:$(cat "$demo/port")
fit() { "$bin/eligctl" ping --connect "$address" >/dev/null; }
wait_until 20 fit || fail "eligd is not fit to answer"

# ---- ask ----

# The catalogue's number of a product; every snapshot has test.product as well.
product_number() {
    if [ "$1" = test.product ]; then echo 1; else awk -F, -v name="$1" '$2 == name { print $1 }' loader/catalogue/products.csv; fi
}
echo "4. Questions as a terminal asks them"
asked=0 expected=0
while IFS=, read -r title means identifier product point price wanted percent sentence; do
    [ "$title" != title ] || continue
    number=$(product_number "$product")
    [ -n "$number" ] || fail "the catalogue has no product $product"
    for form in "" --json; do
        # The identifier comes by standard input: it stands in no list of processes.
        # shellcheck disable=SC2086
        printf '%s\n' "$identifier" | "$bin/eligctl" check --connect "$address" --means "$means" --product "$number" \
            --point-of-sale "$point" --price "$price" $form >"$demo/answer$form" 2>&1
    done
    sentence=${sentence#\"}
    status=$(value status "$demo/answer--json")
    amount=$(value relief_amount "$demo/answer--json")
    got=$(echo "$amount $price" | awk '{ printf "%.0f", $1 / 100 / $2 }')
    verdict="NOT AS EXPECTED ($wanted $percent %)"
    if [ "$status" = "$wanted" ] && [ "$got" = "$percent" ]; then
        verdict="as expected"
        expected=$((expected + 1))
    fi
    asked=$((asked + 1))
    printf '   %s buys %s, %s EUR. %s\n      -> %s [%s]\n' "$title" "$product" "$price" "${sentence%\"}" \
        "$(sed 's/ Snapshot [0-9].*//; q' "$demo/answer")" "$verdict"
done <"$demo/country/people.csv"
rm -f "$demo/answer" "$demo/answer--json"
[ "$asked" -gt 0 ] || fail "nobody to ask about"

echo "5. Each of the shapes of reliefs, R1 to R19, asked with eligctl: a small delivery, a second one two days later"
ELIG_BIN=$bin ELIG_TOP=. tests/reliefs.sh "$demo/reliefs" >"$demo/reliefs.txt"
shapes_status=$?
cat "$demo/reliefs.txt"

# ---- measure ----

run() { "$bin/eligbench" run --connect "$address" --truth "$demo/country/truth.csv" --json "$@"; }
echo "6. As many checks as this machine takes, then 20,000 a second, half of them about persons found"
run --pid "$eligd_pid" --measure-ms 3000 --verify >"$demo/most.json" || fail "checks failed or were answered wrongly"
run --rate 20000 --measure-ms 3000 --verify >"$demo/steady.json" || fail "checks failed or were answered wrongly"

# ---- replace under load ----

generation() { "$bin/eligctl" status --connect "$address" --json >"$demo/status.json" && value generation "$demo/status.json"; }
is_second() { [ "$(generation)" = 2 ]; }
echo "7. A new snapshot is built and put in service while checks go on"
# Long enough for a load that now shares the machine.
run --rate 20000 --measure-ms "$(echo "$load_s" | awk '{ printf "%d", 4000 + 2000 * $1 }')" --verify >"$demo/swap.json" &
load_pid=$!
sleep 1
load --quiet || fail "the second snapshot was not published"
kill -HUP "$eligd_pid"
wait_until 20 is_second || fail "the new snapshot is not in service"
kill -0 "$load_pid" 2>/dev/null || fail "the checks ended before the new snapshot was in service: nothing was shown"
wait "$load_pid"
swap_status=$?
load_pid=''
stop_all

most=$(value answers_per_s "$demo/most.json")
wrong=$(($(value failed "$demo/swap.json") + $(value wrong "$demo/swap.json")))
cat <<END

A country of $(thousands "$persons") was written in $country_s s and loaded in $load_s s; $expected of $asked answers were as
expected, and of the shapes of reliefs $(tail -1 "$demo/reliefs.txt" | cut -d' ' -f1-3). One event loop answered $(thousands "$most") checks a second ($(value server_cpu_ns "$demo/most.json" | cut -d. -f1) ns of processor each); at 20,000 a
second half of them took under $(us "$(value p50 "$demo/steady.json")") us and 99 of 100 under $(us "$(value p99 "$demo/steady.json")") us, client included. While a new
snapshot was built beside it and put in service, $(thousands "$(value answers "$demo/swap.json")") checks were answered, $wrong of them failed or
wrong. All of it took $(($(date +%s) - began)) s.

Next:
    $bin/eligd --config $demo/eligd.conf & sleep 2
    echo 010100-00018 | $bin/eligctl check --product 1 --price 1.50
    make check
END
if [ "$swap_status" -ne 0 ] || [ "$wrong" -ne 0 ]; then fail "checks failed or were answered wrongly during the change"; fi
[ "$shapes_status" -eq 0 ] || fail "not all shapes of reliefs were answered as expected"
[ "$expected" -eq "$asked" ] || fail "$((asked - expected)) answers were not as expected"
