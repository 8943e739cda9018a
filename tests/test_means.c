#include "protocol/means.h"

#include "tests/vectors.h"

#define INPUT_SIZE_MAX 512

static enum means_fault fault_of_name(const char *name)
{
    static const char *const names[] = {
        [MEANS_FINE] = "FINE",
        [MEANS_EMPTY] = "EMPTY",
        [MEANS_TOO_LONG] = "TOO_LONG",
        [MEANS_WRONG_LENGTH] = "WRONG_LENGTH",
        [MEANS_WRONG_CHARACTER] = "WRONG_CHARACTER",
        [MEANS_NOT_A_PERSON] = "NOT_A_PERSON",
    };
    size_t i = 0;
    while (i < sizeof(names) / sizeof(names[0]) && strcmp(names[i], name) != 0)
        i++;
    ck_assert_uint_lt(i, sizeof(names) / sizeof(names[0]));
    return (enum means_fault)i;
}

static void check_identifier_vector(const struct vector *v)
{
    uint8_t bytes[INPUT_SIZE_MAX];
    bool is_empty = strcmp(v->words[4], "-") == 0;
    size_t size = is_empty ? 0 : support_unhex(bytes, sizeof(bytes), v->words[4]);
    enum means means = (enum means)vector_number(v, 1);
    enum means_fault wanted = fault_of_name(v->words[2]);

    struct identifier untouched, out;
    memset(&untouched, 0xa5, sizeof(untouched));
    out = untouched;
    const char *text = (const char *)at_the_edge(bytes, size);
    ck_assert_msg(means_normalise(&out, means, text, size) == wanted, "identifiers.txt:%u: %s",
                  v->line, v->words[0]);
    if (wanted != MEANS_FINE) {
        ck_assert_mem_eq(&out, &untouched, sizeof(out));
        ck_assert(!means_is_canonical((uint8_t)means, text, size));
        return;
    }
    size_t canonical_size = strlen(v->words[3]);
    ck_assert_uint_eq(out.means, means);
    ck_assert_uint_eq(out.size, canonical_size);
    ck_assert_msg(memcmp(out.text, v->words[3], canonical_size) == 0, "identifiers.txt:%u: %s",
                  v->line, v->words[0]);
    ck_assert(bytes_are_zero((const uint8_t *)out.text + out.size, sizeof(out.text) - out.size));
    ck_assert(means_is_canonical(out.means, out.text, out.size));

    /* What was written is canonical exactly when it is the canonical form. */
    bool is_same = size == canonical_size && memcmp(bytes, v->words[3], size) == 0;
    ck_assert(means_is_canonical((uint8_t)means, text, size) == is_same);
}

START_TEST(identifiers_become_what_the_vectors_say)
{
    struct vector_file file = vectors_open("identifiers.txt");
    struct vector vector;
    size_t count = 0;
    for (; vectors_next(&file, &vector); count++)
        check_identifier_vector(&vector);
    ck_assert_uint_gt(count, 100);
}
END_TEST

/* Every ck_assert is a message to the process that counts: loops of a million compare by
 * themselves. */

/* The same question asked slowly, a character at a time, from the table of PROTOCOL.md. */
static bool is_canonical_slowly(uint8_t means, const uint8_t *padded, size_t *size)
{
    size_t end = 0;
    while (end < IDENTIFIER_SIZE_MAX && padded[end] != 0)
        end++;
    *size = end;
    size_t digit_count = 0, letter_count = 0;
    for (size_t i = 0; i < IDENTIFIER_SIZE_MAX; i++) {
        if (i >= end && padded[i] != 0)
            return false;
        digit_count += padded[i] >= '0' && padded[i] <= '9';
        letter_count += padded[i] >= 'A' && padded[i] <= 'Z';
    }
    if (digit_count + letter_count != end)
        return false;
    int start = (padded[0] - '0') * 10 + padded[1] - '0';
    bool is_zero = memcmp(padded, "0000000000", 10) == 0;
    switch (means) {
    case MEANS_PERSONAL_CODE:
        return end == 11 && letter_count == 0 && start >= 1 && start <= 39;
    case MEANS_EID:
        return end == 9 && letter_count == 2 && padded[0] >= 'A' && padded[1] >= 'A';
    case MEANS_ETALONS:
        return end == 10 && letter_count == 0 && !is_zero;
    case MEANS_CARD:
        return end >= 4;
    default:
        return false;
    }
}

