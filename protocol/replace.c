#include "protocol/replace.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define TMP_SUFFIX   ".tmp"
#define MODE_DEFAULT 0644
#define WAIT_STEP_MS 20

static_assert(REPLACE_NAME_MAX + sizeof(TMP_SUFFIX) <= NAME_MAX + 1, "a name for what is beside");

/* The folder of the path and the name in it. */
static bool folder_of_path(struct replacing *replacing, char folder[static PATH_MAX],
                           const char *path, struct fault *fault)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    size_t folder_size = (size_t)(name - path);
    if (name[0] == '\0' || strlen(name) > REPLACE_NAME_MAX || folder_size >= PATH_MAX)
        return fault_set(fault, "%s: wanted a file's name of 1 to %d bytes", path,
                         REPLACE_NAME_MAX);
    snprintf(replacing->name, sizeof(replacing->name), "%s", name);
    snprintf(folder, PATH_MAX, "%.*s", (int)folder_size, folder_size == 0 ? "" : path);
    if (folder_size == 0)
        snprintf(folder, PATH_MAX, ".");
    return true;
}

static bool lock_take(int folder_fd)
{
    const struct timespec step = {.tv_nsec = WAIT_STEP_MS * 1000000};
    for (int waited_ms = 0; flock(folder_fd, LOCK_EX | LOCK_NB) != 0; waited_ms += WAIT_STEP_MS) {
        if ((errno != EWOULDBLOCK && errno != EINTR) || waited_ms >= REPLACE_WAIT_MS)
            return false;
        nanosleep(&step, NULL);
    }
    return true;
}

bool replace_begin(struct replacing *replacing, const char *path, struct fault *fault)
{
    char folder[PATH_MAX];
    if (!folder_of_path(replacing, folder, path, fault))
        return false;
    replacing->folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (replacing->folder_fd < 0)
        return fault_set(fault, "%s: the folder: %s", path, strerror(errno));
    if (lock_take(replacing->folder_fd))
        return true;
    if (errno == EWOULDBLOCK)
        fault_set(fault, "%s: somebody else has been changing a file of this folder for %d s", path,
                  REPLACE_WAIT_MS / 1000);
    else
        fault_set(fault, "%s: locking the folder: %s", path, strerror(errno));
    close(replacing->folder_fd);
    return false;
}

void replace_end(struct replacing *replacing)
{
    close(replacing->folder_fd); /* and with it the lock */
}

/* Whose the old file was the new one is, or there is none: who may read it does not change. */
static bool resemble(int fd, const struct stat *like)
{
    struct stat now;
    if (like == NULL)
        return fchmod(fd, MODE_DEFAULT) == 0;
    if (fstat(fd, &now) != 0)
        return false;
    if ((now.st_uid != like->st_uid || now.st_gid != like->st_gid) &&
        fchown(fd, like->st_uid, like->st_gid) != 0)
        return false;
    return fchmod(fd, like->st_mode & 0777) == 0;
}

static bool write_all(int fd, const uint8_t *bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t step = write(fd, bytes + done, size - done);
        if (step < 0 && errno == EINTR)
            continue;
        if (step <= 0)
            return false;
        done += (size_t)step;
    }
    return true;
}

/* The whole of the new file under a name that counts for nothing. */
static bool write_beside(int folder_fd, const char *tmp, const void *bytes, size_t size,
                         const struct stat *like)
{
    if (unlinkat(folder_fd, tmp, 0) != 0 && errno != ENOENT) /* of a writer that was killed */
        return false;
    int fd = openat(folder_fd, tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    bool is_good = write_all(fd, bytes, size) && resemble(fd, like) && fsync(fd) == 0;
    int why = errno;
    if (close(fd) != 0 && is_good) {
        is_good = false;
        why = errno;
    }
    errno = why;
    return is_good;
}

/* What people do not expect of a file that they may write. */
static const char *hint_of(int error)
{
    switch (error) {
    case EACCES:
        return ": the folder must be writable, because a new file takes the place of the old one";
    case EPERM:
        return ": the file's owner, or root, must do it, because the new file keeps the old one's "
               "owner";
    default:
        return "";
    }
}

bool replace_commit(const struct replacing *replacing, const void *bytes, size_t size,
                    const struct stat *like, struct fault *fault)
{
    int folder_fd = replacing->folder_fd;
    char tmp[REPLACE_NAME_MAX + sizeof(TMP_SUFFIX)];
    snprintf(tmp, sizeof(tmp), "%s" TMP_SUFFIX, replacing->name);
    if (!write_beside(folder_fd, tmp, bytes, size, like) ||
        renameat(folder_fd, tmp, folder_fd, replacing->name) != 0) {
        fault_set(fault, "could not be written: %s; nothing has changed%s", strerror(errno),
                  hint_of(errno));
        unlinkat(folder_fd, tmp, 0);
        return false;
    }
    if (fsync(folder_fd) != 0)
        return fault_set(fault, "written, but syncing the folder failed (%s): check the disk",
                         strerror(errno));
    return true;
}

bool replace_in(const char *directory, const char *name, const void *bytes, size_t size,
                struct fault *fault)
{
    char path[PATH_MAX];
    struct replacing replacing;
    int length = snprintf(path, sizeof(path), "%s/%s", directory, name);
    if (length < 0 || (size_t)length >= sizeof(path))
        return fault_set(fault, "%s: too long a path", directory);
    if (!replace_begin(&replacing, path, fault))
        return false;
    bool is_done = replace_commit(&replacing, bytes, size, NULL, fault);
    replace_end(&replacing);
    return is_done;
}
