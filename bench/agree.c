#include "bench/agree.h"

#include "bench/take.h"
#include "protocol/day.h"
#include "protocol/index.h"
#include "protocol/means.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPAN_COUNT_MAX 512 /* of one line: groups and their changes within the window */
#define BATCH_SIZE     64
static_assert(BATCH_SIZE <= IDENTITY_BATCH_MAX && BATCH_SIZE <= INDEX_BATCH_MAX,
              "a batch is hashed and looked up at once");

enum line_kind { LINE_PERSON, LINE_MEANS, LINE_ABSENT };

/* What must be found under one identifier. */
struct expectation {
    enum line_kind kind;
    uint64_t line;
    uint32_t from_day, until_day;
    uint32_t span_first, span_count; /* in batch.spans */
};

struct comparison {
    struct agreement *agreement;
    const struct tables *tables;
    const struct manifest *manifest;
    const struct identity_key *key;
    const char *path;
    uint64_t line;
    uint32_t group_count;    /* so many are compared: the truth knows no others */
    struct identifier owner; /* of the means that follow */
    uint32_t owner_first, owner_count;
    size_t count;
    struct identifier identifiers[BATCH_SIZE];
    struct expectation expectations[BATCH_SIZE];
    uint32_t span_count;
    struct membership spans[BATCH_SIZE * SPAN_COUNT_MAX];
    struct membership found[SET_SIZE_MAX]; /* of one set, as the truth tells them */
    uint64_t owner_subject;                /* of the person of the line before; 0: none */
};

const char *difference_text(enum difference difference)
{
#define DIFFERENCE_TEXT(name, text) [DIFFERENCE_##name] = text,
    static const char *const texts[] = {DIFFERENCE_LIST(DIFFERENCE_TEXT)};
#undef DIFFERENCE_TEXT
    assert(difference < DIFFERENCE_COUNT);
    return texts[difference];
}

static void differ(struct agreement *agreement, enum difference kind, uint64_t line, uint32_t group)
{
    agreement->difference_count++;
    agreement->by[kind]++;
    if (agreement->kept_count == DIFFERENCES_KEPT_MAX)
        return;
    agreement->kept[agreement->kept_count].line = line;
    agreement->kept[agreement->kept_count].group = group;
    agreement->kept[agreement->kept_count++].kind = kind;
}

/* Comparing */

static bool memberships_are_equal(const struct membership *a, const struct membership *b)
{
    return a->group == b->group && a->truth == b->truth && a->from_day == b->from_day &&
           a->until_day == b->until_day;
}

/* How many memberships of the set are compared: sets are in order of group. */
static uint32_t compared_count(const struct comparison *all, uint32_t set)
{
    uint32_t first = all->tables->set_first[set], end = all->tables->set_first[set + 1];
    while (end > first && all->tables->memberships[end - 1].group >= all->group_count)
        end--;
    return end - first;
}

/* Whether an identifier leads to anybody whom the truth must know. Who is published for the sake of
 * other groups alone is none of its business. */
static bool is_compared(const struct comparison *all, uint32_t view)
{
    uint32_t set = all->tables->views[view].set;
    bool is_empty = all->tables->set_first[set] == all->tables->set_first[set + 1];
    return view != VIEW_NOBODY && (is_empty || compared_count(all, set) > 0);
}

/* The truth knows no terms: days within the window alone, one term and the next as one. */
static uint32_t take_found(struct comparison *all, uint32_t set)
{
    const struct membership *list = all->tables->memberships + all->tables->set_first[set];
    uint32_t count = compared_count(all, set), taken = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct membership next = list[i];
        if (next.from_day < all->manifest->from_day)
            next.from_day = all->manifest->from_day;
        struct membership *last = taken > 0 ? &all->found[taken - 1] : NULL;
        if (last != NULL && last->group == next.group && last->truth == next.truth &&
            last->until_day == next.from_day)
            last->until_day = next.until_day;
        else
            all->found[taken++] = next;
    }
    return taken;
}

