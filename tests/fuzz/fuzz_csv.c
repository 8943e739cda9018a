/* Any bytes, cut in two anywhere, are the rows that plainly written rules say, and each row is
 * facts or a refusal but never both. */
#include "tests/csv_plainly.h"

#include "loader/row.h"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char separators[] = {';', ',', '\t', '|'};

/* A plan of each kind of fact, whose roles are the fields 0, 1, 2 ... */
static void make_plans(struct row_plan plans[static 3])
{
    static const enum role roles[3][8] = {
        {ROLE_CODE, ROLE_PREVIOUS, ROLE_BIRTH, ROLE_DEATH, ROLE_PLACE},
        {ROLE_CODE, ROLE_SUBTYPE, ROLE_FROM, ROLE_LAST, ROLE_SCHOOL},
        {ROLE_CODE, ROLE_NUMBER, ROLE_FROM, ROLE_UNTIL, ROLE_STATE, ROLE_STATE_FROM},
    };
    for (size_t kind = 0; kind < 3; kind++) {
        plans[kind] = (struct row_plan){
            .fact = (enum fact_kind)kind,
            .encoding = kind == 1 ? ENCODING_WINDOWS_1257 : ENCODING_UTF8,
            .means = MEANS_EID,
            .as_of_day = 20000,
            .value_count = 2,
            .values = {{.text = "a", .size = 1, .to = 1}, {.text = "b", .size = 1, .to = 0}},
        };
        for (size_t i = 0; i < ROLE_COUNT; i++)
            plans[kind].columns[i] = (struct planned_column){FIELD_NONE, true, DATE_ISO};
        for (uint8_t i = 0; i < 8 && roles[kind][i] != ROLE_IGNORED; i++)
            plans[kind].columns[roles[kind][i]] =
                (struct planned_column){i, i > 3, (enum date_form)kind};
    }
}

static void take_row(const struct csv_row *row)
{
    static struct row_plan plans[3];
    static bool is_made;
    if (!is_made)
        make_plans(plans);
    is_made = true;
    if (row->refusal != 0 || row->field_count < 6)
        return;
    for (size_t kind = 0; kind < 3; kind++) {
        struct facts facts = {0};
        struct row_reader reader = {.plan = &plans[kind], .facts = &facts};
        unsigned refusal = row_take(&reader, row->fields, row->line);
        size_t fact_count = facts.person_count + facts.status_count + facts.means_count;
        assert((refusal == 0) == (fact_count > 0) && refusal <= REFUSAL_LAST);
        assert(refusal == 0 || (reader.column >= 1 && reader.column <= 6));
        for (size_t i = 0; i < facts.status_count; i++)
            assert(facts.statuses[i].from_day < facts.statuses[i].until_day);
        for (size_t i = 0; i < facts.means_count; i++)
            assert(facts.means[i].from_day < facts.means[i].until_day);
        facts_free(&facts);
    }
}

/* Where the line after the one at `at` begins. */
static size_t line_after(const char *bytes, size_t size, size_t at)
{
    const char *end = memchr(bytes + at, '\n', size - at);
    return end == NULL ? size : (size_t)(end - bytes) + 1;
}

static void compare(const char *bytes, size_t size, size_t cut, char separator)
{
    static struct plain_row plain;
    struct csv csv;
    struct csv_row row;
    uint32_t line = 0;
    csv_begin(&csv, separator, bytes, cut, size, true);
    for (size_t at = 0; at < size; line++) {
        size_t next = line_after(bytes, size, at);
        size_t until = bytes[next - 1] == '\n' ? next - 1 : next;
        if (until > at && bytes[until - 1] == '\r')
            until--;
        if (line > 0 && at >= cut && csv.limit != csv.end) { /* the second half begins here */
            assert(!csv_next(&csv, &row) && csv.line == line);
            csv_begin(&csv, separator, bytes + at, size - at, size - at, true);
            csv.line = line;
        }
        if (until > at) {
            bool is_there = csv_next(&csv, &row);
            assert(is_there && row.line == line);
            plain_row_read(&plain, separator, bytes + at, until - at);
            assert(plain_row_is(&plain, &row));
            take_row(&row);
        }
        at = next;
    }
    assert(!csv_next(&csv, &row));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3)
        return 0;
    size_t cut = data[1] % (size - 2) + 1;
    compare((const char *)data + 2, size - 2, cut, separators[data[0] % sizeof(separators)]);
    return 0;
}
