/* The report: medians and ratios of rounds, tables in three forms, pages of whatever was measured.
 */
#include "bench/report.h"

#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER "part,subject,setting,round,measure,value\n"

static struct measures measured(const char *rows)
{
    struct measures measures;
    struct fault fault;
    size_t size = strlen(HEADER) + strlen(rows);
    char *text = malloc(size + 1);
    ck_assert_ptr_nonnull(text);
    snprintf(text, size + 1, "%s%s", HEADER, rows);
    ck_assert_msg(measures_parse(&measures, "t", text, size, &fault), "%s", fault.text);
    return measures;
}

/* The report of these rows; owned by the caller. */
static char *report(const char *rows, enum page_form form)
{
    char *text = NULL;
    size_t size;
    struct measures measures = measured(rows);
    FILE *to = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(to);
    report_write(to, form, &measures);
    ck_assert_int_eq(fclose(to), 0);
    measures_free(&measures);
    return text;
}

static uint32_t count(const char *text, const char *part)
{
    uint32_t found = 0;
    for (; (text = strstr(text, part)) != NULL; text += strlen(part))
        found++;
    return found;
}

/* ---- rounds ---- */

static const struct summary_key elig = {MEASURES_COMPARE, "elig", "depth 1", "cpu_ns"},
                                echo = {MEASURES_COMPARE, "echo", "depth 1", "cpu_ns"};

static const struct rounds {
    const char *rows; /* subject, round, value */
    double median, least, most;
    uint32_t count;
    double ratio; /* to echo */
    uint32_t ratio_count;
} round_rows[] = {
    {"", 0, 0, 0, 0, 0, 0},
    {"elig,0,5", 5, 5, 5, 1, 0, 0},
    {"elig,0,5 elig,1,1 elig,2,9", 5, 1, 9, 3, 0, 0},
    {"elig,0,5 elig,1,1 elig,2,9 elig,7,6", 5.5, 1, 9, 4, 0, 0},
    {"elig,0,5 elig,0,7", 7, 7, 7, 1, 0, 0}, /* the later one */
    {"elig,0,6 echo,0,2", 6, 6, 6, 1, 3, 1},
    {"elig,0,6 echo,1,2", 6, 6, 6, 1, 0, 0}, /* in no round both */
    {"elig,0,6 echo,0,0", 6, 6, 6, 1, 0, 0}, /* nothing to divide by */
    {"echo,0,1 echo,1,10 echo,2,100 elig,0,2 elig,1,30 elig,2,400", 30, 2, 400, 3, 3, 3},
};

START_TEST(medians_are_made_over_rounds_and_ratios_within_them)
{
    const struct rounds *row = &round_rows[_i];
    char text[1024] = "", rest[256], *state = NULL;
    snprintf(rest, sizeof(rest), "%s", row->rows);
    for (char *word = strtok_r(rest, " ", &state); word != NULL;
         word = strtok_r(NULL, " ", &state)) {
        const char *comma = strchr(word, ','), *last = strrchr(word, ',');
        snprintf(text + strlen(text), sizeof(text) - strlen(text),
                 "compare,%.4s,depth 1%.*s,cpu_ns%s\n", word, (int)(last - comma), comma, last);
    }
    struct measures measures = measured(text);
    struct spread spread = summary_of(&measures, &elig);
    struct spread ratio = summary_ratio(&measures, &elig, &echo);
    ck_assert_uint_eq(spread.round_count, row->count);
    ck_assert_double_eq_tol(spread.median, row->median, 1e-9);
    ck_assert_double_eq_tol(spread.least, row->least, 1e-9);
    ck_assert_double_eq_tol(spread.most, row->most, 1e-9);
    ck_assert_uint_eq(ratio.round_count, row->ratio_count);
    ck_assert_double_eq_tol(ratio.median, row->ratio, 1e-9);
    measures_free(&measures);
}
END_TEST

