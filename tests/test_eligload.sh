#!/bin/sh
# The real loader on small exports written by hand and on a generated country: what it publishes,
# and every refusal with its sentence.
set -u
: "${ELIG_BIN:=build/bin}"
work=$(mktemp -d) || exit 3
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
passed=0 failed=0
good() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "$*"; }

# row STATUS "pattern of a line" "what is shown" WORD ...: stdout and stderr together in $work/out.
row() {
    wanted=$1 pattern=$2 what=$3
    shift 3
    timeout 60 "$ELIG_BIN/eligload" "$@" >"$work/out" 2>&1
    judge $? "$wanted" "$pattern" "$what"
}
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
same() { if cmp -s "$1" "$2"; then good; else bad "$3: $1 and $2 differ"; fi; }
# holds "what" CONDITION ...: of test(1).
holds() {
    what=$1
    shift
    if [ "$@" ]; then good; else bad "$what"; fi
}
is() { if [ "$1" = "$2" ]; then good; else bad "$3: wanted \"$2\", found \"$1\""; fi; }

for key in identity other-identity; do "$ELIG_BIN/eligctl" keygen identity "$work/$key" >"$work/out"; done
for key in signing foreign; do "$ELIG_BIN/eligctl" keygen signing "$work/$key" >"$work/out"; done

exports=tests/fixtures/exports
# build FOLDER-OF-SNAPSHOTS WORD ...: words of row for it.
keys="--identity-key $work/identity --signing-key $work/signing"
trust="--identity-key $work/identity --signing-public $work/signing.pub"
current() { cut -c1-16 "$1/CURRENT"; }

# ---- what is published ----

# shellcheck disable=SC2086 # several words
{
    row 0 "published: generation 0000000000000001" "a first build" \
        build --exports $exports --snapshots "$work/hand" $keys
    row 0 "holds *19 persons, 34 identifiers, 22 views" "an engine takes it" \
        verify --snapshots "$work/hand" $trust
    sed -n '/^group/,$s/  */ /gp' "$work/out" >"$work/groups"
    sed 's/  */ /g' >"$work/groups.wanted" <<EOF
group persons unknown
child_under_18 3 0
senior_75 3 0
pensioner 5 0
pensioner_riga 3 0
learner 3 0
pupil 1 0
learner_riga 2 0
disability_high 1 0
disability_3 1 0
honorary_family 2 0
family_child 1 0
orphan_learning 1 0
needy 1 1
needy_or_low 2 1
repressed 1 0
riga_staff 1 0
pensioner_elsewhere 2 0
needy_pensioner 0 0
companion_entitled 1 0
family_jurmala 0 0
senior_75_riga 2 0
retired_riga 3 0
pupil_partner 0 0
resistance 0 0
resistance_riga 0 0
ukraine 0 0
first_year_student 0 0
pupil_supported 0 0
pupil_jurmala 1 0
pupil_liepaja 0 0
kits_four 0 1
kits_two 0 1
kits_one 1 1
crisis 0 1
kits_in_crisis 0 0
kits_infant 0 0
kits_child 0 0
learner_18_19 0 0
riga_staff~14 1 0
EOF
    same "$work/groups" "$work/groups.wanted" "groups counted by hand"
    is "$(stat -c '%a %s' "$work/hand/0000000000000001.quarantine")" "640 0" "no row was refused"

    for threads in 1 2 7; do
        row 0 "published" "$threads threads" build --exports $exports --snapshots "$work/hand" \
            $keys --threads $threads
        same "$work/hand/0000000000000001.mdb" "$work/hand/$(current "$work/hand").mdb" \
            "$threads threads write the same bytes"
    done
    row 0 "^\* 0000000000000004 0000000000000003 .* 2026-01-15 *19 " "list marks the current one" \
        list --snapshots "$work/hand" --signing-public "$work/signing.pub"
    row 0 "published" "a fifth build" build --exports $exports --snapshots "$work/hand" $keys --keep 2
    is "$(cd "$work/hand" && echo *.mdb)" "0000000000000004.mdb 0000000000000005.mdb" "two are kept"
    row 0 "generation 0000000000000006, with the data of 0000000000000004" "rollback goes forward" \
        rollback --snapshots "$work/hand" --to 4 $keys
    is "$(current "$work/hand")" 0000000000000006 "rollback moved CURRENT"
    row 3 "eligload: " "rollback to what is not there" rollback --snapshots "$work/hand" --to 99 $keys
    is "$(current "$work/hand")" 0000000000000006 "which changed nothing"
    row 3 "nowhere: No such file" "rollback where nothing is" \
        rollback --snapshots "$work/nowhere" --to 1 $keys
    holds "rollback made a folder" ! -e "$work/nowhere"

    before=$(ls -A "$work/hand")
    row 0 "dry-run: nothing was written" "a dry run" build --exports $exports \
        --snapshots "$work/hand" $keys --dry-run
    is "$(ls -A "$work/hand")" "$before" "a dry run leaves the folder alone"
    row 0 '"outcome": "published"' "the summary as JSON" build --exports $exports \
        --snapshots "$work/hand" $keys --json --quiet --summary "$work/summary.json"
    is "$(grep -c '"outcome": "published"' "$work/summary.json")" 1 "the summary in its file"
    if mknod -m 666 "$work/null" c 1 3 2>/dev/null; then
        row 0 "dry-run" "a list that nobody wants" build --exports $exports --snapshots "$work/hand" \
            $keys --dry-run --quarantine "$work/null"
        is "$(stat -c %a "$work/null")" 666 "a device keeps its mode"
    fi
    cat "$work/summary.json" >>"$work/everything"
    row 2 'no gate "row-chnge", did you mean "row-change"' "a mistyped gate" build \
        --exports $exports --snapshots "$work/hand" $keys --accept row-chnge
}

