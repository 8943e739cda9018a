#!/bin/sh
# A running eligd and terminals that it does not know from itself: eligctl, the examples in C and in
# Python; and what they make of a server that restarts with its next key in the middle.
set -u
: "${ELIG_BIN:=build/bin}"
terminal=$ELIG_BIN/../examples/terminal
work=$(mktemp -d) || exit 3
eligd_pid=
stop() {
    [ -z "$eligd_pid" ] || { kill "$eligd_pid" && wait "$eligd_pid"; } 2>/dev/null
    eligd_pid=
}
trap 'stop; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
export PYTHONDONTWRITEBYTECODE=1
passed=0 failed=0 skipped=0
good() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "$*"; }
fail() {
    echo "$*"
    cat "$work"/*.log 2>/dev/null
    echo "$passed passed, $((failed + 1)) failed, 0 skipped"
    exit 1
}

# ---- a small country, a terminal in its catalogue, everybody's keys ----

keys=$work/keys
mkdir "$keys" "$work/merchants" "$work/state"
for kind in identity signing merchant; do
    "$ELIG_BIN/eligctl" keygen $kind "$work/$kind.key" >/dev/null || fail "no $kind key"
done
for key in server server-next; do
    "$ELIG_BIN/eligctl" keygen server "$keys/$key" >/dev/null || fail "no server key"
done
"$ELIG_BIN/eligctl" keygen terminal "$keys/terminal" >/dev/null || fail "no terminal key"
cp "$work/merchant.key" "$keys/merchant"
cp -r loader/catalogue "$work/catalogue"
provider=$(sed -n 's/^101,\([0-9]*\),.*/\1/p' "$work/catalogue/points_of_sale.csv")
cp "$work/merchant.key" "$work/merchants/$provider.key"
printf 'number,points,profile,key,products,per_minute,per_day,typed_per_day,from,until\n4711,101,till,%s,1,,,,,\n' \
    "$(cut -d' ' -f2 "$keys/terminal.pub")" >"$work/catalogue/terminals.csv"
"$ELIG_BIN/eligbench" country --persons 300 --seed 1 --as-of today "$work/country" >"$work/country.log" 2>&1 ||
    fail "no country"
"$ELIG_BIN/eligload" build --exports "$work/country" --snapshots "$work/snapshots" --catalogue "$work/catalogue" \
    --identity-key "$work/identity.key" --signing-key "$work/signing.key" >"$work/load.log" 2>&1 ||
    fail "no snapshot"

# serve PORT KEY: an eligd; its port into $port.
serve() {
    rm -f "$work/port"
    "$ELIG_BIN/eligd" --snapshots "$work/snapshots" --identity-key "$work/identity.key" \
        --signing-public "$work/signing.key.pub" --listen "127.0.0.1:$1" --port-file "$work/port" \
        --server-key "$keys/$2" --merchant-keys "$work/merchants" --state "$work/state" 2>>"$work/eligd.log" &
    eligd_pid=$!
    tries=200
    until [ -s "$work/port" ]; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || fail "eligd does not listen"
        sleep 0.05
    done
    port=$(cat "$work/port")
}

# ---- eligctl ----

# asks STATUS "pattern" WORD ...
asks() {
    wanted=$1 pattern=$2
    shift 2
    said=$(echo 010100-00018 | timeout 30 "$ELIG_BIN/eligctl" "$@" --connect "127.0.0.1:$port" 2>&1)
    status=$?
    if [ $status -eq "$wanted" ] && echo "$said" | grep -q -e "$pattern"; then
        good
    else
        bad "eligctl $*: exit $status, says \"$said\"; wanted $wanted, \"$pattern\""
    fi
}
pinned="--server-public $keys/server.pub --server-public-next $keys/server-next.pub"
who="--terminal-key $keys/terminal --merchant-key $keys/merchant --terminal 4711"
serve 0 server
# shellcheck disable=SC2086 # words
{
    asks 0 '^A relief applies: ' check --product 1 --price 1.50 $pinned $who
    asks 0 '^A relief applies: ' check --product 1 --price 1.50 $pinned $who --padded
    asks 0 '^OK: 300 answered' ping --count 300 $pinned $who
    asks 0 '^Snapshot 1, fresh' status $pinned $who
    asks 3 'does not accept this terminal' ping $pinned $who --environment 1
    asks 3 'does not accept this terminal' ping $pinned $who --terminal 4712
    asks 3 'closed the connection' ping --timeout-ms 2000 # plain frames at a sealed listener
}

# ---- the examples, over a restart with the next key ----

# over_restart NAME COMMAND ...: asks, and asks again when the server was away and has the other key.
over_restart() {
    name=$1
    shift
    rm -f "$keys"/counter*
    { echo 010100-00018 && sleep 2 && printf '01010000034\n010100-00018\n'; } |
        timeout 60 "$@" 127.0.0.1 "$port" "$keys" 4711 0 >"$work/said" 2>&1 &
    asker=$!
    sleep 1
    stop
    serve "$port" server-next
    wait $asker
    said=$(tr '\n' ' ' <"$work/said")
    case $said in
    'APPLIES: 0.00 EUR'*' DOES_NOT_APPLY: 1.50 EUR'*' APPLIES: 0.00 EUR'*) good ;;
    *) bad "$name says \"$said\"" ;;
    esac
    stop
    serve "$port" server
}
over_restart terminal.c "$terminal"
python=
for one in python3 /usr/bin/python3; do
    "$one" -c 'import cryptography' 2>/dev/null && python=$one
