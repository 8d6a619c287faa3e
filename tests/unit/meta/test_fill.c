/* test_fill.c - fill values of every type: JSON to cell, cell to JSON, and cells filled. */
#include "../codec/codec_cells.h"

#include "meta/fill.h"

typedef struct fill_row {
    zh_format format;
    const char *dtype;
    const char *json;
    const char *cell;    /* hex; NULL: refused as ZH_CORRUPT; "-": no fill */
    const char *written; /* NULL: as json */
} fill_row;

static const fill_row rows[] = {
    /* integers at their ends */
    {ZH_V3, "|i1", "-128", "80", NULL},
    {ZH_V3, "|i1", "-129", NULL, NULL},
    {ZH_V3, "|i1", "128", NULL, NULL},
    {ZH_V3, "|u1", "255", "ff", NULL},
    {ZH_V3, "|u1", "256", NULL, NULL},
    {ZH_V3, "|u1", "-1", NULL, NULL},
    {ZH_V3, "<i2", "-32768", "0080", NULL},
    {ZH_V3, ">i2", "-2", "fffe", NULL},
    {ZH_V3, "<i4", "2147483647", "ffffff7f", NULL},
    {ZH_V3, "<i4", "2147483648", NULL, NULL},
    {ZH_V3, "<i8", "-9223372036854775808", "0000000000000080", NULL},
    {ZH_V3, "<i8", "9223372036854775807", "ffffffffffffff7f", NULL},
    {ZH_V3, ">i8", "9223372036854775807", "7fffffffffffffff", NULL},
    {ZH_V3, "<i8", "9223372036854775808", NULL, NULL},
    {ZH_V3, "<i8", "9007199254740993", "0100000000002000", NULL},
    {ZH_V3, "<u8", "18446744073709551615", "ffffffffffffffff", NULL},
    {ZH_V3, "<u8", "18446744073709551616", NULL, NULL},
    {ZH_V3, "<i4", "3.0", "03000000", "3"},
    {ZH_V3, "<i4", "3e2", "2c010000", "300"},
    {ZH_V3, "<i4", "3.5", NULL, NULL},
    {ZH_V2, "<i4", "[7]", "07000000", "7"},
    {ZH_V2, "<i4", "[7,8]", NULL, NULL},
    {ZH_V3, "<i4", "\"7\"", NULL, NULL},
    {ZH_V3, "<i8", "\"NaT\"", "0000000000000080", "-9223372036854775808"},
    {ZH_V3, "<i4", "\"NaT\"", NULL, NULL},
    {ZH_V2, "<i4", "true", "01000000", "1"},
    {ZH_V3, "<i4", "{}", NULL, NULL},
    {ZH_V3, "<i4", "NaN", NULL, NULL},
    /* bool */
    {ZH_V3, "|b1", "true", "01", NULL},
    {ZH_V2, "|b1", "0", "00", "false"},
    {ZH_V3, "|b1", "1.0", "01", "true"},
    {ZH_V3, "|b1", "2", NULL, NULL},
    /* floats */
    {ZH_V3, "<f8", "0.0", "0000000000000000", NULL},
    {ZH_V3, "<f8", "-0.0", "0000000000000080", NULL},
    {ZH_V3, "<f8", "0", "0000000000000000", "0.0"},
    {ZH_V3, "<f8", "0.1", "9a9999999999b93f", NULL},
    {ZH_V3, ">f8", "0.1", "3fb999999999999a", NULL},
    {ZH_V3, "<f8", "5e-324", "0100000000000000", NULL},
    {ZH_V3, "<f8", "\"NaN\"", "000000000000f87f", NULL},
    {ZH_V3, "<f8", "NaN", "000000000000f87f", "\"NaN\""},
    {ZH_V3, "<f8", "-Infinity", "000000000000f0ff", "\"-Infinity\""},
    {ZH_V3, "<f8", "\"Infinity\"", "000000000000f07f", NULL},
    {ZH_V3, "<f8", "\"0x7ff8000000000001\"", "010000000000f87f", "\"NaN\""},
    {ZH_V3, "<f4", "\"0x7fc00001\"", "0100c07f", "\"NaN\""},
    {ZH_V3, ">f4", "\"0x7fc00001\"", "7fc00001", "\"NaN\""},
    {ZH_V3, "<f4", "\"0x3fc00000\"", "0000c03f", "1.5"},
    {ZH_V3, "<f4", "\"0x3fc0000\"", NULL, NULL},
    {ZH_V3, "<f4", "\"0x3fc000000\"", NULL, NULL},
    {ZH_V3, "<f4", "\"0x3fc0000g\"", NULL, NULL},
    {ZH_V3, "<f4", "\"big\"", NULL, NULL},
    {ZH_V3, "<f4", "0.1", "cdcccc3d", NULL},
    {ZH_V3, "<f4", "16777217", "0000804b", "16777216.0"},
    {ZH_V3, "<f4", "1e300", NULL, NULL},
    {ZH_V2, "<f4", "9.96921e+36", "0000f07c", NULL},
    {ZH_V2, "<f4", "[1.5]", "0000c03f", "1.5"},
    {ZH_V3, "<f2", "65504.0", "ff7b", NULL},
    {ZH_V3, "<f2", "65519.0", "ff7b", "65504.0"},
    {ZH_V3, "<f2", "65520.0", NULL, NULL},
    {ZH_V3, "<f2", "-1.5", "00be", NULL},
    {ZH_V3, "<f2", "6e-8", "0100", "5.9604645e-08"},
    {ZH_V3, "<f2", "6.1035156e-05", "0004", NULL},
    {ZH_V3, "<f2", "6.1e-05", "ff03", "6.097555e-05"},
    {ZH_V3, "<f2", "1.00048828125", "003c", "1.0"},
    {ZH_V3, "<f2", "1.00146484375", "023c", "1.0019531"},
    {ZH_V3, "<f2", "1e-9", "0000", "0.0"},
    {ZH_V3, "<f2", "\"NaN\"", "007e", NULL},
    {ZH_V3, "<f2", "\"-Infinity\"", "00fc", NULL},
    {ZH_V3, "<f2", "\"0x7e01\"", "017e", "\"NaN\""},
    /* complex */
    {ZH_V3, "<c8", "[0.0,0.0]", "0000000000000000", NULL},
    {ZH_V3, "<c8", "[1.5,-0.0]", "0000c03f00000080", NULL},
    {ZH_V3, ">c8", "[1.5,-0.0]", "3fc0000080000000", NULL},
    {ZH_V3, "<c16", "[\"NaN\",\"-Infinity\"]", "000000000000f87f000000000000f0ff", NULL},
    {ZH_V2, "<c8", "0", "0000000000000000", "null"},
    {ZH_V2, "<c8", "[0.0,0.0]", "0000000000000000", "null"},
    {ZH_V2, "<c8", "[1.5,2.0]", "0000c03f00000040", NULL},
    {ZH_V3, "<c8", "[1.5]", NULL, NULL},
    {ZH_V3, "<c8", "[1,2,3]", NULL, NULL},
    {ZH_V3, "<c8", "\"x\"", NULL, NULL},
    /* fixed bytes */
    {ZH_V2, "|S5", "\"YWIAAAA=\"", "6162000000", NULL},
    {ZH_V2, "|S5", "\"\"", "0000000000", "\"AAAAAAA=\""},
    {ZH_V2, "|S5", "\"YWI=\"", "6162000000", "\"YWIAAAA=\""},
    {ZH_V2, "|S5", "\"ab\"", "6162000000", "\"YWIAAAA=\""},
    {ZH_V2, "|S5", "0", "0000000000", "\"AAAAAAA=\""},
    {ZH_V2, "|S5", "\"not base64!\"", NULL, NULL},
    {ZH_V2, "|S2", "\"YWJj\"", NULL, NULL},
    {ZH_V2, "|S3", "7", NULL, NULL},
    {ZH_V3, "|V2", "\"AQI=\"", "0102", NULL},
    {ZH_V3, "|V2", "[1,255]", "01ff", "\"Af8=\""},
    {ZH_V3, "|V2", "[1,256]", NULL, NULL},
    {ZH_V3, "|V2", "[1,2,3]", NULL, NULL},
    {ZH_V3, "|V2", "[-1]", NULL, NULL},
    /* text */
    {ZH_V3, "|O", "\"\"", "", NULL},
    {ZH_V3, "|O", "\"h\xc3\xa9\"", "68c3a9", NULL},
    {ZH_V2, "|O", "0", "", "\"\""},
    {ZH_V2, "|O", "-1", "2d31", "\"-1\""},
    {ZH_V3, "|O", "true", NULL, NULL},
    {ZH_V3, "|O", "[]", NULL, NULL},
    {ZH_V3, "<U2", "\"\xf0\x9f\x98\x80\xc3\xa9\"", "f09f9880c3a9", NULL},
    {ZH_V3, "<U2", "\"abc\"", NULL, NULL},
    {ZH_V2, "<U2", "0", "", "\"\""},
    /* variable bytes */
    {ZH_V3, "|Ob", "\"\"", "", NULL},
    {ZH_V3, "|Ob", "[]", "", "\"\""},
    {ZH_V3, "|Ob", "[0,1,255]", "0001ff", "\"AAH/\""},
    {ZH_V3, "|Ob", "\"AAH/\"", "0001ff", NULL},
    {ZH_V2, "|Ob", "0", "", "\"\""},
    {ZH_V3, "|Ob", "[\"x\"]", NULL, NULL},
    /* none */
    {ZH_V2, "<f4", "null", "-", NULL},
    {ZH_V2, "|O", "null", "-", NULL},
    {ZH_V2, "|S3", "null", "-", NULL},
    {ZH_V2, "<c8", "null", "-", NULL},
    {ZH_V3, "<f4", "null", "-", "0.0"},
    {ZH_V3, "|b1", "null", "-", "false"},
    {ZH_V3, "<i8", "null", "-", "0"},
    {ZH_V3, "<c16", "null", "-", "[0.0,0.0]"},
    {ZH_V3, "|O", "null", "-", "\"\""},
    {ZH_V3, "|Ob", "null", "-", "\"\""},
    {ZH_V3, "|S3", "null", "-", "\"AAAA\""},
    {ZH_V3, "|V3", "null", "-", "\"AAAA\""},
    {ZH_V3, "<U3", "null", "-", "\"\""},
};

