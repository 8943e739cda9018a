#include "tests/ledger_scene.h"

#include "engine/book_parts.h"
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Outside of tests, too, where Check is not there to tell. */
#define must(what)                                                                                 \
    do                                                                                             \
        if (!(what)) {                                                                             \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #what);                     \
            abort();                                                                               \
        }                                                                                          \
    while (0)

enum { G_TEST, G_MEMBER, G_COUNT };
enum { LIMITS_ROOM = 64 };

#define ANY                                                                                        \
    .round_step = 1, .price_most = UINT32_MAX, .quantity_least = 1, .quantity_most = QUANTITY_MAX, \
    .number = 1, .means_mask = MEANS_MASK_ALL, .entry_mask = ENTRY_MASK_ALL
#define OF(relief_) ANY, .relief = relief_, .code = LS_CODE(relief_), .split = 3
#define MEMBERS     .group = G_MEMBER
#define PERCENT(bp) .computation = COMPUTE_PERCENT, .value = bp
#define OFF(amount) .computation = COMPUTE_AMOUNT, .value = amount, .group = GROUP_EVERYBODY

static const struct clause clauses[] = {
    {ANY, .code = 1, PERCENT(10000)},
    {OF(LS_HALF), MEMBERS, PERCENT(5000)},
    {OF(LS_HALF), MEMBERS, PERCENT(5000)},
    {OF(LS_THIRD), MEMBERS, PERCENT(3000)},
    {OF(LS_HALF), MEMBERS, PERCENT(5000)},
    {OF(LS_DIME), OFF(1000), .flags = CLAUSE_STACKS},
    {OF(LS_NICKEL), OFF(500), .flags = CLAUSE_STACKS},
    {OF(LS_SCHOOL), MEMBERS, PERCENT(10000), .companions_max = 2, .unit_count_max = 3},
    {OF(LS_DIME), OFF(1000), .flags = CLAUSE_STACKS},
    {OF(LS_THIRD), MEMBERS, PERCENT(3000)},
};
static const struct offer offers[] = {
    {0, PRODUCT_TEST, 0, 1, DAYSET_ALL}, {0, LS_P_HALF, 1, 1, DAYSET_ALL},
    {0, LS_P_BEST, 2, 2, DAYSET_ALL},    {0, LS_P_STACK, 4, 3, DAYSET_ALL},
    {0, LS_P_SCHOOL, 7, 1, DAYSET_ALL},  {0, LS_P_DIME, 8, 1, DAYSET_ALL},
    {0, LS_P_THIRD, 9, 1, DAYSET_ALL},   {1, PRODUCT_TEST, 0, 1, DAYSET_ALL},
    {1, LS_P_HALF, 1, 1, DAYSET_ALL},    {1, LS_P_BEST, 2, 2, DAYSET_ALL},
    {1, LS_P_STACK, 4, 3, DAYSET_ALL},   {1, LS_P_SCHOOL, 7, 1, DAYSET_ALL},
    {1, LS_P_DIME, 8, 1, DAYSET_ALL},    {1, LS_P_THIRD, 9, 1, DAYSET_ALL},
};
static const struct product products[] = {
    {.number = PRODUCT_TEST}, {.number = LS_P_HALF}, {.number = LS_P_BEST},  {.number = LS_P_STACK},
    {.number = LS_P_SCHOOL},  {.number = LS_P_DIME}, {.number = LS_P_THIRD},
};
static const struct point points[] = {
    {.number = LS_POINT, .site = 1, .provider = LS_PROVIDER},
    {.number = LS_POINT + 1, .site = 1, .provider = LS_OTHER},
};
#define RELIEF(index, name_)                                                                       \
    [index] = {.code = LS_CODE(index),                                                             \
               .until_day = DAY_NEVER,                                                             \
               .state = RELIEF_ACTIVE,                                                             \
               .giver = 90000000001,                                                               \
               .name = name_}
static const struct relief reliefs[LS_RELIEF_COUNT] = {
    [0] = {.code = 1, .until_day = DAY_NEVER, .state = RELIEF_ACTIVE, .name = RELIEF_TEST_NAME},
    RELIEF(LS_HALF, "HALF"),
    RELIEF(LS_THIRD, "THIRD"),
    RELIEF(LS_DIME, "DIME"),
    RELIEF(LS_SCHOOL, "SCHOOL"),
    RELIEF(LS_NICKEL, "NICKEL"),
};
static const struct split splits[] = {
    {.code = 3, .part_count = 1, .parts = {{90000000001, SPLIT_REST, 0}}}};