START_TEST(names_are_in_the_order_of_their_numbers_or_as_they_came)
{
    struct measures measures = measured("sweep,b,rate 500,0,x,1\nsweep,b,knee,0,x,1\n"
                                        "sweep,a,rate 20000,0,x,1\nsweep,b,rate 99.5,0,x,1\n"
                                        "sweep,b,rate 20000,0,x,1\nloader,c,rate 1,0,x,1\n");
    struct summary_key like = {MEASURES_SWEEP, NULL, NULL, NULL};
    static struct names names;
    names_find(&names, &measures, NAMES_SUBJECT, &like);
    ck_assert_uint_eq(names.count, 2);
    ck_assert_str_eq(names.list[0], "b");
    names_find(&names, &measures, NAMES_SETTING, &like);
    ck_assert_uint_eq(names.count, 4);
    ck_assert_str_eq(names.list[3], "rate 20000");
    like.subject = "a";
    names_find(&names, &measures, NAMES_SETTING, &like);
    ck_assert_uint_eq(names.count, 1);
    ck_assert_double_eq(names_number("rate 99.5"), 99.5);
    ck_assert_double_eq(names_number("knee"), -1);
    measures_free(&measures);
}
END_TEST

START_TEST(a_setting_that_is_left_open_is_the_first_one)
{
    struct measures measures = measured("loader,c,one,0,x,1\nloader,c,two,1,x,9\n"
                                        "loader,c,one,2,x,3\n");
    struct summary_key key = {MEASURES_LOADER, "c", NULL, "x"};
    struct spread spread = summary_of(&measures, &key);
    ck_assert_uint_eq(spread.round_count, 2);
    ck_assert_double_eq_tol(spread.median, 2, 1e-9);
    measures_free(&measures);
}
END_TEST

/* ---- tables ---- */

static const struct table_column columns[] = {
    {"name", "Name", TABLE_TEXT, AMOUNT_RATIO},
    {"ns", "Time", TABLE_SPREAD, AMOUNT_NS},
    {"rate", "Rate", TABLE_AMOUNT, AMOUNT_PER_S},
};

static char *table_of(void (*write)(const struct table *table, FILE *to))
{
    char *text = NULL;
    size_t size;
    struct table table;
    FILE *to = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(to);
    table_begin(&table, "t", "A <caption>", columns, COUNT_OF(columns));
    struct table_cell *cells = table_add(&table);
    cells[0].text = "<b>";
    cells[1].spread = (struct spread){1500, 1400, 1700, 3};
    cells[2].spread = (struct spread){20000, 1, 2, 3};
    table_add(&table)[1].spread = (struct spread){25, 25, 25, 1};
    write(&table, to);
    ck_assert_int_eq(fclose(to), 0);
    table_free(&table);
    return text;
}

static void as_json(const struct table *table, FILE *to)
{
    struct json json;
    json_start_line(&json, to);
    json_open_object(&json, NULL);
    table_json(table, &json);
    json_close_object(&json);
    json_end(&json);
}

START_TEST(a_table_is_told_in_three_forms)
{
    char *text = table_of(table_text), *html = table_of(table_html), *json = table_of(as_json);
    ck_assert_str_eq(text, "A <caption>\n"
                           "  Name                    Time    Rate\n"
                           "  <b>   1.50 (1.40 to 1.70) \xc2\xb5s  20.0 k\n"
                           "  -                    25.0 ns       -\n");
    ck_assert_ptr_nonnull(strstr(html, "<p class=\"caption\">A &lt;caption&gt;</p>"));
    ck_assert_ptr_nonnull(strstr(html,
                                 "<tr><th scope=\"row\">&lt;b&gt;</th><td class=\"n\">1.50 (1.40 "
                                 "to 1.70) \xc2\xb5s</td><td class=\"n\">20.0 k</td></tr>"));
    ck_assert_ptr_nonnull(
        strstr(json, "{\"t\": [{\"name\": \"<b>\", \"ns\": {\"median\": 1500.000"));
    ck_assert_ptr_nonnull(
        strstr(json, "\"rounds\": 3}, \"rate\": 20000.000}, {\"ns\": {\"median\": 25"));
    free(text);
    free(html);
    free(json);
}
END_TEST

