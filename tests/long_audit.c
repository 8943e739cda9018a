/* What the journal of checks costs a loop: ns of CPU a CHECK without and with it, in turns, while
 * its thread does its work; and what finding slots and subjects would cost there instead.
 * usage: long_audit WORK TRUTH [ROUNDS]
 *   WORK  keys/signing.key.pub and subject.key, identity-keys/ and snapshots/ with subjects; the
 *         journal is written there, too */
#include "bench/workload.h"
#include "engine/answer.h"
#include "tests/support.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS_INITIAL 31
#define ROUNDS_MOST    1001
#define FRAMES_A_ROUND 32768u /* half a ring: nothing is lost */
#define NS_PER_SECOND  1e9

static struct answerer answerer;
static struct moment moment;
static struct metrics metrics, audit_metrics;
static struct metrics_board board;
static const struct edition *edition;
static struct workload workload;
static struct audit *audit;
static uint64_t sink; /* so that nothing is left out for being of no use */

static double cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * NS_PER_SECOND + (double)now.tv_nsec;
}

static void wait_until_written(void)
{
    const struct audit_ring *ring = audit_ring(audit, 0);
    const struct timespec step = {.tv_nsec = 1000000};
    while (atomic_load(&ring->first) != atomic_load(&ring->end))
        nanosleep(&step, NULL);
}

static double answer_round(bool has_audit, uint32_t from, size_t group)
{
    static uint8_t out[ANSWER_GROUP_MAX * FRAME_SIZE];
    bool is_over;
    answerer.audit = has_audit ? audit_ring(audit, 0) : NULL;
    double start = cpu_ns();
    for (uint32_t i = 0; i < FRAMES_A_ROUND; i += (uint32_t)group)
        answer_frames(&answerer, &moment, out, workload.frames[(from + i) % WORKLOAD_FRAME_COUNT],
                      group, &is_over);
    double ns = (cpu_ns() - start) / FRAMES_A_ROUND;
    wait_until_written();
    return ns;
}

