/* dset_filters.c - HDF5 filter pipelines and Zarr codecs. See dset_filters.h and MAPPING.md.
 *
 * A pipeline becomes one compressor, perhaps with a byte or bit shuffle before it, perhaps with a checksum behind it.
 * Filters that change the size of data only (shuffle by itself, a second compressor, optional filters that Zarr lacks)
 * are left out and kept in the facts, so that the application sees the pipeline that it asked for.
 */
#include "dset_filters.h"

#include "base/alloc.h"
#include "base/error.h"
#include "err.h"

#include <string.h>

/* Filters that are registered with The HDF Group and have no constant in HDF5's headers. */
enum {
    FILTER_BZIP2 = 307,
    FILTER_LZF = 32000,
    FILTER_BLOSC = 32001,
    FILTER_LZ4 = 32004,
    FILTER_BITSHUFFLE = 32008,
    FILTER_ZSTD = 32015
};

#define CD_MAX (sizeof(((zvol_filter *)0)->cd) / sizeof(unsigned))
#define BLOSC_TYPESIZE_MAX 255
#define BLOSC_LEVEL_MAX 9

/* In the order of blosc's own codes, which filter 32001 uses too. */
static const char *const blosc_names[] = {"blosclz", "lz4", "lz4hc", "snappy", "zlib", "zstd"};
enum { BLOSC_BLOSCLZ, BLOSC_LZ4, BLOSC_LZ4HC, BLOSC_SNAPPY, BLOSC_ZLIB, BLOSC_ZSTD, BLOSC_CODES };

/* ---- from a property list ---- */

static int capture_filter(zvol_filter *f, hid_t dcpl, unsigned i, zh_error *err)
{
    unsigned config;

    f->ncd = CD_MAX;
    f->id = (int)H5Pget_filter2(dcpl, i, &f->flags, &f->ncd, f->cd, sizeof(f->name), f->name, &config);
    if (f->id < 0)
        return zvol_err_h5(err, ZH_INVALID, "the filter pipeline cannot be read");
    f->name[sizeof(f->name) - 1] = '\0';
    if (f->ncd > CD_MAX)
        f->ncd = CD_MAX; /* as many as there are; more were not returned */
    return ZH_OK;
}

int zvol_filters_capture(zvol_dset *d, hid_t dcpl, zh_error *err)
{
    const int n = H5Pget_nfilters(dcpl);
    int rc = ZH_OK;

    if (n < 0)
        return zvol_err_h5(err, ZH_INVALID, "the filter pipeline cannot be read");
    if (n == 0)
        return ZH_OK;
    if (n > ZVOL_FILTERS_MAX)
        return zh_error_set(err, ZH_UNSUPPORTED, "a pipeline of %d filters is not supported", n);
    d->filters = zh_calloc((size_t)n, sizeof(*d->filters));
    if (!d->filters)
        return zh_error_nomem(err);
    for (; rc == ZH_OK && d->nfilters < (unsigned)n; d->nfilters++)
        rc = capture_filter(&d->filters[d->nfilters], dcpl, d->nfilters, err);
    return rc;
}

/* ---- to codecs ---- */

/* What a pipeline comes down to. */
typedef struct pipeline {
    bool compress, is_blosc, checksum;
    int code; /* blosc's code of the compressor */
    int level;
    int shuffle; /* 0, 1 byte, 2 bit */
} pipeline;

static unsigned cd_value(const zvol_filter *f, unsigned i, unsigned absent)
{
    return i < f->ncd ? f->cd[i] : absent;
}

static void compress_with(pipeline *p, int code, unsigned level)
{
    p->compress = true;
    p->code = code;
    p->level = level > 100 ? 100 : (int)level; /* the codec clamps to its own range */
}

static void use_blosc(pipeline *p, const zvol_filter *f)
{
    const unsigned code = cd_value(f, 6, BLOSC_BLOSCLZ);

    compress_with(p, code < BLOSC_CODES ? (int)code : BLOSC_LZ4, cd_value(f, 4, 5));
    p->shuffle = (int)cd_value(f, 5, 1);
    if (p->shuffle > 2)
        p->shuffle = 1;
    p->is_blosc = true;
}

static void use_bitshuffle(pipeline *p, const zvol_filter *f)
{
    compress_with(p, cd_value(f, 4, 2) == 3 ? BLOSC_ZSTD : BLOSC_LZ4, cd_value(f, 5, 5));
    p->shuffle = 2;
    p->is_blosc = true;
}

