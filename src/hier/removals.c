/* removals.c - what the store still holds of nodes that are gone.
 *
 * Removing a node touches memory only; its path is noted here and erased by the next flush, or before anything new is
 * written at or below it, whichever comes first. The node's own document goes first, so that an interrupted erasure
 * leaves unreachable keys and never a node with half of its content.
 *
 * A hierarchy opened in a store that an earlier writer was killed in may hold documents and chunks below the path of a
 * node that does not exist. They are looked for (zh_removals__clean) when a new node is about to be written there. Only
 * what looks like a document or a chunk of the tree's format is erased: other files are not ours; and nothing at all if
 * nodes of the other Zarr format live there.
 */
#include "hier/hier_internal.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/key.h"
#include "store/key_list.h"

/* Position of the record of exactly this path, or ZH_INDEX_NONE. */
static uint32_t find(const zh_removals *r, const char *path, size_t n)
{
    zh_index_cursor cursor = {0, 0, false};
    uint32_t i;

    if (r->n == 0)
        return ZH_INDEX_NONE;
    cursor.hash = zh_index_hash(path, n);
    for (i = zh_index_next(r->index, &cursor); i != ZH_INDEX_NONE; i = zh_index_next(r->index, &cursor)) {
        if (r->item[i].len == n && memcmp(r->item[i].path, path, n) == 0)
            return i;
    }
    return ZH_INDEX_NONE;
}

int zh_removals__add(zh_tree *t, const char *path, size_t n, zh_error *err)
{
    zh_removals *r = &t->removals;
    zh_removal *p;
    uint32_t cap;
    char *copy;
    int rc;

    if (find(r, path, n) != ZH_INDEX_NONE)
        return ZH_OK;
    if (r->n == r->cap) {
        if (r->cap >= UINT32_MAX / 4)
            return zh_error_set(err, ZH_RANGE, "more than 2^30 removals between two flushes");
        cap = r->cap ? r->cap * 2 : 8;
        p = zh_reallocarray(r->item, cap, sizeof(*p));
        if (!p)
            return zh_error_nomem(err);
        r->item = p;
        r->cap = cap;
    }
    rc = zh_index_reserve(&r->index, err);
    if (rc < 0)
        return rc;
    copy = zh_strndup(path, n);
    if (!copy)
        return zh_error_nomem(err);
    zh_index_insert(r->index, zh_index_hash(path, n), r->n);
    r->item[r->n++] = (zh_removal){copy, n};
    return ZH_OK;
}

static void drop_last(zh_removals *r)
{
    zh_removal *last = &r->item[--r->n];

    zh_index_remove(r->index, zh_index_hash(last->path, last->len), r->n);
    zh_free(last->path);
}

bool zh_removals__covers(const zh_tree *t, const char *path, size_t n)
{
    if (t->removals.n == 0)
        return false;
    for (;;) {
        if (find(&t->removals, path, n) != ZH_INDEX_NONE)
            return true;
        if (n == 0)
            return false;
        while (n > 0 && path[n - 1] != '/')
            n--;
        if (n > 0)
            n--;
    }
}

static int erase_document(zh_tree *t, const char *path, const char *name, zh_error *err)
{
    zh_buf key = ZH_BUF_INIT(ZH_KEY_MAX);
    const char *text;
    int rc;

    rc = zh_key_join(&key, path, name, err);
    text = rc < 0 ? NULL : zh_buf_cstr(&key, err);
    if (rc == ZH_OK)
        rc = text ? zh_store_erase(t->store, text, err) : ZH_NOMEM;
    zh_buf_dispose(&key);
    return rc;
}

