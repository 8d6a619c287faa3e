/* h5type.c - HDF5 datatypes to plain structs and back. See h5type.h.
 *
 * Capture is on the path of every create, read and write: for the standard types it is a handful of queries and no
 * allocation. It is exact: a type is taken only if making it again from the struct gives an equal one.
 */
#include "h5type.h"

#include "base/alloc.h"
#include "base/error.h"
#include "err.h"
#include "h5elem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLASS_COMPLEX 11        /* H5T_COMPLEX of HDF5 2.x */
#define ENUM_MEMBERS_MAX 65535u /* as many as HDF5's own file format can count */

/* Where the parts of an IEEE float stand. */
typedef struct float_layout {
    size_t sign, exponent, exponent_size, mantissa, mantissa_size, bias;
} float_layout;

static const float_layout half_layout = {15, 10, 5, 0, 10, 15};
static const float_layout single_layout = {31, 23, 8, 0, 23, 127};
static const float_layout double_layout = {63, 52, 11, 0, 52, 1023};

static bool is_word(size_t size)
{
    return size == 1 || size == 2 || size == 4 || size == 8;
}

void zvol_type_dispose(zvol_type *t)
{
    for (unsigned i = 0; i < t->nmembers; i++)
        zh_free(t->members[i].name);
    zh_free(t->members);
    t->members = NULL;
    t->nmembers = 0;
}

int zvol_type_copy(zvol_type *out, const zvol_type *t, zh_error *err)
{
    zvol_type copy = *t;

    copy.members = NULL;
    copy.nmembers = 0;
    if (t->nmembers > 0) {
        copy.members = zh_calloc(t->nmembers, sizeof(*copy.members));
        if (!copy.members)
            return zh_error_nomem(err);
    }
    for (; copy.nmembers < t->nmembers; copy.nmembers++) {
        zvol_enum_member *m = &copy.members[copy.nmembers];

        m->value = t->members[copy.nmembers].value;
        m->name = zh_strdup(t->members[copy.nmembers].name);
        if (!m->name) {
            zvol_type_dispose(&copy);
            return zh_error_nomem(err);
        }
    }
    *out = copy;
    return ZH_OK;
}

bool zvol_type_equal(const zvol_type *a, const zvol_type *b)
{
    if (a->cls != b->cls || a->order != b->order || a->strpad != b->strpad || a->cset != b->cset ||
        a->size != b->size || a->is_signed != b->is_signed || a->nmembers != b->nmembers)
        return false;
    for (unsigned i = 0; i < a->nmembers; i++)
        if (a->members[i].value != b->members[i].value || strcmp(a->members[i].name, b->members[i].name) != 0)
            return false;
    return true;
}

size_t zvol_text_length(const zvol_type *t, const char *s)
{
    const char pad = t->strpad == H5T_STR_SPACEPAD ? ' ' : '\0';
    size_t n = t->size;

    if (t->strpad == H5T_STR_NULLTERM)
        return strnlen(s, n);
    while (n > 0 && s[n - 1] == pad)
        n--;
    return n;
}

/* ---- capture ---- */

static int capture_order(zvol_type *out, hid_t type, zh_error *err)
{
    const H5T_order_t order = H5Tget_order(type);

    if (order == H5T_ORDER_LE)
        out->order = ZH_LITTLE;
    else if (order == H5T_ORDER_BE)
        out->order = ZH_BIG;
    else
        return zh_error_set(err, ZH_UNSUPPORTED, "numbers in VAX or mixed byte order are not supported");
    return ZH_OK;
}

/* Integers, bitfields and enums: all bits in use. */
static int capture_word(zvol_type *out, hid_t type, const char *what, zh_error *err)
{
    const size_t size = H5Tget_size(type);
    const size_t precision = H5Tget_precision(type);

    if (!is_word(size) || precision != 8 * size)
        return zh_error_set(err, ZH_UNSUPPORTED, "%zu-bit %s of precision %zu is not supported", 8 * size, what,
                            precision);
    out->size = (uint32_t)size;
    return capture_order(out, type, err);
}

static int capture_integer(zvol_type *out, hid_t type, zh_error *err)
{
    out->cls = H5Tget_sign(type) == H5T_SGN_NONE ? ZVOL_T_UINT : ZVOL_T_INT;
    return capture_word(out, type, "integer", err);
}

static bool has_layout(hid_t type, const float_layout *l)
{
    size_t spos, epos, esize, mpos, msize;

    return H5Tget_fields(type, &spos, &epos, &esize, &mpos, &msize) >= 0 && spos == l->sign && epos == l->exponent &&
           esize == l->exponent_size && mpos == l->mantissa && msize == l->mantissa_size &&
           H5Tget_ebias(type) == l->bias && H5Tget_norm(type) == H5T_NORM_IMPLIED &&
           H5Tget_precision(type) == l->sign + 1;
}

