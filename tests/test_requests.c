#include "loader/requests.h"
#include "protocol/day.h"
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER "time,means,identifier,product,point_of_sale,unit_price,quantity,companions,entry\n"
#define NAME   "log.csv"

static struct requests *requests;
static struct fault fault;

/* A stream that ends where readable memory ends is fmemopen's; what is read of it is ours. */
static bool begin(const char *text)
{
    FILE *file = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
    ck_assert_ptr_nonnull(file);
    fault.text[0] = '\0';
    return requests_begin(&requests, file, NAME, &fault);
}

struct good {
    const char *name, *text;
    struct purchase purchase;
    const char *identifier; /* NULL: nobody was identified */
};

#define NOON_S 1795420800 /* 2026-11-23T10:00 in Riga */

static const struct good goods[] = {
    {"all that can be said",
     HEADER "2026-11-23T10:00,eid,PA1234567,1001,101,1.50,2,1,chip\n",
     {1001, 101, 15000, 2, 1, MEANS_EID, ENTRY_CHIP, NOON_S, NULL, 0},
     "PA1234567"},
    {"what need not be said",
     "product;unit_price;means;identifier;time\n1001;1,545;personal-code;010190-12345;1795420800\n",
     {1001, 0, 15450, 1, 0, MEANS_PERSONAL_CODE, ENTRY_UNSTATED, NOON_S, NULL, 0},
     "01019012345"},
    {"nobody is identified",
     HEADER "1795420800,,,1001,,1.5,,,\n",
     {1001, 0, 15000, 1, 0, MEANS_CARD, ENTRY_UNSTATED, NOON_S, NULL, 0},
     NULL},
    {"the card of anybody",
     HEADER "1795420800,card,ANYBODY,1001,0,1.5,1,0,typed\n",
     {1001, 0, 15000, 1, 0, MEANS_CARD, ENTRY_TYPED, NOON_S, NULL, 0},
     NULL},
    {"byte order mark, quotes, blanks, empty lines, no end of the last line",
     "\xef\xbb\xbf" HEADER "\r\n\n1795420800,\"card\", ab-12 cd ,1001,0,\"1.5\",1,0,typed",
     {1001, 0, 15000, 1, 0, MEANS_CARD, ENTRY_TYPED, NOON_S, NULL, 0},
     "AB12CD"},
};

START_TEST(a_request_is_read_as_a_terminal_sent_it)
{
    const struct good *g = &goods[_i];
    struct request_line request;
    bool is_there;
    ck_assert_msg(begin(g->text), "%s: %s", g->name, fault.text);
    ck_assert_msg(requests_next(requests, &request, &is_there, &fault), "%s: %s", g->name,
                  fault.text);
    ck_assert(is_there);
    ck_assert_uint_eq(request.purchase.product, g->purchase.product);
    ck_assert_uint_eq(request.purchase.point_of_sale, g->purchase.point_of_sale);
    ck_assert_uint_eq(request.purchase.unit_price, g->purchase.unit_price);
    ck_assert_uint_eq(request.purchase.quantity, g->purchase.quantity);
    ck_assert_uint_eq(request.purchase.companions, g->purchase.companions);
    ck_assert_uint_eq(request.purchase.means, g->purchase.means);
    ck_assert_uint_eq(request.purchase.entry, g->purchase.entry);
    ck_assert_uint_eq(request.purchase.service_time_s, g->purchase.service_time_s);
    size_t size = g->identifier != NULL ? strlen(g->identifier) : 0;
    ck_assert_uint_eq(request.identifier.size, size);
    ck_assert(size == 0 || memcmp(request.identifier.text, g->identifier, size) == 0);
    ck_assert(requests_next(requests, &request, &is_there, &fault) && !is_there);
    requests_close(requests);
}
END_TEST

struct bad {
    const char *name, *text, *fault; /* how it begins */
};

