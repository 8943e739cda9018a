#include "protocol/revocation.h"

#include "tests/support.h"

#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATH_ROOM 256

static struct sign_secret secret, foreign_secret;
static struct sign_public public, foreign;

static void start(void)
{
    struct fault fault;
    ck_assert(identity_start(&fault));
    uint8_t seed[crypto_sign_SEEDBYTES];
    for (size_t i = 0; i < sizeof(seed); i++)
        seed[i] = (uint8_t)i;
    crypto_sign_seed_keypair(public.bytes, secret.bytes, seed);
    seed[0] = 99;
    crypto_sign_seed_keypair(foreign.bytes, foreign_secret.bytes, seed);
}

static const char *path_of(const char *name)
{
    static char path[PATH_ROOM];
    snprintf(path, sizeof(path), "%s/%s", support_directory(), name);
    return path;
}

static struct revocation entry_of(uint32_t terminal, uint8_t byte)
{
    struct revocation entry = {.terminal = terminal, .revoked_s = 1795000000 + terminal};
    memset(entry.key, byte, sizeof(entry.key));
    return entry;
}

/* Environment 7, list 5; keys 0x11.., 0x22.. and 0x33.., added out of order. */
static struct revocations *sample(void)
{
    struct fault fault;
    struct revocations *list = revocations_none(7);
    const struct revocation entries[] = {entry_of(102, 0x22), entry_of(101, 0x33),
                                         entry_of(103, 0x11)};
    for (size_t i = 0; i < 3; i++)
        ck_assert(revocations_add(&list, &entries[i], &fault));
    list->sequence = 5;
    list->signed_s = 1795000200;
    return list;
}

#define SAMPLE_SIZE REVOCATIONS_SIZE(3)

static void sign_sample(uint8_t bytes[static SAMPLE_SIZE])
{
    struct revocations *list = sample();
    revocations_sign(bytes, list, &secret);
    revocations_free(list);
}

/* Past the signature: as the signer's own. */
static void sign_again(uint8_t bytes[], size_t size)
{
    crypto_sign_detached(bytes + size - crypto_sign_BYTES, NULL, bytes, size - crypto_sign_BYTES,
                         secret.bytes);
}

/* ---- the list ---- */

START_TEST(a_key_is_on_the_list_when_it_was_added)
{
    uint8_t key[NOISE_KEY_SIZE];
    struct revocations *list = sample();
    for (unsigned byte = 0; byte < 256; byte++) {
        memset(key, (int)byte, sizeof(key));
        bool is_on_it = byte == 0x11 || byte == 0x22 || byte == 0x33;
        ck_assert(revocations_has(list, key) == is_on_it);
        key[NOISE_KEY_SIZE - 1] ^= 1; /* all 32 bytes count */
        ck_assert(!revocations_has(list, key));
        key[NOISE_KEY_SIZE - 1] ^= 1;
        key[0] ^= 1;
        ck_assert(!revocations_has(list, key));
    }
    memset(key, 0x22, sizeof(key));
    ck_assert_uint_eq(revocations_find(list, key)->terminal, 102);
    ck_assert_uint_eq(revocations_find(list, key)->revoked_s, 1795000102);
    revocations_free(list);
    revocations_free(NULL);
}
END_TEST

START_TEST(the_list_that_holds_nobody_has_nobody)
{
    uint8_t key[NOISE_KEY_SIZE] = {0};
    struct revocations *list = revocations_none(3);
    ck_assert_uint_eq(list->count, 0);
    ck_assert_uint_eq(list->environment, 3);
    ck_assert(!revocations_has(list, key));
    revocations_free(list);
}
END_TEST

START_TEST(a_key_that_is_added_again_stays_as_it_was)
{
    struct fault fault;
    struct revocations *list = sample();
    struct revocation again = entry_of(999, 0x22);
    ck_assert(revocations_add(&list, &again, &fault));
    ck_assert_uint_eq(list->count, 3);
    ck_assert_uint_eq(revocations_find(list, again.key)->terminal, 102);
    revocations_free(list);
}
END_TEST

