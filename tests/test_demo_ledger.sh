#!/bin/sh
# The demonstration of the ledger, small: a day, a kill -9, statements that add up; and that a cent or
# an answer that is missing would have been noticed.
set -u
: "${ELIG_BIN:=build/bin}" "${BUILD:=build}"
work=$(mktemp -d) || exit 3
eligd_pid=''
finish() {
    [ -z "$eligd_pid" ] || kill -9 "$eligd_pid" 2>/dev/null
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM
passed=0 failed=0
good() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "$*"; }
demo=$work/demo

DEMO_LEDGER=$demo tests/demo_ledger.sh 2000 3000 >"$work/out" 2>&1
status=$?
if [ $status -eq 0 ]; then good; else bad "tests/demo_ledger.sh: exit $status: $(tail -3 "$work/out")"; fi
says() { if grep -q -- "$1" "$work/out"; then good; else bad "it does not say \"$1\""; fi; }
says ' 0 violations'
says 'answered alike, 0 otherwise$'
says '^    40003619950  2001 .* 0.00$'
says '^    all          statements .* 0.00$'
says '^    all          report givers .* 0.00$'
says 'RIGA-CITY, 1.50 EUR off'

# The same comparison with books of one cent more, and without one of the statements.
compare() { awk -f tests/demo_ledger.awk "$demo/events.ndjson" "$1" "$demo/givers.csv" "$2" >"$work/compared"; }
if compare "$demo/statements.txt" "$demo/day.json"; then good; else bad "the books do not add up: $(tail -1 "$work/compared")"; fi
awk '/"relief_amount":/ && !done { n = $0; gsub(/[^0-9]/, "", n); sub(/[0-9]+/, n + 100); done = 1 } 1' "$demo/day.json" >"$work/more.json"
if compare "$demo/statements.txt" "$work/more.json"; then bad "a cent too much was not noticed"; else good; fi
grep -v '^2001 ' "$demo/statements.txt" >"$work/fewer.txt"
if compare "$work/fewer.txt" "$demo/day.json"; then bad "a statement that is missing was not noticed"; else good; fi

# An answer that the ledger does not know.
awk 'NR == 1 { $4 += 1 } 1' "$demo/journal" >"$work/journal"
if "$ELIG_BIN/eligctl" ledger verify "$demo/ledger" --journal "$work/journal" --quiet >/dev/null; then
    bad "an answer that the ledger does not know was not noticed"
else
    good
fi

# What measures, on the same ledger: everything that was reserved is confirmed, and it is all good.
"$ELIG_BIN/eligd" --snapshots "$demo/snapshots" --identity-keys "$demo/identity-keys" --signing-public "$demo/keys/signing.key.pub" \
    --subject-key "$demo/keys/subject.key" --ledger "$demo/ledger" --unix "$work/sock" 2>"$work/log" &
eligd_pid=$!
tries=200
until "$ELIG_BIN/eligctl" ping --connect "unix:$work/sock" >/dev/null 2>&1 || [ $tries -eq 0 ]; do
    sleep 0.05
    tries=$((tries - 1))
done
# measure KIND STATUS: for longer where the disk is so slow that nothing comes as far in less.
measure() {
    for ms in 200 2000 20000; do
        "$ELIG_BIN/eligbench" run --connect "unix:$work/sock" --truth "$demo/country/truth.csv" --hits 100 --kind "$1" \
            --connections 2 --depth 8 --warm-ms 0 --measure-ms $ms --json >"$work/$1.json"
        status=$?
        sleep 1 # ids are by the second
        grep -q "\"$2\": [1-9]" "$work/$1.json" && return $status
        grep -q '"failed": 0,' "$work/$1.json" && grep -q '"wrong": 0,' "$work/$1.json" || return 1
    done
    return 1
}
for kind in check:APPLIES use:APPLIES reserve+confirm:CONFIRMED; do
    if measure "${kind%:*}" "${kind#*:}" && grep -q '"APPLIES": [1-9]' "$work/${kind%:*}.json"; then
        good
    else
        bad "eligbench run --kind $kind: $(tr -d '\n' <"$work/${kind%:*}.json")"
    fi
done
kill "$eligd_pid"
wait "$eligd_pid" 2>/dev/null
eligd_pid=''
if "$ELIG_BIN/eligctl" ledger verify "$demo/ledger" --quiet >"$work/verified"; then good; else bad "$(head -3 "$work/verified")"; fi
if "$ELIG_BIN/eligbench" disk "$work" --measure-ms 20 | grep -q 'and fdatasync: p50 ' && [ ! -e "$work/eligbench.disk" ]; then
    good
else
    bad "eligbench disk does not measure, or leaves its file"
fi

echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