# ---- what the manuals give as examples, and a register that is new ----

# example PAGE: the first literal of its examples.
example() { sed -n '/^\.Sh EXAMPLES/,/^\.Ed/p' "$1" | sed '1,/^\.Bd/d;/^\.Ed/d'; }
cp -r loader/registers "$work/registers"
example loader/elig-registers.5 >"$work/registers/izm_learner.register"
example loader/elig-reliefs.5 >"$work/example.rules"
cp -r $exports "$work/club"
cat >"$work/registers/club.register" <<EOF
# A swimming club, whose list came out of a spreadsheet.
register club.swimmer
format csv separator ; encoding windows-1257
fact status
column "Biedra kods" code
column "Līmenis" subtype
  map "iesācējs" beginner
  map "meistars" master
column "No" from dotted
column "Beigas" until dotted optional
EOF
{
    printf 'Beigas;Piez\356mes;Biedra kods;L\356menis;No\r\n'
    printf ';"a; b";320000-00101;meistars;01.05.2024\r\n'
    printf '01.01.2026;;32000000102;ies\342c\347js;01.05.2024\r\n'
} >"$work/club/club.csv"
echo "club.swimmer,club.csv,2026-01-15,2," >>"$work/club/delivery.csv"
cp -r loader/catalogue "$work/club.catalogue"
sed '/^1011,/s/,gate,,/,gate,00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff,/' \
    loader/catalogue/terminals.csv >"$work/club.catalogue/terminals.csv"
cat >"$work/club.catalogue/90-club.rules" <<EOF
product pool = 2001
group swimmer = status club.swimmer
group swim_master = status club.swimmer.master
relief CLUB giver 90011524360 from 2026-01-01 split 7
  everywhere
  clause swim_master product pool discount 80%
EOF
# shellcheck disable=SC2086
{
    row 0 "dry-run" "the examples of the manuals" build --exports "$work/club" --registers \
        "$work/registers" --catalogue "$work/example.rules" --snapshots "$work/club.made" $keys --dry-run
    row 0 "^swim_master  *1  *0" "a new register and its relief" build --exports "$work/club" \
        --registers "$work/registers" --catalogue "$work/club.catalogue" --snapshots "$work/club.made" $keys
    row 0 " clauses, 1 terminals" "the one terminal that has a key is in the snapshot" verify \
        --snapshots "$work/club.made" $trust
    row 0 "^swimmer  *1  *0" "who left on the first day of the year is out" verify \
        --snapshots "$work/club.made" $trust
    sed 's/VDEAVK.disability/VDEAVK.disabilities/; s/fact status/fact list/; /subtype/d; /map/d' \
        "$work/registers/vdeavk_disability.register" >"$work/registers/twin.register"
    cp "$work/club/vdeavk_invaliditate.xml" "$work/club/twin.xml"
    sed -n 's/VDEAVK.disability,[^,]*/VDEAVK.disabilities,twin.xml/p' "$work/club/delivery.csv" >"$work/twin"
    cat "$work/twin" >>"$work/club/delivery.csv"
    row 3 "VDEAVK.disabilit[a-z]* and VDEAVK.disabilit[a-z]*: names must differ in the first 15" \
        "names that a manifest cannot tell apart, in a dry run" build --exports "$work/club" \
        --registers "$work/registers" --snapshots "$work/club.made" $keys --dry-run
    rm "$work/registers/twin.register"
    row 1 "a file of register club.swimmer wanted, none listed" "and from then on it is wanted" build \
        --exports $exports --registers "$work/registers" --snapshots "$work/club.made" $keys
    row 1 "held: group swimmer has no persons" "or named absent, and nobody is known to be in it" \
        build --exports $exports --registers "$work/registers" --catalogue "$work/club.catalogue" \
        --snapshots "$work/club.made" $keys --absent club.swimmer
    mkdir "$work/no-reliefs.catalogue" "$work/no-groups.catalogue"
    cp loader/catalogue/00-latvia.rules loader/catalogue/products.csv "$work/no-reliefs.catalogue"
    echo "# nothing" >"$work/no-groups.catalogue/only.rules"
    for none in no-reliefs no-groups; do
        row 0 "published" "a catalogue with $none" build --exports $exports --catalogue "$work/$none.catalogue" \
            --snapshots "$work/$none" $keys
        row 0 " 1 reliefs, 1 clauses" "$none: the reserved one is there" verify \
            --snapshots "$work/$none" $trust
    done
}

