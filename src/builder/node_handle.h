/* node_handle.h - what a handle is, for the files of this folder. */
#ifndef ZH_BUILDER_HANDLE_H
#define ZH_BUILDER_HANDLE_H

#include "array/array.h"
#include "builder/entry_docs.h"
#include "zh/hierarchy.h"

struct zh_handle {
    zh_store *store;
    unsigned refs;
    char *path;  /* of the node */
    char *place; /* where it lies for now: under a stage while it is being made */
    zh_node_kind kind;
    zh_format format;
    bool ambiguous;
    bool gone;
    zh_array_meta *meta; /* arrays of a type that this library knows; owned */
    int unusable;        /* why there is no meta */
    char *why;
    char *document;   /* zarr.json, or v2's .zarray (NULL for a group) */
    char *attributes; /* v2: members of .zattrs, NULL: none */
    bool published;
    zh_chunk_cache *cache;
    zh_array *array;

    struct zh_handle *next; /* kept from a creation that goes on */
};

/* A handle without a node; refs is 1. path and place are copied. */
int zh_handle__new(zh_handle **out, zh_store *s, const char *path, const char *place, zh_error *err);
/* The metadata of a plan's entry, copied. */
int zh_handle__of_entry(zh_handle *h, const zh_entry *e, zh_error *err);
/* Fills kind, format and the rest from documents: text is zarr.json, .zarray or .zgroup; attrs .zattrs or NULL. A
 * document that is legal but not supported is no failure. */
int zh_handle__parse(zh_handle *h, zh_format format, zh_node_kind v2_kind, const zh_buf *text, const zh_buf *attrs,
                     zh_error *err);
/* The node has moved to its own path, and readers see it. */
void zh_handle__settle(zh_handle *h);
void zh_handle__lose(zh_handle *h);

#endif
