/* key_list.c - collecting listings, and walking all keys below a prefix with a stack of prefixes still to be listed. */
#include "store/key_list.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/key.h"

static int append(zh_key_list *l, char *name, bool is_prefix, zh_error *err)
{
    zh_key_entry *p;
    size_t cap;

    if (l->n == l->cap) {
        cap = l->cap ? l->cap * 2 : 16;
        p = zh_reallocarray(l->item, cap, sizeof(*p));
        if (!p)
            return zh_error_nomem(err);
        l->item = p;
        l->cap = cap;
    }
    l->item[l->n++] = (zh_key_entry){name, is_prefix};
    return ZH_OK;
}

static int add_copy(void *payload, const char *name, bool is_prefix, zh_error *err)
{
    char *copy = zh_strdup(name);
    int rc;

    if (!copy)
        return zh_error_nomem(err);
    rc = append(payload, copy, is_prefix, err);
    if (rc < 0)
        zh_free(copy);
    return rc;
}

int zh_key_list_add(zh_key_list *l, const char *key, zh_error *err)
{
    return add_copy(l, key, false, err);
}

int zh_key_list_load(zh_key_list *l, zh_store *s, const char *prefix, zh_error *err)
{
    return zh_store_list(s, prefix, add_copy, l, err);
}

void zh_key_list_dispose(zh_key_list *l)
{
    size_t i;

    for (i = 0; i < l->n; i++)
        zh_free(l->item[i].name);
    zh_free(l->item);
    *l = (zh_key_list)ZH_KEY_LIST_INIT;
}

int zh_key_join(zh_buf *out, const char *prefix, const char *name, zh_error *err)
{
    int rc = ZH_OK;

    if (*prefix) {
        rc = zh_buf_puts(out, prefix, err);
        if (rc == ZH_OK)
            rc = zh_buf_putc(out, '/', err);
    }
    return rc < 0 ? rc : zh_buf_puts(out, name, err);
}

/* The entries of one prefix: keys to fn, prefixes onto the stack. */
static int walk_one(zh_store *s, const char *prefix, zh_key_list *stack, zh_keys_fn fn, void *payload, zh_error *err)
{
    zh_key_list found = ZH_KEY_LIST_INIT;
    zh_buf key = ZH_BUF_INIT(ZH_KEY_MAX);
    const char *text;
    size_t i;
    int rc;

    rc = zh_key_list_load(&found, s, prefix, err);
    for (i = 0; rc == ZH_OK && i < found.n; i++) {
        key.len = 0;
        rc = zh_key_join(&key, prefix, found.item[i].name, err);
        text = rc < 0 ? NULL : zh_buf_cstr(&key, err);
        if (!text)
            rc = rc < 0 ? rc : ZH_NOMEM;
        else if (found.item[i].is_prefix)
            rc = add_copy(stack, text, true, err);
        else
            rc = fn(payload, text, found.item[i].name, err);
    }
    zh_key_list_dispose(&found);
    zh_buf_dispose(&key);
    return rc;
}

int zh_keys_walk(zh_store *s, const char *prefix, zh_keys_fn fn, void *payload, zh_error *err)
{
    zh_key_list stack = ZH_KEY_LIST_INIT;
    char *next;
    int rc;

    rc = add_copy(&stack, prefix, true, err);
    while (rc == ZH_OK && stack.n > 0) {
        next = stack.item[--stack.n].name;
        rc = walk_one(s, next, &stack, fn, payload, err);
        zh_free(next);
    }
    zh_key_list_dispose(&stack);
    return rc;
}

typedef struct search {
    bool (*is)(const char *key);
    bool found;
} search;

static int look_at(void *payload, const char *key, const char *name, zh_error *err)
{
    search *s = payload;

    (void)name;
    s->found = s->is == NULL || s->is(key);
    return s->found ? zh_error_set(err, ZH_ABORTED, "one is enough") : ZH_OK;
}

int zh_keys_any(bool *out, zh_store *s, const char *prefix, bool (*is)(const char *key), zh_error *err)
{
    search found = {is, false};
    zh_error why = ZH_ERROR_INIT;
    const int rc = zh_keys_walk(s, prefix, look_at, &found, &why);

    *out = found.found;
    if (rc == ZH_OK || found.found)
        return ZH_OK;
    if (err != NULL)
        *err = why;
    return rc;
}
