#include "engine/audit_file.h"

#include "engine/log.h"
#include "protocol/audit_read.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define WRITE_BLOCKS   32 /* that are written together */
#define WRITE_SIZE     ((size_t)WRITE_BLOCKS * BLOCK_SIZE_MAX)
#define TORN_FILE      "torn"
#define SEGMENT_MS_MAX (UINT64_C(24) * 3600 * 1000)
#define DAY_MS         (UINT64_C(24) * 3600 * 1000)

/* A place in the journal. */
struct place {
    uint64_t number; /* of the block before it */
    /* Of that block; of `sealed`, where the segment has none yet, of its head, which stands
     * between.
     */
    uint8_t chain[AUDIT_CHAIN_SIZE];
    uint64_t size; /* of the segment up to it */
};

struct audit_file {
    struct audit_file_settings settings;
    int folder_fd, lock_fd;
    int fd; /* -1: there is no segment that could be written */
    struct audit_segment segment;
    uint64_t begun_at;         /* the number of the last block when this run began */
    struct place sealed, safe; /* up to the last block that is closed; that is on the disk */
    uint8_t block[BLOCK_SIZE_MAX];
    uint32_t row_count; /* of the open block */
    uint8_t buffer[WRITE_SIZE];
    size_t buffer_size;
    bool is_unsynced;
    uint64_t lost;                     /* that no block has said yet */
    uint64_t unsafe_rows, unsafe_lost; /* of blocks that are closed and not safe yet */
    uint64_t unsafe_blocks;
    bool is_failing;
    uint64_t retry_ms;
    uint64_t headed; /* the number that the last signed head says */
    bool is_headed, is_head_unsaid;
    struct audit_counts counts;
};

struct audit_counts audit_file_counts(const struct audit_file *file)
{
    return file->counts;
}

/* ---- failing ---- */

/* What is not safe is cut off: a failed sync leaves nobody knowing what of it is there. */
static void cut_off(struct audit_file *file)
{
    char name[AUDIT_NAME_SIZE];
    if (file->fd < 0)
        return;
    audit_name_make(name, file->segment.first);
    bool is_empty = file->safe.size <= SEGMENT_HEAD_SIZE;
    if (is_empty ? unlinkat(file->folder_fd, name, 0) != 0
                 : ftruncate(file->fd, (off_t)file->safe.size) != 0)
        log_event("note", "reason=\"the end of a segment of the journal of checks could not be cut "
                          "off: it stands torn\"");
    close(file->fd);
    file->fd = -1;
}

static void fail(struct audit_file *file, uint64_t now_ms, const char *what, int why)
{
    char text[LOG_TEXT_SIZE], sentence[FAULT_TEXT_SIZE];
    uint64_t lost = file->unsafe_rows + file->row_count;
    snprintf(sentence, sizeof(sentence), "%s: %s: %s", file->settings.directory, what,
             strerror(why));
    cut_off(file);
    file->lost += lost + file->unsafe_lost;
    file->counts.lost += lost;
    file->counts.failures++;
    file->sealed = file->safe;
    file->unsafe_rows = file->unsafe_lost = file->unsafe_blocks = 0;
    file->row_count = 0;
    file->buffer_size = 0;
    file->is_unsynced = false;
    file->retry_ms = now_ms + AUDIT_RETRY_MS;
    if (!file->is_failing)
        log_event("audit_failed", "fault=%s", log_text(text, sentence));
    file->is_failing = true;
}

/* ---- writing ---- */

static bool write_whole(int fd, const uint8_t *bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t step = write(fd, bytes + done, size - done);
        if (step < 0 && errno == EINTR)
            continue;
        if (step <= 0) {
            errno = step == 0 ? EIO : errno;
            return false;
        }
        done += (size_t)step;
    }
    return true;
}

static bool flush(struct audit_file *file, uint64_t now_ms)
{
    if (file->buffer_size == 0)
        return true;
    if (!write_whole(file->fd, file->buffer, file->buffer_size)) {
        fail(file, now_ms, "writing", errno);
        return false;
    }
    file->buffer_size = 0;
    file->is_unsynced = true;
    return true;
}