static void compare_set(struct comparison *all, const struct expectation *expected, uint32_t set)
{
    const struct membership *found = all->found;
    uint32_t found_count = take_found(all, set);
    const struct membership *wanted = all->spans + expected->span_first;
    all->agreement->membership_count += expected->span_count;
    for (uint32_t i = 0; i < found_count || i < expected->span_count; i++) {
        bool has_both = i < found_count && i < expected->span_count;
        if (has_both && memberships_are_equal(&found[i], &wanted[i]))
            continue;
        uint32_t group = i < expected->span_count ? wanted[i].group : found[i].group;
        if (has_both && found[i].group < group)
            group = found[i].group;
        differ(all->agreement, DIFFERENCE_MEMBERSHIP, expected->line, group);
        return; /* what follows is out of step */
    }
}

/* Days outside the window cannot be asked about: what a view says of them makes no difference. */
static bool view_is_good_on(const struct comparison *all, const struct view *view,
                            uint32_t from_day, uint32_t until_day)
{
    uint32_t first = view->from_day, end = view->until_day;
    if (first < all->manifest->from_day)
        first = all->manifest->from_day;
    if (end > all->manifest->until_day)
        end = all->manifest->until_day;
    return first == from_day && end == until_day;
}

/* All means of a person are counted as one. */
static void compare_subject(struct comparison *all, const struct expectation *expected,
                            uint64_t subject)
{
    if (expected->kind == LINE_PERSON)
        all->owner_subject = subject;
    else if (subject != all->owner_subject)
        differ(all->agreement, DIFFERENCE_SUBJECT, expected->line, 0);
}

static void compare_one(struct comparison *all, const struct expectation *expected, uint32_t number,
                        uint64_t subject)
{
    if (expected->kind == LINE_ABSENT) {
        all->agreement->absent_count++;
        if (is_compared(all, number))
            differ(all->agreement, DIFFERENCE_FOUND, expected->line, 0);
        return;
    }
    all->agreement->identifier_count++;
    if (number == VIEW_NOBODY) {
        differ(all->agreement, DIFFERENCE_NOT_FOUND, expected->line, 0);
        return;
    }
    const struct view *view = &all->tables->views[number];
    if (!view_is_good_on(all, view, expected->from_day, expected->until_day))
        differ(all->agreement, DIFFERENCE_VIEW_DAYS, expected->line, 0);
    compare_set(all, expected, view->set);
    compare_subject(all, expected, subject);
}

static void compare_batch(struct comparison *all)
{
    struct digest digests[BATCH_SIZE];
    uint32_t views[BATCH_SIZE];
    uint64_t slots[BATCH_SIZE];
    identity_digest_batch(digests, all->key, all->identifiers, all->count);
    index_find_slots(views, slots, &all->tables->index, digests, all->count);
    for (size_t i = 0; i < all->count; i++)
        compare_one(all, &all->expectations[i], views[i],
                    index_subject(&all->tables->index, slots[i]));

    /* The last owner's spans stay for the means that follow. */
    memmove(all->spans, all->spans + all->owner_first, all->owner_count * sizeof(all->spans[0]));
    all->owner_first = 0;
    all->span_count = all->owner_count;
    all->count = 0;
}

/* Reading */

static bool refuse_line(const struct comparison *all, struct fault *fault, const char *wanted)
{
    return fault_set(fault, "%s:%llu: want %s", all->path, (unsigned long long)all->line, wanted);
}

/* The digits at *at as a number; behind them stands `end`, which is passed over. */
static bool take_number(uint32_t *number, const char **at, char end)
{
    uint64_t sum = 0;
    const char *p = *at;
    for (; *p >= '0' && *p <= '9' && sum <= UINT32_MAX; p++)
        sum = sum * 10 + (uint32_t)(*p - '0');
    if (p == *at || sum > UINT32_MAX || *p != end)
        return false;
    *number = (uint32_t)sum;
    *at = p + (end != '\0');
    return true;
}

/* The canonical identifier up to a comma or the line's end. */
static bool take_identifier(struct identifier *out, uint32_t means, const char **at)
{
    size_t size = strcspn(*at, ",");
    if (means > MEANS_LAST || !means_is_canonical((uint8_t)means, *at, size))
        return false;
    *out = (struct identifier){.means = (uint8_t)means, .size = (uint8_t)size};
    memcpy(out->text, *at, size);
    *at += size;
    return true;
}

