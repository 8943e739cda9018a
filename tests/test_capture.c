/* What somebody learns who hears every byte between terminals and the server: sizes of records, and
 * when they pass. Not who is asked about, not what for, not what comes of it. */
#include "protocol/record.h"
#include "tests/market.h"
#include "tests/relay.h"
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RUN        8 /* bytes that two streams never have in common */
#define FIRST_ID   UINT64_C(0x5ca1ab1e0ddba110)
#define NEEDLES    40
#define STREAM_MAX (2 * RELAY_SEEN_MAX)

struct stream {
    size_t size;
    uint8_t bytes[STREAM_MAX];
};

struct needle {
    const char *what;
    size_t size;
    uint8_t bytes[24];
};

static struct booth booth;
static struct relay relay;
static struct needle needles[NEEDLES];
static size_t needle_count;
static const size_t counts[] = {1, 1, 3, 4, 5, 16, 2, 1, 17, 1}; /* questions, record by record */
#define RECORDS (sizeof(counts) / sizeof(counts[0]))

/* ---- what must not be there ---- */

static void need(const char *what, const void *bytes, size_t size)
{
    ck_assert_uint_lt(needle_count, NEEDLES);
    ck_assert_uint_le(size, sizeof(needles[0].bytes));
    struct needle *needle = &needles[needle_count++];
    *needle = (struct needle){.what = what, .size = size};
    memcpy(needle->bytes, bytes, size);
}

/* A number, its least and its greatest byte first. */
static void need_number(const char *what, uint64_t number, size_t size)
{
    uint8_t least[8], greatest[8];
    for (size_t i = 0; i < size; i++) {
        least[i] = (uint8_t)(number >> 8 * i);
        greatest[size - 1 - i] = least[i];
    }
    need(what, least, size);
    need(what, greatest, size);
}

static void need_code(const char *code)
{
    uint8_t digits[11], packed[6] = {0}, shifted[6] = {0};
    uint64_t number = strtoull(code, NULL, 10);
    struct digest digest;
    for (size_t i = 0; i < 11; i++) {
        uint8_t digit = digits[i] = (uint8_t)(code[i] - '0');
        packed[i / 2] |= (uint8_t)(i % 2 == 0 ? digit << 4 : digit);
        shifted[(i + 1) / 2] |= (uint8_t)((i + 1) % 2 == 0 ? digit << 4 : digit);
    }
    need("a code as text", code, 11);
    need("the first digits of a code", code, 8);
    need("a code as digits", digits, sizeof(digits));
    need("a code in half bytes", packed, 5);
    need("a code in half bytes", shifted + 1, 5);
    need_number("a code as a number", number, 5);
    fixture_digest(market.fixture, &digest, MEANS_PERSONAL_CODE, code);
    need("a digest", digest.bytes, 8);
    need("the end of a digest", digest.bytes + DIGEST_SIZE - 8, 8);
}

static void collect_needles(void)
{
    needle_count = 0;
    need_code(MARKET_CODE);
    need_code(MARKET_STRANGER);
    need_number("a request id", FIRST_ID, 8);
    need_number("the beginning of request ids", FIRST_ID >> 16, 6);
    need_number("a product", MARKET_PRODUCT, 4);
    need_number("a relief", MARKET_RELIEF, 4);
    need("the terminal's key", booth.settings.terminal_secret, 16);
    need("the merchant's key", market.psk, 16);
}

static uint8_t byte_at(const uint8_t *bytes, unsigned shift)
{
    if (shift == 0)
        return *bytes;
    return (uint8_t)(bytes[0] << shift | bytes[1] >> (8 - shift));
}

/* Bits from any place on; four bytes stand by chance at one of so many bit offsets too often, so
 * these are looked for from bytes on. */
static bool stands_in(const struct needle *needle, const uint8_t *bytes, size_t size)
{
    for (unsigned shift = 0; shift < (needle->size > 4 ? 8 : 1); shift++)
        for (size_t at = 0; at + needle->size + (shift > 0) <= size; at++) {
            size_t same = 0;
            while (same < needle->size && byte_at(bytes + at + same, shift) == needle->bytes[same])
                same++;
            if (same == needle->size)
                return true;
        }
    return false;
}

