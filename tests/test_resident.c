#include "protocol/budget.h"
#include "protocol/day.h"
#include "protocol/report.h"
#include "protocol/resident.h"
#include "protocol/subject.h"
#include "tests/fixture.h"
#include "tests/ledger_maker.h"
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 256
#define CODE      "32000000101"
#define CARD      "KARTE0001"
#define OTHER     "32000000202"
#define BUS_CODE  31
#define LUNCH     32
#define PRODUCT   5

static struct fixture *f;
static char ledger[PATH_SIZE], subject_path[PATH_SIZE];
static struct report_snapshot snapshot;
static struct tables tables; /* the snapshot's, with limits */
static struct limit limits[] = {
    {.relief = 0, .kind = LIMIT_USES, .period = PERIOD_MONTH, .value = 10, .until_day = DAY_NEVER},
    {.relief = 0,
     .kind = LIMIT_AMOUNT,
     .period = PERIOD_LIFETIME,
     .shared = 4,
     .value = 90000,
     .until_day = DAY_NEVER},
    {.relief = 0,
     .kind = LIMIT_AMOUNT,
     .period = PERIOD_LIFETIME,
     .shared = 4,
     .value = 90000,
     .until_day = DAY_NEVER},
};

static void make_snapshot(void)
{
    f = fixture_open(support_directory());
    fixture_use_subjects(f);
    uint16_t group = fixture_group(f, "learner");
    fixture_product(f, PRODUCT, "bus.ticket");
    uint16_t bus = fixture_relief(f, BUS_CODE, "BUS"), lunch = fixture_relief(f, LUNCH, "LUNCH");
    fixture_clause(f, PRODUCT, bus, group, 5000);
    uint32_t set = fixture_set_of(f, group);
    fixture_person(f, MEANS_PERSONAL_CODE, CODE, set);
    fixture_person(f, MEANS_CARD, CARD, set);
    fixture_first_code(f, CODE);
    fixture_person(f, MEANS_PERSONAL_CODE, OTHER, 0);
    fixture_publish(f);
    snapshot.snapshot = fixture_snapshot(f);
    tables = *snapshot_tables(snapshot.snapshot);
    limits[0].relief = limits[1].relief = bus;
    limits[2].relief = lunch;
    tables.limits = limits;
    tables.limit_count = COUNT_OF(limits);
    snapshot.tables = &tables;
}

static void make_ledger(void)
{
    snprintf(ledger, sizeof(ledger), "%s/ledger", support_directory());
    ck_assert_int_eq(mkdir(ledger, 0700), 0);
    struct ledger_maker *m = maker_open(ledger);
    maker_set_subject_key(m, subject_key_check(fixture_subject_key(f)));
    uint64_t subject = fixture_subject(f, MEANS_PERSONAL_CODE, CODE);
    uint32_t bus = maker_account(m, BUS_CODE, 7, "BUS"),
             lunch = maker_account(m, LUNCH, 0, "LUNCH");
    maker_use(m, (struct made){.terminal = 1,
                               .id = 1,
                               .subject = subject,
                               .account = bus,
                               .quantity = 2,
                               .amount = 20000});
    maker_reserve(m,
                  (struct made){.terminal = 1,
                                .id = 2,
                                .subject = subject,
                                .account = bus,
                                .quantity = 3,
                                .amount = 30000},
                  60);
    maker_confirm(m, 1, 3, 2, 1);
    maker_reserve(m,
                  (struct made){.terminal = 1,
                                .id = 4,
                                .subject = subject,
                                .account = bus,
                                .quantity = 1,
                                .amount = 10000},
                  60); /* stays open */
    maker_use(m, (struct made){.terminal = 1,
                               .id = 5,
                               .subject = subject,
                               .account = lunch,
                               .quantity = 1,
                               .amount = 5000});
    maker_refund(m, 1, 6, 1, 1);
    maker_use(m, (struct made){.terminal = 1, .id = 7, .subject = subject}); /* denied */
    maker_use(
        m, (struct made){
               .terminal = 1, .id = 8, .subject = 99, .account = bus, .quantity = 1, .amount = 1});
    maker_close(m);
}

