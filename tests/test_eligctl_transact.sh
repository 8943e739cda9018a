#!/bin/sh
# eligctl use, reserve, late, confirm, cancel, refund, transaction and correct, and a running eligd
# with a ledger: sealed as a terminal at a till, plain as whoever runs the system.
set -u
: "${ELIG_BIN:=build/bin}" "${BUILD:=build}"
eligctl=$ELIG_BIN/eligctl
work=$(mktemp -d "$BUILD/transact-XXXXXX") || exit 3 # a ledger refuses to lie in memory
eligd_pid=
stop() {
    [ -z "$eligd_pid" ] || { kill "$eligd_pid" && wait "$eligd_pid"; } 2>/dev/null
    eligd_pid=
}
trap 'stop; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
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

mkdir "$work/merchants" "$work/state" "$work/ledger"
for kind in identity signing subject merchant terminal server; do
    "$eligctl" keygen $kind "$work/$kind.key" >/dev/null || fail "no $kind key"
done
cp -r loader/catalogue "$work/catalogue"
provider=$(sed -n 's/^101,\([0-9]*\),.*/\1/p' "$work/catalogue/points_of_sale.csv")
cp "$work/merchant.key" "$work/merchants/$provider.key"
"$eligctl" keygen terminal "$work/desk.key" >/dev/null || fail "no key"
printf 'number,points,profile,key,products,per_minute,per_day,typed_per_day,from,until\n4711,101,till,%s,,,,,,\n9,101,administrator,%s,,,,,,\n' \
    "$(cut -d' ' -f2 "$work/terminal.key.pub")" "$(cut -d' ' -f2 "$work/desk.key.pub")" >"$work/catalogue/terminals.csv"
"$ELIG_BIN/eligbench" country --persons 300 --seed 1 --as-of today "$work/country" >"$work/country.log" 2>&1 ||
    fail "no country"
"$ELIG_BIN/eligload" build --exports "$work/country" --snapshots "$work/snapshots" --catalogue "$work/catalogue" \
    --identity-key "$work/identity.key" --subject-key "$work/subject.key" --signing-key "$work/signing.key" \
    >"$work/load.log" 2>&1 || fail "no snapshot"

# Terminals come sealed; who runs the system is on this machine.
serve() {
    rm -f "$work/port"
    "$ELIG_BIN/eligd" --snapshots "$work/snapshots" --identity-key "$work/identity.key" \
        --signing-public "$work/signing.key.pub" --subject-key "$work/subject.key" --ledger "$work/ledger" \
        --ledger-map 64 --listen 127.0.0.1:0 --port-file "$work/port" --server-key "$work/server.key" \
        --merchant-keys "$work/merchants" --state "$work/state" \
        --unix "$work/operator.sock" --profile administrator 2>>"$work/eligd.log" &
    eligd_pid=$!
    tries=400
    until [ -s "$work/port" ] && "$eligctl" ping --connect "unix:$work/operator.sock" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || fail "eligd does not listen"
        sleep 0.05
    done
    port=$(cat "$work/port")
    sealed="--connect 127.0.0.1:$port --server-public $work/server.key.pub --terminal-key $work/terminal.key
        --merchant-key $work/merchant.key --terminal 4711"
}
operator="--connect unix:$work/operator.sock"
serve

# asks STATUS "pattern" WORD ...: what is said on standard output, and on the other when there is none.
asks() {
    wanted=$1 pattern=$2
    shift 2
    echo 010100-00018 | timeout 30 "$eligctl" "$@" >"$work/out" 2>"$work/err"
    status=$?
    said=$work/out
    [ -s "$said" ] || said=$work/err
    if [ $status -eq "$wanted" ] && grep -q -e "$pattern" "$said"; then
        good
    else
        bad "eligctl $*: exit $status, says \"$(cat "$work/out" "$work/err")\"; wanted $wanted, \"$pattern\""
    fi
}
postings() { "$eligctl" events "$work/ledger" --ndjson | wc -l; }
# "status" of the JSON of the last answer, or another member.
member() { sed -n 's/^  "'"$1"'": "\{0,1\}\([^",]*\)"\{0,1\},\{0,1\}$/\1/p' "$work/out"; }
same() { if [ "$2" = "$3" ]; then good; else bad "$1: \"$2\" and \"$3\" should be the same"; fi; }

