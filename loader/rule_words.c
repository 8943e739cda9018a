#include "loader/rule_words.h"

#include "loader/memory.h"
#include "protocol/frame.h"
#include "protocol/means.h"
#include "protocol/money.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define MONEY(amount) money_text((char[MONEY_TEXT_SIZE]){0}, (amount))
#define DAY(day)      day_words((char[DAY_TEXT_SIZE]){0}, (day))
#define PERCENT(bp)   percent_text((char[PERCENT_TEXT_SIZE]){0}, (bp))

#define ROUND_STEP_USUAL 1

static const char *day_words(char text[static DAY_TEXT_SIZE], uint32_t day)
{
    day_to_text(text, (int32_t)day);
    return text;
}

void rule_words_day(struct traits *traits, const char *name, uint32_t day, const char *never)
{
    bool is_usual = day == 0 || day == DAY_NEVER;
    traits_add(traits, name, "%s", is_usual ? never : DAY(day));
    traits_usual(traits, is_usual);
}

void rule_words_ranges(struct traits *traits, const struct point_range ranges[], uint32_t count,
                       const char *between)
{
    for (uint32_t i = 0; i < count; i++) {
        traits_put(traits, "%s%" PRIu32, i > 0 ? between : "", ranges[i].first);
        if (ranges[i].last != ranges[i].first)
            traits_put(traits, "-%" PRIu32, ranges[i].last);
    }
}

static void put_place(struct traits *traits, struct place_prefix place)
{
    traits_put(traits, "%0*" PRIu32, place.digit_count, place.value);
}

/* ---- conditions ---- */

/* A part of a condition while it is put together from its steps. */
struct part {
    char *text; /* owned */
    enum step_kind kind;
};

/* " begun from 2026-01-01 before 2026-09-01" */
static char *span_words(const char *name, uint32_t from_day, uint32_t until_day)
{
    bool has_from = from_day != 0, has_until = until_day != DAY_NEVER;
    if (!has_from && !has_until)
        return memory_text("%s", "");
    return memory_text(" %s%s%s%s%s", name, has_from ? " from " : "", has_from ? DAY(from_day) : "",
                       has_until ? " before " : "", has_until ? DAY(until_day) : "");
}

static char *kind_words(const struct vocabulary *vocabulary, uint16_t index, uint8_t subtype)
{
    const struct status_kind *kind = &vocabulary->kinds[index];
    bool is_any = subtype == SUBTYPE_ANY || kind->is_list;
    return memory_text("%s%s%s", kind->name, is_any ? "" : ".",
                       is_any ? "" : kind->subtypes[subtype]);
}

static char *status_words(const struct vocabulary *vocabulary, const struct step *step)
{
    char *begun = span_words("begun", step->begun_from, step->begun_until);
    char *ending = span_words("ending", step->ending_from, step->ending_until);
    char *kind = kind_words(vocabulary, step->status_kind, step->subtype);
    bool is_list = vocabulary->kinds[step->status_kind].is_list;
    char *text = memory_text("%s %s%s%s", is_list ? "list" : "status", kind, begun, ending);
    free(begun);
    free(ending);
    free(kind);
    return text;
}

static char *place_words(const char *what, struct place_prefix place)
{
    return memory_text("%s %0*" PRIu32, what, place.digit_count, place.value);
}

/* In parentheses unless it is one condition, or more of the same. */
static char *enclosed(struct part part, enum step_kind within)
{
    bool is_plain = part.kind == within || (part.kind != STEP_AND && part.kind != STEP_OR);
    char *text = memory_text(is_plain ? "%s" : "(%s)", part.text);
    free(part.text);
    return text;
}

static char *join_words(struct part left, struct part right, enum step_kind kind)
{
    char *a = enclosed(left, kind), *b = enclosed(right, kind);
    char *text = memory_text("%s %s %s", a, kind == STEP_AND ? "and" : "or", b);
    free(a);
    free(b);
    return text;
}

static char *negated(struct part part)
{
    char *inner = enclosed(part, STEP_NOT);
    char *text = memory_text("not %s", inner);
    free(inner);
    return text;
}

