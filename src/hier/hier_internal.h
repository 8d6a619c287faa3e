/* hier_internal.h - what the files of hier share among themselves.
 *
 * Terms. A node is *attached* if its chain of parents ends at the root; nodes below an anonymous or removed node are
 * not. It is *reachable* if all its proper ancestors are published: only then would a reader of the store see its
 * document. A *top* is a reachable node that is not published yet: the topmost of a new subtree.
 *
 * Invariants.
 * 1. Every node that exists has an entry in the id table, removed ones too, so that closing the tree finds all of them.
 * 2. node->dirty iff the node is in the tree's dirty list. Removed nodes never are.
 * 3. Chunks that the store holds at the path of an array are known to be the array's, or are named by a removal or by
 * `unclean`; both are settled before anything is written there. Nodes that the store holds below a group that is new
 * here become the group's: they are never erased.
 * 4. A node that is touched has touched ancestors.
 * 5. children_listed is true from birth for a group that was made here in a store that was made here: it has nothing to
 * add to it.
 */
#ifndef ZH_HIER_INTERNAL_H
#define ZH_HIER_INTERNAL_H

#include "base/name_index.h"
#include "hier/tree.h"

/* A larger document is not read. */
#define ZH_DOCUMENT_MAX ((size_t)1 << 30)
/* Room that a node's path leaves for its documents and its chunks' keys. */
#define ZH_KEY_ROOM_GROUP 16u
#define ZH_KEY_ROOM_ARRAY(rank) (16u + (rank)*21u)

#define ZH_ID_PAGE 256u

typedef struct zh_id_page {
    unsigned live;
    zh_node *slot[ZH_ID_PAGE];
} zh_id_page;

/* Keys that the store still holds and the tree has not any more: the path of a removed node. */
typedef struct zh_removal {
    char *path;
    size_t len;
} zh_removal;

typedef struct zh_removals {
    zh_removal *item;
    uint32_t n, cap;
    zh_name_index *index;
} zh_removals;

struct zh_tree {
    zh_store *store; /* owned */
    zh_pool *pool;
    zh_chunk_cache *cache;
    zh_node *root;
    zh_format format;
    bool writable;
    bool opened;       /* the store held a hierarchy before this tree */
    bool consolidated; /* some node or the root has consolidated metadata in the store */
    size_t cache_bytes;
    size_t batch_nodes, since_batch;
    uint64_t last_id;
    zh_id_page **pages;
    size_t npages, cap_pages;
    zh_node *dirty_head, *dirty_tail;
    size_t ndirty;
    zh_removals removals;
    uint64_t *unfilled; /* ids of v2 arrays whose missing chunks have to exist before the next flush ends */
    size_t nunfilled, cap_unfilled;
    uint32_t epoch; /* of the scratch marks */
};

/* children.c: the table of a group's children. */
typedef struct zh_pending_name { /* an entry of _HDF5.names of a group whose children are not listed yet */
    char *segment, *name;
} zh_pending_name;

typedef struct zh_children {
    zh_node **item; /* in no promised order; node->at is the index */
    uint32_t n, cap;
    zh_name_index *by_name;
    zh_name_index *by_segment; /* only those whose segment differs from the name */
    zh_node **sorted;          /* n entries, NULL: to be made */
    bool sorted_by_corder;
    zh_pending_name *pending; /* entries of _HDF5.names as loaded; freed when the children are listed */
    uint32_t npending;
} zh_children;

zh_node *zh_children__find(const zh_node *group, const char *name, size_t n);
zh_node *zh_children__find_segment(const zh_node *group, const char *segment, size_t n);
/* Sets node->parent and node->at. All or nothing. */
int zh_children__insert(zh_node *group, zh_node *node, zh_error *err);
void zh_children__remove(zh_node *node); /* parent becomes NULL */
size_t zh_children__count(const zh_node *group);
int zh_children__sorted(zh_node ***out, zh_node *group, bool by_corder, zh_error *err); /* borrowed */
int zh_children__ensure(zh_node *group, zh_error *err);
void zh_children__drop_pending(zh_children *c);
void zh_children__free(zh_children *c);

/* tree.c */
int zh_tree__assign_id(zh_tree *t, zh_node *node, zh_error *err);
void zh_tree__release_id(zh_tree *t, const zh_node *node);
void zh_tree__list_dirty(zh_node *node); /* appends to the dirty list unless it is there */
void zh_tree__unlist_dirty(zh_node *node);
int zh_tree__want_filled(zh_tree *t, zh_node *node, zh_error *err);

/* node.c. alloc: kind group, no parent, no id. */
int zh_node__alloc(zh_node **out, zh_tree *t, const char *name, size_t n, zh_error *err);
int zh_node__set_segment(zh_node *node, const char *segment, size_t n, zh_error *err);
void zh_node__free(zh_node *node); /* the node alone: neither children nor the id */
bool zh_node__attached(const zh_node *node);
uint32_t zh_node__child_path_len(const zh_node *parent, const char *segment);
int zh_node__store_path(const zh_node *node, zh_buf *out,
                        zh_error *err); /* appends the key prefix: "" for the root, "a/b"; attached nodes only */
zh_node *zh_node__next(const zh_node *top,
                       zh_node *node); /* pre-order walk of what is loaded below top; NULL at the end */
void zh_node__touch(zh_node *node);
int zh_node__changeable(const zh_node *node, zh_error *err);

/* load.c */
int zh_load__root(zh_tree *t, zh_error *err);
/* ZH_NOTFOUND without message: no such node in the store. */
int zh_load__child(zh_node **out, zh_node *group, const char *name, size_t n, zh_error *err);
int zh_load__listing(zh_node *group, zh_error *err);

/* document.c */
void zh_document__attributes(zh_jsonw *w, const void *node); /* zh_doc_attributes_fn */
bool zh_document__has_attributes(const zh_node *node);
int zh_document__read(zh_node *node, const zh_json *attributes, zh_error *err);

/* attrs.c */
int zh_attrs__put(zh_node *node, const char *name, size_t n, char *json, char *h5, uint64_t corder,
                  zh_error *err);   /* takes json, h5 on success */
void zh_attrs__sort(zh_node *node); /* by corder, as loaded */
void zh_attrs__free(zh_node *node);

/* removals.c */
int zh_removals__add(zh_tree *t, const char *path, size_t n, zh_error *err);
bool zh_removals__covers(const zh_tree *t, const char *path, size_t n); /* of the path itself or of an ancestor */
int zh_removals__settle(zh_tree *t, const char *path, size_t n, uint64_t *erased,
                        zh_error *err);                            /* if one covers path */
int zh_removals__run(zh_tree *t, uint64_t *erased, zh_error *err); /* all */
void zh_removals__free(zh_removals *r);
/* Chunks that lie at the path of an array that is new there: a killed writer's, or of an array whose document went.
 * Nodes below the path are never touched, whoever made them. */
int zh_removals__clean(zh_tree *t, const char *path, size_t n, zh_error *err);

/* data.c: the elements of arrays whose node moves or has no name. */
typedef struct zh_staging zh_staging;
void zh_data__close(zh_node *node); /* drops what was not flushed */
int zh_data__move(zh_node *top, const char *from, const char *to, zh_error *err);
int zh_data__settle(zh_node *node, zh_error *err); /* invariant 3, for a write at or below node's path */

/* flush.c. automatic: everything but the root's document, and no flush of the store. */
int zh_tree__publish(zh_tree *t, bool automatic, zh_publish_stats *stats, zh_error *err);

#endif
