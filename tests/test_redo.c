/* What lies in a redo file: records that are whole are read, all others are none. */
#include "engine/redo.h"
#include "protocol/identity.h"
#include "tests/support.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE_SIZE 512 /* what a disk writes at once */

static uint8_t file[REDO_SIZE];
static uint8_t row[POSTING_SIZE], key[TALLY_KEY_SIZE + HOLD_KEY_SIZE];

/* The row of a head that has come to that posting. */
static const uint8_t *head_row(uint64_t sequence)
{
    static uint8_t rows[4][LEDGER_HEAD_SIZE];
    static int turn;
    struct ledger_head head = {.format = LEDGER_FORMAT,
                               .environment = 1,
                               .subject_key = 77,
                               .sequence = sequence,
                               .clock_ms = 1000 * sequence};
    head.chain[0] = (uint8_t)sequence;
    turn = (turn + 1) % 4;
    ledger_head_encode(rows[turn], &head);
    return rows[turn];
}

static void set_up(void)
{
    struct fault fault;
    uint64_t state = 3;
    ck_assert(identity_start(&fault));
    memset(file, 0, sizeof(file));
    for (size_t i = 0; i < sizeof(row); i++)
        row[i] = (uint8_t)support_random(&state);
    for (size_t i = 0; i < sizeof(key); i++)
        key[i] = (uint8_t)support_random(&state);
}

static struct redo_draft draft_at(size_t at)
{
    return (struct redo_draft){.bytes = file + at, .room = REDO_RECORD_MAX};
}

static void add(struct redo_draft *draft, enum redo_table table, bool is_put)
{
    const struct redo_change change = {table, key, is_put ? row : NULL};
    ck_assert(redo_add(draft, &change));
}

/* So many postings, from one head to the next; how many bytes it has. */
static size_t write_record(size_t at, uint64_t from, uint64_t to, int posting_count)
{
    struct redo_draft draft = draft_at(at);
    for (int i = 0; i < posting_count; i++) {
        memset(row, (int)from, sizeof(row));
        add(&draft, REDO_POSTINGS, true);
    }
    redo_seal(&draft, head_row(from), head_row(to));
    return draft.size;
}

/* ---- a record ---- */

static const struct {
    enum redo_table table;
    size_t key_size, row_size;
} tables[] = {
    {REDO_POSTINGS, 8, 256}, {REDO_TRANSACTIONS, 12, 112}, {REDO_TALLIES, 17, 32},
    {REDO_HOLDS, 20, 1},     {REDO_ACCOUNTS, 4, 160},
};

START_TEST(what_was_put_and_deleted_comes_back_in_order)
{
    struct redo_draft draft = draft_at(0);
    struct redo_record record;
    struct redo_change change;
    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        add(&draft, tables[i].table, true);
        add(&draft, tables[i].table, false);
    }
    redo_seal(&draft, head_row(4), head_row(5));
    ck_assert(redo_read(&record, file, REDO_SIZE));
    ck_assert_mem_eq(record.before, head_row(4), LEDGER_HEAD_SIZE);
    ck_assert_mem_eq(record.after, head_row(5), LEDGER_HEAD_SIZE);
    ck_assert_uint_eq(record.size, REDO_BLOCK);
    for (size_t i = 0; i < 2 * COUNT_OF(tables); i++) {
        ck_assert(redo_next(&change, &record));
        ck_assert_uint_eq(change.table, tables[i / 2].table);
        ck_assert_mem_eq(change.key, key, tables[i / 2].key_size);
        ck_assert((change.row != NULL) == (i % 2 == 0));
        if (change.row != NULL)
            ck_assert_mem_eq(change.row, row, tables[i / 2].row_size);
    }
    ck_assert(!redo_next(&change, &record));
}
END_TEST

START_TEST(a_record_with_any_byte_damaged_is_none)
{
    struct redo_record record;
    size_t size = write_record(0, 4, 5, 3);
    for (size_t at = 0; at < size; at++)
        for (int bit = 0; bit < 8; bit += 7) {
            file[at] ^= (uint8_t)(1 << bit);
            ck_assert_msg(!redo_read(&record, file, REDO_SIZE), "byte %zu", at);
            file[at] ^= (uint8_t)(1 << bit);
        }
    ck_assert(redo_read(&record, file, REDO_SIZE));
}
END_TEST

