#include "bench/people.h"

/* Probabilities are per 100,000 unless they say percent; they make the counts of the whole country
 * come out near the published ones (eligbench.1, STATISTICS). */

#define DAYS_PER_YEAR 365
#define SERIES_SIZE   10000000 /* seven digits */

static bool is_changed(const struct country *country, uint32_t person)
{
    return country->citizens[person].previous[0] != 0;
}

/* A register that has not heard of a changed code: its rows still carry the old one. */
static bool is_slow(const struct country *country, struct draw *draw, uint32_t person)
{
    return is_changed(country, person) && draw_percent(draw, 40);
}

/* A day around the window, before, within or after it. */
static uint32_t day_near_window(const struct country *country, struct draw *draw)
{
    return draw_between(draw, country->from_day - 10, country->until_day + 10);
}

static struct status_row *add(struct country *country, struct draw *draw, enum source source,
                              uint32_t person, uint32_t subtype, uint32_t from_day)
{
    struct status_row *row = country_add_row(country, source, person);
    row->subtype = (uint8_t)subtype;
    row->from_day = from_day;
    row->is_under_previous = is_slow(country, draw, person);
    return row;
}

/* What registers do now and then: the same row twice, or another row that overlaps the last one. */
static void repeat_now_and_then(struct country *country, struct draw *draw, enum source source)
{
    if (!draw_chance(draw, 400))
        return;
    struct status_row last = country->rows[source][country->row_count[source] - 1];
    struct status_row *row = country_add_row(country, source, last.person);
    *row = last;
    if (draw_percent(draw, 50))
        return;
    uint32_t day = day_near_window(country, draw);
    if (day <= last.from_day || day >= last.until_day)
        return;
    country->rows[source][country->row_count[source] - 2].until_day = day + draw_below(draw, 5);
    row->from_day = day;
}

/* Learners */

/* 1 September with which the school year of that day began. */
static uint32_t school_year_start(uint32_t day)
{
    struct date date = date_of_day((int32_t)day);
    return (uint32_t)day_of_date((struct date){date.month >= 9 ? date.year : date.year - 1, 9, 1});
}

static uint32_t last_of_june(uint32_t day_of_september)
{
    return day_of_september + 302; /* 30 June of the next year, or 29 in leap years */
}

static uint32_t school_draw(struct draw *draw, uint32_t place)
{
    uint32_t home = place / 1000;
    if (home == 1)
        return draw_percent(draw, 96) ? 1000 : draw_between(draw, 2, 8) * 1000;
    uint32_t percent = draw_below(draw, 100);
    if (percent < 12)
        return 1000;
    return percent < 15 ? draw_between(draw, 2, 8) * 1000 : home * 1000;
}

/* Which kind of school somebody of that age goes to, 0 for none. */
static uint32_t learner_draw(struct draw *draw, uint32_t age)
{
    uint32_t percent = draw_below(draw, 100);
    if (age < 1)
        return 0;
    if (age < 7)
        return percent < 98 ? LEARNER_PRESCHOOL : 0;
    if (age < 16)
        return percent < 99 ? LEARNER_GENERAL : 0;
    if (age < 19)
        return percent < 70 ? LEARNER_GENERAL : percent < 96 ? LEARNER_VOCATIONAL : 0;
    if (age < 21)
        return percent < 28 ? LEARNER_VOCATIONAL : percent < 72 ? LEARNER_HIGHER : 0;
    if (age < 25)
        return percent < 56 ? LEARNER_HIGHER : 0;
    if (age < 30)
        return percent < 15 ? LEARNER_HIGHER : 0;
    return age < 40 && percent < 2 ? LEARNER_HIGHER : 0;
}

