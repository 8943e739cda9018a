#include "loader/gates.h"
#include "tests/support.h"

#include <string.h>

#define TODAY 20050

/* A parent and a build that equals it: no gate has anything to say. Each row changes one thing. */
static struct manifest parent;
static struct group parent_groups[2], groups[2];
static struct source sources[2];
static struct relief parent_relief, relief;
static struct gate_input in;
static struct gates gates;

static void begin(void)
{
    memset(&parent, 0, sizeof(parent));
    memset(&in, 0, sizeof(in));
    strcpy(parent.sources[0].name, "IZM.learner");
    strcpy(parent.sources[1].name, "VDEAVK.disabili"); /* where there is less room */
    parent.source_count = 2;
    parent.generation = 7;
    strcpy(sources[0].name, "IZM.learner");
    strcpy(sources[1].name, "VDEAVK.disability");
    for (int i = 0; i < 2; i++) {
        parent.sources[i].as_of_day = TODAY - 1;
        parent.sources[i].row_count = 1000;
        sources[i].as_of_day = TODAY;
        sources[i].overdue_day = TODAY + 3;
        sources[i].row_count = 1000;
        sources[i].refused_count = 0;
        sources[i].refused_per_mille_max = 20;
        sources[i].change_percent_max = 10;
        parent_groups[i].yes_count = groups[i].yes_count = 400;
        groups[i].unknown_count = 0;
    }
    strcpy(parent_groups[0].name, "learner");
    strcpy(parent_groups[1].name, "disabled");
    memcpy(groups[0].name, parent_groups[1].name, NAME_SIZE); /* other numbers, the same names */
    memcpy(groups[1].name, parent_groups[0].name, NAME_SIZE);
    in.sources = sources;
    in.source_count = 2;
    in.groups = groups;
    in.group_count = 2;
    in.parent = &parent;
    in.parent_groups = parent_groups;
    in.parent_group_count = 2;
    strcpy(parent_relief.name, "MUSEUM");
    parent_relief.until_day = DAY_NEVER;
    relief = parent_relief;
    in.reliefs = &relief;
    in.parent_reliefs = &parent_relief;
    in.relief_count = in.parent_relief_count = 1;
    parent.from_day = in.from_day = TODAY - 31;
    parent.until_day = in.until_day = TODAY + 62;
    in.today = TODAY;
    in.group_change_percent_max = 25;
}

#define NOTHING 255

struct gate_row {
    const char *name;
    void (*change)(void);
    uint8_t gate;     /* the one that speaks, or NOTHING */
    const char *part; /* of its sentence */
};

#define CHANGE(name, ...)                                                                          \
    static void name(void)                                                                         \
    {                                                                                              \
        __VA_ARGS__;                                                                               \
    }

CHANGE(nothing, (void)0)
CHANGE(refused_at_bound, sources[0].refused_count = 20)
CHANGE(refused_beyond, sources[0].refused_count = 21)
CHANGE(rows_shrunk_to_bound, sources[0].row_count = 900)
CHANGE(rows_shrunk_beyond, sources[0].row_count = 899)
CHANGE(rows_grown_to_bound, sources[1].row_count = 1100)
CHANGE(rows_grown_beyond, sources[1].row_count = 1101)
CHANGE(rows_none, sources[0].row_count = 0)
CHANGE(few_rows_halved, parent.sources[0].row_count = 98, sources[0].row_count = 49)
CHANGE(few_rows_flooded, parent.sources[0].row_count = 98, sources[0].row_count = 100)
CHANGE(few_rows_flooded_more, parent.sources[0].row_count = 98, sources[0].row_count = 980)
CHANGE(same_day_again, sources[0].as_of_day = TODAY - 1)
CHANGE(yesterdays_file, sources[0].as_of_day = TODAY - 2)
CHANGE(tomorrows_file, sources[0].as_of_day = TODAY + 1, sources[0].overdue_day = TODAY + 5)
CHANGE(file_to_come, sources[0].as_of_day = TODAY + 2, sources[0].overdue_day = TODAY + 5)
CHANGE(last_fresh_day, sources[0].overdue_day = TODAY + 1)
CHANGE(overdue, sources[0].overdue_day = TODAY)
CHANGE(source_gone, in.source_count = 1)
CHANGE(new_source, parent.source_count = 1)
CHANGE(group_shrunk_to_bound, groups[0].yes_count = 300)
CHANGE(group_shrunk_beyond, groups[0].yes_count = 299)
CHANGE(group_grown_to_bound, groups[1].yes_count = 500)
CHANGE(group_grown_beyond, groups[1].yes_count = 501)
CHANGE(group_empty, groups[1].yes_count = 0)
CHANGE(small_group_empty, parent_groups[0].yes_count = 3, groups[1].yes_count = 0)
CHANGE(small_group_halved, parent_groups[0].yes_count = 98, groups[1].yes_count = 49)
CHANGE(group_was_empty, parent_groups[0].yes_count = 0)
CHANGE(group_gone, in.group_count = 1)
CHANGE(group_gone_that_was_empty, in.group_count = 1, parent_groups[0].yes_count = 0)
CHANGE(relief_gone, in.relief_count = 0)
CHANGE(relief_renamed, relief.name[0] = 'm')
CHANGE(relief_gone_that_is_over, in.relief_count = 0, parent_relief.until_day = TODAY)
CHANGE(relief_gone_on_its_last_day, in.relief_count = 0, parent_relief.until_day = TODAY + 1)
CHANGE(last_day_judged, in.until_day = TODAY + 1)
CHANGE(window_ended_yesterday, in.until_day = TODAY)
CHANGE(first_day_judged, in.from_day = TODAY)
CHANGE(window_begins_tomorrow, in.from_day = TODAY + 1)
CHANGE(case_failed, in.failed_case_count = 1, in.case_count = 7,
       in.first_failed_case = "riga.cases:12: wanted 1.50")
