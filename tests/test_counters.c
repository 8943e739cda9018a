/* Handshake counters: what has not risen is refused, for each terminal by itself, also after a
 * restart and when there is no room; a state file that is not whole is not taken at all. */
#include "engine/counters.h"
#include "tests/support.h"

#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_SIZE_MAX 4096
#define HEAD_SIZE     24
#define ENTRY_SIZE    16
#define CHECK_SIZE    16

static struct counters *counters;
static struct fault fault;
static char path[512];

static void open_counters(void)
{
    ck_assert_int_ge(sodium_init(), 0);
    snprintf(path, sizeof(path), "%.400s/counters", support_directory());
    unlink(path);
    ck_assert(counters_open(&counters, &fault));
}

static void close_counters(void)
{
    counters_close(counters);
}

static void begin_anew(void)
{
    counters_close(counters);
    ck_assert(counters_open(&counters, &fault));
}

static size_t read_file(uint8_t bytes[static FILE_SIZE_MAX])
{
    FILE *from = fopen(path, "r");
    ck_assert_ptr_nonnull(from);
    size_t size = fread(bytes, 1, FILE_SIZE_MAX, from);
    fclose(from);
    return size;
}

/* Three terminals, saved: what stands in the file. */
static size_t save_some(uint8_t bytes[static FILE_SIZE_MAX])
{
    ck_assert(counters_rise(counters, 7, 5));
    ck_assert(counters_rise(counters, 70001, UINT64_MAX));
    ck_assert(counters_rise(counters, UINT32_MAX, 1));
    ck_assert_msg(counters_save(counters, path, &fault), "%s", fault.text);
    struct stat status;
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0600);
    return read_file(bytes);
}

START_TEST(a_counter_must_rise)
{
    static const struct {
        uint64_t counter;
        bool rises;
    } steps[] = {{1, true},    {1, false},          {2, true},          {1, false},
                 {1000, true}, {999, false},        {UINT64_MAX, true}, {UINT64_MAX, false},
                 {0, false},   {UINT64_MAX, false}, {1, false}};
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        ck_assert_msg(counters_rise(counters, 7, steps[i].counter) == steps[i].rises, "step %zu",
                      i);
    ck_assert_uint_eq(counters_count(counters), 1);
}
END_TEST

START_TEST(every_terminal_has_its_own)
{
    enum { TERMINALS = 5000 };
    for (uint32_t i = 1; i <= TERMINALS; i++)
        ck_assert(counters_rise(counters, i * 4096, 100 + i)); /* many in the same few places */
    for (uint32_t i = 1; i <= TERMINALS; i++) {
        ck_assert(!counters_rise(counters, i * 4096, 100 + i));
        ck_assert(counters_rise(counters, i * 4096, 101 + i));
    }
    ck_assert_uint_eq(counters_count(counters), TERMINALS);
}
END_TEST

/* ---- forgetting ---- */

/* How many of `count` terminals rise, each to its number and `above`. */
static uint32_t risen_of(uint32_t first, uint32_t count, uint64_t above)
{
    uint32_t risen = 0;
    for (uint32_t i = first; i < first + count; i++)
        risen += counters_rise(counters, i, above + i);
    return risen;
}

/* Terminals 1 to COUNTERS_MAX, all with the counter that is their number and a thousand. */
static void fill(void)
{
    ck_assert_uint_eq(risen_of(1, COUNTERS_MAX, 1000), COUNTERS_MAX);
    ck_assert_uint_eq(counters_count(counters), COUNTERS_MAX);
}

/* A catalogue of so many terminals, from this number on. */
static const struct terminal *catalogue_of(uint32_t first, uint32_t count)
{
    static struct terminal catalogue[TERMINAL_COUNT_MAX];
    for (uint32_t i = 0; i < count; i++)
        catalogue[i].number = first + i;
    return catalogue;
}

static void restart(void)
{
    ck_assert_msg(counters_save(counters, path, &fault), "%s", fault.text);
    begin_anew();
    ck_assert_msg(counters_load(counters, path, &fault), "%s", fault.text);
}

START_TEST(without_room_newcomers_are_refused_and_nobody_is_forgotten)
{
    fill();
    ck_assert(!counters_rise(counters, COUNTERS_MAX + 1, UINT64_MAX));
    restart();
    ck_assert_uint_eq(counters_count(counters), COUNTERS_MAX);
    ck_assert_uint_eq(risen_of(1, COUNTERS_MAX, 1000), 0);
    ck_assert(counters_rise(counters, COUNTERS_MAX, UINT64_MAX));
}
END_TEST