/* Of its pieces some are there, in any combination; of the others what was there before. */
START_TEST(a_record_that_is_torn_is_none)
{
    static uint8_t old[REDO_BLOCK], new[REDO_BLOCK];
    struct redo_record record;
    if (_i == 1)
        write_record(0, 1, 2, 11);
    memcpy(old, file, sizeof(old));
    size_t size = write_record(0, 4, 5, 10);
    memcpy(new, file, sizeof(new));
    uint32_t pieces = (uint32_t)((size + PIECE_SIZE - 1) / PIECE_SIZE), all = (1u << pieces) - 1;
    ck_assert_uint_ge(pieces, 5);
    for (uint32_t kept = 0; kept <= all; kept++) {
        for (uint32_t i = 0; i < pieces; i++)
            memcpy(file + i * PIECE_SIZE, (kept >> i & 1 ? new : old) + i * PIECE_SIZE, PIECE_SIZE);
        bool is_there = redo_read(&record, file, REDO_SIZE);
        bool is_whole = kept == all || (kept == 0 && _i == 1);
        ck_assert_msg(is_there == is_whole, "pieces %x of %x", kept, all);
    }
}
END_TEST

START_TEST(a_record_that_is_cut_is_none)
{
    struct redo_record record;
    size_t size = write_record(0, 4, 5, 10);
    for (size_t cut = 0; cut < size; cut++)
        ck_assert(!redo_read(&record, file, cut));
    ck_assert(redo_read(&record, file, size));
}
END_TEST

/* Whole, with a checksum that fits, and nothing that is ever written. */
static void spoil_count(struct redo_draft *draft)
{
    draft->count++;
}
static void spoil_count_less(struct redo_draft *draft)
{
    draft->count--;
}
static void spoil_table(struct redo_draft *draft)
{
    draft->bytes[REDO_HEADER_SIZE] = REDO_TABLE_END;
}
static void spoil_table_none(struct redo_draft *draft)
{
    draft->bytes[REDO_HEADER_SIZE] = 0;
}
static void spoil_kind(struct redo_draft *draft)
{
    draft->bytes[REDO_HEADER_SIZE + 1] = 3;
}
static void spoil_delete(struct redo_draft *draft)
{
    draft->bytes[REDO_HEADER_SIZE + 1] = REDO_DELETE;
}
static void spoil_end(struct redo_draft *draft)
{
    draft->size--;
}
static const struct {
    const char *what;
    void (*spoil)(struct redo_draft *draft);
} lies[] = {
    {"a change more is said", spoil_count},  {"a change less is said", spoil_count_less},
    {"a table that is none", spoil_table},   {"no table", spoil_table_none},
    {"neither put nor deleted", spoil_kind}, {"a row where none should be", spoil_delete},
    {"the last change is short", spoil_end},
};

START_TEST(a_record_that_is_whole_and_makes_no_sense_is_none)
{
    struct redo_draft draft = draft_at(0);
    struct redo_record record;
    add(&draft, REDO_POSTINGS, true);
    add(&draft, REDO_HOLDS, true);
    lies[_i].spoil(&draft);
    redo_seal(&draft, head_row(4), head_row(5));
    ck_assert_msg(!redo_read(&record, file, REDO_SIZE), "%s", lies[_i].what);
}
END_TEST

START_TEST(a_record_of_heads_that_are_none_is_none)
{
    struct redo_draft draft = draft_at(0);
    struct redo_record record;
    uint8_t none[LEDGER_HEAD_SIZE] = {9};
    add(&draft, REDO_POSTINGS, true);
    redo_seal(&draft, _i == 0 ? none : head_row(4), _i == 0 ? head_row(5) : none);
    ck_assert(!redo_read(&record, file, REDO_SIZE));
}
END_TEST

START_TEST(what_finds_no_room_changes_nothing)
{
    struct redo_draft draft = draft_at(0);
    struct redo_record record;
    const struct redo_change change = {REDO_POSTINGS, key, row};
    draft.room = REDO_HEADER_SIZE + 2 * (2 + 8 + 256) + 100;
    ck_assert(redo_add(&draft, &change) && redo_add(&draft, &change));
    ck_assert(!redo_add(&draft, &change));
    redo_seal(&draft, head_row(4), head_row(5));
    ck_assert(redo_read(&record, file, REDO_SIZE));
    ck_assert_uint_eq(record.left, 2);
    draft = (struct redo_draft){.bytes = file, .room = 0};
    ck_assert(!redo_add(&draft, &change));
}
END_TEST

