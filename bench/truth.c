#include "bench/truth.h"

#include "bench/out.h"
#include "protocol/means.h"
#include "protocol/progress.h"

/* A set of days of the window: bit 0 is its first day. Questions about days become operations on
 * bits, which is how this differs from the loader's walk over days of change. */
__extension__ typedef unsigned __int128 days;

#define DAY_COUNT (COUNTRY_DAYS_BEFORE + COUNTRY_DAYS_AFTER)
#define EVERY_DAY ((((days)1) << DAY_COUNT) - 1)
static_assert(DAY_COUNT < 128, "the window fits a set of days");

/* Three-valued: on days in `sure` it holds, on days not in `possible` it does not, else it is
 * unknown. */
struct kleene {
    days sure, possible;
};

static struct kleene certain(days when)
{
    return (struct kleene){when, when};
}

static struct kleene both(struct kleene a, struct kleene b)
{
    return (struct kleene){a.sure & b.sure, a.possible & b.possible};
}

static struct kleene either(struct kleene a, struct kleene b)
{
    return (struct kleene){a.sure | b.sure, a.possible | b.possible};
}

/* Days before `day`, seen from the window. */
static days days_before(const struct country *country, int64_t day)
{
    int64_t count = day - (int64_t)country->from_day;
    if (count <= 0)
        return 0;
    return count >= DAY_COUNT ? EVERY_DAY : (((days)1) << count) - 1;
}

static days days_between(const struct country *country, uint32_t from_day, uint32_t until_day)
{
    return days_before(country, until_day) & ~days_before(country, from_day);
}

static days days_below_age(const struct country *country, int32_t birth_day, uint32_t age)
{
    return days_before(country, day_of_age(birth_day, age));
}

static days all_days_if(bool holds)
{
    return holds ? EVERY_DAY : 0;
}

/* Where each register's rows about the next person begin. */
struct cursors {
    uint32_t row[SOURCE_COUNT], card[SOURCE_COUNT];
};

/* On which days the person has which subtype of a register's status. */
#define SUBTYPE_COUNT 5
struct held {
    days of[SUBTYPE_COUNT]; /* [0]: whichever */
    days at_school_in_riga;
};

#define RIGA 1 /* first four digits of its ATVK */

static void gather(struct held *held, const struct country *country, enum source source,
                   uint32_t person, uint32_t *cursor)
{
    *held = (struct held){0};
    for (; *cursor < country->row_count[source]; ++*cursor) {
        const struct status_row *row = &country->rows[source][*cursor];
        assert(row->person >= person); /* rows are in order of person */
        if (row->person != person)
            return;
        days when = days_between(country, row->from_day, row->until_day);
        held->of[0] |= when;
        if (row->subtype != 0)
            held->of[row->subtype] |= when;
        if (row->school / 1000 == RIGA)
            held->at_school_in_riga |= when;
    }
}

#define GROUP_NUMBER(name, number) GROUP_##name = number,
enum group_number { TRUTH_GROUP_LIST(GROUP_NUMBER) };
#undef GROUP_NUMBER

