/* Records that wait, part by part, until it is their part's turn: in memory while there is room for
 * what waits, beyond that in a file without a name, which is gone with the process however that
 * ends. What comes back is the same either way. */
#ifndef LOADER_HOARD_H
#define LOADER_HOARD_H

#include <assert.h>
#include <string.h>

#include "protocol/bytes.h"
#include "protocol/fault.h"

/* Records of a part come and go in blocks, smaller ones where there is hardly any room. */
#define HOARD_BLOCK_SIZE       ((size_t)32 << 10)
#define HOARD_BLOCK_SIZE_SMALL ((size_t)4 << 10)
#define HOARD_ROOM_SMALL       ((uint64_t)128 << 20)

/* Room for all that waits, shared by several hoards. */
struct hoard_room;

/* Blocks of at most `room_size` bytes in memory, and beyond that the one that is being filled of
 * each part that has records; 0: as many as there are. What does not fit waits in files in
 * `folder`, which is borrowed. */
MUST_USE struct hoard_room *hoard_room_open(uint64_t room_size, const char *folder);
void hoard_room_close(struct hoard_room *room); /* after its hoards; NULL: nothing */

/* Bytes that had to wait in files. */
uint64_t hoard_room_spilled(const struct hoard_room *room);

/* Gives memory that nothing waits in back to the system; nobody else is at work. */
void hoard_room_trim(struct hoard_room *room);

/* Makes a file in the folder and forgets it: so that one where none can be is told early. */
MUST_USE bool hoard_room_try_folder(struct hoard_room *room, struct fault *fault);

/* Whether everything could be kept: a full disk is told here, not where records are added. From
 * then on no part is read any more. */
MUST_USE bool hoard_room_is_whole(struct hoard_room *room, struct fault *fault);

/* A part's records: the first ones in full blocks in memory, then blocks in a file, then those in
 * the block that is being filled. */
struct hoard_part {
    uint8_t *open; /* NULL: none yet */
    uint32_t open_count;
    uint32_t full_count, spilled_count;
    uint8_t **full;
    uint64_t *spilled; /* where they stand in the file */
    size_t full_room, spilled_room;
};

struct hoard {
    struct hoard_room *room;
    size_t record_size;
    uint32_t block_record_count, part_count;
    int fd; /* -1: nothing waits in a file yet */
    uint64_t file_size;
    struct hoard_part parts[];
};

MUST_USE struct hoard *hoard_open(struct hoard_room *room, uint32_t part_count, size_t record_size);
void hoard_close(struct hoard *hoard); /* NULL: nothing */

/* Makes room for one record more. */
void hoard_next_block(struct hoard *hoard, struct hoard_part *part);

/* Threads may add to, visit and empty different parts at the same time. `record_size` is that of
 * the hoard, said once more so that compilers know it. */
static inline void hoard_add(struct hoard *hoard, uint32_t number, const void *record,
                             size_t record_size)
{
    assert(number < hoard->part_count && record_size == hoard->record_size);
    struct hoard_part *part = &hoard->parts[number];
    if (part->open == NULL || part->open_count == hoard->block_record_count)
        hoard_next_block(hoard, part);
    memcpy(part->open + part->open_count++ * record_size, record, record_size);
}

uint64_t hoard_count(const struct hoard *hoard, uint32_t part);

/* All records of the part, block by block, in the order in which they were added. */
MUST_USE bool hoard_visit(const struct hoard *hoard, uint32_t part,
                          void (*visit)(void *context, const void *records, size_t count),
                          void *context, struct fault *fault);
/* The same into memory for as many. */
MUST_USE bool hoard_take(const struct hoard *hoard, uint32_t part, void *records,
                         struct fault *fault);
void hoard_empty(struct hoard *hoard, uint32_t part); /* its blocks are for others */

#endif
