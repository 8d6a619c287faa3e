/* plan.c - cutting selections at chunk borders.
 *
 * Regular selections: the positions of an axis whose coordinate is below x are counted by one division
 * (positions_below), so the part of a chunk is the difference of two counts, and the next chunk is found from the
 * coordinate of the next position. Chunks between two blocks are never visited.
 */
#include "array/plan.h"

#include "base/alloc.h"
#include "base/error.h"

#include <stdlib.h>

#define SUBRUNS_AT_ONCE ((size_t)1 << 18)

/* --- regular selections ------------------------------------------------------------------------------------- */

static uint64_t positions_below(const zh_plan_axis *a, uint64_t x)
{
    uint64_t d, k, rest;

    if (x <= a->start)
        return 0;
    d = x - a->start;
    if (a->count == 1)
        return d < a->block ? d : a->block;
    k = d / a->stride;
    if (k >= a->count)
        return a->n;
    rest = d - k * a->stride;
    return k * a->block + (rest < a->block ? rest : a->block);
}

static uint64_t coordinate(const zh_plan_axis *a, uint64_t pos)
{
    if (a->count == 1)
        return a->start + pos;
    return a->start + pos / a->block * a->stride + pos % a->block;
}

/* First coordinate of a chunk, and the one behind its last inside the shape. */
static void chunk_extent(const zh_plan_axis *a, uint64_t index, uint64_t *lo, uint64_t *hi)
{
    *lo = index * a->chunk;
    *hi = a->shape - *lo < a->chunk ? a->shape : *lo + a->chunk;
}

/* Sets the axis's walk on the chunk that holds position pos, the first one of that chunk. */
static void enter(zh_plan_axis *a, uint64_t pos)
{
    uint64_t lo, hi;

    a->pos = pos;
    a->index = coordinate(a, pos) / a->chunk;
    chunk_extent(a, a->index, &lo, &hi);
    a->end = positions_below(a, hi);
    a->full = a->end - pos == hi - lo;
}

static void set_axis(zh_plan_axis *a, const zh_sel *s, unsigned i)
{
    if (s->kind == ZH_SEL_ALL) {
        a->start = 0;
        a->count = 1;
        a->block = a->shape;
    } else {
        a->start = s->start[i];
        a->count = s->count[i];
        a->block = s->block[i];
        a->stride = s->stride[i];
        if (a->count > 1 && a->stride == a->block) {
            a->block *= a->count;
            a->count = 1;
        }
    }
    if (a->count == 1)
        a->stride = a->block;
    a->n = a->count * a->block;
}

/* Pieces that the selection can have at most; SIZE_MAX when that is more than a size_t holds. */
static size_t pieces_bound(const zh_plan *p)
{
    uint64_t total = 1;

    for (unsigned i = 0; i < p->rank; i++) {
        const zh_plan_axis *a = &p->axis[i];
        uint64_t span = coordinate(a, a->n - 1) / a->chunk - a->start / a->chunk + 1;

        if (!zh_mul_u64(total, span < a->n ? span : a->n, &total) || total > SIZE_MAX)
            return SIZE_MAX;
    }
    return (size_t)total;
}

static int reserve_pieces(zh_plan *p, size_t wanted, zh_error *err)
{
    size_t cap = wanted < ZH_PLAN_BATCH ? wanted : ZH_PLAN_BATCH;

    if (cap <= ZH_PLAN_INLINE) {
        p->pieces = p->inline_pieces;
        p->coords = p->inline_coords;
        p->cap = ZH_PLAN_INLINE;
        return ZH_OK;
    }
    p->pieces = zh_calloc(cap, sizeof(*p->pieces));
    p->coords = zh_calloc(cap, (p->rank ? p->rank : 1) * sizeof(*p->coords));
    p->cap = cap;
    return p->pieces && p->coords ? ZH_OK : zh_error_nomem(err);
}

