/* cells.c - moving cells between a decoded chunk and a packed buffer. */
#include "array/cells.h"

#include "base/alloc.h"
#include "base/error.h"

#include <string.h>

#define HEAP_BLOCK 16 /* what the allocator adds to a block, about */

static size_t heap_of(const zh_vlen *v)
{
    return v->data ? v->len + HEAP_BLOCK : 0;
}

size_t zh_cells_heap(const zh_cell_type *t, const void *cells, size_t n)
{
    const zh_vlen *v = cells;
    size_t total = 0;

    if (!t->variable)
        return 0;
    for (size_t i = 0; i < n; i++)
        total += heap_of(&v[i]);
    return total;
}

void zh_cells_clear(const zh_cell_type *t, void *cells, size_t n)
{
    zh_vlen *v = cells;

    if (!t->variable)
        return;
    for (size_t i = 0; i < n; i++) {
        zh_free(v[i].data);
        v[i] = (zh_vlen){NULL, 0};
    }
}

/* --- filling ------------------------------------------------------------------------------------------------ */

static bool dup_cell(zh_vlen *out, const zh_vlen *in)
{
    zh_vlen v = {NULL, in->len};

    if (v.len > 0) {
        v.data = zh_memdup(in->data, v.len);
        if (!v.data)
            return false;
    }
    *out = v;
    return true;
}

void zh_cells_fill_shared(const zh_cell_type *t, void *cells, size_t n)
{
    uint8_t *p = cells;
    size_t total = n * t->size, have = t->size;

    if (n == 0)
        return;
    if (t->fill_is_zero) {
        memset(p, 0, total);
        return;
    }
    memcpy(p, t->fill, t->size);
    while (have < total) {
        size_t more = have < total - have ? have : total - have;

        memcpy(p + have, p, more);
        have += more;
    }
}

int zh_cells_fill(const zh_cell_type *t, void *cells, size_t n, zh_error *err)
{
    zh_vlen *v = cells;

    if (!t->variable || t->fill_is_zero) {
        zh_cells_fill_shared(t, cells, n);
        return ZH_OK;
    }
    memset(cells, 0, n * t->size);
    for (size_t i = 0; i < n; i++) {
        if (!dup_cell(&v[i], t->fill)) {
            zh_cells_clear(t, cells, i);
            return zh_error_nomem(err);
        }
    }
    return ZH_OK;
}

typedef struct outside {
    const zh_cell_type *t;
    const uint64_t *chunk, *inside;
    unsigned cut; /* axes behind the last one that is cut need no look */
    zh_error *err;
} outside;

static int refill(const zh_cell_type *t, uint8_t *cells, size_t n, zh_error *err)
{
    zh_vlen *v = (zh_vlen *)(void *)cells;

    if (!t->variable) {
        zh_cells_fill_shared(t, cells, n);
        return ZH_OK;
    }
    for (size_t i = 0; i < n; i++) {
        zh_vlen fill;

        if (!dup_cell(&fill, t->fill))
            return zh_error_nomem(err);
        zh_free(v[i].data);
        v[i] = fill;
    }
    return ZH_OK;
}

/* n: cells of one whole slab of the axis's index, bytes at cells. */
static int fill_axis(const outside *o, unsigned axis, uint8_t *cells, size_t n)
{
    size_t step = n / (size_t)o->chunk[axis];
    size_t in = (size_t)o->inside[axis];

    if (axis + 1 < o->cut) {
        for (size_t i = 0; i < in; i++) {
            int rc = fill_axis(o, axis + 1, cells + i * step * o->t->size, step);

            if (rc < 0)
                return rc;
        }
    }
    return refill(o->t, cells + in * step * o->t->size, n - in * step, o->err);
}

int zh_cells_fill_outside(const zh_cell_type *t, void *cells, unsigned rank, const uint64_t *chunk,
                          const uint64_t *inside, zh_error *err)
{
    outside o = {t, chunk, inside, 0, err};
    size_t n = 1;

    for (unsigned i = 0; i < rank; i++) {
        n *= (size_t)chunk[i];
        if (inside[i] < chunk[i])
            o.cut = i + 1;
    }
    return o.cut == 0 ? ZH_OK : fill_axis(&o, 0, cells, n);
}

/* --- copying ------------------------------------------------------------------------------------------------ */

/* n cells of size bytes each; inlined with a constant size for the usual ones. */
static inline void copy_each(uint8_t *dst, size_t dstep, const uint8_t *src, size_t sstep, size_t n, size_t size)
{
    for (size_t i = 0; i < n; i++)
        memcpy(dst + i * dstep, src + i * sstep, size);
}

