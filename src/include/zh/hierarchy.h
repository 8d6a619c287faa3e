/* hierarchy.h - hierarchies in stores: created from a plan, read back, listed, checked.
 *
 * What the creating functions promise, with the store kinds of this library:
 *   - nothing is written before the plan and the store have been checked against each other; all conflicts are told;
 *   - a new node is seen by readers complete or not at all, and new subtrees at once: they are made under a temporary
 *     name and moved to their place (stores with ZH_STORE_MOVE), or their topmost document is written last;
 *   - on failure, and if the caller's callback aborts, no new work is begun, what is in flight is awaited, and what was
 *     created is removed: the store is as before. ZH_PARTIAL if that could not be done;
 *   - if the process is killed, readers see the old state or complete nodes; zh_check finds what is left over;
 *   - of two creators of one path at one time exactly one succeeds;
 *   - an overwritten node is replaced by its successor in one step where the store can exchange prefixes, and is not
 *     removed before the new one is safely stored where it can move.
 *
 * A function returns when everything is done: there is nothing lazy here.
 */
#ifndef ZH_HIERARCHY_H
#define ZH_HIERARCHY_H

#include "zh/buf.h"
#include "zh/plan.h"
#include "zh/store.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- a node of a store ---- */

typedef struct zh_handle zh_handle;

/* A handle that a function returns is the caller's to close; one that a callback is given is the library's, and stays
 * usable after the callback if it is kept with zh_handle_keep, which makes it the caller's too. The store must outlive
 * it. If the creation that made it fails, its node is gone, and every use answers ZH_NOTFOUND with a message. */
ZH_API void zh_handle_keep(zh_handle *h);
ZH_API void zh_handle_close(zh_handle *h); /* NULL is fine */

ZH_API const char *zh_handle_path(const zh_handle *h); /* "" is the root; borrowed */
ZH_API zh_node_kind zh_handle_kind(const zh_handle *h);
ZH_API zh_format zh_handle_format(const zh_handle *h);
ZH_API bool zh_handle_ambiguous(const zh_handle *h); /* documents of the other format lie at its path */
/* Appends the attributes as the text of a JSON object, "{}" if there are none. */
ZH_API int zh_handle_attributes(zh_handle *h, zh_buf *out, zh_error *err);
/* Appends the metadata in the form that zh_plan_add_json takes. */
ZH_API int zh_handle_metadata(zh_handle *h, zh_buf *out, zh_error *err);

/* Arrays; ZH_INVALID for a group. Shape and chunk shape have rank lengths and are borrowed from the handle. */
typedef struct zh_array_info {
    unsigned rank;
    const uint64_t *shape;
    const uint64_t *chunk_shape;
    size_t item_size;   /* bytes an element; 0: of variable size */
    char data_type[32]; /* v3's name if it has one, else v2's */
} zh_array_info;
ZH_API int zh_handle_array(zh_handle *h, zh_array_info *out, zh_error *err);
/* The box of count elements from start, in C order and in the byte order that is stored. n: bytes at the buffer, to be
 * exactly those of the box. Elements of variable size are ZH_UNSUPPORTED here. Writes go to the store before the call
 * returns; chunks that a box covers in part are read and written. Not from two threads for one array. */
ZH_API int zh_handle_write(zh_handle *h, const uint64_t *start, const uint64_t *count, const void *p, size_t n,
                           zh_error *err);
ZH_API int zh_handle_read(zh_handle *h, const uint64_t *start, const uint64_t *count, void *p, size_t n, zh_error *err);

/* ---- creating ---- */

/* A node's last document has been stored. Called on the thread of the caller of the creating function, also while other
 * nodes are being written. path is relative to the group for zh_create_under. The handle may be used at once, chunks
 * may be written; other readers see the node when its subtree is published. Existing groups that stand for implicit
 * ones are not reported. It must not create in the same store: that may be locked. Another answer than 0 aborts
 * (ZH_ABORTED). */
typedef int (*zh_created_fn)(void *payload, const char *path, zh_node_kind kind, zh_handle *node);

typedef struct zh_create_stats {
    uint64_t nodes, documents, bytes; /* written */
    uint64_t kept;                    /* existing groups left alone */
    uint64_t replaced;                /* existing nodes that were overwritten with all below them */
    double seconds;
    unsigned requests; /* limit that was in force */
} zh_create_stats;

typedef enum zh_consolidation {
    ZH_CONSOLIDATE_DROP, /* consolidated metadata that would become stale are removed */
    ZH_CONSOLIDATE_KEEP, /* those that were there are written anew */
    ZH_CONSOLIDATE_WRITE /* and those of the hierarchy's root (or of the group) in any case */
} zh_consolidation;

