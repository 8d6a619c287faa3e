/* publish.c - writes the documents of many nodes, concurrently.
 *
 * Three phases, each ended before the next begins (see publish.h for why):
 *   HIDDEN   nodes below one that is not published: nobody can reach them, new ones are written in place;
 *   CHANGED  documents that replace one that readers see: atomically;
 *   TOP      new nodes below published ones: atomically. With these everything of HIDDEN becomes visible, complete.
 * Within a phase nodes are ordered by parent, so that the store works in one directory for as long as there are
 * siblings; a job takes a run of them, and jobs that run at the same time start far apart.
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
    zh_format format;
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
    if (above == ABOVE_UNPUBLISHED)
        out->phase = PHASE_HIDDEN;
    else
        out->phase = node->published ? PHASE_CHANGED : PHASE_TOP;
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

/* One node. */

/* The key of one of the node's documents; borrowed from the worker. */
static const char *key_of(zh_slot *w, const zh_node *node, const char *document, zh_error *err)
{
    int rc = ZH_OK;

    if (!node->parent) {
        w->key.len = 0;
        w->group = NULL;
    } else if (w->group != node->parent) {
        w->key.len = 0;
        w->group = NULL;
        rc = zh_node__store_path(node->parent, &w->key, err);
        if (rc == ZH_OK && w->key.len > 0)
            rc = zh_buf_putc(&w->key, '/', err);
        if (rc < 0)
            return NULL;
        w->group = node->parent;
        w->group_len = w->key.len;
    } else {
        w->key.len = w->group_len;
    }
    if (node->parent && node->segment[0] != '\0') {
        rc = zh_buf_puts(&w->key, node->segment, err);
        if (rc == ZH_OK)
            rc = zh_buf_putc(&w->key, '/', err);
    }
    if (rc == ZH_OK)
        rc = zh_buf_puts(&w->key, document, err);
    return rc < 0 ? NULL : zh_buf_cstr(&w->key, err);
}

static int put(zh_slot *w, const zh_node *node, const char *document, unsigned flags, zh_error *err)
{
    const char *key = key_of(w, node, document, err);

    if (!key)
        return err && err->code < 0 ? err->code : ZH_NOMEM;
    return zh_slot_put(w, key, flags, err);
}

