#include "protocol/audit_read.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A row is written soon after its CHECK; a disk that stands still makes it late. */
#define LATE_MS_MAX (UINT64_C(24) * 3600 * 1000)

/* ---- one segment ---- */

static bool head_follows(struct audit_sums *sums, const struct audit_segment *segment,
                         struct fault *fault)
{
    if (!sums->is_begun)
        return true;
    if (segment->environment != sums->environment || segment->subject_key != sums->subject_key)
        return fault_set(fault, "of another environment or subject key than the one before");
    if (segment->first != sums->number + 1)
        return fault_set(fault, "begins with block %" PRIu64 ", wanted %" PRIu64, segment->first,
                         sums->number + 1);
    if (memcmp(segment->before, sums->chain, AUDIT_CHAIN_SIZE) != 0)
        return fault_set(fault, "does not follow the one before: the chain is broken");
    return true;
}

static bool meet_head(struct audit_sums *sums, struct fault *fault)
{
    if (sums->head == NULL || sums->head->number != sums->number)
        return true;
    sums->is_head_met = true;
    return memcmp(sums->chain, sums->head->chain, AUDIT_CHAIN_SIZE) == 0 ||
           fault_set(fault, "up to block %" PRIu64 " it is another journal than the head says",
                     sums->number);
}

static void begin_run(struct audit_sums *sums)
{
    sums->abrupt_count += sums->run_count > 0 && !sums->has_ended;
    sums->run_count++;
}

static bool take_block(struct audit_sums *sums, const struct audit_block *block,
                       const uint8_t rows[], audit_row_call *call, void *context,
                       struct fault *fault)
{
    if (block->number != sums->number + 1)
        return fault_set(fault, "block %" PRIu64 " stands where %" PRIu64 " should", block->number,
                         sums->number + 1);
    for (uint32_t i = 0; i < block->row_count; i++) {
        struct asked asked;
        if (!asked_decode(&asked, rows + (size_t)i * ASKED_SIZE))
            return fault_set(fault, "block %" PRIu64 ", row %" PRIu32 ": not to be understood",
                             block->number, i + 1);
        if (call != NULL)
            call(context, &asked);
    }
    if ((block->flags & BLOCK_BEGINS) != 0)
        begin_run(sums);
    sums->has_ended = (block->flags & BLOCK_ENDS) != 0;
    if (sums->block_count++ == 0) {
        sums->first = block->number;
        sums->from_ms = block->time_ms;
    }
    sums->until_ms = block->time_ms;
    sums->row_count += block->row_count;
    sums->lost += block->lost;
    sums->number = block->number;
    memcpy(sums->chain, block->chain, AUDIT_CHAIN_SIZE);
    return meet_head(sums, fault);
}

bool audit_scan(struct audit_sums *sums, const uint8_t bytes[], size_t size, audit_row_call *call,
                void *context, struct fault *fault)
{
    struct audit_segment segment;
    if (sums->tail_size != 0)
        return fault_set(fault, "the one before is torn, and this one follows it");
    if (!audit_segment_open(&segment, bytes, size, fault) || !head_follows(sums, &segment, fault))
        return false;
    if (segment.first == 0)
        return fault_set(fault, "begins with block 0; the first one is 1");
    bool is_oldest = !sums->is_begun;
    sums->is_begun = true;
    sums->environment = segment.environment;
    sums->subject_key = segment.subject_key;
    sums->number = segment.first - 1;
    memcpy(sums->chain, segment.before, AUDIT_CHAIN_SIZE);
    if (is_oldest && !meet_head(sums, fault))
        return false;
    memcpy(sums->chain, segment.chain, AUDIT_CHAIN_SIZE);
    sums->segment_count++;
    sums->byte_count += size;
    size_t at = SEGMENT_HEAD_SIZE, block_size;
    struct audit_block block;
    while ((block_size = audit_block_open(&block, bytes + at, size - at, sums->chain)) > 0) {
        if (!take_block(sums, &block, bytes + at + BLOCK_HEAD_SIZE, call, context, fault))
            return false;
        at += block_size;
    }
    sums->tail_size = size - at;
    return true;
}

