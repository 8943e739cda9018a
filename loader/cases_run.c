#include "loader/cases_run.h"

#include "loader/memory.h"
#include "loader/narrate.h"
#include "loader/sort.h"
#include "protocol/money.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SENTENCE_START_MAX 300 /* of a fault's text: file, line and title */
#define NO_PERSON          UINT32_MAX

struct runner {
    const struct cases *cases;
    const struct catalogue *catalogue;
    struct vocabulary *vocabulary; /* with what is missing of the person at hand */
    struct status_fact *statuses;  /* of the cases, schools under the codes that are in use */
    uint32_t *until_days;          /* by group: what was known before of the person at hand */
    struct prior prior;
    uint32_t *order; /* purchases by day, then as written; those to be outside of a window last */
    uint32_t insider_count; /* the others */
    bool *is_done;          /* by purchase, of those to be outside */
    struct trial *trial;
    uint32_t person; /* at hand in the trial; NO_PERSON */
    struct cases_outcome *outcome;
};

/* ---- who buys ---- */

static void forget_missing(struct vocabulary *vocabulary)
{
    for (uint16_t i = 0; i < vocabulary->kind_count; i++) {
        vocabulary->kinds[i].is_missing = false;
        vocabulary->kinds[i].missing_count = 0;
    }
}

/* A case speaks of groups as they are written; what decides is the one that the rules made of it
 * for those who ask for the last that was known. */
static void learn_known(struct runner *runner, const struct case_person *person)
{
    const struct rules *rules = runner->catalogue->rules;
    memset(runner->until_days, 0, rules->group_count * sizeof(runner->until_days[0]));
    for (uint32_t i = 0; i < person->known_count; i++) {
        const struct case_known *known = &runner->cases->known[person->first_known + i];
        for (uint32_t group = 0; group < rules->group_count; group++) {
            if (rules->groups[group].known_days != 0 &&
                rules->groups[group].known_of == known->group)
                runner->until_days[group] = known->until_day;
        }
    }
}

/* As a build renews what was delivered under a code that was replaced. */
static struct status_fact *renew_schools(const struct cases *cases, const struct trade *trade)
{
    struct status_fact *statuses = memory_take(cases->status_count, sizeof(statuses[0]));
    for (uint32_t i = 0; i < cases->status_count; i++) {
        statuses[i] = cases->statuses[i];
        statuses[i].school = trade_place_now(trade, statuses[i].school);
    }
    return statuses;
}

static bool bring_person(struct runner *runner, uint32_t index, struct fault *fault)
{
    const struct case_person *person = &runner->cases->persons[index];
    if (runner->person == index)
        return true;
    runner->person = index;
    if (person->is_nobody) {
        trial_nobody(runner->trial);
        return true;
    }
    for (uint16_t i = 0; i < runner->vocabulary->kind_count; i++)
        runner->vocabulary->kinds[i].is_missing = person->missing >> i & 1;
    learn_known(runner, person);
    struct person facts = {.birth_day = person->birth_day,
                           .death_day = person->death_day,
                           .place = trade_place_now(&runner->catalogue->trade, person->place),
                           .status_count = person->status_count};
    if (person->status_count > 0) /* else there may be no list at all */
        facts.statuses = &runner->statuses[person->first_status];
    if (trial_person(runner->trial, &facts, runner->vocabulary, &runner->prior, fault))
        return true;
    char where[RULES_LINE_SIZE];
    snprintf(where, sizeof(where), "%s:%u", runner->cases->files[person->file], person->line);
    return fault_at(fault, where);
}

/* ---- what was expected, and what came ---- */

static bool reliefs_are_equal(const struct trial *trial, const struct case_purchase *wanted,
                              const struct verdict *found)
{
    if (wanted->relief_count != found->part_count)
        return false;
    for (uint32_t i = 0; i < found->part_count; i++) {
        if (trial_version(trial, found->parts[i].clause)->relief != wanted->reliefs[i])
            return false;
    }
    return true;
}

static bool is_as_wanted(const struct trial *trial, const struct case_purchase *wanted,
                         const struct verdict *found)
{
    if (wanted->status != found->status ||
        (wanted->has_payable && wanted->payable != found->payable))
        return false;
    if (wanted->status != STATUS_APPLIES)
        return true;
    return reliefs_are_equal(trial, wanted, found) &&
           wanted->relief_amount == found->relief_amount &&
           (!wanted->has_split || wanted->split == found->split);
}

