/* What pages are drawn with: escaped text, scales, amounts, shapes, charts. */
#include "bench/chart.h"
#include "bench/markup.h"
#include "bench/words.h"

#include "tests/support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPLACED "\xef\xbf\xbd"

/* What was written to `to` since `opened`; owned by the caller. */
struct paper {
    FILE *to;
    char *text;
    size_t size;
};

static struct paper *opened(void)
{
    static struct paper paper;
    paper.text = NULL;
    paper.to = open_memstream(&paper.text, &paper.size);
    ck_assert_ptr_nonnull(paper.to);
    return &paper;
}

static const char *written(struct paper *paper)
{
    ck_assert_int_eq(fclose(paper->to), 0);
    return paper->text;
}

static uint32_t count(const char *text, const char *part)
{
    uint32_t found = 0;
    for (; (text = strstr(text, part)) != NULL; text += strlen(part))
        found++;
    return found;
}

/* ---- text ---- */

static const struct escape {
    const char *text, *wanted;
    size_t length;
} escapes[] = {
    {"", "", 0},
    {"plain, 1.5 +-", "plain, 1.5 +-", 13},
    {"</svg><script>alert('1')</script>",
     "&lt;/svg&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;", 33},
    {"\" onload=\"x", "&quot; onload=&quot;x", 11},
    {"&amp;&#60;", "&amp;amp;&amp;#60;", 10},
    {"\xc4\x81\xe2\x82\xac\xf0\x9f\x9a\x8c", "\xc4\x81\xe2\x82\xac\xf0\x9f\x9a\x8c", 3},
    {"tab\tand\nline", "tab\tand\nline", 12},
    {"\x01\x1b[2J\x7f", REPLACED REPLACED "[2J" REPLACED, 6},
    {"\xff<", REPLACED "&lt;", 2},
    {"\xc4", REPLACED, 1},
    {"\xc4<", REPLACED "&lt;", 2},
    {"\xc0\xbc", REPLACED REPLACED, 2},              /* "<" in a longer form */
    {"\xe0\x80\xbc", REPLACED REPLACED REPLACED, 3}, /* likewise */
    {"\xed\xa0\x80", REPLACED REPLACED REPLACED, 3}, /* half of a pair */
    {"\xef\xbf\xbf\xef\xbf\xbe", REPLACED REPLACED, 2},
    {"\xf4\x90\x80\x80", REPLACED REPLACED REPLACED REPLACED, 4},
};

START_TEST(text_stays_text_whatever_it_is)
{
    const struct escape *escape = &escapes[_i];
    struct paper *paper = opened();
    markup_text(paper->to, escape->text);
    ck_assert_str_eq(written(paper), escape->wanted);
    ck_assert_uint_eq(markup_length(escape->text), escape->length);
    free(paper->text);
}
END_TEST

/* ---- scales ---- */

static const struct ticks {
    enum scale_kind kind;
    double least, most, gap; /* on 600 units */
    const char *wanted;      /* ticks in their short form */
} tick_rows[] = {
    {SCALE_LINEAR, 0, 2.2, 60, "0 0.5 1 1.5 2"},
    {SCALE_LINEAR, 0, 100, 100, "0 20 40 60 80 100"},
    {SCALE_LINEAR, 3, 17, 60, "4 6 8 10 12 14 16"},
    {SCALE_LINEAR, 0, 0, 60, "0 0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8 0.9 1"},
    {SCALE_LINEAR, 5, 5, 300, "5 10"},
    {SCALE_LOG, 20, 5000, 44, "20 50 100 200 500 1000 2000 5000"},
    {SCALE_LOG, 21, 5100, 44, "50 100 200 500 1000 2000 5000"},
    {SCALE_LOG, 21, 5100, 100, "100 1000"},
    {SCALE_LOG_WIDE, 21, 5100, 44, "20 50 100 200 500 1000 2000 5000 10000"},
    {SCALE_LOG_WIDE, 21, 5100, 100, "10 100 1000 10000"},
    {SCALE_LOG_WIDE, 10, 1000, 100, "10 100 1000"},
    {SCALE_LOG_WIDE, 7, 7, 44, "5 10 20"},
    {SCALE_LOG_WIDE, 1, 1e9, 150, "1 1000 1000000 1000000000"},
};

