#include "protocol/manifest.h"

#include "protocol/snapshot.h"
#include "tests/support.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct sign_secret secret;
static struct sign_public public;

static void start(void)
{
    struct fault fault;
    ck_assert(identity_start(&fault));
    uint8_t seed[crypto_sign_SEEDBYTES];
    for (size_t i = 0; i < sizeof(seed); i++)
        seed[i] = (uint8_t)i;
    crypto_sign_seed_keypair(public.bytes, secret.bytes, seed);
}

/* Every field has bytes of its own. */
static struct manifest sample(void)
{
    struct manifest m;
    memset(&m, 0, sizeof(m));
    m.environment = 7;
    m.generation = 0x4d2;
    m.parent = 0x4d1;
    m.created_s = 1782518400;
    m.not_after_s = 1783123200;
    m.data_size = 1000000;
    memset(m.data_hash, 0xd1, sizeof(m.data_hash));
    memset(m.identity_key_id, 0xd2, sizeof(m.identity_key_id));
    memset(m.identity_check, 0xd3, sizeof(m.identity_check));
    manifest_signing_key_id(m.signing_key_id, &public);
    m.as_of_day = 20631;
    m.from_day = 20600;
    m.until_day = 20693;
    m.person_count = 1900000;
    m.identifier_count = 4000000;
    m.home_count = 2000000;
    m.subject_check = UINT64_C(0x5c5b5a5958575655);
    m.value_count = 3;
    m.source_count = 2;
    memcpy(m.values[0].name, "census", 6);
    memcpy(m.values[1].name, "index.00", 8);
    memcpy(m.values[2].name, "views", 5);
    for (uint32_t i = 0; i < 3; i++) {
        m.values[i].size = 1000 + i;
        memset(m.values[i].hash, (int)(0xe0 + i), VALUE_HASH_SIZE);
    }
    strcpy(m.sources[0].name, "IZM.learner");
    strcpy(m.sources[1].name, "PMLP.persons.xx");
    for (uint32_t i = 0; i < 2; i++) {
        m.sources[i].as_of_day = 20630 + i;
        m.sources[i].overdue_day = 20640 + i;
        m.sources[i].row_count = 300000 + i;
        m.sources[i].refused_count = 12 + i;
    }
    return m;
}

/* The page as a promise: 64 hexadecimal digits a line, zero lines left out. A line may never be
 * changed, unless SNAPSHOT_FORMAT is. */
static const char *const golden[] = {
    "0000 454c49474d414e310400000007000000d204000000000000d104000000000000",
    "0020 80123f6a00000000004d486a0000000040420f0000000000d1d1d1d1d1d1d1d1",
    "0040 d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d2d2d2d2d2d2d2d2",
    "0060 d2d2d2d2d2d2d2d2d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d39d24e2eeaf27c2a0",
    "0080 88a564a32fc03a889750000078500000d550000003000000e0fd1c0000000000",
    "00a0 00093d000000000080841e00000000000200000055565758595a5b5c00000000",
    "00c0 63656e7375730000e803000000000000e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0",
    "00e0 696e6465782e3030e903000000000000e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1",
    "0100 7669657773000000ea03000000000000e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2",
    "04c0 495a4d2e6c6561726e6572000000000096500000a0500000e09304000c000000",
    "04e0 504d4c502e706572736f6e732e78780097500000a1500000e19304000d000000",
    "07c0 b1617bc2857378899a1e7b9b53619d4a4e2e99ba8980404a162a94255e6275a9",
    "07e0 59d42309e95c3c54b7927f6e79168592cc7344419f255f5faeb6390b44be710c",
};

START_TEST(the_page_has_its_bytes)
{
    struct manifest m = sample();
    uint8_t page[MANIFEST_SIZE], wanted[MANIFEST_SIZE] = {0};
    manifest_sign(page, &m, &secret);
    for (size_t i = 0; i < sizeof(golden) / sizeof(golden[0]); i++) {
        size_t at = strtoul(golden[i], NULL, 16);
        support_unhex(wanted + at, 32, golden[i] + 5);
    }
    ck_assert(memcmp(page, wanted, MANIFEST_SIZE) == 0);
}
END_TEST

/* A page holds every field, as the test above shows. */
static bool manifests_are_same(const struct manifest *a, const struct manifest *b)
{
    uint8_t x[MANIFEST_SIZE], y[MANIFEST_SIZE];
    manifest_encode(x, a);
    manifest_encode(y, b);
    return memcmp(x, y, MANIFEST_SIZE) == 0;
}

START_TEST(what_was_signed_opens_as_it_was)
{
    struct manifest m = sample(), out;
    uint8_t page[MANIFEST_SIZE];
    struct fault fault;
    manifest_sign(page, &m, &secret);
    ck_assert_msg(manifest_open(&out, at_the_edge(page, sizeof(page)), &public, &fault), "%s",
                  fault.text);
    ck_assert(manifests_are_same(&m, &out));
}
END_TEST

