/* Any bytes of a record's size either decode and encode back to themselves, or are refused. */
#include "protocol/catalogue.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TRY(kind, RECORD_SIZE)                                                                     \
    static void try_##kind(const uint8_t *bytes)                                                   \
    {                                                                                              \
        struct kind out;                                                                           \
        uint8_t again[RECORD_SIZE];                                                                \
        if (!kind##_decode(&out, bytes))                                                           \
            return;                                                                                \
        kind##_encode(again, &out);                                                                \
        assert(memcmp(bytes, again, RECORD_SIZE) == 0);                                            \
    }

TRY(membership, MEMBERSHIP_SIZE)
TRY(view, VIEW_SIZE)
TRY(group, GROUP_SIZE)
TRY(product, PRODUCT_SIZE)
TRY(point, POINT_SIZE)
TRY(dayset, DAYSET_SIZE)
TRY(offer, OFFER_SIZE)
TRY(relief, RELIEF_SIZE)
TRY(clause, CLAUSE_SIZE)
TRY(contract, CONTRACT_SIZE)
TRY(split, SPLIT_SIZE)
TRY(limit, LIMIT_SIZE)
TRY(census, CENSUS_SIZE)
TRY(terminal, TERMINAL_SIZE)
TRY(number_span, NUMBER_SPAN_SIZE)

static const struct {
    void (*try)(const uint8_t *bytes);
    size_t size;
} kinds[] = {
    {try_membership, MEMBERSHIP_SIZE},
    {try_view, VIEW_SIZE},
    {try_group, GROUP_SIZE},
    {try_product, PRODUCT_SIZE},
    {try_relief, RELIEF_SIZE},
    {try_clause, CLAUSE_SIZE},
    {try_census, CENSUS_SIZE},
    {try_point, POINT_SIZE},
    {try_dayset, DAYSET_SIZE},
    {try_offer, OFFER_SIZE},
    {try_contract, CONTRACT_SIZE},
    {try_split, SPLIT_SIZE},
    {try_limit, LIMIT_SIZE},
    {try_terminal, TERMINAL_SIZE},
    {try_number_span, NUMBER_SPAN_SIZE},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (size < kinds[i].size)
            continue;
        /* memory of exactly that size: one byte too far is a crash */
        uint8_t *record = malloc(kinds[i].size);
        if (record == NULL)
            return 0;
        memcpy(record, data, kinds[i].size);
        kinds[i].try(record);
        free(record);
    }
    return 0;
}