/* ---- pages ---- */

/* What may not stand in a page, whatever was measured: the page is one file, and has no scripts. */
static void check_alone(const char *page)
{
    static const char *const forbidden[] = {
        "http://", "https://", "src=",        "<script", "<link", "@import", "url(",
        "<img",    "<iframe",  "javascript:", "onload=", "nan\"", "inf\"",   "<style>\n<"};
    for (size_t i = 0; i < COUNT_OF(forbidden); i++)
        ck_assert_msg(strstr(page, forbidden[i]) == NULL, "%s", forbidden[i]);
    ck_assert_uint_eq(count(page, "href="), count(page, "href=\"#"));
    ck_assert_uint_eq(count(page, "<svg"), count(page, "</svg>"));
    ck_assert_uint_eq(count(page, "<svg"), count(page, "</desc>"));
    ck_assert_uint_eq(count(page, "<svg"), 2 * count(page, "<figcaption>")); /* wide and narrow */
    ck_assert_ptr_nonnull(strstr(page, "</main>\n</body>\n</html>\n"));
}

/* Rows of one part; figures that come of them. */
static const struct part {
    const char *rows;
    uint32_t figures, missing; /* sections that say so */
} parts[] = {
    {"", 0, 7},
    {"# kernel: x\n", 0, 6},
    {"compare,elig,depth 1,0,cpu_ns,5\n", 1, 7}, /* without peers */
    {"compare,echo,depth 1,0,cpu_ns,5\ncompare,redis,depth 1,0,cpu_ns,50\n", 1, 6},
    {"compare,elig,depth 1,0,p50_ns,5\n", 0, 7}, /* no CPU: nothing to compare */
    {"compare,elig,depth 1,0,cpu_ns,0\n", 1, 7},
    {"latency,elig quiet,rate 5,0,at_50,5\n", 1, 6},
    {"latency,elig quiet,rate 5,0,at_0,0\nlatency,elig quiet,rate 5,0,at_100,9\n", 0, 6},
    {"latency,elig quiet,rate 5,0,at_50,5\nlatency,elig swap,rate 5,0,at_50,7\n", 2, 5},
    {"latency,echo quiet,rate 5,0,at_50,5\nlatency,elig swap,rate 5,0,at_50,7\n"
     "latency,elig quiet,rate 5,0,at_50,5\n",
     2, 5},
    {"latency,elig swap,rate 5,0,at_50,7\n", 1, 6},
    {"latency,x,rate 5,0,other,7\n", 0, 6},
    {"sweep,elig,rate 5,0,answers_per_s,5\nsweep,elig,rate 5,0,p99_ns,9\n", 1, 6},
    {"sweep,elig,rate 5,0,answers_per_s,5\n", 0, 6}, /* no latency: a table alone */
    {"sweep,elig,knee,0,knee_per_s,5\n", 0, 6},
    {"stages,check,depth 1,0,hash,5\n", 1, 6},
    {"stages,check,depth 1,0,hash,0\n", 0, 6},
    {"loader,country,-,0,read,5\n", 1, 6},
    {"loader,country,-,0,read,0\n", 1, 6},
    {"loader,country floor,-,0,read,5\n", 0, 7},
    {"loader,sqlite3,-,0,total,5\n", 0, 7}, /* beside nothing */
    {"loader,country,-,0,total,5\nloader,country,-,0,read,3\nloader,sort,-,0,total,5\n", 1, 6},
    {"stages,check floor,depth 64,0,probe,5\n", 0, 6},
};

