#include "loader/hoard.h"

#include "loader/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SLAB_SIZE ((size_t)4 << 20) /* what is had from the system at once: two huge pages */

struct block {
    struct block *next; /* while it is free */
};

struct hoard_room {
    size_t block_size;
    uint64_t block_count_max;
    const char *folder;
    atomic_uint_fast64_t spilled_size;
    pthread_mutex_t mutex; /* of what follows, and of opening files */
    uint64_t block_count;  /* in use */
    struct block *free;
    void **slabs;
    size_t slab_count, slab_room;
    int error;        /* errno of the first thing that went wrong; 0: nothing */
    const char *what; /* was being done then */
};

/* ---- the room ---- */

struct hoard_room *hoard_room_open(uint64_t room_size, const char *folder)
{
    struct hoard_room *room = memory_take_zeroed(1, sizeof(*room));
    bool is_small = room_size != 0 && room_size < HOARD_ROOM_SMALL;
    room->block_size = is_small ? HOARD_BLOCK_SIZE_SMALL : HOARD_BLOCK_SIZE;
    room->block_count_max = room_size == 0 ? UINT64_MAX : room_size / room->block_size;
    room->folder = folder;
    pthread_mutex_init(&room->mutex, NULL);
    return room;
}

void hoard_room_close(struct hoard_room *room)
{
    if (room == NULL)
        return;
    for (size_t i = 0; i < room->slab_count; i++)
        free(room->slabs[i]);
    free(room->slabs);
    pthread_mutex_destroy(&room->mutex);
    free(room);
}

uint64_t hoard_room_spilled(const struct hoard_room *room)
{
    return atomic_load(&room->spilled_size);
}

bool hoard_room_is_whole(struct hoard_room *room, struct fault *fault)
{
    pthread_mutex_lock(&room->mutex);
    int error = room->error;
    pthread_mutex_unlock(&room->mutex);
    return error == 0 ||
           fault_set(fault,
                     "%s: %s what does not fit --memory, after %" PRIu64
                     " bytes: %s; allow more memory, or another --work-dir",
                     room->folder, room->what, hoard_room_spilled(room), strerror(error));
}

/* The first one tells. With the lock held. */
static void room_fail_locked(struct hoard_room *room, const char *what, int error)
{
    if (room->error == 0) {
        room->error = error;
        room->what = what;
    }
}

static void room_fail(struct hoard_room *room, const char *what, int error)
{
    pthread_mutex_lock(&room->mutex);
    room_fail_locked(room, what, error);
    pthread_mutex_unlock(&room->mutex);
}

/* With the lock held. */
static void add_slab(struct hoard_room *room)
{
    uint8_t *slab = memory_take_pages(SLAB_SIZE);
    room->slabs = memory_room(room->slabs, &room->slab_room, room->slab_count + 1, sizeof(void *));
    room->slabs[room->slab_count++] = slab;
    for (size_t at = SLAB_SIZE; at > 0; at -= room->block_size) {
        struct block *block = (struct block *)(void *)(slab + at - room->block_size);
        block->next = room->free;
        room->free = block;
    }
}

void hoard_room_trim(struct hoard_room *room)
{
    struct block *block = room->free;
    while (block != NULL) {
        struct block *next = block->next;
        memory_forget_pages(block, room->block_size);
        block->next = next;
        block = next;
    }
}

/* NULL: there is no room, unless it must be. */
static uint8_t *take_block(struct hoard_room *room, bool must_be)
{
    struct block *block = NULL;
    pthread_mutex_lock(&room->mutex);
    if (must_be || room->block_count < room->block_count_max) {
        if (room->free == NULL)
            add_slab(room);
        block = room->free;
        room->free = block->next;
        room->block_count++;
    }
    pthread_mutex_unlock(&room->mutex);
    return (uint8_t *)block;
}

static void give_block(struct hoard_room *room, uint8_t *bytes)
{
    struct block *block = (struct block *)(void *)bytes;
    pthread_mutex_lock(&room->mutex);
    block->next = room->free;
    room->free = block;
    room->block_count--;
    pthread_mutex_unlock(&room->mutex);
}

/* ---- files ---- */

/* Its name is gone before anything is in it, where the file system cannot do without one. */
static int open_unnamed(const char *folder)
{
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT))
        return fd;
    char *name = memory_text("%s/eligload.XXXXXX", folder);
    fd = mkostemp(name, O_CLOEXEC);
    if (fd >= 0 && unlink(name) != 0) {
        int error = errno;
        close(fd);
        errno = error;
        fd = -1;
    }
    free(name);
    return fd;
}

bool hoard_room_try_folder(struct hoard_room *room, struct fault *fault)
{
    int fd = open_unnamed(room->folder);
    if (fd < 0)
        room_fail(room, "making a file for", errno);
    else
        close(fd);
    return hoard_room_is_whole(room, fault);
}

/* The file, and where the next block stands in it; -1: none, since something went wrong. */
static int hoard_file(struct hoard *hoard, uint64_t *at)
{
    struct hoard_room *room = hoard->room;
    pthread_mutex_lock(&room->mutex);
    int fd = room->error == 0 ? hoard->fd : -1;
    if (fd < 0 && room->error == 0) {
        fd = hoard->fd = open_unnamed(room->folder);
        if (fd < 0)
            room_fail_locked(room, "making a file for", errno);
    }
    *at = hoard->file_size;
    hoard->file_size += room->block_size;
    pthread_mutex_unlock(&room->mutex);
    return fd;
}

