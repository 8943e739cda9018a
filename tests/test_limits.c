/* What limits and budgets leave, at their exact edges. */
#include "tests/ledger_scene.h"
#include "tests/support.h"

enum { SUBJECT = 500, OTHER_SUBJECT = 501 };

static struct ledger_scene scene;

static void set_up(void)
{
    ls_open(&scene);
}

static void tear_down(void)
{
    ls_close(&scene);
}

static void limits(const struct limit list[], size_t count)
{
    ls_limits(&scene, list, count);
}

static struct ledger_verdict buy_at(uint8_t kind, uint64_t subject, uint32_t product,
                                    uint16_t quantity, uint64_t time_s)
{
    struct ledger_request request = ls_purchase(&scene, kind, subject, product);
    request.purchase.quantity = quantity;
    request.purchase.service_time_s = time_s;
    return ls_ask(&scene, &request);
}

static uint16_t use_on(uint32_t day)
{
    return buy_at(KIND_USE, SUBJECT, LS_P_HALF, 1, ls_morning(day)).status;
}

static uint32_t day_of(int32_t year, uint32_t month, uint32_t day)
{
    return (uint32_t)day_of_date((struct date){year, month, day});
}

/* ---- periods ---- */

/* The last day of a period and the first of the next. */
static const struct {
    uint8_t period;
    struct date first, last, next;
} edges[] = {
    {PERIOD_DAY, {2026, 11, 23}, {2026, 11, 23}, {2026, 11, 24}},
    {PERIOD_WEEK, {2026, 11, 23}, {2026, 11, 29}, {2026, 11, 30}},
    {PERIOD_WEEK, {2026, 12, 28}, {2027, 1, 3}, {2027, 1, 4}},
    {PERIOD_MONTH, {2026, 2, 1}, {2026, 2, 28}, {2026, 3, 1}},
    {PERIOD_SCHOOL_YEAR, {2026, 9, 1}, {2027, 8, 31}, {2027, 9, 1}},
    {PERIOD_YEAR, {2026, 1, 1}, {2026, 12, 31}, {2027, 1, 1}},
};

START_TEST(the_last_use_of_a_period_is_given_and_the_next_period_is_new)
{
    struct limit limit = {
        .relief = LS_HALF, .kind = LIMIT_USES, .period = edges[_i].period, .value = 2};
    uint32_t first = (uint32_t)day_of_date(edges[_i].first);
    uint32_t last = (uint32_t)day_of_date(edges[_i].last);
    uint32_t next = (uint32_t)day_of_date(edges[_i].next);
    limits(&limit, 1);
    ck_assert_uint_eq(use_on(last), STATUS_APPLIES);
    ck_assert_uint_eq(use_on(first), STATUS_APPLIES);
    ck_assert_uint_eq(use_on(last), STATUS_LIMIT_REACHED);
    ck_assert_uint_eq(use_on(first), STATUS_LIMIT_REACHED);
    ck_assert_uint_eq(use_on(next), STATUS_APPLIES);
    ck_assert_uint_eq(use_on(next), STATUS_APPLIES);
    ck_assert_uint_eq(use_on(next), STATUS_LIMIT_REACHED);
}
END_TEST

START_TEST(a_day_ends_at_midnight_in_riga)
{
    const struct limit limit = {
        .relief = LS_HALF, .kind = LIMIT_USES, .period = PERIOD_DAY, .value = 1};
    limits(&limit, 1);
    uint64_t midnight = time_of_riga_day(LS_TODAY + 1);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_HALF, 1, midnight - 1).status, STATUS_APPLIES);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_HALF, 1, midnight).status, STATUS_APPLIES);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_HALF, 1, midnight - 1).status,
                      STATUS_LIMIT_REACHED);
}
END_TEST

START_TEST(a_lifetime_has_no_end)
{
    const struct limit limit = {
        .relief = LS_HALF, .kind = LIMIT_USES, .period = PERIOD_LIFETIME, .value = 1};
    limits(&limit, 1);
    ck_assert_uint_eq(use_on(LS_FROM), STATUS_APPLIES);
    ck_assert_uint_eq(use_on(LS_UNTIL - 1), STATUS_LIMIT_REACHED);
}
END_TEST

