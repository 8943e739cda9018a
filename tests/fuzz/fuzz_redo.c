/* Whatever lies in a redo file is a record or none, and its changes stay within it. A checksum that
 * does not fit is mended first: else nothing would come behind it. */
#include "protocol/redo.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void mend(uint8_t *record, size_t size)
{
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, REDO_CHECK_SIZE);
    crypto_generichash_update(&state, record, REDO_AT_CHECK);
    crypto_generichash_update(&state, record + REDO_HEADER_SIZE, size - REDO_HEADER_SIZE);
    crypto_generichash_final(&state, record + REDO_AT_CHECK, REDO_CHECK_SIZE);
}

static void read_record(const uint8_t *bytes, size_t size)
{
    struct redo_record record;
    struct redo_change change;
    uint8_t again[REDO_RECORD_MAX];
    struct redo_draft draft = {.bytes = again, .room = sizeof(again)};
    if (!redo_read(&record, bytes, size))
        return;
    const uint8_t *before = record.before, *after = record.after;
    while (redo_next(&change, &record))
        if (!redo_add(&draft, &change))
            abort();
    if (draft.size == 0)
        draft.size = REDO_HEADER_SIZE;
    redo_seal(&draft, before, after);
    if (draft.size != load_u32(bytes + REDO_AT_SIZE) || memcmp(again, bytes, draft.size) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (sodium_init() < 0)
        abort();
    uint8_t *bytes = malloc(size + 1); /* of its own, so that a byte too far is seen */
    if (bytes == NULL)
        return 0;
    if (size > 0)
        memcpy(bytes, data, size);
    read_record(bytes, size);
    if (size >= REDO_HEADER_SIZE) {
        uint32_t said = load_u32(bytes + REDO_AT_SIZE);
        mend(bytes, said >= REDO_HEADER_SIZE && said <= size ? said : size);
        read_record(bytes, size);
    }
    free(bytes);
    return 0;
}
