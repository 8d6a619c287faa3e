/* store_impl.h - what the stores of this folder share. */
#ifndef ZH_STORE_IMPL_H
#define ZH_STORE_IMPL_H

#include "zh/store.h"
#include "base/arena.h"

#include <pthread.h>

/* Fills the common part of a store; url is copied. ZH_NOMEM leaves nothing to free. */
int zh_store__init(zh_store *s, const zh_store_ops *ops, uint32_t caps, unsigned depth, const char *url, zh_error *err);
void zh_store__dispose(zh_store *s);

/* A failure to open the store at path: as zh_error_sys, but ENOENT is ZH_NOTFOUND and EEXIST is ZH_EXISTS. */
int zh_store__open_failed(zh_error *err, int errnum, const char *path);

/* Something stands in the way: both answer ZH_EXISTS and set sys_errno to EEXIST. */
int zh_store__key_exists(zh_error *err, const zh_store *s, const char *key);
int zh_store__not_replaced(zh_error *err, const char *path, const char *why);

/* The mutex of zh_store_lock. A thread that has it already does not wait for itself: ZH_INVALID. */
void zh_store__init_creators(pthread_mutex_t *m);
int zh_store__lock_creators(pthread_mutex_t *m, const zh_store *s, zh_error *err);

/* The documents of which one at its root makes a directory or archive a Zarr store. */
#define ZH_ROOT_DOCUMENTS 3
extern const char *const zh_store__root_documents[ZH_ROOT_DOCUMENTS];
bool zh_store__is_root_document(const char *name);
/* The one that makes the directory dir a Zarr store: a file (links are followed) with a JSON object whose zarr_format
 * is that of the name. *out is NULL if there is none. A failure is answered when no other one was found. */
int zh_store__find_root_document(const char **out, int dir, zh_error *err);
/* Is the last segment of key a document of a node (rather than a chunk)? */
bool zh_store__is_document_key(const char *key);

/* Name of the file that marks a directory in which a store is being made (see store_dir.c). */
#define ZH_STORE_MARKER ".unfinished.zh-tmp"
/* Has it a segment that is temporary? */
bool zh_store__is_temporary_key(const char *key);

/* How many bytes at the head of path are the directory it lies in, without the slash; 0: the root. */
size_t zh_store__parent(const char *path, size_t n);

/* Names found by a list, collected under the store's lock and handed out after it. */
typedef struct zh_names {
    struct zh_name *v;
    size_t n;
    size_t cap;
    zh_arena text;
} zh_names;

#define ZH_NAMES_INIT                                                                                                  \
    {                                                                                                                  \
        NULL, 0, 0, ZH_ARENA_INIT                                                                                      \
    }

int zh_names_add(zh_names *names, const char *name, size_t n, bool is_prefix, zh_error *err);
/* Drops those that are temporary, or those that are not. */
void zh_names_keep(zh_names *names, bool temporary);
/* Calls fn for each, ordered by name; stops at its first failure and returns it. */
int zh_names_deliver(zh_names *names, zh_list_fn fn, void *payload, zh_error *err);
void zh_names_dispose(zh_names *names);

#endif
