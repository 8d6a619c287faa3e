/* tree_walk.h - a tree of prefixes, each looked at on a pool, and handed over in the order of paths.
 *
 * What is not yet handed over is one list in that order ('/' before every other byte). A round looks at the first items
 * of the list that have not been looked at, some for each worker; puts what they found below themselves behind them;
 * and hands over those that stand before the first one still to be looked at. So an item is handed over before all that
 * is below it and after all that is to come before it, while those that come later are being read.
 *
 * Memory: at most ZH_TREE_WINDOW items that have been looked at wait for their turn. What has not been looked at is
 * a path: at most the siblings of those that wait.
 */
#ifndef ZH_BUILDER_TREE_WALK_H
#define ZH_BUILDER_TREE_WALK_H

#include "base/pool.h"

#define ZH_TREE_WINDOW 4096u

/* First member of the user's own struct. */
typedef struct zh_tree_item {
    struct zh_tree_item *next;
    struct zh_tree_item *below, *last_below;
    bool looked;
} zh_tree_item;

typedef struct zh_tree {
    /* On some thread of the pool: finds out what the item is, and adds what is below it. */
    int (*look)(void *payload, zh_tree_item *item, unsigned worker, zh_error *err);
    /* On the caller's thread, while nobody looks. The pool may be used. */
    int (*deliver)(void *payload, zh_tree_item *item, zh_error *err);
    void (*dispose)(zh_tree_item *item);
    void *payload;
} zh_tree;

/* From look only, in the order of names; taken. */
void zh_tree_add(zh_tree_item *item, zh_tree_item *below);

/* Ends with the first failure. top is taken in any case. */
int zh_tree_walk(const zh_tree *t, zh_tree_item *top, zh_pool *pool, zh_error *err);

#endif
