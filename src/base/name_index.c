/* name_index.c - open addressing with linear probing; removal shifts the rest of the run back, so that there are no
 * tombstones and a table that saw a million removals is as fast as a new one. */
#include "base/name_index.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/key.h"

typedef struct pair {
    uint32_t hash;
    uint32_t at; /* ZH_INDEX_NONE: free */
} pair;

struct zh_name_index {
    uint32_t mask; /* slots - 1; slots is a power of two */
    uint32_t used;
    pair slots[];
};

uint32_t zh_index_hash(const char *name, size_t n)
{
    uint64_t h = zh_hash_bytes(name, n);

    return (uint32_t)(h ^ (h >> 32));
}

size_t zh_index_count(const zh_name_index *ix)
{
    return ix ? ix->used : 0;
}

void zh_index_free(zh_name_index *ix)
{
    zh_free(ix);
}

/* Up to three quarters of the slots are used. */
static bool has_room(const zh_name_index *ix)
{
    return ix->used < ix->mask - ix->mask / 4;
}

int zh_index_reserve(zh_name_index **ix, zh_error *err)
{
    zh_name_index *old = *ix, *new_ix;
    uint32_t slots = old ? (old->mask + 1) * 2 : 16;
    size_t i, bytes;

    if (old && has_room(old))
        return ZH_OK;
    if (old && old->mask >= UINT32_MAX / 4)
        return zh_error_set(err, ZH_RANGE, "more than 2^30 names in one place");
    bytes = sizeof(*new_ix) + slots * sizeof(pair);
    new_ix = zh_malloc(bytes);
    if (!new_ix)
        return zh_error_nomem(err);
    new_ix->mask = slots - 1;
    new_ix->used = 0;
    for (i = 0; i < slots; i++)
        new_ix->slots[i] = (pair){0, ZH_INDEX_NONE};
    if (old) {
        for (i = 0; i <= old->mask; i++) {
            if (old->slots[i].at != ZH_INDEX_NONE)
                zh_index_insert(new_ix, old->slots[i].hash, old->slots[i].at);
        }
        zh_free(old);
    }
    *ix = new_ix;
    return ZH_OK;
}

void zh_index_insert(zh_name_index *ix, uint32_t hash, uint32_t at)
{
    uint32_t i = hash & ix->mask;

    while (ix->slots[i].at != ZH_INDEX_NONE)
        i = (i + 1) & ix->mask;
    ix->slots[i] = (pair){hash, at};
    ix->used++;
}

/* Slot of the pair, or ZH_INDEX_NONE. */
static uint32_t find_slot(const zh_name_index *ix, uint32_t hash, uint32_t at)
{
    uint32_t i;

    if (!ix)
        return ZH_INDEX_NONE;
    for (i = hash & ix->mask; ix->slots[i].at != ZH_INDEX_NONE; i = (i + 1) & ix->mask) {
        if (ix->slots[i].at == at)
            return i;
    }
    return ZH_INDEX_NONE;
}

void zh_index_remove(zh_name_index *ix, uint32_t hash, uint32_t at)
{
    uint32_t hole = find_slot(ix, hash, at), i, home;

    if (hole == ZH_INDEX_NONE)
        return;
    ix->used--;
    for (i = (hole + 1) & ix->mask; ix->slots[i].at != ZH_INDEX_NONE; i = (i + 1) & ix->mask) {
        home = ix->slots[i].hash & ix->mask;
        if (((i - home) & ix->mask) >= ((i - hole) & ix->mask)) {
            ix->slots[hole] = ix->slots[i];
            hole = i;
        }
    }
    ix->slots[hole].at = ZH_INDEX_NONE;
}

void zh_index_replace(zh_name_index *ix, uint32_t hash, uint32_t at, uint32_t new_at)
{
    uint32_t i = find_slot(ix, hash, at);

    if (i != ZH_INDEX_NONE)
        ix->slots[i].at = new_at;
}

void zh_index_close_gap(zh_name_index *ix, uint32_t at)
{
    uint32_t i;

    if (!ix)
        return;
    for (i = 0; i <= ix->mask; i++) {
        if (ix->slots[i].at != ZH_INDEX_NONE && ix->slots[i].at > at)
            ix->slots[i].at--;
    }
}

uint32_t zh_index_next(const zh_name_index *ix, zh_index_cursor *c)
{
    uint32_t i;

    if (!ix)
        return ZH_INDEX_NONE;
    i = c->started ? (c->slot + 1) & ix->mask : c->hash & ix->mask;
    c->started = true;
    for (; ix->slots[i].at != ZH_INDEX_NONE; i = (i + 1) & ix->mask) {
        if (ix->slots[i].hash == c->hash) {
            c->slot = i;
            return ix->slots[i].at;
        }
    }
    c->slot = (i - 1) & ix->mask; /* asked again, it stays at the end */
    return ZH_INDEX_NONE;
}

uint32_t zh_index_each(const zh_name_index *ix, uint32_t *slot)
{
    if (!ix)
        return ZH_INDEX_NONE;
    for (; *slot <= ix->mask; (*slot)++) {
        if (ix->slots[*slot].at != ZH_INDEX_NONE)
            return ix->slots[(*slot)++].at;
    }
    return ZH_INDEX_NONE;
}
