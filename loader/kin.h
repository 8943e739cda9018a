/* Personal codes that changes tie together: whoever has or had one of them, and whoever says so,
 * must be looked at in one place. Few people change codes. */
#ifndef LOADER_KIN_H
#define LOADER_KIN_H

#include "protocol/bytes.h"

struct kin;
MUST_USE struct kin *kin_open(void);
void kin_close(struct kin *kin); /* NULL: nothing */

/* The two codes, neither of them 0, are tied. */
void kin_tie(struct kin *kin, uint64_t code, uint64_t other);

/* After the last of them: numbers below `part_count`, the same for all that are tied, spread
 * evenly. False: there are more than KIN_TIE_COUNT_MAX ties. */
#define KIN_TIE_COUNT_MAX ((size_t)1 << 26)
MUST_USE bool kin_settle(struct kin *kin, uint32_t part_count);

/* Then: the number of a code, or KIN_NONE where nothing is tied to it. */
#define KIN_NONE UINT32_MAX
uint32_t kin_part(const struct kin *kin, uint64_t code);
void kin_prefetch(const struct kin *kin, uint64_t code);

#endif
