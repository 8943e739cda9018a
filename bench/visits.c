#include "bench/visits.h"

#include "bench/draw.h"
#include "bench/take.h"
#include "bench/truth.h"
#include "protocol/day.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_S   3600
#define MINUTE_S 60
#define HOURS    24
#define CENT     UINT32_C(100)
#define HOLD_10S HOLD_10S_MAX

#define COMPANION_PERCENT  3
#define STRANGER_PERCENT   4 /* who is in no register */
#define CANCEL_PERCENT     9
#define FORGOTTEN_PERCENT  2 /* reservations that nobody speaks of again */
#define PART_PERCENT       30
#define REFUND_PERCENT     2
#define SEVERAL_PERCENT    20 /* of what is sold by number */
#define QUANTITY_DRAWN_MAX 4

/* Of all visits of the day so many begin in each hour. */
static const uint8_t commuters[HOURS] = {0, 0, 0, 0, 1,  4,  12, 22, 16, 7, 5, 5,
                                         5, 5, 6, 8, 11, 13, 9,  6,  4,  3, 2, 1};
static const uint8_t lunches[HOURS] = {0,  0,  0, 0, 0, 0, 0, 0, 0, 0, 10, 30,
                                       30, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0,  0};
static const uint8_t shops[HOURS] = {0, 0, 0,  0,  0,  0,  0,  0, 4, 9, 12, 10,
                                     9, 9, 10, 11, 12, 12, 10, 6, 2, 0, 0,  0};
static const uint8_t evening[HOURS] = {0, 0, 0, 0, 0, 0, 0,  0,  0,  0, 0, 0,
                                       0, 0, 0, 0, 0, 0, 10, 14, 12, 9, 6, 3};

/* Who buys what where: products and points of sale of the shipped catalogue. */
struct trade {
    uint32_t product, point_first, point_last;
    uint32_t price_least, price_most, price_step; /* 1/10000 EUR */
    uint32_t group;                               /* of truth.h; 0: everybody */
    uint8_t kind, reserve_percent;                /* of a USE: so many are reserved instead */
    bool is_sold_by_number, has_companions;
    uint16_t share; /* of all visits, against the others' */
    const uint8_t *hours;
};

enum { EVERYBODY = 0 };
#define EUR(cents) ((cents)*CENT)
static const struct trade trades[] = {
    /* gates of the city's buses: everybody, learners, pensioners; the express */
    {1001, 101, 120, EUR(150), EUR(150), EUR(1), EVERYBODY, KIND_USE, 0, false, true, 220,
     commuters},
    {1001, 101, 120, EUR(150), EUR(150), EUR(1), 7, KIND_USE, 0, false, false, 160, commuters},
    {1001, 101, 120, EUR(150), EUR(150), EUR(1), 4, KIND_USE, 0, false, true, 90, shops},
    {1013, 101, 120, EUR(200), EUR(200), EUR(1), 4, KIND_USE, 0, false, false, 25, shops},
    /* regional buses, trains */
    {1003, 201, 220, EUR(120), EUR(640), EUR(5), EVERYBODY, KIND_USE, 0, true, true, 60, commuters},
    {1003, 201, 220, EUR(120), EUR(640), EUR(5), 11, KIND_USE, 0, true, false, 25, commuters},
    {1004, 301, 320, EUR(140), EUR(790), EUR(10), EVERYBODY, KIND_USE, 0, true, true, 50,
     commuters},
    {1004, 301, 320, EUR(140), EUR(790), EUR(10), 10, KIND_USE, 0, true, false, 25, commuters},
    /* late buses: the day's list is sent from the depot */
    {1001, 101, 120, EUR(150), EUR(150), EUR(1), EVERYBODY, KIND_LATE, 0, false, false, 15,
     evening},
    {1003, 201, 220, EUR(120), EUR(640), EUR(5), EVERYBODY, KIND_LATE, 0, false, true, 25, evening},
    /* school lunches in Riga, Jurmala and Liepaja */
    {1005, 401, 410, EUR(309), EUR(309), EUR(1), 6, KIND_RESERVE, 100, false, false, 90, lunches},
    {1011, 401, 410, EUR(309), EUR(309), EUR(1), 6, KIND_RESERVE, 100, false, false, 25, lunches},
    {1005, 411, 415, EUR(309), EUR(309), EUR(1), 6, KIND_RESERVE, 100, false, false, 15, lunches},
    {1005, 416, 420, EUR(309), EUR(309), EUR(1), 6, KIND_RESERVE, 100, false, false, 10, lunches},
    /* pharmacies: with a prescription, for the needy, for everybody */
    {1006, 501, 520, EUR(180), EUR(4200), EUR(1), 14, KIND_USE, 60, true, false, 50, shops},
    {1006, 501, 520, EUR(180), EUR(4200), EUR(1), EVERYBODY, KIND_USE, 60, true, false, 30, shops},
    {1012, 501, 520, EUR(150), EUR(6000), EUR(1), EVERYBODY, KIND_USE, 60, true, false, 40, shops},
    /* pools, museums, theatres, kits */
    {1007, 601, 620, EUR(700), EUR(700), EUR(5), 2, KIND_USE, 0, false, false, 10, shops},
    {1008, 701, 720, EUR(300), EUR(600), EUR(50), EVERYBODY, KIND_USE, 0, true, false, 15, shops},
    {1018, 721, 726, EUR(800), EUR(4000), EUR(100), 5, KIND_USE, 80, true, false, 10, shops},
    {1014, 801, 810, EUR(1250), EUR(1250), EUR(1), 13, KIND_USE, 0, true, false, 10, shops},
};
#define TRADE_COUNT (sizeof(trades) / sizeof(trades[0]))

