/* test_documents.c - whole documents: our own to the byte (documents.tsv), zarr-python's (foreign.tsv, from
 * make_foreign.py), those that are refused and why, rewriting, and hostile ones. Arguments: the two tables. */
#include "../codec/codec_cells.h"

#include "meta/doc.h"
#include "meta/grid.h"

static const char *own_table, *foreign_table;

static int parse_text(zh_doc *d, int format, const char *text, size_t n, zh_error *err)
{
    if (format == 3)
        return zh_doc_v3_parse(d, text, n, err);
    return zh_doc_v2_parse(d, ZH_NODE_ARRAY, text, n, NULL, 0, err);
}

static int format_text(zh_buf *out, const zh_array_meta *m, zh_error *err)
{
    return m->format == ZH_V3 ? zh_doc_v3_format(out, m, NULL, NULL, err) : zh_doc_v2_format(out, m, err);
}

/* ---- tables ---- */

static void own_row(char **columns, unsigned count)
{
    const char *text = columns[1];
    int format = atoi(columns[0]);
    zh_error err = ZH_ERROR_INIT;
    zh_buf out = ZH_BUF_INIT(1 << 16);
    zh_doc d, again;

    assert_int_equal(count, 2);
    require_ok(parse_text(&d, format, text, strlen(text), &err), &err, text);
    assert_int_equal(d.kind, ZH_NODE_ARRAY);
    require_ok(format_text(&out, d.meta, &err), &err, text);
    assert_string_equal(zh_buf_cstr(&out, NULL), text);
    require_ok(parse_text(&again, format, (const char *)out.ptr, out.len, &err), &err, text);
    assert_true(zh_array_meta_equal(d.meta, again.meta));
    zh_doc_dispose(&again);
    zh_doc_dispose(&d);
    zh_buf_dispose(&out);
}

static void expect_lengths(const uint64_t *got, unsigned rank, const char *text)
{
    uint64_t want[ZH_MAX_RANK];

    assert_int_equal(rank, shape_of(want, text));
    assert_memory_equal(got, want, rank * sizeof(*want));
}

static void foreign_row(char **columns, unsigned count)
{
    const char *text = columns[5];
    int format = atoi(columns[0]);
    zh_dtype t = dtype_of(columns[1]);
    zh_error err = ZH_ERROR_INIT;
    zh_buf out = ZH_BUF_INIT(1 << 16);
    zh_doc d, again;
    size_t n;
    uint8_t *fill = hex_bytes(columns[4], &n);

    assert_int_equal(count, 6);
    require_ok(parse_text(&d, format, text, strlen(text), &err), &err, text);
    if (!zh_dtype_equal(&d.meta->dtype, &t))
        fail_msg("another type: %s", text);
    expect_lengths(d.meta->shape, d.meta->rank, columns[2]);
    expect_lengths(d.meta->chunk, d.meta->rank, columns[3]);
    if (d.meta->has_fill != (columns[4][0] != '-') || d.meta->fill_len != n || memcmp(d.meta->fill, fill, n) != 0)
        fail_msg("another fill value: %s", text);
    require_ok(format_text(&out, d.meta, &err), &err, text);
    require_ok(parse_text(&again, format, (const char *)out.ptr, out.len, &err), &err, text);
    if (t.kind != ZH_K_COMPLEX) /* v2 writes the complex 0 as null */
        assert_true(zh_array_meta_equal(d.meta, again.meta));
    zh_doc_dispose(&again);
    zh_doc_dispose(&d);
    zh_buf_dispose(&out);
    free(fill);
}

static void test_own(void **state)
{
    (void)state;
    for_each_row(own_table, own_row);
}

static void test_foreign(void **state)
{
    (void)state;
    for_each_row(foreign_table, foreign_row);
}

/* ---- writing from a meta ---- */

static void two_attributes(zh_jsonw *w, const void *payload)
{
    zh_jsonw_key(w, "title");
    zh_jsonw_str(w, payload);
    zh_jsonw_key(w, "n");
    zh_jsonw_i64(w, 3);
}

static void test_groups(void **state)
{
    zh_buf out = ZH_BUF_INIT(4096);

    (void)state;
    assert_int_equal(zh_doc_v3_format(&out, NULL, NULL, NULL, NULL), ZH_OK);
    assert_string_equal(zh_buf_cstr(&out, NULL), "{\"zarr_format\":3,\"node_type\":\"group\",\"attributes\":{}}");
    out.len = 0;
    assert_int_equal(zh_doc_v3_format(&out, NULL, two_attributes, "x", NULL), ZH_OK);
    assert_string_equal(zh_buf_cstr(&out, NULL),
                        "{\"zarr_format\":3,\"node_type\":\"group\",\"attributes\":{\"title\":\"x\",\"n\":3}}");
    out.len = 0;
    assert_int_equal(zh_doc_v2_format(&out, NULL, NULL), ZH_OK);
    assert_string_equal(zh_buf_cstr(&out, NULL), "{\"zarr_format\":2}");
    out.len = 0;
    assert_int_equal(zh_doc_v2_format_attributes(&out, NULL, two_attributes, "x", NULL), ZH_OK);
    assert_string_equal(zh_buf_cstr(&out, NULL), "{\"title\":\"x\",\"n\":3}");
    zh_buf_dispose(&out);
}

