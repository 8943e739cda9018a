/* Random groups, extensions, persons and gaps in what was delivered, as text for the parser and as
 * trees for whoever wants to judge them by other means. All follow from one seed. */
#ifndef TESTS_RANDOM_RULES_H
#define TESTS_RANDOM_RULES_H

#include "loader/groups.h"
#include "tests/latvia.h"
#include "tests/support.h"

#include <stdarg.h>
#include <stdio.h>

enum node_kind {
    NODE_STATUS,
    NODE_SCHOOL,
    NODE_RESIDENT,
    NODE_AGE,
    NODE_GROUP,
    NODE_LEAF_COUNT,
    NODE_NOT,
    NODE_AND,
    NODE_OR
};

struct node {
    enum node_kind kind;
    uint16_t status_kind, group;
    uint8_t subtype;
    uint32_t begun_from, begun_before, ending_from, ending_before; /* 0: nothing is said */
    const char *place;                                             /* digits */
    const char *sign;
    uint32_t years;
    size_t left, right;
};

#define NODE_COUNT_MAX    512
#define RANDOM_GROUPS     5
#define RANDOM_KNOWN      2 /* groups behind those, known of two of them */
#define RANDOM_EXTENSIONS 2
#define RANDOM_FACTS      8
#define RANDOM_DAYS_MAX   120

struct random_extension {
    uint16_t kind, except_kind; /* KIND_NONE: no exception */
    uint8_t subtype, except_subtype;
    uint32_t first_day, last_day, until_day;
};

struct random_rules {
    uint64_t state;
    struct vocabulary vocabulary;
    struct node nodes[NODE_COUNT_MAX];
    size_t node_count;
    size_t roots[RANDOM_GROUPS + 1]; /* of groups from 1 */
    uint32_t from[RANDOM_GROUPS + 1], until[RANDOM_GROUPS + 1];
    struct random_extension extensions[RANDOM_EXTENSIONS];
    size_t extension_count;
    uint16_t known_of[RANDOM_KNOWN];
    char text[64 * 1024];
    size_t text_size;
    struct status_fact facts[RANDOM_FACTS];
    struct person person;
    struct window window;
    uint32_t until_days[RANDOM_GROUPS + 1 + RANDOM_KNOWN];
    struct prior prior;
};

static const char *const random_prefixes[] = {"0001", "0004", "32", "0001000", "3201000", "0", "3"};
static const uint32_t random_places[] = {0, 1000, 1999, 4000, 3201000, 3201001, 32000};
static const uint32_t random_ages[] = {1, 18, 19, 24, 75, 100};
#define RANDOM_PREFIX_COUNT (sizeof(random_prefixes) / sizeof(random_prefixes[0]))
#define RANDOM_PLACE_COUNT  (sizeof(random_places) / sizeof(random_places[0]))
#define RANDOM_AGE_COUNT    (sizeof(random_ages) / sizeof(random_ages[0]))

static inline uint32_t random_pick(struct random_rules *r, size_t count)
{
    return (uint32_t)(support_random(&r->state) % count);
}

static inline void PRINTF_LIKE(2, 3) random_write(struct random_rules *r, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    r->text_size += (size_t)vsnprintf(r->text + r->text_size, sizeof(r->text) - r->text_size,
                                      format, arguments);
    va_end(arguments);
    ck_assert_uint_lt(r->text_size, sizeof(r->text));
}

static inline void random_write_day(struct random_rules *r, const char *word, uint32_t day)
{
    char text[DAY_TEXT_SIZE];
    day_to_text(text, (int32_t)day);
    if (day != 0)
        random_write(r, " %s %s", word, text);
}

static inline void random_write_kind(struct random_rules *r, uint16_t kind, uint8_t subtype)
{
    random_write(r, "%s", r->vocabulary.kinds[kind].name);
    if (subtype != SUBTYPE_ANY)
        random_write(r, ".%s", r->vocabulary.kinds[kind].subtypes[subtype]);
}

static inline void random_write_leaf(struct random_rules *r, const struct node *node)
{
    switch (node->kind) {
    case NODE_STATUS:
        random_write(r, "%s ", r->vocabulary.kinds[node->status_kind].is_list ? "list" : "status");
        random_write_kind(r, node->status_kind, node->subtype);
        random_write(r, "%s", node->begun_from + node->begun_before > 0 ? " begun" : "");
        random_write_day(r, "from", node->begun_from);
        random_write_day(r, "before", node->begun_before);
        random_write(r, "%s", node->ending_from + node->ending_before > 0 ? " ending" : "");
        random_write_day(r, "from", node->ending_from);
        random_write_day(r, "before", node->ending_before);
        return;
    case NODE_SCHOOL:
        random_write(r, "school_in %s", node->place);
        return;
    case NODE_RESIDENT:
        random_write(r, "resident_in %s", node->place);
        return;
    case NODE_AGE:
        random_write(r, "age %s %u", node->sign, node->years);
        return;
    case NODE_GROUP:
        random_write(r, "g%u", node->group);
        return;
    case NODE_LEAF_COUNT:
    case NODE_NOT:
    case NODE_AND:
    case NODE_OR:
        break;
    }
    ck_abort_msg("not a leaf");
}

