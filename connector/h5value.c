/* h5value.c - attribute values as JSON. See h5value.h.
 *
 * Formatting never fails on data: what JSON cannot say exactly goes into "raw", the bytes of all elements in base64
 * (variable strings: each with its NUL), and the JSON value is then the nearest readable text. Reading takes "raw" only
 * while the JSON value is still the one that those bytes print as, so that a value edited by another program wins.
 *
 * Everything read is bounded by the JSON text at hand: a form is accepted only if the value really has that many
 * elements.
 */
#include "h5value.h"

#include "base/alloc.h"
#include "base/base64.h"
#include "base/error.h"
#include "err.h"
#include "h5elem.h"

#include <math.h>
#include <string.h>

/* A form read from a store may ask for this many bytes, and for FORM_BYTES_A_CHAR times the text's length if that is
 * more. */
#define FORM_BYTES ((uint64_t)64 << 20)
#define FORM_BYTES_A_CHAR 64

/* ---- single elements ---- */

double zvol_float_value(uint64_t bits, size_t size)
{
    double v;

    if (size == 8) {
        memcpy(&v, &bits, sizeof(v));
        return v;
    }
    if (size == 4) {
        const uint32_t low = (uint32_t)bits;
        float f;

        memcpy(&f, &low, sizeof(f));
        return (double)f;
    }
    {
        const int exponent = (int)(bits >> 10 & 31);
        const double mantissa = (double)(bits & 1023);

        if (exponent == 31)
            v = bits & 1023 ? (double)NAN : (double)INFINITY;
        else
            v = exponent == 0 ? ldexp(mantissa, -24) : ldexp(1024 + mantissa, exponent - 25);
        return bits & 0x8000 ? -v : v;
    }
}

static uint64_t half_bits(double v)
{
    const uint64_t sign = signbit(v) ? 0x8000 : 0;
    const double a = fabs(v);
    int exponent;

    if (isnan(v))
        return 0x7e00;
    if (a >= 65520)
        return sign | 0x7c00;
    (void)frexp(a, &exponent); /* a = f * 2^exponent, 1/2 <= f < 1 */
    if (exponent < -13 || a == 0)
        return sign | (uint64_t)nearbyint(ldexp(a, 24)); /* zero, a subnormal, or the smallest normal by a carry */
    /* 11 significant bits; a carry out of them moves into the exponent as it should. */
    return sign | (((uint64_t)(exponent + 13) << 10) + (uint64_t)nearbyint(ldexp(a, 11 - exponent)));
}

uint64_t zvol_float_bits(double v, size_t size)
{
    uint64_t bits = 0;

    if (size == 2)
        return half_bits(v);
    if (isnan(v))
        return size == 4 ? 0x7fc00000u : 0x7ff8000000000000u;
    if (size == 4) {
        const float f = (float)v;
        uint32_t low;

        memcpy(&low, &f, sizeof(low));
        return low;
    }
    memcpy(&bits, &v, sizeof(bits));
    return bits;
}

bool zvol_float_is_plain(uint64_t bits, size_t size)
{
    const double v = zvol_float_value(bits, size);

    return !isnan(v) || bits == zvol_float_bits(v, size);
}

/* The shortest decimal that reads back to the same half, as the double nearest to it. */
static double shortest_half(uint64_t bits)
{
    static const double powers[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12};
    const double v = zvol_float_value(bits, 2);

    if (!isfinite(v) || fabs(v) >= 2048)
        return v; /* an integer: its digits are the short ones */
    for (size_t decimals = 0; decimals < sizeof(powers) / sizeof(powers[0]); decimals++) {
        const double candidate = nearbyint(v * powers[decimals]) / powers[decimals];

        if (half_bits(candidate) == bits)
            return candidate;
    }
    return v;
}

static bool is_big(const zvol_type *t)
{
    return t->order == ZH_BIG;
}

/* The text of a string element; *n its length. */
static const char *element_text(const zvol_type *t, const void *p, size_t *n)
{
    const char *s = p;

    if (p && t->cls == ZVOL_T_VSTRING)
        memcpy(&s, p, sizeof(s));
    if (!s)
        *n = 0;
    else
        *n = t->cls == ZVOL_T_VSTRING ? strlen(s) : zvol_text_length(t, s);
    return s;
}

