#include "support.h"
#include "base/jsonw.h"
#include "base/number.h"

#include <locale.h>
#include <math.h>

static void f64_is(double v, const char *want)
{
    char text[32];

    zh_format_f64(text, v);
    assert_string_equal(text, want);
}

static void f32_is(float v, const char *want)
{
    char text[32];

    zh_format_f32(text, v);
    assert_string_equal(text, want);
}

static void known_texts(void **state)
{
    (void)state;
    f64_is(0.0, "0.0");
    f64_is(-0.0, "-0.0");
    f64_is(3.0, "3.0");
    f64_is(-17.0, "-17.0");
    f64_is(0.1, "0.1");
    f64_is(1.0 / 3, "0.3333333333333333");
    f64_is(999999999999999.0, "999999999999999.0");
    f64_is(1e15, "1e+15");
    f64_is(1e300, "1e+300");
    f64_is(5e-324, "5e-324");
    f64_is(2.2250738585072014e-308, "2.2250738585072014e-308");
    f64_is(1.7976931348623157e308, "1.7976931348623157e+308");
    f64_is(9007199254740993.0, "9007199254740992.0");
    f64_is((double)NAN, "NaN");
    f64_is((double)INFINITY, "Infinity");
    f64_is(-(double)INFINITY, "-Infinity");
    f32_is(0.1f, "0.1");
    f32_is(16777216.0f, "16777216.0");
    f32_is(1e-45f, "1e-45");
    f32_is(3.4028235e38f, "3.4028235e+38");
    f32_is(-0.0f, "-0.0");
    f32_is(-(float)INFINITY, "-Infinity");
}

static uint64_t next_random(uint64_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return *x;
}

static void any_bits_read_back(void **state)
{
    uint64_t x = 88172645463325252u;

    (void)state;
    for (int i = 0; i < 50000; i++) {
        const uint64_t bits = next_random(&x);
        const uint32_t half = (uint32_t)(bits >> 7);
        char text[32];
        double d, back;
        float f;

        memcpy(&d, &bits, 8);
        memcpy(&f, &half, 4);
        zh_format_f64(text, d);
        assert_true(zh_parse_f64(&back, text));
        assert_true(memcmp(&back, &d, 8) == 0 || (isnan(d) && isnan(back)));
        assert_true(!isfinite(d) || strpbrk(text, ".e") != NULL);
        zh_format_f32(text, f);
        assert_true(zh_parse_f64(&back, text));
        assert_true((float)back == f || isnan(f));
    }
}

static void parses_numbers_only(void **state)
{
    static const char *const bad[] = {"",    " 1", "1 ",  "+1",       "0x10", "inf", "nan",
                                      "1,5", "1e", "--1", "infinity", "-NaN", "1.5f"};
    double v;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(zh_parse_f64(&v, bad[i]));
    assert_true(zh_parse_f64(&v, "1e400"));
    assert_true(isinf(v) && v > 0);
    assert_true(zh_parse_f64(&v, "-1e400"));
    assert_true(isinf(v) && v < 0);
    assert_true(zh_parse_f64(&v, "-0"));
    assert_true(v == 0 && signbit(v));
    assert_true(zh_parse_f64(&v, "1e-400"));
    assert_true(v == 0);
}

static void integers_have_all_digits(void **state)
{
    char text[21];

    (void)state;
    text[zh_format_i64(text, INT64_MIN)] = '\0';
    assert_string_equal(text, "-9223372036854775808");
    text[zh_format_i64(text, INT64_MAX)] = '\0';
    assert_string_equal(text, "9223372036854775807");
    text[zh_format_u64(text, UINT64_MAX)] = '\0';
    assert_string_equal(text, "18446744073709551615");
    text[zh_format_i64(text, 0)] = '\0';
    assert_string_equal(text, "0");
}

/* A locale with a decimal comma, made here if none is installed. */
static bool set_comma_locale(void)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "nl_NL.utf8"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (setlocale(LC_ALL, names[i]) != NULL && localeconv()->decimal_point[0] == ',')
            return true;
    (void)setlocale(LC_ALL, "C");
    if (system("localedef -i de_DE -f ISO-8859-1 --no-archive ./de_DE >/dev/null 2>&1") == -1)
        return false;
    (void)setenv("LOCPATH", zh_sandbox_path, 1);
    return setlocale(LC_ALL, "de_DE") != NULL && localeconv()->decimal_point[0] == ',';
}

static void a_decimal_comma_of_the_host_changes_nothing(void **state)
{
    double v;

    (void)state;
    if (!set_comma_locale())
        skip();
    f64_is(0.1, "0.1");
    f32_is(2.5f, "2.5");
    assert_true(zh_parse_f64(&v, "2.5"));
    assert_true(v == 2.5);
    assert_false(zh_parse_f64(&v, "2,5"));
    assert_int_equal(localeconv()->decimal_point[0], ',');
    (void)setlocale(LC_ALL, "C");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_texts),
        cmocka_unit_test(any_bits_read_back),
        cmocka_unit_test(parses_numbers_only),
        cmocka_unit_test(integers_have_all_digits),
        zh_sandbox_test(a_decimal_comma_of_the_host_changes_nothing),
    };

    return cmocka_run_group_tests_name("number", tests, NULL, NULL);
}
