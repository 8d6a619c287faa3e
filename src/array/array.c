/* array.c - opening and closing an array, reading and writing its elements.
 *
 * An array is OPEN from zh_array_open to zh_array_close; zh_array_resize keeps it OPEN, with the old shape if it fails.
 *
 * One read or write: the plan gives pieces, at most ZH_PLAN_BATCH at a time. Those whose chunk is in the cache are
 * copied at once by the calling thread; the others become tasks, one chunk each, that run on the pool. A task may fill
 * a cache entry that was made for it, but only the calling thread adds, drops or marks entries (settle), after the
 * tasks have ended.
 */
#include "array/chunk_cache.h"
#include "array/plan.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/jsonw.h"
#include "meta/fill.h"

#include <pthread.h>
#include <string.h>

#define SMALL_CHUNK ((size_t)64 << 10)  /* a single one that is written whole waits in the cache */
#define RANGE_COST ((size_t)32 << 10)   /* one read by range costs as much as reading this many bytes */
#define RANGE_LARGE ((size_t)256 << 10) /* a range is worth its cost every time */
#define RANGE_TOUCHES 8                 /* smaller ones of one chunk before it is loaded */

/* --- opening and closing ------------------------------------------------------------------------------------ */

static int set_fill_cell(zh_array *a, zh_error *err)
{
    const unsigned char *p;
    int rc;

    a->cell.fill = zh_calloc(1, a->cell.size);
    if (!a->cell.fill)
        return zh_error_nomem(err);
    rc = zh_fill_cells(a->meta, a->cell.fill, 1, err);
    if (rc < 0) {
        memset(a->cell.fill, 0, a->cell.size); /* owns nothing */
        return rc;
    }
    p = a->cell.fill;
    a->cell.fill_is_zero = true;
    for (size_t i = 0; i < a->cell.size; i++)
        a->cell.fill_is_zero = a->cell.fill_is_zero && p[i] == 0;
    return ZH_OK;
}

static int check_extent(const zh_array_meta *m, const uint64_t *shape, zh_error *err)
{
    zh_sel all = {.kind = ZH_SEL_ALL, .rank = m->rank};
    uint64_t n;

    return zh_sel_npoints(&all, shape, &n, err);
}

/* What a chunk may take in the store. */
static size_t raw_limit(const zh_array *a)
{
    size_t stored;

    if (a->meta->dtype.size == 0)
        return SIZE_MAX / 2;
    if (!zh_mul_size(a->cells, (size_t)a->meta->dtype.size * 2, &stored) ||
        !zh_add_size(stored, ZH_CHUNK_SLACK, &stored) || stored > SIZE_MAX / 2)
        return SIZE_MAX / 2;
    return stored;
}

int zh_array_open(zh_array **out, zh_chunk_cache *cache, zh_array_meta *meta, const char *prefix, zh_error *err)
{
    zh_array *a = zh_calloc(1, sizeof(*a));
    int rc;

    if (!a)
        return zh_error_nomem(err);
    a->cache = cache;
    a->store = cache->store;
    a->meta = meta;
    a->cell.size = zh_dtype_cell_size(&meta->dtype);
    a->cell.variable = zh_dtype_is_variable(&meta->dtype);
    a->prefix = zh_strdup(prefix);
    if (!a->prefix) {
        rc = zh_error_nomem(err);
        goto fail;
    }
    rc = check_extent(meta, meta->shape, err);
    if (rc == ZH_OK)
        rc = zh_array_meta_bind(&a->plan, meta, err);
    if (rc == ZH_OK)
        rc = set_fill_cell(a, err);
    if (rc < 0) {
        zh_array_blame(a, rc, err);
        goto fail;
    }
    a->cells = zh_codec_plan_cells(a->plan);
    a->bytes = zh_codec_plan_cell_bytes(a->plan);
    a->identity = !a->cell.variable && zh_codec_plan_is_identity(a->plan);
    a->raw_max = raw_limit(a);
    a->serial = cache->next_serial++;
    *out = a;
    return ZH_OK;
fail:
    zh_array_close(a);
    return rc;
}

