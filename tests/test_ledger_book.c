/* What engine/book writes is good to the verifier, and reads as it was written. */
#include "protocol/ledger_read.h"
#include "protocol/ledger_verify.h"
#include "tests/ledger_scene.h"
#include "tests/support.h"

#include <stdlib.h>
#include <string.h>

#define MEMORY    ((uint64_t)64 << 20)
#define ASK_COUNT 4000

static struct ledger_scene scene;
static struct verified verified;

/* In order of relief. */
static const struct limit limits[] = {
    {.relief = LS_HALF,
     .kind = LIMIT_USES,
     .period = PERIOD_MONTH,
     .value = 12,
     .until_day = DAY_NEVER},
    {.relief = LS_HALF,
     .kind = LIMIT_USES,
     .period = PERIOD_STATUS_TERM,
     .value = 300,
     .until_day = DAY_NEVER},
    {.relief = LS_HALF,
     .kind = LIMIT_BUDGET,
     .period = PERIOD_MONTH,
     .value = 620000,
     .warn_bp = 5000,
     .until_day = DAY_NEVER},
    {.relief = LS_THIRD,
     .kind = LIMIT_AMOUNT,
     .period = PERIOD_DAY,
     .shared = 5,
     .value = 9000,
     .until_day = DAY_NEVER},
    {.relief = LS_DIME,
     .kind = LIMIT_AMOUNT,
     .period = PERIOD_WEEK,
     .shared = 5,
     .value = 9000,
     .until_day = DAY_NEVER},
    {.relief = LS_SCHOOL,
     .kind = LIMIT_USES,
     .period = PERIOD_LIFETIME,
     .value = 10,
     .until_day = DAY_NEVER},
};

/* The same to the verifier, which asks by generation: there is one. */
static const struct row_limits *limits_of(void *with, uint64_t generation)
{
    (void)generation;
    return with;
}

static void verify_with(const struct row_limits *known)
{
    struct fault fault;
    struct verify_settings settings = {.path = scene.directory,
                                       .memory = MEMORY,
                                       .is_quiet = true,
                                       .limits_of = limits_of,
                                       .with = (void *)(uintptr_t)known};
    verified.findings.told_max = 5;
    ck_assert_msg(ledger_verify(&verified, &settings, &fault), "%s", fault.text);
}

/* What the scene has, `less` of it under the limit number `which`. */
static void verify_limits(size_t which, uint64_t less)
{
    static struct row_limit list[COUNT_OF(limits)];
    struct row_limits known = {list, COUNT_OF(limits)};
    for (size_t i = 0; i < COUNT_OF(limits); i++)
        list[i] = (struct row_limit){.scope = LS_CODE(limits[i].relief),
                                     .kind = limits[i].kind,
                                     .period = limits[i].period,
                                     .shared = limits[i].shared,
                                     .until_day = limits[i].until_day,
                                     .value = limits[i].value - (i == which ? less : 0)};
    verify_with(&known);
}

static void check_is_good(const char *when)
{
    book_close(scene.book);
    scene.book = NULL;
    verify_limits(0, 0);
    const struct ledger_violation *first = &verified.findings.told[0];
    ck_assert_msg(verified.findings.count == 0, "%s: %u found: %s, posting %u: %s", when,
                  (unsigned)verified.findings.count, first->rule, (unsigned)first->sequence,
                  first->text);
    ck_assert_uint_gt(verified.compared_count, 0);
    ck_assert_uint_eq(verified.unknown_count, 0);
}

/* A purchase of some kind, day and person; kept, so that others may be about it. */
static struct ledger_request random_purchase(uint64_t dice)
{
    static const uint8_t kinds[] = {KIND_USE, KIND_RESERVE, KIND_RESERVE, KIND_LATE};
    struct ledger_request r =
        ls_purchase(&scene, kinds[dice % 4], dice / 4 % 20, LS_P_HALF + (uint32_t)(dice / 128 % 6));
    r.purchase.quantity = (uint16_t)(1 + dice / 1024 % 5);
    r.purchase.companions = (uint8_t)(dice / 8192 % 3);
    r.hold_10s = (uint8_t)(1 + dice / 65536 % 9);
    r.view = dice / 1048576 % 8 == 0   ? LS_NOBODY
             : dice / 1048576 % 8 == 1 ? LS_NEW_MEMBER
                                       : LS_MEMBER;
    r.purchase.service_time_s -= dice / 16777216 % 12 * SECONDS_PER_DAY;
    return r;
}

static struct ledger_request random_change(const struct ledger_request *about, uint64_t dice)
{
    static const uint8_t kinds[] = {KIND_CONFIRM, KIND_CONFIRM, KIND_CANCEL, KIND_REFUND};
    struct ledger_request r = ls_about(&scene, kinds[dice % 4], about);
    r.quantity = (uint16_t)(dice / 4 % 4);
    if (r.kind == KIND_REFUND && dice / 16 % 3 == 0) {
        r.quantity = 0;
        r.amount = (uint32_t)(dice / 64 % 9000);
    }
    return r;
}

