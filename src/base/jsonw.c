/* jsonw.c - see jsonw.h. On the path of every document, so no printf for text and integers, and text is
 * copied in runs of bytes that need no escape. */
#include "base/jsonw.h"
#include "base/error.h"
#include "base/number.h"

#include <math.h>
#include <string.h>

static void put(zh_jsonw *w, const void *p, size_t n)
{
    if (w->rc == ZH_OK)
        w->rc = zh_buf_append(w->out, p, n, w->err);
}

/* The comma in front of a value or a member's name. */
static void separate(zh_jsonw *w)
{
    if (w->comma)
        put(w, ",", 1);
}

static void put_value(zh_jsonw *w, const void *p, size_t n)
{
    separate(w);
    put(w, p, n);
    w->comma = true;
}

void zh_jsonw_init(zh_jsonw *w, zh_buf *out, zh_error *err)
{
    w->out = out;
    w->err = err;
    w->rc = ZH_OK;
    w->comma = false;
}

static void begin(zh_jsonw *w, const char *bracket)
{
    put_value(w, bracket, 1);
    w->comma = false;
}

static void end(zh_jsonw *w, const char *bracket)
{
    put(w, bracket, 1);
    w->comma = true;
}

void zh_jsonw_begin_object(zh_jsonw *w)
{
    begin(w, "{");
}

void zh_jsonw_end_object(zh_jsonw *w)
{
    end(w, "}");
}

void zh_jsonw_begin_array(zh_jsonw *w)
{
    begin(w, "[");
}

void zh_jsonw_end_array(zh_jsonw *w)
{
    end(w, "]");
}