# ---- every command, sealed and plain ----

purchase="--product 1 --price 1.50"
everything() { # how it is reached
    # shellcheck disable=SC2086 # words
    {
        asks 0 '^Used: relief [0-9]*, 1.50 EUR off, 0.00 EUR to pay. Ledger [0-9]*. Request 1.$' use $purchase $1 --request-id 1
        cp "$work/out" "$work/first"
        count=$(postings)
        asks 0 '^Used: ' use $purchase $1 --request-id 1
        same "the same request's answers" "$(cat "$work/first")" "$(cat "$work/out")"
        asks 1 '^This request id was used for another request. Request 1.$' use $purchase $1 --request-id 1 --quantity 2
        asks 1 '^This request id was used for another request. Request 1.$' cancel --target 2 $1 --request-id 1
        asks 1 '^No such transaction is known. Request 2.$' transaction --target 2 $1
        same "postings after repeats" "$count" "$(postings)"

        asks 0 '^Reserved until [0-2][0-9]:[0-5][0-9]:[0-5][0-9] (Riga): relief [0-9]*, 4.50 EUR off, 0.00 EUR to pay. Ledger ' reserve $purchase $1 --quantity 3 --hold 115 --request-id 2
        asks 0 '^Reserved until .*Request 2.$' transaction --target 2 $1
        asks 1 '^Not given back: it is reserved; confirm or cancel it. Ledger' refund --target 2 $1
        asks 1 '^That is more than the transaction has left' confirm --target 2 --quantity 4 $1
        asks 0 '^Confirmed: relief [0-9]*, 3.00 EUR off, 0.00 EUR paid. Ledger ' confirm --target 2 --quantity 2 $1 --request-id 21
        asks 0 '^Confirmed: .*3.00 EUR off' confirm --target 2 --quantity 2 $1 --request-id 21
        asks 1 '^Not cancelled: it is confirmed, and only a refund undoes that' cancel --target 2 $1
        asks 0 '^Given back, and some is left: 1.50 EUR of relief, 0.00 EUR to the customer' refund --target 2 --quantity 1 $1
        asks 0 '^Given back, and some is left: 0.10 EUR of relief' refund --target 2 --amount 0.10 $1
        asks 0 '^Confirmed: relief [0-9]*, 1.40 EUR off, 0.10 EUR paid' transaction --target 2 $1
        asks 1 '^That is more than' refund --target 2 --amount 9 $1
        asks 0 '^Given back, and nothing is left: 1.40 EUR of relief, 0.10 EUR to the customer' refund --target 2 $1
        asks 0 '^Given back as a whole. Ledger' transaction --target 2 $1
        asks 1 '^Not confirmed: it was given back as a whole' confirm --target 2 $1

        asks 0 '^Reserved until' reserve $purchase $1 --request-id 3
        asks 0 '^Cancelled: nothing is held. Ledger' cancel --target 3 $1
        asks 0 '^Cancelled. Ledger' transaction --target 3 $1
        asks 1 '^Not confirmed: it was cancelled' confirm --target 3 $1
        asks 0 '^Cancelled: nothing is held. Ledger' cancel --target 4 $1
        asks 1 '^Not used: it was cancelled before it came' use $purchase $1 --request-id 4
        asks 1 '^No such transaction is known' refund --target 5 $1
        asks 0 '^Recorded: relief [0-9]*, 1.50 EUR off' late $purchase $1 --request-id 5 --service-time "$yesterday"

        # for scripts
        asks 0 '"done": true' use $purchase $1 --request-id 1 --json
        same "status" "$(member status)" APPLIES
        same "request id" "$(member request_id)" 1
        same "amount" "$(member relief_amount)" 15000
        asks 1 '"status": "CONFLICT"' use $purchase $1 --request-id 1 --quantity 2 --json
        same "done" "$(member "done")" false
        asks 0 '"target_id": 5' transaction --target 5 $1 --json
        # without an id one is drawn, and told before the answer
        asks 0 '^Used: .* Request [0-9]*.$' use $purchase $1
        id=$(sed -n 's/.* Request \([0-9]*\).$/\1/p' "$work/out")
        if grep -q "^eligctl use: request $id; .*--request-id $id repeat" "$work/err"; then good; else bad "the id is not told: $(cat "$work/err")"; fi
        cp "$work/out" "$work/first"
        asks 0 '^Used: ' use $purchase $1 --request-id "$id"
        same "a repeat by the id that was told" "$(cat "$work/first")" "$(cat "$work/out")"
    }
}
yesterday=$(date -u -d yesterday +%Y-%m-%dT10:00)
everything "$sealed"
everything "$operator"

