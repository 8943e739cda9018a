#include "protocol/profile.h"

#include "protocol/catalogue.h"
#include "tests/vectors.h"

#define DAY_END_S 1795471200 /* 2026-11-24T00:00 in Riga */

START_TEST(names_lead_to_profiles_and_back)
{
    for (uint8_t profile = 1; profile <= PROFILE_LAST; profile++)
        ck_assert_uint_eq(profile_of_name(profile_name(profile)), profile);
    ck_assert_str_eq(profile_name(PROFILE_GATE), "gate");
    ck_assert_str_eq(profile_name(PROFILE_ADMINISTRATOR), "administrator");
    ck_assert_str_eq(profile_name(0), "unknown");
    ck_assert_str_eq(profile_name(PROFILE_LAST + 1), "unknown");
    static const char *const others[] = {"", "Gate", "tills", "unknown"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        ck_assert_uint_eq(profile_of_name(others[i]), 0);
    ck_assert_str_eq(profile_nearest("inspektor"), "inspector");
    ck_assert_ptr_null(profile_nearest("somebody"));
}
END_TEST

START_TEST(masks_are_those_of_the_vectors)
{
    struct vector_file file = vectors_open("masks.txt");
    struct vector v;
    size_t count = 0;
    for (; vectors_next(&file, &v); count++) {
        uint8_t before[FRAME_SIZE], after[FRAME_SIZE], made[FRAME_SIZE];
        struct response response;
        ck_assert_uint_eq(v.count, 5);
        ck_assert_uint_eq(support_unhex(before, FRAME_SIZE, v.words[3]), FRAME_SIZE);
        ck_assert_uint_eq(support_unhex(after, FRAME_SIZE, v.words[4]), FRAME_SIZE);
        ck_assert(frame_decode_response(&response, before));
        uint32_t day = riga_day_of_time(vector_number(&v, 2));
        profile_mask(&response, profile_of_name(v.words[1]), time_of_riga_day(day + 1));
        frame_encode_response(made, &response);
        ck_assert_msg(memcmp(made, after, FRAME_SIZE) == 0, "masks.txt:%u: %s", v.line, v.words[0]);
    }
    ck_assert_uint_gt(count, 100);
}
END_TEST

static const uint16_t statuses[] = {
#define STATUS_NUMBER(name, number, text) number,
    STATUS_LIST(STATUS_NUMBER)
#undef STATUS_NUMBER
};
#define STATUS_COUNT ((int)(sizeof(statuses) / sizeof(statuses[0])))

static bool may_have_relief(uint16_t status)
{
    return status == STATUS_APPLIES || status >= STATUS_RESERVED;
}

/* As telling as an answer with this status can be. */
static struct response response_of(uint8_t kind, uint16_t status)
{
    bool has_relief = may_have_relief(status);
    bool waits = status == STATUS_BUSY || status == STATUS_DRAINING;
    return (struct response){
        .kind = status == STATUS_OK ? KIND_PING : kind,
        .status = status,
        .split = has_relief ? 3 : 0,
        .remaining = 12,
        .request_id = 7,
        .ledger_sequence = 99,
        .generation = 1234,
        .relief_amount = has_relief ? 5000 : 0,
        .payable = 10000,
        .relief = has_relief ? 3735 : 0,
        .valid_until_s = has_relief ? DAY_END_S + 86400 : 0,
        .server_time_s = 1795428000,
        .stale_h = 2,
        .wait_ms = waits ? 250 : 0,
    };
}

static void mask_as(uint8_t frame[FRAME_SIZE], uint8_t kind, uint16_t status, uint8_t profile)
{
    struct response response = response_of(kind, status);
    profile_mask(&response, profile, DAY_END_S);
    frame_encode_response(frame, &response);
}

static uint16_t seen_by_a_gate(uint8_t kind, uint16_t status)
{
    static const uint16_t noes[] = {STATUS_NO_DATA, STATUS_LIMIT_REACHED, STATUS_TOO_SOON,
                                    STATUS_BUDGET_SPENT, STATUS_TOO_MANY_HELD};
    for (size_t i = 0; i < sizeof(noes) / sizeof(noes[0]); i++) {
        if (status == noes[i])
            return STATUS_DOES_NOT_APPLY;
    }
    if (status == STATUS_OVER_LIMIT)
        return kind == KIND_LATE ? STATUS_APPLIES : STATUS_CONFIRMED;
    return status;
}

static void look_at_profiles(uint8_t kind, uint16_t status)
{
    struct response response = response_of(kind, status);
    uint8_t all[FRAME_SIZE], want[FRAME_SIZE], got[FRAME_SIZE];
    bool has_relief = may_have_relief(status);
    bool is_hold = kind == KIND_RESERVE || status == STATUS_RESERVED;
    frame_encode_response(all, &response);
    mask_as(got, kind, status, PROFILE_INSPECTOR);
    ck_assert_mem_eq(got, all, FRAME_SIZE);
    mask_as(got, kind, status, PROFILE_ADMINISTRATOR);
    ck_assert_mem_eq(got, all, FRAME_SIZE);

    memcpy(want, all, FRAME_SIZE);
    if (has_relief && !is_hold)
        store_u32(want + RESPONSE_VALID_UNTIL, DAY_END_S);
    mask_as(got, kind, status, PROFILE_TILL);
    ck_assert_mem_eq(got, want, FRAME_SIZE);

    store_u16(want + RESPONSE_SPLIT, 0);
    store_u16(want + RESPONSE_REMAINING, REMAINING_UNPUBLISHED);
    if (!is_hold)
        store_u32(want + RESPONSE_VALID_UNTIL, 0);
    if (has_relief)
        store_u32(want + RESPONSE_RELIEF, UINT32_MAX);
    store_u16(want + RESPONSE_STATUS, seen_by_a_gate(kind, status));
    mask_as(got, kind, status, PROFILE_GATE);
    ck_assert_mem_eq(got, want, FRAME_SIZE);
}

/* The table of PROTOCOL.md, "Profiles", as bytes. */
START_TEST(each_profile_sees_its_bytes_of_every_kind_and_status)
{
    for (uint8_t kind = KIND_CHECK; kind <= KIND_LAST; kind++)
        look_at_profiles(kind, statuses[_i]);
}
END_TEST

START_TEST(to_a_gate_all_reasons_against_somebody_are_one)
{
    static const uint16_t reasons[] = {STATUS_NO_DATA, STATUS_LIMIT_REACHED, STATUS_TOO_SOON,
                                       STATUS_BUDGET_SPENT, STATUS_TOO_MANY_HELD};
    uint8_t reason[FRAME_SIZE], no[FRAME_SIZE];
    mask_as(no, KIND_USE, STATUS_DOES_NOT_APPLY, PROFILE_GATE);
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        mask_as(reason, KIND_USE, reasons[i], PROFILE_GATE);
        ck_assert_mem_eq(reason, no, FRAME_SIZE);
    }
}
END_TEST