# ---- explain ----

# explain STATUS "pattern" "what" IDENTIFIER WORD ...
explain() {
    wanted=$1 pattern=$2 what=$3 identifier=$4
    shift 4
    echo "$identifier" | timeout 60 "$ELIG_BIN/eligload" explain --quiet --exports $exports "$@" \
        >"$work/out" 2>&1
    judge $? "$wanted" "$pattern" "$what"
}
explain 0 "^vsaa_pensijas.csv:4: VSAA.pension.old_age from 2015-01-01, open end" \
    "a row under a previous code" 320000-00106
explain 0 "^pmlp_personas.csv:7: person" "a previous code leads to the person" 010150-00017
explain 0 "^pensioner_riga: yes" "a group of a person" 32000000106
explain 0 "^pensioner: no" "a pension ends with death" 320000-00105 --day 2026-01-10
explain 0 "^pensioner: yes" "and not before" 320000-00105 --day 2026-01-09 --group pensioner
explain 0 "^senior_75: no" "the day before a birthday" 320000-00104 --day 2026-02-09
explain 0 "^senior_75: yes" "the birthday" 320000-00104 --day 2026-02-10
explain 0 "^needy: unknown" "what is not delivered" 320000-00120
explain 0 "^pmlp_personas.csv:20: person" "a card given to another person" 118 --means e-talons
explain 0 "^pmlp_eid.csv:5: eid from 2020-03-03 until 2026-01-05" "a lost card ends" PA0000117 \
    --means eid
explain 1 "not found" "nobody" 320000-00999
explain 1 "not found" "a means of nobody" PA9999999 --means eid
explain 2 'no group "pensionr", did you mean "pensioner"' "a mistyped group" 320000-00101 \
    --group pensionr
explain 2 "standard input" "no identifier" abc
explain 2 "means" "a mistyped means" 320000-00101 --means passport

# ---- a generated country ----

"$ELIG_BIN/eligbench" country --persons 20000 --quiet "$work/country" >"$work/out" 2>&1 ||
    bad "no country: $(tail -1 "$work/out")"
# shellcheck disable=SC2086
{
    row 0 "published: generation 0000000000000001" "a country" \
        build --exports "$work/country" --snapshots "$work/land" $keys
    "$ELIG_BIN/eligbench" agree --truth "$work/country/truth.csv" --snapshots "$work/land" $trust \
        >"$work/out" 2>&1
    judge $? 0 "agree, 0 differ" "the country's truth"
    is "$(grep -cv '^[a-z_]*\.[a-z]*:[0-9]*:[0-9]*: [a-z].* ([0-9]*)$' "$work/land/0000000000000001.quarantine")" 0 \
        "every line of the quarantine says where and why"
    holds "the country's broken rows are not in the quarantine" \
        "$(wc -l <"$work/land/0000000000000001.quarantine")" -gt 50
    cat "$work/land/0000000000000001.quarantine" >>"$work/everything"
}

# ---- deliveries that are held back ----

