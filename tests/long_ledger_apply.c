/* long_ledger_apply COUNT: what a USE costs the book, in time of the processor: nothing waits for
 * the disk. */
#include "tests/ledger_scene.h"
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { GROUP = 256, SUBJECTS = 1000000 };

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static const struct limit limits[] = {
    {.relief = LS_HALF, .kind = LIMIT_USES, .period = PERIOD_DAY, .value = 20, .is_published = 1},
    {.relief = LS_HALF, .kind = LIMIT_USES, .period = PERIOD_MONTH, .value = 400},
    {.relief = LS_HALF,
     .kind = LIMIT_BUDGET,
     .period = PERIOD_YEAR,
     .value = UINT64_C(1) << 60,
     .warn_bp = 8000},
};

int main(int argc, char *argv[])
{
    static struct ledger_scene scene;
    uint64_t random = 1, count = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
    double applied = 0, committed = 0;
    ls_open(&scene);
    ls_limits(&scene, limits, COUNT_OF(limits));
    for (uint64_t done = 0; done < count; done += GROUP) {
        static struct ledger_request requests[GROUP];
        struct ledger_verdict verdict;
        for (size_t i = 0; i < GROUP; i++) {
            requests[i] =
                ls_purchase(&scene, KIND_USE, 1 + support_random(&random) % SUBJECTS, LS_P_HALF);
            requests[i].terminal = (uint32_t)(support_random(&random) % 10000);
            ls_fill(&scene, &requests[i]);
        }
        scene.now_ms += 5;
        double begin = seconds();
        if (book_begin(scene.book, scene.now_ms) != BOOK_DONE)
            return 1;
        for (size_t i = 0; i < GROUP; i++)
            if (book_apply(scene.book, &requests[i], &verdict) != BOOK_DONE ||
                verdict.status != STATUS_APPLIES)
                return 1;
        double middle = seconds();
        if (book_commit(scene.book) != BOOK_DONE)
            return 1;
        applied += middle - begin;
        committed += seconds() - middle;
    }
    printf("%.0f ns an apply, %.0f ns of the commit of %d\n", applied * 1e9 / (double)count,
           committed * 1e9 / (double)count, GROUP);
    double begin = seconds();
    ls_reopen(&scene);
    printf("opened again in %.0f ms\n", 1e3 * (seconds() - begin));
    ls_close(&scene);
    return 0;
}
