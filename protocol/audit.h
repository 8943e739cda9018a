/* The journal of checks on disk: who asked when, from which terminal, about whom, with which
 * verdict. Normative text: AUDIT.md. engine/audit_file writes it, protocol/audit_read reads it.
 *
 * A folder has segments, each a head and blocks of rows. Every head and block has a chain value:
 * BLAKE2b-256 of the one before and of its own bytes. */
#ifndef PROTOCOL_AUDIT_H
#define PROTOCOL_AUDIT_H

#include <assert.h>

#include "protocol/keyfile.h"

#define AUDIT_FORMAT           1
#define AUDIT_MAGIC            "ELIGAUD1"
#define AUDIT_SUFFIX           ".audit"
#define AUDIT_LOCK_FILE        "lock"
#define AUDIT_SEGMENT_SIZE_MAX (UINT64_C(64) << 20)
#define AUDIT_SEGMENT_MAX      65536 /* segments of a folder */
#define AUDIT_CHAIN_SIZE       32
#define AUDIT_NAME_SIZE        24

/* ---- a segment's head ---- */

enum {
    SEGMENT_AT_MAGIC = 0,        /* 8 bytes */
    SEGMENT_AT_FORMAT = 8,       /* u32 */
    SEGMENT_AT_ENVIRONMENT = 12, /* u32 */
    SEGMENT_AT_SUBJECT_KEY = 16, /* u64 */
    SEGMENT_AT_FIRST = 24,       /* u64 */
    SEGMENT_AT_TIME = 32,        /* u64 */
    SEGMENT_AT_ZERO = 40,        /* 24 bytes */
    SEGMENT_AT_BEFORE = 64,      /* 32 bytes */
    SEGMENT_AT_CHAIN = 96,       /* 32 bytes */
    SEGMENT_HEAD_SIZE = 128,
};
static_assert(SEGMENT_AT_FORMAT == SEGMENT_AT_MAGIC + 8, "fields touch");
static_assert(SEGMENT_AT_ENVIRONMENT == SEGMENT_AT_FORMAT + 4, "fields touch");
static_assert(SEGMENT_AT_SUBJECT_KEY == SEGMENT_AT_ENVIRONMENT + 4, "fields touch");
static_assert(SEGMENT_AT_FIRST == SEGMENT_AT_SUBJECT_KEY + 8, "fields touch");
static_assert(SEGMENT_AT_TIME == SEGMENT_AT_FIRST + 8, "fields touch");
static_assert(SEGMENT_AT_ZERO == SEGMENT_AT_TIME + 8, "fields touch");
static_assert(SEGMENT_AT_BEFORE == SEGMENT_AT_ZERO + 24, "fields touch");
static_assert(SEGMENT_AT_CHAIN == SEGMENT_AT_BEFORE + AUDIT_CHAIN_SIZE, "fields touch");
static_assert(SEGMENT_HEAD_SIZE == SEGMENT_AT_CHAIN + AUDIT_CHAIN_SIZE, "fields fill the head");

struct audit_segment {
    uint32_t environment;
    uint64_t subject_key;             /* subject_key_check */
    uint64_t first;                   /* number of its first block */
    uint64_t time_ms;                 /* UTC: when it was begun */
    uint8_t before[AUDIT_CHAIN_SIZE]; /* chain of the block before; zeros of the very first */
    uint8_t chain[AUDIT_CHAIN_SIZE];
};

/* Fills in the chain, too. */
void audit_segment_seal(uint8_t bytes[static SEGMENT_HEAD_SIZE], struct audit_segment *segment);
MUST_USE bool audit_segment_open(struct audit_segment *out, const uint8_t bytes[], size_t size,
                                 struct fault *fault);

/* ---- blocks ---- */

enum {
    BLOCK_AT_NUMBER = 0,     /* u64 */
    BLOCK_AT_TIME = 8,       /* u64 */
    BLOCK_AT_ROW_COUNT = 16, /* u32 */
    BLOCK_AT_FLAGS = 20,     /* u32 */
    BLOCK_AT_LOST = 24,      /* u64 */
    BLOCK_AT_CHAIN = 32,     /* 32 bytes */
    BLOCK_HEAD_SIZE = 64,
};
static_assert(BLOCK_AT_TIME == BLOCK_AT_NUMBER + 8, "fields touch");
static_assert(BLOCK_AT_ROW_COUNT == BLOCK_AT_TIME + 8, "fields touch");
static_assert(BLOCK_AT_FLAGS == BLOCK_AT_ROW_COUNT + 4, "fields touch");
static_assert(BLOCK_AT_LOST == BLOCK_AT_FLAGS + 4, "fields touch");
static_assert(BLOCK_AT_CHAIN == BLOCK_AT_LOST + 8, "fields touch");
static_assert(BLOCK_HEAD_SIZE == BLOCK_AT_CHAIN + AUDIT_CHAIN_SIZE, "fields fill the head");

enum block_flag {
    BLOCK_BEGINS = 1, /* the first one of a run of the server */
    BLOCK_ENDS = 2,   /* the last one of a run that was stopped in peace: nothing is missing */
};

#define ASKED_SIZE          32
#define BLOCK_ROW_COUNT_MAX 126
#define BLOCK_SIZE(rows)    (BLOCK_HEAD_SIZE + (size_t)(rows)*ASKED_SIZE)
#define BLOCK_SIZE_MAX      4096
static_assert(BLOCK_SIZE(BLOCK_ROW_COUNT_MAX) == BLOCK_SIZE_MAX, "a full block is a page");

