/* The book and a plain model of it, side by side; many more with make ledger-model. */
#include "tests/ledger_play.h"
#include "tests/support.h"

START_TEST(the_book_does_what_the_model_does)
{
    ledger_play(1000 + (uint64_t)_i, 4000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ledger_model");
    TCase *tcase = tcase_create("ledger_model");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, the_book_does_what_the_model_does, 0, 8);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