/* For zh_create_nodes: what the caller knows of readers, who may be there at any time. */
typedef enum zh_reach {
    ZH_REACH_ANY,  /* nothing: documents that are there are replaced, each as one step */
    ZH_REACH_NONE, /* none comes to these nodes, since what they are below is not there yet, and nothing is at their
                    * paths: documents are written in place, in the fewest calls */
    ZH_REACH_NEW   /* each node becomes visible with its last document, and is new: ZH_EXISTS if it is not */
} zh_reach;

typedef struct zh_create_options {
    unsigned version; /* ZH_CREATE_OPTIONS_VERSION */
    bool overwrite;   /* nodes that the plan names explicitly replace what is there, with all that is below it. Nothing
                       * else is removed: implicit groups keep existing ones, siblings stay */
    bool purge;       /* overwriting the root also removes files in it that belong to no hierarchy */
    bool ordered;     /* `created` is called in the order of zh_plan_get */
    bool durable; /* what has been created lies on the medium when the call returns (zh_store_sync); new nodes do before
                   * readers see them */
    bool always_zattrs; /* v2: a .zattrs also for nodes without attributes, as zarr-python writes it */
    zh_consolidation consolidated;
    zh_reach reach;    /* zh_create_nodes only */
    bool unflushed;    /* zh_create_nodes only: the caller flushes the store */
    unsigned requests; /* reads, writes and removals in flight; 0: the store's own number */
    size_t bytes;      /* of documents in flight; 0: 64 MiB. A larger document goes alone */
    zh_created_fn created;
    zh_problem_fn problem;
    void *payload;          /* of both callbacks */
    size_t max_problems;    /* 0: 100 */
    zh_create_stats *stats; /* filled in, also on failure; may be NULL */
} zh_create_options;
#define ZH_CREATE_OPTIONS_VERSION 1u
#define ZH_CREATE_OPTIONS_INIT                                                                                         \
    {                                                                                                                  \
        ZH_CREATE_OPTIONS_VERSION, false, false, false, false, false, ZH_CONSOLIDATE_DROP, ZH_REACH_ANY, false, 0, 0,  \
            NULL, NULL, NULL, 0, NULL                                                                                  \
    }

/* plan: finished. opts may be NULL everywhere. An empty plan is no work and success. The store is flushed at the end.
 */

/* Every node of the plan as it stands there: no reading, no conflicts, existing documents are replaced (v2: with those
 * of the other kind, and attributes that the node has not), nothing undone. A group that is there stands for an
 * implicit one. Of the options overwrite, purge and consolidated have no meaning here. For callers who know better; but
 * no key leaves the store. */
ZH_API int zh_create_nodes(zh_store *s, zh_plan *plan, const zh_create_options *opts, zh_error *err);
/* The whole hierarchy. */
ZH_API int zh_create_hierarchy(zh_store *s, zh_plan *plan, const zh_create_options *opts, zh_error *err);
/* The same for a plan with one node that all others are below; *root is its handle, the caller's to close.
 * ZH_NO_ROOT, ZH_MANY_ROOTS. */
ZH_API int zh_create_rooted(zh_handle **root, zh_store *s, zh_plan *plan, const zh_create_options *opts, zh_error *err);
/* Keys are relative to the group at `group` (a path; "" is the root), which must exist (ZH_NOTFOUND) and is left as it
 * is; groups above it that have no document get one. ZH_FORMAT_MISMATCH, ZH_NESTED_ROOT for an explicit root in the
 * plan. */
ZH_API int zh_create_under(zh_store *s, const char *group, zh_plan *plan, const zh_create_options *opts, zh_error *err);

/* ---- reading ---- */

/* The node at path (a key, normalised as in a plan). format 0: either; where both are, v3's is taken and the handle is
 * ambiguous. ZH_NOTFOUND, with a message; ZH_AMBIGUOUS_NODE: .zarray and .zgroup at one path; ZH_CORRUPT,
 * ZH_UNSUPPORTED. */
ZH_API int zh_get_node(zh_handle **out, zh_store *s, const char *path, int format, zh_error *err);

/* One member of a group; path is relative to the group. error is NULL, or why the node cannot be used: then kind and
 * handle are not meaningful. So is a group told that is a link to a directory it lies in, instead of its members.
 * Another answer than 0 ends the listing (ZH_ABORTED). */
