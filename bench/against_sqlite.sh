#!/bin/sh
# The loader against sqlite3 on the same registers: `eligload build`, cold and warm, and sqlite3
# importing the same CSV rows with the code (or the number of the means) as primary key, journal and
# sync off. The XML registers are left out on sqlite3's side, which only helps it.
#
# usage: bench/against_sqlite.sh WORK [ROUNDS]
#   WORK    a folder as `make demo` leaves it: keys/, country/ (default build/demo)
set -eu
work=${1:-build/demo}
rounds=${2:-5}
bin=${ELIG_BIN:-build/bin}
out=$(mktemp -d "${TMPDIR:-/tmp}/against.XXXXXX")
trap 'rm -rf "$out"' EXIT
trap 'exit 1' INT TERM
command -v sqlite3 >/dev/null || { echo "against_sqlite: skipped: sqlite3 is not installed"; exit 0; }

now() { date +%s.%N; }
since() { echo "$1 $(now)" | awk '{ printf "%.2f", $2 - $1 }'; }
forget() { sync; if [ -w /proc/sys/vm/drop_caches ]; then echo 3 >/proc/sys/vm/drop_caches; fi; }

load() {
    rm -rf "$out/snapshots" "$out/identity-keys"
    "$bin/eligload" build --quiet --exports "$work/country" --snapshots "$out/snapshots" \
        --identity-keys "$out/identity-keys" --signing-key "$work/keys/signing.key" >/dev/null 2>&1
}

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
    sqlite3 "$out/db" <"$out/script.sql" >/dev/null 2>"$out/sqlite.log" || :
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

round=1
while [ "$round" -le "$rounds" ]; do
    forget; start=$(now); load; cold=$(since "$start")
    start=$(now); load; warm=$(since "$start")
    forget; start=$(now); import; sqlite=$(since "$start")
    rows=$(sqlite3 "$out/db" 'SELECT (SELECT count(*) FROM [pmlp_personas.csv]) + (SELECT count(*) FROM [pmlp_eid.csv]) + (SELECT count(*) FROM [izm_izglitojamie.csv]) + (SELECT count(*) FROM [vsaa_pensijas.csv]) + (SELECT count(*) FROM [rs_etaloni.csv])')
    echo "$cold $warm $sqlite $rows" | tee -a "$out/table" | awk '{ printf "eligload cold %s s, warm %s s; sqlite3 cold %s s (%s rows in its five large tables); %.1f x\n", $1, $2, $3, $4, $3 / $1 }'
    [ -z "${MEASURES:-}" ] || echo "loader,sqlite3,-,$((round - 1)),total,$sqlite" >>"$MEASURES"
    round=$((round + 1))
done
awk '{ print $3 / $1 }' "$out/table" | sort -n | awk '{ r[NR] = $1 } END { printf "median of %d: eligload (all eleven registers, to a published snapshot) is %.1f times faster\n", NR, r[int((NR + 1) / 2)] }'
