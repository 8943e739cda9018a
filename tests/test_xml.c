#include "loader/xml.h"

#include "loader/intake.h"
#include "tests/support.h"

#include <stdio.h>
#include <string.h>

/* Rows as they come, in one text: "line: a|b|c" or "line: !refusal@column". */
struct heard {
    char text[4096];
    size_t size;
};

static const struct register_description description = {
    .name = "X",
    .format = FORMAT_XML,
    .row_element = "row",
    .column_count = 3,
    .columns = {{.name = "@id"}, {.name = "kind"}, {.name = "from"}},
};

static void hear(void *context, const struct span fields[], uint32_t line, unsigned refusal,
                 uint8_t column)
{
    struct heard *heard = context;
    char *to = heard->text + heard->size;
    size_t room = sizeof(heard->text) - heard->size;
    if (refusal != 0)
        heard->size += (size_t)snprintf(to, room, "%u: !%u@%u\n", line, refusal, column);
    else
        heard->size += (size_t)snprintf(to, room, "%u: %.*s|%.*s|%.*s\n", line, (int)fields[0].size,
                                        fields[0].text, (int)fields[1].size, fields[1].text,
                                        (int)fields[2].size, fields[2].text);
    ck_assert_uint_lt(heard->size, sizeof(heard->text));
}

/* Fed in pieces of `step` bytes. */
static bool read_xml(struct heard *heard, const char *bytes, size_t size, size_t step,
                     struct fault *fault)
{
    struct xml *xml = xml_begin(&description, hear, heard);
    bool is_fine = true;
    memset(heard, 0, sizeof(*heard));
    for (size_t at = 0; is_fine && (at < size || at == 0); at += step) {
        size_t piece = size - at < step ? size - at : step;
        is_fine = xml_feed(xml, (const char *)at_the_edge(bytes + at, piece), piece,
                           at + piece == size, fault);
    }
    xml_end(xml);
    return is_fine;
}

static const struct {
    const char *name, *text, *rows;
} documents[] = {
    {"rows are elements of one name", "<a><row id='1'><kind>k</kind><from>f</from></row></a>",
     "1: 1|k|f\n"},
    {"lines are those of the row's element",
     "<?xml version='1.0'?>\n<a>\n<row id='1'><kind>k</kind>\n</row>\n\n<row/></a>",
     "3: 1|k|\n6: ||\n"},
    {"fields may come in any order", "<a><row id='1'><from>f</from><kind>k</kind></row></a>",
     "1: 1|k|f\n"},
    {"unknown elements and attributes are passed over",
     "<a><row x='y' id='1'>text<other>o<kind>no</kind></other><kind>k</kind></row><q/></a>",
     "1: 1|k|\n"},
    {"elements within a field keep their text to themselves or add it",
     "<a><row id='1'><kind>a<b>b</b>c</kind></row></a>", "1: 1|abc|\n"},
    {"built-in entities and characters are text",
     "<a><row id='&lt;1&gt;'><kind>&amp;&#257;<![CDATA[<x>]]></kind></row></a>", "1: <1>|&ā<x>|\n"},
    {"comments and instructions are not text",
     "<a><row id='1'><kind>k<!-- c -->l<?p i?>m</kind></row></a>", "1: 1|klm|\n"},
    {"a field twice is refused", "<a><row id='1'><kind>k</kind><kind>l</kind></row><row/></a>",
     "1: !1@2\n1: ||\n"},
    {"windows-1257 may be declared",
     "<?xml version='1.0' encoding='windows-1257'?><a><row id='\xe2'><kind>\xf0</kind></row></a>",
     "1: ā|š|\n"},
    {"its name may be in any case",
     "<?xml version='1.0' encoding='WINDOWS-1257'?><a><row id='\xe2'/></a>", "1: ā||\n"},
    {"a byte order mark is passed over", "\xef\xbb\xbf<a><row id='1'/></a>", "1: 1||\n"},
    {"the root may be a row", "<row id='1'><kind>k</kind></row>", "1: 1|k|\n"},
    {"a row within a row is an unknown element",
     "<a><row id='1'><row id='2'><kind>no</kind></row><kind>k</kind></row></a>", "1: 1|k|\n"},
    {"no rows are no rows", "<a></a>", ""},
};

START_TEST(a_document_is_its_rows_however_it_is_cut)
{
    struct heard heard;
    struct fault fault;
    size_t size = strlen(documents[_i].text);
    for (size_t step = 1; step <= size; step++) {
        if (!read_xml(&heard, documents[_i].text, size, step, &fault))
            ck_abort_msg("%s: %s", documents[_i].name, fault.text);
        ck_assert_msg(strcmp(heard.text, documents[_i].rows) == 0, "%s: %s", documents[_i].name,
                      heard.text);
    }
}
END_TEST