START_TEST(ticks_stand_at_numbers_that_people_like)
{
    const struct ticks *row = &tick_rows[_i];
    char text[512] = "", amount[AMOUNT_TEXT_SIZE];
    struct scale scale = scale_of(row->kind, row->least, row->most, 0, 600, row->gap);
    for (size_t i = 0; i < scale.tick_count; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i > 0 ? " " : "",
                 amount_short_text(amount, AMOUNT_RATIO, scale.ticks[i]));
    ck_assert_str_eq(text, row->wanted);
}
END_TEST

START_TEST(values_have_places_within_the_scale_in_their_order)
{
    uint64_t state = 5;
    for (int i = 0; i < 20000; i++) {
        enum scale_kind kind = (enum scale_kind)(support_random(&state) % 3);
        double least = ldexp(1 + (double)(support_random(&state) % 1000),
                             (int)(support_random(&state) % 80) - 40);
        double most = least * (1 + (double)(support_random(&state) % 100000) / 7);
        double gap = 1 + (double)(support_random(&state) % 100);
        struct scale scale = scale_of(kind, least, most, 600, 10, gap); /* upwards */
        ck_assert_uint_le(scale.tick_count, SCALE_TICK_COUNT_MAX);
        double low = scale_at(&scale, least), high = scale_at(&scale, most);
        double middle = scale_at(&scale, (least + most) / 2);
        ck_assert(low <= 600 && low >= middle && middle >= high && high >= 10);
        for (size_t t = 0; t < scale.tick_count; t++) {
            double at = scale_at(&scale, scale.ticks[t]);
            ck_assert(at <= 600 + 1e-6 && at >= 10 - 1e-6);
        }
    }
}
END_TEST

START_TEST(what_a_logarithmic_scale_has_no_place_for_is_at_its_end)
{
    struct scale scale = scale_of(SCALE_LOG, 1, 100, 0, 600, 44);
    ck_assert_double_eq(scale_at(&scale, 0), 0);
    ck_assert_double_eq(scale_at(&scale, -5), 0);
    ck_assert_double_eq(scale_at(&scale, 1e9), 600);
}
END_TEST

/* ---- amounts ---- */

static const struct amount {
    enum amount_unit unit;
    double value;
    const char *text, *short_text;
} amounts[] = {
    {AMOUNT_NS, 0, "0 ns", "0 ns"},
    {AMOUNT_NS, 0.25, "0.250 ns", "0.25 ns"},
    {AMOUNT_NS, 25, "25.0 ns", "25 ns"},
    {AMOUNT_NS, 999.4, "999 ns", "999 ns"},
    {AMOUNT_NS, 999.6, "1.00 \xc2\xb5s", "1 \xc2\xb5s"},
    {AMOUNT_NS, 1500, "1.50 \xc2\xb5s", "1.5 \xc2\xb5s"},
    {AMOUNT_NS, 9996, "10.0 \xc2\xb5s", "10 \xc2\xb5s"},
    {AMOUNT_NS, 2.5e7, "25.0 ms", "25 ms"},
    {AMOUNT_NS, 1e10, "10.0 s", "10 s"},
    {AMOUNT_NS, 1e13, "10000 s", "10000 s"},
    {AMOUNT_PER_S, 20000, "20.0 k", "20 k"},
    {AMOUNT_PER_S, 2.4e6, "2.40 M", "2.4 M"},
    {AMOUNT_S, 0.05, "0.050 s", "0.05 s"},
    {AMOUNT_RATIO, 100, "100", "100"},
    {AMOUNT_COUNT, 7, "7", "7"},
    {AMOUNT_COUNT, 1e300, "1000000000000000", "1000000000000000"},
};

START_TEST(amounts_have_three_digits_that_count)
{
    const struct amount *amount = &amounts[_i];
    char text[AMOUNT_TEXT_SIZE];
    ck_assert_str_eq(amount_text(text, amount->unit, amount->value), amount->text);
    ck_assert_str_eq(amount_short_text(text, amount->unit, amount->value), amount->short_text);
}
END_TEST

