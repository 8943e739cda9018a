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
    cat "$work/out" "$work/err" >>"$work/said"
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
row 0 out '^usage: eligctl keygen identity|signing|server|terminal|merchant|subject FILE' keygen --help
row 0 out '^usage: eligctl fingerprint FILE.pub' fingerprint --help
row 0 out '^usage: eligctl terminal COMMAND' terminal --help
row 2 err 'want a command; eligctl terminal --help' terminal
row 2 err 'unknown command revoek; did you mean revoke?' terminal revoek
for command in add list revoke rotate; do
    row 0 out "^usage: eligctl terminal $command --terminals FILE" terminal $command --help
    row 2 err '--terminals' terminal $command
done
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
row 2 err 'want identity, signing, server, terminal, merchant or subject, found "secret"' keygen secret "$work/x"
row 2 err 'did you mean terminal?' keygen terminl "$work/x"
row 2 err 'did you mean server?' keygen --kind sever "$work/x"
row 2 err 'want 1 to 2 words' keygen --kind server
row 2 err 'want a kind and a file' keygen server
row 2 err 'want a kind and a file' keygen --kind server server "$work/x"
row 2 err '' keygen identity
row 2 err '' keygen identity "$work/x" "$work/y"
row 3 err "$work/no/such/place" keygen identity "$work/no/such/place"

# keys of sessions: the public half beside the secret one, and its fingerprint
row 0 out "^Server key: $work/server.key (secret), $work/server.key.pub" keygen --kind server "$work/server.key"
row 0 out "^Merchant key: $work/merchant.key (secret; for" keygen --kind merchant "$work/merchant.key"
row 3 err "$work/merchant.key: exists" keygen merchant "$work/merchant.key"
row 0 out "^Subject key: $work/subject.key (secret; for the loader and the ledger; never changed)" keygen subject "$work/subject.key"
for name in one two three; do
    row 0 out "^Terminal key: $work/$name.key (secret), $work/$name.key.pub" keygen terminal "$work/$name.key"
    said=$(sed -n 's/^Fingerprint: //p' "$work/out")
    row 0 out "^$said  terminal  $work/$name.key.pub" fingerprint "$work/$name.key.pub"
    if echo "$said" | grep -qE '^([0-9a-f]{4} ){7}[0-9a-f]{4}$'; then good; else bad "a fingerprint is \"$said\""; fi
done
row 0 out 'server  ' fingerprint "$work/server.key.pub"
row 0 out 'signing  ' fingerprint "$work/signing.key.pub"
row 3 err 'not a public key' fingerprint "$work/one.key"
row 3 err 'No such file' fingerprint "$work/none"
if [ -e "$work/merchant.key.pub" ]; then bad "a merchant's key has a public half"; else good; fi

