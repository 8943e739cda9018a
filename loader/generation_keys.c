#include "loader/generation_keys.h"

#include "loader/memory.h"
#include "loader/sort.h"
#include "protocol/keyfile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FOLDER_MODE     0700
#define KEY_MODE        0600
#define SHARED_KEY_MODE 0440 /* nobody writes it any more, and the group reads it */
#define OVERWRITE_SIZE  4096 /* at once */

static bool is_shared(const struct stat *folder)
{
    return (folder->st_mode & S_IXGRP) != 0;
}

/* Whether a file that we make here can be read by whom the folder is for, and by nobody else. */
static bool folder_is_for_us(const struct stat *folder, const char *directory, struct fault *fault)
{
    if (!is_shared(folder) && folder->st_uid != geteuid())
        return fault_set(fault,
                         "%s: owned by user %u, who could not read the keys of user %u; run as "
                         "that user, or share the folder with a group (chmod 2750)",
                         directory, (unsigned)folder->st_uid, (unsigned)geteuid());
    if (is_shared(folder) && (folder->st_mode & S_ISGID) == 0 && folder->st_gid != getegid())
        return fault_set(fault,
                         "%s: shared with group %u, but keys made here would be group %u's; "
                         "chmod g+s it",
                         directory, (unsigned)folder->st_gid, (unsigned)getegid());
    return true;
}

bool generation_keys_begin(const char *directory, const char *snapshots, struct fault *fault)
{
    if (mkdir(directory, FOLDER_MODE) != 0 && errno != EEXIST)
        return fault_set(fault, "%s: making the folder of identity keys: %s", directory,
                         strerror(errno));
    struct stat folder;
    int fd = identity_keys_folder(&folder, directory, fault);
    if (fd < 0)
        return false;
    close(fd);
    return folder_is_for_us(&folder, directory, fault) &&
           identity_keys_are_apart(directory, snapshots, fault);
}

bool generation_keys_write(const char *directory, uint64_t generation,
                           const struct identity_key *key, struct fault *fault)
{
    struct stat folder;
    int fd = identity_keys_folder(&folder, directory, fault);
    if (fd < 0)
        return false;
    close(fd);
    char name[FOLDER_NAME_SIZE], path[PATH_MAX];
    folder_file_name(name, generation, IDENTITY_KEY_SUFFIX);
    int length = snprintf(path, sizeof(path), "%s/%s", directory, name);
    if (length < 0 || (size_t)length >= sizeof(path))
        return fault_set(fault, "the name of the folder of identity keys is too long");
    return keyfile_write_identity(path, key, is_shared(&folder) ? SHARED_KEY_MODE : KEY_MODE,
                                  fault);
}

/* ---- destroy ---- */

