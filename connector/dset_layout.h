/* dset_layout.h - from HDF5's layouts to a chunk grid (MAPPING.md, dataspaces and layout). */
#ifndef ZVOL_DSET_LAYOUT_H
#define ZVOL_DSET_LAYOUT_H

#include "zh/zh.h"

/* Chunk shape of a contiguous or compact dataset of elements of size bytes: all of it up to 16 MiB, else slabs of whole
 * trailing dimensions of about 8 MiB (more for data so large that there would be too many files). Each length is at
 * least 1. */
void zvol_slab_shape(uint64_t *chunk, unsigned rank, const uint64_t *shape, uint64_t size);

#endif
