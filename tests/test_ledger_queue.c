/* Requests go in, verdicts come out: each to its loop, in order, and nobody has all places. */
#include "engine/ledger_queue.h"
#include "tests/support.h"

#include <stdlib.h>

static struct ledger_queue *queue;
static struct member members[LEDGER_WAITING_MAX];
static struct ledger_request requests[LEDGER_WAITING_MAX];
static struct ledger_verdict verdicts[LEDGER_WAITING_MAX];

static void open_queue(void)
{
    struct fault fault;
    queue = calloc(1, sizeof(*queue));
    ck_assert_ptr_nonnull(queue);
    ck_assert(ledger_queue_open(queue, 2, &fault));
}

static void close_queue(void)
{
    ledger_queue_close(queue);
    free(queue);
}

/* `count` requests, whose tickets rise from `first`. */
static size_t submit(uint32_t loop, uint64_t asker, uint64_t first, size_t count)
{
    for (size_t i = 0; i < count; i++)
        requests[i] = (struct ledger_request){.ticket = first + i, .asker = asker};
    return ledger_queue_submit(queue, loop, requests, count);
}

/* Answers all that waits with its own ticket; how many that were. */
static size_t answer_all(void)
{
    size_t count = ledger_queue_gather(queue, members, LEDGER_WAITING_MAX);
    for (size_t i = 0; i < count; i++)
        verdicts[i] = (struct ledger_verdict){.ticket = members[i].request->ticket};
    for (size_t i = 0; i < count;)
        i += ledger_queue_give(queue, members + i, verdicts + i, count - i);
    return count;
}

START_TEST(each_loop_gets_its_verdicts_in_order)
{
    ck_assert_uint_eq(submit(0, 1, 100, 3), 3);
    ck_assert_uint_eq(submit(1, 2, 200, 2), 2);
    ck_assert(ledger_queue_has_asked(queue));
    ck_assert_uint_eq(answer_all(), 5);
    ck_assert(!ledger_queue_has_asked(queue));
    ck_assert_uint_eq(ledger_queue_waiting(queue), 5); /* until they are taken */
    ck_assert_uint_eq(ledger_queue_take(queue, 0, verdicts, 8), 3);
    for (uint64_t i = 0; i < 3; i++)
        ck_assert_uint_eq(verdicts[i].ticket, 100 + i);
    ck_assert_uint_eq(ledger_queue_take(queue, 1, verdicts, 1), 1);
    ck_assert_uint_eq(verdicts[0].ticket, 200);
    ck_assert_uint_eq(ledger_queue_take(queue, 1, verdicts, 1), 1);
    ck_assert_uint_eq(verdicts[0].ticket, 201);
    ck_assert_uint_eq(ledger_queue_waiting(queue), 0);
}
END_TEST

START_TEST(loops_take_turns_in_coming_first)
{
    ck_assert_uint_eq(submit(0, 1, 1, 1), 1);
    ck_assert_uint_eq(submit(1, 2, 2, 1), 1);
    for (uint32_t turn = 0; turn < 4; turn++) {
        ck_assert_uint_eq(ledger_queue_gather(queue, members, 1), 1);
        ck_assert_uint_eq(members[0].loop, turn % 2);
    }
    answer_all();
}
END_TEST

START_TEST(no_more_wait_than_there_are_places)
{
    for (uint64_t asker = 0; asker < LEDGER_WAITING_MAX; asker += 32)
        ck_assert_uint_eq(submit(0, asker, asker, 32), 32);
    ck_assert_uint_eq(submit(1, 9, 1, 1), 0);
    ck_assert_uint_eq(answer_all(), LEDGER_WAITING_MAX);
    ck_assert_uint_eq(submit(1, 9, 1, 1), 0); /* nobody has taken them yet */
    ck_assert_uint_eq(ledger_queue_take(queue, 0, verdicts, 10), 10);
    ck_assert_uint_eq(submit(1, 9, 1, 20), 10);
}
END_TEST

START_TEST(in_a_crowd_one_asker_has_its_share)
{
    ck_assert_uint_eq(submit(0, 7, 1, LEDGER_CROWD_MIN), LEDGER_CROWD_MIN);
    ck_assert_uint_eq(submit(0, 7, 1, 1), 0);
    ck_assert_uint_eq(submit(0, 8, 1, LEDGER_SHARE_MAX + 1), LEDGER_SHARE_MAX);
    ck_assert_uint_eq(ledger_queue_waiting(queue), LEDGER_CROWD_MIN + LEDGER_SHARE_MAX);
    answer_all();
    ck_assert_uint_eq(ledger_queue_take(queue, 0, verdicts, LEDGER_WAITING_MAX),
                      LEDGER_CROWD_MIN + LEDGER_SHARE_MAX);
    ck_assert_uint_eq(submit(0, 7, 1, 1), 1); /* its share came back */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ledger_queue");
    TCase *tcase = tcase_create("ledger_queue");
    tcase_add_checked_fixture(tcase, open_queue, close_queue);
    tcase_add_test(tcase, each_loop_gets_its_verdicts_in_order);
    tcase_add_test(tcase, loops_take_turns_in_coming_first);
    tcase_add_test(tcase, no_more_wait_than_there_are_places);
    tcase_add_test(tcase, in_a_crowd_one_asker_has_its_share);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
