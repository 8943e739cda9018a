#!/bin/sh
# What a swap costs those who ask meanwhile: the same open-loop load with and without snapshots
# being published under it. Every answer is compared with the first one to the same request.
#
# usage: bench/swaps.sh WORK [ROUNDS] [SWAPS]
#   WORK    a folder as `make demo` leaves it: keys/, country/ and snapshots/ (default build/demo)
#   ROUNDS  default 5, each a quiet run and one with SWAPS (default 20) swaps
# RATE (requests/s, default 100000) comes from the environment.
set -eu
work=${1:-build/demo}
rounds=${2:-5}
swaps=${3:-20}
rate=${RATE:-100000}
bin=${ELIG_BIN:-build/bin}
out=$(mktemp -d)
elig_pid='' load_pid=''

stop() {
    for pid in $elig_pid $load_pid; do if kill "$pid" 2>/dev/null; then wait "$pid" || :; fi; done
    rm -rf "$out"
}
trap stop EXIT
trap 'exit 1' INT TERM

# Generations are published beforehand, the same data under rising numbers, so that only the engine
# works during the measurement: CURRENT is then moved along them, as a publisher moves it.
mkdir "$out/snapshots"
generation=$(cut -c1-16 "$work/snapshots/CURRENT")
for end in mdb man; do ln "$work/snapshots/$generation.$end" "$out/snapshots/" 2>/dev/null ||
    cp "$work/snapshots/$generation.$end" "$out/snapshots/"; done
cp "$work/snapshots/CURRENT" "$out/snapshots/CURRENT"
total=$((rounds * swaps))
cp "$out/snapshots/CURRENT" "$out/current.0"
published=1
while [ "$published" -le "$total" ]; do
    "$bin/eligload" rollback --snapshots "$out/snapshots" --to "$generation" \
        --signing-key "$work/keys/signing.key" --identity-key "$work/keys/identity.key" >/dev/null
    cp "$out/snapshots/CURRENT" "$out/current.$published"
    published=$((published + 1))
done
cp -f "$out/current.0" "$out/next" && mv -f "$out/next" "$out/snapshots/CURRENT"

"$bin/eligd" --loops 1 --poll-ms 50 --snapshots "$out/snapshots" --identity-key "$work/keys/identity.key" \
    --signing-public "$work/keys/signing.key.pub" --listen 127.0.0.1:0 --port-file "$out/port" 2>"$out/eligd.log" &
elig_pid=$!
tries=0
while [ ! -s "$out/port" ]; do
    tries=$((tries + 1)); [ "$tries" -lt 600 ] || { echo "swaps: eligd does not start" >&2; exit 1; }
    sleep 0.1
done
address=127.0.0.1:$(cat "$out/port")

load() { # MEASURE-MS OUTPUT
    exec "$bin/eligbench" run --connect "$address" --truth "$work/country/truth.csv" --rate "$rate" \
        --measure-ms "$1" --verify --json >"$2"
}
value() { sed -n "s/.*\"$1\": *\([0-9.]*\).*/\1/p" "$2" | head -n 1; }
in_service() { "$bin/eligctl" status --connect "$address" --json | sed -n 's/.*"generation": *"*\([0-9a-f]*\).*/\1/p' | head -n 1; }

next=1
round=1
while [ "$round" -le "$rounds" ]; do
    start=$(date +%s%N)
    load 600000 "$out/busy.json" & load_pid=$!
    sleep 1
    last=$((next + swaps))
    while [ "$next" -lt "$last" ]; do
        before=$(in_service)
        cp "$out/current.$next" "$out/snapshots/CURRENT.new" && mv -f "$out/snapshots/CURRENT.new" "$out/snapshots/CURRENT"
        tries=0
        while [ "$(in_service)" = "$before" ]; do
            tries=$((tries + 1)); [ "$tries" -lt 300 ] || { echo "swaps: no swap" >&2; tail -n 3 "$out/eligd.log" >&2; exit 1; }
            sleep 0.05
        done
        next=$((next + 1))
    done
    took_ms=$(( ($(date +%s%N) - start) / 1000000 ))
    kill -INT "$load_pid"; wait "$load_pid" || :; load_pid=''
    (load "$took_ms" "$out/quiet.json") || :
    echo "$(value p99.9 "$out/quiet.json") $(value p99.9 "$out/busy.json") $(value failed "$out/busy.json") $(value wrong "$out/busy.json") $(value p99 "$out/quiet.json") $(value p99 "$out/busy.json")" >>"$out/table"
    tail -n 1 "$out/table" | awk -v n="$swaps" -v ms="$took_ms" '{ printf "%d swaps in %.1f s: p99 %.0f us against %.0f quiet, p99.9 %.0f us against %.0f quiet (%.2f x); %d failed, %d wrong\n", n, ms / 1000, $6 / 1000, $5 / 1000, $2 / 1000, $1 / 1000, $2 / $1, $3, $4 }'
    round=$((round + 1))
done
awk -v swaps="$total" '{ print $2 / $1 > "'"$out"'/ratios"; failed += $3; wrong += $4 }
END { printf "%d swaps under %s requests/s: %d failed, %d wrong", swaps, "'"$rate"'", failed, wrong }' "$out/table"
sort -n "$out/ratios" | awk '{ r[NR] = $1 } END { printf "; p99.9 %.2f times that of the quiet runs (median of %d rounds, %.2f to %.2f)\n", r[int((NR + 1) / 2)], NR, r[1], r[NR] }'
