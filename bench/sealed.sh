#!/bin/sh
# Sealed sessions when all terminals come at once, when somebody sends garbage, and when nobody says
# anything; an honest terminal beside them, medians of rounds in turns. What the seals cost:
# eligbench compare.
#
# usage: bench/sealed.sh WORK [ROUNDS]
#   WORK    a folder as `make demo` leaves it (default build/demo)
#   ROUNDS  default 5
# shellcheck disable=SC2086 # options without blanks
set -eu
work=${1:-build/demo}
rounds=${2:-5}
bin=${ELIG_BIN:-build/bin}
out=$(mktemp -d)
pids=
storm=${STORM:-10000} idle=${IDLE:-15000} garbage=${GARBAGE:-50000}

stop() {
    for pid in $pids; do if kill "$pid" 2>/dev/null; then wait "$pid" || :; fi; done
    rm -rf "$out"
}
trap stop EXIT
trap 'exit 1' INT TERM
server_core='' client_core=''
if command -v taskset >/dev/null && [ "$(nproc)" -ge 2 ]; then
    server_core='taskset -c 0' client_core='taskset -c 1'
fi
# shellcheck disable=SC3045 # dash has both
ulimit -n "$(ulimit -H -n)"
wait_for() { # FILE
    tries=0
    while [ ! -s "$1" ]; do
        tries=$((tries + 1))
        [ "$tries" -lt 600 ] || { echo "sealed: no server behind $1" >&2; exit 1; }
        sleep 0.1
    done
}
value() { sed -n "s/.*\"$1\": *\([0-9.]*\).*/\1/p" "$out/run.json" | head -n 1; }

mkdir -m 700 "$out/state"
serve() { # LOOPS [options]: the engine, with its port in sealed.port
    loops=$1; shift
    rm -f "$out/sealed.port"
    $server_core "$bin/eligd" --loops "$loops" --snapshots "$work/snapshots" --identity-keys "$work/identity-keys" \
        --signing-public "$work/keys/signing.key.pub" \
        --listen 127.0.0.1:0 --port-file "$out/sealed.port" --server-key "$work/keys/server.key" \
        --merchant-keys "$work/merchants" --state "$out/state" --connections-max 17000 "$@" 2>"$out/eligd.log" &
    elig_pid=$!; pids="$pids $elig_pid"
    wait_for "$out/sealed.port"
}
keys="--server-public $work/keys/server.key.pub --merchant-key $work/keys/merchant.key"

# ---- all terminals at once, garbage, silence; honest checks beside them ----

# Everybody shares this machine, so who plays the others gives way to who plays the honest terminals.
first='' last='nice -n 19'
if nice -n -15 true 2>/dev/null; then first='nice -n -15'; fi
serve 1 --per-minute 0 --per-day 0 --typed-per-day 0 --misses-per-day 0
rss() { awk '/^VmRSS/ { print $2 }' "/proc/$elig_pid/status"; }
storm() { # options
    $last $client_core "$bin/eligbench" storm --connect "127.0.0.1:$(cat "$out/sealed.port")" $keys --terminals 20000 \
        --pid "$elig_pid" "$@"
}
honest() { # KIND [options of storm]: an honest terminal that asks one thing after the other, and beside it what KIND is
    kind=$1; shift
    $first $client_core "$bin/eligbench" run --connect "127.0.0.1:$(cat "$out/sealed.port")" --connections 1 --depth 1 \
        --truth "$work/country/truth.csv" --warm-ms "${HONEST_WARM:-1000}" --measure-ms "${HONEST_MS:-3000}" --json $keys >"$out/run.json" & honest_pid=$!
    if [ $# -gt 0 ]; then sleep 0.8; storm "$@" >>"$out/$kind.txt" || :; fi
    wait "$honest_pid" || :
    echo "$kind $(value p50) $(value p99) $(value failed) $(value wrong)" >>"$out/honest"
}
before=$(rss)
round=1
while [ "$round" -le "$rounds" ]; do
    honest alone
    HONEST_WARM=5000 HONEST_MS=4000; honest storm --connections "$storm"; HONEST_WARM=1000 HONEST_MS=3000
    for kind in noise mac hello; do honest $kind --garbage $kind --rate "$garbage" --measure-ms 3000; done
    round=$((round + 1))
done
after=$(rss)
awk -v rounds="$rounds" '
function median(list, n,    i, j, t) {
    for (i = 2; i <= n; i++)
        for (j = i; j > 1 && list[j - 1] > list[j]; j--) { t = list[j]; list[j] = list[j - 1]; list[j - 1] = t }
    return n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
}
{ n[$1]++; p50[$1, n[$1]] = $2; p99[$1, n[$1]] = $3; failed += $4; wrong += $5 }
END {
    printf "an honest terminal, one question after the other, %d rounds: %d failed, %d wrong\n", rounds, failed, wrong
    split("alone storm noise mac hello", kind, " ")
    for (k = 1; k <= 5; k++) {
        for (r = 1; r <= rounds; r++) { a[r] = p50[kind[k], r]; b[r] = p99[kind[k], r]; c[r] = b[r] / p99["alone", r] }
        m = median(c, rounds)
        printf "  %-6s p50 %4.0f us, p99 %5.0f us, %5.2f (%.2f-%.2f) times alone\n", kind[k], median(a, rounds) / 1000, median(b, rounds) / 1000, m, c[1], c[rounds]
    }
}' "$out/honest"
for kind in storm noise mac hello; do sed "s/^/  $kind: /" "$out/$kind.txt"; done
echo "  memory of the server before and after: $before, $after kB"
kill "$elig_pid"; wait "$elig_pid" || :
serve 1
storm --connections "$idle" --hold-ms 10000