/* A float that is one of IEEE's: one comparison where HDF5 has such a type, else by its fields. */
static bool is_ieee(hid_t type, size_t size, bool big)
{
    if (size == 4)
        return H5Tequal(type, big ? H5T_IEEE_F32BE_g : H5T_IEEE_F32LE_g) > 0 || has_layout(type, &single_layout);
    if (size == 8)
        return H5Tequal(type, big ? H5T_IEEE_F64BE_g : H5T_IEEE_F64LE_g) > 0 || has_layout(type, &double_layout);
    return size == 2 && has_layout(type, &half_layout);
}

static int capture_float(zvol_type *out, hid_t type, zh_error *err)
{
    const size_t size = H5Tget_size(type);
    size_t spos, epos, esize = 0, mpos, msize;
    int rc = capture_order(out, type, err);

    if (rc < 0)
        return rc;
    out->cls = ZVOL_T_FLOAT;
    out->size = (uint32_t)size;
    if (is_ieee(type, size, out->order == ZH_BIG))
        return ZH_OK;
    H5Tget_fields(type, &spos, &epos, &esize, &mpos, &msize);
    return zh_error_set(
        err, ZH_UNSUPPORTED,
        "%zu-bit float of precision %zu with an exponent of %zu bits is not supported (IEEE of 16, 32, 64 bits are)",
        8 * size, H5Tget_precision(type), esize);
}

static int capture_string(zvol_type *out, hid_t type, zh_error *err)
{
    const htri_t variable = H5Tis_variable_str(type);
    const H5T_str_t pad = H5Tget_strpad(type);
    const H5T_cset_t cset = H5Tget_cset(type);
    const size_t size = H5Tget_size(type);

    if (variable < 0 || pad < H5T_STR_NULLTERM || pad > H5T_STR_SPACEPAD ||
        (cset != H5T_CSET_ASCII && cset != H5T_CSET_UTF8) || size == 0 || size > UINT32_MAX)
        return zh_error_set(err, ZH_UNSUPPORTED,
                            "strings of %zu bytes with padding %d and character set %d are not supported", size,
                            (int)pad, (int)cset);
    out->cls = variable ? ZVOL_T_VSTRING : ZVOL_T_FSTRING;
    out->order = ZH_ORDER_NONE;
    out->strpad = (uint8_t)pad;
    out->cset = (uint8_t)cset;
    out->size = (uint32_t)size;
    return ZH_OK;
}

static int capture_member(zvol_enum_member *m, const zvol_type *t, hid_t type, unsigned i, zh_error *err)
{
    uint8_t value[8] = {0};
    char *name = H5Tget_member_name(type, i);
    uint64_t bits;
    int rc = ZH_OK;

    if (!name || H5Tget_member_value(type, i, value) < 0) {
        H5free_memory(name);
        return zvol_err_h5(err, ZH_INVALID, "an enum's member cannot be read");
    }
    bits = zvol_load_bits(value, t->size, t->order == ZH_BIG);
    m->value = t->is_signed ? zvol_sign_extend(bits, t->size) : (int64_t)bits;
    if (!zh_utf8_valid(name, strlen(name)))
        rc = zh_error_set(err, ZH_UNSUPPORTED, "an enum with a member name that is not UTF-8 is not supported");
    if (rc == ZH_OK) {
        m->name = zh_strdup(name);
        rc = m->name ? ZH_OK : zh_error_nomem(err);
    }
    H5free_memory(name);
    return rc;
}

/* h5py's bool, member for member. */
static bool is_bool(const zvol_type *t)
{
    return t->size == 1 && t->is_signed && t->nmembers == 2 && t->members[0].value == 0 && t->members[1].value == 1 &&
           strcmp(t->members[0].name, "FALSE") == 0 && strcmp(t->members[1].name, "TRUE") == 0;
}

/* An enum whose members are complete: bool if it is h5py's. */
static void settle_enum(zvol_type *t)
{
    t->cls = ZVOL_T_ENUM;
    if (is_bool(t)) {
        zvol_type_dispose(t);
        t->cls = ZVOL_T_BOOL;
        t->is_signed = false;
    }
}

static int capture_enum(zvol_type *out, hid_t type, zh_error *err)
{
    const int n = H5Tget_nmembers(type);
    int rc = capture_word(out, type, "enum", err);

    if (rc < 0)
        return rc;
    if (n < 1 || (unsigned)n > ENUM_MEMBERS_MAX)
        return zh_error_set(err, ZH_UNSUPPORTED, "an enum of %d members is not supported", n);
    out->is_signed = H5Tget_sign(type) != H5T_SGN_NONE;
    out->members = zh_calloc((size_t)n, sizeof(*out->members));
    if (!out->members)
        return zh_error_nomem(err);
    for (; rc == ZH_OK && out->nmembers < (unsigned)n; out->nmembers += rc == ZH_OK)
        rc = capture_member(&out->members[out->nmembers], out, type, out->nmembers, err);
    if (rc == ZH_OK)
        settle_enum(out);
    return rc;
}

