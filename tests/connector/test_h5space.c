/* test_h5space.c - selections of the file and of memory, against lists of elements made by counting. */
#include "harness.h"

#include "base/alloc.h"
#include "dset_layout.h"
#include "dset_mem.h"
#include "dset_strip.h"
#include "h5space.h"

#define ELEMENTS_MAX 4096

/* Elements by their C-order index in some extent. */
typedef struct list {
    size_t n;
    uint64_t at[ELEMENTS_MAX];
} list;

static uint64_t volume(unsigned rank, const uint64_t *dims)
{
    uint64_t n = 1;

    for (unsigned i = 0; i < rank; i++)
        n *= dims[i];
    return n;
}

static void split(uint64_t *index, uint64_t at, unsigned rank, const uint64_t *dims)
{
    for (unsigned i = rank; i-- > 0; at /= dims[i])
        index[i] = at % dims[i];
}

static uint64_t join(const uint64_t *index, unsigned rank, const uint64_t *dims)
{
    uint64_t at = 0;

    for (unsigned i = 0; i < rank; i++)
        at = at * dims[i] + index[i];
    return at;
}

static void add_range(list *l, uint64_t from, uint64_t n)
{
    assert_true(l->n + n <= ELEMENTS_MAX);
    while (n-- > 0)
        l->at[l->n++] = from++;
}

/* What a zh_sel means, by definition. */
static void expand(list *l, const zh_sel *s, const uint64_t *shape)
{
    const uint64_t all = volume(s->rank, shape);
    uint64_t index[ZH_MAX_RANK];

    if (s->kind == ZH_SEL_ALL)
        add_range(l, 0, all);
    for (size_t i = 0; s->kind == ZH_SEL_RUNS && i < s->nruns; i++)
        add_range(l, s->runs[i].offset, s->runs[i].len);
    for (uint64_t at = 0; s->kind == ZH_SEL_REGULAR && at < all; at++) {
        bool in = true;

        split(index, at, s->rank, shape);
        for (unsigned i = 0; in && i < s->rank; i++) {
            const uint64_t from = index[i] - s->start[i];

            in = index[i] >= s->start[i] && from / s->stride[i] < s->count[i] && from % s->stride[i] < s->block[i];
        }
        if (in)
            add_range(l, at, 1);
    }
}

/* The elements that memory's side walks over. */
static void expand_memory(list *l, const zvol_xfer *x, uint64_t volume_of_memory)
{
    uint64_t *buf = malloc((volume_of_memory + 1) * sizeof(*buf));
    zvol_mem m;

    for (uint64_t i = 0; i < volume_of_memory; i++)
        buf[i] = i;
    ZH(zvol_mem_init(&m, x, sizeof(*buf), &err));
    for (uint64_t left = x->npoints, n = 1; left > 0; left -= n, n = n % 7 + 1) {
        n = n < left ? n : left;
        ZH(zvol_mem_gather(&m, l->at + l->n, buf, n, &err));
        l->n += n;
    }
    zvol_mem_dispose(&m);
    free(buf);
}

static void check_same(const list *a, const list *b, const char *what)
{
    if (a->n != b->n)
        fail_msg("%s: %zu elements, expected %zu", what, a->n, b->n);
    for (size_t i = 0; i < a->n; i++)
        if (a->at[i] != b->at[i])
            fail_msg("%s: element %zu is %llu, expected %llu", what, i, (unsigned long long)a->at[i],
                     (unsigned long long)b->at[i]);
}

/* The whole in strips of at most limit elements is the whole. */
static void check_strips(hid_t file, unsigned rank, const uint64_t *shape, const uint64_t *chunk, uint64_t limit,
                         const list *expected)
{
    static list got;
    zvol_strips s;
    zvol_xfer x;
    zh_sel sel;
    uint64_t n;

    got.n = 0;
    ZH(zvol_xfer_init(&x, H5S_BLOCK, file, rank, shape, false, &err));
    zvol_strips_init(&s, &x, shape, chunk, limit);
    while (zvol_strips_next(&s, &sel, &n)) {
        const size_t before = got.n;
        uint64_t points;

        assert_true(n > 0 && n <= limit);
        ZH(zh_sel_check(&sel, rank, shape, &err));
        ZH(zh_sel_npoints(&sel, shape, &points, &err));
        assert_true(points == n);
        expand(&got, &sel, shape);
        assert_true(got.n - before == n);
    }
    check_same(&got, expected, "strips");
    zvol_xfer_dispose(&x);
}

