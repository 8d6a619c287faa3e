/* publish.c - writes the documents of many nodes, concurrently.
 *
 * Three phases, each ended before the next begins (see publish.h for why):
 *   HIDDEN   new nodes below one that is not published: nobody can reach them
 *   CHANGED  documents that replace one that readers see: atomically
 *   TOP      new nodes below published ones. With these everything of HIDDEN becomes visible, complete.
 * New nodes are the builder's: each of the two phases is a plan for zh_create_nodes, whose documents come from the
 * tree as they are wanted. What a document said before, and must go on to say, is known here alone: CHANGED is ours.
 *
 * A worker reads its node, that node's parents' names and its children's; it writes the node's flags, which no other
 * worker looks at. The dirty list is the calling thread's.
 */
#include "hier/publish.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/key.h"
#include "builder/writer.h"
#include "zh/hierarchy.h"
#include "hier/hier_internal.h"
#include "meta/doc.h"

enum phase { PHASE_HIDDEN, PHASE_CHANGED, PHASE_TOP, PHASES };

typedef struct item {
    zh_node *node;
    uint64_t parent_id;
    uint8_t phase;
} item;

typedef struct publication {
    zh_store *store;
    zh_pool *pool;
    zh_format format;
    zh_publish_stats *stats;
    const item *items; /* of the phase that runs */
} publication;

/* Which phase? */

/* What a child of node has above it. */
enum above { ABOVE_PUBLISHED = 1, ABOVE_UNPUBLISHED = 2, ABOVE_NOTHING = 3 };

/* Two climbs instead of a recursion; every node is marked once a publication. */
static unsigned above_children_of(zh_node *node, uint32_t epoch)
{
    const zh_node *unpublished = NULL, *root = node->tree->root;
    unsigned state = 0;
    zh_node *p;

    for (p = node; p; p = p->parent) {
        if (p->mark >> 2 == epoch) {
            state = p->mark & 3u;
            break;
        }
        if (!p->published)
            unpublished = p;
        if (!p->parent)
            state = p == root ? ABOVE_PUBLISHED : ABOVE_NOTHING;
    }
    if (state != ABOVE_PUBLISHED)
        unpublished = NULL;
    else if (unpublished)
        state = ABOVE_UNPUBLISHED;
    for (p = node; p && p->mark >> 2 != epoch; p = p->parent) {
        p->mark = epoch << 2 | state;
        if (p == unpublished)
            state = ABOVE_PUBLISHED;
    }
    return node->mark & 3u;
}

/* false: the node has no place in the store. */
static bool classify(item *out, zh_node *node, uint32_t epoch)
{
    unsigned above;

    if (node->broken || node->removed)
        return false;
    above = node->parent ? above_children_of(node->parent, epoch) : ABOVE_PUBLISHED;
    if (above == ABOVE_NOTHING || (!node->parent && node != node->tree->root))
        return false;
    out->node = node;
    out->parent_id = node->parent ? node->parent->id : 0;
    if (node->published)
        out->phase = PHASE_CHANGED;
    else
        out->phase = above == ABOVE_UNPUBLISHED ? PHASE_HIDDEN : PHASE_TOP;
    return true;
}

static int compare_items(const void *a, const void *b)
{
    const item *x = a, *y = b;

    if (x->phase != y->phase)
        return x->phase < y->phase ? -1 : 1;
    if (x->parent_id != y->parent_id)
        return x->parent_id < y->parent_id ? -1 : 1;
    if (x->node->id != y->node->id)
        return x->node->id < y->node->id ? -1 : 1;
    return 0;
}

static void sort_items(item *items, size_t n)
{
    size_t i;

    for (i = 1; i < n && compare_items(&items[i - 1], &items[i]) < 0; i++)
        ;
    if (i < n)
        qsort(items, n, sizeof(*items), compare_items);
}

/* Documents. */

static bool wants_zattrs(const zh_node *node)
{
    const zh_array_meta *m = node->meta;

    return zh_document__has_attributes(node) || (m && (m->dim_names || m->phony_dims));
}

static void settle(zh_node *node)
{
    node->dirty = node->own_dirty = node->consolidated = false;
    node->published = true;
}

/* The key of one of the node's documents; borrowed from out. */
static const char *document_key(zh_buf *out, const zh_node *node, const char *document, zh_error *err)
{
    int rc;

    out->len = 0;
    rc = zh_node__store_path(node, out, err);
    if (rc == ZH_OK && out->len > 0)
        rc = zh_buf_putc(out, '/', err);
    if (rc == ZH_OK)
        rc = zh_buf_puts(out, document, err);
    return rc < 0 ? NULL : zh_buf_cstr(out, err);
}

