/* dir_cache.h - descriptors of directories below a store's root, for writing.
 *
 * A directory is reached component by component from the root's descriptor, and a component that is a symbolic
 * link is refused, so that nothing can be written outside the root, whatever lies in it. The descriptors last used are
 * kept, because most values go where others have just gone. Safe to call from several threads.
 */
#ifndef ZH_DIR_CACHE_H
#define ZH_DIR_CACHE_H

#include <stdbool.h>
#include <stddef.h>

typedef struct zh_dir_cache zh_dir_cache;
typedef struct zh_dir zh_dir; /* a directory in use */

/* root is taken on success. NULL when out of memory. */
zh_dir_cache *zh_dir_cache_new(int root);
void zh_dir_cache_free(zh_dir_cache *c); /* closes root; no directory may be in use */

/* The directory path (n bytes, a key or "" for the root). make: it and its parents are made if they are missing.
 * Answers 0 or an errno: ENOENT if it is missing, ELOOP for a symbolic link on the way, ENOTDIR for a file. Given back
 * with zh_dir_release. */
int zh_dir_acquire(zh_dir **out, zh_dir_cache *c, const char *path, size_t n, bool make);
void zh_dir_release(zh_dir_cache *c, zh_dir *d);
int zh_dir_fd(const zh_dir *d); /* good for *at() calls only (O_PATH) */

/* Drops path and all below it; what is in use stays open until it is released. */
void zh_dir_cache_forget(zh_dir_cache *c, const char *path, size_t n);

#endif
