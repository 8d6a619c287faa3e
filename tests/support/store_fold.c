/* store_fold.c - see store_fold.h. A key is followed segment by segment: a name that is there in any case is taken, and
 * the rest is as it was asked for. */
#include "store_fold.h"

#include "base/alloc.h"
#include "base/key.h"
#include "zh/buf.h"

#include <string.h>
#include <strings.h>

typedef struct fold_store {
    zh_store base;
    zh_store *inner; /* owned */
} fold_store;

static zh_store *inner_of(zh_store *s)
{
    return ((fold_store *)s)->inner;
}

typedef struct search {
    char *segment; /* n bytes, overwritten by the name that is there */
    size_t n;
} search;

static int take_spelling(void *payload, const char *name, bool is_prefix, zh_error *err)
{
    search *s = payload;

    (void)is_prefix;
    (void)err;
    if (strlen(name) == s->n && strncasecmp(name, s->segment, s->n) == 0)
        memcpy(s->segment, name, s->n);
    return ZH_OK;
}

/* The key as it is spelt in the store. Static memory: tests call from one thread. */
static const char *spelt(zh_store *s, const char *key)
{
    static char keys[2][ZH_KEY_MAX + 1];
    static unsigned turn;
    char *out = keys[turn++ % 2], parent[ZH_KEY_MAX + 1];
    size_t start = 0;

    (void)strcpy(out, key);
    while (out[start] != '\0') {
        search found = {out + start, strcspn(out + start, "/")};

        memcpy(parent, out, start);
        parent[start > 0 ? start - 1 : 0] = '\0';
        (void)zh_store_list(inner_of(s), parent, take_spelling, &found, NULL);
        (void)zh_store_list_temporary(inner_of(s), parent, take_spelling, &found, NULL);
        start += found.n + (out[start + found.n] == '/');
    }
    return out;
}

static int fold_get(zh_store *s, const char *key, zh_buf *out, zh_error *err)
{
    return zh_store_get(inner_of(s), spelt(s, key), out, err);
}

static int fold_size(zh_store *s, const char *key, uint64_t *out, zh_error *err)
{
    return zh_store_size(inner_of(s), spelt(s, key), out, err);
}

static int fold_put(zh_store *s, const char *key, const void *p, size_t n, unsigned flags, zh_error *err)
{
    return zh_store_put(inner_of(s), spelt(s, key), p, n, flags, err);
}

static int fold_erase(zh_store *s, const char *key, zh_error *err)
{
    return zh_store_erase(inner_of(s), spelt(s, key), err);
}

static int fold_erase_prefix(zh_store *s, const char *prefix, zh_error *err)
{
    return zh_store_erase_prefix(inner_of(s), spelt(s, prefix), err);
}

static int fold_list(zh_store *s, const char *prefix, zh_list_fn fn, void *payload, zh_error *err)
{
    return zh_store_list(inner_of(s), spelt(s, prefix), fn, payload, err);
}

static int fold_list_temporary(zh_store *s, const char *prefix, zh_list_fn fn, void *payload, zh_error *err)
{
    return zh_store_list_temporary(inner_of(s), spelt(s, prefix), fn, payload, err);
}

static int fold_move(zh_store *s, const char *from, const char *to, unsigned flags, zh_error *err)
{
    const char *a = spelt(s, from);

    return zh_store_move(inner_of(s), a, spelt(s, to), flags, err);
}

static int fold_folds_names(zh_store *s, bool *out, zh_error *err)
{
    (void)s;
    (void)err;
    *out = true;
    return ZH_OK;
}

static void fold_close(zh_store *s)
{
    zh_store_close(inner_of(s));
    zh_free(s->url);
    zh_free(s);
}

static const zh_store_ops fold_ops = {
    .version = ZH_STORE_OPS_VERSION,
    .kind = "test",
    .get = fold_get,
    .size = fold_size,
    .put = fold_put,
    .erase = fold_erase,
    .erase_prefix = fold_erase_prefix,
    .list = fold_list,
    .list_temporary = fold_list_temporary,
    .move = fold_move,
    .folds_names = fold_folds_names,
    .close = fold_close,
};

int zh_store_fold_open(zh_store **out, zh_error *err)
{
    fold_store *f = zh_calloc(1, sizeof(*f));
    zh_store *inner = NULL;

    *out = NULL;
    if (f == NULL || zh_store_mem_open(&inner, err) < 0) {
        zh_free(f);
        return ZH_NOMEM;
    }
    f->base.ops = &fold_ops;
    f->base.caps = zh_store_caps(inner) & ~(uint32_t)ZH_STORE_CONCURRENT;
    f->base.depth = 1;
    f->base.url = zh_strdup("folding");
    f->inner = inner;
    *out = &f->base;
    return ZH_OK;
}