/* Against a plain search, with keys that differ at either end. */
START_TEST(keys_added_in_any_order_are_all_found_and_rise)
{
    enum { COUNT = 500 };
    static struct revocation added[COUNT];
    uint64_t chance = 1;
    struct fault fault;
    struct revocations *list = revocations_none(0);
    for (uint32_t i = 0; i < COUNT; i++) {
        added[i] = entry_of(i + 1, 0);
        added[i].key[0] = (uint8_t)(support_random(&chance) % 4);
        store_u16(added[i].key + 30, (uint16_t)i);
        ck_assert(revocations_add(&list, &added[i], &fault));
    }
    ck_assert_uint_eq(list->count, COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        ck_assert_uint_eq(revocations_find(list, added[i].key)->terminal, i + 1);
        if (i > 0)
            ck_assert_int_lt(memcmp(list->entries[i - 1].key, list->entries[i].key, 32), 0);
        added[i].key[0] = 9;
        ck_assert(!revocations_has(list, added[i].key));
    }
    revocations_free(list);
}
END_TEST

START_TEST(a_full_list_takes_no_more_and_stays)
{
    struct fault fault;
    struct revocations *list =
        calloc(1, sizeof(*list) + REVOCATION_COUNT_MAX * sizeof(list->entries[0]));
    list->count = REVOCATION_COUNT_MAX;
    list->sequence = 1;
    for (uint32_t i = 0; i < REVOCATION_COUNT_MAX; i++) {
        list->entries[i].terminal = 1;
        list->entries[i].key[0] = (uint8_t)(i >> 8);
        list->entries[i].key[1] = (uint8_t)i;
    }
    struct revocation one = entry_of(1, 0x77), known = list->entries[4711];
    ck_assert(!revocations_add(&list, &one, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "at most 65536"));
    ck_assert_uint_eq(list->count, REVOCATION_COUNT_MAX);
    ck_assert(revocations_add(&list, &known, &fault)); /* it is there */

    /* and it goes through a file */
    ck_assert_msg(revocations_write(list, path_of("full"), &secret, &fault), "%s", fault.text);
    struct revocations *again;
    ck_assert_msg(revocations_read(&again, path_of("full"), &public, 0, 1, &fault), "%s",
                  fault.text);
    ck_assert_uint_eq(again->count, REVOCATION_COUNT_MAX);
    ck_assert_int_eq(memcmp(list->entries, again->entries, again->count * sizeof(known)), 0);
    revocations_free(list);
    revocations_free(again);
}
END_TEST

/* ---- its bytes ---- */

/* The bytes as a promise: never changed, unless REVOCATION_FORMAT is. */
static const char *const golden = "454c494752455631010000000700000005000000000000008887fd6a00000000"
                                  "9d24e2eeaf27c2a088a564a32fc03a88"
                                  "0300000000000000"
                                  "6700000000000000111111111111111111111111111111111111111111111111"
                                  "11111111111111112787fd6a00000000"
                                  "6600000000000000222222222222222222222222222222222222222222222222"
                                  "22222222222222222687fd6a00000000"
                                  "6500000000000000333333333333333333333333333333333333333333333333"
                                  "33333333333333332587fd6a00000000";

START_TEST(the_bytes_are_those_of_the_page)
{
    uint8_t bytes[SAMPLE_SIZE];
    char hex[2 * SAMPLE_SIZE + 1];
    sign_sample(bytes);
    support_hex(hex, bytes, SAMPLE_SIZE - 64);
    ck_assert_str_eq(hex, golden);
    ck_assert_int_eq(crypto_sign_verify_detached(bytes + SAMPLE_SIZE - 64, bytes, SAMPLE_SIZE - 64,
                                                 public.bytes),
                     0);
}
END_TEST

