#include "bench/country.h"

#include "bench/cast.h"
#include "bench/people.h"
#include "bench/take.h"
#include "protocol/progress.h"

#include <stdlib.h>

const uint32_t missing_places[MISSING_PLACE_COUNT] = {24, 31, 38, 44, 52};

/* Inhabitants per 10,000 of the country: seven state cities, then 36 municipalities. */
#define CITY_COUNT         7
#define MUNICIPALITY_COUNT 36
#define MUNICIPALITY_FIRST 20
#define PLACE_COUNT        (CITY_COUNT + MUNICIPALITY_COUNT)
static const uint16_t place_shares[PLACE_COUNT] = {
    3300, 420, 300, 280, 360, 140, 170, /* Riga, Daugavpils, Jelgava, Jurmala, Liepaja, ... */
    150,  75,  120, 165, 160, 230, 145, 240, 215, 115, 95,  180, 155, 130, 85,  140, 125, 190,
    300,  70,  110, 205, 310, 105, 60,  120, 135, 185, 100, 90,  165, 75,  140, 160, 110, 115,
};

/* Inhabitants per 1,000, by five years of age: 151 below 15, 219 from 65 on. */
#define AGE_BAND_COUNT 21
#define AGE_BAND_YEARS 5
#define AGE_COUNT      (AGE_BAND_COUNT * AGE_BAND_YEARS)
static const uint16_t age_shares[AGE_BAND_COUNT] = {
    41, 54, 56, 54, 48, 48, 63, 74, 74, 67, 67, 67, 68, 66, 55, 36, 31, 20, 9, 2, 0,
};

/* Ages not yet given out, drawn without putting back: the pyramid comes out exactly. */
struct urn {
    uint32_t left[AGE_COUNT];
    uint32_t children_left, adults_left; /* below 18, and others */
    uint32_t children, adults;           /* at the beginning */
};

#define ADULT_AGE 18

bool place_is_missing(uint32_t place)
{
    for (size_t i = 0; i < MISSING_PLACE_COUNT; i++)
        if (place / 1000 == missing_places[i])
            return true;
    return false;
}

uint32_t card_until_day(const struct card_row *card)
{
    uint32_t until_day = card->last_day + 1;
    return card->state != CARD_GOOD && card->state_day < until_day ? card->state_day : until_day;
}

/* Rows */

struct status_row *country_add_row(struct country *country, enum source source, uint32_t person)
{
    country->rows[source] = take_room(country->rows[source], &country->row_room[source],
                                      country->row_count[source], sizeof(struct status_row));
    struct status_row *row = &country->rows[source][country->row_count[source]++];
    *row = (struct status_row){.person = person, .until_day = DAY_NEVER};
    return row;
}

/* Most holders activated it soon, some late, the last just now, and some never. From the number and
 * not from a draw: no other row of the country changes by it. */
uint32_t card_activated_day(const struct country *country, const struct card_row *card)
{
    if (card->from_day < EID_CAPABLE_SINCE || card->from_day >= EID_READY_SINCE)
        return DAY_NEVER;
    uint64_t state = country->seed ^ card->number * UINT64_C(0x9e3779b97f4a7c15);
    uint32_t percent = (uint32_t)random_below(&state, 100);
    uint32_t days = country->as_of_day - card->from_day, after;
    if (percent < 15)
        return DAY_NEVER;
    if (percent < 70)
        after = (uint32_t)random_below(&state, 30);
    else if (percent < 90)
        after = (uint32_t)random_below(&state, days + 1);
    else
        after = days - (uint32_t)random_below(&state, COUNTRY_DAYS_BEFORE);
    return card->from_day + (after < days ? after : days);
}

uint32_t card_usable_day(const struct country *country, enum source source,
                         const struct card_row *card)
{
    if (source != SOURCE_EID || card->from_day >= EID_READY_SINCE)
        return card->from_day;
    return card_activated_day(country, card);
}

struct card_row *country_add_card(struct country *country, enum source source, uint32_t person)
{
    country->cards[source] = take_room(country->cards[source], &country->card_room[source],
                                       country->card_count[source], sizeof(struct card_row));
    struct card_row *card = &country->cards[source][country->card_count[source]++];
    *card = (struct card_row){.person = person, .state_day = DAY_NEVER};
    return card;
}

/* Personal codes: only ones that can be nobody's. Old ones carry the century digit of the 1800s,
 * whatever the real date of birth; new ones carry no date. */

#define SERIALS_PER_DATE       1000
#define DATE_KEY_COUNT         (100 * 12 * 31)
#define RESERVED_KEY           0  /* 010100: the test identities' */
#define LEAP_DAY_KEY           59 /* 290200: there was one in 2000, but none in 1800 */
#define WRONG_CHECK_PER_100000 300

