/* dset.c - what a dataset is: captured from H5Dcreate's arguments, loaded from a node, made into a property list again.
 * See dset.h.
 *
 * Creation is on the path of every dataset: nothing is asked of HDF5 that the Zarr metadata or the facts do not need,
 * and a plain chunked dataset of a number type has no facts at all.
 */
#include "dset.h"

#include "base/alloc.h"
#include "base/error.h"
#include "dset_filters.h"
#include "dset_layout.h"
#include "err.h"
#include "h5conv.h"
#include "h5elem.h"
#include "h5value.h"

#include <string.h>

#define COMPACT_BYTES_MAX 65531    /* what fits into a message of an object header, where HDF5 keeps compact data */
#define CHUNK_CELLS_MAX UINT32_MAX /* of a chunk in an HDF5 property list */

void zvol_dset_dispose(zvol_dset *d)
{
    zvol_type_dispose(&d->type);
    zh_free(d->filters);
    zh_free(d->fill);
    d->filters = NULL;
    d->nfilters = 0;
    d->fill = NULL;
}

static H5D_alloc_time_t default_alloc_time(H5D_layout_t layout)
{
    return layout == H5D_COMPACT   ? H5D_ALLOC_TIME_EARLY
           : layout == H5D_CHUNKED ? H5D_ALLOC_TIME_INCR
                                   : H5D_ALLOC_TIME_LATE;
}

/* What a property list says that nobody has changed. */
static void set_defaults(zvol_dset *d, H5D_layout_t layout)
{
    d->layout = layout;
    d->fill_status = H5D_FILL_VALUE_DEFAULT;
    d->fill_time = H5D_FILL_TIME_IFSET;
    d->alloc_time = (uint8_t)default_alloc_time(layout);
}

/* ---- capture ---- */

static int capture_space(zvol_dset *d, uint64_t *shape, hid_t space, zh_error *err)
{
    const H5S_class_t cls = H5Sget_simple_extent_type(space);
    int rank;

    d->null_space = cls == H5S_NULL;
    if (cls == H5S_NULL || cls == H5S_SCALAR)
        return ZH_OK;
    rank = cls == H5S_SIMPLE ? H5Sget_simple_extent_dims(space, shape, d->maxdims) : -1;
    if (rank < 0)
        return zvol_err_h5(err, ZH_INVALID, "not a dataspace");
    if (rank == 0)
        return zh_error_set(err, ZH_INVALID, "the dataspace has no extent");
    d->rank = (unsigned)rank;
    return ZH_OK;
}

static int capture_layout(zvol_dset *d, hid_t dcpl, zh_error *err)
{
    int rank;

    d->layout = H5Pget_layout(dcpl);
    switch (d->layout) {
    case H5D_CHUNKED:
        rank = H5Pget_chunk(dcpl, ZH_MAX_RANK, d->chunk);
        if (rank < 0 || (unsigned)rank != d->rank || rank == 0)
            return zh_error_set(err, ZH_INVALID, "chunks of %d dimensions do not match a dataspace of %u",
                                rank < 0 ? 0 : rank, d->rank);
        return ZH_OK;
    case H5D_CONTIGUOUS:
        if (H5Pget_external_count(dcpl) > 0)
            return zh_error_set(err, ZH_UNSUPPORTED, "external storage is not supported");
        return ZH_OK;
    case H5D_COMPACT:
        return ZH_OK;
    case H5D_VIRTUAL:
        return zh_error_set(err, ZH_UNSUPPORTED, "virtual datasets are not supported");
    default:
        return zvol_err_h5(err, ZH_INVALID, "the layout cannot be read");
    }
}

/* The fill value as one element of the file type, or the text of a variable string. */
static int capture_fill_value(zvol_dset *d, hid_t dcpl, hid_t type, zh_error *err)
{
    const zvol_app_memory memory = {0};
    char *text = NULL;
    int rc = ZH_OK;

    d->fill_len = d->type.size;
    d->fill = zh_calloc(1, d->fill_len + 1);
    if (!d->fill)
        return zh_error_nomem(err);
    H5E_BEGIN_TRY
    {
        if (H5Pget_fill_value(dcpl, type, d->fill) < 0)
            rc = zvol_err_h5(err, ZH_INVALID, "the fill value does not fit the datatype");
    }
    H5E_END_TRY
    if (rc < 0 || d->type.cls != ZVOL_T_VSTRING)
        return rc;
    memcpy(&text, d->fill, sizeof(text));
    zh_free(d->fill);
    d->fill = zh_strdup(text ? text : "");
    d->fill_len = text ? strlen(text) : 0;
    zvol_app_free(&memory, text);
    return d->fill ? ZH_OK : zh_error_nomem(err);
}