static bool make_safe(struct audit_file *file, uint64_t now_ms)
{
    if (!flush(file, now_ms))
        return false;
    if (!file->is_unsynced)
        return true;
    if (fdatasync(file->fd) != 0) {
        fail(file, now_ms, "syncing", errno);
        return false;
    }
    file->is_unsynced = false;
    file->safe = file->sealed;
    file->counts.rows += file->unsafe_rows;
    file->counts.blocks += file->unsafe_blocks;
    file->unsafe_rows = file->unsafe_lost = file->unsafe_blocks = 0;
    return true;
}

/* ---- segments ---- */

static uint64_t segment_bytes(const struct audit_file *file, uint64_t first)
{
    char name[AUDIT_NAME_SIZE];
    struct stat info;
    audit_name_make(name, first);
    return fstatat(file->folder_fd, name, &info, AT_SYMLINK_NOFOLLOW) == 0 ? (uint64_t)info.st_size
                                                                           : 0;
}

static bool segment_read(struct audit_segment *out, const struct audit_file *file, uint64_t first)
{
    char name[AUDIT_NAME_SIZE];
    uint8_t bytes[SEGMENT_HEAD_SIZE];
    struct fault fault;
    audit_name_make(name, first);
    int fd = openat(file->folder_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t size = read(fd, bytes, sizeof(bytes));
    close(fd);
    return size == SEGMENT_HEAD_SIZE && audit_segment_open(out, bytes, sizeof(bytes), &fault);
}

/* A segment is too old when the next one was begun so long ago: then all of it is older. */
static bool is_too_old(const struct audit_file *file, uint64_t next_first, uint64_t now_ms)
{
    struct audit_segment next;
    uint64_t keep_ms = file->settings.days * DAY_MS;
    return keep_ms != 0 && now_ms > keep_ms && segment_read(&next, file, next_first) &&
           next.time_ms < now_ms - keep_ms;
}

/* The oldest go until there is room for `room` bytes more, and one at most because it is too old: a
 * clock that is wrong for a minute must not cost the journal. The last one is being written. */
static void remove_old(struct audit_file *file, uint64_t room, uint64_t now_ms)
{
    struct audit_names names;
    struct fault fault;
    char name[AUDIT_NAME_SIZE];
    uint64_t total = room;
    bool has_aged = false;
    if (!audit_names_read(&names, file->settings.directory, &fault))
        return; /* the next time */
    for (size_t i = 0; i < names.count; i++)
        total += segment_bytes(file, names.firsts[i]);
    for (size_t i = 0; i + 1 < names.count; i++) {
        if (total <= file->settings.size_max) {
            if (has_aged || !is_too_old(file, names.firsts[i + 1], now_ms))
                break;
            has_aged = true;
        }
        total -= segment_bytes(file, names.firsts[i]);
        audit_name_make(name, names.firsts[i]);
        if (unlinkat(file->folder_fd, name, 0) != 0)
            break;
    }
    audit_names_free(&names);
}

/* It counts when its head and its name are on the disk. */
static bool segment_begin(struct audit_file *file, uint64_t now_ms)
{
    uint8_t bytes[SEGMENT_HEAD_SIZE];
    char name[AUDIT_NAME_SIZE];
    assert(file->fd < 0 && file->buffer_size == 0 && !file->is_unsynced);
    remove_old(file, file->settings.segment_size, now_ms);
    file->segment = (struct audit_segment){
        .environment = file->settings.environment,
        .subject_key = file->settings.subject_key,
        .first = file->safe.number + 1,
        .time_ms = now_ms,
    };
    memcpy(file->segment.before, file->safe.chain, AUDIT_CHAIN_SIZE);
    audit_segment_seal(bytes, &file->segment);
    audit_name_make(name, file->segment.first);
    /* One that could not be removed when it failed: nothing in it was ever safe. */
    (void)unlinkat(file->folder_fd, name, 0);
    file->fd = openat(file->folder_fd, name,
                      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_APPEND | O_CLOEXEC, 0600);
    if (file->fd < 0) {
        fail(file, now_ms, "beginning a segment", errno);
        return false;
    }
    uint8_t before[AUDIT_CHAIN_SIZE];
    memcpy(before, file->safe.chain, sizeof(before));
    file->safe.size = 0;
    if (!write_whole(file->fd, bytes, sizeof(bytes)) || fsync(file->fd) != 0 ||
        fsync(file->folder_fd) != 0) {
        fail(file, now_ms, "beginning a segment", errno);
        return false;
    }
    file->safe.size = SEGMENT_HEAD_SIZE;
    file->sealed = file->safe;
    memcpy(file->sealed.chain, file->segment.chain, AUDIT_CHAIN_SIZE);
    return true;
}

/* ---- blocks ---- */

static bool roll_if_due(struct audit_file *file, size_t size, uint64_t now_ms)
{
    bool is_full = file->sealed.size + size > file->settings.segment_size;
    bool is_old = now_ms > file->segment.time_ms + SEGMENT_MS_MAX &&
                  file->sealed.number >= file->segment.first;
    if (!is_full && !is_old)
        return true;
    if (!make_safe(file, now_ms))
        return false;
    close(file->fd);
    file->fd = -1;
    return segment_begin(file, now_ms);
}

/* Closes the open block, if there is anything to say. */
static bool seal(struct audit_file *file, uint32_t flags, uint64_t now_ms)
{
    size_t size = BLOCK_SIZE(file->row_count);
    if (file->row_count == 0 && file->lost == 0 && flags == 0)
        return true;
    if (!roll_if_due(file, size, now_ms) ||
        (file->buffer_size + size > WRITE_SIZE && !flush(file, now_ms)))
        return false;
    struct audit_block block = {
        .number = file->sealed.number + 1,
        .time_ms = now_ms,
        .row_count = file->row_count,
        .flags = flags | (file->sealed.number == file->begun_at ? (uint32_t)BLOCK_BEGINS : 0),
        .lost = file->lost,
    };
    audit_block_seal(file->block, &block, file->sealed.chain);
    memcpy(file->buffer + file->buffer_size, file->block, size);
    file->buffer_size += size;
    file->sealed.number = block.number;
    file->sealed.size += size;
    memcpy(file->sealed.chain, block.chain, AUDIT_CHAIN_SIZE);
    file->unsafe_rows += block.row_count;
    file->unsafe_lost += block.lost;
    file->unsafe_blocks++;
    file->lost = 0;
    file->row_count = 0;
    return true;
}

bool audit_file_works(struct audit_file *file, uint64_t now_ms)
{
    if (!file->is_failing)
        return true;
    bool is_early = now_ms < file->retry_ms && file->retry_ms - now_ms <= AUDIT_RETRY_MS;
    if (is_early || !segment_begin(file, now_ms)) /* a clock that was set back is not waited for */
        return false;
    file->is_failing = false;
    log_event("audit_works", "lost=%" PRIu64, file->counts.lost);
    return true;
}

void audit_file_lose(struct audit_file *file, uint64_t count)
{
    file->lost += count;
    file->counts.lost += count;
}

void audit_file_add(struct audit_file *file, const struct asked *asked, uint64_t now_ms)
{
    if (!audit_file_works(file, now_ms)) {
        audit_file_lose(file, 1);
        return;
    }
    asked_encode(file->block + BLOCK_SIZE(file->row_count), asked);
    if (++file->row_count == BLOCK_ROW_COUNT_MAX)
        (void)seal(file, 0, now_ms); /* when it fails its rows are counted as lost */
}

void audit_file_sync(struct audit_file *file, uint64_t now_ms)
{
    if (audit_file_works(file, now_ms) && seal(file, 0, now_ms))
        (void)make_safe(file, now_ms); /* likewise */
}

/* ---- what is done now and then ---- */

static void sign_head(struct audit_file *file, uint64_t now_ms)
{
    struct fault fault;
    char text[LOG_TEXT_SIZE];
    const struct audit_file_settings *settings = &file->settings;
    if (settings->head_key == NULL || (file->is_headed && file->headed == file->safe.number))
        return;
    struct audit_head head = {
        .environment = settings->environment,
        .subject_key = settings->subject_key,
        .number = file->safe.number,
        .time_ms = now_ms,
    };
    memcpy(head.chain, file->safe.chain, AUDIT_CHAIN_SIZE);
    bool is_written = audit_head_write(settings->directory, &head, settings->head_key, &fault);
    if (!is_written && !file->is_head_unsaid)
        log_event("audit_head_unsaved", "fault=%s", log_text(text, fault.text));
    file->is_head_unsaid = !is_written;
    file->is_headed = is_written;
    file->headed = file->safe.number;
}

void audit_file_tidy(struct audit_file *file, uint64_t now_ms)
{
    sign_head(file, now_ms);
    remove_old(file, 0, now_ms);
}

/* ---- beginning ---- */

static bool folder_take(struct audit_file *file, struct fault *fault)
{
    const char *directory = file->settings.directory;
    struct stat info;
    if (mkdir(directory, 0700) != 0 && errno != EEXIST)
        return fault_set(fault, "%s", strerror(errno));
    file->folder_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file->folder_fd < 0 || fstat(file->folder_fd, &info) != 0)
        return fault_set(fault, "%s; wanted a folder for the journal of checks", strerror(errno));
    if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return fault_set(fault, "mode %04o lets others in; chmod 700 it",
                         (unsigned)(info.st_mode & 07777));
    file->lock_fd =
        openat(file->folder_fd, AUDIT_LOCK_FILE, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file->lock_fd < 0)
        return fault_set(fault, "%s: %s", AUDIT_LOCK_FILE, strerror(errno));
    if (flock(file->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return fault_set(fault, "another server is writing this journal of checks; each wants a "
                                "folder of its own");
    return true;
}

/* What is cut off is kept aside until the next time, should it be more than a crash's doing. */
static bool keep_aside(const struct audit_file *file, const uint8_t *tail, size_t size)
{
    int fd = openat(file->folder_fd, TORN_FILE,
                    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    bool is_good = write_whole(fd, tail, size);
    return close(fd) == 0 && is_good;
}

/* A crash can leave the last segment torn: what is behind its last whole block was never safe. */
static bool cut_torn(struct audit_file *file, const struct audit_sums *sums, const uint8_t *bytes,
                     size_t size, struct fault *fault)
{
    size_t tail = (size_t)sums->tail_size;
    if (tail == 0)
        return true;
    if (!keep_aside(file, bytes + size - tail, tail))
        return fault_set(fault, "its torn end cannot be kept aside as %s: %s", TORN_FILE,
                         strerror(errno));
    if (ftruncate(file->fd, (off_t)(size - tail)) != 0 || fsync(file->fd) != 0)
        return fault_set(fault, "cutting its torn end off: %s", strerror(errno));
    file->lost = tail > BLOCK_SIZE(1) ? (tail - BLOCK_HEAD_SIZE) / ASKED_SIZE : 1;
    file->counts.lost = file->lost;
    log_event("audit_torn", "bytes=%zu rows_at_most=%" PRIu64 " block=%" PRIu64, tail, file->lost,
              sums->number);
    return true;
}

static bool is_ours(const struct audit_file *file, const struct audit_sums *sums,
                    struct fault *fault)
{
    return (sums->environment == file->settings.environment &&
            sums->subject_key == file->settings.subject_key) ||
           fault_set(fault, "is the journal of another environment or subject key: give this "
                            "server another folder");
}

static bool go_on(struct audit_file *file, uint64_t first, const uint8_t *bytes, size_t size,
                  struct fault *fault)
{
    char name[AUDIT_NAME_SIZE];
    struct audit_sums sums = {.first = 0};
    audit_name_make(name, first);
    if (!audit_segment_open(&file->segment, bytes, size, fault) ||
        !audit_scan(&sums, bytes, size, NULL, NULL, fault) || !is_ours(file, &sums, fault))
        return false;
    file->fd = openat(file->folder_fd, name, O_WRONLY | O_NOFOLLOW | O_APPEND | O_CLOEXEC);
    if (file->fd < 0)
        return fault_set(fault, "%s", strerror(errno));
    if (!cut_torn(file, &sums, bytes, size, fault))
        return false;
    file->safe = (struct place){.number = sums.number, .size = size - sums.tail_size};
    memcpy(file->safe.chain, sums.block_count > 0 ? sums.chain : file->segment.before,
           AUDIT_CHAIN_SIZE);
    file->sealed = file->safe;
    memcpy(file->sealed.chain, sums.chain, AUDIT_CHAIN_SIZE);
    if (sums.block_count > 0 && !sums.has_ended)
        log_event("audit_abrupt",
                  "block=%" PRIu64
                  " reason=\"the run before ended without saying so: checks of its "
                  "last second may not be in the journal\"",
                  sums.number);
    return true;
}

/* One of whose head only a part was written counts for nothing: it was never begun. */
static bool is_unborn(const struct audit_file *file, uint64_t first)
{
    return segment_bytes(file, first) < SEGMENT_HEAD_SIZE;
}

static bool find_end(struct audit_file *file, const struct audit_names *names, uint64_t now_ms,
                     struct fault *fault)
{
    char name[AUDIT_NAME_SIZE];
    uint8_t *bytes;
    size_t size, count = names->count;
    bool is_gone;
    if (count > 0 && is_unborn(file, names->firsts[count - 1])) {
        audit_name_make(name, names->firsts[--count]);
        if (unlinkat(file->folder_fd, name, 0) != 0)
            return fault_set(fault, "%s: %s", name, strerror(errno));
    }
    if (count == 0)
        return segment_begin(file, now_ms) ||
               fault_set(fault, "a first segment cannot be written there");
    audit_name_make(name, names->firsts[count - 1]);
    if (!audit_load(&bytes, &size, &is_gone, file->settings.directory, names->firsts[count - 1],
                    fault))
        return false;
    bool is_good =
        go_on(file, names->firsts[count - 1], bytes, size, fault) || fault_at(fault, name);
    free(bytes);
    return is_good;
}

static void release(struct audit_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    if (file->lock_fd >= 0)
        close(file->lock_fd);
    if (file->folder_fd >= 0)
        close(file->folder_fd);
    free(file);
}

bool audit_file_open(struct audit_file **out, const struct audit_file_settings *settings,
                     uint64_t now_ms, struct fault *fault)
{
    assert(settings->segment_size >= SEGMENT_HEAD_SIZE + BLOCK_SIZE_MAX &&
           settings->segment_size <= AUDIT_SEGMENT_SIZE_MAX &&
           settings->segment_size <= settings->size_max / 2);
    struct audit_names names = {.firsts = NULL};
    struct audit_file *file = calloc(1, sizeof(*file));
    if (file == NULL)
        return fault_set(fault, "no memory for the journal of checks");
    file->settings = *settings;
    file->fd = file->lock_fd = file->folder_fd = -1;
    if (!folder_take(file, fault)) {
        release(file);
        return fault_at(fault, settings->directory);
    }
    bool is_good = audit_names_read(&names, settings->directory, fault) &&
                   (find_end(file, &names, now_ms, fault) || fault_at(fault, settings->directory));
    audit_names_free(&names);
    if (!is_good) {
        release(file);
        return false;
    }
    file->begun_at = file->safe.number;
    log_event("audit", "block=%" PRIu64 " segment_bytes=%" PRIu64, file->safe.number,
              file->safe.size);
    *out = file;
    return true;
}

void audit_file_close(struct audit_file *file, uint64_t now_ms)
{
    if (file == NULL)
        return;
    bool has_said = file->sealed.number != file->begun_at || file->row_count > 0 || file->lost > 0;
    file->retry_ms = 0; /* a last time */
    if (has_said && audit_file_works(file, now_ms) && seal(file, BLOCK_ENDS, now_ms))
        (void)make_safe(file, now_ms);
    sign_head(file, now_ms);
    log_event("audit_closed", "rows=%" PRIu64 " blocks=%" PRIu64 " lost=%" PRIu64 " block=%" PRIu64,
              file->counts.rows, file->counts.blocks, file->counts.lost, file->safe.number);
    explicit_bzero(file->block, sizeof(file->block));
    release(file);
}
