/* test_dset.c - creation arguments to metadata and facts, and from those to the same dataset and property list. */
#include "harness.h"

#include "base/alloc.h"
#include "dset.h"
#include "meta/doc.h"

static const zvol_dset_options v3 = {ZH_V3}, v2 = {ZH_V2};

/* One dataset to be, captured. */
typedef struct made {
    zvol_dset d;
    zh_array_meta *meta;
    zh_buf facts;
} made;

static int capture(made *m, hid_t type, hid_t space, hid_t dcpl, const zvol_dset_options *opts, zh_error *err)
{
    zh_buf_init(&m->facts, 1 << 20);
    return zvol_dset_capture(&m->d, &m->meta, &m->facts, type, space, dcpl, opts, err);
}

static void dispose(made *m)
{
    zvol_dset_dispose(&m->d);
    zh_array_meta_free(m->meta);
    zh_buf_dispose(&m->facts);
}

/* The metadata as a reader of the document sees them. */
static zh_array_meta *reread(const zh_array_meta *meta)
{
    zh_buf text = ZH_BUF_INIT(1 << 20);
    zh_array_meta *out;
    zh_doc doc;

    ZH(zh_array_meta_check(meta, &err));
    if (meta->format == ZH_V3) {
        ZH(zh_doc_v3_format(&text, meta, NULL, NULL, &err));
        ZH(zh_doc_v3_parse(&doc, (const char *)text.ptr, text.len, &err));
    } else {
        ZH(zh_doc_v2_format(&text, meta, &err));
        ZH(zh_doc_v2_parse(&doc, ZH_NODE_ARRAY, (const char *)text.ptr, text.len, NULL, 0, &err));
    }
    out = doc.meta;
    doc.meta = NULL;
    zh_doc_dispose(&doc);
    zh_buf_dispose(&text);
    return out;
}

static void check_same_filters(const zvol_dset *a, const zvol_dset *b)
{
    assert_int_equal(a->nfilters, b->nfilters);
    for (unsigned i = 0; i < a->nfilters; i++) {
        assert_int_equal(a->filters[i].id, b->filters[i].id);
        assert_int_equal(a->filters[i].flags, b->filters[i].flags);
        assert_int_equal(a->filters[i].ncd, b->filters[i].ncd);
        assert_memory_equal(a->filters[i].cd, b->filters[i].cd, sizeof(a->filters[i].cd[0]) * a->filters[i].ncd + 1);
    }
}

static void check_same(const zvol_dset *a, const zvol_dset *b)
{
    assert_true(zvol_type_equal(&a->type, &b->type));
    assert_true(zh_dtype_equal(&a->stored, &b->stored));
    assert_int_equal(a->null_space, b->null_space);
    assert_int_equal(a->rank, b->rank);
    assert_memory_equal(a->maxdims, b->maxdims, a->rank * sizeof(a->maxdims[0]) + 1);
    assert_int_equal(a->layout, b->layout);
    if (a->layout == H5D_CHUNKED)
        assert_memory_equal(a->chunk, b->chunk, a->rank * sizeof(a->chunk[0]));
    check_same_filters(a, b);
    assert_int_equal(a->fill_status, b->fill_status);
    assert_int_equal(a->fill_time, b->fill_time);
    assert_int_equal(a->alloc_time, b->alloc_time);
    assert_int_equal(a->fill_len, b->fill_len);
    assert_int_equal(a->fill == NULL, b->fill == NULL);
    if (a->fill)
        assert_memory_equal(a->fill, b->fill, a->fill_len);
    assert_int_equal(a->attr_track, b->attr_track);
}

/* The property list that the dataset gives back says what the program's said. */
static void check_dcpl(const zvol_dset *d, hid_t type, hid_t space)
{
    const hid_t dcpl = zvol_dset_make_dcpl(d, NULL);
    const zvol_dset_options opts = {d->stored.kind == ZH_K_BYTES ? ZH_V2 : ZH_V3};
    made again;

    H5(dcpl);
    ZH(capture(&again, type, space, dcpl, &opts, &err));
    check_same(d, &again.d);
    dispose(&again);
    H5(H5Pclose(dcpl));
}