/* ---- formatting ---- */

typedef struct writer {
    zh_jsonw w;
    const zvol_attr_form *f;
    const uint8_t *at; /* next element; NULL: all are zero */
} writer;

static void write_float(zh_jsonw *w, uint64_t bits, size_t size)
{
    if (size == 8)
        zh_jsonw_f64(w, zvol_float_value(bits, 8));
    else if (size == 4)
        zh_jsonw_f32(w, (float)zvol_float_value(bits, 4));
    else
        zh_jsonw_f64(w, shortest_half(bits));
}

static void write_complex(zh_jsonw *w, const zvol_type *t, const uint8_t *p)
{
    const size_t half = t->size / 2;

    zh_jsonw_begin_array(w);
    write_float(w, p ? zvol_load_bits(p, half, is_big(t)) : 0, half);
    write_float(w, p ? zvol_load_bits(p + half, half, is_big(t)) : 0, half);
    zh_jsonw_end_array(w);
}

static void write_number(zh_jsonw *w, const zvol_type *t, const uint8_t *p)
{
    const uint64_t bits = p ? zvol_load_bits(p, t->size, is_big(t)) : 0;

    if (t->cls == ZVOL_T_FLOAT)
        write_float(w, bits, t->size);
    else if (t->cls == ZVOL_T_BOOL)
        zh_jsonw_bool(w, bits != 0);
    else if (t->cls == ZVOL_T_INT || (t->cls == ZVOL_T_ENUM && t->is_signed))
        zh_jsonw_i64(w, zvol_sign_extend(bits, t->size));
    else
        zh_jsonw_u64(w, bits);
}

/* Up to an embedded NUL: JSON's escape of it is refused by readers in C. */
static void write_text(zh_jsonw *w, const zvol_type *t, const uint8_t *p)
{
    size_t n;
    const char *s = element_text(t, p, &n);

    zh_jsonw_str_n(w, s ? s : "", strnlen(s ? s : "", n));
}

static void write_element(writer *x)
{
    const zvol_type *t = &x->f->type;

    if (t->cls == ZVOL_T_COMPLEX)
        write_complex(&x->w, t, x->at);
    else if (t->cls == ZVOL_T_FSTRING || t->cls == ZVOL_T_VSTRING)
        write_text(&x->w, t, x->at);
    else
        write_number(&x->w, t, x->at);
    if (x->at)
        x->at += t->size;
}

static void write_axis(writer *x, unsigned axis)
{
    if (axis == x->f->rank) {
        write_element(x);
        return;
    }
    zh_jsonw_begin_array(&x->w);
    for (hsize_t i = 0; i < x->f->dims[axis] && x->w.rc == ZH_OK; i++)
        write_axis(x, axis + 1);
    zh_jsonw_end_array(&x->w);
}

int zvol_value_format(zh_buf *json, const zvol_attr_form *f, const void *data, zh_error *err)
{
    const size_t n = zvol_attr_form_npoints(f);
    writer x = {.f = f, .at = data};

    zh_jsonw_init(&x.w, json, err);
    if (f->null_space) {
        zh_jsonw_null(&x.w);
    } else if (n == 0) {
        zh_jsonw_begin_array(&x.w);
        zh_jsonw_end_array(&x.w);
    } else if (n == 1) {
        write_element(&x);
    } else {
        write_axis(&x, 0);
    }
    return zh_jsonw_finish(&x.w);
}

/* ---- what JSON alone does not say ---- */

static bool text_is_exact(const zvol_type *t, const uint8_t *p)
{
    size_t n;
    const char *s = element_text(t, p, &n);

    return !s || (zh_utf8_valid(s, n) && memchr(s, 0, n) == NULL);
}

