#!/bin/sh
# The loader against sqlite3 and sort on the same registers: `eligload build`, cold and warm; sqlite3
# importing the same CSV rows with the code (or the number of the means) as primary key, journal and
# sync off; and `LC_ALL=C sort --parallel=2` of the same bytes. The XML registers are left out on
# sqlite3's side, which only helps it. Processor times stand beside seconds: on a busy machine they
# say more.
#
# usage: bench/against_sqlite.sh WORK [ROUNDS]
#   WORK    a folder as `make demo` leaves it: keys/, country/ (default build/demo)
# WARM=1: the page cache is not dropped, for machines that others use, too.
# MEASURES: a file of measures to append sqlite3 and the warm load of the same rounds to, with the setting
# "in turns": they are divided by each other. (sort beside the loader is bench/run.sh's.)
set -eu
work=${1:-build/demo}
rounds=${2:-5}
bin=${ELIG_BIN:-build/bin}
out=$(mktemp -d "${TMPDIR:-/tmp}/against.XXXXXX")
trap 'rm -rf "$out"' EXIT
trap 'exit 1' INT TERM
command -v sqlite3 >/dev/null || { echo "against_sqlite: skipped: sqlite3 is not installed"; exit 0; }

# timed WORD ...: seconds and processor seconds of a command.
timed() {
    /usr/bin/time -o "$out/time" -f '%e %U %S' "$@" >/dev/null || { cat "$out/time" >&2; exit 1; }
    awk 'NF == 3 { printf "%.2f %.2f", $1, $2 + $3 }' "$out/time"
}
forget() { sync; if [ -z "${WARM:-}" ] && [ -w /proc/sys/vm/drop_caches ]; then echo 3 >/proc/sys/vm/drop_caches; fi; }

load() {
    rm -rf "$out/snapshots" "$out/identity-keys"
    timed "$bin/eligload" build --quiet --exports "$work/country" --snapshots "$out/snapshots" \
        --identity-keys "$out/identity-keys" --signing-key "$work/keys/signing.key"
}
put_in_order() { timed env LC_ALL=C sort --parallel=2 -S 4G -o "$out/sorted" "$out"/all; }

import_table() { # FILE SEPARATOR COLUMNS PRIMARY-KEY
    echo "CREATE TABLE [$1] ($3, PRIMARY KEY ($4)) WITHOUT ROWID;"
    echo ".separator \"$2\""
    echo ".import --skip 1 $out/clean/$1 $1"
}

import() {
    rm -f "$out/db"
    {
        echo "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
        echo ".mode csv"
        import_table pmlp_personas.csv ';' 'a, b, c, d, e, f' a
        import_table pmlp_eid.csv ',' 'a, b, c, d, e, f, g' a
        import_table pmlp_statusi.csv ';' 'a, b, c, d' 'a, b'
        import_table izm_izglitojamie.csv ',' 'a, b, c, d, e, f' 'a, d, e'
        import_table vsaa_pensijas.csv '\t' 'a, b, c, d' 'a, b'
        import_table vbtai_barenji.csv ';' 'a, b, c, d' 'a, b'
        import_table sopa_statusi.csv ',' 'a, b, c, d, e' 'a, b, d'
        import_table rs_etaloni.csv ';' 'a, b, c, d, e, f' a
        import_table riga_darbinieki.csv ',' 'a, b, c' a
    } >"$out/script.sql"
    # Broken and repeated rows are reported by the hundred and passed over: their number is no news.
    timed sh -c "sqlite3 $out/db <$out/script.sql >/dev/null 2>$out/sqlite.log || :"
}

# An unclosed quote would make sqlite3 swallow the rest of the file: such rows are taken out first,
# outside of what is timed.
mkdir "$out/clean"
for file in "$work"/country/*.csv; do
    name=${file##*/}
    case $name in
    delivery.csv | people.csv | truth.csv | broken.csv) ;;
    izm_izglitojamie.csv) LC_ALL=C awk -F'"' 'NF % 2 == 1' "$file" >"$out/clean/$name" ;;
    *) LC_ALL=C grep -av '"' "$file" >"$out/clean/$name" ;;
    esac
done

grep -hv '^register,' "$work/country/delivery.csv" | cut -d, -f2 | while read -r file; do cat "$work/country/$file"; done >"$out/all"

round=1
while [ "$round" -le "$rounds" ]; do
    forget; cold=$(load)
    warm=$(load)
    sort=$(put_in_order)
    rm -f "$out/sorted"
    forget; sqlite=$(import)
    rows=$(sqlite3 "$out/db" 'SELECT (SELECT count(*) FROM [pmlp_personas.csv]) + (SELECT count(*) FROM [pmlp_eid.csv]) + (SELECT count(*) FROM [izm_izglitojamie.csv]) + (SELECT count(*) FROM [vsaa_pensijas.csv]) + (SELECT count(*) FROM [rs_etaloni.csv])')
    echo "$cold $warm $sort $sqlite $rows" | tee -a "$out/table" | awk '{ printf "eligload cold %s s (%s of processor time), warm %s s (%s); sort %s s (%s); sqlite3 %s s (%s; %s rows in its five large tables)\n", $1, $2, $3, $4, $5, $6, $7, $8, $9 }'
    [ -z "${MEASURES:-}" ] || {
        echo "loader,sqlite3,in turns,$((round - 1)),total,${sqlite% *}"
        echo "loader,country,in turns,$((round - 1)),total,${warm% *}"
    } >>"$MEASURES"
    round=$((round + 1))
done
median() { awk "{ print $1 }" "$out/table" | sort -n | awk '{ r[NR] = $1 } END { printf "%.1f", r[int((NR + 1) / 2)] }'; }
# shellcheck disable=SC2016 # columns of awk
echo "medians: eligload (all eleven registers, to a published snapshot) is $(median '$7 / $1') times faster than sqlite3 cold, $(median '$7 / $3') warm ($(median '$8 / $4') times less processor time); $(median '$5 / $3') times faster than sort warm ($(median '$6 / $4') times less)"
