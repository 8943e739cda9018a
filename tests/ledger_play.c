#include "tests/ledger_play.h"

#include "engine/book_parts.h"
#include "tests/ledger_model.h"
#include "tests/ledger_scene.h"
#include "tests/support.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EPISODE = 4000, SUBJECTS = 20, GROUP_MOST = 12, LIMITS_MOST = 9, COMPARE_EVERY = 800 };

struct play {
    struct ledger_scene scene;
    uint64_t seed, random;
    uint32_t at; /* request of the episode */
    struct limit limits[LIMITS_MOST];
    struct ledger_request asked[EPISODE];
};
static struct play play;
static struct model model;

static uint64_t pick(uint64_t below)
{
    return support_random(&play.random) % below;
}

static bool chance(uint32_t percent)
{
    return pick(100) < percent;
}

static _Noreturn void differ(const char *what)
{
    fprintf(stderr, "seed %" PRIu64 ", request %u: %s\n", play.seed, play.at, what);
    abort();
}

/* ---- what is asked ---- */

static void draw_limits(void)
{
    static const uint64_t values[] = {
        [LIMIT_USES] = 8, [LIMIT_AMOUNT] = 30000, [LIMIT_SPACING] = 150, [LIMIT_BUDGET] = 300000};
    uint32_t count = (uint32_t)pick(LIMITS_MOST + 1);
    for (uint32_t i = 0; i < count; i++) {
        struct limit *l = &play.limits[i];
        *l = (struct limit){.relief = (uint16_t)(1 + pick(LS_RELIEF_COUNT - 1)),
                            .kind = (uint8_t)(LIMIT_USES + pick(4)),
                            .shared = (uint16_t)(chance(30) ? 1 + pick(2) : 0),
                            .is_published = chance(60),
                            .until_day = DAY_NEVER};
        l->period = (uint8_t)(l->kind == LIMIT_SPACING ? 0 : PERIOD_PURCHASE + pick(8));
        l->value = 1 + pick(chance(20) ? 50 * values[l->kind] : values[l->kind]);
        if (l->kind == LIMIT_BUDGET)
            l->warn_bp = (uint16_t)pick(PERCENT_ALL_BP);
        if (chance(20))
            l->until_day = (uint32_t)(LS_TODAY - 20 + pick(40));
        else if (chance(20))
            l->from_day = (uint32_t)(LS_TODAY - 20 + pick(40));
    }
    ls_limits(&play.scene, play.limits, count);
    model.limits = play.limits;
    model.limit_count = count;
}

static uint32_t draw_day(void)
{
    if (chance(60))
        return LS_TODAY;
    if (chance(80))
        return (uint32_t)(LS_TODAY - 40 + pick(80));
    return (uint32_t)(LS_FROM + pick(LS_UNTIL - LS_FROM));
}

static void draw_purchase(struct ledger_request *r)
{
    static const uint32_t prices[] = {1, 99, 3333, 10000, 15001};
    static const uint8_t kinds[] = {KIND_USE, KIND_USE, KIND_RESERVE, KIND_RESERVE, KIND_LATE};
    *r = ls_purchase(&play.scene, kinds[pick(COUNT_OF(kinds))],
                     chance(4) ? SUBJECT_NOBODY : 1 + pick(SUBJECTS),
                     (uint32_t)(LS_P_HALF + pick(6)));
    if (chance(15) && r->subject != SUBJECT_NOBODY)
        r->view = chance(80) ? LS_NEW_MEMBER : LS_NOBODY;
    if (r->kind == KIND_RESERVE)
        r->hold_10s = (uint8_t)(1 + pick(90));
    r->purchase.unit_price = prices[pick(COUNT_OF(prices))];
    r->purchase.quantity = (uint16_t)(1 + pick(chance(10) ? 40 : 4));
    r->purchase.companions = (uint8_t)(chance(70) ? 0 : pick(4));
    r->purchase.service_time_s = ls_morning(draw_day()) + 60 * pick(240);
    r->terminal = (uint32_t)(LS_TERMINAL + pick(3));
    r->provider = r->terminal == LS_TERMINAL_OTHER ? LS_OTHER : LS_PROVIDER;
}