static const struct bad bads[] = {
    {"a line that says nothing", "\n", NAME ":1: column 1 is none of a log's"},
    {"a log without a header", "1795420800,card,SECRET,1001,0,1.5,1,0,typed\n",
     NAME ":1: column 1 is none of a log's"},
    {"a column that no log has", "time,colour\n", NAME ":1: column 2 is none of a log's"},
    {"a column that is there twice", "time,time\n", NAME ":1: the column time stands there twice"},
    {"a column that is not there", "time,means,identifier,product\n",
     NAME ":1: the column unit_price is missing"},
    {"too few fields", HEADER "1795420800,card,SECRET\n",
     NAME ":2: wanted 9 fields as in the header, found 3"},
    {"a time", HEADER "SECRET,card,AB12,1001,0,1.5,1,0,typed\n", NAME ":2: time: wanted a time"},
    {"a time that the clock left out", HEADER "2026-03-29T03:30,card,AB12,1001,0,1.5,1,0,typed\n",
     NAME ":2: time: wanted a time"},
    {"means", HEADER "1795420800,SECRET,AB12,1001,0,1.5,1,0,typed\n",
     NAME ":2: means: wanted personal-code, eid"},
    {"an identifier without means", HEADER "1795420800,,SECRET,1001,0,1.5,1,0,typed\n",
     NAME ":2: means: wanted personal-code"},
    {"means without an identifier", HEADER "1795420800,eid,,1001,0,1.5,1,0,typed\n",
     NAME ":2: identifier: "},
    {"an identifier", HEADER "1795420800,eid,SECRET,1001,0,1.5,1,0,typed\n",
     NAME ":2: identifier: "},
    {"a product", HEADER "\n1795420800,card,AB12,SECRET,0,1.5,1,0,typed\n",
     NAME ":3: product: wanted a number from 1 to 4294967295, found something else\n"},
    {"no product", HEADER "1795420800,card,AB12,,0,1.5,1,0,typed\n",
     NAME ":2: product: wanted a number from 1 to 4294967295, found nothing\n"},
    {"a number that is too large", HEADER "1795420800,card,AB12,4294967296,0,1.5,1,0,typed\n",
     NAME ":2: product: wanted a number"},
    {"a price", HEADER "1795420800,card,AB12,1001,0,SECRET,1,0,typed\n",
     NAME ":2: unit_price: wanted EUR"},
    {"a quantity", HEADER "1795420800,card,AB12,1001,0,1.5,10001,0,typed\n",
     NAME ":2: quantity: wanted a number from 1 to 10000"},
    {"companions", HEADER "1795420800,card,AB12,1001,0,1.5,1,256,typed\n",
     NAME ":2: companions: wanted a number from 0 to 255"},
    {"a way of reading", HEADER "1795420800,card,AB12,1001,0,1.5,1,0,SECRET\n",
     NAME ":2: entry: wanted unstated, chip"},
    {"a quote that does not end", HEADER "1795420800,card,\"SECRET,1001,0,1.5,1,0,typed\n",
     NAME ":2: the line cannot be read"},
};

START_TEST(what_cannot_be_read_is_told_without_what_stands_there)
{
    const struct bad *b = &bads[_i];
    struct request_line request;
    bool is_there = true;
    bool is_good = begin(b->text);
    if (is_good) {
        is_good = requests_next(requests, &request, &is_there, &fault);
        requests_close(requests);
    }
    size_t size = strcspn(b->fault, "\n"); /* an end of line is the end of the sentence */
    ck_assert_msg(!is_good && strncmp(fault.text, b->fault, size) == 0, "%s: %s", b->name,
                  fault.text);
    ck_assert(b->fault[size] == '\0' || fault.text[size] == '\0');
    ck_assert_msg(strstr(fault.text, "SECRET") == NULL, "%s: %s", b->name, fault.text);
}
END_TEST

