#include "protocol/catalogue.h"

#include "tests/support.h"

#include <string.h>

/* Golden bytes: a promise; a line may be added, never changed. */

START_TEST(a_membership_has_its_bytes)
{
    struct membership in = {513, TRUTH_YES, 20600, DAY_NEVER}, out;
    uint8_t record[MEMBERSHIP_SIZE];
    membership_encode(record, &in);
    char hex[2 * MEMBERSHIP_SIZE + 1];
    support_hex(hex, record, sizeof(record));
    ck_assert_str_eq(hex, "0102020078500000ffffffff");
    ck_assert(membership_decode(&out, at_the_edge(record, sizeof(record))));
    ck_assert(out.group == 513 && out.truth == TRUTH_YES && out.from_day == 20600 &&
              out.until_day == DAY_NEVER);
}
END_TEST

START_TEST(a_view_has_its_bytes)
{
    struct view in = {0x01020304, 20600, 20601}, out;
    uint8_t record[VIEW_SIZE];
    view_encode(record, &in);
    char hex[2 * VIEW_SIZE + 1];
    support_hex(hex, record, sizeof(record));
    ck_assert_str_eq(hex, "04030201785000007950000000000000");
    ck_assert(view_decode(&out, at_the_edge(record, sizeof(record))));
    ck_assert(out.set == in.set && out.from_day == 20600 && out.until_day == 20601);
}
END_TEST

START_TEST(a_group_has_its_bytes)
{
    struct group in = {"riga", 0x0102030405060708, 9}, out;
    uint8_t record[GROUP_SIZE];
    group_encode(record, &in);
    char hex[2 * GROUP_SIZE + 1];
    support_hex(hex, record, sizeof(record));
    ck_assert_str_eq(hex, "7269676100000000000000000000000000000000000000000000000000000000"
                          "08070605040302010900000000000000");
    ck_assert(group_decode(&out, at_the_edge(record, sizeof(record))));
    ck_assert(memcmp(out.name, in.name, NAME_SIZE) == 0);
    ck_assert(out.yes_count == in.yes_count && out.unknown_count == 9);
}
END_TEST

START_TEST(a_product_has_its_bytes)
{
    struct product in = {1001, "city.ticket"}, out;
    uint8_t record[PRODUCT_SIZE];
    product_encode(record, &in);
    char hex[2 * PRODUCT_SIZE + 1];
    support_hex(hex, record, sizeof(record));
    ck_assert_str_eq(hex, "e9030000636974792e7469636b6574000000000000000000000000000000000000"
                          "000000");
    ck_assert(product_decode(&out, at_the_edge(record, sizeof(record))));
    ck_assert(out.number == 1001 && memcmp(out.name, in.name, NAME_SIZE) == 0);
}
END_TEST

START_TEST(a_relief_has_its_bytes)
{
    struct relief in = {0x11223344, 20000, DAY_NEVER, 0x5566, 90011524360, "RIGA-CITY"}, out;
    uint8_t record[RELIEF_SIZE];
    relief_encode(record, &in);
    char hex[2 * RELIEF_SIZE + 1];
    support_hex(hex, record, sizeof(record));
    ck_assert_str_eq(hex, "44332211204e0000ffffffff6655000008dd1af514000000"
                          "524947412d434954590000000000000000000000000000000000000000000000"
                          "0000000000000000");
    ck_assert(relief_decode(&out, at_the_edge(record, sizeof(record))));
    ck_assert(out.code == in.code && out.from_day == 20000 && out.until_day == DAY_NEVER &&
              out.split == 0x5566 && out.giver == 90011524360 &&
              memcmp(out.name, in.name, NAME_SIZE) == 0);
}
END_TEST

START_TEST(a_clause_has_its_bytes)
{
    struct clause in = {1001, 0x0102, 0x0304, 10000}, out;
    uint8_t record[CLAUSE_SIZE];
    clause_encode(record, &in);
    char hex[2 * CLAUSE_SIZE + 1];
    support_hex(hex, record, sizeof(record));
    ck_assert_str_eq(hex, "e9030000020104031027000000000000");
    ck_assert(clause_decode(&out, at_the_edge(record, sizeof(record))));
    ck_assert(out.product == 1001 && out.relief == 0x0102 && out.group == in.group &&
              out.percent_bp == 10000);
}
END_TEST

START_TEST(a_census_line_has_its_bytes)
{
    struct census in = {3, 9999999, 7, 0xfffffffe}, out;
    uint8_t record[CENSUS_SIZE];
    census_encode(record, &in);
    char hex[2 * CENSUS_SIZE + 1];
    support_hex(hex, record, sizeof(record));
    ck_assert_str_eq(hex, "030000007f96980007000000feffffff");
    ck_assert(census_decode(&out, at_the_edge(record, sizeof(record))));
    ck_assert(out.group == 3 && out.place == 9999999 && out.yes_count == 7 &&
              out.unknown_count == 0xfffffffe);
}
END_TEST

/* ---- what decoders refuse ---- */

enum kind { MEMBERSHIP, VIEW, GROUP, PRODUCT, RELIEF, CLAUSE, CENSUS, KIND_COUNT };

static const struct {
    enum kind kind;
    size_t size;
    const char *hex;
} good_records[KIND_COUNT] = {
    {MEMBERSHIP, MEMBERSHIP_SIZE, "010002007850000079500000"},
    {VIEW, VIEW_SIZE, "04030201785000007950000000000000"},
    {GROUP, GROUP_SIZE,
     "726967610000000000000000000000000000000000000000000000000000000008070605040302010900000000"
     "000000"},
    {PRODUCT, PRODUCT_SIZE,
     "e9030000636974792e7469636b6574000000000000000000000000000000000000000000"},
    {RELIEF, RELIEF_SIZE,
     "44332211204e0000ffffffff6655000008dd1af514000000524947412d4349545900000000000000000000000000"
     "000000000000000000000000000000000000"},
    {CLAUSE, CLAUSE_SIZE, "e9030000020104031027000000000000"},
    {CENSUS, CENSUS_SIZE, "030000007f96980007000000feffffff"},
};

