/* base64.c - see base64.h. */
#include "base/base64.h"
#include "base/alloc.h"
#include "base/error.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int zh_base64_encode(zh_buf *out, const void *p, size_t n, zh_error *err)
{
    const uint8_t *in = p;
    const size_t start = out->len;
    size_t chars, total;
    uint8_t *to;
    int rc;

    if (!zh_mul_size(n / 3 + (n % 3 != 0), 4, &chars) || !zh_add_size(start, chars, &total))
        return zh_error_set(err, ZH_RANGE, "too many bytes for base64");
    rc = zh_buf_resize(out, total, err);
    if (rc < 0)
        return rc;
    to = out->ptr + start;
    for (; n > 0; n -= n < 3 ? n : 3, in += 3, to += 4) {
        const uint32_t v = (uint32_t)in[0] << 16 | (n > 1 ? (uint32_t)in[1] << 8 : 0) | (n > 2 ? in[2] : 0);

        to[0] = (uint8_t)alphabet[v >> 18];
        to[1] = (uint8_t)alphabet[v >> 12 & 63];
        to[2] = (uint8_t)(n > 1 ? alphabet[v >> 6 & 63] : '=');
        to[3] = (uint8_t)(n > 2 ? alphabet[v & 63] : '=');
    }
    return ZH_OK;
}

/* 0..63, or 64 for a character outside the alphabet. */
static uint32_t value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (uint32_t)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (uint32_t)(c - 'a') + 26;
    if (c >= '0' && c <= '9')
        return (uint32_t)(c - '0') + 52;
    return c == '+' ? 62 : c == '/' ? 63 : 64;
}

/* Decodes four characters of which the last `pad` are '='; false if they are not base64. The bits that
 * padding leaves over must be zero, so that every byte string has one text. */
static bool decode_quad(uint8_t to[3], const char *text, unsigned pad)
{
    uint32_t v = 0;

    for (unsigned i = 0; i < 4; i++) {
        const uint32_t six = i < 4 - pad ? value_of(text[i]) : 0;

        if (six > 63)
            return false;
        v = v << 6 | six;
    }
    to[0] = (uint8_t)(v >> 16);
    to[1] = (uint8_t)(v >> 8);
    to[2] = (uint8_t)v;
    return (pad < 1 || to[2] == 0) && (pad < 2 || to[1] == 0);
}

int zh_base64_decode(zh_buf *out, const char *text, size_t n, zh_error *err)
{
    const size_t start = out->len;
    unsigned pad = 0;
    int rc;

    if (n % 4 != 0)
        return zh_error_set(err, ZH_CORRUPT, "base64 text of %zu characters is not a multiple of 4", n);
    if (n > 0 && text[n - 1] == '=')
        pad = text[n - 2] == '=' ? 2 : 1;
    rc = zh_buf_reserve(out, start + n / 4 * 3, err);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < n; i += 4) {
        const unsigned quad_pad = i + 4 == n ? pad : 0;
        uint8_t bytes[3];

        if (!decode_quad(bytes, text + i, quad_pad)) {
            out->len = start;
            return zh_error_set(err, ZH_CORRUPT, "bad base64 text at character %zu", i);
        }
        for (unsigned k = 0; k < 3 - quad_pad; k++)
            out->ptr[out->len++] = bytes[k];
    }
    return ZH_OK;
}
