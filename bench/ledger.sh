#!/bin/sh
# The ledger's figures (BENCHMARKS.md, "The ledger"), each the median of so many rounds, in turns, with the
# load of the machine beside them. Uses the country and keys of `make demo LEDGER=1` in WORK; the ledgers
# that are measured lie in WORK/bench-ledger, on the device that is measured, and go afterwards.
#
# The large ledger of the last figure is written without syncs by build/tests/long_ledger_fill (make it first).
#
# usage: bench/ledger.sh [WORK]
#        ROUNDS=5 MS=3000 RATE=20000 POSTINGS=10000000 sh bench/ledger.sh build/demo
#        ROUNDS=0: only the last figure, three times
set -eu
work=${1:-build/demo}
bin=${ELIG_BIN:-build/bin}
rounds=${ROUNDS:-5} ms=${MS:-3000} rate=${RATE:-20000} postings=${POSTINGS:-10000000}
here=$work/bench-ledger
fill=${BUILD:-build}/tests/long_ledger_fill
parts=$work/ledger
country=$work/country
[ -e "$country/truth.csv" ] || country=$parts/country
[ -e "$parts/snapshots/CURRENT" ] || { echo "bench: $parts holds no snapshot: run make demo LEDGER=1 first" >&2; exit 3; }
eligd_pid='' load_pid='' other_pid=''
finish() {
    [ -z "$load_pid" ] || kill -INT "$load_pid" 2>/dev/null || true
    [ -z "$eligd_pid" ] || kill -9 "$eligd_pid" 2>/dev/null || true
    [ -z "$other_pid" ] || kill -9 "$other_pid" 2>/dev/null || true
    rm -rf "$here"
}
trap finish EXIT
[ -x "$fill" ] || { echo "bench: $fill is missing: make $fill" >&2; exit 3; }
trap 'exit 1' HUP INT TERM
rm -rf "$here"
mkdir -p "$here/ledger" "$here/other"

