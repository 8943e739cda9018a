#include "bench/exports.h"

#include "bench/take.h"
#include "protocol/progress.h"

#include <stdlib.h>

/* One file */

struct output {
    const struct country *country;
    enum source source;
    struct out *out;
    struct draw draw;
    struct row row;
    struct export_summary *summary;
    struct breakage breakage;
    uint32_t kinds[DEFECT_COUNT], kind_count; /* of defects that this file can have */
    uint64_t broken_count, broken_written;
    uint32_t *again; /* persons whose row comes once more at the end */
    uint32_t again_count;
};

static uint64_t source_size(const struct country *country, enum source source)
{
    if (source == SOURCE_PERSONS)
        return country->person_count;
    bool is_means = source == SOURCE_EID || source == SOURCE_ETALONS;
    return is_means ? country->card_count[source] : country->row_count[source];
}

static void fill_row(struct output *output, uint32_t index)
{
    const struct country *country = output->country;
    output->row.column_count = layouts[output->source].column_count;
    if (output->source == SOURCE_PERSONS)
        row_fill_person(&output->row, &country->citizens[index], &output->draw);
    else if (output->source == SOURCE_EID || output->source == SOURCE_ETALONS)
        row_fill_card(&output->row, country, output->source, &country->cards[output->source][index],
                      &output->draw);
    else
        row_fill_status(&output->row, country, output->source,
                        &country->rows[output->source][index], &output->draw);
}

static void write_good(struct output *output)
{
    row_write(output->out, &layouts[output->source], &output->row);
    output->summary->row_count++;
}

static void write_broken(struct output *output)
{
    uint32_t which = (uint32_t)output->broken_written;
    enum defect defect = output->kinds[which % output->kind_count];
    uint64_t size = source_size(output->country, output->source);
    which = which / output->kind_count; /* of this kind */
    fill_row(output, draw_below(&output->draw, (uint32_t)size));
    breakage_write(output->out, output->source, &output->row, defect, which,
                   output->country->as_of_day);
    output->broken_written++;
    output->summary->row_count++;
    output->summary->broken_count[defect]++;
}

/* The base register corrects itself: of 1,000 persons two come with a wrong row first, and one
 * comes twice. The right row is the last. */
static void write_base_row(struct output *output, uint32_t person)
{
    uint32_t what = draw_below(&output->draw, 1000);
    fill_row(output, person);
    if (what < 3)
        output->again[output->again_count++] = person;
    if (what < 2) {
        struct citizen wrong = output->country->citizens[person];
        wrong.birth_day -= 3653;
        wrong.place = wrong.place / 1000 == 1 ? 24000 : 1000;
        wrong.death_day =
            wrong.death_day == DAY_NEVER ? output->country->as_of_day - 100 : DAY_NEVER;
        row_fill_person(&output->row, &wrong, &output->draw);
    }
    write_good(output);
}

/* Registers are in an order of their own: a step that shares no divisor with the count visits every
 * row once. */
static uint64_t step_through(uint64_t count)
{
    uint64_t step = count / 2 + count / 8 + 1;
    for (;; step++) {
        uint64_t a = step, b = count;
        while (b != 0) {
            uint64_t rest = a % b;
            a = b;
            b = rest;
        }
        if (a == 1)
            return step;
    }
}

static void write_rows(struct output *output, struct progress *progress, uint64_t done_before)
{
    uint64_t count = source_size(output->country, output->source);
    uint64_t step = count > 0 ? step_through(count) : 0, index = 0;
    for (uint64_t i = 0; i < count; i++, index = (index + step) % count) {
        if (output->source == SOURCE_PERSONS) {
            write_base_row(output, (uint32_t)index);
        } else {
            fill_row(output, (uint32_t)index);
            write_good(output);
        }
        while (output->broken_written * count < output->broken_count * (i + 1))
            write_broken(output);
        if (i % 4096 == 0)
            progress_set(progress, done_before + i);
    }
    for (uint32_t i = 0; i < output->again_count; i++) {
        fill_row(output, output->again[i]);
        write_good(output);
    }
}

static void count_conflicts(const struct output *output)
{
    if (output->source != SOURCE_EID && output->source != SOURCE_ETALONS)
        return;
    const struct card_row *cards = output->country->cards[output->source];
    for (uint32_t i = 0; i < output->country->card_count[output->source]; i++)
        output->summary->broken_count[DEFECT_MEANS_CONFLICT] += cards[i].claim == CLAIM_REFUSED;
}

