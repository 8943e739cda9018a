/* Any bytes, as a segment of the journal of checks, are read up to where they stop being one, never
 * beyond; rows that were read are written and read again as the same. Sealed again, whatever their
 * fields say, they reach every one of them. */
#include "protocol/audit_read.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each row, written again, is read as the same. */
static void take_row(void *context, const struct asked *asked)
{
    uint64_t *row_count = context;
    struct asked twice;
    uint8_t row[ASKED_SIZE], again[ASKED_SIZE];
    asked_encode(row, asked);
    if (!asked_decode(&twice, row))
        abort(); /* it has just been decoded */
    asked_encode(again, &twice);
    assert(memcmp(row, again, sizeof(row)) == 0);
    (*row_count)++;
}

static void scan(const uint8_t *data, size_t size)
{
    struct audit_sums sums = {.first = 0}, next;
    uint64_t row_count = 0;
    struct fault fault = {""};
    if (!audit_scan(&sums, data, size, take_row, &row_count, &fault)) {
        assert(fault.text[0] != '\0');
        return;
    }
    assert(row_count == sums.row_count && sums.tail_size <= size - SEGMENT_HEAD_SIZE);
    assert(sums.block_count * BLOCK_HEAD_SIZE + sums.row_count * ASKED_SIZE ==
           size - SEGMENT_HEAD_SIZE - sums.tail_size);
    next = sums;
    assert(!audit_scan(&next, data, size, NULL, NULL, &fault) || sums.block_count == 0);
}

/* Seals head and blocks as they stand, so that what they say is looked at. */
static void seal_all(uint8_t *bytes, size_t size)
{
    struct audit_segment segment = {
        .environment = load_u32(bytes + SEGMENT_AT_ENVIRONMENT),
        .subject_key = load_u64(bytes + SEGMENT_AT_SUBJECT_KEY),
        .first = load_u64(bytes + SEGMENT_AT_FIRST),
        .time_ms = load_u64(bytes + SEGMENT_AT_TIME),
    };
    memcpy(segment.before, bytes + SEGMENT_AT_BEFORE, AUDIT_CHAIN_SIZE);
    audit_segment_seal(bytes, &segment);
    uint8_t chain[AUDIT_CHAIN_SIZE];
    memcpy(chain, segment.chain, sizeof(chain));
    for (size_t at = SEGMENT_HEAD_SIZE; size - at >= BLOCK_HEAD_SIZE;) {
        struct audit_block block = {
            .number = load_u64(bytes + at + BLOCK_AT_NUMBER),
            .time_ms = load_u64(bytes + at + BLOCK_AT_TIME),
            .row_count = load_u32(bytes + at + BLOCK_AT_ROW_COUNT) % (BLOCK_ROW_COUNT_MAX + 1),
            .flags = load_u32(bytes + at + BLOCK_AT_FLAGS),
            .lost = load_u64(bytes + at + BLOCK_AT_LOST),
        };
        if (size - at < BLOCK_SIZE(block.row_count))
            return;
        audit_block_seal(bytes + at, &block, chain);
        memcpy(chain, block.chain, sizeof(chain));
        at += BLOCK_SIZE(block.row_count);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool started;
    if (!started && sodium_init() < 0)
        abort(); /* nothing can be tested without it */
    started = true;
    scan(data, size);
    if (size < SEGMENT_HEAD_SIZE)
        return 0;
    uint8_t *bytes = malloc(size);
    if (bytes == NULL)
        abort(); /* nothing can be sealed without memory */
    memcpy(bytes, data, size);
    seal_all(bytes, size);
    scan(bytes, size);
    free(bytes);
    return 0;
}
