/* entry_docs.c - see entry_docs.h. */
#include "builder/entry_docs.h"

#include "base/error.h"
#include "base/jsonw.h"
#include "meta/doc.h"

#include <string.h>

const char *zh_document_name(zh_document d)
{
    static const char *const names[] = {"zarr.json", ".zattrs", ".zgroup", ".zarray"};

    return names[d];
}

static bool has_attributes(const zh_entry *e)
{
    if (e->from_source)
        return e->has_attributes;
    return e->attributes != NULL || (e->meta != NULL && e->meta->dim_names != NULL);
}

unsigned zh_entry_documents(zh_document out[2], const zh_entry *e, bool always_zattrs)
{
    unsigned n = 0;

    if (e->format == ZH_V3) {
        out[0] = ZH_DOC_ZARR_JSON;
        return 1;
    }
    if (always_zattrs || has_attributes(e))
        out[n++] = ZH_DOC_ZATTRS;
    out[n++] = e->kind == ZH_NODE_ARRAY ? ZH_DOC_ZARRAY : ZH_DOC_ZGROUP;
    return n;
}

size_t zh_entry_size(const zh_entry *e, zh_document d)
{
    static const size_t frame = 512; /* members of a document but for the attributes */

    if (e->from_source)
        return 0;
    if (d == ZH_DOC_ZATTRS)
        return e->attributes_len + frame;
    if (e->document != NULL)
        return e->document_len;
    return frame + (d == ZH_DOC_ZARR_JSON ? e->attributes_len : 0);
}

static void write_attributes(zh_jsonw *w, const void *payload)
{
    const zh_entry *e = payload;

    if (e->attributes != NULL)
        zh_jsonw_members(w, e->attributes, e->attributes_len);
}

/* Into a document that ends with '}'. */
static int add_consolidated(zh_buf *out, const zh_buf *value, zh_error *err)
{
    int rc;

    out->len--;
    rc = zh_buf_puts(out, ",\"consolidated_metadata\":", err);
    if (rc == ZH_OK)
        rc = zh_buf_append(out, value->ptr, value->len, err);
    return rc < 0 ? rc : zh_buf_putc(out, '}', err);
}

static int format_from_source(zh_buf *out, const zh_entry *e, zh_document d, const zh_buf *consolidated, zh_error *err)
{
    int rc;

    if (d == ZH_DOC_ZATTRS && !e->has_attributes) /* wanted all the same */
        return zh_buf_puts(out, "{}", err);
    rc = e->source->document(e->source->payload, e->node, d, out, err);
    if (rc == ZH_OK && consolidated != NULL && d == ZH_DOC_ZARR_JSON)
        rc = add_consolidated(out, consolidated, err);
    return rc;
}

int zh_entry_format(zh_buf *out, const zh_entry *e, zh_document d, const zh_buf *consolidated, zh_error *err)
{
    int rc;

    if (e->from_source)
        return format_from_source(out, e, d, consolidated, err);
    if (d == ZH_DOC_ZATTRS)
        return zh_doc_v2_format_attributes(out, e->meta, write_attributes, e, err);
    if (e->document != NULL)
        rc = zh_buf_append(out, e->document, e->document_len, err);
    else if (d == ZH_DOC_ZARR_JSON)
        rc = zh_doc_v3_format(out, e->meta, write_attributes, e, err);
    else
        rc = zh_doc_v2_format(out, e->meta, err);
    if (rc == ZH_OK && consolidated != NULL && d == ZH_DOC_ZARR_JSON)
        rc = add_consolidated(out, consolidated, err);
    return rc;
}

int zh_entry_meta(zh_array_meta **out, bool *own, const zh_entry *e, zh_error *err)
{
    zh_buf text = ZH_BUF_INIT(SIZE_MAX);
    zh_doc doc;
    int rc;

    *own = false;
    *out = e->meta;
    if (e->meta != NULL)
        return ZH_OK;
    if (e->kind != ZH_NODE_ARRAY)
        return zh_error_set(err, ZH_INVALID, "a group has no elements");
    rc = zh_entry_format(&text, e, e->format == ZH_V3 ? ZH_DOC_ZARR_JSON : ZH_DOC_ZARRAY, NULL, err);
    if (rc == ZH_OK)
        rc = e->format == ZH_V3 ? zh_doc_v3_parse(&doc, (const char *)text.ptr, text.len, err)
                                : zh_doc_v2_parse(&doc, ZH_NODE_ARRAY, (const char *)text.ptr, text.len, NULL, 0, err);
    zh_buf_dispose(&text);
    if (rc != ZH_OK)
        return rc;
    *out = doc.meta;
    *own = true;
    doc.meta = NULL;
    zh_doc_dispose(&doc);
    return ZH_OK;
}
