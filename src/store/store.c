/* store.c - the dispatcher: arguments and capabilities are checked here, once, for every store. */
#include "store/store_impl.h"
#include "base/alloc.h"
#include "zh/buf.h"
#include "base/error.h"
#include "base/key.h"
#include "base/keyed_hash.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* --- what the stores share --- */

int zh_store__init(zh_store *s, const zh_store_ops *ops, uint32_t caps, unsigned depth, const char *url, zh_error *err)
{
    s->ops = ops;
    s->caps = caps;
    s->depth = depth;
    s->url = zh_strdup(url);
    return s->url == NULL ? zh_error_nomem(err) : ZH_OK;
}

void zh_store__dispose(zh_store *s)
{
    zh_free(s->url);
    s->url = NULL;
}

int zh_store__open_failed(zh_error *err, int errnum, const char *path)
{
    int code = zh_error_sys(err, errnum, "cannot open '%s'", path);

    if (errnum == ENOENT)
        code = ZH_NOTFOUND;
    else if (errnum == EEXIST)
        code = ZH_EXISTS;
    if (err != NULL)
        err->code = code;
    return code;
}

static int exists(zh_error *err)
{
    if (err != NULL)
        err->sys_errno = EEXIST;
    return ZH_EXISTS;
}

int zh_store__key_exists(zh_error *err, const zh_store *s, const char *key)
{
    (void)zh_error_set(err, ZH_EXISTS, "'%s' exists in '%s'", key, s->url);
    return exists(err);
}

int zh_store__not_replaced(zh_error *err, const char *path, const char *why)
{
    (void)zh_error_set(err, ZH_EXISTS, "'%s' cannot be replaced: %s", path, why);
    return exists(err);
}

const char *const zh_store__root_documents[ZH_ROOT_DOCUMENTS] = {"zarr.json", ".zgroup", ".zarray"};

bool zh_store__is_root_document(const char *name)
{
    for (size_t i = 0; i < ZH_ROOT_DOCUMENTS; i++)
        if (strcmp(name, zh_store__root_documents[i]) == 0)
            return true;
    return false;
}

bool zh_store__is_document_key(const char *key)
{
    const char *slash = strrchr(key, '/');
    const char *name = slash == NULL ? key : slash + 1;

    return zh_store__is_root_document(name) || strcmp(name, ".zattrs") == 0 || strcmp(name, ".zmetadata") == 0;
}

static bool is_temporary(const char *name, size_t n)
{
    static const char suffix[] = ".zh-tmp";
    const size_t n_suffix = sizeof(suffix) - 1;

    return n > n_suffix && name[0] == '.' && memcmp(name + n - n_suffix, suffix, n_suffix) == 0;
}

bool zh_store_is_temporary(const char *name)
{
    return is_temporary(name, strlen(name));
}

bool zh_store__is_temporary_key(const char *key)
{
    const char *end = strchrnul(key, '/');

    while (!is_temporary(key, (size_t)(end - key))) {
        if (*end == '\0')
            return false;
        key = end + 1;
        end = strchrnul(key, '/');
    }
    return true;
}

/* Random bits only: a counter would go on in two processes after a fork. */
void zh_store_temporary_name(zh_store *s, char out[64])
{
    const unsigned long long high = zh_salt(s);

    (void)snprintf(out, 64, ".%016llx%016llx.zh-tmp", high, (unsigned long long)zh_salt(out));
}

size_t zh_store__parent(const char *path, size_t n)
{
    const char *slash = n == 0 ? NULL : memrchr(path, '/', n);

    return slash == NULL ? 0 : (size_t)(slash - path);
}

void zh_store__init_creators(pthread_mutex_t *m)
{
    pthread_mutexattr_t a;

    (void)pthread_mutexattr_init(&a);
    (void)pthread_mutexattr_settype(&a, PTHREAD_MUTEX_ERRORCHECK);
    (void)pthread_mutex_init(m, &a);
    (void)pthread_mutexattr_destroy(&a);
}

int zh_store__lock_creators(pthread_mutex_t *m, const zh_store *s, zh_error *err)
{
    if (pthread_mutex_lock(m) == 0)
        return ZH_OK;
    return zh_error_set(err, ZH_INVALID, "'%s' is locked by this very thread", s->url);
}

/* --- the public calls --- */

static int check_key(const zh_store *s, const char *key, zh_error *err)
{
    const int rc = zh_key_check(key, strlen(key), err);

    if (rc < 0)
        zh_error_prefix(err, "%s", s->url);
    return rc;
}

/* A prefix is a key or the whole store. */
static int check_prefix(const zh_store *s, const char *prefix, zh_error *err)
{
    return prefix[0] == '\0' ? ZH_OK : check_key(s, prefix, err);
}

static int check_writable(const zh_store *s, const char *key, zh_error *err)
{
    if ((s->caps & ZH_STORE_WRITE) != 0)
        return ZH_OK;
    return zh_error_set(err, ZH_READONLY, "'%s' in '%s' cannot be changed: the store is open for reading", key, s->url);
}

static int unsupported(const zh_store *s, const char *what, zh_error *err)
{
    return zh_error_set(err, ZH_UNSUPPORTED, "a %s store ('%s') cannot %s", s->ops->kind, s->url, what);
}

int zh_store_get(zh_store *s, const char *key, zh_buf *out, zh_error *err)
{
    const size_t before = out->len;
    int rc = check_key(s, key, err);

    if (rc < 0)
        return rc;
    rc = s->ops->get(s, key, out, err);
    if (rc < 0)
        out->len = before;
    return rc;
}

