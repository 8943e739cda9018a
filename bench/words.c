#include "bench/words.h"

#include <math.h>

#define POINT_GAP 4.0 /* between the points by which a line is known */
#define ASIDE     6.0 /* how bad it is that a text does not stand behind its point */

void words_avoid(struct words *words, struct words_point from, struct words_point to)
{
    size_t last = (size_t)(hypot(to.x - from.x, to.y - from.y) / POINT_GAP);
    for (size_t i = 0; i <= last && words->point_count < WORDS_POINT_COUNT_MAX; i++) {
        double part = last > 0 ? (double)i / (double)last : 0;
        words->points[words->point_count++] =
            (struct words_point){from.x + part * (to.x - from.x), from.y + part * (to.y - from.y)};
    }
}

/* How bad a text would be there: words on words are worst, then edges, then words on lines, then
 * what is far from where it belongs. */
static double badness(const struct words *words, const struct words_place *place, double away)
{
    double bad = away;
    if (place->x < words->left || place->x + place->width > words->right ||
        place->y < words->top + WORDS_HEIGHT || place->y > words->bottom - 3)
        bad += 500;
    for (size_t i = 0; i < words->text_count; i++) {
        const struct words_place *other = &words->texts[i];
        if (place->x < other->x + other->width + WORDS_GAP / 2 &&
            other->x < place->x + place->width + WORDS_GAP / 2 &&
            fabs(place->y - other->y) < WORDS_HEIGHT)
            bad += 1000;
    }
    for (size_t i = 0; i < words->point_count; i++) {
        const struct words_point *point = &words->points[i];
        if (point->x > place->x - WORDS_GAP + 1 &&
            point->x < place->x + place->width + WORDS_GAP - 1 &&
            point->y > place->y - WORDS_HEIGHT + 2 && point->y < place->y + 4)
            bad += 15;
    }
    return bad;
}

struct words_place words_place(struct words *words, struct words_point about, double width)
{
    const double lefts[] = {about.x + WORDS_GAP, about.x - WORDS_GAP - width, about.x - width / 2};
    struct words_place best = {lefts[0], about.y + 4, width};
    double least = INFINITY;
    for (size_t i = 0; i < COUNT_OF(lefts); i++) {
        for (int step = -12; step <= 12; step++) {
            double down = step * WORDS_HEIGHT / 3;
            struct words_place place = {lefts[i], about.y + 4 + down, width};
            double bad = badness(words, &place, fabs(down) + ASIDE * (double)i);
            /* Centred it would stand on its own mark. */
            bool is_on_mark = i == 2 && fabs(down) < WORDS_HEIGHT;
            if (bad < least && !is_on_mark) {
                least = bad;
                best = place;
            }
        }
    }
    if (words->text_count < WORDS_COUNT_MAX)
        words->texts[words->text_count++] = best;
    return best;
}

void words_spread(double lines[], size_t count, double top, double bottom)
{
    /* Two that are too near give way by half each, again and again; */
    for (size_t round = 0; round < 8 * count; round++) {
        for (size_t i = 1; i < count; i++) {
            double lack = lines[i - 1] + WORDS_HEIGHT - lines[i];
            if (lack > 0) {
                lines[i - 1] -= lack / 2;
                lines[i] += lack / 2;
            }
        }
    }
    /* what that left to do is done in one direction, and then in the other from the edge. */
    for (size_t i = 0; i < count; i++)
        lines[i] = fmax(lines[i], i > 0 ? lines[i - 1] + WORDS_HEIGHT : top);
    for (size_t i = count; i-- > 0;)
        lines[i] = fmin(lines[i], i + 1 < count ? lines[i + 1] - WORDS_HEIGHT : bottom);
}