static inline uint8_t random_subtype(struct random_rules *r, uint16_t kind)
{
    uint8_t subtypes = r->vocabulary.kinds[kind].subtype_count;
    return subtypes == 0 || random_pick(r, 3) == 0 ? SUBTYPE_ANY
                                                   : (uint8_t)(1 + random_pick(r, subtypes));
}

static inline uint32_t random_day(struct random_rules *r)
{
    return r->window.from_day - 60 + random_pick(r, 240);
}

static inline void random_spans(struct random_rules *r, struct node *node)
{
    node->begun_from = random_pick(r, 4) == 0 ? random_day(r) : 0;
    node->begun_before = random_pick(r, 4) == 0 ? node->begun_from + 1 + random_pick(r, 90) : 0;
    if (node->begun_before != 0 && node->begun_from == 0)
        node->begun_before = random_day(r);
    node->ending_from = random_pick(r, 4) == 0 ? random_day(r) : 0;
    node->ending_before = random_pick(r, 4) == 0 ? node->ending_from + 1 + random_pick(r, 90) : 0;
    if (node->ending_before != 0 && node->ending_from == 0)
        node->ending_before = random_day(r);
}

static inline struct node random_leaf(struct random_rules *r, uint16_t group)
{
    static const char *const signs[] = {">=", "<", ">", "<="};
    struct node node = {
        .kind = (enum node_kind)random_pick(r, group > 1 ? NODE_LEAF_COUNT : NODE_GROUP)};
    node.status_kind = (uint16_t)random_pick(r, LATVIA_KIND_COUNT);
    node.subtype = random_subtype(r, node.status_kind);
    if (!r->vocabulary.kinds[node.status_kind].is_list && random_pick(r, 3) == 0)
        random_spans(r, &node);
    node.place = random_prefixes[random_pick(r, RANDOM_PREFIX_COUNT)];
    node.sign = signs[random_pick(r, 4)];
    node.years = random_ages[random_pick(r, RANDOM_AGE_COUNT)];
    node.group = group > 1 ? (uint16_t)(1 + random_pick(r, group - 1u)) : 0;
    return node;
}

/* Makes a tree for the group, writes it as text, and returns its root. */
static inline size_t random_tree(struct random_rules *r, uint16_t group, uint32_t depth)
{
    size_t at = r->node_count++;
    ck_assert_uint_lt(at, NODE_COUNT_MAX);
    uint32_t shape = depth == 0 ? 0 : random_pick(r, 5);
    if (shape <= 1) {
        r->nodes[at] = random_leaf(r, group);
        random_write_leaf(r, &r->nodes[at]);
        return at;
    }
    struct node node = {.kind = shape == 2 ? NODE_NOT : shape == 3 ? NODE_AND : NODE_OR};
    random_write(r, shape == 2 ? "not (" : "(");
    node.left = random_tree(r, group, depth - 1);
    if (shape != 2) {
        random_write(r, shape == 3 ? ") and (" : ") or (");
        node.right = random_tree(r, group, depth - 1);
    }
    random_write(r, ")");
    r->nodes[at] = node;
    return at;
}

static inline uint16_t random_status_kind(struct random_rules *r)
{
    uint16_t kind;
    do
        kind = (uint16_t)random_pick(r, LATVIA_KIND_COUNT);
    while (r->vocabulary.kinds[kind].is_list);
    return kind;
}

static inline void random_extensions(struct random_rules *r)
{
    r->extension_count = random_pick(r, RANDOM_EXTENSIONS + 1);
    for (size_t i = 0; i < r->extension_count; i++) {
        struct random_extension *it = &r->extensions[i];
        char text[DAY_TEXT_SIZE];
        it->kind = random_status_kind(r);
        it->subtype = random_subtype(r, it->kind);
        random_write(r, "extend e%zu = ", i);
        random_write_kind(r, it->kind, it->subtype);
        it->except_kind = KIND_NONE;
        it->except_subtype = SUBTYPE_ANY;
        if (it->subtype == SUBTYPE_ANY && r->vocabulary.kinds[it->kind].subtype_count > 0 &&
            random_pick(r, 2) == 0) {
            it->except_kind = it->kind;
            it->except_subtype =
                (uint8_t)(1 + random_pick(r, r->vocabulary.kinds[it->kind].subtype_count));
            random_write(r, " except ");
            random_write_kind(r, it->except_kind, it->except_subtype);
        }
        it->first_day = random_day(r);
        it->last_day = it->first_day + random_pick(r, 60);
        it->until_day = it->last_day + 2 + random_pick(r, 60);
        random_write_day(r, "ending", it->first_day);
        day_to_text(text, (int32_t)it->last_day);
        random_write(r, "..%s", text);
        random_write_day(r, "until", it->until_day);
        random_write(r, "\n");
    }
}

