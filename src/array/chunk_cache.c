/* chunk_cache.c - the write-back cache of decoded chunks.
 *
 * An entry is CLEAN or DIRTY:
 *   CLEAN -> DIRTY   zh_cache_mark_dirty
 *   DIRTY -> CLEAN   write_out, when the put succeeded; a failed one leaves it DIRTY
 *   gone             zh_cache_drop, by make_room only if CLEAN
 */
#include "array/chunk_cache.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/key.h"

#include <pthread.h>
#include <string.h>

#define TABLE_MIN 64
#define WRITE_AHEAD 256             /* entries written together at an eviction, at most */
#define RUN_BYTES ((size_t)1 << 30) /* memory of the jobs that run at one time */

/* --- making and freeing ------------------------------------------------------------------------------------- */

int zh_chunk_cache_new(zh_chunk_cache **out, size_t max_bytes, zh_store *store, zh_pool *pool, zh_error *err)
{
    zh_chunk_cache *c = zh_calloc(1, sizeof(*c));

    if (!c)
        return zh_error_nomem(err);
    c->store = store;
    c->pool = pool;
    c->max_bytes = max_bytes;
    c->width = pool ? zh_pool_width(pool) : 1;
    c->table_size = TABLE_MIN;
    c->next_serial = 1;
    c->table = zh_calloc(c->table_size, sizeof(zh_centry *));
    c->workers = zh_calloc(c->width, sizeof(*c->workers));
    if (!c->table || !c->workers) {
        zh_chunk_cache_free(c);
        return zh_error_nomem(err);
    }
    for (unsigned i = 0; i < c->width; i++) {
        zh_buf_init(&c->workers[i].raw, SIZE_MAX / 2);
        zh_buf_init(&c->workers[i].key, ZH_KEY_MAX);
    }
    *out = c;
    return ZH_OK;
}

void zh_chunk_cache_free(zh_chunk_cache *c)
{
    if (!c)
        return;
    while (c->oldest)
        zh_cache_drop(c->oldest);
    for (unsigned i = 0; c->workers && i < c->width; i++)
        zh_worker_dispose(&c->workers[i]);
    zh_free(c->workers);
    zh_free(c->table);
    zh_free(c);
}

void zh_chunk_cache_stats(const zh_chunk_cache *c, zh_io_stats *out)
{
    *out = (zh_io_stats){0};
    for (unsigned i = 0; i < c->width; i++) {
        const zh_io_stats *s = &c->workers[i].stats;

        out->chunks_read += s->chunks_read;
        out->chunks_written += s->chunks_written;
        out->bytes_read += s->bytes_read;
        out->bytes_written += s->bytes_written;
        out->chunks_erased += s->chunks_erased;
    }
}

/* --- running jobs ------------------------------------------------------------------------------------------- */

typedef struct run {
    zh_chunk_cache *c;
    zh_cache_job job;
    void *payload;
    size_t base;
} run;

static int run_job(void *payload, size_t i, unsigned worker, zh_error *err)
{
    run *r = payload;

    return r->job(r->payload, r->base + i, &r->c->workers[worker], err);
}

int zh_cache_run(zh_chunk_cache *c, size_t n, size_t bytes, zh_cache_job job, void *payload, zh_error *err)
{
    size_t together = bytes > 0 && RUN_BYTES / bytes < c->width ? RUN_BYTES / bytes : n;
    run r = {c, job, payload, 0};
    int rc = ZH_OK;

    if (n == 1 || c->width == 1 || together <= 1) {
        for (size_t i = 0; i < n && rc == ZH_OK; i++)
            rc = job(payload, i, &c->workers[0], err);
        return rc;
    }
    for (; r.base < n && rc == ZH_OK; r.base += together)
        rc = zh_pool_run(c->pool, n - r.base < together ? n - r.base : together, run_job, &r, err);
    return rc;
}

/* --- lists -------------------------------------------------------------------------------------------------- */

static void unlink_use(zh_chunk_cache *c, zh_centry *e)
{
    if (e->newer)
        e->newer->older = e->older;
    else
        c->newest = e->older;
    if (e->older)
        e->older->newer = e->newer;
    else
        c->oldest = e->newer;
}

static void link_newest(zh_chunk_cache *c, zh_centry *e)
{
    e->newer = NULL;
    e->older = c->newest;
    if (c->newest)
        c->newest->newer = e;
    else
        c->oldest = e;
    c->newest = e;
}

static void link_array(zh_centry *e)
{
    zh_array *a = e->array;

    e->prev_of_array = NULL;
    e->next_of_array = a->entries;
    if (a->entries)
        a->entries->prev_of_array = e;
    a->entries = e;
}

static void unlink_array(zh_centry *e)
{
    if (e->prev_of_array)
        e->prev_of_array->next_of_array = e->next_of_array;
    else
        e->array->entries = e->next_of_array;
    if (e->next_of_array)
        e->next_of_array->prev_of_array = e->prev_of_array;
}