# shellcheck disable=SC2086
{
    # an inspector of tickets, another terminal's purchase; and who runs the system
    asks 0 '^Given back as a whole' transaction --target 2 --target-terminal 4711 $operator
    # wrong inputs
    asks 2 '\-\-target ID must be given' confirm $operator
    asks 2 '\-\-service-time TIME must be given' late $purchase $operator
    asks 2 '\-\-service-time: want a time in Riga such as .*found "soon"' late $purchase $operator --service-time soon
    asks 2 '\-\-hold: want a number from 1 to 900, found "901"' reserve $purchase $operator --hold 901
    asks 2 '\-\-request-id: want a number from 1 to' use $purchase $operator --request-id 0
    asks 2 '\-\-amount: want EUR above 0 and .*found "0"' refund --target 1 --amount 0 $operator
    asks 2 '\-\-amount: want either it or --quantity' refund --target 1 --amount 1 --quantity 1 $operator
    asks 2 'unknown option --quantty; did you mean --quantity?' refund --target 1 --quantty 1 $operator
    asks 2 'personal-code: ' use $purchase $operator --identifier 1
    asks 3 'NOT_PERMITTED' use --product 1001 --price 1.50 $operator
    asks 1 '^The product is not in the catalogue: 1.50 EUR to pay. Request 9.$' use --product 9 --price 1.50 $sealed --request-id 9
    asks 3 'the server cannot be reached' use $purchase --connect "unix:$work/nobody.sock"
}

# ---- corrections ----

# 200 purchases of a terminal; cancels of what never came are as good as any, and quick to make.
table=$work/corrections.csv
journal=$work/journal.csv
echo 'terminal,request_id,action,quantity,amount,reason' >"$table"
i=0
while [ $i -lt 200 ]; do
    i=$((i + 1))
    echo "4711,$((100000 + i)),cancel,,,\"outage \"\"A\"\", row $i\""
done >>"$table"
before=$(postings)
# shellcheck disable=SC2086
correct() { timeout 60 "$eligctl" correct --file "$table" $operator "$@" >"$work/out" 2>"$work/err" </dev/null; }
status_is() { if [ $status -eq "$1" ] && cat "$work/out" "$work/err" | grep -q -e "$2"; then good; else bad "correct: exit $status, wanted $1, \"$2\": $(cat "$work/out" "$work/err")"; fi; }

correct --dry-run
status=$?
status_is 0 ': 200 rows: 200 would be done, 0 done before, 0 not done, 0 wrong.$'
same "postings after a dry run" "$before" "$(postings)"

