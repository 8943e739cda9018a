#include "tests/fixture.h"
#include "tests/support.h"

static Suite *builder_suite(void);

START_TEST(a_fixture_publishes_what_opens)
{
    struct fixture *f = fixture_open(support_directory());
    fixture_publish(f);
    struct snapshot *snapshot = fixture_snapshot(f);
    ck_assert_uint_eq(snapshot_tables(snapshot)->product_count, 1);
    snapshot_close(snapshot);
    fixture_close(f);
}
END_TEST

static Suite *builder_suite(void)
{
    Suite *suite = suite_create("builder");
    TCase *tcase = tcase_create("all");
    tcase_add_test(tcase, a_fixture_publishes_what_opens);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return support_run(builder_suite());
}