static void set_up(void)
{
    make_snapshot();
    make_ledger();
    snprintf(subject_path, sizeof(subject_path), "%s", fixture_subject_path(f));
}

static void tear_down(void)
{
    snapshot_close(snapshot.snapshot);
    fixture_close(f);
}

static uint64_t subject_by(enum means means, const char *text, const struct report_snapshot *with)
{
    struct identifier who;
    struct fault fault;
    uint64_t subject;
    uint32_t view;
    ck_assert_int_eq(means_normalise(&who, means, text, strlen(text)), MEANS_FINE);
    ck_assert(resident_subject(&subject, &view, with, fixture_subject_key(f), &who, &fault));
    return subject;
}

START_TEST(a_card_leads_to_the_person)
{
    static const struct report_snapshot none;
    uint64_t subject = fixture_subject(f, MEANS_PERSONAL_CODE, CODE);
    ck_assert_uint_eq(subject_by(MEANS_PERSONAL_CODE, CODE, &snapshot), subject);
    ck_assert_uint_eq(subject_by(MEANS_CARD, CARD, &snapshot), subject);
    ck_assert_uint_eq(subject_by(MEANS_PERSONAL_CODE, CODE, &none), subject);
    ck_assert_uint_ne(subject_by(MEANS_CARD, CARD, &none), subject);
    ck_assert_uint_ne(subject_by(MEANS_PERSONAL_CODE, OTHER, &snapshot), subject);
}
END_TEST

struct told {
    struct resident_offer offers[8];
    size_t count;
};

static void take_offer(void *to, const struct resident_offer *offer)
{
    struct told *told = to;
    ck_assert_uint_lt(told->count, COUNT_OF(told->offers));
    if (strcmp(offer->relief->name, "BUS") == 0)
        told->offers[told->count++] = *offer;
}

/* 2 used, 1 of them given back; 1 of 3 confirmed; 1 held: 3 of 10. Of the shared 9.00 EUR: 1.00
 * and 1.00 and 1.00 of BUS, 0.50 of LUNCH. */
START_TEST(what_is_left_is_counted)
{
    struct ledger_reader *reader;
    struct resident resident;
    struct account_list accounts;
    struct fault fault;
    struct told told = {.count = 0};
    uint64_t subject = fixture_subject(f, MEANS_PERSONAL_CODE, CODE);
    ck_assert_msg(ledger_reader_open(&reader, ledger, &fault), "%s", fault.text);
    ck_assert(account_list_read(&accounts, reader, &fault));
    ck_assert(resident_read(&resident, reader, subject, &fault));
    ck_assert_uint_eq(resident.count, 7);
    ck_assert(!resident.is_cut);
    uint32_t view, day = riga_day_of_time(MAKER_START_S);
    struct identifier who;
    ck_assert_int_eq(means_normalise(&who, MEANS_CARD, CARD, strlen(CARD)), MEANS_FINE);
    ck_assert(resident_subject(&subject, &view, &snapshot, fixture_subject_key(f), &who, &fault));
    ck_assert(
        resident_offers(&snapshot, view, day, &resident, &accounts, take_offer, &told, &fault));
    ck_assert_uint_eq(told.count, 2);
    ck_assert_uint_eq(told.offers[0].left, 7);
    ck_assert_uint_eq(told.offers[1].had, 35000);
    told.count = 0;
    ck_assert(resident_offers(&snapshot, VIEW_NOBODY, day, &resident, &accounts, take_offer, &told,
                              &fault));
    ck_assert_uint_eq(told.count, 0);
    ck_assert(!resident_offers(&snapshot, view, FIXTURE_UNTIL_DAY, &resident, &accounts, take_offer,
                               &told, &fault));
    resident_free(&resident);
    account_list_free(&accounts);
    ledger_reader_close(reader);
}
END_TEST

