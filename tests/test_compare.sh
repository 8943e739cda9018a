#!/bin/sh
# eligbench compare, sweep and run, with short rounds: who takes part and who is left out aloud, what
# is said and written, that servers listen on the loopback interface alone, and that nothing of them
# is left, however it ends. No figure is looked at.
set -u
: "${ELIG_BIN:=build/bin}"
work=$(mktemp -d) || exit 3
echo_pid='' compare_pid=''
stop() {
    for pid in $echo_pid $compare_pid; do if kill "$pid" 2>/dev/null; then wait "$pid"; fi; done
    echo_pid='' compare_pid=''
}
trap 'stop; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
passed=0 failed=0
good() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "$*"; }
is() { # "what" COMMAND ...
    what=$1
    shift
    if "$@" >/dev/null 2>&1; then good; else bad "$what: $*"; fi
}
lacks() { ! grep -q -- "$1" "$2"; }
fail() {
    echo "$*"
    tail -n 5 "$work"/*.log
    echo "$passed passed, $((failed + 1)) failed, 0 skipped"
    exit 1
}
bench() { "$ELIG_BIN/eligbench" "$@"; }

# ---- a folder as make demo leaves it ----

demo=$work/demo
mkdir -p "$demo/keys" "$work/tmp"
export TMPDIR="$work/tmp"
for kind in signing server merchant; do
    "$ELIG_BIN/eligctl" keygen $kind "$demo/keys/$kind.key" >/dev/null || fail "no $kind key"
done
cp -r loader/catalogue "$demo/catalogue"
bench terminals --quiet --terminals 16 --merchant-key "$demo/keys/merchant.key" --merchant-keys "$demo/merchants" \
    "$demo/catalogue" || fail "no terminals"
bench country --persons 300 --seed 1 --as-of today "$demo/country" >"$work/country.log" 2>&1 || fail "no country"
"$ELIG_BIN/eligload" build --exports "$demo/country" --snapshots "$demo/snapshots" --catalogue "$demo/catalogue" \
    --identity-keys "$demo/identity-keys" --signing-key "$demo/keys/signing.key" >"$work/load.log" 2>&1 || fail "no snapshot"

compare() { bench compare --warm-ms 20 --measure-ms 30 --quiet "$@"; }

# ---- everybody that is installed ----

for program in redis-server valkey-server memcached; do
    command -v $program >/dev/null || echo "skipped: $program is not installed: it is not compared"
done
compare --rounds 2 --depths 1,8 --connections 4 --processes 2 --json --measures "$work/measures.csv" "$demo" \
    >"$work/json" 2>"$work/err.log" || fail "no comparison: $(cat "$work/err.log")"
for pair in echo:sh elig:sh elig-sealed:sh redis:redis-server valkey:valkey-server memcached:memcached; do
    name=${pair%:*}
    if command -v "${pair#*:}" >/dev/null; then
        is "$name takes part" grep -q "\"server\": \"$name\"" "$work/json"
        is "$name is measured" grep -q "^compare,$name,depth 8,1,cpu_ns," "$work/measures.csv"
        is "$name is not left out" lacks "$name is left out" "$work/err.log"
    else
        is "$name is left out aloud" grep -q "^eligbench compare: $name is left out: ${pair#*:} is not installed$" "$work/err.log"
        is "$name is left out" lacks "\"server\": \"$name\"" "$work/json"
    fi
done
is "ratios are told" grep -q '"to_elig_sealed": {' "$work/json"
is "what was measured makes a report" bench report "$work/measures.csv"
is "all answered" [ "$(awk -F, '($5 == "failed" || $5 == "wrong") && $6 > 0' "$work/measures.csv" | wc -l)" -eq 0 ]
is "the folder of its servers is gone" rmdir "$work/tmp"
mkdir "$work/tmp"

# Valkey is what Redis was, and takes the same words: under its name, and in its path.
if command -v redis-server >/dev/null && ! command -v valkey-server >/dev/null; then
    mkdir "$work/path"
    ln -s "$(command -v redis-server)" "$work/path/valkey-server"
    PATH=$work/path:$PATH compare --rounds 1 --depths 1 --only valkey "$demo" >"$work/table" 2>"$work/err.log"
    is "valkey-server is found, started and filled" [ $? -eq 0 ]
    is "and has its line" grep -q '^    1 valkey ' "$work/table"
fi

# ---- only some, as a table ----

compare --rounds 1 --depths 2 --only echo,elig "$demo" >"$work/table" 2>"$work/err.log"
is "two servers are a table" [ $? -eq 0 ]
is "it has a line for each" [ "$(grep -c '^    2 e' "$work/table")" -eq 2 ]
is "nobody else is spoken of" [ ! -s "$work/err.log" ]
mv "$demo/keys/server.key" "$demo/keys/hidden.key"
compare --rounds 1 --depths 2 --only elig-sealed,echo "$demo" >"$work/table" 2>"$work/err.log"
is "a folder without terminals compares the others" [ $? -eq 0 ]
is "and says so" grep -q 'elig-sealed is left out: .*server.key is not there: make demo anew' "$work/err.log"
mv "$demo/keys/hidden.key" "$demo/keys/server.key"
for words in "--depths 0" "--depths 1,,2" "--depths 4097" "--depths x" "--only elig,nobody" "--processes 3 --connections 2"; do
    # shellcheck disable=SC2086 # words
    compare $words "$demo" >"$work/table" 2>"$work/err.log"
    is "$words is wrong usage" [ $? -eq 2 ]
    is "$words is one line of error" [ "$(wc -l <"$work/err.log")" -eq 1 ]
done
compare --only elig --rounds 1 "$work/nothing" >"$work/table" 2>"$work/err.log"
is "a folder that is not there is told" [ $? -eq 3 ]
mkdir "$demo/away" && mv "$demo/snapshots/CURRENT" "$demo/away/"
compare --only elig --rounds 1 "$demo" >"$work/table" 2>"$work/err.log"
is "a server that does not start is told" [ $? -eq 3 ]
is "with its last words" grep -q 'elig does not serve; the last that it said: .*CURRENT' "$work/err.log"
mv "$demo/away/CURRENT" "$demo/snapshots/"

# ---- what it starts ----

# Those whose parent it is, with what they listen on: lines of /proc/net/tcp* in state 0A.
children() { for stat in /proc/[0-9]*/stat; do awk -v parent="$compare_pid" '$4 == parent { print $1 }' "$stat" 2>/dev/null; done; }
listening() { # PID
    for fd in /proc/"$1"/fd/*; do readlink "$fd"; done 2>/dev/null | sed -n 's/^socket:\[\(.*\)\]$/\1/p' >"$work/sockets"
    awk 'NR == FNR { own[$1]; next } $4 == "0A" && $10 in own { sub(/:.*/, "", $2); print $2 }' "$work/sockets" /proc/net/tcp /proc/net/tcp6 2>/dev/null
}
begin() { # [options]: a long one in the background, until it has told that a tenth is done
    rm -f "$work/err.log" # what one before has told
    "$ELIG_BIN/eligbench" compare --rounds 40 --depths 1 --warm-ms 20 --measure-ms 100 "$@" "$demo" >"$work/table" 2>"$work/err.log" &
    compare_pid=$!
    tries=600
    until grep -qs 'runs' "$work/err.log"; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || fail "it does not begin"
        sleep 0.1
    done
    children >"$work/children"
}
gone() { # every process of the list
    while read -r pid; do
        tries=50
        while kill -0 "$pid" 2>/dev/null; do
            tries=$((tries - 1))
            [ $tries -gt 0 ] || return 1
            sleep 0.1
        done
    done <"$work/children"
}
begin
is "its servers are its children" [ "$(wc -l <"$work/children")" -ge 3 ]
while read -r pid; do listening "$pid"; done <"$work/children" >"$work/addresses"
is "servers listen" [ "$(wc -l <"$work/addresses")" -ge 3 ]
is "and on 127.0.0.1 alone" [ "$(sort -u "$work/addresses")" = 0100007F ]
kill -INT "$compare_pid"
wait "$compare_pid"
is "an interrupt ends it" [ $? -eq 0 ]
is "with the rounds that were whole" grep -q ' medians of [1-9][0-9]* rounds ' "$work/table"
compare_pid=''
is "and its servers" gone
is "and their folder" rmdir "$work/tmp"
mkdir "$work/tmp"
begin --only echo,elig
is "it has two servers" [ "$(wc -l <"$work/children")" -ge 2 ]
kill -9 "$compare_pid"
wait "$compare_pid" 2>/dev/null
compare_pid=''
is "its servers do not outlive it when it is killed" gone
rm -rf "$work/tmp"
mkdir "$work/tmp"

