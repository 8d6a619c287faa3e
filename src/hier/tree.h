/* tree.h - the hierarchy in memory: groups and arrays, their attributes, and what of it the store has not got yet.
 *
 * Creating, changing and removing nodes touches memory only. zh_tree_flush publishes everything that is dirty through
 * the builder (publish.h). What a store held before is loaded as it is asked for: one document for a node that is
 * looked up by name, all children's documents when a group is listed.
 *
 * Names are HDF5 names (any bytes but '/' and NUL); the segment in the store is their escaped form (base/key.h),
 * recorded in the parent's _HDF5.names where it differs.
 *
 * _HDF5: the one attribute that holds what Zarr has no place for (connector/MAPPING.md). The tree owns its frame
 * (version, for, attrs, names, corder, next, track); all other members are the connector's, kept here as text in
 * node->facts and never looked into. A loaded array whose "for" contradicts its document loses the members type, space,
 * fill, layout, filters.
 *
 * Ownership: nodes belong to the tree. zh_node_ref keeps one alive that is removed while somebody has it open: it is
 * then *detached* (zh_node.parent NULL and not the root), is written nowhere, and freed at the last unref. Threads: one
 * caller at a time; only publication uses the pool inside.
 */
#ifndef ZH_HIER_TREE_H
#define ZH_HIER_TREE_H

#include "array/array.h"
#include "base/pool.h"
#include "meta/meta.h"
#include "zh/store.h"

typedef struct zh_tree zh_tree;
typedef struct zh_node zh_node;

/* One attribute. json is the value as JSON text; h5 the members of its entry in _HDF5.attrs as text
 * (`"type":…,"shape":…`), NULL when the value's default reading (the connector knows it) is the truth. All owned by
 * the node. */
typedef struct zh_attr {
    char *name;
    char *json;
    char *h5;
    uint64_t corder; /* creation index inside the node */
} zh_attr;

struct zh_node {
    zh_tree *tree;
    zh_node *parent;      /* NULL: the root, a detached or an anonymous node */
    char *name;           /* HDF5 name; "" for the root and anonymous nodes */
    char *segment;        /* name in the store; == name when they are equal (same pointer) */
    uint64_t id;          /* serial number, never used twice while the tree lives; the root is 1 */
    uint64_t corder;      /* creation index inside the parent */
    uint8_t kind;         /* zh_node_kind */
    bool dirty;           /* its document has to be written */
    bool published;       /* the store has a document of it */
    bool loaded;          /* came from the store: rewritten from its old text, so that foreign members survive */
    bool attrs_loaded;    /* internal */
    bool children_listed; /* internal: children are complete */
    uint8_t track;        /* creation order: 1 tracked, 2 indexed for links; 4, 8 the same for attributes */
    unsigned refs;
    zh_array_meta *meta; /* arrays */
    char *facts;         /* members of _HDF5 that are the connector's, as text without braces, NULL if none */
    zh_attr *attrs;      /* in creation order */
    size_t nattrs;
    struct zh_children *children; /* groups; internal */
    zh_array *array;              /* opened at first I/O; internal, use zh_node_array */

    int broken;       /* 0, or why its document cannot be used (ZH_CORRUPT, ZH_UNSUPPORTED, ZH_IO): see zh_node_find */
    char *broken_why; /* the message that goes with it; NULL: none could be kept */

    /* The rest is internal to hier. */
    bool removed;    /* unlinked, or below something that was: written nowhere */
    bool touched;    /* the store may hold something at or below its path */
    bool unclean;    /* an array: chunks of another one may lie at its path: looked for before the first write there */
    bool own_dirty;  /* v2: .zgroup/.zarray has to be written, not only .zattrs */
    bool has_zattrs; /* v2: the store has a .zattrs of it */
    bool consolidated; /* its document in the store carries consolidated metadata, to be dropped at the first change */
    bool unfilled;     /* v2: missing chunks have to be written at the next flush; in the tree's list */
    bool made_up;      /* the root above a store's only array: in the store there is no such group */
    bool frozen;       /* its _HDF5 was written by a later version: not to be changed */
    uint32_t at;       /* index among the parent's children */
    uint32_t path_len; /* bytes of its path in the store */
    uint32_t mark;     /* scratch of one publication */
    uint64_t next_corder; /* groups: creation index of the next link */
    zh_node *dirty_prev, *dirty_next;
    struct zh_name_index *attr_index;
    struct zh_staging *staging; /* anonymous arrays: where the data wait for a name */
    char name_tail[];           /* the name given at creation, which `name` points to until the node is renamed */
};

typedef struct zh_tree_options {
    zh_format format;    /* of a new hierarchy; an existing one keeps its own */
    unsigned threads;    /* 0: one per CPU */
    size_t cache_bytes;  /* chunk cache */
    size_t batch_nodes;  /* publish all but the root by itself after so many new nodes; 0: never */
    const char *creator; /* written to the root's _HDF5.file? NULL: nothing */
} zh_tree_options;

/* What one publication did. */
typedef struct zh_publish_stats {
    uint64_t nodes, documents, bytes, erased;
    double seconds;
    unsigned threads;
} zh_publish_stats;

/* A new hierarchy with a root group, nothing written. store is taken on success only. */
int zh_tree_create(zh_tree **out, zh_store *store, const zh_tree_options *opts, zh_error *err);
/* The hierarchy in store: probes zarr.json, then .zgroup/.zarray at its root. ZH_NOTFOUND: none of them. A store that
 * is one array is shown as a group, which is not in the store and cannot be changed, with that array as its only
 * member, ZH_ROOT_ARRAY_NAME. */
