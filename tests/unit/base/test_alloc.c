#include "base/alloc.h"
#include "support.h"

static void checks_products_and_sums(void **state)
{
    const size_t half = SIZE_MAX / 2 + 1;
    size_t n = 0;
    uint64_t u = 0;

    (void)state;
    assert_true(zh_mul_size(3, 4, &n));
    assert_int_equal(n, 12);
    assert_true(zh_mul_size(0, SIZE_MAX, &n));
    assert_int_equal(n, 0);
    assert_false(zh_mul_size(half, 2, &n));
    assert_true(zh_add_size(SIZE_MAX - 1, 1, &n));
    assert_int_equal(n, SIZE_MAX);
    assert_false(zh_add_size(SIZE_MAX, 1, &n));
    assert_true(zh_mul_u64(1u << 31, 1u << 31, &u));
    assert_false(zh_mul_u64(UINT64_MAX, 2, &u));
    assert_null(zh_calloc(half, 2));
    assert_null(zh_reallocarray(NULL, half, 2));
}

static void gives_memory_for_nothing(void **state)
{
    void *a = zh_malloc(0);
    void *b = zh_calloc(0, 8);
    void *c = zh_realloc(NULL, 0);

    (void)state;
    assert_non_null(a);
    assert_non_null(b);
    assert_non_null(c);
    assert_ptr_not_equal(a, b);
    zh_free(a);
    zh_free(b);
    zh_free(c);
    zh_free(NULL);
}

static void copies(void **state)
{
    char *s = zh_strdup("text");
    char *t = zh_strndup("te\0xt", 5);
    char *m = zh_memdup("abc", 2);
    char *none = zh_strndup(NULL, 0);

    (void)state;
    assert_string_equal(s, "text");
    assert_memory_equal(t, "te\0xt", 6);
    assert_memory_equal(m, "ab", 2);
    assert_string_equal(none, "");
    assert_null(zh_strndup("x", SIZE_MAX));
    zh_free(s);
    zh_free(t);
    zh_free(m);
    zh_free(none);
}

static void hook_fails_each_kind(void **state)
{
    zh_alloc_fault f = {0, 1, true};
    void *p = zh_malloc(1);

    (void)state;
    zh_alloc_set_hook(zh_alloc_fault_ask, &f);
    assert_null(zh_malloc(1));
    assert_null(zh_calloc(1, 1));
    assert_null(zh_realloc(p, 2));
    assert_null(zh_reallocarray(p, 2, 2));
    assert_null(zh_strdup("x"));
    assert_null(zh_memdup("x", 1));
    zh_alloc_set_hook(NULL, NULL);
    assert_int_equal(f.seen, 6);
    zh_free(p); /* still ours after the failed realloc */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checks_products_and_sums),
        cmocka_unit_test(gives_memory_for_nothing),
        cmocka_unit_test(copies),
        cmocka_unit_test(hook_fails_each_kind),
    };

    return cmocka_run_group_tests_name("alloc", tests, NULL, NULL);
}
