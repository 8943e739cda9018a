#include "loader/logic.h"

#include "loader/memory.h"

#include <stdlib.h>

/* What is claimed of the truth of a condition. Missing data make a third truth, so that not to be
 * yes is less than to be no. */
enum sign { SIGN_YES, SIGN_NO, SIGN_NOT_YES, SIGN_NOT_NO };

struct claim {
    bool is_group; /* `index` is a group's; else that of the last step of a condition */
    uint8_t sign;  /* enum sign */
    uint32_t index;
};

/* One way a person could be. */
struct branch {
    struct claim choices[LOGIC_CLAIM_COUNT_MAX]; /* one of two or three things must hold */
    struct claim facts[LOGIC_CLAIM_COUNT_MAX];   /* of statuses, schools and addresses */
    size_t choice_count, fact_count;
    uint32_t age_least, age_below;
    struct window days;
    bool is_too_large; /* something was left out: it cannot be refuted */
};

struct logic {
    const struct rules *rules;
    uint16_t *sizes;                    /* by step: of the condition that ends there, in steps */
    uint32_t branch_count, claim_count; /* looked at by this question */
};

struct logic *logic_begin(const struct rules *rules)
{
    struct logic *logic = memory_take_zeroed(1, sizeof(*logic));
    logic->rules = rules;
    logic->sizes = memory_take_zeroed(rules->step_count, sizeof(logic->sizes[0]));
    for (uint32_t i = 0; i < rules->step_count; i++) {
        uint32_t size = 1;
        enum step_kind kind = rules->steps[i].kind;
        if (kind == STEP_NOT || kind == STEP_AND || kind == STEP_OR)
            size += logic->sizes[i - 1];
        if (kind == STEP_AND || kind == STEP_OR)
            size += logic->sizes[i - size];
        logic->sizes[i] = (uint16_t)size;
    }
    return logic;
}

void logic_end(struct logic *logic)
{
    if (logic == NULL)
        return;
    free(logic->sizes);
    free(logic);
}

/* ---- what contradicts what ---- */

/* Whether whoever has a status as `inner` asks for it has one as `outer` does. */
static bool status_is_within(const struct step *inner, const struct step *outer)
{
    return inner->status_kind == outer->status_kind &&
           (outer->subtype == SUBTYPE_ANY || outer->subtype == inner->subtype) &&
           inner->begun_from >= outer->begun_from && inner->begun_until <= outer->begun_until &&
           inner->ending_from >= outer->ending_from && inner->ending_until <= outer->ending_until;
}

static bool step_implies(const struct step *inner, const struct step *outer)
{
    if (inner->kind != outer->kind)
        return false;
    return inner->kind == STEP_STATUS ? status_is_within(inner, outer)
                                      : place_prefix_is_within(inner->place, outer->place);
}

/* Whether `inner` holds, or may hold, and `outer`, which would hold with it, does not. */
static bool is_refuted(const struct step *inner, uint8_t inner_sign, const struct step *outer,
                       uint8_t outer_sign)
{
    bool is_against =
        (inner_sign == SIGN_YES && (outer_sign == SIGN_NO || outer_sign == SIGN_NOT_YES)) ||
        (inner_sign == SIGN_NOT_NO && outer_sign == SIGN_NO);
    return is_against && step_implies(inner, outer);
}

static bool contradict(const struct step *a, uint8_t a_sign, const struct step *b, uint8_t b_sign)
{
    bool live_in_both = a->kind == STEP_RESIDENT_IN && b->kind == STEP_RESIDENT_IN &&
                        a_sign == SIGN_YES && b_sign == SIGN_YES;
    if (live_in_both && !step_implies(a, b) && !step_implies(b, a))
        return true; /* one person, one address */
    return is_refuted(a, a_sign, b, b_sign) || is_refuted(b, b_sign, a, a_sign);
}

/* ---- taking claims in; false as soon as they contradict each other ---- */

static bool narrow_days(struct branch *branch, uint32_t from_day, uint32_t until_day)
{
    if (branch->days.from_day < from_day)
        branch->days.from_day = from_day;
    if (branch->days.until_day > until_day)
        branch->days.until_day = until_day;
    return branch->days.from_day < branch->days.until_day;
}

