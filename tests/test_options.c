#include "tests/support.h"

#include "protocol/commands.h"
#include "protocol/day.h"
#include "protocol/nearest.h"
#include "protocol/options.h"
#include "protocol/progress.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct settings {
    const char *config, *dir;
    bool json;
    uint64_t port, big;
    uint32_t as_of;
};

static const struct option_row rows[] = {
    {"config", OPTION_TEXT, offsetof(struct settings, config), "FILE", NULL, 0, 0,
     "read FILE first"},
    {"dir", OPTION_TEXT, offsetof(struct settings, dir), "DIR", NULL, 0, 0,
     "required: where the snapshots are. One engine reads one folder and never writes to it"},
    {"json", OPTION_FLAG, offsetof(struct settings, json), NULL, NULL, 0, 0, "print JSON"},
    {"port", OPTION_NUMBER, offsetof(struct settings, port), "N", "7447", 1, 65535, "TCP port"},
    {"big", OPTION_NUMBER, offsetof(struct settings, big), "N", NULL, 0, UINT64_MAX, "a number"},
    {"as-of", OPTION_DAY, offsetof(struct settings, as_of), "DAY", "2026-01-31", 0, 0, "the day"},
};
static const struct option_table table = {
    .usage = "eligtest try [options] [WORD]",
    .about = "Tries. And this sentence about the program is so long that it takes a second line.",
    .rows = rows,
    .row_count = sizeof(rows) / sizeof(rows[0]),
    .operands_most = 1,
    .footer = "Exit 0: fine.",
};

/* What a child printed, and how it ended. */
struct outcome {
    char out[4096], err[4096];
    int exit_status;
};

static void read_back(char *text, size_t text_size, FILE *file)
{
    rewind(file);
    text[fread(text, 1, text_size - 1, file)] = '\0';
    fclose(file);
}

