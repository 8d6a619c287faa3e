#include "support.h"
#include "base/error.h"

static void sets_code_and_message(void **state)
{
    zh_error err = {1, 2, "old"};

    (void)state;
    assert_int_equal(zh_error_set(&err, ZH_RANGE, "%d is more than %s", 7, "six"), ZH_RANGE);
    assert_int_equal(err.code, ZH_RANGE);
    assert_int_equal(err.sys_errno, 0);
    assert_string_equal(err.message, "7 is more than six");
    zh_error_clear(&err);
    assert_int_equal(err.code, ZH_OK);
    assert_string_equal(err.message, "");
}

static void names_the_failed_system_call(void **state)
{
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    assert_int_equal(zh_error_sys(&err, ENOSPC, "cannot write '%s'", "x"), ZH_IO);
    assert_int_equal(err.sys_errno, ENOSPC);
    assert_string_equal(err.message, "cannot write 'x': No space left on device");
    assert_int_equal(zh_error_sys(&err, ENOENT, "x"), ZH_IO);
    assert_int_equal(zh_error_sys(&err, ENOMEM, "x"), ZH_NOMEM);
}

static void puts_context_in_front(void **state)
{
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    (void)zh_error_sys(&err, EIO, "read");
    zh_error_prefix(&err, "array '%s'", "/a");
    assert_string_equal(err.message, "array '/a': read: Input/output error");
    assert_int_equal(err.code, ZH_IO);
    assert_int_equal(err.sys_errno, EIO);
}

static void takes_no_error_object(void **state)
{
    (void)state;
    assert_int_equal(zh_error_set(NULL, ZH_INVALID, "x"), ZH_INVALID);
    assert_int_equal(zh_error_sys(NULL, EIO, "x"), ZH_IO);
    assert_int_equal(zh_error_nomem(NULL), ZH_NOMEM);
    zh_error_prefix(NULL, "x");
    zh_error_clear(NULL);
}

static void cuts_long_messages_and_keeps_one_line(void **state)
{
    zh_error err = ZH_ERROR_INIT;
    char text[2000];

    (void)state;
    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    (void)zh_error_set(&err, ZH_INVALID, "%s", text);
    assert_int_equal(strlen(err.message), sizeof(err.message) - 1);
    (void)zh_error_sys(&err, EIO, "%s", text);
    zh_error_prefix(&err, "%s", text);
    assert_int_equal(strlen(err.message), sizeof(err.message) - 1);
    (void)zh_error_set(&err, ZH_INVALID, "a\nb\x1b[31m\x7f");
    assert_string_equal(err.message, "a?b?[31m?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_code_and_message),
        cmocka_unit_test(names_the_failed_system_call),
        cmocka_unit_test(puts_context_in_front),
        cmocka_unit_test(takes_no_error_object),
        cmocka_unit_test(cuts_long_messages_and_keeps_one_line),
    };

    return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
