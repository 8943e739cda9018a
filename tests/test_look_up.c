/* Who it is, and whose memory is read in their place. */
#include "engine/look_up.h"
#include "tests/scene.h"
#include "tests/support.h"

#include <check.h>

static struct scene scene;

static void open_scene(void)
{
    scene_open(&scene);
}

static void close_scene(void)
{
    scene_close(&scene);
}

/* People whom the scene knows, and behind each a stranger. */
static size_t take_people(struct identifier identifiers[LOOK_UP_MAX], size_t count)
{
    static const char *const known[] = {SCENE_SENIOR, SCENE_UNSURE, SCENE_PLAIN, SCENE_EXPIRED};
    for (size_t i = 0; i < count; i++) {
        identifiers[i] = (struct identifier){.means = MEANS_PERSONAL_CODE, .size = 11};
        if (i % 2 == 0)
            memcpy(identifiers[i].text, known[i / 2 % SCENE_COUNT(known)], 11);
        else
            means_unpack_code(identifiers[i].text, UINT64_C(32900000000) + i);
    }
    return count;
}

START_TEST(a_group_of_any_size_finds_whom_each_alone_would)
{
    struct identifier identifiers[LOOK_UP_MAX];
    struct digest digests[LOOK_UP_MAX];
    const uint8_t *homes[LOOK_UP_MAX];
    uint32_t views[LOOK_UP_MAX];
    const struct index *index = &scene.edition->tables->index;
    for (size_t count = 1; count <= LOOK_UP_MAX; count++) {
        take_people(identifiers, count);
        look_up_digest(digests, homes, scene.edition, identifiers, count);
        look_up_find(views, scene.edition, homes, digests, count);
        look_up_ask(scene.edition, views, count);
        for (size_t i = 0; i < count; i++) {
            struct digest digest;
            identity_digest(&digest, scene.edition->identity, &identifiers[i]);
            ck_assert(memcmp(&digest, &digests[i], sizeof(digest)) == 0);
            uint32_t view = index_find(index, &digest);
            ck_assert_uint_eq(view != VIEW_NOBODY, i % 2 == 0);
            if (view != VIEW_NOBODY)
                ck_assert_uint_eq(views[i], view);
        }
    }
}
END_TEST

START_TEST(a_stranger_is_read_as_somebody_and_is_nobody)
{
    struct identifier identifiers[LOOK_UP_MAX];
    struct digest digests[LOOK_UP_MAX];
    const uint8_t *homes[LOOK_UP_MAX];
    uint32_t views[LOOK_UP_MAX];
    size_t count = take_people(identifiers, LOOK_UP_MAX);
    look_up_digest(digests, homes, scene.edition, identifiers, count);
    look_up_find(views, scene.edition, homes, digests, count);
    for (size_t i = 1; i < count; i += 2) {
        uint32_t neighbour = load_u32(homes[i] + SLOT_PAYLOAD) & PAYLOAD_VIEW_MASK;
        ck_assert_uint_eq(views[i] & VIEW_DECOY, VIEW_DECOY);
        ck_assert_uint_lt(views[i] & ~VIEW_DECOY, scene.edition->tables->view_count);
        if (neighbour != VIEW_NOBODY)
            ck_assert_uint_eq(views[i] & ~VIEW_DECOY, neighbour);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("look_up");
    TCase *tcase = tcase_create("look_up");
    tcase_add_checked_fixture(tcase, open_scene, close_scene);
    tcase_add_test(tcase, a_group_of_any_size_finds_whom_each_alone_would);
    tcase_add_test(tcase, a_stranger_is_read_as_somebody_and_is_nobody);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
