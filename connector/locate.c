/* locate.c - paths. */
#include "locate.h"

#include "base/alloc.h"
#include "base/error.h"
#include "err.h"

#include <string.h>

#define PATH_LIMIT ((size_t)1 << 24)

/* The next component at *p; false at the end. "." components are passed over. */
static bool next_component(const char **p, const char **name, size_t *n)
{
    for (;;) {
        while (**p == '/')
            (*p)++;
        if (!**p)
            return false;
        *name = *p;
        *n = strcspn(*p, "/");
        *p += *n;
        if (*n != 1 || **name != '.')
            return true;
    }
}

static bool has_more(const char *p)
{
    const char *name;
    size_t n;

    return next_component(&p, &name, &n);
}

/* last: a member whose document cannot be used is found, too: it has a name and can be told of. Opening it fails, with
 * the cause. */
static int step(zh_node **node, const char *name, size_t n, bool last, zh_error *err)
{
    int rc;

    if ((*node)->kind != ZH_NODE_GROUP)
        return zh_error_set(err, ZH_NOTFOUND, "a dataset has no members");
    rc = last ? zh_node_find(node, *node, name, n, err) : zh_node_child(node, *node, name, n, err);
    if (rc == ZH_NOTFOUND)
        return zh_error_set(err, rc, "component '%.*s' not found", (int)(n > 200 ? 200 : n), name);
    return rc;
}

int zvol_walk(zh_node **out, zh_node *start, const char *path, zh_error *err)
{
    zh_node *node = *path == '/' ? zh_tree_root(start->tree) : start;
    const char *p = path;
    const char *name;
    size_t n;

    while (next_component(&p, &name, &n)) {
        int rc = step(&node, name, n, !has_more(p), err);

        if (rc < 0)
            return rc;
    }
    *out = node;
    return ZH_OK;
}

static int step_or_make(zh_node **node, const char *name, size_t n, zh_error *err)
{
    zh_error ignored = ZH_ERROR_INIT;
    zh_node *group = *node;
    int rc = step(node, name, n, false, &ignored);

    if (rc == ZH_NOTFOUND && group->kind == ZH_NODE_GROUP)
        return zh_node_new_group(node, group->tree, group, name, n, NULL, err);
    if (rc < 0 && err)
        *err = ignored;
    return rc;
}

int zvol_walk_parent(zh_node **group, const char **last, size_t *n, zh_node *start, const char *path, bool make,
                     zh_error *err)
{
    zh_node *node = *path == '/' ? zh_tree_root(start->tree) : start;
    const char *p = path;
    const char *name;
    size_t len;

    *n = 0;
    *last = p;
    while (next_component(&p, &name, &len)) {
        int rc;

        if (!has_more(p)) {
            *last = name;
            *n = len;
            break;
        }
        rc = make ? step_or_make(&node, name, len, err) : step(&node, name, len, false, err);
        if (rc < 0)
            return rc;
    }
    *group = node;
    return ZH_OK;
}

int zvol_locate(zh_node **out, void *obj, const H5VL_loc_params_t *lp, zh_error *err)
{
    zh_node *start = zvol_node_of(obj);
    zh_node *group;
    uint64_t id;
    int rc;

    switch (lp->type) {
    case H5VL_OBJECT_BY_SELF:
        *out = start;
        return ZH_OK;
    case H5VL_OBJECT_BY_NAME:
        return zvol_walk(out, start, lp->loc_data.loc_by_name.name, err);
    case H5VL_OBJECT_BY_IDX:
        rc = zvol_walk(&group, start, lp->loc_data.loc_by_idx.name, err);
        if (rc < 0)
            return rc;
        return zvol_child_at(out, group, lp->loc_data.loc_by_idx.idx_type, lp->loc_data.loc_by_idx.order,
                             lp->loc_data.loc_by_idx.n, err);
    case H5VL_OBJECT_BY_TOKEN:
        memcpy(&id, lp->loc_data.loc_by_token.token, sizeof(id));
        *out = zh_tree_by_id(start->tree, id);
        return *out ? ZH_OK : zh_error_set(err, ZH_NOTFOUND, "no object with token %llu", (unsigned long long)id);
    default:
        return zh_error_set(err, ZH_INVALID, "unknown kind of location %d", (int)lp->type);
    }
}