static int capture_fill(zvol_dset *d, hid_t dcpl, hid_t type, zh_error *err)
{
    H5D_fill_value_t status;
    H5D_fill_time_t fill_time;
    H5D_alloc_time_t alloc_time;

    if (H5Pfill_value_defined(dcpl, &status) < 0 || H5Pget_fill_time(dcpl, &fill_time) < 0 ||
        H5Pget_alloc_time(dcpl, &alloc_time) < 0)
        return zvol_err_h5(err, ZH_INVALID, "the fill value's properties cannot be read");
    if (status == H5D_FILL_VALUE_UNDEFINED && fill_time == H5D_FILL_TIME_ALLOC)
        return zh_error_set(err, ZH_INVALID, "the fill value is to be written on allocation, but it is undefined");
    d->fill_status = (uint8_t)status;
    d->fill_time = (uint8_t)fill_time;
    d->alloc_time = (uint8_t)alloc_time;
    return status == H5D_FILL_VALUE_USER_DEFINED ? capture_fill_value(d, dcpl, type, err) : ZH_OK;
}

static int capture_dcpl(zvol_dset *d, hid_t dcpl, hid_t type, zh_error *err)
{
    int rc;

    set_defaults(d, H5D_CONTIGUOUS);
    if (dcpl == H5P_DEFAULT || dcpl == H5P_LST_DATASET_CREATE_ID_g)
        return ZH_OK;
    rc = capture_layout(d, dcpl, err);
    if (rc == ZH_OK)
        rc = capture_fill(d, dcpl, type, err);
    if (rc == ZH_OK)
        rc = zvol_filters_capture(d, dcpl, err);
    if (rc == ZH_OK && H5Pget_attr_creation_order(dcpl, &d->attr_track) < 0)
        rc = zvol_err_h5(err, ZH_INVALID, "the creation order of attributes cannot be read");
    return rc;
}

/* ---- what HDF5's own storage would refuse ---- */

static int check_chunks(const zvol_dset *d, const uint64_t *shape, zh_error *err)
{
    for (unsigned i = 0; i < d->rank; i++)
        if (shape[i] > 0 && d->maxdims[i] != H5S_UNLIMITED && d->maxdims[i] < d->chunk[i])
            return zh_error_set(
                err, ZH_INVALID,
                "chunk size must be <= maximum dimension size for fixed-sized dimensions (dimension %u: %llu > %llu)",
                i, (unsigned long long)d->chunk[i], (unsigned long long)d->maxdims[i]);
    return ZH_OK;
}

/* One piece of data has neither room to grow nor filters. */
static int check_unchunked(const zvol_dset *d, const uint64_t *shape, zh_error *err)
{
    uint64_t bytes = d->type.size;

    for (unsigned i = 0; i < d->rank; i++) {
        if (d->maxdims[i] > shape[i])
            return zh_error_set(err, ZH_INVALID,
                                "extendible %s dataset not allowed: a dataset that can grow has to be chunked",
                                d->layout == H5D_COMPACT ? "compact" : "contiguous");
        if (!zh_mul_u64(bytes, shape[i], &bytes))
            bytes = UINT64_MAX;
    }
    if (d->nfilters > 0)
        return zh_error_set(err, ZH_INVALID, "filters can only be used with chunked layout");
    if (d->layout == H5D_COMPACT && bytes > COMPACT_BYTES_MAX)
        return zh_error_set(err, ZH_RANGE, "compact dataset of %llu bytes: more than %d are not allowed",
                            (unsigned long long)bytes, COMPACT_BYTES_MAX);
    return ZH_OK;
}

