#include "loader/lint_checks.h"

#include "loader/memory.h"
#include "protocol/money.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- versions ---- */

static const struct rule_version *next_version(const struct lint_run *run,
                                               const struct rule_version *version)
{
    const struct rule_relief *relief = &run->rules->reliefs[version->relief];
    const struct rule_version *end =
        &run->rules->versions[relief->first_version + relief->version_count];
    return version + 1 < end ? version + 1 : NULL;
}

static void check_gap(const struct lint_run *run, const struct rule_version *version)
{
    const struct rule_version *next = next_version(run, version);
    if (next == NULL || version->until_day >= next->from_day ||
        next->from_day <= run->in->window.from_day || version->state == VERSION_CLOSED)
        return;
    lint_at(run, WARNING_VERSION_GAP, next->at,
            "%s has no version from %s until %s: the one before this ends too early",
            run->rules->reliefs[version->relief].name, LINT_DAY(version->until_day),
            LINT_DAY(next->from_day));
}

/* Days that can be no version's are refused when the rules are read; its giver's may be others. */
static void check_giver_days(const struct lint_run *run, const struct rule_version *version)
{
    const struct rule_relief *relief = &run->rules->reliefs[version->relief];
    const struct giver *giver = trade_giver(run->trade, relief->giver);
    if (giver == NULL || version->until_day <= run->in->window.from_day)
        return;
    if (version->from_day >= giver->in_force.until_day)
        lint_at(run, WARNING_VERSION_NEVER, version->at,
                "%s from %s never comes into force: its giver ends on %s", relief->name,
                LINT_DAY(version->from_day), LINT_DAY(giver->in_force.until_day));
    else if (version->until_day <= giver->in_force.from_day)
        lint_at(run, WARNING_VERSION_NEVER, version->at,
                "%s until %s never comes into force: its giver begins on %s", relief->name,
                LINT_DAY(version->until_day), LINT_DAY(giver->in_force.from_day));
}

/* A draft that follows takes the place of what was given, and gives nothing. */
static void check_ending(const struct lint_run *run, const struct rule_version *version)
{
    const struct rule_version *next = next_version(run, version);
    const char *name = run->rules->reliefs[version->relief].name;
    uint32_t today = run->in->as_of_day, until_day = version->until_day;
    if (version->state != VERSION_ACTIVE || until_day <= today ||
        until_day > today + LINT_ENDING_DAYS)
        return;
    if (next == NULL)
        lint_at(run, WARNING_VERSION_ENDING, version->at,
                "%s ends on %s, and no version comes after it", name, LINT_DAY(until_day));
    else if (next->from_day == until_day && next->state == VERSION_DRAFT)
        lint_at(run, WARNING_VERSION_ENDING, version->at,
                "%s ends on %s, and the version after it is a draft, which gives nothing", name,
                LINT_DAY(until_day));
}

/* ---- which contracts there are ---- */

/* The last day of any contract on the relief; 0: there is none. */
static uint32_t contracts_end(const struct lint_run *run, const char *name)
{
    uint32_t until_day = 0;
    for (uint32_t i = 0; i < run->trade->contract_count; i++) {
        const struct contract_row *row = &run->trade->contracts[i];
        if (row->in_force.until_day > until_day && strcmp(row->relief, name) == 0)
            until_day = row->in_force.until_day;
    }
    return until_day;
}

/* Drafts are written before there is a contract. */
static bool relief_is_given(const struct lint_run *run, const struct rule_relief *relief)
{
    for (uint32_t i = 0; i < relief->version_count; i++) {
        const struct rule_version *version = &run->rules->versions[relief->first_version + i];
        if (version->state == VERSION_ACTIVE && lint_is_alive(run, version))
            return true;
    }
    return false;
}

static void check_covered(const struct lint_run *run, const struct rule_relief *relief)
{
    if (relief->is_everywhere || !relief_is_given(run, relief))
        return;
    uint32_t end = contracts_end(run, relief->name);
    if (end == 0)
        lint_at(run, WARNING_RELIEF_UNCOVERED, relief->at, "no contract covers %s", relief->name);
    else if (end <= run->in->window.from_day)
        lint_at(run, WARNING_RELIEF_UNCOVERED, relief->at,
                "no contract covers %s any more: the last ended on %s", relief->name,
                LINT_DAY(end));
}

