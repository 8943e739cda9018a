/* What a clause takes off, and the code of several reliefs, as the published vectors say. */
#include "protocol/decide.h"

#include "tests/vectors.h"

static uint8_t number_of(const char *word, const char *const words[], size_t word_count)
{
    for (size_t i = 0; i < word_count; i++) {
        if (strcmp(word, words[i]) == 0)
            return (uint8_t)i;
    }
    ck_abort_msg("\"%s\" is not known", word);
}

static struct clause clause_of_vector(const struct vector *v)
{
    static const char *const computations[] = {"", "percent", "amount", "subsidy", "price"};
    static const char *const roundings[] = {"half-up", "down", "up"};
    return (struct clause){
        .computation = number_of(v->words[1], computations, COMPUTE_LAST + 1),
        .value = (uint32_t)vector_number(v, 2),
        .above = (uint32_t)vector_number(v, 3),
        .cap = (uint32_t)vector_number(v, 4),
        .flags = vector_number(v, 5) == 1 ? CLAUSE_CAP_EACH : 0,
        .rounding = number_of(v->words[6], roundings, ROUND_LAST + 1),
        .round_step = (uint16_t)vector_number(v, 7),
        .unit_count_max = (uint16_t)vector_number(v, 8),
        .companions_max = (uint8_t)vector_number(v, 9),
    };
}

START_TEST(amounts_are_those_of_the_vectors)
{
    struct vector_file file = vectors_open("amounts.txt");
    struct vector v;
    size_t count = 0;
    for (; vectors_next(&file, &v); count++) {
        ck_assert_uint_eq(v.count, 17);
        struct clause clause = clause_of_vector(&v);
        struct purchase purchase = {
            .unit_price = (uint32_t)vector_number(&v, 10),
            .quantity = (uint16_t)vector_number(&v, 11),
            .companions = (uint8_t)vector_number(&v, 12),
        };
        uint64_t payable = vector_number(&v, 13);
        struct verdict_part part = decide_amount(&clause, &purchase, payable);
        ck_assert_msg(part.unit_count == vector_number(&v, 14), "amounts.txt:%u: %s: %u units",
                      v.line, v.words[0], part.unit_count);
        ck_assert_msg(part.amount == vector_number(&v, 15), "amounts.txt:%u: %s: amount %llu",
                      v.line, v.words[0], (unsigned long long)part.amount);
        ck_assert_uint_eq(payable - part.amount, vector_number(&v, 16));
        ck_assert_ptr_eq(part.clause, &clause);
    }
    ck_assert_uint_gt(count, 200);
}
END_TEST

START_TEST(codes_of_several_reliefs_are_those_of_the_vectors)
{
    struct vector_file file = vectors_open("codes.txt");
    struct vector v;
    size_t count = 0;
    for (; vectors_next(&file, &v); count++) {
        uint32_t together =
            decide_code_together((uint32_t)vector_number(&v, 1), (uint32_t)vector_number(&v, 2));
        ck_assert_msg(together == vector_number(&v, 3), "codes.txt:%u: %s: %u", v.line, v.words[0],
                      together);
    }
    ck_assert_uint_gt(count, 5);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("decide_vectors");
    TCase *tests = tcase_create("decide_vectors");
    tcase_add_test(tests, amounts_are_those_of_the_vectors);
    tcase_add_test(tests, codes_of_several_reliefs_are_those_of_the_vectors);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
