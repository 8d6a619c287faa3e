/* dir_claim.h - taking possession of a directory in which a store is to be made; store_dir.c says what the marker is
 * for.
 *
 * On success the marker is there. A directory that is refused is as it was. One that could not be emptied, although it
 * was a store, keeps the marker as soon as its root document is gone: what is left is known for ours, and can be
 * emptied again. */
#ifndef ZH_DIR_CLAIM_H
#define ZH_DIR_CLAIM_H

#include "zh/store.h"

/* root is the directory's descriptor (O_PATH), path its name for messages. */

/* A directory that must be empty: else ZH_EXISTS. Of two that try it at once one succeeds. */
int zh_dir_claim_empty(int root, const char *path, zh_error *err);
/* Empties a directory that is a Zarr store, the rest of one, or empty. ZH_EXISTS for any other. */
int zh_dir_claim_old(int root, const char *path, zh_error *err);

#endif
