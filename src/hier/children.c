/* children.c - the table of a group's children: by name, by segment, in order.
 *
 * Children stand in a plain vector; up to ZH_INDEX_MIN of them are scanned, above that an index finds them.
 * Segments are looked up for new children only: a child whose segment is its name is found by name, the few others have
 * an index of their own. The sorted view is made when it is asked for and lives until the next change.
 */
#include "hier/hier_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

static bool is_text(const char *s, const char *text, size_t n)
{
    return strncmp(s, text, n) == 0 && s[n] == '\0';
}

zh_node *zh_children__find(const zh_node *group, const char *name, size_t n)
{
    const zh_children *c = group->children;
    zh_index_cursor cursor;
    uint32_t i;

    if (!c)
        return NULL;
    if (!c->by_name) {
        for (i = 0; i < c->n; i++) {
            if (is_text(c->item[i]->name, name, n))
                return c->item[i];
        }
        return NULL;
    }
    cursor = (zh_index_cursor){zh_index_hash(name, n), 0, false};
    for (i = zh_index_next(c->by_name, &cursor); i != ZH_INDEX_NONE; i = zh_index_next(c->by_name, &cursor)) {
        if (is_text(c->item[i]->name, name, n))
            return c->item[i];
    }
    return NULL;
}

zh_node *zh_children__find_segment(const zh_node *group, const char *segment, size_t n)
{
    const zh_children *c = group->children;
    zh_index_cursor cursor = {zh_index_hash(segment, n), 0, false};
    zh_node *same_name = zh_children__find(group, segment, n);
    uint32_t i;

    if (same_name && same_name->segment == same_name->name)
        return same_name;
    if (!c)
        return NULL;
    for (i = zh_index_next(c->by_segment, &cursor); i != ZH_INDEX_NONE; i = zh_index_next(c->by_segment, &cursor)) {
        if (is_text(c->item[i]->segment, segment, n))
            return c->item[i];
    }
    return NULL;
}

static uint32_t name_hash(const zh_node *node)
{
    return zh_index_hash(node->name, strlen(node->name));
}

static uint32_t segment_hash(const zh_node *node)
{
    return zh_index_hash(node->segment, strlen(node->segment));
}

static void forget_order(zh_children *c)
{
    zh_free(c->sorted);
    c->sorted = NULL;
}

int zh_children__ensure(zh_node *group, zh_error *err)
{
    if (!group->children)
        group->children = zh_calloc(1, sizeof(zh_children));
    return group->children ? ZH_OK : zh_error_nomem(err);
}

/* Room for one more child in every table. */
static int reserve(zh_children *c, bool escaped, zh_error *err)
{
    bool index_is_new = !c->by_name;
    zh_node **p;
    uint32_t cap, i;
    int rc;

    if (c->n == c->cap) {
        if (c->cap >= UINT32_MAX / 4)
            return zh_error_set(err, ZH_RANGE, "more than 2^30 children in one group");
        cap = c->cap ? c->cap * 2 : 2;
        p = zh_reallocarray(c->item, cap, sizeof(zh_node *));
        if (!p)
            return zh_error_nomem(err);
        c->item = p;
        c->cap = cap;
    }
    if (escaped) {
        rc = zh_index_reserve(&c->by_segment, err);
        if (rc < 0)
            return rc;
    }
    if (c->n < ZH_INDEX_MIN && index_is_new)
        return ZH_OK;
    rc = zh_index_reserve(&c->by_name, err);
    if (rc < 0 || !index_is_new)
        return rc;
    for (i = 0; i < c->n; i++) /* at most ZH_INDEX_MIN: they fit into a new index */
        zh_index_insert(c->by_name, name_hash(c->item[i]), i);
    return ZH_OK;
}

int zh_children__insert(zh_node *group, zh_node *node, zh_error *err)
{
    bool escaped = node->segment != node->name;
    zh_children *c;
    int rc;

    rc = zh_children__ensure(group, err);
    if (rc < 0)
        return rc;
    c = group->children;
    rc = reserve(c, escaped, err);
    if (rc < 0)
        return rc;
    forget_order(c);
    node->parent = group;
    node->at = c->n;
    c->item[c->n++] = node;
    if (c->by_name)
        zh_index_insert(c->by_name, name_hash(node), node->at);
    if (escaped)
        zh_index_insert(c->by_segment, segment_hash(node), node->at);
    return ZH_OK;
}

/* The last child takes the place of the removed one. */
void zh_children__remove(zh_node *node)
{
    zh_children *c = node->parent->children;
    zh_node *last = c->item[c->n - 1];
    uint32_t at = node->at;

    forget_order(c);
    if (c->by_name)
        zh_index_remove(c->by_name, name_hash(node), at);
    if (node->segment != node->name)
        zh_index_remove(c->by_segment, segment_hash(node), at);
    if (last != node) {
        if (c->by_name)
            zh_index_replace(c->by_name, name_hash(last), last->at, at);
        if (last->segment != last->name)
            zh_index_replace(c->by_segment, segment_hash(last), last->at, at);
        c->item[at] = last;
        last->at = at;
    }
    c->n--;
    node->parent = NULL;
}

size_t zh_children__count(const zh_node *group)
{
    return group->children ? group->children->n : 0;
}

static int compare_names(const void *a, const void *b)
{
    const zh_node *const *x = a, *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

static int compare_corders(const void *a, const void *b)
{
    const zh_node *const *x = a, *const *y = b;

    if ((*x)->corder != (*y)->corder)
        return (*x)->corder < (*y)->corder ? -1 : 1;
    return strcmp((*x)->name, (*y)->name);
}

int zh_children__sorted(zh_node ***out, zh_node *group, bool by_corder, zh_error *err)
{
    int (*compare)(const void *, const void *) = by_corder ? compare_corders : compare_names;
    zh_children *c = group->children;
    uint32_t i;

    *out = NULL;
    if (!c || c->n == 0)
        return ZH_OK;
    if (c->sorted && c->sorted_by_corder == by_corder) {
        *out = c->sorted;
        return ZH_OK;
    }
    forget_order(c);
    c->sorted = zh_malloc(c->n * sizeof(zh_node *));
    if (!c->sorted)
        return zh_error_nomem(err);
    memcpy(c->sorted, c->item, c->n * sizeof(zh_node *));
    for (i = 1; i < c->n && compare(&c->sorted[i - 1], &c->sorted[i]) < 0; i++)
        ;
    if (i < c->n)
        qsort(c->sorted, c->n, sizeof(zh_node *), compare);
    c->sorted_by_corder = by_corder;
    *out = c->sorted;
    return ZH_OK;
}

void zh_children__drop_pending(zh_children *c)
{
    uint32_t i;

    for (i = 0; i < c->npending; i++) {
        zh_free(c->pending[i].segment);
        zh_free(c->pending[i].name);
    }
    zh_free(c->pending);
    c->pending = NULL;
    c->npending = 0;
}

void zh_children__free(zh_children *c)
{
    if (!c)
        return;
    zh_children__drop_pending(c);
    zh_index_free(c->by_name);
    zh_index_free(c->by_segment);
    zh_free(c->sorted);
    zh_free(c->item);
    zh_free(c);
}
