/* codec_blosc.c - c-blosc 1 through its context calls: one thread, no blosc_init, nothing global.
 *
 * typesize: v3 documents carry it; in v2 it is the item size of the data. The spec keeps 0 for "of the data"
 * and bind fills it in. Blosc knows no item above 255 bytes: those are taken as bytes, without shuffle.
 */
#include "codec/codec_ops.h"

#include <blosc.h>
#include <string.h>

#include "base/error.h"

extern const zh_codec_ops zh_codec__blosc;

static const char *const cnames[] = {"blosclz", "lz4", "lz4hc", "snappy", "zlib", "zstd"};
static const char *const shuffles[] = {"noshuffle", "shuffle", "bitshuffle"};
enum { CNAMES = sizeof(cnames) / sizeof(cnames[0]), SHUFFLES = 3, AUTO_SHUFFLE = 3, CNAME_LZ4 = 1 };

static unsigned index_of(const char *name, const char *const *names, unsigned n)
{
    unsigned i = 0;

    while (i < n && strcmp(names[i], name) != 0)
        i++;
    return i;
}

const char *zh_codec_blosc_cname(const zh_codec_spec *c)
{
    return cnames[c->cname < CNAMES ? c->cname : CNAME_LZ4];
}

/* An unknown cname becomes lz4. */
zh_codec_spec zh_codec_blosc(const char *cname, int clevel, int shuffle, uint32_t typesize)
{
    unsigned name = index_of(cname, cnames, CNAMES);
    zh_codec_spec c = {.ops = &zh_codec__blosc};

    c.cname = (uint8_t)(name < CNAMES ? name : CNAME_LZ4);
    c.level = clevel < 0 ? 0 : clevel > 9 ? 9 : clevel;
    c.shuffle = (uint8_t)(shuffle < 0 ? AUTO_SHUFFLE : shuffle > BLOSC_BITSHUFFLE ? BLOSC_BITSHUFFLE : shuffle);
    c.elementsize = typesize;
    return c;
}

/* Number (v2, -1 is automatic) or name (v3); either is taken in both. */
static int parse_shuffle(zh_codec_spec *out, const zh_json *conf, bool v3, zh_error *err)
{
    const char *name = zh_json_str(zh_json_get(conf, "shuffle"));
    unsigned i = name != NULL ? index_of(name, shuffles, SHUFFLES) : SHUFFLES;
    int64_t number = 0;
    int rc;

    if (i < SHUFFLES) {
        out->shuffle = (uint8_t)i;
        return ZH_OK;
    }
    rc = zh_codec__get_int(&number, conf, "shuffle", -2, 3, v3 ? 0 : 1, err);
    if (rc < 0)
        return rc;
    if (number < -1 || number > 2)
        return zh_error_set(err, ZH_CORRUPT, "'shuffle' is not one of -1, 0, 1, 2");
    out->shuffle = (uint8_t)(number < 0 ? AUTO_SHUFFLE : number);
    return ZH_OK;
}

static int parse(zh_codec_spec *out, const zh_json *conf, bool v3, zh_error *err)
{
    const zh_json *j = zh_json_get(conf, "cname");
    const char *cname = zh_json_str(j);
    unsigned i = cname != NULL ? index_of(cname, cnames, CNAMES) : CNAME_LZ4;
    int64_t clevel = 0, typesize = 0, blocksize = 0;
    int rc;

    if (zh_json_typeof(j) != ZH_JSON_NULL && cname == NULL)
        return zh_error_set(err, ZH_CORRUPT, "'cname' is not a string");
    if (i >= CNAMES)
        return zh_error_set(err, ZH_UNSUPPORTED, "compressor '%s' is not supported", cname);
    out->cname = (uint8_t)i;
    rc = zh_codec__get_int(&clevel, conf, "clevel", 0, 9, 5, err);
    if (rc == ZH_OK)
        rc = parse_shuffle(out, conf, v3, err);
    if (rc == ZH_OK)
        rc = zh_codec__get_int(&typesize, conf, "typesize", 0, UINT32_MAX, 0, err);
    if (rc == ZH_OK)
        rc = zh_codec__get_int(&blocksize, conf, "blocksize", 0, INT32_MAX, 0, err);
    out->level = (int)clevel;
    out->elementsize = (uint32_t)typesize;
    out->blocksize = (uint32_t)blocksize;
    return rc;
}

