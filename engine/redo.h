/* The redo file of a book that is open: small groups are written behind one another and synced,
 * until LMDB has committed them all; then it begins again. protocol/redo.h has what lies in it. */
#ifndef ENGINE_REDO_H
#define ENGINE_REDO_H

#include "protocol/redo.h"

/* Groups that wait for LMDB, at most: whoever opens the ledger elsewhere waits as long. */
#define REDO_GROUPS_MAX 128

struct redo {
    int fd;
    bool is_unsafe;                 /* no syncs */
    uint8_t *file;                  /* [REDO_SIZE], as it lies on the disk up to `end` */
    size_t end;                     /* of the records that LMDB has not committed */
    uint32_t count;                 /* of them */
    struct redo_draft draft;        /* of the present group, behind `end` */
    bool is_too_large;              /* of the group: it is LMDB's */
    uint8_t head[LEDGER_HEAD_SIZE]; /* the last one that is on the disk, in either file */
};

/* `fd` is open for reading and writing, and its own from now on, whatever comes of that; `path` is
 * for faults. What is new or short is filled with zeros, and synced. Until redo_restart the whole
 * file is in `file`, and `end` is 0. */
MUST_USE bool redo_open(struct redo *redo, int fd, const char *path, bool is_unsafe,
                        struct fault *fault);
void redo_close(struct redo *redo);

/* Whether the file has what was written after posting `sequence`, wherever: then something that was
 * there before it is gone. */
MUST_USE bool redo_is_ahead(const struct redo *redo, uint64_t sequence);

/* A group: what it changes is noted, and then it is appended, or left to LMDB. */
void redo_begin(struct redo *redo);
void redo_note(struct redo *redo, enum redo_table table, const uint8_t *key, const uint8_t *row);
void redo_leave(struct redo *redo); /* it changes what cannot be noted */
bool redo_has_changes(const struct redo *redo);
bool redo_has_room(const struct redo *redo);
/* When it returns true the group is on the disk. False: it is not known. */
MUST_USE bool redo_append(struct redo *redo, const uint8_t after[static LEDGER_HEAD_SIZE]);

/* When the book is opened and LMDB has all there is: what was begun and never answered goes, so
 * that nobody takes it for something to come. */
MUST_USE bool redo_clear(struct redo *redo);

/* LMDB has committed all there is, and this head. */
void redo_restart(struct redo *redo, const uint8_t head[static LEDGER_HEAD_SIZE]);

#endif
