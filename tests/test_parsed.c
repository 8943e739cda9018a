/* What was kept of an earlier build says what the files say, or the files are parsed again. */
#undef _FORTIFY_SOURCE /* with it pread is inline, and cannot be ours */
#include "loader/parsed.h"

#include "loader/intake.h"
#include "loader/source.h"
#include "tests/support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- a disk that fails ---- */

static int writes_left = -1; /* then the disk is full; -1: never */
static bool has_write_failed;
static int kept_reads_left = -1;
static ino_t kept_inode; /* reads of this file fail when none is left */

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
    if (writes_left == 0) {
        has_write_failed = true;
        errno = ENOSPC;
        return -1;
    }
    writes_left -= writes_left > 0;
    return syscall(SYS_pwrite64, fd, bytes, size, offset);
}

ssize_t pread(int fd, void *bytes, size_t size, off_t offset)
{
    struct stat info;
    if (kept_reads_left >= 0 && fstat(fd, &info) == 0 && info.st_ino == kept_inode &&
        kept_reads_left-- == 0) {
        errno = EIO;
        return -1;
    }
    return syscall(SYS_pread64, fd, bytes, size, offset);
}

/* ---- a delivery of three files, one of each kind of fact ---- */

#define OTHERS                                                                                     \
    "PMLP.special,IZM.learner,VSAA.pension,SIF.family,VBTAI.orphan,SOPA.household,RS.etalons,"     \
    "riga_staff"

enum { PERSONS, EID, DISABILITY, FILE_COUNT };

struct file {
    const char *name, *register_name, *as_of;
    unsigned row_count;
    char text[16384];
};

static struct file delivered[FILE_COUNT];
static size_t order[FILE_COUNT] = {PERSONS, EID, DISABILITY};
static char folder[128], kept[128];

static void add(struct file *file, const char *format, ...) PRINTF_LIKE(2, 3);
static void add(struct file *file, const char *format, ...)
{
    size_t size = strlen(file->text);
    va_list arguments;
    va_start(arguments, format);
    int more = vsnprintf(file->text + size, sizeof(file->text) - size, format, arguments);
    va_end(arguments);
    ck_assert(more > 0 && size + (size_t)more < sizeof(file->text));
}

/* Rows of every kind: refused ones, wrong check digits, several previous codes, means of no use. */
static void make_delivery(void)
{
    struct file *persons = &delivered[PERSONS], *eid = &delivered[EID];
    struct file *disability = &delivered[DISABILITY];
    memset(delivered, 0, sizeof(delivered));
    *persons = (struct file){.name = "p.csv", .register_name = "PMLP.persons"};
    add(persons, "Personas kods;Iepriekšējie personas kodi;Dzimšanas datums;Miršanas datums;"
                 "Deklarētās adreses ATVK;Statuss\n");
    *eid = (struct file){.name = "e.csv", .register_name = "PMLP.eid"};
    add(eid, "Dokumenta numurs,Personas kods,Izdošanas datums,Derīgs līdz,Stāvoklis,Stāvokļa "
             "datums,Aktivizēts\r\n");
    *disability = (struct file){.name = "d.xml", .register_name = "VDEAVK.disability"};
    add(disability, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<invaliditate>\n");
    for (unsigned i = 1; i <= 60; i++) {
        const char *previous = i % 7 == 0 ? "020280-00023 03037000031" : "";
        const char *birth = i % 11 == 0 ? "2026-11-21" : i % 13 == 0 ? "1990-02-31" : "1990-01-01";
        add(persons, "320000-%05u;%s;%s;%s;%u;x\n%s", i, previous, birth,
            i % 5 == 0 ? "2026-01-01" : "", i % 3 == 0 ? 1000u : 4000u, i % 17 == 0 ? "\n" : "");
        add(eid, "%s%07u,320000-%05u,%s,31.01.2030,%s,,01.02.2020\r\n", i % 9 == 0 ? "P-" : "PA",
            1000000 + i, i, i % 4 == 0 ? "01.02.2010" : "01.02.2020",
            i % 6 == 0 ? "bloķēts" : "derīgs");
        add(disability,
            "<persona kods=\"320000-%05u\"><grupa>%s</grupa><no>2020-01-01</no>"
            "<lidz>2027-12-31</lidz></persona>\n",
            i,
            i % 8 == 0   ? "7"
            : i % 2 == 0 ? "1"
                         : "B");
    }
    add(disability, "</invaliditate>\n");
    for (size_t i = 0; i < FILE_COUNT; i++) {
        delivered[i].as_of = "2026-11-20";
        delivered[i].row_count = 60;
        order[i] = i;
    }
}

static void write_in(const char *where, const char *name, const void *bytes, size_t size)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", where, name);
    support_write_file(path, bytes, size, 0600);
}

