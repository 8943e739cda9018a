#!/bin/sh
# Everything that BENCHMARKS.md tells, once: `make bench`. Uses the country, keys and snapshot of
# `make demo` in the folder given (default build/demo), which makes them when they are not there.
#
# usage: bench/run.sh [WORK]
set -eu
work=${1:-build/demo}
bin=${ELIG_BIN:-build/bin}
[ -e "$work/snapshots/CURRENT" ] || { echo "bench: $work holds no snapshot: run make demo first" >&2; exit 3; }

echo "== steps of a check, in process"
"$bin/eligbench" micro --snapshots "$work/snapshots" --identity-keys "$work/identity-keys" \
    --signing-public "$work/keys/signing.key.pub" --truth "$work/country/truth.csv"
echo "== a decision, by the size of the catalogue"
for size in "10 80" "100 2000" "1000 20000"; do
    "$bin/eligbench" decide --reliefs "${size% *}" --clauses "${size#* }"
done
echo "== what seals cost"
"$bin/eligbench" seals
echo "== servers side by side"
sh bench/side_by_side.sh "$work"
echo "== sealed sessions"
sh bench/sealed.sh "$work"
echo "== swaps under load"
sh bench/swaps.sh "$work"
echo "== loader against sqlite3"
sh bench/against_sqlite.sh "$work" 3
