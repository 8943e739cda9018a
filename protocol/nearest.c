#include "protocol/nearest.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define WORD_SIZE    64
#define DISTANCE_MAX 3

static size_t least_of(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Insertions, removals, changes and swaps of neighbours that turn `a` into `b`. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t before[WORD_SIZE], above[WORD_SIZE], row[WORD_SIZE];
    size_t a_size = strlen(a), b_size = strlen(b);
    if (a_size >= WORD_SIZE || b_size >= WORD_SIZE)
        return SIZE_MAX;
    for (size_t j = 0; j <= b_size; j++)
        before[j] = above[j] = row[j] = j;
    for (size_t i = 1; i <= a_size; i++) {
        memcpy(before, above, sizeof(above));
        memcpy(above, row, sizeof(row));
        row[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            row[j] = least_of(above[j] + 1, row[j - 1] + 1);
            row[j] = least_of(row[j], above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least_of(row[j], before[j - 2] + 1);
        }
    }
    return row[b_size];
}

const char *nearest_word(const char *word, const char *const words[], size_t word_count)
{
    const char *nearest = NULL;
    size_t nearest_distance = DISTANCE_MAX + 1;
    for (size_t i = 0; i < word_count; i++) {
        size_t distance = strcasecmp(word, words[i]) == 0 ? 0 : edit_distance(word, words[i]);
        size_t longer = strlen(word) > strlen(words[i]) ? strlen(word) : strlen(words[i]);
        /* At most a third of a short word: "no" is not a mistyped "yes". */
        if (distance < nearest_distance && distance <= (longer + 2) / 3) {
            nearest = words[i];
            nearest_distance = distance;
        }
    }
    for (size_t i = 0; i < word_count && nearest == NULL; i++) {
        if (strlen(word) >= 2 && strncmp(word, words[i], strlen(word)) == 0)
            nearest = words[i];
    }
    return nearest;
}

const char *nearest_text(char text[static NEAREST_TEXT_SIZE], const char *before, const char *after,
                         const char *word, const char *const words[], size_t word_count)
{
    const char *nearest = nearest_word(word, words, word_count);
    text[0] = '\0';
    if (nearest != NULL)
        snprintf(text, NEAREST_TEXT_SIZE, "%s%s%s", before, nearest, after);
    return text;
}