START_TEST(while_there_is_room_nobody_is_forgotten)
{
    ck_assert_uint_eq(risen_of(1, COUNTERS_MAX - 1, 1000), COUNTERS_MAX - 1);
    counters_make_room(counters, NULL, 0);
    ck_assert_uint_eq(counters_count(counters), COUNTERS_MAX - 1);
    ck_assert(!counters_rise(counters, 1, 1001));
    ck_assert(counters_rise(counters, COUNTERS_MAX, 1)); /* there is no floor */
}
END_TEST

/* The catalogues that there may be when it is full, the floor that comes of them, and how many are
 * remembered then. */
static const struct {
    const char *name;
    uint32_t first, count;
    uint64_t floor;
    uint32_t left_count;
} forgettings[] = {
    {"an empty catalogue", 1, 0, 1001 + COUNTERS_MAX / 2, COUNTERS_MAX / 2 - 1},
    {"one of strangers", COUNTERS_MAX + 1, TERMINAL_COUNT_MAX, 1001 + COUNTERS_MAX / 2,
     COUNTERS_MAX / 2 - 1},
    {"one of those with the lowest counters", 1, TERMINAL_COUNT_MAX,
     1001 + COUNTERS_MAX / 2 + COUNTERS_MAX / 4, COUNTERS_MAX * 3 / 4 - 1},
    {"one of those with the highest", COUNTERS_MAX / 2 + 1, TERMINAL_COUNT_MAX,
     1001 + COUNTERS_MAX / 4, COUNTERS_MAX * 3 / 4 - 1},
};
#define FORGETTINGS (sizeof(forgettings) / sizeof(forgettings[0]))

/* Whatever the catalogue, and also after a restart: no counter that was taken is taken again. */
START_TEST(whoever_was_forgotten_must_be_above_the_floor)
{
    uint32_t first = forgettings[_i].first, count = forgettings[_i].count;
    uint64_t floor = forgettings[_i].floor;
    fill();
    counters_make_room(counters, catalogue_of(first, count), count);
    restart();
    ck_assert_msg(counters_count(counters) == forgettings[_i].left_count, "%s: %u are left",
                  forgettings[_i].name, counters_count(counters));
    ck_assert_msg(risen_of(1, COUNTERS_MAX, 1000) == 0, "%s", forgettings[_i].name);
    ck_assert_uint_eq(counters_count(counters), forgettings[_i].left_count);
    uint32_t newcomer = 3 * COUNTERS_MAX; /* who may have been here or not */
    ck_assert(!counters_rise(counters, newcomer, floor));
    ck_assert(counters_rise(counters, newcomer, floor + 1));
    ck_assert(!counters_rise(counters, newcomer, floor + 1));
}
END_TEST

START_TEST(whoever_is_in_the_catalogue_is_never_forgotten)
{
    uint32_t first = forgettings[_i].first, count = forgettings[_i].count;
    fill();
    counters_make_room(counters, catalogue_of(first, count), count);
    restart();
    if (first <= COUNTERS_MAX)
        ck_assert_msg(risen_of(first, count, 1001) == count, "%s", forgettings[_i].name);
}
END_TEST

/* Those that stayed below it the first time leave, and half of them are less than it was. */
START_TEST(a_floor_never_sinks)
{
    enum { NEWCOMERS = COUNTERS_MAX / 4 + 1 };
    fill();
    counters_make_room(counters, catalogue_of(1, TERMINAL_COUNT_MAX), TERMINAL_COUNT_MAX);
    ck_assert_uint_eq(risen_of(2 * COUNTERS_MAX, NEWCOMERS, 1000), NEWCOMERS);
    ck_assert_uint_eq(counters_count(counters), COUNTERS_MAX);
    counters_make_room(counters, catalogue_of(2 * COUNTERS_MAX, NEWCOMERS), NEWCOMERS);
    ck_assert_uint_lt(counters_count(counters), COUNTERS_MAX);
    ck_assert_uint_eq(risen_of(1, COUNTERS_MAX, 1000), 0);
}
END_TEST

