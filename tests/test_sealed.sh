#!/bin/sh
# Sealed sessions from outside: eligctl, the example terminals in C and in Python, each against a
# server that is well, has the next key, is busy, cuts, repeats or spoils what it sends.
set -u
: "${ELIG_BIN:=build/bin}"
serve=$ELIG_BIN/../tests/serve_sealed
terminal=$ELIG_BIN/../examples/terminal
work=$(mktemp -d) || exit 3
server=
stop() {
    [ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null
    server=
}
trap 'stop; rm -rf "$work"' EXIT
export PYTHONDONTWRITEBYTECODE=1
passed=0 failed=0 skipped=0
good() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "$*"; }

# start [MANNER TIMES [BUSY_MS]]: a server with the keys in $keys; its address into $address.
keys=$work/keys
mkdir "$keys"
start() {
    stop
    rm -f "$keys/address"
    "$serve" "$keys" "$@" 2>"$work/server" &
    server=$!
    tries=0
    until [ -s "$keys/address" ]; do
        tries=$((tries + 1))
        [ $tries -lt 200 ] || { bad "no server: $(cat "$work/server")"; return 1; }
        sleep 0.05
    done
    read -r address <"$keys/address"
}

# expect NAME STATUS "pattern": of the last $status and $said, which never have the identifier.
expect() {
    if [ "$status" -eq "$2" ] && echo "$said" | grep -q -e "$3"; then
        good
    else
        bad "$1: exit $status, says \"$said\"; wanted $2, \"$3\""
    fi
    case $said in *0101000001* | *00018*) bad "$1: the identifier is printed" ;; esac
}

# ---- eligctl ----

# asks STATUS "pattern" WORD ...: of the test identity, at the server.
asks() {
    wanted=$1 pattern=$2
    shift 2
    said=$(echo 010100-00018 | timeout 30 "$ELIG_BIN/eligctl" "$@" --connect "$address" 2>&1)
    status=$?
    expect "eligctl $*" "$wanted" "$pattern"
}

start || exit 1
pinned="--server-public $keys/server.pub --server-public-next $keys/server-next.pub"
who="--terminal-key $keys/terminal --merchant-key $keys/merchant --terminal 4711 --environment 7"
buy="--product 1 --price 1.50"
# shellcheck disable=SC2086 # words
{
    asks 0 '^A relief applies: relief 1, 1.50 EUR off, 0.00 EUR to pay' check $buy $pinned $who
    asks 0 '^A relief applies' check $buy $pinned $who --padded
    asks 1 '^No relief applies: 1.50 EUR to pay' check --product 2 --price 1.50 $pinned $who
    asks 0 '^OK: 5 answered' ping --count 5 $pinned $who
    asks 0 '^identifiers  3' status $pinned $who
    asks 0 '"status": "OK"' status --json $pinned $who
    if grep -q '^elig-counter-v1 [0-9]*$' "$keys/terminal.counter"; then good; else bad "no counter"; fi

    # a counter that does not rise is refused, and one that cannot be stored is not used
    echo "elig-counter-v1 5" >"$work/low"
    asks 3 'does not accept this terminal' ping $pinned $who --counter-file "$work/low"
    asks 3 'cannot be read or stored.*/nowhere/counter' ping $pinned $who --counter-file "$work/nowhere/counter"
    echo "five" >"$work/low"
    asks 3 'cannot be read or stored.*low: wanted one line' ping $pinned $who --counter-file "$work/low"

    # who is not who it says it is
    asks 3 'does not accept this terminal' ping $pinned $who --terminal 4712
    asks 3 'does not accept this terminal' ping $pinned $who --environment 0
    asks 3 'does not accept this terminal' ping --server-public "$keys/server-next.pub" $who

    # words
    asks 2 'a sealed session wants.*--server-public is missing' ping $who
    asks 2 'a sealed session wants.*--terminal-key is missing' check $buy $pinned
    asks 2 'a sealed session wants.*--merchant-key is missing' status $pinned --terminal-key "$keys/terminal"
    asks 2 'a sealed session wants.*--terminal is missing' ping $pinned --terminal-key "$keys/terminal" \
        --merchant-key "$keys/merchant"
    asks 2 'a sealed session wants' ping --padded
    asks 2 'a sealed session wants' ping --environment 1
    asks 3 'server: ' ping --server-public "$keys/server" $who
    asks 3 'nobody: No such file' ping --server-public "$keys/nobody" $who
    chmod 644 "$keys/merchant"
    asks 3 'merchant: mode 0644' ping $pinned $who
    chmod 600 "$keys/merchant"
    address=192.0.2.1:7447
    asks 2 'loopback.*--server-public FILE --terminal-key FILE --merchant-key FILE --terminal NUMBER' ping
    asks 3 'cannot be reached\|did not answer' ping $pinned $who --timeout-ms 200

    for manner in 'next-key' 'busy 2' 'no-accept 1' 'cut 1' 'flip 1' 'replay 1' 'close 2'; do
        start $manner && asks 0 '^OK: 5 answered' ping --count 5 $pinned $who --timeout-ms 10000
    done
    start busy 1000 60000 && asks 3 'no room now.*ask again after [0-9]* ms' ping $pinned $who --timeout-ms 20000
}

# ---- the example terminals ----

# try NAME "wanted lines" COMMAND ...: asks about three people, who are told apart.
three='010100-00018
01010000034
nonsense'
try() {
    name=$1
    shift
    said=$(echo "$three" | timeout 60 "$@" "${address%:*}" "${address#*:}" "$keys" 4711 7 2>&1)
    status=$?
    said=$(echo "$said" | tr '\n' ' ')
    expect "$name" 0 "^APPLIES: 0.00 EUR[a-z ]* DOES_NOT_APPLY: 1.50 EUR[a-z ]* not known: full price \$"
}
manners='well next-key busy+2 no-accept+1 cut+1 flip+1 replay+1 close+2 draining+2'
if [ "$(wc -l <protocol/examples/terminal.c)" -le 150 ]; then good; else bad "terminal.c has more than 150 lines"; fi
for manner in $manners; do
    rm -f "$keys"/counter*
    # shellcheck disable=SC2046 # words
    start $(echo "$manner" | tr + ' ') && try "terminal.c, $manner" "$terminal"
done

python=
for one in python3 /usr/bin/python3; do
    "$one" -c 'import cryptography' 2>/dev/null && python=$one
done
example=protocol/examples/terminal.py
if [ -z "$python" ]; then
    echo "skipped: the terminal in Python (apt-get install python3-cryptography)"
    skipped=$((skipped + 1))
else
    for manner in $manners; do
        rm -f "$keys"/counter*
        # shellcheck disable=SC2046
        start $(echo "$manner" | tr + ' ') && try "terminal.py, $manner" "$python" "$example" ask
    done
    said=$("$python" "$example" vectors tests/vectors 2>&1)
    status=$?
    expect "terminal.py vectors" 0 '^18 passed, 0 failed$'

    # it notices when a byte of the vectors is another one
    cp -r tests/vectors "$work/vectors"
    for value in psk hello accept data_of_terminal_2 data_of_server_1 frames_of_server_2 handshake_hash; do
        sed "/^$value = /{s/0\$/1/;t
            s/.\$/0/
        }" tests/vectors/records.txt >"$work/vectors/records.txt"
        said=$("$python" "$example" vectors "$work/vectors" 2>&1)
        status=$?
        expect "terminal.py vectors, another $value" 1 'records.txt: '
    done
fi

echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
