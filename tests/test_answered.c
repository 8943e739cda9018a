#include "protocol/answered.h"
#include "tests/support.h"

static const struct {
    const char *line;
    bool is_good;
} lines[] = {
    {"1 2 310 4\n", true},
    {"1,2, 310\t4", true},
    {"4294967295 18446744073709551615 65535 18446744073709551615\r\n", true},
    {"", false},
    {"1 2 310", false},
    {"1 2 310 4 5", false},
    {"1 2 310 -4", false},
    {"1 2 x 4", false},
    {"4294967296 2 310 4", false},
    {"1 2 65536 4", false},
    {"1 18446744073709551616 310 4", false},
};

START_TEST(lines_are_four_numbers)
{
    struct answered answered;
    ck_assert_msg(answered_of_text(&answered, lines[_i].line) == lines[_i].is_good, "%s",
                  lines[_i].line);
}
END_TEST

START_TEST(numbers_stand_in_order)
{
    struct answered a;
    ck_assert(answered_of_text(&a, "1 2 310 4\n"));
    ck_assert(a.terminal == 1 && a.id == 2 && a.status == 310 && a.sequence == 4);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("answered");
    TCase *tcase = tcase_create("answered");
    tcase_add_loop_test(tcase, lines_are_four_numbers, 0, (int)COUNT_OF(lines));
    tcase_add_test(tcase, numbers_stand_in_order);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