CHANGE(window_was_over_already, in.until_day = TODAY, parent.until_day = TODAY)
CHANGE(no_parent, in.parent = NULL, in.parent_groups = NULL, in.parent_group_count = 0,
       sources[0].row_count = 1)
CHANGE(unreadable_parent, in.parent = NULL, in.parent_groups = NULL, in.parent_group_count = 0,
       in.parent_fault = "signed by another key")

static const struct gate_row rows[] = {
    {"an equal build passes", nothing, NOTHING, NULL},
    {"refused rows up to the bound", refused_at_bound, NOTHING, NULL},
    {"refused rows beyond it", refused_beyond, GATE_REFUSED_ROWS, "21 of 1000 rows were refused"},
    {"rows shrunk to the bound", rows_shrunk_to_bound, NOTHING, NULL},
    {"rows shrunk beyond it", rows_shrunk_beyond, GATE_ROW_CHANGE, "899 rows"},
    {"rows grown to the bound", rows_grown_to_bound, NOTHING, NULL},
    {"rows grown beyond it, long name", rows_grown_beyond, GATE_ROW_CHANGE, "(+11 %, bound 10 %)"},
    {"no rows at all", rows_none, GATE_ROW_CHANGE, "-100 %"},
    {"few rows may change", few_rows_halved, NOTHING, NULL},
    {"few rows may become a hundred", few_rows_flooded, NOTHING, NULL},
    {"few rows may not become a flood", few_rows_flooded_more, GATE_ROW_CHANGE, "980 rows"},
    {"the same day again", same_day_again, NOTHING, NULL},
    {"yesterday's file again", yesterdays_file, GATE_AS_OF_OLDER, "is of 2024-11-21"},
    {"a file of tomorrow", tomorrows_file, NOTHING, NULL},
    {"a file of the day after", file_to_come, GATE_AS_OF_FUTURE, "today is 2024-11-23"},
    {"the last day of being fresh", last_fresh_day, NOTHING, NULL},
    {"overdue is a warning", overdue, GATE_OVERDUE, "overdue by 1 days"},
    {"an absent register is a warning", source_gone, GATE_ABSENT, "VDEAVK.disabili"},
    {"a new register", new_source, NOTHING, NULL},
    {"a group shrunk to the bound", group_shrunk_to_bound, NOTHING, NULL},
    {"a group shrunk beyond it", group_shrunk_beyond, GATE_GROUP_CHANGE, "disabled has 299"},
    {"a group grown to the bound", group_grown_to_bound, NOTHING, NULL},
    {"a group grown beyond it", group_grown_beyond, GATE_GROUP_CHANGE, "+26 %, bound 25 %"},
    {"a group that became empty", group_empty, GATE_GROUP_EMPTY, "learner has no persons"},
    {"a small group that became empty", small_group_empty, GATE_GROUP_EMPTY, "service 3"},
    {"a small group may halve", small_group_halved, NOTHING, NULL},
    {"a group that was empty", group_was_empty, NOTHING, NULL},
    {"a group that is gone", group_gone, GATE_GROUP_GONE, "learner"},
    {"a group that is gone and was empty", group_gone_that_was_empty, NOTHING, NULL},
    {"a relief that is gone", relief_gone, GATE_RELIEF_GONE, "relief MUSEUM"},
    {"a case that fails", case_failed, GATE_CASES, "1 of 7 cases of the catalogue: riga.cases:12:"},
    {"a relief with another name", relief_renamed, GATE_RELIEF_GONE, "relief MUSEUM"},
    {"a relief that is gone and was over", relief_gone_that_is_over, NOTHING, NULL},
    {"a relief gone on its last day", relief_gone_on_its_last_day, GATE_RELIEF_GONE, "MUSEUM"},
    {"today is the last day judged", last_day_judged, NOTHING, NULL},
    {"today is judged no more", window_ended_yesterday, GATE_WINDOW, "until 2024-11-23 could"},
    {"today is the first day judged", first_day_judged, NOTHING, NULL},
    {"today is not judged yet", window_begins_tomorrow, GATE_WINDOW, "from 2024-11-24 until"},
    {"today was not judged before either", window_was_over_already, NOTHING, NULL},
    {"a first build has no bounds", no_parent, NOTHING, NULL},
    {"a parent that cannot be read", unreadable_parent, GATE_PARENT, "signed by another key"},
};
#define ROW_COUNT (int)(sizeof(rows) / sizeof(rows[0]))

