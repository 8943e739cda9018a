# shellcheck shell=sh
# What the demonstrations share; they set $demo, the folder of their files.
: "${demo:?}"

fail() {
    echo "demo: $*" >&2
    [ ! -s "$demo/eligd.log" ] || tail -5 "$demo/eligd.log" >&2
    exit 1
}
# TERM first, KILL for what is still there five seconds later.
stop() { # PID
    kill "$1" 2>/dev/null || return 0
    tries=50
    while kill -0 "$1" 2>/dev/null && [ $tries -gt 0 ]; do
        sleep 0.1
        tries=$((tries - 1))
    done
    kill -9 "$1" 2>/dev/null
    wait "$1" 2>/dev/null
}
# Waits at most SECONDS until COMMAND succeeds.
wait_until() { # SECONDS COMMAND ...
    tries=$(($1 * 20))
    shift
    while ! "$@" 2>/dev/null; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || return 1
        sleep 0.05
    done
}
# The value of a member in the JSON of our programs, which has one to a line.
value() { sed -n 's/^ *"'"$1"'": "\{0,1\}\([^",]*\)"\{0,1\},\{0,1\}$/\1/p' "$2" | head -1; }
thousands() { echo "$1" | awk '{ n = int($1); s = ""; while (n >= 1000) { s = sprintf(",%03d%s", n % 1000, s); n = int(n / 1000) } print n s }'; }
us() { echo "$1" | awk '{ printf "%.0f", $1 / 1000 }'; }
seconds_since() { awk -v a="$1" -v b="$(date +%s.%N)" 'BEGIN { printf "%.1f", b - a }'; }
