/* Any row of the ledger either decodes and encodes back to itself, or is refused. The first byte
 * says which kind of row it is. */
#include "protocol/posting.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TRY(name, row_size)                                                                        \
    static void try_##name(const uint8_t *row)                                                     \
    {                                                                                              \
        uint8_t again[row_size];                                                                   \
        struct name out;                                                                           \
        if (!name##_decode(&out, row))                                                             \
            return;                                                                                \
        name##_encode(again, &out);                                                                \
        if (memcmp(again, row, row_size) != 0)                                                     \
            abort();                                                                               \
    }
TRY(posting, POSTING_SIZE)
TRY(transaction, TRANSACTION_SIZE)
TRY(account, ACCOUNT_SIZE)
TRY(tally, TALLY_SIZE)
TRY(subject_head, TALLY_SIZE)
TRY(ledger_head, LEDGER_HEAD_SIZE)

static const struct {
    void (*try_row)(const uint8_t *row);
    size_t size;
} kinds[] = {
    {try_posting, POSTING_SIZE},    {try_transaction, TRANSACTION_SIZE},
    {try_account, ACCOUNT_SIZE},    {try_tally, TALLY_SIZE},
    {try_subject_head, TALLY_SIZE}, {try_ledger_head, LEDGER_HEAD_SIZE},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    size_t kind = data[0] % COUNT_OF(kinds);
    if (size - 1 == kinds[kind].size) {
        uint8_t *row = malloc(size - 1); /* of its own, so that a byte too far is seen */
        if (row == NULL)
            return 0;
        memcpy(row, data + 1, size - 1);
        kinds[kind].try_row(row);
        free(row);
    }
    return 0;
}
