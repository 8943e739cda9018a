#include "protocol/means.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define CODE_SIZE 11

/* What each means looks like. A text of at least `size_padded` characters gets zeros in front until
 * it has `size_least`: registers that went through a spreadsheet have lost them. */
static const struct shape {
    const char *name;
    uint8_t size_least, size_most, size_padded;
    bool is_digits;
} shapes[] = {
    [MEANS_PERSONAL_CODE] = {"personal-code", CODE_SIZE, CODE_SIZE, CODE_SIZE - 1, true},
    [MEANS_EID] = {"eid", 9, 9, 9, false},
    [MEANS_ETALONS] = {"e-talons", 10, 10, 1, true},
    [MEANS_CARD] = {"card", 4, IDENTIFIER_SIZE_MAX, 4, false},
};
static_assert(sizeof(shapes) / sizeof(shapes[0]) == MEANS_LAST + 1, "a shape for every means");

static bool means_is_known(uint8_t means)
{
    return means != 0 && means <= MEANS_LAST;
}

/* Eight characters at a time: every byte of a word is looked at by the same few operations. */

#define EVERY_BYTE(value) (UINT64_C(0x0101010101010101) * (value))

static bool word_is_digits(uint64_t word)
{
    uint64_t high = word & EVERY_BYTE(0xf0);
    /* Adding six carries 0x3a..0x3f, but not '0'..'9', into the next sixteen. A byte that carries
     * out of itself has a wrong high half already. */
    uint64_t carried = ((word + EVERY_BYTE(0x06)) & EVERY_BYTE(0xf0)) >> 4;
    return (high | carried) == EVERY_BYTE(0x33);
}

/* The top bit of every byte that is at least `least`, for bytes below 0x80. */
static uint64_t bytes_at_least(uint64_t word, uint8_t least)
{
    return (word + EVERY_BYTE((uint64_t)(0x80 - least))) & EVERY_BYTE(0x80);
}

/* How many characters of A-Z and 0-9 a word begins with. */
static uint8_t word_card_size(uint64_t word)
{
    uint64_t ascii = word & EVERY_BYTE(0x7f);
    uint64_t digits = bytes_at_least(ascii, '0') & ~bytes_at_least(ascii, '9' + 1);
    uint64_t letters = bytes_at_least(ascii, 'A') & ~bytes_at_least(ascii, 'Z' + 1);
    uint64_t wrong = ~((digits | letters) & ~word) & EVERY_BYTE(0x80);
    return (uint8_t)(wrong == 0 ? 8 : __builtin_ctzll(wrong) / 8);
}

struct words {
    uint64_t first, second, third;
};

/* 01 to 31 were days of birth, 32 to 39 begin the codes given since July 2017. Companies and public
 * bodies begin with 4, 5 or 9. The rest of a date is not judged: registers hold codes with none. */
static bool code_may_be_a_person(char tens, char ones)
{
    return tens <= '3' && !(tens == '0' && ones == '0');
}

static uint8_t code_size(struct words words)
{
    bool is_code = word_is_digits(words.first) && words.second >> 24 == 0 && words.third == 0 &&
                   word_is_digits(words.second | EVERY_BYTE('0') << 24);
    if (!is_code || !code_may_be_a_person((char)words.first, (char)(words.first >> 8)))
        return 0;
    return CODE_SIZE;
}

static uint8_t eid_size(struct words words)
{
    /* Seven digits after the two letters: six in the first word, with two zeros put in. */
    bool is_eid = word_card_size(words.first) == 8 && (char)words.first >= 'A' &&
                  (char)(words.first >> 8) >= 'A' &&
                  word_is_digits(words.first >> 16 | EVERY_BYTE('0') << 48) &&
                  words.second >> 8 == 0 && words.third == 0 && words.second >= '0' &&
                  words.second <= '9';
    return is_eid ? 9 : 0;
}

