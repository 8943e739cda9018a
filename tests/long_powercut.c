/* Every disk that a power cut can leave of a ledger, looked at: nothing that was answered is lost,
 * and what is there is whole.
 *
 * usage: long_powercut [--nometasync | --noredosync] [--seed N] [--groups N] [--shares N] [STATES]
 *
 * A book is written by chance, group by group, as the engine does: what is answered after a commit
 * is a promise. Then powercut.c makes the disks, each with both files of the ledger, and each is
 * judged: what its redo file puts into its ledger comes to the head of a group that was written,
 * not before the last promise. On every disk that comes to a head in a way that has not been seen,
 * and on one in VERIFIED_ONE_IN of the others, a book is opened, has that head, and the verifier,
 * which knows nothing of the writer, finds nothing. --nometasync leaves out the sync of LMDB's
 * head, --noredosync that of the redo file, and then something must be found. */
#include "tests/ledger_scene.h"
#include "tests/powercut.h"
#include "tests/support.h"

#include "protocol/ledger_read.h"
#include "protocol/ledger_verify.h"
#include "protocol/redo.h"
#include "tests/disk_calls.h"

#include <dlfcn.h>
#include <err.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define COMMIT_COUNT_MAX 600
#define HEAD_COUNT_MAX   (2 * COMMIT_COUNT_MAX + 1) /* of groups, and of what is done between */
#define GROUP_SIZE_MAX   12
#define LARGE_GROUP_SIZE 40 /* too large for the redo file */
#define LIVE_COUNT_MAX   64
#define SUBJECT_COUNT    12
#define SHARE_COUNT_MAX  64
#define VERIFIED_ONE_IN  64

static unsigned flags_added; /* to what the book opens its environment with */
static bool has_no_redo_sync;
static struct stat redo_file;

static struct disk_wish skip_redo_sync(int fd, enum disk_call call, size_t size)
{
    struct stat info;
    bool is_redo = call == DISK_SYNC && fstat(fd, &info) == 0 && info.st_dev == redo_file.st_dev &&
                   info.st_ino == redo_file.st_ino;
    return (struct disk_wish){.size_most = size, .is_skipped = is_redo};
}

int mdb_env_open(MDB_env *env, const char *path, unsigned flags, mdb_mode_t mode)
{
    int (*next)(MDB_env *, const char *, unsigned, mdb_mode_t) =
        (int (*)(MDB_env *, const char *, unsigned, mdb_mode_t))(uintptr_t)dlsym(RTLD_NEXT,
                                                                                 "mdb_env_open");
    return next(env, path, flags & MDB_RDONLY ? flags : flags | flags_added, mode);
}

/* ---- a book, written by chance ---- */

