/* select.c - sizes and limits of selections. */
#include "array/select.h"

#include "base/alloc.h"
#include "base/error.h"

static bool add_u64(uint64_t a, uint64_t b, uint64_t *out)
{
    return !__builtin_add_overflow(a, b, out);
}

/* Product of n factors; a factor of 0 wins over an overflow of the others. */
static bool product(const uint64_t *f, unsigned n, uint64_t *out)
{
    uint64_t total = 1;

    for (unsigned i = 0; i < n; i++) {
        if (f[i] == 0) {
            *out = 0;
            return true;
        }
    }
    for (unsigned i = 0; i < n; i++) {
        if (!zh_mul_u64(total, f[i], &total))
            return false;
    }
    *out = total;
    return true;
}

static bool axis_is_empty(const zh_sel *s, unsigned axis)
{
    return s->count[axis] == 0 || s->block[axis] == 0;
}

static bool regular_is_empty(const zh_sel *s)
{
    for (unsigned i = 0; i < s->rank; i++) {
        if (axis_is_empty(s, i))
            return true;
    }
    return false;
}

static int regular_npoints(const zh_sel *s, uint64_t *out, zh_error *err)
{
    uint64_t n[ZH_MAX_RANK];

    if (regular_is_empty(s)) {
        *out = 0;
        return ZH_OK;
    }
    for (unsigned i = 0; i < s->rank; i++) {
        if (!zh_mul_u64(s->count[i], s->block[i], &n[i]))
            return zh_error_set(err, ZH_RANGE, "selection of more than 2^64 elements");
    }
    if (!product(n, s->rank, out))
        return zh_error_set(err, ZH_RANGE, "selection of more than 2^64 elements");
    return ZH_OK;
}

int zh_sel_npoints(const zh_sel *s, const uint64_t *shape, uint64_t *out, zh_error *err)
{
    uint64_t total = 0;

    if (s->rank > ZH_MAX_RANK)
        return zh_error_set(err, ZH_INVALID, "selection of rank %u, the limit is %d", s->rank, ZH_MAX_RANK);
    switch (s->kind) {
    case ZH_SEL_ALL:
        if (!product(shape, s->rank, out))
            return zh_error_set(err, ZH_RANGE, "array of more than 2^64 elements");
        return ZH_OK;
    case ZH_SEL_REGULAR:
        return regular_npoints(s, out, err);
    case ZH_SEL_RUNS:
        for (size_t i = 0; i < s->nruns; i++) {
            if (!add_u64(total, s->runs[i].len, &total))
                return zh_error_set(err, ZH_RANGE, "selection of more than 2^64 elements");
        }
        *out = total;
        return ZH_OK;
    }
    return zh_error_set(err, ZH_INVALID, "unknown kind of selection %d", (int)s->kind);
}

static int check_axis(const zh_sel *s, unsigned i, uint64_t extent, zh_error *err)
{
    uint64_t end;

    if (s->count[i] > 1 && s->stride[i] < s->block[i])
        return zh_error_set(err, ZH_INVALID, "selection with overlapping blocks on axis %u: stride %llu, block %llu", i,
                            (unsigned long long)s->stride[i], (unsigned long long)s->block[i]);
    if (s->count[i] == 1)
        end = 0;
    else if (!zh_mul_u64(s->count[i] - 1, s->stride[i], &end))
        end = UINT64_MAX;
    if (!add_u64(end, s->start[i], &end) || !add_u64(end, s->block[i], &end) || end > extent)
        return zh_error_set(err, ZH_RANGE, "selection exceeds axis %u of length %llu", i, (unsigned long long)extent);
    return ZH_OK;
}

static int check_runs(const zh_sel *s, const uint64_t *shape, zh_error *err)
{
    uint64_t total, end;

    if (!product(shape, s->rank, &total))
        return zh_error_set(err, ZH_RANGE, "array of more than 2^64 elements");
    for (size_t i = 0; i < s->nruns; i++) {
        if (s->runs[i].len == 0)
            continue;
        if (!add_u64(s->runs[i].offset, s->runs[i].len, &end) || end > total)
            return zh_error_set(err, ZH_RANGE, "selection of %llu elements from %llu on, the array has %llu",
                                (unsigned long long)s->runs[i].len, (unsigned long long)s->runs[i].offset,
                                (unsigned long long)total);
    }
    return ZH_OK;
}

int zh_sel_check(const zh_sel *s, unsigned rank, const uint64_t *shape, zh_error *err)
{
    int rc;

    if (s->rank != rank || rank > ZH_MAX_RANK)
        return zh_error_set(err, ZH_INVALID, "selection of rank %u for an array of rank %u", s->rank, rank);
    switch (s->kind) {
    case ZH_SEL_ALL:
        return ZH_OK;
    case ZH_SEL_REGULAR:
        if (regular_is_empty(s))
            return ZH_OK;
        for (unsigned i = 0; i < rank; i++) {
            rc = check_axis(s, i, shape[i], err);
            if (rc < 0)
                return rc;
        }
        return ZH_OK;
    case ZH_SEL_RUNS:
        return check_runs(s, shape, err);
    }
    return zh_error_set(err, ZH_INVALID, "unknown kind of selection %d", (int)s->kind);
}
