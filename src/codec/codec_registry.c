/* codec_registry.c - every codec a document can name, one line each. */
#include "codec/codec_ops.h"

#define CODECS(X)                                                                                                      \
    X(transpose)                                                                                                       \
    X(bytes)                                                                                                           \
    X(vlen_utf8)                                                                                                       \
    X(vlen_bytes)                                                                                                      \
    X(vlen_array)                                                                                                      \
    X(fixed_utf32)                                                                                                     \
    X(gzip)                                                                                                            \
    X(zlib)                                                                                                            \
    X(zstd)                                                                                                            \
    X(blosc)                                                                                                           \
    X(shuffle)                                                                                                         \
    X(crc32c)

#define DECLARE(name) extern const zh_codec_ops zh_codec__##name;
#define ADDRESS(name) &zh_codec__##name,
CODECS(DECLARE)

const zh_codec_ops *const zh_codec__registry[] = {CODECS(ADDRESS)};
const unsigned zh_codec__count = sizeof(zh_codec__registry) / sizeof(zh_codec__registry[0]);