/* Whether the element's JSON reads back to the same element, its type being known. */
static bool element_is_exact(const zvol_type *t, const uint8_t *p)
{
    const size_t half = t->size / 2;

    switch ((zvol_tclass)t->cls) {
    case ZVOL_T_FLOAT:
        return zvol_float_is_plain(zvol_load_bits(p, t->size, is_big(t)), t->size);
    case ZVOL_T_COMPLEX:
        return zvol_float_is_plain(zvol_load_bits(p, half, is_big(t)), half) &&
               zvol_float_is_plain(zvol_load_bits(p + half, half, is_big(t)), half);
    case ZVOL_T_BOOL:
        return *p <= 1;
    case ZVOL_T_FSTRING:
    case ZVOL_T_VSTRING:
        return text_is_exact(t, p);
    case ZVOL_T_INT:
    case ZVOL_T_UINT:
    case ZVOL_T_BITFIELD:
    case ZVOL_T_ENUM:
        break;
    }
    return true;
}

static bool value_is_exact(const zvol_type *t, const uint8_t *p, size_t n)
{
    for (size_t i = 0; p && i < n; i++, p += t->size)
        if (!element_is_exact(t, p))
            return false;
    return true;
}

/* NaN and infinities are strings in JSON, so they do not tell that the value is a float. */
static bool all_finite(const zvol_type *t, const uint8_t *p, size_t n)
{
    for (size_t i = 0; p && i < n; i++, p += t->size)
        if (!isfinite(zvol_float_value(zvol_load_bits(p, t->size, is_big(t)), t->size)))
            return false;
    return true;
}

/* Whether the JSON value alone makes a reader infer this type. */
static bool type_is_default(const zvol_attr_form *f, const void *data, size_t n)
{
    const zvol_type *t = &f->type;

    if (n == 0)
        return false;
    switch ((zvol_tclass)t->cls) {
    case ZVOL_T_INT:
        return t->size == 8 && t->order == ZH_LITTLE;
    case ZVOL_T_FLOAT:
        return t->size == 8 && t->order == ZH_LITTLE && all_finite(t, data, n);
    case ZVOL_T_BOOL:
        return t->order == ZH_LITTLE;
    case ZVOL_T_VSTRING:
        return t->cset == H5T_CSET_UTF8 && t->strpad == H5T_STR_NULLTERM;
    default:
        return false;
    }
}

/* The elements one after the other, variable strings each with a NUL. */
static int pack_elements(zh_buf *out, const zvol_type *t, const uint8_t *p, size_t n, zh_error *err)
{
    int rc = ZH_OK;

    if (t->cls != ZVOL_T_VSTRING)
        return zh_buf_append(out, p, n * t->size, err);
    for (size_t i = 0; i < n && rc == ZH_OK; i++, p += t->size) {
        size_t len;
        const char *s = element_text(t, p, &len);

        rc = zh_buf_append(out, s ? s : "", len + 1, err);
    }
    return rc;
}

static int write_raw(zh_jsonw *w, const zvol_type *t, const uint8_t *p, size_t n, zh_error *err)
{
    zh_buf bytes = ZH_BUF_INIT(SIZE_MAX / 4), text = ZH_BUF_INIT(SIZE_MAX / 2);
    int rc = pack_elements(&bytes, t, p, n, err);

    if (rc == ZH_OK)
        rc = zh_base64_encode(&text, bytes.ptr, bytes.len, err);
    if (rc == ZH_OK) {
        zh_jsonw_key(w, "raw");
        zh_jsonw_str_n(w, (const char *)text.ptr, text.len);
    }
    zh_buf_dispose(&bytes);
    zh_buf_dispose(&text);
    return rc;
}

static void write_shape(zh_jsonw *w, const zvol_attr_form *f)
{
    zh_jsonw_key(w, "shape");
    zh_jsonw_begin_array(w);
    for (unsigned i = 0; i < f->rank; i++)
        zh_jsonw_u64(w, f->dims[i]);
    zh_jsonw_end_array(w);
}

bool zvol_attr_form_is_constant(const zvol_attr_form *f)
{
    /* Strings may need raw bytes, floats their type or their payload, depending on the value. */
    return f->type.cls != ZVOL_T_FLOAT && f->type.cls != ZVOL_T_COMPLEX && f->type.cls != ZVOL_T_FSTRING &&
           f->type.cls != ZVOL_T_VSTRING;
}

