/* creation.h - one creation of a plan in a store, for the files of this folder.
 *
 * States of a plan's entry, by what the store has at its path (conflicts.c):
 *   NEW       nothing: made under the stage, or in place below something new
 *   PLACE     no document, but other keys, or the store's root: its document is put where it belongs, after all that is
 *             new below it
 *   KEPT      an existing group, for an implicit one: left alone
 *   REPLACED  an explicit node over something, with overwrite: what is there is exchanged for the new subtree
 * All entries below a NEW or REPLACED one are NEW. A *top* is a NEW or REPLACED entry whose parent is KEPT or PLACE; in
 * place, a REPLACED one.
 *
 * Two ways to make them, by what the store can do:
 *   staged    (ZH_STORE_MOVE) the subtree of each top is written below a temporary prefix, `stage`/<number of the top>,
 *             then, with the store locked, all tops are moved to their places, and the documents of PLACE entries put,
 *             deepest first.
 *   in place  documents below new nodes first, then those over old ones and of PLACE entries, the deepest first. The
 *             store is locked throughout (in_place.c).
 * What was done is noted in a journal, by which a failure is undone.
 */
#ifndef ZH_BUILDER_CREATION_H
#define ZH_BUILDER_CREATION_H

#include "builder/entry_docs.h"
#include "builder/old_keys.h"
#include "builder/plan_internal.h"
#include "builder/problems.h"
#include "builder/writer.h"
#include "zh/hierarchy.h"

#include <pthread.h>
#include <stdatomic.h>

typedef enum zh_entry_state { ZH_AT_NEW, ZH_AT_PLACE, ZH_AT_KEPT, ZH_AT_REPLACED, ZH_AT_ABSENT } zh_entry_state;

/* An existing group with consolidated metadata, which are about to become stale. */
typedef struct zh_stale {
    char *path;   /* in the store */
    zh_buf value; /* the document (v3) or .zmetadata (v2) as it was */
} zh_stale;

typedef struct zh_deliveries zh_deliveries;

typedef enum zh_deed {
    ZH_DID_MOVE,      /* from the stage to where there was nothing */
    ZH_DID_EXCHANGE,  /* for what was there */
    ZH_DID_ASIDE,     /* what was there, to below the stage */
    ZH_DID_PUT,       /* a document was put or erased */
    ZH_DID_KEEP,      /* a value was copied to below the stage and erased */
    ZH_DID_ROOT_ARRAY /* from now on chunks in the root are those of a new array */
} zh_deed;
typedef struct zh_done {
    zh_deed deed;
    char *key;  /* path or key that was changed; owned */
    char *from; /* MOVE, EXCHANGE, ASIDE, KEEP: the place under the stage; owned */
    zh_buf old; /* PUT: what was there. ROOT_ARRAY: names of chunks that were there, each with its NUL */
    bool had_old;
} zh_done;

typedef struct zh_creation {
    zh_store *store;
    zh_plan *plan;
    zh_create_options opts;
    const char *group; /* the path that the plan's keys are relative to */
    size_t group_len;
    bool under; /* there must be a group at that path */
    zh_pool *pool;
    zh_writer *writer;
    zh_problems problems;

    uint8_t *state; /* zh_entry_state of each entry */
    uint32_t *top;  /* number of the top that an entry is below or is; ZH_ENTRY_NONE */
    uint32_t *tops; /* entries, in order */
    uint32_t n_tops;
    uint8_t *written; /* documents of each entry that were put in place, without being noted in the journal */
    zh_old_keys old;  /* in place: what is to go where nodes are replaced */
    uint32_t *items;  /* entries of one phase */
    uint32_t n_items;
    unsigned item_flags;  /* of the phase: enum zh_put_flags of each node's last document… */
    bool keeps_implicit;  /* unchecked: a group that is there stands for an implicit one */
    bool clears;          /* v2: documents that the node does not have are erased after its own are put */
    bool looks_first;     /* v2: a node of either kind at the path is ZH_EXISTS, before its attributes are touched */
    unsigned early_flags; /* …and of one before it */

    bool staged;
    bool folds;     /* the store takes different names for one */
    char stage[64]; /* a temporary prefix of its own */
    bool stage_used;
    bool fresh; /* when all is done the plan is all that the store has */
    bool consolidated_written;

    zh_stale *stale;
    size_t n_stale;
    pthread_mutex_t mutex; /* guards the journal, lost and stale */
    zh_done *journal;
    size_t n_journal, cap_journal;
    uint32_t lost;             /* an entry whose place another creator has taken; ZH_ENTRY_NONE */
    zh_deliveries *deliveries; /* NULL: nobody wants to know */
} zh_creation;

/* --- creation.c: paths and keys --- */

/* Appends the entry's path in the store. */
int zh_creation_path(const zh_creation *c, uint32_t i, zh_buf *out, zh_error *err);
/* Appends where the entry is written: under the stage if it has a top there, else its path. */
int zh_creation_place(const zh_creation *c, uint32_t i, zh_buf *out, zh_error *err);
/* path + "/" + document into out, NUL-terminated; borrowed from out. NULL on failure. */
const char *zh_creation_key(zh_buf *out, const char *document, zh_error *err);
uint32_t zh_creation_next_child(const zh_creation *c, uint32_t group, uint32_t child); /* child 0: the first */

/* The entry at a path that is relative as the plan's are; ZH_ENTRY_NONE. */
uint32_t zh_creation_find(const zh_creation *c, const char *path, size_t n);

