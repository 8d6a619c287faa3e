/* chunk_cache.h - decoded chunks kept between calls. Internal to the array layer.
 *
 * An entry is found by array and chunk index. All entries stand in use order (newest to oldest), those of an array in
 * a list of the array, dirty ones in a list in the order in which they became dirty.
 *
 * A public call of the array layer is an *operation*: zh_cache_begin numbers it, entries found or added carry its
 * number, and nothing that the running operation has touched is evicted by it. So an operation on more chunks than the
 * cache holds fills it once and handles the rest without it, instead of turning the whole cache over.
 *
 * Threads: only the calling thread touches the cache. Jobs may fill the cells of an entry that was made for them.
 */
#ifndef ZH_ARRAY_CHUNK_CACHE_H
#define ZH_ARRAY_CHUNK_CACHE_H

#include "array/chunk.h"

typedef struct zh_centry {
    struct zh_centry *chain; /* of the hash table */
    struct zh_centry *newer, *older;
    struct zh_centry *prev_of_array, *next_of_array;
    struct zh_centry *prev_dirty, *next_dirty; /* while dirty */
    zh_array *array;
    void *cells;
    size_t charge; /* bytes it counts for */
    uint64_t hash;
    uint64_t op; /* the operation that touched it last */
    bool dirty;
    bool written;     /* by the running write-out */
    uint64_t index[]; /* of the chunk, rank entries */
} zh_centry;

struct zh_chunk_cache {
    zh_store *store;
    zh_pool *pool; /* may be NULL */
    size_t max_bytes, bytes;
    zh_centry **table;
    size_t table_size, count; /* table_size: a power of two */
    zh_centry *newest, *oldest;
    zh_centry *first_dirty, *last_dirty;
    size_t ndirty;
    uint64_t op;
    uint64_t next_serial; /* of arrays */
    unsigned width;
    zh_worker *workers; /* width of them; [0] is the calling thread's outside of runs */
};

uint64_t zh_cache_hash(const zh_array *a, const uint64_t *chunk);

void zh_cache_begin(zh_chunk_cache *c);
/* Ends the operation: evicts what is above the bound (cells of variable kinds grow), gives back very large buffers. rc
 * is the operation's result and is returned unless it is ZH_OK. */
int zh_cache_end(zh_chunk_cache *c, int rc, zh_error *err);

zh_centry *zh_cache_find(zh_array *a, const uint64_t *chunk); /* and touches; NULL: not here */
/* A new clean entry with cells that are not set (variable kinds: zeroed). *out is NULL when there is no room for it. */
int zh_cache_add(zh_centry **out, zh_array *a, const uint64_t *chunk, zh_error *err);
void zh_cache_drop(zh_centry *e); /* with its cells, dirty or not */
void zh_cache_drop_array(zh_array *a);
void zh_cache_mark_dirty(zh_centry *e);
void zh_cache_charge_heap(zh_centry *e, ptrdiff_t change);
size_t zh_cache_entry_bytes(const zh_array *a); /* what an entry is charged at first */

/* job(payload, i, worker, err) for i in [0,n), over the pool where that can help. bytes: what a job may take of memory;
 * fewer run at one time when it is large. Result as zh_pool_run's. */
typedef int (*zh_cache_job)(void *payload, size_t i, zh_worker *w, zh_error *err);
int zh_cache_run(zh_chunk_cache *c, size_t n, size_t bytes, zh_cache_job job, void *payload, zh_error *err);

#endif
