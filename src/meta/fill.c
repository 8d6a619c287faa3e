/* fill.c - see fill.h.
 *
 * Numbers pass through the bits of the cell as an integer (complex: twice), in the machine's order, and are
 * stored in dtype's order. Writing keeps to what every reader takes; reading takes what any writer writes.
 */
#include "meta/fill.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/error.h"

enum { HALF_EXPONENT_MAX = 0x1f, FILL_TEXT_MAX = 1 << 20 };

/* ---- bits ---- */

static void store_bits(uint8_t *to, uint64_t bits, size_t size, bool big)
{
    for (size_t i = 0; i < size; i++)
        to[big ? size - 1 - i : i] = (uint8_t)(bits >> (8 * i));
}

static uint64_t load_bits(const uint8_t *from, size_t size, bool big)
{
    uint64_t bits = 0;

    for (size_t i = 0; i < size; i++)
        bits |= (uint64_t)from[big ? size - 1 - i : i] << (8 * i);
    return bits;
}

/* Bits of 64 that an integer of this type leaves free. */
static unsigned spare_bits(const zh_dtype *t)
{
    return t->size > 0 && t->size < 8 ? 64 - 8 * t->size : 0;
}

static double half_to_double(uint64_t bits)
{
    int exponent = (int)(bits >> 10 & HALF_EXPONENT_MAX);
    double fraction = (double)(bits & 0x3ff);
    double v;

    if (exponent == HALF_EXPONENT_MAX)
        v = (bits & 0x3ff) != 0 ? (double)NAN : (double)INFINITY;
    else if (exponent == 0)
        v = ldexp(fraction, -24);
    else
        v = ldexp(fraction + 1024.0, exponent - 25);
    return (bits & 0x8000) != 0 ? -v : v;
}

/* Nearest half, ties to even (the default rounding of nearbyint). */
static uint64_t double_to_half(double v)
{
    uint64_t sign = signbit(v) ? 0x8000 : 0;
    int exponent;
    double scaled;

    v = fabs(v);
    if (isnan(v))
        return 0x7e00;
    if (isinf(v))
        return sign | 0x7c00;
    if (v < ldexp(1.0, -14)) /* subnormal: multiples of 2^-24; 1024 of them is the first normal one, as it should */
        return sign | (uint64_t)nearbyint(ldexp(v, 24));
    (void)frexp(v, &exponent);                   /* v = [0.5, 1) * 2^exponent */
    scaled = nearbyint(ldexp(v, 11 - exponent)); /* 1024 to 2048 */
    if (exponent > 16 || (exponent == 16 && scaled >= 2048))
        return sign | 0x7c00;
    return sign | ((uint64_t)(exponent + 14) * 1024 + (uint64_t)scaled - 1024);
}

static uint64_t bits_of_double(double v, size_t size)
{
    uint64_t bits = 0;

    if (size == 2)
        return double_to_half(v);
    if (size == 4) {
        float f = (float)v;
        uint32_t b;

        memcpy(&b, &f, sizeof(b));
        return b;
    }
    memcpy(&bits, &v, sizeof(bits));
    return bits;
}

static bool bits_are_infinite(uint64_t bits, size_t size)
{
    if (size == 2)
        return (bits & 0x7fff) == 0x7c00;
    if (size == 4)
        return (bits & 0x7fffffff) == 0x7f800000;
    return (bits & INT64_MAX) == 0x7ff0000000000000;
}

/* ---- writing ---- */

static void format_float(zh_jsonw *w, uint64_t bits, size_t size)
{
    if (bits == 0) {
        zh_jsonw_raw(w, "0.0", 3);
    } else if (size == 8) {
        double v;

        memcpy(&v, &bits, sizeof(v));
        zh_jsonw_f64(w, v);
    } else if (size == 4) {
        uint32_t b = (uint32_t)bits;
        float v;

        memcpy(&v, &b, sizeof(v));
        zh_jsonw_f32(w, v);
    } else {
        zh_jsonw_f32(w, (float)half_to_double(bits));
    }
}

static void format_base64(zh_jsonw *w, const void *p, size_t n)
{
    zh_buf text = ZH_BUF_INIT(SIZE_MAX);
    int rc = zh_base64_encode(&text, p, n, w->err);

    if (rc == ZH_OK)
        zh_jsonw_str_n(w, text.ptr != NULL ? (const char *)text.ptr : "", text.len);
    else if (w->rc == ZH_OK)
        w->rc = rc;
    zh_buf_dispose(&text);
}

