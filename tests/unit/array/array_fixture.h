/* array_fixture.h - what the tests of the array layer share: random numbers, a store that fails on demand, an open
 * array with everything it stands on. */
#ifndef ARRAY_FIXTURE_H
#define ARRAY_FIXTURE_H

#include "support.h"

#include "store_fault.h"
#include "array/array.h"

/* xorshift64*: the same numbers everywhere. */
typedef struct rng {
    uint64_t state;
} rng;

rng rng_make(uint64_t seed);
uint64_t rng_next(rng *r);
uint64_t rng_below(rng *r, uint64_t n);                 /* [0,n) */
uint64_t rng_between(rng *r, uint64_t lo, uint64_t hi); /* [lo,hi] */
bool rng_chance(rng *r, unsigned percent);

/* One array on a store in memory, with one in front that fails and counts. */
typedef struct fixture {
    zh_store *store; /* store_fault.h */
    zh_store *inner; /* belongs to store */
    zh_pool *pool;
    zh_chunk_cache *cache;
    zh_array_meta *meta;
    zh_array *array;
} fixture;

/* meta is taken. width 0: no pool. */
void fixture_open(fixture *f, zh_array_meta *meta, size_t cache_bytes, unsigned width);
void fixture_reopen(
    fixture *f); /* closes the array and the cache without a flush, and opens new ones on the same store */
void fixture_close(fixture *f);

zh_array_meta *make_meta(zh_format format, zh_dtype dtype, unsigned rank, const uint64_t *shape, const uint64_t *chunk);
#define I32 ((zh_dtype){ZH_K_INT, ZH_LITTLE, 4})
#define U8 ((zh_dtype){ZH_K_UINT, ZH_ORDER_NONE, 1})
#define TEXT ((zh_dtype){ZH_K_STRING, ZH_ORDER_NONE, 0})

zh_sel sel_all(unsigned rank);
/* One block: start and count of each axis. */
zh_sel sel_box(unsigned rank, const uint64_t *start, const uint64_t *count);

bool key_exists(const fixture *f, const char *key);
/* Calls of the store since the last clearing; reads: by either way. */
unsigned long puts_of(const fixture *f);
unsigned long reads_of(const fixture *f);
zh_io_stats stats_of(const fixture *f);

#endif
