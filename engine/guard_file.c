#include "engine/guard.h"

#include "engine/guard_parts.h"
#include "protocol/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATE_MAGIC   "ELIGGARD"
#define STATE_VERSION 1u

/* A file: head, records, checksum (BLAKE2b-256 of all before it). */
enum {
    HEAD_MAGIC = 0,        /* 8 bytes */
    HEAD_VERSION = 8,      /* u32 */
    HEAD_COUNT = 12,       /* u32: records */
    HEAD_KEY = 16,         /* GUARD_KEY_SIZE bytes */
    HEAD_SAVED = 32,       /* u64: seconds UTC */
    HEAD_IS_LAST = 40,     /* u32: 1 when no session was left */
    HEAD_SAVE_S = 44,      /* u32: the next one was due after so long */
    HEAD_CRASH_DAY = 48,   /* u32 */
    HEAD_CRASH_COUNT = 52, /* u32: on that day */
    HEAD_DEBT = 56,        /* u32: minutes, of that day */
    HEAD_RESERVED = 60,    /* u32, zero */
    HEAD_END = 64,
};
static_assert(HEAD_SAVED == HEAD_KEY + GUARD_KEY_SIZE, "fields touch");

/* A record: these, then the bits of the minute and of the day, if its flags say so; 48 bits of each
 * word as 6 bytes. */
enum {
    RECORD_TERMINAL = 0,     /* u32 */
    RECORD_FLAGS = 4,        /* u32 */
    RECORD_MINUTE = 8,       /* u32 */
    RECORD_DAY = 12,         /* u32 */
    RECORD_TYPED = 16,       /* u32: on that day */
    RECORD_MISSES = 20,      /* u32: on that day */
    RECORD_WINDOW = 24,      /* u64 */
    RECORD_ALARM_HOURS = 32, /* u32 each */
    RECORD_RESERVED = 52,    /* u32, zero */
    RECORD_END = 56,
};
static_assert(RECORD_RESERVED == RECORD_ALARM_HOURS + 4 * GUARD_CAUSE_COUNT, "fields touch");

#define FLAG_MINUTE        1u /* its bits follow */
#define FLAG_MINUTE_CLOSED 2u
#define FLAG_DAY           4u
#define FLAG_DAY_CLOSED    8u
#define FLAGS_ALL          15u

#define WORD_SIZE       6
#define MINUTE_SIZE     ((size_t)MINUTE_WORDS * WORD_SIZE)
#define DAY_SIZE        ((size_t)DAY_WORDS * WORD_SIZE)
#define RECORD_SIZE_MAX (RECORD_END + MINUTE_SIZE + DAY_SIZE)
#define CHECKSUM_SIZE   32
#define FILE_SIZE_MAX   (HEAD_END + (GUARD_SLOTS_MAX + (size_t)1) * RECORD_SIZE_MAX + CHECKSUM_SIZE)
#define PATH_SIZE_MAX   4096
#define TEMPORARY       ".new"

static_assert(RECORD_SIZE_MAX <= CHUNK_SIZE, "a record fits a chunk");

/* ---- records out ---- */

static size_t encode_bits(uint8_t *out, const _Atomic uint64_t *words, uint32_t word_count,
                          uint32_t epoch)
{
    for (uint32_t i = 0; i < word_count; i++) {
        uint64_t word = atomic_load_explicit(&words[i], memory_order_relaxed);
        uint64_t bits = word >> WORD_BITS == (uint16_t)epoch ? word & WORD_MASK : 0;
        store_u32(out + (size_t)i * WORD_SIZE, (uint32_t)bits);
        store_u16(out + (size_t)i * WORD_SIZE + 4, (uint16_t)(bits >> 32));
    }
    return (size_t)word_count * WORD_SIZE;
}

/* What was counted on the record's day; on another one it is over. */
static uint32_t on_day(const _Atomic uint64_t *state, uint32_t day)
{
    uint64_t held = atomic_load_explicit(state, memory_order_relaxed);
    return epoch_of(held) == day ? (uint32_t)(held & COUNT_MASK) : 0;
}

