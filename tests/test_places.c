#include "loader/places.h"

#include "tests/latvia.h"
#include "tests/support.h"

static struct places places;
static struct vocabulary vocabulary;

static void end(void)
{
    places_free(&places);
}

static void ask(const char *digits)
{
    struct place_prefix prefix;
    ck_assert(place_prefix_of_text(&prefix, digits, strlen(digits)));
    places_ask(&places, prefix);
}

START_TEST(places_in_the_same_of_those_asked_about_are_one_class)
{
    ask("0001");
    ask("0004");
    ask("0001010");
    ask("0001");
    ck_assert_uint_eq(place_class(&places, 32000), 0);
    ck_assert_uint_eq(place_class(&places, 0), 0); /* none declared */
    ck_assert_uint_eq(place_class(&places, 1000), place_class(&places, 1999));
    ck_assert_uint_ne(place_class(&places, 1000), 0);
    ck_assert_uint_ne(place_class(&places, 1000), place_class(&places, 1010));
    ck_assert_uint_ne(place_class(&places, 1000), place_class(&places, 4000));
    ck_assert_uint_eq(places.classes.count, 4);
}
END_TEST

START_TEST(places_whose_data_are_missing_are_a_class_of_their_own)
{
    latvia_vocabulary(&vocabulary);
    vocabulary.kinds[HOUSEHOLD].missing_count = 1;
    vocabulary.kinds[HOUSEHOLD].missing[0] = (struct place_prefix){32, 4};
    places.vocabulary = &vocabulary;
    ask("0001");
    ck_assert_uint_eq(place_class(&places, 4000), 0);
    ck_assert_uint_ne(place_class(&places, 32000), 0);
    ck_assert_uint_eq(place_class(&places, 32000), place_class(&places, 32010));
    vocabulary.kinds[STAFF].is_missing = true; /* for everybody: places met before stay */
    ck_assert_uint_ne(place_class(&places, 5000), 0);
}
END_TEST

START_TEST(many_places_keep_their_class)
{
    ask("1");
    ask("12");
    for (uint32_t round = 0; round < 2; round++)
        for (uint32_t i = 0; i < 30000; i++) {
            uint32_t place = i * 333;
            uint32_t expected = place / 100000 == 12 ? 2 : place / 1000000 == 1 ? 1 : 0;
            ck_assert_uint_eq(place_class(&places, place), expected);
        }
    ck_assert_uint_eq(places.place_count, 30000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("places");
    TCase *tcase = tcase_create("places");
    tcase_add_checked_fixture(tcase, NULL, end);
    tcase_add_test(tcase, places_in_the_same_of_those_asked_about_are_one_class);
    tcase_add_test(tcase, places_whose_data_are_missing_are_a_class_of_their_own);
    tcase_add_test(tcase, many_places_keep_their_class);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
