#include "protocol/snapshot.h"

#include "protocol/subject.h"
#include "tests/fixture.h"
#include "tests/support.h"

#include <dirent.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#define PATH_ROOM 600
#define PAGE      4096

static struct fixture *f;
static uint64_t generation;
static uint8_t *data; /* the published file, to damage and write back */
static size_t data_size;
static uint16_t riga, elsewhere;

static const char *path_of(uint64_t number, const char *suffix)
{
    static char path[PATH_ROOM];
    char text[GENERATION_TEXT_SIZE];
    generation_to_text(text, number);
    snprintf(path, sizeof(path), "%s/%s%s", fixture_directory(f), text, suffix);
    return path;
}

static const char *path_in(const char *name)
{
    static char path[PATH_ROOM];
    snprintf(path, sizeof(path), "%s/%s", fixture_directory(f), name);
    return path;
}

static uint8_t *read_whole(const char *path, size_t *size)
{
    struct stat info;
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL && fstat(fileno(file), &info) == 0, "%s", path);
    *size = (size_t)info.st_size;
    uint8_t *bytes = malloc(*size + 1);
    ck_assert_uint_eq(fread(bytes, 1, *size, file), *size);
    fclose(file);
    return bytes;
}

static void publish(void)
{
    generation = fixture_publish(f);
    free(data);
    data = read_whole(path_of(generation, ".mdb"), &data_size);
}

static void start(void)
{
    f = fixture_open(support_directory());
    riga = fixture_group(f, "riga");
    elsewhere = fixture_group(f, "elsewhere");
    fixture_product(f, 1001, "city.ticket");
    fixture_product(f, 1002, "city.pass");
    uint16_t relief = fixture_relief(f, 4711, "RIGA-CITY");
    fixture_clause(f, 1002, relief, riga, 5000);
    fixture_clause(f, 1001, relief, riga, 10000);
    fixture_source(f, "PMLP.persons", FIXTURE_AS_OF_DAY, FIXTURE_AS_OF_DAY + 7);
    fixture_census(f, riga, 1000, 2, 1);
    struct membership two[] = {{riga, TRUTH_YES, 20610, 20620},
                               {elsewhere, TRUTH_UNKNOWN, 20600, 20693}};
    uint32_t set = fixture_set(f, two, 2);
    for (uint32_t i = 0; i < 200; i++) {
        char code[16];
        snprintf(code, sizeof(code), "32%09u", 1000000 + i);
        fixture_person(f, MEANS_PERSONAL_CODE, code, set);
    }
    publish();
}

static void stop(void)
{
    free(data);
    data = NULL;
    fixture_close(f);
}

static bool opens(const struct snapshot_trust *trust, struct fault *fault)
{
    struct snapshot *snapshot = NULL;
    bool good = snapshot_open(&snapshot, fixture_directory(f), generation, trust, fault);
    ck_assert(good == (snapshot != NULL));
    snapshot_close(snapshot);
    return good;
}

/* Refused, with these words. */
static void refused(const struct snapshot_trust *trust, const char *words)
{
    struct fault fault;
    ck_assert_msg(!opens(trust, &fault), "opened, though %s", words);
    ck_assert_msg(strstr(fault.text, words) != NULL, "wanted \"%s\", said \"%s\"", words,
                  fault.text);
}

static void refused_now(const char *words)
{
    struct snapshot_trust trust = fixture_trust(f);
    refused(&trust, words);
}

static void write_data(size_t size)
{
    unlink(path_of(generation, ".mdb"));
    support_write_file(path_of(generation, ".mdb"), data, size, 0440);
}

static void write_manifest(const struct manifest *manifest)
{
    uint8_t page[MANIFEST_SIZE];
    manifest_sign(page, manifest, fixture_secret(f));
    unlink(path_of(generation, ".man"));
    support_write_file(path_of(generation, ".man"), page, sizeof(page), 0440);
}

/* Damaged data below a fitting signature: what a publisher gone wrong would make. */
static void write_both(struct manifest *manifest)
{
    crypto_generichash(manifest->data_hash, DATA_HASH_SIZE, data, data_size, NULL, 0);
    manifest->data_size = data_size;
    write_data(data_size);
    write_manifest(manifest);
}

/* ---- what opens ---- */

