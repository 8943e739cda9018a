/* Numbers as places on an axis, where its ticks stand, and how numbers are written for people. */
#ifndef BENCH_SCALE_H
#define BENCH_SCALE_H

#include "protocol/bytes.h"

#define SCALE_TICK_COUNT_MAX 32

/* A wide one is logarithmic, too, and is widened until its ends are ticks. */
enum scale_kind { SCALE_LINEAR, SCALE_LOG, SCALE_LOG_WIDE };

struct scale {
    enum scale_kind kind;
    double least, most; /* values; least < most, both above 0 when it is logarithmic */
    double from, to;    /* places of these */
    double ticks[SCALE_TICK_COUNT_MAX];
    size_t tick_count;
};

/* A scale on which values from `least` to `most` have their places. Its ends become ticks, and
 * ticks stand at 1, 2 or 5 times a power of ten (of ten alone, where that is enough), about `gap`
 * apart or more. A logarithmic one takes what is not above 0 as its least. */
struct scale scale_of(enum scale_kind kind, double least, double most, double from, double to,
                      double gap);

/* What lies outside has its place at the end. */
double scale_at(const struct scale *scale, double value);

/* ---- amounts ---- */

enum amount_unit {
    AMOUNT_NS,    /* "250 ns", "1.50 us" with the Greek letter */
    AMOUNT_S,     /* "1.25 s" */
    AMOUNT_PER_S, /* "20.0 k", "1.25 M" */
    AMOUNT_RATIO, /* "1.95" */
    AMOUNT_COUNT, /* "3" */
};

#define AMOUNT_TEXT_SIZE 96

/* With three digits that count. Returns `text`, as the others do. */
const char *amount_text(char text[static AMOUNT_TEXT_SIZE], enum amount_unit unit, double value);

/* Without zeros behind the point, for ticks: "1.5 us", "20 k". */
const char *amount_short_text(char text[static AMOUNT_TEXT_SIZE], enum amount_unit unit,
                              double value);

/* "1.50 (1.42 to 1.61) us": all in the unit and with the digits of the first. */
const char *amount_range_text(char text[static AMOUNT_TEXT_SIZE], enum amount_unit unit,
                              double value, double least, double most);

#endif
