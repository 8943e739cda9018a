#include "bench/dialect.h"
#include "tests/support.h"

#include <stdio.h>
#include <string.h>

#define KEY "0123456789abcdef"

static struct workload workload = {.identifier_count = 1000};
static enum outcome outcome;
static struct judgement judgement;

static int answer_of(const struct dialect *dialect, const char *bytes, size_t size)
{
    return dialect->answer(at_the_edge(bytes, size), size, 1, &outcome, &judgement);
}

static const struct {
    const struct dialect *dialect;
    const char *bytes;
    enum outcome outcome;
} answers[] = {
    {&dialect_redis, "$16\r\n" KEY "\r\n", OUTCOME_APPLIES},
    {&dialect_redis, "$-1\r\n", OUTCOME_DOES_NOT_APPLY},
    {&dialect_valkey, "$16\r\n" KEY "\r\n", OUTCOME_APPLIES},
    {&dialect_valkey, "$-1\r\n", OUTCOME_DOES_NOT_APPLY},
    {&dialect_memcached, "VA 16\r\n" KEY "\r\n", OUTCOME_APPLIES},
    {&dialect_memcached, "EN\r\n", OUTCOME_DOES_NOT_APPLY},
};

START_TEST(an_answer_that_comes_in_two_parts_is_taken_when_it_is_whole)
{
    const char *bytes = answers[_i].bytes;
    size_t size = strlen(bytes);
    for (size_t cut = 0; cut < size; cut++)
        ck_assert_int_eq(answer_of(answers[_i].dialect, bytes, cut), 0);
    ck_assert_int_eq(answer_of(answers[_i].dialect, bytes, size), (int)size);
    ck_assert_int_eq(outcome, answers[_i].outcome);
}
END_TEST

START_TEST(what_comes_after_an_answer_is_left)
{
    char bytes[64];
    size_t size = strlen(answers[_i].bytes);
    int all = snprintf(bytes, sizeof(bytes), "%s%s", answers[_i].bytes, answers[_i].bytes);
    ck_assert_int_eq(answer_of(answers[_i].dialect, bytes, (size_t)all), (int)size);
}
END_TEST

/* Refused at the first byte that can be of no answer, and whatever follows it. */
static const struct {
    const struct dialect *dialect;
    const char *bytes;
} foreign[] = {
    {&dialect_redis, "-LOADING Redis is loading the dataset in memory\r\n"},
    {&dialect_redis, "$15\r\n" KEY},
    {&dialect_redis, "$16\r\n" KEY "x\r\n"},
    {&dialect_redis, "VA 16\r\n" KEY "\r\n"},
    {&dialect_redis, "*"},
    {&dialect_valkey, "+OK\r\n"},
    {&dialect_memcached, "SERVER_ERROR out of memory\r\n"},
    {&dialect_memcached, "VA 17\r\n" KEY "\r\n"},
    {&dialect_memcached, "VA 16\r\n" KEY "xx"},
    {&dialect_memcached, "E\r"},
    {&dialect_memcached, "\0"},
};

START_TEST(foreign_bytes_are_no_answer)
{
    size_t size = strlen(foreign[_i].bytes);
    ck_assert_int_eq(answer_of(foreign[_i].dialect, foreign[_i].bytes, size > 0 ? size : 1), -1);
}
END_TEST

static const struct {
    const struct dialect *dialect;
    const char *request, *set;
} commands[] = {
    {&dialect_redis, "*2\r\n$3\r\nGET\r\n$16\r\n000000000000026a\r\n",
     "*3\r\n$3\r\nSET\r\n$16\r\n000000000000002a\r\n$16\r\n000000000000002a\r\n"},
    {&dialect_valkey, "*2\r\n$3\r\nGET\r\n$16\r\n000000000000026a\r\n",
     "*3\r\n$3\r\nSET\r\n$16\r\n000000000000002a\r\n$16\r\n000000000000002a\r\n"},
    {&dialect_memcached, "mg 000000000000026a v\r\n",
     "set 000000000000002a 0 0 16\r\n000000000000002a\r\n"},
};

START_TEST(stores_are_asked_for_the_same_keys_in_their_own_words)
{
    uint8_t out[SET_SIZE_MAX];
    size_t size = commands[_i].dialect->request(out, &workload, 1);
    ck_assert_uint_eq(size, strlen(commands[_i].request));
    ck_assert_mem_eq(out, commands[_i].request, size);
    size = commands[_i].dialect->set(out, 42);
    ck_assert_uint_eq(size, strlen(commands[_i].set));
    ck_assert_mem_eq(out, commands[_i].set, size);
}
END_TEST

START_TEST(every_key_that_is_asked_for_was_set)
{
    uint8_t out[REQUEST_SIZE_MAX], last[STORE_KEY_SIZE];
    store_key(last, workload.identifier_count - 1);
    for (uint64_t id = 1; id <= 100000; id++) {
        dialect_memcached.request(out, &workload, id);
        ck_assert_int_le(memcmp(out + 3, last, STORE_KEY_SIZE), 0);
    }
}
END_TEST

START_TEST(an_answer_to_another_request_is_none)
{
    uint8_t frame[FRAME_SIZE] = {0};
    store_u64(frame + REQUEST_ID, 2);
    ck_assert_int_eq(dialect_echo.answer(frame, sizeof(frame), 1, &outcome, &judgement), -1);
    ck_assert_int_eq(dialect_echo.answer(frame, sizeof(frame), 2, &outcome, &judgement),
                     FRAME_SIZE);
    frame[RESPONSE_VERSION] = FRAME_VERSION;
    store_u64(frame + RESPONSE_ID, 2);
    ck_assert_int_eq(dialect_elig.answer(frame, sizeof(frame), 1, &outcome, &judgement), -1);
    ck_assert_int_eq(dialect_elig.answer(frame, sizeof(frame), 2, &outcome, &judgement),
                     FRAME_SIZE);
    ck_assert_int_eq(dialect_elig.answer(frame, sizeof(frame) - 1, 2, &outcome, &judgement), 0);
}
END_TEST

START_TEST(dialects_are_found_by_name)
{
    ck_assert_ptr_eq(dialect_of_name("memcached"), &dialect_memcached);
    ck_assert_ptr_eq(dialect_of_name("valkey"), &dialect_valkey);
    ck_assert_ptr_null(dialect_of_name("memcache"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("dialect");
    TCase *cases = tcase_create("dialect");
    const int answer_count = sizeof(answers) / sizeof(answers[0]);
    const int foreign_count = sizeof(foreign) / sizeof(foreign[0]);
    const int command_count = sizeof(commands) / sizeof(commands[0]);
    tcase_add_loop_test(cases, an_answer_that_comes_in_two_parts_is_taken_when_it_is_whole, 0,
                        answer_count);
    tcase_add_loop_test(cases, what_comes_after_an_answer_is_left, 0, answer_count);
    tcase_add_loop_test(cases, foreign_bytes_are_no_answer, 0, foreign_count);
    tcase_add_loop_test(cases, stores_are_asked_for_the_same_keys_in_their_own_words, 0,
                        command_count);
    tcase_add_test(cases, every_key_that_is_asked_for_was_set);
    tcase_add_test(cases, an_answer_to_another_request_is_none);
    tcase_add_test(cases, dialects_are_found_by_name);
    suite_add_tcase(suite, cases);
    return support_run(suite);
}
