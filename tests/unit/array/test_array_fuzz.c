/* Random operations on a few random arrays that share a cache, against the model. Arguments: seeds [first seed]. */
#include "model.h"

#include "array/chunk_cache.h"

static unsigned long seeds = 300, first_seed = 1;

#define MOST_ARRAYS 3
#define MOST_RUNS 60

typedef struct one {
    zh_array_meta *meta;
    zh_array *array;
    model m;
    char prefix[16];
} one;

typedef struct play {
    rng r;
    zh_store *store;
    zh_pool *pool;
    zh_chunk_cache *cache;
    size_t cache_bytes;
    unsigned n;
    one arrays[MOST_ARRAYS];
    zh_run runs[MOST_RUNS];
} play;

static void open_all(play *p)
{
    zh_error err = ZH_ERROR_INIT;

    assert_zh_ok(zh_chunk_cache_new(&p->cache, p->cache_bytes, p->store, p->pool, &err), &err);
    for (unsigned i = 0; i < p->n; i++)
        assert_zh_ok(zh_array_open(&p->arrays[i].array, p->cache, p->arrays[i].meta, p->arrays[i].prefix, &err), &err);
}

static void close_all(play *p)
{
    for (unsigned i = 0; i < p->n; i++)
        zh_array_close(p->arrays[i].array);
    zh_chunk_cache_free(p->cache);
}

/* Of every kind, in an empty directory. */
static void open_store(play *p, uint64_t seed)
{
    zh_error err = ZH_ERROR_INIT;
    char name[32];

    snprintf(name, sizeof(name), "store%llu", (unsigned long long)seed);
    if (seed % 32 == 1)
        assert_zh_ok(zh_store_dir_open(&p->store, name, ZH_CREATE_EXCL, &err), &err);
    else if (seed % 16 == 2)
        assert_zh_ok(zh_store_zip_open(&p->store, name, ZH_CREATE_EXCL, &err), &err);
    else
        assert_zh_ok(zh_store_mem_open(&p->store, &err), &err);
}

static void start(play *p, uint64_t seed)
{
    static const size_t sizes[] = {0, 300, 2000, 20000, (size_t)64 << 20};
    zh_error err = ZH_ERROR_INIT;
    unsigned width;

    *p = (play){.r = rng_make(seed)};
    open_store(p, seed);
    width = (unsigned)rng_below(&p->r, 5);
    if (width > 0)
        assert_zh_ok(zh_pool_new(&p->pool, width, &err), &err);
    p->cache_bytes = sizes[rng_below(&p->r, sizeof(sizes) / sizeof(sizes[0]))];
    p->n = (unsigned)rng_between(&p->r, 1, MOST_ARRAYS);
    for (unsigned i = 0; i < p->n; i++) {
        one *a = &p->arrays[i];

        a->meta = random_meta(&p->r);
        snprintf(a->prefix, sizeof(a->prefix), "g/x%u", i);
        model_open(&a->m, a->meta);
    }
    open_all(p);
}

static void end(play *p)
{
    close_all(p);
    for (unsigned i = 0; i < p->n; i++) {
        model_close(&p->arrays[i].m);
        zh_array_meta_free(p->arrays[i].meta);
    }
    zh_pool_free(p->pool);
    zh_store_close(p->store);
}

static void write_some(play *p, one *a)
{
    zh_sel s = random_selection(&p->r, a->m.rank, a->m.shape, p->runs, MOST_RUNS);
    size_t n = selected(&s, a->m.shape);
    void *packed = random_packed(&p->r, a->meta, n);
    zh_error err = ZH_ERROR_INIT;

    assert_zh_ok(zh_array_write(a->array, &s, packed, &err), &err);
    model_write(&a->m, &s, packed);
    model_free_packed(a->meta, packed, n);
}

static void resize(play *p, one *a)
{
    zh_error err = ZH_ERROR_INIT;
    uint64_t shape[ZH_MAX_RANK];

    random_shape(&p->r, a->meta, shape);
    for (unsigned i = 0; i < a->m.rank; i++) {
        if (rng_chance(&p->r, 50))
            shape[i] = a->m.shape[i];
    }
    assert_zh_ok(zh_array_resize(a->array, shape, &err), &err);
    for (unsigned i = 0; i < a->m.rank; i++)
        assert_true(a->meta->shape[i] == shape[i]);
    model_resize(&a->m, shape);
}

static void flush(play *p)
{
    zh_error err = ZH_ERROR_INIT;

    assert_zh_ok(zh_chunk_cache_flush(p->cache, &err), &err);
}

static void step(play *p)
{
    one *a = &p->arrays[rng_below(&p->r, p->n)];
    unsigned dice = (unsigned)rng_below(&p->r, 100);
    zh_error err = ZH_ERROR_INIT;
    zh_sel s;

    if (dice < 45) {
        write_some(p, a);
    } else if (dice < 85) {
        s = random_selection(&p->r, a->m.rank, a->m.shape, p->runs, MOST_RUNS);
        model_compare(&a->m, a->array, &s);
    } else if (dice < 90) {
        resize(p, a);
    } else if (dice < 93) {
        flush(p);
    } else if (dice < 95) {
        assert_zh_ok(zh_array_flush(a->array, &err), &err);
    } else if (dice < 98) {
        flush(p);
        close_all(p);
        open_all(p);
    } else {
        zh_array_set_published(a->array, rng_chance(&p->r, 50));
    }
}

/* What the cache says of itself. */
static void check_cache(const play *p)
{
    size_t bytes = 0, n = 0, dirty = 0;

    for (const zh_centry *e = p->cache->newest; e; e = e->older) {
        size_t heap = zh_cells_heap(&e->array->cell, e->cells, e->array->cells);

        assert_int_equal(e->charge, zh_cache_entry_bytes(e->array) + heap);
        bytes += e->charge;
        n++;
    }
    for (const zh_centry *e = p->cache->first_dirty; e; e = e->next_dirty)
        dirty += e->dirty;
    assert_int_equal(p->cache->bytes, bytes);
    assert_int_equal(p->cache->count, n);
    assert_int_equal(p->cache->ndirty, dirty);
    assert_true(bytes <= p->cache_bytes);
}

static void play_seed(unsigned long seed)
{
    unsigned steps;
    play p;

    start(&p, seed);
    steps = (unsigned)rng_between(&p.r, 5, 60) * p.n;
    for (unsigned i = 0; i < steps; i++) {
        step(&p);
        check_cache(&p);
    }
    flush(&p);
    for (unsigned i = 0; i < p.n; i++)
        model_compare_all(&p.arrays[i].m, p.arrays[i].array);
    close_all(&p);
    open_all(&p);
    for (unsigned i = 0; i < p.n; i++)
        model_compare_all(&p.arrays[i].m, p.arrays[i].array);
    end(&p);
}

static void test_random_operations(void **state)
{
    (void)state;
    for (unsigned long i = 0; i < seeds; i++) {
        print_message("seed %lu\r", first_seed + i);
        play_seed(first_seed + i);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        zh_sandbox_test(test_random_operations),
    };

    if (argc > 1)
        seeds = strtoul(argv[1], NULL, 10);
    if (argc > 2)
        first_seed = strtoul(argv[2], NULL, 10);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