START_TEST(a_term_counts_from_its_first_day)
{
    const struct limit limit = {
        .relief = LS_HALF, .kind = LIMIT_USES, .period = PERIOD_STATUS_TERM, .value = 1};
    limits(&limit, 1);
    ck_assert_uint_eq(use_on(LS_TERM - 1), STATUS_APPLIES); /* in the term before */
    struct ledger_request use = ls_purchase(&scene, KIND_USE, SUBJECT, LS_P_HALF);
    use.view = LS_NEW_MEMBER;
    ck_assert_uint_eq(ls_ask(&scene, &use).status, STATUS_APPLIES);
    use.request_id = scene.next_id++;
    ck_assert_uint_eq(ls_ask(&scene, &use).status, STATUS_LIMIT_REACHED);
}
END_TEST

/* ---- quantities, amounts ---- */

START_TEST(companions_are_no_uses_and_several_units_are)
{
    const struct limit limit = {.relief = LS_SCHOOL,
                                .kind = LIMIT_USES,
                                .period = PERIOD_DAY,
                                .value = 3,
                                .is_published = 1};
    limits(&limit, 1);
    struct ledger_request use = ls_purchase(&scene, KIND_USE, SUBJECT, LS_P_SCHOOL);
    use.purchase.quantity = 4;
    use.purchase.companions = 2;
    struct ledger_verdict verdict = ls_ask(&scene, &use);
    ck_assert_uint_eq(verdict.relief_amount, 40000);
    ck_assert_uint_eq(verdict.remaining, 1);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_SCHOOL, 2, ls_morning(LS_TODAY)).status,
                      STATUS_LIMIT_REACHED);
    verdict = buy_at(KIND_USE, SUBJECT, LS_P_SCHOOL, 1, ls_morning(LS_TODAY));
    ck_assert_uint_eq(verdict.status, STATUS_APPLIES);
    ck_assert_uint_eq(verdict.remaining, 0);
}
END_TEST

START_TEST(a_purchase_has_its_own_limits)
{
    const struct limit list[] = {
        {.relief = LS_HALF, .kind = LIMIT_USES, .period = PERIOD_PURCHASE, .value = 2},
        {.relief = LS_THIRD, .kind = LIMIT_AMOUNT, .period = PERIOD_PURCHASE, .value = 4000}};
    limits(list, 2);
    uint64_t now = ls_morning(LS_TODAY);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_HALF, 2, now).status, STATUS_APPLIES);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_HALF, 3, now).status, STATUS_LIMIT_REACHED);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_THIRD, 1, now).relief_amount, 3000);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_THIRD, 2, now).relief_amount, 4000);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT_NOBODY, LS_P_THIRD, 1, now).status,
                      STATUS_DOES_NOT_APPLY);
}
END_TEST

START_TEST(an_amount_is_cut_to_what_is_left)
{
    const struct limit limit = {
        .relief = LS_HALF, .kind = LIMIT_AMOUNT, .period = PERIOD_MONTH, .value = 12000};
    static const uint64_t amounts[] = {5000, 5000, 2000, 0};
    limits(&limit, 1);
    for (size_t i = 0; i < COUNT_OF(amounts); i++) {
        struct ledger_verdict verdict =
            buy_at(KIND_USE, SUBJECT, LS_P_HALF, 1, ls_morning(LS_TODAY));
        ck_assert_uint_eq(verdict.relief_amount, amounts[i]);
        ck_assert_uint_eq(verdict.payable, 10000 - amounts[i]);
        ck_assert_uint_eq(verdict.status, i < 3 ? STATUS_APPLIES : STATUS_LIMIT_REACHED);
    }
}
END_TEST

START_TEST(nobody_is_given_what_is_counted_by_person)
{
    const struct limit day = {
        .relief = LS_DIME, .kind = LIMIT_USES, .period = PERIOD_DAY, .value = 5};
    const struct limit each = {
        .relief = LS_DIME, .kind = LIMIT_USES, .period = PERIOD_PURCHASE, .value = 5};
    const struct limit apart = {.relief = LS_DIME, .kind = LIMIT_SPACING, .value = 5};
    uint64_t now = ls_morning(LS_TODAY);
    limits(&each, 1);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT_NOBODY, LS_P_DIME, 1, now).status, STATUS_APPLIES);
    limits(&day, 1);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT_NOBODY, LS_P_DIME, 1, now).status,
                      STATUS_LIMIT_REACHED);
    limits(&apart, 1);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT_NOBODY, LS_P_DIME, 1, now).status,
                      STATUS_LIMIT_REACHED);
    ck_assert_uint_eq(buy_at(KIND_LATE, SUBJECT_NOBODY, LS_P_DIME, 1, now).status,
                      STATUS_OVER_LIMIT);
}
END_TEST

