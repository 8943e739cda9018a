#include "loader/intake.h"

#include "loader/delivery.h"
#include "loader/memory.h"
#include "loader/parallel.h"
#include "loader/parsed.h"
#include "loader/sort.h"
#include "loader/source.h"
#include "protocol/progress.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CHUNK_SIZE (256u << 10) /* stays in a core's own cache, buffer and facts together */

/* ---- refusals ---- */

const char *refusal_text(enum refusal refusal)
{
    switch (refusal) {
#define REFUSAL_CASE(name, number, text)                                                           \
    case REFUSAL_##name:                                                                           \
        return text;
        REFUSAL_LIST(REFUSAL_CASE)
#undef REFUSAL_CASE
    }
    abort(); /* no refusal: memory was overwritten */
}

const char *refusal_name(enum refusal refusal)
{
    switch (refusal) {
#define REFUSAL_CASE(name, number, text)                                                           \
    case REFUSAL_##name:                                                                           \
        return #name;
        REFUSAL_LIST(REFUSAL_CASE)
#undef REFUSAL_CASE
    }
    abort(); /* no refusal: memory was overwritten */
}

/* Parts of a country are joined side by side. */
static pthread_mutex_t refusing = PTHREAD_MUTEX_INITIALIZER;

static int compare_quarantined(const void *left, const void *right)
{
    const struct quarantined *a = left, *b = right;
    if (a->delivery != b->delivery)
        return a->delivery < b->delivery ? -1 : 1;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    if (a->column != b->column)
        return a->column < b->column ? -1 : 1;
    return (a->refusal > b->refusal) - (a->refusal < b->refusal);
}

void intake_order_quarantine(struct intake *intake)
{
    sort_items(intake->quarantine, intake->quarantine_count, sizeof(intake->quarantine[0]),
               compare_quarantined);
    if (intake->quarantine_count > QUARANTINE_COUNT_MAX)
        intake->quarantine_count = QUARANTINE_COUNT_MAX;
}

void intake_refuse(struct intake *intake, size_t delivery, uint64_t line, uint8_t column,
                   enum refusal refusal)
{
    assert(delivery < intake->delivery_count);
    pthread_mutex_lock(&refusing);
    intake->deliveries[delivery].refused_count++;
    intake->deliveries[delivery].refused_by[refusal]++;
    /* Twice as many as are kept, and then the later ones go: which ones are kept must not depend on
     * who was first. */
    if (intake->quarantine_count == (size_t)2 * QUARANTINE_COUNT_MAX)
        intake_order_quarantine(intake);
    intake->quarantine = memory_room(intake->quarantine, &intake->quarantine_room,
                                     intake->quarantine_count + 1, sizeof(intake->quarantine[0]));
    intake->quarantine[intake->quarantine_count++] = (struct quarantined){
        .delivery = (uint16_t)delivery,
        .refusal = (uint8_t)refusal,
        .column = column,
        .line = (uint32_t)line,
    };
    pthread_mutex_unlock(&refusing);
}

uint32_t intake_latest_as_of(const struct intake *intake)
{
    uint32_t day = 0;
    for (size_t i = 0; i < intake->delivery_count; i++)
        if (intake->deliveries[i].as_of_day > day)
            day = intake->deliveries[i].as_of_day;
    return day;
}

void intake_free(struct intake *intake)
{
    free(intake->quarantine);
    *intake = (struct intake){0};
}

/* ---- tasks: pieces of files, taken by threads, committed in order ---- */

struct task {
    uint32_t source;
    uint32_t block; /* of a source that is as before */
    uint64_t from, until;
    struct output *output; /* NULL: not done, or committed already */
};

struct reading {
    struct intake *intake;
    const struct intake_sink *sink;
    struct parsed *parsed; /* NULL: every file is parsed */
    struct source sources[DELIVERY_COUNT_MAX];
    uint32_t next_lines[DELIVERY_COUNT_MAX]; /* number of the first line not committed yet */
    size_t next_tasks[DELIVERY_COUNT_MAX];   /* the first one not committed yet */
    size_t end_tasks[DELIVERY_COUNT_MAX];
    struct task *tasks;                 /* in order of files and bytes */
    uint32_t *order;                    /* in which they are begun */
    size_t task_count, base_task_count; /* those of the base register are the first in order */
    size_t chunk_size;
    char *buffers[THREAD_COUNT_MAX]; /* one for each thread that has begun */
    atomic_uint_fast64_t done_size;
    struct progress progress;
    pthread_mutex_t mutex; /* of what follows */
    pthread_cond_t idle;
    bool is_committing; /* some thread is at it */
    struct output *spare;
    size_t fault_task; /* the earliest one that had a fault */
    struct fault fault;
};

