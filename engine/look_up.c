#include "engine/look_up.h"

#include <assert.h>
#include <string.h>

/* One of the edition's decoys. */
static const uint32_t *decoy_of(const struct edition *edition, const struct digest *digest)
{
    return &edition->decoys[load_u32(digest->bytes + DIGEST_SIZE - 4) % DECOY_COUNT];
}

/* Eight are digested side by side, and meanwhile the buckets of those before are under way. */
void look_up_digest(struct digest digests[], const uint8_t *homes[], const struct edition *edition,
                    const struct identifier identifiers[], size_t count)
{
    assert(count <= LOOK_UP_MAX && edition->identity != NULL);
    const struct index *index = &edition->tables->index;
    for (size_t first = 0; first < count; first += IDENTITY_STEP) {
        size_t some = count - first < IDENTITY_STEP ? count - first : IDENTITY_STEP;
        identity_digest_step(digests + first, edition->keyed, identifiers + first, some);
        for (size_t i = first; i < first + some; i++) {
            homes[i] = index_home_bucket(index, &digests[i]);
            __builtin_prefetch(homes[i]);
            __builtin_prefetch(decoy_of(edition, &digests[i]));
        }
    }
}

/* Whoever is not known gets a decoy, the view of somebody who stands where the digest was looked
 * for: it is read as theirs would be, so that time does not tell who is known. A neighbour, because
 * some views are shared by many and always in a cache: a view drawn from all alike would be slower
 * than people are. Where nobody stands, one of the edition's decoys. Without a branch, for the same
 * reason. */
static uint32_t disguise(const struct edition *edition, uint32_t view, uint32_t neighbour,
                         const struct digest *digest)
{
    uint32_t is_alone = 0 - (uint32_t)(neighbour == VIEW_NOBODY);
    uint32_t decoy = (*decoy_of(edition, digest) & is_alone) | (neighbour & ~is_alone);
    uint32_t is_unknown = 0 - (uint32_t)(view == VIEW_NOBODY);
    return ((decoy | VIEW_DECOY) & is_unknown) | (view & ~is_unknown);
}

void look_up_find(uint32_t views[], const struct edition *edition, const uint8_t *const homes[],
                  const struct digest digests[], size_t count)
{
    const struct tables *tables = edition->tables;
    uint32_t neighbours[LOOK_UP_MAX];
    assert(count <= LOOK_UP_MAX);
    index_find_asked(views, neighbours, &tables->index, homes, digests, count);
    for (size_t i = 0; i < count; i++) {
        assert(views[i] < tables->view_count);
        views[i] = disguise(edition, views[i], neighbours[i], &digests[i]);
        __builtin_prefetch(&tables->views[views[i] & ~VIEW_DECOY]);
    }
    explicit_bzero(neighbours, count * sizeof(neighbours[0]));
}

void look_up_ask(const struct edition *edition, const uint32_t views[], size_t count)
{
    const struct tables *tables = edition->tables;
    uint32_t sets[LOOK_UP_MAX];
    assert(count <= LOOK_UP_MAX);
    for (size_t i = 0; i < count; i++) {
        sets[i] = tables->views[views[i] & ~VIEW_DECOY].set;
        __builtin_prefetch(&edition->sets[sets[i]]);
    }
    for (size_t i = 0; i < count; i++)
        __builtin_prefetch(&tables->memberships[edition->sets[sets[i]].first]);
    explicit_bzero(sets, count * sizeof(sets[0]));
}