START_TEST(a_range_is_in_the_unit_of_its_middle)
{
    char text[AMOUNT_TEXT_SIZE];
    ck_assert_str_eq(amount_range_text(text, AMOUNT_NS, 1500, 990, 12000),
                     "1.50 (0.99 to 12.00) \xc2\xb5s");
    ck_assert_str_eq(amount_range_text(text, AMOUNT_RATIO, 1e300, 1e300, 1e300),
                     "1000000000000000 (1000000000000000 to 1000000000000000)");
}
END_TEST

/* ---- shapes ---- */

START_TEST(a_drawing_says_what_it_is)
{
    struct paper *paper = opened();
    struct svg svg;
    svg_begin(&svg, paper->to, "one", "wide", 760, 400, "A <title>", "A & B");
    svg_line(&svg, "axis", 1, 2, 3.04, 4.06);
    svg_box(&svg, "box k1", 0, 0, 10, 20);
    svg_text(&svg, "dim", SVG_END, 5, 6, "<&>");
    svg_mark(&svg, "full k2", SVG_SQUARE, 7, 8);
    svg_path_begin(&svg, "line k0");
    svg_path_to(&svg, 1, 1);
    svg_path_to(&svg, 2, 0.5);
    svg_path_end(&svg);
    svg_end(&svg);
    ck_assert_str_eq(
        written(paper),
        "<svg id=\"one\" class=\"wide\" viewBox=\"0 0 760 400\" role=\"img\" "
        "aria-labelledby=\"one-title one-about\">\n"
        "<title id=\"one-title\">A &lt;title&gt;</title>\n"
        "<desc id=\"one-about\">A &amp; B</desc>\n"
        "<line class=\"axis\" x1=\"1.0\" y1=\"2.0\" x2=\"3.0\" y2=\"4.1\"/>\n"
        "<rect class=\"box k1\" x=\"0.0\" y=\"0.0\" width=\"10.0\" height=\"20.0\"/>\n"
        "<text class=\"dim\" text-anchor=\"end\" x=\"5.0\" y=\"6.0\">&lt;&amp;&gt;</text>\n"
        "<path class=\"full k2 mark\" d=\"M7.0 8.0m-3.5 -3.5h7v7h-7z\"/>\n"
        "<path class=\"line k0\" d=\"M1.0 1.0 L2.0 0.5\"/>\n"
        "</svg>\n");
    free(paper->text);
}
END_TEST

/* ---- charts ---- */

static const char *draw_lines(struct paper *paper, const struct chart_lines *chart)
{
    struct svg svg;
    svg_begin(&svg, paper->to, "c", "wide", CHART_WIDE, chart_lines_height(CHART_WIDE), "t", "a");
    chart_lines(&svg, chart);
    svg_end(&svg);
    return written(paper);
}

START_TEST(each_line_has_its_name_and_what_may_not_be_drawn_is_at_the_edge)
{
    struct chart_point many[] = {{1, 10}, {10, 20}, {100, 5000}}, one[] = {{50, 30}},
                       nothing[] = {{1, 0}, {10, 0}};
    struct chart_line lines[] = {
        {.label = "many <b>", .style = 1, .points = many, .count = 3, .knee = 30},
        {.label = "one", .style = 2, .points = one, .count = 1},
        {.label = "nothing", .style = 3, .points = nothing, .count = 2},
    };
    struct chart_lines chart = {.x = {"x axis", SCALE_LOG, AMOUNT_PER_S, NULL, 0},
                                .y = {"y axis", SCALE_LOG_WIDE, AMOUNT_NS, NULL, 0},
                                .lines = lines,
                                .line_count = COUNT_OF(lines),
                                .has_names_inside = true};
    struct paper *paper = opened();
    const char *text = draw_lines(paper, &chart);
    ck_assert_uint_eq(count(text, ">many &lt;b&gt;</text>"), 1);
    ck_assert_uint_eq(count(text, ">one</text>"), 1);
    ck_assert_uint_eq(count(text, ">nothing</text>"), 1);
    ck_assert_uint_eq(count(text, ">30.0</text>"), 1); /* the knee */
    ck_assert_uint_eq(count(text, ">x axis</text>"), 1);
    ck_assert_uint_eq(count(text, ">10 ns</text>"), 1);
    ck_assert_uint_eq(count(text, "class=\"line k"), 3);
    ck_assert_uint_eq(count(text, "mark"), 2); /* a line of one point, and the knee */
    ck_assert_uint_eq(count(text, "nan") + count(text, "inf"), 0);
    free(paper->text);
}
END_TEST