/* What a writer may leave out, the document still says: array-to-bytes codec, its order, blosc's typesize. */
static void expect_completed(zh_format format, const char *dtype, const zh_codec_spec *c, const char *want)
{
    zh_dtype t = dtype_of(dtype);
    uint64_t shape = 4;
    zh_error err = ZH_ERROR_INIT;
    zh_buf out = ZH_BUF_INIT(4096);
    zh_array_meta *m;
    zh_doc d;

    require_ok(zh_array_meta_new(&m, format, &t, 1, &shape, NULL, &err), &err, dtype);
    if (c != NULL)
        require_ok(zh_array_meta_add_codec(m, c, &err), &err, dtype);
    require_ok(zh_array_meta_check(m, &err), &err, dtype);
    require_ok(format_text(&out, m, &err), &err, dtype);
    if (strstr(zh_buf_cstr(&out, NULL), want) == NULL)
        fail_msg("%s not in %s", want, zh_buf_cstr(&out, NULL));
    require_ok(parse_text(&d, format, (const char *)out.ptr, out.len, &err), &err, dtype);
    zh_doc_dispose(&d);
    zh_array_meta_free(m);
    zh_buf_dispose(&out);
}

static void test_completed(void **state)
{
    zh_codec_spec gzip = zh_codec_gzip(5), blosc = zh_codec_blosc("lz4", 5, 1, 0),
                  bytes = zh_codec_bytes(ZH_ORDER_NONE);
    zh_codec_spec transpose = zh_codec_transpose_f(1);

    (void)state;
    expect_completed(ZH_V3, "<f4", NULL, "\"codecs\":[{\"name\":\"bytes\",\"configuration\":{\"endian\":\"little\"}}]");
    expect_completed(ZH_V3, ">f4", NULL, "\"codecs\":[{\"name\":\"bytes\",\"configuration\":{\"endian\":\"big\"}}]");
    expect_completed(ZH_V3, "<f4", &bytes,
                     "\"codecs\":[{\"name\":\"bytes\",\"configuration\":{\"endian\":\"little\"}}]");
    expect_completed(ZH_V3, "|u1", &gzip, "\"codecs\":[{\"name\":\"bytes\",\"configuration\":{}},{\"name\":\"gzip\"");
    expect_completed(ZH_V3, "<f8", &transpose, "[0]}},{\"name\":\"bytes\",\"configuration\":{\"endian\":\"little\"}}]");
    expect_completed(ZH_V3, "|O", &gzip,
                     "\"codecs\":[{\"name\":\"vlen-utf8\",\"configuration\":{}},{\"name\":\"gzip\"");
    expect_completed(ZH_V3, "|Ob", NULL, "\"codecs\":[{\"name\":\"vlen-bytes\",\"configuration\":{}}]");
    expect_completed(ZH_V3, "<f8", &blosc, "\"shuffle\":\"shuffle\",\"typesize\":8,");
    expect_completed(ZH_V3, "|V300", &blosc, "\"shuffle\":\"noshuffle\",\"typesize\":1,");
    expect_completed(ZH_V3, "|O", &blosc, "\"typesize\":1,");
    expect_completed(ZH_V2, "|O", &gzip, "\"filters\":[{\"id\":\"vlen-utf8\"}]");
    expect_completed(ZH_V2, "|Ob", NULL, "\"filters\":[{\"id\":\"vlen-bytes\"}]");
    expect_completed(ZH_V2, "<f4", &bytes, "\"filters\":null");
}

/* ---- reading ---- */

#define HEAD "{\"zarr_format\":3,\"node_type\":\"array\",\"shape\":[4],"
#define GRID "\"chunk_grid\":{\"name\":\"regular\",\"configuration\":{\"chunk_shape\":[4]}},"
#define KEYS "\"chunk_key_encoding\":{\"name\":\"default\"},"
#define CODECS "\"codecs\":[{\"name\":\"bytes\",\"configuration\":{\"endian\":\"little\"}}]"
#define REST GRID KEYS "\"fill_value\":0," CODECS "}"
#define WITH(member) HEAD member "\"data_type\":\"int32\"," REST
#define V2(member, dtype, rest) "{" member "\"zarr_format\":2,\"shape\":[4],\"chunks\":[4],\"dtype\":" dtype rest "}"
#define V2REST ",\"compressor\":null,\"fill_value\":null,\"order\":\"C\",\"filters\":null"