/* For stores that cannot read parts. */
static int get_range_of_whole(zh_store *s, const char *key, uint64_t offset, size_t len, void *out, size_t *got,
                              zh_error *err)
{
    zh_buf whole = ZH_BUF_INIT(SIZE_MAX);
    const int rc = s->ops->get(s, key, &whole, err);

    if (rc == ZH_OK && offset < whole.len) {
        *got = whole.len - (size_t)offset < len ? whole.len - (size_t)offset : len;
        memcpy(out, whole.ptr + offset, *got);
    }
    zh_buf_dispose(&whole);
    return rc;
}

int zh_store_get_range(zh_store *s, const char *key, uint64_t offset, size_t len, void *out, size_t *got, zh_error *err)
{
    const int rc = check_key(s, key, err);

    *got = 0;
    if (rc < 0)
        return rc;
    if (s->ops->get_range == NULL)
        return get_range_of_whole(s, key, offset, len, out, got, err);
    return s->ops->get_range(s, key, offset, len, out, got, err);
}

int zh_store_size(zh_store *s, const char *key, uint64_t *out, zh_error *err)
{
    zh_buf whole = ZH_BUF_INIT(SIZE_MAX);
    int rc = check_key(s, key, err);

    *out = 0;
    if (rc < 0)
        return rc;
    if (s->ops->size != NULL)
        return s->ops->size(s, key, out, err);
    rc = s->ops->get(s, key, &whole, err);
    if (rc == ZH_OK)
        *out = whole.len;
    zh_buf_dispose(&whole);
    return rc;
}

int zh_store_put(zh_store *s, const char *key, const void *p, size_t n, unsigned flags, zh_error *err)
{
    int rc = check_writable(s, key, err);

    if (rc == ZH_OK)
        rc = check_key(s, key, err);
    return rc < 0 ? rc : s->ops->put(s, key, p, n, flags, err);
}

int zh_store_erase(zh_store *s, const char *key, zh_error *err)
{
    int rc = check_writable(s, key, err);

    if (rc == ZH_OK)
        rc = check_key(s, key, err);
    if (rc < 0)
        return rc;
    return s->ops->erase == NULL ? unsupported(s, "erase values", err) : s->ops->erase(s, key, err);
}

int zh_store_erase_prefix(zh_store *s, const char *prefix, zh_error *err)
{
    int rc = check_writable(s, prefix, err);

    if (rc == ZH_OK)
        rc = check_prefix(s, prefix, err);
    if (rc < 0)
        return rc;
    return s->ops->erase_prefix == NULL ? unsupported(s, "erase values", err) : s->ops->erase_prefix(s, prefix, err);
}

int zh_store_list(zh_store *s, const char *prefix, zh_list_fn fn, void *payload, zh_error *err)
{
    const int rc = check_prefix(s, prefix, err);

    return rc < 0 ? rc : s->ops->list(s, prefix, fn, payload, err);
}

int zh_store_list_temporary(zh_store *s, const char *prefix, zh_list_fn fn, void *payload, zh_error *err)
{
    const int rc = check_prefix(s, prefix, err);

    if (rc < 0 || s->ops->list_temporary == NULL)
        return rc;
    return s->ops->list_temporary(s, prefix, fn, payload, err);
}

static bool is_at_or_below(const char *path, const char *prefix)
{
    const size_t n = strlen(prefix);

    return strncmp(path, prefix, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

int zh_store_move(zh_store *s, const char *from, const char *to, unsigned flags, zh_error *err)
{
    int rc = check_writable(s, from, err);

    if (rc == ZH_OK)
        rc = check_key(s, from, err);
    if (rc == ZH_OK)
        rc = check_key(s, to, err);
    if (rc < 0)
        return rc;
    if (is_at_or_below(from, to) || is_at_or_below(to, from))
        return zh_error_set(err, ZH_INVALID, "'%.200s' cannot be moved to '%.200s'", from, to);
    if ((s->caps & ZH_STORE_MOVE) == 0 || s->ops->move == NULL)
        return unsupported(s, "move values", err);
    return s->ops->move(s, from, to, flags, err);
}

int zh_store_lock(zh_store *s, zh_error *err)
{
    return s->ops->lock == NULL ? ZH_OK : s->ops->lock(s, err);
}

void zh_store_unlock(zh_store *s)
{
    if (s->ops->unlock != NULL)
        s->ops->unlock(s);
}

unsigned zh_store_depth(const zh_store *s)
{
    return s->depth;
}

int zh_store_flush(zh_store *s, zh_error *err)
{
    return s->ops->flush == NULL ? ZH_OK : s->ops->flush(s, err);
}

int zh_store_sync(zh_store *s, zh_error *err)
{
    return s->ops->sync == NULL ? zh_store_flush(s, err) : s->ops->sync(s, err);
}

int zh_store_folds_names(zh_store *s, bool *out, zh_error *err)
{
    *out = false;
    if (s->ops->folds_names == NULL || (s->caps & ZH_STORE_WRITE) == 0)
        return ZH_OK;
    return s->ops->folds_names(s, out, err);
}

void zh_store_close(zh_store *s)
{
    if (s != NULL)
        s->ops->close(s);
}

uint32_t zh_store_caps(const zh_store *s)
{
    return s->caps;
}

const char *zh_store_url(const zh_store *s)
{
    return s->url;
}