void lint_reliefs(const struct lint_run *run)
{
    for (uint32_t i = RELIEF_TEST + 1; i < run->rules->relief_count; i++) {
        const struct rule_relief *relief = &run->rules->reliefs[i];
        check_covered(run, relief);
        for (uint32_t j = 0; j < relief->version_count; j++) {
            const struct rule_version *version = &run->rules->versions[relief->first_version + j];
            check_gap(run, version);
            check_giver_days(run, version);
            check_ending(run, version);
        }
    }
}

/* ---- limits ---- */

/* The longest that a period can be, in minutes; 0: without bound. */
static const uint32_t period_most_min[] = {
    [PERIOD_DAY] = 25 * 60,
    [PERIOD_WEEK] = (7 * 24 + 1) * 60,
    [PERIOD_MONTH] = (31 * 24 + 1) * 60,
    [PERIOD_SCHOOL_YEAR] = 366 * 24 * 60,
    [PERIOD_YEAR] = 366 * 24 * 60,
    [PERIOD_LIFETIME] = 0,
};

/* How many of the longer period a shorter one can touch; 0: it may be any number. */
static uint32_t periods_touched(uint8_t shorter, uint8_t longer)
{
    if (shorter == longer || longer == PERIOD_LIFETIME || shorter == PERIOD_PURCHASE)
        return longer == PERIOD_PURCHASE ? 0 : 1;
    if (shorter == PERIOD_STATUS_TERM || shorter == PERIOD_LIFETIME || longer == PERIOD_STATUS_TERM)
        return 0;
    if (shorter == PERIOD_DAY)
        return longer == PERIOD_PURCHASE ? 0 : 1;
    if (shorter == PERIOD_WEEK)
        return longer >= PERIOD_MONTH ? 2 : 0;
    if (shorter == PERIOD_MONTH)
        return longer >= PERIOD_SCHOOL_YEAR ? 1 : 0;
    return 0;
}

#define LIMIT_WORDS_SIZE 96

static const char *limit_words(char text[static LIMIT_WORDS_SIZE], const struct limit *limit)
{
    char amount[MONEY_TEXT_SIZE];
    switch ((enum limit_kind)limit->kind) {
    case LIMIT_USES:
        snprintf(text, LIMIT_WORDS_SIZE, "limit %" PRIu64 " uses per %s", limit->value,
                 period_words[limit->period]);
        return text;
    case LIMIT_AMOUNT:
    case LIMIT_BUDGET:
        snprintf(text, LIMIT_WORDS_SIZE, "%s %s EUR per %s",
                 limit->kind == LIMIT_BUDGET ? "budget" : "limit", money_text(amount, limit->value),
                 period_words[limit->period]);
        return text;
    case LIMIT_SPACING:
        snprintf(text, LIMIT_WORDS_SIZE, "limit every %" PRIu64 " minutes", limit->value);
        return text;
    }
    abort(); /* not a kind: memory was overwritten */
}

/* Whether everything that the one counts the other counts, too. */
static bool counts_all_of(const struct limit *other, const struct limit *limit)
{
    if (limit->shared != 0 && other->shared != limit->shared)
        return false;
    return other->kind == limit->kind ||
           (other->kind == LIMIT_BUDGET && limit->kind == LIMIT_AMOUNT);
}

/* Whether `other` refuses at the latest when `limit` would. */
static bool forestalls(const struct limit *other, const struct limit *limit)
{
    uint32_t touched = periods_touched(limit->period, other->period);
    uint64_t most;
    if (limit->kind == LIMIT_USES && other->kind == LIMIT_SPACING && other->value > 0) {
        uint32_t most_min = period_most_min[limit->period];
        return limit->shared == 0 && most_min > 0 &&
               limit->value > (most_min + other->value - 1) / other->value;
    }
    if (limit->kind == LIMIT_SPACING || other->kind == LIMIT_SPACING ||
        !counts_all_of(other, limit) || touched == 0)
        return false;
    return !__builtin_mul_overflow(other->value, touched, &most) && limit->value >= most;
}

