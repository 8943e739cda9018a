#include "loader/catalogue_diff.h"

#include "loader/relief_diff.h"
#include "loader/rule_words.h"
#include "protocol/keyfile.h"
#include "protocol/money.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NONE           UINT32_MAX
#define THING_NAME_MAX (NAME_SIZE + 32)

/* One side, and what its words need. */
struct side {
    const struct catalogue *catalogue;
    const struct vocabulary *vocabulary;
};

/* A kind of thing: how many there are, which of the other side is the same, what it is called and
 * what is said of it. */
struct kind {
    const char *what;
    uint32_t (*count)(const struct catalogue *c);
    uint32_t (*find)(const struct catalogue *in, const struct catalogue *of, uint32_t index);
    void (*name)(char name[static THING_NAME_MAX], const struct catalogue *c, uint32_t index);
    void (*say)(struct traits *traits, const struct side *side, uint32_t index);
};

static void say_days(struct traits *traits, struct in_force in_force)
{
    rule_words_day(traits, "from", in_force.from_day, "always");
    rule_words_day(traits, "until", in_force.until_day, "open");
}

static void say_state(struct traits *traits, bool is_suspended)
{
    traits_add(traits, "state", is_suspended ? "suspended" : "active");
    traits_usual(traits, !is_suspended);
}

static void say_title(struct traits *traits, const char *title)
{
    traits_add(traits, "title", title[0] != '\0' ? "\"%s\"" : "none", title);
    traits_usual(traits, title[0] == '\0');
}

/* ---- things with numbers ---- */

#define NUMBERED(kind, rows, row_count, key, format)                                               \
    static uint32_t kind##_count(const struct catalogue *c)                                        \
    {                                                                                              \
        return c->row_count;                                                                       \
    }                                                                                              \
    static void kind##_name(char name[static THING_NAME_MAX], const struct catalogue *c,           \
                            uint32_t index)                                                        \
    {                                                                                              \
        snprintf(name, THING_NAME_MAX, format, c->rows[index].key);                                \
    }                                                                                              \
    static uint32_t kind##_find(const struct catalogue *in, const struct catalogue *of,            \
                                uint32_t index)                                                    \
    {                                                                                              \
        uint32_t least = 0, most = in->row_count;                                                  \
        while (least < most) {                                                                     \
            uint32_t middle = least + (most - least) / 2;                                          \
            if (in->rows[middle].key == of->rows[index].key)                                       \
                return middle;                                                                     \
            if (in->rows[middle].key < of->rows[index].key)                                        \
                least = middle + 1;                                                                \
            else                                                                                   \
                most = middle;                                                                     \
        }                                                                                          \
        return NONE;                                                                               \
    }
NUMBERED(giver, trade.givers, trade.giver_count, number, "%011" PRIu64)
NUMBERED(provider, trade.providers, trade.provider_count, number, "%011" PRIu64)
NUMBERED(point, trade.points, trade.point_count, number, "%" PRIu32)
NUMBERED(terminal, trade.terminals, trade.terminal_count, number, "%" PRIu32)
NUMBERED(contract, trade.contracts, trade.contract_count, number, "%" PRIu32)
NUMBERED(place, trade.places, trade.place_count, code, "%07" PRIu32)
NUMBERED(product, rules->products, rules->product_count, number, "%" PRIu32)
NUMBERED(split, rules->splits, rules->split_count, code, "%u")

static void say_giver(struct traits *traits, const struct side *side, uint32_t index)
{
    const struct giver *giver = &side->catalogue->trade.givers[index];
    say_title(traits, giver->title);
    say_days(traits, giver->in_force);
}

static void say_provider(struct traits *traits, const struct side *side, uint32_t index)
{
    const struct provider *provider = &side->catalogue->trade.providers[index];
    say_title(traits, provider->title);
    say_state(traits, provider->is_suspended);
    say_days(traits, provider->in_force);
}

static void say_point(struct traits *traits, const struct side *side, uint32_t index)
{
    const struct point_row *point = &side->catalogue->trade.points[index];
    say_title(traits, point->title);
    traits_add(traits, "provider", "%011" PRIu64, point->provider);
    traits_add(traits, "place", point->place != 0 ? "%07" PRIu32 : "none", point->place);
    traits_usual(traits, point->place == 0);
    say_state(traits, point->is_suspended);
    say_days(traits, point->in_force);
}

