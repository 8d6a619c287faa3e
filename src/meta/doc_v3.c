/* doc_v3.c - zarr.json. What is written is in FORMAT.md.
 *
 * Reading takes short-hand names for extensions (a string where {"name":…} stands), configurations that are
 * absent, and any spelling of a type of those below. What a reader must understand and this one does not is
 * ZH_UNSUPPORTED with its name; a document that breaks the format's own rules is ZH_CORRUPT.
 */
#include "meta/doc_parts.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "meta/fill.h"

/* ---- writing ---- */

static void write_sized_type(zh_jsonw *w, const char *name, size_t n, uint32_t size)
{
    zh_jsonw_begin_object(w);
    zh_jsonw_members(w, name, n);
    zh_jsonw_key(w, "configuration");
    zh_jsonw_begin_object(w);
    zh_jsonw_key(w, "length_bytes");
    zh_jsonw_u64(w, size);
    zh_jsonw_end_object(w);
    zh_jsonw_end_object(w);
}

static int write_data_type(zh_jsonw *w, const zh_dtype *t, zh_error *err)
{
    static const char utf32[] = "\"name\":\"fixed_length_utf32\"";
    static const char bytes[] = "\"name\":\"null_terminated_bytes\"";
    static const char raw[] = "\"name\":\"raw_bytes\"";
    char name[32];
    int rc;

    zh_jsonw_key(w, "data_type");
    switch (t->kind) {
    case ZH_K_UTF32:
        write_sized_type(w, utf32, sizeof(utf32) - 1, t->size);
        return ZH_OK;
    case ZH_K_BYTES:
        write_sized_type(w, bytes, sizeof(bytes) - 1, t->size);
        return ZH_OK;
    case ZH_K_RAW:
        write_sized_type(w, raw, sizeof(raw) - 1, t->size);
        return ZH_OK;
    default:
        rc = zh_dtype_format_v3(name, t, err);
        if (rc == ZH_OK)
            zh_jsonw_str(w, name);
        return rc;
    }
}

/* A spec with what readers cannot do without: the byte order of "bytes", blosc's typesize. Other codecs write
 * neither member. Blosc has no items above 255 bytes. */
static zh_codec_spec completed(const zh_codec_spec *spec, const zh_dtype *t)
{
    zh_codec_spec c = *spec;

    if (zh_codec_class_of(&c) == ZH_CODEC_ARRAY_BYTES && c.order == ZH_ORDER_NONE)
        c.order = t->order;
    if (zh_codec_is_compressor(&c)) {
        if (c.elementsize == 0)
            c.elementsize = t->size > 0 ? t->size : 1;
        if (c.elementsize > UINT8_MAX) {
            c.elementsize = 1;
            c.shuffle = 0;
        }
    }
    return c;
}

static void write_codecs(zh_jsonw *w, const zh_array_meta *m)
{
    zh_codec_spec implied = zh_codec_implied(&m->dtype);
    bool cells = true;

    zh_jsonw_key(w, "codecs");
    zh_jsonw_begin_array(w);
    for (unsigned i = 0; i < m->ncodecs; i++) {
        zh_codec_class class = zh_codec_class_of(&m->codecs[i]);
        zh_codec_spec c = completed(&m->codecs[i], &m->dtype);

        if (cells && class == ZH_CODEC_BYTES_BYTES)
            zh_codec_format_v3(w, &implied);
        cells = cells && class == ZH_CODEC_ARRAY_ARRAY;
        zh_codec_format_v3(w, &c);
    }
    if (cells)
        zh_codec_format_v3(w, &implied);
    zh_jsonw_end_array(w);
}

static void write_keys(zh_jsonw *w, const zh_array_meta *m)
{
    if (m->keys == ZH_KEYS_DEFAULT && m->separator == '/')
        ZH_DOC_MEMBERS(w, "\"chunk_key_encoding\":{\"name\":\"default\",\"configuration\":{\"separator\":\"/\"}}");
    else if (m->keys == ZH_KEYS_DEFAULT)
        ZH_DOC_MEMBERS(w, "\"chunk_key_encoding\":{\"name\":\"default\",\"configuration\":{\"separator\":\".\"}}");
    else if (m->separator == '/')
        ZH_DOC_MEMBERS(w, "\"chunk_key_encoding\":{\"name\":\"v2\",\"configuration\":{\"separator\":\"/\"}}");
    else
        ZH_DOC_MEMBERS(w, "\"chunk_key_encoding\":{\"name\":\"v2\",\"configuration\":{\"separator\":\".\"}}");
}

