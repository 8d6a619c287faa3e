/* h5space.c - dataspaces and selections to plain structs. See h5space.h.
 *
 * A selection offset (H5Soffset_simple) is part of what H5Sget_select_bounds and the iterators say, but not of what
 * H5Sget_regular_hyperslab says, and it does not move a selection of everything.
 */
#include "h5space.h"

#include "base/alloc.h"
#include "base/error.h"
#include "err.h"

#include <string.h>

#define SEQUENCES 256 /* asked of an iterator at a time */

_Static_assert(sizeof(hsize_t) == sizeof(uint64_t), "extents go between HDF5 and the library as they are");

/* One dataspace argument, resolved. */
typedef struct side {
    hid_t space;
    H5S_sel_type type;
    unsigned rank;
    uint64_t dims[ZH_MAX_RANK];
    uint64_t npoints;
    bool regular; /* sel holds the selection */
    zh_sel sel;   /* REGULAR */
} side;

static bool is_sentinel(hid_t space)
{
    return space == H5S_ALL || space == H5S_BLOCK || space == H5S_PLIST;
}

/* ---- one space ---- */

static int read_extent(side *s, const char *what, zh_error *err)
{
    const H5S_class_t cls = H5Sget_simple_extent_type(s->space);
    int rank;

    rank = cls == H5S_NO_CLASS ? -1 : H5Sget_simple_extent_dims(s->space, s->dims, NULL);
    if (rank < 0 || rank > ZH_MAX_RANK)
        return zvol_err_h5(err, ZH_INVALID, "not a dataspace");
    if (rank == 0 && cls == H5S_SIMPLE)
        return zh_error_set(err, ZH_INVALID, "the %s dataspace has no extent", what);
    s->rank = (unsigned)rank;
    return ZH_OK;
}

/* Blocks that touch become one. */
static void merge_blocks(zh_sel *r)
{
    for (unsigned i = 0; i < r->rank; i++) {
        if (r->count[i] > 1 && r->stride[i] == r->block[i]) {
            r->block[i] *= r->count[i];
            r->count[i] = 1;
        }
        if (r->count[i] == 1)
            r->stride[i] = r->block[i];
    }
}

/* HDF5 (1.14.5 at least) now and then takes a union of hyperslabs for a regular one of fewer or more elements, and its
 * own transfers then go to the wrong places. */
static int check_count(const side *s, zh_error *err)
{
    uint64_t n = 1;

    for (unsigned i = 0; i < s->rank; i++)
        n *= s->sel.count[i] * s->sel.block[i];
    if (n == s->npoints)
        return ZH_OK;
    return zh_error_set(err, ZH_UNSUPPORTED,
                        "HDF5 misreads this combination of hyperslabs: it says %llu elements and lists %llu",
                        (unsigned long long)s->npoints, (unsigned long long)n);
}

static int read_regular(side *s, zh_error *err)
{
    uint64_t low[ZH_MAX_RANK], high[ZH_MAX_RANK];
    zh_sel *r = &s->sel;

    r->kind = ZH_SEL_REGULAR;
    r->rank = s->rank;
    if (H5Sget_regular_hyperslab(s->space, r->start, r->stride, r->count, r->block) < 0)
        return zvol_err_h5(err, ZH_INVALID, "the hyperslab cannot be read");
    for (unsigned i = 0; i < s->rank; i++)
        if (r->count[i] == H5S_UNLIMITED || r->block[i] == H5S_UNLIMITED)
            return zh_error_set(err, ZH_UNSUPPORTED, "unlimited selections are for virtual datasets only");
    if (H5Sget_select_bounds(s->space, low, high) < 0)
        return zvol_err_h5(err, ZH_INVALID, "the hyperslab cannot be read");
    for (unsigned i = 0; i < s->rank; i++)
        r->start[i] = low[i]; /* with the offset */
    merge_blocks(r);
    s->regular = true;
    return check_count(s, err);
}

/* Everything selected, as a hyperslab: needed where the extent is not the dataset's. */
static void select_extent(side *s)
{
    zh_sel *r = &s->sel;

    r->kind = ZH_SEL_REGULAR;
    r->rank = s->rank;
    for (unsigned i = 0; i < s->rank; i++) {
        r->start[i] = 0;
        r->stride[i] = r->block[i] = s->dims[i];
        r->count[i] = 1;
    }
    s->regular = true;
}

static int read_selection(side *s, const char *what, zh_error *err)
{
    const hssize_t n = H5Sget_select_npoints(s->space);

    s->regular = false;
    s->type = H5Sget_select_type(s->space);
    if (n < 0 || s->type < H5S_SEL_NONE)
        return zvol_err_h5(err, ZH_INVALID, "the selection cannot be read");
    s->npoints = (uint64_t)n;
    if (n == 0 || s->rank == 0)
        return ZH_OK;
    if (s->type == H5S_SEL_ALL) {
        select_extent(s);
        return ZH_OK;
    }
    if (H5Sselect_valid(s->space) <= 0)
        return zh_error_set(err, ZH_RANGE, "the selection of the %s dataspace is not within its extent", what);
    if (s->type == H5S_SEL_HYPERSLABS && H5Sis_regular_hyperslab(s->space) > 0)
        return read_regular(s, err);
    return ZH_OK;
}