/* Filters of a dataset of one element or none: optional ones are passed over. */
static int drop_filters(zvol_dset *d, zh_error *err)
{
    for (unsigned i = 0; i < d->nfilters; i++)
        if (!(d->filters[i].flags & H5Z_FLAG_OPTIONAL))
            return zh_error_set(err, ZH_INVALID, "a scalar or null dataspace is not suitable for filters");
    zh_free(d->filters);
    d->filters = NULL;
    d->nfilters = 0;
    return ZH_OK;
}

static int check_layout(zvol_dset *d, const uint64_t *shape, zh_error *err)
{
    int rc = ZH_OK;

    if (d->rank == 0)
        rc = drop_filters(d, err);
    if (rc < 0)
        return rc;
    return d->layout == H5D_CHUNKED ? check_chunks(d, shape, err) : check_unchunked(d, shape, err);
}

/* ---- metadata ---- */

static bool all_zero(const void *p, size_t n)
{
    const uint8_t *b = p;

    for (size_t i = 0; i < n; i++)
        if (b[i] != 0)
            return false;
    return true;
}

/* The text that a string array's fill value has in Zarr. */
static int fill_text(size_t *n, const zvol_dset *d, zh_error *err)
{
    const char *s = d->fill;

    *n = d->type.cls == ZVOL_T_FSTRING ? zvol_text_length(&d->type, s) : d->fill_len;
    if (!zh_utf8_valid(s, *n) || memchr(s, 0, *n))
        return zh_error_set(err, ZH_UNSUPPORTED,
                            "the fill value is not valid UTF-8 text, which is all that Zarr strings can hold");
    return ZH_OK;
}

/* Zarr v2: null unless the program chose a value, since readers mask what equals it (MAPPING.md, fill values). Strings:
 * always a text. */
static int set_fill(zh_array_meta *meta, const zvol_dset *d, zh_error *err)
{
    const bool variable = zh_dtype_is_variable(&d->stored);
    size_t n = d->fill_len;
    int rc = ZH_OK;

    if (!d->fill)
        return variable && meta->format == ZH_V2 ? zh_array_meta_set_fill(meta, "", 0, err) : ZH_OK;
    if (variable)
        rc = fill_text(&n, d, err);
    else if (all_zero(d->fill, n))
        return ZH_OK;
    return rc < 0 ? rc : zh_array_meta_set_fill(meta, d->fill, n, err);
}

/* Bytes an element takes in a chunk, roughly for text. */
static uint64_t cell_bytes(const zvol_dset *d)
{
    return d->type.cls == ZVOL_T_VSTRING ? sizeof(zh_vlen) : d->type.size;
}

static int make_meta(zh_array_meta **out, zvol_dset *d, const uint64_t *shape, zh_format format, zh_error *err)
{
    uint64_t slab[ZH_MAX_RANK];
    const uint64_t *chunk = d->chunk;
    int rc = zvol_type_stored(&d->stored, &d->type, format, err);

    if (rc < 0)
        return rc;
    if (d->layout != H5D_CHUNKED) {
        zvol_slab_shape(slab, d->rank, shape, cell_bytes(d));
        chunk = slab;
    }
    rc = zh_array_meta_new(out, format, &d->stored, d->rank, shape, chunk, err);
    if (rc == ZH_OK)
        rc = zvol_filters_to_codecs(*out, d, err);
    if (rc == ZH_OK)
        rc = set_fill(*out, d, err);
    return rc;
}

int zvol_dset_capture(zvol_dset *out, zh_array_meta **meta, zh_buf *facts, hid_t type, hid_t space, hid_t dcpl,
                      const zvol_dset_options *opts, zh_error *err)
{
    uint64_t shape[ZH_MAX_RANK] = {0};
    int rc;

    memset(out, 0, sizeof(*out));
    *meta = NULL;
    rc = zvol_type_capture(&out->type, type, err);
    if (rc == ZH_OK)
        rc = capture_space(out, shape, space, err);
    if (rc == ZH_OK)
        rc = capture_dcpl(out, dcpl, type, err);
    if (rc == ZH_OK)
        rc = check_layout(out, shape, err);
    if (rc == ZH_OK)
        rc = make_meta(meta, out, shape, opts->format, err);
    if (rc == ZH_OK)
        rc = zvol_dset_format_facts(facts, out, *meta, err);
    if (rc < 0) {
        zvol_dset_dispose(out);
        zh_array_meta_free(*meta);
        *meta = NULL;
    }
    return rc;
}

