/* Millions of decisions by chance, the real way against the slow and obvious one.
 * usage: long_agree [--seed N] [--one] [RUNS]; --one: only the catalogue of that seed */
#include "tests/agreement.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define RUN_COUNT      10000000
#define PERSON_COUNT   50
#define PURCHASE_COUNT 100

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static uint64_t number_of_text(const char *text)
{
    char *end;
    unsigned long long number = strtoull(text, &end, 10);
    if (*text == '\0' || *end != '\0')
        errx(2, "wanted a number, found \"%s\"", text);
    return number;
}

int main(int argc, char **argv)
{
    uint64_t seed = 1, run_count = RUN_COUNT, catalogue_count = 0;
    bool is_one = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--one") == 0)
            is_one = true;
        else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
            seed = number_of_text(argv[++i]);
        else
            run_count = number_of_text(argv[i]);
    }
    struct agreement agreement = {.person_count = PERSON_COUNT, .purchase_count = PURCHASE_COUNT};
    double start_s = now_s(), told_s = start_s;
    do {
        uint64_t this_seed = seed + catalogue_count;
        if (!agreement_run(&agreement, this_seed)) {
            printf("\nagain: build/tests/long_agree --seed %llu --one\n",
                   (unsigned long long)this_seed);
            return EXIT_FAILURE;
        }
        catalogue_count++;
        if (isatty(STDERR_FILENO) && now_s() - told_s > 1) {
            told_s = now_s();
            fprintf(stderr, "\r%llu of %llu", (unsigned long long)agreement.triple_count,
                    (unsigned long long)run_count);
        }
    } while (!is_one && agreement.triple_count < run_count);
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r%*s\r", 40, "");

    agreement_summary(&agreement);
    bool has_all = is_one || agreement_has_all(&agreement);
    printf("%llu decisions on %llu catalogues in %.0f s: no difference\n",
           (unsigned long long)agreement.triple_count, (unsigned long long)catalogue_count,
           now_s() - start_s);
    return has_all ? EXIT_SUCCESS : EXIT_FAILURE;
}
