/* masquerade.h - making HDF5's 1.10 API work on our files.
 *
 * h5py and others call functions (H5Oget_info1, H5Literate1, H5Rcreate...) that HDF5 refuses unless a file's terminal
 * connector is the native one, and which then take the pointer behind the id for a native object to read its address
 * size. So, for each open store, a hidden native file in memory with one object of each kind, made without ids: the
 * *shadows*. introspect.get_conn_cls answers the native class, and wrap_cls.get_object answers the shadow of the
 * object's kind. Guarded by a self-test at the first file (masquerade_self_test).
 */
#ifndef ZVOL_MASQUERADE_H
#define ZVOL_MASQUERADE_H

#include "base/error.h"
#include "h5.h"

typedef struct zvol_shadows {
    void *file, *group, *dataset, *attr; /* native objects; NULL: no masquerade for this store */
    hid_t native;                        /* own reference to the native connector */
} zvol_shadows;

/* Makes the shadows; on failure none are left and the store works without. */
int zvol_shadows_open(zvol_shadows *s, zh_error *err);
void zvol_shadows_close(zvol_shadows *s);
/* The shadow of an object of this kind, NULL if there is none. */
void *zvol_shadow_of(const zvol_shadows *s, H5I_type_t kind);
/* The native connector's class while any store has shadows, else NULL. */
const H5VL_class_t *zvol_native_class(void);

/* Whether this HDF5 library can be masqueraded to: creates a store in memory through the connector `name` and compares
 * what H5Oget_info1 says. Once a process; later calls answer from memory. */
bool zvol_masquerade_works(void);

#endif
