/* Calendars, times of the day and extensions, as read. What days they mean is compile's. */
#include "tests/rules.h"

#define SATURDAY 5

/* What one item of a calendar becomes. */
static const struct {
    const char *text;
    struct calendar_item item;
} items[] = {
    {"11-18", {.kind = CALENDAR_YEARLY, .month = 11, .day = 18}},
    {"02-29", {.kind = CALENDAR_YEARLY, .month = 2, .day = 29}},
    {"05-04 or monday", {.kind = CALENDAR_YEARLY, .month = 5, .day = 4, .or_monday = true}},
    {"09-01..05-31",
     {.kind = CALENDAR_YEARLY_SPAN, .month = 9, .day = 1, .last_month = 5, .last_day = 31}},
    {"1970-01-11", {.kind = CALENDAR_ONCE, .from_day = 10, .until_day = 11}},
    {"1970-01-11..1970-01-20", {.kind = CALENDAR_ONCE, .from_day = 10, .until_day = 20}},
    {"1970-01-11..1970-01-11", {.kind = CALENDAR_ONCE, .from_day = 10, .until_day = 11}},
    {"easter", {.kind = CALENDAR_EASTER}},
    {"easter+1", {.kind = CALENDAR_EASTER, .offset_days = 1}},
    {"easter-200", {.kind = CALENDAR_EASTER, .offset_days = -200}},
    {"second sunday of 05", {.kind = CALENDAR_NTH_WEEKDAY, .nth = 2, .weekday = 6, .month = 5}},
    {"last monday of 12", {.kind = CALENDAR_NTH_WEEKDAY, .nth = 5, .weekday = 0, .month = 12}},
    {"monday", {.kind = CALENDAR_WEEKDAYS, .weekday_mask = 1}},
    {"sunday", {.kind = CALENDAR_WEEKDAYS, .weekday_mask = 0x40}},
    {"weekdays", {.kind = CALENDAR_WEEKDAYS, .weekday_mask = 0x1f}},
    {"weekends", {.kind = CALENDAR_WEEKDAYS, .weekday_mask = 0x60}},
    {"holidays", {.kind = CALENDAR_OTHER, .calendar = 0}},
    {"workdays", {.kind = CALENDAR_OTHER, .calendar = 1}},
    {"easter in 0001",
     {.kind = CALENDAR_EASTER, .has_place = true, .place = {.value = 1, .digit_count = 4}}},
    {"05-04 or monday in RIGA",
     {.kind = CALENDAR_YEARLY,
      .month = 5,
      .day = 4,
      .or_monday = true,
      .has_place = true,
      .place = {.value = 1, .digit_count = 4}}},
};

static void check_item(const struct calendar_item *is, const struct calendar_item *wanted)
{
    ck_assert_int_eq(is->kind, wanted->kind);
    ck_assert(is->is_excluded == wanted->is_excluded && is->or_monday == wanted->or_monday);
    ck_assert(is->month == wanted->month && is->day == wanted->day);
    ck_assert(is->last_month == wanted->last_month && is->last_day == wanted->last_day);
    ck_assert(is->weekday == wanted->weekday && is->nth == wanted->nth);
    ck_assert_uint_eq(is->weekday_mask, wanted->weekday_mask);
    ck_assert_int_eq(is->offset_days, wanted->offset_days);
    ck_assert_uint_eq(is->calendar, wanted->calendar);
    ck_assert_uint_eq(is->from_day, wanted->from_day);
    ck_assert_uint_eq(is->until_day, wanted->until_day);
    ck_assert(is->has_place == wanted->has_place);
    ck_assert_uint_eq(is->place.value, wanted->place.value);
    ck_assert_uint_eq(is->place.digit_count, wanted->place.digit_count);
}

START_TEST(every_kind_of_day_is_read_as_written)
{
    char text[256];
    snprintf(text, sizeof(text),
             "place RIGA = 0001\ncalendar holidays = 01-01\ncalendar c = %s except %s\n",
             items[_i].text, items[_i].text);
    struct rules *rules = rules_of_good_text(text);
    ck_assert_uint_eq(rules->calendar_count, 3);
    const struct rule_calendar *calendar = &rules->calendars[2];
    ck_assert_str_eq(calendar->name, "c");
    ck_assert_uint_eq(calendar->item_count, 2);
    ck_assert_uint_eq(calendar->at.line, 3);
    struct calendar_item wanted = items[_i].item;
    check_item(&rules->items[calendar->first_item], &wanted);
    wanted.is_excluded = true;
    check_item(&rules->items[calendar->first_item + 1], &wanted);
    rules_free(rules);
}
END_TEST

START_TEST(workdays_are_weekdays_without_holidays)
{
    struct rules *rules = rules_of_good_text("calendar holidays = 01-01\n"
                                             "calendar c = saturday, workdays\n");
    ck_assert_uint_eq(rules->calendar_count, 3);
    const struct rule_calendar *workdays = &rules->calendars[1];
    ck_assert_str_eq(workdays->name, "workdays");
    ck_assert_uint_eq(workdays->item_count, 2);
    const struct calendar_item *first = &rules->items[workdays->first_item];
    ck_assert_uint_eq(first[0].weekday_mask, 0x1f);
    ck_assert_int_eq(first[1].kind, CALENDAR_OTHER);
    ck_assert_uint_eq(first[1].calendar, 0);
    ck_assert(!first[0].is_excluded && first[1].is_excluded);
    ck_assert_uint_eq(rules->items[rules->calendars[2].first_item].weekday_mask, 1u << SATURDAY);
    rules_free(rules);
}
END_TEST

