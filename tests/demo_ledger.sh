#!/bin/sh
# The ledger, from nothing: a day of the country replayed as transactions, the engine killed in the middle
# of it, the ledger verified, its statements compared to the cent with what the terminals' own books
# say, and what one resident may read. With the country of make demo when it is there; everything is
# left in build/demo/ledger.
# usage: tests/demo_ledger.sh [PERSONS [TRANSACTIONS]]    (make demo LEDGER=1 PERSONS=20000 TRANSACTIONS=20000)
set -u
persons=${1:-1857000}
transactions=${2:-1000000}
build=${BUILD:-build}
bin=$build/bin
country=$build/demo/country
demo=${DEMO_LEDGER:-$build/demo/ledger}
began=$(date +%s)
eligd_pid='' day_pid=''

# shellcheck source=tests/demo_parts.sh
. tests/demo_parts.sh
stop_all() {
    [ -z "$day_pid" ] || stop "$day_pid"
    [ -z "$eligd_pid" ] || stop "$eligd_pid"
    day_pid='' eligd_pid=''
}
trap stop_all EXIT
trap 'exit 1' HUP INT TERM

# ---- keys, snapshot ----

rm -rf "$demo" # what an earlier one left
mkdir -p "$demo/keys" "$demo/ledger" || fail "cannot write to $demo"
"$bin/eligctl" keygen signing "$demo/keys/signing.key" >"$demo/keys.txt" || fail "no signing key"
"$bin/eligctl" keygen signing "$demo/keys/head.key" >>"$demo/keys.txt" || fail "no key for heads"
"$bin/eligctl" keygen subject "$demo/keys/subject.key" >>"$demo/keys.txt" || fail "no subject key"
keys="--identity-keys $demo/identity-keys --signing-public $demo/keys/signing.key.pub"
if [ ! -s "$country/truth.csv" ] || [ -n "${DEMO_LEDGER-}" ]; then
    country=$demo/country
    "$bin/eligbench" country --persons "$persons" --seed 1 --as-of today "$country" --quiet || fail "no country"
fi
echo "L1. A snapshot of the country in which every identifier leads to the person whose uses are counted"
"$bin/eligload" build --exports "$country" --snapshots "$demo/snapshots" --identity-keys "$demo/identity-keys" \
    --signing-key "$demo/keys/signing.key" --subject-key "$demo/keys/subject.key" --quiet >"$demo/load.txt" ||
    { cat "$demo/load.txt"; fail "no snapshot"; }

# ---- the day ----

socket=$demo/sock
fit() { "$bin/eligctl" ping --connect "unix:$socket" >/dev/null; }
serve() {
    # shellcheck disable=SC2086 # options without blanks
    "$bin/eligd" --snapshots "$demo/snapshots" $keys --unix "$socket" --ledger "$demo/ledger" \
        --ledger-head-key "$demo/keys/head.key" --subject-key "$demo/keys/subject.key" 2>>"$demo/eligd.log" &
    eligd_pid=$!
    wait_until 20 fit || fail "eligd does not serve"
}
serve
# By the clock in Riga, wherever this runs.
today() { TZ=EET-2EEST,M3.5.0/3,M10.5.0/4 date +%F; }
from=$(today)
# A line of the journal has over thirty bytes.
answered() { [ "$(stat -c %s "$demo/journal")" -ge $((transactions * 10)) ] || ! kill -0 "$day_pid"; }

echo "L2. A day of $(thousands "$transactions") purchases: gates in the morning, school lunches, pharmacies, late buses, refunds;"
echo "    every 33rd request is sent twice, and the engine is killed (kill -9) when a third is answered"
"$bin/eligbench" day --connect "unix:$socket" --truth "$country/truth.csv" --transactions "$transactions" \
    --books "$demo/day.json" --journal "$demo/journal" >"$demo/day.txt" &
day_pid=$!
wait_until 3600 answered
kill -9 "$eligd_pid" 2>/dev/null
wait "$eligd_pid" 2>/dev/null
started=$(date +%s.%N)
serve
ready_s=$(seconds_since "$started")
wait "$day_pid"
day_status=$?
day_pid=''
sed 's/^/    /' "$demo/day.txt"
[ "$day_status" -eq 0 ] || fail "the day was not replayed, or repeats were answered otherwise"
until=$(TZ=UTC0 date -d "$(today) + 1 day" +%F)

# ---- what the ledger says of itself ----

echo "L3. The ledger is worked out once more, against every answer that a terminal had"
"$bin/eligctl" ledger verify "$demo/ledger" --journal "$demo/journal" --snapshots "$demo/snapshots" \
    --snapshots-public "$demo/keys/signing.key.pub" --identity-keys "$demo/identity-keys" --memory-mb 4096 --quiet >"$demo/verify.txt" ||
    { cat "$demo/verify.txt"; fail "the ledger is not good"; }
sed 's/^/    /' "$demo/verify.txt"

# ---- to the cent ----

echo "L4. The statements of contracts, and what the terminals' own books come to (EUR)"
"$bin/eligctl" events "$demo/ledger" --ndjson >"$demo/events.ndjson" || fail "no events"
awk -F, '$1 ~ /^[0-9]+$/ { print $1, $3 }' loader/catalogue/contracts.csv >"$demo/contracts.txt"
while read -r contract provider; do
    "$bin/eligctl" report settlement "$demo/ledger" --contract "$contract" --from "$from" --until "$until" \
        --so-far --per-day --csv >"$demo/statement.csv" || fail "no statement of contract $contract"
    echo "$contract $provider $(awk -F, '$1 == "total" { print $15 }' "$demo/statement.csv")"
done <"$demo/contracts.txt" >"$demo/statements.txt"
"$bin/eligctl" report givers "$demo/ledger" --from "$from" --until "$until" --csv >"$demo/givers.csv" || fail "no report"
awk -f tests/demo_ledger.awk "$demo/events.ndjson" "$demo/statements.txt" "$demo/givers.csv" "$demo/day.json" >"$demo/compared.txt"
compared=$?
sed 's/^/    /' "$demo/compared.txt"

# ---- one person ----

echo "L5. What one resident reads: a pupil in Riga"
# The identifier comes by standard input: it stands in no list of processes.
# shellcheck disable=SC2086
awk -F, '$1 == "Pupil in Riga" { print $3 }' "$country/people.csv" |
    "$bin/eligctl" report resident "$demo/ledger" --subject-key "$demo/keys/subject.key" --snapshots "$demo/snapshots" \
        $keys >"$demo/resident.txt" || fail "nothing is kept of the pupil"
sed 's/^/    /' "$demo/resident.txt" | awk '/^ *Reliefs that/ { rest = 1 } rest || NR <= 11; NR == 12 && !rest { print "      ..." }'
stop_all

cat <<END

$(thousands "$(value answers "$demo/day.json")") answers, $(value answers_per_s "$demo/day.json" | cut -d. -f1) a second, each on the disk before it was sent; killed once, ready again after
$ready_s s, $(thousands "$(value sent_again "$demo/day.json")") requests sent again, none lost and none done twice. All of it took $(($(date +%s) - began)) s.
END
[ "$compared" -eq 0 ] || fail "the statements and the terminals' books differ"
