#include "loader/diff.h"

#include "loader/memory.h"
#include "protocol/json.h"
#include "protocol/progress.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define WORD_BITS 64

/* One of the two snapshots, with the groups of both in one numbering. */
struct side {
    const struct tables *tables;
    uint32_t as_of_day;
    uint16_t common[GROUP_COUNT_MAX]; /* its group -> index in diff.groups */
    uint64_t *set_bits;               /* by set: which groups it is in on the as-of day */
};

static uint32_t word_count(const struct diff *diff)
{
    return (diff->group_count + WORD_BITS - 1) / WORD_BITS;
}

/* --- groups and municipalities --- */

static uint16_t group_index(struct diff *diff, const char *name)
{
    for (uint32_t i = 0; i < diff->group_count; i++)
        if (strncmp(diff->groups[i].name, name, NAME_SIZE) == 0)
            return (uint16_t)i;
    memcpy(diff->groups[diff->group_count].name, name, NAME_SIZE);
    return (uint16_t)diff->group_count++;
}

static void number_groups(struct diff *diff, struct side *before, struct side *now)
{
    diff->groups = memory_take_zeroed(
        (size_t)before->tables->group_count + now->tables->group_count, sizeof(diff->groups[0]));
    for (uint32_t i = 0; i < now->tables->group_count; i++) {
        now->common[i] = group_index(diff, now->tables->groups[i].name);
        diff->groups[now->common[i]].now = now->tables->groups[i].yes_count;
    }
    for (uint32_t i = 0; i < before->tables->group_count; i++) {
        before->common[i] = group_index(diff, before->tables->groups[i].name);
        diff->groups[before->common[i]].before = before->tables->groups[i].yes_count;
    }
}

static int compare_cells(const void *left, const void *right)
{
    const struct diff_cell *a = left, *b = right;
    if (a->group != b->group)
        return a->group < b->group ? -1 : 1;
    return a->place < b->place ? -1 : a->place > b->place;
}

static void add_cells(struct diff *diff, const struct side *side, bool is_now)
{
    for (uint32_t i = 0; i < side->tables->census_count; i++) {
        const struct census *census = &side->tables->census[i];
        struct diff_cell *cell = &diff->cells[diff->cell_count++];
        *cell = (struct diff_cell){.group = side->common[census->group], .place = census->place};
        *(is_now ? &cell->now : &cell->before) = census->yes_count;
    }
}

static void collect_cells(struct diff *diff, const struct side *before, const struct side *now)
{
    diff->cells = memory_take((size_t)before->tables->census_count + now->tables->census_count,
                              sizeof(diff->cells[0]));
    add_cells(diff, before, false);
    add_cells(diff, now, true);
    qsort(diff->cells, diff->cell_count, sizeof(diff->cells[0]), compare_cells);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < diff->cell_count; i++) {
        if (kept > 0 && compare_cells(&diff->cells[kept - 1], &diff->cells[i]) == 0) {
            diff->cells[kept - 1].before += diff->cells[i].before;
            diff->cells[kept - 1].now += diff->cells[i].now;
        } else {
            diff->cells[kept++] = diff->cells[i];
        }
    }
    diff->cell_count = kept;
}

/* --- identifiers --- */

static void fill_set_bits(struct side *side, uint32_t words)
{
    const struct tables *t = side->tables;
    side->set_bits = memory_take_zeroed((size_t)t->set_count * words, sizeof(uint64_t));
    for (uint32_t set = 0; set < t->set_count; set++)
        for (uint32_t i = t->set_first[set]; i < t->set_first[set + 1]; i++) {
            const struct membership *m = &t->memberships[i];
            uint16_t group = side->common[m->group];
            if (m->truth == TRUTH_YES && m->from_day <= side->as_of_day &&
                side->as_of_day < m->until_day)
                side->set_bits[(size_t)set * words + group / WORD_BITS] |= UINT64_C(1)
                                                                           << group % WORD_BITS;
        }
}

