/* scan.c - finding an array's chunks by listing the store, and what is done for all of them.
 *
 * Costs grow with the chunks that exist, never with the shape.
 */
#include "array/scan.h"

#include "array/chunk_cache.h"
#include "base/alloc.h"
#include "base/error.h"
#include "base/key.h"
#include "meta/grid.h"

#include <string.h>

/* --- lists -------------------------------------------------------------------------------------------------- */

void zh_chunk_list_dispose(zh_chunk_list *l)
{
    zh_free(l->index);
    l->index = NULL;
    l->n = l->cap = 0;
}

int zh_chunk_list_add(zh_chunk_list *l, const uint64_t *chunk, zh_error *err)
{
    size_t row = l->rank > 0 ? l->rank : 1; /* a scalar's list has entries without numbers */

    if (l->n == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 16;
        uint64_t *grown = zh_reallocarray(l->index, cap, row * sizeof(*grown));

        if (!grown)
            return zh_error_nomem(err);
        l->index = grown;
        l->cap = cap;
    }
    memcpy(l->index + l->n++ * row, chunk, l->rank * sizeof(*chunk));
    return ZH_OK;
}

const uint64_t *zh_chunk_list_at(const zh_chunk_list *l, size_t i)
{
    return l->index + i * (l->rank > 0 ? l->rank : 1);
}

/* --- listing ------------------------------------------------------------------------------------------------ */

typedef struct scan {
    const zh_array *a;
    zh_chunk_list *out;
    size_t root;             /* bytes of key before the chunk's part of it */
    unsigned segments;       /* of a chunk's key */
    zh_buf key;              /* where the listing stands */
    char prefix[ZH_KEY_MAX]; /* of the listing that runs */
} scan;

/* One level: names found, the prefixes among them as a list of NUL-terminated names. */
typedef struct level {
    scan *s;
    unsigned depth; /* segments above this level */
    zh_buf prefixes;
} level;

static bool plausible_segment(const scan *s, unsigned depth, const char *name)
{
    if (depth == 0 && s->a->meta->keys == ZH_KEYS_DEFAULT)
        return strcmp(name, "c") == 0;
    return name[0] != '\0' && strspn(name, "0123456789") == strlen(name);
}

static int found(void *payload, const char *name, bool is_prefix, zh_error *err)
{
    level *l = payload;
    scan *s = l->s;
    uint64_t index[ZH_MAX_RANK] = {0};
    size_t len = s->key.len;
    const char *key;
    int rc;

    if (is_prefix) {
        if (l->depth + 1 >= s->segments || !plausible_segment(s, l->depth, name))
            return ZH_OK;
        return zh_buf_append(&l->prefixes, name, strlen(name) + 1, err);
    }
    if (l->depth + 1 != s->segments || strlen(name) >= ZH_KEY_MAX - len)
        return ZH_OK;
    rc = zh_buf_puts(&s->key, name, err);
    if (rc < 0)
        return rc;
    key = zh_buf_cstr(&s->key, err);
    s->key.len = len;
    if (!key)
        return ZH_NOMEM;
    if (!zh_grid_parse_key(s->a->meta, key + s->root, index))
        return ZH_OK;
    return zh_chunk_list_add(s->out, index, err);
}

/* s->key: the prefix to list, with a '/' behind it unless it is empty. */
static int scan_level(scan *s, unsigned depth, zh_error *err)
{
    level l = {s, depth, ZH_BUF_INIT(SIZE_MAX / 2)};
    size_t len = s->key.len;
    int rc;

    memcpy(s->prefix, s->key.ptr, len);
    s->prefix[len > 0 ? len - 1 : 0] = '\0';
    rc = zh_store_list(s->a->store, s->prefix, found, &l, err);
    for (size_t at = 0; rc == ZH_OK && at < l.prefixes.len;) {
        const char *name = (const char *)l.prefixes.ptr + at;

        at += strlen(name) + 1;
        rc = zh_buf_puts(&s->key, name, err);
        if (rc == ZH_OK)
            rc = zh_buf_putc(&s->key, '/', err);
        if (rc == ZH_OK)
            rc = scan_level(s, depth + 1, err);
        s->key.len = len;
    }
    zh_buf_dispose(&l.prefixes);
    return rc;
}

