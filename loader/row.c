#include "loader/row.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- eight digits at once ---- */

#define EVERY_BYTE(value) (UINT64_C(0x0101010101010101) * (value))
#define ZEROS(count)      (EVERY_BYTE('0') >> (64 - 8 * (count))) /* "0" in the first bytes */

/* Eight digits, the first in the lowest byte, as four numbers below 100 in lanes of 16 bits; false
 * when one is none. */
static inline bool pairs_of_digits(uint64_t *pairs, uint64_t digits)
{
    uint64_t low = digits ^ EVERY_BYTE('0');
    /* Adding six carries ten to fifteen into the high half of their byte; what carries out of its
     * byte had a high half before. */
    if (((low | (low + EVERY_BYTE(0x06))) & EVERY_BYTE(0xf0)) != 0)
        return false;
    *pairs = (low * 10 + (low >> 8)) & UINT64_C(0x00ff00ff00ff00ff);
    return true;
}

/* The number that they make; UINT32_MAX when one is none. */
static inline uint32_t number_of_digits(uint64_t digits)
{
    uint64_t low;
    if (!pairs_of_digits(&low, digits))
        return UINT32_MAX;
    uint64_t pairs = (low & UINT64_C(0x000000ff000000ff)) * UINT64_C(0x000f424000000064);
    uint64_t others = (low >> 16 & UINT64_C(0x000000ff000000ff)) * UINT64_C(0x0000271000000001);
    return (uint32_t)((pairs + others) >> 32);
}

static uint64_t load_text(const char *text)
{
    return load_u64((const uint8_t *)text);
}

/* ---- personal codes ---- */

#define CODE_LEAST UINT64_C(1000000000)  /* 01... */
#define CODE_LIMIT UINT64_C(40000000000) /* companies begin with 4, 5, 9 */

/* DDDDDD-DDDDD, DDDDDDDDDDD, or DDDDDDDDDD with its zero lost: nearly every row. */
static bool take_plain_code(uint64_t *code, struct span text)
{
    if (text.size < 10 || text.size > 12 || (text.size == 12 && text.text[6] != '-'))
        return false;
    unsigned lost = text.size == 10 ? 1 : 0;
    uint64_t front = load_text(text.text) << (8 * (2 + lost)) | ZEROS(2 + lost);
    uint64_t back = load_text(text.text + text.size - 8);
    back = (back >> 24 << 24) | ZEROS(3);
    uint32_t front_number = number_of_digits(front), back_number = number_of_digits(back);
    if (front_number == UINT32_MAX || back_number == UINT32_MAX)
        return false;
    uint64_t number = (uint64_t)front_number * 100000 + back_number;
    if (number < CODE_LEAST || number >= CODE_LIMIT)
        return false;
    *code = number;
    return true;
}

static unsigned refusal_of_code(enum means_fault fault)
{
    switch (fault) {
    case MEANS_FINE:
        return 0;
    case MEANS_EMPTY:
        return REFUSAL_CODE_MISSING;
    case MEANS_TOO_LONG:
    case MEANS_WRONG_LENGTH:
    case MEANS_WRONG_CHARACTER:
        return REFUSAL_CODE_FORM;
    case MEANS_NOT_A_PERSON:
        return REFUSAL_CODE_NOT_PERSON;
    }
    abort(); /* no fault of means: memory was overwritten */
}

unsigned row_code_of_text(uint64_t *code, struct span text)
{
    if (take_plain_code(code, text))
        return 0;
    struct identifier identifier;
    unsigned refusal =
        refusal_of_code(means_normalise(&identifier, MEANS_PERSONAL_CODE, text.text, text.size));
    if (refusal == 0)
        *code = means_pack_code(identifier.text);
    return refusal;
}

/* ---- dates ---- */

