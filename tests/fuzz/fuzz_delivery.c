/* Any list of a delivery is files of described registers in its own folder, or a fault; and a
 * register that is listed cannot be named absent. */
#include "loader/delivery.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct register_description descriptions[] = {
    {.name = "base", .fact = FACT_PERSON},
    {.name = "status", .fact = FACT_STATUS, .status_kind = 0},
    {.name = "cards", .fact = FACT_MEANS},
};
static const struct registers registers = {descriptions, 3};

static void check_delivery(const struct delivery *delivery)
{
    assert(delivery->description >= descriptions && delivery->description < descriptions + 3);
    assert(memchr(delivery->file, '\0', sizeof(delivery->file)) != NULL);
    assert(delivery->file[0] != '\0' && delivery->file[0] != '.');
    assert(strchr(delivery->file, '/') == NULL);
    assert(delivery->rows_announced <= UINT32_MAX && delivery->row_count == 0);
}

static bool parse(struct intake *intake, struct vocabulary *vocabulary, const uint8_t *data,
                  size_t size, const char *absent)
{
    struct fault fault = {""};
    *intake = (struct intake){0};
    vocabulary->kind_count = 1;
    vocabulary->kinds[0] = (struct status_kind){.name = "status"};
    if (delivery_list_parse(intake, vocabulary, &registers, (const char *)data, size, absent,
                            &fault))
        return true;
    assert(fault.text[0] != '\0');
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct intake intake, other;
    static struct vocabulary vocabulary, other_vocabulary;
    bool is_fine = parse(&intake, &vocabulary, data, size, NULL);
    bool is_fine_without = parse(&other, &other_vocabulary, data, size, "cards");
    assert(!(is_fine && is_fine_without)); /* listed, or absent */
    if (is_fine) {
        bool is_there[3] = {false};
        for (size_t i = 0; i < intake.delivery_count; i++) {
            check_delivery(&intake.deliveries[i]);
            is_there[intake.deliveries[i].description - descriptions] = true;
        }
        assert(is_there[0] && is_there[1] && is_there[2]);
    }
    for (uint16_t i = 0; i < vocabulary.kinds[0].missing_count; i++)
        assert(vocabulary.kinds[0].missing[i].digit_count >= 1);
    return 0;
}
