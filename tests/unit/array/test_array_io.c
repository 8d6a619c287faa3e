/* Reading and writing, and what that costs the store: which keys are got and put, when, and with which flags. */
#include "model.h"

#include "array/chunk_cache.h"

#define MANY ((size_t)64 << 20)

static void write_i32(fixture *f, const zh_sel *s, const int32_t *values)
{
    zh_error err = ZH_ERROR_INIT;

    assert_zh_ok(zh_array_write(f->array, s, values, &err), &err);
}

static void read_i32(fixture *f, const zh_sel *s, int32_t *values)
{
    zh_error err = ZH_ERROR_INIT;

    assert_zh_ok(zh_array_read(f->array, s, values, NULL, &err), &err);
}

static void flush(fixture *f)
{
    zh_error err = ZH_ERROR_INIT;

    assert_zh_ok(zh_chunk_cache_flush(f->cache, &err), &err);
}

/* --- what is read ------------------------------------------------------------------------------------------- */

static void test_absent_chunks_read_as_fill(void **state)
{
    const uint64_t shape[2] = {4, 5}, chunk[2] = {3, 2};
    zh_array_meta *m = make_meta(ZH_V3, I32, 2, shape, chunk);
    const int32_t fill = -9;
    int32_t got[20];
    zh_sel all = sel_all(2);
    fixture f;

    (void)state;
    assert_int_equal(zh_array_meta_set_fill(m, &fill, 4, NULL), ZH_OK);
    fixture_open(&f, m, MANY, 2);
    read_i32(&f, &all, got);
    for (int i = 0; i < 20; i++)
        assert_int_equal(got[i], fill);
    flush(&f);
    assert_int_equal(puts_of(&f), 0); /* reading makes no chunk */
    fixture_close(&f);
}

static void test_scalar(void **state)
{
    const char *const keys[2] = {"g/x/0", "g/x/c"};

    (void)state;
    for (int v = 0; v < 2; v++) {
        zh_sel all = sel_all(0), runs = {.kind = ZH_SEL_RUNS}, regular = {.kind = ZH_SEL_REGULAR};
        const zh_run run = {0, 1};
        int32_t value = 41, got = 0;
        fixture f;

        fixture_open(&f, make_meta(v ? ZH_V3 : ZH_V2, I32, 0, NULL, NULL), MANY, 0);
        read_i32(&f, &all, &got);
        assert_int_equal(got, 0);
        write_i32(&f, &all, &value);
        flush(&f);
        assert_true(key_exists(&f, keys[v]));
        fixture_reopen(&f);
        read_i32(&f, &regular, &got);
        assert_int_equal(got, 41);
        value = 42;
        runs.runs = &run;
        runs.nruns = 1;
        write_i32(&f, &runs, &value);
        read_i32(&f, &all, &got);
        assert_int_equal(got, 42);
        fixture_close(&f);
    }
}

static void test_nothing_selected(void **state)
{
    const uint64_t shape[2] = {0, 5}, chunk[2] = {1, 5}, start[2] = {0, 0}, count[2] = {0, 5};
    zh_sel all = sel_all(2), box = sel_box(2, start, count), runs = {.kind = ZH_SEL_RUNS, .rank = 2};
    zh_error err = ZH_ERROR_INIT;
    fixture f;

    (void)state;
    fixture_open(&f, make_meta(ZH_V3, I32, 2, shape, chunk), MANY, 2);
    read_i32(&f, &all, NULL);
    write_i32(&f, &all, NULL);
    read_i32(&f, &box, NULL);
    write_i32(&f, &box, NULL);
    write_i32(&f, &runs, NULL);
    assert_int_equal(reads_of(&f) + puts_of(&f), 0);
    box.count[0] = 1;
    assert_int_equal(zh_array_read(f.array, &box, NULL, NULL, &err), ZH_RANGE);
    assert_string_equal(err.message, "array '/g/x': selection exceeds axis 0 of length 0");
    fixture_close(&f);
}

