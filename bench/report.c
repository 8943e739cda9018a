#include "bench/report.h"

#include "bench/report_parts.h"

#include <string.h>

/* ---- how it was measured ---- */

static bool came_before(const struct measures *measures, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (strcmp(measures->facts[i].name, measures->facts[at].name) == 0 &&
            strcmp(measures->facts[i].value, measures->facts[at].value) == 0)
            return true;
    return false;
}

/* Facts of one name stand together, in the order in which names came. */
static void add_facts(struct table *table, const struct measures *measures)
{
    for (size_t i = 0; i < measures->fact_count; i++) {
        const char *name = measures->facts[i].name;
        bool is_first = true;
        for (size_t j = 0; j < i && is_first; j++)
            is_first = strcmp(measures->facts[j].name, name) != 0;
        for (size_t j = i; is_first && j < measures->fact_count; j++) {
            if (strcmp(measures->facts[j].name, name) != 0 || came_before(measures, j))
                continue;
            struct table_cell *cells = table_add(table);
            cells[0].text = name;
            cells[1].text = measures->facts[j].value;
        }
    }
}

static void report_facts(struct page *page, const struct measures *measures)
{
    static const struct table_column columns[] = {{"name", "What", TABLE_TEXT, AMOUNT_RATIO},
                                                  {"value", "Value", TABLE_TEXT, AMOUNT_RATIO}};
    struct table table;
    if (measures->fact_count == 0) {
        page_missing(page, "facts",
                     "the lines \"# name: value\" of the file of measures, and it has none");
        return;
    }
    table_begin(&table, "facts", "Machine, commands and dates", columns, COUNT_OF(columns));
    add_facts(&table, measures);
    page_table(page, &table);
    table_free(&table);
}

/* ---- words ---- */

static void report_words(struct page *page, const struct measures *measures)
{
    (void)measures;
    static const struct page_word words[] = {
        {"CPU per request",
         "Processor time that the operating system counted for the server's process between two "
         "moments, divided by the answers that the client read between the same moments. It does "
         "not depend on how fast the client is."},
        {"echo",
         "A bare server that sends the same 64-byte frames back, driven by the same client in the "
         "same round. It is the floor: what the operating system takes for itself."},
        {"\xc3\x97 echo, \xc3\x97 elig",
         "A ratio made within each round, of which the median is quoted; least and greatest in "
         "brackets. Machines are noisy, and a noisy minute hits all contestants of a round alike."},
        {"elig, elig-sealed",
         "The eligibility engine answering CHECK in the clear, and in sealed sessions."},
        {"depth", "Requests under way on one connection at any time, in a closed loop."},
        {"rate",
         "Requests a second that are due by the clock, whether or not answers came: an open "
         "loop. Latency counts from the moment a request was due."},
        {"percentile", "p99.9 is the latency that 999 of 1,000 requests did not exceed."},
        {"knee", "The rate beyond which latency rises without bound while throughput hardly does."},
        {"floor", "The least time that the same machine needs for that step, measured beside it."},
    };
    page_words(page, words, COUNT_OF(words));
}

/* ---- all ---- */

void report_write(FILE *to, enum page_form form, const struct measures *measures)
{
    static const struct page_section sections[] = {
        {"wanted", "Against what is wanted", report_wanted},
        {"compare", "Servers side by side", report_compare},
        {"latency", "Latency by percentile", report_latency},
        {"beside", "During a swap and beside a ledger", report_beside},
        {"sweep", "Throughput against latency", report_sweep},
        {"stages", "Where each nanosecond goes", report_stages},
        {"loader", "The loader against its floors", report_loader},
        {"facts", "How it was measured", report_facts},
        {"words", "What the words mean", report_words},
    };
    page_write(
        to, form, "Eligibility engine: measurements",
        "Everything on this page was measured in turns on one machine, and is told as medians "
        "of rounds. Absolute times are this machine's; ratios within a round are what "
        "counts.",
        sections, COUNT_OF(sections), measures);
}
