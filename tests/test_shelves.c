#include "loader/shelves.h"
#include "tests/support.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define PERSONS    20000
#define DELIVERIES 3

static struct hoard_room *room;
static struct shelves *shelves;
static struct facts taken;
static uint32_t part_of[2 * PERSONS]; /* by number of the code; NOWHERE: not seen yet */
#define NOWHERE UINT32_MAX

static void begin(uint64_t room_size)
{
    room = hoard_room_open(room_size, support_directory());
    shelves = shelves_open(room);
    memset(&taken, 0, sizeof(taken));
    memset(part_of, 0xff, sizeof(part_of));
}

static void end(void)
{
    facts_free(&taken);
    shelves_close(shelves);
    hoard_room_close(room);
}

static uint64_t code(uint32_t number)
{
    return UINT64_C(32000000000) + number;
}

static uint32_t number_of(uint64_t of)
{
    return (uint32_t)(of - code(0));
}

/* What a person's rows say follows from the code's number, so that it can be told what comes back.
 */
static struct person_fact person_of(uint32_t number, uint32_t previous)
{
    return (struct person_fact){.code = code(number),
                                .previous = previous == 0 ? NO_CODE : code(previous),
                                .birth_day = -(int32_t)number,
                                .death_day = number % 7 == 0 ? number : DAY_NEVER,
                                .place = 1000 * (number % 9),
                                .line = number + 2,
                                .delivery = (uint8_t)(number % DELIVERIES)};
}

static struct status_fact status_of(uint32_t number)
{
    return (struct status_fact){.code = code(number),
                                .from_day = number,
                                .until_day = number % 3 == 0 ? DAY_NEVER : number + 10,
                                .school = number % 5000,
                                .line = number + 2,
                                .kind = (uint16_t)(number % KIND_COUNT_MAX),
                                .subtype = (uint8_t)(number % SUBTYPE_COUNT_MAX),
                                .delivery = 31};
}

/* Of every length. */
static struct means_fact means_of(uint32_t number)
{
    struct means_fact means = {.code = code(number),
                               .from_day = number,
                               .until_day = number + 5,
                               .issued_day = number / 2,
                               .line = number + 2,
                               .delivery = 30,
                               .identifier = {.means = MEANS_CARD}};
    means.identifier.size = (uint8_t)(1 + number % IDENTIFIER_SIZE_MAX);
    memset(means.identifier.text, 'A' + (int)(number % 26), means.identifier.size);
    return means;
}

/* Every tenth person has changed codes, some of them several times; there are rows under all, and
 * some of the earlier ones have base rows of their own. */
static uint32_t previous_of(uint32_t number)
{
    if (number % 10 == 0)
        return number + PERSONS;
    return number % 100 == 1 || number % 100 == 5 ? number - 1 : 0;
}

static void put_all(void)
{
    struct facts piece = {.persons = NULL};
    for (uint32_t number = 1; number < PERSONS; number++) {
        *facts_add_person(&piece) = person_of(number, previous_of(number));
        if (number % 1000 == 0)
            shelves_add(shelves, &piece);
    }
    shelves_add(shelves, &piece);
    ck_assert_uint_eq(piece.person_count, 0);
    shelves_know_kin(shelves);
    for (uint32_t number = 1; number < 2 * PERSONS; number++) {
        *facts_add_status(&piece) = status_of(number);
        *facts_add_means(&piece) = means_of(number);
        if (number % 1000 == 0)
            shelves_add(shelves, &piece);
    }
    shelves_add(shelves, &piece);
    facts_free(&piece);
}

static void note_part(uint64_t of, uint32_t part)
{
    uint32_t *noted = &part_of[number_of(of)];
    if (*noted != NOWHERE && *noted != part)
        ck_abort_msg("rows of one code in two parts");
    *noted = part;
}

static void check_persons(uint32_t part)
{
    for (size_t i = 0; i < taken.person_count; i++) {
        const struct person_fact *one = &taken.persons[i];
        uint32_t number = number_of(one->code);
        struct person_fact wanted = person_of(number, previous_of(number));
        note_part(one->code, part);
        if (!(one->previous == wanted.previous && one->birth_day == wanted.birth_day &&
              one->death_day == wanted.death_day && one->place == wanted.place &&
              one->line == wanted.line && one->delivery == wanted.delivery))
            ck_abort_msg("another row than was put there, or out of order");
        if (!(i == 0 || one->delivery > one[-1].delivery ||
              (one->delivery == one[-1].delivery && one->line > one[-1].line)))
            ck_abort_msg("another row than was put there, or out of order");
    }
}