static void test_many_axes(void **state)
{
    uint64_t shape[32], chunk[32], start[32] = {0}, count[32];
    int32_t values[64], got[64];
    zh_sel s;
    fixture f;

    (void)state;
    for (int i = 0; i < 32; i++) {
        shape[i] = i % 5 == 0 ? 2 : 1;
        chunk[i] = i == 30 || i == 31 ? 2 : 1; /* the last one is larger than the shape */
        count[i] = 1;
    }
    for (int i = 0; i < 64; i++)
        values[i] = i + 1;
    s = sel_all(32);
    fixture_open(&f, make_meta(ZH_V3, I32, 32, shape, chunk), MANY, 2);
    assert_int_equal(selected(&s, shape), 128);
    start[0] = 1;
    memcpy(count, shape, sizeof(count));
    count[0] = 1;
    s = sel_box(32, start, count);
    assert_int_equal(selected(&s, shape), 64);
    write_i32(&f, &s, values);
    flush(&f);
    fixture_reopen(&f);
    read_i32(&f, &s, got);
    assert_memory_equal(got, values, sizeof(values));
    s.start[0] = 0;
    read_i32(&f, &s, got);
    assert_int_equal(got[63], 0);
    fixture_close(&f);
}

/* Nothing may take time or memory by the shape. */
static void test_huge_shape(void **state)
{
    const uint64_t big = UINT64_C(1) << 54;
    const uint64_t shape[2] = {big, 300}, chunk[2] = {7, 100}, start[2] = {big - 1, 0}, count[2] = {1, 300};
    const uint64_t smaller[2] = {big - 3, 300};
    const zh_run runs[2] = {{(big - 2) * 300 + 299, 2}, {5, 1}};
    zh_sel s = sel_box(2, start, count), points = {.kind = ZH_SEL_RUNS, .rank = 2, .runs = runs, .nruns = 2};
    int32_t values[300], got[300];
    uint64_t bytes, chunks, missing;
    zh_error err = ZH_ERROR_INIT;
    fixture f;

    (void)state;
    for (int i = 0; i < 300; i++)
        values[i] = i - 7;
    fixture_open(&f, make_meta(ZH_V2, I32, 2, shape, chunk), MANY, 2);
    write_i32(&f, &s, values);
    flush(&f);
    assert_true(key_exists(&f, "g/x/2573485501354569.2"));
    read_i32(&f, &points, got);
    assert_int_equal(got[0], 0);
    assert_int_equal(got[1], values[0]);
    assert_zh_ok(zh_array_stored_bytes(f.array, &bytes, &chunks, &err), &err);
    assert_int_equal(chunks, 3);
    assert_int_equal(bytes, 3 * 700 * 4);
    assert_zh_ok(zh_array_materialise(f.array, 100, &missing, &err), &err);
    assert_true(missing > 100);
    assert_zh_ok(zh_array_resize(f.array, smaller, &err), &err);
    assert_zh_ok(zh_array_resize(f.array, shape, &err), &err);
    read_i32(&f, &s, got);
    for (int i = 0; i < 300; i++)
        assert_int_equal(got[i], 0);
    fixture_close(&f);
}

static void test_texts(void **state)
{
    const uint64_t shape = 5, chunk = 3, start = 1, count = 3;
    static char a[] = "one", b[] = "two words", c[] = "x\0y";
    zh_vlen in[3] = {{a, 3}, {b, 9}, {c, 3}}, got[5];
    zh_sel all = sel_all(1), box = sel_box(1, &start, &count);
    zh_arena strings = ZH_ARENA_INIT;
    zh_error err = ZH_ERROR_INIT;
    fixture f;

    (void)state;
    fixture_open(&f, make_meta(ZH_V3, TEXT, 1, &shape, &chunk), MANY, 2);
    assert_int_equal(zh_array_meta_set_fill(f.meta, "?", 1, NULL), ZH_OK);
    fixture_reopen(&f); /* with the fill value */
    assert_zh_ok(zh_array_write(f.array, &box, in, &err), &err);
    flush(&f);
    fixture_reopen(&f);
    assert_zh_ok(zh_array_read(f.array, &all, got, &strings, &err), &err);
    assert_string_equal(got[0].data, "?");
    assert_string_equal(got[1].data, "one");
    assert_string_equal(got[2].data, "two words");
    assert_int_equal(got[3].len, 3);
    assert_memory_equal(got[3].data, "x\0y", 4);
    assert_string_equal(got[4].data, "?");
    zh_arena_dispose(&strings);
    fixture_close(&f);
}

