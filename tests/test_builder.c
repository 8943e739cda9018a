#include "loader/builder.h"

#include "protocol/snapshot.h"
#include "tests/fixture.h"
#include "tests/shelf.h"
#include "tests/support.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENTRY_COUNT 200000
#define PATH_ROOM   300

/* Content of its own, so that anything can be wrong with it. */
static struct group groups[2];
static struct product products[2];
static struct relief reliefs[2];
static struct clause clauses[2];
static struct offer offers[2];
static struct dayset all_days;
static struct tables tables;
static struct census census[2];
static uint32_t set_first[3];
static struct membership memberships[2];
static struct view views[3];
static struct index_entry *entries;

static struct content content_make(uint64_t entry_count)
{
    memset(groups, 0, sizeof(groups));
    memset(products, 0, sizeof(products));
    memset(reliefs, 0, sizeof(reliefs));
    strcpy(groups[0].name, GROUP_TEST_NAME);
    strcpy(groups[1].name, "riga");
    products[0].number = PRODUCT_TEST;
    strcpy(products[0].name, PRODUCT_TEST_NAME);
    products[1].number = 1001;
    strcpy(products[1].name, "city.ticket");
    reliefs[0] =
        (struct relief){.code = RELIEF_TEST_CODE, .until_day = DAY_NEVER, .state = RELIEF_ACTIVE};
    strcpy(reliefs[0].name, RELIEF_TEST_NAME);
    reliefs[1] = (struct relief){.code = 4711, .until_day = DAY_NEVER, .state = RELIEF_ACTIVE};
    strcpy(reliefs[1].name, "RIGA-CITY");
    clauses[0] = shelf_clause(RELIEF_TEST_CODE, 0, 0, 10000);
    clauses[1] = shelf_clause(4711, 1, 1, 5000);
    static const uint32_t clause_products[2] = {PRODUCT_TEST, 1001};
    uint32_t offer_count = shelf_offers(offers, clause_products, 2);
    all_days = shelf_all_days(93);
    census[0] = (struct census){0, 1000, 1, 0};
    census[1] = (struct census){1, 1000, 1, 0};
    set_first[0] = set_first[1] = 0;
    set_first[2] = 2;
    memberships[0] = (struct membership){0, TRUTH_YES, 20600, 20693};
    memberships[1] = (struct membership){1, TRUTH_UNKNOWN, 20600, 20693};
    views[0] = (struct view){0, 0, DAY_NEVER};
    views[1] = (struct view){1, 0, DAY_NEVER};
    views[2] = (struct view){1, 20600, 20601};
    uint64_t state = 42;
    free(entries); /* a test's earlier content */
    entries = calloc(entry_count, sizeof(*entries));
    for (uint64_t i = 0; i < entry_count; i++) {
        store_u64(entries[i].digest.bytes, support_random(&state));
        store_u64(entries[i].digest.bytes + 8, support_random(&state));
        entries[i].view = 1 + (uint32_t)(i % 2);
    }
    tables = (struct tables){
        .views = views,
        .set_first = set_first,
        .memberships = memberships,
        .groups = groups,
        .census = census,
        .products = products,
        .daysets = &all_days,
        .offers = offers,
        .clauses = clauses,
        .reliefs = reliefs,
        .view_count = 3,
        .set_count = 2,
        .group_count = 2,
        .census_count = 2,
        .product_count = 2,
        .dayset_count = 1,
        .offer_count = offer_count,
        .clause_count = 2,
        .relief_count = 2,
    };
    return (struct content){.entries = entries, .entry_count = entry_count, .tables = &tables};
}

static void start(void)
{
    struct fault fault;
    ck_assert(identity_start(&fault));
}

static void stop(void)
{
    free(entries);
    entries = NULL;
}

static const char *path_of(const char *name)
{
    static char paths[4][PATH_ROOM];
    static size_t next;
    char *path = paths[next++ % 4];
    snprintf(path, PATH_ROOM, "%s/%s", support_directory(), name);
    return path;
}

static bool files_are_same(const char *one, const char *other)
{
    FILE *a = fopen(one, "r"), *b = fopen(other, "r");
    ck_assert(a != NULL && b != NULL);
    static uint8_t x[65536], y[65536];
    bool same = true;
    size_t n, m;
    do {
        n = fread(x, 1, sizeof(x), a);
        m = fread(y, 1, sizeof(y), b);
        same = same && n == m && memcmp(x, y, n) == 0;
    } while (n > 0 && same);
    fclose(a);
    fclose(b);
    return same;
}

