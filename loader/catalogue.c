#include "loader/catalogue.h"

#include "loader/files.h"
#include "loader/memory.h"
#include "protocol/nearest.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define RULES_SUFFIX   ".rules"
#define PATH_SHOWN_MAX 120
#define SENTENCE_MAX   360

/* What is checked, and where faults go. */
struct check {
    const struct rules *rules;
    const struct trade *trade;
    const char *path; /* of the folder */
    struct fault *fault;
};

/* ---- contracts ---- */

static bool unknown_relief(const struct check *c, const struct contract_row *contract)
{
    const struct rules *rules = c->rules;
    const char **names = memory_take(rules->relief_count, sizeof(names[0]));
    size_t count = 0;
    for (uint32_t i = RELIEF_TEST + 1; i < rules->relief_count; i++)
        names[count++] = rules->reliefs[i].name;
    char hint[NEAREST_TEXT_SIZE];
    fault_set(c->fault,
              "%.*s/%s:%" PRIu32 ": no relief is called \"%s\"%s; write it in the rules, or "
              "correct the name",
              PATH_SHOWN_MAX, c->path, trade_file_name(TABLE_CONTRACTS), contract->in_force.line,
              contract->relief,
              nearest_text(hint, " (did you mean \"", "\"?)", contract->relief, names, count));
    free(names);
    return false;
}

static bool contracts_fit(const struct check *c)
{
    for (uint32_t i = 0; i < c->trade->contract_count; i++) {
        const struct contract_row *contract = &c->trade->contracts[i];
        uint32_t index = rules_relief(c->rules, contract->relief);
        if (index == RELIEF_TEST || index == c->rules->relief_count)
            return unknown_relief(c, contract);
        const struct rule_relief *relief = &c->rules->reliefs[index];
        if (relief->giver != contract->giver)
            return fault_set(c->fault,
                             "%.*s/%s:%" PRIu32 ": the relief %s is given by %011" PRIu64
                             ", the contract is with %011" PRIu64 ": correct one of them",
                             PATH_SHOWN_MAX, c->path, trade_file_name(TABLE_CONTRACTS),
                             contract->in_force.line, relief->name, relief->giver, contract->giver);
    }
    return true;
}

/* ---- terminals ---- */

static bool has_product_in(const struct rules *rules, const struct point_range *range)
{
    uint32_t least = 0, beyond = rules->product_count;
    while (least < beyond) {
        uint32_t middle = least + (beyond - least) / 2;
        if (rules->products[middle].number < range->first)
            least = middle + 1;
        else
            beyond = middle;
    }
    return least < rules->product_count && rules->products[least].number <= range->last;
}

static bool no_product(const struct check *c, const struct terminal_row *terminal,
                       const struct point_range *range)
{
    const char *file = trade_file_name(TABLE_TERMINALS);
    if (range->first == range->last)
        return fault_set(c->fault,
                         "%.*s/%s:%" PRIu32 ": product %" PRIu32
                         " is neither in %s nor in the rules; add it there, or correct the number",
                         PATH_SHOWN_MAX, c->path, file, terminal->in_force.line, range->first,
                         trade_file_name(TABLE_PRODUCTS));
    return fault_set(c->fault,
                     "%.*s/%s:%" PRIu32 ": no product from %" PRIu32 " to %" PRIu32
                     " is in %s or in the rules; add them there, or correct the numbers",
                     PATH_SHOWN_MAX, c->path, file, terminal->in_force.line, range->first,
                     range->last, trade_file_name(TABLE_PRODUCTS));
}

/* Products stand in the table and in the rules; the engine's own may be asked for, too. */
static bool terminals_fit(const struct check *c)
{
    for (uint32_t i = 0; i < c->trade->terminal_count; i++) {
        const struct terminal_row *terminal = &c->trade->terminals[i];
        const struct point_range *ranges = c->trade->ranges + terminal->first_product_range;
        for (uint32_t j = 0; j < terminal->product_range_count; j++)
            if (!has_product_in(c->rules, &ranges[j]))
                return no_product(c, terminal, &ranges[j]);
    }
    return true;
}

