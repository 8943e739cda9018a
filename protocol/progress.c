#include "protocol/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define REPAINT_NS UINT64_C(100000000)
/* Without a terminal and without a total: one line this often. */
#define PLAIN_LINE_NS (10 * NS_PER_S)
#define BAR_WIDTH     16
#define LINE_SIZE     256
#define SHORT_SIZE    32

uint64_t clock_monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

uint64_t clock_wall_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec;
}

const char *count_to_text(char text[static COUNT_TEXT_SIZE], uint64_t count)
{
    char digits[COUNT_TEXT_SIZE], *out = text;
    int digit_count = snprintf(digits, sizeof(digits), "%" PRIu64, count);
    for (int i = 0; i < digit_count; i++) {
        if (i > 0 && (digit_count - i) % 3 == 0)
            *out++ = ',';
        *out++ = digits[i];
    }
    *out = '\0';
    return text;
}

static const char *time_text(char text[static SHORT_SIZE], double seconds)
{
    uint64_t whole = seconds < 0 || seconds > 1e9 ? 0 : (uint64_t)seconds;
    if (seconds < 10)
        snprintf(text, SHORT_SIZE, "%.1f s", seconds);
    else if (whole < 120)
        snprintf(text, SHORT_SIZE, "%" PRIu64 " s", whole);
    else if (whole < 7200)
        snprintf(text, SHORT_SIZE, "%" PRIu64 " min %" PRIu64 " s", whole / 60, whole % 60);
    else
        snprintf(text, SHORT_SIZE, "%" PRIu64 " h %" PRIu64 " min", whole / 3600,
                 whole % 3600 / 60);
    return text;
}

static double seconds_since(uint64_t start_ns, uint64_t now_ns)
{
    return (double)(now_ns - start_ns) / (double)NS_PER_S;
}

static uint64_t rate(uint64_t done, double seconds)
{
    /* Under a millisecond a rate is noise. */
    return seconds < 0.001 ? 0 : (uint64_t)((double)done / seconds);
}

static double share(const struct progress *progress)
{
    if (progress->total == 0)
        return 0;
    double done = (double)progress->done / (double)progress->total;
    return done > 1 ? 1 : done;
}

static size_t terminal_width(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return 80;
    return size.ws_col;
}

static void describe(const struct progress *progress, char line[static LINE_SIZE], uint64_t now_ns)
{
    char done[COUNT_TEXT_SIZE], speed[COUNT_TEXT_SIZE], left[SHORT_SIZE];
    double seconds = seconds_since(progress->start_ns, now_ns);
    count_to_text(done, progress->done);
    count_to_text(speed, rate(progress->done, seconds));
    if (progress->total == 0) {
        snprintf(line, LINE_SIZE, "%s: %s %s, %s/s", progress->what, done, progress->unit, speed);
        return;
    }
    double part = share(progress);
    time_text(left, part > 0 ? seconds * (1 - part) / part : 0);
    snprintf(line, LINE_SIZE, "%s: %3.0f %%  %s %s, %s/s, %s left", progress->what, part * 100,
             done, progress->unit, speed, left);
}

static void paint(const struct progress *progress, uint64_t now_ns)
{
    char line[LINE_SIZE], bar[BAR_WIDTH + 4] = "";
    describe(progress, line, now_ns);
    if (progress->total > 0) {
        size_t full = (size_t)(share(progress) * BAR_WIDTH);
        snprintf(bar, sizeof(bar), "[%-*s] ", BAR_WIDTH, "");
        memset(bar + 1, '#', full);
    }
    /* Cut to one line: a wrapped line cannot be painted over. */
    size_t width = terminal_width() - 1;
    size_t bar_width = strlen(bar) < width / 2 ? strlen(bar) : 0;
    fprintf(stderr, "\r%.*s%.*s\033[K", (int)bar_width, bar, (int)(width - bar_width), line);
    fflush(stderr);
}

void progress_start(struct progress *progress, const char *what, const char *unit, uint64_t total,
                    bool is_quiet)
{
    const char *term = getenv("TERM");
    *progress = (struct progress){
        .what = what,
        .unit = unit,
        .total = total,
        .start_ns = clock_monotonic_ns(),
        .is_terminal = isatty(STDERR_FILENO) == 1 && term != NULL && strcmp(term, "dumb") != 0,
        .is_quiet = is_quiet,
    };
    progress->shown_ns = progress->start_ns;
}

static void say_line(struct progress *progress, uint64_t now_ns)
{
    char line[LINE_SIZE];
    describe(progress, line, now_ns);
    fprintf(stderr, "%s\n", line);
    progress->shown_ns = now_ns;
}

/* A log gets a line for each ten percent, and none from work of under a second. */
static void set_plain(struct progress *progress, uint64_t now_ns)
{
    uint32_t tenths = (uint32_t)(share(progress) * 10);
    bool is_due = progress->total == 0 ? now_ns - progress->shown_ns >= PLAIN_LINE_NS
                                       : tenths > progress->tenths_shown && tenths < 10;
    if (!is_due || now_ns - progress->start_ns < NS_PER_S)
        return;
    progress->tenths_shown = tenths;
    say_line(progress, now_ns);
}

void progress_set(struct progress *progress, uint64_t done)
{
    progress->done = done;
    if (progress->is_quiet)
        return;
    uint64_t now_ns = clock_monotonic_ns();
    if (!progress->is_terminal) {
        set_plain(progress, now_ns);
    } else if (now_ns - progress->shown_ns >= REPAINT_NS) {
        paint(progress, now_ns);
        progress->shown_ns = now_ns;
    }
}

void progress_end(struct progress *progress)
{
    uint64_t now_ns = clock_monotonic_ns();
    if (progress->is_quiet || (!progress->is_terminal && now_ns - progress->start_ns < NS_PER_S))
        return;
    char done[COUNT_TEXT_SIZE], took[SHORT_SIZE], speed[COUNT_TEXT_SIZE];
    double seconds = seconds_since(progress->start_ns, now_ns);
    count_to_text(done, progress->done);
    time_text(took, seconds);
    count_to_text(speed, rate(progress->done, seconds));
    fprintf(stderr, "%s%s: %s %s in %s, %s/s%s\n", progress->is_terminal ? "\r" : "",
            progress->what, done, progress->unit, took, speed,
            progress->is_terminal ? "\033[K" : "");
}