static void test_text_that_no_codec_takes(void **state)
{
    const uint64_t shape = 2, chunk = 2;
    static char bad[] = "\xff\xfe", longer[] = "caf\xc3\xa9s";
    zh_vlen in[2] = {{NULL, 0}, {bad, 2}};
    zh_sel all = sel_all(1);
    zh_error err = ZH_ERROR_INIT;
    fixture f;

    (void)state;
    fixture_open(&f, make_meta(ZH_V3, TEXT, 1, &shape, &chunk), MANY, 2);
    assert_int_equal(zh_array_write(f.array, &all, in, &err), ZH_INVALID);
    assert_string_equal(err.message, "array '/g/x': text 1 of those to be written is not valid UTF-8");
    flush(&f);
    fixture_close(&f);

    fixture_open(&f, make_meta(ZH_V3, (zh_dtype){ZH_K_UTF32, ZH_LITTLE, 16}, 1, &shape, &chunk), MANY, 2);
    in[1] = (zh_vlen){longer, 5};
    assert_zh_ok(zh_array_write(f.array, &all, in, &err), &err); /* four characters */
    in[1].len = 6;
    assert_int_equal(zh_array_write(f.array, &all, in, &err), ZH_RANGE);
    flush(&f);
    fixture_close(&f);
}

static void test_last_write_wins(void **state)
{
    const uint64_t shape = 10, chunk = 4;
    const zh_run runs[] = {{8, 2}, {0, 1}, {9, 1}, {0, 1}, {8, 1}, {0, 1}};
    const int32_t values[] = {1, 2, 3, 4, 5, 6, 7};
    zh_sel s = {.kind = ZH_SEL_RUNS, .rank = 1, .runs = runs, .nruns = 6}, all = sel_all(1);
    int32_t got[10];
    fixture f;

    (void)state;
    fixture_open(&f, make_meta(ZH_V3, I32, 1, &shape, &chunk), MANY, 2);
    write_i32(&f, &s, values);
    read_i32(&f, &all, got);
    assert_int_equal(got[0], 7);
    assert_int_equal(got[8], 6);
    assert_int_equal(got[9], 4);
    fixture_close(&f);
}

/* --- what it costs ------------------------------------------------------------------------------------------ */

static void test_whole_chunks_are_not_read(void **state)
{
    const uint64_t shape[2] = {6, 5}, chunk[2] = {2, 2};
    int32_t values[30];
    zh_sel all = sel_all(2);
    fixture f;

    (void)state;
    for (int i = 0; i < 30; i++)
        values[i] = i;
    fixture_open(&f, make_meta(ZH_V3, I32, 2, shape, chunk), MANY, 3);
    write_i32(&f, &all, values);
    assert_int_equal(puts_of(&f), 9); /* straight, without the cache */
    assert_int_equal(reads_of(&f), 0);
    flush(&f);
    assert_int_equal(puts_of(&f), 9);
    assert_int_equal(stats_of(&f).chunks_written, 9);
    assert_int_equal(stats_of(&f).bytes_written, 9 * 16);
    fixture_close(&f);
}

static void test_parts_are_gathered(void **state)
{
    const uint64_t shape = 8, chunk = 8, count = 1;
    fixture f;

    (void)state;
    fixture_open(&f, make_meta(ZH_V3, I32, 1, &shape, &chunk), MANY, 2);
    for (uint64_t i = 0; i < 8; i++) {
        zh_sel s = sel_box(1, &i, &count);
        int32_t value = (int32_t)i;

        write_i32(&f, &s, &value);
    }
    assert_int_equal(puts_of(&f), 0);
    assert_int_equal(reads_of(&f), 1);
    flush(&f);
    assert_int_equal(puts_of(&f), 1);
    flush(&f);
    assert_int_equal(puts_of(&f), 1);
    fixture_close(&f);
}

static void test_small_single_chunks_wait(void **state)
{
    zh_sel all = sel_all(0);
    fixture f;

    (void)state;
    fixture_open(&f, make_meta(ZH_V3, I32, 0, NULL, NULL), MANY, 2);
    for (int32_t i = 0; i < 100; i++)
        write_i32(&f, &all, &i);
    assert_int_equal(puts_of(&f), 0);
    flush(&f);
    assert_int_equal(puts_of(&f), 1);
    assert_int_equal(reads_of(&f), 0);
    fixture_close(&f);
}

