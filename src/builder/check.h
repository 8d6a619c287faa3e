/* check.h - what the files of the checker share: a place is a prefix of the store or a temporary name, what is wrong
 * with it a set of kinds. check.c looks and tells, check_mend.c changes, check_stale.c compares consolidated metadata.
 */
#ifndef ZH_BUILDER_CHECK_H
#define ZH_BUILDER_CHECK_H

#include "base/pool.h"
#include "builder/reader.h"
#include "builder/tree_walk.h"

typedef struct zh_checking {
    zh_store *store;
    zh_pool *pool;
    zh_reader *readers; /* one a worker */
    const zh_check_options *opts;
    bool any;    /* the root has a document */
    bool rooted; /* and it can be read */
    char *gone;  /* the node last removed: what had been found below it went with it */
    bool changed;
    zh_check_stats stats;
} zh_checking;

/* What a prefix lies in. */
typedef enum zh_within {
    WITHIN_GROUP,
    WITHIN_ARRAY,
    WITHIN_NOTHING, /* a prefix without a document, in a group or in another such */
    WITHIN_DAMAGE   /* of a node whose document cannot be read, or a prefix in one */
} zh_within;

typedef struct zh_place {
    zh_tree_item item;
    char *path;
    zh_within within;
    bool is_node;     /* it has a document, for whatever it is worth */
    bool is_readable; /* which can be read */
    bool lone_zmetadata;
    bool consolidated[2]; /* of v2, of v3: there are some to be compared */
    unsigned found;       /* 1 << zh_finding_kind */
    unsigned mended;
    unsigned spared; /* was to be removed, and has other keys below it */
    char *why;       /* of a damaged document or a link; NULL: none */
} zh_place;

static inline bool zh_place_has(unsigned set, zh_finding_kind kind)
{
    return (set & 1u << kind) != 0;
}

/* --- check.c --- */

/* Is there a document at path that makes a node? */
int zh_check_has_node(bool *has, zh_store *s, const char *path, zh_error *err);

/* --- check_mend.c --- */

/* Mends what the options allow, with the store locked and after another look: what has changed meanwhile is left alone,
 * and forgotten if it is not there any more. */
int zh_check_mend(zh_checking *c, zh_place *p, zh_error *err);

/* --- check_stale.c --- */

/* Are the consolidated metadata of the group at path others than they should be? Not where that cannot be said: they or
 * the group are gone, or a member's document is damaged. */
int zh_check_is_stale(bool *stale, zh_checking *c, const char *path, zh_format format, zh_error *err);

#endif