static int read_side(side *s, hid_t space, const char *what, zh_error *err)
{
    int rc;

    s->space = space;
    s->rank = 0;
    s->npoints = 0;
    s->regular = false;
    rc = read_extent(s, what, err);
    return rc < 0 ? rc : read_selection(s, what, err);
}

/* Whether a regular selection is one run of elements in C order, and where it begins. */
static bool is_one_run(const side *s, uint64_t *offset)
{
    const zh_sel *r = &s->sel;
    bool whole = false; /* an axis before this one has more than one index: all of this axis must be selected */

    *offset = 0;
    for (unsigned i = 0; i < s->rank; i++) {
        if (r->count[i] != 1 || (whole && r->block[i] != s->dims[i]))
            return false;
        whole = whole || r->block[i] != 1;
        *offset = *offset * s->dims[i] + r->start[i];
    }
    return true;
}

/* ---- irregular selections to runs ---- */

typedef struct run_list {
    zh_run *runs;
    size_t n, cap;
    const uint64_t *from, *to; /* extents of the space and of the dataset */
    unsigned rank;
    bool same_rows; /* an index means the same element in both */
} run_list;

static int append_run(run_list *l, uint64_t offset, uint64_t len, zh_error *err)
{
    if (l->n > 0 && l->runs[l->n - 1].offset + l->runs[l->n - 1].len == offset) {
        l->runs[l->n - 1].len += len;
        return ZH_OK;
    }
    if (l->n == l->cap) {
        const size_t cap = l->cap ? 2 * l->cap : 64;
        zh_run *more = zh_reallocarray(l->runs, cap, sizeof(*more));

        if (!more)
            return zh_error_nomem(err);
        l->runs = more;
        l->cap = cap;
    }
    l->runs[l->n++] = (zh_run){offset, len};
    return ZH_OK;
}

/* Index of the same element in the dataset's extent. false: it is outside. */
static bool translate(const run_list *l, uint64_t from, uint64_t *to)
{
    uint64_t scale = 1;

    *to = 0;
    for (unsigned i = l->rank; i-- > 0;) {
        const uint64_t at = from % l->from[i];

        if (at >= l->to[i])
            return false;
        *to += at * scale;
        from /= l->from[i];
        scale *= l->to[i];
    }
    return true;
}

/* A sequence of the space's elements; where the rows have another length in the dataset, row by row. */
static int append_sequence(run_list *l, uint64_t offset, uint64_t len, zh_error *err)
{
    const uint64_t row = l->from[l->rank - 1];
    int rc = ZH_OK;

    if (l->same_rows)
        return append_run(l, offset, len, err);
    while (len > 0 && rc == ZH_OK) {
        const uint64_t left = row - offset % row;
        const uint64_t n = len < left ? len : left;
        uint64_t first, last;

        if (!translate(l, offset, &first) || !translate(l, offset + n - 1, &last))
            return zh_error_set(err, ZH_RANGE, "the selection is not within the dataset's extent");
        rc = append_run(l, first, n, err);
        offset += n;
        len -= n;
    }
    return rc;
}

static int append_all(run_list *l, hid_t iter, uint64_t npoints, zh_error *err)
{
    hsize_t offsets[SEQUENCES];
    size_t lengths[SEQUENCES], nseq, nelem;
    int rc = ZH_OK;

    while (npoints > 0 && rc == ZH_OK) {
        if (H5Ssel_iter_get_seq_list(iter, SEQUENCES, SIZE_MAX, &nseq, &nelem, offsets, lengths) < 0 || nelem == 0 ||
            nelem > npoints)
            return zvol_err_h5(err, ZH_INVALID, "the selection cannot be iterated");
        for (size_t i = 0; i < nseq && rc == ZH_OK; i++)
            rc = append_sequence(l, offsets[i], lengths[i], err);
        npoints -= nelem;
    }
    return rc;
}

static int list_runs(run_list *l, const side *s, zh_error *err)
{
    const hid_t iter = H5Ssel_iter_create(s->space, 1, H5S_SEL_ITER_SHARE_WITH_DATASPACE);
    int rc;

    if (iter < 0)
        return zvol_err_h5(err, ZH_INVALID, "the selection cannot be iterated");
    l->same_rows = true;
    for (unsigned i = 1; i < s->rank; i++)
        l->same_rows = l->same_rows && l->from[i] == l->to[i];
    rc = append_all(l, iter, s->npoints, err);
    H5Ssel_iter_close(iter);
    return rc;
}

/* ---- both sides ---- */

static bool same_extent(unsigned rank, const uint64_t *a, const uint64_t *b)
{
    return rank == 0 || memcmp(a, b, rank * sizeof(*a)) == 0;
}