static const struct membership memberships[] = {
    {G_MEMBER, TRUTH_YES, LS_FROM, LS_UNTIL},
    {G_MEMBER, TRUTH_YES, LS_TERM, LS_UNTIL},
};
static const uint32_t set_first[] = {0, 0, 1, 2};
static const struct view views[] = {
    [LS_NOBODY] = {0, 0, DAY_NEVER},
    [LS_MEMBER] = {1, LS_FROM, LS_UNTIL},
    [LS_NEW_MEMBER] = {2, LS_FROM, LS_UNTIL},
};
static const struct terminal terminals[] = {
    {.number = LS_TERMINAL, .provider = LS_PROVIDER},
    {.number = LS_TERMINAL_BESIDE, .provider = LS_PROVIDER},
    {.number = LS_TERMINAL_OTHER, .provider = LS_OTHER},
};

static struct dayset dayset;
static struct limit limits_of_scene[LIMITS_ROOM];
static struct tables tables;
static struct manifest manifest;

static void open_edition(struct ledger_scene *scene)
{
    struct fault fault;
    for (uint32_t day = 0; day < LS_UNTIL - LS_FROM; day++)
        dayset.words[day / 64] |= UINT64_C(1) << day % 64;
    tables = (struct tables){
        .views = views,
        .set_first = set_first,
        .memberships = memberships,
        .products = products,
        .points = points,
        .daysets = &dayset,
        .offers = offers,
        .clauses = clauses,
        .reliefs = reliefs,
        .splits = splits,
        .limits = limits_of_scene,
        .terminals = terminals,
        .view_count = COUNT_OF(views),
        .set_count = COUNT_OF(set_first) - 1,
        .group_count = G_COUNT,
        .product_count = COUNT_OF(products),
        .point_count = COUNT_OF(points),
        .dayset_count = 1,
        .offer_count = COUNT_OF(offers),
        .clause_count = COUNT_OF(clauses),
        .relief_count = COUNT_OF(reliefs),
        .split_count = COUNT_OF(splits),
        .terminal_count = COUNT_OF(terminals),
    };
    manifest = (struct manifest){
        .generation = 1, .from_day = LS_FROM, .until_day = LS_UNTIL, .not_after_s = UINT64_MAX};
    if (!identity_start(&fault) || !edition_open(&scene->edition, &tables, &manifest, &fault)) {
        fputs(fault.text, stderr);
        abort();
    }
}

void ls_reopen(struct ledger_scene *scene)
{
    struct fault fault;
    struct book_settings settings = {.directory = scene->directory,
                                     .map_size = scene->map_size,
                                     .subject_key = 77,
                                     .environment = 1,
                                     .is_unsafe = true,
                                     .ballast_size = 1 << 20};
    book_close(scene->book);
    if (!book_open(&scene->book, &settings, &fault)) {
        fputs(fault.text, stderr);
        abort();
    }
}

void ls_begin(struct ledger_scene *scene)
{
    static const char *const files[] = {"ledger.mdb", "ledger.mdb-lock", "ledger.redo"};
    char path[512];
    book_close(scene->book);
    scene->book = NULL;
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        snprintf(path, sizeof(path), "%s/%s", scene->directory, files[i]);
        unlink(path);
    }
    scene->next_id = 1;
    scene->now_ms = ls_morning(LS_TODAY) * 1000;
    ls_reopen(scene);
}

void ls_open(struct ledger_scene *scene)
{
    *scene = (struct ledger_scene){.next_id = 1,
                                   .now_ms = ls_morning(LS_TODAY) * 1000,
                                   .directory = support_directory(),
                                   .map_size = UINT64_C(1) << 32};
    open_edition(scene);
    ls_reopen(scene);
}

void ls_close(struct ledger_scene *scene)
{
    book_close(scene->book);
    edition_close(scene->edition);
}

static int compare_limits(const void *a, const void *b)
{
    const struct limit *x = a, *y = b;
    return (x->relief > y->relief) - (x->relief < y->relief);
}