/* Whether the minute's or day's bits still count at the time of saving. */
static bool is_counted(uint64_t state, uint32_t now, uint32_t back_max)
{
    return (state & (COUNT_MASK | COUNT_CLOSED)) != 0 &&
           epoch_goes_on(epoch_of(state), now, back_max);
}

static size_t encode_record(uint8_t *out, const struct place *place, uint32_t this_minute,
                            uint32_t today)
{
    uint64_t minute = atomic_load_explicit(&place->minute, memory_order_acquire);
    uint64_t day = atomic_load_explicit(&place->day, memory_order_acquire);
    bool has_minute = is_counted(minute, this_minute, MINUTE_BACK_MAX);
    bool has_day = is_counted(day, today, DAY_BACK_MAX);
    uint32_t flags = (has_minute ? FLAG_MINUTE : 0) | (has_day ? FLAG_DAY : 0) |
                     (has_minute && (minute & COUNT_CLOSED) != 0 ? FLAG_MINUTE_CLOSED : 0) |
                     (has_day && (day & COUNT_CLOSED) != 0 ? FLAG_DAY_CLOSED : 0);
    store_u32(out + RECORD_TERMINAL, atomic_load_explicit(&place->terminal, memory_order_relaxed));
    store_u32(out + RECORD_FLAGS, flags);
    store_u32(out + RECORD_MINUTE, epoch_of(minute));
    store_u32(out + RECORD_DAY, epoch_of(day));
    store_u32(out + RECORD_TYPED, on_day(&place->typed, epoch_of(day)));
    store_u32(out + RECORD_MISSES, on_day(&place->misses, epoch_of(day)));
    store_u64(out + RECORD_WINDOW, atomic_load_explicit(&place->window, memory_order_relaxed));
    /* An alarm that nobody took yet is raised again by whoever goes on. */
    uint32_t waiting = atomic_load_explicit(&place->alarms, memory_order_relaxed);
    for (size_t i = 0; i < GUARD_CAUSE_COUNT; i++) {
        uint32_t hour = atomic_load_explicit(&place->alarm_hours[i], memory_order_relaxed);
        store_u32(out + RECORD_ALARM_HOURS + 4 * i, waiting >> i & 1 ? 0 : hour);
    }
    store_u32(out + RECORD_RESERVED, 0);
    size_t size = RECORD_END;
    if (has_minute)
        size += encode_bits(out + size, place->minute_words, MINUTE_WORDS, epoch_of(minute));
    if (has_day)
        size += encode_bits(out + size, place->day_words, DAY_WORDS, epoch_of(day));
    return size;
}

/* ---- records in ---- */

/* How many bits stand. */
static uint32_t decode_bits(_Atomic uint64_t *words, uint32_t word_count, uint32_t epoch,
                            const uint8_t *in)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < word_count; i++) {
        const uint8_t *at = in + (size_t)i * WORD_SIZE;
        uint64_t bits = load_u32(at) | (uint64_t)load_u16(at + 4) << 32;
        count += (uint32_t)__builtin_popcountll(bits);
        atomic_store_explicit(&words[i], (uint64_t)(uint16_t)epoch << WORD_BITS | bits,
                              memory_order_relaxed);
    }
    return count;
}

static size_t bits_size(uint32_t flags)
{
    return (flags & FLAG_MINUTE ? MINUTE_SIZE : 0) + (flags & FLAG_DAY ? DAY_SIZE : 0);
}

static bool record_is_good(const uint8_t in[static RECORD_END])
{
    uint32_t flags = load_u32(in + RECORD_FLAGS);
    uint64_t window = load_u64(in + RECORD_WINDOW);
    return (flags & ~FLAGS_ALL) == 0 && load_u32(in + RECORD_RESERVED) == 0 &&
           ((flags & FLAG_MINUTE_CLOSED) == 0 || (flags & FLAG_MINUTE) != 0) &&
           ((flags & FLAG_DAY_CLOSED) == 0 || (flags & FLAG_DAY) != 0) &&
           load_u32(in + RECORD_TYPED) <= COUNT_MASK &&
           load_u32(in + RECORD_MISSES) <= COUNT_MASK && (uint32_t)window <= WINDOW_WHOLE &&
           window >> 32 <= (uint32_t)window;
}

