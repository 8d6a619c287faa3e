#include "base/alloc.h"
#include "support.h"
#include "base/json.h"
#include "base/jsonw.h"

#include <math.h>

static void writes_every_kind_of_value(void **state)
{
    zh_buf b = ZH_BUF_INIT(10000);
    zh_error err = ZH_ERROR_INIT;
    zh_jsonw w;

    (void)state;
    zh_jsonw_init(&w, &b, &err);
    zh_jsonw_begin_object(&w);
    zh_jsonw_key(&w, "a");
    zh_jsonw_begin_array(&w);
    zh_jsonw_i64(&w, INT64_MIN);
    zh_jsonw_u64(&w, UINT64_MAX);
    zh_jsonw_f64(&w, 0.5);
    zh_jsonw_f64(&w, (double)NAN);
    zh_jsonw_f32(&w, 0.1f);
    zh_jsonw_f32(&w, -(float)INFINITY);
    zh_jsonw_bool(&w, true);
    zh_jsonw_bool(&w, false);
    zh_jsonw_null(&w);
    zh_jsonw_begin_object(&w);
    zh_jsonw_end_object(&w);
    zh_jsonw_begin_array(&w);
    zh_jsonw_end_array(&w);
    zh_jsonw_raw(&w, "[ 1 ]", 5);
    zh_jsonw_end_array(&w);
    zh_jsonw_members(&w, "", 0);
    zh_jsonw_members(&w, "\"b\":1,\"c\":2", 11);
    zh_jsonw_key_n(&w, "dd", 1);
    zh_jsonw_str_n(&w, "text", 2);
    zh_jsonw_end_object(&w);
    assert_zh_ok(zh_jsonw_finish(&w), &err);
    assert_string_equal(
        zh_buf_cstr(&b, &err),
        "{\"a\":[-9223372036854775808,18446744073709551615,0.5,\"NaN\",0.1,\"-Infinity\",true,false,null,{},"
        "[],[ 1 ]],\"b\":1,\"c\":2,\"d\":\"te\"}");
    zh_buf_dispose(&b);
}

static void members_alone_make_an_object(void **state)
{
    zh_buf b = ZH_BUF_INIT(100);
    zh_error err = ZH_ERROR_INIT;
    zh_jsonw w;

    (void)state;
    zh_jsonw_init(&w, &b, &err);
    zh_jsonw_begin_object(&w);
    zh_jsonw_members(&w, "\"b\":1", 5);
    zh_jsonw_end_object(&w);
    assert_zh_ok(zh_jsonw_finish(&w), &err);
    assert_string_equal(zh_buf_cstr(&b, &err), "{\"b\":1}");
    zh_buf_dispose(&b);
}

static void text_is(const char *s, size_t n, const char *want)
{
    zh_buf b = ZH_BUF_INIT(10000);
    zh_error err = ZH_ERROR_INIT;
    zh_jsonw w;

    zh_jsonw_init(&w, &b, &err);
    zh_jsonw_str_n(&w, s, n);
    assert_zh_ok(zh_jsonw_finish(&w), &err);
    assert_string_equal(zh_buf_cstr(&b, &err), want);
    zh_buf_dispose(&b);
}

static void escapes(void **state)
{
    (void)state;
    text_is("", 0, "\"\"");
    text_is("a\"b\\c/", 6, "\"a\\\"b\\\\c/\"");
    text_is("\b\t\n\f\r\x01\x1f\x7f", 8, "\"\\b\\t\\n\\f\\r\\u0001\\u001f\x7f\"");
    text_is("a\0b", 3, "\"a\\u0000b\"");
    text_is("\xc3\xa9\xf0\x9f\x98\x80", 6, "\"\xc3\xa9\xf0\x9f\x98\x80\"");
    text_is("\xff"
            "a\xc3",
            3,
            "\"\xef\xbf\xbd"
            "a\xef\xbf\xbd\"");
    text_is("\xed\xa0\x80", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
    text_is("\xc0\xaf", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\"");
}

/* The parser gives back every text that the printer made of valid UTF-8 without NUL. */
static void texts_go_both_ways(void **state)
{
    zh_error err = ZH_ERROR_INIT;
    unsigned seed = 5;

    (void)state;
    for (int i = 0; i < 2000; i++) {
        zh_buf b = ZH_BUF_INIT(10000);
        char text[64];
        size_t n = 0;
        zh_jsonw w;
        zh_json *j;

        while (n < 50) {
            static const char *const parts[] = {
                "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\"", "\\", "\n", "\x01", "x", "\x7f", "/"};
            const char *part = parts[(unsigned)rand_r(&seed) % 10];

            memcpy(text + n, part, strlen(part));
            n += strlen(part);
        }
        text[n] = '\0';
        zh_jsonw_init(&w, &b, &err);
        zh_jsonw_str(&w, text);
        assert_zh_ok(zh_jsonw_finish(&w), &err);
        assert_zh_ok(zh_json_parse(&j, (const char *)b.ptr, b.len, &err), &err);
        assert_string_equal(zh_json_str(j), text);
        zh_json_free(j);
        zh_buf_dispose(&b);
    }
}

static int write_some(void *payload)
{
    zh_buf b = ZH_BUF_INIT(100000);
    zh_error err = ZH_ERROR_INIT;
    zh_jsonw w;
    int rc;

    (void)payload;
    zh_jsonw_init(&w, &b, &err);
    zh_jsonw_begin_array(&w);
    for (int i = 0; i < 500; i++)
        zh_jsonw_str(&w, "twenty bytes of text");
    zh_jsonw_end_array(&w);
    rc = zh_jsonw_finish(&w);
    assert_int_equal(rc, err.code);
    zh_buf_dispose(&b);
    return rc;
}

static void errors_stick(void **state)
{
    zh_buf b = ZH_BUF_INIT(128);
    zh_error err = ZH_ERROR_INIT;
    char text[200] = {0};
    size_t len;
    zh_jsonw w;

    (void)state;
    memset(text, 'a', sizeof(text) - 1);
    zh_jsonw_init(&w, &b, &err);
    zh_jsonw_str(&w, text);
    len = b.len;
    zh_jsonw_null(&w);
    assert_int_equal(b.len, len);
    assert_zh_code(zh_jsonw_finish(&w), ZH_RANGE, &err);
    zh_buf_dispose(&b);
    zh_each_allocation_fails(write_some, NULL);
}

static void knows_utf8(void **state)
{
    static const char *const good[] = {"",
                                       "abc",
                                       "\xc2\x80",
                                       "\xdf\xbf",
                                       "\xe0\xa0\x80",
                                       "\xed\x9f\xbf",
                                       "\xee\x80\x80",
                                       "\xf0\x90\x80\x80",
                                       "\xf4\x8f\xbf\xbf"};
    static const char *const bad[] = {"\x80",
                                      "\xc1\xbf",
                                      "\xc2",
                                      "\xe0\x9f\xbf",
                                      "\xe2\x82",
                                      "\xed\xa0\x80",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xff",
                                      "a\xc2"
                                      "b"};

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(zh_utf8_valid(good[i], strlen(good[i])));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(zh_utf8_valid(bad[i], strlen(bad[i])));
    assert_true(zh_utf8_valid("a\0b", 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_every_kind_of_value),
        cmocka_unit_test(members_alone_make_an_object),
        cmocka_unit_test(escapes),
        cmocka_unit_test(texts_go_both_ways),
        cmocka_unit_test(errors_stick),
        cmocka_unit_test(knows_utf8),
    };

    return cmocka_run_group_tests_name("jsonw", tests, NULL, NULL);
}
