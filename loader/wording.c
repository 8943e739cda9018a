#include "loader/wording.h"

#include "loader/cases.h"
#include "protocol/money.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUTES_PER_HOUR 60

/* Adds to a text that is cut where its room ends. */
static void PRINTF_LIKE(2, 3) add(char text[static WORDING_SIZE], const char *format, ...)
{
    size_t size = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + size, WORDING_SIZE - size, format, arguments);
    va_end(arguments);
}

const char *wording_time(char text[static CLOCK_TEXT_SIZE], uint64_t utc_s)
{
    char day[DAY_TEXT_SIZE];
    uint32_t minute = riga_second_of_time(utc_s) / 60;
    day_to_text(day, (int32_t)riga_day_of_time(utc_s));
    snprintf(text, CLOCK_TEXT_SIZE, "%s %02u:%02u", day, minute / MINUTES_PER_HOUR % 24,
             minute % MINUTES_PER_HOUR);
    return text;
}

const char *wording_product(char text[static NAME_SIZE], const struct trial *trial, uint32_t number)
{
    const struct rules *rules = trial->catalogue->rules;
    uint32_t product = rules_product(rules, number);
    if (product < rules->product_count)
        snprintf(text, NAME_SIZE, "%s", rules->products[product].name);
    else
        snprintf(text, NAME_SIZE, "%" PRIu32, number);
    return text;
}

const char *wording_purchase(char text[static WORDING_SIZE], const struct trial *trial,
                             const struct purchase *purchase)
{
    char product[NAME_SIZE], price[MONEY_TEXT_SIZE], time[CLOCK_TEXT_SIZE];
    text[0] = '\0';
    if (purchase->quantity != 1)
        add(text, "%u ", purchase->quantity);
    add(text, "%s at %s EUR", wording_product(product, trial, purchase->product),
        money_text(price, purchase->unit_price));
    if (purchase->point_of_sale != 0)
        add(text, ", point of sale %" PRIu32, purchase->point_of_sale);
    add(text, ", on %s", wording_time(time, purchase->service_time_s));
    if (purchase->companions != 0)
        add(text, ", %u companion%s", purchase->companions, purchase->companions == 1 ? "" : "s");
    if (purchase->means != MEANS_PERSONAL_CODE && means_name(purchase->means) != NULL)
        add(text, ", by %s", means_name(purchase->means));
    if (purchase->entry != ENTRY_UNSTATED)
        add(text, ", read %s", entry_name(purchase->entry));
    return text;
}

/* ---- what a clause gives ---- */

static void add_computation(char text[static WORDING_SIZE], const struct clause *clause)
{
    char money[MONEY_TEXT_SIZE], percent[PERCENT_TEXT_SIZE];
    money_text(money, clause->value);
    switch ((enum computation)clause->computation) {
    case COMPUTE_PERCENT:
        if (clause->value == PERCENT_ALL_BP)
            add(text, "free");
        else
            add(text, "discount %s", percent_text(percent, clause->value));
        return;
    case COMPUTE_AMOUNT:
        add(text, "%s EUR off the purchase", money);
        return;
    case COMPUTE_SUBSIDY:
        add(text, "%s EUR off each unit", money);
        return;
    case COMPUTE_PRICE:
        add(text, "costs %s EUR each", money);
        return;
    }
    abort(); /* not a computation: memory was overwritten */
}

const char *wording_terms(char text[static WORDING_SIZE], const struct clause *clause)
{
    char money[MONEY_TEXT_SIZE];
    text[0] = '\0';
    add_computation(text, clause);
    if (clause->above != 0)
        add(text, " of what is above %s EUR", money_text(money, clause->above));
    if (clause->cap != 0)
        add(text, ", at most %s EUR%s", money_text(money, clause->cap),
            (clause->flags & CLAUSE_CAP_EACH) != 0 ? " each" : "");
    if (clause->unit_count_max != 0)
        add(text, ", for %u unit%s", clause->unit_count_max,
            clause->unit_count_max == 1 ? "" : "s");
    if (clause->companions_max != 0)
        add(text, ", with %u companion%s", clause->companions_max,
            clause->companions_max == 1 ? "" : "s");
    return text;
}

/* ---- what is against a clause ---- */