/* All together: BUS 1.00 + 1.00 and 0.0001, 1.00 held; with LUNCH 0.50 more. */
START_TEST(what_is_spent_of_a_budget_is_counted)
{
    struct ledger_reader *reader;
    struct fault fault;
    struct tally spent;
    struct limit budget = {
        .relief = limits[0].relief, .kind = LIMIT_BUDGET, .period = PERIOD_MONTH};
    uint32_t from, day = riga_day_of_time(MAKER_START_S);
    ck_assert_msg(ledger_reader_open(&reader, ledger, &fault), "%s", fault.text);
    ck_assert(budget_spent(&spent, &from, reader, &tables, &budget, day, &fault));
    ck_assert_uint_eq(spent.used_amount, 20001);
    ck_assert_uint_eq(spent.held_amount, 10000);
    ck_assert_uint_eq(from, month_of_day(day));
    budget.shared = 4;
    budget.period = PERIOD_LIFETIME;
    ck_assert(budget_spent(&spent, &from, reader, &tables, &budget, day, &fault));
    ck_assert_uint_eq(spent.used_amount, 25001);
    ck_assert(budget_spent(&spent, &from, reader, &tables, &budget, day - 1, &fault));
    ck_assert_uint_eq(spent.used_amount, 0);
    ledger_reader_close(reader);
}
END_TEST

/* What the command says, of an identifier on its standard input. */
static int run(char out[4096], const char *input, char *argv[], int argc)
{
    char in_path[PATH_SIZE], out_path[PATH_SIZE];
    snprintf(in_path, sizeof(in_path), "%s/in", support_directory());
    snprintf(out_path, sizeof(out_path), "%s/out", support_directory());
    support_write_file(in_path, input, strlen(input), 0600);
    ck_assert_ptr_nonnull(freopen(in_path, "r", stdin));
    fflush(stdout);
    int saved = dup(STDOUT_FILENO);
    ck_assert_ptr_nonnull(freopen(out_path, "w", stdout));
    int status = run_report_resident(argc, argv);
    fflush(stdout);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    FILE *file = fopen(out_path, "r");
    size_t size = fread(out, 1, 4095, file);
    out[size] = '\0';
    fclose(file);
    return status;
}

START_TEST(the_view_is_told_in_words)
{
    static char out[4096];
    char name[] = "resident", option[] = "--subject-key", snapshots[] = "--snapshots",
         directory[PATH_SIZE], public[] = "--signing-public", public_path[PATH_SIZE],
         identity[] = "--identity-key", identity_path[PATH_SIZE], environment[] = "--environment=7",
         day[] = "--day=2026-06-27", means[] = "--means=card";
    snprintf(directory, sizeof(directory), "%s", fixture_directory(f));
    snprintf(public_path, sizeof(public_path), "%s", fixture_public_path(f));
    snprintf(identity_path, sizeof(identity_path), "%s", fixture_identity_path(f));
    char *argv[] = {name,        ledger, option,      subject_path, snapshots,
                    directory,   public, public_path, identity,     identity_path,
                    environment, day,    means};
    ck_assert_int_eq(run(out, CARD "\n", argv, COUNT_OF(argv)), EXIT_YES);
    ck_assert_ptr_nonnull(strstr(out,
                                 "2026-06-27 03:00:00: BUS, 2.00 EUR off, for 2 of bus.ticket at "
                                 "point of sale 11 of 40003000001: used, 1.00 EUR of it is left"));
    ck_assert_ptr_nonnull(strstr(out, "reserved, not yet used"));
    ck_assert_ptr_nonnull(strstr(out, "Reliefs that may be had on 2026-06-27"));
    ck_assert_ptr_nonnull(strstr(out, "  BUS, up to 2026-08-27"));
    ck_assert_ptr_null(strstr(out, CARD));
    char *short_argv[] = {name, ledger, option, subject_path};
    ck_assert_int_eq(run(out, OTHER "\n", short_argv, 4), EXIT_NO);
    ck_assert_str_eq(out, "Nothing is kept of this person.\n");
    ck_assert_int_eq(run(out, CODE "\n", short_argv, 4), EXIT_YES);
    ck_assert_ptr_nonnull(strstr(out, "for 2 of product 5"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("resident");
    TCase *tcase = tcase_create("resident");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, a_card_leads_to_the_person);
    tcase_add_test(tcase, what_is_left_is_counted);
    tcase_add_test(tcase, what_is_spent_of_a_budget_is_counted);
    tcase_add_test(tcase, the_view_is_told_in_words);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