static void name_failure(const zh_node *node, zh_error *err)
{
    zh_buf path = ZH_BUF_INIT(1 << 20);
    const char *text = NULL;

    if (zh_node_path(node, &path, NULL) == ZH_OK)
        text = zh_buf_cstr(&path, NULL);
    if (text)
        zh_error_prefix(err, "writing '%.300s'", text);
    zh_buf_dispose(&path);
}

/* CHANGED: one node. */

static int put(zh_slot *w, const zh_node *node, const char *document, zh_error *err)
{
    const char *key = document_key(&w->key, node, document, err);

    return key ? zh_slot_put(w, key, 0, err) : ZH_NOMEM;
}

/* The document that the store has, into w->old. ZH_NOTFOUND: it has gone meanwhile. */
static int get_old(const publication *p, zh_slot *w, const zh_node *node, const char *document, zh_error *err)
{
    const char *key = document_key(&w->key, node, document, err);

    w->old.len = 0;
    return key ? zh_store_get(p->store, key, &w->old, err) : ZH_NOMEM;
}

static int format_v3(const publication *p, zh_slot *w, const zh_node *node, zh_error *err)
{
    const zh_array_meta *m = node->meta;
    int rc = ZH_NOTFOUND;

    if (node->loaded)
        rc = get_old(p, w, node, "zarr.json", err);
    if (rc == ZH_OK && m && node->own_dirty)
        return zh_doc_v3_rewrite_array(&w->document, (const char *)w->old.ptr, w->old.len, m, zh_document__attributes,
                                       node, err);
    if (rc == ZH_OK)
        return zh_doc_v3_rewrite(&w->document, (const char *)w->old.ptr, w->old.len, 0, NULL, zh_document__attributes,
                                 node, err);
    return rc == ZH_NOTFOUND ? zh_doc_v3_format(&w->document, m, zh_document__attributes, node, err) : rc;
}

static int format_v2(const publication *p, zh_slot *w, const zh_node *node, zh_error *err)
{
    const zh_array_meta *m = node->meta;
    int rc = ZH_NOTFOUND;

    if (node->loaded && m) {
        rc = get_old(p, w, node, ".zarray", err);
        if (rc == ZH_OK)
            return zh_doc_v2_rewrite(&w->document, (const char *)w->old.ptr, w->old.len, m->rank, m->shape, err);
    }
    return rc == ZH_NOTFOUND ? zh_doc_v2_format(&w->document, m, err) : rc;
}

static int publish_v3(const publication *p, zh_slot *w, const zh_node *node, zh_error *err)
{
    int rc;

    w->document.len = 0;
    rc = format_v3(p, w, node, err);
    return rc < 0 ? rc : put(w, node, "zarr.json", err);
}

/* No attributes any more: the old ones must not stay. */
static int drop_zattrs(const publication *p, zh_slot *w, zh_node *node, zh_error *err)
{
    const char *key;
    int rc;

    if (!(zh_store_caps(p->store) & ZH_STORE_ERASE)) {
        w->document.len = 0;
        rc = zh_buf_puts(&w->document, "{}", err);
        return rc < 0 ? rc : put(w, node, ".zattrs", err);
    }
    key = document_key(&w->key, node, ".zattrs", err);
    rc = key ? zh_store_erase(p->store, key, err) : ZH_NOMEM;
    if (rc == ZH_OK) {
        node->has_zattrs = false;
        w->erased++;
    }
    return rc;
}

static int publish_v2(const publication *p, zh_slot *w, zh_node *node, zh_error *err)
{
    int rc = ZH_OK;

    if (wants_zattrs(node)) {
        w->document.len = 0;
        rc = zh_doc_v2_format_attributes(&w->document, node->meta, zh_document__attributes, node, err);
        if (rc < 0)
            return rc;
        node->has_zattrs = true; /* also if the put fails half-way */
        rc = put(w, node, ".zattrs", err);
    } else if (node->has_zattrs) {
        rc = drop_zattrs(p, w, node, err);
    }
    if (rc < 0 || !node->own_dirty || (node->loaded && !node->meta))
        return rc;
    w->document.len = 0;
    rc = format_v2(p, w, node, err);
    return rc < 0 ? rc : put(w, node, node->meta ? ".zarray" : ".zgroup", err);
}

