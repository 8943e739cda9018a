#include "loader/gates.h"

#include "protocol/day.h"
#include "protocol/nearest.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const gate_names[] = {
#define GATE_NAME(name, text, about) text,
    GATE_LIST(GATE_NAME)
#undef GATE_NAME
};
#define GATE_COUNT (sizeof(gate_names) / sizeof(gate_names[0]))

const char *gate_name(enum gate gate)
{
    assert((size_t)gate < GATE_COUNT);
    return gate_names[gate];
}

bool gate_is_warning(enum gate gate)
{
    return gate == GATE_OVERDUE || gate == GATE_ABSENT;
}

/* The next word of a list with commas; its size is 0 at the end. */
static const char *next_word(const char **list, size_t *size)
{
    const char *word = *list;
    *size = strcspn(word, ",");
    *list = word + *size + (word[*size] == ',');
    return word;
}

static bool is_accepted(const char *accept, enum gate gate, const char *subject)
{
    size_t size, name_size = strlen(gate_name(gate));
    while (accept != NULL && *accept != '\0') {
        const char *word = next_word(&accept, &size);
        if (size < name_size || memcmp(word, gate_name(gate), name_size) != 0)
            continue;
        if (size == name_size)
            return true;
        if (word[name_size] == ':' && size - name_size - 1 == strlen(subject) &&
            memcmp(word + name_size + 1, subject, strlen(subject)) == 0)
            return true;
    }
    return false;
}

bool gates_accept_is_known(const char *accept, struct fault *fault)
{
    while (accept != NULL && *accept != '\0') {
        size_t size;
        const char *word = next_word(&accept, &size);
        char name[WORD_SIZE];
        const char *colon = memchr(word, ':', size);
        snprintf(name, sizeof(name), "%.*s", (int)(colon != NULL ? colon - word : (long)size),
                 word);
        bool is_known = false;
        for (size_t i = 0; i < GATE_COUNT; i++)
            is_known |= strcmp(name, gate_names[i]) == 0;
        if (is_known)
            continue;
        char hint[NEAREST_TEXT_SIZE];
        return fault_set(
            fault, "--accept: there is no gate \"%s\"%s", name,
            nearest_text(hint, ", did you mean \"", "\"?", name, gate_names, GATE_COUNT));
    }
    return true;
}

static void tell(struct gates *out, const struct gate_input *in, enum gate gate,
                 const char *subject, const char *format, ...) PRINTF_LIKE(5, 6);

static void tell(struct gates *out, const struct gate_input *in, enum gate gate,
                 const char *subject, const char *format, ...)
{
    bool accepted = is_accepted(in->accept, gate, subject);
    out->count++;
    out->held_count += !accepted && !gate_is_warning(gate);
    if (out->told_count == FINDING_COUNT_MAX)
        return;
    struct finding *finding = &out->list[out->told_count++];
    *finding = (struct finding){.gate = gate, .is_accepted = accepted};
    snprintf(finding->subject, sizeof(finding->subject), "%s", subject);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(finding->text, sizeof(finding->text), format, arguments);
    va_end(arguments);
}

/* Percent by which a count changed, rounded away from zero so that what is said shows why it was
 * held; the comparison itself is exact. */
static int64_t percent_changed(uint64_t before, uint64_t now)
{
    uint64_t change = now > before ? now - before : before - now;
    int64_t percent = (int64_t)((change * 100 + before - 1) / before);
    return now < before ? -percent : percent;
}

static bool is_beyond(uint64_t before, uint64_t now, uint32_t percent_max)
{
    if (before == 0 || (before < GATE_COUNT_LEAST && now < GATE_COUNT_LEAST))
        return false;
    uint64_t change = now > before ? now - before : before - now;
    return change * 100 > before * percent_max;
}

void source_short_name(char out[static SOURCE_NAME_SIZE], const char *name)
{
    memset(out, 0, SOURCE_NAME_SIZE);
    memcpy(out, name, strnlen(name, SOURCE_NAME_SIZE - 1));
}

static const struct manifest_source *parent_source(const struct manifest *parent, const char *name)
{
    char short_name[SOURCE_NAME_SIZE];
    source_short_name(short_name, name);
    for (uint32_t i = 0; parent != NULL && i < parent->source_count; i++)
        if (strcmp(parent->sources[i].name, short_name) == 0)
            return &parent->sources[i];
    return NULL;
}

static void check_against_parent(struct gates *out, const struct gate_input *in,
                                 const struct source *source, const struct manifest_source *before)
{
    char now_text[DAY_TEXT_SIZE], before_text[DAY_TEXT_SIZE];
    if (source->as_of_day < before->as_of_day) {
        day_to_text(now_text, (int32_t)source->as_of_day);
        day_to_text(before_text, (int32_t)before->as_of_day);
        tell(out, in, GATE_AS_OF_OLDER, source->name,
             "%s is of %s, the snapshot in service has it of %s: an older file was delivered again",
             source->name, now_text, before_text);
    }
    if (is_beyond(before->row_count, source->row_count, source->change_percent_max))
        tell(out, in, GATE_ROW_CHANGE, source->name,
             "%s has %" PRIu64 " rows, the snapshot in service %" PRIu32 " (%+" PRId64
             " %%, bound %" PRIu32 " %%)",
             source->name, source->row_count, before->row_count,
             percent_changed(before->row_count, source->row_count), source->change_percent_max);
}

