/* dset_strip.c - see dset_strip.h. */
#include "dset_strip.h"

static uint64_t axis_length(const zh_sel *s, unsigned axis)
{
    return s->count[axis] * s->block[axis];
}

/* The first axis of which one index fits into a strip. */
static void choose_axis(zvol_strips *s)
{
    s->axis = s->whole.rank - 1;
    s->inner = 1;
    while (s->axis > 0 && s->inner * axis_length(&s->whole, s->axis) <= s->limit) {
        s->inner *= axis_length(&s->whole, s->axis);
        s->axis--;
    }
}

void zvol_strips_init(zvol_strips *s, const zvol_xfer *x, const uint64_t *shape, const uint64_t *chunk, uint64_t limit)
{
    s->whole = x->sel;
    s->runs = x->runs;
    s->nruns = x->sel.nruns;
    s->chunk = chunk;
    s->limit = limit > 0 ? limit : 1;
    s->left = x->npoints;
    s->cut = 0;
    s->single = s->left <= s->limit;
    if (s->single || x->sel.kind == ZH_SEL_RUNS)
        return;
    for (unsigned i = 0; i < x->sel.rank; i++) {
        s->at[i] = 0;
        if (x->sel.kind == ZH_SEL_REGULAR)
            continue;
        s->whole.start[i] = 0;
        s->whole.count[i] = 1;
        s->whole.stride[i] = s->whole.block[i] = shape[i];
    }
    s->whole.kind = ZH_SEL_REGULAR;
    choose_axis(s);
}

/* Makes axis of out the single index `at` of the packed result. */
static void pick_index(zh_sel *out, unsigned axis, uint64_t at)
{
    out->start[axis] += at / out->block[axis] * out->stride[axis] + at % out->block[axis];
    out->count[axis] = out->block[axis] = out->stride[axis] = 1;
}

/* Makes axis of out the indices from `at` on, at most `want` of them; returns how many. */
static uint64_t pick_range(zh_sel *out, unsigned axis, uint64_t at, uint64_t want, uint64_t chunk)
{
    const uint64_t block = out->block[axis], count = out->count[axis];
    const uint64_t first = at / block, inside = at % block;
    uint64_t n = want < block - inside ? want : block - inside;

    out->start[axis] += first * out->stride[axis] + inside;
    if (inside == 0 && count > 1 && want >= block) {
        n = want / block < count - first ? want / block : count - first;
        out->count[axis] = n;
        return n * block;
    }
    if (chunk > 0 && n < block - inside) {
        const uint64_t end = out->start[axis] + n;

        if (end - end % chunk > out->start[axis])
            n -= end % chunk;
    }
    out->count[axis] = 1;
    out->block[axis] = out->stride[axis] = n;
    return n;
}

/* Moves on by n indices of the axis that is cut. */
static void advance(zvol_strips *s, uint64_t n)
{
    s->at[s->axis] += n;
    for (unsigned i = s->axis; i > 0 && s->at[i] == axis_length(&s->whole, i); i--) {
        s->at[i] = 0;
        s->at[i - 1]++;
    }
}

static uint64_t next_slab(zvol_strips *s, zh_sel *out)
{
    uint64_t n;

    *out = s->whole;
    for (unsigned i = 0; i < s->axis; i++)
        pick_index(out, i, s->at[i]);
    n = pick_range(out, s->axis, s->at[s->axis], s->limit / s->inner, s->chunk ? s->chunk[s->axis] : 0);
    advance(s, n);
    return n * s->inner;
}

static uint64_t next_runs(zvol_strips *s, zh_sel *out)
{
    uint64_t n = 0;

    if (s->cut > 0) { /* the rest of the run that was cut */
        s->runs->offset += s->runs->len;
        s->runs->len = s->cut;
        s->cut = 0;
    }
    out->kind = ZH_SEL_RUNS;
    out->rank = s->whole.rank;
    out->runs = s->runs;
    out->nruns = 0;
    while (s->nruns > 0 && n < s->limit) {
        out->nruns++;
        if (s->runs->len > s->limit - n) {
            s->cut = s->runs->len - (s->limit - n);
            s->runs->len = s->limit - n;
            return s->limit;
        }
        n += s->runs->len;
        s->runs++;
        s->nruns--;
    }
    return n;
}

bool zvol_strips_next(zvol_strips *s, zh_sel *out, uint64_t *n)
{
    if (s->left == 0)
        return false;
    if (s->single) {
        *out = s->whole;
        *n = s->left;
    } else {
        *n = s->whole.kind == ZH_SEL_RUNS ? next_runs(s, out) : next_slab(s, out);
    }
    s->left -= *n;
    return true;
}
