/* Every message of the relief language. tests/vectors/rules_faults.txt says what is wrong and the
 * exact fault; a sentence in the language's sources that no fault there has fails, so that nobody
 * adds a message that nobody has read. */
#include "loader/rulelang.h"

#include "tests/latvia.h"
#include "tests/support.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define CASE_COUNT_MAX   1024
#define MACRO_COUNT_MAX  16
#define FILE_COUNT_MAX   300
#define SOURCE_SIZE_MAX  (256 * 1024)
#define LITERAL_SIZE_MAX 1024

static const char *const sources[] = {
    "lexer.c",    "parser.c",     "condition.c",  "rulelang.c",   "rulesets.c",
    "ruletime.c", "ruleclause.c", "rulerelief.c", "rulefinish.c", "registration.c"};

/* Words that have a blank and are in no fault. */
static const char *const silent[] = {" or ", "every line under a relief is counted"};

static struct vocabulary vocabulary;

/* ---- the golden file ----
 *
 *   $NAME = text        what $NAME stands for from here on
 *   text                a rules file
 *   => fault            what is said about it, with \x escapes as in the text
 *
 * In a text \n is the end of a line, \xHH a byte, \f the end of a file (they are 1.rules, 2.rules
 * ...; FOLDER and MISSING are no files), \{N*text} the text N times, in which @ is 1, 2 ..., and
 * \+name=number; in front a product that is known from elsewhere, \+name*N=number; N of them. */

struct golden {
    char *text, *fault;
    unsigned line;
};
static struct golden cases[CASE_COUNT_MAX];
static size_t case_count;
static struct {
    char *name, *text;
} macros[MACRO_COUNT_MAX];
static size_t macro_count;

static char *copy_of(const char *text)
{
    char *copy = strdup(text);
    if (copy == NULL)
        err(1, "memory for the golden file");
    return copy;
}

static void read_golden_line(char *line, unsigned number)
{
    char *equals = line[0] == '$' ? strstr(line, " = ") : NULL;
    if (line[0] == '#' || line[0] == '\0')
        return;
    if (strncmp(line, "=> ", 3) == 0) {
        if (case_count == 0 || cases[case_count - 1].fault != NULL)
            errx(1, "rules_faults.txt:%u: a fault without a text", number);
        cases[case_count - 1].fault = copy_of(line + 3);
    } else if (equals != NULL && strchr(line, ' ') == equals) {
        *equals = '\0';
        if (macro_count == MACRO_COUNT_MAX)
            errx(1, "rules_faults.txt:%u: too many names", number);
        macros[macro_count].name = copy_of(line + 1);
        macros[macro_count++].text = copy_of(equals + 3);
    } else {
        if (case_count == CASE_COUNT_MAX || (case_count > 0 && cases[case_count - 1].fault == NULL))
            errx(1, "rules_faults.txt:%u: too many texts, or one without a fault", number);
        cases[case_count++] = (struct golden){.text = copy_of(line), .line = number};
    }
}

static void read_golden(void)
{
    static char line[8192];
    FILE *file = fopen(support_path("tests/vectors/rules_faults.txt"), "r");
    if (file == NULL)
        err(1, "rules_faults.txt");
    for (unsigned number = 1; fgets(line, sizeof(line), file) != NULL; number++) {
        if (strchr(line, '\n') == NULL)
            errx(1, "rules_faults.txt:%u: a line that is too long", number);
        line[strcspn(line, "\n")] = '\0';
        read_golden_line(line, number);
    }
    fclose(file);
    if (case_count == 0 || cases[case_count - 1].fault == NULL)
        errx(1, "rules_faults.txt: no case, or a text without a fault at its end");
}

/* The end of the repetition that begins at `text`. */
static const char *repetition_end(const char *text)
{
    for (unsigned depth = 1;; text++) {
        if (*text == '\0')
            errx(1, "rules_faults.txt: a repetition without an end");
        depth += strncmp(text, "\\{", 2) == 0;
        if (*text == '}' && --depth == 0)
            return text;
    }
}

static void expand(FILE *to, const char *text, const char *end, unsigned counter);

