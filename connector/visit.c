/* visit.c - depth-first walks with a stack of snapshots instead of recursion: a hierarchy may be as deep as it likes.
 */
#include "visit.h"

#include "base/alloc.h"
#include "zh/buf.h"
#include "base/error.h"

#include <string.h>

#define PATH_LIMIT ((size_t)1 << 24)

void zvol_link_info(H5L_info2_t *out, const zh_node *node)
{
    const char *s;

    memset(out, 0, sizeof(*out));
    out->type = H5L_TYPE_HARD;
    out->corder_valid = node->parent && (node->parent->track & H5P_CRT_ORDER_TRACKED);
    out->corder = out->corder_valid ? (int64_t)node->corder : 0;
    out->cset = H5T_CSET_ASCII;
    for (s = node->name; *s; s++)
        if ((unsigned char)*s >= 0x80)
            out->cset = H5T_CSET_UTF8;
    zvol_token_of(&out->u.token, node);
}

void zvol_object_info(H5O_info2_t *out, void *obj, const zh_node *node)
{
    memset(out, 0, sizeof(*out));
    out->fileno = zvol_file_of(obj)->store->fileno;
    zvol_token_of(&out->token, node);
    out->type = zvol_node_object_type(node);
    out->rc = node->parent || node == zh_tree_root(node->tree) ? 1 : 0;
    out->num_attrs = node->nattrs;
}

/* One group being walked: its members and where its path ends. */
struct level {
    zh_node **nodes;
    size_t n, next;
    size_t path_len;
};

struct walk {
    struct level *levels;
    size_t depth, cap;
    zh_buf path; /* of the current member, relative to where the walk began */
    H5_index_t index;
    H5_iter_order_t order;
};

typedef herr_t (*member_fn)(void *payload, const char *path, zh_node *node, zh_error *err);

static int push_level(struct walk *w, zh_node *group, zh_error *err)
{
    struct level *l;
    /* A member group without creation order is walked by name, as native HDF5 does. */
    H5_index_t index = group->track & H5P_CRT_ORDER_TRACKED ? w->index : H5_INDEX_NAME;

    if (w->depth == w->cap) {
        size_t cap = w->cap ? w->cap * 2 : 8;
        struct level *grown = zh_reallocarray(w->levels, cap, sizeof(*grown));

        if (!grown)
            return zh_error_nomem(err);
        w->levels = grown;
        w->cap = cap;
    }
    l = &w->levels[w->depth];
    l->next = 0;
    l->path_len = w->path.len;
    if (zvol_children(&l->nodes, &l->n, group, index, w->order, err) < 0)
        return err->code;
    w->depth++;
    return ZH_OK;
}

static void pop_level(struct walk *w)
{
    struct level *l = &w->levels[--w->depth];

    zvol_children_free(l->nodes, l->n);
}

/* The path of the next member of the innermost group: "a/b". */
static const char *member_path(struct walk *w, const zh_node *node, zh_error *err)
{
    struct level *l = &w->levels[w->depth - 1];

    w->path.len = l->path_len;
    if (w->path.len && zh_buf_putc(&w->path, '/', err) < 0)
        return NULL;
    if (zh_buf_puts(&w->path, node->name, err) < 0)
        return NULL;
    return zh_buf_cstr(&w->path, err);
}

static herr_t walk_members(struct walk *w, member_fn fn, void *payload, zh_error *err)
{
    herr_t result = 0;

    while (w->depth && result == 0) {
        struct level *l = &w->levels[w->depth - 1];
        const char *path;
        zh_node *node;

        if (l->next == l->n) {
            pop_level(w);
            continue;
        }
        node = l->nodes[l->next++];
        if (!node->parent)
            continue; /* deleted by the operator */
        path = member_path(w, node, err);
        if (!path)
            return -1;
        result = fn(payload, path, node, err);
        if (result == 0 && node->parent && node->kind == ZH_NODE_GROUP && !node->broken && push_level(w, node, err) < 0)
            return -1;
    }
    return result;
}

/* Calls fn for everything below group. */
static herr_t walk_tree(zh_node *group, H5_index_t index, H5_iter_order_t order, member_fn fn, void *payload,
                        zh_error *err)
{
    struct walk w;
    herr_t result = -1;

    memset(&w, 0, sizeof(w));
    zh_buf_init(&w.path, PATH_LIMIT);
    w.index = index;
    w.order = order;
    if (push_level(&w, group, err) == ZH_OK)
        result = walk_members(&w, fn, payload, err);
    while (w.depth)
        pop_level(&w);
    zh_free(w.levels);
    zh_buf_dispose(&w.path);
    return result;
}

struct link_call {
    hid_t id;
    H5VL_link_iterate_args_t *it;
};

static herr_t call_link(void *payload, const char *path, zh_node *node, zh_error *err)
{
    struct link_call *c = payload;
    H5L_info2_t info;

    (void)err;
    zvol_link_info(&info, node);
    return c->it->op(c->id, path, &info, c->it->op_data);
}

static herr_t iterate_flat(struct link_call *c, zh_node *group, zh_error *err)
{
    hsize_t i = c->it->idx_p ? *c->it->idx_p : 0;
    zh_node **nodes;
    herr_t result = 0;
    size_t n;

    if (zvol_children(&nodes, &n, group, c->it->idx_type, c->it->order, err) < 0)
        return -1;
    if (n && i >= n) {
        zh_error_set(err, ZH_RANGE, "link index %llu is out of %zu", (unsigned long long)i, n);
        result = -1;
    }
    for (; i < n && result == 0; i++)
        if (nodes[i]->parent)
            result = call_link(c, nodes[i]->name, nodes[i], err);
    if (c->it->idx_p && err->code == ZH_OK)
        *c->it->idx_p = i;
    zvol_children_free(nodes, n);
    return result;
}

herr_t zvol_link_iterate(void *obj, const H5VL_loc_params_t *lp, H5VL_link_iterate_args_t *it, zh_error *err)
{
    struct link_call c = {H5I_INVALID_HID, it};
    zh_node *group;
    herr_t result;

    if (zvol_locate(&group, obj, lp, err) < 0)
        return -1;
    if (group->kind != ZH_NODE_GROUP) {
        zh_error_set(err, ZH_INVALID, "not a group");
        return -1;
    }
    c.id = zvol_register_node(obj, group, err);
    if (c.id < 0)
        return -1;
    result =
        it->recursive ? walk_tree(group, it->idx_type, it->order, call_link, &c, err) : iterate_flat(&c, group, err);
    H5Idec_ref(c.id);
    return result;
}

struct object_call {
    hid_t id;
    void *obj;
    H5VL_object_visit_args_t *v;
};

static herr_t call_object(void *payload, const char *path, zh_node *node, zh_error *err)
{
    struct object_call *c = payload;
    H5O_info2_t info;

    (void)err;
    zvol_object_info(&info, c->obj, node);
    return c->v->op(c->id, path, &info, c->v->op_data);
}

herr_t zvol_object_visit(void *obj, const H5VL_loc_params_t *lp, H5VL_object_visit_args_t *v, zh_error *err)
{
    struct object_call c = {H5I_INVALID_HID, obj, v};
    zh_node *node;
    herr_t result;

    if (zvol_locate(&node, obj, lp, err) < 0)
        return -1;
    c.id = zvol_register_node(obj, node, err);
    if (c.id < 0)
        return -1;
    result = call_object(&c, ".", node, err);
    if (result == 0 && node->kind == ZH_NODE_GROUP)
        result = walk_tree(node, v->idx_type, v->order, call_object, &c, err);
    H5Idec_ref(c.id);
    return result;
}