static zh_array_meta *make(zh_format format, const char *dtype)
{
    zh_dtype t = dtype_of(dtype);
    uint64_t shape = 4;
    zh_array_meta *m;

    assert_int_equal(zh_array_meta_new(&m, format, &t, 1, &shape, NULL, NULL), ZH_OK);
    return m;
}

static int parse(zh_array_meta *m, const char *json, zh_error *err)
{
    zh_json *j = NULL;
    int rc = zh_json_parse(&j, json, strlen(json), err);

    if (rc == ZH_OK)
        rc = zh_fill_parse(m, j, err);
    zh_json_free(j);
    return rc;
}

static void expect_cell(const zh_array_meta *m, const fill_row *r)
{
    size_t n;
    uint8_t *want = hex_bytes(r->cell, &n);

    if (strcmp(r->cell, "-") == 0) {
        assert_false(m->has_fill);
        assert_null(m->fill);
    } else {
        assert_true(m->has_fill);
        if (m->fill_len != n || memcmp(m->fill, want, n) != 0)
            fail_msg("%s %s: another cell", r->dtype, r->json);
        assert_int_equal(((const char *)m->fill)[n], '\0');
    }
    free(want);
}

static void expect_written(const zh_array_meta *m, const fill_row *r)
{
    const char *want = r->written != NULL ? r->written : r->json;
    zh_buf text = ZH_BUF_INIT(4096);
    zh_jsonw w;

    zh_jsonw_init(&w, &text, NULL);
    zh_fill_format(&w, m);
    assert_int_equal(zh_jsonw_finish(&w), ZH_OK);
    assert_string_equal(zh_buf_cstr(&text, NULL), want);
    zh_buf_dispose(&text);
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        zh_array_meta *m = make(rows[i].format, rows[i].dtype);
        zh_error err = ZH_ERROR_INIT;
        int rc = parse(m, rows[i].json, &err);

        if (rows[i].cell == NULL) {
            if (rc != ZH_CORRUPT || err.code != ZH_CORRUPT || strstr(err.message, "fill value") == NULL)
                fail_msg("%s %s: %d %s", rows[i].dtype, rows[i].json, rc, err.message);
        } else {
            require_ok(rc, &err, rows[i].json);
            expect_cell(m, &rows[i]);
            expect_written(m, &rows[i]);
        }
        zh_array_meta_free(m);
    }
}