/* Captures, loads what was stored, makes the property list; facts: what must be stored, NULL for anything. */
static void check_round_trip(hid_t type, hid_t space, hid_t dcpl, const zvol_dset_options *opts, const char *facts)
{
    zh_node node = {0};
    zvol_dset loaded;
    made m;

    ZH(capture(&m, type, space, dcpl, opts, &err));
    if (facts)
        assert_string_equal(m.facts.len ? harness_text(&m.facts) : "", facts);
    node.meta = reread(m.meta);
    node.facts = m.facts.len ? (char *)(uintptr_t)harness_text(&m.facts) : NULL;
    node.track = (uint8_t)(m.d.attr_track << 2);
    ZH(zvol_dset_load(&loaded, &node, &err));
    check_same(&m.d, &loaded);
    check_dcpl(&loaded, type, space);
    zvol_dset_dispose(&loaded);
    zh_array_meta_free(node.meta);
    dispose(&m);
}

static hid_t make_space(int rank, const hsize_t *dims, const hsize_t *maxdims)
{
    return H5Screate_simple(rank, dims, maxdims);
}

static const hsize_t dims2[] = {100, 200}, chunk2[] = {50, 100}, unlimited[] = {H5S_UNLIMITED, 200};

static hid_t chunked(void)
{
    const hid_t dcpl = H5Pcreate(H5P_DATASET_CREATE);

    H5(H5Pset_chunk(dcpl, 2, chunk2));
    return dcpl;
}

static hid_t string_type(size_t size, H5T_str_t pad, H5T_cset_t cset)
{
    const hid_t id = H5Tcopy(H5T_C_S1);

    H5(H5Tset_size(id, size));
    H5(H5Tset_strpad(id, pad));
    H5(H5Tset_cset(id, cset));
    return id;
}

/* ---- layouts and spaces ---- */

static void layouts(void **state)
{
    const hid_t space = make_space(2, dims2, NULL), growing = make_space(2, dims2, unlimited),
                scalar = H5Screate(H5S_SCALAR), null = H5Screate(H5S_NULL);
    const hid_t dcpl = chunked(), compact = H5Pcreate(H5P_DATASET_CREATE), plain = H5Pcreate(H5P_DATASET_CREATE);
    const zvol_dset_options *formats[] = {&v2, &v3};
    const hsize_t few[] = {3, 4};
    const hid_t small = make_space(2, few, NULL);

    (void)state;
    H5(H5Pset_layout(compact, H5D_COMPACT));
    for (int f = 0; f < 2; f++) {
        check_round_trip(H5T_IEEE_F32LE, space, dcpl, formats[f], "");
        check_round_trip(H5T_STD_I32BE, space, dcpl, formats[f], "");
        check_round_trip(H5T_IEEE_F32LE, growing, dcpl, formats[f], "\"space\":{\"maxdims\":[null,200]}");
        check_round_trip(H5T_IEEE_F32LE, space, H5P_DEFAULT, formats[f], "\"layout\":{\"class\":\"H5D_CONTIGUOUS\"}");
        check_round_trip(H5T_IEEE_F32LE, space, plain, formats[f], "\"layout\":{\"class\":\"H5D_CONTIGUOUS\"}");
        check_round_trip(H5T_IEEE_F32LE, small, compact, formats[f], "\"layout\":{\"class\":\"H5D_COMPACT\"}");
        check_round_trip(H5T_IEEE_F32LE, scalar, H5P_DEFAULT, formats[f], "");
        check_round_trip(H5T_IEEE_F32LE, scalar, compact, formats[f], "\"layout\":{\"class\":\"H5D_COMPACT\"}");
        check_round_trip(H5T_IEEE_F32LE, null, H5P_DEFAULT, formats[f], "\"space\":\"H5S_NULL\"");
        check_round_trip(H5T_STD_I8BE, scalar, H5P_DEFAULT, formats[f], "\"type\":\"H5T_STD_I8BE\"");
    }
    H5(H5Sclose(small));
    H5(H5Sclose(space));
    H5(H5Sclose(growing));
    H5(H5Sclose(scalar));
    H5(H5Sclose(null));
    H5(H5Pclose(dcpl));
    H5(H5Pclose(compact));
    H5(H5Pclose(plain));
}

