#include "bench/contestants.h"

#include "bench/echo.h"
#include "bench/keys.h"
#include "protocol/identity.h"
#include "protocol/keyfile.h"
#include "protocol/progress.h"

#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define START_PATIENCE_NS (60 * NS_PER_S)
#define START_POLL_NS     20000000
#define ARGUMENT_MAX      40
#define NFTW_FOLDERS_OPEN 8
/* memcached holds a key and its value in so many bytes, and wants some for itself. */
#define MEMCACHED_BYTES_PER_KEY 160
#define MEMCACHED_MIB_LEAST     128

static const struct {
    const char *name, *program; /* NULL: comes with eligbench */
    const struct dialect *dialect;
} kinds[CONTESTANT_COUNT] = {
    [CONTESTANT_ECHO] = {"echo", NULL, &dialect_echo},
    [CONTESTANT_ELIG] = {"elig", NULL, &dialect_elig},
    [CONTESTANT_SEALED] = {"elig-sealed", NULL, &dialect_elig},
    [CONTESTANT_REDIS] = {"redis", "redis-server", &dialect_redis},
    [CONTESTANT_VALKEY] = {"valkey", "valkey-server", &dialect_valkey},
    [CONTESTANT_MEMCACHED] = {"memcached", "memcached", &dialect_memcached},
};

const char *contestant_name(enum contestant_kind kind)
{
    return kinds[kind].name;
}

enum contestant_kind contestant_of_name(const char *name, size_t name_size)
{
    size_t kind = 0;
    while (kind < CONTESTANT_COUNT && (strlen(kinds[kind].name) != name_size ||
                                       memcmp(kinds[kind].name, name, name_size) != 0))
        kind++;
    return (enum contestant_kind)kind;
}

const struct dialect *contestant_dialect(enum contestant_kind kind)
{
    return kinds[kind].dialect;
}

/* ---- paths ---- */

struct path {
    char text[CONTESTANT_PATH + 64]; /* a name in the folder fits */
};

static const char *path_in(struct path *path, const char *folder, const char *name)
{
    snprintf(path->text, sizeof(path->text), "%s/%s", folder, name);
    return path->text;
}

static bool is_in_path(const char *program)
{
    const char *folders = getenv("PATH");
    struct path path;
    while (folders != NULL && *folders != '\0') {
        size_t size = strcspn(folders, ":");
        snprintf(path.text, sizeof(path.text), "%.*s/%s", (int)size, folders, program);
        if (access(path.text, X_OK) == 0)
            return true;
        folders += size + (folders[size] == ':');
    }
    return false;
}

/* The engine is beside this program. */
static bool find_eligd(struct path *path, struct fault *fault)
{
    ssize_t size = readlink("/proc/self/exe", path->text, sizeof(path->text) - sizeof("eligd"));
    if (size < 0)
        return fault_set(fault, "/proc/self/exe: %s", strerror(errno));
    path->text[size] = '\0';
    char *slash = strrchr(path->text, '/');
    memcpy(slash != NULL ? slash + 1 : path->text, "eligd", sizeof("eligd"));
    return access(path->text, X_OK) == 0 ||
           fault_set(fault, "%s: wanted the engine beside this program", path->text);
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info, (void)kind, (void)where;
    remove(path);
    return 0;
}

static bool make_folder(char folder[static CONTESTANT_PATH], struct fault *fault)
{
    const char *above = getenv("TMPDIR");
    snprintf(folder, CONTESTANT_PATH, "%s/eligbench-XXXXXX", above != NULL ? above : "/tmp");
    if (mkdtemp(folder) != NULL)
        return true;
    fault_set(fault, "%s: cannot be made: %s", folder, strerror(errno));
    folder[0] = '\0';
    return false;
}

/* ---- starting ---- */

struct start {
    struct contestants *all;
    const struct contestants_setup *setup;
    struct contestant *contestant;
    struct path log, port_file;
};

/* The words of a command, and room for those that are put together. */
struct words {
    const char *list[ARGUMENT_MAX];
    struct path paths[8];
    size_t count, path_count;
};

static void say(struct words *words, const char *word)
{
    words->list[words->count++] = word;
}

static void say_path(struct words *words, const char *option, const char *folder, const char *name)
{
    say(words, option);
    say(words, path_in(&words->paths[words->path_count++], folder, name));
}