static const uint64_t *view_bits(const struct side *side, uint32_t view, uint32_t words)
{
    const struct view *v = &side->tables->views[view];
    bool is_good = v->from_day <= side->as_of_day && side->as_of_day < v->until_day;
    return side->set_bits + (size_t)(is_good ? v->set : 0) * words; /* set 0 is empty */
}

/* A slot holds all of a digest but its first four bytes, which are the lowest of the number that
 * chooses the home bucket: with the least and the greatest of them, every bucket that can be its
 * home in another index is asked. */
static void find_tags(uint32_t views[], const struct index *index, struct digest digests[],
                      size_t count)
{
    uint32_t more[INDEX_BATCH_MAX];
    for (size_t i = 0; i < count; i++)
        memset(digests[i].bytes, 0x00, 4);
    index_find_batch(views, index, digests, count);
    for (size_t i = 0; i < count; i++)
        memset(digests[i].bytes, 0xff, 4);
    index_find_batch(more, index, digests, count);
    for (size_t i = 0; i < count; i++)
        if (views[i] == VIEW_NOBODY)
            views[i] = more[i];
}

/* Identifiers of `here`, looked up in `there`: counts the groups that only `here` has. */
struct walk {
    const struct side *here, *there;
    struct digest digests[INDEX_BATCH_MAX];
    uint32_t views[INDEX_BATCH_MAX];
    size_t count;
    uint32_t words;
    uint64_t *only_here; /* by group */
};

static void walk_flush(struct walk *walk)
{
    uint32_t others[INDEX_BATCH_MAX];
    find_tags(others, &walk->there->tables->index, walk->digests, walk->count);
    for (size_t i = 0; i < walk->count; i++) {
        const uint64_t *here = view_bits(walk->here, walk->views[i], walk->words);
        const uint64_t *there = view_bits(walk->there, others[i], walk->words);
        for (uint32_t w = 0; w < walk->words; w++)
            for (uint64_t bits = here[w] & ~there[w]; bits != 0; bits &= bits - 1)
                walk->only_here[w * WORD_BITS + (uint32_t)__builtin_ctzll(bits)]++;
    }
    walk->count = 0;
}

static void walk_index(struct walk *walk)
{
    const struct index *index = &walk->here->tables->index;
    for (uint64_t b = 0; b < index_bucket_count(index->home_count); b++)
        for (int s = 0; s < BUCKET_SLOT_COUNT; s++) {
            const uint8_t *slot = index_bucket(index, b) + s * SLOT_SIZE;
            uint32_t view = load_u32(slot + SLOT_PAYLOAD) & PAYLOAD_VIEW_MASK;
            if (view == VIEW_NOBODY)
                continue;
            walk->views[walk->count] = view;
            memcpy(walk->digests[walk->count].bytes + 4, slot + SLOT_TAG, SLOT_PAYLOAD);
            if (++walk->count == INDEX_BATCH_MAX)
                walk_flush(walk);
        }
    walk_flush(walk);
}

static void count_identifiers(struct diff *diff, struct side *before, struct side *now)
{
    uint32_t words = word_count(diff);
    fill_set_bits(before, words);
    fill_set_bits(now, words);
    uint64_t *gained = memory_take_zeroed((size_t)words * WORD_BITS, sizeof(uint64_t));
    uint64_t *lost = memory_take_zeroed((size_t)words * WORD_BITS, sizeof(uint64_t));
    struct walk forward = {.here = now, .there = before, .words = words, .only_here = gained};
    struct walk backward = {.here = before, .there = now, .words = words, .only_here = lost};
    walk_index(&forward);
    walk_index(&backward);
    for (uint32_t i = 0; i < diff->group_count; i++) {
        diff->groups[i].gained = gained[i];
        diff->groups[i].lost = lost[i];
    }
    free(gained);
    free(lost);
    free(before->set_bits);
    free(now->set_bits);
}

