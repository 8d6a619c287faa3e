/* codec_crc32c.c - CRC-32C (Castagnoli, RFC 3720), its four bytes little-endian behind the data. Eight bytes a
 * round through eight tables, which a worker makes once (8 KiB in its scratch). */
#include "codec/codec_ops.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

extern const zh_codec_ops zh_codec__crc32c;

enum { CRC_BYTES = 4, POLYNOMIAL_BITS = 8 };
static const uint32_t polynomial = 0x82F63B78U; /* reflected */

typedef struct crc_tables {
    uint32_t t[8][256];
} crc_tables;

zh_codec_spec zh_codec_crc32c(void)
{
    zh_codec_spec c = {.ops = &zh_codec__crc32c};

    return c;
}

static int parse(zh_codec_spec *out, const zh_json *conf, bool v3, zh_error *err)
{
    const char *location = zh_json_str(zh_json_get(conf, "location"));

    (void)out;
    (void)v3;
    if (location != NULL && strcmp(location, "end") != 0)
        return zh_error_set(err, ZH_UNSUPPORTED, "a checksum at '%s' is not supported", location);
    return ZH_OK;
}

static int bind(zh_codec_step *step, zh_error *err)
{
    (void)err;
    step->out.size += CRC_BYTES;
    return ZH_OK;
}

static const crc_tables *get_tables(void **state)
{
    crc_tables *c = *state;

    if (c != NULL)
        return c;
    c = zh_malloc(sizeof(*c));
    if (c == NULL)
        return NULL;
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t v = i;

        for (int bit = 0; bit < POLYNOMIAL_BITS; bit++)
            v = (v >> 1) ^ ((v & 1) != 0 ? polynomial : 0);
        c->t[0][i] = v;
    }
    for (uint32_t i = 0; i < 256; i++) {
        for (int k = 1; k < 8; k++)
            c->t[k][i] = (c->t[k - 1][i] >> 8) ^ c->t[0][c->t[k - 1][i] & 0xff];
    }
    *state = c;
    return c;
}

static uint32_t load_le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint32_t checksum(const crc_tables *c, const uint8_t *p, size_t n)
{
    uint32_t crc = 0xFFFFFFFFU;

    for (; n >= 8; p += 8, n -= 8) {
        uint32_t low = crc ^ load_le32(p);
        uint32_t high = load_le32(p + 4);

        crc = c->t[7][low & 0xff] ^ c->t[6][low >> 8 & 0xff] ^ c->t[5][low >> 16 & 0xff] ^ c->t[4][low >> 24] ^
              c->t[3][high & 0xff] ^ c->t[2][high >> 8 & 0xff] ^ c->t[1][high >> 16 & 0xff] ^ c->t[0][high >> 24];
    }
    for (; n > 0; p++, n--)
        crc = (crc >> 8) ^ c->t[0][(crc ^ *p) & 0xff];
    return ~crc;
}

static int encode(const zh_codec_step *step, void **state, const void *in, size_t n, zh_buf *out, zh_error *err)
{
    const crc_tables *tables = get_tables(state);
    uint32_t crc;
    int rc;

    (void)step;
    if (tables == NULL)
        return zh_error_nomem(err);
    rc = zh_buf_reserve(out, n + CRC_BYTES, err);
    if (rc < 0)
        return rc;
    crc = checksum(tables, in, n);
    if (n > 0)
        memcpy(out->ptr, in, n);
    for (unsigned i = 0; i < CRC_BYTES; i++)
        out->ptr[n + i] = (uint8_t)(crc >> (8 * i));
    out->len = n + CRC_BYTES;
    return ZH_OK;
}

static int decode(const zh_codec_step *step, void **state, const void *in, size_t n, zh_buf *out, zh_error *err)
{
    const crc_tables *tables = get_tables(state);
    const uint8_t *p = in;
    size_t data = n - CRC_BYTES;
    uint32_t stored, found;
    int rc;

    if (tables == NULL)
        return zh_error_nomem(err);
    if (n < CRC_BYTES || data > step->in.size)
        return zh_error_set(err, ZH_CORRUPT, "%zu bytes where %zu were expected", n, step->in.size + CRC_BYTES);
    stored = load_le32(p + data);
    found = checksum(tables, p, data);
    if (stored != found)
        return zh_error_set(err, ZH_CORRUPT, "checksum %08x where %08x is stored", (unsigned)found, (unsigned)stored);
    rc = zh_buf_reserve(out, data, err);
    if (rc < 0)
        return rc;
    if (data > 0)
        memcpy(out->ptr, p, data);
    out->len = data;
    return ZH_OK;
}

const zh_codec_ops zh_codec__crc32c = {
    .name = "crc32c",
    .v3 = "crc32c",
    .v2 = "crc32c",
    .cls = ZH_CODEC_BYTES_BYTES,
    .parse = parse,
    .bind = bind,
    .encode = encode,
    .decode = decode,
    .state_free = zh_free,
};
