/* What a terminal's own books say, from the answers alone: reliefs that were given and given back,
 * by provider, relief code and day. Nothing of the ledger is looked at. */
#ifndef BENCH_BOOKS_H
#define BENCH_BOOKS_H

#include "protocol/fault.h"
#include "protocol/totals.h"

/* Points of sale and whose they are. */
struct sellers {
    struct seller {
        uint32_t point_of_sale;
        uint64_t provider;
    } * list;
    size_t count, room;
};

/* From FOLDER/points_of_sale.csv. */
MUST_USE bool sellers_read(struct sellers *sellers, const char *folder, struct fault *fault);
void sellers_free(struct sellers *sellers);
/* 0: it is on no list. */
uint64_t sellers_find(const struct sellers *sellers, uint32_t point_of_sale);

struct books_line {
    uint64_t provider;
    uint32_t relief, day;                 /* up to here the key */
    uint64_t given_count, returned_count; /* transactions, refunds */
    uint64_t given, returned;             /* 1/10000 EUR */
};
#define BOOKS_KEY_SIZE offsetof(struct books_line, given_count)

struct books {
    struct totals lines; /* struct books_line */
};

void books_start(struct books *books);
void books_free(struct books *books);
/* The line, for good until the next call. */
struct books_line *books_at(struct books *books, uint64_t provider, uint32_t relief, uint32_t day);
/* By provider, relief and day; from then on only read. */
void books_sort(struct books *books);

#endif
