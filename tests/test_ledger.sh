#!/bin/sh
# eligctl ledger, report and events on ledgers of tests/make_ledger: exit statuses, what they say, and
# that it adds up.
set -u
: "${ELIG_BIN:=build/bin}" "${BUILD:=build}"
make_ledger=$BUILD/tests/make_ledger
eligctl=$ELIG_BIN/eligctl
work=$(mktemp -d) || exit 3
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
good() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "$*"; }

# row STATUS STREAM "pattern of some line" WORD ...: the other stream stays empty.
row() {
    wanted=$1 stream=$2 pattern=$3
    shift 3
    timeout 60 "$eligctl" "$@" >"$work/out" 2>"$work/err" </dev/null
    status=$?
    other=err
    [ "$stream" = out ] || other=out
    if [ $status -ne "$wanted" ]; then
        bad "eligctl $*: exit $status, wanted $wanted: $(head -1 "$work/err")"
    elif ! grep -q -- "$pattern" "$work/$stream"; then
        bad "eligctl $*: std$stream begins \"$(head -1 "$work/$stream")\", wanted \"$pattern\""
    elif [ -s "$work/$other" ]; then
        bad "eligctl $*: std$other is not empty: $(head -1 "$work/$other")"
    else
        good
    fi
}
same() {
    if [ "$2" = "$3" ]; then good; else bad "$1: \"$2\" and \"$3\" should be the same"; fi
}

mkdir "$work/one" "$work/many" "$work/new" "$work/empty" "$work/slow"
"$make_ledger" "$work/one" one || exit 3
"$make_ledger" "$work/many" many 3000 || exit 3

# ---- verify ----

row 0 out 'one: good: 21 postings, 17 transactions, 41 tallies, 1 open reservations' ledger verify "$work/one"
row 0 out '"good": true' ledger verify "$work/one" --json
row 0 out '; 0 violations' ledger verify "$work/many" --memory-mb 16 --quiet
row 3 err 'want the folder of a ledger' ledger verify "$work/nothing"
row 3 err 'No such file' ledger verify "$work/empty"
printf '1 1 310 3\n' >"$work/journal"
row 0 out '1 acknowledged' ledger verify "$work/one" --journal "$work/journal"
printf '1 1 310 3\n1 77 310 3\n' >"$work/journal"
row 1 out '^I4 posting 3: ' ledger verify "$work/one" --journal "$work/journal"
row 1 out '"rule": "I4"' ledger verify "$work/one" --journal "$work/journal" --json
printf 'one\n' >"$work/journal"
row 3 err 'journal:1: want "terminal request-id status sequence"' ledger verify "$work/one" --journal "$work/journal"

# One byte of a row, in a copy: a posting's price.
printf 'not a ledger at all, whatever it is called' >"$work/empty/ledger.mdb"
row 3 err 'ledger.mdb' ledger verify "$work/empty"
row 3 err 'ledger.mdb' report givers "$work/empty"
row 3 err 'ledger.mdb' events "$work/empty"
rm "$work/empty/ledger.mdb"

# ---- a head, a backup, the way back ----

"$eligctl" keygen signing "$work/head.key" >/dev/null || exit 3
"$make_ledger" "$work/one" head "$work/head.key" && cp "$work/one/head" "$work/head" || exit 3
row 0 out ': good' ledger verify "$work/one" --head "$work/head" --signing-public "$work/head.key.pub"
row 3 err 'want --head and --signing-public' ledger verify "$work/one" --head "$work/head"
{ head -c 16 "$work/head" && printf X && tail -c +18 "$work/head"; } >"$work/forged"
row 3 err 'forged' ledger verify "$work/one" --head "$work/forged" --signing-public "$work/head.key.pub"

row 0 out 'backup: good, up to posting 21' ledger backup "$work/one" "$work/backup"
row 3 err 'is there already; it is not replaced' ledger backup "$work/one" "$work/backup"
same "mode of a backup" "$(stat -c %a "$work/backup")" 600
row 0 out 'good: 21 postings' ledger verify "$work/backup"
row 0 out 'restored, up to posting 21' ledger restore "$work/backup" "$work/new"
row 3 err 'is there already' ledger restore "$work/backup" "$work/new"
row 0 out 'good: 21 postings' ledger verify "$work/new"
same "a ledger and its restored backup" "$("$eligctl" events "$work/one" --ndjson --subjects | cksum)" \
    "$("$eligctl" events "$work/new" --ndjson --subjects | cksum)"
