#!/bin/sh
# How eligctl answers its words: exit status, stream and first line. What it says of a server's
# answers is in test_client.c, which has a server.
set -u
: "${ELIG_BIN:=build/bin}"
work=$(mktemp -d) || exit 3
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
good() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "$*"; }

identifier=01010000026

# row STATUS STREAM "pattern of the first line" WORD ...: the other stream stays empty, errors are one
# line, and nothing printed holds the identifier.
row() {
    wanted=$1 stream=$2 pattern=$3
    shift 3
    printf '%s\n' "$input" | timeout 20 "$ELIG_BIN/eligctl" "$@" >"$work/out" 2>"$work/err"
    status=$?
    other=err
    [ "$stream" = out ] || other=out
    if [ $status -ne "$wanted" ]; then
        bad "eligctl $*: exit $status, wanted $wanted"
    elif ! head -1 "$work/$stream" | grep -q -- "$pattern"; then
        bad "eligctl $*: std$stream begins \"$(head -1 "$work/$stream")\", wanted \"$pattern\""
    elif [ -s "$work/$other" ]; then
        bad "eligctl $*: std$other is not empty"
    elif [ "$stream" = err ] && [ "$(wc -l <"$work/err")" -ne 1 ]; then
        bad "eligctl $*: $(wc -l <"$work/err") lines of error, wanted 1"
    elif cat "$work/out" "$work/err" | tr -d ' -' | grep -q "$identifier"; then
        bad "eligctl $*: the identifier is printed"
    else
        good
    fi
}

input=$identifier
buy="--product 1001 --price 1.50"
nowhere="unix:$work/nobody.sock"

# words
row 0 out '^usage: eligctl COMMAND' --help
row 0 out '^eligctl [0-9]' --version
row 2 err 'want a command'
row 2 err 'unknown command chekc; did you mean check?' chekc
row 0 out '^usage: eligctl check' check --help
row 0 out '^usage: eligctl ping' ping --help
row 0 out '^usage: eligctl status' status --help
row 0 out '^usage: eligctl keygen identity|signing FILE' keygen --help
row 2 err 'unknown option --prise; did you mean --price?' check --prise 1.50
row 2 err 'unknown option --conect; did you mean --connect?' ping --conect x
row 2 err '--product' check --price 1.50
row 2 err '--price' check --product 1001
row 2 err '' status one-word-too-many
row 2 err '' ping --count 0
row 2 err '' ping --count 100001
row 2 err '' check --product 4294967296 --price 1
row 2 err '' check --product 1 --price 1 --quantity 0
row 2 err '' check --product 1 --price 1 --quantity 10001
row 2 err '' check --product 1 --price 1 --companions 256
row 2 err '' check --product 1 --price 1 --point-of-sale 4294967296
row 2 err '' check --product 1 --price 1 --timeout-ms 0

# prices: what is wrong is wrong before anybody is asked
for price in '' . 1. .5 1.23456 -1 +1 1e3 0x10 1.5.0 1,5,0 1.5EUR ' 1' 429496.7296 999999999999999999999; do
    row 2 err 'price: want' check --product 1 --price "$price" --connect "$nowhere"
done
for price in 0 0.0 1 1.5 1,50 1.545 0.0001 429496.7295 0000000001.50; do
    row 3 err 'cannot be reached' check --product 1 --price "$price" --connect "$nowhere"
done

# times: the spring hour that is left out does not exist, the autumn hour said twice does
for at in yesterday 2026-11-23 2026-11-23T 2026-11-23T24:00 2026-11-23T10:60 2026-11-23T1:00 2026-02-29T10:00 \
    2026-11-23t10:00 2026-11-23T10:00Z 2026-11-23T10:00:60 2026-03-29T03:30 0 99999999999 4294967296 -5; do
    # shellcheck disable=SC2086 # words are wanted
    row 2 err 'at: want a time' check $buy --at "$at" --connect "$nowhere"
done
for at in 2026-11-23T10:00 '2026-11-23 10:00' 2026-11-23T10:00:59 2026-10-25T03:30 2026-03-29T04:00 1 4294967295; do
    # shellcheck disable=SC2086
    row 3 err 'cannot be reached' check $buy --at "$at" --connect "$nowhere"
done