void zh_array_close(zh_array *a)
{
    if (!a)
        return;
    zh_cache_drop_array(a);
    if (a->cell.fill)
        zh_cells_clear(&a->cell, a->cell.fill, 1);
    zh_free(a->cell.fill);
    zh_codec_plan_free(a->plan);
    zh_free(a->prefix);
    zh_free(a);
}

void zh_array_set_published(zh_array *a, bool published)
{
    a->published = published;
}

/* --- one read or write -------------------------------------------------------------------------------------- */

typedef enum how {
    PUT_WHOLE,  /* write: every cell is given; encode and put */
    PUT_MERGED, /* write: load, merge, encode, put, with the worker's memory */
    LOAD_MERGE, /* write: load into a cache entry, merge */
    GET_RANGES, /* read: from the store straight into the caller's buffer */
    GET_DIRECT, /* read: load with the worker's memory, copy out */
    LOAD_COPY   /* read: load into a cache entry, copy out */
} how;

typedef struct task {
    const zh_piece *piece;
    zh_centry *entry; /* LOAD_*: made for this task; its cells are set once loaded */
    how how;
    bool loaded;
    ptrdiff_t heap; /* change of what the entry's cells hold */
} task;

typedef struct transfer {
    zh_array *a;
    zh_plan plan;      /* const while tasks run */
    const uint8_t *in; /* writes */
    uint8_t *out;      /* reads */
    zh_arena *strings;
    pthread_mutex_t lock; /* guards strings while tasks run */
    bool few;             /* the whole selection is a few chunks: one that is written whole may wait in the cache */
    size_t ntasks;
    task tasks[ZH_PLAN_BATCH];
} transfer;

/* --- tasks: on any thread ----------------------------------------------------------------------------------- */

static int extract(transfer *t, const zh_piece *piece, const void *cells, zh_error *err)
{
    int rc;

    if (!t->a->cell.variable)
        return zh_cells_extract(&t->a->cell, &t->plan, piece, cells, t->out, NULL, err);
    pthread_mutex_lock(&t->lock);
    rc = zh_cells_extract(&t->a->cell, &t->plan, piece, cells, t->out, t->strings, err);
    pthread_mutex_unlock(&t->lock);
    return rc;
}

static int first_span(void *payload, size_t at, size_t packed, size_t n, size_t cstep, size_t pstep)
{
    size_t *first = payload;

    (void)at;
    (void)n;
    (void)cstep;
    (void)pstep;
    *first = packed;
    return 1;
}

static int put_whole(transfer *t, const zh_piece *piece, zh_worker *w, zh_error *err)
{
    zh_array *a = t->a;
    bool inner = zh_chunk_is_inner(a, piece->chunk);
    uint8_t *cells;

    if (inner && zh_piece_contiguous_spans(&t->plan, piece) == 1) {
        size_t first = 0;

        (void)zh_piece_spans(&t->plan, piece, first_span, &first);
        if (!a->cell.variable) /* the caller's zh_vlen need not be aligned */
            return zh_chunk_store(a, w, piece->chunk, t->in + first * a->cell.size, err);
    }
    cells = zh_worker_cells(w, a);
    if (!cells)
        return zh_error_nomem(err);
    if (!inner)
        zh_cells_fill_shared(&a->cell, cells, a->cells);
    zh_cells_merge_shared(&a->cell, &t->plan, piece, cells, t->in);
    return zh_chunk_store(a, w, piece->chunk, cells, err);
}

static int put_merged(transfer *t, const zh_piece *piece, zh_worker *w, zh_error *err)
{
    zh_array *a = t->a;
    uint8_t *cells = zh_worker_cells(w, a);
    ptrdiff_t heap;
    int rc;

    if (!cells)
        return zh_error_nomem(err);
    rc = zh_chunk_load(a, w, piece->chunk, cells, NULL, err);
    if (rc < 0)
        return rc;
    rc = zh_cells_merge(&a->cell, &t->plan, piece, cells, t->in, &heap, err);
    if (rc == ZH_OK)
        rc = zh_chunk_store(a, w, piece->chunk, cells, err);
    zh_cells_clear(&a->cell, cells, a->cells);
    return rc;
}

