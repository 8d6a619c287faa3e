/* data.c - the elements of arrays, as far as the hierarchy has to do with them: where an array is opened, and what
 * happens to its chunks when its node gets a name.
 *
 * An array without a name has no place in the store yet: its chunks go into a private store in memory (its staging),
 * and are copied, encoded as they are, when the node is linked. So h5py's f['x'] = data, which creates, writes and then
 * links, is possible.
 */
#include "hier/hier_internal.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/key.h"
#include "store/key_list.h"

struct zh_staging {
    zh_store *store;
    zh_chunk_cache *cache;
};

static void free_staging(zh_staging *s)
{
    if (!s)
        return;
    zh_chunk_cache_free(s->cache);
    zh_store_close(s->store);
    zh_free(s);
}

static int new_staging(zh_staging **out, zh_tree *t, zh_error *err)
{
    zh_staging *s = zh_calloc(1, sizeof(*s));
    int rc;

    if (!s)
        return zh_error_nomem(err);
    rc = zh_store_mem_open(&s->store, err);
    if (rc == ZH_OK)
        rc = zh_chunk_cache_new(&s->cache, t->cache_bytes, s->store, t->pool, err);
    if (rc < 0) {
        free_staging(s);
        return rc;
    }
    *out = s;
    return ZH_OK;
}

void zh_data__close(zh_node *node)
{
    zh_array_close(node->array);
    node->array = NULL;
    free_staging(node->staging);
    node->staging = NULL;
}

int zh_data__settle(zh_node *node, zh_error *err)
{
    zh_buf path = ZH_BUF_INIT(ZH_KEY_MAX);
    zh_tree *t = node->tree;
    uint64_t erased = 0;
    zh_node *p;
    int rc = ZH_OK;

    if (node->published)
        return ZH_OK;
    if (t->removals.n > 0) {
        rc = zh_node__store_path(node, &path, err);
        if (rc == ZH_OK)
            rc = zh_removals__settle(t, (const char *)path.ptr, path.len, &erased, err);
    }
    for (p = node; rc == ZH_OK && p && !p->published; p = p->parent) {
        if (!p->unclean)
            continue;
        path.len = 0;
        rc = zh_node__store_path(p, &path, err);
        if (rc == ZH_OK)
            rc = zh_removals__clean(t, (const char *)path.ptr, path.len, err);
        if (rc == ZH_OK)
            p->unclean = false;
    }
    zh_buf_dispose(&path);
    return rc;
}

static int open_in_store(zh_node *node, zh_error *err)
{
    zh_buf path = ZH_BUF_INIT(ZH_KEY_MAX);
    const char *prefix = NULL;
    int rc = ZH_OK;

    if (node->tree->writable)
        rc = zh_data__settle(node, err);
    if (rc == ZH_OK)
        rc = zh_node__store_path(node, &path, err);
    if (rc == ZH_OK) {
        prefix = zh_buf_cstr(&path, err);
        rc = prefix ? zh_array_open(&node->array, node->tree->cache, node->meta, prefix, err) : ZH_NOMEM;
    }
    zh_buf_dispose(&path);
    if (rc < 0)
        return rc;
    zh_array_set_published(node->array, node->published);
    zh_node__touch(node);
    return ZH_OK;
}

int zh_node_array(zh_array **out, zh_node *node, zh_error *err)
{
    int rc;

    *out = node->array;
    if (node->array)
        return ZH_OK;
    rc = zh_node_check(node, err);
    if (rc < 0)
        return rc;
    if (node->kind != ZH_NODE_ARRAY)
        return zh_error_set(err, ZH_INVALID, "'%s' is not an array", node->name);
    if (node->removed)
        return zh_error_set(err, ZH_UNSUPPORTED, "the array '%s' has been removed", node->name);
    if (zh_node__attached(node)) {
        rc = open_in_store(node, err);
    } else {
        rc = new_staging(&node->staging, node->tree, err);
        if (rc == ZH_OK)
            rc = zh_array_open(&node->array, node->staging->cache, node->meta, "", err);
        if (rc < 0)
            zh_data__close(node);
    }
    *out = node->array;
    return rc;
}

/* Copying chunks from one prefix to another. */
typedef struct copying {
    zh_store *from, *to;
    size_t from_len; /* bytes of the old prefix */
    const char *to_prefix;
    zh_buf value, key;
} copying;

static int copy_key(void *payload, const char *key, const char *name, zh_error *err)
{
    copying *c = payload;
    const char *rest = key + c->from_len + (c->from_len ? 1 : 0), *text;
    int rc;

    if (strcmp(name, "zarr.json") == 0 || name[0] == '.') /* what a failed publication may have left */
        return ZH_OK;
    c->value.len = 0;
    rc = zh_store_get(c->from, key, &c->value, err);
    if (rc == ZH_NOTFOUND)
        return ZH_OK;
    c->key.len = 0;
    if (rc == ZH_OK)
        rc = zh_key_join(&c->key, c->to_prefix, rest, err);
    if (rc < 0)
        return rc;
    text = zh_buf_cstr(&c->key, err);
    return text ? zh_store_put(c->to, text, c->value.ptr, c->value.len, 0, err) : ZH_NOMEM;
}

static int copy_array(zh_node *node, const char *from, const char *to, zh_error *err)
{
    zh_tree *t = node->tree;
    copying c = {node->staging ? node->staging->store : t->store,
                 t->store,
                 0,
                 to,
                 ZH_BUF_INIT(SIZE_MAX),
                 ZH_BUF_INIT(ZH_KEY_MAX)};
    int rc = ZH_OK;

    if (node->staging)
        from = "";
    c.from_len = strlen(from);
    if (node->array)
        rc = zh_array_flush(node->array, err);
    if (rc == ZH_OK)
        rc = zh_data__settle(node, err);
    if (rc == ZH_OK) {
        zh_node__touch(node);
        rc = zh_keys_walk(c.from, from, copy_key, &c, err);
    }
    zh_buf_dispose(&c.value);
    zh_buf_dispose(&c.key);
    return rc;
}

/* top has its new place already; from and to are its old and new path. Nothing is taken away from the old place, so
 * that a failure loses nothing. */
int zh_data__move(zh_node *top, const char *from, const char *to, zh_error *err)
{
    zh_buf new_path = ZH_BUF_INIT(ZH_KEY_MAX), old_path = ZH_BUF_INIT(ZH_KEY_MAX);
    const char *new_text, *old_text;
    size_t to_len = strlen(to);
    zh_node *p;
    int rc = ZH_OK;

    for (p = top; rc == ZH_OK && p; p = zh_node__next(top, p)) {
        if (p->kind != ZH_NODE_ARRAY || (!p->array && !p->touched))
            continue;
        new_path.len = old_path.len = 0;
        rc = zh_node__store_path(p, &new_path, err);
        new_text = rc < 0 ? NULL : zh_buf_cstr(&new_path, err);
        if (new_text)
            rc = zh_buf_puts(&old_path, from, err);
        if (rc == ZH_OK && new_text)
            rc = zh_buf_puts(&old_path, new_text + to_len, err);
        old_text = rc < 0 || !new_text ? NULL : zh_buf_cstr(&old_path, err);
        if (old_text)
            rc = copy_array(p, old_text, new_text, err);
        else if (rc == ZH_OK)
            rc = ZH_NOMEM;
    }
    for (p = top; rc == ZH_OK && p; p = zh_node__next(top, p))
        zh_data__close(p);
    zh_buf_dispose(&new_path);
    zh_buf_dispose(&old_path);
    return rc;
}
