#!/bin/sh
# From end to end: a synthetic country's exports through eligload into a snapshot that must say what
# is true of the country; and that eligbench agree notices when it does not.
set -u
: "${ELIG_BIN:=build/bin}" "${ELIG_TOP:=.}"
work=$(mktemp -d) || exit 3
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
good() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "$*"; }

for key in identity signing:sign identity:other; do
    "$ELIG_BIN/eligctl" keygen "${key%:*}" "$work/${key#*:}.key" >"$work/out" 2>&1 ||
        bad "no ${key%:*} key: $(cat "$work/out")"
done

# load FOLDER [option ...]: builds FOLDER.snapshots and FOLDER.json
load() {
    folder=$1
    shift
    rm -rf "$folder.snapshots"
    "$ELIG_BIN/eligload" build --exports "$folder" --snapshots "$folder.snapshots" \
        --identity-key "$work/identity.key" --signing-key "$work/sign.key" --environment 7 \
        --registers "$ELIG_TOP/loader/registers" --catalogue "$ELIG_TOP/loader/catalogue" \
        --accept refused-rows --quiet --summary "$folder.json" "$@" >"$work/out" 2>&1 || {
        bad "eligload: exit $?"
        tail -5 "$work/out"
    }
}

# agree FOLDER TRUTH [option ...]
agree() {
    folder=$1 truth=$2
    shift 2
    "$ELIG_BIN/eligbench" agree --truth "$truth" --snapshots "$folder.snapshots" --environment 7 \
        --signing-public "$work/sign.key.pub" --identity-key "$work/identity.key" "$@" \
        >"$work/out" 2>"$work/err"
}

# The refusals that eligload counted, as broken.csv has them.
refusals() {
    awk -F'"' '
    $2 == "register" { name = $4 }
    $2 == "refused_by" { inside = 1; next }
    inside && /}/ { inside = 0 }
    inside { sub(/^: /, "", $3); sub(/,$/, "", $3); if ($3 + 0 > 0) print name "," $2 "," $3 }
    ' "$1"
}

# Agreement, for several countries and days: a leap day, the eve of a school year, a small country.
while read -r persons seed day; do
    folder=$work/$persons.$seed
    "$ELIG_BIN/eligbench" country --quiet --every-kind --persons "$persons" --seed "$seed" \
        --as-of "$day" "$folder" || bad "country: exit $?"
    load "$folder"
    if agree "$folder" "$folder/truth.csv" && grep -q ' agree, 0 differ' "$work/out"; then
        good
    else
        bad "$persons persons of seed $seed on $day: not as it is"
        cat "$work/out" "$work/err"
    fi
    refusals "$folder.json" | sort >"$work/refused"
    tail -n +2 "$folder/broken.csv" | sort >"$work/broken"
    if [ -s "$work/broken" ] && cmp -s "$work/refused" "$work/broken"; then
        good
    else
        bad "$persons persons of seed $seed: other rows were refused than were broken:"
        diff "$work/broken" "$work/refused" | head
    fi
done <<END
1000 1 2026-11-01
20000 2 2026-11-01
3000 3 2024-02-29
3000 4 2026-08-31
100 5 2026-01-01
END

# Differences: each changed truth must be noticed, on its line, without an identifier.
folder=$work/1000.1
# differs LINE "pattern" <changed truth
differs() {
    cat >"$work/truth.csv"
    agree "$folder" "$work/truth.csv"
    status=$?
    if [ $status -ne 1 ]; then
        bad "line $1 ($2): exit $status, wanted 1"
    elif ! grep -q "^$work/truth.csv:$1: .*$2" "$work/out"; then
        bad "line $1 ($2) is not told: $(head -1 "$work/out" | cut -c1-200)"
    elif grep -qE '[0-9]{9}' "$work/out" "$work/err"; then
        bad "line $1 ($2): something like an identifier is printed"
    else
        good
    fi
}
truth=$folder/truth.csv
line=$(grep -n '^P.*:Y' "$truth" | sed -n '20s/:.*//p')
sed "${line}s/:Y/:U/" "$truth" | differs "$line" 'another membership'
sed "${line}s/^\(P,[0-9]*\),[^;]*/\1,16:20727:20728:Y/" "$truth" | differs "$line" 'group'
line=$(grep -n '^M,2' "$truth" | sed -n '20s/:.*//p')
sed "${line}s/,[0-9]*\$/,20730/" "$truth" | differs "$line" 'other days'
line=$(grep -n '^N,1' "$truth" | sed -n '20s/:.*//p')
sed "${line}s/^N,1,\(.*\)/P,\1,1:20727:20820:Y/" "$truth" | differs "$line" 'not in the snapshot'
line=$(grep -n '^P' "$truth" | sed -n '20s/:.*//p')
sed "${line}s/^P,\([0-9]*\).*/N,1,\1/; $((line + 1)),\$ { /^M/d; }" "$truth" |
    differs "$line" 'must not be'

