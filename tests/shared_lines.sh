#!/bin/sh
# While checks are answered no loop uses a cache line that another thread writes: lackey prints every load and
# store of a server with two loops (tests/shared_lines.c), and a judge looks. Half a minute, or several on a busy machine.
# usage: tests/shared_lines.sh [twin]      twin: loops that count in one place must be noticed; as long again
set -u
cd "${ELIG_TOP:-.}" || exit 3
[ "${BUILD:=build}" = build ] || { echo "skipped: lines are looked at in the plain build"; exit 77; }
command -v valgrind >/dev/null || { echo "skipped: valgrind is not installed"; exit 77; }
program=$BUILD/tests/shared_lines
work=$(mktemp -d) || exit 3
trap 'rm -rf "$work"' EXIT

# The judge itself, on traces of a thousand questions to each loop and one line more.
trace() { # "access of loop 1" "access of loop 2" [THREAD "its access"]
    echo ' S 5eed00000000,1'
    for thread in 2 3; do
        echo "--1--   SCHED[$thread]:  acquired lock (VG_(client_syscall)[async])"
        awk -v thread="$thread" 'BEGIN { for (i = 0; i < 1000; i++) printf "I  0400,4\n S %x,8\n", thread * 65536 + i * 8 }'
        if [ $thread = 2 ]; then echo "$1"; else echo "$2"; fi
    done
    [ $# -lt 3 ] || printf -- '--1--   SCHED[%s]:  acquired lock (x)\n%s\n' "$3" "$4"
    echo ' S 5eed00000000,1'
}
passed=0 failed=0
judged() { # STATUS "what" "access of loop 1" "access of loop 2" [THREAD "its access"]
    wanted=$1 what=$2
    shift 2
    trace "$@" | "$program" judge >"$work/said" 2>&1
    if [ $? -eq "$wanted" ]; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "the judge on $what:" && cat "$work/said"; fi
}
judged 0 "lines that are read" ' L 90000,8' ' L 90000,8'
judged 0 "neighbours" ' S 90038,8' ' S 90040,8'
judged 1 "one word" ' S 90000,8' ' S 90000,8'
judged 1 "two words of a line" ' M 90000,8' ' S 90038,8'
judged 1 "a line that one writes and one reads" ' L 90000,8' ' M 90038,8'
judged 1 "an access over the end of a line" ' S 9003c,8' ' L 90040,8'
judged 0 "a thread beside that reads" ' M 90000,8' ' L a0000,8' 5 ' L 90020,8'
judged 1 "a thread beside that writes" ' L 90000,8' ' L a0000,8' 5 ' S 90020,8'
judged 0 "the client" ' L 90000,8' ' L a0000,8' 1 ' S 90020,8'

look() { # PROGRAM
    valgrind --tool=lackey --trace-mem=yes --trace-sched=yes "$1" serve 2>&1 >"$work/served" | "$program" judge
}
if [ $failed -gt 0 ]; then
    :
elif [ "${1-}" = twin ]; then
    sed 's/answerer.metrics = &server->metrics\[index\]/answerer.metrics = \&server->metrics[0]/' engine/loop.c >"$work/loop.c"
    if cmp -s engine/loop.c "$work/loop.c"; then echo "nothing was changed in loop.c"; exit 1; fi
    # shellcheck disable=SC2046 # the compiler and its flags are words
    $(cat "$BUILD/flags") -o "$work/twin" "$work/loop.c" "$program.o" "$BUILD/tests/support.o" "$BUILD/libtests.a" \
        "$BUILD/libengine.a" "$BUILD/libloader.a" "$BUILD/libprotocol.a" -lcheck_pic -lsubunit -lev -llmdb -lxxhash -lsodium -lexpat -lm || exit 3
    look "$work/twin"
    if [ $? -eq 1 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "the twin is not noticed"; fi
elif look "$program"; then
    passed=$((passed + 1))
else
    failed=$((failed + 1))
fi
echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
