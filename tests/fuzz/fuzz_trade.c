/* Any tables become rows in order that fit each other, or a fault that names a table and a row of
 * it. The input is tables one after the other, each behind a line of '%' and its number. */
#include "loader/trade.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_mark(const char *at, const char *end)
{
    return end - at >= 3 && at[0] == '%' && at[1] >= '0' && at[1] < '0' + TABLE_COUNT &&
           at[2] == '\n';
}

static void split(struct trade_text texts[static TABLE_COUNT], const char *at, const char *end)
{
    struct trade_text *table = NULL;
    while (at < end) {
        if (is_mark(at, end)) {
            table = &texts[at[1] - '0'];
            *table = (struct trade_text){.text = at + 3};
            at += 3;
            continue;
        }
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        const char *next = line_end != NULL ? line_end + 1 : end;
        if (table != NULL)
            table->size += (size_t)(next - at);
        at = next;
    }
}

static void check_days(struct in_force in_force)
{
    assert(in_force.from_day < in_force.until_day && in_force.line >= 2);
}

static void check_ranges(const struct trade *trade, uint32_t first, uint32_t count)
{
    assert(first + count <= trade->range_count);
    for (uint32_t i = 0; i < count; i++) {
        const struct point_range *range = &trade->ranges[first + i];
        assert(range->first != 0 && range->first <= range->last);
        assert(i == 0 || range->first > range[-1].last);
    }
}

static void check_parties(const struct trade *trade)
{
    for (uint32_t i = 0; i < trade->giver_count; i++) {
        check_days(trade->givers[i].in_force);
        assert(trade_giver(trade, trade->givers[i].number) == &trade->givers[i]);
        assert(i == 0 || trade->givers[i].number > trade->givers[i - 1].number);
    }
    for (uint32_t i = 0; i < trade->provider_count; i++) {
        check_days(trade->providers[i].in_force);
        assert(trade_provider(trade, trade->providers[i].number) == &trade->providers[i]);
    }
    for (uint32_t i = 0; i < trade->point_count; i++) {
        const struct point_row *point = &trade->points[i];
        check_days(point->in_force);
        assert(point->number != 0 && trade_point(trade, point->number) == point);
        assert(trade_provider(trade, point->provider) != NULL);
        assert(trade_place_now(trade, point->place) == point->place);
    }
    for (uint32_t i = 0; i < trade->terminal_count; i++) {
        const struct terminal_row *terminal = &trade->terminals[i];
        check_days(terminal->in_force);
        assert(terminal->number != 0 && terminal->range_count >= 1);
        check_ranges(trade, terminal->first_range, terminal->range_count);
        check_ranges(trade, terminal->first_product_range, terminal->product_range_count);
        assert(trade_provider(trade, trade_terminal_provider(trade, terminal)) != NULL);
        assert(profile_of_name(profile_name(terminal->profile)) == terminal->profile);
        assert(terminal->has_key != bytes_are_zero(terminal->key, TERMINAL_KEY_SIZE));
    }
}

static void check_contracts(const struct trade *trade)
{
    for (uint32_t i = 0; i < trade->contract_count; i++) {
        const struct contract_row *contract = &trade->contracts[i];
        check_days(contract->in_force);
        assert(trade_contract(trade, contract->number) == contract);
        check_ranges(trade, contract->first_range, contract->range_count);
        assert(trade_provider(trade, contract->provider) != NULL);
        for (uint32_t j = 0; j < contract->range_count; j++) {
            const struct point_range *range = &trade->ranges[contract->first_range + j];
            assert(trade_point_from(trade, range->first)->provider == contract->provider);
        }
    }
}

static void check_rest(const struct trade *trade)
{
    for (uint32_t i = 0; i < trade->product_count; i++) {
        check_days(trade->products[i].in_force);
        assert(trade->products[i].number > PRODUCT_TEST && trade->products[i].name[0] != '\0');
        assert(i == 0 || trade->products[i].number > trade->products[i - 1].number);
    }
    for (uint32_t i = 0; i < trade->place_count; i++) {
        const struct place_row *place = &trade->places[i];
        check_days(place->in_force);
        assert(trade_place(trade, trade_place_now(trade, place->code))->replaced_by == 0);
    }
}

static void check_fault(const struct fault *fault)
{
    bool is_named = false;
    assert(strncmp(fault->text, "f/", 2) == 0);
    for (enum trade_table i = 0; i < TABLE_COUNT; i++) {
        size_t size = strlen(trade_file_name(i));
        is_named = is_named ||
                   (strncmp(fault->text + 2, trade_file_name(i), size) == 0 &&
                    fault->text[2 + size] == ':' && strtoul(fault->text + 3 + size, NULL, 10) >= 1);
    }
    assert(is_named);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct trade_text texts[TABLE_COUNT] = {0};
    struct trade trade = {0};
    struct fault fault = {""};
    split(texts, (const char *)data, (const char *)data + size);
    if (trade_parse(&trade, "f", texts, &fault)) {
        check_parties(&trade);
        check_contracts(&trade);
        check_rest(&trade);
    } else {
        check_fault(&fault);
    }
    trade_free(&trade);
    return 0;
}
