#include "tests/random_catalogue.h"

#include "tests/latvia.h"
#include "tests/random_text.h"
#include "tests/support.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PRICE_STEP       5000 /* 0.50 EUR */
#define SECONDS_PER_HOUR 3600
#define UNKNOWN_PRODUCT  7777
#define UNKNOWN_POINT    999

uint32_t random_below(uint64_t *state, uint32_t bound)
{
    return (uint32_t)((support_random(state) >> 32) * bound >> 32);
}

bool random_chance(uint64_t *state, uint32_t percent)
{
    return random_below(state, 100) < percent;
}

void random_add_edge(struct random_catalogue *random, int64_t day)
{
    bool is_about_window = day + 400 > random->from_day && day < (int64_t)random->until_day + 400;
    if (is_about_window && random->edge_count < EDGE_DAY_COUNT_MAX)
        random->edges[random->edge_count++] = (uint32_t)day;
}

uint32_t random_day(const struct random_catalogue *random, uint64_t *state)
{
    if (random_chance(state, 25))
        return random->from_day + random_below(state, random->until_day - random->from_day);
    uint32_t edge = random->edges[random_below(state, random->edge_count)];
    return random_chance(state, 60) ? edge : edge - 2 + random_below(state, 5);
}

/* ---- the window and what the year brings ---- */

static void choose_window(struct random_catalogue *random, uint64_t *state)
{
    static const uint32_t lengths[] = {9, 60, 93, 200, 400, WINDOW_DAYS_MAX};
    int32_t year = random_chance(state, 70) ? 2026 : 2023 + (int32_t)random_below(state, 6);
    int32_t first = day_of_civil(year, 1 + random_below(state, 12), 1);
    random->from_day = (uint32_t)first + random_below(state, 28);
    random->until_day = random->from_day + lengths[random_below(state, 6)];
    random_add_edge(random, random->from_day);
    random_add_edge(random, random->until_day);
    for (int32_t y = year; day_of_civil(y, 1, 1) < (int32_t)random->until_day; y++) {
        random_add_edge(random, day_of_civil(y, 1, 1));
        random_add_edge(random, day_of_civil(y, 3, 1)); /* around 29 February */
        random_add_edge(random, day_of_civil(y, 11, 18));
        random_add_edge(random, easter_sunday(y).number);
        for (uint32_t month = 3; month <= 10; month += 7) {
            struct civil sunday = civil_of_day(day_of_civil(y, month, 31));
            random_add_edge(random, (int64_t)sunday.number - (sunday.weekday + 1) % 7);
        }
    }
}

/* Deliveries that did not come: of a kind altogether, or for the persons of a place. */
static void choose_missing(struct vocabulary *vocabulary, uint64_t *state)
{
    static const struct place_prefix places[] = {{1, 4}, {4, 4}, {32, 2}, {3201000, 7}};
    for (uint16_t i = 0; i < vocabulary->kind_count; i++) {
        struct status_kind *kind = &vocabulary->kinds[i];
        kind->is_missing = random_chance(state, 6);
        while (random_chance(state, 25) && kind->missing_count < 3)
            kind->missing[kind->missing_count++] = places[random_below(state, 4)];
    }
}

/* A clause that stands already is a fault, and may come by chance: then other rules are written. */
static void make_rules(struct random_catalogue *out, uint64_t seed, uint64_t *state)
{
    struct fault fault = {""};
    random_rules_write(out, state);
    while (!rules_parse(&out->catalogue.rules, out->text, out->text_size, "random.rules",
                        &out->vocabulary, &fault)) {
        if (strstr(fault.text, "stands already in a clause") == NULL)
            errx(1, "seed %llu: the parser refuses what should be good:\n%s\n%s",
                 (unsigned long long)seed, fault.text, out->text);
        free(out->text);
        random_rules_write(out, state);
    }
}

