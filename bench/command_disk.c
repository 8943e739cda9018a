#include "bench/commands.h"

#include "bench/histogram.h"
#include "bench/take.h"
#include "protocol/commands.h"
#include "protocol/json.h"
#include "protocol/options.h"
#include "protocol/progress.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PROGRAM        "eligbench disk" /* in front of what is said on stderr */
#define FILE_NAME      "eligbench.disk"
#define FILE_SIZE      16777216 /* written before it is measured, so that no block is new */
#define BLOCK_SIZE_MAX 1048576
#define PATH_SIZE      4096

struct settings {
    uint64_t measure_ms, size;
    bool is_json;
};

#define FIELD(name) offsetof(struct settings, name)
static const struct option_row rows[] = {
    {"measure-ms", OPTION_NUMBER, FIELD(measure_ms), "MS", "2000", 1, 86400000, "time measured"},
    {"size", OPTION_NUMBER, FIELD(size), "BYTES", "4096", 1, BLOCK_SIZE_MAX, "written each time"},
    {"json", OPTION_FLAG, FIELD(is_json), NULL, NULL, 0, 0, "print JSON"},
};
static const struct option_table table = {
    .usage = "eligbench disk [options] FOLDER",
    .about = "Measures one pwrite and one fdatasync after the other, in a file of its own.",
    .rows = rows,
    .row_count = sizeof(rows) / sizeof(rows[0]),
    .operands_least = 1,
    .operands_most = 1,
    .footer = "What a ledger on that device cannot be faster than: the reference for ratios.\n"
              "Exit status: 0 measured, 2 wrong usage, 3 could not be written.",
};

static bool write_at(int fd, const char *path, const uint8_t *bytes, size_t size, off_t at,
                     struct fault *fault)
{
    ssize_t written;
    do
        written = pwrite(fd, bytes, size, at);
    while (written < 0 && errno == EINTR);
    if (written == (ssize_t)size)
        return true;
    return fault_set(fault, "%s: %s", path, written < 0 ? strerror(errno) : "was cut short");
}

static bool fill(int fd, const char *path, const uint8_t *bytes, size_t size, struct fault *fault)
{
    for (off_t at = 0; at < FILE_SIZE; at += (off_t)size)
        if (!write_at(fd, path, bytes, size, at, fault))
            return false;
    return fsync(fd) == 0 || fault_set(fault, "%s: %s", path, strerror(errno));
}

static bool measure(struct histogram *latency, int fd, const char *path,
                    const struct settings *settings, struct fault *fault)
{
    uint8_t *bytes = take(settings->size, 1);
    bool is_fine = fill(fd, path, bytes, settings->size, fault);
    uint64_t now_ns = clock_monotonic_ns();
    uint64_t end_ns = now_ns + settings->measure_ms * (NS_PER_S / 1000);
    for (uint64_t i = 0; is_fine && now_ns < end_ns; i++) {
        uint64_t before_ns = clock_monotonic_ns();
        memset(bytes, (int)(i & 0xff), settings->size);
        is_fine = write_at(fd, path, bytes, settings->size,
                           (off_t)(i % (FILE_SIZE / settings->size) * settings->size), fault) &&
                  (fdatasync(fd) == 0 || fault_set(fault, "%s: %s", path, strerror(errno)));
        now_ns = clock_monotonic_ns();
        histogram_add(latency, now_ns - before_ns);
    }
    free(bytes);
    return is_fine;
}

static void tell(const struct histogram *latency, const struct settings *settings)
{
    uint64_t p50 = histogram_at(latency, 500000), p99 = histogram_at(latency, 990000);
    if (!settings->is_json) {
        printf("%llu times %llu bytes and fdatasync: p50 %.1f us, p99 %.1f us, max %.1f us\n",
               (unsigned long long)latency->count, (unsigned long long)settings->size,
               (double)p50 / 1000, (double)p99 / 1000, (double)latency->most_ns / 1000);
        return;
    }
    struct json json;
    json_start(&json, stdout);
    json_open_object(&json, NULL);
    json_number(&json, "count", latency->count);
    json_number(&json, "bytes", settings->size);
    json_number(&json, "p50", p50);
    json_number(&json, "p99", p99);
    json_number(&json, "max", latency->most_ns);
    json_close_object(&json);
    json_end(&json);
}

int command_disk(int argc, char *argv[])
{
    static struct histogram latency;
    struct settings settings;
    struct operands operands;
    struct fault fault;
    char path[PATH_SIZE];
    options_read(&table, &settings, &operands, argc, argv);
    snprintf(path, sizeof(path), "%s/" FILE_NAME, operands.words[0]);
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        fault_set(&fault, "%s: cannot make it: %s", path, strerror(errno));
        return command_fail(PROGRAM, EXIT_FAILED, &fault);
    }
    bool is_fine = measure(&latency, fd, path, &settings, &fault);
    close(fd);
    unlink(path);
    if (!is_fine)
        return command_fail(PROGRAM, EXIT_FAILED, &fault);
    tell(&latency, &settings);
    return command_finish(PROGRAM, EXIT_YES);
}
