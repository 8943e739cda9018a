/* What a file of measures says, as a page, text or JSON: tables and charts, each part on its own,
 * so that one which was not measured is told as that. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include "bench/page.h"

void report_write(FILE *to, enum page_form form, const struct measures *measures);

#endif
