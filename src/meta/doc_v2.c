/* doc_v2.c - .zgroup, .zarray and .zattrs. What is written is in FORMAT.md.
 *
 * In memory the filters and the compressor are one list of codecs; v2_last_is_compressor tells where the last one
 * stands. Order "F" is a flag of the meta, not a codec. The array-to-bytes codec has no place in v2: elements
 * of fixed size need none, and for objects the first filter is it.
 */
#include "meta/doc_parts.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "meta/fill.h"

static const char dimensions_name[] = "_ARRAY_DIMENSIONS";

/* ---- writing ---- */

static bool is_written(const zh_codec_spec *c)
{
    return strcmp(zh_codec_name(c), "bytes") != 0;
}

/* Filters are all codecs but the compressor; null when there is none. Objects always have their vlen codec. */
static void write_filters(zh_jsonw *w, const zh_array_meta *m, unsigned n)
{
    bool object = m->dtype.kind == ZH_K_STRING || m->dtype.kind == ZH_K_VBYTES;
    bool implied = object && (m->ncodecs == 0 || zh_codec_class_of(&m->codecs[0]) != ZH_CODEC_ARRAY_BYTES);
    bool any = implied;

    for (unsigned i = 0; i < n; i++)
        any = any || is_written(&m->codecs[i]);
    zh_jsonw_key(w, "filters");
    if (!any) {
        zh_jsonw_null(w);
        return;
    }
    zh_jsonw_begin_array(w);
    if (implied) {
        zh_codec_spec c = zh_codec_implied(&m->dtype);

        zh_codec_format_v2(w, &c);
    }
    for (unsigned i = 0; i < n; i++) {
        if (is_written(&m->codecs[i]))
            zh_codec_format_v2(w, &m->codecs[i]);
    }
    zh_jsonw_end_array(w);
}

static int write_array(zh_jsonw *w, const zh_array_meta *m, zh_error *err)
{
    bool compressor = m->v2_last_is_compressor && m->ncodecs > 0;
    unsigned filters = m->ncodecs - compressor;
    char dtype[16];
    int rc = zh_dtype_format_v2(dtype, &m->dtype, err);

    if (rc == ZH_OK && m->unreadable != NULL)
        rc = zh_error_set(err, ZH_UNSUPPORTED, "%s", m->unreadable);
    if (rc < 0)
        return rc;
    zh_doc__write_lengths(w, "\"zarr_format\":2,\"shape\":", m->shape, m->rank, "");
    zh_doc__write_lengths(w, "\"chunks\":", m->chunk, m->rank, "");
    zh_jsonw_key(w, "dtype");
    zh_jsonw_str(w, dtype);
    zh_jsonw_key(w, "compressor");
    if (compressor)
        zh_codec_format_v2(w, &m->codecs[filters]);
    else
        zh_jsonw_null(w);
    zh_jsonw_key(w, "fill_value");
    zh_fill_format(w, m);
    zh_jsonw_key(w, "order");
    zh_jsonw_str(w, m->order_f ? "F" : "C");
    write_filters(w, m, filters);
    if (m->separator == '/')
        ZH_DOC_MEMBERS(w, "\"dimension_separator\":\"/\"");
    return ZH_OK;
}

int zh_doc_v2_format(zh_buf *out, const zh_array_meta *m, zh_error *err)
{
    size_t start = out->len;
    zh_jsonw w;
    int rc = ZH_OK;

    zh_jsonw_init(&w, out, err);
    zh_jsonw_begin_object(&w);
    if (m != NULL)
        rc = write_array(&w, m, err);
    else
        ZH_DOC_MEMBERS(&w, "\"zarr_format\":2");
    zh_jsonw_end_object(&w);
    return zh_doc__written(&w, rc, start);
}