static inline void random_groups(struct random_rules *r)
{
    for (uint16_t group = 1; group <= RANDOM_GROUPS; group++) {
        random_write(r, "group g%u = ", group);
        r->roots[group] = random_tree(r, group, 3);
        r->from[group] = 0;
        r->until[group] = DAY_NEVER;
        if (random_pick(r, 5) == 0)
            r->from[group] = r->window.from_day - 5 + random_pick(r, 60);
        if (random_pick(r, 5) == 0)
            r->until[group] = r->window.from_day + 56 + random_pick(r, 60);
        random_write_day(r, "from", r->from[group]);
        random_write_day(r, "until", r->until[group] == DAY_NEVER ? 0 : r->until[group]);
        random_write(r, "\n");
    }
}

static inline void random_missing(struct random_rules *r)
{
    latvia_vocabulary(&r->vocabulary);
    for (size_t i = 0; i < LATVIA_KIND_COUNT; i++) {
        struct status_kind *kind = &r->vocabulary.kinds[i];
        kind->is_missing = random_pick(r, 12) == 0;
        kind->missing_count = random_pick(r, 4) == 0 ? 2 : 0;
        for (size_t j = 0; j < kind->missing_count; j++) {
            const char *digits = random_prefixes[random_pick(r, 5)];
            ck_assert(place_prefix_of_text(&kind->missing[j], digits, strlen(digits)));
        }
    }
}

/* All of it, with the groups that fall back on earlier knowledge, which no text says by itself. */
static inline struct rules *random_rules_make(struct random_rules *r, uint64_t seed)
{
    struct rules *rules = NULL;
    struct fault fault = {""};
    r->state = seed;
    random_missing(r);
    uint32_t from_day = 19700 + random_pick(r, 1500);
    r->window = (struct window){from_day, from_day + random_pick(r, RANDOM_DAYS_MAX + 1)};
    r->node_count = r->text_size = 0;
    random_extensions(r);
    random_groups(r);
    if (!rules_parse(&rules, r->text, r->text_size, "t.rules", &r->vocabulary, &fault))
        ck_abort_msg("%s\n%s", fault.text, r->text);
    for (uint16_t i = 0; i < RANDOM_KNOWN; i++) {
        r->known_of[i] = (uint16_t)(1 + random_pick(r, RANDOM_GROUPS));
        rules->groups[rules->group_count++] = (struct group_rule){
            .until_day = DAY_NEVER, .known_of = r->known_of[i], .known_days = 14};
    }
    r->prior.until_days = r->until_days;
    return rules;
}

static inline int32_t random_birth(struct random_rules *r)
{
    uint32_t near_day = r->window.from_day + random_pick(r, RANDOM_DAYS_MAX);
    struct date date = date_of_day((int32_t)near_day);
    date.year -=
        (int32_t)(random_pick(r, 8) == 0 ? 0 : random_ages[random_pick(r, RANDOM_AGE_COUNT)]);
    if (random_pick(r, 4) == 0)
        return day_of_date((struct date){date.year - date.year % 4, 2, 28}) + 1;
    date.day = date.day > 28 ? 28 : date.day;
    return day_of_date(date);
}

/* `is_calm`: nothing changes in the person's window, as for most. */
static inline void random_person(struct random_rules *r, bool is_calm)
{
    r->person = (struct person){.birth_day = random_birth(r), .death_day = DAY_NEVER};
    if (is_calm)
        r->person.birth_day =
            (int32_t)r->window.from_day - 9000 - (int32_t)random_pick(r, 3) * 4000;
    else if (random_pick(r, 5) == 0)
        r->person.death_day = r->window.from_day - 10 + random_pick(r, 130);
    r->person.place = random_places[random_pick(r, RANDOM_PLACE_COUNT)];
    r->person.statuses = r->facts;
    r->person.status_count = random_pick(r, is_calm ? 3 : RANDOM_FACTS + 1);
    for (size_t i = 0; i < r->person.status_count; i++) {
        struct status_fact *fact = &r->facts[i];
        *fact = (struct status_fact){.kind = (uint16_t)random_pick(r, LATVIA_KIND_COUNT)};
        fact->subtype = (uint8_t)random_pick(r, r->vocabulary.kinds[fact->kind].subtype_count + 1u);
        fact->from_day = r->window.from_day - 60 + random_pick(r, is_calm ? 60 : 180);
        fact->until_day =
            is_calm || random_pick(r, 3) == 0 ? DAY_NEVER : fact->from_day + 1 + random_pick(r, 60);
        fact->school = random_places[random_pick(r, RANDOM_PLACE_COUNT)];
    }
    for (size_t i = 0; i < sizeof(r->until_days) / sizeof(r->until_days[0]); i++)
        r->until_days[i] = random_pick(r, 2) == 0 ? 0 : r->window.from_day - 5 + random_pick(r, 60);
}

#endif
