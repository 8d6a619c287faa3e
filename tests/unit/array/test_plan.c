/* Plans against a naive loop over the selection: every start, stride, count and block of small shapes, runs at random.
 */
#include "array_fixture.h"

#include "array/plan.h"

#define MOST 4096 /* elements of a selection in these tests */

/* The selected elements in order, as C-order indices of the whole array. */
typedef struct naive {
    size_t n;
    uint64_t element[MOST];
} naive;

static void naive_axis(naive *out, const zh_sel *s, const uint64_t *shape, unsigned axis, uint64_t base)
{
    if (axis == s->rank) {
        assert_true(out->n < MOST);
        out->element[out->n++] = base;
        return;
    }
    for (uint64_t c = 0; c < s->count[axis]; c++) {
        for (uint64_t b = 0; b < s->block[axis]; b++)
            naive_axis(out, s, shape, axis + 1, base * shape[axis] + s->start[axis] + c * s->stride[axis] + b);
    }
}

static void naive_runs(naive *out, const zh_sel *s)
{
    for (size_t i = 0; i < s->nruns; i++) {
        for (uint64_t k = 0; k < s->runs[i].len; k++) {
            assert_true(out->n < MOST);
            out->element[out->n++] = s->runs[i].offset + k;
        }
    }
}

/* What the spans of one plan say, checked as they come. */
typedef struct seen {
    const naive *expected;
    unsigned rank;
    const uint64_t *shape, *chunk;
    const uint64_t *index; /* of the current piece */
    size_t last_packed;    /* spans of a piece come in packed order */
    bool any;
    size_t spans, cells;
    bool strided;
    uint8_t times[MOST];   /* each packed cell has been named */
    uint32_t inside[MOST]; /* number of the last piece that named this cell of its chunk */
    uint32_t piece;
    size_t named; /* cells of the current chunk, each counted once */
} seen;

/* The element that cell `at` of the current chunk is. */
static uint64_t element_of(const seen *s, size_t at)
{
    uint64_t in[ZH_MAX_RANK], element = 0;

    for (unsigned i = s->rank; i-- > 0;) {
        in[i] = at % s->chunk[i];
        at /= s->chunk[i];
    }
    assert_true(at == 0);
    for (unsigned i = 0; i < s->rank; i++) {
        uint64_t x = s->index[i] * s->chunk[i] + in[i];

        assert_true(x < s->shape[i]);
        element = element * s->shape[i] + x;
    }
    return element;
}

static int see(void *payload, size_t at, size_t packed, size_t n, size_t cstep, size_t pstep)
{
    seen *s = payload;

    assert_true(n > 0);
    assert_true(!s->any || packed > s->last_packed);
    s->any = true;
    s->last_packed = packed;
    s->spans++;
    s->strided = s->strided || (n > 1 && (cstep != 1 || pstep != 1));
    for (size_t i = 0; i < n; i++) {
        assert_true(packed + i * pstep < s->expected->n);
        assert_int_equal(s->times[packed + i * pstep]++, 0);
        assert_int_equal(element_of(s, at + i * cstep), s->expected->element[packed + i * pstep]);
        s->named += s->inside[at + i * cstep] != s->piece;
        s->inside[at + i * cstep] = s->piece;
        s->cells++;
    }
    return ZH_OK;
}

static size_t cells_inside_shape(const seen *s)
{
    uint64_t n = 1;

    for (unsigned i = 0; i < s->rank; i++) {
        uint64_t left = s->shape[i] - s->index[i] * s->chunk[i];

        n *= left < s->chunk[i] ? left : s->chunk[i];
    }
    return (size_t)n;
}

static void check_piece(const zh_plan *p, const zh_piece *piece, seen *s, bool runs)
{
    size_t contiguous = zh_piece_contiguous_spans(p, piece);

    s->index = piece->chunk;
    s->any = s->strided = false;
    s->spans = s->cells = 0;
    s->piece++;
    s->named = 0;
    assert_int_equal(zh_piece_spans(p, piece, see, s), ZH_OK);
    assert_true(s->cells > 0);
    if (runs)
        assert_true(!piece->whole || s->named == cells_inside_shape(s));
    else
        assert_int_equal(piece->whole, s->named == cells_inside_shape(s));
    if (contiguous == SIZE_MAX) {
        assert_true(s->strided || s->spans == s->cells);
    } else {
        assert_false(s->strided);
        assert_int_equal(contiguous, s->spans);
    }
}

