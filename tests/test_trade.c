#include "loader/trade.h"

#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Tables that fit each other; cases put another in the place of one. */
static const char *const whole[TABLE_COUNT] = {
    [TABLE_GIVERS] = "number,title,from,until\n"
                     "90011524360,\"Rīgas pašvaldība, \"\"Rīga\"\"\",,\n"
                     "90000054163,Izglītības un zinātnes ministrija,2026-01-01,2027-01-01\n",
    [TABLE_PROVIDERS] = "\xef\xbb\xbfnumber;title;state;from;until\r\n"
                        "40003000017;Rīgas satiksme;;;\r\n"
                        "40003000002;Pasažieru vilciens;suspended;2026-01-01;\r\n",
    [TABLE_POINTS] = "title\tnumber\tprovider\tplace\tstate\n"
                     "Centrs\t102\t40003000017\t1000\t\n"
                     "Āgenskalns\t101\t40003000017\t0001000\tsuspended\n"
                     "Stacija\t301\t40003000002\t\tactive\n",
    [TABLE_TERMINALS] = "number,points,profile,key,products,per_minute,per_day,typed_per_day\n"
                        "7,102 101,gate,,all,,,\n"
                        "4294967295,300-400 301,administrator,"
                        "00112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff,"
                        "1002 7-9  1,30,4294967295,1\n"
                        "8,101,till,,,,,\n",
    [TABLE_CONTRACTS] = "number,giver,provider,relief,points,from,until\n"
                        "12,90011524360,40003000017,RIGA-CITY,,2026-01-01,\n"
                        "11,90000054163,40003000002,LEARNERS,300-400 301,,\n"
                        "13,90011524360,40003000017,RIGA-PASS,102  101-101,,2026-02-01\n",
    [TABLE_PRODUCTS] = "number,name,unit,price\n"
                       "1002,city.pass,month,50\n"
                       "1001,city.ticket,ride,1.545\n"
                       ",,,\n",
    [TABLE_PLACES] = "code,title,replaced_by\n"
                     "1000,Rīga,\n"
                     "0000999,Vecrīga,1000\n"
                     "0000998,Vēl vecāka Rīga,999\n",
};

static struct trade trade;
static struct fault fault;

static void teardown(void)
{
    trade_free(&trade);
}

/* Each text ends where readable memory ends. NULL for `table` TABLE_COUNT: nothing is changed. */
static bool parse_changed(enum trade_table table, const char *instead)
{
    struct trade_text texts[TABLE_COUNT] = {0};
    for (enum trade_table i = 0; i < TABLE_COUNT; i++) {
        const char *text = i == table ? instead : whole[i];
        if (text != NULL) {
            texts[i].size = strlen(text);
            texts[i].text = (const char *)at_the_edge(text, texts[i].size);
        }
    }
    return trade_parse(&trade, "c", texts, &fault);
}

static void parse_whole(void)
{
    if (!parse_changed(TABLE_COUNT, NULL))
        ck_abort_msg("%s", fault.text);
}

START_TEST(givers_and_providers_are_read_in_order_of_number)
{
    parse_whole();
    ck_assert(trade.has_givers && trade.has_places);
    ck_assert_uint_eq(trade.giver_count, 2);
    ck_assert(trade.givers[0].number == 90000054163 && trade.givers[0].in_force.line == 3);
    ck_assert_uint_eq(trade.givers[0].in_force.from_day, 20454); /* 2026-01-01 */
    ck_assert_uint_eq(trade.givers[0].in_force.until_day, 20454 + 365);
    ck_assert_str_eq(trade.givers[1].title, "Rīgas pašvaldība, \"Rīga\"");
    ck_assert_uint_eq(trade.givers[1].in_force.from_day, 0);
    ck_assert_uint_eq(trade.givers[1].in_force.until_day, DAY_NEVER);
    ck_assert(trade_giver(&trade, 90011524360) == &trade.givers[1]);
    ck_assert(trade_giver(&trade, 90011524361) == NULL);
    ck_assert(trade_provider(&trade, 40003000002)->is_suspended);
    ck_assert(!trade_provider(&trade, 40003000017)->is_suspended);
    ck_assert_str_eq(trade.providers[1].title, "Rīgas satiksme");
    ck_assert(trade_provider(&trade, 1) == NULL);
}
END_TEST

