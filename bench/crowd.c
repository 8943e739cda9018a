#include "bench/crowd.h"

#include "bench/scan.h"
#include "bench/take.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GROUP_MOST 31 /* a bit for each */

uint32_t crowd_add_identifier(struct crowd *crowd, const struct identifier *identifier)
{
    crowd->identifiers = take_room(crowd->identifiers, &crowd->identifier_room,
                                   crowd->identifier_count, sizeof(crowd->identifiers[0]));
    crowd->identifiers[crowd->identifier_count] = *identifier;
    return (uint32_t)crowd->identifier_count++;
}

/* "3:20752:20845:Y;4:20752:20845:Y" */
static bool groups_on_day(uint32_t *groups, const char *at, uint32_t day)
{
    while (*at != '\n' && *at != '\0') {
        uint64_t group, from, until;
        if (!scan_number(&group, &at, GROUP_MOST, ':') ||
            !scan_number(&from, &at, UINT32_MAX, ':') ||
            !scan_number(&until, &at, UINT32_MAX, ':') || (*at != 'Y' && *at != 'U'))
            return false;
        if (*at++ == 'Y' && from <= day && day < until)
            *groups |= UINT32_C(1) << group;
        at += *at == ';';
    }
    return true;
}

/* P,<code>,<groups> */
static bool add_person(struct crowd *crowd, const char *line, uint32_t day)
{
    struct identifier code;
    size_t size = strcspn(line, ",\n");
    if (means_normalise(&code, MEANS_PERSONAL_CODE, line, size) != MEANS_FINE)
        return false;
    crowd->persons = take_room(crowd->persons, &crowd->person_room, crowd->person_count,
                               sizeof(crowd->persons[0]));
    struct crowd_person *person = &crowd->persons[crowd->person_count++];
    *person = (struct crowd_person){.first = crowd_add_identifier(crowd, &code), .count = 1};
    return line[size] != ',' || groups_on_day(&person->groups, line + size + 1, day);
}

/* M,<means>,<identifier>,<code>,<from>,<until>: behind the person whose it is. */
static bool add_means(struct crowd *crowd, const char *line, uint32_t day)
{
    struct identifier identifier;
    uint64_t means, from, until;
    if (!scan_number(&means, &line, MEANS_LAST, ',') || means < 1)
        return false;
    const char *text = line, *code = line + strcspn(line, ",");
    if (*code != ',' ||
        means_normalise(&identifier, (enum means)means, text, (size_t)(code - text)) != MEANS_FINE)
        return false;
    size_t code_size = strcspn(++code, ",");
    const char *at = code + code_size;
    if (*at++ != ',' || !scan_number(&from, &at, UINT32_MAX, ',') ||
        !scan_number(&until, &at, UINT32_MAX, ','))
        return false;
    if (crowd->person_count == 0 || from > day || day >= until)
        return true;
    struct crowd_person *person = &crowd->persons[crowd->person_count - 1];
    const struct identifier *owner = &crowd->identifiers[person->first];
    if (owner->size == code_size && memcmp(owner->text, code, code_size) == 0) {
        crowd_add_identifier(crowd, &identifier);
        person->count++;
    }
    return true;
}

static bool add_line(struct crowd *crowd, const char *line, uint32_t day)
{
    if (strncmp(line, "P,", 2) == 0)
        return add_person(crowd, line + 2, day);
    return strncmp(line, "M,", 2) != 0 || add_means(crowd, line + 2, day);
}

bool crowd_read(struct crowd *crowd, const char *truth_path, uint32_t day, struct fault *fault)
{
    *crowd = (struct crowd){0};
    FILE *file = fopen(truth_path, "re");
    if (file == NULL)
        return fault_set(fault, "%s: wanted the truth of a synthetic country: %s", truth_path,
                         strerror(errno));
    char *line = NULL;
    size_t room = 0;
    unsigned long long number = 0;
    bool is_fine = true;
    while (is_fine && getline(&line, &room, file) > 0) {
        number++;
        is_fine = add_line(crowd, line, day) ||
                  fault_set(fault, "%s:%llu: wanted a line P or M as eligbench country writes it",
                            truth_path, number);
    }
    free(line);
    fclose(file);
    if (is_fine && crowd->person_count == 0)
        is_fine = fault_set(fault, "%s: wanted at least one line P", truth_path);
    if (!is_fine)
        crowd_free(crowd);
    return is_fine;
}

void crowd_free(struct crowd *crowd)
{
    free(crowd->persons);
    free(crowd->identifiers);
    *crowd = (struct crowd){0};
}
