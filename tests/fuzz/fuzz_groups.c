/* Any person in any window gets ordered, disjoint, merged memberships inside the window, the same
 * that are told aloud for a day and that people who are alike share, or is refused. */
#include "loader/alike.h"
#include "loader/groups.h"
#include "loader/rulelang.h"
#include "protocol/snapshot.h"
#include "tests/latvia.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define FACT_COUNT_MAX 300 /* with more days of change than there may be */
#define FACT_BYTES     6

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char text[] =
    "place RIGA = 0001\n"
    "extend pandemic = SOPA.household, VDEAVK.disability except SOPA.household.crisis ending "
    "2025-01-01..2025-03-31 until 2025-06-01\n"
    "group minor = age < 18\n"
    "group old = age >= 75 until 2026-06-01\n"
    "group pensioner = status VSAA.pension.old_age\n"
    "group pupil = status IZM.learner.general or status IZM.learner.vocational\n"
    "group learner_riga = status IZM.learner and (school_in RIGA or resident_in RIGA)\n"
    "group away = pensioner and not resident_in 32 from 2025-03-01\n"
    "group orphan = status VBTAI.orphan and status IZM.learner and age < 24\n"
    "group poor = status SOPA.household.needy or status SOPA.household.low_income\n"
    "group staff = list riga_staff and not minor\n"
    "group either = poor and (pensioner or old) or not (pupil or staff)\n"
    "group school = school_in 0004 or not school_in 32\n"
    "group fresh = status SOPA.household begun from 2025-01-01 before 2025-12-01\n"
    "group lasting = status VDEAVK.disability.group1 ending from 2025-06-01 and not fresh\n";

static const uint32_t places[8] = {0, 1000, 1999, 4000, 3201000, 3299999, 32, 9999999};

#define KNOWN_COUNT 2 /* groups that fall back on what was known before, behind the others */

static struct vocabulary vocabulary;
static uint32_t until_days[GROUP_COUNT_MAX];
static struct rules *rules;

static void begin(void)
{
    struct fault fault;
    latvia_vocabulary(&vocabulary);
    if (!rules_parse(&rules, text, strlen(text), "t", &vocabulary, &fault)) {
        fprintf(stderr, "%s\n", fault.text);
        abort();
    }
    for (uint16_t i = 0; i < KNOWN_COUNT; i++) {
        uint16_t known_of = (uint16_t)(rules->group_count - 1 - 3 * i);
        rules->groups[rules->group_count++] = (struct group_rule){
            .name = "known", .until_day = DAY_NEVER, .known_of = known_of, .known_days = 14};
    }
}

/* Each bit of the byte: a kind whose data are missing, for everybody or for two places. */
static void choose_missing(uint8_t byte, bool is_everywhere)
{
    for (size_t i = 0; i < LATVIA_KIND_COUNT; i++) {
        bool is_missing = byte >> i & 1;
        vocabulary.kinds[i].is_missing = is_missing && is_everywhere;
        vocabulary.kinds[i].missing_count = is_missing && !is_everywhere ? 2 : 0;
        vocabulary.kinds[i].missing[0] = (struct place_prefix){1, 4};
        vocabulary.kinds[i].missing[1] = (struct place_prefix){32, 2};
    }
}

static struct status_fact fact_of(const uint8_t bytes[static FACT_BYTES])
{
    struct status_fact fact = {.kind = bytes[0] % LATVIA_KIND_COUNT};
    fact.subtype = (uint8_t)(bytes[1] % (vocabulary.kinds[fact.kind].subtype_count + 1u));
    fact.school = places[bytes[1] >> 5];
    fact.from_day = 19900 + load_u16(bytes + 2) % 1100u;
    fact.until_day = fact.from_day + load_u16(bytes + 4) % 512u;
    if (fact.until_day == fact.from_day)
        fact.until_day = DAY_NEVER;
    return fact;
}

