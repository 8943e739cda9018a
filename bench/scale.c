#include "bench/scale.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define SMALLEST 1e-12 /* of a logarithmic scale: nothing that is measured is smaller */

/* ---- ticks ---- */

static void add_tick(struct scale *scale, double value)
{
    assert(scale->tick_count < SCALE_TICK_COUNT_MAX);
    scale->ticks[scale->tick_count++] = value;
}

/* The least of 1, 2, 5 times a power of ten that is not less. */
static double nice_step(double step)
{
    double power = pow(10, floor(log10(step)));
    static const double factors[] = {1, 2, 5, 10};
    for (size_t i = 0; i < COUNT_OF(factors); i++)
        if (factors[i] * power >= step * (1 - 1e-9))
            return factors[i] * power;
    return 10 * power;
}

static size_t tick_room(const struct scale *scale, double gap)
{
    double room = fabs(scale->to - scale->from) / gap;
    return room < 2 ? 2 : room > SCALE_TICK_COUNT_MAX - 4 ? SCALE_TICK_COUNT_MAX - 4 : (size_t)room;
}

static void linear_ticks(struct scale *scale, size_t room)
{
    if (!(scale->most > scale->least))
        scale->most = scale->least + (scale->least > 0 ? scale->least : 1);
    double step = nice_step((scale->most - scale->least) / (double)room);
    double first = ceil(scale->least / step - 1e-9) + 0.0 /* no -0 */;
    double last = floor(scale->most / step + 1e-9);
    for (size_t i = 0; (double)i <= last - first; i++)
        add_tick(scale, (first + (double)i) * step);
}

/* The i-th of a row of ticks in which each decade has those of 1, 2, 5 (or of 1) alone. */
static double log_tick(int i, bool has_parts)
{
    static const double parts[] = {1, 2, 5};
    if (!has_parts)
        return pow(10, i);
    int decade = (int)floor(i / 3.0);
    return parts[i - 3 * decade] * pow(10, decade);
}

static void log_ticks(struct scale *scale, size_t room, bool is_widened)
{
    if (!(scale->least > SMALLEST))
        scale->least = SMALLEST;
    if (!(scale->most > scale->least))
        scale->most = 2 * scale->least;
    double decades = log10(scale->most / scale->least);
    bool has_parts = 3 * decades + 1 <= (double)room;
    /* Where not even each decade has room, each second or third ... */
    int stride = has_parts ? 1 : 1 + (int)(decades / (double)room);
    int first = (int)floor(log10(scale->least)) * (has_parts ? 3 : 1);
    while (log_tick(first + 1, has_parts) <= scale->least * (1 + 1e-9))
        first++;
    if (!is_widened && log_tick(first, has_parts) < scale->least * (1 - 1e-9))
        first++;
    int last = first + 1;
    while (log_tick(last, has_parts) < scale->most * (1 - 1e-9))
        last++;
    if (is_widened) {
        last += (stride - (last - first) % stride) % stride;
        scale->least = log_tick(first, has_parts);
        scale->most = log_tick(last, has_parts);
    }
    for (int i = first; i <= last; i += stride)
        if (log_tick(i, has_parts) <= scale->most * (1 + 1e-9))
            add_tick(scale, log_tick(i, has_parts));
}

struct scale scale_of(enum scale_kind kind, double least, double most, double from, double to,
                      double gap)
{
    struct scale scale = {.kind = kind, .least = least, .most = most, .from = from, .to = to};
    assert(isfinite(least) && isfinite(most) && gap > 0);
    size_t room = tick_room(&scale, gap);
    if (kind == SCALE_LINEAR)
        linear_ticks(&scale, room);
    else
        log_ticks(&scale, room, kind == SCALE_LOG_WIDE);
    return scale;
}

