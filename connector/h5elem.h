/* h5elem.h - single elements as bytes of a stated byte order: integers and IEEE floats. */
#ifndef ZVOL_H5ELEM_H
#define ZVOL_H5ELEM_H

#include "base/dtype.h"

#include <string.h>

/* The size (1, 2, 4 or 8) low bytes at p as an unsigned number. */
static inline uint64_t zvol_load_bits(const void *p, size_t size, bool big)
{
    const uint8_t *b = p;
    uint64_t v = 0;

    for (size_t i = 0; i < size; i++)
        v = v << 8 | b[big ? i : size - 1 - i];
    return v;
}

static inline void zvol_store_bits(void *p, size_t size, bool big, uint64_t v)
{
    uint8_t *b = p;

    for (size_t i = 0; i < size; i++, v >>= 8)
        b[big ? size - 1 - i : i] = (uint8_t)v;
}

static inline int64_t zvol_sign_extend(uint64_t bits, size_t size)
{
    const unsigned unused = (unsigned)(64 - 8 * size);
    const uint64_t sign = (uint64_t)1 << ((8 * size - 1) & 63);

    if (unused == 0)
        return (int64_t)bits;
    return (int64_t)((bits ^ sign) - sign);
}

/* Value of IEEE bits of size 2, 4 or 8; exact. */
double zvol_float_value(uint64_t bits, size_t size);
/* Nearest value of that size, ties to even; NaN is the canonical one. */
uint64_t zvol_float_bits(double v, size_t size);
/* Whether decimal digits, "NaN", "Infinity" and "-Infinity" can say it: all but NaNs other than the canonical one. */
bool zvol_float_is_plain(uint64_t bits, size_t size);

#endif
