/* What the server counts. Each loop writes its own numbers, without a lock; anybody may read and
 * add them up. */
#ifndef ENGINE_METRICS_H
#define ENGINE_METRICS_H

#include <assert.h>
#include <stdatomic.h>

#include "engine/lines.h"

/* Every number once: name, meaning. Names are in the log and in eligd(8): append only. */
#define METRICS(X)                                                                                 \
    X(checks, "CHECK frames answered, whatever the answer")                                        \
    X(applies, "of these: a relief applies")                                                       \
    X(no_data, "of these: data of a register are missing")                                         \
    X(does_not_apply, "of these: no relief applies")                                               \
    X(unknown_product, "of these: the product is not in the catalogue")                            \
    X(outside_window, "of these: the service time is outside the days that can be judged")         \
    X(unknown_point_of_sale, "of these: the point of sale is not in the catalogue")                \
    X(no_contract, "of these: no relief on the product is contracted at the point of sale")        \
    X(looked_up,                                                                                   \
      "of these: whose identifier was hashed and looked for; the others did not need it")          \
    X(pings, "PING frames answered")                                                               \
    X(reports, "STATUS frames answered")                                                           \
    X(bad_frames, "frames refused for what is in them")                                            \
    X(turned_away, "frames answered DRAINING or NOT_READY")                                        \
    X(accepted, "connections accepted")                                                            \
    X(closed, "connections closed, for whatever reason")                                           \
    X(over_limit, "connections closed at once because as many as may be were open")                \
    X(accept_pauses, "times that accepting paused for want of descriptors or memory")              \
    X(bad_versions, "connections closed for speaking another protocol version")                    \
    X(broken, "connections that ended with an error")                                              \
    X(cut_frames, "connections that ended inside a frame")                                         \
    X(idle_closed, "connections closed for silence")                                               \
    X(frame_closed, "connections closed for a frame that did not come whole in time")              \
    X(write_closed, "connections closed for not taking their answers in time")                     \
    X(held_back, "times that answers had to wait for a connection to take them")                   \
    X(sessions, "sealed sessions begun")                                                           \
    X(sessions_ended, "of these: ended, for whatever reason")                                      \
    X(session_over, "of these: after their hour, or with their terminal gone from the catalogue")  \
    X(session_revoked, "of these: because the terminal's key was revoked")                         \
    X(hello_busy, "HELLOs answered BUSY")                                                          \
    X(hello_closed, "connections closed for no HELLO, or no first record, in time")                \
    X(hello_malformed, "connections closed for something else than a HELLO")                       \
    X(hello_misaddressed, "HELLOs refused before any curve: other key, or noise")                  \
    X(hello_unreadable, "HELLOs that did not open: forged, or of another environment")             \
    X(hello_stranger, "HELLOs of a key or number that the catalogue does not have")                \
    X(hello_ended, "HELLOs of a terminal that is not in force")                                    \
    X(hello_revoked, "HELLOs of a revoked key")                                                    \
    X(hello_replayed, "HELLOs whose counter has not risen")                                        \
    X(hello_no_merchant_key, "HELLOs of a merchant whose key is not here")                         \
    X(record_bad_type, "sessions ended for a record of another type")                              \
    X(record_bad_version, "sessions ended for a record of another version")                        \
    X(record_bad_size, "sessions ended for a record of an impossible size")                        \
    X(record_unopened, "sessions ended for a record that did not open")                            \
    X(record_bad_padding, "sessions ended for frames behind padding")                              \
    X(not_permitted, "frames of a terminal about a product or point of sale that are not its own") \
    X(rationed, "CHECK frames answered BUSY by the enumeration guard")                             \
    X(hello_crowded, "of hello_busy: because their address had its share of those that waited")    \
    X(transactions, "transactions that the ledger was asked for")                                  \
    X(transactions_busy, "transactions answered BUSY: too many waited, or the ledger cannot now")  \
    X(transactions_refused, "transactions that what is bought, where or when has settled")         \
    X(transactions_unanswered, "transactions whose verdict found its connection gone")             \
    X(commit_closed, "connections closed without an answer because the ledger has failed")         \
    X(ledger_groups, "groups that the ledger wrote")                                               \
    X(ledger_requests, "requests in them")                                                         \
    X(ledger_group_most, "requests in the largest of them")                                        \
    X(ledger_commit_us, "microseconds that their commits took, all together")                      \
    X(ledger_commit_us_most, "microseconds that the longest of them took")                         \
    X(ledger_waiting, "requests that are with the ledger now")                                     \
    X(ledger_group_ms, "for how long its present group has been under way, in milliseconds")       \
    X(verdict_applies, "verdicts of the ledger: APPLIES")                                          \
    X(verdict_no_data, "NO_DATA, likewise")                                                        \
    X(verdict_does_not_apply, "DOES_NOT_APPLY, likewise")                                          \
    X(verdict_conflict, "CONFLICT, likewise")                                                      \
    X(verdict_unknown_transaction, "UNKNOWN_TRANSACTION, likewise")                                \
    X(verdict_exceeds, "EXCEEDS, likewise")                                                        \
    X(verdict_limit_reached, "LIMIT_REACHED, likewise")                                            \
    X(verdict_too_soon, "TOO_SOON, likewise")                                                      \
    X(verdict_budget_spent, "BUDGET_SPENT, likewise")                                              \
    X(verdict_too_many_held, "TOO_MANY_HELD, likewise")                                            \
    X(verdict_reserved, "RESERVED, likewise")                                                      \
    X(verdict_confirmed, "CONFIRMED, likewise")                                                    \
    X(verdict_over_limit, "OVER_LIMIT, likewise")                                                  \
    X(verdict_cancelled, "CANCELLED, likewise")                                                    \
    X(verdict_expired, "EXPIRED, likewise")                                                        \
    X(verdict_refunded, "REFUNDED, likewise")                                                      \
    X(verdict_busy, "BUSY, likewise: the disk is full")                                            \
    X(ledger_expiries, "reservations that ran out")                                                \
    X(ledger_pruned, "rows that were removed because they are old enough")                         \
    X(ledger_heads, "signed heads that were written")                                              \
    X(ledger_holds, "reservations that were open when its head was signed last")                   \
    X(ledger_map_bp, "of the ledger's map in use, in 1/100 of a percent")                          \
    X(ledger_full, "groups that found no room on the disk or in the map")                          \
    X(ledger_failed, "1: the ledger has failed, and nothing is written any more")                  \
    X(ledger_clock_held, "1: the ledger's clock does not follow the wall clock")                   \
    X(audit_rows, "rows of the journal of checks that are on the disk")                            \
    X(audit_blocks, "blocks in which they stand")                                                  \
    X(audit_lost, "rows that the journal could not take; it says so itself, too")                  \
    X(audit_failures, "times that the journal could not be written or synced")                     \
    X(audit_refused, "CHECK frames answered BUSY because the journal is full")

