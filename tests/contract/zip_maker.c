#include "support.h"
#include "zip_maker.h"

#include <zlib.h>

static void put16(zh_buf *b, unsigned v)
{
    assert_int_equal(zh_buf_putc(b, (char)(v & 255), NULL), ZH_OK);
    assert_int_equal(zh_buf_putc(b, (char)(v >> 8 & 255), NULL), ZH_OK);
}

static void put32(zh_buf *b, uint32_t v)
{
    put16(b, v & 65535);
    put16(b, v >> 16);
}

static void put_bytes(zh_buf *b, const void *p, size_t n)
{
    assert_int_equal(zh_buf_append(b, p, n, NULL), ZH_OK);
}

void zip_maker_init(zip_maker *z)
{
    zh_buf_init(&z->file, (size_t)1 << 30);
    zh_buf_init(&z->directory, (size_t)1 << 30);
    z->n = 0;
}

/* The raw deflate stream of p; freed by the caller. */
static unsigned char *deflated(const void *p, size_t n, size_t *out_n)
{
    const size_t room = compressBound((uLong)n) + 64;
    unsigned char *out = malloc(room);
    z_stream s = {0};

    assert_non_null(out);
    assert_int_equal(deflateInit2(&s, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY), Z_OK);
    s.next_in = (Bytef *)(uintptr_t)p;
    s.avail_in = (uInt)n;
    s.next_out = out;
    s.avail_out = (uInt)room;
    assert_int_equal(deflate(&s, Z_FINISH), Z_STREAM_END);
    *out_n = s.total_out;
    assert_int_equal(deflateEnd(&s), Z_OK);
    return out;
}

/* The fields that the local header and the directory have in common. */
static void put_common(zh_buf *b, unsigned flags, unsigned method, uint32_t crc, size_t packed, uint32_t size,
                       size_t name)
{
    put16(b, 20);
    put16(b, flags);
    put16(b, method);
    put16(b, 0x6000);
    put16(b, 0x5a21);
    put32(b, crc);
    put32(b, (uint32_t)packed);
    put32(b, size);
    put16(b, (unsigned)name);
    put16(b, 0);
}

void zip_maker_add(zip_maker *z, const char *name, const void *p, size_t n, bool deflate, const zip_lie *lie)
{
    static const zip_lie truth = {0, 0, 0, 0};
    const zip_lie *l = lie == NULL ? &truth : lie;
    const uint32_t crc = (uint32_t)crc32(0, p, (uInt)n) ^ l->crc_xor;
    const uint32_t size = l->claimed_size == 0 ? (uint32_t)n : l->claimed_size;
    const unsigned method = l->method != 0 ? l->method : deflate ? 8 : 0;
    const uint32_t offset = (uint32_t)z->file.len;
    size_t packed = n;
    unsigned char *data = deflate ? deflated(p, n, &packed) : NULL;

    put_bytes(&z->file, "PK\3\4", 4);
    put_common(&z->file, l->flags, method, crc, packed, size, strlen(name));
    put_bytes(&z->file, name, strlen(name));
    put_bytes(&z->file, data == NULL ? p : data, packed);
    put_bytes(&z->directory, "PK\1\2\x14\3", 6);
    put_common(&z->directory, l->flags, method, crc, packed, size, strlen(name));
    put16(&z->directory, 0);
    put16(&z->directory, 0);
    put16(&z->directory, 0);
    put32(&z->directory, 0);
    put32(&z->directory, offset);
    put_bytes(&z->directory, name, strlen(name));
    z->n++;
    free(data);
}

void zip_maker_finish(zip_maker *z, const char *path, const char *comment)
{
    const uint32_t offset = (uint32_t)z->file.len;

    put_bytes(&z->file, z->directory.ptr, z->directory.len);
    put_bytes(&z->file, "PK\5\6\0\0\0\0", 8);
    put16(&z->file, z->n);
    put16(&z->file, z->n);
    put32(&z->file, (uint32_t)z->directory.len);
    put32(&z->file, offset);
    put16(&z->file, (unsigned)strlen(comment));
    put_bytes(&z->file, comment, strlen(comment));
    zh_write_file(path, z->file.ptr, z->file.len);
    zh_buf_dispose(&z->file);
    zh_buf_dispose(&z->directory);
}