/* Base64 of n zero bytes, for a fill that is not spelt out. */
static void format_base64_zeros(zh_jsonw *w, size_t n)
{
    void *zeros = zh_calloc(1, n);

    if (zeros != NULL)
        format_base64(w, zeros, n);
    else if (w->rc == ZH_OK)
        w->rc = zh_error_nomem(w->err);
    zh_free(zeros);
}

static bool all_zero(const uint8_t *p, size_t n)
{
    for (size_t i = 0; p != NULL && i < n; i++) {
        if (p[i] != 0)
            return false;
    }
    return true;
}

static void format_number(zh_jsonw *w, const zh_dtype *t, const uint8_t *fill, bool v2)
{
    bool big = t->order == ZH_BIG;
    size_t half = t->size / 2;
    uint64_t bits = fill == NULL || t->kind == ZH_K_COMPLEX ? 0 : load_bits(fill, t->size, big);

    switch (t->kind) {
    case ZH_K_BOOL:
        zh_jsonw_bool(w, bits != 0);
        break;
    case ZH_K_INT:
        zh_jsonw_i64(w, (int64_t)(bits << spare_bits(t)) >> spare_bits(t));
        break;
    case ZH_K_UINT:
        zh_jsonw_u64(w, bits);
        break;
    case ZH_K_FLOAT:
        format_float(w, bits, t->size);
        break;
    default:
        if (v2 && all_zero(fill, t->size)) {
            zh_jsonw_null(w); /* the one spelling that every v2 reader takes */
            break;
        }
        zh_jsonw_begin_array(w);
        format_float(w, fill != NULL ? load_bits(fill, half, big) : 0, half);
        format_float(w, fill != NULL ? load_bits(fill + half, half, big) : 0, half);
        zh_jsonw_end_array(w);
    }
}

void zh_fill_format(zh_jsonw *w, const zh_array_meta *m)
{
    const zh_dtype *t = &m->dtype;
    const uint8_t *fill = m->has_fill ? m->fill : NULL;
    size_t n = fill != NULL ? m->fill_len : 0;

    if (m->format == ZH_V2 && !m->has_fill) {
        zh_jsonw_null(w);
        return;
    }
    switch (t->kind) {
    case ZH_K_UTF32:
    case ZH_K_STRING:
        zh_jsonw_str_n(w, fill != NULL ? (const char *)fill : "", n);
        break;
    case ZH_K_VBYTES:
        format_base64(w, fill, n);
        break;
    case ZH_K_BYTES:
    case ZH_K_RAW:
        if (fill != NULL)
            format_base64(w, fill, n);
        else
            format_base64_zeros(w, t->size);
        break;
    default:
        format_number(w, t, fill, m->format == ZH_V2);
    }
}

/* ---- reading ---- */

/* "0x" and all hex digits of a value of size bytes, most significant first. */
static bool parse_hex(uint64_t *bits, const char *text, size_t size)
{
    uint64_t v = 0;
    size_t n = 0;

    if (text[0] != '0' || (text[1] != 'x' && text[1] != 'X'))
        return false;
    for (text += 2; *text != '\0'; text++, n++) {
        unsigned digit;

        if (*text >= '0' && *text <= '9')
            digit = (unsigned)(*text - '0');
        else if (*text >= 'a' && *text <= 'f')
            digit = (unsigned)(*text - 'a') + 10;
        else if (*text >= 'A' && *text <= 'F')
            digit = (unsigned)(*text - 'A') + 10;
        else
            return false;
        if (n >= 2 * size)
            return false;
        v = v << 4 | digit;
    }
    *bits = v;
    return n == 2 * size;
}

static bool parse_float(uint64_t *bits, const zh_json *j, size_t size)
{
    static const struct {
        const char *name;
        double value;
    } names[] = {
        {"NaN", (double)NAN},        {"nan", (double)NAN},        {"Infinity", (double)INFINITY},
        {"inf", (double)INFINITY},   {"Inf", (double)INFINITY},   {"+Infinity", (double)INFINITY},
        {"-inf", -(double)INFINITY}, {"-Inf", -(double)INFINITY}, {"-Infinity", -(double)INFINITY},
    };
    const char *text = zh_json_str(j);
    double v;

    for (size_t i = 0; text != NULL && i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(text, names[i].name) == 0) {
            *bits = bits_of_double(names[i].value, size);
            return true;
        }
    }
    if (text != NULL)
        return parse_hex(bits, text, size);
    if (!zh_json_double(j, &v))
        return false;
    *bits = bits_of_double(v, size);
    return isinf(v) || !bits_are_infinite(*bits, size);
}

