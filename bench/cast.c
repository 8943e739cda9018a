#include "bench/cast.h"

#include "bench/people.h"
#include "protocol/means.h"
#include "protocol/status.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

enum role {
    ROLE_RIGA_PENSIONER,
    ROLE_PUPIL,
    ROLE_LOST_CARD,
    ROLE_NO_DATA,
    ROLE_NEEDY,
    ROLE_DEAD,
    ROLE_CHANGED_CODE,
    ROLE_FAMILY_PARENT,
    ROLE_FAMILY_CHILD,
};
#define ROLE_COUNT (ROLE_FAMILY_CHILD + 1)

static const struct {
    uint32_t age, place;
} lives[ROLE_COUNT] = {
    [ROLE_RIGA_PENSIONER] = {71, 1000}, [ROLE_PUPIL] = {13, 1000},
    [ROLE_LOST_CARD] = {68, 1000},      [ROLE_NO_DATA] = {41, 24000},
    [ROLE_NEEDY] = {46, 7000},          [ROLE_DEAD] = {79, 1000},
    [ROLE_CHANGED_CODE] = {74, 1000},   [ROLE_FAMILY_PARENT] = {39, 29000},
    [ROLE_FAMILY_CHILD] = {10, 29000},
};

static void settle(struct country *country, struct draw *draw, uint32_t person)
{
    struct citizen *citizen = &country->citizens[person];
    struct date date = date_of_day((int32_t)country->as_of_day - 150);
    date.year -= (int32_t)lives[person].age;
    if (date.day > 28)
        date.day = 28;
    citizen->birth_day = day_of_date(date);
    citizen->place = lives[person].place;
    citizen->death_day = person == ROLE_DEAD ? country->as_of_day - 10 : DAY_NEVER;
    citizen->code = country_old_code(country, draw, citizen->birth_day);
    if (person == ROLE_CHANGED_CODE) {
        citizen->previous[0] = citizen->code;
        citizen->code = country_new_code(country);
    }
}

static void give_status(struct country *country, enum source source, uint32_t person,
                        uint32_t subtype, uint32_t days_ago, uint32_t term_days)
{
    struct status_row *row = country_add_row(country, source, person);
    row->subtype = (uint8_t)subtype;
    row->from_day = country->as_of_day - days_ago;
    if (term_days > 0)
        row->until_day = row->from_day + term_days;
    if (source == SOURCE_LEARNER)
        row->school = country->citizens[person].place;
    row->is_under_previous = country->citizens[person].previous[0] != 0;
}

/* Issued two years ago: good for the whole window, whatever was drawn. */
static struct card_row *give_card(struct country *country, struct draw *draw, enum source source,
                                  uint32_t person)
{
    struct card_row *card = source == SOURCE_EID
                                ? people_issue_eid(country, draw, person, lives[person].age)
                                : people_issue_etalons(country, draw, person);
    uint32_t term_days = card->last_day - card->from_day;
    card->from_day = country->as_of_day - 730;
    card->last_day = card->from_day + term_days;
    card->is_under_previous = false;
    return card;
}

