/* attrs.c - the attributes of a node, in creation order; an index above ZH_INDEX_MIN of them. The capacity of
 * node->attrs is the smallest power of two that holds nattrs. */
#include "hier/hier_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/jsonw.h"

bool zh_attr_name_reserved(const zh_tree *t, const char *name)
{
    return strcmp(name, "_HDF5") == 0 || (t->format == ZH_V2 && strcmp(name, "_ARRAY_DIMENSIONS") == 0);
}

static zh_attr *find(const zh_node *node, const char *name, size_t n)
{
    zh_index_cursor cursor;
    size_t i;

    if (!node->attr_index) {
        for (i = 0; i < node->nattrs; i++) {
            if (strncmp(node->attrs[i].name, name, n) == 0 && node->attrs[i].name[n] == '\0')
                return &node->attrs[i];
        }
        return NULL;
    }
    cursor = (zh_index_cursor){zh_index_hash(name, n), 0, false};
    for (i = zh_index_next(node->attr_index, &cursor); i != ZH_INDEX_NONE;
         i = zh_index_next(node->attr_index, &cursor)) {
        if (strncmp(node->attrs[i].name, name, n) == 0 && node->attrs[i].name[n] == '\0')
            return &node->attrs[i];
    }
    return NULL;
}

zh_attr *zh_node_attr(zh_node *node, const char *name)
{
    return find(node, name, strlen(name));
}

static int build_index(zh_node *node, zh_error *err)
{
    zh_name_index *ix = NULL;
    size_t i;
    int rc;

    for (i = 0; i < node->nattrs; i++) {
        rc = zh_index_reserve(&ix, err);
        if (rc < 0) {
            zh_index_free(ix);
            return rc;
        }
        zh_index_insert(ix, zh_index_hash(node->attrs[i].name, strlen(node->attrs[i].name)), (uint32_t)i);
    }
    node->attr_index = ix;
    return ZH_OK;
}

/* Room for one more attribute. */
static int reserve(zh_node *node, zh_error *err)
{
    size_t n = node->nattrs;
    zh_attr *p;
    int rc;

    if (n >= UINT32_MAX / 4)
        return zh_error_set(err, ZH_RANGE, "more than 2^30 attributes on one node");
    if ((n & (n - 1)) == 0) {
        p = zh_reallocarray(node->attrs, n ? n * 2 : 1, sizeof(zh_attr));
        if (!p)
            return zh_error_nomem(err);
        node->attrs = p;
    }
    if (n < ZH_INDEX_MIN && !node->attr_index)
        return ZH_OK;
    if (!node->attr_index) {
        rc = build_index(node, err);
        if (rc < 0)
            return rc;
    }
    return zh_index_reserve(&node->attr_index, err);
}

int zh_attrs__put(zh_node *node, const char *name, size_t n, char *json, char *h5, uint64_t corder, zh_error *err)
{
    zh_attr *a = find(node, name, n);
    char *copy;
    int rc;

    if (a) {
        zh_free(a->json);
        zh_free(a->h5);
        a->json = json;
        a->h5 = h5;
        return ZH_OK;
    }
    rc = reserve(node, err);
    if (rc < 0)
        return rc;
    copy = zh_strndup(name, n);
    if (!copy)
        return zh_error_nomem(err);
    if (node->attr_index)
        zh_index_insert(node->attr_index, zh_index_hash(name, n), (uint32_t)node->nattrs);
    node->attrs[node->nattrs++] = (zh_attr){copy, json, h5, corder};
    return ZH_OK;
}

static int check_name(const zh_node *node, const char *name, zh_error *err)
{
    if (zh_attr_name_reserved(node->tree, name))
        return zh_error_set(err, ZH_INVALID, "the attribute name '%s' is reserved in a Zarr v%d store", name,
                            (int)node->tree->format);
    if (!zh_utf8_valid(name, strlen(name)))
        return zh_error_set(err, ZH_UNSUPPORTED, "an attribute name has to be valid UTF-8");
    return ZH_OK;
}

