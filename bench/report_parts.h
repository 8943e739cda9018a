/* The sections of the report, each in a file of its name. */
#ifndef BENCH_REPORT_PARTS_H
#define BENCH_REPORT_PARTS_H

#include "bench/page.h"

void report_wanted(struct page *page, const struct measures *measures);
void report_compare(struct page *page, const struct measures *measures);
void report_latency(struct page *page, const struct measures *measures);
void report_beside(struct page *page, const struct measures *measures);
void report_sweep(struct page *page, const struct measures *measures);
void report_stages(struct page *page, const struct measures *measures);
void report_loader(struct page *page, const struct measures *measures);

#endif
