#include "bench/agree.h"
#include "tests/fixture.h"
#include "tests/support.h"

#include <stdio.h>
#include <string.h>

/* One person in groups 1 and 2 with an eID card and an e-talons, and another one in group 1. */
#define PERSON     "P,32000000001,1:20600:20693:Y;2:20600:20640:U;2:20640:20650:Y\n"
#define EID        "M,2,PA0000001,32000000001,20600,20693\n"
#define ETALONS    "M,3,0000012345,32000000001,20610,20620\n"
#define NEIGHBOUR  "P,32000000002,1:20600:20693:Y\n"
#define ABSENT     "N,1,32000000003\nN,2,PA0000002\nN,3,0000000001\n"
#define WHOLE      PERSON EID ETALONS NEIGHBOUR ABSENT
#define TEST_COUNT (2 * MEANS_LAST)

static struct fixture *fixture;
static struct snapshot *snapshot;

static void publish_snapshot(void)
{
    fixture = fixture_open(support_directory());
    fixture_group(fixture, "one");
    fixture_group(fixture, "two");
    const struct membership memberships[] = {{1, TRUTH_YES, 20600, 20693},
                                             {2, TRUTH_UNKNOWN, 20600, 20640},
                                             {2, TRUTH_YES, 20640, 20650}};
    uint32_t set = fixture_set(fixture, memberships, 3);
    fixture_person(fixture, MEANS_PERSONAL_CODE, "32000000001", set);
    fixture_person(fixture, MEANS_EID, "PA0000001", set);
    fixture_identifier(fixture, MEANS_ETALONS, "12345", set, 20610, 20620);
    fixture_person(fixture, MEANS_PERSONAL_CODE, "32000000002", fixture_set_of(fixture, 1));
    fixture_publish(fixture);

    struct sign_public signer;
    struct fault fault = {""};
    ck_assert_msg(keyfile_read_public(&signer, fixture_public_path(fixture), &fault), "%s",
                  fault.text);
    struct snapshot_trust trust = {.signer = &signer,
                                   .identity = fixture_identity_key(fixture),
                                   .environment = FIXTURE_ENVIRONMENT};
    ck_assert_msg(snapshot_open_current(&snapshot, fixture_directory(fixture), &trust, &fault),
                  "%s", fault.text);
}

static void close_snapshot(void)
{
    snapshot_close(snapshot);
    fixture_close(fixture);
}

static bool compare(struct agreement *agreement, const char *truth, struct fault *fault)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/truth.csv", support_directory());
    support_write_file(path, truth, strlen(truth), 0600);
    return agree_compare(agreement, path, snapshot, fixture_identity_key(fixture), fault);
}

START_TEST(a_true_snapshot_agrees_in_everything)
{
    struct agreement agreement;
    struct fault fault = {""};
    ck_assert_msg(compare(&agreement, WHOLE, &fault), "%s", fault.text);
    ck_assert_uint_eq(agreement.difference_count, 0);
    ck_assert_uint_eq(agreement.identifier_count, 4 + TEST_COUNT);
    ck_assert_uint_eq(agreement.membership_count, 3 + 3 + 3 + 1);
    ck_assert_uint_eq(agreement.absent_count, 3);
}
END_TEST

/* Person 1 is in the groups 1 and 2, person 2 in group 1; of group 1 alone both are known, and a
 * truth about the test group alone knows neither. */
START_TEST(groups_that_the_truth_is_not_about_are_not_compared)
{
    struct agreement agreement;
    struct fault fault = {""};
    ck_assert_msg(compare(&agreement,
                          "G,2\nP,32000000001,1:20600:20693:Y\n" EID ETALONS NEIGHBOUR ABSENT,
                          &fault),
                  "%s", fault.text);
    ck_assert_uint_eq(agreement.difference_count, 0);
    ck_assert_uint_eq(agreement.membership_count, 3 + 1);
    ck_assert(compare(&agreement, "G,1\n" ABSENT "N,1,32000000002\n", &fault));
    ck_assert_uint_eq(agreement.difference_count, 0);
    ck_assert(compare(&agreement, "G,2\n" ABSENT "N,1,32000000002\n", &fault));
    ck_assert_uint_eq(agreement.by[DIFFERENCE_FOUND], 1);
    ck_assert_uint_eq(agreement.by[DIFFERENCE_IDENTIFIER_COUNT], 1);
}
END_TEST