/* In the words of the case. */
static void write_wanted(char text[static WORDING_SIZE], const struct rules *rules,
                         const struct case_purchase *wanted)
{
    char money[MONEY_TEXT_SIZE];
    FILE *to = fmemopen(text, WORDING_SIZE, "w");
    if (to == NULL)
        abort(); /* no memory for a stream */
    if (wanted->status != STATUS_APPLIES)
        fputs(cases_answer_name(wanted->status), to);
    for (uint8_t i = 0; i < wanted->relief_count; i++)
        fprintf(to, "%s%s", i > 0 ? " + " : "", rules->reliefs[wanted->reliefs[i]].name);
    if (wanted->status == STATUS_APPLIES)
        fprintf(to, " takes %s", money_text(money, wanted->relief_amount));
    if (wanted->has_payable)
        fprintf(to, " pays %s", money_text(money, wanted->payable));
    if (wanted->has_split)
        fprintf(to, " split %u", wanted->split);
    fclose(to);
}

static void keep_step(void *context, uint32_t depth, const char *sentence)
{
    struct case_failure *failure = context;
    size_t size = strlen(sentence) + 1;
    failure->steps = memory_room(failure->steps, &failure->step_room, failure->step_count + 1,
                                 sizeof(failure->steps[0]));
    struct case_step *step = &failure->steps[failure->step_count++];
    *step = (struct case_step){depth, memory_take(size, 1)};
    memcpy(step->sentence, sentence, size);
}

static void keep_failure(struct runner *runner, uint32_t index, const struct verdict *found)
{
    struct cases_outcome *outcome = runner->outcome;
    const struct case_purchase *buys = &runner->cases->purchases[index];
    outcome->failures = memory_room(outcome->failures, &outcome->failure_room,
                                    outcome->failure_count + 1, sizeof(outcome->failures[0]));
    struct case_failure *failure = &outcome->failures[outcome->failure_count++];
    *failure = (struct case_failure){.purchase = index};
    wording_purchase(failure->bought, runner->trial, &buys->purchase);
    write_wanted(failure->wanted, runner->catalogue->rules, buys);
    wording_verdict(failure->found, runner->trial, found);
    struct narrator narrator = {keep_step, failure};
    narrate_purchase(runner->trial, &buys->purchase, &narrator);
}

static bool run_purchase(struct runner *runner, uint32_t index, struct fault *fault)
{
    const struct case_purchase *buys = &runner->cases->purchases[index];
    struct candidates candidates;
    if (!bring_person(runner, buys->person, fault))
        return false;
    struct verdict found = trial_decide(runner->trial, &candidates, &buys->purchase);
    if (is_as_wanted(runner->trial, buys, &found)) {
        runner->outcome->passed_count++;
        return true;
    }
    runner->outcome->failed_count++;
    if (runner->outcome->failure_count < CASE_FAILURE_TOLD_MAX)
        keep_failure(runner, index, &found);
    return true;
}

/* ---- windows ---- */

/* Those that are to be outside of every window come last: they shape none. */
static bool is_outsider(const struct case_purchase *buys)
{
    return buys->status == STATUS_OUTSIDE_WINDOW;
}

static int compare_days(const void *left, const void *right, void *context)
{
    const struct cases *cases = context;
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    const struct case_purchase *buys_a = &cases->purchases[a], *buys_b = &cases->purchases[b];
    if (is_outsider(buys_a) != is_outsider(buys_b))
        return is_outsider(buys_a) ? 1 : -1;
    if (buys_a->day != buys_b->day)
        return buys_a->day < buys_b->day ? -1 : 1;
    return (a > b) - (a < b);
}

static int compare_failures(const void *left, const void *right)
{
    const struct case_failure *a = left, *b = right;
    return (a->purchase > b->purchase) - (a->purchase < b->purchase);
}

static const struct case_purchase *in_order(const struct runner *runner, uint32_t i)
{
    return &runner->cases->purchases[runner->order[i]];
}

/* The purchases from `first` on that one window holds; returns the first that it does not. */
static uint32_t take_window(const struct runner *runner, uint32_t first, struct window *window)
{
    window->from_day = in_order(runner, first)->day;
    window->until_day = window->from_day + 1;
    uint32_t end = first;
    for (; end < runner->insider_count; end++) {
        uint32_t day = in_order(runner, end)->day;
        if (day >= window->from_day + WINDOW_DAYS_MAX)
            break;
        if (day >= window->until_day)
            window->until_day = day + 1;
    }
    return end;
}

/* Whoever is to be outside is judged by the window that holds the day after all, or else by the
 * last one. */
static bool run_outsiders(struct runner *runner, struct window window, bool is_last,
                          struct fault *fault)
{
    for (uint32_t i = runner->insider_count; i < runner->cases->purchase_count; i++) {
        uint32_t day = in_order(runner, i)->day;
        bool is_inside = day >= window.from_day && day < window.until_day;
        if (runner->is_done[runner->order[i]] || (!is_inside && !is_last))
            continue;
        runner->is_done[runner->order[i]] = true;
        if (!run_purchase(runner, runner->order[i], fault))
            return false;
    }
    return true;
}