static void refused_layouts(void **state)
{
    const hsize_t huge[] = {1, 300}, one[] = {50}, more[] = {100, 300}, bytes[] = {70000}, zero[] = {0, 200};
    const hid_t space = make_space(2, dims2, NULL), growing = make_space(2, dims2, unlimited),
                fixed = make_space(2, dims2, more), scalar = H5Screate(H5S_SCALAR);
    const hid_t bare = H5Screate(H5S_SIMPLE), large = make_space(1, bytes, NULL), empty = make_space(2, zero, NULL);
    const hid_t dcpl = H5Pcreate(H5P_DATASET_CREATE), external = H5Pcreate(H5P_DATASET_CREATE);
    made m;

    (void)state;
    ZH_FAILS(ZH_INVALID, "extendible contiguous", capture(&m, H5T_STD_I8LE, growing, dcpl, &v3, &err));
    ZH_FAILS(ZH_INVALID, "no extent", capture(&m, H5T_STD_I8LE, bare, dcpl, &v3, &err));
    H5(H5Pset_chunk(dcpl, 2, huge));
    ZH_FAILS(ZH_INVALID, "chunk size must be <= maximum dimension size",
             capture(&m, H5T_STD_I8LE, space, dcpl, &v3, &err));
    ZH(capture(&m, H5T_STD_I8LE, fixed, dcpl, &v3, &err)); /* it may grow to that */
    dispose(&m);
    ZH_FAILS(ZH_INVALID, "dimension 1: 300 > 200", capture(&m, H5T_STD_I8LE, empty, dcpl, &v3, &err));
    H5(H5Pset_chunk(dcpl, 1, one));
    ZH_FAILS(ZH_INVALID, "chunks of 1 dimensions", capture(&m, H5T_STD_I8LE, space, dcpl, &v3, &err));
    ZH_FAILS(ZH_INVALID, "chunks of 1 dimensions", capture(&m, H5T_STD_I8LE, scalar, dcpl, &v3, &err));
    H5(H5Pset_layout(dcpl, H5D_COMPACT));
    ZH_FAILS(ZH_INVALID, "extendible compact", capture(&m, H5T_STD_I8LE, growing, dcpl, &v3, &err));
    ZH_FAILS(ZH_RANGE, "compact dataset of 70000 bytes", capture(&m, H5T_STD_I8LE, large, dcpl, &v3, &err));
    H5(H5Pset_external(external, "x.bin", 0, 20000));
    ZH_FAILS(ZH_UNSUPPORTED, "external", capture(&m, H5T_STD_I8LE, space, external, &v3, &err));
    H5(H5Pclose(external));
    H5(H5Pclose(dcpl));
    H5(H5Sclose(empty));
    H5(H5Sclose(space));
    H5(H5Sclose(growing));
    H5(H5Sclose(fixed));
    H5(H5Sclose(scalar));
    H5(H5Sclose(bare));
    H5(H5Sclose(large));
}

static void types(void **state)
{
    const hid_t space = make_space(2, dims2, NULL), dcpl = chunked();
    const hid_t fixed = string_type(5, H5T_STR_SPACEPAD, H5T_CSET_ASCII),
                utf8 = string_type(H5T_VARIABLE, H5T_STR_NULLTERM, H5T_CSET_UTF8);
    const hid_t ascii = string_type(H5T_VARIABLE, H5T_STR_NULLTERM, H5T_CSET_ASCII);
    const zvol_dset_options *formats[] = {&v2, &v3};
    const hid_t opaque = H5Tcreate(H5T_OPAQUE, 3);
    made m;

    (void)state;
    for (int f = 0; f < 2; f++) {
        check_round_trip(fixed, space, dcpl, formats[f],
                         "\"type\":{\"class\":\"H5T_STRING\",\"charSet\":\"H5T_CSET_ASCII\",\"strPad\":\"H5T_STR_"
                         "SPACEPAD\",\"length\":5}");
        check_round_trip(utf8, space, dcpl, formats[f], "");
        check_round_trip(ascii, space, dcpl, formats[f], NULL);
        check_round_trip(H5T_STD_B16BE, space, dcpl, formats[f], "\"type\":\"H5T_STD_B16BE\"");
    }
    ZH_FAILS(ZH_UNSUPPORTED, "opaque types are not supported yet", capture(&m, opaque, space, dcpl, &v3, &err));
    H5(H5Tclose(opaque));
    H5(H5Tclose(fixed));
    H5(H5Tclose(utf8));
    H5(H5Tclose(ascii));
    H5(H5Sclose(space));
    H5(H5Pclose(dcpl));
}

/* ---- filters ---- */

