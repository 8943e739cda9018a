#!/bin/sh
# A running eligd, asked by the second implementation of the protocol.
set -u
: "${ELIG_BIN:=build/bin}"
python=$(command -v /usr/bin/python3 || command -v python3) || {
    echo "no python3 (apt-get install python3)"
    exit 77
}
export PYTHONDONTWRITEBYTECODE=1
work=$(mktemp -d) || exit 3
eligd_pid='' echo_pid=''
clean_up() {
    [ -z "$eligd_pid" ] || { kill "$eligd_pid" && wait "$eligd_pid"; } 2>/dev/null
    [ -z "$echo_pid" ] || { kill "$echo_pid" && wait "$echo_pid"; } 2>/dev/null
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM
fail() {
    echo "$*"
    cat "$work"/*.log 2>/dev/null
    echo "0 passed, 1 failed, 0 skipped"
    exit 1
}

"$ELIG_BIN/eligctl" keygen identity "$work/identity.key" >/dev/null || fail "no identity key"
"$ELIG_BIN/eligctl" keygen signing "$work/signing.key" >/dev/null || fail "no signing key"
"$ELIG_BIN/eligbench" country --persons 300 --seed 1 --as-of today "$work/country" >"$work/country.log" 2>&1 ||
    fail "no country"
"$ELIG_BIN/eligload" build --exports "$work/country" --snapshots "$work/snapshots" \
    --identity-key "$work/identity.key" --signing-key "$work/signing.key" >"$work/load.log" 2>&1 ||
    fail "no snapshot"
"$ELIG_BIN/eligbench" echo --port-file "$work/port" >"$work/echo.log" 2>&1 &
echo_pid=$!

# serve PROFILE: an eligd whose listeners have that profile.
serve() {
    "$ELIG_BIN/eligd" --snapshots "$work/snapshots" --identity-key "$work/identity.key" \
        --signing-public "$work/signing.key.pub" --unix "$work/socket" --profile "$1" 2>"$work/eligd.log" &
    eligd_pid=$!
    tries=100
    until [ -s "$work/port" ] && "$ELIG_BIN/eligctl" ping --connect "unix:$work/socket" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || fail "eligd does not answer"
        sleep 0.05
    done
}
stop() {
    kill "$eligd_pid" && wait "$eligd_pid"
    eligd_pid=''
}

# What only sends frames back must not pass.
serve till
if "$python" tests/oracle/elig_ask.py tests/vectors "$(cat "$work/port")" >"$work/echoed.log" 2>&1; then
    fail "an echo passes for a server"
fi
passed=0 failed=0
for profile in till gate inspector administrator; do
    [ -n "$eligd_pid" ] || serve $profile
    said=$("$python" tests/oracle/elig_ask.py tests/vectors "$work/socket" $profile) || echo "$profile: $said"
    counts=$(echo "$said" | sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed.*/\1 \2/p')
    passed=$((passed + ${counts% *})) failed=$((failed + ${counts#* }))
    stop
done
echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