# enrolment: a row more, and no other byte changed
table=$work/terminals.csv
printf 'number,points,profile,key,products,per_minute,per_day,typed_per_day,from,until\n\n 7 ,"701",gate,,,,,,,\n' >"$table"
cp "$table" "$work/before"
add="terminal add --terminals $table --profile till"
# shellcheck disable=SC2086 # words are wanted
{
    row 0 out '^Terminal 101 is enrolled in .*: profile till, points of sale 101-120 205\.' $add --number 101 \
        --points '101-120 205' --key "$work/one.key.pub" --products 1001-1009 --per-minute 300 --from 2026-01-01 --until 2200-01-01
    if grep -q "^Fingerprint: $("$ELIG_BIN/eligctl" fingerprint "$work/one.key.pub" | cut -c1-39)" "$work/out"; then good; else bad "add prints no fingerprint"; fi
    if head -c "$(wc -c <"$work/before")" "$table" | cmp -s - "$work/before"; then good; else bad "add has changed another row"; fi
    if tail -1 "$table" | grep -qE '^101,101-120 205,till,[0-9a-f]{64},1001-1009,300,,,2026-01-01,2200-01-01$'; then good; else bad "the row is $(tail -1 "$table")"; fi
    cp "$table" "$work/before"
    row 3 err "$table:4: terminal 101 stands there already" $add --number 101 --points 5 --key "$work/two.key.pub"
    row 3 err "$table:3: terminal 7 stands there already, without a key; eligctl terminal rotate gives it its first one" \
        $add --number 7 --points 5 --key "$work/two.key.pub"
    row 3 err "$table:4: terminal 101 has this key already" $add --number 102 --points 5 --key "$work/one.key.pub"
    row 2 err 'points: wanted points of sale' $add --number 102 --points 5,6 --key "$work/two.key.pub"
    row 2 err 'products: wanted all, or numbers' $add --number 102 --points 5 --products x --key "$work/two.key.pub"
    row 2 err 'did you mean till?' terminal add --terminals "$table" --profile til --number 102 --points 5 --key "$work/two.key.pub"
    row 2 err 'until: wanted a day later than from.*; found 2026-02-01' $add --number 102 --points 5 --key "$work/two.key.pub" --from 2026-02-01 --until 2026-02-01
    row 2 err '--number' $add --number 0 --points 5 --key "$work/two.key.pub"
    row 2 err '--until' $add --number 102 --points 5 --key "$work/two.key.pub" --until 2026-02-30
    row 2 err '--until: want a date like' $add --number 102 --points 5 --key "$work/two.key.pub" --until 1970-01-01
    row 3 err 'not a key of this kind.*, found a key of the kind elig-terminal-secret-v1$' $add --number 102 --points 5 --key "$work/two.key"
    row 3 err 'not a key of this kind' $add --number 102 --points 5 --key "$work/server.key.pub"
    row 3 err 'No such file' $add --number 102 --points 5 --key "$work/none.pub"
    chmod 666 "$work/two.key.pub"
    row 3 err 'lets others write it' $add --number 102 --points 5 --key "$work/two.key.pub"
    chmod 644 "$work/two.key.pub"
    row 3 err 'there is no such table; begin it with the line number,points' terminal list --terminals "$work/none.csv"
    row 3 err 'not a regular file' terminal list --terminals "$work"
    printf 'number,points,profile\n' >"$work/wrong.csv"
    row 3 err 'wrong.csv:1: the column "key" is missing' terminal list --terminals "$work/wrong.csv"
    printf 'number,points,profile,key\n7,5,till,\n' >"$work/wrong.csv"
    row 3 err 'the table has no column "per_day"' terminal add --terminals "$work/wrong.csv" --number 8 --points 5 --profile till \
        --key "$work/two.key.pub" --per-day 5
    printf 'number,points,profile,key\n7,5,till,\n7,6,till,\n' >"$work/wrong.csv"
    row 3 err 'terminal 7 stands in line 2 and in line 3' terminal rotate --terminals "$work/wrong.csv" --number 7 --key "$work/two.key.pub"
}
if cmp -s "$table" "$work/before"; then good; else bad "a refused row has changed the table"; fi

# As a full disk would: the file may not grow. The old table stays, and nothing is left beside it.
(trap '' XFSZ; ulimit -f 0; "$ELIG_BIN/eligctl" terminal add --terminals "$table" --number 102 --points 5 --profile till \
    --key "$work/two.key.pub" 2>&1) | cat >"$work/out.full"
if grep -q 'nothing has changed' "$work/out.full" && cmp -s "$table" "$work/before"; then good; else bad "a full disk: $(cat "$work/out.full")"; fi
if [ -e "$table.tmp" ]; then bad "a full disk leaves a file"; else good; fi
chmod 640 "$table"
row 0 out '^Terminal 102' terminal add --terminals "$table" --number 102 --points 5 --profile till --key "$work/two.key.pub" --until 2026-01-02
case $(ls -l "$table") in -rw-r-----*) good ;; *) bad "the table's mode has changed" ;; esac

