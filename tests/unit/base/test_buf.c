#include "base/alloc.h"
#include "support.h"
#include "zh/buf.h"

static void grows_up_to_its_maximum(void **state)
{
    zh_buf b = ZH_BUF_INIT(1000);
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        assert_zh_ok(zh_buf_putc(&b, (char)('a' + i % 26), &err), &err);
        assert_true(b.cap <= b.max);
    }
    assert_int_equal(b.len, 1000);
    assert_zh_code(zh_buf_putc(&b, 'x', &err), ZH_RANGE, &err);
    assert_zh_code(zh_buf_append(&b, "xy", 2, &err), ZH_RANGE, &err);
    assert_zh_code(zh_buf_reserve(&b, 1001, &err), ZH_RANGE, &err);
    assert_null(zh_buf_cstr(&b, &err));
    assert_int_equal(b.len, 1000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(b.ptr[i], 'a' + i % 26);
    zh_buf_dispose(&b);
    assert_int_equal(b.max, 1000);
    assert_zh_ok(zh_buf_puts(&b, "again", &err), &err);
    zh_buf_dispose(&b);
}

static void takes_nothing_at_any_time(void **state)
{
    zh_buf b = ZH_BUF_INIT(0);
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    assert_zh_ok(zh_buf_append(&b, NULL, 0, &err), &err);
    assert_zh_ok(zh_buf_reserve(&b, 0, &err), &err);
    assert_zh_ok(zh_buf_resize(&b, 0, &err), &err);
    assert_zh_code(zh_buf_append(&b, "x", 1, &err), ZH_RANGE, &err);
    zh_buf_dispose(&b);
}

static void refuses_lengths_that_overflow(void **state)
{
    zh_buf b = ZH_BUF_INIT(SIZE_MAX);
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    assert_zh_ok(zh_buf_puts(&b, "abc", &err), &err);
    assert_zh_code(zh_buf_append(&b, "x", SIZE_MAX - 1, &err), ZH_RANGE, &err);
    assert_memory_equal(b.ptr, "abc", 3);
    zh_buf_dispose(&b);
}

static void terminates_behind_its_length(void **state)
{
    zh_buf b = ZH_BUF_INIT(100);
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    assert_string_equal(zh_buf_cstr(&b, &err), "");
    assert_zh_ok(zh_buf_puts(&b, "abc", &err), &err);
    assert_string_equal(zh_buf_cstr(&b, &err), "abc");
    assert_int_equal(b.len, 3);
    assert_zh_ok(zh_buf_resize(&b, 2, &err), &err);
    assert_string_equal(zh_buf_cstr(&b, &err), "ab");
    zh_buf_dispose(&b);
}

static int fill(void *payload)
{
    zh_buf b = ZH_BUF_INIT(100000);
    int rc = ZH_OK;

    (void)payload;
    for (int i = 0; rc == ZH_OK && i < 5000; i++) {
        const size_t before = b.len;

        rc = zh_buf_puts(&b, "0123456789", NULL);
        assert_int_equal(b.len, rc == ZH_OK ? before + 10 : before);
    }
    zh_buf_dispose(&b);
    return rc;
}

static void keeps_its_content_when_memory_ends(void **state)
{
    (void)state;
    zh_each_allocation_fails(fill, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_up_to_its_maximum),
        cmocka_unit_test(takes_nothing_at_any_time),
        cmocka_unit_test(refuses_lengths_that_overflow),
        cmocka_unit_test(terminates_behind_its_length),
        cmocka_unit_test(keeps_its_content_when_memory_ends),
    };

    return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
