#include "protocol/report.h"

#include "protocol/day.h"
#include "protocol/decide.h"

#include <inttypes.h>
#include <string.h>

#define MS_PER_S 1000

uint32_t posting_day(const struct posting *posting)
{
    return riga_day_of_time(posting->recorded_ms / MS_PER_S);
}

uint32_t posting_service_day(const struct posting *posting)
{
    return posting->service_time_s == 0 ? 0 : riga_day_of_time(posting->service_time_s);
}

/* ---- the days ---- */

static uint64_t day_ms(uint32_t day)
{
    return time_of_riga_day(day) * MS_PER_S;
}

static void note_removed(const struct ledger_report *report, const struct posting *oldest)
{
    char day[DAY_TEXT_SIZE];
    day_to_text(day, (int32_t)posting_day(oldest));
    fprintf(stderr,
            "note: postings up to %" PRIu64 " were removed after their time: this is told from "
            "%s on\n",
            report->head.pruned, day);
}

static bool find_days(struct ledger_report *report, struct fault *fault)
{
    struct posting oldest;
    bool is_there;
    const struct ledger_head *head = &report->head;
    report->first = head->pruned + 1;
    report->last = head->sequence;
    if (report->from_day != 0 && !ledger_reader_find_time(&report->first, report->reader, head,
                                                          day_ms(report->from_day), fault))
        return false;
    if (report->until_day != 0) {
        if (!ledger_reader_find_time(&report->last, report->reader, head, day_ms(report->until_day),
                                     fault))
            return false;
        report->last--;
    }
    if (head->pruned == 0 || report->first != head->pruned + 1)
        return true; /* what was removed is older than the first day */
    if (!ledger_reader_oldest(&oldest, &is_there, report->reader, head, fault))
        return false;
    report->is_cut = true;
    report->whole_from_day = is_there ? posting_day(&oldest) + 1 : 0;
    if (is_there)
        note_removed(report, &oldest);
    return true;
}

bool report_open(struct ledger_report *out, const char *ledger,
                 const struct report_settings *settings, struct fault *fault)
{
    struct ledger_report report = {.from_day = settings->from_day,
                                   .until_day = settings->until_day};
    if (!listing_format_of(&report.format, settings->csv, settings->json, fault))
        return false;
    if (report.until_day != 0 && report.until_day <= report.from_day)
        return fault_set(fault, "--until is the first day that is out: want one after --from");
    bool is_good = ledger_reader_open(&report.reader, ledger, fault) &&
                   ledger_reader_head(&report.head, report.reader, fault) &&
                   account_list_read(&report.accounts, report.reader, fault) &&
                   find_days(&report, fault);
    if (!is_good) {
        report_close(&report);
        return false;
    }
    *out = report;
    return true;
}

void report_close(struct ledger_report *report)
{
    account_list_free(&report->accounts);
    ledger_reader_close(report->reader);
    report->reader = NULL;
}

bool report_each(struct ledger_report *report,
                 bool (*take)(void *to, const struct posting *posting, struct fault *fault),
                 void *to, struct fault *fault)
{
    struct postings *postings;
    const struct posting *posting = NULL;
    if (report->last < report->first)
        return true;
    if (!postings_open(&postings, report->reader, report->first, report->last, fault))
        return false;
    bool is_good = true;
    do {
        is_good = postings_next(&posting, postings, fault) &&
                  (posting == NULL || take(to, posting, fault));
    } while (is_good && posting != NULL);
    postings_close(postings);
    return is_good;
}

/* ---- words ---- */

uint32_t month_of_day(uint32_t day)
{
    struct date date = date_of_day((int32_t)day);
    return day - (date.day - 1);
}

const char *month_text(char text[static MONTH_TEXT_SIZE], uint32_t day)
{
    char whole[DAY_TEXT_SIZE];
    day_to_text(whole, (int32_t)day);
    snprintf(text, MONTH_TEXT_SIZE, "%.7s", whole);
    return text;
}

const char *riga_text(char text[static RIGA_TEXT_SIZE], uint64_t utc_s)
{
    char day[DAY_TEXT_SIZE];
    uint32_t second = riga_second_of_time(utc_s);
    day_to_text(day, (int32_t)riga_day_of_time(utc_s));
    snprintf(text, RIGA_TEXT_SIZE, "%s %02" PRIu32 ":%02" PRIu32 ":%02" PRIu32, day, second / 3600,
             second / 60 % 60, second % 60);
    return text;
}

const char *party_text(char text[static PARTY_TEXT_SIZE], uint64_t party)
{
    text[0] = '\0';
    if (party != 0)
        snprintf(text, PARTY_TEXT_SIZE, "%" PRIu64, party);
    return text;
}

/* ---- who pays ---- */

const char *funding_text(char text[static FUNDING_TEXT_SIZE], const struct split *split,
                         const int64_t amounts[static SPLIT_PART_COUNT_MAX])
{
    size_t size = 0;
    text[0] = '\0';
    for (size_t i = 0; i < split->part_count; i++) {
        char money[SIGNED_MONEY_TEXT_SIZE];
        size += (size_t)snprintf(text + size, FUNDING_TEXT_SIZE - size, "%s%" PRIu64 "=%s",
                                 i > 0 ? " " : "", split->parts[i].payer,
                                 signed_money_text(money, amounts[i]));
    }
    return text;
}

void funding_add(int64_t amounts[static SPLIT_PART_COUNT_MAX], const struct account *account,
                 const struct posting_part *part, int sign)
{
    uint64_t paid[SPLIT_PART_COUNT_MAX];
    decide_split(paid, &account->split, part->amount, part->unit_count);
    for (size_t i = 0; i < account->split.part_count; i++)
        amounts[i] += sign * (int64_t)paid[i];
}
