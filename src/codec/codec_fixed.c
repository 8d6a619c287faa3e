/* codec_fixed.c - the hidden array→bytes stage of ZH_K_UTF32: UCS-4 of fixed length in dtype.order, padded with
 * NUL, on the stored side; zh_vlen cells of UTF-8 in memory. No document names it; bind puts it where "bytes"
 * stands. Trailing NULs are padding, as numpy has it; those before other characters are kept. */
#include "codec/codec_ops.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

enum { UNIT = 4, UTF8_MAX = 4 };

static bool is_scalar(uint32_t c)
{
    return c < 0xD800 || (c > 0xDFFF && c <= 0x10FFFF);
}

static uint32_t load(const uint8_t *p, bool big)
{
    if (big)
        return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | (uint32_t)p[3];
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | (uint32_t)p[0];
}

static void store(uint8_t *p, uint32_t c, bool big)
{
    for (unsigned i = 0; i < UNIT; i++)
        p[big ? UNIT - 1 - i : i] = (uint8_t)(c >> (8 * i));
}

/* One character of valid UTF-8; answers its bytes. */
static size_t get_utf8(uint32_t *c, const uint8_t *p)
{
    if (p[0] < 0x80) {
        *c = p[0];
        return 1;
    }
    if (p[0] < 0xE0) {
        *c = (uint32_t)(p[0] & 0x1F) << 6 | (uint32_t)(p[1] & 0x3F);
        return 2;
    }
    if (p[0] < 0xF0) {
        *c = (uint32_t)(p[0] & 0x0F) << 12 | (uint32_t)(p[1] & 0x3F) << 6 | (uint32_t)(p[2] & 0x3F);
        return 3;
    }
    *c = (uint32_t)(p[0] & 0x07) << 18 | (uint32_t)(p[1] & 0x3F) << 12 | (uint32_t)(p[2] & 0x3F) << 6 |
         (uint32_t)(p[3] & 0x3F);
    return 4;
}

static size_t put_utf8(uint8_t *p, uint32_t c)
{
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

    if (n == 1) {
        p[0] = (uint8_t)c;
        return 1;
    }
    for (size_t i = n - 1; i > 0; i--) {
        p[i] = (uint8_t)(0x80 | (c & 0x3F));
        c >>= 6;
    }
    p[0] = (uint8_t)(0xF00 >> n | c);
    return n;
}

static int encode_cell(uint8_t *to, size_t size, bool big, const zh_vlen *cell, size_t i, zh_error *err)
{
    const uint8_t *p = (const uint8_t *)cell->data;
    size_t at = 0, used = 0;

    if (cell->len > 0 && !zh_utf8_valid(cell->data, cell->len))
        return zh_error_set(err, ZH_INVALID, "element %zu of the chunk is not valid UTF-8", i);
    while (at < cell->len) {
        uint32_t c;

        at += get_utf8(&c, p + at);
        if (used == size)
            return zh_error_set(err, ZH_RANGE, "element %zu of the chunk is longer than %zu characters", i,
                                size / UNIT);
        store(to + used, c, big);
        used += UNIT;
    }
    memset(to + used, 0, size - used);
    return ZH_OK;
}

static int encode(const zh_codec_step *step, void **state, const void *in, size_t n, zh_buf *out, zh_error *err)
{
    const zh_vlen *cells = in;
    size_t count = n / sizeof(*cells), size = step->in.dtype.size;
    bool big = step->in.dtype.order == ZH_BIG;
    int rc = zh_buf_reserve(out, step->out.size, err);

    (void)state;
    for (size_t i = 0; i < count && rc == ZH_OK; i++)
        rc = encode_cell(out->ptr + i * size, size, big, &cells[i], i, err);
    if (rc == ZH_OK)
        out->len = step->out.size;
    return rc;
}

static int decode_cell(zh_vlen *cell, const uint8_t *from, size_t size, bool big, size_t i, zh_error *err)
{
    uint8_t *text;
    size_t len = 0;

    while (size > 0 && load(from + size - UNIT, big) == 0)
        size -= UNIT;
    if (size == 0)
        return ZH_OK;
    text = zh_malloc(size / UNIT * UTF8_MAX);
    if (text == NULL)
        return zh_error_nomem(err);
    for (size_t at = 0; at < size; at += UNIT) {
        uint32_t c = load(from + at, big);

        if (!is_scalar(c)) {
            zh_free(text);
            return zh_error_set(err, ZH_CORRUPT, "element %zu holds %08x, which is no character", i, (unsigned)c);
        }
        len += put_utf8(text + len, c);
    }
    cell->data = (char *)text;
    cell->len = len;
    return ZH_OK;
}

static int decode(const zh_codec_step *step, void **state, const void *in, size_t n, zh_buf *out, zh_error *err)
{
    size_t count = step->in.cells, size = step->in.dtype.size, i = 0;
    bool big = step->in.dtype.order == ZH_BIG;
    zh_vlen *cells;
    int rc;

    (void)state;
    if (n != step->out.size)
        return zh_error_set(err, ZH_CORRUPT, "%zu bytes where %zu were expected", n, step->out.size);
    rc = zh_buf_reserve(out, step->in.size, err);
    if (rc < 0)
        return rc;
    cells = (zh_vlen *)(void *)out->ptr;
    memset(cells, 0, step->in.size);
    for (; i < count && rc == ZH_OK; i++)
        rc = decode_cell(&cells[i], (const uint8_t *)in + i * size, size, big, i, err);
    if (rc < 0) {
        zh_codec__free_cells(cells, i);
        return rc;
    }
    out->len = step->in.size;
    return ZH_OK;
}

static int bind(zh_codec_step *step, zh_error *err)
{
    const zh_dtype *t = &step->in.dtype;
    uint8_t order = step->spec.order == ZH_ORDER_NONE ? ZH_LITTLE : step->spec.order;

    if (t->order != order)
        return zh_error_set(err, ZH_INVALID, "its byte order is not the data type's");
    step->out.size = step->in.cells * t->size; /* checked by bind_cells */
    step->out.item = UNIT;
    return ZH_OK;
}

const zh_codec_ops zh_codec__fixed_utf32 = {
    .name = "fixed-utf32",
    .cls = ZH_CODEC_ARRAY_BYTES,
    .bind = bind,
    .encode = encode,
    .decode = decode,
};
