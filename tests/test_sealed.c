/* The server's end of a sealed stream, records in and records out: what the frames of a record come
 * to, how records may be cut, and every way in which a stream ends. */
#include "engine/sealed.h"
#include "tests/scene.h"
#include "tests/sealed.h"
#include "tests/support.h"

#define MANY 7 /* records in one read */

static struct scene scene;
static struct sealed_side terminal;
static struct sealed session;
static struct sealed_step step;
static uint8_t in[MANY * RECORD_SIZE_MAX], out[MANY * RECORD_SIZE_MAX];
static uint8_t frames[RECORD_FRAMES_MAX * FRAME_SIZE], want[RECORD_FRAMES_MAX * FRAME_SIZE];

static void open_session(void)
{
    struct sealed_side server;
    scene_open(&scene);
    sealed_open(&terminal, &server);
    session = (struct sealed){.receive = server.receive, .send = server.send};
    memset(in, 0, sizeof(in));
    memset(out, 0, sizeof(out));
}

static void close_session(void)
{
    scene_close(&scene);
}

static void answer(size_t size)
{
    sealed_take(&step, &session, &scene.answerer, &scene.moment, out, in, size);
    answer_finish(&scene.answerer);
    if (scene.answerer.transactions == NULL)
        sealed_seal(&session, out, step.answer_size);
}

/* A record of the terminal at `record`: frames that a seed chooses, and what plain frames would be
 * answered. Padding behind them is zeros each way. */
static size_t ask(uint8_t *record, size_t asked_count, size_t frame_count, uint64_t seed)
{
    bool is_over;
    scene_frames(frames, asked_count, seed);
    answer_frames(&scene.answerer, &scene.moment, want, frames, asked_count, &is_over);
    memset(want + asked_count * FRAME_SIZE, 0, (frame_count - asked_count) * FRAME_SIZE);
    memset(record + HEADER_SIZE, 0, frame_count * FRAME_SIZE);
    memcpy(record + HEADER_SIZE, frames, asked_count * FRAME_SIZE);
    return record_seal(&terminal.send, record, frame_count);
}

/* The record at out + at is the next one of the session and says what is wanted. */
static size_t check_answer(size_t at, size_t frame_count)
{
    size_t found;
    size_t size = DATA_SIZE(frame_count);
    ck_assert(record_open(&terminal.receive, out + at, size, &found));
    ck_assert_uint_eq(found, frame_count);
    ck_assert(memcmp(out + at + HEADER_SIZE, want, frame_count * FRAME_SIZE) == 0);
    return at + size;
}

START_TEST(a_record_of_any_count_is_answered_by_one_of_as_many)
{
    for (size_t count = 1; count <= RECORD_FRAMES_MAX; count++) {
        size_t size = ask(in, count, count, count);
        answer(size);
        ck_assert_int_eq(step.end, SEALED_GOES_ON);
        ck_assert_uint_eq(step.taken_size, size);
        ck_assert_uint_eq(step.answer_size, size);
        ck_assert_uint_eq(step.frame_count, count);
        check_answer(0, count);
        ck_assert(session.is_confirmed);
    }
}
END_TEST

START_TEST(padding_is_answered_by_padding_and_is_not_counted)
{
    static const size_t sizes[] = {4, 16, 64, RECORD_FRAMES_MAX};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        for (size_t asked = 1; asked < sizes[i]; asked += 1 + asked / 3) {
            memset(out, 0xa5, DATA_SIZE(sizes[i])); /* what an earlier answer left */
            size_t size = ask(in, asked, sizes[i], asked);
            answer(size);
            ck_assert_int_eq(step.end, SEALED_GOES_ON);
            ck_assert_uint_eq(step.frame_count, asked);
            check_answer(0, sizes[i]);
        }
}
END_TEST

