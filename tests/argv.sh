#!/bin/sh
# How every program answers its words: exit status, stream and first line. And README's list of
# packages is the Makefile's.
set -u
: "${ELIG_BIN:=build/bin}"
work=$(mktemp -d) || exit 3
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
good() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "$*"; }

# row STATUS STREAM "pattern of the first line" PROGRAM WORD ...: the other stream stays empty.
row() {
    wanted=$1 stream=$2 pattern=$3 program=$4
    shift 4
    timeout 20 "$ELIG_BIN/$program" "$@" >"$work/out" 2>"$work/err" </dev/null
    status=$?
    other=err
    [ "$stream" = out ] || other=out
    if [ $status -ne "$wanted" ]; then
        bad "$program $*: exit $status, wanted $wanted"
    elif ! head -1 "$work/$stream" | grep -q "$pattern"; then
        bad "$program $*: std$stream begins \"$(head -1 "$work/$stream")\", wanted \"$pattern\""
    elif [ -s "$work/$other" ]; then
        bad "$program $*: std$other is not empty"
    elif [ "$stream" = err ] && [ "$(wc -l <"$work/err")" -ne 1 ]; then
        bad "$program $*: $(wc -l <"$work/err") lines of error, wanted 1"
    else
        good
    fi
}

for path in "$ELIG_BIN"/elig*; do
    program=${path##*/}
    row 0 out "^usage: $program " "$program" --help
    row 0 out "^usage: $program " "$program" -h
    row 0 out "^$program [0-9]*\.[0-9]*\.[0-9]*\$" "$program" --version
    row 2 err "did you mean .*help?\$" "$program" --hlep
    row 2 err "^$program: unknown option --utterly-unknown" "$program" --utterly-unknown
    row 2 err "^$program: " "$program"
    commands=$("$path" --mdoc-options </dev/null | sed -n 's/^\.It Cm //p')
    for command in $commands; do
        row 0 out "^usage: $program $command" "$program" "$command" --help
        row 2 err "^$program $command: unknown option --utterly-unknown" "$program" "$command" --utterly-unknown
        row 2 err "^$program: unknown command ${command}x; did you mean $command?" "$program" "${command}x"
    done
done

# A full device is a failure, not a success that nobody saw.
if [ -c /dev/full ]; then
    for path in "$ELIG_BIN"/elig*; do
        "$path" --help >/dev/full 2>/dev/null
        status=$?
        if [ $status -eq 3 ]; then good; else bad "${path##*/} --help to a full device: exit $status, wanted 3"; fi
    done
    "$ELIG_BIN/eligd" --snapshots . --identity-key x --signing-public x --dump-config >/dev/full 2>/dev/null
    status=$?
    if [ $status -eq 3 ]; then good; else bad "eligd --dump-config to a full device: exit $status, wanted 3"; fi
else
    echo "skipped: no /dev/full here"
fi

packages=$(MAKEFLAGS='' make -s print-deps)
if grep -qF "apt-get install -y --no-install-recommends $packages" README.md; then
    good
else
    bad "README.md does not install what the Makefile lists: $packages"
fi
# Every target that README names exists.
sed -n "s/.*make \([a-z][a-z-]*\).*/\1/p" README.md | sort -u | grep -vx gcc >"$work/targets"
while read -r target; do
    if grep -q "^$target:" Makefile; then good; else bad "README.md names make $target, which does not exist"; fi
done <"$work/targets"

echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
