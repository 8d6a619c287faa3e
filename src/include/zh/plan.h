/* plan.h - a hierarchy as a flat map: for each path the metadata of one group or array. No store, no I/O.
 *
 * A plan is filled node by node, in any order, and checked as a whole by zh_plan_finish; the functions of
 * zh/hierarchy.h then create it in a store. The semantics are those of zarr-python's create_hierarchy, made strict.
 *
 * Keys. "a/b" and "/a//b/" are the same path; "" and "/" are the root. Leading, trailing and repeated slashes go;
 * "." and ".." are errors and are never resolved; a backslash is a character like any other unless the plan says
 * otherwise (zarr-python makes it a slash). Keys are compared byte by byte, without folding of any kind. A segment may
 * not be empty, consist of periods only, begin with "__", be the name of a document ("zarr.json", ".zarray", ".zgroup",
 * ".zattrs", ".zmetadata") or of a temporary file of this library (".….zh-tmp").
 *
 * Groups that are not given but lie above given nodes are *implicit*: no attributes, the format of the rest. Creating
 * a hierarchy leaves an existing group alone where the plan has an implicit one.
 *
 * Threads: one caller at a time a plan. A finished plan is not changed by creating it, and may be created any number of
 * times, in several stores.
 */
#ifndef ZH_PLAN_H
#define ZH_PLAN_H

#include "zh/zh.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct zh_plan zh_plan;
struct zh_buf;

/* The metadata of an array. All pointers are borrowed for the call that takes it. */
typedef struct zh_array_spec {
    unsigned version;            /* ZH_ARRAY_SPEC_VERSION */
    unsigned rank;               /* 0 (a scalar) to ZH_MAX_RANK */
    const char *data_type;       /* a v3 name ("float32", "string") or a v2 type (">f4", "|S5"), in either format */
    const uint64_t *shape;       /* rank lengths */
    const uint64_t *chunk_shape; /* rank lengths of at least 1, in elements; NULL: the shape */
    const char *fill_value;      /* JSON text as in the document; NULL: zero, and null in v2 */
    const char *codecs;          /* JSON text. v3: the array `codecs`, with or without "bytes" as its first.
                                  * v2: {"filters":[…]|null,"compressor":{…}|null}. NULL: uncompressed */
    const char *const *dimension_names; /* rank names, each may be NULL; NULL: none. v2: written as _ARRAY_DIMENSIONS */
    char separator;                     /* between the indices in chunk keys: '/', '.', or 0 for the format's default */
} zh_array_spec;
#define ZH_ARRAY_SPEC_VERSION 1u
#define ZH_ARRAY_SPEC_INIT                                                                                             \
    {                                                                                                                  \
        ZH_ARRAY_SPEC_VERSION, 0, NULL, NULL, NULL, NULL, NULL, NULL, 0                                                \
    }

ZH_API int zh_plan_new(zh_plan **out, zh_error *err);
ZH_API void zh_plan_free(zh_plan *p); /* NULL is fine */

/* All copy what they are given. key: n bytes, need not be NUL-terminated; NULL is the root. attributes: the text of a
 * JSON object, or NULL. What can be wrong with one node's metadata is found here (ZH_INVALID, ZH_CORRUPT,
 * ZH_UNSUPPORTED), what can be wrong with keys by zh_plan_finish. ZH_INVALID once the plan is finished. */
ZH_API int zh_plan_add_group(zh_plan *p, zh_format format, const char *key, size_t n, const char *attributes,
                             zh_error *err);
ZH_API int zh_plan_add_array(zh_plan *p, zh_format format, const char *key, size_t n, const zh_array_spec *spec,
                             const char *attributes, zh_error *err);
/* One node's metadata as JSON. v3: the content of zarr.json. v2: the members of .zgroup or .zarray and, as the member
 * `attributes`, the content of .zattrs; it is an array if it has a shape. The document is written with the members it
 * has here, those that this library does not know included, but without consolidated metadata. */