static void learn(struct country *country, struct draw *draw, uint32_t person, uint32_t age)
{
    uint32_t subtype = learner_draw(draw, age);
    if (subtype == 0)
        return;
    uint32_t year_start = school_year_start(country->as_of_day);
    uint32_t from_day = year_start;
    if (subtype == LEARNER_VOCATIONAL || subtype == LEARNER_HIGHER)
        from_day = school_year_start(year_start - draw_below(draw, 3) * DAYS_PER_YEAR);
    struct status_row *row = add(country, draw, SOURCE_LEARNER, person, subtype, from_day);
    row->school = school_draw(draw, country->citizens[person].place);
    if (draw_percent(draw, 60))
        row->until_day = last_of_june(year_start) + 1;

    if (draw_chance(draw, 400)) { /* left school */
        row->until_day = draw_between(draw, year_start + 1, country->until_day + 10);
    } else if (draw_chance(draw, 1200)) { /* went over to another one */
        uint32_t until_day = row->until_day;
        uint32_t day = draw_between(draw, year_start + 1, country->until_day);
        if (until_day <= day)
            until_day = DAY_NEVER;
        row->until_day = day + draw_below(draw, 4); /* both schools report the same days */
        row = add(country, draw, SOURCE_LEARNER, person, subtype, day);
        row->school = school_draw(draw, country->citizens[person].place);
        row->until_day = until_day;
    } else if (draw_percent(draw, 5)) { /* last year's row is still delivered */
        uint32_t before = school_year_start(year_start - 1);
        row = add(country, draw, SOURCE_LEARNER, person, subtype, before);
        row->school = 1000 * (country->citizens[person].place / 1000);
        row->until_day = last_of_june(before) + 1;
    } else {
        repeat_now_and_then(country, draw, SOURCE_LEARNER);
    }
}

/* Pensions and disability */

#define PENSION_AGE 65

static void be_pensioned(struct country *country, struct draw *draw, uint32_t person, uint32_t age)
{
    bool is_early = age >= PENSION_AGE - 5 && age < PENSION_AGE && draw_percent(draw, 36);
    if ((age < PENSION_AGE || !draw_chance(draw, 98600)) && !is_early) {
        uint32_t chance = age >= PENSION_AGE ? 100000 : age < 24 ? 2900 : 300;
        if (!draw_chance(draw, chance))
            return;
        uint32_t subtype = age >= PENSION_AGE ? PENSION_SOCIAL
                           : age < 24         ? PENSION_SURVIVOR
                                              : PENSION_DISABILITY;
        add(country, draw, SOURCE_PENSION, person, subtype,
            country->as_of_day - draw_below(draw, 700));
        return;
    }
    int32_t birth_day = country->citizens[person].birth_day;
    uint32_t years = is_early ? PENSION_AGE - 5 : PENSION_AGE;
    uint32_t from_day = (uint32_t)day_of_age(birth_day, years) + draw_below(draw, 60);
    struct status_row *row = add(country, draw, SOURCE_PENSION, person, PENSION_OLD_AGE, from_day);
    if (draw_chance(draw, 150)) { /* moved abroad, for example */
        uint32_t day = day_near_window(country, draw);
        row->until_day = day > from_day ? day : from_day + 1;
    } else {
        repeat_now_and_then(country, draw, SOURCE_PENSION);
    }
}

/* Subtype of disability, 0 for none. */
static uint32_t disability_draw(struct draw *draw, uint32_t age)
{
    if (age < 18)
        return draw_chance(draw, 2370) ? DISABILITY_CHILD : 0;
    /* Of 100,000: young, of working age, old. */
    static const uint32_t chances[3][3] = {
        {520, 2080, 1770}, {1260, 4830, 4880}, {2990, 9500, 5090}};
    const uint32_t *chance = chances[age < 40 ? 0 : age < PENSION_AGE ? 1 : 2];
    uint32_t which = draw_below(draw, 100000);
    for (uint32_t i = 0; i < 3; i++) {
        if (which < chance[i])
            return DISABILITY_1 + i;
        which -= chance[i];
    }
    return 0;
}