START_TEST(what_was_signed_opens_as_it_was)
{
    uint8_t bytes[SAMPLE_SIZE];
    struct fault fault;
    struct revocations *list = sample(), *opened;
    sign_sample(bytes);
    ck_assert_msg(
        revocations_open(&opened, at_the_edge(bytes, SAMPLE_SIZE), SAMPLE_SIZE, &public, &fault),
        "%s", fault.text);
    ck_assert_uint_eq(opened->environment, 7);
    ck_assert_uint_eq(opened->sequence, 5);
    ck_assert_uint_eq(opened->signed_s, 1795000200);
    ck_assert_uint_eq(opened->count, 3);
    ck_assert_int_eq(memcmp(opened->entries, list->entries, 3 * sizeof(list->entries[0])), 0);
    revocations_free(list);
    revocations_free(opened);
}
END_TEST

START_TEST(every_flipped_bit_is_refused)
{
    uint8_t bytes[SAMPLE_SIZE];
    struct revocations *opened = NULL;
    sign_sample(bytes);
    for (size_t i = 0; i < SAMPLE_SIZE; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            struct fault fault = {""};
            bytes[i] ^= (uint8_t)(1 << bit);
            ck_assert(!revocations_open(&opened, bytes, SAMPLE_SIZE, &public, &fault));
            ck_assert(fault.text[0] != '\0');
            ck_assert_ptr_null(opened);
            bytes[i] ^= (uint8_t)(1 << bit);
        }
    }
}
END_TEST

START_TEST(every_cut_and_every_longer_one_is_refused)
{
    uint8_t bytes[SAMPLE_SIZE + 48] = {0};
    struct fault fault;
    struct revocations *opened = NULL;
    sign_sample(bytes);
    for (size_t size = 0; size <= sizeof(bytes); size++) {
        uint8_t *copy = at_the_edge(bytes, size);
        if (size != SAMPLE_SIZE)
            ck_assert(!revocations_open(&opened, copy, size, &public, &fault));
    }
    ck_assert_ptr_null(opened);
}
END_TEST

START_TEST(a_foreign_signature_is_refused_and_said_to_be_one)
{
    uint8_t bytes[SAMPLE_SIZE];
    struct fault fault;
    struct revocations *list = sample(), *opened = NULL;
    revocations_sign(bytes, list, &foreign_secret);
    ck_assert(!revocations_open(&opened, bytes, SAMPLE_SIZE, &public, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "another key"));
    revocations_free(list);

    /* under our name, too */
    sign_sample(bytes);
    crypto_sign_detached(bytes + SAMPLE_SIZE - 64, NULL, bytes, SAMPLE_SIZE - 64,
                         foreign_secret.bytes);
    ck_assert(!revocations_open(&opened, bytes, SAMPLE_SIZE, &public, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "does not fit"));
    memset(bytes + SAMPLE_SIZE - 64, 0, 64);
    ck_assert(!revocations_open(&opened, bytes, SAMPLE_SIZE, &public, &fault));
    ck_assert_ptr_null(opened);
}
END_TEST

/* What the signer itself would have to have written. */
static const struct wrong {
    const char *name;
    size_t at;
    const char *hex, *sentence;
} wrong_fields[] = {
    {"another magic", 0, "454c49474d414e31", "does not begin with ELIGREV1"},
    {"another format", 8, "02000000", "format 2"},
    {"sequence 0", 16, "0000000000000000", "no sequence"},
    {"one more than there are", 48, "04000000", "do not hold"},
    {"one fewer than there are", 48, "02000000", "do not hold"},
    {"more than any list", 48, "ffffffff", "do not hold"},
    {"reserved bytes of the head", 52, "01000000", "reserved"},
    {"a terminal without a number", 56, "00000000", "without a number"},
    {"reserved bytes of an entry", 60, "00000080", "reserved"},
    {"keys that fall", 64, "44", "must rise"},
    {"a key that is there twice", 56 + 8,
     "2222222222222222222222222222222222222222222222222222222222222222", "must rise"},
};