"$make_ledger" "$work/slow" slowly 30 || exit 3
"$eligctl" ledger backup "$work/slow" "$work/early" >/dev/null
"$make_ledger" "$work/new" many 2 >/dev/null 2>&1 # a longer history than the backup's
"$make_ledger" "$work/new" head "$work/head.key" && cp "$work/new/head" "$work/later"
row 1 out 'postings are missing that the head knows of' ledger restore "$work/backup" "$work/empty" --head "$work/later" --signing-public "$work/head.key.pub"
rm -f "$work"/empty/*
row 3 err 'is not good' ledger restore "$work/early" "$work/empty" --head "$work/head" --signing-public "$work/head.key.pub"
head -c 20000 "$work/backup" >"$work/cut"
row 3 err 'it was cut' ledger restore "$work/cut" "$work/empty"
[ -e "$work/empty/ledger.mdb" ] && bad "a bad backup was restored"

row 0 out '^last posting  *21$' ledger stat "$work/one"
row 0 out '"postings": 21' ledger stat "$work/one" --json

# ---- reports ----

row 0 out '^2026-06,90000000001,BUS,77,40003000001,11,3,2,2,4.00,1.9999,2.0001,' report givers "$work/one" --csv
row 0 out '^2026-06-28 ' report givers "$work/one" --by day
row 0 out '"relief_amount": 19999' report givers "$work/one" --json
row 2 err '--by: want day or month' report givers "$work/one" --by week
row 3 err 'want --csv or --json' report givers "$work/one" --csv --json
row 3 err 'want one after --from' report givers "$work/one" --from 2026-07-01 --until 2026-07-01

row 3 err 'a statement is about certain days' report settlement "$work/one" --contract 77
row 3 err 'are not over' report settlement "$work/one" --contract 77 --from 2026-06-01 --until 2026-08-01
row 0 out '^contract 77 from 2026-06-01 until 2026-08-01 so far$' report settlement "$work/one" --contract 77 --from 2026-06-01 --until 2026-08-01 --so-far
row 0 out '^contract 77 from 2026-06-27 until 2026-06-28$' report settlement "$work/one" --contract 77 --from 2026-06-27 --until 2026-06-28 --so-far
row 0 out '^confirm,6,2026-06-27T00:00:01Z,2026-06-27,,BUS,' report settlement "$work/one" --contract 77 --from 2026-06-27 --until 2026-06-28 --csv
row 0 out '^checksum [0-9a-f]\{64\}$' report settlement "$work/one" --contract 77 --from 2026-06-27 --until 2026-06-28
row 0 out '"checksum"' report settlement "$work/one" --contract 77 --from 2026-06-27 --until 2026-06-28 --json --per-day

# Days, too, say who pays: under each account by itself, when shares have changed.
mkdir "$work/back"
"$make_ledger" "$work/back" back || exit 3
september() { row 0 out "$1" report settlement "$work/back" --contract 77 --from 2026-09-01 --until 2026-10-01 --per-day --csv; }
september '^refunds,0,2026-09-05,,earlier,BUS,.*,1,-1,-1,.*,-0.50,40003000001=-0.15 90000000001=-0.35,$'
september '^refunds,0,2026-09-05,,earlier,BUS,.*,1,-1,-1,.*,-0.50,90000000001=-0.15 40003000001=-0.35,$'
september '^payer,0,,,,,.*,-0.50,40003000001,$'

state() { "$eligctl" report settlement "$work/many" --contract 77 --from 2026-06-28 --until 2026-07-20 --csv "$@"; }
state >"$work/first"
state >"$work/again"
same "two statements of the same days" "$(cksum <"$work/first")" "$(cksum <"$work/again")"
same "the checksum as CSV and as text" "$(tail -1 "$work/first")" \
    "$("$eligctl" report settlement "$work/many" --contract 77 --from 2026-06-28 --until 2026-07-20 | tail -1)"
if command -v b2sum >/dev/null; then
    same "the checksum, worked out by others" "checksum $(sed '$d' "$work/first" | b2sum -l 256 | cut -d' ' -f1)" "$(tail -1 "$work/first")"
fi
# Euros of a column as 1/10000, added.
add() {
    awk -F, -v column="$1" -v lines="$2" '
        $1 ~ lines { n = split($column, part, "."); whole = part[1]; minus = whole ~ /^-/
                     rest = n > 1 ? substr(part[2] "0000", 1, 4) : 0
                     gsub(/-/, "", whole); value = whole * 10000 + rest; sum += minus ? -value : value }
        END { printf "%d\n", sum }' "$work/first"
}
same "lines and their total" "$(add 15 '^(use|confirm|late|refund)$')" "$(add 15 '^total$')"
same "lines and their payers" "$(add 15 '^(use|confirm|late|refund)$')" "$(add 15 '^payer$')"
per_line=$(add 15 '^total$')
state --per-day >"$work/first"
same "days and their total" "$(add 15 '^(uses|refunds)$')" "$(add 15 '^total$')"
same "the total by lines and by days" "$(add 15 '^total$')" "$per_line"
# The same from the feed, which shares no sums with it.
if command -v python3 >/dev/null; then
    summed=$("$eligctl" events "$work/many" --ndjson | python3 -c '
import json, sys, datetime
total = 0
for line in sys.stdin:
    e = json.loads(line)
    sign = {"USE": 1, "LATE": 1, "CONFIRM": 1, "REFUND": -1}.get(e["kind"], 0)
    if not sign or (sign > 0 and e["state"] != "CONFIRMED"): continue
    day = (datetime.datetime.utcfromtimestamp(e["recorded_ms"] // 1000) + datetime.timedelta(hours=3)).date().isoformat()
    if "2026-06-28" <= day < "2026-07-20":
        total += sum(sign * r["amount"] for r in e["reliefs"] if r["contract"] == 77)
print(total)' 2>/dev/null)
    same "the statement and a sum of the feed" "$per_line" "$summed"
fi

row 0 out '^day  *BUS  *day  *2026-06-26  *1  *0.9999' report budget "$work/one" --from 2026-06-20 --until 2026-07-01
row 0 out '^stopped,LUNCH,month,2026-06-28,' report budget "$work/one" --from 2026-06-20 --until 2026-07-01 --csv
row 2 err '--until' report budget "$work/one" --from 2026-06-20
row 3 err 'with --snapshots want' report budget "$work/one" --from 2026-06-20 --until 2026-07-01 --snapshots x

row 3 err 'only whole months are told' report statistics "$work/many" --from 2026-06-03 --until 2026-07-01
row 0 out '^2026-06,BUS,all,' report statistics "$work/many" --until 2026-07-01 --csv
mkdir "$work/few"
"$make_ledger" "$work/few" many 12 || exit 3
row 0 out '^2026-06,[A-Z]*,all,few,,$' report statistics "$work/few" --until 2026-07-01 --csv
# One who gives back is as few as one who buys; months of which a part is gone are not told.
row 0 out '^2026-07,BUS,all,few,,$' report statistics "$work/back" --from 2026-07-01 --until 2026-08-01 --csv
row 0 out '^2026-07,BUS,40003000001,few,,$' report statistics "$work/back" --from 2026-07-01 --until 2026-08-01 --csv
row 3 err 'a month that is still whole' report statistics "$work/back" --until 2026-07-01
row 0 out '^oldest posting  *2026-06-27 ' ledger stat "$work/back"
"$eligctl" report givers "$work/back" 2>&1 >/dev/null | grep -q 'told from 2026-06-27 on' || bad "from when on a report is told"
# A statement of days that were removed, wholly or in part, is none; it is said from when on there are any.
gone() {
    "$eligctl" report settlement "$work/back" --contract 77 --from "$1" --until "$2" --csv >"$work/out" 2>"$work/err"
    same "exit status of a statement from $1 until $2" $? 3
    same "what is told of days from $1 until $2" "$(cat "$work/out")" ""
    grep -q 'have been removed .*: want 2026-06-28 or later$' "$work/err" || bad "a statement from $1 until $2: $(cat "$work/err")"
}
gone 2026-06-01 2026-09-01 # begins before what is left
gone 2026-06-27 2026-07-01 # the oldest day may lack its morning
gone 2026-06-26 2026-06-27 # all of it has been removed
gone 2026-05-01 2026-06-20
row 0 out '^total,0,' report settlement "$work/back" --contract 77 --from 2026-06-28 --until 2026-07-01 --csv
row 2 err 'want --snapshots' report statistics "$work/many" --until 2026-07-01 --by municipality
row 2 err 'least' report statistics "$work/many" --until 2026-07-01 --least 1

row 2 err '--subject-key' report resident "$work/one"
# Whose a card is stands in a snapshot; a personal code is enough by itself.
"$eligctl" keygen subject "$work/subject.key" >/dev/null || exit 3
resident() {
    wanted=$1 pattern=$2 shown=$3
    shift 3
    echo "$shown" | "$eligctl" report resident "$work/one" --subject-key "$work/subject.key" "$@" >"$work/out" 2>"$work/err"
    same "exit status of report resident $*" $? "$wanted"
    grep -q -- "$pattern" "$work/err" || bad "report resident $*: $(cat "$work/err")"
    if grep -q "$shown" "$work/out" "$work/err"; then bad "report resident $*: prints who it is about"; else good; fi
}
resident 2 '--means card: .* want --snapshots, --signing-public, and --identity-key or --identity-keys' 9012345678901234 --means card
resident 3 'is not the key of this ledger' 010100-00018

# ---- the feed ----

row 0 out '^21 PRUNED$' events "$work/one"
row 3 err 'ends with posting 21, and 22 was told already' events "$work/one" --from 23
row 3 err 'ends with posting 21' events "$work/one" --from 18446744073709551615 --follow
same "a feed that has all" "$("$eligctl" events "$work/one" --from 22 2>&1)" ""
row 0 out '^{"sequence": 8, "kind": "CANCEL", .*}$' events "$work/one" --from 8 --until 8 --ndjson
same "lines from 5 to 9" "$("$eligctl" events "$work/one" --from 5 --until 9 | cut -d' ' -f1 | tr '\n' ' ')" "5 6 7 8 9 "
"$eligctl" events "$work/one" --ndjson | grep -q subject && bad "subjects are told unasked"
"$eligctl" events "$work/one" --ndjson --subjects | grep -q '"subject": *"0000000000000065"' || bad "subjects are not told when asked"

# While a writer runs the feed is killed and goes on, again and again: nothing twice, nothing left out.
rm -f "$work"/slow/*
"$make_ledger" "$work/slow" slowly 200000 & # until it is told
writer=$!
: >"$work/fed"
next=1 kills=0 turns=0 meanwhile=0
while kill -0 $writer 2>/dev/null && [ $kills -lt 8 ] && [ $turns -lt 800 ]; do
    turns=$((turns + 1))
    [ -e "$work/slow/ledger.mdb" ] || { sleep 0.01; continue; }
    : >"$work/part"
    "$eligctl" events "$work/slow" --from $next --follow --poll-ms 5 --ndjson >"$work/part" 2>/dev/null &
    feed=$!
    until [ -s "$work/part" ] || ! kill -0 $feed 2>/dev/null; do sleep 0.05; done
    kill -KILL $feed 2>/dev/null
    wait $feed 2>/dev/null
    [ $? -eq 137 ] || { sleep 0.01; continue; } # it ended by itself: no kill
    kills=$((kills + 1))
    # a line that was cut off is not kept
    [ -s "$work/part" ] && [ "$(tail -c 1 "$work/part" | wc -l)" -eq 0 ] && sed -i '$d' "$work/part"
    cat "$work/part" >>"$work/fed"
    next=$(($(wc -l <"$work/fed") + 1))
    if [ $kills -eq 2 ] || [ $kills -eq 4 ]; then
        "$eligctl" ledger backup "$work/slow" "$work/meanwhile$kills" >"$work/out" &&
            "$eligctl" ledger verify "$work/slow" --quiet >>"$work/out" && meanwhile=$((meanwhile + 1))
    fi
done
if ! { kill -TERM $writer && wait $writer; }; then bad "the writer did not go on to its end"; fi
row 0 out ': good, up to posting ' ledger backup "$work/slow" "$work/after"
if [ "$meanwhile" = 2 ]; then good; else bad "two backups and verifications while a writer runs: $meanwhile were good"; fi
[ -s "$work/fed" ] || bad "nothing was told before the last of the feed"
"$eligctl" events "$work/slow" --from $next --ndjson >>"$work/fed"
same "the feed in pieces and at once" "$(cksum <"$work/fed")" "$("$eligctl" events "$work/slow" --ndjson | cksum)"
same "how often the feed was killed" $kills 8
row 0 out '; 0 violations' ledger verify "$work/slow" --quiet

echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
