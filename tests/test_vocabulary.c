#include "loader/vocabulary.h"

#include "tests/support.h"

#include <string.h>

static struct vocabulary vocabulary = {
    .kinds = {{.name = "IZM.learner",
               .has_school = true,
               .subtype_count = 2,
               .subtypes = {"", "preschool", "general"}},
              {.name = "riga_staff", .is_list = true},
              {.name = "SOPA.household",
               .subtype_count = 1,
               .subtypes = {"", "needy"},
               .missing_count = 2,
               .missing = {{1, 4}, {32, 4}}},
              {.name = "VSAA.pension", .is_missing = true}},
    .kind_count = 4,
};

START_TEST(a_kind_is_found_by_its_exact_name_and_sort)
{
    ck_assert_uint_eq(vocabulary_kind(&vocabulary, "IZM.learner", false), 0);
    ck_assert_uint_eq(vocabulary_kind(&vocabulary, "riga_staff", true), 1);
    ck_assert_uint_eq(vocabulary_kind(&vocabulary, "VSAA.pension", false), 3);
    ck_assert_uint_eq(vocabulary_kind(&vocabulary, "IZM.learner", true), KIND_NONE);
    ck_assert_uint_eq(vocabulary_kind(&vocabulary, "riga_staff", false), KIND_NONE);
    ck_assert_uint_eq(vocabulary_kind(&vocabulary, "izm.learner", false), KIND_NONE);
    ck_assert_uint_eq(vocabulary_kind(&vocabulary, "IZM.learne", false), KIND_NONE);
    ck_assert_uint_eq(vocabulary_kind(&vocabulary, "", false), KIND_NONE);
}
END_TEST

START_TEST(subtypes_are_numbered_from_one)
{
    const struct status_kind *kind = &vocabulary.kinds[0];
    ck_assert_uint_eq(vocabulary_subtype(kind, "preschool"), 1);
    ck_assert_uint_eq(vocabulary_subtype(kind, "general"), 2);
    ck_assert_uint_eq(vocabulary_subtype(kind, "needy"), SUBTYPE_NONE);
    ck_assert_uint_eq(vocabulary_subtype(kind, ""), SUBTYPE_NONE);
    ck_assert_uint_eq(vocabulary_subtype(&vocabulary.kinds[1], "general"), SUBTYPE_NONE);
}
END_TEST

static const struct {
    uint32_t place;
    struct place_prefix prefix;
    bool is_in;
} places[] = {
    {1000, {1, 4}, true},     {1999, {1, 4}, true},     {2000, {1, 4}, false},
    {999, {1, 4}, false},     {10000, {1, 4}, false},   {1000, {1000, 7}, true},
    {1001, {1000, 7}, false}, {3201000, {32, 2}, true}, {3201000, {3201, 4}, true},
    {1000, {0, 1}, true},     {3201000, {0, 1}, false}, {9999999, {9, 1}, true},
    {0, {0, 1}, false},       {0, {0, 7}, false},       {320100, {32, 2}, false},
};

START_TEST(a_place_is_in_the_prefix_that_it_begins_with)
{
    ck_assert(place_is_in(places[_i].place, places[_i].prefix) == places[_i].is_in);
}
END_TEST

START_TEST(data_are_missing_for_listed_places_or_for_everybody)
{
    const struct status_kind *household = &vocabulary.kinds[2];
    ck_assert(vocabulary_is_missing(household, 1000));
    ck_assert(vocabulary_is_missing(household, 32999));
    ck_assert(!vocabulary_is_missing(household, 4000));
    ck_assert(!vocabulary_is_missing(household, 0));
    ck_assert(vocabulary_is_missing(&vocabulary.kinds[3], 4000));
    ck_assert(vocabulary_is_missing(&vocabulary.kinds[3], 0));
    ck_assert(!vocabulary_is_missing(&vocabulary.kinds[0], 1000));
}
END_TEST

static const struct {
    const char *text;
    bool is_good;
    struct place_prefix prefix;
} texts[] = {
    {"0001", true, {1, 4}},    {"0001000", true, {1000, 7}}, {"9999999", true, {9999999, 7}},
    {"0", true, {0, 1}},       {"", false, {0, 0}},          {"00010000", false, {0, 0}},
    {"LV0001", false, {0, 0}}, {"00 1", false, {0, 0}},      {"-1", false, {0, 0}},
    {"0001.", false, {0, 0}},
};

START_TEST(a_prefix_is_one_to_seven_digits)
{
    size_t size = strlen(texts[_i].text);
    struct place_prefix prefix = {77, 7};
    const char *text = (const char *)at_the_edge(texts[_i].text, size);
    ck_assert(place_prefix_of_text(&prefix, text, size) == texts[_i].is_good);
    ck_assert_uint_eq(prefix.value, texts[_i].is_good ? texts[_i].prefix.value : 77);
    ck_assert_uint_eq(prefix.digit_count, texts[_i].is_good ? texts[_i].prefix.digit_count : 7);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("vocabulary");
    TCase *tcase = tcase_create("vocabulary");
    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, a_kind_is_found_by_its_exact_name_and_sort);
    tcase_add_test(tcase, subtypes_are_numbered_from_one);
    tcase_add_loop_test(tcase, a_place_is_in_the_prefix_that_it_begins_with, 0,
                        sizeof(places) / sizeof(places[0]));
    tcase_add_test(tcase, data_are_missing_for_listed_places_or_for_everybody);
    tcase_add_loop_test(tcase, a_prefix_is_one_to_seven_digits, 0,
                        sizeof(texts) / sizeof(texts[0]));
    return support_run(suite);
}