/* The truth knows no terms, and all means of a person are counted as one. */
START_TEST(terms_are_one_membership_and_a_card_has_the_subject_of_its_owner)
{
    const struct membership terms[] = {{1, TRUTH_YES, 20100, 20640}, {1, TRUTH_YES, 20640, 20693}};
    struct agreement agreement;
    struct fault fault = {""};
    close_snapshot();
    fixture = fixture_open(support_directory());
    fixture_group(fixture, "one");
    fixture_use_subjects(fixture);
    uint32_t set = fixture_set(fixture, terms, 2);
    fixture_person(fixture, MEANS_PERSONAL_CODE, "32000000001", set);
    fixture_first_code(fixture, "32000000009");
    fixture_identifier(fixture, MEANS_ETALONS, "12345", set, 20610, 20620);
    if (_i == 0)
        fixture_first_code(fixture, "32000000009");
    fixture_publish(fixture);
    snapshot = fixture_snapshot(fixture);
    ck_assert_msg(compare(&agreement, "G,2\nP,32000000001,1:20600:20693:Y\n" ETALONS, &fault), "%s",
                  fault.text);
    ck_assert_uint_eq(agreement.difference_count, _i == 0 ? 0 : 1);
    ck_assert_uint_eq(agreement.by[DIFFERENCE_SUBJECT], _i == 0 ? 0 : 1);
}
END_TEST

static const struct {
    const char *what, *truth;
    enum difference kind;
    uint64_t line;
    uint32_t group;
    uint64_t count; /* of differences altogether */
} differences[] = {
    {"somebody is not in the snapshot", WHOLE "P,32000000004,1:20600:20693:Y\n",
     DIFFERENCE_NOT_FOUND, 8, 0, 1},
    {"a card is not in the snapshot",
     PERSON EID ETALONS "M,3,0000012346,32000000001,20610,20620\n" NEIGHBOUR ABSENT,
     DIFFERENCE_NOT_FOUND, 4, 0, 1},
    {"somebody is in the snapshot who must not be", WHOLE "N,1,32000000002\n", DIFFERENCE_FOUND, 8,
     0, 1},
    {"a card is in the snapshot that must not be", "N,3,0000012345\n" PERSON EID ETALONS NEIGHBOUR,
     DIFFERENCE_FOUND, 1, 0, 1},
    {"a card is good from another day",
     PERSON EID "M,3,0000012345,32000000001,20611,20620\n" NEIGHBOUR, DIFFERENCE_VIEW_DAYS, 3, 0,
     1},
    {"a card is good until another day",
     PERSON "M,2,PA0000001,32000000001,20600,20692\n" ETALONS NEIGHBOUR, DIFFERENCE_VIEW_DAYS, 2, 0,
     1},
    {"a membership is missing in the truth, for every means of the person",
     "P,32000000001,1:20600:20693:Y;2:20600:20640:U\n" EID ETALONS NEIGHBOUR, DIFFERENCE_MEMBERSHIP,
     1, 2, 3},
    {"a membership is missing in the snapshot",
     PERSON EID ETALONS "P,32000000002,1:20600:20693:Y;"
                        "2:20600:20601:Y\n" ABSENT,
     DIFFERENCE_MEMBERSHIP, 4, 2, 1},
    {"a membership is of another group", PERSON EID ETALONS "P,32000000002,2:20600:20693:Y\n",
     DIFFERENCE_MEMBERSHIP, 4, 1, 1},
    {"a membership begins on another day", PERSON EID ETALONS "P,32000000002,1:20601:20693:Y\n",
     DIFFERENCE_MEMBERSHIP, 4, 1, 1},
    {"a membership ends on another day", PERSON EID ETALONS "P,32000000002,1:20600:20692:Y\n",
     DIFFERENCE_MEMBERSHIP, 4, 1, 1},
    {"unknown is not yes", PERSON EID ETALONS "P,32000000002,1:20600:20693:U\n",
     DIFFERENCE_MEMBERSHIP, 4, 1, 1},
    {"the snapshot knows more identifiers", PERSON EID ETALONS ABSENT, DIFFERENCE_IDENTIFIER_COUNT,
     0, 0, 1},
};

START_TEST(every_difference_is_found_and_named_by_line)
{
    struct agreement agreement;
    struct fault fault = {""};
    ck_assert_msg(compare(&agreement, differences[_i].truth, &fault), "%s", fault.text);
    ck_assert_msg(agreement.difference_count == differences[_i].count, "%s: %llu differences",
                  differences[_i].what, (unsigned long long)agreement.difference_count);
    ck_assert_uint_eq(agreement.by[differences[_i].kind], differences[_i].count);
    ck_assert_uint_eq(agreement.kept_count, differences[_i].count);
    ck_assert_uint_eq(agreement.kept[0].kind, differences[_i].kind);
    ck_assert_uint_eq(agreement.kept[0].line, differences[_i].line);
    ck_assert_uint_eq(agreement.kept[0].group, differences[_i].group);
}
END_TEST

