/* The state table of LEDGER.md, cell by cell, and what happens around it. */
#include "engine/book_parts.h"
#include "tests/ledger_scene.h"
#include "tests/support.h"

enum { SUBJECT = 500 };

static struct ledger_scene scene;

static void set_up(void)
{
    ls_open(&scene);
}

static void tear_down(void)
{
    ls_close(&scene);
}

/* ---- what is given back in part ---- */

/* Who gives back what was no use of their own has had as many uses as before. */
static const struct {
    uint16_t quantity, value;
    uint8_t companions;
    uint16_t kept; /* units; with one less a use is free */
} partly[] = {
    {3, 1, 2, 1},  /* two companions, who ride on one use */
    {10, 3, 0, 3}, /* a relief on three of ten units */
};

START_TEST(a_use_is_not_free_while_what_was_had_with_it_is_kept)
{
    const struct limit limit = {
        .relief = LS_SCHOOL, .kind = LIMIT_USES, .period = PERIOD_DAY, .value = partly[_i].value};
    ls_limits(&scene, &limit, 1);
    struct ledger_request use = ls_purchase(&scene, KIND_USE, SUBJECT, LS_P_SCHOOL);
    struct ledger_request next = use;
    use.purchase.quantity = partly[_i].quantity;
    use.purchase.companions = partly[_i].companions;
    ck_assert_uint_eq(ls_ask(&scene, &use).status, STATUS_APPLIES);
    for (uint16_t left = partly[_i].quantity; left > 0; left--) {
        next.request_id = scene.next_id++;
        ck_assert_uint_eq(ls_ask(&scene, &next).status,
                          left >= partly[_i].kept ? STATUS_LIMIT_REACHED : STATUS_APPLIES);
        if (left < partly[_i].kept)
            break;
        struct ledger_request refund = ls_about(&scene, KIND_REFUND, &use);
        refund.quantity = 1;
        ck_assert_uint_eq(ls_ask(&scene, &refund).status,
                          left > 1 ? STATUS_CONFIRMED : STATUS_REFUNDED);
    }
}
END_TEST

/* ---- the table ---- */

enum state {
    S_NONE,
    S_RESERVED,
    S_CONFIRMED, /* of a reservation: 2 of 3 */
    S_USED,
    S_LATE,
    S_CANCELLED,
    S_TOMBSTONE,
    S_EXPIRED,
    S_DENIED,
    S_REFUNDED,
};

/* A transaction of three units in that state; what was answered first. */
static struct ledger_verdict bring_to(enum state state, struct ledger_request *purchase)
{
    static const uint8_t kinds[] = {
        [S_NONE] = KIND_USE,      [S_RESERVED] = KIND_RESERVE, [S_CONFIRMED] = KIND_RESERVE,
        [S_USED] = KIND_USE,      [S_LATE] = KIND_LATE,        [S_CANCELLED] = KIND_RESERVE,
        [S_TOMBSTONE] = KIND_USE, [S_EXPIRED] = KIND_RESERVE,  [S_DENIED] = KIND_USE,
        [S_REFUNDED] = KIND_USE,
    };
    struct ledger_verdict first = {0};
    struct ledger_request change;
    *purchase = ls_purchase(&scene, kinds[state], SUBJECT, LS_P_HALF);
    purchase->purchase.quantity = 3;
    if (state == S_DENIED)
        purchase->view = LS_NOBODY;
    if (state != S_NONE && state != S_TOMBSTONE)
        first = ls_ask(&scene, purchase);
    change = ls_about(&scene, KIND_CANCEL, purchase);
    if (state == S_CONFIRMED) {
        change.kind = KIND_CONFIRM;
        change.quantity = 2;
    }
    if (state == S_REFUNDED)
        change.kind = KIND_REFUND;
    if (state == S_EXPIRED)
        ck_assert_uint_eq(ls_expire(&scene, scene.now_ms + 300000), 1);
    else if (state == S_CONFIRMED || state == S_CANCELLED || state == S_TOMBSTONE ||
             state == S_REFUNDED)
        ls_ask(&scene, &change);
    return first;
}