/* ---- random selections with their elements ---- */

typedef struct selection {
    hid_t space;
    unsigned rank;
    uint64_t dims[4];
    list l; /* in the space's extent, with the offset */
} selection;

static void random_slab(uint64_t *seed, const selection *s, hsize_t *start, hsize_t *stride, hsize_t *count,
                        hsize_t *block)
{
    for (unsigned i = 0; i < s->rank; i++) {
        const unsigned dim = (unsigned)s->dims[i];

        start[i] = harness_below(seed, dim);
        block[i] = 1 + harness_below(seed, harness_below(seed, 2) ? 1 : dim - (unsigned)start[i]);
        stride[i] = block[i] + harness_below(seed, 3);
        count[i] = 1 + harness_below(seed, (unsigned)((dim - start[i] - block[i]) / stride[i]) + 1);
    }
}

static bool in_slab(const selection *s, const uint64_t *index, const hsize_t *start, const hsize_t *stride,
                    const hsize_t *count, const hsize_t *block)
{
    for (unsigned i = 0; i < s->rank; i++) {
        const uint64_t from = index[i] - start[i];

        if (index[i] < start[i] || from / stride[i] >= count[i] || from % stride[i] >= block[i])
            return false;
    }
    return true;
}

static void select_slabs(uint64_t *seed, selection *s, unsigned n)
{
    static const H5S_seloper_t ops[] = {H5S_SELECT_OR,  H5S_SELECT_XOR, H5S_SELECT_NOTB,
                                        H5S_SELECT_AND, H5S_SELECT_OR,  H5S_SELECT_OR};
    const uint64_t all = volume(s->rank, s->dims);
    bool *in = calloc(all, sizeof(*in));
    hsize_t start[4], stride[4], count[4], block[4];
    uint64_t index[4];

    for (unsigned k = 0; k < n; k++) {
        const H5S_seloper_t op = k == 0 ? H5S_SELECT_SET : ops[harness_below(seed, 6)];

        random_slab(seed, s, start, stride, count, block);
        H5(H5Sselect_hyperslab(s->space, op, start, stride, count, block));
        for (uint64_t at = 0; at < all; at++) {
            bool b;

            split(index, at, s->rank, s->dims);
            b = in_slab(s, index, start, stride, count, block);
            in[at] = op == H5S_SELECT_SET   ? b
                     : op == H5S_SELECT_OR  ? in[at] || b
                     : op == H5S_SELECT_XOR ? in[at] != b
                     : op == H5S_SELECT_AND ? in[at] && b
                                            : in[at] && !b;
        }
    }
    for (uint64_t at = 0; at < all; at++)
        if (in[at])
            add_range(&s->l, at, 1);
    free(in);
}

static void select_points(uint64_t *seed, selection *s, unsigned n)
{
    hsize_t points[64 * 4];

    for (unsigned k = 0; k < n; k++) {
        for (unsigned i = 0; i < s->rank; i++)
            points[k * s->rank + i] = harness_below(seed, (unsigned)s->dims[i]);
        add_range(&s->l, join(points + k * s->rank, s->rank, s->dims), 1);
    }
    H5(H5Sselect_elements(s->space, H5S_SELECT_SET, n, points));
}

