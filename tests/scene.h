/* A handful of people and products in memory, without files: for suites and fuzz targets of the
 * engine that need something to answer from. */
#ifndef TESTS_SCENE_H
#define TESTS_SCENE_H

#include "engine/answer.h"
#include "protocol/index.h"
#include "protocol/subject.h"

#include <stdlib.h>
#include <string.h>

/* The window is 2026-10-23 to 2027-01-24, as of 2026-11-23. */
enum { SCENE_FROM = 20749, SCENE_TODAY = 20780, SCENE_UNTIL = 20842 };

#define SCENE_GENERATION 0x4d2

/* Products. All but SCENE_CONTRACTED need no contract. */
enum {
    SCENE_DISCOUNT = 1001,   /* half price for seniors */
    SCENE_FREE = 1002,       /* free for the needy */
    SCENE_CONTRACTED = 1003, /* half price for seniors at SCENE_POINT, from today for five days */
    SCENE_STACKED = 1004,    /* half price for seniors, and 0.10 EUR off for everybody on top */
    SCENE_BY_CARD = 1005,    /* 0.10 EUR off for everybody with a card that was read by its chip */
    SCENE_EARLY = 1006,      /* half price for seniors until three in the afternoon */
};
#define SCENE_NO_PRODUCT 77

#define SCENE_POINT    42
#define SCENE_NO_POINT 78

/* People by personal code. */
#define SCENE_SENIOR  "32000000001"
#define SCENE_UNSURE  "32000000002" /* whether needy is not known */
#define SCENE_PLAIN   "32000000003" /* in a group that no clause here is about */
#define SCENE_EXPIRED "32000000004" /* a senior whose means has ended */
#define SCENE_FUTURE  "32000000005" /* and one whose means is not good yet */
#define SCENE_NOBODY  "32999999999" /* not in the index */
#define SCENE_HIT     "01010000018" /* the test identity */

struct scene {
    struct identity_key key;
    struct identity_key subject_key;
    struct edition *edition;
    struct metrics metrics;
    struct metrics_board board;
    struct answerer answerer;
    struct moment moment; /* noon of SCENE_TODAY, asked by an inspector */
};

enum { SCENE_GROUP_TEST, SCENE_GROUP_SENIOR, SCENE_GROUP_NEEDY, SCENE_GROUP_OTHER };

#define SCENE_COUNT(array) ((uint32_t)(sizeof(array) / sizeof((array)[0])))

/* Clauses about any price, quantity and hour: part of the price, and an amount off. */
#define SCENE_ANY                                                                                  \
    .round_step = 1, .price_most = UINT32_MAX, .quantity_least = 1, .quantity_most = QUANTITY_MAX, \
    .number = 1
#define SCENE_PERCENT                                                                              \
    SCENE_ANY, .computation = COMPUTE_PERCENT, .means_mask = MEANS_MASK_ALL,                       \
               .entry_mask = ENTRY_MASK_ALL
#define SCENE_AMOUNT SCENE_ANY, .computation = COMPUTE_AMOUNT, .group = GROUP_EVERYBODY

static const struct clause scene_clauses[] = {
    {SCENE_PERCENT, .code = 1, .value = 10000},
    {SCENE_PERCENT, .code = 4711, .relief = 1, .group = SCENE_GROUP_SENIOR, .split = 3,
     .value = 5000},
    {SCENE_PERCENT, .code = 4712, .relief = 2, .group = SCENE_GROUP_NEEDY, .split = 4,
     .value = 10000},
    {SCENE_PERCENT, .code = 4713, .relief = 3, .group = SCENE_GROUP_SENIOR, .dayset = 1, .split = 5,
     .value = 5000},
    {SCENE_PERCENT, .code = 4711, .relief = 1, .group = SCENE_GROUP_SENIOR, .split = 3,
     .value = 5000},
    {SCENE_AMOUNT, .code = 4714, .relief = 4, .split = 6, .value = 1000, .flags = CLAUSE_STACKS,
     .means_mask = MEANS_MASK_ALL, .entry_mask = ENTRY_MASK_ALL},
    {SCENE_AMOUNT, .code = 4714, .relief = 4, .split = 6, .value = 1000,
     .means_mask = 1 << MEANS_CARD, .entry_mask = 1 << ENTRY_CHIP},
    {SCENE_PERCENT, .code = 4711, .relief = 1, .group = SCENE_GROUP_SENIOR, .split = 3,
     .value = 5000, .clock_count = 1, .clocks = {{600, 900}}},
};