/* YYYYMMDD in a word, or something that is no eight digits. */
static uint64_t date_digits(enum date_form form, struct span text)
{
    if (text.size != (form == DATE_COMPACT ? 8 : 10))
        return 0;
    uint64_t front = load_text(text.text);
    if (form == DATE_COMPACT)
        return front;
    uint64_t back = load_text(text.text + 2);
    if (form == DATE_ISO) {
        const uint64_t hyphens = UINT64_C(0x2d00002d00000000);
        if ((front & UINT64_C(0xff0000ff00000000)) != hyphens)
            return 0;
        return (front & UINT64_C(0x00000000ffffffff)) |
               (front >> 8 & UINT64_C(0x0000ffff00000000)) | (back & UINT64_C(0xffff000000000000));
    }
    const uint64_t dots = UINT64_C(0x00002e00002e0000);
    if ((front & UINT64_C(0x0000ff0000ff0000)) != dots)
        return 0;
    return back >> 32 | (front << 8 & UINT64_C(0x0000ffff00000000)) | front << 48;
}

unsigned row_day_of_text(int32_t *day, enum date_form form, struct span text)
{
    uint64_t pairs;
    if (!pairs_of_digits(&pairs, date_digits(form, text)))
        return REFUSAL_DATE_FORM;
    struct date date = {
        .year = (int32_t)((pairs & 0xff) * 100 + (pairs >> 16 & 0xff)),
        .month = pairs >> 32 & 0xff,
        .day = (uint32_t)(pairs >> 48),
    };
    if (!date_is_valid(date))
        return REFUSAL_DATE_NONE_SUCH;
    *day = day_of_date(date);
    return 0;
}

/* ---- fields ---- */

static unsigned refuse(struct row_reader *reader, enum role role, unsigned refusal)
{
    reader->column = (uint8_t)(reader->plan->columns[role].field + 1);
    return refusal;
}

/* A field that we cannot read: because its bytes are no text, or for the reason given. */
static unsigned refuse_field(struct row_reader *reader, enum role role, struct span field,
                             unsigned refusal)
{
    bool is_text = reader->plan->encoding == ENCODING_UTF8 ? text_is_utf8(field.text, field.size)
                                                           : text_is_1257(field.text, field.size);
    return refuse(reader, role, is_text ? refusal : REFUSAL_ENCODING);
}

static inline struct span field_of(const struct row_reader *reader, const struct span fields[],
                                   enum role role)
{
    uint8_t field = reader->plan->columns[role].field;
    return field == FIELD_NONE ? (struct span){"", 0} : span_trim(fields[field]);
}

static unsigned read_code(struct row_reader *reader, const struct span fields[], uint64_t *code)
{
    struct span field = field_of(reader, fields, ROLE_CODE);
    if (field.size == 0)
        return refuse(reader, ROLE_CODE, REFUSAL_CODE_MISSING);
    unsigned refusal = row_code_of_text(code, field);
    if (refusal != 0)
        return refuse_field(reader, ROLE_CODE, field, refusal);
    reader->warning_count += !means_code_checks(*code);
    return 0;
}

/* `day` stays as it is when the field is empty and may be. */
static unsigned read_day(struct row_reader *reader, const struct span fields[], enum role role,
                         int64_t *day)
{
    const struct planned_column *column = &reader->plan->columns[role];
    struct span field = field_of(reader, fields, role);
    if (field.size == 0)
        return column->is_optional ? 0 : refuse(reader, role, REFUSAL_DATE_MISSING);
    int32_t read;
    unsigned refusal = row_day_of_text(&read, column->date_form, field);
    if (refusal != 0)
        return refuse_field(reader, role, field, refusal);
    *day = read;
    return 0;
}

#define PLACE_SIZE_MAX 7

static unsigned read_place(struct row_reader *reader, const struct span fields[], enum role role,
                           uint32_t *place)
{
    struct span field = field_of(reader, fields, role);
    if (field.size == 0) {
        *place = 0;
        return reader->plan->columns[role].is_optional ? 0 : refuse(reader, role, REFUSAL_PLACE);
    }
    uint32_t number = 0;
    bool is_number = field.size <= PLACE_SIZE_MAX;
    for (uint32_t i = 0; is_number && i < field.size; i++) {
        uint32_t digit = (uint32_t)(uint8_t)field.text[i] - '0';
        is_number = digit <= 9;
        number = number * 10 + digit;
    }
    if (!is_number || number == 0)
        return refuse_field(reader, role, field, REFUSAL_PLACE);
    *place = number;
    return 0;
}

