#include "loader/codes.h"

#include "loader/interner.h"
#include "loader/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <xxhash.h>

#define CODE_TRIES_MAX 1000
#define CODE_TEXT_SIZE (NAME_SIZE + 32)

/* Whether it was free. */
static bool take_code(struct interner *taken, uint32_t code)
{
    uint32_t count_before = taken->count;
    return interner_number(taken, &code, sizeof(code)) == count_before;
}

/* "NAME/NUMBER", then "NAME/NUMBER/1" and so on. */
static bool assign_code(uint32_t *code, struct interner *taken, const struct contract_row *contract,
                        uint64_t (*hash)(const void *bytes, size_t size), struct fault *fault)
{
    char text[CODE_TEXT_SIZE];
    int size = snprintf(text, sizeof(text), "%s/%u", contract->relief, contract->number);
    for (uint32_t try = 1; try <= CODE_TRIES_MAX; try++) {
        *code = code_of_hash(hash(text, (size_t)size));
        if (*code != 0 && take_code(taken, *code))
            return true;
        size = snprintf(text, sizeof(text), "%s/%u/%u", contract->relief, contract->number, try);
    }
    return fault_set(fault,
                     "contract %u: no code is free for the relief \"%s\" under it after %d "
                     "tries: give the contract another number",
                     contract->number, contract->relief, CODE_TRIES_MAX);
}

static int compare_numbers(const void *a, const void *b)
{
    const struct contract_row *const *x = a, *const *y = b;
    return ((*x)->number > (*y)->number) - ((*x)->number < (*y)->number);
}

bool codes_with_hash(uint32_t codes[], const struct catalogue *catalogue,
                     uint64_t (*hash)(const void *bytes, size_t size), struct fault *fault)
{
    const struct trade *trade = &catalogue->trade;
    const struct contract_row **rows = memory_take(trade->contract_count, sizeof(const void *));
    struct interner taken = {0};
    for (uint32_t i = 0; i < catalogue->rules->relief_count; i++)
        (void)take_code(&taken, catalogue->rules->reliefs[i].code);
    for (uint32_t i = 0; i < trade->contract_count; i++)
        rows[i] = &trade->contracts[i];
    qsort(rows, trade->contract_count, sizeof(const void *), compare_numbers);

    bool all_have_one = true;
    for (uint32_t i = 0; all_have_one && i < trade->contract_count; i++)
        all_have_one =
            assign_code(&codes[rows[i] - trade->contracts], &taken, rows[i], hash, fault);
    interner_free(&taken);
    free(rows);
    return all_have_one;
}

static uint64_t hash_xxh3(const void *bytes, size_t size)
{
    return XXH3_64bits(bytes, size);
}

bool codes_of_contracts(uint32_t codes[], const struct catalogue *catalogue, struct fault *fault)
{
    return codes_with_hash(codes, catalogue, hash_xxh3, fault);
}
