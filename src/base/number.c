/* number.c - see number.h and the end of jsonw.h.
 *
 * A host may have set LC_NUMERIC to a locale with a decimal comma, for its process or its thread. Reading and
 * printing therefore run with this thread's locale switched to "C" (uselocale), which no other thread sees.
 */
#include "base/jsonw.h"
#include "base/number.h"

#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static locale_t c_locale; /* set once; glibc's "C" locale object is static, so nothing is leaked */

static void make_c_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

/* Returns what to hand to leave_c_locale. */
static locale_t enter_c_locale(void)
{
    (void)pthread_once(&once, make_c_locale);
    return c_locale == (locale_t)0 ? (locale_t)0 : uselocale(c_locale);
}

static void leave_c_locale(locale_t before)
{
    if (before != (locale_t)0)
        (void)uselocale(before);
}

bool zh_parse_f64(double *out, const char *text)
{
    locale_t before;
    char *end;

    if (strcmp(text, "NaN") == 0 || strcmp(text, "Infinity") == 0 || strcmp(text, "-Infinity") == 0) {
        *out = text[0] == 'N' ? (double)NAN : text[0] == '-' ? -(double)INFINITY : (double)INFINITY;
        return true;
    }
    /* strtod takes more than JSON does: blanks, '+', hexadecimal, "inf". */
    if (text[0] == '\0' || text[0] == '+' || text[strspn(text, "-+.0123456789eE")] != '\0')
        return false;
    before = enter_c_locale();
    *out = strtod(text, &end);
    leave_c_locale(before);
    return *end == '\0';
}

size_t zh_format_u64(char *out, uint64_t v)
{
    char digits[20];
    size_t n = 0;

    do {
        digits[sizeof(digits) - ++n] = (char)('0' + v % 10);
        v /= 10;
    } while (v != 0);
    memcpy(out, digits + sizeof(digits) - n, n);
    return n;
}

size_t zh_format_i64(char *out, int64_t v)
{
    if (v >= 0)
        return zh_format_u64(out, (uint64_t)v);
    out[0] = '-';
    return 1 + zh_format_u64(out + 1, 0 - (uint64_t)v);
}

/* NaN, infinities and small integers, which need no search. */
static bool format_simple(char buf[32], double v)
{
    size_t n = 0;

    if (isnan(v)) {
        memcpy(buf, "NaN", 4);
        return true;
    }
    if (isinf(v)) {
        (void)snprintf(buf, 32, "%s", v < 0 ? "-Infinity" : "Infinity");
        return true;
    }
    if (!(fabs(v) < 1e15) || v != trunc(v))
        return false;
    if (signbit(v))
        buf[n++] = '-';
    n += zh_format_u64(buf + n, (uint64_t)fabs(v));
    memcpy(buf + n, ".0", 3);
    return true;
}

/* Digits for a real go to buf; those of an integer get ".0", so that they read back as a real. */
static void copy_real(char buf[32], char text[64])
{
    if (strpbrk(text, ".e") == NULL)
        memcpy(text + strlen(text), ".0", 3);
    memcpy(buf, text, 31); /* 17 digits, sign, point and exponent are 24 characters */
    buf[31] = '\0';
}

void zh_format_f64(char buf[32], double v)
{
    /* 15 digits always survive a round trip of a normal number, so no shorter text of it can be missed. */
    int digits = fabs(v) < 0x1p-1022 ? 1 : 15;
    char text[64];
    locale_t before;

    if (format_simple(buf, v))
        return;
    before = enter_c_locale();
    do
        (void)snprintf(text, sizeof(text), "%.*g", digits, v);
    while (digits++ < 17 && strtod(text, NULL) != v);
    leave_c_locale(before);
    copy_real(buf, text);
}

void zh_format_f32(char buf[32], float v)
{
    int digits = fabsf(v) < 0x1p-126f ? 1 : 6;
    char text[64];
    locale_t before;

    if (fabsf(v) < 1e6f || !isfinite(v))
        if (format_simple(buf, (double)v))
            return;
    before = enter_c_locale();
    do
        (void)snprintf(text, sizeof(text), "%.*g", digits, (double)v);
    while (digits++ < 9 && strtof(text, NULL) != v);
    leave_c_locale(before);
    copy_real(buf, text);
}