static void check_codecs(const made *m, const char *const *names, unsigned n)
{
    assert_int_equal(m->meta->ncodecs, n);
    for (unsigned i = 0; i < n; i++)
        assert_string_equal(zh_codec_name(&m->meta->codecs[i]), names[i]);
}

#define CODECS(type, dcpl, opts, ...)                                                                                  \
    do {                                                                                                               \
        const char *const names_[] = {__VA_ARGS__};                                                                    \
        made m_;                                                                                                       \
        ZH(capture(&m_, (type), space, (dcpl), (opts), &err));                                                         \
        check_codecs(&m_, names_, sizeof(names_) / sizeof(names_[0]));                                                 \
        dispose(&m_);                                                                                                  \
    } while (0)

/* A filter that this HDF5 has from now on. Nothing ever runs it: our codecs do the work. */
static size_t no_filter(unsigned flags, size_t ncd, const unsigned *cd, size_t n, size_t *size, void **buf)
{
    (void)flags;
    (void)ncd;
    (void)cd;
    (void)size;
    (void)buf;
    return n;
}

static void make_available(H5Z_filter_t id)
{
    const H5Z_class2_t filter = {H5Z_CLASS_T_VERS, id, 1, 1, "a test's", NULL, NULL, no_filter};

    H5(H5Zregister(&filter));
}

static void filters(void **state)
{
    const hid_t space = make_space(2, dims2, NULL), utf8 = string_type(H5T_VARIABLE, H5T_STR_NULLTERM, H5T_CSET_UTF8);
    hid_t deflate = chunked(), both = chunked(), shuffle = chunked(), sum = chunked(), all = chunked();
    const unsigned two = 2;

    (void)state;
    H5(H5Pset_deflate(deflate, 4));
    H5(H5Pset_shuffle(both));
    H5(H5Pset_deflate(both, 7));
    H5(H5Pset_shuffle(shuffle));
    H5(H5Pset_fletcher32(sum));
    H5(H5Pset_shuffle(all));
    H5(H5Pset_deflate(all, 1));
    H5(H5Pset_fletcher32(all));

    CODECS(H5T_STD_I32LE, deflate, &v3, "bytes", "gzip");
    CODECS(H5T_STD_I32LE, both, &v3, "bytes", "blosc");
    CODECS(H5T_STD_I8LE, both, &v3, "bytes", "gzip");
    CODECS(utf8, both, &v3, "vlen-utf8", "gzip");
    CODECS(H5T_STD_I32LE, shuffle, &v3, "bytes");
    CODECS(H5T_STD_I32LE, sum, &v3, "bytes", "crc32c");
    CODECS(H5T_STD_I32LE, all, &v3, "bytes", "blosc", "crc32c");
    CODECS(H5T_STD_I32LE, deflate, &v2, "zlib");
    CODECS(H5T_STD_I32LE, both, &v2, "shuffle", "zlib");
    CODECS(utf8, both, &v2, "vlen-utf8", "zlib");

    check_round_trip(H5T_STD_I32LE, space, deflate, &v3, "");
    check_round_trip(H5T_STD_I32LE, space, both, &v3, "");
    check_round_trip(H5T_STD_I32LE, space, sum, &v3, "");
    check_round_trip(H5T_IEEE_F64BE, space, all, &v3, "");
    check_round_trip(H5T_STD_I32LE, space, deflate, &v2, "");
    check_round_trip(H5T_STD_I32LE, space, both, &v2, "");
    check_round_trip(H5T_STD_I32LE, space, shuffle, &v3,
                     "\"filters\":[{\"id\":2,\"flags\":1,\"name\":\"shuffle\",\"cd\":[4]}]");
    check_round_trip(H5T_STD_I32LE, space, shuffle, &v2,
                     "\"filters\":[{\"id\":2,\"flags\":1,\"name\":\"shuffle\",\"cd\":[4]}]");
    check_round_trip(H5T_STD_I32LE, space, all, &v2, NULL);
    check_round_trip(H5T_STD_I8LE, space, both, &v3, NULL);
    check_round_trip(utf8, space, both, &v3, NULL);

    H5(H5Pset_filter(deflate, 32099, H5Z_FLAG_OPTIONAL, 1, &two));
    make_available(32099);
    check_round_trip(H5T_STD_I32LE, space, deflate, &v3,
                     "\"filters\":[{\"id\":1,\"flags\":1,\"name\":\"deflate\",\"cd\":[4]},{\"id\":32099,\"flags\":1,"
                     "\"name\":\"a test's\",\"cd\":[2]}]");
    H5(H5Zunregister(32099));
    H5(H5Pclose(deflate));
    H5(H5Pclose(both));
    H5(H5Pclose(shuffle));
    H5(H5Pclose(sum));
    H5(H5Pclose(all));
    H5(H5Tclose(utf8));
    H5(H5Sclose(space));
}