/* ---- facts: writing ---- */

static const char *const layout_names[] = {"H5D_COMPACT", "H5D_CONTIGUOUS", "H5D_CHUNKED"}; /* by H5D_layout_t */
static const char *const status_names[] = {"undefined", "default", "user"};                 /* by H5D_fill_value_t */
static const char *const time_names[] = {"alloc", "never", "ifset"};                        /* by H5D_fill_time_t */
static const char *const alloc_names[] = {"default", "early", "late", "incr"};              /* by H5D_alloc_time_t */

_Static_assert(H5D_COMPACT == 0 && H5D_CONTIGUOUS == 1 && H5D_CHUNKED == 2, "layout_names");
_Static_assert(H5D_FILL_VALUE_UNDEFINED == 0 && H5D_FILL_VALUE_USER_DEFINED == 2, "status_names");
_Static_assert(H5D_FILL_TIME_ALLOC == 0 && H5D_FILL_TIME_IFSET == 2, "time_names");
_Static_assert(H5D_ALLOC_TIME_DEFAULT == 0 && H5D_ALLOC_TIME_INCR == 3, "alloc_names");

/* What the metadata alone tell. */
static H5D_layout_t implied_layout(const zh_array_meta *meta)
{
    return meta->rank > 0 ? H5D_CHUNKED : H5D_CONTIGUOUS;
}

static H5D_fill_value_t implied_status(const zh_array_meta *meta)
{
    const bool zero = !meta->fill ||
                      (zh_dtype_is_variable(&meta->dtype) ? meta->fill_len == 0 : all_zero(meta->fill, meta->fill_len));

    return zero ? H5D_FILL_VALUE_DEFAULT : H5D_FILL_VALUE_USER_DEFINED;
}

/* Floats whose decimal form loses bits. */
static bool fill_needs_hex(const zvol_dset *d)
{
    const bool big = d->type.order == ZH_BIG;
    const size_t size = d->type.cls == ZVOL_T_COMPLEX ? d->type.size / 2 : d->type.size;
    const uint8_t *p = d->fill;

    if (!p || (d->type.cls != ZVOL_T_FLOAT && d->type.cls != ZVOL_T_COMPLEX))
        return false;
    if (d->type.cls == ZVOL_T_COMPLEX && !zvol_float_is_plain(zvol_load_bits(p + size, size, big), size))
        return true;
    return !zvol_float_is_plain(zvol_load_bits(p, size, big), size);
}

static void write_hex(zh_jsonw *w, const uint8_t *p, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    char text[32]; /* at most a complex double: 16 bytes */

    for (size_t i = 0; i < n && i < sizeof(text) / 2; i++) {
        text[2 * i] = digits[p[i] >> 4];
        text[2 * i + 1] = digits[p[i] & 15];
    }
    zh_jsonw_str_n(w, text, 2 * n);
}

static void write_name(zh_jsonw *w, const char *key, const char *name)
{
    zh_jsonw_key(w, key);
    zh_jsonw_str(w, name);
}

static void format_fill(zh_jsonw *w, const zvol_dset *d, const zh_array_meta *meta)
{
    const bool status = d->fill_status != (uint8_t)implied_status(meta);
    const bool hex = fill_needs_hex(d);
    const bool time = d->fill_time != H5D_FILL_TIME_IFSET;
    const bool alloc = d->alloc_time != (uint8_t)default_alloc_time(d->layout);

    if (!status && !hex && !time && !alloc)
        return;
    zh_jsonw_key(w, "fill");
    zh_jsonw_begin_object(w);
    if (status)
        write_name(w, "status", status_names[d->fill_status]);
    if (hex) {
        zh_jsonw_key(w, "hex");
        write_hex(w, d->fill, d->fill_len);
    }
    if (time)
        write_name(w, "time", time_names[d->fill_time]);
    if (alloc)
        write_name(w, "alloc", alloc_names[d->alloc_time]);
    zh_jsonw_end_object(w);
}

