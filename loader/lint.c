#include "loader/lint.h"

#include "loader/lint_checks.h"
#include "loader/memory.h"
#include "protocol/json.h"
#include "protocol/progress.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define SOURCE_LINE_MAX 4096 /* bytes of a line of a rules file; more are another line to us */

static const struct {
    const char *name, *why, *advice;
} warnings[] = {
#define WARNING_ROW(name, text, why, advice) [WARNING_##name] = {text, why, advice},
    WARNING_LIST(WARNING_ROW)
#undef WARNING_ROW
};

const char *warning_name(enum warning warning)
{
    return warnings[warning].name;
}

const char *warning_why(enum warning warning)
{
    return warnings[warning].why;
}

const char *warning_advice(enum warning warning)
{
    return warnings[warning].advice;
}

/* ---- what the checks share ---- */

const char *lint_day(char text[static DAY_TEXT_SIZE], uint32_t day)
{
    day_to_text(text, (int32_t)day);
    return text;
}

bool lint_is_alive(const struct lint_run *run, const struct rule_version *version)
{
    return version->state != VERSION_CLOSED && version->until_day > run->in->window.from_day &&
           version->until_day > version->from_day;
}

static struct lint_finding *add(const struct lint_run *run, enum warning warning)
{
    struct lint *out = run->out;
    out->list = memory_room(out->list, &out->room, out->count + 1, sizeof(out->list[0]));
    out->counts[warning]++;
    out->list[out->count] = (struct lint_finding){.warning = warning};
    return &out->list[out->count++];
}

void lint_at(const struct lint_run *run, enum warning warning, struct line_in_rules at,
             const char *format, ...)
{
    struct lint_finding *finding = add(run, warning);
    finding->order = at.file;
    finding->line = at.line;
    if (at.line > 0)
        rules_line_text(finding->where, run->rules, at);
    else
        snprintf(finding->where, sizeof(finding->where), "%s", run->in->path);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(finding->text, sizeof(finding->text), format, arguments);
    va_end(arguments);
}

void lint_at_row(const struct lint_run *run, enum warning warning, enum trade_table table,
                 uint32_t line, const char *format, ...)
{
    struct lint_finding *finding = add(run, warning);
    finding->order = RULES_FILE_COUNT_MAX + (uint32_t)table;
    finding->line = line;
    snprintf(finding->where, sizeof(finding->where), "%s/%s:%" PRIu32, run->in->path,
             trade_file_name(table), line);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(finding->text, sizeof(finding->text), format, arguments);
    va_end(arguments);
}

/* Whether the line's first two words are these. */
static bool line_defines(const char *line, const char *word, const char *name)
{
    static const char blanks[] = " \t";
    line += strspn(line, blanks);
    size_t size = strlen(word);
    if (strncmp(line, word, size) != 0 || strspn(line + size, blanks) == 0)
        return false;
    line += size + strspn(line + size, blanks);
    size = strlen(name);
    return strncmp(line, name, size) == 0 && strchr(" \t=\r\n", line[size]) != NULL;
}

static uint32_t find_line(const char *path, const char *word, const char *name)
{
    char line[SOURCE_LINE_MAX];
    FILE *file = fopen(path, "re");
    uint32_t number = 0, found = 0;
    while (found == 0 && file != NULL && fgets(line, sizeof(line), file) != NULL) {
        number++;
        if (line_defines(line, word, name))
            found = number;
    }
    if (file != NULL)
        fclose(file);
    return found;
}

struct line_in_rules lint_find(const struct lint_run *run, const char *word, const char *name)
{
    for (uint32_t i = 0; i < run->rules->file_count; i++) {
        uint32_t line = find_line(run->rules->files[i], word, name);
        if (line > 0)
            return (struct line_in_rules){.file = (uint16_t)i, .line = line};
    }
    return (struct line_in_rules){0};
}

/* ---- all of it ---- */

static int compare_findings(const void *left, const void *right)
{
    const struct lint_finding *a = left, *b = right;
    if (a->order != b->order)
        return a->order < b->order ? -1 : 1;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    if (a->warning != b->warning)
        return a->warning < b->warning ? -1 : 1;
    return strcmp(a->text, b->text);
}

