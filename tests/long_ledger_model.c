/* long_ledger_model SEED COUNT */
#include "tests/ledger_play.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char *argv[])
{
    if (argc != 3) {
        fputs("usage: long_ledger_model SEED COUNT\n", stderr);
        return 2;
    }
    uint64_t seed = strtoull(argv[1], NULL, 10), count = strtoull(argv[2], NULL, 10);
    double begin = seconds();
    ledger_play(seed, count);
    double passed = seconds() - begin;
    printf("%" PRIu64 " requests from seed %" PRIu64 ": no difference, %.0f a second\n", count,
           seed, (double)count / passed);
    return 0;
}
