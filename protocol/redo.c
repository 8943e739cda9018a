#include "protocol/redo.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CHANGE_HEADER_SIZE 2
#define PATH_SIZE          4096

struct redo_sizes redo_sizes(enum redo_table table)
{
    switch (table) {
    case REDO_POSTINGS:
        return (struct redo_sizes){SEQUENCE_KEY_SIZE, POSTING_SIZE};
    case REDO_TRANSACTIONS:
        return (struct redo_sizes){TRANSACTION_KEY_SIZE, TRANSACTION_SIZE};
    case REDO_TALLIES:
        return (struct redo_sizes){TALLY_KEY_SIZE, TALLY_SIZE};
    case REDO_HOLDS:
        return (struct redo_sizes){HOLD_KEY_SIZE, 1};
    case REDO_ACCOUNTS:
        return (struct redo_sizes){ACCOUNT_KEY_SIZE, ACCOUNT_SIZE};
    case REDO_TABLE_END:
        break;
    }
    return (struct redo_sizes){0};
}

static void digest(uint8_t out[static REDO_CHECK_SIZE], const uint8_t *record, size_t size)
{
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, REDO_CHECK_SIZE);
    crypto_generichash_update(&state, record, REDO_AT_CHECK);
    crypto_generichash_update(&state, record + REDO_HEADER_SIZE, size - REDO_HEADER_SIZE);
    crypto_generichash_final(&state, out, REDO_CHECK_SIZE);
}

static size_t whole_blocks(size_t size)
{
    return (size + REDO_BLOCK - 1) / REDO_BLOCK * REDO_BLOCK;
}

/* ---- reading ---- */

/* How many bytes the change at `at` has; 0: it is none, or goes beyond the end. */
static size_t change_size(const uint8_t *at, const uint8_t *end)
{
    if (end - at < CHANGE_HEADER_SIZE || at[0] == 0 || at[0] >= REDO_TABLE_END ||
        (at[1] != REDO_PUT && at[1] != REDO_DELETE))
        return 0;
    struct redo_sizes sizes = redo_sizes(at[0]);
    size_t size = CHANGE_HEADER_SIZE + sizes.key + (at[1] == REDO_PUT ? sizes.row : 0u);
    return size <= (size_t)(end - at) ? size : 0;
}

/* Whether there are as many as are said, and nothing beside. */
static bool changes_fit(const uint8_t *at, const uint8_t *end, uint32_t count)
{
    for (; count > 0; count--) {
        size_t size = change_size(at, end);
        if (size == 0)
            return false;
        at += size;
    }
    return at == end;
}

bool redo_read(struct redo_record *out, const uint8_t bytes[], size_t size)
{
    struct ledger_head head;
    uint8_t check[REDO_CHECK_SIZE];
    if (size < REDO_HEADER_SIZE || memcmp(bytes, REDO_MAGIC, sizeof(REDO_MAGIC) - 1) != 0)
        return false;
    size_t said = load_u32(bytes + REDO_AT_SIZE);
    if (said < REDO_HEADER_SIZE || said > REDO_RECORD_MAX || said > size)
        return false;
    digest(check, bytes, said);
    if (memcmp(check, bytes + REDO_AT_CHECK, REDO_CHECK_SIZE) != 0)
        return false;
    *out = (struct redo_record){.before = bytes + REDO_AT_BEFORE,
                                .after = bytes + REDO_AT_AFTER,
                                .size = whole_blocks(said),
                                .next = bytes + REDO_HEADER_SIZE,
                                .left = load_u32(bytes + REDO_AT_COUNT)};
    return changes_fit(out->next, bytes + said, out->left) &&
           ledger_head_decode(&head, out->before) && ledger_head_decode(&head, out->after);
}

bool redo_next(struct redo_change *out, struct redo_record *record)
{
    if (record->left == 0)
        return false;
    const uint8_t *at = record->next;
    struct redo_sizes sizes = redo_sizes(at[0]);
    *out = (struct redo_change){.table = at[0], .key = at + CHANGE_HEADER_SIZE};
    record->next = out->key + sizes.key;
    if (at[1] == REDO_PUT) {
        out->row = record->next;
        record->next += sizes.row;
    }
    record->left--;
    return true;
}

bool redo_walk(struct redo_record *out, struct redo_walk *walk)
{
    if (walk->at >= REDO_SIZE || !redo_read(out, walk->file + walk->at, REDO_SIZE - walk->at) ||
        memcmp(out->before, walk->head, LEDGER_HEAD_SIZE) != 0)
        return false;
    walk->at += out->size;
    memcpy(walk->head, out->after, LEDGER_HEAD_SIZE);
    return true;
}

bool redo_load(uint8_t file[static REDO_SIZE], const char *directory, struct fault *fault)
{
    char path[PATH_SIZE];
    size_t size = 0;
    ssize_t done = 1;
    memset(file, 0, REDO_SIZE);
    if (snprintf(path, sizeof(path), "%s/" REDO_FILE, directory) >= (int)sizeof(path))
        return fault_set(fault, "%.100s...: too long a path", directory);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT || fault_set(fault, "%s: %s", path, strerror(errno));
    while (size < REDO_SIZE && done != 0) {
        done = pread(fd, file + size, REDO_SIZE - size, (off_t)size);
        if (done < 0 && errno != EINTR)
            break;
        size += done > 0 ? (size_t)done : 0;
    }
    int error = errno;
    close(fd);
    return done >= 0 || fault_set(fault, "%s: %s", path, strerror(error));
}

/* ---- writing ---- */

bool redo_add(struct redo_draft *draft, const struct redo_change *change)
{
    struct redo_sizes sizes = redo_sizes(change->table);
    size_t row_size = change->row != NULL ? sizes.row : 0u;
    if (draft->size == 0)
        draft->size = REDO_HEADER_SIZE;
    if (draft->room < draft->size + CHANGE_HEADER_SIZE + sizes.key + row_size)
        return false;
    uint8_t *at = draft->bytes + draft->size;
    at[0] = (uint8_t)change->table;
    at[1] = change->row != NULL ? REDO_PUT : REDO_DELETE;
    memcpy(at + CHANGE_HEADER_SIZE, change->key, sizes.key);
    if (change->row != NULL)
        memcpy(at + CHANGE_HEADER_SIZE + sizes.key, change->row, row_size);
    draft->size += CHANGE_HEADER_SIZE + sizes.key + row_size;
    draft->count++;
    return true;
}

void redo_seal(struct redo_draft *draft, const uint8_t before[static LEDGER_HEAD_SIZE],
               const uint8_t after[static LEDGER_HEAD_SIZE])
{
    uint8_t *bytes = draft->bytes;
    memcpy(bytes, REDO_MAGIC, sizeof(REDO_MAGIC) - 1);
    store_u32(bytes + REDO_AT_SIZE, (uint32_t)draft->size);
    store_u32(bytes + REDO_AT_COUNT, draft->count);
    memcpy(bytes + REDO_AT_BEFORE, before, LEDGER_HEAD_SIZE);
    memcpy(bytes + REDO_AT_AFTER, after, LEDGER_HEAD_SIZE);
    digest(bytes + REDO_AT_CHECK, bytes, draft->size);
}