# JSON says the same.
if agree "$folder" "$truth" --json && grep -q '"differences": 0' "$work/out" && [ ! -s "$work/err" ]; then
    good
else
    bad "--json: $(head -3 "$work/out")"
fi

# Days that no country can be made for, and a truth that would not be of this one.
for day in 2009-12-31 2100-01-02; do
    "$ELIG_BIN/eligbench" country --persons 100 --as-of $day "$work/never" >"$work/out" 2>"$work/err"
    status=$?
    if [ $status -eq 2 ] && [ ! -e "$work/never" ]; then good; else bad "$day: exit $status"; fi
done
for day in 2010-01-01 2100-01-01; do
    "$ELIG_BIN/eligbench" country --quiet --persons 3000 --as-of $day "$work/edge" &&
        load "$work/edge" --accept refused-rows,as-of-future
    if agree "$work/edge" "$work/edge/truth.csv"; then good; else bad "$day: not as it is"; fi
done
"$ELIG_BIN/eligbench" country --quiet --persons 100 --no-truth "$work/edge"
if [ -e "$work/edge/truth.csv" ]; then bad "an old truth was left"; else good; fi

# What cannot be compared is exit 3 and one sentence.
fails() {
    what=$1
    shift
    "$@" >"$work/out" 2>"$work/err"
    status=$?
    if [ $status -eq 3 ] && [ ! -s "$work/out" ] && [ "$(wc -l <"$work/err")" -eq 1 ]; then
        good
    else
        bad "$what: exit $status, $(wc -l <"$work/err") lines of error"
    fi
}
compare="--snapshots $folder.snapshots --signing-public $work/sign.key.pub"
# shellcheck disable=SC2086 # several words
{
    fails "no truth" "$ELIG_BIN/eligbench" agree $compare --identity-key "$work/identity.key" --environment 7 --truth "$work/none"
    fails "a foreign key" "$ELIG_BIN/eligbench" agree $compare --identity-key "$work/other.key" --environment 7 --truth "$truth"
    fails "another environment" "$ELIG_BIN/eligbench" agree $compare --identity-key "$work/identity.key" --truth "$truth"
    fails "no folder to write to" "$ELIG_BIN/eligbench" country --quiet --persons 100 "$work/a/b"
    fails "a full disk" sh -c 'ulimit -f 8; trap "" XFSZ; exec "$@"' sh "$ELIG_BIN/eligbench" \
        country --quiet --persons 1000 "$work/full"
}

# Rules that say something else: whatever group they spoil, the country has somebody who shows it.
# Without the cases, which would tell before the country does.
folder=$work/20000.2
mkdir "$work/spoiled"
cp "$ELIG_TOP"/loader/catalogue/*.rules "$ELIG_TOP"/loader/catalogue/*.csv "$work/spoiled/"
while IFS='|' read -r group from to; do
    sed "/^group/s/$from/$to/" "$ELIG_TOP/loader/catalogue/00-latvia.rules" >"$work/spoiled/00-latvia.rules"
    cmp -s "$work/spoiled/00-latvia.rules" "$ELIG_TOP/loader/catalogue/00-latvia.rules" &&
        bad "nothing spoiled by $from"
    load "$folder" --catalogue "$work/spoiled"
    agree "$folder" "$folder/truth.csv"
    status=$?
    if [ $status -eq 1 ] && grep -q "first in group $group\$" "$work/out"; then
        good
    else
        bad "group $group with \"$to\" for \"$from\": exit $status"
    fi
done <<END
1|age < 18|age < 19
2|age >= 75|age >= 76
3|= status VSAA.pension.old_age\$|= status VSAA.pension
4|pensioner and resident_in RIGA|pensioner and resident_in JURMALA
5|= status IZM.learner\$|= status IZM.learner.general
6| or status IZM.learner.vocational|
7|school_in RIGA or resident_in|resident_in
7|school_in RIGA or resident_in|school_in
8| or status VDEAVK.disability.child|
9|disability.group3|disability.group2
10|= status SIF.family\$|= status SIF.family.parent
11|status SIF.family and age < 24|status SIF.family
12|status VBTAI.orphan and status IZM.learner|status VBTAI.orphan
12|status VBTAI.orphan|status VBTAI.orphan.orphan
13|status SOPA.household.needy|status SOPA.household
14|needy or status SOPA.household.low_income|needy
15| or status PMLP.special.resistance|
16|list riga_staff|list riga_staff and age >= 30
17|pensioner and not resident_in RIGA|pensioner
18|(pensioner or disability_high)|pensioner
END

# A register that did not come makes everything it could say unknown, and that is a difference.
cp -r "$folder" "$work/absent"
sed -i '/^VSAA/d' "$work/absent/delivery.csv"
load "$work/absent" --absent VSAA.pension
agree "$work/absent" "$truth"
status=$?
if [ $status -eq 1 ] && grep -q 'first in group 3$' "$work/out"; then
    good
else
    bad "an absent register was not noticed"
fi

echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
