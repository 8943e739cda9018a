/* Any text becomes rules within their limits that can judge a person, or a fault that points into
 * the text. */
#include "loader/groups.h"
#include "loader/rulelang.h"
#include "tests/latvia.h"
#include "tests/support.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_name(const char name[static NAME_SIZE])
{
    assert(name[0] != '\0' && memchr(name, '\0', NAME_SIZE) != NULL);
}

static void check_line(const struct rules *rules, struct line_in_rules at)
{
    char text[RULES_LINE_SIZE];
    assert(at.line == 0 || at.file < rules->file_count);
    rules_line_text(text, rules, at);
    assert(text[0] != '\0');
}

static void check_groups(const struct rules *rules)
{
    assert(rules->group_count >= 1 && rules->group_count <= GROUP_COUNT_MAX);
    assert(rules->step_count <= STEP_COUNT_MAX && rules->age_count <= AGE_THRESHOLD_MAX);
    uint32_t step_count = 0;
    for (uint32_t i = 0; i < rules->group_count; i++) {
        const struct group_rule *group = &rules->groups[i];
        check_name(group->name);
        check_line(rules, group->at);
        assert(group->from_day < group->until_day);
        assert(group->first_step == step_count);
        assert((group->step_count > 0) == (i != GROUP_TEST && group->known_days == 0));
        assert(group->known_days <= KNOWN_DAYS_MAX);
        assert(group->known_days == 0 ||
               (group->known_of < i && rules->groups[group->known_of].known_days == 0));
        step_count += group->step_count;
        for (uint32_t j = group->first_step; j < step_count; j++) {
            const struct step *step = &rules->steps[j];
            if (step->kind == STEP_GROUP)
                assert(step->group < i && step->group != GROUP_TEST);
            if (step->kind == STEP_STATUS)
                assert(step->begun_from < step->begun_until &&
                       step->ending_from < step->ending_until);
        }
    }
    assert(step_count == rules->step_count);
    for (uint32_t i = 1; i < rules->age_count; i++)
        assert(rules->ages[i] > rules->ages[i - 1]);
}

static void check_item(const struct calendar_item *item, uint32_t calendar)
{
    assert(item->kind != CALENDAR_YEARLY_SPAN ||
           date_is_valid((struct date){2000, item->last_month, item->last_day}));
    assert((item->kind != CALENDAR_YEARLY && item->kind != CALENDAR_YEARLY_SPAN) ||
           date_is_valid((struct date){2000, item->month, item->day}));
    assert(item->kind != CALENDAR_ONCE || item->from_day < item->until_day);
    assert(item->kind != CALENDAR_NTH_WEEKDAY ||
           (item->weekday < 7 && item->nth >= 1 && item->nth <= 5 && item->month >= 1 &&
            item->month <= 12));
    assert(item->kind != CALENDAR_WEEKDAYS || item->weekday_mask != 0);
    assert(item->kind != CALENDAR_OTHER || item->calendar < calendar);
    assert(item->offset_days >= -200 && item->offset_days <= 200);
}

static void check_calendars(const struct rules *rules)
{
    uint32_t item_count = 0;
    for (uint32_t i = 0; i < rules->calendar_count; i++) {
        const struct rule_calendar *calendar = &rules->calendars[i];
        check_line(rules, calendar->at);
        assert(calendar->first_item == item_count && calendar->item_count > 0);
        item_count += calendar->item_count;
        for (uint32_t j = calendar->first_item; j < item_count; j++)
            check_item(&rules->items[j], i);
    }
    assert(item_count == rules->item_count);
    for (uint32_t i = 0; i < rules->extension_count; i++) {
        const struct extension *extension = &rules->extensions[i];
        check_name(extension->name);
        assert(extension->target_count > 0 && extension->ended_from < extension->ended_until &&
               extension->until_day >= extension->ended_until);
    }
}

static bool has_product(const struct rules *rules, uint32_t number)
{
    for (uint32_t i = 0; i < rules->product_count; i++) {
        if (rules->products[i].number == number)
            return true;
    }
    return false;
}

static void check_terms(const struct clause *terms)
{
    assert(terms->computation >= COMPUTE_PERCENT && terms->computation <= COMPUTE_LAST);
    assert(terms->value > 0);
    assert(terms->computation != COMPUTE_PERCENT || terms->value <= PERCENT_ALL_BP);
    assert(terms->above == 0 || terms->computation == COMPUTE_PERCENT);
    assert((terms->flags & ~CLAUSE_CAP_EACH) == 0 && (terms->flags == 0 || terms->cap > 0));
    assert(terms->price_least <= terms->price_most);
    assert(terms->quantity_least >= 1 && terms->quantity_least <= terms->quantity_most);
    assert(terms->means_mask != 0 && terms->entry_mask != 0);
    assert(terms->clock_count <= CLOCK_SPAN_COUNT_MAX);
    for (uint32_t i = 0; i < terms->clock_count; i++) {
        assert(terms->clocks[i].from_min < terms->clocks[i].until_min &&
               terms->clocks[i].until_min <= 24 * 60);
        assert(i == 0 || terms->clocks[i - 1].until_min < terms->clocks[i].from_min);
    }
}

