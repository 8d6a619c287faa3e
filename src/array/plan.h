/* plan.h - a selection cut into pieces, one a chunk. Internal to the array layer; pure: no I/O.
 *
 * Along one axis the selected coordinates are numbered: *positions*, 0 to n-1. A chunk meets a range of positions
 * of every axis, found by division, so a plan of regular selections is a walk over chunks that keeps one position an
 * axis and costs no memory. Runs are split at chunk borders and sorted by chunk, a bounded number of them at a time.
 *
 * A plan is const between two calls of zh_plan_next: zh_piece_spans and the like may be called from any thread.
 */
#ifndef ZH_ARRAY_PLAN_H
#define ZH_ARRAY_PLAN_H

#include "array/select.h"

#define ZH_PLAN_BATCH 256 /* most pieces given at one time */
#define ZH_PLAN_INLINE 4  /* pieces that need no allocation */

/* Part of a run that lies in one chunk, contiguous there and in the packed buffer. */
typedef struct zh_subrun {
    uint64_t chunk;  /* C-order number of the chunk in the grid */
    uint64_t at;     /* first cell in the chunk */
    uint64_t packed; /* first cell in the packed buffer */
    uint64_t n;
} zh_subrun;

typedef struct zh_piece {
    const uint64_t *chunk; /* index in the grid, rank entries; valid until the next zh_plan_next */
    const zh_subrun *runs; /* RUNS: in packed order; the same lifetime */
    size_t nruns;
    bool whole; /* names every cell of the chunk that lies inside the shape */
} zh_piece;

typedef struct zh_plan_axis {
    uint64_t start, stride, count, block; /* normalised: count == 1 when the blocks touch */
    uint64_t n;                           /* count * block */
    uint64_t pstep;                       /* cells of the packed buffer a position */
    uint64_t cstep;                       /* cells of a chunk a coordinate */
    uint64_t shape, chunk;
    /* the walk */
    uint64_t pos, end; /* positions in the current chunk */
    uint64_t index;    /* the current chunk */
    bool full;         /* they are all its coordinates inside the shape */
} zh_plan_axis;

typedef struct zh_plan {
    unsigned rank;
    bool by_runs;
    bool done;
    size_t cap; /* of pieces */
    zh_piece *pieces;
    uint64_t *coords;
    zh_plan_axis axis[ZH_MAX_RANK];

    /* RUNS: axes folded where a chunk spans the shape, so that runs are long. */
    unsigned nfold;
    struct {
        uint64_t shape, chunk, cstep, gstep;
    } fold[ZH_MAX_RANK];
    const zh_run *runs;
    size_t nruns, run;         /* next run to split */
    uint64_t run_done, packed; /* cells of it already split; cells before it */
    zh_subrun *sub;
    size_t nsub, sub_cap, sub_next;

    zh_piece inline_pieces[ZH_PLAN_INLINE];
    uint64_t inline_coords[ZH_PLAN_INLINE * ZH_MAX_RANK];
} zh_plan;

/* sel has passed zh_sel_check for shape; its number of elements and the cells of a chunk fit size_t. sel's runs, shape
 * and chunk are borrowed. To be disposed whatever init answers. */
int zh_plan_init(zh_plan *p, const zh_sel *sel, const uint64_t *shape, const uint64_t *chunk, zh_error *err);
void zh_plan_dispose(zh_plan *p);

/* The next pieces, each of another chunk; *n == 0: no more. A chunk may come again in a later call (RUNS only). */
int zh_plan_next(zh_plan *p, const zh_piece **pieces, size_t *n, zh_error *err);
bool zh_plan_last(const zh_plan *p); /* the pieces given last are the end */

/* Calls fn for the spans of a piece, in packed order: n cells, the first at cell `at` of the chunk and cell `packed`
 * of the buffer, cstep and pstep cells apart. Stops at the first answer that is not ZH_OK and returns it. */
typedef int (*zh_span_fn)(void *payload, size_t at, size_t packed, size_t n, size_t cstep, size_t pstep);
int zh_piece_spans(const zh_plan *p, const zh_piece *piece, zh_span_fn fn, void *payload);

/* Number of spans if they are all known to have steps of 1, SIZE_MAX otherwise. */
size_t zh_piece_contiguous_spans(const zh_plan *p, const zh_piece *piece);

#endif