static void check_others(uint32_t part)
{
    for (size_t i = 0; i < taken.status_count; i++) {
        const struct status_fact *one = &taken.statuses[i];
        struct status_fact wanted = status_of(number_of(one->code));
        note_part(one->code, part);
        if (!(one->from_day == wanted.from_day && one->until_day == wanted.until_day &&
              one->school == wanted.school && one->line == wanted.line &&
              one->kind == wanted.kind && one->subtype == wanted.subtype &&
              one->delivery == wanted.delivery))
            ck_abort_msg("another row than was put there, or out of order");
    }
    for (size_t i = 0; i < taken.means_count; i++) {
        const struct means_fact *one = &taken.means[i];
        struct means_fact wanted = means_of(number_of(one->code));
        note_part(one->code, part);
        if (!(one->from_day == wanted.from_day && one->until_day == wanted.until_day &&
              one->issued_day == wanted.issued_day && one->line == wanted.line &&
              one->delivery == wanted.delivery &&
              memcmp(&one->identifier, &wanted.identifier, sizeof(wanted.identifier)) == 0))
            ck_abort_msg("another row than was put there, or out of order");
    }
}

static const uint64_t rooms[] = {0, 1, 4 << 20};

START_TEST(all_facts_come_back_once_and_whoever_is_tied_stands_together)
{
    struct fault fault;
    size_t persons = 0, statuses = 0, means = 0;
    begin(rooms[_i]);
    put_all();
    for (uint32_t part = 0; part < SHELF_COUNT_ALL; part++) {
        ck_assert(shelves_take(shelves, part, &taken, &fault));
        check_persons(part);
        check_others(part);
        persons += taken.person_count;
        statuses += taken.status_count;
        means += taken.means_count;
    }
    ck_assert_uint_eq(persons, PERSONS - 1);
    ck_assert_uint_eq(statuses, 2 * PERSONS - 1);
    ck_assert_uint_eq(means, 2 * PERSONS - 1);
    ck_assert(hoard_room_is_whole(room, &fault));
    ck_assert((hoard_room_spilled(room) > 0) == (rooms[_i] != 0));
    for (uint32_t number = 1; number < PERSONS; number++) {
        uint32_t previous = previous_of(number);
        if (previous != 0) {
            ck_assert_uint_eq(part_of[number], part_of[previous]);
            ck_assert_uint_ge(part_of[number], SHELF_COUNT);
        }
    }
    end();
}
END_TEST

START_TEST(a_part_that_was_taken_is_empty)
{
    struct fault fault;
    begin(0);
    put_all();
    ck_assert(shelves_take(shelves, 3, &taken, &fault));
    ck_assert_uint_gt(taken.person_count, 0);
    ck_assert(shelves_take(shelves, 3, &taken, &fault));
    ck_assert_uint_eq(taken.person_count + taken.status_count + taken.means_count, 0);
    end();
}
END_TEST

/* The disk was full for a while: changes of code that were lost must not be taken for zeros. */
START_TEST(changes_of_code_that_were_lost_are_a_fault)
{
    struct rlimit kept;
    struct fault fault;
    struct facts piece = {.persons = NULL};
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &kept), 0);
    struct rlimit small = {10000, kept.rlim_max};
    begin(1);
    for (uint32_t number = 1; number < PERSONS; number++) {
        if (number == 1000)
            ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
        if (number == PERSONS / 2)
            ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &kept), 0);
        *facts_add_person(&piece) = person_of(number, number + PERSONS);
        shelves_add(shelves, &piece);
    }
    facts_free(&piece);
    shelves_know_kin(shelves);
    for (uint32_t part = 0; part < SHELF_COUNT_ALL; part++) {
        ck_assert(!shelves_take(shelves, part, &taken, &fault));
        ck_assert_ptr_nonnull(strstr(fault.text, "writing what does not fit --memory"));
    }
    end();
}
END_TEST

START_TEST(parts_are_of_one_size)
{
    struct fault fault;
    begin(0);
    put_all();
    for (uint32_t part = 0; part < SHELF_COUNT; part++) {
        ck_assert(shelves_take(shelves, part, &taken, &fault));
        ck_assert_uint_gt(taken.status_count, 2 * PERSONS / SHELF_COUNT / 2);
        ck_assert_uint_lt(taken.status_count, 2 * PERSONS / SHELF_COUNT * 2);
    }
    end();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("shelves");
    TCase *tests = tcase_create("shelves");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, all_facts_come_back_once_and_whoever_is_tied_stands_together, 0,
                        sizeof(rooms) / sizeof(rooms[0]));
    tcase_add_test(tests, a_part_that_was_taken_is_empty);
    tcase_add_test(tests, changes_of_code_that_were_lost_are_a_fault);
    tcase_add_test(tests, parts_are_of_one_size);
    suite_add_tcase(suite, tests);
    return support_run(suite);
}