static int load_entry(transfer *t, task *k, zh_worker *w, zh_error *err)
{
    zh_array *a = t->a;
    int rc;

    rc = zh_chunk_load(a, w, k->piece->chunk, k->entry->cells, NULL, err);
    if (rc < 0)
        return rc;
    k->loaded = true;
    k->heap = (ptrdiff_t)zh_cells_heap(&a->cell, k->entry->cells, a->cells);
    if (k->how == LOAD_COPY)
        return extract(t, k->piece, k->entry->cells, err);

    ptrdiff_t grown = 0;
    rc = zh_cells_merge(&a->cell, &t->plan, k->piece, k->entry->cells, t->in, &grown, err);
    k->heap += grown;
    return rc;
}

static int get_direct(transfer *t, const zh_piece *piece, zh_worker *w, zh_error *err)
{
    zh_array *a = t->a;
    uint8_t *cells = zh_worker_cells(w, a);
    int rc;

    if (!cells)
        return zh_error_nomem(err);
    rc = zh_chunk_load(a, w, piece->chunk, cells, NULL, err);
    if (rc < 0)
        return rc;
    rc = extract(t, piece, cells, err);
    zh_cells_clear(&a->cell, cells, a->cells);
    return rc;
}

typedef struct range_read {
    transfer *t;
    const zh_piece *piece;
    zh_worker *w;
    zh_error *err;
} range_read;

static int range_span(void *payload, size_t at, size_t packed, size_t n, size_t cstep, size_t pstep)
{
    range_read *r = payload;
    const zh_array *a = r->t->a;

    (void)cstep; /* 1, both of them */
    (void)pstep;
    return zh_chunk_load_range(a, r->w, r->piece->chunk, at, n, r->t->out + packed * a->cell.size, r->err);
}

static int get_ranges(transfer *t, const zh_piece *piece, zh_worker *w, zh_error *err)
{
    range_read r = {t, piece, w, err};

    return zh_piece_spans(&t->plan, piece, range_span, &r);
}

static int run_task(void *payload, size_t i, zh_worker *w, zh_error *err)
{
    transfer *t = payload;
    task *k = &t->tasks[i];

    switch (k->how) {
    case PUT_WHOLE:
        return put_whole(t, k->piece, w, err);
    case PUT_MERGED:
        return put_merged(t, k->piece, w, err);
    case GET_RANGES:
        return get_ranges(t, k->piece, w, err);
    case GET_DIRECT:
        return get_direct(t, k->piece, w, err);
    case LOAD_MERGE:
    case LOAD_COPY:
        break;
    }
    return load_entry(t, k, w, err);
}

/* --- planning: on the calling thread ------------------------------------------------------------------------ */

static void add_task(transfer *t, const zh_piece *piece, how h, zh_centry *e)
{
    t->tasks[t->ntasks++] = (task){.piece = piece, .entry = e, .how = h};
}

static int merge_cached(transfer *t, const zh_piece *piece, zh_centry *e, zh_error *err)
{
    ptrdiff_t grown = 0;
    int rc;

    rc = zh_cells_merge(&t->a->cell, &t->plan, piece, e->cells, t->in, &grown, err);
    zh_cache_charge_heap(e, grown);
    zh_cache_mark_dirty(e); /* also after a failure: some cells may be new */
    return rc;
}

/* A chunk given whole that is not in the cache, into a new entry. */
static int keep_whole(transfer *t, const zh_piece *piece, zh_centry *e, zh_error *err)
{
    zh_array *a = t->a;
    int rc = ZH_OK;

    if (!zh_chunk_is_inner(a, piece->chunk))
        rc = zh_cells_fill(&a->cell, e->cells, a->cells, err);
    if (rc < 0) {
        zh_cache_drop(e);
        return rc;
    }
    zh_cache_charge_heap(e, (ptrdiff_t)zh_cells_heap(&a->cell, e->cells, a->cells));
    return merge_cached(t, piece, e, err);
}

/* Chunks that come one by one are better encoded together, later, on all workers; and small ones are often written
 * again. */