START_TEST(what_was_measured_is_drawn_and_what_was_not_is_said)
{
    char *page = report(parts[_i].rows, PAGE_HTML), *text = report(parts[_i].rows, PAGE_TEXT);
    check_alone(page);
    ck_assert_uint_eq(count(page, "<figure>"), parts[_i].figures);
    ck_assert_uint_eq(count(page, "Not measured: "), parts[_i].missing);
    ck_assert_uint_eq(count(text, "Not measured: "), parts[_i].missing);
    ck_assert_ptr_null(strchr(text, '&'));
    free(page);
    free(text);
}
END_TEST

START_TEST(a_hostile_fact_is_text)
{
    char *page =
        report("# kernel: </td><script src=\"https://x\">alert(1)</script> & \xff\n", PAGE_HTML);
    ck_assert_ptr_null(strstr(page, "<script"));
    ck_assert_ptr_nonnull(strstr(page,
                                 "<td>&lt;/td&gt;&lt;script src=&quot;https://x&quot;&gt;alert(1)"
                                 "&lt;/script&gt; &amp; \xef\xbf\xbd</td>"));
    free(page);
}
END_TEST

START_TEST(facts_of_one_name_stand_together_and_once)
{
    char *page = report("# load: 1\n# kernel: x\n# load: 2\n# load: 1\n", PAGE_TEXT);
    ck_assert_ptr_nonnull(strstr(page, "  load    1\n  load    2\n  kernel  x\n"));
    ck_assert_uint_eq(count(page, "  load "), 2);
    free(page);
}
END_TEST

START_TEST(a_figure_that_is_wanted_is_met_or_not_or_not_measured)
{
    char *page = report("compare,echo,depth 64,0,cpu_ns,100\ncompare,elig,depth 64,0,cpu_ns,200\n"
                        "compare,elig-sealed,depth 64,0,cpu_ns,361\n"
                        "compare,redis,depth 64,0,cpu_ns,1400\nloader,country,-,0,total,2.6\n"
                        "loader,sqlite3,in turns,0,total,65\nloader,country,in "
                        "turns,0,total,2.5\nstages,check floor,depth 64,0,probe alone,14\n"
                        "stages,check floor,depth 64,0,probe,10\n",
                        PAGE_JSON);
    static const struct {
        const char *figure, *verdict;
    } wanted[] = {{"CHECK / echo, depth 64", "met"},
                  {"sealed CHECK / echo, depth 64", "NOT met"},
                  {"redis / CHECK, depth 64", "met"},
                  {"redis / sealed CHECK, depth 64", "NOT met"},
                  {"valkey / CHECK, depth 64", "not measured"},
                  {"a probe alone / random lines of memory", "NOT met"},
                  {"the country loaded, in seconds", "NOT met"},
                  {"sqlite3 / the loader", "met"}};
    for (size_t i = 0; i < COUNT_OF(wanted); i++) {
        char name[128], verdict[64];
        snprintf(name, sizeof(name), "\"figure\": \"%s\"", wanted[i].figure);
        snprintf(verdict, sizeof(verdict), "\"verdict\": \"%s\"", wanted[i].verdict);
        const char *at = strstr(page, name);
        ck_assert_msg(at != NULL, "%s", name);
        const char *said = strstr(at, "\"verdict\": ");
        ck_assert_msg(said != NULL && strncmp(said, verdict, strlen(verdict)) == 0, "%s: %.40s",
                      name, said);
    }
    free(page);
}
END_TEST

START_TEST(what_is_beside_the_loader_is_divided_by_the_load_of_its_own_setting)
{
    char *page = report("loader,country,-,0,total,2\nloader,country,-,0,read,1\n"
                        "loader,sort,-,0,total,3\nloader,sqlite3,in turns,0,total,60\n"
                        "loader,country,in turns,0,total,4\n",
                        PAGE_TEXT);
    const char *sort = strstr(page, "\n  sort  "), *sqlite = strstr(page, "\n  sqlite3  ");
    ck_assert_msg(sort != NULL && strncmp(strchr(sort + 1, '\n') - 4, "1.50", 4) == 0, "%s", page);
    ck_assert_msg(sqlite != NULL && strncmp(strchr(sqlite + 1, '\n') - 4, "15.0", 4) == 0, "%s",
                  page);
    free(page);
}
END_TEST