#define ROUND_TRIP(kind, again, record)                                                            \
    do {                                                                                           \
        struct kind out;                                                                           \
        if (!kind##_decode(&out, record))                                                          \
            return false;                                                                          \
        kind##_encode(again, &out);                                                                \
        return true;                                                                               \
    } while (0)

static bool round_trip(uint8_t *again, enum kind kind, const uint8_t *record)
{
    switch (kind) {
    case MEMBERSHIP:
        ROUND_TRIP(membership, again, record);
    case VIEW:
        ROUND_TRIP(view, again, record);
    case GROUP:
        ROUND_TRIP(group, again, record);
    case PRODUCT:
        ROUND_TRIP(product, again, record);
    case RELIEF:
        ROUND_TRIP(relief, again, record);
    case CLAUSE:
        ROUND_TRIP(clause, again, record);
    case CENSUS:
        ROUND_TRIP(census, again, record);
    case KIND_COUNT:
        break;
    }
    return false;
}

START_TEST(whatever_one_byte_becomes_a_record_is_refused_or_encodes_back)
{
    uint8_t record[64], again[64];
    size_t size = support_unhex(record, sizeof(record), good_records[_i].hex);
    ck_assert_uint_eq(size, good_records[_i].size);
    size_t refused_count = 0;
    for (size_t at = 0; at < size; at++) {
        uint8_t kept = record[at];
        for (unsigned value = 0; value < 256; value++) {
            record[at] = (uint8_t)value;
            memset(again, 0xaa, sizeof(again));
            if (round_trip(again, good_records[_i].kind, record))
                ck_assert(memcmp(again, record, size) == 0);
            else
                refused_count++;
        }
        record[at] = kept;
    }
    ck_assert_uint_gt(refused_count, 0);
    ck_assert(round_trip(again, good_records[_i].kind, record));
}
END_TEST

static const struct {
    const char *why;
    enum kind kind;
    const char *hex;
} bad_records[] = {
    {"group beyond the most", MEMBERSHIP, "000402007850000079500000"},
    {"truth no", MEMBERSHIP, "010000007850000079500000"},
    {"truth three", MEMBERSHIP, "010003007850000079500000"},
    {"no day", MEMBERSHIP, "010002007850000078500000"},
    {"ends before it begins", MEMBERSHIP, "010002007950000078500000"},
    {"view without a day", VIEW, "04030201785000007850000000000000"},
    {"reserved byte of a view", VIEW, "04030201785000007950000000000001"},
    {"product 0", PRODUCT,
     "00000000636974792e7469636b6574000000000000000000000000000000000000000000"},
    {"empty name", PRODUCT,
     "e90300000000000000000000000000000000000000000000000000000000000000000000"},
    {"name without an end", PRODUCT,
     "e90300006161616161616161616161616161616161616161616161616161616161616161"},
    {"name with a space", PRODUCT,
     "e90300006120610000000000000000000000000000000000000000000000000000000000"},
    {"bytes behind a name", PRODUCT,
     "e90300006100000000000000000000000000000000000000000000000000000000000061"},
    {"clause of nothing", CLAUSE, "e9030000020104030000000000000000"},
    {"more than all", CLAUSE, "e9030000020104031127000000000000"},
    {"relief beyond the most", CLAUSE, "e9030000001004031027000000000000"},
    {"reserved byte of a clause", CLAUSE, "e9030000020104031027000000010000"},
    {"place of eight digits", CENSUS, "030000008096980007000000feffffff"},
    {"reserved byte of a census line", CENSUS, "030001007f96980007000000feffffff"},
};

START_TEST(a_record_that_no_encoder_writes_is_refused)
{
    uint8_t record[64] = {0}, again[64];
    support_unhex(record, sizeof(record), bad_records[_i].hex);
    ck_assert_msg(!round_trip(again, bad_records[_i].kind, record), "%s", bad_records[_i].why);
}
END_TEST

START_TEST(a_refused_record_leaves_the_output_untouched)
{
    struct view out = {1, 2, 3};
    uint8_t record[VIEW_SIZE] = {0};
    ck_assert(!view_decode(&out, record));
    ck_assert(out.set == 1 && out.from_day == 2 && out.until_day == 3);
}
END_TEST

static Suite *catalogue_suite(void)
{
    Suite *suite = suite_create("catalogue");
    TCase *tcase = tcase_create("all");
    tcase_add_test(tcase, a_membership_has_its_bytes);
    tcase_add_test(tcase, a_view_has_its_bytes);
    tcase_add_test(tcase, a_group_has_its_bytes);
    tcase_add_test(tcase, a_product_has_its_bytes);
    tcase_add_test(tcase, a_relief_has_its_bytes);
    tcase_add_test(tcase, a_clause_has_its_bytes);
    tcase_add_test(tcase, a_census_line_has_its_bytes);
    tcase_add_loop_test(tcase, whatever_one_byte_becomes_a_record_is_refused_or_encodes_back, 0,
                        KIND_COUNT);
    tcase_add_loop_test(tcase, a_record_that_no_encoder_writes_is_refused, 0,
                        sizeof(bad_records) / sizeof(bad_records[0]));
    tcase_add_test(tcase, a_refused_record_leaves_the_output_untouched);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return support_run(catalogue_suite());
}
