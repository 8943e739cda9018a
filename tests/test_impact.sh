#!/bin/sh
# What givers compare with: eligload check and eligload impact, as their users call them; and that
# what impact counts is what builds of both catalogues count.
set -u
: "${ELIG_BIN:=build/bin}"
work=$(mktemp -d) || exit 3
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
good() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "$*"; }

# run COMMAND STATUS "pattern of a line" "what is shown" WORD ...: stdout and stderr in $work/out.
run() {
    command=$1 wanted=$2 pattern=$3 what=$4
    shift 4
    timeout 120 "$ELIG_BIN/eligload" "$command" "$@" >"$work/out" 2>&1
    found=$?
    cat "$work/out" >>"$work/everything"
    if [ $found -ne "$wanted" ]; then
        bad "$what: exit $found, wanted $wanted: $(tail -1 "$work/out")"
    elif ! grep -q -e "$pattern" "$work/out"; then
        bad "$what: wanted \"$pattern\", found: $(tail -1 "$work/out")"
    else
        good
    fi
}
# also "pattern" "what": another line of the same answer.
also() {
    if grep -q -e "$1" "$work/out"; then good; else bad "$2: wanted \"$1\", found: $(cat "$work/out")"; fi
}

mkdir "$work/old"
cat >"$work/old/city.rules" <<EOF
place RIGA = 0001
product city.ticket = 1001
group pensioner = status VSAA.pension.old_age
group learner = status IZM.learner
group senior = age >= 75
group gone = age >= 90
relief CITY giver 90011524360 from 2020-01-01
  everywhere
  clause pensioner product city.ticket discount 50%
  clause senior product city.ticket discount 20%
EOF
cp -r "$work/old" "$work/new"
sed -i 's/age >= 75/age >= 70 and not pensioner or learner and age >= 16/
        s/^group gone.*/group come = senior and resident_in RIGA/
        s/senior product city.ticket discount 20%/senior product city.ticket discount 100%/' "$work/new/city.rules"

# ---- check ----

run check 0 "city.rules:4: no clause and no group speaks of learner \[group-unused\]" "a warning" \
    --catalogue "$work/old" --as-of 2026-11-23
also "^  why: it is worked out for everybody and makes no difference$" "why it matters"
also "^  do:  use it in a clause, or remove it$" "what to do"
also "^2 warnings: 4 groups, 1 reliefs, 2 clauses, 0 contracts, 0 points of sale; from 2026-10-23 until 2027-01-24$" \
    "the summary"
run check 1 "^2 warnings: " "warnings that are errors" --catalogue "$work/old" --strict
run check 0 '"warning": "group-unused"' "warnings as JSON" --catalogue "$work/old" --json
also '"line": 4,' "the line as JSON"
sed '/^group gone/d; /^group learner/d' "$work/old/city.rules" >"$work/clean.rules"
run check 0 "^no warnings: 2 groups" "nothing to warn of" --catalogue "$work/clean.rules" --strict
echo "nonsense" >"$work/wrong.rules"
run check 1 "wrong.rules:1:1: wanted" "an error" --catalogue "$work/wrong.rules"
cp -r "$work/old" "$work/cases"
echo 'case "nobody is asked about"' >"$work/cases/wrong.cases"
run check 1 "wrong.cases:1:1: the case has no person" "a mistake in a case" --catalogue "$work/cases"
run check 1 "No such file" "no catalogue" --catalogue "$work/nowhere"
run check 2 "catalogue" "a mistyped option" --catalog "$work/old"
run check 2 "back-days" "a window before all time" --as-of 1970-01-02
run check 2 "back-days 31: the window would not begin after 1970-01-01" "a window from the first day on" --as-of 1970-02-01
run check 2 "ahead-days 62: the window would end after 9999" "a window after all time" --as-of 9999-12-31
run check 0 "groups, [0-9]* reliefs, [0-9]* clauses" "the catalogue that came with the program" --as-of 2026-11-23
timeout 60 "$ELIG_BIN/eligload" check --catalogue "$work/clean.rules" >/dev/full 2>"$work/out"
if [ $? -eq 3 ]; then good; else bad "check: what cannot be told is no success"; fi

# ---- impact, against builds of both catalogues ----

"$ELIG_BIN/eligbench" country --persons 20000 --seed 1 --quiet "$work/country" >/dev/null || exit 3
exports=$work/country
for kind in identity signing; do "$ELIG_BIN/eligctl" keygen $kind "$work/$kind" >/dev/null || exit 3; done

# Lines "name yes" of what a build counts.
counted() {
    "$ELIG_BIN/eligload" build --dry-run --json --exports "$exports" --catalogue "$1" --snapshots "$work/snapshots" \
        --identity-key "$work/identity" --signing-key "$work/signing" 2>/dev/null |
        awk -F'"' '/"groups"/ { on = 1 } on && /"name"/ { name = $4 } on && /"yes"/ { gsub(/[^0-9]/, "", $3); print name, $3 } /"gates"/ { on = 0 }'
}
# Lines "name before now gained lost" of what impact counts.
compared() {
    awk -F'"' '/"groups"/ { on = 1 } /"municipalities"/ { on = 0 } !on { next }
        /"name"/ { name = $4; before = now = gained = lost = "-" }
        { number = $3; gsub(/[^0-9]/, "", number) }
        /"before"/ { before = number } /"now"/ { now = number } /"gained"/ { gained = number }
        /"lost"/ { print name, before, now, gained, number }' "$work/out"
}

run impact 0 '"persons": 20000' "as JSON" --old "$work/old" --new "$work/new" --exports "$exports" \
    --suppress-below 1 --json --quiet
