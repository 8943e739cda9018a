#include "loader/relief_diff.h"

#include "loader/memory.h"
#include "loader/rule_words.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NONE      UINT32_MAX
#define LONG_NAME (2 * NAME_SIZE + 32) /* "clause 2 of NAME from 2026-01-01" */
#define ALIGN_MAX (4u << 20)           /* pairs of clauses that are compared each with each */

/* Both sides of a comparison. `was` and `is` are for the traits of one thing. */
struct comparison {
    struct changes *out;
    const struct rules *before, *now;
    struct traits was, is;
};

static void name_version(char name[static LONG_NAME], const struct rules *rules, uint32_t version,
                         bool is_single)
{
    const struct rule_version *v = &rules->versions[version];
    char day[DAY_TEXT_SIZE];
    day_to_text(day, (int32_t)v->from_day);
    snprintf(name, LONG_NAME, "%s%s%s", rules->reliefs[v->relief].name, is_single ? "" : " from ",
             is_single ? "" : day);
}

/* ---- clauses ---- */

static char *clause_line(struct traits *traits, const struct rules *rules, uint32_t clause)
{
    traits_empty(traits);
    rule_words_clause(traits, rules, clause);
    return traits_line(traits);
}

static char **clause_lines(struct traits *traits, const struct rules *rules, uint32_t version)
{
    const struct rule_version *v = &rules->versions[version];
    char **lines = memory_take(v->clause_count, sizeof(lines[0]));
    for (uint32_t i = 0; i < v->clause_count; i++)
        lines[i] = clause_line(traits, rules, v->first_clause + i);
    return lines;
}

static void free_lines(char *lines[], uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        free(lines[i]);
    free(lines);
}

/* For each clause of `now` the same one of `before`, or NONE, so that as many as possible have one
 * and their order is kept: the longest common subsequence. */
static void align(uint32_t same[], char *const before[], uint32_t before_count, char *const now[],
                  uint32_t now_count)
{
    for (uint32_t i = 0; i < now_count; i++)
        same[i] = i < before_count && strcmp(before[i], now[i]) == 0 ? i : NONE;
    uint32_t width = before_count + 1;
    if ((uint64_t)width * (now_count + 1) > ALIGN_MAX)
        return; /* by their numbers */
    uint32_t *lengths = memory_take_zeroed((size_t)width * (now_count + 1), sizeof(lengths[0]));
    for (uint32_t i = now_count; i-- > 0;)
        for (uint32_t j = before_count; j-- > 0;) {
            uint32_t skip_now = lengths[(i + 1) * width + j];
            uint32_t skip_before = lengths[i * width + j + 1];
            lengths[i * width + j] = skip_now > skip_before ? skip_now : skip_before;
            if (strcmp(before[j], now[i]) == 0)
                lengths[i * width + j] = lengths[(i + 1) * width + j + 1] + 1;
        }
    uint32_t j = 0;
    for (uint32_t i = 0; i < now_count; i++) {
        same[i] = NONE;
        while (j < before_count && lengths[i * width + j + 1] == lengths[i * width + j])
            j++;
        if (j < before_count && strcmp(before[j], now[i]) == 0 &&
            lengths[i * width + j] == lengths[(i + 1) * width + j + 1] + 1)
            same[i] = j++;
    }
    free(lengths);
}

static void name_clause(char name[static LONG_NAME + 16], uint32_t index, const char *version)
{
    snprintf(name, LONG_NAME + 16, "%" PRIu32 " of %s", index + 1, version);
}

/* Clauses between two that stayed: the first with the first, the rest are gone or new. */
static void compare_run(struct comparison *c, const char *version, uint32_t before_first,
                        uint32_t before_count, uint32_t before_index, uint32_t now_first,
                        uint32_t now_count, uint32_t now_index)
{
    char name[LONG_NAME + 16];
    for (uint32_t i = 0; i < before_count || i < now_count; i++) {
        traits_empty(&c->was);
        traits_empty(&c->is);
        if (i < before_count)
            rule_words_clause(&c->was, c->before, before_first + before_index + i);
        if (i < now_count)
            rule_words_clause(&c->is, c->now, now_first + now_index + i);
        name_clause(name, (i < now_count ? now_index : before_index) + i, version);
        if (i >= before_count)
            changes_add_new(c->out, "clause", name, NULL, &c->is);
        else if (i >= now_count)
            changes_add_gone(c->out, "clause", name, NULL, &c->was);
        else
            changes_add_traits(c->out, "clause", name, &c->was, &c->is);
    }
}

static void compare_clauses(struct comparison *c, const char *name, uint32_t before, uint32_t now)
{
    const struct rule_version *b = &c->before->versions[before], *n = &c->now->versions[now];
    char **old_lines = clause_lines(&c->was, c->before, before);
    char **new_lines = clause_lines(&c->is, c->now, now);
    uint32_t *same = memory_take((size_t)n->clause_count + 1, sizeof(same[0]));
    align(same, old_lines, b->clause_count, new_lines, n->clause_count);
    same[n->clause_count] = b->clause_count; /* the ends meet */

    uint32_t before_index = 0, now_index = 0;
    for (uint32_t i = 0; i <= n->clause_count; i++) {
        if (same[i] == NONE)
            continue;
        compare_run(c, name, b->first_clause, same[i] - before_index, before_index, n->first_clause,
                    i - now_index, now_index);
        before_index = same[i] + 1;
        now_index = i + 1;
    }
    free(same);
    free_lines(old_lines, b->clause_count);
    free_lines(new_lines, n->clause_count);
}