void zh_cache_mark_dirty(zh_centry *e)
{
    zh_chunk_cache *c = e->array->cache;

    if (e->dirty)
        return;
    e->dirty = true;
    e->next_dirty = NULL;
    e->prev_dirty = c->last_dirty;
    if (c->last_dirty)
        c->last_dirty->next_dirty = e;
    else
        c->first_dirty = e;
    c->last_dirty = e;
    c->ndirty++;
}

static void mark_clean(zh_centry *e)
{
    zh_chunk_cache *c = e->array->cache;

    if (!e->dirty)
        return;
    e->dirty = false;
    if (e->prev_dirty)
        e->prev_dirty->next_dirty = e->next_dirty;
    else
        c->first_dirty = e->next_dirty;
    if (e->next_dirty)
        e->next_dirty->prev_dirty = e->prev_dirty;
    else
        c->last_dirty = e->prev_dirty;
    c->ndirty--;
}

/* --- the table ---------------------------------------------------------------------------------------------- */

uint64_t zh_cache_hash(const zh_array *a, const uint64_t *chunk)
{
    return zh_hash_bytes(chunk, a->meta->rank * sizeof(*chunk)) ^ (a->serial * UINT64_C(0x9e3779b97f4a7c15));
}

static zh_centry **bucket(const zh_chunk_cache *c, uint64_t hash)
{
    return &c->table[hash & (c->table_size - 1)];
}

/* Out of memory only makes the chains longer. */
static void grow_table(zh_chunk_cache *c)
{
    size_t size = c->table_size * 2;
    zh_centry **table = zh_calloc(size, sizeof(zh_centry *));

    if (!table)
        return;
    zh_free(c->table);
    c->table = table;
    c->table_size = size;
    for (zh_centry *e = c->newest; e; e = e->older) {
        zh_centry **b = bucket(c, e->hash);

        e->chain = *b;
        *b = e;
    }
}

zh_centry *zh_cache_find(zh_array *a, const uint64_t *chunk)
{
    zh_chunk_cache *c = a->cache;
    uint64_t hash;
    zh_centry *e;

    if (!a->entries)
        return NULL;
    hash = zh_cache_hash(a, chunk);
    for (e = *bucket(c, hash); e; e = e->chain) {
        if (e->hash == hash && e->array == a && memcmp(e->index, chunk, a->meta->rank * sizeof(*chunk)) == 0)
            break;
    }
    if (e) {
        e->op = c->op;
        unlink_use(c, e);
        link_newest(c, e);
    }
    return e;
}

size_t zh_cache_entry_bytes(const zh_array *a)
{
    return a->bytes + sizeof(zh_centry) + a->meta->rank * sizeof(uint64_t);
}

void zh_cache_charge_heap(zh_centry *e, ptrdiff_t change)
{
    e->charge += (size_t)change; /* wraps as meant for a negative change */
    e->array->cache->bytes += (size_t)change;
}

void zh_cache_drop(zh_centry *e)
{
    zh_chunk_cache *c = e->array->cache;
    zh_centry **at = bucket(c, e->hash);

    while (*at != e)
        at = &(*at)->chain;
    *at = e->chain;
    mark_clean(e);
    unlink_use(c, e);
    unlink_array(e);
    c->bytes -= e->charge;
    c->count--;
    zh_cells_clear(&e->array->cell, e->cells, e->array->cells);
    zh_free(e->cells);
    zh_free(e);
}

void zh_cache_drop_array(zh_array *a)
{
    while (a->entries)
        zh_cache_drop(a->entries);
}

/* --- writing out -------------------------------------------------------------------------------------------- */

typedef struct write_out_job {
    zh_centry **entries;
    pthread_mutex_t lock; /* guards the members below */
    size_t lowest;
    int rc;
    zh_error error;
} write_out_job;

/* Always answers ZH_OK, so that the pool goes on after a failure. */
static int write_one(void *payload, size_t i, zh_worker *w, zh_error *unused)
{
    write_out_job *j = payload;
    zh_centry *e = j->entries[i];
    zh_error error = ZH_ERROR_INIT;
    int rc;

    (void)unused;
    rc = zh_chunk_store(e->array, w, e->index, e->cells, &error);
    e->written = rc == ZH_OK;
    if (rc == ZH_OK)
        return ZH_OK;
    pthread_mutex_lock(&j->lock);
    if (j->rc == ZH_OK || i < j->lowest) {
        j->lowest = i;
        j->rc = rc;
        j->error = error;
    }
    pthread_mutex_unlock(&j->lock);
    return ZH_OK;
}

