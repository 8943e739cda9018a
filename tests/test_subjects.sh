#!/bin/sh
# Whom a ledger counts for, from register to snapshot: the subjects that stand in the data file are
# those that the second implementation works out, and they stay when codes, cards and digests change.
set -u
: "${ELIG_BIN:=build/bin}" "${ELIG_TOP:=.}"
python=$(command -v /usr/bin/python3 || command -v python3) || {
    echo "no python3 (apt-get install python3)"
    exit 77
}
work=$(mktemp -d) || exit 3
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
export PYTHONDONTWRITEBYTECODE=1
passed=0 failed=0
good() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "$*"; }
is() { if [ "$1" = "$2" ]; then good; else bad "$3: wanted \"$2\", found \"$1\""; fi; }

for key in identity:identity signing:signing subject:subject subject:other; do
    "$ELIG_BIN/eligctl" keygen "${key%:*}" "$work/${key#*:}" >"$work/out" || bad "no ${key%:*} key"
done
cp -r "$ELIG_TOP/tests/fixtures/exports" "$work/exports"
mkdir "$work/keys" && chmod 700 "$work/keys"

# build FOLDER WORD ...: $work/FOLDER's newest snapshot
build() {
    folder=$1
    shift
    "$ELIG_BIN/eligload" build --exports "$work/exports" --snapshots "$work/$folder" \
        --signing-key "$work/signing" --quiet "$@" >"$work/out" 2>&1 ||
        bad "build: exit $?: $(tail -1 "$work/out")"
    data=$work/$folder/$(cut -c1-16 "$work/$folder/CURRENT").mdb
}

# count KEY CODE: how often the data file has the subject of the code under the key. LMDB leaves
# earlier copies of a page behind; each has those of the test identity, of four means.
count() {
    "$python" - "$ELIG_TOP/tests/oracle" "$work/$1" "$2" "$data" <<'END'
import sys
sys.path.insert(0, sys.argv[1])
import elig_oracle
key = bytes.fromhex(open(sys.argv[2]).read().split()[1])
data = open(sys.argv[4], "rb").read()
found, test = (data.count(elig_oracle.subject(key, 1, code).to_bytes(8, "little"))
               for code in (sys.argv[3], "01010000018"))
print(found if test == 0 else 4 * found // test)
END
}

one="--identity-key $work/identity"
# shellcheck disable=SC2086 # two words
{
    build a $one --subject-key "$work/subject"
    is "$(count subject 32000000101)" 3 "a code, an eID card and an e-talons"
    is "$(count subject 01015000017)" 2 "a code that was changed, and its eID card"
    is "$(count subject 32000000106)" 0 "the code that is good now"
    is "$(count subject 01010000018)" 4 "a test identity, of every means"
    is "$(count other 32000000101)" 0 "under a key that it was not made with"

    # The code changes, changes again, and the register forgets the row in between.
    sed -i 's/^320000-00101;;/320000-00201;320000-00101;/' "$work/exports/pmlp_personas.csv"
    build a $one --subject-key "$work/subject"
    is "$(count subject 32000000101)" 3 "after the code was changed"
    sed -i 's/^320000-00201;320000-00101;/320000-00301;320000-00201 320000-00101;/' \
        "$work/exports/pmlp_personas.csv"
    build a $one --subject-key "$work/subject"
    is "$(count subject 32000000101)" 3 "after it was changed once more"
    is "$(count subject 32000000201)$(count subject 32000000301)" 00 "later codes count for nobody"

    # A new card, under the newest code and in a snapshot with another identity key.
    echo '0000201;320000-00301;2026-01-10;2031-01-09;derīgs;' >>"$work/exports/rs_etaloni.csv"
    sed -i 's/^\(RS.etalons,.*\),4,/\1,5,/' "$work/exports/delivery.csv"
    build b --identity-keys "$work/keys" --subject-key "$work/subject"
    is "$(count subject 32000000101)" 4 "with another card, under another identity key"

    # Two keys have nothing in common, and without one there is nothing.
    build c $one --subject-key "$work/other"
    is "$(count other 32000000101)" 4 "under the other key"
    is "$(count subject 32000000101)$(count subject 01010000018)" 00 "nobody under the first"
    build d $one
    is "$(count subject 32000000101)$(count other 32000000101)" 00 "without a key"
    folder_number=0 # the last one has none
    for folder in a c d; do
        "$ELIG_BIN/eligload" verify --snapshots "$work/$folder" $one \
            --signing-public "$work/signing.pub" >"$work/out" 2>&1
        is $? 0 "$folder is opened"
        is "$(grep -c 'subjects for a ledger' "$work/out")" $((folder_number < 2)) "$folder has subjects"
        folder_number=$((folder_number + 1))
    done
    same=$(cmp "$work/d/0000000000000001.mdb" "$work/c/0000000000000001.mdb" 2>&1)
    is "${same:+differ}" differ "with and without subjects"

    # A key that is of another kind, or that others can read.
    for what in "identity:not a key of this kind" "subject:lets others read"; do
        chmod 640 "$work/subject"
        "$ELIG_BIN/eligload" build --exports "$work/exports" --snapshots "$work/e" \
            --signing-key "$work/signing" $one --subject-key "$work/${what%%:*}" >"$work/out" 2>&1
        is $? 3 "${what#*:}"
        if grep -q "${what#*:}" "$work/out"; then good; else bad "$(tail -1 "$work/out")"; fi
        if [ -e "$work/e" ]; then bad "something was written"; else good; fi
    done
}

echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