static uint8_t etalons_size(struct words words)
{
    bool is_number = word_is_digits(words.first) && words.second >> 16 == 0 && words.third == 0 &&
                     word_is_digits(words.second | EVERY_BYTE('0') << 16);
    bool is_zero = words.first == EVERY_BYTE('0') && words.second == (EVERY_BYTE('0') & 0xffff);
    return is_number && !is_zero ? 10 : 0;
}

static uint8_t card_size(struct words words)
{
    uint8_t size = word_card_size(words.first);
    if (size < 8) {
        bool is_card = size >= 4 && words.first >> (8 * size) == 0 && words.second == 0;
        return is_card && words.third == 0 ? size : 0;
    }
    size = word_card_size(words.second);
    if (size < 8)
        return words.second >> (8 * size) == 0 && words.third == 0 ? (uint8_t)(8 + size) : 0;
    size = word_card_size(words.third);
    return size == 8 || words.third >> (8 * size) == 0 ? (uint8_t)(16 + size) : 0;
}

uint8_t means_canonical_size(uint8_t means, const uint8_t padded[static IDENTIFIER_SIZE_MAX])
{
    struct words words = {load_u64(padded), load_u64(padded + 8), load_u64(padded + 16)};
    switch (means) {
    case MEANS_PERSONAL_CODE:
        return code_size(words);
    case MEANS_EID:
        return eid_size(words);
    case MEANS_ETALONS:
        return etalons_size(words);
    case MEANS_CARD:
        return card_size(words);
    default: /* a byte from the wire */
        return 0;
    }
}

bool means_is_canonical(uint8_t means, const char *text, size_t text_size)
{
    uint8_t padded[IDENTIFIER_SIZE_MAX] = {0};
    if (text_size == 0 || text_size > IDENTIFIER_SIZE_MAX)
        return false;
    memcpy(padded, text, text_size);
    return means_canonical_size(means, padded) == text_size;
}

/* Normalising: rows come by the million and nearly all are DDDDDDDDDDD or DDDDDD-DDDDD, or a number
 * that has lost its first zero. */
static bool take_plain_code(struct identifier *out, const char *text, size_t text_size)
{
    uint8_t padded[IDENTIFIER_SIZE_MAX] = {0};
    if (text_size == CODE_SIZE) {
        memcpy(padded, text, CODE_SIZE);
    } else if (text_size == CODE_SIZE + 1 && text[6] == '-') {
        memcpy(padded, text, 6);
        memcpy(padded + 6, text + 7, 5);
    } else if (text_size == CODE_SIZE - 1) {
        padded[0] = '0';
        memcpy(padded + 1, text, CODE_SIZE - 1);
    } else {
        return false;
    }
    if (means_canonical_size(MEANS_PERSONAL_CODE, padded) != CODE_SIZE)
        return false;
    out->means = MEANS_PERSONAL_CODE;
    out->size = CODE_SIZE;
    memcpy(out->text, padded, sizeof(out->text));
    return true;
}

/* The bytes of the space or hyphen that the text begins with; 0 when it begins with none. */
static size_t filler_size(const char *text, size_t text_size)
{
    const uint8_t *bytes = (const uint8_t *)text;
    switch (bytes[0]) {
    case ' ':
    case '\t':
    case '-':
        return 1;
    case 0xc2: /* c2 a0: U+00A0 no-break space */
        return text_size >= 2 && bytes[1] == 0xa0 ? 2 : 0;
    case 0xe2: /* e2 80 90 to e2 80 93: U+2010 hyphen to U+2013 en dash */
        return text_size >= 3 && bytes[1] == 0x80 && bytes[2] >= 0x90 && bytes[2] <= 0x93 ? 3 : 0;
    default:
        return 0;
    }
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return c >= 'A' && c <= 'Z';
}

/* Everything but spaces and hyphens, in upper case; false when that is too much. */
static bool strip(struct identifier *kept, const char *text, size_t text_size)
{
    size_t i = 0;
    while (i < text_size) {
        size_t filler = filler_size(text + i, text_size - i);
        if (filler == 0 && kept->size == IDENTIFIER_SIZE_MAX)
            return false;
        if (filler == 0)
            kept->text[kept->size++] = upper(text[i]);
        i += filler == 0 ? 1 : filler;
    }
    return true;
}

