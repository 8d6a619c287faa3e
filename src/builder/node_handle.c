/* node_handle.c - a node of a store: its metadata, and the elements of an array. */
#include "builder/node_handle.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/jsonw.h"
#include "builder/consolidate.h"
#include "meta/doc.h"

#include <string.h>

#define CACHE_BYTES ((size_t)8 << 20)

int zh_handle__new(zh_handle **out, zh_store *s, const char *path, const char *place, zh_error *err)
{
    zh_handle *h = zh_calloc(1, sizeof(*h));

    *out = NULL;
    if (h == NULL)
        return zh_error_nomem(err);
    h->store = s;
    h->refs = 1;
    h->published = true;
    h->path = zh_strdup(path);
    h->place = zh_strdup(place);
    if (h->path == NULL || h->place == NULL) {
        zh_handle_close(h);
        return zh_error_nomem(err);
    }
    *out = h;
    return ZH_OK;
}

static void close_array(zh_handle *h)
{
    if (h->array != NULL)
        zh_array_close(h->array);
    if (h->cache != NULL)
        zh_chunk_cache_free(h->cache);
    h->array = NULL;
    h->cache = NULL;
}

void zh_handle_keep(zh_handle *h)
{
    h->refs++;
}

void zh_handle_close(zh_handle *h)
{
    if (h == NULL || --h->refs > 0)
        return;
    close_array(h);
    zh_array_meta_free(h->meta);
    zh_free(h->path);
    zh_free(h->place);
    zh_free(h->why);
    zh_free(h->document);
    zh_free(h->attributes);
    zh_free(h);
}

void zh_handle__settle(zh_handle *h)
{
    char *copy = strcmp(h->place, h->path) == 0 ? NULL : zh_strdup(h->path);

    close_array(h);
    h->published = true;
    if (copy != NULL) {
        zh_free(h->place);
        h->place = copy;
    } else if (strcmp(h->place, h->path) != 0) {
        h->gone = true; /* out of memory: better no node than the wrong one */
    }
}

void zh_handle__lose(zh_handle *h)
{
    close_array(h);
    h->gone = true;
}

const char *zh_handle_path(const zh_handle *h)
{
    return h->path;
}

zh_node_kind zh_handle_kind(const zh_handle *h)
{
    return h->kind;
}

zh_format zh_handle_format(const zh_handle *h)
{
    return h->format;
}

bool zh_handle_ambiguous(const zh_handle *h)
{
    return h->ambiguous;
}

/* --- filling --- */

static int not_usable(zh_handle *h, int rc, const zh_error *why, zh_error *err)
{
    h->unusable = rc;
    h->why = zh_strdup(why->message);
    return h->why == NULL ? zh_error_nomem(err) : ZH_OK;
}

static int copy_attributes(zh_handle *h, const char *members, size_t n, zh_error *err)
{
    if (members == NULL || n == 0)
        return ZH_OK;
    h->attributes = zh_strndup(members, n);
    return h->attributes == NULL ? zh_error_nomem(err) : ZH_OK;
}

/* The attributes object's members, as v2 has them in .zattrs. */
static int attributes_of_entry(zh_handle *h, const zh_entry *e, zh_error *err)
{
    zh_buf text = ZH_BUF_INIT(SIZE_MAX);
    int rc = zh_entry_format(&text, e, ZH_DOC_ZATTRS, NULL, err);

    if (rc == ZH_OK && text.len > 2)
        rc = copy_attributes(h, (const char *)text.ptr + 1, text.len - 2, err);
    zh_buf_dispose(&text);
    return rc;
}

int zh_handle__of_entry(zh_handle *h, const zh_entry *e, zh_error *err)
{
    zh_document d[2];
    const unsigned n = zh_entry_documents(d, e, false);
    zh_buf text = ZH_BUF_INIT(SIZE_MAX);
    zh_error why = ZH_ERROR_INIT;
    bool own;
    int rc;

    h->kind = (zh_node_kind)e->kind;
    h->format = (zh_format)e->format;
    rc = zh_entry_format(&text, e, d[n - 1], NULL, err);
    if (rc == ZH_OK) {
        h->document = zh_strndup((const char *)text.ptr, text.len);
        rc = h->document == NULL ? zh_error_nomem(err) : ZH_OK;
    }
    zh_buf_dispose(&text);
    if (rc == ZH_OK && e->format == ZH_V2)
        rc = attributes_of_entry(h, e, err);
    if (rc < 0 || e->kind != ZH_NODE_ARRAY)
        return rc;
    rc = zh_entry_meta(&h->meta, &own, e, &why);
    if (rc < 0) {
        h->meta = NULL;
        return rc == ZH_NOMEM ? zh_error_nomem(err) : not_usable(h, rc, &why, err);
    }
    return own ? ZH_OK : zh_array_meta_copy(&h->meta, h->meta, err);
}

