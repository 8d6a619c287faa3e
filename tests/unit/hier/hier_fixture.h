/* hier_fixture.h - what the tests of the hierarchy share: stores that outlive their tree, array metas, a tree as text,
 * random numbers. */
#ifndef HIER_FIXTURE_H
#define HIER_FIXTURE_H

#include "base/alloc.h"
#include "support.h"

#include "hier/tree.h"
#include "store_fault.h"

/* xorshift64*: the same numbers everywhere. */
uint64_t rng_next(uint64_t *state);
uint64_t rng_below(uint64_t *state, uint64_t n);

/* A store that passes everything on to inner and leaves it open when it is closed: what a tree wrote into memory can be
 * looked at, and opened by another tree. before(payload) is asked before each call that writes or erases; NULL: nobody.
 */
zh_store *borrow_store(zh_store *inner);
void borrow_store_set(zh_store *s, void (*before)(void *payload), void *payload);

zh_store *memory_store(void); /* fails the test if it cannot be had */
zh_tree *create_tree(zh_store *store, zh_format format,
                     unsigned threads); /* fails the test on failure; store is taken */
zh_tree *open_tree(zh_store *store, unsigned threads);
void flush_tree(zh_tree *t);

/* int32, little-endian, no codec. chunk NULL: one chunk. */
zh_array_meta *int_meta(zh_format format, unsigned rank, const uint64_t *shape, const uint64_t *chunk);

/* Parent is found by path ("/", "/a/b"); fail the test on failure. */
zh_node *node_at(zh_tree *t, const char *path);
zh_node *add_group(zh_tree *t, const char *parent, const char *name);
zh_node *add_array(zh_tree *t, const char *parent, const char *name, uint64_t n, uint64_t chunk); /* 1-D int32 */
void write_ints(zh_node *node, const int32_t *values); /* all of a 1-D array */
void read_ints(zh_node *node, int32_t *values);

/* Everything a user could see, one line a node in depth-first order of names, values of arrays of up to 64 ints
 * included. The caller frees with free(). */
char *tree_text(zh_tree *t);

/* The value of a key as text, NULL if there is none; the caller frees with free(). */
char *stored_text(zh_store *s, const char *key);
bool is_stored(zh_store *s, const char *key);
void store_text(zh_store *s, const char *key, const char *text);
/* All keys, one a line, sorted. The caller frees with free(). */
char *stored_keys(zh_store *s);

#endif