static int publish_changed(void *payload, size_t index, zh_slot *slot, zh_error *err)
{
    const publication *p = payload;
    zh_node *node = p->items[index].node;
    int rc;

    rc = p->format == ZH_V3 ? publish_v3(p, slot, node, err) : publish_v2(p, slot, node, err);
    if (rc < 0) {
        name_failure(node, err);
        return rc;
    }
    settle(node);
    slot->nodes++;
    return ZH_OK;
}

static int run_changed(publication *p, size_t n, zh_error *err)
{
    zh_writer_totals t;
    zh_writer *w;
    int rc;

    if (n == 0)
        return ZH_OK;
    rc = zh_writer_new(&w, p->store, p->pool, 0, err);
    if (rc < 0)
        return rc;
    rc = zh_writer_run(w, n, publish_changed, p, err);
    zh_writer_totals_get(w, &t);
    p->stats->nodes += t.nodes;
    p->stats->documents += t.documents;
    p->stats->bytes += t.bytes;
    p->stats->erased += t.erased;
    zh_writer_free(w);
    return rc;
}

/* HIDDEN and TOP: new nodes. */

static int new_document(void *payload, void *object, zh_document document, zh_buf *out, zh_error *err)
{
    zh_node *node = object;
    int rc;

    (void)payload;
    if (document == ZH_DOC_ZATTRS) {
        node->has_zattrs = true; /* also if the put fails half-way */
        rc = zh_doc_v2_format_attributes(out, node->meta, zh_document__attributes, node, err);
    } else if (document == ZH_DOC_ZARR_JSON) {
        rc = zh_doc_v3_format(out, node->meta, zh_document__attributes, node, err);
    } else {
        rc = zh_doc_v2_format(out, node->meta, err);
    }
    return rc;
}

static void is_stored(void *payload, void *object)
{
    (void)payload;
    settle(object);
}

/* Another program has made a node at this one's path. What lies there is not ours to remove any more. */
static void give_up_place(zh_node *node)
{
    for (zh_node *p = node; p; p = zh_node__next(node, p))
        p->touched = false;
}

static void has_failed(void *payload, void *object, zh_error *err)
{
    (void)payload;
    if (err && err->code == ZH_EXISTS)
        give_up_place(object);
    name_failure(object, err);
}

static int is_there(const publication *p, zh_node *node, const char *document, zh_error *err)
{
    zh_buf buf = ZH_BUF_INIT(ZH_KEY_MAX);
    const char *key = document_key(&buf, node, document, err);
    uint64_t size;
    int rc = key ? zh_store_size(p->store, key, &size, err) : ZH_NOMEM;

    if (rc == ZH_OK) {
        rc = zh_error_set(err, ZH_EXISTS, "'%.300s' exists in '%.100s'", key, zh_store_url(p->store));
        give_up_place(node);
        name_failure(node, err);
    }
    zh_buf_dispose(&buf);
    return rc == ZH_NOTFOUND ? ZH_OK : rc;
}

/* Before members are written below a new group that readers would come to: are they going to be another's? */
static int look_at_tops(const publication *p, const item *items, size_t n, zh_error *err)
{
    static const char *const v3[] = {"zarr.json", NULL};
    static const char *const v2[] = {".zgroup", ".zarray", NULL};
    int rc = ZH_OK;

    for (size_t i = 0; rc == ZH_OK && i < n; i++) {
        zh_node *node = items[i].node;

        if (items[i].phase != PHASE_TOP || !node->parent || node->kind != ZH_NODE_GROUP ||
            zh_children__count(node) == 0)
            continue;
        for (const char *const *d = p->format == ZH_V3 ? v3 : v2; rc == ZH_OK && *d; d++)
            rc = is_there(p, node, *d, err);
    }
    return rc;
}

/* An earlier publication that failed half-way may have left attributes that are none any more. */
static int forget_zattrs(const publication *p, zh_node *node, zh_error *err)
{
    zh_buf buf = ZH_BUF_INIT(ZH_KEY_MAX);
    const char *key = document_key(&buf, node, ".zattrs", err);
    const int rc = key ? zh_store_erase(p->store, key, err) : ZH_NOMEM;

    if (rc == ZH_OK) {
        node->has_zattrs = false;
        p->stats->erased++;
    }
    zh_buf_dispose(&buf);
    return rc;
}

/* Siblings follow each other: the way to them, in key, is kept. */
static int add_to_plan(zh_plan *plan, const publication *p, zh_node *node, const zh_node_source *source, zh_buf *key,
                       size_t above, zh_error *err)
{
    int rc = ZH_OK;

    key->len = above;
    if (above > 0)
        rc = zh_buf_putc(key, '/', err);
    if (rc == ZH_OK)
        rc = zh_buf_puts(key, node->parent ? node->segment : "", err);
    if (rc == ZH_OK && node->has_zattrs && !wants_zattrs(node))
        rc = forget_zattrs(p, node, err);
    if (rc < 0)
        return rc;
    return zh_plan_add_source(plan, p->format, (zh_node_kind)node->kind, (const char *)key->ptr, key->len,
                              wants_zattrs(node), source, node, err);
}