START_TEST(an_opened_snapshot_holds_what_was_published)
{
    struct snapshot *snapshot = fixture_snapshot(f);
    const struct tables *t = snapshot_tables(snapshot);
    ck_assert_uint_eq(snapshot_manifest(snapshot)->generation, generation);
    ck_assert_uint_eq(t->group_count, 3);
    ck_assert_str_eq(t->groups[riga].name, "riga");
    ck_assert_uint_eq(t->product_count, 3);
    ck_assert_uint_eq(t->products[1].number, 1001);
    ck_assert_uint_eq(t->clause_count, 3);
    ck_assert_uint_eq(t->offer_count, 3);
    ck_assert(t->offers[1].product == 1001 && t->offers[2].product == 1002);
    ck_assert(t->clauses[t->offers[2].clause_first].relief == t->clauses[2].relief);
    ck_assert_uint_eq(t->census_count, 1);
    ck_assert_uint_eq(t->census[0].place, 1000);

    for (uint32_t i = 0; i < 200; i++) {
        char code[16];
        snprintf(code, sizeof(code), "32%09u", 1000000 + i);
        struct digest digest;
        fixture_digest(f, &digest, MEANS_PERSONAL_CODE, code);
        uint32_t view = index_find(&t->index, &digest);
        ck_assert_uint_ne(view, VIEW_NOBODY);
        uint32_t first = t->set_first[t->views[view].set];
        ck_assert_uint_eq(t->set_first[t->views[view].set + 1], first + 2);
        ck_assert(t->memberships[first].group == riga &&
                  t->memberships[first + 1].truth == TRUTH_UNKNOWN);
        fixture_digest(f, &digest, MEANS_CARD, code); /* the same text as another means */
        ck_assert_uint_eq(index_find(&t->index, &digest), VIEW_NOBODY);
    }
    snapshot_close(snapshot);
    snapshot_close(NULL);
}
END_TEST

START_TEST(terminals_are_read_with_all_that_was_said_of_them)
{
    uint8_t keys[2][TERMINAL_KEY_SIZE];
    memset(keys[0], 0x11, sizeof(keys[0]));
    memset(keys[1], 0x22, sizeof(keys[1]));
    fixture_point(f, 101, 5);
    fixture_point(f, 102, 5);
    fixture_point(f, 201, 6);
    struct terminal *first = fixture_terminal(f, 7, keys[0], 101, 102);
    fixture_terminal_sells(f, 1001, 1001);
    fixture_terminal_sells(f, 1002, 1009);
    first->per_minute = 30;
    first->per_day = 2000;
    first->typed_per_day = 50;
    first->until_day = FIXTURE_UNTIL_DAY;
    fixture_terminal(f, 8, keys[1], 200, 300);
    fixture_publish(f);

    struct snapshot *snapshot = fixture_snapshot(f);
    const struct tables *t = snapshot_tables(snapshot);
    ck_assert(t->terminal_count == 2 && t->span_count == 4);
    ck_assert(memcmp(t->terminals[0].key, keys[0], TERMINAL_KEY_SIZE) == 0 &&
              memcmp(t->terminals[1].key, keys[1], TERMINAL_KEY_SIZE) == 0);
    ck_assert(t->terminals[0].provider == 5 && t->terminals[1].provider == 6);
    ck_assert(t->terminals[0].per_minute == 30 && t->terminals[0].per_day == 2000 &&
              t->terminals[0].typed_per_day == 50);
    ck_assert(t->terminals[0].until_day == FIXTURE_UNTIL_DAY &&
              t->terminals[1].until_day == DAY_NEVER);
    ck_assert(t->terminals[0].product_count == 2 && t->terminals[1].product_count == 0);
    ck_assert_uint_eq(t->spans[t->terminals[0].product_first + 1].last, 1009);
    ck_assert_uint_eq(t->spans[t->terminals[1].point_first].first, 200);
    snapshot_close(snapshot);
}
END_TEST

START_TEST(two_terminals_with_one_key_are_not_published)
{
    uint8_t same[TERMINAL_KEY_SIZE] = {1};
    uint64_t none;
    struct fault fault;
    fixture_point(f, 101, 5);
    fixture_terminal(f, 7, same, 101, 101);
    fixture_terminal(f, 8, same, 101, 101);
    ck_assert(!fixture_try_publish(f, &none, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "terminals: numbers 7 and 8 have the same key"));
}
END_TEST

