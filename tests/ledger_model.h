/* What LEDGER.md says, done the plain way: a list of transactions that is looked through whenever
 * somebody asks. For the reliefs, terminals and people of tests/ledger_scene.h. */
#ifndef TESTS_LEDGER_MODEL_H
#define TESTS_LEDGER_MODEL_H

#include "engine/ledger.h"
#include "protocol/posting.h"
#include "tests/ledger_scene.h"

enum { MODEL_ROOM = 10000, MODEL_SUBJECTS = 32, MODEL_IDS = 20000 };

struct model_row {
    uint32_t terminal;
    uint64_t id, body, subject; /* body 0: a tombstone */
    struct purchase purchase;
    uint32_t day, at, before; /* place of the row and of the subject's one before, index + 1 */
    uint64_t deadline_ms;
    uint16_t left, confirmed; /* units not given back; confirmed once */
    bool is_over;
    enum transaction_state state; /* STATE_NONE: of a CONFIRM, CANCEL or REFUND */
    struct ledger_verdict answer;
    struct verdict bought, now; /* its parts, and what is left of them */
    uint16_t why;               /* limits refuse, when they were asked last */
};
struct model {
    const struct limit *limits;
    uint32_t limit_count, count;
    uint64_t now_ms;
    uint32_t last[MODEL_SUBJECTS];         /* row of each subject, index + 1 */
    struct model_row *named[3][MODEL_IDS]; /* by terminal and id */
    struct model_row rows[MODEL_ROOM];
};

/* The answer without its ticket; its `sequence` is 1 where something stands in the ledger about it,
 * else 0. */
struct ledger_verdict model_apply(struct model *model, const struct ledger_request *request);
uint32_t model_expire(struct model *model); /* how many ran out */
/* What a limit counts, in the period of that number; of subject 0 all subjects together. Of a limit
 * of a purchase, and of spacing, the number is that of the row, and spacing counts those near it.
 */
struct tally model_tally(const struct model *model, const struct limit *limit, uint64_t subject,
                         uint32_t number, uint32_t day);

#endif