static void draw_change(struct ledger_request *r)
{
    static const uint8_t kinds[] = {KIND_CONFIRM, KIND_CONFIRM, KIND_CONFIRM,
                                    KIND_CANCEL,  KIND_REFUND,  KIND_STATUS};
    uint32_t back = play.at < 40 || chance(30) ? play.at : 40;
    *r = ls_about(&play.scene, kinds[pick(COUNT_OF(kinds))], &play.asked[play.at - 1 - pick(back)]);
    if (chance(3))
        r->target_id = MODEL_IDS - 1 - pick(1000);
    r->terminal = r->target_terminal;
    if (chance(20))
        r->terminal = (uint32_t)(LS_TERMINAL + pick(3));
    r->provider = r->terminal == LS_TERMINAL_OTHER ? LS_OTHER : LS_PROVIDER;
    r->is_operator = chance(5);
    if (r->kind == KIND_CONFIRM || r->kind == KIND_REFUND)
        r->quantity = (uint16_t)(chance(40) ? 1 + pick(4) : 0);
    if (r->kind == KIND_REFUND && r->quantity == 0 && chance(40))
        r->amount = (uint32_t)(1 + pick(chance(50) ? 3000 : 30000));
}

static void draw_request(struct ledger_request *r)
{
    if (play.at > 0 && chance(8)) {
        *r = play.asked[pick(play.at)]; /* once more */
        return;
    }
    if (play.at > 0 && chance(45))
        draw_change(r);
    else
        draw_purchase(r);
    if (play.at > 0 && chance(2))
        r->request_id = play.asked[pick(play.at)].request_id;
    if (chance(1))
        r->request_id = MODEL_IDS - 1 - pick(1000); /* perhaps a tombstone's */
}

/* ---- what is answered ---- */

static void compare(const struct ledger_verdict *got, const struct ledger_verdict *wanted)
{
    if (got->status == wanted->status && got->split == wanted->split &&
        got->remaining == wanted->remaining && got->relief == wanted->relief &&
        got->until_s == wanted->until_s && got->relief_amount == wanted->relief_amount &&
        got->payable == wanted->payable && (got->sequence != 0) == (wanted->sequence != 0) &&
        got->ticket == wanted->ticket)
        return;
    fprintf(stderr,
            "got %u split %u left %u relief %u until %u amount %" PRIu64 " pay %" PRIu64
            " seq %" PRIu64 "\nnot %u split %u left %u relief %u until %u amount %" PRIu64
            " pay %" PRIu64 " seq %" PRIu64 "\n",
            got->status, got->split, got->remaining, got->relief, got->until_s, got->relief_amount,
            got->payable, got->sequence, wanted->status, wanted->split, wanted->remaining,
            wanted->relief, wanted->until_s, wanted->relief_amount, wanted->payable,
            wanted->sequence);
    differ("answers");
}

/* ---- what stands ---- */

/* The sums of budgets know of the day. */
static bool has_day(const struct model_row *row, uint32_t p)
{
    struct tally t;
    struct tally_name name = {0, LS_CODE(row->now.parts[p].clause->relief), PERIOD_DAY, row->day};
    return book_get_tally(play.scene.book, &name, &t);
}

static void compare_row(const struct model_row *row)
{
    struct book *book = play.scene.book;
    struct transaction t;
    struct transaction_name name = {row->terminal, row->id};
    if (!book_get_transaction(book, name, &t))
        differ("a transaction is missing");
    if (t.state != row->state || t.quantity != row->left || t.confirmed != row->confirmed ||
        t.part_count != row->now.part_count ||
        t.deadline_ms != (row->state == STATE_RESERVED ? row->deadline_ms : 0) ||
        t.body != row->body)
        differ("a transaction");
    for (uint32_t p = 0; p < row->now.part_count; p++)
        if (book_account_scope(book, t.parts[p].account) !=
                LS_CODE(row->now.parts[p].clause->relief) ||
            t.parts[p].unit_count != row->now.parts[p].unit_count ||
            t.parts[p].use_count != row->now.parts[p].use_count ||
            t.parts[p].amount != row->now.parts[p].amount ||
            (row->now.parts[p].amount != 0 && !has_day(row, p)))
            differ("a part");
    if (row->state == STATE_RESERVED && !book_has_hold(book, row->deadline_ms, name))
        differ("a hold is missing");
}