static void be_disabled(struct country *country, struct draw *draw, uint32_t person, uint32_t age)
{
    uint32_t subtype = disability_draw(draw, age);
    if (subtype == 0)
        return;
    uint32_t years = draw_between(draw, 1, 6);
    uint32_t ago = draw_below(draw, years * DAYS_PER_YEAR);
    struct status_row *row =
        add(country, draw, SOURCE_DISABILITY, person, subtype, country->as_of_day - ago);
    if (draw_percent(draw, 45)) { /* for life */
        repeat_now_and_then(country, draw, SOURCE_DISABILITY);
        return;
    }
    row->until_day = row->from_day + years * DAYS_PER_YEAR;
    if (subtype != DISABILITY_CHILD && draw_percent(draw, 3)) { /* examined again: another group */
        uint32_t day = row->until_day - draw_below(draw, 10);
        row = add(country, draw, SOURCE_DISABILITY, person, draw_between(draw, 1, 4), day);
        row->until_day = day + 2 * DAYS_PER_YEAR;
    }
}

/* The rarer things */

static void be_special(struct country *country, struct draw *draw, uint32_t person, uint32_t age)
{
    if (age < 70)
        return;
    uint32_t granted = country->as_of_day - draw_between(draw, 2000, 12000);
    if (draw_chance(draw, 3550)) {
        struct status_row *row =
            add(country, draw, SOURCE_SPECIAL, person, SPECIAL_REPRESSED, granted);
        if (draw_chance(draw, 500))
            row->until_day = day_near_window(country, draw);
    }
    if (age >= 75 && draw_chance(draw, 560))
        add(country, draw, SOURCE_SPECIAL, person, SPECIAL_RESISTANCE, granted + 100);
    if (age >= 90 && draw_chance(draw, 5000))
        add(country, draw, SOURCE_SPECIAL, person, SPECIAL_WW2, granted + 200);
}

static void be_orphaned(struct country *country, struct draw *draw, uint32_t person, uint32_t age)
{
    if (age >= 26 || !draw_chance(draw, 1500))
        return;
    int32_t birth_day = country->citizens[person].birth_day;
    uint32_t subtype = draw_percent(draw, 18) ? ORPHAN_ORPHAN : ORPHAN_NO_CARE;
    uint32_t of_age = (uint32_t)day_of_age(birth_day, 18);
    uint32_t latest = of_age < country->as_of_day ? of_age : country->as_of_day;
    uint32_t from_day = latest - draw_below(draw, age == 0 ? 30 : 300);
    struct status_row *row = add(country, draw, SOURCE_ORPHAN, person, subtype, from_day);
    if (draw_percent(draw, 30))
        row->until_day = (uint32_t)day_of_age(birth_day, 24);
    else if (draw_percent(draw, 3))
        row->until_day = country->as_of_day + draw_between(draw, 1, 90);
}

static void work_for_riga(struct country *country, struct draw *draw, uint32_t person, uint32_t age)
{
    bool is_near = country->citizens[person].place / 1000 == 1;
    if (age < 20 || age >= 66 || !draw_chance(draw, is_near ? 700 : 105))
        return;
    uint32_t ago = draw_below(draw, 4000);
    struct status_row *row = add(country, draw, SOURCE_STAFF, person, 0, country->as_of_day - ago);
    if (draw_percent(draw, 10))
        row->until_day = row->from_day + draw_between(draw, 1, ago + 120);
}

/* Cards */

struct card_row *people_issue_eid(struct country *country, struct draw *draw, uint32_t person,
                                  uint32_t age)
{
    struct card_row *card = country_add_card(country, SOURCE_EID, person);
    uint32_t years = age < 5 ? 2 : age < 20 ? 5 : 10;
    card->number = (uint32_t)((country->eid_issued++ * UINT64_C(7654321) + 1234567) %
                              (3 * (uint64_t)SERIES_SIZE));
    card->from_day = country->as_of_day - draw_below(draw, age == 0 ? 30 : years * DAYS_PER_YEAR);
    card->last_day = card->from_day + years * DAYS_PER_YEAR - 1;
    card->is_under_previous = is_slow(country, draw, person);
    return card;
}

