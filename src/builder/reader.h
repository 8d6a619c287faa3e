/* reader.h - nodes read from a store, for the files of this folder. */
#ifndef ZH_BUILDER_READER_H
#define ZH_BUILDER_READER_H

#include "base/pool.h"
#include "builder/node_handle.h"
#include "store/key_list.h"

/* One thread's memory. */
typedef struct zh_reader {
    zh_buf key, text, attrs;
} zh_reader;
void zh_reader_init(zh_reader *r);
void zh_reader_dispose(zh_reader *r);
int zh_readers_new(zh_reader **out, unsigned n, zh_error *err);
void zh_readers_free(zh_reader *readers, unsigned n);

/* The node at path. ZH_NOTFOUND without a message. v2 with both documents: ZH_AMBIGUOUS_NODE. */
int zh_reader_node(zh_handle **out, zh_reader *r, zh_store *s, const char *path, zh_format format, zh_error *err);

/* What lies directly below prefix, by name. */
int zh_reader_list(zh_key_list *out, zh_store *s, const char *prefix, zh_error *err);
/* Is that why a directory cannot be read or listed: links that lead around, or too many of them? */
bool zh_reader_in_circles(const zh_error *why);

/* A member found: handle, or why there is none. */
typedef struct zh_found_member {
    char *path; /* relative to the group */
    zh_handle *handle;
    zh_error *error;
} zh_found_member;
typedef struct zh_members {
    zh_found_member *item; /* in the order of paths */
    size_t n, cap;
} zh_members;
/* What fn takes of a member it sets to NULL. */
typedef int (*zh_member_taker)(void *payload, zh_found_member *m, zh_error *err);
/* All members of the group at path, down to depth (0: all), read on the pool. */
int zh_members_load(zh_members *out, zh_store *s, zh_pool *pool, const char *path, zh_format format, unsigned depth,
                    zh_error *err);
void zh_members_dispose(zh_members *m);

#endif
