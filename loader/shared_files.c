#include "loader/shared_files.h"

#include "protocol/options.h"

#include <err.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHARED_FOLDER "/usr/share/elig"

/* The file or folder at `tail` beside the folder that is `up` levels above the program; NULL when
 * it is not there. */
static char *find_beside_program(int up, const char *tail, const char *name)
{
    char program[PATH_MAX], *found;
    ssize_t size = readlink("/proc/self/exe", program, sizeof(program) - 1);
    program[size > 0 ? size : 0] = '\0';
    for (; up > 0; up--)
        *(strrchr(program, '/') != NULL ? strrchr(program, '/') : program) = '\0';
    if (asprintf(&found, "%s/%s/%s", program, tail, name) < 0)
        return NULL;
    if (access(found, R_OK) == 0)
        return found;
    free(found);
    return NULL;
}

char *shared_file_find(const char *wanted, const char *name)
{
    char *found = wanted != NULL ? strdup(wanted) : NULL;
    if (wanted == NULL)
        found = find_beside_program(3, "loader", name); /* build/bin/eligload of a checkout */
    if (wanted == NULL && found == NULL)
        found = find_beside_program(2, "share/elig", name); /* bin/eligload where it is installed */
    if (wanted == NULL && found == NULL && asprintf(&found, SHARED_FOLDER "/%s", name) < 0)
        found = NULL;
    if (found == NULL)
        errx(EXIT_FAILED, "out of memory");
    return found;
}
