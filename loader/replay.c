#include "loader/replay.h"

#include "loader/memory.h"
#include "loader/requests.h"
#include "protocol/decide.h"
#include "protocol/progress.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define TELL_EVERY        4096 /* requests between two looks at the clock */
#define SEEN_COMPACT_MIN  (1u << 20)
#define COMMON_RELIEF_MAX (TIME_COUNT * RELIEF_COUNT_MAX)
#define LINE_TOTAL        COMMON_RELIEF_MAX

/* Behind a use stands a person, called by the base row; a stranger to the registers, who may be the
 * same every time; or nobody who was identified, who tells nothing of anybody. */
#define PERSON_BITS      28
#define PERSON_STRANGER  PERSON_ROW_COUNT_MAX
#define PERSON_ANONYMOUS (UINT32_C(1) << 27)
static_assert(PERSON_STRANGER < PERSON_ANONYMOUS, "rows, the stranger and nobody are apart");

/* Line, class and person of each use, in one number; the same one is kept once. */
#define SEEN_CLASS_SHIFT PERSON_BITS
#define SEEN_LINE_SHIFT  (PERSON_BITS + 2)

/* One catalogue ready to decide, for one buyer after the other: view 1. */
struct bench {
    struct view views[2];
    struct tables tables;
    struct manifest manifest;
    struct edition *edition;
    uint16_t lines[RELIEF_COUNT_MAX]; /* relief -> its line */
};

struct seen {
    uint64_t *list;
    size_t count, room, compact_at;
};

struct replaying {
    const struct impact *impact;
    struct bench benches[TIME_COUNT];
    uint32_t *means; /* rows of means with a holder, by identifier; NULL: not sorted yet */
    size_t means_count;
    struct replay_line lines[LINE_TOTAL + 1];
    uint32_t line_count;
    uint32_t anonymous_count;
    struct seen seen;
};

/* ---- both catalogues ---- */

static uint16_t line_of(struct replaying *all, const char *name)
{
    for (uint32_t i = 0; i < all->line_count; i++)
        if (strncmp(all->lines[i].name, name, NAME_SIZE) == 0)
            return (uint16_t)i;
    assert(all->line_count < COMMON_RELIEF_MAX);
    memcpy(all->lines[all->line_count].name, name, NAME_SIZE);
    return (uint16_t)all->line_count++;
}

static bool open_bench(struct replaying *all, enum impact_time time, struct fault *fault)
{
    const struct impact_side *side = &all->impact->sides[time];
    struct bench *bench = &all->benches[time];
    bench->manifest = (struct manifest){.as_of_day = all->impact->as_of_day,
                                        .from_day = all->impact->window.from_day,
                                        .until_day = all->impact->window.until_day};
    compiled_fill(&bench->tables, &side->compiled);
    bench->tables.views = bench->views;
    bench->tables.view_count = 2;
    bench->tables.set_first = side->memberships.set_first;
    bench->tables.memberships = side->memberships.list;
    bench->tables.set_count = side->memberships.set_count;
    bench->views[VIEW_NOBODY] = (struct view){.until_day = DAY_NEVER};
    for (uint32_t i = 0; i < side->compiled.relief_count; i++)
        bench->lines[i] = line_of(all, side->compiled.reliefs[i].name);
    return edition_open(&bench->edition, &bench->tables, &bench->manifest, fault);
}

/* ---- who asked ---- */

static int compare_means(const void *left, const void *right, void *context)
{
    const uint32_t *a = left, *b = right;
    const struct means_fact *means = context;
    return memcmp(&means[*a].identifier, &means[*b].identifier, sizeof(means[*a].identifier));
}

static void sort_means(struct replaying *all)
{
    const struct facts *facts = &all->impact->facts;
    all->means = memory_take(facts->means_count, sizeof(all->means[0]));
    for (size_t i = 0; i < facts->means_count; i++)
        if (all->impact->people.holder[i] != NOBODY)
            all->means[all->means_count++] = (uint32_t)i;
    if (all->means_count > 1)
        qsort_r(all->means, all->means_count, sizeof(all->means[0]), compare_means, facts->means);
}

static const struct means_fact *find_means(struct replaying *all,
                                           const struct identifier *identifier)
{
    const struct means_fact *means = all->impact->facts.means;
    if (all->means == NULL)
        sort_means(all);
    size_t least = 0, beyond = all->means_count;
    while (least < beyond) {
        size_t middle = least + (beyond - least) / 2;
        int order = memcmp(&means[all->means[middle]].identifier, identifier, sizeof(*identifier));
        if (order == 0)
            return &means[all->means[middle]];
        if (order < 0)
            least = middle + 1;
        else
            beyond = middle;
    }
    return NULL;
}