/* ---- several reliefs ---- */

START_TEST(the_next_best_applies_when_the_best_is_exhausted)
{
    const struct limit list[] = {
        {.relief = LS_HALF, .kind = LIMIT_USES, .period = PERIOD_DAY, .value = 1},
        {.relief = LS_THIRD, .kind = LIMIT_USES, .period = PERIOD_DAY, .value = 1}};
    uint64_t now = ls_morning(LS_TODAY);
    limits(list, 2);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_BEST, 1, now).relief, LS_CODE(LS_HALF));
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_BEST, 1, now).relief, LS_CODE(LS_THIRD));
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_BEST, 1, now).status, STATUS_LIMIT_REACHED);
}
END_TEST

START_TEST(a_best_one_that_is_cut_may_not_be_the_best_any_more)
{
    const struct limit limit = {
        .relief = LS_HALF, .kind = LIMIT_AMOUNT, .period = PERIOD_DAY, .value = 7000};
    uint64_t now = ls_morning(LS_TODAY);
    limits(&limit, 1);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_BEST, 1, now).relief_amount, 5000);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_BEST, 1, now).relief_amount, 3000);
}
END_TEST

START_TEST(reliefs_that_share_a_limit_count_together_in_a_purchase_too)
{
    const struct limit list[] = {
        {.relief = LS_DIME, .kind = LIMIT_USES, .period = PERIOD_DAY, .value = 3, .shared = 7},
        {.relief = LS_NICKEL, .kind = LIMIT_USES, .period = PERIOD_DAY, .value = 3, .shared = 7}};
    uint64_t now = ls_morning(LS_TODAY);
    limits(list, 2);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_STACK, 1, now).relief_amount, 6500);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_STACK, 1, now).relief_amount, 6000);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_STACK, 1, now).relief_amount, 5000);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_DIME, 1, now).status, STATUS_LIMIT_REACHED);
    ck_assert_uint_eq(buy_at(KIND_USE, OTHER_SUBJECT, LS_P_STACK, 1, now).relief_amount, 6500);
}
END_TEST

START_TEST(an_amount_that_is_shared_is_cut_in_the_order_in_which_reliefs_apply)
{
    const struct limit list[] = {
        {.relief = LS_HALF, .kind = LIMIT_AMOUNT, .period = PERIOD_DAY, .value = 5800, .shared = 7},
        {.relief = LS_DIME,
         .kind = LIMIT_AMOUNT,
         .period = PERIOD_DAY,
         .value = 5800,
         .shared = 7}};
    limits(list, 2);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_STACK, 1, ls_morning(LS_TODAY)).relief_amount,
                      5000 + 800 + 500);
}
END_TEST

START_TEST(the_first_relief_that_is_out_says_why)
{
    const struct limit list[] = {
        {.relief = LS_HALF, .kind = LIMIT_USES, .period = PERIOD_DAY, .value = 1},
        {.relief = LS_THIRD, .kind = LIMIT_BUDGET, .period = PERIOD_DAY, .value = 100}};
    uint64_t now = ls_morning(LS_TODAY);
    limits(list, 2);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_BEST, 1, now).status, STATUS_APPLIES);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_BEST, 1, now).status, STATUS_LIMIT_REACHED);
}
END_TEST

/* ---- limits that change ---- */

START_TEST(what_does_not_share_any_more_is_not_counted)
{
    struct limit list[] = {
        {.relief = LS_DIME, .kind = LIMIT_USES, .period = PERIOD_DAY, .value = 2, .shared = 7},
        {.relief = LS_NICKEL, .kind = LIMIT_USES, .period = PERIOD_DAY, .value = 2, .shared = 7}};
    uint64_t now = ls_morning(LS_TODAY);
    limits(list, 2);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_STACK, 1, now).relief_amount, 6500);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_DIME, 1, now).status, STATUS_LIMIT_REACHED);
    list[1].shared = 0; /* in another snapshot */
    limits(list, 2);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_DIME, 1, now).status, STATUS_APPLIES);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_DIME, 1, now).status, STATUS_LIMIT_REACHED);
    list[1].shared = 7; /* on another day */
    list[1].until_day = LS_TODAY;
    limits(list, 2);
    ck_assert_uint_eq(buy_at(KIND_USE, OTHER_SUBJECT, LS_P_STACK, 1, now).relief_amount, 6500);
    ck_assert_uint_eq(buy_at(KIND_USE, OTHER_SUBJECT, LS_P_DIME, 1, now).status, STATUS_APPLIES);
}
END_TEST