ZH_API int zh_plan_add_json(zh_plan *p, const char *key, size_t n, const char *text, size_t text_len, zh_error *err);
/* A whole description: {"a/b": {metadata as above}, …}. Names the key that is wrong. */
ZH_API int zh_plan_add_description(zh_plan *p, const char *text, size_t n, zh_error *err);

/* The documents of nodes: v3 has one, v2 one or two. */
typedef enum zh_document { ZH_DOC_ZARR_JSON, ZH_DOC_ZATTRS, ZH_DOC_ZGROUP, ZH_DOC_ZARRAY } zh_document;

/* Whence documents come that are made when they are written, so that a plan of many nodes holds their names alone.
 * Called on any thread, for one node by one thread at a time; node is what zh_plan_add_source was given. */
typedef struct zh_node_source {
    /* Appends the text of one document. It may be asked for again. */
    int (*document)(void *payload, void *node, zh_document document, struct zh_buf *out, zh_error *err);
    void (*stored)(void *payload, void *node); /* its last document is stored; NULL is fine */
    /* One of them could not be made or stored: err may be told in the caller's words. NULL: the key is put before it.
     */
    void (*failed)(void *payload, void *node, zh_error *err);
    void *payload;
} zh_node_source;
/* attributes: whether there are any, and with them, in v2, a .zattrs. source and node are borrowed until the plan is
 * freed. */
ZH_API int zh_plan_add_source(zh_plan *p, zh_format format, zh_node_kind kind, const char *key, size_t n,
                              bool attributes, const zh_node_source *source, void *node, zh_error *err);

/* Something that is wrong with a plan, or with a store for a plan. Strings are borrowed for the call. */
typedef struct zh_problem {
    int code;
    const char *key;   /* as it was given */
    const char *path;  /* its normal form, NULL if it has none */
    const char *other; /* the second key or path that is concerned, NULL if there is none */
    int existing;      /* zh_node_kind of what the store has, -1: does not apply */
    const char *message;
} zh_problem;
/* Called on the caller's thread, for each problem that is found, up to max_problems. */
typedef void (*zh_problem_fn)(void *payload, const zh_problem *problem);

typedef struct zh_plan_options {
    unsigned version;        /* ZH_PLAN_OPTIONS_VERSION */
    bool backslash_is_slash; /* as zarr-python has it */
    bool
        unchecked; /* no more than that no key leaves the store or is another's: formats may be mixed, arrays have nodes
                    * below them, segments begin with "__", and no implicit groups are added. For zh_create_nodes */
    zh_problem_fn problem;
    void *payload;
    size_t max_problems; /* 0: 100 */
} zh_plan_options;
#define ZH_PLAN_OPTIONS_VERSION 1u
#define ZH_PLAN_OPTIONS_INIT                                                                                           \
    {                                                                                                                  \
        ZH_PLAN_OPTIONS_VERSION, false, false, NULL, NULL, 0                                                           \
    }

/* Checks the plan as a whole, and adds the implicit groups. Time is linear in the bytes of the keys (and n log n in
 * comparisons where they were not added in order). Stages, of which the first that finds something ends it: each key by
 * itself and duplicates; one format; no node inside an array. The error is the first problem, and tells how many there
 * are. On failure the plan can only be freed. opts may be NULL. */
ZH_API int zh_plan_finish(zh_plan *p, const zh_plan_options *opts, zh_error *err);

/* The nodes of a finished plan, implicit groups included, each after the group that it is in, siblings by name. */
typedef struct zh_plan_node {
    const char *path; /* NUL-terminated, borrowed until the next call on this plan */
    zh_node_kind kind;
    zh_format format;
    bool implicit;
} zh_plan_node;
ZH_API size_t zh_plan_size(const zh_plan *p);
ZH_API int zh_plan_get(zh_plan *p, size_t index, zh_plan_node *out, zh_error *err); /* ZH_RANGE */

#ifdef __cplusplus
}
#endif
#endif