static int init_regular(zh_plan *p, const zh_sel *s, zh_error *err)
{
    uint64_t packed = 1;

    for (unsigned i = p->rank; i-- > 0;) {
        zh_plan_axis *a = &p->axis[i];

        set_axis(a, s, i);
        if (a->n == 0)
            p->done = true;
        a->pstep = packed;
        packed *= a->n;
    }
    if (p->done)
        return ZH_OK;
    for (unsigned i = 0; i < p->rank; i++)
        enter(&p->axis[i], 0);
    return reserve_pieces(p, pieces_bound(p), err);
}

/* Steps to the next chunk, the last axis fastest; false behind the last. */
static bool advance(zh_plan *p)
{
    for (unsigned i = p->rank; i-- > 0;) {
        zh_plan_axis *a = &p->axis[i];

        if (a->end < a->n) {
            enter(a, a->end);
            return true;
        }
        enter(a, 0);
    }
    return false;
}

static size_t next_regular(zh_plan *p)
{
    size_t n = 0;

    while (n < p->cap && !p->done) {
        uint64_t *index = p->coords + n * p->rank;
        bool whole = true;

        for (unsigned i = 0; i < p->rank; i++) {
            index[i] = p->axis[i].index;
            whole = whole && p->axis[i].full;
        }
        p->pieces[n++] = (zh_piece){.chunk = index, .whole = whole};
        p->done = !advance(p);
    }
    return n;
}

/* --- runs --------------------------------------------------------------------------------------------------- */

static void fold_axes(zh_plan *p)
{
    unsigned n = 0;
    uint64_t cells = 1, chunks = 1;

    for (unsigned i = 0; i < p->rank; i++) {
        const zh_plan_axis *a = &p->axis[i];

        if (n > 0 && a->chunk == a->shape) {
            p->fold[n - 1].shape *= a->shape;
            p->fold[n - 1].chunk *= a->chunk;
        } else {
            p->fold[n].shape = a->shape;
            p->fold[n++].chunk = a->chunk;
        }
    }
    if (n == 0) {
        p->fold[0].shape = 1;
        p->fold[n++].chunk = 1;
    }
    for (unsigned i = n; i-- > 0;) {
        p->fold[i].cstep = cells;
        p->fold[i].gstep = chunks;
        cells *= p->fold[i].chunk;
        chunks *= (p->fold[i].shape - 1) / p->fold[i].chunk + 1;
    }
    p->nfold = n;
}

/* The first part of the elements from offset on that lies in one chunk. */
static zh_subrun cut(const zh_plan *p, uint64_t offset, uint64_t len)
{
    zh_subrun s = {0, 0, 0, len};

    for (unsigned i = p->nfold; i-- > 0;) {
        uint64_t at = offset % p->fold[i].shape;
        uint64_t index = at / p->fold[i].chunk;
        uint64_t in = at - index * p->fold[i].chunk;

        offset /= p->fold[i].shape;
        s.chunk += index * p->fold[i].gstep;
        s.at += in * p->fold[i].cstep;
        if (i == p->nfold - 1) {
            uint64_t left = p->fold[i].shape - at;

            if (left > p->fold[i].chunk - in)
                left = p->fold[i].chunk - in;
            if (s.n > left)
                s.n = left;
        }
    }
    return s;
}

static int grow_subruns(zh_plan *p, zh_error *err)
{
    size_t cap = p->sub_cap ? p->sub_cap * 2 : 64;
    zh_subrun *sub = zh_reallocarray(p->sub, cap, sizeof(*sub));

    if (!sub)
        return zh_error_nomem(err);
    p->sub = sub;
    p->sub_cap = cap;
    return ZH_OK;
}

static bool extends(const zh_subrun *last, const zh_subrun *s)
{
    return last->chunk == s->chunk && last->at + last->n == s->at && last->packed + last->n == s->packed;
}

