#!/bin/sh
# Negative twins of the ledger: each is one of its modules with one thing wrong. The suite named must
# notice; the model is asked where no suite has a case of its own.
set -u
# Whether a suite notices does not hang on compilers and sanitizers: once is enough.
[ "${BUILD:=build}" = build ] || { echo "twins are tried in the plain build"; exit 77; }
cd "${ELIG_TOP:-.}" || exit 3
work=$(mktemp -d) || exit 3
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
cc="$(cat "$BUILD/flags") -O0 -g0 -U_FORTIFY_SOURCE -w" || exit 3

# suite NAME [OBJECT]: links the suite, with the twin before the module that it replaces.
suite() {
    # shellcheck disable=SC2086 # the compiler and its flags are words
    $cc -o "$work/suite" "$BUILD/tests/test_$1.o" ${2:-} "$BUILD/tests/support.o" "$BUILD/libtests.a" \
        "$BUILD/libengine.a" "$BUILD/libprotocol.a" -lcheck_pic -lsubunit -llmdb -lsodium -lm || exit 3
    ELIG_TOP=$PWD CK_VERBOSITY=silent "$work/suite" >/dev/null 2>&1
}

# twin "what is wrong" MODULE SUITE SED-EXPRESSION
twin() {
    sed "$4" "engine/$2.c" >"$work/$2.c"
    # shellcheck disable=SC2086
    if cmp -s "engine/$2.c" "$work/$2.c"; then
        failed=$((failed + 1)) && echo "$1: nothing was changed in $2.c"
    elif ! $cc -c -o "$work/twin.o" "$work/$2.c"; then
        failed=$((failed + 1)) && echo "$1: does not compile"
    elif suite "$3" "$work/twin.o"; then
        failed=$((failed + 1)) && echo "$1: test_$3 does not notice"
    else
        passed=$((passed + 1))
    fi
}

for name in limits transact book portions ledger_clock ledger_model; do
    if suite "$name"; then passed=$((passed + 1)); else failed=$((failed + 1)) && echo "test_$name fails without a twin"; fi
done

twin "a use at the edge of spacing is too soon" limits limits 's/between_s < apart_s/between_s <= apart_s/'
twin "spacing looks at one day only" limits limits 's/riga_day_of_time(at_s - apart_s)/c->day/'
twin "the last use is refused" limits limits 's/use_count <= left ? UINT64_MAX/use_count < left ? UINT64_MAX/'
twin "the last of a budget is refused" limits ledger_model 's/parts\[index\].amount <= left_of/parts[index].amount < left_of/'
twin "what is held does not count" limits limits 's/(uint64_t)tally.used_uses + tally.held_uses/(uint64_t)tally.used_uses/'
twin "a relief that shares two limits counts twice" limits ledger_model 's/limit->relief != sharers->last \&\& //'
twin "limits of other days stand" limits limits 's/return limit->from_day <= day \&\& day < limit->until_day;/return true;/'
twin "parts of a purchase do not count together" limits limits 's/= in_purchase(book, c, limit, index);/= {0, 0};/'
twin "ANYBODY is counted as one person" limits limits 's/wants_person(limit) \&\& //'
twin "a walk stops a day too soon" tallies ledger_model 's/day_most >= walk->from_day/day_most > walk->from_day/'
twin "the day after a period belongs to it" tallies ledger_model 's/day >= from_day \&\& day < until_day/day >= from_day \&\& day <= until_day/'
twin "a term does not have its first day" tallies ledger_model 's/name.number <= day; *\|name.number <= day)/name.number < day)/'
twin "units are rounded down" portions portions 's/quantity + of - 1u/quantity/'
twin "a fourth reservation is open" transact transact 's/open_count >= OPEN_COUNT_MAX/open_count > OPEN_COUNT_MAX/'
twin "another body is not looked at" transact transact 's/transaction->body != request->body ||/false ||/'
twin "a tombstone forgets" transact transact 's/is_purchase \&\& is_tombstone(transaction)/false/'
twin "whoever asks may speak" transact transact 's/return request->is_operator || /return true || /; s/if (request->is_operator ||/if (true || request->is_operator ||/'
twin "an expired reservation is confirmed without a look at limits" transact transact 's/^    take_case_again(book, \(.*\)$/    take_case_again(book, \1\n    limit_case.part_count = 0;/'
twin "what is refunded stays used" transact ledger_model 's/posting.parts, -1, USED/posting.parts, 0, USED/'
twin "a dropped group leaves its accounts" book ledger_model 's/^    accounts_cut(.*$//'
twin "the clock goes back" book book 's/if (book->head.clock_ms < now_ms)/if (true)/'
twin "nobody is locked out" book book 's/flock(book->lock_fd, LOCK_EX | LOCK_NB) != 0/false/'
twin "hashes are not compared" book book 's/return memcmp(again, row, POSTING_SIZE) == 0;/return true;/'
twin "the ballast is given away" book book 's/(is_new \&\& book->space.is_tight)/false/'
twin "the day of service falls behind" book_rows ledger_model 's/if (head.day_most < day)/if (head.last == 0)/'
twin "any step forward is believed" ledger_clock ledger_clock 's/clock->is_ahead = is_far \&\&/clock->is_ahead = false \&\&/'

echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
