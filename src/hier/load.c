/* load.c - nodes from the store's documents, when they are asked for.
 *
 * A child looked up by name costs one get (v2: up to three). Listing a group costs one listing and the gets of the
 * children that are not known yet, on the pool; a directory without a document is no node. A child whose document is
 * damaged, not supported or not ours to read becomes a node that says so (zh_node.broken), so that its siblings can be
 * listed; any other failure fails the call, and may be gone at the next.
 */
#include "hier/hier_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/key.h"
#include "builder/reader.h"
#include "store/key_list.h"
#include "meta/doc.h"

static int get(zh_buf *out, zh_reader *r, zh_tree *t, const char *path, const char *document, zh_error *err)
{
    const char *key;
    int rc;

    r->key.len = out->len = 0;
    rc = zh_key_join(&r->key, path, document, err);
    if (rc < 0)
        return rc;
    key = zh_buf_cstr(&r->key, err);
    return key ? zh_store_get(t->store, key, out, err) : ZH_NOMEM;
}

static int read_v3(zh_doc *out, zh_reader *r, zh_tree *t, const char *path, zh_error *err)
{
    int rc = get(&r->text, r, t, path, "zarr.json", err);

    return rc < 0 ? rc : zh_doc_v3_parse_any(out, (const char *)r->text.ptr, r->text.len, err);
}

/* An array wins over a group, as it does in zarr-python. */
static int read_v2(zh_doc *out, bool *has_zattrs, zh_reader *r, zh_tree *t, const char *path, zh_error *err)
{
    zh_node_kind kind = ZH_NODE_ARRAY;
    int rc;

    rc = get(&r->text, r, t, path, ".zarray", err);
    if (rc == ZH_NOTFOUND) {
        kind = ZH_NODE_GROUP;
        rc = get(&r->text, r, t, path, ".zgroup", err);
    }
    out->kind = kind;
    if (rc < 0)
        return rc;
    rc = get(&r->attrs, r, t, path, ".zattrs", err);
    *has_zattrs = rc == ZH_OK;
    if (rc < 0 && rc != ZH_NOTFOUND)
        return rc;
    return zh_doc_v2_parse_any(out, kind, (const char *)r->text.ptr, r->text.len,
                               *has_zattrs ? (const char *)r->attrs.ptr : NULL, *has_zattrs ? r->attrs.len : 0, err);
}

/* Is this failure the child's own, so that it is known by it? */
static bool is_the_nodes_own(int rc, const zh_error *err)
{
    switch (rc) {
    case ZH_CORRUPT:
    case ZH_UNSUPPORTED:
    case ZH_RANGE:
        return true;
    case ZH_IO:
        return err->sys_errno == EACCES || err->sys_errno == EPERM || err->sys_errno == EISDIR ||
               err->sys_errno == ELOOP;
    default:
        return false;
    }
}

/* Fills a node from its document; everything of doc that the node keeps is taken from it. */
static int fill(zh_node *node, zh_doc *doc, bool has_zattrs, zh_error *err)
{
    node->kind = (uint8_t)doc->kind;
    node->meta = doc->meta;
    doc->meta = NULL;
    node->loaded = node->published = node->touched = true;
    node->has_zattrs = has_zattrs;
    node->consolidated = doc->consolidated;
    node->children_listed = node->kind != ZH_NODE_GROUP;
    return zh_document__read(node, doc->attributes, err);
}

static void mark_broken(zh_node *node, int code, zh_node_kind kind, const zh_error *err)
{
    node->broken = code;
    node->broken_why = zh_strdup(err->message);
    node->kind = (uint8_t)kind;
    node->loaded = node->published = node->touched = true;
    node->has_zattrs = true;
    node->children_listed = true;
}

