#include "loader/narrate.h"

#include "loader/wording.h"
#include "protocol/money.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define SENTENCE_SIZE (WORDING_SIZE + RULES_LINE_SIZE + 2 * NAME_SIZE)

struct narration {
    const struct trial *trial;
    const struct purchase *purchase;
    const struct narrator *narrator;
    struct candidates candidates;
    struct verdict verdict;
    uint32_t set; /* of the person on the day; 0: nobody */
    bool group_is_told[GROUP_COUNT_MAX];
};

static void PRINTF_LIKE(3, 4)
    tell(const struct narration *narration, uint32_t depth, const char *format, ...)
{
    char sentence[SENTENCE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof(sentence), format, arguments);
    va_end(arguments);
    narration->narrator->say(narration->narrator->context, depth, sentence);
}

static const struct rules *rules_of(const struct narration *narration)
{
    return narration->trial->catalogue->rules;
}

/* ---- 1 to 3: product, point of sale, day ---- */

static void tell_product(const struct narration *narration)
{
    char product[NAME_SIZE];
    if (narration->candidates.status == STATUS_UNKNOWN_PRODUCT)
        tell(narration, 0, "1 product: the catalogue has none of number %" PRIu32,
             narration->purchase->product);
    else
        tell(narration, 0, "1 product: %s (%" PRIu32 ")",
             wording_product(product, narration->trial, narration->purchase->product),
             narration->purchase->product);
}

static void tell_point(const struct narration *narration)
{
    uint32_t number = narration->purchase->point_of_sale;
    const struct point_row *point = trade_point(&narration->trial->catalogue->trade, number);
    if (narration->candidates.status == STATUS_UNKNOWN_POINT_OF_SALE)
        tell(narration, 0,
             "2 point of sale: the catalogue has no %" PRIu32
             ", and nothing on this product stands everywhere",
             number);
    else if (number == 0)
        tell(narration, 0, "2 point of sale: not stated, so only what needs no contract");
    else if (point == NULL)
        tell(narration, 0,
             "2 point of sale: %" PRIu32 " is not in the catalogue, so only what needs no contract",
             number);
    else if (point->place == 0)
        tell(narration, 0, "2 point of sale: %" PRIu32 ", %s", number, point->title);
    else
        tell(narration, 0, "2 point of sale: %" PRIu32 ", %s, in %07" PRIu32, number, point->title,
             point->place);
}

static void tell_day(const struct narration *narration)
{
    const struct window *window = &narration->trial->window;
    char time[CLOCK_TEXT_SIZE], from[DAY_TEXT_SIZE], until[DAY_TEXT_SIZE];
    wording_time(time, narration->purchase->service_time_s);
    day_to_text(from, (int32_t)window->from_day);
    day_to_text(until, (int32_t)window->until_day);
    if (narration->candidates.status == STATUS_OUTSIDE_WINDOW)
        tell(narration, 0, "3 day: %s is not within the days that can be judged, %s until %s", time,
             from, until);
    else
        tell(narration, 0, "3 day: %s in Riga, within %s until %s", time, from, until);
}

/* ---- 4: contract, and what is written but not there ---- */

static bool is_candidate(const struct narration *narration, uint32_t rule_clause)
{
    const struct compiled *compiled = &narration->trial->compiled;
    const struct candidates *candidates = &narration->candidates;
    if (candidates->status != STATUS_OK)
        return false;
    size_t first = (size_t)(candidates->clauses - compiled->clauses);
    for (uint32_t i = 0; i < candidates->clause_count; i++) {
        if (compiled->clause_origins[first + i] == rule_clause)
            return true;
    }
    return false;
}

static void tell_absent_clause(const struct narration *narration, uint32_t index, uint32_t day)
{
    const struct rules *rules = rules_of(narration);
    const struct rule_clause *clause = &rules->clauses[index];
    const struct rule_version *version = &rules->versions[clause->version];
    char where[RULES_LINE_SIZE], reason[ABSENCE_SIZE];
    rules_line_text(where, rules, clause->at);
    tell(narration, 1, "not here: %s, %s clause %u: %s", where,
         rules->reliefs[version->relief].name, index - version->first_clause + 1,
         absence_of_clause(reason, narration->trial, index, narration->purchase, day));
}

/* A version that is not in force, or a clause of one that is: one line each. */
static void tell_absent_version(const struct narration *narration, uint32_t index, uint32_t day)
{
    const struct rules *rules = rules_of(narration);
    const struct rule_version *version = &rules->versions[index];
    char where[RULES_LINE_SIZE], reason[ABSENCE_SIZE];
    bool is_told = false;
    absence_of_version(reason, narration->trial, index, day);
    for (uint32_t i = 0; i < version->clause_count && !is_told; i++) {
        uint32_t clause = version->first_clause + i;
        if (!clause_is_about(rules, &rules->clauses[clause], narration->purchase->product) ||
            is_candidate(narration, clause))
            continue;
        if (reason[0] == '\0') {
            tell_absent_clause(narration, clause, day);
            continue;
        }
        rules_line_text(where, rules, version->at);
        tell(narration, 1, "not here: %s, %s: %s", where, rules->reliefs[version->relief].name,
             reason);
        is_told = true;
    }
}

