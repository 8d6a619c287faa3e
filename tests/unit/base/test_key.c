#include "support.h"
#include "base/jsonw.h"
#include "base/key.h"

static void takes_keys(void **state)
{
    static const char *const good[] = {"a",   "zarr.json",        "a/b/c/0/1", ".zarray", "a/.zgroup",
                                       "...", "a b/%41/\xc3\xa9", "..a/b..",   "a\\b"};
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_zh_ok(zh_key_check(good[i], strlen(good[i]), &err), &err);
}

static void refuses_what_leaves_or_confuses(void **state)
{
    static const char *const bad[] = {"",     "/",    "/a",     "a/",    "a//b", ".",    "..",    "./a",
                                      "../a", "a/..", "a/../b", "a/./b", "a/.",  "\xff", "a/\xc3"};
    zh_error err = ZH_ERROR_INIT;
    char text[ZH_KEY_MAX + 1];

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_zh_code(zh_key_check(bad[i], strlen(bad[i]), &err), ZH_INVALID, &err);
    assert_zh_code(zh_key_check("a\0b", 3, &err), ZH_INVALID, &err);
    memset(text, 'a', sizeof(text));
    assert_zh_ok(zh_key_check(text, ZH_SEGMENT_MAX, &err), &err);
    assert_zh_code(zh_key_check(text, ZH_SEGMENT_MAX + 1, &err), ZH_INVALID, &err);
    for (size_t i = 1; i < sizeof(text); i += 2)
        text[i] = '/';
    assert_zh_ok(zh_key_check(text, ZH_KEY_MAX - 1, &err), &err);
    assert_zh_code(zh_key_check(text, ZH_KEY_MAX + 1, &err), ZH_INVALID, &err);
}

static void escaped_is(const char *name, size_t n, const char *want)
{
    char out[ZH_SEGMENT_MAX + 1];
    zh_error err = ZH_ERROR_INIT;
    bool changed;

    assert_zh_ok(zh_name_escape(out, &changed, name, n, &err), &err);
    assert_string_equal(out, want);
    assert_int_equal(changed, strlen(want) != n || memcmp(want, name, n) != 0);
    assert_zh_ok(zh_key_check(out, strlen(out), &err), &err);
}