static int print_members(zh_handle *h, const zh_json *object, zh_error *err)
{
    zh_buf text = ZH_BUF_INIT(SIZE_MAX);
    int rc = zh_json_print(&text, object, err);

    if (rc == ZH_OK && text.len > 2)
        rc = copy_attributes(h, (const char *)text.ptr + 1, text.len - 2, err);
    zh_buf_dispose(&text);
    return rc;
}

/* Legal, but of a type that is not known here: the node's kind is all that is wanted of it. */
static int parse_unsupported(zh_handle *h, zh_format format, const zh_buf *text, const zh_error *why, zh_error *err)
{
    zh_json *j = NULL;
    const char *type;
    int rc = zh_json_parse(&j, (const char *)text->ptr, text->len, err);

    if (rc < 0)
        return rc;
    type = zh_json_str(zh_json_get(j, "node_type"));
    if (format == ZH_V3)
        h->kind = type != NULL && strcmp(type, "array") == 0 ? ZH_NODE_ARRAY : ZH_NODE_GROUP;
    zh_json_free(j);
    return not_usable(h, ZH_UNSUPPORTED, why, err);
}

static int parse_v2_attributes(zh_handle *h, const zh_buf *attrs, zh_error *err)
{
    zh_json *j = NULL;
    int rc;

    if (attrs == NULL)
        return ZH_OK;
    rc = zh_json_parse(&j, (const char *)attrs->ptr, attrs->len, err);
    if (rc < 0) {
        zh_error_prefix(err, "attributes");
        return rc;
    }
    if (zh_json_typeof(j) != ZH_JSON_OBJECT)
        rc = zh_error_set(err, ZH_CORRUPT, "attributes: not an object");
    else
        rc = print_members(h, j, err);
    zh_json_free(j);
    return rc;
}

int zh_handle__parse(zh_handle *h, zh_format format, zh_node_kind v2_kind, const zh_buf *text, const zh_buf *attrs,
                     zh_error *err)
{
    zh_error why = ZH_ERROR_INIT;
    zh_doc doc;
    int rc;

    h->format = format;
    h->kind = v2_kind;
    rc = format == ZH_V3 ? zh_doc_v3_parse(&doc, (const char *)text->ptr, text->len, &why)
                         : zh_doc_v2_parse(&doc, v2_kind, (const char *)text->ptr, text->len, NULL, 0, &why);
    if (rc == ZH_UNSUPPORTED) {
        rc = parse_unsupported(h, format, text, &why, err);
    } else if (rc == ZH_OK) {
        h->kind = doc.kind;
        h->meta = doc.meta;
        doc.meta = NULL;
        zh_doc_dispose(&doc);
    } else if (err != NULL) {
        *err = why;
    }
    if (rc == ZH_OK && format == ZH_V2)
        rc = parse_v2_attributes(h, attrs, err);
    if (rc == ZH_OK && (format == ZH_V3 || h->kind == ZH_NODE_ARRAY)) {
        h->document = zh_strndup((const char *)text->ptr, text->len);
        rc = h->document == NULL ? zh_error_nomem(err) : ZH_OK;
    }
    return rc;
}

/* --- metadata --- */

static int check_there(const zh_handle *h, zh_error *err)
{
    if (!h->gone)
        return ZH_OK;
    return zh_error_set(err, ZH_NOTFOUND, "'%.200s' is not there: its creation failed", h->path);
}

static int put_braced(zh_buf *out, const char *members, zh_error *err)
{
    int rc = zh_buf_putc(out, '{', err);

    if (rc == ZH_OK && members != NULL)
        rc = zh_buf_puts(out, members, err);
    return rc < 0 ? rc : zh_buf_putc(out, '}', err);
}

int zh_handle_attributes(zh_handle *h, zh_buf *out, zh_error *err)
{
    const zh_json *a;
    zh_json *j = NULL;
    int rc = check_there(h, err);

    if (rc < 0)
        return rc;
    if (h->format == ZH_V2)
        return put_braced(out, h->attributes, err);
    rc = zh_json_parse(&j, h->document, strlen(h->document), err);
    if (rc < 0)
        return rc;
    a = zh_json_get(j, "attributes");
    rc = zh_json_typeof(a) == ZH_JSON_NULL ? zh_buf_puts(out, "{}", err) : zh_json_print(out, a, err);
    zh_json_free(j);
    return rc;
}