static struct output *take_spare(struct reading *reading)
{
    pthread_mutex_lock(&reading->mutex);
    struct output *output = reading->spare;
    if (output != NULL)
        reading->spare = output->next;
    pthread_mutex_unlock(&reading->mutex);
    if (output == NULL)
        output = memory_take_zeroed(1, sizeof(*output));
    output_empty(output);
    return output;
}

static void number_lines(struct output *output, uint32_t first_line)
{
    for (size_t i = 0; i < output->facts.person_count; i++)
        output->facts.persons[i].line += first_line;
    for (size_t i = 0; i < output->facts.status_count; i++)
        output->facts.statuses[i].line += first_line;
    for (size_t i = 0; i < output->facts.means_count; i++)
        output->facts.means[i].line += first_line;
    for (size_t i = 0; i < output->refused_count; i++)
        output->refused[i].line += first_line;
}

/* Only one thread at a time, in order of the tasks of each file: so the result is the same for any
 * number of them. */
static void commit(struct reading *reading, const struct task *task, struct output *output)
{
    struct delivery *delivery = &reading->intake->deliveries[task->source];
    size_t number = (size_t)(task - reading->tasks);
    number_lines(output, reading->next_lines[task->source]);
    if (reading->parsed != NULL && !output->has_fault)
        parsed_add(reading->parsed, task->source, output);
    reading->next_lines[task->source] += (uint32_t)output->line_count;
    delivery->row_count += output->row_count;
    delivery->warning_count += output->warning_count;
    delivery->idle_count += output->idle_count;
    delivery->parse_ns += output->parse_ns;
    for (size_t i = 0; i < output->refused_count; i++) {
        const struct quarantined *refused = &output->refused[i];
        intake_refuse(reading->intake, refused->delivery, refused->line, refused->column,
                      (enum refusal)refused->refusal);
    }
    reading->sink->take(reading->sink->context, &output->facts);
    if (output->has_fault && number < reading->fault_task) {
        reading->fault_task = number;
        reading->fault = output->fault;
    }
}

/* What follows is called with the lock held, and gives it away while it commits. */
static void commit_alone(struct reading *reading, const struct task *task, struct output *output)
{
    reading->is_committing = true;
    pthread_mutex_unlock(&reading->mutex);
    commit(reading, task, output);
    pthread_mutex_lock(&reading->mutex);
    reading->is_committing = false;
    pthread_cond_signal(&reading->idle);
}

/* The next task of some file, whose output is there. */
static struct task *find_ready(struct reading *reading)
{
    for (size_t i = 0; i < reading->intake->delivery_count; i++) {
        struct task *next = &reading->tasks[reading->next_tasks[i]];
        if (reading->next_tasks[i] < reading->end_tasks[i] && next->output != NULL)
            return next;
    }
    return NULL;
}

static void commit_ready(struct reading *reading)
{
    struct task *next;
    while (!reading->is_committing && (next = find_ready(reading)) != NULL) {
        struct output *ready = next->output;
        next->output = NULL;
        commit_alone(reading, next, ready);
        reading->next_tasks[next->source]++;
        ready->next = reading->spare;
        reading->spare = ready;
    }
}

/* Hands over a task's output, and commits whatever is next in order, unless somebody does. */
static void hand_over(struct reading *reading, struct task *task, struct output *output)
{
    pthread_mutex_lock(&reading->mutex);
    task->output = output;
    commit_ready(reading);
    pthread_mutex_unlock(&reading->mutex);
}

/* A part of the output of a file's only task, so that a big file does not stay in memory. */
struct piecemeal {
    struct reading *reading;
    const struct task *task;
};

static void hand_over_piece(void *context, struct output *output)
{
    const struct piecemeal *piecemeal = context;
    struct reading *reading = piecemeal->reading;
    pthread_mutex_lock(&reading->mutex);
    while (reading->is_committing)
        pthread_cond_wait(&reading->idle, &reading->mutex);
    commit_alone(reading, piecemeal->task, output);
    commit_ready(reading);
    pthread_mutex_unlock(&reading->mutex);
    output_empty(output);
}

/* Of this thread alone: what a file cost, however busy the machine is with other things. */
static uint64_t clock_own_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static bool is_as_before(const struct reading *reading, uint32_t source)
{
    return reading->intake->deliveries[source].is_as_before;
}