# means, entries, identifiers
# shellcheck disable=SC2086
{
    row 2 err '--means: want personal-code, eid, e-talons or card, found "passport"' check $buy --means passport
    row 2 err '--entry: want unstated, chip' check $buy --entry guessed
    for entry in unstated chip contactless optical typed; do
        row 3 err 'cannot be reached' check $buy --entry $entry --connect "$nowhere"
    done
    for text in 010100-00026 ' 010100 - 00026 ' 1010000026 PNOLV-010100-00026 pnolv01010000026; do
        input=$text
        row 3 err 'cannot be reached' check $buy --connect "$nowhere"
        input=
        row 3 err 'cannot be reached' check $buy --identifier "$text" --connect "$nowhere"
    done
    input=
    row 2 err 'the identifier is empty' check $buy
    input='   '
    row 2 err 'the identifier is empty' check $buy
    input=40000000000
    row 2 err 'a number that no person has' check $buy
    input=0101000002O
    row 2 err 'a character that its kind never has' check $buy
    input=010100000261
    row 2 err 'too few or too many' check $buy
    input=$(printf '%0300d' 1)
    row 2 err 'longer than any of its kind' check $buy --means card
    # A line is taken whole or not at all: what follows far behind is not dropped in silence.
    input="$identifier$(printf '%600s' 7)"
    row 2 err 'the first line is longer than any identifier' check $buy --connect "$nowhere"
    input="$identifier$(printf '%400s' '')"
    row 3 err 'cannot be reached' check $buy --connect "$nowhere"
    input="$identifier$(printf '\r')"
    row 3 err 'cannot be reached' check $buy --connect "$nowhere"
    input="$identifier
40000000000"
    row 3 err 'cannot be reached' check $buy --connect "$nowhere"
    input=zz0000001
    row 3 err 'cannot be reached' check $buy --means eid --connect "$nowhere"
}
"$ELIG_BIN/eligctl" check --product 1 --price 1 </dev/null >"$work/out" 2>"$work/err"
status=$?
if [ $status -eq 2 ] && grep -q 'found nothing' "$work/err"; then good; else bad "no input at all: exit $status"; fi

printf '%s\0%s\n' "$identifier" 7 | "$ELIG_BIN/eligctl" check --product 1 --price 1 >"$work/out" 2>"$work/err"
status=$?
if [ $status -eq 2 ] && grep -q 'a character that its kind never has' "$work/err"; then good; else bad "a NUL in the line: exit $status"; fi

# addresses: a wrong one is usage, one where nobody listens is a failure
input=$identifier
for address in '' localhost:7447 127.0.0.1 127.0.0.1: :7447 127.0.0.1:99999999 '[::1]' '[::1:7447' 'unix:' ::1:7447 \
    "unix:$(printf '%0200d' 1)" 1.2.3.4.5:1 127.0.0.1:http; do
    row 2 err '' ping --connect "$address"
    row 2 err '' status --connect "$address"
done
row 2 err 'because frames would be plain; to this one in a sealed session: --server-public FILE' ping --connect 10.1.2.3:7447
row 2 err 'because frames would be plain; to this one in a sealed session: --server-public FILE' check --product 1 --price 1 --connect '[2001:db8::1]:7447'
row 3 err "^eligctl ping: $nowhere: the server cannot be reached" ping --connect "$nowhere"
row 3 err "^eligctl status: $nowhere: the server cannot be reached" status --connect "$nowhere" --json
row 3 err '^eligctl ping: 127.0.0.1:1: the server cannot be reached' ping --connect 127.0.0.1:1

# keys: made once, kept from others, never overwritten, never printed
umask 022
row 0 out "^Identity key: $work/identity.key (secret" keygen identity "$work/identity.key"
row 0 out "^Signing key: $work/signing.key (secret), $work/signing.key.pub" keygen signing "$work/signing.key"
cp "$work/identity.key" "$work/kept"
row 3 err "$work/identity.key" keygen identity "$work/identity.key"
row 3 err "$work/signing.key" keygen signing "$work/signing.key"
if cmp -s "$work/kept" "$work/identity.key"; then good; else bad "keygen has overwritten a key"; fi
for file in identity.key signing.key; do
    case $(ls -l "$work/$file") in
    -rw-------*) good ;;
    *) bad "$file can be read by others" ;;
    esac
done
row 0 out '^Identity key' keygen identity "$work/another.key"
if cmp -s "$work/identity.key" "$work/another.key"; then bad "two keys are the same"; else good; fi
row 2 err 'want identity or signing, found "secret"' keygen secret "$work/x"
row 2 err '' keygen identity
row 2 err '' keygen identity "$work/x" "$work/y"
row 3 err "$work/no/such/place" keygen identity "$work/no/such/place"

echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
