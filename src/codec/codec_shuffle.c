/* codec_shuffle.c - byte shuffle, as HDF5's filter and numcodecs have it: first byte 0 of every element, then
 * byte 1 of every element, and so on. Bytes behind the last whole element stay where they are. */
#include "codec/codec_ops.h"

#include <string.h>

#include "base/error.h"

extern const zh_codec_ops zh_codec__shuffle;

zh_codec_spec zh_codec_shuffle(uint32_t elementsize)
{
    zh_codec_spec c = {.ops = &zh_codec__shuffle, .elementsize = elementsize > 0 ? elementsize : 1};

    return c;
}

static int parse(zh_codec_spec *out, const zh_json *conf, bool v3, zh_error *err)
{
    int64_t size = 0;
    int rc = zh_codec__get_int(&size, conf, "elementsize", 0, INT64_MAX, 4, err);

    (void)v3;
    if (rc < 0)
        return rc;
    if (size < 1 || size > (int64_t)ZH_CODEC_MAX_CHUNK)
        return zh_error_set(err, ZH_CORRUPT, "'elementsize' is out of range");
    out->elementsize = (uint32_t)size;
    return ZH_OK;
}

static void format(zh_jsonw *w, const zh_codec_spec *c, bool v3)
{
    (void)v3;
    zh_jsonw_key(w, "elementsize");
    zh_jsonw_u64(w, c->elementsize);
}

static int bind(zh_codec_step *step, zh_error *err)
{
    (void)err;
    step->skip = step->spec.elementsize <= 1;
    return ZH_OK;
}

/* Called with a constant size for the common ones, so that the compiler unrolls and vectorises the inner loop. */
static inline void split(uint8_t *restrict to, const uint8_t *restrict from, size_t count, size_t size)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t b = 0; b < size; b++)
            to[b * count + i] = from[i * size + b];
    }
}

static inline void join(uint8_t *restrict to, const uint8_t *restrict from, size_t count, size_t size)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t b = 0; b < size; b++)
            to[i * size + b] = from[b * count + i];
    }
}

static void split_any(uint8_t *to, const uint8_t *from, size_t count, size_t size)
{
    if (size == 2)
        split(to, from, count, 2);
    else if (size == 4)
        split(to, from, count, 4);
    else if (size == 8)
        split(to, from, count, 8);
    else
        split(to, from, count, size);
}

static void join_any(uint8_t *to, const uint8_t *from, size_t count, size_t size)
{
    if (size == 2)
        join(to, from, count, 2);
    else if (size == 4)
        join(to, from, count, 4);
    else if (size == 8)
        join(to, from, count, 8);
    else
        join(to, from, count, size);
}

static int run(const zh_codec_step *step, void (*move)(uint8_t *, const uint8_t *, size_t, size_t), const uint8_t *in,
               size_t n, zh_buf *out, zh_error *err)
{
    size_t size = step->spec.elementsize;
    size_t whole = n / size * size;
    int rc = zh_buf_reserve(out, n, err);

    if (rc < 0)
        return rc;
    if (whole > 0)
        move(out->ptr, in, n / size, size);
    if (n > whole)
        memcpy(out->ptr + whole, in + whole, n - whole);
    out->len = n;
    return ZH_OK;
}

static int encode(const zh_codec_step *step, void **state, const void *in, size_t n, zh_buf *out, zh_error *err)
{
    (void)state;
    return run(step, split_any, in, n, out, err);
}

static int decode(const zh_codec_step *step, void **state, const void *in, size_t n, zh_buf *out, zh_error *err)
{
    (void)state;
    if (n > step->in.size)
        return zh_error_set(err, ZH_CORRUPT, "%zu bytes where %zu were expected", n, step->in.size);
    return run(step, join_any, in, n, out, err);
}

const zh_codec_ops zh_codec__shuffle = {
    .name = "shuffle",
    .v3 = "numcodecs.shuffle",
    .v2 = "shuffle",
    .cls = ZH_CODEC_BYTES_BYTES,
    .parse = parse,
    .format = format,
    .bind = bind,
    .encode = encode,
    .decode = decode,
};
