#!/bin/sh
# What a swap costs those who ask meanwhile: the same open-loop load with and without snapshots
# being published under it. Every answer is compared with the first one to the same request. The
# engine, the side thread that verifies included, has the first core and the client the second, so
# that the client is not what is disturbed; the quiet run moves as many files about as the other.
#
# usage: bench/swaps.sh WORK [ROUNDS] [SWAPS]
#   WORK    a folder as `make demo` leaves it: keys/, identity-keys/, country/ and snapshots/ (default build/demo)
#   ROUNDS  default 5, each a quiet run and one with SWAPS (default 20) swaps
# RATE (requests/s, default 20000) and PAUSE_S (between swaps, default 1) come from the environment.
set -eu
work=${1:-build/demo}
rounds=${2:-5}
swaps=${3:-20}
rate=${RATE:-20000}
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
mkdir -m 700 "$out/identity-keys"
generation=$(cut -c1-16 "$work/snapshots/CURRENT")
for end in mdb man; do ln "$work/snapshots/$generation.$end" "$out/snapshots/" 2>/dev/null ||
    cp "$work/snapshots/$generation.$end" "$out/snapshots/"; done
cp "$work/snapshots/CURRENT" "$out/snapshots/CURRENT"
cp -p "$work/identity-keys/$generation.key" "$out/identity-keys/"
total=$((rounds * swaps))
cp "$out/snapshots/CURRENT" "$out/current.0"
published=1
while [ "$published" -le "$total" ]; do
    "$bin/eligload" rollback --snapshots "$out/snapshots" --to "$generation" \
        --signing-key "$work/keys/signing.key" --identity-keys "$out/identity-keys" >/dev/null
    cp "$out/snapshots/CURRENT" "$out/current.$published"
    published=$((published + 1))
done
cp -f "$out/current.0" "$out/next" && mv -f "$out/next" "$out/snapshots/CURRENT"

server_core='' client_core=''
if command -v taskset >/dev/null && [ "$(nproc)" -ge 2 ]; then
    server_core='taskset -c 0' client_core='taskset -c 1'
fi
$server_core "$bin/eligd" --loops 1 --poll-ms 50 --snapshots "$out/snapshots" --identity-keys "$out/identity-keys" \
    --signing-public "$work/keys/signing.key.pub" --listen-plain 127.0.0.1:0 --port-file-plain "$out/port" 2>"$out/eligd.log" &
elig_pid=$!
tries=0
while [ ! -s "$out/port" ]; do
    tries=$((tries + 1)); [ "$tries" -lt 600 ] || { echo "swaps: eligd does not start" >&2; exit 1; }
    sleep 0.1
done
address=127.0.0.1:$(cat "$out/port")

load() { # MEASURE-MS OUTPUT
    exec $client_core "$bin/eligbench" run --connect "$address" --truth "$work/country/truth.csv" --rate "$rate" \
        --measure-ms "$1" --verify --json >"$2"
}
value() { sed -n "s/.*\"$1\": *\([0-9.]*\).*/\1/p" "$2" | head -n 1; }
swap_count() { grep -c 'event=swap ' "$out/eligd.log" || :; }
pause_s=${PAUSE_S:-1}

# Moves CURRENT along the next generations, or a file that nobody looks at.
move_along() { # FIRST FOLDER
    number=$1
    while [ "$number" -lt $(($1 + swaps)) ]; do
        cp "$out/current.$number" "$2/CURRENT.new" && mv -f "$2/CURRENT.new" "$2/CURRENT"
        sleep "$pause_s"
        number=$((number + 1))
    done
}

measured() { # FIRST FOLDER OUTPUT
    load 600000 "$3" & load_pid=$!
    sleep 1
    move_along "$1" "$2"
    kill -INT "$load_pid"
    wait "$load_pid" || :
    load_pid=''
}

mkdir "$out/nowhere"
round=1
while [ "$round" -le "$rounds" ]; do
    first=$(((round - 1) * swaps + 1))
    measured "$first" "$out/nowhere" "$out/quiet.json"
    measured "$first" "$out/snapshots" "$out/busy.json"
    echo "$(value p99.9 "$out/quiet.json") $(value p99.9 "$out/busy.json") $(value failed "$out/busy.json") $(value wrong "$out/busy.json") $(value p99 "$out/quiet.json") $(value p99 "$out/busy.json")" >>"$out/table"
    tail -n 1 "$out/table" | awk -v n="$swaps" '{ printf "%d swaps: p99 %.0f us against %.0f quiet, p99.9 %.0f us against %.0f quiet (%.2f x); %d failed, %d wrong\n", n, $6 / 1000, $5 / 1000, $2 / 1000, $1 / 1000, $2 / $1, $3, $4 }'
    round=$((round + 1))
done
[ "$(swap_count)" -eq "$total" ] || { echo "swaps: $(swap_count) of $total snapshots were taken; PAUSE_S=2 gives more time" >&2; tail -n 3 "$out/eligd.log" >&2; exit 1; }
awk -v swaps="$total" '{ print $2 / $1 > "'"$out"'/ratios"; failed += $3; wrong += $4 }
END { printf "%d swaps under %s requests/s: %d failed, %d wrong", swaps, "'"$rate"'", failed, wrong }' "$out/table"
sort -n "$out/ratios" | awk '{ r[NR] = $1 } END { printf "; p99.9 %.2f times that of the quiet runs (median of %d rounds, %.2f to %.2f)\n", r[int((NR + 1) / 2)], NR, r[1], r[NR] }'
