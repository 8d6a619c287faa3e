#include "base/alloc.h"
#include "support.h"
#include "base/arena.h"

static int fill(void *payload)
{
    static const size_t sizes[] = {0, 1, 7, 16, 100, 4096, 70000, 3, 20000, 1};
    enum { ROUNDS = 6, SIZES = sizeof(sizes) / sizeof(sizes[0]) };
    unsigned char *got[ROUNDS * SIZES];
    zh_arena a = ZH_ARENA_INIT;
    size_t n = 0;
    int rc = ZH_OK;

    (void)payload;
    for (; rc == ZH_OK && n < ROUNDS * SIZES; n++) {
        got[n] = zh_arena_alloc(&a, sizes[n % SIZES]);
        if (got[n] == NULL) {
            rc = ZH_NOMEM;
            break;
        }
        assert_int_equal((uintptr_t)got[n] % _Alignof(max_align_t), 0);
        memset(got[n], (int)(n % 251), sizes[n % SIZES]);
    }
    for (size_t i = 0; i < n; i++) /* nobody wrote into another's memory */
        for (size_t k = 0; k < sizes[i % SIZES]; k += 97)
            assert_int_equal(got[i][k], i % 251);
    zh_arena_dispose(&a);
    return rc;
}

static void gives_separate_aligned_memory(void **state)
{
    (void)state;
    assert_int_equal(fill(NULL), ZH_OK);
}

static void survives_the_end_of_memory(void **state)
{
    (void)state;
    zh_each_allocation_fails(fill, NULL);
}

static void can_be_used_again(void **state)
{
    zh_arena a = ZH_ARENA_INIT;

    (void)state;
    zh_arena_dispose(&a);
    assert_non_null(zh_arena_alloc(&a, 10));
    zh_arena_dispose(&a);
    assert_null(a.head);
    assert_null(zh_arena_alloc(&a, SIZE_MAX));
    assert_non_null(zh_arena_alloc(&a, 10));
    zh_arena_dispose(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_separate_aligned_memory),
        cmocka_unit_test(survives_the_end_of_memory),
        cmocka_unit_test(can_be_used_again),
    };

    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
