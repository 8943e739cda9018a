/* What became of corrections, row by row: a table that is only ever added to, and by which the next
 * run knows what is done. Losing it does no harm: whatever is asked again is answered as before. */
#ifndef PROTOCOL_CORRECTIONS_JOURNAL_H
#define PROTOCOL_CORRECTIONS_JOURNAL_H

#include "protocol/corrections.h"

#define JOURNAL_HEADER                                                                             \
    "time,line,terminal,request_id,action,quantity,amount,reason,own_request_id,own_terminal,"     \
    "done,status,ledger_sequence,relief_amount,payable"

struct journal;

/* Begins it where it is not there, and takes away what a crash left of its last line. One process
 * has it at a time. One that another terminal wrote is refused: under its number the same rows
 * would be done once more. */
MUST_USE bool journal_open(struct journal **out, const char *path, uint32_t own_terminal,
                           struct fault *fault);
void journal_close(struct journal *journal);

/* Whether it was done before this run. */
bool journal_has(const struct journal *journal, uint64_t own_request_id);

void journal_put(struct journal *journal, const struct correction *correction,
                 const struct elig_response *response, bool is_done);

/* What was put lies on the disk. */
MUST_USE bool journal_sync(struct journal *journal, struct fault *fault);

#endif
