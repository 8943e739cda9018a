/* Parts of a transaction, divided: what of them stays or goes back. See protocol/LEDGER.md, "Parts
 * and money". Pure. */
#ifndef ENGINE_PORTIONS_H
#define ENGINE_PORTIONS_H

#include "protocol/posting.h"

uint64_t parts_amount(const struct posting_part parts[], size_t count);

/* What stays of `quantity` of `of` units: units and uses rounded up, amounts down. */
void parts_portion(struct posting_part out[], const struct posting_part parts[], size_t count,
                   uint16_t quantity, uint16_t of);

/* What goes back with `quantity` of `of` units: all rounded down, so that no use is free again
 * while a unit that it was had with is kept. */
void parts_back(struct posting_part out[], const struct posting_part parts[], size_t count,
                uint16_t quantity, uint16_t of);

/* An amount, from the last part to the first; no units. It is at most what the parts have. */
void parts_of_amount(struct posting_part out[], const struct posting_part parts[], size_t count,
                     uint64_t amount);

/* Takes `away` from the parts. */
void parts_take(struct posting_part parts[], const struct posting_part away[], size_t count);

#endif