/* What was recorded last may be about long ago: what is older in the ledger still counts. */
START_TEST(a_limit_that_is_written_counts_what_was_recorded_before_something_late)
{
    const struct limit limit = {
        .relief = LS_HALF, .kind = LIMIT_USES, .period = PERIOD_DAY, .value = 1};
    ck_assert_uint_eq(use_on(LS_TODAY), STATUS_APPLIES);
    ck_assert_uint_eq(buy_at(KIND_LATE, SUBJECT, LS_P_HALF, 1, ls_morning(LS_TODAY - 60)).status,
                      STATUS_APPLIES);
    limits(&limit, 1);
    ck_assert_uint_eq(use_on(LS_TODAY), STATUS_LIMIT_REACHED);
}
END_TEST

START_TEST(what_is_not_published_is_not_told)
{
    struct limit limit = {.relief = LS_HALF, .kind = LIMIT_USES, .period = PERIOD_DAY, .value = 9};
    uint64_t now = ls_morning(LS_TODAY);
    limits(&limit, 1);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_HALF, 1, now).remaining,
                      REMAINING_UNPUBLISHED);
    limit.is_published = 1;
    limits(&limit, 1);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_HALF, 1, now).remaining, 7);
}
END_TEST

START_TEST(what_was_used_before_a_limit_was_written_counts)
{
    struct limit limit = {.relief = LS_HALF,
                          .kind = LIMIT_USES,
                          .period = PERIOD_WEEK,
                          .value = 3,
                          .is_published = 1};
    ck_assert_uint_eq(use_on(LS_TODAY), STATUS_APPLIES);
    ck_assert_uint_eq(use_on(LS_TODAY + 1), STATUS_APPLIES);
    limits(&limit, 1);
    struct ledger_verdict last = buy_at(KIND_USE, SUBJECT, LS_P_HALF, 1, ls_morning(LS_TODAY + 2));
    ck_assert_uint_eq(last.status, STATUS_APPLIES);
    ck_assert_uint_eq(last.remaining, 0);
    ck_assert_uint_eq(use_on(LS_TODAY), STATUS_LIMIT_REACHED);
    limit.value = 5;
    limits(&limit, 1);
    ck_assert_uint_eq(use_on(LS_TODAY), STATUS_APPLIES);
    limits(NULL, 0);
    ck_assert_uint_eq(use_on(LS_TODAY), STATUS_APPLIES); /* counted, though nothing limits */
    limits(&limit, 1);
    ck_assert_uint_eq(use_on(LS_TODAY), STATUS_LIMIT_REACHED);
}
END_TEST

START_TEST(reliefs_that_begin_to_share_count_what_both_had)
{
    const struct limit alone = {
        .relief = LS_DIME, .kind = LIMIT_USES, .period = PERIOD_DAY, .value = 3};
    const struct limit both[] = {
        {.relief = LS_DIME, .kind = LIMIT_USES, .period = PERIOD_DAY, .value = 3, .shared = 4},
        {.relief = LS_HALF, .kind = LIMIT_USES, .period = PERIOD_DAY, .value = 3, .shared = 4}};
    uint64_t now = ls_morning(LS_TODAY);
    limits(&alone, 1);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_DIME, 1, now).status, STATUS_APPLIES);
    ck_assert_uint_eq(use_on(LS_TODAY), STATUS_APPLIES);
    ck_assert_uint_eq(use_on(LS_TODAY), STATUS_APPLIES);
    limits(both, 2);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_DIME, 1, now).status, STATUS_LIMIT_REACHED);
    limits(&alone, 1);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_DIME, 1, now).status, STATUS_APPLIES);
}
END_TEST

