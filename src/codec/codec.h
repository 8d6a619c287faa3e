/* codec.h - how the cells of one chunk become bytes and back.
 *
 * Three things, kept apart: a *spec* is what a document says (pure data); a *plan* is
 * a list of specs bound to an element type and a chunk shape, with every size and bound
 * computed once, const and shared by all threads; a *scratch* is one worker's memory.
 *
 * The decoded form of a chunk is always a C-order array of cells (base/dtype.h). Adding a
 * codec: its own file with one zh_codec_ops, one line in codec_registry.c, one in CMakeLists.txt,
 * its lines in tests/unit/codec/codec_contract.tsv.
 */
#ifndef ZH_CODEC_H
#define ZH_CODEC_H

#include "zh/buf.h"
#include "base/dtype.h"
#include "base/json.h"
#include "base/jsonw.h"

/* Largest chunk, decoded or as bytes between two codecs, that this library takes (ZH_UNSUPPORTED above). */
#define ZH_CODEC_MAX_CHUNK ((size_t)1 << 31)

struct zh_codec_ops;

/* One codec with its configuration. Plain data; copied by assignment. Members that a codec has no use for are 0. */
typedef struct zh_codec_spec {
    const struct zh_codec_ops *ops;
    int level;            /* gzip, zlib, zstd, blosc (clevel) */
    uint32_t elementsize; /* shuffle: bytes an element; blosc: typesize */
    uint32_t blocksize;   /* blosc */
    uint8_t shuffle;      /* blosc: 0 none, 1 byte, 2 bit, 3 automatic (bit for single bytes, else byte) */
    uint8_t cname;        /* blosc: index into its compressor names */
    uint8_t order;        /* bytes: zh_order; ZH_ORDER_NONE = the member is absent */
    uint8_t kind;         /* vlen-array: zh_kind of its items, with elementsize and order */
    bool checksum;        /* zstd */
    uint8_t rank;         /* transpose: entries of perm; ZH_CODEC_ANY_RANK: the reversed axes, whatever the rank */
    uint8_t perm[ZH_MAX_RANK];
} zh_codec_spec;

#define ZH_CODEC_ANY_RANK 255

typedef enum zh_codec_class { ZH_CODEC_ARRAY_ARRAY, ZH_CODEC_ARRAY_BYTES, ZH_CODEC_BYTES_BYTES } zh_codec_class;

typedef struct zh_codec_plan zh_codec_plan;       /* const after bind */
typedef struct zh_codec_scratch zh_codec_scratch; /* one thread at a time */

/* Parses one codec of a v3 "codecs" array ({"name":…,"configuration":{…}}, or a bare name), or one v2
 * compressor/filter ({"id":…,…}). An unknown one is ZH_UNSUPPORTED and the message names it. */
int zh_codec_parse_v3(zh_codec_spec *out, const zh_json *j, zh_error *err);
int zh_codec_parse_v2(zh_codec_spec *out, const zh_json *j, zh_error *err);
void zh_codec_format_v3(zh_jsonw *w, const zh_codec_spec *c); /* one value */
void zh_codec_format_v2(zh_jsonw *w, const zh_codec_spec *c);
zh_codec_class zh_codec_class_of(const zh_codec_spec *c);
const char *
zh_codec_name(const zh_codec_spec *c); /* the name this library knows it by: "gzip", "zlib", "blosc", "shuffle"… */
bool zh_codec_is_compressor(const zh_codec_spec *c); /* gzip, zlib, zstd, blosc: what v2 puts into "compressor" */
bool zh_codec_equal(const zh_codec_spec *a, const zh_codec_spec *b);
const char *zh_codec_blosc_cname(const zh_codec_spec *c); /* "lz4"…; c is a blosc spec */

/* Specs made by hand (for writers). level is clamped to the codec's own range. */
zh_codec_spec zh_codec_bytes(zh_order order);
zh_codec_spec zh_codec_gzip(int level); /* v3 "gzip", v2 {"id":"gzip"} */
zh_codec_spec zh_codec_zlib(int level); /* v2 {"id":"zlib"}; v3 "numcodecs.zlib" for reading only */
zh_codec_spec zh_codec_zstd(int level, bool checksum);
zh_codec_spec zh_codec_blosc(const char *cname, int clevel, int shuffle, uint32_t typesize);
zh_codec_spec zh_codec_shuffle(uint32_t elementsize); /* v2 {"id":"shuffle"} */
zh_codec_spec zh_codec_crc32c(void);
zh_codec_spec zh_codec_vlen_utf8(void);
zh_codec_spec zh_codec_vlen_bytes(void);
zh_codec_spec zh_codec_vlen_array(const zh_dtype *item); /* v2 {"id":"vlen-array"}: stored as vlen-bytes is */
zh_codec_spec zh_codec_implied(const zh_dtype *t); /* the array-to-bytes codec that a document without one means */
zh_codec_spec zh_codec_transpose_f(unsigned rank); /* v2 order "F": the reversed axes */

/* Binds n specs (in encoding order) to the type of the array's cells and its chunk shape.
 * Checks the classes' order (array→array*, one array→bytes, bytes→bytes*), sizes and limits.
 * v2 documents have no array→bytes codec: a missing one is taken as bytes in dtype's own order, or as the
 * vlen codec of a variable kind. ZH_K_UTF32 cells pass a hidden stage (codec_fixed.c) where "bytes" stands.
 * A codec "bytes" must name dtype's own order (absent: little), unless dtype has none. */
int zh_codec_bind(zh_codec_plan **out, const zh_codec_spec *specs, unsigned n, const zh_dtype *dtype, unsigned rank,
                  const uint64_t *chunk, zh_error *err);
void zh_codec_plan_free(zh_codec_plan *p);
size_t zh_codec_plan_cells(const zh_codec_plan *p);      /* cells a chunk */
size_t zh_codec_plan_cell_bytes(const zh_codec_plan *p); /* cells * cell size: the decoded chunk in memory */
bool zh_codec_plan_is_identity(
    const zh_codec_plan *p); /* encoded bytes == the cells' bytes, so ranges can be read in place */

int zh_codec_scratch_new(zh_codec_scratch **out, zh_error *err);
void zh_codec_scratch_free(zh_codec_scratch *s);

/* cells: a whole chunk. out is emptied first. For variable kinds the cells' data are borrowed. */
int zh_codec_encode(const zh_codec_plan *p, zh_codec_scratch *s, const void *cells, zh_buf *out, zh_error *err);

/* Writes exactly zh_codec_plan_cell_bytes to cells. For variable kinds each cell's data is a block of its own from
 * zh_malloc (NULL for length 0) that the caller owns afterwards; on failure nothing is left allocated and cells are
 * zeroed. Never reads or allocates past what the plan allows, whatever the bytes are: ZH_CORRUPT. */
int zh_codec_decode(const zh_codec_plan *p, zh_codec_scratch *s, const void *in, size_t n, void *cells, zh_error *err);

#endif
