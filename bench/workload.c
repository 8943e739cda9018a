#include "bench/workload.h"

#include "bench/random.h"
#include "bench/take.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pool {
    struct identifier *list;
    size_t count, room;
};

static bool pool_add(struct pool *pool, enum means means, const char *text, size_t size)
{
    struct identifier identifier;
    if (means_normalise(&identifier, means, text, size) != MEANS_FINE)
        return false;
    pool->list = take_room(pool->list, &pool->room, pool->count, sizeof(pool->list[0]));
    pool->list[pool->count++] = identifier;
    return true;
}

/* "P,<code>,..." or "M,<means>,<identifier>,..."; other lines are no hits. */
static bool pool_add_line(struct pool *pool, const char *line)
{
    if (line[0] == 'P' && line[1] == ',')
        return pool_add(pool, MEANS_PERSONAL_CODE, line + 2, strcspn(line + 2, ",\n"));
    if (line[0] == 'M' && line[1] == ',' && line[2] >= '1' && line[2] <= '0' + MEANS_LAST)
        return pool_add(pool, (enum means)(line[2] - '0'), line + 4, strcspn(line + 4, ",\n"));
    return true;
}

static bool pool_read(struct pool *pool, const char *path, struct fault *fault)
{
    FILE *file = fopen(path, "re");
    char *line = NULL;
    size_t room = 0;
    unsigned long long line_number = 0;
    bool is_fine = true;
    if (file == NULL)
        return fault_set(fault, "%s: wanted the truth of a synthetic country: %s", path,
                         strerror(errno));
    while (is_fine && getline(&line, &room, file) > 0) {
        line_number++;
        is_fine = pool_add_line(pool, line);
    }
    free(line);
    fclose(file);
    if (!is_fine)
        return fault_set(fault, "%s:%llu: wanted a canonical identifier", path, line_number);
    if (pool->count == 0)
        return fault_set(fault, "%s: wanted at least one line P or M", path);
    return true;
}

static size_t draw_rank(uint64_t *state, size_t count, double skew)
{
    double share = pow(random_unit(state), 1 / (1 - skew));
    size_t rank = (size_t)(share * (double)count);
    return rank < count ? rank : count - 1;
}

/* Identifiers stand in the truth in order of persons; shuffled, rank says nothing about them. */
static void pool_shuffle(struct pool *pool, uint64_t *state)
{
    for (size_t i = pool->count; i > 1; i--) {
        size_t j = (size_t)random_below(state, i);
        struct identifier kept = pool->list[i - 1];
        pool->list[i - 1] = pool->list[j];
        pool->list[j] = kept;
    }
}

/* New-form codes that start 39: the synthetic country gives out none of them. */
static struct identifier made_up(uint64_t *state)
{
    struct identifier identifier = {.means = MEANS_PERSONAL_CODE, .size = 11};
    means_unpack_code(identifier.text, UINT64_C(39000000000) + random_below(state, 1000000000));
    return identifier;
}

/* Products of the shipped catalogue that are asked for, and the points of sale of one provider each
 * that sell them. */
#define PRODUCT_FIRST 1001
static const struct workload_points points[WORKLOAD_PRODUCT_COUNT] = {
    {101, 120}, {101, 120}, {201, 220}, {301, 320}, {401, 410}, {501, 520}, {601, 620}, {701, 720}};

struct workload_points workload_points(uint32_t product_index)
{
    assert(product_index < WORKLOAD_PRODUCT_COUNT);
    return points[product_index];
}

static void draw_frame(uint8_t frame[static FRAME_SIZE], uint32_t product, const struct mix *mix,
                       const struct pool *pool, uint64_t *state)
{
    bool is_hit = random_below(state, 100) < mix->hit_percent;
    const struct workload_points *at = &points[product];
    assert(!is_hit || pool->list != NULL);
    struct request request = {
        .kind = mix->kind,
        .hold_10s = mix->kind == KIND_RESERVE ? WORKLOAD_HOLD_10S : 0,
        .entry = ENTRY_CONTACTLESS,
        .quantity = 1,
        .request_id = 1,
        .identifier =
            is_hit ? pool->list[draw_rank(state, pool->count, mix->skew)] : made_up(state),
        .product = PRODUCT_FIRST + product,
        .point_of_sale = at->first + (uint32_t)random_below(state, at->last - at->first + 1),
        .unit_price = 10000 + (uint32_t)random_below(state, 50000),
    };
    frame_encode_request(frame, &request);
}

bool workload_read(struct workload *workload, const char *truth_path, const struct mix *mix,
                   struct fault *fault)
{
    struct pool pool = {0};
    uint64_t state = mix->seed;
    if (!pool_read(&pool, truth_path, fault)) {
        free(pool.list);
        return false;
    }
    pool_shuffle(&pool, &state);
    workload->kind = mix->kind;
    workload->identifier_count = pool.count;
    workload->frames = take(WORKLOAD_FRAME_COUNT, sizeof(workload->frames[0]));
    for (uint32_t i = 0; i < WORKLOAD_FRAME_COUNT; i++)
        draw_frame(workload->frames[i], i % WORKLOAD_PRODUCT_COUNT, mix, &pool, &state);
    free(pool.list);
    return true;
}

void workload_free(struct workload *workload)
{
    free(workload->frames);
    workload->frames = NULL;
}
