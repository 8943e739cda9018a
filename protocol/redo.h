/* The redo file beside a ledger: what small groups wrote, until LMDB has committed it. Offsets, and
 * who may rely on what, are normative in LEDGER.md, "Redo file".
 *
 * A record is one group: the ledger's head before it and after it, and every row that it put or
 * deleted between the two. It is worth something where the head before it is the one that is
 * there. */
#ifndef PROTOCOL_REDO_H
#define PROTOCOL_REDO_H

#include "protocol/fault.h"
#include "protocol/posting.h"

#define REDO_FILE       "ledger.redo"
#define REDO_MAGIC      "ELIGREDO"
#define REDO_SIZE       (1u << 20) /* of the file, always */
#define REDO_BLOCK      4096u      /* each record begins on one */
#define REDO_RECORD_MAX 16384u     /* bytes; a larger group is committed by LMDB */
#define REDO_CHECK_SIZE 32

enum {
    REDO_AT_MAGIC = 0,     /* 8 bytes */
    REDO_AT_SIZE = 8,      /* u32: of the record, zeros up to the next block not counted */
    REDO_AT_COUNT = 12,    /* u32: changes */
    REDO_AT_BEFORE = 16,   /* the head's row as it was */
    REDO_AT_AFTER = 144,   /* and as it is then */
    REDO_AT_CHECK = 272,   /* BLAKE2b-256 of all the rest */
    REDO_HEADER_SIZE = 304 /* and then changes, one behind the other */
};
static_assert(REDO_AT_BEFORE == REDO_AT_COUNT + 4, "fields touch");
static_assert(REDO_AT_AFTER == REDO_AT_BEFORE + LEDGER_HEAD_SIZE, "fields touch");
static_assert(REDO_AT_CHECK == REDO_AT_AFTER + LEDGER_HEAD_SIZE, "fields touch");
static_assert(REDO_HEADER_SIZE == REDO_AT_CHECK + REDO_CHECK_SIZE, "fields touch");

/* A change: u8 table, u8 kind, the key, and the row if it is put. */
enum redo_table {
    REDO_POSTINGS = 1,
    REDO_TRANSACTIONS,
    REDO_TALLIES,
    REDO_HOLDS,
    REDO_ACCOUNTS,
    REDO_TABLE_END
};
enum redo_kind { REDO_PUT = 1, REDO_DELETE };
struct redo_change {
    enum redo_table table;
    const uint8_t *key, *row; /* row NULL: it is deleted */
};
struct redo_sizes {
    uint8_t key;
    uint16_t row;
};
struct redo_sizes redo_sizes(enum redo_table table);

/* A record that is whole, in the bytes that it was read from. */
struct redo_record {
    const uint8_t *before, *after; /* heads, LEDGER_HEAD_SIZE each */
    size_t size;                   /* of the file: whole blocks */
    const uint8_t *next;           /* change */
    uint32_t left;                 /* changes */
};
/* False: what lies there is none, or was not written to its end. */
MUST_USE bool redo_read(struct redo_record *out, const uint8_t bytes[], size_t size);
/* Its next change; false at the end. */
MUST_USE bool redo_next(struct redo_change *out, struct redo_record *record);

/* Records that go on from a head, from the beginning of the file. */
struct redo_walk {
    const uint8_t *file; /* [REDO_SIZE] */
    size_t at;
    uint8_t head[LEDGER_HEAD_SIZE]; /* that has been come to */
};
MUST_USE bool redo_walk(struct redo_record *out, struct redo_walk *walk);

/* The file beside the ledger of a folder, for who does not write it. What it lacks is zeros. */
MUST_USE bool redo_load(uint8_t file[static REDO_SIZE], const char *directory, struct fault *fault);

/* A record that is being made. */
struct redo_draft {
    uint8_t *bytes;
    size_t room, size; /* 0: nothing is in it */
    uint32_t count;    /* changes */
};
/* False: there is no room for it. */
MUST_USE bool redo_add(struct redo_draft *draft, const struct redo_change *change);
void redo_seal(struct redo_draft *draft, const uint8_t before[static LEDGER_HEAD_SIZE],
               const uint8_t after[static LEDGER_HEAD_SIZE]);

#endif
