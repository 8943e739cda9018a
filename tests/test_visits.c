#include "bench/country.h"
#include "bench/truth.h"
#include "bench/visits.h"
#include "protocol/day.h"
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AS_OF    20758 /* 2026-11-01 */
#define DAY      20775 /* 2026-11-18 */
#define COUNT    5000
#define ID_FIRST UINT64_C(1000000)
#define GRANTED  30000

static struct crowd crowd;
static struct visits visits;
static char truth_path[512]; /* of the process that made it */

static void read_crowd(struct crowd *out)
{
    struct fault fault;
    ck_assert_msg(crowd_read(out, truth_path, DAY, &fault), "%s", fault.text);
}

static struct day_draw plan_of(uint64_t seed)
{
    return (struct day_draw){.seed = seed, .day = DAY, .visit_count = COUNT, .repeat_percent = 3};
}

static void start(void)
{
    struct country country;
    struct truth_summary summary;
    struct fault fault;
    country_make(&country, 2000, 1, AS_OF, true);
    ck_assert_msg(truth_write(&country, support_directory(), true, &summary, &fault), "%s",
                  fault.text);
    country_free(&country);
    snprintf(truth_path, sizeof(truth_path), "%s/" TRUTH_FILE, support_directory());
    read_crowd(&crowd);
    struct day_draw plan = plan_of(1);
    visits_draw(&visits, &crowd, &plan);
}

static void stop(void)
{
    visits_free(&visits);
    crowd_free(&crowd);
}

START_TEST(every_frame_is_one_that_a_server_takes)
{
    for (uint32_t i = 0; i < visits.deed_count; i++) {
        uint8_t frame[FRAME_SIZE];
        struct request request;
        const struct deed *deed = &visits.deeds[i];
        const struct visit *visit = &visits.list[deed->visit];
        visit_frame(frame, &visits, &crowd, ID_FIRST, deed->visit, deed->step, GRANTED);
        ck_assert_uint_eq(frame_decode_request(&request, frame), STATUS_OK);
        ck_assert(kind_is_transaction(request.kind));
        ck_assert_uint_eq(request.request_id, visit_id(ID_FIRST, visit, deed->step));
        if (deed->step != STEP_BUY)
            ck_assert_uint_eq(request.target_id, visit_id(ID_FIRST, visit, STEP_BUY));
    }
}
END_TEST

START_TEST(deeds_come_in_order_of_time_and_those_of_a_visit_in_order_of_steps)
{
    uint8_t *next = calloc(COUNT, 1);
    ck_assert_ptr_nonnull(next);
    for (uint32_t i = 0; i < visits.deed_count; i++) {
        const struct deed *deed = &visits.deeds[i];
        if (i > 0)
            ck_assert_uint_ge(deed->time_s, visits.deeds[i - 1].time_s);
        ck_assert_uint_ge(deed->step, next[deed->visit]);
        next[deed->visit] = (uint8_t)(deed->step + 1);
        ck_assert_uint_ge(deed->time_s, visits.list[deed->visit].service_time_s);
    }
    free(next);
}
END_TEST

START_TEST(ids_count_up_with_time_and_no_two_are_one)
{
    uint64_t last = 0;
    for (uint32_t i = 0; i < visits.deed_count; i++) {
        const struct deed *deed = &visits.deeds[i];
        if (deed->step != STEP_BUY)
            continue;
        uint64_t id = visit_id(ID_FIRST, &visits.list[deed->visit], STEP_BUY);
        ck_assert_uint_gt(id, last);
        last = id + STEP_COUNT - 1; /* of its last step */
    }
}
END_TEST

START_TEST(a_seed_is_a_day_and_another_one_another)
{
    for (uint64_t seed = 1; seed <= 2; seed++) {
        struct crowd other_crowd;
        struct visits other;
        struct day_draw plan = plan_of(seed);
        read_crowd(&other_crowd);
        visits_draw(&other, &other_crowd, &plan);
        uint32_t alike_count = 0;
        for (uint32_t i = 0; i < COUNT; i++) {
            uint8_t one[FRAME_SIZE], two[FRAME_SIZE];
            visit_frame(one, &visits, &crowd, ID_FIRST, i, STEP_BUY, 0);
            visit_frame(two, &other, &other_crowd, ID_FIRST, i, STEP_BUY, 0);
            alike_count += memcmp(one, two, FRAME_SIZE) == 0;
        }
        if (seed == 1)
            ck_assert_uint_eq(alike_count, COUNT);
        else
            ck_assert_uint_lt(alike_count, COUNT / 10);
        visits_free(&other);
        crowd_free(&other_crowd);
    }
}
END_TEST

START_TEST(a_day_has_something_of_everything_and_keeps_within_it)
{
    uint32_t kinds[KIND_LAST + 1] = {0}, steps[STEP_COUNT] = {0}, repeats = 0, morning = 0;
    for (uint32_t i = 0; i < COUNT; i++) {
        const struct visit *visit = &visits.list[i];
        ck_assert_uint_eq(riga_day_of_time(visit->service_time_s), DAY);
        kinds[visit->kind]++;
        repeats += visit->repeated != 0;
        uint32_t hour = riga_second_of_time(visit->service_time_s) / 3600;
        morning += visit->kind == KIND_USE && hour >= 7 && hour < 9;
    }
    for (uint32_t i = 0; i < visits.deed_count; i++)
        steps[visits.deeds[i].step]++;
    ck_assert_uint_gt(kinds[KIND_USE], COUNT / 2);
    ck_assert_uint_gt(kinds[KIND_RESERVE], COUNT / 10);
    ck_assert_uint_gt(kinds[KIND_LATE], COUNT / 100);
    ck_assert_uint_eq(steps[STEP_BUY], COUNT);
    ck_assert_uint_gt(steps[STEP_SETTLE], kinds[KIND_RESERVE] * 9 / 10);
    ck_assert_uint_gt(steps[STEP_REFUND], COUNT / 100);
    ck_assert_uint_gt(repeats, COUNT / 100);
    ck_assert_uint_gt(morning, kinds[KIND_USE] / 6); /* of 24 hours these are a twelfth */
}
END_TEST

START_TEST(half_of_what_was_granted_is_given_back_by_amount)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < COUNT; i++) {
        uint8_t frame[FRAME_SIZE];
        struct request request;
        if (visits.list[i].refunding != REFUND_AMOUNT)
            continue;
        visit_frame(frame, &visits, &crowd, ID_FIRST, i, STEP_REFUND, GRANTED);
        ck_assert_uint_eq(frame_decode_request(&request, frame), STATUS_OK);
        ck_assert_uint_eq(request.unit_price, GRANTED / 2);
        found++;
    }
    ck_assert_uint_gt(found, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("visits");
    TCase *all = tcase_create("all");
    tcase_add_unchecked_fixture(all, start, stop);
    tcase_add_test(all, every_frame_is_one_that_a_server_takes);
    tcase_add_test(all, deeds_come_in_order_of_time_and_those_of_a_visit_in_order_of_steps);
    tcase_add_test(all, ids_count_up_with_time_and_no_two_are_one);
    tcase_add_test(all, a_seed_is_a_day_and_another_one_another);
    tcase_add_test(all, a_day_has_something_of_everything_and_keeps_within_it);
    tcase_add_test(all, half_of_what_was_granted_is_given_back_by_amount);
    suite_add_tcase(suite, all);
    return support_run(suite);
}