/* What comes next. SAME is the purchase again. */
enum next { SAME, OTHER, CONFIRM_ALL, CONFIRM_2, CONFIRM_4, CANCEL, REFUND_ALL, REFUND_4, ASK };

static struct ledger_verdict ask_next(enum next next, const struct ledger_request *purchase)
{
    static const struct {
        uint8_t kind;
        uint16_t quantity;
    } changes[] = {
        [CONFIRM_ALL] = {KIND_CONFIRM, 0}, [CONFIRM_2] = {KIND_CONFIRM, 2},
        [CONFIRM_4] = {KIND_CONFIRM, 4},   [CANCEL] = {KIND_CANCEL, 0},
        [REFUND_ALL] = {KIND_REFUND, 0},   [REFUND_4] = {KIND_REFUND, 4},
        [ASK] = {KIND_STATUS, 0},
    };
    struct ledger_request request = *purchase;
    if (next > OTHER) {
        request = ls_about(&scene, changes[next].kind, purchase);
        request.quantity = changes[next].quantity;
    } else if (next == OTHER) {
        request.purchase.unit_price++;
    }
    return ls_ask(&scene, &request);
}

/* AGAIN: what was answered first. */
enum { AGAIN = 0 };
static const struct {
    enum state state;
    enum next next;
    uint16_t status;
    bool is_written; /* one posting more */
} cells[] = {
    {S_NONE, SAME, STATUS_APPLIES, true},
    {S_NONE, CONFIRM_ALL, STATUS_UNKNOWN_TRANSACTION, false},
    {S_NONE, CANCEL, STATUS_CANCELLED, true},
    {S_NONE, REFUND_ALL, STATUS_UNKNOWN_TRANSACTION, false},
    {S_NONE, ASK, STATUS_UNKNOWN_TRANSACTION, false},
    {S_RESERVED, SAME, AGAIN, false},
    {S_RESERVED, OTHER, STATUS_CONFLICT, false},
    {S_RESERVED, CONFIRM_ALL, STATUS_CONFIRMED, true},
    {S_RESERVED, CONFIRM_2, STATUS_CONFIRMED, true},
    {S_RESERVED, CONFIRM_4, STATUS_EXCEEDS, false},
    {S_RESERVED, CANCEL, STATUS_CANCELLED, true},
    {S_RESERVED, REFUND_ALL, STATUS_RESERVED, false},
    {S_RESERVED, ASK, STATUS_RESERVED, false},
    {S_CONFIRMED, SAME, AGAIN, false},
    {S_CONFIRMED, OTHER, STATUS_CONFLICT, false},
    {S_CONFIRMED, CONFIRM_ALL, STATUS_EXCEEDS, false},
    {S_CONFIRMED, CONFIRM_2, STATUS_CONFIRMED, false},
    {S_CONFIRMED, CONFIRM_4, STATUS_EXCEEDS, false},
    {S_CONFIRMED, CANCEL, STATUS_CONFIRMED, false},
    {S_CONFIRMED, REFUND_ALL, STATUS_REFUNDED, true},
    {S_CONFIRMED, REFUND_4, STATUS_EXCEEDS, false},
    {S_CONFIRMED, ASK, STATUS_CONFIRMED, false},
    {S_USED, SAME, AGAIN, false},
    {S_USED, OTHER, STATUS_CONFLICT, false},
    {S_USED, CONFIRM_ALL, STATUS_CONFIRMED, false},
    {S_USED, CONFIRM_2, STATUS_EXCEEDS, false},
    {S_USED, CANCEL, STATUS_CONFIRMED, false},
    {S_USED, REFUND_ALL, STATUS_REFUNDED, true},
    {S_USED, ASK, STATUS_CONFIRMED, false},
    {S_LATE, SAME, AGAIN, false},
    {S_LATE, CANCEL, STATUS_CONFIRMED, false},
    {S_LATE, REFUND_ALL, STATUS_REFUNDED, true},
    {S_CANCELLED, SAME, STATUS_CANCELLED, false},
    {S_CANCELLED, OTHER, STATUS_CONFLICT, false},
    {S_CANCELLED, CONFIRM_ALL, STATUS_CANCELLED, false},
    {S_CANCELLED, CANCEL, STATUS_CANCELLED, false},
    {S_CANCELLED, REFUND_ALL, STATUS_CANCELLED, false},
    {S_CANCELLED, ASK, STATUS_CANCELLED, false},
    {S_TOMBSTONE, SAME, STATUS_CANCELLED, false},
    {S_TOMBSTONE, OTHER, STATUS_CANCELLED, false},
    {S_TOMBSTONE, CONFIRM_ALL, STATUS_CANCELLED, false},
    {S_TOMBSTONE, CANCEL, STATUS_CANCELLED, false},
    {S_TOMBSTONE, REFUND_ALL, STATUS_CANCELLED, false},
    {S_TOMBSTONE, ASK, STATUS_CANCELLED, false},
    {S_EXPIRED, SAME, AGAIN, false},
    {S_EXPIRED, OTHER, STATUS_CONFLICT, false},
    {S_EXPIRED, CONFIRM_ALL, STATUS_CONFIRMED, true},
    {S_EXPIRED, CONFIRM_2, STATUS_CONFIRMED, true},
    {S_EXPIRED, CONFIRM_4, STATUS_EXCEEDS, false},
    {S_EXPIRED, CANCEL, STATUS_EXPIRED, false},
    {S_EXPIRED, REFUND_ALL, STATUS_EXPIRED, false},
    {S_EXPIRED, ASK, STATUS_EXPIRED, false},
    {S_DENIED, SAME, AGAIN, false},
    {S_DENIED, OTHER, STATUS_CONFLICT, false},
    {S_DENIED, CONFIRM_ALL, STATUS_DOES_NOT_APPLY, false},
    {S_DENIED, CANCEL, STATUS_DOES_NOT_APPLY, false},
    {S_DENIED, REFUND_ALL, STATUS_DOES_NOT_APPLY, false},
    {S_DENIED, ASK, STATUS_DOES_NOT_APPLY, false},
    {S_REFUNDED, SAME, AGAIN, false},
    {S_REFUNDED, OTHER, STATUS_CONFLICT, false},
    {S_REFUNDED, CONFIRM_ALL, STATUS_REFUNDED, false},
    {S_REFUNDED, CANCEL, STATUS_REFUNDED, false},
    {S_REFUNDED, REFUND_ALL, STATUS_REFUNDED, false},
    {S_REFUNDED, ASK, STATUS_REFUNDED, false},
};