static int write_array(zh_jsonw *w, const zh_array_meta *m, zh_error *err)
{
    int rc;

    if (m->unreadable != NULL)
        return zh_error_set(err, ZH_UNSUPPORTED, "%s", m->unreadable);
    zh_doc__write_lengths(w, "\"zarr_format\":3,\"node_type\":\"array\",\"shape\":", m->shape, m->rank, "");
    rc = write_data_type(w, &m->dtype, err);
    if (rc < 0)
        return rc;
    zh_doc__write_lengths(w, "\"chunk_grid\":{\"name\":\"regular\",\"configuration\":{\"chunk_shape\":", m->chunk,
                          m->rank, "}}");
    write_keys(w, m);
    zh_jsonw_key(w, "fill_value");
    zh_fill_format(w, m);
    write_codecs(w, m);
    if (zh_doc__has_names(m)) {
        zh_jsonw_key(w, "dimension_names");
        zh_doc__write_names(w, m);
    }
    return ZH_OK;
}

int zh_doc_v3_format(zh_buf *out, const zh_array_meta *m, zh_doc_attributes_fn fn, const void *payload, zh_error *err)
{
    size_t start = out->len;
    zh_jsonw w;
    int rc = ZH_OK;

    zh_jsonw_init(&w, out, err);
    zh_jsonw_begin_object(&w);
    if (m != NULL)
        rc = write_array(&w, m, err);
    else
        ZH_DOC_MEMBERS(&w, "\"zarr_format\":3,\"node_type\":\"group\"");
    zh_jsonw_key(&w, "attributes");
    zh_jsonw_begin_object(&w);
    if (fn != NULL)
        fn(&w, payload);
    zh_jsonw_end_object(&w);
    zh_jsonw_end_object(&w);
    return zh_doc__written(&w, rc, start);
}

/* ---- reading: extension points ---- */

/* {"name":…} or the name alone. */
static int extension_name(const char **out, const zh_json *j, const char *member, zh_error *err)
{
    *out = zh_json_str(j);
    if (*out == NULL)
        *out = zh_json_str(zh_json_get(j, "name"));
    if (*out == NULL)
        return zh_error_set(err, ZH_CORRUPT, "'%s' has no name", member);
    return ZH_OK;
}

static int parse_sized_type(zh_dtype *out, zh_kind kind, zh_order order, const zh_json *conf, const char *name,
                            zh_error *err)
{
    uint64_t size = 0;

    *out = (zh_dtype){(uint8_t)kind, (uint8_t)order, 0};
    if (!zh_json_u64(zh_json_get(conf, "length_bytes"), &size) || size > ZH_CODEC_MAX_CHUNK)
        return zh_error_set(err, ZH_CORRUPT, "data type \"%s\": 'length_bytes' is not a size", name);
    out->size = (uint32_t)size;
    if (zh_dtype_check(out, NULL) < 0)
        return zh_error_set(err, ZH_UNSUPPORTED, "data type \"%s\" with %u bytes is not supported", name, out->size);
    return ZH_OK;
}

static int parse_data_type(zh_dtype *out, const zh_json *j, zh_error *err)
{
    const zh_json *conf = zh_json_get(j, "configuration");
    const char *name;
    int rc = extension_name(&name, j, "data_type", err);

    if (rc < 0)
        return rc;
    if (strcmp(name, "fixed_length_utf32") == 0)
        return parse_sized_type(out, ZH_K_UTF32, ZH_LITTLE, conf, name, err);
    if (strcmp(name, "null_terminated_bytes") == 0)
        return parse_sized_type(out, ZH_K_BYTES, ZH_ORDER_NONE, conf, name, err);
    if (strcmp(name, "raw_bytes") == 0)
        return parse_sized_type(out, ZH_K_RAW, ZH_ORDER_NONE, conf, name, err);
    if (strcmp(name, "numpy.datetime64") == 0 || strcmp(name, "numpy.timedelta64") == 0) {
        *out = (zh_dtype){ZH_K_INT, ZH_LITTLE, 8};
        return ZH_OK;
    }
    if (strcmp(name, "binary") == 0)
        name = "bytes";
    return zh_dtype_parse_v3(out, name, err);
}

static int check_grid(const zh_json *j, zh_error *err)
{
    const char *name;
    int rc = extension_name(&name, j, "chunk_grid", err);

    if (rc == ZH_OK && strcmp(name, "regular") != 0)
        rc = zh_error_set(err, ZH_UNSUPPORTED, "chunk grid \"%s\" is not supported", name);
    return rc;
}