/* ---- what rules say ---- */

/* "file:line:column: sentence" of something in a rules file. Returns false. */
static bool wrong(const struct check *c, struct line_in_rules at, const char *sentence)
{
    return fault_set(c->fault, "%.*s:%" PRIu32 ":%u: %.*s", PATH_SHOWN_MAX,
                     c->rules->files[at.file], at.line, at.column, SENTENCE_MAX, sentence);
}

static bool givers_fit(const struct check *c)
{
    char sentence[SENTENCE_MAX];
    if (!c->trade->has_givers)
        return true;
    for (uint32_t i = RELIEF_TEST + 1; i < c->rules->relief_count; i++) {
        const struct rule_relief *relief = &c->rules->reliefs[i];
        if (trade_giver(c->trade, relief->giver) != NULL)
            continue;
        snprintf(sentence, sizeof(sentence),
                 "giver %011" PRIu64 " of the relief %s is not in %s; add it there, or correct the "
                 "number",
                 relief->giver, relief->name, trade_file_name(TABLE_GIVERS));
        return wrong(c, relief->at, sentence);
    }
    return true;
}

/* A place that is still in use, or the beginning of one. */
static bool place_fits(const struct check *c, struct place_prefix place, struct line_in_rules at)
{
    char sentence[SENTENCE_MAX];
    uint32_t replaced = 0;
    if (!c->trade->has_places)
        return true;
    for (uint32_t i = 0; i < c->trade->place_count; i++) {
        const struct place_row *row = &c->trade->places[i];
        if (!place_is_in(row->code, place))
            continue;
        if (row->replaced_by == 0)
            return true;
        replaced = row->code;
    }
    if (replaced == 0)
        snprintf(sentence, sizeof(sentence),
                 "place %0*" PRIu32 " is not in %s; add it there, or correct the code",
                 place.digit_count, place.value, trade_file_name(TABLE_PLACES));
    else
        snprintf(sentence, sizeof(sentence),
                 "place %0*" PRIu32 " was replaced by %07" PRIu32 ": write that one",
                 place.digit_count, place.value, trade_place_now(c->trade, replaced));
    return wrong(c, at, sentence);
}

static bool range_fits(const struct check *c, struct point_range range, struct line_in_rules at)
{
    char sentence[SENTENCE_MAX];
    const struct point_row *point = trade_point_from(c->trade, range.first);
    if (point != NULL && point->number <= range.last)
        return true;
    if (range.first == range.last)
        snprintf(sentence, sizeof(sentence),
                 "point of sale %" PRIu32 " is not in %s; add it there, or correct the number",
                 range.first, trade_file_name(TABLE_POINTS));
    else
        snprintf(sentence, sizeof(sentence),
                 "no point of sale from %" PRIu32 " to %" PRIu32
                 " is in %s; add them there, or correct the numbers",
                 range.first, range.last, trade_file_name(TABLE_POINTS));
    return wrong(c, at, sentence);
}

/* The contract is there, and on the relief that the clause is of. */
static bool contract_fits(const struct check *c, const struct rule_clause *clause, uint32_t number)
{
    char sentence[SENTENCE_MAX];
    uint32_t relief = c->rules->versions[clause->version].relief;
    const char *name = c->rules->reliefs[relief].name;
    const struct contract_row *row = trade_contract(c->trade, number);
    if (row != NULL && strcmp(row->relief, name) == 0)
        return true;
    if (row != NULL)
        snprintf(sentence, sizeof(sentence),
                 "contract %" PRIu32 " is not on the relief %s: correct the number, or %s", number,
                 name, trade_file_name(TABLE_CONTRACTS));
    else
        snprintf(sentence, sizeof(sentence),
                 "contract %" PRIu32 " is not in %s; add it there, or correct the number", number,
                 trade_file_name(TABLE_CONTRACTS));
    return wrong(c, clause->at, sentence);
}