/* What the register's own word stands for; 0 when the field is empty and may be. */
static unsigned read_value(struct row_reader *reader, const struct span fields[], enum role role,
                           uint8_t *value)
{
    const struct row_plan *plan = reader->plan;
    struct span field = field_of(reader, fields, role);
    if (field.size == 0 && plan->columns[role].is_optional) {
        *value = 0;
        return 0;
    }
    for (uint16_t i = 0; i < plan->value_count; i++) {
        const struct planned_value *known = &plan->values[i];
        if (known->size == field.size && memcmp(known->text, field.text, field.size) == 0) {
            *value = known->to;
            return 0;
        }
    }
    return refuse_field(reader, role, field, REFUSAL_CLASSIFIER);
}

/* ---- rows ---- */

#define OPEN_START INT64_MIN
#define OPEN_END   INT64_MAX

/* Snapshots judge days from 1970 on: what began earlier has begun by then. A span that ended before
 * keeps one day there, since spans of no day are for nobody. */
static uint32_t day_from(int64_t day)
{
    return day < 0 ? 0 : (uint32_t)day;
}

static uint32_t day_until(int64_t day)
{
    return day == OPEN_END ? DAY_NEVER : day < 1 ? 1 : (uint32_t)day;
}

/* From the row's first day to the day after its last. */
static unsigned read_interval(struct row_reader *reader, const struct span fields[], int64_t *from,
                              int64_t *until)
{
    *from = OPEN_START;
    *until = OPEN_END;
    enum role end = reader->plan->columns[ROLE_LAST].field == FIELD_NONE ? ROLE_UNTIL : ROLE_LAST;
    unsigned refusal = read_day(reader, fields, ROLE_FROM, from);
    if (refusal == 0)
        refusal = read_day(reader, fields, end, until);
    if (refusal != 0)
        return refusal;
    if (end == ROLE_LAST && *until != OPEN_END)
        (*until)++;
    return *until <= *from ? refuse(reader, end, REFUSAL_DATE_ORDER) : 0;
}

/* Earlier codes, separated by spaces. */
static unsigned read_previous(struct row_reader *reader, const struct span fields[], uint64_t code,
                              uint64_t previous[static PREVIOUS_COUNT_MAX], size_t *count)
{
    struct span field = field_of(reader, fields, ROLE_PREVIOUS);
    struct span rest = field;
    while (rest.size > 0) {
        const char *space = memchr(rest.text, ' ', rest.size);
        struct span word = {rest.text, space == NULL ? rest.size : (uint32_t)(space - rest.text)};
        uint64_t read;
        unsigned refusal = row_code_of_text(&read, word);
        if (refusal != 0)
            return refuse_field(reader, ROLE_PREVIOUS, field, refusal);
        if (*count == PREVIOUS_COUNT_MAX)
            return refuse(reader, ROLE_PREVIOUS, REFUSAL_CODE_FORM);
        if (read != code)
            previous[(*count)++] = read;
        rest.text += word.size;
        rest.size -= word.size;
        rest = span_trim(rest);
    }
    return 0;
}