static bool is_positive(uint8_t sign)
{
    return sign == SIGN_YES || sign == SIGN_NOT_NO;
}

static uint8_t opposite(uint8_t sign)
{
    static const uint8_t opposites[] = {[SIGN_YES] = SIGN_NO,
                                        [SIGN_NO] = SIGN_YES,
                                        [SIGN_NOT_YES] = SIGN_NOT_NO,
                                        [SIGN_NOT_NO] = SIGN_NOT_YES};
    return opposites[sign];
}

static bool take_age(struct branch *branch, uint32_t years, bool is_reached)
{
    if (is_reached && branch->age_least < years)
        branch->age_least = years;
    if (!is_reached && branch->age_below > years)
        branch->age_below = years;
    return branch->age_least < branch->age_below;
}

/* A status that holds has begun, and ends on a later day. */
static bool take_status_days(struct branch *branch, const struct step *step)
{
    uint32_t until_day = step->ending_until == DAY_NEVER ? DAY_NEVER : step->ending_until - 1;
    return narrow_days(branch, step->begun_from, until_day);
}

static bool take_fact(struct logic *logic, struct branch *branch, struct claim claim)
{
    const struct step *steps = logic->rules->steps, *step = &steps[claim.index];
    if (step->kind == STEP_RESIDENT_IN) /* never unknown */
        claim.sign = is_positive(claim.sign) ? SIGN_YES : SIGN_NO;
    if (step->kind == STEP_STATUS && claim.sign == SIGN_YES && !take_status_days(branch, step))
        return false;
    for (size_t i = 0; i < branch->fact_count; i++) {
        const struct claim *fact = &branch->facts[i];
        if (fact->index == claim.index && fact->sign == claim.sign)
            return true;
        if (contradict(step, claim.sign, &steps[fact->index], fact->sign))
            return false;
    }
    if (branch->fact_count == LOGIC_CLAIM_COUNT_MAX)
        branch->is_too_large = true;
    else
        branch->facts[branch->fact_count++] = claim;
    return true;
}

static void put_off(struct branch *branch, struct claim claim)
{
    if (branch->choice_count == LOGIC_CLAIM_COUNT_MAX)
        branch->is_too_large = true;
    else
        branch->choices[branch->choice_count++] = claim;
}

static bool take(struct logic *logic, struct branch *branch, struct claim claim);

static struct claim condition_of(const struct group_rule *group, uint8_t sign)
{
    return (struct claim){.sign = sign,
                          .index = (uint32_t)group->first_step + group->step_count - 1};
}

static bool take_group(struct logic *logic, struct branch *branch, struct claim claim)
{
    const struct group_rule *group = &logic->rules->groups[claim.index];
    if (group->step_count == 0) /* nobody's but the test identities' */
        return !is_positive(claim.sign);
    if (is_positive(claim.sign))
        return narrow_days(branch, group->from_day, group->until_day) &&
               take(logic, branch, condition_of(group, claim.sign));
    if (group->from_day == 0 && group->until_day == DAY_NEVER)
        return take(logic, branch, condition_of(group, claim.sign));
    put_off(branch, claim); /* not its days, or not its condition */
    return true;
}

static bool take_both(struct logic *logic, struct branch *branch, struct claim claim)
{
    bool is_choice = (logic->rules->steps[claim.index].kind == STEP_OR) == is_positive(claim.sign);
    if (is_choice) {
        put_off(branch, claim);
        return true;
    }
    struct claim right = {.sign = claim.sign, .index = claim.index - 1};
    struct claim left = {.sign = claim.sign, .index = right.index - logic->sizes[right.index]};
    return take(logic, branch, left) && take(logic, branch, right);
}

static bool take(struct logic *logic, struct branch *branch, struct claim claim)
{
    if (++logic->claim_count > LOGIC_CLAIM_TOTAL_MAX) {
        branch->is_too_large = true;
        return true;
    }
    if (claim.is_group)
        return take_group(logic, branch, claim);
    const struct step *step = &logic->rules->steps[claim.index];
    switch (step->kind) {
    case STEP_NOT:
        return take(logic, branch,
                    (struct claim){.sign = opposite(claim.sign), .index = claim.index - 1});
    case STEP_AND:
    case STEP_OR:
        return take_both(logic, branch, claim);
    case STEP_GROUP:
        return take_group(
            logic, branch,
            (struct claim){.is_group = true, .sign = claim.sign, .index = step->group});
    case STEP_AGE_AT_LEAST:
        return take_age(branch, step->years, is_positive(claim.sign));
    case STEP_STATUS:
    case STEP_SCHOOL_IN:
    case STEP_RESIDENT_IN:
        return take_fact(logic, branch, claim);
    }
    abort(); /* not a step: memory was overwritten */
}

