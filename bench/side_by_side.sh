#!/bin/sh
# Servers under the same load, in turns: the echo reference, the engine and, where it is installed,
# redis-server. Every round runs all of them, so that a noisy minute hits all alike; the table shows
# medians of server CPU ns per request and the median of the ratios within each round.
#
# usage: bench/side_by_side.sh WORK [ROUNDS] [DEPTHS]
#   WORK    a folder as `make demo` leaves it: keys/, identity-keys/, country/ and snapshots/ (default build/demo)
#   ROUNDS  default 5;  DEPTHS default "1 64 256"
set -eu
work=${1:-build/demo}
rounds=${2:-5}
depths=${3:-1 64 256}
bin=${ELIG_BIN:-build/bin}
out=$(mktemp -d)
pids=
measure_ms=${MEASURE_MS:-1000}

stop() {
    for pid in $pids; do if kill "$pid" 2>/dev/null; then wait "$pid" || :; fi; done
    rm -rf "$out"
}
trap stop EXIT
trap 'exit 1' INT TERM

# Server on the first core, client on the second, where there are two and taskset is there.
server_core='' client_core=''
if command -v taskset >/dev/null && [ "$(nproc)" -ge 2 ]; then
    server_core='taskset -c 0' client_core='taskset -c 1'
fi

wait_for() { # FILE
    tries=0
    while [ ! -s "$1" ]; do
        tries=$((tries + 1))
        [ "$tries" -lt 600 ] || { echo "side_by_side: no server behind $1" >&2; exit 1; }
        sleep 0.1
    done
}

$server_core "$bin/eligbench" echo --port-file "$out/echo.port" & echo_pid=$!; pids="$pids $echo_pid"
$server_core "$bin/eligd" --loops 1 --snapshots "$work/snapshots" --identity-keys "$work/identity-keys" \
    --signing-public "$work/keys/signing.key.pub" --listen-plain 127.0.0.1:0 --port-file-plain "$out/elig.port" \
    2>"$out/eligd.log" & elig_pid=$!; pids="$pids $elig_pid"
wait_for "$out/echo.port"
wait_for "$out/elig.port"

run() { # DIALECT PORT PID DEPTH [options]
    dialect=$1 port=$2 pid=$3 depth=$4; shift 4
    $client_core "$bin/eligbench" run --dialect "$dialect" --connect "$port" --pid "$pid" --depth "$depth" \
        --truth "$work/country/truth.csv" --measure-ms "$measure_ms" --json "$@"
}

peers="echo elig"
if command -v redis-server >/dev/null; then
    $server_core redis-server --port 0 --unixsocket "$out/redis.sock" --save '' --appendonly no \
        --bind 127.0.0.1 --port "${REDIS_PORT:-16379}" >"$out/redis.log" & redis_pid=$!; pids="$pids $redis_pid"
    echo "${REDIS_PORT:-16379}" >"$out/redis.port"
    tries=0
    while ! grep -q 'Ready to accept' "$out/redis.log"; do
        tries=$((tries + 1)); [ "$tries" -lt 100 ] || { echo "side_by_side: redis-server does not start" >&2; exit 1; }
        sleep 0.1
    done
    run redis "127.0.0.1:$(cat "$out/redis.port")" "$redis_pid" 64 --load-keys >/dev/null
    peers="$peers redis"
fi

round=1
while [ "$round" -le "$rounds" ]; do
    for depth in $depths; do
        for peer in $peers; do
            eval "pid=\$${peer}_pid"
            run "$peer" "127.0.0.1:$(cat "$out/$peer.port")" "$pid" "$depth" >"$out/run.json"
            value() { sed -n "s/.*\"$1\": *\([0-9.]*\).*/\1/p" "$out/run.json" | head -n 1; }
            echo "$round $depth $peer $(value server_cpu_ns) $(value answers_per_s) $(value p50) $(value p99) $(value client_cpu_ns)" >>"$out/table"
        done
    done
    round=$((round + 1))
done

awk -v peers="$peers" -v depths="$depths" -v rounds="$rounds" '
function median(list, n,    i, j, t) {
    for (i = 2; i <= n; i++)
        for (j = i; j > 1 && list[j - 1] > list[j]; j--) { t = list[j]; list[j] = list[j - 1]; list[j - 1] = t }
    return n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
}
{ cpu[$1, $2, $3] = $4; rate[$1, $2, $3] = $5; p50[$1, $2, $3] = $6; p99[$1, $2, $3] = $7 }
END {
    printf "16 connections, medians of %d rounds\n", rounds
    printf "%6s %6s %14s %22s %12s %9s %9s\n", "depth", "server", "CPU ns/request", "ratio to echo (spread)", "requests/s", "p50 us", "p99 us"
    d = split(depths, depth, " "); n = split(peers, peer, " ")
    for (i = 1; i <= d; i++)
        for (j = 1; j <= n; j++) {
            for (r = 1; r <= rounds; r++) {
                a[r] = cpu[r, depth[i], peer[j]]; b[r] = a[r] / cpu[r, depth[i], "echo"]
                c[r] = rate[r, depth[i], peer[j]]; e[r] = p50[r, depth[i], peer[j]]; f[r] = p99[r, depth[i], peer[j]]
                g[r] = a[r] / cpu[r, depth[i], "elig"]
            }
            m = median(b, rounds)
            printf "%6d %6s %14.0f %8.2f (%.2f-%.2f) %13.0f %9.1f %9.1f", depth[i], peer[j], median(a, rounds), m, b[1], b[rounds], median(c, rounds), median(e, rounds) / 1000, median(f, rounds) / 1000
            if (peer[j] == "redis") { m = median(g, rounds); printf "   %.2f x elig (%.2f-%.2f)", m, g[1], g[rounds] }
            printf "\n"
        }
}' "$out/table"
