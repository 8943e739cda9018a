#!/bin/sh
# The whole way in one go: a synthetic country, eligload, eligd, eligctl. Every question of people.csv
# gets the answer that stands beside it, on the day of delivery and on the last day that is judged.
set -u
: "${ELIG_BIN:=build/bin}" "${ELIG_TOP:=.}"
work=$(mktemp -d) || exit 3
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
passed=0 failed=0
good() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "$*"; }

catalogue=$ELIG_TOP/loader/catalogue
{
    "$ELIG_BIN/eligctl" keygen identity "$work/identity.key" &&
        "$ELIG_BIN/eligctl" keygen signing "$work/sign.key" &&
        "$ELIG_BIN/eligbench" country --quiet --persons 1000 "$work/country" &&
        "$ELIG_BIN/eligload" build --exports "$work/country" --snapshots "$work/snapshots" \
            --identity-key "$work/identity.key" --signing-key "$work/sign.key" --environment 7 \
            --registers "$ELIG_TOP/loader/registers" --catalogue "$catalogue" --quiet
} >"$work/log" 2>&1 || {
    cat "$work/log"
    exit 1
}

"$ELIG_BIN/eligd" --snapshots "$work/snapshots" --identity-key "$work/identity.key" \
    --signing-public "$work/sign.key.pub" --environment 7 --unix "$work/socket" \
    >"$work/log" 2>&1 &
server=$!
tries=100
until grep -q 'event=ready' "$work/log" || [ $tries -eq 0 ]; do
    sleep 0.1
    tries=$((tries - 1))
done

# The member of the answer's JSON.
member() { sed -n "s/^ *\"$1\": \"*\([^\",]*\)\"*,*\$/\1/p" "$work/out"; }

tail -n +2 "$work/country/people.csv" >"$work/people"
while IFS=, read -r title means text product point price status percent _; do
    number=$(awk -F, -v name="$product" '$2 == name { print $1 }' "$catalogue/products.csv")
    for at in 2026-11-01T00:00 2027-01-01T23:59; do
        echo "$text" | "$ELIG_BIN/eligctl" check --connect "unix:$work/socket" --means "$means" \
            --product "${number:-1}" --point-of-sale "$point" --price "$price" --at $at --json >"$work/out" 2>&1
        # 1/10000 EUR of a price in cents, times percent
        amount=$(echo "$price" | awk -v percent="$percent" '{ printf "%d", $1 * 100 * percent + 0.5 }')
        if [ "$(member status)" = "$status" ] && [ "$(member relief_amount)" = "$amount" ]; then
            good
        else
            bad "$title at $at: $(member status) $(member relief_amount), wanted $status $amount"
        fi
    done
done <"$work/people"
if [ $((passed + failed)) -eq 24 ]; then good; else bad "not all of people.csv was asked"; fi

echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
