/* Reliefs, their versions, clauses, limits and splits, as read. */
#include "tests/rules.h"

#define HEAD                                                                                       \
    "place RIGA = 0001\nplaces coast = 0005, 0027\n"                                               \
    "product p = 20\nproduct q = 10\nproducts both = p, q\n"                                       \
    "group a = age > 1\ngroup b = age > 2\n"
#define RELIEF "relief A giver 90011524360 from 2026-01-01\n"

/* ---- clauses ---- */

START_TEST(a_clause_without_conditions_is_about_everything)
{
    struct rules *rules = rules_of_good_text(HEAD RELIEF "clause b product q, p free");
    const struct rule_clause *clause = &rules->clauses[1];
    const struct clause *terms = &clause->terms;
    ck_assert_uint_eq(clause->version, 1);
    ck_assert(clause->group == 2 && clause->known_group == 2);
    ck_assert_uint_eq(clause->product_count, 2);
    ck_assert_uint_eq(rules->clause_products[clause->first_product], 10);
    ck_assert_uint_eq(rules->clause_products[clause->first_product + 1], 20);
    ck_assert(clause->range_count == 0 && clause->place_count == 0 && clause->contract_count == 0);
    ck_assert_uint_eq(clause->calendar, CALENDAR_ALL_DAYS);
    ck_assert_uint_eq(clause->at.line, 9);
    ck_assert(terms->computation == COMPUTE_PERCENT && terms->value == PERCENT_ALL_BP);
    ck_assert(terms->price_least == 0 && terms->price_most == UINT32_MAX);
    ck_assert(terms->quantity_least == 1 && terms->quantity_most == UINT16_MAX);
    ck_assert(terms->means_mask == MEANS_MASK_ALL && terms->entry_mask == ENTRY_MASK_ALL);
    ck_assert(terms->above == 0 && terms->cap == 0 && terms->flags == 0);
    ck_assert(terms->unit_count_max == 0 && terms->companions_max == 0 && terms->clock_count == 0);
    ck_assert(terms->number == 1 && terms->code == 0 && terms->round_step == 0);
    rules_free(rules);
}
END_TEST

/* What one condition, computation or modifier becomes, where it is not as without it. */
static const struct {
    const char *text;
    struct clause terms;
} terms_read[] = {
    {"free", {.computation = COMPUTE_PERCENT, .value = 10000}},
    {"discount 33.33%", {.computation = COMPUTE_PERCENT, .value = 3333}},
    {"discount 0.01%", {.computation = COMPUTE_PERCENT, .value = 1}},
    {"discount 7.5%", {.computation = COMPUTE_PERCENT, .value = 750}},
    {"discount 100.00%", {.computation = COMPUTE_PERCENT, .value = 10000}},
    {"amount 1.545", {.computation = COMPUTE_AMOUNT, .value = 15450}},
    {"subsidy 0.0001", {.computation = COMPUTE_SUBSIDY, .value = 1}},
    {"costs 429496.7295", {.computation = COMPUTE_PRICE, .value = UINT32_MAX}},
    {"free above 4.27", {.computation = COMPUTE_PERCENT, .value = 10000, .above = 42700}},
    {"free at most 5", {.computation = COMPUTE_PERCENT, .value = 10000, .cap = 50000}},
    {"free at most 5 each",
     {.computation = COMPUTE_PERCENT, .value = 10000, .cap = 50000, .flags = CLAUSE_CAP_EACH}},
    {"free for 1 unit", {.computation = COMPUTE_PERCENT, .value = 10000, .unit_count_max = 1}},
    {"free for 10000 units",
     {.computation = COMPUTE_PERCENT, .value = 10000, .unit_count_max = 10000}},
    {"free with 1 companion",
     {.computation = COMPUTE_PERCENT, .value = 10000, .companions_max = 1}},
    {"costs 1 with 255 companions at most 2.00 for 3 units",
     {.computation = COMPUTE_PRICE,
      .value = 10000,
      .companions_max = 255,
      .cap = 20000,
      .unit_count_max = 3}},
    {"price from 1.00 amount 1",
     {.computation = COMPUTE_AMOUNT, .value = 10000, .price_least = 10000}},
    {"price below 4.27 amount 1",
     {.computation = COMPUTE_AMOUNT, .value = 10000, .price_most = 42699}},
    {"price from 1 below 1.0001 amount 1",
     {.computation = COMPUTE_AMOUNT, .value = 10000, .price_least = 10000, .price_most = 10000}},
    {"quantity 3 free",
     {.computation = COMPUTE_PERCENT, .value = 10000, .quantity_least = 3, .quantity_most = 3}},
    {"quantity 2 to 4 free",
     {.computation = COMPUTE_PERCENT, .value = 10000, .quantity_least = 2, .quantity_most = 4}},
    {"quantity from 2 free", {.computation = COMPUTE_PERCENT, .value = 10000, .quantity_least = 2}},
    {"quantity up to 4 free", {.computation = COMPUTE_PERCENT, .value = 10000, .quantity_most = 4}},
    {"by eid, personal-code free",
     {.computation = COMPUTE_PERCENT, .value = 10000, .means_mask = 0x06}},
    {"by e-talons, card free",
     {.computation = COMPUTE_PERCENT, .value = 10000, .means_mask = 0x18}},
    {"read chip, contactless, optical free",
     {.computation = COMPUTE_PERCENT, .value = 10000, .entry_mask = 0x0e}},
    {"read typed, unstated free",
     {.computation = COMPUTE_PERCENT, .value = 10000, .entry_mask = 0x11}},
};

