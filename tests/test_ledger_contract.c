/* What every implementation of struct ledger keeps to (engine/ledger.h, protocol/LEDGER.md): one
 * suite, run against each. Another one joins by a row of `kinds`. */
#include "engine/ledger_thread.h"
#include "tests/ledger_fake.h"
#include "tests/ledger_scene.h"
#include "tests/support.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOOPS       2
#define WAIT_MS_MAX 20000
#define SUBJECT     UINT64_C(12345)
#define OPERATIONS  3000 /* of the comparison by chance */

static struct ledger_scene scene;
static struct metrics metrics;
static struct ledger *ledger;

/* ---- the implementations ---- */

static void wake(void *context, uint32_t loop)
{
    (void)context;
    (void)loop; /* suites look themselves */
}

static struct ledger *open_fake(void)
{
    return ledger_fake_open(LOOPS, NULL, NULL);
}

static struct ledger *reopen_fake(struct ledger *fake)
{
    return fake; /* its disk is its memory */
}

static struct ledger *open_thread(void)
{
    struct ledger *thread;
    struct fault fault;
    struct ledger_thread_settings settings = {
        .book = scene.book,
        .directory = scene.directory,
        .retention = {LEDGER_FOR_EVER, LEDGER_FOR_EVER},
        .trusts_clock = true,
        .loop_count = LOOPS,
        .metrics = &metrics,
        .wake = wake,
    };
    scene.book = NULL; /* the thread's from now on */
    ck_assert(ledger_thread_open(&thread, &settings, &fault));
    ck_assert(ledger_thread_start(thread, &fault));
    return thread;
}

static struct ledger *reopen_thread(struct ledger *thread)
{
    ledger_close(thread);
    ls_reopen(&scene);
    return open_thread();
}

static const struct kind {
    const char *name;
    struct ledger *(*open)(void);
    struct ledger *(*reopen)(struct ledger *ledger);
} kinds[] = {
    {"in memory", open_fake, reopen_fake},
    {"a thread over a book", open_thread, reopen_thread},
};
#define KIND_COUNT ((int)(sizeof(kinds) / sizeof(kinds[0])))

static void open_scene(void)
{
    int log_fd = open("/dev/null", O_WRONLY);
    dup2(log_fd, STDERR_FILENO);
    close(log_fd);
    ls_open(&scene);
}

static void close_scene(void)
{
    ledger_close(ledger);
    ledger = NULL;
    ls_close(&scene);
}

/* ---- asking ---- */

static struct ledger_verdict wait_for(struct ledger *of, uint32_t loop)
{
    struct ledger_verdict verdict = {0};
    for (int ms = 0; ms < WAIT_MS_MAX; ms++) {
        for (int i = 0; i < 1000; i++)
            if (ledger_take(of, loop, &verdict, 1) == 1)
                return verdict;
        usleep(1000);
    }
    ck_abort_msg("no verdict came");
    return verdict;
}

static struct ledger_verdict ask_of(struct ledger *of, struct ledger_request *request)
{
    ls_fill(&scene, request);
    ck_assert_uint_eq(ledger_submit(of, 0, request, 1), 1);
    struct ledger_verdict verdict = wait_for(of, 0);
    ck_assert_uint_eq(verdict.ticket, request->ticket);
    return verdict;
}

static struct ledger_verdict ask(struct ledger_request *request)
{
    return ask_of(ledger, request);
}

static struct ledger_request buy(uint8_t kind)
{
    return ls_purchase(&scene, kind, SUBJECT, LS_P_HALF);
}

static struct ledger_request buy_many(uint8_t kind, uint16_t quantity)
{
    struct ledger_request request = buy(kind);
    request.purchase.quantity = quantity;
    return request;
}

static uint16_t ask_about(uint8_t kind, const struct ledger_request *target, uint16_t quantity)
{
    struct ledger_request request = ls_about(&scene, kind, target);
    request.quantity = quantity;
    return ask(&request).status;
}