# A fresh copy of the country's deliveries in $work/spoilt.
spoil() { rm -rf "$work/spoilt" && cp -r "$work/country" "$work/spoilt"; }
# announce REGISTER ROWS: what delivery.csv says of it.
announce() {
    awk -F, -v OFS=, -v name="$1" -v rows="$2" '$1 == name { $4 = rows } { print }' \
        "$work/spoilt/delivery.csv" >"$work/list" && cp "$work/list" "$work/spoilt/delivery.csv"
}
# held STATUS "pattern" "what" WORD ...: and the snapshot in service stays.
held() {
    before=$(current "$work/land")
    wanted=$1 pattern=$2 title=$3
    shift 3
    # shellcheck disable=SC2086
    row "$wanted" "$pattern" "$title" build --exports "$work/spoilt" --snapshots "$work/land" $keys "$@"
    is "$(current "$work/land")" "$before" "$title: CURRENT"
    holds "$title: left data behind" ! -e "$work/land/$(printf '%016x' $((0x$before + 1))).mdb"
}

spoil
head -2500 "$work/country/vsaa_pensijas.csv" >"$work/spoilt/vsaa_pensijas.csv"
announce VSAA.pension 2499
held 1 "held: VSAA.pension has 2499 rows, the snapshot in service [0-9]* (-5[0-9] %, bound 10 %)" \
    "a register that shrank"
held 1 "held: group pensioner has .* persons, the snapshot in service" "and its group"
held 1 "when they are right: --accept row-change:VSAA.pension" "what to do is said"
held 1 "held: group " "one gate accepted is not the other" --accept row-change
# shellcheck disable=SC2086
row 0 "accepted (row-change): VSAA.pension" "looked at and accepted" build --exports "$work/spoilt" \
    --snapshots "$work/land" $keys --accept row-change:VSAA.pension,group-change
# shellcheck disable=SC2086
row 0 "^pensioner .* -[0-9]* " "diff tells who lost" diff --snapshots "$work/land" $trust 1 2
# shellcheck disable=SC2086
row 1 "held: group pensioner .* (+" "growing back is held too" build --exports "$work/country" \
    --snapshots "$work/land" $keys
# shellcheck disable=SC2086
row 0 "published" "the whole country again" build --exports "$work/country" --snapshots "$work/land" \
    $keys --accept row-change,group-change

spoil
sed 's/^32/99/; s/^"32/"99/' "$work/country/izm_izglitojamie.csv" |
    awk 'NR > 1 && NR % 10 == 0 { sub(/^"[^"]*"/, "\"9\"") } { print }' >"$work/spoilt/izm_izglitojamie.csv"
held 1 "held: IZM.learner: [0-9]* of [0-9]* rows were refused (bound" "a flood of broken rows"

spoil
grep -v '^VBTAI' "$work/country/delivery.csv" >"$work/spoilt/delivery.csv"
held 1 "a file of register VBTAI.orphan wanted, none listed" "a register that is missing"
held 1 "held: group orphan_learning has no persons" "named as absent, its group is held" \
    --absent VBTAI.orphan
rm "$work/spoilt/vbtai_barenji.csv"
cp "$work/country/delivery.csv" "$work/spoilt/delivery.csv"
held 1 "vbtai_barenji.csv" "a file that is missing"

spoil
head -c 300000 "$work/country/pmlp_personas.csv" >"$work/spoilt/pmlp_personas.csv"
held 1 "pmlp_personas.csv: [0-9]* rows wanted, .* found: the file is cut" "a truncated delivery"
spoil
head -c 50000 "$work/country/vdeavk_invaliditate.xml" >"$work/spoilt/vdeavk_invaliditate.xml"
held 1 "vdeavk_invaliditate.xml" "truncated XML"

spoil
sed -i.old 's/^SIF.family,\([^,]*\),[^,]*/SIF.family,\1,2026-10-30/' "$work/spoilt/delivery.csv"
held 1 "held: SIF.family is of 2026-10-30, the snapshot in service has it of 2026-11-01" \
    "an older file again"