static bool may_wait(const transfer *t)
{
    const zh_array *a = t->a;

    if (!t->few || zh_cache_entry_bytes(a) > a->cache->max_bytes / 8)
        return false;
    return a->bytes <= SMALL_CHUNK || (!a->identity && a->cache->width > 1);
}

static int plan_write(transfer *t, const zh_piece *piece, zh_error *err)
{
    zh_centry *e = zh_cache_find(t->a, piece->chunk);
    int rc;

    if (e)
        return merge_cached(t, piece, e, err);
    if (piece->whole && !may_wait(t)) {
        add_task(t, piece, PUT_WHOLE, NULL);
        return ZH_OK;
    }
    rc = zh_cache_add(&e, t->a, piece->chunk, err);
    if (rc < 0)
        return rc;
    if (piece->whole && e)
        return keep_whole(t, piece, e, err);
    if (piece->whole)
        add_task(t, piece, PUT_WHOLE, NULL);
    else
        add_task(t, piece, e ? LOAD_MERGE : PUT_MERGED, e);
    return ZH_OK;
}

static int count_cells(void *payload, size_t at, size_t packed, size_t n, size_t cstep, size_t pstep)
{
    size_t *total = payload;

    (void)at;
    (void)packed;
    (void)cstep;
    (void)pstep;
    *total += n;
    return ZH_OK;
}

/* Whether a piece is better read by ranges than by loading its chunk. */
static bool by_ranges(transfer *t, const zh_piece *piece)
{
    zh_array *a = t->a;
    zh_sieve *slot;
    uint64_t hash;
    size_t spans, cells = 0;

    if (!a->identity)
        return false;
    spans = zh_piece_contiguous_spans(&t->plan, piece);
    if (piece->whole)
        return spans == 1;
    if (a->bytes <= SMALL_CHUNK || spans > a->bytes / (4 * RANGE_COST))
        return false;
    (void)zh_piece_spans(&t->plan, piece, count_cells, &cells);
    if (cells * a->cell.size / spans >= RANGE_LARGE)
        return true;
    hash = zh_cache_hash(a, piece->chunk);
    slot = &a->sieve[hash % ZH_SIEVE_SLOTS];
    if (slot->chunk != hash)
        *slot = (zh_sieve){hash, 0};
    return ++slot->touches <= RANGE_TOUCHES;
}

static int plan_read(transfer *t, const zh_piece *piece, zh_error *err)
{
    zh_centry *e = zh_cache_find(t->a, piece->chunk);
    int rc;

    if (e)
        return zh_cells_extract(&t->a->cell, &t->plan, piece, e->cells, t->out, t->strings, err);
    if (by_ranges(t, piece)) {
        add_task(t, piece, GET_RANGES, NULL);
        return ZH_OK;
    }
    if (!piece->whole) {
        rc = zh_cache_add(&e, t->a, piece->chunk, err);
        if (rc < 0)
            return rc;
    }
    add_task(t, piece, e ? LOAD_COPY : GET_DIRECT, e);
    return ZH_OK;
}

/* After the tasks, run or not: entries that were loaded become the cache's, the others go. */
static void settle(transfer *t)
{
    for (size_t i = 0; i < t->ntasks; i++) {
        task *k = &t->tasks[i];

        if (!k->entry)
            continue;
        if (!k->loaded) {
            zh_cache_drop(k->entry);
            continue;
        }
        zh_cache_charge_heap(k->entry, k->heap);
        if (k->how == LOAD_MERGE)
            zh_cache_mark_dirty(k->entry);
    }
}

static int move_batch(transfer *t, const zh_piece *pieces, size_t n, zh_error *err)
{
    int rc = ZH_OK;

    t->ntasks = 0;
    for (size_t i = 0; i < n && rc == ZH_OK; i++)
        rc = t->in ? plan_write(t, &pieces[i], err) : plan_read(t, &pieces[i], err);
    if (rc == ZH_OK && t->ntasks > 0)
        rc = zh_cache_run(t->a->cache, t->ntasks, t->a->bytes, run_task, t, err);
    settle(t);
    return rc;
}

