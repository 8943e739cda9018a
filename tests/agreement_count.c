/* Which features a triple has. */
#include "tests/agreement.h"

#include <stdio.h>

#define NIGHT_FROM_MIN  179 /* 02:59 */
#define NIGHT_UNTIL_MIN 242 /* 04:01 is in */

static void count_status(uint64_t *counts, const struct triple *triple)
{
    static const struct {
        enum status status;
        enum feature feature;
    } rows[] = {{STATUS_UNKNOWN_PRODUCT, FEATURE_UNKNOWN_PRODUCT},
                {STATUS_UNKNOWN_POINT_OF_SALE, FEATURE_UNKNOWN_POINT},
                {STATUS_OUTSIDE_WINDOW, FEATURE_OUTSIDE_WINDOW},
                {STATUS_NO_CONTRACT, FEATURE_NO_CONTRACT},
                {STATUS_APPLIES, FEATURE_APPLIES},
                {STATUS_NO_DATA, FEATURE_NO_DATA},
                {STATUS_DOES_NOT_APPLY, FEATURE_DOES_NOT_APPLY}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        counts[rows[i].feature] += triple->wanted.status == rows[i].status;
}

static void count_calendar(uint64_t *counts, const struct rules *rules, uint32_t calendar)
{
    if (calendar == CALENDAR_ALL_DAYS)
        return;
    const struct rule_calendar *days = &rules->calendars[calendar];
    bool has_except = false, has_place = false, has_named = false;
    for (uint32_t i = 0; i < days->item_count; i++) {
        const struct calendar_item *item = &rules->items[days->first_item + i];
        has_except = has_except || item->is_excluded;
        has_place = has_place || item->has_place;
        has_named = has_named || item->kind == CALENDAR_OTHER;
    }
    counts[FEATURE_CALENDAR]++;
    counts[FEATURE_CALENDAR_EXCEPT] += has_except;
    counts[FEATURE_CALENDAR_PLACE] += has_place;
    counts[FEATURE_CALENDAR_NAMED] += has_named;
}

static void count_terms(uint64_t *counts, const struct clause *terms)
{
    counts[FEATURE_CLOCK] += terms->clock_count > 0;
    counts[FEATURE_PRICE] += terms->price_least > 0 || terms->price_most < UINT32_MAX;
    counts[FEATURE_QUANTITY] += terms->quantity_least > 1 || terms->quantity_most < QUANTITY_MAX;
    counts[FEATURE_MEANS] += terms->means_mask != MEANS_MASK_ALL;
    counts[FEATURE_ENTRY] += terms->entry_mask != ENTRY_MASK_ALL;
    counts[FEATURE_PERCENT] += terms->computation == COMPUTE_PERCENT;
    counts[FEATURE_AMOUNT] += terms->computation == COMPUTE_AMOUNT;
    counts[FEATURE_SUBSIDY] += terms->computation == COMPUTE_SUBSIDY;
    counts[FEATURE_COSTS] += terms->computation == COMPUTE_PRICE;
    counts[FEATURE_ABOVE] += terms->above > 0;
    counts[FEATURE_CAP] += terms->cap > 0;
    counts[FEATURE_CAP_EACH] += terms->cap > 0 && (terms->flags & CLAUSE_CAP_EACH) != 0;
}

static void count_version(uint64_t *counts, const struct rule_version *version)
{
    counts[FEATURE_ROUND_HALF] += version->rounding == ROUND_HALF_UP && version->round_step > 1;
    counts[FEATURE_ROUND_DOWN] += version->rounding == ROUND_DOWN;
    counts[FEATURE_ROUND_UP] += version->rounding == ROUND_UP;
}

static void count_contract(uint64_t *counts, const struct trade *trade, uint32_t number)
{
    counts[FEATURE_EVERYWHERE] += number == 0;
    counts[FEATURE_CONTRACT] += number != 0;
    for (uint32_t i = 0; i < trade->contract_count; i++) {
        const struct contract_row *contract = &trade->contracts[i];
        counts[FEATURE_CONTRACT_LIMITED] +=
            contract->number == number &&
            (contract->range_count > 0 || contract->in_force.until_day != DAY_NEVER);
    }
}

/* Missing data that counted as yes. */
static void count_unknown(uint64_t *counts, const struct triple *triple,
                          const struct rule_clause *clause, uint32_t day)
{
    const struct rule_version *version = &triple->reference->rules->versions[clause->version];
    counts[FEATURE_EVERYBODY] += clause->group == GROUP_EVERYBODY;
    if (clause->group == GROUP_EVERYBODY ||
        reference_truth(triple->reference, triple->person, clause->group, day) != TRUTH_UNKNOWN)
        return;
    counts[FEATURE_UNKNOWN_ALLOWED] += version->unknown == UNKNOWN_ALLOW;
    counts[FEATURE_UNKNOWN_LAST_KNOWN] += version->unknown == UNKNOWN_LAST_KNOWN;
}

static void count_part(uint64_t *counts, const struct triple *triple,
                       const struct reference_part *part, uint32_t day)
{
    const struct rules *rules = triple->reference->rules;
    const struct rule_clause *clause = &rules->clauses[part->clause];
    const struct rule_version *version = &rules->versions[clause->version];
    const struct purchase *purchase = triple->purchase;
    count_calendar(counts, rules, clause->calendar);
    count_terms(counts, &clause->terms);
    count_version(counts, version);
    count_contract(counts, triple->reference->trade, part->contract);
    count_unknown(counts, triple, clause, day);
    counts[FEATURE_UNDER] += clause->contract_count > 0;
    counts[FEATURE_PLACE] += clause->place_count > 0;
    counts[FEATURE_POINTS] += clause->range_count > 0;
    counts[FEATURE_LATER_VERSION] +=
        clause->version > rules->reliefs[version->relief].first_version;
    counts[FEATURE_LATER_CLAUSE] += part->clause > version->first_clause;
    counts[FEATURE_UNITS] += part->unit_count < purchase->quantity;
    counts[FEATURE_COMPANIONS] += clause->terms.companions_max > 0 && purchase->companions > 0;
    counts[FEATURE_ZERO] += part->amount == 0;
}

static void count_answer(uint64_t *counts, const struct triple *triple, uint32_t day)
{
    const struct reference_answer *answer = &triple->wanted;
    for (uint32_t i = 0; i < answer->part_count; i++)
        count_part(counts, triple, &answer->parts[i], day);
    counts[FEATURE_STACKED] += answer->part_count > 1;
    counts[FEATURE_STACKED_THREE] += answer->part_count > 2;
    counts[FEATURE_SPLIT_MIXED] += answer->split == SPLIT_SEVERAL;
    counts[FEATURE_VALID_UNTIL] += triple->wanted_until_s != 0;
    counts[FEATURE_MANY_GROUPS] += triple->reference->rules->group_count > 64;
    counts[FEATURE_MANY_CLAUSES] += triple->candidate_count > 64;
    if (answer->status != STATUS_APPLIES)
        return;
    uint32_t point = triple->purchase->point_of_sale;
    counts[FEATURE_POINT_UNSTATED] += point == 0;
    counts[FEATURE_POINT_NOWHERE] +=
        point != 0 && find_point(triple->reference->trade, point) == NULL;
}

static bool is_beside(uint32_t day, int64_t other)
{
    return other - day <= 1 && (int64_t)day - other <= 1;
}

static void count_ages(uint64_t *counts, const struct triple *triple, uint32_t day)
{
    const struct rules *rules = triple->reference->rules;
    struct civil birth = civil_of_day(triple->person->birth_day);
    for (uint32_t i = 0; i < rules->age_count; i++) {
        int32_t birthday =
            day_of_civil(birth.year + (int32_t)rules->ages[i], birth.month, birth.day);
        if (!is_beside(day, birthday))
            continue;
        counts[FEATURE_BIRTHDAY]++;
        counts[FEATURE_LEAP_BIRTHDAY] += birth.month == 2 && birth.day == 29;
    }
}

static void count_person(uint64_t *counts, const struct triple *triple, uint32_t day)
{
    const struct raw_person *person = triple->person;
    counts[FEATURE_NOBODY] += person->is_nobody;
    if (person->is_nobody)
        return;
    count_ages(counts, triple, day);
    counts[FEATURE_DEAD] += day >= person->death_day || (int64_t)day < person->birth_day;
    counts[FEATURE_DEATH_DAY] += is_beside(day, person->death_day);
    counts[FEATURE_MEANS_ENDED] += day < person->means_from_day || day >= person->means_until_day;
    for (size_t i = 0; i < person->status_count; i++) {
        const struct status_fact *fact = &person->statuses[i];
        uint32_t end = extended_end(triple->reference->rules, fact);
        counts[FEATURE_STATUS_EDGE] += is_beside(day, fact->from_day) || is_beside(day, end);
        counts[FEATURE_EXTENDED] += day >= fact->until_day && day < end;
    }
}

static void count_night(uint64_t *counts, struct wall_clock clock, struct civil day,
                        uint64_t service_time_s)
{
    bool is_change = day.weekday == 6 && day.day > 24 && (day.month == 3 || day.month == 10);
    if (!is_change || clock.minute < NIGHT_FROM_MIN || clock.minute >= NIGHT_UNTIL_MIN)
        return;
    counts[FEATURE_SPRING_NIGHT] += day.month == 3;
    bool is_second_pass = wall_clock_of(service_time_s - 60 * 60).minute == clock.minute;
    bool is_first_pass = wall_clock_of(service_time_s + 60 * 60).minute == clock.minute;
    counts[FEATURE_AUTUMN_FIRST] += day.month == 10 && is_first_pass;
    counts[FEATURE_AUTUMN_SECOND] += day.month == 10 && is_second_pass;
}

static void count_clock_edges(uint64_t *counts, const struct triple *triple, uint32_t minute)
{
    const struct rules *rules = triple->reference->rules;
    for (uint32_t i = 0; i < rules->clause_count; i++) {
        const struct clause *terms = &rules->clauses[i].terms;
        for (uint8_t j = 0; j < terms->clock_count; j++) {
            const struct clock_span *span = &terms->clocks[j];
            if (minute == span->from_min || minute + 1 == span->from_min ||
                minute == span->until_min || minute + 1 == span->until_min) {
                counts[FEATURE_CLOCK_EDGE]++;
                return;
            }
        }
    }
}

static void count_versions(uint64_t *counts, const struct rules *rules, uint32_t day)
{
    for (uint32_t i = 0; i < rules->relief_count; i++) {
        for (uint32_t j = 1; j < rules->reliefs[i].version_count; j++) {
            uint32_t from_day = rules->versions[rules->reliefs[i].first_version + j].from_day;
            if (day == from_day || day + 1 == from_day) {
                counts[FEATURE_VERSION_EDGE]++;
                return;
            }
        }
    }
}

static void count_time(uint64_t *counts, const struct triple *triple, struct wall_clock clock)
{
    const struct reference *reference = triple->reference;
    uint64_t service_time_s = triple->purchase->service_time_s;
    struct civil day = civil_of_day((int32_t)clock.day);
    count_night(counts, clock, day, service_time_s);
    count_clock_edges(counts, triple, clock.minute);
    count_versions(counts, reference->rules, clock.day);
    counts[FEATURE_YEAR_END] +=
        (day.month == 12 && day.day == 31) || (day.month == 1 && day.day == 1);
    counts[FEATURE_LEAP_DAY] += day.month == 2 && day.day == 29;
    counts[FEATURE_MIDNIGHT] += wall_clock_of(service_time_s - 1).day != clock.day ||
                                wall_clock_of(service_time_s + 1).day != clock.day;
    counts[FEATURE_WINDOW_EDGE] +=
        clock.day == reference->from_day || clock.day + 1 == reference->until_day;
}

void agreement_count(struct agreement *agreement, const struct triple *triple)
{
    struct wall_clock clock = wall_clock_of(triple->purchase->service_time_s);
    count_status(agreement->counts, triple);
    count_answer(agreement->counts, triple, clock.day);
    count_person(agreement->counts, triple, clock.day);
    count_time(agreement->counts, triple, clock);
}

static const char *const texts[] = {
#define FEATURE_TEXT(name, text) text,
    FEATURE_LIST(FEATURE_TEXT)
#undef FEATURE_TEXT
};

void agreement_summary(const struct agreement *agreement)
{
    for (size_t i = 0; i < FEATURE_COUNT; i++)
        printf("%12llu  %s\n", (unsigned long long)agreement->counts[i], texts[i]);
}

bool agreement_has_all(const struct agreement *agreement)
{
    bool has_all = true;
    for (size_t i = 0; i < FEATURE_COUNT; i++) {
        if (agreement->counts[i] > 0)
            continue;
        printf("never met, so that the run says nothing about it: %s\n", texts[i]);
        has_all = false;
    }
    return has_all;
}
