/* The hot path for tests/instructions.sh, which runs it under callgrind and counts: the loop's own
 * code over a country in memory that a seed makes, with keys that never change, so that the same
 * code takes the same instructions. Prints how many requests each figure is about; what the
 * function `counted_NAME` runs is counted, and nothing else. usage: count_instructions [NAME ...]
 */
#include "engine/conn.h"
#include "loader/arrange.h"
#include "tests/sealed.h"
#include "tests/shelf.h"
#include "tests/support.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FROM_DAY      20600
#define AS_OF_DAY     20631
#define UNTIL_DAY     20693
#define PRODUCT_COUNT 8
#define PRODUCT_FIRST 1001
#define OFFERED       8 /* clauses of a product */
#define CLAUSE_COUNT  (PRODUCT_COUNT * OFFERED)
#define GROUP_COUNT   40u
#define SET_COUNT     500u
#define PERSON_COUNT  4000u
#define CODE_FIRST    UINT64_C(32000000000)
#define REQUEST_COUNT 2048
#define FRAMES        64 /* of a group, and of a record */
#define WAKEUP_COUNT  256
#define NEVER_MS      3600000

static struct identity_key key, subject_key;
static struct edition *edition;
static struct metrics metrics;
static struct metrics_board board = {&metrics, 1, 0};
static struct transactions transactions;
static struct answerer answerer = {.metrics = &metrics, .board = &board};
static struct moment moment = {.profile = PROFILE_TILL};

static void must(bool is_good, const struct fault *fault)
{
    if (!is_good)
        errx(1, "%s", fault->text);
}

/* ---- a country ---- */

static struct membership memberships[SET_COUNT * 4];
static uint32_t set_first[SET_COUNT + 1];
static struct view views[SET_COUNT];

/* Sets of one to four groups, a view for each; every seventh means has ended. */
static void make_views(void)
{
    uint64_t state = 5;
    uint32_t used = 0;
    views[VIEW_NOBODY] = (struct view){0, 0, DAY_NEVER};
    for (uint32_t set = 1; set < SET_COUNT; set++) {
        set_first[set] = used;
        uint16_t group = 0;
        for (uint64_t more = support_random(&state) % 4 + 1; more > 0; more--) {
            group = (uint16_t)(group + 1 + support_random(&state) % (GROUP_COUNT / 4 - 1));
            memberships[used++] = (struct membership){group, TRUTH_YES, FROM_DAY, UNTIL_DAY};
        }
        views[set] = (struct view){set, FROM_DAY, set % 7 == 0 ? FROM_DAY + 2 : UNTIL_DAY};
    }
    set_first[SET_COUNT] = used;
}

static struct identifier code_of(uint64_t number)
{
    struct identifier identifier = {.means = MEANS_PERSONAL_CODE, .size = 11};
    means_unpack_code(identifier.text, CODE_FIRST + number);
    return identifier;
}

static struct index make_index(void)
{
    static struct index_entry entries[PERSON_COUNT];
    struct arrangement *arrangement;
    struct fault fault;
    uint64_t state = 9;
    for (uint32_t i = 0; i < PERSON_COUNT; i++) {
        struct identifier identifier = code_of(i);
        identity_digest(&entries[i].digest, &key, &identifier);
        entries[i].view = 1 + (uint32_t)(support_random(&state) % (SET_COUNT - 1));
    }
    must(arrangement_make(&arrangement, entries, PERSON_COUNT, 1, &fault), &fault);
    uint64_t bucket_count = index_bucket_count(arrangement->home_count);
    uint8_t *buckets = aligned_alloc(BUCKET_SIZE, bucket_count * BUCKET_SIZE);
    uint8_t *subjects = calloc(bucket_count, SUBJECT_BUCKET_SIZE);
    if (buckets == NULL || subjects == NULL)
        errx(1, "no memory");
    must(arrangement_fill(arrangement, buckets, 0, bucket_count, 1, &fault), &fault);
    struct index index = {
        .home_count = arrangement->home_count, .shards = {buckets}, .subjects = {subjects}};
    arrangement_free(arrangement);
    return index;
}

