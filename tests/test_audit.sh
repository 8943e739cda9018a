#!/bin/sh
# The journal of checks with the real programs: asked, read, verified, killed and gone on with; cut,
# spoiled and replaced.
set -u
: "${ELIG_BIN:=build/bin}"
work=$(mktemp -d) || exit 3
server=
stop() {
    [ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null
    server=
}
trap 'stop; rm -rf "$work"' EXIT
passed=0 failed=0 skipped=0
good() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "$*"; }

# says NAME STATUS "pattern" COMMAND ...: what it prints, and that no identifier is in it.
says() {
    name=$1 wanted=$2 pattern=$3
    shift 3
    said=$("$@" 2>&1)
    status=$?
    if [ "$status" -eq "$wanted" ] && echo "$said" | grep -q -e "$pattern"; then
        good
    else
        bad "$name: exit $status, says \"$said\"; wanted $wanted, \"$pattern\""
    fi
    case $said in *01010000018* | *010100-00018* | *32345678901*) bad "$name: the identifier is printed" ;; esac
}

# ---- a small country ----

ctl=$ELIG_BIN/eligctl
keys=$work/keys
mkdir -p "$keys"
quiet() { "$@" >"$work/quiet" 2>&1 || { cat "$work/quiet"; exit 3; }; }
quiet "$ctl" keygen signing "$keys/signing.key"
quiet "$ctl" keygen signing "$keys/head.key"
quiet "$ctl" keygen subject "$keys/subject.key"
quiet "$ctl" keygen subject "$keys/other.key"
quiet "$ELIG_BIN/eligbench" country --persons 2000 --seed 3 --as-of today "$work/country"
quiet "$ELIG_BIN/eligload" build --exports "$work/country" --snapshots "$work/snapshots" \
    --identity-keys "$work/identity-keys" --signing-key "$keys/signing.key" --subject-key "$keys/subject.key"

journal=$work/journal
ledger=
start() {
    rm -f "$work/port"
    "$ELIG_BIN/eligd" --snapshots "$work/snapshots" --identity-keys "$work/identity-keys" \
        --signing-public "$keys/signing.key.pub" --listen-plain 127.0.0.1:0 --port-file-plain "$work/port" \
        --audit "$journal" --subject-key "$keys/subject.key" --ledger-head-key "$keys/head.key" \
        ${ledger:+--ledger "$ledger"} 2>>"$work/log" &
    server=$!
    tries=0
    until [ -s "$work/port" ]; do
        tries=$((tries + 1))
        [ $tries -lt 400 ] || { bad "no server: $(cat "$work/log")"; exit 1; }
        sleep 0.05
    done
    address=127.0.0.1:$(cat "$work/port")
}
ask() { # IDENTIFIER [MEANS]
    echo "$1" | "$ctl" check --connect "$address" --product 1 --price 1.50 --means "${2:-personal-code}" >"$work/quiet" 2>&1
}
asked() { # IDENTIFIER [options]
    who=$1
    shift
    echo "$who" | "$ctl" audit asked "$journal" --subject-key "$keys/subject.key" "$@"
}
rows() { "$ctl" audit stat "$journal" --json 2>/dev/null | sed -n 's/^ *"rows": \([0-9]*\).*/\1/p'; }
wait_for_rows() { # COUNT
    tries=0
    until [ "$(rows)" = "$1" ]; do
        tries=$((tries + 1))
        [ $tries -lt 400 ] || { bad "wanted $1 rows, found $(rows)"; return; }
        sleep 0.05
    done
    good
}
person=$(awk -F, '$1 == "P" { print $2; exit }' "$work/country/truth.csv")
card=$(awk -F, '$1 == "M" { print $2 "," $3 "," $4; exit }' "$work/country/truth.csv")

# ---- asked and read ----

start
ask 010100-00018
ask 010100-00018
ask 323456-78901
ask ANYBODY card
wait_for_rows 4
says "asked about the test identity" 0 'terminal 0, product 1, point of sale 0, personal-code: a relief applies' asked 010100-00018
says "how often" 0 '^2$' sh -c "echo 010100-00018 | '$ctl' audit asked '$journal' --subject-key '$keys/subject.key' | wc -l"
says "a stranger" 0 'no relief applies' asked 323456-78901
says "who never was" 1 'Nobody asked' asked 323456-78902
says "as JSON" 0 '"status": "APPLIES"' asked 010100-00018 --json
says "another day" 1 'Nobody asked' asked 010100-00018 --until 2020-01-01
says "another key" 3 'not the key of this journal' sh -c "echo 010100-00018 | '$ctl' audit asked '$journal' --subject-key '$keys/other.key'"
says "stat" 0 'DOES_NOT_APPLY' "$ctl" audit stat "$journal"
says "a second server" 3 'another server is writing' sh -c "'$ELIG_BIN/eligd' --snapshots '$work/snapshots' --identity-keys '$work/identity-keys' \
    --signing-public '$keys/signing.key.pub' --unix '$work/socket' --audit '$journal' --subject-key '$keys/subject.key'"

