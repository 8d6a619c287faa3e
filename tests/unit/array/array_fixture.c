/* array_fixture.c - see array_fixture.h. */
#include "array_fixture.h"

rng rng_make(uint64_t seed)
{
    rng r = {seed * UINT64_C(0x9e3779b97f4a7c15) + 1};

    for (int i = 0; i < 8; i++)
        rng_next(&r);
    return r;
}

uint64_t rng_next(rng *r)
{
    r->state ^= r->state >> 12;
    r->state ^= r->state << 25;
    r->state ^= r->state >> 27;
    return r->state * UINT64_C(2685821657736338717);
}

uint64_t rng_below(rng *r, uint64_t n)
{
    return (rng_next(r) >> 11) % n;
}

uint64_t rng_between(rng *r, uint64_t lo, uint64_t hi)
{
    return lo + rng_below(r, hi - lo + 1);
}

bool rng_chance(rng *r, unsigned percent)
{
    return rng_below(r, 100) < percent;
}

static size_t cache_bytes_of; /* of the fixture that was opened last: reopening takes the same */

static void open_array(fixture *f, size_t cache_bytes)
{
    zh_error err = ZH_ERROR_INIT;

    cache_bytes_of = cache_bytes;
    assert_zh_ok(zh_chunk_cache_new(&f->cache, cache_bytes, f->store, f->pool, &err), &err);
    assert_zh_ok(zh_array_open(&f->array, f->cache, f->meta, "g/x", &err), &err);
}

void fixture_open(fixture *f, zh_array_meta *meta, size_t cache_bytes, unsigned width)
{
    zh_error err = ZH_ERROR_INIT;

    *f = (fixture){.meta = meta};
    assert_zh_ok(zh_store_mem_open(&f->inner, &err), &err);
    assert_zh_ok(zh_store_log_open(&f->store, f->inner, &err), &err);
    if (width > 0)
        assert_zh_ok(zh_pool_new(&f->pool, width, &err), &err);
    open_array(f, cache_bytes);
}

void fixture_reopen(fixture *f)
{
    zh_array_close(f->array);
    zh_chunk_cache_free(f->cache);
    open_array(f, cache_bytes_of);
}

void fixture_close(fixture *f)
{
    zh_array_close(f->array);
    zh_chunk_cache_free(f->cache);
    zh_array_meta_free(f->meta);
    zh_pool_free(f->pool);
    zh_store_close(f->store);
}

zh_array_meta *make_meta(zh_format format, zh_dtype dtype, unsigned rank, const uint64_t *shape, const uint64_t *chunk)
{
    zh_error err = ZH_ERROR_INIT;
    zh_array_meta *m;

    assert_zh_ok(zh_array_meta_new(&m, format, &dtype, rank, shape, chunk, &err), &err);
    return m;
}

zh_sel sel_all(unsigned rank)
{
    return (zh_sel){.kind = ZH_SEL_ALL, .rank = rank};
}

zh_sel sel_box(unsigned rank, const uint64_t *start, const uint64_t *count)
{
    zh_sel s = {.kind = ZH_SEL_REGULAR, .rank = rank};

    for (unsigned i = 0; i < rank; i++) {
        s.start[i] = start[i];
        s.stride[i] = s.block[i] = 1;
        s.count[i] = count[i];
    }
    return s;
}

bool key_exists(const fixture *f, const char *key)
{
    uint64_t size;
    int rc = zh_store_size(f->inner, key, &size, NULL);

    assert_true(rc == ZH_OK || rc == ZH_NOTFOUND);
    return rc == ZH_OK;
}

unsigned long puts_of(const fixture *f)
{
    return zh_store_log_count(f->store, ZH_OP_PUT);
}

unsigned long reads_of(const fixture *f)
{
    return zh_store_log_count(f->store, ZH_OP_GET) + zh_store_log_count(f->store, ZH_OP_GET_RANGE);
}

zh_io_stats stats_of(const fixture *f)
{
    zh_io_stats s;

    zh_chunk_cache_stats(f->cache, &s);
    return s;
}