static void format_space(zh_jsonw *w, const zvol_dset *d, const zh_array_meta *meta)
{
    if (d->null_space) {
        write_name(w, "space", "H5S_NULL");
        return;
    }
    if (d->rank == 0 || memcmp(d->maxdims, meta->shape, d->rank * sizeof(d->maxdims[0])) == 0)
        return;
    zh_jsonw_key(w, "space");
    zh_jsonw_begin_object(w);
    zh_jsonw_key(w, "maxdims");
    zh_jsonw_begin_array(w);
    for (unsigned i = 0; i < d->rank; i++) {
        if (d->maxdims[i] == H5S_UNLIMITED)
            zh_jsonw_null(w);
        else
            zh_jsonw_u64(w, d->maxdims[i]);
    }
    zh_jsonw_end_array(w);
    zh_jsonw_end_object(w);
}

static void format_layout(zh_jsonw *w, const zvol_dset *d, const zh_array_meta *meta)
{
    const bool chunk = d->layout == H5D_CHUNKED && memcmp(d->chunk, meta->chunk, d->rank * sizeof(d->chunk[0])) != 0;

    if (d->layout == implied_layout(meta) && !chunk)
        return;
    zh_jsonw_key(w, "layout");
    zh_jsonw_begin_object(w);
    write_name(w, "class", layout_names[d->layout]);
    if (chunk) {
        zh_jsonw_key(w, "chunk");
        zh_jsonw_begin_array(w);
        for (unsigned i = 0; i < d->rank; i++)
            zh_jsonw_u64(w, d->chunk[i]);
        zh_jsonw_end_array(w);
    }
    zh_jsonw_end_object(w);
}

static int format_filters(zh_jsonw *w, const zvol_dset *d, const zh_array_meta *meta, zh_error *err)
{
    zvol_filter *implied;
    unsigned n;
    int rc = zvol_filters_infer(&implied, &n, meta, err);

    if (rc < 0)
        return rc;
    if (!zvol_filters_equal(implied, n, d->filters, d->nfilters))
        zvol_filters_format(w, d);
    zh_free(implied);
    return ZH_OK;
}

int zvol_dset_format_facts(zh_buf *facts, const zvol_dset *d, const zh_array_meta *meta, zh_error *err)
{
    zvol_type implied;
    zh_jsonw w;
    int rc;

    zh_jsonw_init(&w, facts, err);
    if (zvol_type_infer(&implied, &meta->dtype, NULL) < 0 || !zvol_type_equal(&implied, &d->type)) {
        zh_jsonw_key(&w, "type");
        zvol_type_format(&w, &d->type);
    }
    format_space(&w, d, meta);
    format_layout(&w, d, meta);
    format_fill(&w, d, meta);
    rc = format_filters(&w, d, meta, err);
    return rc < 0 ? rc : zh_jsonw_finish(&w);
}

/* ---- facts: reading ---- */

/* The stored type, if the array can hold it; otherwise what the array itself shows. */
static int load_type(zvol_dset *d, const zh_json *facts, const zh_array_meta *meta, zh_error *err)
{
    const zh_json *type = zh_json_get(facts, "type");
    zh_dtype stored;

    d->stored = meta->dtype;
    if (type && zvol_type_parse(&d->type, type, NULL) == ZH_OK) {
        if (zvol_type_stored(&stored, &d->type, (zh_format)meta->format, NULL) == ZH_OK &&
            zh_dtype_equal(&stored, &meta->dtype))
            return ZH_OK;
        zvol_type_dispose(&d->type);
    }
    return zvol_type_infer(&d->type, &meta->dtype, err);
}

/* Index of the string in names, or -1. */
static int name_index(const char *const *names, int n, const zh_json *j)
{
    const char *s = zh_json_str(j);

    for (int i = 0; s && i < n; i++)
        if (strcmp(names[i], s) == 0)
            return i;
    return -1;
}

