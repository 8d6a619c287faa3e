/* dir_claim.h - taking possession of a directory in which a store is to be made; store_dir.c says what the marker is
 * for.
 *
 * On success the marker is there. A directory that is refused is as it was. One that could not be emptied, although it
 * was a store, keeps the marker as soon as its root document is gone: what is left is known for ours, and can be
 * emptied again. */
#ifndef ZH_DIR_CLAIM_H
#define ZH_DIR_CLAIM_H

#include "zh/store.h"

/* root is the directory's descriptor (O_PATH), path its name for messages. *marker is a descriptor, to be closed when
 * the store is finished or given up: while it is open nobody else makes a store here, and when its process has ended
 * somehow the store is known for one that nobody will finish. Where a file system has no locks a maker counts as alive
 * for the first function, and as gone for the second. */

/* A directory that must be empty, or hold no more than temporaries of a maker who is gone: else ZH_EXISTS. Of two that
 * try it at once one succeeds. */
int zh_dir_claim_empty(int *marker, int root, const char *path, zh_error *err);
/* Empties a directory that is a Zarr store, the rest of one, or empty. ZH_EXISTS for any other, and for one in which
 * somebody is making a store. */
int zh_dir_claim_old(int *marker, int root, const char *path, zh_error *err);

#endif
