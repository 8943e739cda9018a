#include "engine/portions.h"

#include <assert.h>

uint64_t parts_amount(const struct posting_part parts[], size_t count)
{
    uint64_t amount = 0;
    for (size_t i = 0; i < count; i++)
        amount += parts[i].amount;
    return amount;
}

static uint16_t round_up(uint16_t units, uint16_t quantity, uint16_t of)
{
    return (uint16_t)(((uint32_t)units * quantity + of - 1u) / of);
}

static uint16_t round_down(uint16_t units, uint16_t quantity, uint16_t of)
{
    return (uint16_t)((uint32_t)units * quantity / of);
}

void parts_portion(struct posting_part out[], const struct posting_part parts[], size_t count,
                   uint16_t quantity, uint16_t of)
{
    assert(quantity > 0 && quantity <= of);
    for (size_t i = 0; i < count; i++)
        out[i] = (struct posting_part){
            .account = parts[i].account,
            .unit_count = round_up(parts[i].unit_count, quantity, of),
            .use_count = round_up(parts[i].use_count, quantity, of),
            .amount = parts[i].amount * quantity / of,
        };
}

void parts_back(struct posting_part out[], const struct posting_part parts[], size_t count,
                uint16_t quantity, uint16_t of)
{
    assert(quantity > 0 && quantity <= of);
    for (size_t i = 0; i < count; i++)
        out[i] = (struct posting_part){
            .account = parts[i].account,
            .unit_count = round_down(parts[i].unit_count, quantity, of),
            .use_count = round_down(parts[i].use_count, quantity, of),
            .amount = parts[i].amount * quantity / of,
        };
}

void parts_of_amount(struct posting_part out[], const struct posting_part parts[], size_t count,
                     uint64_t amount)
{
    for (size_t i = count; i-- > 0;) {
        uint64_t some = amount < parts[i].amount ? amount : parts[i].amount;
        out[i] = (struct posting_part){.account = parts[i].account, .amount = some};
        amount -= some;
    }
    assert(amount == 0);
}

void parts_take(struct posting_part parts[], const struct posting_part away[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert(away[i].use_count <= parts[i].use_count && away[i].amount <= parts[i].amount &&
               away[i].unit_count <= parts[i].unit_count);
        parts[i].unit_count = (uint16_t)(parts[i].unit_count - away[i].unit_count);
        parts[i].use_count = (uint16_t)(parts[i].use_count - away[i].use_count);
        parts[i].amount -= away[i].amount;
    }
}