static pid_t start_echo(const struct start *start, struct fault *fault)
{
    pid_t pid = child_fork(CHILD_SERVER, start->setup->cores, fault);
    if (pid != 0)
        return pid;
    _exit(echo_serve(start->port_file.text, 0, fault) ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* Budgets are off: a load asks about everybody. */
static void say_sealed(struct words *words, const struct start *start)
{
    static const char *const budgets[] = {"--per-minute", "--per-day", "--typed-per-day",
                                          "--misses-per-day"};
    say(words, "--listen");
    say(words, "127.0.0.1:0");
    say(words, "--port-file");
    say(words, start->port_file.text);
    say_path(words, "--server-key", start->setup->work, "keys/server.key");
    say_path(words, "--merchant-keys", start->setup->work, "merchants");
    say_path(words, "--state", start->all->folder, "state");
    mkdir(words->list[words->count - 1], 0700);
    for (size_t i = 0; i < sizeof(budgets) / sizeof(budgets[0]); i++) {
        say(words, budgets[i]);
        say(words, "0");
    }
}

static pid_t start_eligd(const struct start *start, struct fault *fault)
{
    struct words words = {.count = 0};
    struct path program;
    const char *work = start->setup->work;
    if (!find_eligd(&program, fault))
        return -1;
    say(&words, program.text);
    say(&words, "--loops");
    say(&words, "1");
    say_path(&words, "--snapshots", work, "snapshots");
    say_path(&words, "--identity-keys", work, "identity-keys");
    say_path(&words, "--signing-public", work, "keys/signing.key.pub");
    if (start->contestant->kind == CONTESTANT_SEALED) {
        say_sealed(&words, start);
    } else {
        say(&words, "--listen-plain");
        say(&words, "127.0.0.1:0");
        say(&words, "--port-file-plain");
        say(&words, start->port_file.text);
    }
    return child_spawn(words.list, start->log.text, start->setup->cores, fault);
}

/* A port of the loopback interface that nobody has at the moment; 0: none. */
static uint16_t free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_bound = fd >= 0 && bind(fd, (struct sockaddr *)&address, size) == 0 &&
                    getsockname(fd, (struct sockaddr *)&address, &size) == 0;
    if (fd >= 0)
        close(fd);
    return is_bound ? ntohs(address.sin_port) : 0;
}

/* Nothing is kept on a disk, everything is answered by one thread. */
static pid_t start_store(const struct start *start, struct fault *fault)
{
    char port[8], mebibytes[24];
    const char *program = kinds[start->contestant->kind].program;
    snprintf(port, sizeof(port), "%u", free_port());
    snprintf(mebibytes, sizeof(mebibytes), "%" PRIu64,
             MEMCACHED_MIB_LEAST + (start->setup->key_count * MEMCACHED_BYTES_PER_KEY >> 20));
    snprintf(start->contestant->address, sizeof(start->contestant->address), "127.0.0.1:%s", port);
    const char *const redis[] = {
        program,        "--bind", "127.0.0.1", "--port",           port,           "--save", "",
        "--appendonly", "no",     "--dir",     start->all->folder, "--io-threads", "1",      NULL};
    /* It wants to be told that root is who runs it. */
    const char *const memcached[] = {
        program, "-l", "127.0.0.1", "-p",   port, "-U",      "0",
        "-t",    "1",  "-R",        "1024", "-m", mebibytes, geteuid() == 0 ? "-u" : NULL,
        "root",  NULL};
    bool is_memcached = start->contestant->kind == CONTESTANT_MEMCACHED;
    return child_spawn(is_memcached ? memcached : redis, start->log.text, start->setup->cores,
                       fault);
}

/* ---- waiting until it serves ---- */

/* A number and the end of its line: written whole. */
static void read_address(struct contestant *contestant, const char *port_file)
{
    FILE *file = fopen(port_file, "re");
    char line[16];
    if (file == NULL)
        return;
    size_t size = fgets(line, sizeof(line), file) != NULL ? strlen(line) : 0;
    fclose(file);
    if (size > 1 && line[size - 1] == '\n')
        snprintf(contestant->address, sizeof(contestant->address), "127.0.0.1:%.*s",
                 (int)(size - 1), line);
}

static bool is_listening(const struct contestant *contestant)
{
    struct fault none;
    if (contestant->address[0] == '\0')
        return false;
    int fd = driver_connect(contestant->address, true, &none);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static void read_last_line(char *out, size_t room, const char *path)
{
    FILE *file = fopen(path, "re");
    char line[160];
    out[0] = '\0';
    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        snprintf(out, room, "%.*s", (int)strcspn(line, "\n"), line);
    if (file != NULL)
        fclose(file);
}

static bool wait_for(const struct start *start, struct fault *fault)
{
    struct contestant *contestant = start->contestant;
    uint64_t end_ns = clock_monotonic_ns() + START_PATIENCE_NS;
    while (child_runs(contestant->pid) && clock_monotonic_ns() < end_ns &&
           !children_interrupted()) {
        if (contestant->address[0] == '\0')
            read_address(contestant, start->port_file.text);
        if (is_listening(contestant) && child_runs(contestant->pid))
            return true;
        nanosleep(&(struct timespec){0, START_POLL_NS}, NULL);
    }
    char said[160];
    read_last_line(said, sizeof(said), start->log.text);
    return fault_set(fault, "%s does not serve; the last that it said: %s",
                     contestant_name(contestant->kind), said[0] != '\0' ? said : "nothing");
}

/* ---- all of them ---- */

static bool can_take_part(enum contestant_kind kind, const struct contestants_setup *setup,
                          struct fault *why)
{
    const char *program = kinds[kind].program;
    struct path key;
    if (program != NULL)
        return is_in_path(program) || fault_set(why, "%s is not installed", program);
    if (kind != CONTESTANT_SEALED)
        return true;
    return access(path_in(&key, setup->work, "keys/server.key"), R_OK) == 0 ||
           fault_set(why, "%.400s is not there: make demo anew", key.text);
}

static bool read_sealing(struct contestants *all, const struct contestants_setup *setup,
                         struct fault *fault)
{
    struct path server, merchant;
    all->sealing = (struct sealing){.seed = 1, .terminal_count = setup->terminal_count};
    return identity_start(fault) &&
           keyfile_read_server_public(all->sealing.server_public,
                                      path_in(&server, setup->work, "keys/server.key.pub"),
                                      fault) &&
           keyfile_read_merchant(all->sealing.merchant_key,
                                 path_in(&merchant, setup->work, "keys/merchant.key"), fault);
}

static bool start_one(struct contestants *all, const struct contestants_setup *setup,
                      enum contestant_kind kind, struct fault *fault)
{
    struct contestant *contestant = &all->list[all->count];
    struct start start = {.all = all, .setup = setup, .contestant = contestant};
    *contestant = (struct contestant){.kind = kind};
    snprintf(start.log.text, sizeof(start.log.text), "%s/%s.log", all->folder, kinds[kind].name);
    snprintf(start.port_file.text, sizeof(start.port_file.text), "%s/%s.port", all->folder,
             kinds[kind].name);
    if (kind == CONTESTANT_SEALED && !read_sealing(all, setup, fault))
        return false;
    contestant->pid = kind == CONTESTANT_ECHO       ? start_echo(&start, fault)
                      : kinds[kind].program != NULL ? start_store(&start, fault)
                                                    : start_eligd(&start, fault);
    if (contestant->pid < 0)
        return false;
    all->count++;
    return wait_for(&start, fault) &&
           (kinds[kind].program == NULL ||
            keys_load(contestant->address, kinds[kind].dialect, setup->key_count, fault));
}

bool contestants_start(struct contestants *out, const struct contestants_setup *setup,
                       struct fault *fault)
{
    *out = (struct contestants){.count = 0};
    if (!make_folder(out->folder, fault))
        return false;
    for (size_t kind = 0; kind < CONTESTANT_COUNT; kind++) {
        if (!setup->is_wanted[kind] ||
            !can_take_part((enum contestant_kind)kind, setup, &out->left_out[kind]))
            continue;
        if (!start_one(out, setup, (enum contestant_kind)kind, fault))
            return false;
    }
    return true;
}

void contestants_stop(struct contestants *contestants)
{
    while (contestants->count > 0)
        child_stop(contestants->list[--contestants->count].pid);
    if (contestants->folder[0] != '\0')
        nftw(contestants->folder, remove_one, NFTW_FOLDERS_OPEN, FTW_DEPTH | FTW_PHYS);
    contestants->folder[0] = '\0';
}
