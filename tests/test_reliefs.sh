#!/bin/sh
# The example catalogue: its cases, enough of them for each shape of relief; the same shapes asked of a
# running engine; the session of RELIEFS.md, typed as it stands; and a catalogue of a thousand reliefs.
set -u
: "${ELIG_BIN:=build/bin}" "${ELIG_TOP:=.}"
work=$(mktemp -d) || exit 3
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
passed=0 failed=0
good() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "$*"; }
catalogue=$ELIG_TOP/loader/catalogue

# ---- cases ----

"$ELIG_BIN/eligload" test --registers "$ELIG_TOP/loader/registers" --catalogue "$catalogue" >"$work/out" 2>&1
if grep -q '^[0-9]* passed, 0 failed$' "$work/out"; then good; else
    bad "the cases of the example catalogue:"
    tail -20 "$work/out"
fi
all=0
for shape in 01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18 19; do
    count=$(cat "$catalogue/r$shape"-*.cases 2>/dev/null | grep -c '^case ')
    all=$((all + count))
    if [ "$count" -ge 6 ]; then good; else bad "R$shape has $count cases, wanted 6 at least"; fi
    # Each row says who pays; and some say where it is not given.
    if cat "$catalogue/r$shape"-*.cases | grep ' takes ' | grep -qv ' split [0-9]*$'; then
        bad "R$shape has an amount without its split"
    else
        good
    fi
    if grep -qE 'expect (nothing|no-)' "$catalogue/r$shape"-*.cases; then good; else bad "R$shape is always given"; fi
done
if [ $all -ge 150 ]; then good; else bad "$all cases altogether, wanted 150"; fi

# Each word of the language is shown at least once.
while read -r word; do
    if grep -qE -- "$word" "$catalogue"/*.rules; then good; else bad "the example catalogue has no \"$word\""; fi
done <<'END'
^place [A-Z]+ +=
^places
^products
^calendar .* except
or monday
second sunday of
third saturday of
last saturday of
easter-2
easter\+49
[0-9]-[0-9]*\.\.[0-9]*-
[0-9]{4}-[0-9-]*\.\.[0-9]{4}-
 in RIGA,
 on workdays
 on weekdays
^split .* rest
^split .* each
^split .*%
^extend .* except .* ending .* until
^group .* from .* until
begun from .* before
ending from .* before
school_in
resident_in
list riga_staff
^  state draft
^  state suspended
^  state closed
^  order [0-9]
^  stacks
^  everywhere
^  unknown allow
^  unknown last known 14 days
^  round half up to
^  round down to
^  round up to
uses per purchase
use per day
uses per week
uses per month
uses per school_year
uses per status_term
use per lifetime
EUR per month
EUR per year
limit every
published
shared
budget .* warn
clause everybody
 at [0-9]+-[0-9]+
 under [0-9]+
, [0-9:]+-[0-9:]+ free
price from .* below
price below
quantity [0-9]+ to
quantity from
quantity up to
 by eid
 read chip
 free
 discount
 amount
 subsidy
 costs
 above
 at most [0-9.]+ for
 at most [0-9.]+ each
 for [0-9]+ units
 with 1 companion
END

# ---- a running engine ----

export ELIG_BIN ELIG_TOP
if sh "$ELIG_TOP/tests/reliefs.sh" "$work/reliefs" >"$work/out" 2>&1; then good; else
    bad "not all shapes are answered as expected:"
    grep -B1 -A1 'NOT AS EXPECTED\|reliefs:' "$work/out"
fi
for shape in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19; do
    if grep -q "^   R$shape " "$work/out"; then good; else bad "R$shape was not asked"; fi
done

# ---- the session ----

# Lines of code blocks: "$ " begins a command, which goes on to END where it has a here-document; what
# else there is must be said by it, with anything in the place of "...". Each becomes N.cmd and N.said.
mkdir "$work/session" "$work/build" && ln -s "$ELIG_TOP/loader" "$work/loader" && ln -s "$ELIG_BIN" "$work/build/bin"
awk -v folder="$work/session" '
    !/^    / { inside = 0; if ($0 != "" || !document) next }
    { line = substr($0, 5) }
    document { print line >command; if (line == "END") document = 0; next }
    line ~ /^\$ / {
        n++
        command = sprintf("%s/%03d.cmd", folder, n)
        said = sprintf("%s/%03d.said", folder, n)
        print substr(line, 3) >command
        printf "" >said
        document = line ~ /<<.END.$/
        next
    }
    n { print line >said }' "$ELIG_TOP/loader/RELIEFS.md"
cd "$work" || exit 3
for command in session/*.cmd; do
    # shellcheck disable=SC1090 # a shell that goes on, as a person has one
    . "./$command" >out 2>&1
    [ -z "${!:-}" ] || server=$!
    while read -r line; do
        pattern=$(printf '%s\n' "$line" | sed 's/[][\.*^$]/\\&/g; s/\\\.\\\.\\\./.*/g')
        if grep -q -- "$pattern" out; then good; else
            bad "RELIEFS.md: $(head -1 "$command")"
            echo "    wanted: $line"
            head -3 out | sed 's/^/    found:  /'
        fi
    done <"${command%.cmd}.said"
done
server=
cd "$OLDPWD" || exit 3
if [ "$(find "$work/session" -name '*.cmd' | wc -l)" -ge 30 ]; then good; else bad "the session was not found in RELIEFS.md"; fi

# ---- a thousand reliefs ----

make_up() { # FOLDER [option ...]
    "$ELIG_BIN/eligbench" catalogue --from "$catalogue" --quiet "$@" >"$work/out" 2>&1 || bad "eligbench catalogue: exit $?"
}
make_up "$work/many" && make_up "$work/again"
make_up "$work/other" --seed 2 --reliefs 30 --clauses 100 --groups 10 --points 5
if diff -r "$work/many" "$work/again" >"$work/out"; then good; else bad "the same seed made other reliefs"; fi
if [ "$(grep -c '^  clause ' "$work/many/90-made-up.rules")" -eq 20000 ]; then good; else bad "not 20000 clauses"; fi
printf 'case "a"\n  person nobody\n  buys city.ticket at 1.50 on 2026-11-18\n  expect RIGA-FREE-DAYS takes 1.50 pays 0.00\n' >"$work/one.cases"
for folder in many other; do
    "$ELIG_BIN/eligload" test --registers "$ELIG_TOP/loader/registers" --catalogue "$work/$folder" --cases "$work/one.cases" \
        >"$work/out" 2>&1
    if grep -q '^1 passed, 0 failed' "$work/out"; then good; else bad "$folder: $(tail -1 "$work/out")"; fi
done
"$ELIG_BIN/eligbench" catalogue --from "$work/none" "$work/never" >"$work/out" 2>&1
status=$?
if [ $status -eq 3 ] && grep -q "$work/none" "$work/out"; then good; else bad "no catalogue to begin with: exit $status"; fi
"$ELIG_BIN/eligbench" catalogue --reliefs 10 --clauses 9 "$work/never" >"$work/out" 2>&1
status=$?
if [ $status -eq 2 ]; then good; else bad "fewer clauses than reliefs: exit $status"; fi

echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
