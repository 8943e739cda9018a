#include "bench/books.h"
#include "tests/support.h"

#include <stdio.h>
#include <string.h>

static struct fault fault;

START_TEST(points_of_sale_have_their_providers)
{
    struct sellers sellers;
    char path[512];
    static const char table[] = "number,provider,place,title,state,from,until\n"
                                "102,40003619950,0001000,Two,,,\n"
                                "101,40003619950,0001000,\"One, quoted\",,,\n"
                                "7,49900000014,,,,,\n";
    snprintf(path, sizeof(path), "%s/points_of_sale.csv", support_directory());
    support_write_file(path, table, sizeof(table) - 1, 0600);
    ck_assert_msg(sellers_read(&sellers, support_directory(), &fault), "%s", fault.text);
    ck_assert_uint_eq(sellers.count, 3);
    ck_assert_uint_eq(sellers_find(&sellers, 101), UINT64_C(40003619950));
    ck_assert_uint_eq(sellers_find(&sellers, 7), UINT64_C(49900000014));
    ck_assert_uint_eq(sellers_find(&sellers, 8), 0);
    sellers_free(&sellers);
}
END_TEST

START_TEST(a_folder_without_points_of_sale_is_a_fault)
{
    struct sellers sellers;
    ck_assert(!sellers_read(&sellers, "/nonexistent", &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "points_of_sale.csv"));
}
END_TEST

START_TEST(the_shipped_catalogue_has_points_of_sale)
{
    struct sellers sellers;
    ck_assert_msg(sellers_read(&sellers, support_path("loader/catalogue"), &fault), "%s",
                  fault.text);
    ck_assert_uint_eq(sellers_find(&sellers, 101), UINT64_C(40003619950));
    sellers_free(&sellers);
}
END_TEST

START_TEST(lines_are_apart_by_provider_relief_and_day_and_sorted)
{
    struct books books;
    books_start(&books);
    books_at(&books, 2, 5, 100)->given += 10;
    books_at(&books, 1, 9, 100)->given += 20;
    books_at(&books, 1, 7, 101)->given += 30;
    books_at(&books, 1, 7, 100)->given += 40;
    books_at(&books, 2, 5, 100)->returned += 1;
    books_sort(&books);
    static const struct {
        uint64_t given, returned;
    } wanted[] = {{40, 0}, {30, 0}, {20, 0}, {10, 1}};
    ck_assert_uint_eq(books.lines.count, 4);
    for (size_t i = 0; i < 4; i++) {
        const struct books_line *line = totals_entry(&books.lines, i);
        ck_assert_uint_eq(line->given, wanted[i].given);
        ck_assert_uint_eq(line->returned, wanted[i].returned);
    }
    books_free(&books);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("books");
    TCase *all = tcase_create("all");
    tcase_add_test(all, points_of_sale_have_their_providers);
    tcase_add_test(all, a_folder_without_points_of_sale_is_a_fault);
    tcase_add_test(all, the_shipped_catalogue_has_points_of_sale);
    tcase_add_test(all, lines_are_apart_by_provider_relief_and_day_and_sorted);
    suite_add_tcase(suite, all);
    return support_run(suite);
}