struct pool {
    uint32_t *persons; /* indices */
    size_t count, room;
};

struct drawing {
    struct visits *visits;
    struct crowd *crowd;
    const struct day_draw *plan;
    struct pool pools[TRUTH_GROUP_COUNT]; /* 0: everybody */
    struct draw draw;
    size_t deed_room;
};

/* ---- who ---- */

static void fill_pools(struct drawing *d)
{
    for (uint32_t i = 0; i < d->crowd->person_count; i++) {
        uint32_t groups = d->crowd->persons[i].groups | 1;
        for (uint32_t group = 0; group < TRUTH_GROUP_COUNT; group++) {
            struct pool *pool = &d->pools[group];
            if ((groups >> group & 1) == 0)
                continue;
            pool->persons = take_room(pool->persons, &pool->room, pool->count, sizeof(uint32_t));
            pool->persons[pool->count++] = i;
        }
    }
}

static uint32_t draw_stranger(struct drawing *d)
{
    struct identifier code = {.means = MEANS_PERSONAL_CODE, .size = 11};
    means_unpack_code(code.text, country_unknown_code(draw_below(&d->draw, 1000000)));
    return crowd_add_identifier(d->crowd, &code);
}

/* The first visit of each trade is the first person's of its group, so that some have much to tell
 * of; a group that nobody is in is everybody. */
static uint32_t draw_who(struct drawing *d, uint32_t group, bool is_first)
{
    const struct pool *pool = &d->pools[d->pools[group].count > 0 ? group : EVERYBODY];
    if (!is_first && draw_percent(&d->draw, STRANGER_PERCENT))
        return draw_stranger(d);
    assert(pool->persons != NULL); /* a crowd without anybody is refused when it is read */
    uint32_t which = is_first ? 0 : draw_below(&d->draw, (uint32_t)pool->count);
    const struct crowd_person *person = &d->crowd->persons[pool->persons[which]];
    return person->first + draw_below(&d->draw, person->count);
}

static uint8_t entry_of(uint8_t means)
{
    return means == MEANS_PERSONAL_CODE ? ENTRY_TYPED
           : means == MEANS_EID         ? ENTRY_CHIP
                                        : ENTRY_CONTACTLESS;
}

/* ---- when ---- */