START_TEST(several_records_in_one_read_are_answered_each)
{
    static uint8_t wanted[MANY][RECORD_FRAMES_MAX * FRAME_SIZE];
    static const size_t counts[MANY] = {1, 255, 2, 64, 65, 1, 30};
    size_t size = 0, at = 0;
    for (size_t i = 0; i < MANY; i++) {
        size += ask(in + size, counts[i], counts[i], i);
        memcpy(wanted[i], want, sizeof(want));
    }
    answer(size);
    ck_assert_int_eq(step.end, SEALED_GOES_ON);
    ck_assert_uint_eq(step.taken_size, size);
    ck_assert_uint_eq(step.answer_size, size);
    for (size_t i = 0; i < MANY; i++) {
        memcpy(want, wanted[i], sizeof(want));
        at = check_answer(at, counts[i]);
    }
}
END_TEST

/* Records are sealed in their order, and all of a read when all its answers are there. */
START_TEST(records_are_sealed_when_the_verdict_on_a_transaction_is_there)
{
    static struct transactions transactions;
    static const size_t counts[] = {3, 2, 64, 1};
    static uint8_t wanted[4][RECORD_FRAMES_MAX * FRAME_SIZE];
    size_t size = 0, at = 0;
    transactions.count = 0;
    for (size_t i = 0; i < 4; i++) {
        scene.answerer.transactions = NULL;
        bool is_over;
        scene_frames(frames, counts[i], i);
        answer_frames(&scene.answerer, &scene.moment, wanted[i], frames, counts[i], &is_over);
        if (i == 1) { /* its second frame */
            struct request use = scene_check(SCENE_SENIOR, SCENE_DISCOUNT, 99);
            use.kind = KIND_USE;
            frame_encode_request(frames + FRAME_SIZE, &use);
        }
        memcpy(in + size + HEADER_SIZE, frames, counts[i] * FRAME_SIZE);
        size += record_seal(&terminal.send, in + size, counts[i]);
    }
    scene.answerer.transactions = &transactions;
    scene.answerer.subject_key = &scene.subject_key;
    answer(size);
    ck_assert_int_eq(step.end, SEALED_GOES_ON);
    ck_assert_uint_eq(step.answer_size, size);
    ck_assert_uint_eq(transactions.count, 1);

    struct ledger_verdict verdict = {.status = STATUS_DOES_NOT_APPLY, .payable = 5, .sequence = 8};
    awaited_answer(transactions.places[0], &verdict);
    memcpy(wanted[1] + FRAME_SIZE, transactions.places[0], FRAME_SIZE);
    sealed_seal(&session, out, step.answer_size);
    for (size_t i = 0; i < 4; i++) {
        memcpy(want, wanted[i], counts[i] * FRAME_SIZE);
        at = check_answer(at, counts[i]);
    }
}
END_TEST

/* As a connection does it: what is not whole is kept, and stands before what comes next. */
START_TEST(a_cut_anywhere_changes_nothing)
{
    static uint8_t stream[2 * DATA_SIZE(3)];
    for (size_t cut = 0; cut <= sizeof(stream); cut++) {
        size_t first = ask(stream, 3, 3, cut);
        (void)ask(stream + first, 2, 3, cut); /* padded, and equal to the first but for that */
        memcpy(in, stream, cut);
        answer(cut);
        ck_assert_int_eq(step.end, SEALED_GOES_ON);
        ck_assert_uint_eq(step.taken_size, cut / first * first);
        ck_assert_uint_eq(step.answer_size, step.taken_size);
        ck_assert(memcmp(in + step.taken_size, stream + step.taken_size, cut - step.taken_size) ==
                  0);
        static uint8_t answers[sizeof(stream)];
        size_t have = step.answer_size;
        memcpy(answers, out, have);
        size_t rest = sizeof(stream) - step.taken_size;
        memcpy(in, stream + step.taken_size, rest);
        answer(rest);
        memcpy(answers + have, out, step.answer_size);
        ck_assert_uint_eq(have + step.answer_size, sizeof(stream));
        memcpy(out, answers, sizeof(answers));
        size_t found;
        ck_assert(record_open(&terminal.receive, out, first, &found));
        check_answer(first, 3);
    }
}
END_TEST