static const struct {
    int format;
    const char *text;
    int rc;
    const char *word; /* in the message */
} refused[] = {
    {3, "", ZH_CORRUPT, ""},
    {3, "null", ZH_CORRUPT, "format 3"},
    {3, "[]", ZH_CORRUPT, "format 3"},
    {3, "{}", ZH_CORRUPT, "format 3"},
    {3, "{\"zarr_format\":2}", ZH_CORRUPT, "format 3"},
    {3, "{\"zarr_format\":\"3\"}", ZH_CORRUPT, "format 3"},
    {3, "{\"zarr_format\":3}", ZH_CORRUPT, "node_type"},
    {3, "{\"zarr_format\":3,\"node_type\":\"table\"}", ZH_CORRUPT, "node_type"},
    {3, "{\"zarr_format\":3,\"node_type\":\"group\",\"attributes\":[]}", ZH_CORRUPT, "attributes"},
    {3, "{\"zarr_format\":3,\"node_type\":\"group\",\"extra\":1}", ZH_UNSUPPORTED, "extra"},
    {3, "{\"zarr_format\":3,\"node_type\":\"group\",\"extra\":{\"must_understand\":true}}", ZH_UNSUPPORTED, "extra"},
    {3, WITH("\"extra\":{},"), ZH_UNSUPPORTED, "extra"},
    {3, WITH("\"storage_transformers\":[{\"name\":\"squash\"}],"), ZH_UNSUPPORTED, "squash"},
    {3, HEAD "\"data_type\":\"bfloat16\"," REST, ZH_UNSUPPORTED, "bfloat16"},
    {3, HEAD "\"data_type\":{\"name\":\"struct\",\"configuration\":{\"fields\":[]}}," REST, ZH_UNSUPPORTED, "struct"},
    {3, HEAD "\"data_type\":7," REST, ZH_CORRUPT, "data_type"},
    {3, HEAD "\"data_type\":{\"name\":\"raw_bytes\",\"configuration\":{\"length_bytes\":0}}," REST, ZH_UNSUPPORTED,
     "raw_bytes"},
    {3, HEAD "\"data_type\":{\"name\":\"raw_bytes\"}," REST, ZH_CORRUPT, "length_bytes"},
    {3, HEAD "\"data_type\":{\"name\":\"raw_bytes\",\"configuration\":{\"length_bytes\":16777217}}," REST,
     ZH_UNSUPPORTED, "16777217"},
    {2, V2("", "\"|V2000000000\"", V2REST), ZH_UNSUPPORTED, "2000000000"},
    {3, HEAD "\"data_type\":{\"name\":\"fixed_length_utf32\",\"configuration\":{\"length_bytes\":6}}," REST,
     ZH_UNSUPPORTED, "utf32"},
    {3, HEAD "\"data_type\":{\"name\":\"raw_bytes\",\"configuration\":{\"length_bytes\":1e99}}," REST, ZH_CORRUPT,
     "length_bytes"},
    {3, HEAD "\"data_type\":\"int32\",\"chunk_grid\":{\"name\":\"rectilinear\"}," KEYS CODECS "}", ZH_UNSUPPORTED,
     "rectilinear"},
    {3, HEAD "\"data_type\":\"int32\",\"chunk_grid\":{\"name\":\"regular\"}," KEYS CODECS "}", ZH_CORRUPT,
     "chunk_shape"},
    {3,
     HEAD
     "\"data_type\":\"int32\",\"chunk_grid\":{\"name\":\"regular\",\"configuration\":{\"chunk_shape\":[4,4]}}," KEYS
         CODECS "}",
     ZH_CORRUPT, "2 dimensions"},
    {3,
     HEAD "\"data_type\":\"int32\",\"chunk_grid\":{\"name\":\"regular\",\"configuration\":{\"chunk_shape\":[0]}}," KEYS
         CODECS "}",
     ZH_CORRUPT, "chunk_shape"},
    {3, HEAD "\"data_type\":\"int32\"," GRID "\"chunk_key_encoding\":\"fanout\",\"fill_value\":0," CODECS "}",
     ZH_UNSUPPORTED, "fanout"},
    {3,
     HEAD "\"data_type\":\"int32\"," GRID
          "\"chunk_key_encoding\":{\"name\":\"v2\",\"configuration\":{\"separator\":\"-\"}},\"fill_value\":0," CODECS
          "}",
     ZH_CORRUPT, "separator"},
    {3, HEAD "\"data_type\":\"int32\"," GRID "\"fill_value\":0," CODECS "}", ZH_CORRUPT, "chunk_key_encoding"},
    {3, HEAD "\"data_type\":\"int32\"," GRID KEYS CODECS "}", ZH_CORRUPT, "fill_value"},
    {3, HEAD "\"data_type\":\"int32\"," GRID KEYS "\"fill_value\":\"x\"," CODECS "}", ZH_CORRUPT, "\"x\""},
    {3, HEAD "\"data_type\":\"int32\"," GRID KEYS "\"fill_value\":0}", ZH_CORRUPT, "codecs"},
    {3, HEAD "\"data_type\":\"int32\"," GRID KEYS "\"fill_value\":0,\"codecs\":[]}", ZH_CORRUPT, "array-to-bytes"},
    {3, HEAD "\"data_type\":\"int32\"," GRID KEYS "\"fill_value\":0,\"codecs\":[\"gzip\"]}", ZH_CORRUPT,
     "array-to-bytes"},
    {3, HEAD "\"data_type\":\"int32\"," GRID KEYS "\"fill_value\":0,\"codecs\":[\"vlen-utf8\"]}", ZH_CORRUPT,
     "vlen-utf8"},
    {3, HEAD "\"data_type\":\"int32\"," GRID KEYS "\"fill_value\":0,\"codecs\":[\"gzip\",\"bytes\"]}", ZH_CORRUPT,
     "bytes"},
    {3, HEAD "\"data_type\":\"int32\"," GRID KEYS "\"fill_value\":0,\"codecs\":[{\"name\":\"sharding_indexed\"}]}",
     ZH_UNSUPPORTED, "sharding_indexed"},
    {3, WITH("\"dimension_names\":[\"x\",\"y\"],"), ZH_CORRUPT, "dimension_names"},
    {3, WITH("\"dimension_names\":[1],"), ZH_CORRUPT, "dimension_names"},
    {3, "{\"zarr_format\":3,\"node_type\":\"array\",\"shape\":[-1],\"data_type\":\"int32\"," REST, ZH_CORRUPT, "shape"},
    {3, "{\"zarr_format\":3,\"node_type\":\"array\",\"shape\":[1.5],\"data_type\":\"int32\"," REST, ZH_CORRUPT,
     "shape"},
    {3, "{\"zarr_format\":3,\"node_type\":\"array\",\"shape\":[9223372036854775808],\"data_type\":\"int32\"," REST,
     ZH_CORRUPT, "shape"},
    {3, "{\"zarr_format\":3,\"node_type\":\"array\",\"shape\":{},\"data_type\":\"int32\"," REST, ZH_CORRUPT, "shape"},
    {3,
     "{\"zarr_format\":3,\"node_type\":\"array\",\"shape\":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,"
     "1,1,1,1],"
     "\"data_type\":\"int32\"," REST,
     ZH_UNSUPPORTED, "33"},
    {3,
     "{\"zarr_format\":3,\"node_type\":\"array\",\"shape\":[4294967296,4294967296],\"data_type\":\"int32\",\"chunk_"
     "grid\":{\"name\":"
     "\"regular\",\"configuration\":{\"chunk_shape\":[1,1]}}," KEYS "\"fill_value\":0," CODECS "}",
     ZH_UNSUPPORTED, "2^64"},
    {3,
     HEAD "\"data_type\":\"int32\",\"chunk_grid\":{\"name\":\"regular\",\"configuration\":{\"chunk_shape\":["
          "1000000000000]}}," KEYS "\"fill_value\":0," CODECS "}",
     ZH_UNSUPPORTED, "MiB"},
    {2, "{\"zarr_format\":3}", ZH_CORRUPT, "format 2"},
    {2, "{\"zarr_format\":2}", ZH_CORRUPT, "dtype"},
    {2, V2("", "[[\"a\",\"<i4\"]]", V2REST), ZH_UNSUPPORTED, "structured"},
    {2, V2("", "\"<f16\"", V2REST), ZH_UNSUPPORTED, "<f16"},
    {2, V2("", "\"\"", V2REST), ZH_CORRUPT, "dtype"},
    {2, V2("", "\"|O\"", V2REST), ZH_UNSUPPORTED, "|O"},
    {2, V2("", "\"|O\"", ",\"filters\":[{\"id\":\"json2\"}]"), ZH_UNSUPPORTED, "json2"},
    {2, V2("", "\"|O\"", ",\"compressor\":{\"id\":\"zlib\"}"), ZH_UNSUPPORTED, "|O"},
    {2, V2("", "\"<i4\"", ",\"filters\":[{\"id\":\"vlen-utf8\"}]"), ZH_CORRUPT, "vlen-utf8"},
    {2, V2("", "\"<i4\"", ",\"filters\":7"), ZH_CORRUPT, "filters"},
    {2, V2("", "\"<i4\"", ",\"compressor\":\"zlib\""), ZH_CORRUPT, "id"},
    {2, V2("", "\"<i4\"", ",\"compressor\":{\"id\":\"lz4\"}"), ZH_UNSUPPORTED, "lz4"},
    {2, V2("", "\"<i4\"", ",\"order\":\"K\""), ZH_CORRUPT, "order"},
    {2, V2("", "\"<i4\"", ",\"dimension_separator\":\"-\""), ZH_CORRUPT, "separator"},
    {2, V2("", "\"<i4\"", ",\"fill_value\":[]"), ZH_CORRUPT, "fill value []"},
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        zh_error err = ZH_ERROR_INIT;
        zh_doc d;
        int rc = parse_text(&d, refused[i].format, refused[i].text, strlen(refused[i].text), &err);

        if (rc != refused[i].rc || err.code != rc || strstr(err.message, refused[i].word) == NULL)
            fail_msg("%s: %d %s", refused[i].text, rc, err.message);
        assert_null(d.meta);
        assert_null(d.json);
        zh_doc_dispose(&d);
    }
}