# It is ended when its journal has 8 KiB, in the middle of a line, with more done than is written down.
(
    # shellcheck disable=SC3045 # dash and bash have it
    ulimit -c 0
    ulimit -f 16
    correct --journal "$journal"
) 2>/dev/null
halfway=$(($(postings) - before))
if [ $halfway -gt 0 ] && [ $halfway -lt 200 ]; then good; else bad "ended after $halfway rows, not in the middle"; fi
written=$(($(grep -c . "$journal") - 1))
if [ "$written" -lt $halfway ]; then good; else bad "$written rows are written down, $halfway are done"; fi
correct --journal "$journal"
status=$?
status_is 0 ': 200 rows: .* done before, 0 not done, 0 wrong.$'
if grep -q ', 0 done before' "$work/out"; then bad "it has not gone on: $(cat "$work/out")"; else good; fi
same "postings, each row once" $((before + 200)) "$(postings)"
same "rows of the journal" 200 "$(grep -c ',yes,CANCELLED,' "$journal")"
same "different sequences in it" 200 "$(sed 1d "$journal" | sed 's/.*,yes,CANCELLED,\([0-9]*\),.*/\1/' | sort -u | wc -l)"
if grep -q '"outage ""A"", row 17"' "$journal"; then good; else bad "the reason is not in the journal"; fi

# Once more, by the journal and without it.
correct --journal "$journal"
status=$?
status_is 0 ': 200 rows: 0 done, 200 done before, 0 not done, 0 wrong.$'
correct --journal "$work/another.csv" --json
status=$?
status_is 0 '"done": 200,'
same "postings after all of it again" $((before + 200)) "$(postings)"
answers() { sed 1d "$1" | cut -d, -f 2- | sort -t, -k 1n; }
same "answers of both runs" "$(answers "$journal" | cksum)" "$(answers "$work/another.csv" | cksum)"

# Refunds; the reason and the order do not make a row another one, a batch does.
cat >"$table" <<END
terminal;request_id;action;quantity;amount;reason
4711;2000;refund;1;;broken barrier
4711;2000;refund;;0,25;and the ride was late
4711;1;refund;;;
4711;77777;refund;;;nobody's
4711;2001;confirm;;;paid in cash
END
# shellcheck disable=SC2086
{
    asks 0 '^Used' use $purchase $sealed --request-id 2000 --quantity 3
    asks 0 '^Reserved' reserve $purchase $sealed --request-id 2001
}
before=$(postings)
rm -f "$journal"
correct --journal "$journal" --dry-run
status=$?
status_is 1 'corrections.csv:5: refund of 77777 would not be done: no such transaction is known'
if [ -e "$journal" ]; then bad "a dry run has begun a journal"; else good; fi
correct --journal "$journal"
status=$?
status_is 1 'corrections.csv:5: refund of 77777 was not done: no such transaction is known'
status_is 1 ': 5 rows: 4 done, 0 done before, 1 not done, 0 wrong.$'
same "postings of four rows" $((before + 4)) "$(postings)"
if grep -q ',4711,2000,refund,,0.25,.*,yes,CONFIRMED,[0-9]*,0.25,0.00$' "$journal"; then good; else bad "amounts: $(cat "$journal")"; fi
sed '1p;1d' "$table" >"$work/same.csv"
{ head -1 "$work/same.csv"; sed 1d "$work/same.csv" | sort -r | sed 's/broken/mended/'; } >"$table"
correct --journal "$work/third.csv"
status=$?
status_is 1 ': 5 rows: 4 done'
same "postings of the same rows in another order" $((before + 4)) "$(postings)"
correct --journal "$work/fourth.csv" --batch second
status=$?
status_is 1 ' rows: '
same "postings of another batch: a unit and 0.25 EUR more" $((before + 6)) "$(postings)"
# shellcheck disable=SC2086
asks 0 '^Confirmed: relief [0-9]*, 1.25 EUR off' transaction --target 2000 $sealed

