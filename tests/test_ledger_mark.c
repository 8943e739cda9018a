#include "protocol/ledger_mark.h"
#include "tests/support.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

static struct sign_secret secret;
static struct sign_public public;
static struct fault fault;

static const struct ledger_mark mark = {
    .environment = 7, .sequence = UINT64_MAX, .clock_ms = 5, .chain = {1, 2, 0xff}};

static void set_up(void)
{
    ck_assert(identity_start(&fault));
    crypto_sign_keypair(public.bytes, secret.bytes);
}

START_TEST(a_head_comes_back_as_it_was)
{
    char line[MARK_LINE_SIZE];
    struct ledger_mark out;
    size_t size = mark_write(line, &mark, &secret);
    ck_assert_uint_eq(size, strlen(line));
    const uint8_t *edge = at_the_edge(line, size);
    ck_assert_msg(mark_read(&out, (const char *)edge, size, &public, &fault), "%s", fault.text);
    ck_assert_uint_eq(out.environment, 7);
    ck_assert_uint_eq(out.sequence, UINT64_MAX);
    ck_assert_uint_eq(out.clock_ms, 5);
    ck_assert_mem_eq(out.chain, mark.chain, sizeof(mark.chain));
}
END_TEST

/* Hexadecimal digits may be large or small; but for that every bit counts. */
START_TEST(any_other_byte_is_refused)
{
    char line[MARK_LINE_SIZE];
    struct ledger_mark out;
    size_t size = mark_write(line, &mark, &secret);
    for (size_t at = 0; at < size; at++) {
        for (int bit = 0; bit < 8; bit++) {
            line[at] ^= (char)(1 << bit);
            bool is_case = bit == 5 && at > size - 130 && at + 1 < size;
            ck_assert_msg(!mark_read(&out, line, size, &public, &fault) || is_case, "byte %zu", at);
            line[at] ^= (char)(1 << bit);
        }
        ck_assert(!mark_read(&out, line, at, &public, &fault)); /* cut */
    }
    line[size] = '\n';
    ck_assert(!mark_read(&out, line, size + 1, &public, &fault));
}
END_TEST

START_TEST(another_key_is_refused)
{
    char line[MARK_LINE_SIZE];
    struct ledger_mark out;
    size_t size = mark_write(line, &mark, &secret);
    public.bytes[3] ^= 1;
    ck_assert(!mark_read(&out, line, size, &public, &fault));
    ck_assert_str_eq(fault.text, "its signature is not of this key");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ledger_mark");
    TCase *tcase = tcase_create("ledger_mark");
    tcase_add_checked_fixture(tcase, set_up, NULL);
    tcase_add_test(tcase, a_head_comes_back_as_it_was);
    tcase_add_test(tcase, any_other_byte_is_refused);
    tcase_add_test(tcase, another_key_is_refused);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
