#include "bench/crowd.h"
#include "tests/support.h"

#include <stdio.h>
#include <string.h>

#define DAY 20000

static struct crowd crowd;
static struct fault fault;

static bool read_truth(const char *text)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/truth.csv", support_directory());
    support_write_file(path, text, strlen(text), 0600);
    return crowd_read(&crowd, path, DAY, &fault);
}

START_TEST(people_have_the_groups_and_the_means_of_the_day)
{
    ck_assert_msg(read_truth("G,19\n"
                             "P,01018000012,3:19000:20001:Y;4:19000:20000:Y;5:19000:21000:U\n"
                             "M,2,PA1234567,01018000012,19000,20001\n"
                             "M,3,0000900000,01018000012,19000,20000\n"
                             "P,01018000020,\n"
                             "M,3,0000900001,01018000012,19000,21000\n"
                             "N,1,01018000039\n"),
                  "%s", fault.text);
    ck_assert_uint_eq(crowd.person_count, 2);
    ck_assert_uint_eq(crowd.persons[0].groups, UINT32_C(1) << 3);
    ck_assert_uint_eq(crowd.persons[0].count, 2); /* the code, and the card that has not ended */
    ck_assert_uint_eq(crowd.persons[1].groups, 0);
    ck_assert_uint_eq(crowd.persons[1].count, 1); /* another's card is not theirs */
    ck_assert_uint_eq(crowd.identifiers[crowd.persons[0].first + 1].means, MEANS_EID);
    crowd_free(&crowd);
}
END_TEST

static const char *const refused[] = {
    "",
    "G,19\n",
    "P,0101800001,\n",
    "P,01018000012,3:19000\n",
    "P,01018000012,32:19000:20001:Y\n",
    "P,01018000012,3:19000:20001:N\n",
    "P,01018000012,3:19000:4294967296:Y\n",
    "P,01018000012,\nM,5,PA1234567,01018000012,19000,20001\n",
    "P,01018000012,\nM,2,PA12,01018000012,19000,20001\n",
    "P,01018000012,\nM,2,PA1234567,01018000012,19000\n",
    "P,01018000012,\nM,2,PA1234567\n",
};

START_TEST(what_is_no_truth_is_refused_with_its_line)
{
    ck_assert(!read_truth(refused[_i]));
    ck_assert_ptr_nonnull(strstr(fault.text, "wanted"));
    ck_assert_ptr_null(strstr(fault.text, "0101800001")); /* nobody's code is told */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("crowd");
    TCase *all = tcase_create("all");
    tcase_add_test(all, people_have_the_groups_and_the_means_of_the_day);
    tcase_add_loop_test(all, what_is_no_truth_is_refused_with_its_line, 0,
                        (int)(sizeof(refused) / sizeof(refused[0])));
    suite_add_tcase(suite, all);
    return support_run(suite);
}