static struct clause clauses[CLAUSE_COUNT];
static struct offer offers[PRODUCT_COUNT];
static struct product products[PRODUCT_COUNT];
static struct relief reliefs[CLAUSE_COUNT];
static struct group groups[GROUP_COUNT];

/* Of each product as many clauses as there are offered, one relief each, for groups that a seed
 * chooses; two of them ask for a price. Returns how many offers they are. */
static uint32_t make_catalogue(void)
{
    uint32_t products_of[CLAUSE_COUNT];
    uint64_t state = 3;
    for (uint32_t i = 0; i < CLAUSE_COUNT; i++) {
        uint16_t group = (uint16_t)(1 + support_random(&state) % (GROUP_COUNT - 1));
        products_of[i] = PRODUCT_FIRST + i / OFFERED;
        products[i / OFFERED].number = products_of[i];
        reliefs[i] = (struct relief){
            .code = 100 + i, .until_day = DAY_NEVER, .state = RELIEF_ACTIVE, .giver = 1};
        clauses[i] = shelf_clause(100 + i, (uint16_t)i, group, (uint16_t)(1000 + 10 * i));
        if (i % 4 == 3)
            clauses[i].price_most = 12000;
    }
    return shelf_offers(offers, products_of, CLAUSE_COUNT);
}

static void make_country(void)
{
    static struct dayset days;
    static struct tables tables;
    static struct manifest manifest = {.from_day = FROM_DAY,
                                       .until_day = UNTIL_DAY,
                                       .as_of_day = AS_OF_DAY,
                                       .not_after_s = UINT64_MAX};
    struct fault fault;
    days = shelf_all_days(UNTIL_DAY - FROM_DAY);
    make_views();
    uint32_t offer_count = make_catalogue();
    tables = (struct tables){.index = make_index(),
                             .views = views,
                             .set_first = set_first,
                             .memberships = memberships,
                             .groups = groups,
                             .products = products,
                             .daysets = &days,
                             .offers = offers,
                             .clauses = clauses,
                             .reliefs = reliefs,
                             .view_count = SET_COUNT,
                             .set_count = SET_COUNT,
                             .group_count = GROUP_COUNT,
                             .product_count = PRODUCT_COUNT,
                             .dayset_count = 1,
                             .offer_count = offer_count,
                             .clause_count = CLAUSE_COUNT,
                             .relief_count = CLAUSE_COUNT};
    must(edition_open(&edition, &tables, &manifest, &fault), &fault);
    must(edition_take_identity(edition, &key, &fault), &fault);
    moment.edition = edition;
    moment.now_s = time_of_riga_day(AS_OF_DAY) + 43200;
}

/* ---- questions ---- */

static uint8_t questions[REQUEST_COUNT * FRAME_SIZE], answers[REQUEST_COUNT * FRAME_SIZE];

/* Half of them about nobody. */
static void make_questions(uint8_t kind)
{
    uint64_t state = 1;
    for (size_t i = 0; i < REQUEST_COUNT; i++) {
        uint64_t number = support_random(&state) % (2 * PERSON_COUNT);
        struct request request = {
            .kind = kind,
            .quantity = 1,
            .request_id = i + 1,
            .identifier = code_of(number),
            .product = PRODUCT_FIRST + (uint32_t)(support_random(&state) % PRODUCT_COUNT),
            .unit_price = 10000 + (uint32_t)(support_random(&state) % 5000),
            .service_time_s = (uint32_t)moment.now_s, /* not the day on which this runs */
        };
        frame_encode_request(questions + i * FRAME_SIZE, &request);
    }
}

