#include "tests/powercut.h"

#include "tests/disk_calls.h"
#include "tests/support.h"

#include <assert.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE_SIZE      512
#define EVENT_COUNT_MAX (1u << 20)
#define IMAGE_SIZE_MAX  (64u << 20)
#define PENDING_MAX     65536 /* pieces that are written and not synced */
#define FILE_COUNT_MAX  2

enum event_kind { EVENT_WRITE, EVENT_SYNC, EVENT_PROMISE };

struct event {
    enum event_kind kind;
    uint32_t file;   /* whose it is */
    bool is_durable; /* of a write: when it has returned */
    uint64_t offset, size;
    uint64_t promise;
    uint8_t *bytes;
};

struct recorded {
    dev_t device;
    ino_t inode;
    char name[64];
    uint8_t *first; /* the file as it was at the beginning */
    uint64_t first_size;
};

struct powercut {
    struct recorded files[FILE_COUNT_MAX];
    uint32_t file_count;
    struct event *events;
    size_t event_count;
};

static struct powercut *recording_now;

/* ---- what is heard ---- */

/* Which file it is; FILE_COUNT_MAX: none that is recorded. */
static uint32_t file_of(int fd)
{
    struct stat st;
    if (recording_now == NULL || fstat(fd, &st) != 0)
        return FILE_COUNT_MAX;
    for (uint32_t i = 0; i < recording_now->file_count; i++)
        if (st.st_dev == recording_now->files[i].device &&
            st.st_ino == recording_now->files[i].inode)
            return i;
    return FILE_COUNT_MAX;
}

static struct event *add_event(enum event_kind kind, uint32_t file)
{
    struct powercut *recording = recording_now;
    if (recording->event_count == EVENT_COUNT_MAX)
        errx(1, "a recording has at most %u events", EVENT_COUNT_MAX);
    struct event *event = &recording->events[recording->event_count++];
    *event = (struct event){.kind = kind, .file = file};
    return event;
}

static void note_call(int fd, enum disk_call call, const void *bytes, size_t size, uint64_t offset)
{
    uint32_t file = file_of(fd);
    if (file == FILE_COUNT_MAX)
        return;
    if (call == DISK_SYNC) {
        add_event(EVENT_SYNC, file);
        return;
    }
    struct event *event = add_event(EVENT_WRITE, file);
    event->is_durable = (fcntl(fd, F_GETFL) & O_DSYNC) != 0;
    event->offset = offset;
    event->size = size;
    event->bytes = malloc(size + 1);
    if (event->bytes == NULL)
        err(1, "memory for a recording");
    memcpy(event->bytes, bytes, size);
}

/* ---- recording ---- */

void powercut_also(struct powercut *recording, const char *path)
{
    const char *name = strrchr(path, '/');
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0 || recording->file_count == FILE_COUNT_MAX)
        err(1, "%s", path);
    struct recorded *file = &recording->files[recording->file_count++];
    snprintf(file->name, sizeof(file->name), "%.60s", name != NULL ? name + 1 : path);
    file->device = st.st_dev;
    file->inode = st.st_ino;
    file->first_size = (uint64_t)st.st_size;
    file->first = calloc(1, IMAGE_SIZE_MAX);
    if (file->first == NULL || file->first_size > IMAGE_SIZE_MAX ||
        pread(fd, file->first, file->first_size, 0) != st.st_size)
        err(1, "%s", path);
    close(fd);
}

struct powercut *powercut_begin(const char *path)
{
    struct powercut *recording = calloc(1, sizeof(*recording));
    if (recording != NULL)
        recording->events = calloc(EVENT_COUNT_MAX, sizeof(recording->events[0]));
    if (recording == NULL || recording->events == NULL)
        err(1, "memory for a recording");
    powercut_also(recording, path);
    recording_now = recording;
    disk_calls_after = note_call;
    return recording;
}

void powercut_promise(struct powercut *recording, uint64_t number)
{
    if (recording == recording_now)
        add_event(EVENT_PROMISE, 0)->promise = number;
}

void powercut_end(struct powercut *recording)
{
    if (recording != recording_now)
        return;
    recording_now = NULL;
    disk_calls_after = NULL;
}

