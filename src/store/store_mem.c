/* store_mem.c - values in memory: the reference store of the tests, and for hierarchies that are never stored.
 *
 * A reader-writer lock guards the map. Copies of values are made outside it where they are put, inside it where they
 * are read.
 */
#include "store/keymap.h"
#include "base/alloc.h"
#include "zh/buf.h"
#include "base/error.h"

#include <pthread.h>
#include <string.h>

typedef struct mem_store {
    zh_store base;
    pthread_rwlock_t lock;
    pthread_mutex_t creators; /* zh_store_lock; taken before the other */
    zh_keymap values;         /* of mem_value */
} mem_store;

typedef struct mem_value {
    uint8_t *ptr;
    size_t len;
} mem_value;

static void dispose_value(void *value)
{
    zh_free(((mem_value *)value)->ptr);
}

static int mem_get(zh_store *s, const char *key, zh_buf *out, zh_error *err)
{
    mem_store *m = (mem_store *)s;
    const mem_value *v;
    int rc = ZH_NOTFOUND;

    (void)pthread_rwlock_rdlock(&m->lock);
    v = zh_keymap_find(&m->values, key);
    if (v != NULL)
        rc = zh_buf_append(out, v->ptr, v->len, err);
    (void)pthread_rwlock_unlock(&m->lock);
    return rc;
}

static int mem_get_range(zh_store *s, const char *key, uint64_t offset, size_t len, void *out, size_t *got,
                         zh_error *err)
{
    mem_store *m = (mem_store *)s;
    const mem_value *v;

    (void)err;
    (void)pthread_rwlock_rdlock(&m->lock);
    v = zh_keymap_find(&m->values, key);
    if (v != NULL && offset < v->len) {
        *got = v->len - (size_t)offset < len ? v->len - (size_t)offset : len;
        memcpy(out, v->ptr + offset, *got);
    }
    (void)pthread_rwlock_unlock(&m->lock);
    return v == NULL ? ZH_NOTFOUND : ZH_OK;
}

static int mem_size(zh_store *s, const char *key, uint64_t *out, zh_error *err)
{
    mem_store *m = (mem_store *)s;
    const mem_value *v;

    (void)err;
    (void)pthread_rwlock_rdlock(&m->lock);
    v = zh_keymap_find(&m->values, key);
    if (v != NULL)
        *out = v->len;
    (void)pthread_rwlock_unlock(&m->lock);
    return v == NULL ? ZH_NOTFOUND : ZH_OK;
}

/* Puts a copy into the map, which takes it over on success; what it replaces is handed back in *old. */
static int replace(mem_store *m, const char *key, mem_value fresh, bool exclusive, uint8_t **old, zh_error *err)
{
    bool is_new;
    mem_value *v = zh_keymap_insert(&m->values, key, &is_new);

    *old = NULL;
    if (v == NULL)
        return zh_error_nomem(err);
    if (exclusive && !is_new)
        return zh_store__key_exists(err, &m->base, key);
    *old = v->ptr;
    *v = fresh;
    return ZH_OK;
}

static int mem_put(zh_store *s, const char *key, const void *p, size_t n, unsigned flags, zh_error *err)
{
    mem_store *m = (mem_store *)s;
    const mem_value fresh = {zh_memdup(p, n), n};
    uint8_t *old;
    int rc;

    if (fresh.ptr == NULL)
        return zh_error_nomem(err);
    (void)pthread_rwlock_wrlock(&m->lock);
    rc = replace(m, key, fresh, (flags & ZH_PUT_EXCL) != 0, &old, err);
    (void)pthread_rwlock_unlock(&m->lock);
    zh_free(rc < 0 ? fresh.ptr : old);
    return rc;
}

static int mem_erase(zh_store *s, const char *key, zh_error *err)
{
    mem_store *m = (mem_store *)s;

    (void)err;
    (void)pthread_rwlock_wrlock(&m->lock);
    (void)zh_keymap_remove(&m->values, key);
    (void)pthread_rwlock_unlock(&m->lock);
    return ZH_OK;
}

