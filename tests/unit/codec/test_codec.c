/* test_codec.c - specs and documents, what binds and what does not, limits, and errors that name their cause. */
#include "codec_cells.h"

static int parse(zh_codec_spec *c, const char *text, bool v2, zh_error *err)
{
    zh_json *j = NULL;
    int rc;

    require_ok(zh_json_parse(&j, text, strlen(text), err), err, text);
    rc = v2 ? zh_codec_parse_v2(c, j, err) : zh_codec_parse_v3(c, j, err);
    zh_json_free(j);
    return rc;
}

static void expect_format(const zh_codec_spec *c, const char *v2, const char *v3)
{
    zh_buf text = ZH_BUF_INIT(4096);
    zh_jsonw w;

    zh_jsonw_init(&w, &text, NULL);
    zh_codec_format_v3(&w, c);
    assert_int_equal(zh_jsonw_finish(&w), ZH_OK);
    assert_string_equal(zh_buf_cstr(&text, NULL), v3);
    text.len = 0;
    zh_jsonw_init(&w, &text, NULL);
    if (v2 != NULL) {
        zh_codec_format_v2(&w, c);
        assert_string_equal(zh_buf_cstr(&text, NULL), v2);
    }
    zh_buf_dispose(&text);
}

static void test_written(void **state)
{
    zh_codec_spec c;

    (void)state;
    c = zh_codec_bytes(ZH_LITTLE);
    expect_format(&c, NULL, "{\"name\":\"bytes\",\"configuration\":{\"endian\":\"little\"}}");
    c = zh_codec_bytes(ZH_ORDER_NONE);
    expect_format(&c, NULL, "{\"name\":\"bytes\",\"configuration\":{}}");
    c = zh_codec_gzip(5);
    expect_format(&c, "{\"id\":\"gzip\",\"level\":5}", "{\"name\":\"gzip\",\"configuration\":{\"level\":5}}");
    c = zh_codec_gzip(77);
    expect_format(&c, "{\"id\":\"gzip\",\"level\":9}", "{\"name\":\"gzip\",\"configuration\":{\"level\":9}}");
    c = zh_codec_zlib(1);
    expect_format(&c, "{\"id\":\"zlib\",\"level\":1}", "{\"name\":\"numcodecs.zlib\",\"configuration\":{\"level\":1}}");
    c = zh_codec_zstd(3, false);
    expect_format(&c, "{\"id\":\"zstd\",\"level\":3}",
                  "{\"name\":\"zstd\",\"configuration\":{\"level\":3,\"checksum\":false}}");
    c = zh_codec_zstd(3, true);
    expect_format(&c, "{\"id\":\"zstd\",\"level\":3,\"checksum\":true}",
                  "{\"name\":\"zstd\",\"configuration\":{\"level\":3,\"checksum\":true}}");
    c = zh_codec_blosc("zstd", 4, 1, 8);
    expect_format(&c, "{\"id\":\"blosc\",\"cname\":\"zstd\",\"clevel\":4,\"shuffle\":1,\"blocksize\":0}",
                  "{\"name\":\"blosc\",\"configuration\":{\"cname\":\"zstd\",\"clevel\":4,\"shuffle\":\"shuffle\","
                  "\"typesize\":8,\"blocksize\":0}}");
    assert_string_equal(zh_codec_blosc_cname(&c), "zstd");
    c = zh_codec_shuffle(8);
    expect_format(&c, "{\"id\":\"shuffle\",\"elementsize\":8}",
                  "{\"name\":\"numcodecs.shuffle\",\"configuration\":{\"elementsize\":8}}");
    c = zh_codec_crc32c();
    expect_format(&c, "{\"id\":\"crc32c\"}", "{\"name\":\"crc32c\",\"configuration\":{}}");
    c = zh_codec_vlen_utf8();
    expect_format(&c, "{\"id\":\"vlen-utf8\"}", "{\"name\":\"vlen-utf8\",\"configuration\":{}}");
    c = zh_codec_vlen_bytes();
    expect_format(&c, "{\"id\":\"vlen-bytes\"}", "{\"name\":\"vlen-bytes\",\"configuration\":{}}");
    c = zh_codec_transpose_f(3);
    expect_format(&c, NULL, "{\"name\":\"transpose\",\"configuration\":{\"order\":[2,1,0]}}");
}