static void play(uint64_t seed)
{
    static struct ledger_request asked[ASK_COUNT];
    uint64_t state = seed;
    size_t count = 0;
    ls_limits(&scene, limits, COUNT_OF(limits));
    for (int i = 0; i < ASK_COUNT; i++) {
        uint64_t dice = support_random(&state);
        if (count < 5 || dice % 2 == 0) {
            asked[count] = random_purchase(dice / 2);
            if (dice / 2 % 50 != 0)
                ls_ask(&scene, &asked[count]);
            count++;
        } else {
            struct ledger_request change =
                random_change(&asked[count - 1 - dice / 2 % (count < 40 ? count : 40)], dice / 128);
            ls_ask(&scene, &change);
        }
        if (dice % 20 == 0)
            ls_expire(&scene, scene.now_ms + dice / 32 % 60000);
    }
}

START_TEST(what_the_book_writes_is_good)
{
    ls_open(&scene);
    play((uint64_t)_i + 1);
    check_is_good("after chance");
    ck_assert_uint_gt(verified.posting_count, ASK_COUNT / 4);
    ck_assert_uint_gt(verified.tally_count, 100);
    ls_close(&scene);
}
END_TEST

/* As much was had as each allows, or nearly: with a little less the same postings have passed it.
 */
START_TEST(what_passes_a_limit_is_found)
{
    ls_open(&scene);
    play(1);
    book_close(scene.book);
    scene.book = NULL;
    for (size_t i = 0; i < COUNT_OF(limits); i++) {
        verify_limits(i, limits[i].value / 50 + 1);
        bool is_looked_at = limits[i].period != PERIOD_STATUS_TERM;
        ck_assert_msg((verified.findings.count > 0) == is_looked_at, "limit %u: %u found",
                      (unsigned)i, (unsigned)verified.findings.count);
        if (is_looked_at)
            ck_assert_str_eq(verified.findings.told[0].rule, "I1");
    }
    verify_with(NULL);
    ck_assert_uint_eq(verified.findings.count, 0);
    ck_assert_uint_eq(verified.compared_count, 0);
    ck_assert_uint_gt(verified.unknown_count, 0);
    ls_close(&scene);
}
END_TEST

START_TEST(what_is_held_counts_as_well)
{
    static struct limit two = {
        .relief = LS_HALF, .kind = LIMIT_USES, .period = PERIOD_DAY, .value = 2};
    struct row_limit known = {.scope = LS_CODE(LS_HALF),
                              .kind = USES,
                              .period = A_DAY,
                              .until_day = DAY_NEVER,
                              .value = 2};
    ls_open(&scene);
    ls_limits(&scene, &two, 1);
    for (int i = 0; i < 2; i++) {
        struct ledger_request request = ls_purchase(&scene, KIND_RESERVE, 5, LS_P_HALF);
        ck_assert_int_eq(ls_ask(&scene, &request).status, STATUS_APPLIES);
    }
    book_close(scene.book);
    scene.book = NULL;
    verify_with(&(struct row_limits){&known, 1});
    ck_assert_uint_eq(verified.findings.count, 0);
    known.value = 1;
    verify_with(&(struct row_limits){&known, 1});
    ck_assert_uint_eq(verified.findings.count, 1);
    ls_close(&scene);
}
END_TEST

/* All that is older goes, and denials of a day. */
static void prune(void)
{
    const struct book_retention retention = {.keep_days = 10, .keep_denied_days = 1};
    uint32_t count = 1, sum = 0;
    while (count > 0) {
        ck_assert_int_eq(book_begin(scene.book, scene.now_ms), BOOK_DONE);
        ck_assert_int_eq(book_prune(scene.book, &retention, 100, &count), BOOK_DONE);
        ck_assert_int_eq(book_commit(scene.book), BOOK_DONE);
        sum += count;
    }
    ck_assert_uint_gt(sum, 0);
}

START_TEST(what_is_left_after_pruning_is_good)
{
    ls_open(&scene);
    play((uint64_t)_i + 20);
    scene.now_ms += UINT64_C(5) * SECONDS_PER_DAY * 1000;
    play((uint64_t)_i + 30);
    prune(); /* denials alone */
    scene.now_ms += UINT64_C(7) * SECONDS_PER_DAY * 1000;
    play((uint64_t)_i + 40);
    prune();
    check_is_good("after pruning");
    ck_assert_uint_gt(verified.pruned, 0);
    ls_close(&scene);
}
END_TEST

START_TEST(what_the_book_writes_is_read)
{
    struct fault fault;
    struct ledger_reader *reader;
    struct ledger_head head;
    struct postings *postings;
    const struct posting *posting = NULL;
    uint64_t count = 0;
    ls_open(&scene);
    play(9);
    book_close(scene.book);
    scene.book = NULL;
    ck_assert_msg(ledger_reader_open(&reader, scene.directory, &fault), "%s", fault.text);
    ck_assert(ledger_reader_head(&head, reader, &fault));
    ck_assert(postings_open(&postings, reader, 1, head.sequence, &fault));
    do {
        ck_assert_msg(postings_next(&posting, postings, &fault), "%s", fault.text);
        count += posting != NULL;
    } while (posting != NULL);
    ck_assert_uint_eq(count, head.sequence);
    postings_close(postings);
    ledger_reader_close(reader);
    ls_close(&scene);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ledger_book");
    TCase *tcase = tcase_create("ledger_book");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, what_the_book_writes_is_good, 0, 3);
    tcase_add_test(tcase, what_passes_a_limit_is_found);
    tcase_add_test(tcase, what_is_held_counts_as_well);
    tcase_add_loop_test(tcase, what_is_left_after_pruning_is_good, 0, 2);
    tcase_add_test(tcase, what_the_book_writes_is_read);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
