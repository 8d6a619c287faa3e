/* model.h - an array as a flat block of memory: what the array layer is compared with. And random arrays, selections
 * and values. */
#ifndef ARRAY_MODEL_H
#define ARRAY_MODEL_H

#include "array_fixture.h"

typedef struct model {
    const zh_array_meta *meta; /* borrowed; its shape is not looked at after model_open */
    unsigned rank;
    uint64_t shape[ZH_MAX_RANK];
    size_t n; /* cells */
    size_t cell;
    bool variable;
    uint8_t *cells; /* variable kinds: zh_vlen, each with data of malloc */
} model;

void model_open(model *m, const zh_array_meta *meta); /* all fill */
void model_close(model *m);
void model_resize(model *m, const uint64_t *shape);
void model_write(model *m, const zh_sel *sel, const void *packed);

/* Reads the selection from the array and fails the test where it differs from the model. */
void model_compare(const model *m, zh_array *a, const zh_sel *sel);
void model_compare_all(const model *m, zh_array *a);
/* n cells of random values that the type allows; freed with model_free_packed. */
void *random_packed(rng *r, const zh_array_meta *meta, size_t n);
void model_free_packed(const zh_array_meta *meta, void *packed, size_t n);

/* A selection inside shape; runs has room for most_runs. */
zh_sel random_selection(rng *r, unsigned rank, const uint64_t *shape, zh_run *runs, size_t most_runs);
size_t selected(const zh_sel *s, const uint64_t *shape);

/* An array of any kind, format, codecs, fill value and grid, with no more than about 2000 elements. */
zh_array_meta *random_meta(rng *r);
void random_shape(rng *r, const zh_array_meta *m, uint64_t *shape);
const char *describe(const zh_array_meta *m); /* one line for messages; static memory */

#endif
