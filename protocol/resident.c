#include "protocol/resident.h"

#include "protocol/day.h"
#include "protocol/decide.h"
#include "protocol/subject.h"

#include <inttypes.h>
#include <stdlib.h>

/* ---- what is kept ---- */

static bool grow(struct resident *resident, size_t *room, struct fault *fault)
{
    if (resident->count < *room)
        return true;
    if (*room == RESIDENT_POSTING_COUNT_MAX)
        return fault_set(fault, "more than %d postings of one person", RESIDENT_POSTING_COUNT_MAX);
    size_t more = *room == 0 ? 64 : 2 * *room;
    more = more > RESIDENT_POSTING_COUNT_MAX ? RESIDENT_POSTING_COUNT_MAX : more;
    struct posting *postings = realloc(resident->postings, more * sizeof(*postings));
    if (postings == NULL)
        return fault_set(fault, "no memory for the postings of one person");
    resident->postings = postings;
    *room = more;
    return true;
}

static bool walk_back(struct resident *out, struct ledger_reader *reader, uint64_t at,
                      struct fault *fault)
{
    size_t room = 0;
    while (at != 0) {
        bool is_there;
        if (!grow(out, &room, fault) ||
            !ledger_reader_posting(&out->postings[out->count], &is_there, reader, at, fault))
            return false;
        if (!is_there) {
            out->is_cut = true;
            return true;
        }
        at = out->postings[out->count].subject_before;
        out->count += out->postings[out->count].kind != POSTING_PRUNED;
    }
    return true;
}

bool resident_read(struct resident *out, struct ledger_reader *reader, uint64_t subject,
                   struct fault *fault)
{
    struct subject_head head;
    bool is_there;
    *out = (struct resident){.postings = NULL};
    if (!ledger_reader_subject(&head, &is_there, reader, subject, fault))
        return false;
    if (is_there && !walk_back(out, reader, head.last, fault)) {
        resident_free(out);
        return false;
    }
    return true;
}

void resident_free(struct resident *resident)
{
    free(resident->postings);
    *resident = (struct resident){.postings = NULL};
}

/* ---- who it is ---- */

bool resident_subject(uint64_t *subject, uint32_t *view, const struct report_snapshot *snapshot,
                      const struct identity_key *subject_key, const struct identifier *identifier,
                      struct fault *fault)
{
    struct digest digest;
    uint64_t slot;
    *view = VIEW_NOBODY;
    *subject = subject_of(subject_key, identifier);
    if (snapshot->snapshot == NULL)
        return true;
    uint64_t check = snapshot_manifest(snapshot->snapshot)->subject_check;
    if (check != 0 && check != subject_key_check(subject_key))
        return fault_set(fault, "the snapshot's subjects are of another key than --subject-key");
    identity_digest(&digest, snapshot_identity(snapshot->snapshot), identifier);
    index_find_slots(view, &slot, &snapshot->tables->index, &digest, 1);
    uint64_t found = index_subject(&snapshot->tables->index, slot);
    *subject = found != 0 ? found : *subject;
    return true;
}

/* ---- what may be had ---- */

/* The membership by which somebody is in a group for sure on that day; NULL: none. */
static const struct membership *find_membership(const struct tables *tables, uint32_t set,
                                                uint16_t group, uint32_t day)
{
    for (uint32_t i = tables->set_first[set]; i < tables->set_first[set + 1]; i++) {
        const struct membership *m = &tables->memberships[i];
        if (m->group == group && m->truth == TRUTH_YES && m->from_day <= day && day < m->until_day)
            return m;
    }
    return NULL;
}

static bool dayset_has(const struct dayset *dayset, uint32_t index)
{
    return (dayset->words[index / 64] >> index % 64 & 1) != 0;
}

struct chance {
    bool is_there;
    uint32_t until_day, term_day;
};

/* By relief: whether any clause of it is for this person on the day. */
static void find_chances(struct chance chances[], const struct report_snapshot *snapshot,
                         uint32_t view, uint32_t day)
{
    const struct tables *tables = snapshot->tables;
    const struct manifest *manifest = snapshot_manifest(snapshot->snapshot);
    const struct view *v = &tables->views[view];
    uint32_t set = v->from_day <= day && day < v->until_day ? v->set : 0;
    for (uint32_t i = 0; i < tables->clause_count; i++) {
        const struct clause *clause = &tables->clauses[i];
        struct chance *chance = &chances[clause->relief];
        if (!dayset_has(&tables->daysets[clause->dayset], day - manifest->from_day))
            continue;
        const struct membership *m = NULL;
        if (clause->group != GROUP_EVERYBODY) {
            m = find_membership(tables, set, clause->group, day);
            if (m == NULL)
                continue;
        }
        uint32_t until = m != NULL ? m->until_day : DAY_NEVER;
        if (!chance->is_there || until > chance->until_day) {
            chance->until_day = until;
            chance->term_day = m != NULL ? m->from_day : 0;
        }
        chance->is_there = true;
    }
}