static void test_put_flags(void **state)
{
    const uint64_t shape = 4, chunk = 2;
    const int32_t values[4] = {1, 2, 3, 4};
    zh_sel all = sel_all(1);
    fixture f;

    (void)state;
    fixture_open(&f, make_meta(ZH_V3, I32, 1, &shape, &chunk), 0, 1);
    write_i32(&f, &all, values);
    assert_int_equal(puts_of(&f), 2);
    assert_string_equal(zh_store_log_text(f.store), "put g/x/c/0 8 plain newdir\nput g/x/c/1 8 plain\n");
    zh_array_set_published(f.array, true);
    zh_store_log_clear(f.store);
    write_i32(&f, &all, values);
    assert_int_equal(puts_of(&f), 2);
    assert_string_equal(zh_store_log_text(f.store), "put g/x/c/0 8\nput g/x/c/1 8\n");
    fixture_close(&f);
}

static void test_cache_stays_in_its_bound(void **state)
{
    const uint64_t shape = 1000, chunk = 10, count = 1;
    fixture f;

    (void)state;
    fixture_open(&f, make_meta(ZH_V3, I32, 1, &shape, &chunk), 2000, 2);
    for (uint64_t i = 0; i < 100; i++) {
        const uint64_t at = i * 10 + 3;
        zh_sel s = sel_box(1, &at, &count);
        int32_t value = (int32_t)i;

        write_i32(&f, &s, &value);
    }
    assert_true(puts_of(&f) >= 80 && puts_of(&f) < 100);
    flush(&f);
    assert_int_equal(puts_of(&f), 100);
    fixture_close(&f);
}

/* One write of more parts than the cache holds uses it once, and each chunk is put once. */
static void test_large_write_does_not_turn_the_cache_over(void **state)
{
    const uint64_t shape[2] = {1000, 10}, chunk[2] = {10, 10}, start[2] = {0, 3}, count[2] = {1000, 1};
    zh_sel column = sel_box(2, start, count);
    int32_t values[1000], got[1000];
    fixture f;

    (void)state;
    for (int i = 0; i < 1000; i++)
        values[i] = i;
    fixture_open(&f, make_meta(ZH_V3, I32, 2, shape, chunk), 6000, 3);
    write_i32(&f, &column, values);
    assert_int_equal(reads_of(&f), 100);
    assert_in_range(puts_of(&f), 85, 95);
    read_i32(&f, &column, got);
    assert_memory_equal(got, values, sizeof(values));
    flush(&f);
    assert_in_range(puts_of(&f), 100, 105);
    fixture_close(&f);
}

static void test_large_identity_chunks_are_read_by_range(void **state)
{
    const uint64_t shape = 1 << 20, chunk = 1 << 20, count = 100;
    zh_array_meta *meta = make_meta(ZH_V3, U8, 1, &shape, &chunk);
    zh_sel all = sel_all(1), s;
    rng r = rng_make(1);
    unsigned char *values;
    fixture f;
    model m;

    (void)state;
    fixture_open(&f, meta, MANY, 2);
    model_open(&m, meta);
    values = random_packed(&r, meta, shape);
    assert_int_equal(zh_array_write(f.array, &all, values, NULL), ZH_OK);
    model_write(&m, &all, values);
    flush(&f);
    zh_store_log_clear(f.store);
    for (uint64_t i = 0; i < 5; i++) {
        const uint64_t at = i * 1000;

        s = sel_box(1, &at, &count);
        model_compare(&m, f.array, &s);
    }
    assert_int_equal(stats_of(&f).bytes_read, 500);
    assert_int_equal(zh_store_log_count(f.store, ZH_OP_GET_RANGE), 5);
    for (uint64_t i = 5; i < 100; i++) { /* so many that the chunk is loaded */
        const uint64_t at = i * 1000;

        s = sel_box(1, &at, &count);
        model_compare(&m, f.array, &s);
    }
    assert_int_equal(zh_store_log_count(f.store, ZH_OP_GET_RANGE), 9);
    assert_int_equal(stats_of(&f).bytes_read, 800 + shape);
    assert_int_equal(zh_store_log_count(f.store, ZH_OP_GET), 0);
    model_compare_all(&m, f.array);
    model_free_packed(meta, values, shape);
    model_close(&m);
    fixture_close(&f);
}