static void expect_none_in(const struct stream *stream)
{
    for (size_t i = 0; i < needle_count; i++)
        ck_assert_msg(!stands_in(&needles[i], stream->bytes, stream->size), "%s was sent in clear",
                      needles[i].what);
}

/* ---- what was heard ---- */

static void open_market(void)
{
    market_open();
    MARKET_START("--per-minute", "0");
    relay_open(&relay, market.port);
    market_booth(&booth, MARKET_TILL);
    booth.settings.is_padded = 1;
    collect_needles();
}

static void close_market(void)
{
    relay_close(&relay);
    booth_close(&booth);
    market_close();
}

/* A session with all the questions, about one person; the number of its connection. */
static uint32_t converse(const char *code)
{
    static uint8_t frames[ELIG_FRAMES_MAX * FRAME_SIZE];
    uint32_t pair = atomic_load(&relay.pair_count);
    booth_open(&booth, relay.port);
    for (size_t i = 0; i < RECORDS; i++) {
        for (size_t j = 0; j < counts[i]; j++)
            market_frame(frames + j * FRAME_SIZE, code, FIRST_ID + j);
        ck_assert(booth_ask(&booth, frames, frames, counts[i]));
        for (size_t j = 0; j < counts[i]; j++)
            ck_assert(market_is_answer(frames + j * FRAME_SIZE, code, FIRST_ID + j));
    }
    booth_close(&booth);
    return pair;
}

static void hear(struct stream *stream, uint32_t pair, int way)
{
    const uint8_t *bytes;
    stream->size = relay_seen(&relay, pair, way, &bytes);
    ck_assert_uint_lt(stream->size, RELAY_SEEN_MAX); /* or something was not kept */
    memcpy(stream->bytes, bytes, stream->size);
}

/* The frames of every record behind the first one, by what its header says; how many there were. */
static size_t list_sizes(size_t sizes[static RECORDS], const struct stream *stream, size_t first)
{
    size_t count = 0, at = first;
    while (at < stream->size) {
        ck_assert_uint_lt(count, RECORDS);
        ck_assert_uint_eq(stream->bytes[at], RECORD_DATA);
        size_t body = load_u16(stream->bytes + at + HEADER_BODY_SIZE);
        sizes[count++] = (body - NOISE_TAG_SIZE) / FRAME_SIZE;
        at += HEADER_SIZE + body;
    }
    ck_assert_uint_eq(at, stream->size);
    return count;
}

/* ---- the tests ---- */

/* Without this the next one would say nothing. */
START_TEST(what_is_looked_for_is_found_where_it_stands)
{
    static struct stream stream;
    for (size_t i = 0; i < needle_count; i++)
        for (unsigned shift = 0; shift < (needles[i].size > 4 ? 8 : 1); shift++) {
            memset(&stream, 0xcc, sizeof(stream));
            stream.size = 200;
            for (size_t bit = 0; bit < needles[i].size * 8; bit++) {
                size_t to = 77 * 8 + shift + bit;
                uint8_t mask = (uint8_t)(0x80 >> to % 8);
                bool is_set = needles[i].bytes[bit / 8] & (0x80 >> bit % 8);
                stream.bytes[to / 8] =
                    (uint8_t)(is_set ? stream.bytes[to / 8] | mask : stream.bytes[to / 8] & ~mask);
            }
            ck_assert_msg(stands_in(&needles[i], stream.bytes, stream.size), "%s, bit %u",
                          needles[i].what, shift);
        }
    /* A question and its answer as they would be in clear. */
    market_frame(stream.bytes, MARKET_CODE, FIRST_ID);
    uint32_t found_count = 0;
    for (size_t i = 0; i < needle_count; i++)
        found_count += stands_in(&needles[i], stream.bytes, FRAME_SIZE);
    ck_assert_uint_ge(found_count, 4); /* the text, its beginning, the id, the product */
}
END_TEST