/* Base lines of the names of lines, which all end in the same place. */
START_TEST(names_of_lines_that_end_together_stand_apart)
{
    struct chart_point points[] = {{1, 10}, {10, 20}};
    struct chart_line lines[6];
    struct chart_lines chart = {.x = {"", SCALE_LOG, AMOUNT_PER_S, NULL, 0},
                                .y = {"", SCALE_LOG_WIDE, AMOUNT_NS, NULL, 0},
                                .lines = lines,
                                .line_count = COUNT_OF(lines),
                                .has_names_inside = _i == 1};
    for (size_t i = 0; i < COUNT_OF(lines); i++)
        lines[i] = (struct chart_line){.label = "same", .style = i, .points = points, .count = 2};
    struct paper *paper = opened();
    const char *text = draw_lines(paper, &chart);
    double xs[COUNT_OF(lines)], ys[COUNT_OF(lines)];
    size_t found = 0;
    for (const char *at = text; (at = strstr(at, "<text class=\"name")) != NULL; at++) {
        ck_assert_uint_lt(found, COUNT_OF(lines));
        ck_assert_int_eq(sscanf(strstr(at, " x="), " x=\"%lf\" y=\"%lf\"", &xs[found], &ys[found]),
                         2);
        found++;
    }
    ck_assert_uint_eq(found, COUNT_OF(lines));
    for (size_t i = 0; i < found; i++)
        for (size_t j = 0; j < i; j++)
            ck_assert_msg(fabs(ys[i] - ys[j]) >= 12 ||
                              fabs(xs[i] - xs[j]) >= svg_text_width("same"),
                          "%zu and %zu", i, j);
    free(paper->text);
}
END_TEST

static const struct column {
    double lines[5], wanted[5]; /* between 0 and 100 */
    size_t count;
} columns[] = {
    {{0}, {0}, 0},
    {{50}, {50}, 1},
    {{10, 40, 90}, {10, 40, 90}, 3},
    {{50, 50}, {42.5, 57.5}, 2},
    {{40, 50, 60}, {35, 50, 65}, 3},
    {{-10, 90, 200}, {0, 85, 100}, 3},
    {{100, 100, 100}, {70, 85, 100}, 3},
    {{0, 0, 0, 0, 0}, {0, 15, 30, 45, 60}, 5},
};

START_TEST(a_column_is_spread_as_little_as_it_takes)
{
    const struct column *column = &columns[_i];
    double lines[5];
    memcpy(lines, column->lines, sizeof(lines));
    words_spread(lines, column->count, 0, 100);
    for (size_t i = 0; i < column->count; i++)
        ck_assert_double_eq_tol(lines[i], column->wanted[i], 0.5);
}
END_TEST

START_TEST(a_stack_is_as_wide_as_the_drawing_and_small_parts_have_numbers_or_nothing)
{
    struct chart_part parts[] = {{"large", 1, 900}, {"middling", 2, 30}, {"none", 3, 0.001}};
    struct chart_stack stack = {.label = "all", .parts = parts, .count = COUNT_OF(parts)};
    struct chart_stacks chart = {AMOUNT_NS, &stack, 1};
    struct paper *paper = opened();
    struct svg svg;
    svg_begin(&svg, paper->to, "c", "wide", CHART_WIDE, chart_stacks_height(&chart), "t", "a");
    chart_stacks(&svg, &chart);
    svg_end(&svg);
    const char *text = written(paper);
    ck_assert_uint_eq(count(text, ">1 large</text>"), 1);
    ck_assert_uint_eq(count(text, ">900 ns</text>"), 1);
    ck_assert_uint_eq(count(text, ">2</text>"), 1);
    ck_assert_uint_eq(count(text, "middling") + count(text, "none") + count(text, ">3<"), 0);
    ck_assert_uint_eq(count(text, ">930 ns</text>"), 1); /* the sum */
    ck_assert_uint_eq(count(text, "<rect"), 3);
    free(paper->text);
}
END_TEST