/* Lines of every size fall on every place of the buffer. */
START_TEST(a_long_log_is_read_to_its_end)
{
    enum { LINE_COUNT = 20000, TEXT_SIZE = LINE_COUNT * 160 };
    char *text = malloc(TEXT_SIZE);
    size_t size = (size_t)snprintf(text, TEXT_SIZE, HEADER);
    for (int i = 0; i < LINE_COUNT; i++)
        size += (size_t)snprintf(text + size, TEXT_SIZE - size,
                                 "1795420800,card,AB%05d,%d,%*d,1.50,1,0,chip\n", i, i + 1,
                                 i % 97 + 1, 7);
    ck_assert(begin(text));
    struct request_line request;
    bool is_there = true;
    for (int i = 0; i < LINE_COUNT; i++) {
        ck_assert_msg(requests_next(requests, &request, &is_there, &fault), "%s", fault.text);
        ck_assert(is_there);
        ck_assert_uint_eq(request.purchase.product, (unsigned)i + 1);
        ck_assert_uint_eq(request.purchase.point_of_sale, 7);
    }
    ck_assert(requests_next(requests, &request, &is_there, &fault) && !is_there);
    ck_assert_uint_eq(requests_offset(requests), size);
    requests_close(requests);
    free(text);
}
END_TEST

static const size_t too_long[] = {4097, 4098, 300000};

START_TEST(a_line_without_end_is_refused)
{
    size_t text_size = strlen(HEADER) + too_long[_i];
    char *text = malloc(text_size + 1);
    memset(text, 'x', text_size);
    memcpy(text, HEADER, strlen(HEADER));
    text[text_size] = '\0';
    struct request_line request;
    bool is_there;
    ck_assert(begin(text));
    ck_assert(!requests_next(requests, &request, &is_there, &fault));
    ck_assert_str_eq(fault.text,
                     NAME ":2: wanted a line of at most 4096 bytes, found a longer one");
    requests_close(requests);
    free(text);
}
END_TEST

START_TEST(a_file_tells_how_far_it_has_been_read)
{
    char path[256];
    struct request_line request;
    bool is_there;
    snprintf(path, sizeof(path), "%s/log.csv", support_directory());
    support_write_file(path, goods[0].text, strlen(goods[0].text), 0600);
    ck_assert_msg(requests_open(&requests, path, &fault), "%s", fault.text);
    ck_assert_uint_eq(requests_size(requests), strlen(goods[0].text));
    ck_assert_uint_eq(requests_offset(requests), strlen(HEADER));
    ck_assert(requests_next(requests, &request, &is_there, &fault) && is_there);
    ck_assert_uint_eq(requests_offset(requests), strlen(goods[0].text));
    requests_close(requests);
    ck_assert(!requests_open(&requests, support_directory(), &fault));
    ck_assert(!requests_open(&requests, "/nowhere/log.csv", &fault));
}
END_TEST

START_TEST(what_was_handed_out_can_be_wiped)
{
    static const struct request_line nothing;
    struct request_line request;
    bool is_there;
    ck_assert(begin(goods[0].text));
    ck_assert(requests_next(requests, &request, &is_there, &fault));
    request_wipe(&request);
    ck_assert(memcmp(&request, &nothing, sizeof(request)) == 0);
    requests_close(requests);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("requests");
    TCase *tcase = tcase_create("requests");
    tcase_add_loop_test(tcase, a_request_is_read_as_a_terminal_sent_it, 0,
                        sizeof(goods) / sizeof(goods[0]));
    tcase_add_loop_test(tcase, what_cannot_be_read_is_told_without_what_stands_there, 0,
                        sizeof(bads) / sizeof(bads[0]));
    tcase_add_test(tcase, a_long_log_is_read_to_its_end);
    tcase_add_loop_test(tcase, a_line_without_end_is_refused, 0,
                        sizeof(too_long) / sizeof(too_long[0]));
    tcase_add_test(tcase, a_file_tells_how_far_it_has_been_read);
    tcase_add_test(tcase, what_was_handed_out_can_be_wiped);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
