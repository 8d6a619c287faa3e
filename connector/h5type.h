/* h5type.h - HDF5 datatypes as plain data: from and to hid_t, to the stored Zarr type, to and from the JSON of
 * _HDF5.type.
 *
 * Nothing here keeps a hid_t. What is not listed in zvol_tclass is refused at capture with ZH_UNSUPPORTED and its name.
 */
#ifndef ZVOL_H5TYPE_H
#define ZVOL_H5TYPE_H

#include "base/dtype.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "h5.h"
#include "meta/meta.h"

typedef enum zvol_tclass {
    ZVOL_T_INT, /* standard two's complement, full precision, 1 2 4 8 bytes */
    ZVOL_T_UINT,
    ZVOL_T_FLOAT,    /* IEEE 2, 4, 8 bytes */
    ZVOL_T_BITFIELD, /* 1, 2, 4, 8 bytes; stored as unsigned integer */
    ZVOL_T_BOOL,     /* h5py's enum of int8 {FALSE=0, TRUE=1}; stored as bool */
    ZVOL_T_ENUM,     /* any other enum; stored as its base integer */
    ZVOL_T_COMPLEX,  /* compound {r, i} of equal IEEE floats 4 or 8 (h5py's complex) */
    ZVOL_T_FSTRING,  /* fixed-size string */
    ZVOL_T_VSTRING   /* variable-length string */
} zvol_tclass;

typedef struct zvol_enum_member {
    char *name;
    int64_t value; /* bits of the base integer, sign-extended or zero-extended */
} zvol_enum_member;

typedef struct zvol_type {
    uint8_t cls;               /* zvol_tclass */
    uint8_t order;             /* zh_order of the elements in the file */
    uint8_t strpad;            /* H5T_str_t, strings */
    uint8_t cset;              /* H5T_cset_t, strings */
    bool is_signed;            /* ENUM: of the base */
    uint32_t size;             /* H5Tget_size of the type; VSTRING: sizeof(char *) */
    zvol_enum_member *members; /* ENUM; owned */
    unsigned nmembers;
} zvol_type;

void zvol_type_dispose(zvol_type *t);
int zvol_type_copy(zvol_type *out, const zvol_type *t, zh_error *err);
bool zvol_type_equal(const zvol_type *a, const zvol_type *b);

/* FSTRING: length of the element's text, without its padding. */
size_t zvol_text_length(const zvol_type *t, const char *s);

int zvol_type_capture(zvol_type *out, hid_t type, zh_error *err);
hid_t zvol_type_make(const zvol_type *t, zh_error *err); /* new id, the caller's to close; negative on failure */

/* What Zarr stores for it. v2: FSTRING is ZH_K_BYTES; v3: FSTRING is ZH_K_STRING. */
int zvol_type_stored(zh_dtype *out, const zvol_type *t, zh_format format, zh_error *err);

/* The type that a Zarr array without _HDF5.type shows: UTF-8 variable strings for STRING and UTF32, fixed ASCII
 * null-padded for BYTES, h5py's bool and complex. RAW and VBYTES: ZH_UNSUPPORTED. */
int zvol_type_infer(zvol_type *out, const zh_dtype *stored, zh_error *err);

/* Value of _HDF5.type (MAPPING.md). parse answers ZH_UNSUPPORTED for a class it does not know. */
void zvol_type_format(zh_jsonw *w, const zvol_type *t);
int zvol_type_parse(zvol_type *out, const zh_json *j, zh_error *err);

#endif