static void check_plan(const zh_sel *sel, const uint64_t *shape, const uint64_t *chunk, const naive *expected)
{
    static seen s;
    static uint64_t chunks[MOST][4];
    zh_error err = ZH_ERROR_INIT;
    zh_plan p;
    const zh_piece *pieces;
    size_t n, total = 0, nchunks = 0;

    memset(s.times, 0, expected->n);
    s.expected = expected;
    s.rank = sel->rank;
    s.shape = shape;
    s.chunk = chunk;
    assert_zh_ok(zh_plan_init(&p, sel, shape, chunk, &err), &err);
    do {
        assert_zh_ok(zh_plan_next(&p, &pieces, &n, &err), &err);
        assert_true(n <= ZH_PLAN_BATCH);
        assert_true(n > 0 || zh_plan_last(&p));
        for (size_t i = 0; i < n; i++) {
            check_piece(&p, &pieces[i], &s, sel->kind == ZH_SEL_RUNS);
            total += s.cells;
            for (size_t k = 0; k < nchunks; k++)
                assert_memory_not_equal(chunks[k], pieces[i].chunk, sel->rank ? sel->rank * sizeof(uint64_t) : 1);
            assert_true(nchunks < MOST);
            memcpy(chunks[nchunks++], pieces[i].chunk, sel->rank * sizeof(uint64_t));
        }
    } while (n > 0);
    zh_plan_dispose(&p);
    assert_int_equal(total, expected->n);
}

/* Every selection of one axis of this length, the empty ones too. */
typedef struct axis_sel {
    uint64_t start, stride, count, block;
} axis_sel;

static size_t axis_selections(uint64_t n, axis_sel *out)
{
    size_t k = 0;

    for (uint64_t start = 0; start < n; start++) {
        for (uint64_t block = 1; start + block <= n; block++) {
            out[k++] = (axis_sel){start, 0, 1, block};
            for (uint64_t stride = block; stride <= n; stride++) {
                for (uint64_t count = 2; start + (count - 1) * stride + block <= n; count++)
                    out[k++] = (axis_sel){start, stride, count, block};
            }
        }
    }
    out[k++] = (axis_sel){0, 1, 0, 1};
    return k;
}

static void set_axis(zh_sel *s, unsigned i, const axis_sel *a)
{
    s->start[i] = a->start;
    s->stride[i] = a->stride;
    s->count[i] = a->count;
    s->block[i] = a->block;
}

static void check_regular(const zh_sel *s, const uint64_t *shape, const uint64_t *chunk)
{
    static naive expected;
    zh_error err = ZH_ERROR_INIT;
    uint64_t n;

    expected.n = 0;
    naive_axis(&expected, s, shape, 0, 0);
    assert_zh_ok(zh_sel_check(s, s->rank, shape, &err), &err);
    assert_zh_ok(zh_sel_npoints(s, shape, &n, &err), &err);
    assert_int_equal(n, expected.n);
    check_plan(s, shape, chunk, &expected);
}

static void test_one_axis(void **state)
{
    static axis_sel sels[1000];

    (void)state;
    for (uint64_t shape = 0; shape <= 7; shape++) {
        size_t n = axis_selections(shape, sels);

        for (uint64_t chunk = 1; chunk <= 9; chunk++) {
            for (size_t i = 0; i < n; i++) {
                zh_sel s = {.kind = ZH_SEL_REGULAR, .rank = 1};

                set_axis(&s, 0, &sels[i]);
                check_regular(&s, &shape, &chunk);
            }
        }
    }
}

static void two_axes(const uint64_t *shape, const uint64_t *chunk)
{
    static axis_sel rows[1000], columns[1000];
    size_t nrows = axis_selections(shape[0], rows), ncolumns = axis_selections(shape[1], columns);

    for (size_t i = 0; i < nrows; i++) {
        for (size_t j = 0; j < ncolumns; j++) {
            zh_sel s = {.kind = ZH_SEL_REGULAR, .rank = 2};

            set_axis(&s, 0, &rows[i]);
            set_axis(&s, 1, &columns[j]);
            check_regular(&s, shape, chunk);
        }
    }
}

static void test_two_axes(void **state)
{
    uint64_t shape[2], chunk[2];

    (void)state;
    for (shape[0] = 1; shape[0] <= 5; shape[0]++) {
        for (shape[1] = 1; shape[1] <= 6; shape[1]++) {
            for (chunk[0] = 1; chunk[0] <= 4; chunk[0]++) {
                for (chunk[1] = 1; chunk[1] <= 4; chunk[1]++)
                    two_axes(shape, chunk);
            }
        }
    }
}

static void random_axis(rng *r, zh_sel *s, unsigned i, uint64_t extent)
{
    static axis_sel sels[5000];
    size_t n = axis_selections(extent, sels);

    set_axis(s, i, &sels[rng_below(r, n)]);
}

static void test_more_axes_at_random(void **state)
{
    rng r = rng_make(7);

    (void)state;
    for (int i = 0; i < 20000; i++) {
        zh_sel s = {.kind = ZH_SEL_REGULAR, .rank = (unsigned)rng_between(&r, 3, 4)};
        uint64_t shape[4], chunk[4];

        for (unsigned k = 0; k < s.rank; k++) {
            shape[k] = rng_between(&r, 1, s.rank == 3 ? 9 : 6);
            chunk[k] = rng_between(&r, 1, shape[k] + 1);
            random_axis(&r, &s, k, shape[k]);
        }
        check_regular(&s, shape, chunk);
    }
}

