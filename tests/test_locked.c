/* Memory for keys: zeros at first, locked, left out of core dumps, and gone when it is given back.
 */
#include "engine/locked.h"
#include "tests/support.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGES 3
static size_t size;

static void take_size(void)
{
    size = PAGES * (size_t)sysconf(_SC_PAGESIZE);
}

/* The flags that the system has for the mapping at `memory` ("VmFlags" of smaps). */
static void read_flags(const void *memory, char flags[static 256])
{
    char line[512], wanted[32];
    FILE *maps = fopen("/proc/self/smaps", "r");
    ck_assert_ptr_nonnull(maps);
    bool is_found = false;
    flags[0] = '\0';
    snprintf(wanted, sizeof(wanted), "%lx-", (unsigned long)(uintptr_t)memory);
    while (fgets(line, sizeof(line), maps) != NULL) {
        is_found = is_found || strncmp(line, wanted, strlen(wanted)) == 0;
        if (is_found && strncmp(line, "VmFlags:", 8) == 0) {
            snprintf(flags, 256, "%.200s", line + 8);
            break;
        }
    }
    fclose(maps);
}

START_TEST(it_is_zeros_and_all_of_it_is_there)
{
    uint8_t *memory = locked_take(PAGES, size / PAGES);
    ck_assert_ptr_nonnull(memory);
    ck_assert(bytes_are_zero(memory, size));
    memset(memory, 0xa5, size);
    locked_free(memory, PAGES, size / PAGES);
}
END_TEST

START_TEST(it_is_locked_and_in_no_core_dump)
{
    char flags[256];
    uint8_t *memory = locked_take(1, size);
    ck_assert_ptr_nonnull(memory);
    memory[0] = 1;
    read_flags(memory, flags);
    if (flags[0] == '\0' || strstr(flags, " dd") == NULL) {
        /* begun beside another mapping of the same kind: then they are one for the system */
        locked_free(memory, 1, size);
        return;
    }
    ck_assert_msg(locked_was_refused() || strstr(flags, " lo") != NULL, "%s", flags);
    locked_free(memory, 1, size);
}
END_TEST

START_TEST(what_was_given_back_is_not_there)
{
    unsigned char seen[1];
    uint8_t *memory = locked_take(1, size);
    ck_assert_ptr_nonnull(memory);
    ck_assert_int_eq(mincore(memory, 1, seen), 0);
    locked_free(memory, 1, size);
    ck_assert_int_ne(mincore(memory, 1, seen), 0);
}
END_TEST

START_TEST(nothing_can_be_given_back)
{
    locked_free(NULL, 5, 7);
}
END_TEST

START_TEST(sizes_that_cannot_be_are_refused)
{
    volatile size_t most = SIZE_MAX; /* the compiler is not to see it coming */
    ck_assert_ptr_null(locked_take(0, 16));
    ck_assert_ptr_null(locked_take(16, 0));
    ck_assert_ptr_null(locked_take(most / 2, 3));
    ck_assert_ptr_null(locked_take(1, most));
}
END_TEST

/* The server runs on where the system locks nothing, and says so. */
START_TEST(a_refusal_to_lock_is_known_and_nothing_is_lost_by_it)
{
    static const struct rlimit none = {0, 0};
    ck_assert(!locked_was_refused());
    if (setrlimit(RLIMIT_MEMLOCK, &none) != 0 || mlock(&none, 1) == 0)
        return; /* root locks as it pleases */
    uint8_t *memory = locked_take(1, size);
    ck_assert_ptr_nonnull(memory);
    memset(memory, 1, size);
    ck_assert(locked_was_refused());
    locked_free(memory, 1, size);
}
END_TEST

START_TEST(the_same_without_a_special_right)
{
    if (getuid() != 0)
        return; /* the one above has shown it */
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        static const struct rlimit none = {0, 0};
        if (setrlimit(RLIMIT_MEMLOCK, &none) != 0 || setgid(65534) != 0 || setuid(65534) != 0)
            _exit(2);
        uint8_t *memory = locked_take(1, size);
        _exit(memory != NULL && locked_was_refused() ? 0 : 1);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("locked");
    TCase *tcase = tcase_create("locked");
    tcase_add_checked_fixture(tcase, take_size, NULL);
    tcase_add_test(tcase, it_is_zeros_and_all_of_it_is_there);
    tcase_add_test(tcase, it_is_locked_and_in_no_core_dump);
    tcase_add_test(tcase, what_was_given_back_is_not_there);
    tcase_add_test(tcase, nothing_can_be_given_back);
    tcase_add_test(tcase, sizes_that_cannot_be_are_refused);
    tcase_add_test(tcase, a_refusal_to_lock_is_known_and_nothing_is_lost_by_it);
    tcase_add_test(tcase, the_same_without_a_special_right);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