/* Runs options_read in a child with these words; prints the settings when they are taken. */
static struct outcome run(const char *const words[], size_t word_count)
{
    struct outcome outcome;
    char *argv[OPTION_OPERANDS_MAX + 8] = {(char[]){"try"}};
    for (size_t i = 0; i < word_count; i++)
        argv[i + 1] = strdup(words[i]);
    FILE *out = tmpfile(), *wrong = tmpfile();
    if (out == NULL || wrong == NULL)
        err(1, "temporary file");
    pid_t child = fork();
    if (child == 0) {
        struct settings settings;
        struct operands operands;
        dup2(fileno(out), STDOUT_FILENO);
        dup2(fileno(wrong), STDERR_FILENO);
        options_read(&table, &settings, &operands, (int)word_count + 1, argv);
        options_dump(&table, &settings, stdout);
        for (size_t i = 0; i < operands.count; i++)
            printf("word %s\n", operands.words[i]);
        fflush(stdout);
        _exit(0);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    outcome.exit_status = WEXITSTATUS(status);
    read_back(outcome.out, sizeof(outcome.out), out);
    read_back(outcome.err, sizeof(outcome.err), wrong);
    for (size_t i = 0; i < word_count; i++)
        free(argv[i + 1]);
    return outcome;
}

/* Words are separated by blanks in these tables. */
static struct outcome run_line(const char *line)
{
    static char copy[4096];
    const char *words[OPTION_OPERANDS_MAX + 4];
    size_t word_count = 0;
    char *rest = copy;
    snprintf(copy, sizeof(copy), "%s", line);
    for (char *word; (word = strsep(&rest, " ")) != NULL && word_count < OPTION_OPERANDS_MAX + 4;) {
        if (*word != '\0')
            words[word_count++] = word;
    }
    return run(words, word_count);
}

static const struct {
    const char *line, *wanted;
} taken[] = {
    {"--dir d", "dir d\njson no\nport 7447\nbig 0\nas-of 2026-01-31\n"},
    {"--dir=d --json", "dir d\njson yes\nport 7447\nbig 0\nas-of 2026-01-31\n"},
    {"--json --json=no --dir d", "dir d\njson no\nport 7447\nbig 0\nas-of 2026-01-31\n"},
    {"--dir d --port 1 --port 2", "dir d\njson no\nport 2\nbig 0\nas-of 2026-01-31\n"},
    {"--dir d --port 65535", "dir d\njson no\nport 65535\nbig 0\nas-of 2026-01-31\n"},
    {"--dir d --big 18446744073709551615",
     "dir d\njson no\nport 7447\nbig 18446744073709551615\nas-of 2026-01-31\n"},
    {"--dir d --as-of 2028-02-29", "dir d\njson no\nport 7447\nbig 0\nas-of 2028-02-29\n"},
    {"--dir --json w", "dir --json\njson no\nport 7447\nbig 0\nas-of 2026-01-31\nword w\n"},
    {"--dir d -- --json", "dir d\njson no\nport 7447\nbig 0\nas-of 2026-01-31\nword --json\n"},
    {"- --dir d", "dir d\njson no\nport 7447\nbig 0\nas-of 2026-01-31\nword -\n"},
};

START_TEST(words_fill_the_settings)
{
    struct outcome outcome = run_line(taken[_i].line);
    ck_assert_str_eq(outcome.err, "");
    ck_assert_int_eq(outcome.exit_status, 0);
    ck_assert_str_eq(outcome.out, taken[_i].wanted);
}
END_TEST

static const struct {
    const char *line, *wanted;
} refused[] = {
    {"--prot 1", "eligtest try: unknown option --prot; did you mean --port?\n"},
    {"--jsno", "eligtest try: unknown option --jsno; did you mean --json?\n"},
    {"--hlep", "eligtest try: unknown option --hlep; did you mean --help?\n"},
    {"--conf x", "eligtest try: unknown option --conf; did you mean --config?\n"},
    {"-port 1", "eligtest try: unknown option -port; did you mean --port?\n"},
    {"--por=1", "eligtest try: unknown option --por=1; did you mean --port?\n"},
    {"--utterly", "eligtest try: unknown option --utterly; --help lists the options\n"},
    {"-x", "eligtest try: unknown option -x; --help lists the options\n"},
    {"--port", "eligtest try: --port: want N after it, found nothing\n"},
    {"--port 0", "eligtest try: --port: want a number from 1 to 65535, found \"0\"\n"},
    {"--port 65536", "eligtest try: --port: want a number from 1 to 65535, found \"65536\"\n"},
    {"--port 1x", "eligtest try: --port: want a number from 1 to 65535, found \"1x\"\n"},
    {"--port -1", "eligtest try: --port: want a number from 1 to 65535, found \"-1\"\n"},
    {"--port +1", "eligtest try: --port: want a number from 1 to 65535, found \"+1\"\n"},
    {"--port=", "eligtest try: --port: want a number from 1 to 65535, found \"\"\n"},
    {"--big 18446744073709551616", "eligtest try: --big: want a number from 0 to "
                                   "18446744073709551615, found \"18446744073709551616\"\n"},
    {"--as-of 2027-02-29",
     "eligtest try: --as-of: want a date like 2026-11-23, or today, found \"2027-02-29\"\n"},
    {"--as-of 1969-12-31",
     "eligtest try: --as-of: want a date like 2026-11-23, or today, found \"1969-12-31\"\n"},
    {"--json=maybe", "eligtest try: --json: want yes or no, found \"maybe\"\n"},
    {"--dir=", "eligtest try: --dir: want DIR, found nothing\n"},
    {"", "eligtest try: --dir DIR must be given; see --help\n"},
    {"--dir d a b", "eligtest try: want 0 to 1 words besides options, found 2; see --help\n"},
    {"--dir d --config /nowhere", "eligtest try: /nowhere: No such file or directory\n"},
};

START_TEST(what_is_wrong_is_one_line_and_exit_2)
{
    struct outcome outcome = run_line(refused[_i].line);
    ck_assert_str_eq(outcome.err, refused[_i].wanted);
    ck_assert_str_eq(outcome.out, "");
    ck_assert_int_eq(outcome.exit_status, EXIT_USAGE);
}
END_TEST

START_TEST(help_and_version_go_to_stdout_and_exit_0)
{
    static const char *const asking[] = {"--help", "-h", "--port 5 --help", "--help --nonsense"};
    for (size_t i = 0; i < sizeof(asking) / sizeof(asking[0]); i++) {
        struct outcome help = run_line(asking[i]);
        ck_assert_int_eq(help.exit_status, 0);
        ck_assert_str_eq(help.err, "");
        ck_assert_ptr_eq(
            strstr(
                help.out,
                "usage: eligtest try [options] [WORD]\nTries. And this sentence about the program"),
            help.out);
        for (size_t row = 0; row < table.row_count; row++)
            ck_assert_ptr_nonnull(strstr(help.out, rows[row].name));
        ck_assert_ptr_nonnull(strstr(help.out, "TCP port (7447)\n"));
        ck_assert_ptr_nonnull(strstr(help.out, "\nExit 0: fine.\n"));
    }
    struct outcome version = run_line("--version");
    ck_assert_str_eq(version.out, "eligtest " ELIG_VERSION "\n");
    ck_assert_int_eq(version.exit_status, 0);
}
END_TEST

START_TEST(help_lines_fit_in_80_columns)
{
    struct outcome help = run_line("--help");
    for (char *line = strtok(help.out, "\n"); line != NULL; line = strtok(NULL, "\n"))
        ck_assert_msg(strlen(line) <= 80, "%s", line);
}
END_TEST

START_TEST(today_is_a_day_in_riga)
{
    char wanted[64], day[DAY_TEXT_SIZE];
    uint32_t before = riga_day_of_time(clock_wall_s());
    struct outcome outcome = run_line("--dir d --as-of today");
    if (before != riga_day_of_time(clock_wall_s()))
        return; /* midnight came between */
    day_to_text(day, (int32_t)before);
    snprintf(wanted, sizeof(wanted), "as-of %s\n", day);
    ck_assert_ptr_nonnull(strstr(outcome.out, wanted));
}
END_TEST

START_TEST(sixty_four_words_fit_and_one_more_is_refused)
{
    const char *words[OPTION_OPERANDS_MAX + 1];
    for (size_t i = 0; i < OPTION_OPERANDS_MAX + 1; i++)
        words[i] = "w";
    ck_assert_ptr_nonnull(strstr(run(words, OPTION_OPERANDS_MAX).err, "--dir DIR must be given"));
    ck_assert_str_eq(run(words, OPTION_OPERANDS_MAX + 1).err,
                     "eligtest try: more words than any use of it has\n");
}
END_TEST

/* ---- configuration files ---- */

static const char *write_config(const char *text, size_t text_size)
{
    static char path[256];
    snprintf(path, sizeof(path), "%s/t.conf", support_directory());
    support_write_file(path, text, text_size, 0600);
    return path;
}

static const struct {
    const char *text, *wanted; /* the fault after the path; NULL: none */
} files[] = {
    {"", NULL},
    {"# nothing\n\n   # blank before\n", NULL},
    {"port 99", NULL},
    {"  port\t 99  \r\njson yes\nas-of 2026-11-23\n", NULL},
    {"dir /a path # with all of it\n", NULL},
    {"prot 99\n", ":1:1: no option is called \"prot\"; did you mean port?"},
    {"port 99\n  frobnicate 1\n", ":2:3: no option is called \"frobnicate\""},
    {"port 99\n\nport   0\n", ":3:1: port stands in this file twice: keep one"},
    {"\nport   0\n", ":2:8: port: want a number from 1 to 65535, found \"0\""},
    {"port\n", ":1:5: port: want a number from 1 to 65535, found \"\""},
    {"json true\n", ":1:6: json: want yes or no, found \"true\""},
    {"dir\n", ":1:4: dir: want DIR, found nothing"},
    {"as-of 23.11.2026\n",
     ":1:7: as-of: want a date like 2026-11-23, or today, found \"23.11.2026\""},
    {"config other.conf\n", ":1:1: config is for the command line only"},
    {"help\n", ":1:1: help is for the command line only"},
    {"\xef\xbb\xbfport 1\n", NULL}, /* as some editors begin a file */
    {"json yes\n\xef\xbb\xbfport 1\n",
     ":2:1: no option is called \"\xef\xbb\xbfport\"; did you mean port?"},
};

START_TEST(files_are_read_or_refused_with_line_and_column)
{
    struct settings settings;
    struct fault fault = {""};
    char wanted[FAULT_TEXT_SIZE];
    options_initial(&table, &settings);
    const char *path = write_config(files[_i].text, strlen(files[_i].text));
    bool is_good = options_read_file(&table, &settings, path, &fault);
    if (files[_i].wanted == NULL) {
        ck_assert_msg(is_good, "%s", fault.text);
        return;
    }
    ck_assert(!is_good);
    snprintf(wanted, sizeof(wanted), "%s%s", path, files[_i].wanted);
    ck_assert_str_eq(fault.text, wanted);
}
END_TEST

START_TEST(a_file_sets_what_it_names_and_nothing_else)
{
    static const char text[] = "port 99\ndir /a b#c\n";
    struct settings settings;
    struct fault fault;
    options_initial(&table, &settings);
    ck_assert(options_read_file(&table, &settings, write_config(text, strlen(text)), &fault));
    ck_assert_uint_eq(settings.port, 99);
    ck_assert_str_eq(settings.dir, "/a b#c");
    ck_assert(!settings.json);
    ck_assert_uint_eq(settings.as_of, 20484);
    ck_assert_ptr_null(settings.config);
}
END_TEST

START_TEST(words_win_over_the_file_and_the_file_over_initial_values)
{
    static const char text[] = "port 99\ndir from-file\njson yes\n";
    char line[512];
    const char *path = write_config(text, strlen(text));
    snprintf(line, sizeof(line), "--port 5 --config %s w", path);
    struct outcome outcome = run_line(line);
    ck_assert_str_eq(outcome.err, "");
    ck_assert_str_eq(outcome.out,
                     "dir from-file\njson yes\nport 5\nbig 0\nas-of 2026-01-31\nword w\n");
    snprintf(line, sizeof(line), "--config %s --json=no", path);
    ck_assert_ptr_nonnull(strstr(run_line(line).out, "json no\n"));
}
END_TEST

START_TEST(what_is_dumped_reads_back_the_same)
{
    struct settings settings, again;
    struct fault fault;
    char *text;
    size_t text_size;
    options_initial(&table, &settings);
    settings.dir = "a # b";
    settings.json = true;
    settings.port = 65535;
    settings.as_of = 20780;
    FILE *dump = open_memstream(&text, &text_size);
    options_dump(&table, &settings, dump);
    fclose(dump);
    options_initial(&table, &again);
    ck_assert(options_read_file(&table, &again, write_config(text, text_size), &fault));
    ck_assert_str_eq(again.dir, settings.dir);
    ck_assert(again.json);
    ck_assert_uint_eq(again.port, settings.port);
    ck_assert_uint_eq(again.as_of, settings.as_of);
    free(text);
}
END_TEST

START_TEST(a_line_too_long_or_with_nul_or_a_file_too_long_is_refused)
{
    static char text[8192];
    struct settings settings;
    struct fault fault;
    options_initial(&table, &settings);
    memset(text, 'x', sizeof(text));
    ck_assert(!options_read_file(&table, &settings, write_config(text, sizeof(text)), &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "t.conf:1:1: want at most"));
    ck_assert(!options_read_file(&table, &settings, write_config("port 1\0 2\n", 10), &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "t.conf:1:1: want text, found a NUL byte"));
    memset(text, '\n', sizeof(text));
    ck_assert(!options_read_file(&table, &settings, write_config(text, 1001), &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "lines, found more"));
    ck_assert(options_read_file(&table, &settings, write_config(text, 999), &fault));
}
END_TEST

/* ---- names ---- */

static const struct {
    const char *word, *wanted;
} near[] = {
    {"check", "check"},   {"chekc", "check"}, {"chck", "check"},      {"checkk", "check"},
    {"sttaus", "status"}, {"rel", "reload"},  {"publihs", "publish"}, {"zzz", NULL},
    {"c", NULL},          {"", NULL},         {"no", NULL},           {"STATUS", "status"},
};

START_TEST(the_nearest_name_is_found_when_one_is_near)
{
    static const char *const names[] = {"check", "status", "reload", "publish", "yes"};
    const char *found = nearest_word(near[_i].word, names, 5);
    if (near[_i].wanted == NULL)
        ck_assert_ptr_null(found);
    else
        ck_assert_str_eq(found, near[_i].wanted);
    char hint[NEAREST_TEXT_SIZE], wanted[NEAREST_TEXT_SIZE] = "";
    if (found != NULL)
        snprintf(wanted, sizeof(wanted), " (did you mean %s?)", found);
    ck_assert_str_eq(nearest_text(hint, " (did you mean ", "?)", near[_i].word, names, 5), wanted);
}
END_TEST

START_TEST(an_endless_word_is_near_to_nothing)
{
    static const char *const names[] = {"check"};
    static char word[5000];
    memset(word, 'c', sizeof(word) - 1);
    ck_assert_ptr_null(nearest_word(word, names, 1));
}
END_TEST

START_TEST(the_manual_list_names_every_option)
{
    struct outcome list = run_line("--mdoc-options");
    ck_assert_int_eq(list.exit_status, 0);
    ck_assert_str_eq(list.out, ".Bl -tag -width Ds\n"
                               ".It Fl -config Ar FILE\nRead FILE first.\n"
                               ".It Fl -dir Ar DIR\nRequired: where the snapshots are.\n"
                               "One engine reads one folder and never writes to it.\n"
                               ".It Fl -json\nPrint JSON.\n"
                               ".It Fl -port Ar N\nTCP port.\nFrom 1 to 65535.\n"
                               "The default is\n.Ql 7447 .\n"
                               ".It Fl -big Ar N\nA number.\nFrom 0 to 18446744073709551615.\n"
                               ".It Fl -as-of Ar DAY\nThe day.\nThe default is\n.Ql 2026-01-31 .\n"
                               ".It Fl -help\nPrint the options and exit.\n"
                               ".It Fl -version\nPrint the version and exit.\n.El\n");
}
END_TEST

/* ---- commands ---- */

static int say(int argc, char *argv[])
{
    printf("%s %d\n", argv[0], argc);
    return 7;
}

static const struct {
    const char *word, *out, *err;
    int status;
} commanded[] = {
    {"go", "go 2\n", "", 7},
    {"--version", "prog " ELIG_VERSION "\n", "", EXIT_YES},
    {"gp", "", "prog: unknown command gp; did you mean go?\n", EXIT_USAGE},
    {"--go", "", "prog: unknown option --go; did you mean go?\n", EXIT_USAGE},
    {"--hlep", "", "prog: unknown option --hlep; did you mean --help?\n", EXIT_USAGE},
    {"fly", "", "prog: unknown command fly; prog --help lists the commands\n", EXIT_USAGE},
    {NULL, "", "prog: want a command; prog --help lists them\n", EXIT_USAGE},
    {"--help",
     "usage: prog COMMAND [options] ...\nDoes.\n\n  go           goes\n  stay         stays\n\n"
     "prog COMMAND --help tells the options of a command.\n",
     "", EXIT_YES},
};

START_TEST(a_command_is_run_listed_or_refused)
{
    static const struct command commands[] = {{"go", say, "goes"}, {"stay", say, "stays"}};
    char out_text[4096], err_text[4096];
    FILE *out = tmpfile(), *wrong = tmpfile();
    pid_t child = fork();
    if (child == 0) {
        char *word = commanded[_i].word != NULL ? strdup(commanded[_i].word) : NULL;
        char *argv[] = {(char[]){"prog"}, word, word == NULL ? NULL : (char[]){"x"}, NULL};
        dup2(fileno(out), STDOUT_FILENO);
        dup2(fileno(wrong), STDERR_FILENO);
        int status = commands_run("prog", "Does.", commands, 2, word == NULL ? 1 : 3, argv);
        fflush(stdout);
        free(word);
        _exit(status);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    read_back(out_text, sizeof(out_text), out);
    read_back(err_text, sizeof(err_text), wrong);
    ck_assert_str_eq(out_text, commanded[_i].out);
    ck_assert_str_eq(err_text, commanded[_i].err);
    ck_assert_int_eq(WEXITSTATUS(status), commanded[_i].status);
}
END_TEST

#define LOOP(tcase, test, rows)                                                                    \
    tcase_add_loop_test(tcase, test, 0, sizeof(rows) / sizeof((rows)[0]))

int main(void)
{
    Suite *suite = suite_create("options");
    TCase *words = tcase_create("words"), *conf = tcase_create("files"),
          *names = tcase_create("names");
    LOOP(words, words_fill_the_settings, taken);
    LOOP(words, what_is_wrong_is_one_line_and_exit_2, refused);
    tcase_add_test(words, help_and_version_go_to_stdout_and_exit_0);
    tcase_add_test(words, help_lines_fit_in_80_columns);
    tcase_add_test(words, today_is_a_day_in_riga);
    tcase_add_test(words, sixty_four_words_fit_and_one_more_is_refused);
    suite_add_tcase(suite, words);
    LOOP(conf, files_are_read_or_refused_with_line_and_column, files);
    tcase_add_test(conf, a_file_sets_what_it_names_and_nothing_else);
    tcase_add_test(conf, words_win_over_the_file_and_the_file_over_initial_values);
    tcase_add_test(conf, what_is_dumped_reads_back_the_same);
    tcase_add_test(conf, a_line_too_long_or_with_nul_or_a_file_too_long_is_refused);
    suite_add_tcase(suite, conf);
    LOOP(names, the_nearest_name_is_found_when_one_is_near, near);
    tcase_add_test(names, an_endless_word_is_near_to_nothing);
    tcase_add_test(names, the_manual_list_names_every_option);
    LOOP(names, a_command_is_run_listed_or_refused, commanded);
    suite_add_tcase(suite, names);
    return support_run(suite);
}