static bool countdown(void *payload)
{
    long *left = payload;

    return (*left)-- > 0;
}

static void test_starved(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        zh_json *j = NULL;
        int rc = ZH_NOMEM;

        if (rows[i].cell == NULL)
            continue;
        assert_int_equal(zh_json_parse(&j, rows[i].json, strlen(rows[i].json), NULL), ZH_OK);
        for (long n = 0; rc != ZH_OK; n++) {
            zh_array_meta *m = make(rows[i].format, rows[i].dtype);
            zh_buf text = ZH_BUF_INIT(4096);
            zh_error err = ZH_ERROR_INIT;
            zh_vlen cells[5] = {{NULL, 0}};
            long left = n;
            zh_jsonw w;

            zh_alloc_set_hook(countdown, &left);
            rc = zh_fill_parse(m, j, &err);
            zh_jsonw_init(&w, &text, &err);
            if (rc == ZH_OK)
                zh_fill_format(&w, m);
            if (rc == ZH_OK)
                rc = zh_jsonw_finish(&w);
            if (rc == ZH_OK)
                rc = zh_fill_cells(m, cells, 5, &err);
            zh_alloc_set_hook(NULL, NULL);
            if (rc != ZH_OK && (rc != ZH_NOMEM || err.code != ZH_NOMEM))
                fail_msg("%s %s: %d %s", rows[i].dtype, rows[i].json, rc, err.message);
            for (unsigned k = 0; zh_dtype_is_variable(&m->dtype) && k < 5; k++)
                zh_free(cells[k].data);
            zh_buf_dispose(&text);
            zh_array_meta_free(m);
        }
        zh_json_free(j);
    }
}

