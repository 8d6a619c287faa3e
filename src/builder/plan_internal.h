/* plan_internal.h - what a plan is made of, for the files of this folder.
 *
 * An entry is one node. Keys and texts lie in the plan's arena; an implicit group's path is a slice of a key below it.
 * After zh_plan_finish the entries are in the order of their paths, '/' before every other byte: a group stands before
 * all that is in it, and a subtree is one run of entries.
 */
#ifndef ZH_BUILDER_PLAN_INTERNAL_H
#define ZH_BUILDER_PLAN_INTERNAL_H

#include "base/arena.h"
#include "base/json.h"
#include "meta/meta.h"
#include "zh/buf.h"
#include "zh/plan.h"

#define ZH_ENTRY_NONE UINT32_MAX
/* Room that a node's path leaves for the keys of its documents, also below a temporary prefix. */
#define ZH_PATH_ROOM 96u
#define ZH_PATH_ROOM_UNCHECKED 16u /* which are written at their places */

typedef struct zh_entry {
    const char *path;    /* path_len bytes, not NUL-terminated; before zh_plan_finish the key as given */
    const char *given;   /* the key as given, NUL-terminated; NULL: implicit */
    zh_array_meta *meta; /* an array given as a spec; owned unless shares_meta */
    union {
        const char *document;         /* given as JSON: zarr.json, .zgroup or .zarray, ready to be written; else NULL */
        const zh_node_source *source; /* from_source */
    };
    union {
        const char *attributes; /* members of the attributes object, without braces; NULL: none */
        void *node;             /* from_source */
    };
    uint32_t path_len;
    uint32_t document_len;
    uint32_t attributes_len;
    uint32_t parent; /* ZH_ENTRY_NONE: the root, and everywhere in an unchecked plan */
    uint32_t end;    /* the entries of its subtree are this one up to end - 1 */
    uint8_t kind;    /* zh_node_kind */
    uint8_t format;  /* zh_format */
    bool from_source : 1;
    bool has_attributes : 1; /* from_source */
    bool shares_meta : 1;    /* with an entry that was added before it */
} zh_entry;

struct zh_plan {
    zh_entry *entry;
    uint32_t n, cap;
    uint32_t n_given;
    zh_arena arena;
    zh_format format; /* of all entries; of a finished, checked plan that is not empty */
    bool finished;
    bool broken; /* zh_plan_finish has failed */
    bool unchecked;
    zh_buf scratch;

    zh_array_meta *last_meta; /* of the array added last: many are like the one before them. An entry's */
    /* The codecs last parsed: arrays that are added in a row mostly have the same. */
    char *codecs_text;
    zh_format codecs_format;
    zh_codec_spec *codecs;
    unsigned ncodecs;
    uint8_t codecs_order;
};

/* plan_build.c */
char *zh_plan__copy(zh_plan *p, const char *text, size_t n, zh_error *err); /* with a NUL; NULL on failure */
/* A new entry with its key copied, at the end; not counted in p->n before zh_plan__commit. */
int zh_plan__new_entry(zh_entry **out, zh_plan *p, const char *key, size_t n, zh_error *err);
void zh_plan__commit(zh_plan *p);

/* plan_json.c: the text of an object to its members, compact, in the arena. *out NULL: there are none. */
int zh_plan__members(const char **out, uint32_t *len, zh_plan *p, const zh_json *object, const char *const *skip,
                     zh_error *err);
int zh_plan__attributes(zh_entry *e, zh_plan *p, const char *text, zh_error *err);

/* plan_finish.c: the order of a plan's entries, '/' before every other byte. */
int zh_plan__compare(const char *a, uint32_t n_a, const char *b, uint32_t n_b);

/* plan_key.c: n bytes at key to the normal form, in place; *n becomes its length. ZH_OK or a code with a message that
 * does not name the key. */
int zh_plan__normalise(char *key, size_t *n, bool backslash_is_slash, zh_error *err);
/* strict: neither a name that the format keeps for later versions, nor a key with no room for a stage. */
int zh_plan__check_path(const char *path, size_t n, zh_format format, bool strict, zh_error *err);
/* A path that a caller gave, to its normal form with a NUL in out (zh_malloc'ed). */
int zh_plan__path_of(char **out, const char *given, zh_error *err);

#endif