/* Bits of another minute or day than it is now are left where they are: they count no longer. */
static void decode_record(struct place *place, const uint8_t *in, uint32_t this_minute,
                          uint32_t this_day)
{
    uint32_t flags = load_u32(in + RECORD_FLAGS);
    uint32_t minute = load_u32(in + RECORD_MINUTE), day = load_u32(in + RECORD_DAY);
    const uint8_t *bits = in + RECORD_END;
    uint64_t now = epoch_state(minute, 0), today = epoch_state(day, 0);
    bool takes_minute = epoch_goes_on(minute, this_minute, MINUTE_BACK_MAX);
    bool takes_day = epoch_goes_on(day, this_day, DAY_BACK_MAX);
    if (takes_minute && (flags & FLAG_MINUTE) != 0) {
        now += decode_bits(place->minute_words, MINUTE_WORDS, minute, bits);
        now |= flags & FLAG_MINUTE_CLOSED ? COUNT_CLOSED : 0;
    }
    bits += flags & FLAG_MINUTE ? MINUTE_SIZE : 0;
    if (takes_day && (flags & FLAG_DAY) != 0) {
        today += decode_bits(place->day_words, DAY_WORDS, day, bits);
        today |= flags & FLAG_DAY_CLOSED ? COUNT_CLOSED : 0;
    }
    atomic_store_explicit(&place->minute, now, memory_order_relaxed);
    atomic_store_explicit(&place->day, today, memory_order_relaxed);
    atomic_store_explicit(&place->typed, epoch_state(day, load_u32(in + RECORD_TYPED)),
                          memory_order_relaxed);
    atomic_store_explicit(&place->misses, epoch_state(day, load_u32(in + RECORD_MISSES)),
                          memory_order_relaxed);
    atomic_store_explicit(&place->window, load_u64(in + RECORD_WINDOW), memory_order_relaxed);
    for (size_t i = 0; i < GUARD_CAUSE_COUNT; i++)
        atomic_store_explicit(&place->alarm_hours[i], load_u32(in + RECORD_ALARM_HOURS + 4 * i),
                              memory_order_relaxed);
}

/* The place that a record is about; NULL when no terminal could have it. */
static struct place *place_of_record(struct guard *guard, uint32_t terminal, bool is_last)
{
    if (terminal == GUARD_TERMINAL_ELSEWHERE)
        return is_last ? &guard->places[guard->slot_count] : NULL;
    if (guard_find_place(guard, terminal) != NOBODY)
        return NULL;
    uint32_t slot = guard_first_place(guard, terminal);
    if (slot == NOBODY)
        return NULL;
    guard_list_place(guard, slot);
    return &guard->places[slot];
}

static bool decode_records(struct guard *guard, const uint8_t *at, size_t size, uint32_t count,
                           uint64_t now_s, struct fault *fault)
{
    uint32_t this_minute = (uint32_t)(now_s / MINUTE_S), today = guard_today(guard, now_s);
    for (uint32_t i = 0; i < count; i++) {
        if (size < RECORD_END || !record_is_good(at) ||
            size - RECORD_END < bits_size(load_u32(at + RECORD_FLAGS)))
            return fault_set(fault, "record %u of %u holds what no guard writes", i + 1, count);
        struct place *place =
            place_of_record(guard, load_u32(at + RECORD_TERMINAL), i + 1 == count);
        if (place == NULL)
            return fault_set(fault, "record %u of %u is of a terminal that cannot stand there",
                             i + 1, count);
        decode_record(place, at, this_minute, today);
        size_t used = RECORD_END + bits_size(load_u32(at + RECORD_FLAGS));
        at += used;
        size -= used;
    }
    return size == 0 || fault_set(fault, "%zu bytes too many behind the last record", size);
}

/* ---- what a restart may have lost ---- */

/* Minutes of which some part was not saved: from the last save until the next was due, or until
 * now. */
