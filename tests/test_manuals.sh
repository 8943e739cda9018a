#!/bin/sh
# What the manual pages show as examples is understood: every literal of the pages about formats, put
# together as its page says, read by the programs that it is for.
set -u
: "${ELIG_BIN:=build/bin}" "${ELIG_TOP:=.}"
work=$(mktemp -d) || exit 3
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
good() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "$*"; }

# examples PAGE [N]: the literals of its examples, all of them or the Nth.
examples() {
    awk -v wanted="${2:-0}" '
        /^\.Sh / { inside = $2 == "EXAMPLES" }
        inside && /^\.Bd -literal/ { literal = 1; n++; next }
        /^\.Ed/ { literal = 0 }
        inside && literal && (wanted == 0 || wanted == n)' "$ELIG_TOP/loader/$1" | sed 's/\\e$/\\/; s/\\(dq/"/g'
}
# run STATUS "pattern" "what" WORD ...: of eligload.
run() {
    wanted=$1 pattern=$2 what=$3
    shift 3
    timeout 60 "$ELIG_BIN/eligload" "$@" >"$work/out" 2>&1
    status=$?
    if [ $status -ne "$wanted" ]; then
        bad "$what: exit $status, wanted $wanted: $(head -1 "$work/out")"
    elif ! grep -q -- "$pattern" "$work/out"; then
        bad "$what: wanted \"$pattern\", found: $(tail -1 "$work/out")"
    else
        good
    fi
}
registers=$ELIG_TOP/loader/registers

# ---- elig-reliefs(5), all of it as one file, with the tables that it speaks of ----

mkdir "$work/reliefs"
examples elig-reliefs.5 >"$work/reliefs/page.rules"
printf 'number,title\n40003000017,Pharmacy\n' >"$work/reliefs/providers.csv"
printf 'number,provider,place,title\n501,40003000017,0001000,Counter\n' >"$work/reliefs/points_of_sale.csv"
cat >"$work/reliefs/contracts.csv" <<END
number,giver,provider,relief
16,90000054163,40003000017,MEDICINE
17,90000054163,40003000017,MEDICINE-TRIAL
END
run 0 "7 groups, 6 reliefs, 14 clauses" "the reliefs of elig-reliefs(5)" check --registers "$registers" \
    --catalogue "$work/reliefs" --as-of 2026-11-23
cat >"$work/page.cases" <<'END'
case "cheap medicine for a needy person is free, dear one half, at most 5.00 each"
  person born 1980-01-01 lives RIGA
  status SOPA.household.needy
  buys 2 medicine at 4.20 point 501 on 2026-11-23
  expect MEDICINE takes 8.40 pays 0
  buys 2 medicine at 4.27 point 501 on 2026-11-23
  expect MEDICINE takes 4.27 pays 4.27
  buys 2 medicine at 30.00 point 501 on 2026-11-23
  expect MEDICINE takes 10.00 pays 50.00
END
run 0 "^3 passed, 0 failed" "what elig-reliefs(5) says of its example" test --registers "$registers" \
    --catalogue "$work/reliefs" --cases "$work/page.cases"

# Every statement, line, condition and part is among the examples.
while read -r word; do
    if grep -qE -- "$word" "$work/reliefs/page.rules"; then good; else bad "elig-reliefs(5) has no example of \"$word\""; fi
done <<'END'
^place [A-Z]+ =
^places
^product
^products
^calendar .* except
^split .* each
^extend .* except
^group .* from .* until
begun from
^relief .* until
state draft
order
stacks
everywhere
unknown allow
unknown last known
round down
limit .* published
limit every
shared
budget .* warn
clause everybody
 in RIGA, coast
 at [0-9]
 under [0-9]
 on [a-z]
[0-9]:00-[0-9]
price from
price below
quantity
 by [a-z]
 read [a-z]
 free
 discount
 amount
 subsidy
 above
 at most .* each
 for 1 unit
 with 1 companion
END

# ---- elig-catalogue(5): the tables beside a relief of that name ----

mkdir "$work/tables"
examples elig-catalogue.5 | awk -v folder="$work/tables" '
    /^==> / { file = folder "/" $2; next }
    $0 != "" { print >file }'
cat >"$work/tables/city.rules" <<'END'
product city.ticket = 1001
relief RIGA-CITY giver 90011524360 from 2026-01-01
  clause everybody product city.ticket discount 50%
END
run 0 "1 contracts, 2 points of sale" "the tables of elig-catalogue(5)" check --registers "$registers" \
    --catalogue "$work/tables" --as-of 2026-11-23

# ---- elig-cases(5): decided by a catalogue that does what they expect ----

mkdir "$work/cases"
cp "$work/tables"/*.csv "$work/cases"
echo '501,40003000017,0001000,Counter' >>"$work/cases/points_of_sale.csv"
echo '16,90000054163,40003000017,MEDICINE,501,2026-01-01,' >>"$work/cases/contracts.csv"
cat >"$work/cases/page.rules" <<'END'
place RIGA = 0001000
place JURMALA = 0004000
product city.ticket = 1001
product medicine.reference = 1006
group pensioner_riga = status VSAA.pension.old_age and resident_in RIGA
group needy = status SOPA.household.needy
relief RIGA-CITY giver 90011524360 from 2026-01-01 split 1
  clause pensioner_riga product city.ticket on weekdays 10:00-15:00 free
relief MEDICINE giver 90000054163 from 2026-01-01
  clause needy product medicine.reference free
END
examples elig-cases.5 >"$work/cases/page.cases"
run 0 "^3 passed, 0 failed" "the cases of elig-cases(5)" test --registers "$registers" --catalogue "$work/cases"
sed -n '1,/^$/p' "$work/cases/page.cases" |
    sed 's/^  expect nothing.*/  expect RIGA-CITY takes 1.50 pays 0.00 split 1/' >"$work/wrong.cases"
run 1 "^  found   nothing pays 1.50$" "a case that elig-cases(5) shows failing" test --registers "$registers" \
    --catalogue "$work/cases" --cases "$work/wrong.cases"
awk '/^\.Sh /{inside = $2 == "DIAGNOSTICS"} inside && /^\.Bd/ {literal = 1; next} /^\.Ed/ {literal = 0} inside && literal' \
    "$ELIG_TOP/loader/elig-cases.5" | sed 1d >"$work/shown"
while IFS= read -r line; do
    if grep -qxF -- "$line" "$work/out"; then good; else bad "elig-cases(5) shows \"$line\", which is not said"; fi
done <"$work/shown"

# ---- elig-registers(5): a description, and the list of a delivery ----

mkdir "$work/registers" "$work/exports"
cp "$registers"/sopa_household.register "$registers"/pmlp_persons.register "$work/registers"
examples elig-registers.5 1 >"$work/registers/izm_learner.register"
examples elig-registers.5 2 >"$work/exports/delivery.csv"
echo 'PMLP.persons,persons.csv,2026-11-01,0,' >>"$work/exports/delivery.csv"
printf 'Izgl\304\253tojam\304\201 personas kods,Iest\304\201des ATVK,Programma,No,L\304\253dz\n' >"$work/exports/izm_izglitojamie.csv"
printf 'nothing\n' >"$work/exports/sopa_statusi.csv"
: >"$work/exports/persons.csv"
echo 'group learner = status IZM.learner.higher' >"$work/learner.rules"
echo 320000-00101 >"$work/person"
timeout 60 "$ELIG_BIN/eligload" explain --quiet --exports "$work/exports" --registers "$work/registers" \
    --catalogue "$work/learner.rules" <"$work/person" >"$work/out" 2>&1
if grep -q '^eligload: [a-z_]*\.csv' "$work/out" && ! grep -q 'delivery.csv' "$work/out"; then good; else
    bad "elig-registers(5): not a file of its list is at fault: $(head -1 "$work/out")"
fi

echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