static void tell_contract(const struct narration *narration)
{
    const struct rules *rules = rules_of(narration);
    const struct candidates *candidates = &narration->candidates;
    char product[NAME_SIZE];
    wording_product(product, narration->trial, narration->purchase->product);
    if (candidates->status == STATUS_OK)
        tell(narration, 0, "4 contract: %" PRIu32 " clause%s on %s may apply here",
             candidates->clause_count, candidates->clause_count == 1 ? "" : "s", product);
    else
        tell(narration, 0, "4 contract: none covers a relief on %s here on this day", product);
    uint32_t day = riga_day_of_time(narration->purchase->service_time_s);
    for (uint32_t i = 0; i < rules->version_count; i++)
        tell_absent_version(narration, i, day);
}

/* ---- 5: means ---- */

static void tell_means(struct narration *narration)
{
    const struct trial *trial = narration->trial;
    const struct view *view = &trial->views[TRIAL_VIEW];
    uint32_t day = narration->candidates.day;
    char text[DAY_TEXT_SIZE];
    narration->set = 0;
    if (trial->is_nobody) {
        tell(narration, 0, "5 means: leads to nobody");
    } else if (day < view->from_day) {
        day_to_text(text, (int32_t)view->from_day);
        tell(narration, 0, "5 means: good from %s on, so it leads to nobody", text);
    } else if (day >= view->until_day) {
        day_to_text(text, (int32_t)view->until_day);
        tell(narration, 0, "5 means: ended on %s, so it leads to nobody", text);
    } else {
        tell(narration, 0, "5 means: good on the day");
        narration->set = view->set;
    }
}

/* ---- 6: clauses ---- */

/* Steps of a group's condition stand under the clause that asks for it. */
static void say_deeper(void *context, uint32_t depth, const char *sentence)
{
    const struct narrator *narrator = context;
    narrator->say(narrator->context, depth + 2, sentence);
}

/* What a limit per status_term counts from. */
static void tell_term(const struct narration *narration, uint16_t group, uint32_t day)
{
    const struct trial *trial = narration->trial;
    if (!rules_of(narration)->groups[group].has_terms)
        return;
    for (uint32_t i = 0; i < trial->set_first[TRIAL_SET + 1]; i++) {
        const struct membership *m = &trial->memberships[i];
        if (m->group != group || m->truth != TRUTH_YES || day < m->from_day || day >= m->until_day)
            continue;
        char from[DAY_TEXT_SIZE];
        day_to_text(from, (int32_t)m->from_day);
        tell(narration, 2, "the term began on %s", from);
    }
}

static enum truth tell_group(struct narration *narration, const struct clause *clause)
{
    const struct trial *trial = narration->trial;
    uint32_t day = narration->candidates.day;
    if (clause->group == GROUP_EVERYBODY) {
        tell(narration, 2, "everybody: yes");
        return TRUTH_YES;
    }
    const char *name = rules_of(narration)->groups[clause->group].name;
    if (narration->set == 0) {
        tell(narration, 2, "group %s: no, nobody is in it", name);
        return TRUTH_NO;
    }
    struct membership_truth found =
        decide_membership(&trial->tables, narration->set, clause->group, day);
    if (narration->group_is_told[clause->group]) {
        tell(narration, 2, "group %s: %s, as above", name, truth_text(found.truth));
        return found.truth;
    }
    narration->group_is_told[clause->group] = true;
    (void)groups_explain(trial->catalogue->rules, trial->vocabulary, &trial->person, trial->prior,
                         day, clause->group, say_deeper, (void *)(uintptr_t)narration->narrator);
    tell_term(narration, clause->group, day);
    if (found.truth != TRUTH_NO && found.until_day < trial->window.until_day) {
        char until[DAY_TEXT_SIZE];
        day_to_text(until, (int32_t)found.until_day);
        tell(narration, 2, "that changes on %s", until);
    }
    return found.truth;
}

static void tell_amount(const struct narration *narration, const struct clause *clause)
{
    if ((clause->flags & CLAUSE_STACKS) != 0) {
        tell(narration, 2, "stacks: computed on what the others leave to pay, in step 7");
        return;
    }
    char money[MONEY_TEXT_SIZE];
    uint64_t payable = (uint64_t)narration->purchase->unit_price * narration->purchase->quantity;
    struct verdict_part part = decide_amount(clause, narration->purchase, payable);
    tell(narration, 2, "takes %s EUR for %u unit%s", money_text(money, part.amount),
         part.unit_count, part.unit_count == 1 ? "" : "s");
}

/* The number of the contract that the clause stands under; 0: it needs none. */
static uint32_t contract_of(const struct trial *trial, const struct clause *clause)
{
    for (uint32_t i = 0; i < trial->compiled.contract_count; i++) {
        if (trial->compiled.contracts[i].code == clause->code)
            return trial->compiled.contracts[i].number;
    }
    return 0;
}