int zh_chunk_scan(const zh_array *a, zh_chunk_list *out, zh_error *err)
{
    const zh_array_meta *m = a->meta;
    scan s;
    int rc;

    s.a = a;
    s.out = out;
    zh_buf_init(&s.key, ZH_KEY_MAX);
    s.segments = m->separator == '/' ? m->rank + (m->keys == ZH_KEYS_DEFAULT ? 1u : 0u) : 1;
    if (s.segments == 0)
        s.segments = 1;
    rc = zh_buf_reserve(&s.key, ZH_KEY_MAX, err);
    if (rc == ZH_OK && a->prefix[0] != '\0') {
        rc = zh_buf_puts(&s.key, a->prefix, err);
        if (rc == ZH_OK)
            rc = zh_buf_putc(&s.key, '/', err);
    }
    s.root = s.key.len;
    if (rc == ZH_OK)
        rc = scan_level(&s, 0, err);
    zh_buf_dispose(&s.key);
    return zh_array_blame(a, rc, err);
}

bool zh_chunk_in_grid(const zh_array_meta *m, const uint64_t *chunk)
{
    for (unsigned i = 0; i < m->rank; i++) {
        if (chunk[i] >= zh_grid_count(m, i))
            return false;
    }
    return true;
}

/* --- sizes -------------------------------------------------------------------------------------------------- */

/* Bytes of the value in the store; ZH_NOTFOUND without it. */
static int stored_size(zh_array *a, const uint64_t *chunk, uint64_t *out, zh_error *err)
{
    return zh_chunk_size(a, &a->cache->workers[0], chunk, out, err);
}

int zh_array_stored_bytes(zh_array *a, uint64_t *bytes, uint64_t *chunks, zh_error *err)
{
    zh_chunk_list list = ZH_CHUNK_LIST_INIT(a->meta->rank);
    uint64_t size, total = 0, n = 0;
    int rc;

    rc = zh_chunk_scan(a, &list, err);
    for (size_t i = 0; i < list.n && rc == ZH_OK; i++) {
        if (!zh_chunk_in_grid(a->meta, zh_chunk_list_at(&list, i)))
            continue;
        rc = stored_size(a, zh_chunk_list_at(&list, i), &size, err);
        if (rc == ZH_OK) {
            total += size;
            n++;
        }
        if (rc == ZH_NOTFOUND) /* gone since it was listed */
            rc = ZH_OK;
    }
    for (const zh_centry *e = a->entries; e && rc == ZH_OK; e = e->next_of_array) {
        if (!e->dirty)
            continue;
        rc = stored_size(a, e->index, &size, err);
        if (rc != ZH_NOTFOUND)
            continue;
        rc = ZH_OK;
        total += a->bytes;
        n++;
    }
    zh_chunk_list_dispose(&list);
    if (rc < 0)
        return rc;
    *bytes = total;
    *chunks = n;
    return ZH_OK;
}

/* --- writing missing chunks --------------------------------------------------------------------------------- */

static size_t number_in_grid(const zh_array_meta *m, const uint64_t *chunk)
{
    uint64_t number = 0;

    for (unsigned i = 0; i < m->rank; i++)
        number = number * zh_grid_count(m, i) + chunk[i];
    return (size_t)number;
}

static void chunk_of_number(const zh_array_meta *m, size_t number, uint64_t *chunk)
{
    uint64_t left = number;

    for (unsigned i = m->rank; i-- > 0;) {
        chunk[i] = left % zh_grid_count(m, i);
        left /= zh_grid_count(m, i);
    }
}

typedef struct fill_job {
    const zh_array *a;
    const size_t *missing; /* numbers in the grid */
    zh_buf raw;            /* the encoded chunk */
} fill_job;

static int put_fill(void *payload, size_t i, zh_worker *w, zh_error *err)
{
    const fill_job *j = payload;
    uint64_t chunk[ZH_MAX_RANK] = {0};

    chunk_of_number(j->a->meta, j->missing[i], chunk);
    return zh_chunk_put(j->a, w, chunk, j->raw.ptr, j->raw.len, err);
}