# how it stands with each
state() { # NUMBER STATE WORD ...: of terminal list
    number=$1 wanted=$2
    shift 2
    if "$ELIG_BIN/eligctl" terminal list --terminals "$table" "$@" | grep -q "^$number  *[a-z]*  *$wanted  "; then good; else
        bad "terminal $number is not $wanted: $("$ELIG_BIN/eligctl" terminal list --terminals "$table" "$@" 2>&1 | grep "^$number ")"
    fi
}
row 0 out '^number  *profile  *state  *from  *until  *fingerprint  *points$' terminal list --terminals "$table"
row 0 out '^Terminal 103' terminal add --terminals "$table" --number 103 --points 5 --profile gate --key "$work/three.key.pub" --from 2200-01-01
state 7 'not enrolled'
state 101 active
state 102 ended
state 103 'not begun'

# revocation
"$ELIG_BIN/eligctl" keygen signing "$work/revoker.key" >"$work/out"
"$ELIG_BIN/eligctl" keygen signing "$work/other.key" >"$work/out"
list=$work/revocations
revoke="terminal revoke --terminals $table --revocations $list --revoker-secret $work/revoker.key"
known="--revocations $list --revoker-public $work/revoker.key.pub"
# shellcheck disable=SC2086
{
    row 3 err 'there is no such list; when there has never been one, --new-list' $revoke --number 101
    row 3 err 'there is no such list; .* begin-list begins it' terminal list --terminals "$table" $known
    begin="terminal begin-list --revocations $work/begun --revoker-secret $work/revoker.key"
    row 0 out 'begun, list number 1, holds nobody\.$' $begin --environment 7
    row 3 err 'begun: exists; a list is never begun twice' $begin --environment 7
    row 0 out '^Terminal 101 is revoked: .*/begun, list number 2, holds 1 key\.$' terminal revoke --terminals "$table" \
        --revocations "$work/begun" --revoker-secret "$work/revoker.key" --number 101 --environment 7
    row 3 err 'found a key of the kind elig-terminal-secret-v1' terminal begin-list --revocations "$work/none" --revoker-secret "$work/one.key"
    if [ -e "$work/none" ]; then bad "a list was begun with another key"; else good; fi
    row 0 out '^Terminal 101 is revoked: .*, list number 1, holds 1 key\.$' $revoke --number 101 --new-list
    state 101 revoked $known
    state 101 active
    state 102 ended $known
    row 0 out '^Terminal 101 was revoked before: .*, list number 1, holds 1 key\.$' $revoke --number 101
    row 0 out '^Terminal 102 is revoked: .*, list number 2, holds 2 keys\.$' $revoke --number 102
    cp "$list" "$work/list.before"
    row 3 err 'terminal 7 has no key: there is nothing to revoke' $revoke --number 7
    row 3 err 'terminal 999 is not in the table' $revoke --number 999
    row 3 err 'of environment 0, wanted one of environment 7: see --environment' $revoke --number 103 --environment 7
    row 3 err 'signed by another key than the one that was given' terminal revoke --terminals "$table" --revocations "$list" \
        --revoker-secret "$work/other.key" --number 103
    row 3 err 'signed by another key' terminal list --terminals "$table" --revocations "$list" --revoker-public "$work/other.key.pub"
    row 3 err 'not a key of this kind' terminal revoke --terminals "$table" --revocations "$list" \
        --revoker-secret "$work/one.key" --number 103
    chmod 640 "$work/revoker.key"
    row 3 err 'lets others read or write it' $revoke --number 103
    chmod 600 "$work/revoker.key"
    row 2 err 'want --revocations and --revoker-public' terminal list --terminals "$table" --revocations "$list"
    if cmp -s "$list" "$work/list.before"; then good; else bad "a refused revocation has changed the list"; fi
    printf 'X' | dd of="$list" bs=1 seek=70 conv=notrunc 2>"$work/err"
    row 3 err 'the signature does not fit' $revoke --number 103
    row 3 err 'the signature does not fit' terminal list --terminals "$table" $known
    cp "$work/list.before" "$list"
}