sed -i.old 's/^SIF.family,\([^,]*\),[^,]*/SIF.family,\1,2399-01-01/' "$work/spoilt/delivery.csv"
held 1 "held: SIF.family is of 2399-01-01, today is" "a file of a day to come" --as-of 2026-11-01
spoil
echo "XX.unknown,x.csv,2026-11-01,1," >>"$work/spoilt/delivery.csv"
held 1 "delivery.csv:13" "a register that nobody described"
echo "group g = age >= banana" >"$work/bad.rules"
spoil
held 1 "bad.rules:1:1[0-9]: " "rules that are wrong" --catalogue "$work/bad.rules"
cp -r loader/catalogue "$work/cut"
rm "$work/cut/60-leisure.rules" "$work/cut/30-school.rules" "$work/cut"/*.cases
grep -vE ',(SCHOOL|LUNCH|SENIOR|MUSEUM|CITY-DAY|CULTURE|OPERA)' loader/catalogue/contracts.csv >"$work/cut/contracts.csv"
held 1 "held: relief SCHOOL-LUNCH is in the snapshot in service and is not in the rules" \
    "rules that were cut" --catalogue "$work/cut"
held 1 "when they are right: --accept relief-gone:MUSEUM" "and every relief is told" \
    --catalogue "$work/cut"
cp -r loader/catalogue "$work/doubted"
sed -i 's/^  clause riga_staff \(.*\) 50%/  clause riga_staff \1 40%/' "$work/doubted/20-riga.rules"
held 1 "held: [0-9]* of [0-9]* cases of the catalogue: .*r09-list.cases:[0-9]*:" \
    "reliefs that are not what their cases expect" --catalogue "$work/doubted"
cp "$work/land/CURRENT" "$work/CURRENT.kept"
for damage in gone empty garbage; do
    rm -f "$work/land/CURRENT"
    case $damage in empty) : >"$work/land/CURRENT" ;; garbage) echo "?" >"$work/land/CURRENT" ;; esac
    # shellcheck disable=SC2086
    row 1 "held: the snapshot in service cannot be compared with: .*CURRENT" "CURRENT is $damage" \
        build --exports $exports --snapshots "$work/land" $keys
    # shellcheck disable=SC2086
    row 1 "held: the snapshot in service cannot be compared with: .*CURRENT" \
        "CURRENT is $damage, a dry run" build --exports $exports --snapshots "$work/land" $keys --dry-run
done
cp "$work/CURRENT.kept" "$work/land/CURRENT"
held 3 "nothing-here" "a key that is missing" --identity-key "$work/nothing-here"
chmod 644 "$work/other-identity"
held 3 "other-identity" "a key that others can read" --identity-key "$work/other-identity"
chmod 600 "$work/other-identity"

held 1 "held: the snapshot in service cannot be compared with: .*another identity key" \
    "a new identity key is said first" --identity-key "$work/other-identity"
# shellcheck disable=SC2086
row 0 "accepted (parent)" "and then accepted" build --exports "$work/country" --snapshots "$work/land" \
    --identity-key "$work/other-identity" --signing-key "$work/signing" --accept parent
# shellcheck disable=SC2086
row 0 "different identity keys" "diff across keys" diff --snapshots "$work/land" --signing-public \
    "$work/signing.pub" --identity-key "$work/other-identity" --identity-key-before "$work/identity" \
    "$(printf '%x' $((0x$(current "$work/land") - 1)))" "$(current "$work/land")"

# ---- snapshots that are refused ----

# A copy of the hand-made snapshot in $work/copy, its files writable; $data and $page are its two.
copy() {
    chmod -R u+w "$work/copy" 2>/dev/null
    rm -rf "$work/copy"
    cp -r "$work/hand" "$work/copy"
    chmod -R u+w "$work/copy"
    data=$work/copy/$(current "$work/copy").mdb page=$work/copy/$(current "$work/copy").man
}
# flip FILE OFFSET: its lowest bit.
flip() {
    byte=$(od -An -tu1 -j "$2" -N 1 "$1")
    # shellcheck disable=SC2059 # the format is the byte
    printf "\\$(printf %03o $((byte ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc 2>"$work/dd"
}
# refused "pattern" "what" WORD ...
refused() {
    pattern=$1 what=$2
    shift 2
    # shellcheck disable=SC2086
    row 1 "$pattern" "$what" verify --snapshots "$work/copy" $trust "$@"
}
copy
# shellcheck disable=SC2086
row 0 "generation" "an untouched copy" verify --snapshots "$work/copy" $trust
for offset in 0 24 4096 12345 20000 36863; do
    copy
    flip "$data" $offset
    refused "not the data its manifest was signed for" "a bit flipped at $offset of the data"
done
for offset in 0 8 100 1983 1984 2047; do
    copy
    flip "$page" $offset
    refused "not the manifest that CURRENT names\|not a manifest\|signature does not fit\|signed by another\|format" \
        "a bit flipped at $offset of the manifest"
    refused "the signature does not fit\|not a manifest\|signed by another\|format" \
        "the same, asked for by name" --generation "$(current "$work/copy")"
done
copy
truncate -s 20000 "$data"
refused "its manifest says [0-9]*: cut short or replaced" "truncated data"
truncate -s 0 "$data"
refused "its manifest says [0-9]*: cut short or replaced" "empty data"
copy
truncate -s 1000 "$page"
refused "1000 bytes; wanted exactly 2048" "a truncated manifest"
copy
dd if=/dev/zero of="$page" bs=1 seek=1984 count=64 conv=notrunc 2>"$work/dd"
refused "not signed" "an unsigned manifest" --generation "$(current "$work/copy")"
copy
row 1 "signed by another key" "a foreign key" verify --snapshots "$work/copy" --signing-public \
    "$work/foreign.pub" --identity-key "$work/identity"
row 1 "made with another identity key" "a wrong identity key" verify --snapshots "$work/copy" \
    --signing-public "$work/signing.pub" --identity-key "$work/other-identity"
refused "made for environment 0, this is environment 7" "another environment" --environment 7
copy
newest=$(current "$work/copy")
older=0000000000000005
hash=$(awk '{ print $2 }' "$work/copy/CURRENT")
printf '%s %s\n' $older "$hash" >"$work/copy/CURRENT"
refused "not the manifest that CURRENT names" "CURRENT with an older name"
cp "$work/hand/CURRENT" "$work/CURRENT.newest"
# shellcheck disable=SC2086
row 0 "published" "an older CURRENT to keep" build --exports $exports --snapshots "$work/back" $keys
cp "$work/back/CURRENT" "$work/CURRENT.old"
# shellcheck disable=SC2086
row 0 "published" "a newer one" build --exports $exports --snapshots "$work/back" $keys
chmod u+w "$work/back/CURRENT"
cp "$work/CURRENT.old" "$work/back/CURRENT"
# shellcheck disable=SC2086
row 1 "generation 0000000000000001 is not newer than 0000000000000002" "CURRENT restored from a backup" \
    verify --snapshots "$work/back" $trust --above 2
row 0 "CURRENT names an older generation" "list says so" list --snapshots "$work/back" \
    --signing-public "$work/signing.pub"
# shellcheck disable=SC2086
row 0 "published: generation 0000000000000003" "the next build goes above both" build \
    --exports $exports --snapshots "$work/back" $keys
copy
rm "$work/copy/CURRENT"
refused "CURRENT" "no CURRENT"
copy
flip "$work/copy/$newest.man" 1984
truncate -s 4096 "$work/copy/0000000000000007.mdb"
row 0 "BAD" "list marks what is damaged" list --snapshots "$work/copy" --signing-public "$work/signing.pub"

# ---- trouble while publishing ----

mkfifo "$work/fifo"
# shellcheck disable=SC2086 # holds the lock while it waits for its rules
timeout 60 "$ELIG_BIN/eligload" build --exports $exports --snapshots "$work/hand" $keys \
    --catalogue "$work/fifo" >"$work/first" 2>&1 &
first=$!
exec 9>"$work/fifo" # waits until it has opened its rules, which is after it took the lock
# shellcheck disable=SC2086
row 3 "another publisher is at work here" "two loaders at once" build --exports $exports \
    --snapshots "$work/hand" $keys
echo "nonsense" >&9
exec 9>&-
wait $first
is $? 1 "the first one reads on"

before=$(current "$work/land")
# A write beyond the limit fails as on a full disk; the parent's copy in memory does so too.
(
    trap '' XFSZ
    ulimit -f 500
    exec timeout 60 "$ELIG_BIN/eligload" build --exports "$work/country" --snapshots "$work/land" \
        --identity-key "$work/other-identity" --signing-key "$work/signing" --accept parent
) >"$work/out" 2>&1
judge $? 3 "eligload: .*land" "no room for the file"
is "$(current "$work/land")" "$before" "no room: CURRENT"
is "$(find "$work/land" -name '*.tmp')" "" "no room: nothing half-written stays"

# shellcheck disable=SC3045 # every sh of Debian has -v
if (ulimit -v 60000 && "$ELIG_BIN/eligload" --version) >"$work/out" 2>&1; then
    for kilobytes in 10000 13000 16000; do
        (
            ulimit -v $kilobytes
            exec "$ELIG_BIN/eligload" build --exports "$work/country" --snapshots "$work/land" \
                --identity-key "$work/other-identity" --signing-key "$work/signing"
        ) >"$work/out" 2>&1
        judge $? 3 "out of memory" "$kilobytes KB of memory"
    done
    is "$(current "$work/land")" "$before" "no memory: CURRENT"
else
    echo "skipped: memory that runs out (a sanitizer wants all there is)"
fi

mkdir "$work/tiny"
if [ "$(id -u)" -eq 0 ] && mount -t tmpfs -o size=1500k tmpfs "$work/tiny" 2>/dev/null; then
    # shellcheck disable=SC2086
    row 0 "published" "a small disk has room for one" build --exports "$work/country" \
        --snapshots "$work/tiny/land" $keys
    # shellcheck disable=SC2086
    row 3 "the disk full\|No space left" "a full disk" build --exports "$work/country" --snapshots "$work/tiny/land" $keys
    # shellcheck disable=SC2086
    row 0 "generation  0000000000000001" "a full disk: the old one stays" verify \
        --snapshots "$work/tiny/land" $trust
    is "$(find "$work/tiny" -name '*.tmp')" "" "a full disk: nothing half-written stays"
    umount "$work/tiny"
else
    echo "skipped: no tmpfs to fill (needs root)"
fi

# ---- memory is short ----

"$ELIG_BIN/eligbench" country --persons 100000 --no-truth --quiet "$work/larger" >"$work/out" 2>&1 ||
    bad "no larger country: $(tail -1 "$work/out")"
mkdir "$work/waiting"
# What waits in files, and how many threads there are, does not show: not in the data, whatever is said
# of rows. The manifest has the second of its making in it.
for words in "--threads 1" "--threads 5" "--memory 1 --threads 1" "--memory 1" "--memory 8 --threads 4 --work-dir $work/waiting"; do
    rm -rf "$work/again"
    # shellcheck disable=SC2086
    row 0 "published" "a build with $words" build --exports "$work/larger" --snapshots "$work/again" \
        --identity-key "$work/identity" --signing-key "$work/signing" --summary "$work/again.json" $words
    case $words in
    *memory*) grep -q "bytes waited in files" "$work/out" || bad "$words: nothing waited in files" ;;
    *) cp "$work/again/0000000000000001.mdb" "$work/first.mdb" && cp "$work/again/0000000000000001.quarantine" "$work/first.quarantine" ;;
    esac
    same "$work/again/0000000000000001.mdb" "$work/first.mdb" "$words: data"
    same "$work/again/0000000000000001.quarantine" "$work/first.quarantine" "$words: refused rows"
done
is "$(ls -A "$work/waiting")" "" "files of what waited have names"
# Before anything is read, and also where nothing would have to wait there.
for mebibytes in 1 4096; do
    row 3 "nowhere: making a file for what does not fit --memory, after 0 bytes" \
        "a work folder that is not there, $mebibytes MiB" build --exports "$work/larger" --snapshots "$work/again" \
        --identity-key "$work/identity" --signing-key "$work/signing" --memory $mebibytes --work-dir "$work/nowhere"
done
is "$(current "$work/again")" 0000000000000001 "no work folder: CURRENT"
(
    trap '' XFSZ
    ulimit -f 500
    exec timeout 60 "$ELIG_BIN/eligload" build --exports "$work/larger" --snapshots "$work/again" --memory 1 \
        --identity-key "$work/identity" --signing-key "$work/signing" --work-dir "$work/waiting"
) >"$work/out" 2>&1
judge $? 3 "waiting: writing what does not fit --memory" "no room for what waits"
is "$(ls -A "$work/waiting")" "" "no room for what waits: nothing stays"
is "$(current "$work/again")" 0000000000000001 "no room for what waits: CURRENT"
# ---- files that have not changed ----

mkdir -m 700 "$work/parsed"
cp -r "$work/larger" "$work/next"
for words in "first --threads 2" "again --threads 5" "again --memory 1"; do
    rm -rf "$work/anew"
    case $words in first*) kept_count=0 ;; *) kept_count=11 ;; esac
    # shellcheck disable=SC2086
    row 0 "published" "parsed $words" build --exports "$work/next" --snapshots "$work/anew" --identity-key "$work/identity" \
        --signing-key "$work/signing" --summary "$work/anew.json" --parsed-dir "$work/parsed" ${words#* }
    is "$(grep -c '"unchanged": true' "$work/anew.json")" "$kept_count" "parsed $words: files that were not parsed again"
    same "$work/anew/0000000000000001.mdb" "$work/first.mdb" "parsed $words: data"
    same "$work/anew/0000000000000001.quarantine" "$work/first.quarantine" "parsed $words: refused rows"
done
grep -q "unchanged" "$work/out" || bad "parsed again: the table does not say so"
# One digit in one file, and all of them of another minute.
sed -i '1000s/1/2/' "$work/next/izm_izglitojamie.csv"
touch "$work/next"/*
# shellcheck disable=SC2086
row 0 "published" "a file that changed" build --exports "$work/next" --snapshots "$work/anew" --identity-key "$work/identity" \
    --signing-key "$work/signing" --summary "$work/anew.json" --parsed-dir "$work/parsed"
is "$(grep -c '"unchanged": true' "$work/anew.json")" 10 "a file that changed: the others"
row 0 "published" "a file that changed, parsed" build --exports "$work/next" --snapshots "$work/plainly" --identity-key "$work/identity" \
    --signing-key "$work/signing"
same "$work/anew/0000000000000002.mdb" "$work/plainly/0000000000000001.mdb" "a file that changed: data"
(
    trap '' XFSZ
    rm "$work/parsed"/*
    ulimit -f 5000
    exec timeout 60 "$ELIG_BIN/eligload" build --exports "$work/next" --snapshots "$work/anew" --dry-run \
        --identity-key "$work/identity" --signing-key "$work/signing" --parsed-dir "$work/parsed"
) >"$work/out" 2>&1
judge $? 0 "parsed/PMLP.persons.1.parsed: File too large; pmlp_personas.csv will be parsed again" "no room for what is kept"
is "$(find "$work/parsed" -name '*.new')" "" "no room for what is kept: nothing half-made stays"
for tenths in 01 02 03 04 06; do
    rm -f "$work/parsed"/*.parsed
    "$ELIG_BIN/eligload" build --exports "$work/next" --snapshots "$work/anew" --dry-run --quiet \
        --identity-key "$work/identity" --signing-key "$work/signing" --parsed-dir "$work/parsed" >"$work/out" 2>&1 &
    loader=$!
    sleep "0.$tenths"
    kill -9 $loader 2>/dev/null
    wait $loader 2>/dev/null
done
row 0 "published" "after the killing" build --exports "$work/next" --snapshots "$work/anew" --identity-key "$work/identity" \
    --signing-key "$work/signing" --parsed-dir "$work/parsed"
same "$work/anew/0000000000000003.mdb" "$work/plainly/0000000000000001.mdb" "after the killing: data"
is "$(find "$work/parsed" -name '*.new')" "" "after the killing: nothing half-made stays"
chmod 755 "$work/parsed"
row 3 "parsed: mode 0755 lets others in, and the population will be in it: chmod 700 it" "a folder for all" build \
    --exports "$work/next" --snapshots "$work/anew" --identity-key "$work/identity" --signing-key "$work/signing" --parsed-dir "$work/parsed"

# shellcheck disable=SC2086
row 0 "published" "before the killing" build --exports "$work/larger" --snapshots "$work/killed" $keys
killed=0
for tenths in 02 05 08 11 14 17 20 25 30 35; do
    before=$(current "$work/killed")
    # shellcheck disable=SC2086
    "$ELIG_BIN/eligload" build --exports "$work/larger" --snapshots "$work/killed" $keys --quiet --memory 1 \
        >"$work/out" 2>&1 &
    loader=$!
    sleep "0.$tenths"
    kill -9 $loader 2>/dev/null
    wait $loader 2>/dev/null
    status=$?
    [ $status -eq 137 ] && killed=$((killed + 1))
    after=$(current "$work/killed")
    holds "killed after 0.$tenths s: CURRENT went from $before to $after" "$((0x$after))" -ge "$((0x$before))"
    # shellcheck disable=SC2086
    row 0 "generation  $after" "killed after 0.$tenths s: one is in service" verify \
        --snapshots "$work/killed" $trust
done
holds "no loader was killed: the machine is too fast for this test" $killed -gt 0
: >"$work/killed/00000000000000ff.mdb.tmp"
: >"$work/killed/00000000000000fe.mdb"
: >"$work/killed/CURRENT.tmp"
# shellcheck disable=SC2086
row 0 "published: generation 0000000000000100" "the next build goes on above all leftovers" \
    build --exports "$work/larger" --snapshots "$work/killed" $keys --keep 1
is "$(cd "$work/killed" && echo *)" "0000000000000100.man 0000000000000100.mdb 0000000000000100.quarantine CURRENT" \
    "and sweeps them"

# ---- nothing that was said names anybody ----

tr -d -c '0-9A-Z\n' <"$work/everything" >"$work/digits"
grep -Eo '^[0-9]{6}-?[0-9]{5}' $exports/pmlp_personas.csv | tr -d - >"$work/codes"
cut -d, -f1 $exports/pmlp_eid.csv | sed 1d >>"$work/codes"
sed -n 's/^P,\([0-9]*\).*/\1/p' "$work/country/truth.csv" | head -5000 >>"$work/codes"
holds "no identifiers to look for" "$(wc -l <"$work/codes")" -gt 5000
found=$(grep -cFf "$work/codes" "$work/digits")
is "$found" 0 "identifiers in what was said"

echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