START_TEST(the_word_wise_look_agrees_with_the_slow_one_on_every_byte_at_every_place)
{
    static const char *const texts[] = {
        "01010000018", "39000000000", "ZZ0000001",         "0003645190", "0000000001",
        "0000000000",  "A0Z9",        "ABCDEFGH",          "ABCDEFGHI",  "ABCDEFGH01234567",
        "TESTHIT",     "ABC",         "ABCDEFGH01234567Z", "",           "ABCDEFGHIJKLMNOPQRSTUVWX",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        uint8_t padded[IDENTIFIER_SIZE_MAX] = {0};
        memcpy(padded, texts[i], strlen(texts[i]));
        for (size_t at = 0; at < IDENTIFIER_SIZE_MAX; at++) {
            uint8_t kept = padded[at];
            for (uint32_t byte = 0; byte <= UINT8_MAX; byte++) {
                padded[at] = (uint8_t)byte;
                for (uint8_t means = 0; means <= MEANS_LAST + 1; means++) {
                    size_t size;
                    bool wanted = is_canonical_slowly(means, padded, &size);
                    if (means_canonical_size(means, padded) != (wanted ? size : 0))
                        ck_abort_msg("text %zu, byte %zu as %u, means %u", i, at, byte, means);
                }
            }
            padded[at] = kept;
        }
    }
}
END_TEST

START_TEST(the_word_wise_look_agrees_with_the_slow_one_on_random_texts)
{
    static const char characters[] = "0123456789012345678901234567890123456789AZ@[/:az";
    uint64_t state = 7;
    size_t canonical_count = 0;
    for (uint32_t i = 0; i < 300000; i++) {
        uint8_t padded[IDENTIFIER_SIZE_MAX] = {0};
        size_t size = support_random(&state) % (IDENTIFIER_SIZE_MAX + 1);
        size_t choice_count = i % 2 == 0 ? 42 : sizeof(characters) - 1; /* half of them good */
        for (size_t at = 0; at < size; at++)
            padded[at] = (uint8_t)characters[support_random(&state) % choice_count];
        for (uint8_t means = 1; means <= MEANS_LAST; means++) {
            size_t found;
            bool wanted = is_canonical_slowly(means, padded, &found);
            if (means_canonical_size(means, padded) != (wanted ? found : 0))
                ck_abort_msg("text %u, means %u", i, means);
            canonical_count += wanted;
        }
    }
    ck_assert_uint_gt(canonical_count, 1000);
}
END_TEST

START_TEST(what_has_no_size_or_too_much_of_it_is_not_canonical)
{
    ck_assert(!means_is_canonical(MEANS_CARD, "", 0));
    ck_assert(!means_is_canonical(MEANS_CARD, "ABCDEFGHIJKLMNOPQRSTUVWXY", 25));
    ck_assert(!means_is_canonical(MEANS_CARD, "ABCD\0", 5));
    ck_assert(!means_is_canonical(MEANS_PERSONAL_CODE, "01010000018\0", 12));
    ck_assert(!means_is_canonical(0, "ABCD", 4));
    ck_assert(!means_is_canonical(MEANS_LAST + 1, "ABCD", 4));
}
END_TEST

START_TEST(test_identities_are_canonical_distinct_and_recognised)
{
    for (uint8_t means = 1; means <= MEANS_LAST; means++) {
        for (size_t which = 0; which < TEST_IDENTITY_COUNT; which++) {
            const char *text = means_test_identifier((enum means)means, (enum test_identity)which);
            struct identifier identifier;
            ck_assert(means_normalise(&identifier, (enum means)means, text, strlen(text)) ==
                      MEANS_FINE);
            ck_assert_uint_eq(identifier.size, strlen(text));
            ck_assert(means_is_test(&identifier));
            for (size_t other = 0; other < which; other++)
                ck_assert_str_ne(
                    text, means_test_identifier((enum means)means, (enum test_identity)other));
        }
    }
    struct identifier other = {.means = MEANS_PERSONAL_CODE, .size = 11, .text = "01010000042"};
    ck_assert(!means_is_test(&other));
    struct identifier nobody = {0};
    ck_assert(!means_is_test(&nobody));
    struct identifier wrong_means = {.means = MEANS_CARD, .size = 11, .text = "01010000018"};
    ck_assert(!means_is_test(&wrong_means));
}
END_TEST

START_TEST(anybody_is_a_card_number_that_no_register_may_deliver)
{
    struct identifier identifier;
    ck_assert(means_normalise(&identifier, MEANS_CARD, "anybody", 7) == MEANS_FINE);
    ck_assert(means_is_anybody(&identifier) && means_is_reserved(&identifier));
    ck_assert(!means_is_test(&identifier));
    ck_assert(means_normalise(&identifier, MEANS_CARD, "ANYBODYX", 8) == MEANS_FINE);
    ck_assert(!means_is_anybody(&identifier) && !means_is_reserved(&identifier));
    ck_assert(means_normalise(&identifier, MEANS_CARD, "TESTMISS", 8) == MEANS_FINE);
    ck_assert(!means_is_anybody(&identifier) && means_is_reserved(&identifier));
    struct identifier nobody = {0};
    ck_assert(!means_is_anybody(&nobody) && !means_is_reserved(&nobody));
}
END_TEST

