#!/bin/sh
# Negative twins of the engine's sealed streams and of its ledger: each is one module of the server with one thing wrong
# that no honest terminal would notice. A suite that passes with one of them has not looked.
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
    # shellcheck disable=SC2086 # the compiler and its flags are words
    $cc -o "$2" "$BUILD/tests/test_$1.o" ${3:-} "$BUILD/tests/support.o" "$BUILD/libtests.a" \
        "$BUILD/libbench.a" "$BUILD/libengine.a" "$BUILD/libloader.a" "$BUILD/libprotocol.a" \
        -lcheck_pic -lsubunit -lev -llmdb -lxxhash -lsodium -lexpat -lm
}
# run PROGRAM CASE: 1: tests failed. With a twin some wait for ever: nothing may take longer than so many
# ms, and no test than that part of its time. Without one they pass in the same time.
run() {
    ELIG_TOP=$PWD TMPDIR=$work CK_VERBOSITY=normal CK_RUN_CASE=$2 LOBBY_WAIT_MS=3000 CK_DEFAULT_TIMEOUT=20 CK_TIMEOUT_MULTIPLIER=0.25 \
        "$1" >"$1.said" 2>&1
}
# noticed PROGRAM CASE "what is wrong" SUITE: says what is amiss if it is not
noticed() {
    run "$1" "$2"
    status=$?
    case $status in
    0) echo "$3: test_$4, $2, does not notice" ;;
    1) ;;
    *) echo "$3: test_$4, $2, ended with status $status, not with tests that failed" ;;
    esac
}

# They wait more than they work: some at once. What went wrong is left in the folder's file "wrong".
AT_ONCE=5
count=0
twin() { # "what is wrong" MODULE SUITE CASE SED-EXPRESSION
    count=$((count + 1))
    folder=$work/twin$count
    mkdir "$folder"
    sed "$5" "engine/$2.c" >"$folder/$2.c"
    # shellcheck disable=SC2086
    if cmp -s "engine/$2.c" "$folder/$2.c"; then
        echo "$1: nothing was changed in $2.c" >"$folder/wrong"
    elif ! $cc -c -o "$folder/twin.o" "$folder/$2.c"; then
        echo "$1: does not compile" >"$folder/wrong"
    elif ! link "$3" "$folder/suite" "$folder/twin.o"; then
        echo "$1: does not link" >"$folder/wrong"
    else
        noticed "$folder/suite" "$4" "$1" "$3" >"$folder/wrong" &
    fi
    [ $((count % AT_ONCE)) -ne 0 ] || wait
}

honest() { # SUITE CASE ...: without a twin they pass
    name=$1
    shift
    link "$name" "$work/$name" || exit 3
    for case in "$@"; do
        if run "$work/$name" "$case"; then passed=$((passed + 1)); else failed=$((failed + 1)) && echo "test_$name, $case, fails without a twin"; fi
    done
}

honest sealed sealed
honest conn many wiping
honest counters counters
honest handshakes hellos waiting revocations
honest spread spread
honest conn_sealed beginnings terminals crowds deadlines catalogue ledger buffers
honest answer_ledger answer_ledger
honest conn_ledger conn_ledger
honest ledger_thread ledger_thread

twin "answers are sealed under one nonce" sealed sealed sealed 's/at += record_seal(.*;$/{ & session->send.counter--; }/'
twin "answers are padded by what was there" sealed sealed sealed 's/memset(answers + asked_count .*;//'
twin "questions stay where they came in" conn conn wiping 's/explicit_bzero(round->in, round->size);//'
twin "who was asked about stays in the rows" answer conn wiping '/^static void wipe_rows/,/^}/s/explicit_bzero(answerer->identifiers.*;//'
twin "an answer is sent before its group is finished" conn conn many 's/^    answer_finish(conns->settings.answerer);//'
twin "the beginning of a frame stays where no more came" conn conn wiping 's/explicit_bzero(in, partial_size);//'
twin "a session goes on after its last record" sealed sealed sealed 's/return session->receive.counter < SESSION_RECORDS_MAX ?/return true ?/'
twin "a frame of another version ends its record" sealed sealed sealed 's/while (taken_count < asked_count)/if (taken_count < asked_count)/'
twin "a HELLO in a session is taken for a record" sealed sealed sealed 's/return type == RECORD_DATA ? SEALED_GOES_ON : SEALED_BAD_TYPE;/return SEALED_GOES_ON;/'