START_TEST(points_of_sale_stand_in_places_whose_lost_zeros_are_put_back)
{
    parse_whole();
    ck_assert_uint_eq(trade.point_count, 3);
    ck_assert(trade.points[0].number == 101 && trade.points[0].is_suspended);
    ck_assert(trade.points[0].place == 1000 && trade.points[1].place == 1000);
    ck_assert(trade.points[2].place == 0 && trade.points[2].provider == 40003000002);
    ck_assert(trade_point(&trade, 102) == &trade.points[1] && trade_point(&trade, 103) == NULL);
    ck_assert(trade_point_from(&trade, 103) == &trade.points[2]);
    ck_assert(trade_point_from(&trade, 302) == NULL);
}
END_TEST

START_TEST(terminals_have_profiles_and_keys)
{
    parse_whole();
    ck_assert_uint_eq(trade.terminal_count, 3);
    ck_assert(trade.terminals[0].number == 7 && trade.terminals[0].profile == PROFILE_GATE);
    ck_assert(!trade.terminals[0].has_key);
    const struct terminal_row *last = &trade.terminals[2];
    ck_assert(last->number == UINT32_MAX && last->profile == PROFILE_ADMINISTRATOR);
    ck_assert(last->has_key);
    for (uint32_t i = 0; i < TERMINAL_KEY_SIZE; i++)
        ck_assert_uint_eq(last->key[i], i % 16 * 0x11);
}
END_TEST

static void check_range(uint32_t index, uint32_t first, uint32_t last)
{
    ck_assert_uint_eq(trade.ranges[index].first, first);
    ck_assert_uint_eq(trade.ranges[index].last, last);
}

START_TEST(terminals_have_points_products_and_budgets)
{
    parse_whole();
    const struct terminal_row *first = &trade.terminals[0], *last = &trade.terminals[2];
    ck_assert(first->range_count == 2 && first->product_range_count == 0); /* all */
    check_range(first->first_range, 101, 101);
    check_range(first->first_range + 1, 102, 102);
    ck_assert(first->per_minute == 0 && first->per_day == 0 && first->typed_per_day == 0);
    ck_assert_uint_eq(trade_terminal_provider(&trade, first), 40003000017);

    ck_assert(last->range_count == 1 && last->product_range_count == 3);
    check_range(last->first_range, 300, 400);
    check_range(last->first_product_range, 1, 1);
    check_range(last->first_product_range + 1, 7, 9);
    check_range(last->first_product_range + 2, 1002, 1002);
    ck_assert(last->per_minute == 30 && last->per_day == UINT32_MAX && last->typed_per_day == 1);
    ck_assert_uint_eq(trade_terminal_provider(&trade, last), 40003000002);
    ck_assert_uint_eq(trade.terminals[1].product_range_count, 0); /* empty, too */
}
END_TEST