START_TEST(a_beginning_waits_as_long_as_its_header_is_good)
{
    size_t size = ask(in, 255, 255, 1);
    for (size_t have = 0; have < size; have++) {
        answer(have);
        ck_assert_int_eq(step.end, SEALED_GOES_ON);
        ck_assert_uint_eq(step.taken_size + step.answer_size, 0);
    }
    ck_assert(!session.is_confirmed);
    answer(size);
    check_answer(0, 255);
}
END_TEST

/* ---- what is not the next record ends the stream ---- */

static void type_hello(uint8_t *record)
{
    record_header_encode(record, &(struct record_header){RECORD_HELLO, HELLO_BODY_SIZE});
}
static void type_accept(uint8_t *record)
{
    record_header_encode(record, &(struct record_header){RECORD_ACCEPT, ACCEPT_BODY_SIZE});
}
static void type_busy(uint8_t *record)
{
    record_header_encode(record, &(struct record_header){RECORD_BUSY, BUSY_BODY_SIZE});
}
static void type_unknown(uint8_t *record)
{
    record[HEADER_TYPE] = 17;
}
static void version(uint8_t *record)
{
    record[HEADER_VERSION] = RECORD_VERSION + 1;
}
static void body_of_nothing(uint8_t *record)
{
    store_u16(record + HEADER_BODY_SIZE, 0);
}
static void body_of_a_seal(uint8_t *record)
{
    store_u16(record + HEADER_BODY_SIZE, DATA_BODY_SIZE(0));
}
static void body_one_short(uint8_t *record)
{
    store_u16(record + HEADER_BODY_SIZE, DATA_BODY_SIZE(2) - 1);
}
static void body_too_long(uint8_t *record)
{
    store_u16(record + HEADER_BODY_SIZE, DATA_BODY_SIZE(RECORD_FRAMES_MAX + 1));
}
static void body_longest(uint8_t *record)
{
    store_u16(record + HEADER_BODY_SIZE, UINT16_MAX);
}
static void a_bit_of_the_seal(uint8_t *record)
{
    record[DATA_SIZE(2) - 1] ^= 0x80;
}
static void a_bit_of_a_frame(uint8_t *record)
{
    record[HEADER_SIZE + 70] ^= 1;
}
static void a_frame_less(uint8_t *record)
{
    store_u16(record + HEADER_BODY_SIZE, DATA_BODY_SIZE(1));
}

static const struct {
    const char *name;
    void (*spoil)(uint8_t *record);
    enum sealed_end end;
} deviations[] = {
    {"a HELLO in a session", type_hello, SEALED_BAD_TYPE},
    {"an ACCEPT from a terminal", type_accept, SEALED_BAD_TYPE},
    {"a BUSY from a terminal", type_busy, SEALED_BAD_TYPE},
    {"a type that there is not", type_unknown, SEALED_BAD_TYPE},
    {"another version", version, SEALED_BAD_VERSION},
    {"a body of nothing", body_of_nothing, SEALED_BAD_SIZE},
    {"a seal around nothing", body_of_a_seal, SEALED_BAD_SIZE},
    {"a body that ends inside a frame", body_one_short, SEALED_BAD_SIZE},
    {"256 frames", body_too_long, SEALED_BAD_SIZE},
    {"the longest body", body_longest, SEALED_BAD_SIZE},
    {"a bit of the seal", a_bit_of_the_seal, SEALED_UNOPENED},
    {"a bit of a frame", a_bit_of_a_frame, SEALED_UNOPENED},
    {"a frame less than was sealed", a_frame_less, SEALED_UNOPENED},
};