static bool clause_fits(const struct check *c, const struct rule_clause *clause)
{
    const struct rules *rules = c->rules;
    for (uint32_t i = 0; i < clause->range_count; i++)
        if (!range_fits(c, rules->ranges[clause->first_range + i], clause->at))
            return false;
    for (uint32_t i = 0; i < clause->contract_count; i++)
        if (!contract_fits(c, clause, rules->contract_numbers[clause->first_contract + i]))
            return false;
    for (uint32_t i = 0; i < clause->place_count; i++)
        if (!place_fits(c, rules->places[clause->first_place + i], clause->at))
            return false;
    return true;
}

static bool clauses_fit(const struct check *c)
{
    for (uint32_t i = 0; i < c->rules->clause_count; i++)
        if (!clause_fits(c, &c->rules->clauses[i]))
            return false;
    return true;
}

static bool groups_fit(const struct check *c)
{
    for (uint32_t i = 0; i < c->rules->group_count; i++) {
        const struct group_rule *group = &c->rules->groups[i];
        for (uint32_t j = 0; j < group->step_count; j++) {
            const struct step *step = &c->rules->steps[group->first_step + j];
            bool has_place = step->kind == STEP_RESIDENT_IN || step->kind == STEP_SCHOOL_IN;
            if (has_place && !place_fits(c, step->place, group->at))
                return false;
        }
    }
    return true;
}

static bool calendars_fit(const struct check *c)
{
    for (uint32_t i = 0; i < c->rules->calendar_count; i++) {
        const struct rule_calendar *calendar = &c->rules->calendars[i];
        for (uint32_t j = 0; j < calendar->item_count; j++) {
            const struct calendar_item *item = &c->rules->items[calendar->first_item + j];
            if (item->has_place && !place_fits(c, item->place, calendar->at))
                return false;
        }
    }
    return true;
}

/* ---- the folder ---- */

static bool read_rules(struct catalogue *out, const char *const paths[], size_t path_count,
                       const struct vocabulary *vocabulary, struct fault *fault)
{
    const struct trade *trade = &out->trade;
    struct product *products = memory_take_zeroed(trade->product_count, sizeof(products[0]));
    for (uint32_t i = 0; i < trade->product_count; i++) {
        products[i].number = trade->products[i].number;
        memcpy(products[i].name, trade->products[i].name, sizeof(products[i].name));
    }
    bool is_good = rules_read(&out->rules, paths, path_count, vocabulary, products,
                              trade->product_count, fault);
    free(products);
    return is_good;
}

static bool read_folder(struct catalogue *out, const char *folder,
                        const struct vocabulary *vocabulary, struct fault *fault)
{
    struct files files;
    if (!files_list(&files, folder, RULES_SUFFIX, fault))
        return false;
    bool is_good = files.count > 0 ||
                   fault_set(fault, "%s: files *%s wanted, none found", folder, RULES_SUFFIX);
    is_good = is_good && trade_read(&out->trade, folder, fault) &&
              read_rules(out, (const char *const *)files.paths, files.count, vocabulary, fault);
    files_free(&files);
    return is_good;
}

bool catalogue_read(struct catalogue *out, const char *path, const struct vocabulary *vocabulary,
                    struct fault *fault)
{
    struct catalogue catalogue = {0};
    struct stat info;
    if (stat(path, &info) != 0)
        return fault_set(fault, "%s: %s", path, strerror(errno));
    bool is_good = S_ISDIR(info.st_mode) ? read_folder(&catalogue, path, vocabulary, fault)
                                         : read_rules(&catalogue, &path, 1, vocabulary, fault);
    struct check c = {
        .rules = catalogue.rules, .trade = &catalogue.trade, .path = path, .fault = fault};
    is_good = is_good && terminals_fit(&c) && contracts_fit(&c) && givers_fit(&c) &&
              groups_fit(&c) && clauses_fit(&c) && calendars_fit(&c);
    if (!is_good) {
        catalogue_free(&catalogue);
        return false;
    }
    *out = catalogue;
    return true;
}

void catalogue_free(struct catalogue *catalogue)
{
    rules_free(catalogue->rules);
    trade_free(&catalogue->trade);
    *catalogue = (struct catalogue){0};
}