static void check_equal(const struct ledger_verdict *a, const struct ledger_verdict *b)
{
    ck_assert_uint_eq(a->status, b->status);
    ck_assert_uint_eq(a->sequence, b->sequence);
    ck_assert_uint_eq(a->relief, b->relief);
    ck_assert_uint_eq(a->relief_amount, b->relief_amount);
    ck_assert_uint_eq(a->payable, b->payable);
    ck_assert_uint_eq(a->until_s, b->until_s);
    ck_assert_uint_eq(a->split, b->split);
}

/* ---- once ---- */

static const uint8_t purchase_kinds[] = {KIND_USE, KIND_RESERVE, KIND_LATE};

START_TEST(what_is_asked_again_is_answered_the_same_also_when_all_began_anew)
{
    ledger = kinds[_i].open();
    for (size_t i = 0; i < sizeof(purchase_kinds); i++) {
        struct ledger_request request = buy(purchase_kinds[i]);
        struct ledger_verdict first = ask(&request);
        ck_assert_uint_eq(first.status, STATUS_APPLIES);
        ck_assert_uint_eq(first.relief, LS_CODE(LS_HALF));
        ck_assert_uint_eq(first.relief_amount, 5000);
        ck_assert_uint_ne(first.sequence, 0);
        ck_assert(purchase_kinds[i] != KIND_RESERVE || first.until_s != 0);
        struct ledger_verdict again = ask(&request);
        check_equal(&first, &again);
        ledger = kinds[_i].reopen(ledger);
        again = ask(&request);
        check_equal(&first, &again);
    }
}
END_TEST

START_TEST(another_request_under_the_same_id_is_a_conflict_and_changes_nothing)
{
    ledger = kinds[_i].open();
    struct ledger_request request = buy(KIND_USE);
    struct ledger_verdict first = ask(&request);
    struct ledger_request other = request;
    other.purchase.quantity = 2;
    ck_assert_uint_eq(ask(&other).status, STATUS_CONFLICT);
    other = request;
    other.kind = KIND_LATE;
    ck_assert_uint_eq(ask(&other).status, STATUS_CONFLICT);
    struct ledger_verdict again = ask(&request);
    check_equal(&first, &again);
}
END_TEST

START_TEST(a_denial_stands_for_ever)
{
    ledger = kinds[_i].open();
    struct ledger_request request = buy(KIND_USE);
    request.view = LS_NOBODY;
    ck_assert_uint_eq(ask(&request).status, STATUS_DOES_NOT_APPLY);
    request.view = LS_MEMBER; /* in a later snapshot */
    ck_assert_uint_eq(ask(&request).status, STATUS_DOES_NOT_APPLY);
    ck_assert_uint_eq(ask_about(KIND_STATUS, &request, 0), STATUS_DOES_NOT_APPLY);
}
END_TEST

/* As when the catalogue has changed since: nobody is looked up any more. */
static struct ledger_verdict ask_settled(struct ledger_request *request, enum status status)
{
    ls_fill(&scene, request);
    request->candidates = (struct candidates){.status = status};
    ck_assert_uint_eq(ledger_submit(ledger, 0, request, 1), 1);
    return wait_for(ledger, 0);
}

START_TEST(what_the_catalogue_refuses_now_was_answered_as_it_was_then)
{
    ledger = kinds[_i].open();
    struct ledger_request request = buy(KIND_USE), other = buy(KIND_USE);
    struct ledger_verdict first = ask(&request);
    ck_assert_uint_eq(first.status, STATUS_APPLIES);
    struct ledger_verdict again = ask_settled(&request, STATUS_NO_CONTRACT);
    check_equal(&first, &again);

    struct ledger_verdict settled = ask_settled(&other, STATUS_NO_CONTRACT);
    ck_assert_uint_eq(settled.status, STATUS_NO_CONTRACT);
    ck_assert_uint_eq(settled.sequence, 0);
    ck_assert_uint_eq(settled.payable, 10000);
    ck_assert_uint_eq(ask_settled(&other, STATUS_NOT_PERMITTED).payable, 0);
    ck_assert_uint_eq(ask(&other).status, STATUS_APPLIES); /* nothing was stored */
}
END_TEST

