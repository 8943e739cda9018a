#include "loader/absence.h"

#include "loader/daysets.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Everything that is looked at for one clause. */
struct search {
    char *text; /* ABSENCE_SIZE */
    const struct trial *trial;
    const struct rules *rules;
    const struct trade *trade;
    const struct rule_clause *clause;
    const struct rule_version *version;
    const struct rule_relief *relief;
    const struct point_row *point; /* NULL: unknown, or none was stated */
    const struct purchase *purchase;
    uint32_t day;
};

/* Tells what is against the clause; true, so that a reason ends the search. */
static bool PRINTF_LIKE(2, 3) found(struct search *search, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(search->text, ABSENCE_SIZE, format, arguments);
    va_end(arguments);
    return true;
}

/* What is not in force says when it was or will be; false when it is. */
static bool span_is_over(struct search *search, const char *what, uint32_t from_day,
                         uint32_t until_day)
{
    char text[DAY_TEXT_SIZE];
    if (search->day < from_day) {
        day_to_text(text, (int32_t)from_day);
        return found(search, "%s begins on %s", what, text);
    }
    if (search->day < until_day)
        return false;
    day_to_text(text, (int32_t)until_day);
    return found(search, "%s ended on %s", what, text);
}

/* ---- the version ---- */

static bool state_is_against(struct search *search)
{
    switch (search->version->state) {
    case VERSION_ACTIVE:
        return false;
    case VERSION_DRAFT:
        return !search->trial->with_drafts && found(search, "a draft gives nothing");
    case VERSION_SUSPENDED:
        return found(search, "it is suspended");
    case VERSION_CLOSED:
        return found(search, "it is closed");
    }
    abort(); /* not a state: memory was overwritten */
}

static bool version_is_against(struct search *search)
{
    const struct rule_version *version = search->version;
    uint32_t index = (uint32_t)(version - search->rules->versions);
    uint32_t end = search->relief->first_version + search->relief->version_count;
    char text[DAY_TEXT_SIZE];
    if (index + 1 < end && search->day >= version[1].from_day) {
        day_to_text(text, (int32_t)version[1].from_day);
        return found(search, "another version took its place on %s", text);
    }
    return span_is_over(search, "this version", version->from_day, version->until_day);
}

/* ---- where ---- */

static bool place_is_against(struct search *search)
{
    uint32_t place = search->point != NULL ? search->point->place : 0;
    if (!clause_is_at(search->rules, search->clause, search->purchase->point_of_sale)) {
        const struct point_range *range = &search->rules->ranges[search->clause->first_range];
        return found(search, "only at points of sale such as %" PRIu32 "-%" PRIu32, range->first,
                     range->last);
    }
    if (!clause_is_in(search->rules, search->clause, place)) {
        const struct place_prefix *named = &search->rules->places[search->clause->first_place];
        return found(search, "only at points of sale in %0*" PRIu32 "%s", named->digit_count,
                     named->value,
                     search->clause->place_count > 1 ? " and other places named there" : "");
    }
    return false;
}

/* Whoever sells, and the one who gives, are there on the day. */
static bool parties_are_against(struct search *search)
{
    const struct giver *giver = trade_giver(search->trade, search->relief->giver);
    if (giver != NULL &&
        span_is_over(search, "the giver", giver->in_force.from_day, giver->in_force.until_day))
        return true;
    if (search->point == NULL)
        return false;
    const struct provider *provider = trade_provider(search->trade, search->point->provider);
    if (search->point->is_suspended)
        return found(search, "the point of sale is suspended");
    if (provider != NULL && provider->is_suspended)
        return found(search, "the provider is suspended");
    return span_is_over(search, "the point of sale", search->point->in_force.from_day,
                        search->point->in_force.until_day) ||
           (provider != NULL && span_is_over(search, "the provider", provider->in_force.from_day,
                                             provider->in_force.until_day));
}

/* ---- contracts ---- */

