#include "bench/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROUND_ROOM (MEASURES_ROUND_MAX + 1)

/* ---- rounds ---- */

static bool fits(const struct measures_row *row, const struct summary_key *key)
{
    return row->part == key->part &&
           (key->subject == NULL || strcmp(row->subject, key->subject) == 0) &&
           (key->setting == NULL || strcmp(row->setting, key->setting) == 0) &&
           (key->measure == NULL || strcmp(row->measure, key->measure) == 0);
}

/* The value of each round, NAN where there is none; a later row replaces one before. */
static void take_rounds(double values[static ROUND_ROOM], const struct measures *measures,
                        const struct summary_key *key)
{
    struct summary_key wanted = *key;
    for (size_t i = 0; i < ROUND_ROOM; i++)
        values[i] = NAN;
    for (size_t i = 0; i < measures->row_count; i++) {
        const struct measures_row *row = &measures->rows[i];
        if (!fits(row, &wanted))
            continue;
        wanted.setting = row->setting;
        values[row->round] = row->value;
    }
}

static struct spread spread_of_rounds(double values[static ROUND_ROOM])
{
    size_t count = 0;
    for (size_t i = 0; i < ROUND_ROOM; i++)
        if (!isnan(values[i]))
            values[count++] = values[i];
    return spread_of(values, count);
}

struct spread summary_of(const struct measures *measures, const struct summary_key *key)
{
    double values[ROUND_ROOM];
    take_rounds(values, measures, key);
    return spread_of_rounds(values);
}

struct spread summary_ratio(const struct measures *measures, const struct summary_key *over,
                            const struct summary_key *under)
{
    double values[ROUND_ROOM], divisors[ROUND_ROOM];
    take_rounds(values, measures, over);
    take_rounds(divisors, measures, under);
    for (size_t i = 0; i < ROUND_ROOM; i++)
        values[i] = divisors[i] > 0 ? values[i] / divisors[i] : NAN;
    return spread_of_rounds(values);
}

struct spread summary_sum(const struct measures *measures, const struct summary_key *key)
{
    struct spread sum = {0};
    for (size_t i = 0; i < measures->row_count; i++) {
        if (!fits(&measures->rows[i], key))
            continue;
        sum.median += measures->rows[i].value;
        sum.round_count++;
    }
    sum.least = sum.most = sum.median;
    return sum;
}

/* ---- names ---- */

double names_number(const char *name)
{
    size_t length = strlen(name), at = length;
    while (at > 0 && strchr("0123456789.", name[at - 1]) != NULL)
        at--;
    return at < length ? strtod(name + at, NULL) : -1;
}

bool names_is_floor(const char *name)
{
    size_t length = strlen(name), end = strlen(NAMES_FLOOR);
    return length > end && strcmp(name + length - end, NAMES_FLOOR) == 0;
}

static const char *name_in(const struct measures_row *row, enum names_of column)
{
    switch (column) {
    case NAMES_SUBJECT:
        return row->subject;
    case NAMES_SETTING:
        return row->setting;
    case NAMES_MEASURE:
        return row->measure;
    }
    abort(); /* all columns are above */
}

static bool is_listed(const struct names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->list[i], name) == 0)
            return true;
    return false;
}

/* Numbers move in front of greater ones; what has none stays where it came. */
static void add(struct names *names, const char *name)
{
    double number = names_number(name);
    size_t at = names->count++;
    for (; number >= 0 && at > 0 && names_number(names->list[at - 1]) > number; at--)
        names->list[at] = names->list[at - 1];
    names->list[at] = name;
}

void names_find(struct names *out, const struct measures *measures, enum names_of column,
                const struct summary_key *like)
{
    out->count = out->left_out = 0;
    for (size_t i = 0; i < measures->row_count; i++) {
        if (!fits(&measures->rows[i], like))
            continue;
        const char *name = name_in(&measures->rows[i], column);
        if (is_listed(out, name))
            continue;
        if (out->count < NAMES_COUNT_MAX)
            add(out, name);
        else
            out->left_out++;
    }
}