START_TEST(names_lead_to_means_and_back)
{
    for (uint8_t means = 1; means <= MEANS_LAST; means++)
        ck_assert_uint_eq(means_of_name(means_name(means)), means);
    ck_assert_str_eq(means_name(MEANS_PERSONAL_CODE), "personal-code");
    ck_assert_str_eq(means_name(0), "unknown");
    ck_assert_str_eq(means_name(99), "unknown");
    ck_assert_uint_eq(means_of_name("passport"), 0);
    ck_assert_uint_eq(means_of_name(""), 0);
}
END_TEST

START_TEST(every_fault_has_a_sentence_of_its_own)
{
    for (int fault = MEANS_FINE; fault <= MEANS_NOT_A_PERSON; fault++) {
        for (int other = MEANS_FINE; other < fault; other++)
            ck_assert_str_ne(means_fault_text((enum means_fault)fault),
                             means_fault_text((enum means_fault)other));
    }
}
END_TEST

START_TEST(a_code_comes_back_from_its_number)
{
    static const char *const codes[] = {"01010000018", "39999999999", "32000000000", "01000000000",
                                        "31123199999"};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        char digits[11];
        uint64_t code = means_pack_code((const char *)at_the_edge(codes[i], 11));
        ck_assert_uint_lt(code, UINT64_C(1) << 37);
        means_unpack_code(digits, code);
        ck_assert_mem_eq(digits, codes[i], sizeof(digits));
    }
    ck_assert_uint_eq(means_pack_code("01010000018"), 1010000018);
}
END_TEST

static const struct {
    const char *what;
    uint64_t code;
    bool checks;
} code_rows[] = {
    {"a test identity", UINT64_C(1010000018), true},
    {"another last digit", UINT64_C(1010000019), false},
    {"born 1880, checksum 2", UINT64_C(1018000012), true},
    {"leap day of 1896, the sum gives 10", UINT64_C(29029600000), true},
    {"31 February with a right checksum", UINT64_C(31020000000), true},
    {"the first new one", UINT64_C(32000000000), true},
    {"the last new one", UINT64_C(39999999999), true},
    {"where the sum gives 10, 0 is taken", UINT64_C(1010000190), true},
};

START_TEST(a_code_tells_whether_its_checksum_is_right)
{
    ck_assert_msg(means_code_checks(code_rows[_i].code) == code_rows[_i].checks, "%s",
                  code_rows[_i].what);
}
END_TEST

START_TEST(the_checksum_catches_every_wrong_digit_and_every_swap_of_neighbours)
{
    static const char right[] = "01010000018";
    for (size_t at = 0; at < 10; at++) {
        char digits[11];
        for (char digit = '0'; digit <= '9'; digit++) {
            memcpy(digits, right, sizeof(digits));
            if (digits[at] == digit || (at == 0 && digit > '2'))
                continue;
            digits[at] = digit;
            ck_assert(!means_code_checks(means_pack_code(digits)));
        }
        memcpy(digits, right, sizeof(digits));
        if (digits[at] == digits[at + 1])
            continue;
        digits[at] = right[at + 1];
        digits[at + 1] = right[at];
        if (means_pack_code(digits) < UINT64_C(32000000000))
            ck_assert(!means_code_checks(means_pack_code(digits)));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("means");
    TCase *tests = tcase_create("means");
    tcase_add_test(tests, identifiers_become_what_the_vectors_say);
    tcase_add_test(tests, the_word_wise_look_agrees_with_the_slow_one_on_every_byte_at_every_place);
    tcase_add_test(tests, the_word_wise_look_agrees_with_the_slow_one_on_random_texts);
    tcase_add_test(tests, what_has_no_size_or_too_much_of_it_is_not_canonical);
    tcase_add_test(tests, test_identities_are_canonical_distinct_and_recognised);
    tcase_add_test(tests, anybody_is_a_card_number_that_no_register_may_deliver);
    tcase_add_test(tests, names_lead_to_means_and_back);
    tcase_add_test(tests, every_fault_has_a_sentence_of_its_own);
    tcase_add_test(tests, a_code_comes_back_from_its_number);
    tcase_add_loop_test(tests, a_code_tells_whether_its_checksum_is_right, 0,
                        (int)(sizeof(code_rows) / sizeof(code_rows[0])));
    tcase_add_test(tests, the_checksum_catches_every_wrong_digit_and_every_swap_of_neighbours);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