static int by_chunk(const void *a, const void *b)
{
    const zh_subrun *x = a, *y = b;

    if (x->chunk != y->chunk)
        return x->chunk < y->chunk ? -1 : 1;
    return x->packed < y->packed ? -1 : 1; /* never equal: keeps the order of the list */
}

/* Splits the next runs, and sorts the parts by chunk. */
static int split_runs(zh_plan *p, zh_error *err)
{
    bool sorted = true;
    int rc;

    p->nsub = 0;
    p->sub_next = 0;
    while (p->run < p->nruns && p->nsub < SUBRUNS_AT_ONCE) {
        const zh_run *r = &p->runs[p->run];
        zh_subrun s;

        if (p->run_done == r->len) {
            p->run++;
            p->run_done = 0;
            continue;
        }
        s = cut(p, r->offset + p->run_done, r->len - p->run_done);
        s.packed = p->packed;
        p->run_done += s.n;
        p->packed += s.n;
        if (p->nsub > 0 && extends(&p->sub[p->nsub - 1], &s)) {
            p->sub[p->nsub - 1].n += s.n;
            continue;
        }
        if (p->nsub == p->sub_cap) {
            rc = grow_subruns(p, err);
            if (rc < 0)
                return rc;
        }
        sorted = sorted && (p->nsub == 0 || p->sub[p->nsub - 1].chunk <= s.chunk);
        p->sub[p->nsub++] = s;
    }
    if (!sorted)
        qsort(p->sub, p->nsub, sizeof(*p->sub), by_chunk);
    return ZH_OK;
}

static void chunk_of_number(const zh_plan *p, uint64_t number, uint64_t *index)
{
    for (unsigned i = p->rank; i-- > 0;) {
        uint64_t count = (p->axis[i].shape - 1) / p->axis[i].chunk + 1;

        index[i] = number % count;
        number /= count;
    }
}

/* Whether parts in packed order name every cell inside the shape: only told when they also ascend in the chunk. */
static bool runs_are_whole(const zh_plan *p, const zh_piece *piece)
{
    uint64_t inside = 1, named = 0, next = 0;

    for (unsigned i = 0; i < p->rank; i++) {
        uint64_t lo, hi;

        chunk_extent(&p->axis[i], piece->chunk[i], &lo, &hi);
        inside *= hi - lo;
    }
    for (size_t i = 0; i < piece->nruns; i++) {
        if (piece->runs[i].at < next)
            return false;
        next = piece->runs[i].at + piece->runs[i].n;
        named += piece->runs[i].n;
    }
    return named == inside;
}

static int next_runs(zh_plan *p, size_t *out, zh_error *err)
{
    size_t n = 0;
    int rc;

    if (p->sub_next == p->nsub) {
        rc = split_runs(p, err);
        if (rc < 0)
            return rc;
    }
    while (n < p->cap && p->sub_next < p->nsub) {
        uint64_t *index = p->coords + n * p->rank;
        const zh_subrun *first = &p->sub[p->sub_next];
        zh_piece piece = {.chunk = index, .runs = first};

        while (p->sub_next < p->nsub && p->sub[p->sub_next].chunk == first->chunk) {
            p->sub_next++;
            piece.nruns++;
        }
        chunk_of_number(p, first->chunk, index);
        piece.whole = runs_are_whole(p, &piece);
        p->pieces[n++] = piece;
    }
    while (p->run < p->nruns && p->run_done == p->runs[p->run].len) {
        p->run++;
        p->run_done = 0;
    }
    p->done = p->sub_next == p->nsub && p->run == p->nruns;
    *out = n;
    return ZH_OK;
}

