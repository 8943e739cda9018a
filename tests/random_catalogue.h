/* Catalogues, persons and purchases by chance, from a seed: rules as text, read by the real parser,
 * and tables in memory. Days, times, prices and quantities gather where something changes. */
#ifndef TESTS_RANDOM_CATALOGUE_H
#define TESTS_RANDOM_CATALOGUE_H

#include "tests/reference.h"

#define EDGE_DAY_COUNT_MAX 512
#define FACT_COUNT_MAX     6
#define KNOWN_COUNT_MAX    3

struct random_catalogue {
    char *text; /* the rules */
    size_t text_size;
    struct catalogue catalogue;
    struct vocabulary vocabulary;       /* and what was not delivered */
    uint32_t from_day, until_day;       /* the judging window */
    uint32_t edges[EDGE_DAY_COUNT_MAX]; /* days on which something changes */
    uint32_t edge_count;
    bool is_large;                          /* more groups and clauses than a word has bits */
    uint32_t relief_count, everywhere_mask; /* R1, R2 ...; bit i: the i-th needs no contract */
};

struct random_person {
    struct raw_person raw; /* points at the next two */
    struct status_fact facts[FACT_COUNT_MAX];
    struct raw_known known[KNOWN_COUNT_MAX];
};

/* Ends the program, with the text, when the parser refuses it: it is meant to be good. */
void random_catalogue_make(struct random_catalogue *out, uint64_t seed);
void random_catalogue_free(struct random_catalogue *random);

void random_person_make(struct random_person *out, const struct random_catalogue *random,
                        uint64_t *state);
void random_purchase_make(struct purchase *out, const struct random_catalogue *random,
                          uint64_t *state);

/* 0 up to bound - 1; and true so many times of a hundred. */
uint32_t random_below(uint64_t *state, uint32_t bound);
bool random_chance(uint64_t *state, uint32_t percent);
void random_add_edge(struct random_catalogue *random, int64_t day);
/* A day of change, or one beside it; now and then any day of the window. */
uint32_t random_day(const struct random_catalogue *random, uint64_t *state);

#endif
