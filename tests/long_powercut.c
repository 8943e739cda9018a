/* Every disk that a power cut can leave of a ledger, looked at: nothing that was answered is lost,
 * and what is there is whole.
 *
 * usage: long_powercut [--nometasync] [--seed N] [--groups N] [--shares N] [STATES]
 *
 * A book is written by chance, group by group, as the engine does: what is answered after a commit
 * is a promise. Then powercut.c makes the disks, and each is judged: its head is that of a group
 * that was written, not before the last promise, and the verifier, which knows nothing of the
 * writer, finds nothing (on every disk whose head has not been seen whole, and on one in
 * VERIFIED_ONE_IN of the others). --nometasync leaves out the sync of LMDB's head, and then
 * something must be found. */
#include "tests/ledger_scene.h"
#include "tests/powercut.h"
#include "tests/support.h"

#include "protocol/ledger_read.h"
#include "protocol/ledger_verify.h"

#include <dlfcn.h>
#include <err.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define COMMIT_COUNT_MAX 600
#define GROUP_SIZE_MAX   12
#define LIVE_COUNT_MAX   64
#define SUBJECT_COUNT    12
#define SHARE_COUNT_MAX  64
#define VERIFIED_ONE_IN  16

static unsigned flags_added; /* to what the book opens its environment with */

int mdb_env_open(MDB_env *env, const char *path, unsigned flags, mdb_mode_t mode)
{
    int (*next)(MDB_env *, const char *, unsigned, mdb_mode_t) =
        (int (*)(MDB_env *, const char *, unsigned, mdb_mode_t))(uintptr_t)dlsym(RTLD_NEXT,
                                                                                 "mdb_env_open");
    return next(env, path, flags & MDB_RDONLY ? flags : flags | flags_added, mode);
}

/* ---- a book, written by chance ---- */

/* The head after each group: which states there can be. */
static struct ledger_head heads[COMMIT_COUNT_MAX + 1];
static size_t head_count;

struct writer {
    struct ledger_scene scene;
    struct ledger_request live[LIVE_COUNT_MAX];
    size_t live_count;
    uint64_t random;
};

static uint64_t draw(struct writer *writer, uint64_t below)
{
    return support_random(&writer->random) % below;
}

static struct ledger_request draw_request(struct writer *writer)
{
    static const uint8_t purchases[] = {KIND_USE, KIND_USE, KIND_RESERVE, KIND_LATE};
    static const uint8_t about[] = {KIND_CONFIRM, KIND_CONFIRM, KIND_CANCEL, KIND_REFUND};
    if (writer->live_count > 0 && draw(writer, 3) == 0) {
        const struct ledger_request *target = &writer->live[draw(writer, writer->live_count)];
        return ls_about(&writer->scene, about[draw(writer, COUNT_OF(about))], target);
    }
    struct ledger_request request =
        ls_purchase(&writer->scene, purchases[draw(writer, COUNT_OF(purchases))],
                    1 + draw(writer, SUBJECT_COUNT), LS_P_HALF + (uint32_t)draw(writer, 6));
    request.purchase.quantity = (uint16_t)(1 + draw(writer, 3));
    request.purchase.service_time_s -= draw(writer, 20) * SECONDS_PER_DAY;
    if (writer->live_count < LIVE_COUNT_MAX)
        writer->live[writer->live_count++] = request;
    else
        writer->live[draw(writer, LIVE_COUNT_MAX)] = request;
    return request;
}

static void write_group(struct writer *writer)
{
    struct ledger_scene *scene = &writer->scene;
    uint32_t expired;
    scene->now_ms += draw(writer, 60000);
    bool is_done = book_begin(scene->book, scene->now_ms) == BOOK_DONE &&
                   book_expire(scene->book, 10, &expired) == BOOK_DONE;
    for (uint64_t count = 1 + draw(writer, GROUP_SIZE_MAX); is_done && count > 0; count--) {
        struct ledger_request request = draw_request(writer);
        struct ledger_verdict verdict;
        request.edition = scene->edition;
        request.body = request.request_id * 31 + request.kind;
        if (kind_is_purchase(request.kind))
            request.candidates = decide_candidates(scene->edition, &request.purchase);
        is_done = book_apply(scene->book, &request, &verdict) == BOOK_DONE;
    }
    if (!is_done || book_commit(scene->book) != BOOK_DONE)
        errx(3, "the book fails");
    heads[head_count++] = *book_head(scene->book);
}

static const struct limit limits[] = {
    {.relief = LS_HALF, .kind = LIMIT_USES, .period = PERIOD_MONTH, .value = 40},
    {.relief = LS_THIRD, .kind = LIMIT_AMOUNT, .period = PERIOD_WEEK, .value = 90000},
    {.relief = LS_DIME,
     .kind = LIMIT_BUDGET,
     .period = PERIOD_DAY,
     .value = 60000,
     .warn_bp = 5000},
};

static struct powercut *record(uint64_t seed, uint64_t group_count)
{
    static struct writer writer;
    struct fault fault;
    static char directory[256];
    char path[512];
    writer.random = seed;
    ls_open(&writer.scene);
    ls_limits(&writer.scene, limits, COUNT_OF(limits));
    book_close(writer.scene.book);
    snprintf(directory, sizeof(directory), "%s/book", support_directory());
    if (mkdir(directory, 0700) != 0)
        err(3, "%s", directory);
    writer.scene.directory = directory;
    struct book_settings settings = {.directory = writer.scene.directory,
                                     .map_size = 1 << 26,
                                     .subject_key = 77,
                                     .ballast_size = 4096};
    if (!book_open(&writer.scene.book, &settings, &fault))
        errx(3, "%s", fault.text);
    snprintf(path, sizeof(path), "%s/%s", writer.scene.directory, LEDGER_FILE);
    heads[head_count++] = *book_head(writer.scene.book);
    struct powercut *recording = powercut_begin(path);
    for (size_t i = 0; i < group_count; i++) {
        write_group(&writer);
        powercut_promise(recording, heads[head_count - 1].sequence);
    }
    powercut_end(recording);
    ls_close(&writer.scene);
    return recording;
}

