#!/bin/sh
# One purchase and more for each shape of relief, R1 to R19, asked of a running eligd: the example
# catalogue, and a small delivery of persons who do not exist. In between a second delivery comes, with
# cards that were replaced and a code that was changed, and an emergency is declared.
# usage: tests/reliefs.sh WORK_FOLDER, which is made; exit status 0 when all answers are as expected
set -u
: "${ELIG_BIN:=build/bin}" "${ELIG_TOP:=.}"
work=${1:?usage: tests/reliefs.sh WORK_FOLDER}
here=$ELIG_TOP/tests/reliefs
server=
fail() {
    echo "reliefs: $*" >&2
    [ ! -s "$work/log" ] || tail -5 "$work/log" >&2
    exit 1
}
trap '[ -z "$server" ] || kill "$server" 2>/dev/null' EXIT
trap 'exit 1' HUP INT TERM

wait_until() { # COMMAND ...
    tries=200
    while ! "$@" 2>/dev/null; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || return 1
        sleep 0.05
    done
}
# The member of an answer's JSON.
member() { sed -n "s/^ *\"$1\": \"*\([^\",]*\)\"*,*\$/\1/p" "$work/$2" | head -1; }

rm -rf "$work"
mkdir -p "$work" || fail "cannot write to $work"
{
    "$ELIG_BIN/eligctl" keygen identity "$work/identity.key" && "$ELIG_BIN/eligctl" keygen signing "$work/signing.key"
} >"$work/log" 2>&1 || fail "no keys"

# publish EXPORTS CATALOGUE: a year back and more ahead can be asked about
publish() {
    "$ELIG_BIN/eligload" build --exports "$1" --catalogue "$2" --registers "$ELIG_TOP/loader/registers" \
        --snapshots "$work/snapshots" --identity-key "$work/identity.key" --signing-key "$work/signing.key" \
        --environment 7 --back-days 365 --ahead-days 400 --quiet >"$work/log" 2>&1
}

# In 1/10000 EUR
amount() { echo "$1" | awk '{ printf "%d", $1 * 10000 + 0.5 }'; }

asked=0 expected=0
# ask ROUND: prints each question, what was answered, and whether that was expected
ask() {
    grep "^$1;" "$here/questions.csv" >"$work/questions"
    while IFS=';' read -r _ shape who means identifier entry product point price quantity companions at status relief payable sentence; do
        number=$(awk -F, -v name="$product" '$2 == name { print $1 }' "$ELIG_TOP/loader/catalogue/products.csv")
        [ -n "$number" ] || fail "the catalogue has no product $product"
        for form in "" --json; do
            # shellcheck disable=SC2086 # no word where there is no form
            printf '%s\n' "$identifier" | "$ELIG_BIN/eligctl" check --connect "unix:$work/socket" --means "$means" \
                --entry "$entry" --product "$number" --point-of-sale "$point" --price "$price" --quantity "$quantity" \
                --companions "$companions" --at "$at" $form >"$work/answer$form" 2>&1
        done
        verdict="NOT AS EXPECTED ($status, $relief EUR)"
        if [ "$(member status answer--json)" = "$status" ] && [ "$(member relief_amount answer--json)" = "$(amount "$relief")" ] &&
            [ "$(member payable answer--json)" = "$(amount "$payable")" ]; then
            verdict="as expected"
            expected=$((expected + 1))
        fi
        asked=$((asked + 1))
        printf '   %-4s%s: %s %s at %s EUR, %s. %s\n       -> %s [%s]\n' "$shape" "$who" "$quantity" "$product" "$price" "$at" \
            "$sentence" "$(sed 's/ Snapshot [0-9].*//; q' "$work/answer")" "$verdict"
    done <"$work/questions"
}

publish "$here/first" "$ELIG_TOP/loader/catalogue" || fail "the catalogue was not published"
"$ELIG_BIN/eligd" --snapshots "$work/snapshots" --identity-key "$work/identity.key" \
    --signing-public "$work/signing.key.pub" --environment 7 --unix "$work/socket" >"$work/eligd.log" 2>&1 &
server=$!
wait_until grep -q event=ready "$work/eligd.log" || fail "eligd does not serve"
ask 1

# Two days later
mkdir "$work/exports" "$work/catalogue" || fail "cannot write to $work"
cp "$here/first"/* "$work/exports/"
cp "$here/second"/* "$work/exports/"
# Without the cases: some say what holds when there is no emergency.
cp "$ELIG_TOP/loader/catalogue"/*.rules "$ELIG_TOP/loader/catalogue"/*.csv "$work/catalogue/"
cp "$here/emergency.rules" "$work/catalogue/95-emergency.rules"
publish "$work/exports" "$work/catalogue" || fail "the second delivery was not published"
kill -HUP "$server"
is_second() {
    "$ELIG_BIN/eligctl" status --connect "unix:$work/socket" --json >"$work/status" && [ "$(member generation status)" = 2 ]
}
wait_until is_second || fail "the second snapshot is not in service"
ask 2

kill "$server" 2>/dev/null
wait "$server" 2>/dev/null
server=
echo "$expected of $asked answers for R1 to R19 were as expected"
[ "$asked" -gt 0 ] && [ "$expected" -eq "$asked" ]