static bool member_is(hid_t type, unsigned i, const char *name)
{
    char *found = H5Tget_member_name(type, i);
    const bool equal = found && strcmp(found, name) == 0;

    H5free_memory(found);
    return equal;
}

/* The float of member i, if it is an IEEE one. */
static bool member_float(zvol_type *out, hid_t type, unsigned i)
{
    const hid_t member = H5Tget_member_type(type, i);
    bool ok = false;

    memset(out, 0, sizeof(*out));
    if (member >= 0) {
        ok = H5Tget_class(member) == H5T_FLOAT && capture_float(out, member, NULL) == ZH_OK;
        H5Tclose(member);
    }
    return ok;
}

/* {r, i} of two equal IEEE floats of 4 or 8 bytes without padding, as h5py and PyTables write complex numbers. */
static bool capture_complex(zvol_type *out, hid_t type)
{
    zvol_type r, i;

    if (H5Tget_nmembers(type) != 2 || !member_is(type, 0, "r") || !member_is(type, 1, "i") ||
        !member_float(&r, type, 0) || !member_float(&i, type, 1) || !zvol_type_equal(&r, &i) || r.size < 4)
        return false;
    if (H5Tget_member_offset(type, 0) != 0 || H5Tget_member_offset(type, 1) != r.size ||
        H5Tget_size(type) != 2 * (size_t)r.size)
        return false;
    *out = r;
    out->cls = ZVOL_T_COMPLEX;
    out->size = 2 * r.size;
    return true;
}

static int refuse_class(int cls, hid_t type, zh_error *err)
{
    const size_t size = H5Tget_size(type);

    switch (cls) {
    case H5T_TIME:
        return zh_error_set(err, ZH_UNSUPPORTED, "time types are not supported");
    case H5T_OPAQUE:
        return zh_error_set(err, ZH_UNSUPPORTED, "opaque types are not supported yet: %zu bytes", size);
    case H5T_COMPOUND:
        return zh_error_set(err, ZH_UNSUPPORTED, "compound types are not supported yet: %d members, %zu bytes",
                            H5Tget_nmembers(type), size);
    case H5T_REFERENCE:
        return zh_error_set(err, ZH_UNSUPPORTED, "references are not supported yet");
    case H5T_VLEN:
        return zh_error_set(err, ZH_UNSUPPORTED, "variable-length sequences other than strings are not supported yet");
    case H5T_ARRAY:
        return zh_error_set(err, ZH_UNSUPPORTED, "array types are not supported yet: %zu bytes", size);
    case CLASS_COMPLEX:
        return zh_error_set(err, ZH_UNSUPPORTED, "H5T_COMPLEX types are not supported yet: %zu bytes", size);
    default:
        return zh_error_set(err, ZH_UNSUPPORTED, "datatype class %d is not supported", cls);
    }
}

static int capture_class(zvol_type *out, int cls, hid_t type, zh_error *err)
{
    switch (cls) {
    case H5T_INTEGER:
        return capture_integer(out, type, err);
    case H5T_FLOAT:
        return capture_float(out, type, err);
    case H5T_STRING:
        return capture_string(out, type, err);
    case H5T_BITFIELD:
        out->cls = ZVOL_T_BITFIELD;
        return capture_word(out, type, "bitfield", err);
    case H5T_ENUM:
        return capture_enum(out, type, err);
    case H5T_COMPOUND:
        if (capture_complex(out, type))
            return ZH_OK;
        return refuse_class(cls, type, err);
    case H5T_NO_CLASS:
        return zvol_err_h5(err, ZH_INVALID, "not a datatype");
    default:
        return refuse_class(cls, type, err);
    }
}

/* HDF5's own number types cannot be changed, so what they are is asked once for each id. Programs in C and Fortran name
 * them at every call, and asking takes several calls through HDF5's lock. */
#define NUMBER_TYPES 36

typedef struct known_type {
    hid_t id;
    zvol_type type;
} known_type;

