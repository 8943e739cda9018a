#include "loader/parser.h"

#include "loader/memory.h"
#include "loader/sort.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "file:line:column: sentence" about a version of whichever file; false. */
#define fault_in_file(parser, file, token, ...)                                                    \
    (token_fault(&(struct lexer){.where = (parser)->rules->files[file]}, (token), (parser)->fault, \
                 __VA_ARGS__),                                                                     \
     fault_told())

/* ---- groups of what was known ---- */

/* A group that some clause wants as it was last known within so many days. */
struct wish {
    uint16_t group, days;
    uint32_t clause; /* the first that wants it, as written */
};

static int compare_wishes(const void *left, const void *right)
{
    const struct wish *a = left, *b = right;
    if (a->group != b->group)
        return a->group < b->group ? -1 : 1;
    if (a->days != b->days)
        return a->days < b->days ? -1 : 1;
    return (a->clause > b->clause) - (a->clause < b->clause);
}

static uint32_t gather_wishes(const struct rules *rules, struct wish wishes[])
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < rules->clause_count; i++) {
        const struct rule_clause *clause = &rules->clauses[i];
        const struct rule_version *version = &rules->versions[clause->version];
        if (version->unknown == UNKNOWN_LAST_KNOWN && clause->group != GROUP_EVERYBODY)
            wishes[count++] = (struct wish){clause->group, version->known_days, i};
    }
    qsort(wishes, count, sizeof(wishes[0]), compare_wishes);
    return count;
}

static bool add_known_group(struct parser *parser, const struct wish *wish)
{
    struct rules *rules = parser->rules;
    const struct group_rule *group = &rules->groups[wish->group];
    const struct token *token = &parser->clause_tokens[wish->clause];
    uint16_t file = rules->clauses[wish->clause].at.file;
    struct group_rule known = {.until_day = DAY_NEVER,
                               .first_step = (uint16_t)rules->step_count,
                               .at = group->at,
                               .known_of = wish->group,
                               .known_days = wish->days};
    if (rules->group_count == GROUP_COUNT_MAX)
        return fault_in_file(parser, file, token,
                             "with the groups that \"unknown last known\" adds there are more than "
                             "%d (GROUP_COUNT_MAX)",
                             GROUP_COUNT_MAX);
    if (snprintf(known.name, sizeof(known.name), "%s~%u", group->name, wish->days) >= NAME_SIZE)
        return fault_in_file(parser, file, token,
                             "the name \"%s\" is too long for \"unknown last known %u days\": at "
                             "most %d characters",
                             group->name, wish->days,
                             NAME_SIZE - 1 - snprintf(NULL, 0, "~%u", wish->days));
    rules->groups[rules->group_count++] = known;
    return true;
}

/* In order of group and days, so that their numbers depend on little else. */
static bool add_known_groups(struct parser *parser)
{
    struct rules *rules = parser->rules;
    struct wish *wishes = memory_take(rules->clause_count, sizeof(wishes[0]));
    uint32_t count = gather_wishes(rules, wishes);
    bool is_good = true;
    for (uint32_t i = 0; i < count && is_good; i++) {
        const struct wish *wish = &wishes[i];
        if (i == 0 || wish->group != wish[-1].group || wish->days != wish[-1].days)
            is_good = add_known_group(parser, wish);
        rules->clauses[wish->clause].known_group = (uint16_t)(rules->group_count - 1);
    }
    free(wishes);
    return is_good;
}

/* ---- versions ---- */

struct ordered_version {
    struct rule_version version;
    uint32_t number; /* as written */
};

static int compare_versions(const void *left, const void *right)
{
    const struct ordered_version *a = left, *b = right;
    if (a->version.relief != b->version.relief)
        return a->version.relief < b->version.relief ? -1 : 1;
    if (a->version.from_day != b->version.from_day)
        return a->version.from_day < b->version.from_day ? -1 : 1;
    return (a->number > b->number) - (a->number < b->number);
}

/* Two versions of one relief that follow each other. */
static bool check_neighbours(const struct parser *parser, const struct ordered_version *earlier,
                             const struct ordered_version *later)
{
    const char *name = parser->rules->reliefs[later->version.relief].name;
    const struct version_note *note = &parser->notes[later->number];
    uint16_t file = later->version.at.file;
    char other[RULES_LINE_SIZE];
    rules_line_text(other, parser->rules, earlier->version.at);
    if (earlier->version.from_day == later->version.from_day)
        return fault_in_file(parser, file, &note->name,
                             "the relief \"%s\" begins on this day already at %s: a new version "
                             "has another day",
                             name, other);
    if (note->is_everywhere != parser->notes[earlier->number].is_everywhere)
        return fault_in_file(parser, file, &note->name,
                             "this version and the one at %s do not agree whether \"%s\" holds "
                             "everywhere",
                             other, name);
    return true;
}

/* Catalogues may leave the sharing of costs to others; who writes down some splits means all. */
static bool check_split(const struct parser *parser, const struct ordered_version *ordered)
{
    const struct rule_version *version = &ordered->version;
    char code[NAME_SIZE];
    snprintf(code, sizeof(code), "%u", version->split);
    return version->split == 0 || parser->rules->split_count == 0 ||
           symbols_find(&parser->symbols, SYMBOL_SPLIT, code, strlen(code)) != NULL ||
           fault_in_file(parser, version->at.file, &parser->notes[ordered->number].split,
                         "no \"split %u = ...\" says who pays, though others are said",
                         version->split);
}