/* An integer, also spelt as 3.0 or 3e0. */
static bool parse_integer(uint64_t *bits, const zh_json *j, const zh_dtype *t)
{
    int64_t lowest = t->kind == ZH_K_INT ? -1 - (INT64_MAX >> spare_bits(t)) : 0;
    uint64_t highest = t->kind == ZH_K_INT ? (uint64_t)INT64_MAX >> spare_bits(t) : UINT64_MAX >> spare_bits(t);
    const char *text = zh_json_str(j);
    int64_t i = 0;
    double d;

    if (text != NULL) { /* a date that is not one */
        *bits = (uint64_t)INT64_MIN;
        return strcmp(text, "NaT") == 0 && t->kind == ZH_K_INT && t->size == 8;
    }
    if (zh_json_i64(j, &i)) {
        *bits = (uint64_t)i;
        return i >= 0 ? *bits <= highest : i >= lowest;
    }
    if (zh_json_u64(j, bits))
        return *bits <= highest;
    if (!zh_json_double(j, &d) || d != floor(d) || fabs(d) > 9007199254740992.0)
        return false;
    i = (int64_t)d;
    *bits = (uint64_t)i;
    return i >= 0 ? *bits <= highest : i >= lowest;
}

static bool parse_bool(uint64_t *bits, const zh_json *j)
{
    bool b = false;
    double d;

    if (zh_json_bool(j, &b)) {
        *bits = b;
        return true;
    }
    if (!zh_json_double(j, &d) || (d != 0.0 && d != 1.0))
        return false;
    *bits = d == 1.0;
    return true;
}

static bool parse_number(uint8_t cell[16], const zh_json *j, const zh_dtype *t)
{
    bool big = t->order == ZH_BIG;
    size_t half = t->size / 2;
    uint64_t bits = 0, second = 0;
    bool ok;

    if (t->kind == ZH_K_COMPLEX) {
        if (zh_json_typeof(j) == ZH_JSON_ARRAY)
            ok = zh_json_size(j) == 2 && parse_float(&bits, zh_json_first(j), half) &&
                 parse_float(&second, zh_json_next(zh_json_first(j)), half);
        else
            ok = parse_float(&bits, j, half);
        store_bits(cell, bits, half, big);
        store_bits(cell + half, second, half, big);
        return ok;
    }
    if (zh_json_bool(j, &ok) || t->kind == ZH_K_BOOL)
        ok = parse_bool(&bits, j) && t->kind != ZH_K_FLOAT;
    else
        ok = t->kind == ZH_K_FLOAT ? parse_float(&bits, j, t->size) : parse_integer(&bits, j, t);
    store_bits(cell, bits, t->size, big);
    return ok;
}

/* [1,2,255] */
static int parse_byte_array(zh_buf *out, const zh_json *j, zh_error *err)
{
    int rc = ZH_OK;

    for (const zh_json *e = zh_json_first(j); e != NULL && rc == ZH_OK; e = zh_json_next(e)) {
        uint64_t v;

        if (!zh_json_u64(e, &v) || v > UINT8_MAX)
            return ZH_CORRUPT;
        rc = zh_buf_putc(out, (char)(uint8_t)v, err);
    }
    return rc;
}

/* Bytes: base64 (what the formats say), an array of numbers (v3 "r8", "bytes"), 0 for none, or the text itself
 * where it is no base64. At most limit bytes; ZH_CORRUPT without message if it is none of these. */
static int parse_bytes(zh_buf *out, const zh_json *j, size_t limit, zh_error *err)
{
    const char *text = zh_json_str(j);
    double d;
    int rc;

    if (zh_json_typeof(j) == ZH_JSON_ARRAY) {
        rc = parse_byte_array(out, j, err);
        return rc == ZH_OK && out->len > limit ? ZH_CORRUPT : rc;
    }
    if (text == NULL)
        return zh_json_double(j, &d) && d == 0.0 ? ZH_OK : ZH_CORRUPT;
    rc = zh_base64_decode(out, text, strlen(text), err);
    if (rc == ZH_NOMEM || (rc == ZH_OK && out->len <= limit))
        return rc;
    out->len = 0;
    return strlen(text) <= limit ? zh_buf_puts(out, text, err) : ZH_CORRUPT;
}

/* Text; numbers are what zarr-python 2 left for object arrays: 0 means none. */
static bool parse_text(const char **out, char buf[40], const zh_json *j, const zh_dtype *t)
{
    const char *text = zh_json_str(j);
    size_t characters = 0;
    double d;

    if (text == NULL && zh_json_double(j, &d))
        text = d == 0.0 ? "" : zh_json_number_text(j, buf);
    if (text == NULL)
        return false;
    for (const char *p = text; *p != '\0'; p++)
        characters += (*p & 0xC0) != 0x80;
    *out = text;
    return t->kind != ZH_K_UTF32 || characters <= t->size / 4;
}