int zvol_attr_form_format(zh_buf *h5, const zvol_attr_form *f, const void *data, zh_error *err)
{
    const size_t n = zvol_attr_form_npoints(f);
    zh_jsonw w;
    int rc = ZH_OK;

    zh_jsonw_init(&w, h5, err);
    if (!type_is_default(f, data, n)) {
        zh_jsonw_key(&w, "type");
        zvol_type_format(&w, &f->type);
    }
    if (f->null_space) {
        zh_jsonw_key(&w, "space");
        zh_jsonw_str(&w, "H5S_NULL");
    } else if (n == 0 || (n == 1 && f->rank > 0)) {
        write_shape(&w, f);
    }
    if (!value_is_exact(&f->type, data, n))
        rc = write_raw(&w, &f->type, data, n, err);
    return rc < 0 ? rc : zh_jsonw_finish(&w);
}

/* ---- forms ---- */

void zvol_attr_form_dispose(zvol_attr_form *f)
{
    zvol_type_dispose(&f->type);
}

int zvol_attr_form_capture(zvol_attr_form *out, hid_t type, hid_t space, zh_error *err)
{
    const H5S_class_t cls = H5Sget_simple_extent_type(space);
    const int rank = cls == H5S_NO_CLASS ? -1 : H5Sget_simple_extent_dims(space, out->dims, NULL);

    memset(out, 0, offsetof(zvol_attr_form, dims));
    if (rank < 0)
        return zvol_err_h5(err, ZH_INVALID, "not a dataspace");
    if (rank == 0 && cls == H5S_SIMPLE)
        return zh_error_set(err, ZH_INVALID, "the attribute's dataspace has no extent");
    out->null_space = cls == H5S_NULL;
    out->rank = (unsigned)rank;
    return zvol_type_capture(&out->type, type, err);
}

size_t zvol_attr_form_npoints(const zvol_attr_form *f)
{
    size_t n = 1;

    if (f->null_space)
        return 0;
    for (unsigned i = 0; i < f->rank; i++)
        n *= (size_t)f->dims[i];
    return n;
}

/* ---- default inference ---- */

enum leaf_kinds {
    LEAF_INT = 1,
    LEAF_NEGATIVE = 2,
    LEAF_BIG = 4,
    LEAF_REAL = 8,
    LEAF_BOOL = 16,
    LEAF_STRING = 32,
    LEAF_OTHER = 64
};

static unsigned leaf_kind(const zh_json *j)
{
    int64_t i;
    uint64_t u;

    switch (zh_json_typeof(j)) {
    case ZH_JSON_BOOL:
        return LEAF_BOOL;
    case ZH_JSON_STRING:
        return LEAF_STRING;
    case ZH_JSON_NUMBER:
        if (zh_json_i64(j, &i))
            return i < 0 ? LEAF_INT | LEAF_NEGATIVE : LEAF_INT;
        return zh_json_u64(j, &u) ? LEAF_BIG : LEAF_REAL;
    default:
        return LEAF_OTHER;
    }
}

/* Kinds of all leaves below j, which must be a rectangle of f's dims from axis on. */
static unsigned collect_kinds(const zvol_attr_form *f, const zh_json *j, unsigned axis)
{
    unsigned kinds = 0;

    if (axis == f->rank)
        return leaf_kind(j);
    if (zh_json_typeof(j) != ZH_JSON_ARRAY || zh_json_size(j) != f->dims[axis])
        return LEAF_OTHER;
    for (const zh_json *k = zh_json_first(j); k && !(kinds & LEAF_OTHER); k = zh_json_next(k))
        kinds |= collect_kinds(f, k, axis + 1);
    return kinds;
}

static void set_number(zvol_type *t, zvol_tclass cls, uint32_t size)
{
    t->cls = (uint8_t)cls;
    t->order = ZH_LITTLE;
    t->size = size;
}

