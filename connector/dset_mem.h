/* dset_mem.h - the application's buffer as a sequence of elements: the memory side of H5Dread and H5Dwrite. */
#ifndef ZVOL_DSET_MEM_H
#define ZVOL_DSET_MEM_H

#include "h5space.h"

#define ZVOL_MEM_SEQUENCES 512

/* Walks the elements selected in memory once, in order. */
typedef struct zvol_mem {
    size_t size; /* bytes an element */
    bool contiguous;
    uint64_t next;    /* contiguous: index of the next element */
    hid_t iter;       /* otherwise: HDF5's iterator; owned */
    size_t nseq, seq; /* sequences fetched, and the one in work */
    hsize_t offsets[ZVOL_MEM_SEQUENCES];
    size_t lengths[ZVOL_MEM_SEQUENCES];
} zvol_mem;

int zvol_mem_init(zvol_mem *m, const zvol_xfer *x, size_t size, zh_error *err);
void zvol_mem_dispose(zvol_mem *m);

/* The next n elements between the buffer and packed. */
int zvol_mem_gather(zvol_mem *m, void *packed, const void *buf, uint64_t n, zh_error *err);
int zvol_mem_scatter(zvol_mem *m, void *buf, const void *packed, uint64_t n, zh_error *err);

#endif
