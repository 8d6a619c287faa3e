/* resize.c - changing an array's shape.
 *
 * Invariant: cells of a chunk that lie outside of the shape hold the fill value, in the cache and in what this library
 * writes. So growing touches nothing, and shrinking has to restore it: chunks outside the new shape go, those that it
 * cuts are refilled. The chunks concerned are found by their index where they are few, otherwise by listing the store,
 * so that the cost never grows with the shape. The shape is set last.
 */
#include "array/chunk_cache.h"
#include "array/scan.h"

#include "base/alloc.h"
#include "base/error.h"
#include "meta/grid.h"

#include <string.h>

#define FEW_CHUNKS 256 /* asking the store for this many is cheaper than listing */

typedef struct resize {
    zh_array *a;
    const uint64_t *shape;       /* the new one */
    uint64_t first[ZH_MAX_RANK]; /* of each axis: first chunk that is cut or goes, its grid count if none */
    zh_chunk_list list;          /* chunks concerned that may be stored */
} resize;

/* 0: the chunk stays as it is; 1: some of its cells go; 2: all of them. */
static int concerned(const resize *r, const uint64_t *chunk)
{
    const zh_array_meta *m = r->a->meta;
    int answer = 0;

    for (unsigned i = 0; i < m->rank; i++) {
        if (chunk[i] < r->first[i] || r->shape[i] >= m->shape[i])
            continue;
        if (chunk[i] > r->first[i] || r->shape[i] % m->chunk[i] == 0)
            return 2;
        answer = 1;
    }
    return answer;
}

static int refill(const resize *r, const uint64_t *chunk, void *cells, zh_error *err)
{
    const zh_array_meta *m = r->a->meta;
    uint64_t inside[ZH_MAX_RANK];

    for (unsigned i = 0; i < m->rank; i++) {
        uint64_t left = r->shape[i] - chunk[i] * m->chunk[i];

        inside[i] = left < m->chunk[i] ? left : m->chunk[i];
    }
    return zh_cells_fill_outside(&r->a->cell, cells, m->rank, m->chunk, inside, err);
}

/* --- which chunks ------------------------------------------------------------------------------------------- */

/* Chunks of the old grid that are concerned; UINT64_MAX if that overflows. */
static uint64_t count_concerned(const resize *r)
{
    const zh_array_meta *m = r->a->meta;
    uint64_t total, kept = 1;

    if (!zh_grid_total(m, &total))
        return UINT64_MAX;
    for (unsigned i = 0; i < m->rank; i++)
        kept *= r->first[i]; /* no more than total */
    return total - kept;
}

/* Adds the concerned chunks whose indices on the axes before `axis` are set: the union of slabs, each chunk once. */
static int add_slabs(resize *r, unsigned axis, bool is_concerned, uint64_t *chunk, zh_error *err)
{
    const zh_array_meta *m = r->a->meta;
    int rc = ZH_OK;

    if (axis == m->rank)
        return is_concerned ? zh_chunk_list_add(&r->list, chunk, err) : ZH_OK;
    for (uint64_t i = 0; i < zh_grid_count(m, axis) && rc == ZH_OK; i++) {
        bool now = is_concerned || (r->shape[axis] < m->shape[axis] && i >= r->first[axis]);

        if (!now && axis + 1 == m->rank) {
            i = r->first[axis] - 1; /* the loop goes on with the first that is concerned */
            continue;
        }
        chunk[axis] = i;
        rc = add_slabs(r, axis + 1, now, chunk, err);
    }
    return rc;
}

static int find_concerned(resize *r, zh_error *err)
{
    zh_chunk_list all = ZH_CHUNK_LIST_INIT(r->list.rank);
    uint64_t chunk[ZH_MAX_RANK];
    uint64_t total = 0;
    int rc;

    /* The walk visits chunks that stay, too. */
    if (zh_grid_total(r->a->meta, &total) && total <= FEW_CHUNKS * 16 && count_concerned(r) <= FEW_CHUNKS)
        return add_slabs(r, 0, false, chunk, err);
    rc = zh_chunk_scan(r->a, &all, err);
    for (size_t i = 0; i < all.n && rc == ZH_OK; i++) {
        const uint64_t *found = zh_chunk_list_at(&all, i);

        if (zh_chunk_in_grid(r->a->meta, found) && concerned(r, found))
            rc = zh_chunk_list_add(&r->list, found, err);
    }
    zh_chunk_list_dispose(&all);
    return rc;
}

/* --- what happens to them ----------------------------------------------------------------------------------- */

