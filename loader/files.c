#include "loader/files.h"

#include "loader/memory.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READ_SIZE ((size_t)64 << 10) /* asked for at once */

bool files_read_whole(char **text, size_t *text_size, const char *path, size_t size_most,
                      struct fault *fault)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return fault_set(fault, "%s: cannot be opened: %s", path, strerror(errno));
    char *bytes = NULL;
    size_t room = 0, size = 0, taken;
    do {
        bytes = memory_room(bytes, &room, size + READ_SIZE, 1);
        taken = fread(bytes + size, 1, room - size, file);
        size += taken;
    } while (taken > 0 && size <= size_most);
    int error = ferror(file) != 0 ? errno : 0;
    fclose(file);
    if (error != 0) {
        free(bytes);
        return fault_set(fault, "%s: cannot be read: %s", path, strerror(error));
    }
    *text_size = size <= size_most ? size : size_most + 1;
    *text = memory_grow(bytes, *text_size, 1);
    return true;
}

ssize_t files_read_at(int fd, void *bytes, size_t size, uint64_t offset)
{
    size_t done = 0;
    while (done < size) {
        ssize_t got = pread(fd, (uint8_t *)bytes + done, size - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (ssize_t)done;
}

static bool is_wanted(const char *name, const char *suffix)
{
    size_t size = strlen(name), suffix_size = strlen(suffix);
    return name[0] != '.' && size > suffix_size && strcmp(name + size - suffix_size, suffix) == 0;
}

static int by_name(const struct dirent **left, const struct dirent **right)
{
    return strcmp((*left)->d_name, (*right)->d_name);
}

bool files_list(struct files *out, const char *folder, const char *suffix, struct fault *fault)
{
    struct dirent **entries;
    int entry_count = scandir(folder, &entries, NULL, by_name);
    if (entry_count < 0)
        return fault_set(fault, "%s: %s", folder, strerror(errno));
    *out = (struct files){memory_take((size_t)entry_count, sizeof(out->paths[0])), 0};
    for (int i = 0; i < entry_count; i++) {
        const char *name = entries[i]->d_name;
        if (is_wanted(name, suffix))
            out->paths[out->count++] = memory_text("%s/%s", folder, name);
        free(entries[i]);
    }
    free(entries);
    return true;
}

void files_free(struct files *files)
{
    for (size_t i = 0; i < files->count; i++)
        free(files->paths[i]);
    free(files->paths);
    *files = (struct files){0};
}
