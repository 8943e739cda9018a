#!/bin/sh
# What the journal of checks costs a loop: the same load on a server without and on one with --audit,
# in turns; CPU of the loop's own thread a CHECK, as the kernel's scheduler counts it, and of the
# journal's thread a row. Medians, and the median of the differences within rounds.
#
# usage: bench/audit.sh WORK [ROUNDS] [DEPTHS]
#   WORK    a folder with keys/ (with subject.key), identity-keys/ and snapshots/ with subjects
#   ROUNDS  default 5;  DEPTHS default "1 64 256"
# TRUTH (default WORK/country/truth.csv), RATE (requests/s; 0, the default: as many as it takes) and
# MEASURE_MS (default 1000) come from the environment.
set -eu
work=$1
rounds=${2:-5}
depths=${3:-1 64 256}
truth=${TRUTH:-$work/country/truth.csv}
bin=${ELIG_BIN:-build/bin}
out=$(mktemp -d "$work/audit-XXXXXX")
pids=

stop() {
    for pid in $pids; do if kill "$pid" 2>/dev/null; then wait "$pid" || :; fi; done
    grep -h 'event=audit_closed' "$out"/*.log || :
    rm -rf "$out"
}
trap stop EXIT
trap 'exit 1' INT TERM

# start NAME [options]
start() {
    name=$1
    shift
    "$bin/eligd" --loops 1 --snapshots "$work/snapshots" --identity-keys "$work/identity-keys" \
        --signing-public "$work/keys/signing.key.pub" --listen-plain 127.0.0.1:0 \
        --port-file-plain "$out/$name.port" "$@" 2>"$out/$name.log" &
    eval "${name}_pid=$!"
    pids="$pids $!"
    tries=0
    while [ ! -s "$out/$name.port" ]; do
        tries=$((tries + 1))
        [ "$tries" -lt 600 ] || { echo "audit: $name does not serve" >&2; cat "$out/$name.log" >&2; exit 1; }
        sleep 0.1
    done
}
start plain
start audit --audit "$out/journal" --subject-key "$work/keys/subject.key"

checks() { "$bin/eligctl" status --connect "$address" --json | sed -n 's/.*"check_count": *\([0-9]*\).*/\1/p'; }
# The first thread is main, the second the loop's, the third, where there is one, the journal's.
cpu() { cut -d' ' -f1 "/proc/$1/task/$(find "/proc/$1/task" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort -n | sed -n "$2p")/schedstat"; }

round=1
while [ "$round" -le "$rounds" ]; do
    for depth in $depths; do
        for name in plain audit; do
            eval "pid=\$${name}_pid"
            address=127.0.0.1:$(cat "$out/$name.port")
            checks_before=$(checks) loop_before=$(cpu "$pid" 2) side_before=$(cpu "$pid" 3)
            "$bin/eligbench" run --connect "$address" --truth "$truth" --depth "$depth" --seed "$round" \
                --rate "${RATE:-0}" --measure-ms "${MEASURE_MS:-1000}" --json >"$out/run.json"
            loop_after=$(cpu "$pid" 2) checks_after=$(checks)
            sleep 1 # what the journal's thread still has to do is its own
            side_after=$(cpu "$pid" 3)
            echo "$round $depth $name $checks_before $checks_after $loop_before $loop_after $side_before $side_after" >>"$out/table"
        done
    done
    round=$((round + 1))
done

awk -v depths="$depths" -v rounds="$rounds" '
function median(list, n,    i, j, t) {
    for (i = 2; i <= n; i++)
        for (j = i; j > 1 && list[j - 1] > list[j]; j--) { t = list[j]; list[j] = list[j - 1]; list[j - 1] = t }
    return n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
}
{ n = $5 - $4; cpu[$1, $2, $3] = ($7 - $6) / n; side[$1, $2, $3] = ($9 - $8) / n; count[$1, $2, $3] = n }
END {
    printf "%6s %14s %14s %26s %14s\n", "depth", "without, ns", "with, ns", "difference (spread)", "its thread, ns"
    d = split(depths, depth, " ")
    for (i = 1; i <= d; i++) {
        for (r = 1; r <= rounds; r++) {
            a[r] = cpu[r, depth[i], "plain"]; b[r] = cpu[r, depth[i], "audit"]; c[r] = b[r] - a[r]
            e[r] = side[r, depth[i], "audit"]
        }
        m = median(c, rounds)
        printf "%6d %14.1f %14.1f %10.1f (%.1f to %.1f) %14.1f\n", depth[i], median(a, rounds), median(b, rounds), m, c[1], c[rounds], median(e, rounds)
    }
}' "$out/table"