/* Cut chunks in the cache. */
static int refill_entries(resize *r, zh_error *err)
{
    zh_array *a = r->a;

    for (zh_centry *e = a->entries; e; e = e->next_of_array) {
        size_t before;
        int rc;

        e->op = a->cache->op; /* it stays while this goes on */
        if (concerned(r, e->index) != 1)
            continue;
        before = zh_cells_heap(&a->cell, e->cells, a->cells);
        rc = refill(r, e->index, e->cells, err);
        zh_cache_charge_heap(e, (ptrdiff_t)zh_cells_heap(&a->cell, e->cells, a->cells) - (ptrdiff_t)before);
        zh_cache_mark_dirty(e);
        if (rc < 0)
            return zh_chunk_blame(a, e->index, rc, err);
    }
    return ZH_OK;
}

/* Cut chunks that are not in the cache: those that are there already are left out of the list. */
static int refill_stored(const resize *r, const uint64_t *chunk, zh_worker *w, zh_error *err)
{
    zh_array *a = r->a;
    void *cells = zh_worker_cells(w, a);
    bool stored;
    int rc;

    if (!cells)
        return zh_error_nomem(err);
    rc = zh_chunk_load(a, w, chunk, cells, &stored, err);
    if (rc < 0)
        return rc;
    if (stored) {
        rc = zh_chunk_blame(a, chunk, refill(r, chunk, cells, err), err);
        if (rc == ZH_OK)
            rc = zh_chunk_store(a, w, chunk, cells, err);
    }
    zh_cells_clear(&a->cell, cells, a->cells);
    return rc;
}

static int apply(void *payload, size_t i, zh_worker *w, zh_error *err)
{
    resize *r = payload;
    const uint64_t *chunk = zh_chunk_list_at(&r->list, i);

    return concerned(r, chunk) == 2 ? zh_chunk_erase(r->a, w, chunk, err) : refill_stored(r, chunk, w, err);
}

/* Takes the cut chunks that the cache holds off the list: they are written from there. */
static void leave_out_cached(resize *r)
{
    size_t kept = 0, row = r->list.rank;

    for (size_t i = 0; i < r->list.n; i++) {
        const uint64_t *chunk = zh_chunk_list_at(&r->list, i);

        if (concerned(r, chunk) == 1 && zh_cache_find(r->a, chunk))
            continue;
        memmove(r->list.index + kept++ * row, chunk, row * sizeof(*chunk));
    }
    r->list.n = kept;
}

static void drop_entries_outside(resize *r)
{
    zh_centry *next;

    for (zh_centry *e = r->a->entries; e; e = next) {
        next = e->next_of_array;
        if (concerned(r, e->index) == 2)
            zh_cache_drop(e);
    }
}

static int shrink(resize *r, zh_error *err)
{
    int rc;

    rc = find_concerned(r, err);
    if (rc == ZH_OK)
        rc = refill_entries(r, err);
    if (rc < 0)
        return rc;
    leave_out_cached(r);
    rc = zh_cache_run(r->a->cache, r->list.n, r->a->bytes, apply, r, err);
    if (rc == ZH_OK)
        drop_entries_outside(r);
    return rc;
}

int zh_array_resize(zh_array *a, const uint64_t *shape, zh_error *err)
{
    zh_array_meta *m = a->meta;
    zh_sel all = {.kind = ZH_SEL_ALL, .rank = m->rank};
    resize r = {.a = a, .shape = shape, .list = ZH_CHUNK_LIST_INIT(m->rank)};
    bool shrinks = false;
    uint64_t n;
    int rc;

    if (!(zh_store_caps(a->store) & ZH_STORE_WRITE))
        return zh_array_blame(a, zh_error_set(err, ZH_READONLY, "the store is open for reading only"), err);
    rc = zh_sel_npoints(&all, shape, &n, err);
    if (rc < 0)
        return zh_array_blame(a, rc, err);
    for (unsigned i = 0; i < m->rank; i++) {
        bool less = shape[i] < m->shape[i];

        r.first[i] = less ? shape[i] / m->chunk[i] : zh_grid_count(m, i);
        shrinks = shrinks || less;
    }
    if (shrinks) {
        zh_cache_begin(a->cache);
        rc = zh_cache_end(a->cache, shrink(&r, err), err);
        zh_chunk_list_dispose(&r.list);
        if (rc < 0)
            return rc;
    }
    if (m->rank > 0)
        memmove(m->shape, shape, m->rank * sizeof(*shape));
    return ZH_OK;
}
