#include "protocol/frame.h"

#include "tests/vectors.h"

#include <signal.h>

static uint16_t status_of_name(const char *name)
{
    for (uint32_t number = 0; number <= UINT16_MAX; number++) {
        if (status_is_known((uint16_t)number) && strcmp(status_name((uint16_t)number), name) == 0)
            return (uint16_t)number;
    }
    ck_abort_msg("no status %s", name);
}

/* The frame is the last word of every case, put where the next byte cannot be read. */
static const uint8_t *frame_of_vector(const struct vector *v)
{
    uint8_t frame[FRAME_SIZE];
    ck_assert_uint_eq(support_unhex(frame, sizeof(frame), v->words[v->count - 1]), FRAME_SIZE);
    return at_the_edge(frame, sizeof(frame));
}

static bool is_refusal(const struct vector *v)
{
    return v->count == 4 && strcmp(v->words[2], "-") == 0;
}

/* The columns from `kind` on: those of requests.txt, or those of transactions.txt, which have one
 * for the hold behind the companions. */
static struct request request_of_vector(const struct vector *v, bool has_hold)
{
    size_t at = has_hold ? 8 : 7;
    struct request r;
    memset(&r, 0, sizeof(r));
    r.kind = (uint8_t)vector_number(v, 2);
    r.identifier.means = (uint8_t)vector_number(v, 3);
    r.entry = (uint8_t)vector_number(v, 4);
    r.quantity = (uint16_t)vector_number(v, 5);
    r.companions = (uint8_t)vector_number(v, 6);
    r.hold_10s = has_hold ? (uint8_t)vector_number(v, 7) : 0;
    r.request_id = vector_number(v, at);
    if (strcmp(v->words[at + 1], "-") != 0) {
        r.identifier.size = (uint8_t)strlen(v->words[at + 1]);
        memcpy(r.identifier.text, v->words[at + 1], r.identifier.size);
    }
    uint32_t at_40 = (uint32_t)vector_number(v, at + 2);
    *(kind_is_purchase(r.kind) ? &r.product : &r.target_terminal) = at_40;
    r.point_of_sale = (uint32_t)vector_number(v, at + 3);
    r.unit_price = (uint32_t)vector_number(v, at + 4);
    r.service_time_s = (uint32_t)vector_number(v, at + 5);
    r.target_id = vector_number(v, at + 6);
    return r;
}

static bool requests_are_equal(const struct request *a, const struct request *b)
{
    return a->kind == b->kind && a->entry == b->entry && a->companions == b->companions &&
           a->quantity == b->quantity && a->request_id == b->request_id &&
           a->identifier.means == b->identifier.means && a->identifier.size == b->identifier.size &&
           memcmp(a->identifier.text, b->identifier.text, sizeof(a->identifier.text)) == 0 &&
           a->product == b->product && a->point_of_sale == b->point_of_sale &&
           a->unit_price == b->unit_price && a->service_time_s == b->service_time_s &&
           a->target_id == b->target_id && a->target_terminal == b->target_terminal &&
           a->hold_10s == b->hold_10s;
}

static void check_request_vector(const struct vector *v, const char *name, bool has_hold)
{
    const uint8_t *frame = frame_of_vector(v);
    struct request untouched, out;
    memset(&untouched, 0xa5, sizeof(untouched));
    out = untouched;
    enum status status = frame_decode_request(&out, frame);
    if (is_refusal(v)) {
        ck_assert_msg(status == (enum status)status_of_name(v->words[1]), "%s:%u: %s: got %s", name,
                      v->line, v->words[0], status_name((uint16_t)status));
        ck_assert(requests_are_equal(&out, &untouched));
        return;
    }
    uint8_t made[FRAME_SIZE];
    struct request wanted = request_of_vector(v, has_hold);
    ck_assert_msg(status == STATUS_OK, "%s:%u: %s: got %s", name, v->line, v->words[0],
                  status_name((uint16_t)status));
    ck_assert_msg(requests_are_equal(&out, &wanted), "%s:%u: %s", name, v->line, v->words[0]);
    frame_encode_request(made, &wanted);
    ck_assert_mem_eq(made, frame, FRAME_SIZE);
}

