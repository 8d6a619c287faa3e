/* chunk_io.c - one chunk: key, get and decode or fill, encode and put. */
#include "array/chunk.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/key.h"
#include "meta/grid.h"

#include <stdio.h>
#include <string.h>

#define KEEP_BYTES ((size_t)64 << 20) /* a worker keeps buffers up to this between calls */

/* --- errors ------------------------------------------------------------------------------------------------- */

int zh_array_blame(const zh_array *a, int rc, zh_error *err)
{
    if (rc < 0 && err)
        zh_error_prefix(err, "array '/%s'", a->prefix);
    return rc;
}

int zh_chunk_blame(const zh_array *a, const uint64_t *chunk, int rc, zh_error *err)
{
    char text[160] = "";
    size_t used = 0;

    if (rc >= 0 || !err)
        return rc;
    for (unsigned i = 0; i < a->meta->rank; i++) {
        int n = snprintf(text + used, sizeof(text) - used, "%s%llu", i > 0 ? "," : "", (unsigned long long)chunk[i]);

        if (n < 0 || (size_t)n >= sizeof(text) - used) {
            memcpy(text + sizeof(text) - 4, "...", 4);
            break;
        }
        used += (size_t)n;
    }
    zh_error_prefix(err, "array '/%s' chunk (%s)", a->prefix, text);
    return rc;
}

/* --- a worker's memory -------------------------------------------------------------------------------------- */

void *zh_worker_cells(zh_worker *w, const zh_array *a)
{
    if (w->cells_cap < a->bytes || !w->cells) {
        zh_free(w->cells);
        w->cells_cap = 0;
        w->cells = zh_malloc(a->bytes);
        if (w->cells)
            w->cells_cap = a->bytes;
    }
    return w->cells;
}

static void drop_cells(zh_worker *w)
{
    zh_free(w->cells);
    w->cells = NULL;
    w->cells_cap = 0;
}

void zh_worker_trim(zh_worker *w)
{
    if (w->cells_cap > KEEP_BYTES) {
        drop_cells(w);
        zh_codec_scratch_free(w->codec); /* its buffers have grown with the chunk */
        w->codec = NULL;
    }
    if (w->raw.cap > KEEP_BYTES)
        zh_buf_dispose(&w->raw);
}

void zh_worker_dispose(zh_worker *w)
{
    drop_cells(w);
    zh_codec_scratch_free(w->codec);
    w->codec = NULL;
    zh_buf_dispose(&w->raw);
    zh_buf_dispose(&w->key);
}

static int need_codec(zh_worker *w, zh_error *err)
{
    return w->codec ? ZH_OK : zh_codec_scratch_new(&w->codec, err);
}

/* Empties w->raw and bounds it by what a chunk of this array may take. */
static void reset_raw(zh_worker *w, const zh_array *a)
{
    if (w->raw.cap > a->raw_max)
        zh_buf_dispose(&w->raw);
    w->raw.max = a->raw_max;
    w->raw.len = 0;
}

/* --- keys --------------------------------------------------------------------------------------------------- */

/* The chunk's key, in w->key; NULL on failure, with the code in *rc. */
static const char *key_of(const zh_array *a, zh_worker *w, const uint64_t *chunk, int *rc, zh_error *err)
{
    const char *key;

    w->key.len = 0;
    *rc = ZH_OK;
    if (a->prefix[0] != '\0') {
        *rc = zh_buf_puts(&w->key, a->prefix, err);
        if (*rc == ZH_OK)
            *rc = zh_buf_putc(&w->key, '/', err);
    }
    if (*rc == ZH_OK)
        *rc = zh_grid_chunk_key(&w->key, a->meta, chunk, err);
    if (*rc < 0)
        return NULL;
    key = zh_buf_cstr(&w->key, err);
    if (!key)
        *rc = ZH_NOMEM;
    return key;
}

/* Whether this is likely to be the first chunk of its directory. */
static bool opens_directory(const zh_array *a, const uint64_t *chunk)
{
    unsigned rank = a->meta->rank;

    if (rank == 0)
        return true;
    if (a->meta->separator == '/')
        return chunk[rank - 1] == 0;
    for (unsigned i = 0; i < rank; i++) {
        if (chunk[i] != 0)
            return false;
    }
    return true;
}

static unsigned put_flags(const zh_array *a, const uint64_t *chunk)
{
    if (a->published)
        return 0;
    return opens_directory(a, chunk) ? ZH_PUT_PLAIN | ZH_PUT_NEWDIR : ZH_PUT_PLAIN;
}

bool zh_chunk_is_inner(const zh_array *a, const uint64_t *chunk)
{
    for (unsigned i = 0; i < a->meta->rank; i++) {
        if (a->meta->shape[i] - chunk[i] * a->meta->chunk[i] < a->meta->chunk[i])
            return false;
    }
    return true;
}

/* --- reading ------------------------------------------------------------------------------------------------ */

static void count_read(zh_worker *w, size_t bytes)
{
    w->stats.chunks_read++;
    w->stats.bytes_read += bytes;
}