# ---- sweep, and the files of run, against the echo ----

"$ELIG_BIN/eligbench" echo --port-file "$work/port" & # itself: a function would be a shell in between
echo_pid=$!
tries=100
until [ -s "$work/port" ]; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || fail "no echo"
    sleep 0.1
done
address=127.0.0.1:$(cat "$work/port")
load() { command=$1; shift; bench "$command" --dialect echo --connect "$address" --truth "$demo/country/truth.csv" --warm-ms 20 --measure-ms 50 "$@"; }
load sweep --rate-first 1000 --rate-most 4000 --p99-most-us 60000000 --rounds 1 --json --quiet --measures "$work/sweep.csv" >"$work/json"
is "a sweep has a row for its first rate" grep -q '^sweep,echo,rate 1000,0,p9999_ns,' "$work/sweep.csv"
is "and for its knee" grep -q '^sweep,echo,knee,0,knee_per_s,' "$work/sweep.csv"
is "which its JSON tells as well" grep -q "\"knee_per_s\": $(sed -n 's/^sweep,echo,knee,0,knee_per_s,\([0-9]*\).*/\1/p' "$work/sweep.csv"),\$" "$work/json"
load sweep --rate-first 1000 --rate-most 2000 --rounds 1 --quiet --subject 'its own' --measures "$work/sweep.csv" >"$work/table"
is "its table ends with the knee" grep -Eq '^(knee: |the first rate is too much)' "$work/table"
is "it writes under the name that it is given" grep -q '^sweep,its own,rate 1000,' "$work/sweep.csv"
bench sweep --dialect redis --connect "$address" --truth "$demo/country/truth.csv" --warm-ms 0 --measure-ms 50 --rate-first 1000 \
    --rounds 1 --quiet >"$work/table" # what it says back is no answer of that kind