typedef int (*zh_member_fn)(void *payload, const char *path, zh_node_kind kind, zh_handle *node, const zh_error *error);
/* The nodes below the group at path, in the order of zh_plan_get, on the caller's thread. depth 1: its children; 0:
 * all. requests: reads in flight; 0: the store's own number.
 *
 * Members are told while later ones are being read, so a failure to list a group may come after some of them. Memory:
 * the paths of the siblings of what is being read, and the documents of no more than 4096 nodes at one time.
 *
 * ZH_NOTFOUND, with a message: no such group. ZH_INVALID: it is an array. */
ZH_API int zh_list_members(zh_store *s, const char *path, int format, unsigned depth, unsigned requests,
                           zh_member_fn fn, void *payload, zh_error *err);

/* ---- consolidated metadata ---- */

/* Writes those of the group at path anew, from the documents below it. v2: .zmetadata; v3: in zarr.json. Takes
 * zh_store_lock: not to be called where it is held, as from zh_created_fn. */
ZH_API int zh_consolidate(zh_store *s, const char *path, unsigned requests, zh_error *err);

/* ---- checking ---- */

typedef enum zh_finding_kind {
    ZH_FOUND_TEMPORARY,     /* of a creator that was killed. repair: removed */
    ZH_FOUND_UNREACHABLE,   /* a node whose group has no document, or a damaged one; of those that lie in each other
                             * the topmost. remove: with all below it, if its group has none */
    ZH_FOUND_HALF_NODE,     /* v2: .zattrs without .zgroup or .zarray. remove */
    ZH_FOUND_ORPHAN_CHUNKS, /* keys named as the chunks of an array, which is not there. remove */
    ZH_FOUND_BAD_DOCUMENT,  /* not mended */
    ZH_FOUND_BOTH_KINDS,    /* .zarray and .zgroup; not mended */
    ZH_FOUND_BOTH_FORMATS,  /* not mended */
    ZH_FOUND_INSIDE_ARRAY,  /* nodes below an array; not mended */
    ZH_FOUND_STALE_CONSOLIDATED, /* consolidated metadata that are not those of the documents. repair: written anew. A
                                  * .zmetadata without a .zgroup: remove */
    ZH_FOUND_LINK_LOOP           /* a directory that is a link to one that it lies in; not mended, nor looked into */
} zh_finding_kind;
typedef struct zh_finding {
    zh_finding_kind kind;
    const char *path; /* of the node or key */
    bool repaired;    /* rewritten or removed */
    const char *message;
} zh_finding;
/* Called on the thread of zh_check's caller, with the store not locked, in the order of paths; what is repaired is so
 * by then. Another answer than 0 ends the check (ZH_ABORTED): what was repaired stays so, and is flushed. */
typedef int (*zh_finding_fn)(void *payload, const zh_finding *finding);
typedef struct zh_check_stats {
    uint64_t nodes; /* prefixes with a document */
    uint64_t findings, repaired;
} zh_check_stats;

typedef struct zh_check_options {
    unsigned version; /* ZH_CHECK_OPTIONS_VERSION */
    bool repair;      /* mends where nothing can be lost: this library's temporaries are removed, stale consolidated
                       * metadata written anew */
    bool remove; /* repair, and also removes what no reader comes to, which cannot be had back. Only in a store whose
                  * root has a document that can be read, and only where every key below the place is a document by
                  * its name, or a chunk: of an array there, or all of one that is lost. Where anything else lies,
                  * all stays */
    unsigned requests;     /* reads and removals in flight; 0: the store's own number */
    zh_finding_fn finding; /* may be NULL */
    void *payload;
    zh_check_stats *stats; /* filled in, also on failure; may be NULL */
} zh_check_options;
#define ZH_CHECK_OPTIONS_VERSION 1u
#define ZH_CHECK_OPTIONS_INIT                                                                                          \
    {                                                                                                                  \
        ZH_CHECK_OPTIONS_VERSION, false, false, 0, NULL, NULL, NULL                                                    \
    }

/* Looks at the whole store; opts may be NULL. Not into chunks: what a killed writer of a single chunk has left among
 * them is not found. Takes zh_store_lock while it changes something, and looks again at what that is, but the stage of
 * a creator who is still at work is a temporary to it: not to be repaired while others create. Not to be called with
 * repair or remove where the lock is held, as from zh_created_fn: it would wait for ever. Keys that are neither
 * documents, chunks nor temporaries are never changed, nor is anything behind a link.
 *
 * Memory: the paths of the siblings of what is being looked at, and what was found at no more than 4096 prefixes at one
 * time; for each group with consolidated metadata, one after the other, all the documents below it.
 *
 * ZH_NOTFOUND: the root has no document (temporaries are told, and with repair removed, all the same). ZH_READONLY. */
ZH_API int zh_check(zh_store *s, const zh_check_options *opts, zh_error *err);

#ifdef __cplusplus
}
#endif
#endif