twin "an equal counter has risen" counters counters counters 's/counter > (is_new/counter >= (is_new/'
twin "whoever was forgotten begins anew" counters counters counters 's/counter > (is_new ? counters->floor : slot->counter)/(is_new || counter > slot->counter)/'
twin "the floor is that of the last forgetting" counters counters counters 's/counters->floor = floor > counters->floor ? floor : counters->floor;/counters->floor = floor;/'
twin "the floor does not survive a restart" counters counters counters 's/counters->floor = load_u64(file + FILE_FLOOR);//'
twin "terminals of the catalogue are forgotten" counters counters counters 's/!counters->stays\[i\] \&\& //'
twin "the check value is not looked at" counters counters counters 's/memcmp(check, file + size - CHECK_SIZE, CHECK_SIZE) != 0/false/'

twin "a loop that has ended is given connections" spread spread spread 's/!inbox->is_ended \&\& //'
twin "what waits for a loop is not counted" spread spread spread 's/ + waiting;/ + 0 * waiting;/'
twin "whoever accepts keeps all" spread spread spread 's/? chosen : self;/? self + 0 * chosen : self;/'
twin "what nobody took stays open" spread spread spread 's/^            close(one.fd);/            ;/'

twin "the counter of a HELLO is not looked at" handshakes handshakes hellos 's/return counters_rise(\(.*\));$/return counters_rise(\1), true;/'
twin "nobody is ever forgotten" handshakes handshakes hellos 's/^    counters_make_room(.*;//'
twin "the number of a terminal is not looked at" handshakes handshakes hellos 's/ || found->number != hello->terminal_id//'
twin "terminals do not end" handshakes handshakes hellos 's/ || day >= found->until_day//'
twin "refused terminals keep a place" handshakes handshakes hellos '/^static bool take_counter/,/^}/s/^{/{ (void)guard_slot(h->settings.guard, terminal, clock_wall_s());/'
twin "one source may fill the queue" handshakes handshakes waiting 's/ && \*share >= HANDSHAKES_SHARE_MAX/ \&\& false/'
twin "shares do not come back" handshakes handshakes waiting 's/(\*share_of(h, out->source))--;//'
twin "the first of all have a share only" handshakes handshakes waiting 's/h->under_way_count >= HANDSHAKES_CROWD_MIN/true/'
twin "revoked keys are let in" handshakes handshakes revocations 's/if (handshakes_has_revoked(h, key))/if (false)/'
twin "older lists are taken" handshakes handshakes revocations 's/h->revocations != NULL ? h->revocations->sequence : 0;/0;/'
twin "a refused list is never read again" handshakes handshakes revocations "s/(is_same && h->refusal.text\[0\] == '.0')/is_same/"
twin "loops do not hear of a list" handshakes handshakes revocations '/^static void revocations_look/,/^}/s/h->settings.wake(.*;/;/'

