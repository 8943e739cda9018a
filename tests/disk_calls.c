#include "tests/disk_calls.h"

#include <dlfcn.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

struct disk_wish (*disk_calls_before)(int fd, enum disk_call call, size_t size);
void (*disk_calls_after)(int fd, enum disk_call call, const void *bytes, size_t size,
                         uint64_t offset);

static void *behind(const char *name)
{
    void *function = dlsym(RTLD_NEXT, name);
    if (function == NULL)
        errx(1, "no %s behind ours", name);
    return function;
}

static struct disk_wish ask(int fd, enum disk_call call, size_t size)
{
    if (disk_calls_before == NULL)
        return (struct disk_wish){.size_most = size};
    return disk_calls_before(fd, call, size);
}

static void tell(int fd, enum disk_call call, const void *bytes, size_t size, uint64_t offset)
{
    if (disk_calls_after != NULL)
        disk_calls_after(fd, call, bytes, size, offset);
}

/* Where a write without a place goes. */
static uint64_t place_of(int fd)
{
    bool is_behind = disk_calls_after != NULL && (fcntl(fd, F_GETFL) & O_APPEND) != 0;
    off_t at = disk_calls_after != NULL ? lseek(fd, 0, is_behind ? SEEK_END : SEEK_CUR) : 0;
    return at > 0 ? (uint64_t)at : 0; /* pipes have none */
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
    ssize_t (*next)(int, const void *, size_t, off_t) =
        (ssize_t(*)(int, const void *, size_t, off_t))(uintptr_t)behind("pwrite");
    struct disk_wish wish = ask(fd, DISK_WRITE, size);
    errno = wish.error;
    if (wish.error != 0)
        return -1;
    ssize_t done = next(fd, bytes, wish.size_most, offset);
    if (done > 0)
        tell(fd, DISK_WRITE, bytes, (size_t)done, (uint64_t)offset);
    return done;
}

ssize_t write(int fd, const void *bytes, size_t size)
{
    ssize_t (*next)(int, const void *, size_t) =
        (ssize_t(*)(int, const void *, size_t))(uintptr_t)behind("write");
    struct disk_wish wish = ask(fd, DISK_WRITE, size);
    uint64_t offset = place_of(fd);
    errno = wish.error;
    if (wish.error != 0)
        return -1;
    ssize_t done = next(fd, bytes, wish.size_most);
    if (done > 0)
        tell(fd, DISK_WRITE, bytes, (size_t)done, offset);
    return done;
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    ssize_t (*next)(int, const struct iovec *, int) =
        (ssize_t(*)(int, const struct iovec *, int))(uintptr_t)behind("writev");
    size_t size = 0;
    for (int i = 0; i < count; i++)
        size += parts[i].iov_len;
    struct disk_wish wish = ask(fd, DISK_WRITE, size);
    uint64_t offset = place_of(fd);
    errno = wish.error;
    if (wish.error != 0)
        return -1;
    if (wish.size_most < size) /* the first part alone, or less */
        return write(fd, parts[0].iov_base,
                     parts[0].iov_len < wish.size_most ? parts[0].iov_len : wish.size_most);
    ssize_t done = next(fd, parts, count);
    for (int i = 0; done >= 0 && i < count; i++) {
        tell(fd, DISK_WRITE, parts[i].iov_base, parts[i].iov_len, offset);
        offset += parts[i].iov_len;
    }
    return done;
}

int fallocate(int fd, int mode, off_t offset, off_t size)
{
    int (*next)(int, int, off_t, off_t) =
        (int (*)(int, int, off_t, off_t))(uintptr_t)behind("fallocate");
    struct disk_wish wish = ask(fd, DISK_PLACE, (size_t)(offset + size));
    errno = wish.error;
    return wish.error != 0 ? -1 : next(fd, mode, offset, size);
}

static int sync_as(const char *name, int fd)
{
    int (*next)(int) = (int (*)(int))(uintptr_t)behind(name);
    struct disk_wish wish = ask(fd, DISK_SYNC, 0);
    errno = wish.error;
    if (wish.error != 0)
        return -1;
    if (wish.is_skipped) /* nobody hears of what has not happened */
        return 0;
    int failed = next(fd);
    if (failed == 0)
        tell(fd, DISK_SYNC, NULL, 0, 0);
    return failed;
}

int fdatasync(int fd)
{
    return sync_as("fdatasync", fd);
}

int fsync(int fd)
{
    return sync_as("fsync", fd);
}