/* ---- what becomes of a transaction ---- */

START_TEST(a_reservation_is_confirmed_once_whole_or_in_part)
{
    ledger = kinds[_i].open();
    struct ledger_request request = buy_many(KIND_RESERVE, 5);
    ck_assert_uint_eq(ask(&request).status, STATUS_APPLIES);
    ck_assert_uint_eq(ask_about(KIND_STATUS, &request, 0), STATUS_RESERVED);
    ck_assert_uint_eq(ask_about(KIND_CONFIRM, &request, 6), STATUS_EXCEEDS);
    ck_assert_uint_eq(ask_about(KIND_CONFIRM, &request, 3), STATUS_CONFIRMED);
    ck_assert_uint_eq(ask_about(KIND_CONFIRM, &request, 3), STATUS_CONFIRMED);
    ck_assert_uint_eq(ask_about(KIND_CONFIRM, &request, 2), STATUS_EXCEEDS);
    ck_assert_uint_eq(ask_about(KIND_CANCEL, &request, 0), STATUS_CONFIRMED);
    ck_assert_uint_eq(ask_about(KIND_REFUND, &request, 4), STATUS_EXCEEDS);
    ck_assert_uint_eq(ask_about(KIND_REFUND, &request, 1), STATUS_CONFIRMED);
    ck_assert_uint_eq(ask_about(KIND_REFUND, &request, 0), STATUS_REFUNDED);
    ck_assert_uint_eq(ask_about(KIND_REFUND, &request, 0), STATUS_REFUNDED);
    ck_assert_uint_eq(ask_about(KIND_STATUS, &request, 0), STATUS_REFUNDED);
}
END_TEST

START_TEST(a_cancelled_reservation_stays_cancelled)
{
    ledger = kinds[_i].open();
    struct ledger_request request = buy(KIND_RESERVE);
    ck_assert_uint_eq(ask(&request).status, STATUS_APPLIES);
    ck_assert_uint_eq(ask_about(KIND_REFUND, &request, 0), STATUS_RESERVED);
    ck_assert_uint_eq(ask_about(KIND_CANCEL, &request, 0), STATUS_CANCELLED);
    ck_assert_uint_eq(ask_about(KIND_CONFIRM, &request, 0), STATUS_CANCELLED);
    ck_assert_uint_eq(ask(&request).status, STATUS_CANCELLED);
}
END_TEST

START_TEST(a_cancel_that_overtakes_its_reservation_prevents_it)
{
    ledger = kinds[_i].open();
    struct ledger_request request = buy(KIND_RESERVE);
    ck_assert_uint_eq(ask_about(KIND_CONFIRM, &request, 0), STATUS_UNKNOWN_TRANSACTION);
    ck_assert_uint_eq(ask_about(KIND_STATUS, &request, 0), STATUS_UNKNOWN_TRANSACTION);
    ck_assert_uint_eq(ask_about(KIND_REFUND, &request, 0), STATUS_UNKNOWN_TRANSACTION);
    ck_assert_uint_eq(ask_about(KIND_CANCEL, &request, 0), STATUS_CANCELLED);
    ledger = kinds[_i].reopen(ledger);
    ck_assert_uint_eq(ask(&request).status, STATUS_CANCELLED);
    ck_assert_uint_eq(ask_about(KIND_CONFIRM, &request, 0), STATUS_CANCELLED);
}
END_TEST