static void test_cells(void **state)
{
    zh_array_meta *m = make(ZH_V3, "|V3");
    uint8_t cells[21];
    zh_vlen text[3];

    (void)state;
    for (size_t n = 0; n <= 7; n++) {
        memset(cells, 0xee, sizeof(cells));
        zh_free(m->fill);
        m->fill = NULL;
        assert_int_equal(zh_fill_cells(m, cells, n, NULL), ZH_OK);
        for (size_t i = 0; i < sizeof(cells); i++)
            assert_int_equal(cells[i], i < 3 * n ? 0 : 0xee);
        assert_int_equal(zh_array_meta_set_fill(m, "abc", 3, NULL), ZH_OK);
        assert_int_equal(zh_fill_cells(m, cells, n, NULL), ZH_OK);
        for (size_t i = 0; i < sizeof(cells); i++)
            assert_int_equal(cells[i], i < 3 * n ? "abc"[i % 3] : 0xee);
    }
    zh_array_meta_free(m);
    m = make(ZH_V3, "|O");
    assert_int_equal(zh_array_meta_set_fill(m, "hey", 3, NULL), ZH_OK);
    assert_int_equal(zh_fill_cells(m, text, 3, NULL), ZH_OK);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(text[i].len, 3);
        assert_memory_equal(text[i].data, "hey", 3);
        assert_ptr_not_equal(text[i].data, text[(i + 1) % 3].data);
    }
    for (unsigned i = 0; i < 3; i++)
        zh_free(text[i].data);
    zh_array_meta_free(m);
}

/* All 65536 halves pass through JSON unchanged (NaNs as one). */
static void test_every_half(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits < 65536; bits++) {
        zh_array_meta *m = make(ZH_V3, "<f2");
        uint8_t cell[2] = {(uint8_t)bits, (uint8_t)(bits >> 8)};
        bool nan = (bits & 0x7c00) == 0x7c00 && (bits & 0x3ff) != 0;
        zh_buf text = ZH_BUF_INIT(64);
        zh_error err = ZH_ERROR_INIT;
        zh_jsonw w;

        assert_int_equal(zh_array_meta_set_fill(m, cell, 2, NULL), ZH_OK);
        zh_jsonw_init(&w, &text, NULL);
        zh_fill_format(&w, m);
        require_ok(parse(m, zh_buf_cstr(&text, NULL), &err), &err, zh_buf_cstr(&text, NULL));
        if (!nan && memcmp(m->fill, cell, 2) != 0)
            fail_msg("%04x became another half", bits);
        zh_buf_dispose(&text);
        zh_array_meta_free(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_starved),
                                       cmocka_unit_test(test_cells), cmocka_unit_test(test_every_half)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