struct metrics {
#define METRICS_FIELD(name, help) _Atomic uint64_t name;
    _Alignas(CACHE_LINE_SIZE) METRICS(METRICS_FIELD)
#undef METRICS_FIELD
};
static_assert(sizeof(struct metrics) % CACHE_LINE_SIZE == 0, "no line is two loops'");

/* Only the loop that owns the metrics adds: a load and a store, no locked instruction. */
static inline void metric_add(_Atomic uint64_t *metric, uint64_t count)
{
    uint64_t old = atomic_load_explicit(metric, memory_order_relaxed);
    atomic_store_explicit(metric, old + count, memory_order_relaxed);
}

/* Of numbers that are no counts: how it is now, and the most that there was. */
static inline void metric_set(_Atomic uint64_t *metric, uint64_t value)
{
    atomic_store_explicit(metric, value, memory_order_relaxed);
}
static inline void metric_most(_Atomic uint64_t *metric, uint64_t value)
{
    if (value > atomic_load_explicit(metric, memory_order_relaxed))
        atomic_store_explicit(metric, value, memory_order_relaxed);
}

static inline uint64_t metric_read(const _Atomic uint64_t *metric)
{
    return atomic_load_explicit(metric, memory_order_relaxed);
}

/* Connections of a loop. It may open or close one between the two loads, which are in this order so
 * that it is never less than none. */
static inline uint32_t metrics_open_count(const struct metrics *metrics)
{
    uint64_t closed = metric_read(&metrics->closed);
    uint64_t accepted = metric_read(&metrics->accepted);
    return accepted > closed ? (uint32_t)(accepted - closed) : 0;
}

/* The numbers of all loops, and since when they count. */
struct metrics_board {
    const struct metrics *loops; /* borrowed */
    uint32_t loop_count;
    uint64_t start_s; /* UTC */
};

/* Adds each number of `from` to that of `sum`. */
void metrics_sum(struct metrics *sum, const struct metrics *from);

/* " checks=12 applies=3 ..." into text, which always ends in NUL; returns its length. */
#define METRICS_TEXT_SIZE 3600
size_t metrics_to_text(char text[static METRICS_TEXT_SIZE], const struct metrics *metrics);

#endif
