#include "protocol/options.h"

#include "protocol/day.h"
#include "protocol/nearest.h"
#include "protocol/progress.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAX       64
#define NAME_SIZE      64
#define NAMES_MAX      (ROWS_MAX + 2)
#define HELP_WIDTH     80
#define HELP_INDENT    27
#define HELP_SIZE      1024
#define FILE_LINE_SIZE 4096
#define FILE_LINES_MAX 1000

static const char CONFIG_NAME[] = "config";

/* ---- values ---- */

static void *field_of(const struct option_row *row, void *settings)
{
    return (char *)settings + row->offset;
}

static bool read_number(const struct option_row *row, uint64_t *out, const char *text,
                        struct fault *fault)
{
    uint64_t value = 0;
    bool is_good = *text != '\0';
    for (const char *p = text; is_good && *p != '\0'; p++) {
        if (*p < '0' || *p > '9' || value > (UINT64_MAX - (uint64_t)(*p - '0')) / 10)
            is_good = false;
        else
            value = value * 10 + (uint64_t)(*p - '0');
    }
    if (!is_good || value < row->least || value > row->most)
        return fault_set(fault, "want a number from %" PRIu64 " to %" PRIu64 ", found \"%.60s\"",
                         row->least, row->most, text);
    *out = value;
    return true;
}

static bool read_day(uint32_t *out, const char *text, struct fault *fault)
{
    int32_t day;
    if (strcmp(text, "today") == 0) {
        *out = riga_day_of_time(clock_wall_s());
        return true;
    }
    if (!day_of_text(&day, text, strlen(text)) || day <= 0) /* 0 is what is not given */
        return fault_set(fault, "want a date like 2026-11-23, or today, found \"%.60s\"", text);
    *out = (uint32_t)day;
    return true;
}

static bool read_flag(bool *out, const char *text, struct fault *fault)
{
    bool is_yes = strcmp(text, "yes") == 0;
    if (!is_yes && strcmp(text, "no") != 0)
        return fault_set(fault, "want yes or no, found \"%.60s\"", text);
    *out = is_yes;
    return true;
}

/* `text` must live as long as the settings. */
static bool read_value(const struct option_row *row, void *settings, const char *text,
                       struct fault *fault)
{
    void *field = field_of(row, settings);
    switch (row->type) {
    case OPTION_FLAG:
        return read_flag(field, text, fault);
    case OPTION_NUMBER:
        return read_number(row, field, text, fault);
    case OPTION_TEXT:
        if (*text == '\0')
            return fault_set(fault, "want %s, found nothing", row->argument);
        *(const char **)field = text;
        return true;
    case OPTION_DAY:
        return read_day(field, text, fault);
    }
    abort(); /* not a type: memory was overwritten */
}

static void set_nothing(const struct option_row *row, void *settings)
{
    void *field = field_of(row, settings);
    switch (row->type) {
    case OPTION_FLAG:
        *(bool *)field = false;
        return;
    case OPTION_NUMBER:
        *(uint64_t *)field = 0;
        return;
    case OPTION_TEXT:
        *(const char **)field = NULL;
        return;
    case OPTION_DAY:
        *(uint32_t *)field = 0;
        return;
    }
    abort(); /* not a type: memory was overwritten */
}

void options_initial(const struct option_table *table, void *settings)
{
    assert(table->row_count <= ROWS_MAX);
    for (size_t i = 0; i < table->row_count; i++) {
        const struct option_row *row = &table->rows[i];
        struct fault fault;
        set_nothing(row, settings);
        bool is_good = row->initial == NULL || read_value(row, settings, row->initial, &fault);
        assert(is_good); /* the table contradicts itself */
    }
}

/* ---- names ---- */

static const struct option_row *find_row(const struct option_table *table, const char *name,
                                         size_t name_size)
{
    for (size_t i = 0; i < table->row_count; i++) {
        const struct option_row *row = &table->rows[i];
        if (strlen(row->name) == name_size && memcmp(row->name, name, name_size) == 0)
            return row;
    }
    return NULL;
}

