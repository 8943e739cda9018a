/* Facts, put where all that is about a person stands together: parts that can be joined and
 * evaluated one by one, each near a core, and that wait in files where memory is short.
 *
 * A part is chosen by the personal code. Whoever is tied to somebody by a change of code, and all
 * that was delivered under any of these codes, stands in parts of their own behind the others. */
#ifndef LOADER_SHELVES_H
#define LOADER_SHELVES_H

#include "loader/facts.h"
#include "loader/hoard.h"

#define SHELF_COUNT     256 /* parts of those who are tied to nobody */
#define SHELF_KIN_COUNT 16
#define SHELF_COUNT_ALL (SHELF_COUNT + SHELF_KIN_COUNT)

struct shelves;
MUST_USE struct shelves *shelves_open(struct hoard_room *room); /* borrowed */
void shelves_close(struct shelves *shelves);                    /* NULL: nothing */

/* A piece of what a register said; it is empty afterwards. One thread at a time; pieces of one
 * delivery in order, and the base register wholly before shelves_know_kin and any other. */
void shelves_add(struct shelves *shelves, struct facts *piece);
void shelves_know_kin(struct shelves *shelves);

/* The part's facts into `facts`, over what was there: persons in order of deliveries and lines,
 * other rows in any; then the part is empty. Any number of threads take parts below SHELF_COUNT;
 * when all of these were taken, the others. */
MUST_USE bool shelves_take(struct shelves *shelves, uint32_t part, struct facts *facts,
                           struct fault *fault);

#endif
