#!/bin/sh
# Measures this machine with the country, keys and snapshot of `make demo`, and tells what came of it:
# `make bench`, under five minutes on two cores, and `make bench-full`, everything that BENCHMARKS.md
# tells. Figures go to a file of measures, and from there into the report.
#
# usage: bench/run.sh WORK [full]
#   WORK    a folder as `make demo` leaves it (default build/demo)
# OUT (default build/bench): where measures.csv, report.txt and report.html go.
# shellcheck disable=SC2086 # options without blanks
set -eu
work=${1:-build/demo}
extent=${2:-short}
bin=${ELIG_BIN:-build/bin}
out=${OUT:-build/bench}
measures=$out/measures.csv
server_pid=''
[ -e "$work/keys/subject.key" ] || { echo "bench: $work is not what make demo leaves: run it anew" >&2; exit 3; }
began=$(date +%s)
mkdir -p "$out"
scratch=$(mktemp -d)

stop() {
    if [ -n "$server_pid" ] && kill "$server_pid" 2>/dev/null; then wait "$server_pid" || :; fi
    server_pid=''
}
finish() {
    stop
    rm -rf "$scratch"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM
server_core='' client_core=''
if command -v taskset >/dev/null && [ "$(nproc)" -ge 2 ]; then
    server_core='taskset -c 0' client_core='taskset -c 1'
fi
if [ "$extent" = full ]; then
    rounds=9 depths=1,16,64,256 sweep='--rounds 3' latency='9 10' loads=5
else
    rounds=5 depths=1,64,256 sweep='--rounds 3 --measure-ms 500' latency='2 4' loads=3
fi

# ---- the file of measures ----

echo "part,subject,setting,round,measure,value" >"$measures"
fact() { echo "# $1: $2" >>"$measures"; }
load_now() { cut -d' ' -f1-3 /proc/loadavg; }
fact day "$(date +%F)"
fact machine "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(nproc) cores, $(awk '/^MemTotal/ { printf "%.0f", $2 / 1048576 }' /proc/meminfo) GiB"
fact system "$(uname -sr)"
fact version "$("$bin/eligbench" --version)"
fact load "$(load_now) at the beginning"
# All processor time and what the host took of it, in ticks.
ticks() { awk '/^cpu / { for (i = 2; i <= 9; i++) sum += $i; print sum, $9 }' /proc/stat; }
ticks_before=$(ticks)
if [ "$extent" = full ]; then fact command "make bench-full"; else fact command "make bench"; fi
value() { sed -n 's/^ *"'"$1"'": \([0-9.]*\),\{0,1\}$/\1/p' "$2" | head -n 1; }
# Members of an object in the JSON of our programs, one to a line, as rows.
rows() { # OBJECT PART SUBJECT SETTING ROUND <JSON
    awk -v object="$1" -v like="$2,$3,$4,$5" '
    $0 ~ "^ *\"" object "\": {$" { inside = 1; next }
    inside && /}/ { exit }
    inside { split($0, part, /": /); sub(/^ *"/, "", part[1]); sub(/,$/, "", part[2]); print like "," part[1] "," part[2] }'
}

# ---- steps of a check ----

echo "== steps of a check, in process, sealing too"
"$bin/eligbench" micro --snapshots "$work/snapshots" --identity-keys "$work/identity-keys" \
    --signing-public "$work/keys/signing.key.pub" --truth "$work/country/truth.csv" --rounds $rounds --measures "$measures"

# ---- servers ----

echo "== servers side by side"
"$bin/eligbench" compare --rounds $rounds --depths $depths --measures "$measures" "$work"
# Sockets cost a check what they cost the echo.
for subject in check sealed; do
    awk -F, -v subject=$subject '$1 == "compare" && $2 == "echo" && $3 == "depth 64" && $5 == "cpu_ns" {
        print "stages," subject ",depth 64," $4 ",sockets," $6 }' "$measures" >"$scratch/sockets"
    cat "$scratch/sockets" >>"$measures"
done

serve() { # [options]: a server, with its port in the file port
    rm -f "$scratch/port"
    $server_core "$@" 2>"$scratch/server.log" &
    server_pid=$!
    tries=0
    while [ ! -s "$scratch/port" ]; do
        tries=$((tries + 1))
        [ $tries -lt 600 ] || { echo "bench: no server: $(tail -n 1 "$scratch/server.log")" >&2; exit 3; }
        sleep 0.1
    done
}
eligd() { serve "$bin/eligd" --loops 1 --snapshots "$work/snapshots" --identity-keys "$work/identity-keys" --signing-public "$work/keys/signing.key.pub" "$@"; }
sweep() { # SUBJECT [options]
    subject=$1
    shift
    $client_core "$bin/eligbench" sweep --connect "127.0.0.1:$(cat "$scratch/port")" --truth "$work/country/truth.csv" \
        --pid "$server_pid" --subject "$subject" --measures "$measures" $sweep "$@" || :
    stop
}
echo "== the knee: the highest rate at which each keeps up"
eligd --listen-plain 127.0.0.1:0 --port-file-plain "$scratch/port"
sweep elig
mkdir -m 700 "$scratch/state"
eligd --listen 127.0.0.1:0 --port-file "$scratch/port" --server-key "$work/keys/server.key" --merchant-keys "$work/merchants" \
    --state "$scratch/state" --per-minute 0 --per-day 0 --typed-per-day 0 --misses-per-day 0
