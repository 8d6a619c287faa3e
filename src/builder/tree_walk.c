/* tree_walk.c - see tree_walk.h. Only look runs on other threads, each call on an item of its own; zh_pool_run is the
 * barrier between them and the list, which belongs to the caller's thread. */
#include "builder/tree_walk.h"

#include "base/alloc.h"
#include "base/error.h"

#define ROUND_MIN 64u /* items looked at between two deliveries */
#define PER_WORKER 16u

typedef struct round {
    const zh_tree *tree;
    zh_tree_item **item;
    size_t n, cap;
} round;

void zh_tree_add(zh_tree_item *item, zh_tree_item *below)
{
    if (item->below == NULL)
        item->below = below;
    else
        item->last_below->next = below;
    item->last_below = below;
}

/* Whoever has waited longest, that is, comes first by path, is chosen first: the head of the list always is. */
static void choose(round *r, zh_tree_item *head)
{
    unsigned seen = 0;

    r->n = 0;
    for (zh_tree_item *item = head; item != NULL && r->n < r->cap && seen < ZH_TREE_WINDOW; item = item->next, seen++)
        if (!item->looked)
            r->item[r->n++] = item;
}

static int look_at_one(void *payload, size_t index, unsigned worker, zh_error *err)
{
    const round *r = payload;
    zh_tree_item *item = r->item[index];

    item->looked = true;
    return r->tree->look(r->tree->payload, item, worker, err);
}

static void insert_below(zh_tree_item *item)
{
    if (item->below == NULL)
        return;
    item->last_below->next = item->next;
    item->next = item->below;
    item->below = item->last_below = NULL;
}

static int deliver_ready(const zh_tree *t, zh_tree_item **head, zh_error *err)
{
    int rc = ZH_OK;

    while (rc == ZH_OK && *head != NULL && (*head)->looked) {
        zh_tree_item *item = *head;

        *head = item->next;
        rc = t->deliver(t->payload, item, err);
        t->dispose(item);
    }
    return rc;
}

static void dispose_all(const zh_tree *t, zh_tree_item *head)
{
    while (head != NULL) {
        zh_tree_item *item = head;

        insert_below(item);
        head = item->next;
        t->dispose(item);
    }
}

int zh_tree_walk(const zh_tree *t, zh_tree_item *top, zh_pool *pool, zh_error *err)
{
    const unsigned width = zh_pool_width(pool);
    round r = {t, NULL, 0, width * PER_WORKER};
    int rc = ZH_OK;

    r.cap = r.cap < ROUND_MIN ? ROUND_MIN : r.cap > ZH_TREE_WINDOW ? ZH_TREE_WINDOW : r.cap;
    r.item = zh_calloc(r.cap, sizeof(zh_tree_item *));
    if (r.item == NULL) {
        dispose_all(t, top);
        return zh_error_nomem(err);
    }
    while (rc == ZH_OK && top != NULL) {
        choose(&r, top);
        rc = zh_pool_run(pool, r.n, look_at_one, &r, err);
        for (size_t i = 0; rc == ZH_OK && i < r.n; i++)
            insert_below(r.item[i]);
        if (rc == ZH_OK)
            rc = deliver_ready(t, &top, err);
    }
    dispose_all(t, top);
    zh_free(r.item);
    return rc;
}
