/* What a catalogue by chance says: its tables, and the text of its rules. */
#ifndef TESTS_RANDOM_TEXT_H
#define TESTS_RANDOM_TEXT_H

#include "tests/random_catalogue.h"

#define RANDOM_RELIEF_COUNT_MAX 7

/* Tables first: contracts are for reliefs R1, R2 ... and the rules speak of their numbers. */
void random_trade_make(struct random_catalogue *random, uint64_t *state);
void random_rules_write(struct random_catalogue *random, uint64_t *state);
uint64_t random_giver(uint32_t index);
#define RANDOM_GIVER_COUNT 3

#endif
