/* builder_fixture.h - plans from short text, stores of every kind, and what a store holds as text. */
#ifndef BUILDER_FIXTURE_H
#define BUILDER_FIXTURE_H

#include "base/alloc.h"
#include "support.h"

#include "store_fault.h"
#include "zh/hierarchy.h"

typedef enum store_kind {
    IN_MEMORY,
    IN_MEMORY_IN_PLACE,
    IN_DIRECTORY,
    IN_DIRECTORY_IN_PLACE,
    IN_ZIP,
    STORE_KINDS, /* those that for_each goes through */
    IN_MEMORY_NO_EXCHANGE = STORE_KINDS,
    IN_DIRECTORY_NO_EXCHANGE
} store_kind;

/* Runs body for each kind of store and both formats, in a fresh place each time. */
void for_each(void (*body)(store_kind kind, zh_format format));
const char *kind_name(store_kind kind);
bool is_in_place(store_kind kind);

/* A new, empty store, behind the decorator of store_fault.h (so that calls can be counted and made to fail). */
zh_store *new_store(store_kind kind);

/* Lines "g KEY ATTRIBUTES" and "a KEY ATTRIBUTES", attributes being a JSON object or nothing; a line "g" is the root.
 * Not finished. An array is of float32, (4, 6) in chunks of (2, 3); "d KEY ATTRIBUTES" is one with the separator that
 * is not the format's own. */
zh_plan *make_plan(zh_format format, const char *lines);
/* The same, finished. */
zh_plan *plan_of(zh_format format, const char *lines);
/* zh_plan_finish of the lines must answer the code, and the message hold the text. */
void plan_fails(zh_format format, const char *lines, int code, const char *text);

/* Elements of such an array, all of one value; *value: what they all are, or NAN. */
int write_elements(zh_handle *h, float value, zh_error *err);
int read_elements(zh_handle *h, float *value, zh_error *err);

/* What a creation reported: "g a\n" and "a a/b\n", sorted. */
typedef struct report {
    char text[1 << 16];
    size_t n;              /* callbacks */
    size_t stop_at;        /* answers 1 at this one; 0: never */
    float value;           /* written into each array; 0: nothing is. If it cannot be, the answer is 1 */
    unsigned problems[64]; /* by minus their code */
} report;
int on_created(void *payload, const char *path, zh_node_kind kind, zh_handle *node);
void on_problem(void *payload, const zh_problem *problem);
zh_create_options options_of(report *r);
/* The lines of text, sorted, in a static buffer. */
const char *sorted(const char *text);

/* Creates the lines and fails the test unless that works; frees the plan. */
void create(zh_store *s, zh_format format, const char *lines);
/* Creates; the code must be this one. Returns what was reported (static). */
report *create_with(zh_store *s, zh_format format, const char *lines, bool overwrite, int code);

/* All keys and values, and temporaries if there are any, as sorted text; the caller frees. */
char *snapshot(zh_store *s);
bool has_temporaries(zh_store *s);
/* The members of the root, "g a {attributes}\n" each, in order; static. */
const char *members(zh_store *s, zh_format format);
void put_key(zh_store *s, const char *key, const char *text);
bool has_key(zh_store *s, const char *key);
/* The key of the document that makes a node, "a/zarr.json"; static. */
const char *document_key(zh_format format, zh_node_kind kind, const char *path);

#endif
