/* What an answer says, in four layers. Normative text: PROTOCOL.md, "Status".
 *
 * Precedence is the order of the numbers: of all statuses that apply, the lowest is answered. The
 * numbers leave the process; the list is only ever appended to. */
#ifndef PROTOCOL_STATUS_H
#define PROTOCOL_STATUS_H

#include "protocol/bytes.h"

#define STATUS_LIST(X)                                                                             \
    X(OK, 0, "ok")                                                                                 \
    /* transport: the frame itself */                                                              \
    X(BAD_VERSION, 101, "this protocol version is not spoken here")                                \
    X(BAD_KIND, 102, "this kind of request is not known here")                                     \
    X(BAD_RESERVED, 103, "a field is set that the kind has no use for, or is not that it needs")   \
    X(BAD_REQUEST_ID, 104, "the request id, or the one it speaks of, is zero")                     \
    X(BAD_MEANS, 105, "this kind of identification means is not known")                            \
    X(BAD_IDENTIFIER, 106, "the identifier is not in its canonical form")                          \
    X(BAD_ENTRY, 107, "this way of reading the means is not known")                                \
    X(BAD_QUANTITY, 108, "the quantity is out of range")                                           \
    /* service: the server as a whole */                                                           \
    X(DRAINING, 201, "the server is stopping: connect again elsewhere")                            \
    X(BUSY, 202, "the server is busy: wait and ask again")                                         \
    X(NOT_READY, 203, "no snapshot is in service")                                                 \
    X(NOT_PERMITTED, 204, "this terminal may not ask about this product or point of sale")         \
    /* decision: this purchase */                                                                  \
    X(UNKNOWN_PRODUCT, 301, "the product is not in the catalogue")                                 \
    X(UNKNOWN_POINT_OF_SALE, 302, "the point of sale is not in the catalogue")                     \
    X(OUTSIDE_WINDOW, 303, "the service time is outside the days that can be judged")              \
    X(NO_CONTRACT, 304, "no relief on this product is contracted at this point of sale")           \
    X(APPLIES, 310, "a relief applies")                                                            \
    X(NO_DATA, 311, "cannot be decided: data of a register are missing")                           \
    X(DOES_NOT_APPLY, 312, "no relief applies")                                                    \
    /* ledger: the transaction */                                                                  \
    X(NO_LEDGER, 401, "this server keeps no ledger")                                               \
    X(CONFLICT, 402, "this request id was used for another request")                               \
    X(UNKNOWN_TRANSACTION, 403, "no such transaction is known")                                    \
    X(EXCEEDS, 404, "that is more than the transaction has left")                                  \
    X(LIMIT_REACHED, 410, "the person has had as much as the relief gives")                        \
    X(TOO_SOON, 411, "the relief was used too short a time ago")                                   \
    X(BUDGET_SPENT, 412, "the budget of the relief is spent")                                      \
    X(TOO_MANY_HELD, 413, "too many reservations of this person are open")                         \
    X(RESERVED, 420, "reserved, not yet confirmed")                                                \
    X(CONFIRMED, 421, "confirmed")                                                                 \
    X(OVER_LIMIT, 422, "confirmed and recorded beyond what a limit allows")                        \
    X(CANCELLED, 423, "cancelled")                                                                 \
    X(EXPIRED, 424, "the reservation ran out")                                                     \
    X(REFUNDED, 425, "given back as a whole")

enum status {
#define STATUS_MEMBER(name, number, text) STATUS_##name = number,
    STATUS_LIST(STATUS_MEMBER)
#undef STATUS_MEMBER
};

/* Whether `number` is on the list: asked of every answer. */
#define STATUS_END (STATUS_REFUNDED + 1)
extern const bool status_listed[STATUS_END];
static inline bool status_is_known(uint16_t number)
{
    return number < STATUS_END && status_listed[number];
}

/* A sentence for a person, and the name as in PROTOCOL.md ("DOES_NOT_APPLY"); static storage.
 * "unknown status" and "UNKNOWN" for a number that is not on the list. */
const char *status_text(uint16_t number);
const char *status_name(uint16_t number);

#endif
