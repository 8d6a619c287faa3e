/* between.h - may a creation leave this behind when it is stopped? Judged by what a reader finds (nodes() of deeds.h).
 */
#ifndef BETWEEN_H
#define BETWEEN_H

#include "deeds.h"

typedef struct between {
    const deed *d;
    zh_format format;
    bool in_place;
    bool may_be_away; /* staged, without exchange: a replaced node is away for a moment */
    const char *before, *after;
} between;

/* Every node is as it was or as it is to be. In place, and the store's root in any case, v2: or one of its two
 * documents is, and while its kind changes there are both. NULL, or which one is not; static. */
const char *neither(const between *b, const char *found);

/* The above; and none is lost: one that was there and is not to stay is gone only when a replaced node above it is
 * new; and what is new below a new node is there whole. NULL, or what is wrong; static. */
const char *not_between(const between *b, const char *found);

#endif