static int make_plan(zh_plan *plan, const publication *p, size_t n, const zh_node_source *source, zh_error *err)
{
    zh_plan_options unchecked = ZH_PLAN_OPTIONS_INIT;
    zh_buf key = ZH_BUF_INIT(ZH_KEY_MAX);
    const zh_node *parent = NULL;
    size_t above = 0;
    int rc = ZH_OK;

    for (size_t i = 0; rc == ZH_OK && i < n; i++) {
        zh_node *node = p->items[i].node;

        if (node->parent && node->parent != parent) {
            parent = node->parent;
            key.len = 0;
            rc = zh_node__store_path(parent, &key, err);
            above = key.len;
        }
        if (rc == ZH_OK)
            rc = add_to_plan(plan, p, node, source, &key, node->parent ? above : 0, err);
    }
    zh_buf_dispose(&key);
    unchecked.unchecked = true; /* the tree has done it, node by node */
    return rc < 0 ? rc : zh_plan_finish(plan, &unchecked, err);
}

static int run_new(publication *p, size_t n, zh_reach reach, zh_error *err)
{
    const zh_node_source source = {new_document, is_stored, has_failed, NULL};
    zh_create_options o = ZH_CREATE_OPTIONS_INIT;
    zh_create_stats stats = {0};
    zh_plan *plan;
    int rc;

    if (n == 0)
        return ZH_OK;
    rc = zh_plan_new(&plan, err);
    if (rc < 0)
        return rc;
    o.reach = reach;
    o.unflushed = true;
    o.requests = zh_pool_width(p->pool);
    o.stats = &stats;
    rc = make_plan(plan, p, n, &source, err);
    if (rc == ZH_OK)
        rc = zh_create_nodes(p->store, plan, &o, err);
    p->stats->nodes += stats.nodes;
    p->stats->documents += stats.documents;
    p->stats->bytes += stats.bytes;
    zh_plan_free(plan);
    return rc;
}

/* All together. */

static double now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + 1e-9 * (double)ts.tv_nsec;
}

static size_t choose_items(item *items, zh_node **nodes, size_t n)
{
    uint32_t epoch = ++nodes[0]->tree->epoch & (UINT32_MAX >> 2);
    size_t kept = 0, i;

    for (i = 0; i < n; i++) {
        if (nodes[i]->dirty && classify(&items[kept], nodes[i], epoch))
            kept++;
    }
    sort_items(items, kept);
    return kept;
}

static int run_phase(publication *p, unsigned phase, size_t n, zh_error *err)
{
    if (phase == PHASE_CHANGED)
        return run_changed(p, n, err);
    return run_new(p, n, phase == PHASE_HIDDEN ? ZH_REACH_NONE : ZH_REACH_NEW, err);
}

static int run_phases(publication *p, const item *items, size_t n, zh_error *err)
{
    size_t begin = 0, end;
    int rc = ZH_OK;

    for (unsigned phase = 0; rc == ZH_OK && phase < PHASES; phase++, begin = end) {
        for (end = begin; end < n && items[end].phase == phase; end++)
            ;
        p->items = items + begin;
        rc = run_phase(p, phase, end - begin, err);
    }
    return rc;
}

int zh_publish(zh_store *store, zh_pool *pool, zh_format format, zh_node **nodes, size_t n, zh_publish_stats *stats,
               zh_error *err)
{
    zh_publish_stats own = {0};
    publication p = {store, pool, format, stats ? stats : &own, NULL};
    const double start = now();
    size_t count, i;
    item *items;
    int rc;

    if (n == 0)
        return ZH_OK;
    items = zh_malloc(n * sizeof(*items));
    if (!items)
        return zh_error_nomem(err);
    count = choose_items(items, nodes, n);
    rc = look_at_tops(&p, items, count, err);
    if (rc == ZH_OK) {
        for (i = 0; i < count; i++)
            zh_node__touch(items[i].node);
        rc = run_phases(&p, items, count, err);
    }
    for (i = 0; i < count; i++) {
        if (!items[i].node->dirty)
            zh_tree__unlist_dirty(items[i].node);
    }
    p.stats->seconds += now() - start;
    p.stats->threads = zh_pool_width(pool);
    zh_free(items);
    return rc;
}
