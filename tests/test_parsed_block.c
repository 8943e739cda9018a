/* What a piece of a file said, as bytes and back; and bytes that no file could have said. */
#include "loader/parsed_block.h"

#include "loader/source.h"
#include "tests/support.h"

#include <stdlib.h>
#include <string.h>

static const struct register_description description_of[] = {
    {.fact = FACT_PERSON}, {.fact = FACT_STATUS}, {.fact = FACT_MEANS}};

static struct source source_of(enum fact_kind fact)
{
    return (struct source){
        .description = &description_of[fact],
        .plan = {.fact = fact, .means = MEANS_EID, .status_kind = 3, .delivery = 5}};
}

/* One record of the kind and a refused row: 32, the record, 8. */
static size_t make_block(uint8_t *block, enum fact_kind fact)
{
    struct output output = {.row_count = 2, .warning_count = 1, .idle_count = 1};
    struct quarantined refused = {.line = 9, .refusal = REFUSAL_PLACE, .column = 2};
    output.refused = &refused;
    output.refused_count = 1;
    if (fact == FACT_PERSON)
        *facts_add_person(&output.facts) = (struct person_fact){
            .code = 32000000001, .birth_day = -20000, .death_day = DAY_NEVER, .place = 1000};
    if (fact == FACT_STATUS)
        *facts_add_status(&output.facts) = (struct status_fact){
            .code = 32000000001, .from_day = 1, .until_day = 2, .school = 1000, .subtype = 31};
    if (fact == FACT_MEANS)
        *facts_add_means(&output.facts) = (struct means_fact){
            .code = 32000000001, .until_day = DAY_NEVER, .identifier = {MEANS_EID, 9, "PA1234567"}};
    size_t size = parsed_block_size(&output);
    parsed_block_pack(block, &output);
    facts_free(&output.facts);
    return size;
}

static bool unpacks(const uint8_t *block, size_t size, enum fact_kind fact)
{
    struct output output = {0};
    struct source source = source_of(fact);
    uint8_t *bytes = at_the_edge(block, size);
    bool is_good = parsed_block_unpack(&output, bytes, size, &source);
    if (!is_good)
        ck_assert_uint_eq(output.facts.person_count + output.facts.status_count +
                              output.facts.means_count + output.refused_count,
                          0);
    output_free(&output);
    return is_good;
}

