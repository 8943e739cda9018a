#include "loader/parsed.h"

#include "loader/files.h"
#include "loader/memory.h"
#include "loader/parallel.h"
#include "loader/parsed_block.h"
#include "loader/parsed_origin.h"
#include "loader/source.h"
#include "protocol/progress.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>
#include <xxhash.h>

#define MAGIC      "AVISPRSD"
#define NEW_SUFFIX ".new" /* behind the name, until it is whole */
#define NAME_ROOM  (WORD_SIZE + 16)
#define PIECE_SIZE (256u << 10) /* of a source, to a hash */
/* Of a file of the greatest size, whatever it is cut into. */
#define TABLES_SIZE_MAX ((uint64_t)64 << 20)

static_assert(PARSED_ORIGIN == PARSED_SECRET + PARSED_SECRET_SIZE &&
                  PARSED_SOURCE_SIZE == PARSED_ORIGIN + PARSED_HASH_SIZE &&
                  PARSED_HEADER_SIZE == PARSED_RESERVED_2 + 56,
              "the header has no gaps");
static_assert(PARSED_ORIGIN_SIZE == PARSED_HASH_SIZE, "an origin is a hash");
static_assert(PARSED_BLOCK_ROW_SIZE == PARSED_BLOCK_HASH + PARSED_HASH_SIZE, "nor has a row");

/* What is kept of one source. */
struct kept {
    const struct source *source;
    char name[NAME_ROOM];
    uint8_t secret[PARSED_SECRET_SIZE], origin[PARSED_HASH_SIZE];
    uint8_t *pieces; /* hashes of the source as it is now */
    uint32_t piece_count;

    int fd;          /* of the file that was kept; -1: none, or not for this source */
    uint8_t *tables; /* as they were kept */
    uint32_t block_count;
    atomic_bool is_other; /* something was found that is not as it was */

    int new_fd; /* of the file that is being made; -1: none */
    uint64_t new_size;
    uint8_t *rows; /* of the table of blocks */
    size_t row_count, rows_room;
    uint8_t *buffer;
    size_t buffer_room;
};

struct parsed {
    char *folder;
    int folder_fd;
    struct kept kept[DELIVERY_COUNT_MAX];
    size_t count;
    bool has_fault; /* something cannot be kept */
    struct fault fault;
};

static void hash_into(uint8_t out[static PARSED_HASH_SIZE], const struct kept *kept,
                      const void *bytes, size_t size)
{
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(
        &canonical, XXH3_128bits_withSecret(bytes, size, kept->secret, PARSED_SECRET_SIZE));
    static_assert(sizeof(canonical) == PARSED_HASH_SIZE, "a hash has 128 bits");
    memcpy(out, &canonical, sizeof(canonical));
}

static bool is_hash_of(const uint8_t hash[static PARSED_HASH_SIZE], const struct kept *kept,
                       const void *bytes, size_t size)
{
    uint8_t now[PARSED_HASH_SIZE];
    hash_into(now, kept, bytes, size);
    return memcmp(now, hash, sizeof(now)) == 0;
}

/* ---- the folder ---- */

static bool folder_is_private(int fd, const char *folder, struct fault *fault)
{
    struct stat info;
    if (fstat(fd, &info) != 0)
        return fault_set(fault, "%s: %s", folder, strerror(errno));
    if (info.st_uid != geteuid())
        return fault_set(fault, "%s: belongs to user %u; a folder of our own (user %u) wanted",
                         folder, (unsigned)info.st_uid, (unsigned)geteuid());
    if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return fault_set(fault,
                         "%s: mode %04o lets others in, and the population will be in it: "
                         "chmod 700 it",
                         folder, (unsigned)(info.st_mode & 07777));
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return fault_set(fault,
                         "%s: another loader is at work in it: wait until it is done, or "
                         "give each a folder of its own",
                         folder);
    return true;
}

static bool ends_with(const char *name, const char *end)
{
    size_t size = strlen(name), end_size = strlen(end);
    return size > end_size && strcmp(name + size - end_size, end) == 0;
}

/* Files of ours that are not wanted: half-made ones, or (when all was read) those of sources that
 * are not delivered any more. */
