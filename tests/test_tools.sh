#!/bin/sh
# What givers decide with, on a small catalogue and exports written by hand: eligload test, try, and
# explain for purchases; and that nothing they say names anybody.
set -u
: "${ELIG_BIN:=build/bin}"
work=$(mktemp -d) || exit 3
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
good() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "$*"; }

# judge EXIT WANTED "pattern of a line" "what is shown": stdout and stderr are in $work/out.
judge() {
    cat "$work/out" >>"$work/everything"
    if [ "$1" -ne "$2" ]; then
        bad "$4: exit $1, wanted $2: $(tail -1 "$work/out")"
    elif ! grep -q -- "$3" "$work/out"; then
        bad "$4: wanted \"$3\", found: $(tail -1 "$work/out")"
    else
        good
    fi
}
# also "pattern" "what": another line of the same answer.
also() {
    if grep -q -- "$1" "$work/out"; then good; else bad "$2: wanted \"$1\", found: $(cat "$work/out")"; fi
}

exports=tests/fixtures/exports
catalogue=$work/catalogue
mkdir "$catalogue"
cat >"$catalogue/city.rules" <<EOF
place RIGA = 0001
product city.ticket = 1001
group pensioner = status VSAA.pension.old_age
group needy = status SOPA.household.needy
split 1 = 90011524360 25%, 90000054163 rest
relief CITY giver 90011524360 from 2026-01-01 split 1
  clause pensioner product city.ticket in RIGA 10:00-15:00 free
  clause pensioner product city.ticket discount 50%
  clause needy product city.ticket discount 20%
relief SOON giver 90011524360 from 2026-02-01
  state draft
  everywhere
  clause everybody product city.ticket amount 0.05
EOF
cat >"$catalogue/givers.csv" <<EOF
number,title
90011524360,Riga
90000054163,State
EOF
cat >"$catalogue/providers.csv" <<EOF
number,title
40003619950,Buses
EOF
cat >"$catalogue/points_of_sale.csv" <<EOF
number,provider,place,title
101,40003619950,0001000,Tram
201,40003619950,0004000,Bus
301,40003619950,0005000,Ferry
EOF
cat >"$catalogue/contracts.csv" <<EOF
number,giver,provider,relief,points
12,90011524360,40003619950,CITY,101-299
EOF
cat >"$catalogue/city.cases" <<EOF
case "a pensioner in town"
  person born 1950-01-01
  status VSAA.pension.old_age from 2015-01-01
  buys city.ticket at 1.50 point 101 on 2026-01-15
  expect CITY takes 1.50 pays 0 split 1
  buys city.ticket at 1.50 point 201 on 2026-01-15
  expect CITY takes 0.75 pays 0.75

case "anybody"
  person nobody
  buys city.ticket at 1.50 point 301 on 2026-01-15
  expect no-contract
EOF

# ---- test ----

# check STATUS "pattern" "what" WORD ...
check() {
    wanted=$1 pattern=$2 what=$3
    shift 3
    timeout 60 "$ELIG_BIN/eligload" test "$@" >"$work/out" 2>&1
    judge $? "$wanted" "$pattern" "$what"
}
check 0 "^3 passed, 0 failed$" "cases that are as expected" --catalogue "$catalogue"
check 0 "^0 passed, 0 failed$" "one file of rules has no cases" --catalogue "$catalogue/city.rules"
check 0 '"passed": 3' "the same as JSON" --catalogue "$catalogue" --json

cat >"$work/other.cases" <<EOF
case "a pensioner too late"
  person born 1950-01-01
  status VSAA.pension.old_age from 2015-01-01
  buys city.ticket at 1.50 point 101 on 2026-01-15 15:00
  expect CITY takes 1.50 pays 0
EOF
check 1 "other.cases:4: a pensioner too late" "a case that fails" --catalogue "$catalogue" \
    --cases "$work/other.cases"