START_TEST(bars_have_floors_where_these_are_known)
{
    struct chart_bar bars[] = {{"read", 2, 1.5, "2 s"}, {"write", 1, 0, "1 s"}};
    struct chart_bars chart = {"seconds", AMOUNT_RATIO, bars, COUNT_OF(bars)};
    struct paper *paper = opened();
    struct svg svg;
    svg_begin(&svg, paper->to, "c", "narrow", CHART_NARROW, chart_bars_height(&chart), "t", "a");
    chart_bars(&svg, &chart);
    svg_end(&svg);
    const char *text = written(paper);
    ck_assert_uint_eq(count(text, "<rect"), 2);
    ck_assert_uint_eq(count(text, "class=\"floor\""), 1);
    free(paper->text);
}
END_TEST

START_TEST(groups_of_dots_are_named_once_and_notes_are_for_wide_drawings)
{
    struct chart_dot dots[] = {{"p50", "quiet", 1, 10, 9, 12, ""},
                               {"p50", "swap", 2, 20, 18, 22, ", twice"},
                               {"p99", "quiet", 1, 100, 90, 0, ""}};
    struct chart_dots chart = {"latency", AMOUNT_NS, dots, COUNT_OF(dots)};
    for (uint32_t is_wide = 0; is_wide < 2; is_wide++) {
        struct paper *paper = opened();
        struct svg svg;
        svg_begin(&svg, paper->to, "c", "c", is_wide ? CHART_WIDE : CHART_NARROW,
                  chart_dots_height(&chart), "t", "a");
        chart_dots(&svg, &chart);
        svg_end(&svg);
        const char *text = written(paper);
        ck_assert_uint_eq(count(text, ">p50</text>"), 1);
        ck_assert_uint_eq(count(text, ">p99</text>"), 1);
        ck_assert_uint_eq(count(text, ">20.0 ns, twice</text>"), is_wide);
        ck_assert_uint_eq(count(text, " mark\""), 3);
        free(paper->text);
    }
}
END_TEST

START_TEST(servers_keep_their_style)
{
    ck_assert_uint_eq(chart_style("echo", 5), 0);
    ck_assert_uint_eq(chart_style("redis", 0), 3);
    ck_assert_uint_lt(chart_style("another", 1000), CHART_STYLE_COUNT);
}
END_TEST

#define LOOP(test, rows) tcase_add_loop_test(all, test, 0, COUNT_OF(rows))

int main(void)
{
    Suite *suite = suite_create("svg");
    TCase *all = tcase_create("all");
    LOOP(text_stays_text_whatever_it_is, escapes);
    LOOP(ticks_stand_at_numbers_that_people_like, tick_rows);
    tcase_add_test(all, values_have_places_within_the_scale_in_their_order);
    tcase_add_test(all, what_a_logarithmic_scale_has_no_place_for_is_at_its_end);
    LOOP(amounts_have_three_digits_that_count, amounts);
    tcase_add_test(all, a_range_is_in_the_unit_of_its_middle);
    tcase_add_test(all, a_drawing_says_what_it_is);
    tcase_add_test(all, each_line_has_its_name_and_what_may_not_be_drawn_is_at_the_edge);
    tcase_add_loop_test(all, names_of_lines_that_end_together_stand_apart, 0, 2);
    LOOP(a_column_is_spread_as_little_as_it_takes, columns);
    tcase_add_test(all, a_stack_is_as_wide_as_the_drawing_and_small_parts_have_numbers_or_nothing);
    tcase_add_test(all, bars_have_floors_where_these_are_known);
    tcase_add_test(all, groups_of_dots_are_named_once_and_notes_are_for_wide_drawings);
    tcase_add_test(all, servers_keep_their_style);
    suite_add_tcase(suite, all);
    return support_run(suite);
}