static bool contracts_are_against(struct search *search)
{
    const struct trade *trade = search->trade;
    const struct contract_row *elsewhere = NULL, *other_day = NULL, *not_under = NULL;
    if (search->relief->is_everywhere)
        return false;
    for (uint32_t i = 0; i < trade->contract_count; i++) {
        const struct contract_row *row = &trade->contracts[i];
        if (strcmp(row->relief, search->relief->name) != 0)
            continue;
        if (search->point == NULL || !trade_covers(trade, row, search->point))
            elsewhere = row;
        else if (search->day < row->in_force.from_day || search->day >= row->in_force.until_day)
            other_day = row;
        else if (!clause_is_under(search->rules, search->clause, row->number))
            not_under = row;
        else
            return false;
    }
    if (not_under != NULL)
        return found(search,
                     "contract %" PRIu32 ", which covers the relief here, is not one that "
                     "it is under",
                     not_under->number);
    if (other_day != NULL) {
        char what[48];
        snprintf(what, sizeof(what), "contract %" PRIu32, other_day->number);
        return span_is_over(search, what, other_day->in_force.from_day,
                            other_day->in_force.until_day);
    }
    if (search->purchase->point_of_sale == 0)
        return found(search, "it needs a contract, and no point of sale was stated");
    if (search->point == NULL)
        return found(search, "it needs a contract, and the point of sale is not known");
    return found(search,
                 elsewhere != NULL ? "no contract covers it at point of sale %" PRIu32
                                   : "no contract covers it anywhere, nor at point of "
                                     "sale %" PRIu32,
                 search->point->number);
}

/* ---- when ---- */

static bool product_is_against(struct search *search)
{
    const struct product_row *row = trade_product(search->trade, search->purchase->product);
    return row != NULL &&
           span_is_over(search, "the product", row->in_force.from_day, row->in_force.until_day);
}

static bool calendar_is_against(struct search *search)
{
    if (search->clause->calendar == CALENDAR_ALL_DAYS)
        return false;
    struct dayset days =
        dayset_of_calendar(search->rules, search->clause->calendar,
                           search->point != NULL ? search->point->place : 0, search->trial->window);
    uint32_t offset = search->day - search->trial->window.from_day;
    if ((days.words[offset / 64] >> offset % 64 & 1) != 0)
        return false;
    static const char *const weekdays[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                           "Friday", "Saturday", "Sunday"};
    char text[DAY_TEXT_SIZE];
    const char *name = search->rules->calendars[search->clause->calendar].name;
    day_to_text(text, (int32_t)search->day);
    /* 1970-01-01 was a Thursday */
    return found(search, "%s%s%s does not hold on %s %s", name[0] != '\0' ? "calendar " : "its ",
                 name[0] != '\0' ? name : "\"on\"", name[0] != '\0' ? "" : " condition",
                 weekdays[(search->day + 3) % 7], text);
}

/* ---- the whole ---- */

static struct search search_of(char *text, const struct trial *trial, uint32_t version,
                               uint32_t day)
{
    const struct rules *rules = trial->catalogue->rules;
    text[0] = '\0';
    return (struct search){.text = text,
                           .trial = trial,
                           .rules = rules,
                           .trade = &trial->catalogue->trade,
                           .version = &rules->versions[version],
                           .relief = &rules->reliefs[rules->versions[version].relief],
                           .day = day};
}

const char *absence_of_version(char text[static ABSENCE_SIZE], const struct trial *trial,
                               uint32_t version, uint32_t day)
{
    struct search search = search_of(text, trial, version, day);
    if (!version_is_against(&search))
        state_is_against(&search);
    return text;
}

const char *absence_of_clause(char text[static ABSENCE_SIZE], const struct trial *trial,
                              uint32_t rule_clause, const struct purchase *purchase, uint32_t day)
{
    const struct rule_clause *clause = &trial->catalogue->rules->clauses[rule_clause];
    struct search search = search_of(text, trial, clause->version, day);
    search.clause = clause;
    search.purchase = purchase;
    search.point = trade_point(search.trade, purchase->point_of_sale);
    if (version_is_against(&search) || state_is_against(&search) || place_is_against(&search) ||
        contracts_are_against(&search) || parties_are_against(&search) ||
        product_is_against(&search) || calendar_is_against(&search))
        return text;
    found(&search, "not on this day");
    return text;
}