static int resolve_file(zvol_xfer *x, const side *s, unsigned rank, const uint64_t *shape, zh_error *err)
{
    run_list l = {.from = s->dims, .to = shape, .rank = rank};
    int rc;

    if (s->rank != rank)
        return zh_error_set(err, ZH_INVALID, "the file dataspace has %u dimensions, the dataset has %u", s->rank, rank);
    x->npoints = s->npoints;
    x->sel.kind = ZH_SEL_ALL;
    x->sel.rank = rank;
    if (s->npoints == 0 || rank == 0 || (s->type == H5S_SEL_ALL && same_extent(rank, s->dims, shape)))
        return ZH_OK;
    if (s->regular) {
        x->sel = s->sel;
        return zh_sel_check(&x->sel, rank, shape, err);
    }
    rc = list_runs(&l, s, err);
    x->runs = l.runs;
    x->sel.kind = ZH_SEL_RUNS;
    x->sel.runs = l.runs;
    x->sel.nruns = l.n;
    return rc < 0 ? rc : zh_sel_check(&x->sel, rank, shape, err);
}

static int resolve_whole(zvol_xfer *x, unsigned rank, const uint64_t *shape, bool null_space, zh_error *err)
{
    x->npoints = null_space ? 0 : 1;
    x->sel.kind = ZH_SEL_ALL;
    x->sel.rank = rank;
    for (unsigned i = 0; i < rank; i++)
        if (!zh_mul_u64(x->npoints, shape[i], &x->npoints))
            return zh_error_set(err, ZH_RANGE, "the dataset has too many elements");
    return ZH_OK;
}

static void resolve_memory(zvol_xfer *x, const side *s)
{
    x->mem_space = s->space;
    x->mem_contiguous = s->npoints == 0 || s->rank == 0 || (s->regular && is_one_run(s, &x->mem_offset));
}

static int check_sentinels(hid_t mem_space, hid_t file_space, zh_error *err)
{
    if (file_space == H5S_PLIST)
        return zh_error_set(err, ZH_UNSUPPORTED,
                            "a selection in the transfer property list (H5S_PLIST) is not supported");
    if (file_space == H5S_BLOCK)
        return zh_error_set(err, ZH_INVALID, "H5S_BLOCK is no file dataspace");
    if (mem_space == H5S_PLIST)
        return zh_error_set(err, ZH_INVALID, "H5S_PLIST is no memory dataspace");
    return ZH_OK;
}

static int resolve(zvol_xfer *x, hid_t mem_space, hid_t file_space, unsigned rank, const uint64_t *shape,
                   bool null_space, zh_error *err)
{
    side file, mem;
    int rc = check_sentinels(mem_space, file_space, err);

    if (rc < 0)
        return rc;
    if (is_sentinel(file_space)) {
        rc = resolve_whole(x, rank, shape, null_space, err);
    } else {
        rc = read_side(&file, file_space, "file", err);
        if (rc == ZH_OK)
            rc = resolve_file(x, &file, rank, shape, err);
    }
    if (rc < 0)
        return rc;
    x->mem_contiguous = true;
    if (mem_space == H5S_ALL && !is_sentinel(file_space)) {
        resolve_memory(x, &file); /* the buffer is laid out like the file's dataspace */
        return ZH_OK;
    }
    if (is_sentinel(mem_space))
        return ZH_OK;
    rc = read_side(&mem, mem_space, "memory", err);
    if (rc < 0)
        return rc;
    if (mem.npoints != x->npoints)
        return zh_error_set(err, ZH_INVALID, "%llu elements are selected in memory and %llu in the file",
                            (unsigned long long)mem.npoints, (unsigned long long)x->npoints);
    resolve_memory(x, &mem);
    return ZH_OK;
}

int zvol_xfer_init(zvol_xfer *x, hid_t mem_space, hid_t file_space, unsigned rank, const uint64_t *shape,
                   bool null_space, zh_error *err)
{
    int rc;

    x->runs = NULL;
    x->npoints = 0;
    x->mem_contiguous = false;
    x->mem_offset = 0;
    x->mem_space = -1;
    rc = resolve(x, mem_space, file_space, rank, shape, null_space, err);
    if (rc < 0)
        zvol_xfer_dispose(x);
    return rc;
}

void zvol_xfer_dispose(zvol_xfer *x)
{
    zh_free(x->runs);
    x->runs = NULL;
}

hid_t zvol_space_make(bool null_space, unsigned rank, const uint64_t *dims, const uint64_t *maxdims, zh_error *err)
{
    const hid_t id = null_space  ? H5Screate(H5S_NULL)
                     : rank == 0 ? H5Screate(H5S_SCALAR)
                                 : H5Screate_simple((int)rank, dims, maxdims);

    if (id < 0)
        zvol_err_h5(err, ZH_INTERNAL, "HDF5 does not make the dataspace");
    return id;
}