static unsigned take_person(struct row_reader *reader, const struct span fields[], uint32_t line)
{
    uint64_t previous[PREVIOUS_COUNT_MAX] = {NO_CODE};
    size_t previous_count = 0;
    struct person_fact fact = {.line = line, .delivery = reader->plan->delivery};
    int64_t birth = 0, death = OPEN_END;
    unsigned refusal = read_code(reader, fields, &fact.code);
    if (refusal == 0)
        refusal = read_previous(reader, fields, fact.code, previous, &previous_count);
    if (refusal == 0)
        refusal = read_day(reader, fields, ROLE_BIRTH, &birth);
    if (refusal == 0)
        refusal = read_day(reader, fields, ROLE_DEATH, &death);
    if (refusal == 0)
        refusal = read_place(reader, fields, ROLE_PLACE, &fact.place);
    if (refusal != 0)
        return refusal;
    if (birth > (int64_t)reader->plan->as_of_day)
        return refuse(reader, ROLE_BIRTH, REFUSAL_BIRTH_FUTURE);
    if (death < birth)
        return refuse(reader, ROLE_DEATH, REFUSAL_DATE_ORDER);

    fact.birth_day = (int32_t)birth;
    fact.death_day = death == OPEN_END ? DAY_NEVER : day_from(death);
    size_t i = 0;
    do {
        fact.previous = previous[i];
        *facts_add_person(reader->facts) = fact;
    } while (++i < previous_count);
    return 0;
}

static unsigned take_status(struct row_reader *reader, const struct span fields[], uint32_t line)
{
    struct status_fact fact = {
        .line = line,
        .kind = reader->plan->status_kind,
        .delivery = reader->plan->delivery,
    };
    int64_t from, until;
    unsigned refusal = read_code(reader, fields, &fact.code);
    if (refusal == 0 && reader->plan->columns[ROLE_SUBTYPE].field != FIELD_NONE)
        refusal = read_value(reader, fields, ROLE_SUBTYPE, &fact.subtype);
    if (refusal == 0)
        refusal = read_place(reader, fields, ROLE_SCHOOL, &fact.school);
    if (refusal == 0)
        refusal = read_interval(reader, fields, &from, &until);
    if (refusal != 0)
        return refusal;

    fact.from_day = day_from(from);
    fact.until_day = day_until(until);
    *facts_add_status(reader->facts) = fact;
    return 0;
}

#define ETALONS_SIZE 10

/* A number as the means itself shows it, or with its zeros lost: nearly every row. Whatever else
 * means_normalise can make one of is left to it. */
static bool take_plain_number(struct identifier *out, enum means means, struct span text)
{
    struct identifier number = {.means = (uint8_t)means};
    uint32_t lost =
        means == MEANS_ETALONS && text.size < ETALONS_SIZE ? ETALONS_SIZE - text.size : 0;
    if (text.size > IDENTIFIER_SIZE_MAX)
        return false;
    memset(number.text, '0', lost);
    memcpy(number.text + lost, text.text, text.size);
    number.size = (uint8_t)(lost + text.size);
    if (!means_is_canonical(number.means, number.text, number.size))
        return false;
    *out = number;
    return true;
}

static unsigned read_number(struct row_reader *reader, const struct span fields[],
                            struct identifier *identifier)
{
    struct span field = field_of(reader, fields, ROLE_NUMBER);
    enum means means = reader->plan->means;
    if (!take_plain_number(identifier, means, field) &&
        means_normalise(identifier, means, field.text, field.size) != MEANS_FINE)
        return refuse_field(reader, ROLE_NUMBER, field, REFUSAL_NUMBER_FORM);
    return 0;
}

/* A means that is no longer good ended on the day of that, if not before. */
static unsigned read_state(struct row_reader *reader, const struct span fields[], int64_t from,
                           int64_t *until)
{
    uint8_t is_good;
    int64_t ended = OPEN_END;
    unsigned refusal = read_value(reader, fields, ROLE_STATE, &is_good);
    if (refusal != 0 || is_good)
        return refusal;
    if (field_of(reader, fields, ROLE_STATE_FROM).size == 0)
        return refuse(reader, ROLE_STATE_FROM, REFUSAL_DATE_MISSING);
    refusal = read_day(reader, fields, ROLE_STATE_FROM, &ended);
    if (refusal != 0)
        return refusal;
    if (ended <= from)
        return refuse(reader, ROLE_STATE_FROM, REFUSAL_DATE_ORDER);
    if (ended < *until)
        *until = ended;
    return 0;
}