also "^  wanted  CITY takes 1.50 pays 0.00$" "what was wanted"
also "^  found   CITY takes 0.75 pays 0.75 split 1$" "what was found"
also "city.rules:7, CITY clause 1 under contract 12, pensioner: free$" "a clause with its line"
also "does not fit: 10:00-15:00, it was 15:00" "why it does not fit"
also "^0 passed, 1 failed$" "how many fail"
check 1 '"wanted": "CITY takes 1.50 pays 0.00"' "a failure as JSON" --catalogue "$catalogue" \
    --cases "$work/other.cases" --json
cp -r "$catalogue" "$work/wrong"
echo 'case "x"' >>"$work/wrong/city.cases"
check 1 "city.cases:13:1: the case has no person" "a file of cases that is wrong" \
    --catalogue "$work/wrong"
echo 'nonsense' >>"$work/wrong/city.rules"
check 1 "city.rules:14:1: wanted" "a catalogue that is wrong" --catalogue "$work/wrong"
check 1 "No such file" "no catalogue" --catalogue "$work/nowhere"
check 2 "cases" "a mistyped option" --case "$work/other.cases"
timeout 60 "$ELIG_BIN/eligload" test --catalogue "$catalogue" >/dev/full 2>"$work/out"
judge $? 3 "standard output" "an answer that cannot be told"

# ---- try ----

# ask COMMAND STATUS "pattern" "what" IDENTIFIER WORD ...
ask() {
    command=$1 wanted=$2 pattern=$3 what=$4 identifier=$5
    shift 5
    echo "$identifier" | timeout 60 "$ELIG_BIN/eligload" "$command" --quiet --exports $exports \
        --catalogue "$catalogue" "$@" >"$work/out" 2>&1
    judge $? "$wanted" "$pattern" "$what"
}
ask try 0 "^a relief applies: 1.50 EUR off, 0.00 EUR to pay; relief [0-9]*, split 1, good until 2026-01-15 15:00$" \
    "a pensioner at noon" 320000-00106 --product city.ticket --price 1.50 --point 101
also "^city.ticket at 1.50 EUR, point of sale 101, on 2026-01-15 12:00$" "the day of the deliveries"
also "^    90011524360, Riga pays 0.375 EUR$" "a payer's part"
also "^    90000054163, State pays 1.125 EUR$" "the other payer's"
ask try 0 "0.75 EUR off, 0.75 EUR to pay" "too late" 010150-00017 --product 1001 --price 1.50 \
    --point 101 --at 2026-01-15T15:00
ask try 0 "1.50 EUR off, 1.50 EUR to pay" "two elsewhere" 320000-00106 --product city.ticket \
    --price 1.50 --point 201 --quantity 2
ask try 0 '"relief_amount": 15000' "as JSON" 320000-00106 --product city.ticket --price 1.50 \
    --point 101 --json
also '"payer": "90000054163"' "payers as JSON"
ask try 1 "no relief applies: 1.50 EUR to pay" "no pensioner" 320000-00107 \
    --product city.ticket --price 1.50 --point 101
ask try 1 "data of a register are missing" "no data" 320000-00120 --product city.ticket \
    --price 1.50 --point 101
ask try 1 "contracted at this point of sale" "no contract" 320000-00106 --product city.ticket \
    --price 1.50 --point 301
ask try 1 "no person in the deliveries" "somebody unknown" 320000-00999 --product city.ticket \
    --price 1.50 --point 101
ask try 1 "outside the days" "a year later" 320000-00106 --product city.ticket --price 1.50 \
    --point 101 --at 2027-01-15T12:00
ask try 1 "contracted at this point of sale" "a draft" 320000-00107 --product city.ticket \
    --price 1.50 --at 2026-02-01T12:00
ask try 0 "SOON takes 0.05 EUR" "a draft that is tried" 320000-00107 --product city.ticket \
    --price 1.50 --at 2026-02-01T12:00 --with-drafts
ask try 0 "CITY takes 1.50 EUR" "a card" 118 --means e-talons --product city.ticket \
    --price 1.50 --point 101 --read chip
ask try 2 "no product \"city.tikcet\", did you mean \"city.ticket\"" "a mistyped product" \
    320000-00106 --product city.tikcet --price 1.50