done
if [ -n "$python" ]; then
    over_restart terminal.py "$python" protocol/examples/terminal.py ask
else
    echo "skipped: the terminal in Python (apt-get install python3-cryptography)"
    skipped=$((skipped + 1))
fi

# A USE goes all the way; this server keeps no ledger and says so, which is no relief to anybody.
uses() {
    name=$1
    shift
    rm -f "$keys"/counter*
    said=$(echo 010100-00018 | timeout 60 "$@" 127.0.0.1 "$port" "$keys" 4711 0 use 2>&1)
    if [ "$said" = "not known: full price" ]; then good; else bad "$name says \"$said\" to a USE"; fi
}
uses terminal.c "$terminal"
[ -z "$python" ] || uses terminal.py "$python" protocol/examples/terminal.py ask

# ---- README, "Let a terminal in", typed as it stands ----

# Only the port is another one. Lines after a command must be said by it, with anything for "...".
stop
bin=$(cd "$ELIG_BIN" && pwd)
readme=$work/readme
mkdir -p "$readme/build/demo" && ln -s "$bin" "$readme/build/bin" && ln -s "$PWD/loader" "$readme/loader"
ln -s "$work/country" "$readme/build/demo/country"
sed -n '/^## Let a terminal in/,/^## Write/s/^    //p' README.md | sed "s/:7448/:$((20000 + $$ % 10000))/" >"$work/session"
commands=0
begun=$PWD
cd "$readme" || exit 3
while IFS= read -r line <&3; do
    case $line in
    '$ '*)
        commands=$((commands + 1)) command=${line#??}
        # What goes on in the background must not be the last of it, or its end would not be seen.
        eval "$command" >"$work/said" 2>&1 3<&- || bad "README.md: $command: exit $?: $(cat "$work/said")"
        case $command in eligd*) eligd_pid=$! ;; esac
        ;;
    *)
        pattern=$(printf '%s\n' "$line" | sed 's/[][\.*^$]/\\&/g; s/\\\.\\\.\\\./.*/g')
        if grep -q -- "$pattern" "$work/said"; then good; else bad "README.md: $command: wanted \"$line\", says \"$(cat "$work/said")\""; fi
        ;;
    esac
done 3<"$work/session"
cd "$begun" || exit 3
stop
if [ $commands -ge 14 ]; then good; else bad "README.md: $commands commands found"; fi

echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