/* "group:from:until:Y" */
static bool take_span(struct membership *out, const char **at)
{
    uint32_t group, from_day, until_day;
    if (!take_number(&group, at, ':') || !take_number(&from_day, at, ':') ||
        !take_number(&until_day, at, ':') || (**at != 'Y' && **at != 'U') ||
        group >= GROUP_COUNT_MAX || from_day >= until_day)
        return false;
    *out = (struct membership){.group = (uint16_t)group,
                               .truth = **at == 'Y' ? TRUTH_YES : TRUTH_UNKNOWN,
                               .from_day = from_day,
                               .until_day = until_day};
    ++*at;
    return true;
}

static bool take_person(struct comparison *all, const char *at, struct fault *fault)
{
    struct expectation *expected = &all->expectations[all->count];
    if (!take_identifier(&all->identifiers[all->count], MEANS_PERSONAL_CODE, &at) || *at != ',')
        return refuse_line(all, fault, "P,CODE,GROUP:FROM:UNTIL:Y|U;...");
    *expected = (struct expectation){
        LINE_PERSON,     all->line, all->manifest->from_day, all->manifest->until_day,
        all->span_count, 0};
    do {
        at++;
        if (expected->span_count == SPAN_COUNT_MAX || !take_span(&all->spans[all->span_count], &at))
            return refuse_line(all, fault, "GROUP:FROM:UNTIL:Y|U, at most 512 of them");
        expected->span_count++;
        all->span_count++;
    } while (*at == ';');
    if (*at != '\0')
        return refuse_line(all, fault, "the line's end after the last membership");
    all->owner = all->identifiers[all->count];
    all->owner_first = expected->span_first;
    all->owner_count = expected->span_count;
    return true;
}

static bool take_means(struct comparison *all, const char *at, struct fault *fault)
{
    struct expectation *expected = &all->expectations[all->count];
    struct identifier owner;
    uint32_t means;
    *expected = (struct expectation){.kind = LINE_MEANS,
                                     .line = all->line,
                                     .span_first = all->owner_first,
                                     .span_count = all->owner_count};
    if (!take_number(&means, &at, ',') ||
        !take_identifier(&all->identifiers[all->count], means, &at) || *at++ != ',' ||
        !take_identifier(&owner, MEANS_PERSONAL_CODE, &at) || *at++ != ',' ||
        !take_number(&expected->from_day, &at, ',') ||
        !take_number(&expected->until_day, &at, '\0'))
        return refuse_line(all, fault, "M,MEANS,IDENTIFIER,CODE,FROM,UNTIL");
    if (owner.size != all->owner.size || memcmp(owner.text, all->owner.text, owner.size) != 0)
        return refuse_line(all, fault, "the owner's line before that of the means");
    return true;
}

static bool take_absent(struct comparison *all, const char *at, struct fault *fault)
{
    uint32_t means;
    all->expectations[all->count] = (struct expectation){.kind = LINE_ABSENT, .line = all->line};
    if (!take_number(&means, &at, ',') ||
        !take_identifier(&all->identifiers[all->count], means, &at) || *at != '\0')
        return refuse_line(all, fault, "N,MEANS,IDENTIFIER");
    return true;
}

/* "G,19": what the snapshot says of group 19 and later ones is not compared. */
static bool take_group_count(struct comparison *all, const char *at, struct fault *fault)
{
    return (all->line == 1 && take_number(&all->group_count, &at, '\0')) ||
           refuse_line(all, fault, "G,COUNT in the first line");
}

static bool take_line(struct comparison *all, char *line, ssize_t size, struct fault *fault)
{
    if (line[size - 1] == '\n')
        line[--size] = '\0';
    if (size < 2 || line[1] != ',' || strlen(line) != (size_t)size)
        return refuse_line(all, fault, "P, M or N and a comma");
    bool is_taken = false;
    switch (line[0]) {
    case 'G':
        return take_group_count(all, line + 2, fault);
    case 'P':
        is_taken = take_person(all, line + 2, fault);
        break;
    case 'M':
        is_taken = take_means(all, line + 2, fault);
        break;
    case 'N':
        is_taken = take_absent(all, line + 2, fault);
        break;
    default:
        return refuse_line(all, fault, "P, M or N and a comma");
    }
    if (!is_taken)
        return false;
    if (++all->count == BATCH_SIZE || all->span_count > (BATCH_SIZE - 1) * SPAN_COUNT_MAX)
        compare_batch(all);
    return true;
}