/* A node without id and parent. ZH_NOTFOUND: no document at path. */
static int read_node(zh_node **out, zh_reader *r, zh_tree *t, const char *path, const char *segment, const char *name,
                     zh_error *err)
{
    zh_doc doc = {ZH_NODE_ARRAY, NULL, NULL, NULL, false};
    zh_error own = ZH_ERROR_INIT;
    bool has_zattrs = false;
    zh_node *node = NULL;
    int read, rc;

    if (strlen(path) + ZH_KEY_ROOM_GROUP > ZH_KEY_MAX) /* no key is that long */
        return ZH_NOTFOUND;
    read = t->format == ZH_V3 ? read_v3(&doc, r, t, path, &own) : read_v2(&doc, &has_zattrs, r, t, path, &own);
    rc = read;
    if (read < 0 && !is_the_nodes_own(read, &own)) {
        if (err && rc != ZH_NOTFOUND)
            *err = own;
        goto out;
    }
    rc = zh_node__alloc(&node, t, name, strlen(name), err);
    if (rc == ZH_OK)
        rc = zh_node__set_segment(node, segment, strlen(segment), err);
    if (rc < 0)
        goto out;
    node->corder = UINT64_MAX;
    if (read < 0)
        mark_broken(node, read, doc.kind, &own);
    else
        rc = fill(node, &doc, has_zattrs, err);
out:
    if (read == ZH_OK)
        zh_doc_dispose(&doc);
    if (rc < 0 && node)
        zh_node__free(node);
    else
        *out = node;
    return rc;
}

/* Puts a node that has been read into its group; it is freed on failure. */
static int adopt(zh_node *group, zh_node *node, zh_error *err)
{
    zh_tree *t = group->tree;
    int rc;

    rc = zh_tree__assign_id(t, node, err);
    if (rc == ZH_OK) {
        node->path_len = zh_node__child_path_len(group, node->segment);
        rc = zh_children__insert(group, node, err);
        if (rc < 0)
            zh_tree__release_id(t, node);
    }
    if (rc < 0) {
        zh_node__free(node);
        return rc;
    }
    if (node->corder == UINT64_MAX)
        node->corder = group->next_corder++;
    else if (node->corder >= group->next_corder)
        group->next_corder = node->corder + 1;
    t->consolidated = t->consolidated || node->consolidated;
    return ZH_OK;
}

/* Names that only a document could have, or that would have been escaped by us: not asked of the store. */
static bool may_be_foreign(const char *name, size_t n)
{
    return n <= ZH_SEGMENT_MAX && zh_key_check(name, n, NULL) == ZH_OK && strncmp(name, ".z", 2) != 0 &&
           strcmp(name, "zarr.json") != 0;
}

int zh_load__child(zh_node **out, zh_node *group, const char *name, size_t n, zh_error *err)
{
    char segment[ZH_SEGMENT_MAX + 1];
    zh_buf path = ZH_BUF_INIT(ZH_KEY_MAX);
    zh_node *node = NULL;
    const char *text;
    bool changed;
    zh_reader r;
    int rc;

    if (n > ZH_SEGMENT_MAX || zh_name_escape(segment, &changed, name, n, NULL) < 0)
        return ZH_NOTFOUND;
    memcpy(segment, name, n);
    segment[n] = '\0';
    if ((changed && !may_be_foreign(segment, n)) || zh_children__find_segment(group, segment, n))
        return ZH_NOTFOUND;
    zh_reader_init(&r);
    if (group->path_len + n + ZH_KEY_ROOM_GROUP > ZH_KEY_MAX)
        rc = ZH_NOTFOUND;
    else
        rc = zh_node__store_path(group, &path, err);
    if (rc == ZH_OK && path.len > 0)
        rc = zh_buf_putc(&path, '/', err);
    if (rc == ZH_OK)
        rc = zh_buf_append(&path, segment, n, err);
    text = rc < 0 ? NULL : zh_buf_cstr(&path, err);
    if (rc == ZH_OK && !text)
        rc = ZH_NOMEM;
    if (rc == ZH_OK)
        rc = zh_removals__covers(group->tree, text, path.len)
                 ? ZH_NOTFOUND
                 : read_node(&node, &r, group->tree, text, segment, segment, err);
    if (rc == ZH_OK)
        rc = adopt(group, node, err);
    if (rc == ZH_OK)
        *out = node;
    zh_reader_dispose(&r);
    zh_buf_dispose(&path);
    return rc;
}

/* Listing. */

typedef struct listing {
    zh_node *group;
    const char *prefix; /* the group's path */
    zh_key_list found;  /* children to be read, sorted */
    zh_node **nodes;    /* what was read, NULL: no node */
    zh_reader *readers; /* one a worker */
} listing;