static uint64_t or_usual(uint64_t wanted, uint64_t usual)
{
    return wanted != 0 ? wanted : usual;
}

START_TEST(every_term_of_a_clause_is_read_as_written)
{
    char text[512];
    snprintf(text, sizeof(text), HEAD RELIEF "clause a product p %s\n", terms_read[_i].text);
    struct rules *rules = rules_of_good_text(text);
    const struct clause *is = &rules->clauses[1].terms, *wanted = &terms_read[_i].terms;
    ck_assert_uint_eq(is->computation, wanted->computation);
    ck_assert_uint_eq(is->value, wanted->value);
    ck_assert_uint_eq(is->above, wanted->above);
    ck_assert_uint_eq(is->cap, wanted->cap);
    ck_assert_uint_eq(is->flags, wanted->flags);
    ck_assert_uint_eq(is->unit_count_max, wanted->unit_count_max);
    ck_assert_uint_eq(is->companions_max, wanted->companions_max);
    ck_assert_uint_eq(is->price_least, wanted->price_least);
    ck_assert_uint_eq(is->price_most, or_usual(wanted->price_most, UINT32_MAX));
    ck_assert_uint_eq(is->quantity_least, or_usual(wanted->quantity_least, 1));
    ck_assert_uint_eq(is->quantity_most, or_usual(wanted->quantity_most, UINT16_MAX));
    ck_assert_uint_eq(is->means_mask, or_usual(wanted->means_mask, MEANS_MASK_ALL));
    ck_assert_uint_eq(is->entry_mask, or_usual(wanted->entry_mask, ENTRY_MASK_ALL));
    rules_free(rules);
}
END_TEST

START_TEST(a_clause_says_where_and_under_which_contracts)
{
    struct rules *rules = rules_of_good_text(
        HEAD RELIEF
        "clause a product p in RIGA at 7 free\n"
        "clause a product p under 17, 18 at 101, 103-120, 4294967295 in coast, 0044 free\n");
    const struct rule_clause *clause = &rules->clauses[2];
    ck_assert_uint_eq(clause->place_count, 3);
    ck_assert_uint_eq(rules->places[clause->first_place].value, 5);
    ck_assert_uint_eq(rules->places[clause->first_place + 2].value, 44);
    ck_assert_uint_eq(clause->range_count, 3);
    const struct point_range *ranges = &rules->ranges[clause->first_range];
    ck_assert(ranges[0].first == 101 && ranges[0].last == 101);
    ck_assert(ranges[1].first == 103 && ranges[1].last == 120);
    ck_assert(ranges[2].first == UINT32_MAX && ranges[2].last == UINT32_MAX);
    ck_assert_uint_eq(clause->contract_count, 2);
    ck_assert_uint_eq(rules->contract_numbers[clause->first_contract + 1], 18);
    ck_assert_uint_eq(clause->terms.number, 2);
    rules_free(rules);
}
END_TEST

