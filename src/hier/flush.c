/* flush.c - one publication of everything that changed, in the order that keeps the store readable:
 * chunks, erasures, missing chunks of v2 arrays, leftovers at new paths, documents, the store's own flush.
 * The first failure ends it; what was not done is still to be done, and a repeated call does it.
 */
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/key.h"
#include "hier/hier_internal.h"
#include "hier/publish.h"
#include "meta/grid.h"

/* Above these, a v2 array gets the fill value 0 instead of its missing chunks. */
#define FILL_CHUNKS_MAX 10000u
#define FILL_BYTES_MAX ((uint64_t)1 << 30)

/* How many chunks of this array may be written only to be there. */
static uint64_t fill_limit(const zh_array_meta *m)
{
    uint64_t bytes = zh_dtype_cell_size(&m->dtype), limit;
    unsigned i;

    for (i = 0; i < m->rank; i++) {
        if (!zh_mul_u64(bytes, m->chunk[i], &bytes))
            return 0;
    }
    limit = bytes ? FILL_BYTES_MAX / bytes : FILL_CHUNKS_MAX;
    return limit < FILL_CHUNKS_MAX ? limit : FILL_CHUNKS_MAX;
}

static void fill_with_zero(zh_node *node)
{
    node->meta->has_fill = true;
    zh_node_mark_dirty(node);
}

static int fill_array(zh_node *node, zh_error *err)
{
    uint64_t limit = fill_limit(node->meta), total, missing = 0;
    bool was_open = node->array != NULL;
    zh_array *array;
    int rc;

    if (!node->touched && (!zh_grid_total(node->meta, &total) || total > limit)) {
        fill_with_zero(node);
        return ZH_OK;
    }
    rc = zh_node_array(&array, node, err);
    if (rc == ZH_OK)
        rc = zh_array_materialise(array, limit, &missing, err);
    if (rc == ZH_OK && missing > limit)
        fill_with_zero(node);
    if (!was_open)
        zh_data__close(node);
    return rc;
}

static int fill_arrays(zh_tree *t, zh_error *err)
{
    size_t i, kept = 0;
    zh_node *node;
    int rc = ZH_OK;

    for (i = 0; i < t->nunfilled; i++) {
        node = zh_tree_by_id(t, t->unfilled[i]);
        if (!node)
            continue;
        if (rc == ZH_OK && zh_node__attached(node)) {
            if (!node->meta->has_fill)
                rc = fill_array(node, err);
            if (rc == ZH_OK) {
                node->unfilled = false;
                continue;
            }
        }
        t->unfilled[kept++] = t->unfilled[i];
    }
    t->nunfilled = kept;
    return rc;
}

/* Consolidated metadata are a copy that is about to become wrong: v2's file goes, v3's member goes with the next
 * version of the document that holds it. */
static int drop_consolidated(zh_tree *t, zh_error *err)
{
    zh_node *p;
    int rc = ZH_OK;

    if (!t->consolidated)
        return ZH_OK;
    if (t->format == ZH_V2) {
        if (zh_store_caps(t->store) & ZH_STORE_ERASE)
            rc = zh_store_erase(t->store, ".zmetadata", err);
    } else {
        for (p = t->root; p; p = zh_node__next(t->root, p)) {
            if (p->consolidated)
                zh_tree__list_dirty(p);
        }
    }
    if (rc == ZH_OK)
        t->consolidated = false;
    return rc;
}

/* Leftovers below new nodes. */

static int clean_one(void *payload, size_t index, unsigned worker, zh_error *err)
{
    zh_node *node = ((zh_node **)payload)[index];
    zh_buf path = ZH_BUF_INIT(ZH_KEY_MAX);
    int rc;

    (void)worker;
    rc = zh_node__store_path(node, &path, err);
    if (rc == ZH_OK)
        rc = zh_removals__clean(node->tree, (const char *)path.ptr, path.len, err);
    if (rc == ZH_OK)
        node->unclean = false;
    zh_buf_dispose(&path);
    return rc;
}

static int clean_new(zh_tree *t, zh_node **nodes, size_t n, zh_error *err)
{
    zh_node **unclean;
    size_t count = 0, i;
    int rc;

    if (!t->opened)
        return ZH_OK;
    unclean = zh_malloc(n * sizeof(zh_node *));
    if (!unclean)
        return zh_error_nomem(err);
    for (i = 0; i < n; i++) {
        if (nodes[i]->unclean && !nodes[i]->published && zh_node__attached(nodes[i]))
            unclean[count++] = nodes[i];
    }
    rc = zh_pool_run(t->pool, count, clean_one, unclean, err);
    zh_free(unclean);
    return rc;
}

/* All together. */

/* A new node that a reader would reach once its document is there. */
static bool is_top(const zh_node *node)
{
    return !node->parent || node->parent->published;
}

/* automatic: new subtrees stay out of reach, their topmost documents wait for a flush that was asked for. */
static int publish_dirty(zh_tree *t, bool automatic, zh_publish_stats *stats, zh_error *err)
{
    zh_node **nodes, *p;
    size_t n = 0, i;
    int rc;

    if (t->ndirty == 0)
        return ZH_OK;
    nodes = zh_malloc(t->ndirty * sizeof(zh_node *));
    if (!nodes)
        return zh_error_nomem(err);
    for (p = t->dirty_head; p; p = p->dirty_next) {
        if (!automatic || p->published || !is_top(p))
            nodes[n++] = p;
    }
    rc = n > 0 ? clean_new(t, nodes, n, err) : ZH_OK;
    if (rc == ZH_OK)
        rc = zh_publish(t->store, t->pool, t->format, nodes, n, stats, err);
    for (i = 0; i < n; i++) {
        if (nodes[i]->array && nodes[i]->published)
            zh_array_set_published(nodes[i]->array, true);
    }
    zh_free(nodes);
    return rc;
}

int zh_tree__publish(zh_tree *t, bool automatic, zh_publish_stats *stats, zh_error *err)
{
    uint64_t erased = 0;
    int rc = ZH_OK;

    if (zh_tree_dirty(t))
        rc = drop_consolidated(t, err);
    if (rc == ZH_OK)
        rc = zh_removals__run(t, &erased, err);
    if (stats)
        stats->erased += erased;
    if (rc == ZH_OK && !automatic)
        rc = fill_arrays(t, err);
    if (rc == ZH_OK)
        rc = publish_dirty(t, automatic, stats, err);
    if (rc == ZH_OK)
        t->since_batch = 0;
    return rc;
}

int zh_tree_flush(zh_tree *t, zh_publish_stats *stats, zh_error *err)
{
    zh_publish_stats own = {0, 0, 0, 0, 0, 0};
    int rc, published;

    if (stats)
        *stats = own;
    if (!t->writable)
        return ZH_OK;
    /* A chunk that cannot be written does not keep the documents of other nodes from it. */
    rc = zh_chunk_cache_flush(t->cache, err);
    published = zh_tree__publish(t, false, stats ? stats : &own, rc < 0 ? NULL : err);
    if (rc == ZH_OK)
        rc = published;
    return rc < 0 ? rc : zh_store_flush(t->store, err);
}