/* Compressors, where none came before. false: not one of them. */
static bool add_compressor(pipeline *p, const zvol_filter *f)
{
    pipeline ignored = {0};

    if (p->compress)
        p = &ignored;
    switch (f->id) {
    case H5Z_FILTER_DEFLATE:
        compress_with(p, BLOSC_ZLIB, cd_value(f, 0, 6));
        return true;
    case FILTER_ZSTD:
        compress_with(p, BLOSC_ZSTD, cd_value(f, 0, 3));
        return true;
    case FILTER_BZIP2:
        compress_with(p, BLOSC_ZSTD, 3);
        return true;
    case FILTER_LZF:
    case FILTER_LZ4:
        compress_with(p, BLOSC_LZ4, 5);
        p->is_blosc = true;
        return true;
    case FILTER_BLOSC:
        use_blosc(p, f);
        return true;
    case FILTER_BITSHUFFLE:
        use_bitshuffle(p, f);
        return true;
    default:
        return false;
    }
}

static int refuse_filter(const zvol_filter *f, zh_error *err)
{
    static const struct {
        int id;
        const char *name;
    } known[] = {{H5Z_FILTER_SZIP, "szip"},
                 {H5Z_FILTER_NBIT, "nbit"},
                 {H5Z_FILTER_SCALEOFFSET, "scaleoffset"},
                 {32013, "zfp"},
                 {32026, "blosc2"}};
    const char *name = f->name[0] ? f->name : "unnamed";

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (known[i].id == f->id)
            name = known[i].name;
    return zh_error_set(err, ZH_UNSUPPORTED, "filter %d (%s) is mandatory and has no counterpart in Zarr", f->id, name);
}

/* HDF5 takes no fletcher32 for them. */
static bool is_unfit(const zvol_filter *f, const zvol_dset *d)
{
    return f->id == H5Z_FILTER_FLETCHER32 && d->type.cls == ZVOL_T_VSTRING;
}

static int read_pipeline(pipeline *p, zvol_dset *d, zh_error *err)
{
    memset(p, 0, sizeof(*p));
    for (unsigned i = 0; i < d->nfilters; i++) {
        zvol_filter *f = &d->filters[i];

        if (is_unfit(f, d))
            return zh_error_set(err, ZH_INVALID, "not suitable for filters: fletcher32 on variable-length strings");
        if (f->id == H5Z_FILTER_SHUFFLE) {
            f->ncd = 1; /* HDF5 derives it when it applies the filter, which it does not do for connectors */
            f->cd[0] = d->type.size;
            if (!p->compress)
                p->shuffle = 1;
        } else if (f->id == H5Z_FILTER_FLETCHER32) {
            p->checksum = true;
        } else if (!add_compressor(p, f) && !(f->flags & H5Z_FLAG_OPTIONAL)) {
            return refuse_filter(f, err);
        }
    }
    return ZH_OK;
}

static zh_codec_spec blosc_spec(const pipeline *p, uint32_t size)
{
    return zh_codec_blosc(blosc_names[p->code], p->level < BLOSC_LEVEL_MAX ? p->level : BLOSC_LEVEL_MAX, p->shuffle,
                          size);
}

static int add_v3(zh_array_meta *meta, const pipeline *p, uint32_t size, zh_error *err)
{
    zh_codec_spec codec;
    int rc = ZH_OK;

    if (p->is_blosc || p->shuffle != 0)
        codec = blosc_spec(p, size);
    else
        codec = p->code == BLOSC_ZLIB ? zh_codec_gzip(p->level) : zh_codec_zstd(p->level, false);
    if (p->compress)
        rc = zh_array_meta_add_codec(meta, &codec, err);
    if (rc == ZH_OK && p->checksum) {
        codec = zh_codec_crc32c();
        rc = zh_array_meta_add_codec(meta, &codec, err);
    }
    return rc;
}

/* HDF5's own pipeline, byte for byte, where Zarr v2 has it. */
static int add_v2(zh_array_meta *meta, const pipeline *p, uint32_t size, zh_error *err)
{
    zh_codec_spec codec = zh_codec_shuffle(size);
    int rc = ZH_OK;

    if (!p->compress)
        return ZH_OK;
    if (p->shuffle == 1 && !p->is_blosc)
        rc = zh_array_meta_add_codec(meta, &codec, err);
    if (p->is_blosc)
        codec = blosc_spec(p, size);
    else
        codec = p->code == BLOSC_ZLIB ? zh_codec_zlib(p->level) : zh_codec_zstd(p->level, false);
    return rc < 0 ? rc : zh_array_meta_add_codec(meta, &codec, err);
}