START_TEST(everybody_is_no_group)
{
    struct rules *rules = rules_of_good_text(
        HEAD RELIEF "unknown last known 5 days\nclause everybody product p free");
    ck_assert_uint_eq(rules->clauses[1].group, GROUP_EVERYBODY);
    ck_assert_uint_eq(rules->clauses[1].known_group, GROUP_EVERYBODY);
    ck_assert_uint_eq(rules->group_count, 3);
    rules_free(rules);
}
END_TEST

START_TEST(a_set_of_products_stands_for_all_of_them_each_once)
{
    struct rules *rules = rules_of_good_text(HEAD "products more = q, both\n" RELIEF
                                                  "clause a product q, more free\n");
    const struct rule_clause *clause = &rules->clauses[1];
    ck_assert_uint_eq(clause->product_count, 2);
    ck_assert_uint_eq(rules->clause_products[clause->first_product], 10);
    ck_assert_uint_eq(rules->clause_products[clause->first_product + 1], 20);
    rules_free(rules);
}
END_TEST

/* Two clauses about one group and product, in one version, that differ by one condition. */
static const char *const differing[][2] = {
    {"", "in 0001"},
    {"in 0001", "in 0002"},
    {"in 0001", "in 00010"},
    {"at 1", "at 2"},
    {"at 1-2", "at 1, 2"},
    {"under 1", "under 2"},
    {"on monday", "on tuesday"},
    {"10:00-12:00", "10:00-12:01"},
    {"10:00-12:00", "10:00-12:00, 13:00-14:00"},
    {"price from 1", "price below 1"},
    {"quantity 1", "quantity 2"},
    {"quantity 1", "quantity from 1"},
    {"by eid", "by card"},
    {"read chip", "read typed"},
};

START_TEST(clauses_of_one_group_and_product_may_differ_by_a_condition)
{
    char text[512];
    snprintf(text, sizeof(text),
             HEAD RELIEF "clause a product p %s free\nclause a product p %s free", differing[_i][0],
             differing[_i][1]);
    struct rules *rules = rules_of_good_text(text);
    ck_assert_uint_eq(rules->clause_count, 3);
    rules_free(rules);
}
END_TEST

/* ---- versions ---- */

START_TEST(a_version_is_in_force_until_the_next_begins)
{
    struct rules *rules = rules_of_good_text(
        HEAD "relief A giver 90011524360 from 2027-01-01\n"
             "  limit 3 uses per day\n  clause b product p free\n"
             "relief B giver 90000054163 from 2026-01-01 until 2026-07-01\n"
             "  clause a product p free\n"
             "relief A giver 90011524360 from 2026-01-01 until 2028-01-01 split 7\n"
             "  clause a product p free\n  clause b product q free\n"
             "  limit 1 use per day\n  limit 2 uses per week\n"
             "relief B giver 90000054163 from 2026-08-01\n  clause b product p free\n");
    ck_assert_uint_eq(rules->relief_count, 3);
    ck_assert_uint_eq(rules->version_count, 5);
    const struct rule_relief *a = &rules->reliefs[1], *b = &rules->reliefs[2];
    ck_assert(a->first_version == 1 && a->version_count == 2);
    ck_assert(b->first_version == 3 && b->version_count == 2);
    ck_assert_uint_eq(a->at.line, 13);
    ck_assert_uint_eq(b->giver, 90000054163);

    const struct rule_version *versions = rules->versions;
    ck_assert_uint_eq(versions[1].from_day, day_of("2026-01-01"));
    ck_assert_uint_eq(versions[1].until_day, day_of("2027-01-01"));
    ck_assert_uint_eq(versions[1].split, 7);
    ck_assert_uint_eq(versions[2].until_day, DAY_NEVER);
    ck_assert_uint_eq(versions[2].split, 0);
    ck_assert_uint_eq(versions[3].until_day, day_of("2026-07-01"));

    uint32_t clause_count = 0, limit_count = 0;
    for (uint32_t i = 0; i < rules->version_count; i++) {
        ck_assert_uint_eq(versions[i].first_clause, clause_count);
        ck_assert_uint_eq(versions[i].first_limit, limit_count);
        for (uint32_t j = 0; j < versions[i].clause_count; j++)
            ck_assert_uint_eq(rules->clauses[clause_count++].version, i);
        for (uint32_t j = 0; j < versions[i].limit_count; j++)
            ck_assert_uint_eq(rules->limits[limit_count++].version, i);
    }
    ck_assert_uint_eq(clause_count, 6);
    ck_assert_uint_eq(limit_count, 3);
    ck_assert_uint_eq(rules->clauses[2].at.line, 15);
    ck_assert_uint_eq(rules->limits[2].terms.value, 3);
    rules_free(rules);
}
END_TEST

