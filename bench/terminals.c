#include "bench/terminals.h"

#include "bench/out.h"
#include "bench/random.h"
#include "bench/workload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_FILE_SIZE_MAX 256
#define PATH_SIZE         4096

void terminals_keys(struct noise_keys *out, uint64_t seed, uint32_t number)
{
    uint64_t state = seed ^ (uint64_t)number << 32;
    uint8_t secret[NOISE_KEY_SIZE];
    for (size_t i = 0; i < NOISE_KEY_SIZE; i += sizeof(uint64_t))
        store_u64(secret + i, random_next(&state));
    noise_keys_of_secret(out, secret);
}

static void write_row(struct out *out, uint32_t i, uint64_t seed)
{
    struct noise_keys keys;
    struct workload_points points = workload_points(i % WORKLOAD_PRODUCT_COUNT);
    char hex[3];
    terminals_keys(&keys, seed, TERMINAL_FIRST + i);
    out_number(out, TERMINAL_FIRST + i);
    out_string(out, ",");
    out_number(out, points.first);
    out_string(out, "-");
    out_number(out, points.last);
    out_string(out, ",inspector,");
    for (size_t k = 0; k < NOISE_KEY_SIZE; k++) {
        snprintf(hex, sizeof(hex), "%02x", keys.public_key[k]);
        out_text(out, hex, 2);
    }
    out_string(out, ",,,,,,\n");
}

bool terminals_write(const char *folder, uint32_t count, uint64_t seed, struct fault *fault)
{
    static struct out out;
    if (!out_open(&out, folder, "terminals.csv", fault))
        return false;
    out_string(&out, "number,points,profile,key,products,per_minute,per_day,typed_per_day,from,"
                     "until\n");
    for (uint32_t i = 0; i < count; i++)
        write_row(&out, i, seed);
    return out_close(&out, fault);
}

static bool copy_key(const char *text, size_t size, const char *merchants, const char *provider,
                     struct fault *fault)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof(path), "%.3000s/%.20s.key", merchants, provider);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool is_written = fd >= 0 && write(fd, text, size) == (ssize_t)size;
    if (fd >= 0 && close(fd) != 0)
        is_written = false;
    return is_written || fault_set(fault, "%s: %s", path, strerror(errno));
}

bool terminals_write_merchants(const char *folder, const char *merchants, const char *key_path,
                               struct fault *fault)
{
    char path[PATH_SIZE], key[KEY_FILE_SIZE_MAX], *line = NULL;
    size_t room = 0;
    FILE *from = fopen(key_path, "re");
    size_t size = from != NULL ? fread(key, 1, sizeof(key), from) : 0;
    if (from != NULL)
        fclose(from);
    if (size == 0)
        return fault_set(fault, "%s: wanted a merchant's key: %s", key_path, strerror(errno));
    if (mkdir(merchants, 0700) != 0 && errno != EEXIST)
        return fault_set(fault, "%s: cannot be made: %s", merchants, strerror(errno));
    snprintf(path, sizeof(path), "%.3000s/points_of_sale.csv", folder);
    FILE *points = fopen(path, "re");
    if (points == NULL)
        return fault_set(fault, "%s: %s", path, strerror(errno));
    bool is_fine = true;
    while (is_fine && getline(&line, &room, points) > 0) {
        char *provider = strchr(line, ',');
        if (provider == NULL || provider[1] < '0' || provider[1] > '9')
            continue; /* the head */
        provider++;
        provider[strcspn(provider, ",\n")] = '\0';
        is_fine = copy_key(key, size, merchants, provider, fault);
    }
    free(line);
    fclose(points);
    return is_fine;
}