/* The same nowhere and at SCENE_POINT's site, but for what needs a contract. */
static const struct offer scene_offers[] = {
    {0, PRODUCT_TEST, 0, 1, DAYSET_ALL},  {0, SCENE_DISCOUNT, 1, 1, DAYSET_ALL},
    {0, SCENE_FREE, 2, 1, DAYSET_ALL},    {0, SCENE_STACKED, 4, 2, DAYSET_ALL},
    {0, SCENE_BY_CARD, 6, 1, DAYSET_ALL}, {0, SCENE_EARLY, 7, 1, DAYSET_ALL},
    {1, PRODUCT_TEST, 0, 1, DAYSET_ALL},  {1, SCENE_DISCOUNT, 1, 1, DAYSET_ALL},
    {1, SCENE_FREE, 2, 1, DAYSET_ALL},    {1, SCENE_CONTRACTED, 3, 1, 1},
    {1, SCENE_STACKED, 4, 2, DAYSET_ALL}, {1, SCENE_BY_CARD, 6, 1, DAYSET_ALL},
    {1, SCENE_EARLY, 7, 1, DAYSET_ALL},
};

static const struct product scene_products[] = {
    {.number = PRODUCT_TEST},     {.number = SCENE_DISCOUNT}, {.number = SCENE_FREE},
    {.number = SCENE_CONTRACTED}, {.number = SCENE_STACKED},  {.number = SCENE_BY_CARD},
    {.number = SCENE_EARLY},
};

static const struct point scene_points[] = {{.number = SCENE_POINT, .site = 1}};

static const struct relief scene_reliefs[] = {
    {.code = 1, .until_day = DAY_NEVER, .state = RELIEF_ACTIVE},
    {.code = 4711, .until_day = DAY_NEVER, .state = RELIEF_ACTIVE},
    {.code = 4712, .until_day = DAY_NEVER, .state = RELIEF_ACTIVE},
    {.code = 4713, .until_day = DAY_NEVER, .state = RELIEF_ACTIVE},
    {.code = 4714, .until_day = DAY_NEVER, .state = RELIEF_ACTIVE},
};

/* All days of the window; today and the four after it. */
static inline const struct dayset *scene_daysets(void)
{
    static struct dayset daysets[2];
    memset(daysets, 0, sizeof(daysets));
    for (uint32_t day = 0; day < SCENE_UNTIL - SCENE_FROM; day++) {
        uint64_t bit = UINT64_C(1) << day % 64;
        daysets[DAYSET_ALL].words[day / 64] |= bit;
        if (day >= SCENE_TODAY - SCENE_FROM && day < SCENE_TODAY - SCENE_FROM + 5)
            daysets[1].words[day / 64] |= bit;
    }
    return daysets;
}

/* View i + 1 is that of people[i], whose subject is that of the code. */
static inline void scene_index(uint8_t *buckets, uint8_t *subjects, uint32_t home_count,
                               const struct identity_key *key,
                               const struct identity_key *subject_key)
{
    static const char *const people[] = {SCENE_SENIOR,  SCENE_UNSURE, SCENE_PLAIN,
                                         SCENE_EXPIRED, SCENE_FUTURE, SCENE_HIT};
    for (uint32_t i = 0; i < SCENE_COUNT(people); i++) {
        struct identifier identifier = {.means = MEANS_PERSONAL_CODE, .size = 11};
        struct digest digest;
        memcpy(identifier.text, people[i], 11);
        identity_digest(&digest, key, &identifier);
        uint8_t *slot = buckets + index_home(&digest, home_count) * BUCKET_SIZE;
        while (load_u32(slot + SLOT_PAYLOAD) != 0)
            slot += SLOT_SIZE; /* six people in eight buckets of four: it stays at home */
        memcpy(slot + SLOT_TAG, digest.bytes + DIGEST_SIZE - SLOT_PAYLOAD, SLOT_PAYLOAD);
        store_u32(slot + SLOT_PAYLOAD, i + 1);
        store_u64(subjects + (slot - buckets) / SLOT_SIZE * 8,
                  subject_of(subject_key, &identifier));
    }
}

