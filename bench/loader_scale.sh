#!/bin/sh
# The loader on a base register of any size: everybody is in a group, so that as many identifiers are
# published as there are rows. Tells time, processor time and memory by row; with limits on memory,
# also that the snapshot is the same.
#
# usage: bench/loader_scale.sh WORK PERSONS [MIB ...]
#   WORK     a folder with room for 41 bytes a person, and 33 for each snapshot; what was made for as
#            many persons is used again
#   MIB      limits on what waits in memory, tried one after the other (0: none); default: 0
set -eu
work=$1 persons=$2
shift 2
bin=${ELIG_BIN:-build/bin}
mkdir -p "$work/exports" "$work/registers"
[ -e "$work/identity" ] || "$bin/eligctl" keygen identity "$work/identity" >/dev/null
[ -e "$work/signing" ] || "$bin/eligctl" keygen signing "$work/signing" >/dev/null

day=$(date -u +%Y-%m-%d)
list="register,file,as_of,rows,missing
PMLP.persons,persons.csv,$day,$persons,"
if [ "$(cat "$work/exports/delivery.csv" 2>/dev/null)" != "$list" ]; then
    awk -v persons="$persons" 'BEGIN {
        print "Personas kods;Iepriekšējie personas kodi;Dzimšanas datums;Miršanas datums;Deklarētās adreses ATVK;Statuss"
        for (i = 1; i <= persons; i++) # neither in order nor twice
            printf "32%09d;;%d-%02d-%02d;;%04d;dzīvs\n", i * 1000003 % 1000000000, 1930 + i % 90, 1 + i % 12, 1 + i % 28, 1000 * (1 + i % 5)
    }' >"$work/exports/persons.csv"
    echo "$list" >"$work/exports/delivery.csv"
fi
cp loader/registers/pmlp_persons.register "$work/registers/"
cat >"$work/everybody.rules" <<E2
product city.ticket = 1001
group born = age >= 1
relief R giver 90000028508 from 2020-01-01
  clause born product city.ticket discount 10%
E2

[ $# -gt 0 ] || set -- 0
for mib in "$@"; do
    rm -rf "$work/snapshots"
    "$bin/eligload" build --exports "$work/exports" --registers "$work/registers" \
        --catalogue "$work/everybody.rules" --snapshots "$work/snapshots" --identity-key "$work/identity" \
        --signing-key "$work/signing" --memory "$mib" --quiet --summary "$work/load.json" >/dev/null
    cksum <"$work/snapshots/0000000000000001.mdb" >"$work/sum.$mib"
    awk -v mib="$mib" -v persons="$persons" -F: '
        /"total"/ { total = $2 + 0 } /"cpu_seconds":/ { cpu = $2 + 0 }
        /"memory_peak_bytes"/ { peak = $2 + 0 } /"spilled_bytes"/ { spilled = $2 + 0 }
        END { printf "%d persons, --memory %s: %.1f s, %.0f ns of processor time, %.1f bytes of memory a row at most, %.1f bytes a row in files\n",
              persons, mib, total, cpu * 1e9 / persons, peak / persons, spilled / persons }' "$work/load.json"
    [ -e "$work/sum.first" ] || cp "$work/sum.$mib" "$work/sum.first"
    cmp -s "$work/sum.$mib" "$work/sum.first" || { echo "the snapshot is another one" >&2; exit 1; }
done
rm -rf "$work/snapshots" "$work"/sum.*
