#include "loader/publish.h"

#include "loader/generation_keys.h"
#include "loader/sort.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOCK_NAME       ".lock"
#define CURRENT_TMP     CURRENT_NAME TMP_SUFFIX
#define COPY_CHUNK_SIZE ((size_t)1 << 20)

#define DIRECTORY_MODE 0750
#define LOCK_MODE      0640
#define FILE_MODE      0440 /* nobody writes what is published */
#define CURRENT_MODE   0444

struct publication {
    char *directory;
    char *identity_keys; /* folder of the key of each generation; NULL: one key for all */
    bool is_key_ours;    /* that of `next` was made by us */
    int directory_fd, lock_fd;
    uint64_t current; /* 0: none */
    uint64_t next;
    char data_path[PATH_MAX];
};

/* Whether the name is a generation with this suffix. */
static bool name_is(const char *name, const char *suffix, uint64_t *generation)
{
    size_t digits = GENERATION_TEXT_SIZE - 1;
    return strlen(name) > digits && strcmp(name + digits, suffix) == 0 &&
           generation_of_text(generation, name, digits);
}

/* ---- the folder's content ---- */

/* Every name of the folder; false when it cannot be read. */
static bool folder_visit(int directory_fd, void (*visit)(void *subject, const char *name),
                         void *subject)
{
    /* A descriptor of its own: closedir closes it, and it has its own position. */
    int fd = openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    if (folder == NULL) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    for (struct dirent *entry; (errno = 0, entry = readdir(folder)) != NULL;)
        visit(subject, entry->d_name);
    bool is_good = errno == 0;
    closedir(folder);
    return is_good;
}

/* What a killed publisher left: files under another name, data without manifest and the reverse. */
struct sweeping {
    int directory_fd;
    uint64_t current;
    uint64_t highest;
};