/* Shape and type are understood, and only the chunks are out of reach. */
static const struct {
    int format;
    const char *text, *dtype, *why;
} unreadable[] = {
    {3, HEAD "\"data_type\":\"int32\"," GRID KEYS "\"fill_value\":7,\"codecs\":[{\"name\":\"sharding_indexed\"}]}",
     "<i4", "sharding_indexed"},
    {3, HEAD "\"data_type\":\"float32\"," GRID KEYS "\"fill_value\":0,\"codecs\":[\"bytes\",\"numcodecs.bz2\"]}", "<f4",
     "bz2"},
    {3, HEAD "\"data_type\":\"int32\",\"chunk_grid\":{\"name\":\"rectilinear\"}," KEYS "\"fill_value\":0," CODECS "}",
     "<i4", "rectilinear"},
    {3, HEAD "\"data_type\":\"int32\"," GRID "\"chunk_key_encoding\":\"fanout\",\"fill_value\":0," CODECS "}", "<i4",
     "fanout"},
    {3, WITH("\"storage_transformers\":[{\"name\":\"squash\"}],"), "<i4", "squash"},
    {3,
     HEAD "\"data_type\":\"int32\",\"chunk_grid\":{\"name\":\"regular\",\"configuration\":{\"chunk_shape\":["
          "1000000000000]}}," KEYS "\"fill_value\":0," CODECS "}",
     "<i4", "MiB"},
    {2, V2("", "\"<i2\"", ",\"compressor\":{\"id\":\"lz4\"}"), "<i2", "lz4"},
    {2, V2("", "\"<i2\"", ",\"filters\":[{\"id\":\"delta\"}],\"compressor\":{\"id\":\"zlib\"}"), "<i2", "delta"},
    {2, V2("", "\"|O\"", ",\"filters\":[{\"id\":\"vlen-utf8\"}],\"compressor\":{\"id\":\"bz2\"}"), "|O", "bz2"},
    {2, V2("", "\"|O\"", ",\"filters\":[{\"id\":\"vlen-bytes\"}],\"compressor\":{\"id\":\"bz2\"}"), "|Ob", "bz2"},
};