static int short_chunk(size_t got, size_t wanted, zh_error *err)
{
    return zh_error_set(err, ZH_CORRUPT, "the value ends after %zu bytes, %zu are needed", got, wanted);
}

/* Identity plans: the stored bytes are the cells. */
static int load_in_place(const zh_array *a, zh_worker *w, const char *key, void *cells, zh_error *err)
{
    size_t got = 0;
    int rc;

    rc = zh_store_get_range(a->store, key, 0, a->bytes, cells, &got, err);
    if (rc < 0)
        return rc;
    if (got != a->bytes)
        return short_chunk(got, a->bytes, err);
    count_read(w, got);
    return ZH_OK;
}

static int load_encoded(const zh_array *a, zh_worker *w, const char *key, void *cells, zh_error *err)
{
    int rc;

    reset_raw(w, a);
    rc = zh_store_get(a->store, key, &w->raw, err);
    if (rc == ZH_OK)
        rc = need_codec(w, err);
    if (rc == ZH_OK)
        rc = zh_codec_decode(a->plan, w->codec, w->raw.ptr, w->raw.len, cells, err);
    if (rc == ZH_OK)
        count_read(w, w->raw.len);
    return rc;
}

int zh_chunk_load(const zh_array *a, zh_worker *w, const uint64_t *chunk, void *cells, bool *found, zh_error *err)
{
    const char *key;
    int rc;

    if (a->cell.variable)
        memset(cells, 0, a->bytes);
    key = key_of(a, w, chunk, &rc, err);
    if (key)
        rc = a->identity ? load_in_place(a, w, key, cells, err) : load_encoded(a, w, key, cells, err);
    if (found)
        *found = rc == ZH_OK;
    if (rc == ZH_NOTFOUND)
        rc = zh_cells_fill(&a->cell, cells, a->cells, err);
    return zh_chunk_blame(a, chunk, rc, err);
}

int zh_chunk_load_range(const zh_array *a, zh_worker *w, const uint64_t *chunk, size_t at, size_t n, void *out,
                        zh_error *err)
{
    size_t len = n * a->cell.size, got = 0;
    const char *key;
    int rc;

    key = key_of(a, w, chunk, &rc, err);
    if (key)
        rc = zh_store_get_range(a->store, key, at * a->cell.size, len, out, &got, err);
    if (rc == ZH_NOTFOUND) {
        zh_cells_fill_shared(&a->cell, out, n);
        return ZH_OK;
    }
    if (rc == ZH_OK && got != len)
        rc = short_chunk(at * a->cell.size + got, at * a->cell.size + len, err);
    if (rc == ZH_OK)
        count_read(w, got);
    return zh_chunk_blame(a, chunk, rc, err);
}

int zh_chunk_size(const zh_array *a, zh_worker *w, const uint64_t *chunk, uint64_t *out, zh_error *err)
{
    const char *key;
    int rc;

    key = key_of(a, w, chunk, &rc, err);
    if (key)
        rc = zh_store_size(a->store, key, out, err);
    return rc == ZH_NOTFOUND ? rc : zh_chunk_blame(a, chunk, rc, err);
}

/* --- writing ------------------------------------------------------------------------------------------------ */

int zh_chunk_encode(const zh_array *a, zh_worker *w, const void *cells, zh_error *err)
{
    int rc;

    reset_raw(w, a);
    rc = need_codec(w, err);
    return rc < 0 ? rc : zh_codec_encode(a->plan, w->codec, cells, &w->raw, err);
}

static int put_raw(const zh_array *a, zh_worker *w, const uint64_t *chunk, const void *raw, size_t n, zh_error *err)
{
    const char *key;
    int rc;

    key = key_of(a, w, chunk, &rc, err);
    if (key)
        rc = zh_store_put(a->store, key, raw, n, put_flags(a, chunk), err);
    if (rc == ZH_OK) {
        w->stats.chunks_written++;
        w->stats.bytes_written += n;
    }
    return rc;
}

int zh_chunk_put(const zh_array *a, zh_worker *w, const uint64_t *chunk, const void *raw, size_t n, zh_error *err)
{
    return zh_chunk_blame(a, chunk, put_raw(a, w, chunk, raw, n, err), err);
}

int zh_chunk_store(const zh_array *a, zh_worker *w, const uint64_t *chunk, const void *cells, zh_error *err)
{
    int rc;

    if (a->identity) {
        rc = put_raw(a, w, chunk, cells, a->bytes, err);
    } else {
        rc = zh_chunk_encode(a, w, cells, err);
        if (rc == ZH_OK)
            rc = put_raw(a, w, chunk, w->raw.ptr, w->raw.len, err);
    }
    return zh_chunk_blame(a, chunk, rc, err);
}

int zh_chunk_erase(const zh_array *a, zh_worker *w, const uint64_t *chunk, zh_error *err)
{
    const char *key;
    int rc;

    key = key_of(a, w, chunk, &rc, err);
    if (key)
        rc = zh_store_erase(a->store, key, err);
    if (rc == ZH_OK)
        w->stats.chunks_erased++;
    return zh_chunk_blame(a, chunk, rc, err);
}
