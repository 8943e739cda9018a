#include "protocol/identity_keys.h"

#include "protocol/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FORBIDDEN_OF_FOLDER (S_IWGRP | S_IRWXO)
#define FORBIDDEN_OF_KEY    (S_IWGRP | S_IXGRP | S_IRWXO)

#define DEPTH_MAX 256 /* folders above a folder */

bool identity_keys_choice(const char *key_file, const char *keys_directory, struct fault *fault)
{
    if ((key_file != NULL) != (keys_directory != NULL))
        return true;
    return fault_set(fault,
                     "%s: give --identity-keys DIR, where each snapshot has its own key, or "
                     "--identity-key FILE, one key for all of them",
                     key_file != NULL ? "both kinds of identity key" : "no identity key");
}

int identity_keys_folder(struct stat *info, const char *directory, struct fault *fault)
{
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        fault_set(fault, "%s: %s; wanted the folder of identity keys", directory, strerror(errno));
        return -1;
    }
    if (fstat(fd, info) != 0)
        fault_set(fault, "%s: %s", directory, strerror(errno));
    else if ((info->st_mode & FORBIDDEN_OF_FOLDER) != 0)
        fault_set(fault,
                  "%s: mode %04o lets others in; chmod 700 it, or 2750 to share it with a group",
                  directory, (unsigned)(info->st_mode & 07777));
    else
        return fd;
    close(fd);
    return -1;
}

/* Whether nobody could have read or changed the key but those who share the folder. */
static bool key_is_guarded(int fd, const struct stat *folder, struct fault *fault)
{
    struct stat info;
    if (fstat(fd, &info) != 0)
        return fault_set(fault, "%s", strerror(errno));
    if (!S_ISREG(info.st_mode))
        return fault_set(fault, "not a regular file; a key is a small text file");
    if (info.st_uid != folder->st_uid && info.st_uid != geteuid() && info.st_uid != 0)
        return fault_set(fault,
                         "owned by user %u; must be the folder's owner's (user %u), ours or "
                         "root's",
                         (unsigned)info.st_uid, (unsigned)folder->st_uid);
    bool is_shared = info.st_gid == folder->st_gid && (folder->st_mode & S_IXGRP) != 0;
    mode_t forbidden = FORBIDDEN_OF_KEY | (is_shared ? 0 : S_IRGRP);
    if ((info.st_mode & forbidden) != 0)
        return fault_set(fault, "mode %04o lets others read or write it; chmod %s it",
                         (unsigned)(info.st_mode & 07777), is_shared ? "440" : "600");
    return true;
}

static bool key_open(struct identity_key **out, int folder_fd, const struct stat *folder,
                     const char *name, struct fault *fault)
{
    /* NONBLOCK: opening a FIFO must not wait for a writer. */
    int fd = openat(folder_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return fault_set(fault,
                         "%s: there is none: it was destroyed with its snapshot, never made here, "
                         "or is not yet handed over; without it nobody can read that snapshot",
                         name);
    if (fd < 0 && errno == ELOOP)
        return fault_set(fault, "%s: a symbolic link; only regular files are taken", name);
    if (fd < 0)
        return fault_set(fault, "%s: %s", name, strerror(errno));
    bool is_guarded = key_is_guarded(fd, folder, fault);
    if (!is_guarded)
        fault_at(fault, name);
    bool is_good = is_guarded && keyfile_take_identity(out, fd, name, fault);
    close(fd);
    return is_good;
}

bool identity_keys_open(struct identity_key **out, const char *directory, uint64_t generation,
                        struct fault *fault)
{
    struct stat folder;
    int fd = identity_keys_folder(&folder, directory, fault);
    if (fd < 0)
        return false;
    char name[FOLDER_NAME_SIZE];
    folder_file_name(name, generation, IDENTITY_KEY_SUFFIX);
    bool is_good = key_open(out, fd, &folder, name, fault);
    close(fd);
    return is_good || fault_at(fault, directory);
}

/* ---- apart ---- */

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Whether `outer` is the folder or one above it; -1: cannot be told. */
static int lies_within(const char *directory, const struct stat *outer)
{
    int fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct stat at, last = {0};
    int answer = -1;
    for (int depth = 0; depth < DEPTH_MAX && fd >= 0 && fstat(fd, &at) == 0; depth++) {
        bool is_root = depth > 0 && is_same(&at, &last);
        if (is_same(&at, outer) || is_root) {
            answer = is_root ? 0 : 1;
            break;
        }
        last = at;
        int above = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
        close(fd);
        fd = above;
    }
    if (fd >= 0)
        close(fd);
    return answer;
}

bool identity_keys_are_apart(const char *directory, const char *snapshots, struct fault *fault)
{
    struct stat keys, data;
    if (stat(directory, &keys) != 0)
        return fault_set(fault, "%s: %s; wanted the folder of identity keys", directory,
                         strerror(errno));
    if (stat(snapshots, &data) != 0)
        return fault_set(fault, "%s: %s; wanted the folder of snapshots", snapshots,
                         strerror(errno));
    int keys_within = lies_within(directory, &data), data_within = lies_within(snapshots, &keys);
    if (keys_within == 0 && data_within == 0)
        return true;
    if (keys_within < 0 || data_within < 0)
        return fault_set(fault, "%s: cannot be told apart from %s: %s", directory, snapshots,
                         strerror(errno));
    return fault_set(fault,
                     "%s: must not lie with the snapshots (%s): whoever gets a copy of them would "
                     "have the keys; want a folder elsewhere, on another volume and in no backup "
                     "of the snapshots",
                     directory, snapshots);
}