# Wrong rows are told and stop nothing, unless it is to be strict.
cat >"$table" <<END
terminal,request_id,action,quantity,amount,reason
4711,1,refnd,,,
x,1,refund,,,
4711,0,refund,,,
4711,1,cancel,2,,
4711,1,confirm,,1.00,
4711,1,refund,1,1.00,
4711,1,refund,10001,,
4711,1,refund,,0,
4711,300000,cancel,,,one
4711,300000,cancel,,,two
4711,1,refund,,
"4711,1,refund,,,
4711,300001,cancel,,,
END
before=$(postings)
correct --journal "$journal" --strict
status=$?
status_is 1 'nothing was asked, because a row is wrong'
same "postings of a strict run" "$before" "$(postings)"
correct --journal "$journal"
status=$?
status_is 1 ': 13 rows: 2 done, 0 done before, 0 not done, 11 wrong.$'
while read -r line text; do
    if grep -q "corrections.csv:$line: $text" "$work/err"; then good; else bad "wanted $line: $text; $(cat "$work/err")"; fi
done <<END
2 action: wanted refund, cancel or confirm (did you mean refund?), found "refnd"
3 terminal: wanted a number from 0 to 4294967295, found "x"
4 request_id: wanted a number from 1 to
5 quantity: wanted nothing: a cancel is of all, found "2"
6 amount: wanted nothing: only a refund may be of an amount
7 amount: wanted nothing beside a quantity
8 quantity: wanted 1 to 10000, or nothing: all, found "10001"
9 amount: wanted EUR above 0
11 is the same as line 10 and would be done once
12 wanted 6 fields as in the header, found 5
13 quotes that do not go around a whole field
END
same "postings of the good rows" $((before + 2)) "$(postings)"

# What cannot be gone on with.
correct
status=$?
status_is 2 '\-\-journal FILE must be given'
sed 's/,0,yes,/,12,yes,/' "$journal" >"$work/others.csv"
correct --journal "$work/others.csv"
status=$?
status_is 3 'others.csv:[0-9]*: was written by terminal 12, and this is 0'
echo 'a table of something' >"$work/odd.csv"
correct --journal "$work/odd.csv"
status=$?
status_is 3 'odd.csv:1: the column "a table of something" is none of'
echo 'terminal,action' >"$table"
correct --journal "$journal"
status=$?
status_is 3 'corrections.csv:1: the column "request_id" is missing'

# Its request ids, by another's BLAKE2b.
cat >"$work/ids.py" <<'END'
import csv, hashlib, sys
from decimal import Decimal
for row in csv.DictReader(open(sys.argv[1])):
    amount = int(Decimal(row["amount"] or 0) * 10000)
    text = f'{sys.argv[2]},{row["terminal"]},{row["request_id"]},{row["action"]},{row["quantity"] or 0},{amount}\n'
    digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
    assert int.from_bytes(digest[:8], "little") == int(row["own_request_id"]), row
END
if ! command -v python3 >/dev/null; then
    echo "skipped: no python3 (apt-get install python3)"
    skipped=$((skipped + 1))
elif python3 "$work/ids.py" "$work/another.csv" "" && python3 "$work/ids.py" "$work/fourth.csv" second; then
    good
else
    bad "request ids of corrections"
fi

# A server that dies in the middle and comes back.
{
    echo terminal,request_id,action
    i=0
    while [ $i -lt 4000 ]; do
        i=$((i + 1))
        echo "4711,$((500000 + i)),cancel"
    done
} >"$table"
before=$(postings)
rm -f "$journal"
correct --journal "$journal" &
correct_pid=$!
tries=400
until [ "$(grep -sc . "$journal")" -gt 1 ] 2>/dev/null || [ $tries -eq 0 ]; do
    tries=$((tries - 1))
    sleep 0.01
done
kill -9 "$eligd_pid"
wait "$eligd_pid" 2>/dev/null
serve
wait $correct_pid
status=$?
status_is 0 ': 4,000 rows: 4,000 done, 0 done before, 0 not done, 0 wrong.$'
same "postings over a server that died" $((before + 4000)) "$(postings)"

