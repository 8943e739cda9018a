/* The journal of checks on disk (protocol/AUDIT.md): rows become blocks, blocks segments. Whatever
 * is not known to be on the disk for good is cut off and counted as lost; then a new segment is
 * begun, as soon as that works. One thread's alone. */
#ifndef ENGINE_AUDIT_FILE_H
#define ENGINE_AUDIT_FILE_H

#include "protocol/audit.h"

#define AUDIT_RETRY_MS       1000 /* after a failure */
#define AUDIT_SEGMENTS_LEAST 4    /* of a journal: so much of it goes at once */

/* Borrowed; outlives it. */
struct audit_file_settings {
    const char *directory; /* made, mode 0700, when it is not there */
    uint32_t environment;
    uint64_t subject_key;  /* subject_key_check */
    uint64_t size_max;     /* bytes of all segments; the oldest go */
    uint64_t segment_size; /* bytes of one; at most AUDIT_SEGMENT_SIZE_MAX and half of size_max */
    uint32_t days;         /* for so long they are kept; 0: as long as there is room */
    const struct sign_secret *head_key; /* NULL: no head is signed */
};

struct audit_counts {
    uint64_t rows, blocks; /* on the disk for good, of this run */
    uint64_t lost;         /* rows that are not, and never will be */
    uint64_t failures;
};

struct audit_file;

/* Goes on behind the last whole block. Refused: a folder that others may read, that another server
 * is writing, or whose journal is another's. */
MUST_USE bool audit_file_open(struct audit_file **out, const struct audit_file_settings *settings,
                              uint64_t now_ms, struct fault *fault);

/* While it fails, rows are lost at once; after AUDIT_RETRY_MS audit_file_works tries again. */
MUST_USE bool audit_file_works(struct audit_file *file, uint64_t now_ms);

void audit_file_add(struct audit_file *file, const struct asked *asked, uint64_t now_ms);

/* So many rows never came here. */
void audit_file_lose(struct audit_file *file, uint64_t count);

/* What was added is on the disk for good, or counted as lost. */
void audit_file_sync(struct audit_file *file, uint64_t now_ms);

/* Signs what it has come to, removes what is too old. */
void audit_file_tidy(struct audit_file *file, uint64_t now_ms);

struct audit_counts audit_file_counts(const struct audit_file *file);

/* Says in the journal that nothing is missing at its end. NULL: nothing. */
void audit_file_close(struct audit_file *file, uint64_t now_ms);

#endif