START_TEST(any_changed_byte_is_refused)
{
    struct manifest m = sample(), out = {.generation = 99};
    uint8_t page[MANIFEST_SIZE];
    manifest_sign(page, &m, &secret);
    for (size_t at = 0; at < MANIFEST_SIZE; at++) {
        struct fault fault = {""};
        uint8_t kept = page[at];
        page[at] ^= (uint8_t)(1u << at % 8);
        ck_assert_msg(!manifest_open(&out, page, &public, &fault), "byte %zu", at);
        ck_assert(fault.text[0] != '\0');
        page[at] = kept;
    }
    ck_assert_uint_eq(out.generation, 99); /* untouched */
}
END_TEST

static bool open_says(const uint8_t *page, const struct sign_public *key, const char *words)
{
    struct manifest out;
    struct fault fault;
    bool good = manifest_open(&out, page, key, &fault);
    if (!good && strstr(fault.text, words) == NULL)
        fprintf(stderr, "said: %s\n", fault.text);
    return !good && strstr(fault.text, words) != NULL;
}

START_TEST(each_refusal_has_its_own_sentence)
{
    struct manifest m = sample();
    uint8_t page[MANIFEST_SIZE], zeros[MANIFEST_SIZE] = {0};
    manifest_sign(page, &m, &secret);
    ck_assert(open_says(zeros, &public, "not a manifest"));

    struct sign_public foreign;
    struct sign_secret foreign_secret;
    crypto_sign_keypair(foreign.bytes, foreign_secret.bytes);
    ck_assert(open_says(page, &foreign, "another key"));

    uint8_t changed[MANIFEST_SIZE];
    memcpy(changed, page, sizeof(page));
    changed[8] = SNAPSHOT_FORMAT + 1;
    ck_assert(open_says(changed, &public, "snapshot format 5: this program reads format 4"));
    memcpy(changed, page, sizeof(page));
    changed[600] ^= 1;
    ck_assert(open_says(changed, &public, "damaged or forged"));
    memcpy(changed, page, sizeof(page));
    memset(changed + MANIFEST_SIZE - SIGNATURE_SIZE, 0, SIGNATURE_SIZE);
    ck_assert(open_says(changed, &public, "not signed"));

    /* forged: a stranger's signature below the trusted key's name */
    manifest_sign(changed, &m, &foreign_secret);
    memcpy(changed + 120, page + 120, KEY_ID_SIZE);
    ck_assert(open_says(changed, &public, "damaged or forged"));
}
END_TEST

START_TEST(a_signature_over_the_bare_page_is_none)
{
    struct manifest m = sample();
    uint8_t page[MANIFEST_SIZE];
    manifest_sign(page, &m, &secret);
    crypto_sign_detached(page + MANIFEST_SIZE - SIGNATURE_SIZE, NULL, page,
                         MANIFEST_SIZE - SIGNATURE_SIZE, secret.bytes);
    ck_assert(open_says(page, &public, "damaged or forged"));
}
END_TEST

/* ---- fields out of range, well signed ---- */

/* Signs whatever the bytes are, as a publisher gone wrong would. */
static void sign_bytes(uint8_t page[static MANIFEST_SIZE])
{
    static const char domain[] = "elig snapshot manifest v1";
    uint8_t message[sizeof(domain) + MANIFEST_SIZE - SIGNATURE_SIZE];
    memcpy(message, domain, sizeof(domain));
    memcpy(message + sizeof(domain), page, MANIFEST_SIZE - SIGNATURE_SIZE);
    crypto_sign_detached(page + MANIFEST_SIZE - SIGNATURE_SIZE, NULL, message, sizeof(message),
                         secret.bytes);
}

static const struct {
    size_t at;
    size_t size; /* of the number */
    uint64_t value;
    const char *words;
} wrong_fields[] = {
    {16, 8, 0, "generation"},
    {24, 8, 0x4d2, "does not follow its parent"},
    {24, 8, UINT64_MAX, "does not follow its parent"},
    {40, 8, 1782518400, "not-after"},
    {40, 8, 0, "not-after"},
    {48, 8, 0, "data size"},
    {48, 8, UINT64_MAX, "data size"},
    {48, 8, 3002, "larger than the data file"},
    {136, 4, 20599, "as-of"},
    {136, 4, 20693, "as-of"},
    {140, 4, 20693, "window"},
    {140, 4, 0, "window"},
    {144, 4, 20600, "window"},
    {144, 4, 20600 + WINDOW_DAYS_MAX + 1, "window"},
    {144, 4, UINT32_MAX, "window"},
    {148, 4, VALUE_COUNT_MAX + 1, "33 values"},
    {148, 4, UINT32_MAX, "values"},
    {148, 4, 2, "reserved bytes"},
    {148, 4, 4, "value 3 has no proper name"},
    {152, 8, UINT64_MAX, "person count"},
    {160, 8, UINT64_MAX, "do not fit"},
    {168, 8, 0, "home count"},
    {168, 8, UINT64_MAX, "home count"},
    {168, 8, (UINT64_C(32) << 23), "home count"},
    {176, 4, SOURCE_COUNT_MAX + 1, "25 sources"},
    {176, 4, UINT32_MAX, "sources"},
    {176, 4, 1, "reserved bytes"},
    {176, 4, 3, "source 2 has no proper name"},
    {188, 1, 1, "reserved bytes"},
    {188, 4, UINT32_C(0x80000000), "reserved bytes"},
    {192, 1, 'C', "value 0 has no proper name"},
    {192, 1, 0, "value 0 has no proper name"},
    {198, 2, 'x' << 8, "value 0 has no proper name"},
    {192, 1, 'z', "value 1 is out of order"},
    {200, 8, UINT64_MAX, "larger than the data file"},
    {200, 8, 1000000 - 2002, "larger than the data file"},
    {192 + 3 * 32, 1, 1, "reserved bytes"},
    {1215, 1, 1, "reserved bytes"},
    {1216, 1, ' ', "source 0 has no proper name"},
    {1216 + 15, 1, 'x', "source 0 has no proper name"},
    {1216 + 32 + 15, 1, 'x', "source 1 has no proper name"},
    {1216 + 20, 4, 20629, "overdue before its own day"},
    {1216 + 28, 4, 300001, "refused 300001 rows of 300000"},
    {1216 + 64, 1, 1, "reserved bytes"},
    {1983, 1, 1, "reserved bytes"},
};

