/* handle_base.h - how every object that the connector hands to HDF5 begins. */
#ifndef ZVOL_HANDLE_BASE_H
#define ZVOL_HANDLE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct zvol_base {
    uint32_t magic; /* ZVOL_MAGIC while the object lives */
    uint8_t kind;   /* H5I_type_t */
    bool native;    /* a zvol_native (native.h): belongs to an HDF5 file; otherwise a Zarr store's */
} zvol_base;

/* Not a multiple of 4: HDF5's own structs begin with an aligned pointer, so that one of them is never taken for a
 * handle. HDF5 does pass them where it passes handles otherwise: IS_EQUAL's second file, and the unwrapping of what it
 * never wrapped. */
#define ZVOL_MAGIC 0x5a56414du

static inline bool zvol_is_handle(const void *obj)
{
    return obj != NULL && ((const zvol_base *)obj)->magic == ZVOL_MAGIC;
}

static inline bool zvol_is_native(const void *obj)
{
    return zvol_is_handle(obj) && ((const zvol_base *)obj)->native;
}

#endif
