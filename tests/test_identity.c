#include "protocol/identity.h"

#include "tests/vectors.h"

static struct identity_key key_of(uint8_t first)
{
    struct identity_key key;
    for (size_t i = 0; i < sizeof(key.bytes); i++)
        key.bytes[i] = (uint8_t)(first + i);
    return key;
}

static struct identifier identifier_of(uint8_t means, const char *text)
{
    struct identifier identifier = {.means = means, .size = (uint8_t)strlen(text)};
    memcpy(identifier.text, text, strlen(text));
    return identifier;
}

/* Computed by another implementation: Python's hashlib.blake2b(bytes([means]) + text,
 * digest_size=16, key=bytes(range(32))). These bytes are a promise: a line may be added, never
 * changed. */
static const struct {
    uint8_t means;
    const char *text;
    const char *digest;
} vectors[] = {
    {1, "01010000007", "ef7e6d2d51bd2b71d46d9919a4c514c0"},
    {1, "32123456789", "94486e16471ee5c5c6ec196bd952c35b"},
    {2, "PA1234567", "3111ec36554fba8bae8aa9cf7c4e7fd3"},
    {3, "0001234567", "b1316804b6de8444bd389da0c66802e7"},
    {4, "ABCD", "99a28c88611bb3261c91181fc026823e"},
    {4, "ABCDEFGHIJKLMNOPQRSTUVWX", "574cb696402f7bcf696651aa114105d5"},
};

START_TEST(a_digest_is_what_another_implementation_says)
{
    struct identity_key key = key_of(0);
    struct identifier identifier = identifier_of(vectors[_i].means, vectors[_i].text);
    struct digest digest;
    identity_digest(&digest, &key, &identifier);
    char hex[2 * DIGEST_SIZE + 1];
    support_hex(hex, digest.bytes, DIGEST_SIZE);
    ck_assert_str_eq(hex, vectors[_i].digest);
}
END_TEST

/* The file that the oracle checks too, one digest a line and each in a batch. */
START_TEST(digests_are_those_of_the_vectors)
{
    struct vector_file file = vectors_open("digests.txt");
    struct vector v;
    size_t count = 0;
    for (; vectors_next(&file, &v); count++) {
        struct identity_key key;
        struct digest wanted = {{0}}, found, in_batch[2];
        ck_assert_uint_eq(support_unhex(key.bytes, sizeof(key.bytes), v.words[1]),
                          IDENTITY_KEY_SIZE);
        ck_assert_uint_eq(support_unhex(wanted.bytes, DIGEST_SIZE, v.words[4]), DIGEST_SIZE);
        struct identifier identifier = identifier_of((uint8_t)vector_number(&v, 2), v.words[3]);
        const struct identifier twice[2] = {identifier, identifier};
        identity_digest(&found, &key, &identifier);
        identity_digest_batch(in_batch, &key, twice, 2);
        ck_assert_msg(memcmp(&found, &wanted, DIGEST_SIZE) == 0 &&
                          memcmp(&in_batch[1], &wanted, DIGEST_SIZE) == 0,
                      "digests.txt:%u: %s", v.line, v.words[0]);
    }
    ck_assert_uint_ge(count, 20);
}
END_TEST

START_TEST(a_key_id_and_a_check_value_are_what_another_implementation_says)
{
    struct identity_key key = key_of(0);
    uint8_t id[KEY_ID_SIZE], value[DIGEST_SIZE];
    char hex[2 * DIGEST_SIZE + 1];
    identity_key_id(id, &key);
    support_hex(hex, id, sizeof(id));
    ck_assert_str_eq(hex, "e513bb458b5d60078f05a30cdd2f577d");
    identity_check_value(value, &key);
    support_hex(hex, value, sizeof(value));
    ck_assert_str_eq(hex, "72d67846e286195ca7fa25f39dc86109");
}
END_TEST

START_TEST(the_same_text_of_another_means_is_another_digest)
{
    struct identity_key key = key_of(7);
    struct digest digests[MEANS_LAST];
    for (int means = 1; means <= MEANS_LAST; means++) {
        struct identifier identifier = identifier_of((uint8_t)means, "0000000001");
        identity_digest(&digests[means - 1], &key, &identifier);
        for (int other = 1; other < means; other++)
            ck_assert(memcmp(&digests[other - 1], &digests[means - 1], DIGEST_SIZE) != 0);
    }
}
END_TEST

START_TEST(every_bit_of_the_key_matters)
{
    struct identity_key key = key_of(3);
    struct identifier identifier = identifier_of(MEANS_EID, "PA1234567");
    struct digest first, other;
    identity_digest(&first, &key, &identifier);
    uint8_t first_id[KEY_ID_SIZE], id[KEY_ID_SIZE];
    identity_key_id(first_id, &key);
    for (size_t bit = 0; bit < 8 * IDENTITY_KEY_SIZE; bit++) {
        struct identity_key changed = key;
        changed.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        identity_digest(&other, &changed, &identifier);
        ck_assert(memcmp(&first, &other, DIGEST_SIZE) != 0);
        identity_key_id(id, &changed);
        ck_assert(memcmp(first_id, id, KEY_ID_SIZE) != 0);
    }
}
END_TEST

START_TEST(a_batch_says_what_one_at_a_time_says)
{
    struct identity_key key = key_of(9);
    struct identifier identifiers[IDENTITY_BATCH_MAX];
    for (size_t i = 0; i < IDENTITY_BATCH_MAX; i++) {
        char text[IDENTIFIER_SIZE_MAX + 1];
        snprintf(text, sizeof(text), "%0*zu", (int)(4 + i % 21), i);
        identifiers[i] = identifier_of((uint8_t)(1 + i % MEANS_LAST), text);
    }
    for (size_t count = 0; count <= IDENTITY_BATCH_MAX; count++) {
        struct digest batch[IDENTITY_BATCH_MAX + 1], one;
        memset(batch, 0xcd, sizeof(batch));
        identity_digest_batch(batch, &key, identifiers, count);
        for (size_t i = 0; i < count; i++) {
            identity_digest(&one, &key, &identifiers[i]);
            ck_assert(memcmp(&one, &batch[i], DIGEST_SIZE) == 0);
        }
        ck_assert_uint_eq(batch[count].bytes[0], 0xcd);
    }
}
END_TEST

START_TEST(starting_twice_is_fine)
{
    struct fault fault;
    ck_assert(identity_start(&fault));
    ck_assert(identity_start(&fault));
}
END_TEST

static Suite *identity_suite(void)
{
    Suite *suite = suite_create("identity");
    TCase *tcase = tcase_create("all");
    tcase_add_loop_test(tcase, a_digest_is_what_another_implementation_says, 0,
                        sizeof(vectors) / sizeof(vectors[0]));
    tcase_add_test(tcase, digests_are_those_of_the_vectors);
    tcase_add_test(tcase, a_key_id_and_a_check_value_are_what_another_implementation_says);
    tcase_add_test(tcase, the_same_text_of_another_means_is_another_digest);
    tcase_add_test(tcase, every_bit_of_the_key_matters);
    tcase_add_test(tcase, a_batch_says_what_one_at_a_time_says);
    tcase_add_test(tcase, starting_twice_is_fine);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return support_run(identity_suite());
}
