/* deeds.h - creations of every sort, to be made to fail, to be killed, and to be left without memory. */
#ifndef DEEDS_H
#define DEEDS_H

#include "builder_fixture.h"

typedef enum deed_how { HIERARCHY, UNDER, ROOTED } deed_how;

typedef struct deed {
    const char *name;
    const char *before; /* lines that are created first */
    const char *bare;   /* the same by zh_create_nodes: groups need not have documents; NULL: none */
    const char *key;    /* a key that is there too; NULL: none */
    bool foreign;       /* it belongs to no hierarchy: it stays */
    bool old_chunks;    /* arrays of before have chunks */
    bool consolidated;  /* the root before has consolidated metadata */
    deed_how how;
    const char *group; /* UNDER */
    const char *plan;
    bool overwrite;
    bool writes; /* the callback writes chunks into each array */
    zh_consolidation after;
} deed;

extern const deed deeds[];
extern const size_t n_deeds;

void deed_prepare(zh_store *s, zh_format format, const deed *d);
/* Everything but the creation is done with all the memory there is, under the hook only the creation itself. Where the
 * deed writes there is a callback in any case. r may be NULL. */
int deed_run(zh_store *s, zh_format format, const deed *d, unsigned requests, report *r, zh_error *err);
int deed_run_without_memory(zh_store *s, zh_format format, const deed *d, zh_alloc_fault *fault, zh_error *err);

/* The root and all below it as a reader finds them, "g a {attributes}\n" each, "? a\n" for one that has documents of
 * two kinds; static. */
const char *nodes(zh_store *s, zh_format format);

/* Every array of the plan has the elements that were written, and none that were there before. */
void deed_check_elements(zh_store *s, const deed *d, zh_format format);

/* What the store holds when nothing goes wrong: snapshot() and nodes(), with the elements checked; the caller frees
 * both. */
void deed_wanted(store_kind kind, zh_format format, const deed *d, char **snapshot_after, char **nodes_after);

#endif