int zh_doc_v2_format_attributes(zh_buf *out, const zh_array_meta *m, zh_doc_attributes_fn fn, const void *payload,
                                zh_error *err)
{
    size_t start = out->len;
    zh_jsonw w;

    zh_jsonw_init(&w, out, err);
    zh_jsonw_begin_object(&w);
    if (m != NULL && zh_doc__has_names(m)) {
        zh_jsonw_key(&w, dimensions_name);
        zh_doc__write_names(&w, m);
    }
    if (fn != NULL)
        fn(&w, payload);
    zh_jsonw_end_object(&w);
    return zh_doc__written(&w, ZH_OK, start);
}

/* ---- reading ---- */

/* "i4" and "|i4" are little-endian, as older writers meant them on the machines they ran on. */
static int parse_plain_dtype(zh_dtype *out, const char *text, zh_error *err)
{
    char little[16] = "<";
    const char *rest = text[0] == '|' ? text + 1 : text;

    if (zh_dtype_parse_v2(out, text, NULL) == ZH_OK)
        return ZH_OK;
    if (strchr("<>", text[0]) == NULL && strlen(rest) < sizeof(little) - 1) {
        memcpy(little + 1, rest, strlen(rest) + 1);
        if (zh_dtype_parse_v2(out, little, NULL) == ZH_OK)
            return ZH_OK;
    }
    return zh_error_set(err, ZH_UNSUPPORTED, "data type \"%s\" is not supported", text);
}

static int parse_dtype(zh_dtype *out, const zh_json *j, zh_error *err)
{
    const char *text = zh_json_str(j);

    if (zh_json_typeof(j) == ZH_JSON_ARRAY)
        return zh_error_set(err, ZH_UNSUPPORTED, "a structured data type is not supported");
    if (text == NULL || text[0] == '\0')
        return zh_error_set(err, ZH_CORRUPT, "'dtype' is not a string");
    if (zh_doc__is_v2_time(text, out))
        return ZH_OK;
    return parse_plain_dtype(out, text, err);
}

static int parse_filters(zh_array_meta *m, const zh_json *j, zh_error *err)
{
    if (zh_json_typeof(j) != ZH_JSON_NULL && zh_json_typeof(j) != ZH_JSON_ARRAY)
        return zh_error_set(err, ZH_CORRUPT, "'filters' is neither null nor an array");
    for (const zh_json *e = zh_json_first(j); e != NULL; e = zh_json_next(e)) {
        zh_codec_spec c;
        int rc = zh_codec_parse_v2(&c, e, err);

        if (rc == ZH_OK)
            rc = zh_array_meta_add_codec(m, &c, err);
        if (rc < 0)
            return rc;
    }
    return ZH_OK;
}

/* An object: what of is said by its first filter. */
static int check_object(zh_array_meta *m, zh_error *err)
{
    if (m->dtype.kind != ZH_K_STRING)
        return ZH_OK;
    if (m->ncodecs == 0 || zh_codec_class_of(&m->codecs[0]) != ZH_CODEC_ARRAY_BYTES)
        return zh_error_set(err, ZH_UNSUPPORTED, "data type \"|O\" without a filter that encodes objects");
    if (strcmp(zh_codec_name(&m->codecs[0]), "vlen-utf8") != 0)
        m->dtype.kind = ZH_K_VBYTES;
    return ZH_OK;
}

int zh_doc_v2_parse_codecs(zh_array_meta *m, const zh_json *filters, const zh_json *compressor, zh_error *err)
{
    bool has_compressor = zh_json_typeof(compressor) != ZH_JSON_NULL;
    zh_codec_spec c;
    int rc = parse_filters(m, filters, err);

    if (rc == ZH_OK && has_compressor) {
        rc = zh_codec_parse_v2(&c, compressor, err);
        if (rc == ZH_OK)
            rc = zh_array_meta_add_codec(m, &c, err);
    }
    m->v2_last_is_compressor = has_compressor;
    return rc < 0 ? rc : check_object(m, err);
}

/* any: as zh_doc_v2_parse_any. Of an object at least the first filter has to be understood. */
static int parse_codecs(zh_array_meta *m, const zh_json *j, bool any, zh_error *err)
{
    zh_error why = ZH_ERROR_INIT;
    int rc = zh_doc_v2_parse_codecs(m, zh_json_get(j, "filters"), zh_json_get(j, "compressor"), &why);

    return zh_doc__chunks(m, any && check_object(m, NULL) == ZH_OK, rc, &why, err);
}