static void sweep(struct parsed *parsed, bool is_finished)
{
    int fd = dup(parsed->folder_fd);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    if (folder == NULL && fd >= 0)
        close(fd);
    if (folder != NULL)
        rewinddir(folder);
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        bool is_wanted = !ends_with(entry->d_name, PARSED_SUFFIX NEW_SUFFIX) &&
                         !(is_finished && ends_with(entry->d_name, PARSED_SUFFIX));
        for (size_t i = 0; i < parsed->count; i++)
            is_wanted |= strcmp(entry->d_name, parsed->kept[i].name) == 0;
        if (!is_wanted && unlinkat(parsed->folder_fd, entry->d_name, 0) != 0 && errno != ENOENT &&
            !parsed->has_fault)
            parsed->has_fault = !fault_set(&parsed->fault, "%s/%s: cannot be removed: %s",
                                           parsed->folder, entry->d_name, strerror(errno));
    }
    if (folder != NULL)
        closedir(folder);
}

bool parsed_open(struct parsed **out, const char *folder, struct fault *fault)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return fault_set(fault, "%s: %s; wanted the folder where parsed registers are kept", folder,
                         strerror(errno));
    if (!folder_is_private(fd, folder, fault)) {
        close(fd);
        return false;
    }
    struct parsed *parsed = memory_take_zeroed(1, sizeof(*parsed));
    parsed->folder = memory_text("%s", folder);
    parsed->folder_fd = fd;
    sweep(parsed, false);
    *out = parsed;
    return true;
}

static void forget_new(const struct parsed *parsed, struct kept *kept)
{
    char name[NAME_ROOM + sizeof(NEW_SUFFIX)];
    if (kept->new_fd < 0)
        return;
    close(kept->new_fd);
    kept->new_fd = -1;
    snprintf(name, sizeof(name), "%s" NEW_SUFFIX, kept->name);
    unlinkat(parsed->folder_fd, name, 0);
}

void parsed_close(struct parsed *parsed)
{
    if (parsed == NULL)
        return;
    for (size_t i = 0; i < parsed->count; i++) {
        struct kept *kept = &parsed->kept[i];
        forget_new(parsed, kept);
        if (kept->fd >= 0)
            close(kept->fd);
        free(kept->pieces);
        free(kept->tables);
        free(kept->rows);
        free(kept->buffer);
    }
    close(parsed->folder_fd);
    free(parsed->folder);
    free(parsed);
}

/* The first thing that could not be kept is told, and what it was of is given up. */
static void give_up(struct parsed *parsed, struct kept *kept, const char *why)
{
    if (!parsed->has_fault)
        parsed->has_fault = !fault_set(&parsed->fault, "%s/%s: %s; %s will be parsed again",
                                       parsed->folder, kept->name, why, kept->source->file);
    forget_new(parsed, kept);
}

/* ---- the file that was kept ---- */

static void forget_kept(struct kept *kept)
{
    if (kept->fd >= 0)
        close(kept->fd);
    kept->fd = -1;
    free(kept->tables);
    kept->tables = NULL;
    kept->block_count = 0;
}

static const uint8_t *block_row(const struct kept *kept, uint32_t number)
{
    return kept->tables + (size_t)kept->piece_count * PARSED_HASH_SIZE +
           (size_t)number * PARSED_BLOCK_ROW_SIZE;
}

static uint64_t tables_size(const struct kept *kept)
{
    return (uint64_t)kept->piece_count * PARSED_HASH_SIZE +
           (uint64_t)kept->block_count * PARSED_BLOCK_ROW_SIZE;
}

/* The check covers the header from the secret on, and the tables. */
static void check_of(uint8_t out[static PARSED_HASH_SIZE], const struct kept *kept,
                     const uint8_t header[static PARSED_HEADER_SIZE], const uint8_t *tables)
{
    size_t size = (size_t)tables_size(kept), rest = PARSED_HEADER_SIZE - PARSED_SECRET;
    uint8_t *both = memory_take(rest + size, 1);
    memcpy(both, header + PARSED_SECRET, rest);
    memcpy(both + rest, tables, size);
    hash_into(out, kept, both, rest + size);
    free(both);
}

/* Whether it is of this program, description and size of source. Takes the secret over. */
static bool take_header(struct kept *kept, const uint8_t header[static PARSED_HEADER_SIZE])
{
    static const uint8_t zeros[PARSED_HEADER_SIZE - PARSED_RESERVED_2];
    if (memcmp(header, MAGIC, 8) != 0 || load_u32(header + PARSED_FORMAT_AT) != PARSED_FORMAT ||
        load_u32(header + PARSED_RESERVED) != 0 ||
        memcmp(header + PARSED_RESERVED_2, zeros, sizeof(zeros)) != 0 ||
        memcmp(header + PARSED_ORIGIN, kept->origin, PARSED_HASH_SIZE) != 0 ||
        load_u64(header + PARSED_SOURCE_SIZE) != kept->source->size ||
        load_u32(header + PARSED_PIECE_COUNT) != kept->piece_count)
        return false;
    memcpy(kept->secret, header + PARSED_SECRET, PARSED_SECRET_SIZE);
    kept->block_count = load_u32(header + PARSED_BLOCK_COUNT);
    return tables_size(kept) <= TABLES_SIZE_MAX;
}