START_TEST(what_is_not_said_about_a_version_has_a_usual_value)
{
    struct rules *rules = rules_of_good_text(HEAD RELIEF "clause a product p free\n");
    const struct rule_version *version = &rules->versions[1];
    ck_assert_int_eq(version->state, VERSION_ACTIVE);
    ck_assert_uint_eq(version->order, 100);
    ck_assert(!version->stacks);
    ck_assert_int_eq(version->unknown, UNKNOWN_REFUSE);
    ck_assert_int_eq(version->rounding, ROUND_HALF_UP);
    ck_assert_uint_eq(version->round_step, 1);
    ck_assert(!rules->reliefs[1].is_everywhere);
    ck_assert_uint_eq(version->limit_count, 0);
    rules_free(rules);
}
END_TEST

START_TEST(lines_stand_before_between_and_behind_clauses)
{
    struct rules *rules = rules_of_good_text(HEAD RELIEF "state suspended\norder 999\nstacks\n"
                                                         "clause a product p free\n"
                                                         "unknown allow\nround down to 0.05\n"
                                                         "clause b product p free\n"
                                                         "everywhere\n");
    const struct rule_version *version = &rules->versions[1];
    ck_assert_int_eq(version->state, VERSION_SUSPENDED);
    ck_assert_uint_eq(version->order, 999);
    ck_assert(version->stacks);
    ck_assert_int_eq(version->unknown, UNKNOWN_ALLOW);
    ck_assert_int_eq(version->rounding, ROUND_DOWN);
    ck_assert_uint_eq(version->round_step, 500);
    ck_assert(rules->reliefs[1].is_everywhere);
    ck_assert_uint_eq(version->clause_count, 2);
    rules_free(rules);
}
END_TEST

static const struct {
    const char *text;
    enum rounding rounding;
    uint16_t step;
} roundings[] = {
    {"half up to 0.01", ROUND_HALF_UP, 100},
    {"half up to 0.0001", ROUND_HALF_UP, 1},
    {"up to 1.00", ROUND_UP, 10000},
    {"down to 0.1", ROUND_DOWN, 1000},
};

START_TEST(amounts_are_rounded_as_written)
{
    char text[512];
    snprintf(text, sizeof(text), HEAD RELIEF "round %s\nclause a product p free\n",
             roundings[_i].text);
    struct rules *rules = rules_of_good_text(text);
    ck_assert_int_eq(rules->versions[1].rounding, roundings[_i].rounding);
    ck_assert_uint_eq(rules->versions[1].round_step, roundings[_i].step);
    rules_free(rules);
}
END_TEST

static const struct {
    const char *text;
    enum version_state state;
} states[] = {
    {"draft", VERSION_DRAFT}, {"suspended", VERSION_SUSPENDED}, {"closed", VERSION_CLOSED}};

START_TEST(a_version_that_gives_nothing_needs_no_clause)
{
    char text[256];
    snprintf(text, sizeof(text), RELIEF "state %s\n", states[_i].text);
    struct rules *rules = rules_of_good_text(text);
    ck_assert_int_eq(rules->versions[1].state, states[_i].state);
    rules_free(rules);
}
END_TEST

/* ---- last known ---- */