static void check_memberships(const struct membership out[], size_t count, struct window window)
{
    assert(count <= SET_SIZE_MAX);
    for (size_t i = 0; i < count; i++) {
        assert(out[i].group > GROUP_TEST && out[i].group < rules->group_count);
        assert(out[i].truth == TRUTH_YES || out[i].truth == TRUTH_UNKNOWN);
        assert(out[i].from_day >= window.from_day && out[i].until_day <= window.until_day);
        assert(out[i].from_day < out[i].until_day);
        if (i == 0 || out[i].group != out[i - 1].group) {
            assert(i == 0 || out[i].group > out[i - 1].group);
            continue;
        }
        assert(out[i].from_day >= out[i - 1].until_day);
        assert(out[i].from_day > out[i - 1].until_day || out[i].truth != out[i - 1].truth);
    }
}

/* Twice: once worked out, once looked up. */
static void check_alike(const struct membership out[], size_t count, const struct person *person,
                        const struct prior *prior, struct window window)
{
    struct alike *alike = alike_begin(rules, &vocabulary, window);
    for (int i = 0; i < 2; i++) {
        uint32_t set = alike_evaluate(alike, person, prior);
        assert((set == ALIKE_TOO_MANY) == (count == GROUPS_TOO_MANY));
        if (set == ALIKE_TOO_MANY)
            continue;
        size_t alike_count;
        const struct membership *list = alike_set(alike, set, &alike_count);
        assert(alike_count == count);
        assert(count == 0 || memcmp(list, out, count * sizeof(out[0])) == 0);
    }
    alike_end(alike);
}

static enum truth truth_on(const struct membership out[], size_t count, uint16_t group,
                           uint32_t day)
{
    for (size_t i = 0; i < count; i++) {
        if (out[i].group == group && out[i].from_day <= day && day < out[i].until_day)
            return (enum truth)out[i].truth;
    }
    return TRUTH_NO;
}

static void hear(void *context, uint32_t depth, const char *sentence)
{
    (void)context;
    assert(depth < 16 && sentence[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct status_fact facts[FACT_COUNT_MAX];
    static struct membership out[SET_SIZE_MAX];
    enum { HEAD = 16 };
    if (size < HEAD)
        return 0;
    if (rules == NULL)
        begin();

    choose_missing(data[0], data[1] & 1);
    uint32_t from_day = 20000 + load_u16(data + 2) % 700u;
    struct window window = {from_day, from_day + load_u16(data + 4) % (WINDOW_DAYS_MAX + 1u)};
    struct person person = {
        .birth_day = -20000 + (int32_t)(load_u32(data + 6) % 41000u),
        .death_day = data[1] & 2 ? 19900 + load_u16(data + 10) % 1000u : DAY_NEVER,
        .place = places[data[12] % 8],
        .statuses = facts,
    };
    for (size_t at = HEAD; at + FACT_BYTES <= size && person.status_count < FACT_COUNT_MAX;
         at += FACT_BYTES)
        facts[person.status_count++] = fact_of(data + at);

    for (uint32_t i = 0; i < rules->group_count; i++)
        until_days[i] = i % 2 == 0 ? window.from_day + data[14] : 0;
    struct prior known = {until_days, NULL};
    const struct prior *prior = data[1] & 4 ? &known : NULL;
    size_t count = groups_evaluate(out, SET_SIZE_MAX, rules, &vocabulary, &person, prior, window);
    check_alike(out, count, &person, prior, window);
    if (count == GROUPS_TOO_MANY || window.from_day == window.until_day)
        return 0;
    check_memberships(out, count, window);
    uint16_t group = (uint16_t)(data[13] % rules->group_count);
    uint32_t day = window.from_day + load_u16(data + 14) % (window.until_day - window.from_day);
    assert(groups_explain(rules, &vocabulary, &person, prior, day, group, hear, NULL) ==
           truth_on(out, count, group, day));
    return 0;
}