/* Moves the selection where there is room, along each axis, by H5Soffset_simple. */
static void move(uint64_t *seed, selection *s)
{
    hssize_t offset[4];
    hsize_t low[4], high[4];
    uint64_t index[4];

    if (s->l.n == 0 || H5Sget_select_type(s->space) == H5S_SEL_ALL)
        return;
    H5(H5Sget_select_bounds(s->space, low, high));
    for (unsigned i = 0; i < s->rank; i++)
        offset[i] = (hssize_t)harness_below(seed, (unsigned)(low[i] + s->dims[i] - high[i])) - (hssize_t)low[i];
    H5(H5Soffset_simple(s->space, offset));
    for (size_t k = 0; k < s->l.n; k++) {
        split(index, s->l.at[k], s->rank, s->dims);
        for (unsigned i = 0; i < s->rank; i++)
            index[i] = (uint64_t)((int64_t)index[i] + offset[i]);
        s->l.at[k] = join(index, s->rank, s->dims);
    }
}

static void make_selection(uint64_t *seed, selection *s)
{
    s->rank = 1 + harness_below(seed, 4);
    for (unsigned i = 0; i < s->rank; i++)
        s->dims[i] = 1 + harness_below(seed, s->rank == 1 ? 200 : s->rank == 2 ? 20 : 6);
    s->space = H5Screate_simple((int)s->rank, s->dims, NULL);
    s->l.n = 0;
    switch (harness_below(seed, 6)) {
    case 0:
        add_range(&s->l, 0, volume(s->rank, s->dims));
        break;
    case 1:
        H5(H5Sselect_none(s->space));
        break;
    case 2:
        select_points(seed, s, 1 + harness_below(seed, 60));
        break;
    case 3:
        select_slabs(seed, s, 2 + harness_below(seed, 5));
        break;
    default:
        select_slabs(seed, s, 1);
    }
    if (harness_below(seed, 3) == 0)
        move(seed, s);
}

/* HDF5's own list of the elements against ours: it misreads one union in some thousands. Such a one must be refused. */
static bool is_misread(selection *s)
{
    bool in[ELEMENTS_MAX] = {false}, same = true;
    hsize_t offsets[ELEMENTS_MAX];
    size_t lengths[ELEMENTS_MAX], nseq, nelem;
    hid_t iter;

    if (H5Sget_select_type(s->space) != H5S_SEL_HYPERSLABS || s->l.n == 0)
        return false;
    iter = H5Ssel_iter_create(s->space, 1, 0);
    H5(H5Ssel_iter_get_seq_list(iter, ELEMENTS_MAX, ELEMENTS_MAX, &nseq, &nelem, offsets, lengths));
    H5(H5Ssel_iter_close(iter));
    for (size_t i = 0; i < nseq; i++)
        for (size_t k = 0; k < lengths[i]; k++)
            in[offsets[i] + k] = true;
    for (size_t i = 0; i < s->l.n; i++)
        same = same && in[s->l.at[i]];
    return !same || nelem != s->l.n;
}

static void check_misread(selection *s)
{
    zvol_xfer x;

    ZH_FAILS(ZH_UNSUPPORTED, "HDF5 misreads", zvol_xfer_init(&x, H5S_BLOCK, s->space, s->rank, s->dims, false, &err));
    ZH_FAILS(ZH_UNSUPPORTED, "HDF5 misreads",
             zvol_xfer_init(&x, s->space, H5S_ALL, 1, (uint64_t[]){s->l.n}, false, &err));
    H5(H5Sclose(s->space));
}

/* ---- tests ---- */

static void files(void **state)
{
    static selection s;
    static list got;
    uint64_t seed = 11;
    unsigned kinds[3] = {0};

    (void)state;
    for (int i = 0; i < 20000; i++) {
        uint64_t chunk[4];
        zvol_xfer x;

        make_selection(&seed, &s);
        if (is_misread(&s)) {
            check_misread(&s);
            continue;
        }
        ZH(zvol_xfer_init(&x, H5S_BLOCK, s.space, s.rank, s.dims, false, &err));
        assert_true(x.npoints == s.l.n && x.mem_contiguous && x.mem_offset == 0);
        if (x.npoints > 0) {
            got.n = 0;
            kinds[x.sel.kind]++;
            expand(&got, &x.sel, s.dims);
            check_same(&got, &s.l, "file");
        }
        zvol_xfer_dispose(&x);
        for (unsigned k = 0; k < s.rank; k++)
            chunk[k] = 1 + harness_below(&seed, 5);
        check_strips(s.space, s.rank, s.dims, i % 2 ? chunk : NULL, 1 + harness_below(&seed, 30), &s.l);
        H5(H5Sclose(s.space));
    }
    assert_true(kinds[ZH_SEL_ALL] > 1000 && kinds[ZH_SEL_REGULAR] > 1000 && kinds[ZH_SEL_RUNS] > 1000);
}