static int compare_entries(const void *a, const void *b)
{
    const zh_key_entry *x = a, *y = b;

    return strcmp(x->name, y->name);
}

static int compare_segments(const void *segment, const void *entry)
{
    return strcmp(segment, ((const zh_pending_name *)entry)->segment);
}

static const char *name_of(const zh_node *group, const char *segment)
{
    const zh_children *c = group->children;
    const zh_pending_name *p = NULL;

    if (c && c->npending > 0)
        p = bsearch(segment, c->pending, c->npending, sizeof(*p), compare_segments);
    return p ? p->name : segment;
}

/* Leaves what may be a child that is not known yet. */
static int choose_entries(listing *l, zh_error *err)
{
    zh_buf path = ZH_BUF_INIT(ZH_KEY_MAX);
    zh_tree *t = l->group->tree;
    size_t i, kept = 0;
    int rc = ZH_OK;

    for (i = 0; i < l->found.n; i++) {
        zh_key_entry e = l->found.item[i];
        size_t n = strlen(e.name);
        bool wanted = rc == ZH_OK && e.is_prefix && n <= ZH_SEGMENT_MAX && strlen(l->prefix) + n + 2 < ZH_KEY_MAX &&
                      zh_key_check(e.name, n, NULL) == ZH_OK && !zh_children__find_segment(l->group, e.name, n);

        if (wanted && t->removals.n > 0) {
            path.len = 0;
            rc = zh_key_join(&path, l->prefix, e.name, err);
            wanted = rc == ZH_OK && !zh_removals__covers(t, (const char *)path.ptr, path.len);
        }
        if (wanted)
            l->found.item[kept++] = e;
        else
            zh_free(e.name);
    }
    l->found.n = kept;
    if (kept > 1)
        qsort(l->found.item, kept, sizeof(*l->found.item), compare_entries);
    zh_buf_dispose(&path);
    return rc;
}

static int read_child(void *payload, size_t index, unsigned worker, zh_error *err)
{
    zh_buf path = ZH_BUF_INIT(ZH_KEY_MAX);
    listing *l = payload;
    const char *segment = l->found.item[index].name, *text;
    int rc;

    rc = zh_key_join(&path, l->prefix, segment, err);
    text = rc < 0 ? NULL : zh_buf_cstr(&path, err);
    if (rc == ZH_OK)
        rc = text ? read_node(&l->nodes[index], &l->readers[worker], l->group->tree, text, segment,
                              name_of(l->group, segment), err)
                  : ZH_NOMEM;
    if (rc < 0 && rc != ZH_NOTFOUND)
        zh_error_prefix(err, "'/%s'", text ? text : segment);
    zh_buf_dispose(&path);
    return rc == ZH_NOTFOUND ? ZH_OK : rc;
}

/* Two names in one group cannot be equal; a damaged _HDF5.names may say otherwise. */
static int give_own_name(zh_node **node, zh_node *group, zh_error *err)
{
    zh_node *old = *node, *plain;
    int rc;

    if (!zh_children__find(group, old->name, strlen(old->name)))
        return ZH_OK;
    if (old->name == old->segment || zh_children__find(group, old->segment, strlen(old->segment))) {
        zh_node__free(old);
        *node = NULL;
        return ZH_OK;
    }
    rc = zh_node__alloc(&plain, old->tree, old->segment, strlen(old->segment), err);
    if (rc == ZH_OK) {
        plain->kind = old->kind;
        plain->broken = ZH_CORRUPT;
        plain->broken_why = zh_strdup("two children of the group have this node's name in _HDF5.names");
        plain->loaded = plain->published = plain->touched = plain->children_listed = true;
        plain->corder = UINT64_MAX;
    }
    zh_node__free(old);
    *node = rc < 0 ? NULL : plain;
    return rc;
}

static int adopt_all(listing *l, zh_error *err)
{
    int rc = ZH_OK;
    size_t i;

    for (i = 0; i < l->found.n; i++) {
        zh_node *node = l->nodes[i];

        l->nodes[i] = NULL;
        if (!node)
            continue;
        if (rc < 0) {
            zh_node__free(node);
            continue;
        }
        rc = give_own_name(&node, l->group, err);
        if (rc == ZH_OK && node)
            rc = adopt(l->group, node, err);
    }
    return rc;
}