static void write_delivery(void)
{
    char list[2048] = "register,file,as_of,rows,missing\n";
    for (size_t i = 0; i < FILE_COUNT; i++) {
        const struct file *file = &delivered[order[i]];
        size_t size = strlen(list);
        write_in(folder, file->name, file->text, strlen(file->text));
        snprintf(list + size, sizeof(list) - size, "%s,%s,%s,%u,\n", file->register_name,
                 file->name, file->as_of, file->row_count);
    }
    write_in(folder, "delivery.csv", list, strlen(list));
}

static void setup(void)
{
    char path[256];
    snprintf(path, sizeof(path), "%s", support_directory());
    snprintf(folder, sizeof(folder), "%.100s/in", path);
    snprintf(kept, sizeof(kept), "%.100s/kept", path);
    ck_assert(mkdir(folder, 0700) == 0 && mkdir(kept, 0700) == 0);
    make_delivery();
    write_delivery();
}

/* ---- reading it ---- */

struct world {
    struct registers registers;
    struct vocabulary vocabulary;
    struct facts facts;
    struct intake intake;
    struct fault fault;
};

struct way {
    bool is_plain; /* nothing is kept */
    uint32_t thread_count;
    size_t chunk_size;
    const char *registers; /* NULL: those that came with the program */
};

static bool read_world(struct world *world, struct way way)
{
    struct parsed *parsed = NULL;
    memset(world, 0, sizeof(*world));
    if (!registers_read(&world->registers, &world->vocabulary,
                        way.registers != NULL ? way.registers : support_path("loader/registers"),
                        &world->fault) ||
        (!way.is_plain && !parsed_open(&parsed, kept, &world->fault)))
        ck_abort_msg("%s", world->fault.text);
    struct intake_settings settings = {.folder = folder,
                                       .absent = OTHERS,
                                       .thread_count = way.thread_count,
                                       .is_quiet = true,
                                       .chunk_size = way.chunk_size,
                                       .parsed = parsed};
    if (way.thread_count == 0)
        settings.thread_count = 2;
    bool is_good = intake_read(&world->intake, &world->facts, &world->vocabulary, &world->registers,
                               &settings, &world->fault);
    parsed_close(parsed);
    return is_good;
}

static void free_world(struct world *world)
{
    facts_free(&world->facts);
    intake_free(&world->intake);
    registers_free(&world->registers);
}

#define SAME(field) ck_assert_msg(a->field == b->field, #field " of fact %zu", i)

static void must_be_same_facts(const struct facts *left, const struct facts *right)
{
    ck_assert_uint_eq(left->person_count, right->person_count);
    ck_assert_uint_eq(left->status_count, right->status_count);
    ck_assert_uint_eq(left->means_count, right->means_count);
    for (size_t i = 0; i < left->person_count; i++) {
        const struct person_fact *a = &left->persons[i], *b = &right->persons[i];
        SAME(code), SAME(previous), SAME(birth_day), SAME(death_day), SAME(place), SAME(line);
        SAME(delivery);
    }
    for (size_t i = 0; i < left->status_count; i++) {
        const struct status_fact *a = &left->statuses[i], *b = &right->statuses[i];
        SAME(code), SAME(from_day), SAME(until_day), SAME(school), SAME(line), SAME(kind);
        SAME(subtype), SAME(delivery);
    }
    for (size_t i = 0; i < left->means_count; i++) {
        const struct means_fact *a = &left->means[i], *b = &right->means[i];
        SAME(code), SAME(from_day), SAME(until_day), SAME(issued_day), SAME(line), SAME(delivery);
        ck_assert_mem_eq(&a->identifier, &b->identifier, sizeof(a->identifier));
    }
}

