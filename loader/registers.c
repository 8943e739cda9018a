#include "loader/registers.h"

#include "loader/files.h"
#include "loader/memory.h"
#include "loader/register.h"
#include "loader/shared_files.h"

#include <stdlib.h>
#include <string.h>

#define DESCRIPTION_SIZE_MAX (64u << 10)

static bool name_is_new(const struct registers *registers, const char *path, struct fault *fault)
{
    const char *name = registers->list[registers->count].name;
    for (size_t i = 0; i < registers->count; i++)
        if (strcmp(registers->list[i].name, name) == 0)
            return fault_set(fault, "%s: the register \"%s\" is described in another file already",
                             path, name);
    return true;
}

static bool read_one(struct registers *out, struct vocabulary *vocabulary, const char *path,
                     struct fault *fault)
{
    char *text;
    size_t text_size;
    if (out->count == REGISTER_COUNT_MAX)
        return fault_set(fault, "%s: at most %d registers wanted, more found", path,
                         REGISTER_COUNT_MAX);
    if (!files_read_whole(&text, &text_size, path, DESCRIPTION_SIZE_MAX, fault))
        return false;
    bool is_fine =
        (text_size <= DESCRIPTION_SIZE_MAX ||
         fault_set(fault, "%s: a description of at most 64 KiB wanted, more found", path)) &&
        register_parse(&out->list[out->count], vocabulary, text, text_size, path, fault) &&
        name_is_new(out, path, fault);
    free(text);
    out->count += is_fine;
    return is_fine;
}

bool registers_read(struct registers *out, struct vocabulary *vocabulary, const char *folder,
                    struct fault *fault)
{
    struct files files;
    if (!files_list(&files, folder, ".register", fault))
        return false;
    out->count = 0;
    out->list = memory_take_zeroed(REGISTER_COUNT_MAX, sizeof(out->list[0]));
    bool is_fine =
        files.count > 0 || fault_set(fault, "%s: files *.register wanted, none found", folder);
    for (size_t i = 0; i < files.count && is_fine; i++)
        is_fine = read_one(out, vocabulary, files.paths[i], fault);
    files_free(&files);
    if (!is_fine)
        registers_free(out);
    return is_fine;
}

void registers_free(struct registers *registers)
{
    free(registers->list);
    *registers = (struct registers){0};
}

bool registers_read_kinds(struct vocabulary *vocabulary, const char *wanted, struct fault *fault)
{
    struct registers registers = {0};
    char *folder = shared_file_find(wanted, "registers");
    bool is_good = registers_read(&registers, vocabulary, folder, fault);
    registers_free(&registers);
    free(folder);
    return is_good;
}
