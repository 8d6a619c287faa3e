/* codec_bytes.c - array→bytes for elements of fixed size. Cells are in the stored byte order already
 * (base/dtype.h), so there is nothing to do but to check that the document means the same order. */
#include "codec/codec_ops.h"

#include <string.h>

#include "base/error.h"

extern const zh_codec_ops zh_codec__bytes;

zh_codec_spec zh_codec_bytes(zh_order order)
{
    zh_codec_spec c = {.ops = &zh_codec__bytes, .order = (uint8_t)order};

    return c;
}

static int parse(zh_codec_spec *out, const zh_json *conf, bool v3, zh_error *err)
{
    const zh_json *j = zh_json_get(conf, "endian");
    const char *endian = zh_json_str(j);

    (void)v3;
    if (zh_json_typeof(j) == ZH_JSON_NULL)
        return ZH_OK;
    if (endian != NULL && strcmp(endian, "little") == 0)
        out->order = ZH_LITTLE;
    else if (endian != NULL && strcmp(endian, "big") == 0)
        out->order = ZH_BIG;
    else
        return zh_error_set(err, ZH_CORRUPT, "'endian' is neither 'little' nor 'big'");
    return ZH_OK;
}

static void format(zh_jsonw *w, const zh_codec_spec *c, bool v3)
{
    (void)v3;
    if (c->order == ZH_ORDER_NONE)
        return;
    zh_jsonw_key(w, "endian");
    zh_jsonw_str(w, c->order == ZH_BIG ? "big" : "little");
}

static int bind(zh_codec_step *step, zh_error *err)
{
    const zh_dtype *t = &step->in.dtype;
    uint8_t order = step->spec.order == ZH_ORDER_NONE ? ZH_LITTLE : step->spec.order;

    if (zh_dtype_is_variable(t))
        return zh_error_set(err, ZH_INVALID, "the elements have no fixed size");
    if (t->order != ZH_ORDER_NONE && t->order != order)
        return zh_error_set(err, ZH_INVALID, "its byte order is not the data type's");
    step->skip = true;
    return ZH_OK;
}

const zh_codec_ops zh_codec__bytes = {
    .name = "bytes",
    .v3 = "bytes",
    .cls = ZH_CODEC_ARRAY_BYTES,
    .parse = parse,
    .format = format,
    .bind = bind,
};