/* How many filters a program is told of. Those that this HDF5 lacks would make its tools pass over the dataset. */
static void filters_shown(hid_t space, hid_t dcpl, int want)
{
    hid_t shown = H5I_INVALID_HID;
    made m;

    ZH(capture(&m, H5T_STD_I32LE, space, dcpl, &v3, &err));
    shown = zvol_dset_make_dcpl(&m.d, NULL);
    assert_true(shown >= 0);
    assert_int_equal(H5Pget_nfilters(shown), want);
    H5(H5Pclose(shown));
    dispose(&m);
}

static void registered_filters(void **state)
{
    static const unsigned blosc[] = {2, 2, 4, 20000, 3, 2, 5}, bitshuffle[] = {0, 4, 4, 0, 2}, level = 9;
    static const struct {
        H5Z_filter_t id;
        size_t ncd;
        const unsigned *cd;
        const char *codec;
        bool derivable;
    } cases[] = {{32015, 1, &level, "zstd", true},       {32001, 7, blosc, "blosc", false},
                 {32000, 0, NULL, "blosc", false},       {32004, 0, NULL, "blosc", false},
                 {32008, 5, bitshuffle, "blosc", false}, {307, 1, &level, "zstd", false}};
    const hid_t space = make_space(2, dims2, NULL);

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const hid_t dcpl = chunked();

        H5(H5Pset_filter(dcpl, cases[i].id, H5Z_FLAG_OPTIONAL, cases[i].ncd, cases[i].cd));
        filters_shown(space, dcpl, 0);
        make_available(cases[i].id);
        filters_shown(space, dcpl, 1);
        CODECS(H5T_STD_I32LE, dcpl, &v3, "bytes", cases[i].codec);
        CODECS(H5T_STD_I32LE, dcpl, &v2, cases[i].codec);
        check_round_trip(H5T_STD_I32LE, space, dcpl, &v3, cases[i].derivable ? "" : NULL);
        check_round_trip(H5T_STD_I32LE, space, dcpl, &v2, cases[i].derivable ? "" : NULL);
        H5(H5Zunregister(cases[i].id));
        H5(H5Pclose(dcpl));
    }
    H5(H5Sclose(space));
}

static void refused_filters(void **state)
{
    const hid_t space = make_space(2, dims2, NULL), scalar = H5Screate(H5S_SCALAR);
    const hid_t user = chunked(), contiguous = H5Pcreate(H5P_DATASET_CREATE), nbit = chunked(),
                sum = H5Pcreate(H5P_DATASET_CREATE), checked = chunked();
    const hid_t utf8 = string_type(H5T_VARIABLE, H5T_STR_NULLTERM, H5T_CSET_UTF8);
    made m;

    (void)state;
    H5(H5Pset_filter(user, 32099, H5Z_FLAG_MANDATORY, 0, NULL));
    ZH_FAILS(ZH_UNSUPPORTED, "filter 32099 (unnamed) is mandatory", capture(&m, H5T_STD_I8LE, space, user, &v3, &err));
    H5(H5Pset_filter(nbit, H5Z_FILTER_NBIT, H5Z_FLAG_MANDATORY, 0, NULL));
    ZH_FAILS(ZH_UNSUPPORTED, "(nbit) is mandatory", capture(&m, H5T_STD_I8LE, space, nbit, &v3, &err));
    H5(H5Pset_deflate(contiguous, 4));
    ZH_FAILS(ZH_INVALID, "filters can only be used with chunked",
             capture(&m, H5T_STD_I8LE, space, contiguous, &v3, &err));
    ZH(capture(&m, H5T_STD_I8LE, scalar, contiguous, &v3, &err));
    assert_int_equal(m.d.nfilters, 0);
    dispose(&m);
    H5(H5Pset_fletcher32(sum));
    ZH_FAILS(ZH_INVALID, "not suitable for filters", capture(&m, H5T_STD_I8LE, scalar, sum, &v3, &err));
    H5(H5Pset_fletcher32(checked));
    ZH_FAILS(ZH_INVALID, "not suitable for filters: fletcher32", capture(&m, utf8, space, checked, &v3, &err));
    ZH_FAILS(ZH_INVALID, "not suitable for filters: fletcher32", capture(&m, utf8, space, checked, &v2, &err));
    H5(H5Tclose(utf8));
    H5(H5Pclose(checked));
    H5(H5Pclose(user));
    H5(H5Pclose(contiguous));
    H5(H5Pclose(nbit));
    H5(H5Pclose(sum));
    H5(H5Sclose(space));
    H5(H5Sclose(scalar));
}