int zh_handle_metadata(zh_handle *h, zh_buf *out, zh_error *err)
{
    static const char group[] = "{\"zarr_format\":2}";
    const char *text = h->document != NULL ? h->document : group;
    zh_json *j = NULL;
    int rc = check_there(h, err);

    if (rc == ZH_OK)
        rc = zh_json_parse(&j, text, strlen(text), err);
    if (rc < 0)
        return rc;
    rc = zh_consolidate__without(out, j, NULL, err);
    zh_json_free(j);
    if (rc < 0 || h->format == ZH_V3)
        return rc;
    out->len--; /* the attributes before the closing brace */
    rc = zh_buf_puts(out, ",\"attributes\":", err);
    if (rc == ZH_OK)
        rc = put_braced(out, h->attributes, err);
    return rc < 0 ? rc : zh_buf_putc(out, '}', err);
}

/* --- elements --- */

static int check_array(const zh_handle *h, zh_error *err)
{
    const int rc = check_there(h, err);

    if (rc < 0)
        return rc;
    if (h->kind != ZH_NODE_ARRAY)
        return zh_error_set(err, ZH_INVALID, "'%.200s' is a group", h->path);
    if (h->meta == NULL)
        return zh_error_set(err, h->unusable, "'%.200s': %s", h->path, h->why);
    return ZH_OK;
}

int zh_handle_array(zh_handle *h, zh_array_info *out, zh_error *err)
{
    const zh_array_meta *m = h->meta;
    int rc = check_array(h, err);

    if (rc < 0)
        return rc;
    *out = (zh_array_info){.rank = m->rank,
                           .shape = m->shape,
                           .chunk_shape = m->chunk,
                           .item_size = zh_dtype_is_variable(&m->dtype) ? 0 : m->dtype.size};
    if (zh_dtype_format_v3(out->data_type, &m->dtype, NULL) < 0)
        rc = zh_dtype_format_v2(out->data_type, &m->dtype, err);
    return rc;
}

static int open_array(zh_handle *h, zh_error *err)
{
    int rc = ZH_OK;

    if (h->array != NULL)
        return ZH_OK;
    if (h->cache == NULL)
        rc = zh_chunk_cache_new(&h->cache, CACHE_BYTES, h->store, NULL, err);
    if (rc == ZH_OK)
        rc = zh_array_open(&h->array, h->cache, h->meta, h->place, err);
    if (rc == ZH_OK)
        zh_array_set_published(h->array, h->published);
    return rc;
}

/* The selection of a box, and that n bytes are what it has. */
static int make_box(zh_sel *sel, const zh_handle *h, const uint64_t *start, const uint64_t *count, size_t n,
                    zh_error *err)
{
    const zh_array_meta *m = h->meta;
    uint64_t bytes = m->dtype.size;
    int rc;

    if (zh_dtype_is_variable(&m->dtype))
        return zh_error_set(err, ZH_UNSUPPORTED, "'%.200s': elements of variable size", h->path);
    *sel = (zh_sel){.kind = ZH_SEL_REGULAR, .rank = m->rank};
    for (unsigned i = 0; i < m->rank; i++) {
        sel->start[i] = start[i];
        sel->count[i] = 1;
        sel->stride[i] = sel->block[i] = count[i];
        if (!zh_mul_u64(bytes, count[i], &bytes))
            return zh_error_set(err, ZH_RANGE, "'%.200s': the box has more than 2^64 bytes", h->path);
    }
    if (m->rank == 0)
        sel->kind = ZH_SEL_ALL;
    rc = zh_sel_check(sel, m->rank, m->shape, err);
    if (rc == ZH_OK && bytes != n)
        rc = zh_error_set(err, ZH_INVALID, "'%.200s': %zu bytes are given, the box has %llu", h->path, n,
                          (unsigned long long)bytes);
    return rc;
}

int zh_handle_write(zh_handle *h, const uint64_t *start, const uint64_t *count, const void *p, size_t n, zh_error *err)
{
    zh_sel sel;
    int rc = check_array(h, err);

    if (rc == ZH_OK)
        rc = make_box(&sel, h, start, count, n, err);
    if (rc < 0 || n == 0)
        return rc;
    rc = open_array(h, err);
    if (rc == ZH_OK)
        rc = zh_array_write(h->array, &sel, p, err);
    if (rc == ZH_OK)
        rc = zh_array_flush(h->array, err);
    close_array(h);
    return rc;
}

int zh_handle_read(zh_handle *h, const uint64_t *start, const uint64_t *count, void *p, size_t n, zh_error *err)
{
    zh_arena strings = ZH_ARENA_INIT;
    zh_sel sel;
    int rc = check_array(h, err);

    if (rc == ZH_OK)
        rc = make_box(&sel, h, start, count, n, err);
    if (rc < 0 || n == 0)
        return rc;
    rc = open_array(h, err);
    if (rc == ZH_OK)
        rc = zh_array_read(h->array, &sel, p, &strings, err);
    zh_arena_dispose(&strings);
    close_array(h); /* what others write must be seen by the next call */
    return rc;
}
