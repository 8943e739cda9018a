/* Any text becomes rules within their limits that can judge a person, or a fault that points into
 * the text. */
#include "loader/groups.h"
#include "loader/rulelang.h"
#include "tests/latvia.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_name(const char name[static NAME_SIZE])
{
    assert(name[0] != '\0' && memchr(name, '\0', NAME_SIZE) != NULL);
}

static void check_groups(const struct rules *rules)
{
    assert(rules->group_count >= 1 && rules->group_count <= GROUP_COUNT_MAX);
    assert(rules->step_count <= STEP_COUNT_MAX && rules->age_count <= AGE_THRESHOLD_MAX);
    uint32_t step_count = 0;
    for (uint32_t i = 0; i < rules->group_count; i++) {
        const struct group_rule *group = &rules->groups[i];
        check_name(group->name);
        assert(group->from_day < group->until_day);
        assert(group->first_step == step_count && (group->step_count > 0 || i == GROUP_TEST));
        step_count += group->step_count;
        for (uint32_t j = group->first_step; j < step_count; j++) {
            if (rules->steps[j].kind == STEP_GROUP)
                assert(rules->steps[j].group < i && rules->steps[j].group != GROUP_TEST);
        }
    }
    assert(step_count == rules->step_count);
    for (uint32_t i = 1; i < rules->age_count; i++)
        assert(rules->ages[i] > rules->ages[i - 1]);
}

static bool has_product(const struct rules *rules, uint32_t number)
{
    for (uint32_t i = 0; i < rules->product_count; i++) {
        if (rules->products[i].number == number)
            return true;
    }
    return false;
}

static void check_tables(const struct rules *rules)
{
    for (uint32_t i = 0; i < rules->product_count; i++) {
        check_name(rules->products[i].name);
        assert(i == 0 || rules->products[i].number > rules->products[i - 1].number);
    }
    for (uint32_t i = 0; i < rules->relief_count; i++) {
        const struct relief *relief = &rules->reliefs[i];
        check_name(relief->name);
        assert(relief->code != 0 && relief->code <= INT32_MAX);
        assert((relief->code == RELIEF_TEST_CODE) == (i == RELIEF_TEST));
        assert(relief->from_day < relief->until_day);
    }
    for (uint32_t i = 0; i < rules->clause_count; i++) {
        const struct clause *clause = &rules->clauses[i];
        assert(i == 0 || clause->product >= rules->clauses[i - 1].product);
        assert(has_product(rules, clause->product));
        assert(clause->relief < rules->relief_count && clause->group < rules->group_count);
        assert(clause->percent_bp >= 1 && clause->percent_bp <= PERCENT_ALL_BP);
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

/* "t:line:column: sentence", where the text has that line and the line that column. */
static void check_fault(const struct fault *fault, const uint8_t *data, size_t size)
{
    char *next;
    assert(strncmp(fault->text, "t:", 2) == 0);
    unsigned long line = strtoul(fault->text + 2, &next, 10);
    assert(*next == ':');
    unsigned long column = strtoul(next + 1, &next, 10);
    assert(strncmp(next, ": ", 2) == 0 && next[2] != '\0');
    for (const char *c = fault->text; *c != '\0'; c++)
        assert((uint8_t)*c >= ' ' && *c != 0x7f);

    const uint8_t *begin = data, *end = data + size;
    while (--line > 0) {
        begin = memchr(begin, '\n', (size_t)(end - begin));
        assert(begin != NULL);
        begin++;
    }
    const uint8_t *line_end = memchr(begin, '\n', (size_t)(end - begin));
    size_t line_size = (size_t)((line_end != NULL ? line_end : end) - begin);
    assert(column >= 1 && column <= line_size + 1);
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
        check_tables(rules);
        judge_somebody(rules, &vocabulary);
    } else {
        assert(rules == NULL);
        check_fault(&fault, data, size);
    }
    rules_free(rules);
    return 0;
}