static void load_space(zvol_dset *d, const zh_json *facts, const zh_array_meta *meta)
{
    const zh_json *space = zh_json_get(facts, "space");
    const zh_json *maxdims = zh_json_get(space, "maxdims");
    const char *name = zh_json_str(space);
    unsigned i = 0;

    d->rank = meta->rank;
    if (d->rank > 0)
        memcpy(d->maxdims, meta->shape, d->rank * sizeof(d->maxdims[0]));
    d->null_space = name && strcmp(name, "H5S_NULL") == 0 && d->rank == 0;
    if (zh_json_size(maxdims) != d->rank)
        return;
    for (const zh_json *j = zh_json_first(maxdims); j && i < d->rank; j = zh_json_next(j), i++) {
        uint64_t dim = H5S_UNLIMITED;

        if (zh_json_typeof(j) != ZH_JSON_NULL && !zh_json_u64(j, &dim))
            continue;
        if (dim >= meta->shape[i])
            d->maxdims[i] = dim;
    }
}

/* Whether a property list can hold the chunk shape. */
static bool is_hdf5_chunk(unsigned rank, const uint64_t *chunk)
{
    uint64_t cells = 1;

    for (unsigned i = 0; i < rank; i++)
        if (chunk[i] == 0 || !zh_mul_u64(cells, chunk[i], &cells) || cells > CHUNK_CELLS_MAX)
            return false;
    return true;
}

/* Chunks as in the file or in the facts; those that HDF5 would not take are made smaller, or the dataset shown as
 * contiguous. */
static void load_chunk(zvol_dset *d, const zh_json *chunk, const zh_array_meta *meta)
{
    unsigned i = 0;

    memcpy(d->chunk, meta->chunk, d->rank * sizeof(d->chunk[0]));
    if (zh_json_typeof(chunk) == ZH_JSON_ARRAY && zh_json_size(chunk) == d->rank)
        for (const zh_json *j = zh_json_first(chunk); j; j = zh_json_next(j), i++)
            (void)zh_json_u64(j, &d->chunk[i]);
    for (i = 0; i < d->rank; i++)
        if (meta->shape[i] > 0 && d->maxdims[i] != H5S_UNLIMITED && d->chunk[i] > d->maxdims[i])
            d->chunk[i] = d->maxdims[i];
    if (!is_hdf5_chunk(d->rank, d->chunk))
        d->layout = H5D_CONTIGUOUS;
}

static void load_layout(zvol_dset *d, const zh_json *facts, const zh_array_meta *meta)
{
    const zh_json *layout = zh_json_get(facts, "layout");
    const int named = name_index(layout_names, 3, zh_json_get(layout, "class"));

    d->layout = named >= 0 && d->rank > 0 ? (H5D_layout_t)named : implied_layout(meta);
    if (named == H5D_COMPACT && d->rank == 0)
        d->layout = H5D_COMPACT;
    if (d->layout == H5D_CHUNKED)
        load_chunk(d, zh_json_get(layout, "chunk"), meta);
    set_defaults(d, d->layout);
}

static bool read_hex(uint8_t *out, size_t n, const char *text)
{
    if (!text || strlen(text) != 2 * n)
        return false;
    for (size_t i = 0; i < 2 * n; i++) {
        const char c = text[i];
        const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;

        if (digit < 0)
            return false;
        out[i / 2] = (uint8_t)(i % 2 ? out[i / 2] | digit : digit << 4);
    }
    return true;
}

/* One element of the file type from the array's fill value. */
static int load_fill_value(zvol_dset *d, const zh_json *hex, const zh_array_meta *meta, zh_error *err)
{
    const size_t have = meta->fill ? meta->fill_len : 0;

    d->fill_len = d->type.cls == ZVOL_T_VSTRING ? have : d->type.size;
    d->fill = zh_calloc(1, d->fill_len + 1);
    if (!d->fill)
        return zh_error_nomem(err);
    if (d->type.cls == ZVOL_T_FSTRING && d->type.strpad == H5T_STR_SPACEPAD)
        memset(d->fill, ' ', d->fill_len);
    if (have > 0)
        memcpy(d->fill, meta->fill, have < d->fill_len ? have : d->fill_len);
    if (zh_json_str(hex) && d->fill_len <= 16) {
        uint8_t bytes[16];

        if (read_hex(bytes, d->fill_len, zh_json_str(hex)))
            memcpy(d->fill, bytes, d->fill_len);
    }
    return ZH_OK;
}