/* The days of one year about which an item of a calendar speaks first or last. */
static void add_item_edges(struct random_catalogue *random, const struct calendar_item *item,
                           int32_t year)
{
    switch (item->kind) {
    case CALENDAR_YEARLY:
        random_add_edge(random, day_of_civil(year, item->month, item->day));
        break;
    case CALENDAR_YEARLY_SPAN:
        random_add_edge(random, day_of_civil(year, item->month, item->day));
        random_add_edge(random, day_of_civil(year, item->last_month, item->last_day) + 1);
        break;
    case CALENDAR_EASTER:
        random_add_edge(random, (int64_t)easter_sunday(year).number + item->offset_days);
        break;
    case CALENDAR_NTH_WEEKDAY: {
        struct civil day = civil_of_day(day_of_civil(year, item->month, item->nth * 7u - 6));
        uint32_t ahead = (item->weekday + 7 - day.weekday) % 7;
        random_add_edge(random, (int64_t)day.number + ahead); /* the fifth is of the next month */
        random_add_edge(random, (int64_t)day.number + ahead - 7);
        break;
    }
    case CALENDAR_ONCE: /* its days are edges already */
    case CALENDAR_WEEKDAYS:
    case CALENDAR_OTHER:
        break;
    }
}

static void add_calendar_edges(struct random_catalogue *random)
{
    const struct rules *rules = random->catalogue.rules;
    int32_t last = civil_of_day((int32_t)random->until_day).year;
    for (int32_t year = civil_of_day((int32_t)random->from_day).year; year <= last; year++) {
        for (uint32_t i = 0; i < rules->item_count; i++)
            add_item_edges(random, &rules->items[i], year);
    }
}

void random_catalogue_make(struct random_catalogue *out, uint64_t seed)
{
    uint64_t state = seed;
    *out = (struct random_catalogue){0};
    latvia_vocabulary(&out->vocabulary);
    choose_missing(&out->vocabulary, &state);
    choose_window(out, &state);
    out->is_large = random_chance(&state, 8);
    out->relief_count = 2 + random_below(&state, RANDOM_RELIEF_COUNT_MAX - 1);
    out->everywhere_mask = random_below(&state, 1u << RANDOM_RELIEF_COUNT_MAX) &
                           random_below(&state, 1u << RANDOM_RELIEF_COUNT_MAX);
    random_trade_make(out, &state);
    make_rules(out, seed, &state);
    const struct rules *rules = out->catalogue.rules;
    for (uint32_t i = 0; i < rules->version_count; i++) {
        random_add_edge(out, rules->versions[i].from_day);
        random_add_edge(out, rules->versions[i].until_day);
    }
    add_calendar_edges(out);
    for (uint32_t i = 0; i < rules->extension_count; i++) {
        random_add_edge(out, rules->extensions[i].ended_from);
        random_add_edge(out, rules->extensions[i].ended_until);
        random_add_edge(out, rules->extensions[i].until_day);
    }
}

void random_catalogue_free(struct random_catalogue *random)
{
    rules_free(random->catalogue.rules);
    trade_free(&random->catalogue.trade);
    free(random->text);
}

/* ---- persons ---- */

static uint32_t some_place(uint64_t *state)
{
    static const uint32_t places[] = {1000, 4000, 3201000, 3202000, 5000, 0};
    return places[random_below(state, 6)];
}

/* A birthday on which an age of the rules is reached about a day of change; or 29 February. */
static int32_t some_birth(const struct random_catalogue *random, uint64_t *state)
{
    const struct rules *rules = random->catalogue.rules;
    struct civil day = civil_of_day((int32_t)random_day(random, state));
    uint32_t years = random_below(state, 100);
    if (rules->age_count > 0 && random_chance(state, 80))
        years = rules->ages[random_below(state, rules->age_count)];
    int32_t birth_year = day.year - (int32_t)years;
    if (birth_year % 4 == 0 && birth_year != 1900 && random_chance(state, 60))
        return day_of_civil(birth_year, 2, 29);
    if (random_chance(state, 4))
        years = 0;
    return day_of_civil(day.year - (int32_t)years, day.month, day.day) - 1 +
           (int32_t)random_below(state, 3);
}