/* The head after each group: which states there can be. */
static struct ledger_head heads[HEAD_COUNT_MAX];
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
    bool is_large = draw(writer, 16) == 0;
    scene->now_ms += draw(writer, 60000);
    bool is_done = book_begin(scene->book, scene->now_ms) == BOOK_DONE &&
                   book_expire(scene->book, 10, &expired) == BOOK_DONE;
    for (uint64_t count = is_large ? LARGE_GROUP_SIZE : 1 + draw(writer, GROUP_SIZE_MAX);
         is_done && count > 0; count--) {
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

/* What the thread does when nobody asks. */
static void keep_house(struct writer *writer)
{
    struct book *book = writer->scene.book;
    const struct book_retention retention = {.keep_days = 10000};
    uint32_t count;
    bool is_done = book_settle(book) == BOOK_DONE;
    if (draw(writer, 2) == 0)
        is_done = is_done && book_begin(book, writer->scene.now_ms) == BOOK_DONE &&
                  book_prune(book, &retention, 20, &count) == BOOK_DONE &&
                  book_commit(book) == BOOK_DONE;
    if (!is_done)
        errx(3, "the book fails");
    heads[head_count++] = *book_head(book);
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
    char path[512], redo[512];
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
    snprintf(redo, sizeof(redo), "%s/" REDO_FILE, writer.scene.directory);
    if (stat(redo, &redo_file) != 0)
        err(3, "%s", redo);
    if (has_no_redo_sync)
        disk_calls_before = skip_redo_sync;
    heads[head_count++] = *book_head(writer.scene.book);
    struct powercut *recording = powercut_begin(path);
    powercut_also(recording, redo);
    for (size_t i = 0; i < group_count; i++) {
        write_group(&writer);
        if (draw(&writer, 8) == 0)
            keep_house(&writer);
        powercut_promise(recording, heads[head_count - 1].sequence);
    }
    powercut_end(recording);
    disk_calls_before = NULL;
    ls_close(&writer.scene);
    return recording;
}

/* ---- a state, judged ---- */

struct judge {
    /* Of each head, and that of the ledger's file below it. */
    uint16_t seen_count[HEAD_COUNT_MAX][HEAD_COUNT_MAX];
    char folder[64]; /* where a book is opened */
};

/* Which one; SIZE_MAX: none of a group that was written. */
static size_t number_of(const struct ledger_head *head)
{
    for (size_t i = head_count; i-- > 0;) {
        const struct ledger_head *other = &heads[i];
        if (head->sequence == other->sequence && head->clock_ms == other->clock_ms &&
            head->account_count == other->account_count &&
            memcmp(head->chain, other->chain, CHAIN_SIZE) == 0)
            return i;
    }
    return SIZE_MAX;
}

static bool copy_file(const char *from_folder, const char *to_folder, const char *name,
                      struct fault *fault)
{
    char path[512];
    struct stat info;
    snprintf(path, sizeof(path), "%s/%s", from_folder, name);
    int from = open(path, O_RDONLY | O_CLOEXEC);
    snprintf(path, sizeof(path), "%s/%s", to_folder, name);
    int to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool is_good = from >= 0 && to >= 0 && fstat(from, &info) == 0;
    for (ssize_t done; is_good && info.st_size > 0; info.st_size -= done) {
        done = copy_file_range(from, NULL, to, NULL, (size_t)info.st_size, 0);
        is_good = done > 0;
    }
    close(from);
    close(to);
    return is_good || fault_set(fault, "%s cannot be copied", name);
}

/* A book is opened on it, as after a power cut. */
static bool is_whole(const char *folder, const struct ledger_head *head, struct fault *fault)
{
    static struct verified verified;
    struct book *book;
    struct book_settings settings = {
        .directory = folder, .map_size = 1 << 26, .subject_key = 77, .is_unsafe = true};
    if (!book_open(&book, &settings, fault))
        return false;
    bool is_head = number_of(book_head(book)) == number_of(head);
    book_close(book);
    if (!is_head)
        return fault_set(fault, "a book has another head than its files say");
    struct verify_settings verify = {
        .path = folder, .memory = VERIFY_MEMORY_LEAST, .is_quiet = true};
    verified = (struct verified){.findings.told_max = 1};
    if (!ledger_verify(&verified, &verify, fault))
        return false;
    if (verified.findings.count > 0)
        return fault_set(fault, "%s: %s", verified.findings.told[0].rule,
                         verified.findings.told[0].text);
    return true;
}

/* The heads of the ledger's file, and with what the redo file has beyond it. */
static bool read_heads(struct ledger_head *below, struct ledger_head *head, const char *folder,
                       const char *path, struct fault *fault)
{
    static uint8_t file[REDO_SIZE];
    struct redo_walk walk = {.file = file};
    struct redo_record record;
    struct ledger_reader *reader;
    if (!ledger_reader_open(&reader, path, fault)) /* the file alone: nobody waits for the other */
        return false;
    bool is_read = ledger_reader_head(below, reader, fault);
    ledger_reader_close(reader);
    if (!is_read || !redo_load(file, folder, fault))
        return false;
    ledger_head_encode(walk.head, below);
    while (redo_walk(&record, &walk))
        ;
    return ledger_head_decode(head, walk.head);
}

static bool check_state(void *context, const char *path, uint64_t promised, struct fault *fault)
{
    struct judge *judge = context;
    struct ledger_head below, head;
    char folder[512];
    snprintf(folder, sizeof(folder), "%.*s", (int)(strrchr(path, '/') - path), path);
    if (!read_heads(&below, &head, folder, path, fault))
        return false;
    size_t i = number_of(&head), j = number_of(&below);
    if (i == SIZE_MAX || j == SIZE_MAX)
        return fault_set(fault, "its head is that of no group");
    if (head.sequence < promised)
        return fault_set(fault, "posting %llu was promised, and %llu is the last",
                         (unsigned long long)promised, (unsigned long long)head.sequence);
    return judge->seen_count[i][j]++ % VERIFIED_ONE_IN != 0 ||
           (copy_file(folder, judge->folder, LEDGER_FILE, fault) &&
            copy_file(folder, judge->folder, REDO_FILE, fault) &&
            is_whole(judge->folder, &head, fault));
}

/* ---- all of them, by several processes ---- */

static void explore_share(int out, const struct powercut *recording, uint64_t states, uint64_t seed,
                          uint32_t share, uint32_t share_count)
{
    static const char *const names[] = {LEDGER_FILE, LEDGER_FILE "-lock", REDO_FILE, "ledger.lock"};
    static struct judge judge;
    snprintf(judge.folder, sizeof(judge.folder), "%s/elig-judge-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (mkdtemp(judge.folder) == NULL)
        err(3, "%s", judge.folder);
    struct powercut_plan plan = {states, seed, share, share_count, check_state, &judge};
    static struct powercut_result result;
    powercut_explore(&result, recording, &plan);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char path[512];
        snprintf(path, sizeof(path), "%s/%s", judge.folder, names[i]);
        unlink(path);
    }
    rmdir(judge.folder);
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
        else if (strcmp(argv[i], "--noredosync") == 0)
            has_no_redo_sync = true;
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
        errx(2, "usage: long_powercut [--nometasync | --noredosync] [--seed N] [--groups N] "
                "[--shares N] [STATES]");

    static struct powercut_result sum;
    struct powercut *recording = record(seed, group_count);
    explore(&sum, recording, states, seed, share_count);
    powercut_free(recording);
    printf("%s, seed %llu: %llu groups, %llu postings, %llu writes, %llu syncs; %llu states, %llu "
           "violations\n",
           flags_added != 0   ? "without the sync of the head"
           : has_no_redo_sync ? "without the sync of the redo file"
                              : "as it is",
           (unsigned long long)seed, (unsigned long long)group_count,
           (unsigned long long)heads[head_count - 1].sequence, (unsigned long long)sum.write_count,
           (unsigned long long)sum.sync_count, (unsigned long long)sum.state_count,
           (unsigned long long)sum.violation_count);
    if (sum.violation_count > 0)
        printf("the first: %s\n", sum.first.text);
    return (sum.violation_count > 0) != (flags_added != 0 || has_no_redo_sync);
}