static char *condition_words(const struct rules *rules, const struct vocabulary *vocabulary,
                             const struct group_rule *group)
{
    struct part parts[STEP_DEPTH_MAX + 1];
    size_t count = 0;
    for (uint32_t i = 0; i < group->step_count; i++) {
        const struct step *step = &rules->steps[group->first_step + i];
        char *text = NULL;
        switch (step->kind) {
        case STEP_STATUS:
            text = status_words(vocabulary, step);
            break;
        case STEP_SCHOOL_IN:
            text = place_words("school_in", step->place);
            break;
        case STEP_RESIDENT_IN:
            text = place_words("resident_in", step->place);
            break;
        case STEP_AGE_AT_LEAST:
            text = memory_text("age >= %" PRIu32, step->years);
            break;
        case STEP_GROUP:
            text = memory_text("%s", rules->groups[step->group].name);
            break;
        case STEP_NOT:
            assert(count >= 1);
            count--;
            text = negated(parts[count]);
            break;
        case STEP_AND:
        case STEP_OR:
            assert(count >= 2);
            count -= 2;
            text = join_words(parts[count], parts[count + 1], step->kind);
            break;
        }
        assert(count <= STEP_DEPTH_MAX);
        parts[count++] = (struct part){text, step->kind};
    }
    assert(count <= 1);
    return count == 1 ? parts[0].text : memory_text("%s", "");
}

void rule_words_group(struct traits *traits, const struct rules *rules,
                      const struct vocabulary *vocabulary, uint32_t group)
{
    char *condition = condition_words(rules, vocabulary, &rules->groups[group]);
    traits_add_text(traits, "condition", condition);
    free(condition);
    rule_words_day(traits, "from", rules->groups[group].from_day, "always");
    rule_words_day(traits, "until", rules->groups[group].until_day, "open");
}

static void put_targets(struct traits *traits, const struct vocabulary *vocabulary,
                        const struct extension_target targets[], uint8_t count)
{
    for (uint8_t i = 0; i < count; i++) {
        char *kind = kind_words(vocabulary, targets[i].status_kind, targets[i].subtype);
        traits_put(traits, "%s%s", i > 0 ? ", " : "", kind);
        free(kind);
    }
}

void rule_words_extension(struct traits *traits, const struct rules *rules,
                          const struct vocabulary *vocabulary, uint32_t extension)
{
    const struct extension *e = &rules->extensions[extension];
    traits_begin(traits, NULL, "statuses");
    put_targets(traits, vocabulary, e->targets, e->target_count);
    if (e->exception_count > 0)
        traits_put(traits, " except ");
    put_targets(traits, vocabulary, e->exceptions, e->exception_count);
    traits_end(traits);
    traits_add(traits, "ending", "%s..%s", DAY(e->ended_from), DAY(e->ended_until - 1));
    rule_words_day(traits, "until", e->until_day, "open");
}

/* ---- calendars ---- */

static void put_weekdays(struct traits *traits, uint8_t mask)
{
    const char *comma = "";
    if (mask == MASK_WEEKDAYS || mask == MASK_WEEKENDS) {
        traits_put(traits, mask == MASK_WEEKDAYS ? "weekdays" : "weekends");
        return;
    }
    for (unsigned i = 0; i < WEEKDAY_COUNT; i++) {
        if ((mask >> i & 1) == 0)
            continue;
        traits_put(traits, "%s%s", comma, weekday_words[i]);
        comma = ", ";
    }
}

static void put_once(struct traits *traits, const struct calendar_item *item)
{
    traits_put(traits, "%s", DAY(item->from_day));
    if (item->until_day > item->from_day + 1)
        traits_put(traits, "..%s", DAY(item->until_day - 1));
}

