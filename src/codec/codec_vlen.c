/* codec_vlen.c - array→bytes for cells of variable size, numcodecs' three codecs of one layout:
 *
 *     u32 count, then for each element u32 length and its bytes; all numbers little-endian.
 *
 * vlen-utf8 holds text (checked when writing; reading hands on what is there), vlen-bytes anything, vlen-array
 * (v2 only) the packed items of a sequence, which are bytes to us too.
 */
#include "codec/codec_ops.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

extern const zh_codec_ops zh_codec__vlen_utf8;
extern const zh_codec_ops zh_codec__vlen_bytes;
extern const zh_codec_ops zh_codec__vlen_array;

enum { PREFIX = 4 };

zh_codec_spec zh_codec_vlen_utf8(void)
{
    zh_codec_spec c = {.ops = &zh_codec__vlen_utf8};

    return c;
}

zh_codec_spec zh_codec_vlen_bytes(void)
{
    zh_codec_spec c = {.ops = &zh_codec__vlen_bytes};

    return c;
}

zh_codec_spec zh_codec_vlen_array(const zh_dtype *item)
{
    zh_codec_spec c = {.ops = &zh_codec__vlen_array};

    c.kind = item->kind;
    c.order = item->order;
    c.elementsize = item->size;
    return c;
}

void zh_codec__free_cells(zh_vlen *cells, size_t n)
{
    for (size_t i = 0; i < n; i++)
        zh_free(cells[i].data);
    if (n > 0)
        memset(cells, 0, n * sizeof(*cells));
}

static int parse_array(zh_codec_spec *out, const zh_json *conf, bool v3, zh_error *err)
{
    const char *text = zh_json_str(zh_json_get(conf, "dtype"));
    zh_dtype item;
    int rc;

    (void)v3;
    if (text == NULL)
        return zh_error_set(err, ZH_CORRUPT, "'dtype' is not a string");
    rc = zh_dtype_parse_v2(&item, text, err);
    if (rc < 0)
        return rc;
    if (zh_dtype_is_variable(&item))
        return zh_error_set(err, ZH_UNSUPPORTED, "items of type '%s' are not supported", text);
    *out = zh_codec_vlen_array(&item);
    return ZH_OK;
}

static void format_array(zh_jsonw *w, const zh_codec_spec *c, bool v3)
{
    zh_dtype item = {c->kind, c->order, c->elementsize};
    char text[16] = "";

    (void)v3;
    zh_dtype_format_v2(text, &item, NULL);
    zh_jsonw_key(w, "dtype");
    zh_jsonw_str(w, text);
}

static int bind(zh_codec_step *step, zh_error *err)
{
    uint8_t kind = step->ops == &zh_codec__vlen_utf8 ? ZH_K_STRING : ZH_K_VBYTES;

    if (step->in.dtype.kind != kind)
        return zh_error_set(err, ZH_INVALID, "it is not for elements of this type");
    if (step->in.cells > UINT32_MAX)
        return zh_error_set(err, ZH_UNSUPPORTED, "more than 2^32-1 elements a chunk");
    step->out.exact = false;
    step->out.size = ZH_CODEC_MAX_CHUNK;
    step->out.item = 1;
    return ZH_OK;
}

static uint32_t load_le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint8_t *store_le32(uint8_t *p, size_t v)
{
    for (unsigned i = 0; i < PREFIX; i++)
        p[i] = (uint8_t)(v >> (8 * i));
    return p + PREFIX;
}

/* Bytes of the encoded chunk. */
static int measure(const zh_codec_step *step, const zh_vlen *cells, size_t count, size_t *total, zh_error *err)
{
    bool text = step->ops == &zh_codec__vlen_utf8;

    *total = PREFIX;
    for (size_t i = 0; i < count; i++) {
        if (cells[i].len > ZH_CODEC_MAX_CHUNK || *total + PREFIX + cells[i].len > ZH_CODEC_MAX_CHUNK)
            return zh_error_set(err, ZH_RANGE, "the chunk's elements are above %zu MiB", ZH_CODEC_MAX_CHUNK >> 20);
        if (text && cells[i].len > 0 && !zh_utf8_valid(cells[i].data, cells[i].len))
            return zh_error_set(err, ZH_INVALID, "element %zu of the chunk is not valid UTF-8", i);
        *total += PREFIX + cells[i].len;
    }
    return ZH_OK;
}

