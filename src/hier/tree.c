/* tree.c - the tree as a whole: opening and closing, the table of ids, the list of dirty nodes.
 *
 * States: CREATED (zh_tree_create) and OPENED (zh_tree_open) differ in one point: what the store may hold that the tree
 * has not made. A failed flush leaves the tree as it was, with less that is dirty; there is no error state.
 */
#include "hier/hier_internal.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/jsonw.h"

#define DEFAULT_CACHE_BYTES ((size_t)64 << 20)

int zh_tree__assign_id(zh_tree *t, zh_node *node, zh_error *err)
{
    size_t page = (size_t)(t->last_id / ZH_ID_PAGE), cap;
    zh_id_page **p;

    if (page == t->cap_pages) {
        cap = t->cap_pages ? t->cap_pages * 2 : 4;
        p = zh_reallocarray(t->pages, cap, sizeof(zh_id_page *));
        if (!p)
            return zh_error_nomem(err);
        t->pages = p;
        t->cap_pages = cap;
    }
    if (page == t->npages) {
        t->pages[page] = zh_calloc(1, sizeof(zh_id_page));
        if (!t->pages[page])
            return zh_error_nomem(err);
        t->npages++;
    }
    t->pages[page]->slot[t->last_id % ZH_ID_PAGE] = node;
    t->pages[page]->live++;
    node->id = ++t->last_id;
    return ZH_OK;
}

/* A page whose ids are all given out and all gone is freed: a program that makes and removes nodes for ever needs 8
 * bytes for every 256 of them. */
void zh_tree__release_id(zh_tree *t, const zh_node *node)
{
    size_t page = (size_t)((node->id - 1) / ZH_ID_PAGE);

    t->pages[page]->slot[(node->id - 1) % ZH_ID_PAGE] = NULL;
    t->pages[page]->live--;
    if (t->pages[page]->live == 0 && t->last_id >= (page + 1) * ZH_ID_PAGE) {
        zh_free(t->pages[page]);
        t->pages[page] = NULL;
    }
}

zh_node *zh_tree_by_id(zh_tree *t, uint64_t id)
{
    const zh_id_page *page;
    zh_node *node;

    if (id == 0 || id > t->last_id)
        return NULL;
    page = t->pages[(id - 1) / ZH_ID_PAGE];
    node = page ? page->slot[(id - 1) % ZH_ID_PAGE] : NULL;
    return node && !node->removed ? node : NULL;
}

void zh_tree__list_dirty(zh_node *node)
{
    zh_tree *t = node->tree;

    if (node->dirty || node->removed)
        return;
    node->dirty = true;
    node->dirty_prev = t->dirty_tail;
    node->dirty_next = NULL;
    if (t->dirty_tail)
        t->dirty_tail->dirty_next = node;
    else
        t->dirty_head = node;
    t->dirty_tail = node;
    t->ndirty++;
}

/* Also for a node whose flag the publication has cleared already. */
void zh_tree__unlist_dirty(zh_node *node)
{
    zh_tree *t = node->tree;

    if (t->dirty_head != node && !node->dirty_prev)
        return;
    if (node->dirty_prev)
        node->dirty_prev->dirty_next = node->dirty_next;
    else
        t->dirty_head = node->dirty_next;
    if (node->dirty_next)
        node->dirty_next->dirty_prev = node->dirty_prev;
    else
        t->dirty_tail = node->dirty_prev;
    node->dirty_prev = node->dirty_next = NULL;
    node->dirty = false;
    t->ndirty--;
}

int zh_tree__want_filled(zh_tree *t, zh_node *node, zh_error *err)
{
    uint64_t *p;
    size_t cap;

    if (t->nunfilled == t->cap_unfilled) {
        cap = t->cap_unfilled ? t->cap_unfilled * 2 : 16;
        p = zh_reallocarray(t->unfilled, cap, sizeof(*p));
        if (!p)
            return zh_error_nomem(err);
        t->unfilled = p;
        t->cap_unfilled = cap;
    }
    t->unfilled[t->nunfilled++] = node->id;
    node->unfilled = true;
    return ZH_OK;
}

static void free_nodes(zh_tree *t)
{
    size_t page, i;

    for (page = 0; page < t->npages; page++) {
        for (i = 0; t->pages[page] && i < ZH_ID_PAGE; i++) {
            if (t->pages[page]->slot[i])
                zh_node__free(t->pages[page]->slot[i]);
        }
        zh_free(t->pages[page]);
    }
    zh_free(t->pages);
}

