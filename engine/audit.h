/* The journal of checks: who asked when, from which terminal, about whom, with which verdict. Loops
 * put rows into a ring of their own, which costs a few nanoseconds; a thread finds out whom they
 * are about, and writes them. What does not fit is lost and counted, or, when so chosen, not
 * answered. Files, their chain and how they are read: protocol/audit.h. */
#ifndef ENGINE_AUDIT_H
#define ENGINE_AUDIT_H

#include "protocol/edition.h"
#include "protocol/fault.h"

#define AUDIT_RING_COUNT 65536 /* rows of each loop that wait */

/* One answered CHECK, in memory only, wiped when written: it has an identifier. */
struct audit_row {
    struct identifier identifier;
    uint8_t entry;
    uint16_t status;   /* as decided, before any mask */
    uint32_t slot;     /* of the index, where the identifier stands; AUDIT_SLOT_NONE: nowhere */
    uint32_t terminal; /* 0: plain frames */
    uint32_t time_s, product, point_of_sale;
};

struct audit;

/* Room for `count` rows more of this loop; fewer than asked: the ring is full. Nothing is locked.
 */
struct audit_row *audit_room(struct audit *audit, uint32_t loop, size_t count, size_t *room);
void audit_push(struct audit *audit, uint32_t loop, size_t count, size_t lost_count);

#endif