/* config, check-config, dump-config: what is done with files has no place in one. */
static bool is_about_files(const struct option_row *row)
{
    size_t size = strlen(row->name), tail = strlen(CONFIG_NAME);
    return size >= tail && strcmp(row->name + size - tail, CONFIG_NAME) == 0;
}

static const char *nearest_option(const struct option_table *table, const char *word)
{
    const char *names[NAMES_MAX] = {"help", "version"};
    for (size_t i = 0; i < table->row_count; i++)
        names[i + 2] = table->rows[i].name;
    return nearest_word(word, names, table->row_count + 2);
}

/* The leading words of "eligbench country [options] DIR" that are the program and its command. */
static int program_size(const struct option_table *table)
{
    size_t size = 0;
    for (;;) {
        const char *from = table->usage + size;
        size_t word = *from == '-' ? 0 : strspn(from, "abcdefghijklmnopqrstuvwxyz0123456789-");
        char next = table->usage[size + word];
        if (word == 0 || (next != ' ' && next != '\0'))
            break;
        size += word + (next == ' ');
        if (next == '\0')
            break;
    }
    return (int)(size > 0 && table->usage[size - 1] == ' ' ? size - 1 : size);
}

/* ---- help ---- */

/* Writes `text` wrapped; the first line is at column `indent` already, the others begin there. */
static void write_wrapped(FILE *to, const char *text, int indent)
{
    int column = indent;
    while (*text != '\0') {
        int size = (int)strcspn(text, " ");
        if (column > indent && column + 1 + size > HELP_WIDTH) {
            fprintf(to, "\n%*s", indent, "");
            column = indent;
        } else if (column > indent) {
            fputc(' ', to);
            column++;
        }
        fprintf(to, "%.*s", size, text);
        column += size;
        text += size;
        text += strspn(text, " ");
    }
    fputc('\n', to);
}

static void write_help_line(FILE *to, const char *name, const char *argument, const char *help)
{
    int column = fprintf(to, "  --%s%s%s", name, argument != NULL ? " " : "",
                         argument != NULL ? argument : "");
    if (column > HELP_INDENT - 2) {
        fputc('\n', to);
        column = 0;
    }
    fprintf(to, "%*s", HELP_INDENT - column, "");
    write_wrapped(to, help, HELP_INDENT);
}

/* The help of a row with what it is when not given. */
static const char *full_help(const struct option_row *row, char *text, size_t text_size)
{
    if (row->initial == NULL || row->type == OPTION_FLAG)
        snprintf(text, text_size, "%s", row->help);
    else
        snprintf(text, text_size, "%s (%s)", row->help, row->initial);
    return text;
}

static void write_help(const struct option_table *table, FILE *to)
{
    char text[HELP_SIZE];
    fprintf(to, "usage: %s\n", table->usage);
    write_wrapped(to, table->about, 0);
    fputc('\n', to);
    for (size_t i = 0; i < table->row_count; i++) {
        const struct option_row *row = &table->rows[i];
        write_help_line(to, row->name, row->argument, full_help(row, text, sizeof(text)));
    }
    write_help_line(to, "help", NULL, "print this and exit");
    write_help_line(to, "version", NULL, "print the version and exit");
    if (table->footer != NULL)
        fprintf(to, "\n%s\n", table->footer);
}

/* Text for mdoc: every sentence on a line of its own, nothing taken for a macro. */
static void write_mdoc_text(FILE *to, const char *text)
{
    bool is_line_start = true;
    for (const char *p = text; *p != '\0'; p++) {
        if (is_line_start && (*p == '.' || *p == '\''))
            fputs("\\&", to);
        is_line_start = false;
        if (*p == '\\') {
            fputs("\\e", to);
        } else if (*p == ' ' && p > text && p[-1] == '.') {
            fputc('\n', to);
            is_line_start = true;
        } else {
            fputc(*p, to);
        }
    }
    fputc('\n', to);
}

void options_mdoc_sentence(const char *text, FILE *to)
{
    char sentence[HELP_SIZE];
    snprintf(sentence, sizeof(sentence) - 1, "%s", text);
    sentence[0] = (char)toupper((unsigned char)sentence[0]);
    size_t size = strlen(sentence);
    if (size > 0 && strchr(".:!?", sentence[size - 1]) == NULL)
        memcpy(sentence + size, ".", 2);
    write_mdoc_text(to, sentence);
}