/* Certificates write PNOLV-311299-18886; its hyphens are gone by now. */
static void drop_certificate_prefix(struct identifier *kept)
{
    static const char prefix[] = {'P', 'N', 'O', 'L', 'V'};
    if (kept->size < sizeof(prefix) || memcmp(kept->text, prefix, sizeof(prefix)) != 0)
        return;
    kept->size = (uint8_t)(kept->size - sizeof(prefix));
    memmove(kept->text, kept->text + sizeof(prefix), kept->size);
    memset(kept->text + kept->size, 0, sizeof(prefix));
}

static bool is_of_alphabet(const struct identifier *kept, const struct shape *shape)
{
    for (size_t i = 0; i < kept->size; i++) {
        bool is_allowed =
            is_digit(kept->text[i]) || (!shape->is_digits && is_letter(kept->text[i]));
        if (!is_allowed)
            return false;
    }
    return true;
}

static void restore_zeros(struct identifier *kept, const struct shape *shape)
{
    if (kept->size < shape->size_padded || kept->size >= shape->size_least)
        return;
    size_t missing_count = (size_t)(shape->size_least - kept->size);
    memmove(kept->text + missing_count, kept->text, kept->size);
    memset(kept->text, '0', missing_count);
    kept->size = shape->size_least;
}

/* Characters and length are right, and still it is not canonical. */
static enum means_fault last_fault(enum means means)
{
    switch (means) {
    case MEANS_PERSONAL_CODE:
        return MEANS_NOT_A_PERSON;
    case MEANS_EID:
        return MEANS_WRONG_CHARACTER; /* a letter where a digit belongs, or the reverse */
    case MEANS_ETALONS:
        return MEANS_EMPTY; /* zero is what a spreadsheet makes of an empty cell */
    case MEANS_CARD:
        break;
    }
    abort(); /* every text of the right characters and length is a card */
}

enum means_fault means_normalise(struct identifier *out, enum means means, const char *text,
                                 size_t text_size)
{
    assert(means_is_known((uint8_t)means));
    if (means == MEANS_PERSONAL_CODE && take_plain_code(out, text, text_size))
        return MEANS_FINE;

    const struct shape *shape = &shapes[means];
    struct identifier kept = {.means = (uint8_t)means};
    if (!strip(&kept, text, text_size))
        return MEANS_TOO_LONG;
    if (means == MEANS_PERSONAL_CODE)
        drop_certificate_prefix(&kept);
    if (kept.size == 0)
        return MEANS_EMPTY;
    if (!is_of_alphabet(&kept, shape))
        return MEANS_WRONG_CHARACTER;
    restore_zeros(&kept, shape);
    if (kept.size < shape->size_least || kept.size > shape->size_most)
        return MEANS_WRONG_LENGTH;
    if (!means_is_canonical(kept.means, kept.text, kept.size))
        return last_fault(means);
    *out = kept;
    return MEANS_FINE;
}

const char *means_fault_text(enum means_fault fault)
{
    switch (fault) {
    case MEANS_FINE:
        return "the identifier is well formed";
    case MEANS_EMPTY:
        return "the identifier is empty";
    case MEANS_TOO_LONG:
        return "the identifier is longer than any of its kind";
    case MEANS_WRONG_LENGTH:
        return "the identifier has too few or too many characters";
    case MEANS_WRONG_CHARACTER:
        return "the identifier has a character that its kind never has there";
    case MEANS_NOT_A_PERSON:
        return "the identifier is a number that no person has, such as a company's";
    }
    abort();
}

const char *means_name(uint8_t means)
{
    return means_is_known(means) ? shapes[means].name : "unknown";
}

uint8_t means_of_name(const char *name)
{
    for (uint32_t means = 1; means <= MEANS_LAST; means++) {
        if (strcmp(shapes[means].name, name) == 0)
            return (uint8_t)means;
    }
    return 0;
}

