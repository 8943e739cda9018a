#include "protocol/answered.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORD_COUNT 4
#define LINE_SIZE  256

bool answered_of_text(struct answered *out, const char *line)
{
    uint64_t words[WORD_COUNT];
    const char *at = line;
    for (int i = 0; i < WORD_COUNT; i++) {
        char *end;
        at += strspn(at, " \t,");
        if (*at < '0' || *at > '9')
            return false;
        errno = 0;
        words[i] = strtoull(at, &end, 10);
        if (errno != 0)
            return false;
        at = end;
    }
    at += strspn(at, " \t\r\n");
    if (*at != '\0' || words[0] > UINT32_MAX || words[2] > UINT16_MAX)
        return false;
    *out = (struct answered){.terminal = (uint32_t)words[0],
                             .id = words[1],
                             .status = (uint16_t)words[2],
                             .sequence = words[3]};
    return true;
}

bool answered_each(const char *path, void (*take)(void *to, const struct answered *answered),
                   void *to, struct fault *fault)
{
    char line[LINE_SIZE];
    uint64_t number = 0;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return fault_set(fault, "%s: %s", path, strerror(errno));
    bool is_good = true;
    while (is_good && fgets(line, sizeof(line), file) != NULL) {
        struct answered answered;
        number++;
        if (line[0] == '#' || line[0] == '\n')
            continue;
        is_good = answered_of_text(&answered, line) ||
                  fault_set(fault, "%s:%" PRIu64 ": want \"terminal request-id status sequence\"",
                            path, number);
        if (is_good)
            take(to, &answered);
    }
    is_good = is_good && (ferror(file) == 0 || fault_set(fault, "%s: %s", path, strerror(errno)));
    fclose(file);
    return is_good;
}
