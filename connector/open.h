/* open.h - handles on nodes, whatever their kind, and new nodes at a path. */
#ifndef ZVOL_OPEN_H
#define ZVOL_OPEN_H

#include "locate.h"

/* A handle on node: a zvol_obj for a group, a zvol_dataset for an array. NULL on failure. */
void *zvol_open_node(void *from, zh_node *node, zh_error *err);

/* A handle on what stands at name below (obj, lp), which has to be of that kind; name NULL: the location itself. NULL
 * on failure. */
void *zvol_open_path(void *obj, const H5VL_loc_params_t *lp, const char *name, zh_node_kind kind, zh_error *err);

/* Frees what zvol_open_node made, or a handle that HDF5 closes. */
int zvol_close_object(void *obj, zh_error *err);

/* An id on node for the application's callbacks (iteration). Negative on failure; closed with H5Idec_ref. */
hid_t zvol_register_node(void *from, zh_node *node, zh_error *err);

/* The group for a new link `name` at (obj, lp), its last component, after checking lcpl and that the file is writable;
 * makes intermediate groups if lcpl says so. ZH_EXISTS if the name is taken. */
int zvol_new_link(zh_node **group, const char **last, size_t *n, void *obj, const H5VL_loc_params_t *lp,
                  const char *name, hid_t lcpl, zh_error *err);

/* Creation order flags of a group or file creation list, in zh_node.track's form. */
uint8_t zvol_track_of(hid_t gcpl);

#endif