/* As many spans as a terminal may have of each kind, and one more. */
START_TEST(a_terminal_has_as_many_spans_as_its_limit_and_no_more)
{
    char text[2048] = "", row[4096];
    for (uint32_t i = 0; i < TERMINAL_SPAN_COUNT_MAX; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%u ", 2001 + 2 * i);
    snprintf(row, sizeof(row), "number,points,profile,products\n8,101,till,%s\n", text);
    if (!parse_changed(TABLE_TERMINALS, row))
        ck_abort_msg("%s", fault.text);
    ck_assert_uint_eq(trade.terminals[0].product_range_count, TERMINAL_SPAN_COUNT_MAX);
    trade_free(&trade);
    snprintf(row, sizeof(row), "number,points,profile,products\n8,101,till,%s2002\n", text);
    ck_assert(!parse_changed(TABLE_TERMINALS, row));
    ck_assert_str_eq(fault.text, "c/terminals.csv:2: more than 64 spans of points or of products "
                                 "of one terminal (TERMINAL_SPAN_COUNT_MAX)");
}
END_TEST

START_TEST(contracts_are_read_with_their_points_in_order)
{
    parse_whole();
    ck_assert_uint_eq(trade.contract_count, 3);
    ck_assert(trade.contracts[0].number == 11 && trade.contracts[0].range_count == 1);
    struct point_range range = trade.ranges[trade.contracts[0].first_range];
    ck_assert(range.first == 300 && range.last == 400); /* 301 is in it */
    ck_assert_str_eq(trade.contracts[1].relief, "RIGA-CITY");
    ck_assert_uint_eq(trade.contracts[1].range_count, 0);
    ck_assert_str_eq(trade.contracts[2].relief, "RIGA-PASS");
    ck_assert_uint_eq(trade.contracts[2].range_count, 2);
    ck_assert_uint_eq(trade.ranges[trade.contracts[2].first_range].first, 101);
    ck_assert_uint_eq(trade.ranges[trade.contracts[2].first_range + 1].first, 102);
    ck_assert(trade_contract(&trade, 12) == &trade.contracts[1]);
    ck_assert(trade_contract(&trade, 14) == NULL);
}
END_TEST

START_TEST(products_have_prices_and_rows_of_separators_alone_are_passed_over)
{
    parse_whole();
    ck_assert_uint_eq(trade.product_count, 2);
    ck_assert_str_eq(trade.products[0].name, "city.ticket");
    ck_assert_str_eq(trade.products[0].unit, "ride");
    ck_assert_uint_eq(trade.products[0].price, 15450);
    ck_assert_uint_eq(trade.products[1].price, 500000);
}
END_TEST

START_TEST(a_place_is_found_through_all_its_replacements)
{
    parse_whole();
    ck_assert_uint_eq(trade_place_now(&trade, 998), 1000);
    ck_assert_uint_eq(trade_place_now(&trade, 1000), 1000);
    ck_assert_uint_eq(trade_place_now(&trade, 1001), 1001);
    ck_assert(trade_place(&trade, 1001) == NULL);
}
END_TEST

START_TEST(every_table_may_be_absent)
{
    struct trade_text none[TABLE_COUNT] = {0};
    ck_assert(trade_parse(&trade, "c", none, &fault));
    ck_assert(!trade.has_givers && !trade.has_places && trade.point_count == 0);
    ck_assert(trade_place_now(&trade, 5) == 5 && trade_point_from(&trade, 0) == NULL);
    trade_free(&trade);
    ck_assert(parse_changed(TABLE_GIVERS, NULL)); /* contracts are not compared with it */
    trade_free(&trade);
    ck_assert(parse_changed(TABLE_PLACES, NULL));
}
END_TEST

static const struct {
    enum trade_table table;
    const char *text, *told;
} faults[] = {
    /* headers */
    {TABLE_GIVERS, "", "c/givers.csv:1: wanted a header line with number, title, from (optional),"},
    {TABLE_GIVERS, "\n\nnumber\n",
     "c/givers.csv:3: the column \"title\" is missing: the header ha"},
    {TABLE_GIVERS, "numbr,title\n",
     "c/givers.csv:1: column 1, \"numbr\", is none of this table's; did you mean \"number\"?"},
    {TABLE_GIVERS, "number,title,colour\n",
     "c/givers.csv:1: column 3, \"colour\", is none of this table's: it has number, title, from"},
    {TABLE_GIVERS, "number,title,title\n",
     "c/givers.csv:1: the column \"title\" stands there twice: remove one"},
    {TABLE_GIVERS, "32010112345,title\n", "c/givers.csv:1: column 1, a number of 11 digits, is no"},
    /* rows */
    {TABLE_GIVERS, "number,title\n90011524360\n",
     "c/givers.csv:2: wanted 2 fields as in the header, found 1"},
    {TABLE_GIVERS, "number,title\n90011524360,\"x\n",
     "c/givers.csv:2: a quote is not closed: close it, or double quotes within a field"},
    {TABLE_GIVERS, "number,title\n90011524360,R\xeega\n",
     "c/givers.csv:2: title: not UTF-8: save the table as UTF-8"},
    {TABLE_GIVERS, "number,title\n90011524360,\n",
     "c/givers.csv:2: title: wanted printable text of at most 95 bytes, found nothing"},
    {TABLE_GIVERS, "number,title\n90011524360,a\tb\n",
     "c/givers.csv:2: title: wanted printable text of at most 95 bytes, found a text of 3 bytes"},
    {TABLE_GIVERS, "number,title\n9001152436,R\n",
     "c/givers.csv:2: number: wanted a registration number of 11 digits, found a number of 10 dig"},
    {TABLE_GIVERS, "number,title\n90011524361,R\n",
     "c/givers.csv:2: number: the check digit of the registration number does not fit: a digit is"},
    {TABLE_GIVERS, "number,title,from\n90011524360,R,2026-02-30\n",
     "c/givers.csv:2: from: wanted a day such as 2026-01-31, found \"2026-02-30\""},
    {TABLE_GIVERS, "number,title,from\n90011524360,R,1969-12-31\n",
     "c/givers.csv:2: from: wanted a day such as 2026-01-31, found \"1969-12-31\""},
    {TABLE_GIVERS, "number,title,from,until\n90011524360,R,2026-01-01,2026-01-01\n",
     "c/givers.csv:2: until 2026-01-01 is not after the day it begins: it is the first day on"},
    {TABLE_PROVIDERS, "number,title,state\n40003000017,R,suspnded\n",
     "c/providers.csv:2: state: wanted active or suspended (\"suspended\"?), found \"suspnded\""},
    {TABLE_POINTS, "number,provider,place,title\n0,40003000017,1000,\n",
     "c/points_of_sale.csv:2: number: wanted a number from 1 to 4294967295, found \"0\""},
    {TABLE_POINTS, "number,provider,place,title\n1,40003000017,0001,\n",
     "c/points_of_sale.csv:2: place: wanted an ATVK code of seven digits, found \"0001\""},
    {TABLE_TERMINALS, "number,points,profile\n1,101,gte\n",
     "c/terminals.csv:2: profile: wanted gate, till, inspector or administrator (\"gate\"?), "
     "found"},
    {TABLE_TERMINALS, "number,points,profile\n1,101,\n",
     "c/terminals.csv:2: profile: wanted gate, till, inspector or administrator, found nothing"},
    {TABLE_TERMINALS, "number,points,profile\n4294967296,101,gate\n",
     "c/terminals.csv:2: number: wanted a number from 1 to 4294967295, found a number of 10 "
     "digits"},
    {TABLE_TERMINALS, "number,points,profile\n0,101,gate\n",
     "c/terminals.csv:2: number: wanted a number from 1 to 4294967295, found \"0\""},
    {TABLE_TERMINALS, "number,point_of_sale,profile\n1,101,gate\n",
     "c/terminals.csv:1: column 2, \"point_of_sale\", is none of this table's: it has number, poi"},
    {TABLE_TERMINALS, "number,points,profile\n1,,gate\n",
     "c/terminals.csv:2: points: wanted points of sale and spans of them, apart by spaces, such a"},
    {TABLE_TERMINALS, "number,points,profile\n1,all,gate\n",
     "c/terminals.csv:2: points: wanted points of sale and spans of them, apart by spaces, such a"},
    {TABLE_TERMINALS, "number,points,profile\n1,102-101,gate\n",
     "c/terminals.csv:2: points: wanted points of sale and spans of them, apart by spaces, such a"},
    {TABLE_TERMINALS, "number,points,profile,products\n1,101,gate,0\n",
     "c/terminals.csv:2: products: wanted all, or numbers of products and spans of them, apart by"},
    {TABLE_TERMINALS, "number,points,profile,products\n1,101,gate,city.ticket\n",
     "c/terminals.csv:2: products: wanted all, or numbers of products and spans of them, apart by"},
    {TABLE_TERMINALS, "number,points,profile,per_minute\n1,101,gate,0\n",
     "c/terminals.csv:2: per_minute: wanted a number from 1 to 4294967295, found \"0\""},
    {TABLE_TERMINALS, "number,points,profile,per_day\n1,101,gate,many\n",
     "c/terminals.csv:2: per_day: wanted a number from 1 to 4294967295, found \"many\""},
    {TABLE_TERMINALS, "number,points,profile,typed_per_day\n1,101,gate,-1\n",
     "c/terminals.csv:2: typed_per_day: wanted a number from 1 to 4294967295, found \"-1\""},
    {TABLE_TERMINALS, "number,points,profile,key\n1,101,gate,00ff\n",
     "c/terminals.csv:2: key: wanted a public key of 64 hexadecimal digits, or nothing, found te"},
    {TABLE_TERMINALS,
     "number,points,profile,key\n"
     "1,101,gate,g0112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff\n",
     "c/terminals.csv:2: key: wanted a public key of 64 hexadecimal digits, or nothing, found te"},
    {TABLE_TERMINALS,
     "number,points,profile,key\n"
     "1,101,gate,0000000000000000000000000000000000000000000000000000000000000000\n",
     "c/terminals.csv:2: key: zeros are nobody's public key: write the terminal's own, or nothin"},
    {TABLE_CONTRACTS, "number,giver,provider,relief,points\n1,90011524360,40003000017,X,101-\n",
     "c/contracts.csv:2: points: wanted all, or points of sale and spans of them, apart by spaces"},
    {TABLE_CONTRACTS, "number,giver,provider,relief,points\n1,90011524360,40003000017,X,102-101\n",
     "c/contracts.csv:2: points: wanted all, or points of sale and spans of them, apart by spaces"},
    {TABLE_CONTRACTS, "number,giver,provider,relief\n1,90011524360,40003000017,clause\n",
     "c/contracts.csv:2: relief: \"clause\" is a word of the relief language: choose another name"},
    {TABLE_PRODUCTS, "number,name\n1,x\n",
     "c/products.csv:2: number: wanted a number from 2 to 4294967295, found \"1\""},
    {TABLE_PRODUCTS, "number,name\n2,2x\n",
     "c/products.csv:2: name: wanted a name: a letter, then letters, digits, \".\", \"_\" and \"-"},
    {TABLE_PRODUCTS, "number,name\n2,bļoda\n", "c/products.csv:2: name: wanted a name: a letter,"},
    {TABLE_PRODUCTS, "number,name\n2,abcdefghijklmnopqrstuvwxyzabcdef\n",
     "c/products.csv:2: name: wanted a name: a letter, then letters, digits, \".\", \"_\" and \"-"},
    {TABLE_PRODUCTS, "number,name\n2,test.product\n",
     "c/products.csv:2: the product name \"test.product\" is reserved for the engine's own tests"},
    {TABLE_PRODUCTS, "number,name,price\n2,x,1.23456\n",
     "c/products.csv:2: price: wanted an amount in EUR such as 1.50, with at most 4 decimals, at"},
    {TABLE_PRODUCTS, "number,name,price\n2,x,429496.7296\n",
     "c/products.csv:2: price: wanted an amount in EUR such as 1.50, with at most 4 decimals, at"},
    /* twice */
    {TABLE_GIVERS, "number,title\n90011524360,R\n90000054163,I\n\n90011524360,S\n",
     "c/givers.csv:5: giver 90011524360 stands already in row 2: keep one of them"},
    {TABLE_POINTS, "number,provider,place,title\n101,40003000017,,\n101,40003000017,,\n",
     "c/points_of_sale.csv:3: point of sale 101 stands already in row 2: keep one of them"},
    {TABLE_PRODUCTS, "number,name\n2,test.product\n",
     "c/products.csv:2: the product name \"test.product\" is reserved for the engine's own "
     "tests: "},
    {TABLE_PRODUCTS, "number,name\n2,x\n3,x\n",
     "c/products.csv:3: the product name \"x\" stands already in row 2: give one of them another"},
    {TABLE_TERMINALS,
     "number,points,profile,key\n"
     "1,101,gate,00112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff\n"
     "2,101,gate,00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n",
     "c/terminals.csv:3: the key stands already in row 2: every terminal has a key of its own"},
    {TABLE_CONTRACTS,
     "number,giver,provider,relief\n1,90011524360,40003000017,X\n1,90011524360,40003000017,X\n",
     "c/contracts.csv:3: contract 1 stands already in row 2: keep one of them, or give this one"},
    /* who is spoken of */
    {TABLE_PROVIDERS, NULL,
     "c/points_of_sale.csv:3: provider 40003000017 is not in providers.csv; add it there, or corr"},
    {TABLE_CONTRACTS, "number,giver,provider,relief\n1,40003000017,40003000017,X\n",
     "c/contracts.csv:2: giver 40003000017 is not in givers.csv; add it there, or correct the num"},
    {TABLE_CONTRACTS, "number,giver,provider,relief\n1,90011524360,90011524360,X\n",
     "c/contracts.csv:2: provider 90011524360 is not in providers.csv; add it there, or correct t"},
    {TABLE_CONTRACTS, "number,giver,provider,relief,points\n1,90011524360,40003000017,X,103\n",
     "c/contracts.csv:2: point of sale 103 is not in points_of_sale.csv; add it there, or correct"},
    {TABLE_CONTRACTS, "number,giver,provider,relief,points\n1,90011524360,40003000017,X,103-9\n",
     "c/contracts.csv:2: points: wanted all"},
    {TABLE_CONTRACTS, "number,giver,provider,relief,points\n1,90011524360,40003000017,X,103-300\n",
     "c/contracts.csv:2: no point of sale from 103 to 300 is in points_of_sale.csv; add them ther"},
    {TABLE_CONTRACTS, "number,giver,provider,relief,points\n1,90011524360,40003000017,X,102-301\n",
     "c/contracts.csv:2: point of sale 301 is of provider 40003000002, the contract is with 40003"},
    {TABLE_TERMINALS, "number,points,profile\n1,103,gate\n",
     "c/terminals.csv:2: point of sale 103 is not in points_of_sale.csv; add it there, or correct"},
    {TABLE_TERMINALS, "number,points,profile\n1,101 103-299,gate\n",
     "c/terminals.csv:2: no point of sale from 103 to 299 is in points_of_sale.csv; add them ther"},
    {TABLE_TERMINALS, "number,points,profile\n1,102 301,gate\n",
     "c/terminals.csv:2: point of sale 301 is of provider 40003000002, the terminal's first one i"},
    {TABLE_TERMINALS, "number,points,profile\n1,102-301,gate\n",
     "is of provider 40003000002, the terminal's first one is of 40003000017: correct the points"},
    {TABLE_TERMINALS, "number,points,profile\n1,101,gate\n2,101,gate\n1,102,gate\n",
     "c/terminals.csv:4: terminal 1 stands already in row 2: keep one of them, or give this one a"},
    {TABLE_POINTS, "number,provider,place,title\n101,40003000017,1001,\n",
     "c/points_of_sale.csv:2: place 0001001 is not in places.csv; add it there, or correct the co"},
    {TABLE_POINTS, "number,provider,place,title\n101,40003000017,998,\n",
     "c/points_of_sale.csv:2: place 0000998 was replaced by 0001000 (Rīga): write that one"},
    {TABLE_PLACES, "code,title,replaced_by\n1000,Rīga,5\n",
     "c/places.csv:2: place 0000005, which replaces 0001000, is not in the table; add it, or corr"},
    {TABLE_PLACES, "code,title,replaced_by\n1000,a,1000\n",
     "c/places.csv:2: place 0001000 is replaced by itself, over one place or several: one of them"},
    {TABLE_PLACES, "code,title,replaced_by\n1000,a,1003\n1001,b,1002\n1002,c,1003\n1003,d,1001\n",
     "is replaced by itself, over one place or several: one of them is still in use"},
};

START_TEST(a_wrong_table_is_refused_with_its_file_row_and_what_to_do)
{
    ck_assert(!parse_changed(faults[_i].table, faults[_i].text));
    if (strstr(fault.text, faults[_i].told) == NULL)
        ck_abort_msg("wanted: %s\nfound:  %s", faults[_i].told, fault.text);
    ck_assert(trade.givers == NULL && trade.point_count == 0);
}
END_TEST

/* Somebody may put a register in the place of a table. */
START_TEST(faults_never_show_what_could_be_a_person)
{
    static const char *const registers[] = {
        "code,name\n32010112345,Anna\n",
        "number,title\n32010112345,Anna\n",
        "number,title\n320101-12345,Anna\n",
        "number,title\n90011524360,Anna Ozola 32010112345 Rīga\tx\n",
    };
    ck_assert(!parse_changed(TABLE_GIVERS, registers[_i]));
    ck_assert_ptr_null(strstr(fault.text, "12345"));
    ck_assert_ptr_null(strstr(fault.text, "Anna"));
}
END_TEST

START_TEST(tables_cut_anywhere_are_read_or_refused)
{
    for (enum trade_table table = 0; table < TABLE_COUNT; table++) {
        size_t size = strlen(whole[table]);
        for (size_t cut = 0; cut < size; cut++) {
            char *text = strndup(whole[table], cut);
            fault.text[0] = '\0';
            if (!parse_changed(table, text))
                ck_assert_str_ne(fault.text, "");
            trade_free(&trade);
            free(text);
        }
    }
}
END_TEST

/* Rows of the table of givers that no line of text can hold. */
static void ck_refuse_row(const char *row, size_t row_size, const char *told)
{
    static const char header[] = "number,title\n";
    static char text[8192];
    memcpy(text, header, strlen(header));
    memcpy(text + strlen(header), row, row_size);
    struct trade_text texts[TABLE_COUNT] = {[TABLE_GIVERS] = {text, strlen(header) + row_size}};
    ck_assert(!trade_parse(&trade, "c", texts, &fault));
    ck_assert_str_eq(fault.text, told);
}

START_TEST(what_is_no_line_of_text_is_told_with_what_was_wanted)
{
    static char endless[5000];
    memset(endless, 'x', sizeof(endless));
    ck_refuse_row(endless, sizeof(endless),
                  "c/givers.csv:2: wanted a line of at most 4096 bytes, found a longer one");
    ck_refuse_row("90011524360,R\0ga\n", 17,
                  "c/givers.csv:2: wanted UTF-8, found a NUL byte: save the table as UTF-8");
}
END_TEST

START_TEST(a_table_has_as_many_rows_as_its_limit_and_no_more)
{
    size_t size = 0, room = (size_t)40 * (TRADE_PLACE_COUNT_MAX + 2);
    char *text = malloc(room);
    size += (size_t)snprintf(text, room, "code,title\n");
    for (int i = 0; i < TRADE_PLACE_COUNT_MAX; i++)
        size += (size_t)snprintf(text + size, room - size, "%d,x\n", 1000 + i);
    struct trade_text texts[TABLE_COUNT] = {[TABLE_PLACES] = {text, size}};
    ck_assert(trade_parse(&trade, "c", texts, &fault));
    ck_assert_uint_eq(trade.place_count, TRADE_PLACE_COUNT_MAX);
    trade_free(&trade);
    texts[TABLE_PLACES].size += (size_t)snprintf(text + size, room - size, "999,x\n");
    ck_assert(!trade_parse(&trade, "c", texts, &fault));
    ck_assert_str_eq(fault.text,
                     "c/places.csv:65538: more than 65536 places (TRADE_PLACE_COUNT_MAX)");
    free(text);
}
END_TEST

START_TEST(tables_are_read_from_a_folder)
{
    char path[4096];
    const char *folder = support_directory();
    ck_assert(trade_read(&trade, folder, &fault)); /* without any */
    for (enum trade_table i = 0; i < TABLE_COUNT; i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, trade_file_name(i));
        support_write_file(path, whole[i], strlen(whole[i]), 0644);
    }
    ck_assert(trade_read(&trade, folder, &fault));
    ck_assert_uint_eq(trade.contract_count, 3);
    trade_free(&trade);
    support_write_file(path, "code,title\nx,y\n", 15, 0644);
    ck_assert(!trade_read(&trade, folder, &fault));
    ck_assert(strncmp(fault.text, path, strlen(path)) == 0);
}
END_TEST

