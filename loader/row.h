/* The fields of one row -> typed facts, or the reason why not. What each field is, the register's
 * description says; this is the same for CSV and XML. */
#ifndef LOADER_ROW_H
#define LOADER_ROW_H

#include "loader/facts.h"
#include "loader/intake.h"
#include "loader/register.h"
#include "loader/text.h"

#define FIELD_NONE         UINT8_MAX
#define PREVIOUS_COUNT_MAX 8 /* earlier codes of one person in one row */

/* A description made ready for one file. */
struct row_plan {
    enum fact_kind fact;
    enum file_encoding encoding; /* of the fields as they come; expat makes XML UTF-8 */
    enum means means;
    uint16_t status_kind;
    uint8_t delivery;
    uint32_t as_of_day;
    uint32_t capable_since, ready_since; /* of means, by the day of issue; 0: not said */
    struct planned_column {
        uint8_t field; /* index in the row, or FIELD_NONE: not described */
        bool is_optional;
        enum date_form date_form;
    } columns[ROLE_COUNT];
    uint16_t value_count; /* of the subtype's or the state's map, in the file's encoding */
    struct planned_value {
        uint8_t size;
        uint8_t to;
        char text[COLUMN_NAME_SIZE];
    } values[MAP_COUNT_MAX];
};

/* `fields[i]` is where in a row the description's column i stands. A value of a map that the
 * encoding cannot write is a fault. */
MUST_USE bool row_plan(struct row_plan *plan, const struct register_description *description,
                       enum file_encoding encoding, const uint8_t fields[static COLUMN_COUNT_MAX],
                       struct fault *fault);

/* Where facts go, and what is noticed on the way. */
struct row_reader {
    const struct row_plan *plan; /* borrowed */
    struct facts *facts;         /* borrowed */
    uint64_t warning_count;      /* codes whose check digit is wrong */
    uint64_t idle_count;         /* means that are no use: not capable, or not activated yet */
    uint8_t column;              /* of the last refusal, from 1 */
};

/* Adds the row's facts and returns 0, or adds none and returns the refusal. */
unsigned row_take(struct row_reader *reader, const struct span fields[], uint32_t line);

/* The digits of a date in the form -> day. 0, REFUSAL_DATE_FORM or REFUSAL_DATE_NONE_SUCH. */
unsigned row_day_of_text(int32_t *day, enum date_form form, struct span text);

/* The packed personal code; 0 or REFUSAL_CODE_... */
unsigned row_code_of_text(uint64_t *code, struct span text);

#endif
