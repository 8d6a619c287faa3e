/* dtype.h - element types as Zarr stores them. No JSON, no HDF5.
 *
 * A *cell* is one element in memory. Cells of fixed size hold the stored bytes
 * as they are, in the stored byte order: nobody below the HDF5 connector ever
 * swaps bytes. Cells of variable size (ZH_K_STRING, ZH_K_VBYTES) are zh_vlen.
 */
#ifndef ZH_BASE_DTYPE_H
#define ZH_BASE_DTYPE_H

#include "zh/zh.h"

typedef enum zh_kind {
    ZH_K_BOOL, /* 1 byte, 0 or 1 */
    ZH_K_INT,  /* 1, 2, 4, 8 bytes, two's complement */
    ZH_K_UINT,
    ZH_K_FLOAT,   /* IEEE 754, 2, 4 or 8 bytes */
    ZH_K_COMPLEX, /* two floats, 8 or 16 bytes in total */
    ZH_K_BYTES,   /* fixed-size text bytes, NUL-padded: v2 "|S<n>", v3 null_terminated_bytes */
    ZH_K_RAW,     /* fixed-size opaque bytes: v2 "|V<n>", v3 "r<bits>" and raw_bytes */
    ZH_K_UTF32,   /* fixed-size UCS-4: v2 "<U<n>", v3 fixed_length_utf32; cells are zh_vlen (UTF-8) */
    ZH_K_STRING,  /* variable UTF-8 */
    ZH_K_VBYTES   /* variable bytes */
} zh_kind;

typedef enum zh_order { ZH_ORDER_NONE, ZH_LITTLE, ZH_BIG } zh_order; /* NONE for single-byte and variable kinds */

typedef struct zh_dtype {
    uint8_t kind;  /* zh_kind */
    uint8_t order; /* zh_order */
    uint32_t size; /* stored bytes an element; 0 for STRING and VBYTES; 4*n for UTF32 */
} zh_dtype;

/* One cell of a variable-size kind. data need not be NUL-terminated and is NULL
 * only if len is 0. Who owns data is said by whoever hands a zh_vlen over. */
typedef struct zh_vlen {
    char *data;
    size_t len;
} zh_vlen;

bool zh_dtype_is_variable(const zh_dtype *t); /* cells are zh_vlen: STRING, VBYTES, UTF32 */
size_t zh_dtype_cell_size(const zh_dtype *t); /* size, or sizeof(zh_vlen) */
bool zh_dtype_equal(const zh_dtype *a, const zh_dtype *b);
int zh_dtype_check(const zh_dtype *t, zh_error *err); /* ZH_INVALID for a size that its kind does not have */

/* Zarr v2 "dtype" strings such as "<f8", "|S5", "|O" (object: *out gets ZH_K_STRING,
 * the filters decide). ZH_UNSUPPORTED names the string. out buffer for format: 16 bytes. */
int zh_dtype_parse_v2(zh_dtype *out, const char *text, zh_error *err);
int zh_dtype_format_v2(char out[16], const zh_dtype *t, zh_error *err);

/* Names of Zarr v3 data types that are plain strings ("float64", "bool", "complex64",
 * "string", "bytes"/"variable_length_bytes", "r<bits>"). The byte order of multi-byte kinds is
 * ZH_LITTLE until the bytes codec says otherwise. Object-form types are doc_v3's. */
int zh_dtype_parse_v3(zh_dtype *out, const char *name, zh_error *err);
int zh_dtype_format_v3(char out[32], const zh_dtype *t, zh_error *err); /* plain-string kinds only */

#endif
