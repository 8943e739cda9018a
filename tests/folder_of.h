/* A catalogue's folder for tests, written from a list of names and texts. */
#ifndef TESTS_FOLDER_OF_H
#define TESTS_FOLDER_OF_H

#include "tests/support.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct folder_file {
    const char *name, *text; /* name NULL ends a list */
};

/* A new folder of that name with the files; those of `instead` in the place of the ones of the same
 * name, or beside them; a text of NULL is a file that is not there. */
static inline const char *folder_of(const char *name, const struct folder_file files[],
                                    const struct folder_file instead[])
{
    static char folder[4096];
    char path[4200];
    snprintf(folder, sizeof(folder), "%s/%s", support_directory(), name);
    ck_assert(mkdir(folder, 0755) == 0);
    for (int list = 0; list < 2; list++) {
        const struct folder_file *file = list == 0 ? files : instead;
        for (; file != NULL && file->name != NULL; file++) {
            snprintf(path, sizeof(path), "%s/%s", folder, file->name);
            if (file->text != NULL)
                support_write_file(path, file->text, strlen(file->text), 0644);
            else
                remove(path);
        }
    }
    return folder;
}

#endif
