/* entry_docs.h - the documents of a plan's entry, made when they are wanted. */
#ifndef ZH_BUILDER_ENTRY_DOCS_H
#define ZH_BUILDER_ENTRY_DOCS_H

#include "builder/plan_internal.h"

const char *zh_document_name(zh_document d); /* "zarr.json"… */

/* Which documents the entry has, in the order in which they are to be written: the last one makes the node. */
unsigned zh_entry_documents(zh_document out[2], const zh_entry *e, bool always_zattrs);

/* About how long one of them will be, to be asked before it is made; 0: its source alone knows. */
size_t zh_entry_size(const zh_entry *e, zh_document d);

/* Appends one of them. consolidated: the value of v3's consolidated_metadata, NULL: none. */
int zh_entry_format(zh_buf *out, const zh_entry *e, zh_document d, const zh_buf *consolidated, zh_error *err);

/* The array's metadata: *out is borrowed from e, or made from its document and then the caller's (*own). */
int zh_entry_meta(zh_array_meta **out, bool *own, const zh_entry *e, zh_error *err);

#endif