/* The place for a type of HDF5's own; NULL: it is none. Guarded by HDF5's lock. */
static known_type *known_place(hid_t type)
{
    static known_type known[NUMBER_TYPES];
    const hid_t own[NUMBER_TYPES] = {H5T_NATIVE_INT_g,   H5T_NATIVE_DOUBLE_g, H5T_NATIVE_FLOAT_g,  H5T_NATIVE_LONG_g,
                                     H5T_NATIVE_LLONG_g, H5T_NATIVE_INT32_g,  H5T_NATIVE_INT64_g,  H5T_NATIVE_UINT_g,
                                     H5T_NATIVE_ULONG_g, H5T_NATIVE_ULLONG_g, H5T_NATIVE_UINT32_g, H5T_NATIVE_UINT64_g,
                                     H5T_NATIVE_SHORT_g, H5T_NATIVE_USHORT_g, H5T_NATIVE_SCHAR_g,  H5T_NATIVE_UCHAR_g,
                                     H5T_NATIVE_INT16_g, H5T_NATIVE_UINT16_g, H5T_NATIVE_INT8_g,   H5T_NATIVE_UINT8_g,
                                     H5T_IEEE_F64LE_g,   H5T_IEEE_F32LE_g,    H5T_STD_I32LE_g,     H5T_STD_I64LE_g,
                                     H5T_STD_U32LE_g,    H5T_STD_U64LE_g,     H5T_STD_I16LE_g,     H5T_STD_U16LE_g,
                                     H5T_STD_I8LE_g,     H5T_STD_U8LE_g,      H5T_IEEE_F64BE_g,    H5T_IEEE_F32BE_g,
                                     H5T_STD_I32BE_g,    H5T_STD_I64BE_g,     H5T_STD_U32BE_g,     H5T_STD_U64BE_g};
    size_t i = 0;

    while (i < NUMBER_TYPES && own[i] != type)
        i++;
    return i < NUMBER_TYPES ? &known[i] : NULL;
}

static int capture_anew(zvol_type *out, hid_t type, zh_error *err)
{
    int rc;

    memset(out, 0, sizeof(*out));
    rc = capture_class(out, (int)H5Tget_class(type), type, err);
    if (rc < 0) {
        zvol_type_dispose(out);
        memset(out, 0, sizeof(*out));
    }
    return rc;
}

int zvol_type_capture(zvol_type *out, hid_t type, zh_error *err)
{
    known_type *known = type > 0 ? known_place(type) : NULL;
    int rc;

    if (known && known->id == type) {
        *out = known->type;
        return ZH_OK;
    }
    rc = capture_anew(out, type, err);
    if (rc == ZH_OK && known)
        *known = (known_type){type, *out};
    return rc;
}

/* ---- make ---- */

/* HDF5's own id of a number type, not to be closed; negative if it has none. */
static hid_t standard_id(zvol_tclass cls, size_t size, bool big)
{
    const int at = (size == 1 ? 0 : size == 2 ? 2 : size == 4 ? 4 : 6) + big;

    switch (cls) {
    case ZVOL_T_INT: {
        const hid_t ids[] = {H5T_STD_I8LE_g,  H5T_STD_I8BE_g,  H5T_STD_I16LE_g, H5T_STD_I16BE_g,
                             H5T_STD_I32LE_g, H5T_STD_I32BE_g, H5T_STD_I64LE_g, H5T_STD_I64BE_g};
        return ids[at];
    }
    case ZVOL_T_UINT: {
        const hid_t ids[] = {H5T_STD_U8LE_g,  H5T_STD_U8BE_g,  H5T_STD_U16LE_g, H5T_STD_U16BE_g,
                             H5T_STD_U32LE_g, H5T_STD_U32BE_g, H5T_STD_U64LE_g, H5T_STD_U64BE_g};
        return ids[at];
    }
    case ZVOL_T_BITFIELD: {
        const hid_t ids[] = {H5T_STD_B8LE_g,  H5T_STD_B8BE_g,  H5T_STD_B16LE_g, H5T_STD_B16BE_g,
                             H5T_STD_B32LE_g, H5T_STD_B32BE_g, H5T_STD_B64LE_g, H5T_STD_B64BE_g};
        return ids[at];
    }
    case ZVOL_T_FLOAT:
        if (size == 4)
            return big ? H5T_IEEE_F32BE_g : H5T_IEEE_F32LE_g;
        if (size == 8)
            return big ? H5T_IEEE_F64BE_g : H5T_IEEE_F64LE_g;
        return -1;
    default:
        return -1;
    }
}

/* HDF5 has a type of its own for it from 1.14.4 only. */
static hid_t make_half(bool big)
{
    const hid_t id = H5Tcopy(big ? H5T_IEEE_F32BE_g : H5T_IEEE_F32LE_g);
    const float_layout *l = &half_layout;

    if (id >= 0 && (H5Tset_fields(id, l->sign, l->exponent, l->exponent_size, l->mantissa, l->mantissa_size) < 0 ||
                    H5Tset_size(id, 2) < 0 || H5Tset_ebias(id, l->bias) < 0)) {
        H5Tclose(id);
        return -1;
    }
    return id;
}

static hid_t make_string(const zvol_type *t)
{
    const hid_t id = H5Tcopy(H5T_C_S1_g);

    if (id >= 0 && (H5Tset_size(id, t->cls == ZVOL_T_VSTRING ? H5T_VARIABLE : t->size) < 0 ||
                    H5Tset_strpad(id, (H5T_str_t)t->strpad) < 0 || H5Tset_cset(id, (H5T_cset_t)t->cset) < 0)) {
        H5Tclose(id);
        return -1;
    }
    return id;
}