struct audit_block {
    uint64_t number;  /* 1 and up, without gaps */
    uint64_t time_ms; /* UTC: when it was closed */
    uint32_t row_count;
    uint32_t flags; /* enum block_flag, added */
    uint64_t lost;  /* rows that should stand between the block before and this one */
    uint8_t chain[AUDIT_CHAIN_SIZE];
};

/* The block's rows stand behind its head already. Fills in the chain, too. */
void audit_block_seal(uint8_t bytes[], struct audit_block *block,
                      const uint8_t before[static AUDIT_CHAIN_SIZE]);

/* What begins there; its size, or 0 when it is no whole block behind one with this chain. */
size_t audit_block_open(struct audit_block *out, const uint8_t bytes[], size_t size,
                        const uint8_t before[static AUDIT_CHAIN_SIZE]);

/* ---- rows ---- */

enum {
    ASKED_AT_SUBJECT = 0,        /* u64 */
    ASKED_AT_TIME = 8,           /* u32 */
    ASKED_AT_TERMINAL = 12,      /* u32 */
    ASKED_AT_PRODUCT = 16,       /* u32 */
    ASKED_AT_POINT_OF_SALE = 20, /* u32 */
    ASKED_AT_STATUS = 24,        /* u16 */
    ASKED_AT_ENTRY = 26,         /* u8 */
    ASKED_AT_MEANS = 27,         /* u8 */
    ASKED_AT_PROFILE = 28,       /* u8 */
    ASKED_AT_ZERO = 29,          /* 3 bytes */
    ASKED_END = 32,
};
static_assert(ASKED_AT_TIME == ASKED_AT_SUBJECT + 8, "fields touch");
static_assert(ASKED_AT_TERMINAL == ASKED_AT_TIME + 4, "fields touch");
static_assert(ASKED_AT_PRODUCT == ASKED_AT_TERMINAL + 4, "fields touch");
static_assert(ASKED_AT_POINT_OF_SALE == ASKED_AT_PRODUCT + 4, "fields touch");
static_assert(ASKED_AT_STATUS == ASKED_AT_POINT_OF_SALE + 4, "fields touch");
static_assert(ASKED_AT_ENTRY == ASKED_AT_STATUS + 2, "fields touch");
static_assert(ASKED_AT_MEANS == ASKED_AT_ENTRY + 1, "fields touch");
static_assert(ASKED_AT_PROFILE == ASKED_AT_MEANS + 1, "fields touch");
static_assert(ASKED_AT_ZERO == ASKED_AT_PROFILE + 1, "fields touch");
static_assert((int)ASKED_END == ASKED_AT_ZERO + 3 && (int)ASKED_END == ASKED_SIZE, "a row is full");

/* One CHECK whose identifier was looked up. */
struct asked {
    uint64_t subject;  /* SUBJECT_NOBODY: of ANYBODY */
    uint32_t time_s;   /* UTC */
    uint32_t terminal; /* 0: plain frames */
    uint32_t product, point_of_sale;
    uint16_t status; /* as decided, before any mask */
    uint8_t entry, means;
    uint8_t profile; /* of whoever asked */
};
void asked_encode(uint8_t row[static ASKED_SIZE], const struct asked *in);
MUST_USE bool asked_decode(struct asked *out, const uint8_t row[static ASKED_SIZE]);

/* ---- the folder ---- */

/* First block numbers of its segments, rising; owned. */
struct audit_names {
    size_t count;
    uint64_t *firsts;
};
MUST_USE bool audit_names_read(struct audit_names *out, const char *directory, struct fault *fault);
void audit_names_free(struct audit_names *names);
void audit_name_make(char name[static AUDIT_NAME_SIZE], uint64_t first);

/* ---- the signed head: what the journal had come to, so that whoever has kept a copy notices a
 * journal that was cut short or written anew ---- */

#define AUDIT_HEAD_FILE  "head"
#define AUDIT_HEAD_MAGIC "ELIGAUDH"

enum {
    AUDIT_HEAD_AT_MAGIC = 0,        /* 8 bytes */
    AUDIT_HEAD_AT_FORMAT = 8,       /* u32 */
    AUDIT_HEAD_AT_ENVIRONMENT = 12, /* u32 */
    AUDIT_HEAD_AT_SUBJECT_KEY = 16, /* u64 */
    AUDIT_HEAD_AT_NUMBER = 24,      /* u64 */
    AUDIT_HEAD_AT_TIME = 32,        /* u64 */
    AUDIT_HEAD_AT_CHAIN = 40,       /* 32 bytes */
    AUDIT_HEAD_AT_SIGNATURE = 72,   /* Ed25519 over all before */
    AUDIT_HEAD_SIZE = 136,
};
static_assert(AUDIT_HEAD_AT_CHAIN == AUDIT_HEAD_AT_TIME + 8, "fields touch");
static_assert(AUDIT_HEAD_AT_SIGNATURE == AUDIT_HEAD_AT_CHAIN + AUDIT_CHAIN_SIZE, "fields touch");

struct audit_head {
    uint32_t environment;
    uint64_t subject_key;
    uint64_t number; /* of the last block; 0: none */
    uint64_t time_ms;
    uint8_t chain[AUDIT_CHAIN_SIZE]; /* of that block */
};
MUST_USE bool audit_head_write(const char *directory, const struct audit_head *head,
                               const struct sign_secret *key, struct fault *fault);
MUST_USE bool audit_head_read(struct audit_head *out, const char *path,
                              const struct sign_public *signer, struct fault *fault);

#endif