static void must_be_same(const struct world *left, const struct world *right)
{
    must_be_same_facts(&left->facts, &right->facts);
    ck_assert_uint_eq(left->intake.quarantine_count, right->intake.quarantine_count);
    for (size_t i = 0; i < left->intake.quarantine_count; i++) {
        const struct quarantined *a = &left->intake.quarantine[i];
        const struct quarantined *b = &right->intake.quarantine[i];
        SAME(delivery), SAME(refusal), SAME(column), SAME(line);
    }
    for (size_t i = 0; i < FILE_COUNT; i++) {
        const struct delivery *a = &left->intake.deliveries[i], *b = &right->intake.deliveries[i];
        SAME(row_count), SAME(refused_count), SAME(warning_count), SAME(idle_count);
        SAME(byte_count);
        ck_assert_mem_eq(a->refused_by, b->refused_by, sizeof(a->refused_by));
    }
}

/* Reads with what is kept, compares with a plain reading, and tells which of the files (as they
 * are listed) were not parsed: "101". */
static const char *unchanged_of(struct way way)
{
    static char text[FILE_COUNT + 1];
    struct world plain, world;
    struct way plain_way = {.is_plain = true, .registers = way.registers};
    if (!read_world(&plain, plain_way) || !read_world(&world, way))
        ck_abort_msg("%s%s", plain.fault.text, world.fault.text);
    must_be_same(&plain, &world);
    ck_assert_uint_gt(world.intake.quarantine_count, 20);
    for (size_t i = 0; i < FILE_COUNT; i++)
        text[i] = world.intake.deliveries[i].is_as_before ? '1' : '0';
    free_world(&plain);
    free_world(&world);
    return text;
}

#define MUST_BE_UNCHANGED(wanted) ck_assert_str_eq(unchanged_of((struct way){0}), wanted)

static const char *kept_path(const char *register_name)
{
    static char path[256];
    snprintf(path, sizeof(path), "%s/%s.1" PARSED_SUFFIX, kept, register_name);
    return path;
}

static size_t count_files(void)
{
    DIR *directory = opendir(kept);
    size_t count = 0;
    ck_assert_ptr_nonnull(directory);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(directory);
    return count;
}

/* ---- the same rows ---- */

static const struct way ways[] = {
    {.thread_count = 1}, {.thread_count = 5},
    {.chunk_size = 100}, {.thread_count = 1, .chunk_size = 7},
    {.chunk_size = 1},
};

START_TEST(what_was_kept_says_what_the_files_say)
{
    ck_assert_str_eq(unchanged_of(ways[_i]), "000");
    ck_assert_uint_eq(count_files(), FILE_COUNT);
    ck_assert_str_eq(unchanged_of(ways[_i]), "111");
    MUST_BE_UNCHANGED("111"); /* however it was cut when it was kept */
}
END_TEST

START_TEST(nobody_else_can_read_what_is_kept)
{
    struct stat info;
    umask(0);
    MUST_BE_UNCHANGED("000");
    ck_assert_int_eq(stat(kept_path("PMLP.persons"), &info), 0);
    ck_assert_uint_eq(info.st_mode & 07777, 0600);
}
END_TEST

/* ---- what changed is parsed again, and nothing else ---- */

static void change_one_digit(void)
{
    char *at = strstr(delivered[EID].text, "1000030");
    ck_assert_ptr_nonnull(at);
    at[0] = '2';
}

static void change_the_last_byte(void)
{
    char *text = delivered[DISABILITY].text;
    text[strlen(text) - 1] = ' ';
}

static void add_a_row(void)
{
    add(&delivered[PERSONS], "320000-00099;;1990-01-01;;1000;x\n");
    delivered[PERSONS].row_count++;
}

static void take_a_row_away(void)
{
    char *text = delivered[PERSONS].text;
    text[strlen(text) - 1] = '\0';
    *(strrchr(text, '\n') + 1) = '\0';
    delivered[PERSONS].row_count--;
}