static void run_task(struct reading *reading, struct task *task, char *buffer)
{
    const struct source *source = &reading->sources[task->source];
    struct output *output = take_spare(reading);
    uint64_t start_ns = clock_own_ns();
    if (is_as_before(reading, task->source))
        parsed_read(reading->parsed, task->source, task->block, output);
    else if (source->description->format == FORMAT_CSV)
        source_read_csv(source, task->from, task->until, buffer, output);
    else
        source_read_xml(source, buffer, source_buffer_size(reading->chunk_size), output,
                        hand_over_piece, &(struct piecemeal){reading, task});
    output->parse_ns = clock_own_ns() - start_ns;
    atomic_fetch_add(&reading->done_size, task->until - task->from);
    hand_over(reading, task, output);
}

/* What parallel_for runs: tasks [first, end) of the order, from the `first_task` on. Only one
 * thread shows progress. */
struct round {
    struct reading *reading;
    size_t first_task;
};

static void work(void *context, uint32_t thread, size_t first, size_t end)
{
    const struct round *round = context;
    struct reading *reading = round->reading;
    if (reading->buffers[thread] == NULL)
        reading->buffers[thread] = memory_take(source_buffer_size(reading->chunk_size), 1);
    for (size_t i = round->first_task + first; i < round->first_task + end; i++)
        run_task(reading, &reading->tasks[reading->order[i]], reading->buffers[thread]);
    if (thread == 0)
        progress_set(&reading->progress, atomic_load(&reading->done_size));
}

/* ---- what there is to do ---- */

static uint64_t count_tasks(const struct reading *reading, uint32_t source_index)
{
    const struct source *source = &reading->sources[source_index];
    if (is_as_before(reading, source_index))
        return parsed_block_count(reading->parsed, source_index);
    if (source->description->format == FORMAT_XML)
        return 1;
    return (source->size - source->data_from + reading->chunk_size - 1) / reading->chunk_size;
}

/* Blocks that were kept, each as if it were as much of the file as all others. */
static void add_block_tasks(struct reading *reading, uint32_t source_index)
{
    uint64_t count = count_tasks(reading, source_index);
    uint64_t size = reading->sources[source_index].size;
    for (uint32_t i = 0; i < count; i++)
        reading->tasks[reading->task_count++] = (struct task){.source = source_index,
                                                              .block = i,
                                                              .from = size * i / count,
                                                              .until = size * (i + 1) / count};
}

static void add_source_tasks(struct reading *reading, uint32_t source_index)
{
    const struct source *source = &reading->sources[source_index];
    bool is_csv = source->description->format == FORMAT_CSV;
    uint64_t at = is_csv ? source->data_from : 0;
    for (uint64_t left = count_tasks(reading, source_index); left > 0; left--) {
        uint64_t size = source->size - at;
        if (is_csv && size > reading->chunk_size)
            size = reading->chunk_size;
        reading->tasks[reading->task_count++] =
            (struct task){.source = source_index, .from = at, .until = at + size};
        at += size;
    }
    reading->next_lines[source_index] = is_csv ? 2 : 0;
}

static void add_tasks(struct reading *reading, uint32_t source_index)
{
    reading->next_tasks[source_index] = reading->task_count;
    if (is_as_before(reading, source_index))
        add_block_tasks(reading, source_index); /* whose lines are those of the file */
    else
        add_source_tasks(reading, source_index);
    reading->end_tasks[source_index] = reading->task_count;
}

/* Adds to the order the tasks of base registers or of others, of files that can be cut or not; of
 * the latter the biggest first. */
static size_t put_some_in_order(struct reading *reading, size_t count, bool are_base,
                                bool are_whole)
{
    size_t first = count;
    for (uint32_t i = 0; i < reading->task_count; i++) {
        uint32_t source = reading->tasks[i].source;
        const struct register_description *description = reading->sources[source].description;
        bool is_whole = description->format == FORMAT_XML && !is_as_before(reading, source);
        if ((description->fact == FACT_PERSON) != are_base || is_whole != are_whole)
            continue;
        size_t at = count++;
        for (; are_whole && at > first; at--) {
            uint32_t before = reading->order[at - 1];
            if (reading->tasks[before].until >= reading->tasks[i].until)
                break;
            reading->order[at] = before;
        }
        reading->order[at] = i;
    }
    return count;
}

/* The base register comes first, since others' rows are put where its persons are. XML files cannot
 * be cut: they come before the others, so that no thread is left alone with one at the end. */