START_TEST(the_limit_of_the_day_of_service_counts)
{
    const struct limit list[] = {{.relief = LS_HALF,
                                  .kind = LIMIT_USES,
                                  .period = PERIOD_DAY,
                                  .value = 1,
                                  .until_day = LS_TODAY},
                                 {.relief = LS_HALF,
                                  .kind = LIMIT_USES,
                                  .period = PERIOD_DAY,
                                  .value = 2,
                                  .from_day = LS_TODAY}};
    limits(list, 2);
    ck_assert_uint_eq(use_on(LS_TODAY - 1), STATUS_APPLIES);
    ck_assert_uint_eq(use_on(LS_TODAY - 1), STATUS_LIMIT_REACHED);
    ck_assert_uint_eq(use_on(LS_TODAY), STATUS_APPLIES);
    ck_assert_uint_eq(use_on(LS_TODAY), STATUS_APPLIES);
    ck_assert_uint_eq(use_on(LS_TODAY), STATUS_LIMIT_REACHED);
}
END_TEST

/* ---- what comes back, what comes late ---- */

START_TEST(what_is_given_back_is_given_back_to_the_period_of_its_use)
{
    const struct limit limit = {
        .relief = LS_HALF, .kind = LIMIT_USES, .period = PERIOD_DAY, .value = 1};
    limits(&limit, 1);
    struct ledger_request use = ls_purchase(&scene, KIND_USE, SUBJECT, LS_P_HALF);
    ls_ask(&scene, &use);
    scene.now_ms += UINT64_C(40) * 86400000;
    ck_assert_uint_eq(use_on(LS_TODAY + 40), STATUS_APPLIES);
    struct ledger_request refund = ls_about(&scene, KIND_REFUND, &use);
    ck_assert_uint_eq(ls_ask(&scene, &refund).status, STATUS_REFUNDED);
    ck_assert_uint_eq(use_on(LS_TODAY + 40), STATUS_LIMIT_REACHED);
    ck_assert_uint_eq(use_on(LS_TODAY), STATUS_APPLIES);
}
END_TEST

START_TEST(what_comes_late_counts_in_its_own_period_and_is_never_refused)
{
    const struct limit limit = {
        .relief = LS_HALF, .kind = LIMIT_USES, .period = PERIOD_DAY, .value = 1};
    limits(&limit, 1);
    uint64_t yesterday = ls_morning(LS_TODAY - 1);
    ck_assert_uint_eq(use_on(LS_TODAY), STATUS_APPLIES);
    ck_assert_uint_eq(buy_at(KIND_LATE, SUBJECT, LS_P_HALF, 1, yesterday).status, STATUS_APPLIES);
    struct ledger_verdict over = buy_at(KIND_LATE, SUBJECT, LS_P_HALF, 1, yesterday);
    ck_assert_uint_eq(over.status, STATUS_OVER_LIMIT);
    ck_assert_uint_eq(over.relief_amount, 5000);
    ck_assert_uint_eq(use_on(LS_TODAY - 1), STATUS_LIMIT_REACHED);
}
END_TEST

START_TEST(a_hold_counts_like_a_use_until_it_ends)
{
    const struct limit limit = {
        .relief = LS_HALF, .kind = LIMIT_USES, .period = PERIOD_DAY, .value = 1};
    limits(&limit, 1);
    struct ledger_request held = ls_purchase(&scene, KIND_RESERVE, SUBJECT, LS_P_HALF);
    ck_assert_uint_eq(ls_ask(&scene, &held).status, STATUS_APPLIES);
    ck_assert_uint_eq(use_on(LS_TODAY), STATUS_LIMIT_REACHED);
    ls_expire(&scene, scene.now_ms + 300000);
    ck_assert_uint_eq(use_on(LS_TODAY), STATUS_APPLIES);
}
END_TEST

START_TEST(a_hold_that_is_confirmed_counts_once_and_in_part_as_a_part)
{
    const struct limit limit = {
        .relief = LS_HALF, .kind = LIMIT_USES, .period = PERIOD_DAY, .value = 4};
    limits(&limit, 1);
    struct ledger_request held = ls_purchase(&scene, KIND_RESERVE, SUBJECT, LS_P_HALF);
    held.purchase.quantity = 3;
    ck_assert_uint_eq(ls_ask(&scene, &held).status, STATUS_APPLIES);
    struct ledger_request confirm = ls_about(&scene, KIND_CONFIRM, &held);
    confirm.quantity = 2;
    ck_assert_uint_eq(ls_ask(&scene, &confirm).status, STATUS_CONFIRMED);
    ck_assert_uint_eq(use_on(LS_TODAY), STATUS_APPLIES);
    ck_assert_uint_eq(use_on(LS_TODAY), STATUS_APPLIES);
    ck_assert_uint_eq(use_on(LS_TODAY), STATUS_LIMIT_REACHED);
}
END_TEST

