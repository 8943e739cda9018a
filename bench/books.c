#include "bench/books.h"

#include "bench/scan.h"
#include "bench/take.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POINTS_FILE "points_of_sale.csv"
#define PATH_SIZE   4096

static int compare_sellers(const void *left, const void *right)
{
    const struct seller *a = left, *b = right;
    return (a->point_of_sale > b->point_of_sale) - (a->point_of_sale < b->point_of_sale);
}

bool sellers_read(struct sellers *sellers, const char *folder, struct fault *fault)
{
    char path[PATH_SIZE], *line = NULL;
    size_t room = 0;
    *sellers = (struct sellers){0};
    snprintf(path, sizeof(path), "%s/" POINTS_FILE, folder);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return fault_set(fault, "%s: wanted a catalogue's points of sale: %s", path,
                         strerror(errno));
    while (getline(&line, &room, file) > 0) {
        const char *at = line;
        uint64_t number, provider;
        if (!scan_number(&number, &at, UINT32_MAX, ',') ||
            !scan_number(&provider, &at, UINT64_MAX, ','))
            continue; /* the header */
        struct seller seller = {(uint32_t)number, provider};
        sellers->list = take_room(sellers->list, &sellers->room, sellers->count, sizeof(seller));
        sellers->list[sellers->count++] = seller;
    }
    free(line);
    fclose(file);
    if (sellers->count == 0)
        return fault_set(fault, "%s: wanted lines that begin number,provider", path);
    qsort(sellers->list, sellers->count, sizeof(sellers->list[0]), compare_sellers);
    return true;
}

void sellers_free(struct sellers *sellers)
{
    free(sellers->list);
    *sellers = (struct sellers){0};
}

uint64_t sellers_find(const struct sellers *sellers, uint32_t point_of_sale)
{
    struct seller wanted = {.point_of_sale = point_of_sale};
    const struct seller *found =
        bsearch(&wanted, sellers->list, sellers->count, sizeof(wanted), compare_sellers);
    return found != NULL ? found->provider : 0;
}

void books_start(struct books *books)
{
    totals_start(&books->lines, sizeof(struct books_line), BOOKS_KEY_SIZE);
}

void books_free(struct books *books)
{
    totals_free(&books->lines);
}

struct books_line *books_at(struct books *books, uint64_t provider, uint32_t relief, uint32_t day)
{
    struct books_line key = {.provider = provider, .relief = relief, .day = day};
    struct books_line *line = totals_at(&books->lines, &key);
    if (line == NULL)
        errx(EXIT_FAILED, "out of memory: no room for the books");
    return line;
}

static int compare_lines(const void *left, const void *right)
{
    const struct books_line *a = left, *b = right;
    if (a->provider != b->provider)
        return a->provider < b->provider ? -1 : 1;
    if (a->relief != b->relief)
        return a->relief < b->relief ? -1 : 1;
    return (a->day > b->day) - (a->day < b->day);
}

void books_sort(struct books *books)
{
    totals_sort(&books->lines, compare_lines);
}
