/* Reads a ledger while somebody else writes it, and never holds it up: what lies there is read in
 * short transactions of LMDB, so that the writer's freed pages are soon its own again. Postings are
 * immutable and come in order, so whoever remembers the head sees one state however long it takes.
 *
 * All that was answered before it was opened is there: what the writer has put into its redo file
 * only is waited for, and a ledger whose writer is gone with such is a fault.
 *
 * A folder is opened at most once in a process: closing a file gives up the locks of all that have
 * it open. What is no ledger, or a damaged one, is a fault. */
#ifndef PROTOCOL_LEDGER_READ_H
#define PROTOCOL_LEDGER_READ_H

#include "protocol/fault.h"
#include "protocol/posting.h"

#define LEDGER_READ_COUNT 2048 /* postings that one transaction of LMDB takes out */

struct ledger_reader;

/* A folder with LEDGER_FILE in it, of which nothing is written but the table of readers beside it;
 * or a backup, a file that nobody writes. */
MUST_USE bool ledger_reader_open(struct ledger_reader **out, const char *path, struct fault *fault);
void ledger_reader_close(struct ledger_reader *reader); /* NULL: nothing */

MUST_USE bool ledger_reader_head(struct ledger_head *out, struct ledger_reader *reader,
                                 struct fault *fault);

struct ledger_sizes {
    uint64_t postings, transactions, tallies, holds, accounts; /* rows */
    uint64_t map, used;                                        /* bytes */
    uint32_t readers, readers_most;
};
MUST_USE bool ledger_reader_sizes(struct ledger_sizes *out, struct ledger_reader *reader,
                                  struct fault *fault);

/* All that is in use, as one state, written to `fd`, while the writer goes on. Its freed pages are
 * held meanwhile. */
MUST_USE bool ledger_reader_copy(struct ledger_reader *reader, int fd, struct fault *fault);

/* What a damaged file can do to whoever maps it ends this program with a sentence and EXIT_FAILED
 * instead of a crash. For programs that do nothing else; `program` lives as long. */
void ledger_reader_survive(const char *program);

/* ---- rows; false is a fault, *is_there says whether there is one ---- */

MUST_USE bool ledger_reader_posting(struct posting *out, bool *is_there,
                                    struct ledger_reader *reader, uint64_t sequence,
                                    struct fault *fault);
MUST_USE bool ledger_reader_transaction(struct transaction *out, bool *is_there,
                                        struct ledger_reader *reader, uint32_t terminal,
                                        uint64_t request_id, struct fault *fault);
MUST_USE bool ledger_reader_tally(struct tally *out, bool *is_there, struct ledger_reader *reader,
                                  uint64_t subject, uint32_t scope, uint8_t period, uint32_t number,
                                  struct fault *fault);
MUST_USE bool ledger_reader_subject(struct subject_head *out, bool *is_there,
                                    struct ledger_reader *reader, uint64_t subject,
                                    struct fault *fault);

/* All accounts: number n is rows[n - 1]. A number that no row has is left empty (scope 0). */
struct account_list {
    struct account *rows;
    uint32_t count;
};
MUST_USE bool account_list_read(struct account_list *out, struct ledger_reader *reader,
                                struct fault *fault);
void account_list_free(struct account_list *accounts);
const struct account *account_list_find(const struct account_list *accounts,
                                        uint32_t number); /* or NULL */

/* ---- postings, one after the other ---- */

struct postings;

/* Those from `from` up to and with `until`, each once and none left out: one that is missing is a
 * fault. `until` is not beyond the head. */
MUST_USE bool postings_open(struct postings **out, struct ledger_reader *reader, uint64_t from,
                            uint64_t until, struct fault *fault);
void postings_close(struct postings *postings); /* NULL: nothing */

/* The next, good until the next call; NULL at the end. */
MUST_USE bool postings_next(const struct posting **out, struct postings *postings,
                            struct fault *fault);

/* The oldest posting that still says when it was recorded. */
MUST_USE bool ledger_reader_oldest(struct posting *out, bool *is_there,
                                   struct ledger_reader *reader, const struct ledger_head *head,
                                   struct fault *fault);

/* The first posting that was recorded at or after that time; head->sequence + 1: none. */
MUST_USE bool ledger_reader_find_time(uint64_t *sequence, struct ledger_reader *reader,
                                      const struct ledger_head *head, uint64_t time_ms,
                                      struct fault *fault);

/* Whether it is a purchase or follows one (USE ... EXPIRE), not a note of the ledger's own. */
bool posting_is_asked(const struct posting *posting);

/* What it adds to what was taken off (+1: USE, LATE and CONFIRM that took), gives back (-1:
 * REFUND), or neither (0: holds and their ends, denials, notes). */
int posting_sign(const struct posting *posting);

#endif
