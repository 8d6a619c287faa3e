/* meta.h - what a node's document says, as plain structs. No I/O. */
#ifndef ZH_META_H
#define ZH_META_H

#include "base/dtype.h"
#include "codec/codec.h"

typedef enum zh_key_encoding { ZH_KEYS_DEFAULT /* "c/0/1" */, ZH_KEYS_V2 /* "0.1" */ } zh_key_encoding;

/* Largest element of fixed size. A document may name any size, and its fill value takes that much memory. */
#define ZH_ELEMENT_MAX ((uint32_t)1 << 24)

/* One array. Made by zh_array_meta_new, owned by whoever holds it, freed by zh_array_meta_free. */
typedef struct zh_array_meta {
    uint8_t format; /* zh_format */
    uint8_t rank;
    uint8_t keys;   /* zh_key_encoding; v2 documents always ZH_KEYS_V2 */
    char separator; /* '/' or '.' */
    bool order_f;   /* v2 "order":"F"; not in codecs: zh_array_meta_bind adds the transpose. v3 says it by a codec */
    bool has_fill;  /* false: v2 null, content of missing chunks undefined (read as zeros) */
    zh_dtype dtype;
    uint64_t *shape; /* rank entries */
    uint64_t *chunk; /* rank entries, each >= 1 (in the same allocation as shape) */
    void *fill; /* fixed kinds: dtype.size bytes, NULL = all zero; variable kinds: NUL-terminated text, NULL = "" */
    size_t fill_len;       /* bytes at fill */
    zh_codec_spec *codecs; /* in encoding order; v2: filters, then the compressor */
    unsigned ncodecs;
    bool v2_last_is_compressor; /* v2: the last codec stands in "compressor" */
    char **dim_names; /* NULL, or rank entries, each NULL (null) or UTF-8; v3 dimension_names, v2 _ARRAY_DIMENSIONS */
    char *unreadable; /* NULL, or why its chunks can be neither read nor written: zh_doc_v3_parse_any. Codecs are then
                       * not told, and no document can be made from it */
    bool phony_dims; /* axes without a name are given zh_phony_dim_name's in documents, and lose it when those are read.
                      * true in a new meta; after reading, whether the document had such names */
} zh_array_meta;

/* chunk may be NULL (then = shape, at least 1). Format v3: default keys, '/'. v2: '.'. No codec, no fill, no names. */
int zh_array_meta_new(zh_array_meta **out, zh_format format, const zh_dtype *dtype, unsigned rank,
                      const uint64_t *shape, const uint64_t *chunk, zh_error *err);
void zh_array_meta_free(zh_array_meta *m);
int zh_array_meta_copy(zh_array_meta **out, const zh_array_meta *m, zh_error *err);
/* Sets v2_last_is_compressor to whether c is one; a document read may say otherwise (all in "filters"). */
int zh_array_meta_add_codec(zh_array_meta *m, const zh_codec_spec *c, zh_error *err);
int zh_array_meta_set_fill(zh_array_meta *m, const void *value, size_t n,
                           zh_error *err); /* copies (NULL: n zeros); has_fill = true */
int zh_array_meta_set_dim_name(zh_array_meta *m, unsigned axis, const char *name, zh_error *err);
/* All that can be wrong with it, before anything is written: sizes, product overflow, chunk >= 1, a codec chain that
 * binds. */
int zh_array_meta_check(const zh_array_meta *m, zh_error *err);

/* zh_codec_bind with all that m says, order_f included: the way to make a plan for an array. ZH_UNSUPPORTED where it is
 * unreadable. */
int zh_array_meta_bind(zh_codec_plan **out, const zh_array_meta *m, zh_error *err);

/* Same format, shape, grid, keys, type, fill value, codecs and names. false where the codecs are not known. */
bool zh_array_meta_equal(const zh_array_meta *a, const zh_array_meta *b);

/* Dimension names for an array that has none: phony_dim_<length>, a second axis of equal length phony_dim_<length>_2
 * and so on (xarray cannot open a group otherwise, and names must not stand for two lengths). out: 48 bytes. */
void zh_phony_dim_name(char out[48], const uint64_t *shape, unsigned axis);

#endif