/* ---- a state, judged ---- */

struct judge {
    uint64_t seen_count[COMMIT_COUNT_MAX + 1]; /* of each head */
};

static bool is_head(const struct ledger_head *a, const struct ledger_head *b)
{
    return a->sequence == b->sequence && a->clock_ms == b->clock_ms &&
           a->account_count == b->account_count && memcmp(a->chain, b->chain, CHAIN_SIZE) == 0;
}

static bool is_whole(const char *path, struct fault *fault)
{
    static struct verified verified;
    struct verify_settings settings = {
        .path = path, .memory = VERIFY_MEMORY_LEAST, .is_quiet = true};
    verified = (struct verified){.findings.told_max = 1};
    if (!ledger_verify(&verified, &settings, fault))
        return false;
    if (verified.findings.count > 0)
        return fault_set(fault, "%s: %s", verified.findings.told[0].rule,
                         verified.findings.told[0].text);
    return true;
}

static bool check_state(void *context, const char *path, uint64_t promised, struct fault *fault)
{
    struct judge *judge = context;
    struct ledger_reader *reader;
    struct ledger_head head;
    if (!ledger_reader_open(&reader, path, fault))
        return false;
    bool is_read = ledger_reader_head(&head, reader, fault);
    ledger_reader_close(reader);
    if (!is_read)
        return false;
    size_t i = head_count;
    while (i > 0 && !is_head(&heads[i - 1], &head))
        i--;
    if (i == 0)
        return fault_set(fault, "its head is that of no group");
    if (head.sequence < promised)
        return fault_set(fault, "posting %llu was promised, and %llu is the last",
                         (unsigned long long)promised, (unsigned long long)head.sequence);
    return judge->seen_count[i - 1]++ % VERIFIED_ONE_IN != 0 || is_whole(path, fault);
}

/* ---- all of them, by several processes ---- */

static void explore_share(int out, const struct powercut *recording, uint64_t states, uint64_t seed,
                          uint32_t share, uint32_t share_count)
{
    static struct judge judge;
    struct powercut_plan plan = {states, seed, share, share_count, check_state, &judge};
    static struct powercut_result result;
    powercut_explore(&result, recording, &plan);
    if (write(out, &result, sizeof(result)) != (ssize_t)sizeof(result))
        _exit(3);
    _exit(0);
}

static void explore(struct powercut_result *sum, const struct powercut *recording, uint64_t states,
                    uint64_t seed, uint32_t share_count)
{
    int pipes[2];
    if (pipe(pipes) != 0)
        err(3, "pipe");
    fflush(stdout);
    for (uint32_t share = 0; share < share_count; share++) {
        pid_t pid = fork();
        if (pid < 0)
            err(3, "fork");
        if (pid == 0)
            explore_share(pipes[1], recording, states, seed, share, share_count);
    }
    close(pipes[1]);
    static struct powercut_result one;
    while (read(pipes[0], &one, sizeof(one)) == (ssize_t)sizeof(one)) {
        sum->state_count += one.state_count;
        sum->write_count = one.write_count;
        sum->sync_count = one.sync_count;
        if (one.violation_count > 0 && sum->violation_count == 0)
            sum->first = one.first;
        sum->violation_count += one.violation_count;
    }
    for (int status; wait(&status) > 0;)
        if (status != 0)
            errx(3, "a share of the states was not looked at");
}

int main(int argc, char *argv[])
{
    uint64_t seed = 1, states = 1000000, group_count = COMMIT_COUNT_MAX;
    uint32_t share_count = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--nometasync") == 0)
            flags_added = MDB_NOMETASYNC;
        else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
            seed = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--groups") == 0 && i + 1 < argc)
            group_count = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--shares") == 0 && i + 1 < argc)
            share_count = (uint32_t)strtoul(argv[++i], NULL, 10);
        else
            states = strtoull(argv[i], NULL, 10);
    }
    if (states == 0 || group_count > COMMIT_COUNT_MAX || share_count - 1 >= SHARE_COUNT_MAX)
        errx(2,
             "usage: long_powercut [--nometasync] [--seed N] [--groups N] [--shares N] [STATES]");

    static struct powercut_result sum;
    struct powercut *recording = record(seed, group_count);
    explore(&sum, recording, states, seed, share_count);
    powercut_free(recording);
    printf("%s, seed %llu: %llu groups, %llu postings, %llu writes, %llu syncs; %llu states, %llu "
           "violations\n",
           flags_added != 0 ? "without the sync of the head" : "as it is", (unsigned long long)seed,
           (unsigned long long)head_count - 1, (unsigned long long)heads[head_count - 1].sequence,
           (unsigned long long)sum.write_count, (unsigned long long)sum.sync_count,
           (unsigned long long)sum.state_count, (unsigned long long)sum.violation_count);
    if (sum.violation_count > 0)
        printf("the first: %s\n", sum.first.text);
    return (sum.violation_count > 0) != (flags_added != 0);
}