uint32_t cast_settle(struct country *country, struct draw *draw)
{
    for (uint32_t person = 0; person < ROLE_COUNT; person++)
        settle(country, draw, person);

    /* Rows of a register are in order of person. */
    give_status(country, SOURCE_PENSION, ROLE_RIGA_PENSIONER, PENSION_OLD_AGE, 2000, 0);
    give_status(country, SOURCE_PENSION, ROLE_LOST_CARD, PENSION_OLD_AGE, 1100, 0);
    give_status(country, SOURCE_PENSION, ROLE_DEAD, PENSION_OLD_AGE, 5000, 0);
    give_status(country, SOURCE_PENSION, ROLE_CHANGED_CODE, PENSION_OLD_AGE, 3300, 0);
    give_status(country, SOURCE_LEARNER, ROLE_PUPIL, LEARNER_GENERAL, 61, 0);
    give_status(country, SOURCE_LEARNER, ROLE_FAMILY_CHILD, LEARNER_GENERAL, 61, 0);
    give_status(country, SOURCE_HOUSEHOLD, ROLE_NEEDY, HOUSEHOLD_NEEDY, 60, 180);
    give_status(country, SOURCE_FAMILY, ROLE_FAMILY_PARENT, FAMILY_PARENT, 300, 1095);
    give_status(country, SOURCE_FAMILY, ROLE_FAMILY_CHILD, FAMILY_CHILD, 300, 1095);

    give_card(country, draw, SOURCE_ETALONS, ROLE_RIGA_PENSIONER);
    struct card_row *card = give_card(country, draw, SOURCE_ETALONS, ROLE_LOST_CARD);
    card->state = CARD_LOST;
    card->state_day = country->as_of_day - 5;
    give_card(country, draw, SOURCE_EID, ROLE_RIGA_PENSIONER);
    give_card(country, draw, SOURCE_EID, ROLE_CHANGED_CODE);
    return ROLE_COUNT;
}

/* What people.csv says of them */

enum shown { SHOWN_CODE, SHOWN_PREVIOUS, SHOWN_EID, SHOWN_ETALONS, SHOWN_STRANGER, SHOWN_TEST };

static const struct {
    const char *title;
    enum role role;
    enum shown shown;
    const char *product, *price;
    uint32_t point_of_sale;
    enum status status;
    uint32_t percent;
    const char *sentence;
} scenes[] = {
    {"Pensioner in Riga", ROLE_RIGA_PENSIONER, SHOWN_CODE, "city.ticket", "1.50", 101,
     STATUS_APPLIES, 100, "Pensioners who live in Riga ride free."},
    {"The same pensioner's e-talons", ROLE_RIGA_PENSIONER, SHOWN_ETALONS, "city.ticket", "1.50",
     102, STATUS_APPLIES, 100, "Whichever means is shown leads to the same person."},
    {"Pupil in Riga", ROLE_PUPIL, SHOWN_CODE, "city.ticket", "1.50", 103, STATUS_APPLIES, 100,
     "Who learns and lives in Riga rides free."},
    {"Lost e-talons", ROLE_LOST_CARD, SHOWN_ETALONS, "city.pass", "30.00", 104,
     STATUS_DOES_NOT_APPLY, 0, "Its owner is entitled; a card that was reported lost is not."},
    {"Unknown person", ROLE_RIGA_PENSIONER, SHOWN_STRANGER, "city.pass", "30.00", 105,
     STATUS_DOES_NOT_APPLY, 0,
     "A code that is in no register gets the same answer as any other no."},
    {"Municipality without data", ROLE_NO_DATA, SHOWN_CODE, "medicine.reference", "8.40", 501,
     STATUS_NO_DATA, 0, "This municipality's data did not come: nobody may say no."},
    {"Needy person", ROLE_NEEDY, SHOWN_CODE, "medicine.reference", "8.40", 502, STATUS_APPLIES, 100,
     "Reference medicines are paid in full for needy persons."},
    {"Deceased pensioner", ROLE_DEAD, SHOWN_CODE, "city.pass", "30.00", 106, STATUS_DOES_NOT_APPLY,
     0, "Death ends every relief from its day on."},
    {"Changed code: the old one", ROLE_CHANGED_CODE, SHOWN_PREVIOUS, "city.pass", "30.00", 107,
     STATUS_DOES_NOT_APPLY, 0, "The old personal code is no longer anybody's."},
    {"Changed code: the eID card", ROLE_CHANGED_CODE, SHOWN_EID, "city.ticket", "1.50", 108,
     STATUS_APPLIES, 100, "What came under the old code belongs to the new one."},
    {"Child of a large family", ROLE_FAMILY_CHILD, SHOWN_CODE, "regional.pass", "60.00", 201,
     STATUS_APPLIES, 40, "Honorary Families get two fifths off a season ticket."},
    {"Reserved test identity", ROLE_RIGA_PENSIONER, SHOWN_TEST, "test.product", "1.00", 0,
     STATUS_APPLIES, 100, "In every snapshot, and no person: for installers and monitoring."},
};

