/* name_index.h - a hash of positions: which entries of somebody's array have this hash?
 *
 * The names stay in the array, the index holds (32-bit hash, position) pairs with open addressing, so
 * it costs 8 bytes a slot and nothing while the array is small (the owner scans up to ZH_INDEX_MIN entries).
 * NULL is an empty index. Not for more than 2^31 entries.
 */
#ifndef ZH_BASE_NAME_INDEX_H
#define ZH_BASE_NAME_INDEX_H

#include "zh/zh.h"

typedef struct zh_name_index zh_name_index;

#define ZH_INDEX_MIN 8u /* owners build an index when they hold more than this */
#define ZH_INDEX_NONE UINT32_MAX

uint32_t zh_index_hash(const char *name, size_t n);
size_t zh_index_count(const zh_name_index *ix);

/* Makes room for one more; an insert after it cannot fail. */
int zh_index_reserve(zh_name_index **ix, zh_error *err);
void zh_index_insert(zh_name_index *ix, uint32_t hash, uint32_t at);
/* The pair must be there. */
void zh_index_remove(zh_name_index *ix, uint32_t hash, uint32_t at);
void zh_index_replace(zh_name_index *ix, uint32_t hash, uint32_t at, uint32_t new_at);
/* Positions above at move down by one (the entry at `at` has been removed before). */
void zh_index_close_gap(zh_name_index *ix, uint32_t at);
void zh_index_free(zh_name_index *ix);

/* Positions whose hash is equal, one a call; the caller compares the names. ZH_INDEX_NONE at the end. */
typedef struct zh_index_cursor {
    uint32_t hash, slot;
    bool started;
} zh_index_cursor;
uint32_t zh_index_next(const zh_name_index *ix, zh_index_cursor *c);

/* All positions in no order: *slot starts at 0. ZH_INDEX_NONE at the end. */
uint32_t zh_index_each(const zh_name_index *ix, uint32_t *slot);

#endif