/* Of a kind that the rules ask about. */
static void choose_kind(struct status_fact *fact, const struct random_catalogue *random,
                        uint64_t *state)
{
    const struct rules *rules = random->catalogue.rules;
    for (uint32_t tries = 0; tries < 20 && rules->step_count > 0; tries++) {
        const struct step *step = &rules->steps[random_below(state, rules->step_count)];
        if (step->kind != STEP_STATUS && step->kind != STEP_SCHOOL_IN)
            continue;
        fact->kind = step->kind == STEP_STATUS ? step->status_kind : LEARNER;
        fact->subtype = step->kind == STEP_STATUS && step->subtype != SUBTYPE_ANY ? step->subtype
                                                                                  : SUBTYPE_NONE;
        break;
    }
    uint8_t count = random->vocabulary.kinds[fact->kind].subtype_count;
    if (random_chance(state, 25) || (fact->subtype == SUBTYPE_NONE && random_chance(state, 70)))
        fact->subtype = (uint8_t)random_below(state, count + 1u);
}

static uint32_t some_end(const struct random_catalogue *random, uint64_t *state)
{
    const struct rules *rules = random->catalogue.rules;
    if (random_chance(state, 25))
        return DAY_NEVER;
    if (rules->extension_count == 0 || random_chance(state, 50))
        return random_day(random, state);
    const struct extension *extension =
        &rules->extensions[random_below(state, rules->extension_count)];
    uint32_t edge = random_chance(state, 50) ? extension->ended_from : extension->ended_until;
    return edge - 2 + random_below(state, 5);
}

static void add_fact(struct random_person *person, const struct random_catalogue *random,
                     uint64_t *state)
{
    struct status_fact fact = {.from_day = 10000 + random_below(state, 9000)};
    choose_kind(&fact, random, state);
    if (random_chance(state, 60))
        fact.from_day = random_day(random, state);
    fact.until_day = some_end(random, state);
    if (fact.until_day <= fact.from_day)
        fact.from_day = fact.until_day - 1 - random_below(state, 400);
    if (random->vocabulary.kinds[fact.kind].has_school)
        fact.school = some_place(state);
    person->facts[person->raw.status_count++] = fact;
}

static void add_known(struct random_person *person, const struct random_catalogue *random,
                      uint64_t *state)
{
    const struct rules *rules = random->catalogue.rules;
    const struct rule_clause *clause = &rules->clauses[random_below(state, rules->clause_count)];
    if (clause->group == GROUP_EVERYBODY)
        return;
    for (size_t i = 0; i < person->raw.known_count; i++) {
        if (person->known[i].group == clause->group)
            return;
    }
    uint32_t until_day = random_day(random, state);
    person->known[person->raw.known_count++] = (struct raw_known){clause->group, until_day};
}

void random_person_make(struct random_person *out, const struct random_catalogue *random,
                        uint64_t *state)
{
    *out = (struct random_person){
        .raw = {.is_nobody = random_chance(state, 3),
                .birth_day = some_birth(random, state),
                .death_day = random_chance(state, 8) ? random_day(random, state) : DAY_NEVER,
                .place = some_place(state),
                .statuses = out->facts,
                .known = out->known,
                .means_until_day = DAY_NEVER}};
    if (random_chance(state, 15))
        out->raw.means_from_day = random_day(random, state);
    if (random_chance(state, 15))
        out->raw.means_until_day = random_day(random, state);
    if (out->raw.is_nobody)
        return;
    while (out->raw.status_count < FACT_COUNT_MAX && random_chance(state, 75))
        add_fact(out, random, state);
    while (out->raw.known_count < KNOWN_COUNT_MAX && random_chance(state, 60)) {
        size_t count = out->raw.known_count;
        add_known(out, random, state);
        if (out->raw.known_count == count)
            break;
    }
}

/* ---- purchases ---- */

static const struct clause *some_terms(const struct random_catalogue *random, uint64_t *state)
{
    const struct rules *rules = random->catalogue.rules;
    return &rules->clauses[random_below(state, rules->clause_count)].terms;
}

/* Seconds of the wall clock: where a clause's clock turns, around midnight, in the hours of the
 * night in which clocks are changed, or any. */
