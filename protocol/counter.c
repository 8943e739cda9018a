#include "protocol/counter.h"

#include "protocol/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define COUNTER_WHAT      "elig-counter-v1 "
#define COUNTER_TEXT_SIZE 64
#define COUNTER_DIGITS    20 /* of the greatest number */

/* One line and nothing else. */
static bool parse(uint64_t *out, const char *text, size_t size)
{
    size_t at = strlen(COUNTER_WHAT);
    uint64_t number = 0;
    if (size < at + 2 || size > at + COUNTER_DIGITS + 1 || memcmp(text, COUNTER_WHAT, at) != 0 ||
        text[size - 1] != '\n')
        return false;
    for (; at < size - 1; at++) {
        uint64_t digit = (uint64_t)(text[at] - '0');
        if (text[at] < '0' || text[at] > '9' || number > (UINT64_MAX - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    *out = number;
    return true;
}

/* Milliseconds since 1970. */
static uint64_t clock_number(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* The number in the file; `had` says whether there is one. */
static bool read_number(uint64_t *out, struct stat *like, bool *had, const char *path,
                        struct fault *fault)
{
    char text[COUNTER_TEXT_SIZE];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    *had = fd >= 0;
    if (fd < 0 && errno == ENOENT) {
        *out = clock_number();
        return true;
    }
    if (fd < 0 && errno == ELOOP) /* the new file would take its place, not that of what it names */
        return fault_set(fault, "a symbolic link; name the counter file itself");
    if (fd < 0)
        return fault_set(fault, "%s", strerror(errno));
    ssize_t size = read(fd, text, sizeof(text));
    bool is_read = size >= 0 && fstat(fd, like) == 0;
    int why = errno;
    close(fd);
    if (!is_read)
        return fault_set(fault, "%s", strerror(why));
    if (!parse(out, text, (size_t)size))
        return fault_set(fault,
                         "wanted one line \"%sNUMBER\", found something else; where the number is "
                         "lost, remove the file: the next one begins above it",
                         COUNTER_WHAT);
    if (*out == UINT64_MAX)
        return fault_set(fault, "no greater number is left");
    return true;
}

static bool count_up(uint64_t *out, const struct replacing *replacing, const char *path,
                     struct fault *fault)
{
    struct stat like;
    char text[COUNTER_TEXT_SIZE];
    uint64_t number;
    bool had;
    if (!read_number(&number, &like, &had, path, fault))
        return false;
    int size = snprintf(text, sizeof(text), COUNTER_WHAT "%" PRIu64 "\n", number + 1);
    if (!replace_commit(replacing, text, (size_t)size, had ? &like : NULL, fault))
        return false;
    *out = number + 1;
    return true;
}

bool counter_next(uint64_t *out, const char *path, struct fault *fault)
{
    struct replacing replacing;
    if (!replace_begin(&replacing, path, fault))
        return false;
    bool is_good = count_up(out, &replacing, path, fault);
    replace_end(&replacing);
    return is_good || fault_at(fault, path);
}
