/* codec_zstd.c - Zstandard, one frame in one call, so that the frame tells its content size (some readers need
 * it). Read: any number of frames, with or without the size. One-shot decoding needs no window of its own. */
#include "codec/codec_ops.h"

#include <zstd.h>
#include <zstd_errors.h>

#include "base/alloc.h"
#include "base/error.h"

extern const zh_codec_ops zh_codec__zstd;

typedef struct zstd_state {
    ZSTD_CCtx *compress;
    ZSTD_DCtx *decompress;
} zstd_state;

static int clamp_level(int64_t level)
{
    return level < ZSTD_minCLevel() ? ZSTD_minCLevel() : level > ZSTD_maxCLevel() ? ZSTD_maxCLevel() : (int)level;
}

zh_codec_spec zh_codec_zstd(int level, bool checksum)
{
    zh_codec_spec c = {.ops = &zh_codec__zstd, .level = clamp_level(level), .checksum = checksum};

    return c;
}

static int parse(zh_codec_spec *out, const zh_json *conf, bool v3, zh_error *err)
{
    const zh_json *checksum = zh_json_get(conf, "checksum");
    int64_t level = 0;
    int rc = zh_codec__get_int(&level, conf, "level", INT32_MIN, INT32_MAX, 0, err);

    (void)v3;
    out->level = clamp_level(level);
    if (rc == ZH_OK && zh_json_typeof(checksum) != ZH_JSON_NULL && !zh_json_bool(checksum, &out->checksum))
        rc = zh_error_set(err, ZH_CORRUPT, "'checksum' is not a boolean");
    return rc;
}

/* v2: zarr-python 2 stops at a member it does not know, so checksum only stands there when it is needed. */
static void format(zh_jsonw *w, const zh_codec_spec *c, bool v3)
{
    zh_jsonw_key(w, "level");
    zh_jsonw_i64(w, c->level);
    if (v3 || c->checksum) {
        zh_jsonw_key(w, "checksum");
        zh_jsonw_bool(w, c->checksum);
    }
}

static void state_free(void *state)
{
    zstd_state *z = state;

    ZSTD_freeCCtx(z->compress);
    ZSTD_freeDCtx(z->decompress);
    zh_free(z);
}

static int encode(const zh_codec_step *step, void **state, const void *in, size_t n, zh_buf *out, zh_error *err)
{
    zstd_state *z = zh_codec__state(state, sizeof(zstd_state));
    size_t bound = ZSTD_compressBound(n);
    size_t made;
    int rc;

    if (z != NULL && z->compress == NULL)
        z->compress = ZSTD_createCCtx();
    if (z == NULL || z->compress == NULL)
        return zh_error_nomem(err);
    rc = zh_buf_reserve(out, bound, err);
    if (rc < 0)
        return rc;
    ZSTD_CCtx_setParameter(z->compress, ZSTD_c_compressionLevel, step->spec.level);
    ZSTD_CCtx_setParameter(z->compress, ZSTD_c_checksumFlag, step->spec.checksum ? 1 : 0);
    made = ZSTD_compress2(z->compress, out->ptr, bound, in, n);
    if (ZSTD_isError(made)) {
        if (ZSTD_getErrorCode(made) == ZSTD_error_memory_allocation)
            return zh_error_nomem(err);
        return zh_error_set(err, ZH_INTERNAL, "%s", ZSTD_getErrorName(made));
    }
    out->len = made;
    return ZH_OK;
}

static zh_codec_result attempt(void *state, const void *in, size_t n, void *dst, size_t room, size_t *made)
{
    zstd_state *z = state;
    size_t r = ZSTD_decompressDCtx(z->decompress, dst, room, in, n);

    if (!ZSTD_isError(r)) {
        *made = r;
        return ZH_CODEC_DONE;
    }
    return ZSTD_getErrorCode(r) == ZSTD_error_dstSize_tooSmall ? ZH_CODEC_NEEDS_ROOM : ZH_CODEC_DAMAGED;
}

/* The first frame's word for its size, if it is possible. */
static size_t size_hint(const void *in, size_t n)
{
    unsigned long long size = ZSTD_getFrameContentSize(in, n);

    if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR ||
        size > (unsigned long long)n * ZH_CODEC_MAX_RATIO)
        return 4 * n;
    return (size_t)size;
}

static int decode(const zh_codec_step *step, void **state, const void *in, size_t n, zh_buf *out, zh_error *err)
{
    zstd_state *z = zh_codec__state(state, sizeof(zstd_state));

    if (z != NULL && z->decompress == NULL)
        z->decompress = ZSTD_createDCtx();
    if (z == NULL || z->decompress == NULL)
        return zh_error_nomem(err);
    return zh_codec__decode_into(step, z, attempt, in, n, size_hint(in, n), out, err);
}

const zh_codec_ops zh_codec__zstd = {
    .name = "zstd",
    .v3 = "zstd",
    .v2 = "zstd",
    .cls = ZH_CODEC_BYTES_BYTES,
    .compressor = true,
    .parse = parse,
    .format = format,
    .bind = zh_codec__bind_compressor,
    .encode = encode,
    .decode = decode,
    .state_free = state_free,
};