static void add_clocks(char text[static WORDING_SIZE], const struct clause *clause)
{
    for (uint8_t i = 0; i < clause->clock_count; i++) {
        const struct clock_span *span = &clause->clocks[i];
        add(text, "%s%02d:%02d-%02d:%02d", i > 0 ? ", " : "", span->from_min / MINUTES_PER_HOUR,
            span->from_min % MINUTES_PER_HOUR, span->until_min / MINUTES_PER_HOUR,
            span->until_min % MINUTES_PER_HOUR);
    }
}

static void add_price(char text[static WORDING_SIZE], const struct clause *clause, uint32_t price)
{
    char found[MONEY_TEXT_SIZE], bound[MONEY_TEXT_SIZE];
    money_text(found, price);
    if (price < clause->price_least)
        add(text, "price %s is below %s", found, money_text(bound, clause->price_least));
    else
        add(text, "price %s is not below %s", found,
            money_text(bound, (uint64_t)clause->price_most + 1));
}

static void add_quantity(char text[static WORDING_SIZE], const struct clause *clause,
                         uint16_t quantity)
{
    if (quantity < clause->quantity_least)
        add(text, "quantity %u is below %u", quantity, clause->quantity_least);
    else
        add(text, "quantity %u is above %u", quantity, clause->quantity_most);
}

static void add_means(char text[static WORDING_SIZE], uint8_t mask, uint8_t means)
{
    bool is_first = true;
    for (uint8_t i = 1; i <= MEANS_LAST; i++) {
        if ((mask >> i & 1) == 0)
            continue;
        add(text, "%s%s", is_first ? "only by " : ", ", means_name(i));
        is_first = false;
    }
    const char *found = means_name(means);
    add(text, ", it was %s", found != NULL ? found : "none");
}

static void add_entry(char text[static WORDING_SIZE], uint8_t mask, uint8_t entry)
{
    bool is_first = true;
    for (uint8_t i = 0; i <= ENTRY_LAST; i++) {
        if ((mask >> i & 1) == 0)
            continue;
        add(text, "%s%s", is_first ? "only read " : ", ", entry_name(i));
        is_first = false;
    }
    add(text, ", it was %s", entry_name(entry));
}

const char *wording_misfit(char text[static WORDING_SIZE], const struct trial *trial,
                           const struct clause *clause, enum fit fit,
                           const struct candidates *candidates, const struct purchase *purchase)
{
    size_t index = (size_t)(clause - trial->compiled.clauses);
    text[0] = '\0';
    switch (fit) {
    case FIT_YES:
        return text;
    case FIT_NOT_THIS_DAY:
        return absence_of_clause(text, trial, trial->compiled.clause_origins[index], purchase,
                                 candidates->day);
    case FIT_NOT_THIS_TIME:
        add_clocks(text, clause);
        add(text, ", it was %02u:%02u", candidates->minute / MINUTES_PER_HOUR,
            candidates->minute % MINUTES_PER_HOUR);
        return text;
    case FIT_PRICE:
        add_price(text, clause, purchase->unit_price);
        return text;
    case FIT_QUANTITY:
        add_quantity(text, clause, purchase->quantity);
        return text;
    case FIT_MEANS:
        add_means(text, clause->means_mask, purchase->means);
        return text;
    case FIT_ENTRY:
        add_entry(text, clause->entry_mask, purchase->entry);
        return text;
    }
    abort(); /* not a fit: memory was overwritten */
}

/* ---- verdicts ---- */

const char *wording_verdict(char text[static WORDING_SIZE], const struct trial *trial,
                            const struct verdict *verdict)
{
    char takes[MONEY_TEXT_SIZE], pays[MONEY_TEXT_SIZE];
    text[0] = '\0';
    money_text(pays, verdict->payable);
    if (verdict->status != STATUS_APPLIES) {
        add(text, "%s pays %s", cases_answer_name(verdict->status), pays);
        return text;
    }
    for (uint32_t i = 0; i < verdict->part_count; i++)
        add(text, "%s%s", i > 0 ? " + " : "", trial_relief(trial, verdict->parts[i].clause)->name);
    add(text, " takes %s pays %s split %u", money_text(takes, verdict->relief_amount), pays,
        verdict->split);
    return text;
}