START_TEST(a_gate_speaks_beyond_its_bound_and_not_at_it)
{
    const struct gate_row *row = &rows[_i];
    row->change();
    gates_check(&gates, &in);
    if (row->gate == NOTHING) {
        ck_assert_msg(gates.count == 0, "%s: %s", row->name, gates.list[0].text);
        return;
    }
    ck_assert_msg(gates.count == 1, "%s: %zu findings", row->name, gates.count);
    ck_assert_msg(gates.list[0].gate == (enum gate)row->gate, "%s: %s", row->name,
                  gates.list[0].text);
    ck_assert_msg(strstr(gates.list[0].text, row->part) != NULL, "%s: %s", row->name,
                  gates.list[0].text);
    ck_assert_msg(gates.held_count == !gate_is_warning(gates.list[0].gate), "%s", row->name);
}
END_TEST

struct accept_row {
    const char *accept;
    size_t held_count; /* of two: IZM.learner and VDEAVK.disability shrank */
};

static const struct accept_row accept_rows[] = {
    {NULL, 2},
    {"row-change", 0},
    {"row-change:IZM.learner", 1},
    {"row-change:IZM", 2},
    {"row-change:IZM.learner2", 2},
    {"group-change", 2},
    {"group-change,row-change", 0},
    {"row-change:VDEAVK.disability,row-change:IZM.learner", 0},
    {"row-chang", 2},
    {"row-changed", 2},
    {",,row-change:IZM.learner,", 1},
};

START_TEST(only_what_is_named_is_accepted)
{
    sources[0].row_count = sources[1].row_count = 500;
    in.accept = accept_rows[_i].accept;
    gates_check(&gates, &in);
    ck_assert_uint_eq(gates.count, 2);
    ck_assert_uint_eq(gates.held_count, accept_rows[_i].held_count);
}
END_TEST

START_TEST(an_unknown_gate_is_named_with_the_nearest)
{
    struct fault fault;
    ck_assert(gates_accept_is_known(NULL, &fault));
    ck_assert(gates_accept_is_known("row-change:IZM.learner,parent", &fault));
    ck_assert(!gates_accept_is_known("parent,row-chnge:IZM.learner", &fault));
    ck_assert_str_eq(fault.text,
                     "--accept: there is no gate \"row-chnge\", did you mean \"row-change\"?");
}
END_TEST

START_TEST(more_findings_than_are_told_are_counted_and_hold)
{
    static struct group many[FINDING_COUNT_MAX + 10];
    for (size_t i = 0; i < FINDING_COUNT_MAX + 10; i++) {
        memset(&many[i], 0, sizeof(many[i]));
        many[i].name[0] = (char)('a' + i % 26);
        many[i].name[1] = (char)('a' + i / 26);
        many[i].yes_count = 1;
    }
    in.parent_groups = many;
    in.parent_group_count = FINDING_COUNT_MAX + 10;
    gates_check(&gates, &in);
    ck_assert_uint_eq(gates.told_count, FINDING_COUNT_MAX);
    ck_assert_uint_eq(gates.count, FINDING_COUNT_MAX + 10);
    ck_assert_uint_eq(gates.held_count, FINDING_COUNT_MAX + 10);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gates");
    TCase *tests = tcase_create("gates");
    tcase_add_checked_fixture(tests, begin, NULL);
    tcase_add_loop_test(tests, a_gate_speaks_beyond_its_bound_and_not_at_it, 0, ROW_COUNT);
    tcase_add_loop_test(tests, only_what_is_named_is_accepted, 0,
                        (int)(sizeof(accept_rows) / sizeof(accept_rows[0])));
    tcase_add_test(tests, an_unknown_gate_is_named_with_the_nearest);
    tcase_add_test(tests, more_findings_than_are_told_are_counted_and_hold);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