/* ---- choosing ---- */

static bool is_open(struct logic *logic, const struct branch *branch, uint32_t depth);

/* Whether the branch stays open when this is taken in, too. */
static bool stays_open(struct logic *logic, const struct branch *branch, struct claim claim,
                       uint32_t depth)
{
    struct branch more = *branch;
    return take(logic, &more, claim) && is_open(logic, &more, depth + 1);
}

static bool stays_open_on(struct logic *logic, const struct branch *branch, uint32_t from_day,
                          uint32_t until_day, uint32_t depth)
{
    struct branch more = *branch;
    return from_day < until_day && narrow_days(&more, from_day, until_day) &&
           is_open(logic, &more, depth + 1);
}

static bool is_open(struct logic *logic, const struct branch *branch, uint32_t depth)
{
    if (branch->choice_count == 0 || branch->is_too_large || depth == LOGIC_DEPTH_MAX ||
        ++logic->branch_count > LOGIC_BRANCH_COUNT_MAX)
        return true;
    struct branch rest = *branch;
    struct claim choice = rest.choices[--rest.choice_count];
    if (choice.is_group) {
        const struct group_rule *group = &logic->rules->groups[choice.index];
        return stays_open_on(logic, &rest, 0, group->from_day, depth) ||
               stays_open_on(logic, &rest, group->until_day, DAY_NEVER, depth) ||
               stays_open(logic, &rest, condition_of(group, choice.sign), depth);
    }
    struct claim right = {.sign = choice.sign, .index = choice.index - 1};
    struct claim left = {.sign = choice.sign, .index = right.index - logic->sizes[right.index]};
    return stays_open(logic, &rest, left, depth) || stays_open(logic, &rest, right, depth);
}

static bool can_be(struct logic *logic, const struct claim claims[], size_t count,
                   struct window days)
{
    struct branch *branch = memory_take_zeroed(1, sizeof(*branch));
    branch->days = days;
    branch->age_below = UINT32_MAX;
    logic->branch_count = logic->claim_count = 0;
    bool is_possible = days.from_day < days.until_day;
    for (size_t i = 0; i < count && is_possible; i++)
        is_possible = take(logic, branch, claims[i]);
    is_possible = is_possible && is_open(logic, branch, 0);
    free(branch);
    return is_possible;
}

bool logic_can_hold(struct logic *logic, uint16_t group, struct window days)
{
    struct claim claim = {.is_group = true, .sign = SIGN_YES, .index = group};
    return can_be(logic, &claim, 1, days);
}

static bool implies(struct logic *logic, uint16_t group, uint8_t sign, uint16_t wider,
                    uint8_t wider_sign, struct window days)
{
    const struct claim claims[] = {{.is_group = true, .sign = sign, .index = group},
                                   {.is_group = true, .sign = wider_sign, .index = wider}};
    return !can_be(logic, claims, 2, days);
}

bool logic_implies(struct logic *logic, uint16_t group, uint16_t wider, enum unknown_policy policy,
                   struct window days)
{
    if (wider == GROUP_EVERYBODY || group == wider)
        return true;
    if (group == GROUP_EVERYBODY)
        return false;
    bool surely = implies(logic, group, SIGN_YES, wider, SIGN_NOT_YES, days);
    switch (policy) {
    case UNKNOWN_REFUSE:
        return surely;
    case UNKNOWN_ALLOW:
        return implies(logic, group, SIGN_NOT_NO, wider, SIGN_NO, days);
    case UNKNOWN_LAST_KNOWN: /* what was known before fills what is unknown now */
        return surely && implies(logic, group, SIGN_NOT_NO, wider, SIGN_NO, days);
    }
    abort(); /* not a policy: memory was overwritten */
}