static int init_runs(zh_plan *p, const zh_sel *s, zh_error *err)
{
    uint64_t elements = 0;

    p->by_runs = true;
    p->runs = s->runs;
    p->nruns = s->nruns;
    for (p->run = 0; p->run < p->nruns && p->runs[p->run].len == 0;)
        p->run++;
    if (p->run == p->nruns) {
        p->done = true; /* also where the shape has no elements, and no division would do */
        return ZH_OK;
    }
    for (size_t i = p->run; i < p->nruns && elements <= ZH_PLAN_INLINE; i++)
        elements = p->runs[i].len > ZH_PLAN_INLINE ? ZH_PLAN_BATCH : elements + p->runs[i].len;
    fold_axes(p);
    return reserve_pieces(p, elements <= ZH_PLAN_INLINE ? ZH_PLAN_INLINE : ZH_PLAN_BATCH, err);
}

/* --- both --------------------------------------------------------------------------------------------------- */

int zh_plan_init(zh_plan *p, const zh_sel *sel, const uint64_t *shape, const uint64_t *chunk, zh_error *err)
{
    uint64_t cells = 1;

    p->rank = sel->rank;
    p->by_runs = false;
    p->done = false;
    p->cap = 0;
    p->pieces = NULL;
    p->coords = NULL;
    p->sub = NULL;
    p->nsub = p->sub_cap = p->sub_next = 0;
    p->run_done = p->packed = 0;
    for (unsigned i = p->rank; i-- > 0;) {
        p->axis[i].shape = shape[i];
        p->axis[i].chunk = chunk[i];
        p->axis[i].cstep = cells;
        cells *= chunk[i];
    }
    return sel->kind == ZH_SEL_RUNS ? init_runs(p, sel, err) : init_regular(p, sel, err);
}

void zh_plan_dispose(zh_plan *p)
{
    if (p->pieces != p->inline_pieces) {
        zh_free(p->pieces);
        zh_free(p->coords);
    }
    zh_free(p->sub);
    p->pieces = NULL;
    p->coords = NULL;
    p->sub = NULL;
}

int zh_plan_next(zh_plan *p, const zh_piece **pieces, size_t *n, zh_error *err)
{
    int rc = ZH_OK;

    *pieces = p->pieces;
    *n = 0;
    if (p->done)
        return ZH_OK;
    if (p->by_runs)
        rc = next_runs(p, n, err);
    else
        *n = next_regular(p);
    return rc;
}

bool zh_plan_last(const zh_plan *p)
{
    return p->done;
}

/* --- spans -------------------------------------------------------------------------------------------------- */

/* One loop of a piece. block == 0: n cells cstep apart; otherwise blocks of cells cstep apart, the first of them
 * entered at phase, jump cells from the last of one block to the first of the next. */
typedef struct loop {
    uint64_t n, cstep, pstep;
    uint64_t block, phase, jump;
    uint64_t i, now; /* iterations done, and the phase of the next */
} loop;

static bool foldable(const loop *outer, const loop *inner)
{
    return outer->block == 0 && inner->block == 0 && outer->cstep == inner->n * inner->cstep &&
           outer->pstep == inner->n * inner->pstep;
}

/* The loops of a regular piece, outermost first, folded where two are one; *at and *packed get its first cell. */
static unsigned piece_loops(const zh_plan *p, const zh_piece *piece, loop *loops, size_t *at, size_t *packed)
{
    uint64_t cell = 0, first = 0;
    unsigned n = 0;

    for (unsigned i = 0; i < p->rank; i++) {
        const zh_plan_axis *a = &p->axis[i];
        uint64_t lo, hi, pos;
        loop l = {.cstep = a->cstep, .pstep = a->pstep};

        chunk_extent(a, piece->chunk[i], &lo, &hi);
        pos = positions_below(a, lo);
        l.n = positions_below(a, hi) - pos;
        cell += (coordinate(a, pos) - lo) * a->cstep;
        first += pos * a->pstep;
        if (l.n == 1)
            continue;
        if (a->block == 1) {
            l.cstep *= a->stride;
        } else if (pos % a->block + l.n > a->block) {
            l.block = a->block;
            l.phase = l.now = pos % a->block;
            l.jump = (a->stride - a->block + 1) * a->cstep;
        }
        if (n > 0 && foldable(&loops[n - 1], &l)) {
            l.n *= loops[n - 1].n;
            loops[n - 1] = l;
        } else {
            loops[n++] = l;
        }
    }
    *at = (size_t)cell;
    *packed = (size_t)first;
    return n;
}