START_TEST(what_is_before_a_deviation_is_answered_and_nothing_after_it)
{
    size_t first = ask(in, 3, 3, 1);
    size_t size = first;
    uint8_t answered[DATA_SIZE(3)];
    memcpy(answered, want, 3 * FRAME_SIZE);
    size += ask(in + size, 2, 2, 2);
    size += ask(in + size, 4, 4, 3);
    deviations[_i].spoil(in + first);
    answer(size);
    ck_assert_msg(step.end == deviations[_i].end, "%s: %d", deviations[_i].name, step.end);
    ck_assert_uint_eq(step.answer_size, first);
    ck_assert_uint_eq(step.frame_count, 3);
    memcpy(want, answered, 3 * FRAME_SIZE);
    check_answer(0, 3);
}
END_TEST

/* A size that cannot be is not waited for: four bytes are enough to refuse it. */
START_TEST(a_bad_header_is_refused_before_its_body)
{
    if (deviations[_i].end == SEALED_UNOPENED)
        return;
    (void)ask(in, 2, 2, 1);
    deviations[_i].spoil(in);
    answer(HEADER_SIZE);
    ck_assert_int_eq(step.end, deviations[_i].end);
    ck_assert_uint_eq(step.taken_size + step.answer_size, 0);
    ck_assert(!session.is_confirmed);
}
END_TEST

START_TEST(a_record_that_comes_again_or_early_does_not_open)
{
    uint8_t again[DATA_SIZE(2)];
    size_t size = ask(in, 2, 2, 1);
    memcpy(again, in, size);
    answer(size);
    ck_assert_int_eq(step.end, SEALED_GOES_ON);
    memcpy(in, again, size);
    answer(size);
    ck_assert_int_eq(step.end, SEALED_UNOPENED);
    ck_assert_uint_eq(step.answer_size, 0);

    (void)ask(again, 2, 2, 3); /* lost on the way */
    size = ask(in, 2, 2, 4);
    answer(size);
    ck_assert_int_eq(step.end, SEALED_UNOPENED);
}
END_TEST

START_TEST(our_own_answer_sent_back_does_not_open)
{
    size_t size = ask(in, 2, 2, 1);
    answer(size);
    memcpy(in, out, size);
    answer(size);
    ck_assert_int_eq(step.end, SEALED_UNOPENED);
}
END_TEST

START_TEST(a_record_of_another_session_does_not_open)
{
    struct sealed_side other, server;
    uint8_t hello[HELLO_SIZE], accept[ACCEPT_SIZE];
    other = sealed_terminal();
    server = sealed_server();
    other.ephemeral = sealed_key_of(7);
    ck_assert(sealed_say_hello(&other, hello, &sealed_hello) && sealed_hear_hello(&server, hello) &&
              sealed_say_accept(&server, accept) &&
              sealed_hear_accept(&other, accept) == ACCEPT_FINE);
    scene_frames(in + HEADER_SIZE, 2, 1);
    size_t size = record_seal(&other.send, in, 2);
    answer(size);
    ck_assert_int_eq(step.end, SEALED_UNOPENED);
    ck_assert(!session.is_confirmed);
}
END_TEST

static size_t seal_frames(size_t frame_count)
{
    return record_seal(&terminal.send, in, frame_count);
}

START_TEST(padding_alone_and_frames_behind_it_end_the_stream)
{
    memset(in, 0, sizeof(in));
    if (_i == 1)
        scene_frames(in + HEADER_SIZE + FRAME_SIZE, 1, 1);
    if (_i == 2) {
        scene_frames(in + HEADER_SIZE, 3, 1);
        memset(in + HEADER_SIZE + FRAME_SIZE, 0, FRAME_SIZE);
    }
    if (_i == 3) {
        scene_frames(in + HEADER_SIZE, 1, 1);
        in[HEADER_SIZE + 4 * FRAME_SIZE - 1] = 1;
    }
    size_t size = seal_frames(4);
    answer(size);
    ck_assert_int_eq(step.end, SEALED_BAD_PADDING);
    ck_assert_uint_eq(step.answer_size, 0);
    ck_assert_uint_eq(step.frame_count, 0);
}
END_TEST

