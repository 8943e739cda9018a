/* Random requests, put to a book and to the model of what it should do. */
#ifndef TESTS_LEDGER_PLAY_H
#define TESTS_LEDGER_PLAY_H

#include <stdint.h>

/* Plays so many requests, in episodes with a new book each; aborts with the seed of the episode and
 * the number of the request where the two differ. */
void ledger_play(uint64_t seed, uint64_t count);

#endif
