/* Does the time of an answer tell who was asked about? As dudect asks it (Reparaz, Balasch,
 * Verbauwhede 2017): two kinds of questions in random order, Welch's t between their times, also of
 * those below a percentile, because what is cut off above is mostly others' work. Every kind of
 * "no" is held against every other; and against itself with somebody who is entitled, to show that
 * the measure sees a difference where there is one. usage: long_timing IDENTIFIERS SAMPLES [PHASE]
 */
#include "engine/answer.h"
#include "loader/arrange.h"
#include "protocol/profile.h"
#include "protocol/snapshot.h"
#include "tests/shelf.h"
#include "tests/support.h"

#include <err.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FROM_DAY         20600
#define AS_OF_DAY        20631
#define UNTIL_DAY        20693
#define PRODUCT          1001
#define SET_COUNT        20000u
#define GROUP_COUNT      100u
#define GROUP_ASKED      5               /* of the one clause that is for anybody in particular */
#define VIEW_COUNT       (3 * SET_COUNT) /* of each kind of person its own */
#define CODE_FIRST       UINT64_C(32000000000)
#define AHEAD            1000
#define BETWEEN          8
#define T_SUSPECT        4.5
#define PERCENTILE_COUNT 6

/* The n-th person is one of these in turn: of the group, in other groups, with a means that has
 * ended. Whoever follows the last one is unknown. */
enum kind { ENTITLED, NOT_ENTITLED, ENDED, UNKNOWN, KIND_COUNT };
static const char *const kind_names[KIND_COUNT] = {"entitled", "not entitled", "ended", "unknown"};

static struct identity_key key;
static struct edition *edition;
static struct metrics metrics;
static struct metrics_board board = {&metrics, 1, 0};
static struct answerer answerer = {.metrics = &metrics, .board = &board};
static struct moment moment = {.profile = PROFILE_TILL};
static uint64_t person_count;

static void must(bool is_good, const struct fault *fault)
{
    if (!is_good)
        errx(1, "%s", fault->text);
}

/* ---- a country ---- */

static struct membership memberships[SET_COUNT * 4];
static uint32_t set_first[SET_COUNT + 1];
static struct view views[VIEW_COUNT];

/* Sets of one to four groups; those with an even number have the group that is asked about. */
static void make_sets(void)
{
    uint64_t state = 5;
    uint32_t used = 0;
    for (uint32_t set = 1; set < SET_COUNT; set++) {
        set_first[set] = used;
        uint16_t group = 0;
        if (set % 2 == 0)
            memberships[used++] = (struct membership){GROUP_ASKED, TRUTH_YES, FROM_DAY, UNTIL_DAY};
        else
            memberships[used++] = (struct membership){1, TRUTH_YES, FROM_DAY, UNTIL_DAY};
        group = GROUP_ASKED;
        for (uint64_t more = support_random(&state) % 4; more > 0; more--) {
            group = (uint16_t)(group + 1 + support_random(&state) % (GROUP_COUNT / 5));
            memberships[used++] = (struct membership){group, TRUTH_YES, FROM_DAY, UNTIL_DAY};
        }
    }
    set_first[SET_COUNT] = used;
}

/* Many people share a few sets: that of a person is the smaller of three draws. */
static uint32_t draw_set(uint64_t *state)
{
    uint64_t least = SET_COUNT;
    for (int i = 0; i < 3; i++) {
        uint64_t drawn = support_random(state) % (SET_COUNT / 2 - 1);
        least = drawn < least ? drawn : least;
    }
    return 2 * (uint32_t)least;
}

static void make_views(void)
{
    views[VIEW_NOBODY] = (struct view){0, 0, DAY_NEVER};
    for (uint32_t set = 1; set < SET_COUNT; set++) {
        views[ENTITLED * SET_COUNT + set] = (struct view){set, FROM_DAY, UNTIL_DAY};
        views[NOT_ENTITLED * SET_COUNT + set] = (struct view){set, FROM_DAY, UNTIL_DAY};
        views[ENDED * SET_COUNT + set] = (struct view){set, FROM_DAY, FROM_DAY + 2};
    }
}

static struct identifier code_of(uint64_t number)
{
    struct identifier identifier = {.means = MEANS_PERSONAL_CODE, .size = 11};
    means_unpack_code(identifier.text, CODE_FIRST + number);
    return identifier;
}

static uint32_t view_of(uint64_t number, uint64_t *state)
{
    uint32_t set = 2 + draw_set(state); /* even: has the group */
    uint32_t kind = (uint32_t)(number % 3);
    return kind * SET_COUNT + (kind == NOT_ENTITLED ? set - 1 : set);
}

static void make_index(struct index_entry *entries, uint64_t count)
{
    uint64_t state = 9;
    for (uint64_t i = 0; i < count; i++) {
        struct identifier identifier = code_of(i);
        identity_digest(&entries[i].digest, &key, &identifier);
        entries[i].view = view_of(i, &state);
    }
}