double scale_at(const struct scale *scale, double value)
{
    double low = scale->least, high = scale->most;
    value = value > low ? value < high ? value : high : low;
    double part = scale->kind != SCALE_LINEAR ? log(value / low) / log(high / low)
                                              : (value - low) / (high - low);
    return scale->from + part * (scale->to - scale->from);
}

/* ---- amounts ---- */

static const struct prefix {
    double factor;
    const char *text;
} time_prefixes[] = {{1, " ns"}, {1e3, " \xc2\xb5s"}, {1e6, " ms"}, {1e9, " s"}},
  rate_prefixes[] = {{1, ""}, {1e3, " k"}, {1e6, " M"}, {1e9, " G"}},
  second_prefixes[] = {{1, " s"}}, no_prefixes[] = {{1, ""}};

static const struct {
    const struct prefix *list;
    size_t count;
} units[] = {
    [AMOUNT_NS] = {time_prefixes, COUNT_OF(time_prefixes)},
    [AMOUNT_S] = {second_prefixes, COUNT_OF(second_prefixes)},
    [AMOUNT_PER_S] = {rate_prefixes, COUNT_OF(rate_prefixes)},
    [AMOUNT_RATIO] = {no_prefixes, COUNT_OF(no_prefixes)},
    [AMOUNT_COUNT] = {no_prefixes, COUNT_OF(no_prefixes)},
};

/* 999.6 is written as 1000: it has the next prefix. */
static const struct prefix *prefix_of(enum amount_unit unit, double value)
{
    size_t at = 0;
    while (at + 1 < units[unit].count && value >= 0.9995 * units[unit].list[at + 1].factor)
        at++;
    return &units[unit].list[at];
}

/* Digits behind the point, so that three count. */
static int decimals_of(enum amount_unit unit, double part)
{
    if (unit == AMOUNT_COUNT || part == 0)
        return 0;
    return part < 0.9995 ? 3 : part < 9.995 ? 2 : part < 99.95 ? 1 : 0;
}

#define DIGITS_SIZE 24

/* What has more digits than that is no measurement. */
static const char *digits_text(char out[static DIGITS_SIZE], double part, int decimals)
{
    snprintf(out, DIGITS_SIZE, "%.*f", decimals, part < 1e15 ? part : 1e15);
    return out;
}

const char *amount_text(char text[static AMOUNT_TEXT_SIZE], enum amount_unit unit, double value)
{
    const struct prefix *prefix = prefix_of(unit, value);
    char digits[DIGITS_SIZE];
    double part = value / prefix->factor;
    snprintf(text, AMOUNT_TEXT_SIZE, "%s%s", digits_text(digits, part, decimals_of(unit, part)),
             prefix->text);
    return text;
}

const char *amount_short_text(char text[static AMOUNT_TEXT_SIZE], enum amount_unit unit,
                              double value)
{
    const struct prefix *prefix = prefix_of(unit, value);
    char digits[DIGITS_SIZE];
    double part = value / prefix->factor;
    digits_text(digits, part, decimals_of(unit, part));
    size_t length = strlen(digits);
    while (strchr(digits, '.') != NULL && strchr("0.", digits[length - 1]) != NULL)
        digits[--length] = '\0'; /* the point itself is the last to go */
    snprintf(text, AMOUNT_TEXT_SIZE, "%s%s", digits, prefix->text);
    return text;
}

const char *amount_range_text(char text[static AMOUNT_TEXT_SIZE], enum amount_unit unit,
                              double value, double least, double most)
{
    const struct prefix *prefix = prefix_of(unit, value);
    char middle[DIGITS_SIZE], low[DIGITS_SIZE], high[DIGITS_SIZE];
    int decimals = decimals_of(unit, value / prefix->factor);
    snprintf(text, AMOUNT_TEXT_SIZE, "%s (%s to %s)%s",
             digits_text(middle, value / prefix->factor, decimals),
             digits_text(low, least / prefix->factor, decimals),
             digits_text(high, most / prefix->factor, decimals), prefix->text);
    return text;
}
