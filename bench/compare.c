#include "bench/compare.h"

#include "bench/fleet.h"
#include "bench/spread.h"
#include "protocol/json.h"
#include "protocol/progress.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

/* Whom the others are compared with. */
static const enum contestant_kind references[] = {CONTESTANT_ECHO, CONTESTANT_ELIG,
                                                  CONTESTANT_SEALED};
static const char *const reference_names[] = {"to_echo", "to_elig", "to_elig_sealed"};
#define REFERENCE_COUNT (sizeof(references) / sizeof(references[0]))

/* ---- measuring ---- */

static bool measure(struct compare *compare, size_t depth, size_t index, size_t round,
                    struct fault *fault)
{
    static struct result result;
    const struct contestant *contestant = &compare->contestants.list[index];
    struct plan *plan = &compare->load.plan;
    plan->dialect = contestant_dialect(contestant->kind);
    plan->address = contestant->address;
    plan->server_pid = contestant->pid;
    plan->depth = compare->depths[depth];
    plan->sealing = contestant->kind == CONTESTANT_SEALED ? &compare->contestants.sealing : NULL;
    if (!fleet_run(&result, plan, compare->load.process_count, &compare->load_cores, fault)) {
        fault_prefix(fault, contestant_name(contestant->kind));
        return false;
    }
    figures_of(&compare->figures[depth][index][round], plan, &result);
    return true;
}

/* Each round begins with another server, so that nobody always comes after the same one. */
static bool run_round(struct compare *compare, size_t round, struct progress *progress,
                      struct fault *fault)
{
    for (size_t depth = 0; depth < compare->depth_count; depth++)
        for (size_t turn = 0; turn < compare->kind_count; turn++) {
            size_t index = (turn + round) % compare->kind_count;
            if (children_interrupted() || !measure(compare, depth, index, round, fault))
                return false;
            progress_set(progress, progress->done + 1);
        }
    return true;
}

bool compare_run(struct compare *compare, uint64_t round_count, bool is_quiet, struct fault *fault)
{
    struct progress progress;
    assert(round_count <= COMPARE_ROUND_MAX);
    compare->kind_count = compare->contestants.count;
    for (size_t i = 0; i < compare->kind_count; i++)
        compare->kinds[i] = compare->contestants.list[i].kind;
    progress_start(&progress, "compare", "runs",
                   round_count * compare->depth_count * compare->kind_count, is_quiet);
    bool is_fine = true;
    while (is_fine && compare->round_count < round_count) {
        is_fine = run_round(compare, compare->round_count, &progress, fault);
        compare->round_count += is_fine;
    }
    progress_end(&progress);
    if (is_fine || (children_interrupted() && compare->round_count > 0))
        return true;
    return children_interrupted() ? fault_set(fault, "interrupted before a round was whole")
                                  : false;
}

/* ---- what came of it ---- */

static struct spread spread_at(const struct compare *compare, size_t depth, size_t index,
                               enum figure figure)
{
    double values[COMPARE_ROUND_MAX];
    for (size_t round = 0; round < compare->round_count; round++)
        values[round] = compare->figures[depth][index][round].by[figure];
    return spread_of(values, compare->round_count);
}

/* The place of a kind, or kind_count when it takes no part. */
static size_t index_of(const struct compare *compare, enum contestant_kind kind)
{
    size_t index = 0;
    while (index < compare->kind_count && compare->kinds[index] != kind)
        index++;
    return index;
}

/* Of the server's CPU time per answer, each within its round. */
static bool ratio_at(struct spread *out, const struct compare *compare, size_t depth, size_t index,
                     size_t reference)
{
    double values[COMPARE_ROUND_MAX];
    size_t base = index_of(compare, references[reference]);
    if (base == compare->kind_count || base == index)
        return false;
    for (size_t round = 0; round < compare->round_count; round++) {
        double below = compare->figures[depth][base][round].by[FIGURE_CPU];
        values[round] =
            below > 0 ? compare->figures[depth][index][round].by[FIGURE_CPU] / below : 0;
    }
    *out = spread_of(values, compare->round_count);
    return true;
}

double compare_lost_count(const struct compare *compare)
{
    double sum = 0;
    for (size_t depth = 0; depth < compare->depth_count; depth++)
        for (size_t index = 0; index < compare->kind_count; index++)
            for (size_t round = 0; round < compare->round_count; round++)
                sum += compare->figures[depth][index][round].by[FIGURE_FAILED] +
                       compare->figures[depth][index][round].by[FIGURE_WRONG];
    return sum;
}

