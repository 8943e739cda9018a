#include "protocol/eligctl_purchase.h"

#include "protocol/day.h"
#include "protocol/eligctl_say.h"
#include "protocol/identifier_input.h"
#include "protocol/means.h"
#include "protocol/money.h"

#include <string.h>

static int read_identifier(struct elig_request *request, const char *command,
                           const struct purchase_settings *settings)
{
    char line[IDENTIFIER_INPUT];
    struct identifier identifier;
    const char *text = settings->identifier;
    size_t size = strlen(text);
    if (strcmp(text, "-") == 0) {
        const char *wrong = identifier_read_line(line, &size);
        if (wrong != NULL) {
            explicit_bzero(line, sizeof(line));
            return say_failed(EXIT_USAGE, command, "standard input", wrong);
        }
        text = line;
    }
    enum means_fault fault = means_normalise(&identifier, (enum means)request->means, text, size);
    explicit_bzero(line, sizeof(line));
    if (fault != MEANS_FINE)
        return say_failed(EXIT_USAGE, command, settings->means, means_fault_text(fault));
    memcpy(request->identifier, identifier.text, identifier.size);
    explicit_bzero(&identifier, sizeof(identifier));
    return EXIT_YES;
}

static int read_names(struct elig_request *request, const char *command,
                      const struct purchase_settings *settings)
{
    static const char *const entries[] = {"unstated", "chip", "contactless", "optical", "typed"};
    static_assert(sizeof(entries) / sizeof(entries[0]) == ENTRY_LAST + 1, "a name for every entry");
    request->means = means_of_name(settings->means);
    if (request->means == 0)
        return refuse_value(command, "means", "personal-code, eid, e-talons or card",
                            settings->means);
    while (strcmp(entries[request->entry], settings->entry) != 0) {
        if (request->entry == ENTRY_LAST)
            return refuse_value(command, "entry", "unstated, chip, contactless, optical or typed",
                                settings->entry);
        request->entry++;
    }
    return EXIT_YES;
}

int purchase_read(struct elig_request *request, const char *command,
                  const struct purchase_settings *settings, const char *at_option, const char *at)
{
    uint64_t price, at_s = 0;
    int exit_status = read_names(request, command, settings);
    if (exit_status != EXIT_YES)
        return exit_status;
    if (!money_of_text(&price, settings->price, strlen(settings->price), UINT32_MAX))
        return refuse_value(command, "price",
                            "EUR up to 429496.7295 with up to four decimals, such as 1.50",
                            settings->price);
    if (at != NULL && !time_of_text(&at_s, at))
        return refuse_value(command, at_option,
                            "a time in Riga such as 2026-11-23T10:00, or seconds since 1970 UTC",
                            at);
    request->companions = (uint8_t)settings->companions;
    request->quantity = (uint16_t)settings->quantity;
    request->product = (uint32_t)settings->product;
    request->point_of_sale = (uint32_t)settings->point_of_sale;
    request->unit_price = (uint32_t)price;
    request->service_time_s = (uint32_t)at_s;
    return read_identifier(request, command, settings);
}