START_TEST(what_is_submitted_together_is_done_in_its_order)
{
    ledger = kinds[_i].open();
    struct ledger_request requests[4];
    static const uint16_t want[] = {STATUS_APPLIES, STATUS_CONFIRMED, STATUS_REFUNDED,
                                    STATUS_REFUNDED};
    requests[0] = buy(KIND_RESERVE);
    requests[1] = ls_about(&scene, KIND_CONFIRM, &requests[0]);
    requests[2] = ls_about(&scene, KIND_REFUND, &requests[0]);
    requests[3] = ls_about(&scene, KIND_STATUS, &requests[0]);
    for (size_t i = 0; i < 4; i++)
        ls_fill(&scene, &requests[i]);
    ck_assert_uint_eq(ledger_submit(ledger, 1, requests, 4), 4);
    for (size_t i = 0; i < 4; i++) {
        struct ledger_verdict verdict = wait_for(ledger, 1);
        ck_assert_uint_eq(verdict.ticket, requests[i].ticket);
        ck_assert_uint_eq(verdict.status, want[i]);
    }
}
END_TEST

/* ---- many ---- */

static struct ledger_request many[LEDGER_WAITING_MAX + 1];

static void make_many(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        many[i] = ls_purchase(&scene, KIND_USE, SUBJECT + i, LS_P_HALF);
        ls_fill(&scene, &many[i]);
        many[i].ticket = many[i].asker = i;
    }
}

START_TEST(every_request_that_was_taken_has_one_verdict_at_its_loop)
{
    static bool is_done[LEDGER_WAITING_MAX];
    static uint64_t sequences[LEDGER_WAITING_MAX];
    ledger = kinds[_i].open();
    memset(is_done, 0, sizeof(is_done));
    make_many(LEDGER_WAITING_MAX);
    for (size_t i = 0; i < LEDGER_WAITING_MAX; i += 64)
        ck_assert_uint_eq(ledger_submit(ledger, i / 64 % LOOPS, many + i, 64), 64);
    for (size_t i = 0; i < LEDGER_WAITING_MAX; i++) {
        struct ledger_verdict verdict = wait_for(ledger, i % LOOPS);
        ck_assert_uint_lt(verdict.ticket, LEDGER_WAITING_MAX);
        ck_assert(!is_done[verdict.ticket]);
        ck_assert_uint_eq(verdict.ticket / 64 % LOOPS, i % LOOPS);
        ck_assert_uint_eq(verdict.status, STATUS_APPLIES);
        is_done[verdict.ticket] = true;
        sequences[i] = verdict.sequence;
    }
    for (size_t i = 2; i < LEDGER_WAITING_MAX; i++)
        ck_assert_uint_gt(sequences[i], sequences[i - 2]);
    struct ledger_verdict none;
    ck_assert_uint_eq(ledger_take(ledger, 0, &none, 1), 0);
}
END_TEST

START_TEST(more_than_may_wait_are_not_taken_until_verdicts_are)
{
    ledger = kinds[_i].open();
    make_many(LEDGER_WAITING_MAX + 1);
    ck_assert_uint_eq(ledger_submit(ledger, 0, many, LEDGER_WAITING_MAX + 1), LEDGER_WAITING_MAX);
    ck_assert_uint_eq(ledger_submit(ledger, 1, many + LEDGER_WAITING_MAX, 1), 0);
    for (size_t i = 0; i < 3; i++)
        (void)wait_for(ledger, 0);
    ck_assert_uint_eq(ledger_submit(ledger, 1, many + LEDGER_WAITING_MAX, 1), 1);
    ck_assert_uint_eq(wait_for(ledger, 1).ticket, LEDGER_WAITING_MAX);
}
END_TEST

/* What nobody was told of is done or not: asked again, it is done once. */
START_TEST(an_end_in_the_middle_loses_nothing_that_was_answered_and_doubles_nothing)
{
    static uint64_t sequences[300];
    ledger = kinds[_i].open();
    make_many(300);
    ck_assert_uint_eq(ledger_submit(ledger, 0, many, 300), 300);
    for (size_t i = 0; i < 20; i++) {
        struct ledger_verdict verdict = wait_for(ledger, 0);
        sequences[verdict.ticket] = verdict.sequence;
    }
    if (kinds[_i].reopen == reopen_fake)
        for (size_t i = 20; i < 300; i++)
            (void)wait_for(ledger, 0);
    ledger = kinds[_i].reopen(ledger);
    ck_assert_uint_eq(ledger_submit(ledger, 0, many, 300), 300);
    uint64_t most = 0;
    for (size_t i = 0; i < 300; i++) {
        struct ledger_verdict verdict = wait_for(ledger, 0);
        ck_assert_uint_eq(verdict.status, STATUS_APPLIES);
        if (verdict.ticket < 20)
            ck_assert_uint_eq(verdict.sequence, sequences[verdict.ticket]);
        ck_assert_uint_gt(verdict.sequence, most);
        most = verdict.sequence;
    }
}
END_TEST