START_TEST(a_use_on_the_first_day_of_a_term_is_in_it)
{
    const struct limit limit = {
        .relief = LS_HALF, .kind = LIMIT_USES, .period = PERIOD_STATUS_TERM, .value = 2};
    static const uint16_t statuses[] = {STATUS_APPLIES, STATUS_APPLIES, STATUS_LIMIT_REACHED};
    static const uint32_t days[] = {LS_TODAY, LS_TERM, LS_TODAY};
    limits(&limit, 1);
    for (size_t i = 0; i < COUNT_OF(days); i++) {
        struct ledger_request use = ls_purchase(&scene, KIND_USE, SUBJECT, LS_P_HALF);
        use.view = LS_NEW_MEMBER;
        use.purchase.service_time_s = ls_morning(days[i]);
        ck_assert_uint_eq(ls_ask(&scene, &use).status, statuses[i]);
    }
}
END_TEST

START_TEST(uses_of_another_relief_are_not_too_soon)
{
    const struct limit limit = {.relief = LS_HALF, .kind = LIMIT_SPACING, .value = 30};
    uint64_t now = ls_morning(LS_TODAY);
    limits(&limit, 1);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_THIRD, 1, now).status, STATUS_APPLIES);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_HALF, 1, now).status, STATUS_APPLIES);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_HALF, 1, now).status, STATUS_TOO_SOON);
}
END_TEST

START_TEST(uses_are_spaced_both_ways)
{
    const struct limit limit = {.relief = LS_HALF, .kind = LIMIT_SPACING, .value = 30};
    uint64_t now = ls_morning(LS_TODAY);
    limits(&limit, 1);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_HALF, 2, now).status, STATUS_APPLIES);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_HALF, 1, now).status, STATUS_TOO_SOON);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_HALF, 1, now + 1799).status, STATUS_TOO_SOON);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_HALF, 1, now - 1799).status, STATUS_TOO_SOON);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_HALF, 1, now + 1800).status, STATUS_APPLIES);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_HALF, 1, now - 1800).status, STATUS_APPLIES);
    ck_assert_uint_eq(buy_at(KIND_USE, OTHER_SUBJECT, LS_P_HALF, 1, now).status, STATUS_APPLIES);
}
END_TEST

START_TEST(spacing_looks_over_midnight)
{
    const struct limit limit = {.relief = LS_HALF, .kind = LIMIT_SPACING, .value = 1440};
    limits(&limit, 1);
    ck_assert_uint_eq(use_on(LS_TODAY), STATUS_APPLIES);
    uint64_t tomorrow = ls_morning(LS_TODAY + 1);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_HALF, 1, tomorrow - 1).status,
                      STATUS_TOO_SOON);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_HALF, 1, tomorrow).status, STATUS_APPLIES);
}
END_TEST

/* ---- budgets ---- */

/* Postings of a kind so far. */
static unsigned posting_count(uint8_t kind)
{
    return ls_posting_count(&scene, kind);
}

START_TEST(a_budget_warns_once_and_stops_when_an_amount_does_not_fit)
{
    const struct limit limit = {.relief = LS_HALF,
                                .kind = LIMIT_BUDGET,
                                .period = PERIOD_YEAR,
                                .value = 19000,
                                .warn_bp = 5000};
    uint64_t now = ls_morning(LS_TODAY);
    limits(&limit, 1);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_HALF, 1, now).status, STATUS_APPLIES);
    ck_assert_uint_eq(posting_count(POSTING_WARN), 0);
    ck_assert_uint_eq(buy_at(KIND_USE, OTHER_SUBJECT, LS_P_HALF, 1, now).status, STATUS_APPLIES);
    ck_assert_uint_eq(posting_count(POSTING_WARN), 1);
    ck_assert_uint_eq(use_on(LS_TODAY - 60), STATUS_APPLIES);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_HALF, 1, now).status, STATUS_BUDGET_SPENT);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_BEST, 1, now).relief, LS_CODE(LS_THIRD));
    ck_assert_uint_eq(posting_count(POSTING_STOP), 1);
    ck_assert_uint_eq(posting_count(POSTING_WARN), 1);
    ck_assert_uint_eq(buy_at(KIND_LATE, SUBJECT, LS_P_HALF, 1, now).status, STATUS_OVER_LIMIT);
}
END_TEST