/* ---- fill values ---- */

static hid_t filled(hid_t type, const void *value)
{
    const hid_t dcpl = chunked();

    H5(H5Pset_fill_value(dcpl, type, value));
    return dcpl;
}

static void fill_values(void **state)
{
    const hid_t space = make_space(2, dims2, NULL);
    const int seven = 7, zero = 0;
    const uint32_t odd_nan = 0x7fc00001;
    const zvol_dset_options *formats[] = {&v2, &v3};
    const hid_t some = filled(H5T_NATIVE_INT, &seven), none = filled(H5T_NATIVE_INT, NULL),
                nothing = filled(H5T_NATIVE_INT, &zero);
    const hid_t strange = filled(H5T_NATIVE_FLOAT, &odd_nan), times = chunked();
    made m;

    (void)state;
    H5(H5Pset_fill_time(times, H5D_FILL_TIME_NEVER));
    H5(H5Pset_alloc_time(times, H5D_ALLOC_TIME_EARLY));
    for (int f = 0; f < 2; f++) {
        check_round_trip(H5T_STD_I16BE, space, some, formats[f], ""); /* converted */
        check_round_trip(H5T_IEEE_F64LE, space, some, formats[f], "");
        check_round_trip(H5T_STD_I16BE, space, none, formats[f], "\"fill\":{\"status\":\"undefined\"}");
        check_round_trip(H5T_STD_I16BE, space, nothing, formats[f], "\"fill\":{\"status\":\"user\"}");
        check_round_trip(H5T_STD_I16BE, space, times, formats[f], "\"fill\":{\"time\":\"never\",\"alloc\":\"early\"}");
        check_round_trip(H5T_IEEE_F32LE, space, strange, formats[f], "\"fill\":{\"hex\":\"0100c07f\"}");
        ZH(capture(&m, H5T_STD_I16BE, space, some, formats[f], &err));
        assert_true(m.meta->has_fill && m.meta->fill_len == 2);
        assert_memory_equal(m.meta->fill, "\0\7", 2);
        dispose(&m);
        ZH(capture(&m, H5T_STD_I16BE, space, nothing, formats[f], &err));
        assert_true(formats[f]->format == ZH_V3 || !m.meta->has_fill); /* v2: null */
        dispose(&m);
    }
    H5(H5Pset_fill_time(none, H5D_FILL_TIME_ALLOC));
    ZH_FAILS(ZH_INVALID, "undefined", capture(&m, H5T_STD_I16BE, space, none, &v3, &err));
    H5(H5Pclose(some));
    H5(H5Pclose(none));
    H5(H5Pclose(nothing));
    H5(H5Pclose(strange));
    H5(H5Pclose(times));
    H5(H5Sclose(space));
}

static void text_fill_values(void **state)
{
    const hid_t space = make_space(2, dims2, NULL), utf8 = string_type(H5T_VARIABLE, H5T_STR_NULLTERM, H5T_CSET_UTF8);
    const hid_t fixed = string_type(4, H5T_STR_SPACEPAD, H5T_CSET_ASCII);
    const char *word = "caf\xc3\xa9";
    const hid_t variable = filled(utf8, &word), padded = filled(fixed, "ab  "), latin = filled(fixed, "gr\xfcn"),
                blank = filled(fixed, "    ");
    const zvol_dset_options *formats[] = {&v2, &v3};
    made m;

    (void)state;
    for (int f = 0; f < 2; f++) {
        check_round_trip(utf8, space, variable, formats[f], "");
        check_round_trip(fixed, space, padded, formats[f], NULL);
        check_round_trip(fixed, space, blank, formats[f], NULL);
    }
    check_round_trip(fixed, space, latin, &v2, NULL);
    ZH_FAILS(ZH_UNSUPPORTED, "UTF-8", capture(&m, fixed, space, latin, &v3, &err));
    ZH_FAILS(ZH_INVALID, "fill value", capture(&m, utf8, space, padded, &v3, &err));
    H5(H5Pclose(variable));
    H5(H5Pclose(padded));
    H5(H5Pclose(latin));
    H5(H5Pclose(blank));
    H5(H5Tclose(utf8));
    H5(H5Tclose(fixed));
    H5(H5Sclose(space));
}

