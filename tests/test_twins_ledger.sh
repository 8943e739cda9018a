#!/bin/sh
# Negative twins of the ledger: each is one module with one thing wrong that loses, doubles or miscounts
# what people have had. A suite that passes with one of them has not looked.
set -u
# Whether a suite notices does not hang on compilers and sanitizers: once is enough.
[ "${BUILD:=build}" = build ] || { echo "twins are tried in the plain build"; exit 77; }
cd "${ELIG_TOP:-.}" || exit 3
work=$(mktemp -d "${TMPDIR:-/tmp}/w.XXXXXX") || exit 3
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
cc="$(cat "$BUILD/flags") -O0 -g0 -U_FORTIFY_SOURCE -w" || exit 3

# link SUITE PROGRAM [OBJECT]: with the twin before the module that it replaces.
link() {
    beside=
    [ "$1" != ledger_disk ] || beside=$BUILD/tests/disk_calls.o
    # shellcheck disable=SC2086 # the compiler and its flags are words
    $cc -o "$2" "$BUILD/tests/test_$1.o" ${3:-} $beside "$BUILD/tests/support.o" "$BUILD/libtests.a" \
        "$BUILD/libengine.a" "$BUILD/libloader.a" "$BUILD/libprotocol.a" \
        -lcheck_pic -lsubunit -lev -llmdb -lxxhash -lsodium -lexpat -lm
}
# run PROGRAM CASE: 1: tests failed. With a twin some wait for ever: no test may take longer than that part
# of its time. Without one they pass in the same time.
run() {
    ELIG_TOP=$PWD TMPDIR=${1%/*} CK_VERBOSITY=normal CK_RUN_CASE=$2 CK_DEFAULT_TIMEOUT=20 CK_TIMEOUT_MULTIPLIER=0.25 \
        "$1" >"$1.said" 2>&1
}
# noticed PROGRAM SUITE[/CASE] "what is wrong": says what is amiss if it is not
noticed() {
    run "$1" "$(case_of "$2")"
    status=$?
    case $status in
    0) echo "$3: test_$2 does not notice" ;;
    1) ;;
    *) echo "$3: test_$2 ended with status $status, not with tests that failed" ;;
    esac
}

# Some wait more than they work. What went wrong is left in the twin's folder, in the file "wrong".
AT_ONCE=4
count=0
case_of() { echo "${1#*/}"; } # that of the suite's own name, unless it is said
twin() { # SUITE[/CASE] MODULE "what is wrong" SED-EXPRESSION
    count=$((count + 1))
    folder=$work/twin$count
    mkdir "$folder"
    sed -E "$4" "$2.c" >"$folder/twin.c"
    {
        # shellcheck disable=SC2086
        if cmp -s "$2.c" "$folder/twin.c"; then
            echo "$3: nothing was changed in $2.c" >"$folder/wrong"
        elif ! $cc -c -o "$folder/twin.o" "$folder/twin.c"; then
            echo "$3: does not compile" >"$folder/wrong"
        elif ! link "${1%/*}" "$folder/suite" "$folder/twin.o"; then
            echo "$3: does not link" >"$folder/wrong"
        else
            noticed "$folder/suite" "$1" "$3" >"$folder/wrong"
            rm -rf "$folder"/elig-test-* # what tests leave that fail: ledgers
        fi
    } &
    [ $((count % AT_ONCE)) -ne 0 ] || wait
}
# Of those that are tried by make ledger-twins only.
more() { [ -z "${ALL_TWINS-}" ] || twin "$@"; }
# in_function NAME EXPRESSION: the expression, there only.
in_function() { printf '/^[a-z].*[ *]%s\\(/,/^}/{%s}' "$1" "$2"; }

honest() { # SUITE[/CASE] ...: without a twin they pass
    for name in "$@"; do
        link "${name%/*}" "$work/honest" || exit 3
        if run "$work/honest" "$(case_of "$name")"; then passed=$((passed + 1)); else failed=$((failed + 1)) && echo "test_$name fails without a twin"; fi
    done
}

honest transact limits book portions ledger_clock ledger_thread awaited conn_ledger answer_ledger posting ledger_verify ledger_book \
    ledger_disk/places ledger_disk/synced redo redo/file book_redo book_redo/reading

# ---- each request once, and the state table ----

to=engine/transact
twin transact $to "what is asked again is done again" 's/if \(request->kind != KIND_STATUS &&$/if (false \&\&/'
twin book $to "what was answered is not looked for on a full disk" 's/if \(book_answer\(book, request, verdict\) \|\| !book_make_room\(book, is_purchase\)\)/if (!book_make_room(book, is_purchase) || book_answer(book, request, verdict))/'
twin ledger_thread engine/ledger_thread "who is always asked removes nothing" 's/ && prune_if_due\(t, monotonic_ms\(\), true\)//'
twin ledger_thread engine/ledger_queue "an asker may have all places" 's/had >= LEDGER_SHARE_MAX && .*\) \{/false) {/'
more ledger_thread engine/ledger_queue "a share is never given back" 's/atomic_fetch_sub\(share_of\(.*\);//'
twin conn_ledger engine/conn_ledger "all connections are one asker" 's/ \| \(uint64_t\)\(conn - conns->all\);/;/'
twin ledger_thread engine/ledger_thread "a full disk forgets what was answered" 's/!book_answer\(t->settings.book, request, &t->verdicts\[i\]\)/true/'
twin transact $to "another body gets the answer of the first" 's/transaction->body != request->body \|\| //'
twin transact engine/purchases "denials are not stored" 's/begin_transaction\(book, &posting, limit_case.day, 0\);//'
twin transact $to "a tombstone stops nobody" "$(in_function put_tombstone 's/put_change\(.*\);//')"
more transact $to "a tombstone is a conflict" 's/is_purchase && is_tombstone\(transaction\)/false/'
more transact $to "a change has no row of its own" "$(in_function put_change 's/posting->request_id == 0/true/')"
twin transact $to "the hold of what is confirmed stays" "$(in_function confirm_held 's/book_delete_hold\(.*\);//')"
more transact $to "the hold of what ended stays" "$(in_function free_hold 's/book_delete_hold\(.*\);//')"
twin transact $to "more is confirmed than was bought" 's/is_open && quantity > bought/false/'
more transact $to "another quantity is confirmed again" 's/t->state == STATE_CONFIRMED && quantity != t->confirmed/false/'
more transact $to "what was confirmed is cancelled" 's/target->transaction.state != STATE_RESERVED\) \{/target->transaction.state != STATE_RESERVED \&\& target->transaction.state != STATE_CONFIRMED) {/'
twin transact $to "holds run out a moment early" 's/deadline_ms > book->head.clock_ms/deadline_ms > book->head.clock_ms + 1/'
more transact $to "holds run out a moment late" 's/deadline_ms > book->head.clock_ms/deadline_ms >= book->head.clock_ms/'
more transact $to "a late confirmation is not asked about limits" "$(in_function confirm_late 's/limits_are_passed\(book, &limit_case\)/false/')"
more transact $to "that it was over its limit is forgotten" 's/^    target->transaction.flags \|= .*//'
more transact engine/purchases "four holds at a time" 's/open_count >= OPEN_COUNT_MAX/open_count > OPEN_COUNT_MAX/'
more transact $to "what is confirmed counts as open" "$(in_function confirm_held 's/put_change\(book, target, &posting, -1\)/put_change(book, target, \&posting, 0)/')"
more transact $to "whoever runs the system may not speak" 's/request->is_operator \|\| //'
twin transact $to "strangers may speak" 's/return terminal->provider == request->provider;/return true;/'
more transact $to "plain frames speak of what has no provider" 's/^    if \(request->provider == 0\)/    if (false)/'
more transact $to "of a terminal that is gone nobody may speak" 's/return first != NULL && first->provider == request->provider;/return false;/'
more transact $to "of a terminal that is gone everybody may speak" 's/return first != NULL && first->provider == request->provider;/return true;/'
more transact $to "more is given back than is left" 's/request->quantity > t->quantity/false/'
more transact $to "more money is given back than is left" 's/request->amount > left \|\| //'
twin limits $to "what is given back stays counted" "$(in_function refund 's/tally_parts\(.*\);//')"
twin limits $to "what is given back is given back today" "$(in_function refund 's/(tally_parts\(.*\);)/target->first.service_time_s = (uint32_t)(book->head.clock_ms \/ 1000); \1/')"
more limits $to "what ran out stays counted" "$(in_function free_hold 's/tally_parts\(.*\);//')"
twin limits $to "what is confirmed in part is counted whole" "$(in_function confirm_held 's/tally_parts\(book, &target->first, posting.parts, 1, USED\)/tally_parts(book, \&target->first, t->parts, 1, USED)/')"
more limits $to "what is confirmed stays held" "$(in_function confirm_held 's/tally_parts\(.*HELD\);//')"
more limits engine/purchases "what comes late is refused" 's/request->kind == KIND_LATE/false/'
more limits engine/purchases "only the first relief is asked about" 's/for \(; i < verdict->part_count; i\+\+\)/for (; i < 1; i++)/'
more limits engine/purchases "the last relief that is out says why" 's/leave == 0 && out_status == 0/leave == 0/'
more limits engine/purchases "what is left is told before it is counted" 's/posting->remaining = limits_remaining\(.*\);//'

# ---- limits, each way ----

to=engine/limits
more limits $to "a limit begins a day late" 's/limit->from_day <= day/limit->from_day < day/'
more limits $to "a limit ends a day late" 's/day < limit->until_day/day <= limit->until_day/'
twin limits $to "one use more" 's/use_count <= left \?/use_count <= left + 1 ?/'
more limits $to "one use less" 's/use_count <= left \?/use_count < left ?/'
more limits $to "an amount of one more" 's/return value > had \? value - had : 0;/return value > had ? value - had + 1 : 0;/'
more limits $to "holds are no uses" 's/\(uint64_t\)tally.used_uses \+ tally.held_uses/tally.used_uses/'
twin limits $to "held money is not spent" 's/tally.used_amount \+ tally.held_amount/tally.used_amount/'
twin limits $to "a shared limit counts its own relief" "$(in_function next_sharer 's/sharers->limit->shared == 0/true/')"
more limits $to "a limit that ended is shared" "$(in_function next_sharer 's/ && stands\(limit, sharers->day\)//')"
more limits $to "which share is remembered for ever" 's/shared->of == tables->limits && shared->generation == generation/shared->of == tables->limits/'
more limits $to "reliefs of one purchase do not count together" 's/= in_purchase\(book, c, limit, index\)/= {0, 0}/'
twin limits $to "uses are spaced backwards only" 's/: other_s - at_s;/: UINT64_MAX;/'
more limits $to "uses are spaced forwards only" 's/\? at_s - other_s :/? UINT64_MAX :/'
more limits $to "uses are spaced a second more" 's/between_s < apart_s/between_s <= apart_s/'
more limits $to "spacing does not look over midnight" 's/riga_day_of_time\(at_s - apart_s\)/riga_day_of_time(at_s)/'
more limits $to "uses of any relief are spaced" 's/if \(scope_of\(c, relief\) == scope\)/if (true)/'
twin limits $to "limits of a term are not asked" 's/\(list->has_term \|\| list->next->period != PERIOD_STATUS_TERM\)/list->next->period != PERIOD_STATUS_TERM/'
twin transact engine/purchases "what was long ago is not late" 's/ \|\| request->purchase.service_time_s \+ LATE_AFTER_S < now_s//'
twin transact engine/purchases "a reservation forgets its terms" 's/posting_set_term_day\(.*\);/;/'
more limits $to "all terms are one" 's/period_number\(limit->period, c->day, term_day\), relief;/period_number(limit->period, c->day, 0), relief;/'
more limits $to "nobody is given what is counted by person" 's/wants_person\(limit\) && c->subject == SUBJECT_NOBODY/false/'
more limits $to "a budget is spent before it is" 's/c->parts\[index\].amount <= left_of/c->parts[index].amount < left_of/'
twin limits $to "a budget is passed by little" 's/c->parts\[index\].amount <= left_of\(limit->value, spent\)/c->parts[index].amount <= left_of(limit->value, spent) + 1/'
more limits $to "a budget is of each person" 's/limit->kind == LIMIT_BUDGET \? SUBJECT_NOBODY : c->subject/c->subject/'
more limits $to "a budget stops again and again" 's/if \(tally.stopped != 0\)/if (false)/'
twin limits $to "budgets that are shared stop together" 's/\? SCOPE_SHARED \| limit->shared :/? SCOPE_SHARED :/'
more limits $to "the first budget that refuses hides the next" 's/is_allowed = false;/return false;/'
more limits $to "a budget warns again and again" 's/ && left_of\(after, added\) < mark//'
more limits $to "a budget warns a little late" 's/after >= mark/after > mark/'
more limits $to "a shared budget warns for each relief" 's/ \|\| is_told\(book, c, limit, i\)//'
more limits $to "what is not published is told" 's/ \|\| !limit->is_published//'

to=engine/tallies
more limits $to "a walk ends at a service of long ago" 's/walk->posting.day_most >= walk->from_day/riga_day_of_time(walk->posting.service_time_s) >= walk->from_day/'
more limits $to "a walk ends at its first posting" 's/posting->skip != 0 \? .*;/0;/'
twin book $to "a walk goes through denials" 's/posting->skip != 0 \? .* : posting->subject_before/posting->subject_before/'
twin book engine/book_rows "a walk begins at denials" 's/if \(is_given \|\| head.last == 0\)$/if (true)/'
twin book engine/book_rows "what is first after denials walks through them" 's/is_given \|\| head.last == 0/is_given/'
more ledger_book engine/book_rows "a skip leads too far" 's/\(uint32_t\)skip : 0/(uint32_t)(skip + 1) : 0/'
more limits $to "a use on the first day of a term is none" 's/name.number <= day/name.number < day/'
more limits $to "only the first term has a use" "$(in_function change_terms 's/while \(/if (/')"
more limits $to "a budget has a day too many" 's/day.number < until_day; day/day.number <= until_day; day/'
more limits $to "a period has a day too many" 's/day >= from_day && day < until_day/day >= from_day \&\& day <= until_day/'
more limits $to "a period has a day too few" 's/day >= from_day && day < until_day/day > from_day \&\& day < until_day/'
more book $to "what is pruned is given back to" 's/\(!is_kept_always \|\| is_less\)/!is_kept_always/'
more book $to "a tally below nothing is taken" "$(in_function tally_add 's/book_fail\(book\);/;/')"
more book $to "who has too many postings has what the last of them say" 's/return !walk.is_cut;/return true;/'
more book engine/book_rows "a budget forgets days that can still be given back" 's/SUBJECT_NOBODY \? WINDOW_DAYS_MAX : 0/SUBJECT_NOBODY ? 0 : 0/'
more book engine/transact "rows that do not fit are built on" "$(in_function target_fits 's/return false;/;/')"
more book engine/limits "a use that is buried is not too soon" 's/return walk.is_cut;.*/return false;/'
more book $to "what was worked out is not kept" "$(in_function tally_find 's/book_put_tally\(.*\);/;/')"

to=engine/portions
twin portions $to "parts of units are rounded down" 's/ \+ of - 1u\)/)/'
more portions $to "parts of money are rounded up" 's/parts\[i\].amount \* quantity \/ of/(parts[i].amount * quantity + of - 1) \/ of/'
more transact $to "a use is free before what was had with it has gone back" "$(in_function parts_back 's/round_down/round_up/')"
more portions $to "money comes from the first part" 's/for \(size_t i = count; i-- > 0;\)/for (size_t i = 0; i < count; i++)/'

to=protocol/posting
more posting $to "weeks begin on Sunday" 's/#define MONDAY .*/#define MONDAY 3/'
more posting $to "school begins in October" 's/#define SCHOOL_YEAR_BEGINS .*/#define SCHOOL_YEAR_BEGINS 10/'
more posting $to "any posting may have a skip" 's/bool is_skip = p->skip == 0 \|\|/bool is_skip = true ||/'
more posting $to "a hold needs no end" 's/\(t->deadline_ms != 0\) == \(t->state == STATE_RESERVED\) &&//'
more posting $to "parts behind the last are not looked at" 's/i >= part_count \? !is_empty :/i < part_count \&\&/'
more posting $to "what is left of a denial says whose it was" 's/\.kind = POSTING_PRUNED,$/.kind = POSTING_PRUNED, .subject = of->subject,/'
more posting $to "another format is taken" 's/h->format == LEDGER_FORMAT && //'

# ---- the clock ----

to=engine/ledger_clock
twin ledger_clock $to "the clock goes back" 's/if \(is_behind \|\| wall_ms - clock->now_ms > passed_ms\)/if (!is_behind \&\& wall_ms - clock->now_ms > passed_ms)/'
twin ledger_clock $to "the clock goes far ahead" 's/clock->is_ahead = is_far && .*/clock->is_ahead = false;/'
more ledger_clock $to "a clock that is known to be right is not believed" 's/is_far && !is_believed;/is_far;/'
more ledger_clock $to "the clock is led astray step by step" 's/clock->base_ms \+ since_ms, CLOCK/clock->now_ms, CLOCK/'
more ledger_clock $to "whoever is far behind is not told" 's/clock->is_far_behind = .*/clock->is_far_behind = false;/'
more ledger_clock $to "the clock stands while it waits" 's/clock->now_ms \+= passed_ms \/ 2;//'
more ledger_clock $to "whoever slept for a month is believed" 's/CLOCK_ABSENCE_MAX_MS, is_synchronised/UINT64_MAX, is_synchronised/'

# ---- the file ----

to=engine/book
more book $to "two processes have one ledger" 's/flock\(book->lock_fd, LOCK_EX \| LOCK_NB\) != 0/false/'
more book engine/book_folder "files that others can read are taken" 's/info.st_mode & others/false/'
more book engine/book_folder "memory is a disk" "$(in_function folder_check 's/ && *$/ \&\& true;/; s/\(is_unsafe \|\| .*\);/;/')"
more book $to "whatever environment it is of" 's/book->head.environment != settings->environment/false/'
more book $to "whatever key it was begun with" 's/book->head.subject_key != settings->subject_key/false/'
more book $to "the last postings are not looked at" 's/ \|\| !check_tail\(book\)//'
more book $to "a hold that is missing is not" 's/ \|\|$/ ||/; s/^            !posting_fits\(book, &posting\)\)/            false)/'
more book $to "holds of nobody are taken" 's/ \|\| !check_holds\(book\)//'
more book $to "the clock in the head goes back" 's/if \(book->head.clock_ms < now_ms\)/if (true)/'
more book $to "purchases use up the ballast" 's/ \|\| \(is_new && book->space.is_tight\)//'
more book $to "what is dropped stays in the head" "$(in_function book_drop 's/book->head = book->committed;//')"
twin book $to "accounts that were dropped are used" "$(in_function book_drop 's/accounts_cut\(.*\);//')"
twin ledger_disk/places $to "a disk without places is not full" 's/else if \(space_allocate\(book, until\) != 0\)/else if (false)/'
more ledger_disk/synced $to "a commit that failed is done" "$(in_function commit_all 's/book->end = BOOK_FAILED;/book->committed = book->head;/')"
twin ledger_disk/synced $to "nothing is synced" 's/settings->is_unsafe \? MDB_NOSYNC : 0/MDB_NOSYNC/'
more ledger_disk/synced $to "heads are not synced" 's/settings->is_unsafe \? MDB_NOSYNC : 0/MDB_NOMETASYNC/'
twin book_redo $to "groups of before a crash are not put in" 's/!is_new && !book_redo_all\(book\)/false/'
more book_redo $to "groups that are pending go with one that is dropped" 's/begin_writing\(book\) && book_redo_pending\(book\)/begin_writing(book)/'
more book_redo $to "a newer redo file is no matter" 's/!redo_is_ahead\(.*\)\)/true)/'
more book_redo $to "a new ledger takes what an old one answered" 's/!is_new && !book_redo_all/!book_redo_all/; s/!redo_is_ahead\(.*\)\)/true)/'
more book_redo $to "what was torn is waited for for ever" 's/ && redo_clear\(&book->redo\)//'
more book_redo $to "closing leaves groups pending" "$(in_function book_close 's/!book_is_settled\(book\)/false/')"
more ledger_disk/synced $to "who asks what stands is written down" 's/book->end == BOOK_DONE && !redo_has_changes\(&book->redo\)/false/'
twin ledger_disk/synced engine/redo "the redo file is not synced" "$(in_function redo_append 's/fdatasync\(redo->fd\) != 0/false/')"
more ledger_disk/synced engine/redo "a sync of the redo file that failed is done" "$(in_function redo_append 's/fdatasync\(redo->fd\) != 0/fdatasync(redo->fd) == 7/')"
more book_redo engine/redo "records lie one over the other" 's/redo->end \+= size;//'
more book_redo engine/redo "the file never begins again" "$(in_function redo_restart 's/redo->end = 0;//')"
more book_redo engine/redo "what is too large is written as far as it goes" 's/redo->is_too_large = true;/;/'
more redo/file engine/redo "more groups wait than are said" 's/ && redo->count < REDO_GROUPS_MAX//'
to=protocol/redo
twin redo $to "what goes on from another head is put in" "$(in_function redo_walk 's/memcmp\(.*LEDGER_HEAD_SIZE\) != 0/false/')"
more redo $to "a checksum is not looked at" 's/memcmp\(check, .*\) != 0/false/'
more redo $to "more changes may lie there than are said" "$(in_function changes_fit 's/return at == end;/return true;/')"
more redo $to "heads may be anything" 's/ &&$/ \&\&/; s/^           ledger_head_decode\(&head, out->before\) && .*/           true;/'
more redo $to "a head is its posting" "$(in_function redo_walk 's/memcmp\(out->before, walk->head, LEDGER_HEAD_SIZE\)/memcmp(out->before, walk->head, 16)/')"
twin book_redo/reading protocol/ledger_read "who reads does not wait" 's/ &&$/ \&\&/; s/^                   wait_for_redo\(file, reader, fault\);/                   true;/'
more book_redo/reading protocol/ledger_pages "who verifies does not wait" 's/wait_for_redo\(pages, redo, fault\) :/true :/'
more book_redo protocol/ledger_copy "a backup goes beside what another ledger answered" 's/has_no_redo\(directory, fault\)/true/'

to=engine/book_rows
twin book $to "the chain is not extended" "$(in_function book_append 's/memcpy\(book->head.chain, .*\);//')"
more book $to "a hash is of half of it" 's/row, POSTING_CONTENT, NULL, 0\);/row, POSTING_CONTENT \/ 2, NULL, 0);/'
more ledger_book $to "the list of a subject has one posting" 's/posting->subject_before = head.last;/posting->subject_before = 0;/'
more ledger_book $to "the latest day is that of the last" 's/if \(head.day_most < day\)/if (true)/'
more transact $to "holds end in the order of their bytes" "$(in_function hold_key 's/store_be64\(key, deadline_ms\)/store_u64(key, deadline_ms)/'); $(in_function hold_of_row 's/load_be64\(key\)/load_u64(key)/')"
more book $to "more holds end than were open" 's/open_change < 0 && head.open_count == 0/false/'

to=engine/book_prune
twin book $to "an open reservation is pruned" 's/if \(transaction.state == STATE_RESERVED\)/if (false)/'
more book $to "a day too early" 's/return recorded_ms \+ keep_days \* MS_PER_DAY <=/return recorded_ms + (keep_days - 1) * MS_PER_DAY <=/'
more book $to "the last posting is pruned" 's/sequence >= book->head.sequence \|\|/sequence > book->head.sequence ||/'
more book $to "transactions outlive their postings" "$(in_function prune_posting 's/^        book_delete_transaction\(book, name\);$/;/')"
more book $to "tombstones outlive their postings" "$(in_function prune_posting 's/^        book_delete_transaction\(book, name\); .*$/;/')"
more book $to "a denial outlives its content" "$(in_function prune_denial 's/^ *book_delete_transaction\($/(void)(/')"

# ---- the thread ----

to=engine/ledger_thread
twin ledger_thread $to "verdicts come before the commit" 's/^static enum book_end commit\(/static void give_back(struct ledger_thread *t, size_t count);&/; s/^        return commit\(t, count, expired_count\);/        return give_back(t, count), commit(t, count, expired_count);/; s/^    give_back\(t, count\);//'
twin ledger_thread $to "a commit that failed is answered" "$(in_function commit 's/if \(end != BOOK_DONE\)/if (false)/')"
more ledger_thread $to "a head is signed that nobody else can see" "$(in_function sign_head 's/!settle\(t\)/false/')"
more ledger_thread $to "what was written is never settled" 's/goes_on && settles_now\(t\)/false/'
more ledger_thread $to "that it cannot be settled is no matter" 's/return book_settle\(.*\) != BOOK_FAILED;/return book_settle(t->settings.book) != 9;/'
more ledger_thread $to "rows are removed before all is settled" "$(in_function prune 's/!settle\(t\)/false/')"
more ledger_thread $to "who finds no room is forgotten" 's/t->is_tight \? ALL_BUT_PURCHASES : scope/scope/; s/if \(end == BOOK_FULL && count > 0\)/if (false)/'
more ledger_thread $to "on a full disk nothing is ended" 's/if \(end == BOOK_FULL && count > 0\)/if (false)/'
more ledger_thread $to "nobody hears that it failed" "$(in_function fail 's/t->settings.wake\(.*\);/;/')"
more ledger_thread $to "it goes on though it failed" 's/atomic_store\(&t->has_failed, true\);//'
more ledger_thread engine/ledger_queue "verdicts go to the first loop" 's/uint32_t loop = members\[0\].loop;/uint32_t loop = 0;/; s/ && members\[given\].loop == loop;/;/'
more ledger_thread engine/ledger_queue "verdicts come the other way round" 's/= verdicts\[given\];/= verdicts[count - 1 - given];/'
more ledger_thread engine/ledger_queue "requests are taken the other way round" 's/&ring->places\[first % LEDGER_WAITING_MAX\], loop/\&ring->places[(end - 1 - (first - ring->first)) % LEDGER_WAITING_MAX], loop/'
more ledger_thread $to "a group has no bound" 's/LEDGER_EXPIRED_MAX/UINT32_MAX/'
more ledger_thread engine/ledger_queue "the first loop always comes first" 's/queue->next_loop = .*;/queue->next_loop = 0;/'
more ledger_thread engine/ledger_queue "more wait than there are places" 's/uint64_t room = LEDGER_WAITING_MAX - under_way;/uint64_t room = UINT32_MAX;/'
more ledger_thread $to "reservations run out when somebody asks" 's/book_next_deadline_ms\(t->settings.book\) <= t->now_ms &&$/false \&\&/'
more ledger_thread $to "a clock far behind is nobody's matter" 's/: t->clock.is_far_behind \? CLOCK_BEHIND/: false ? CLOCK_BEHIND/'
more ledger_thread $to "it never says that it has ended" 's/atomic_store\(&t->is_running, false\);/;/'
more ledger_thread $to "the head is not signed at the end" 's/!run\(t\) \|\| !sign_head\(t\)/!run(t)/'

# ---- the connections ----

to=engine/awaited
twin awaited $to "everybody sees everything" 's/profile_mask\(.*\);//'
more awaited $to "who is busy may come back at once" 's/verdict->status == STATUS_BUSY \? LEDGER_FULL_MS : 0/0/'

to=engine/conn_ledger
twin conn_ledger $to "whoever has the place now gets the answer" 's/ \|\| conn->serial != ticket_serial\(ticket\)//'
twin conn_ledger $to "a snapshot goes before its answers" 's/return conns->under_way_counts\[1 - conns->edition_turn\] > 0;/return false;/'
more conn_ledger $to "a snapshot never goes" 's/^    \(\*under_way_count\)--;//'
more conn_ledger $to "answers stand in the first place" 's/conn->awaiting \+ ticket_place\(ticket\)/conn->awaiting/'
more conn_ledger $to "the first verdict answers all" 's/if \(--conn->awaited_count == 0\)/if (true)/'
more conn_ledger $to "who waits for a ledger that failed waits for ever" 's/if \(count == 0 && has_failed\)/if (false)/'
more conn_ledger $to "verdicts before a failure are lost" 's/size_t count = ledger_take\(.*\);/size_t count = has_failed ? 0 : ledger_take(ledger, conns->settings.loop, verdicts, VERDICTS_A_TAKE);/'
more conn_ledger $to "what found no room is not answered" 's/^        awaited_refuse\(.*\);/        ;/'
more conn_ledger $to "buffers are lost with their connections" "$(in_function conn_forget_awaited 's/room_release\(.*\);/;/')"
more conn_ledger $to "who was asked about stays in memory" 's/^    explicit_bzero\(transactions->requests.*//'

to=engine/answer
twin answer_ledger $to "terminals buy whatever they like" "$(in_function take_transaction 's/!is_permitted\(moment, request\)/false/')"
more answer_ledger $to "whoever runs the system buys for everybody" "$(in_function take_transaction 's/!profile_may_ask\(.*\)\)/false)/')"
more answer_ledger $to "everybody runs the system" 's/\.is_operator = .*,/.is_operator = true,/'
twin answer_ledger $to "a card is another person" 's/answerer->subjects\[i\] = known;/;/'
more answer_ledger $to "anybody is somebody" 's/answerer->subjects\[i\] = SUBJECT_NOBODY;/;/'
more answer_ledger $to "all bodies are alike" 's/\.body = subject_body\(answerer->subject_key, in\),//'
more answer_ledger $to "a target is of nobody's terminal" 's/request->target_terminal != 0 \? request->target_terminal : number/request->target_terminal/'
more answer_ledger $to "the guard is not asked" "$(in_function answer_transactions 's/ration\(answerer, moment, 0\);/;/')"
more answer_ledger $to "whom the guard sent away buys" 's/request->view == VIEW_AWAITED\)/false)/'
more answer_ledger $to "what is settled is looked up" "$(in_function take_transaction 's/check->candidates.status == STATUS_OK/true/')"

# ---- the verifier ----

to=protocol/ledger_fold
more ledger_verify $to "any state will do" "$(in_function expect_state 's/p->state != wanted/false/')"
more ledger_verify $to "a second end will do" 's/if \(!state_allows\(p, t\)\)/if (false)/'
more ledger_verify $to "a request id twice will do" 's/^    if \(there != NULL\) \{/    if (there != NULL) { return NULL;/'
more ledger_verify $to "parts may grow" "$(in_function parts_fit 's/if \(!fits\)/if (false)/')"
more ledger_verify $to "a cancellation may give back less" "$(in_function fold_release 's/^    if \(p->quantity != t->quantity .*/    if (false \&\& (0 ||/; s/memcmp\((p->parts.*)\) != 0\)/memcmp(\1) != 0))/')"
more ledger_verify $to "the purchase may be another" "$(in_function check_same_purchase 's/p->subject != t->subject \|\| .*\)/false)/')"
more ledger_verify $to "a denial may take" "$(in_function fold_purchase 's/if \(p->part_count != 0\)/if (false)/')"
more ledger_verify $to "over a limit needs no mark" 's/p->status == OVER_LIMIT_ANSWER && !is_over/false/'
more ledger_verify $to "anything may have the mark" 's/is_over && !may_be_over/false/'
more ledger_verify $to "the list of a subject may have gaps" 's/if \(p->before != person->last && !is_cut &&$/if (false \&\&/'
more ledger_verify $to "a skip may lead anywhere" 's/bool is_good = p->skip == 0 \|\|/bool is_good = true ||/'
more ledger_verify $to "the latest day may be any" 's/knows_all \? p->day_most != wanted : p->day_most < wanted/false/'
more ledger_verify $to "an unknown account will do" "$(in_function spend 's/account == 0 \|\| account > fold->account_count \|\| fold->scopes\[account\] == 0/false/')"
more ledger_verify $to "a subject may hold any number" 's/person->open_count > HOLDS_OF_A_SUBJECT/false/'
to=protocol/ledger_verify
more ledger_verify $to "a content hash is not looked at" 's/p->kind != PRUNED && memcmp\(hash, p->hash, HASH\) != 0/false/'
twin ledger_verify $to "the chain is not looked at" 's/^    if \(memcmp\(hash, p->chain, HASH\) != 0\)/    if (false)/'
more ledger_verify $to "sequences may have gaps" 's/is_first_pass && sequence != walk->sequence \+ 1/false/'
more ledger_verify $to "the head may be of another" "$(in_function check_end 's/memcmp\(walk->chain, v->head.chain, HASH\) != 0/false/')"
more ledger_verify $to "the clock may go back" 's/p->recorded_ms < walk->recorded_ms/false/'
more ledger_verify $to "holds may be nobody's" 's/^    if \(!is_held\)/    if (false)/'
more ledger_verify $to "holds may be missing" 's/pages_get\(&v->pages, HOLDS, hold, sizeof\(hold\), 1\) == NULL/false/'
more ledger_verify $to "open holds are not counted" 's/open_count != person->open_count/false/'
more ledger_verify $to "days may be missing" "$(in_function verify_share 's/check_days_are_there\(v\);//')"
more ledger_verify $to "another history will do" "$(in_function check_seen 's/memcmp\(.*, HASH\) != 0/false/')"
more ledger_verify $to "an older ledger will do" 's/seen->sequence > v->head.sequence/false/'
more ledger_verify $to "what was acknowledged may be missing" 's/^    if \(row == NULL \|\| !row_read_posting\(&p, row\)\) \{/&return;/'
more ledger_verify $to "what was acknowledged may be another's" 's/if \(!is_own && !is_target\)/if (false)/'
more ledger_verify $to "another status was acknowledged" 's/is_own && p.status != a->status/false/'
more ledger_verify $to "an account may be any row" 's/row_number\(hash, 8\) != p->body/false/'
to=protocol/ledger_tallies
twin ledger_verify $to "tallies are not counted" 's/^    if \(!is_near\(uses.*/    if (false ||/; s/^        !is_near\(held, .*/        false)/'
more ledger_verify $to "marks of a stop are not looked at" 's/^    if \(is_wrong\)/    if (false)/'
to=protocol/ledger_limits
twin ledger_book $to "limits may be passed" 's/had \+ more > \(int64_t\)limit->value/false/'
more ledger_book $to "who shares a limit is not counted" "$(in_function had_before 's/limit->shared == 0/true/')"
more ledger_book $to "budgets are of one person" 's/limit->kind == BUDGET \? 0 : subject/subject/'
more ledger_book $to "a month has no beginning" 's/\.number = row_period_of\(period, day\)/.number = 0/'
more ledger_book protocol/ledger_fold "what is held is not counted" 's/\(used \+ held\)/(used)/'
wait

wrong=$(cat "$work"/twin*/wrong 2>/dev/null | tee -a /dev/stderr | wc -l)
passed=$((passed + count - wrong)) failed=$((failed + wrong))
echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