START_TEST(what_is_signed_but_impossible_is_refused)
{
    const struct wrong *wrong = &wrong_fields[_i];
    uint8_t bytes[SAMPLE_SIZE];
    struct fault fault;
    struct revocations *opened = NULL;
    sign_sample(bytes);
    support_unhex(bytes + wrong->at, 32, wrong->hex);
    sign_again(bytes, SAMPLE_SIZE);
    ck_assert_msg(!revocations_open(&opened, bytes, SAMPLE_SIZE, &public, &fault), "%s",
                  wrong->name);
    ck_assert_msg(strstr(fault.text, wrong->sentence) != NULL, "%s: %s", wrong->name, fault.text);
    ck_assert_ptr_null(opened);
}
END_TEST

/* ---- its file ---- */

static void write_sample(const char *name)
{
    struct fault fault;
    struct revocations *list = sample();
    ck_assert_msg(revocations_write(list, path_of(name), &secret, &fault), "%s", fault.text);
    revocations_free(list);
}

static bool reads(const char *name, uint32_t environment, uint64_t sequence_least,
                  struct fault *fault)
{
    struct revocations *list = NULL;
    bool is_read =
        revocations_read(&list, path_of(name), &public, environment, sequence_least, fault);
    ck_assert(is_read == (list != NULL));
    revocations_free(list);
    return is_read;
}

START_TEST(a_list_that_was_written_is_read)
{
    struct fault fault;
    struct stat info;
    umask(0077);
    write_sample("list");
    ck_assert_msg(reads("list", 7, 5, &fault), "%s", fault.text);
    ck_assert_int_eq(stat(path_of("list"), &info), 0);
    ck_assert_uint_eq(info.st_mode & 07777,
                      0644); /* the engines read it, whatever the umask says */
    ck_assert_int_ne(access(path_of("list.tmp"), F_OK), 0);
}
END_TEST

START_TEST(a_list_that_is_older_than_one_that_was_seen_is_refused)
{
    struct fault fault;
    write_sample("list"); /* number 5 */
    ck_assert(reads("list", 7, 0, &fault) && reads("list", 7, 4, &fault) &&
              reads("list", 7, 5, &fault));
    ck_assert(!reads("list", 7, 6, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "number 6 was seen here already"));
    ck_assert(!reads("list", 7, UINT64_MAX, &fault));
}
END_TEST

START_TEST(a_list_of_another_environment_is_refused)
{
    struct fault fault;
    write_sample("list");
    ck_assert(!reads("list", 0, 0, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "of environment 7, wanted one of environment 0"));
}
END_TEST

START_TEST(a_list_that_is_not_there_is_nobody_only_for_who_says_so)
{
    struct fault fault;
    struct revocations *list = NULL;
    ck_assert(!reads("none", 7, 0, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "none: there is no such list; when there has never"));
    ck_assert(revocations_read_if_there(&list, path_of("none"), &public, 7, 0, &fault));
    ck_assert_uint_eq(list->count, 0);
    ck_assert_uint_eq(list->sequence, 0);
    revocations_free(list);

    list = NULL; /* there was one: somebody took it away */
    ck_assert(!revocations_read_if_there(&list, path_of("none"), &public, 7, 1, &fault));
    ck_assert_int_eq(symlink("/nonexistent", path_of("dangling")), 0);
    ck_assert(!revocations_read_if_there(&list, path_of("dangling"), &public, 7, 0, &fault));
    ck_assert(!revocations_read_if_there(&list, path_of("none/none/none"), &public, 7, 9, &fault));
    write_sample("list"); /* one that is there is read */
    ck_assert(!revocations_read_if_there(&list, path_of("list"), &public, 8, 0, &fault));
    ck_assert_ptr_null(list);
}
END_TEST