/* The OPTIONS section of the man page. */
static void write_mdoc(const struct option_table *table, FILE *to)
{
    fputs(".Bl -tag -width Ds\n", to);
    for (size_t i = 0; i < table->row_count; i++) {
        const struct option_row *row = &table->rows[i];
        fprintf(to, ".It Fl -%s%s%s\n", row->name, row->argument != NULL ? " Ar " : "",
                row->argument != NULL ? row->argument : "");
        options_mdoc_sentence(row->help, to);
        if (row->type == OPTION_NUMBER)
            fprintf(to, "From %" PRIu64 " to %" PRIu64 ".\n", row->least, row->most);
        if (row->initial != NULL && row->type != OPTION_FLAG)
            fprintf(to, "The default is\n.Ql %s .\n", row->initial);
    }
    fputs(".It Fl -help\nPrint the options and exit.\n"
          ".It Fl -version\nPrint the version and exit.\n.El\n",
          to);
}

void options_dump(const struct option_table *table, const void *settings, FILE *to)
{
    for (size_t i = 0; i < table->row_count; i++) {
        const struct option_row *row = &table->rows[i];
        const void *field = (const char *)settings + row->offset;
        char day[DAY_TEXT_SIZE];
        if (is_about_files(row))
            continue;
        switch (row->type) {
        case OPTION_FLAG:
            fprintf(to, "%s %s\n", row->name, *(const bool *)field ? "yes" : "no");
            break;
        case OPTION_NUMBER:
            fprintf(to, "%s %" PRIu64 "\n", row->name, *(const uint64_t *)field);
            break;
        case OPTION_TEXT:
            if (*(const char *const *)field != NULL)
                fprintf(to, "%s %s\n", row->name, *(const char *const *)field);
            else
                fprintf(to, "# %s\n", row->name);
            break;
        case OPTION_DAY:
            day_to_text(day, (int32_t) * (const uint32_t *)field);
            fprintf(to, "%s %s\n", row->name, day);
            break;
        }
    }
}

/* ---- configuration file ---- */

/* Texts from files live as long as the program; the list keeps them in reach. */
struct kept_text {
    struct kept_text *next;
    char text[];
};
static struct kept_text *kept_texts;

static const char *keep_text(const char *text)
{
    size_t size = strlen(text) + 1;
    struct kept_text *kept = malloc(sizeof(*kept) + size);
    if (kept == NULL)
        abort(); /* a few bytes at start */
    memcpy(kept->text, text, size);
    kept->next = kept_texts;
    kept_texts = kept;
    return kept->text;
}

/* Options given so far, by their place in the table. */
struct given {
    bool rows[ROWS_MAX];
};

static bool unknown_name(const struct option_table *table, const char *name, struct fault *fault)
{
    const char *nearest = nearest_option(table, name);
    if (nearest == NULL)
        return fault_set(fault, "no option is called \"%.60s\"", name);
    if (strcmp(nearest, name) == 0) /* help, version */
        return fault_set(fault, "%s is for the command line only", name);
    return fault_set(fault, "no option is called \"%.60s\"; did you mean %s?", name, nearest);
}

/* One line without its line feed; `column` is where a fault is. */
static bool read_line(const struct option_table *table, void *settings, char *line,
                      struct given *given, size_t *column, struct fault *fault)
{
    char *name = line + strspn(line, " \t");
    *column = (size_t)(name - line) + 1;
    if (*name == '\0' || *name == '#')
        return true;
    size_t name_size = strcspn(name, " \t");
    char *value = name + name_size + strspn(name + name_size, " \t");
    size_t value_size = strlen(value);
    while (value_size > 0 && isspace((unsigned char)value[value_size - 1]))
        value[--value_size] = '\0';
    name[name_size] = '\0';

