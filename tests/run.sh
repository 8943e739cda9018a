#!/bin/sh
# Runs one test and keeps its result: tests/run.sh NAME COMMAND [WORD ...]
# Adds the results up:                tests/run.sh
# RESULTS is the folder of results. A test says how much it ran in one of three ways: Check's own
# summary; a last line "N passed, M failed, K skipped"; or only its exit status, 77 for skipped.
# A line that begins with "skipped: " says that a part was left out, and why.
# NAME.result: passed failed skipped NAME SECONDS CPU_SECONDS. Dearest: sort -k6nr RESULTS/*.result
set -u
: "${RESULTS:?}" "${SECONDS_MAX:=900}"

count() { # passed failed skipped of the log, or nothing
    awk '
    /^[0-9]+%: Checks: / { gsub(/,/, ""); checks += $3; bad += $5 + $7; seen = 1 }
    /^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/ { good += $1; wrong += $3; left += $5; said = 1 }
    /^skipped: / { left_out++ }
    END { if (seen || said) print checks - bad + good, bad + wrong, left + left_out + 0 }' "$1"
}

# A subshell has waited for nothing: no pipe here, no $(...).
count_cpu() { # sets cpu: user and system seconds of all that this shell has waited for
    times >"$log.times"
    cpu=$(awk 'NR == 2 { for (i = 1; i <= 2; i++) { split($i, t, /[ms]/); sum += 60 * t[1] + t[2] }; printf "%.1f", sum }' "$log.times")
    rm -f "$log.times"
}

# Whoever ends this ends the test as well, which has a process group of its own, and its folder goes.
put_away() {
    chmod -R u+rwx "$TMPDIR" 2>/dev/null
    rm -rf "$TMPDIR"
    unset TMPDIR
}
end_early() {
    trap '' HUP INT TERM
    kill "$test_pid" 2>/dev/null && wait "$test_pid"
    put_away
    exit 1
}

run_one() {
    name=$1
    shift
    log=$RESULTS/$name.log
    # What a test that was ended by force leaves behind goes with this folder.
    TMPDIR=$(mktemp -d "${TMPDIR:-/tmp}/t.XXXXXX") && chmod 1777 "$TMPDIR" || exit # short: sockets stand in it
    export TMPDIR
    started=$(date +%s.%N)
    test_pid=''
    trap end_early HUP INT TERM
    # In the background, since a shell hears of no signal while it waits for what is not; where interrupts
    # would be ignored.
    env --default-signal=INT,QUIT timeout -k 10 "$SECONDS_MAX" "$@" >"$log" 2>&1 </dev/null &
    test_pid=$!
    wait "$test_pid"
    status=$?
    trap - HUP INT TERM
    put_away
    count_cpu
    took=$(echo "$started $(date +%s.%N)" | awk '{ printf "%.1f", $2 - $1 }')

    counted=$(count "$log")
    if [ $status -eq 0 ] && [ ! -s "$log" ]; then # no room for what it said, perhaps
        status=3
        echo "it ended well and its log is empty" >"$log"
    fi
    case $status in
    0) # shellcheck disable=SC2086 # three numbers are wanted
        set -- ${counted:-1 0 0}
        [ $(($1 + $2 + $3)) -gt 0 ] || set -- 0 1 0 ;; # a test that ran nothing tests nothing
    77) set -- 0 0 1 ;;
    *) # shellcheck disable=SC2086
        set -- ${counted:-0 1 0}
        [ "$2" -gt 0 ] || set -- "$1" 1 "$3" ;; # it counted no failure, but failed
    esac
    echo "$1 $2 $3 $name $took $cpu" >"$RESULTS/$name.result"

    if [ "$2" -gt 0 ]; then
        sed "s/^/    /" "$log" | tail -60
        [ $status -ne 124 ] || echo "    not done after $SECONDS_MAX s"
        echo "  FAIL $name  $2 failed, $1 passed, ${took} s (exit $status, all of it in $log)"
    elif [ "$1" -eq 0 ]; then
        echo "  SKIP $name  $(tail -1 "$log")"
    else
        echo "  ok   $name  $1 passed, ${took} s (CPU ${cpu} s)"
        sed -n 's/^skipped: /  SKIP '"$name"'  /p' "$log"
    fi
}

sum_up() {
    cat "$RESULTS"/*.result | awk '
    { passed += $1; failed += $2; skipped += $3; if ($2 > 0) bad = bad " " $4 }
    END {
        if (bad != "") print "failed:" bad
        printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
        exit failed > 0 || passed == 0
    }'
}

if [ $# -gt 0 ]; then run_one "$@"; else sum_up; fi