static void put_item(struct traits *traits, const struct rules *rules,
                     const struct calendar_item *item)
{
    switch (item->kind) {
    case CALENDAR_YEARLY:
        traits_put(traits, "%02u-%02u%s", item->month, item->day,
                   item->or_monday ? " or monday" : "");
        break;
    case CALENDAR_YEARLY_SPAN:
        traits_put(traits, "%02u-%02u..%02u-%02u", item->month, item->day, item->last_month,
                   item->last_day);
        break;
    case CALENDAR_ONCE:
        put_once(traits, item);
        break;
    case CALENDAR_EASTER:
        if (item->offset_days == 0)
            traits_put(traits, "easter");
        else
            traits_put(traits, "easter%+d", item->offset_days);
        break;
    case CALENDAR_NTH_WEEKDAY:
        traits_put(traits, "%s %s of %02u", ordinal_words[item->nth - 1],
                   weekday_words[item->weekday], item->month);
        break;
    case CALENDAR_WEEKDAYS:
        put_weekdays(traits, item->weekday_mask);
        break;
    case CALENDAR_OTHER:
        traits_put(traits, "%s", rules->calendars[item->calendar].name);
        break;
    }
    if (item->has_place) {
        traits_put(traits, " in ");
        put_place(traits, item->place);
    }
}

static void put_items(struct traits *traits, const struct rules *rules, uint32_t calendar)
{
    const struct rule_calendar *c = &rules->calendars[calendar];
    bool was_excluded = false;
    for (uint32_t i = 0; i < c->item_count; i++) {
        const struct calendar_item *item = &rules->items[c->first_item + i];
        if (item->is_excluded != was_excluded)
            traits_put(traits, item->is_excluded ? " except " : " and ");
        else if (i > 0)
            traits_put(traits, ", ");
        was_excluded = item->is_excluded;
        put_item(traits, rules, item);
    }
}

void rule_words_calendar(struct traits *traits, const struct rules *rules, uint32_t calendar)
{
    traits_begin(traits, NULL, "days");
    put_items(traits, rules, calendar);
    traits_end(traits);
}

/* ---- reliefs ---- */

void rule_words_split(struct traits *traits, const struct rules *rules, uint32_t split)
{
    const struct split *s = &rules->splits[split];
    traits_begin(traits, NULL, "payers");
    for (uint8_t i = 0; i < s->part_count; i++) {
        const struct split_part *part = &s->parts[i];
        traits_put(traits, "%s%011" PRIu64 " ", i > 0 ? ", " : "", part->payer);
        if (part->kind == SPLIT_SUBSIDY)
            traits_put(traits, "%s each", MONEY(part->value));
        else if (part->kind == SPLIT_PERCENT)
            traits_put(traits, "%s", PERCENT(part->value));
        else
            traits_put(traits, "rest");
    }
    traits_end(traits);
}

void rule_words_relief(struct traits *traits, const struct rules *rules, uint32_t relief)
{
    traits_add(traits, "giver", "%011" PRIu64, rules->reliefs[relief].giver);
    bool is_everywhere = rules->reliefs[relief].is_everywhere;
    traits_add(traits, "contract", is_everywhere ? "not needed" : "needed");
    traits_usual(traits, !is_everywhere);
}

static void put_spacing(struct traits *traits, uint64_t minutes)
{
    static const uint64_t day = 24 * 60, hour = 60;
    if (minutes % day == 0)
        traits_put(traits, "every %" PRIu64 " days", minutes / day);
    else if (minutes % hour == 0)
        traits_put(traits, "every %" PRIu64 " hours", minutes / hour);
    else
        traits_put(traits, "every %" PRIu64 " minutes", minutes);
}

static void add_limit(struct traits *traits, const struct limit *limit)
{
    char name[64] = "limit of spacing";
    static const char *const kinds[] = {
        [LIMIT_USES] = "limit of uses", [LIMIT_AMOUNT] = "limit", [LIMIT_BUDGET] = "budget"};
    if (limit->kind != LIMIT_SPACING)
        snprintf(name, sizeof(name), "%s per %s", kinds[limit->kind], period_words[limit->period]);
    traits_begin(traits, NULL, name);
    if (limit->kind == LIMIT_SPACING)
        put_spacing(traits, limit->value);
    else if (limit->kind == LIMIT_USES)
        traits_put(traits, "%" PRIu64, limit->value);
    else
        traits_put(traits, "%s EUR", MONEY(limit->value));
    if (limit->shared != 0)
        traits_put(traits, " shared %u", limit->shared);
    if (limit->warn_bp != 0)
        traits_put(traits, " warn %s", PERCENT(limit->warn_bp));
    if (limit->is_published)
        traits_put(traits, " published");
    traits_end(traits);
}