static bool take_file(struct comparison *all, FILE *from, struct fault *fault)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t size;
    bool is_taken = true;
    while (is_taken && (size = getline(&line, &room, from)) > 0) {
        all->line++;
        is_taken = take_line(all, line, size, fault);
    }
    if (is_taken && ferror(from))
        is_taken = fault_set(fault, "%s: cannot be read: %s", all->path, strerror(errno));
    if (is_taken && all->line == 0)
        is_taken = fault_set(fault, "%s: is empty", all->path);
    free(line);
    if (is_taken)
        compare_batch(all);
    return is_taken;
}

/* How many identifiers the snapshot has of persons who are in a group that is compared. */
static uint64_t count_identifiers(const struct comparison *all)
{
    const struct index *index = &all->tables->index;
    uint64_t count = 0;
    for (uint64_t b = 0; b < index_bucket_count(index->home_count); b++) {
        const uint8_t *slot = index_bucket(index, b);
        for (int i = 0; i < BUCKET_SLOT_COUNT; i++, slot += SLOT_SIZE) {
            uint32_t view = load_u32(slot + SLOT_PAYLOAD) & PAYLOAD_VIEW_MASK;
            count += is_compared(all, view);
        }
    }
    return count;
}

/* The identities that every snapshot holds */

static bool test_view_is_right(const struct comparison *all, enum test_identity which,
                               uint32_t number)
{
    if (which == TEST_MISS || number == VIEW_NOBODY)
        return which == TEST_MISS && number == VIEW_NOBODY;
    const struct tables *tables = all->tables;
    const struct view *view = &tables->views[number];
    const struct membership *set = tables->memberships + tables->set_first[view->set];
    uint32_t from_day = all->manifest->from_day, until_day = all->manifest->until_day;
    struct membership wanted = {GROUP_TEST, TRUTH_YES, from_day, until_day};
    return tables->set_first[view->set + 1] - tables->set_first[view->set] == 1 &&
           memberships_are_equal(set, &wanted) &&
           view_is_good_on(all, view, from_day, which == TEST_HIT ? until_day : from_day + 1);
}

static void compare_tests(struct comparison *all)
{
    for (enum means means = MEANS_PERSONAL_CODE; means <= MEANS_LAST; means++) {
        for (enum test_identity which = TEST_HIT; which < TEST_IDENTITY_COUNT; which++) {
            struct identifier test;
            struct digest digest;
            const char *text = means_test_identifier(means, which);
            if (means_normalise(&test, means, text, strlen(text)) != MEANS_FINE)
                abort(); /* our own constants */
            identity_digest(&digest, all->key, &test);
            uint32_t number = index_find(&all->tables->index, &digest);
            all->agreement->identifier_count += number != VIEW_NOBODY;
            if (!test_view_is_right(all, which, number))
                differ(all->agreement, DIFFERENCE_TEST_IDENTITY, 0, GROUP_TEST);
        }
    }
}

bool agree_compare(struct agreement *out, const char *truth_path, const struct snapshot *snapshot,
                   const struct identity_key *key, struct fault *fault)
{
    struct agreement agreement = {0};
    struct comparison *all = take(1, sizeof(*all)); /* too large for a stack */
    FILE *from = fopen(truth_path, "re");
    bool is_compared = false;
    if (from == NULL) {
        fault_set(fault, "%s: cannot be opened: %s", truth_path, strerror(errno));
        goto out;
    }
    all->agreement = &agreement;
    all->tables = snapshot_tables(snapshot);
    all->manifest = snapshot_manifest(snapshot);
    all->group_count = GROUP_COUNT_MAX;
    all->key = key;
    all->path = truth_path;
    is_compared = take_file(all, from, fault);
    if (!is_compared)
        goto out;
    compare_tests(all);

    /* Nobody is in the snapshot whom the truth does not know. */
    uint64_t missing = agreement.by[DIFFERENCE_NOT_FOUND];
    if (count_identifiers(all) != agreement.identifier_count - missing)
        differ(&agreement, DIFFERENCE_IDENTIFIER_COUNT, 0, 0);
    *out = agreement;
out:
    if (from != NULL)
        fclose(from);
    free(all);
    return is_compared;
}