static bool overwrite(int fd, off_t size)
{
    static const uint8_t zeros[OVERWRITE_SIZE];
    for (off_t at = 0; at < size;) {
        size_t left = (size_t)(size - at);
        ssize_t n = pwrite(fd, zeros, left < sizeof(zeros) ? left : sizeof(zeros), at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += n;
    }
    return fsync(fd) == 0;
}

/* What is no regular file holds no key of ours: only its name goes. */
static bool wipe(int folder_fd, const char *name)
{
    struct stat info;
    if (fstatat(folder_fd, name, &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(info.st_mode))
        return true;
    if (fchmodat(folder_fd, name, KEY_MODE, 0) != 0)
        return false;
    int fd = openat(folder_fd, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool is_good = overwrite(fd, info.st_size);
    return close(fd) == 0 && is_good;
}

bool generation_keys_destroy(const char *directory, uint64_t generation, struct fault *fault)
{
    char name[FOLDER_NAME_SIZE];
    folder_file_name(name, generation, IDENTITY_KEY_SUFFIX);
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return fault_set(fault, "%s: %s; wanted the folder of identity keys", directory,
                         strerror(errno));
    /* A disk that does not overwrite is no reason to keep the name. */
    int wipe_error = wipe(fd, name) ? 0 : errno;
    bool is_gone = unlinkat(fd, name, 0) == 0;
    bool is_good = (is_gone && fsync(fd) == 0) || (!is_gone && errno == ENOENT);
    int error = is_good ? wipe_error : errno;
    close(fd);
    if (error != 0)
        fault_set(fault, "%s/%s: destroying it: %s; %s", directory, name, strerror(error),
                  is_gone ? "its name is gone, its bytes may still be on the disk"
                          : "remove it by hand");
    return error == 0;
}

/* ---- sweep ---- */

/* Whose keys are there, rising; the caller frees them. */
static bool list_keys(uint64_t **generations, size_t *count, const char *directory,
                      struct fault *fault)
{
    size_t digits = GENERATION_TEXT_SIZE - 1, room = 0;
    *generations = NULL;
    *count = 0;
    DIR *folder = opendir(directory);
    if (folder == NULL)
        return fault_set(fault, "%s: %s; wanted the folder of identity keys", directory,
                         strerror(errno));
    struct dirent *entry;
    while (errno = 0, (entry = readdir(folder)) != NULL) {
        uint64_t generation;
        const char *name = entry->d_name;
        if (strlen(name) <= digits || strcmp(name + digits, IDENTITY_KEY_SUFFIX) != 0 ||
            !generation_of_text(&generation, name, digits))
            continue;
        *generations = memory_room(*generations, &room, *count + 1, sizeof(**generations));
        (*generations)[(*count)++] = generation;
    }
    int error = errno;
    closedir(folder);
    if (error != 0) {
        free(*generations);
        *generations = NULL;
        return fault_set(fault, "%s: reading the folder: %s", directory, strerror(error));
    }
    sort_u64(*generations, *count);
    return true;
}

static bool is_there(int folder_fd, uint64_t generation, const char *suffix)
{
    char name[FOLDER_NAME_SIZE];
    folder_file_name(name, generation, suffix);
    return faccessat(folder_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* A publisher was killed between making the file and writing the key: nobody's. */
static bool is_empty(const char *directory, uint64_t generation)
{
    char name[FOLDER_NAME_SIZE], path[PATH_MAX];
    struct stat info;
    folder_file_name(name, generation, IDENTITY_KEY_SUFFIX);
    snprintf(path, sizeof(path), "%s/%s", directory, name);
    return lstat(path, &info) == 0 && S_ISREG(info.st_mode) && info.st_size == 0;
}

/* Whether a signed page of this generation, published or not yet, names the key. */
static bool belongs_here(const char *directory, uint64_t generation, int snapshots_fd,
                         const struct sign_public *signer)
{
    static const char *const suffixes[] = {MANIFEST_SUFFIX, MANIFEST_SUFFIX TMP_SUFFIX};
    struct identity_key *key;
    struct fault unsaid;
    if (!identity_keys_open(&key, directory, generation, &unsaid))
        return false;
    uint8_t id[KEY_ID_SIZE];
    identity_key_id(id, key);
    keyfile_close_identity(key);
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        char name[FOLDER_NAME_SIZE];
        uint8_t page[MANIFEST_SIZE];
        struct manifest manifest;
        folder_file_name(name, generation, suffixes[i]);
        if (folder_read_exactly(snapshots_fd, name, page, sizeof(page), &unsaid) &&
            manifest_open(&manifest, page, signer, &unsaid) && manifest.generation == generation &&
            memcmp(id, manifest.identity_key_id, sizeof(id)) == 0)
            return true;
    }
    return false;
}

static bool any_belongs_here(const uint64_t generations[], size_t count, const char *directory,
                             int snapshots_fd, const struct sign_public *signer,
                             struct fault *fault)
{
    size_t empty_count = 0;
    for (size_t i = count; i > 0; i--) { /* the newest is the likeliest */
        if (belongs_here(directory, generations[i - 1], snapshots_fd, signer))
            return true;
        empty_count += is_empty(directory, generations[i - 1]);
    }
    return empty_count == count ||
           fault_set(fault,
                     "%s: holds identity keys, and none belongs to a snapshot here: another "
                     "folder's keys, or is the volume of the snapshots not mounted? Give each "
                     "folder of snapshots a folder of keys of its own",
                     directory);
}

bool generation_keys_sweep(const char *directory, int snapshots_fd, uint64_t current,
                           const struct sign_public *signer, struct fault *fault)
{
    uint64_t *generations;
    size_t count;
    if (!list_keys(&generations, &count, directory, fault))
        return false;
    bool is_good = any_belongs_here(generations, count, directory, snapshots_fd, signer, fault);
    for (size_t i = 0; is_good && i < count; i++) {
        bool is_whole = is_there(snapshots_fd, generations[i], DATA_SUFFIX) &&
                        is_there(snapshots_fd, generations[i], MANIFEST_SUFFIX);
        if (!is_whole && generations[i] != current)
            is_good = generation_keys_destroy(directory, generations[i], fault);
    }
    free(generations);
    return is_good;
}
