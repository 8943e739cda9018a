/* Records that wait, part by part, until it is their part's turn: in memory while there is room for
 * what waits, beyond that in a file without a name, which is gone with the process however that
 * ends. What comes back is the same either way. */
#ifndef LOADER_HOARD_H
#define LOADER_HOARD_H

#include "protocol/bytes.h"
#include "protocol/fault.h"

#define HOARD_BLOCK_SIZE ((size_t)32 << 10) /* records of a part come and go in blocks */

/* Room for all that waits, shared by several hoards. */
struct hoard_room;

/* Blocks of at most `room_size` bytes in memory, but one for each part that has records; 0: as many
 * as there are. What does not fit waits in files in `folder`, which is borrowed. */
MUST_USE struct hoard_room *hoard_room_open(uint64_t room_size, const char *folder);
void hoard_room_close(struct hoard_room *room); /* after its hoards; NULL: nothing */

/* Bytes that had to wait in files. */
uint64_t hoard_room_spilled(const struct hoard_room *room);

/* Whether everything could be kept: a full disk is told here, once, not where records are added. */
MUST_USE bool hoard_room_is_whole(struct hoard_room *room, struct fault *fault);

struct hoard;
MUST_USE struct hoard *hoard_open(struct hoard_room *room, uint32_t part_count, size_t record_size);
void hoard_close(struct hoard *hoard); /* NULL: nothing */

/* Threads may add to, take and empty different parts at the same time. */
void hoard_add(struct hoard *hoard, uint32_t part, const void *record);
uint64_t hoard_count(const struct hoard *hoard, uint32_t part);

/* All records of the part, in the order in which they were added, into memory for as many. */
MUST_USE bool hoard_take(const struct hoard *hoard, uint32_t part, void *records,
                         struct fault *fault);
void hoard_empty(struct hoard *hoard, uint32_t part); /* its blocks are for others */

#endif
