/* Protocol v1 frames: 64 bytes each way, little-endian. Normative text: PROTOCOL.md. */
#ifndef PROTOCOL_FRAME_H
#define PROTOCOL_FRAME_H

#include <assert.h>

#include "protocol/bytes.h"
#include "protocol/means.h"
#include "protocol/status.h"

#define FRAME_SIZE    64
#define FRAME_VERSION 1

enum frame_kind {
    KIND_CHECK = 1,
    KIND_PING = 2,
    KIND_STATUS = 3,  /* of the server, or with a TARGET_ID of a transaction */
    KIND_USE = 4,     /* a purchase: decided and confirmed at once */
    KIND_RESERVE = 5, /* a purchase: decided, and held until it is confirmed */
    KIND_CONFIRM = 6, /* of what was reserved, the whole or a part */
    KIND_CANCEL = 7,  /* of what was reserved */
    KIND_REFUND = 8,  /* of what was confirmed, the whole, some units or an amount */
    KIND_LATE = 9,    /* a purchase that has happened already, while nobody could be asked */
};
#define KIND_LAST KIND_LATE

/* Kinds that are about somebody who buys something. */
static inline bool kind_is_purchase(uint8_t kind)
{
    return kind == KIND_CHECK || kind == KIND_USE || kind == KIND_RESERVE || kind == KIND_LATE;
}
/* Kinds that the ledger answers; STATUS does when it names a transaction. */
static inline bool kind_is_transaction(uint8_t kind)
{
    return kind >= KIND_USE && kind <= KIND_LATE;
}
/* How long a reservation may be asked to hold. */
#define HOLD_10S_MAX 90

/* How the terminal came by the identifier. */
enum entry { ENTRY_UNSTATED = 0, ENTRY_CHIP, ENTRY_CONTACTLESS, ENTRY_OPTICAL, ENTRY_TYPED };
#define ENTRY_LAST ENTRY_TYPED

/* "unstated", "chip", "contactless", "optical", "typed"; and back, false when it is none of them.
 */
const char *entry_name(uint8_t entry);
MUST_USE bool entry_of_name(uint8_t *entry, const char *name, size_t name_size);

#define QUANTITY_MAX   10000
#define COMPANIONS_MAX UINT8_MAX

enum {
    REQUEST_VERSION = 0,        /* u8 */
    REQUEST_KIND = 1,           /* u8, enum frame_kind */
    REQUEST_MEANS = 2,          /* u8, enum means; 0 unless a purchase */
    REQUEST_ENTRY = 3,          /* u8, enum entry */
    REQUEST_QUANTITY = 4,       /* u16, 1..QUANTITY_MAX; 0: all, where units are not counted */
    REQUEST_COMPANIONS = 6,     /* u8, at most QUANTITY - 1 of them count */
    REQUEST_HOLD_10S = 7,       /* u8, of RESERVE, in units of ten seconds; 0 in all others */
    REQUEST_ID = 8,             /* u64, not 0 */
    REQUEST_IDENTIFIER = 16,    /* 24 bytes, zero after its end */
    REQUEST_PRODUCT = 40,       /* u32; unless a purchase: u32 terminal of the target, 0: own */
    REQUEST_POINT_OF_SALE = 44, /* u32, 0: not stated */
    REQUEST_UNIT_PRICE = 48,    /* u32, 1/10000 EUR; of REFUND an amount */
    REQUEST_SERVICE_TIME = 52,  /* u32, seconds since 1970-01-01 UTC; 0: when it arrives */
    REQUEST_TARGET_ID = 56,     /* u64, id of the transaction spoken of; 0 in purchases */
    REQUEST_END = 64,
};
static_assert(REQUEST_VERSION == 0, "request fields begin with the frame");
static_assert(REQUEST_KIND == REQUEST_VERSION + 1, "request fields touch");
static_assert(REQUEST_MEANS == REQUEST_KIND + 1, "request fields touch");
static_assert(REQUEST_ENTRY == REQUEST_MEANS + 1, "request fields touch");
static_assert(REQUEST_QUANTITY == REQUEST_ENTRY + 1, "request fields touch");
static_assert(REQUEST_COMPANIONS == REQUEST_QUANTITY + 2, "request fields touch");
static_assert(REQUEST_HOLD_10S == REQUEST_COMPANIONS + 1, "request fields touch");
static_assert(REQUEST_ID == REQUEST_HOLD_10S + 1, "request fields touch");
static_assert(REQUEST_IDENTIFIER == REQUEST_ID + 8, "request fields touch");
static_assert(REQUEST_PRODUCT == REQUEST_IDENTIFIER + IDENTIFIER_SIZE_MAX, "request fields touch");
static_assert(REQUEST_POINT_OF_SALE == REQUEST_PRODUCT + 4, "request fields touch");
static_assert(REQUEST_UNIT_PRICE == REQUEST_POINT_OF_SALE + 4, "request fields touch");
static_assert(REQUEST_SERVICE_TIME == REQUEST_UNIT_PRICE + 4, "request fields touch");
static_assert(REQUEST_TARGET_ID == REQUEST_SERVICE_TIME + 4, "request fields touch");
static_assert(REQUEST_END == REQUEST_TARGET_ID + 8, "request fields touch");
static_assert(REQUEST_END == FRAME_SIZE, "request fields fill the frame");

