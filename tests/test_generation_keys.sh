#!/bin/sh
# Every snapshot its own identity key, with the real programs: made with it, asked for by whoever
# opens it, destroyed with it, and nothing left or lost when a loader is killed.
set -u
: "${ELIG_BIN:=build/bin}"
work=$(mktemp -d) || exit 3
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
passed=0 failed=0
good() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "$*"; }

# row STATUS "pattern of a line" "what is shown" PROGRAM WORD ...: stdout and stderr in $work/out.
row() {
    wanted=$1 pattern=$2 what=$3 program=$4
    shift 4
    timeout 60 "$ELIG_BIN/$program" "$@" >"$work/out" 2>&1
    status=$?
    cat "$work/out" >>"$work/everything"
    if [ $status -ne "$wanted" ]; then
        bad "$what: exit $status, wanted $wanted: $(tail -1 "$work/out")"
    elif ! grep -q -- "$pattern" "$work/out"; then
        bad "$what: wanted \"$pattern\", found: $(tail -1 "$work/out")"
    else
        good
    fi
}
is() { if [ "$1" = "$2" ]; then good; else bad "$3: wanted \"$2\", found \"$1\""; fi; }
current() { cut -c1-16 "$1/CURRENT"; }
# The names in a folder of keys, without zeros and ends: "1 2".
keys_in() { for key in "$1"/*; do echo "${key##*/}"; done | sed 's/^0*//; s/\.key$//' | tr '\n' ' ' | sed 's/ $//'; }

"$ELIG_BIN/eligctl" keygen identity "$work/identity" >"$work/out"
"$ELIG_BIN/eligctl" keygen signing "$work/signing" >"$work/out"
exports=tests/fixtures/exports
# The same without one register.
without() {
    cp -r $exports "$work/without-$1"
    sed -i "/^$1,/d" "$work/without-$1/delivery.csv"
    echo "build --exports $work/without-$1 --absent $1"
}
hand=$work/hand keys=$work/keys
to="--snapshots $hand --identity-keys $keys --signing-key $work/signing"
build="build --exports $exports $to"
trust="--snapshots $hand --signing-public $work/signing.pub"

# shellcheck disable=SC2086 # several words
{
    # ---- made ----

    row 2 "no identity key: give --identity-keys DIR" "no key named" \
        eligload build --exports $exports --snapshots "$hand" --signing-key "$work/signing"
    row 2 "both kinds of identity key" "two kinds of key named" eligload $build --identity-key "$work/identity"
    row 0 "dry-run" "a dry run" eligload $build --dry-run
    if [ -e "$keys" ]; then bad "a dry run makes a folder or a key"; else good; fi
    row 0 "published: generation 0000000000000001" "a first build" eligload $build
    is "$(keys_in "$keys")" "1" "it has a key"
    is "$(stat -c '%a' "$keys" "$keys/0000000000000001.key" | tr '\n' ' ')" "700 600 " "for us alone"
    row 0 "published: generation 0000000000000002" "a second build" eligload $build
    is "$(keys_in "$keys")" "1 2" "it has another"
    if cmp -s "$keys/0000000000000001.key" "$keys/0000000000000002.key"; then bad "the key is the same"; else good; fi
    orphans="$(without VBTAI.orphan) $to"
    row 1 "held: group orphan_learning has no persons" "a build that is held back" eligload $orphans
    is "$(keys_in "$keys")" "1 2" "leaves no key"
    row 1 "refused\|nothing" "a build that is refused" eligload $build --catalogue /dev/null
    is "$(keys_in "$keys")" "1 2" "leaves none either"
    row 3 "must not lie with the snapshots" "keys with the snapshots" eligload build --exports $exports \
        --snapshots "$hand" --signing-key "$work/signing" --identity-keys "$hand/keys"
    rm -rf "$hand/keys"

    # ---- asked for ----

    for generation in 1 2; do
        row 0 "generation  000000000000000$generation" "verify $generation" \
            eligload verify $trust --identity-keys "$keys" --generation $generation
    done
    row 2 "no identity key" "verify without a key" eligload verify $trust
    row 1 "another identity key" "one key for all of them is another's" \
        eligload verify $trust --identity-key "$keys/0000000000000001.key"
    row 0 "generation  0000000000000001" "and its own" \
        eligload verify $trust --identity-key "$keys/0000000000000001.key" --generation 1
    row 0 "different identity keys" "diff opens each with its own" \
        eligload diff $trust --identity-keys "$keys" 1 2
    row 0 "\* 0000000000000002" "list needs none" eligload list $trust
    row 0 "^  0000000000000001 .*[0-9]$" "list finds its keys" eligload list $trust --identity-keys "$keys"
    mv "$keys/0000000000000002.key" "$work/kept"
    row 0 "^\* 0000000000000002 .* no key$" "list says which have none" eligload list $trust --identity-keys "$keys"
    row 0 '"has_key": false' "as JSON, too" eligload list $trust --identity-keys "$keys" --json
    row 1 "0000000000000002.key: there is none" "without its key" eligload verify $trust --identity-keys "$keys"
    cp -p "$keys/0000000000000001.key" "$keys/0000000000000002.key"
    row 1 "another identity key" "with that of another" eligload verify $trust --identity-keys "$keys"
    mv "$work/kept" "$keys/0000000000000002.key"

    # what was last known is looked up with the key of the snapshot that knew it
    staff="$(without riga_staff) $to"
    row 0 "published" "a register that is not delivered" eligload $staff --accept group-empty:riga_staff
    row 0 "^riga_staff~14  *1 " "is known from before" eligload verify $trust --identity-keys "$keys"
    mv "$keys/0000000000000003.key" "$work/kept"
    row 1 "held: the snapshot in service cannot be compared with: .*0000000000000003.key: there is none" \
        "when the key is lost, that is said first" eligload $staff
    row 0 "published: generation 0000000000000004" "and then accepted" eligload $build --accept parent
    mv "$work/kept" "$keys/0000000000000003.key"

    # ---- destroyed ----

    row 0 "generation 0000000000000005, with the data of 0000000000000002" "rollback" \
        eligload rollback --snapshots "$hand" --to 2 --identity-keys "$keys" --signing-key "$work/signing"
    row 0 "generation  0000000000000005" "what came back opens" eligload verify $trust --identity-keys "$keys"
    ln "$keys/0000000000000003.key" "$work/link"
    row 0 "published: generation 0000000000000006" "a build that keeps two" eligload $build --keep 2
    is "$(keys_in "$keys")" "5 6" "the others' keys are gone"
    is "$(tr -d '\0' <"$work/link" | wc -c)" 0 "and their bytes"
    mv "$keys/0000000000000005.key" "$work/kept"
    row 3 "cannot go back there: .*0000000000000005.key: there is none" "rollback without the key" \
        eligload rollback --to 5 $to
    mv "$work/kept" "$keys/0000000000000005.key"
    is "$(current "$hand")" 0000000000000006 "changes nothing"
    row 3 "none belongs to a snapshot here" "keys of another folder" eligload build --exports $exports \
        --snapshots "$work/other" --signing-key "$work/signing" --identity-keys "$keys"
    is "$(keys_in "$keys")" "5 6" "stay"
    row 0 "published" "from one key for all" eligload build --exports $exports \
        --snapshots "$work/moved" --identity-key "$work/identity" --signing-key "$work/signing"
    mkdir -m 700 "$work/moved.keys"
    cp -p "$work/identity" "$work/moved.keys/0000000000000001.key"
    row 0 "published: generation 0000000000000002" "to a key for each" eligload build --exports $exports \
        --snapshots "$work/moved" --signing-key "$work/signing" --identity-keys "$work/moved.keys"
    is "$(keys_in "$work/moved.keys")" "1 2" "the old one stays until its snapshot goes"
}