static uint32_t minutes_lost(const uint8_t head[static HEAD_END], uint64_t now_s)
{
    uint64_t saved_s = load_u64(head + HEAD_SAVED);
    uint64_t until_s = saved_s + load_u32(head + HEAD_SAVE_S);
    if (now_s >= saved_s && now_s < until_s)
        until_s = now_s;
    return (uint32_t)(until_s / MINUTE_S - saved_s / MINUTE_S + 1);
}

/* The first restart of a day that comes without a last save is free: that is the one interval that
 * may be lost. Each further one counts against everybody's budgets of the day. */
static void decode_debt(struct guard *guard, const uint8_t head[static HEAD_END], uint64_t now_s)
{
    uint32_t today = guard_today(guard, now_s);
    bool is_same_day = epoch_goes_on(load_u32(head + HEAD_CRASH_DAY), today, DAY_BACK_MAX);
    uint32_t day = is_same_day ? load_u32(head + HEAD_CRASH_DAY) : today;
    uint32_t count = is_same_day ? load_u32(head + HEAD_CRASH_COUNT) : 0;
    uint64_t debt = is_same_day ? load_u32(head + HEAD_DEBT) : 0;
    if (load_u32(head + HEAD_IS_LAST) == 0) {
        debt += count > 0 ? minutes_lost(head, now_s) : 0;
        count += count < UINT32_MAX ? 1 : 0;
    }
    guard->crash_day = day;
    guard->crash_count = count;
    uint32_t minutes = debt < GUARD_PER_DAY_MAX ? (uint32_t)debt : GUARD_PER_DAY_MAX;
    atomic_store_explicit(&guard->debt, epoch_state(day, minutes), memory_order_relaxed);
}

/* ---- the whole ---- */

static void checksum_of(uint8_t out[static CHECKSUM_SIZE], const uint8_t *bytes, size_t size)
{
    crypto_generichash(out, CHECKSUM_SIZE, bytes, size, NULL, 0);
}

static bool head_is_good(const uint8_t *bytes, size_t size, struct fault *fault)
{
    if (size < 8 || memcmp(bytes, STATE_MAGIC, 8) != 0)
        return fault_set(fault, "not a state of the enumeration guard");
    if (size < HEAD_END + CHECKSUM_SIZE)
        return fault_set(fault, "%zu bytes; a state has at least %d", size,
                         HEAD_END + CHECKSUM_SIZE);
    uint32_t version = load_u32(bytes + HEAD_VERSION);
    if (version != STATE_VERSION)
        return fault_set(fault, "version %u of the guard's state; this program reads version %u",
                         version, STATE_VERSION);
    uint8_t sum[CHECKSUM_SIZE];
    checksum_of(sum, bytes, size - CHECKSUM_SIZE);
    if (sodium_memcmp(sum, bytes + size - CHECKSUM_SIZE, CHECKSUM_SIZE) != 0)
        return fault_set(fault, "damaged: its checksum is that of other bytes");
    uint32_t save_s = load_u32(bytes + HEAD_SAVE_S);
    if (load_u32(bytes + HEAD_IS_LAST) > 1 || save_s == 0 || save_s > GUARD_SAVE_S_MAX ||
        load_u32(bytes + HEAD_RESERVED) != 0 || load_u64(bytes + HEAD_SAVED) > INT64_MAX)
        return fault_set(fault, "its head holds what no guard writes");
    return true;
}

bool guard_decode(struct guard *guard, const uint8_t *bytes, size_t size, uint64_t now_s,
                  uint32_t *slot_count, struct fault *fault)
{
    *slot_count = 0;
    guard_clear(guard);
    if (!head_is_good(bytes, size, fault))
        return false;
    uint32_t count = load_u32(bytes + HEAD_COUNT);
    if (count > guard->slot_count + 1)
        return fault_set(fault, "%u terminals; there are places for %u", count, guard->slot_count);
    if (!decode_records(guard, bytes + HEAD_END, size - HEAD_END - CHECKSUM_SIZE, count, now_s,
                        fault)) {
        guard_clear(guard);
        return false;
    }
    guard_take_key(guard, bytes + HEAD_KEY);
    decode_debt(guard, bytes, now_s);
    *slot_count = guard->taken_count;
    return true;
}