static const struct {
    const char *name, *text, *fault;
} faults[] = {
    {"nothing", "", "1:1: no element found"},
    {"no end", "<a><row>", "1:9: no element found"},
    {"a tag that does not match", "<a>\n<row></b></a>", "2:8: mismatched tag"},
    {"text behind the root", "<a/>x", "1:5: junk after document element"},
    {"bytes that are no UTF-8", "<a>\xff</a>", "1:4: not well-formed (invalid token)"},
    {"an encoding we do not speak", "<?xml version='1.0' encoding='koi8-r'?><a/>",
     "1:31: unknown encoding"},
    {"bytes that the code page lacks", "<?xml version='1.0' encoding='windows-1257'?><a>\x81</a>",
     "1:49: not well-formed (invalid token)"},
    {"entities that multiply",
     "<!DOCTYPE a [<!ENTITY x 'xxxxxxxxxx'><!ENTITY y '&x;&x;&x;&x;&x;'>]><a>&y;</a>",
     "a document type declaration is not accepted: remove <!DOCTYPE ...>"},
    {"entities that fetch", "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
     "a document type declaration is not accepted: remove <!DOCTYPE ...>"},
    {"an entity of no declaration", "<a>&x;</a>", "1:4: undefined entity"},
};

START_TEST(what_is_no_document_is_a_fault_with_its_place)
{
    struct heard heard;
    struct fault fault;
    ck_assert(!read_xml(&heard, faults[_i].text, strlen(faults[_i].text), 4096, &fault));
    ck_assert_msg(strstr(fault.text, faults[_i].fault) != NULL, "%s: %s", faults[_i].name,
                  fault.text);
}
END_TEST

START_TEST(a_document_cut_anywhere_is_a_fault)
{
    static const char text[] = "<?xml version='1.0' encoding='windows-1257'?>\n<a><row id='1'>"
                               "<kind>k</kind></row><!-- c --></a>";
    for (size_t size = 0; size < sizeof(text) - 1; size++) {
        struct heard heard;
        struct fault fault;
        ck_assert(!read_xml(&heard, text, size, 16, &fault));
    }
}
END_TEST

START_TEST(depth_has_a_limit)
{
    char text[512] = "";
    struct heard heard;
    struct fault fault;
    for (unsigned depth = XML_DEPTH_MAX; depth <= XML_DEPTH_MAX + 1; depth++) {
        size_t size = 0;
        for (unsigned i = 0; i < depth; i++)
            size += (size_t)snprintf(text + size, sizeof(text) - size, "<e>");
        for (unsigned i = 0; i < depth; i++)
            size += (size_t)snprintf(text + size, sizeof(text) - size, "</e>");
        ck_assert(read_xml(&heard, text, size, 4096, &fault) == (depth == XML_DEPTH_MAX));
    }
    ck_assert(strstr(fault.text, "nested") != NULL);
}
END_TEST

START_TEST(a_field_has_a_limit)
{
    char text[2 * XML_FIELD_SIZE_MAX];
    for (unsigned extra = 0; extra <= 1; extra++) {
        struct heard heard;
        struct fault fault;
        int size = snprintf(text, sizeof(text), "<a><row><kind>%0*d</kind></row></a>",
                            (int)(XML_FIELD_SIZE_MAX + extra), 0);
        ck_assert(read_xml(&heard, text, (size_t)size, 100, &fault));
        ck_assert((strcmp(heard.text, "1: !3@2\n") == 0) == (extra == 1));
    }
}
END_TEST

START_TEST(a_tag_without_end_does_not_grow_for_ever)
{
    struct heard heard;
    struct fault fault;
    struct xml *xml = xml_begin(&description, hear, &heard);
    static char piece[4096];
    memset(piece, 'x', sizeof(piece));
    memset(&heard, 0, sizeof(heard));
    ck_assert(xml_feed(xml, "<a id='", 7, false, &fault));
    unsigned count = 0;
    while (count < 1000 && xml_feed(xml, piece, sizeof(piece), false, &fault))
        count++;
    ck_assert_uint_lt(count * sizeof(piece), 8 * XML_TOKEN_SIZE_MAX); /* the parser waits */
    ck_assert(strstr(fault.text, "too long") != NULL);
    xml_end(xml);
}
END_TEST

START_TEST(much_text_that_nobody_wants_is_no_limit)
{
    struct heard heard;
    struct fault fault;
    struct xml *xml = xml_begin(&description, hear, &heard);
    static char piece[4096];
    memset(piece, ' ', sizeof(piece));
    memset(&heard, 0, sizeof(heard));
    ck_assert(xml_feed(xml, "<a>", 3, false, &fault));
    for (unsigned i = 0; i < 200; i++)
        ck_assert(xml_feed(xml, piece, sizeof(piece), false, &fault));
    ck_assert(xml_feed(xml, "<row/></a>", 10, true, &fault));
    ck_assert_str_eq(heard.text, "1: ||\n");
    xml_end(xml);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("xml");
    TCase *tcase = tcase_create("rows");
    tcase_add_loop_test(tcase, a_document_is_its_rows_however_it_is_cut, 0,
                        sizeof(documents) / sizeof(documents[0]));
    tcase_add_loop_test(tcase, what_is_no_document_is_a_fault_with_its_place, 0,
                        sizeof(faults) / sizeof(faults[0]));
    tcase_add_test(tcase, a_document_cut_anywhere_is_a_fault);
    tcase_add_test(tcase, depth_has_a_limit);
    tcase_add_test(tcase, a_field_has_a_limit);
    tcase_add_test(tcase, a_tag_without_end_does_not_grow_for_ever);
    tcase_add_test(tcase, much_text_that_nobody_wants_is_no_limit);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
