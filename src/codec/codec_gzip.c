/* codec_gzip.c - deflate in the framing of gzip (RFC 1952) and zlib (RFC 1950), by libdeflate in one call.
 *
 * Written: one gzip member, as some readers take no more. Read: any number of members, and zero padding behind
 * the last. Where the decoded size is not known (behind a vlen codec) room is doubled until it fits.
 */
#include "codec/codec_ops.h"

#include <libdeflate.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

extern const zh_codec_ops zh_codec__gzip;
extern const zh_codec_ops zh_codec__zlib;

typedef struct deflate_state {
    struct libdeflate_compressor *compressor;
    int level; /* of compressor */
    struct libdeflate_decompressor *decompressor;
} deflate_state;

/* Negative: zlib's default. */
static int clamp_level(int64_t level)
{
    return level < 0 ? 6 : level > 9 ? 9 : (int)level;
}

zh_codec_spec zh_codec_gzip(int level)
{
    zh_codec_spec c = {.ops = &zh_codec__gzip, .level = clamp_level(level)};

    return c;
}

zh_codec_spec zh_codec_zlib(int level)
{
    zh_codec_spec c = {.ops = &zh_codec__zlib, .level = clamp_level(level)};

    return c;
}

static int parse(zh_codec_spec *out, const zh_json *conf, bool v3, zh_error *err)
{
    int64_t level = 0;
    int rc = zh_codec__get_int(&level, conf, "level", -1, 9, 1, err);

    (void)v3;
    out->level = clamp_level(level);
    return rc;
}

static void format(zh_jsonw *w, const zh_codec_spec *c, bool v3)
{
    (void)v3;
    zh_jsonw_key(w, "level");
    zh_jsonw_i64(w, c->level);
}

static void state_free(void *state)
{
    deflate_state *d = state;

    libdeflate_free_compressor(d->compressor);
    libdeflate_free_decompressor(d->decompressor);
    zh_free(d);
}

static struct libdeflate_compressor *get_compressor(deflate_state *d, int level)
{
    if (d->compressor != NULL && d->level != level) {
        libdeflate_free_compressor(d->compressor);
        d->compressor = NULL;
    }
    if (d->compressor == NULL) {
        d->compressor = libdeflate_alloc_compressor(level);
        d->level = level;
    }
    return d->compressor;
}

static int encode(const zh_codec_step *step, void **state, const void *in, size_t n, zh_buf *out, zh_error *err)
{
    bool gzip = step->ops == &zh_codec__gzip;
    deflate_state *d = zh_codec__state(state, sizeof(deflate_state));
    struct libdeflate_compressor *c = d != NULL ? get_compressor(d, step->spec.level) : NULL;
    size_t bound;
    int rc;

    if (c == NULL)
        return zh_error_nomem(err);
    bound = gzip ? libdeflate_gzip_compress_bound(c, n) : libdeflate_zlib_compress_bound(c, n);
    rc = zh_buf_reserve(out, bound, err);
    if (rc < 0)
        return rc;
    out->len = gzip ? libdeflate_gzip_compress(c, in, n, out->ptr, bound)
                    : libdeflate_zlib_compress(c, in, n, out->ptr, bound);
    if (out->len == 0)
        return zh_error_set(err, ZH_INTERNAL, "%zu bytes do not fit their own bound", n);
    return ZH_OK;
}

static zh_codec_result result_of(enum libdeflate_result r)
{
    if (r == LIBDEFLATE_SUCCESS)
        return ZH_CODEC_DONE;
    return r == LIBDEFLATE_INSUFFICIENT_SPACE ? ZH_CODEC_NEEDS_ROOM : ZH_CODEC_DAMAGED;
}

static bool all_zero(const uint8_t *p, size_t n)
{
    while (n > 0 && p[n - 1] == 0)
        n--;
    return n == 0;
}

static zh_codec_result attempt_gzip(void *state, const void *in, size_t n, void *dst, size_t room, size_t *made)
{
    deflate_state *d = state;
    const uint8_t *p = in;
    uint8_t *to = dst;

    *made = 0;
    do {
        size_t took = 0, gave = 0;
        zh_codec_result r =
            result_of(libdeflate_gzip_decompress_ex(d->decompressor, p, n, to + *made, room - *made, &took, &gave));

        if (r != ZH_CODEC_DONE)
            return r;
        p += took;
        n -= took;
        *made += gave;
    } while (n > 0 && !all_zero(p, n));
    return ZH_CODEC_DONE;
}

static zh_codec_result attempt_zlib(void *state, const void *in, size_t n, void *dst, size_t room, size_t *made)
{
    deflate_state *d = state;
    size_t took = 0;
    zh_codec_result r = result_of(libdeflate_zlib_decompress_ex(d->decompressor, in, n, dst, room, &took, made));

    return r == ZH_CODEC_DONE && took != n ? ZH_CODEC_DAMAGED : r;
}

static int decode(const zh_codec_step *step, void **state, const void *in, size_t n, zh_buf *out, zh_error *err)
{
    bool gzip = step->ops == &zh_codec__gzip;
    deflate_state *d = zh_codec__state(state, sizeof(deflate_state));

    if (d != NULL && d->decompressor == NULL)
        d->decompressor = libdeflate_alloc_decompressor();
    if (d == NULL || d->decompressor == NULL)
        return zh_error_nomem(err);
    return zh_codec__decode_into(step, d, gzip ? attempt_gzip : attempt_zlib, in, n, 4 * n, out, err);
}

const zh_codec_ops zh_codec__gzip = {
    .name = "gzip",
    .v3 = "gzip",
    .v2 = "gzip",
    .cls = ZH_CODEC_BYTES_BYTES,
    .compressor = true,
    .parse = parse,
    .format = format,
    .bind = zh_codec__bind_compressor,
    .encode = encode,
    .decode = decode,
    .state_free = state_free,
};

const zh_codec_ops zh_codec__zlib = {
    .name = "zlib",
    .v3 = "numcodecs.zlib",
    .v2 = "zlib",
    .cls = ZH_CODEC_BYTES_BYTES,
    .compressor = true,
    .parse = parse,
    .format = format,
    .bind = zh_codec__bind_compressor,
    .encode = encode,
    .decode = decode,
    .state_free = state_free,
};
