#include "protocol/suppress.h"
#include "tests/support.h"

#include <string.h>

#define BOUND    5
#define LINE_MAX 4

struct row {
    const char *name;
    uint64_t persons[LINE_MAX][SUPPRESS_CLASS_COUNT];
    bool are_disjoint;
    const char *told; /* a sign for each line: + it is, - it is not */
};

static const struct row rows[] = {
    {"what is none or many is told", {{0, 5, 100, 0}, {0, 0, 0, 0}}, true, "++"},
    {"few of any class are not told, and another line hides them",
     {{100, 1, 0, 0}, {100, 50, 0, 0}, {100, 60, 0, 0}},
     true,
     "--+"},
    {"the smallest line that has some of the class hides them",
     {{100, 1, 0, 0}, {9, 0, 0, 0}, {100, 60, 0, 0}, {10, 50, 0, 0}},
     true,
     "-++-"},
    {"few and few together are as good as many",
     {{9, 3, 0, 0}, {9, 3, 0, 0}, {9, 7, 0, 0}},
     true,
     "--+"},
    {"unless they may be the same persons",
     {{9, 3, 0, 0}, {9, 3, 0, 0}, {9, 7, 0, 0}},
     false,
     "---"},
    {"where nobody else has the class the total itself is of few",
     {{9, 3, 0, 0}, {9, 0, 7, 0}},
     true,
     "-+"},
    {"one class after the other",
     {{0, 4, 0, 0}, {0, 6, 0, 4}, {0, 0, 9, 9}, {6, 0, 9, 0}},
     true,
     "---+"},
};

START_TEST(few_are_neither_told_nor_to_be_worked_out)
{
    const struct row *row = &rows[_i];
    struct counted counted[LINE_MAX], *lines[LINE_MAX] = {0};
    size_t count = strlen(row->told);
    for (size_t i = 0; i < count; i++) {
        memcpy(counted[i].persons, row->persons[i], sizeof(row->persons[i]));
        lines[i] = &counted[i];
    }
    suppress_lines(lines, count, BOUND, row->are_disjoint);
    for (size_t i = 0; i < count; i++)
        ck_assert_msg(counted[i].is_told == (row->told[i] == '+'), "%s: line %zu", row->name, i);
}
END_TEST

/* Of lines by chance: what a total leaves for all that are not told is none, many, or all there
 * are of a class. */
START_TEST(a_total_leaves_nothing_small)
{
    uint64_t state = 7;
    for (int round = 0; round < 20000; round++) {
        struct counted counted[LINE_MAX], *lines[LINE_MAX];
        uint64_t hidden[SUPPRESS_CLASS_COUNT] = {0}, told[SUPPRESS_CLASS_COUNT] = {0};
        for (size_t i = 0; i < LINE_MAX; i++) {
            lines[i] = &counted[i];
            for (size_t c = 0; c < SUPPRESS_CLASS_COUNT; c++)
                counted[i].persons[c] =
                    support_random(&state) % 4 == 0 ? support_random(&state) % 12 : 0;
        }
        suppress_lines(lines, LINE_MAX, BOUND, true);
        for (size_t i = 0; i < LINE_MAX; i++)
            for (size_t c = 0; c < SUPPRESS_CLASS_COUNT; c++)
                *(counted[i].is_told ? &told[c] : &hidden[c]) += counted[i].persons[c];
        for (size_t c = 0; c < SUPPRESS_CLASS_COUNT; c++)
            ck_assert(!suppress_is_small(hidden[c], BOUND) || told[c] == 0);
    }
}
END_TEST

START_TEST(a_bound_of_one_tells_all)
{
    struct counted one = {.persons = {1, 2, 3, 4}}, *lines[] = {&one};
    suppress_lines(lines, 1, 1, true);
    ck_assert(one.is_told);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("suppress");
    TCase *tcase = tcase_create("suppress");
    tcase_add_loop_test(tcase, few_are_neither_told_nor_to_be_worked_out, 0,
                        sizeof(rows) / sizeof(rows[0]));
    tcase_add_test(tcase, a_total_leaves_nothing_small);
    tcase_add_test(tcase, a_bound_of_one_tells_all);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