static void escapes_only_what_it_must(void **state)
{
    static const char *const same[] = {"a",        "Group 1", "\xc3\xa9t\xc3\xa9", "a.b", ".hidden", "_x", "50%", "%4",
                                       "%4g",      "%ab",     "zarr.jsonx",        "a:b", "CON",     "c",  "0",   "x__",
                                       ".zarrayx", "~",       "a\"b'c<>|?*"};
    static const char *const pairs[][2] = {
        {"a\\b", "a%5Cb"},
        {"\t", "%09"},
        {"\x7f", "%7F"},
        {".", "%2E"},
        {"..", "%2E."},
        {"...", "%2E.."},
        {"__x", "%5F_x"},
        {"__", "%5F_"},
        {"zarr.json", "%7Aarr.json"},
        {".zarray", "%2Ezarray"},
        {".zgroup", "%2Ezgroup"},
        {".zattrs", "%2Ezattrs"},
        {".zmetadata", "%2Ezmetadata"},
        {"\xff", "%FF"},
        {"a\xc3", "a%C3"},
        {"%41", "%2541"},
        {"%5C", "%255C"},
        {"%~x", "%25~x"},
        {".x.zh-tmp", "%2Ex.zh-tmp"},
        {"__a\\", "%5F_a%5C"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
        escaped_is(same[i], strlen(same[i]), same[i]);
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        escaped_is(pairs[i][0], strlen(pairs[i][0]), pairs[i][1]);
}

static void refuses_names_that_cannot_be(void **state)
{
    char out[ZH_SEGMENT_MAX + 1];
    zh_error err = ZH_ERROR_INIT;
    bool changed;

    (void)state;
    assert_zh_code(zh_name_escape(out, &changed, "", 0, &err), ZH_INVALID, &err);
    assert_zh_code(zh_name_escape(out, &changed, "a/b", 3, &err), ZH_INVALID, &err);
    assert_zh_code(zh_name_escape(out, &changed, "a\0b", 3, &err), ZH_INVALID, &err);
}

static void long_names_get_a_hash(void **state)
{
    char name[1000], a[ZH_SEGMENT_MAX + 1], b[ZH_SEGMENT_MAX + 1];
    zh_error err = ZH_ERROR_INIT;
    bool changed;

    (void)state;
    memset(name, 'n', sizeof(name));
    assert_zh_ok(zh_name_escape(a, &changed, name, ZH_SEGMENT_MAX, &err), &err);
    assert_false(changed);
    assert_zh_ok(zh_name_escape(a, &changed, name, ZH_SEGMENT_MAX + 1, &err), &err);
    assert_true(changed);
    assert_int_equal(strlen(a), ZH_SEGMENT_MAX);
    assert_memory_equal(a + ZH_SEGMENT_MAX - 34, "%~", 2);
    assert_zh_ok(zh_name_escape(b, &changed, name, ZH_SEGMENT_MAX + 2, &err), &err);
    assert_string_not_equal(a, b);
    /* A short name of many escapes is long too, and no escape or character is cut in two. */
    memset(name, '\\', sizeof(name));
    assert_zh_ok(zh_name_escape(a, &changed, name, 100, &err), &err);
    assert_true(strlen(a) <= ZH_SEGMENT_MAX);
    for (size_t i = 0; i < 400; i += 2)
        memcpy(name + i, "\xc3\xa9", 2);
    for (size_t n = 250; n < 400; n++) {
        assert_zh_ok(zh_name_escape(a, &changed, name, n, &err), &err);
        assert_true(zh_utf8_valid(a, strlen(a)));
        assert_zh_ok(zh_key_check(a, strlen(a), &err), &err);
    }
}

/* No two names get one segment: every name of up to three of these bytes. */
static void escaping_is_injective(void **state)
{
    static const char bytes[] = {'%', '5', 'C', '\\', '.', '_', '~', '\xff', '2', 'E'};
    enum { B = sizeof(bytes), N = B + B * B + B * B * B };
    char(*out)[16] = malloc(sizeof(*out) * N);
    zh_error err = ZH_ERROR_INIT;
    size_t n = 0;

    (void)state;
    for (size_t len = 1; len <= 3; len++)
        for (size_t i = 0; i < (len == 1 ? (size_t)B : len == 2 ? (size_t)B * B : (size_t)B * B * B); i++) {
            const char name[3] = {bytes[i % B], bytes[i / B % B], bytes[i / B / B]};
            char segment[ZH_SEGMENT_MAX + 1];
            bool changed;

            assert_zh_ok(zh_name_escape(segment, &changed, name, len, &err), &err);
            assert_true(strlen(segment) < 16);
            (void)strcpy(out[n++], segment);
        }
    assert_int_equal(n, N);
    qsort(out, N, sizeof(*out), (int (*)(const void *, const void *))strcmp);
    for (size_t i = 1; i < N; i++)
        assert_string_not_equal(out[i - 1], out[i]);
    free(out);
}

static void hashes_differ(void **state)
{
    uint64_t seen[1000];

    (void)state;
    for (size_t i = 0; i < 1000; i++) {
        char text[32];

        (void)snprintf(text, sizeof(text), "group%zu", i);
        seen[i] = zh_hash_bytes(text, strlen(text));
        assert_int_equal(seen[i], zh_hash_bytes(text, strlen(text)));
        for (size_t k = 0; k < i; k++)
            assert_int_not_equal(seen[k], seen[i]);
    }
    assert_int_not_equal(zh_hash_bytes("a", 1), zh_hash_bytes("a\0", 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_keys),
        cmocka_unit_test(refuses_what_leaves_or_confuses),
        cmocka_unit_test(escapes_only_what_it_must),
        cmocka_unit_test(refuses_names_that_cannot_be),
        cmocka_unit_test(long_names_get_a_hash),
        cmocka_unit_test(escaping_is_injective),
        cmocka_unit_test(hashes_differ),
    };

    return cmocka_run_group_tests_name("key", tests, NULL, NULL);
}