#define ETALONS_LEAST 900000 /* below a million a spreadsheet drops a zero */
#define ETALONS_COUNT 9000000

struct card_row *people_issue_etalons(struct country *country, struct draw *draw, uint32_t person)
{
    struct card_row *card = country_add_card(country, SOURCE_ETALONS, person);
    card->number =
        ETALONS_LEAST + (uint32_t)((country->etalons_issued++ * UINT64_C(7654321)) % ETALONS_COUNT);
    card->from_day = country->as_of_day - draw_below(draw, 10 * DAYS_PER_YEAR);
    card->last_day = card->from_day + 10 * DAYS_PER_YEAR - 1;
    card->is_under_previous = is_slow(country, draw, person);
    return card;
}

static void end_card(struct country *country, struct draw *draw, struct card_row *card)
{
    uint32_t days = country->as_of_day - card->from_day;
    if (days == 0)
        return;
    card->state = (uint8_t)draw_between(draw, CARD_BLOCKED, CARD_CANCELLED + 1);
    card->state_day = draw_percent(draw, 15) && days > COUNTRY_DAYS_BEFORE
                          ? country->as_of_day - draw_below(draw, COUNTRY_DAYS_BEFORE)
                          : card->from_day + 1 + draw_below(draw, days);
}

/* The registers of means are not quite clean: a row twice, or a number given to two persons. */
static void muddle_now_and_then(struct country *country, struct draw *draw, enum source source)
{
    uint32_t count = country->card_count[source];
    if (draw_chance(draw, 200)) {
        struct card_row last = country->cards[source][count - 1];
        last.claim = CLAIM_COPY;
        *country_add_card(country, source, last.person) = last;
    } else if (count > 100 && draw_chance(draw, 10)) {
        struct card_row *rival = &country->cards[source][count - 2];
        if (rival->claim != CLAIM_SOLE || country->cards[source][count - 1].claim != CLAIM_SOLE ||
            rival->person == country->cards[source][count - 1].person)
            return;
        struct card_row row = *rival;
        row.person = country->cards[source][count - 1].person;
        row.is_under_previous = false;
        row.claim = CLAIM_OLDER;
        if (draw_percent(draw, 50))
            row.from_day -= draw_between(draw, 1, 500);
        else
            row.claim = rival->claim = CLAIM_REFUSED;
        *country_add_card(country, source, row.person) = row;
    }
}

static void carry_eid(struct country *country, struct draw *draw, uint32_t person, uint32_t age)
{
    if (!draw_percent(draw, age < 15 ? 20 : 74))
        return;
    struct card_row *card = people_issue_eid(country, draw, person, age);
    if (age >= 16 && draw_percent(draw, 22)) { /* there was one before, which it replaced */
        uint32_t replaced = card->from_day;
        struct card_row *before = people_issue_eid(country, draw, person, age);
        before->from_day = replaced - draw_between(draw, 30, 5 * DAYS_PER_YEAR);
        before->last_day = before->from_day + 10 * DAYS_PER_YEAR - 1;
        before->state = (uint8_t)draw_between(draw, CARD_LOST, CARD_CANCELLED + 1);
        before->state_day = replaced - draw_below(draw, 15);
    } else if (draw_percent(draw, 2)) {
        end_card(country, draw, card);
    }
    muddle_now_and_then(country, draw, SOURCE_EID);
}

static void carry_etalons(struct country *country, struct draw *draw, uint32_t person, uint32_t age)
{
    bool is_near = country->citizens[person].place / 1000 == 1;
    if (age < 7 || !draw_percent(draw, is_near ? 92 : 36))
        return;
    struct card_row *card = people_issue_etalons(country, draw, person);
    if (draw_percent(draw, 9)) {
        end_card(country, draw, card);
        if (card->state != CARD_GOOD && draw_percent(draw, 70)) {
            uint32_t ended = card->state_day; /* and the next one begins: adding moves the array */
            struct card_row *next = people_issue_etalons(country, draw, person);
            next->from_day = ended;
            next->last_day = ended + 10 * DAYS_PER_YEAR - 1;
        }
    }
    muddle_now_and_then(country, draw, SOURCE_ETALONS);
}

