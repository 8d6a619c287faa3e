/* codec_transpose.c - array→array: axis i of the encoded array is axis perm[i] of the decoded one. v2's order
 * "F" is the reversed axes. Cells of any kind move as they are; those of a variable kind stay where their data is. */
#include "codec/codec_ops.h"

#include <string.h>

#include "base/error.h"

extern const zh_codec_ops zh_codec__transpose;

zh_codec_spec zh_codec_transpose_f(unsigned rank)
{
    zh_codec_spec c = {.ops = &zh_codec__transpose};

    if (rank > ZH_MAX_RANK)
        rank = ZH_MAX_RANK;
    c.rank = (uint8_t)rank;
    for (unsigned i = 0; i < rank; i++)
        c.perm[i] = (uint8_t)(rank - 1 - i);
    return c;
}

static int parse_letter(zh_codec_spec *out, const char *letter, zh_error *err)
{
    if (strcmp(letter, "F") == 0)
        out->rank = ZH_CODEC_ANY_RANK;
    else if (strcmp(letter, "C") != 0)
        return zh_error_set(err, ZH_CORRUPT, "'order' is '%s'", letter);
    return ZH_OK;
}

static int parse(zh_codec_spec *out, const zh_json *conf, bool v3, zh_error *err)
{
    const zh_json *order = zh_json_get(conf, "order");
    uint64_t seen = 0;

    (void)v3;
    if (zh_json_str(order) != NULL)
        return parse_letter(out, zh_json_str(order), err);
    if (zh_json_typeof(order) != ZH_JSON_ARRAY)
        return zh_error_set(err, ZH_CORRUPT, "'order' is not an array");
    if (zh_json_size(order) > ZH_MAX_RANK)
        return zh_error_set(err, ZH_UNSUPPORTED, "'order' has more than %d axes", ZH_MAX_RANK);
    out->rank = (uint8_t)zh_json_size(order);
    unsigned i = 0;
    for (const zh_json *j = zh_json_first(order); j != NULL; j = zh_json_next(j)) {
        uint64_t axis;

        if (!zh_json_u64(j, &axis) || axis >= out->rank || (seen >> axis & 1) != 0)
            return zh_error_set(err, ZH_CORRUPT, "'order' is not a permutation");
        seen |= (uint64_t)1 << axis;
        out->perm[i++] = (uint8_t)axis;
    }
    return ZH_OK;
}

static void format(zh_jsonw *w, const zh_codec_spec *c, bool v3)
{
    (void)v3;
    zh_jsonw_key(w, "order");
    if (c->rank == ZH_CODEC_ANY_RANK) {
        zh_jsonw_str(w, "F");
        return;
    }
    zh_jsonw_begin_array(w);
    for (unsigned i = 0; i < c->rank; i++)
        zh_jsonw_u64(w, c->perm[i]);
    zh_jsonw_end_array(w);
}

static int bind(zh_codec_step *step, zh_error *err)
{
    unsigned rank = step->in.rank;
    bool still = true;

    if (step->spec.rank == ZH_CODEC_ANY_RANK)
        step->spec = zh_codec_transpose_f(rank);
    if (step->spec.rank == 0) { /* order "C" */
        step->skip = true;
        return ZH_OK;
    }
    if (step->spec.rank != rank)
        return zh_error_set(err, ZH_INVALID, "it orders %u axes, the array has %u", step->spec.rank, rank);
    for (unsigned i = 0; i < rank; i++) {
        if (step->spec.perm[i] >= rank)
            return zh_error_set(err, ZH_INVALID, "axis %u of %u", step->spec.perm[i], rank);
        step->out.shape[i] = step->in.shape[step->spec.perm[i]];
        still = still && step->spec.perm[i] == i;
    }
    step->skip = still;
    return ZH_OK;
}

/* n cells from every stride-th one. */
static void gather(uint8_t *to, const uint8_t *from, size_t n, size_t stride, size_t size)
{
    if (size == 1) {
        for (size_t i = 0; i < n; i++)
            to[i] = from[i * stride];
    } else if (size == 2) {
        for (size_t i = 0; i < n; i++)
            memcpy(to + i * 2, from + i * stride, 2);
    } else if (size == 4) {
        for (size_t i = 0; i < n; i++)
            memcpy(to + i * 4, from + i * stride, 4);
    } else if (size == 8) {
        for (size_t i = 0; i < n; i++)
            memcpy(to + i * 8, from + i * stride, 8);
    } else {
        for (size_t i = 0; i < n; i++)
            memcpy(to + i * size, from + i * stride, size);
    }
}

/* Fills `to`, of this shape in C order, from cells that lie stride[axis] bytes apart. */
static void copy_strided(uint8_t *to, const uint8_t *from, unsigned rank, const uint64_t *shape, const size_t *stride,
                         size_t size)
{
    size_t row = (size_t)shape[rank - 1];
    uint64_t at[ZH_MAX_RANK] = {0};
    unsigned axis;

    do {
        gather(to, from, row, stride[rank - 1], size);
        to += row * size;
        for (axis = rank - 1; axis-- > 0;) {
            from += stride[axis];
            if (++at[axis] < shape[axis])
                break;
            from -= stride[axis] * (size_t)shape[axis];
            at[axis] = 0;
        }
    } while (axis != (unsigned)-1);
}

static void c_strides(size_t *stride, unsigned rank, const uint64_t *shape, size_t size)
{
    for (unsigned i = rank; i-- > 0;) {
        stride[i] = size;
        size *= (size_t)shape[i];
    }
}

static int encode(const zh_codec_step *step, void **state, const void *in, size_t n, zh_buf *out, zh_error *err)
{
    size_t stride[ZH_MAX_RANK] = {0}, picked[ZH_MAX_RANK] = {0};
    size_t size = n / step->in.cells;
    int rc = zh_buf_reserve(out, n, err);

    (void)state;
    if (rc < 0)
        return rc;
    c_strides(stride, step->in.rank, step->in.shape, size);
    for (unsigned i = 0; i < step->in.rank; i++)
        picked[i] = stride[step->spec.perm[i]];
    copy_strided(out->ptr, in, step->out.rank, step->out.shape, picked, size);
    out->len = n;
    return ZH_OK;
}

static int decode(const zh_codec_step *step, void **state, const void *in, size_t n, zh_buf *out, zh_error *err)
{
    size_t stride[ZH_MAX_RANK] = {0}, picked[ZH_MAX_RANK] = {0};
    size_t size = step->in.size / step->in.cells;
    int rc;

    (void)state;
    if (n != step->in.size)
        return zh_error_set(err, ZH_CORRUPT, "%zu bytes where %zu were expected", n, step->in.size);
    rc = zh_buf_reserve(out, n, err);
    if (rc < 0)
        return rc;
    c_strides(stride, step->out.rank, step->out.shape, size);
    for (unsigned i = 0; i < step->in.rank; i++)
        picked[step->spec.perm[i]] = stride[i];
    copy_strided(out->ptr, in, step->in.rank, step->in.shape, picked, size);
    out->len = n;
    return ZH_OK;
}

const zh_codec_ops zh_codec__transpose = {
    .name = "transpose",
    .v3 = "transpose",
    .cls = ZH_CODEC_ARRAY_ARRAY,
    .parse = parse,
    .format = format,
    .bind = bind,
    .encode = encode,
    .decode = decode,
};