static int bad_value(const zh_json *j, zh_error *err)
{
    zh_buf text = ZH_BUF_INIT(FILL_TEXT_MAX);
    const char *shown = NULL;

    if (zh_json_print(&text, j, NULL) == ZH_OK)
        shown = zh_buf_cstr(&text, NULL);
    zh_error_set(err, ZH_CORRUPT, "fill value %.80s does not fit the data type", shown != NULL ? shown : "");
    zh_buf_dispose(&text);
    return ZH_CORRUPT;
}

static int set_bytes(zh_array_meta *m, const zh_json *j, zh_error *err)
{
    bool fixed = m->dtype.kind != ZH_K_VBYTES;
    zh_buf bytes = ZH_BUF_INIT(ZH_CODEC_MAX_CHUNK);
    int rc = parse_bytes(&bytes, j, fixed ? m->dtype.size : ZH_CODEC_MAX_CHUNK, err);

    if (rc == ZH_CORRUPT)
        rc = bad_value(j, err);
    if (rc == ZH_OK && fixed)
        rc = zh_buf_reserve(&bytes, m->dtype.size, err);
    if (rc == ZH_OK && fixed) {
        memset(bytes.ptr + bytes.len, 0, m->dtype.size - bytes.len);
        bytes.len = m->dtype.size;
    }
    if (rc == ZH_OK)
        rc = zh_array_meta_set_fill(m, bytes.ptr, bytes.len, err);
    zh_buf_dispose(&bytes);
    return rc;
}

/* NCZarr wraps a fill value into an array of one. */
static const zh_json *unwrap(const zh_json *j, const zh_dtype *t)
{
    bool numeric = t->kind != ZH_K_COMPLEX && t->kind != ZH_K_RAW && t->kind != ZH_K_VBYTES;

    if (numeric && zh_json_typeof(j) == ZH_JSON_ARRAY && zh_json_size(j) == 1)
        return zh_json_first(j);
    return j;
}

int zh_fill_parse(zh_array_meta *m, const zh_json *value, zh_error *err)
{
    const zh_dtype *t = &m->dtype;
    const zh_json *j = unwrap(value, t);
    uint8_t cell[16] = {0};
    char buf[40];
    const char *text = NULL;

    if (zh_json_typeof(j) == ZH_JSON_NULL) {
        zh_free(m->fill);
        m->fill = NULL;
        m->fill_len = 0;
        m->has_fill = false;
        return ZH_OK;
    }
    switch (t->kind) {
    case ZH_K_BYTES:
    case ZH_K_RAW:
    case ZH_K_VBYTES:
        return set_bytes(m, j, err);
    case ZH_K_UTF32:
    case ZH_K_STRING:
        if (!parse_text(&text, buf, j, t))
            return bad_value(value, err);
        return zh_array_meta_set_fill(m, text, strlen(text), err);
    default:
        if (!parse_number(cell, j, t))
            return bad_value(value, err);
        return zh_array_meta_set_fill(m, cell, t->size, err);
    }
}

/* ---- cells ---- */

static int fill_variable(const zh_array_meta *m, zh_vlen *cells, size_t n, zh_error *err)
{
    memset(cells, 0, n * sizeof(*cells));
    for (size_t i = 0; m->fill != NULL && m->fill_len > 0 && i < n; i++) {
        cells[i].data = zh_memdup(m->fill, m->fill_len);
        if (cells[i].data == NULL) {
            while (i-- > 0) {
                zh_free(cells[i].data);
                cells[i] = (zh_vlen){NULL, 0};
            }
            return zh_error_nomem(err);
        }
        cells[i].len = m->fill_len;
    }
    return ZH_OK;
}

int zh_fill_cells(const zh_array_meta *m, void *cells, size_t n, zh_error *err)
{
    size_t size = zh_dtype_cell_size(&m->dtype), done, total = n * size;

    if (n == 0)
        return ZH_OK;
    if (zh_dtype_is_variable(&m->dtype))
        return fill_variable(m, cells, n, err);
    if (m->fill == NULL || all_zero(m->fill, size)) {
        memset(cells, 0, total);
        return ZH_OK;
    }
    memcpy(cells, m->fill, size);
    for (done = size; done < total; done *= 2)
        memcpy((char *)cells + done, cells, done < total - done ? done : total - done);
    return ZH_OK;
}