static uint64_t old_code_of(uint32_t key, uint32_t serial)
{
    static const uint8_t weights[10] = {1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
    uint32_t day = key % 31 + 1, month = key / 31 % 12 + 1, year = key / (31 * 12);
    uint64_t ten_digits = ((day * 10000 + month * 100 + year) * UINT64_C(10000)) + serial;
    uint32_t sum = 0;
    uint64_t rest = ten_digits;
    for (int i = 9; i >= 0; i--, rest /= 10)
        sum += weights[i] * (uint32_t)(rest % 10);
    return ten_digits * 10 + (1101 - sum) % 11 % 10;
}

uint64_t country_old_code(struct country *country, struct draw *draw, int32_t birth_day)
{
    struct date date = date_of_day(birth_day);
    uint32_t key = ((uint32_t)date.year % 100 * 12 + date.month - 1) * 31 + date.day - 1;
    while (key == RESERVED_KEY || key == LEAP_DAY_KEY ||
           country->serial_count[key] == SERIALS_PER_DATE)
        key = draw_below(draw, 100 * 12) * 31 + draw_below(draw, 28);

    /* 377 and 1000 have no common divisor: every serial comes once. */
    uint32_t serial = (key + 377u * country->serial_count[key]++) % SERIALS_PER_DATE;
    uint64_t code = old_code_of(key, serial);
    if (draw_chance(draw,
                    WRONG_CHECK_PER_100000)) /* as happens: nobody checked when it was given */
        code = code / 10 * 10 + (code % 10 + 1) % 10;
    return code;
}

#define NEW_CODE_COUNT UINT64_C(1000000000)

/* Scatters 0, 1, 2 ... over all new codes, each once. */
static uint64_t new_code_of(uint64_t which)
{
    return UINT64_C(32) * NEW_CODE_COUNT + (which * 617283951 + 271828182) % NEW_CODE_COUNT;
}

uint64_t country_new_code(struct country *country)
{
    return new_code_of(country->new_code_count++);
}

uint64_t country_unknown_code(uint32_t which)
{
    assert(which < 1000000);
    return new_code_of(NEW_CODE_COUNT - 1 - which);
}

/* Ages and places */

static void urn_fill(struct urn *urn, uint32_t person_count)
{
    *urn = (struct urn){0};
    uint64_t share = 0, given = 0, share_all = 1000 * AGE_BAND_YEARS;
    for (uint32_t age = 0; age < AGE_COUNT; age++) {
        share += age_shares[age / AGE_BAND_YEARS];
        uint64_t upto = share * person_count / share_all;
        urn->left[age] = (uint32_t)(upto - given);
        given = upto;
        *(age < ADULT_AGE ? &urn->children : &urn->adults) += urn->left[age];
    }
    urn->children_left = urn->children;
    urn->adults_left = urn->adults;
    assert(given == person_count);
}

static void urn_take(struct urn *urn, uint32_t age)
{
    if (urn->left[age] == 0) /* the cast's ages, in a very small country */
        return;
    urn->left[age]--;
    (*(age < ADULT_AGE ? &urn->children_left : &urn->adults_left))--;
}

/* An age of `least` up to `end`, or any that is left when there are none of these. */
static uint32_t urn_draw(struct urn *urn, struct draw *draw, uint32_t least, uint32_t end)
{
    uint32_t sum = 0;
    for (uint32_t age = least; age < end; age++)
        sum += urn->left[age];
    if (sum == 0)
        return least == 0 && end == AGE_COUNT ? 40 : urn_draw(urn, draw, 0, AGE_COUNT);
    uint32_t which = draw_below(draw, sum), age = least;
    while (which >= urn->left[age])
        which -= urn->left[age++];
    urn_take(urn, age);
    return age;
}

static uint32_t place_draw(struct draw *draw)
{
    uint32_t sum = 0, index = 0;
    for (size_t i = 0; i < PLACE_COUNT; i++)
        sum += place_shares[i];
    uint32_t which = draw_below(draw, sum);
    while (which >= place_shares[index])
        which -= place_shares[index++];
    if (index < CITY_COUNT)
        return (index + 1) * 1000;
    uint32_t place = (index - CITY_COUNT + MUNICIPALITY_FIRST) * 1000;
    if (draw_percent(draw, 50)) /* a town or a parish of it */
        place +=
            (draw_percent(draw, 40) ? draw_between(draw, 20, 24) : draw_between(draw, 40, 60)) * 10;
    return place;
}

/* Citizens and their households */

static int32_t birth_draw(struct draw *draw, uint32_t as_of_day, uint32_t age)
{
    struct date date = date_of_day((int32_t)as_of_day);
    date.year -= (int32_t)age;
    if (!date_is_valid(date))
        date.day = 28;
    return day_of_date(date) - (int32_t)draw_below(draw, 365);
}

/* Deaths per 100,000 within the last 90 days, by age. */
static uint32_t death_chance(uint32_t age)
{
    if (age < 40)
        return 10;
    if (age < 65)
        return 140;
    if (age < 75)
        return 600;
    return age < 85 ? 1500 : 4500;
}

#define DEATH_DAYS            90
#define CODE_CHANGED_PERCENT  2
#define TWICE_CHANGED_PERCENT 5
#define NEW_CODES_FROM        17348 /* 2017-07-01 */
#define NO_ADDRESS_PER_100000 300

static void citizen_make(struct country *country, struct draw *draw, uint32_t person, uint32_t age,
                         uint32_t place)
{
    struct citizen *citizen = &country->citizens[person];
    *citizen = (struct citizen){.place = place, .death_day = DAY_NEVER};
    citizen->birth_day = birth_draw(draw, country->as_of_day, age);
    if (draw_chance(draw, death_chance(age)))
        citizen->death_day = country->as_of_day - draw_below(draw, DEATH_DAYS);
    if (citizen->birth_day > 0 && citizen->death_day < (uint32_t)citizen->birth_day)
        citizen->death_day = (uint32_t)citizen->birth_day;
    if (draw_chance(draw, NO_ADDRESS_PER_100000))
        citizen->place = 0;
    if (citizen->birth_day >= NEW_CODES_FROM) {
        citizen->code = country_new_code(country);
        return;
    }
    citizen->code = country_old_code(country, draw, citizen->birth_day);
    for (size_t i = 0; i < PREVIOUS_COUNT_MAX; i++) {
        if (!draw_percent(draw, i == 0 ? CODE_CHANGED_PERCENT : TWICE_CHANGED_PERCENT))
            break;
        citizen->previous[i] = citizen->code;
        citizen->code = country_new_code(country);
    }
}

static uint32_t child_count_draw(struct draw *draw)
{
    uint32_t percent = draw_below(draw, 100);
    if (percent < 48)
        return 1;
    if (percent < 82)
        return 2;
    if (percent < 95)
        return 3;
    return percent < 98 ? 4 : 5;
}

/* A family with children when these lag behind the adults already settled, else one or two adults.
 */
static void home_draw(struct home *home, struct urn *urn, struct draw *draw)
{
    bool has_children =
        (uint64_t)urn->children_left * urn->adults > (uint64_t)urn->adults_left * urn->children;
    if (!has_children || urn->adults_left < 2) {
        home->age[home->count++] = urn_draw(urn, draw, has_children ? 0 : ADULT_AGE, AGE_COUNT);
        uint32_t age = home->age[0];
        if (age >= 25 && age + 10 < AGE_COUNT && draw_percent(draw, 50))
            home->age[home->count++] = urn_draw(urn, draw, age - 7, age + 10);
        home->adult_count = home->count;
        return;
    }
    home->age[home->count++] = urn_draw(urn, draw, 22, 55);
    if (draw_percent(draw, 75))
        home->age[home->count++] = urn_draw(urn, draw, 22, 60);
    home->adult_count = home->count;
    for (uint32_t left = child_count_draw(draw); left > 0 && urn->children_left > 0; left--)
        home->age[home->count++] = urn_draw(urn, draw, 0, ADULT_AGE);
    if (draw_percent(draw, 12)) /* grown, and still at home */
        home->age[home->count++] = urn_draw(urn, draw, ADULT_AGE, 24);
}

/* Returns how many citizens stand afterwards. */
static uint32_t home_settle(struct country *country, struct draw *draw, struct urn *urn,
                            uint32_t first)
{
    struct home home = {.first = first};
    home_draw(&home, urn, draw);
    assert(home.count <= HOUSEHOLD_SIZE_MAX);
    if (home.count > country->person_count - first)
        home.count = country->person_count - first;
    if (home.adult_count > home.count)
        home.adult_count = home.count;
    uint32_t place = place_draw(draw);
    for (uint32_t i = 0; i < home.count; i++)
        citizen_make(country, draw, first + i, home.age[i], place);
    people_live(country, draw, &home);
    return first + home.count;
}

void country_make(struct country *country, uint32_t person_count, uint64_t seed, uint32_t as_of_day,
                  bool is_quiet)
{
    assert(person_count >= COUNTRY_PERSONS_MIN && person_count <= COUNTRY_PERSONS_MAX);
    assert(as_of_day >= COUNTRY_AS_OF_LEAST && as_of_day <= COUNTRY_AS_OF_MOST);
    *country = (struct country){
        .seed = seed,
        .as_of_day = as_of_day,
        .from_day = as_of_day - COUNTRY_DAYS_BEFORE,
        .until_day = as_of_day + COUNTRY_DAYS_AFTER,
        .person_count = person_count,
        .citizens = take(person_count, sizeof(struct citizen)),
        .serial_count = take(DATE_KEY_COUNT, sizeof(uint16_t)),
    };
    struct progress progress;
    progress_start(&progress, "settling", "persons", person_count, is_quiet);
    struct draw draw = draw_start(seed, 0);
    struct urn urn;
    urn_fill(&urn, person_count);

    uint32_t settled = cast_settle(country, &draw);
    for (uint32_t i = 0; i < settled; i++)
        urn_take(&urn, age_on_day(country->citizens[i].birth_day, (int32_t)as_of_day));
    while (settled < person_count) {
        settled = home_settle(country, &draw, &urn, settled);
        if (settled % 64 == 0)
            progress_set(&progress, settled);
    }
    progress_end(&progress);
}

void country_free(struct country *country)
{
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        free(country->rows[i]);
        free(country->cards[i]);
    }
    free(country->citizens);
    free(country->serial_count);
    *country = (struct country){0};
}