START_TEST(each_cell_of_the_state_table)
{
    struct ledger_request purchase, warm = ls_purchase(&scene, KIND_USE, 1, LS_P_HALF);
    ls_ask(&scene, &warm); /* its account is there */
    struct ledger_verdict first = bring_to(cells[_i].state, &purchase);
    uint64_t before = book_head(scene.book)->sequence;
    struct ledger_verdict got = ask_next(cells[_i].next, &purchase);
    if (cells[_i].status == AGAIN) {
        first.ticket = got.ticket;
        ck_assert_uint_eq(got.status, first.status);
        ck_assert_uint_eq(got.sequence, first.sequence);
        ck_assert_uint_eq(got.relief_amount, first.relief_amount);
        ck_assert_uint_eq(got.payable, first.payable);
        ck_assert_uint_eq(got.relief, first.relief);
        ck_assert_uint_eq(got.until_s, first.until_s);
        ck_assert_uint_eq(got.remaining, first.remaining);
    } else {
        ck_assert_uint_eq(got.status, cells[_i].status);
    }
    ck_assert_uint_eq(book_head(scene.book)->sequence - before, cells[_i].is_written);
    ls_reopen(&scene); /* whatever happened fits together */
}
END_TEST

/* ---- around it ---- */

START_TEST(a_change_asked_twice_is_done_once)
{
    struct ledger_request use = ls_purchase(&scene, KIND_USE, SUBJECT, LS_P_HALF);
    use.purchase.quantity = 3;
    ls_ask(&scene, &use);
    struct ledger_request refund = ls_about(&scene, KIND_REFUND, &use);
    refund.quantity = 1;
    struct ledger_verdict first = ls_ask(&scene, &refund), again = ls_ask(&scene, &refund);
    ck_assert_uint_eq(first.status, STATUS_CONFIRMED);
    ck_assert_uint_eq(first.relief_amount, 5000);
    ck_assert_uint_eq(again.sequence, first.sequence);
    refund.quantity = 2;
    ck_assert_uint_eq(ls_ask(&scene, &refund).status, STATUS_CONFLICT);
    refund = ls_about(&scene, KIND_REFUND, &use);
    refund.quantity = 3;
    ck_assert_uint_eq(ls_ask(&scene, &refund).status, STATUS_EXCEEDS);
    refund.quantity = 2; /* one that changed nothing may be asked again, otherwise */
    struct ledger_verdict rest = ls_ask(&scene, &refund);
    ck_assert_uint_eq(rest.status, STATUS_REFUNDED);
    ck_assert_uint_eq(rest.relief_amount, 10000);
}
END_TEST