static int parse_layout(zh_array_meta *m, const zh_json *j, zh_error *err)
{
    const zh_json *order = zh_json_get(j, "order"), *separator = zh_json_get(j, "dimension_separator");
    const char *text = zh_json_str(order);

    if (zh_json_typeof(order) != ZH_JSON_NULL) {
        if (text == NULL || (strcmp(text, "C") != 0 && strcmp(text, "F") != 0))
            return zh_error_set(err, ZH_CORRUPT, "'order' is neither \"C\" nor \"F\"");
        m->order_f = text[0] == 'F';
    }
    text = zh_json_str(separator);
    if (zh_json_typeof(separator) != ZH_JSON_NULL) {
        if (text == NULL || (strcmp(text, "/") != 0 && strcmp(text, ".") != 0))
            return zh_error_set(err, ZH_CORRUPT, "'dimension_separator' is neither \"/\" nor \".\"");
        m->separator = text[0];
    }
    return ZH_OK;
}

static int parse_array(zh_array_meta **out, const zh_json *j, bool any, zh_error *err)
{
    zh_array_meta *m = NULL;
    zh_dtype dtype = {0};
    int rc = parse_dtype(&dtype, zh_json_get(j, "dtype"), err);

    if (rc == ZH_OK)
        rc = zh_doc__new_meta(&m, ZH_V2, &dtype, zh_json_get(j, "shape"), zh_json_get(j, "chunks"), err);
    if (rc == ZH_OK)
        rc = parse_layout(m, j, err);
    if (rc == ZH_OK)
        rc = parse_codecs(m, j, any, err);
    if (rc == ZH_OK)
        rc = zh_fill_parse(m, zh_json_get(j, "fill_value"), err);
    if (rc == ZH_OK)
        rc = zh_doc__check(m, any, err);
    if (rc < 0) {
        zh_array_meta_free(m);
        m = NULL;
    }
    *out = m;
    return rc;
}

static int parse_attributes(zh_doc *out, const char *text, size_t n, zh_error *err)
{
    bool fits;
    int rc = zh_json_parse(&out->json, text, n, err);

    if (rc < 0) {
        out->json = NULL;
        zh_error_prefix(err, "attributes");
        return rc;
    }
    if (zh_json_typeof(out->json) != ZH_JSON_OBJECT)
        return zh_error_set(err, ZH_CORRUPT, "attributes: not an object");
    out->attributes = out->json;
    if (out->meta == NULL)
        return ZH_OK;
    return zh_doc__names(out->meta, zh_json_get(out->json, dimensions_name), &fits, err);
}

static int parse(zh_doc *out, zh_node_kind kind, const char *text, size_t n, const char *attrs, size_t nattrs, bool any,
                 zh_error *err)
{
    zh_json *j = NULL;
    int rc;

    memset(out, 0, sizeof(*out));
    out->kind = kind;
    rc = zh_doc__open(&j, text, n, ZH_V2, err);
    if (rc == ZH_OK && kind == ZH_NODE_ARRAY)
        rc = parse_array(&out->meta, j, any, err);
    zh_json_free(j);
    if (rc == ZH_OK && attrs != NULL)
        rc = parse_attributes(out, attrs, nattrs, err);
    if (rc < 0)
        zh_doc__fail(out);
    return rc;
}

int zh_doc_v2_parse(zh_doc *out, zh_node_kind kind, const char *text, size_t n, const char *attrs, size_t nattrs,
                    zh_error *err)
{
    return parse(out, kind, text, n, attrs, nattrs, false, err);
}

int zh_doc_v2_parse_any(zh_doc *out, zh_node_kind kind, const char *text, size_t n, const char *attrs, size_t nattrs,
                        zh_error *err)
{
    return parse(out, kind, text, n, attrs, nattrs, true, err);
}
