/* Sizes and limits of selections. */
#include "array_fixture.h"

static void expect(const zh_sel *s, const uint64_t *shape, int check, int npoints, uint64_t n)
{
    zh_error err = ZH_ERROR_INIT;
    uint64_t got = 12345;

    assert_int_equal(zh_sel_check(s, s->rank, shape, &err), check);
    if (check < 0)
        assert_true(err.message[0] != '\0' && err.code == check);
    assert_int_equal(zh_sel_npoints(s, shape, &got, &err), npoints);
    if (npoints == ZH_OK)
        assert_true(got == n);
    assert_int_equal(zh_sel_check(s, s->rank, shape, NULL), check);
}

static void test_all(void **state)
{
    const uint64_t shape[3] = {4, 5, 6}, none[3] = {UINT64_MAX, 0, UINT64_MAX}, huge[3] = {1u << 31, 1u << 31, 8};
    zh_sel s = sel_all(3);

    (void)state;
    expect(&s, shape, ZH_OK, ZH_OK, 120);
    expect(&s, none, ZH_OK, ZH_OK, 0);
    expect(&s, huge, ZH_OK, ZH_RANGE, 0);
    s.rank = 0;
    expect(&s, shape, ZH_OK, ZH_OK, 1);
}

static zh_sel one_axis(uint64_t start, uint64_t stride, uint64_t count, uint64_t block)
{
    return (zh_sel){
        .kind = ZH_SEL_REGULAR, .rank = 1, .start = {start}, .stride = {stride}, .count = {count}, .block = {block}};
}

static void test_regular(void **state)
{
    const uint64_t big = UINT64_C(1) << 60;
    uint64_t shape = 10;
    zh_sel s;

    (void)state;
    s = one_axis(1, 3, 3, 2);
    expect(&s, &shape, ZH_OK, ZH_OK, 6);
    s = one_axis(1, 4, 3, 2);
    expect(&s, &shape, ZH_RANGE, ZH_OK, 6);
    s = one_axis(9, 0, 1, 1);
    expect(&s, &shape, ZH_OK, ZH_OK, 1);
    s = one_axis(9, 0, 1, 2);
    expect(&s, &shape, ZH_RANGE, ZH_OK, 2);
    s = one_axis(0, 1, 2, 2);
    expect(&s, &shape, ZH_INVALID, ZH_OK, 4);
    s = one_axis(100, 1, 0, 2);
    expect(&s, &shape, ZH_OK, ZH_OK, 0);
    s = one_axis(100, 1, 3, 0);
    expect(&s, &shape, ZH_OK, ZH_OK, 0);
    shape = UINT64_MAX;
    s = one_axis(0, big, 16, 1);
    expect(&s, &shape, ZH_OK, ZH_OK, 16);
    s = one_axis(0, big, 17, 1);
    expect(&s, &shape, ZH_RANGE, ZH_OK, 17);
    s = one_axis(UINT64_MAX, 1, 1, 1);
    expect(&s, &shape, ZH_RANGE, ZH_OK, 1);
    s = one_axis(0, UINT64_MAX, 3, 1);
    expect(&s, &shape, ZH_RANGE, ZH_OK, 3);
    s = one_axis(0, big, big, big);
    expect(&s, &shape, ZH_RANGE, ZH_RANGE, 0);
}

static void test_runs(void **state)
{
    const uint64_t shape[2] = {4, 5}, huge[2] = {UINT64_MAX, 3}, none[2] = {0, UINT64_MAX};
    const zh_run good[] = {{19, 1}, {0, 20}, {99, 0}}, bad[] = {{19, 2}}, over[] = {{UINT64_MAX, 5}, {1, UINT64_MAX}};
    zh_sel s = {.kind = ZH_SEL_RUNS, .rank = 2, .runs = good, .nruns = 3};

    (void)state;
    expect(&s, shape, ZH_OK, ZH_OK, 21);
    expect(&s, huge, ZH_RANGE, ZH_OK, 21);
    expect(&s, none, ZH_RANGE, ZH_OK, 21);
    s.runs = bad;
    s.nruns = 1;
    expect(&s, shape, ZH_RANGE, ZH_OK, 2);
    s.runs = over;
    s.nruns = 2;
    expect(&s, shape, ZH_RANGE, ZH_RANGE, 0);
    s.nruns = 0;
    expect(&s, none, ZH_OK, ZH_OK, 0);
}

static void test_rank(void **state)
{
    const uint64_t shape[2] = {4, 5};
    zh_sel s = sel_all(2);
    uint64_t n;

    (void)state;
    assert_int_equal(zh_sel_check(&s, 1, shape, NULL), ZH_INVALID);
    s.rank = ZH_MAX_RANK + 1;
    assert_int_equal(zh_sel_check(&s, ZH_MAX_RANK + 1, shape, NULL), ZH_INVALID);
    assert_int_equal(zh_sel_npoints(&s, shape, &n, NULL), ZH_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all),
        cmocka_unit_test(test_regular),
        cmocka_unit_test(test_runs),
        cmocka_unit_test(test_rank),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