/* Puts n dirty entries; those that succeed are clean afterwards. The lowest failure. */
static int write_out(zh_chunk_cache *c, zh_centry **entries, size_t n, zh_error *err)
{
    write_out_job j = {.entries = entries, .rc = ZH_OK, .lock = PTHREAD_MUTEX_INITIALIZER};
    int rc;

    for (size_t i = 0; i < n; i++)
        entries[i]->written = false;
    rc = zh_cache_run(c, n, 0, write_one, &j, err);
    for (size_t i = 0; i < n; i++) {
        if (entries[i]->written)
            mark_clean(entries[i]);
    }
    pthread_mutex_destroy(&j.lock);
    if (rc == ZH_OK && j.rc != ZH_OK) {
        rc = j.rc;
        if (err)
            *err = j.error;
    }
    return rc;
}

static int flush_dirty(zh_chunk_cache *c, const zh_array *only, zh_error *err)
{
    zh_centry **list;
    size_t n = 0;
    int rc;

    if (c->ndirty == 0)
        return ZH_OK;
    list = zh_calloc(c->ndirty, sizeof(zh_centry *));
    if (!list)
        return zh_error_nomem(err);
    for (zh_centry *e = c->first_dirty; e; e = e->next_dirty) {
        if (!only || e->array == only)
            list[n++] = e;
    }
    rc = n > 0 ? write_out(c, list, n, err) : ZH_OK;
    zh_free(list);
    return rc;
}

int zh_chunk_cache_flush(zh_chunk_cache *c, zh_error *err)
{
    zh_cache_begin(c);
    return zh_cache_end(c, flush_dirty(c, NULL, err), err);
}

int zh_array_flush(zh_array *a, zh_error *err)
{
    bool dirty = false;

    for (const zh_centry *e = a->entries; e && !dirty; e = e->next_of_array)
        dirty = e->dirty;
    if (!dirty)
        return ZH_OK;
    zh_cache_begin(a->cache);
    return zh_cache_end(a->cache, flush_dirty(a->cache, a, err), err);
}

/* Writes a dirty entry that is to be evicted, and with it those that have been dirty longest, up to a quarter of the
 * cache: they are next, and together they keep all workers busy. */
static int write_ahead(zh_chunk_cache *c, zh_centry *victim, zh_error *err)
{
    zh_centry *list[WRITE_AHEAD];
    size_t n = 0, bytes = victim->charge;

    list[n++] = victim;
    for (zh_centry *e = c->first_dirty; e && n < WRITE_AHEAD && bytes < c->max_bytes / 4; e = e->next_dirty) {
        if (e == victim || e->op == c->op)
            continue;
        list[n++] = e;
        bytes += e->charge;
    }
    return write_out(c, list, n, err);
}

/* Evicts until `need` more bytes fit. *fits is false when what the running operation has touched is in the way. */
static int make_room(zh_chunk_cache *c, size_t need, bool *fits, zh_error *err)
{
    *fits = need <= c->max_bytes;
    while (*fits && c->bytes > c->max_bytes - need) {
        zh_centry *victim = c->oldest;

        if (!victim || victim->op == c->op) {
            *fits = false;
            break;
        }
        if (victim->dirty) {
            int rc = write_ahead(c, victim, err);

            if (rc < 0)
                return rc;
        }
        zh_cache_drop(victim);
    }
    return ZH_OK;
}

int zh_cache_add(zh_centry **out, zh_array *a, const uint64_t *chunk, zh_error *err)
{
    zh_chunk_cache *c = a->cache;
    size_t index_bytes = a->meta->rank * sizeof(*chunk);
    zh_centry *e, **b;
    bool fits;
    int rc;

    *out = NULL;
    rc = make_room(c, zh_cache_entry_bytes(a), &fits, err);
    if (rc < 0 || !fits)
        return rc;
    e = zh_calloc(1, sizeof(*e) + index_bytes);
    if (!e)
        return zh_error_nomem(err);
    e->cells = a->cell.variable ? zh_calloc(a->cells, a->cell.size) : zh_malloc(a->bytes);
    if (!e->cells) {
        zh_free(e);
        return zh_error_nomem(err);
    }
    if (c->count >= c->table_size)
        grow_table(c);
    e->array = a;
    e->charge = zh_cache_entry_bytes(a);
    e->op = c->op;
    e->hash = zh_cache_hash(a, chunk);
    if (index_bytes > 0)
        memcpy(e->index, chunk, index_bytes);
    b = bucket(c, e->hash);
    e->chain = *b;
    *b = e;
    link_newest(c, e);
    link_array(e);
    c->bytes += e->charge;
    c->count++;
    *out = e;
    return ZH_OK;
}

void zh_cache_begin(zh_chunk_cache *c)
{
    c->op++;
}

int zh_cache_end(zh_chunk_cache *c, int rc, zh_error *err)
{
    bool fits;

    for (unsigned i = 0; i < c->width; i++)
        zh_worker_trim(&c->workers[i]);
    c->op++; /* what it touched may go from now on */
    if (rc < 0 || c->bytes <= c->max_bytes)
        return rc;
    return make_room(c, 0, &fits, err);
}