void lint_check(struct lint *out, const struct lint_input *in)
{
    static void (*const checks[])(const struct lint_run *run) = {
        lint_clauses, lint_reliefs,    lint_limits, lint_groups,    lint_calendars, lint_splits,
        lint_names,   lint_extensions, lint_points, lint_terminals, lint_contracts, lint_products};
    const size_t check_count = sizeof(checks) / sizeof(checks[0]);
    *out = (struct lint){0};
    struct lint_run run = {.in = in,
                           .rules = in->catalogue->rules,
                           .trade = &in->catalogue->trade,
                           .logic = logic_begin(in->catalogue->rules),
                           .out = out};
    struct progress progress;
    progress_start(&progress, "checking", "checks", check_count, in->is_quiet);
    for (size_t i = 0; i < check_count; i++) {
        checks[i](&run);
        progress_set(&progress, i + 1);
    }
    progress_end(&progress);
    logic_end(run.logic);
    if (out->count > 0)
        qsort(out->list, out->count, sizeof(out->list[0]), compare_findings);
}

void lint_free(struct lint *lint)
{
    free(lint->list);
    *lint = (struct lint){0};
}

/* ---- telling ---- */

static void print_summary(const struct lint *lint, const struct lint_input *in, FILE *to)
{
    const struct rules *rules = in->catalogue->rules;
    if (lint->count == 0)
        fprintf(to, "no warnings");
    else
        fprintf(to, "%zu warning%s", lint->count, lint->count == 1 ? "" : "s");
    fprintf(to,
            ": %" PRIu32 " groups, %" PRIu32 " reliefs, %" PRIu32 " clauses, %" PRIu32
            " contracts, %" PRIu32 " points of sale; from %s until %s\n",
            rules->group_count - 1, rules->relief_count - 1, rules->clause_count - 1,
            in->catalogue->trade.contract_count, in->catalogue->trade.point_count,
            LINT_DAY(in->window.from_day), LINT_DAY(in->window.until_day));
}

/* Why and what to do stand below the first of those of one kind that follow each other. */
void lint_print(const struct lint *lint, const struct lint_input *in, FILE *to)
{
    size_t shown[WARNING_COUNT] = {0};
    enum warning before = WARNING_COUNT;
    for (size_t i = 0; i < lint->count; i++) {
        const struct lint_finding *finding = &lint->list[i];
        if (shown[finding->warning]++ >= LINT_SHOWN_MAX)
            continue;
        fprintf(to, "%s: %s [%s]\n", finding->where, finding->text, warning_name(finding->warning));
        if (finding->warning != before)
            fprintf(to, "  why: %s\n  do:  %s\n", warning_why(finding->warning),
                    warning_advice(finding->warning));
        before = finding->warning;
    }
    for (size_t i = 0; i < WARNING_COUNT; i++)
        if (shown[i] > LINT_SHOWN_MAX)
            fprintf(to, "%zu more [%s]: --json tells all\n", shown[i] - LINT_SHOWN_MAX,
                    warning_name((enum warning)i));
    print_summary(lint, in, to);
}

static void json_finding(struct json *json, const struct lint_finding *finding)
{
    const char *line = strrchr(finding->where, ':');
    char file[RULES_LINE_SIZE];
    int size = finding->line > 0 && line != NULL ? (int)(line - finding->where)
                                                 : (int)strlen(finding->where);
    snprintf(file, sizeof(file), "%.*s", size, finding->where);
    json_open_object(json, NULL);
    json_text(json, "warning", warning_name(finding->warning));
    json_text(json, "file", file);
    json_number(json, "line", finding->line);
    json_text(json, "text", finding->text);
    json_text(json, "why", warning_why(finding->warning));
    json_text(json, "advice", warning_advice(finding->warning));
    json_close_object(json);
}

void lint_print_json(const struct lint *lint, const struct lint_input *in, FILE *to)
{
    struct json json;
    json_start(&json, to);
    json_open_object(&json, NULL);
    json_day(&json, "as_of", in->as_of_day);
    json_day(&json, "from", in->window.from_day);
    json_day(&json, "until", in->window.until_day);
    json_number(&json, "groups", in->catalogue->rules->group_count - 1);
    json_number(&json, "reliefs", in->catalogue->rules->relief_count - 1);
    json_number(&json, "clauses", in->catalogue->rules->clause_count - 1);
    json_number(&json, "contracts", in->catalogue->trade.contract_count);
    json_number(&json, "points_of_sale", in->catalogue->trade.point_count);
    json_number(&json, "count", lint->count);
    json_open_array(&json, "warnings");
    for (size_t i = 0; i < lint->count; i++)
        json_finding(&json, &lint->list[i]);
    json_close_array(&json);
    json_close_object(&json);
    json_end(&json);
}