static void check_clause(const struct rules *rules, const struct rule_clause *clause)
{
    const struct rule_version *version = &rules->versions[clause->version];
    check_line(rules, clause->at);
    check_terms(&clause->terms);
    assert(clause->group < rules->group_count || clause->group == GROUP_EVERYBODY);
    assert((clause->known_group != clause->group) ==
           (version->unknown == UNKNOWN_LAST_KNOWN && clause->group != GROUP_EVERYBODY));
    if (clause->known_group != clause->group)
        assert(rules->groups[clause->known_group].known_of == clause->group &&
               rules->groups[clause->known_group].known_days == version->known_days);
    assert(clause->product_count > 0 &&
           clause->first_product + clause->product_count <= rules->clause_product_count);
    for (uint32_t i = 0; i < clause->product_count; i++)
        assert(has_product(rules, rules->clause_products[clause->first_product + i]));
    assert(clause->first_range + clause->range_count <= rules->range_count);
    assert(clause->first_place + clause->place_count <= rules->place_count);
    assert(clause->first_contract + clause->contract_count <= rules->contract_number_count);
    assert(clause->calendar < rules->calendar_count || clause->calendar == CALENDAR_ALL_DAYS);
}

static void check_versions(const struct rules *rules)
{
    uint32_t version_count = 0, clause_count = 0, limit_count = 0;
    for (uint32_t i = 0; i < rules->relief_count; i++) {
        const struct rule_relief *relief = &rules->reliefs[i];
        check_name(relief->name);
        assert(relief->code != 0 && relief->code <= INT32_MAX);
        assert((relief->code == RELIEF_TEST_CODE) == (i == RELIEF_TEST));
        assert(relief->first_version == version_count && relief->version_count > 0);
        version_count += relief->version_count;
        for (uint32_t j = relief->first_version; j < version_count; j++) {
            const struct rule_version *version = &rules->versions[j];
            assert(version->relief == i && version->from_day < version->until_day);
            assert(j + 1 == version_count || version->until_day <= version[1].from_day);
            assert(version->first_clause == clause_count && version->first_limit == limit_count);
            assert(version->clause_count > 0 || version->state != VERSION_ACTIVE);
            assert(version->round_step >= 1 && version->order >= 1);
            for (uint32_t k = 0; k < version->clause_count; k++)
                assert(rules->clauses[clause_count + k].version == j);
            for (uint32_t k = 0; k < version->limit_count; k++)
                assert(rules->limits[limit_count + k].version == j);
            clause_count += version->clause_count;
            limit_count += version->limit_count;
        }
    }
    assert(version_count == rules->version_count && clause_count == rules->clause_count);
    assert(limit_count == rules->limit_count);
}

static void check_split(const struct split *split)
{
    assert(split->code != 0 && split->code != SPLIT_SEVERAL && split->part_count > 0);
    for (uint32_t i = 0; i < split->part_count; i++)
        assert((split->parts[i].kind == SPLIT_REST) == (i + 1 == split->part_count));
}

static void check_tables(const struct rules *rules)
{
    for (uint32_t i = 0; i < rules->product_count; i++) {
        check_name(rules->products[i].name);
        assert(i == 0 || rules->products[i].number > rules->products[i - 1].number);
    }
    check_versions(rules);
    for (uint32_t i = 0; i < rules->clause_count; i++)
        check_clause(rules, &rules->clauses[i]);
    for (uint32_t i = 0; i < rules->split_count; i++) {
        check_split(&rules->splits[i]);
        assert(i == 0 || rules->splits[i].code > rules->splits[i - 1].code);
    }
}

static void judge_somebody(const struct rules *rules, const struct vocabulary *vocabulary)
{
    static struct membership out[SET_SIZE_MAX];
    static const struct status_fact facts[] = {
        {.kind = LEARNER, .subtype = 2, .from_day = 19000, .until_day = 20050, .school = 1000},
        {.kind = PENSION, .subtype = 1, .from_day = 20010, .until_day = DAY_NEVER},
    };
    struct person person = {.birth_day = 20030 - 18 * 365,
                            .death_day = 20080,
                            .place = 3201000,
                            .statuses = facts,
                            .status_count = 2};
    size_t count = groups_evaluate(out, SET_SIZE_MAX, rules, vocabulary, &person, NULL,
                                   (struct window){20000, 20093});
    assert(count == GROUPS_TOO_MANY || count <= SET_SIZE_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct vocabulary vocabulary;
    if (vocabulary.kind_count == 0)
        latvia_vocabulary(&vocabulary);
    struct rules *rules = NULL;
    struct fault fault = {""};
    if (rules_parse(&rules, (const char *)data, size, "t", &vocabulary, &fault)) {
        check_groups(rules);
        check_calendars(rules);
        check_tables(rules);
        judge_somebody(rules, &vocabulary);
    } else {
        assert(rules == NULL);
        support_check_fault_text(fault.text, data, size);
    }
    rules_free(rules);
    return 0;
}
