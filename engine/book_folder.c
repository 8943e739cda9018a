#include "engine/book_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define SMB_MAGIC_1 0x517b
#define SMB_MAGIC_2 0xfe534d42
#define CIFS_MAGIC  0xff534d42

static bool is_private(int fd, mode_t kind, const char *path, struct fault *fault)
{
    struct stat info;
    if (fstat(fd, &info) != 0)
        return fault_set(fault, "%s: %s", path, strerror(errno));
    if ((info.st_mode & S_IFMT) != kind)
        return fault_set(fault, "%s: is something else than was wanted here", path);
    if (info.st_uid != geteuid())
        return fault_set(fault, "%s: belongs to another user; the ledger's user must own it", path);
    mode_t others = kind == S_IFDIR ? S_IWGRP | S_IWOTH : S_IRWXG | S_IRWXO;
    if (info.st_mode & others)
        return fault_set(fault, "%s: is open to others (mode %03o); chmod %s %s", path,
                         info.st_mode & 0777u, kind == S_IFDIR ? "go-w" : "600", path);
    return true;
}

/* On a file system where a commit is what it says. */
static bool is_lasting(int fd, const char *path, struct fault *fault)
{
    struct statfs system;
    if (fstatfs(fd, &system) != 0)
        return fault_set(fault, "%s: %s", path, strerror(errno));
    switch ((uint32_t)system.f_type) {
    case TMPFS_MAGIC:
    case RAMFS_MAGIC:
        return fault_set(fault,
                         "%s: lies in memory, and would be gone with the power; "
                         "a ledger wants a disk",
                         path);
    case NFS_SUPER_MAGIC:
    case SMB_MAGIC_1:
    case SMB_MAGIC_2:
    case CIFS_MAGIC:
    case V9FS_MAGIC:
        return fault_set(fault,
                         "%s: lies on another machine, where locks and maps cannot be "
                         "trusted; a ledger wants a disk of its own machine",
                         path);
    default:
        return true;
    }
}

bool folder_check(const char *directory, bool is_unsafe, struct fault *fault)
{
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return fault_set(fault, "%s: %s; a ledger wants a directory of its own", directory,
                         strerror(errno));
    bool is_good = is_private(fd, S_IFDIR, directory, fault) &&
                   (is_unsafe || is_lasting(fd, directory, fault));
    close(fd);
    return is_good;
}

bool folder_sync(const char *directory, struct fault *fault)
{
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_synced = fd >= 0 && fsync(fd) == 0;
    if (!is_synced)
        (void)fault_set(fault, "%s: %s", directory, strerror(errno));
    if (fd >= 0)
        close(fd);
    return is_synced;
}

bool folder_path(char path[static FOLDER_PATH_SIZE], const char *directory, const char *name,
                 struct fault *fault)
{
    int size = snprintf(path, FOLDER_PATH_SIZE, "%s/%s", directory, name);
    return (size > 0 && size < FOLDER_PATH_SIZE) || fault_set(fault, "%s: is too long", directory);
}

bool folder_open_file(int *fd, const char *path, struct fault *fault)
{
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    if (*fd < 0)
        return fault_set(fault, "%s: %s", path, strerror(errno));
    return is_private(*fd, S_IFREG, path, fault);
}