static void put_in_order(struct reading *reading)
{
    size_t count = put_some_in_order(reading, 0, true, true);
    count = put_some_in_order(reading, count, true, false);
    reading->base_task_count = count;
    count = put_some_in_order(reading, count, false, true);
    count = put_some_in_order(reading, count, false, false);
    assert(count == reading->task_count);
}

static uint64_t plan_tasks(struct reading *reading)
{
    uint64_t count = 0, size = 0;
    for (uint32_t i = 0; i < reading->intake->delivery_count; i++) {
        count += count_tasks(reading, i);
        size += reading->sources[i].size;
    }
    reading->tasks = memory_take_zeroed(count, sizeof(reading->tasks[0]));
    reading->order = memory_take_zeroed(count, sizeof(reading->order[0]));
    for (uint32_t i = 0; i < reading->intake->delivery_count; i++)
        add_tasks(reading, i);
    put_in_order(reading);
    return size;
}

/* ---- the whole ---- */

static bool read_list(char *text, size_t *text_size, int folder_fd, const char *folder,
                      struct fault *fault)
{
    int fd = openat(folder_fd, DELIVERY_LIST_NAME, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    ssize_t got = 0;
    *text_size = 0;
    if (fd < 0)
        return fault_set(fault, "%s/%s: %s", folder, DELIVERY_LIST_NAME, strerror(errno));
    do {
        got = read(fd, text + *text_size, DELIVERY_LIST_SIZE_MAX - *text_size);
        if (got > 0)
            *text_size += (size_t)got;
    } while (got > 0 || (got < 0 && errno == EINTR));
    close(fd);
    if (got < 0)
        return fault_set(fault, "%s/%s: cannot be read", folder, DELIVERY_LIST_NAME);
    if (*text_size == DELIVERY_LIST_SIZE_MAX)
        return fault_set(fault, "%s/%s: a list of less than 256 KiB wanted, more found", folder,
                         DELIVERY_LIST_NAME);
    return true;
}

static bool take_list(struct reading *reading, struct vocabulary *vocabulary,
                      const struct registers *registers, int folder_fd, const char *folder,
                      const char *absent, struct fault *fault)
{
    size_t size;
    char *text = memory_take(DELIVERY_LIST_SIZE_MAX, 1);
    bool is_fine =
        read_list(text, &size, folder_fd, folder, fault) &&
        delivery_list_parse(reading->intake, vocabulary, registers, text, size, absent, fault);
    free(text);
    return is_fine;
}

static bool open_sources(struct reading *reading, int folder_fd, struct fault *fault)
{
    for (size_t i = 0; i < reading->intake->delivery_count; i++) {
        struct delivery *delivery = &reading->intake->deliveries[i];
        if (!source_open(&reading->sources[i], folder_fd, delivery, (uint8_t)i, fault))
            return false;
        delivery->byte_count = reading->sources[i].size;
    }
    return true;
}

static bool files_are_whole(const struct reading *reading, struct fault *fault)
{
    for (size_t i = 0; i < reading->intake->delivery_count; i++) {
        const struct delivery *delivery = &reading->intake->deliveries[i];
        if (!source_is_unchanged(&reading->sources[i], fault))
            return false;
        if (delivery->row_count == delivery->rows_announced)
            continue;
        if (delivery->row_count == 0 && delivery->description->format == FORMAT_XML)
            return fault_set(fault, "%s: %" PRIu64 " elements \"%s\" wanted, none found",
                             delivery->file, delivery->rows_announced,
                             delivery->description->row_element);
        return fault_set(fault,
                         "%s: %" PRIu64 " rows wanted, as %s says, %" PRIu64
                         " found: the file is cut or not of this delivery",
                         delivery->file, delivery->rows_announced, DELIVERY_LIST_NAME,
                         delivery->row_count);
    }
    return true;
}

/* Which files need not be parsed. */
static void compare(struct reading *reading, uint32_t thread_count, bool is_quiet)
{
    struct intake *intake = reading->intake;
    if (reading->parsed == NULL)
        return;
    parsed_compare(reading->parsed, reading->sources, intake->delivery_count, thread_count,
                   is_quiet);
    for (size_t i = 0; i < intake->delivery_count; i++)
        intake->deliveries[i].is_as_before = parsed_block_count(reading->parsed, i) > 0;
}

static bool read_files(struct reading *reading, uint32_t thread_count, bool is_quiet,
                       struct fault *fault)
{
    compare(reading, thread_count, is_quiet);
    uint64_t size = plan_tasks(reading);
    progress_start(&reading->progress, "reading", "bytes", size, is_quiet);
    struct round base = {reading, 0}, rest = {reading, reading->base_task_count};
    parallel_for(thread_count, reading->base_task_count, 1, work, &base);
    reading->sink->base_is_read(reading->sink->context);
    parallel_for(thread_count, reading->task_count - reading->base_task_count, 1, work, &rest);
    progress_set(&reading->progress, size);
    progress_end(&reading->progress);
    if (reading->fault_task != SIZE_MAX) {
        *fault = reading->fault;
        return false;
    }
    if (!files_are_whole(reading, fault))
        return false;
    bool is_kept =
        reading->parsed == NULL || parsed_finish(reading->parsed, &reading->intake->parsed_fault);
    (void)is_kept; /* or told by whoever sums up: the build goes on */
    return true;
}

static struct reading *reading_begin(struct intake *intake, const struct intake_sink *sink,
                                     const struct intake_settings *settings)
{
    struct reading *reading = memory_take_zeroed(1, sizeof(*reading));
    reading->intake = intake;
    reading->sink = sink;
    reading->parsed = settings->parsed;
    reading->chunk_size = settings->chunk_size != 0 ? settings->chunk_size : CHUNK_SIZE;
    reading->fault_task = SIZE_MAX;
    pthread_mutex_init(&reading->mutex, NULL);
    pthread_cond_init(&reading->idle, NULL);
    for (size_t i = 0; i < DELIVERY_COUNT_MAX; i++)
        reading->sources[i].fd = -1;
    return reading;
}

static void reading_end(struct reading *reading)
{
    for (size_t i = 0; i < DELIVERY_COUNT_MAX; i++)
        source_close(&reading->sources[i]);
    while (reading->spare != NULL) {
        struct output *output = reading->spare;
        reading->spare = output->next;
        output_free(output);
        free(output);
    }
    for (size_t i = 0; i < THREAD_COUNT_MAX; i++)
        free(reading->buffers[i]);
    free(reading->tasks);
    free(reading->order);
    pthread_cond_destroy(&reading->idle);
    pthread_mutex_destroy(&reading->mutex);
    free(reading);
}

bool intake_read_into(struct intake *intake, const struct intake_sink *sink,
                      struct vocabulary *vocabulary, const struct registers *registers,
                      const struct intake_settings *settings, struct fault *fault)
{
    const char *folder = settings->folder;
    *intake = (struct intake){0};
    int folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder_fd < 0)
        return fault_set(fault, "%s: %s", folder, strerror(errno));
    struct reading *reading = reading_begin(intake, sink, settings);
    bool is_fine =
        take_list(reading, vocabulary, registers, folder_fd, folder, settings->absent, fault) &&
        open_sources(reading, folder_fd, fault) &&
        read_files(reading, settings->thread_count, settings->is_quiet, fault);
    reading_end(reading);
    close(folder_fd);
    if (!is_fine)
        intake_free(intake);
    return is_fine;
}

