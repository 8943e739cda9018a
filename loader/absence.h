/* Why a clause as written is not there at a point of sale on a day. What compile.c leaves out
 * without a word is found again here, condition after condition, from the catalogue itself. */
#ifndef LOADER_ABSENCE_H
#define LOADER_ABSENCE_H

#include "loader/trial.h"

#define ABSENCE_SIZE 384

/* The first thing that is against the clause (an index in the rules): its version's days or state,
 * its points of sale and places, contracts, giver, provider, product, calendar. "Not on this day"
 * when there is nothing that the catalogue says. Returns `text`. */
const char *absence_of_clause(char text[static ABSENCE_SIZE], const struct trial *trial,
                              uint32_t rule_clause, const struct purchase *purchase, uint32_t day);

/* The same of a version (an index in the rules) and its relief, wherever it is: empty when nothing
 * is against it. */
const char *absence_of_version(char text[static ABSENCE_SIZE], const struct trial *trial,
                               uint32_t version, uint32_t day);

#endif