/* ---- files ---- */

static bool load_open(uint8_t **bytes, size_t *size, int fd, struct fault *fault)
{
    struct stat info;
    if (fstat(fd, &info) != 0)
        return fault_set(fault, "%s", strerror(errno));
    if (!S_ISREG(info.st_mode) || (uint64_t)info.st_size > AUDIT_SEGMENT_SIZE_MAX)
        return fault_set(fault, "not a segment: wanted a regular file of at most 64 MiB");
    uint8_t *memory = malloc((size_t)info.st_size + 1);
    if (memory == NULL)
        return fault_set(fault, "no memory for %" PRId64 " bytes", (int64_t)info.st_size);
    size_t done = 0;
    while (done < (size_t)info.st_size) {
        ssize_t step = read(fd, memory + done, (size_t)info.st_size - done);
        if (step < 0 && errno == EINTR)
            continue;
        if (step < 0) {
            fault_set(fault, "%s", strerror(errno));
            free(memory);
            return false;
        }
        if (step == 0)
            break;
        done += (size_t)step;
    }
    *bytes = memory;
    *size = done;
    return true;
}

bool audit_load(uint8_t **bytes, size_t *size, bool *is_gone, const char *directory, uint64_t first,
                struct fault *fault)
{
    char path[PATH_MAX], name[AUDIT_NAME_SIZE];
    *is_gone = false;
    audit_name_make(name, first);
    int length = snprintf(path, sizeof(path), "%s/%s", directory, name);
    if (length < 0 || (size_t)length >= sizeof(path))
        return fault_set(fault, "%s: too long a path", directory);
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    *is_gone = fd < 0 && errno == ENOENT;
    if (fd < 0)
        return fault_set(fault, "%s: %s", path, strerror(errno));
    bool is_good = load_open(bytes, size, fd, fault) || fault_at(fault, path);
    close(fd);
    return is_good;
}

/* The number that its name says is that of its first block. */
static bool name_fits(const uint8_t bytes[], size_t size, uint64_t first, struct fault *fault)
{
    struct audit_segment segment;
    return audit_segment_open(&segment, bytes, size, fault) &&
           (segment.first == first ||
            fault_set(fault, "is named after another block than %" PRIu64 ", with which it begins",
                      segment.first));
}

/* The oldest one may go while we read: it is as if it had gone before. */
static bool scan_file(struct audit_sums *sums, const char *directory, uint64_t first,
                      audit_row_call *call, void *context, struct fault *fault)
{
    uint8_t *bytes;
    size_t size;
    bool is_gone;
    char name[AUDIT_NAME_SIZE];
    if (!audit_load(&bytes, &size, &is_gone, directory, first, fault))
        return is_gone && !sums->is_begun;
    audit_name_make(name, first);
    bool is_good = (name_fits(bytes, size, first, fault) &&
                    audit_scan(sums, bytes, size, call, context, fault)) ||
                   fault_at(fault, name);
    free(bytes);
    return is_good || fault_at(fault, directory);
}

static bool check_end(const struct audit_sums *sums, struct fault *fault)
{
    if (sums->tail_size != 0)
        return fault_set(
            fault,
            "%" PRIu64 " bytes behind block %" PRIu64
            " are no whole block: torn by a crash, damaged, or being written now (then "
            "ask again)",
            sums->tail_size, sums->number);
    const struct audit_head *head = sums->head;
    if (head == NULL || sums->is_head_met)
        return true;
    if (sums->is_begun && head->number < sums->first)
        return fault_set(fault,
                         "the head is of block %" PRIu64 ", and the oldest one here is %" PRIu64
                         ": what lies between is gone, so nothing can be compared",
                         head->number, sums->first);
    return fault_set(fault,
                     "it ends with block %" PRIu64 ", and had come to %" PRIu64
                     ": it was cut short, or is an older copy",
                     sums->number, head->number);
}

