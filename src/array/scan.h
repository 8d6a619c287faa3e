/* scan.h - lists of chunks: those that the store has got, and those that a change of shape touches. Internal to the
 * array layer. */
#ifndef ZH_ARRAY_SCAN_H
#define ZH_ARRAY_SCAN_H

#include "array/chunk.h"

typedef struct zh_chunk_list {
    unsigned rank;
    uint64_t *index; /* n * rank */
    size_t n, cap;
} zh_chunk_list;

#define ZH_CHUNK_LIST_INIT(r)                                                                                          \
    {                                                                                                                  \
        (r), NULL, 0, 0                                                                                                \
    }

void zh_chunk_list_dispose(zh_chunk_list *l);
int zh_chunk_list_add(zh_chunk_list *l, const uint64_t *chunk, zh_error *err);
const uint64_t *zh_chunk_list_at(const zh_chunk_list *l, size_t i);

/* Adds the chunks that the store lists, also those outside of the shape. */
int zh_chunk_scan(const zh_array *a, zh_chunk_list *out, zh_error *err);
/* Whether some of the chunk's cells lie inside the shape. */
bool zh_chunk_in_grid(const zh_array_meta *m, const uint64_t *chunk);

#endif
