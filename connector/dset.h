/* dset.h - what a dataset is beyond its Zarr metadata: captured from creation arguments, kept in _HDF5 facts, made
 * again for H5Dget_*. */
#ifndef ZVOL_DSET_H
#define ZVOL_DSET_H

#include "h5type.h"
#include "hier/tree.h"

typedef struct zvol_filter {
    int id;
    unsigned flags;
    size_t ncd;
    unsigned cd[16];
    char name[32];
} zvol_filter;

#define ZVOL_FILTERS_MAX 16

typedef struct zvol_dset {
    zvol_type type; /* owned */
    bool null_space;
    unsigned rank;                 /* of the HDF5 dataspace; the current shape is in the node's meta */
    uint64_t maxdims[ZH_MAX_RANK]; /* H5S_UNLIMITED where unlimited */
    H5D_layout_t layout;
    uint64_t chunk[ZH_MAX_RANK]; /* as the program asked; CHUNKED only */
    unsigned nfilters;
    zvol_filter *filters;          /* owned; in pipeline order */
    uint8_t fill_status;           /* H5D_fill_value_t */
    uint8_t fill_time, alloc_time; /* H5D_fill_time_t, H5D_alloc_time_t */
    void *fill; /* USER_DEFINED: one element of the file type (VSTRING: NUL-terminated text); owned */
    size_t fill_len;
    unsigned attr_track; /* H5Pget_attr_creation_order flags */
    zh_dtype stored;     /* of the Zarr array */
} zvol_dset;

/* What the file's options say about new datasets. */
typedef struct zvol_dset_options {
    zh_format format;
} zvol_dset_options;

void zvol_dset_dispose(zvol_dset *d);

/* From H5Dcreate's arguments: fills out, makes the Zarr metadata (*meta, the caller's) and appends the members of the
 * node's facts (nothing if all is derivable). Refuses with ZH_UNSUPPORTED, naming the cause: types, virtual and
 * external layouts, mandatory filters without a Zarr counterpart, a dataspace without extent (ZH_INVALID). Filters:
 * MAPPING.md says how. */
int zvol_dset_capture(zvol_dset *out, zh_array_meta **meta, zh_buf *facts, hid_t type, hid_t space, hid_t dcpl,
                      const zvol_dset_options *opts, zh_error *err);

/* The members of the facts again, for a changed shape or node: appends, nothing if all is derivable from meta. */
int zvol_dset_format_facts(zh_buf *facts, const zvol_dset *d, const zh_array_meta *meta, zh_error *err);

/* From a node of the tree (ours or foreign). */
int zvol_dset_load(zvol_dset *out, const zh_node *node, zh_error *err);

hid_t zvol_dset_make_dcpl(const zvol_dset *d, zh_error *err); /* new property list; negative on failure */

/* H5Dread, H5Dwrite. buf is the application's. */
int zvol_dset_read(const zvol_dset *d, zh_array *a, const uint64_t *shape, hid_t mem_type, hid_t mem_space,
                   hid_t file_space, hid_t dxpl, void *buf, zh_error *err);
int zvol_dset_write(const zvol_dset *d, zh_array *a, const uint64_t *shape, hid_t mem_type, hid_t mem_space,
                    hid_t file_space, hid_t dxpl, const void *buf, zh_error *err);

#endif