START_TEST(nobody_on_the_way_hears_who_what_and_what_came_of_it)
{
    static struct stream stream;
    const char *codes[] = {MARKET_CODE, MARKET_STRANGER};
    for (int i = 0; i < 4; i++) {
        uint32_t pair = converse(codes[i % 2]);
        for (int way = 0; way < RELAY_WAYS; way++) {
            hear(&stream, pair, way);
            ck_assert_uint_gt(stream.size, 4000);
            expect_none_in(&stream);
        }
    }
}
END_TEST

static int compare(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

/* Every run of a stream, sorted; those left out that have bytes of the clear beginning of a HELLO:
 * of two with seven of them one pair in 256 would be alike by chance. */
static size_t list_runs(uint64_t *runs, const struct stream *stream, int way)
{
    size_t count = 0;
    for (size_t at = way == RELAY_UP ? HEADER_SIZE + HELLO_MAC1 : 0; at + RUN <= stream->size; at++)
        runs[count++] = load_u64(stream->bytes + at);
    qsort(runs, count, sizeof(runs[0]), compare);
    return count;
}

START_TEST(equal_questions_in_two_sessions_have_no_bytes_in_common)
{
    static struct stream stream;
    static uint64_t runs[4][STREAM_MAX];
    size_t sizes[4];
    for (int i = 0; i < 4; i += 2) {
        uint32_t pair = converse(MARKET_CODE);
        for (int way = 0; way < RELAY_WAYS; way++) {
            hear(&stream, pair, way);
            sizes[i + way] = list_runs(runs[i + way], &stream, way);
        }
    }
    for (int i = 0; i < 4; i++)
        for (size_t j = 1; j < sizes[i]; j++)
            ck_assert_msg(runs[i][j] != runs[i][j - 1], "stream %d says something twice", i);
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < i; j++)
            for (size_t a = 0, b = 0; a < sizes[i] && b < sizes[j];) {
                ck_assert_msg(runs[i][a] != runs[j][b], "streams %d and %d", j, i);
                if (runs[i][a] < runs[j][b])
                    a++;
                else
                    b++;
            }
}
END_TEST

START_TEST(sizes_are_those_of_few_steps_and_the_same_for_everybody)
{
    static struct stream stream;
    static const size_t want[RECORDS] = {1, 1, 4, 4, 16, 16, 4, 1, 64, 1};
    const char *codes[] = {MARKET_CODE, MARKET_STRANGER};
    size_t sizes[RECORDS];
    for (int i = 0; i < 2; i++) {
        uint32_t pair = converse(codes[i]);
        for (int way = 0; way < RELAY_WAYS; way++) {
            hear(&stream, pair, way);
            ck_assert_uint_eq(
                list_sizes(sizes, &stream, way == RELAY_UP ? HELLO_SIZE : ACCEPT_SIZE), RECORDS);
            for (size_t j = 0; j < RECORDS; j++)
                ck_assert_uint_eq(sizes[j], want[j]);
        }
    }
}
END_TEST

/* A terminal that is refused learns as little, and so does whoever listens. */
START_TEST(a_refusal_is_no_bytes_at_all)
{
    static struct stream stream;
    booth.settings.terminal_secret[3] ^= 1;
    booth_greet(&booth, relay.port);
    ck_assert(booth_is_shut_out(&booth));
    hear(&stream, 0, RELAY_DOWN);
    ck_assert_uint_eq(stream.size, 0);
    hear(&stream, 0, RELAY_UP);
    ck_assert_uint_eq(stream.size, HELLO_SIZE);
    expect_none_in(&stream);
    struct needle key = {.what = "who the terminal is", .size = 16};
    struct noise_keys keys = market_keys(MARKET_TILL);
    memcpy(key.bytes, keys.public_key, key.size);
    ck_assert(!stands_in(&key, stream.bytes, stream.size));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("capture");
    TCase *tcase = tcase_create("capture");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, open_market, close_market);
    tcase_add_test(tcase, what_is_looked_for_is_found_where_it_stands);
    tcase_add_test(tcase, nobody_on_the_way_hears_who_what_and_what_came_of_it);
    tcase_add_test(tcase, equal_questions_in_two_sessions_have_no_bytes_in_common);
    tcase_add_test(tcase, sizes_are_those_of_few_steps_and_the_same_for_everybody);
    tcase_add_test(tcase, a_refusal_is_no_bytes_at_all);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