/* Blosc takes less than 2 GiB at a time; HDF5's chunks may have 4 GiB. */
static bool too_large_for_blosc(const zh_array_meta *meta)
{
    uint64_t bytes = meta->dtype.size;

    for (unsigned i = 0; i < meta->rank; i++)
        if (!zh_mul_u64(bytes, meta->chunk[i], &bytes))
            return true;
    return bytes > INT32_MAX - 16;
}

int zvol_filters_to_codecs(zh_array_meta *meta, zvol_dset *d, zh_error *err)
{
    const bool variable = zh_dtype_is_variable(&d->stored);
    zh_codec_spec codec = variable ? zh_codec_vlen_utf8() : zh_codec_bytes((zh_order)d->stored.order);
    uint32_t size = d->stored.size;
    pipeline p;
    int rc = read_pipeline(&p, d, err);

    if (rc == ZH_OK && (variable || meta->format == ZH_V3))
        rc = zh_array_meta_add_codec(meta, &codec, err);
    if (rc < 0 || d->nfilters == 0)
        return rc;
    if (variable || size == 1 || (size > BLOSC_TYPESIZE_MAX && (p.is_blosc || meta->format == ZH_V3)))
        p.shuffle = 0;
    if (p.compress && too_large_for_blosc(meta)) {
        p.is_blosc = false;
        p.shuffle = meta->format == ZH_V2 ? p.shuffle : 0;
        p.code = p.code == BLOSC_ZLIB ? BLOSC_ZLIB : BLOSC_ZSTD;
    }
    if (size == 0 || size > BLOSC_TYPESIZE_MAX)
        size = p.is_blosc ? 1 : size;
    return meta->format == ZH_V3 ? add_v3(meta, &p, size, err) : add_v2(meta, &p, size, err);
}

/* ---- from codecs ---- */

static void push_filter(zvol_filter *list, unsigned *n, int id, unsigned flags, const char *name, size_t ncd,
                        const unsigned *cd)
{
    zvol_filter *f = &list[*n];

    if (*n == ZVOL_FILTERS_MAX)
        return;
    memset(f, 0, sizeof(*f));
    f->id = id;
    f->flags = flags;
    f->ncd = ncd;
    if (ncd > 0)
        memcpy(f->cd, cd, ncd * sizeof(*cd));
    strncpy(f->name, name, sizeof(f->name) - 1);
    (*n)++;
}

static void push_level(zvol_filter *list, unsigned *n, int id, const char *name, int level)
{
    const unsigned cd = level > 0 ? (unsigned)level : 0;

    push_filter(list, n, id, H5Z_FLAG_OPTIONAL, name, 1, &cd);
}

static void push_blosc(zvol_filter *list, unsigned *n, const zh_codec_spec *c, uint32_t size)
{
    const unsigned item = c->elementsize > 0 ? c->elementsize : size;
    const unsigned cd[] = {2, 2, item, 0, (unsigned)c->level, c->shuffle <= 2 ? c->shuffle : 1u, c->cname};

    if (c->cname == BLOSC_ZLIB && c->shuffle == 1) {
        push_filter(list, n, H5Z_FILTER_SHUFFLE, H5Z_FLAG_OPTIONAL, "shuffle", 1, &item);
        push_level(list, n, H5Z_FILTER_DEFLATE, "deflate", c->level);
    } else {
        push_filter(list, n, FILTER_BLOSC, H5Z_FLAG_OPTIONAL, "blosc", sizeof(cd) / sizeof(cd[0]), cd);
    }
}

static void push_codec(zvol_filter *list, unsigned *n, const zh_codec_spec *c, uint32_t size)
{
    const char *name = zh_codec_name(c);

    if (strcmp(name, "gzip") == 0 || strcmp(name, "zlib") == 0)
        push_level(list, n, H5Z_FILTER_DEFLATE, "deflate", c->level);
    else if (strcmp(name, "zstd") == 0)
        push_level(list, n, FILTER_ZSTD, "zstd", c->level);
    else if (strcmp(name, "blosc") == 0)
        push_blosc(list, n, c, size);
    else if (strcmp(name, "shuffle") == 0)
        push_filter(list, n, H5Z_FILTER_SHUFFLE, H5Z_FLAG_OPTIONAL, "shuffle", 1, &c->elementsize);
    else if (strcmp(name, "crc32c") == 0)
        push_filter(list, n, H5Z_FILTER_FLETCHER32, 0, "fletcher32", 0, NULL);
}

int zvol_filters_infer(zvol_filter **out, unsigned *n, const zh_array_meta *meta, zh_error *err)
{
    const unsigned plain = meta->format == ZH_V3 ? 1 : 0; /* the array-to-bytes codec says nothing */
    zvol_filter *list;

    *out = NULL;
    *n = 0;
    if (meta->ncodecs <= plain)
        return ZH_OK;
    list = zh_calloc(ZVOL_FILTERS_MAX, sizeof(*list));
    if (!list)
        return zh_error_nomem(err);
    for (unsigned i = 0; i < meta->ncodecs; i++)
        push_codec(list, n, &meta->codecs[i], meta->dtype.size);
    *out = list;
    return ZH_OK;
}