# ---- killed ----

"$ELIG_BIN/eligbench" country --persons 20000 --quiet "$work/country" >"$work/out" 2>&1 ||
    bad "no country: $(tail -1 "$work/out")"
land=$work/land keys=$work/land.keys
build="build --exports $work/country --snapshots $land --identity-keys $keys --signing-key $work/signing --keep 2 --quiet"
trust="--snapshots $land --identity-keys $keys --signing-public $work/signing.pub"
# shellcheck disable=SC2086
{
    started=$(date +%s%N)
    row 0 "" "before the killing" eligload $build --json
    took_ms=$((($(date +%s%N) - started) / 1000000))
    killed=0
    for part in 10 25 40 55 65 75 80 85 90 93 96 98 100; do
        before=$(current "$land")
        "$ELIG_BIN/eligload" $build >"$work/out" 2>&1 &
        loader=$!
        sleep "$(echo "$took_ms $part" | awk '{ printf "%.3f", $1 * $2 / 100000 }')"
        kill -9 $loader 2>/dev/null
        wait $loader 2>/dev/null
        [ $? -eq 137 ] && killed=$((killed + 1))
        for man in "$land"/*.man; do
            name=${man##*/}
            name=${name%.man}
            [ ! -e "$land/$name.mdb" ] || [ -s "$keys/$name.key" ] || bad "killed at $part %: $name has no key"
        done
        [ "$((0x$(current "$land")))" -ge "$((0x$before))" ] || bad "killed at $part %: CURRENT went back"
        row 0 "generation  " "killed at $part %: one is in service" eligload verify $trust
    done
    [ $killed -gt 0 ] || bad "no loader was killed: the machine is too fast for this test"
    row 0 "" "the next build" eligload $build --json
    is "$(keys_in "$keys")" "$(cd "$land" && for man in *.man; do echo "${man%.man}"; done | sed 's/^0*//' | tr '\n' ' ' | sed 's/ $//')" \
        "has keys for snapshots that are there, and no other"
    row 0 "agree, 0 differ" "bench compares with the snapshot's own key" eligbench agree $trust --truth "$work/country/truth.csv"
    row 0 "identifiers" "and measures with it" eligbench micro $trust --truth "$work/country/truth.csv" --rounds 1
    row 2 "no identity key" "bench without a key" eligbench agree --snapshots "$land" --signing-public "$work/signing.pub" \
        --truth "$work/country/truth.csv"
}

# ---- nothing that was said holds a key ----

for key in "$work"/keys/*.key "$work"/land.keys/*.key "$work/identity"; do
    digits=$(cut -d' ' -f2 "$key")
    if grep -qF "$digits" "$work/everything"; then bad "a key was printed"; else good; fi
done

echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