static int encode_fill(zh_array *a, zh_buf *out, zh_error *err)
{
    zh_worker *w = &a->cache->workers[0];
    void *cells = zh_worker_cells(w, a);
    int rc;

    if (!cells)
        return zh_error_nomem(err);
    zh_cells_fill_shared(&a->cell, cells, a->cells);
    rc = zh_chunk_encode(a, w, cells, err);
    if (rc == ZH_OK)
        rc = zh_buf_append(out, w->raw.ptr, w->raw.len, err);
    return zh_array_blame(a, rc, err);
}

static int put_missing(zh_array *a, const size_t *missing, size_t n, zh_error *err)
{
    fill_job j = {a, missing, ZH_BUF_INIT(SIZE_MAX / 2)};
    int rc;

    rc = encode_fill(a, &j.raw, err);
    if (rc == ZH_OK)
        rc = zh_cache_run(a->cache, n, 0, put_fill, &j, err);
    zh_buf_dispose(&j.raw);
    return rc;
}

/* present: one byte for each of total chunks. */
static int put_absent(zh_array *a, const uint8_t *present, size_t total, size_t n, zh_error *err)
{
    size_t *missing = zh_calloc(n, sizeof(*missing));
    size_t k = 0;
    int rc;

    if (!missing)
        return zh_error_nomem(err);
    for (size_t i = 0; i < total && k < n; i++) {
        if (!present[i])
            missing[k++] = i;
    }
    rc = put_missing(a, missing, k, err);
    zh_free(missing);
    return rc;
}

/* Marks the listed chunks and the dirty ones; *n gets how many there are. */
static void mark_present(const zh_array *a, const zh_chunk_list *list, uint8_t *present, size_t *n)
{
    *n = 0;
    for (size_t i = 0; i < list->n; i++) {
        const uint64_t *chunk = zh_chunk_list_at(list, i);

        if (zh_chunk_in_grid(a->meta, chunk)) {
            *n += !present[number_in_grid(a->meta, chunk)];
            present[number_in_grid(a->meta, chunk)] = 1;
        }
    }
    for (const zh_centry *e = a->entries; e; e = e->next_of_array) {
        if (e->dirty) {
            *n += !present[number_in_grid(a->meta, e->index)];
            present[number_in_grid(a->meta, e->index)] = 1;
        }
    }
}

static int materialise(zh_array *a, uint64_t limit, const zh_chunk_list *list, uint64_t *missing, zh_error *err)
{
    uint64_t total, most = list->n + a->cache->ndirty;
    uint8_t *present;
    size_t have;
    int rc = ZH_OK;

    if (!zh_grid_total(a->meta, &total))
        total = UINT64_MAX;
    *missing = 0;
    if (total == 0)
        return ZH_OK;
    if (total > most && total - most > limit) {
        *missing = total - most; /* at least: too many, however exact */
        return ZH_OK;
    }
    if (total > SIZE_MAX)
        return zh_error_set(err, ZH_RANGE, "too many chunks");
    present = zh_calloc((size_t)total, 1);
    if (!present)
        return zh_error_nomem(err);
    mark_present(a, list, present, &have);
    *missing = total - have;
    if (*missing > 0 && *missing <= limit)
        rc = put_absent(a, present, (size_t)total, (size_t)*missing, err);
    zh_free(present);
    return rc;
}

int zh_array_materialise(zh_array *a, uint64_t limit, uint64_t *missing, zh_error *err)
{
    zh_chunk_list list = ZH_CHUNK_LIST_INIT(a->meta->rank);
    int rc;

    *missing = 0;
    if (a->meta->format != ZH_V2 || a->meta->has_fill)
        return ZH_OK;
    zh_cache_begin(a->cache);
    rc = zh_chunk_scan(a, &list, err);
    if (rc == ZH_OK)
        rc = materialise(a, limit, &list, missing, err);
    zh_chunk_list_dispose(&list);
    return zh_cache_end(a->cache, rc, err);
}