/* Length of the UTF-8 sequence at s, 0 if it is not one (RFC 3629: no surrogates, no overlong forms). */
static size_t sequence_length(const unsigned char *s, size_t n)
{
    const unsigned char lead = s[0];
    const size_t want = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;

    if (lead < 0x80)
        return 1;
    if (lead < 0xc2 || lead > 0xf4 || n < want)
        return 0;
    for (size_t i = 1; i < want; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    if ((lead == 0xe0 && s[1] < 0xa0) || (lead == 0xed && s[1] > 0x9f) || (lead == 0xf0 && s[1] < 0x90) ||
        (lead == 0xf4 && s[1] > 0x8f))
        return 0;
    return want;
}

/* Bytes of ASCII at s, by eights: nearly every name and text is nothing else. */
static size_t ascii_run(const unsigned char *s, size_t n)
{
    uint64_t word;
    size_t i = 0;

    for (; n - i >= sizeof(word); i += sizeof(word)) {
        memcpy(&word, s + i, sizeof(word));
        if ((word & 0x8080808080808080u) != 0)
            break;
    }
    while (i < n && s[i] < 0x80)
        i++;
    return i;
}

bool zh_utf8_valid(const char *s, size_t n)
{
    const unsigned char *p = (const unsigned char *)s;

    while (n > 0) {
        size_t len = ascii_run(p, n);

        if (len == 0)
            len = sequence_length(p, n);
        if (len == 0)
            return false;
        p += len;
        n -= len;
    }
    return true;
}

static void put_control(zh_jsonw *w, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    char text[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
    size_t n = 2;

    switch (c) {
    case '\b':
        text[1] = 'b';
        break;
    case '\t':
        text[1] = 't';
        break;
    case '\n':
        text[1] = 'n';
        break;
    case '\f':
        text[1] = 'f';
        break;
    case '\r':
        text[1] = 'r';
        break;
    case '"':
    case '\\':
        text[1] = (char)c;
        break;
    default:
        n = sizeof(text);
    }
    put(w, text, n);
}

/* Bytes at s that can be copied as they are. */
static size_t plain_run(const unsigned char *s, size_t n)
{
    size_t i = 0;

    while (i < n) {
        size_t len = 1;

        if (s[i] < 0x20 || s[i] == '"' || s[i] == '\\')
            break;
        if (s[i] >= 0x80)
            len = sequence_length(s + i, n - i);
        if (len == 0)
            break;
        i += len;
    }
    return i;
}

/* Whether all bytes are printable ASCII that needs no escape, eight at a time: nearly every name and text is. */
static bool all_plain(const char *s, size_t n)
{
    const uint64_t ones = 0x0101010101010101u;
    const uint64_t high = ones * 0x80;
    uint64_t bad = 0;
    uint64_t word;

    for (; n > 0; s += sizeof(word)) {
        const size_t take = n < sizeof(word) ? n : sizeof(word);

        word = ones * ' ';
        memcpy(&word, s, take);
        n -= take;
        /* The classic zero-byte test on word ^ c, and the borrow of word - 0x20 for control characters. */
        bad |= word | ((word ^ ones * '"') - ones) | ((word ^ ones * '\\') - ones) | (word - ones * 0x20);
    }
    return (bad & high) == 0;
}

/* A plain string in one piece, with what stands behind it. */
static void put_plain(zh_jsonw *w, const char *s, size_t n, char tail)
{
    uint8_t *p;

    if (w->rc == ZH_OK)
        w->rc = zh_buf_reserve(w->out, w->out->len + n + 3, w->err);
    if (w->rc < 0)
        return;
    p = w->out->ptr + w->out->len;
    *p++ = '"';
    memcpy(p, s, n);
    p += n;
    *p++ = '"';
    if (tail)
        *p++ = (uint8_t)tail;
    w->out->len = (size_t)(p - w->out->ptr);
}

/* tail: one more character behind the closing quote, or 0. */
static void put_string(zh_jsonw *w, const char *s, size_t n, char tail)
{
    const unsigned char *p = (const unsigned char *)s;

    if (all_plain(s, n)) {
        put_plain(w, s, n, tail);
        return;
    }
    put(w, "\"", 1);
    while (n > 0) {
        const size_t run = plain_run(p, n);

        put(w, p, run);
        p += run;
        n -= run;
        if (n == 0)
            break;
        if (*p < 0x80)
            put_control(w, *p);
        else
            put(w, "\xef\xbf\xbd", 3);
        p++;
        n--;
    }
    put(w, "\"", 1);
    if (tail)
        put(w, &tail, 1);
}

void zh_jsonw_key_n(zh_jsonw *w, const char *name, size_t n)
{
    separate(w);
    put_string(w, name, n, ':');
    w->comma = false;
}

void zh_jsonw_key(zh_jsonw *w, const char *name)
{
    zh_jsonw_key_n(w, name, strlen(name));
}

void zh_jsonw_str_n(zh_jsonw *w, const char *s, size_t n)
{
    separate(w);
    put_string(w, s, n, '\0');
    w->comma = true;
}

void zh_jsonw_str(zh_jsonw *w, const char *s)
{
    zh_jsonw_str_n(w, s, strlen(s));
}

void zh_jsonw_i64(zh_jsonw *w, int64_t v)
{
    char text[20];

    put_value(w, text, zh_format_i64(text, v));
}

void zh_jsonw_u64(zh_jsonw *w, uint64_t v)
{
    char text[20];

    put_value(w, text, zh_format_u64(text, v));
}

void zh_jsonw_f64(zh_jsonw *w, double v)
{
    char text[32];

    zh_format_f64(text, v);
    if (isfinite(v))
        put_value(w, text, strlen(text));
    else
        zh_jsonw_str(w, text);
}

void zh_jsonw_f32(zh_jsonw *w, float v)
{
    char text[32];

    zh_format_f32(text, v);
    if (isfinite(v))
        put_value(w, text, strlen(text));
    else
        zh_jsonw_str(w, text);
}

void zh_jsonw_bool(zh_jsonw *w, bool v)
{
    if (v)
        put_value(w, "true", 4);
    else
        put_value(w, "false", 5);
}

void zh_jsonw_null(zh_jsonw *w)
{
    put_value(w, "null", 4);
}

void zh_jsonw_raw(zh_jsonw *w, const char *json, size_t n)
{
    put_value(w, json, n);
}

void zh_jsonw_members(zh_jsonw *w, const char *json, size_t n)
{
    if (n > 0)
        put_value(w, json, n);
}

int zh_jsonw_finish(const zh_jsonw *w)
{
    return w->rc;
}