static struct group groups[GROUP_COUNT];
static struct product products[] = {{.number = PRODUCT_TEST, .name = PRODUCT_TEST_NAME},
                                    {.number = PRODUCT, .name = "ticket"}};
static struct relief reliefs[] = {{.code = RELIEF_TEST_CODE,
                                   .until_day = DAY_NEVER,
                                   .state = RELIEF_ACTIVE,
                                   .name = RELIEF_TEST_NAME},
                                  {.code = 77,
                                   .until_day = DAY_NEVER,
                                   .state = RELIEF_ACTIVE,
                                   .giver = UINT64_C(90000000000),
                                   .name = "HALF"}};

static struct index index_in_memory(struct index_entry *entries, uint64_t count)
{
    struct arrangement *arrangement;
    struct fault fault;
    must(arrangement_make(&arrangement, entries, count, 2, &fault), &fault);
    uint64_t bucket_count = index_bucket_count(arrangement->home_count);
    uint8_t *buckets = aligned_alloc(BUCKET_SIZE, bucket_count * BUCKET_SIZE);
    if (buckets == NULL)
        errx(1, "no memory");
    must(arrangement_fill(arrangement, buckets, 0, bucket_count, 2, &fault), &fault);
    struct index index = {.home_count = arrangement->home_count, .shards = {buckets}};
    arrangement_free(arrangement);
    return index;
}

/* In memory: the index is built as the loader builds it, but goes into no file. */
static void make_country(uint64_t count)
{
    static struct clause clauses[2];
    static struct offer offers[2];
    static struct dayset days;
    static struct tables tables;
    static struct manifest manifest = {.from_day = FROM_DAY,
                                       .until_day = UNTIL_DAY,
                                       .as_of_day = AS_OF_DAY,
                                       .not_after_s = UINT64_MAX};
    const uint32_t clause_products[] = {PRODUCT_TEST, PRODUCT};
    struct fault fault;
    clauses[0] = shelf_clause(RELIEF_TEST_CODE, 0, 0, 10000);
    clauses[1] = shelf_clause(77, 1, GROUP_ASKED, 5000);
    days = shelf_all_days(UNTIL_DAY - FROM_DAY);
    struct index_entry *entries = calloc(count, sizeof(entries[0]));
    if (entries == NULL)
        errx(1, "no memory");
    make_sets();
    make_views();
    make_index(entries, count);
    tables = (struct tables){.index = index_in_memory(entries, count),
                             .views = views,
                             .set_first = set_first,
                             .memberships = memberships,
                             .groups = groups,
                             .products = products,
                             .daysets = &days,
                             .offers = offers,
                             .clauses = clauses,
                             .reliefs = reliefs,
                             .view_count = VIEW_COUNT,
                             .set_count = SET_COUNT,
                             .group_count = GROUP_COUNT,
                             .product_count = 2,
                             .dayset_count = 1,
                             .offer_count = shelf_offers(offers, clause_products, 2),
                             .clause_count = 2,
                             .relief_count = 2};
    free(entries);
    person_count = count;
    must(edition_open(&edition, &tables, &manifest, &fault), &fault);
    must(edition_take_identity(edition, &key, &fault), &fault);
}

/* ---- questions and their times ---- */

static uint64_t ticks(void)
{
#if defined(__x86_64__)
    uint32_t aux;
    return __builtin_ia32_rdtscp(&aux);
#else
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_RAW, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
#endif
}

/* A question about somebody of this kind, whom nobody has asked about lately. */
static void make_question(uint8_t frame[static FRAME_SIZE], enum kind kind, uint64_t *state)
{
    uint64_t number = support_random(state) % (person_count / 3) * 3 + kind;
    if (kind == UNKNOWN)
        number = person_count + support_random(state) % person_count;
    struct request request = {.kind = KIND_CHECK,
                              .quantity = 1,
                              .request_id = 1,
                              .identifier = code_of(number),
                              .product = PRODUCT,
                              .unit_price = 10000};
    frame_encode_request(frame, &request);
}

static uint64_t time_question(const uint8_t frame[static FRAME_SIZE], enum kind kind)
{
    uint8_t answer[FRAME_SIZE];
    struct response response;
    bool is_over;
    uint64_t began = ticks();
    (void)answer_frames(&answerer, &moment, answer, frame, 1, &is_over);
    uint64_t took = ticks() - began;
    enum status want = kind == ENTITLED ? STATUS_APPLIES : STATUS_DOES_NOT_APPLY;
    if (!frame_decode_response(&response, answer) || response.status != want)
        errx(1, "%s: answered %u", kind_names[kind], response.status);
    return took;
}

/* ---- the test ---- */

struct welch {
    double mean[2], m2[2];
    uint64_t count[2];
};

static void welch_add(struct welch *w, int which, double x)
{
    double before = x - w->mean[which];
    w->mean[which] += before / (double)++w->count[which];
    w->m2[which] += before * (x - w->mean[which]);
}