static uint32_t draw_second(struct draw *draw, const uint8_t hours[static HOURS])
{
    uint32_t sum = 0, hour = 0;
    for (uint32_t i = 0; i < HOURS; i++)
        sum += hours[i];
    for (uint32_t at = draw_below(draw, sum); at >= hours[hour]; hour++)
        at -= hours[hour];
    return hour * HOUR_S + draw_below(draw, HOUR_S);
}

static uint32_t time_of_second(const struct day_draw *plan, uint32_t second)
{
    uint64_t time_s;
    if (!time_of_riga_clock(&time_s, plan->day, second)) /* the hour that is left out in spring */
        time_s = time_of_riga_day(plan->day) + second;
    return (uint32_t)time_s;
}

static void add_deed(struct drawing *d, uint32_t time_s, uint32_t visit, enum step step)
{
    struct visits *v = d->visits;
    v->deeds = take_room(v->deeds, &d->deed_room, v->deed_count, sizeof(v->deeds[0]));
    v->deeds[v->deed_count++] = (struct deed){time_s, visit, (uint8_t)step};
    if (draw_percent(&d->draw, d->plan->repeat_percent))
        v->list[visit].repeated |= (uint8_t)(1u << step);
}

static int compare_deeds(const void *left, const void *right)
{
    const struct deed *a = left, *b = right;
    if (a->time_s != b->time_s)
        return a->time_s < b->time_s ? -1 : 1;
    if (a->visit != b->visit)
        return a->visit < b->visit ? -1 : 1;
    return (a->step > b->step) - (a->step < b->step);
}

/* ---- what ---- */

static const struct trade *draw_trade(struct draw *draw)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < TRADE_COUNT; i++)
        sum += trades[i].share;
    const struct trade *trade = trades;
    for (uint32_t at = draw_below(draw, sum); at >= trade->share; trade++)
        at -= trade->share;
    return trade;
}

static uint8_t draw_settling(struct draw *draw, uint16_t quantity)
{
    uint32_t at = draw_below(draw, 100);
    if (at < CANCEL_PERCENT)
        return SETTLE_CANCEL;
    if (at < CANCEL_PERCENT + FORGOTTEN_PERCENT)
        return SETTLE_NOTHING;
    return quantity > 1 && draw_percent(draw, PART_PERCENT) ? SETTLE_CONFIRM_ONE : SETTLE_CONFIRM;
}

static uint8_t draw_refunding(struct draw *draw, uint16_t quantity)
{
    if (!draw_percent(draw, REFUND_PERCENT))
        return REFUND_NOTHING;
    uint32_t at = draw_below(draw, 10);
    if (at < 2)
        return REFUND_AMOUNT;
    return quantity > 1 && at < 6 ? REFUND_ONE : REFUND_WHOLE;
}

static void draw_purchase(struct drawing *d, struct visit *visit, const struct trade *trade,
                          bool is_first)
{
    struct draw *draw = &d->draw;
    uint32_t steps = (trade->price_most - trade->price_least) / trade->price_step + 1;
    *visit = (struct visit){
        .who = draw_who(d, trade->group, is_first),
        .product = trade->product,
        .point_of_sale = draw_between(draw, trade->point_first, trade->point_last + 1),
        .unit_price = trade->price_least + draw_below(draw, steps) * trade->price_step,
        .service_time_s = time_of_second(d->plan, draw_second(draw, trade->hours)),
        .quantity = 1,
        .kind = draw_percent(draw, trade->reserve_percent) ? KIND_RESERVE : trade->kind,
    };
    visit->entry = entry_of(d->crowd->identifiers[visit->who].means);
    if (trade->has_companions && draw_percent(draw, COMPANION_PERCENT)) {
        visit->companions = 1;
        visit->quantity = 2;
    } else if (trade->is_sold_by_number && draw_percent(draw, SEVERAL_PERCENT)) {
        visit->quantity = (uint16_t)draw_between(draw, 2, QUANTITY_DRAWN_MAX + 1);
    }
}