static const struct {
    enum fact_kind fact;
    size_t at;
    uint64_t value;
    size_t size; /* of the value */
} broken[] = {
    {FACT_PERSON, BLOCK_PERSON_COUNT, 2, 4},
    {FACT_PERSON, BLOCK_PERSON_COUNT, UINT32_MAX, 4},
    {FACT_PERSON, BLOCK_STATUS_COUNT, 1, 4},
    {FACT_PERSON, BLOCK_REFUSED_COUNT, 0, 4},
    {FACT_PERSON, BLOCK_PERSONS + PERSON_CODE, 0, 8},
    {FACT_PERSON, BLOCK_PERSONS + PERSON_CODE, 100000000000, 8},
    {FACT_PERSON, BLOCK_PERSONS + PERSON_PREVIOUS, UINT64_MAX, 8},
    {FACT_PERSON, BLOCK_PERSONS + PERSON_BIRTH, 0x7fffffff, 4},
    {FACT_PERSON, BLOCK_PERSONS + PERSON_BIRTH, 0x80000000, 4},
    {FACT_PERSON, BLOCK_PERSONS + PERSON_DEATH, DAY_NEVER - 1, 4},
    {FACT_PERSON, BLOCK_PERSONS + PERSON_PLACE, 10000000, 4},
    {FACT_PERSON, BLOCK_PERSONS + PERSON_SIZE + REFUSED_REFUSAL, 0, 1},
    {FACT_PERSON, BLOCK_PERSONS + PERSON_SIZE + REFUSED_REFUSAL, REFUSAL_LAST + 1, 1},
    {FACT_PERSON, BLOCK_PERSONS + PERSON_SIZE + REFUSED_RESERVED, 1, 2},
    {FACT_STATUS, BLOCK_STATUS_COUNT, 0, 4},
    {FACT_STATUS, BLOCK_PERSONS + STATUS_CODE, 0, 8},
    {FACT_STATUS, BLOCK_PERSONS + STATUS_CODE, 32000000001 | UINT64_C(32) << 37, 8},
    {FACT_STATUS, BLOCK_PERSONS + STATUS_FROM, DAY_NEVER - 1, 4},
    {FACT_STATUS, BLOCK_PERSONS + STATUS_UNTIL, 3000000, 4},
    {FACT_STATUS, BLOCK_PERSONS + STATUS_SCHOOL, UINT32_MAX, 4},
    {FACT_MEANS, BLOCK_TEXT_SIZE, 10, 4},
    {FACT_MEANS, BLOCK_TEXT_SIZE, UINT32_MAX, 4},
    {FACT_MEANS, BLOCK_PERSONS + MEANS_CODE,
     32000000001 | (uint64_t)MEANS_ETALONS << 37 | UINT64_C(9) << 45, 8},
    {FACT_MEANS, BLOCK_PERSONS + MEANS_CODE,
     32000000001 | (uint64_t)MEANS_EID << 37 | UINT64_C(8) << 45, 8},
    {FACT_MEANS, BLOCK_PERSONS + MEANS_CODE,
     32000000001 | (uint64_t)MEANS_EID << 37 | UINT64_C(10) << 45, 8},
    {FACT_MEANS, BLOCK_PERSONS + MEANS_ISSUED, DAY_NEVER - 1, 4},
    {FACT_MEANS, BLOCK_PERSONS + MEANS_TEXT, 'a', 1},
    {FACT_MEANS, BLOCK_PERSONS + MEANS_TEXT + 8, 0, 1},
};

START_TEST(bytes_that_no_row_could_have_said_are_no_block)
{
    uint8_t block[256], value[8];
    size_t size = make_block(block, broken[_i].fact);
    ck_assert(unpacks(block, size, broken[_i].fact));
    store_u64(value, broken[_i].value);
    memcpy(block + broken[_i].at, value, broken[_i].size);
    ck_assert(!unpacks(block, size, broken[_i].fact));
}
END_TEST

START_TEST(a_block_is_as_long_as_it_says_and_of_its_own_kind)
{
    uint8_t block[256] = {0};
    size_t size = make_block(block, (enum fact_kind)_i);
    for (size_t part = 0; part < size; part++)
        ck_assert(!unpacks(block, part, (enum fact_kind)_i));
    ck_assert(!unpacks(block, size + 1, (enum fact_kind)_i));
    for (int other = 0; other < 3; other++)
        ck_assert(unpacks(block, size, (enum fact_kind)other) == (other == _i));
}
END_TEST

/* As bytes on the disk. */
START_TEST(a_block_looks_as_described)
{
    static const char wanted[] = "00000000"
                                 "00000000"
                                 "01000000"
                                 "01000000"
                                 "02000000"
                                 "01000000"
                                 "01000000"
                                 "09000000"
                                 "0140597347200100"
                                 "00000000"
                                 "ffffffff"
                                 "00000000"
                                 "00000000"
                                 "504131323334353637"
                                 "09000000"
                                 "0e02"
                                 "0000";
    uint8_t block[256];
    char text[2 * sizeof(block) + 1];
    size_t size = make_block(block, FACT_MEANS);
    support_hex(text, block, size);
    ck_assert_str_eq(text, wanted);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("parsed_block");
    TCase *tests = tcase_create("parsed_block");
    tcase_add_loop_test(tests, bytes_that_no_row_could_have_said_are_no_block, 0, COUNT_OF(broken));
    tcase_add_loop_test(tests, a_block_is_as_long_as_it_says_and_of_its_own_kind, 0, 3);
    tcase_add_test(tests, a_block_looks_as_described);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
