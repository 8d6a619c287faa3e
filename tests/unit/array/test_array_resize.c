/* Changing shapes: old data never come back, the rest stays, and the cost does not grow with the shape. */
#include "model.h"

#define MANY ((size_t)64 << 20)

static void resize(fixture *f, const uint64_t *shape)
{
    zh_error err = ZH_ERROR_INIT;

    assert_zh_ok(zh_array_resize(f->array, shape, &err), &err);
}

static void write_all(fixture *f, model *m, uint64_t seed)
{
    zh_sel all = sel_all(m->rank);
    rng r = rng_make(seed);
    void *packed = random_packed(&r, f->meta, m->n);
    zh_error err = ZH_ERROR_INIT;

    assert_zh_ok(zh_array_write(f->array, &all, packed, &err), &err);
    model_write(m, &all, packed);
    model_free_packed(f->meta, packed, m->n);
}

/* Brings all chunks into the cache, clean, by reading a part of each. */
static void read_parts(fixture *f, const model *m)
{
    zh_error err = ZH_ERROR_INIT;

    assert_zh_ok(zh_chunk_cache_flush(f->cache, &err), &err);
    fixture_reopen(f);
    for (uint64_t i = 0; i < m->shape[0]; i++) {
        for (uint64_t k = 0; k < m->shape[1]; k++) {
            const uint64_t start[2] = {i, k}, count[2] = {1, 1};
            zh_sel s = sel_box(2, start, count);

            model_compare(m, f->array, &s);
        }
    }
}

/* Every shape to every smaller and larger one, with the chunks in the store, dirty in the cache, or clean in both. */
static void from_to(const uint64_t *from, const uint64_t *to, const uint64_t *chunk, size_t cache_bytes, bool clean)
{
    const int32_t fill = -1;
    zh_array_meta *meta = make_meta(clean ? ZH_V2 : ZH_V3, I32, 2, from, chunk);
    zh_error err = ZH_ERROR_INIT;
    fixture f;
    model m;

    assert_zh_ok(zh_array_meta_set_fill(meta, &fill, 4, &err), &err);
    fixture_open(&f, meta, cache_bytes, 0);
    model_open(&m, meta);
    write_all(&f, &m, 1);
    if (clean)
        read_parts(&f, &m);
    resize(&f, to);
    model_resize(&m, to);
    if (clean) {
        assert_zh_ok(zh_chunk_cache_flush(f.cache, &err), &err);
        fixture_reopen(&f);
    }
    model_compare_all(&m, f.array);
    resize(&f, from);
    model_resize(&m, from);
    model_compare_all(&m, f.array);
    assert_zh_ok(zh_chunk_cache_flush(f.cache, &err), &err);
    fixture_reopen(&f);
    model_compare_all(&m, f.array);
    model_close(&m);
    fixture_close(&f);
}

static void test_all_small_shapes(void **state)
{
    const uint64_t chunk[2] = {2, 3};
    uint64_t from[2], to[2];

    (void)state;
    for (from[0] = 1; from[0] <= 5; from[0]++) {
        for (from[1] = 2; from[1] <= 7; from[1]++) {
            for (to[0] = 0; to[0] <= 5; to[0]++) {
                for (to[1] = 0; to[1] <= 7; to[1]++) {
                    from_to(from, to, chunk, 0, false);
                    from_to(from, to, chunk, MANY, false);
                    from_to(from, to, chunk, MANY, true);
                }
            }
        }
    }
}

static void test_what_goes_is_erased(void **state)
{
    const uint64_t shape[2] = {6, 4}, chunk[2] = {2, 2}, less[2] = {3, 4}, even[2] = {2, 4};
    zh_array_meta *meta = make_meta(ZH_V3, I32, 2, shape, chunk);
    fixture f;
    model m;

    (void)state;
    fixture_open(&f, meta, MANY, 2);
    model_open(&m, meta);
    write_all(&f, &m, 1);
    assert_true(key_exists(&f, "g/x/c/2/1"));
    zh_store_log_clear(f.store);
    resize(&f, less);
    assert_false(key_exists(&f, "g/x/c/2/0"));
    assert_false(key_exists(&f, "g/x/c/2/1"));
    assert_true(key_exists(&f, "g/x/c/1/1"));
    assert_int_equal(zh_store_log_count(f.store, ZH_OP_ERASE), 2);
    assert_int_equal(puts_of(&f), 2);
    assert_int_equal(zh_store_log_count(f.store, ZH_OP_LIST), 0); /* so few are asked for one by one */
    assert_int_equal(stats_of(&f).chunks_erased, 2);
    resize(&f, even); /* nothing is cut */
    assert_false(key_exists(&f, "g/x/c/1/0"));
    assert_int_equal(puts_of(&f), 2);
    model_close(&m);
    fixture_close(&f);
}

