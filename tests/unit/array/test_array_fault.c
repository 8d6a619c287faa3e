/* The N-th call of the store fails, the N-th allocation fails: an error comes, nothing leaks or crashes, and doing the
 * same again gives the right data. */
#include "model.h"

#include <stdatomic.h>

#include "base/alloc.h"

#define MANY ((size_t)64 << 20)
#define MOST_RUNS 30
#define STEPS 14

/* --- what fails --------------------------------------------------------------------------------------------- */

static atomic_long allocations_left; /* before one fails; negative: none will */

static bool allocate(void *payload)
{
    (void)payload;
    return atomic_fetch_sub(&allocations_left, 1) != 0;
}

static void arm_allocations(long n)
{
    atomic_store(&allocations_left, n);
    zh_alloc_set_hook(allocate, NULL);
}

static void disarm_allocations(void)
{
    zh_alloc_set_hook(NULL, NULL);
}

/* --- random operations, each tried twice --------------------------------------------------------------------- */

typedef struct play {
    rng r;
    fixture f;
    model m;
    zh_run runs[MOST_RUNS];
    unsigned failures;
    int expected; /* code of a failure */
} play;

typedef struct operation {
    int kind; /* 0 write, 1 read, 2 resize, 3 flush the array, 4 flush all */
    zh_sel sel;
    uint64_t shape[ZH_MAX_RANK];
    void *packed;
    size_t n;
} operation;

static int run(play *p, const operation *o, zh_error *err)
{
    zh_arena strings = ZH_ARENA_INIT;
    void *out;
    int rc;

    switch (o->kind) {
    case 0:
        return zh_array_write(p->f.array, &o->sel, o->packed, err);
    case 1:
        out = calloc(o->n + 1, sizeof(zh_vlen) > 40 ? sizeof(zh_vlen) : 40);
        assert_non_null(out);
        rc = zh_array_read(p->f.array, &o->sel, out, &strings, err);
        zh_arena_dispose(&strings);
        free(out);
        return rc;
    case 2:
        return zh_array_resize(p->f.array, o->shape, err);
    case 3:
        return zh_array_flush(p->f.array, err);
    default:
        return zh_chunk_cache_flush(p->f.cache, err);
    }
}

static void try_twice(play *p, const operation *o)
{
    zh_error err = ZH_ERROR_INIT;
    int rc = run(p, o, &err);

    if (rc == ZH_OK)
        return;
    p->failures++;
    assert_int_equal(rc, p->expected);
    assert_int_equal(err.code, rc);
    assert_true(err.message[0] != '\0');
    if (rc == ZH_IO)
        assert_non_null(strstr(err.message, "array '/g/x'"));
    err = (zh_error)ZH_ERROR_INIT;
    assert_zh_ok(run(p, o, &err), &err);
}

static operation random_operation(play *p)
{
    unsigned dice = (unsigned)rng_below(&p->r, 100);
    operation o = {.kind = dice < 50 ? 0 : dice < 75 ? 1 : dice < 88 ? 2 : dice < 94 ? 3 : 4};

    o.sel = random_selection(&p->r, p->m.rank, p->m.shape, p->runs, MOST_RUNS);
    o.n = selected(&o.sel, p->m.shape);
    if (o.kind == 0)
        o.packed = random_packed(&p->r, p->f.meta, o.n);
    random_shape(&p->r, p->f.meta, o.shape);
    for (unsigned i = 0; i < p->m.rank; i++) {
        if (o.kind != 2 || rng_chance(&p->r, 50))
            o.shape[i] = p->m.shape[i];
    }
    return o;
}

static void step(play *p)
{
    operation o = random_operation(p);

    try_twice(p, &o);
    if (o.kind == 0)
        model_write(&p->m, &o.sel, o.packed);
    if (o.kind == 2)
        model_resize(&p->m, o.shape);
    if (o.packed)
        model_free_packed(p->f.meta, o.packed, o.n);
}

/* One game by its seed, in which the call numbered n fails. False when there was none. */
static bool play_with_fault(uint64_t seed, long n, bool allocations, unsigned width)
{
    static const size_t sizes[] = {0, 600, 3000, MANY};
    play p = {.r = rng_make(seed), .expected = allocations ? ZH_NOMEM : ZH_IO};
    zh_array_meta *meta = random_meta(&p.r);
    operation flush = {.kind = 4};

    fixture_open(&p.f, meta, sizes[rng_below(&p.r, 4)], width);
    model_open(&p.m, meta);
    if (allocations)
        arm_allocations(n);
    else
        zh_store_fault_set(p.f.store, ZH_OP_ALL, (unsigned long)n + 1, EIO, false);
    for (unsigned i = 0; i < STEPS; i++)
        step(&p);
    try_twice(&p, &flush);
    zh_store_fault_set(p.f.store, 0, 0, 0, false);
    disarm_allocations();
    model_compare_all(&p.m, p.f.array);
    fixture_reopen(&p.f);
    model_compare_all(&p.m, p.f.array);
    model_close(&p.m);
    fixture_close(&p.f);
    assert_true(p.failures <= 1);
    return p.failures > 0;
}

static void test_each_store_call_fails(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        long n = 0;

        while (play_with_fault(seed, n, false, seed % 3 ? (unsigned)(seed % 3) * 2 : 0))
            n += n < 60 ? 1 : 13;
    }
}

/* An allocation that fails may be one that can be done without, so the end is where several in a row are not noticed.
 */