/* What has been stored is there for others, and lies on the medium if that was asked for. */
int zh_creation_flush(const zh_creation *c, zh_error *err);

/* --- spelling.c: for stores that take different names for one --- */

/* Siblings of the plan that the store does not tell apart are problems. Puts temporary keys, and takes them away. */
int zh_spelling_of_plan(zh_creation *c, zh_error *err);
/* Is what stands at the entry's path there under this very name? */
int zh_spelling_is_exact(bool *out, const zh_creation *c, uint32_t i, zh_error *err);

/* --- conflicts.c --- */

/* What stands in the store where the plan's nodes are to be; fills in state and stale. Reads only. Conflicts go to
 * c->problems. */
int zh_scan(zh_creation *c, zh_error *err);
/* With the store locked, before anything of it is changed: what was kept, or found without a document, may have been
 * replaced since. Conflicts as above; stale is filled in anew. Uses items. */
int zh_scan_again(zh_creation *c, zh_error *err);
/* The node at a path: *kind -1: no document. For a race lost. */
int zh_scan_kind(int *kind, zh_store *s, const char *path, zh_format format, zh_error *err);

/* --- write.c --- */

/* Writes the documents of c->items with c->item_flags, and reports each node. */
int zh_write_items(zh_creation *c, zh_error *err);
/* All documents of n entries at their own paths, in no order, noted in the journal; the last one of each exclusively,
 * but over what is there for `replace`, and in place for what is below a top. Those are not reported yet. */
int zh_write_noted(zh_creation *c, const uint32_t *entry, size_t n, bool replace, zh_error *err);
int zh_write_in_place(zh_creation *c, uint32_t i, bool replace, zh_error *err); /* of one */

/* The documents of the root, last of all; with its consolidated metadata if they are wanted and the plan is all there
 * is. replace: over what was there. */
int zh_write_root(zh_creation *c, bool replace, zh_error *err);

/* --- moves.c: each noted in the journal. ZH_NOTFOUND without a message: there is nothing --- */
char *zh_move_path(const zh_creation *c, uint32_t i, zh_error *err); /* the caller frees; NULL on failure */
int zh_move_in(zh_creation *c, uint32_t i, zh_error *err);           /* from the stage to the entry's path */
int zh_move_exchange(zh_creation *c, uint32_t i, zh_error *err);
/* What is at key goes below the stage. key is taken, also on failure (NULL: no memory); number: no two moves have one;
 * returns: should the process die, zh_restore puts it back. */
int zh_move_aside(zh_creation *c, char *key, size_t number, bool returns, zh_error *err);
/* One of the three moving deeds, or the way back. Not noted. */
int zh_move_once(const zh_creation *c, zh_deed deed, const char *key, const char *from, bool back, zh_error *err);
char *zh_aside_name(const zh_creation *c, size_t number, zh_error *err); /* "stage/old-<number>"; the caller frees */

/* --- replace_root.c: the new members are at their places --- */
int zh_replace_root(zh_creation *c, zh_error *err);

/* --- stage.c, in_place.c: everything from the scan to the published hierarchy --- */
int zh_create_staged(zh_creation *c, zh_error *err);
int zh_create_in_place(zh_creation *c, zh_error *err);

/* --- journal.c --- */

/* Takes key and from (NULL is fine for from) on success. */
int zh_journal_add(zh_creation *c, zh_deed deed, char *key, char *from, const zh_buf *old, zh_error *err);
/* A key is erased, and what it held kept, to be put back. An absent one is fine. */
int zh_journal_erase(zh_creation *c, const char *name, zh_error *err);
/* The same for one that may be large: it is kept below the stage. */
int zh_journal_keep(zh_creation *c, const char *name, zh_error *err);
/* Before the document of a new array is put at the root: what chunks are there are not its own. */
int zh_journal_root_array(zh_creation *c, zh_error *err);
/* Undoes everything, the last first. ZH_PARTIAL, with the cause that stands in err kept, if something could not be. */
int zh_journal_undo(zh_creation *c, int cause, zh_error *err);
void zh_journal_free(zh_creation *c);

/* --- stale.c: consolidated metadata --- */
int zh_stale_add(zh_creation *c, const char *path, const void *value, size_t n, zh_error *err);
/* Does the text of a v3 group carry consolidated metadata? */
int zh_stale_has(bool *has, const zh_buf *document, zh_error *err);
int zh_stale_probe_above(zh_creation *c, zh_error *err); /* groups above c->group */
/* From any thread: a group that another creator has made since the scan. What it has is dropped at once. */
int zh_stale_late(zh_creation *c, const char *path, zh_error *err);
int zh_stale_drop(zh_creation *c, zh_error *err);
int zh_stale_renew(zh_creation *c, zh_error *err); /* as opts.consolidated says */
void zh_stale_free(zh_creation *c);

/* --- deliver.c: telling the caller --- */

int zh_deliveries_new(zh_creation *c, zh_error *err);
void zh_deliveries_free(zh_creation *c);
/* From any thread: the entry's documents are stored. */
void zh_deliveries_add(zh_creation *c, uint32_t i);
/* On the caller's thread: calls back for what is there. ZH_ABORTED. */
int zh_deliveries_run(zh_creation *c, zh_error *err);
/* Has the caller been told of the entry while it was at its own path? Chunks of it may be there. */
bool zh_deliveries_told(const zh_creation *c, uint32_t i);
void zh_deliveries_moved(zh_creation *c);  /* kept handles: the tops have moved to their places */
void zh_deliveries_failed(zh_creation *c); /* kept handles are of nodes that are gone */

#endif