START_TEST(what_a_sweep_lost_in_one_round_or_try_is_told)
{
    char *page = report("sweep,elig,rate 5,0,wrong,0\nsweep,elig,rate 5,1,wrong,7777\n"
                        "sweep,elig,rate 5,2,wrong,0\nsweep,elig,rate 5,1,wrong,0\n"
                        "sweep,elig,rate 5,2,wrong,1\n",
                        PAGE_TEXT);
    ck_assert_msg(strstr(page, "7,778\n") != NULL || strstr(page, "7778\n") != NULL, "%s", page);
    free(page);
}
END_TEST

/* More names, lines, dots and steps than there is room for. */
START_TEST(a_crowded_file_is_still_a_page)
{
    static char rows[400000];
    size_t size = 0;
    for (int subject = 0; subject < 40; subject++)
        for (int setting = 0; setting < 20; setting++)
            size += (size_t)snprintf(
                rows + size, sizeof(rows) - size,
                "compare,s%d,depth %d,0,cpu_ns,5\nlatency,elig s%d,rate %d,0,at_%d,5\n"
                "sweep,s%d,rate %d,0,answers_per_s,9\nsweep,s%d,rate %d,0,p99_ns,9\n"
                "stages,s%d,depth %d,0,step %d,7\nloader,s%d,-,0,stage %d,7\n",
                subject, setting, subject, setting, subject + setting, subject, setting, subject,
                setting, subject, setting, subject + setting, subject, setting);
    snprintf(rows + size, sizeof(rows) - size, "latency,elig quiet,rate 1,0,at_50,5\n");
    char *page = report(rows, PAGE_HTML);
    check_alone(page);
    free(page);
}
END_TEST

START_TEST(the_greatest_values_are_drawn_as_well)
{
    char *page = report("compare,echo,depth 1,0,cpu_ns,0.000001\n"
                        "compare,elig,depth 1,0,cpu_ns,999999999999999999999999\n"
                        "latency,elig quiet,rate 1,0,at_99.99999999,999999999999999999999999\n"
                        "latency,elig quiet,rate 1,0,at_5,0.0000001\n"
                        "sweep,elig,rate 1,0,answers_per_s,999999999999999999999999\n"
                        "sweep,elig,rate 1,0,p99_ns,999999999999999999999999\n"
                        "sweep,elig,knee,0,knee_per_s,1\n"
                        "stages,check,depth 1,0,a,999999999999999999999999\n"
                        "loader,c,-,0,a,999999999999999999999999\n",
                        PAGE_HTML);
    check_alone(page);
    free(page);
}
END_TEST

#define LOOP(test, rows) tcase_add_loop_test(all, test, 0, COUNT_OF(rows))

int main(void)
{
    Suite *suite = suite_create("page");
    TCase *all = tcase_create("all");
    LOOP(medians_are_made_over_rounds_and_ratios_within_them, round_rows);
    tcase_add_test(all, names_are_in_the_order_of_their_numbers_or_as_they_came);
    tcase_add_test(all, a_setting_that_is_left_open_is_the_first_one);
    tcase_add_test(all, a_table_is_told_in_three_forms);
    LOOP(what_was_measured_is_drawn_and_what_was_not_is_said, parts);
    tcase_add_test(all, a_hostile_fact_is_text);
    tcase_add_test(all, facts_of_one_name_stand_together_and_once);
    tcase_add_test(all, what_is_beside_the_loader_is_divided_by_the_load_of_its_own_setting);
    tcase_add_test(all, what_a_sweep_lost_in_one_round_or_try_is_told);
    tcase_add_test(all, a_figure_that_is_wanted_is_met_or_not_or_not_measured);
    tcase_add_test(all, a_crowded_file_is_still_a_page);
    tcase_add_test(all, the_greatest_values_are_drawn_as_well);
    suite_add_tcase(suite, all);
    return support_run(suite);
}