static void rename_a_file(void)
{
    delivered[EID].name = "e-2026-11-21.csv";
}

static void deliver_later(void) /* of persons born on that day it is to be told anew */
{
    for (size_t i = 0; i < FILE_COUNT; i++)
        delivered[i].as_of = "2026-11-21";
}

static void list_in_another_order(void)
{
    order[0] = DISABILITY, order[1] = PERSONS, order[2] = EID;
}

static void touch_a_file(void)
{
} /* it is written again */

static const struct {
    const char *what;
    void (*change)(void);
    const char *unchanged;
} changes[] = {
    {"one digit", change_one_digit, "101"},
    {"the last byte", change_the_last_byte, "110"},
    {"a row more", add_a_row, "011"},
    {"a row less", take_a_row_away, "011"},
    {"a name", rename_a_file, "111"},
    {"the day of delivery", deliver_later, "011"},
    {"the order in the list", list_in_another_order, "111"},
    {"only the time of the file", touch_a_file, "111"},
};

START_TEST(what_changed_is_parsed_again)
{
    MUST_BE_UNCHANGED("000");
    changes[_i].change();
    write_delivery();
    ck_assert_msg(strcmp(unchanged_of((struct way){0}), changes[_i].unchanged) == 0, "%s",
                  changes[_i].what);
    MUST_BE_UNCHANGED("111");
}
END_TEST

/* A copy of the descriptions in which one word stands for another. */
static const char *describe_otherwise(const char *name, const char *from, const char *to)
{
    static char path[256];
    char command[1024];
    snprintf(path, sizeof(path), "%s/../registers", kept);
    snprintf(command, sizeof(command), "cp -r '%s' '%s' && sed -i 's/%s/%s/' '%s/%s'",
             support_path("loader/registers"), path, from, to, path, name);
    ck_assert_int_eq(system(command), 0);
    return path;
}

static const struct {
    const char *file, *from, *to, *unchanged;
} descriptions[] = {
    {"vdeavk_disability.register", "map \"B\" child", "map \"B\" group3", "110"},
    {"pmlp_eid.register", "capable-since 2019", "capable-since 2009", "101"},
};

START_TEST(what_is_described_otherwise_is_parsed_again)
{
    const char *path =
        describe_otherwise(descriptions[_i].file, descriptions[_i].from, descriptions[_i].to);
    MUST_BE_UNCHANGED("000");
    ck_assert_str_eq(unchanged_of((struct way){.registers = path}), descriptions[_i].unchanged);
    ck_assert_str_eq(unchanged_of((struct way){.registers = path}), "111");
    ck_assert_str_eq(unchanged_of((struct way){0}), descriptions[_i].unchanged);
}
END_TEST

START_TEST(a_register_in_front_of_others_changes_no_kind_of_status)
{
    const char *path = describe_otherwise("riga_staff.register", "x", "x");
    char command[512];
    MUST_BE_UNCHANGED("000");
    /* described before all others, so that each has another number */
    snprintf(command, sizeof(command), "mv '%s/vdeavk_disability.register' '%s/aaa.register'", path,
             path);
    ck_assert_int_eq(system(command), 0);
    ck_assert_str_eq(unchanged_of((struct way){.registers = path}), "111");
}
END_TEST

/* ---- what is damaged ---- */

static void damage(const char *path, long at)
{
    FILE *file = fopen(path, "r+b");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fseek(file, at, SEEK_SET), 0);
    int byte = fgetc(file);
    ck_assert_int_eq(fseek(file, at, SEEK_SET), 0);
    ck_assert_int_ne(fputc(byte ^ 0x10, file), EOF);
    ck_assert_int_eq(fclose(file), 0);
}

static off_t size_of(const char *path)
{
    struct stat info;
    ck_assert_int_eq(stat(path, &info), 0);
    return info.st_size;
}

static const char *const damaged[FILE_COUNT] = {"PMLP.persons", "PMLP.eid", "VDEAVK.disability"};
static const char *const left[FILE_COUNT] = {"011", "101", "110"};