/* The catalogue's groups, one line each. */
static void judge(struct kleene groups[static TRUTH_GROUP_COUNT], const struct country *country,
                  uint32_t person, struct cursors *cursors)
{
    const struct citizen *citizen = &country->citizens[person];
    struct held held[SOURCE_COUNT];
    for (enum source source = SOURCE_PERSONS; source < SOURCE_COUNT; source++)
        gather(&held[source], country, source, person, &cursors->row[source]);
    const struct held *learner = &held[SOURCE_LEARNER], *pension = &held[SOURCE_PENSION];
    const struct held *disability = &held[SOURCE_DISABILITY], *family = &held[SOURCE_FAMILY];
    const struct held *special = &held[SOURCE_SPECIAL], *social = &held[SOURCE_HOUSEHOLD];

    days alive =
        days_before(country, citizen->death_day) & ~days_before(country, citizen->birth_day);
    days below_18 = days_below_age(country, citizen->birth_day, 18);
    days below_24 = days_below_age(country, citizen->birth_day, 24);
    days below_75 = days_below_age(country, citizen->birth_day, 75);
    days in_riga = all_days_if(citizen->place / 1000 == RIGA);
    days untold = all_days_if(place_is_missing(citizen->place)); /* what may be and did not come */
    days old_age = pension->of[PENSION_OLD_AGE];
    days high = disability->of[DISABILITY_1] | disability->of[DISABILITY_2] |
                disability->of[DISABILITY_CHILD];
    struct kleene needy = {social->of[HOUSEHOLD_NEEDY], social->of[HOUSEHOLD_NEEDY] | untold};
    struct kleene low = {social->of[HOUSEHOLD_LOW_INCOME],
                         social->of[HOUSEHOLD_LOW_INCOME] | untold};

    groups[0] = certain(0);
    groups[GROUP_child_under_18] = certain(below_18);
    groups[GROUP_senior_75] = certain(~below_75);
    groups[GROUP_pensioner] = certain(old_age);
    groups[GROUP_pensioner_riga] = certain(old_age & in_riga);
    groups[GROUP_learner] = certain(learner->of[0]);
    groups[GROUP_pupil] = certain(learner->of[LEARNER_GENERAL] | learner->of[LEARNER_VOCATIONAL]);
    groups[GROUP_learner_riga] = certain(learner->of[0] & (learner->at_school_in_riga | in_riga));
    groups[GROUP_disability_high] = certain(high);
    groups[GROUP_disability_3] = certain(disability->of[DISABILITY_3]);
    groups[GROUP_honorary_family] = certain(family->of[0]);
    groups[GROUP_family_child] = certain(family->of[0] & below_24);
    groups[GROUP_orphan_learning] = certain(held[SOURCE_ORPHAN].of[0] & learner->of[0] & below_24);
    groups[GROUP_needy] = needy;
    groups[GROUP_needy_or_low] = either(needy, low);
    groups[GROUP_repressed] =
        certain(special->of[SPECIAL_REPRESSED] | special->of[SPECIAL_RESISTANCE]);
    groups[GROUP_riga_staff] = certain(held[SOURCE_STAFF].of[0]);
    groups[GROUP_pensioner_elsewhere] = certain(old_age & ~in_riga);
    groups[GROUP_needy_pensioner] = both(either(needy, low), certain(old_age | high));

    for (uint32_t group = 0; group < TRUTH_GROUP_COUNT; group++)
        groups[group] = both(groups[group], certain(alive & EVERY_DAY));
}

/* Lines */

static uint32_t first_day_in(days when)
{
    uint64_t low = (uint64_t)when, high = (uint64_t)(when >> 64);
    return low != 0 ? (uint32_t)__builtin_ctzll(low) : 64 + (uint32_t)__builtin_ctzll(high);
}

static void write_span(struct out *out, const struct country *country, uint32_t group,
                       uint32_t first, uint32_t end, char truth, bool is_first)
{
    out_bytes(out, is_first ? "," : ";", 1);
    out_number(out, group);
    out_bytes(out, ":", 1);
    out_number(out, country->from_day + first);
    out_bytes(out, ":", 1);
    out_number(out, country->from_day + end);
    out_bytes(out, ":", 1);
    out_bytes(out, &truth, 1);
}

/* All spans of one group, first day first; returns whether there were any. */
static bool write_group(struct out *out, const struct country *country, uint32_t group,
                        struct kleene kleene, bool is_first)
{
    uint32_t day = 0;
    bool any = false;
    for (days left = kleene.possible; left != 0;
         left = kleene.possible & ~((((days)1) << day) - 1)) {
        day = first_day_in(left);
        bool is_sure = kleene.sure >> day & 1;
        days same = is_sure ? kleene.sure : kleene.possible & ~kleene.sure;
        uint32_t end = day + first_day_in(~(same >> day));
        write_span(out, country, group, day, end, is_sure ? 'Y' : 'U', is_first && !any);
        any = true;
        day = end;
    }
    return any;
}

static void write_code(struct out *out, uint64_t code)
{
    char text[11];
    digits_put(text, code, sizeof(text));
    out_bytes(out, text, sizeof(text));
}

static void write_means(struct out *out, enum source source, uint32_t number)
{
    char text[10];
    if (source == SOURCE_EID) {
        text[0] = 'P';
        text[1] = (char)('A' + number / 10000000);
        digits_put(text + 2, number % 10000000, 7);
        out_bytes(out, "2,", 2);
        out_bytes(out, text, 9);
    } else {
        digits_put(text, number, sizeof(text));
        out_bytes(out, "3,", 2);
        out_bytes(out, text, sizeof(text));
    }
}

static_assert(MEANS_PERSONAL_CODE == 1 && MEANS_EID == 2 && MEANS_ETALONS == 3,
              "the lines name means by their numbers");

/* Samples of what must not be found, in each kind at most so many. */
#define ABSENT_PREVIOUS_MAX 40000
#define ABSENT_PERSONS_MAX  30000
#define ABSENT_CARDS_MAX    30000

struct absent {
    uint32_t previous_count, person_count, card_count;
};

static void write_absent_code(struct out *out, uint64_t code, uint32_t *count, uint32_t count_max)
{
    if (*count == count_max)
        return;
    ++*count;
    out_bytes(out, "N,1,", 4);
    write_code(out, code);
    out_bytes(out, "\n", 1);
}