static void say_ranges(struct traits *traits, const char *what, const struct trade *trade,
                       uint32_t first, uint32_t count)
{
    traits_begin(traits, NULL, what);
    if (count == 0)
        traits_put(traits, "all");
    else
        rule_words_ranges(traits, trade->ranges + first, count, " ");
    traits_end(traits);
}

static void say_budget(struct traits *traits, const char *what, uint32_t budget)
{
    traits_add(traits, what, budget != 0 ? "%" PRIu32 : "the server's own", budget);
    traits_usual(traits, budget == 0);
}

/* Which key it is, for two people who compare: the first two groups of its fingerprint. */
static void say_key(struct traits *traits, const struct terminal_row *terminal)
{
    char fingerprint[FINGERPRINT_TEXT_SIZE];
    keyfile_fingerprint(fingerprint, terminal->key);
    traits_add(traits, "key", terminal->has_key ? "%.9s" : "none", fingerprint);
    traits_usual(traits, !terminal->has_key);
}

static void say_terminal(struct traits *traits, const struct side *side, uint32_t index)
{
    const struct terminal_row *terminal = &side->catalogue->trade.terminals[index];
    const struct trade *trade = &side->catalogue->trade;
    say_ranges(traits, "points", trade, terminal->first_range, terminal->range_count);
    traits_add(traits, "profile", "%s", profile_name(terminal->profile));
    say_key(traits, terminal);
    say_ranges(traits, "products", trade, terminal->first_product_range,
               terminal->product_range_count);
    traits_usual(traits, terminal->product_range_count == 0);
    say_budget(traits, "budget per minute", terminal->per_minute);
    say_budget(traits, "budget per day", terminal->per_day);
    say_budget(traits, "typed budget per day", terminal->typed_per_day);
    say_days(traits, terminal->in_force);
}

static void say_contract(struct traits *traits, const struct side *side, uint32_t index)
{
    const struct trade *trade = &side->catalogue->trade;
    const struct contract_row *contract = &trade->contracts[index];
    traits_add(traits, "giver", "%011" PRIu64, contract->giver);
    traits_add(traits, "provider", "%011" PRIu64, contract->provider);
    traits_add(traits, "relief", "%s", contract->relief);
    say_ranges(traits, "points", trade, contract->first_range, contract->range_count);
    say_days(traits, contract->in_force);
}

static void say_place(struct traits *traits, const struct side *side, uint32_t index)
{
    const struct place_row *place = &side->catalogue->trade.places[index];
    say_title(traits, place->title);
    traits_add(traits, "replaced by", place->replaced_by != 0 ? "%07" PRIu32 : "none",
               place->replaced_by);
    traits_usual(traits, place->replaced_by == 0);
    say_days(traits, place->in_force);
}

/* Of rules and of the table: what the table alone says is usual when there is no such row. */
static void say_product(struct traits *traits, const struct side *side, uint32_t index)
{
    static const struct product_row none = {.in_force.until_day = DAY_NEVER};
    const struct product *product = &side->catalogue->rules->products[index];
    const struct product_row *row = trade_product(&side->catalogue->trade, product->number);
    if (row == NULL)
        row = &none;
    char price[MONEY_TEXT_SIZE];
    traits_add(traits, "name", "%s", product->name);
    traits_add(traits, "unit", "%s", row->unit[0] != '\0' ? row->unit : "none");
    traits_usual(traits, row->unit[0] == '\0');
    traits_add(traits, "price", "%s", row->price != 0 ? money_text(price, row->price) : "none");
    traits_usual(traits, row->price == 0);
    say_days(traits, row->in_force);
}

static void say_split(struct traits *traits, const struct side *side, uint32_t index)
{
    rule_words_split(traits, side->catalogue->rules, index);
}

/* ---- things with names ---- */