/* The person behind a request, and the days on which the means is good. */
struct asker {
    uint32_t row; /* or NOBODY */
    uint32_t from_day, until_day;
};

static struct asker find_asker(struct replaying *all, const struct identifier *identifier)
{
    const struct people *people = &all->impact->people;
    struct asker asker = {.row = NOBODY, .until_day = DAY_NEVER};
    if (identifier->size == 0)
        return asker;
    if (identifier->means == MEANS_PERSONAL_CODE) {
        asker.row = people_find(people, means_pack_code(identifier->text));
        return asker;
    }
    const struct means_fact *fact = find_means(all, identifier);
    if (fact != NULL)
        asker = (struct asker){people->holder[fact - all->impact->facts.means], fact->from_day,
                               fact->until_day};
    return asker;
}

/* ---- who is behind what ---- */

static int compare_seen(const void *left, const void *right)
{
    const uint64_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

static void seen_compact(struct seen *seen)
{
    size_t kept = 0;
    if (seen->count > 1)
        qsort(seen->list, seen->count, sizeof(seen->list[0]), compare_seen);
    for (size_t i = 0; i < seen->count; i++)
        if (kept == 0 || seen->list[kept - 1] != seen->list[i])
            seen->list[kept++] = seen->list[i];
    seen->count = kept;
    seen->compact_at = 2 * kept > SEEN_COMPACT_MIN ? 2 * kept : SEEN_COMPACT_MIN;
}

static void seen_add(struct seen *seen, uint32_t line, enum impact_class class, uint32_t person)
{
    if (seen->count >= seen->compact_at)
        seen_compact(seen);
    seen->list = memory_room(seen->list, &seen->room, seen->count + 1, sizeof(seen->list[0]));
    seen->list[seen->count++] =
        (uint64_t)line << SEEN_LINE_SHIFT | (uint64_t) class << SEEN_CLASS_SHIFT | person;
}

static void count_persons(struct replaying *all)
{
    seen_compact(&all->seen);
    for (size_t i = 0; i < all->seen.count; i++) {
        uint64_t key = all->seen.list[i];
        struct counted *persons = &all->lines[key >> SEEN_LINE_SHIFT].persons;
        persons->persons[key >> SEEN_CLASS_SHIFT & (SUPPRESS_CLASS_COUNT - 1)]++;
    }
}

/* ---- one request ---- */

static enum impact_class class_of(bool was, bool is, uint64_t before, uint64_t now)
{
    if (!was || !is)
        return was ? CLASS_LOST : CLASS_GAINED;
    return before == now ? CLASS_SAME : CLASS_CHANGED;
}

static void count_line(struct replaying *all, uint32_t line, const bool applies[static TIME_COUNT],
                       const uint64_t amounts[static TIME_COUNT], uint32_t person)
{
    enum impact_class class =
        class_of(applies[TIME_BEFORE], applies[TIME_NOW], amounts[TIME_BEFORE], amounts[TIME_NOW]);
    struct replay_line *counted = &all->lines[line];
    counted->requests[class]++;
    for (size_t t = 0; t < TIME_COUNT; t++)
        counted->amounts[t] += amounts[t];
    seen_add(&all->seen, line, class, person);
}

/* The part of a verdict that is the line's; NULL: the relief does not apply. */
static const struct verdict_part *find_part(const struct bench *bench,
                                            const struct verdict *verdict, uint32_t line)
{
    for (uint32_t i = 0; i < verdict->part_count; i++)
        if (bench->lines[verdict->parts[i].clause->relief] == line)
            return &verdict->parts[i];
    return NULL;
}

static void count_relief(struct replaying *all, const struct verdict verdicts[static TIME_COUNT],
                         uint32_t line, uint32_t person)
{
    bool applies[TIME_COUNT];
    uint64_t amounts[TIME_COUNT] = {0};
    for (size_t t = 0; t < TIME_COUNT; t++) {
        const struct verdict_part *part = find_part(&all->benches[t], &verdicts[t], line);
        applies[t] = part != NULL;
        if (part != NULL)
            amounts[t] = part->amount;
    }
    count_line(all, line, applies, amounts, person);
}

static void count_verdicts(struct replaying *all, const struct verdict verdicts[static TIME_COUNT],
                           uint32_t person)
{
    bool applies[TIME_COUNT];
    uint64_t amounts[TIME_COUNT];
    for (size_t t = 0; t < TIME_COUNT; t++) {
        applies[t] = verdicts[t].status == STATUS_APPLIES;
        amounts[t] = verdicts[t].relief_amount;
        for (uint32_t i = 0; i < verdicts[t].part_count; i++) {
            uint32_t line = all->benches[t].lines[verdicts[t].parts[i].clause->relief];
            bool is_counted = t == TIME_NOW && find_part(&all->benches[TIME_BEFORE],
                                                         &verdicts[TIME_BEFORE], line) != NULL;
            if (!is_counted)
                count_relief(all, verdicts, line, person);
        }
    }
    if (applies[TIME_BEFORE] || applies[TIME_NOW])
        count_line(all, LINE_TOTAL, applies, amounts, person);
}

/* Whoever was not identified stands for one person each. */
static uint32_t person_of(struct replaying *all, const struct request_line *request,
                          const struct asker *asker)
{
    if (asker->row != NOBODY)
        return asker->row;
    if (request->identifier.size != 0)
        return PERSON_STRANGER;
    all->anonymous_count = (all->anonymous_count + 1) % PERSON_ANONYMOUS;
    return PERSON_ANONYMOUS | all->anonymous_count;
}

static void decide_request(struct replay *out, struct replaying *all, struct request_line *request)
{
    struct verdict verdicts[TIME_COUNT];
    struct asker asker = find_asker(all, &request->identifier);
    for (size_t t = 0; t < TIME_COUNT; t++) {
        struct bench *bench = &all->benches[t];
        uint32_t view = asker.row == NOBODY ? VIEW_NOBODY : VIEW_NOBODY + 1;
        if (asker.row != NOBODY)
            bench->views[view] =
                (struct view){.set = all->impact->sides[t].memberships.set_of[asker.row],
                              .from_day = asker.from_day,
                              .until_day = asker.until_day};
        struct candidates candidates = decide_candidates(bench->edition, &request->purchase);
        verdicts[t] = decide(bench->edition, &candidates, view, &request->purchase);
    }
    out->request_count++;
    out->outside_count += verdicts[TIME_NOW].status == STATUS_OUTSIDE_WINDOW;
    count_verdicts(all, verdicts, person_of(all, request, &asker));
}

/* ---- all of them ---- */

static bool read_requests(struct replay *out, struct replaying *all, const char *path,
                          bool is_quiet, struct fault *fault)
{
    struct requests *requests;
    struct request_line request;
    struct progress progress;
    bool is_there = true, is_good = true;
    if (!requests_open(&requests, path, fault))
        return false;
    progress_start(&progress, "asking", "bytes", requests_size(requests), is_quiet);
    while (is_there && is_good) {
        is_good = requests_next(requests, &request, &is_there, fault);
        if (is_good && is_there)
            decide_request(out, all, &request);
        request_wipe(&request);
        if (out->request_count % TELL_EVERY == 0)
            progress_set(&progress, requests_offset(requests));
    }
    progress_set(&progress, requests_offset(requests));
    progress_end(&progress);
    requests_close(requests);
    return is_good;
}

/* One person may stand behind several reliefs. */
static void collect_lines(struct replay *out, const struct replaying *all, uint64_t bound)
{
    struct counted **lines = memory_take(all->line_count, sizeof(void *));
    out->reliefs = memory_take(all->line_count, sizeof(out->reliefs[0]));
    for (uint32_t i = 0; i < all->line_count; i++) {
        const struct replay_line *line = &all->lines[i];
        if (replay_uses(line, TIME_BEFORE) + replay_uses(line, TIME_NOW) > 0)
            out->reliefs[out->relief_count++] = *line;
    }
    for (uint32_t i = 0; i < out->relief_count; i++)
        lines[i] = &out->reliefs[i].persons;
    suppress_lines(lines, out->relief_count, bound, false);
    for (uint32_t i = 0; i < out->relief_count; i++)
        out->suppressed_count += !lines[i]->is_told;
    out->total = all->lines[LINE_TOTAL];
    out->total.persons.is_told = suppress_may_tell(&out->total.persons, bound);
    free(lines);
}

bool replay_requests(struct replay *out, const struct impact *impact,
                     const struct impact_settings *settings, struct fault *fault)
{
    struct replaying *all = memory_take_zeroed(1, sizeof(*all));
    all->impact = impact;
    bool is_good = open_bench(all, TIME_NOW, fault) && open_bench(all, TIME_BEFORE, fault) &&
                   read_requests(out, all, settings->requests, settings->build.is_quiet, fault);
    if (is_good) {
        count_persons(all);
        collect_lines(out, all, settings->suppress_below);
    }
    for (size_t t = 0; t < TIME_COUNT; t++)
        edition_close(all->benches[t].edition);
    free(all->means);
    free(all->seen.list);
    free(all);
    return is_good;
}

void replay_free(struct replay *replay)
{
    free(replay->reliefs);
    *replay = (struct replay){0};
}

uint64_t replay_uses(const struct replay_line *line, enum impact_time time)
{
    return line->requests[CLASS_SAME] + line->requests[CLASS_CHANGED] +
           line->requests[time == TIME_BEFORE ? CLASS_LOST : CLASS_GAINED];
}