START_TEST(whatever_byte_is_damaged_the_file_is_parsed_again)
{
    const char *path = kept_path(damaged[_i]);
    unchanged_of((struct way){.chunk_size = 1000});
    off_t size = size_of(path);
    ck_assert_int_gt(size, PARSED_HEADER_SIZE);
    for (off_t at = 0; at < size; at += at < PARSED_HEADER_SIZE || at > size - 200 ? 7 : 199) {
        damage(path, at);
        ck_assert_str_eq(unchanged_of((struct way){.chunk_size = 1000}), left[_i]);
    }
    MUST_BE_UNCHANGED("111");
}
END_TEST

START_TEST(what_is_cut_is_parsed_again)
{
    const char *path = kept_path(damaged[_i]);
    unchanged_of((struct way){.chunk_size = 1000});
    off_t size = size_of(path);
    for (off_t until = 0; until < size; until += 211) {
        ck_assert_int_eq(truncate(path, until), 0);
        ck_assert_str_eq(unchanged_of((struct way){.chunk_size = 1000}), left[_i]);
    }
}
END_TEST

START_TEST(what_is_of_another_register_is_not_taken)
{
    char other[256];
    MUST_BE_UNCHANGED("000");
    snprintf(other, sizeof(other), "%s", kept_path("PMLP.eid"));
    ck_assert_int_eq(rename(kept_path("PMLP.persons"), other), 0);
    MUST_BE_UNCHANGED("001");
}
END_TEST

START_TEST(what_is_no_file_is_not_waited_for)
{
    const char *path = kept_path("PMLP.eid");
    MUST_BE_UNCHANGED("000");
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(_i == 0 ? mkfifo(path, 0600) : symlink("PMLP.persons.1.parsed", path), 0);
    MUST_BE_UNCHANGED("101");
    MUST_BE_UNCHANGED("111"); /* it stands in that place now */
}
END_TEST

START_TEST(what_cannot_be_read_back_is_a_fault_and_no_other_rows)
{
    struct world world;
    struct stat info;
    int reads = 0;
    MUST_BE_UNCHANGED("000");
    ck_assert_int_eq(stat(kept_path("PMLP.eid"), &info), 0);
    for (bool is_read = false; !is_read; reads++) {
        kept_inode = info.st_ino;
        kept_reads_left = reads;
        if (!read_world(&world, (struct way){.thread_count = 1})) {
            registers_free(&world.registers);
            ck_assert_ptr_nonnull(
                strstr(world.fault.text,
                       "PMLP.eid.1.parsed: is not what was kept: remove it and build again"));
            break;
        }
        is_read = kept_reads_left >= 0; /* it was never asked */
        ck_assert_msg(!is_read, "no read of the file was the one that failed");
        free_world(&world);
        /* it was parsed instead, and kept anew */
        ck_assert_int_eq(stat(kept_path("PMLP.eid"), &info), 0);
    }
    ck_assert_int_gt(reads, 1);
    kept_reads_left = -1;
    MUST_BE_UNCHANGED("111");
}
END_TEST

/* ---- what is not kept ---- */

START_TEST(a_full_disk_keeps_nothing_and_holds_nothing_up)
{
    struct world plain, world;
    ck_assert(read_world(&plain, (struct way){.is_plain = true}));
    for (int writes = 0; writes < 60; writes++) {
        writes_left = writes;
        has_write_failed = false;
        bool is_good = read_world(&world, (struct way){.chunk_size = 1000});
        writes_left = -1;
        ck_assert_msg(is_good, "%s", world.fault.text);
        must_be_same(&plain, &world);
        if (has_write_failed)
            ck_assert_ptr_nonnull(
                strstr(world.intake.parsed_fault.text, ".parsed: No space left on device; "));
        free_world(&world);
        if (!has_write_failed)
            break;
        ck_assert_int_lt(writes, 59);
        ck_assert_uint_le(count_files(), FILE_COUNT); /* none that is half-made */
        for (size_t i = 0; i < FILE_COUNT; i++)
            unlink(kept_path(damaged[i]));
    }
    free_world(&plain);
    MUST_BE_UNCHANGED("111");
}
END_TEST