/* Look-ups alone, of digests that are there already. */
static double look_up_round(bool has_subjects, const struct digest digests[])
{
    uint32_t views[INDEX_BATCH_MAX];
    uint64_t slots[INDEX_BATCH_MAX];
    const struct index *index = &edition->tables->index;
    double start = cpu_ns();
    for (uint32_t i = 0; i < FRAMES_A_ROUND; i += INDEX_BATCH_MAX) {
        if (has_subjects)
            index_find_slots(views, slots, index, digests + i, INDEX_BATCH_MAX);
        else
            index_find_batch(views, index, digests + i, INDEX_BATCH_MAX);
        for (size_t j = 0; j < INDEX_BATCH_MAX; j++)
            sink += views[j] + (has_subjects ? index_subject(index, slots[j]) : 0);
    }
    return (cpu_ns() - start) / FRAMES_A_ROUND;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void tell(const char *what, double without[], double with[], size_t rounds)
{
    double differences[ROUNDS_MOST];
    for (size_t i = 0; i < rounds; i++)
        differences[i] = with[i] - without[i];
    qsort(differences, rounds, sizeof(double), compare);
    qsort(without, rounds, sizeof(double), compare);
    qsort(with, rounds, sizeof(double), compare);
    printf("%-34s %8.1f %8.1f %+8.1f (%+.1f to %+.1f)\n", what, without[rounds / 2],
           with[rounds / 2], differences[rounds / 2], differences[rounds / 4],
           differences[3 * rounds / 4]);
}

static void measure_answers(const char *what, size_t group, size_t rounds)
{
    double without[ROUNDS_MOST], with[ROUNDS_MOST];
    for (size_t i = 0; i < rounds; i++) {
        uint32_t from = (uint32_t)i * 2 * FRAMES_A_ROUND;
        bool is_first = i % 2 == 0; /* in turns, so that a cache that was warmed is nobody's gain */
        double *first = is_first ? with : without, *second = is_first ? without : with;
        first[i] = answer_round(is_first, from, group);
        second[i] = answer_round(!is_first, from + FRAMES_A_ROUND, group);
    }
    tell(what, without, with, rounds);
}

static void measure_look_ups(size_t rounds)
{
    double without[ROUNDS_MOST], with[ROUNDS_MOST];
    static struct digest digests[2 * FRAMES_A_ROUND];
    for (size_t i = 0; i < rounds; i++) {
        for (uint32_t j = 0; j < 2 * FRAMES_A_ROUND; j++) {
            struct request request;
            uint64_t at = (i * 2 * FRAMES_A_ROUND + j) % WORKLOAD_FRAME_COUNT;
            if (frame_decode_request(&request, workload.frames[at]) != STATUS_OK)
                errx(1, "a frame of the workload is none");
            identity_digest(&digests[j], edition->identity, &request.identifier);
        }
        without[i] = look_up_round(false, digests);
        with[i] = look_up_round(true, digests + FRAMES_A_ROUND);
    }
    tell("look-up; with slot and subject", without, with, rounds);
}

static const struct edition *take_edition(void *context)
{
    (void)context;
    return edition;
}

static char *path_of(char path[static 4096], const char *work, const char *name)
{
    snprintf(path, 4096, "%s/%s", work, name);
    return path;
}

static void open_edition(const char *work)
{
    char snapshots[4096], public[4096], keys[4096];
    struct fault fault;
    struct snapshot_keys opened;
    struct snapshot *snapshot;
    struct edition *made;
    if (!snapshot_keys_open(&opened, path_of(public, work, "keys/signing.key.pub"), NULL,
                            path_of(keys, work, "identity-keys"), &fault))
        errx(1, "%s", fault.text);
    struct snapshot_trust trust = snapshot_trust_of(&opened, 0);
    if (!snapshot_open_current(&snapshot, path_of(snapshots, work, "snapshots"), &trust, &fault) ||
        !edition_open(&made, snapshot_tables(snapshot), snapshot_manifest(snapshot), &fault) ||
        !edition_take_identity(made, snapshot_identity(snapshot), &fault))
        errx(1, "%s", fault.text);
    edition = made;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    moment =
        (struct moment){.edition = edition, .now_s = (uint64_t)now.tv_sec, .profile = PROFILE_TILL};
    board = (struct metrics_board){&metrics, 1, moment.now_s};
    answerer.metrics = &metrics;
    answerer.board = &board;
}

static struct audit_file *open_audit(const char *work)
{
    char directory[4096], key_path[4096];
    struct fault fault;
    struct identity_key *key;
    struct audit_file *file;
    if (!keyfile_open_subject(&key, path_of(key_path, work, "keys/subject.key"), &fault))
        errx(1, "%s", fault.text);
    struct audit_file_settings file_settings = {
        .directory = path_of(directory, work, "long_audit"),
        .subject_key = subject_key_check(key),
        .size_max = UINT64_C(1) << 30,
        .segment_size = AUDIT_SEGMENT_SIZE_MAX,
    };
    if (!audit_file_open(&file, &file_settings, moment.now_s * 1000, &fault))
        errx(1, "%s", fault.text);
    struct audit_settings settings = {
        .file = file,
        .subject_key = key,
        .loop_count = 1,
        .metrics = &audit_metrics,
        .take = take_edition,
    };
    if (!audit_open(&audit, &settings, &fault) || !audit_start(audit, &fault))
        errx(1, "%s", fault.text);
    return file;
}

int main(int argc, char *argv[])
{
    struct fault fault;
    const struct mix mix = {.hit_percent = 50, .seed = 1};
    if (argc < 3)
        errx(2, "usage: long_audit WORK TRUTH [ROUNDS]");
    long rounds = argc > 3 ? strtol(argv[3], NULL, 10) : ROUNDS_INITIAL;
    if (rounds < 1 || rounds > ROUNDS_MOST)
        errx(2, "want 1 to %d rounds", ROUNDS_MOST);
    open_edition(argv[1]);
    if (!workload_read(&workload, argv[2], &mix, &fault))
        errx(1, "%s", fault.text);
    struct audit_file *file = open_audit(argv[1]);
    answer_round(true, 0, ANSWER_GROUP_MAX); /* warm */
    printf("%-34s %8s %8s %8s, ns of CPU a CHECK\n", "medians, middle half", "without", "with",
           "more");
    measure_answers("groups of 64", ANSWER_GROUP_MAX, (size_t)rounds);
    measure_answers("groups of 8", 8, (size_t)rounds);
    measure_answers("one at a time", 1, (size_t)rounds);
    measure_look_ups((size_t)rounds);
    audit_close(audit);
    struct audit_counts counts = audit_file_counts(file);
    audit_file_close(file, moment.now_s * 1000);
    printf("%llu rows, %llu lost\n", (unsigned long long)counts.rows,
           (unsigned long long)counts.lost);
    return sink == 1;
}