#define ZH_ROOT_ARRAY_NAME "data"
int zh_tree_open(zh_tree **out, zh_store *store, const zh_tree_options *opts, zh_error *err);
/* Frees all, open or not; writes nothing. */
void zh_tree_close(zh_tree *t);

zh_node *zh_tree_root(zh_tree *t);
zh_store *zh_tree_store(zh_tree *t);
zh_format zh_tree_format(const zh_tree *t);
bool zh_tree_writable(const zh_tree *t);
zh_node *zh_tree_by_id(zh_tree *t, uint64_t id); /* NULL: never existed or removed */
bool zh_tree_dirty(const zh_tree *t);            /* documents and removals; dirty chunks are the cache's affair */
zh_chunk_cache *zh_tree_cache(zh_tree *t);

/* Child of a group by HDF5 name. ZH_NOTFOUND without message; other failures name the path. A child whose document is
 * damaged or not supported fails with that cause. */
int zh_node_child(zh_node **out, zh_node *group, const char *name, size_t n, zh_error *err);
/* The same, but a child that cannot be used is found: its `broken` is set. It may be listed, removed and named
 * (zh_node_path), nothing else. */
int zh_node_find(zh_node **out, zh_node *group, const char *name, size_t n, zh_error *err);
/* ZH_OK, or why the node cannot be used. */
int zh_node_check(const zh_node *node, zh_error *err);
/* All children, in creation order where the group tracks it and by name otherwise: *out is zh_malloc'ed, freed by the
 * caller with zh_free; nodes borrowed. */
int zh_node_children(zh_node ***out, size_t *n, zh_node *group, bool by_corder, zh_error *err);
int zh_node_child_count(size_t *out, zh_node *group, zh_error *err);
/* The index-th of zh_node_children, in constant time while the group does not change. ZH_RANGE. */
int zh_node_child_at(zh_node **out, zh_node *group, size_t index, bool by_corder, zh_error *err);
/* A creation index for a link that the connector keeps in its facts. */
uint64_t zh_node_take_corder(zh_node *group);

/* parent NULL: anonymous, to be linked later. ZH_EXISTS if the name is taken. meta is taken on success only; it must
 * pass zh_array_meta_check. facts is copied (NULL: none). */
int zh_node_new_group(zh_node **out, zh_tree *t, zh_node *parent, const char *name, size_t n, const char *facts,
                      zh_error *err);
int zh_node_new_array(zh_node **out, zh_tree *t, zh_node *parent, const char *name, size_t n, zh_array_meta *meta,
                      const char *facts, zh_error *err);
int zh_node_link(zh_node *anonymous, zh_node *parent, const char *name, size_t n, zh_error *err);
/* With everything below it. The store's documents and chunks go at the next flush, before new ones of the same path are
 * written. */
int zh_node_remove(zh_node *node, zh_error *err);
/* A node that was never published moves freely; a published one is ZH_UNSUPPORTED for now. */
int zh_node_move(zh_node *node, zh_node *parent, const char *name, size_t n, zh_error *err);
void zh_node_ref(zh_node *node);
void zh_node_unref(zh_node *node);

/* Appends "/a/b" (HDF5 names), "/" for the root; nothing for a detached node. */
int zh_node_path(const zh_node *node, zh_buf *out, zh_error *err);

/* Attributes. Names are as HDF5 has them; _HDF5 itself is never seen. find: NULL if none. */
zh_attr *zh_node_attr(zh_node *node, const char *name); /* valid until an attribute of the node is set or removed */
/* Creates or replaces; copies. An existing attribute keeps its corder. json and h5 must be well-formed: they are not
 * looked into. ZH_INVALID for a reserved name (zh_attr_name_reserved), ZH_UNSUPPORTED for one that is not UTF-8. */
int zh_node_set_attr(zh_node *node, const char *name, const char *json, const char *h5, zh_error *err);
int zh_node_remove_attr(zh_node *node, const char *name, zh_error *err);                 /* ZH_NOTFOUND */
int zh_node_rename_attr(zh_node *node, const char *from, const char *to, zh_error *err); /* ZH_NOTFOUND, ZH_EXISTS */
void zh_node_mark_dirty(zh_node *node);
int zh_node_set_facts(zh_node *node, const char *facts, zh_error *err);
/* Which attributes the application may not name so: "_HDF5", and "_ARRAY_DIMENSIONS" in v2. */
bool zh_attr_name_reserved(const zh_tree *t, const char *name);

/* The array's data. Opened at the first call, closed by the tree. Also for nodes never published; those of an anonymous
 * node wait in memory for its name. *out is good until the node is linked, moved or removed. A node that was removed
 * has none (ZH_UNSUPPORTED). */
int zh_node_array(zh_array **out, zh_node *node, zh_error *err);
/* zh_array_resize and a dirty document. */
int zh_node_resize(zh_node *node, const uint64_t *shape, zh_error *err);

/* Writes all dirty chunks, then publishes every dirty node and removal, then flushes the store. On failure what could
 * not be written stays dirty, so that the call may be repeated. stats may be NULL. */
int zh_tree_flush(zh_tree *t, zh_publish_stats *stats, zh_error *err);

#endif