/* --- other chunks, other values ----------------------------------------------------------------------------- */

static void test_stored_bytes(void **state)
{
    const uint64_t shape = 100, chunk = 10, start = 95, count = 1;
    zh_sel s = sel_box(1, &start, &count);
    uint64_t bytes = 1, chunks = 1;
    zh_error err = ZH_ERROR_INIT;
    int32_t value = 3;
    fixture f;

    (void)state;
    fixture_open(&f, make_meta(ZH_V3, I32, 1, &shape, &chunk), MANY, 2);
    assert_zh_ok(zh_array_stored_bytes(f.array, &bytes, &chunks, &err), &err);
    assert_true(bytes == 0 && chunks == 0);
    write_i32(&f, &s, &value);
    assert_zh_ok(zh_array_stored_bytes(f.array, &bytes, &chunks, &err), &err);
    assert_true(bytes == 40 && chunks == 1);
    flush(&f);
    write_i32(&f, &s, &value);
    assert_zh_ok(zh_array_stored_bytes(f.array, &bytes, &chunks, &err), &err);
    assert_true(bytes == 40 && chunks == 1);
    fixture_close(&f);
}

static void test_materialise(void **state)
{
    const uint64_t shape[2] = {7, 5}, chunk[2] = {2, 2}, start[2] = {3, 3}, count[2] = {1, 1};
    zh_sel s = sel_box(2, start, count);
    uint64_t missing = 0, bytes, chunks;
    zh_error err = ZH_ERROR_INIT;
    int32_t value = 3, got = 0;
    fixture f;

    (void)state;
    fixture_open(&f, make_meta(ZH_V2, I32, 2, shape, chunk), MANY, 2);
    write_i32(&f, &s, &value);
    assert_zh_ok(zh_array_materialise(f.array, 10, &missing, &err), &err);
    assert_int_equal(missing, 11);
    assert_int_equal(puts_of(&f), 0);
    assert_zh_ok(zh_array_materialise(f.array, 11, &missing, &err), &err);
    assert_int_equal(missing, 11);
    assert_int_equal(puts_of(&f), 11);
    flush(&f);
    assert_zh_ok(zh_array_stored_bytes(f.array, &bytes, &chunks, &err), &err);
    assert_int_equal(chunks, 12);
    fixture_reopen(&f);
    read_i32(&f, &s, &got);
    assert_int_equal(got, 3);
    assert_zh_ok(zh_array_materialise(f.array, 11, &missing, &err), &err);
    assert_int_equal(missing, 0);
    fixture_close(&f);

    fixture_open(&f, make_meta(ZH_V3, I32, 2, shape, chunk), MANY, 2);
    missing = 9;
    assert_zh_ok(zh_array_materialise(f.array, 100, &missing, &err), &err);
    assert_int_equal(missing, 0);
    assert_int_equal(puts_of(&f), 0);
    fixture_close(&f);
}

static void expect_damage(fixture *f, const char *key, const char *value, size_t n, int code, const char *message)
{
    int32_t got[6];
    zh_sel all = sel_all(2);
    zh_error err = ZH_ERROR_INIT;

    assert_int_equal(zh_store_put(f->inner, key, value, n, 0, NULL), ZH_OK);
    assert_int_equal(zh_array_read(f->array, &all, got, NULL, &err), code);
    assert_int_equal(err.code, code);
    if (strncmp(err.message, message, strlen(message)) != 0)
        fail_msg("message is: %s", err.message);
}

static void test_damaged_chunks(void **state)
{
    const uint64_t shape[2] = {6, 1}, chunk[2] = {2, 1}, start[2] = {2, 0}, count[2] = {1, 1};
    zh_sel second = sel_box(2, start, count);
    zh_codec_spec gzip = zh_codec_gzip(1);
    zh_error err = ZH_ERROR_INIT;
    int32_t got;
    zh_array_meta *m;
    fixture f;

    (void)state;
    fixture_open(&f, make_meta(ZH_V3, I32, 2, shape, chunk), MANY, 2);
    expect_damage(&f, "g/x/c/1/0", "abcd", 4, ZH_CORRUPT,
                  "array '/g/x' chunk (1,0): the value ends after 4 bytes, 8 are needed");
    assert_int_equal(zh_array_read(f.array, &second, &got, NULL, &err), ZH_CORRUPT); /* into the cache */
    assert_string_equal(err.message, "array '/g/x' chunk (1,0): the value ends after 4 bytes, 8 are needed");
    fixture_close(&f);

    m = make_meta(ZH_V2, I32, 2, shape, chunk);
    assert_int_equal(zh_array_meta_add_codec(m, &gzip, NULL), ZH_OK);
    fixture_open(&f, m, MANY, 2);
    expect_damage(&f, "g/x/2.0", "abcd", 4, ZH_CORRUPT, "array '/g/x' chunk (2,0): codec 'gzip': ");
    fixture_close(&f);
}

