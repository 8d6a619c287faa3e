/* test_meta.c - a meta's life and checks, the chunk grid and its keys, phony dimension names. */
#include "../codec/codec_cells.h"

#include "meta/grid.h"
#include "meta/meta.h"

static zh_array_meta *make(zh_format format, const char *dtype, const char *shape, const char *chunk)
{
    zh_error err = ZH_ERROR_INIT;
    uint64_t lengths[ZH_MAX_RANK], chunks[ZH_MAX_RANK];
    unsigned rank = shape_of(lengths, shape);
    zh_dtype t = dtype_of(dtype);
    zh_array_meta *m;

    if (chunk != NULL)
        shape_of(chunks, chunk);
    require_ok(zh_array_meta_new(&m, format, &t, rank, lengths, chunk != NULL ? chunks : NULL, &err), &err, shape);
    return m;
}

static void test_defaults(void **state)
{
    zh_array_meta *m = make(ZH_V3, "<f4", "10,0,3", NULL);

    (void)state;
    assert_int_equal(m->chunk[0], 10);
    assert_int_equal(m->chunk[1], 1);
    assert_int_equal(m->keys, ZH_KEYS_DEFAULT);
    assert_int_equal(m->separator, '/');
    assert_false(m->has_fill);
    assert_int_equal(zh_array_meta_check(m, NULL), ZH_OK);
    zh_array_meta_free(m);
    m = make(ZH_V2, "<f4", "", NULL);
    assert_int_equal(m->keys, ZH_KEYS_V2);
    assert_int_equal(m->separator, '.');
    assert_int_equal(zh_array_meta_check(m, NULL), ZH_OK);
    zh_array_meta_free(m);
    zh_array_meta_free(NULL);
}

static zh_array_meta *make_full(void)
{
    zh_array_meta *m = make(ZH_V2, "<f4", "10,20", "5,5");
    zh_codec_spec shuffle = zh_codec_shuffle(4), zlib = zh_codec_zlib(3);
    float fill = 1.5f;

    assert_int_equal(zh_array_meta_add_codec(m, &shuffle, NULL), ZH_OK);
    assert_false(m->v2_last_is_compressor);
    assert_int_equal(zh_array_meta_add_codec(m, &zlib, NULL), ZH_OK);
    assert_true(m->v2_last_is_compressor);
    assert_int_equal(zh_array_meta_set_fill(m, &fill, 4, NULL), ZH_OK);
    assert_int_equal(zh_array_meta_set_dim_name(m, 1, "x", NULL), ZH_OK);
    m->order_f = true;
    m->separator = '/';
    return m;
}

static void test_copy_and_equal(void **state)
{
    zh_array_meta *m = make_full(), *copy;
    float other = 2.0f;

    (void)state;
    assert_int_equal(zh_array_meta_copy(&copy, m, NULL), ZH_OK);
    assert_true(zh_array_meta_equal(m, copy));
    copy->shape[0]++;
    assert_false(zh_array_meta_equal(m, copy));
    copy->shape[0]--;
    assert_int_equal(zh_array_meta_set_dim_name(copy, 0, "y", NULL), ZH_OK);
    assert_false(zh_array_meta_equal(m, copy));
    assert_int_equal(zh_array_meta_set_dim_name(copy, 0, NULL, NULL), ZH_OK);
    assert_true(zh_array_meta_equal(m, copy));
    copy->codecs[1].level++;
    assert_false(zh_array_meta_equal(m, copy));
    copy->codecs[1].level--;
    assert_int_equal(zh_array_meta_set_fill(copy, &other, 4, NULL), ZH_OK);
    assert_false(zh_array_meta_equal(m, copy));
    zh_array_meta_free(copy);
    zh_array_meta_free(m);
}

static bool countdown(void *payload)
{
    long *left = payload;

    return (*left)-- > 0;
}

static void test_copy_starved(void **state)
{
    zh_array_meta *m = make_full(), *copy = NULL;
    int rc = ZH_NOMEM;

    (void)state;
    for (long n = 0; rc != ZH_OK; n++) {
        long left = n;
        zh_error err = ZH_ERROR_INIT;

        zh_alloc_set_hook(countdown, &left);
        rc = zh_array_meta_copy(&copy, m, &err);
        if (rc == ZH_OK)
            rc = zh_array_meta_check(copy, &err);
        zh_alloc_set_hook(NULL, NULL);
        assert_true(rc == ZH_OK || (rc == ZH_NOMEM && err.code == ZH_NOMEM));
        zh_array_meta_free(copy);
        copy = NULL;
    }
    zh_array_meta_free(m);
}

