#!/bin/sh
# eligload catalogue-diff by its words and exit statuses.
set -u
: "${ELIG_BIN:=build/bin}" "${ELIG_TOP:=.}"
work=$(mktemp -d) || exit 3
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
good() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "$*"; }

# told STATUS WORDS what is otherwise in two catalogues
told() {
    want=$1 words=$2
    shift 2
    "$ELIG_BIN/eligload" catalogue-diff --registers "$ELIG_TOP/loader/registers" "$@" \
        >"$work/out" 2>&1
    got=$?
    if [ "$got" -eq "$want" ] && { [ -z "$words" ] || grep -qF -e "$words" "$work/out"; }; then
        good
    else
        cat "$work/out"
        bad "catalogue-diff $*: status $got, wanted $want and \"$words\""
    fi
}

mkdir "$work/old"
cat >"$work/old/city.rules" <<'END'
product city.ticket = 1001
group senior = age >= 75
relief RIGA-CITY giver 90011524360 from 2026-01-01
  clause senior product city.ticket discount 50%
END
printf 'number,title\n90011524360,Riga\n' >"$work/old/givers.csv"
cp -r "$work/old" "$work/same"
cp -r "$work/old" "$work/new"
sed 's/50%/60%/' "$work/old/city.rules" >"$work/new/city.rules"
cp -r "$work/old" "$work/bad"
printf 'number,title\n90011524361,Riga\n' >"$work/bad/givers.csv"

told 0 '' "$work/old" "$work/same"
if [ -s "$work/out" ]; then bad "something is said of two that are the same"; fi
told 1 'clause 1 of RIGA-CITY: discount was 50%, is 60%' "$work/old" "$work/new"
told 1 '"trait": "discount"' --json "$work/old" "$work/new"
told 1 'giver 90011524360: gone' "$work/old" "$work/old/city.rules"
told 2 'want 2 words' "$work/old"
told 3 'givers.csv:2: number: the check digit' "$work/old" "$work/bad"
told 3 'No such file or directory' "$work/old" "$work/none"
told 3 'No such file or directory' --registers "$work/none" "$work/old" "$work/new"

echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