static void test_all(void **state)
{
    static naive expected;
    const uint64_t shape[4] = {3, 4, 2, 5}, chunk[4] = {2, 4, 1, 3};

    (void)state;
    for (unsigned rank = 0; rank <= 4; rank++) {
        zh_sel s = sel_all(rank);
        uint64_t n;

        assert_int_equal(zh_sel_npoints(&s, shape, &n, NULL), ZH_OK);
        expected.n = (size_t)n;
        for (size_t i = 0; i < n; i++)
            expected.element[i] = i;
        check_plan(&s, shape, chunk, &expected);
    }
}

/* More chunks than a batch holds. */
static void test_many_pieces(void **state)
{
    static naive expected;
    const uint64_t shape = 3000, chunk = 2;
    zh_sel s = {.kind = ZH_SEL_REGULAR, .rank = 1, .start = {1}, .stride = {3}, .count = {1000}, .block = {1}};

    (void)state;
    expected.n = 0;
    naive_axis(&expected, &s, &shape, 0, 0);
    check_plan(&s, &shape, &chunk, &expected);
}

static void test_runs(void **state)
{
    static naive expected;
    static zh_run runs[64];
    rng r = rng_make(3);

    (void)state;
    for (int i = 0; i < 30000; i++) {
        zh_sel s = {.kind = ZH_SEL_RUNS, .rank = (unsigned)rng_between(&r, 0, 4), .runs = runs};
        uint64_t shape[4], chunk[4], total = 1, left = 900;

        for (unsigned k = 0; k < s.rank; k++) {
            shape[k] = rng_between(&r, 1, 7);
            chunk[k] = rng_chance(&r, 30) ? shape[k] : rng_between(&r, 1, shape[k] + 1);
            total *= shape[k];
        }
        s.nruns = (size_t)rng_below(&r, 30);
        for (size_t k = 0; k < s.nruns; k++) {
            uint64_t most, at = rng_below(&r, total);

            if (k > 0 && rng_chance(&r, 30)) /* goes on where the last one ended */
                at = (runs[k - 1].offset + runs[k - 1].len) % total;
            most = total - at < left ? total - at : left;
            runs[k].offset = at;
            runs[k].len = rng_chance(&r, 60) && most > 0 ? 1 : rng_below(&r, most + 1);
            left -= runs[k].len;
        }
        expected.n = 0;
        naive_runs(&expected, &s);
        check_plan(&s, shape, chunk, &expected);
    }
}

/* The parts of a chunk keep their order, so that the last write of an element wins. */
static void test_runs_keep_order(void **state)
{
    const zh_run runs[] = {{5, 1}, {0, 1}, {5, 1}, {1, 1}, {5, 1}, {0, 1}};
    zh_sel s = {.kind = ZH_SEL_RUNS, .rank = 1, .runs = runs, .nruns = 6};
    const uint64_t shape = 6, chunk = 2;
    const zh_piece *pieces;
    zh_plan p;
    size_t n;

    (void)state;
    assert_int_equal(zh_plan_init(&p, &s, &shape, &chunk, NULL), ZH_OK);
    assert_int_equal(zh_plan_next(&p, &pieces, &n, NULL), ZH_OK);
    assert_int_equal(n, 2);
    assert_int_equal(pieces[0].chunk[0], 0);
    assert_int_equal(pieces[0].nruns, 3);
    assert_int_equal(pieces[0].runs[0].packed, 1);
    assert_int_equal(pieces[0].runs[2].packed, 5);
    assert_int_equal(pieces[1].chunk[0], 2);
    assert_int_equal(pieces[1].runs[2].packed, 4);
    assert_true(zh_plan_last(&p));
    zh_plan_dispose(&p);
}

/* A walk over a few elements of a huge array visits their chunks only. */
static void test_huge_strides(void **state)
{
    const uint64_t big = UINT64_C(1) << 60;
    zh_sel s = {
        .kind = ZH_SEL_REGULAR, .rank = 2, .start = {5, 7}, .stride = {big, big / 2}, .count = {3, 5}, .block = {1, 2}};
    const uint64_t shape[2] = {4 * big, 4 * big}, chunk[2] = {10, 1};
    const zh_piece *pieces;
    size_t n, total = 0;
    zh_plan p;

    (void)state;
    assert_int_equal(zh_plan_init(&p, &s, shape, chunk, NULL), ZH_OK);
    do {
        assert_int_equal(zh_plan_next(&p, &pieces, &n, NULL), ZH_OK);
        total += n;
    } while (n > 0);
    assert_int_equal(total, 3 * 5 * 2);
    zh_plan_dispose(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_axis),
        cmocka_unit_test(test_two_axes),
        cmocka_unit_test(test_more_axes_at_random),
        cmocka_unit_test(test_all),
        cmocka_unit_test(test_many_pieces),
        cmocka_unit_test(test_runs),
        cmocka_unit_test(test_runs_keep_order),
        cmocka_unit_test(test_huge_strides),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