static void draw_visit(struct drawing *d, uint32_t index, const struct trade *trade, bool is_first)
{
    struct visit *visit = &d->visits->list[index];
    struct draw *draw = &d->draw;
    draw_purchase(d, visit, trade, is_first);
    uint32_t time_s = visit->service_time_s;
    if (visit->kind == KIND_LATE) /* the bus is back between half an hour and three hours later */
        time_s += draw_between(draw, 30 * MINUTE_S, 3 * HOUR_S);
    add_deed(d, time_s, index, STEP_BUY);
    if (visit->kind == KIND_RESERVE) {
        visit->settling = is_first ? SETTLE_CONFIRM : draw_settling(draw, visit->quantity);
        time_s += draw_between(draw, MINUTE_S, 2 * HOUR_S);
        if (visit->settling != SETTLE_NOTHING)
            add_deed(d, time_s, index, STEP_SETTLE);
    }
    visit->refunding = draw_refunding(draw, visit->quantity);
    if (visit->refunding != REFUND_NOTHING)
        add_deed(d, time_s + draw_between(draw, 10 * MINUTE_S, 2 * HOUR_S), index, STEP_REFUND);
}

static void number_visits(struct visits *visits)
{
    uint32_t number = 0;
    for (uint32_t i = 0; i < visits->deed_count; i++)
        if (visits->deeds[i].step == STEP_BUY)
            visits->list[visits->deeds[i].visit].number = number++;
}

void visits_draw(struct visits *visits, struct crowd *crowd, const struct day_draw *plan)
{
    struct drawing d = {.visits = visits, .crowd = crowd, .plan = plan};
    d.draw = draw_start(plan->seed, 1);
    *visits = (struct visits){.count = plan->visit_count};
    visits->list = take(plan->visit_count, sizeof(visits->list[0]));
    fill_pools(&d);
    for (uint32_t i = 0; i < plan->visit_count; i++)
        draw_visit(&d, i, i < TRADE_COUNT ? &trades[i] : draw_trade(&d.draw), i < TRADE_COUNT);
    qsort(visits->deeds, visits->deed_count, sizeof(visits->deeds[0]), compare_deeds);
    number_visits(visits);
    for (size_t i = 0; i < TRUTH_GROUP_COUNT; i++)
        free(d.pools[i].persons);
}

void visits_free(struct visits *visits)
{
    free(visits->list);
    free(visits->deeds);
    *visits = (struct visits){0};
}

/* ---- frames ---- */

static struct request purchase_of(const struct visit *visit, const struct identifier *who)
{
    return (struct request){
        .kind = visit->kind,
        .entry = visit->entry,
        .companions = visit->companions,
        .hold_10s = visit->kind == KIND_RESERVE ? HOLD_10S : 0,
        .quantity = visit->quantity,
        .identifier = *who,
        .product = visit->product,
        .point_of_sale = visit->point_of_sale,
        .unit_price = visit->unit_price,
        .service_time_s = visit->service_time_s,
    };
}

static struct request refund_of(const struct visit *visit, uint64_t relief_amount)
{
    struct request request = {.kind = KIND_REFUND};
    if (visit->refunding == REFUND_ONE)
        request.quantity = 1;
    if (visit->refunding == REFUND_AMOUNT)
        request.unit_price = (uint32_t)(relief_amount / 2); /* 0: all of it */
    return request;
}

void visit_frame(uint8_t frame[static FRAME_SIZE], const struct visits *visits,
                 const struct crowd *crowd, uint64_t id_first, uint32_t index, enum step step,
                 uint64_t relief_amount)
{
    const struct visit *visit = &visits->list[index];
    struct request request;
    if (step == STEP_BUY)
        request = purchase_of(visit, &crowd->identifiers[visit->who]);
    else if (step == STEP_REFUND)
        request = refund_of(visit, relief_amount);
    else if (visit->settling == SETTLE_CANCEL)
        request = (struct request){.kind = KIND_CANCEL};
    else
        request = (struct request){.kind = KIND_CONFIRM,
                                   .quantity = visit->settling == SETTLE_CONFIRM_ONE};
    request.request_id = visit_id(id_first, visit, step);
    if (step != STEP_BUY)
        request.target_id = visit_id(id_first, visit, STEP_BUY);
    frame_encode_request(frame, &request);
}
