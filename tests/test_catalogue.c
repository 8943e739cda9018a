#include "protocol/catalogue.h"

#include "tests/support.h"

#include <string.h>

/* Golden bytes: a promise; a line may be added, never changed. */

/* `in` has these bytes, and whoever reads them finds it in `out` again. */
#define CHECK_BYTES(name, size, wanted)                                                            \
    do {                                                                                           \
        uint8_t record[size];                                                                      \
        char hex[2 * (size) + 1];                                                                  \
        name##_encode(record, &in);                                                                \
        support_hex(hex, record, sizeof(record));                                                  \
        ck_assert_str_eq(hex, wanted);                                                             \
        ck_assert(name##_decode(&out, at_the_edge(record, sizeof(record))));                       \
    } while (0)

START_TEST(a_membership_has_its_bytes)
{
    struct membership in = {513, TRUTH_YES, 20600, DAY_NEVER}, out;
    CHECK_BYTES(membership, MEMBERSHIP_SIZE, "0102020078500000ffffffff");
    ck_assert(out.group == 513 && out.truth == TRUTH_YES && out.from_day == 20600 &&
              out.until_day == DAY_NEVER);
}
END_TEST

START_TEST(a_view_has_its_bytes)
{
    struct view in = {0x01020304, 20600, 20601}, out;
    CHECK_BYTES(view, VIEW_SIZE, "04030201785000007950000000000000");
    ck_assert(out.set == in.set && out.from_day == 20600 && out.until_day == 20601);
}
END_TEST

START_TEST(a_group_has_its_bytes)
{
    struct group in = {"riga", 0x0102030405060708, 9}, out;
    CHECK_BYTES(group, GROUP_SIZE,
                "7269676100000000000000000000000000000000000000000000000000000000"
                "08070605040302010900000000000000");
    ck_assert(memcmp(out.name, in.name, NAME_SIZE) == 0);
    ck_assert(out.yes_count == in.yes_count && out.unknown_count == 9);
}
END_TEST

START_TEST(a_product_has_its_bytes)
{
    struct product in = {1001, "city.ticket"}, out;
    CHECK_BYTES(product, PRODUCT_SIZE,
                "e9030000636974792e7469636b6574000000000000000000000000000000000000"
                "000000");
    ck_assert(out.number == 1001 && memcmp(out.name, in.name, NAME_SIZE) == 0);
}
END_TEST

START_TEST(a_point_of_sale_has_its_bytes)
{
    struct point in = {101, 7, 1000, 40003651254}, out;
    CHECK_BYTES(point, POINT_SIZE, "6500000007000000e803000000000000b646675009000000");
    ck_assert(out.number == 101 && out.site == 7 && out.place == 1000 &&
              out.provider == in.provider);
}
END_TEST

START_TEST(an_offer_has_its_bytes)
{
    struct offer in = {7, 1001, 65536, 3, 9}, out;
    CHECK_BYTES(offer, OFFER_SIZE, "07000000e90300000000010003000900");
    ck_assert(memcmp(&out, &in, sizeof(out)) == 0);
}
END_TEST

START_TEST(a_relief_has_its_bytes)
{
    struct relief in = {0x11223344, 20000, DAY_NEVER, RELIEF_SUSPENDED, 90011524360, "RIGA-CITY"},
                  out;
    CHECK_BYTES(relief, RELIEF_SIZE,
                "44332211204e0000ffffffff0200000008dd1af514000000524947412d434954"
                "5900000000000000000000000000000000000000000000000000000000000000");
    ck_assert(out.code == in.code && out.from_day == 20000 && out.until_day == DAY_NEVER &&
              out.state == RELIEF_SUSPENDED && out.giver == 90011524360 &&
              memcmp(out.name, in.name, NAME_SIZE) == 0);
}
END_TEST

START_TEST(a_clause_has_its_bytes)
{
    struct clause in = {.code = 0x11223344,
                        .relief = 0x0102,
                        .group = 0x0304,
                        .dayset = 5,
                        .split = 0x0607,
                        .computation = COMPUTE_PERCENT,
                        .flags = CLAUSE_CAP_EACH | CLAUSE_ALLOWS_UNKNOWN,
                        .rounding = ROUND_UP,
                        .companions_max = 3,
                        .round_step = 100,
                        .means_mask = 0x1e,
                        .entry_mask = 6,
                        .value = 6000,
                        .above = 20000,
                        .cap = 70000,
                        .price_least = 1,
                        .price_most = 0x7fffffff,
                        .quantity_least = 2,
                        .quantity_most = 9,
                        .unit_count_max = 4,
                        .clock_count = 2,
                        .number = 17,
                        .clocks = {{600, 900}, {1380, 1440}}},
                  out;
    CHECK_BYTES(clause, CLAUSE_SIZE,
                "4433221102010403050007060106020364001e0670170000204e000070110100"
                "01000000ffffff7f0200090004000211580284036405a0050000000000000000");
    ck_assert(memcmp(&out, &in, sizeof(out)) == 0);
}
END_TEST

START_TEST(a_contract_has_its_bytes)
{
    struct contract in = {0x11223344, 12, 0x0102, 20000, 20601, 40003651254}, out;
    CHECK_BYTES(contract, CONTRACT_SIZE,
                "443322110c0000000201000000000000204e000079500000b646675009000000");
    ck_assert(out.code == in.code && out.number == 12 && out.relief == 0x0102 &&
              out.from_day == 20000 && out.until_day == 20601 && out.provider == in.provider);
}
END_TEST

START_TEST(a_split_has_its_bytes)
{
    struct split in = {3, 2, {{90011524360, SPLIT_PERCENT, 5000}, {90000054163, SPLIT_REST, 0}}},
                 out;
    CHECK_BYTES(split, SPLIT_SIZE,
                "030002000000000008dd1af514000000881300000200000093d76bf414000000"
                "0000000003000000000000000000000000000000000000000000000000000000"
                "0000000000000000");
    ck_assert(out.code == 3 && out.part_count == 2 && out.parts[0].payer == 90011524360 &&
              out.parts[0].kind == SPLIT_PERCENT && out.parts[0].value == 5000 &&
              out.parts[1].kind == SPLIT_REST);
}
END_TEST

START_TEST(a_limit_has_its_bytes)
{
    struct limit in = {.relief = 0x0102,
                       .kind = LIMIT_BUDGET,
                       .period = PERIOD_YEAR,
                       .shared = 3,
                       .warn_bp = 8000,
                       .is_published = 1,
                       .from_day = 20000,
                       .until_day = DAY_NEVER,
                       .value = 12500000000},
                 out;
    CHECK_BYTES(limit, LIMIT_SIZE,
                "02010300401f040600dd0ee902000000204e0000ffffffff0100000000000000");
    ck_assert(out.relief == in.relief && out.kind == LIMIT_BUDGET && out.period == PERIOD_YEAR &&
              out.shared == 3 && out.warn_bp == 8000 && out.is_published == 1 &&
              out.from_day == 20000 && out.until_day == DAY_NEVER && out.value == in.value);
}
END_TEST

START_TEST(a_census_line_has_its_bytes)
{
    struct census in = {3, 9999999, 7, 0xfffffffe}, out;
    CHECK_BYTES(census, CENSUS_SIZE, "030000007f96980007000000feffffff");
    ck_assert(out.group == 3 && out.place == 9999999 && out.yes_count == 7 &&
              out.unknown_count == 0xfffffffe);
}
END_TEST

START_TEST(a_terminal_has_its_bytes)
{
    struct terminal in = {.number = 0x01020304,
                          .profile = 3,
                          .provider = 40003651254,
                          .from_day = 20600,
                          .until_day = DAY_NEVER,
                          .point_first = 0x00010203,
                          .point_count = 2,
                          .product_first = 0x00040506,
                          .product_count = 3,
                          .per_minute = 30,
                          .per_day = 2000,
                          .typed_per_day = 50},
                    out;
    for (uint8_t i = 0; i < TERMINAL_KEY_SIZE; i++)
        in.key[i] = (uint8_t)(i + 1);
    CHECK_BYTES(terminal, TERMINAL_SIZE,
                "0403020102000300b6466750090000000102030405060708090a0b0c0d0e0f10"
                "1112131415161718191a1b1c1d1e1f2078500000ffffffff0302010006050400"
                "1e000000d00700003200000003000000");
    ck_assert(out.number == in.number && out.profile == 3 && out.provider == in.provider &&
              memcmp(out.key, in.key, TERMINAL_KEY_SIZE) == 0);
    ck_assert(out.from_day == 20600 && out.until_day == DAY_NEVER);
    ck_assert(out.point_first == in.point_first && out.point_count == 2 &&
              out.product_first == in.product_first && out.product_count == 3);
    ck_assert(out.per_minute == 30 && out.per_day == 2000 && out.typed_per_day == 50);
}
END_TEST

START_TEST(a_span_of_numbers_has_its_bytes)
{
    struct number_span in = {101, 0x01020304}, out;
    CHECK_BYTES(number_span, NUMBER_SPAN_SIZE, "6500000004030201");
    ck_assert(out.first == 101 && out.last == 0x01020304);
}
END_TEST

/* ---- what decoders refuse ---- */

#define RECORD_ROOM 128

enum kind {
    MEMBERSHIP,
    VIEW,
    GROUP,
    PRODUCT,
    POINT,
    OFFER,
    RELIEF,
    CLAUSE,
    CONTRACT,
    SPLIT,
    LIMIT,
    CENSUS,
    TERMINAL,
    NUMBER_SPAN,
    KIND_COUNT
};

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
    {POINT, POINT_SIZE, "6500000007000000e803000000000000b646675009000000"},
    {OFFER, OFFER_SIZE, "07000000e90300000000010003000900"},
    {RELIEF, RELIEF_SIZE,
     "44332211204e0000ffffffff0200000008dd1af514000000524947412d434954"
     "5900000000000000000000000000000000000000000000000000000000000000"},
    {CLAUSE, CLAUSE_SIZE,
     "4433221102010403050007060106020364001e0670170000204e000070110100"
     "01000000ffffff7f0200090004000211580284036405a0050000000000000000"},
    {CONTRACT, CONTRACT_SIZE, "443322110c0000000201000000000000204e000079500000b646675009000000"},
    {SPLIT, SPLIT_SIZE,
     "030002000000000008dd1af514000000881300000200000093d76bf414000000"
     "0000000003000000000000000000000000000000000000000000000000000000"
     "0000000000000000"},
    {LIMIT, LIMIT_SIZE, "02010300401f040600dd0ee902000000204e0000ffffffff0100000000000000"},
    {CENSUS, CENSUS_SIZE, "030000007f96980007000000feffffff"},
    {TERMINAL, TERMINAL_SIZE,
     "0403020102000300b6466750090000000102030405060708090a0b0c0d0e0f10"
     "1112131415161718191a1b1c1d1e1f2078500000ffffffff0302010006050400"
     "1e000000d00700003200000003000000"},
    {NUMBER_SPAN, NUMBER_SPAN_SIZE, "6500000004030201"},
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
    case POINT:
        ROUND_TRIP(point, again, record);
    case OFFER:
        ROUND_TRIP(offer, again, record);
    case RELIEF:
        ROUND_TRIP(relief, again, record);
    case CLAUSE:
        ROUND_TRIP(clause, again, record);
    case CONTRACT:
        ROUND_TRIP(contract, again, record);
    case SPLIT:
        ROUND_TRIP(split, again, record);
    case LIMIT:
        ROUND_TRIP(limit, again, record);
    case CENSUS:
        ROUND_TRIP(census, again, record);
    case TERMINAL:
        ROUND_TRIP(terminal, again, record);
    case NUMBER_SPAN:
        ROUND_TRIP(number_span, again, record);
    case KIND_COUNT:
        break;
    }
    return false;
}