static int mem_erase_prefix(zh_store *s, const char *prefix, zh_error *err)
{
    mem_store *m = (mem_store *)s;

    (void)err;
    (void)pthread_rwlock_wrlock(&m->lock);
    (void)zh_keymap_remove_prefix(&m->values, prefix);
    (void)pthread_rwlock_unlock(&m->lock);
    return ZH_OK;
}

static int list(zh_store *s, const char *prefix, bool temporary, zh_list_fn fn, void *payload, zh_error *err)
{
    mem_store *m = (mem_store *)s;
    zh_names names = ZH_NAMES_INIT;
    int rc;

    (void)pthread_rwlock_rdlock(&m->lock);
    rc = zh_keymap_children(&m->values, prefix, &names, err);
    (void)pthread_rwlock_unlock(&m->lock);
    zh_names_keep(&names, temporary);
    if (rc == ZH_OK)
        rc = zh_names_deliver(&names, fn, payload, err);
    zh_names_dispose(&names);
    return rc;
}

static int mem_list(zh_store *s, const char *prefix, zh_list_fn fn, void *payload, zh_error *err)
{
    return list(s, prefix, false, fn, payload, err);
}

static int mem_list_temporary(zh_store *s, const char *prefix, zh_list_fn fn, void *payload, zh_error *err)
{
    return list(s, prefix, true, fn, payload, err);
}

static int mem_move(zh_store *s, const char *from, const char *to, unsigned flags, zh_error *err)
{
    mem_store *m = (mem_store *)s;
    int rc;

    (void)pthread_rwlock_wrlock(&m->lock);
    rc = zh_keymap_move(&m->values, from, to, (flags & ZH_MOVE_EXCHANGE) != 0, err);
    (void)pthread_rwlock_unlock(&m->lock);
    return rc == ZH_EXISTS ? zh_store__key_exists(err, s, to) : rc;
}

static int mem_lock(zh_store *s, zh_error *err)
{
    return zh_store__lock_creators(&((mem_store *)s)->creators, s, err);
}

static void mem_unlock(zh_store *s)
{
    (void)pthread_mutex_unlock(&((mem_store *)s)->creators);
}

static void mem_close(zh_store *s)
{
    mem_store *m = (mem_store *)s;

    zh_keymap_dispose(&m->values);
    (void)pthread_rwlock_destroy(&m->lock);
    (void)pthread_mutex_destroy(&m->creators);
    zh_store__dispose(s);
    zh_free(m);
}

static const zh_store_ops mem_ops = {
    .version = ZH_STORE_OPS_VERSION,
    .kind = "memory",
    .get = mem_get,
    .get_range = mem_get_range,
    .size = mem_size,
    .put = mem_put,
    .erase = mem_erase,
    .erase_prefix = mem_erase_prefix,
    .list = mem_list,
    .list_temporary = mem_list_temporary,
    .move = mem_move,
    .lock = mem_lock,
    .unlock = mem_unlock,
    .close = mem_close,
};

int zh_store_mem_open(zh_store **out, zh_error *err)
{
    mem_store *m = zh_calloc(1, sizeof(*m));
    int rc;

    *out = NULL;
    if (m == NULL)
        return zh_error_nomem(err);
    rc = zh_store__init(&m->base, &mem_ops,
                        ZH_STORE_WRITE | ZH_STORE_CONCURRENT | ZH_STORE_ERASE | ZH_STORE_IMMEDIATE | ZH_STORE_MOVE, 1,
                        "memory:", err);
    if (rc < 0) {
        zh_free(m);
        return rc;
    }
    (void)pthread_rwlock_init(&m->lock, NULL);
    zh_store__init_creators(&m->creators);
    zh_keymap_init(&m->values, sizeof(mem_value), dispose_value);
    *out = &m->base;
    return ZH_OK;
}