void ls_limits(struct ledger_scene *scene, const struct limit limits[], size_t count)
{
    (void)scene;
    must(count <= LIMITS_ROOM);
    if (count > 0)
        memcpy(limits_of_scene, limits, count * sizeof(limits[0]));
    for (size_t i = 0; i < count; i++)
        if (limits_of_scene[i].until_day == 0)
            limits_of_scene[i].until_day = DAY_NEVER;
    qsort(limits_of_scene, count, sizeof(limits_of_scene[0]), compare_limits);
    tables.limit_count = (uint32_t)count;
    manifest.generation++;
}

uint64_t ls_morning(uint32_t day)
{
    return time_of_riga_day(day) + 8 * 3600;
}

struct ledger_request ls_purchase(struct ledger_scene *scene, uint8_t kind, uint64_t subject,
                                  uint32_t product)
{
    return (struct ledger_request){
        .kind = kind,
        .hold_10s = kind == KIND_RESERVE ? 30 : 0,
        .terminal = LS_TERMINAL,
        .provider = LS_PROVIDER,
        .request_id = scene->next_id++,
        .subject = subject,
        .view = subject == SUBJECT_NOBODY ? LS_NOBODY : LS_MEMBER,
        .purchase = {.product = product,
                     .point_of_sale = LS_POINT,
                     .unit_price = 10000,
                     .quantity = 1,
                     .means = MEANS_CARD,
                     .entry = ENTRY_CHIP,
                     .service_time_s = ls_morning(LS_TODAY)},
    };
}

struct ledger_request ls_about(struct ledger_scene *scene, uint8_t kind,
                               const struct ledger_request *target)
{
    return (struct ledger_request){.kind = kind,
                                   .terminal = LS_TERMINAL,
                                   .provider = LS_PROVIDER,
                                   .request_id = scene->next_id++,
                                   .target_id = target->request_id,
                                   .target_terminal = target->terminal};
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
    return (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15) + (hash >> 29);
}

/* As subject_body would tell frames apart. */
static uint64_t body_of(const struct ledger_request *r)
{
    const struct purchase *p = &r->purchase;
    uint64_t hash = mix(mix(mix(1, r->kind), r->hold_10s), r->request_id);
    hash = mix(mix(mix(hash, r->subject), p->product), p->quantity);
    hash = mix(mix(mix(hash, p->companions), p->unit_price), p->service_time_s);
    return mix(mix(mix(mix(hash, r->target_id), r->target_terminal), r->quantity), r->amount);
}

void ls_fill(struct ledger_scene *scene, struct ledger_request *request)
{
    request->edition = scene->edition;
    request->body = body_of(request);
    request->ticket = request->request_id + 1000;
    if (kind_is_purchase(request->kind)) {
        request->candidates = decide_candidates(scene->edition, &request->purchase);
        must(request->candidates.status == STATUS_OK);
    }
}

struct ledger_verdict ls_ask(struct ledger_scene *scene, struct ledger_request *request)
{
    struct ledger_verdict verdict;
    ls_fill(scene, request);
    must(book_begin(scene->book, scene->now_ms) == BOOK_DONE);
    must(book_apply(scene->book, request, &verdict) == BOOK_DONE);
    must(book_commit(scene->book) == BOOK_DONE);
    must(verdict.ticket == request->ticket);
    return verdict;
}

uint32_t ls_expire(struct ledger_scene *scene, uint64_t now_ms)
{
    uint32_t count;
    scene->now_ms = now_ms;
    must(book_begin(scene->book, now_ms) == BOOK_DONE);
    must(book_expire(scene->book, 1000, &count) == BOOK_DONE);
    must(book_commit(scene->book) == BOOK_DONE);
    return count;
}

unsigned ls_posting_count(struct ledger_scene *scene, uint8_t kind)
{
    unsigned count = 0;
    struct posting posting;
    must(book_begin(scene->book, scene->now_ms) == BOOK_DONE);
    const struct ledger_head *head = book_head(scene->book);
    for (uint64_t sequence = head->pruned + 1; sequence <= head->sequence; sequence++) {
        must(book_get_posting(scene->book, sequence, &posting));
        count += posting.kind == kind;
    }
    book_drop(scene->book);
    return count;
}
