#include "bench/hgrm.h"

#include <inttypes.h>
#include <math.h>

#define TICKS_PER_HALF 5 /* so many lines on each half of the way to 100 % */
#define NS_PER_US      1000.0

static double us_of_bucket(const struct histogram *histogram, uint32_t bucket)
{
    uint64_t end = histogram_bucket_end(bucket);
    return (double)(end < histogram->most_ns ? end : histogram->most_ns) / NS_PER_US;
}

/* The next percentage: steps are a fifth of a half, then of a quarter, of an eighth ... All of them
 * are exact in binary. */
static double percent_after(double percent)
{
    double halvings = floor(log2(100 / (100 - percent))) + 1;
    return percent + 100 / (TICKS_PER_HALF * exp2(halvings));
}

/* Middles of buckets stand for their values. */
static void moments(const struct histogram *histogram, double *mean, double *deviation)
{
    double sum = 0, square_sum = 0, count = (double)histogram->count;
    for (uint32_t i = 0; i < HISTOGRAM_BUCKET_COUNT; i++) {
        if (histogram->counts[i] == 0)
            continue;
        double least = i == 0 ? 0 : (double)(histogram_bucket_end(i - 1) + 1) / NS_PER_US;
        double middle = (least + us_of_bucket(histogram, i)) / 2;
        sum += middle * (double)histogram->counts[i];
        square_sum += middle * middle * (double)histogram->counts[i];
    }
    *mean = count > 0 ? sum / count : 0;
    double variance = count > 0 ? square_sum / count - *mean * *mean : 0;
    *deviation = variance > 0 ? sqrt(variance) : 0;
}

static void write_lines(FILE *file, const struct histogram *histogram)
{
    uint64_t seen = 0;
    double percent = 0, count = (double)histogram->count;
    for (uint32_t i = 0; seen < histogram->count; i++) {
        seen += histogram->counts[i];
        while (histogram->counts[i] > 0 && 100 * (double)seen / count >= percent) {
            fprintf(file, "%12.3f %2.12f %10" PRIu64 " %14.2f\n", us_of_bucket(histogram, i),
                    percent / 100, seen, 100 / (100 - percent));
            percent = percent_after(percent);
            if (seen == histogram->count)
                break;
        }
    }
    if (seen > 0)
        fprintf(file, "%12.3f %2.12f %10" PRIu64 "\n", (double)histogram->most_ns / NS_PER_US, 1.0,
                seen);
}

void hgrm_write(FILE *file, const struct histogram *histogram)
{
    double mean, deviation;
    moments(histogram, &mean, &deviation);
    fprintf(file, "%12s %14s %10s %14s\n\n", "Value", "Percentile", "TotalCount",
            "1/(1-Percentile)");
    write_lines(file, histogram);
    fprintf(file, "#[Mean    = %12.3f, StdDeviation   = %12.3f]\n", mean, deviation);
    fprintf(file, "#[Max     = %12.3f, Total count    = %12" PRIu64 "]\n",
            (double)histogram->most_ns / NS_PER_US, histogram->count);
    fprintf(file, "#[Buckets = %12d, SubBuckets     = %12d]\n", HISTOGRAM_DOUBLINGS,
            HISTOGRAM_STEPS);
}
