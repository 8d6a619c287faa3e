/* grid.h - the chunk grid: counts, and the key of a chunk. */
#ifndef ZH_META_GRID_H
#define ZH_META_GRID_H

#include "meta/meta.h"

/* Chunks along one axis: ceil(shape/chunk), 0 for a zero-length axis. */
uint64_t zh_grid_count(const zh_array_meta *m, unsigned axis);

/* Number of chunks of the array; false on overflow. Scalar: 1. */
bool zh_grid_total(const zh_array_meta *m, uint64_t *out);

/* Appends the chunk's key below the node: "c/0/1", "c", "0.1", "0". */
int zh_grid_chunk_key(zh_buf *out, const zh_array_meta *m, const uint64_t *index, zh_error *err);

/* The other way: key (below the node) to index. false: not a chunk key of this array's grid encoding
 * (an index outside the shape is still a chunk key). */
bool zh_grid_parse_key(const zh_array_meta *m, const char *key, uint64_t *index);

/* Of an array that is not known. Is key (below a node) that of a chunk: "c/0/1", "c.0.1", "c", "0/1", "0.1", "0"? */
bool zh_grid_is_chunk_key(const char *key);
/* Can the segment be the first of such a key? */
bool zh_grid_is_chunk_name(const char *segment);

#endif
