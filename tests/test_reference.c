#include "tests/agreement.h"
#include "tests/latvia.h"
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t day_of(const char *text)
{
    int32_t day;
    ck_assert_msg(day_of_text(&day, text, strlen(text)), "%s", text);
    return (uint32_t)day;
}

/* ---- days, clock, money ---- */

START_TEST(its_days_are_those_of_the_calendar)
{
    static const struct {
        const char *text;
        int32_t day;
        uint32_t weekday;
    } rows[] = {{"1970-01-01", 0, 3},     {"1969-12-31", -1, 2},     {"2026-11-23", 20780, 0},
                {"2028-02-29", 21243, 1}, {"1900-03-01", -25508, 3}, {"2000-02-29", 11016, 1}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct civil civil = civil_of_day(rows[i].day);
        char text[32];
        snprintf(text, sizeof(text), "%04d-%02u-%02u", (int)civil.year, civil.month, civil.day);
        ck_assert_str_eq(text, rows[i].text);
        ck_assert_uint_eq(civil.weekday, rows[i].weekday);
    }
    for (int32_t day = -30000; day < 60000; day++) {
        struct civil civil = civil_of_day(day);
        struct date date = date_of_day(day);
        ck_assert_int_eq(civil.year, date.year);
        ck_assert_uint_eq(civil.month, date.month);
        ck_assert_uint_eq(civil.day, date.day);
        ck_assert_int_eq(day_of_civil(civil.year, civil.month, civil.day), day);
    }
}
END_TEST

START_TEST(its_easters_are_those_that_were_and_will_be_kept)
{
    static const char *const sundays[] = {"1818-03-22", "1943-04-25", "1954-04-18", "1981-04-19",
                                          "2000-04-23", "2024-03-31", "2025-04-20", "2026-04-05",
                                          "2027-03-28", "2028-04-16", "2030-04-21", "2038-04-25",
                                          "2049-04-18", "2076-04-19", "2285-03-22"};
    for (size_t i = 0; i < COUNT_OF(sundays); i++) {
        int32_t day = (int32_t)day_of(sundays[i]);
        ck_assert_int_eq((int32_t)easter_sunday(date_of_day(day).year).number, day);
    }
}
END_TEST

