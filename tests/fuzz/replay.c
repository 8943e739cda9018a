/* Runs a fuzz target without a fuzzer: every seed as it is, cut at many places, and changed a few
 * hundred times in ways that are the same on every machine.
 *
 * usage: replay_NAME [FILE or FOLDER of seeds] ...; REPLAY_CHANGES says how often each is changed
 */
#include "tests/support.h"

#include <dirent.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define INPUT_SIZE_MAX  (1 << 20)
#define CHANGES_INITIAL 300
#define CUTS_MAX        64
#define SEEDS_MAX       10000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv);

static uint8_t *room; /* INPUT_SIZE_MAX bytes, then unreadable memory */
static unsigned long run_count, seed_count;

static void make_room(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    room = mmap(NULL, INPUT_SIZE_MAX + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                -1, 0);
    if (room == MAP_FAILED || mprotect(room + INPUT_SIZE_MAX, page, PROT_NONE) != 0)
        err(1, "memory for inputs");
}

/* The input ends where readable memory ends: one byte too far is a crash. */
static void run(const uint8_t *bytes, size_t size)
{
    uint8_t *at = room + INPUT_SIZE_MAX - size;
    if (size > 0)
        memcpy(at, bytes, size);
    LLVMFuzzerTestOneInput(at, size);
    run_count++;
}

/* Changes `bytes` in one of the ways files go wrong; returns the new size. */
static size_t change(uint8_t *bytes, size_t size, uint64_t *state)
{
    size_t at = (size_t)(support_random(state) % size);
    size_t span = 1 + (size_t)(support_random(state) % (size - at < 16 ? size - at : 16));
    static const uint8_t telling[] = {0, 1, 0x7f, 0x80, 0xff, '\n', '"', ';', '<', '9'};
    switch (support_random(state) % 5) {
    case 0: /* one bit */
        bytes[at] ^= (uint8_t)(1u << (support_random(state) % 8));
        return size;
    case 1: /* a byte that means something somewhere */
        bytes[at] = telling[support_random(state) % sizeof(telling)];
        return size;
    case 2: /* some bytes lost */
        memmove(bytes + at, bytes + at + span, size - at - span);
        return size - span;
    case 3: /* some bytes twice */
        if (size + span > INPUT_SIZE_MAX)
            return size;
        memmove(bytes + at + span, bytes + at, size - at);
        return size + span;
    default: /* a run of one value */
        memset(bytes + at, telling[support_random(state) % sizeof(telling)], span);
        return size;
    }
}

static void run_changed(const uint8_t *seed, size_t seed_size)
{
    static uint8_t bytes[INPUT_SIZE_MAX];
    const char *asked = getenv("REPLAY_CHANGES");
    unsigned long changes = asked != NULL ? strtoul(asked, NULL, 10) : CHANGES_INITIAL;
    uint64_t state = seed_size;
    for (unsigned long i = 0; i < changes && seed_size > 0; i++) {
        size_t size = seed_size;
        memcpy(bytes, seed, seed_size);
        for (uint64_t left = 1 + support_random(&state) % 4; left > 0 && size > 0; left--)
            size = change(bytes, size, &state);
        run(bytes, size);
    }
}

static void run_seed(const uint8_t *seed, size_t size)
{
    run(seed, size);
    size_t step = size / CUTS_MAX + 1;
    for (size_t cut = 0; cut < size; cut += step)
        run(seed, cut);
    run_changed(seed, size);
    seed_count++;
}

static void run_file(const char *path)
{
    static uint8_t seed[INPUT_SIZE_MAX];
    FILE *file = fopen(path, "re");
    if (file == NULL)
        err(1, "%s", path);
    size_t size = fread(seed, 1, sizeof(seed), file);
    if (ferror(file) != 0 || (size == sizeof(seed) && fgetc(file) != EOF))
        errx(1, "%s: not readable, or over %d bytes", path, INPUT_SIZE_MAX);
    fclose(file);
    run_seed(seed, size);
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void run_path(const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0)
        err(1, "%s", path);
    if (!S_ISDIR(info.st_mode)) {
        run_file(path);
        return;
    }
    struct dirent **entries;
    int entry_count = scandir(path, &entries, is_visible, alphasort);
    if (entry_count < 0 || entry_count > SEEDS_MAX)
        errx(1, "%s: not readable, or over %d seeds", path, SEEDS_MAX);
    for (int i = 0; i < entry_count; i++) {
        char file[4096];
        snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);
        run_file(file);
        free(entries[i]);
    }
    free(entries);
}

int main(int argc, char *argv[])
{
    make_room();
    if (LLVMFuzzerInitialize != NULL)
        LLVMFuzzerInitialize(&argc, &argv);
    run_seed((const uint8_t *)"", 0);
    for (int i = 1; i < argc; i++)
        run_path(argv[i]);
    printf("%lu seeds, %lu inputs\n", seed_count, run_count);
    return 0;
}