static int load_fill(zvol_dset *d, const zh_json *facts, const zh_array_meta *meta, zh_error *err)
{
    const zh_json *fill = zh_json_get(facts, "fill");
    const int status = name_index(status_names, 3, zh_json_get(fill, "status"));
    const int time = name_index(time_names, 3, zh_json_get(fill, "time"));
    const int alloc = name_index(alloc_names, 4, zh_json_get(fill, "alloc"));

    d->fill_status = (uint8_t)(status >= 0 ? status : (int)implied_status(meta));
    if (time >= 0)
        d->fill_time = (uint8_t)time;
    if (alloc > H5D_ALLOC_TIME_DEFAULT)
        d->alloc_time = (uint8_t)alloc;
    return d->fill_status == H5D_FILL_VALUE_USER_DEFINED ? load_fill_value(d, zh_json_get(fill, "hex"), meta, err)
                                                         : ZH_OK;
}

static int load_filters(zvol_dset *d, const zh_json *facts, const zh_array_meta *meta, zh_error *err)
{
    const zh_json *filters = zh_json_get(facts, "filters");

    if (d->layout != H5D_CHUNKED)
        return ZH_OK;
    if (filters && zvol_filters_parse(d, filters, NULL) == ZH_OK)
        return ZH_OK;
    return zvol_filters_infer(&d->filters, &d->nfilters, meta, err);
}

int zvol_dset_load(zvol_dset *out, const zh_node *node, zh_error *err)
{
    const zh_array_meta *meta = node->meta;
    zh_json *facts = zvol_members_parse(node->facts);
    int rc;

    memset(out, 0, sizeof(*out));
    out->attr_track = (unsigned)node->track >> 2;
    rc = load_type(out, facts, meta, err);
    if (rc == ZH_OK) {
        load_space(out, facts, meta);
        load_layout(out, facts, meta);
        rc = load_fill(out, facts, meta, err);
    }
    if (rc == ZH_OK)
        rc = load_filters(out, facts, meta, err);
    zh_json_free(facts);
    if (rc < 0)
        zvol_dset_dispose(out);
    return rc;
}

/* ---- property list ---- */

static herr_t put_fill_value(hid_t dcpl, const zvol_dset *d)
{
    const void *value = d->fill_status == H5D_FILL_VALUE_UNDEFINED ? NULL
                        : d->type.cls == ZVOL_T_VSTRING            ? (const void *)&d->fill
                                                                   : d->fill;
    const hid_t type = zvol_type_make(&d->type, NULL);
    herr_t rc = -1;

    if (type >= 0) {
        rc = H5Pset_fill_value(dcpl, type, value);
        H5Tclose(type);
    }
    return rc;
}

static bool put_properties(hid_t dcpl, const zvol_dset *d)
{
    if (d->layout == H5D_CHUNKED ? H5Pset_chunk(dcpl, (int)d->rank, d->chunk) < 0
                                 : d->layout != H5D_CONTIGUOUS && H5Pset_layout(dcpl, d->layout) < 0)
        return false;
    if (d->alloc_time != (uint8_t)default_alloc_time(d->layout) &&
        H5Pset_alloc_time(dcpl, (H5D_alloc_time_t)d->alloc_time) < 0)
        return false;
    if (d->fill_time != H5D_FILL_TIME_IFSET && H5Pset_fill_time(dcpl, (H5D_fill_time_t)d->fill_time) < 0)
        return false;
    if (d->fill_status != H5D_FILL_VALUE_DEFAULT && put_fill_value(dcpl, d) < 0)
        return false;
    return d->attr_track == 0 || H5Pset_attr_creation_order(dcpl, d->attr_track) >= 0;
}

hid_t zvol_dset_make_dcpl(const zvol_dset *d, zh_error *err)
{
    hid_t dcpl;

    H5E_BEGIN_TRY
    {
        dcpl = H5Pcreate(H5P_CLS_DATASET_CREATE_ID_g);
        if (dcpl < 0 || !put_properties(dcpl, d)) {
            zvol_err_h5(err, ZH_INTERNAL, "HDF5 does not make the creation property list");
            if (dcpl >= 0)
                H5Pclose(dcpl);
            dcpl = -1;
        }
    }
    H5E_END_TRY
    if (dcpl >= 0)
        zvol_filters_set(dcpl, d);
    return dcpl;
}