void powercut_free(struct powercut *recording)
{
    for (size_t i = 0; i < recording->event_count; i++)
        free(recording->events[i].bytes);
    free(recording->events);
    for (uint32_t i = 0; i < recording->file_count; i++)
        free(recording->files[i].first);
    free(recording);
}

/* ---- exploring ---- */

struct piece {
    uint32_t file, size;
    uint64_t offset;
    const uint8_t *bytes;
};

/* The disk: what is on it for good, and what may be. The state that is looked at is a folder in
 * memory whose files hold the former and some of the latter. */
struct disk_file {
    uint8_t *durable;
    uint64_t durable_size, size; /* the latter of the present state */
    int fd;
    uint8_t *image;
    char path[128];
};
struct disk {
    struct disk_file files[FILE_COUNT_MAX];
    uint32_t file_count;
    struct piece pending[PENDING_MAX];
    size_t pending_count;
    char folder[48];
    uint64_t random;
};

static void disk_file_open(struct disk_file *file, const char *folder,
                           const struct recorded *recorded)
{
    snprintf(file->path, sizeof(file->path), "%s/%s", folder, recorded->name);
    file->durable =
        mmap(NULL, IMAGE_SIZE_MAX, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    file->durable_size = recorded->first_size;
    file->fd = open(file->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file->durable == MAP_FAILED || file->fd < 0 || ftruncate(file->fd, IMAGE_SIZE_MAX) != 0)
        err(1, "memory for a disk");
    file->image = mmap(NULL, IMAGE_SIZE_MAX, PROT_READ | PROT_WRITE, MAP_SHARED, file->fd, 0);
    if (file->image == MAP_FAILED)
        err(1, "memory for a disk");
    memcpy(file->durable, recorded->first, recorded->first_size);
    memcpy(file->image, file->durable, file->durable_size);
}

static void disk_open(struct disk *disk, const struct powercut *recording, uint64_t seed)
{
    disk->random = seed;
    snprintf(disk->folder, sizeof(disk->folder), "%s/elig-powercut-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (mkdtemp(disk->folder) == NULL)
        err(1, "memory for a disk");
    assert(recording->file_count <= FILE_COUNT_MAX);
    disk->file_count = recording->file_count;
    for (uint32_t i = 0; i < disk->file_count; i++)
        disk_file_open(&disk->files[i], disk->folder, &recording->files[i]);
}

static void disk_close(struct disk *disk)
{
    for (uint32_t i = 0; i < disk->file_count; i++) {
        struct disk_file *file = &disk->files[i];
        munmap(file->image, IMAGE_SIZE_MAX);
        close(file->fd);
        unlink(file->path);
        munmap(file->durable, IMAGE_SIZE_MAX);
    }
    rmdir(disk->folder);
}

static void disk_write(struct disk *disk, const struct event *event)
{
    if (event->offset + event->size > IMAGE_SIZE_MAX)
        errx(1, "a file of at most %u bytes can be explored", IMAGE_SIZE_MAX);
    for (uint64_t at = 0; at < event->size;) {
        uint64_t offset = event->offset + at;
        uint64_t room = PIECE_SIZE - offset % PIECE_SIZE;
        uint64_t size = event->size - at < room ? event->size - at : room;
        if (disk->pending_count == PENDING_MAX)
            errx(1, "at most %d pieces can wait for a sync", PENDING_MAX);
        disk->pending[disk->pending_count++] =
            (struct piece){event->file, (uint32_t)size, offset, event->bytes + at};
        at += size;
    }
}

/* What waits of the file from `first` on is there for good. */
static void disk_settle(struct disk *disk, uint32_t index, size_t first)
{
    struct disk_file *file = &disk->files[index];
    size_t left = first;
    for (size_t i = first; i < disk->pending_count; i++) {
        struct piece piece = disk->pending[i];
        if (piece.file != index) {
            disk->pending[left++] = piece;
            continue;
        }
        memcpy(file->durable + piece.offset, piece.bytes, piece.size);
        memcpy(file->image + piece.offset, piece.bytes, piece.size);
        if (piece.offset + piece.size > file->durable_size)
            file->durable_size = piece.offset + piece.size;
    }
    disk->pending_count = left;
}

/* One way of losing what waits: how likely a piece is to be there, of 256, and which one is
 * otherwise. */
struct way {
    uint32_t kept;
    size_t other, from, until; /* pieces outside of from..until are as `kept` is not */
};

static struct way draw_way(struct disk *disk)
{
    size_t count = disk->pending_count;
    struct way way = {.kept = 128, .other = SIZE_MAX, .from = 0, .until = count};
    uint64_t draw = support_random(&disk->random);
    size_t at = count > 0 ? (size_t)(draw >> 8) % count : 0;
    switch (draw % 7) {
    case 0:
        way.kept = 0;
        break;
    case 1:
        way.kept = 256;
        break;
    case 2:
        way.kept = 256;
        way.other = at;
        break;
    case 3:
        way.kept = 0;
        way.other = at;
        break;
    case 4: /* only the beginning */
        way.kept = 256;
        way.until = at;
        break;
    case 5: /* only the end */
        way.kept = 256;
        way.from = at;
        break;
    default:
        way.kept = (uint32_t)(draw >> 40) % 257;
        break;
    }
    return way;
}

static bool is_kept(struct disk *disk, const struct way *way, size_t i)
{
    if (i < way->from || i >= way->until)
        return way->kept == 0;
    bool kept = support_random(&disk->random) % 256 < way->kept;
    return i == way->other ? !kept : kept;
}

static void look_at_state(struct disk *disk, const struct powercut_plan *plan, uint64_t promised,
                          struct powercut_result *result)
{
    struct way way = draw_way(disk);
    for (uint32_t i = 0; i < disk->file_count; i++)
        disk->files[i].size = disk->files[i].durable_size;
    for (size_t i = 0; i < disk->pending_count; i++) {
        const struct piece *piece = &disk->pending[i];
        if (!is_kept(disk, &way, i))
            continue;
        struct disk_file *file = &disk->files[piece->file];
        memcpy(file->image + piece->offset, piece->bytes, piece->size);
        if (piece->offset + piece->size > file->size)
            file->size = piece->offset + piece->size;
    }
    for (uint32_t i = 0; i < disk->file_count; i++)
        if (ftruncate(disk->files[i].fd, (off_t)disk->files[i].size) != 0)
            err(1, "a disk of %llu bytes", (unsigned long long)disk->files[i].size);
    struct fault fault;
    result->state_count++;
    if (!plan->check(plan->context, disk->files[0].path, promised, &fault) &&
        result->violation_count++ == 0)
        result->first = fault;

    /* The disk as it was, for the next state. */
    for (uint32_t i = 0; i < disk->file_count; i++)
        if (ftruncate(disk->files[i].fd, IMAGE_SIZE_MAX) != 0)
            err(1, "a disk");
    for (size_t i = 0; i < disk->pending_count; i++) {
        const struct piece *piece = &disk->pending[i];
        struct disk_file *file = &disk->files[piece->file];
        memcpy(file->image + piece->offset, file->durable + piece->offset, piece->size);
    }
}

void powercut_explore(struct powercut_result *out, const struct powercut *recording,
                      const struct powercut_plan *plan)
{
    struct disk *disk = calloc(1, sizeof(*disk));
    if (disk == NULL)
        err(1, "memory for a disk");
    *out = (struct powercut_result){0};
    disk_open(disk, recording, plan->seed ^ ((uint64_t)plan->share << 32));
    for (size_t i = 0; i < recording->event_count; i++)
        out->write_count += recording->events[i].kind == EVENT_WRITE;
    uint64_t a_write =
        out->write_count > 0 ? plan->state_count / plan->share_count / out->write_count : 0;
    if (a_write == 0)
        a_write = 1;

    uint64_t promised = 0;
    for (size_t i = 0; i < recording->event_count; i++) {
        const struct event *event = &recording->events[i];
        size_t before = disk->pending_count;
        switch (event->kind) {
        case EVENT_PROMISE:
            promised = event->promise;
            for (uint64_t state = 0; disk->pending_count > 0 && state < a_write; state++)
                look_at_state(disk, plan, promised, out);
            break;
        case EVENT_SYNC:
            out->sync_count++;
            disk_settle(disk, event->file, 0);
            break;
        case EVENT_WRITE:
            disk_write(disk, event);
            for (uint64_t state = 0; state < a_write; state++)
                look_at_state(disk, plan, promised, out);
            if (event->is_durable) /* it alone: what came before it waits on */
                disk_settle(disk, event->file, before);
            break;
        }
    }
    disk_close(disk);
    free(disk);
}
