/* Reads the files of tests/vectors that hold one transcript: lines of "name = hex". */
#ifndef TESTS_NAMED_H
#define TESTS_NAMED_H

#include "tests/vectors.h"

#define NAMED_MAX       64
#define NAMED_SIZE_MAX  400
#define NAMED_NAME_SIZE 40

struct named {
    char name[NAMED_NAME_SIZE];
    uint8_t bytes[NAMED_SIZE_MAX];
    size_t size;
};

struct named_file {
    struct named values[NAMED_MAX];
    size_t count;
};

static inline void named_read(struct named_file *file, const char *name)
{
    struct vector_file lines = vectors_open(name);
    struct vector v;
    for (file->count = 0; vectors_next(&lines, &v); file->count++) {
        if (v.count != 3 || strcmp(v.words[1], "=") != 0 || file->count == NAMED_MAX)
            errx(1, "%s:%u: no \"name = hex\", or too many", name, v.line);
        struct named *value = &file->values[file->count];
        snprintf(value->name, sizeof(value->name), "%s", v.words[0]);
        value->size = support_unhex(value->bytes, sizeof(value->bytes), v.words[2]);
    }
}

static inline const struct named *named_find(const struct named_file *file, const char *name)
{
    for (size_t i = 0; i < file->count; i++) {
        if (strcmp(file->values[i].name, name) == 0)
            return &file->values[i];
    }
    errx(1, "vectors: no %s", name);
}

/* A value whose size is known beforehand. */
static inline const uint8_t *named_bytes(const struct named_file *file, const char *name,
                                         size_t size)
{
    const struct named *value = named_find(file, name);
    if (value->size != size)
        errx(1, "vectors: %s has %zu bytes, not %zu", name, value->size, size);
    return value->bytes;
}

#endif
