#include "loader/diff.h"
#include "tests/fixture.h"
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define BEFORE_COUNT 900
#define NOW_COUNT    2700 /* and four times as many buckets: digests have other homes there */

static struct fixture *fixture;
static uint16_t group_a, group_b, group_new;
static struct snapshot *before, *now;
static struct diff diff;

static void persons(uint32_t first, uint32_t count, uint32_t set)
{
    for (uint32_t i = first; i < first + count; i++) {
        char code[12];
        snprintf(code, sizeof(code), "32%09u", (unsigned)i);
        fixture_person(fixture, MEANS_PERSONAL_CODE, code, set);
    }
}

/* The second generation holds everything of the first, and more. */
static void begin(void)
{
    fixture = fixture_open(support_directory());
    group_a = fixture_group(fixture, "a");
    group_b = fixture_group(fixture, "b");
    persons(0, BEFORE_COUNT, fixture_set_of(fixture, group_a));
    fixture_census(fixture, group_a, 1000, BEFORE_COUNT, 0);
    fixture_publish(fixture);
    before = fixture_snapshot(fixture);

    group_new = fixture_group(fixture, "new");
    const struct membership both[] = {
        {group_a, TRUTH_YES, FIXTURE_FROM_DAY, FIXTURE_UNTIL_DAY},
        {group_b, TRUTH_YES, FIXTURE_FROM_DAY, FIXTURE_AS_OF_DAY + 1},
    };
    const struct membership neither[] = {
        {group_a, TRUTH_UNKNOWN, FIXTURE_FROM_DAY, FIXTURE_UNTIL_DAY},
        {group_b, TRUTH_YES, FIXTURE_AS_OF_DAY + 1, FIXTURE_UNTIL_DAY},
    };
    uint32_t set_b = fixture_set_of(fixture, group_b);
    persons(100000, NOW_COUNT - 20, set_b);
    persons(200000, 13, fixture_set(fixture, both, 2));
    persons(300000, 100, fixture_set(fixture, neither, 2));
    persons(400000, 7, fixture_set_of(fixture, group_new));
    fixture_identifier(fixture, MEANS_CARD, "ENDED", set_b, FIXTURE_FROM_DAY, FIXTURE_AS_OF_DAY);
    fixture_identifier(fixture, MEANS_CARD, "BEGINS", set_b, FIXTURE_AS_OF_DAY, FIXTURE_UNTIL_DAY);
    fixture_census(fixture, group_b, 1000, NOW_COUNT, 5);
    fixture_census(fixture, group_b, 4000, 3, 0);
    fixture_publish(fixture);
    now = fixture_snapshot(fixture);
}

static void end(void)
{
    diff_free(&diff);
    snapshot_close(before);
    snapshot_close(now);
    fixture_close(fixture);
}

static const struct diff_group *group(const char *name)
{
    for (uint32_t i = 0; i < diff.group_count; i++)
        if (strcmp(diff.groups[i].name, name) == 0)
            return &diff.groups[i];
    ck_abort_msg("no group %s", name);
}

START_TEST(identifiers_that_gained_a_group_are_counted)
{
    diff_compare(&diff, before, now);
    ck_assert(diff.has_identifiers);
    ck_assert_uint_eq(group("a")->gained, 13);
    ck_assert_uint_eq(group("b")->gained, NOW_COUNT - 20 + 13 + 1); /* ENDED is not one of them */
    ck_assert_uint_eq(group("new")->gained, 7);
    for (uint32_t i = 0; i < diff.group_count; i++)
        ck_assert_uint_eq(diff.groups[i].lost, 0);
}
END_TEST

START_TEST(the_other_way_round_they_are_lost)
{
    diff_compare(&diff, now, before);
    ck_assert_uint_eq(group("a")->lost, 13);
    ck_assert_uint_eq(group("b")->lost, NOW_COUNT - 20 + 13 + 1);
    ck_assert_uint_eq(group("new")->lost, 7);
    for (uint32_t i = 0; i < diff.group_count; i++)
        ck_assert_uint_eq(diff.groups[i].gained, 0);
}
END_TEST

