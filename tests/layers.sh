#!/bin/sh
# Compares every include with the floors of tests/layers.txt: tests/layers.sh [TREE]
# An include goes down; folders that are apart never meet; a library is spoken in its rooms only;
# a file has a floor.
cd "${1:-.}" || exit 3
set -- protocol engine loader bench
files=$(find "$@" -name '*.[ch]' 2>/dev/null | sort)
# shellcheck disable=SC2086 # file names without blanks
awk '
function folder(name) { sub(/\/.*/, "", name); return name }
# A module has one floor, or its header and its source one each.
function floor_of(module, kind) { return (module kind) in floor ? floor[module kind] : floor[module] }
function complain(what) { print FILENAME ":" FNR ": " what; bad++ }

FILENAME == "tests/layers.txt" && /^(#|$)/ { next }
FILENAME == "tests/layers.txt" && $1 == "apart" { apart[$2, $3] = apart[$3, $2] = 1; next }
FILENAME == "tests/layers.txt" && $1 == "only" {
    guarded[$2] = 1
    for (i = 3; i <= NF; i++) room[$2, $i] = 1
    next
}
FILENAME == "tests/layers.txt" {
    floors++
    for (i = 1; i <= NF; i++) { if ($i in floor) complain($i " stands here twice"); floor[$i] = floors }
    next
}

FNR == 1 {
    files++
    self = FILENAME; sub(/\.[ch]$/, "", self)
    own_floor = floor_of(self, substr(FILENAME, length(FILENAME) - 1))
    if (own_floor == "") complain("has no floor in tests/layers.txt")
    seen[self] = seen[FILENAME] = 1
}
/^# *include *"/ {
    split($0, part, "\""); to = part[2]; sub(/\.h$/, "", to)
    if (to == self) next
    to_floor = floor_of(to, ".h")
    if (to_floor == "") complain("includes " part[2] ", which has no floor")
    else if ((folder(self), folder(to)) in apart) complain("includes " part[2] " from next door")
    else if (own_floor != "" && to_floor >= own_floor) complain("includes " part[2] ", not on a lower floor")
}
/^# *include *</ {
    split($0, part, /[<>]/)
    if (part[2] in guarded && !((part[2], self) in room)) complain("includes <" part[2] ">, which is spoken in other rooms only")
}
END {
    for (name in floor) if (!(name in seen)) { print "tests/layers.txt: " name " does not exist"; bad++ }
    if (files == 0) { print "no file to compare"; bad++ }
    printf "%d passed, %d failed, 0 skipped\n", files, bad + 0
    exit bad > 0
}' tests/layers.txt $files