static bool read_exactly(int fd, void *bytes, size_t size, uint64_t offset)
{
    return files_read_at(fd, bytes, size, offset) == (ssize_t)size;
}

static bool read_tables(struct kept *kept)
{
    uint8_t header[PARSED_HEADER_SIZE], check[PARSED_HASH_SIZE];
    if (!read_exactly(kept->fd, header, sizeof(header), 0) || !take_header(kept, header))
        return false;
    size_t size = (size_t)tables_size(kept);
    kept->tables = memory_take(size, 1);
    if (!read_exactly(kept->fd, kept->tables, size, load_u64(header + PARSED_TABLES)))
        return false;
    check_of(check, kept, header, kept->tables);
    bool is_good = memcmp(check, header + PARSED_CHECK, sizeof(check)) == 0;
    for (uint32_t i = 0; i < kept->block_count && is_good; i++)
        is_good = load_u32(block_row(kept, i) + PARSED_BLOCK_SIZE) <= BLOCK_SIZE_MAX &&
                  load_u32(block_row(kept, i) + PARSED_BLOCK_RESERVED) == 0;
    return is_good;
}

static void open_kept(struct parsed *parsed, struct kept *kept)
{
    struct stat info;
    kept->fd = openat(parsed->folder_fd, kept->name,
                      O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    bool is_good =
        kept->fd >= 0 && fstat(kept->fd, &info) == 0 && S_ISREG(info.st_mode) && read_tables(kept);
    if (is_good)
        return;
    forget_kept(kept);
    if (getrandom(kept->secret, sizeof(kept->secret), 0) != (ssize_t)sizeof(kept->secret))
        abort(); /* never, for so few bytes */
}

/* ---- is a source as it was? ---- */

/* A piece of a source, or a block of what was kept of it. */
struct look {
    struct kept *kept;
    uint32_t number;
    bool is_block;
};

struct comparison {
    struct look *looks;
    size_t look_count;
    struct progress progress;
    atomic_uint_fast64_t done_size;
    struct {
        uint8_t *bytes;
        size_t room;
    } buffers[THREAD_COUNT_MAX];
};

static uint32_t piece_size(const struct source *source, uint32_t number)
{
    uint64_t left = source->size - (uint64_t)number * PIECE_SIZE;
    return left < PIECE_SIZE ? (uint32_t)left : PIECE_SIZE;
}

static size_t look_size(const struct look *look)
{
    if (look->is_block)
        return load_u32(block_row(look->kept, look->number) + PARSED_BLOCK_SIZE);
    return piece_size(look->kept->source, look->number);
}

/* A source that cannot be read is told by whoever parses it. */
static void look_at_piece(const struct look *look, uint8_t *bytes, size_t size)
{
    struct kept *kept = look->kept;
    uint8_t *hash = kept->pieces + (size_t)look->number * PARSED_HASH_SIZE;
    if (!read_exactly(kept->source->fd, bytes, size, (uint64_t)look->number * PIECE_SIZE)) {
        atomic_store(&kept->is_other, true);
        return;
    }
    hash_into(hash, kept, bytes, size);
    if (kept->fd >= 0 &&
        memcmp(hash, kept->tables + (size_t)look->number * PARSED_HASH_SIZE, PARSED_HASH_SIZE) != 0)
        atomic_store(&kept->is_other, true);
}

static void look_at_block(const struct look *look, uint8_t *bytes, size_t size)
{
    struct kept *kept = look->kept;
    const uint8_t *row = block_row(kept, look->number);
    if (!read_exactly(kept->fd, bytes, size, load_u64(row + PARSED_BLOCK_AT)) ||
        !is_hash_of(row + PARSED_BLOCK_HASH, kept, bytes, size))
        atomic_store(&kept->is_other, true);
}

static void look_at_some(void *context, uint32_t thread, size_t first, size_t end)
{
    struct comparison *comparison = context;
    for (size_t i = first; i < end; i++) {
        const struct look *look = &comparison->looks[i];
        size_t size = look_size(look);
        if (size > comparison->buffers[thread].room) {
            free(comparison->buffers[thread].bytes);
            comparison->buffers[thread].bytes = memory_take(size, 1);
            comparison->buffers[thread].room = size;
        }
        if (!look->is_block)
            look_at_piece(look, comparison->buffers[thread].bytes, size);
        else if (!atomic_load(&look->kept->is_other))
            look_at_block(look, comparison->buffers[thread].bytes, size);
        atomic_fetch_add(&comparison->done_size, size);
    }
    if (thread == 0)
        progress_set(&comparison->progress, atomic_load(&comparison->done_size));
}

static void add_looks(struct comparison *comparison, struct kept *kept, bool are_blocks)
{
    uint32_t count = are_blocks ? kept->block_count : kept->piece_count;
    for (uint32_t i = 0; i < count; i++)
        comparison->looks[comparison->look_count++] = (struct look){kept, i, are_blocks};
}

/* Sources first: blocks of those that turn out to be others are not looked at. */
static void look_at_all(struct parsed *parsed, uint32_t thread_count, bool is_quiet)
{
    struct comparison *comparison = memory_take_zeroed(1, sizeof(*comparison));
    size_t count = 0;
    uint64_t size = 0;
    for (size_t i = 0; i < parsed->count; i++)
        count += (size_t)parsed->kept[i].piece_count + parsed->kept[i].block_count;
    comparison->looks = memory_take(count, sizeof(comparison->looks[0]));
    for (size_t i = 0; i < parsed->count; i++)
        add_looks(comparison, &parsed->kept[i], false);
    for (size_t i = 0; i < parsed->count; i++)
        add_looks(comparison, &parsed->kept[i], true);
    for (size_t i = 0; i < count; i++)
        size += look_size(&comparison->looks[i]);
    progress_start(&comparison->progress, "comparing", "bytes", size, is_quiet);
    parallel_for(thread_count, count, 1, look_at_some, comparison);
    progress_set(&comparison->progress, size);
    progress_end(&comparison->progress);
    for (size_t i = 0; i < THREAD_COUNT_MAX; i++)
        free(comparison->buffers[i].bytes);
    free(comparison->looks);
    free(comparison);
}

/* Files of one register are told apart by their number in the list; a name says nothing about the
 * day. */
static void name_kept(struct parsed *parsed, struct kept *kept)
{
    unsigned number = 1;
    for (const struct kept *other = parsed->kept; other < kept; other++)
        number += other->source->description == kept->source->description;
    snprintf(kept->name, sizeof(kept->name), "%s.%u" PARSED_SUFFIX, kept->source->description->name,
             number);
}

/* Where it cannot be made nothing is kept of this source, and the rest goes on. */
static void begin_new(struct parsed *parsed, struct kept *kept)
{
    char name[NAME_ROOM + sizeof(NEW_SUFFIX)];
    snprintf(name, sizeof(name), "%s" NEW_SUFFIX, kept->name);
    kept->new_size = PARSED_HEADER_SIZE;
    kept->new_fd =
        openat(parsed->folder_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (kept->new_fd < 0)
        give_up(parsed, kept, strerror(errno));
}

void parsed_compare(struct parsed *parsed, const struct source *sources, size_t count,
                    uint32_t thread_count, bool is_quiet)
{
    assert(parsed->count == 0 && count <= DELIVERY_COUNT_MAX);
    for (size_t i = 0; i < count; i++) {
        struct kept *kept = &parsed->kept[i];
        *kept = (struct kept){.source = &sources[i], .fd = -1, .new_fd = -1};
        kept->piece_count = (uint32_t)((sources[i].size + PIECE_SIZE - 1) / PIECE_SIZE);
        kept->pieces = memory_take_zeroed(kept->piece_count, PARSED_HASH_SIZE);
        name_kept(parsed, kept);
        parsed_origin(kept->origin, kept->source);
        open_kept(parsed, kept);
    }
    parsed->count = count;
    look_at_all(parsed, thread_count, is_quiet);
    for (size_t i = 0; i < count; i++) {
        struct kept *kept = &parsed->kept[i];
        if (!atomic_load(&kept->is_other) && kept->block_count > 0)
            continue;
        forget_kept(kept);
        begin_new(parsed, kept);
    }
}

/* ---- reading and adding ---- */

uint32_t parsed_block_count(const struct parsed *parsed, size_t source)
{
    assert(source < parsed->count);
    return parsed->kept[source].block_count;
}

void parsed_read(const struct parsed *parsed, size_t source, uint32_t block, struct output *output)
{
    const struct kept *kept = &parsed->kept[source];
    assert(source < parsed->count && block < kept->block_count);
    const uint8_t *row = block_row(kept, block);
    size_t size = load_u32(row + PARSED_BLOCK_SIZE);
    uint8_t *bytes = memory_take(size, 1);
    output->has_fault =
        !(read_exactly(kept->fd, bytes, size, load_u64(row + PARSED_BLOCK_AT)) &&
          parsed_block_unpack(output, bytes, size, kept->source)) &&
        !fault_set(&output->fault, "%s/%s: is not what was kept: remove it and build again",
                   parsed->folder, kept->name);
    free(bytes);
}

static bool write_all(int fd, const uint8_t *bytes, size_t size, uint64_t at)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = pwrite(fd, bytes + done, size - done, (off_t)(at + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0)
            errno = ENOSPC;
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

void parsed_add(struct parsed *parsed, size_t source, const struct output *output)
{
    struct kept *kept = &parsed->kept[source];
    assert(source < parsed->count);
    if (kept->new_fd < 0)
        return;
    size_t size = parsed_block_size(output);
    if (size == 0) {
        give_up(parsed, kept, "a piece of it says more than can be kept");
        return;
    }
    kept->buffer = memory_room(kept->buffer, &kept->buffer_room, size, 1);
    parsed_block_pack(kept->buffer, output);
    kept->rows =
        memory_room(kept->rows, &kept->rows_room, kept->row_count + 1, PARSED_BLOCK_ROW_SIZE);
    uint8_t *row = kept->rows + kept->row_count++ * PARSED_BLOCK_ROW_SIZE;
    store_u64(row + PARSED_BLOCK_AT, kept->new_size);
    store_u32(row + PARSED_BLOCK_SIZE, (uint32_t)size);
    store_u32(row + PARSED_BLOCK_RESERVED, 0);
    hash_into(row + PARSED_BLOCK_HASH, kept, kept->buffer, size);
    if (!write_all(kept->new_fd, kept->buffer, size, kept->new_size))
        give_up(parsed, kept, strerror(errno));
    kept->new_size += size;
}

/* ---- finishing ---- */

/* The header last, though nothing hangs on it: what is not whole does not fit its check. */
static bool write_tables(struct kept *kept)
{
    uint8_t header[PARSED_HEADER_SIZE] = {0};
    kept->block_count = (uint32_t)kept->row_count;
    size_t pieces_size = (size_t)kept->piece_count * PARSED_HASH_SIZE;
    size_t size = (size_t)tables_size(kept);
    kept->tables = memory_take(size, 1);
    memcpy(kept->tables, kept->pieces, pieces_size);
    memcpy(kept->tables + pieces_size, kept->rows, size - pieces_size);
    memcpy(header, MAGIC, 8);
    store_u32(header + PARSED_FORMAT_AT, PARSED_FORMAT);
    memcpy(header + PARSED_SECRET, kept->secret, PARSED_SECRET_SIZE);
    memcpy(header + PARSED_ORIGIN, kept->origin, PARSED_HASH_SIZE);
    store_u64(header + PARSED_SOURCE_SIZE, kept->source->size);
    store_u64(header + PARSED_TABLES, kept->new_size);
    store_u32(header + PARSED_PIECE_COUNT, kept->piece_count);
    store_u32(header + PARSED_BLOCK_COUNT, kept->block_count);
    check_of(header + PARSED_CHECK, kept, header, kept->tables);
    return write_all(kept->new_fd, kept->tables, size, kept->new_size) &&
           write_all(kept->new_fd, header, sizeof(header), 0);
}

static void finish_new(struct parsed *parsed, struct kept *kept)
{
    char name[NAME_ROOM + sizeof(NEW_SUFFIX)];
    snprintf(name, sizeof(name), "%s" NEW_SUFFIX, kept->name);
    if (!write_tables(kept) ||
        renameat(parsed->folder_fd, name, parsed->folder_fd, kept->name) != 0) {
        give_up(parsed, kept, strerror(errno));
        return;
    }
    close(kept->new_fd);
    kept->new_fd = -1;
}

bool parsed_finish(struct parsed *parsed, struct fault *fault)
{
    for (size_t i = 0; i < parsed->count; i++)
        if (parsed->kept[i].new_fd >= 0)
            finish_new(parsed, &parsed->kept[i]);
    sweep(parsed, true);
    if (parsed->has_fault)
        *fault = parsed->fault;
    return !parsed->has_fault;
}
