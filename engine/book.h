/* The ledger's file: one LMDB environment, opened once in a process, written by one thread.
 * Requests are applied inside a write transaction and count for nothing before book_commit has
 * returned BOOK_DONE. What a small group wrote lies in the redo file then, and in LMDB's with a
 * later group or book_settle; the book itself sees no difference. What lies there is in
 * protocol/LEDGER.md; what each request does in transact.c. */
#ifndef ENGINE_BOOK_H
#define ENGINE_BOOK_H

#include "engine/ledger.h"
#include "protocol/fault.h"
#include "protocol/posting.h"

struct book;

struct book_settings {
    const char *directory;
    uint64_t map_size;     /* 0: 64 GiB; the file is as large as what is in it */
    uint64_t subject_key;  /* subject_key_check; a book of another key is refused */
    uint32_t environment;  /* likewise */
    bool is_unsafe;        /* for tests on memory: no syncs */
    uint64_t ballast_size; /* of the file's place on the disk, kept for confirmations; 0: 16 MiB */
};

MUST_USE bool book_open(struct book **out, const struct book_settings *settings,
                        struct fault *fault);
/* NULL: nothing. A group that is open is dropped, the others are settled; by the thread that wrote
 * them. */
void book_close(struct book *book);

/* A group: begin, any number of applies and expiries, then commit or drop. `now_ms` is the ledger's
 * clock, and never less than in the group before. */
enum book_end {
    BOOK_DONE = 0,
    BOOK_FULL,   /* no room: nothing of the group happens; once it is dropped the book goes on */
    BOOK_FAILED, /* not known what is on the disk: the book must be closed, and opened again */
};
/* BOOK_FULL, BOOK_FAILED: no group is open. */
MUST_USE enum book_end book_begin(struct book *book, uint64_t now_ms);

/* Applies one request. BOOK_FULL or BOOK_FAILED: drop the group. */
MUST_USE enum book_end book_apply(struct book *book, const struct ledger_request *request,
                                  struct ledger_verdict *verdict);

/* Answers what changes nothing, and so needs no room: a STATUS, what was answered under this id
 * before, what is settled by product, place or time. False: it must be applied. */
MUST_USE bool book_answer(struct book *book, const struct ledger_request *request,
                          struct ledger_verdict *verdict);

/* Lets at most `count_max` reservations run out whose deadline has come. */
MUST_USE enum book_end book_expire(struct book *book, uint32_t count_max, uint32_t *count);

/* Removes at most `count_max` rows that are older than they must be kept. */
struct book_retention {
    uint32_t keep_days;        /* postings, transactions and closed tallies */
    uint32_t keep_denied_days; /* what is left of a denial but its hash */
};
MUST_USE enum book_end book_prune(struct book *book, const struct book_retention *retention,
                                  uint32_t count_max, uint32_t *count);

/* No group is open any more, however it ends. */
MUST_USE enum book_end book_commit(struct book *book);
void book_drop(struct book *book);

/* LMDB commits what it has not: other processes see it then. Outside of a group. */
MUST_USE enum book_end book_settle(struct book *book);
bool book_is_settled(const struct book *book); /* there is no such group */

/* Of the group: disk or map are nearly full, and only CONFIRM, CANCEL, REFUND, STATUS and expiries
 * find room. A USE, RESERVE or LATE is BOOK_FULL, unless book_answer has its answer. */
bool book_is_tight(const struct book *book);

const struct ledger_head *book_head(const struct book *book);
/* The chain value of a posting, zeros of 0; false: it is not there, or gone. Outside of a group. */
MUST_USE bool book_chain(struct book *book, uint64_t sequence, uint8_t chain[static CHAIN_SIZE]);
uint32_t book_map_used_bp(struct book *book); /* 1/100 of a percent of the map */
uint64_t book_open_holds(struct book *book);  /* reservations that are open; outside of a group */
/* When the next reservation runs out; UINT64_MAX: none is open. Outside of a group. */
uint64_t book_next_deadline_ms(struct book *book);
/* Frees what readers that have died still hold. Now and then. */
void book_check_readers(struct book *book);

#endif