static void test_check_refuses(void **state)
{
    zh_codec_spec c = zh_codec_transpose_f(1);
    zh_dtype item = dtype_of("<i4");
    zh_array_meta *m;
    zh_error err = ZH_ERROR_INIT;
    uint64_t shape[33] = {0};

    (void)state;
    assert_int_equal(zh_array_meta_new(&m, ZH_V3, &item, 33, shape, NULL, &err), ZH_RANGE);
    assert_null(m);
    assert_int_equal(zh_array_meta_new(&m, (zh_format)4, &item, 1, shape, NULL, &err), ZH_INVALID);

    m = make(ZH_V3, "<f4", "4294967296,4294967296", "1,1");
    assert_int_equal(zh_array_meta_check(m, &err), ZH_RANGE);
    m->shape[1] = 0;
    assert_int_equal(zh_array_meta_check(m, &err), ZH_OK);
    m->chunk[1] = 0;
    assert_int_equal(zh_array_meta_check(m, &err), ZH_INVALID);
    zh_array_meta_free(m);

    m = make(ZH_V3, "<f4", "18446744073709551615", "1");
    assert_int_equal(zh_array_meta_check(m, &err), ZH_RANGE);
    m->shape[0] = 5;
    m->dtype.size = 3;
    assert_int_equal(zh_array_meta_check(m, &err), ZH_INVALID);
    m->dtype.size = 4;
    m->order_f = true;
    assert_int_equal(zh_array_meta_check(m, &err), ZH_INVALID);
    m->order_f = false;
    m->separator = '-';
    assert_int_equal(zh_array_meta_check(m, &err), ZH_INVALID);
    m->separator = '.';
    assert_int_equal(zh_array_meta_check(m, &err), ZH_OK);
    assert_int_equal(zh_array_meta_set_fill(m, "abc", 3, &err), ZH_INVALID);
    assert_int_equal(zh_array_meta_set_dim_name(m, 1, "x", &err), ZH_INVALID);
    assert_int_equal(zh_array_meta_set_dim_name(m, 0, "\xff", &err), ZH_OK);
    assert_int_equal(zh_array_meta_check(m, &err), ZH_INVALID);
    zh_array_meta_free(m);

    m = make(ZH_V2, "<f4", "5", "1");
    assert_int_equal(zh_array_meta_add_codec(m, &c, &err), ZH_OK);
    assert_int_equal(zh_array_meta_check(m, &err), ZH_INVALID);
    zh_array_meta_free(m);
    m = make(ZH_V3, "|Ob", "5", "1");
    c = zh_codec_vlen_array(&item);
    assert_int_equal(zh_array_meta_add_codec(m, &c, &err), ZH_OK);
    assert_int_equal(zh_array_meta_check(m, &err), ZH_INVALID);
    zh_array_meta_free(m);
    m = make(ZH_V3, "|O", "5", "1");
    assert_int_equal(zh_array_meta_set_fill(m, "\xff", 1, &err), ZH_OK);
    assert_int_equal(zh_array_meta_check(m, &err), ZH_INVALID);
    zh_array_meta_free(m);
}

/* v2 order F: the plan turns the cells although no codec says so. */
static void test_bind_order_f(void **state)
{
    zh_array_meta *m = make(ZH_V2, "|u1", "2,3", "2,3");
    const uint8_t cells[6] = {1, 2, 3, 4, 5, 6}, turned[6] = {1, 4, 2, 5, 3, 6};
    zh_buf out = ZH_BUF_INIT(64);
    zh_error err = ZH_ERROR_INIT;
    zh_codec_scratch *scratch;
    zh_codec_plan *plan;

    (void)state;
    m->order_f = true;
    require_ok(zh_array_meta_bind(&plan, m, &err), &err, "bind");
    require_ok(zh_codec_scratch_new(&scratch, &err), &err, "scratch");
    require_ok(zh_codec_encode(plan, scratch, cells, &out, &err), &err, "encode");
    assert_int_equal(out.len, 6);
    assert_memory_equal(out.ptr, turned, 6);
    zh_buf_dispose(&out);
    zh_codec_scratch_free(scratch);
    zh_codec_plan_free(plan);
    zh_array_meta_free(m);
}

static void expect_key(const char *shape, uint8_t keys, char separator, const char *index, const char *want)
{
    zh_array_meta *m = make(ZH_V3, "|u1", shape, NULL);
    uint64_t at[ZH_MAX_RANK], back[ZH_MAX_RANK];
    zh_buf key = ZH_BUF_INIT(4096);

    shape_of(at, index);
    m->keys = keys;
    m->separator = separator;
    assert_int_equal(zh_grid_chunk_key(&key, m, at, NULL), ZH_OK);
    assert_string_equal(zh_buf_cstr(&key, NULL), want);
    assert_true(zh_grid_parse_key(m, want, back));
    for (unsigned i = 0; i < m->rank; i++)
        assert_int_equal(at[i], back[i]);
    zh_buf_dispose(&key);
    zh_array_meta_free(m);
    assert_true(zh_grid_is_chunk_key(want));
    assert_int_equal(zh_grid_is_chunk_name(want), strchr(want, '/') == NULL);
}