static int parse_keys(zh_array_meta *m, const zh_json *j, zh_error *err)
{
    const zh_json *separator = zh_json_get(zh_json_get(j, "configuration"), "separator");
    const char *text = zh_json_str(separator);
    const char *name;
    int rc = extension_name(&name, j, "chunk_key_encoding", err);

    if (rc < 0)
        return rc;
    if (strcmp(name, "default") == 0)
        m->keys = ZH_KEYS_DEFAULT;
    else if (strcmp(name, "v2") == 0)
        m->keys = ZH_KEYS_V2;
    else
        return zh_error_set(err, ZH_UNSUPPORTED, "chunk key encoding \"%s\" is not supported", name);
    m->separator = m->keys == ZH_KEYS_DEFAULT ? '/' : '.';
    if (zh_json_typeof(separator) == ZH_JSON_NULL)
        return ZH_OK;
    if (text == NULL || (strcmp(text, "/") != 0 && strcmp(text, ".") != 0))
        return zh_error_set(err, ZH_CORRUPT, "the chunk key separator is neither '/' nor '.'");
    m->separator = text[0];
    return ZH_OK;
}

int zh_doc_v3_parse_codecs(zh_array_meta *m, const zh_json *j, bool complete, zh_error *err)
{
    bool has_array_bytes = false;

    if (zh_json_typeof(j) != ZH_JSON_ARRAY)
        return zh_error_set(err, ZH_CORRUPT, "'codecs' is not an array");
    for (const zh_json *e = zh_json_first(j); e != NULL; e = zh_json_next(e)) {
        zh_codec_spec c;
        int rc = zh_codec_parse_v3(&c, e, err);

        if (rc < 0)
            return rc;
        if (zh_codec_class_of(&c) == ZH_CODEC_ARRAY_BYTES) {
            has_array_bytes = true;
            if (m->dtype.order == ZH_ORDER_NONE)
                c.order = ZH_ORDER_NONE;
            else if (c.order == ZH_ORDER_NONE)
                c.order = ZH_LITTLE;
            m->dtype.order = c.order;
        }
        rc = zh_array_meta_add_codec(m, &c, err);
        if (rc < 0)
            return rc;
    }
    if (complete && !has_array_bytes)
        return zh_error_set(err, ZH_CORRUPT, "'codecs' has no array-to-bytes codec");
    return ZH_OK;
}

static int check_transformers(const zh_json *j, zh_error *err)
{
    const char *name;

    if (zh_json_size(j) == 0)
        return ZH_OK;
    name = zh_json_str(zh_json_get(zh_json_first(j), "name"));
    if (name == NULL)
        name = zh_json_str(zh_json_first(j));
    return zh_error_set(err, ZH_UNSUPPORTED, "storage transformer \"%s\" is not supported", name != NULL ? name : "");
}

static int parse_names(zh_array_meta *m, const zh_json *j, zh_error *err)
{
    bool fits = false;
    int rc;

    if (zh_json_typeof(j) == ZH_JSON_NULL)
        return ZH_OK;
    rc = zh_doc__names(m, j, &fits, err);
    if (rc == ZH_OK && !fits)
        rc = zh_error_set(err, ZH_CORRUPT, "'dimension_names' is not an array of %u names", (unsigned)m->rank);
    return rc;
}

/* ---- reading: nodes ---- */

static const char *const group_members[] = {"zarr_format", "node_type", "attributes", "consolidated_metadata", NULL};
static const char *const array_members[] = {"zarr_format", "node_type", "attributes",      "consolidated_metadata",
                                            "shape",       "data_type", "chunk_grid",      "chunk_key_encoding",
                                            "fill_value",  "codecs",    "dimension_names", "storage_transformers",
                                            NULL};

/* Members beyond the format's own have to be understood unless they say that they need not. */
static int check_members(const zh_json *j, const char *const *known, zh_error *err)
{
    for (const zh_json *e = zh_json_first(j); e != NULL; e = zh_json_next(e)) {
        const char *name = zh_json_name(e);
        bool must = true;
        unsigned i = 0;

        while (known[i] != NULL && strcmp(known[i], name) != 0)
            i++;
        if (known[i] != NULL || (zh_json_bool(zh_json_get(e, "must_understand"), &must) && !must))
            continue;
        return zh_error_set(err, ZH_UNSUPPORTED, "member \"%s\" is not supported", name);
    }
    return ZH_OK;
}