sweep elig-sealed --server-public "$work/keys/server.key.pub" --merchant-key "$work/keys/merchant.key" --terminals 20000
if [ "$extent" = full ]; then
    serve "$bin/eligbench" echo --port-file "$scratch/port"
    sweep echo --dialect echo
fi

echo "== latency at half the knee: quietly, during swaps, beside a ledger"
knee=$(awk -F, '$1 == "sweep" && $2 == "elig" && $5 == "knee_per_s" { print int($6 / 2) }' "$measures")
[ "${knee:-0}" -gt 0 ] || { knee=10000; echo "no knee was found: at $knee a second instead"; }
RATE=$knee PAUSE_S=2 MEASURES=$measures sh bench/latency.sh "$work" $latency

# ---- the loader, and the start with what it made ----

seconds_since() { awk -v a="$1" -v b="$(date +%s.%N)" 'BEGIN { printf "%.3f", b - a }'; }
is_fit() { "$bin/eligctl" ping --connect "unix:$scratch/socket" >/dev/null 2>&1; }
# From exec to the first PING that is answered, everything verified.
time_start() { # ROUND
    started=$(date +%s.%N)
    "$bin/eligd" --loops 1 --snapshots "$work/snapshots" --identity-keys "$work/identity-keys" \
        --signing-public "$work/keys/signing.key.pub" --unix "$scratch/socket" 2>"$scratch/server.log" &
    server_pid=$!
    tries=2000
    until is_fit; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || { echo "bench: no server: $(tail -n 1 "$scratch/server.log")" >&2; exit 3; }
        sleep 0.005
    done
    echo "loader,start,-,$1,total,$(seconds_since "$started")" >>"$measures"
    stop
}
time_sort() { # ROUND: the same bytes, sorted by their lines
    started=$(date +%s.%N)
    LC_ALL=C sort --parallel=2 -S 2G -T "$scratch" "$scratch"/deliveries/* >/dev/null
    echo "loader,sort,-,$1,total,$(seconds_since "$started")" >>"$measures"
}
load() { # [options]: the country, from nothing
    rm -rf "$scratch/snapshots" "$scratch/keys"
    "$bin/eligload" build --quiet --exports "$work/country" --snapshots "$scratch/snapshots" --identity-keys "$scratch/keys" \
        --signing-key "$work/keys/signing.key" --summary "$scratch/load.json" "$@" >/dev/null 2>&1
}
mkdir "$scratch/deliveries"
sed 1d "$work/country/delivery.csv" | cut -d, -f2 | while read -r file; do ln -s "$(realpath "$work/country/$file")" "$scratch/deliveries/"; done
echo "== the loader, sort beside it, and the start with what it made"
round=0
while [ $round -lt $loads ]; do
    load
    rows seconds loader country - $round <"$scratch/load.json" >>"$measures"
    time_sort $round
    time_start $round
    rm -rf "$scratch/parsed"
    mkdir -m 700 "$scratch/parsed"
    for subject in "kept for the next" "unchanged"; do
        load --parsed-dir "$scratch/parsed"
        echo "loader,$subject,-,$round,total,$(value total "$scratch/load.json")" >>"$measures"
    done
    round=$((round + 1))
done

# ---- everything else ----

if [ "$extent" = full ]; then
    echo "== a decision, by the size of the catalogue"
    for size in "10 80" "100 2000" "1000 20000"; do
        "$bin/eligbench" decide --reliefs "${size% *}" --clauses "${size#* }"
    done
    echo "== sealed sessions by the thousand"
    sh bench/sealed.sh "$work"
    echo "== loader against sqlite3"
    MEASURES=$measures sh bench/against_sqlite.sh "$work" 3
    if [ -e "$work/ledger/snapshots/CURRENT" ]; then
        echo "== the ledger"
        sh bench/ledger.sh "$work"
    else
        echo "== the ledger: skipped: make demo LEDGER=1 leaves what it needs"
    fi
fi

# ---- the report ----

fact load "$(load_now) at the end"
fact stolen "$(echo "$ticks_before $(ticks)" | awk '{ printf "%.1f %%", 100 * ($4 - $2) / ($3 - $1) }') of processor time, by the host of a virtual machine"
fact seconds "$(($(date +%s) - began))"
"$bin/eligbench" report "$measures" --html "$out/report.html" >"$out/report.txt"
awk '/^== / { sections++ } sections == 1' "$out/report.txt"
echo "All of it took $(($(date +%s) - began)) s: $out/report.html, $out/report.txt, $measures"