static void memories(void **state)
{
    static selection s;
    static list got;
    uint64_t seed = 12;
    unsigned contiguous = 0;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        uint64_t shape[1];
        zvol_xfer x;

        make_selection(&seed, &s);
        if (is_misread(&s)) {
            check_misread(&s);
            continue;
        }
        shape[0] = s.l.n; /* a file of just as many elements, all of them */
        ZH(zvol_xfer_init(&x, s.space, H5S_ALL, 1, shape, false, &err));
        got.n = 0;
        expand_memory(&got, &x, volume(s.rank, s.dims));
        check_same(&got, &s.l, "memory");
        contiguous += x.mem_contiguous;
        zvol_xfer_dispose(&x);

        /* The same for memory laid out like the file. */
        ZH(zvol_xfer_init(&x, H5S_ALL, s.space, s.rank, s.dims, false, &err));
        got.n = 0;
        expand_memory(&got, &x, volume(s.rank, s.dims));
        check_same(&got, &s.l, "memory as file");
        zvol_xfer_dispose(&x);
        H5(H5Sclose(s.space));
    }
    assert_true(contiguous > 1000 && contiguous < 19000);
}

/* The dataset has grown, or shrunk, since the application got its dataspace. */
static void other_extents(void **state)
{
    static selection s;
    static list got, expected;
    uint64_t seed = 13, inside = 0, outside = 0;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        uint64_t shape[4], index[4];
        bool fits = true;
        zvol_xfer x;
        int rc;

        make_selection(&seed, &s);
        if (is_misread(&s)) {
            check_misread(&s);
            continue;
        }
        for (unsigned k = 0; k < s.rank; k++)
            shape[k] = s.dims[k] + harness_below(&seed, 4) - (harness_below(&seed, 4) == 0 && s.dims[k] > 1);
        expected.n = 0;
        for (size_t e = 0; e < s.l.n; e++) {
            split(index, s.l.at[e], s.rank, s.dims);
            for (unsigned k = 0; k < s.rank; k++)
                fits = fits && index[k] < shape[k];
            add_range(&expected, join(index, s.rank, shape), 1);
        }
        rc = zvol_xfer_init(&x, H5S_BLOCK, s.space, s.rank, shape, false, NULL);
        assert_int_equal(rc, fits ? ZH_OK : ZH_RANGE);
        inside += fits;
        outside += !fits;
        if (fits && s.l.n > 0) {
            got.n = 0;
            expand(&got, &x.sel, shape);
            check_same(&got, &expected, "other extent");
        }
        if (fits)
            zvol_xfer_dispose(&x);
        H5(H5Sclose(s.space));
    }
    assert_true(inside > 1000 && outside > 1000);
}

