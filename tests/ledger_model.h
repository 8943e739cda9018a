/* What LEDGER.md says, done the plain way: a list of transactions that is looked through whenever
 * somebody asks. For the reliefs, terminals and people of tests/ledger_scene.h. */
#ifndef TESTS_LEDGER_MODEL_H
#define TESTS_LEDGER_MODEL_H

#include "engine/ledger.h"
#include "protocol/posting.h"
#include "tests/ledger_scene.h"

enum { MODEL_ROOM = 10000, MODEL_SUBJECTS = 32, MODEL_IDS = 20000 };

struct model_part {
    uint32_t relief, term_day;
    uint16_t units, uses;
    uint64_t amount;
};
struct model_row {
    uint32_t terminal, before; /* of the subject, index + 1 */
    uint64_t id, body, subject, deadline_ms;
    struct purchase purchase;
    uint32_t day, part_count;
    uint16_t left, confirmed; /* units not given back; confirmed once */
    bool is_over, is_tombstone;
    enum transaction_state state; /* STATE_NONE: of a CONFIRM, CANCEL or REFUND */
    struct ledger_verdict answer;
    struct model_part bought[POSTING_PART_COUNT_MAX], parts[POSTING_PART_COUNT_MAX];
};
struct model {
    const struct limit *limits;
    uint32_t limit_count, count;
    uint64_t now_ms;
    uint32_t last[MODEL_SUBJECTS]; /* row of each subject, index + 1 */
    uint32_t index[3][MODEL_IDS];  /* index + 1, by terminal and id */
    struct model_row rows[MODEL_ROOM];
};

/* The answer; its `sequence` is 1 where something stands in the ledger about it, else 0. */
struct ledger_verdict model_apply(struct model *model, const struct ledger_request *request);
uint32_t model_expire(struct model *model); /* how many ran out */
/* Of subject 0 all subjects together. */
struct tally model_tally(const struct model *model, uint64_t subject, uint32_t relief,
                         uint8_t period, uint32_t number);

#endif