bool compare_append(const struct compare *compare, const char *path, struct fault *fault)
{
    struct measures_writer writer;
    char setting[MEASURES_TEXT_MAX];
    struct measures_row row = {.part = MEASURES_COMPARE, .setting = setting};
    if (!measures_open(&writer, path, fault))
        return false;
    for (size_t depth = 0; depth < compare->depth_count; depth++) {
        snprintf(setting, sizeof(setting), "depth %" PRIu32, compare->depths[depth]);
        for (size_t index = 0; index < compare->kind_count; index++) {
            row.subject = contestant_name(compare->kinds[index]);
            for (row.round = 0; row.round < compare->round_count; row.round++)
                figures_add(&writer, &compare->figures[depth][index][row.round], &row);
        }
    }
    return measures_close(&writer, fault);
}

/* ---- telling ---- */

#define CELL_SIZE 40

static const char *ratio_cell(char cell[static CELL_SIZE], const struct compare *compare,
                              size_t depth, size_t index, size_t reference)
{
    struct spread ratio;
    if (ratio_at(&ratio, compare, depth, index, reference))
        snprintf(cell, CELL_SIZE, "%.2f (%.2f-%.2f)", ratio.median, ratio.least, ratio.most);
    else
        snprintf(cell, CELL_SIZE, "%s", references[reference] == compare->kinds[index] ? "1" : "-");
    return cell;
}

static void print_row(const struct compare *compare, size_t depth, size_t index)
{
    char cpu_cell[CELL_SIZE], cells[REFERENCE_COUNT][CELL_SIZE];
    struct spread cpu = spread_at(compare, depth, index, FIGURE_CPU);
    snprintf(cpu_cell, sizeof(cpu_cell), "%.0f (%.0f-%.0f)", cpu.median, cpu.least, cpu.most);
    printf("%5" PRIu32 " %-11s %22s", compare->depths[depth],
           contestant_name(compare->kinds[index]), cpu_cell);
    for (size_t i = 0; i < REFERENCE_COUNT; i++)
        printf(" %19s", ratio_cell(cells[i], compare, depth, index, i));
    printf(" %10.0f %7.1f %7.1f %7.1f\n",
           spread_at(compare, depth, index, FIGURE_ANSWERS_PER_S).median,
           spread_at(compare, depth, index, FIGURE_P50).median / 1000,
           spread_at(compare, depth, index, FIGURE_P99).median / 1000,
           spread_at(compare, depth, index, FIGURE_P999).median / 1000);
}

void compare_print_text(const struct compare *compare)
{
    printf("%" PRIu32 " connections, %" PRIu32 " processes, medians of %zu rounds (least-most), "
           "%.0f failed or wrong\n",
           compare->load.plan.connection_count, compare->load.process_count, compare->round_count,
           compare_lost_count(compare));
    printf("%5s %-11s %22s %19s %19s %19s %10s %7s %7s %7s\n", "depth", "server",
           "server CPU ns/answer", "to echo", "to elig", "to elig-sealed", "answers/s", "p50 us",
           "p99 us", "p99.9");
    for (size_t depth = 0; depth < compare->depth_count; depth++)
        for (size_t index = 0; index < compare->kind_count; index++)
            print_row(compare, depth, index);
}

static void json_spread(struct json *json, const char *name, struct spread spread)
{
    json_open_object(json, name);
    json_real(json, "median", spread.median);
    json_real(json, "least", spread.least);
    json_real(json, "most", spread.most);
    json_close_object(json);
}

static void json_server(struct json *json, const struct compare *compare, size_t depth,
                        size_t index)
{
    json_open_object(json, NULL);
    json_number(json, "depth", compare->depths[depth]);
    json_text(json, "server", contestant_name(compare->kinds[index]));
    for (size_t i = 0; i < REFERENCE_COUNT; i++) {
        struct spread ratio;
        if (ratio_at(&ratio, compare, depth, index, i))
            json_spread(json, reference_names[i], ratio);
    }
    for (size_t i = 0; i < FIGURE_COUNT; i++)
        if (i != FIGURE_OFFERED_PER_S)
            json_spread(json, figure_name((enum figure)i),
                        spread_at(compare, depth, index, (enum figure)i));
    json_close_object(json);
}

void compare_print_json(const struct compare *compare)
{
    struct json json;
    json_start(&json, stdout);
    json_open_object(&json, NULL);
    json_number(&json, "connections", compare->load.plan.connection_count);
    json_number(&json, "processes", compare->load.process_count);
    json_number(&json, "rounds", compare->round_count);
    json_open_array(&json, "left_out");
    for (size_t kind = 0; kind < CONTESTANT_COUNT; kind++)
        if (compare->contestants.left_out[kind].text[0] != '\0')
            json_text(&json, NULL, contestant_name((enum contestant_kind)kind));
    json_close_array(&json);
    json_open_array(&json, "servers");
    for (size_t depth = 0; depth < compare->depth_count; depth++)
        for (size_t index = 0; index < compare->kind_count; index++)
            json_server(&json, compare, depth, index);
    json_close_array(&json);
    json_close_object(&json);
    json_end(&json);
}