static void set_utf8(zvol_type *t)
{
    const zh_dtype text = {.kind = ZH_K_STRING};

    (void)zvol_type_infer(t, &text, NULL);
}

static bool set_type_of_kinds(zvol_type *t, unsigned kinds)
{
    const unsigned not_numbers = LEAF_STRING | LEAF_BOOL | LEAF_OTHER;
    const unsigned both = LEAF_BIG | LEAF_NEGATIVE; /* no 64-bit integer holds them */

    if (kinds == LEAF_STRING)
        set_utf8(t);
    else if (kinds == LEAF_BOOL)
        set_number(t, ZVOL_T_BOOL, 1);
    else if (kinds == 0 || (kinds & not_numbers) || (kinds & both) == both)
        return false;
    else if (kinds & LEAF_REAL)
        set_number(t, ZVOL_T_FLOAT, 8);
    else
        set_number(t, kinds & LEAF_BIG ? ZVOL_T_UINT : ZVOL_T_INT, 8);
    return true;
}

/* Dimensions by the first element of each level. */
static void measure(zvol_attr_form *f, const zh_json *j)
{
    for (f->rank = 0; f->rank < H5S_MAX_RANK && zh_json_typeof(j) == ZH_JSON_ARRAY && zh_json_size(j) > 0;
         j = zh_json_first(j))
        f->dims[f->rank++] = zh_json_size(j);
}

/* The form of a value of which nothing else is known; what HDF5 has no type for becomes its JSON text. */
static void infer_default(zvol_attr_form *out, const zh_json *j)
{
    memset(out, 0, offsetof(zvol_attr_form, dims));
    measure(out, j);
    if (set_type_of_kinds(&out->type, collect_kinds(out, j, 0)))
        return;
    out->rank = 0;
    set_utf8(&out->type);
}

/* ---- elements from JSON ---- */

typedef bool (*leaf_fn)(void *payload, const zvol_type *t, const zh_json *leaf);

/* One element that may stand in arrays of one. */
static const zh_json *unwrap(const zh_json *j)
{
    while (zh_json_typeof(j) == ZH_JSON_ARRAY && zh_json_size(j) == 1)
        j = zh_json_first(j);
    return j;
}

static bool walk_axis(const zvol_attr_form *f, unsigned axis, const zh_json *j, leaf_fn fn, void *payload)
{
    if (axis == f->rank)
        return fn(payload, &f->type, j);
    if (zh_json_typeof(j) != ZH_JSON_ARRAY || zh_json_size(j) != f->dims[axis])
        return false;
    for (const zh_json *k = zh_json_first(j); k; k = zh_json_next(k))
        if (!walk_axis(f, axis + 1, k, fn, payload))
            return false;
    return true;
}

/* Calls fn for each element in order; false if the value does not have this form or fn says so. */
static bool walk(const zvol_attr_form *f, const zh_json *j, leaf_fn fn, void *payload)
{
    const size_t n = zvol_attr_form_npoints(f);

    if (f->null_space)
        return zh_json_typeof(j) == ZH_JSON_NULL;
    if (n == 0)
        return zh_json_typeof(j) == ZH_JSON_NULL || (zh_json_typeof(j) == ZH_JSON_ARRAY && zh_json_size(j) == 0);
    if (n == 1)
        return fn(payload, &f->type, unwrap(j));
    return walk_axis(f, 0, j, fn, payload);
}

static bool parse_integer(uint64_t *bits, const zvol_type *t, const zh_json *j)
{
    const bool is_signed = t->cls == ZVOL_T_INT || (t->cls == ZVOL_T_ENUM && t->is_signed);
    int64_t i;

    if (!is_signed)
        return zh_json_u64(j, bits) && (t->size == 8 || *bits >> (8 * t->size) == 0);
    if (!zh_json_i64(j, &i))
        return false;
    *bits = (uint64_t)i;
    return zvol_sign_extend(*bits & (UINT64_MAX >> (64 - 8 * t->size)), t->size) == i;
}

