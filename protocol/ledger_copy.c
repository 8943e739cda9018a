#include "protocol/ledger_copy.h"

#include "protocol/ledger_read.h"
#include "protocol/redo.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PATH_SIZE  4096
#define CHUNK_SIZE 65536
#define PART       ".part" /* behind the name, until it is whole */

struct target {
    char path[PATH_SIZE], part[PATH_SIZE], folder[PATH_SIZE];
    int fd; /* of the part */
};

static bool fault_of(struct fault *fault, const char *path)
{
    return fault_set(fault, "%s: %s", path, strerror(errno));
}

/* Refuses what is there: a copy never takes the place of another, and a half one is looked at by a
 * person. */
static bool target_begin(struct target *target, const char *path, struct fault *fault)
{
    target->fd = -1;
    if (strlen(path) + sizeof(PART) > PATH_SIZE)
        return fault_set(fault, "%.100s...: too long a path", path);
    snprintf(target->path, PATH_SIZE, "%s", path);
    snprintf(target->part, PATH_SIZE, "%s" PART, path);
    char copy[PATH_SIZE]; /* dirname writes into what it is given */
    snprintf(copy, sizeof(copy), "%s", path);
    snprintf(target->folder, PATH_SIZE, "%s", dirname(copy));
    if (access(path, F_OK) == 0)
        return fault_set(fault, "%s: is there already; it is not replaced", path);
    target->fd =
        open(target->part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, LEDGER_COPY_MODE);
    return target->fd >= 0 || fault_of(fault, target->part);
}

static bool sync_folder(const char *path, struct fault *fault)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_good = fd >= 0 && fsync(fd) == 0;
    if (!is_good)
        fault_of(fault, path);
    if (fd >= 0)
        close(fd);
    return is_good;
}

/* link() does not replace, rename() would. */
static bool target_commit(struct target *target, struct fault *fault)
{
    bool is_good = fsync(target->fd) == 0;
    is_good = close(target->fd) == 0 && is_good;
    target->fd = -1;
    if (!is_good)
        return fault_of(fault, target->part);
    if (link(target->part, target->path) != 0)
        return fault_of(fault, target->path);
    return (unlink(target->part) == 0 || fault_of(fault, target->part)) &&
           sync_folder(target->folder, fault);
}

static void target_drop(struct target *target)
{
    if (target->fd >= 0)
        close(target->fd);
    if (target->part[0] != '\0')
        unlink(target->part);
}

bool ledger_backup(struct ledger_head *head, const char *directory, const char *out,
                   struct fault *fault)
{
    struct ledger_reader *reader, *copy = NULL;
    struct target target;
    if (!ledger_reader_open(&reader, directory, fault))
        return false;
    if (!target_begin(&target, out, fault)) {
        ledger_reader_close(reader);
        return false;
    }
    bool is_good = ledger_reader_copy(reader, target.fd, fault) && target_commit(&target, fault);
    if (!is_good)
        target_drop(&target);
    ledger_reader_close(reader);
    is_good =
        is_good && ledger_reader_open(&copy, out, fault) && ledger_reader_head(head, copy, fault);
    ledger_reader_close(copy);
    return is_good;
}

static bool write_all(int fd, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        ssize_t done = write(fd, bytes, size);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        bytes += done;
        size -= (size_t)done;
    }
    return true;
}

static bool copy_bytes(const struct target *target, int from, const char *path, struct fault *fault)
{
    static uint8_t chunk[CHUNK_SIZE];
    ssize_t size;
    while ((size = read(from, chunk, sizeof(chunk))) != 0) {
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return fault_of(fault, path);
        if (!write_all(target->fd, chunk, (size_t)size))
            return fault_of(fault, target->part);
    }
    return true;
}

/* What is in it came after another copy; with this one it would be taken for damage. */
static bool has_no_redo(const char *directory, struct fault *fault)
{
    char path[PATH_SIZE];
    if (snprintf(path, sizeof(path), "%s/" REDO_FILE, directory) >= (int)sizeof(path))
        return fault_set(fault, "%.100s...: too long a path", directory);
    return access(path, F_OK) != 0 ||
           fault_set(fault,
                     "%s: is there, of another ledger: move it away, to that ledger's other "
                     "files",
                     path);
}

bool ledger_restore(const char *backup, const char *directory, struct fault *fault)
{
    struct target target;
    char path[PATH_SIZE];
    if (snprintf(path, sizeof(path), "%s/" LEDGER_FILE, directory) >= (int)sizeof(path))
        return fault_set(fault, "%.100s...: too long a path", directory);
    int from = open(backup, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (from < 0)
        return fault_of(fault, backup);
    bool is_begun = target_begin(&target, path, fault);
    bool is_good = is_begun && has_no_redo(directory, fault) &&
                   copy_bytes(&target, from, backup, fault) && target_commit(&target, fault);
    if (is_begun && !is_good)
        target_drop(&target);
    close(from);
    return is_good;
}