/* ---- by chance: all implementations say the same ---- */

static struct ledger_request draw(uint64_t *state, struct ledger_request made[], size_t *made_count)
{
    uint64_t pick = support_random(state);
    if (*made_count == 0 || pick % 4 == 0) {
        static const uint8_t drawn[] = {KIND_USE, KIND_RESERVE, KIND_LATE, KIND_RESERVE};
        struct ledger_request request = buy_many(drawn[pick / 4 % 4], 1 + pick / 16 % 4);
        request.subject = SUBJECT + scene.next_id; /* nobody has too many open */
        request.view = pick / 64 % 8 == 0 ? LS_NOBODY : LS_MEMBER;
        made[(*made_count)++] = request;
        return pick / 512 % 4 != 0 ? request : ls_about(&scene, KIND_CANCEL, &request);
    }
    struct ledger_request target = made[pick / 4 % *made_count];
    if (pick % 4 == 1)
        return target; /* again; perhaps for the first time */
    static const uint8_t drawn[] = {KIND_CONFIRM, KIND_CANCEL, KIND_REFUND, KIND_STATUS};
    struct ledger_request request = ls_about(&scene, drawn[pick >> 32 & 3], &target);
    request.quantity = (pick >> 40) % 4;
    return request;
}

START_TEST(all_implementations_say_the_same)
{
    static struct ledger_request made[OPERATIONS];
    size_t made_count = 0;
    uint64_t state = 1 + (uint64_t)_i;
    struct ledger *others[KIND_COUNT];
    for (int k = 0; k < KIND_COUNT; k++)
        others[k] = kinds[k].open();
    for (size_t i = 0; i < OPERATIONS; i++) {
        struct ledger_request request = draw(&state, made, &made_count);
        struct ledger_verdict want = ask_of(others[0], &request);
        for (int k = 1; k < KIND_COUNT; k++) {
            struct ledger_verdict verdict = ask_of(others[k], &request);
            ck_assert_msg(verdict.status == want.status, "%zu: kind %u: %u, want %u (%s)", i,
                          request.kind, verdict.status, want.status, kinds[k].name);
        }
    }
    for (int k = 0; k < KIND_COUNT; k++)
        ledger_close(others[k]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ledger_contract");
    TCase *tcase = tcase_create("ledger_contract");
    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, open_scene, close_scene);
#define EACH(test) tcase_add_loop_test(tcase, test, 0, KIND_COUNT)
    EACH(what_is_asked_again_is_answered_the_same_also_when_all_began_anew);
    EACH(another_request_under_the_same_id_is_a_conflict_and_changes_nothing);
    EACH(a_denial_stands_for_ever);
    EACH(what_the_catalogue_refuses_now_was_answered_as_it_was_then);
    EACH(a_reservation_is_confirmed_once_whole_or_in_part);
    EACH(a_cancelled_reservation_stays_cancelled);
    EACH(a_cancel_that_overtakes_its_reservation_prevents_it);
    EACH(what_is_submitted_together_is_done_in_its_order);
    EACH(every_request_that_was_taken_has_one_verdict_at_its_loop);
    EACH(more_than_may_wait_are_not_taken_until_verdicts_are);
    EACH(an_end_in_the_middle_loses_nothing_that_was_answered_and_doubles_nothing);
    tcase_add_loop_test(tcase, all_implementations_say_the_same, 0, 3);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