START_TEST(its_clock_is_that_of_riga)
{
    static const struct {
        const char *utc_day;
        uint32_t utc_second;
        const char *day;
        uint32_t minute;
    } rows[] = {
        {"2026-01-15", 43200, "2026-01-15", 14 * 60},
        {"2026-07-15", 43200, "2026-07-15", 15 * 60},
        {"2026-03-28", 79199, "2026-03-28", 23 * 60 + 59},
        {"2026-03-28", 79200, "2026-03-29", 0},
        {"2026-03-29", 3599, "2026-03-29", 2 * 60 + 59},
        {"2026-03-29", 3600, "2026-03-29", 4 * 60},
        {"2026-03-29", 75599, "2026-03-29", 23 * 60 + 59},
        {"2026-03-29", 75600, "2026-03-30", 0},
        {"2026-10-25", 0, "2026-10-25", 3 * 60},
        {"2026-10-25", 3599, "2026-10-25", 3 * 60 + 59},
        {"2026-10-25", 3600, "2026-10-25", 3 * 60},
        {"2026-10-25", 7199, "2026-10-25", 3 * 60 + 59},
        {"2026-10-25", 7200, "2026-10-25", 4 * 60},
        {"2026-12-31", 79200, "2027-01-01", 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint64_t utc_s = (uint64_t)day_of(rows[i].utc_day) * SECONDS_PER_DAY + rows[i].utc_second;
        struct wall_clock clock = wall_clock_of(utc_s);
        ck_assert_uint_eq(clock.day, day_of(rows[i].day));
        ck_assert_uint_eq(clock.minute, rows[i].minute);
    }
}
END_TEST

/* 1/10000 EUR. */
static const struct {
    struct clause terms;
    enum rounding rounding;
    uint32_t round_step;
    uint32_t price;
    uint16_t quantity;
    uint8_t companions;
    uint64_t payable; /* 0: all of it */
    uint64_t amount;
    uint32_t units;
} amounts[] = {
    /* a part of the price */
    {{.computation = COMPUTE_PERCENT, .value = 10000}, 0, 1, 11500, 1, 0, 0, 11500, 1},
    {{.computation = COMPUTE_PERCENT, .value = 5000}, 0, 1, 11500, 3, 0, 0, 17250, 3},
    {{.computation = COMPUTE_PERCENT, .value = 3333}, 0, 1, 10000, 1, 0, 0, 3333, 1},
    /* half of one is one when half is rounded up, or all is; none when down */
    {{.computation = COMPUTE_PERCENT, .value = 5000}, ROUND_HALF_UP, 1, 1, 1, 0, 0, 1, 1},
    {{.computation = COMPUTE_PERCENT, .value = 5000}, ROUND_DOWN, 1, 1, 1, 0, 0, 0, 1},
    {{.computation = COMPUTE_PERCENT, .value = 1}, ROUND_UP, 1, 1, 1, 0, 0, 1, 1},
    {{.computation = COMPUTE_PERCENT, .value = 4999}, ROUND_HALF_UP, 1, 1, 1, 0, 0, 0, 1},
    /* to the cent, from the exact fraction: 33.33 % of 0.4500 is 0.149985 */
    {{.computation = COMPUTE_PERCENT, .value = 3333}, ROUND_HALF_UP, 100, 4500, 1, 0, 0, 1500, 1},
    {{.computation = COMPUTE_PERCENT, .value = 3333}, ROUND_DOWN, 100, 4500, 1, 0, 0, 1400, 1},
    /* rounded up beyond what is paid: no more than that */
    {{.computation = COMPUTE_PERCENT, .value = 9900}, ROUND_UP, 10000, 11500, 1, 0, 0, 11500, 1},
    /* the part above 0.71 of each of two */
    {{.computation = COMPUTE_PERCENT, .value = 10000, .above = 7100},
     0,
     1,
     20000,
     2,
     0,
     0,
     25800,
     2},
    {{.computation = COMPUTE_PERCENT, .value = 10000, .above = 30000}, 0, 1, 20000, 2, 0, 0, 0, 2},
    /* an amount off all, off each, a price for each */
    {{.computation = COMPUTE_AMOUNT, .value = 7000}, 0, 1, 20000, 3, 0, 0, 7000, 3},
    {{.computation = COMPUTE_AMOUNT, .value = 70000}, 0, 1, 20000, 3, 0, 0, 60000, 3},
    {{.computation = COMPUTE_SUBSIDY, .value = 15450}, 0, 1, 30900, 2, 0, 0, 30900, 2},
    {{.computation = COMPUTE_SUBSIDY, .value = 15450}, 0, 1, 10000, 2, 0, 0, 20000, 2},
    {{.computation = COMPUTE_PRICE, .value = 3000}, 0, 1, 15000, 4, 0, 0, 48000, 4},
    {{.computation = COMPUTE_PRICE, .value = 30000}, 0, 1, 15000, 4, 0, 0, 0, 4},
    /* caps */
    {{.computation = COMPUTE_PERCENT, .value = 10000, .cap = 5000}, 0, 1, 20000, 2, 0, 0, 5000, 2},
    {{.computation = COMPUTE_PERCENT, .value = 10000, .cap = 5000, .flags = CLAUSE_CAP_EACH},
     0,
     1,
     20000,
     2,
     0,
     0,
     10000,
     2},
    /* two of the own units, one companion: of five with two companions, three are covered */
    {{.computation = COMPUTE_PERCENT, .value = 10000, .unit_count_max = 2, .companions_max = 1},
     0,
     1,
     10000,
     5,
     2,
     0,
     30000,
     3},
    /* companions that are not covered pay; more companions than units are no more than them */
    {{.computation = COMPUTE_PERCENT, .value = 10000}, 0, 1, 10000, 3, 1, 0, 20000, 2},
    {{.computation = COMPUTE_PERCENT, .value = 10000}, 0, 1, 10000, 3, 200, 0, 10000, 1},
    {{.computation = COMPUTE_PERCENT, .value = 10000, .companions_max = 9},
     0,
     1,
     10000,
     3,
     200,
     0,
     30000,
     3},
    /* on top of another: a part of what is left, by units and rounded down */
    {{.computation = COMPUTE_PERCENT, .value = 5000}, 0, 1, 10000, 3, 0, 15000, 7500, 3},
    {{.computation = COMPUTE_PERCENT, .value = 10000, .unit_count_max = 1},
     0,
     1,
     10000,
     3,
     0,
     9999,
     3333,
     1},
    {{.computation = COMPUTE_PERCENT, .value = 10000, .unit_count_max = 1},
     0,
     1,
     10000,
     3,
     0,
     10000,
     3333,
     1},
    /* the greatest sale there is */
    {{.computation = COMPUTE_PERCENT, .value = 9999},
     ROUND_DOWN,
     1,
     UINT32_MAX,
     QUANTITY_MAX,
     0,
     0,
     UINT64_C(42945377982705),
     QUANTITY_MAX},
};

START_TEST(its_amounts_are_worked_out_by_hand)
{
    struct purchase purchase = {.unit_price = amounts[_i].price,
                                .quantity = amounts[_i].quantity,
                                .companions = amounts[_i].companions};
    uint64_t payable = amounts[_i].payable;
    if (payable == 0)
        payable = (uint64_t)purchase.unit_price * purchase.quantity;
    uint32_t units;
    uint64_t amount = reference_amount(&amounts[_i].terms, amounts[_i].rounding,
                                       amounts[_i].round_step, &purchase, payable, &units);
    ck_assert_uint_eq(amount, amounts[_i].amount);
    ck_assert_uint_eq(units, amounts[_i].units);
}
END_TEST

/* ---- decisions ---- */

/* Two givers' reliefs at two carriers: 101 and 102 in Riga, 103 in Jurmala. */
#define GIVER    UINT64_C(90011524360)
#define CARRIER  UINT64_C(40003286750)
#define PHARMACY UINT64_C(40003053670)
#define RIGA     1000
#define JURMALA  4000

static struct provider providers[] = {
    {.number = CARRIER, .in_force = {0, DAY_NEVER, 2}},
    {.number = PHARMACY, .in_force = {0, DAY_NEVER, 3}},
};
static struct point_row points[] = {
    {.number = 101, .provider = CARRIER, .place = RIGA, .in_force = {0, DAY_NEVER, 2}},
    {.number = 102, .provider = CARRIER, .place = RIGA, .in_force = {0, DAY_NEVER, 3}},
    {.number = 103, .provider = PHARMACY, .place = JURMALA, .in_force = {0, DAY_NEVER, 4}},
};
static struct point_range ranges[] = {{102, 102}};
static struct contract_row contracts[] = {
    {11, GIVER, CARRIER, "A", 0, 0, {0, DAY_NEVER, 2}},
    {12, GIVER, CARRIER, "B", 0, 1, {0, DAY_NEVER, 3}},
    {13, GIVER, CARRIER, "C", 0, 0, {20576, 20605, 4}}, /* May 2026 but for its last two days */
    {14, GIVER, PHARMACY, "A", 0, 0, {0, DAY_NEVER, 5}},
};

static void fill_trade(struct trade *trade)
{
    *trade = (struct trade){.providers = providers,
                            .points = points,
                            .contracts = contracts,
                            .ranges = ranges,
                            .provider_count = 2,
                            .point_count = 3,
                            .contract_count = 4,
                            .range_count = 1};
}

#define HEAD                                                                                       \
    "place RIGA = 0001\nproduct ride = 1001\nproduct pill = 1002\n"                                \
    "group senior = age >= 75\ngroup child = age < 18\ngroup family = status SIF.family\n"         \
    "group needy = status SOPA.household.needy\n"
#define A "relief A giver 90011524360 from 2026-01-01\n"
#define B "relief B giver 90011524360 from 2026-01-01\n"
#define C "relief C giver 90011524360 from 2026-01-01\n"
#define E "relief E giver 90011524360 from 2026-01-01\n everywhere\n"

/* A person of 1950-06-15 with a family card from 2026-02-01 until 2026-08-01 buys one ride for 1.15
 * at 101 on 2026-05-12, a Tuesday, at noon, unless it says. SOPA did not deliver for Jurmala. */
static const struct {
    const char *text;
    const char *birth;
    const char *day;
    uint32_t utc_second; /* 0: 09:00, which is noon */
    uint32_t point;      /* 0: 101; NOWHERE: none */
    uint32_t place;      /* where the person lives; 0: Riga */
    uint32_t product;    /* 0: 1001 */
    enum status status;
    uint64_t amount;
    uint32_t part_count;
} decisions[] = {
#define NOWHERE UINT32_MAX
    /* ages */
    {A " clause senior product ride free\n", "1951-05-12", "2026-05-12", 0, 0, 0, 0, STATUS_APPLIES,
     11500, 1},
    {A " clause senior product ride free\n", "1951-05-12", "2026-05-11", 0, 0, 0, 0,
     STATUS_DOES_NOT_APPLY, 0, 0},
    {A " clause child product ride free\n", "2008-02-29", "2026-02-28", 0, 0, 0, 0, STATUS_APPLIES,
     11500, 1},
    {A " clause child product ride free\n", "2008-02-29", "2026-03-01", 0, 0, 0, 0,
     STATUS_DOES_NOT_APPLY, 0, 0},
    /* from the first second in Riga on: 21:00 UTC is midnight in summer */
    {A " clause senior product ride free\n", "1951-05-12", "2026-05-11", 75599, 0, 0, 0,
     STATUS_DOES_NOT_APPLY, 0, 0},
    {A " clause senior product ride free\n", "1951-05-12", "2026-05-11", 75600, 0, 0, 0,
     STATUS_APPLIES, 11500, 1},
    /* statuses and what is missing */
    {A " clause family product ride free\n", "", "2026-02-01", 0, 0, 0, 0, STATUS_APPLIES, 11500,
     1},
    {A " clause family product ride free\n", "", "2026-07-31", 0, 0, 0, 0, STATUS_APPLIES, 11500,
     1},
    {A " clause family product ride free\n", "", "2026-08-01", 0, 0, 0, 0, STATUS_DOES_NOT_APPLY, 0,
     0},
    {A " clause needy product ride free\n", "", "", 0, 0, JURMALA, 0, STATUS_NO_DATA, 0, 0},
    {A " clause needy product ride free\n", "", "", 0, 0, 0, 0, STATUS_DOES_NOT_APPLY, 0, 0},
    {A " unknown allow\n clause needy product ride free\n", "", "", 0, 0, JURMALA, 0,
     STATUS_APPLIES, 11500, 1},
    {A " clause needy product ride free\n clause family product ride amount 1\n", "", "", 0, 0,
     JURMALA, 0, STATUS_APPLIES, 10000, 1},
    {"extend X = SIF.family ending 2026-07-31..2026-07-31 until 2026-09-01\n" A
     " clause family product ride free\n",
     "", "2026-08-31", 0, 0, 0, 0, STATUS_APPLIES, 11500, 1},
    {"extend X = SIF.family ending 2026-07-31..2026-07-31 until 2026-09-01\n" A
     " clause family product ride free\n",
     "", "2026-09-01", 0, 0, 0, 0, STATUS_DOES_NOT_APPLY, 0, 0},
    {"extend X = SIF.family ending 2026-08-01..2026-08-30 until 2026-09-01\n" A
     " clause family product ride free\n",
     "", "2026-08-01", 0, 0, 0, 0, STATUS_DOES_NOT_APPLY, 0, 0},
    {"group late = status SIF.family ending before 2026-08-01\n" A
     " clause late product ride free\n",
     "", "", 0, 0, 0, 0, STATUS_DOES_NOT_APPLY, 0, 0},
    {"group late = status SIF.family begun from 2026-02-01 before 2026-02-02\n" A
     " clause late product ride free\n",
     "", "", 0, 0, 0, 0, STATUS_APPLIES, 11500, 1},
    /* who stands before everybody: product, point, window, contract */
    {A " clause everybody product ride free\n", "", "", 0, 0, 0, 9, STATUS_UNKNOWN_PRODUCT, 0, 0},
    {A " clause everybody product ride free\n", "", "", 0, 999, 0, 0, STATUS_UNKNOWN_POINT_OF_SALE,
     0, 0},
    {A " clause everybody product ride free\n", "", "2027-01-01", 0, 0, 0, 0, STATUS_OUTSIDE_WINDOW,
     0, 0},
    {A " clause everybody product ride free\n", "", "2025-12-31", 79200, 0, 0, 0, STATUS_APPLIES,
     11500, 1},
    {A " clause everybody product ride free\n", "", "2025-12-31", 79199, 0, 0, 0,
     STATUS_OUTSIDE_WINDOW, 0, 0},
    {A " clause everybody product ride free\n", "", "", 0, 0, 0, 1002, STATUS_NO_CONTRACT, 0, 0},
    {A " clause everybody product ride free\n", "", "", 0, NOWHERE, 0, 0, STATUS_NO_CONTRACT, 0, 0},
    {B " clause everybody product ride free\n", "", "", 0, 0, 0, 0, STATUS_NO_CONTRACT, 0, 0},
    {B " clause everybody product ride free\n", "", "", 0, 102, 0, 0, STATUS_APPLIES, 11500, 1},
    {C " clause everybody product ride free\n", "", "2026-05-02", 0, 0, 0, 0, STATUS_NO_CONTRACT, 0,
     0},
    {C " clause everybody product ride free\n", "", "2026-05-03", 0, 0, 0, 0, STATUS_APPLIES, 11500,
     1},
    {C " clause everybody product ride free\n", "", "2026-05-31", 0, 0, 0, 0, STATUS_APPLIES, 11500,
     1},
    {C " clause everybody product ride free\n", "", "2026-06-01", 0, 0, 0, 0, STATUS_NO_CONTRACT, 0,
     0},
    {E " clause everybody product ride free\n", "", "", 0, 0, 0, 0, STATUS_APPLIES, 11500, 1},
    {E " clause everybody product ride free\n", "", "", 0, NOWHERE, 0, 0, STATUS_APPLIES, 11500, 1},
    {E " clause everybody product ride free\n", "", "", 0, 999, 0, 0, STATUS_APPLIES, 11500, 1},
    {E " clause everybody product ride in RIGA free\n", "", "", 0, 999, 0, 0,
     STATUS_UNKNOWN_POINT_OF_SALE, 0, 0},
    /* versions */
    {A " state draft\n clause everybody product ride free\n", "", "", 0, 0, 0, 0,
     STATUS_NO_CONTRACT, 0, 0},
    {A " clause everybody product ride amount 1\nrelief A giver 90011524360 from 2026-05-12\n"
       " clause everybody product ride amount 0.50\n",
     "", "2026-05-11", 0, 0, 0, 0, STATUS_APPLIES, 10000, 1},
    {A " clause everybody product ride amount 1\nrelief A giver 90011524360 from 2026-05-12\n"
       " clause everybody product ride amount 0.50\n",
     "", "2026-05-12", 0, 0, 0, 0, STATUS_APPLIES, 5000, 1},
    {A " clause everybody product ride amount 1\nrelief A giver 90011524360 from 2026-05-12\n"
       " state suspended\n clause everybody product ride amount 0.50\n",
     "", "2026-05-12", 0, 0, 0, 0, STATUS_NO_CONTRACT, 0, 0},
    /* where */
    {A " clause everybody product ride in RIGA free\n", "", "", 0, 103, 0, 0, STATUS_NO_CONTRACT, 0,
     0},
    {A " clause everybody product ride in RIGA free\n", "", "", 0, 101, 0, 0, STATUS_APPLIES, 11500,
     1},
    {A " clause everybody product ride at 102 free\n", "", "", 0, 0, 0, 0, STATUS_NO_CONTRACT, 0,
     0},
    {A " clause everybody product ride under 14 free\n", "", "", 0, 103, 0, 0, STATUS_APPLIES,
     11500, 1},
    {A " clause everybody product ride under 14 free\n", "", "", 0, 0, 0, 0, STATUS_NO_CONTRACT, 0,
     0},
    /* days: no calendar is no reason for NO_CONTRACT */
    {A " clause everybody product ride on weekends free\n", "", "", 0, 0, 0, 0,
     STATUS_DOES_NOT_APPLY, 0, 0},
    {A " clause everybody product ride on weekends free\n", "", "2026-05-16", 0, 0, 0, 0,
     STATUS_APPLIES, 11500, 1},
    {A " clause everybody product ride on 05-16 or monday free\n", "", "2026-05-18", 0, 0, 0, 0,
     STATUS_APPLIES, 11500, 1},
    {A " clause everybody product ride on 05-12 or monday free\n", "", "2026-05-18", 0, 0, 0, 0,
     STATUS_DOES_NOT_APPLY, 0, 0},
    {A " clause everybody product ride on easter+39 free\n", "", "2026-05-14", 0, 0, 0, 0,
     STATUS_APPLIES, 11500, 1},
    {A " clause everybody product ride on second sunday of 05 free\n", "", "2026-05-10", 0, 0, 0, 0,
     STATUS_APPLIES, 11500, 1},
    {A " clause everybody product ride on last tuesday of 05 free\n", "", "2026-05-26", 0, 0, 0, 0,
     STATUS_APPLIES, 11500, 1},
    {A " clause everybody product ride on last tuesday of 05 free\n", "", "2026-05-19", 0, 0, 0, 0,
     STATUS_DOES_NOT_APPLY, 0, 0},
    {A " clause everybody product ride on 09-01..05-12 free\n", "", "2026-05-12", 0, 0, 0, 0,
     STATUS_APPLIES, 11500, 1},
    {A " clause everybody product ride on 09-01..05-12 free\n", "", "2026-05-13", 0, 0, 0, 0,
     STATUS_DOES_NOT_APPLY, 0, 0},
    {A " clause everybody product ride on weekdays except 05-12 free\n", "", "", 0, 0, 0, 0,
     STATUS_DOES_NOT_APPLY, 0, 0},
    /* a holiday that is named beside the workdays is in */
    {"calendar holidays = 05-12, 05-13\n" A
     " clause everybody product ride on 05-12, workdays free\n",
     "", "2026-05-12", 0, 0, 0, 0, STATUS_APPLIES, 11500, 1},
    {"calendar holidays = 05-12, 05-13\n" A
     " clause everybody product ride on 05-12, workdays free\n",
     "", "2026-05-13", 0, 0, 0, 0, STATUS_DOES_NOT_APPLY, 0, 0},
    {"calendar holidays = 05-12 in RIGA\n" A " clause everybody product ride on workdays free\n",
     "", "", 0, 103, 0, 0, STATUS_APPLIES, 11500, 1},
    {"calendar holidays = 05-12 in RIGA\n" A " clause everybody product ride on workdays free\n",
     "", "", 0, 101, 0, 0, STATUS_DOES_NOT_APPLY, 0, 0},
    /* clock: 03:30 comes twice on 2026-10-25 and not at all on 2026-03-29 */
    {A " clause everybody product ride 12:00-12:01 free\n", "", "", 9 * 3600 + 59, 0, 0, 0,
     STATUS_APPLIES, 11500, 1},
    {A " clause everybody product ride 12:00-12:01 free\n", "", "", 9 * 3600 + 60, 0, 0, 0,
     STATUS_DOES_NOT_APPLY, 0, 0},
    {A " clause everybody product ride 12:00-12:01 free\n", "", "", 9 * 3600 - 1, 0, 0, 0,
     STATUS_DOES_NOT_APPLY, 0, 0},
    {A " clause everybody product ride 03:30-04:00 free\n", "", "2026-10-25", 1800, 0, 0, 0,
     STATUS_APPLIES, 11500, 1},
    {A " clause everybody product ride 03:30-04:00 free\n", "", "2026-10-25", 3600, 0, 0, 0,
     STATUS_DOES_NOT_APPLY, 0, 0},
    {A " clause everybody product ride 03:30-04:00 free\n", "", "2026-10-25", 5400, 0, 0, 0,
     STATUS_APPLIES, 11500, 1},
    {A " clause everybody product ride 23:00-24:00 free\n", "", "2026-05-12", 75599, 0, 0, 0,
     STATUS_APPLIES, 11500, 1},
    /* price and quantity */
    {A " clause everybody product ride price from 1.15 free\n", "", "", 0, 0, 0, 0, STATUS_APPLIES,
     11500, 1},
    {A " clause everybody product ride price below 1.15 free\n", "", "", 0, 0, 0, 0,
     STATUS_DOES_NOT_APPLY, 0, 0},
    {A " clause everybody product ride quantity from 2 free\n", "", "", 0, 0, 0, 0,
     STATUS_DOES_NOT_APPLY, 0, 0},
    {A " clause everybody product ride quantity up to 1 free\n", "", "", 0, 0, 0, 0, STATUS_APPLIES,
     11500, 1},
    {A " clause everybody product ride by eid free\n", "", "", 0, 0, 0, 0, STATUS_DOES_NOT_APPLY, 0,
     0},
    {A " clause everybody product ride read chip, unstated free\n", "", "", 0, 0, 0, 0,
     STATUS_APPLIES, 11500, 1},
    /* the first clause that fits decides, even when a later one would give more */
    {A " clause everybody product ride discount 10%\n clause senior product ride free\n", "", "", 0,
     0, 0, 0, STATUS_APPLIES, 1150, 1},
    /* the best of several, and on what is left those that stack */
    {A " clause everybody product ride discount 10%\n" E " clause everybody product ride discount "
       "20%\n",
     "", "", 0, 0, 0, 0, STATUS_APPLIES, 2300, 1},
    {A " stacks\n clause everybody product ride discount 50%\n" E
       " clause everybody product ride discount 20%\n",
     "", "", 0, 0, 0, 0, STATUS_APPLIES, 2300 + 4600, 2},
    {A " stacks\n clause everybody product ride costs 2\n" E
       " clause everybody product ride discount 20%\n",
     "", "", 0, 0, 0, 0, STATUS_APPLIES, 2300, 1},
    {A " stacks\n clause everybody product ride costs 2\n", "", "", 0, 0, 0, 0, STATUS_APPLIES, 0,
     1},
    {A " stacks\n order 1\n clause everybody product ride costs 2\n" E
       " stacks\n clause everybody product ride discount 20%\n",
     "", "", 0, 0, 0, 0, STATUS_APPLIES, 2300, 1},
    {A " clause everybody product ride costs 2\n", "", "", 0, 0, 0, 0, STATUS_APPLIES, 0, 1},
};

static struct vocabulary vocabulary;

START_TEST(its_decisions_are_those_of_the_manual)
{
    latvia_vocabulary(&vocabulary);
    vocabulary.kinds[HOUSEHOLD].missing_count = 1;
    vocabulary.kinds[HOUSEHOLD].missing[0] = (struct place_prefix){4, 4};
    char text[4096];
    snprintf(text, sizeof(text), HEAD "%s", decisions[_i].text);
    struct catalogue catalogue = {.rules = NULL};
    struct fault fault = {""};
    if (!rules_parse(&catalogue.rules, text, strlen(text), "t.rules", &vocabulary, &fault))
        ck_abort_msg("%s\n%s", fault.text, text);
    fill_trade(&catalogue.trade);

    struct reference reference;
    reference_begin(&reference, &catalogue, &vocabulary, day_of("2026-01-01"),
                    day_of("2027-01-01"));
    struct status_fact fact = {.kind = FAMILY,
                               .subtype = 1,
                               .from_day = day_of("2026-02-01"),
                               .until_day = day_of("2026-08-01")};
    const char *birth = decisions[_i].birth[0] != '\0' ? decisions[_i].birth : "1950-06-15";
    int32_t birth_day;
    ck_assert(day_of_text(&birth_day, birth, strlen(birth)));
    struct raw_person person = {.birth_day = birth_day,
                                .death_day = DAY_NEVER,
                                .place = decisions[_i].place != 0 ? decisions[_i].place : RIGA,
                                .statuses = &fact,
                                .status_count = 1,
                                .means_until_day = DAY_NEVER};
    const char *day = decisions[_i].day[0] != '\0' ? decisions[_i].day : "2026-05-12";
    uint32_t second = decisions[_i].utc_second != 0 ? decisions[_i].utc_second : 9 * 3600;
    struct purchase purchase = {
        .product = decisions[_i].product != 0 ? decisions[_i].product : 1001,
        .point_of_sale = decisions[_i].point != 0 ? decisions[_i].point : 101,
        .unit_price = 11500,
        .quantity = 1,
        .means = MEANS_PERSONAL_CODE,
        .service_time_s = (uint64_t)day_of(day) * SECONDS_PER_DAY + second};
    if (purchase.point_of_sale == NOWHERE)
        purchase.point_of_sale = 0;
    struct reference_answer answer = reference_answer(&reference, &person, &purchase);
    ck_assert_msg(answer.status == decisions[_i].status, "%s: %s", decisions[_i].text,
                  status_name((uint16_t)answer.status));
    ck_assert_uint_eq(answer.relief_amount, decisions[_i].amount);
    ck_assert_uint_eq(answer.payable, 11500 - decisions[_i].amount);
    ck_assert_uint_eq(answer.part_count, decisions[_i].part_count);
    rules_free(catalogue.rules);
}
END_TEST

/* ---- by chance ---- */

#define FIRST_SEED      1000
#define CATALOGUE_COUNT 60

START_TEST(the_engine_and_the_reference_agree_about_catalogues_by_chance)
{
    struct agreement agreement = {.person_count = 40, .purchase_count = 100};
    for (uint64_t seed = FIRST_SEED; seed < FIRST_SEED + CATALOGUE_COUNT; seed++)
        ck_assert(agreement_run(&agreement, seed));
    ck_assert(agreement_has_all(&agreement));
}
END_TEST

/* What is changed in what the reference is told, and not in what the real way is. */

static void born_a_day_later(struct reference *reference, struct raw_person *person,
                             struct purchase *purchase)
{
    (void)reference, (void)purchase;
    person->birth_day++;
}

static void dies_a_day_later(struct reference *reference, struct raw_person *person,
                             struct purchase *purchase)
{
    (void)reference, (void)purchase;
    if (person->death_day != DAY_NEVER)
        person->death_day++;
}

static void no_summer_time(struct reference *reference, struct raw_person *person,
                           struct purchase *purchase)
{
    (void)reference, (void)person;
    uint64_t utc_minute = purchase->service_time_s / 60 % 1440;
    if (wall_clock_of(purchase->service_time_s).minute == (utc_minute + 180) % 1440)
        purchase->service_time_s -= 3600;
}

static void one_second_later(struct reference *reference, struct raw_person *person,
                             struct purchase *purchase)
{
    (void)reference, (void)person;
    purchase->service_time_s++;
}

static void no_companions(struct reference *reference, struct raw_person *person,
                          struct purchase *purchase)
{
    (void)reference, (void)person;
    purchase->companions = 0;
}

static void nothing_was_known(struct reference *reference, struct raw_person *person,
                              struct purchase *purchase)
{
    (void)reference, (void)purchase;
    person->known_count = 0;
}

static void means_is_always_good(struct reference *reference, struct raw_person *person,
                                 struct purchase *purchase)
{
    (void)reference, (void)purchase;
    person->means_from_day = 0;
    person->means_until_day = DAY_NEVER;
}

#define COPIED_CLAUSE_COUNT_MAX 2048

/* A copy of the rules, valid until the next. */
static struct rules *copy_of_rules(struct reference *reference)
{
    static struct rules copy;
    static struct rule_clause clauses[COPIED_CLAUSE_COUNT_MAX];
    copy = *reference->rules;
    ck_assert_uint_le(copy.clause_count, COPIED_CLAUSE_COUNT_MAX);
    memcpy(clauses, reference->rules->clauses, copy.clause_count * sizeof(clauses[0]));
    copy.clauses = clauses;
    reference->rules = &copy;
    return &copy;
}

static void more_by_the_least_amount(struct reference *reference, struct raw_person *person,
                                     struct purchase *purchase)
{
    (void)person, (void)purchase;
    struct rules *rules = copy_of_rules(reference);
    for (uint32_t i = 0; i < rules->clause_count; i++)
        rules->clauses[i].terms.value++;
}

static void no_days(struct reference *reference, struct raw_person *person,
                    struct purchase *purchase)
{
    (void)person, (void)purchase;
    struct rules *rules = copy_of_rules(reference);
    for (uint32_t i = 0; i < rules->clause_count; i++)
        rules->clauses[i].calendar = CALENDAR_ALL_DAYS;
}

static void no_extensions(struct reference *reference, struct raw_person *person,
                          struct purchase *purchase)
{
    (void)person, (void)purchase;
    copy_of_rules(reference)->extension_count = 0;
}

static void all_was_delivered(struct reference *reference, struct raw_person *person,
                              struct purchase *purchase)
{
    static struct vocabulary copy;
    (void)person, (void)purchase;
    copy = *reference->vocabulary;
    for (uint16_t i = 0; i < copy.kind_count; i++) {
        copy.kinds[i].is_missing = false;
        copy.kinds[i].missing_count = 0;
    }
    reference->vocabulary = &copy;
}

static void a_contract_less(struct reference *reference, struct raw_person *person,
                            struct purchase *purchase)
{
    static struct trade copy;
    (void)person, (void)purchase;
    copy = *reference->trade;
    copy.contract_count -= copy.contract_count > 0;
    reference->trade = &copy;
}

static void (*const twins[])(struct reference *, struct raw_person *, struct purchase *) = {
    born_a_day_later, dies_a_day_later,  no_summer_time,       one_second_later,
    no_companions,    nothing_was_known, means_is_always_good, more_by_the_least_amount,
    no_days,          no_extensions,     all_was_delivered,    a_contract_less,
};

START_TEST(the_comparison_notices_when_one_side_is_told_something_else)
{
    struct agreement agreement = {
        .person_count = 40, .purchase_count = 50, .spoil = twins[_i], .is_quiet = true};
    for (uint64_t seed = FIRST_SEED; seed < FIRST_SEED + CATALOGUE_COUNT; seed++) {
        ck_assert(agreement_run(&agreement, seed));
        if (agreement.difference_count > 0)
            return;
    }
    ck_abort_msg("twin %d: no difference in %llu decisions", _i,
                 (unsigned long long)agreement.triple_count);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reference");
    TCase *by_hand = tcase_create("by_hand");
    tcase_add_test(by_hand, its_days_are_those_of_the_calendar);
    tcase_add_test(by_hand, its_easters_are_those_that_were_and_will_be_kept);
    tcase_add_test(by_hand, its_clock_is_that_of_riga);
    tcase_add_loop_test(by_hand, its_amounts_are_worked_out_by_hand, 0, COUNT_OF(amounts));
    tcase_add_loop_test(by_hand, its_decisions_are_those_of_the_manual, 0, COUNT_OF(decisions));
    suite_add_tcase(suite, by_hand);
    TCase *by_chance = tcase_create("by_chance");
    tcase_set_timeout(by_chance, 120);
    tcase_add_test(by_chance, the_engine_and_the_reference_agree_about_catalogues_by_chance);
    tcase_add_loop_test(by_chance, the_comparison_notices_when_one_side_is_told_something_else, 0,
                        COUNT_OF(twins));
    suite_add_tcase(suite, by_chance);
    return support_run(suite);
}