START_TEST(only_a_regular_file_of_a_possible_size_is_a_list)
{
    struct fault fault;
    char target[PATH_ROOM];
    write_sample("list");
    snprintf(target, sizeof(target), "%s", path_of("list"));
    ck_assert_int_eq(symlink(target, path_of("link")), 0);
    ck_assert(!reads("link", 7, 0, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "symbolic link"));
    ck_assert_int_eq(mkfifo(path_of("fifo"), 0600), 0);
    ck_assert(!reads("fifo", 7, 0, &fault)); /* and does not wait */
    ck_assert_ptr_nonnull(strstr(fault.text, "regular"));
    ck_assert(!reads(".", 7, 0, &fault));
    support_write_file(path_of("big"), "", 0, 0644);
    ck_assert_int_eq(truncate(path_of("big"), INT64_C(1) << 40), 0);
    ck_assert(!reads("big", 7, 0, &fault)); /* nor takes a terabyte of memory */
    ck_assert_ptr_nonnull(strstr(fault.text, "has at most"));
    support_write_file(path_of("empty"), "", 0, 0644);
    ck_assert(!reads("empty", 7, 0, &fault));
}
END_TEST

/* ---- revoking ---- */

START_TEST(each_revocation_raises_the_sequence_by_one)
{
    struct fault fault;
    struct revoking done;
    struct revocations *list;
    const char *path = path_of("list");
    struct revocation one = entry_of(1, 0x51), two = entry_of(2, 0x50);
    ck_assert_msg(revocations_revoke(&done, path, 7, &one, &secret, true, &fault), "%s",
                  fault.text);
    ck_assert(!done.was_there && done.sequence == 1 && done.count == 1);
    ck_assert(revocations_revoke(&done, path, 7, &two, &secret, false, &fault));
    ck_assert(!done.was_there && done.sequence == 2 && done.count == 2);
    ck_assert(revocations_revoke(&done, path, 7, &one, &secret, false, &fault));
    ck_assert(done.was_there && done.sequence == 2 && done.count == 2);
    ck_assert(revocations_read(&list, path, &public, 7, 2, &fault));
    ck_assert(revocations_has(list, one.key) && revocations_has(list, two.key));
    ck_assert_uint_eq(list->signed_s, two.revoked_s);
    revocations_free(list);
}
END_TEST

START_TEST(a_list_that_cannot_be_read_is_not_replaced)
{
    struct fault fault;
    struct revoking done;
    struct revocation one = entry_of(1, 0x51);
    write_sample("list");
    ck_assert(!revocations_revoke(&done, path_of("list"), 7, &one, &foreign_secret, true, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "another key"));
    ck_assert(!revocations_revoke(&done, path_of("list"), 0, &one, &secret, true, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "environment"));
    ck_assert(reads("list", 7, 5, &fault));

    /* A list that was lost is not begun anew: that would let everybody in again. */
    ck_assert(!revocations_revoke(&done, path_of("lost"), 7, &one, &secret, false, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "there is no such list"));
    ck_assert_int_ne(access(path_of("lost"), F_OK), 0);
    ck_assert(!revocations_revoke(&done, path_of("no/such"), 7, &one, &secret, true, &fault));
}
END_TEST

START_TEST(a_list_is_begun_once_and_goes_on_from_there)
{
    struct fault fault;
    struct revoking done;
    struct revocation one = entry_of(1, 0x51);
    ck_assert_msg(revocations_begin(path_of("new"), 7, 1000, &secret, &fault), "%s", fault.text);
    ck_assert(reads("new", 7, 1, &fault) && !reads("new", 7, 2, &fault));
    ck_assert(!revocations_begin(path_of("new"), 7, 1000, &secret, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "new: exists"));
    ck_assert_msg(revocations_revoke(&done, path_of("new"), 7, &one, &secret, false, &fault), "%s",
                  fault.text);
    ck_assert_uint_eq(done.sequence, 2);
    ck_assert_uint_eq(done.count, 1);

    /* Whatever else stands there is nothing to write over. */
    ck_assert(!revocations_begin(path_of("new"), 7, 1000, &secret, &fault));
    ck_assert(reads("new", 7, 2, &fault));
    ck_assert_int_eq(symlink("/nonexistent", path_of("dangling")), 0);
    ck_assert(!revocations_begin(path_of("dangling"), 7, 1000, &secret, &fault));
    ck_assert(!revocations_begin(path_of("no/such"), 7, 1000, &secret, &fault));
}
END_TEST