static int encode(const zh_codec_step *step, void **state, const void *in, size_t n, zh_buf *out, zh_error *err)
{
    const zh_vlen *cells = in;
    size_t count = n / sizeof(*cells);
    size_t total = 0;
    uint8_t *p;
    int rc = measure(step, cells, count, &total, err);

    (void)state;
    if (rc == ZH_OK)
        rc = zh_buf_reserve(out, total, err);
    if (rc < 0)
        return rc;
    p = store_le32(out->ptr, count);
    for (size_t i = 0; i < count; i++) {
        p = store_le32(p, cells[i].len);
        if (cells[i].len > 0)
            memcpy(p, cells[i].data, cells[i].len);
        p += cells[i].len;
    }
    out->len = total;
    return ZH_OK;
}

static int read_cell(zh_vlen *cell, size_t i, const uint8_t **p, const uint8_t *end, zh_error *err)
{
    size_t len;

    if (end - *p < PREFIX)
        return zh_error_set(err, ZH_CORRUPT, "the bytes end before element %zu", i);
    len = load_le32(*p);
    *p += PREFIX;
    if (len > (size_t)(end - *p))
        return zh_error_set(err, ZH_CORRUPT, "element %zu is longer than the bytes left", i);
    if (len == 0)
        return ZH_OK;
    cell->data = zh_memdup(*p, len);
    if (cell->data == NULL)
        return zh_error_nomem(err);
    cell->len = len;
    *p += len;
    return ZH_OK;
}

static int decode(const zh_codec_step *step, void **state, const void *in, size_t n, zh_buf *out, zh_error *err)
{
    const uint8_t *p = in, *end = p + n;
    size_t count = step->in.cells, i = 0;
    zh_vlen *cells;
    int rc;

    (void)state;
    if (n < PREFIX || load_le32(p) != count)
        return zh_error_set(err, ZH_CORRUPT, "the bytes are not those of %zu elements", count);
    p += PREFIX;
    rc = zh_buf_reserve(out, step->in.size, err);
    if (rc < 0)
        return rc;
    cells = (zh_vlen *)(void *)out->ptr;
    memset(cells, 0, step->in.size);
    for (; i < count && rc == ZH_OK; i++)
        rc = read_cell(&cells[i], i, &p, end, err);
    if (rc == ZH_OK && p != end)
        rc = zh_error_set(err, ZH_CORRUPT, "%zu bytes behind the last element", (size_t)(end - p));
    if (rc < 0) {
        zh_codec__free_cells(cells, i);
        return rc;
    }
    out->len = step->in.size;
    return ZH_OK;
}

const zh_codec_ops zh_codec__vlen_utf8 = {
    .name = "vlen-utf8",
    .v3 = "vlen-utf8",
    .v2 = "vlen-utf8",
    .cls = ZH_CODEC_ARRAY_BYTES,
    .bind = bind,
    .encode = encode,
    .decode = decode,
};

const zh_codec_ops zh_codec__vlen_bytes = {
    .name = "vlen-bytes",
    .v3 = "vlen-bytes",
    .v2 = "vlen-bytes",
    .cls = ZH_CODEC_ARRAY_BYTES,
    .bind = bind,
    .encode = encode,
    .decode = decode,
};

const zh_codec_ops zh_codec__vlen_array = {
    .name = "vlen-array",
    .v2 = "vlen-array",
    .cls = ZH_CODEC_ARRAY_BYTES,
    .parse = parse_array,
    .format = format_array,
    .bind = bind,
    .encode = encode,
    .decode = decode,
};