socket=$here/sock
fit() { "$bin/eligctl" ping --connect "unix:$socket" >/dev/null 2>&1; }
serve() { # FOLDER OF THE LEDGER
    "$bin/eligd" --snapshots "$parts/snapshots" --identity-keys "$parts/identity-keys" \
        --signing-public "$parts/keys/signing.key.pub" --subject-key "$parts/keys/subject.key" \
        --ledger "$1" --unix "$socket" 2>>"$here/eligd.log" &
    eligd_pid=$!
    tries=2000
    until fit; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || { tail -3 "$here/eligd.log" >&2; exit 3; }
        sleep 0.005
    done
}
kill_it() {
    kill -9 "$eligd_pid"
    wait "$eligd_pid" 2>/dev/null || true
    eligd_pid=''
}
anew() {
    [ -z "$eligd_pid" ] || kill_it
    rm -rf "$here/ledger"
    mkdir "$here/ledger"
    serve "$here/ledger"
}
# Another server, which has nothing to do with the one that is measured but the cores and the disk.
own_socket=$socket
socket=$here/other.sock
serve "$here/other"
other_pid=$eligd_pid eligd_pid=''
socket=$own_socket
run() { "$bin/eligbench" run --connect "unix:$socket" --truth "$country/truth.csv" --hits 100 --json "$@"; }
value() { sed -n 's/^ *"'"$1"'": \([0-9.]*\),\{0,1\}$/\1/p' "$2" | head -1; }
# CHECK by the clock, while another client saturates the ledger behind SOCKET.
beside() { # SOCKET NAME
    "$bin/eligbench" run --connect "unix:$1" --truth "$country/truth.csv" --hits 100 --json --kind use \
        --warm-ms 0 --measure-ms $((ms + 2000)) >"$here/beside.json" &
    load_pid=$!
    sleep 1
    run --rate "$rate" --measure-ms "$ms" >"$here/$2.json"
    wait "$load_pid" || true
    load_pid=''
}
median() { sort -n | awk '{ v[NR] = $1 } END { if (NR) print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
note() { echo "$2" >>"$here/$1"; } # FIGURE VALUE
load_now() { cut -d' ' -f1-3 /proc/loadavg; }
of() { median <"$here/$1"; }
per() { awk -v a="$1" -v b="$2" 'BEGIN { if (b > 0) printf "%.2f", a / b; else print "?" }'; }
scaled() { awk -v v="$1" -v by="$2" -v form="$3" 'BEGIN { printf form, v / by }'; }

echo "$(nproc) processors, load $(load_now) at the beginning; each figure the median of $rounds rounds of $ms ms"
round=0
while [ $round -lt "$rounds" ]; do
    round=$((round + 1))
    anew
    run --kind use --pid "$eligd_pid" --measure-ms "$ms" >"$here/most.json"
    note most "$(value answers_per_s "$here/most.json")"
    note most_p99 "$(value p99 "$here/most.json")"
    note most_cpu "$(value server_cpu_ns "$here/most.json")"
    sleep 1 # ids are by the second

    "$bin/eligbench" disk "$here" --measure-ms "$ms" --json >"$here/disk.json"
    run --kind use --connections 1 --depth 1 --measure-ms "$ms" >"$here/one.json"
    note disk "$(value p50 "$here/disk.json")"
    note one "$(value p50 "$here/one.json")"
    note one_ratio "$(per "$(value p50 "$here/one.json")" "$(value p50 "$here/disk.json")")"
    sleep 1

    run --rate "$rate" --measure-ms "$ms" >"$here/idle.json"
    beside "$here/other.sock" strange
    beside "$socket" busy
    for part in 50 99; do
        note "idle_$part" "$(value "p$part" "$here/idle.json")"
        note "strange_$part" "$(value "p$part" "$here/strange.json")"
        note "busy_$part" "$(value "p$part" "$here/busy.json")"
        note "busy_ratio_$part" "$(per "$(value "p$part" "$here/busy.json")" "$(value "p$part" "$here/strange.json")")"
        note "idle_ratio_$part" "$(per "$(value "p$part" "$here/busy.json")" "$(value "p$part" "$here/idle.json")")"
    done
    note beside "$(value answers_per_s "$here/beside.json")"
    echo "round $round, load $(load_now): $(tail -1 "$here/most" | cut -d. -f1) USE/s, one client $(tail -1 "$here/one_ratio") syncs, CHECK p99 $(tail -1 "$here/idle_ratio_99") times idle, $(tail -1 "$here/busy_ratio_99") times beside another server"
done

[ "$rounds" -eq 0 ] || {
echo "durable USE a second, 16 connections of 64: $(scaled "$(of most)" 1 %.0f), p99 $(scaled "$(of most_p99)" 1000000 %.1f) ms, server CPU $(scaled "$(of most_cpu)" 1000 %.1f) us each"
echo "one client, one at a time: p50 $(scaled "$(of one)" 1000 %.0f) us; one pwrite and fdatasync $(scaled "$(of disk)" 1000 %.0f) us; ratio $(of one_ratio)"
for part in 50 99; do
    echo "CHECK at $rate a second: p$part $(scaled "$(of idle_$part)" 1000 %.0f) us with an idle ledger, $(scaled "$(of busy_$part)" 1000 %.0f) us beside $(scaled "$(of beside)" 1 %.0f) USE a second of its own," \
        "$(scaled "$(of strange_$part)" 1000 %.0f) us beside another server's; ratio to idle $(of idle_ratio_$part), to another server's $(of busy_ratio_$part)"
done
}

# ---- ready after a crash ----

start() { # FIGURE FOLDER
    started=$(date +%s.%N)
    serve "$2"
    note "$1" "$(awk -v a="$started" -v b="$(date +%s.%N)" 'BEGIN { printf "%.3f", b - a }')"
}
count() { # FOLDER
    "$bin/eligctl" ledger stat "$1" --json >"$here/stat.json" && value postings "$here/stat.json"
}
if [ "$rounds" -gt 0 ]; then kill_it; fi
rm -rf "$here/ledger"
mkdir "$here/ledger"
"$fill" "$here/ledger" "$parts/keys/subject.key" "$postings"
sync -f "$here/ledger"
serve "$here/ledger"
[ "$rounds" -gt 0 ] || rounds=3
round=0
while [ $round -lt "$rounds" ]; do
    round=$((round + 1))
    run --kind use --warm-ms 0 --measure-ms 1500 >/dev/null 2>&1 &
    load_pid=$!
    sleep 1
    kill_it
    wait "$load_pid" || true
    load_pid=''
    start ready "$here/ledger"
    kill_it
    rm -rf "$here/empty"
    mkdir "$here/empty"
    start ready_empty "$here/empty"
    kill_it
    serve "$here/ledger"
done
echo "ready after kill -9 under load, with $(count "$here/ledger") postings: $(of ready) s; with an empty ledger $(of ready_empty) s; load $(load_now)"