static void creation_order(void **state)
{
    const hid_t space = make_space(2, dims2, NULL), dcpl = chunked();

    (void)state;
    H5(H5Pset_attr_creation_order(dcpl, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED));
    check_round_trip(H5T_STD_I8LE, space, dcpl, &v3, "");
    H5(H5Sclose(space));
    H5(H5Pclose(dcpl));
}

/* ---- stores that others wrote, or that are damaged ---- */

static zh_array_meta *foreign_meta(zh_format format, zh_dtype dtype, const uint64_t *shape, const uint64_t *chunk)
{
    zh_array_meta *meta;

    ZH(zh_array_meta_new(&meta, format, &dtype, 2, shape, chunk, &err));
    return meta;
}

static void foreign(void **state)
{
    const uint64_t shape[] = {100, 200}, wide[] = {1000, 1000}, huge[] = {1 << 20, 1 << 20};
    const zh_dtype i4 = {ZH_K_INT, ZH_LITTLE, 4}, raw = {ZH_K_RAW, ZH_ORDER_NONE, 3},
                   text = {ZH_K_UTF32, ZH_LITTLE, 40};
    zh_node node = {0};
    zvol_dset d;
    hid_t dcpl;

    (void)state;
    node.meta = foreign_meta(ZH_V3, i4, shape, wide);
    ZH(zvol_dset_load(&d, &node, &err));
    assert_true(d.layout == H5D_CHUNKED && d.chunk[0] == 100 && d.chunk[1] == 200); /* what HDF5 would take */
    dcpl = zvol_dset_make_dcpl(&d, NULL);
    H5(dcpl);
    H5(H5Pclose(dcpl));
    zvol_dset_dispose(&d);
    zh_array_meta_free(node.meta);

    node.meta = foreign_meta(ZH_V2, i4, huge, huge);
    ZH(zvol_dset_load(&d, &node, &err));
    assert_int_equal(d.layout, H5D_CONTIGUOUS); /* HDF5 has no chunks of that size */
    zvol_dset_dispose(&d);
    zh_array_meta_free(node.meta);

    node.meta = foreign_meta(ZH_V2, raw, shape, NULL);
    ZH_FAILS(ZH_UNSUPPORTED, "raw", zvol_dset_load(&d, &node, &err));
    zh_array_meta_free(node.meta);

    node.meta = foreign_meta(ZH_V2, text, shape, NULL);
    ZH(zvol_dset_load(&d, &node, &err));
    assert_int_equal(d.type.cls, ZVOL_T_VSTRING);
    zvol_dset_dispose(&d);
    zh_array_meta_free(node.meta);
}

