#include "tests/support.h"

#include <assert.h>
#include <err.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int support_run(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

uint8_t *at_the_edge(const void *bytes, size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t room = (size + page - 1) / page * page;
    uint8_t *map =
        mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED || mprotect(map + room, page, PROT_NONE) != 0)
        err(1, "memory for a guarded copy");
    uint8_t *start = map + room - size;
    if (size > 0)
        memcpy(start, bytes, size);
    return start;
}

static uint8_t hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return (uint8_t)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (uint8_t)(c - 'a' + 10);
    errx(1, "not a hexadecimal digit: '%c'", c);
}

size_t support_unhex(uint8_t *out, size_t room, const char *hex)
{
    size_t size = strlen(hex) / 2;
    if (strlen(hex) % 2 != 0 || size > room)
        errx(1, "hexadecimal text of a wrong length");
    for (size_t i = 0; i < size; i++)
        out[i] = (uint8_t)(hex_digit(hex[2 * i]) << 4 | hex_digit(hex[2 * i + 1]));
    return size;
}

void support_hex(char *out, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
    out[2 * size] = '\0';
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *ftw)
{
    (void)info, (void)type, (void)ftw;
    return remove(path);
}

static char directory[64];
#define DIRECTORY_NAME "/elig-test-XXXXXX"
#define TOP_MAX        50 /* names of sockets in it must fit, too */
static pid_t directory_owner;

static void remove_directory(void)
{
    if (getpid() == directory_owner)
        nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *support_directory(void)
{
    if (directory_owner != getpid()) {
        const char *top = getenv("TMPDIR"); /* whose owner removes what failing tests leave */
        bool fits = top != NULL && top[0] != 0 && strlen(top) + sizeof(DIRECTORY_NAME) < TOP_MAX;
        snprintf(directory, sizeof(directory), "%s" DIRECTORY_NAME, fits ? top : "/tmp");
        if (mkdtemp(directory) == NULL)
            err(1, "%s", directory);
        directory_owner = getpid();
        atexit(remove_directory);
    }
    return directory;
}

const char *support_path(const char *relative)
{
    static char path[4096];
    const char *top = getenv("ELIG_TOP");
    snprintf(path, sizeof(path), "%s/%s", top != NULL ? top : ".", relative);
    return path;
}

void support_write_file(const char *path, const void *bytes, size_t size, unsigned mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size || fchmod(fd, mode) != 0 ||
        close(fd) != 0)
        err(1, "%s", path);
}

uint64_t support_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint64_t support_rounds(uint64_t all)
{
    const char *text = getenv("ROUNDS_SHARE");
    uint64_t share = text != NULL ? strtoull(text, NULL, 10) : 1;
    return share > 1 ? all / share + (all < share) : all;
}

void support_check_fault_text(const char *text, const uint8_t *data, size_t size)
{
    char *next;
    assert(strncmp(text, "t:", 2) == 0);
    unsigned long line = strtoul(text + 2, &next, 10);
    assert(*next == ':');
    unsigned long column = strtoul(next + 1, &next, 10);
    assert(strncmp(next, ": ", 2) == 0 && next[2] != '\0');
    for (const char *c = text; *c != '\0'; c++)
        assert((uint8_t)*c >= ' ' && *c != 0x7f);

    const uint8_t *begin = data, *end = data + size;
    while (--line > 0) {
        begin = memchr(begin, '\n', (size_t)(end - begin));
        assert(begin != NULL);
        begin++;
    }
    const uint8_t *line_end = memchr(begin, '\n', (size_t)(end - begin));
    size_t line_size = (size_t)((line_end != NULL ? line_end : end) - begin);
    assert(column >= 1 && column <= line_size + 1);
}