# whoever shows a card is the person of that card
means=$(echo "$card" | cut -d, -f1) shown=$(echo "$card" | cut -d, -f2) owner=$(echo "$card" | cut -d, -f3)
case $means in 2) means=eid ;; 3) means=e-talons ;; *) means=card ;; esac
ask "$shown" "$means"
ask "$person"
wait_for_rows 6
says "a card's person by the first code" 0 "$means: " asked "$owner"
says "by the card, with a snapshot" 0 "$means: " asked "$shown" --means "$means" --snapshots "$work/snapshots" \
    --identity-keys "$work/identity-keys" --signing-public "$keys/signing.key.pub"

# ---- stopped in peace, killed, gone on with ----

stop
head=$work/head
cp "$journal/head" "$head"
verify() { "$ctl" audit verify "$journal" --head "$head" --signing-public "$keys/head.key.pub"; }
says "whole" 0 'whole, and the signed head' verify
says "nothing is missing" 0 'Lost, by the journal.s own word: 0' verify
start
ask 010100-00018
wait_for_rows 7
kill -9 "$server"
wait "$server" 2>/dev/null
start
if grep -q 'event=audit_abrupt' "$work/log"; then good; else bad "an abrupt end is not said"; fi
ask 010100-00018
wait_for_rows 8
stop
says "gone on with" 0 'Ended abruptly: 1 of 3 runs' verify

# a block that is torn
segment=$(find "$journal" -name '*.audit' | sort | tail -1)
size=$(wc -c <"$segment")
head -c $((size - 30)) "$segment" >"$work/torn" && cp "$work/torn" "$segment"
says "torn" 1 'no whole block' verify
start
if grep -q 'event=audit_torn' "$work/log"; then good; else bad "a torn block is not said"; fi
ask 010100-00018
wait_for_rows 9
stop
says "after a torn block" 0 'Lost, by the journal.s own word: 1' verify

# ---- spoiled ----

printf '\377' | dd of="$segment" bs=1 seek=210 conv=notrunc 2>/dev/null
says "a changed byte" 1 'no whole block' verify
rm -rf "$journal"
start
ask 010100-00018
wait_for_rows 1
stop
says "another journal in its place" 1 'had come to\|another journal' verify

# ---- with a ledger: what is kept of one person ----

# A ledger refuses to lie in memory.
if [ "$(stat -f -c %T "$work")" = tmpfs ]; then
    skipped=$((skipped + 1))
    echo "skipped: the temporary folder is in memory, where no ledger lies"
else
    ledger=$work/ledger
    mkdir -m 700 "$ledger"
    start
    ask 010100-00018
    wait_for_rows 2
    stop
    resident() { echo "$1" | "$ctl" report resident "$ledger" --subject-key "$keys/subject.key" --audit "$journal"; }
    says "a resident's view" 0 'Who asked about you:' resident 010100-00018
    says "each time that somebody asked" 0 'product 1: a relief applies' resident 010100-00018
    says "a resident about whom nobody asked" 1 'Nothing is kept' resident 323456-78902
fi

says "no journal" 3 'wanted the folder of a journal' "$ctl" audit verify "$work/nowhere"
says "half a head" 2 'want --head and --signing-public' "$ctl" audit verify "$journal" --head "$head"
says "what to do when it is full" 2 'want lose or refuse, found "loose"; did you mean lose?' "$ELIG_BIN/eligd" --snapshots x \
    --identity-key x --signing-public x --unix x --audit x --subject-key x --audit-full loose
says "no key" 2 'wants --subject-key' "$ELIG_BIN/eligd" --snapshots x --identity-key x --signing-public x --unix x --audit x

if grep -q '01010000018\|32345678901' "$work/log"; then bad "an identifier is in the log"; else good; fi
if grep -r -q '01010000018' "$journal"; then bad "an identifier is in the journal"; else good; fi

echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