# another key: the old one goes onto the list, and a revoked one is good for nobody
rotate="terminal rotate --terminals $table"
"$ELIG_BIN/eligctl" keygen terminal "$work/four.key" >"$work/out"
# shellcheck disable=SC2086
{
    cp "$table" "$work/before"
    row 2 err 'want --revocations and --revoker-secret' $rotate --number 103 --key "$work/four.key.pub" --revocations "$list"
    row 3 err 'terminal 103 has this very key: nothing to do' $rotate --number 103 --key "$work/three.key.pub"
    row 3 err 'signed by another key' $rotate --number 103 --key "$work/four.key.pub" --revocations "$list" --revoker-secret "$work/other.key"
    row 3 err 'there is no such list' $rotate --number 103 --key "$work/four.key.pub" --revocations "$list.no" --revoker-secret "$work/revoker.key"
    if cmp -s "$table" "$work/before"; then good; else bad "a refused rotation has changed the table"; fi
    row 0 out '^Terminal 103 has a new key in ' $rotate --number 103 --key "$work/four.key.pub" --revocations "$list" --revoker-secret "$work/revoker.key"
    if grep -q 'The old key of terminal 103 is revoked: .*, list number 3, holds 3 keys' "$work/out"; then good; else bad "rotate: $(cat "$work/out")"; fi
    state 103 'not begun' $known
    row 3 err 'the new key is on the list already' $rotate --number 7 --key "$work/three.key.pub" --revocations "$list" --revoker-secret "$work/revoker.key"
    "$ELIG_BIN/eligctl" keygen terminal "$work/five.key" >"$work/out"
    row 0 out '^Terminal 7 has a new key in ' $rotate --number 7 --key "$work/five.key.pub"
    state 7 active $known
}
sed 's/,[0-9a-f]\{64\},/,KEY,/' "$work/before" >"$work/without.before"
sed 's/,[0-9a-f]\{64\},/,KEY,/; s/^ 7 ,"701",gate,KEY,/ 7 ,"701",gate,,/' "$table" | cmp -s - "$work/without.before" ||
    bad "rotate has changed more than keys"

# for scripts
# shellcheck disable=SC2086
"$ELIG_BIN/eligctl" terminal list --terminals "$table" $known --json >"$work/list.json"
if ! command -v python3 >/dev/null; then
    echo "skipped: no python3 (apt-get install python3)"
elif python3 - "$work" <<'END'; then good; else bad "the JSON of terminal list, or a fingerprint in it"; fi
import hashlib, json, sys
def fingerprint(name):  # another's BLAKE2b
    key = bytes.fromhex(open(f"{sys.argv[1]}/{name}.key.pub").read().split()[1])
    digits = hashlib.blake2b(key, digest_size=16).hexdigest()
    return " ".join(digits[i:i + 4] for i in range(0, 32, 4))
told = json.load(open(f"{sys.argv[1]}/list.json"))
assert told["revocations"] == {**told["revocations"], "environment": 0, "sequence": 3, "count": 3}
assert [t["number"] for t in told["terminals"]] == [7, 101, 102, 103]
assert [t["state"] for t in told["terminals"]] == ["active", "revoked", "revoked", "not begun"]
assert [t["fingerprint"] for t in told["terminals"]] == [fingerprint(n) for n in ("five", "one", "two", "four")]
first = told["terminals"][1]
assert first["points"] == "101-120 205" and first["profile"] == "till" and first["from"] == "2026-01-01"
assert "from" not in told["terminals"][0] and "until" not in told["terminals"][0]
END

# no secret half is ever printed
for key in "$work"/*.key; do
    secret=$(cut -d' ' -f2 "$key" | cut -c1-64)
    if cat "$work/said" "$table" "$work/list.json" | grep -q "$secret"; then bad "a secret of $key is printed"; else good; fi
done

echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