void diff_compare(struct diff *out, const struct snapshot *before, const struct snapshot *now)
{
    *out = (struct diff){.before = snapshot_manifest(before), .now = snapshot_manifest(now)};
    struct side sides[2] = {
        {.tables = snapshot_tables(before), .as_of_day = out->before->as_of_day},
        {.tables = snapshot_tables(now), .as_of_day = out->now->as_of_day}};
    number_groups(out, &sides[0], &sides[1]);
    collect_cells(out, &sides[0], &sides[1]);
    out->has_identifiers = memcmp(out->before->identity_check, out->now->identity_check,
                                  sizeof(out->now->identity_check)) == 0;
    if (out->has_identifiers)
        count_identifiers(out, &sides[0], &sides[1]);
}

void diff_free(struct diff *diff)
{
    free(diff->groups);
    free(diff->cells);
    *diff = (struct diff){0};
}

/* --- telling --- */

static bool is_small(int64_t count)
{
    return count > -DIFF_CELL_LEAST && count < DIFF_CELL_LEAST && count != 0;
}

bool diff_cell_is_told(const struct diff_cell *cell)
{
    return cell->now != cell->before && !is_small(cell->now - cell->before) &&
           !is_small(cell->now) && !is_small(cell->before);
}

static uint32_t suppressed_count(const struct diff *diff)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < diff->cell_count; i++)
        count += diff->cells[i].now != diff->cells[i].before && !diff_cell_is_told(&diff->cells[i]);
    return count;
}

static const struct manifest_source *find_source(const struct manifest *manifest, const char *name)
{
    for (uint32_t i = 0; i < manifest->source_count; i++)
        if (strncmp(manifest->sources[i].name, name, SOURCE_NAME_SIZE) == 0)
            return &manifest->sources[i];
    return NULL;
}

/* Each register of either snapshot once; NULL where it is not in that one. */
static void each_source(const struct diff *diff, void *context,
                        void (*tell)(void *context, const char *name,
                                     const struct manifest_source *before,
                                     const struct manifest_source *now))
{
    for (uint32_t i = 0; i < diff->now->source_count; i++) {
        const struct manifest_source *now = &diff->now->sources[i];
        tell(context, now->name, find_source(diff->before, now->name), now);
    }
    for (uint32_t i = 0; i < diff->before->source_count; i++) {
        const struct manifest_source *before = &diff->before->sources[i];
        if (find_source(diff->now, before->name) == NULL)
            tell(context, before->name, before, NULL);
    }
}

static void print_source(void *context, const char *name, const struct manifest_source *before,
                         const struct manifest_source *now)
{
    uint32_t before_count = before != NULL ? before->row_count : 0;
    uint32_t now_count = now != NULL ? now->row_count : 0;
    fprintf(context, "%-32.*s %12s %12s %+12" PRId64 "\n", SOURCE_NAME_SIZE, name,
            COUNT_TEXT(before_count), COUNT_TEXT(now_count),
            (int64_t)now_count - (int64_t)before_count);
}

static const char *told_count(char text[static COUNT_TEXT_SIZE], uint64_t count)
{
    return count > 0 && count < DIFF_CELL_LEAST ? "<5" : count_to_text(text, count);
}