static void check_limit(const struct lint_run *run, const struct rule_version *version,
                        const struct rule_limit *limit)
{
    char words[LIMIT_WORDS_SIZE], other_words[LIMIT_WORDS_SIZE];
    const char *name = run->rules->reliefs[version->relief].name;
    if (limit->terms.kind == LIMIT_BUDGET &&
        (limit->terms.warn_bp == 0 || limit->terms.warn_bp == PERCENT_ALL_BP))
        lint_at(run, WARNING_BUDGET_SILENT, limit->at, "%s of %s warns %s",
                limit_words(words, &limit->terms), name,
                limit->terms.warn_bp == 0 ? "nobody before it is used up"
                                          : "at 100%, when it is used up already");
    for (uint32_t i = 0; i < version->limit_count; i++) {
        const struct rule_limit *other = &run->rules->limits[version->first_limit + i];
        if (other == limit || !forestalls(&other->terms, &limit->terms) ||
            (forestalls(&limit->terms, &other->terms) && other > limit))
            continue; /* of two that say the same the later one is told */
        lint_at(run, WARNING_LIMIT_UNREACHED, limit->at,
                "%s of %s is never reached: %s in line %" PRIu32 " refuses before",
                limit_words(words, &limit->terms), name, limit_words(other_words, &other->terms),
                other->at.line);
        return;
    }
}

void lint_limits(const struct lint_run *run)
{
    for (uint32_t v = 0; v < run->rules->version_count; v++) {
        const struct rule_version *version = &run->rules->versions[v];
        if (version->relief == RELIEF_TEST || !lint_is_alive(run, version))
            continue;
        for (uint32_t i = 0; i < version->limit_count; i++)
            check_limit(run, version, &run->rules->limits[version->first_limit + i]);
    }
}

/* ---- groups ---- */

static uint8_t *mark_used_groups(const struct rules *rules)
{
    uint8_t *is_used = memory_take_zeroed(rules->group_count, 1);
    for (uint32_t i = 0; i < rules->clause_count; i++)
        if (rules->clauses[i].group != GROUP_EVERYBODY)
            is_used[rules->clauses[i].group] = 1;
    for (uint32_t i = 0; i < rules->step_count; i++)
        if (rules->steps[i].kind == STEP_GROUP)
            is_used[rules->steps[i].group] = 1;
    return is_used;
}

static void check_group(const struct lint_run *run, uint16_t number, bool is_used)
{
    const struct group_rule *group = &run->rules->groups[number];
    const struct window ever = {0, DAY_NEVER};
    const struct window from_now = {run->in->window.from_day, DAY_NEVER};
    if (!is_used)
        lint_at(run, WARNING_GROUP_UNUSED, group->at, "no clause and no group speaks of %s",
                group->name);
    if (!logic_can_hold(run->logic, number, ever))
        lint_at(run, WARNING_GROUP_EMPTY, group->at,
                "nobody can ever be in %s: its conditions contradict each other", group->name);
    else if (!logic_can_hold(run->logic, number, from_now))
        lint_at(run, WARNING_GROUP_EMPTY, group->at,
                "nobody can be in %s any more: its days were over on %s", group->name,
                LINT_DAY(from_now.from_day));
}

void lint_groups(const struct lint_run *run)
{
    uint8_t *is_used = mark_used_groups(run->rules);
    for (uint16_t i = GROUP_TEST + 1; i < run->rules->group_count; i++)
        if (run->rules->groups[i].known_days == 0) /* those are the parser's */
            check_group(run, i, is_used[i] != 0);
    free(is_used);
}

/* ---- calendars, splits, extensions ---- */

static void mark_calendars_of(const struct rules *rules, const struct rule_calendar *calendar,
                              uint8_t is_used[])
{
    for (uint32_t i = 0; i < calendar->item_count; i++) {
        const struct calendar_item *item = &rules->items[calendar->first_item + i];
        if (item->kind == CALENDAR_OTHER)
            is_used[item->calendar] = 1;
    }
}

void lint_calendars(const struct lint_run *run)
{
    const struct rules *rules = run->rules;
    uint8_t *is_used = memory_take_zeroed(rules->calendar_count, 1);
    for (uint32_t i = 0; i < rules->clause_count; i++)
        if (rules->clauses[i].calendar != CALENDAR_ALL_DAYS)
            is_used[rules->clauses[i].calendar] = 1;
    for (uint32_t i = rules->calendar_count; i-- > 0;) { /* they speak of earlier ones */
        bool is_made = strcmp(rules->calendars[i].name, WORKDAYS) == 0;
        if (!is_made || is_used[i] != 0)
            mark_calendars_of(rules, &rules->calendars[i], is_used);
        if (!is_made && is_used[i] == 0 && rules->calendars[i].name[0] != '\0')
            lint_at(run, WARNING_CALENDAR_UNUSED, rules->calendars[i].at,
                    "no clause and no calendar speaks of %s", rules->calendars[i].name);
    }
    free(is_used);
}

static bool split_is_used(const struct rules *rules, uint16_t code)
{
    for (uint32_t i = 0; i < rules->version_count; i++)
        if (rules->versions[i].split == code)
            return true;
    return false;
}

