/* dtype.c - see dtype.h. */
#include "base/dtype.h"
#include "base/error.h"

#include <stdio.h>
#include <string.h>

bool zh_dtype_is_variable(const zh_dtype *t)
{
    return t->kind == ZH_K_STRING || t->kind == ZH_K_VBYTES || t->kind == ZH_K_UTF32;
}

size_t zh_dtype_cell_size(const zh_dtype *t)
{
    return zh_dtype_is_variable(t) ? sizeof(zh_vlen) : t->size;
}

bool zh_dtype_equal(const zh_dtype *a, const zh_dtype *b)
{
    return a->kind == b->kind && a->order == b->order && a->size == b->size;
}

/* Kinds whose elements have bytes that an order applies to. */
static bool has_order(uint8_t kind, uint32_t size)
{
    switch (kind) {
    case ZH_K_INT:
    case ZH_K_UINT:
    case ZH_K_FLOAT:
        return size > 1;
    case ZH_K_COMPLEX:
    case ZH_K_UTF32:
        return true;
    default:
        return false;
    }
}

static bool size_fits(uint8_t kind, uint32_t size)
{
    switch (kind) {
    case ZH_K_BOOL:
        return size == 1;
    case ZH_K_INT:
    case ZH_K_UINT:
        return size == 1 || size == 2 || size == 4 || size == 8;
    case ZH_K_FLOAT:
        return size == 2 || size == 4 || size == 8;
    case ZH_K_COMPLEX:
        return size == 8 || size == 16;
    case ZH_K_BYTES:
    case ZH_K_RAW:
        return size > 0;
    case ZH_K_UTF32:
        return size > 0 && size % 4 == 0;
    default:
        return size == 0;
    }
}

int zh_dtype_check(const zh_dtype *t, zh_error *err)
{
    static const char *const names[] = {
        "boolean", "signed integer", "unsigned integer", "float",         "complex", "fixed bytes",
        "raw",     "fixed UTF-32",   "string",           "variable bytes"};

    if (t->kind > ZH_K_VBYTES)
        return zh_error_set(err, ZH_INVALID, "%u is not a kind of element", t->kind);
    if (!size_fits(t->kind, t->size))
        return zh_error_set(err, ZH_INVALID, "a %s element cannot have %u bytes", names[t->kind], t->size);
    if (has_order(t->kind, t->size) != (t->order == ZH_LITTLE || t->order == ZH_BIG) || t->order > ZH_BIG)
        return zh_error_set(err, ZH_INVALID, "a %s element of %u bytes cannot have byte order %u", names[t->kind],
                            t->size, t->order);
    return ZH_OK;
}

/* The whole of text is a decimal number up to max; no sign, no leading zero. */
static bool parse_size(uint64_t *out, const char *text, uint64_t max)
{
    uint64_t v = 0;

    if (text[0] < '1' || text[0] > '9')
        return false;
    for (; *text >= '0' && *text <= '9'; text++) {
        v = v * 10 + (uint64_t)(*text - '0');
        if (v > max)
            return false;
    }
    *out = v;
    return *text == '\0';
}

/* --- Zarr v2 --- */

static const struct {
    char letter;
    uint8_t kind;
    uint32_t unit; /* stored bytes for 1 in the text */
} v2_letters[] = {
    {'b', ZH_K_BOOL, 1},    {'i', ZH_K_INT, 1},   {'u', ZH_K_UINT, 1}, {'f', ZH_K_FLOAT, 1},
    {'c', ZH_K_COMPLEX, 1}, {'S', ZH_K_BYTES, 1}, {'V', ZH_K_RAW, 1},  {'U', ZH_K_UTF32, 4},
};
#define V2_LETTERS (sizeof(v2_letters) / sizeof(v2_letters[0]))

static bool parse_v2(zh_dtype *out, const char *text)
{
    static const char orders[] = "|<>"; /* zh_order */
    const char *order = text[0] == '\0' ? NULL : strchr(orders, text[0]);
    uint64_t count;

    if (order == NULL)
        return false;
    if (strcmp(text + 1, "O") == 0) {
        *out = (zh_dtype){ZH_K_STRING, ZH_ORDER_NONE, 0};
        return true;
    }
    for (size_t i = 0; i < V2_LETTERS; i++) {
        const uint32_t unit = v2_letters[i].unit;

        if (text[1] != v2_letters[i].letter || !parse_size(&count, text + 2, UINT32_MAX / unit))
            continue;
        out->kind = v2_letters[i].kind;
        out->size = (uint32_t)count * unit;
        /* numpy writes '|' before single bytes, but '<' there means the same */
        out->order = has_order(out->kind, out->size) ? (uint8_t)(order - orders) : (uint8_t)ZH_ORDER_NONE;
        return zh_dtype_check(out, NULL) == ZH_OK;
    }
    return false;
}