/* The document that the store has, into w->old. ZH_NOTFOUND: it has gone meanwhile. */
static int get_old(const publication *p, zh_slot *w, const zh_node *node, const char *document, zh_error *err)
{
    const char *key = key_of(w, node, document, err);

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

static unsigned put_flags(const zh_node *node, uint8_t phase)
{
    unsigned flags = 0;

    if (!node->published && !node->array && node->parent)
        flags |= ZH_PUT_NEWDIR;
    if (!node->published && phase == PHASE_HIDDEN)
        flags |= ZH_PUT_PLAIN;
    return flags;
}

static int publish_v3(const publication *p, zh_slot *w, const item *it, zh_error *err)
{
    int rc;

    w->document.len = 0;
    rc = format_v3(p, w, it->node, err);
    return rc < 0 ? rc : put(w, it->node, "zarr.json", put_flags(it->node, it->phase), err);
}

static bool wants_zattrs(const zh_node *node)
{
    const zh_array_meta *m = node->meta;

    return zh_document__has_attributes(node) || (m && (m->dim_names || m->phony_dims));
}

/* No attributes any more: the old ones must not stay. */
static int drop_zattrs(const publication *p, zh_slot *w, zh_node *node, zh_error *err)
{
    const char *key;
    int rc;

    if (!(zh_store_caps(p->store) & ZH_STORE_ERASE)) {
        w->document.len = 0;
        rc = zh_buf_puts(&w->document, "{}", err);
        return rc < 0 ? rc : put(w, node, ".zattrs", 0, err);
    }
    key = key_of(w, node, ".zattrs", err);
    rc = key ? zh_store_erase(p->store, key, err) : ZH_NOMEM;
    if (rc == ZH_OK) {
        node->has_zattrs = false;
        w->erased++;
    }
    return rc;
}

/* .zattrs first: the appearance of the other one makes the node. */
static int publish_v2(const publication *p, zh_slot *w, const item *it, zh_error *err)
{
    unsigned flags = put_flags(it->node, it->phase);
    zh_node *node = it->node;
    int rc = ZH_OK;

    if (wants_zattrs(node)) {
        w->document.len = 0;
        rc = zh_doc_v2_format_attributes(&w->document, node->meta, zh_document__attributes, node, err);
        if (rc < 0)
            return rc;
        node->has_zattrs = true; /* also if the put fails half-way */
        rc = put(w, node, ".zattrs", node->published ? flags : flags | ZH_PUT_PLAIN, err);
        flags &= ~(unsigned)ZH_PUT_NEWDIR;
    } else if (node->has_zattrs) {
        rc = drop_zattrs(p, w, node, err);
    }
    if (rc < 0 || (node->published && (!node->own_dirty || (node->loaded && !node->meta))))
        return rc;
    w->document.len = 0;
    rc = format_v2(p, w, node, err);
    return rc < 0 ? rc : put(w, node, node->meta ? ".zarray" : ".zgroup", flags, err);
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

static int publish_one(const publication *p, zh_slot *w, const item *it, zh_error *err)
{
    zh_node *node = it->node;
    int rc;

    rc = p->format == ZH_V3 ? publish_v3(p, w, it, err) : publish_v2(p, w, it, err);
    if (rc < 0) {
        name_failure(node, err);
        return rc;
    }
    node->dirty = node->own_dirty = node->consolidated = false;
    node->published = true;
    w->nodes++;
    return ZH_OK;
}

static int publish_item(void *payload, size_t index, zh_slot *slot, zh_error *err)
{
    const publication *p = payload;

    return publish_one(p, slot, &p->items[index], err);
}

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
            zh_node__touch(items[kept++].node);
    }
    sort_items(items, kept);
    return kept;
}

static void add_totals(zh_publish_stats *stats, const zh_writer *w)
{
    zh_writer_totals t;

    zh_writer_totals_get(w, &t);
    stats->nodes += t.nodes;
    stats->documents += t.documents;
    stats->bytes += t.bytes;
    stats->erased += t.erased;
}

static int run_phases(publication *p, zh_writer *w, item *items, size_t n, zh_error *err)
{
    size_t begin = 0, end;
    int rc = ZH_OK;

    for (unsigned phase = 0; rc == ZH_OK && phase < PHASES; phase++, begin = end) {
        for (end = begin; end < n && items[end].phase == phase; end++)
            ;
        p->items = items + begin;
        rc = zh_writer_run(w, end - begin, publish_item, p, err);
    }
    return rc;
}

int zh_publish(zh_store *store, zh_pool *pool, zh_format format, zh_node **nodes, size_t n, zh_publish_stats *stats,
               zh_error *err)
{
    publication p = {store, format, NULL};
    double start = now();
    zh_writer *w;
    item *items;
    size_t count, i;
    int rc;

    if (n == 0)
        return ZH_OK;
    rc = zh_writer_new(&w, store, pool, 0, err);
    if (rc < 0)
        return rc;
    items = zh_malloc(n * sizeof(*items));
    if (!items) {
        zh_writer_free(w);
        return zh_error_nomem(err);
    }
    count = choose_items(items, nodes, n);
    rc = run_phases(&p, w, items, count, err);
    for (i = 0; i < count; i++) {
        if (!items[i].node->dirty)
            zh_tree__unlist_dirty(items[i].node);
    }
    if (stats) {
        add_totals(stats, w);
        stats->seconds += now() - start;
        stats->threads = zh_pool_width(pool);
    }
    zh_free(items);
    zh_writer_free(w);
    return rc;
}