static const char *expand_escape(FILE *to, const char *text, unsigned counter)
{
    char *next = NULL;
    switch (*text) {
    case 'n':
        fputc('\n', to);
        return text + 1;
    case 'x': {
        uint8_t byte;
        const char hex[] = {text[1], text[2], '\0'};
        support_unhex(&byte, 1, hex);
        fputc(byte, to);
        return text + 3;
    }
    case 'f':
        fputc('\f', to);
        return text + 1;
    case '{': {
        unsigned long count = strtoul(text + 1, &next, 10);
        const char *end = repetition_end(next);
        for (unsigned i = 1; i <= count; i++)
            expand(to, next + 1, end, i);
        return end + 1;
    }
    default:
        (void)counter;
        errx(1, "rules_faults.txt: \\%c means nothing", *text);
    }
}

static const char *expand_macro(FILE *to, const char *text)
{
    for (size_t i = 0; i < macro_count; i++) {
        size_t size = strlen(macros[i].name);
        if (strncmp(text, macros[i].name, size) == 0) {
            expand(to, macros[i].text, macros[i].text + strlen(macros[i].text), 0);
            return text + size;
        }
    }
    errx(1, "rules_faults.txt: no such name: $%s", text);
}

static void expand(FILE *to, const char *text, const char *end, unsigned counter)
{
    while (text < end) {
        if (*text == '\\')
            text = expand_escape(to, text + 1, counter);
        else if (*text == '$')
            text = expand_macro(to, text + 1);
        else if (*text == '@' && counter > 0)
            fprintf(to, "%u", counter), text++;
        else
            fputc(*text++, to);
    }
}

static char *expanded(const char *text, size_t *size)
{
    char *bytes = NULL;
    FILE *stream = open_memstream(&bytes, size);
    if (stream == NULL)
        err(1, "memory for a text");
    expand(stream, text, text + strlen(text), 0);
    fclose(stream);
    return bytes;
}

/* ---- the faults ---- */

/* "\+name=number;" in front of a text; of "\+name*count=number;" so many, numbers rising. */
static const char *known_products(const char *text, struct product products[], size_t *count)
{
    const char *equals = strchr(text, '='), *star = strchr(text, '*'), *end = strchr(text, ';');
    uint32_t number = (uint32_t)strtoul(equals + 1, NULL, 10);
    if (star == NULL || star > equals) {
        struct product *product = &products[(*count)++];
        *product = (struct product){.number = number};
        snprintf(product->name, NAME_SIZE, "%.*s", (int)(equals - text - 2), text + 2);
        return end + 1;
    }
    unsigned long more = strtoul(star + 1, NULL, 10);
    ck_assert_uint_le(*count + more, PRODUCT_COUNT_MAX);
    for (uint32_t i = 0; i < more; i++) {
        struct product *product = &products[(*count)++];
        *product = (struct product){.number = number + i};
        snprintf(product->name, NAME_SIZE, "p%u", i);
    }
    return end + 1;
}

/* From files, when there are several or something is known from elsewhere. */
static bool read_files(struct rules **rules, const char *text, struct fault *fault)
{
    static struct product products[PRODUCT_COUNT_MAX];
    size_t product_count = 0, size, path_count = 0;
    while (strncmp(text, "\\+", 2) == 0)
        text = known_products(text, products, &product_count);
    static char names[FILE_COUNT_MAX][16];
    const char *paths[FILE_COUNT_MAX];
    char *bytes = expanded(text, &size), *part = bytes, *end = bytes + size;
    ck_assert_int_eq(chdir(support_directory()), 0);
    while (part != NULL) {
        char *part_end = memchr(part, '\f', (size_t)(end - part));
        size_t part_size = (size_t)((part_end != NULL ? part_end : end) - part);
        snprintf(names[path_count], sizeof(names[0]), "%zu.rules", path_count + 1);
        if (part_size == 6 && memcmp(part, "FOLDER", 6) == 0)
            ck_assert_int_eq(mkdir(names[path_count], 0700), 0);
        else if (part_size != 7 || memcmp(part, "MISSING", 7) != 0)
            support_write_file(names[path_count], part, part_size, 0600);
        paths[path_count] = names[path_count];
        path_count++;
        part = part_end != NULL ? part_end + 1 : NULL;
    }
    free(bytes);
    return rules_read(rules, paths, path_count, &vocabulary, products, product_count, fault);
}

static bool read_text(struct rules **rules, const char *text, struct fault *fault)
{
    size_t size;
    char *bytes = expanded(text, &size);
    const char *guarded = (const char *)at_the_edge(bytes, size);
    free(bytes);
    return rules_parse(rules, guarded, size, "t", &vocabulary, fault);
}