static void format(zh_jsonw *w, const zh_codec_spec *c, bool v3)
{
    zh_jsonw_key(w, "cname");
    zh_jsonw_str(w, zh_codec_blosc_cname(c));
    zh_jsonw_key(w, "clevel");
    zh_jsonw_i64(w, c->level);
    zh_jsonw_key(w, "shuffle");
    if (v3) {
        unsigned shuffle = c->shuffle != AUTO_SHUFFLE ? c->shuffle : c->elementsize == 1 ? 2 : 1;

        zh_jsonw_str(w, shuffles[shuffle]);
        zh_jsonw_key(w, "typesize");
        zh_jsonw_u64(w, c->elementsize > 0 ? c->elementsize : 1);
    } else {
        zh_jsonw_i64(w, c->shuffle == AUTO_SHUFFLE ? -1 : c->shuffle);
    }
    zh_jsonw_key(w, "blocksize");
    zh_jsonw_u64(w, c->blocksize);
}

static int bind(zh_codec_step *step, zh_error *err)
{
    zh_codec_spec *c = &step->spec;

    if (step->in.exact && step->in.size > BLOSC_MAX_BUFFERSIZE)
        return zh_error_set(err, ZH_UNSUPPORTED, "takes no chunk of %zu bytes", step->in.size);
    if (c->elementsize == 0)
        c->elementsize = step->in.item > UINT32_MAX ? 1 : (uint32_t)step->in.item;
    if (c->shuffle == AUTO_SHUFFLE)
        c->shuffle = c->elementsize == 1 ? BLOSC_BITSHUFFLE : BLOSC_SHUFFLE;
    if (c->elementsize > BLOSC_MAX_TYPESIZE) {
        c->elementsize = 1;
        c->shuffle = BLOSC_NOSHUFFLE;
    }
    if (step->in.size > BLOSC_MAX_BUFFERSIZE)
        step->in.size = BLOSC_MAX_BUFFERSIZE;
    step->out.exact = false;
    step->out.size = step->in.size + BLOSC_MAX_OVERHEAD;
    return ZH_OK;
}

static int encode(const zh_codec_step *step, void **state, const void *in, size_t n, zh_buf *out, zh_error *err)
{
    const zh_codec_spec *c = &step->spec;
    const char *cname = zh_codec_blosc_cname(c);
    int made, rc;

    (void)state;
    if (n > BLOSC_MAX_BUFFERSIZE)
        return zh_error_set(err, ZH_RANGE, "takes no chunk of %zu bytes", n);
    if (blosc_compname_to_compcode(cname) < 0)
        return zh_error_set(err, ZH_UNSUPPORTED, "this build of blosc has no '%s'", cname);
    rc = zh_buf_reserve(out, n + BLOSC_MAX_OVERHEAD, err);
    if (rc < 0)
        return rc;
    made = blosc_compress_ctx(c->level, c->shuffle, c->elementsize, n, in, out->ptr, n + BLOSC_MAX_OVERHEAD, cname,
                              c->blocksize, 1);
    if (made <= 0)
        return zh_error_set(err, ZH_INTERNAL, "blosc_compress_ctx answered %d", made);
    out->len = (size_t)made;
    return ZH_OK;
}

static int decode(const zh_codec_step *step, void **state, const void *in, size_t n, zh_buf *out, zh_error *err)
{
    size_t size = 0;
    int made, rc;

    (void)state;
    if (n < BLOSC_MIN_HEADER_LENGTH || blosc_cbuffer_validate(in, n, &size) < 0)
        return zh_error_set(err, ZH_CORRUPT, "the %zu bytes are damaged", n);
    if (size > step->in.size || size / ZH_CODEC_MAX_RATIO > n || (step->in.exact && size != step->in.size))
        return zh_error_set(err, ZH_CORRUPT, "decodes to %zu bytes where %zu were expected", size, step->in.size);
    if (size == 0)
        return ZH_OK;
    rc = zh_buf_reserve(out, size, err);
    if (rc < 0)
        return rc;
    made = blosc_decompress_ctx(in, out->ptr, size, 1);
    if (made < 0 || (size_t)made != size)
        return zh_error_set(err, ZH_CORRUPT, "the %zu bytes are damaged", n);
    out->len = size;
    return ZH_OK;
}

const zh_codec_ops zh_codec__blosc = {
    .name = "blosc",
    .v3 = "blosc",
    .v2 = "blosc",
    .cls = ZH_CODEC_BYTES_BYTES,
    .compressor = true,
    .parse = parse,
    .format = format,
    .bind = bind,
    .encode = encode,
    .decode = decode,
};