ask try 2 "price is required" "no price" 320000-00106 --product city.ticket
ask try 2 "price: want EUR" "a mistyped price" 320000-00106 --product city.ticket --price 1,5,0
ask try 2 "at: want a time" "a mistyped time" 320000-00106 --product city.ticket --price 1 --at noon
ask try 2 "read: want" "a mistyped way of reading" 320000-00106 --product city.ticket --price 1 \
    --read eye
ask try 2 "standard input" "no identifier" abc --product city.ticket --price 1
ask try 2 "standard input: the first line is longer than any identifier" "a line that begins with an identifier" \
    "320000-00106$(printf '%300s' 1)" --product city.ticket --price 1
ask try 2 "product" "no product" 320000-00106 --price 1

# ---- explain ----

ask explain 0 "^1 product: city.ticket (1001)$" "the first step" 320000-00106 \
    --product city.ticket --price 1.50 --point 101 --at 2026-01-15T15:30
also "^vsaa_pensijas.csv:4: VSAA.pension.old_age from 2015-01-01" "the rows of the person"
also "^2 point of sale: 101, Tram, in 0001000$" "the second"
also "^3 day: 2026-01-15 15:30 in Riga" "the third"
also "^4 contract: 3 clauses on city.ticket may apply here$" "the fourth"
also "city.rules:10, SOON: this version begins on 2026-02-01$" "what is not there"
also "^5 means: good on the day$" "the fifth"
also "^6 clauses" "the sixth"
also "does not fit: 10:00-15:00, it was 15:30$" "why a clause does not fit"
also "city.rules:8, CITY clause 2 under contract 12, pensioner: discount 50%$" "the one that does"
also "^7 best: CITY takes 0.75 EUR for 1 unit$" "the seventh"
ask explain 0 "a draft gives nothing" "a draft" 320000-00106 --product city.ticket --price 1.50 \
    --day 2026-02-02
ask explain 0 "^8 missing data" "the eighth" 320000-00120 --product city.ticket --price 1.50 \
    --point 101
ask explain 0 "^9 no relief applies$" "the ninth" 320000-00107 --product city.ticket --price 1.50 \
    --point 101
ask explain 0 "^5 means: ended on 2026-01-05, so it leads to nobody$" "a lost card" PA0000117 \
    --means eid --product city.ticket --price 1.50 --point 101
ask explain 0 "^5 means: leads to nobody$" "somebody unknown" 320000-00999 --product city.ticket \
    --price 1.50 --point 101
ask explain 0 '"text": "7 best: CITY takes 1.50 EUR for 1 unit"' "as JSON" 320000-00106 \
    --product city.ticket --price 1.50 --point 101 --json
also '"relief_amount": 15000' "and the answer"
ask explain 1 "not found" "groups of somebody unknown" 320000-00999
ask explain 0 "^pensioner: yes" "groups without a purchase" 320000-00106

# ---- whoever it is shows no card ----

cat >"$work/anybody.rules" <<EOF
product show = 5001
relief OPEN giver 90011524360 from 2026-01-01
  everywhere
  clause everybody product show by card free
  clause everybody product show discount 10%
EOF
kept=$catalogue
catalogue=$work/anybody.rules
ask try 0 "takes 0.10 EUR" "ANYBODY is the number of no card" ANYBODY --means card --product show --price 1.00
ask try 0 "takes 1.00 EUR" "another number is" SOMEBODY --means card --product show --price 1.00
catalogue=$kept

# ---- nothing that was said names anybody ----

tr -d -c '0-9A-Z\n' <"$work/everything" >"$work/digits"
grep -Eo '^[0-9]{6}-?[0-9]{5}' $exports/pmlp_personas.csv | tr -d - >"$work/codes"
cut -d, -f1 $exports/pmlp_eid.csv | sed 1d >>"$work/codes"
named=$(grep -cFf "$work/codes" "$work/digits")
if [ "$named" -eq 0 ] && [ -s "$work/codes" ]; then good; else bad "identifiers in what was said"; fi

echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