START_TEST(money_goes_back_to_the_last_tenth_of_a_cent)
{
    struct ledger_request use = ls_purchase(&scene, KIND_USE, SUBJECT, LS_P_STACK);
    use.purchase.quantity = 3;
    use.purchase.unit_price = 3333;
    struct ledger_verdict bought = ls_ask(&scene, &use); /* 5000 (half up), 1000, 500 */
    ck_assert_uint_eq(bought.relief_amount, 6500);
    ck_assert_uint_eq(bought.payable, 3499);
    struct ledger_request refund = ls_about(&scene, KIND_REFUND, &use);
    refund.amount = 600; /* all of the last part, and of the one before */
    ck_assert_uint_eq(ls_ask(&scene, &refund).relief_amount, 600);
    refund = ls_about(&scene, KIND_REFUND, &use);
    refund.quantity = 1; /* 1666, 300 */
    ck_assert_uint_eq(ls_ask(&scene, &refund).relief_amount, 1966);
    struct ledger_request ask = ls_about(&scene, KIND_STATUS, &use);
    ck_assert_uint_eq(ls_ask(&scene, &ask).relief_amount, 3934);
    refund = ls_about(&scene, KIND_REFUND, &use);
    refund.amount = 3935;
    ck_assert_uint_eq(ls_ask(&scene, &refund).status, STATUS_EXCEEDS);
    refund.amount = 3934;
    ck_assert_uint_eq(ls_ask(&scene, &refund).status, STATUS_REFUNDED);
    ck_assert_uint_eq(ls_ask(&scene, &ask).relief_amount, 0);
}
END_TEST

START_TEST(a_fourth_reservation_of_a_person_is_too_many)
{
    struct ledger_request held[4];
    for (size_t i = 0; i < 4; i++) {
        held[i] = ls_purchase(&scene, KIND_RESERVE, SUBJECT, LS_P_HALF);
        ck_assert_uint_eq(ls_ask(&scene, &held[i]).status,
                          i < 3 ? STATUS_APPLIES : STATUS_TOO_MANY_HELD);
    }
    struct ledger_request cancel = ls_about(&scene, KIND_CANCEL, &held[1]);
    ls_ask(&scene, &cancel);
    held[3].request_id = scene.next_id++;
    ck_assert_uint_eq(ls_ask(&scene, &held[3]).status, STATUS_APPLIES);
    struct ledger_request other = ls_purchase(&scene, KIND_RESERVE, SUBJECT + 1, LS_P_HALF);
    ck_assert_uint_eq(ls_ask(&scene, &other).status, STATUS_APPLIES);
}
END_TEST