compared >"$work/compared"
mkdir "$work/snapshots"
counted "$work/old" >"$work/old.counts"
counted "$work/new" >"$work/new.counts"
# Who is in the one and not in the other, as groups of a catalogue of their own.
sed '/^relief/,$d; s/^group senior.*/group was = age >= 75/' "$work/old/city.rules" >"$work/both.rules"
cat >>"$work/both.rules" <<EOF
group becomes = age >= 70 and not pensioner or learner and age >= 16
group gained = becomes and not was
group lost = was and not becomes
relief CITY giver 90011524360 from 2020-01-01
  clause gained product city.ticket discount 50%
EOF
counted "$work/both.rules" >"$work/both.counts"
count() { awk -v name="$1" '$1 == name { print $2 }' "$2"; }
field() { awk -v name="$1" -v field="$2" '$1 == name { print $field }' "$work/compared"; }
same() {
    if [ -n "$1" ] && [ "$1" -gt 0 ] && [ "$1" = "$2" ]; then good; else bad "$3: impact says $2, a build $1"; fi
}
for group in pensioner learner senior; do
    same "$(count $group "$work/old.counts")" "$(field $group 2)" "$group before"
    same "$(count $group "$work/new.counts")" "$(field $group 3)" "$group now"
done
same "$(count gained "$work/both.counts")" "$(field senior 4)" "who gains"
same "$(count lost "$work/both.counts")" "$(field senior 5)" "who loses"
same "$(count gone "$work/old.counts")" "$(field gone 5)" "who was in a group that is gone"
same "$(count come "$work/new.counts")" "$(field come 4)" "who is in a group that is new"

run impact 0 "^senior  *[0-9,]*  *[0-9,]*  *[0-9,]*  *[0-9,]*$" "a table" --old "$work/old" --new "$work/new" \
    --exports "$exports" --quiet
also "^2 more groups: nobody gained or lost$" "what is the same"
also "^senior .* 0001000$" "a municipality"
also "^gone .*gone$" "a group that is gone"
also "^[0-9]* changes in a municipality are not told: fewer than 5 persons, or it would tell of such$" "what is not told"
run impact 0 "^from .* 20,000 persons as of 2026-11-15$" "another day" --old "$work/old" --new "$work/new" \
    --exports "$exports" --as-of 2026-11-15
run impact 0 "^4 groups: nobody gained or lost$" "nothing at all" --old "$work/old" --new "$work/old" \
    --exports "$exports" --quiet

# ---- requests ----

echo "time,means,identifier,product,point_of_sale,unit_price,quantity,companions,entry" >"$work/log"
awk -F';' 'NR > 1 && length($1) == 12 && $1 ~ /^3[2-9][0-9]*-[0-9]*$/ {
    print "2026-11-10T10:00,personal-code," $1 ",1001,,1.50,1,0,typed" }' \
    "$exports/pmlp_personas.csv" >>"$work/log"
lines=$(($(wc -l <"$work/log") - 1))
run impact 0 "^$(echo $lines | sed 's/\(.*\)\(...\)$/\1,\2/') requests asked again; limits and budgets are not counted$" \
    "a log" --old "$work/old" --new "$work/new" --exports "$exports" --requests "$work/log" --quiet
also "^CITY  *[0-9,]*  *[0-9,]*  *[0-9,]*  *[0-9,-]*  *[0-9,-]*  *[0-9.]*  *[0-9.]*$" "a relief"
also "^all together " "the total"
run impact 0 '"eur_before": "[0-9.]*"' "a log as JSON" --old "$work/old" --new "$work/new" \
    --exports "$exports" --requests "$work/log" --quiet --json
echo "2026-11-10T10:00,personal-code,SECRET,1001,,1.50,1,0,typed" >>"$work/log"
run impact 1 "log:$((lines + 2)): identifier: " "a log that cannot be read" --old "$work/old" --new "$work/new" \
    --exports "$exports" --requests "$work/log" --quiet
if grep -q SECRET "$work/out"; then bad "a fault shows what stands in the log"; else good; fi
run impact 1 "cannot be opened" "no log" --old "$work/old" --new "$work/new" --exports "$exports" \
    --requests "$work/nowhere" --quiet

# ---- what is refused ----

run impact 1 "wrong.rules:1:1: wanted" "the old catalogue is wrong" --old "$work/wrong.rules" --new "$work/new" \
    --exports "$exports"
run impact 1 "wrong.rules:1:1: wanted" "the new catalogue is wrong" --old "$work/old" --new "$work/wrong.rules" \
    --exports "$exports"
run impact 1 "No such file" "no deliveries" --old "$work/old" --new "$work/new" --exports "$work/nowhere"
run impact 1 "ahead-days 62: the window would end after 9999" "days after all time" --old "$work/old" \
    --new "$work/new" --exports "$exports" --as-of 9999-12-31
run impact 2 "new" "no new catalogue" --old "$work/old" --exports "$exports"
run impact 2 "suppress-below" "a bound of none" --old "$work/old" --new "$work/new" --exports "$exports" --suppress-below 0
timeout 60 "$ELIG_BIN/eligload" impact --old "$work/old" --new "$work/new" --exports "$exports" --quiet >/dev/full 2>"$work/out"
if [ $? -eq 3 ]; then good; else bad "impact: what cannot be told is no success"; fi

# ---- nothing that was said names anybody ----

if grep -qE '[0-9]{6}-[0-9]{5}|(^|[^0-9])3[2-9][0-9]{9}([^0-9]|$)' "$work/everything"; then
    bad "a personal code was told"
else
    good
fi

echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