/* Steps in cells. */
static void copy_cells(uint8_t *dst, size_t dstep, const uint8_t *src, size_t sstep, size_t n, size_t size)
{
    if (n == 1 || (dstep == 1 && sstep == 1)) {
        memcpy(dst, src, n * size);
        return;
    }
    switch (size) {
    case 1:
        copy_each(dst, dstep, src, sstep, n, 1);
        break;
    case 2:
        copy_each(dst, dstep * 2, src, sstep * 2, n, 2);
        break;
    case 4:
        copy_each(dst, dstep * 4, src, sstep * 4, n, 4);
        break;
    case 8:
        copy_each(dst, dstep * 8, src, sstep * 8, n, 8);
        break;
    case 16:
        copy_each(dst, dstep * 16, src, sstep * 16, n, 16);
        break;
    default:
        copy_each(dst, dstep * size, src, sstep * size, n, size);
    }
}

typedef struct copy {
    size_t size;
    uint8_t *cells;    /* the chunk; only read when going out */
    const uint8_t *in; /* one of in and out is set */
    uint8_t *out;
    zh_arena *strings;
    char *empty; /* one NUL of the arena for all texts of length 0 */
    ptrdiff_t heap;
    zh_error *err;
} copy;

static int span_in(void *payload, size_t at, size_t packed, size_t n, size_t cstep, size_t pstep)
{
    const copy *c = payload;

    copy_cells(c->cells + at * c->size, cstep, c->in + packed * c->size, pstep, n, c->size);
    return ZH_OK;
}

static int span_out(void *payload, size_t at, size_t packed, size_t n, size_t cstep, size_t pstep)
{
    const copy *c = payload;

    copy_cells(c->out + packed * c->size, pstep, c->cells + at * c->size, cstep, n, c->size);
    return ZH_OK;
}

static int span_in_variable(void *payload, size_t at, size_t packed, size_t n, size_t cstep, size_t pstep)
{
    copy *c = payload;
    zh_vlen *to = (zh_vlen *)(void *)c->cells + at;

    for (size_t i = 0; i < n; i++) {
        zh_vlen *cell = to + i * cstep;
        zh_vlen given, own;

        memcpy(&given, c->in + (packed + i * pstep) * sizeof(given), sizeof(given));
        if (!dup_cell(&own, &given))
            return zh_error_nomem(c->err);
        c->heap += (ptrdiff_t)heap_of(&own) - (ptrdiff_t)heap_of(cell);
        zh_free(cell->data);
        *cell = own;
    }
    return ZH_OK;
}

/* Copies a text to the arena; NULL: out of memory. */
static char *text_out(copy *c, const zh_vlen *v)
{
    char *text;

    if (v->len == 0 && c->empty)
        return c->empty;
    text = v->len < SIZE_MAX ? zh_arena_alloc(c->strings, v->len + 1) : NULL;
    if (!text)
        return NULL;
    if (v->len > 0)
        memcpy(text, v->data, v->len);
    else
        c->empty = text;
    text[v->len] = '\0';
    return text;
}

static int span_out_variable(void *payload, size_t at, size_t packed, size_t n, size_t cstep, size_t pstep)
{
    copy *c = payload;
    const zh_vlen *from = (const zh_vlen *)(const void *)c->cells + at;

    for (size_t i = 0; i < n; i++) {
        zh_vlen v = from[i * cstep];

        v.data = text_out(c, &v);
        if (!v.data)
            return zh_error_nomem(c->err);
        memcpy(c->out + (packed + i * pstep) * sizeof(v), &v, sizeof(v));
    }
    return ZH_OK;
}

void zh_cells_merge_shared(const zh_cell_type *t, const zh_plan *p, const zh_piece *piece, void *cells, const void *in)
{
    copy c = {.size = t->size, .cells = cells, .in = in};

    (void)zh_piece_spans(p, piece, span_in, &c); /* span_in never fails */
}

int zh_cells_merge(const zh_cell_type *t, const zh_plan *p, const zh_piece *piece, void *cells, const void *in,
                   ptrdiff_t *heap, zh_error *err)
{
    copy c = {.size = t->size, .cells = cells, .in = in, .err = err};
    int rc;

    rc = zh_piece_spans(p, piece, t->variable ? span_in_variable : span_in, &c);
    *heap = c.heap;
    return rc;
}

int zh_cells_extract(const zh_cell_type *t, const zh_plan *p, const zh_piece *piece, const void *cells, void *out,
                     zh_arena *strings, zh_error *err)
{
    copy c = {.size = t->size, .cells = (uint8_t *)cells, .out = out, .strings = strings, .err = err};

    return zh_piece_spans(p, piece, t->variable ? span_out_variable : span_out, &c);
}