START_TEST(what_is_confirmed_is_not_open_any_more)
{
    for (size_t i = 0; i < 6; i++) {
        struct ledger_request held = ls_purchase(&scene, KIND_RESERVE, SUBJECT, LS_P_HALF);
        ck_assert_uint_eq(ls_ask(&scene, &held).status, STATUS_APPLIES);
        struct ledger_request confirm = ls_about(&scene, KIND_CONFIRM, &held);
        ck_assert_uint_eq(ls_ask(&scene, &confirm).status, STATUS_CONFIRMED);
    }
}
END_TEST

START_TEST(the_hold_that_ends_first_comes_first)
{
    enum { MOST = 40 };
    for (uint8_t hold_10s = MOST; hold_10s > 0; hold_10s--) {
        struct ledger_request held = ls_purchase(&scene, KIND_RESERVE, hold_10s, LS_P_HALF);
        held.hold_10s = hold_10s;
        ls_ask(&scene, &held);
        ck_assert_uint_eq(book_next_deadline_ms(scene.book), scene.now_ms + hold_10s * 10000u);
    }
    uint64_t begin_ms = scene.now_ms;
    for (uint32_t i = 1; i <= MOST; i++)
        ck_assert_uint_eq(ls_expire(&scene, begin_ms + i * 10000), 1);
}
END_TEST

START_TEST(a_hold_ends_at_its_time_and_not_before)
{
    struct ledger_request held = ls_purchase(&scene, KIND_RESERVE, SUBJECT, LS_P_HALF);
    struct ledger_verdict verdict = ls_ask(&scene, &held);
    uint64_t end_ms = scene.now_ms + 300000;
    ck_assert_uint_eq(verdict.until_s, end_ms / 1000);
    ck_assert_uint_eq(book_next_deadline_ms(scene.book), end_ms);
    ck_assert_uint_eq(ls_expire(&scene, end_ms - 1), 0);
    ck_assert_uint_eq(ls_expire(&scene, end_ms), 1);
    ck_assert_uint_eq(book_next_deadline_ms(scene.book), UINT64_MAX);
}
END_TEST

START_TEST(a_confirmation_that_comes_too_late_is_taken_and_counted)
{
    const struct limit one = {
        .relief = LS_HALF, .kind = LIMIT_USES, .period = PERIOD_DAY, .value = 1};
    ls_limits(&scene, &one, 1);
    struct ledger_request held = ls_purchase(&scene, KIND_RESERVE, SUBJECT, LS_P_HALF);
    ls_ask(&scene, &held);
    ls_expire(&scene, scene.now_ms + 300000);
    struct ledger_request use = ls_purchase(&scene, KIND_USE, SUBJECT, LS_P_HALF);
    ck_assert_uint_eq(ls_ask(&scene, &use).status, STATUS_APPLIES);
    struct ledger_request confirm = ls_about(&scene, KIND_CONFIRM, &held);
    ck_assert_uint_eq(ls_ask(&scene, &confirm).status, STATUS_OVER_LIMIT);
    struct ledger_request ask = ls_about(&scene, KIND_STATUS, &held);
    ck_assert_uint_eq(ls_ask(&scene, &ask).status, STATUS_OVER_LIMIT);
}
END_TEST

static const struct {
    const char *why;
    uint32_t ago_s;
    bool is_late;
} agos[] = {
    {"now", 0, false},
    {"a moment ago", 900, false},
    {"longer ago", 901, true},
    {"days ago", 5 * SECONDS_PER_DAY, true},
};