/* Households */

static void honour_family(struct country *country, struct draw *draw, const struct home *home)
{
    uint32_t children = home->count - home->adult_count;
    if (children < 3 ? !(children > 0 && draw_chance(draw, 700)) : !draw_percent(draw, 26))
        return;
    uint32_t issued = country->as_of_day - draw_below(draw, 3 * DAYS_PER_YEAR + 40);
    uint32_t until_day = issued + 3 * DAYS_PER_YEAR;
    for (uint32_t i = 0; i < home->count; i++) {
        uint32_t person = home->first + i;
        bool is_parent = i < home->adult_count;
        uint32_t from_day = issued;
        if (!is_parent && home->age[i] < 4) { /* younger than the parents' cards, perhaps */
            uint32_t birth_day = (uint32_t)country->citizens[person].birth_day;
            from_day = from_day > birth_day ? from_day : birth_day + 20;
        }
        if (from_day >= until_day) /* born when the family's cards had ended */
            continue;
        struct status_row *row = add(country, draw, SOURCE_FAMILY, person,
                                     is_parent ? FAMILY_PARENT : FAMILY_CHILD, from_day);
        row->until_day = until_day;
        if (!is_parent) {
            uint32_t grown = (uint32_t)day_of_age(country->citizens[person].birth_day, 24);
            row->until_day = grown < until_day && grown > from_day ? grown : until_day;
        }
        repeat_now_and_then(country, draw, SOURCE_FAMILY);
    }
}

/* The same decision holds for all who live there. */
static void support_home(struct country *country, struct draw *draw, const struct home *home)
{
    bool is_missing = place_is_missing(country->citizens[home->first].place);
    if (!draw_chance(draw,
                     is_missing ? 150 : 5300)) /* a few are delivered by another municipality */
        return;
    uint32_t subtype = draw_percent(draw, 60) ? HOUSEHOLD_NEEDY : HOUSEHOLD_LOW_INCOME;
    uint32_t term_days = draw_percent(draw, 50) ? 90 : 180;
    uint32_t from_day = country->as_of_day - draw_below(draw, term_days + 20);
    bool is_renewed = draw_percent(draw, 15), had_before = draw_percent(draw, 25);
    uint32_t next_subtype = draw_percent(draw, 80) ? subtype : 3 - subtype;
    for (uint32_t i = 0; i < home->count; i++) {
        uint32_t person = home->first + i;
        add(country, draw, SOURCE_HOUSEHOLD, person, subtype, from_day)->until_day =
            from_day + term_days;
        if (had_before) {
            uint32_t before = from_day - term_days - 5;
            add(country, draw, SOURCE_HOUSEHOLD, person, subtype, before)->until_day = from_day - 5;
        }
        if (is_renewed) { /* overlapping, adjoining or after a gap */
            uint32_t next = from_day + term_days - 10 + draw_below(draw, 20);
            add(country, draw, SOURCE_HOUSEHOLD, person, next_subtype, next)->until_day =
                next + term_days;
        }
    }
}

void people_live(struct country *country, struct draw *draw, const struct home *home)
{
    for (uint32_t i = 0; i < home->count; i++) {
        uint32_t person = home->first + i, age = home->age[i];
        learn(country, draw, person, age);
        be_pensioned(country, draw, person, age);
        be_disabled(country, draw, person, age);
        be_special(country, draw, person, age);
        be_orphaned(country, draw, person, age);
        work_for_riga(country, draw, person, age);
        carry_eid(country, draw, person, age);
        carry_etalons(country, draw, person, age);
    }
    honour_family(country, draw, home);
    support_home(country, draw, home);
}
