/* h5space.h - HDF5 dataspaces and selections to plain structs: the only code that knows H5S_ALL, H5S_BLOCK and
 * H5S_PLIST. */
#ifndef ZVOL_H5SPACE_H
#define ZVOL_H5SPACE_H

#include "array/select.h"
#include "h5.h"

/* Both sides of one read or write. */
typedef struct zvol_xfer {
    zh_sel sel;          /* in the file */
    zh_run *runs;        /* owned; what sel.runs points to */
    uint64_t npoints;    /* selected, equal on both sides */
    bool mem_contiguous; /* the memory selection is one run */
    uint64_t mem_offset; /* its first element */
    hid_t mem_space;     /* otherwise: a space whose selection iterates the memory; borrowed from the arguments */
} zvol_xfer;

/* Resolves the two space arguments of H5Dread/H5Dwrite for a dataset of this shape. Checks rank, extents, bounds and
 * equal numbers of points: ZH_INVALID, ZH_RANGE. H5S_PLIST for the file is ZH_UNSUPPORTED. */
int zvol_xfer_init(zvol_xfer *x, hid_t mem_space, hid_t file_space, unsigned rank, const uint64_t *shape,
                   bool null_space, zh_error *err);
void zvol_xfer_dispose(zvol_xfer *x);

/* New simple, scalar or null dataspace; maxdims may be NULL. Negative on failure. */
hid_t zvol_space_make(bool null_space, unsigned rank, const uint64_t *dims, const uint64_t *maxdims, zh_error *err);

#endif