static uint32_t card_number(const struct country *country, enum source source, uint32_t person)
{
    for (uint32_t i = 0; i < country->card_count[source]; i++)
        if (country->cards[source][i].person == person)
            return country->cards[source][i].number;
    return 0;
}

#define TEXT_SIZE 32

static void show(char text[static TEXT_SIZE], const struct country *country, enum role role,
                 enum shown shown)
{
    uint32_t number;
    switch (shown) {
    case SHOWN_CODE:
        snprintf(text, TEXT_SIZE, "%011" PRIu64, country->citizens[role].code);
        return;
    case SHOWN_PREVIOUS:
        snprintf(text, TEXT_SIZE, "%011" PRIu64, country->citizens[role].previous[0]);
        return;
    case SHOWN_EID:
        number = card_number(country, SOURCE_EID, role);
        snprintf(text, TEXT_SIZE, "P%c%07u", (char)('A' + number / 10000000), number % 10000000);
        return;
    case SHOWN_ETALONS:
        snprintf(text, TEXT_SIZE, "%010u", card_number(country, SOURCE_ETALONS, role));
        return;
    case SHOWN_STRANGER:
        snprintf(text, TEXT_SIZE, "%011" PRIu64, country_unknown_code(999999));
        return;
    case SHOWN_TEST:
        snprintf(text, TEXT_SIZE, "%s", means_test_identifier(MEANS_PERSONAL_CODE, TEST_HIT));
        return;
    }
}

/* Whether what is shown can be used on the as-of day: an eID card may be too old for it. */
static bool is_usable(const struct country *country, enum role role, enum shown shown)
{
    for (uint32_t i = 0; shown == SHOWN_EID && i < country->card_count[SOURCE_EID]; i++) {
        const struct card_row *card = &country->cards[SOURCE_EID][i];
        if (card->person == (uint32_t)role)
            return card_usable_day(country, SOURCE_EID, card) <= country->as_of_day;
    }
    return true;
}

static enum means means_shown(enum shown shown)
{
    if (shown == SHOWN_EID)
        return MEANS_EID;
    return shown == SHOWN_ETALONS ? MEANS_ETALONS : MEANS_PERSONAL_CODE;
}

bool cast_write(const struct country *country, const char *folder, struct fault *fault)
{
    char path[PATH_MAX], text[TEXT_SIZE];
    snprintf(path, sizeof(path), "%s/people.csv", folder);
    FILE *to = fopen(path, "we");
    if (to == NULL)
        return fault_set(fault, "%s: cannot be written: %s", path, strerror(errno));
    fprintf(
        to,
        "title,means,identifier,product,point_of_sale,price_eur,expected_status,expected_percent,"
        "sentence\n");
    for (size_t i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++) {
        bool is_good = is_usable(country, scenes[i].role, scenes[i].shown);
        show(text, country, scenes[i].role, scenes[i].shown);
        fprintf(to, "%s,%s,%s,%s,%u,%s,%s,%u,\"%s\"\n", scenes[i].title,
                means_name((uint8_t)means_shown(scenes[i].shown)), text, scenes[i].product,
                scenes[i].point_of_sale, scenes[i].price,
                status_name((uint16_t)(is_good ? scenes[i].status : STATUS_DOES_NOT_APPLY)),
                is_good ? scenes[i].percent : 0, scenes[i].sentence);
    }
    bool is_written = !ferror(to);
    if (fclose(to) != 0 || !is_written)
        return fault_set(fault, "%s: cannot be written: %s", path, strerror(errno));
    return true;
}