static void test_keys_of_any_array(void **state)
{
    static const char *const not_one[] = {
        "",         "c/",        "c.",     "c/0.1", "c/0/1/", "c/a",     "c0",
        "c/main.c", "0/1.2",     "2024/a", "01",    "1.",     ".1",      "c/00",
        "d/0",      "zarr.json", "c/c/0",  "0/c/0", "1..2",   ".zarray", "99999999999999999999"};

    (void)state;
    for (size_t i = 0; i < sizeof(not_one) / sizeof(not_one[0]); i++)
        if (zh_grid_is_chunk_key(not_one[i]))
            fail_msg("'%s'", not_one[i]);
}

static void test_keys(void **state)
{
    (void)state;
    expect_key("4,5", ZH_KEYS_DEFAULT, '/', "0,1", "c/0/1");
    expect_key("4,5", ZH_KEYS_DEFAULT, '.', "10,0", "c.10.0");
    expect_key("4,5", ZH_KEYS_V2, '.', "0,1", "0.1");
    expect_key("4,5", ZH_KEYS_V2, '/', "0,1", "0/1");
    expect_key("4", ZH_KEYS_V2, '.', "18446744073709551615", "18446744073709551615");
    expect_key("", ZH_KEYS_DEFAULT, '/', "", "c");
    expect_key("", ZH_KEYS_V2, '.', "", "0");
    expect_key("1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1", ZH_KEYS_DEFAULT, '/',
               "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,18446744073709551615",
               "c/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/18446744073709551615");
}

static void test_not_keys(void **state)
{
    static const char *const v3[] = {
        "",     "c",     "c/",     "c/0",    "c/0/1/2", "c/00/1", "c/0/01",    "c/0/1/",
        "c0/1", "d/0/1", "c/-1/0", "c/0/ 1", "c/0.1",   "c.0.1",  "zarr.json", "c/0/18446744073709551616",
        "c//1", "c/0/+1"};
    static const char *const v2[] = {"", "0", "0.", "0.1.2", ".zarray", "0/1", "a.b", "00.1", "0.1 "};
    static const char *const scalar[] = {"c/0", "0", "", "cc"};
    zh_array_meta *m = make(ZH_V3, "|u1", "4,5", NULL);
    uint64_t at[ZH_MAX_RANK];

    (void)state;
    for (size_t i = 0; i < sizeof(v3) / sizeof(v3[0]); i++)
        assert_false(zh_grid_parse_key(m, v3[i], at));
    zh_array_meta_free(m);
    m = make(ZH_V2, "|u1", "4,5", NULL);
    for (size_t i = 0; i < sizeof(v2) / sizeof(v2[0]); i++)
        assert_false(zh_grid_parse_key(m, v2[i], at));
    zh_array_meta_free(m);
    m = make(ZH_V3, "|u1", "", NULL);
    for (size_t i = 0; i < sizeof(scalar) / sizeof(scalar[0]); i++)
        assert_false(zh_grid_parse_key(m, scalar[i], at));
    zh_array_meta_free(m);
}

static void expect_total(const char *shape, const char *chunk, bool fits, uint64_t want)
{
    zh_array_meta *m = make(ZH_V3, "|u1", shape, chunk);
    uint64_t total;

    assert_int_equal(zh_grid_total(m, &total), fits);
    if (fits)
        assert_int_equal(total, want);
    zh_array_meta_free(m);
}

static void test_counts(void **state)
{
    zh_array_meta *m = make(ZH_V3, "|u1", "10,0,18446744073709551615", "3,4,2");

    (void)state;
    assert_int_equal(zh_grid_count(m, 0), 4);
    assert_int_equal(zh_grid_count(m, 1), 0);
    assert_true(zh_grid_count(m, 2) == (uint64_t)1 << 63);
    zh_array_meta_free(m);
    expect_total("", "", true, 1);
    expect_total("10,10", "3,10", true, 4);
    expect_total("9,9", "3,3", true, 9);
    expect_total("4294967296,4294967296", "1,1", false, 0);
    expect_total("4294967296,4294967296,0", "1,1,1", true, 0);
}

static void test_phony(void **state)
{
    static const uint64_t shape[4] = {3, 5, 3, 3};
    static const char *const want[4] = {"phony_dim_3", "phony_dim_5", "phony_dim_3_2", "phony_dim_3_3"};
    static const uint64_t longest[32] = {[31] = UINT64_MAX};
    char name[48];

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        zh_phony_dim_name(name, shape, i);
        assert_string_equal(name, want[i]);
    }
    zh_phony_dim_name(name, longest, 31);
    assert_string_equal(name, "phony_dim_18446744073709551615");
    zh_phony_dim_name(name, longest, 30);
    assert_string_equal(name, "phony_dim_0_31");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),     cmocka_unit_test(test_copy_and_equal),
        cmocka_unit_test(test_copy_starved), cmocka_unit_test(test_check_refuses),
        cmocka_unit_test(test_bind_order_f), cmocka_unit_test(test_keys),
        cmocka_unit_test(test_not_keys),     cmocka_unit_test(test_counts),
        cmocka_unit_test(test_phony),        cmocka_unit_test(test_keys_of_any_array),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