/* All but the store. */
static void free_tree(zh_tree *t)
{
    free_nodes(t);
    zh_removals__free(&t->removals);
    zh_chunk_cache_free(t->cache);
    zh_pool_free(t->pool);
    zh_free(t->unfilled);
    zh_free(t);
}

void zh_tree_close(zh_tree *t)
{
    zh_store *store;

    if (!t)
        return;
    store = t->store;
    free_tree(t);
    zh_store_close(store);
}

/* A tree with a root that knows nothing yet. */
static int make(zh_tree **out, zh_store *store, const zh_tree_options *opts, zh_error *err)
{
    zh_tree *t = zh_calloc(1, sizeof(*t));
    zh_node *root;
    int rc;

    if (!t) {
        (void)zh_error_nomem(err);
        return ZH_NOMEM;
    }
    t->store = store;
    t->format = opts->format;
    t->writable = (zh_store_caps(store) & ZH_STORE_WRITE) != 0;
    t->batch_nodes = opts->batch_nodes;
    t->cache_bytes = opts->cache_bytes ? opts->cache_bytes : DEFAULT_CACHE_BYTES;
    rc = zh_pool_new(&t->pool, opts->threads, err);
    if (rc == ZH_OK)
        rc = zh_chunk_cache_new(&t->cache, t->cache_bytes, store, t->pool, err);
    if (rc == ZH_OK)
        rc = zh_node__alloc(&root, t, "", 0, err);
    if (rc == ZH_OK) {
        rc = zh_tree__assign_id(t, root, err);
        if (rc < 0)
            zh_node__free(root);
        else
            t->root = root;
    }
    if (rc < 0) {
        free_tree(t);
        return rc;
    }
    *out = t;
    return ZH_OK;
}

/* "file":{"creator":…} of the root. */
static int set_creator(zh_node *root, const char *creator, zh_error *err)
{
    zh_buf text = ZH_BUF_INIT(4096);
    const char *facts;
    zh_jsonw w;
    int rc;

    zh_jsonw_init(&w, &text, err);
    zh_jsonw_key(&w, "file");
    zh_jsonw_begin_object(&w);
    zh_jsonw_key(&w, "creator");
    zh_jsonw_str(&w, creator);
    zh_jsonw_end_object(&w);
    rc = zh_jsonw_finish(&w);
    facts = rc < 0 ? NULL : zh_buf_cstr(&text, err);
    if (rc == ZH_OK)
        rc = facts ? zh_node_set_facts(root, facts, err) : ZH_NOMEM;
    zh_buf_dispose(&text);
    return rc;
}

int zh_tree_create(zh_tree **out, zh_store *store, const zh_tree_options *opts, zh_error *err)
{
    zh_tree *t;
    int rc;

    if (opts->format != ZH_V2 && opts->format != ZH_V3)
        return zh_error_set(err, ZH_INVALID, "%d is no Zarr format", (int)opts->format);
    if (!(zh_store_caps(store) & ZH_STORE_WRITE))
        return zh_error_set(err, ZH_READONLY, "'%s' is not open for writing", zh_store_url(store));
    rc = make(&t, store, opts, err);
    if (rc < 0)
        return rc;
    t->root->children_listed = true;
    t->root->own_dirty = true;
    if (opts->creator)
        rc = set_creator(t->root, opts->creator, err);
    if (rc < 0) {
        free_tree(t);
        return rc;
    }
    zh_tree__list_dirty(t->root);
    *out = t;
    return ZH_OK;
}

int zh_tree_open(zh_tree **out, zh_store *store, const zh_tree_options *opts, zh_error *err)
{
    zh_tree *t;
    int rc;

    rc = make(&t, store, opts, err);
    if (rc < 0)
        return rc;
    t->opened = true;
    rc = zh_load__root(t, err);
    if (rc < 0) {
        free_tree(t);
        return rc;
    }
    *out = t;
    return ZH_OK;
}

zh_node *zh_tree_root(zh_tree *t)
{
    return t->root;
}

zh_store *zh_tree_store(zh_tree *t)
{
    return t->store;
}

zh_format zh_tree_format(const zh_tree *t)
{
    return t->format;
}

bool zh_tree_writable(const zh_tree *t)
{
    return t->writable;
}

zh_chunk_cache *zh_tree_cache(zh_tree *t)
{
    return t->cache;
}

/* Nodes without a name, and removals of what was never stored, are nothing to write. */
bool zh_tree_dirty(const zh_tree *t)
{
    const zh_node *p;

    if (t->removals.n > 0)
        return true;
    for (p = t->dirty_head; p; p = p->dirty_next) {
        if (zh_node__attached(p))
            return true;
    }
    return false;
}