uint64_t means_pack_code(const char digits[static CODE_SIZE])
{
    uint64_t code = 0;
    for (size_t i = 0; i < CODE_SIZE; i++) {
        assert(is_digit(digits[i]));
        code = code * 10 + (uint64_t)(digits[i] - '0');
    }
    return code;
}

/* Eight digits in lanes of 16 bits, the first in the lowest: the first, third, fifth, seventh; and
 * those between. All lanes are divided at once, by multiplying. */
struct digits {
    uint64_t odd, even;
};

static struct digits digits_of(uint32_t number)
{
    uint64_t fours = number / 10000 | (uint64_t)(number % 10000) << 32;
    uint64_t hundreds = ((fours * 5243) >> 19) & UINT64_C(0x0000007f0000007f);
    uint64_t pairs = hundreds | (fours - hundreds * 100) << 16;
    uint64_t tens = ((pairs * 103) >> 10) & UINT64_C(0x000f000f000f000f);
    return (struct digits){tens, pairs - tens * 10};
}

void means_unpack_code(char text[static CODE_SIZE], uint64_t code)
{
    assert(code < UINT64_C(100000000000));
    struct digits digits = digits_of((uint32_t)(code / 1000));
    uint32_t rest = (uint32_t)(code % 1000);
    store_u64((uint8_t *)text, digits.odd | digits.even << 8 | UINT64_C(0x3030303030303030));
    text[8] = (char)('0' + rest / 100);
    text[9] = (char)('0' + rest / 10 % 10);
    text[10] = (char)('0' + rest % 10);
}

#define CODE_NEW_LEAST 32

bool means_code_checks(uint64_t code)
{
    if (code / 1000000000 >= CODE_NEW_LEAST) /* the first two of eleven digits */
        return true;
    /* Weights 1, 6, 3, 7, 9, 10, 5, 8 of the first eight digits: a product's highest lane is the
     * sum of the first factor's lanes, each times the other's from the far end. Then 4 and 2. */
    struct digits digits = digits_of((uint32_t)(code / 1000));
    uint32_t rest = (uint32_t)(code % 1000);
    uint64_t sum = (digits.odd * UINT64_C(0x0001000300090005)) >> 48;
    sum += (digits.even * UINT64_C(0x00060007000a0008)) >> 48;
    sum += 4 * (rest / 100) + 2 * (rest / 10 % 10);
    return rest % 10 == (1101 - sum) % 11 % 10; /* 10 becomes 0; the sum is at most 495 */
}

static const char *const test_identifiers[MEANS_LAST + 1][TEST_IDENTITY_COUNT] = {
    [MEANS_PERSONAL_CODE] = {"01010000018", "01010000026", "01010000034"},
    [MEANS_EID] = {"ZZ0000001", "ZZ0000002", "ZZ0000003"},
    [MEANS_ETALONS] = {"9999999991", "9999999992", "9999999993"},
    [MEANS_CARD] = {"TESTHIT", "TESTEXPIRED", "TESTMISS"},
};

const char *means_test_identifier(enum means means, enum test_identity which)
{
    assert(means_is_known((uint8_t)means) && which < TEST_IDENTITY_COUNT);
    return test_identifiers[means][which];
}

bool means_is_test(const struct identifier *identifier)
{
    if (!means_is_known(identifier->means))
        return false;
    for (size_t i = 0; i < TEST_IDENTITY_COUNT; i++) {
        const char *text = test_identifiers[identifier->means][i];
        if (strlen(text) == identifier->size && memcmp(text, identifier->text, strlen(text)) == 0)
            return true;
    }
    return false;
}

bool means_is_anybody(const struct identifier *identifier)
{
    size_t size = sizeof(MEANS_ANYBODY) - 1;
    return identifier->means == MEANS_CARD && identifier->size == size &&
           memcmp(identifier->text, MEANS_ANYBODY, size) == 0;
}

bool means_is_reserved(const struct identifier *identifier)
{
    return means_is_test(identifier) || means_is_anybody(identifier);
}
