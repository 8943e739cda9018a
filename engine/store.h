/* The snapshot in service. A side thread at the lowest priority watches what is published, verifies
 * it and hands it to every loop; the old one is closed, and its key wiped, when the last loop has
 * left it. Whatever is refused changes nothing. */
#ifndef ENGINE_STORE_H
#define ENGINE_STORE_H

#include "protocol/edition.h"
#include "protocol/snapshot.h"

#define STORE_READERS_MAX 66 /* loops, and the threads of handshakes and of the journal */

/* What the store needs to know; everything is borrowed and outlives it. */
struct store_settings {
    const char *directory;
    const struct sign_public *signer;
    const struct identity_key *identity;
    const char *identity_keys; /* folder: each snapshot has its own key; NULL: `identity` */
    uint32_t environment;
    uint64_t subject_check; /* of the ledger's key, which snapshots must have; 0: no ledger */
    uint32_t poll_ms;
    uint32_t reader_count; /* each must take what it is woken for */
    /* Called from the side thread: reader `reader` shall call store_take soon. */
    void (*wake)(void *context, uint32_t reader);
    void *context;
};

struct store;

/* Opens the snapshot that CURRENT names; refuses to begin without one. */
MUST_USE bool store_open(struct store **out, const struct store_settings *settings,
                         struct fault *fault);

/* Begins to watch. */
MUST_USE bool store_start(struct store *store, struct fault *fault);

/* The edition for this reader from now on; what it had before is no longer its. Takes a lock, so
 * not on the main path: at start and when woken. */
const struct edition *store_take(struct store *store, uint32_t reader);

/* The same for a reader that is not done with what it had: that stays its, too, until it lets go of
 * it. There is never more than one such edition, because the next is not put in service before. */
const struct edition *store_take_beside(struct store *store, uint32_t reader);
void store_let_go(struct store *store, uint32_t reader);

/* The reader answers no more. */
void store_leave(struct store *store, uint32_t reader);

/* Look at CURRENT now, also when it was refused before. From any thread. */
void store_look(struct store *store);

/* How many snapshots went into service after the first. */
uint64_t store_swap_count(struct store *store);

/* Ends the side thread; every reader has left. NULL: nothing. */
void store_close(struct store *store);

#endif