static double welch_t(const struct welch *w)
{
    double variance = 0;
    for (int i = 0; i < 2; i++) {
        if (w->count[i] < 2)
            return 0;
        double n = (double)w->count[i];
        variance += w->m2[i] / (n - 1) / n;
    }
    return variance > 0 ? (w->mean[0] - w->mean[1]) / sqrt(variance) : 0;
}

static int compare_times(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

struct verdict_of_pair {
    double worst_t, difference_ticks; /* of the percentile where t is worst */
    double part;
};

/* All of the times, and those below each percentile: a difference shows in one of them. */
static struct verdict_of_pair judge(const uint64_t *times, const uint8_t *which, uint64_t count)
{
    static const double parts[PERCENTILE_COUNT] = {1.0, 0.99, 0.95, 0.9, 0.75, 0.5};
    struct verdict_of_pair worst = {0};
    uint64_t *sorted = malloc(count * sizeof(sorted[0]));
    if (sorted == NULL)
        errx(1, "no memory");
    memcpy(sorted, times, count * sizeof(sorted[0]));
    qsort(sorted, count, sizeof(sorted[0]), compare_times);
    for (int p = 0; p < PERCENTILE_COUNT; p++) {
        struct welch w = {0};
        uint64_t limit = sorted[(uint64_t)(parts[p] * (double)(count - 1))];
        for (uint64_t i = 0; i < count; i++)
            if (times[i] <= limit)
                welch_add(&w, which[i], (double)times[i]);
        double t = welch_t(&w);
        if (fabs(t) > fabs(worst.worst_t))
            worst = (struct verdict_of_pair){t, w.mean[0] - w.mean[1], parts[p]};
    }
    free(sorted);
    return worst;
}

/* Questions are made ahead by the thousand: what making one leaves in the processor is not timed.
 * Between two that are timed stand some about anybody, as in a real day: what lies in a cache is
 * then not what these two kinds alone have left there. */
static struct verdict_of_pair compare(enum kind a, enum kind b, uint64_t sample_count)
{
    static uint8_t frames[AHEAD][FRAME_SIZE], others[AHEAD * BETWEEN][FRAME_SIZE];
    static enum kind other_kinds[AHEAD * BETWEEN];
    uint64_t state = ticks() + (uint64_t)a * 7 + b;
    uint64_t *times = malloc(sample_count * sizeof(times[0]));
    uint8_t *which = malloc(sample_count);
    if (times == NULL || which == NULL)
        errx(1, "no memory");
    for (uint64_t first = 0; first < sample_count; first += AHEAD) {
        for (uint64_t i = 0; i < AHEAD; i++) {
            which[first + i] = support_random(&state) >> 63 & 1;
            make_question(frames[i], which[first + i] ? b : a, &state);
        }
        for (uint64_t i = 0; i < AHEAD * BETWEEN; i++) {
            other_kinds[i] = (enum kind)(support_random(&state) % KIND_COUNT);
            make_question(others[i], other_kinds[i], &state);
        }
        for (uint64_t i = 0; i < AHEAD; i++) {
            for (uint64_t k = i * BETWEEN; k < (i + 1) * BETWEEN; k++)
                (void)time_question(others[k], other_kinds[k]);
            times[first + i] = time_question(frames[i], which[first + i] ? b : a);
        }
    }
    struct verdict_of_pair found = judge(times, which, sample_count);
    free(times);
    free(which);
    return found;
}

int main(int argc, char *argv[])
{
    uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 3000000;
    uint64_t sample_count = argc > 2 ? strtoull(argv[2], NULL, 10) : 2000000;
    sample_count -= sample_count % AHEAD;
    struct fault fault;
    must(identity_start(&fault), &fault);
    for (size_t i = 0; i < IDENTITY_KEY_SIZE; i++)
        key.bytes[i] = (uint8_t)(i * 7 + 1);
    make_country(count - count % 3);
    moment.edition = edition;
    moment.now_s = time_of_riga_day(AS_OF_DAY) + 43200;
    printf("%" PRIu64 " identifiers, %" PRIu64 " answers a pair, one at a time\n", person_count,
           sample_count);
    bool is_suspect = false;
    for (enum kind a = ENTITLED; a < KIND_COUNT; a++)
        for (enum kind b = a; b < KIND_COUNT; b++) {
            struct verdict_of_pair found = compare(a, b, sample_count);
            printf("  %-12s - %-12s  t %7.1f   %+.2f ticks at %2.0f %%\n", kind_names[a],
                   kind_names[b], found.worst_t, found.difference_ticks, 100 * found.part);
            is_suspect |= a != ENTITLED && fabs(found.worst_t) > T_SUSPECT;
        }
    puts(is_suspect ? "a kind of no can be told from another"
                    : "no kind of no can be told from another");
    return is_suspect;
}
