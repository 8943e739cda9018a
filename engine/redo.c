#include "engine/redo.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool write_at(int fd, const uint8_t *bytes, size_t size, size_t at)
{
    while (size > 0) {
        ssize_t done = pwrite(fd, bytes, size, (off_t)at);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        bytes += done;
        at += (size_t)done;
        size -= (size_t)done;
    }
    return true;
}

/* ---- opening ---- */

/* How much of it there is; SIZE_MAX: it cannot be read. */
static size_t read_file(const struct redo *redo)
{
    size_t size = 0;
    while (size < REDO_SIZE) {
        ssize_t done = pread(redo->fd, redo->file + size, REDO_SIZE - size, (off_t)size);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return SIZE_MAX;
        if (done == 0)
            break;
        size += (size_t)done;
    }
    return size;
}

bool redo_open(struct redo *redo, int fd, const char *path, bool is_unsafe, struct fault *fault)
{
    *redo = (struct redo){.fd = fd, .is_unsafe = is_unsafe, .file = calloc(1, REDO_SIZE)};
    if (redo->file == NULL)
        return fault_set(fault, "no memory for the ledger");
    size_t size = read_file(redo);
    if (size == SIZE_MAX)
        return fault_set(fault, "%s: %s", path, strerror(errno));
    /* With real zeros: a place that was never written would cost a journal's entry each time. */
    if (size < REDO_SIZE && (!write_at(fd, redo->file + size, REDO_SIZE - size, size) ||
                             (!is_unsafe && fsync(fd) != 0)))
        return fault_set(fault, "%s: %s; it wants %u bytes", path, strerror(errno), REDO_SIZE);
    return true;
}

void redo_close(struct redo *redo)
{
    if (redo->fd >= 0)
        close(redo->fd);
    free(redo->file);
    *redo = (struct redo){.fd = -1};
}

bool redo_is_ahead(const struct redo *redo, uint64_t sequence)
{
    struct redo_record record;
    struct ledger_head head;
    for (size_t at = 0; at < REDO_SIZE; at += REDO_BLOCK)
        if (redo_read(&record, redo->file + at, REDO_SIZE - at) &&
            ledger_head_decode(&head, record.after) && head.sequence > sequence)
            return true;
    return false;
}

bool redo_clear(struct redo *redo)
{
    memset(redo->file, 0, REDO_BLOCK);
    return write_at(redo->fd, redo->file, REDO_BLOCK, 0) &&
           (redo->is_unsafe || fdatasync(redo->fd) == 0);
}

/* ---- a group ---- */

void redo_begin(struct redo *redo)
{
    size_t room = REDO_SIZE - redo->end;
    redo->draft = (struct redo_draft){.bytes = redo->file + redo->end,
                                      .room = room < REDO_RECORD_MAX ? room : REDO_RECORD_MAX};
    redo->is_too_large = false;
}

void redo_note(struct redo *redo, enum redo_table table, const uint8_t *key, const uint8_t *row)
{
    const struct redo_change change = {table, key, row};
    if (!redo->is_too_large && !redo_add(&redo->draft, &change))
        redo->is_too_large = true;
}

void redo_leave(struct redo *redo)
{
    redo->is_too_large = true;
}

bool redo_has_changes(const struct redo *redo)
{
    return redo->is_too_large || redo->draft.count > 0;
}

bool redo_has_room(const struct redo *redo)
{
    return !redo->is_too_large && redo->count < REDO_GROUPS_MAX;
}

bool redo_append(struct redo *redo, const uint8_t after[static LEDGER_HEAD_SIZE])
{
    assert(redo_has_room(redo) && redo->draft.count > 0);
    redo_seal(&redo->draft, redo->head, after);
    size_t size = (redo->draft.size + REDO_BLOCK - 1) / REDO_BLOCK * REDO_BLOCK;
    memset(redo->draft.bytes + redo->draft.size, 0, size - redo->draft.size);
    if (!write_at(redo->fd, redo->draft.bytes, size, redo->end) ||
        (!redo->is_unsafe && fdatasync(redo->fd) != 0))
        return false;
    redo->end += size;
    redo->count++;
    memcpy(redo->head, after, LEDGER_HEAD_SIZE);
    return true;
}

void redo_restart(struct redo *redo, const uint8_t head[static LEDGER_HEAD_SIZE])
{
    redo->end = 0;
    redo->count = 0;
    memcpy(redo->head, head, LEDGER_HEAD_SIZE);
}