/* Nothing is counted that was refused or went elsewhere. */
static void must_be_decided(uint64_t request_count)
{
    uint64_t looked_up = metric_read(&metrics.looked_up), applies = metric_read(&metrics.applies);
    if (looked_up != request_count || applies < request_count / 16 || applies > request_count / 2)
        errx(1, "of %zu requests %zu were looked up, and a relief applies to %zu",
             (size_t)request_count, (size_t)looked_up, (size_t)applies);
    memset(&metrics, 0, sizeof(metrics));
}

static void answer_all(size_t group)
{
    bool is_over;
    for (size_t i = 0; i < REQUEST_COUNT; i += group)
        (void)answer_frames(&answerer, &moment, answers + i * FRAME_SIZE,
                            questions + i * FRAME_SIZE, group, &is_over);
}

/* ---- frames in the clear ---- */

#define COUNTED __attribute__((noinline))

COUNTED static void counted_check_64(void)
{
    answer_all(FRAMES);
}
COUNTED static void counted_check_1(void)
{
    answer_all(1);
}

/* ---- records ---- */

static struct sealed_side terminal_side;
static struct sealed session;
static uint8_t records[REQUEST_COUNT * DATA_SIZE(1)], sealed_out[RECORD_SIZE_MAX];
static size_t record_frames;

static void seal_questions(size_t frame_count)
{
    record_frames = frame_count;
    for (size_t i = 0; i < REQUEST_COUNT / frame_count; i++) {
        uint8_t *record = records + i * DATA_SIZE(frame_count);
        memcpy(record + HEADER_SIZE, questions + i * frame_count * FRAME_SIZE,
               frame_count * FRAME_SIZE);
        (void)record_seal(&terminal_side.send, record, frame_count);
    }
}

static void open_session(void)
{
    static const struct terminal terminal = {
        .number = 1, .profile = PROFILE_TILL, .from_day = FROM_DAY, .until_day = UNTIL_DAY};
    struct guard_settings settings = {.slot_count = 16, .save_s = 60, .key = {7}};
    struct sealed_side server;
    struct fault fault;
    sealed_open(&terminal_side, &server);
    session = (struct sealed){
        .receive = server.receive, .send = server.send, .terminal_number = terminal.number};
    must(guard_open(&answerer.guard, &settings, &fault), &fault);
    moment.guard_slot = guard_slot(answerer.guard, terminal.number, moment.now_s);
    moment.terminal = &terminal;
}

static void close_session(void)
{
    guard_leave(answerer.guard, moment.guard_slot);
    guard_close(answerer.guard);
    answerer.guard = NULL;
    moment.terminal = NULL;
}

/* Record after record, as they would come in one by one. */
static void answer_records(void)
{
    struct sealed_step step = {.end = SEALED_GOES_ON};
    size_t size = DATA_SIZE(record_frames);
    for (size_t i = 0; i < REQUEST_COUNT / record_frames && step.end == SEALED_GOES_ON; i++) {
        sealed_take(&step, &session, &answerer, &moment, sealed_out, records + i * size, size);
        answer_finish(&answerer);
        sealed_seal(&session, sealed_out, step.answer_size);
    }
    if (step.end != SEALED_GOES_ON || step.frame_count != record_frames)
        errx(1, "the session ended: %d", step.end);
}

COUNTED static void counted_sealed_64(void)
{
    answer_records();
}
COUNTED static void counted_sealed_1(void)
{
    answer_records();
}

static void prepare_sealed_64(void)
{
    open_session();
    seal_questions(FRAMES);
}
static void prepare_sealed_1(void)
{
    open_session();
    seal_questions(1);
}

/* ---- purchases: up to what the ledger is given ---- */

COUNTED static void counted_use_64(void)
{
    bool is_over;
    for (size_t i = 0; i < REQUEST_COUNT; i += FRAMES) {
        transactions.count = 0;
        (void)answer_frames(&answerer, &moment, answers + i * FRAME_SIZE,
                            questions + i * FRAME_SIZE, FRAMES, &is_over);
    }
}

static void prepare_use(void)
{
    make_questions(KIND_USE);
    answerer.transactions = &transactions;
    answerer.subject_key = &subject_key;
}