static void check_source(struct gates *out, const struct gate_input *in,
                         const struct source *source)
{
    if (source->refused_count * 1000 > source->row_count * source->refused_per_mille_max)
        tell(out, in, GATE_REFUSED_ROWS, source->name,
             "%s: %" PRIu64 " of %" PRIu64 " rows were refused (bound %" PRIu32 " per mille)",
             source->name, source->refused_count, source->row_count, source->refused_per_mille_max);

    char text[DAY_TEXT_SIZE], other[DAY_TEXT_SIZE];
    day_to_text(text, (int32_t)source->as_of_day);
    if (source->as_of_day > in->today + 1) {
        day_to_text(other, (int32_t)in->today);
        tell(out, in, GATE_AS_OF_FUTURE, source->name, "%s is of %s, today is %s", source->name,
             text, other);
    }
    if (in->today >= source->overdue_day)
        tell(out, in, GATE_OVERDUE, source->name,
             "%s is of %s: a newer delivery is overdue by %" PRIu32 " days", source->name, text,
             in->today - source->overdue_day + 1);

    const struct manifest_source *before = parent_source(in->parent, source->name);
    if (before != NULL)
        check_against_parent(out, in, source, before);
}

static void check_absent_sources(struct gates *out, const struct gate_input *in)
{
    for (uint32_t i = 0; in->parent != NULL && i < in->parent->source_count; i++) {
        bool is_there = false;
        for (size_t s = 0; s < in->source_count; s++)
            is_there |= parent_source(in->parent, in->sources[s].name) == &in->parent->sources[i];
        if (!is_there)
            tell(out, in, GATE_ABSENT, in->parent->sources[i].name,
                 "%s is in the snapshot in service and not among the deliveries",
                 in->parent->sources[i].name);
    }
}

static void check_group(struct gates *out, const struct gate_input *in, const struct group *before)
{
    const struct group *now = NULL;
    for (uint32_t i = 0; i < in->group_count; i++)
        if (strcmp(in->groups[i].name, before->name) == 0)
            now = &in->groups[i];
    if (now == NULL) {
        if (before->yes_count > 0)
            tell(out, in, GATE_GROUP_GONE, before->name,
                 "group %s has %" PRIu64
                 " persons in the snapshot in service and is not in the rules",
                 before->name, before->yes_count);
    } else if (before->yes_count > 0 && now->yes_count == 0) {
        tell(out, in, GATE_GROUP_EMPTY, before->name,
             "group %s has no persons, the snapshot in service %" PRIu64, before->name,
             before->yes_count);
    } else if (is_beyond(before->yes_count, now->yes_count, in->group_change_percent_max)) {
        tell(out, in, GATE_GROUP_CHANGE, before->name,
             "group %s has %" PRIu64 " persons, the snapshot in service %" PRIu64 " (%+" PRId64
             " %%, bound %" PRIu32 " %%)",
             before->name, now->yes_count, before->yes_count,
             percent_changed(before->yes_count, now->yes_count), in->group_change_percent_max);
    }
}

/* A rules file that was cut ends before its last reliefs: its groups are all there. */
static void check_relief(struct gates *out, const struct gate_input *in,
                         const struct relief *before)
{
    bool is_there = before->until_day <= in->today; /* over: nobody misses it */
    for (uint32_t i = 0; i < in->relief_count && !is_there; i++)
        is_there = strcmp(in->reliefs[i].name, before->name) == 0;
    if (!is_there)
        tell(out, in, GATE_RELIEF_GONE, before->name,
             "relief %s is in the snapshot in service and is not in the rules", before->name);
}

/* Only what could answer is worth keeping: a first build of old data is its maker's affair. */
static void check_window(struct gates *out, const struct gate_input *in)
{
    char from[DAY_TEXT_SIZE], until[DAY_TEXT_SIZE];
    bool is_in = in->from_day <= in->today && in->today < in->until_day;
    if (is_in || in->parent == NULL || in->parent->from_day > in->today ||
        in->today >= in->parent->until_day)
        return;
    day_to_text(from, (int32_t)in->from_day);
    day_to_text(until, (int32_t)in->until_day);
    tell(out, in, GATE_WINDOW, "",
         "only days from %s until %s could be judged: nothing that is bought today", from, until);
}

void gates_check(struct gates *out, const struct gate_input *in)
{
    out->count = out->told_count = out->held_count = 0;
    if (in->parent_fault != NULL)
        tell(out, in, GATE_PARENT, "", "the snapshot in service cannot be compared with: %s",
             in->parent_fault);
    for (size_t i = 0; i < in->source_count; i++)
        check_source(out, in, &in->sources[i]);
    check_absent_sources(out, in);
    for (uint32_t i = 0; in->parent != NULL && i < in->parent_group_count; i++)
        check_group(out, in, &in->parent_groups[i]);
    for (uint32_t i = 0; in->parent != NULL && i < in->parent_relief_count; i++)
        check_relief(out, in, &in->parent_reliefs[i]);
    check_window(out, in);
    if (in->failed_case_count > 0)
        tell(out, in, GATE_CASES, "", "%" PRIu32 " of %" PRIu32 " cases of the catalogue: %s",
             in->failed_case_count, in->case_count, in->first_failed_case);
}