static uint32_t some_second(const struct random_catalogue *random, uint64_t *state)
{
    static const uint32_t beside[] = {0, 1, 59, 60, SECONDS_PER_DAY - 1};
    uint32_t nudge = beside[random_below(state, 5)];
    const struct clause *terms = some_terms(random, state);
    if (terms->clock_count > 0 && random_chance(state, 70)) {
        const struct clock_span *span = &terms->clocks[random_below(state, terms->clock_count)];
        uint32_t minute = random_chance(state, 50) ? span->from_min : span->until_min;
        return (minute * 60 + nudge) % SECONDS_PER_DAY;
    }
    switch (random_below(state, 4)) {
    case 0:
        return nudge;
    case 1:
        return 2 * SECONDS_PER_HOUR + 59 * 60 + random_below(state, 3720);
    default:
        return random_below(state, SECONDS_PER_DAY);
    }
}

static uint32_t some_price(const struct random_catalogue *random, uint64_t *state)
{
    const struct clause *terms = some_terms(random, state);
    uint32_t price = PRICE_STEP * random_below(state, 40);
    switch (random_below(state, 8)) {
    case 0:
        price = terms->price_least;
        break;
    case 1:
        price = terms->price_most;
        break;
    case 2:
        price = terms->above;
        break;
    case 3:
        price = terms->computation != COMPUTE_PERCENT ? terms->value : price;
        break;
    case 4:
        price = random_below(state, 200000);
        break;
    case 5:
        return random_chance(state, 10) ? UINT32_MAX - random_below(state, 3) : price;
    default:
        return price;
    }
    return random_chance(state, 50) ? price : price - 1 + random_below(state, 3);
}

static uint16_t some_quantity(const struct random_catalogue *random, uint64_t *state)
{
    const struct clause *terms = some_terms(random, state);
    uint32_t quantity = 1 + random_below(state, 6);
    switch (random_below(state, 6)) {
    case 0:
        quantity = terms->quantity_least + random_below(state, 3) - 1u;
        break;
    case 1:
        quantity = terms->quantity_most + random_below(state, 3) - 1u;
        break;
    case 2:
        quantity = terms->unit_count_max + terms->companions_max + random_below(state, 3);
        break;
    case 3:
        quantity = random_chance(state, 10) ? QUANTITY_MAX : quantity;
        break;
    default:
        break;
    }
    return (uint16_t)(quantity < 1 || quantity > QUANTITY_MAX ? 1 : quantity);
}

static uint32_t some_point(const struct random_catalogue *random, uint64_t *state)
{
    const struct trade *trade = &random->catalogue.trade;
    uint32_t draw = random_below(state, 100);
    if (draw < 5)
        return 0;
    return draw < 9 ? UNKNOWN_POINT : trade->points[random_below(state, trade->point_count)].number;
}

static uint32_t some_product(const struct random_catalogue *random, uint64_t *state)
{
    const struct rules *rules = random->catalogue.rules;
    if (random_chance(state, 2))
        return UNKNOWN_PRODUCT;
    return rules->clause_products[random_below(state, rules->clause_product_count)];
}

/* Nearly always within the window. */
static uint32_t some_service_day(const struct random_catalogue *random, uint64_t *state)
{
    uint32_t day = random_day(random, state);
    while ((day < random->from_day || day >= random->until_day) && random_chance(state, 94))
        day = random_day(random, state);
    return day;
}

void random_purchase_make(struct purchase *out, const struct random_catalogue *random,
                          uint64_t *state)
{
    /* Whether winter or summer time is taken for it makes an hour of difference, and both of the
     * passes of the hour that is said twice. */
    uint64_t offset_s = (2 + random_below(state, 2)) * (uint64_t)SECONDS_PER_HOUR;
    uint64_t day_s = (uint64_t)some_service_day(random, state) * SECONDS_PER_DAY;
    uint16_t quantity = some_quantity(random, state);
    uint8_t companions = (uint8_t)random_below(state, 5);
    if (random_chance(state, 40))
        companions = 0;
    else if (random_chance(state, 20))
        companions = (uint8_t)(quantity - 2 + random_below(state, 3));
    *out = (struct purchase){
        .product = some_product(random, state),
        .point_of_sale = some_point(random, state),
        .unit_price = some_price(random, state),
        .quantity = quantity,
        .companions = companions,
        .means = (uint8_t)(1 + random_below(state, MEANS_LAST)),
        .entry = (uint8_t)random_below(state, ENTRY_LAST + 1),
        .service_time_s = day_s + some_second(random, state) - offset_s,
    };
}
