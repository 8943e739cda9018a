#include "engine/counters.h"

#include "protocol/folder.h"
#include "protocol/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SLOT_COUNT (2 * COUNTERS_MAX) /* at most half full, so that every search ends */

static const char MAGIC[8] = {'E', 'L', 'I', 'G', 'C', 'T', 'R', '1'};

enum {
    FILE_MAGIC = 0,
    FILE_COUNT = 8,
    FILE_RESERVED = 12,
    FILE_FLOOR = 16,
    FILE_ENTRIES = 24,
};
enum {
    ENTRY_TERMINAL = 0,
    ENTRY_RESERVED = 4,
    ENTRY_COUNTER = 8,
    ENTRY_SIZE = 16,
};
#define CHECK_SIZE       16
#define FILE_SIZE(count) (FILE_ENTRIES + (size_t)(count)*ENTRY_SIZE + CHECK_SIZE)

struct slot {
    uint32_t terminal; /* 0: free */
    uint64_t counter;
};

struct counters {
    pthread_mutex_t lock;
    uint32_t count;
    bool has_risen;     /* since it was saved */
    uint64_t floor;     /* no forgotten counter is higher */
    struct slot *slots; /* one of the tables; the other is all zeros, for the next forgetting */
    struct slot tables[2][SLOT_COUNT];

    /* Of a forgetting. */
    bool stays[SLOT_COUNT];
    uint64_t gone[COUNTERS_MAX];
};

bool counters_open(struct counters **out, struct fault *fault)
{
    struct counters *counters = calloc(1, sizeof(*counters));
    if (counters == NULL)
        return fault_set(fault, "no memory for handshake counters");
    pthread_mutex_init(&counters->lock, NULL);
    counters->slots = counters->tables[0];
    *out = counters;
    return true;
}

void counters_close(struct counters *counters)
{
    if (counters == NULL)
        return;
    pthread_mutex_destroy(&counters->lock);
    free(counters);
}

static struct slot *find_slot(struct counters *counters, uint32_t terminal)
{
    static_assert((SLOT_COUNT & (SLOT_COUNT - 1)) == 0, "the mask takes every slot");
    uint32_t at = (terminal * UINT32_C(0x9e3779b1)) & (SLOT_COUNT - 1);
    while (counters->slots[at].terminal != 0 && counters->slots[at].terminal != terminal)
        at = (at + 1) & (SLOT_COUNT - 1);
    return &counters->slots[at];
}

bool counters_rise(struct counters *counters, uint32_t terminal, uint64_t counter)
{
    assert(terminal != 0);
    pthread_mutex_lock(&counters->lock);
    struct slot *slot = find_slot(counters, terminal);
    bool is_new = slot->terminal == 0;
    bool has_room = !is_new || counters->count < COUNTERS_MAX;
    bool rises = has_room && counter > (is_new ? counters->floor : slot->counter);
    if (rises) {
        counters->count += is_new;
        *slot = (struct slot){terminal, counter};
        counters->has_risen = true;
    }
    pthread_mutex_unlock(&counters->lock);
    return rises;
}

/* ---- forgetting ---- */

static int compare_numbers(const void *a, const void *b)
{
    const uint64_t *one = a, *another = b;
    return (*one > *another) - (*one < *another);
}

/* The counter up to which those that left are forgotten: that of the middle one of them. */
static uint64_t choose_floor(struct counters *counters, const struct terminal catalogue[],
                             uint32_t terminal_count)
{
    uint32_t gone_count = 0;
    memset(counters->stays, 0, sizeof(counters->stays));
    for (uint32_t i = 0; i < terminal_count; i++)
        counters->stays[find_slot(counters, catalogue[i].number) - counters->slots] = true;
    for (size_t i = 0; i < SLOT_COUNT; i++)
        if (counters->slots[i].terminal != 0 && !counters->stays[i])
            counters->gone[gone_count++] = counters->slots[i].counter;
    assert(gone_count > 0); /* no catalogue has as many as are remembered */
    qsort(counters->gone, gone_count, sizeof(counters->gone[0]), compare_numbers);
    return counters->gone[gone_count / 2];
}

static void forget(struct counters *counters, const struct terminal catalogue[],
                   uint32_t terminal_count)
{
    struct slot *old = counters->slots;
    uint64_t floor = choose_floor(counters, catalogue, terminal_count);
    counters->floor = floor > counters->floor ? floor : counters->floor;
    counters->slots = old == counters->tables[0] ? counters->tables[1] : counters->tables[0];
    counters->count = 0;
    for (size_t i = 0; i < SLOT_COUNT; i++) {
        if (old[i].terminal == 0 || (!counters->stays[i] && old[i].counter <= counters->floor))
            continue;
        *find_slot(counters, old[i].terminal) = old[i];
        counters->count++;
    }
    memset(old, 0, sizeof(counters->tables[0]));
    counters->has_risen = true;
}

void counters_make_room(struct counters *counters, const struct terminal catalogue[],
                        uint32_t terminal_count)
{
    static_assert(COUNTERS_MAX > TERMINAL_COUNT_MAX, "somebody can always be forgotten");
    assert(terminal_count <= TERMINAL_COUNT_MAX);
    pthread_mutex_lock(&counters->lock);
    if (counters->count == COUNTERS_MAX)
        forget(counters, catalogue, terminal_count);
    pthread_mutex_unlock(&counters->lock);
}

