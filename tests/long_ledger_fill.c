/* long_ledger_fill FOLDER SUBJECT_KEY COUNT: a ledger with so many purchases of a million people,
 * written without syncs, for what is measured on a large one (bench/ledger.sh). The engine that has
 * this subject key opens it. */
#include "engine/book.h"
#include "protocol/keyfile.h"
#include "protocol/progress.h"
#include "protocol/subject.h"
#include "tests/ledger_scene.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>

enum { GROUP = 4096, OF_A_SUBJECT = 10, OF_A_TERMINAL = 1000, GROUP_MS = 5 };

static const struct limit limits[] = {
    {.relief = LS_HALF, .kind = LIMIT_USES, .period = PERIOD_MONTH, .value = 100000}};

static void apply_group(struct book *book, struct ledger_scene *scene, uint64_t first)
{
    if (book_begin(book, scene->now_ms) != BOOK_DONE)
        errx(1, "the book has failed");
    for (uint64_t i = first; i < first + GROUP; i++) {
        struct ledger_verdict verdict;
        struct ledger_request request =
            ls_purchase(scene, KIND_USE, 1 + i / OF_A_SUBJECT, LS_P_HALF);
        request.terminal = (uint32_t)(1 + i / OF_A_TERMINAL);
        ls_fill(scene, &request);
        if (book_apply(book, &request, &verdict) != BOOK_DONE)
            errx(1, "the book has failed: is the disk full?");
    }
    if (book_commit(book) != BOOK_DONE)
        errx(1, "the book has failed: is the disk full?");
}

int main(int argc, char *argv[])
{
    static struct ledger_scene scene;
    struct identity_key *key;
    struct fault fault;
    struct book *book;
    struct progress progress;
    if (argc != 4)
        errx(2, "usage: long_ledger_fill FOLDER SUBJECT_KEY COUNT");
    uint64_t count = strtoull(argv[3], NULL, 10);
    if (!identity_start(&fault) || !keyfile_open_subject(&key, argv[2], &fault))
        errx(3, "%s", fault.text);
    struct book_settings settings = {
        .directory = argv[1], .subject_key = subject_key_check(key), .is_unsafe = true};
    if (!book_open(&book, &settings, &fault))
        errx(3, "%s", fault.text);
    ls_open(&scene);
    ls_limits(&scene, limits, COUNT_OF(limits));
    scene.now_ms = clock_wall_s() * 1000 - (count / GROUP + 1) * GROUP_MS;
    progress_start(&progress, "filling", "purchases", count, false);
    for (uint64_t done = 0; done < count; done += GROUP) {
        scene.now_ms += GROUP_MS;
        apply_group(book, &scene, done);
        progress_set(&progress, done);
    }
    progress_end(&progress);
    book_close(book);
    ls_close(&scene);
    keyfile_close_identity(key);
    return 0;
}