static hid_t make_enum(const zvol_type *t, const zvol_enum_member *members, unsigned n)
{
    const bool big = t->order == ZH_BIG;
    const bool is_signed = t->cls == ZVOL_T_BOOL || t->is_signed;
    const hid_t id = H5Tenum_create(standard_id(is_signed ? ZVOL_T_INT : ZVOL_T_UINT, t->size, big));
    uint8_t value[8];

    for (unsigned i = 0; id >= 0 && i < n; i++) {
        zvol_store_bits(value, t->size, big, (uint64_t)members[i].value);
        if (H5Tenum_insert(id, members[i].name, value) < 0) {
            H5Tclose(id);
            return -1;
        }
    }
    return id;
}

static hid_t make_bool(const zvol_type *t)
{
    char no[] = "FALSE", yes[] = "TRUE";
    const zvol_enum_member members[] = {{no, 0}, {yes, 1}};

    return make_enum(t, members, 2);
}

static hid_t make_complex(const zvol_type *t)
{
    const size_t half = t->size / 2;
    const hid_t part = standard_id(ZVOL_T_FLOAT, half, t->order == ZH_BIG);
    const hid_t id = H5Tcreate(H5T_COMPOUND, t->size);

    if (id >= 0 && (H5Tinsert(id, "r", 0, part) < 0 || H5Tinsert(id, "i", half, part) < 0)) {
        H5Tclose(id);
        return -1;
    }
    return id;
}

static hid_t make_class(const zvol_type *t)
{
    switch ((zvol_tclass)t->cls) {
    case ZVOL_T_FSTRING:
    case ZVOL_T_VSTRING:
        return make_string(t);
    case ZVOL_T_BOOL:
        return make_bool(t);
    case ZVOL_T_ENUM:
        return make_enum(t, t->members, t->nmembers);
    case ZVOL_T_COMPLEX:
        return make_complex(t);
    case ZVOL_T_FLOAT:
        if (t->size == 2)
            return make_half(t->order == ZH_BIG);
        break;
    case ZVOL_T_INT:
    case ZVOL_T_UINT:
    case ZVOL_T_BITFIELD:
        break;
    }
    return H5Tcopy(standard_id((zvol_tclass)t->cls, t->size, t->order == ZH_BIG));
}

hid_t zvol_type_make(const zvol_type *t, zh_error *err)
{
    hid_t id;

    H5E_BEGIN_TRY
    {
        id = make_class(t);
        if (id < 0)
            zvol_err_h5(err, ZH_INTERNAL, "HDF5 does not make the datatype");
    }
    H5E_END_TRY
    return id;
}

/* ---- stored types ---- */

int zvol_type_stored(zh_dtype *out, const zvol_type *t, zh_format format, zh_error *err)
{
    static const uint8_t kinds[] = {
        [ZVOL_T_INT] = ZH_K_INT,         [ZVOL_T_UINT] = ZH_K_UINT,     [ZVOL_T_FLOAT] = ZH_K_FLOAT,
        [ZVOL_T_BITFIELD] = ZH_K_UINT,   [ZVOL_T_BOOL] = ZH_K_BOOL,     [ZVOL_T_ENUM] = ZH_K_UINT,
        [ZVOL_T_COMPLEX] = ZH_K_COMPLEX, [ZVOL_T_FSTRING] = ZH_K_BYTES, [ZVOL_T_VSTRING] = ZH_K_STRING};

    if (t->cls > ZVOL_T_VSTRING)
        return zh_error_set(err, ZH_INTERNAL, "unknown type class %u", t->cls);
    out->kind = kinds[t->cls];
    out->size = t->size;
    if (t->cls == ZVOL_T_ENUM && t->is_signed)
        out->kind = ZH_K_INT;
    if (t->cls == ZVOL_T_FSTRING && format == ZH_V3)
        out->kind = ZH_K_STRING;
    if (out->kind == ZH_K_STRING)
        out->size = 0;
    out->order = out->size == 1 || out->kind == ZH_K_STRING ? (uint8_t)ZH_ORDER_NONE : t->order;
    return ZH_OK;
}

static void infer_string(zvol_type *out)
{
    out->cls = ZVOL_T_VSTRING;
    out->order = ZH_ORDER_NONE;
    out->strpad = H5T_STR_NULLTERM;
    out->cset = H5T_CSET_UTF8;
    out->size = sizeof(char *);
}