/* ---- writing ---- */

/* A file under way: what was put is in the checksum, and in the file when a chunk is full. */
struct sink {
    int fd;
    int error; /* the first errno, 0 while all is well */
    uint8_t *chunk;
    size_t used;
    crypto_generichash_state sum;
};

static void flush_sink(struct sink *sink)
{
    for (size_t done = 0; done < sink->used && sink->error == 0;) {
        ssize_t n = write(sink->fd, sink->chunk + done, sink->used - done);
        if (n > 0)
            done += (size_t)n;
        else if (n == 0 || errno != EINTR)
            sink->error = n == 0 ? ENOSPC : errno;
    }
    sink->used = 0;
}

/* Room for so many bytes, which are then counted as put by put_bytes. */
static uint8_t *sink_room(struct sink *sink, size_t size)
{
    if (sink->used + size > CHUNK_SIZE)
        flush_sink(sink);
    return sink->chunk + sink->used;
}

static void put_bytes(struct sink *sink, size_t size)
{
    crypto_generichash_update(&sink->sum, sink->chunk + sink->used, size);
    sink->used += size;
}

static void put_head(struct sink *sink, const struct guard *guard, uint32_t count, bool is_last,
                     uint64_t now_s)
{
    uint64_t debt = atomic_load_explicit(&guard->debt, memory_order_relaxed);
    uint8_t *out = sink_room(sink, HEAD_END);
    memcpy(out + HEAD_MAGIC, STATE_MAGIC, 8);
    store_u32(out + HEAD_VERSION, STATE_VERSION);
    store_u32(out + HEAD_COUNT, count);
    memcpy(out + HEAD_KEY, guard->key, GUARD_KEY_SIZE);
    store_u64(out + HEAD_SAVED, now_s);
    store_u32(out + HEAD_IS_LAST, is_last);
    store_u32(out + HEAD_SAVE_S, guard->save_s);
    store_u32(out + HEAD_CRASH_DAY, guard->crash_day);
    store_u32(out + HEAD_CRASH_COUNT, guard->crash_count);
    store_u32(out + HEAD_DEBT, (uint32_t)debt);
    store_u32(out + HEAD_RESERVED, 0);
    put_bytes(sink, HEAD_END);
}

/* The shared place is the last one. A place changes hands under the lock only. */
static void put_records(struct sink *sink, struct guard *guard, uint32_t taken_count,
                        uint64_t now_s)
{
    uint32_t minute = (uint32_t)(now_s / MINUTE_S), today = guard_today(guard, now_s);
    for (uint32_t i = 0; i <= taken_count; i++) {
        uint8_t *out = sink_room(sink, RECORD_SIZE_MAX);
        pthread_mutex_lock(&guard->lock);
        const struct place *place = &guard->places[i < taken_count ? i : guard->slot_count];
        size_t size = encode_record(out, place, minute, today);
        pthread_mutex_unlock(&guard->lock);
        put_bytes(sink, size);
    }
}

/* 0, or an errno. */
static int write_state(int fd, struct guard *guard, bool is_last, uint64_t now_s)
{
    struct sink sink = {.fd = fd, .chunk = guard->chunk};
    crypto_generichash_init(&sink.sum, NULL, 0, CHECKSUM_SIZE);
    pthread_mutex_lock(&guard->lock);
    uint32_t taken_count = guard->taken_count;
    pthread_mutex_unlock(&guard->lock);
    put_head(&sink, guard, taken_count + 1, is_last, now_s);
    put_records(&sink, guard, taken_count, now_s);
    uint8_t *out = sink_room(&sink, CHECKSUM_SIZE);
    crypto_generichash_final(&sink.sum, out, CHECKSUM_SIZE);
    sink.used += CHECKSUM_SIZE;
    flush_sink(&sink);
    sodium_memzero(guard->chunk, CHUNK_SIZE); /* the key was in it */
    return sink.error;
}