START_TEST(last_known_groups_stand_behind_all_others_in_their_order)
{
    struct rules *rules = rules_of_good_text(
        HEAD RELIEF "clause b product p free\nunknown last known 14 days\n"
                    "clause a product q free\nclause b product q free\n"
                    "relief B giver 90011524360 from 2026-01-01\nunknown last known 1 day\n"
                    "clause a product p free\n"
                    "relief C giver 90011524360 from 2026-01-01\nclause a product p free\n"
                    "group late = age > 3\n");
    static const struct {
        const char *name;
        uint16_t of, days;
    } wanted[] = {{"a~1", 1, 1}, {"a~14", 1, 14}, {"b~14", 2, 14}};
    ck_assert_uint_eq(rules->group_count, 7);
    ck_assert_str_eq(rules->groups[3].name, "late");
    for (size_t i = 0; i < 3; i++) {
        const struct group_rule *group = &rules->groups[4 + i];
        ck_assert_str_eq(group->name, wanted[i].name);
        ck_assert_uint_eq(group->known_of, wanted[i].of);
        ck_assert_uint_eq(group->known_days, wanted[i].days);
        ck_assert_uint_eq(group->step_count, 0);
        ck_assert_uint_eq(group->first_step, rules->step_count);
        ck_assert(group->from_day == 0 && group->until_day == DAY_NEVER);
    }
    static const uint16_t groups[][2] = {{0, 0}, {2, 6}, {1, 5}, {2, 6}, {1, 4}, {1, 1}};
    for (size_t i = 0; i < 6; i++) {
        ck_assert_uint_eq(rules->clauses[i].group, groups[i][0]);
        ck_assert_uint_eq(rules->clauses[i].known_group, groups[i][1]);
    }
    ck_assert_uint_eq(rules->versions[1].known_days, 14);
    rules_free(rules);
}
END_TEST

/* ---- limits ---- */

static const struct {
    const char *text;
    struct limit limit;
} limits[] = {
    {"limit 1 use per purchase", {.kind = LIMIT_USES, .period = PERIOD_PURCHASE, .value = 1}},
    {"limit 60 uses per month published",
     {.kind = LIMIT_USES, .period = PERIOD_MONTH, .value = 60, .is_published = 1}},
    {"limit 1000000 uses per school_year shared 65535 published",
     {.kind = LIMIT_USES,
      .period = PERIOD_SCHOOL_YEAR,
      .value = 1000000,
      .shared = 65535,
      .is_published = 1}},
    {"limit 12.50 EUR per day", {.kind = LIMIT_AMOUNT, .period = PERIOD_DAY, .value = 125000}},
    {"limit 999999999.9999 EUR per lifetime shared 1",
     {.kind = LIMIT_AMOUNT,
      .period = PERIOD_LIFETIME,
      .value = UINT64_C(9999999999999),
      .shared = 1}},
    {"limit every 1 minute", {.kind = LIMIT_SPACING, .value = 1}},
    {"limit every 90 minutes", {.kind = LIMIT_SPACING, .value = 90}},
    {"limit every 2 hours", {.kind = LIMIT_SPACING, .value = 120}},
    {"limit every 10000 days", {.kind = LIMIT_SPACING, .value = 14400000}},
    {"budget 1250000.00 EUR per year warn 80%",
     {.kind = LIMIT_BUDGET,
      .period = PERIOD_YEAR,
      .value = UINT64_C(12500000000),
      .warn_bp = 8000}},
    {"budget 1 EUR per status_term shared 4",
     {.kind = LIMIT_BUDGET, .period = PERIOD_STATUS_TERM, .value = 10000, .shared = 4}},
    {"budget 1 EUR per week", {.kind = LIMIT_BUDGET, .period = PERIOD_WEEK, .value = 10000}},
};

START_TEST(limits_are_read_as_written)
{
    char text[512];
    snprintf(text, sizeof(text), HEAD RELIEF "%s\nclause a product p free\n", limits[_i].text);
    struct rules *rules = rules_of_good_text(text);
    ck_assert_uint_eq(rules->limit_count, 1);
    ck_assert_uint_eq(rules->limits[0].version, 1);
    ck_assert_uint_eq(rules->limits[0].at.line, 9);
    const struct limit *is = &rules->limits[0].terms, *wanted = &limits[_i].limit;
    ck_assert_uint_eq(is->kind, wanted->kind);
    ck_assert_uint_eq(is->period, wanted->period);
    ck_assert_uint_eq(is->value, wanted->value);
    ck_assert_uint_eq(is->shared, wanted->shared);
    ck_assert_uint_eq(is->warn_bp, wanted->warn_bp);
    ck_assert_uint_eq(is->is_published, wanted->is_published);
    rules_free(rules);
}
END_TEST

START_TEST(limits_of_other_kinds_periods_and_shares_stand_together)
{
    struct rules *rules = rules_of_good_text(
        HEAD RELIEF
        "limit 1 use per day\nlimit 20 uses per month\nlimit 30 uses per month shared 1\n"
        "limit 5 EUR per day\nlimit every 1 hour\nbudget 9 EUR per day\n"
        "clause a product p free\n");
    ck_assert_uint_eq(rules->versions[1].limit_count, 6);
    rules_free(rules);
}
END_TEST