static inline const struct tables *scene_tables(const struct identity_key *key,
                                                const struct identity_key *subject_key)
{
    static const struct membership memberships[] = {
        {SCENE_GROUP_SENIOR, TRUTH_YES, SCENE_FROM, SCENE_UNTIL},
        {SCENE_GROUP_NEEDY, TRUTH_UNKNOWN, SCENE_FROM, SCENE_UNTIL},
        {SCENE_GROUP_OTHER, TRUTH_YES, SCENE_FROM, SCENE_UNTIL},
        {SCENE_GROUP_TEST, TRUTH_YES, SCENE_FROM, SCENE_UNTIL},
    };
    static const uint32_t set_first[] = {0, 0, 1, 2, 3, 4};
    static const struct view views[] = {
        {0, 0, DAY_NEVER},
        {1, SCENE_FROM, SCENE_TODAY + 9},
        {2, SCENE_FROM, SCENE_UNTIL},
        {3, SCENE_FROM, SCENE_UNTIL},
        {1, SCENE_FROM, SCENE_TODAY},
        {1, SCENE_TODAY + 1, SCENE_UNTIL},
        {4, SCENE_FROM, SCENE_UNTIL},
    };
    enum { HOMES = 8 };
    static _Alignas(BUCKET_SIZE) uint8_t buckets[(HOMES + BUCKET_REACH_MAX) * BUCKET_SIZE];
    static uint8_t subjects[(HOMES + BUCKET_REACH_MAX) * SUBJECT_BUCKET_SIZE];
    static struct tables tables;

    memset(subjects, 0, sizeof(subjects));
    memset(buckets, 0, sizeof(buckets));
    scene_index(buckets, subjects, HOMES, key, subject_key);
    tables = (struct tables){
        .index = {.home_count = HOMES, .shards = {buckets}, .subjects = {subjects}},
        .views = views,
        .set_first = set_first,
        .memberships = memberships,
        .products = scene_products,
        .points = scene_points,
        .daysets = scene_daysets(),
        .offers = scene_offers,
        .clauses = scene_clauses,
        .reliefs = scene_reliefs,
        .view_count = SCENE_COUNT(views),
        .set_count = SCENE_COUNT(set_first) - 1,
        .group_count = 4,
        .product_count = SCENE_COUNT(scene_products),
        .point_count = SCENE_COUNT(scene_points),
        .dayset_count = 2,
        .offer_count = SCENE_COUNT(scene_offers),
        .clause_count = SCENE_COUNT(scene_clauses),
        .relief_count = SCENE_COUNT(scene_reliefs),
    };
    return &tables;
}

static inline void scene_open(struct scene *scene)
{
    static struct manifest manifest = {
        .generation = SCENE_GENERATION,
        .from_day = SCENE_FROM,
        .until_day = SCENE_UNTIL,
        .not_after_s = UINT64_MAX,
        .identifier_count = 6,
        .person_count = 5,
    };
    struct fault fault;
    memset(scene, 0, sizeof(*scene));
    memset(scene->key.bytes, 7, sizeof(scene->key.bytes));
    memset(scene->subject_key.bytes, 9, sizeof(scene->subject_key.bytes));
    if (!identity_start(&fault))
        abort();
    manifest.subject_check = subject_key_check(&scene->subject_key);
    if (!edition_open(&scene->edition, scene_tables(&scene->key, &scene->subject_key), &manifest,
                      &fault) ||
        !edition_take_identity(scene->edition, &scene->key, &fault))
        abort();
    scene->moment = (struct moment){.edition = scene->edition,
                                    .now_s = time_of_riga_day(SCENE_TODAY) + 43200,
                                    .profile = PROFILE_INSPECTOR};
    scene->board = (struct metrics_board){&scene->metrics, 1, scene->moment.now_s - 100};
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
    static const uint32_t products[] = {SCENE_DISCOUNT, SCENE_FREE,    SCENE_CONTRACTED,
                                        SCENE_STACKED,  SCENE_BY_CARD, SCENE_NO_PRODUCT};
    static const uint32_t points[] = {0, SCENE_POINT, SCENE_NO_POINT};
    for (size_t i = 0; i < frame_count; i++) {
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
        uint32_t pick = (uint32_t)(seed >> 40);
        struct request request =
            scene_check(codes[pick % 6], products[pick / 6 % 6], UINT64_C(1) << 33 | (i + 1));
        request.point_of_sale = points[pick / 36 % 3];
        if (pick % 17 == 0)
            request.service_time_s = 86400; /* long before the window */
        if (pick % 11 == 0)
            request = (struct request){.kind = KIND_PING, .request_id = i + 1};
        frame_encode_request(frames + i * FRAME_SIZE, &request);
        if (pick % 13 == 0)
            frames[i * FRAME_SIZE + REQUEST_ENTRY] = 99; /* refused, and served on */
    }
}

#endif
