/* Which sets are good on which days: numbers of views, first a thread's own, then everybody's. */
#ifndef LOADER_VIEWS_H
#define LOADER_VIEWS_H

#include "loader/groups.h"
#include "protocol/snapshot.h"

/* A set on some days of the window, as a number; VIEW_KEY_NONE where there is nothing to publish.
 */
#define VIEW_KEY_NONE 0
uint64_t view_key(uint32_t set, uint32_t first_day,
                  uint32_t end_day); /* counted from the window's */

/* Keys that one thread has met, by numbers in the order of their appearance. Zero before the first
 * call. */
struct view_keys {
    uint64_t *list;
    uint32_t *slots; /* number + 1; 0: empty */
    uint32_t count, mask;
    size_t room;
};
uint32_t view_keys_number(struct view_keys *keys, uint64_t key);
void view_keys_free(struct view_keys *keys);

/* Every view that occurs, once, in order; [VIEW_NOBODY] is nobody's. Owned. */
struct views {
    struct view *list;
    uint32_t count;
};

/* Numbers what `thread_count` threads met; numbers[t], which the caller frees, leads from a number
 * of thread t to that of the view. */
void views_number(struct views *out, uint32_t *numbers[], const struct view_keys keys[],
                  uint32_t thread_count, struct window window);
void views_free(struct views *views);

#endif