START_TEST(a_signed_page_with_an_impossible_field_is_refused)
{
    struct manifest m = sample();
    uint8_t page[MANIFEST_SIZE];
    manifest_sign(page, &m, &secret);
    for (size_t i = 0; i < wrong_fields[_i].size; i++)
        page[wrong_fields[_i].at + i] = (uint8_t)(wrong_fields[_i].value >> (8 * i));
    sign_bytes(page);
    ck_assert_msg(open_says(page, &public, wrong_fields[_i].words), "%s", wrong_fields[_i].words);
}
END_TEST

START_TEST(signing_what_is_impossible_is_our_own_mistake)
{
    struct manifest m = sample();
    m.until_day = m.from_day;
    uint8_t page[MANIFEST_SIZE];
    manifest_sign(page, &m, &secret); /* aborts */
}
END_TEST

START_TEST(a_full_page_has_room_for_all_values_and_sources)
{
    struct manifest m = sample(), out;
    m.value_count = VALUE_COUNT_MAX;
    m.source_count = SOURCE_COUNT_MAX;
    for (uint32_t i = 0; i < VALUE_COUNT_MAX; i++) {
        char name[16];
        snprintf(name, sizeof(name), "value.%02u", i);
        memcpy(m.values[i].name, name, VALUE_NAME_SIZE);
        m.values[i].size = i;
    }
    for (uint32_t i = 0; i < SOURCE_COUNT_MAX; i++) {
        m.sources[i] = m.sources[0];
        m.sources[i].name[0] = (char)('A' + i);
    }
    uint8_t page[MANIFEST_SIZE];
    struct fault fault;
    manifest_sign(page, &m, &secret);
    ck_assert_msg(manifest_open(&out, page, &public, &fault), "%s", fault.text);
    ck_assert(manifests_are_same(&m, &out));
}
END_TEST

START_TEST(hash_and_key_id_are_what_another_implementation_says)
{
    uint8_t page[MANIFEST_SIZE], hash[DATA_HASH_SIZE], id[KEY_ID_SIZE];
    memset(page, 0x5a, sizeof(page));
    manifest_hash(hash, page);
    char hex[2 * DATA_HASH_SIZE + 1];
    support_hex(hex, hash, sizeof(hash));
    ck_assert_str_eq(hex, "1dbd8b5808846e5167e09c6d767f28c0be3ab0b47f5fd069161027b31b26a068");
    manifest_signing_key_id(id, &public);
    support_hex(hex, id, sizeof(id));
    ck_assert_str_eq(hex, "9d24e2eeaf27c2a088a564a32fc03a88");
}
END_TEST

static Suite *manifest_suite(void)
{
    Suite *suite = suite_create("manifest");
    TCase *tcase = tcase_create("all");
    tcase_add_checked_fixture(tcase, start, NULL);
    tcase_add_test(tcase, the_page_has_its_bytes);
    tcase_add_test(tcase, what_was_signed_opens_as_it_was);
    tcase_add_test(tcase, any_changed_byte_is_refused);
    tcase_add_test(tcase, each_refusal_has_its_own_sentence);
    tcase_add_test(tcase, a_signature_over_the_bare_page_is_none);
    tcase_add_loop_test(tcase, a_signed_page_with_an_impossible_field_is_refused, 0,
                        sizeof(wrong_fields) / sizeof(wrong_fields[0]));
    tcase_add_test(tcase, a_full_page_has_room_for_all_values_and_sources);
    tcase_add_test(tcase, hash_and_key_id_are_what_another_implementation_says);
    const char *fork_wanted = getenv("CK_FORK");
    if (fork_wanted == NULL || strcmp(fork_wanted, "no") != 0)
        tcase_add_test_raise_signal(tcase, signing_what_is_impossible_is_our_own_mistake, 6);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return support_run(manifest_suite());
}