static bool check_versions(const struct parser *parser, const struct ordered_version ordered[])
{
    for (uint32_t i = 0; i < parser->rules->version_count; i++) {
        bool has_earlier = i > 0 && ordered[i - 1].version.relief == ordered[i].version.relief;
        if ((has_earlier && !check_neighbours(parser, &ordered[i - 1], &ordered[i])) ||
            !check_split(parser, &ordered[i]))
            return false;
    }
    return true;
}

/* Clauses and limits of the version as written, behind those that were moved before. */
static void move_clauses(struct rule_clause to[], uint32_t *count, struct rule_version *version,
                         const struct rule_clause from[], uint32_t number)
{
    uint32_t first = *count;
    for (uint32_t i = 0; i < version->clause_count; i++) {
        to[*count] = from[version->first_clause + i];
        to[(*count)++].version = number;
    }
    version->first_clause = first;
}

static void move_limits(struct rule_limit to[], uint32_t *count, struct rule_version *version,
                        const struct rule_limit from[], uint32_t number)
{
    uint32_t first = *count;
    for (uint32_t i = 0; i < version->limit_count; i++) {
        to[*count] = from[version->first_limit + i];
        to[(*count)++].version = number;
    }
    version->first_limit = first;
}

/* A version takes the place of the one before it. */
static void cut_versions(struct rules *rules, const struct version_note notes[],
                         const struct ordered_version ordered[])
{
    for (uint32_t i = 0; i < rules->version_count; i++) {
        struct rule_version *version = &rules->versions[i];
        struct rule_relief *relief = &rules->reliefs[version->relief];
        if (relief->version_count++ == 0) {
            relief->first_version = i;
            relief->is_everywhere = notes[ordered[i].number].is_everywhere;
            relief->at = version->at;
        } else if (version[-1].until_day > version->from_day) {
            version[-1].until_day = version->from_day;
        }
    }
}

static void arrange_versions(struct parser *parser, const struct ordered_version ordered[])
{
    struct rules *rules = parser->rules;
    struct rule_clause *clauses = memory_take(rules->clause_count, sizeof(clauses[0]));
    struct rule_limit *limits = memory_take(rules->limit_count, sizeof(limits[0]));
    uint32_t clause_count = 0, limit_count = 0;
    for (uint32_t i = 0; i < rules->version_count; i++) {
        struct rule_version *version = &rules->versions[i];
        *version = ordered[i].version;
        move_clauses(clauses, &clause_count, version, rules->clauses, i);
        move_limits(limits, &limit_count, version, rules->limits, i);
    }
    free(rules->clauses);
    free(rules->limits);
    rules->clauses = clauses;
    rules->limits = limits;
    cut_versions(rules, parser->notes, ordered);
}

static bool order_versions(struct parser *parser)
{
    struct rules *rules = parser->rules;
    struct ordered_version *ordered = memory_take(rules->version_count, sizeof(ordered[0]));
    for (uint32_t i = 0; i < rules->version_count; i++)
        ordered[i] = (struct ordered_version){rules->versions[i], i};
    qsort(ordered, rules->version_count, sizeof(ordered[0]), compare_versions);
    bool is_good = check_versions(parser, ordered);
    if (is_good)
        arrange_versions(parser, ordered);
    free(ordered);
    return is_good;
}

/* ---- orders ---- */

static int compare_products(const void *left, const void *right)
{
    const struct product *a = left, *b = right;
    return (a->number > b->number) - (a->number < b->number);
}

static int compare_splits(const void *left, const void *right)
{
    const struct split *a = left, *b = right;
    return (a->code > b->code) - (a->code < b->code);
}

static int compare_names(const void *left, const void *right, void *context)
{
    const uint32_t *a = left, *b = right;
    const struct rule_relief *reliefs = context;
    return strcmp(reliefs[*a].name, reliefs[*b].name);
}

static void order_names(struct rules *rules)
{
    rules->reliefs_by_name = memory_take(rules->relief_count, sizeof(rules->reliefs_by_name[0]));
    for (uint32_t i = 0; i < rules->relief_count; i++)
        rules->reliefs_by_name[i] = i;
    qsort_r(rules->reliefs_by_name, rules->relief_count, sizeof(rules->reliefs_by_name[0]),
            compare_names, rules->reliefs);
}

/* Of whatever version: who used up a term's allowance has, when the limit is changed. */
static void mark_terms(struct rules *rules)
{
    bool *has_terms = memory_take_zeroed(rules->relief_count, sizeof(has_terms[0]));
    for (uint32_t i = 0; i < rules->limit_count; i++)
        if (rules->limits[i].terms.period == PERIOD_STATUS_TERM)
            has_terms[rules->versions[rules->limits[i].version].relief] = true;
    for (uint32_t i = 0; i < rules->clause_count; i++) {
        const struct rule_clause *clause = &rules->clauses[i];
        if (has_terms[rules->versions[clause->version].relief] &&
            clause->known_group != GROUP_EVERYBODY)
            rules->groups[clause->known_group].has_terms = true;
    }
    free(has_terms);
}

bool finish_rules(struct parser *parser)
{
    struct rules *rules = parser->rules;
    if (!add_known_groups(parser) || !order_versions(parser))
        return false;
    mark_terms(rules);
    order_names(rules);
    qsort(rules->products, rules->product_count, sizeof(rules->products[0]), compare_products);
    sort_items(rules->splits, rules->split_count, sizeof(rules->splits[0]), compare_splits);
    return true;
}
