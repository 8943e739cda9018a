#include "bench/curve.h"

#include <inttypes.h>
#include <string.h>

#define SETTING_SIZE 32

static const struct {
    const char *measure;
    uint32_t per_million;
} points[] = {
    {"at_0", 0},           {"at_10", 100000},      {"at_20", 200000},      {"at_30", 300000},
    {"at_40", 400000},     {"at_50", 500000},      {"at_60", 600000},      {"at_70", 700000},
    {"at_75", 750000},     {"at_80", 800000},      {"at_85", 850000},      {"at_90", 900000},
    {"at_92.5", 925000},   {"at_95", 950000},      {"at_97.5", 975000},    {"at_98.75", 987500},
    {"at_99", 990000},     {"at_99.5", 995000},    {"at_99.75", 997500},   {"at_99.9", 999000},
    {"at_99.95", 999500},  {"at_99.975", 999750},  {"at_99.99", 999900},   {"at_99.995", 999950},
    {"at_99.999", 999990}, {"at_99.9995", 999995}, {"at_99.9999", 999999},
};

bool curve_subject_fits(const char *subject, struct fault *fault)
{
    size_t size = strlen(subject);
    return (size >= 1 && size <= MEASURES_TEXT_MAX &&
            strspn(subject, "abcdefghijklmnopqrstuvwxyz0123456789 ._+-") == size) ||
           fault_set(fault, "--subject: want 1 to %d of a-z, 0-9, blank and ._+-, found \"%.80s\"",
                     MEASURES_TEXT_MAX, subject);
}

bool curve_append(const char *path, const struct curve *curve, const struct histogram *latency,
                  struct fault *fault)
{
    struct measures_writer writer;
    char setting[SETTING_SIZE];
    if (!measures_open(&writer, path, fault))
        return false;
    if (curve->rate_per_s != 0)
        snprintf(setting, sizeof(setting), "rate %" PRIu64, curve->rate_per_s);
    else
        snprintf(setting, sizeof(setting), "depth %" PRIu32, curve->depth);
    for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++)
        measures_add(&writer, &(struct measures_row){
                                  .part = MEASURES_LATENCY,
                                  .round = curve->round,
                                  .subject = curve->subject,
                                  .setting = setting,
                                  .measure = points[i].measure,
                                  .value = (double)histogram_at(latency, points[i].per_million),
                              });
    return measures_close(&writer, fault);
}