int zvol_type_infer(zvol_type *out, const zh_dtype *stored, zh_error *err)
{
    memset(out, 0, sizeof(*out));
    out->size = stored->size;
    out->order = stored->order == ZH_ORDER_NONE ? (uint8_t)ZH_LITTLE : stored->order;
    switch ((zh_kind)stored->kind) {
    case ZH_K_BOOL:
        out->cls = ZVOL_T_BOOL;
        return ZH_OK;
    case ZH_K_INT:
        out->cls = ZVOL_T_INT;
        return ZH_OK;
    case ZH_K_UINT:
        out->cls = ZVOL_T_UINT;
        return ZH_OK;
    case ZH_K_FLOAT:
        out->cls = ZVOL_T_FLOAT;
        return ZH_OK;
    case ZH_K_COMPLEX:
        out->cls = ZVOL_T_COMPLEX;
        return ZH_OK;
    case ZH_K_BYTES:
        out->cls = ZVOL_T_FSTRING;
        out->order = ZH_ORDER_NONE;
        out->strpad = H5T_STR_NULLPAD;
        out->cset = H5T_CSET_ASCII;
        return ZH_OK;
    case ZH_K_UTF32:
    case ZH_K_STRING:
        infer_string(out);
        return ZH_OK;
    case ZH_K_RAW:
    case ZH_K_VBYTES:
        break;
    }
    return zh_error_set(err, ZH_UNSUPPORTED, "arrays of raw or variable-size bytes have no HDF5 type yet");
}

/* ---- text ---- */

/* "H5T_STD_I32LE" and the like. By hand: each attribute of a simulation's integers comes through here. */
static void format_number_name(char out[24], zvol_tclass cls, unsigned size, bool big)
{
    static const char bits[9][3] = {"", "8", "16", "", "32", "", "", "", "64"};
    const char *family = cls == ZVOL_T_FLOAT  ? "H5T_IEEE_F"
                         : cls == ZVOL_T_INT  ? "H5T_STD_I"
                         : cls == ZVOL_T_UINT ? "H5T_STD_U"
                                              : "H5T_STD_B";

    out = stpcpy(out, family);
    out = stpcpy(out, bits[size]);
    memcpy(out, big ? "BE" : "LE", 3);
}

static void write_number_name(zh_jsonw *w, zvol_tclass cls, const zvol_type *t, unsigned size)
{
    char name[24];

    format_number_name(name, cls, size, t->order == ZH_BIG);
    zh_jsonw_str(w, name);
}

static const char *const pad_names[] = {"H5T_STR_NULLTERM", "H5T_STR_NULLPAD", "H5T_STR_SPACEPAD"};
static const char *const cset_names[] = {"H5T_CSET_ASCII", "H5T_CSET_UTF8"};

static void format_string(zh_jsonw *w, const zvol_type *t)
{
    zh_jsonw_begin_object(w);
    zh_jsonw_key(w, "class");
    zh_jsonw_str(w, "H5T_STRING");
    zh_jsonw_key(w, "charSet");
    zh_jsonw_str(w, cset_names[t->cset]);
    zh_jsonw_key(w, "strPad");
    zh_jsonw_str(w, pad_names[t->strpad]);
    zh_jsonw_key(w, "length");
    if (t->cls == ZVOL_T_VSTRING)
        zh_jsonw_str(w, "H5T_VARIABLE");
    else
        zh_jsonw_u64(w, t->size);
    zh_jsonw_end_object(w);
}

static void format_member(zh_jsonw *w, const char *name, int64_t value, bool is_signed)
{
    zh_jsonw_begin_object(w);
    zh_jsonw_key(w, "name");
    zh_jsonw_str(w, name);
    zh_jsonw_key(w, "value");
    if (is_signed)
        zh_jsonw_i64(w, value);
    else
        zh_jsonw_u64(w, (uint64_t)value);
    zh_jsonw_end_object(w);
}

static void format_enum(zh_jsonw *w, const zvol_type *t)
{
    const bool is_signed = t->cls == ZVOL_T_BOOL || t->is_signed;

    zh_jsonw_begin_object(w);
    zh_jsonw_key(w, "class");
    zh_jsonw_str(w, "H5T_ENUM");
    zh_jsonw_key(w, "base");
    write_number_name(w, is_signed ? ZVOL_T_INT : ZVOL_T_UINT, t, t->size);
    zh_jsonw_key(w, "members");
    zh_jsonw_begin_array(w);
    if (t->cls == ZVOL_T_BOOL) {
        format_member(w, "FALSE", 0, true);
        format_member(w, "TRUE", 1, true);
    }
    for (unsigned i = 0; i < t->nmembers; i++)
        format_member(w, t->members[i].name, t->members[i].value, is_signed);
    zh_jsonw_end_array(w);
    zh_jsonw_end_object(w);
}

static void format_field(zh_jsonw *w, const zvol_type *t, const char *name, unsigned offset)
{
    zh_jsonw_begin_object(w);
    zh_jsonw_key(w, "name");
    zh_jsonw_str(w, name);
    zh_jsonw_key(w, "offset");
    zh_jsonw_u64(w, offset);
    zh_jsonw_key(w, "type");
    write_number_name(w, ZVOL_T_FLOAT, t, t->size / 2);
    zh_jsonw_end_object(w);
}