twin "mac1 is not looked at" conn_sealed conn_sealed beginnings 's/if (hello_is_addressed(.*))$/if (hello != NULL)/'
twin "bytes behind a HELLO are taken" conn_sealed conn_sealed beginnings 's/bool is_good = size <= HELLO_SIZE;/bool is_good = true; size = size < HELLO_SIZE ? size : HELLO_SIZE;/'
twin "whoever has the place now gets the session" conn_sealed conn_sealed beginnings 's/ || conn->serial != done->serial//'
twin "everybody is an inspector" conn_sealed conn_sealed terminals 's/= conn->session.terminal->profile;/= PROFILE_INSPECTOR;/'
twin "all come from one source" conn_sealed conn_sealed crowds 's/return listener_source(&peer);/return 0;/'
twin "an unproved session has no deadline" conn_sealed conn_sealed deadlines '/^static void conn_begin_session/,/^}/s/conn_wait(conn, WAIT_HELLO);/conn_wait(conn, WAIT_REQUEST);/'
twin "a held-back ACCEPT is waited for as answers are" conn conn_sealed deadlines 's/if (conn->wait != WAIT_HELLO).*/if (false)/'
twin "only ticks notice another day" conn_sealed conn_sealed catalogue '/^static void conn_begin_session/,/^}/s/notice_day(conns);//'
twin "a session has no end" conn_sealed conn_sealed deadlines 's/ && conns->tick < conn->end_tick//'
twin "revoked sessions go on" conn_sealed conn_sealed catalogue '/^static void close_revoked/,/^}/s/conn_close(conn);//'
twin "terminals that left the catalogue go on" conn_sealed conn_sealed catalogue 's/session->terminal = is_in_force ? terminal : NULL;/session->terminal = terminal;/'
twin "whoever lingers keeps its buffer" conn conn_sealed buffers '/^static void conn_linger/,/^}/s/buffer_release(.*;//'

twin "whoever was closed is read from" conn conn_sealed buffers '/^static void conn_read(/,/^}/s/conn->state == CONN_FREE/false/'

twin "the guard is not asked" answer conn_sealed terminals 's/ration(answerer, moment, first);/;/'
twin "terminals ask about whatever they like" answer conn_sealed terminals 's/return moment->terminal == NULL ||/return true ||/'

twin "purchases are asked of the ledger without the guard" answer answer_ledger answer_ledger '/^static void answer_transactions/,/^}/s/ration(answerer, moment, 0);/;/'
twin "whom a snapshot knows is counted by what was shown" answer answer_ledger answer_ledger 's/if (known != 0)/if (false)/'
twin "whoever was sent away is asked for all the same" answer answer_ledger answer_ledger 's/request->view == VIEW_AWAITED)/false)/'
twin "whoever has the place now gets the verdict" conn_ledger conn_ledger conn_ledger 's/ || conn->serial != ticket_serial(ticket)//'
twin "the old snapshot is let go at once" conn_ledger conn_ledger conn_ledger '/^bool conns_need_old/,/^}/s/return .*;/return conns == NULL;/'
twin "checks beside a transaction leave before they are answered" conn_ledger conn_ledger conn_ledger '/^bool conn_await/,/^}/s/answer_finish(.*;/;/'
twin "checks in a record behind it leave before they are answered" conn_ledger conn_sealed ledger '/^bool conn_await/,/^}/s/answer_finish(.*;/;/'
twin "a verdict's answers stay where they were sent from" conn_ledger conn_ledger conn_ledger 's/explicit_bzero(answers, taken.answer_size);//'
twin "answers leave with the first verdict" conn_ledger conn_ledger conn_ledger 's/if (--conn->awaited_count == 0)/if (--conn->awaited_count < 1000)/'
twin "whoever waits when the ledger fails goes on waiting" conn_ledger conn_ledger conn_ledger 's/if (count == 0 \&\& has_failed)/if (count == 0 \&\& false)/'
twin "records are sealed before the verdict" sealed sealed sealed 's/step->answer_size += DATA_SIZE(frame_count);/step->answer_size += record_seal(\&session->send, out, frame_count);/'
twin "verdicts do not wait for the disk" ledger_thread ledger_thread ledger_thread 's/^    uint64_t start_ns = clock_monotonic_ns();$/    give_back(t, count); count = 0; uint64_t start_ns = clock_monotonic_ns();/;s/^static enum book_end commit(/static void give_back(struct ledger_thread *t, size_t count);\n&/'
twin "a failed ledger takes more" ledger_thread ledger_thread ledger_thread 's/if (atomic_load(&t->has_failed))/if (false)/'
twin "a full disk answers what it did not write" ledger_thread ledger_thread ledger_thread 's/for (size_t i = 0; end == BOOK_FULL \&\& i < count; i++)/for (size_t i = 0; false \&\& i < count; i++)/'
wait

wrong=$(cat "$work"/twin*/wrong 2>/dev/null | tee -a /dev/stderr | wc -l)
passed=$((passed + count - wrong)) failed=$((failed + wrong))
echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