static const struct {
    const char *name;
    bool has_hold;
} request_files[] = {{"requests.txt", false}, {"transactions.txt", true}};

START_TEST(requests_are_those_of_the_vectors)
{
    struct vector_file file = vectors_open(request_files[_i].name);
    struct vector vector;
    size_t count = 0;
    for (; vectors_next(&file, &vector); count++)
        check_request_vector(&vector, request_files[_i].name, request_files[_i].has_hold);
    ck_assert_uint_gt(count, 100);
}
END_TEST

static void check_response_vector(const struct vector *v)
{
    const uint8_t *frame = frame_of_vector(v);
    struct response r;
    memset(&r, 0xa5, sizeof(r));
    if (is_refusal(v)) {
        struct response untouched = r;
        ck_assert_msg(!frame_decode_response(&r, frame), "responses.txt:%u: %s", v->line,
                      v->words[0]);
        ck_assert_mem_eq(&r, &untouched, sizeof(r));
        return;
    }
    ck_assert_msg(frame_decode_response(&r, frame), "responses.txt:%u: %s", v->line, v->words[0]);
    const uint64_t found[] = {r.kind,       r.status,          r.split,         r.remaining,
                              r.request_id, r.ledger_sequence, r.generation,    r.relief_amount,
                              r.payable,    r.relief,          r.valid_until_s, r.server_time_s,
                              r.stale_h,    r.wait_ms};
    for (size_t i = 0; i < sizeof(found) / sizeof(found[0]); i++) {
        uint64_t wanted = i == 1 ? status_of_name(v->words[3]) : vector_number(v, 2 + i);
        ck_assert_msg(found[i] == wanted, "responses.txt:%u: %s: word %zu", v->line, v->words[0],
                      2 + i);
    }
    uint8_t made[FRAME_SIZE];
    frame_encode_response(made, &r);
    ck_assert_mem_eq(made, frame, FRAME_SIZE);
}

START_TEST(responses_are_those_of_the_vectors)
{
    struct vector_file file = vectors_open("responses.txt");
    struct vector vector;
    size_t count = 0;
    for (; vectors_next(&file, &vector); count++)
        check_response_vector(&vector);
    ck_assert_uint_gt(count, 40);
}
END_TEST

static void check_report_vector(const struct vector *v)
{
    const uint8_t *frame = frame_of_vector(v);
    struct report r;
    memset(&r, 0xa5, sizeof(r));
    if (is_refusal(v)) {
        struct report untouched = r;
        ck_assert_msg(!frame_decode_report(&r, frame), "reports.txt:%u: %s", v->line, v->words[0]);
        ck_assert_mem_eq(&r, &untouched, sizeof(r));
        return;
    }
    ck_assert_msg(frame_decode_report(&r, frame), "reports.txt:%u: %s", v->line, v->words[0]);
    const uint64_t found[] = {r.request_id,       r.check_count,   r.generation,
                              r.identifier_count, r.person_count,  r.uptime_s,
                              r.connection_count, r.server_time_s, r.stale_h};
    for (size_t i = 0; i < sizeof(found) / sizeof(found[0]); i++)
        ck_assert_msg(found[i] == vector_number(v, 2 + i), "reports.txt:%u: %s: word %zu", v->line,
                      v->words[0], 2 + i);
    ck_assert_uint_eq(r.status, STATUS_OK);
    ck_assert_uint_eq(r.wait_ms, 0);

    uint8_t made[FRAME_SIZE];
    struct response response;
    frame_encode_report(made, &r);
    ck_assert_mem_eq(made, frame, FRAME_SIZE);
    ck_assert_msg(!frame_decode_response(&response, frame), "a report is no response");
}

START_TEST(reports_are_those_of_the_vectors)
{
    struct vector_file file = vectors_open("reports.txt");
    struct vector vector;
    size_t count = 0;
    for (; vectors_next(&file, &vector); count++)
        check_report_vector(&vector);
    ck_assert_uint_gt(count, 10);
}
END_TEST

