#include "engine/spread.h"
#include "tests/support.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#define LOOPS_MAX 8
#define ROUNDS    5000

static struct metrics loops[LOOPS_MAX];
static struct spread *spread;

static void open_spread(uint32_t loop_count)
{
    struct fault fault;
    memset(loops, 0, sizeof(loops));
    ck_assert(spread_open(&spread, loops, loop_count, &fault));
}

static void has(uint32_t loop, uint64_t count)
{
    metric_set(&loops[loop].accepted, count + 17);
    metric_set(&loops[loop].closed, 17);
}

/* Ours is loop 0. */
START_TEST(who_has_clearly_fewer_takes_the_next_one)
{
    static const struct {
        uint32_t loop_count, counts[4], want;
    } rows[] = {
        {1, {9}, 0},          {2, {0, 0}, 0},       {2, {1, 0}, 1},       {2, {0, 1}, 0},
        {2, {15, 15}, 0},     {2, {16, 15}, 1},     {2, {17, 16}, 0}, /* a sixteenth more */
        {2, {18, 16}, 1},     {2, {1062, 1000}, 0}, {2, {1063, 1000}, 1}, {4, {5, 4, 3, 4}, 2},
        {4, {5, 3, 3, 4}, 1}, /* of equals the first */
        {4, {3, 5, 5, 4}, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        open_spread(rows[i].loop_count);
        for (uint32_t loop = 0; loop < rows[i].loop_count; loop++)
            has(loop, rows[i].counts[loop]);
        ck_assert_msg(spread_choose(spread, 0) == rows[i].want, "row %zu", i);
        spread_close(spread);
    }
}
END_TEST

/* Loops lose connections as they please; whoever accepts the next ones evens it out. */
START_TEST(what_comes_evens_out_what_left)
{
    uint32_t loop_count = (uint32_t)_i;
    uint64_t state = 1, counts[LOOPS_MAX] = {0};
    open_spread(loop_count);
    for (int round = 0; round < 2 * ROUNDS; round++) {
        uint32_t self = (uint32_t)(support_random(&state) % loop_count);
        uint32_t chosen = spread_choose(spread, self);
        has(chosen, ++counts[chosen]);
        if (round < ROUNDS && round % 100 == 99)
            has(self, counts[self] /= 2);
    }
    for (uint32_t i = 0; i < loop_count; i++)
        for (uint32_t j = 0; j < loop_count; j++)
            ck_assert_uint_le(counts[i], counts[j] + (counts[j] >> SPREAD_SLACK_SHIFT) + 1);
    spread_close(spread);
}
END_TEST

START_TEST(what_waits_counts_and_comes_in_order)
{
    struct spread_one one;
    open_spread(2);
    ck_assert(!spread_take(spread, 1, &one));
    for (int turn = 0; turn < 3; turn++) {
        for (int i = 0; i < SPREAD_WAITING_MAX; i++)
            ck_assert(spread_give(spread, 1, (struct spread_one){1000 + i, (uint8_t)i}));
        ck_assert(!spread_give(spread, 1, (struct spread_one){1, 1}));
        ck_assert_uint_eq(spread_load(spread, 1), SPREAD_WAITING_MAX);
        ck_assert_uint_eq(spread_choose(spread, 1), 0);
        for (int i = 0; i < SPREAD_WAITING_MAX; i++) {
            ck_assert(spread_take(spread, 1, &one));
            ck_assert_int_eq(one.fd, 1000 + i);
            ck_assert_uint_eq(one.profile, (uint8_t)i);
        }
        ck_assert(!spread_take(spread, 1, &one));
        ck_assert(spread_give(spread, 1, (struct spread_one){2, 2})); /* the ring is turned on */
        ck_assert(spread_take(spread, 1, &one));
    }
    spread_close(spread);
}
END_TEST

START_TEST(who_has_ended_is_given_nothing_and_keeps_what_waits)
{
    struct spread_one one;
    open_spread(2);
    ck_assert(spread_give(spread, 1, (struct spread_one){7, 3}));
    spread_end(spread, 1);
    ck_assert(!spread_give(spread, 1, (struct spread_one){8, 3}));
    ck_assert(spread_give(spread, 0, (struct spread_one){9, 3}));
    ck_assert(spread_take(spread, 1, &one));
    ck_assert_int_eq(one.fd, 7);
    ck_assert(!spread_take(spread, 1, &one));
    ck_assert(spread_take(spread, 0, &one));
    spread_close(spread);
}
END_TEST

START_TEST(what_nobody_took_is_closed)
{
    int ends[2];
    open_spread(2);
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    ck_assert(spread_give(spread, 1, (struct spread_one){ends[1], 3}));
    spread_close(spread);
    uint8_t byte;
    ck_assert_int_eq(read(ends[0], &byte, 1), 0);
    close(ends[0]);
    spread_close(NULL);
}
END_TEST

static void *give_many(void *argument)
{
    for (int i = 0; i < ROUNDS;)
        i += spread_give(spread, 1, (struct spread_one){i, *(const uint8_t *)argument});
    return NULL;
}

START_TEST(many_may_give_while_one_takes)
{
    pthread_t threads[2];
    uint8_t names[2] = {0, 1};
    int next[2] = {0, 0};
    open_spread(2);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, give_many, &names[i]), 0);
    for (int taken = 0; taken < 2 * ROUNDS;) {
        struct spread_one one;
        if (!spread_take(spread, 1, &one))
            continue;
        ck_assert_int_eq(one.fd, next[one.profile]++);
        taken++;
    }
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    spread_close(spread);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("spread");
    TCase *tcase = tcase_create("spread");
    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, who_has_clearly_fewer_takes_the_next_one);
    tcase_add_loop_test(tcase, what_comes_evens_out_what_left, 1, LOOPS_MAX + 1);
    tcase_add_test(tcase, what_waits_counts_and_comes_in_order);
    tcase_add_test(tcase, who_has_ended_is_given_nothing_and_keeps_what_waits);
    tcase_add_test(tcase, what_nobody_took_is_closed);
    tcase_add_test(tcase, many_may_give_while_one_takes);
    return support_run(suite);
}