/* What not even this way can be read, and the kind that is told all the same. */
static const struct {
    int format;
    const char *text;
    int rc;
} hopeless[] = {
    {3, HEAD "\"data_type\":\"bfloat16\"," REST, ZH_UNSUPPORTED},
    {3, WITH("\"extra\":{},"), ZH_UNSUPPORTED},
    {3, HEAD "\"data_type\":\"int32\"," GRID KEYS "\"fill_value\":0,\"codecs\":[\"gzip\",\"bytes\"]}", ZH_CORRUPT},
    {3, HEAD "\"data_type\":\"int32\"," GRID KEYS "\"fill_value\":\"x\",\"codecs\":[\"bz2\"]}", ZH_CORRUPT},
    {3,
     "{\"zarr_format\":3,\"node_type\":\"array\",\"shape\":[4294967296,4294967296],\"data_type\":\"int32\",\"chunk_"
     "grid\":{\"name\":\"regular\",\"configuration\":{\"chunk_shape\":[1,1]}}," KEYS
     "\"fill_value\":0,\"codecs\":[\"bz2\"]}",
     ZH_UNSUPPORTED},
    {2, V2("", "[[\"a\",\"<i4\"]]", V2REST), ZH_UNSUPPORTED},
    {2, V2("", "\"|O\"", ",\"filters\":[{\"id\":\"json2\"}]"), ZH_UNSUPPORTED},
    {2, V2("", "\"|O\"", ",\"compressor\":{\"id\":\"lz4\"}"), ZH_UNSUPPORTED},
};

static int parse_any(zh_doc *d, int format, const char *text, zh_error *err)
{
    return format == 3 ? zh_doc_v3_parse_any(d, text, strlen(text), err)
                       : zh_doc_v2_parse_any(d, ZH_NODE_ARRAY, text, strlen(text), NULL, 0, err);
}

static void test_unreadable(void **state)
{
    zh_buf out = ZH_BUF_INIT(SIZE_MAX);
    zh_codec_plan *plan;
    zh_array_meta *copy;
    zh_error err = ZH_ERROR_INIT;
    zh_dtype dtype;
    zh_doc d;
    int rc;

    (void)state;
    for (size_t i = 0; i < sizeof(unreadable) / sizeof(unreadable[0]); i++) {
        rc = parse_text(&d, unreadable[i].format, unreadable[i].text, strlen(unreadable[i].text), &err);
        assert_int_equal(rc, ZH_UNSUPPORTED);
        assert_int_equal(d.kind, ZH_NODE_ARRAY);
        require_ok(parse_any(&d, unreadable[i].format, unreadable[i].text, &err), &err, unreadable[i].text);
        dtype = dtype_of(unreadable[i].dtype);
        assert_true(zh_dtype_equal(&d.meta->dtype, &dtype));
        assert_int_equal(d.meta->shape[0], 4);
        if (d.meta->unreadable == NULL || strstr(d.meta->unreadable, unreadable[i].why) == NULL)
            fail_msg("%s: '%s'", unreadable[i].text, d.meta->unreadable != NULL ? d.meta->unreadable : "");
        assert_int_equal(zh_array_meta_bind(&plan, d.meta, &err), ZH_UNSUPPORTED);
        assert_non_null(strstr(err.message, unreadable[i].why));
        assert_int_equal(format_text(&out, d.meta, &err), ZH_UNSUPPORTED);
        assert_int_equal(out.len, 0);
        require_ok(zh_array_meta_copy(&copy, d.meta, &err), &err, unreadable[i].text);
        assert_string_equal(copy->unreadable, d.meta->unreadable);
        assert_false(zh_array_meta_equal(copy, d.meta));
        zh_array_meta_free(copy);
        zh_doc_dispose(&d);
    }
    for (size_t i = 0; i < sizeof(hopeless) / sizeof(hopeless[0]); i++) {
        rc = parse_any(&d, hopeless[i].format, hopeless[i].text, &err);
        if (rc != hopeless[i].rc)
            fail_msg("%s: %d %s", hopeless[i].text, rc, err.message);
        assert_int_equal(d.kind, ZH_NODE_ARRAY);
        assert_null(d.meta);
        assert_null(d.json);
    }
    zh_buf_dispose(&out);
}

