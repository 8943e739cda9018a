/* What all reports on a ledger have in common: its folder, the days that they are about, and the
 * form in which they are told. Days are those in Riga on which postings were recorded: what was
 * recorded never changes, so the same days give the same report for ever, until they are removed.
 */
#ifndef PROTOCOL_REPORT_H
#define PROTOCOL_REPORT_H

#include "protocol/ledger_read.h"
#include "protocol/listing.h"
#include "protocol/options.h"

struct report_settings {
    uint32_t from_day, until_day; /* half-open; 0: from the oldest, up to the newest */
    bool csv, json;
};

/* The options of a report whose settings have a member `struct report_settings report`. */
#define REPORT_AT(settings, field) offsetof(settings, report.field)
#define REPORT_ROWS_DAYS(settings)                                                                 \
    {"from",                                                                                       \
     OPTION_DAY,                                                                                   \
     REPORT_AT(settings, from_day),                                                                \
     "DAY",                                                                                        \
     NULL,                                                                                         \
     0,                                                                                            \
     0,                                                                                            \
     "first day, in Riga, on which it was recorded; without it, from the oldest"},                 \
    {                                                                                              \
        "until", OPTION_DAY, REPORT_AT(settings, until_day), "DAY", NULL, 0, 0,                    \
            "first day that is out; without it, up to the newest"                                  \
    }
#define REPORT_ROWS_FORMAT(settings)                                                               \
    {"csv", OPTION_FLAG, REPORT_AT(settings, csv), NULL, NULL, 0, 0, "answer as CSV"},             \
    {                                                                                              \
        "json", OPTION_FLAG, REPORT_AT(settings, json), NULL, NULL, 0, 0, "answer as JSON"         \
    }

#define REPORT_FOOTER "exit status: 0 told; 2 usage; 3 could not read"

struct ledger_report {
    struct ledger_reader *reader;
    struct ledger_head head; /* as it was when the report began */
    struct account_list accounts;
    uint32_t from_day, until_day;
    uint64_t first, last;    /* sequences; last < first: none */
    bool is_cut;             /* some of those days may have been removed already */
    uint32_t whole_from_day; /* when so: the first day of which nothing has been; 0: not known */
    enum listing_format format;
};

/* Closes what it opened when it is false. Where days that are asked for may have been removed
 * already, it is said on stderr. */
MUST_USE bool report_open(struct ledger_report *out, const char *ledger,
                          const struct report_settings *settings, struct fault *fault);
void report_close(struct ledger_report *report);

/* Every posting of those days, in order. */
MUST_USE bool report_each(struct ledger_report *report,
                          bool (*take)(void *to, const struct posting *posting,
                                       struct fault *fault),
                          void *to, struct fault *fault);

uint32_t posting_day(const struct posting *posting);         /* recorded, in Riga */
uint32_t posting_service_day(const struct posting *posting); /* of the service; 0: none */

/* "2026-11", of the month that a day is in. */
#define MONTH_TEXT_SIZE 12
const char *month_text(char text[static MONTH_TEXT_SIZE], uint32_t day);
/* The first day of that month. */
uint32_t month_of_day(uint32_t day);

/* "2026-11-23 10:00:05" by the clock in Riga. */
#define RIGA_TEXT_SIZE 48
const char *riga_text(char text[static RIGA_TEXT_SIZE], uint64_t utc_s);

/* Who pays: "90000031048=1.50 90011524360=0.50"; "" of no split. */
#define FUNDING_TEXT_SIZE 256
const char *funding_text(char text[static FUNDING_TEXT_SIZE], const struct split *split,
                         const int64_t amounts[static SPLIT_PART_COUNT_MAX]);
/* Adds a part's amount, `sign` times, to its payers; those of no split get nothing. */
void funding_add(int64_t amounts[static SPLIT_PART_COUNT_MAX], const struct account *account,
                 const struct posting_part *part, int sign);

/* "90011524360", or "" of 0. */
#define PARTY_TEXT_SIZE 24
const char *party_text(char text[static PARTY_TEXT_SIZE], uint64_t party);

/* Reports by name: each reads its own options. */
int run_report_givers(int argc, char *argv[]);
int run_report_settlement(int argc, char *argv[]);
int run_report_budget(int argc, char *argv[]);
int run_report_resident(int argc, char *argv[]);
int run_report_statistics(int argc, char *argv[]);

#endif