static void scalars_and_nulls(void **state)
{
    const hid_t scalar = H5Screate(H5S_SCALAR), null = H5Screate(H5S_NULL), bare = H5Screate(H5S_SIMPLE);
    const uint64_t ten[] = {10}, none[] = {0};
    const hsize_t four[] = {4}, at[] = {2}, n[] = {1};
    const hid_t part = H5Screate_simple(1, four, NULL);
    zvol_xfer x;

    (void)state;
    H5(H5Sselect_hyperslab(part, H5S_SELECT_SET, at, NULL, n, NULL));
    ZH(zvol_xfer_init(&x, H5S_ALL, H5S_ALL, 0, NULL, false, &err));
    assert_true(x.npoints == 1 && x.mem_contiguous && x.sel.kind == ZH_SEL_ALL);
    ZH(zvol_xfer_init(&x, scalar, scalar, 0, NULL, false, &err));
    assert_true(x.npoints == 1 && x.mem_contiguous);
    ZH(zvol_xfer_init(&x, part, H5S_ALL, 0, NULL, false, &err));
    assert_true(x.npoints == 1 && x.mem_contiguous && x.mem_offset == 2);
    ZH(zvol_xfer_init(&x, H5S_ALL, H5S_ALL, 0, NULL, true, &err));
    assert_true(x.npoints == 0);
    ZH(zvol_xfer_init(&x, null, null, 0, NULL, true, &err));
    assert_true(x.npoints == 0);
    ZH(zvol_xfer_init(&x, H5S_ALL, H5S_ALL, 1, none, false, &err));
    assert_true(x.npoints == 0);
    ZH_FAILS(ZH_INVALID, "1 elements are selected in memory and 0",
             zvol_xfer_init(&x, scalar, H5S_ALL, 0, NULL, true, &err));
    ZH_FAILS(ZH_INVALID, "no extent", zvol_xfer_init(&x, bare, H5S_ALL, 0, NULL, false, &err));
    ZH_FAILS(ZH_INVALID, "1 dimensions, the dataset has 0", zvol_xfer_init(&x, H5S_ALL, part, 0, NULL, false, &err));
    ZH_FAILS(ZH_INVALID, "4 elements", (H5Sselect_all(part), zvol_xfer_init(&x, part, H5S_ALL, 1, ten, false, &err)));
    ZH_FAILS(ZH_UNSUPPORTED, "H5S_PLIST", zvol_xfer_init(&x, H5S_ALL, H5S_PLIST, 1, ten, false, &err));
    ZH_FAILS(ZH_INVALID, "H5S_BLOCK", zvol_xfer_init(&x, H5S_ALL, H5S_BLOCK, 1, ten, false, &err));
    ZH_FAILS(ZH_INVALID, "H5S_PLIST", zvol_xfer_init(&x, H5S_PLIST, H5S_ALL, 1, ten, false, &err));
    H5(H5Sclose(scalar));
    H5(H5Sclose(null));
    H5(H5Sclose(bare));
    H5(H5Sclose(part));
}

static void out_of_bounds(void **state)
{
    const hsize_t ten[] = {10}, start[] = {2}, two[] = {2}, points[] = {1, 9};
    const uint64_t shape[] = {10};
    const hid_t space = H5Screate_simple(1, ten, NULL);
    hssize_t offset[] = {-3};
    zvol_xfer x;

    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        offset[0] = 0;
        H5(H5Soffset_simple(space, offset));
        if (kind == 2) {
            H5(H5Sselect_elements(space, H5S_SELECT_SET, 2, points));
        } else {
            H5(H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, two, NULL));
            if (kind == 1)
                H5(H5Sselect_hyperslab(space, H5S_SELECT_OR, points + 1, NULL, points, NULL));
        }
        for (int k = 0; k < 2; k++) {
            offset[0] = k ? 9 : -3;
            H5(H5Soffset_simple(space, offset));
            ZH_FAILS(ZH_RANGE, "file dataspace is not within",
                     zvol_xfer_init(&x, H5S_ALL, space, 1, shape, false, &err));
            ZH_FAILS(ZH_RANGE, "memory dataspace is not within",
                     zvol_xfer_init(&x, space, H5S_ALL, 1, shape, false, &err));
        }
    }
    H5(H5Sclose(space));
}

static void made_spaces(void **state)
{
    const uint64_t dims[] = {3, 0}, maxdims[] = {H5S_UNLIMITED, 7};
    hsize_t got[2], max[2];
    hid_t id = zvol_space_make(false, 2, dims, maxdims, NULL);

    (void)state;
    assert_int_equal(H5Sget_simple_extent_dims(id, got, max), 2);
    assert_memory_equal(got, dims, sizeof(dims));
    assert_memory_equal(max, maxdims, sizeof(maxdims));
    H5(H5Sclose(id));
    id = zvol_space_make(false, 0, NULL, NULL, NULL);
    assert_int_equal(H5Sget_simple_extent_type(id), H5S_SCALAR);
    H5(H5Sclose(id));
    id = zvol_space_make(true, 0, NULL, NULL, NULL);
    assert_int_equal(H5Sget_simple_extent_type(id), H5S_NULL);
    H5(H5Sclose(id));
}

