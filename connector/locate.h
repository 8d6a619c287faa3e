/* locate.h - from HDF5's location parameters and paths to nodes. */
#ifndef ZVOL_LOCATE_H
#define ZVOL_LOCATE_H

#include "handle.h"

/* Follows path from start ('/' in front: from the root; "." and empty components stay). ZH_NOTFOUND with a message
 * naming the component. */
int zvol_walk(zh_node **out, zh_node *start, const char *path, zh_error *err);

/* Where a new or existing link `path` lives: its group and the last component (pointing into path). *n == 0: the path
 * is start itself or "/". make: missing groups on the way are created (H5Pset_create_intermediate_group). */
int zvol_walk_parent(zh_node **group, const char **last, size_t *n, zh_node *start, const char *path, bool make,
                     zh_error *err);

/* The node that loc_params mean, seen from obj. */
int zvol_locate(zh_node **out, void *obj, const H5VL_loc_params_t *lp, zh_error *err);

/* The n-th child of group. order: H5_ITER_DEC from the end. */
int zvol_child_at(zh_node **out, zh_node *group, H5_index_t index, H5_iter_order_t order, hsize_t n, zh_error *err);

/* A snapshot of the children in that order, each referenced; freed with zvol_children_free. */
int zvol_children(zh_node ***out, size_t *n, zh_node *group, H5_index_t index, H5_iter_order_t order, zh_error *err);
void zvol_children_free(zh_node **nodes, size_t n);

/* Pushes err behind "STORE: PATH: ": the store as the program named it, and the full path of what the call was about:
 * what lp means, seen from obj, and name below that. Either may be NULL. */
void zvol_err_push_at(const char *func, unsigned line, hid_t maj, hid_t min, const zh_error *err, void *obj,
                      const H5VL_loc_params_t *lp, const char *name);
#define ZVOL_PUSH_AT(maj, min, err, obj, lp, name)                                                                     \
    zvol_err_push_at(__func__, __LINE__, (maj), (min), (err), (obj), (lp), (name))

#endif
