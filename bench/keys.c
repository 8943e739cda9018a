#include "bench/keys.h"

#include "bench/driver.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BATCH_COUNT     256
#define ANSWER_SIZE_MAX 64 /* of a line; errors may be longer, and are cut */

static bool set_keys(FILE *store, const struct dialect *dialect, uint64_t key_count)
{
    uint8_t command[SET_SIZE_MAX];
    char answer[ANSWER_SIZE_MAX];
    for (uint64_t first = 0; first < key_count; first += BATCH_COUNT) {
        uint64_t end = first + BATCH_COUNT < key_count ? first + BATCH_COUNT : key_count;
        for (uint64_t i = first; i < end; i++) {
            size_t size = dialect->set(command, i);
            if (fwrite(command, 1, size, store) != size)
                return false;
        }
        if (fflush(store) != 0)
            return false;
        for (uint64_t i = first; i < end; i++)
            if (fgets(answer, sizeof(answer), store) == NULL ||
                strcmp(answer, dialect->set_answer) != 0)
                return false;
    }
    return true;
}

bool keys_load(const char *address, const struct dialect *dialect, uint64_t key_count,
               struct fault *fault)
{
    assert(dialect->set != NULL);
    int fd = driver_connect(address, true, fault);
    if (fd < 0)
        return false;
    FILE *store = fdopen(fd, "r+");
    bool is_fine = store != NULL && set_keys(store, dialect, key_count);
    if (store != NULL)
        fclose(store);
    else
        close(fd);
    return is_fine || fault_set(fault, "%s: the server did not take the keys", address);
}