static void slabs(void **state)
{
    static const struct {
        unsigned rank;
        uint64_t shape[3], size, chunk[3];
    } cases[] = {{1, {100}, 8, {100}},
                 {1, {0}, 8, {1}},
                 {2, {0, 5}, 8, {1, 5}},
                 {1, {2097152}, 8, {2097152}},        /* 16 MiB: one chunk */
                 {1, {2097153}, 8, {699051}},         /* 3 * 699051 */
                 {2, {4096, 8192}, 8, {128, 8192}},   /* 8 MiB of rows */
                 {2, {4099, 8192}, 8, {128, 8192}},   /* a prime number of rows */
                 {2, {3, 10485760}, 8, {1, 1048576}}, /* a row of 80 MiB */
                 {3, {2, 3, 10485760}, 8, {1, 1, 1048576}},
                 {1, {(uint64_t)1 << 41}, 1, {(uint64_t)1 << 27}}, /* 2 TiB: 16384 of 128 MiB */
                 {2, {(uint64_t)1 << 40, (uint64_t)1 << 40}, 8, {1, (uint64_t)1 << 27}}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t chunk[3];

        zvol_slab_shape(chunk, cases[i].rank, cases[i].shape, cases[i].size);
        for (unsigned k = 0; k < cases[i].rank; k++)
            if (chunk[k] != cases[i].chunk[k])
                fail_msg("case %zu axis %u: %llu", i, k, (unsigned long long)chunk[k]);
    }
}

static bool fail_at(void *payload)
{
    return (*(int *)payload)-- > 0;
}

static void out_of_memory(void **state)
{
    const hsize_t dims[] = {1000};
    const uint64_t shape[] = {1000};
    const hid_t space = H5Screate_simple(1, dims, NULL);
    hsize_t points[300];
    int n = 0, left, rc;

    (void)state;
    for (unsigned i = 0; i < 300; i++)
        points[i] = 3 * i;
    H5(H5Sselect_elements(space, H5S_SELECT_SET, 300, points));
    do {
        zvol_xfer x;

        left = n++;
        zh_alloc_set_hook(fail_at, &left);
        rc = zvol_xfer_init(&x, H5S_BLOCK, space, 1, shape, false, NULL);
        zh_alloc_set_hook(NULL, NULL);
        assert_true(rc == ZH_OK || rc == ZH_NOMEM);
        if (rc == ZH_OK)
            zvol_xfer_dispose(&x);
    } while (rc != ZH_OK);
    assert_true(n > 2);
    H5(H5Sclose(space));
}

static void cost(void **state)
{
    enum { N = 200000 };
    const hsize_t dims[] = {100, 100}, start[] = {10, 10}, count[] = {5, 5};
    const hid_t space = H5Screate_simple(2, dims, NULL), mem = H5Screate_simple(2, count, NULL);
    zvol_xfer x;
    double t = harness_now();

    (void)state;
    for (int i = 0; i < N; i++) {
        ZH(zvol_xfer_init(&x, H5S_ALL, H5S_ALL, 2, dims, false, &err));
        zvol_xfer_dispose(&x);
    }
    print_message("H5S_ALL: %.3f us\n", (harness_now() - t) / N);
    H5(H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL));
    t = harness_now();
    for (int i = 0; i < N; i++) {
        ZH(zvol_xfer_init(&x, mem, space, 2, dims, false, &err));
        zvol_xfer_dispose(&x);
    }
    print_message("a hyperslab: %.3f us\n", (harness_now() - t) / N);
    H5(H5Sclose(space));
    H5(H5Sclose(mem));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(files),         TEST(memories),    TEST(other_extents), TEST(scalars_and_nulls),
        TEST(out_of_bounds), TEST(made_spaces), TEST(slabs),         TEST(out_of_memory),
        TEST(cost)};

    return cmocka_run_group_tests(tests, harness_open, NULL);
}