START_TEST(profiles_have_names)
{
    for (uint8_t i = PROFILE_GATE; i <= PROFILE_ADMINISTRATOR; i++)
        ck_assert_uint_eq(profile_of_name(profile_name(i)), i);
    ck_assert_uint_eq(profile_of_name("conductor"), 0);
    ck_assert_str_eq(profile_name(0), "unknown");
    ck_assert_str_eq(profile_name(PROFILE_ADMINISTRATOR + 1), "unknown");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trade");
    TCase *tcase = tcase_create("tables");
    tcase_add_checked_fixture(tcase, NULL, teardown);
    tcase_add_test(tcase, givers_and_providers_are_read_in_order_of_number);
    tcase_add_test(tcase, points_of_sale_stand_in_places_whose_lost_zeros_are_put_back);
    tcase_add_test(tcase, terminals_have_profiles_and_keys);
    tcase_add_test(tcase, terminals_have_points_products_and_budgets);
    tcase_add_test(tcase, a_terminal_has_as_many_spans_as_its_limit_and_no_more);
    tcase_add_test(tcase, contracts_are_read_with_their_points_in_order);
    tcase_add_test(tcase, products_have_prices_and_rows_of_separators_alone_are_passed_over);
    tcase_add_test(tcase, a_place_is_found_through_all_its_replacements);
    tcase_add_test(tcase, every_table_may_be_absent);
    tcase_add_loop_test(tcase, a_wrong_table_is_refused_with_its_file_row_and_what_to_do, 0,
                        COUNT_OF(faults));
    tcase_add_loop_test(tcase, faults_never_show_what_could_be_a_person, 0, 4);
    tcase_add_test(tcase, tables_cut_anywhere_are_read_or_refused);
    tcase_add_test(tcase, what_is_no_line_of_text_is_told_with_what_was_wanted);
    tcase_add_test(tcase, a_table_has_as_many_rows_as_its_limit_and_no_more);
    tcase_add_test(tcase, tables_are_read_from_a_folder);
    tcase_add_test(tcase, profiles_have_names);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