struct request {
    uint8_t kind;
    uint8_t entry;
    uint8_t companions;
    uint8_t hold_10s; /* of RESERVE: 1..HOLD_10S_MAX */
    uint16_t quantity;
    uint64_t request_id;
    struct identifier identifier; /* means 0 and size 0 unless a purchase */
    uint32_t product;             /* 0 unless a purchase */
    uint32_t point_of_sale;
    uint32_t unit_price; /* 1/10000 EUR; of REFUND the amount to give back, 0: not by amount */
    uint32_t service_time_s;
    uint64_t target_id;       /* of CONFIRM, CANCEL, REFUND, and of STATUS or 0 */
    uint32_t target_terminal; /* whose transaction it is; 0: the terminal's own */
};

/* Answers to everything but a STATUS of the server. */
enum {
    RESPONSE_VERSION = 0,          /* u8 */
    RESPONSE_KIND = 1,             /* u8, the request's */
    RESPONSE_STATUS = 2,           /* u16, enum status */
    RESPONSE_SPLIT = 4,            /* u16, funding-split code; 0 without relief */
    RESPONSE_REMAINING = 6,        /* u16, uses left; REMAINING_UNPUBLISHED */
    RESPONSE_ID = 8,               /* u64, the request's */
    RESPONSE_LEDGER_SEQUENCE = 16, /* u64, 0: nothing was written */
    RESPONSE_GENERATION = 24,      /* u64, snapshot that answered; 0: none */
    RESPONSE_RELIEF_AMOUNT = 32,   /* u64, 1/10000 EUR */
    RESPONSE_PAYABLE = 40,         /* u64, 1/10000 EUR */
    RESPONSE_RELIEF = 48,          /* u32, opaque code, RELIEF_UNTOLD; 0 without relief */
    RESPONSE_VALID_UNTIL = 52,     /* u32, seconds since 1970 UTC: holds until then; 0: not told */
    RESPONSE_SERVER_TIME = 56,     /* u32, seconds since 1970 UTC */
    RESPONSE_STALE_H = 60,         /* u16, hours by which the oldest source is overdue; 0: fresh */
    RESPONSE_WAIT_MS = 62,         /* u16, of BUSY and DRAINING */
    RESPONSE_END = 64,
};
static_assert((int)RESPONSE_VERSION == (int)REQUEST_VERSION,
              "the version is where it was in the request");
static_assert((int)RESPONSE_KIND == (int)REQUEST_KIND, "the kind is where it was in the request");
static_assert((int)RESPONSE_ID == (int)REQUEST_ID, "the id is where it was in the request");
static_assert(RESPONSE_STATUS == RESPONSE_KIND + 1, "response fields touch");
static_assert(RESPONSE_SPLIT == RESPONSE_STATUS + 2, "response fields touch");
static_assert(RESPONSE_REMAINING == RESPONSE_SPLIT + 2, "response fields touch");
static_assert(RESPONSE_ID == RESPONSE_REMAINING + 2, "response fields touch");
static_assert(RESPONSE_LEDGER_SEQUENCE == RESPONSE_ID + 8, "response fields touch");
static_assert(RESPONSE_GENERATION == RESPONSE_LEDGER_SEQUENCE + 8, "response fields touch");
static_assert(RESPONSE_RELIEF_AMOUNT == RESPONSE_GENERATION + 8, "response fields touch");
static_assert(RESPONSE_PAYABLE == RESPONSE_RELIEF_AMOUNT + 8, "response fields touch");
static_assert(RESPONSE_RELIEF == RESPONSE_PAYABLE + 8, "response fields touch");
static_assert(RESPONSE_VALID_UNTIL == RESPONSE_RELIEF + 4, "response fields touch");
static_assert(RESPONSE_SERVER_TIME == RESPONSE_VALID_UNTIL + 4, "response fields touch");
static_assert(RESPONSE_STALE_H == RESPONSE_SERVER_TIME + 4, "response fields touch");
static_assert(RESPONSE_WAIT_MS == RESPONSE_STALE_H + 2, "response fields touch");
static_assert(RESPONSE_END == RESPONSE_WAIT_MS + 2, "response fields touch");
static_assert(RESPONSE_END == FRAME_SIZE, "response fields fill the frame");

