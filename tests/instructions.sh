#!/bin/sh
# Instructions a request on the hot path, as callgrind counts them, beside the recorded ones: never a time.
# usage: tests/instructions.sh               compare; a rise over 5 % fails, and so does a record without its note
#        tests/instructions.sh --record WHY  record what is counted; WHY may be empty when nothing has risen
# bench/instructions.txt is the record. For each figure bench/BENCHMARKS.md has the line "instructions: NAME COUNT (why)"
# with the same count: whoever raises a record says why.
set -u
cd "${ELIG_TOP:-.}" || exit 3
record=bench/instructions.txt notes=bench/BENCHMARKS.md most_percent=5
# The same code is other instructions elsewhere; callgrind has no AVX-512, so the digests take the next width, AVX2.
[ "${BUILD:=build}" = build ] || { echo "skipped: instructions are counted in the plain build"; exit 77; }
command -v valgrind >/dev/null || { echo "skipped: valgrind is not installed"; exit 77; }
grep -qw avx2 /proc/cpuinfo || { echo "skipped: the record is of a processor with AVX2"; exit 77; }
compiler=${CC:-gcc}-$(${CC:-gcc} -dumpversion | sed 's/\..*//')
work=$(mktemp -d) || exit 3
trap 'rm -rf "$work"' EXIT

# count PROGRAM NAME: prints NAME and its instructions a request
count() {
    requests=$(valgrind -q --tool=callgrind --callgrind-out-file="$work/out" --toggle-collect="counted_$2" "$1" "$2" 2>"$work/log" | sed -n "s/^$2 //p")
    total=$(sed -n 's/^summary: //p' "$work/out")
    if [ -z "$requests" ] || [ -z "$total" ] || [ "$total" -eq 0 ]; then
        cat "$work/log" >&2
        echo "$2: nothing was counted" >&2
        exit 3
    fi
    echo "$2 $(((total + requests / 2) / requests))"
}
count_all() { # PROGRAM
    for name in check_64 check_1 sealed_64 sealed_1 use_64 wakeup; do count "$1" $name || exit 3; done
}

# compare COUNTED: a line for each figure; fails when one has risen too far, or is not recorded
compare() {
    awk -v most="$most_percent" '
    FILENAME == ARGV[1] { if ($1 !~ /^(#|compiler|$)/) recorded[$1] = $2; next }
    FILENAME == ARGV[2] {
        if ($1 == "instructions:" && $4 ~ /^\(./ && $4 != "()") noted[$2] = $3
        next
    }
    {
        now = $2; old = recorded[$1]; seen[$1] = 1; verdict = ""
        if (old == "") verdict = "NOT RECORDED: make instructions-record"
        else if (noted[$1] != old) verdict = "NO NOTE: " ARGV[2] " wants \"instructions: " $1 " " old " (why)\""
        else if (now * 100 > old * (100 + most)) verdict = "RISEN over " most " %: make it cheaper, or make instructions-record WHY=..."
        if (verdict != "") failed++
        else { passed++; if (now * 100 < old * (100 - most)) verdict = "fallen: make instructions-record keeps it so" }
        printf "  %-10s %6d instructions a request, recorded %6d, %+5.1f %%  %s\n", $1, now, old, old ? (now - old) * 100 / old : 0, verdict
    }
    END {
        for (name in recorded) if (!(name in seen)) { print "  " name " is recorded and not counted"; failed++ }
        printf "%d passed, %d failed, 0 skipped\n", passed, failed
        exit failed > 0
    }' "$record" "$notes" "$1"
}

write_record() { # COUNTED WHY
    [ -e "$record" ] || : >"$record"
    risen=$(awk -v most="$most_percent" 'FILENAME == ARGV[1] { old[$1] = $2; next } old[$1] != "" && $2 * 100 > old[$1] * (100 + most) { print $1 }' "$record" "$1" | xargs)
    if [ -n "$risen" ] && [ -z "$2" ]; then
        echo "risen over $most_percent %: $risen. That wants a reason: make instructions-record WHY='...'"
        exit 1
    fi
    { printf '# Instructions a request; tests/instructions.sh compares, make instructions-record writes.\ncompiler %s\n' "$compiler" && cat "$1"; } >"$work/record"
    # A reason stays as long as its figure does not rise; where none stands yet the lines follow the last one, or the end.
    WHY=$2 awk -v risen=" $risen " '
    function note(name, why) { return "    instructions: " name " " counted[name] " (" why ")" }
    FILENAME == ARGV[1] { counted[$1] = $2; names[++n] = $1; next }
    $1 == "instructions:" && $2 in counted {
        why = $0; sub(/^[^(]*\(/, "", why); sub(/\)[^)]*$/, "", why)
        if (index(risen, " " $2 " ")) why = ENVIRON["WHY"]
        $0 = note($2, why); done[$2] = 1
    }
    { print }
    END { for (i = 1; i <= n; i++) if (!(names[i] in done)) print note(names[i], ENVIRON["WHY"] != "" ? ENVIRON["WHY"] : "first counted") }
    ' "$1" "$notes" >"$work/notes" && cat "$work/record" >"$record" && cat "$work/notes" >"$notes"
}

# A loop that nobody needs, once a frame, in the engine's answer.c: whoever counts must notice it.
twin() {
    sed 's/^        frame++;$/        for (volatile int needless = 0; needless < 32; needless++) {}\n&/' engine/answer.c >"$work/answer.c"
    if cmp -s engine/answer.c "$work/answer.c"; then echo "the twin: nothing was changed in answer.c"; return 1; fi
    # shellcheck disable=SC2086,SC2046 # the compiler and its flags are words
    $(cat "$BUILD/flags") -o "$work/twin" "$work/answer.c" "$BUILD/tests/count_instructions.o" "$BUILD/tests/support.o" \
        "$BUILD/libtests.a" "$BUILD/libbench.a" "$BUILD/libengine.a" "$BUILD/libloader.a" "$BUILD/libprotocol.a" \
        -lcheck_pic -lsubunit -lev -llmdb -lxxhash -lsodium -lexpat -lm || return 1
    for name in check_64 sealed_64; do
        { grep -v "^$name " "$1" && count "$work/twin" $name; } >"$work/twin_counted"
        ! compare "$work/twin_counted" >/dev/null || { echo "the twin: a needless loop is not noticed in $name"; return 1; }
    done
    echo "  a needless loop is noticed"
}

count_all "$BUILD/tests/count_instructions" >"$work/counted" || exit 3
if [ "${1-}" = --record ]; then
    write_record "$work/counted" "${2-}" || exit
elif ! grep -qx "compiler $compiler" "$record"; then
    echo "skipped: the record is of $(sed -n 's/^compiler //p' "$record"), this is $compiler"
    exit 77
elif compare "$work/counted" >"$work/verdict" && ! twin "$work/counted"; then
    exit 1
fi
compare "$work/counted"