/* ---- a file of them ---- */

static int walk_from(uint64_t sequence)
{
    struct redo_walk walk = {.file = file};
    struct redo_record record;
    int count = 0;
    memcpy(walk.head, head_row(sequence), LEDGER_HEAD_SIZE);
    while (redo_walk(&record, &walk))
        count++;
    return count;
}

static void write_three(void)
{
    write_record(0, 1, 4, 3);
    write_record(REDO_BLOCK, 4, 30, 26); /* of two blocks */
    write_record(3 * REDO_BLOCK, 30, 31, 1);
}

START_TEST(records_go_on_from_a_head_one_after_the_other)
{
    write_three();
    ck_assert_int_eq(walk_from(1), 3);
    ck_assert_int_eq(walk_from(0), 0);
    ck_assert_int_eq(walk_from(4), 0); /* the first one decides */
    ck_assert_int_eq(walk_from(31), 0);
}
END_TEST

START_TEST(what_another_time_left_behind_the_last_record_is_not_its)
{
    write_three();
    write_record(0, 31, 32, 3);
    ck_assert_int_eq(walk_from(31), 1);
    ck_assert_int_eq(walk_from(1), 0);
    write_record(REDO_BLOCK, 32, 33, 1); /* the block behind it is the end of an old one */
    ck_assert_int_eq(walk_from(31), 2);
}
END_TEST

/* The same postings, and another head: of before rows were removed, or of a clock. */
START_TEST(a_head_that_differs_in_any_byte_is_another)
{
    struct redo_walk walk = {.file = file};
    struct redo_record record;
    write_three();
    for (size_t at = 0; at < LEDGER_HEAD_SIZE; at++) {
        walk.at = 0;
        memcpy(walk.head, head_row(1), LEDGER_HEAD_SIZE);
        walk.head[at] ^= 1;
        ck_assert(!redo_walk(&record, &walk));
    }
}
END_TEST

START_TEST(a_file_that_is_full_has_an_end)
{
    for (uint64_t i = 0; i < REDO_SIZE / REDO_BLOCK; i++)
        write_record(i * REDO_BLOCK, i, i + 1, 1);
    ck_assert_int_eq(walk_from(0), REDO_SIZE / REDO_BLOCK);
}
END_TEST

/* ---- the engine's file ---- */

static const char *path(void)
{
    static char text[600];
    snprintf(text, sizeof(text), "%s/" REDO_FILE, support_directory());
    return text;
}