/* As a full disk would: the file may not grow. */
START_TEST(a_list_that_cannot_be_written_leaves_the_old_one)
{
    struct fault fault;
    struct revoking done;
    struct revocation one = entry_of(1, 0x51);
    write_sample("list");
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit = {.rlim_cur = 100, .rlim_max = 100};
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert(!revocations_revoke(&done, path_of("list"), 7, &one, &secret, false, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "nothing has changed"));
    ck_assert_int_ne(access(path_of("list.tmp"), F_OK), 0);
    ck_assert(reads("list", 7, 5, &fault));
}
END_TEST

/* Eight at once, each of its own process: none of them is lost. */
START_TEST(revocations_at_the_same_time_all_stand)
{
    enum { COUNT = 8 };
    struct fault fault;
    pid_t children[COUNT];
    char path[PATH_ROOM];
    snprintf(path, sizeof(path), "%s", path_of("list"));
    write_sample("list");
    for (uint32_t i = 0; i < COUNT; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            struct revoking done;
            struct revocation entry = entry_of(200 + i, (uint8_t)(0x80 + i));
            _exit(!revocations_revoke(&done, path, 7, &entry, &secret, false, &fault));
        }
    }
    for (uint32_t i = 0; i < COUNT; i++) {
        int status = 1;
        ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
        ck_assert_int_eq(status, 0);
    }
    struct revocations *list;
    ck_assert(revocations_read(&list, path, &public, 7, 5 + COUNT, &fault));
    ck_assert_uint_eq(list->count, 3 + COUNT);
    ck_assert_uint_eq(list->sequence, 5 + COUNT);
    revocations_free(list);
}
END_TEST

static Suite *revocation_suite(void)
{
    Suite *suite = suite_create("revocation");
    TCase *tcase = tcase_create("all");
    tcase_add_checked_fixture(tcase, start, NULL);
    tcase_add_test(tcase, a_key_is_on_the_list_when_it_was_added);
    tcase_add_test(tcase, the_list_that_holds_nobody_has_nobody);
    tcase_add_test(tcase, a_key_that_is_added_again_stays_as_it_was);
    tcase_add_test(tcase, keys_added_in_any_order_are_all_found_and_rise);
    tcase_add_test(tcase, a_full_list_takes_no_more_and_stays);
    tcase_add_test(tcase, the_bytes_are_those_of_the_page);
    tcase_add_test(tcase, what_was_signed_opens_as_it_was);
    tcase_add_test(tcase, every_flipped_bit_is_refused);
    tcase_add_test(tcase, every_cut_and_every_longer_one_is_refused);
    tcase_add_test(tcase, a_foreign_signature_is_refused_and_said_to_be_one);
    tcase_add_loop_test(tcase, what_is_signed_but_impossible_is_refused, 0,
                        sizeof(wrong_fields) / sizeof(wrong_fields[0]));
    tcase_add_test(tcase, a_list_that_was_written_is_read);
    tcase_add_test(tcase, a_list_that_is_older_than_one_that_was_seen_is_refused);
    tcase_add_test(tcase, a_list_of_another_environment_is_refused);
    tcase_add_test(tcase, a_list_that_is_not_there_is_nobody_only_for_who_says_so);
    tcase_add_test(tcase, only_a_regular_file_of_a_possible_size_is_a_list);
    tcase_add_test(tcase, each_revocation_raises_the_sequence_by_one);
    tcase_add_test(tcase, a_list_that_cannot_be_read_is_not_replaced);
    tcase_add_test(tcase, a_list_is_begun_once_and_goes_on_from_there);
    tcase_add_test(tcase, a_list_that_cannot_be_written_leaves_the_old_one);
    tcase_add_test(tcase, revocations_at_the_same_time_all_stand);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return support_run(revocation_suite());
}
