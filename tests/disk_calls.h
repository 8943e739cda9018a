/* Takes the place of pwrite, write, writev, fallocate, fdatasync and fsync in whatever program it
 * is linked with, libraries too: so a test hears what is written, and lets calls fail. */
#ifndef TESTS_DISK_CALLS_H
#define TESTS_DISK_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* DISK_PLACE: places for the file up to `size`; DISK_SYNC: size 0. */
enum disk_call { DISK_WRITE, DISK_SYNC, DISK_PLACE };

/* What the call is to do instead. */
struct disk_wish {
    int error;        /* not 0: fail with that, and do nothing */
    size_t size_most; /* write so much at most */
    bool is_skipped;  /* of a sync: say that it is done */
};

/* NULL: nobody asks, nobody listens. */
extern struct disk_wish (*disk_calls_before)(int fd, enum disk_call call, size_t size);
extern void (*disk_calls_after)(int fd, enum disk_call call, const void *bytes, size_t size,
                                uint64_t offset);

#endif