/* Years of terminals that come and go: there is always room. */
START_TEST(room_is_made_as_often_as_it_must)
{
    uint32_t number = 1;
    ck_assert(counters_rise(counters, number++, UINT64_MAX)); /* and one that is far ahead */
    for (int year = 0; year < 4; year++) {
        const struct terminal *catalogue = catalogue_of(number, TERMINAL_COUNT_MAX);
        uint32_t until = number + TERMINAL_COUNT_MAX, risen = 0;
        for (; number < until; number++) {
            counters_make_room(counters, catalogue, TERMINAL_COUNT_MAX);
            risen += counters_rise(counters, number, 1000 + number);
        }
        ck_assert_uint_eq(risen, TERMINAL_COUNT_MAX);
    }
    ck_assert(!counters_rise(counters, 1, UINT64_MAX));
    ck_assert_uint_eq(risen_of(2, number - 2, 1000), 0);
}
END_TEST

START_TEST(what_was_saved_is_known_after_a_restart)
{
    static uint8_t bytes[FILE_SIZE_MAX];
    size_t size = save_some(bytes);
    ck_assert_uint_eq(size, HEAD_SIZE + 3 * ENTRY_SIZE + CHECK_SIZE);
    ck_assert(memcmp(bytes, "ELIGCTR1", 8) == 0);
    begin_anew();
    ck_assert_msg(counters_load(counters, path, &fault), "%s", fault.text);
    ck_assert_uint_eq(counters_count(counters), 3);
    ck_assert(!counters_rise(counters, 7, 5));
    ck_assert(!counters_rise(counters, 70001, UINT64_MAX));
    ck_assert(!counters_rise(counters, UINT32_MAX, 1));
    ck_assert(counters_rise(counters, 7, 6));
    ck_assert(counters_rise(counters, 8, 1));
}
END_TEST

START_TEST(no_file_is_an_empty_one)
{
    ck_assert(counters_load(counters, path, &fault));
    ck_assert_uint_eq(counters_count(counters), 0);
}
END_TEST

START_TEST(nothing_is_written_while_nothing_has_risen)
{
    static uint8_t bytes[FILE_SIZE_MAX];
    struct stat status;
    ck_assert(counters_save(counters, path, &fault));
    ck_assert_int_ne(stat(path, &status), 0);
    (void)save_some(bytes);
    unlink(path);
    ck_assert(!counters_rise(counters, 7, 5));
    ck_assert(counters_save(counters, path, &fault));
    ck_assert_int_ne(stat(path, &status), 0);
    ck_assert(counters_rise(counters, 7, 6));
    ck_assert(counters_save(counters, path, &fault));
    ck_assert_int_eq(stat(path, &status), 0);
}
END_TEST

static void check_refused(const uint8_t *bytes, size_t size, const char *what, size_t at)
{
    support_write_file(path, bytes, size, 0600);
    fault.text[0] = '\0';
    ck_assert_msg(!counters_load(counters, path, &fault), "%s %zu", what, at);
    ck_assert_msg(strstr(fault.text, path) != NULL, "%s", fault.text);
    ck_assert_uint_eq(counters_count(counters), 0);
}

START_TEST(a_bit_anywhere_and_a_cut_anywhere_refuse_all_of_it)
{
    static uint8_t bytes[FILE_SIZE_MAX];
    size_t size = save_some(bytes);
    begin_anew();
    for (size_t bit = 0; bit < size * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        check_refused(bytes, size, "bit", bit);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t cut = 0; cut < size; cut++)
        check_refused(bytes, cut, "cut", cut);
    check_refused(bytes, size + 1, "a byte more than", size);
    ck_assert(counters_rise(counters, 7, 1)); /* nor has anything of it become a floor */
}
END_TEST

/* Whoever writes the check value, too: numbers are still judged. */
START_TEST(numbers_that_cannot_be_are_refused_with_a_good_check_value)
{
    static uint8_t bytes[FILE_SIZE_MAX], spoilt[FILE_SIZE_MAX];
    static const struct {
        const char *name;
        size_t at;
        uint32_t value;
    } faults[] = {
        {"more entries", 8, 4},
        {"fewer entries", 8, 2},
        {"as many as there are numbers", 8, UINT32_MAX},
        {"something reserved", 12, 1},
        {"terminal 0", HEAD_SIZE, 0},
        {"something reserved in an entry", HEAD_SIZE + ENTRY_SIZE + 4, 1},
    };
    size_t size = save_some(bytes);
    begin_anew();
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        memcpy(spoilt, bytes, size);
        store_u32(spoilt + faults[i].at, faults[i].value);
        crypto_generichash(spoilt + size - CHECK_SIZE, CHECK_SIZE, spoilt, size - CHECK_SIZE, NULL,
                           0);
        check_refused(spoilt, size, faults[i].name, i);
    }
}
END_TEST