static void test_read_only_store(void **state)
{
    const uint64_t shape = 4, chunk = 2, less = 2;
    const int32_t values[4] = {1, 2, 3, 4};
    zh_error err = ZH_ERROR_INIT;
    zh_sel all = sel_all(1);
    int32_t got[4];
    fixture f;

    (void)state;
    fixture_open(&f, make_meta(ZH_V3, I32, 1, &shape, &chunk), MANY, 2);
    f.store->caps &= ~(uint32_t)ZH_STORE_WRITE;
    assert_int_equal(zh_array_write(f.array, &all, values, &err), ZH_READONLY);
    assert_int_equal(zh_array_resize(f.array, &less, &err), ZH_READONLY);
    read_i32(&f, &all, got);
    fixture_close(&f);
}

/* A selection of more chunks than a plan gives at one time, compressed, over the pool. */
static void test_many_chunks(void **state)
{
    const uint64_t shape[2] = {70, 70}, chunk[2] = {3, 2};
    zh_array_meta *meta = make_meta(ZH_V2, I32, 2, shape, chunk);
    zh_codec_spec zstd = zh_codec_zstd(1, false);
    zh_sel all = sel_all(2);
    rng r = rng_make(5);
    void *packed;
    fixture f;
    model m;

    (void)state;
    assert_int_equal(zh_array_meta_add_codec(meta, &zstd, NULL), ZH_OK);
    fixture_open(&f, meta, MANY, 4);
    model_open(&m, meta);
    packed = random_packed(&r, meta, m.n);
    assert_int_equal(zh_array_write(f.array, &all, packed, NULL), ZH_OK);
    model_write(&m, &all, packed);
    assert_int_equal(puts_of(&f), 24 * 35);
    model_compare_all(&m, f.array);
    model_free_packed(meta, packed, m.n);
    model_close(&m);
    fixture_close(&f);
}

/* More runs than are split at one time. */
static void test_many_points(void **state)
{
    const uint64_t shape = 500000, chunk = 5000;
    zh_array_meta *meta = make_meta(ZH_V3, U8, 1, &shape, &chunk);
    size_t n = 300000;
    zh_run *runs = calloc(n, sizeof(*runs));
    zh_sel points = {.kind = ZH_SEL_RUNS, .rank = 1, .runs = runs, .nruns = n};
    zh_error err = ZH_ERROR_INIT;
    rng r = rng_make(9);
    void *packed;
    fixture f;
    model m;

    (void)state;
    assert_non_null(runs);
    for (size_t i = 0; i < n; i++)
        runs[i] = (zh_run){rng_below(&r, shape), 1};
    fixture_open(&f, meta, 100000, 2);
    model_open(&m, meta);
    packed = random_packed(&r, meta, n);
    assert_zh_ok(zh_array_write(f.array, &points, packed, &err), &err);
    model_write(&m, &points, packed);
    model_compare(&m, f.array, &points);
    model_compare_all(&m, f.array);
    model_free_packed(meta, packed, n);
    model_close(&m);
    fixture_close(&f);
    free(runs);
}

/* --- the cache itself --------------------------------------------------------------------------------------- */