/* It counts in the period of its service, and whoever settles sees that it came after it. */
START_TEST(a_use_of_a_service_long_ago_is_late)
{
    static const uint8_t kinds[] = {KIND_USE, KIND_RESERVE};
    struct transaction transaction;
    struct ledger_request use =
        ls_purchase(&scene, kinds[(size_t)_i % COUNT_OF(kinds)], SUBJECT, LS_P_HALF);
    size_t i = (size_t)_i / COUNT_OF(kinds);
    use.purchase.service_time_s = scene.now_ms / 1000 - agos[i].ago_s;
    ck_assert_uint_eq(ls_ask(&scene, &use).status, STATUS_APPLIES);
    ck_assert_uint_eq(book_begin(scene.book, scene.now_ms), BOOK_DONE);
    ck_assert(book_get_transaction(
        scene.book, (struct transaction_name){use.terminal, use.request_id}, &transaction));
    book_drop(scene.book);
    ck_assert_msg((transaction.flags & FLAG_LATE) == (agos[i].is_late ? FLAG_LATE : 0), "%s",
                  agos[i].why);
}
END_TEST

/* Its term is that of the reservation, whoever asks now, and whenever the limit was written. */
START_TEST(a_confirmation_that_comes_too_late_is_asked_about_its_term)
{
    const struct limit one = {
        .relief = LS_HALF, .kind = LIMIT_USES, .period = PERIOD_STATUS_TERM, .value = 1};
    struct ledger_request held = ls_purchase(&scene, KIND_RESERVE, SUBJECT, LS_P_HALF);
    held.view = LS_NEW_MEMBER;
    ls_ask(&scene, &held);
    ls_expire(&scene, scene.now_ms + 300000);
    struct ledger_request use = ls_purchase(&scene, KIND_USE, SUBJECT, LS_P_HALF);
    use.purchase.service_time_s = ls_morning(LS_TERM - (uint32_t)_i);
    ck_assert_uint_eq(ls_ask(&scene, &use).status, STATUS_APPLIES);
    ls_limits(&scene, &one, 1);
    struct ledger_request confirm = ls_about(&scene, KIND_CONFIRM, &held);
    ck_assert_uint_eq(ls_ask(&scene, &confirm).status,
                      _i == 0 ? STATUS_OVER_LIMIT : STATUS_CONFIRMED);
}
END_TEST

/* Who asks about a transaction of LS_TERMINAL. */
static const struct {
    const char *why;
    uint32_t terminal;
    uint64_t provider;
    bool is_operator;
    uint16_t status, unknown_status; /* of STATUS; of CANCEL of an id that nobody has seen */
} askers[] = {
    {"itself", LS_TERMINAL, LS_PROVIDER, false, STATUS_CONFIRMED, STATUS_CANCELLED},
    {"one beside it", LS_TERMINAL_BESIDE, LS_PROVIDER, false, STATUS_CONFIRMED, STATUS_CANCELLED},
    {"another provider's", LS_TERMINAL_OTHER, LS_OTHER, false, STATUS_UNKNOWN_TRANSACTION,
     STATUS_UNKNOWN_TRANSACTION},
    {"plain frames", 0, 0, false, STATUS_UNKNOWN_TRANSACTION, STATUS_UNKNOWN_TRANSACTION},
    {"whoever runs the system", 99, 0, true, STATUS_CONFIRMED, STATUS_CANCELLED},
};

START_TEST(a_terminal_speaks_of_its_own_providers_transactions)
{
    struct ledger_request use = ls_purchase(&scene, KIND_USE, SUBJECT, LS_P_HALF);
    ls_ask(&scene, &use);
    struct ledger_request ask = ls_about(&scene, KIND_STATUS, &use);
    ask.terminal = askers[_i].terminal;
    ask.provider = askers[_i].provider;
    ask.is_operator = askers[_i].is_operator;
    ck_assert_uint_eq(ls_ask(&scene, &ask).status, askers[_i].status);
    ask.kind = KIND_CANCEL;
    ask.target_id = 999999;
    ck_assert_uint_eq(ls_ask(&scene, &ask).status, askers[_i].unknown_status);
}
END_TEST