/* Where some splits are written down, one that is not is a fault of the rules. */
void lint_splits(const struct lint_run *run)
{
    const struct rules *rules = run->rules;
    char code[16];
    for (uint32_t i = 0; i < rules->version_count && rules->split_count == 0; i++)
        if (rules->versions[i].split != 0 && lint_is_alive(run, &rules->versions[i]))
            lint_at(run, WARNING_SPLIT_UNDEFINED, rules->versions[i].at,
                    "%s names split %u, and no split is written down",
                    rules->reliefs[rules->versions[i].relief].name, rules->versions[i].split);
    for (uint32_t i = 0; i < rules->split_count; i++) {
        if (split_is_used(rules, rules->splits[i].code))
            continue;
        snprintf(code, sizeof(code), "%u", rules->splits[i].code);
        lint_at(run, WARNING_SPLIT_UNUSED, lint_find(run, "split", code),
                "no relief names split %s", code);
    }
}

void lint_extensions(const struct lint_run *run)
{
    for (uint32_t i = 0; i < run->rules->extension_count; i++) {
        const struct extension *extension = &run->rules->extensions[i];
        if (extension->until_day <= run->in->window.from_day)
            lint_at(run, WARNING_EXTENSION_ENDED, extension->at, "extension %s ended on %s",
                    extension->name, LINT_DAY(extension->until_day));
    }
}

/* ---- names ---- */

struct spelling {
    const char *name;
    struct line_in_rules at;
    uint32_t row; /* of products.csv; 0: it stands in the rules */
};

static int compare_spellings(const void *left, const void *right)
{
    const struct spelling *a = left, *b = right;
    int order = strcasecmp(a->name, b->name);
    return order != 0 ? order : strcmp(a->name, b->name);
}

static void check_spellings(const struct lint_run *run, const char *word,
                            struct spelling spellings[], size_t count)
{
    if (count > 1)
        qsort(spellings, count, sizeof(spellings[0]), compare_spellings);
    for (size_t i = 1; i < count; i++) {
        const struct spelling *it = &spellings[i], *other = it - 1;
        if (strcasecmp(it->name, other->name) != 0 || strcmp(it->name, other->name) == 0)
            continue;
        if (it->row != 0)
            lint_at_row(run, WARNING_NAMES_ALIKE, TABLE_PRODUCTS, it->row,
                        "%s %s and %s differ only in capital letters", word, it->name, other->name);
        else
            lint_at(run, WARNING_NAMES_ALIKE,
                    it->at.line != 0 ? it->at : lint_find(run, word, it->name),
                    "%s %s and %s differ only in capital letters", word, it->name, other->name);
    }
}

/* Its row in the table; 0: it stands in the rules. */
static uint32_t product_line(const struct trade *trade, uint32_t number)
{
    const struct product_row *row = trade_product(trade, number);
    return row != NULL ? row->in_force.line : 0;
}

void lint_names(const struct lint_run *run)
{
    const struct rules *rules = run->rules;
    uint32_t most = rules->group_count + rules->relief_count + rules->calendar_count +
                    rules->product_count + rules->named_place_count;
    struct spelling *list = memory_take(most, sizeof(list[0]));
    size_t count = 0;
    for (uint32_t i = GROUP_TEST + 1; i < rules->group_count; i++)
        list[count++] = (struct spelling){rules->groups[i].name, rules->groups[i].at, 0};
    check_spellings(run, "group", list, count);
    count = 0;
    for (uint32_t i = RELIEF_TEST + 1; i < rules->relief_count; i++)
        list[count++] = (struct spelling){rules->reliefs[i].name, rules->reliefs[i].at, 0};
    check_spellings(run, "relief", list, count);
    count = 0;
    for (uint32_t i = 0; i < rules->calendar_count; i++)
        list[count++] = (struct spelling){rules->calendars[i].name, rules->calendars[i].at, 0};
    check_spellings(run, "calendar", list, count);
    count = 0;
    for (uint32_t i = 0; i < rules->product_count; i++)
        list[count++] = (struct spelling){
            rules->products[i].name, {0}, product_line(run->trade, rules->products[i].number)};
    check_spellings(run, "product", list, count);
    count = 0;
    for (uint32_t i = 0; i < rules->named_place_count; i++)
        list[count++] = (struct spelling){rules->named_places[i].name, {0}, 0};
    check_spellings(run, "place", list, count);
    free(list);
}
