#include "loader/question.h"

#include "loader/memory.h"
#include "loader/text.h"
#include "protocol/money.h"
#include "protocol/nearest.h"
#include "protocol/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INPUT_LINE_SIZE 256
#define NOON_S          (12 * 60 * 60)
#define DIGITS_MAX      10 /* of a product's number */

/* ---- who ---- */

static bool read_identifier(struct identifier *out, const struct question_settings *settings,
                            struct fault *fault)
{
    char line[INPUT_LINE_SIZE];
    uint8_t means = means_of_name(settings->means);
    if (means == 0)
        return fault_set(fault, "--means: want personal-code, eid, e-talons or card, found \"%s\"",
                         settings->means);
    if (isatty(STDIN_FILENO))
        fputs("Identifier: ", stderr);
    if (fgets(line, sizeof(line), stdin) == NULL)
        return fault_set(fault, "standard input: want one identifier, found nothing");
    size_t size = strcspn(line, "\r\n");
    enum means_fault wrong = means_normalise(out, (enum means)means, line, size);
    explicit_bzero(line, sizeof(line));
    if (size == sizeof(line) - 1) /* its beginning may be somebody else's */
        return fault_set(fault, "standard input: the first line is longer than any identifier");
    return wrong == MEANS_FINE || fault_set(fault, "standard input: %s", means_fault_text(wrong));
}

/* A means that was refused or given to somebody else leads to nobody. */
static struct sought find_holder(const struct build *build, const struct identifier *identifier)
{
    struct sought sought = {.base_row = NOBODY, .until_day = DAY_NEVER};
    sought.means = means_is_anybody(identifier) ? 0 : identifier->means;
    if (identifier->means == MEANS_PERSONAL_CODE) {
        sought.base_row = people_find(&build->people, means_pack_code(identifier->text));
        return sought;
    }
    for (size_t i = 0; i < build->facts.means_count; i++) {
        const struct means_fact *fact = &build->facts.means[i];
        if (build->people.holder[i] == NOBODY ||
            memcmp(&fact->identifier, identifier, sizeof(*identifier)) != 0)
            continue;
        sought.base_row = build->people.holder[i];
        sought.from_day = fact->from_day;
        sought.until_day = fact->until_day;
        break;
    }
    return sought;
}

static struct person take_person(const struct build *build, uint32_t base_row)
{
    const struct people *people = &build->people;
    const struct person_fact *base = &build->facts.persons[base_row];
    uint32_t first = people->status_first[base_row];
    uint32_t count = people->status_first[base_row + 1] - first;
    struct status_fact *statuses = memory_take(count, sizeof(statuses[0]));
    for (uint32_t i = 0; i < count; i++)
        statuses[i] = build->facts.statuses[people->status_order[first + i]];
    return (struct person){base->birth_day, base->death_day, base->place, statuses, count};
}

int question_begin(struct sought *sought, struct person *person, struct build *build,
                   const struct build_settings *build_settings,
                   const struct question_settings *settings, struct fault *fault)
{
    struct identifier identifier;
    if (!read_identifier(&identifier, settings, fault))
        return EXIT_USAGE;
    bool is_read = build_read(build, build_settings, fault);
    if (is_read)
        *sought = find_holder(build, &identifier);
    explicit_bzero(&identifier, sizeof(identifier));
    if (!is_read)
        return EXIT_NO;
    *person = (struct person){0};
    if (sought->base_row != NOBODY)
        *person = take_person(build, sought->base_row);
    return EXIT_YES;
}

void question_release(struct person *person)
{
    free((void *)(uintptr_t)person->statuses); /* ours; const is for those who read them */
    person->statuses = NULL;
    person->status_count = 0;
}

/* ---- what ---- */

static bool number_of_text(uint32_t *number, const char *text)
{
    uint64_t value;
    size_t size = strlen(text);
    if (size > DIGITS_MAX || !span_number((struct span){text, (uint32_t)size}, &value))
        return false;
    *number = (uint32_t)value;
    return value >= 1 && value <= UINT32_MAX;
}

/* A name of the catalogue, or the number of any product. */
static bool find_product(uint32_t *number, const struct rules *rules, const char *name,
                         struct fault *fault)
{
    if (number_of_text(number, name))
        return true;
    const char **names = memory_take(rules->product_count, sizeof(names[0]));
    bool is_found = false;
    for (uint32_t i = 0; i < rules->product_count; i++) {
        names[i] = rules->products[i].name;
        if (strcmp(names[i], name) != 0)
            continue;
        *number = rules->products[i].number;
        is_found = true;
    }
    char hint[NEAREST_TEXT_SIZE];
    if (!is_found)
        fault_set(
            fault, "--product: the catalogue has no product \"%.60s\"%s", name,
            nearest_text(hint, ", did you mean \"", "\"?", name, names, rules->product_count));
    free(names);
    return is_found;
}

static bool find_price(uint32_t *price, const char *text, const struct trade *trade,
                       uint32_t product, struct fault *fault)
{
    uint64_t amount = 0;
    if (text != NULL && !money_of_text(&amount, text, strlen(text), UINT32_MAX))
        return fault_set(fault,
                         "--price: want EUR up to 429496.7295 with up to four decimals, such as "
                         "1.50, found \"%.60s\"",
                         text);
    const struct product_row *row = trade_product(trade, product);
    if (text == NULL && row != NULL)
        amount = row->price;
    if (text == NULL && amount == 0)
        return fault_set(fault, "--price is required: the catalogue has no usual price for the "
                                "product");
    *price = (uint32_t)amount;
    return true;
}

static bool find_time(uint64_t *time_s, const char *text, uint32_t day, struct fault *fault)
{
    if (text == NULL)
        return time_of_riga_clock(time_s, day, NOON_S) ||
               fault_set(fault, "--at is required: the day has no noon");
    return time_of_text(time_s, text) ||
           fault_set(fault,
                     "--at: want a time in Riga such as 2026-11-23T10:00, or seconds since 1970 "
                     "UTC, found \"%.60s\"",
                     text);
}

bool question_purchase(struct purchase *out, const struct question_settings *settings,
                       const struct catalogue *catalogue, const struct sought *sought, uint32_t day,
                       struct fault *fault)
{
    *out = (struct purchase){.point_of_sale = (uint32_t)settings->point,
                             .quantity = (uint16_t)settings->quantity,
                             .companions = (uint8_t)settings->companions,
                             .means = sought->means};
    if (!entry_of_name(&out->entry, settings->read, strlen(settings->read)))
        return fault_set(fault,
                         "--read: want unstated, chip, contactless, optical or typed, found "
                         "\"%.60s\"",
                         settings->read);
    return find_product(&out->product, catalogue->rules, settings->product, fault) &&
           find_price(&out->unit_price, settings->price, &catalogue->trade, out->product, fault) &&
           find_time(&out->service_time_s, settings->at, day, fault);
}

/* ---- the trial ---- */

bool question_trial(struct trial **out, const struct build *build,
                    const struct question_settings *settings, const struct sought *sought,
                    const struct person *person, struct fault *fault)
{
    struct trial *trial;
    if (!trial_open(&trial, &build->catalogue, build->window, build->as_of_day,
                    settings->with_drafts, fault))
        return false;
    if (sought->base_row != NOBODY) {
        if (!trial_person(trial, person, &build->vocabulary, NULL, fault)) {
            trial_close(trial);
            return false;
        }
        trial_means(trial, sought->from_day, sought->until_day);
    }
    *out = trial;
    return true;
}