static void write_card(struct out *out, const struct country *country, enum source source,
                       const struct card_row *card, bool is_member, struct absent *absent,
                       struct truth_summary *summary)
{
    if (card->claim == CLAIM_COPY || card->claim == CLAIM_OLDER)
        return;
    uint32_t from_day = card_usable_day(country, source, card);
    uint32_t until_day = card_until_day(card);
    if (from_day < country->from_day)
        from_day = country->from_day;
    if (until_day > country->until_day)
        until_day = country->until_day;
    if (!is_member || card->claim == CLAIM_REFUSED || from_day >= until_day) {
        if (absent->card_count == ABSENT_CARDS_MAX)
            return;
        absent->card_count++;
        out_bytes(out, "N,", 2);
        write_means(out, source, card->number);
        out_bytes(out, "\n", 1);
        return;
    }
    summary->means_count++;
    out_bytes(out, "M,", 2);
    write_means(out, source, card->number);
    out_bytes(out, ",", 1);
    write_code(out, country->citizens[card->person].code);
    out_bytes(out, ",", 1);
    out_number(out, from_day);
    out_bytes(out, ",", 1);
    out_number(out, until_day);
    out_bytes(out, "\n", 1);
}

static bool write_person(struct out *out, const struct country *country, uint32_t person,
                         const struct kleene groups[static TRUTH_GROUP_COUNT],
                         struct absent *absent, struct truth_summary *summary)
{
    const struct citizen *citizen = &country->citizens[person];
    days any = 0, today = ((days)1) << COUNTRY_DAYS_BEFORE;
    for (uint32_t group = 0; group < TRUTH_GROUP_COUNT; group++) {
        any |= groups[group].possible;
        summary->yes_count[group] += (groups[group].sure & today) != 0;
        summary->unknown_count[group] +=
            (groups[group].possible & ~groups[group].sure & today) != 0;
    }
    for (size_t i = 0; i < PREVIOUS_COUNT_MAX && citizen->previous[i] != 0; i++)
        write_absent_code(out, citizen->previous[i], &absent->previous_count, ABSENT_PREVIOUS_MAX);
    if (any == 0) {
        write_absent_code(out, citizen->code, &absent->person_count, ABSENT_PERSONS_MAX);
        return false;
    }
    summary->person_count++;
    out_bytes(out, "P,", 2);
    write_code(out, citizen->code);
    bool is_first = true;
    for (uint32_t group = 0; group < TRUTH_GROUP_COUNT; group++)
        if (write_group(out, country, group, groups[group], is_first))
            is_first = false;
    out_bytes(out, "\n", 1);
    return true;
}

const char *truth_group_name(uint32_t group)
{
#define GROUP_NAME(name, number) [number] = #name,
    static const char *const names[TRUTH_GROUP_COUNT] = {"test", TRUTH_GROUP_LIST(GROUP_NAME)};
#undef GROUP_NAME
    assert(group < TRUTH_GROUP_COUNT);
    return names[group];
}

static void write_all(struct out *out, const struct country *country, bool is_quiet,
                      struct truth_summary *summary)
{
    static const enum source means[] = {SOURCE_EID, SOURCE_ETALONS};
    struct cursors cursors = {0};
    struct absent absent = {0};
    struct progress progress;
    out_string(out, "G,");
    out_number(out, TRUTH_GROUP_COUNT);
    out_string(out, "\n");
    progress_start(&progress, "judging", "persons", country->person_count, is_quiet);
    for (uint32_t person = 0; person < country->person_count; person++) {
        struct kleene groups[TRUTH_GROUP_COUNT];
        judge(groups, country, person, &cursors);
        bool is_member = write_person(out, country, person, groups, &absent, summary);
        for (size_t i = 0; i < 2; i++) {
            uint32_t *cursor = &cursors.card[means[i]];
            const struct card_row *cards = country->cards[means[i]];
            for (; *cursor < country->card_count[means[i]] && cards[*cursor].person == person;
                 ++*cursor)
                write_card(out, country, means[i], &cards[*cursor], is_member, &absent, summary);
        }
        if (person % 4096 == 0)
            progress_set(&progress, person);
    }
    progress_set(&progress, country->person_count);
    progress_end(&progress);
    summary->absent_count = absent.previous_count + absent.person_count + absent.card_count;
}

bool truth_write(const struct country *country, const char *folder, bool is_quiet,
                 struct truth_summary *summary, struct fault *fault)
{
    static struct out out; /* too large for a stack */
    *summary = (struct truth_summary){0};
    if (!out_open(&out, folder, TRUTH_FILE, fault))
        return false;
    write_all(&out, country, is_quiet, summary);
    summary->byte_count = out.byte_count;
    return out_close(&out, fault);
}
