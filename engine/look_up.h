/* Who it is, and what is known of them: for a group at once, so that nobody waits for memory alone.
 * Each step asks for the memory that the next one reads. Time does not tell who is known. */
#ifndef ENGINE_LOOK_UP_H
#define ENGINE_LOOK_UP_H

#include "protocol/decide.h"
#include "protocol/identity.h"

#define LOOK_UP_MAX IDENTITY_BATCH_MAX
static_assert(LOOK_UP_MAX <= INDEX_BATCH_MAX, "what is digested together is looked for together");

/* 1. Digests; their home buckets are asked for. The caller wipes both. */
void look_up_digest(struct digest digests[], const uint8_t *homes[], const struct edition *edition,
                    const struct identifier identifiers[], size_t count);

/* 2. Views; whoever is unknown has a decoy (VIEW_DECOY). They are asked for. */
void look_up_find(uint32_t views[], const struct edition *edition, const uint8_t *const homes[],
                  const struct digest digests[], size_t count);

/* 3. Heads of sets, and memberships, are asked for: what a decision reads. */
void look_up_ask(const struct edition *edition, const uint32_t views[], size_t count);

#endif