static const struct {
    int format;
    const char *text, *dtype;
    unsigned ncodecs;
} taken[] = {
    {3, WITH("\"extra\":{\"must_understand\":false},"), "<i4", 1},
    {3, WITH("\"dimension_names\":null,\"storage_transformers\":[],"), "<i4", 1},
    {3, WITH("\"consolidated_metadata\":null,"), "<i4", 1},
    {3, WITH("\"attributes\":{\"a\":NaN,\"b\":[-Infinity]},"), "<i4", 1},
    {3, HEAD "\"data_type\":{\"name\":\"int32\"}," REST, "<i4", 1},
    {3, HEAD "\"data_type\":\"int32\"," GRID "\"chunk_key_encoding\":\"v2\",\"fill_value\":0,\"codecs\":[\"bytes\"]}",
     "<i4", 1},
    {3, HEAD "\"data_type\":\"float64\"," GRID KEYS "\"fill_value\":NaN," CODECS "}", "<f8", 1},
    {3,
     HEAD "\"data_type\":\"int16\"," GRID KEYS
          "\"fill_value\":0,\"codecs\":[{\"name\":\"bytes\",\"configuration\":{\"endian\":\"big\"}},\"crc32c\"]}",
     ">i2", 2},
    {3, HEAD "\"data_type\":\"r32\"," GRID KEYS "\"fill_value\":[0,1,2,3],\"codecs\":[\"bytes\"]}", "|V4", 1},
    {3, HEAD "\"data_type\":\"variable_length_bytes\"," GRID KEYS "\"fill_value\":\"\",\"codecs\":[\"vlen-bytes\"]}",
     "|Ob", 1},
    {3, HEAD "\"data_type\":\"binary\"," GRID KEYS "\"fill_value\":[],\"codecs\":[\"vlen-bytes\"]}", "|Ob", 1},
    {3,
     HEAD
     "\"data_type\":{\"name\":\"numpy.datetime64\",\"configuration\":{\"unit\":\"s\",\"scale_factor\":1}}," GRID KEYS
     "\"fill_value\":\"NaT\"," CODECS "}",
     "<i8", 1},
    {3,
     HEAD "\"data_type\":\"int32\"," GRID KEYS
          "\"fill_value\":0,\"codecs\":[\"bytes\",{\"name\":\"numcodecs.zlib\",\"configuration\":{\"level\":1}}]}",
     "<i4", 2},
    {2, V2("", "\"<i4\"", V2REST), "<i4", 0},
    {2, V2("\"extra\":1,", "\"<i4\"", ""), "<i4", 0},
    {2, V2("", "\"i4\"", ",\"filters\":[]"), "<i4", 0},
    {2, V2("", "\"|i4\"", ",\"fill_value\":0"), "<i4", 0},
    {2, V2("", "\"<U5\"", ",\"fill_value\":\"x\""), "<U5", 0},
    {2, V2("", "\">M8[ns]\"", ",\"fill_value\":\"NaT\""), ">i8", 0},
    {2, V2("", "\"<m8[25s]\"", ",\"fill_value\":0"), "<i8", 0},
    {2, V2("", "\"|O\"", ",\"filters\":[{\"id\":\"vlen-utf8\"}],\"fill_value\":0"), "|O", 1},
    {2, V2("", "\"|O\"", ",\"filters\":[{\"id\":\"vlen-bytes\"}],\"compressor\":{\"id\":\"zlib\",\"level\":\"4\"}"),
     "|Ob", 2},
    {2, V2("", "\"|O\"", ",\"filters\":[{\"id\":\"vlen-array\",\"dtype\":\"<f8\"}]"), "|Ob", 1},
    {2, "{\"zarr_format\":2,\"shape\":[0],\"chunks\":[0],\"dtype\":\"<i4\"}", "<i4", 0},
};

static void test_taken(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
        zh_error err = ZH_ERROR_INIT;
        zh_dtype t = dtype_of(taken[i].dtype);
        zh_doc d;

        require_ok(parse_text(&d, taken[i].format, taken[i].text, strlen(taken[i].text), &err), &err, taken[i].text);
        if (!zh_dtype_equal(&t, &d.meta->dtype) || d.meta->ncodecs != taken[i].ncodecs)
            fail_msg("%s", taken[i].text);
        zh_doc_dispose(&d);
    }
}

static void test_group_and_attributes(void **state)
{
    static const char v3[] =
        "{\"zarr_format\":3,\"node_type\":\"group\",\"attributes\":{\"a\":1},"
        "\"consolidated_metadata\":{\"kind\":\"inline\",\"must_understand\":false,\"metadata\":{}}}";
    static const char zgroup[] = "{\"zarr_format\":2,\"unknown\":1}", array[] = V2("", "\"<i4\"", V2REST);
    static const char named[] = "{\"_ARRAY_DIMENSIONS\":[\"x\"],\"a\":2}",
                      misnamed[] = "{\"_ARRAY_DIMENSIONS\":[\"x\",\"y\"]}";
    zh_error err = ZH_ERROR_INIT;
    int64_t v = 0;
    zh_doc d;

    (void)state;
    require_ok(zh_doc_v3_parse(&d, v3, sizeof(v3) - 1, &err), &err, v3);
    assert_int_equal(d.kind, ZH_NODE_GROUP);
    assert_true(d.consolidated);
    assert_null(d.meta);
    assert_true(zh_json_i64(zh_json_get(d.attributes, "a"), &v) && v == 1);
    zh_doc_dispose(&d);
    require_ok(zh_doc_v2_parse(&d, ZH_NODE_GROUP, zgroup, sizeof(zgroup) - 1, NULL, 0, &err), &err, zgroup);
    assert_null(d.attributes);
    zh_doc_dispose(&d);
    require_ok(zh_doc_v2_parse(&d, ZH_NODE_ARRAY, array, sizeof(array) - 1, named, sizeof(named) - 1, &err), &err,
               array);
    assert_string_equal(d.meta->dim_names[0], "x");
    assert_true(zh_json_i64(zh_json_get(d.attributes, "a"), &v) && v == 2);
    zh_doc_dispose(&d);
    require_ok(zh_doc_v2_parse(&d, ZH_NODE_ARRAY, array, sizeof(array) - 1, misnamed, sizeof(misnamed) - 1, &err), &err,
               array);
    assert_null(d.meta->dim_names);
    zh_doc_dispose(&d);
    assert_int_equal(zh_doc_v2_parse(&d, ZH_NODE_ARRAY, array, sizeof(array) - 1, "[]", 2, &err), ZH_CORRUPT);
    assert_int_equal(zh_doc_v2_parse(&d, ZH_NODE_GROUP, zgroup, sizeof(zgroup) - 1, "{", 1, &err), ZH_CORRUPT);
    assert_non_null(strstr(err.message, "attributes"));
}