START_TEST(a_budget_is_spent_to_the_last_and_warns_at_its_mark)
{
    struct limit limit = {.relief = LS_HALF,
                          .kind = LIMIT_BUDGET,
                          .period = PERIOD_DAY,
                          .value = 10000,
                          .warn_bp = 5000};
    limits(&limit, 1);
    ck_assert_uint_eq(use_on(LS_TODAY), STATUS_APPLIES);
    ck_assert_uint_eq(posting_count(POSTING_WARN), 1);
    ck_assert_uint_eq(use_on(LS_TODAY), STATUS_APPLIES);
    ck_assert_uint_eq(use_on(LS_TODAY), STATUS_BUDGET_SPENT);
    limit.value = 14999;
    limits(&limit, 1);
    ck_assert_uint_eq(use_on(LS_TODAY), STATUS_BUDGET_SPENT);
    limit.value = 15000;
    limits(&limit, 1);
    ck_assert_uint_eq(use_on(LS_TODAY), STATUS_APPLIES);
}
END_TEST

START_TEST(a_budget_that_is_shared_warns_once)
{
    const struct limit list[] = {{.relief = LS_HALF,
                                  .kind = LIMIT_BUDGET,
                                  .period = PERIOD_DAY,
                                  .value = 50000,
                                  .warn_bp = 1000,
                                  .shared = 2},
                                 {.relief = LS_DIME,
                                  .kind = LIMIT_BUDGET,
                                  .period = PERIOD_DAY,
                                  .value = 50000,
                                  .warn_bp = 1000,
                                  .shared = 2}};
    limits(list, 2);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_STACK, 1, ls_morning(LS_TODAY)).relief_amount,
                      6500);
    ck_assert_uint_eq(posting_count(POSTING_WARN), 1);
}
END_TEST

START_TEST(a_budget_that_is_new_counts_the_days_before)
{
    const struct limit limit = {
        .relief = LS_HALF, .kind = LIMIT_BUDGET, .period = PERIOD_MONTH, .value = 12000};
    ck_assert_uint_eq(use_on(day_of(2026, 11, 1)), STATUS_APPLIES);
    ck_assert_uint_eq(use_on(day_of(2026, 10, 31)), STATUS_APPLIES); /* of another month */
    ck_assert_uint_eq(use_on(day_of(2026, 12, 1)), STATUS_APPLIES);
    struct ledger_request held = ls_purchase(&scene, KIND_RESERVE, OTHER_SUBJECT, LS_P_HALF);
    ls_ask(&scene, &held);
    limits(&limit, 1);
    ck_assert_uint_eq(use_on(LS_TODAY), STATUS_BUDGET_SPENT);
    struct ledger_request cancel = ls_about(&scene, KIND_CANCEL, &held);
    ls_ask(&scene, &cancel);
    ck_assert_uint_eq(use_on(LS_TODAY), STATUS_APPLIES);
}
END_TEST

START_TEST(a_budget_that_is_shared_is_one)
{
    const struct limit list[] = {
        {.relief = LS_HALF, .kind = LIMIT_BUDGET, .period = PERIOD_DAY, .value = 5900, .shared = 2},
        {.relief = LS_DIME,
         .kind = LIMIT_BUDGET,
         .period = PERIOD_DAY,
         .value = 5900,
         .shared = 2}};
    limits(list, 2);
    uint64_t now = ls_morning(LS_TODAY);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_STACK, 1, now).relief_amount, 5500);
    ck_assert_uint_eq(posting_count(POSTING_STOP), 1);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_DIME, 1, now).status, STATUS_BUDGET_SPENT);
    ck_assert_uint_eq(posting_count(POSTING_STOP), 1);
}
END_TEST

/* Two of one relief in one period: each has its warning and its STOP, though both refuse at once.
 */