/* H5_INDEX_CRT_ORDER needs a group that tracks it, as native HDF5 does. */
static int check_order(const zh_node *group, H5_index_t index, zh_error *err)
{
    if (group->kind != ZH_NODE_GROUP)
        return zh_error_set(err, ZH_INVALID, "a dataset has no members");
    if (index == H5_INDEX_CRT_ORDER && !(group->track & H5P_CRT_ORDER_TRACKED))
        return zh_error_set(err, ZH_INVALID, "creation order is not tracked for the links of this group");
    return ZH_OK;
}

int zvol_child_at(zh_node **out, zh_node *group, H5_index_t index, H5_iter_order_t order, hsize_t i, zh_error *err)
{
    size_t n = 0;
    int rc = check_order(group, index, err);

    if (rc == ZH_OK)
        rc = zh_node_child_count(&n, group, err);
    if (rc != ZH_OK)
        return rc;
    if (i >= n)
        return zh_error_set(err, ZH_RANGE, "index %llu is out of the %zu links of the group", (unsigned long long)i, n);
    return zh_node_child_at(out, group, order == H5_ITER_DEC ? n - 1 - (size_t)i : (size_t)i,
                            index == H5_INDEX_CRT_ORDER, err);
}

int zvol_children(zh_node ***out, size_t *n, zh_node *group, H5_index_t index, H5_iter_order_t order, zh_error *err)
{
    zh_node **nodes = NULL;
    size_t i;
    int rc;

    *n = 0;
    rc = check_order(group, index, err);
    if (rc == ZH_OK)
        rc = zh_node_children(&nodes, n, group, index == H5_INDEX_CRT_ORDER, err);
    if (rc != ZH_OK)
        return rc;
    for (i = 0; order == H5_ITER_DEC && i < *n / 2; i++) {
        zh_node *swap = nodes[i];

        nodes[i] = nodes[*n - 1 - i];
        nodes[*n - 1 - i] = swap;
    }
    for (i = 0; i < *n; i++)
        zh_node_ref(nodes[i]);
    *out = nodes;
    return ZH_OK;
}

void zvol_children_free(zh_node **nodes, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++)
        zh_node_unref(nodes[i]);
    zh_free(nodes);
}

/* ---- errors ---- */

/* The path that name leads to from path. */
static void follow(zh_buf *path, const char *name)
{
    const char *part;
    size_t n;

    if (*name == '/')
        path->len = 0;
    while (next_component(&name, &part, &n))
        if (((path->len == 1 && path->ptr[0] == '/') || zh_buf_putc(path, '/', NULL) == ZH_OK))
            zh_buf_append(path, part, n, NULL);
    if (path->len == 0)
        zh_buf_putc(path, '/', NULL);
}

/* Without memory there is less of it. */
static void append_path(zh_buf *out, void *obj, const H5VL_loc_params_t *lp, const char *name)
{
    zh_buf path = ZH_BUF_INIT(PATH_LIMIT);
    zh_node *node = zvol_node_of(obj);

    if (lp && (lp->type == H5VL_OBJECT_BY_IDX || lp->type == H5VL_OBJECT_BY_TOKEN) &&
        zvol_locate(&node, obj, lp, NULL) < 0)
        node = zvol_node_of(obj);
    zh_node_path(node, &path, NULL);
    if (path.len == 0)
        zh_buf_puts(&path, "(an object without a name)", NULL);
    if (lp && lp->type == H5VL_OBJECT_BY_NAME)
        follow(&path, lp->loc_data.loc_by_name.name);
    if (name)
        follow(&path, name);
    zh_buf_append(out, path.ptr, path.len, NULL);
    zh_buf_dispose(&path);
}

void zvol_err_push_at(const char *func, unsigned line, hid_t maj, hid_t min, const zh_error *err, void *obj,
                      const H5VL_loc_params_t *lp, const char *name)
{
    zh_buf where = ZH_BUF_INIT(PATH_LIMIT);
    const char *text;

    zh_buf_puts(&where, zvol_file_of(obj)->name, NULL);
    zh_buf_puts(&where, ": ", NULL);
    append_path(&where, obj, lp, name);
    zh_buf_puts(&where, ": ", NULL);
    text = zh_buf_cstr(&where, NULL);
    zvol_err_push(func, line, maj, min, text ? text : "", err);
    zh_buf_dispose(&where);
}