START_TEST(a_wrong_text_is_refused_with_place_and_reason)
{
    const struct golden *golden = &cases[_i];
    struct rules *rules = NULL;
    struct fault fault = {""};
    latvia_vocabulary(&vocabulary);
    bool has_files = strstr(golden->text, "\\f") != NULL || golden->text[1] == '+';
    bool is_good = has_files ? read_files(&rules, golden->text, &fault)
                             : read_text(&rules, golden->text, &fault);
    ck_assert_msg(!is_good && rules == NULL, "line %u is not refused", golden->line);
    ck_assert_msg(strcmp(fault.text, golden->fault) == 0, "line %u:\nwanted: %s\nfound:  %s",
                  golden->line, golden->fault, fault.text);
}
END_TEST

/* ---- every sentence of the sources ---- */

static char *read_source(const char *name)
{
    char path[128];
    static char text[SOURCE_SIZE_MAX];
    snprintf(path, sizeof(path), "loader/%s", name);
    FILE *file = fopen(support_path(path), "r");
    if (file == NULL)
        err(1, "%s", path);
    size_t size = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[size] = '\0';
    return text;
}

/* Behind comments, includes and single characters, up to the next literal's first quote. */
static const char *find_literal(const char *text)
{
    while (*text != '\0' && *text != '"') {
        if (strncmp(text, "/*", 2) == 0)
            text = strstr(text, "*/") + 2;
        else if (*text == '\'')
            text += text[1] == '\\' ? 4 : 3;
        else if (strncmp(text, "#include", 8) == 0)
            text += strcspn(text, "\n");
        else
            text++;
    }
    return *text == '"' ? text : NULL;
}

/* A literal without its quotes and escapes, neighbours joined; returns what is behind it. */
static const char *take_literal(char literal[static LITERAL_SIZE_MAX], const char *text)
{
    size_t size = 0;
    do {
        for (text++; *text != '"'; text++) {
            if (*text == '\\')
                text++;
            ck_assert_uint_lt(size, LITERAL_SIZE_MAX - 1);
            literal[size++] = *text;
        }
        text++;
    } while (text[strspn(text, " \n")] == '"' && (text += strspn(text, " \n")));
    literal[size] = '\0';
    return text;
}

/* Whether the fault has the sentence: what a conversion writes may be anything. */
static bool fault_has(const char *fault, const char *sentence)
{
    while (*sentence != '\0') {
        char piece[LITERAL_SIZE_MAX];
        size_t size = 0;
        while (*sentence != '\0' && (*sentence != '%' || sentence[1] == '%')) {
            sentence += *sentence == '%';
            piece[size++] = *sentence++;
        }
        piece[size] = '\0';
        fault = strstr(fault, piece);
        if (fault == NULL)
            return false;
        fault += size;
        if (*sentence == '%')
            sentence += strcspn(sentence, "sduzcx") + 1 + (strncmp(sentence, "%zu", 3) == 0);
    }
    return true;
}

static bool is_sentence(const char *literal)
{
    size_t size = strlen(literal);
    for (size_t i = 0; i < sizeof(silent) / sizeof(silent[0]); i++) {
        if (strcmp(silent[i], literal) == 0)
            return false;
    }
    return (strchr(literal, ' ') != NULL && strspn(literal, " ,") < size) ||
           (size > 4 && strcmp(literal + size - 4, "_MAX") == 0);
}

static bool some_fault_has(const char *sentence)
{
    for (size_t i = 0; i < case_count; i++) {
        if (fault_has(cases[i].fault, sentence))
            return true;
    }
    return false;
}

START_TEST(every_sentence_of_the_source_is_in_some_golden_fault)
{
    char literal[LITERAL_SIZE_MAX];
    const char *text = read_source(sources[_i]);
    unsigned missing = 0;
    while ((text = find_literal(text)) != NULL) {
        text = take_literal(literal, text);
        if (is_sentence(literal) && !some_fault_has(literal)) {
            printf("loader/%s: no fault in rules_faults.txt has \"%s\"\n", sources[_i], literal);
            missing++;
        }
    }
    fflush(stdout);
    ck_assert_msg(missing == 0, "%u sentences of %s without a golden line", missing, sources[_i]);
}
END_TEST

int main(void)
{
    read_golden();
    Suite *suite = suite_create("rulefaults");
    TCase *tcase = tcase_create("rulefaults");
    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, 30);
    tcase_add_loop_test(tcase, a_wrong_text_is_refused_with_place_and_reason, 0, (int)case_count);
    tcase_add_loop_test(tcase, every_sentence_of_the_source_is_in_some_golden_fault, 0,
                        COUNT_OF(sources));
    return support_run(suite);
}
