/* dset_strip.h - a large transfer in pieces: parts of a file selection, in its order, each of a bounded number of
 * elements. */
#ifndef ZVOL_DSET_STRIP_H
#define ZVOL_DSET_STRIP_H

#include "h5space.h"

typedef struct zvol_strips {
    zh_sel whole;             /* a selection of everything is a hyperslab here */
    zh_run *runs;             /* RUNS: consumed in place, so the transfer's list serves once */
    const uint64_t *chunk;    /* or NULL: hyperslabs are cut at chunk borders where that is possible */
    uint64_t limit;           /* elements a strip */
    uint64_t left;            /* elements not handed out yet */
    bool single;              /* all of it fits into one strip */
    unsigned axis;            /* hyperslabs: the axis that is cut; those before it advance one index at a time */
    uint64_t inner;           /* elements one index of that axis stands for */
    uint64_t at[ZH_MAX_RANK]; /* next index of each axis up to `axis`, in the packed result */
    size_t nruns;             /* RUNS: runs left */
    uint64_t cut;             /* RUNS: elements hidden from the last run handed out */
} zvol_strips;

void zvol_strips_init(zvol_strips *s, const zvol_xfer *x, const uint64_t *shape, const uint64_t *chunk, uint64_t limit);

/* The next part and its number of elements; false at the end. out's runs are valid until the next call. */
bool zvol_strips_next(zvol_strips *s, zh_sel *out, uint64_t *n);

#endif