START_TEST(the_same_content_gives_the_same_bytes_whatever_its_order_and_threads)
{
    struct manifest first, other;
    struct fault fault;
    memset(&first, 0, sizeof(first));
    memset(&other, 0, sizeof(other));
    struct content content = content_make(ENTRY_COUNT);
    ck_assert_msg(builder_write(path_of("a.mdb"), &content, 1, &first, &fault), "%s", fault.text);

    uint64_t state = 7;
    for (uint32_t thread_count = 1; thread_count <= 4; thread_count++) {
        for (uint64_t i = ENTRY_COUNT - 1; i > 0; i--) {
            uint64_t j = support_random(&state) % (i + 1);
            struct index_entry swapped = entries[i];
            entries[i] = entries[j];
            entries[j] = swapped;
        }
        ck_assert(builder_write(path_of("b.mdb"), &content, thread_count, &other, &fault));
        ck_assert(files_are_same(path_of("a.mdb"), path_of("b.mdb")));
        ck_assert(other.data_size == first.data_size && other.home_count == first.home_count &&
                  memcmp(other.data_hash, first.data_hash, DATA_HASH_SIZE) == 0);
        for (uint32_t i = 0; i < first.value_count; i++)
            ck_assert(memcmp(other.values[i].hash, first.values[i].hash, VALUE_HASH_SIZE) == 0);
        ck_assert_int_eq(unlink(path_of("b.mdb")), 0);
    }

    /* and another content gives others */
    entries[5].view = 3 - entries[5].view;
    ck_assert(builder_write(path_of("b.mdb"), &content, 2, &other, &fault));
    ck_assert(!files_are_same(path_of("a.mdb"), path_of("b.mdb")));
}
END_TEST

START_TEST(the_manifest_learns_what_was_written)
{
    struct manifest m;
    memset(&m, 0xee, sizeof(m));
    m.generation = 77;
    struct fault fault;
    struct content content = content_make(1000);
    ck_assert(builder_write(path_of("m.mdb"), &content, 1, &m, &fault));
    struct stat info;
    ck_assert_int_eq(stat(path_of("m.mdb"), &info), 0);
    ck_assert_uint_eq(m.data_size, (uint64_t)info.st_size);
    ck_assert_uint_eq(m.identifier_count, 1000);
    ck_assert_uint_eq(m.home_count, index_home_count(1000));
    static const char *const names[] = {
        "census", "clauses",  "contract", "daysets", "groups", "index.00", "limits",   "offers",
        "points", "products", "reliefs",  "sets",    "splits", "terminal", "termspan", "views"};
    ck_assert_uint_eq(m.value_count, sizeof(names) / sizeof(names[0]));
    for (uint32_t i = 0; i < m.value_count; i++)
        ck_assert(strncmp(m.values[i].name, names[i], VALUE_NAME_SIZE) == 0);
    ck_assert_uint_eq(m.values[4].size, SNAPSHOT_VALUE_PAD + 2 * GROUP_SIZE);
    ck_assert_uint_eq(m.generation, 77); /* not the builder's */
}
END_TEST

START_TEST(a_file_that_is_there_is_left_alone)
{
    support_write_file(path_of("there.mdb"), "mine", 4, 0600);
    struct manifest m = {0};
    struct fault fault;
    struct content content = content_make(100);
    ck_assert(!builder_write(path_of("there.mdb"), &content, 1, &m, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "wanted a new file"));
    struct stat info;
    ck_assert_int_eq(stat(path_of("there.mdb"), &info), 0);
    ck_assert_int_eq(info.st_size, 4);
}
END_TEST

static void refused(struct content *content, const char *words)
{
    struct manifest m = {0};
    struct fault fault;
    ck_assert_msg(!builder_write(path_of("no.mdb"), content, 1, &m, &fault), "%s", words);
    ck_assert_msg(strstr(fault.text, words) != NULL, "wanted \"%s\", said \"%s\"", words,
                  fault.text);
    ck_assert_int_ne(access(path_of("no.mdb"), F_OK), 0);
}

START_TEST(an_identifier_that_is_there_twice_is_refused)
{
    struct content content = content_make(1000);
    entries[999].digest = entries[0].digest;
    refused(&content, "twice");
}
END_TEST

