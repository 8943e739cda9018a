#include "loader/trial.h"

#include "loader/memory.h"
#include "loader/terms.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* One person is all there is: a set and a view beside those of nobody. */
static void make_room_for_person(struct trial *trial)
{
    trial->memberships = memory_take(SET_SIZE_MAX, sizeof(trial->memberships[0]));
    trial->views[VIEW_NOBODY] = (struct view){.until_day = DAY_NEVER};
    trial->tables.views = trial->views;
    trial->tables.view_count = TRIAL_VIEW + 1;
    trial->tables.set_first = trial->set_first;
    trial->tables.set_count = TRIAL_SET + 1;
    trial->tables.memberships = trial->memberships;
    trial_nobody(trial);
}

bool trial_open(struct trial **out, const struct catalogue *catalogue, struct window window,
                uint32_t as_of_day, bool with_drafts, struct fault *fault)
{
    struct trial *trial = memory_take_zeroed(1, sizeof(*trial));
    trial->catalogue = catalogue;
    trial->window = window;
    trial->with_drafts = with_drafts;
    trial->manifest = (struct manifest){
        .as_of_day = as_of_day, .from_day = window.from_day, .until_day = window.until_day};
    if (!compile_catalogue(&trial->compiled, catalogue, window, as_of_day, with_drafts, fault)) {
        trial_close(trial);
        return false;
    }
    compiled_fill(&trial->tables, &trial->compiled);
    make_room_for_person(trial);
    if (!edition_open(&trial->edition, &trial->tables, &trial->manifest, fault)) {
        trial_close(trial);
        return false;
    }
    *out = trial;
    return true;
}

void trial_close(struct trial *trial)
{
    if (trial == NULL)
        return;
    edition_close(trial->edition);
    compiled_free(&trial->compiled);
    free(trial->memberships);
    free(trial);
}

void trial_nobody(struct trial *trial)
{
    trial->is_nobody = true;
    trial->person = (struct person){0};
    trial->vocabulary = NULL;
    trial->prior = NULL;
    trial->views[TRIAL_VIEW] = trial->views[VIEW_NOBODY];
}

/* As a build says it: with terms, where a limit asks for them. */
static size_t evaluate(struct trial *trial, const struct person *person,
                       const struct vocabulary *vocabulary, const struct prior *prior)
{
    const struct rules *rules = trial->catalogue->rules;
    size_t count = groups_evaluate(trial->memberships, SET_SIZE_MAX, rules, vocabulary, person,
                                   prior, trial->window);
    if (count == GROUPS_TOO_MANY)
        return count;
    struct terms *terms = terms_open(rules, vocabulary, trial->window);
    if (terms_are_asked(terms, trial->memberships, count)) {
        struct membership *clipped = memory_take(count, sizeof(clipped[0]));
        memcpy(clipped, trial->memberships, count * sizeof(clipped[0]));
        count = terms_apply(terms, trial->memberships, clipped, count, person, prior);
        free(clipped);
    }
    terms_close(terms);
    return count;
}

bool trial_person(struct trial *trial, const struct person *person,
                  const struct vocabulary *vocabulary, const struct prior *prior,
                  struct fault *fault)
{
    trial_nobody(trial);
    size_t count = evaluate(trial, person, vocabulary, prior);
    if (count == GROUPS_TOO_MANY)
        return fault_set(fault,
                         "what is known of the person changes on more than %d days, or "
                         "makes more than %d memberships",
                         BREAKPOINT_COUNT_MAX, SET_SIZE_MAX);
    trial->is_nobody = false;
    trial->person = *person;
    trial->vocabulary = vocabulary;
    trial->prior = prior;
    trial->set_first[TRIAL_SET + 1] = (uint32_t)count;
    edition_renew_set(trial->edition, TRIAL_SET);
    trial->views[TRIAL_VIEW] = (struct view){.set = TRIAL_SET, .until_day = DAY_NEVER};
    return true;
}

void trial_means(struct trial *trial, uint32_t from_day, uint32_t until_day)
{
    trial->views[TRIAL_VIEW].from_day = from_day;
    trial->views[TRIAL_VIEW].until_day = until_day;
}

struct verdict trial_decide(const struct trial *trial, struct candidates *candidates,
                            const struct purchase *purchase)
{
    *candidates = decide_candidates(trial->edition, purchase);
    return decide(trial->edition, candidates, trial->is_nobody ? VIEW_NOBODY : TRIAL_VIEW,
                  purchase);
}

const struct rule_clause *trial_clause(const struct trial *trial, const struct clause *clause)
{
    size_t index = (size_t)(clause - trial->compiled.clauses);
    assert(index < trial->compiled.clause_count);
    return &trial->catalogue->rules->clauses[trial->compiled.clause_origins[index]];
}

const struct rule_version *trial_version(const struct trial *trial, const struct clause *clause)
{
    return &trial->catalogue->rules->versions[trial_clause(trial, clause)->version];
}

const struct rule_relief *trial_relief(const struct trial *trial, const struct clause *clause)
{
    return &trial->catalogue->rules->reliefs[trial_version(trial, clause)->relief];
}

uint32_t trial_clause_number(const struct trial *trial, const struct clause *clause)
{
    const struct rule_clause *clauses = trial->catalogue->rules->clauses;
    uint32_t index = (uint32_t)(trial_clause(trial, clause) - clauses);
    return index - trial_version(trial, clause)->first_clause + 1;
}