static void test_v2_attributes(void **state)
{
    zh_dtype t = dtype_of("<i4");
    uint64_t shape[2] = {4, 5};
    zh_buf out = ZH_BUF_INIT(4096);
    zh_array_meta *m;

    (void)state;
    assert_int_equal(zh_array_meta_new(&m, ZH_V2, &t, 2, shape, NULL, NULL), ZH_OK);
    assert_int_equal(zh_array_meta_set_dim_name(m, 0, "y", NULL), ZH_OK);
    assert_int_equal(zh_doc_v2_format_attributes(&out, m, two_attributes, "t", NULL), ZH_OK);
    assert_string_equal(zh_buf_cstr(&out, NULL),
                        "{\"_ARRAY_DIMENSIONS\":[\"y\",\"phony_dim_5\"],\"title\":\"t\",\"n\":3}");
    m->phony_dims = false;
    out.len = 0;
    assert_int_equal(zh_doc_v2_format_attributes(&out, m, NULL, NULL, NULL), ZH_OK);
    assert_string_equal(zh_buf_cstr(&out, NULL), "{\"_ARRAY_DIMENSIONS\":[\"y\",null]}");
    zh_array_meta_free(m);
    zh_buf_dispose(&out);
}

/* ---- rewriting ---- */

static void test_rewrite(void **state)
{
    static const char v3[] =
        "{ \"zarr_format\": 3, \"foreign\": {\"must_understand\":false,\"x\":[1.50,1e2,18446744073709551616]}, "
        "\"shape\": [4, 5],\n"
        "\"attributes\": {\"old\": 1}, \"fill_value\": 0.10, \"consolidated_metadata\": {\"metadata\":{}} }";
    static const char v2[] =
        "{\"chunks\":[2],\"shape\":[4],\"zarr_format\":2,\"dtype\":[[\"a\",\"<i4\"]],\"fill_value\":1.0}";
    static const char bare[] = "{\"zarr_format\":3,\"node_type\":\"group\"}",
                      twice[] = "{\"zarr_format\":2,\"a\":1,\"shape\":[1],\"a\":2}";
    static const uint64_t shape[2] = {40, 50};
    zh_buf out = ZH_BUF_INIT(4096);
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    require_ok(zh_doc_v3_rewrite(&out, v3, sizeof(v3) - 1, 2, shape, two_attributes, "t", &err), &err, v3);
    assert_string_equal(
        zh_buf_cstr(&out, NULL),
        "{\"zarr_format\":3,\"foreign\":{\"must_understand\":false,\"x\":[1.50,1e2,18446744073709551616]},"
        "\"shape\":[40,50],\"attributes\":{\"title\":\"t\",\"n\":3},\"fill_value\":0.10}");
    out.len = 0;
    require_ok(zh_doc_v3_rewrite(&out, bare, sizeof(bare) - 1, 0, NULL, NULL, NULL, &err), &err, bare);
    assert_string_equal(zh_buf_cstr(&out, NULL), "{\"zarr_format\":3,\"node_type\":\"group\",\"attributes\":{}}");
    out.len = 0;
    require_ok(zh_doc_v2_rewrite(&out, v2, sizeof(v2) - 1, 1, shape, &err), &err, v2);
    assert_string_equal(
        zh_buf_cstr(&out, NULL),
        "{\"chunks\":[2],\"shape\":[40],\"zarr_format\":2,\"dtype\":[[\"a\",\"<i4\"]],\"fill_value\":1.0}");
    out.len = 0;
    require_ok(zh_doc_v2_rewrite(&out, twice, sizeof(twice) - 1, 0, NULL, &err), &err, twice);
    assert_string_equal(zh_buf_cstr(&out, NULL), "{\"zarr_format\":2,\"shape\":[1],\"a\":2}");
    assert_int_equal(zh_doc_v2_rewrite(&out, v2, sizeof(v2) - 1, 2, shape, &err), ZH_INVALID);
    assert_int_equal(zh_doc_v3_rewrite(&out, bare, sizeof(bare) - 1, 2, shape, NULL, NULL, &err), ZH_INVALID);
    assert_int_equal(zh_doc_v3_rewrite(&out, "{", 1, 0, NULL, NULL, NULL, &err), ZH_CORRUPT);
    assert_int_equal(zh_doc_v3_rewrite(&out, v2, sizeof(v2) - 1, 0, NULL, NULL, NULL, &err), ZH_CORRUPT);
    zh_buf_dispose(&out);
}

#define NAMED(shape, names)                                                                                            \
    "{\"zarr_format\":3,\"node_type\":\"array\",\"shape\":" shape ",\"dimension_names\":" names                        \
    ",\"data_type\":\"int8\",\"chunk_grid\":{\"name\":\"regular\",\"configuration\":{\"chunk_shape\":[3,3]}}," KEYS    \
    "\"fill_value\":0,\"codecs\":[\"bytes\"],\"attributes\":{}}"

