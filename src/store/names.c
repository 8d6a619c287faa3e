/* names.c - the names a list has found; see store_impl.h. */
#include "store/store_impl.h"
#include "base/alloc.h"
#include "base/error.h"

#include <stdlib.h>
#include <string.h>

struct zh_name {
    char *text;
    bool is_prefix;
};

static int grow(zh_names *names, zh_error *err)
{
    const size_t cap = names->cap == 0 ? 16 : names->cap * 2;
    struct zh_name *v = zh_reallocarray(names->v, cap, sizeof(*v));

    if (v == NULL)
        return zh_error_nomem(err);
    names->v = v;
    names->cap = cap;
    return ZH_OK;
}

int zh_names_add(zh_names *names, const char *name, size_t n, bool is_prefix, zh_error *err)
{
    char *text;

    if (names->n == names->cap && grow(names, err) < 0)
        return ZH_NOMEM;
    text = zh_arena_alloc(&names->text, n + 1);
    if (text == NULL)
        return zh_error_nomem(err);
    memcpy(text, name, n);
    text[n] = '\0';
    names->v[names->n++] = (struct zh_name){text, is_prefix};
    return ZH_OK;
}

void zh_names_keep(zh_names *names, bool temporary)
{
    size_t kept = 0;

    for (size_t i = 0; i < names->n; i++)
        if (zh_store_is_temporary(names->v[i].text) == temporary)
            names->v[kept++] = names->v[i];
    names->n = kept;
}

static int compare(const void *a, const void *b)
{
    const struct zh_name *x = a;
    const struct zh_name *y = b;
    const int by_text = strcmp(x->text, y->text);

    return by_text != 0 ? by_text : (int)x->is_prefix - (int)y->is_prefix;
}

int zh_names_deliver(zh_names *names, zh_list_fn fn, void *payload, zh_error *err)
{
    int rc = ZH_OK;

    if (names->n > 1)
        qsort(names->v, names->n, sizeof(*names->v), compare);
    for (size_t i = 0; rc == ZH_OK && i < names->n; i++)
        rc = fn(payload, names->v[i].text, names->v[i].is_prefix, err);
    return rc;
}

void zh_names_dispose(zh_names *names)
{
    zh_free(names->v);
    zh_arena_dispose(&names->text);
    *names = (zh_names)ZH_NAMES_INIT;
}