static bool run_window(struct runner *runner, uint32_t first, uint32_t end, struct window window,
                       struct fault *fault)
{
    if (!trial_open(&runner->trial, runner->catalogue, window, window.from_day, false, fault))
        return false;
    runner->person = NO_PERSON;
    bool is_good = true;
    for (uint32_t i = first; i < end && is_good; i++)
        is_good = run_purchase(runner, runner->order[i], fault);
    is_good = is_good && run_outsiders(runner, window, end == runner->insider_count, fault);
    trial_close(runner->trial);
    runner->trial = NULL;
    return is_good;
}

static void put_in_order(struct runner *runner)
{
    uint32_t count = runner->cases->purchase_count;
    for (uint32_t i = 0; i < count; i++) {
        runner->order[i] = i;
        runner->insider_count += !is_outsider(&runner->cases->purchases[i]);
    }
    qsort_r(runner->order, count, sizeof(runner->order[0]), compare_days,
            (void *)(uintptr_t)runner->cases);
}

static bool run_all(struct runner *runner, struct fault *fault)
{
    if (runner->cases->purchase_count == 0)
        return true;
    put_in_order(runner);
    if (runner->insider_count == 0) {
        uint32_t day = in_order(runner, runner->cases->purchase_count - 1)->day;
        return run_window(runner, 0, 0, (struct window){day + 1, day + 2}, fault);
    }
    for (uint32_t first = 0, end; first < runner->insider_count; first = end) {
        struct window window;
        end = take_window(runner, first, &window);
        if (!run_window(runner, first, end, window, fault))
            return false;
    }
    return true;
}

bool cases_run(struct cases_outcome *out, const struct cases *cases,
               const struct catalogue *catalogue, const struct vocabulary *vocabulary,
               struct fault *fault)
{
    *out = (struct cases_outcome){0};
    struct runner runner = {.cases = cases, .catalogue = catalogue, .outcome = out};
    runner.vocabulary = memory_take(1, sizeof(*vocabulary));
    *runner.vocabulary = *vocabulary;
    forget_missing(runner.vocabulary);
    runner.statuses = renew_schools(cases, &catalogue->trade);
    runner.until_days = memory_take(catalogue->rules->group_count, sizeof(runner.until_days[0]));
    runner.prior.until_days = runner.until_days;
    runner.order = memory_take(cases->purchase_count, sizeof(runner.order[0]));
    runner.is_done = memory_take_zeroed(cases->purchase_count, sizeof(runner.is_done[0]));
    bool is_good = run_all(&runner, fault);
    free(runner.is_done);
    free(runner.statuses);
    free(runner.vocabulary);
    free(runner.until_days);
    free(runner.order);
    if (!is_good)
        cases_outcome_free(out);
    else
        sort_items(out->failures, out->failure_count, sizeof(out->failures[0]), compare_failures);
    return is_good;
}

void cases_outcome_free(struct cases_outcome *outcome)
{
    for (size_t i = 0; i < outcome->failure_count; i++) {
        for (size_t j = 0; j < outcome->failures[i].step_count; j++)
            free(outcome->failures[i].steps[j].sentence);
        free(outcome->failures[i].steps);
    }
    free(outcome->failures);
    *outcome = (struct cases_outcome){0};
}

/* ---- everything at once ---- */

static void write_first(char text[static FAULT_TEXT_SIZE], const struct cases *cases,
                        const struct case_failure *failure)
{
    const struct case_purchase *buys = &cases->purchases[failure->purchase];
    const struct case_person *person = &cases->persons[buys->person];
    char where[SENTENCE_START_MAX];
    snprintf(where, sizeof(where), "%s:%u: %s", cases->files[person->file], buys->line,
             person->title);
    snprintf(text, FAULT_TEXT_SIZE, "%s: wanted %.80s, found %.80s", where, failure->wanted,
             failure->found);
}

bool cases_check(struct cases_check *out, const char *catalogue_path,
                 const struct catalogue *catalogue, const struct vocabulary *vocabulary,
                 struct fault *fault)
{
    struct cases cases = {0};
    struct cases_outcome outcome = {0};
    *out = (struct cases_check){0};
    bool is_good = cases_read_folder(&cases, catalogue_path, catalogue->rules, vocabulary, fault) &&
                   cases_run(&outcome, &cases, catalogue, vocabulary, fault);
    if (is_good) {
        out->passed_count = outcome.passed_count;
        out->failed_count = outcome.failed_count;
        if (outcome.failure_count > 0)
            write_first(out->first, &cases, &outcome.failures[0]);
    }
    cases_outcome_free(&outcome);
    cases_free(&cases);
    return is_good;
}