# From another machine, as a terminal that is an administrator.
desk="--connect 127.0.0.1:$port --server-public $work/server.key.pub --terminal-key $work/desk.key
    --merchant-key $work/merchant.key --terminal 9"
head -100 "$table" >"$work/desk.csv"
echo '0,3,refund' >>"$work/desk.csv" # of its own, which it has not
for journal_of_desk in desk-1 desk-2; do
    # shellcheck disable=SC2086
    timeout 60 "$eligctl" correct --file "$work/desk.csv" $desk --batch desk --journal "$work/$journal_of_desk" >"$work/out" 2>"$work/err"
    status=$?
    status_is 1 ': 100 rows: 99 done, 0 done before, 1 not done, 0 wrong.$'
done
same "postings of a sealed operator: all were cancelled before" $((before + 4000)) "$(postings)"

# Many that cannot be done are not all told.
sed 's/cancel/refund/' "$table" | head -100 >"$work/many.csv"
mv "$work/many.csv" "$table"
correct --journal "$work/fifth.csv"
status=$?
status_is 1 ': 99 rows: 0 done, 0 done before, 99 not done, 0 wrong.$'
same "rows that are told" 20 "$(grep -c 'was not done: Not given back: it was cancelled' "$work/err")"

# The server is away.
printf 'terminal,request_id,action\n4711,400000,cancel\n' >"$table"
stop
correct --journal "$journal"
status=$?
status_is 3 'eligctl correct: unix:.*: the server cannot be reached'

# ---- what the ledger says of it all ----

# Whatever was acknowledged stands there, as it was said.
for file in "$journal" "$work/another.csv" "$work/third.csv"; do
    sed '1d; s/"[^"]*\(""[^"]*\)*"//' "$file" |
        awk -F, '$11 == "yes" { print $10, $9, $12 == "CANCELLED" ? 423 : $12 == "CONFIRMED" ? 421 : 425, $13 }'
done >"$work/acknowledged"
"$eligctl" ledger verify "$work/ledger" --journal "$work/acknowledged" --quiet --json >"$work/out" 2>"$work/err"
status=$?
status_is 0 '"violation_count": 0,'
status_is 0 "\"acknowledged\": $(grep -c . "$work/acknowledged"),"
# Nobody had more than their limits, of all purchases that were given; nothing is said of a snapshot that is not there.
limits() {
    "$eligctl" ledger verify "$work/ledger" --snapshots "$work/snapshots" --identity-key "$work/identity.key" --quiet "$@" >"$work/out" 2>"$work/err"
    status=$?
}
limits --snapshots-public "$work/signing.key.pub"
status_is 0 ', limits of [1-9][0-9]* purchases; 0 violations'
same "what is said beside it" "$(cat "$work/err")" ""
limits --snapshots-public "$work/signing.key.pub" --json
status_is 0 '"limits_unknown": 0,'
limits --snapshots-public "$work/signing.key.pub" --environment 9 --json
status_is 0 '"limits_compared": 0,'
grep -q '^note: limits of [1-9][0-9]* purchases were not looked at: .*environment' "$work/err" || fail "limits of nowhere: $(cat "$work/err")"
limits
status_is 3 'with --snapshots want --snapshots-public, and --identity-key or --identity-keys'
"$eligctl" events "$work/ledger" --ndjson >"$work/events"
same "postings of the operator about others', and those that are marked so" \
    "$(grep -c '"terminal": 0,.*"target_terminal": 4711,' "$work/events")" "$(grep -c '"by_operator": true' "$work/events")"
same "refunds of the report and of the postings" "$("$eligctl" report givers "$work/ledger" --csv | awk -F, 'NR > 1 { n += $16 } END { print n }')" \
    "$(grep -c '"kind": "REFUND"' "$work/events")"

echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
