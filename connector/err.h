/* err.h - from zh_error to the HDF5 error stack: the one place that pushes. */
#ifndef ZVOL_ERR_H
#define ZVOL_ERR_H

#include "base/error.h"
#include "h5.h"

/* Pushes err, behind where ("store: /path: " or ""), as the deepest record of a failing callback; ends in "errno = N,
 * error message = '...'" (h5py reads that). Where err has no errno, one is chosen by its code (ZH_NOTFOUND: ENOENT,
 * ZH_EXISTS: EEXIST, ZH_READONLY: EACCES, ZH_NOMEM: ENOMEM, ...). maj/min are HDF5 ids such as H5E_DATASET,
 * H5E_CANTCREATE. */
void zvol_err_push(const char *func, unsigned line, hid_t maj, hid_t min, const char *where, const zh_error *err);
#define ZVOL_PUSH(maj, min, err) zvol_err_push(__func__, __LINE__, (maj), (min), "", (err))

/* Sets err from the top of HDF5's own error stack after an HDF5 call failed inside ours, and clears that stack. Returns
 * code. */
int zvol_err_h5(zh_error *err, int code, const char *what);

#endif