START_TEST(whatever_one_byte_becomes_a_record_is_refused_or_encodes_back)
{
    uint8_t record[RECORD_ROOM], again[RECORD_ROOM];
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
    {"terminal 0", TERMINAL,
     "0000000002000300b6466750090000000102030405060708090a0b0c0d0e0f10"
     "1112131415161718191a1b1c1d1e1f2078500000ffffffff0302010006050400"
     "1e000000d00700003200000003000000"},
    {"a terminal without a profile", TERMINAL,
     "0403020102000300b6466750090000000102030405060708090a0b0c0d0e0f10"
     "1112131415161718191a1b1c1d1e1f2078500000ffffffff0302010006050400"
     "1e000000d00700003200000000000000"},
    {"a key of zeros", TERMINAL,
     "0403020102000300b64667500900000000000000000000000000000000000000"
     "0000000000000000000000000000000078500000ffffffff0302010006050400"
     "1e000000d00700003200000003000000"},
    {"a terminal without a day", TERMINAL,
     "0403020102000300b6466750090000000102030405060708090a0b0c0d0e0f10"
     "1112131415161718191a1b1c1d1e1f2078500000785000000302010006050400"
     "1e000000d00700003200000003000000"},
    {"a terminal nowhere", TERMINAL,
     "0403020100000300b6466750090000000102030405060708090a0b0c0d0e0f10"
     "1112131415161718191a1b1c1d1e1f2078500000ffffffff0302010006050400"
     "1e000000d00700003200000003000000"},
    {"65 spans of points", TERMINAL,
     "0403020141000300b6466750090000000102030405060708090a0b0c0d0e0f10"
     "1112131415161718191a1b1c1d1e1f2078500000ffffffff0302010006050400"
     "1e000000d00700003200000003000000"},
    {"65 spans of products", TERMINAL,
     "0403020102004100b6466750090000000102030405060708090a0b0c0d0e0f10"
     "1112131415161718191a1b1c1d1e1f2078500000ffffffff0302010006050400"
     "1e000000d00700003200000003000000"},
    {"spans of points beyond the most", TERMINAL,
     "0403020102000300b6466750090000000102030405060708090a0b0c0d0e0f10"
     "1112131415161718191a1b1c1d1e1f2078500000ffffffff0000800006050400"
     "1e000000d00700003200000003000000"},
    {"spans of products beyond the most", TERMINAL,
     "0403020102000300b6466750090000000102030405060708090a0b0c0d0e0f10"
     "1112131415161718191a1b1c1d1e1f2078500000ffffffff0302010000008000"
     "1e000000d00700003200000003000000"},
    {"no spans of products that begin somewhere", TERMINAL,
     "0403020102000000b6466750090000000102030405060708090a0b0c0d0e0f10"
     "1112131415161718191a1b1c1d1e1f2078500000ffffffff0302010006050400"
     "1e000000d00700003200000003000000"},
    {"reserved byte of a terminal", TERMINAL,
     "0403020102000300b6466750090000000102030405060708090a0b0c0d0e0f10"
     "1112131415161718191a1b1c1d1e1f2078500000ffffffff0302010006050400"
     "1e000000d00700003200000003010000"},
    {"last reserved byte of a terminal", TERMINAL,
     "0403020102000300b6466750090000000102030405060708090a0b0c0d0e0f10"
     "1112131415161718191a1b1c1d1e1f2078500000ffffffff0302010006050400"
     "1e000000d00700003200000003000001"},
    {"a span from 0", NUMBER_SPAN, "0000000004030201"},
    {"a span that ends before it begins", NUMBER_SPAN, "6500000064000000"},
    {"group beyond the most", MEMBERSHIP, "001002007850000079500000"},
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
    {"clause without a code", CLAUSE,
     "0000000002010403050007060106020364001e0670170000204e000070110100"
     "01000000ffffff7f0200090004000211580284036405a0050000000000000000"},
    {"a code beyond the most", CLAUSE,
     "0000008002010403050007060106020364001e0670170000204e000070110100"
     "01000000ffffff7f0200090004000211580284036405a0050000000000000000"},
    {"relief beyond the most", CLAUSE,
     "4433221100100403050007060106020364001e0670170000204e000070110100"
     "01000000ffffff7f0200090004000211580284036405a0050000000000000000"},
    {"group beyond the most", CLAUSE,
     "4433221102010010050007060106020364001e0670170000204e000070110100"
     "01000000ffffff7f0200090004000211580284036405a0050000000000000000"},
    {"group of no snapshot", CLAUSE,
     "443322110201feff050007060106020364001e0670170000204e000070110100"
     "01000000ffffff7f0200090004000211580284036405a0050000000000000000"},
    {"several splits in one clause", CLAUSE,
     "44332211020104030500ffff0106020364001e0670170000204e000070110100"
     "01000000ffffff7f0200090004000211580284036405a0050000000000000000"},
    {"computation 0", CLAUSE,
     "4433221102010403050007060006020364001e0670170000204e000070110100"
     "01000000ffffff7f0200090004000211580284036405a0050000000000000000"},
    {"computation 5", CLAUSE,
     "4433221102010403050007060506020364001e0670170000204e000070110100"
     "01000000ffffff7f0200090004000211580284036405a0050000000000000000"},
    {"a flag that is none", CLAUSE,
     "4433221102010403050007060108020364001e0670170000204e000070110100"
     "01000000ffffff7f0200090004000211580284036405a0050000000000000000"},
    {"rounding 3", CLAUSE,
     "4433221102010403050007060106030364001e0670170000204e000070110100"
     "01000000ffffff7f0200090004000211580284036405a0050000000000000000"},
    {"rounding to nothing", CLAUSE,
     "4433221102010403050007060106020300001e0670170000204e000070110100"
     "01000000ffffff7f0200090004000211580284036405a0050000000000000000"},
    {"rounding to more than a euro", CLAUSE,
     "4433221102010403050007060106020311271e0670170000204e000070110100"
     "01000000ffffff7f0200090004000211580284036405a0050000000000000000"},
    {"no means will do", CLAUSE,
     "443322110201040305000706010602036400000670170000204e000070110100"
     "01000000ffffff7f0200090004000211580284036405a0050000000000000000"},
    {"no entry will do", CLAUSE,
     "4433221102010403050007060106020364001e0070170000204e000070110100"
     "01000000ffffff7f0200090004000211580284036405a0050000000000000000"},
    {"part of nothing", CLAUSE,
     "4433221102010403050007060106020364001e0600000000204e000070110100"
     "01000000ffffff7f0200090004000211580284036405a0050000000000000000"},
    {"more than all", CLAUSE,
     "4433221102010403050007060106020364001e0611270000204e000070110100"
     "01000000ffffff7f0200090004000211580284036405a0050000000000000000"},
    {"above, of an amount", CLAUSE,
     "4433221102010403050007060206020364001e0670170000204e000070110100"
     "01000000ffffff7f0200090004000211580284036405a0050000000000000000"},
    {"a cap of nothing each", CLAUSE,
     "4433221102010403050007060106020364001e0670170000204e000000000000"
     "01000000ffffff7f0200090004000211580284036405a0050000000000000000"},
    {"prices the wrong way round", CLAUSE,
     "4433221102010403050007060106020364001e0670170000204e000070110100"
     "02000000010000000200090004000211580284036405a0050000000000000000"},
    {"quantity 0", CLAUSE,
     "4433221102010403050007060106020364001e0670170000204e000070110100"
     "01000000ffffff7f0000090004000211580284036405a0050000000000000000"},
    {"quantities the wrong way round", CLAUSE,
     "4433221102010403050007060106020364001e0670170000204e000070110100"
     "01000000ffffff7f0300020004000211580284036405a0050000000000000000"},
    {"four spans of the clock", CLAUSE,
     "4433221102010403050007060106020364001e0670170000204e000070110100"
     "01000000ffffff7f0200090004000411580284036405a0050000000000000000"},
    {"a span that ends before it begins", CLAUSE,
     "4433221102010403050007060106020364001e0670170000204e000070110100"
     "01000000ffffff7f0200090004000211840384036405a0050000000000000000"},
    {"spans that overlap", CLAUSE,
     "4433221102010403050007060106020364001e0670170000204e000070110100"
     "01000000ffffff7f0200090004000211580265056405a0050000000000000000"},
    {"a span past midnight", CLAUSE,
     "4433221102010403050007060106020364001e0670170000204e000070110100"
     "01000000ffffff7f0200090004000211580284036405a1050000000000000000"},
    {"a span that is not counted", CLAUSE,
     "4433221102010403050007060106020364001e0670170000204e000070110100"
     "01000000ffffff7f0200090004000111580284036405a0050000000000000000"},
    {"reserved byte of a clause", CLAUSE,
     "4433221102010403050007060106020364001e0670170000204e000070110100"
     "01000000ffffff7f0200090004000211580284036405a0050000000000000001"},
    {"relief in no state", RELIEF,
     "44332211204e0000ffffffff0000000008dd1af514000000524947412d434954"
     "5900000000000000000000000000000000000000000000000000000000000000"},
    {"relief in state 4", RELIEF,
     "44332211204e0000ffffffff0400000008dd1af514000000524947412d434954"
     "5900000000000000000000000000000000000000000000000000000000000000"},
    {"reserved byte of a relief", RELIEF,
     "44332211204e0000ffffffff0201000008dd1af514000000524947412d434954"
     "5900000000000000000000000000000000000000000000000000000000000000"},
    {"point of sale 0", POINT, "0000000007000000e803000000000000b646675009000000"},
    {"point of sale nowhere", POINT, "6500000000000000e803000000000000b646675009000000"},
    {"reserved byte of a point", POINT, "6500000007000000e803000000000001b646675009000000"},
    {"offer of nothing", OFFER, "07000000e90300000000010000000900"},
    {"offer of product 0", OFFER, "07000000000000000000010003000900"},
    {"contract 0", CONTRACT, "44332211000000000201000000000000204e000079500000b646675009000000"},
    {"contract of no day", CONTRACT,
     "443322110c0000000201000000000000204e0000204e0000b646675009000000"},
    {"reserved byte of a contract", CONTRACT,
     "443322110c0000000201010000000000204e000079500000b646675009000000"},
    {"split 0", SPLIT,
     "000002000000000008dd1af514000000881300000200000093d76bf414000000"
     "0000000003000000000000000000000000000000000000000000000000000000"
     "0000000000000000"},
    {"split 65535", SPLIT,
     "ffff02000000000008dd1af514000000881300000200000093d76bf414000000"
     "0000000003000000000000000000000000000000000000000000000000000000"
     "0000000000000000"},
    {"split among nobody", SPLIT,
     "030000000000000008dd1af514000000881300000200000093d76bf414000000"
     "0000000003000000000000000000000000000000000000000000000000000000"
     "0000000000000000"},
    {"split among five", SPLIT,
     "030005000000000008dd1af514000000881300000200000093d76bf414000000"
     "0000000003000000000000000000000000000000000000000000000000000000"
     "0000000000000000"},
    {"a part that is not counted", SPLIT,
     "030001000000000008dd1af514000000881300000200000093d76bf414000000"
     "0000000003000000000000000000000000000000000000000000000000000000"
     "0000000000000000"},
    {"more than the whole", SPLIT,
     "030002000000000008dd1af514000000112700000200000093d76bf414000000"
     "0000000003000000000000000000000000000000000000000000000000000000"
     "0000000000000000"},
    {"nobody pays the rest", SPLIT,
     "030002000000000008dd1af514000000881300000200000093d76bf414000000"
     "0000000002000000000000000000000000000000000000000000000000000000"
     "0000000000000000"},
    {"reserved byte of a split", SPLIT,
     "030002000000000108dd1af514000000881300000200000093d76bf414000000"
     "0000000003000000000000000000000000000000000000000000000000000000"
     "0000000000000000"},
    {"limit of kind 0", LIMIT, "02010300401f000600dd0ee902000000204e0000ffffffff0100000000000000"},
    {"limit of kind 5", LIMIT, "02010300401f050600dd0ee902000000204e0000ffffffff0100000000000000"},
    {"spacing with a period", LIMIT,
     "02010300401f030600dd0ee902000000204e0000ffffffff0100000000000000"},
    {"warning about uses", LIMIT,
     "02010300401f010600dd0ee902000000204e0000ffffffff0100000000000000"},
    {"limit of nothing", LIMIT, "02010300401f04060000000000000000204e0000ffffffff0100000000000000"},
    {"published twice", LIMIT, "02010300401f040600dd0ee902000000204e0000ffffffff0200000000000000"},
    {"reserved byte of a limit", LIMIT,
     "02010300401f040600dd0ee902000000204e0000ffffffff0100000000000001"},
    {"place of eight digits", CENSUS, "030000008096980007000000feffffff"},
    {"reserved byte of a census line", CENSUS, "030001007f96980007000000feffffff"},
};

START_TEST(a_record_that_no_encoder_writes_is_refused)
{
    uint8_t record[RECORD_ROOM] = {0}, again[RECORD_ROOM];
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
    tcase_add_test(tcase, a_point_of_sale_has_its_bytes);
    tcase_add_test(tcase, an_offer_has_its_bytes);
    tcase_add_test(tcase, a_contract_has_its_bytes);
    tcase_add_test(tcase, a_split_has_its_bytes);
    tcase_add_test(tcase, a_limit_has_its_bytes);
    tcase_add_test(tcase, a_relief_has_its_bytes);
    tcase_add_test(tcase, a_clause_has_its_bytes);
    tcase_add_test(tcase, a_census_line_has_its_bytes);
    tcase_add_test(tcase, a_terminal_has_its_bytes);
    tcase_add_test(tcase, a_span_of_numbers_has_its_bytes);
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
