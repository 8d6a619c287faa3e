/* key_list.h - what a store lists, collected: nothing is asked of a store from inside its own listing. */
#ifndef ZH_STORE_KEY_LIST_H
#define ZH_STORE_KEY_LIST_H

#include "zh/buf.h"
#include "zh/store.h"

typedef struct zh_key_entry {
    char *name;
    bool is_prefix;
} zh_key_entry;

typedef struct zh_key_list {
    zh_key_entry *item;
    size_t n, cap;
} zh_key_list;

#define ZH_KEY_LIST_INIT                                                                                               \
    {                                                                                                                  \
        NULL, 0, 0                                                                                                     \
    }

/* Appends the direct children of prefix. */
int zh_key_list_load(zh_key_list *l, zh_store *s, const char *prefix, zh_error *err);
int zh_key_list_add(zh_key_list *l, const char *key, zh_error *err); /* copies */
void zh_key_list_dispose(zh_key_list *l);

/* fn(payload, key, name) for each key below prefix, at any depth; name is the key's last segment. Stops at the first
 * failure. */
typedef int (*zh_keys_fn)(void *payload, const char *key, const char *name, zh_error *err);
int zh_keys_walk(zh_store *s, const char *prefix, zh_keys_fn fn, void *payload, zh_error *err);

/* *out: is there a key below prefix that is(key)? is NULL: any. Looks no further than the first. */
int zh_keys_any(bool *out, zh_store *s, const char *prefix, bool (*is)(const char *key), zh_error *err);

/* Appends "prefix/name", or "name" if prefix is empty. */
int zh_key_join(zh_buf *out, const char *prefix, const char *name, zh_error *err);

#endif