static void tell_clause_head(const struct narration *narration, const struct clause *clause)
{
    const struct trial *trial = narration->trial;
    const struct rules *rules = rules_of(narration);
    char where[RULES_LINE_SIZE], terms[WORDING_SIZE], contract[32] = "";
    uint32_t number = contract_of(trial, clause);
    if (number != 0)
        snprintf(contract, sizeof(contract), " under contract %" PRIu32, number);
    rules_line_text(where, rules, trial_clause(trial, clause)->at);
    tell(narration, 1, "%s, %s clause %u%s, %s: %s", where, trial_relief(trial, clause)->name,
         trial_clause_number(trial, clause), contract,
         clause->group == GROUP_EVERYBODY ? "everybody" : rules->groups[clause->group].name,
         wording_terms(terms, clause));
}

/* Whether the clause settles its relief: it fits, and the person is sure to be in its group. */
static bool tell_clause(struct narration *narration, const struct clause *clause)
{
    const struct trial *trial = narration->trial;
    char reason[WORDING_SIZE];
    tell_clause_head(narration, clause);
    enum fit fit = decide_fit(trial->edition, clause, &narration->candidates, narration->purchase);
    if (fit != FIT_YES) {
        wording_misfit(reason, trial, clause, fit, &narration->candidates, narration->purchase);
        tell(narration, 2, "does not fit: %s", reason);
        return false;
    }
    tell(narration, 2, "fits the purchase");
    enum truth truth = tell_group(narration, clause);
    if (truth == TRUTH_UNKNOWN && (clause->flags & CLAUSE_ALLOWS_UNKNOWN) != 0) {
        tell(narration, 2, "the relief takes missing data for a yes");
        truth = TRUTH_YES;
    }
    if (truth == TRUTH_YES)
        tell_amount(narration, clause);
    return truth == TRUTH_YES;
}

/* As decide() sees it: a version that stacks and one that does not are two. */
static bool is_same_relief(const struct clause *a, const struct clause *b)
{
    return a->relief == b->relief && ((a->flags ^ b->flags) & CLAUSE_STACKS) == 0;
}

static void tell_clauses(struct narration *narration)
{
    const struct candidates *candidates = &narration->candidates;
    const struct clause *settling = NULL;
    tell(narration, 0, "6 clauses, in the order in which they are tried:");
    for (uint32_t i = 0; i < candidates->clause_count; i++) {
        const struct clause *clause = &candidates->clauses[i];
        if (settling != NULL && is_same_relief(settling, clause)) {
            tell_clause_head(narration, clause);
            tell(narration, 2, "not looked at: an earlier clause of the relief settled it");
        } else if (tell_clause(narration, clause)) {
            settling = clause;
        }
    }
}

/* ---- 7 to 9 ---- */

static void tell_best(const struct narration *narration)
{
    const struct trial *trial = narration->trial;
    const struct verdict *verdict = &narration->verdict;
    char money[MONEY_TEXT_SIZE], pays[MONEY_TEXT_SIZE], until[CLOCK_TEXT_SIZE];
    for (uint32_t i = 0; i < verdict->part_count; i++) {
        const struct verdict_part *part = &verdict->parts[i];
        tell(narration, i > 0, "%s%s takes %s EUR for %u unit%s",
             i > 0 ? "and on top " : "7 best: ", trial_relief(trial, part->clause)->name,
             money_text(money, part->amount), part->unit_count, part->unit_count == 1 ? "" : "s");
    }
    tell(narration, 1, "relief %s EUR, to pay %s EUR, good until %s in Riga",
         money_text(money, verdict->relief_amount), money_text(pays, verdict->payable),
         wording_time(until, verdict->valid_until_s));
}

static void tell_verdict(const struct narration *narration)
{
    switch (narration->verdict.step) {
    case DECISION_PRODUCT:
    case DECISION_POINT:
    case DECISION_WINDOW:
    case DECISION_CONTRACT:
    case DECISION_MEANS:
    case DECISION_CLAUSES:
        return; /* told already */
    case DECISION_BEST:
        tell_best(narration);
        return;
    case DECISION_MISSING:
        tell(narration, 0, "8 missing data: it cannot be decided");
        return;
    case DECISION_NONE:
        tell(narration, 0, "9 no relief applies");
        return;
    }
    abort(); /* not a decision: memory was overwritten */
}

struct verdict narrate_purchase(const struct trial *trial, const struct purchase *purchase,
                                const struct narrator *narrator)
{
    struct narration narration = {.trial = trial, .purchase = purchase, .narrator = narrator};
    narration.verdict = trial_decide(trial, &narration.candidates, purchase);
    enum decision settled = narration.candidates.step;
    if (narration.candidates.status == STATUS_OK)
        settled = DECISION_MEANS;

    tell_product(&narration);
    if (settled > DECISION_PRODUCT)
        tell_point(&narration);
    if (settled > DECISION_POINT)
        tell_day(&narration);
    if (settled > DECISION_WINDOW)
        tell_contract(&narration);
    if (settled > DECISION_CONTRACT) {
        tell_means(&narration);
        tell_clauses(&narration);
    }
    tell_verdict(&narration);
    return narration.verdict;
}