/* A name counts as written when its folder is synced. */
static bool sync_folder_of(const char *path)
{
    char folder[PATH_SIZE_MAX];
    snprintf(folder, sizeof(folder), "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash == NULL)
        snprintf(folder, sizeof(folder), ".");
    else
        slash[slash == folder] = '\0';
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool is_good = fsync(fd) == 0;
    return close(fd) == 0 && is_good;
}

static int write_beside(const char *beside, struct guard *guard, bool is_last, uint64_t now_s)
{
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno;
    int error = fchmod(fd, 0600) == 0 ? write_state(fd, guard, is_last, now_s) : errno;
    if (error == 0 && fsync(fd) != 0)
        error = errno;
    if (close(fd) != 0 && error == 0)
        error = errno;
    return error;
}

bool guard_save(struct guard *guard, const char *path, bool is_last, uint64_t now_s,
                struct fault *fault)
{
    char beside[PATH_SIZE_MAX];
    int length = snprintf(beside, sizeof(beside), "%s" TEMPORARY, path);
    if (length < 0 || (size_t)length >= sizeof(beside))
        return fault_set(fault, "the name of the guard's state file is longer than %d bytes",
                         PATH_SIZE_MAX - (int)sizeof(TEMPORARY));
    int error = write_beside(beside, guard, is_last, now_s);
    if (error == 0 && rename(beside, path) != 0)
        error = errno;
    if (error != 0) {
        unlink(beside);
        return fault_set(fault, "%s: the guard's state could not be saved: %s", path,
                         strerror(error));
    }
    return sync_folder_of(path) ||
           fault_set(fault, "%s: its folder could not be synced: %s", path, strerror(errno));
}

/* ---- reading ---- */

/* Open and nobody else's; its size. -1 with a fault, or without when there is none. */
static int open_state(const char *path, size_t *size, struct fault *fault)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        if (errno != ENOENT)
            fault_set(fault, "%s",
                      errno == ELOOP ? "a symbolic link; name the file itself" : strerror(errno));
        return -1;
    }
    struct stat info;
    if (fstat(fd, &info) != 0)
        fault_set(fault, "%s", strerror(errno));
    else if (!S_ISREG(info.st_mode))
        fault_set(fault, "not a regular file");
    else if (info.st_uid != geteuid() && info.st_uid != 0)
        fault_set(fault, "owned by user %u; must be ours (user %u) or root's",
                  (unsigned)info.st_uid, (unsigned)geteuid());
    else if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        fault_set(fault, "mode %04o lets others read or write it; chmod 600 it",
                  (unsigned)(info.st_mode & 07777));
    else if (info.st_size < 0 || (size_t)info.st_size > FILE_SIZE_MAX)
        fault_set(fault, "%lld bytes; the largest state has %zu", (long long)info.st_size,
                  FILE_SIZE_MAX);
    else {
        *size = (size_t)info.st_size;
        return fd;
    }
    close(fd);
    return -1;
}

static bool decode_file(struct guard *guard, int fd, size_t size, uint64_t now_s,
                        uint32_t *slot_count, struct fault *fault)
{
    uint8_t *bytes = malloc(size + 1);
    if (bytes == NULL)
        return fault_set(fault, "no memory for its %zu bytes", size);
    bool is_good = folder_read(fd, bytes, size) == (ssize_t)size;
    if (!is_good)
        fault_set(fault, "could not be read whole");
    else
        is_good = guard_decode(guard, bytes, size, now_s, slot_count, fault);
    sodium_memzero(bytes, size); /* the key is in it */
    free(bytes);
    return is_good;
}

bool guard_load(struct guard *guard, const char *path, uint64_t now_s, uint32_t *slot_count,
                struct fault *fault)
{
    size_t size = 0;
    *slot_count = 0;
    fault->text[0] = '\0';
    guard_clear(guard);
    int fd = open_state(path, &size, fault);
    bool is_good = fault->text[0] == '\0';
    if (fd >= 0) {
        is_good = decode_file(guard, fd, size, now_s, slot_count, fault);
        close(fd);
    }
    if (!is_good)
        return fault_at(fault, path);
    return guard_save(guard, path, false, now_s, fault);
}