static bool shares(const struct tables *tables, uint32_t relief, uint16_t shared)
{
    for (uint32_t i = 0; i < tables->limit_count; i++)
        if (tables->limits[i].relief == relief && tables->limits[i].shared == shared)
            return true;
    return false;
}

/* Whether what was had under a scope counts under the limit. */
static bool counts_under(const struct tables *tables, const struct limit *limit, uint32_t scope)
{
    for (uint32_t i = 0; i < tables->relief_count; i++) {
        if (tables->reliefs[i].code != scope)
            continue;
        return i == limit->relief || (limit->shared != 0 && shares(tables, i, limit->shared));
    }
    return false;
}

/* Of a reservation: whether nothing came after it. Newer postings stand in front. */
static bool is_open(const struct resident *resident, size_t i)
{
    const struct posting *held = &resident->postings[i];
    for (size_t k = 0; k < i; k++)
        if (resident->postings[k].target_id == held->request_id &&
            resident->postings[k].target_terminal == held->terminal)
            return false;
    return held->state == STATE_RESERVED;
}

/* What is used, and what is held, of the days from..until. */
static uint64_t had_under(const struct tables *tables, const struct limit *limit,
                          const struct resident *resident, const struct account_list *accounts,
                          uint32_t from, uint32_t until)
{
    int64_t sum = 0;
    for (size_t i = 0; i < resident->count; i++) {
        const struct posting *p = &resident->postings[i];
        uint32_t day = riga_day_of_time(p->service_time_s);
        int sign = p->kind == POSTING_RESERVE ? is_open(resident, i) : posting_sign(p);
        for (size_t k = 0; day >= from && day < until && k < p->part_count; k++) {
            const struct account *account = account_list_find(accounts, p->parts[k].account);
            uint64_t had = limit->kind == LIMIT_USES ? p->parts[k].use_count : p->parts[k].amount;
            if (account != NULL && counts_under(tables, limit, account->scope))
                sum += sign * (int64_t)had;
        }
    }
    return sum > 0 ? (uint64_t)sum : 0;
}

/* Limits that the person can use up: of uses and amounts, in a period. */
static bool is_told(const struct limit *limit, uint32_t relief, uint32_t day)
{
    return limit->relief == relief && (limit->kind == LIMIT_USES || limit->kind == LIMIT_AMOUNT) &&
           limit->period != PERIOD_PURCHASE && limit->from_day <= day && day < limit->until_day;
}

bool resident_offers(const struct report_snapshot *snapshot, uint32_t view, uint32_t day,
                     const struct resident *resident, const struct account_list *accounts,
                     void (*take)(void *to, const struct resident_offer *offer), void *to,
                     struct fault *fault)
{
    const struct tables *tables = snapshot->tables;
    const struct manifest *manifest = snapshot_manifest(snapshot->snapshot);
    if (day < manifest->from_day || day >= manifest->until_day)
        return fault_set(fault, "the snapshot does not know this day: it is too old");
    struct chance *chances = calloc((size_t)tables->relief_count + 1, sizeof(*chances));
    if (chances == NULL)
        return fault_set(fault, "no memory for reliefs");
    find_chances(chances, snapshot, view, day);
    for (uint32_t i = 0; i < tables->relief_count; i++) {
        struct resident_offer offer = {.relief = &tables->reliefs[i],
                                       .until_day = chances[i].until_day};
        bool has_limit = false;
        for (uint32_t k = 0; chances[i].is_there && k < tables->limit_count; k++) {
            uint32_t from, until;
            offer.limit = &tables->limits[k];
            if (!is_told(offer.limit, i, day))
                continue;
            uint8_t period = offer.limit->period;
            period_days(&from, &until, period, period_number(period, day, chances[i].term_day));
            offer.had = had_under(tables, offer.limit, resident, accounts, from, until);
            offer.left = offer.had < offer.limit->value ? offer.limit->value - offer.had : 0;
            has_limit = true;
            take(to, &offer);
        }
        offer.limit = NULL;
        if (chances[i].is_there && !has_limit)
            take(to, &offer);
    }
    free(chances);
    return true;
}