/* What becomes of a frame of nothing but version, kind and id. */
static enum status status_of_a_bare_kind(uint32_t kind)
{
    switch (kind) {
    case KIND_PING:
    case KIND_STATUS:
        return STATUS_OK;
    case KIND_CHECK:
    case KIND_USE:
        return STATUS_BAD_MEANS;
    case KIND_RESERVE: /* for how long? */
    case KIND_LATE:    /* when? */
        return STATUS_BAD_RESERVED;
    case KIND_CONFIRM: /* of what? */
    case KIND_CANCEL:
    case KIND_REFUND:
        return STATUS_BAD_REQUEST_ID;
    default:
        return STATUS_BAD_KIND;
    }
}

START_TEST(every_version_but_one_and_every_kind_but_nine_is_refused)
{
    struct request request = {.kind = KIND_PING, .request_id = 1}, out;
    uint8_t frame[FRAME_SIZE];
    frame_encode_request(frame, &request);
    for (uint32_t byte = 0; byte <= UINT8_MAX; byte++) {
        frame[REQUEST_VERSION] = (uint8_t)byte;
        enum status status = frame_decode_request(&out, frame);
        ck_assert(status == (byte == FRAME_VERSION ? STATUS_OK : STATUS_BAD_VERSION));
        frame[REQUEST_VERSION] = FRAME_VERSION;

        frame[REQUEST_KIND] = (uint8_t)byte;
        status = frame_decode_request(&out, frame);
        ck_assert_msg(status == status_of_a_bare_kind(byte), "kind %u", byte);
        frame[REQUEST_KIND] = KIND_PING;
    }
}
END_TEST