    const struct option_row *row = find_row(table, name, name_size);
    if (row == NULL)
        return unknown_name(table, name, fault);
    if (is_about_files(row))
        return fault_set(fault, "%s is for the command line only", row->name);
    if (given->rows[row - table->rows])
        return fault_set(fault, "%s stands in this file twice: keep one", row->name);
    given->rows[row - table->rows] = true;
    *column = (size_t)(value - line) + 1;
    const char *text = row->type == OPTION_TEXT ? keep_text(value) : value;
    return read_value(row, settings, text, fault) || fault_at(fault, row->name);
}

/* Some editors begin every file with a byte order mark. */
static size_t mark_size(const char *line, unsigned number)
{
    static const char mark[] = "\xef\xbb\xbf";
    size_t size = sizeof(mark) - 1;
    return number == 1 && strncmp(line, mark, size) == 0 ? size : 0;
}

static bool read_lines(const struct option_table *table, void *settings, const char *path,
                       FILE *file, struct given *given, struct fault *fault)
{
    static const char too_long[] = "want at most 4094 characters in a line, found more";
    char line[FILE_LINE_SIZE], where[FAULT_TEXT_SIZE / 2];
    for (unsigned number = 1; number <= FILE_LINES_MAX; number++) {
        size_t column = 1, size = 0;
        int c = EOF;
        while (size < sizeof(line) - 1 && (c = fgetc(file)) != EOF && c != '\n')
            line[size++] = (char)c;
        if (c == EOF && size == 0)
            return ferror(file) == 0 || fault_set(fault, "%s: %s", path, strerror(errno));
        line[size] = '\0';
        if (size > 0 && line[size - 1] == '\r')
            line[--size] = '\0';
        bool is_good = true;
        if (size == sizeof(line) - 1)
            is_good = fault_set(fault, too_long);
        else if (strlen(line) != size)
            is_good = fault_set(fault, "want text, found a NUL byte");
        else
            is_good =
                read_line(table, settings, line + mark_size(line, number), given, &column, fault);
        if (!is_good) {
            snprintf(where, sizeof(where), "%.200s:%u:%zu", path, number, column);
            return fault_at(fault, where);
        }
    }
    return fault_set(fault, "%s: want at most %d lines, found more", path, FILE_LINES_MAX);
}

static bool read_file(const struct option_table *table, void *settings, const char *path,
                      struct given *given, struct fault *fault)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return fault_set(fault, "%s: %s", path, strerror(errno));
    bool is_good = read_lines(table, settings, path, file, given, fault);
    fclose(file);
    return is_good;
}

bool options_read_file(const struct option_table *table, void *settings, const char *path,
                       struct fault *fault)
{
    struct given given = {{false}};
    return read_file(table, settings, path, &given, fault);
}

/* ---- command line ---- */

static _Noreturn void refuse(const struct option_table *table, const char *sentence)
{
    fprintf(stderr, "%.*s: %s\n", program_size(table), table->usage, sentence);
    exit(EXIT_USAGE);
}

static _Noreturn void refuse_option(const struct option_table *table, const char *word,
                                    const char *name)
{
    struct fault fault;
    const char *nearest = nearest_option(table, name);
    if (nearest != NULL)
        fault_set(&fault, "unknown option %s; did you mean --%s?", word, nearest);
    else
        fault_set(&fault, "unknown option %s; --help lists the options", word);
    refuse(table, fault.text);
}

/* The options that every program has. */
static void answer_common(const struct option_table *table, const char *name)
{
    bool is_help = strcmp(name, "help") == 0;
    bool is_version = strcmp(name, "version") == 0;
    bool is_mdoc = strcmp(name, "mdoc-options") == 0; /* for tests/man.sh */
    if (!is_help && !is_version && !is_mdoc)
        return;
    if (is_help)
        write_help(table, stdout);
    else if (is_mdoc)
        write_mdoc(table, stdout);
    else
        printf("%.*s %s\n", (int)strcspn(table->usage, " "), table->usage, ELIG_VERSION);
    exit(fflush(stdout) == 0 ? EXIT_YES : EXIT_FAILED);
}