static void format_complex(zh_jsonw *w, const zvol_type *t)
{
    zh_jsonw_begin_object(w);
    zh_jsonw_key(w, "class");
    zh_jsonw_str(w, "H5T_COMPOUND");
    zh_jsonw_key(w, "size");
    zh_jsonw_u64(w, t->size);
    zh_jsonw_key(w, "fields");
    zh_jsonw_begin_array(w);
    format_field(w, t, "r", 0);
    format_field(w, t, "i", t->size / 2);
    zh_jsonw_end_array(w);
    zh_jsonw_end_object(w);
}

void zvol_type_format(zh_jsonw *w, const zvol_type *t)
{
    switch ((zvol_tclass)t->cls) {
    case ZVOL_T_INT:
    case ZVOL_T_UINT:
    case ZVOL_T_FLOAT:
    case ZVOL_T_BITFIELD:
        write_number_name(w, (zvol_tclass)t->cls, t, t->size);
        break;
    case ZVOL_T_BOOL:
    case ZVOL_T_ENUM:
        format_enum(w, t);
        break;
    case ZVOL_T_COMPLEX:
        format_complex(w, t);
        break;
    case ZVOL_T_FSTRING:
    case ZVOL_T_VSTRING:
        format_string(w, t);
        break;
    }
}

/* ---- parse ---- */

static bool parse_number_name(zvol_type *out, const char *name)
{
    static const zvol_tclass classes[] = {ZVOL_T_INT, ZVOL_T_UINT, ZVOL_T_FLOAT, ZVOL_T_BITFIELD};
    char candidate[24];

    for (size_t c = 0; name && c < sizeof(classes) / sizeof(classes[0]); c++)
        for (unsigned size = classes[c] == ZVOL_T_FLOAT ? 2 : 1; size <= 8; size *= 2)
            for (int big = 0; big < 2; big++) {
                format_number_name(candidate, classes[c], size, big);
                if (strcmp(candidate, name) == 0) {
                    out->cls = (uint8_t)classes[c];
                    out->size = size;
                    out->order = big ? (uint8_t)ZH_BIG : (uint8_t)ZH_LITTLE;
                    return true;
                }
            }
    return false;
}

static int unknown_type(const zh_json *j, zh_error *err)
{
    const char *name = zh_json_str(j);

    if (!name)
        name = zh_json_str(zh_json_get(j, "class"));
    return zh_error_set(err, ZH_UNSUPPORTED, "stored HDF5 type '%.60s' is not supported", name ? name : "?");
}

/* Index of the string in names, or n. */
static unsigned index_of(const char *const *names, unsigned n, const zh_json *j)
{
    const char *s = zh_json_str(j);
    unsigned i = 0;

    while (s && i < n && strcmp(names[i], s) != 0)
        i++;
    return s ? i : n;
}

static int parse_string(zvol_type *out, const zh_json *j, zh_error *err)
{
    const unsigned cset = index_of(cset_names, 2, zh_json_get(j, "charSet"));
    const unsigned pad = index_of(pad_names, 3, zh_json_get(j, "strPad"));
    const zh_json *length = zh_json_get(j, "length");
    const char *variable = zh_json_str(length);
    uint64_t size = sizeof(char *);

    if (cset == 2 || pad == 3 || (variable ? strcmp(variable, "H5T_VARIABLE") != 0 : !zh_json_u64(length, &size)) ||
        size == 0 || size > UINT32_MAX)
        return zh_error_set(err, ZH_UNSUPPORTED, "stored HDF5 string type is not understood");
    out->cls = variable ? ZVOL_T_VSTRING : ZVOL_T_FSTRING;
    out->cset = (uint8_t)cset;
    out->strpad = (uint8_t)pad;
    out->size = (uint32_t)size;
    return ZH_OK;
}

