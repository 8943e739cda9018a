#!/bin/sh
# A ledger after power cuts, a small one of each kind (`make power-cuts` is the large one).
explorer=$ELIG_BIN/../tests/long_powercut
passed=0 failed=0
expect() { # WHAT COMMAND ...
    what=$1
    shift
    if "$@" >"$out" 2>&1; then passed=$((passed + 1)); else
        failed=$((failed + 1))
        echo "test_ledger_powercut: $what"
        cat "$out"
    fi
}
out=$(mktemp) || exit 3
trap 'rm -f "$out"' EXIT
expect "what was answered is lost, or the book is not whole" "$explorer" --groups 40 --seed 3 2000
expect "a writer that does not sync its head is not noticed" "$explorer" --nometasync --groups 40 --seed 3 1000
expect "a writer that does not sync its redo file is not noticed" "$explorer" --noredosync --groups 40 --seed 3 1000
echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