/* ---- everything in memory ---- */

/* Deliveries side by side, since they come so; then one behind the other. */
struct gathering {
    struct facts by_delivery[DELIVERY_COUNT_MAX];
};

static void gather(void *context, struct facts *piece)
{
    struct gathering *gathering = context;
    size_t delivery = piece->person_count > 0   ? piece->persons[0].delivery
                      : piece->status_count > 0 ? piece->statuses[0].delivery
                      : piece->means_count > 0  ? piece->means[0].delivery
                                                : 0;
    facts_append(&gathering->by_delivery[delivery], piece);
}

static void need_not_know(void *context)
{
    (void)context;
}

bool intake_read(struct intake *intake, struct facts *facts, struct vocabulary *vocabulary,
                 const struct registers *registers, const struct intake_settings *settings,
                 struct fault *fault)
{
    struct gathering *gathering = memory_take_zeroed(1, sizeof(*gathering));
    struct intake_sink sink = {gather, need_not_know, gathering};
    bool is_fine = intake_read_into(intake, &sink, vocabulary, registers, settings, fault);
    for (size_t i = 0; i < DELIVERY_COUNT_MAX; i++) {
        if (is_fine)
            facts_append(facts, &gathering->by_delivery[i]);
        facts_free(&gathering->by_delivery[i]);
    }
    free(gathering);
    if (is_fine)
        intake_order_quarantine(intake);
    return is_fine;
}