static bool compare_head(const struct audit_sums *sums, struct fault *fault)
{
    const struct audit_head *head = sums->head;
    return head == NULL || !sums->is_begun ||
           (head->environment == sums->environment && head->subject_key == sums->subject_key) ||
           fault_set(fault, "the head is of the journal of another environment or subject key");
}

bool audit_verify(struct audit_sums *out, const char *directory, const struct audit_head *head,
                  audit_row_call *call, void *context, struct fault *fault)
{
    struct audit_sums sums = {.head = head, .is_head_met = head != NULL && head->number == 0};
    struct audit_names names;
    *out = sums;
    if (!audit_names_read(&names, directory, fault))
        return false;
    bool is_good = true;
    for (size_t i = 0; i < names.count && is_good; i++)
        is_good = scan_file(&sums, directory, names.firsts[i], call, context, fault);
    audit_names_free(&names);
    if (is_good && (!compare_head(&sums, fault) || !check_end(&sums, fault)))
        is_good = fault_at(fault, directory);
    *out = sums;
    return is_good;
}

/* ---- about one subject ---- */

struct asking {
    uint64_t subject, from_ms, until_ms;
    audit_row_call *call;
    void *context;
};

static void take_row(void *context, const struct asked *asked)
{
    const struct asking *asking = context;
    uint64_t time_ms = (uint64_t)asked->time_s * 1000;
    if (asked->subject == asking->subject && time_ms >= asking->from_ms &&
        time_ms < asking->until_ms)
        asking->call(asking->context, asked);
}

/* When a segment was begun: what is passed over must lie between two such times that rise, or a
 * clock that was wrong for a while would hide what was asked meanwhile. 0 when that cannot be read,
 * and then it is not passed over. */
static uint64_t begun_ms(const char *directory, uint64_t first)
{
    char path[PATH_MAX], name[AUDIT_NAME_SIZE];
    uint8_t bytes[SEGMENT_HEAD_SIZE];
    struct audit_segment segment;
    struct fault fault;
    audit_name_make(name, first);
    int length = snprintf(path, sizeof(path), "%s/%s", directory, name);
    if (length < 0 || (size_t)length >= sizeof(path))
        return 0;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t size = read(fd, bytes, sizeof(bytes));
    close(fd);
    return size == SEGMENT_HEAD_SIZE && audit_segment_open(&segment, bytes, sizeof(bytes), &fault)
               ? segment.time_ms
               : 0;
}

bool audit_each(const char *directory, uint64_t subject, uint64_t from_ms, uint64_t until_ms,
                audit_row_call *call, void *context, struct audit_sums *sums, struct fault *fault)
{
    struct asking asking = {subject, from_ms, until_ms, call, context};
    struct audit_sums own = {.first = 0};
    struct audit_names names;
    if (!audit_names_read(&names, directory, fault))
        return false;
    bool is_good = true;
    uint64_t torn_size = 0;
    uint64_t here_ms = names.count > 0 ? begun_ms(directory, names.firsts[0]) : 0;
    for (size_t i = 0; i < names.count && is_good; i++) {
        uint64_t next_ms = i + 1 < names.count ? begun_ms(directory, names.firsts[i + 1]) : 0;
        bool is_known = next_ms != 0 && here_ms <= next_ms;
        bool is_over = is_known && next_ms < from_ms;
        bool is_to_come = is_known && here_ms > until_ms && here_ms - until_ms > LATE_MS_MAX;
        if (is_over || is_to_come)
            own.is_begun = false; /* the next one follows something that was not read */
        else
            is_good = scan_file(&own, directory, names.firsts[i], take_row, &asking, fault);
        if (own.tail_size != 0)
            own.is_begun = false;
        torn_size += own.tail_size;
        own.tail_size = 0;
        here_ms = next_ms;
    }
    audit_names_free(&names);
    own.tail_size = torn_size;
    if (sums != NULL)
        *sums = own;
    return is_good;
}
