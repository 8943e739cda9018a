/* Terminals that buy, confirm, cancel and refund through a server that dies and a way that fails:
 * each asks again, under the same id, until it is answered, and remembers what it was told. At the
 * end the ledger must say the same. Each shopper is a thread; works in suites that do not fork. */
#ifndef TESTS_SHOPPER_H
#define TESTS_SHOPPER_H

#include <pthread.h>
#include <stdatomic.h>

#include "protocol/fault.h"
#include "protocol/frame.h"

#define SHOPPER_WINDOW 64 /* purchases that it makes at once */

/* Everything that is bought. */
struct shopper_goods {
    uint32_t product, unit_price;
    uint32_t service_time_s;
    uint32_t person_count;
    /* The code of person `i`; half price for all of them. */
    void (*code_of)(char code[static 11], uint32_t i);
};

struct sale; /* a request, and what came of it */

struct shopper {
    const struct shopper_goods *goods;
    int (*connect)(void *context); /* a blocking socket, or -1 */
    void *context;
    uint64_t id_first, sale_most;
    uint64_t random;
    atomic_bool is_ending;
    atomic_bool has_ended; /* everything it asked for is answered */
    /* Its own. */
    pthread_t thread;
    int fd;
    struct sale *sales;
    size_t sale_count;
    size_t sale_room;
    uint64_t broken_count, repeated_count, unequal_count, busy_count;
    uint8_t received[FRAME_SIZE];
    size_t received_size;
};

/* `number` sets its ids and its chance apart from the others'. Ends after about `sale_most`
 * requests (0: when asked to). */
void shopper_start(struct shopper *shopper, uint32_t number, uint64_t sale_most);
/* What is under way is answered first, so the server must be there. */
void shopper_ask_to_end(struct shopper *shopper);
void shopper_join(struct shopper *shopper);
void shopper_free(struct shopper *shopper);

/* How many requests changed something in the ledger, by what was answered. */
uint64_t shopper_posting_count(const struct shopper *shopper);

/* Whether the ledger in this folder says what all of them were told, and nothing else. */
MUST_USE bool shoppers_agree(const struct shopper shoppers[], size_t count, const char *ledger,
                             struct fault *fault);

#endif