/* Reads the option in argv[*at]; leaves *at on the last word it took. */
static void read_option(const struct option_table *table, void *settings, struct given *given,
                        int argc, char *argv[], int *at)
{
    const char *word = argv[*at];
    if (strcmp(word, "-h") == 0)
        answer_common(table, "help");
    const char *name = word + strspn(word, "-");
    size_t name_size = strcspn(name, "=");
    const char *value = name[name_size] == '=' ? name + name_size + 1 : NULL;
    const struct option_row *row = find_row(table, name, name_size);
    if (strncmp(word, "--", 2) != 0 || row == NULL) {
        char bare[NAME_SIZE];
        snprintf(bare, sizeof(bare), "%.*s",
                 (int)(name_size < sizeof(bare) ? name_size : sizeof(bare) - 1), name);
        if (strncmp(word, "--", 2) == 0)
            answer_common(table, bare);
        refuse_option(table, word, bare);
    }

    struct fault fault;
    if (value == NULL && row->type == OPTION_FLAG)
        value = "yes";
    if (value == NULL && *at + 1 < argc)
        value = argv[++*at];
    bool is_good = value != NULL
                       ? read_value(row, settings, value, &fault)
                       : fault_set(&fault, "want %s after it, found nothing", row->argument);
    if (!is_good) {
        char where[NAME_SIZE + 2];
        snprintf(where, sizeof(where), "--%s", row->name);
        fault_at(&fault, where);
        refuse(table, fault.text);
    }
    given->rows[row - table->rows] = true;
}

static void read_words(const struct option_table *table, void *settings, struct given *given,
                       struct operands *operands, int argc, char *argv[])
{
    bool is_after_dashes = false;
    operands->count = 0;
    for (int at = 1; at < argc; at++) {
        const char *word = argv[at];
        if (!is_after_dashes && strcmp(word, "--") == 0)
            is_after_dashes = true;
        else if (!is_after_dashes && word[0] == '-' && word[1] != '\0')
            read_option(table, settings, given, argc, argv, &at);
        else if (operands->count == OPTION_OPERANDS_MAX)
            refuse(table, "more words than any use of it has");
        else
            operands->words[operands->count++] = word;
    }
}

static void check_operands(const struct option_table *table, const struct operands *operands)
{
    struct fault fault;
    size_t least = table->operands_least, most = table->operands_most;
    if (operands->count >= least && operands->count <= most)
        return;
    if (most == 0)
        fault_set(&fault, "want no word besides options, found %zu; see --help", operands->count);
    else if (least == most)
        fault_set(&fault, "want %zu word%s besides options, found %zu; see --help", least,
                  least == 1 ? "" : "s", operands->count);
    else
        fault_set(&fault, "want %zu to %zu words besides options, found %zu; see --help", least,
                  most, operands->count);
    refuse(table, fault.text);
}

static void check_required(const struct option_table *table, const struct given *given)
{
    struct fault fault;
    for (size_t i = 0; i < table->row_count; i++) {
        const struct option_row *row = &table->rows[i];
        if (given->rows[i] || strncmp(row->help, "required", strlen("required")) != 0)
            continue;
        fault_set(&fault, "--%s %s must be given; see --help", row->name,
                  row->argument != NULL ? row->argument : "");
        refuse(table, fault.text);
    }
}

void options_read(const struct option_table *table, void *settings, struct operands *operands,
                  int argc, char *argv[])
{
    struct operands unused;
    struct given given = {{false}};
    struct fault fault;
    if (operands == NULL)
        operands = &unused;
    assert(table->operands_most <= OPTION_OPERANDS_MAX);
    options_initial(table, settings);
    read_words(table, settings, &given, operands, argc, argv);

    /* The file was named among the words, but they win: file first, words again over it. */
    const struct option_row *config = find_row(table, CONFIG_NAME, strlen(CONFIG_NAME));
    if (config != NULL && given.rows[config - table->rows]) {
        const char *path = *(const char **)field_of(config, settings);
        struct given in_file = {{false}};
        options_initial(table, settings);
        if (!read_file(table, settings, path, &in_file, &fault))
            refuse(table, fault.text);
        read_words(table, settings, &given, operands, argc, argv);
        for (size_t i = 0; i < table->row_count; i++)
            given.rows[i] = given.rows[i] || in_file.rows[i];
    }
    check_required(table, &given);
    check_operands(table, operands);
}
