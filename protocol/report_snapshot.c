#include "protocol/report_snapshot.h"

#include <stdlib.h>

bool report_snapshot_open(struct report_snapshot *out,
                          const struct report_snapshot_settings *settings, struct fault *fault)
{
    *out = (struct report_snapshot){.snapshot = NULL};
    bool has_key = settings->identity_key != NULL || settings->identity_keys != NULL;
    if (settings->snapshots == NULL)
        return (settings->signing_public == NULL && !has_key) ||
               fault_set(fault, "want --snapshots with the keys of them");
    if (settings->signing_public == NULL ||
        (settings->identity_key != NULL) == (settings->identity_keys != NULL))
        return fault_set(fault, "with --snapshots want --signing-public, and --identity-key or "
                                "--identity-keys");
    if (!snapshot_keys_open(&out->keys, settings->signing_public, settings->identity_key,
                            settings->identity_keys, fault))
        return false;
    struct snapshot_trust trust = snapshot_trust_of(&out->keys, (uint32_t)settings->environment);
    if (!snapshot_open_current(&out->snapshot, settings->snapshots, &trust, fault))
        return false;
    out->tables = snapshot_tables(out->snapshot);
    return true;
}

void report_snapshot_close(struct report_snapshot *snapshot)
{
    snapshot_close(snapshot->snapshot);
    snapshot_keys_close(&snapshot->keys);
    snapshot->snapshot = NULL;
}

static int compare_number(const void *wanted, const void *row)
{
    uint32_t a = *(const uint32_t *)wanted, b = *(const uint32_t *)row; /* it comes first */
    return (a > b) - (a < b);
}
static_assert(offsetof(struct product, number) == 0, "the number comes first");
static_assert(offsetof(struct point, number) == 0, "the number comes first");

const struct product *tables_find_product(const struct tables *tables, uint32_t number)
{
    return bsearch(&number, tables->products, tables->product_count, sizeof(tables->products[0]),
                   compare_number);
}

const struct point *tables_find_point(const struct tables *tables, uint32_t number)
{
    return bsearch(&number, tables->points, tables->point_count, sizeof(tables->points[0]),
                   compare_number);
}