static void test_each_allocation_fails(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        unsigned quiet = 0;

        for (long n = 0; quiet < 20; n += n < 100 ? 1 : 17)
            quiet = play_with_fault(seed, n, true, seed % 4 == 0 ? 3 : 0) ? 0 : quiet + 1;
    }
}

static void test_opening_without_memory(void **state)
{
    const uint64_t shape = 10, chunk = 4;
    zh_error err = ZH_ERROR_INIT;
    zh_chunk_cache *cache = NULL;
    zh_array *array = NULL;
    fixture f;
    long n;
    int rc;

    (void)state;
    fixture_open(&f, make_meta(ZH_V2, TEXT, 1, &shape, &chunk), MANY, 0);
    assert_int_equal(zh_array_meta_set_fill(f.meta, "text", 4, NULL), ZH_OK);
    for (n = 0, rc = ZH_NOMEM; rc != ZH_OK; n++) {
        arm_allocations(n);
        rc = zh_chunk_cache_new(&cache, MANY, f.store, NULL, &err);
        disarm_allocations();
        assert_true(rc == ZH_OK || rc == ZH_NOMEM);
    }
    assert_true(n > 2);
    for (n = 0, rc = ZH_NOMEM; rc != ZH_OK; n++) {
        arm_allocations(n);
        rc = zh_array_open(&array, cache, f.meta, "g/x", &err);
        disarm_allocations();
        assert_true(rc == ZH_OK || rc == ZH_NOMEM);
    }
    assert_true(n > 3);
    zh_array_close(array);
    zh_chunk_cache_free(cache);
    fixture_close(&f);
}

/* --- single cases -------------------------------------------------------------------------------------------- */

static void write_one(fixture *f, uint64_t at, int32_t value)
{
    const uint64_t count = 1;
    zh_sel s = sel_box(1, &at, &count);
    zh_error err = ZH_ERROR_INIT;

    assert_zh_ok(zh_array_write(f->array, &s, &value, &err), &err);
}

static void test_flush_goes_on(void **state)
{
    const uint64_t shape = 30, chunk = 10;
    zh_error err = ZH_ERROR_INIT;
    fixture f;

    (void)state;
    fixture_open(&f, make_meta(ZH_V3, I32, 1, &shape, &chunk), MANY, 0);
    write_one(&f, 5, 1);
    write_one(&f, 15, 2);
    write_one(&f, 25, 3);
    zh_store_fault_set(f.store, ZH_OP_PUT, 2, EIO, false);
    assert_int_equal(zh_chunk_cache_flush(f.cache, &err), ZH_IO);
    assert_true(strncmp(err.message, "array '/g/x' chunk (1): ", 24) == 0);
    assert_int_equal(puts_of(&f), 3);
    assert_true(key_exists(&f, "g/x/c/0") && !key_exists(&f, "g/x/c/1") && key_exists(&f, "g/x/c/2"));
    assert_zh_ok(zh_chunk_cache_flush(f.cache, &err), &err);
    assert_int_equal(puts_of(&f), 4);
    fixture_close(&f);
}

static void test_flush_tells_the_first(void **state)
{
    const uint64_t shape = 300, chunk = 10;
    zh_error err = ZH_ERROR_INIT;
    fixture f;

    (void)state;
    for (unsigned width = 0; width <= 3; width += 3) {
        fixture_open(&f, make_meta(ZH_V3, I32, 1, &shape, &chunk), MANY, width);
        for (uint64_t i = 0; i < 300; i += 10)
            write_one(&f, 299 - i, 1);
        zh_store_fault_set(f.store, ZH_OP_ALL, 1, EIO, true);
        assert_int_equal(zh_chunk_cache_flush(f.cache, &err), ZH_IO);
        assert_true(strncmp(err.message, "array '/g/x' chunk (29): ", 25) == 0); /* it was dirty first */
        assert_int_equal(puts_of(&f), 30);
        fixture_close(&f);
    }
}

/* What cannot be written stays in the cache as long as it is open, and closing does not try. */
static void test_store_that_stays_broken(void **state)
{
    const uint64_t shape = 300, chunk = 10, at = 295, count = 1;
    const int32_t value = 7;
    zh_sel s = sel_box(1, &at, &count);
    zh_error err = ZH_ERROR_INIT;
    unsigned long puts;
    int32_t got = 0;
    int rc = ZH_OK;
    fixture f;

    (void)state;
    fixture_open(&f, make_meta(ZH_V3, I32, 1, &shape, &chunk), 1000, 2);
    for (uint64_t i = 0; i < 4; i++)
        write_one(&f, i * 10, 4);
    zh_store_fault_set(f.store, ZH_OP_ALL, 1, EIO, true);
    rc = zh_array_write(f.array, &s, &value, &err); /* has to evict or load */
    assert_int_equal(rc, ZH_IO);
    assert_int_equal(zh_chunk_cache_flush(f.cache, &err), ZH_IO);
    s.start[0] = 0;
    assert_int_equal(zh_array_read(f.array, &s, &got, NULL, &err), ZH_OK); /* is in the cache */
    assert_int_equal(got, 4);
    puts = puts_of(&f);
    zh_array_close(f.array);
    zh_chunk_cache_free(f.cache);
    f.array = NULL;
    f.cache = NULL;
    assert_int_equal(puts_of(&f), puts);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_store_call_fails),  cmocka_unit_test(test_each_allocation_fails),
        cmocka_unit_test(test_opening_without_memory), cmocka_unit_test(test_flush_goes_on),
        cmocka_unit_test(test_flush_tells_the_first),  cmocka_unit_test(test_store_that_stays_broken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
