#include "protocol/subject.h"

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

/* The file that the oracle checks too. A batch says the same of each, wherever it stands in it. */
START_TEST(subjects_are_those_of_the_vectors)
{
    struct vector_file file = vectors_open("subjects.txt");
    struct vector v;
    size_t count = 0;
    for (; vectors_next(&file, &v); count++) {
        struct identity_key key;
        struct identifier identifiers[11];
        uint64_t in_batch[11];
        ck_assert_uint_eq(support_unhex(key.bytes, sizeof(key.bytes), v.words[1]),
                          IDENTITY_KEY_SIZE);
        uint64_t wanted = strtoull(v.words[4], NULL, 16);
        for (size_t i = 0; i < 11; i++)
            identifiers[i] = i == count % 11
                                 ? identifier_of((uint8_t)vector_number(&v, 2), v.words[3])
                                 : identifier_of(MEANS_CARD, "SOMEBODYELSE");
        subject_batch(in_batch, &key, identifiers, 11);
        ck_assert_msg(subject_of(&key, &identifiers[count % 11]) == wanted &&
                          in_batch[count % 11] == wanted,
                      "subjects.txt:%u: %s", v.line, v.words[0]);
    }
    ck_assert_uint_ge(count, 20);
}
END_TEST

/* Computed by another implementation: int.from_bytes(hashlib.blake2b(message, digest_size=16,
 * key=bytes(range(32))).digest()[:8], "little"). */
START_TEST(a_key_check_and_a_body_are_what_another_implementation_says)
{
    struct identity_key key = key_of(0);
    uint8_t frame[64];
    for (size_t i = 0; i < sizeof(frame); i++)
        frame[i] = (uint8_t)i;
    ck_assert_uint_eq(subject_key_check(&key), UINT64_C(0xd8f15675f4a0162e));
    ck_assert_uint_eq(subject_body(&key, frame), UINT64_C(0x63353af692b43927));
}
END_TEST

/* The same bytes must not stand for two things: what a ledger keeps is no digest of a snapshot's,
 * nor the reverse, even if somebody made one key of both kinds. */
START_TEST(a_subject_is_no_digest_and_depends_on_all_of_the_identifier_and_the_key)
{
    struct identity_key key = key_of(0), other = key_of(1);
    struct identifier code = identifier_of(MEANS_PERSONAL_CODE, "01010000018");
    struct identifier card = identifier_of(MEANS_CARD, "01010000018");
    struct identifier shorter = identifier_of(MEANS_CARD, "0101000001");
    struct digest digest;
    identity_digest(&digest, &key, &code);
    uint64_t subject = subject_of(&key, &code);
    ck_assert_uint_ne(subject, load_u64(digest.bytes));
    ck_assert_uint_ne(subject, subject_of(&other, &code));
    ck_assert_uint_ne(subject, subject_of(&key, &card));
    ck_assert_uint_ne(subject_of(&key, &card), subject_of(&key, &shorter));
    ck_assert_uint_ne(subject_key_check(&key), subject_key_check(&other));
}
END_TEST

static Suite *subject_suite(void)
{
    Suite *suite = suite_create("subject");
    TCase *tcase = tcase_create("subject");
    tcase_add_test(tcase, subjects_are_those_of_the_vectors);
    tcase_add_test(tcase, a_key_check_and_a_body_are_what_another_implementation_says);
    tcase_add_test(tcase, a_subject_is_no_digest_and_depends_on_all_of_the_identifier_and_the_key);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    struct fault fault;
    if (!identity_start(&fault))
        errx(1, "%s", fault.text);
    return support_run(subject_suite());
}