static void open_redo(struct redo *redo, uint64_t sequence)
{
    struct fault fault;
    int fd = open(path(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    if (!redo_open(redo, fd, path(), true, &fault))
        ck_abort_msg("%s", fault.text);
    redo_restart(redo, head_row(sequence));
}

static void append(struct redo *redo, uint64_t to, int posting_count)
{
    redo_begin(redo);
    for (int i = 0; i < posting_count; i++)
        redo_note(redo, REDO_POSTINGS, key, row);
    ck_assert(redo_has_room(redo) && redo_has_changes(redo));
    ck_assert(redo_append(redo, head_row(to)));
}

static void load(void)
{
    struct fault fault;
    if (!redo_load(file, support_directory(), &fault))
        ck_abort_msg("%s", fault.text);
}

START_TEST(what_is_appended_is_in_the_file_and_a_new_beginning_does_not_touch_it)
{
    struct redo redo;
    unlink(path());
    load();
    ck_assert_int_eq(walk_from(1), 0); /* no file, no records */
    open_redo(&redo, 1);
    append(&redo, 4, 3);
    append(&redo, 30, 26);
    load();
    ck_assert_int_eq(walk_from(1), 2);
    redo_restart(&redo, head_row(30));
    load();
    ck_assert_int_eq(walk_from(1), 2);
    append(&redo, 31, 1);
    load();
    ck_assert_int_eq(walk_from(1), 0);
    ck_assert_int_eq(walk_from(30), 1);
    redo_close(&redo);
}
END_TEST

START_TEST(a_group_is_too_large_when_it_is_and_when_the_file_is_full)
{
    struct redo redo;
    uint64_t sequence = 1;
    open_redo(&redo, sequence);
    redo_begin(&redo);
    ck_assert(!redo_has_changes(&redo));
    for (int i = 0; i < 100; i++)
        redo_note(&redo, REDO_POSTINGS, key, row);
    ck_assert(!redo_has_room(&redo) && redo_has_changes(&redo));
    redo_begin(&redo);
    redo_leave(&redo);
    ck_assert(!redo_has_room(&redo) && redo_has_changes(&redo));
    for (int i = 0; i < REDO_GROUPS_MAX; i++, sequence++)
        append(&redo, sequence + 1, 1);
    redo_begin(&redo);
    redo_note(&redo, REDO_POSTINGS, key, row);
    ck_assert(!redo_has_room(&redo));
    redo_restart(&redo, head_row(sequence));
    for (; REDO_SIZE - redo.end >= REDO_RECORD_MAX; sequence++)
        append(&redo, sequence + 1, 60);
    redo_begin(&redo);
    for (int i = 0; i < 60; i++)
        redo_note(&redo, REDO_POSTINGS, key, row);
    ck_assert(!redo_has_room(&redo));
    redo_close(&redo);
}
END_TEST

START_TEST(a_file_that_is_short_is_filled_and_keeps_what_it_has)
{
    struct redo redo;
    struct stat info;
    unlink(path());
    write_three();
    support_write_file(path(), file, 2 * REDO_BLOCK + 77, 0600);
    open_redo(&redo, 1);
    ck_assert_int_eq(stat(path(), &info), 0);
    ck_assert_int_eq(info.st_size, REDO_SIZE);
    load();
    ck_assert_int_eq(walk_from(1), 1);
    redo_close(&redo);
}
END_TEST

/* Nothing else has ever been between the two. */
START_TEST(a_record_beyond_the_head_is_seen_wherever_it_lies)
{
    struct redo redo;
    unlink(path());
    write_three();
    file[0] ^= 1; /* the first one is lost, and what follows hangs in the air */
    support_write_file(path(), file, sizeof(file), 0600);
    open_redo(&redo, 1);
    ck_assert(redo_is_ahead(&redo, 1) && redo_is_ahead(&redo, 30));
    ck_assert(!redo_is_ahead(&redo, 31));
    redo_close(&redo);
}
END_TEST

START_TEST(a_redo_file_that_cannot_be_read_is_a_fault)
{
    struct fault fault;
    unlink(path());
    ck_assert_int_eq(symlink("/etc/passwd", path()), 0);
    ck_assert(!redo_load(file, support_directory(), &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, REDO_FILE));
    unlink(path());
    ck_assert_int_eq(mkdir(path(), 0700), 0);
    ck_assert(!redo_load(file, support_directory(), &fault));
    ck_assert_int_eq(rmdir(path()), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("redo");
    TCase *record = tcase_create("redo"), *engine = tcase_create("file");
    tcase_add_checked_fixture(record, set_up, NULL);
    tcase_add_checked_fixture(engine, set_up, NULL);
    tcase_set_timeout(record, 60);
    tcase_add_test(record, what_was_put_and_deleted_comes_back_in_order);
    tcase_add_test(record, a_record_with_any_byte_damaged_is_none);
    tcase_add_loop_test(record, a_record_that_is_torn_is_none, 0, 2);
    tcase_add_test(record, a_record_that_is_cut_is_none);
    tcase_add_loop_test(record, a_record_that_is_whole_and_makes_no_sense_is_none, 0,
                        COUNT_OF(lies));
    tcase_add_loop_test(record, a_record_of_heads_that_are_none_is_none, 0, 2);
    tcase_add_test(record, what_finds_no_room_changes_nothing);
    tcase_add_test(record, records_go_on_from_a_head_one_after_the_other);
    tcase_add_test(record, what_another_time_left_behind_the_last_record_is_not_its);
    tcase_add_test(record, a_head_that_differs_in_any_byte_is_another);
    tcase_add_test(record, a_file_that_is_full_has_an_end);
    tcase_add_test(engine, what_is_appended_is_in_the_file_and_a_new_beginning_does_not_touch_it);
    tcase_add_test(engine, a_group_is_too_large_when_it_is_and_when_the_file_is_full);
    tcase_add_test(engine, a_file_that_is_short_is_filled_and_keeps_what_it_has);
    tcase_add_test(engine, a_record_beyond_the_head_is_seen_wherever_it_lies);
    tcase_add_test(engine, a_redo_file_that_cannot_be_read_is_a_fault);
    suite_add_tcase(suite, record);
    suite_add_tcase(suite, engine);
    return support_run(suite);
}