START_TEST(budgets_of_one_relief_that_are_shared_stop_each_for_itself)
{
#define SHARED(relief_, number, value_)                                                            \
    {                                                                                              \
        .relief = relief_, .kind = LIMIT_BUDGET, .period = PERIOD_DAY, .value = value_,            \
        .warn_bp = 1000, .shared = number                                                          \
    }
    const struct limit list[] = {SHARED(LS_HALF, 2, 11000), SHARED(LS_HALF, 3, 9000),
                                 SHARED(LS_DIME, 2, 11000), SHARED(LS_DIME, 3, 9000)};
    limits(list, 4);
    ck_assert_uint_eq(use_on(LS_TODAY), STATUS_APPLIES);
    ck_assert_uint_eq(posting_count(POSTING_WARN), 2);
    ck_assert_uint_eq(use_on(LS_TODAY), STATUS_BUDGET_SPENT); /* of the second */
    ck_assert_uint_eq(posting_count(POSTING_STOP), 1);
    uint64_t now = ls_morning(LS_TODAY);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_HALF, 2, now).status, STATUS_BUDGET_SPENT);
    ck_assert_uint_eq(posting_count(POSTING_STOP), 2); /* of the first, too */
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_HALF, 2, now).status, STATUS_BUDGET_SPENT);
    ck_assert_uint_eq(posting_count(POSTING_STOP), 2);
    uint64_t before = ls_morning(LS_TODAY - 1);
    ck_assert_uint_eq(buy_at(KIND_USE, SUBJECT, LS_P_HALF, 3, before).status, STATUS_BUDGET_SPENT);
    ck_assert_uint_eq(posting_count(POSTING_STOP), 4); /* both at once */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("limits");
    TCase *tcase = tcase_create("limits");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, the_last_use_of_a_period_is_given_and_the_next_period_is_new, 0,
                        COUNT_OF(edges));
    tcase_add_test(tcase, a_day_ends_at_midnight_in_riga);
    tcase_add_test(tcase, a_lifetime_has_no_end);
    tcase_add_test(tcase, a_term_counts_from_its_first_day);
    tcase_add_test(tcase, companions_are_no_uses_and_several_units_are);
    tcase_add_test(tcase, a_purchase_has_its_own_limits);
    tcase_add_test(tcase, an_amount_is_cut_to_what_is_left);
    tcase_add_test(tcase, nobody_is_given_what_is_counted_by_person);
    tcase_add_test(tcase, the_next_best_applies_when_the_best_is_exhausted);
    tcase_add_test(tcase, a_best_one_that_is_cut_may_not_be_the_best_any_more);
    tcase_add_test(tcase, reliefs_that_share_a_limit_count_together_in_a_purchase_too);
    tcase_add_test(tcase, an_amount_that_is_shared_is_cut_in_the_order_in_which_reliefs_apply);
    tcase_add_test(tcase, what_was_used_before_a_limit_was_written_counts);
    tcase_add_test(tcase, reliefs_that_begin_to_share_count_what_both_had);
    tcase_add_test(tcase, the_limit_of_the_day_of_service_counts);
    tcase_add_test(tcase, what_is_given_back_is_given_back_to_the_period_of_its_use);
    tcase_add_test(tcase, what_comes_late_counts_in_its_own_period_and_is_never_refused);
    tcase_add_test(tcase, a_hold_counts_like_a_use_until_it_ends);
    tcase_add_test(tcase, the_first_relief_that_is_out_says_why);
    tcase_add_test(tcase, what_does_not_share_any_more_is_not_counted);
    tcase_add_test(tcase, a_limit_that_is_written_counts_what_was_recorded_before_something_late);
    tcase_add_test(tcase, what_is_not_published_is_not_told);
    tcase_add_test(tcase, a_hold_that_is_confirmed_counts_once_and_in_part_as_a_part);
    tcase_add_test(tcase, a_use_on_the_first_day_of_a_term_is_in_it);
    tcase_add_test(tcase, uses_of_another_relief_are_not_too_soon);
    tcase_add_test(tcase, a_budget_is_spent_to_the_last_and_warns_at_its_mark);
    tcase_add_test(tcase, a_budget_that_is_shared_warns_once);
    tcase_add_test(tcase, uses_are_spaced_both_ways);
    tcase_add_test(tcase, spacing_looks_over_midnight);
    tcase_add_test(tcase, a_budget_warns_once_and_stops_when_an_amount_does_not_fit);
    tcase_add_test(tcase, a_budget_that_is_new_counts_the_days_before);
    tcase_add_test(tcase, a_budget_that_is_shared_is_one);
    tcase_add_test(tcase, budgets_of_one_relief_that_are_shared_stop_each_for_itself);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