/* A member's value, if the base integer can hold it. */
static bool parse_value(int64_t *out, const zh_json *j, const zvol_type *t)
{
    const unsigned bits = 8 * t->size;
    uint64_t u;

    if (t->is_signed)
        return zh_json_i64(j, out) &&
               (bits == 64 || (*out >= -((int64_t)1 << (bits - 1)) && *out < (int64_t)1 << (bits - 1)));
    if (!zh_json_u64(j, &u) || (bits < 64 && u >> bits != 0))
        return false;
    *out = (int64_t)u;
    return true;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int compare_values(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* HDF5 refuses members that share a name or a value. */
static int check_unique(const zvol_type *t, zh_error *err)
{
    const char **names = zh_calloc(t->nmembers, sizeof(*names));
    int64_t *values = zh_calloc(t->nmembers, sizeof(*values));
    bool unique = true;
    int rc = ZH_OK;

    if (names && values) {
        for (unsigned i = 0; i < t->nmembers; i++) {
            names[i] = t->members[i].name;
            values[i] = t->members[i].value;
        }
        qsort(names, t->nmembers, sizeof(*names), compare_names);
        qsort(values, t->nmembers, sizeof(*values), compare_values);
        for (unsigned i = 1; i < t->nmembers; i++)
            unique = unique && values[i - 1] != values[i] && strcmp(names[i - 1], names[i]) != 0;
        if (!unique)
            rc = zh_error_set(err, ZH_UNSUPPORTED, "stored HDF5 enum has equal members");
    } else {
        rc = zh_error_nomem(err);
    }
    zh_free(names);
    zh_free(values);
    return rc;
}

static int parse_members(zvol_type *out, const zh_json *list, zh_error *err)
{
    const size_t n = zh_json_size(list);

    if (zh_json_typeof(list) != ZH_JSON_ARRAY || n == 0 || n > ENUM_MEMBERS_MAX)
        return zh_error_set(err, ZH_UNSUPPORTED, "stored HDF5 enum has %zu members", n);
    out->members = zh_calloc(n, sizeof(*out->members));
    if (!out->members)
        return zh_error_nomem(err);
    for (const zh_json *j = zh_json_first(list); j; j = zh_json_next(j)) {
        zvol_enum_member *m = &out->members[out->nmembers];
        const char *name = zh_json_str(zh_json_get(j, "name"));

        if (!name || name[0] == '\0' || !parse_value(&m->value, zh_json_get(j, "value"), out))
            return zh_error_set(err, ZH_UNSUPPORTED, "stored HDF5 enum is not understood");
        m->name = zh_strdup(name);
        if (!m->name)
            return zh_error_nomem(err);
        out->nmembers++;
    }
    return check_unique(out, err);
}

static int parse_enum(zvol_type *out, const zh_json *j, zh_error *err)
{
    int rc;

    if (!parse_number_name(out, zh_json_str(zh_json_get(j, "base"))) ||
        (out->cls != ZVOL_T_INT && out->cls != ZVOL_T_UINT))
        return zh_error_set(err, ZH_UNSUPPORTED, "stored HDF5 enum has no known base");
    out->is_signed = out->cls == ZVOL_T_INT;
    rc = parse_members(out, zh_json_get(j, "members"), err);
    if (rc == ZH_OK)
        settle_enum(out);
    return rc;
}

static bool parse_field(zvol_type *out, const zh_json *j, const char *name, uint64_t offset)
{
    const char *found = zh_json_str(zh_json_get(j, "name"));
    uint64_t at;

    return found && strcmp(found, name) == 0 && zh_json_u64(zh_json_get(j, "offset"), &at) && at == offset &&
           parse_number_name(out, zh_json_str(zh_json_get(j, "type"))) && out->cls == ZVOL_T_FLOAT && out->size >= 4;
}

static int parse_compound(zvol_type *out, const zh_json *j, zh_error *err)
{
    const zh_json *fields = zh_json_get(j, "fields");
    const zh_json *r = zh_json_first(fields);
    const zh_json *i = zh_json_next(r);
    zvol_type imaginary = {0};
    uint64_t size;

    if (zh_json_size(fields) != 2 || !parse_field(out, r, "r", 0) || !parse_field(&imaginary, i, "i", out->size) ||
        !zvol_type_equal(out, &imaginary) || !zh_json_u64(zh_json_get(j, "size"), &size) ||
        size != 2 * (uint64_t)out->size)
        return unknown_type(j, err);
    out->cls = ZVOL_T_COMPLEX;
    out->size *= 2;
    return ZH_OK;
}

static int parse_class(zvol_type *out, const zh_json *j, zh_error *err)
{
    const char *cls = zh_json_str(zh_json_get(j, "class"));

    if (zh_json_typeof(j) == ZH_JSON_STRING)
        return parse_number_name(out, zh_json_str(j)) ? ZH_OK : unknown_type(j, err);
    if (!cls)
        return unknown_type(j, err);
    if (strcmp(cls, "H5T_STRING") == 0)
        return parse_string(out, j, err);
    if (strcmp(cls, "H5T_ENUM") == 0)
        return parse_enum(out, j, err);
    if (strcmp(cls, "H5T_COMPOUND") == 0)
        return parse_compound(out, j, err);
    /* The long form of HDF5/JSON: {"class":"H5T_INTEGER","base":"H5T_STD_I8LE"}. */
    if (zh_json_size(j) == 2 && parse_number_name(out, zh_json_str(zh_json_get(j, "base"))))
        return ZH_OK;
    return unknown_type(j, err);
}

int zvol_type_parse(zvol_type *out, const zh_json *j, zh_error *err)
{
    int rc;

    memset(out, 0, sizeof(*out));
    rc = parse_class(out, j, err);
    if (rc < 0) {
        zvol_type_dispose(out);
        memset(out, 0, sizeof(*out));
    }
    return rc;
}