/* The float nearest to a decimal: rounding to double first may end at the neighbour, which the printed digits tell. */
static float nearest_float(double v, const char *token)
{
    const float f = (float)v;
    const float around[] = {f, nextafterf(f, -INFINITY), nextafterf(f, INFINITY)};
    char text[32];

    for (size_t i = 0; i < 3; i++) {
        zh_format_f32(text, around[i]);
        if (strcmp(text, token) == 0)
            return around[i];
    }
    return f;
}

static bool parse_float(uint64_t *bits, size_t size, const zh_json *j)
{
    const char *s = zh_json_str(j);
    char token[40];
    const char *text;
    double v;

    if (s) {
        if (strcmp(s, "NaN") != 0 && strcmp(s, "Infinity") != 0 && strcmp(s, "-Infinity") != 0)
            return false;
        v = s[0] == 'N' ? (double)NAN : s[0] == '-' ? -(double)INFINITY : (double)INFINITY;
    } else if (!zh_json_double(j, &v)) {
        return false;
    }
    text = size == 4 && isfinite(v) ? zh_json_number_text(j, token) : NULL;
    *bits = zvol_float_bits(text ? (double)nearest_float(v, text) : v, size);
    return true;
}

static bool store_complex(uint8_t *p, const zvol_type *t, const zh_json *j)
{
    const zh_json *re = zh_json_first(j);
    const zh_json *im = zh_json_next(re);
    const size_t half = t->size / 2;
    uint64_t bits[2];

    if (zh_json_typeof(j) != ZH_JSON_ARRAY || zh_json_size(j) != 2 || !parse_float(&bits[0], half, re) ||
        !parse_float(&bits[1], half, im))
        return false;
    if (p) {
        zvol_store_bits(p, half, is_big(t), bits[0]);
        zvol_store_bits(p + half, half, is_big(t), bits[1]);
    }
    return true;
}

static bool store_fixed_text(uint8_t *p, const zvol_type *t, const zh_json *j)
{
    const char *s = zh_json_str(j);
    const size_t n = s ? strnlen(s, (size_t)t->size + 1) : 0;

    if (!s || n > t->size)
        return false;
    if (p) {
        memset(p, t->strpad == H5T_STR_SPACEPAD ? ' ' : 0, t->size);
        memcpy(p, s, n);
    }
    return true;
}

/* p NULL: only tells whether it fits. *failed: out of memory. */
static bool store_element(uint8_t *p, const zvol_type *t, const zh_json *j, bool *failed)
{
    uint64_t bits = 0;
    bool flag, ok;

    switch ((zvol_tclass)t->cls) {
    case ZVOL_T_COMPLEX:
        return store_complex(p, t, j);
    case ZVOL_T_FSTRING:
        return store_fixed_text(p, t, j);
    case ZVOL_T_VSTRING:
        if (p && zh_json_str(j)) {
            char *copy = zh_strdup(zh_json_str(j));

            *failed = copy == NULL;
            memcpy(p, &copy, sizeof(copy));
        }
        return zh_json_str(j) != NULL && !*failed;
    case ZVOL_T_BOOL:
        ok = zh_json_bool(j, &flag);
        bits = ok && flag;
        break;
    case ZVOL_T_FLOAT:
        ok = parse_float(&bits, t->size, j);
        break;
    default:
        ok = parse_integer(&bits, t, j);
        break;
    }
    if (ok && p)
        zvol_store_bits(p, t->size, is_big(t), bits);
    return ok;
}

static bool check_leaf(void *payload, const zvol_type *t, const zh_json *leaf)
{
    return store_element(NULL, t, leaf, payload);
}

/* ---- forms from _HDF5.attrs ---- */

static bool parse_shape(zvol_attr_form *out, const zh_json *shape)
{
    out->rank = 0;
    if (zh_json_typeof(shape) != ZH_JSON_ARRAY || zh_json_size(shape) > H5S_MAX_RANK)
        return false;
    for (const zh_json *k = zh_json_first(shape); k; k = zh_json_next(k)) {
        uint64_t dim;

        if (!zh_json_u64(k, &dim))
            return false;
        out->dims[out->rank++] = dim;
    }
    return true;
}

