/* Any bytes are requests that an engine could have been asked, up to the end or to a fault that
 * names a line and shows nothing of it. */
#include "loader/requests.h"
#include "protocol/frame.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_request(const struct request_line *request)
{
    const struct purchase *purchase = &request->purchase;
    const struct identifier *who = &request->identifier;
    assert(purchase->product >= 1 && purchase->service_time_s >= 1);
    assert(purchase->quantity >= 1 && purchase->quantity <= QUANTITY_MAX);
    assert(purchase->means >= 1 && purchase->means <= MEANS_LAST);
    assert(purchase->entry <= ENTRY_LAST);
    assert(who->size == 0 ||
           (who->means == purchase->means && means_is_canonical(who->means, who->text, who->size) &&
            !means_is_anybody(who)));
}

/* What a fault could only have from the log: bytes that no sentence of ours has. */
static void check_fault(const struct fault *fault)
{
    static const char name[] = "log:";
    assert(strncmp(fault->text, name, strlen(name)) == 0);
    for (const char *c = fault->text; *c != '\0'; c++)
        assert(*c >= ' ' && *c < 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct requests *requests;
    struct request_line request;
    struct fault fault = {""};
    bool is_there = true;
    FILE *file = size > 0 ? fmemopen((void *)(uintptr_t)data, size, "r") : NULL;
    if (file == NULL)
        return 0;
    if (!requests_begin(&requests, file, "log", &fault)) {
        check_fault(&fault);
        return 0;
    }
    while (is_there) {
        if (!requests_next(requests, &request, &is_there, &fault)) {
            check_fault(&fault);
            break;
        }
        if (is_there)
            check_request(&request);
        assert(requests_offset(requests) <= size);
    }
    requests_close(requests);
    return 0;
}