/* Of a terminal that no snapshot knows any more the point of sale says whose it was. */
START_TEST(a_terminal_that_is_gone_was_of_whom_it_sold_for)
{
    struct ledger_request use = ls_purchase(&scene, KIND_USE, SUBJECT, LS_P_HALF);
    use.terminal = 77;
    use.purchase.point_of_sale = _i == 0 ? LS_POINT : 0;
    ls_ask(&scene, &use);
    struct ledger_request ask = ls_about(&scene, KIND_STATUS, &use);
    ck_assert_uint_eq(ls_ask(&scene, &ask).status,
                      _i == 0 ? STATUS_CONFIRMED : STATUS_UNKNOWN_TRANSACTION);
    ask.terminal = LS_TERMINAL_OTHER;
    ask.provider = LS_OTHER;
    ck_assert_uint_eq(ls_ask(&scene, &ask).status, STATUS_UNKNOWN_TRANSACTION);
    ask.terminal = 0; /* plain frames */
    ask.provider = 0;
    ck_assert_uint_eq(ls_ask(&scene, &ask).status, STATUS_UNKNOWN_TRANSACTION);
}
END_TEST

START_TEST(ids_of_changes_are_no_transactions)
{
    struct ledger_request use = ls_purchase(&scene, KIND_USE, SUBJECT, LS_P_HALF);
    ls_ask(&scene, &use);
    struct ledger_request refund = ls_about(&scene, KIND_REFUND, &use);
    ls_ask(&scene, &refund);
    struct ledger_request ask = ls_about(&scene, KIND_STATUS, &refund);
    ck_assert_uint_eq(ls_ask(&scene, &ask).status, STATUS_UNKNOWN_TRANSACTION);
    struct ledger_request self = ls_about(&scene, KIND_CANCEL, &use);
    self.target_id = self.request_id;
    ck_assert_uint_eq(ls_ask(&scene, &self).status, STATUS_CONFLICT);
    struct ledger_request other = ls_purchase(&scene, KIND_USE, SUBJECT, LS_P_HALF);
    other.request_id = refund.request_id;
    ck_assert_uint_eq(ls_ask(&scene, &other).status, STATUS_CONFLICT);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("transact");
    TCase *tcase = tcase_create("transact");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, a_use_is_not_free_while_what_was_had_with_it_is_kept, 0,
                        COUNT_OF(partly));
    tcase_add_loop_test(tcase, each_cell_of_the_state_table, 0, COUNT_OF(cells));
    tcase_add_test(tcase, a_change_asked_twice_is_done_once);
    tcase_add_test(tcase, money_goes_back_to_the_last_tenth_of_a_cent);
    tcase_add_test(tcase, a_fourth_reservation_of_a_person_is_too_many);
    tcase_add_test(tcase, a_hold_ends_at_its_time_and_not_before);
    tcase_add_test(tcase, a_confirmation_that_comes_too_late_is_taken_and_counted);
    tcase_add_loop_test(tcase, a_use_of_a_service_long_ago_is_late, 0, 2 * COUNT_OF(agos));
    tcase_add_loop_test(tcase, a_confirmation_that_comes_too_late_is_asked_about_its_term, 0, 2);
    tcase_add_loop_test(tcase, a_terminal_speaks_of_its_own_providers_transactions, 0,
                        COUNT_OF(askers));
    tcase_add_test(tcase, what_is_confirmed_is_not_open_any_more);
    tcase_add_test(tcase, the_hold_that_ends_first_comes_first);
    tcase_add_loop_test(tcase, a_terminal_that_is_gone_was_of_whom_it_sold_for, 0, 2);
    tcase_add_test(tcase, ids_of_changes_are_no_transactions);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