static int read_all(listing *l, zh_error *err)
{
    zh_pool *pool = l->group->tree->pool;
    unsigned width = zh_pool_width(pool), i;
    int rc;

    if (l->found.n == 0)
        return ZH_OK;
    l->nodes = zh_calloc(l->found.n, sizeof(zh_node *));
    l->readers = zh_calloc(width, sizeof(*l->readers));
    if (!l->nodes || !l->readers) {
        rc = zh_error_nomem(err);
    } else {
        for (i = 0; i < width; i++)
            zh_reader_init(&l->readers[i]);
        rc = zh_pool_run(pool, l->found.n, read_child, l, err);
        for (i = 0; i < width; i++)
            zh_reader_dispose(&l->readers[i]);
        if (rc == ZH_OK)
            rc = adopt_all(l, err);
        for (i = 0; i < l->found.n; i++) {
            if (l->nodes[i])
                zh_node__free(l->nodes[i]);
        }
    }
    zh_free(l->nodes);
    zh_free(l->readers);
    return rc;
}

int zh_load__listing(zh_node *group, zh_error *err)
{
    listing l = {group, NULL, ZH_KEY_LIST_INIT, NULL, NULL};
    zh_buf path = ZH_BUF_INIT(ZH_KEY_MAX);
    int rc;

    rc = zh_node__store_path(group, &path, err);
    l.prefix = rc < 0 ? NULL : zh_buf_cstr(&path, err);
    if (rc == ZH_OK)
        rc = l.prefix ? zh_key_list_load(&l.found, group->tree->store, l.prefix, err) : ZH_NOMEM;
    if (rc == ZH_OK)
        rc = choose_entries(&l, err);
    if (rc == ZH_OK)
        rc = read_all(&l, err);
    if (rc == ZH_OK) {
        group->children_listed = true;
        if (group->children)
            zh_children__drop_pending(group->children);
    }
    zh_key_list_dispose(&l.found);
    zh_buf_dispose(&path);
    return rc;
}

/* The root. */

static int read_root(zh_doc *doc, bool *has_zattrs, zh_reader *r, zh_tree *t, zh_error *err)
{
    int rc;

    t->format = ZH_V3;
    rc = read_v3(doc, r, t, "", err);
    if (rc == ZH_NOTFOUND) {
        t->format = ZH_V2;
        rc = read_v2(doc, has_zattrs, r, t, "", err);
    }
    if (rc == ZH_NOTFOUND)
        return zh_error_set(err, ZH_NOTFOUND, "'%s' holds no Zarr hierarchy", zh_store_url(t->store));
    return rc;
}

/* A store that is one array: its path is the root's, hence the empty segment. */
static int adopt_only_array(zh_tree *t, zh_doc *doc, bool has_zattrs, zh_error *err)
{
    zh_node *root = t->root, *node;
    int rc = zh_node__alloc(&node, t, ZH_ROOT_ARRAY_NAME, strlen(ZH_ROOT_ARRAY_NAME), err);

    if (rc < 0)
        return rc;
    root->loaded = root->published = root->touched = root->children_listed = root->made_up = true;
    node->corder = UINT64_MAX;
    rc = zh_node__set_segment(node, "", 0, err);
    if (rc == ZH_OK)
        rc = fill(node, doc, has_zattrs, err);
    if (rc == ZH_OK)
        return adopt(root, node, err);
    zh_node__free(node);
    return rc;
}

int zh_load__root(zh_tree *t, zh_error *err)
{
    zh_doc doc = {ZH_NODE_GROUP, NULL, NULL, NULL, false};
    bool has_zattrs = false;
    zh_reader r;
    int rc;

    zh_reader_init(&r);
    rc = read_root(&doc, &has_zattrs, &r, t, err);
    if (rc == ZH_OK) {
        rc = doc.kind == ZH_NODE_ARRAY ? adopt_only_array(t, &doc, has_zattrs, err)
                                       : fill(t->root, &doc, has_zattrs, err);
        zh_doc_dispose(&doc);
    }
    /* v2: whether there is a .zmetadata is not asked; erasing one that is absent is no failure. */
    t->consolidated = t->format == ZH_V2 || t->root->consolidated;
    zh_reader_dispose(&r);
    return rc;
}