static bool file_is_there(int directory_fd, uint64_t generation, const char *suffix)
{
    char name[FOLDER_NAME_SIZE];
    folder_file_name(name, generation, suffix);
    return faccessat(directory_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void sweep_name(void *subject, const char *name)
{
    struct sweeping *sweeping = subject;
    uint64_t generation = 0;
    bool leftover = strcmp(name, CURRENT_TMP) == 0;
    if (name_is(name, DATA_SUFFIX TMP_SUFFIX, &generation) ||
        name_is(name, MANIFEST_SUFFIX TMP_SUFFIX, &generation))
        leftover = true;
    else if (name_is(name, DATA_SUFFIX, &generation))
        leftover = !file_is_there(sweeping->directory_fd, generation, MANIFEST_SUFFIX);
    else if (name_is(name, MANIFEST_SUFFIX, &generation))
        leftover = !file_is_there(sweeping->directory_fd, generation, DATA_SUFFIX);

    if (generation > sweeping->highest)
        sweeping->highest = generation;
    if (leftover && (generation == 0 || generation != sweeping->current))
        unlinkat(sweeping->directory_fd, name, 0);
}

/* ---- begin, end ---- */

static void next_set(struct publication *publication, uint64_t next)
{
    publication->next = next;
    char name[FOLDER_NAME_SIZE];
    folder_file_name(name, next, DATA_SUFFIX TMP_SUFFIX);
    int length = snprintf(publication->data_path, sizeof(publication->data_path), "%s/%s",
                          publication->directory, name);
    assert(length > 0 && (size_t)length < sizeof(publication->data_path));
}

static bool lock_take(struct publication *publication, struct fault *fault)
{
    publication->lock_fd = openat(publication->directory_fd, LOCK_NAME,
                                  O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, LOCK_MODE);
    if (publication->lock_fd < 0)
        return fault_set(fault, LOCK_NAME ": %s", strerror(errno));
    if (flock(publication->lock_fd, LOCK_EX | LOCK_NB) == 0)
        return true;
    if (errno == EWOULDBLOCK)
        return fault_set(fault, "another publisher is at work here; try again when it is done");
    return fault_set(fault, LOCK_NAME ": %s", strerror(errno));
}

static bool publication_open(struct publication *publication, struct fault *fault)
{
    const char *directory = publication->directory;
    if (mkdir(directory, DIRECTORY_MODE) != 0 && errno != EEXIST)
        return fault_set(fault, "making the folder: %s", strerror(errno));
    publication->directory_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (publication->directory_fd < 0)
        return fault_set(fault, "%s; wanted the folder of snapshots", strerror(errno));
    return lock_take(publication, fault);
}

/* Finds what is there, sweeps what should not be, keys first: what is left of a generation is what
 * says that a key of it may be left. A CURRENT that cannot be read counts as none: the next
 * publication replaces it. */
static bool folder_sweep(struct publication *publication, const struct sign_public *signer,
                         struct fault *fault)
{
    uint8_t hash[DATA_HASH_SIZE];
    struct fault unreadable;
    if (!snapshot_current(publication->directory, &publication->current, hash, &unreadable))
        publication->current = 0;
    if (publication->identity_keys != NULL &&
        (!generation_keys_begin(publication->identity_keys, publication->directory, fault) ||
         !generation_keys_sweep(publication->identity_keys, publication->directory_fd,
                                publication->current, signer, fault)))
        return false;

    struct sweeping sweeping = {publication->directory_fd, publication->current,
                                publication->current};
    if (!folder_visit(publication->directory_fd, sweep_name, &sweeping))
        return fault_set(fault, "reading the folder: %s", strerror(errno));
    if (sweeping.highest == UINT64_MAX)
        return fault_set(fault, "generation numbers are used up by a file named ffffffffffffffff; "
                                "remove it");
    next_set(publication, sweeping.highest + 1);
    return true;
}

bool publish_begin(struct publication **out, const char *directory,
                   const struct snapshot_trust *trust, struct fault *fault)
{
    if (strlen(directory) + 1 + FOLDER_NAME_SIZE > PATH_MAX)
        return fault_set(fault, "the name of the folder of snapshots is too long");
    struct publication *publication = calloc(1, sizeof(*publication));
    if (publication == NULL)
        return fault_set(fault, "no memory to publish");
    publication->directory_fd = publication->lock_fd = -1;
    publication->directory = strdup(directory);
    if (trust->identity_keys != NULL)
        publication->identity_keys = strdup(trust->identity_keys);
    if (publication->directory == NULL ||
        (publication->identity_keys == NULL) != (trust->identity_keys == NULL))
        fault_set(fault, "no memory to publish");
    else if (!publication_open(publication, fault) ||
             !folder_sweep(publication, trust->signer, fault))
        fault_at(fault, directory);
    else {
        *out = publication;
        return true;
    }
    publish_end(publication);
    return false;
}

void publish_end(struct publication *publication)
{
    if (publication == NULL)
        return;
    if (publication->directory_fd >= 0)
        close(publication->directory_fd);
    if (publication->lock_fd >= 0)
        close(publication->lock_fd); /* and with it the lock */
    free(publication->directory);
    free(publication->identity_keys);
    free(publication);
}

uint64_t publish_next_generation(const struct publication *publication)
{
    return publication->next;
}

uint64_t publish_current_generation(const struct publication *publication)
{
    return publication->current;
}

const char *publish_data_path(const struct publication *publication)
{
    return publication->data_path;
}

/* ---- commit ---- */

/* A new file with this content, synced, under a name that counts for nothing yet. */
static bool write_tmp(int directory_fd, const char *name, const void *bytes, size_t size,
                      mode_t mode, struct fault *fault)
{
    unlinkat(directory_fd, name, 0); /* a leftover of our own earlier failure */
    int fd = openat(directory_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool is_good = fd >= 0 && write(fd, bytes, size) == (ssize_t)size && fchmod(fd, mode) == 0 &&
                   fsync(fd) == 0;
    if (!is_good)
        fault_set(fault, "writing %s: %s", name, strerror(errno));
    if (fd >= 0 && close(fd) != 0 && is_good)
        is_good = fault_set(fault, "closing %s: %s", name, strerror(errno));
    return is_good;
}

static bool folder_sync(const struct publication *publication, struct fault *fault)
{
    return fsync(publication->directory_fd) == 0 ||
           fault_set(fault, "syncing the folder: %s", strerror(errno));
}

/* The data file is whole on disk and nobody writes it any more. */
static bool data_settle(const struct publication *publication, const char *name,
                        struct fault *fault)
{
    int fd = openat(publication->directory_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    bool is_good = fd >= 0 && fchmod(fd, FILE_MODE) == 0 && fsync(fd) == 0;
    if (!is_good)
        fault_set(fault, "syncing %s: %s", name, strerror(errno));
    if (fd >= 0)
        close(fd);
    return is_good;
}

/* The key is on the disk before its snapshot has its names, and what is to be its snapshot before
 * the key: a snapshot without key is never found, and a key without snapshot has something beside
 * CURRENT by which it is. */
static bool key_write(struct publication *publication, const struct identity_key *key,
                      struct fault *fault)
{
    if (publication->identity_keys == NULL)
        return true;
    if (!folder_sync(publication, fault))
        return false;
    publication->is_key_ours =
        generation_keys_write(publication->identity_keys, publication->next, key, fault);
    return publication->is_key_ours;
}

/* Data and manifest get their final names; nothing points to them yet. */
static bool files_name(struct publication *publication, const uint8_t *page,
                       const struct identity_key *key, struct fault *fault)
{
    int fd = publication->directory_fd;
    char data_tmp[FOLDER_NAME_SIZE], data[FOLDER_NAME_SIZE], man_tmp[FOLDER_NAME_SIZE],
        man[FOLDER_NAME_SIZE];
    folder_file_name(data_tmp, publication->next, DATA_SUFFIX TMP_SUFFIX);
    folder_file_name(data, publication->next, DATA_SUFFIX);
    folder_file_name(man_tmp, publication->next, MANIFEST_SUFFIX TMP_SUFFIX);
    folder_file_name(man, publication->next, MANIFEST_SUFFIX);

    if (!data_settle(publication, data_tmp, fault) ||
        !write_tmp(fd, man_tmp, page, MANIFEST_SIZE, FILE_MODE, fault) ||
        !key_write(publication, key, fault))
        return false;
    if (renameat(fd, data_tmp, fd, data) != 0 || renameat(fd, man_tmp, fd, man) != 0)
        return fault_set(fault, "naming generation %016" PRIx64 ": %s", publication->next,
                         strerror(errno));
    return folder_sync(publication, fault);
}

/* Opens what was written as an engine would, by its final names and never backwards. */
static bool files_verify(const struct publication *publication, const struct snapshot_trust *trust,
                         struct fault *fault)
{
    struct snapshot_trust strict = *trust;
    strict.identity_keys = publication->identity_keys;
    if (strict.generation_above < publication->current)
        strict.generation_above = publication->current;
    struct snapshot *snapshot;
    if (!snapshot_open(&snapshot, publication->directory, publication->next, &strict, fault))
        return fault_at(fault, "not published: what was written does not open");
    snapshot_close(snapshot);
    return true;
}

static void remove_files(const struct publication *publication, uint64_t generation,
                         const char *suffix)
{
    char name[FOLDER_NAME_SIZE], tmp_name[FOLDER_NAME_SIZE + sizeof(TMP_SUFFIX)];
    folder_file_name(name, generation, suffix);
    snprintf(tmp_name, sizeof(tmp_name), "%s" TMP_SUFFIX, name);
    unlinkat(publication->directory_fd, name, 0);
    unlinkat(publication->directory_fd, tmp_name, 0);
}

/* The manifest first: data without manifest are nothing, and are swept. Then the key, so that no
 * snapshot is found without it; the data last, because by them a key is found that is still there.
 */
static bool remove_generation(const struct publication *publication, uint64_t generation,
                              bool has_key, struct fault *fault)
{
    remove_files(publication, generation, MANIFEST_SUFFIX);
    if (has_key && publication->identity_keys != NULL &&
        (!folder_sync(publication, fault) ||
         !generation_keys_destroy(publication->identity_keys, generation, fault)))
        return false;
    remove_files(publication, generation, DATA_SUFFIX);
    return true;
}

/* Nothing of what could not be published stays; what cannot be destroyed is swept by the next
 * publisher, and why nothing was published says more. */
static void take_back(struct publication *publication)
{
    struct fault unsaid;
    (void)remove_generation(publication, publication->next, publication->is_key_ours, &unsaid);
    unlinkat(publication->directory_fd, CURRENT_TMP, 0);
    publication->is_key_ours = false;
}

static bool current_write(const struct publication *publication, const uint8_t *page,
                          struct fault *fault)
{
    uint8_t hash[DATA_HASH_SIZE], line[CURRENT_SIZE];
    manifest_hash(hash, page);
    current_encode(line, publication->next, hash);

    int fd = publication->directory_fd;
    if (!write_tmp(fd, CURRENT_TMP, line, sizeof(line), CURRENT_MODE, fault))
        return false;
    if (renameat(fd, CURRENT_TMP, fd, CURRENT_NAME) != 0)
        return fault_set(fault, "moving " CURRENT_NAME ": %s", strerror(errno));
    return true;
}

bool publish_commit(struct publication *publication, struct manifest *manifest,
                    const struct sign_secret *signer, const struct snapshot_trust *trust,
                    struct fault *fault)
{
    /* sign */
    manifest->generation = publication->next;
    manifest->parent = publication->current;
    uint8_t page[MANIFEST_SIZE];
    bool is_good = manifest_check(manifest, fault);
    if (is_good) {
        manifest_sign(page, manifest, signer);

        /* name, verify, put in service */
        is_good = files_name(publication, page, trust->identity, fault) &&
                  files_verify(publication, trust, fault) &&
                  current_write(publication, page, fault);
    }
    if (!is_good) {
        take_back(publication);
        return fault_at(fault, publication->directory);
    }

    publication->current = publication->next;
    publication->is_key_ours = false;
    next_set(publication, publication->next + 1);
    /* Readers see the new one by now: its files stay, even if a cut of power could undo it. */
    if (fsync(publication->directory_fd) != 0) {
        fault_set(fault,
                  "published, but syncing the folder failed (%s): check the disk, publish "
                  "again",
                  strerror(errno));
        return fault_at(fault, publication->directory);
    }
    return true;
}

/* ---- rollback ---- */

static bool copy_all(int to, int from)
{
    uint8_t *chunk = malloc(COPY_CHUNK_SIZE);
    ssize_t n = -1;
    while (chunk != NULL && (n = read(from, chunk, COPY_CHUNK_SIZE)) > 0)
        if (write(to, chunk, (size_t)n) != n) {
            n = -1;
            break;
        }
    free(chunk);
    return n == 0;
}

/* The old data under the new number: a second name where the disk can do that, else a copy. */
static bool data_reuse(const struct publication *publication, uint64_t generation,
                       struct fault *fault)
{
    int folder = publication->directory_fd;
    char source[FOLDER_NAME_SIZE], target[FOLDER_NAME_SIZE];
    folder_file_name(source, generation, DATA_SUFFIX);
    folder_file_name(target, publication->next, DATA_SUFFIX TMP_SUFFIX);
    unlinkat(folder, target, 0);
    if (linkat(folder, source, folder, target, 0) == 0)
        return true;

    int from = openat(folder, source, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    int to = openat(folder, target, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool is_good = from >= 0 && to >= 0 && copy_all(to, from);
    if (!is_good)
        fault_set(fault, "%s/%s: copying it: %s", publication->directory, source, strerror(errno));
    if (from >= 0)
        close(from);
    if (to >= 0)
        close(to);
    if (!is_good)
        unlinkat(folder, target, 0);
    return is_good;
}

bool publish_rollback(struct publication *publication, uint64_t generation,
                      const struct sign_secret *signer, const struct snapshot_trust *trust,
                      uint64_t *new_generation, struct fault *fault)
{
    struct manifest manifest;
    if (!snapshot_read_manifest(&manifest, publication->directory, generation, trust->signer, NULL,
                                fault))
        return false;
    manifest.created_s = trust->now_s != 0 ? trust->now_s : (uint64_t)time(NULL);
    if (manifest.created_s >= manifest.not_after_s)
        return fault_set(fault,
                         "%s: generation %016" PRIx64 " was not to be used after %" PRIu64
                         " (UTC seconds), which has passed; build from deliveries instead",
                         publication->directory, generation, manifest.not_after_s);

    /* The data are digested with the old key, so the new generation has it as well. */
    uint64_t next = publication->next;
    struct snapshot_trust with_key = *trust;
    struct identity_key *key = NULL;
    if (publication->identity_keys != NULL) {
        if (!identity_keys_open(&key, publication->identity_keys, generation, fault))
            return fault_at(fault, "cannot go back there");
        with_key.identity = key;
    }
    bool is_done = data_reuse(publication, generation, fault) &&
                   publish_commit(publication, &manifest, signer, &with_key, fault);
    keyfile_close_identity(key);
    if (is_done)
        *new_generation = next;
    return is_done;
}

/* ---- lists ---- */

struct listing {
    int directory_fd;
    uint64_t *generations;
    size_t count, room;
    bool no_memory;
};

static void list_name(void *subject, const char *name)
{
    struct listing *listing = subject;
    uint64_t generation;
    if (!name_is(name, MANIFEST_SUFFIX, &generation) ||
        !file_is_there(listing->directory_fd, generation, DATA_SUFFIX) || listing->no_memory)
        return;
    if (listing->count == listing->room) {
        size_t room = listing->room > 0 ? 2 * listing->room : 64;
        uint64_t *more = reallocarray(listing->generations, room, sizeof(*more));
        if (more == NULL) {
            listing->no_memory = true;
            return;
        }
        listing->generations = more;
        listing->room = room;
    }
    listing->generations[listing->count++] = generation;
}

/* All complete generations, rising; the caller frees them. */
static struct listing list_all(int directory_fd)
{
    struct listing listing = {.directory_fd = directory_fd};
    if (!folder_visit(directory_fd, list_name, &listing) || listing.no_memory)
        listing.count = 0;
    sort_u64(listing.generations, listing.count);
    return listing;
}

bool publish_sweep(struct publication *publication, uint32_t keep_count, struct fault *fault)
{
    struct listing listing = list_all(publication->directory_fd);
    bool is_good = true;
    for (size_t i = 0; i + keep_count < listing.count; i++) {
        struct fault first;
        if (listing.generations[i] == publication->current ||
            remove_generation(publication, listing.generations[i], true, &first))
            continue;
        if (is_good)
            *fault = first;
        is_good = false;
    }
    free(listing.generations);
    return is_good;
}

size_t publish_list(const char *directory, uint64_t generations[], size_t room)
{
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    struct listing listing = list_all(fd);
    close(fd);
    size_t given = listing.count < room ? listing.count : room;
    if (given > 0)
        memcpy(generations, listing.generations + (listing.count - given),
               given * sizeof(*generations));
    free(listing.generations);
    return listing.count;
}