/* ---- versions ---- */

static void add_days(struct traits *traits, const struct rules *rules, uint32_t version)
{
    rule_words_day(traits, "from", rules->versions[version].from_day, "always");
    rule_words_version_until(traits, rules, version);
}

static void compare_versions(struct comparison *c, uint32_t before, uint32_t now, bool is_single,
                             bool has_days)
{
    char name[LONG_NAME];
    name_version(name, c->now, now, is_single);
    traits_empty(&c->was);
    traits_empty(&c->is);
    if (has_days) {
        add_days(&c->was, c->before, before);
        add_days(&c->is, c->now, now);
    }
    rule_words_version(&c->was, c->before, before);
    rule_words_version(&c->is, c->now, now);
    changes_add_traits(c->out, "relief", name, &c->was, &c->is);
    compare_clauses(c, name, before, now);
}

static uint32_t find_version(const struct rules *rules, const struct rule_relief *relief,
                             uint32_t from_day)
{
    for (uint32_t i = 0; i < relief->version_count; i++)
        if (rules->versions[relief->first_version + i].from_day == from_day)
            return relief->first_version + i;
    return NONE;
}

static void name_part(char part[static LONG_NAME], const struct rules *rules, uint32_t version)
{
    char day[DAY_TEXT_SIZE];
    day_to_text(day, (int32_t)rules->versions[version].from_day);
    snprintf(part, LONG_NAME, "version from %s", day);
}

/* A version of a day that has none in `before`: it is told by what the one before it was. */
static void tell_new_version(struct comparison *c, const struct rule_relief *relief,
                             uint32_t version)
{
    char part[LONG_NAME];
    name_part(part, c->now, version);
    traits_empty(&c->is);
    rule_words_version_until(&c->is, c->now, version);
    changes_add_new(c->out, "relief", relief->name, part, &c->is);
    if (version == relief->first_version)
        return;
    struct comparison within = {.out = c->out, .before = c->now, .now = c->now};
    compare_versions(&within, version - 1, version, false, false);
    traits_free(&within.was);
    traits_free(&within.is);
}

static void compare_relief(struct comparison *c, uint32_t before, uint32_t now)
{
    const struct rule_relief *b = &c->before->reliefs[before], *n = &c->now->reliefs[now];
    traits_empty(&c->was);
    traits_empty(&c->is);
    rule_words_relief(&c->was, c->before, before);
    rule_words_relief(&c->is, c->now, now);
    changes_add_traits(c->out, "relief", n->name, &c->was, &c->is);
    if (b->version_count == 1 && n->version_count == 1) {
        compare_versions(c, b->first_version, n->first_version, true, true);
        return;
    }
    for (uint32_t i = 0; i < n->version_count; i++) {
        uint32_t version = n->first_version + i;
        uint32_t same = find_version(c->before, b, c->now->versions[version].from_day);
        if (same != NONE)
            compare_versions(c, same, version, false, true);
        else
            tell_new_version(c, n, version);
    }
    for (uint32_t i = 0; i < b->version_count; i++) {
        uint32_t version = b->first_version + i;
        char part[LONG_NAME];
        if (find_version(c->now, n, c->before->versions[version].from_day) != NONE)
            continue;
        name_part(part, c->before, version);
        changes_add_gone(c->out, "relief", n->name, part, NULL);
    }
}

/* ---- reliefs ---- */

static void tell_new_relief(struct comparison *c, uint32_t relief)
{
    const struct rule_relief *r = &c->now->reliefs[relief];
    traits_empty(&c->is);
    rule_words_relief(&c->is, c->now, relief);
    changes_add_new(c->out, "relief", r->name, NULL, &c->is);
    for (uint32_t i = 0; i < r->version_count; i++) {
        uint32_t version = r->first_version + i;
        const struct rule_version *v = &c->now->versions[version];
        char name[LONG_NAME], clause_name[LONG_NAME + 16];
        name_version(name, c->now, version, r->version_count == 1);
        name_part(clause_name, c->now, version);
        traits_empty(&c->is);
        rule_words_version_until(&c->is, c->now, version);
        rule_words_version(&c->is, c->now, version);
        changes_add_new(c->out, "relief", r->name, clause_name, &c->is);
        for (uint32_t j = 0; j < v->clause_count; j++) {
            name_clause(clause_name, j, name);
            traits_empty(&c->is);
            rule_words_clause(&c->is, c->now, v->first_clause + j);
            changes_add_new(c->out, "clause", clause_name, NULL, &c->is);
        }
    }
}

void relief_diff(struct changes *out, const struct rules *before, const struct rules *now)
{
    struct comparison c = {.out = out, .before = before, .now = now};
    for (uint32_t i = 0; i < now->relief_count; i++) {
        uint32_t same = rules_relief(before, now->reliefs[i].name);
        if (same < before->relief_count)
            compare_relief(&c, same, i);
        else
            tell_new_relief(&c, i);
    }
    for (uint32_t i = 0; i < before->relief_count; i++)
        if (rules_relief(now, before->reliefs[i].name) == now->relief_count)
            changes_add_gone(out, "relief", before->reliefs[i].name, NULL, NULL);
    traits_free(&c.was);
    traits_free(&c.is);
}
