/* Rows of the ledger as the verifier reads them: from LEDGER.md, section 3, alone. On purpose this
 * shares nothing with posting.c, calendar included: what both got wrong alike nobody would see. */
#ifndef PROTOCOL_LEDGER_ROWS_H
#define PROTOCOL_LEDGER_ROWS_H

#include "protocol/bytes.h"

enum {
    ROW_POSTING = 256,
    ROW_TRANSACTION = 112,
    ROW_TALLY = 32,
    ROW_ACCOUNT = 160,
    ROW_HEAD = 128,
    KEY_POSTING = 8,
    KEY_TRANSACTION = 12,
    KEY_TALLY = 17,
    KEY_HOLD = 20,
    KEY_ACCOUNT = 4,
    HASHED = 192, /* bytes of a posting that its hash is of */
    HASH = 32,
    PARTS = 4,
    HOLDS_OF_A_SUBJECT = 3, /* open at a time */
};

enum { USE = 1, RESERVE, CONFIRM, CANCEL, REFUND, LATE, EXPIRE, ACCOUNT, WARN, STOP, PRUNED = 255 };
enum { NONE = 0, HELD, TAKEN, UNDONE, RUN_OUT, DENIED, GIVEN_BACK };
enum { IS_LATE = 1, IS_OVER = 2, BY_AMOUNT = 8, ALL_FLAGS = 15 };
enum { OVER_LIMIT_ANSWER = 422 };

struct row_part {
    uint32_t account;
    uint16_t units, uses;
    uint64_t amount;
};

struct row_posting {
    uint64_t sequence, id, target, subject, recorded_ms, body, before, generation;
    uint32_t terminal, target_terminal, product, service_s, day_most, relief, until_s, skip;
    uint16_t status, quantity, flags;
    uint8_t kind, state, part_count;
    struct row_part parts[PARTS];
    const uint8_t *hash, *chain;
};

struct row_transaction {
    uint64_t first, last, body, deadline_ms;
    uint16_t flags, quantity, confirmed;
    uint8_t kind, state, part_count;
    struct row_part parts[PARTS];
};

struct row_head {
    uint32_t format, accounts;
    uint64_t sequence, clock_ms, pruned;
    const uint8_t *chain, *pruned_chain;
};

/* Little-endian numbers of a row, big-endian ones of a key, of `size` bytes. */
uint64_t row_number(const uint8_t *at, int size);
uint64_t key_number(const uint8_t *at, int size);
void key_put(uint8_t *at, uint64_t value, int size);

/* False: a reserved byte, or what no writer may write. */
bool row_read_posting(struct row_posting *out, const uint8_t *row);
bool row_read_transaction(struct row_transaction *out, const uint8_t *row);
bool row_read_head(struct row_head *out, const uint8_t *row);

/* The civil day in Riga. */
uint32_t row_day(uint64_t utc_s);
/* The days of a period, until is out. False: there is no such period. */
bool row_period(uint32_t *from, uint32_t *until, uint8_t period, uint32_t number);
/* The number of the period that has the day; not of terms, which begin on any. */
uint32_t row_period_of(uint8_t period, uint32_t day);

#endif
