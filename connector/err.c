/* err.c - zh_error to the HDF5 error stack and back. */
#include "err.h"

#include <errno.h>
#include <string.h>

/* h5py makes FileNotFoundError, FileExistsError and PermissionError of these numbers. */
static int errno_for(const zh_error *err)
{
    if (err->sys_errno)
        return err->sys_errno;
    switch (err->code) {
    case ZH_NOTFOUND:
        return ENOENT;
    case ZH_EXISTS:
        return EEXIST;
    case ZH_READONLY:
        return EACCES;
    case ZH_NOMEM:
        return ENOMEM;
    case ZH_UNSUPPORTED:
        return ENOTSUP;
    case ZH_IO:
        return EIO;
    default:
        return EINVAL;
    }
}

void zvol_err_push(const char *func, unsigned line, hid_t maj, hid_t min, const char *where, const zh_error *err)
{
    const char *text = err->message[0] ? err->message : "failed without a message";
    int number = errno_for(err);

    H5Epush2(H5E_DEFAULT, "vol-zarr", func, line, H5E_ERR_CLS_g, maj, min, "%s%s, errno = %d, error message = '%s'",
             where, text, number, strerror(number));
}

static herr_t take_deepest(unsigned n, const H5E_error2_t *record, void *payload)
{
    zh_error *err = payload;

    (void)n;
    if (record->desc && record->desc[0])
        zh_error_set(err, err->code, "%s", record->desc);
    return 0;
}

int zvol_err_h5(zh_error *err, int code, const char *what)
{
    zh_error found = ZH_ERROR_INIT;

    found.code = code;
    /* Upward: from the outermost call down to the record that knows the cause, which is then what stays. */
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, take_deepest, &found);
    H5Eclear2(H5E_DEFAULT);
    return found.message[0] ? zh_error_set(err, code, "%s: %s", what, found.message)
                            : zh_error_set(err, code, "%s", what);
}