void rule_words_version_until(struct traits *traits, const struct rules *rules, uint32_t version)
{
    const struct rule_version *v = &rules->versions[version];
    const struct rule_relief *relief = &rules->reliefs[v->relief];
    bool is_last = version + 1 == relief->first_version + relief->version_count;
    if (!is_last && v->until_day == rules->versions[version + 1].from_day) {
        traits_add(traits, "until", "the next version");
        traits_usual(traits, true);
    } else {
        rule_words_day(traits, "until", v->until_day, "open");
    }
}

static void add_unknown(struct traits *traits, const struct rule_version *v)
{
    if (v->unknown == UNKNOWN_LAST_KNOWN)
        traits_add(traits, "unknown", "last known %u days", v->known_days);
    else
        traits_add(traits, "unknown", v->unknown == UNKNOWN_ALLOW ? "allow" : "refuse");
    traits_usual(traits, v->unknown == UNKNOWN_REFUSE);
}

void rule_words_version(struct traits *traits, const struct rules *rules, uint32_t version)
{
    static const char *const roundings[] = {
        [ROUND_HALF_UP] = "half up", [ROUND_DOWN] = "down", [ROUND_UP] = "up"};
    const struct rule_version *v = &rules->versions[version];
    traits_add(traits, "state", "%s", version_state_words[v->state]);
    traits_usual(traits, v->state == VERSION_ACTIVE);
    traits_add(traits, "order", "%u", v->order);
    traits_usual(traits, v->order == RULE_ORDER_USUAL);
    traits_add(traits, "stacking", v->stacks ? "yes" : "no");
    traits_usual(traits, !v->stacks);
    add_unknown(traits, v);
    traits_add(traits, "round", "%s to %s", roundings[v->rounding], MONEY(v->round_step));
    traits_usual(traits, v->rounding == ROUND_HALF_UP && v->round_step == ROUND_STEP_USUAL);
    if (v->split != 0)
        traits_add(traits, "split", "%u", v->split);
    for (uint32_t i = 0; i < v->limit_count; i++)
        add_limit(traits, &rules->limits[v->first_limit + i].terms);
}

/* ---- clauses ---- */

static const char *product_name(const struct rules *rules, uint32_t number)
{
    uint32_t product = rules_product(rules, number);
    return product < rules->product_count ? rules->products[product].name : "?";
}

static void add_where(struct traits *traits, const struct rules *rules, const struct rule_clause *c)
{
    if (c->place_count > 0) {
        traits_begin(traits, NULL, "places");
        for (uint32_t i = 0; i < c->place_count; i++) {
            traits_put(traits, i > 0 ? ", " : "");
            put_place(traits, rules->places[c->first_place + i]);
        }
        traits_end(traits);
    }
    if (c->range_count > 0) {
        traits_begin(traits, NULL, "points");
        rule_words_ranges(traits, rules->ranges + c->first_range, c->range_count, ", ");
        traits_end(traits);
    }
    if (c->contract_count > 0) {
        traits_begin(traits, NULL, "contracts");
        for (uint32_t i = 0; i < c->contract_count; i++)
            traits_put(traits, "%s%" PRIu32, i > 0 ? ", " : "",
                       rules->contract_numbers[c->first_contract + i]);
        traits_end(traits);
    }
}

static void add_when(struct traits *traits, const struct rules *rules, const struct rule_clause *c)
{
    if (c->calendar != CALENDAR_ALL_DAYS) {
        traits_begin(traits, NULL, "days");
        if (rules->calendars[c->calendar].name[0] != '\0')
            traits_put(traits, "%s", rules->calendars[c->calendar].name);
        else
            put_items(traits, rules, c->calendar);
        traits_end(traits);
    }
    if (c->terms.clock_count == 0)
        return;
    traits_begin(traits, NULL, "hours");
    for (uint8_t i = 0; i < c->terms.clock_count; i++) {
        struct clock_span span = c->terms.clocks[i];
        traits_put(traits, "%s%02u:%02u-%02u:%02u", i > 0 ? ", " : "", span.from_min / 60,
                   span.from_min % 60, span.until_min / 60, span.until_min % 60);
    }
    traits_end(traits);
}

