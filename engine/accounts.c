#include "engine/accounts.h"

#include <string.h>

static struct account account_make(const struct tables *tables, const struct clause *clause,
                                   uint64_t provider)
{
    const struct relief *relief = &tables->reliefs[clause->relief];
    struct account account = {
        .code = clause->code, .scope = relief->code, .giver = relief->giver, .provider = provider};
    memcpy(account.relief, relief->name, NAME_SIZE);
    for (uint32_t i = 0; i < tables->contract_count; i++)
        if (tables->contracts[i].code == clause->code) {
            account.contract = tables->contracts[i].number;
            account.provider = tables->contracts[i].provider;
        }
    for (uint32_t i = 0; clause->split != 0 && i < tables->split_count; i++)
        if (tables->splits[i].code == clause->split)
            account.split = tables->splits[i];
    return account;
}

static uint32_t slot_of(const struct clause *clause, uint64_t provider)
{
    uint64_t hash =
        (clause->code ^ (uint64_t)clause->split << 32 ^ provider) * UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(hash >> 32) % ACCOUNT_SLOT_COUNT;
}

uint32_t account_of_clause(struct book *book, const struct edition *edition,
                           const struct clause *clause, uint64_t provider)
{
    struct account_slot *slot = &book->accounts.slots[slot_of(clause, provider)];
    uint64_t generation = edition->manifest->generation;
    if (slot->tables == edition->tables && slot->generation == generation &&
        slot->provider == provider && slot->code == clause->code && slot->split == clause->split &&
        slot->relief == clause->relief)
        return slot->number;
    struct account account = account_make(edition->tables, clause, provider);
    uint32_t number = book_find_account(book, &account);
    if (book->end == BOOK_DONE)
        *slot = (struct account_slot){.tables = edition->tables,
                                      .generation = generation,
                                      .provider = provider,
                                      .code = clause->code,
                                      .number = number,
                                      .relief = clause->relief,
                                      .split = clause->split};
    return number;
}