static bool write_file(struct output *output, const char *folder, struct progress *progress,
                       uint64_t done_before, struct fault *fault)
{
    const struct layout *layout = &layouts[output->source];
    uint64_t count = source_size(output->country, output->source);
    for (enum defect defect = 0; defect < DEFECT_COUNT; defect++)
        if (defect_occurs(defect, output->source))
            output->kinds[output->kind_count++] = defect;
    output->broken_count = count * output->breakage.per_mille / 1000;
    if (output->breakage.is_every_kind && output->broken_count < output->kind_count)
        output->broken_count = output->kind_count;
    *output->summary = (struct export_summary){.name = layout->name, .file = layout->file};

    if (!out_open(output->out, folder, layout->file, fault))
        return false;
    output->out->is_windows_1257 = layout->is_windows_1257;
    layout_write_head(output->out, layout);
    write_rows(output, progress, done_before);
    layout_write_foot(output->out, layout);
    count_conflicts(output);
    output->summary->byte_count = output->out->byte_count;
    return out_close(output->out, fault);
}

/* Lists beside the files */

static bool write_delivery(struct out *out, const struct country *country, const char *folder,
                           const struct export_summary summaries[static SOURCE_COUNT],
                           struct fault *fault)
{
    char day[DAY_TEXT_SIZE], prefix[4];
    day_to_text(day, (int32_t)country->as_of_day);
    if (!out_open(out, folder, "delivery.csv", fault))
        return false;
    out_string(out, "register,file,as_of,rows,missing\n");
    for (enum source source = 0; source < SOURCE_COUNT; source++) {
        out_string(out, summaries[source].name);
        out_string(out, ",");
        out_string(out, summaries[source].file);
        out_string(out, ",");
        out_string(out, day);
        out_string(out, ",");
        out_number(out, summaries[source].row_count);
        out_string(out, ",");
        for (size_t i = 0; source == SOURCE_HOUSEHOLD && i < MISSING_PLACE_COUNT; i++) {
            out_string(out, i > 0 ? " " : "");
            digits_put(prefix, missing_places[i], sizeof(prefix));
            out_bytes(out, prefix, sizeof(prefix));
        }
        out_string(out, "\n");
    }
    return out_close(out, fault);
}

static bool write_broken_list(struct out *out, const char *folder,
                              const struct export_summary summaries[static SOURCE_COUNT],
                              struct fault *fault)
{
    if (!out_open(out, folder, "broken.csv", fault))
        return false;
    out_string(out, "register,kind,count\n");
    for (enum source source = 0; source < SOURCE_COUNT; source++) {
        for (enum defect defect = 0; defect < DEFECT_COUNT; defect++) {
            if (summaries[source].broken_count[defect] == 0)
                continue;
            out_string(out, summaries[source].name);
            out_string(out, ",");
            out_string(out, defect_name(defect));
            out_string(out, ",");
            out_number(out, summaries[source].broken_count[defect]);
            out_string(out, "\n");
        }
    }
    return out_close(out, fault);
}

bool exports_write(const struct country *country, const char *folder, struct breakage breakage,
                   bool is_quiet, struct export_summary summaries[static SOURCE_COUNT],
                   struct fault *fault)
{
    static struct out out; /* too large for a stack */
    uint64_t total = 0, done = 0;
    for (enum source source = 0; source < SOURCE_COUNT; source++)
        total += source_size(country, source);
    uint32_t *again = take(country->person_count, sizeof(*again));
    struct progress progress;
    progress_start(&progress, "writing", "rows", total, is_quiet);
    bool is_written = true;
    for (enum source source = 0; is_written && source < SOURCE_COUNT; source++) {
        struct output output = {
            .country = country,
            .source = source,
            .out = &out,
            .draw = draw_start(country->seed, 1 + source),
            .summary = &summaries[source],
            .breakage = breakage,
            .again = again,
        };
        is_written = write_file(&output, folder, &progress, done, fault);
        done += source_size(country, source);
    }
    progress_set(&progress, done);
    progress_end(&progress);
    free(again);
    return is_written && write_delivery(&out, country, folder, summaries, fault) &&
           write_broken_list(&out, folder, summaries, fault);
}