/* What is seen already is not seen less by being masked again. */
START_TEST(a_mask_put_on_twice_is_the_same)
{
    for (uint8_t profile = 1; profile <= PROFILE_LAST; profile++) {
        for (uint8_t kind = KIND_CHECK; kind <= KIND_LAST; kind++) {
            uint8_t once[FRAME_SIZE], twice[FRAME_SIZE];
            struct response response = response_of(kind, statuses[_i]);
            profile_mask(&response, profile, DAY_END_S);
            frame_encode_response(once, &response);
            profile_mask(&response, profile, DAY_END_S);
            frame_encode_response(twice, &response);
            ck_assert_mem_eq(once, twice, FRAME_SIZE);
        }
    }
}
END_TEST

START_TEST(an_administrator_asks_about_the_test_identities_only)
{
    static const struct {
        const char *code;
        uint32_t product;
        bool is_test;
    } cases[] = {
        {"01010000018", PRODUCT_TEST, true},  {"01010000026", PRODUCT_TEST, true},
        {"01010000034", PRODUCT_TEST, true},  {"01010000018", 1001, false},
        {"32000000001", PRODUCT_TEST, false}, {"32000000001", 1001, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct identifier identifier = {.means = MEANS_PERSONAL_CODE, .size = 11};
        memcpy(identifier.text, cases[i].code, 11);
        for (uint8_t profile = 1; profile <= PROFILE_LAST; profile++)
            ck_assert_msg(profile_may_ask(profile, cases[i].product, &identifier) ==
                              (profile != PROFILE_ADMINISTRATOR || cases[i].is_test),
                          "%s, case %zu", profile_name(profile), i);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("profile");
    TCase *tests = tcase_create("profile");
    tcase_add_test(tests, names_lead_to_profiles_and_back);
    tcase_add_test(tests, masks_are_those_of_the_vectors);
    tcase_add_loop_test(tests, each_profile_sees_its_bytes_of_every_kind_and_status, 0,
                        STATUS_COUNT);
    tcase_add_test(tests, to_a_gate_all_reasons_against_somebody_are_one);
    tcase_add_loop_test(tests, a_mask_put_on_twice_is_the_same, 0, STATUS_COUNT);
    tcase_add_test(tests, an_administrator_asks_about_the_test_identities_only);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