int zh_dtype_parse_v2(zh_dtype *out, const char *text, zh_error *err)
{
    if (!parse_v2(out, text))
        return zh_error_set(err, ZH_UNSUPPORTED, "data type \"%s\" is not supported", text);
    return ZH_OK;
}

int zh_dtype_format_v2(char out[16], const zh_dtype *t, zh_error *err)
{
    static const char orders[] = "|<>";
    const int rc = zh_dtype_check(t, err);

    if (rc < 0)
        return rc;
    for (size_t i = 0; i < V2_LETTERS; i++)
        if (v2_letters[i].kind == t->kind) {
            (void)snprintf(out, 16, "%c%c%u", orders[t->order], v2_letters[i].letter, t->size / v2_letters[i].unit);
            return ZH_OK;
        }
    memcpy(out, "|O", 3);
    return ZH_OK;
}

/* --- Zarr v3 --- */

static const struct {
    const char *name;
    uint8_t kind;
    uint32_t size;
} v3_names[] = {
    /* the first name of a type is the one that is written */
    {"bool", ZH_K_BOOL, 1},
    {"int8", ZH_K_INT, 1},
    {"int16", ZH_K_INT, 2},
    {"int32", ZH_K_INT, 4},
    {"int64", ZH_K_INT, 8},
    {"uint8", ZH_K_UINT, 1},
    {"uint16", ZH_K_UINT, 2},
    {"uint32", ZH_K_UINT, 4},
    {"uint64", ZH_K_UINT, 8},
    {"float16", ZH_K_FLOAT, 2},
    {"float32", ZH_K_FLOAT, 4},
    {"float64", ZH_K_FLOAT, 8},
    {"complex64", ZH_K_COMPLEX, 8},
    {"complex128", ZH_K_COMPLEX, 16},
    {"string", ZH_K_STRING, 0},
    {"bytes", ZH_K_VBYTES, 0},
    {"variable_length_bytes", ZH_K_VBYTES, 0},
    {"complex_float32", ZH_K_COMPLEX, 8},
    {"complex_float64", ZH_K_COMPLEX, 16},
};
#define V3_NAMES (sizeof(v3_names) / sizeof(v3_names[0]))

int zh_dtype_parse_v3(zh_dtype *out, const char *name, zh_error *err)
{
    uint64_t bits;

    for (size_t i = 0; i < V3_NAMES; i++)
        if (strcmp(name, v3_names[i].name) == 0) {
            out->kind = v3_names[i].kind;
            out->size = v3_names[i].size;
            out->order = has_order(out->kind, out->size) ? ZH_LITTLE : ZH_ORDER_NONE;
            return ZH_OK;
        }
    if (name[0] == 'r' && parse_size(&bits, name + 1, (uint64_t)UINT32_MAX * 8) && bits % 8 == 0) {
        *out = (zh_dtype){ZH_K_RAW, ZH_ORDER_NONE, (uint32_t)(bits / 8)};
        return ZH_OK;
    }
    return zh_error_set(err, ZH_UNSUPPORTED, "data type \"%s\" is not supported", name);
}

int zh_dtype_format_v3(char out[32], const zh_dtype *t, zh_error *err)
{
    const int rc = zh_dtype_check(t, err);

    if (rc < 0)
        return rc;
    for (size_t i = 0; i < V3_NAMES; i++)
        if (v3_names[i].kind == t->kind && v3_names[i].size == t->size) {
            memcpy(out, v3_names[i].name, strlen(v3_names[i].name) + 1);
            return ZH_OK;
        }
    if (t->kind == ZH_K_RAW) {
        (void)snprintf(out, 32, "r%llu", (unsigned long long)t->size * 8);
        return ZH_OK;
    }
    return zh_error_set(err, ZH_UNSUPPORTED, "this data type has no plain name in Zarr v3");
}