is "wrong answers are no sweep that went well" [ $? -eq 1 ]
is "and are counted" grep -q '^[1-9][0-9]* answers were wrong' "$work/table"
load sweep --rate-first 5 --rate-most 4 2>"$work/err.log"
is "a range from high to low is wrong usage" [ $? -eq 2 ]
load run --rate 2000 --processes 2 --hgrm "$work/hgrm" --measures "$work/run.csv" --subject 'echo quiet' --round 3 --json >"$work/json"
is "run writes its curve" grep -q '^latency,echo quiet,rate 2000,3,at_99.9999,' "$work/run.csv"
is "and its histogram" grep -q '^ *[0-9.]* 1.000000000000 ' "$work/hgrm"
# What was due in time and answered a little later is in the histogram alone.
is "which counts what its JSON counts, at least" \
    [ "$(sed -n 's/.*Total count    = *\([0-9]*\)].*/\1/p' "$work/hgrm")" -ge "$(sed -n 's/.*"answers": \([0-9]*\),/\1/p' "$work/json")" ]
load run --measures "$work/run.csv" --subject 'Echo' 2>"$work/err.log"
is "a subject of other letters is wrong usage" [ $? -eq 2 ]
load run --hgrm "$work/none/hgrm" >"$work/table" 2>"$work/err.log"
is "a file that cannot be written is told" [ $? -eq 3 ]
load run --load-keys 2>"$work/err.log"
is "keys are for stores" [ $? -eq 2 ]

echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
