/* Small valid ledgers for suites that read them: postings in, rows out. A writer of its own, simple
 * and without limits, decisions or durability; what engine/book writes is tried by the same suites.
 * Aborts when anything fails. */
#ifndef TESTS_LEDGER_MAKER_H
#define TESTS_LEDGER_MAKER_H

#include "protocol/posting.h"

#define MAKER_ENVIRONMENT 7
#define MAKER_START_S     UINT64_C(1782518400) /* 2026-06-27 00:00 UTC */
#define MAKER_SUBJECT_KEY UINT64_C(0x1122334455667788)

struct ledger_maker;

/* A new ledger in the folder, or the one that is there. */
struct ledger_maker *maker_open(const char *directory);
void maker_close(struct ledger_maker *maker); /* commits */
void maker_commit(struct ledger_maker *maker);
const struct ledger_head *maker_head(const struct ledger_maker *maker);

void maker_set_subject_key(struct ledger_maker *maker, uint64_t check_value);

/* The clock goes on. */
void maker_wait(struct ledger_maker *maker, uint64_t ms);
uint64_t maker_now_s(const struct ledger_maker *maker);

/* A new account with its posting; its number. split: two payers, 30 % and the rest, unless the code
 * is 0. */
uint32_t maker_account(struct ledger_maker *maker, uint32_t scope, uint32_t contract,
                       const char *relief);
/* Another one under the same contract, of which the giver pays 30 % and the provider the rest. */
uint32_t maker_account_turned(struct ledger_maker *maker, uint32_t scope, uint32_t contract,
                              const char *relief);

/* Purchases. `amount` and `quantity` of one part under `account`; 0: DENIED. */
struct made {
    uint32_t terminal;
    uint64_t id, subject;
    uint32_t account, account_2; /* of a second relief on top, with half the amount; 0: none */
    uint16_t quantity;
    uint64_t amount;
    uint32_t service_time_s; /* 0: now */
    uint32_t point_of_sale;  /* 0: 11 */
    uint16_t flags, status;
};
void maker_use(struct ledger_maker *maker, struct made made);
void maker_reserve(struct ledger_maker *maker, struct made made, uint32_t hold_s);
void maker_late(struct ledger_maker *maker, struct made made);

/* About the transaction `target` of the same terminal, under the id `id`; quantity 0: all. */
void maker_confirm(struct ledger_maker *maker, uint32_t terminal, uint64_t id, uint64_t target,
                   uint16_t quantity);
void maker_cancel(struct ledger_maker *maker, uint32_t terminal, uint64_t id, uint64_t target);
void maker_refund(struct ledger_maker *maker, uint32_t terminal, uint64_t id, uint64_t target,
                  uint16_t quantity);
void maker_expire(struct ledger_maker *maker, uint32_t terminal, uint64_t target);
/* WARN or STOP of a relief's month. */
void maker_note(struct ledger_maker *maker, uint8_t kind, uint32_t scope, uint64_t spent);
/* Empties a denial. */
void maker_empty(struct ledger_maker *maker, uint64_t sequence);

/* Removes postings up to this one, as after their time; their transactions stay. */
void maker_remove(struct ledger_maker *maker, uint64_t sequence);

/* A ledger with every kind of posting and state in it. */
void maker_one_of_each(const char *directory);

#endif
