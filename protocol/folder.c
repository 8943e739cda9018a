#include "protocol/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- names ---- */

void generation_to_text(char text[static GENERATION_TEXT_SIZE], uint64_t generation)
{
    snprintf(text, GENERATION_TEXT_SIZE, "%016" PRIx64, generation);
}

bool generation_of_text(uint64_t *generation, const char *text, size_t text_size)
{
    if (text_size != GENERATION_TEXT_SIZE - 1)
        return false;
    uint64_t number = 0;
    for (size_t i = 0; i < text_size; i++) {
        const char *digits = "0123456789abcdef";
        const char *digit = text[i] != '\0' ? strchr(digits, text[i]) : NULL;
        if (digit == NULL)
            return false;
        number = number << 4 | (uint64_t)(digit - digits);
    }
    *generation = number;
    return true;
}

void folder_file_name(char name[static FOLDER_NAME_SIZE], uint64_t generation, const char *suffix)
{
    generation_to_text(name, generation);
    size_t size = strlen(name);
    snprintf(name + size, FOLDER_NAME_SIZE - size, "%s", suffix);
}

/* ---- files ---- */

int folder_open(const char *directory, struct fault *fault)
{
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        fault_set(fault, "%s: %s; wanted the folder of snapshots", directory, strerror(errno));
    return fd;
}

int folder_open_regular(int directory_fd, const char *name, uint64_t *size, struct fault *fault)
{
    int fd = openat(directory_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        if (errno == ELOOP)
            fault_set(fault, "%s: a symbolic link; only regular files are taken", name);
        else
            fault_set(fault, "%s: %s", name, strerror(errno));
        return -1;
    }
    struct stat info;
    if (fstat(fd, &info) != 0)
        fault_set(fault, "%s: %s", name, strerror(errno));
    else if (!S_ISREG(info.st_mode))
        fault_set(fault, "%s: not a regular file; only regular files are taken", name);
    else {
        *size = (uint64_t)info.st_size;
        return fd;
    }
    close(fd);
    return -1;
}

ssize_t folder_read(int fd, void *out, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t n = read(fd, (uint8_t *)out + done, size - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        done += (size_t)n;
    }
    return (ssize_t)done;
}

bool folder_read_exactly(int directory_fd, const char *name, uint8_t *out, size_t size,
                         struct fault *fault)
{
    uint64_t found;
    int fd = folder_open_regular(directory_fd, name, &found, fault);
    if (fd < 0)
        return false;
    bool is_good = found == size;
    if (!is_good)
        fault_set(fault, "%s: %" PRIu64 " bytes; wanted exactly %zu", name, found, size);
    else if (folder_read(fd, out, size) != (ssize_t)size)
        is_good = fault_set(fault, "%s: could not be read whole", name);
    close(fd);
    return is_good;
}

/* ---- CURRENT ---- */

void current_encode(uint8_t line[static CURRENT_SIZE], uint64_t generation,
                    const uint8_t manifest_hash[static DATA_HASH_SIZE])
{
    char text[CURRENT_SIZE + 1]; /* the conversions want a place for their NUL */
    generation_to_text(text, generation);
    text[GENERATION_TEXT_SIZE - 1] = ' ';
    sodium_bin2hex(text + GENERATION_TEXT_SIZE, 2 * DATA_HASH_SIZE + 1, manifest_hash,
                   DATA_HASH_SIZE);
    text[CURRENT_SIZE - 1] = '\n';
    memcpy(line, text, CURRENT_SIZE);
}

bool current_decode(uint64_t *generation, uint8_t manifest_hash[static DATA_HASH_SIZE],
                    const uint8_t line[static CURRENT_SIZE])
{
    const char *text = (const char *)line;
    size_t digits = GENERATION_TEXT_SIZE - 1;
    uint64_t number = 0;
    uint8_t hash[DATA_HASH_SIZE];
    size_t hash_size = 0;
    if (!generation_of_text(&number, text, digits) || text[digits] != ' ' ||
        text[CURRENT_SIZE - 1] != '\n' ||
        sodium_hex2bin(hash, sizeof(hash), text + digits + 1, 2 * sizeof(hash), NULL, &hash_size,
                       NULL) != 0 ||
        hash_size != sizeof(hash))
        return false;
    *generation = number;
    memcpy(manifest_hash, hash, sizeof(hash));
    return true;
}