#define NAMED(kind, rows, row_count)                                                               \
    static uint32_t kind##_count(const struct catalogue *c)                                        \
    {                                                                                              \
        return c->rules->row_count;                                                                \
    }                                                                                              \
    static void kind##_name(char name[static THING_NAME_MAX], const struct catalogue *c,           \
                            uint32_t index)                                                        \
    {                                                                                              \
        snprintf(name, THING_NAME_MAX, "%s", c->rules->rows[index].name);                          \
    }                                                                                              \
    static uint32_t kind##_find(const struct catalogue *in, const struct catalogue *of,            \
                                uint32_t index)                                                    \
    {                                                                                              \
        for (uint32_t i = 0; i < in->rules->row_count; i++)                                        \
            if (strcmp(in->rules->rows[i].name, of->rules->rows[index].name) == 0)                 \
                return i;                                                                          \
        return NONE;                                                                               \
    }
NAMED(calendar, calendars, calendar_count)
NAMED(extension, extensions, extension_count)
NAMED(group, groups, group_count)

static void say_calendar(struct traits *traits, const struct side *side, uint32_t index)
{
    rule_words_calendar(traits, side->catalogue->rules, index);
}

static void say_extension(struct traits *traits, const struct side *side, uint32_t index)
{
    rule_words_extension(traits, side->catalogue->rules, side->vocabulary, index);
}

static void say_group(struct traits *traits, const struct side *side, uint32_t index)
{
    rule_words_group(traits, side->catalogue->rules, side->vocabulary, index);
}

/* ---- the comparison ---- */

static const struct kind kinds[] = {
    {"giver", giver_count, giver_find, giver_name, say_giver},
    {"provider", provider_count, provider_find, provider_name, say_provider},
    {"place", place_count, place_find, place_name, say_place},
    {"point of sale", point_count, point_find, point_name, say_point},
    {"terminal", terminal_count, terminal_find, terminal_name, say_terminal},
    {"contract", contract_count, contract_find, contract_name, say_contract},
    {"product", product_count, product_find, product_name, say_product},
    {"calendar", calendar_count, calendar_find, calendar_name, say_calendar},
    {"extension", extension_count, extension_find, extension_name, say_extension},
    {"group", group_count, group_find, group_name, say_group},
    {"split", split_count, split_find, split_name, say_split},
};

/* What the parser makes by itself, and what is part of a clause, is told with what it belongs to.
 */
static bool is_told(const struct kind *kind, const struct rules *rules, uint32_t index)
{
    if (kind->find == calendar_find)
        return rules->calendars[index].name[0] != '\0' &&
               strcmp(rules->calendars[index].name, WORKDAYS) != 0;
    return kind->find != group_find || rules->groups[index].known_days == 0;
}

static void compare_kind(struct changes *out, const struct kind *kind, const struct side *before,
                         const struct side *now)
{
    const struct catalogue *old = before->catalogue, *new = now->catalogue;
    struct traits was = {0}, is = {0};
    char name[THING_NAME_MAX];
    for (uint32_t i = 0; i < kind->count(new); i++) {
        if (!is_told(kind, new->rules, i))
            continue;
        uint32_t same = kind->find(old, new, i);
        kind->name(name, new, i);
        traits_empty(&is);
        kind->say(&is, now, i);
        if (same == NONE) {
            changes_add_new(out, kind->what, name, NULL, &is);
            continue;
        }
        traits_empty(&was);
        kind->say(&was, before, same);
        changes_add_traits(out, kind->what, name, &was, &is);
    }
    for (uint32_t i = 0; i < kind->count(old); i++) {
        if (!is_told(kind, old->rules, i) || kind->find(new, old, i) != NONE)
            continue;
        kind->name(name, old, i);
        traits_empty(&was);
        kind->say(&was, before, i);
        changes_add_gone(out, kind->what, name, NULL, &was);
    }
    traits_free(&was);
    traits_free(&is);
}

void catalogue_diff(struct changes *out, const struct catalogue *before,
                    const struct catalogue *now, const struct vocabulary *vocabulary)
{
    const struct side old = {before, vocabulary}, new = {now, vocabulary};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        compare_kind(out, &kinds[i], &old, &new);
    relief_diff(out, before->rules, now->rules);
}