/* How the chunks are named and encoded. */
static int parse_chunks(zh_array_meta *m, const zh_json *j, zh_error *err)
{
    int rc = check_transformers(zh_json_get(j, "storage_transformers"), err);

    if (rc == ZH_OK)
        rc = parse_keys(m, zh_json_get(j, "chunk_key_encoding"), err);
    return rc < 0 ? rc : zh_doc_v3_parse_codecs(m, zh_json_get(j, "codecs"), true, err);
}

/* any: as zh_doc_v3_parse_any. Chunks of a grid that is not understood are taken to be as large as the array. */
static int new_meta(zh_array_meta **out, const zh_json *j, const zh_dtype *dtype, bool any, zh_error *err)
{
    const zh_json *grid = zh_json_get(j, "chunk_grid"), *shape = zh_json_get(j, "shape");
    const zh_json *chunk = zh_json_get(zh_json_get(grid, "configuration"), "chunk_shape");
    zh_error why = ZH_ERROR_INIT;
    int regular = check_grid(grid, &why), rc;

    if (regular < 0 && (!any || regular != ZH_UNSUPPORTED)) {
        if (err != NULL)
            *err = why;
        return regular;
    }
    rc = zh_doc__new_meta(out, ZH_V3, dtype, shape, regular < 0 ? shape : chunk, err);
    if (rc == ZH_OK && regular == ZH_OK)
        regular = parse_chunks(*out, j, &why);
    return rc < 0 ? rc : zh_doc__chunks(*out, any, regular, &why, err);
}

static int parse_array(zh_array_meta **out, const zh_json *j, bool any, zh_error *err)
{
    zh_array_meta *m = NULL;
    zh_dtype dtype = {0};
    int rc = check_members(j, array_members, err);

    if (rc == ZH_OK)
        rc = parse_data_type(&dtype, zh_json_get(j, "data_type"), err);
    if (rc == ZH_OK)
        rc = new_meta(&m, j, &dtype, any, err);
    if (rc == ZH_OK && zh_json_get(j, "fill_value") == NULL)
        rc = zh_error_set(err, ZH_CORRUPT, "'fill_value' is missing");
    if (rc == ZH_OK)
        rc = zh_fill_parse(m, zh_json_get(j, "fill_value"), err);
    if (rc == ZH_OK)
        rc = parse_names(m, zh_json_get(j, "dimension_names"), err);
    if (rc == ZH_OK)
        rc = zh_doc__check(m, any, err);
    if (rc < 0) {
        zh_array_meta_free(m);
        m = NULL;
    }
    *out = m;
    return rc;
}

static int parse_node(zh_doc *out, bool any, zh_error *err)
{
    const char *type = zh_json_str(zh_json_get(out->json, "node_type"));
    const zh_json *attributes = zh_json_get(out->json, "attributes");
    const zh_json *consolidated;

    if (zh_json_typeof(attributes) == ZH_JSON_OBJECT)
        out->attributes = attributes;
    else if (zh_json_typeof(attributes) != ZH_JSON_NULL)
        return zh_error_set(err, ZH_CORRUPT, "'attributes' is not an object");
    consolidated = zh_json_get(out->json, "consolidated_metadata"); /* null is none, as early writers had it */
    out->consolidated = consolidated != NULL && zh_json_typeof(consolidated) != ZH_JSON_NULL;
    if (type != NULL && strcmp(type, "array") == 0) {
        out->kind = ZH_NODE_ARRAY;
        return parse_array(&out->meta, out->json, any, err);
    }
    if (type == NULL || strcmp(type, "group") != 0)
        return zh_error_set(err, ZH_CORRUPT, "'node_type' is neither \"group\" nor \"array\"");
    out->kind = ZH_NODE_GROUP;
    return check_members(out->json, group_members, err);
}

static int parse(zh_doc *out, const char *text, size_t n, bool any, zh_error *err)
{
    int rc;

    memset(out, 0, sizeof(*out));
    rc = zh_doc__open(&out->json, text, n, ZH_V3, err);
    if (rc == ZH_OK)
        rc = parse_node(out, any, err);
    if (rc < 0)
        zh_doc__fail(out);
    return rc;
}

int zh_doc_v3_parse(zh_doc *out, const char *text, size_t n, zh_error *err)
{
    return parse(out, text, n, false, err);
}

int zh_doc_v3_parse_any(zh_doc *out, const char *text, size_t n, zh_error *err)
{
    return parse(out, text, n, true, err);
}
