/* old_keys.h - what stands in a store where nodes are to be replaced in place, in the order of the keys. */
#ifndef ZH_BUILDER_OLD_KEYS_H
#define ZH_BUILDER_OLD_KEYS_H

#include "zh/zh.h"

struct zh_creation;

typedef enum zh_old_sort {
    ZH_OLD_DATA,     /* chunks, and files that go with the node that they are below */
    ZH_OLD_DOCUMENT, /* of a node that the plan does not name */
    ZH_OLD_OF_ENTRY  /* a document at the path of an entry: it is written over, or goes with that */
} zh_old_sort;

typedef struct zh_old_key {
    char *key; /* owned */
    zh_old_sort sort;
    bool goes; /* scratch of zh_old_keys_gather */
} zh_old_key;

typedef struct zh_old_keys {
    zh_old_key *item;
    size_t n, cap;
    bool in_the_way; /* there are chunks where a new array is to be: it would have them for its own */
} zh_old_keys;

#define ZH_OLD_KEYS_INIT                                                                                               \
    {                                                                                                                  \
        NULL, 0, 0, false                                                                                              \
    }

/* The keys that go when the tops of c are replaced. Of what is below the store's root those are, unless all is to be
 * purged: its own documents and chunks, and all below a member of the root, be it one of the plan or one that has a
 * document. Files that belong to no node stay, and hierarchies in a prefix that is none. */
int zh_old_keys_gather(zh_old_keys *out, struct zh_creation *c, zh_error *err);
bool zh_old_keys_have(const zh_old_keys *o, const char *key);
void zh_old_keys_dispose(zh_old_keys *o);

#endif