static bool says_null(const zh_json *h5)
{
    const char *space = zh_json_str(zh_json_get(h5, "space"));
    const zh_json *shape = zh_json_get(h5, "shape");

    return (space && strcmp(space, "H5S_NULL") == 0) || (shape && zh_json_typeof(shape) == ZH_JSON_NULL);
}

/* Elements within reason: their number does not overflow, and their bytes are in proportion to the text. */
static bool is_bounded(const zvol_attr_form *f, size_t text_length)
{
    uint64_t bytes = f->type.size;

    for (unsigned i = 0; i < f->rank; i++)
        if (f->dims[i] == 0 || f->null_space)
            return true;
    for (unsigned i = 0; i < f->rank; i++)
        if (!zh_mul_u64(bytes, f->dims[i], &bytes))
            return false;
    return bytes <= FORM_BYTES || bytes / FORM_BYTES_A_CHAR <= text_length;
}

/* The form that the entry h5 states for the value j. false: none, or the two contradict each other. */
static bool read_entry(zvol_attr_form *out, const zh_json *j, const zh_json *h5, size_t text_length)
{
    const zh_json *type = zh_json_get(h5, "type");
    const zh_json *shape = zh_json_get(h5, "shape");
    bool failed = false;

    infer_default(out, j);
    if (type && zvol_type_parse(&out->type, type, NULL) < 0)
        return false;
    out->null_space = says_null(h5);
    if (out->null_space) {
        out->rank = 0;
    } else if (shape) {
        if (!parse_shape(out, shape))
            return false;
    } else if (type) {
        measure(out, j);
        if (out->type.cls == ZVOL_T_COMPLEX && out->rank > 0)
            out->rank--;
    }
    return is_bounded(out, text_length) && walk(out, j, check_leaf, &failed);
}

zh_json *zvol_members_parse(const char *members)
{
    zh_buf text = ZH_BUF_INIT(SIZE_MAX / 2);
    zh_json *j = NULL;

    if (members && zh_buf_putc(&text, '{', NULL) == ZH_OK && zh_buf_puts(&text, members, NULL) == ZH_OK &&
        zh_buf_putc(&text, '}', NULL) == ZH_OK && zh_json_parse(&j, (const char *)text.ptr, text.len, NULL) < 0)
        j = NULL;
    zh_buf_dispose(&text);
    return j;
}

int zvol_attr_form_infer(zvol_attr_form *out, const char *json, const char *h5, zh_error *err)
{
    zh_json *j = NULL, *entry;
    int rc = zh_json_parse(&j, json, strlen(json), err);

    memset(out, 0, offsetof(zvol_attr_form, dims));
    if (rc < 0)
        return rc;
    entry = zvol_members_parse(h5);
    if (!entry || !read_entry(out, j, entry, strlen(json))) {
        zvol_attr_form_dispose(out);
        infer_default(out, j);
    }
    zh_json_free(entry);
    zh_json_free(j);
    return ZH_OK;
}

/* ---- values ---- */

typedef struct reader {
    uint8_t *at;
    bool failed; /* out of memory */
} reader;

static bool read_leaf(void *payload, const zvol_type *t, const zh_json *leaf)
{
    reader *r = payload;
    const bool ok = store_element(r->at, t, leaf, &r->failed);

    r->at += t->size;
    return ok;
}

void zvol_value_free(void *data, const zvol_attr_form *f)
{
    const size_t n = zvol_attr_form_npoints(f);
    char **strings = data;

    if (f->type.cls != ZVOL_T_VSTRING || !data)
        return;
    for (size_t i = 0; i < n; i++) {
        zh_free(strings[i]);
        strings[i] = NULL;
    }
}

/* A value that is no string, under the form that infer_default gives it. */
static int read_as_text(void *data, const zh_json *j, zh_error *err)
{
    zh_buf text = ZH_BUF_INIT(SIZE_MAX / 2);
    int rc = zh_json_print(&text, j, err);
    char *copy = NULL;

    if (rc == ZH_OK) {
        copy = zh_strndup((const char *)text.ptr, text.len);
        rc = copy ? ZH_OK : zh_error_nomem(err);
    }
    memcpy(data, &copy, sizeof(copy));
    zh_buf_dispose(&text);
    return rc;
}