START_TEST(what_is_no_plain_file_is_refused_and_not_waited_for)
{
    char target[600];
    snprintf(target, sizeof(target), "%s.target", path);
    support_write_file(target, "", 0, 0600);
    ck_assert_int_eq(symlink(target, path), 0);
    ck_assert(!counters_load(counters, path, &fault));
    unlink(path);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert(!counters_load(counters, path, &fault));
    unlink(path);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    ck_assert(!counters_load(counters, path, &fault));
    ck_assert_int_eq(rmdir(path), 0);
}
END_TEST

START_TEST(a_saving_that_failed_is_made_up_for)
{
    char lost[600];
    snprintf(lost, sizeof(lost), "%.500s.gone/counters", path);
    ck_assert(counters_rise(counters, 7, 5));
    ck_assert(!counters_save(counters, lost, &fault));
    ck_assert(counters_save(counters, path, &fault));
    begin_anew();
    ck_assert(counters_load(counters, path, &fault));
    ck_assert(!counters_rise(counters, 7, 5));
}
END_TEST

/* Of several threads with one HELLO, one is the first. */
enum { THREADS = 4, ROUNDS = 4000 };
static atomic_uint risen_count;
static atomic_bool is_saving;

static void *rise_all(void *argument)
{
    (void)argument;
    for (uint64_t i = 1; i <= ROUNDS; i++)
        atomic_fetch_add(&risen_count, counters_rise(counters, (uint32_t)(1 + i % 3), i));
    return NULL;
}

static void *save_often(void *argument)
{
    struct fault own;
    (void)argument;
    while (atomic_load(&is_saving))
        ck_assert(counters_save(counters, path, &own));
    return NULL;
}

START_TEST(of_many_at_once_with_one_counter_one_is_let_in)
{
    pthread_t threads[THREADS], saver;
    atomic_store(&risen_count, 0);
    atomic_store(&is_saving, true);
    ck_assert_int_eq(pthread_create(&saver, NULL, save_often, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, rise_all, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    atomic_store(&is_saving, false);
    pthread_join(saver, NULL);
    ck_assert_uint_le(atomic_load(&risen_count), ROUNDS);
    ck_assert_uint_ge(atomic_load(&risen_count), 3);
    for (uint32_t i = 1; i <= 3; i++)
        ck_assert(!counters_rise(counters, i, ROUNDS - 3));
    ck_assert(counters_save(counters, path, &fault));
    begin_anew();
    ck_assert(counters_load(counters, path, &fault));
    ck_assert_uint_eq(counters_count(counters), 3);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("counters");
    TCase *tcase = tcase_create("counters");
    tcase_set_timeout(tcase, 30);
    tcase_add_checked_fixture(tcase, open_counters, close_counters);
    tcase_add_test(tcase, a_counter_must_rise);
    tcase_add_test(tcase, every_terminal_has_its_own);
    tcase_add_test(tcase, without_room_newcomers_are_refused_and_nobody_is_forgotten);
    tcase_add_test(tcase, while_there_is_room_nobody_is_forgotten);
    tcase_add_loop_test(tcase, whoever_was_forgotten_must_be_above_the_floor, 0, FORGETTINGS);
    tcase_add_loop_test(tcase, whoever_is_in_the_catalogue_is_never_forgotten, 0, FORGETTINGS);
    tcase_add_test(tcase, a_floor_never_sinks);
    tcase_add_test(tcase, room_is_made_as_often_as_it_must);
    tcase_add_test(tcase, what_was_saved_is_known_after_a_restart);
    tcase_add_test(tcase, no_file_is_an_empty_one);
    tcase_add_test(tcase, nothing_is_written_while_nothing_has_risen);
    tcase_add_test(tcase, a_bit_anywhere_and_a_cut_anywhere_refuse_all_of_it);
    tcase_add_test(tcase, numbers_that_cannot_be_are_refused_with_a_good_check_value);
    tcase_add_test(tcase, what_is_no_plain_file_is_refused_and_not_waited_for);
    tcase_add_test(tcase, a_saving_that_failed_is_made_up_for);
    tcase_add_test(tcase, of_many_at_once_with_one_counter_one_is_let_in);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
