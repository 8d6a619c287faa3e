/* codec_ops.h - what one codec is made of. Private to this folder.
 *
 * A *repr* describes what flows between two codecs: first the cells of a chunk, after the array→bytes codec
 * bytes. Binding walks the specs from the decoded side: each step gets its `in` filled in, `out` preset to the
 * same, and changes `out` to what it makes of it. Sizes in a repr never exceed ZH_CODEC_MAX_CHUNK by much, so
 * sums of a few of them do not overflow.
 */
#ifndef ZH_CODEC_OPS_H
#define ZH_CODEC_OPS_H

#include "codec/codec.h"

typedef struct zh_codec_ops zh_codec_ops;

typedef struct zh_codec_repr {
    bool is_cells;
    bool exact; /* every such value has size bytes; otherwise size is an upper limit */
    size_t size;
    size_t item;    /* bytes of the numbers inside (blosc's typesize), 1 where there are none */
    zh_dtype dtype; /* from here on: cells only */
    size_t cells;
    unsigned rank;
    uint64_t shape[ZH_MAX_RANK];
} zh_codec_repr;

typedef struct zh_codec_step {
    const zh_codec_ops *ops;
    unsigned slot; /* its place in the registry, and of its state in a scratch */
    bool skip;     /* bind sets it: encodes to the very bytes it is given */
    zh_codec_spec spec;
    zh_codec_repr in;  /* decoded side */
    zh_codec_repr out; /* encoded side */
} zh_codec_step;

/* Stateless. Messages need not name the codec: codec.c puts its name in front. */
struct zh_codec_ops {
    const char *name;
    const char *v3; /* "name" in v3 documents, NULL: it has none */
    const char *v2; /* "id" in v2 documents, and behind "numcodecs." in v3 ones; NULL: it has none */
    zh_codec_class cls;
    bool compressor;
    /* conf: the v3 configuration (NULL if absent) or the whole v2 object. NULL: nothing to read. */
    int (*parse)(zh_codec_spec *out, const zh_json *conf, bool v3, zh_error *err);
    /* Writes the members of the configuration. NULL: none. */
    void (*format)(zh_jsonw *w, const zh_codec_spec *c, bool v3);
    /* NULL: nothing to check or change. */
    int (*bind)(zh_codec_step *step, zh_error *err);
    /* out is empty. *state is this codec's own in the caller's scratch, NULL at first. */
    int (*encode)(const zh_codec_step *step, void **state, const void *in, size_t n, zh_buf *out, zh_error *err);
    /* The same; writes at most step->in.size bytes (codec.c checks that all came if that is exact). */
    int (*decode)(const zh_codec_step *step, void **state, const void *in, size_t n, zh_buf *out, zh_error *err);
    void (*state_free)(void *state); /* NULL: has no state */
};

/* codec_registry.c */
extern const zh_codec_ops *const zh_codec__registry[];
extern const unsigned zh_codec__count;

/* The hidden stage of ZH_K_UTF32 (codec_fixed.c). */
extern const zh_codec_ops zh_codec__fixed_utf32;

/* codec_vlen.c: frees and zeroes n cells. */
void zh_codec__free_cells(zh_vlen *cells, size_t n);

/* codec.c: integer member of a configuration, clamped to [lo, hi]; absent or null: fallback. Also takes the
 * digits as a string, as NCZarr wrote them. ZH_CORRUPT for anything else. */
int zh_codec__get_int(int64_t *out, const zh_json *conf, const char *name, int64_t lo, int64_t hi, int64_t fallback,
                      zh_error *err);

/* codec.c: bind of a compressor: the limit of what it may make of the bytes it gets; not exact any more. */
int zh_codec__bind_compressor(zh_codec_step *step, zh_error *err);
/* codec.c: a worker's state of that size, made zeroed at the first use; NULL when out of memory. */
void *zh_codec__state(void **state, size_t size);

/* No compressor here does better: zstd needs 4 bytes for a block of 128 KiB. So a size that a header promises is
 * not believed above this, before memory is taken for it. */
#define ZH_CODEC_MAX_RATIO 32768

/* codec.c: decoding where the decoded size may be unknown. attempt decodes all of in to dst and answers
 * ZH_CODEC_DONE with *made, ZH_CODEC_NEEDS_ROOM, or ZH_CODEC_DAMAGED. Starts with hint bytes and doubles up to
 * step->in.size; one try with exactly that where it is exact. */
typedef enum zh_codec_result { ZH_CODEC_DONE, ZH_CODEC_NEEDS_ROOM, ZH_CODEC_DAMAGED } zh_codec_result;
typedef zh_codec_result (*zh_codec_attempt)(void *state, const void *in, size_t n, void *dst, size_t room,
                                            size_t *made);
int zh_codec__decode_into(const zh_codec_step *step, void *state, zh_codec_attempt attempt, const void *in, size_t n,
                          size_t hint, zh_buf *out, zh_error *err);

#endif