/* Where frames end is known in a record: one that is not understood is told so, and no more. */
START_TEST(a_frame_of_another_version_is_answered_like_every_other)
{
    scene_frames(in + HEADER_SIZE, 5, 1);
    in[HEADER_SIZE + REQUEST_VERSION] = 0;
    in[HEADER_SIZE + 2 * FRAME_SIZE + REQUEST_VERSION] = 9;
    in[HEADER_SIZE + 4 * FRAME_SIZE + REQUEST_VERSION] = 255;
    size_t first = seal_frames(5);
    size_t size = first + ask(in + first, 1, 1, 2);
    answer(size);
    ck_assert_int_eq(step.end, SEALED_GOES_ON);
    ck_assert_uint_eq(step.answer_size, size);
    ck_assert_uint_eq(step.frame_count, 6);
    size_t found;
    ck_assert(record_open(&terminal.receive, out, first, &found));
    for (size_t i = 0; i < 5; i++) {
        uint16_t status = load_u16(out + HEADER_SIZE + i * FRAME_SIZE + RESPONSE_STATUS);
        ck_assert((status == STATUS_BAD_VERSION) == (i % 2 == 0));
    }
    check_answer(first, 1);
}
END_TEST

START_TEST(the_last_record_of_a_session_is_answered_and_ends_it)
{
    terminal.send.counter = session.receive.counter = SESSION_RECORDS_MAX - 2;
    terminal.receive.counter = session.send.counter = SESSION_RECORDS_MAX - 2;
    size_t size = ask(in, 1, 1, 1);
    answer(size);
    ck_assert_int_eq(step.end, SEALED_GOES_ON);
    check_answer(0, 1);
    size = ask(in, 1, 1, 2);
    memcpy(in + size, in, size); /* whatever comes behind it */
    answer(2 * size);
    ck_assert_int_eq(step.end, SEALED_IS_OVER);
    ck_assert_uint_eq(step.taken_size, size);
    check_answer(0, 1);
}
END_TEST

int main(void)
{
    enum { DEVIATIONS = sizeof(deviations) / sizeof(deviations[0]) };
    Suite *suite = suite_create("sealed");
    TCase *tcase = tcase_create("sealed");
    tcase_add_checked_fixture(tcase, open_session, close_session);
    tcase_add_test(tcase, a_record_of_any_count_is_answered_by_one_of_as_many);
    tcase_add_test(tcase, padding_is_answered_by_padding_and_is_not_counted);
    tcase_add_test(tcase, several_records_in_one_read_are_answered_each);
    tcase_add_test(tcase, records_are_sealed_when_the_verdict_on_a_transaction_is_there);
    tcase_add_test(tcase, a_cut_anywhere_changes_nothing);
    tcase_add_test(tcase, a_beginning_waits_as_long_as_its_header_is_good);
    tcase_add_loop_test(tcase, what_is_before_a_deviation_is_answered_and_nothing_after_it, 0,
                        DEVIATIONS);
    tcase_add_loop_test(tcase, a_bad_header_is_refused_before_its_body, 0, DEVIATIONS);
    tcase_add_test(tcase, a_record_that_comes_again_or_early_does_not_open);
    tcase_add_test(tcase, our_own_answer_sent_back_does_not_open);
    tcase_add_test(tcase, a_record_of_another_session_does_not_open);
    tcase_add_loop_test(tcase, padding_alone_and_frames_behind_it_end_the_stream, 0, 4);
    tcase_add_test(tcase, a_frame_of_another_version_is_answered_like_every_other);
    tcase_add_test(tcase, the_last_record_of_a_session_is_answered_and_ends_it);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
