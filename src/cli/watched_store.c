/* watched_store.c - see watched_store.h. A value, a listing and a look at a size are a read each. */
#include "cli/watched_store.h"

#include "base/alloc.h"
#include "base/error.h"
#include "zh/buf.h"

typedef struct watched {
    zh_store base; /* url is inner's */
    zh_store *inner;
    cli_progress *progress;
} watched;

/* What the call on s is passed on to, after a step. */
static zh_store *counted(zh_store *s)
{
    watched *w = (watched *)s;

    cli_progress_step(w->progress);
    return w->inner;
}

static zh_store *inner_of(zh_store *s)
{
    return ((watched *)s)->inner;
}

static int get(zh_store *s, const char *key, zh_buf *out, zh_error *err)
{
    return zh_store_get(counted(s), key, out, err);
}

static int get_range(zh_store *s, const char *key, uint64_t offset, size_t len, void *out, size_t *got, zh_error *err)
{
    return zh_store_get_range(counted(s), key, offset, len, out, got, err);
}

static int size(zh_store *s, const char *key, uint64_t *out, zh_error *err)
{
    return zh_store_size(counted(s), key, out, err);
}

static int put(zh_store *s, const char *key, const void *p, size_t n, unsigned flags, zh_error *err)
{
    return zh_store_put(inner_of(s), key, p, n, flags, err);
}

static int erase(zh_store *s, const char *key, zh_error *err)
{
    return zh_store_erase(inner_of(s), key, err);
}

static int erase_prefix(zh_store *s, const char *prefix, zh_error *err)
{
    return zh_store_erase_prefix(inner_of(s), prefix, err);
}

static int list(zh_store *s, const char *prefix, zh_list_fn fn, void *payload, zh_error *err)
{
    return zh_store_list(counted(s), prefix, fn, payload, err);
}

static int list_temporary(zh_store *s, const char *prefix, zh_list_fn fn, void *payload, zh_error *err)
{
    return zh_store_list_temporary(inner_of(s), prefix, fn, payload, err);
}

static int move(zh_store *s, const char *from, const char *to, unsigned flags, zh_error *err)
{
    return zh_store_move(inner_of(s), from, to, flags, err);
}

static int lock(zh_store *s, zh_error *err)
{
    return zh_store_lock(inner_of(s), err);
}

static void unlock(zh_store *s)
{
    zh_store_unlock(inner_of(s));
}

static int flush(zh_store *s, zh_error *err)
{
    return zh_store_flush(inner_of(s), err);
}

static int sync_inner(zh_store *s, zh_error *err)
{
    return zh_store_sync(inner_of(s), err);
}

static int folds_names(zh_store *s, bool *out, zh_error *err)
{
    return zh_store_folds_names(inner_of(s), out, err);
}

static void close_both(zh_store *s)
{
    zh_store_close(inner_of(s));
    zh_free(s);
}

static const zh_store_ops watched_ops = {
    .version = ZH_STORE_OPS_VERSION,
    .kind = "watched",
    .get = get,
    .get_range = get_range,
    .size = size,
    .put = put,
    .erase = erase,
    .erase_prefix = erase_prefix,
    .list = list,
    .list_temporary = list_temporary,
    .move = move,
    .lock = lock,
    .unlock = unlock,
    .flush = flush,
    .sync = sync_inner,
    .folds_names = folds_names,
    .close = close_both,
};

int cli_watch(zh_store **s, cli_progress *p, zh_error *err)
{
    watched *w;

    if (!p->wanted)
        return ZH_OK;
    w = zh_calloc(1, sizeof(*w));
    if (w == NULL)
        return zh_error_nomem(err);
    w->base = (zh_store){&watched_ops, zh_store_caps(*s), zh_store_depth(*s), (*s)->url};
    w->inner = *s;
    w->progress = p;
    *s = &w->base;
    return ZH_OK;
}