static size_t open_fd_count(void)
{
    size_t count = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

START_TEST(an_open_snapshot_has_no_descriptor_and_none_is_lost)
{
    size_t before = open_fd_count();
    struct snapshot *snapshot = fixture_snapshot(f);
    ck_assert_uint_eq(open_fd_count(), before);
    snapshot_close(snapshot);
    ck_assert_uint_eq(open_fd_count(), before);

    data[data_size / 2] ^= 1;
    write_data(data_size);
    refused_now("");
    ck_assert_uint_eq(open_fd_count(), before);
}
END_TEST

static uint32_t view_of_hit(const struct snapshot *snapshot)
{
    struct digest digest;
    fixture_digest(f, &digest, MEANS_EID, means_test_identifier(MEANS_EID, TEST_HIT));
    return index_find(&snapshot_tables(snapshot)->index, &digest);
}

START_TEST(what_happens_to_the_file_after_opening_has_no_effect)
{
    struct snapshot *snapshot = fixture_snapshot(f);
    uint32_t view = view_of_hit(snapshot);
    const char *path = path_of(generation, ".mdb");
    ck_assert_int_eq(chmod(path, 0640), 0);
    int fd = open(path, O_RDWR);
    ck_assert_int_ge(fd, 0);
    for (size_t i = 0; i < data_size; i += 64)
        ck_assert_int_eq(pwrite(fd, "damaged!", 8, (off_t)i), 8);
    ck_assert_uint_eq(view_of_hit(snapshot), view);
    ck_assert_int_eq(ftruncate(fd, 0), 0);
    ck_assert_uint_eq(view_of_hit(snapshot), view);
    close(fd);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_uint_eq(view_of_hit(snapshot), view);
    snapshot_close(snapshot);
}
END_TEST

START_TEST(two_generations_can_be_open_at_once)
{
    struct snapshot *old = fixture_snapshot(f);
    fixture_person(f, MEANS_CARD, "NEWCARD1", fixture_set_of(f, riga));
    uint64_t next = fixture_publish(f);
    ck_assert_uint_eq(next, generation + 1);
    struct snapshot *new = fixture_snapshot(f);
    struct digest digest;
    fixture_digest(f, &digest, MEANS_CARD, "NEWCARD1");
    ck_assert_uint_eq(index_find(&snapshot_tables(old)->index, &digest), VIEW_NOBODY);
    ck_assert_uint_ne(index_find(&snapshot_tables(new)->index, &digest), VIEW_NOBODY);
    snapshot_close(old);
    ck_assert_uint_ne(index_find(&snapshot_tables(new)->index, &digest), VIEW_NOBODY);
    snapshot_close(new);
}
END_TEST

/* ---- the data file ---- */

START_TEST(a_flipped_bit_anywhere_is_refused)
{
    uint64_t state = 1;
    for (size_t i = 0; i < support_rounds(1500); i++) {
        /* header, tail and the middle in turn */
        size_t at = i % 3 == 0   ? support_random(&state) % 4096
                    : i % 3 == 1 ? data_size - 1 - support_random(&state) % 4096
                                 : support_random(&state) % data_size;
        uint8_t bit = (uint8_t)(1u << support_random(&state) % 8);
        data[at] ^= bit;
        write_data(data_size);
        refused_now("not the data its manifest was signed for");
        data[at] ^= bit;
    }
}
END_TEST

START_TEST(a_file_cut_short_or_grown_is_refused)
{
    for (size_t size = 0; size < data_size; size += size < 16384 ? 1024 : 4096) {
        write_data(size);
        refused_now("cut short or replaced");
    }
    write_data(data_size - 1);
    refused_now("cut short or replaced");
    data[data_size] = 0; /* there is room for one more */
    write_data(data_size + 1);
    refused_now("cut short or replaced");
    write_data(data_size);
    struct snapshot_trust trust = fixture_trust(f);
    struct fault fault;
    ck_assert_msg(opens(&trust, &fault), "%s", fault.text); /* and whole again it opens */
}
END_TEST

START_TEST(only_a_regular_file_is_data)
{
    const char *path = path_of(generation, ".mdb");
    char moved[PATH_ROOM];
    snprintf(moved, sizeof(moved), "%s", path_in("moved"));
    ck_assert_int_eq(rename(path, moved), 0);
    refused_now("No such file");
    ck_assert_int_eq(symlink(moved, path), 0);
    refused_now("symbolic link");
    unlink(path);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    refused_now("not a regular file");
    unlink(path);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    refused_now("not a regular file");
}
END_TEST

/* ---- the manifest ---- */

START_TEST(a_flipped_bit_of_the_manifest_is_refused)
{
    size_t size;
    uint8_t *page = read_whole(path_of(generation, ".man"), &size);
    ck_assert_uint_eq(size, MANIFEST_SIZE);
    for (size_t at = 0; at < size; at++) {
        page[at] ^= (uint8_t)(1u << at % 8);
        unlink(path_of(generation, ".man"));
        support_write_file(path_of(generation, ".man"), page, size, 0440);
        refused_now(".man");
        page[at] ^= (uint8_t)(1u << at % 8);
    }
    for (size_t less = 1; less <= MANIFEST_SIZE; less += 97) {
        unlink(path_of(generation, ".man"));
        support_write_file(path_of(generation, ".man"), page, size - less, 0440);
        refused_now("wanted exactly 2048");
    }
    unlink(path_of(generation, ".man"));
    refused_now("No such file");
    free(page);
}
END_TEST

START_TEST(a_renamed_generation_is_refused)
{
    ck_assert_int_eq(link(path_of(generation, ".mdb"), path_in("00000000000000ff.mdb")), 0);
    ck_assert_int_eq(link(path_of(generation, ".man"), path_in("00000000000000ff.man")), 0);
    generation = 0xff;
    refused_now("renamed");
}
END_TEST

START_TEST(a_foreign_publisher_is_refused)
{
    struct sign_public foreign;
    struct sign_secret foreign_secret;
    crypto_sign_keypair(foreign.bytes, foreign_secret.bytes);
    struct snapshot_trust trust = fixture_trust(f);
    trust.signer = &foreign;
    refused(&trust, "signed by another key");
}
END_TEST

START_TEST(another_environment_is_refused)
{
    struct snapshot_trust trust = fixture_trust(f);
    trust.environment++;
    refused(&trust, "made for environment 7, this is environment 8");
    trust.environment = 0;
    refused(&trust, "environment");
}
END_TEST

START_TEST(an_older_or_the_same_generation_is_refused)
{
    struct snapshot_trust trust = fixture_trust(f);
    trust.generation_above = generation;
    refused(&trust, "is not newer");
    trust.generation_above = generation + 1;
    refused(&trust, "is not newer");
    trust.generation_above = generation - 1;
    struct fault fault;
    ck_assert_msg(opens(&trust, &fault), "%s", fault.text);
}
END_TEST

START_TEST(a_snapshot_past_its_time_is_refused)
{
    struct snapshot_trust trust = fixture_trust(f);
    trust.now_s = FIXTURE_NOT_AFTER_S;
    refused(&trust, "not to be used after");
    trust.now_s--;
    struct fault fault;
    ck_assert_msg(opens(&trust, &fault), "%s", fault.text);
}
END_TEST

START_TEST(another_identity_key_is_refused)
{
    struct identity_key other = *fixture_identity_key(f);
    other.bytes[31] ^= 1;
    struct snapshot_trust trust = fixture_trust(f);
    trust.identity = &other;
    refused(&trust, "another identity key");

    struct manifest m = *fixture_manifest(f);
    m.identity_check[0] ^= 1;
    write_manifest(&m);
    refused_now("not the right value");
}
END_TEST

/* ---- signed, but wrong: what only a publisher gone wrong would make ---- */

/* The value of this name in the data file: an LMDB value that has pages of its own. */
static size_t find_value(const char *name, const struct manifest *m)
{
    for (uint32_t i = 0; i < m->value_count; i++) {
        if (strncmp(m->values[i].name, name, VALUE_NAME_SIZE) != 0)
            continue;
        for (size_t at = 0; at + 16 + m->values[i].size <= data_size; at += PAGE) {
            XXH128_canonical_t hash;
            XXH128_canonicalFromHash(&hash, XXH3_128bits(data + at + 16, m->values[i].size));
            if (memcmp(hash.digest, m->values[i].hash, VALUE_HASH_SIZE) == 0)
                return at + 16;
        }
    }
    ck_abort_msg("no value %s on pages of its own", name);
    return 0;
}

static void rehash_value(const char *name, struct manifest *m, size_t at)
{
    for (uint32_t i = 0; i < m->value_count; i++) {
        if (strncmp(m->values[i].name, name, VALUE_NAME_SIZE) != 0)
            continue;
        XXH128_canonical_t hash;
        XXH128_canonicalFromHash(&hash, XXH3_128bits(data + at, m->values[i].size));
        memcpy(m->values[i].hash, hash.digest, VALUE_HASH_SIZE);
    }
}

/* The slot of an identifier in the damaged copy. */
static uint8_t *find_slot(size_t index_at, const struct manifest *m, enum means means,
                          const char *text)
{
    struct digest digest;
    fixture_digest(f, &digest, means, text);
    uint8_t *buckets = data + index_at + SNAPSHOT_VALUE_PAD;
    for (uint64_t i = 0; i < index_bucket_count(m->home_count) * BUCKET_SLOT_COUNT; i++)
        if (memcmp(buckets + i * SLOT_SIZE, digest.bytes + 4, 12) == 0)
            return buckets + i * SLOT_SIZE;
    ck_abort_msg("an identifier that was published is not there");
    return NULL;
}

START_TEST(a_value_that_is_not_what_its_hash_says_is_refused)
{
    struct manifest m = *fixture_manifest(f);
    data[find_value("index.00", &m) + SNAPSHOT_VALUE_PAD + 20] ^= 1;
    write_both(&m); /* the file's hash fits, the value's does not */
    refused_now("index.00: not what its hash says");
}
END_TEST

START_TEST(a_value_without_zeros_in_front_is_refused)
{
    struct manifest m = *fixture_manifest(f);
    size_t at = find_value("index.00", &m);
    data[at + 47] = 1;
    rehash_value("index.00", &m, at);
    write_both(&m);
    refused_now("must begin with 48 zero bytes");
}
END_TEST

START_TEST(a_slot_that_leads_nowhere_is_refused)
{
    struct manifest m = *fixture_manifest(f);
    size_t at = find_value("index.00", &m);
    uint8_t *slot = find_slot(at, &m, MEANS_PERSONAL_CODE, "32001000007");
    store_u32(slot + SLOT_PAYLOAD, (load_u32(slot + SLOT_PAYLOAD) & PAYLOAD_OVERFLOWED) | 100000);
    rehash_value("index.00", &m, at);
    write_both(&m);
    refused_now("names view 100000 of");
}
END_TEST

START_TEST(a_missing_identifier_is_refused)
{
    struct manifest m = *fixture_manifest(f);
    m.identifier_count++;
    write_manifest(&m);
    refused_now("identifiers, the manifest says");
}
END_TEST

static const struct {
    enum test_identity which;
    const char *words;
} canaries[] = {{TEST_HIT, "must be entitled"}, {TEST_EXPIRED, "must be expired"}};

START_TEST(a_missing_test_identity_is_refused)
{
    enum means means = (enum means)(1 + _i % MEANS_LAST);
    enum test_identity which = canaries[_i / MEANS_LAST].which;
    struct manifest m = *fixture_manifest(f);
    size_t at = find_value("index.00", &m);
    find_slot(at, &m, means, means_test_identifier(means, which))[5] ^= 1;
    rehash_value("index.00", &m, at);
    write_both(&m);
    refused_now(canaries[_i / MEANS_LAST].words);
    refused_now(means_name((uint8_t)means));
}
END_TEST

START_TEST(a_test_identity_with_the_wrong_view_is_refused)
{
    enum means means = (enum means)(1 + _i);
    struct manifest m = *fixture_manifest(f);
    size_t at = find_value("index.00", &m);
    uint8_t *hit = find_slot(at, &m, means, means_test_identifier(means, TEST_HIT));
    uint8_t *expired = find_slot(at, &m, means, means_test_identifier(means, TEST_EXPIRED));
    uint8_t kept[2] = {hit[SLOT_PAYLOAD], expired[SLOT_PAYLOAD]};
    expired[SLOT_PAYLOAD] = kept[0]; /* all views are below 256 */
    rehash_value("index.00", &m, at);
    write_both(&m);
    refused_now("must be expired");
    expired[SLOT_PAYLOAD] = kept[1];
    hit[SLOT_PAYLOAD] = kept[1];
    rehash_value("index.00", &m, at);
    write_both(&m);
    refused_now("must be entitled");
}
END_TEST

START_TEST(a_test_identity_that_must_be_unknown_is_never_published)
{
    enum means means = (enum means)(1 + _i);
    fixture_person(f, means, means_test_identifier(means, TEST_MISS), fixture_set_of(f, riga));
    struct fault fault;
    uint64_t number;
    ck_assert(!fixture_try_publish(f, &number, &fault));
    ck_assert_msg(strstr(fault.text, "must be unknown") != NULL, "%s", fault.text);
}
END_TEST

START_TEST(pages_beyond_the_end_are_refused)
{
    struct manifest m = *fixture_manifest(f);
    /* the last page's number in both of LMDB's heads */
    store_u64(data + 136, 1 << 20);
    store_u64(data + PAGE + 136, 1 << 20);
    write_both(&m);
    refused_now("pages reach beyond");
}
END_TEST

START_TEST(a_signed_file_that_is_no_database_is_refused)
{
    struct manifest m = *fixture_manifest(f);
    for (size_t i = 0; i < data_size; i++)
        data[i] = (uint8_t)(i * 7);
    write_both(&m);
    refused_now("LMDB");
}
END_TEST

START_TEST(values_other_than_a_snapshot_has_are_refused)
{
    struct manifest m = *fixture_manifest(f);
    m.home_count++;
    write_manifest(&m);
    refused_now("buckets of 64");

    m = *fixture_manifest(f);
    m.home_count += SHARD_BUCKET_COUNT;
    write_manifest(&m);
    refused_now("wanted 15 tables and 2 shards");

    m = *fixture_manifest(f);
    memcpy(m.values[4].name, "hroups\0\0", VALUE_NAME_SIZE);
    write_manifest(&m);
    refused_now("must be \"groups\"");

    m = *fixture_manifest(f);
    m.values[0].size++;
    write_manifest(&m);
    refused_now("census");

    m = *fixture_manifest(f);
    m.value_count--;
    memset(&m.values[m.value_count], 0, sizeof(m.values[0]));
    write_manifest(&m);
    refused_now("values");
}
END_TEST

/* ---- subjects ---- */

START_TEST(every_means_has_its_persons_subject)
{
    fixture_use_subjects(f);
    fixture_person(f, MEANS_CARD, "CARDOFTHEFIRST", 1);
    fixture_first_code(f, "32001000000");
    publish();
    ck_assert_uint_eq(fixture_manifest(f)->subject_check,
                      subject_key_check(fixture_subject_key(f)));
    struct snapshot *snapshot = fixture_snapshot(f);
    const struct index *index = &snapshot_tables(snapshot)->index;
    static const struct {
        enum means means, of_means;
        const char *text, *of;
    } rows[] = {
        {MEANS_PERSONAL_CODE, MEANS_PERSONAL_CODE, "32001000000", "32001000000"},
        {MEANS_PERSONAL_CODE, MEANS_PERSONAL_CODE, "32001000199", "32001000199"},
        {MEANS_CARD, MEANS_PERSONAL_CODE, "CARDOFTHEFIRST", "32001000000"},
        {MEANS_CARD, MEANS_PERSONAL_CODE, "TESTHIT", "01010000018"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct digest digest;
        uint32_t view;
        uint64_t slot;
        fixture_digest(f, &digest, rows[i].means, rows[i].text);
        index_find_slots(&view, &slot, index, &digest, 1);
        ck_assert_uint_ne(view, VIEW_NOBODY);
        ck_assert_uint_eq(index_subject(index, slot),
                          fixture_subject(f, rows[i].of_means, rows[i].of));
    }
    snapshot_close(snapshot);
}
END_TEST

START_TEST(without_a_key_there_are_no_subjects)
{
    struct snapshot *snapshot = fixture_snapshot(f);
    const struct index *index = &snapshot_tables(snapshot)->index;
    struct digest digest;
    uint32_t view;
    uint64_t slot;
    fixture_digest(f, &digest, MEANS_PERSONAL_CODE, "32001000000");
    index_find_slots(&view, &slot, index, &digest, 1);
    ck_assert_uint_ne(slot, SLOT_NONE);
    ck_assert_uint_eq(index_subject(index, slot), 0);
    ck_assert_uint_eq(snapshot_manifest(snapshot)->subject_check, 0);
    snapshot_close(snapshot);
}
END_TEST

START_TEST(subjects_without_a_key_and_a_key_without_subjects_are_refused)
{
    struct manifest m = *fixture_manifest(f);
    m.subject_check = 1;
    write_manifest(&m);
    refused_now("1 shards, and 1 of subjects, whose key it has");

    fixture_use_subjects(f);
    publish();
    m = *fixture_manifest(f);
    m.subject_check = 0;
    write_manifest(&m);
    refused_now("1 shards, and 0 of subjects, whose key it has not");
}
END_TEST

START_TEST(a_slot_whose_subject_does_not_fit_is_refused)
{
    fixture_use_subjects(f);
    publish();
    struct manifest m = *fixture_manifest(f);
    size_t index_at = find_value("index.00", &m), at = find_value("subj.00", &m);
    uint8_t *slot = find_slot(index_at, &m, MEANS_PERSONAL_CODE, "32001000000");
    uint8_t *buckets = data + index_at + SNAPSHOT_VALUE_PAD;
    uint8_t *subject = data + at + SNAPSHOT_VALUE_PAD + (slot - buckets) / SLOT_SIZE * 8;
    uint64_t kept = load_u64(subject);

    store_u64(subject, 0);
    rehash_value("subj.00", &m, at);
    write_both(&m);
    refused_now("somebody has no subject, or nobody has one");

    store_u64(subject, kept);
    size_t empty = 0;
    while (load_u64(data + at + SNAPSHOT_VALUE_PAD + 8 * empty) != 0)
        empty++;
    store_u64(data + at + SNAPSHOT_VALUE_PAD + 8 * empty, kept);
    rehash_value("subj.00", &m, at);
    write_both(&m);
    refused_now("somebody has no subject, or nobody has one");

    store_u64(data + at + SNAPSHOT_VALUE_PAD + 8 * empty, 0);
    rehash_value("subj.00", &m, at);
    write_both(&m);
    struct snapshot_trust trust = fixture_trust(f);
    struct fault fault;
    ck_assert_msg(opens(&trust, &fault), "%s", fault.text);
}
END_TEST

START_TEST(subjects_of_another_size_are_refused)
{
    fixture_use_subjects(f);
    publish();
    struct manifest m = *fixture_manifest(f);
    for (uint32_t i = 0; i < m.value_count; i++)
        if (strncmp(m.values[i].name, "subj.00", VALUE_NAME_SIZE) == 0)
            m.values[i].size -= 8;
    write_manifest(&m);
    refused_now("subj.00");
}
END_TEST

/* ---- CURRENT ---- */

static void current_refused(const char *words)
{
    struct snapshot_trust trust = fixture_trust(f);
    struct snapshot *snapshot = NULL;
    struct fault fault;
    ck_assert(!snapshot_open_current(&snapshot, fixture_directory(f), &trust, &fault));
    ck_assert_ptr_null(snapshot);
    ck_assert_msg(strstr(fault.text, words) != NULL, "wanted \"%s\", said \"%s\"", words,
                  fault.text);
}

static void write_current(const void *bytes, size_t size)
{
    unlink(path_in("CURRENT"));
    support_write_file(path_in("CURRENT"), bytes, size, 0444);
}

START_TEST(current_must_be_its_one_line)
{
    size_t size;
    uint8_t *line = read_whole(path_in("CURRENT"), &size);
    ck_assert_uint_eq(size, 82);
    write_current("", 0);
    current_refused("wanted exactly 82");
    write_current(line, size - 1);
    current_refused("wanted exactly 82");
    uint8_t *huge = calloc(1, 1 << 20);
    memcpy(huge, line, size);
    write_current(huge, 1 << 20);
    current_refused("wanted exactly 82");
    free(huge);
    for (size_t at = 0; at < size; at++) {
        uint8_t kept = line[at];
        line[at] = 'x';
        write_current(line, size);
        current_refused("CURRENT: not");
        line[at] = kept;
    }

    uint64_t number;
    uint8_t hash[DATA_HASH_SIZE];
    struct fault fault;
    write_current(line, size);
    ck_assert(snapshot_current(fixture_directory(f), &number, hash, &fault));
    ck_assert_uint_eq(number, generation);
    free(line);
}
END_TEST

START_TEST(current_must_be_a_regular_file)
{
    char moved[PATH_ROOM];
    snprintf(moved, sizeof(moved), "%s", path_in("moved"));
    ck_assert_int_eq(rename(path_in("CURRENT"), moved), 0);
    current_refused("No such file");
    ck_assert_int_eq(symlink(moved, path_in("CURRENT")), 0);
    current_refused("symbolic link");
    unlink(path_in("CURRENT"));
    ck_assert_int_eq(symlink("CURRENT", path_in("CURRENT")), 0); /* a loop */
    current_refused("symbolic link");
    unlink(path_in("CURRENT"));
    ck_assert_int_eq(mkfifo(path_in("CURRENT"), 0600), 0);
    current_refused("not a regular file");
    unlink(path_in("CURRENT"));
    ck_assert_int_eq(mkdir(path_in("CURRENT"), 0700), 0);
    current_refused("not a regular file");
}
END_TEST

START_TEST(current_must_name_the_manifest_that_is_there)
{
    size_t size;
    uint8_t *line = read_whole(path_in("CURRENT"), &size);
    line[size - 2] = line[size - 2] == '0' ? '1' : '0';
    write_current(line, size);
    current_refused("not the manifest that CURRENT names");
    line[15] = line[15] == '9' ? '8' : '9';
    write_current(line, size);
    current_refused("No such file");
    free(line);
}
END_TEST

START_TEST(a_folder_that_is_none_is_refused)
{
    struct snapshot_trust trust = fixture_trust(f);
    struct snapshot *snapshot = NULL;
    struct fault fault;
    ck_assert(!snapshot_open_current(&snapshot, "/nonexistent", &trust, &fault));
    ck_assert(!snapshot_open(&snapshot, path_of(generation, ".mdb"), 1, &trust, &fault));
    struct manifest m;
    ck_assert(!snapshot_read_manifest(&m, "/nonexistent", 1, trust.signer, NULL, &fault));
    uint64_t number;
    uint8_t hash[DATA_HASH_SIZE];
    ck_assert(!snapshot_current("/nonexistent", &number, hash, &fault));
}
END_TEST

START_TEST(a_manifest_can_be_read_alone)
{
    struct snapshot_trust trust = fixture_trust(f);
    struct manifest m;
    struct fault fault;
    uint8_t hash[DATA_HASH_SIZE], listed[DATA_HASH_SIZE];
    uint64_t number;
    ck_assert(
        snapshot_read_manifest(&m, fixture_directory(f), generation, trust.signer, hash, &fault));
    ck_assert(snapshot_current(fixture_directory(f), &number, listed, &fault));
    ck_assert(memcmp(hash, listed, DATA_HASH_SIZE) == 0);
    ck_assert_str_eq(m.sources[0].name, "PMLP.persons");
}
END_TEST

START_TEST(a_generation_is_sixteen_lower_case_digits)
{
    char text[GENERATION_TEXT_SIZE];
    uint64_t number = 5;
    generation_to_text(text, 1234);
    ck_assert_str_eq(text, "00000000000004d2");
    ck_assert(generation_of_text(&number, text, 16));
    ck_assert_uint_eq(number, 1234);
    ck_assert(generation_of_text(&number, "ffffffffffffffff", 16));
    ck_assert_uint_eq(number, UINT64_MAX);
    static const char *const wrong[] = {"",
                                        "4d2",
                                        "00000000000004D2",
                                        "000000000000004d2",
                                        "0x000000000004d2",
                                        " 0000000000004d2",
                                        "00000000000004g2"};
    number = 5;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        ck_assert(!generation_of_text(&number, wrong[i], strlen(wrong[i])));
    ck_assert(!generation_of_text(&number, "0000000\0000000000", 16));
    ck_assert_uint_eq(number, 5);
}
END_TEST

static Suite *snapshot_suite(void)
{
    Suite *suite = suite_create("snapshot");
    TCase *tcase = tcase_create("all");
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, an_opened_snapshot_holds_what_was_published);
    tcase_add_test(tcase, terminals_are_read_with_all_that_was_said_of_them);
    tcase_add_test(tcase, two_terminals_with_one_key_are_not_published);
    tcase_add_test(tcase, an_open_snapshot_has_no_descriptor_and_none_is_lost);
    tcase_add_test(tcase, what_happens_to_the_file_after_opening_has_no_effect);
    tcase_add_test(tcase, two_generations_can_be_open_at_once);
    tcase_add_test(tcase, a_flipped_bit_anywhere_is_refused);
    tcase_add_test(tcase, a_file_cut_short_or_grown_is_refused);
    tcase_add_test(tcase, only_a_regular_file_is_data);
    tcase_add_test(tcase, a_flipped_bit_of_the_manifest_is_refused);
    tcase_add_test(tcase, a_renamed_generation_is_refused);
    tcase_add_test(tcase, a_foreign_publisher_is_refused);
    tcase_add_test(tcase, another_environment_is_refused);
    tcase_add_test(tcase, an_older_or_the_same_generation_is_refused);
    tcase_add_test(tcase, a_snapshot_past_its_time_is_refused);
    tcase_add_test(tcase, another_identity_key_is_refused);
    tcase_add_test(tcase, a_value_that_is_not_what_its_hash_says_is_refused);
    tcase_add_test(tcase, a_value_without_zeros_in_front_is_refused);
    tcase_add_test(tcase, a_slot_that_leads_nowhere_is_refused);
    tcase_add_test(tcase, a_missing_identifier_is_refused);
    tcase_add_loop_test(tcase, a_missing_test_identity_is_refused, 0, 2 * MEANS_LAST);
    tcase_add_loop_test(tcase, a_test_identity_with_the_wrong_view_is_refused, 0, MEANS_LAST);
    tcase_add_loop_test(tcase, a_test_identity_that_must_be_unknown_is_never_published, 0,
                        MEANS_LAST);
    tcase_add_test(tcase, pages_beyond_the_end_are_refused);
    tcase_add_test(tcase, a_signed_file_that_is_no_database_is_refused);
    tcase_add_test(tcase, values_other_than_a_snapshot_has_are_refused);
    tcase_add_test(tcase, every_means_has_its_persons_subject);
    tcase_add_test(tcase, without_a_key_there_are_no_subjects);
    tcase_add_test(tcase, subjects_without_a_key_and_a_key_without_subjects_are_refused);
    tcase_add_test(tcase, a_slot_whose_subject_does_not_fit_is_refused);
    tcase_add_test(tcase, subjects_of_another_size_are_refused);
    tcase_add_test(tcase, current_must_be_its_one_line);
    tcase_add_test(tcase, current_must_be_a_regular_file);
    tcase_add_test(tcase, current_must_name_the_manifest_that_is_there);
    tcase_add_test(tcase, a_folder_that_is_none_is_refused);
    tcase_add_test(tcase, a_manifest_can_be_read_alone);
    tcase_add_test(tcase, a_generation_is_sixteen_lower_case_digits);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return support_run(snapshot_suite());
}