START_TEST(days_in_a_set_of_places_are_days_in_each_of_them)
{
    struct rules *rules = rules_of_good_text("places coast = 0005, 0027\n"
                                             "calendar c = 06-24 in coast, 01-01\n");
    ck_assert_uint_eq(rules->calendars[0].item_count, 3);
    ck_assert_uint_eq(rules->items[0].place.value, 5);
    ck_assert_uint_eq(rules->items[1].place.value, 27);
    ck_assert_uint_eq(rules->items[1].day, 24);
    ck_assert(!rules->items[2].has_place);
    rules_free(rules);
}
END_TEST

#define CLAUSES                                                                                    \
    "calendar holidays = 01-01\ncalendar free_days = holidays, 05-04\nproduct p = 2\n"             \
    "relief A giver 90011524360 from 2026-01-01\n"

START_TEST(a_clause_with_one_named_calendar_has_that_calendar)
{
    struct rules *rules =
        rules_of_good_text(CLAUSES "clause everybody product p on free_days free\n"
                                   "clause everybody product p on workdays free\n"
                                   "clause everybody product p free\n");
    ck_assert_uint_eq(rules->calendar_count, 3);
    ck_assert_uint_eq(rules->clauses[1].calendar, 2);
    ck_assert_uint_eq(rules->clauses[2].calendar, 1);
    ck_assert_uint_eq(rules->clauses[3].calendar, CALENDAR_ALL_DAYS);
    rules_free(rules);
}
END_TEST

START_TEST(the_same_days_in_several_clauses_are_one_calendar)
{
    struct rules *rules = rules_of_good_text(
        CLAUSES
        "clause everybody product p on monday, 11-18 except 12-24 in 0001 10:00-15:00 free\n"
        "clause everybody product p at 1 on  monday ,11-18  except 12-24 in 0001 free\n"
        "clause everybody product p at 1 on 11-18, monday free\n");
    ck_assert_uint_eq(rules->calendar_count, 5);
    ck_assert_uint_eq(rules->clauses[1].calendar, 3);
    ck_assert_uint_eq(rules->clauses[2].calendar, 3);
    ck_assert_uint_eq(rules->clauses[3].calendar, 4);
    ck_assert_str_eq(rules->calendars[3].name, "");
    ck_assert_uint_eq(rules->calendars[3].item_count, 3);
    ck_assert_uint_eq(rules->clauses[1].terms.clock_count, 1);
    ck_assert_uint_eq(rules->clauses[1].place_count, 0);
    rules_free(rules);
}
END_TEST

START_TEST(times_of_the_day_are_minutes)
{
    struct rules *rules = rules_of_good_text(
        CLAUSES "clause everybody product p 00:00-00:01, 10:00-15:30, 23:59-24:00 free\n");
    const struct clause *terms = &rules->clauses[1].terms;
    static const struct clock_span wanted[] = {{0, 1}, {600, 930}, {1439, 1440}};
    ck_assert_uint_eq(terms->clock_count, 3);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_uint_eq(terms->clocks[i].from_min, wanted[i].from_min);
        ck_assert_uint_eq(terms->clocks[i].until_min, wanted[i].until_min);
    }
    rules_free(rules);
}
END_TEST

START_TEST(an_extension_may_have_exceptions)
{
    struct rules *rules = rules_of_good_text(
        "extend a = SOPA.household, VDEAVK.disability.group2 ending 1970-01-11..1970-01-20 until "
        "1970-01-21\n"
        "extend b = SOPA.household except SOPA.household.needy, SOPA.household.low_income ending "
        "2020-03-12..2020-06-09 until 2020-07-10\n");
    ck_assert_uint_eq(rules->extension_count, 2);
    const struct extension *a = &rules->extensions[0], *b = &rules->extensions[1];
    ck_assert_str_eq(a->name, "a");
    ck_assert_uint_eq(a->target_count, 2);
    ck_assert_uint_eq(a->targets[0].status_kind, HOUSEHOLD);
    ck_assert_uint_eq(a->targets[0].subtype, SUBTYPE_ANY);
    ck_assert_uint_eq(a->targets[1].status_kind, DISABILITY);
    ck_assert_uint_eq(a->targets[1].subtype, 2);
    ck_assert_uint_eq(a->exception_count, 0);
    ck_assert_uint_eq(a->ended_from, 10);
    ck_assert_uint_eq(a->ended_until, 20);
    ck_assert_uint_eq(a->until_day, 20);
    ck_assert_uint_eq(b->exception_count, 2);
    ck_assert_uint_eq(b->exceptions[1].subtype, 2);
    ck_assert_uint_eq(b->until_day, day_of("2020-07-10"));
    ck_assert_uint_eq(b->at.line, 2);
    rules_free(rules);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ruletime");
    TCase *tcase = tcase_create("ruletime");
    suite_add_tcase(suite, tcase);
    tcase_add_loop_test(tcase, every_kind_of_day_is_read_as_written, 0, COUNT_OF(items));
    tcase_add_test(tcase, workdays_are_weekdays_without_holidays);
    tcase_add_test(tcase, days_in_a_set_of_places_are_days_in_each_of_them);
    tcase_add_test(tcase, a_clause_with_one_named_calendar_has_that_calendar);
    tcase_add_test(tcase, the_same_days_in_several_clauses_are_one_calendar);
    tcase_add_test(tcase, times_of_the_day_are_minutes);
    tcase_add_test(tcase, an_extension_may_have_exceptions);
    return support_run(suite);
}