static void close_use(void)
{
    if (transactions.count != FRAMES)
        errx(1, "the ledger was asked for %u of %d", transactions.count, FRAMES);
    answerer.transactions = NULL;
    make_questions(KIND_CHECK);
}

/* ---- a wakeup: one frame in, one answer out, and all around it but the kernel ---- */

static struct ev_loop *ev;
static struct conns *conns;
static int client;

static void prepare_wakeup(void)
{
    static _Atomic uint32_t connection_count;
    struct fault fault;
    int pair[2];
    ev = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
    struct conns_settings settings = {
        .connection_count_max = 4,
        .connection_count = &connection_count,
        .idle_ms = NEVER_MS,
        .frame_ms = NEVER_MS,
        .write_ms = NEVER_MS,
        .ev = ev,
        .answerer = &answerer,
        .metrics = &metrics,
    };
    must(conns_open(&conns, &settings, &fault), &fault);
    conns_use(conns, edition);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) != 0)
        err(1, "socketpair");
    client = pair[0];
    if (!conns_admit(conns, pair[1]))
        errx(1, "no connection is admitted");
    conns_add(conns, pair[1], PROFILE_TILL);
    ev_run(ev, EVRUN_NOWAIT);
}

COUNTED static void counted_wakeup(void)
{
    for (size_t i = 0; i < WAKEUP_COUNT; i++) {
        uint8_t *answer = answers + i * FRAME_SIZE;
        if (write(client, questions + i * FRAME_SIZE, FRAME_SIZE) != FRAME_SIZE)
            err(1, "no question");
        ev_run(ev, EVRUN_NOWAIT); /* reads */
        ev_run(ev, EVRUN_NOWAIT); /* answers: the round is over */
        if (read(client, answer, FRAME_SIZE) != FRAME_SIZE)
            err(1, "no answer");
    }
}

static void close_wakeup(void)
{
    close(client);
    conns_close(conns);
    ev_loop_destroy(ev);
}

/* ---- all of them ---- */

static void nothing(void)
{
}

static const struct figure {
    const char *name; /* of the function counted_NAME */
    void (*prepare)(void);
    void (*run)(void);
    void (*close)(void);
    unsigned request_count, check_count;
} figures[] = {
    {"check_64", nothing, counted_check_64, nothing, REQUEST_COUNT, REQUEST_COUNT},
    {"check_1", nothing, counted_check_1, nothing, REQUEST_COUNT, REQUEST_COUNT},
    {"sealed_64", prepare_sealed_64, counted_sealed_64, close_session, REQUEST_COUNT,
     REQUEST_COUNT},
    {"sealed_1", prepare_sealed_1, counted_sealed_1, close_session, REQUEST_COUNT, REQUEST_COUNT},
    {"use_64", prepare_use, counted_use_64, close_use, REQUEST_COUNT, 0},
    {"wakeup", prepare_wakeup, counted_wakeup, close_wakeup, WAKEUP_COUNT, WAKEUP_COUNT},
};

static bool is_asked_for(const struct figure *figure, int argc, char *argv[])
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], figure->name) == 0)
            return true;
    return argc == 1;
}

int main(int argc, char *argv[])
{
    struct fault fault;
    must(identity_start(&fault), &fault);
    for (size_t i = 0; i < IDENTITY_KEY_SIZE; i++) {
        key.bytes[i] = (uint8_t)(i * 7 + 1);
        subject_key.bytes[i] = (uint8_t)(i * 5 + 3);
    }
    make_country();
    make_questions(KIND_CHECK);
    answer_all(FRAMES); /* what is done but once is done: ways to libraries, choice of a width */
    must_be_decided(REQUEST_COUNT);
    for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
        const struct figure *figure = &figures[i];
        if (!is_asked_for(figure, argc, argv))
            continue;
        figure->prepare();
        figure->run();
        must_be_decided(figure->check_count);
        figure->close();
        printf("%s %u\n", figure->name, figure->request_count);
    }
    edition_close(edition);
    return 0;
}
