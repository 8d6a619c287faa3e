/* array.h - reading and writing the elements of one array.
 *
 * The caller's thread plans (selection to pieces of chunks), one job a chunk runs on the pool, no two jobs share a
 * chunk. A chunk that a write covers whole is encoded and put straight (a single small or compressed one may wait in
 * the cache, to be encoded together with others); one that is covered in part is kept decoded in the store's write-back
 * cache until it is evicted or flushed. Chunks that do not exist read as the fill value, and are not created by
 * reading. A failed put at eviction is reported by the call that evicted, and the chunk stays dirty. Nothing is sure to
 * be in the store before a flush.
 *
 * Threads: one call at a time a cache (HDF5 holds its lock); the library's workers run inside the call.
 */
#ifndef ZH_ARRAY_H
#define ZH_ARRAY_H

#include "array/select.h"
#include "base/arena.h"
#include "base/pool.h"
#include "meta/meta.h"
#include "zh/store.h"

typedef struct zh_chunk_cache zh_chunk_cache; /* shared by all arrays of one store */
typedef struct zh_array zh_array;

/* max_bytes bounds the decoded bytes held (with what the cache itself needs a chunk); a single chunk above it is never
 * kept. pool may be NULL. store and pool are borrowed. Arrays are to be closed before the cache is freed. */
int zh_chunk_cache_new(zh_chunk_cache **out, size_t max_bytes, zh_store *store, zh_pool *pool, zh_error *err);
void zh_chunk_cache_free(zh_chunk_cache *c); /* drops dirty chunks: flush first */
/* Every dirty chunk of every array; goes on after a failure, and answers that of the chunk that was dirty first. */
int zh_chunk_cache_flush(zh_chunk_cache *c, zh_error *err);

typedef struct zh_io_stats { /* running totals of a cache, for logs and tests */
    uint64_t chunks_read, chunks_written, bytes_read, bytes_written, chunks_erased;
} zh_io_stats;
void zh_chunk_cache_stats(const zh_chunk_cache *c, zh_io_stats *out);

/* meta is borrowed and must outlive the array; prefix is the node's path ("" or "a/b"), copied. */
int zh_array_open(zh_array **out, zh_chunk_cache *cache, zh_array_meta *meta, const char *prefix, zh_error *err);
void zh_array_close(zh_array *a); /* drops its cached chunks, dirty ones too: flush first */
int zh_array_flush(zh_array *a, zh_error *err);

/* Whether the store has a document that refers to the chunks. While it has none (the state after open) chunks are put
 * with ZH_PUT_PLAIN; afterwards every put of a chunk is atomic. */
void zh_array_set_published(zh_array *a, bool published);

/* out receives the selected cells, packed. For variable kinds each zh_vlen's data is NUL-terminated (NUL not counted)
 * and lives in strings, which the caller disposes. */
int zh_array_read(zh_array *a, const zh_sel *sel, void *out, zh_arena *strings, zh_error *err);
/* in holds the selected cells, packed; variable kinds: data are borrowed for the call. Where a selection names an
 * element twice, the last one wins. */
int zh_array_write(zh_array *a, const zh_sel *sel, const void *in, zh_error *err);

/* Sets meta->shape. When an axis shrinks, chunks wholly outside are erased and the part of edge chunks that was cut is
 * refilled, so that old data never reappear (HDF5 requires it). The document is the caller's to write again. On failure
 * the shape is the old one, though a part of what was to be cut may read as fill already; the call may be repeated. */
int zh_array_resize(zh_array *a, const uint64_t *shape, zh_error *err);

/* Encoded bytes of the chunks that exist (in the cache only: counted decoded). Lists the store. */
int zh_array_stored_bytes(zh_array *a, uint64_t *bytes, uint64_t *chunks, zh_error *err);

/* v2 with has_fill == false: chunks that are missing get written as fill (zarr-python 2 would return uninitialised
 * memory), unless there are more than limit: then none is. *missing tells how many there were, 0 for all other arrays.
 */
int zh_array_materialise(zh_array *a, uint64_t limit, uint64_t *missing, zh_error *err);

#endif
