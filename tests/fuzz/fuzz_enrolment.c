/* Any bytes either are a table of terminals, of which a row more and another key change no other
 * byte, or are refused with a place that is in them. */
#include "protocol/enrolment.h"

#include "protocol/day.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SIZE_MAX_OF_TEXT (1 << 16)

static bool parse(struct enrolment *out, const uint8_t *data, size_t size)
{
    struct fault fault = {""};
    char *text = malloc(size == 0 ? 1 : size); /* no byte more than there is */
    if (text == NULL)
        abort(); /* nothing can be tested without memory */
    if (size > 0)
        memcpy(text, data, size);
    bool is_good = enrolment_parse(out, "t", text, size, &fault);
    if (!is_good)
        assert(strncmp(fault.text, "t:", 2) == 0);
    return is_good;
}

/* A row at the end, and all before it as it was. */
static void add(struct enrolment *enrolment, const uint8_t *data, size_t size)
{
    struct fault fault = {""};
    struct enrolling row = {
        .number = 4294967295, .points = "5-6 9", .profile = "gate", .until_day = DAY_NEVER};
    memset(row.key, 0xee, sizeof(row.key));
    uint32_t count = enrolment->count;
    if (!enrolment_add(enrolment, &row, &fault)) {
        assert(fault.text[0] != '\0' && enrolment->count == count && enrolment->size == size);
        return;
    }
    assert(enrolment->count == count + 1 && enrolment->size > size);
    assert(memcmp(enrolment->text, data, size) == 0);
    const struct enrolled *last = &enrolment->terminals[count];
    assert(last->number == row.number && last->has_key && last->key[31] == 0xee);
}

/* Another key, and all before and behind it as it was. */
static void change(struct enrolment *enrolment, const uint8_t *data, size_t size)
{
    struct fault fault = {""};
    uint8_t key[SESSION_KEY_SIZE];
    if (enrolment->count == 0)
        return;
    uint32_t count = enrolment->count, place = count / 2;
    memset(key, 0xdd, sizeof(key));
    if (!enrolment_set_key(enrolment, enrolment->terminals[place].number, key, &fault)) {
        assert(fault.text[0] != '\0' && enrolment->size == size);
        return;
    }
    assert(enrolment->count == count && enrolment->terminals[place].key[0] == 0xdd);
    size_t front = 0, back = 0;
    while (front < size && (uint8_t)enrolment->text[front] == data[front])
        front++;
    while (back < size - front &&
           (uint8_t)enrolment->text[enrolment->size - 1 - back] == data[size - 1 - back])
        back++;
    assert(enrolment->size - front - back <= 2 * (size_t)SESSION_KEY_SIZE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct enrolment enrolment;
    if (size > SIZE_MAX_OF_TEXT || !parse(&enrolment, data, size))
        return 0;
    add(&enrolment, data, size);
    enrolment_free(&enrolment);
    if (!parse(&enrolment, data, size))
        abort(); /* it was parsed before */
    change(&enrolment, data, size);
    enrolment_free(&enrolment);
    return 0;
}