START_TEST(a_snapshot_equals_itself)
{
    diff_compare(&diff, now, now);
    for (uint32_t i = 0; i < diff.group_count; i++) {
        ck_assert_uint_eq(diff.groups[i].gained, 0);
        ck_assert_uint_eq(diff.groups[i].lost, 0);
    }
    for (uint32_t i = 0; i < diff.cell_count; i++)
        ck_assert_int_eq(diff.cells[i].before, diff.cells[i].now);
}
END_TEST

START_TEST(cells_of_both_are_put_side_by_side)
{
    diff_compare(&diff, before, now);
    ck_assert_uint_eq(diff.cell_count, 3);
    int64_t a = 0, b_riga = 0, b_jurmala = 0;
    for (uint32_t i = 0; i < diff.cell_count; i++) {
        const struct diff_cell *cell = &diff.cells[i];
        int64_t change = cell->now - cell->before;
        if (strcmp(diff.groups[cell->group].name, "a") == 0)
            a = change;
        else
            *(cell->place == 1000 ? &b_riga : &b_jurmala) = change;
    }
    ck_assert_int_eq(a, 0);
    ck_assert_int_eq(b_riga, NOW_COUNT);
    ck_assert_int_eq(b_jurmala, 3);
}
END_TEST

START_TEST(small_counts_are_not_printed)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    diff_compare(&diff, before, now);
    diff_print(&diff, to);
    fclose(to);
    ck_assert_ptr_nonnull(strstr(text, "0001000        +2700"));
    ck_assert_ptr_null(strstr(text, "0004000"));
    ck_assert_ptr_nonnull(strstr(text, "1 more changed by, or number, fewer than 5 persons"));
    free(text);
}
END_TEST

START_TEST(with_another_key_nobody_is_compared)
{
    char other[4096];
    struct snapshot *foreign;
    snprintf(other, sizeof(other), "%s/other", support_directory());
    ck_assert_int_eq(mkdir(other, 0700), 0);
    struct fixture *second = fixture_open(other);
    fixture_publish(second);
    foreign = fixture_snapshot(second);
    diff_compare(&diff, before, foreign);
    ck_assert(!diff.has_identifiers);
    ck_assert_uint_eq(group("a")->lost, 0);
    snapshot_close(foreign);
    fixture_close(second);
}
END_TEST

struct cell_row {
    int64_t before, now;
    bool is_told;
};

static const struct cell_row cell_rows[] = {
    {0, 0, false},   {10, 10, false}, {0, 5, true},    {0, 4, false},   {5, 0, true},
    {4, 0, false},   {10, 15, true},  {10, 14, false}, {14, 10, false}, {15, 10, true},
    {100, 4, false}, {100, 5, true},  {1, 100, false}, {100, 0, true},
};

START_TEST(a_cell_is_told_when_nobody_could_be_recognised)
{
    struct diff_cell cell = {.before = cell_rows[_i].before, .now = cell_rows[_i].now};
    ck_assert_int_eq(diff_cell_is_told(&cell), cell_rows[_i].is_told);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("diff");
    TCase *snapshots = tcase_create("snapshots");
    tcase_add_checked_fixture(snapshots, begin, end);
    tcase_add_test(snapshots, identifiers_that_gained_a_group_are_counted);
    tcase_add_test(snapshots, the_other_way_round_they_are_lost);
    tcase_add_test(snapshots, a_snapshot_equals_itself);
    tcase_add_test(snapshots, cells_of_both_are_put_side_by_side);
    tcase_add_test(snapshots, small_counts_are_not_printed);
    tcase_add_test(snapshots, with_another_key_nobody_is_compared);
    suite_add_tcase(suite, snapshots);
    TCase *cells = tcase_create("cells");
    tcase_add_loop_test(cells, a_cell_is_told_when_nobody_could_be_recognised, 0,
                        (int)(sizeof(cell_rows) / sizeof(cell_rows[0])));
    suite_add_tcase(suite, cells);
    return support_run(suite);
}
