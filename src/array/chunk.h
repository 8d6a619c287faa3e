/* chunk.h - one array's working state, and the I/O of one of its chunks. Internal to the array layer.
 *
 * Everything a worker touches belongs to it (zh_worker) or to the one chunk it works on; zh_array and the codec plan
 * are const while workers run.
 */
#ifndef ZH_ARRAY_CHUNK_H
#define ZH_ARRAY_CHUNK_H

#include "array/array.h"
#include "array/cells.h"

/* A chunk's value in the store may be twice its decoded size plus this; more is refused before it is read. */
#define ZH_CHUNK_SLACK ((size_t)16 << 20)

struct zh_centry;

/* One thread's memory, made as it is needed and kept by the cache. */
typedef struct zh_worker {
    zh_codec_scratch *codec;
    zh_buf raw; /* encoded bytes */
    zh_buf key;
    void *cells; /* decoded chunk; see zh_worker_cells */
    size_t cells_cap;
    zh_io_stats stats;
} zh_worker;

/* Reads by range of one chunk, counted so that many small ones become one load. */
#define ZH_SIEVE_SLOTS 8
typedef struct zh_sieve {
    uint64_t chunk; /* hash of the chunk's index */
    unsigned touches;
} zh_sieve;

struct zh_array {
    zh_chunk_cache *cache;
    zh_store *store;
    zh_array_meta *meta;
    zh_codec_plan *plan;
    char *prefix;
    zh_cell_type cell;
    size_t cells;   /* a chunk */
    size_t bytes;   /* a decoded chunk: cells * cell.size */
    size_t raw_max; /* see ZH_CHUNK_SLACK */
    bool identity;
    bool published;
    uint64_t serial; /* never used twice in a cache */
    struct zh_centry *entries;
    zh_sieve sieve[ZH_SIEVE_SLOTS];
};

/* "array '/a/b'" in front of err's message; returns rc. With a chunk: "array '/a/b' chunk (3,1)". */
int zh_array_blame(const zh_array *a, int rc, zh_error *err);
int zh_chunk_blame(const zh_array *a, const uint64_t *chunk, int rc, zh_error *err);

/* The worker's decoded buffer, at least a->bytes, not set; NULL: out of memory. */
void *zh_worker_cells(zh_worker *w, const zh_array *a);
void zh_worker_trim(zh_worker *w); /* gives back what only very large chunks need */
void zh_worker_dispose(zh_worker *w);

/* All of these name the chunk in their errors. */

/* Sets all cells of the chunk; *found (may be NULL) tells whether the store had it or they are fill. Variable kinds:
 * cells are overwritten, not freed; they own their data afterwards, and are zeroed on failure. */
int zh_chunk_load(const zh_array *a, zh_worker *w, const uint64_t *chunk, void *cells, bool *found, zh_error *err);
/* Part of a chunk of an identity plan: n cells from cell `at` on. */
int zh_chunk_load_range(const zh_array *a, zh_worker *w, const uint64_t *chunk, size_t at, size_t n, void *out,
                        zh_error *err);
int zh_chunk_store(const zh_array *a, zh_worker *w, const uint64_t *chunk, const void *cells, zh_error *err);
/* The encoded form, left in w->raw, and putting it. */
int zh_chunk_encode(const zh_array *a, zh_worker *w, const void *cells, zh_error *err);
int zh_chunk_put(const zh_array *a, zh_worker *w, const uint64_t *chunk, const void *raw, size_t n, zh_error *err);
int zh_chunk_erase(const zh_array *a, zh_worker *w, const uint64_t *chunk, zh_error *err);
/* Encoded bytes; ZH_NOTFOUND: the store has not got it. */
int zh_chunk_size(const zh_array *a, zh_worker *w, const uint64_t *chunk, uint64_t *out, zh_error *err);

/* Whether every cell of the chunk lies inside the shape. */
bool zh_chunk_is_inner(const zh_array *a, const uint64_t *chunk);

#endif
