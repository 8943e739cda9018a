/* Reads the golden files of tests/vectors: one case a line, words separated by one space. */
#ifndef TESTS_VECTORS_H
#define TESTS_VECTORS_H

#include "protocol/bytes.h"
#include "tests/support.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VECTOR_WORDS_MAX 20
#define VECTOR_LINE_SIZE 1024

struct vector {
    const char *words[VECTOR_WORDS_MAX]; /* [0] is the name */
    size_t count;
    unsigned line;
    char text[VECTOR_LINE_SIZE];
};

struct vector_file {
    FILE *from;
    unsigned line;
};

static inline struct vector_file vectors_open(const char *name)
{
    char path[128];
    snprintf(path, sizeof(path), "tests/vectors/%s", name);
    struct vector_file file = {.from = fopen(support_path(path), "r")};
    if (file.from == NULL)
        err(1, "%s", path);
    return file;
}

/* The next case; false, and the file closed, when there is none. */
static inline bool vectors_next(struct vector_file *file, struct vector *out)
{
    while (fgets(out->text, sizeof(out->text), file->from) != NULL) {
        file->line++;
        if (out->text[0] == '#' || out->text[0] == '\n')
            continue;
        out->line = file->line;
        out->count = 0;
        char *rest = NULL;
        for (char *word = strtok_r(out->text, " \n", &rest); word != NULL;
             word = strtok_r(NULL, " \n", &rest)) {
            if (out->count == VECTOR_WORDS_MAX)
                errx(1, "vectors line %u: too many words", file->line);
            out->words[out->count++] = word;
        }
        return true;
    }
    fclose(file->from);
    return false;
}

static inline uint64_t vector_number(const struct vector *vector, size_t word)
{
    char *end = NULL;
    if (word >= vector->count)
        errx(1, "vectors line %u: no word %zu", vector->line, word);
    uint64_t number = strtoull(vector->words[word], &end, 10);
    if (*end != '\0')
        errx(1, "vectors line %u: word %zu is no number", vector->line, word);
    return number;
}

#endif