static void damaged_facts(void **state)
{
    static const char *const facts[] = {"}",
                                        "\"type\":5",
                                        "\"type\":\"H5T_STD_I64LE\"",
                                        "\"type\":\"H5T_IEEE_F32LE\"",
                                        "\"type\":{\"class\":\"H5T_ARRAY\"}",
                                        "\"space\":\"H5S_NULL\"",
                                        "\"space\":{\"maxdims\":[1]}",
                                        "\"space\":{\"maxdims\":[1,2]}",
                                        "\"space\":{\"maxdims\":[\"a\",-5]}",
                                        "\"layout\":{\"class\":\"H5D_VIRTUAL\"}",
                                        "\"layout\":7",
                                        "\"layout\":{\"class\":\"H5D_CHUNKED\",\"chunk\":[0,0]}",
                                        "\"layout\":{\"class\":\"H5D_CHUNKED\",\"chunk\":[18446744073709551615,2]}",
                                        "\"fill\":[]",
                                        "\"fill\":{\"status\":\"user\",\"hex\":\"zz\"}",
                                        "\"fill\":{\"status\":\"user\",\"hex\":\"00\"}",
                                        "\"fill\":{\"status\":\"x\",\"time\":3,\"alloc\":null}",
                                        "\"filters\":{}",
                                        "\"filters\":[{}]",
                                        "\"filters\":[{\"id\":-1}]",
                                        "\"filters\":[{\"id\":1,\"cd\":[-1]}]",
                                        "\"filters\":[{\"id\":1,\"cd\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]}]",
                                        "\"filters\":[{\"id\":1,\"flags\":1,\"name\":\"a name that is longer than what "
                                        "there is room for in a filter\"}]"};
    const uint64_t shape[] = {100, 200}, chunk[] = {10, 20};
    const zh_dtype i4 = {ZH_K_INT, ZH_LITTLE, 4};
    zh_node node = {0};

    (void)state;
    node.meta = foreign_meta(ZH_V3, i4, shape, chunk);
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        zvol_dset d;
        hid_t dcpl, type;

        node.facts = (char *)(uintptr_t)facts[i];
        ZH(zvol_dset_load(&d, &node, &err));
        assert_int_equal(d.type.cls, ZVOL_T_INT);
        assert_true(d.rank == 2 && d.maxdims[0] >= 100 && d.maxdims[1] >= 200 && !d.null_space);
        dcpl = zvol_dset_make_dcpl(&d, NULL);
        if (dcpl < 0)
            fail_msg("no property list from %s", facts[i]);
        type = zvol_type_make(&d.type, NULL);
        H5(type);
        H5(H5Tclose(type));
        H5(H5Pclose(dcpl));
        zvol_dset_dispose(&d);
    }
    zh_array_meta_free(node.meta);
}

static bool fail_at(void *payload)
{
    return (*(int *)payload)-- > 0;
}

static void out_of_memory(void **state)
{
    const hid_t space = make_space(2, dims2, unlimited), fixed = string_type(4, H5T_STR_SPACEPAD, H5T_CSET_ASCII);
    const hid_t dcpl = filled(fixed, "abcd");
    int n = 0, left, rc;

    (void)state;
    H5(H5Pset_deflate(dcpl, 3));
    do {
        zh_node node = {0};
        zvol_dset loaded;
        made m;

        left = n++;
        zh_alloc_set_hook(fail_at, &left);
        rc = capture(&m, fixed, space, dcpl, &v3, NULL);
        if (rc == ZH_OK) {
            node.meta = m.meta;
            node.facts = (char *)(uintptr_t)harness_text(&m.facts);
            rc = zvol_dset_load(&loaded, &node, NULL);
            if (rc == ZH_OK)
                zvol_dset_dispose(&loaded);
        }
        zh_alloc_set_hook(NULL, NULL);
        assert_true(rc == ZH_OK || rc == ZH_NOMEM);
        dispose(&m);
    } while (rc != ZH_OK);
    assert_true(n > 8);
    H5(H5Pclose(dcpl));
    H5(H5Tclose(fixed));
    H5(H5Sclose(space));
}

static void cost(void **state)
{
    enum { N = 20000 };
    const hid_t space = make_space(2, dims2, NULL), plain = chunked(), packed = chunked();
    const hid_t lists[] = {plain, H5P_DEFAULT, packed};
    static const char *const names[] = {"chunked float32", "contiguous float32",
                                        "chunked float32 with shuffle and deflate"};

    (void)state;
    H5(H5Pset_shuffle(packed));
    H5(H5Pset_deflate(packed, 4));
    for (int k = 0; k < 3; k++) {
        double best = 1e9;
        made m;

        for (int round = 0; round < 10; round++) {
            const double start = harness_now();
            double each;

            for (int i = 0; i < N; i++) {
                ZH(capture(&m, H5T_IEEE_F32LE_g, space, lists[k], &v3, &err));
                dispose(&m);
            }
            each = (harness_now() - start) / N;
            best = each < best ? each : best;
        }
        print_message("%s: %.3f us\n", names[k], best);
    }
    H5(H5Pclose(plain));
    H5(H5Pclose(packed));
    H5(H5Sclose(space));
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(layouts),     TEST(refused_layouts),    TEST(types),
                                       TEST(filters),     TEST(registered_filters), TEST(refused_filters),
                                       TEST(fill_values), TEST(text_fill_values),   TEST(creation_order),
                                       TEST(foreign),     TEST(damaged_facts),      TEST(out_of_memory),
                                       TEST(cost)};

    return cmocka_run_group_tests(tests, harness_open, NULL);
}