/* After the first block that is lost no others are written: nothing is read back any more. */
static void spill(struct hoard *hoard, struct hoard_part *part)
{
    uint64_t at;
    int fd = hoard_file(hoard, &at);
    size_t size = hoard->block_record_count * hoard->record_size;
    for (size_t done = 0; fd >= 0 && done < size;) {
        ssize_t n = pwrite(fd, part->open + done, size - done, (off_t)(at + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            room_fail(hoard->room, "writing", n < 0 ? errno : ENOSPC);
            break;
        }
        done += (size_t)n;
        atomic_fetch_add(&hoard->room->spilled_size, (uint64_t)n);
    }
    part->spilled = memory_room(part->spilled, &part->spilled_room, part->spilled_count + 1,
                                sizeof(part->spilled[0]));
    part->spilled[part->spilled_count++] = at;
}

static bool read_block(const struct hoard *hoard, uint8_t *to, size_t size, uint64_t at,
                       struct fault *fault)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = pread(hoard->fd, to + done, size - done, (off_t)(at + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return fault_set(fault, "%s: reading back what did not fit --memory: %s",
                             hoard->room->folder, n < 0 ? strerror(errno) : "it became shorter");
        done += (size_t)n;
    }
    return true;
}

/* ---- hoards ---- */

struct hoard *hoard_open(struct hoard_room *room, uint32_t part_count, size_t record_size)
{
    assert(record_size > 0 && record_size <= room->block_size);
    struct hoard *hoard =
        memory_take_zeroed(1, sizeof(*hoard) + part_count * sizeof(hoard->parts[0]));
    hoard->room = room;
    hoard->record_size = record_size;
    hoard->block_record_count = (uint32_t)(room->block_size / record_size);
    hoard->part_count = part_count;
    hoard->fd = -1;
    return hoard;
}

void hoard_close(struct hoard *hoard)
{
    if (hoard == NULL)
        return;
    for (uint32_t i = 0; i < hoard->part_count; i++)
        hoard_empty(hoard, i);
    if (hoard->fd >= 0)
        close(hoard->fd);
    free(hoard);
}

/* A full block stays in memory where there is room for another one. */
void hoard_next_block(struct hoard *hoard, struct hoard_part *part)
{
    uint8_t *fresh = NULL;
    if (part->open == NULL || part->spilled_count == 0)
        fresh = take_block(hoard->room, part->open == NULL);
    if (fresh == NULL) {
        spill(hoard, part);
    } else {
        if (part->open != NULL) {
            part->full = memory_room(part->full, &part->full_room, (size_t)part->full_count + 1,
                                     sizeof(part->full[0]));
            part->full[part->full_count++] = part->open;
        }
        part->open = fresh;
    }
    part->open_count = 0;
}

uint64_t hoard_count(const struct hoard *hoard, uint32_t number)
{
    assert(number < hoard->part_count);
    const struct hoard_part *part = &hoard->parts[number];
    return ((uint64_t)part->full_count + part->spilled_count) * hoard->block_record_count +
           part->open_count;
}

bool hoard_visit(const struct hoard *hoard, uint32_t number,
                 void (*visit)(void *context, const void *records, size_t count), void *context,
                 struct fault *fault)
{
    assert(number < hoard->part_count);
    const struct hoard_part *part = &hoard->parts[number];
    size_t count = hoard->block_record_count;
    if (!hoard_room_is_whole(hoard->room, fault)) /* the block that was lost may be one of these */
        return false;
    for (uint32_t i = 0; i < part->full_count; i++)
        visit(context, part->full[i], count);
    uint8_t *read = part->spilled_count > 0 ? memory_take(hoard->room->block_size, 1) : NULL;
    bool is_good = true;
    for (uint32_t i = 0; is_good && i < part->spilled_count; i++) {
        is_good = read_block(hoard, read, count * hoard->record_size, part->spilled[i], fault);
        if (is_good)
            visit(context, read, count);
    }
    free(read);
    if (is_good && part->open_count > 0)
        visit(context, part->open, part->open_count);
    return is_good;
}

struct taking {
    size_t record_size;
    uint8_t *to;
};

static void take_block_of(void *context, const void *records, size_t count)
{
    struct taking *taking = context;
    memcpy(taking->to, records, count * taking->record_size);
    taking->to += count * taking->record_size;
}

bool hoard_take(const struct hoard *hoard, uint32_t number, void *records, struct fault *fault)
{
    struct taking taking = {hoard->record_size, records};
    return hoard_visit(hoard, number, take_block_of, &taking, fault);
}

void hoard_empty(struct hoard *hoard, uint32_t number)
{
    struct hoard_part *part = &hoard->parts[number];
    for (size_t i = 0; i < part->full_count; i++)
        give_block(hoard->room, part->full[i]);
    if (part->open != NULL)
        give_block(hoard->room, part->open);
    /* what is read back needs no more disk, where the file system can do that */
    for (size_t i = 0; i < part->spilled_count; i++)
        (void)fallocate(hoard->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                        (off_t)part->spilled[i], (off_t)hoard->room->block_size);
    free(part->full);
    free(part->spilled);
    *part = (struct hoard_part){.open = NULL};
}
