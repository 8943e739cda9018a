#include "bench/reliefs.h"

#include "loader/compile.h"
#include "tests/latvia.h"
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define FROM_DAY 20750 /* 2026-10-24 */

static struct vocabulary vocabulary;
static struct catalogue shipped, made;

static void setup(void)
{
    struct fault fault;
    latvia_vocabulary(&vocabulary);
    if (!catalogue_read(&shipped, support_path("loader/catalogue"), &vocabulary, &fault))
        ck_abort_msg("%s", fault.text);
}

static void teardown(void)
{
    catalogue_free(&shipped);
    catalogue_free(&made);
}

static const char *folder_named(const char *name)
{
    static char path[4096];
    snprintf(path, sizeof(path), "%s/%s", support_directory(), name);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    return path;
}

static void make(const char *name, const struct reliefs_wish *wish)
{
    struct fault fault;
    const char *folder = folder_named(name);
    if (!reliefs_write(folder, support_path("loader/catalogue"), wish, &fault) ||
        !catalogue_read(&made, folder, &vocabulary, &fault))
        ck_abort_msg("%s: %s", name, fault.text);
}

/* Groups that the parser adds for "last known" are not counted. */
static uint32_t written_groups(const struct rules *rules)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < rules->group_count; i++)
        count += rules->groups[i].known_days == 0;
    return count;
}

static const struct reliefs_wish wishes[] = {
    {.relief_count = 1, .group_count = 1, .point_count = 1, .clause_count = 1, .seed = 1},
    {.relief_count = 3, .group_count = 7, .point_count = 2, .clause_count = 21, .seed = 2},
    {.relief_count = 40, .group_count = 20, .point_count = 50, .clause_count = 40, .seed = 3},
    {.relief_count = 200, .group_count = 30, .point_count = 10, .clause_count = 5000, .seed = 4},
    {.relief_count = 1000, .group_count = 200, .point_count = 300, .clause_count = 20000},
};

START_TEST(a_catalogue_has_as_much_as_was_wished_for_and_compiles)
{
    const struct reliefs_wish *wish = &wishes[_i];
    char name[32];
    snprintf(name, sizeof(name), "made%d", _i);
    make(name, wish);
    const struct rules *before = shipped.rules, *now = made.rules;
    ck_assert_uint_eq(now->relief_count, before->relief_count + wish->relief_count);
    ck_assert_uint_eq(now->clause_count, before->clause_count + wish->clause_count);
    ck_assert_uint_eq(written_groups(now), written_groups(before) + wish->group_count);
    ck_assert_uint_eq(made.trade.point_count, shipped.trade.point_count + wish->point_count);
    ck_assert_uint_eq(made.trade.contract_count, shipped.trade.contract_count + wish->relief_count);

    struct compiled compiled;
    struct fault fault;
    struct window window = {FROM_DAY, FROM_DAY + 93};
    if (!compile_catalogue(&compiled, &made, window, FROM_DAY + 31, false, &fault))
        ck_abort_msg("%s", fault.text);
    compiled_free(&compiled);
}
END_TEST

START_TEST(the_catalogue_that_it_begins_with_keeps_its_places)
{
    make("kept", &wishes[1]);
    for (uint32_t i = 0; i < written_groups(shipped.rules); i++)
        ck_assert_str_eq(made.rules->groups[i].name, shipped.rules->groups[i].name);
    for (uint32_t i = 0; i < shipped.rules->relief_count; i++)
        ck_assert_uint_eq(made.rules->reliefs[i].code, shipped.rules->reliefs[i].code);
}
END_TEST

START_TEST(what_has_other_columns_is_refused)
{
    struct fault fault = {""};
    char folder[4096], from[4096], path[4200];
    static const char text[] = "title,number\nRiga,90011524360\n";
    snprintf(folder, sizeof(folder), "%s", folder_named("refused"));
    snprintf(from, sizeof(from), "%s", folder_named("other"));
    snprintf(path, sizeof(path), "%s/givers.csv", from);
    support_write_file(path, text, sizeof(text) - 1, 0600);
    ck_assert(!reliefs_write(folder, from, &wishes[0], &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "givers.csv: want the columns"));
    ck_assert(!reliefs_write(folder, "/nowhere", &wishes[0], &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "/nowhere: cannot be opened"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reliefs");
    TCase *reliefs = tcase_create("reliefs");
    tcase_set_timeout(reliefs, 60);
    tcase_add_checked_fixture(reliefs, setup, teardown);
    tcase_add_loop_test(reliefs, a_catalogue_has_as_much_as_was_wished_for_and_compiles, 0,
                        (int)(sizeof(wishes) / sizeof(wishes[0])));
    tcase_add_test(reliefs, the_catalogue_that_it_begins_with_keeps_its_places);
    tcase_add_test(reliefs, what_has_other_columns_is_refused);
    suite_add_tcase(suite, reliefs);
    return support_run(suite);
}