static int move(transfer *t, zh_error *err)
{
    unsigned width = t->a->cache->width;
    size_t few = width > 2 ? width - 1 : 1;
    const zh_piece *pieces;
    bool first = true;
    size_t n;
    int rc;

    for (;;) {
        rc = zh_plan_next(&t->plan, &pieces, &n, err);
        if (rc < 0 || n == 0)
            return rc;
        t->few = first && n <= few && zh_plan_last(&t->plan);
        first = false;
        rc = move_batch(t, pieces, n, err);
        if (rc < 0)
            return rc;
    }
}

/* What no codec could encode is refused here, not when the chunk is written out. */
static int check_text(const zh_array *a, const void *in, size_t n, zh_error *err)
{
    const zh_dtype *t = &a->meta->dtype;

    if (t->kind != ZH_K_STRING && t->kind != ZH_K_UTF32)
        return ZH_OK;
    for (size_t i = 0; i < n; i++) {
        size_t chars = 0;
        zh_vlen v;

        memcpy(&v, (const uint8_t *)in + i * sizeof(v), sizeof(v));
        if (v.len == 0)
            continue;
        if (!zh_utf8_valid(v.data, v.len))
            return zh_error_set(err, ZH_INVALID, "text %zu of those to be written is not valid UTF-8", i);
        if (t->kind == ZH_K_STRING || v.len <= t->size / 4)
            continue;
        for (size_t k = 0; k < v.len; k++)
            chars += ((unsigned char)v.data[k] & 0xc0) != 0x80;
        if (chars > t->size / 4)
            return zh_error_set(err, ZH_RANGE, "text %zu of those to be written is longer than %u characters", i,
                                (unsigned)(t->size / 4));
    }
    return ZH_OK;
}

/* Checks the selection; *n == 0: nothing to do. */
static int check_transfer(const zh_array *a, const zh_sel *sel, uint64_t *n, zh_error *err)
{
    size_t bytes;
    int rc;

    rc = zh_sel_check(sel, a->meta->rank, a->meta->shape, err);
    if (rc == ZH_OK)
        rc = zh_sel_npoints(sel, a->meta->shape, n, err);
    if (rc == ZH_OK && (*n > SIZE_MAX || !zh_mul_size((size_t)*n, a->cell.size, &bytes)))
        rc = zh_error_set(err, ZH_RANGE, "selection of %llu elements does not fit memory", (unsigned long long)*n);
    return zh_array_blame(a, rc, err);
}

static int run_transfer(transfer *t, const zh_sel *sel, zh_error *err)
{
    zh_array *a = t->a;
    int rc;

    zh_cache_begin(a->cache);
    rc = zh_plan_init(&t->plan, sel, a->meta->shape, a->meta->chunk, err);
    if (rc == ZH_OK) {
        pthread_mutex_init(&t->lock, NULL);
        rc = move(t, err);
        pthread_mutex_destroy(&t->lock);
    }
    zh_plan_dispose(&t->plan);
    return zh_cache_end(a->cache, rc, err);
}

int zh_array_read(zh_array *a, const zh_sel *sel, void *out, zh_arena *strings, zh_error *err)
{
    uint64_t n = 0;
    transfer t;
    int rc;

    rc = check_transfer(a, sel, &n, err);
    if (rc < 0 || n == 0)
        return rc;
    t.a = a;
    t.in = NULL;
    t.out = out;
    t.strings = strings;
    return run_transfer(&t, sel, err);
}

int zh_array_write(zh_array *a, const zh_sel *sel, const void *in, zh_error *err)
{
    uint64_t n = 0;
    transfer t;
    int rc;

    rc = check_transfer(a, sel, &n, err);
    if (rc < 0)
        return rc;
    if (!(zh_store_caps(a->store) & ZH_STORE_WRITE))
        return zh_array_blame(a, zh_error_set(err, ZH_READONLY, "the store is open for reading only"), err);
    if (n == 0)
        return ZH_OK;
    rc = check_text(a, in, (size_t)n, err);
    if (rc < 0)
        return zh_array_blame(a, rc, err);
    t.a = a;
    t.in = in;
    t.out = NULL;
    t.strings = NULL;
    return run_transfer(&t, sel, err);
}