bool zvol_filters_equal(const zvol_filter *a, unsigned na, const zvol_filter *b, unsigned nb)
{
    if (na != nb)
        return false;
    for (unsigned i = 0; i < na; i++)
        if (a[i].id != b[i].id || a[i].flags != b[i].flags || a[i].ncd != b[i].ncd ||
            memcmp(a[i].cd, b[i].cd, a[i].ncd * sizeof(a[i].cd[0])) != 0)
            return false;
    return true;
}

/* ---- facts ---- */

static void format_filter(zh_jsonw *w, const zvol_filter *f)
{
    zh_jsonw_begin_object(w);
    zh_jsonw_key(w, "id");
    zh_jsonw_i64(w, f->id);
    zh_jsonw_key(w, "flags");
    zh_jsonw_u64(w, f->flags);
    if (f->name[0]) {
        zh_jsonw_key(w, "name");
        zh_jsonw_str(w, f->name);
    }
    zh_jsonw_key(w, "cd");
    zh_jsonw_begin_array(w);
    for (size_t i = 0; i < f->ncd; i++)
        zh_jsonw_u64(w, f->cd[i]);
    zh_jsonw_end_array(w);
    zh_jsonw_end_object(w);
}

void zvol_filters_format(zh_jsonw *w, const zvol_dset *d)
{
    zh_jsonw_key(w, "filters");
    zh_jsonw_begin_array(w);
    for (unsigned i = 0; i < d->nfilters; i++)
        format_filter(w, &d->filters[i]);
    zh_jsonw_end_array(w);
}

static bool parse_filter(zvol_filter *f, const zh_json *j)
{
    const zh_json *cd = zh_json_get(j, "cd");
    const char *name = zh_json_str(zh_json_get(j, "name"));
    uint64_t id, flags = 0, value;

    if (!zh_json_u64(zh_json_get(j, "id"), &id) || id > H5Z_FILTER_MAX || zh_json_size(cd) > CD_MAX)
        return false;
    if (zh_json_get(j, "flags") && (!zh_json_u64(zh_json_get(j, "flags"), &flags) || flags > UINT32_MAX))
        return false;
    f->id = (int)id;
    f->flags = (unsigned)flags;
    if (name)
        strncpy(f->name, name, sizeof(f->name) - 1);
    for (const zh_json *k = zh_json_first(cd); k; k = zh_json_next(k)) {
        if (!zh_json_u64(k, &value) || value > UINT32_MAX)
            return false;
        f->cd[f->ncd++] = (unsigned)value;
    }
    return true;
}

int zvol_filters_parse(zvol_dset *d, const zh_json *list, zh_error *err)
{
    const size_t n = zh_json_size(list);

    if (zh_json_typeof(list) != ZH_JSON_ARRAY || n > ZVOL_FILTERS_MAX)
        return zh_error_set(err, ZH_UNSUPPORTED, "the stored filter pipeline is not understood");
    d->filters = zh_calloc(n > 0 ? n : 1, sizeof(*d->filters));
    if (!d->filters)
        return zh_error_nomem(err);
    for (const zh_json *j = zh_json_first(list); j; j = zh_json_next(j)) {
        if (!parse_filter(&d->filters[d->nfilters], j)) {
            zh_free(d->filters);
            d->filters = NULL;
            d->nfilters = 0;
            return zh_error_set(err, ZH_UNSUPPORTED, "the stored filter pipeline is not understood");
        }
        d->nfilters++;
    }
    return ZH_OK;
}

/* Filters that this HDF5 has: tools (h5repack, h5diff) pass over a dataset with one that it lacks, though nothing but
 * us has to decode it. And filters that it takes. */
void zvol_filters_set(hid_t dcpl, const zvol_dset *d)
{
    for (unsigned i = 0; i < d->nfilters; i++) {
        const zvol_filter *f = &d->filters[i];
        herr_t rc = 0;

        if (is_unfit(f, d))
            continue;
        H5E_BEGIN_TRY
        {
            if (H5Zfilter_avail(f->id) > 0)
                rc = H5Pset_filter(dcpl, f->id, f->flags, f->ncd, f->cd);
        }
        H5E_END_TRY
        if (rc < 0)
            H5Eclear2(H5E_DEFAULT); /* a filter that this library cannot even name in a list */
    }
}