START_TEST(what_was_refused_as_a_whole_is_not_kept)
{
    struct world world;
    delivered[EID].row_count++;
    write_delivery();
    ck_assert(!read_world(&world, (struct way){0}));
    registers_free(&world.registers);
    ck_assert_ptr_nonnull(strstr(world.fault.text, "61 rows wanted"));
    ck_assert_uint_eq(count_files(), 0);
}
END_TEST

START_TEST(what_is_delivered_no_more_goes_and_strangers_stay)
{
    write_in(kept, "gone.1.parsed", "x", 1);
    write_in(kept, "PMLP.eid.1.parsed.new", "x", 1);
    write_in(kept, "notes.txt", "x", 1);
    MUST_BE_UNCHANGED("000");
    ck_assert_uint_eq(count_files(), FILE_COUNT + 1);
    MUST_BE_UNCHANGED("111");
}
END_TEST

/* ---- the folder ---- */

static const struct {
    mode_t mode;
    uid_t owner; /* 0: ours */
    const char *path, *fault;
} folders[] = {
    {0750, 0, NULL, "mode 0750 lets others in, and the population will be in it: chmod 700 it"},
    {0701, 0, NULL, "mode 0701 lets others in"},
    {0700, 12345, NULL, "belongs to user 12345; a folder of our own"},
    {0700, 0, "/no/such/folder", "wanted the folder where parsed registers are kept"},
    {0700, 0, "/etc/passwd", "wanted the folder where parsed registers are kept"},
};

START_TEST(a_folder_that_is_not_ours_alone_is_refused)
{
    struct parsed *parsed = NULL;
    struct fault fault;
    if (folders[_i].owner != 0 && geteuid() != 0)
        return;
    ck_assert_int_eq(chmod(kept, folders[_i].mode), 0);
    ck_assert(folders[_i].owner == 0 || chown(kept, folders[_i].owner, (gid_t)-1) == 0);
    ck_assert(!parsed_open(&parsed, folders[_i].path != NULL ? folders[_i].path : kept, &fault));
    ck_assert_msg(strstr(fault.text, folders[_i].fault) != NULL, "%s", fault.text);
    ck_assert_ptr_null(parsed);
}
END_TEST

START_TEST(two_loaders_do_not_share_a_folder)
{
    struct parsed *first = NULL, *second = NULL;
    struct fault fault;
    ck_assert(parsed_open(&first, kept, &fault));
    ck_assert(!parsed_open(&second, kept, &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "another loader is at work in it"));
    parsed_close(first);
    ck_assert(parsed_open(&second, kept, &fault));
    parsed_close(second);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("parsed");
    TCase *tests = tcase_create("parsed");
    tcase_add_checked_fixture(tests, setup, NULL);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, what_was_kept_says_what_the_files_say, 0, COUNT_OF(ways));
    tcase_add_test(tests, nobody_else_can_read_what_is_kept);
    tcase_add_loop_test(tests, what_changed_is_parsed_again, 0, COUNT_OF(changes));
    tcase_add_loop_test(tests, what_is_described_otherwise_is_parsed_again, 0,
                        COUNT_OF(descriptions));
    tcase_add_test(tests, a_register_in_front_of_others_changes_no_kind_of_status);
    tcase_add_loop_test(tests, whatever_byte_is_damaged_the_file_is_parsed_again, 0, FILE_COUNT);
    tcase_add_loop_test(tests, what_is_cut_is_parsed_again, 0, FILE_COUNT);
    tcase_add_test(tests, what_is_of_another_register_is_not_taken);
    tcase_add_loop_test(tests, what_is_no_file_is_not_waited_for, 0, 2);
    tcase_add_test(tests, what_cannot_be_read_back_is_a_fault_and_no_other_rows);
    tcase_add_test(tests, a_full_disk_keeps_nothing_and_holds_nothing_up);
    tcase_add_test(tests, what_was_refused_as_a_whole_is_not_kept);
    tcase_add_test(tests, what_is_delivered_no_more_goes_and_strangers_stay);
    tcase_add_loop_test(tests, a_folder_that_is_not_ours_alone_is_refused, 0, COUNT_OF(folders));
    tcase_add_test(tests, two_loaders_do_not_share_a_folder);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
