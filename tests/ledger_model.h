/* What LEDGER.md says, done the plain way: a list of transactions, looked through whenever somebody
 * asks. For tests/ledger_scene.h's reliefs, products and people. */
#ifndef TESTS_LEDGER_MODEL_H
#define TESTS_LEDGER_MODEL_H

#include "engine/ledger.h"
#include "protocol/posting.h"

enum { MODEL_ROOM = 20000, MODEL_SUBJECTS = 32, MODEL_RELIEFS = 8, MODEL_DAYS = 800 };

struct model_part {
    uint32_t relief, term_day;
    uint16_t units, uses;
    uint64_t amount;
};
struct model_row {
    uint32_t terminal, next_of_subject; /* index + 1 */
    uint64_t id, body, subject, provider, time_s, deadline_ms;
    uint32_t day, price, part_count;
    uint16_t quantity, left, confirmed; /* units: bought; not given back; confirmed once */
    bool is_over, is_tombstone;
    enum transaction_state state; /* STATE_NONE: of a CONFIRM, CANCEL or REFUND */
    struct ledger_verdict answer;
    struct model_part bought[POSTING_PART_COUNT_MAX], parts[POSTING_PART_COUNT_MAX];
};
struct model {
    const struct limit *limits;
    uint32_t limit_count, count;
    uint64_t now_ms;
    uint64_t spent[MODEL_RELIEFS][MODEL_DAYS]; /* of budgets, by day from LS_FROM */
    uint32_t last_of_subject[MODEL_SUBJECTS];
    uint32_t slots[4 * MODEL_ROOM]; /* index + 1, by terminal and id */
    struct model_row rows[MODEL_ROOM];
};

/* The answer; `sequence` is 1 where something stands in the ledger about it, else 0. */
struct ledger_verdict model_apply(struct model *model, const struct ledger_request *request);
uint32_t model_expire(struct model *model);
struct model_row *model_find(struct model *model, uint32_t terminal, uint64_t id);
struct tally model_tally(const struct model *model, uint64_t subject, uint32_t relief,
                         uint8_t period, uint32_t number);

#endif
