#include "bench/commands.h"

#include "bench/report.h"
#include "protocol/commands.h"
#include "protocol/options.h"
#include "protocol/replace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PROGRAM "eligbench report" /* in front of what is said on stderr */

struct settings {
    const char *html;
    bool is_json;
};

#define FIELD(name) offsetof(struct settings, name)
static const struct option_row rows[] = {
    {"html", OPTION_TEXT, FIELD(html), "FILE", NULL, 0, 0,
     "write a page as well, which needs no other file and no network"},
    {"json", OPTION_FLAG, FIELD(is_json), NULL, NULL, 0, 0, "print JSON"},
};
static const struct option_table table = {
    .usage = "eligbench report [options] MEASURES",
    .about = "Makes tables, and a page with charts, of a file of measures.",
    .rows = rows,
    .row_count = sizeof(rows) / sizeof(rows[0]),
    .operands_least = 1,
    .operands_most = 1,
    .footer = "Exit status: 0 made, 2 wrong usage, 3 could not be read or written.",
};

/* The page is made in memory, and takes its name when it is whole. */
static bool write_page(const char *path, const struct measures *measures, struct fault *fault)
{
    char *text = NULL;
    size_t size = 0;
    struct replacing replacing;
    FILE *memory = open_memstream(&text, &size);
    if (memory == NULL)
        return fault_set(fault, "%s: %s", path, strerror(errno));
    report_write(memory, PAGE_HTML, measures);
    bool is_made = ferror(memory) == 0;
    if (fclose(memory) != 0 || !is_made) {
        free(text);
        return fault_set(fault, "%s: out of memory", path);
    }
    bool is_written = replace_begin(&replacing, path, fault);
    if (is_written) {
        is_written = replace_commit(&replacing, text, size, NULL, fault);
        replace_end(&replacing);
    }
    free(text);
    return is_written;
}

int command_report(int argc, char *argv[])
{
    struct settings settings;
    struct operands operands;
    struct measures measures;
    struct fault fault;
    options_read(&table, &settings, &operands, argc, argv);
    if (!measures_read(&measures, operands.words[0], &fault))
        return command_fail(PROGRAM, EXIT_FAILED, &fault);
    bool is_written = settings.html == NULL || write_page(settings.html, &measures, &fault);
    if (is_written)
        report_write(stdout, settings.is_json ? PAGE_JSON : PAGE_TEXT, &measures);
    measures_free(&measures);
    return is_written ? command_finish(PROGRAM, EXIT_YES)
                      : command_fail(PROGRAM, EXIT_FAILED, &fault);
}