int zh_node_set_attr(zh_node *node, const char *name, const char *json, const char *h5, zh_error *err)
{
    size_t last = node->nattrs;
    char *json_copy, *h5_copy = NULL;
    int rc;

    rc = zh_node__changeable(node, err);
    if (rc < 0)
        return rc;
    rc = check_name(node, name, err);
    if (rc < 0)
        return rc;
    json_copy = zh_strdup(json);
    if (h5)
        h5_copy = zh_strdup(h5);
    if (!json_copy || (h5 && !h5_copy))
        rc = zh_error_nomem(err);
    else
        rc = zh_attrs__put(node, name, strlen(name), json_copy, h5_copy, last ? node->attrs[last - 1].corder + 1 : 0,
                           err);
    if (rc < 0) {
        zh_free(json_copy);
        zh_free(h5_copy);
        return rc;
    }
    zh_tree__list_dirty(node);
    return ZH_OK;
}

static void dispose(zh_attr *a)
{
    zh_free(a->name);
    zh_free(a->json);
    zh_free(a->h5);
}

int zh_node_remove_attr(zh_node *node, const char *name, zh_error *err)
{
    zh_attr *a = zh_node_attr(node, name), *smaller;
    size_t at;
    int rc;

    rc = zh_node__changeable(node, err);
    if (rc < 0)
        return rc;
    if (!a)
        return ZH_NOTFOUND;
    at = (size_t)(a - node->attrs);
    if (node->attr_index) {
        zh_index_remove(node->attr_index, zh_index_hash(name, strlen(name)), (uint32_t)at);
        zh_index_close_gap(node->attr_index, (uint32_t)at);
    }
    dispose(a);
    node->nattrs--;
    memmove(a, a + 1, (node->nattrs - at) * sizeof(*a));
    if (node->nattrs == 0) {
        zh_free(node->attrs);
        node->attrs = NULL;
    } else if ((node->nattrs & (node->nattrs - 1)) == 0) {
        /* The capacity must be what reserve() takes it for: a smaller block, or, if there is none, the larger one kept.
         */
        smaller = zh_reallocarray(node->attrs, node->nattrs, sizeof(*a));
        if (smaller)
            node->attrs = smaller;
    }
    zh_tree__list_dirty(node);
    return ZH_OK;
}

int zh_node_rename_attr(zh_node *node, const char *from, const char *to, zh_error *err)
{
    zh_attr *a = zh_node_attr(node, from);
    char *name;
    int rc;

    rc = zh_node__changeable(node, err);
    if (rc < 0)
        return rc;
    if (!a)
        return ZH_NOTFOUND;
    rc = check_name(node, to, err);
    if (rc < 0)
        return rc;
    if (zh_node_attr(node, to))
        return zh_error_set(err, ZH_EXISTS, "an attribute '%s' exists", to);
    name = zh_strdup(to);
    if (!name)
        return zh_error_nomem(err);
    if (node->attr_index) {
        uint32_t at = (uint32_t)(a - node->attrs);

        zh_index_remove(node->attr_index, zh_index_hash(from, strlen(from)), at);
        zh_index_insert(node->attr_index, zh_index_hash(to, strlen(to)), at);
    }
    zh_free(a->name);
    a->name = name;
    zh_tree__list_dirty(node);
    return ZH_OK;
}

static int compare_corders(const void *x, const void *y)
{
    const zh_attr *a = x, *b = y;

    if (a->corder != b->corder)
        return a->corder < b->corder ? -1 : 1;
    return strcmp(a->name, b->name);
}

/* Called while a node is read: the index, if there is one, is made anew. */
void zh_attrs__sort(zh_node *node)
{
    size_t i;

    for (i = 1; i < node->nattrs && node->attrs[i - 1].corder <= node->attrs[i].corder; i++)
        ;
    if (i >= node->nattrs)
        return;
    qsort(node->attrs, node->nattrs, sizeof(*node->attrs), compare_corders);
    zh_index_free(node->attr_index);
    node->attr_index = NULL;
    if (node->nattrs > ZH_INDEX_MIN)
        (void)build_index(node, NULL); /* without one, attributes are scanned */
}

void zh_attrs__free(zh_node *node)
{
    size_t i;

    for (i = 0; i < node->nattrs; i++)
        dispose(&node->attrs[i]);
    zh_free(node->attrs);
    zh_index_free(node->attr_index);
    node->attrs = NULL;
    node->attr_index = NULL;
    node->nattrs = 0;
}
