/* Journals of checks for suites: written by the engine's own writer, in a folder of the suite's. */
#ifndef TESTS_AUDIT_MAKER_H
#define TESTS_AUDIT_MAKER_H

#include "engine/audit_file.h"
#include "protocol/status.h"
#include "tests/support.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAKER_ENVIRONMENT 7
#define MAKER_KEY         UINT64_C(0x1234567890abcdef)
#define MAKER_NOW_MS      UINT64_C(1795428000000) /* 2026-11-23 */
#define MAKER_SEGMENT     ((uint64_t)SEGMENT_HEAD_SIZE + 2 * BLOCK_SIZE_MAX)

static inline struct audit_file_settings maker_settings(const char *directory)
{
    return (struct audit_file_settings){
        .directory = directory,
        .environment = MAKER_ENVIRONMENT,
        .subject_key = MAKER_KEY,
        .size_max = 100 * MAKER_SEGMENT,
        .segment_size = MAKER_SEGMENT,
    };
}

static inline struct audit_file *maker_open(const struct audit_file_settings *settings)
{
    struct audit_file *file;
    struct fault fault;
    if (!audit_file_open(&file, settings, MAKER_NOW_MS, &fault))
        ck_abort_msg("%s", fault.text);
    return file;
}

static inline struct asked maker_row(uint64_t i)
{
    return (struct asked){
        .subject = 100 + i % 5,
        .time_s = (uint32_t)(MAKER_NOW_MS / 1000 + i),
        .terminal = 4711,
        .product = (uint32_t)i,
        .point_of_sale = 42,
        .status = i % 2 == 0 ? STATUS_APPLIES : STATUS_DOES_NOT_APPLY,
        .entry = 1,
        .means = 1,
        .profile = 2,
    };
}

/* Rows `from` up to `until`, and all of them on the disk. */
static inline void maker_write(struct audit_file *file, uint64_t from, uint64_t until)
{
    for (uint64_t i = from; i < until; i++) {
        struct asked asked = maker_row(i);
        audit_file_add(file, &asked, MAKER_NOW_MS + i * 1000);
    }
    audit_file_sync(file, MAKER_NOW_MS + until * 1000);
}

static inline const char *maker_path(const char *directory, uint64_t first)
{
    static char path[500];
    char name[AUDIT_NAME_SIZE];
    audit_name_make(name, first);
    snprintf(path, sizeof(path), "%.400s/%s", directory, name);
    return path;
}

/* A whole file, which the caller frees. */
static inline uint8_t *maker_load(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "%s", path);
    uint8_t *bytes = malloc(1 << 20);
    ck_assert_ptr_nonnull(bytes);
    *size = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    return bytes;
}

#endif
