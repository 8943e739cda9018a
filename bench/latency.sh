#!/bin/sh
# What a terminal feels at a steady rate: quietly, while snapshots are published under it, and beside
# a ledger that takes as many USE as it can; and on the bare echo, which tells what the machine by itself
# does to the slowest answers. The same open-loop load in turns, in another order each round, each answer
# compared with the first one to the same request. The engine, the side thread that verifies included, has
# the first core and the client the second, so that the client is not what is disturbed; the quiet runs
# move as many files about as the other.
#
# usage: bench/latency.sh WORK [ROUNDS] [SWAPS]
#   WORK    a folder as `make demo` leaves it (default build/demo)
#   ROUNDS  default 5, each a quiet run, one with SWAPS (default 20) swaps, one beside the ledger, and
#           one on the echo
# RATE (requests/s, default 20000), PAUSE_S (between swaps, default 1) and MEASURES (a file of
# measures to append the curves to) come from the environment.
set -eu
work=${1:-build/demo}
rounds=${2:-5}
swaps=${3:-20}
rate=${RATE:-20000}
bin=${ELIG_BIN:-build/bin}
out=$(mktemp -d)
pause_s=${PAUSE_S:-1}
measures=${MEASURES:-}
elig_pid='' echo_pid='' load_pid='' use_pid=''

stop() {
    for pid in $elig_pid $echo_pid $load_pid $use_pid; do if kill "$pid" 2>/dev/null; then wait "$pid" || :; fi; done
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
mkdir "$out/ledger"
$server_core "$bin/eligd" --loops 1 --poll-ms 50 --snapshots "$out/snapshots" --identity-keys "$out/identity-keys" \
    --signing-public "$work/keys/signing.key.pub" --listen-plain 127.0.0.1:0 --port-file-plain "$out/port" \
    --ledger "$out/ledger" --subject-key "$work/keys/subject.key" 2>"$out/eligd.log" &
elig_pid=$!
$server_core "$bin/eligbench" echo --port-file "$out/echo-port" &
echo_pid=$!
tries=0
while [ ! -s "$out/port" ] || [ ! -s "$out/echo-port" ]; do
    tries=$((tries + 1)); [ "$tries" -lt 600 ] || { echo "latency: eligd or the echo does not start" >&2; exit 1; }
    sleep 0.1
done
address=127.0.0.1:$(cat "$out/port")

# An empty word would be an operand.
load() { # WHAT OUTPUT
    what=$1 output=$2 subject="elig $1"
    set -- --connect "$address"
    [ "$what" != echo ] || { subject="echo quiet"; set -- --dialect echo --connect "127.0.0.1:$(cat "$out/echo-port")"; }
    [ -z "$measures" ] || set -- "$@" --measures "$measures" --subject "$subject" --round $((round - 1))
    exec $client_core "$bin/eligbench" run --truth "$work/country/truth.csv" --rate "$rate" \
        --measure-ms 600000 --verify --json "$@" >"$output"
}
value() { sed -n "s/.*\"$1\": *\([0-9.]*\).*/\1/p" "$2" | head -n 1; }
swap_count() { grep -c 'event=swap ' "$out/eligd.log" || :; }

# Moves CURRENT along the next generations, or a file that nobody looks at.
move_along() { # FIRST FOLDER
    next=$1
    while [ "$next" -lt $(($1 + swaps)) ]; do
        cp "$out/current.$next" "$2/CURRENT.new" && mv -f "$2/CURRENT.new" "$2/CURRENT"
        sleep "$pause_s"
        next=$((next + 1))
    done
}

measured() { # WHAT FIRST FOLDER
    load "$1" "$out/$1.json" & load_pid=$!
    sleep 1
    move_along "$2" "$3"
    kill -INT "$load_pid"
    wait "$load_pid" || :
    load_pid=''
}

# Its client takes what the others leave. Ids are by the second.
saturate() {
    nice -n 19 "$bin/eligbench" run --connect "$address" --truth "$work/country/truth.csv" --kind use --hits 100 \
        --measure-ms 600000 --json >"$out/use.json" & use_pid=$!
    sleep 1
}
relieve() {
    kill -INT "$use_pid"
    wait "$use_pid" || :
    use_pid=''
}

# In four rounds each stands in each place once, and right behind each other once.
in_turn() { # ROUND
    case $(($1 % 4)) in
    1) echo quiet swap echo ledger ;;
    2) echo swap ledger quiet echo ;;
    3) echo ledger echo swap quiet ;;
    0) echo echo quiet ledger swap ;;
    esac
}

mkdir "$out/nowhere"
round=1
while [ "$round" -le "$rounds" ]; do
    number=$(((round - 1) * swaps + 1))
    for what in $(in_turn "$round"); do
        case $what in
        swap) measured swap "$number" "$out/snapshots" ;;
        ledger)
            saturate
            measured ledger "$number" "$out/nowhere"
            relieve
            sleep 1 # until the disk is at rest
            ;;
        *) measured "$what" "$number" "$out/nowhere" ;;
        esac
    done
    for what in quiet swap ledger echo; do
        echo "$round $what $(value p50 "$out/$what.json") $(value p99 "$out/$what.json") $(value p99.9 "$out/$what.json") $(value failed "$out/$what.json") $(value wrong "$out/$what.json") $(value answers_per_s "$out/use.json")" >>"$out/table"
    done
    round=$((round + 1))
done
echo "$rate requests a second, medians of $rounds rounds; $(swap_count) of $total snapshots were taken, the others passed over by newer ones"
[ "$(swap_count)" -gt 0 ] || { echo "latency: no snapshot was taken; PAUSE_S=2 gives more time" >&2; tail -n 3 "$out/eligd.log" >&2; exit 1; }
awk -v rounds="$rounds" '
function median(list, n,    i, j, t) {
    for (i = 2; i <= n; i++)
        for (j = i; j > 1 && list[j - 1] > list[j]; j--) { t = list[j]; list[j] = list[j - 1]; list[j - 1] = t }
    return n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
}
{ p50[$2, $1] = $3 / 1000; p99[$2, $1] = $4 / 1000; p999[$2, $1] = $5 / 1000; failed[$2] += $6; wrong[$2] += $7; use[$1] = $8 }
END {
    split("quiet swap ledger echo", kind, " ")
    for (k = 1; k <= 4; k++) {
        for (r = 1; r <= rounds; r++) {
            a[r] = p50[kind[k], r]; b[r] = p99[kind[k], r]; c[r] = p999[kind[k], r]
            d[r] = c[r] / a[r]; e[r] = c[r] / p999["quiet", r]
        }
        m = median(d, rounds); q = median(e, rounds)
        printf "  %-7s p50 %.1f us, p99 %.1f us, p99.9 %.1f us: %.2f (%.2f-%.2f) times its p50, %.2f (%.2f-%.2f) times that of the quiet run; %d failed, %d wrong\n", kind[k], median(a, rounds), median(b, rounds), median(c, rounds), m, d[1], d[rounds], q, e[1], e[rounds], failed[kind[k]], wrong[kind[k]]
    }
    print "  echo: no check at all, what the machine by itself does"
    printf "  the ledger took %.0f USE a second\n", median(use, rounds)
}' "$out/table"
