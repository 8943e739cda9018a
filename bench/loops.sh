#!/bin/sh
# Two loops beside one: what a request costs in CPU when there are more loops. And loops that poll before they sleep beside
# an echo that does, with a client that does: one terminal that asks one thing after the other. Servers in turns within each
# round; medians, and spreads of the ratios within a round. Nobody is pinned: the client runs beside the loops.
#
# usage: bench/loops.sh WORK [ROUNDS]
#   WORK    a folder as `make demo` leaves it: country/ (default build/demo)
#   ROUNDS  default 9; MEASURE_MS=1000 each, PARTS="loops busy"
# shellcheck disable=SC2086,SC2154 # options without blanks; serve sets NAME_pid
set -eu
work=${1:-build/demo}
rounds=${2:-9}
bin=${ELIG_BIN:-build/bin}
measure_ms=${MEASURE_MS:-1000}
parts=${PARTS:-loops busy}
poll_us=50000
out=$(mktemp -d)
pids=

stop() {
    for pid in $pids; do if kill "$pid" 2>/dev/null; then wait "$pid" || :; fi; done
    rm -rf "$out"
}
trap stop EXIT
trap 'exit 1' INT TERM
wait_for() { # FILE
    tries=0
    while [ ! -s "$1" ]; do
        tries=$((tries + 1))
        [ "$tries" -lt 600 ] || { echo "loops: no server behind $1" >&2; exit 1; }
        sleep 0.1
    done
}
value() { sed -n "s/.*\"$1\": *\([0-9.]*\).*/\1/p" "$out/run.json" | head -n 1; }

# ---- a snapshot with terminals, and servers ----

mkdir "$out/keys" "$out/identity"
for kind in signing server merchant; do "$bin/eligctl" keygen $kind "$out/keys/$kind.key" >/dev/null; done
chmod 700 "$out/identity"
cp -r loader/catalogue "$out/catalogue"
"$bin/eligbench" terminals --quiet --terminals 64 --merchant-key "$out/keys/merchant.key" --merchant-keys "$out/merchants" "$out/catalogue"
"$bin/eligload" build --exports "$work/country" --snapshots "$out/snapshots" --identity-keys "$out/identity" \
    --signing-key "$out/keys/signing.key" --catalogue "$out/catalogue" >/dev/null

serve() { # NAME [options]: no budgets, because a load asks about everybody
    name=$1; shift
    "$bin/eligd" --snapshots "$out/snapshots" --identity-keys "$out/identity" --signing-public "$out/keys/signing.key.pub" \
        --listen-plain 127.0.0.1:0 --port-file-plain "$out/$name.plain" --listen 127.0.0.1:0 --port-file "$out/$name.sealed" \
        --server-key "$out/keys/server.key" --merchant-keys "$out/merchants" \
        --per-minute 0 --per-day 0 --typed-per-day 0 --misses-per-day 0 "$@" 2>"$out/$name.log" &
    eval "${name}_pid=$!"; pids="$pids $!"
    wait_for "$out/$name.sealed"
}
echo_server() { # NAME [options]
    name=$1; shift
    "$bin/eligbench" echo --port-file "$out/$name.plain" "$@" & eval "${name}_pid=$!"; pids="$pids $!"
    wait_for "$out/$name.plain"
}
run() { # NAME plain|sealed DEPTH DIALECT [options]
    name=$1 kind=$2 depth=$3 dialect=$4; shift 4
    eval "pid=\$${name}_pid"
    keys=
    [ "$kind" = plain ] || keys="--server-public $out/keys/server.key.pub --merchant-key $out/keys/merchant.key --terminals 64"
    "$bin/eligbench" run --dialect "$dialect" --connect "127.0.0.1:$(cat "$out/$name.$kind")" --pid "$pid" --depth "$depth" \
        --truth "$work/country/truth.csv" --measure-ms "$measure_ms" --json $keys "$@" >"$out/run.json"
}
median='
function median(list, n,    i, j, t) {
    for (i = 2; i <= n; i++)
        for (j = i; j > 1 && list[j - 1] > list[j]; j--) { t = list[j]; list[j] = list[j - 1]; list[j - 1] = t }
    return n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
}'