static void test_unsupported_is_named(void **state)
{
    static const struct {
        bool v2;
        const char *text, *name;
    } rows[] = {
        {false, "{\"name\":\"sharding_indexed\",\"configuration\":{\"chunk_shape\":[1]}}", "'sharding_indexed'"},
        {false, "{\"name\":\"numcodecs.bz2\",\"configuration\":{}}", "'numcodecs.bz2'"},
        {false, "\"packbits\"", "'packbits'"},
        {false, "{\"name\":\"zlib\"}", "'zlib'"},
        {false, "{\"name\":\"fixed-utf32\"}", "'fixed-utf32'"},
        {true, "{\"id\":\"lzma\",\"preset\":1}", "'lzma'"},
        {true, "{\"id\":\"json2\"}", "'json2'"},
        {true, "{\"id\":\"bytes\"}", "'bytes'"},
        {true, "{\"id\":\"vlen-array\",\"dtype\":\"|O\"}", "'|O'"},
        {true, "{\"id\":\"blosc\",\"cname\":\"lizard\"}", "'lizard'"},
        {true, "{\"id\":\"crc32c\",\"location\":\"start\"}", "'start'"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        zh_error err = ZH_ERROR_INIT;
        zh_codec_spec c;

        assert_int_equal(parse(&c, rows[i].text, rows[i].v2, &err), ZH_UNSUPPORTED);
        assert_int_equal(err.code, ZH_UNSUPPORTED);
        if (strstr(err.message, rows[i].name) == NULL)
            fail_msg("%s: %s", rows[i].text, err.message);
    }
}

static void test_malformed(void **state)
{
    static const char *const v3[] = {
        "7",
        "{}",
        "{\"name\":7}",
        "{\"name\":\"gzip\",\"configuration\":[]}",
        "{\"name\":\"gzip\",\"configuration\":{\"level\":\"high\"}}",
        "{\"name\":\"gzip\",\"configuration\":{\"level\":1.5}}",
        "{\"name\":\"bytes\",\"configuration\":{\"endian\":\"middle\"}}",
        "{\"name\":\"bytes\",\"configuration\":{\"endian\":1}}",
        "{\"name\":\"transpose\"}",
        "{\"name\":\"transpose\",\"configuration\":{\"order\":[0,0]}}",
        "{\"name\":\"transpose\",\"configuration\":{\"order\":[1]}}",
        "{\"name\":\"transpose\",\"configuration\":{\"order\":[-1]}}",
        "{\"name\":\"transpose\",\"configuration\":{\"order\":\"K\"}}",
        "{\"name\":\"blosc\",\"configuration\":{\"shuffle\":\"both\"}}",
        "{\"name\":\"blosc\",\"configuration\":{\"shuffle\":9}}",
        "{\"name\":\"blosc\",\"configuration\":{\"cname\":9}}",
        "{\"name\":\"zstd\",\"configuration\":{\"checksum\":1}}",
        "{\"name\":\"numcodecs.shuffle\",\"configuration\":{\"elementsize\":0}}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(v3) / sizeof(v3[0]); i++) {
        zh_error err = ZH_ERROR_INIT;
        zh_codec_spec c;

        if (parse(&c, v3[i], false, &err) != ZH_CORRUPT || err.code != ZH_CORRUPT)
            fail_msg("%s: %d %s", v3[i], err.code, err.message);
    }
}

static void test_lenient(void **state)
{
    zh_error err = ZH_ERROR_INIT;
    zh_codec_spec c, want;

    (void)state;
    require_ok(parse(&c, "\"gzip\"", false, &err), &err, "a bare name");
    want = zh_codec_gzip(1);
    assert_true(zh_codec_equal(&c, &want));
    require_ok(parse(&c, "{\"id\":\"zlib\",\"level\":\"7\"}", true, &err), &err, "a number as text");
    want = zh_codec_zlib(7);
    assert_true(zh_codec_equal(&c, &want));
    require_ok(parse(&c, "{\"name\":\"zstd\",\"configuration\":{\"level\":1000000}}", false, &err), &err,
               "a high level");
    want = zh_codec_zstd(1000, false);
    assert_true(zh_codec_equal(&c, &want));
    require_ok(parse(&c,
                     "{\"name\":\"numcodecs.blosc\",\"configuration\":{\"cname\":\"zlib\",\"clevel\":2,\"shuffle\":2}}",
                     false, &err),
               &err, "numcodecs.blosc");
    want = zh_codec_blosc("zlib", 2, 2, 0);
    assert_true(zh_codec_equal(&c, &want));
    assert_true(zh_codec_is_compressor(&c));
    c = zh_codec_shuffle(4);
    assert_false(zh_codec_is_compressor(&c));
}

static int bind(const char *dtype, const char *shape, const char *codecs, zh_error *err)
{
    zh_codec_spec specs[SPECS_MAX];
    uint64_t lengths[ZH_MAX_RANK];
    unsigned n = specs_of(specs, codecs), rank = shape_of(lengths, shape);
    zh_dtype t = dtype_of(dtype);
    zh_codec_plan *plan = NULL;
    int rc = zh_codec_bind(&plan, specs, n, &t, rank, lengths, err);

    if (rc < 0)
        assert_null(plan);
    zh_codec_plan_free(plan);
    return rc;
}

static void test_bind_refuses(void **state)
{
    static const struct {
        const char *dtype, *shape, *codecs;
        int rc;
        const char *word;
    } rows[] = {
        {"<f4", "4", "[\"bytes\",\"bytes\"]", ZH_INVALID, "bytes"},
        {"<f4", "4", "[\"gzip\",\"bytes\"]", ZH_INVALID, "bytes"},
        {"<f4", "4,4", "[\"bytes\",{\"name\":\"transpose\",\"configuration\":{\"order\":[1,0]}}]", ZH_INVALID,
         "transpose"},
        {"<f4", "4", "[{\"name\":\"transpose\",\"configuration\":{\"order\":[1,0]}}]", ZH_INVALID, "transpose"},
        {">f4", "4", "[\"bytes\"]", ZH_INVALID, "byte order"},
        {"<f4", "4", "[{\"name\":\"bytes\",\"configuration\":{\"endian\":\"big\"}}]", ZH_INVALID, "byte order"},
        {">U4", "4", "[\"bytes\"]", ZH_INVALID, "byte order"},
        {"<f4", "4", "[\"vlen-utf8\"]", ZH_INVALID, "vlen-utf8"},
        {"|O", "4", "[\"bytes\"]", ZH_INVALID, "no fixed size"},
        {"|O", "4", "[\"vlen-bytes\"]", ZH_INVALID, "vlen-bytes"},
        {"|Ob", "4", "[\"vlen-utf8\"]", ZH_INVALID, "vlen-utf8"},
        {"<f4", "4,0", "[]", ZH_INVALID, "zero"},
        {"|u1", "2147483649", "[]", ZH_UNSUPPORTED, "2048 MiB"},
        {"|u1", "2147483648", "[\"bytes\",\"blosc\"]", ZH_UNSUPPORTED, "blosc"},
        {"<f8", "4294967296,4294967296,16", "[]", ZH_UNSUPPORTED, "overflows"},
        {"<f8", "9223372036854775807", "[]", ZH_UNSUPPORTED, "2048 MiB"},
        {"|O", "4294967296", "[]", ZH_UNSUPPORTED, "2048 MiB"},
        {"<U100", "100000000", "[]", ZH_UNSUPPORTED, "2048 MiB"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        zh_error err = ZH_ERROR_INIT;
        int rc = bind(rows[i].dtype, rows[i].shape, rows[i].codecs, &err);

        if (rc != rows[i].rc || err.code != rc || strstr(err.message, rows[i].word) == NULL)
            fail_msg("%s %s %s: %d %s", rows[i].dtype, rows[i].shape, rows[i].codecs, rc, err.message);
    }
}

static void test_bind_takes(void **state)
{
    static const struct {
        const char *dtype, *shape, *codecs;
        bool identity;
    } rows[] = {
        {"<f4", "4", "[]", true},
        {">f4", "4", "v2:[]", true},
        {"|u1", "4", "[{\"name\":\"bytes\",\"configuration\":{\"endian\":\"big\"}}]", true},
        {"<f4", "", "[{\"name\":\"transpose\",\"configuration\":{\"order\":\"F\"}},\"bytes\"]", true},
        {"<f4", "4,5", "[{\"name\":\"transpose\",\"configuration\":{\"order\":\"C\"}},\"bytes\"]", true},
        {"<f4", "4,5", "[{\"name\":\"transpose\",\"configuration\":{\"order\":\"F\"}},\"bytes\"]", false},
        {"|u1", "2147483648", "[\"bytes\"]", true},
        {"|u1", "2147483648", "[\"bytes\",\"gzip\"]", false},
        {"|O", "4", "[]", false},
        {"|Ob", "4", "[\"gzip\"]", false},
        {"<U4", "4", "[]", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        zh_codec_spec specs[SPECS_MAX];
        uint64_t shape[ZH_MAX_RANK];
        unsigned n = specs_of(specs, rows[i].codecs), rank = shape_of(shape, rows[i].shape);
        zh_dtype t = dtype_of(rows[i].dtype);
        zh_error err = ZH_ERROR_INIT;
        zh_codec_plan *plan = NULL;

        require_ok(zh_codec_bind(&plan, specs, n, &t, rank, shape, &err), &err, rows[i].codecs);
        assert_int_equal(zh_codec_plan_is_identity(plan), rows[i].identity);
        zh_codec_plan_free(plan);
    }
}

/* Elements that cannot be stored are refused by number. */
static void test_elements_named(void **state)
{
    const struct {
        const char *dtype;
        zh_vlen cell;
        int rc;
        const char *word;
    } rows[] = {
        {"|O", {(char[]){"\xff"}, 1}, ZH_INVALID, "element 2"},
        {"|O", {(char[]){"\xed\xa0\x80"}, 3}, ZH_INVALID, "element 2"},
        {"<U3", {(char[]){"abcd"}, 4}, ZH_RANGE, "element 2"},
        {"<U3", {(char[]){"\xc3"}, 1}, ZH_INVALID, "element 2"},
        {"<U3", {(char[]){"\xc3\xa9\xc3\xa9\xf0\x9f\x98\x80"}, 8}, ZH_OK, ""},
        {"|Ob", {(char[]){"\xff\x00\xff"}, 3}, ZH_OK, ""},
    };
    uint64_t shape = 4;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        zh_dtype t = dtype_of(rows[i].dtype);
        zh_vlen cells[4] = {{NULL, 0}, {NULL, 0}, rows[i].cell, {NULL, 0}};
        zh_error err = ZH_ERROR_INIT;
        zh_buf out = ZH_BUF_INIT(4096);
        zh_codec_scratch *scratch;
        zh_codec_plan *plan;
        int rc;

        require_ok(zh_codec_bind(&plan, NULL, 0, &t, 1, &shape, &err), &err, rows[i].dtype);
        require_ok(zh_codec_scratch_new(&scratch, &err), &err, rows[i].dtype);
        rc = zh_codec_encode(plan, scratch, cells, &out, &err);
        if (rc != rows[i].rc || strstr(err.message, rows[i].word) == NULL)
            fail_msg("%zu: %d %s", i, rc, err.message);
        zh_buf_dispose(&out);
        zh_codec_scratch_free(scratch);
        zh_codec_plan_free(plan);
    }
}

/* UCS-4 that is no text. */
static void test_utf32_decode(void **state)
{
    static const uint8_t surrogate[8] = {0x61, 0, 0, 0, 0, 0xd8, 0, 0}, beyond[8] = {0, 0, 0x11, 0};
    static const uint8_t inner_nul[8] = {0, 0, 0, 0, 0x61, 0, 0, 0};
    zh_dtype t = dtype_of("<U2");
    uint64_t one = 1;
    zh_error err = ZH_ERROR_INIT;
    zh_vlen cell;
    zh_codec_scratch *scratch;
    zh_codec_plan *plan;

    (void)state;
    require_ok(zh_codec_bind(&plan, NULL, 0, &t, 1, &one, &err), &err, "bind");
    require_ok(zh_codec_scratch_new(&scratch, &err), &err, "scratch");
    assert_int_equal(zh_codec_decode(plan, scratch, surrogate, 8, &cell, &err), ZH_CORRUPT);
    assert_null(cell.data);
    assert_int_equal(zh_codec_decode(plan, scratch, beyond, 8, &cell, &err), ZH_CORRUPT);
    assert_non_null(strstr(err.message, "element 0"));
    require_ok(zh_codec_decode(plan, scratch, inner_nul, 8, &cell, &err), &err, "decode");
    assert_int_equal(cell.len, 2);
    assert_memory_equal(cell.data, "\0a", 2);
    zh_free(cell.data);
    zh_codec_scratch_free(scratch);
    zh_codec_plan_free(plan);
}

/* RFC 3720's example: 32 zero bytes. */
static void test_crc32c_value(void **state)
{
    static const uint8_t zeros[32], want[4] = {0xaa, 0x36, 0x91, 0x8a};
    zh_codec_spec c = zh_codec_crc32c();
    zh_dtype t = dtype_of("|u1");
    uint64_t n = 32;
    zh_buf out = ZH_BUF_INIT(64);
    zh_error err = ZH_ERROR_INIT;
    zh_codec_scratch *scratch;
    zh_codec_plan *plan;

    (void)state;
    require_ok(zh_codec_bind(&plan, &c, 1, &t, 1, &n, &err), &err, "bind");
    require_ok(zh_codec_scratch_new(&scratch, &err), &err, "scratch");
    require_ok(zh_codec_encode(plan, scratch, zeros, &out, &err), &err, "encode");
    assert_int_equal(out.len, 36);
    assert_memory_equal(out.ptr + 32, want, 4);
    zh_buf_dispose(&out);
    zh_codec_scratch_free(scratch);
    zh_codec_plan_free(plan);
}

/* One scratch serves plans of different codecs, levels and sizes in turn. */
static void test_scratch_is_shared(void **state)
{
    static const char *const chains[] = {
        "[\"bytes\",{\"name\":\"gzip\",\"configuration\":{\"level\":1}},\"crc32c\"]",
        "[\"bytes\",{\"name\":\"gzip\",\"configuration\":{\"level\":9}}]",
        "[\"bytes\",{\"name\":\"zstd\",\"configuration\":{\"checksum\":true}},\"gzip\"]", "[\"bytes\",\"zstd\"]"};
    zh_error err = ZH_ERROR_INIT;
    zh_codec_scratch *scratch;
    zh_dtype t = dtype_of("<i4");

    (void)state;
    require_ok(zh_codec_scratch_new(&scratch, &err), &err, "scratch");
    for (unsigned round = 0; round < 12; round++) {
        zh_codec_spec specs[SPECS_MAX];
        unsigned n = specs_of(specs, chains[round % 4]);
        uint64_t shape = round % 3 == 0 ? 10000 : 7;
        zh_buf out = ZH_BUF_INIT(1 << 20);
        zh_codec_plan *plan;
        void *cells = cells_new(&t, shape, PATTERN_RANDOM), *back = malloc(4 * shape);

        require_ok(zh_codec_bind(&plan, specs, n, &t, 1, &shape, &err), &err, "bind");
        require_ok(zh_codec_encode(plan, scratch, cells, &out, &err), &err, "encode");
        require_ok(zh_codec_decode(plan, scratch, out.ptr, out.len, back, &err), &err, "decode");
        assert_memory_equal(cells, back, 4 * shape);
        free(cells);
        free(back);
        zh_buf_dispose(&out);
        zh_codec_plan_free(plan);
    }
    zh_codec_scratch_free(scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_written),        cmocka_unit_test(test_unsupported_is_named),
        cmocka_unit_test(test_malformed),      cmocka_unit_test(test_lenient),
        cmocka_unit_test(test_bind_refuses),   cmocka_unit_test(test_bind_takes),
        cmocka_unit_test(test_elements_named), cmocka_unit_test(test_utf32_decode),
        cmocka_unit_test(test_crc32c_value),   cmocka_unit_test(test_scratch_is_shared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