#define REMAINING_UNPUBLISHED 0xffff

/* A relief applies, and which one is not for this profile to see. Codes of reliefs are less. */
#define RELIEF_UNTOLD UINT32_MAX

/* No sale can come to more: the greatest price, the greatest quantity. 1/10000 EUR. */
#define AMOUNT_MAX ((uint64_t)UINT32_MAX * QUANTITY_MAX)

struct response {
    uint8_t kind;
    uint16_t status;
    uint16_t split;
    uint16_t remaining;
    uint64_t request_id;
    uint64_t ledger_sequence;
    uint64_t generation;
    uint64_t relief_amount; /* 1/10000 EUR */
    uint64_t payable;       /* 1/10000 EUR */
    uint32_t relief;
    uint32_t valid_until_s;
    uint32_t server_time_s;
    uint16_t stale_h;
    uint16_t wait_ms;
};

/* The answer to STATUS: the same first sixteen bytes, GENERATION, SERVER_TIME, STALE_H and WAIT_MS,
 * and numbers about the server where an answer to CHECK has money. */
enum {
    REPORT_CHECK_COUNT = RESPONSE_LEDGER_SEQUENCE,    /* u64, checks answered since start */
    REPORT_IDENTIFIER_COUNT = RESPONSE_RELIEF_AMOUNT, /* u64, identifiers in the snapshot */
    REPORT_PERSON_COUNT = RESPONSE_PAYABLE,           /* u64, persons in the snapshot */
    REPORT_UPTIME_S = RESPONSE_RELIEF,                /* u32 */
    REPORT_CONNECTION_COUNT = RESPONSE_VALID_UNTIL,   /* u32, open now */
};

struct report {
    uint16_t status;
    uint64_t request_id;
    uint64_t check_count;
    uint64_t generation;
    uint64_t identifier_count;
    uint64_t person_count;
    uint32_t uptime_s;
    uint32_t connection_count;
    uint32_t server_time_s;
    uint16_t stale_h;
    uint16_t wait_ms;
};

/* Decoding a request gives STATUS_OK or the transport status that PROTOCOL.md's precedence asks
 * for, and then leaves `out` untouched. Every field is checked, an unused one for zero. */
MUST_USE enum status frame_decode_request(struct request *out,
                                          const uint8_t frame[static FRAME_SIZE]);
/* Writes what it is given: what a decoder would refuse is refused there, not here. */
void frame_encode_request(uint8_t frame[static FRAME_SIZE], const struct request *in);

/* For answers to frames that do not decode: what can be echoed of them. */
static inline uint8_t frame_kind(const uint8_t frame[static FRAME_SIZE])
{
    return frame[REQUEST_KIND];
}
static inline uint64_t frame_request_id(const uint8_t frame[static FRAME_SIZE])
{
    return load_u64(frame + REQUEST_ID);
}

/* A client's side: false when the frame is no answer of this version (version, status or a field
 * out of range). A report is an answer to STATUS whose status is OK; every other answer, to
 * whatever kind, is a response.
 * Encoding asserts what decoding asks for: APPLIES, RESERVED, CONFIRMED and OVER_LIMIT have a
 * relief, CANCELLED, EXPIRED and REFUNDED may, no other status does; without one there is no split,
 * relief amount or valid-until; wait_ms belongs to BUSY and DRAINING; amounts stay within
 * AMOUNT_MAX. */
MUST_USE bool frame_decode_response(struct response *out, const uint8_t frame[static FRAME_SIZE]);
void frame_encode_response(uint8_t frame[static FRAME_SIZE], const struct response *in);
MUST_USE bool frame_decode_report(struct report *out, const uint8_t frame[static FRAME_SIZE]);
void frame_encode_report(uint8_t frame[static FRAME_SIZE], const struct report *in);

#endif
