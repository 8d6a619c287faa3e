#include "base/alloc.h"
#include "support.h"
#include "base/base64.h"

static void vectors_of_the_standard(void **state)
{
    static const char *const pairs[][2] = {{"", ""},
                                           {"f", "Zg=="},
                                           {"fo", "Zm8="},
                                           {"foo", "Zm9v"},
                                           {"foob", "Zm9vYg=="},
                                           {"fooba", "Zm9vYmE="},
                                           {"foobar", "Zm9vYmFy"}};
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        zh_buf b = ZH_BUF_INIT(100);

        assert_zh_ok(zh_buf_puts(&b, "<", &err), &err);
        assert_zh_ok(zh_base64_encode(&b, pairs[i][0], strlen(pairs[i][0]), &err), &err);
        assert_string_equal(zh_buf_cstr(&b, &err) + 1, pairs[i][1]);
        b.len = 1;
        assert_zh_ok(zh_base64_decode(&b, pairs[i][1], strlen(pairs[i][1]), &err), &err);
        assert_string_equal(zh_buf_cstr(&b, &err) + 1, pairs[i][0]);
        zh_buf_dispose(&b);
    }
}

static void all_bytes_go_both_ways(void **state)
{
    zh_error err = ZH_ERROR_INIT;
    uint8_t bytes[300];

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 7);
    for (size_t n = 0; n < sizeof(bytes); n++) {
        zh_buf text = ZH_BUF_INIT(1000);
        zh_buf back = ZH_BUF_INIT(300);

        assert_zh_ok(zh_base64_encode(&text, bytes, n, &err), &err);
        assert_zh_ok(zh_base64_decode(&back, (const char *)text.ptr, text.len, &err), &err);
        assert_int_equal(back.len, n);
        if (n > 0)
            assert_memory_equal(back.ptr, bytes, n);
        zh_buf_dispose(&text);
        zh_buf_dispose(&back);
    }
}

static void refuses_bad_text(void **state)
{
    static const char *const bad[] = {
        "Z", "Zg", "Zg=", "Zg===", "====", "Z===", "Zg==Zg==", "Zh==", "Zm9=", "Zm 9", "Zm9v\n", "Zm-_", "=Zm9"};
    zh_error err = ZH_ERROR_INIT;
    zh_buf b = ZH_BUF_INIT(100);

    (void)state;
    assert_zh_ok(zh_buf_puts(&b, "old", &err), &err);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_zh_code(zh_base64_decode(&b, bad[i], strlen(bad[i]), &err), ZH_CORRUPT, &err);
        assert_string_equal(zh_buf_cstr(&b, &err), "old");
    }
    zh_buf_dispose(&b);
}

static void obeys_the_buffer(void **state)
{
    zh_error err = ZH_ERROR_INIT;
    zh_buf b = ZH_BUF_INIT(7);

    (void)state;
    assert_zh_code(zh_base64_encode(&b, "12345678", 8, &err), ZH_RANGE, &err);
    assert_zh_code(zh_base64_encode(&b, "1", SIZE_MAX, &err), ZH_RANGE, &err);
    assert_zh_code(zh_base64_decode(&b, "MTIzNDU2Nzg5", 12, &err), ZH_RANGE, &err);
    assert_int_equal(b.len, 0);
    zh_buf_dispose(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_of_the_standard),
        cmocka_unit_test(all_bytes_go_both_ways),
        cmocka_unit_test(refuses_bad_text),
        cmocka_unit_test(obeys_the_buffer),
    };

    return cmocka_run_group_tests_name("base64", tests, NULL, NULL);
}