uint32_t counters_count(struct counters *counters)
{
    pthread_mutex_lock(&counters->lock);
    uint32_t count = counters->count;
    pthread_mutex_unlock(&counters->lock);
    return count;
}

/* ---- the state file ---- */

static void check_value(uint8_t out[static CHECK_SIZE], const uint8_t *file, uint32_t count)
{
    crypto_generichash(out, CHECK_SIZE, file, FILE_SIZE(count) - CHECK_SIZE, NULL, 0);
}

/* A copy of what is remembered, as a file; NULL: no memory. */
static uint8_t *encode(struct counters *counters, uint32_t *count)
{
    pthread_mutex_lock(&counters->lock);
    *count = counters->count;
    uint8_t *file = calloc(1, FILE_SIZE(*count));
    if (file != NULL) {
        store_u64(file + FILE_FLOOR, counters->floor);
        uint8_t *entry = file + FILE_ENTRIES;
        for (size_t i = 0; i < SLOT_COUNT; i++) {
            if (counters->slots[i].terminal == 0)
                continue;
            store_u32(entry + ENTRY_TERMINAL, counters->slots[i].terminal);
            store_u64(entry + ENTRY_COUNTER, counters->slots[i].counter);
            entry += ENTRY_SIZE;
        }
        counters->has_risen = false;
    }
    pthread_mutex_unlock(&counters->lock);
    if (file == NULL)
        return NULL;
    memcpy(file + FILE_MAGIC, MAGIC, sizeof(MAGIC));
    store_u32(file + FILE_COUNT, *count);
    check_value(file + FILE_SIZE(*count) - CHECK_SIZE, file, *count);
    return file;
}

static bool has_risen(struct counters *counters)
{
    pthread_mutex_lock(&counters->lock);
    bool has = counters->has_risen;
    pthread_mutex_unlock(&counters->lock);
    return has;
}

bool counters_save(struct counters *counters, const char *path, struct fault *fault)
{
    if (!has_risen(counters))
        return true;
    uint32_t count;
    uint8_t *file = encode(counters, &count);
    if (file == NULL)
        return fault_set(fault, "%s: no memory for handshake counters", path);
    struct replacing replacing;
    struct stat ours = {.st_mode = S_IFREG | 0600, .st_uid = geteuid(), .st_gid = getegid()};
    bool is_saved = replace_begin(&replacing, path, fault);
    if (is_saved) {
        is_saved = replace_commit(&replacing, file, FILE_SIZE(count), &ours, fault);
        replace_end(&replacing);
    }
    free(file);
    if (!is_saved) { /* again with the next one */
        pthread_mutex_lock(&counters->lock);
        counters->has_risen = true;
        pthread_mutex_unlock(&counters->lock);
    }
    return is_saved;
}

static bool entry_is_sane(const uint8_t *entry)
{
    return load_u32(entry + ENTRY_TERMINAL) != 0 && load_u32(entry + ENTRY_RESERVED) == 0;
}

/* All of it or nothing. */
static bool decode(struct counters *counters, const uint8_t *file, size_t size)
{
    uint8_t check[CHECK_SIZE];
    if (size < FILE_SIZE(0) || memcmp(file, MAGIC, sizeof(MAGIC)) != 0 ||
        load_u32(file + FILE_RESERVED) != 0)
        return false;
    uint32_t count = load_u32(file + FILE_COUNT);
    if (count > COUNTERS_MAX || size != FILE_SIZE(count))
        return false;
    check_value(check, file, count);
    if (memcmp(check, file + size - CHECK_SIZE, CHECK_SIZE) != 0)
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (!entry_is_sane(file + FILE_ENTRIES + i * ENTRY_SIZE))
            return false;
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *entry = file + FILE_ENTRIES + i * ENTRY_SIZE;
        (void)counters_rise(counters, load_u32(entry + ENTRY_TERMINAL),
                            load_u64(entry + ENTRY_COUNTER));
    }
    counters->floor = load_u64(file + FILE_FLOOR); /* entries of the catalogue may be below it */
    return true;
}

bool counters_load(struct counters *counters, const char *path, struct fault *fault)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT)
        return true;
    if (fd < 0)
        return fault_set(fault, "%s: %s", path, strerror(errno));
    struct stat status;
    uint8_t *file = malloc(FILE_SIZE(COUNTERS_MAX));
    bool is_good = file != NULL && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
                   status.st_size <= (off_t)FILE_SIZE(COUNTERS_MAX);
    if (is_good) {
        ssize_t size = folder_read(fd, file, (size_t)status.st_size);
        is_good = size == status.st_size && decode(counters, file, (size_t)size);
    }
    free(file);
    close(fd);
    if (!is_good)
        return fault_set(fault,
                         "%s: no whole file of handshake counters of this version: begun anew, "
                         "so that HELLOs of before can be sent once more",
                         path);
    counters->has_risen = false;
    return true;
}