/* The innermost loop from its start. */
static int inner_spans(const loop *l, size_t at, size_t packed, zh_span_fn fn, void *payload)
{
    uint64_t left = l->n, phase = l->phase;

    if (l->block == 0)
        return fn(payload, at, packed, (size_t)l->n, (size_t)l->cstep, (size_t)l->pstep);
    while (left > 0) {
        uint64_t n = l->block - phase < left ? l->block - phase : left;
        int rc = fn(payload, at, packed, (size_t)n, (size_t)l->cstep, (size_t)l->pstep);

        if (rc != ZH_OK)
            return rc;
        at += (size_t)((n - 1) * l->cstep + l->jump);
        packed += (size_t)(n * l->pstep);
        left -= n;
        phase = 0;
    }
    return ZH_OK;
}

/* One more iteration of a loop; false when it has ended. */
static bool step(loop *l, size_t *at, size_t *packed)
{
    if (++l->i == l->n)
        return false;
    *packed += (size_t)l->pstep;
    if (l->block != 0 && ++l->now == l->block) {
        l->now = 0;
        *at += (size_t)l->jump;
    } else {
        *at += (size_t)l->cstep;
    }
    return true;
}

static int regular_spans(const zh_plan *p, const zh_piece *piece, zh_span_fn fn, void *payload)
{
    loop loops[ZH_MAX_RANK];
    size_t at[ZH_MAX_RANK + 1], packed[ZH_MAX_RANK + 1]; /* where each loop stands */
    unsigned n, depth;

    n = piece_loops(p, piece, loops, &at[0], &packed[0]);
    if (n == 0)
        return fn(payload, at[0], packed[0], 1, 1, 1);
    for (depth = 1; depth < n; depth++) {
        at[depth] = at[0];
        packed[depth] = packed[0];
    }
    for (;;) {
        int rc = inner_spans(&loops[n - 1], at[n - 1], packed[n - 1], fn, payload);

        if (rc != ZH_OK)
            return rc;
        for (depth = n - 1; depth > 0; depth--) {
            loop *l = &loops[depth - 1];

            if (step(l, &at[depth - 1], &packed[depth - 1]))
                break;
            l->i = 0;
            l->now = l->phase;
        }
        if (depth == 0)
            return ZH_OK;
        for (; depth < n; depth++) {
            at[depth] = at[depth - 1];
            packed[depth] = packed[depth - 1];
        }
    }
}

int zh_piece_spans(const zh_plan *p, const zh_piece *piece, zh_span_fn fn, void *payload)
{
    if (!p->by_runs)
        return regular_spans(p, piece, fn, payload);
    for (size_t i = 0; i < piece->nruns; i++) {
        const zh_subrun *s = &piece->runs[i];
        int rc = fn(payload, (size_t)s->at, (size_t)s->packed, (size_t)s->n, 1, 1);

        if (rc != ZH_OK)
            return rc;
    }
    return ZH_OK;
}

size_t zh_piece_contiguous_spans(const zh_plan *p, const zh_piece *piece)
{
    loop loops[ZH_MAX_RANK];
    const loop *inner;
    size_t at, packed, spans = 1;
    unsigned n;

    if (p->by_runs)
        return piece->nruns;
    n = piece_loops(p, piece, loops, &at, &packed);
    if (n == 0)
        return 1;
    inner = &loops[n - 1];
    if (inner->cstep != 1 || inner->pstep != 1)
        return SIZE_MAX;
    if (inner->block != 0)
        spans = (size_t)((inner->phase + inner->n - 1) / inner->block + 1);
    for (unsigned i = 0; i + 1 < n; i++)
        spans *= (size_t)loops[i].n; /* no more than the piece has cells */
    return spans;
}
