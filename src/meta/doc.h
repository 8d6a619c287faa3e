/* doc.h - documents: zh_array_meta and attributes to JSON text and back. Pure: no I/O.
 *
 * Bytes written: see FORMAT.md. Readers here take all that other writers are known to write.
 */
#ifndef ZH_META_DOC_H
#define ZH_META_DOC_H

#include "meta/meta.h"

/* Writes the members of the attributes object ("a":1,"b":…) into w, which is inside the object. */
typedef void (*zh_doc_attributes_fn)(zh_jsonw *w, const void *payload);

/* zarr.json of a group (m NULL) or array. fn NULL: no attributes. Appends to out. */
int zh_doc_v3_format(zh_buf *out, const zh_array_meta *m, zh_doc_attributes_fn fn, const void *payload, zh_error *err);
/* .zgroup (m NULL) or .zarray. */
int zh_doc_v2_format(zh_buf *out, const zh_array_meta *m, zh_error *err);
/* .zattrs: also holds _ARRAY_DIMENSIONS for m->dim_names and phony_dims (m may be NULL: a group). */
int zh_doc_v2_format_attributes(zh_buf *out, const zh_array_meta *m, zh_doc_attributes_fn fn, const void *payload,
                                zh_error *err);

/* A parsed node. */
typedef struct zh_doc {
    zh_node_kind kind;
    zh_array_meta *meta;       /* arrays; owned */
    zh_json *json;             /* the whole zarr.json, or the .zattrs (NULL if absent); owned */
    const zh_json *attributes; /* the attributes object inside json, or NULL; borrowed from json */
    bool consolidated;         /* v3: the document carries consolidated_metadata */
} zh_doc;

/* After a failure out holds nothing but the kind, as far as the text told it.
 * text: zarr.json. ZH_CORRUPT: not a Zarr v3 document; ZH_UNSUPPORTED: legal, but a type, codec, grid, storage
 * transformer or unknown member that must be understood stands in it: the message names it. */
int zh_doc_v3_parse(zh_doc *out, const char *text, size_t n, zh_error *err);
/* text: .zarray or .zgroup by kind; attrs: .zattrs or NULL. _ARRAY_DIMENSIONS becomes dim_names. */
int zh_doc_v2_parse(zh_doc *out, zh_node_kind kind, const char *text, size_t n, const char *attrs, size_t nattrs,
                    zh_error *err);
/* The same for who can do with less: an array of which shape and type are understood, and only the way to its chunks is
 * not (codecs, storage transformers, grid, keys), is read, and its meta->unreadable says why. */
int zh_doc_v3_parse_any(zh_doc *out, const char *text, size_t n, zh_error *err);
int zh_doc_v2_parse_any(zh_doc *out, zh_node_kind kind, const char *text, size_t n, const char *attrs, size_t nattrs,
                        zh_error *err);
void zh_doc_dispose(zh_doc *d);

/* The codecs of a document, added to m. v3: the array `codecs`; its codec "bytes" gives m's type its byte order;
 * complete: an array-to-bytes codec must be among them. v2: either may be NULL or null. */
int zh_doc_v3_parse_codecs(zh_array_meta *m, const zh_json *j, bool complete, zh_error *err);
int zh_doc_v2_parse_codecs(zh_array_meta *m, const zh_json *filters, const zh_json *compressor, zh_error *err);

/* A changed document of a node that somebody else may have written: the old text with its attributes replaced and, if
 * shape is not NULL, the shape; consolidated_metadata dropped; every other member as it was, numbers to the digit. v3:
 * zarr.json. v2: .zarray (fn is not used; attributes stand in .zattrs). */
int zh_doc_v3_rewrite(zh_buf *out, const char *old_text, size_t n, unsigned rank, const uint64_t *shape,
                      zh_doc_attributes_fn fn, const void *payload, zh_error *err);
int zh_doc_v2_rewrite(zh_buf *out, const char *old_text, size_t n, unsigned rank, const uint64_t *shape, zh_error *err);
/* zarr.json of an array whose shape or dimension names have changed: both are m's. */
int zh_doc_v3_rewrite_array(zh_buf *out, const char *old_text, size_t n, const zh_array_meta *m,
                            zh_doc_attributes_fn fn, const void *payload, zh_error *err);

#endif
