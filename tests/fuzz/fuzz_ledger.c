/* Whatever row posting.h takes, the verifier's own reading takes too, and reads the same. */
#include "protocol/ledger_rows.h"
#include "protocol/posting.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void compare_parts(const struct posting_part theirs[], const struct row_part mine[])
{
    for (size_t i = 0; i < PARTS; i++)
        assert(theirs[i].account == mine[i].account && theirs[i].unit_count == mine[i].units &&
               theirs[i].use_count == mine[i].uses && theirs[i].amount == mine[i].amount);
}

static void compare_postings(const uint8_t *row)
{
    struct posting theirs;
    struct row_posting mine;
    if (!posting_decode(&theirs, row))
        return;
    bool is_read = row_read_posting(&mine, row);
    assert(is_read);
    assert(theirs.sequence == mine.sequence && theirs.kind == mine.kind);
    assert(theirs.state == mine.state && theirs.status == mine.status);
    assert(theirs.subject == mine.subject && theirs.recorded_ms == mine.recorded_ms);
    assert(theirs.subject_before == mine.before && theirs.flags == mine.flags);
    assert(theirs.skip == mine.skip);
    compare_parts(theirs.parts, mine.parts);
    uint8_t again[POSTING_SIZE];
    posting_encode(again, &theirs);
    assert(memcmp(again, row, POSTING_SIZE) == 0);
}

static void compare_transactions(const uint8_t *row)
{
    struct transaction theirs;
    struct row_transaction mine;
    if (!transaction_decode(&theirs, row))
        return;
    bool is_read = row_read_transaction(&mine, row);
    assert(is_read);
    assert(theirs.first == mine.first && theirs.last == mine.last && theirs.body == mine.body);
    assert(theirs.state == mine.state && theirs.deadline_ms == mine.deadline_ms);
    assert(theirs.quantity == mine.quantity && theirs.confirmed == mine.confirmed);
    compare_parts(theirs.parts, mine.parts);
}

static void compare_heads(const uint8_t *row)
{
    struct ledger_head theirs;
    struct row_head mine;
    bool is_theirs = ledger_head_decode(&theirs, row), is_mine = row_read_head(&mine, row);
    assert(is_theirs == is_mine);
    assert(!is_theirs || (theirs.sequence == mine.sequence && theirs.clock_ms == mine.clock_ms));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size >= POSTING_SIZE)
        compare_postings(data);
    if (size >= TRANSACTION_SIZE)
        compare_transactions(data);
    if (size >= LEDGER_HEAD_SIZE)
        compare_heads(data);
    return 0;
}
