/* A ledger in memory, without threads, for suites of connections: it decides as protocol/LEDGER.md
 * says, without limits, budgets and time. When its verdicts come is for the suite to say. */
#ifndef TESTS_LEDGER_FAKE_H
#define TESTS_LEDGER_FAKE_H

#include "engine/ledger.h"

#define LEDGER_FAKE_HOLD_S 1700000000 /* until when every reservation is held */

/* `wake` is called when a loop has verdicts; NULL: nobody is told. */
struct ledger *ledger_fake_open(uint32_t loop_count, void (*wake)(void *context, uint32_t loop),
                                void *context);

/* From now on verdicts wait until they are let go; how many requests wait. */
void ledger_fake_hold(struct ledger *ledger);
size_t ledger_fake_waiting(const struct ledger *ledger);

/* Decides what waits, in order; verdicts come in the other order when so chosen. */
void ledger_fake_let_go(struct ledger *ledger, bool is_backwards);

/* From now on it takes at most so many more. */
void ledger_fake_narrow(struct ledger *ledger, size_t count);

/* It has failed, and says so. */
void ledger_fake_fail(struct ledger *ledger);

/* The last request that it was given. */
const struct ledger_request *ledger_fake_last(const struct ledger *ledger);

/* How many transactions stand in it, denials too. */
size_t ledger_fake_count(const struct ledger *ledger);

#endif