/* From when on a means is of use, which may be later than its day of issue: OPEN_END when never. */
static unsigned read_use(struct row_reader *reader, const struct span fields[], int64_t issued,
                         int64_t *from)
{
    const struct row_plan *plan = reader->plan;
    int64_t activated = OPEN_END;
    unsigned refusal = read_day(reader, fields, ROLE_ACTIVATED, &activated);
    *from = issued;
    if (plan->capable_since != 0 && issued < (int64_t)plan->capable_since)
        *from = OPEN_END;
    else if (plan->ready_since != 0 && issued < (int64_t)plan->ready_since && activated > issued)
        *from = activated;
    return refusal;
}

static unsigned take_means(struct row_reader *reader, const struct span fields[], uint32_t line)
{
    struct means_fact fact = {.line = line, .delivery = reader->plan->delivery};
    int64_t issued, from, until;
    unsigned refusal = read_number(reader, fields, &fact.identifier);
    if (refusal == 0)
        refusal = read_code(reader, fields, &fact.code);
    if (refusal == 0)
        refusal = read_interval(reader, fields, &issued, &until);
    if (refusal == 0 && reader->plan->columns[ROLE_STATE].field != FIELD_NONE)
        refusal = read_state(reader, fields, issued, &until);
    if (refusal == 0)
        refusal = read_use(reader, fields, issued, &from);
    if (refusal != 0)
        return refusal;

    fact.issued_day = day_from(issued);
    fact.from_day = day_from(from);
    fact.until_day = day_until(until);
    if (from >= until) { /* good on no day; yet the row settles whose means it is */
        fact.from_day = fact.until_day = fact.issued_day;
        reader->idle_count++;
    }
    *facts_add_means(reader->facts) = fact;
    return 0;
}

unsigned row_take(struct row_reader *reader, const struct span fields[], uint32_t line)
{
    switch (reader->plan->fact) {
    case FACT_PERSON:
        return take_person(reader, fields, line);
    case FACT_STATUS:
        return take_status(reader, fields, line);
    case FACT_MEANS:
        return take_means(reader, fields, line);
    }
    abort(); /* no kind of fact: memory was overwritten */
}

/* ---- plans ---- */

static bool plan_value(struct planned_value *value, const struct map_row *row,
                       enum file_encoding encoding, struct fault *fault)
{
    size_t size = strlen(row->from);
    value->to = row->to;
    if (encoding == ENCODING_UTF8)
        memcpy(value->text, row->from, size);
    else
        size = text_1257_of_utf8(value->text, sizeof(value->text), row->from, size);
    if (size == SIZE_MAX)
        return fault_set(fault,
                         "the value \"%s\" has no form in Windows-1257: correct the "
                         "register's description",
                         row->from);
    value->size = (uint8_t)size;
    return true;
}

bool row_plan(struct row_plan *plan, const struct register_description *description,
              enum file_encoding encoding, const uint8_t fields[static COLUMN_COUNT_MAX],
              struct fault *fault)
{
    *plan = (struct row_plan){
        .fact = description->fact,
        .encoding = encoding,
        .means = description->means,
        .status_kind = description->status_kind,
        .capable_since = description->capable_since,
        .ready_since = description->ready_since,
    };
    for (size_t i = 0; i < ROLE_COUNT; i++)
        plan->columns[i] = (struct planned_column){.field = FIELD_NONE, .is_optional = true};
    for (uint16_t i = 0; i < description->column_count; i++) {
        const struct column *column = &description->columns[i];
        if (column->role == ROLE_IGNORED)
            continue;
        plan->columns[column->role] = (struct planned_column){
            .field = fields[i],
            .is_optional = column->is_optional,
            .date_form = column->date_form,
        };
        for (uint16_t j = 0; j < column->map_count; j++) {
            assert(plan->value_count < MAP_COUNT_MAX);
            if (!plan_value(&plan->values[plan->value_count++], &column->map[j], encoding, fault))
                return false;
        }
    }
    return true;
}
