/* cells.h - moving cells between a decoded chunk and a packed buffer. Internal to the array layer; no I/O.
 *
 * A chunk's cells of a variable kind own their data (zh_malloc each, NULL for length 0). Those in the caller's packed
 * buffer are borrowed when they come in, and belong to the caller's arena when they go out.
 */
#ifndef ZH_ARRAY_CELLS_H
#define ZH_ARRAY_CELLS_H

#include "array/plan.h"
#include "base/arena.h"
#include "base/dtype.h"

typedef struct zh_cell_type {
    size_t size;   /* of a cell in memory */
    bool variable; /* cells are zh_vlen */
    bool fill_is_zero;
    void *fill; /* one cell; variable: owns its data */
} zh_cell_type;

/* What n cells of a variable kind hold on the heap; 0 for fixed kinds. */
size_t zh_cells_heap(const zh_cell_type *t, const void *cells, size_t n);
/* Frees what they own and zeroes them; nothing for fixed kinds. */
void zh_cells_clear(const zh_cell_type *t, void *cells, size_t n);

/* Fill over cells that own nothing. Variable kinds: with data of their own; ZH_NOMEM leaves them zeroed. */
int zh_cells_fill(const zh_cell_type *t, void *cells, size_t n, zh_error *err);
/* The same, but variable kinds share the fill's data: for cells that are encoded and forgotten. */
void zh_cells_fill_shared(const zh_cell_type *t, void *cells, size_t n);
/* Fill over every cell of a chunk outside of the box [0,inside). Variable kinds: what was there is freed first; on
 * ZH_NOMEM the cells not reached keep their values. */
int zh_cells_fill_outside(const zh_cell_type *t, void *cells, unsigned rank, const uint64_t *chunk,
                          const uint64_t *inside, zh_error *err);

/* The piece's cells from the packed buffer into the chunk. Variable kinds: copies, and *heap gets the change of what
 * the chunk holds; on ZH_NOMEM some are copied, and all are valid. */
int zh_cells_merge(const zh_cell_type *t, const zh_plan *p, const zh_piece *piece, void *cells, const void *in,
                   ptrdiff_t *heap, zh_error *err);
/* The same, but variable kinds keep pointing to the caller's data. */
void zh_cells_merge_shared(const zh_cell_type *t, const zh_plan *p, const zh_piece *piece, void *cells, const void *in);
/* The piece's cells from the chunk to the packed buffer; data of variable kinds into strings, NUL-terminated. */
int zh_cells_extract(const zh_cell_type *t, const zh_plan *p, const zh_piece *piece, const void *cells, void *out,
                     zh_arena *strings, zh_error *err);

#endif
