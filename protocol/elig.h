/* libelig: ask an eligibility engine from a validator, a card reader or a till.
 *
 * Public header; nothing else of this project is needed beside it. One connection is used by one
 * thread at a time. No call prints, keeps global state or installs signal handlers. */
#ifndef ELIG_H
#define ELIG_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ELIG_FRAME_SIZE          64
#define ELIG_IDENTIFIER_SIZE_MAX 24

/* The identifier of means ELIG_CARD that is sent when nobody is identified. */
#define ELIG_ANYBODY "ANYBODY"

/* Of a response: which relief it is, is not told there; several reliefs with different splits. */
#define ELIG_RELIEF_UNTOLD 0xffffffffu
#define ELIG_SPLIT_SEVERAL 65535u

enum elig_means { ELIG_PERSONAL_CODE = 1, ELIG_EID = 2, ELIG_ETALONS = 3, ELIG_CARD = 4 };
enum elig_kind { ELIG_CHECK = 1, ELIG_PING = 2, ELIG_STATUS = 3 };
enum elig_entry { ELIG_UNSTATED = 0, ELIG_CHIP, ELIG_CONTACTLESS, ELIG_OPTICAL, ELIG_TYPED };

/* Status numbers are those of PROTOCOL.md; these are the ones that a till acts on. */
enum elig_status {
    ELIG_OK = 0,
    ELIG_DRAINING = 201,
    ELIG_BUSY = 202,
    ELIG_NOT_READY = 203,
    ELIG_UNKNOWN_PRODUCT = 301,
    ELIG_UNKNOWN_POINT_OF_SALE = 302,
    ELIG_OUTSIDE_WINDOW = 303,
    ELIG_NO_CONTRACT = 304,
    ELIG_APPLIES = 310,
    ELIG_NO_DATA = 311,
    ELIG_DOES_NOT_APPLY = 312
};

struct elig_request {
    uint8_t kind;                                  /* enum elig_kind */
    uint8_t means;                                 /* enum elig_means; 0 in PING and STATUS */
    uint8_t entry;                                 /* enum elig_entry */
    uint8_t companions;                            /* at most quantity - 1 of them count */
    uint16_t quantity;                             /* 1..10000 in CHECK, theirs too; 0 else */
    char identifier[ELIG_IDENTIFIER_SIZE_MAX + 1]; /* canonical, with NUL; see elig_normalise */
    uint32_t product, point_of_sale;
    uint32_t unit_price;     /* 1/10000 EUR */
    uint32_t service_time_s; /* seconds since 1970 UTC; 0: now */
    uint64_t request_id;     /* not 0; never used twice by a terminal */
    uint64_t target_id;      /* 0 */
};

struct elig_response {
    uint8_t kind;
    uint16_t status, split, remaining;
    uint64_t request_id, ledger_sequence, generation;
    uint64_t relief_amount, payable; /* 1/10000 EUR */
    uint32_t relief;
    uint32_t valid_until_s; /* 0: not told */
    uint32_t server_time_s;
    uint16_t stale_h, wait_ms;
};

struct elig_report {
    uint16_t status;
    uint64_t request_id, check_count, generation, identifier_count, person_count;
    uint32_t uptime_s, connection_count, server_time_s;
    uint16_t stale_h, wait_ms;
};

/* Errors of the calls below; 0 is success. elig_error_text has a sentence for each. */
enum elig_error {
    ELIG_FINE = 0,
    ELIG_BAD_ARGUMENT = -1,   /* a field is out of range */
    ELIG_BAD_IDENTIFIER = -2, /* no canonical form */
    ELIG_NO_ADDRESS = -3,     /* address not understood */
    ELIG_NO_CONNECTION = -4,  /* could not connect, or the connection broke */
    ELIG_TIMEOUT = -5,
    ELIG_BAD_ANSWER = -6, /* what came back is not this protocol, or not an answer to this */
    ELIG_NO_MEMORY = -7,
    ELIG_NOT_LOCAL = -8 /* an address of another machine: frames are plain */
};

/* Frames: bytes in, bytes out, no I/O. */
int elig_encode_request(uint8_t frame[ELIG_FRAME_SIZE], const struct elig_request *request);
int elig_decode_response(struct elig_response *out, const uint8_t frame[ELIG_FRAME_SIZE]);
int elig_decode_report(struct elig_report *out, const uint8_t frame[ELIG_FRAME_SIZE]);

/* The canonical form of what was read or typed, into `out` with a NUL. */
int elig_normalise(char out[ELIG_IDENTIFIER_SIZE_MAX + 1], uint8_t means, const char *text);

/* A connection to "127.0.0.1:7447", "[::1]:7447" or "unix:/run/elig/eligd.sock"; names are not
 * looked up, and frames, being plain, go to loopback addresses only. `timeout_ms`, at least 1,
 * bounds connecting and each answer. The caller closes it; closing NULL does nothing. */
struct elig;
int elig_connect(struct elig **out, const char *address, uint32_t timeout_ms);
void elig_close(struct elig *elig);

/* Sends one request and waits for its answer: for CHECK and PING. After an error other than
 * ELIG_BAD_ARGUMENT and ELIG_BAD_IDENTIFIER the connection is of no more use: close it, connect
 * again and ask again, under another request_id. Servers close connections that are silent for some
 * minutes, so the first question after a quiet time may end so. */
int elig_ask(struct elig *elig, const struct elig_request *request, struct elig_response *out);
/* STATUS. A server that refuses answers with a status that is not ELIG_OK; beside it only
 * request_id, generation, server_time_s, stale_h and wait_ms are set then. */
int elig_ask_status(struct elig *elig, uint64_t request_id, struct elig_report *out);

const char *elig_status_text(uint16_t status);
const char *elig_status_name(uint16_t status);
const char *elig_error_text(int error);

#ifdef __cplusplus
}
#endif

#endif
