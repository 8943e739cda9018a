/* Bits gathered many at once are those gathered one by one. */
#include "protocol/group_bits.h"

#include "tests/support.h"

#include <stdlib.h>

/* Bits that a clause may stand for; all others would be read beyond the set. */
static void draw(uint64_t words[static GROUP_WORD_COUNT], uint8_t *bits, size_t count,
                 uint64_t *state)
{
    for (size_t i = 0; i < GROUP_WORD_COUNT; i++)
        words[i] = support_random(state);
    for (size_t i = 0; i < count; i++)
        bits[i] = (uint8_t)(support_random(state) % (GROUP_BIT_EVERYBODY + 1));
}

START_TEST(many_at_once_are_those_one_by_one)
{
    uint64_t words[GROUP_WORD_COUNT], state = 11;
    uint8_t bits[GROUP_GATHER_MAX];
    for (uint64_t round = support_rounds(2000); round > 0; round--)
        for (uint32_t count = 1; count <= GROUP_GATHER_MAX; count++) {
            draw(words, bits, sizeof(bits), &state);
            uint64_t wanted = group_bits_gather_plainly(words, bits, count);
            ck_assert_uint_eq(group_bits_gather(words, bits, count), wanted);
        }
}
END_TEST

START_TEST(each_bit_of_a_set_is_found_and_no_other)
{
    uint8_t bits[GROUP_GATHER_MAX];
    for (uint32_t wanted = 0; wanted <= GROUP_BIT_EVERYBODY; wanted++) {
        uint64_t words[GROUP_WORD_COUNT] = {0};
        words[wanted / 64] = UINT64_C(1) << wanted % 64;
        for (uint32_t first = 0; first <= GROUP_BIT_EVERYBODY; first += GROUP_GATHER_MAX) {
            for (uint32_t i = 0; i < GROUP_GATHER_MAX; i++)
                bits[i] = (uint8_t)(first + i);
            uint64_t found = wanted / 64 == first / 64 ? UINT64_C(1) << wanted % 64 : 0;
            ck_assert_uint_eq(group_bits_gather(words, bits, GROUP_GATHER_MAX), found);
            ck_assert_uint_eq(group_bits_gather_plainly(words, bits, GROUP_GATHER_MAX), found);
        }
    }
}
END_TEST

/* Nothing of the set, and nothing behind the step in which the last clause is, is read. */
START_TEST(no_more_is_read_than_said)
{
    uint64_t words[GROUP_WORD_COUNT], state = 12;
    uint8_t bits[GROUP_GATHER_MAX] = {0};
    for (uint32_t count = 1; count <= GROUP_GATHER_MAX; count++) {
        draw(words, bits, count, &state);
        size_t room = (count + GROUP_GATHER_STEP - 1u) / GROUP_GATHER_STEP * GROUP_GATHER_STEP;
        const uint8_t *edge = at_the_edge(bits, room);
        const uint64_t *set = (const uint64_t *)(void *)at_the_edge(words, sizeof(words));
        ck_assert_uint_eq(group_bits_gather(set, edge, count),
                          group_bits_gather_plainly(words, bits, count));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("group_bits");
    TCase *tests = tcase_create("group_bits");
    tcase_add_test(tests, many_at_once_are_those_one_by_one);
    tcase_add_test(tests, each_bit_of_a_set_is_found_and_no_other);
    tcase_add_test(tests, no_more_is_read_than_said);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