static void test_flush_of_one_array(void **state)
{
    const uint64_t shape = 10, chunk = 10, start = 3, count = 1;
    zh_sel s = sel_box(1, &start, &count);
    zh_error err = ZH_ERROR_INIT;
    zh_array *other;
    int32_t value = 1;
    fixture f;

    (void)state;
    fixture_open(&f, make_meta(ZH_V3, I32, 1, &shape, &chunk), MANY, 2);
    assert_zh_ok(zh_array_open(&other, f.cache, f.meta, "g/y", &err), &err);
    write_i32(&f, &s, &value);
    assert_zh_ok(zh_array_write(other, &s, &value, &err), &err);
    assert_zh_ok(zh_array_flush(other, &err), &err);
    assert_true(key_exists(&f, "g/y/c/0"));
    assert_false(key_exists(&f, "g/x/c/0"));
    zh_array_close(other);
    flush(&f);
    assert_true(key_exists(&f, "g/x/c/0"));
    fixture_close(&f);
}

/* Texts count for what they take. */
static void test_texts_stay_in_the_bound(void **state)
{
    const uint64_t shape = 100, chunk = 5, count = 1;
    zh_error err = ZH_ERROR_INIT;
    char text[300];
    zh_vlen in = {text, sizeof(text)}, got;
    zh_arena strings = ZH_ARENA_INIT;
    fixture f;

    (void)state;
    memset(text, 'x', sizeof(text));
    fixture_open(&f, make_meta(ZH_V3, TEXT, 1, &shape, &chunk), 3000, 2);
    for (uint64_t i = 0; i < 100; i++) {
        zh_sel s = sel_box(1, &i, &count);

        assert_zh_ok(zh_array_write(f.array, &s, &in, &err), &err);
        assert_true(f.cache->bytes <= 3000);
    }
    flush(&f);
    fixture_reopen(&f);
    for (uint64_t i = 0; i < 100; i += 3) {
        zh_sel s = sel_box(1, &i, &count);

        assert_zh_ok(zh_array_read(f.array, &s, &got, &strings, &err), &err);
        assert_int_equal(got.len, sizeof(text));
        assert_true(f.cache->bytes <= 3000);
        assert_true(f.cache->count == 0 || f.cache->bytes > f.cache->count * 5 * sizeof(text));
    }
    zh_arena_dispose(&strings);
    fixture_close(&f);
}

static int mark(void *payload, size_t i, zh_worker *w, zh_error *err)
{
    unsigned char *seen = payload;

    (void)w;
    (void)err;
    seen[i]++;
    return i == 77 ? ZH_ABORTED : ZH_OK;
}

/* Jobs that take much memory go in groups. */
static void test_large_jobs(void **state)
{
    const uint64_t shape = 1;
    unsigned char seen[50] = {0}, stopped[100] = {0};
    fixture f;

    (void)state;
    fixture_open(&f, make_meta(ZH_V3, I32, 1, &shape, &shape), MANY, 4);
    for (size_t bytes = 0; bytes <= (size_t)1 << 31; bytes += (size_t)1 << 28) {
        memset(seen, 0, sizeof(seen));
        assert_int_equal(zh_cache_run(f.cache, 50, bytes, mark, seen, NULL), ZH_OK);
        for (int i = 0; i < 50; i++)
            assert_int_equal(seen[i], 1);
        assert_int_equal(zh_cache_run(f.cache, 100, bytes, mark, stopped, NULL), ZH_ABORTED);
    }
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_absent_chunks_read_as_fill),
        cmocka_unit_test(test_scalar),
        cmocka_unit_test(test_nothing_selected),
        cmocka_unit_test(test_many_axes),
        cmocka_unit_test(test_huge_shape),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_text_that_no_codec_takes),
        cmocka_unit_test(test_last_write_wins),
        cmocka_unit_test(test_whole_chunks_are_not_read),
        cmocka_unit_test(test_parts_are_gathered),
        cmocka_unit_test(test_small_single_chunks_wait),
        cmocka_unit_test(test_put_flags),
        cmocka_unit_test(test_cache_stays_in_its_bound),
        cmocka_unit_test(test_large_write_does_not_turn_the_cache_over),
        cmocka_unit_test(test_large_identity_chunks_are_read_by_range),
        cmocka_unit_test(test_stored_bytes),
        cmocka_unit_test(test_materialise),
        cmocka_unit_test(test_damaged_chunks),
        cmocka_unit_test(test_read_only_store),
        cmocka_unit_test(test_many_chunks),
        cmocka_unit_test(test_many_points),
        cmocka_unit_test(test_flush_of_one_array),
        cmocka_unit_test(test_texts_stay_in_the_bound),
        cmocka_unit_test(test_large_jobs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