/* Dirty chunks that are cut away are never written. */
static void test_cached_chunks_that_go(void **state)
{
    const uint64_t shape = 100, chunk = 10, less = 5, start = 91, count = 2;
    const int32_t values[2] = {1, 2};
    zh_sel s = sel_box(1, &start, &count);
    zh_error err = ZH_ERROR_INIT;
    fixture f;

    (void)state;
    fixture_open(&f, make_meta(ZH_V3, I32, 1, &shape, &chunk), MANY, 2);
    assert_zh_ok(zh_array_write(f.array, &s, values, &err), &err);
    s.start[0] = 4;
    assert_zh_ok(zh_array_write(f.array, &s, values, &err), &err);
    zh_store_log_clear(f.store);
    resize(&f, &less);
    assert_int_equal(reads_of(&f) + puts_of(&f), 0);
    assert_zh_ok(zh_chunk_cache_flush(f.cache, &err), &err);
    assert_int_equal(puts_of(&f), 1);
    assert_true(key_exists(&f, "g/x/c/0"));
    fixture_close(&f);
}

static void test_sparse_and_huge(void **state)
{
    const uint64_t big = UINT64_C(1) << 40;
    const uint64_t shape[3] = {big, 50, 3}, chunk[3] = {16, 8, 3}, less[3] = {big - 20, 49, 2};
    const uint64_t count[3] = {1, 1, 1};
    const uint64_t starts[4][3] = {{0, 0, 1}, {0, 49, 0}, {big - 1, 0, 0}, {big - 21, 48, 2}};
    zh_error err = ZH_ERROR_INIT;
    fixture f;

    (void)state;
    fixture_open(&f, make_meta(ZH_V3, I32, 3, shape, chunk), MANY, 2);
    for (int32_t i = 0; i < 4; i++) {
        zh_sel s = sel_box(3, starts[i], count);
        int32_t value = i + 10;

        assert_zh_ok(zh_array_write(f.array, &s, &value, &err), &err);
        if (i == 1) {
            assert_zh_ok(zh_chunk_cache_flush(f.cache, &err), &err);
            fixture_reopen(&f);
        }
    }
    resize(&f, less);
    resize(&f, shape);
    for (int32_t i = 0; i < 4; i++) {
        zh_sel s = sel_box(3, starts[i], count);
        int32_t got = 99;

        assert_zh_ok(zh_array_read(f.array, &s, &got, NULL, &err), &err);
        assert_int_equal(got, i == 0 ? 10 : 0);
    }
    fixture_close(&f);
}

static void test_refusals(void **state)
{
    const uint64_t shape[2] = {4, 4}, chunk[2] = {2, 2}, over[2] = {UINT64_C(1) << 40, UINT64_C(1) << 40};
    zh_error err = ZH_ERROR_INIT;
    fixture f;

    (void)state;
    fixture_open(&f, make_meta(ZH_V3, I32, 2, shape, chunk), MANY, 2);
    assert_int_equal(zh_array_resize(f.array, over, &err), ZH_RANGE);
    assert_string_equal(err.message, "array '/g/x': array of more than 2^64 elements");
    assert_int_equal(f.meta->shape[0], 4);
    fixture_close(&f);
}

static void test_scalar(void **state)
{
    fixture f;

    (void)state;
    fixture_open(&f, make_meta(ZH_V3, I32, 0, NULL, NULL), MANY, 0);
    resize(&f, NULL);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_small_shapes),
        cmocka_unit_test(test_what_goes_is_erased),
        cmocka_unit_test(test_cached_chunks_that_go),
        cmocka_unit_test(test_sparse_and_huge),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_scalar),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
