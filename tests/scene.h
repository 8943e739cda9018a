/* A handful of people and products in memory, without files: for suites and fuzz targets of the
 * engine that need something to answer from. */
#ifndef TESTS_SCENE_H
#define TESTS_SCENE_H

#include "engine/answer.h"
#include "protocol/index.h"

#include <stdlib.h>
#include <string.h>

/* The window is 2026-10-23 to 2027-01-24, as of 2026-11-23. */
enum { SCENE_FROM = 20749, SCENE_TODAY = 20780, SCENE_UNTIL = 20842 };

#define SCENE_GENERATION 0x4d2

/* Products. SCENE_DISCOUNT is half price for seniors, SCENE_FREE free for the needy. */
enum { SCENE_DISCOUNT = 1001, SCENE_FREE = 1002 };
#define SCENE_NO_PRODUCT 77

/* People by personal code. */
#define SCENE_SENIOR  "32000000001"
#define SCENE_UNSURE  "32000000002" /* whether needy is not known */
#define SCENE_PLAIN   "32000000003" /* in a group that no clause here is about */
#define SCENE_EXPIRED "32000000004" /* a senior whose means has ended */
#define SCENE_FUTURE  "32000000005" /* and one whose means is not good yet */
#define SCENE_NOBODY  "32999999999" /* not in the index */

struct scene {
    struct identity_key key;
    struct edition *edition;
    struct metrics metrics;
    struct metrics_board board;
    struct answerer answerer;
    struct moment moment; /* noon of SCENE_TODAY */
};

enum { SCENE_GROUP_TEST, SCENE_GROUP_SENIOR, SCENE_GROUP_NEEDY, SCENE_GROUP_OTHER };

static inline const struct tables *scene_tables(const struct identity_key *key)
{
    static const struct membership memberships[] = {
        {SCENE_GROUP_SENIOR, TRUTH_YES, SCENE_FROM, SCENE_UNTIL},
        {SCENE_GROUP_NEEDY, TRUTH_UNKNOWN, SCENE_FROM, SCENE_UNTIL},
        {SCENE_GROUP_OTHER, TRUTH_YES, SCENE_FROM, SCENE_UNTIL},
    };
    static const uint32_t set_first[] = {0, 0, 1, 2, 3};
    static const struct view views[] = {
        {0, 0, DAY_NEVER},
        {1, SCENE_FROM, SCENE_TODAY + 9},
        {2, SCENE_FROM, SCENE_UNTIL},
        {3, SCENE_FROM, SCENE_UNTIL},
        {1, SCENE_FROM, SCENE_TODAY},
        {1, SCENE_TODAY + 1, SCENE_UNTIL},
    };
    static const struct product products[] = {{.number = 1}, {.number = 1001}, {.number = 1002}};
    static const struct relief reliefs[] = {
        {.code = 1, .until_day = DAY_NEVER},
        {.code = 4711, .until_day = DAY_NEVER, .split = 3},
        {.code = 4712, .until_day = DAY_NEVER, .split = 4},
    };
    static const struct clause clauses[] = {{1, 0, SCENE_GROUP_TEST, 10000},
                                            {1001, 1, SCENE_GROUP_SENIOR, 5000},
                                            {1002, 2, SCENE_GROUP_NEEDY, 10000}};
    static const char *const people[] = {SCENE_SENIOR, SCENE_UNSURE, SCENE_PLAIN, SCENE_EXPIRED,
                                         SCENE_FUTURE};
    enum { HOMES = 8 };
    static _Alignas(BUCKET_SIZE) uint8_t buckets[(HOMES + BUCKET_REACH_MAX) * BUCKET_SIZE];
    static struct tables tables;

    memset(buckets, 0, sizeof(buckets));
    tables = (struct tables){
        .index = {.home_count = HOMES, .shards = {buckets}},
        .views = views,
        .set_first = set_first,
        .memberships = memberships,
        .products = products,
        .reliefs = reliefs,
        .clauses = clauses,
        .view_count = sizeof(views) / sizeof(views[0]),
        .set_count = 4,
        .group_count = 4,
        .product_count = 3,
        .relief_count = 3,
        .clause_count = 3,
    };
    for (uint32_t i = 0; i < sizeof(people) / sizeof(people[0]); i++) {
        struct identifier identifier = {.means = MEANS_PERSONAL_CODE, .size = 11};
        struct digest digest;
        memcpy(identifier.text, people[i], 11);
        identity_digest(&digest, key, &identifier);
        uint8_t *slot = buckets + index_home(&digest, HOMES) * BUCKET_SIZE;
        while (load_u32(slot + SLOT_PAYLOAD) != 0)
            slot += SLOT_SIZE; /* five people in eight buckets of four: it stays at home */
        memcpy(slot + SLOT_TAG, digest.bytes + DIGEST_SIZE - SLOT_PAYLOAD, SLOT_PAYLOAD);
        store_u32(slot + SLOT_PAYLOAD, i + 1);
    }
    return &tables;
}

static inline void scene_open(struct scene *scene)
{
    static const struct manifest manifest = {
        .generation = SCENE_GENERATION,
        .from_day = SCENE_FROM,
        .until_day = SCENE_UNTIL,
        .not_after_s = UINT64_MAX,
        .identifier_count = 5,
        .person_count = 4,
    };
    struct fault fault;
    memset(scene, 0, sizeof(*scene));
    memset(scene->key.bytes, 7, sizeof(scene->key.bytes));
    if (!identity_start(&fault) ||
        !edition_open(&scene->edition, scene_tables(&scene->key), &manifest, &fault))
        abort();
    scene->moment =
        (struct moment){.edition = scene->edition, .now_s = time_of_riga_day(SCENE_TODAY) + 43200};
    scene->board = (struct metrics_board){&scene->metrics, 1, scene->moment.now_s - 100};
    scene->answerer.key = &scene->key;
    scene->answerer.metrics = &scene->metrics;
    scene->answerer.board = &scene->board;
}

static inline void scene_close(struct scene *scene)
{
    edition_close(scene->edition);
}

static inline struct request scene_check(const char *code, uint32_t product, uint64_t request_id)
{
    struct request request = {
        .kind = KIND_CHECK,
        .quantity = 1,
        .request_id = request_id,
        .identifier = {.means = MEANS_PERSONAL_CODE, .size = 11},
        .product = product,
        .unit_price = 15001,
        .service_time_s = (uint32_t)time_of_riga_day(SCENE_TODAY) + 3600,
    };
    memcpy(request.identifier.text, code, 11);
    return request;
}

/* Frames of all kinds and outcomes, in an order that a seed chooses. */
static inline void scene_frames(uint8_t *frames, size_t frame_count, uint64_t seed)
{
    static const char *const codes[] = {SCENE_SENIOR,  SCENE_UNSURE, SCENE_PLAIN,
                                        SCENE_EXPIRED, SCENE_FUTURE, SCENE_NOBODY};
    static const uint32_t products[] = {SCENE_DISCOUNT, SCENE_FREE, SCENE_NO_PRODUCT};
    for (size_t i = 0; i < frame_count; i++) {
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
        uint32_t pick = (uint32_t)(seed >> 40);
        struct request request =
            scene_check(codes[pick % 6], products[pick / 6 % 3], UINT64_C(1) << 33 | (i + 1));
        if (pick % 11 == 0)
            request = (struct request){.kind = KIND_PING, .request_id = i + 1};
        frame_encode_request(frames + i * FRAME_SIZE, &request);
        if (pick % 13 == 0)
            frames[i * FRAME_SIZE + REQUEST_ENTRY] = 99; /* refused, and served on */
    }
}

#endif