static const struct {
    const char *truth, *fault;
} no_truths[] = {
    {"", "truth.csv: is empty"},
    {PERSON "G,2\n", "truth.csv:2: want G,COUNT in the first line"},
    {"G,x\n", "truth.csv:1: want G,COUNT in the first line"},
    {"\n", "truth.csv:1: want P, M or N and a comma"},
    {PERSON "X,1\n", "truth.csv:2: want P, M or N and a comma"},
    {PERSON "P\n", "truth.csv:2: want P, M or N"},
    {"P,3200000000,1:20600:20693:Y\n", "truth.csv:1: want P,CODE"},
    {"P,32000000001\n", "truth.csv:1: want P,CODE"},
    {"P,32000000001,\n", "truth.csv:1: want GROUP:FROM"},
    {"P,32000000001,1:20600:20693:N\n", "truth.csv:1: want GROUP:FROM"},
    {"P,32000000001,1:20693:20693:Y\n", "truth.csv:1: want GROUP:FROM"},
    {"P,32000000001,1:20600:99999999999:Y\n", "truth.csv:1: want GROUP:FROM"},
    {"P,32000000001,1:20600:20693:Y;\n", "truth.csv:1: want GROUP:FROM"},
    {"P,32000000001,1:20600:20693:Y more\n", "truth.csv:1: want the line's end"},
    {PERSON "M,2,PA0000001,32000000001,20600\n", "truth.csv:2: want M,MEANS"},
    {PERSON "M,2,PA0000001,32000000001,20600,20693,\n", "truth.csv:2: want M,MEANS"},
    {PERSON "M,9,PA0000001,32000000001,20600,20693\n", "truth.csv:2: want M,MEANS"},
    {EID, "truth.csv:1: want the owner's line"},
    {NEIGHBOUR EID, "truth.csv:2: want the owner's line"},
    {"N,1,32-000000001\n", "truth.csv:1: want N,MEANS"},
    {"N,1,32000000001,\n", "truth.csv:1: want N,MEANS"},
};

START_TEST(what_is_no_truth_is_refused_by_line_and_without_its_content)
{
    struct agreement agreement;
    struct fault fault = {""};
    ck_assert(!compare(&agreement, no_truths[_i].truth, &fault));
    ck_assert_msg(strstr(fault.text, no_truths[_i].fault) != NULL, "%s: wanted %s", fault.text,
                  no_truths[_i].fault);
    ck_assert(strstr(fault.text, "3200") == NULL);
}
END_TEST

START_TEST(batches_of_any_size_keep_owners_and_their_means_together)
{
    static char truth[400 * sizeof(PERSON EID)];
    struct agreement agreement;
    struct fault fault = {""};
    for (size_t pairs = 1; pairs < 200; pairs += 7) {
        truth[0] = '\0';
        size_t size = 0;
        for (size_t i = 0; i < pairs; i++)
            size += (size_t)snprintf(truth + size, sizeof(truth) - size, "%s%s%s", PERSON,
                                     i % 3 == 0 ? EID : "", i % 2 == 0 ? ETALONS : "");
        ck_assert_msg(compare(&agreement, truth, &fault), "%s", fault.text);
        /* The same lines again and again: only the number of identifiers is not right. */
        ck_assert_uint_eq(agreement.difference_count, agreement.by[DIFFERENCE_IDENTIFIER_COUNT]);
        ck_assert_uint_eq(agreement.membership_count,
                          3 * (agreement.identifier_count - TEST_COUNT));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("agree");
    TCase *lines = tcase_create("lines");
    tcase_add_unchecked_fixture(lines, publish_snapshot, close_snapshot);
    tcase_add_loop_test(lines, terms_are_one_membership_and_a_card_has_the_subject_of_its_owner, 0,
                        2);
    tcase_add_test(lines, groups_that_the_truth_is_not_about_are_not_compared);
    tcase_add_test(lines, a_true_snapshot_agrees_in_everything);
    tcase_add_loop_test(lines, every_difference_is_found_and_named_by_line, 0,
                        COUNT_OF(differences));
    tcase_add_loop_test(lines, what_is_no_truth_is_refused_by_line_and_without_its_content, 0,
                        COUNT_OF(no_truths));
    tcase_add_test(lines, batches_of_any_size_keep_owners_and_their_means_together);
    suite_add_tcase(suite, lines);
    return support_run(suite);
}