# ---- loops ----

loops_part() {
    serve one --loops 1
    serve two --loops 2
    round=1
    while [ "$round" -le "$rounds" ]; do
        for kind in plain sealed; do
            for depth in 1 64; do
                for who in one two half; do # half: one loop with as many connections as each of two has
                    case $who in half) run one $kind $depth elig --connections 8 ;; *) run $who $kind $depth elig ;; esac
                    echo "$round $kind $depth $who $(value server_cpu_ns) $(value failed) $(value wrong)" >>"$out/loops"
                done
            done
        done
        round=$((round + 1))
    done
    awk -v rounds="$rounds" "$median"'
    { cpu[$1, $2, $3, $4] = $5; failed += $6; wrong += $7 }
    END {
        printf "16 connections, %d rounds: %d failed, %d wrong; server CPU, ns a request\n", rounds, failed, wrong
        split("plain sealed", kinds); split("1 64", depths)
        for (k = 1; k <= 2; k++) for (d = 1; d <= 2; d++) {
            for (r = 1; r <= rounds; r++) {
                a[r] = cpu[r, kinds[k], depths[d], "one"]; b[r] = cpu[r, kinds[k], depths[d], "two"]; c[r] = b[r] / a[r]
                e[r] = b[r] / cpu[r, kinds[k], depths[d], "half"]
            }
            m = median(c, rounds); n = median(e, rounds)
            printf "  %-6s depth %2d: one loop %5.0f, two loops %5.0f, two / one %.2f (%.2f-%.2f), two / one with 8 connections %.2f (%.2f-%.2f)\n", kinds[k], depths[d], median(a, rounds), median(b, rounds), m, c[1], c[rounds], n, e[1], e[rounds]
        }
    }' "$out/loops"
    kill "$one_pid" "$two_pid"
}

# ---- polling ----

busy_part() {
    serve asleep --loops 1
    serve awake --loops 1 --busy-poll $poll_us
    echo_server echo_asleep
    echo_server echo_awake --busy-poll $poll_us
    if grep -q 'busy_poll_us=0' "$out/awake.log"; then echo "loops: no core to spare, so nobody polls"; return; fi
    round=1
    while [ "$round" -le "$rounds" ]; do
        for name in asleep awake echo_asleep echo_awake; do
            kind=sealed dialect=elig client=
            case $name in echo_*) kind=plain dialect=echo ;; esac
            case $name in *awake) client="--busy-poll $poll_us" ;; esac
            run $name $kind 1 $dialect --connections 1 $client
            echo "$round $name $(value p50) $(value p99) $(value failed) $(value wrong)" >>"$out/busy"
        done
        round=$((round + 1))
    done
    awk -v rounds="$rounds" "$median"'
    { p50[$1, $2] = $3; p99[$1, $2] = $4; failed += $5; wrong += $6 }
    END {
        printf "one sealed connection, depth 1, %d rounds: %d failed, %d wrong; us\n", rounds, failed, wrong
        split("asleep awake", names)
        for (k = 1; k <= 2; k++) {
            for (r = 1; r <= rounds; r++) {
                a[r] = p50[r, names[k]]; b[r] = p50[r, "echo_" names[k]]; c[r] = a[r] / b[r]; d[r] = p99[r, names[k]]
            }
            m = median(c, rounds)
            printf "  %-9s p50 %5.1f, echo %5.1f, sealed / echo %.2f (%.2f-%.2f); p99 %6.1f\n", k == 1 ? "sleeping" : "polling", median(a, rounds) / 1000, median(b, rounds) / 1000, m, c[1], c[rounds], median(d, rounds) / 1000
        }
    }' "$out/busy"
}

for part in $parts; do ${part}_part; done