/* A PING has use for three fields only: whatever else is set, by one bit, is refused. */
START_TEST(every_bit_that_a_ping_has_no_use_for_is_refused)
{
    struct request request = {.kind = KIND_PING, .request_id = UINT64_MAX}, out;
    uint8_t frame[FRAME_SIZE];
    frame_encode_request(frame, &request);
    for (size_t bit = 0; bit < FRAME_SIZE * 8; bit++) {
        bool is_id = bit / 8 >= REQUEST_ID && bit / 8 < REQUEST_IDENTIFIER;
        frame[bit / 8] ^= (uint8_t)(1u << bit % 8);
        bool is_status = frame[REQUEST_KIND] == KIND_STATUS;
        bool is_fine = frame_decode_request(&out, frame) == STATUS_OK;
        ck_assert_msg(is_fine == (is_id || is_status), "bit %zu", bit);
        frame[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}
END_TEST

/* Which bytes a kind has a use for, if only one of them is another than it was. */
static bool is_free(uint8_t kind, size_t at)
{
    bool is_units = at >= REQUEST_QUANTITY && at < REQUEST_COMPANIONS;
    bool is_amount = at >= REQUEST_UNIT_PRICE && at < REQUEST_SERVICE_TIME;
    if ((at >= REQUEST_ID && at < REQUEST_IDENTIFIER) ||
        (at >= REQUEST_PRODUCT && at < REQUEST_POINT_OF_SALE) || at >= REQUEST_TARGET_ID)
        return true;
    return kind == KIND_REFUND ? is_units || is_amount : kind == KIND_CONFIRM && is_units;
}

START_TEST(every_bit_that_a_request_about_a_transaction_has_no_use_for_is_refused)
{
    static const uint8_t kinds[] = {KIND_STATUS, KIND_CONFIRM, KIND_CANCEL, KIND_REFUND};
    const struct request request = {
        .kind = kinds[_i], .request_id = UINT64_MAX, .target_id = 5, .target_terminal = 7};
    uint8_t frame[FRAME_SIZE];
    frame_encode_request(frame, &request);
    for (size_t bit = 0; bit < FRAME_SIZE * 8; bit++) {
        size_t at = bit / 8;
        struct request out;
        if (at == REQUEST_KIND)
            continue;
        frame[at] ^= (uint8_t)(1u << bit % 8);
        enum status status = frame_decode_request(&out, frame);
        bool is_too_many = at == REQUEST_QUANTITY + 1 && bit % 8 > 5; /* 16384 and more */
        ck_assert_msg((status == STATUS_OK) == (is_free(request.kind, at) && !is_too_many),
                      "kind %u, bit %zu", request.kind, bit);
        frame[at] ^= (uint8_t)(1u << bit % 8);
    }
}
END_TEST

START_TEST(what_is_answered_to_a_refused_frame_can_be_read_from_it)
{
    uint8_t frame[FRAME_SIZE] = {[REQUEST_KIND] = 77, [REQUEST_ID] = 0x88, [REQUEST_ID + 7] = 0x11};
    ck_assert_uint_eq(frame_kind(frame), 77);
    ck_assert_uint_eq(frame_request_id(frame), UINT64_C(0x1100000000000088));
}
END_TEST

/* Negative twins: encoders assert what decoders refuse. */

START_TEST(encoding_a_relief_that_does_not_apply_is_a_bug)
{
    uint8_t frame[FRAME_SIZE];
    struct response r = {.kind = KIND_CHECK, .status = STATUS_DOES_NOT_APPLY, .relief = 1};
    frame_encode_response(frame, &r);
}
END_TEST

START_TEST(encoding_a_confirmation_without_a_relief_is_a_bug)
{
    uint8_t frame[FRAME_SIZE];
    struct response r = {.kind = KIND_CONFIRM, .status = STATUS_CONFIRMED, .payable = 1};
    frame_encode_response(frame, &r);
}
END_TEST

START_TEST(encoding_a_denial_with_a_relief_is_a_bug)
{
    uint8_t frame[FRAME_SIZE];
    struct response r = {.kind = KIND_USE, .status = STATUS_LIMIT_REACHED, .relief = 1};
    frame_encode_response(frame, &r);
}
END_TEST

START_TEST(encoding_a_status_that_is_not_listed_is_a_bug)
{
    uint8_t frame[FRAME_SIZE];
    struct response r = {.kind = KIND_CHECK, .status = 999};
    frame_encode_response(frame, &r);
}
END_TEST

START_TEST(encoding_a_refused_report_is_a_bug)
{
    uint8_t frame[FRAME_SIZE];
    struct report r = {.status = STATUS_BUSY};
    frame_encode_report(frame, &r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("frame");
    TCase *tests = tcase_create("frame");
    tcase_add_loop_test(tests, requests_are_those_of_the_vectors, 0, 2);
    tcase_add_test(tests, responses_are_those_of_the_vectors);
    tcase_add_test(tests, reports_are_those_of_the_vectors);
    tcase_add_test(tests, every_version_but_one_and_every_kind_but_nine_is_refused);
    tcase_add_test(tests, every_bit_that_a_ping_has_no_use_for_is_refused);
    tcase_add_loop_test(
        tests, every_bit_that_a_request_about_a_transaction_has_no_use_for_is_refused, 0, 4);
    tcase_add_test(tests, what_is_answered_to_a_refused_frame_can_be_read_from_it);
    const char *fork = getenv("CK_FORK"); /* "no" under valgrind: an abort would end the suite */
    if (fork == NULL || strcmp(fork, "no") != 0) {
        tcase_add_test_raise_signal(tests, encoding_a_relief_that_does_not_apply_is_a_bug, SIGABRT);
        tcase_add_test_raise_signal(tests, encoding_a_confirmation_without_a_relief_is_a_bug,
                                    SIGABRT);
        tcase_add_test_raise_signal(tests, encoding_a_denial_with_a_relief_is_a_bug, SIGABRT);
        tcase_add_test_raise_signal(tests, encoding_a_status_that_is_not_listed_is_a_bug, SIGABRT);
        tcase_add_test_raise_signal(tests, encoding_a_refused_report_is_a_bug, SIGABRT);
    }
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
