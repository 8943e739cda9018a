/* A first look at which of many clauses may be about a person: bits of groups, gathered for up to
 * 64 clauses at once. What is done depends on how many clauses there are and on nothing else. */
#ifndef PROTOCOL_GROUP_BITS_H
#define PROTOCOL_GROUP_BITS_H

#include "protocol/bytes.h"

/* Groups are first looked for as bits: bit g % GROUP_BIT_COUNT stands for group g, so that groups
 * are taken for one another only in a country that has more of them. The last bit stands for
 * everybody, and every set has it. */
#define GROUP_WORD_COUNT    3
#define GROUP_BIT_COUNT     191
#define GROUP_BIT_EVERYBODY 191

#define GROUP_GATHER_MAX  64 /* clauses */
#define GROUP_GATHER_STEP 32 /* bytes that are read at once: readable behind the last clause */

/* Bit i of the result: bits[i] of the set. `bits` has `count` bytes of at most GROUP_BIT_EVERYBODY,
 * 1 to GROUP_GATHER_MAX, and behind them what may be read up to a multiple of GROUP_GATHER_STEP.
 * With AVX2 where there is one. */
uint64_t group_bits_gather(const uint64_t words[static GROUP_WORD_COUNT], const uint8_t *bits,
                           uint32_t count);
/* The same without AVX2: what the other is compared with. */
uint64_t group_bits_gather_plainly(const uint64_t words[static GROUP_WORD_COUNT],
                                   const uint8_t *bits, uint32_t count);

#endif