START_TEST(an_identifier_without_a_view_is_refused)
{
    struct content content = content_make(10);
    entries[3].view = VIEW_NOBODY;
    refused(&content, "leads to view 0");
    entries[3].view = 3;
    refused(&content, "leads to view 3; wanted 1 to 2");
}
END_TEST

START_TEST(tables_that_no_reader_would_take_are_not_written)
{
    struct content content = content_make(10);
    products[1].number = PRODUCT_TEST;
    refused(&content, "products:");
    content = content_make(10);
    views[1].set = 2;
    refused(&content, "views: view 1 names set 2 of 2");
    content = content_make(10);
    memberships[1].group = 0;
    refused(&content, "overlaps itself");
    content = content_make(10);
    offers[1].product = 1002;
    refused(&content, "not listed");
    content = content_make(10);
    clauses[1].group = 2;
    refused(&content, "group 2 of 2");
    content = content_make(10);
    struct terminal terminal = {.number = 7, .profile = 1, .key = {1}, .point_count = 1};
    struct number_span nowhere = {101, 101};
    tables.terminals = &terminal;
    tables.spans = &nowhere;
    tables.terminal_count = tables.span_count = 1;
    refused(&content, "terminals: number 7 is at points of sale 101 to 101: none of them is list");
    content = content_make(10);
    tables.clause_count = CLAUSE_COUNT_MAX + 1;
    refused(&content, "at most 1048576");
}
END_TEST

START_TEST(a_full_disk_leaves_nothing_behind)
{
    struct content content = content_make(50000);
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit kept;
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &kept), 0);
    static const rlim_t rooms[] = {0, 1, 4096, 8192, 65536, 1 << 20, 1600000};
    for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++) {
        struct rlimit small = {rooms[i], kept.rlim_max};
        struct manifest m = {0};
        struct fault fault;
        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
        bool good = builder_write(path_of("full.mdb"), &content, 2, &m, &fault);
        setrlimit(RLIMIT_FSIZE, &kept);
        ck_assert(!good);
        ck_assert_ptr_nonnull(strstr(fault.text, "full.mdb"));
        ck_assert_int_ne(access(path_of("full.mdb"), F_OK), 0);
    }
    struct manifest m = {0};
    struct fault fault;
    ck_assert_msg(builder_write(path_of("full.mdb"), &content, 2, &m, &fault), "%s", fault.text);
}
END_TEST

START_TEST(what_was_built_from_many_opens_and_finds_them_all)
{
    struct fixture *f = fixture_open(support_directory());
    uint16_t group = fixture_group(f, "many");
    uint32_t set = fixture_set_of(f, group);
    for (uint32_t i = 0; i < 4000; i++) {
        char text[16];
        snprintf(text, sizeof(text), "CARD%06u", i);
        fixture_person(f, MEANS_CARD, text, set);
    }
    fixture_publish(f);
    struct snapshot *snapshot = fixture_snapshot(f);
    const struct tables *t = snapshot_tables(snapshot);
    for (uint32_t i = 0; i < 8000; i++) {
        char text[16];
        snprintf(text, sizeof(text), "CARD%06u", i);
        struct digest digest;
        fixture_digest(f, &digest, MEANS_CARD, text);
        uint32_t view = index_find(&t->index, &digest);
        ck_assert((view != VIEW_NOBODY) == (i < 4000));
        ck_assert(view == VIEW_NOBODY || t->views[view].set == set);
    }
    snapshot_close(snapshot);
    fixture_close(f);
}
END_TEST

static Suite *builder_suite(void)
{
    Suite *suite = suite_create("builder");
    TCase *tcase = tcase_create("all");
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, the_same_content_gives_the_same_bytes_whatever_its_order_and_threads);
    tcase_add_test(tcase, the_manifest_learns_what_was_written);
    tcase_add_test(tcase, a_file_that_is_there_is_left_alone);
    tcase_add_test(tcase, an_identifier_that_is_there_twice_is_refused);
    tcase_add_test(tcase, an_identifier_without_a_view_is_refused);
    tcase_add_test(tcase, tables_that_no_reader_would_take_are_not_written);
    tcase_add_test(tcase, a_full_disk_leaves_nothing_behind);
    tcase_add_test(tcase, what_was_built_from_many_opens_and_finds_them_all);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return support_run(builder_suite());
}