/* Invented names follow the shape; names that somebody gave, nulls included, stay. */
static void test_rewrite_names(void **state)
{
    static const struct {
        const char *before, *after; /* the shape grows from 3,3 to 7,3 */
        bool phony;
    } cases[] = {
        {NAMED("[3,3]", "[\"phony_dim_3\",\"phony_dim_3_2\"]"), NAMED("[7,3]", "[\"phony_dim_7\",\"phony_dim_3\"]"),
         true},
        {NAMED("[3,3]", "[\"y\",\"phony_dim_3_2\"]"), NAMED("[7,3]", "[\"y\",\"phony_dim_3\"]"), true},
        {NAMED("[3,3]", "[\"y\",\"x\"]"), NAMED("[7,3]", "[\"y\",\"x\"]"), false},
        {NAMED("[3,3]", "[null,\"phony_dim_3_2\"]"), NAMED("[7,3]", "[null,\"phony_dim_3_2\"]"), false},
        {NAMED("[3,3]", "[\"phony_dim_9\",null]"), NAMED("[7,3]", "[\"phony_dim_9\",null]"), false},
        {NAMED("[3,3]", "null"), NAMED("[7,3]", "null"), false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *before = cases[i].before;
        zh_buf out = ZH_BUF_INIT(4096);
        zh_error err = ZH_ERROR_INIT;
        zh_doc d;

        require_ok(zh_doc_v3_parse(&d, before, strlen(before), &err), &err, before);
        assert_int_equal(d.meta->phony_dims, cases[i].phony);
        d.meta->shape[0] = 7;
        require_ok(zh_doc_v3_rewrite_array(&out, before, strlen(before), d.meta, NULL, NULL, &err), &err, before);
        assert_string_equal(zh_buf_cstr(&out, NULL), cases[i].after);
        zh_doc_dispose(&d);
        zh_buf_dispose(&out);
    }
}

/* ---- hostile documents, starved parsers ---- */

static void try_text(int format, const char *text, size_t n)
{
    char *copy = malloc(n > 0 ? n : 1);
    zh_error err = ZH_ERROR_INIT;
    uint64_t index[ZH_MAX_RANK], total;
    zh_doc d;
    int rc;

    assert_non_null(copy);
    memcpy(copy, text, n);
    rc = parse_text(&d, format, copy, n, &err);
    free(copy);
    if (rc != ZH_OK && rc != ZH_CORRUPT && rc != ZH_UNSUPPORTED)
        fail_msg("%.*s: %d %s", (int)n, text, rc, err.message);
    if (rc == ZH_OK && d.meta != NULL) {
        assert_int_equal(zh_array_meta_check(d.meta, &err), ZH_OK);
        zh_grid_total(d.meta, &total);
        zh_grid_parse_key(d.meta, "c/0", index);
    }
    zh_doc_dispose(&d);
}

static void hostile_row(char **columns, unsigned count)
{
    static const char bytes[] = "\"{}[],:-0 9enN\\\x80";
    static const char *const values[] = {"-1",
                                         "1e999",
                                         "18446744073709551615",
                                         "9223372036854775807",
                                         "0",
                                         "null",
                                         "{}",
                                         "[]",
                                         "\"\"",
                                         "[[[[]]]]",
                                         "NaN",
                                         "2147483648",
                                         "0.5"};
    const char *text = columns[1];
    int format = atoi(columns[0]);
    size_t n = strlen(text);
    char *bad = malloc(n + 64);

    (void)count;
    for (size_t i = 0; i < n; i++)
        try_text(format, text, i);
    for (size_t i = 0; i < n; i++) {
        memcpy(bad, text, n);
        for (size_t k = 0; k < sizeof(bytes) - 1; k++) {
            bad[i] = bytes[k];
            try_text(format, bad, n);
        }
    }
    for (size_t i = 0; i < n; i++) { /* every value becomes another one */
        size_t digits = strspn(text + i, "0123456789.-"), skip = digits > 0 ? digits : strspn(text + i, "abcdefnull");

        if (i == 0 || strchr(":[,", text[i - 1]) == NULL || skip == 0)
            continue;
        for (size_t k = 0; k < sizeof(values) / sizeof(values[0]); k++) {
            int made = snprintf(bad, n + 64, "%.*s%s%s", (int)i, text, values[k], text + i + skip);

            try_text(format, bad, (size_t)made);
        }
    }
    free(bad);
}

static void test_hostile(void **state)
{
    (void)state;
    for_each_row(own_table, hostile_row);
}

static bool countdown(void *payload)
{
    long *left = payload;

    return (*left)-- > 0;
}

static void starved_row(char **columns, unsigned count)
{
    const char *text = columns[1];
    int format = atoi(columns[0]), rc = ZH_NOMEM;

    (void)count;
    for (long n = 0; rc != ZH_OK; n++) {
        zh_error err = ZH_ERROR_INIT;
        zh_buf out = ZH_BUF_INIT(1 << 16);
        long left = n;
        zh_doc d = {0};

        zh_alloc_set_hook(countdown, &left);
        rc = parse_text(&d, format, text, strlen(text), &err);
        if (rc == ZH_OK)
            rc = format_text(&out, d.meta, &err);
        if (rc == ZH_OK && format == 3)
            rc = zh_doc_v3_rewrite(&out, text, strlen(text), d.meta->rank, d.meta->shape, two_attributes, "t", &err);
        else if (rc == ZH_OK)
            rc = zh_doc_v2_rewrite(&out, text, strlen(text), d.meta->rank, d.meta->shape, &err);
        zh_alloc_set_hook(NULL, NULL);
        if (rc != ZH_OK && (rc != ZH_NOMEM || err.code != ZH_NOMEM))
            fail_msg("%ld: %s: %d %s", n, text, rc, err.message);
        zh_doc_dispose(&d);
        zh_buf_dispose(&out);
    }
}

static void test_starved(void **state)
{
    (void)state;
    for_each_row(own_table, starved_row);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own),           cmocka_unit_test(test_foreign),
        cmocka_unit_test(test_groups),        cmocka_unit_test(test_completed),
        cmocka_unit_test(test_refused),       cmocka_unit_test(test_taken),
        cmocka_unit_test(test_unreadable),    cmocka_unit_test(test_group_and_attributes),
        cmocka_unit_test(test_v2_attributes), cmocka_unit_test(test_rewrite),
        cmocka_unit_test(test_rewrite_names), cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_starved),
    };

    own_table = argc > 1 ? argv[1] : "documents.tsv";
    foreign_table = argc > 2 ? argv[2] : "foreign.tsv";
    return cmocka_run_group_tests(tests, NULL, NULL);
}
