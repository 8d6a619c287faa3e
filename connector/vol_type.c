/* vol_type.c - committed datatypes: those of HDF5 files only, so far. */
#include "base/error.h"
#include "callbacks.h"
#include "locate.h"
#include "native.h"

static void refuse(const char *func, unsigned line, void *obj, const H5VL_loc_params_t *lp, const char *name)
{
    zh_error err = ZH_ERROR_INIT;

    zh_error_set(&err, ZH_UNSUPPORTED, "committed datatypes are not supported in Zarr stores yet");
    zvol_err_push_at(func, line, H5E_DATATYPE_g, H5E_UNSUPPORTED_g, &err, obj, lp, name);
}

void *zvol_type_commit(void *obj, const H5VL_loc_params_t *lp, const char *name, hid_t type, hid_t lcpl, hid_t tcpl,
                       hid_t tapl, hid_t dxpl, void **req)
{
    if (zvol_is_native(obj))
        return zvol_native_type_commit(obj, lp, name, type, lcpl, tcpl, tapl, dxpl, req);
    refuse(__func__, __LINE__, obj, lp, name);
    return NULL;
}

void *zvol_type_open(void *obj, const H5VL_loc_params_t *lp, const char *name, hid_t tapl, hid_t dxpl, void **req)
{
    if (zvol_is_native(obj))
        return zvol_native_type_open(obj, lp, name, tapl, dxpl, req);
    refuse(__func__, __LINE__, obj, lp, name);
    return NULL;
}

herr_t zvol_type_get(void *obj, H5VL_datatype_get_args_t *args, hid_t dxpl, void **req)
{
    return zvol_is_native(obj) ? zvol_native_type_get(obj, args, dxpl, req) : -1;
}

herr_t zvol_type_specific(void *obj, H5VL_datatype_specific_args_t *args, hid_t dxpl, void **req)
{
    return zvol_is_native(obj) ? zvol_native_type_specific(obj, args, dxpl, req) : -1;
}

herr_t zvol_type_optional(void *obj, H5VL_optional_args_t *args, hid_t dxpl, void **req)
{
    return zvol_is_native(obj) ? zvol_native_type_optional(obj, args, dxpl, req) : -1;
}

herr_t zvol_type_close(void *obj, hid_t dxpl, void **req)
{
    return zvol_is_native(obj) ? zvol_native_close(obj, dxpl, req) : 0;
}