/* Erases what the last record names; the record goes only if all of that is gone. */
static int run_last(zh_tree *t, uint64_t *erased, zh_error *err)
{
    static const char *const v3[] = {"zarr.json", NULL};
    static const char *const v2[] = {".zarray", ".zgroup", ".zattrs", NULL};
    const char *const *name = t->format == ZH_V3 ? v3 : v2;
    const char *path = t->removals.item[t->removals.n - 1].path;
    int rc = ZH_OK;

    for (; rc == ZH_OK && *name; name++)
        rc = erase_document(t, path, *name, err);
    if (rc == ZH_OK)
        rc = zh_store_erase_prefix(t->store, path, err);
    if (rc < 0) {
        zh_error_prefix(err, "removing '/%s'", path);
        return rc;
    }
    (*erased)++;
    drop_last(&t->removals);
    return ZH_OK;
}

/* All, not only those that cover path: one that lies below it (x/c, when x is to be an array) would erase the new keys
 * later. */
int zh_removals__settle(zh_tree *t, const char *path, size_t n, uint64_t *erased, zh_error *err)
{
    return zh_removals__covers(t, path, n) ? zh_removals__run(t, erased, err) : ZH_OK;
}

int zh_removals__run(zh_tree *t, uint64_t *erased, zh_error *err)
{
    int rc = ZH_OK;

    while (rc == ZH_OK && t->removals.n > 0)
        rc = run_last(t, erased, err);
    return rc;
}

void zh_removals__free(zh_removals *r)
{
    uint32_t i;

    for (i = 0; i < r->n; i++)
        zh_free(r->item[i].path);
    zh_free(r->item);
    zh_index_free(r->index);
    *r = (zh_removals){NULL, 0, 0, NULL};
}

/* Leftovers. */

typedef struct leftovers {
    zh_tree *tree;
    size_t path_len;  /* of the node, in each key */
    zh_key_list keys; /* what is to go */
    bool foreign;     /* somebody's nodes of the other format are there */
} leftovers;

/* Whether key, relative to an array, is one of its chunks. v3: c, or c/ and numbers; v2: numbers with dots or slashes
 * between. */
static bool looks_like_chunk(const char *key, zh_format format)
{
    if (format == ZH_V2)
        return *key != '\0' && key[strspn(key, "0123456789./")] == '\0';
    return key[0] == 'c' && (key[1] == '\0' || (key[1] == '/' && key[strspn(key + 1, "0123456789/") + 1] == '\0'));
}

static bool is_document(const char *name, zh_format format)
{
    static const char *const v2[] = {".zarray", ".zgroup", ".zattrs", ".zmetadata"};
    size_t i;

    if (format == ZH_V3)
        return strcmp(name, "zarr.json") == 0;
    for (i = 0; i < sizeof(v2) / sizeof(v2[0]); i++) {
        if (strcmp(name, v2[i]) == 0)
            return true;
    }
    return false;
}

static int note_leftover(void *payload, const char *key, const char *name, zh_error *err)
{
    leftovers *l = payload;
    zh_format format = l->tree->format;
    const char *own = key + l->path_len + 1;

    if (own == key + strlen(key) - strlen(name)) {
        if (is_document(name, format == ZH_V3 ? ZH_V2 : ZH_V3))
            l->foreign = true;
        if (is_document(name, format))
            return zh_key_list_add(&l->keys, key, err);
    }
    return looks_like_chunk(own, format) ? zh_key_list_add(&l->keys, key, err) : ZH_OK;
}

int zh_removals__clean(zh_tree *t, const char *path, size_t n, zh_error *err)
{
    leftovers l = {t, n, ZH_KEY_LIST_INIT, false};
    char *prefix = zh_strndup(path, n);
    size_t i;
    int rc;

    if (!prefix)
        return zh_error_nomem(err);
    rc = zh_keys_walk(t->store, prefix, note_leftover, &l, err);
    for (i = 0; rc == ZH_OK && !l.foreign && i < l.keys.n; i++)
        rc = zh_store_erase(t->store, l.keys.item[i].name, err);
    zh_key_list_dispose(&l.keys);
    zh_free(prefix);
    return rc;
}