static void add_how_much(struct traits *traits, const struct clause *terms)
{
    if (terms->price_least > 0 || terms->price_most < UINT32_MAX) {
        traits_begin(traits, NULL, "price");
        if (terms->price_least > 0)
            traits_put(traits, "from %s", MONEY(terms->price_least));
        if (terms->price_most < UINT32_MAX)
            traits_put(traits, "%sbelow %s", terms->price_least > 0 ? " " : "",
                       MONEY((uint64_t)terms->price_most + 1));
        traits_end(traits);
    }
    if (terms->quantity_least <= 1 && terms->quantity_most >= QUANTITY_MAX)
        return;
    if (terms->quantity_least == terms->quantity_most)
        traits_add(traits, "quantity", "%u", terms->quantity_least);
    else if (terms->quantity_most >= QUANTITY_MAX)
        traits_add(traits, "quantity", "from %u", terms->quantity_least);
    else if (terms->quantity_least <= 1)
        traits_add(traits, "quantity", "up to %u", terms->quantity_most);
    else
        traits_add(traits, "quantity", "%u to %u", terms->quantity_least, terms->quantity_most);
}

static void add_how(struct traits *traits, const struct clause *terms)
{
    const char *comma = "";
    if (terms->means_mask != MEANS_MASK_ALL) {
        traits_begin(traits, NULL, "means");
        for (uint8_t i = MEANS_PERSONAL_CODE; i <= MEANS_LAST; i++)
            if ((terms->means_mask >> i & 1) != 0) {
                traits_put(traits, "%s%s", comma, means_name(i));
                comma = ", ";
            }
        traits_end(traits);
    }
    comma = "";
    if (terms->entry_mask != ENTRY_MASK_ALL) {
        traits_begin(traits, NULL, "reading");
        for (uint8_t i = 0; i <= ENTRY_LAST; i++)
            if ((terms->entry_mask >> i & 1) != 0) {
                traits_put(traits, "%s%s", comma, entry_name(i));
                comma = ", ";
            }
        traits_end(traits);
    }
}

static void add_computation(struct traits *traits, const struct clause *terms)
{
    static const char *const names[] = {[COMPUTE_PERCENT] = "discount",
                                        [COMPUTE_AMOUNT] = "amount",
                                        [COMPUTE_SUBSIDY] = "subsidy",
                                        [COMPUTE_PRICE] = "costs"};
    traits_begin(traits, "computation", names[terms->computation]);
    if (terms->computation == COMPUTE_PERCENT)
        traits_put(traits, "%s", PERCENT(terms->value));
    else
        traits_put(traits, "%s", MONEY(terms->value));
    traits_end(traits);
    if (terms->above > 0)
        traits_add(traits, "threshold", "%s", MONEY(terms->above));
    if (terms->cap > 0)
        traits_add(traits, "cap", "%s%s", MONEY(terms->cap),
                   (terms->flags & CLAUSE_CAP_EACH) != 0 ? " each" : "");
    if (terms->unit_count_max > 0)
        traits_add(traits, "units", "%u", terms->unit_count_max);
    if (terms->companions_max > 0)
        traits_add(traits, "companions", "%u", terms->companions_max);
}

void rule_words_clause(struct traits *traits, const struct rules *rules, uint32_t clause)
{
    const struct rule_clause *c = &rules->clauses[clause];
    bool is_everybody = c->group == GROUP_EVERYBODY;
    traits_add(traits, "group", "%s", is_everybody ? "everybody" : rules->groups[c->group].name);
    traits_begin(traits, NULL, "products");
    for (uint32_t i = 0; i < c->product_count; i++)
        traits_put(traits, "%s%s", i > 0 ? ", " : "",
                   product_name(rules, rules->clause_products[c->first_product + i]));
    traits_end(traits);
    add_where(traits, rules, c);
    add_when(traits, rules, c);
    add_how_much(traits, &c->terms);
    add_how(traits, &c->terms);
    add_computation(traits, &c->terms);
}