void diff_print(const struct diff *diff, FILE *to)
{
    char generations[2][GENERATION_TEXT_SIZE], days[2][DAY_TEXT_SIZE];
    char gained[COUNT_TEXT_SIZE], lost[COUNT_TEXT_SIZE];
    generation_to_text(generations[0], diff->before->generation);
    generation_to_text(generations[1], diff->now->generation);
    day_to_text(days[0], (int32_t)diff->before->as_of_day);
    day_to_text(days[1], (int32_t)diff->now->as_of_day);
    fprintf(to, "from %s as of %s to %s as of %s\n\n", generations[0], days[0], generations[1],
            days[1]);

    fprintf(to, "%-32s %12s %12s %12s\n", "register, rows", "before", "now", "change");
    each_source(diff, to, print_source);

    fprintf(to, "\n%-32s %12s %12s %12s %12s %12s\n", "group, persons", "before", "now", "change",
            diff->has_identifiers ? "ids gained" : "", diff->has_identifiers ? "ids lost" : "");
    for (uint32_t i = 0; i < diff->group_count; i++) {
        const struct diff_group *group = &diff->groups[i];
        fprintf(to, "%-32.*s %12s %12s %+12" PRId64, NAME_SIZE, group->name,
                COUNT_TEXT(group->before), COUNT_TEXT(group->now),
                (int64_t)group->now - (int64_t)group->before);
        if (diff->has_identifiers)
            fprintf(to, " %12s %12s", told_count(gained, group->gained),
                    told_count(lost, group->lost));
        fprintf(to, "\n");
    }
    if (!diff->has_identifiers)
        fprintf(to, "made with different identity keys: nobody's identifiers can be compared\n");

    fprintf(to, "\n%-32s %12s %12s\n", "group by municipality", "ATVK", "change");
    for (uint32_t i = 0; i < diff->cell_count; i++)
        if (diff_cell_is_told(&diff->cells[i]))
            fprintf(to, "%-32.*s      %07" PRIu32 " %+12" PRId64 "\n", NAME_SIZE,
                    diff->groups[diff->cells[i].group].name, diff->cells[i].place,
                    diff->cells[i].now - diff->cells[i].before);
    fprintf(to, "%" PRIu32 " more changed by, or number, fewer than %d persons and are not shown\n",
            suppressed_count(diff), DIFF_CELL_LEAST);
}

static void json_snapshot(struct json *json, const char *name, const struct manifest *manifest)
{
    char generation[GENERATION_TEXT_SIZE];
    generation_to_text(generation, manifest->generation);
    json_open_object(json, name);
    json_text(json, "generation", generation);
    json_day(json, "as_of", manifest->as_of_day);
    json_number(json, "persons", manifest->person_count);
    json_number(json, "identifiers", manifest->identifier_count);
    json_close_object(json);
}

static void json_source(void *context, const char *name, const struct manifest_source *before,
                        const struct manifest_source *now)
{
    char short_name[SOURCE_NAME_SIZE + 1] = {0};
    memcpy(short_name, name, SOURCE_NAME_SIZE);
    json_open_object(context, NULL);
    json_text(context, "name", short_name);
    json_number(context, "before", before != NULL ? before->row_count : 0);
    json_number(context, "now", now != NULL ? now->row_count : 0);
    json_close_object(context);
}

/* Counts from 1 to 4 are left out. */
static void json_told(struct json *json, const char *name, uint64_t count)
{
    if (count == 0 || count >= DIFF_CELL_LEAST)
        json_number(json, name, count);
}

void diff_print_json(const struct diff *diff, FILE *to)
{
    struct json json;
    json_start(&json, to);
    json_open_object(&json, NULL);
    json_snapshot(&json, "before", diff->before);
    json_snapshot(&json, "now", diff->now);
    json_open_array(&json, "registers");
    each_source(diff, &json, json_source);
    json_close_array(&json);
    json_bool(&json, "same_identity_key", diff->has_identifiers);
    json_open_array(&json, "groups");
    for (uint32_t i = 0; i < diff->group_count; i++) {
        const struct diff_group *group = &diff->groups[i];
        json_open_object(&json, NULL);
        json_text(&json, "name", group->name);
        json_number(&json, "before", group->before);
        json_number(&json, "now", group->now);
        if (diff->has_identifiers) {
            json_told(&json, "identifiers_gained", group->gained);
            json_told(&json, "identifiers_lost", group->lost);
        }
        json_close_object(&json);
    }
    json_close_array(&json);
    json_open_array(&json, "municipalities");
    for (uint32_t i = 0; i < diff->cell_count; i++) {
        if (!diff_cell_is_told(&diff->cells[i]))
            continue;
        char place[16];
        snprintf(place, sizeof(place), "%07" PRIu32, diff->cells[i].place);
        json_open_object(&json, NULL);
        json_text(&json, "group", diff->groups[diff->cells[i].group].name);
        json_text(&json, "atvk", place);
        json_signed(&json, "change", diff->cells[i].now - diff->cells[i].before);
        json_close_object(&json);
    }
    json_close_array(&json);
    json_number(&json, "municipalities_suppressed", suppressed_count(diff));
    json_close_object(&json);
    json_end(&json);
}