/* ---- splits ---- */

START_TEST(splits_say_who_pays_and_the_last_pays_the_rest)
{
    struct rules *rules =
        rules_of_good_text("split 65534 = 90011524360 50%, 90000054163 33.33%, 90001733697 16.67%\n"
                           "split 2 = 90000054163 1.545 each, 90001733697 10%, 90011524360 rest\n"
                           "split 3 = 40003658252 100%\n"
                           "split 4 = 90000069281 rest\n");
    ck_assert_uint_eq(rules->split_count, 4);
    const struct split *splits = rules->splits;
    static const struct {
        uint16_t code;
        uint8_t part_count;
        struct split_part parts[3];
    } wanted[] = {
        {2,
         3,
         {{90000054163, SPLIT_SUBSIDY, 15450},
          {90001733697, SPLIT_PERCENT, 1000},
          {90011524360, SPLIT_REST, 0}}},
        {3, 1, {{40003658252, SPLIT_REST, 0}}},
        {4, 1, {{90000069281, SPLIT_REST, 0}}},
        {65534,
         3,
         {{90011524360, SPLIT_PERCENT, 5000},
          {90000054163, SPLIT_PERCENT, 3333},
          {90001733697, SPLIT_REST, 0}}},
    };
    for (size_t i = 0; i < 4; i++) {
        ck_assert_uint_eq(splits[i].code, wanted[i].code);
        ck_assert_uint_eq(splits[i].part_count, wanted[i].part_count);
        for (size_t j = 0; j < wanted[i].part_count; j++) {
            ck_assert_uint_eq(splits[i].parts[j].payer, wanted[i].parts[j].payer);
            ck_assert_uint_eq(splits[i].parts[j].kind, wanted[i].parts[j].kind);
            ck_assert_uint_eq(splits[i].parts[j].value, wanted[i].parts[j].value);
        }
    }
    rules_free(rules);
}
END_TEST

START_TEST(a_split_may_stand_behind_the_relief_and_need_not_be_there_at_all)
{
    struct rules *rules = rules_of_good_text(
        HEAD "relief A giver 90011524360 from 2026-01-01 split 9\nclause a product p free\n"
             "split 9 = 90011524360 rest\n");
    ck_assert_uint_eq(rules->versions[1].split, 9);
    rules_free(rules);
    rules = rules_of_good_text(
        HEAD "relief A giver 90011524360 from 2026-01-01 split 9\nclause a product p free\n");
    ck_assert_uint_eq(rules->split_count, 0);
    rules_free(rules);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rulerelief");
    TCase *tcase = tcase_create("rulerelief");
    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, a_clause_without_conditions_is_about_everything);
    tcase_add_loop_test(tcase, every_term_of_a_clause_is_read_as_written, 0, COUNT_OF(terms_read));
    tcase_add_test(tcase, a_clause_says_where_and_under_which_contracts);
    tcase_add_test(tcase, everybody_is_no_group);
    tcase_add_test(tcase, a_set_of_products_stands_for_all_of_them_each_once);
    tcase_add_loop_test(tcase, clauses_of_one_group_and_product_may_differ_by_a_condition, 0,
                        COUNT_OF(differing));
    tcase_add_test(tcase, a_version_is_in_force_until_the_next_begins);
    tcase_add_test(tcase, what_is_not_said_about_a_version_has_a_usual_value);
    tcase_add_test(tcase, lines_stand_before_between_and_behind_clauses);
    tcase_add_loop_test(tcase, amounts_are_rounded_as_written, 0, COUNT_OF(roundings));
    tcase_add_loop_test(tcase, a_version_that_gives_nothing_needs_no_clause, 0, COUNT_OF(states));
    tcase_add_test(tcase, last_known_groups_stand_behind_all_others_in_their_order);
    tcase_add_loop_test(tcase, limits_are_read_as_written, 0, COUNT_OF(limits));
    tcase_add_test(tcase, limits_of_other_kinds_periods_and_shares_stand_together);
    tcase_add_test(tcase, splits_say_who_pays_and_the_last_pays_the_rest);
    tcase_add_test(tcase, a_split_may_stand_behind_the_relief_and_need_not_be_there_at_all);
    return support_run(suite);
}