static int unpack_strings(char **out, size_t n, const zh_buf *bytes, zh_error *err)
{
    const char *s = (const char *)bytes->ptr;

    for (size_t i = 0; i < n; i++, s += strlen(s) + 1) {
        out[i] = zh_strdup(s);
        if (!out[i])
            return zh_error_nomem(err);
    }
    return ZH_OK;
}

/* Whether bytes are n packed elements. */
static bool is_packed(const zvol_type *t, size_t n, const zh_buf *bytes)
{
    size_t ends = 0;

    if (t->cls != ZVOL_T_VSTRING)
        return bytes->len == n * t->size;
    for (size_t i = 0; i < bytes->len; i++)
        ends += bytes->ptr[i] == 0;
    return ends == n && n > 0 && bytes->ptr[bytes->len - 1] == 0;
}

/* Whether the elements print as the value j. */
static bool prints_as(const zvol_attr_form *f, const void *data, const zh_json *j)
{
    zh_buf printed = ZH_BUF_INIT(SIZE_MAX / 2), stored = ZH_BUF_INIT(SIZE_MAX / 2);
    const bool same = zvol_value_format(&printed, f, data, NULL) == ZH_OK && zh_json_print(&stored, j, NULL) == ZH_OK &&
                      printed.len == stored.len && memcmp(printed.ptr, stored.ptr, stored.len) == 0;

    zh_buf_dispose(&printed);
    zh_buf_dispose(&stored);
    return same;
}

/* Takes the value from "raw". *taken false: there is none, or it is not the value's. */
static int read_raw(bool *taken, void *data, const zvol_attr_form *f, const zh_json *j, const zh_json *entry,
                    zh_error *err)
{
    const size_t n = zvol_attr_form_npoints(f);
    const char *text = zh_json_str(zh_json_get(entry, "raw"));
    zh_buf bytes = ZH_BUF_INIT(text ? strlen(text) : 0);
    int rc = ZH_OK;

    *taken = false;
    if (text && n > 0 && zh_base64_decode(&bytes, text, strlen(text), NULL) == ZH_OK &&
        is_packed(&f->type, n, &bytes)) {
        if (f->type.cls == ZVOL_T_VSTRING)
            rc = unpack_strings(data, n, &bytes, err);
        else
            memcpy(data, bytes.ptr, bytes.len);
        *taken = rc == ZH_OK && prints_as(f, data, j);
        if (!*taken) {
            zvol_value_free(data, f);
            memset(data, 0, n * f->type.size);
        }
    }
    zh_buf_dispose(&bytes);
    return rc;
}

static int read_value(void *data, const zvol_attr_form *f, const zh_json *j, const zh_json *entry, zh_error *err)
{
    reader r = {data, false};
    bool taken;
    int rc = read_raw(&taken, data, f, j, entry, err);

    if (rc < 0 || taken)
        return rc;
    if (f->type.cls == ZVOL_T_VSTRING && f->rank == 0 && !f->null_space && !zh_json_str(unwrap(j)))
        return read_as_text(data, j, err);
    if (walk(f, j, read_leaf, &r))
        return ZH_OK;
    if (r.failed)
        return zh_error_nomem(err);
    return zh_error_set(err, ZH_CORRUPT, "the attribute's value is not of the type and shape that is stored for it");
}

int zvol_value_parse(void *data, const zvol_attr_form *f, const char *json, const char *h5, zh_error *err)
{
    zh_json *j = NULL, *entry;
    int rc;

    if (zvol_attr_form_npoints(f) == 0)
        return ZH_OK;
    memset(data, 0, zvol_attr_form_npoints(f) * f->type.size);
    rc = zh_json_parse(&j, json, strlen(json), err);
    if (rc < 0)
        return rc;
    entry = zvol_members_parse(h5);
    rc = read_value(data, f, j, entry, err);
    if (rc < 0)
        zvol_value_free(data, f);
    zh_json_free(entry);
    zh_json_free(j);
    return rc;
}
