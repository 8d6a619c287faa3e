/* keymap.h - an ordered map from keys to fixed-size values, for stores that keep their index in memory.
 *
 * A skip list: log(n) search and insertion, ordered iteration, so that the children of a prefix are found without
 * looking at the other keys. Not locked: its owner does that.
 */
#ifndef ZH_STORE_KEYMAP_H
#define ZH_STORE_KEYMAP_H

#include "store/store_impl.h"

typedef struct zh_keymap_node zh_keymap_node;

typedef struct zh_keymap {
    zh_keymap_node *head; /* before the first; NULL until the first insertion */
    size_t value_size;
    void (*dispose)(void *value); /* of a value that leaves the map; may be NULL */
    size_t n;
    uint64_t random;
} zh_keymap;

void zh_keymap_init(zh_keymap *m, size_t value_size, void (*dispose)(void *value));
void zh_keymap_dispose(zh_keymap *m);

/* The value of key; NULL if there is none. */
void *zh_keymap_find(const zh_keymap *m, const char *key);
/* The value of key, zeroed if it is new; NULL when out of memory. */
void *zh_keymap_insert(zh_keymap *m, const char *key, bool *is_new);
bool zh_keymap_remove(zh_keymap *m, const char *key);
/* Removes all keys below prefix + "/" ("" for all); returns how many. */
size_t zh_keymap_remove_prefix(zh_keymap *m, const char *prefix);

/* Moves all keys below `from` to below `to`; exchange: and those below `to` to below `from`. All or nothing.
 * ZH_NOTFOUND, ZH_EXISTS without message. */
int zh_keymap_move(zh_keymap *m, const char *from, const char *to, bool exchange, zh_error *err);

/* The first node whose key is not less than key; NULL if none. */
zh_keymap_node *zh_keymap_seek(const zh_keymap *m, const char *key);
zh_keymap_node *zh_keymap_next(const zh_keymap_node *node);
const char *zh_keymap_key(const zh_keymap_node *node);
void *zh_keymap_value(zh_keymap_node *node);

/* Direct children of prefix, as zh_store_list wants them. */
int zh_keymap_children(const zh_keymap *m, const char *prefix, zh_names *out, zh_error *err);

#endif