static void compare_tallies(uint64_t subject)
{
    for (uint32_t relief = 1; relief < LS_RELIEF_COUNT; relief++)
        for (uint8_t period = PERIOD_DAY; period <= PERIOD_LIFETIME; period++) {
            struct tally_name name = {subject, LS_CODE(relief), period, 0};
            struct limit all = {.relief = (uint16_t)relief, .period = period};
            struct tally got;
            for (; book_next_tally(play.scene.book, &name, &got); name.number++) {
                struct tally t = model_tally(&model, &all, subject, name.number, 0);
                if (got.used_uses != t.used_uses || got.held_uses != t.held_uses ||
                    got.used_amount != t.used_amount || got.held_amount != t.held_amount)
                    differ("a tally");
            }
        }
}

static void compare_all(void)
{
    uint32_t open_count = 0;
    if (book_begin(play.scene.book, model.now_ms) != BOOK_DONE)
        differ("a group cannot be begun");
    for (uint32_t i = 0; i < model.count; i++) {
        compare_row(&model.rows[i]);
        open_count += model.rows[i].state == STATE_RESERVED;
    }
    for (uint64_t subject = 0; subject <= SUBJECTS; subject++)
        compare_tallies(subject);
    if (play.scene.book->end != BOOK_DONE || book_hold_count(play.scene.book) != open_count)
        differ("holds");
    book_drop(play.scene.book);
}

/* ---- playing ---- */

static void ask(struct ledger_request *r, bool is_real)
{
    struct ledger_verdict got, wanted;
    draw_request(r);
    ls_fill(&play.scene, r);
    if (book_apply(play.scene.book, r, &got) != BOOK_DONE)
        differ("the book gave up");
    if (!is_real)
        return;
    if (model.count + 2 > MODEL_ROOM || r->request_id >= MODEL_IDS)
        differ("the model has no room");
    wanted = model_apply(&model, r);
    wanted.ticket = r->ticket;
    compare(&got, &wanted);
    play.at++;
}

static void play_group(void)
{
    struct ledger_request dropped;
    struct book *book = play.scene.book;
    uint32_t count, wanted;
    play.scene.now_ms += chance(50) ? 0 : pick(120000);
    if (book_begin(book, play.scene.now_ms) != BOOK_DONE)
        differ("a group cannot be begun");
    if (chance(5)) { /* as if it had never been */
        for (uint64_t i = pick(GROUP_MOST) + 1; i > 0; i--)
            ask(&dropped, false);
        book_drop(book);
        return;
    }
    model.now_ms = play.scene.now_ms;
    if (chance(30)) {
        wanted = model_expire(&model);
        if (book_expire(book, UINT32_MAX, &count) != BOOK_DONE || count != wanted)
            differ("expiries");
    }
    for (uint64_t i = pick(GROUP_MOST) + 1; i > 0 && play.at < EPISODE; i--)
        ask(&play.asked[play.at], true);
    if (book_commit(book) != BOOK_DONE)
        differ("a group cannot be committed");
}

static void play_episode(uint64_t seed, uint64_t count)
{
    uint32_t compared = 0;
    play.seed = play.random = seed;
    play.at = 0;
    memset(&model, 0, sizeof(model));
    ls_begin(&play.scene);
    draw_limits();
    while (play.at < count) {
        play_group();
        if (chance(3))
            draw_limits();
        if (play.at - compared >= COMPARE_EVERY || play.at >= count) {
            compare_all();
            compared = play.at;
        }
    }
    ls_reopen(&play.scene); /* its chain and its holds are looked at */
}

void ledger_play(uint64_t seed, uint64_t count)
{
    ls_open(&play.scene);
    for (uint64_t done = 0; done < count; done += EPISODE)
        play_episode(seed++, count - done < EPISODE ? count - done : EPISODE);
    ls_close(&play.scene);
}
