/* vol_object.c - object callbacks. */
#include "zh/buf.h"
#include "base/error.h"
#include "callbacks.h"
#include "err.h"
#include "native.h"
#include "open.h"
#include "registry.h"
#include "visit.h"

#include <string.h>

void *zvol_object_open(void *obj, const H5VL_loc_params_t *lp, H5I_type_t *opened, hid_t dxpl, void **req)
{
    zh_error err = ZH_ERROR_INIT;
    zh_node *node = NULL;
    void *out = NULL;

    if (zvol_is_native(obj))
        return zvol_native_object_open(obj, lp, opened, dxpl, req);
    if (zvol_locate(&node, obj, lp, &err) == ZH_OK)
        out = zvol_open_node(obj, node, &err);
    if (!out) {
        ZVOL_PUSH_AT(H5E_OHDR_g, H5E_CANTOPENOBJ_g, &err, obj, lp, NULL);
        return NULL;
    }
    *opened = zvol_node_id_type(node);
    return out;
}

herr_t zvol_object_copy(void *src, const H5VL_loc_params_t *lp1, const char *src_name, void *dst,
                        const H5VL_loc_params_t *lp2, const char *dst_name, hid_t ocpypl, hid_t lcpl, hid_t dxpl,
                        void **req)
{
    zh_error err = ZH_ERROR_INIT;

    if (zvol_is_native(src) || zvol_is_native(dst))
        return zvol_native_object_copy(src, lp1, src_name, dst, lp2, dst_name, ocpypl, lcpl, dxpl, req);
    zh_error_set(&err, ZH_UNSUPPORTED, "H5Ocopy is not supported in Zarr stores yet");
    ZVOL_PUSH_AT(H5E_OHDR_g, H5E_CANTCOPY_g, &err, src ? src : dst, lp1, src_name);
    return -1;
}

/* HDF5 looks for an open id with this very pointer, which the masquerade hides from it: it then always registers a new
 * one. */
static void get_file(void *obj, void **out)
{
    zvol_file *f = zvol_file_of(obj);

    if (f->store->shadows.file || f->ids == 0)
        f->ids++;
    *out = f;
}

static int get_name(void *obj, const H5VL_loc_params_t *lp, H5VL_object_get_args_t *args, zh_error *err)
{
    zh_buf path = ZH_BUF_INIT((size_t)1 << 24);
    zh_node *node;
    int rc;

    zvol_probe = obj; /* see zvol_handle_of_id */
    rc = zvol_locate(&node, obj, lp, err);
    if (rc == ZH_OK)
        rc = zh_node_path(node, &path, err);
    if (rc == ZH_OK)
        zvol_copy_name((const char *)path.ptr, path.len, args->args.get_name.buf, args->args.get_name.buf_size,
                       args->args.get_name.name_len);
    zh_buf_dispose(&path);
    return rc;
}

static int object_get(void *obj, const H5VL_loc_params_t *lp, H5VL_object_get_args_t *args, zh_error *err)
{
    zh_node *node;
    int rc;

    switch (args->op_type) {
    case H5VL_OBJECT_GET_FILE:
        get_file(obj, args->args.get_file.file);
        return ZH_OK;
    case H5VL_OBJECT_GET_NAME:
        return get_name(obj, lp, args, err);
    case H5VL_OBJECT_GET_TYPE:
        rc = zvol_locate(&node, obj, lp, err);
        if (rc == ZH_OK)
            *args->args.get_type.obj_type = zvol_node_object_type(node);
        return rc;
    case H5VL_OBJECT_GET_INFO:
        rc = zvol_locate(&node, obj, lp, err);
        if (rc == ZH_OK)
            zvol_object_info(args->args.get_info.oinfo, obj, node);
        return rc;
    default:
        return zh_error_set(err, ZH_UNSUPPORTED, "unknown object query %d", (int)args->op_type);
    }
}

herr_t zvol_object_get(void *obj, const H5VL_loc_params_t *lp, H5VL_object_get_args_t *args, hid_t dxpl, void **req)
{
    zh_error err = ZH_ERROR_INIT;

    if (zvol_is_native(obj))
        return zvol_native_object_get(obj, lp, args, dxpl, req);
    if (object_get(obj, lp, args, &err) == ZH_OK)
        return 0;
    ZVOL_PUSH_AT(H5E_OHDR_g, H5E_CANTGET_g, &err, obj, lp, NULL);
    return -1;
}

static int exists(void *obj, const H5VL_loc_params_t *lp, hbool_t *out, zh_error *err)
{
    zh_node *node;
    int rc = zvol_locate(&node, obj, lp, err);

    *out = rc == ZH_OK;
    if (rc == ZH_NOTFOUND)
        zh_error_clear(err);
    return rc == ZH_NOTFOUND ? ZH_OK : rc;
}

static int lookup(void *obj, const H5VL_loc_params_t *lp, H5O_token_t *token, zh_error *err)
{
    zh_node *node;
    int rc = zvol_locate(&node, obj, lp, err);

    if (rc == ZH_OK)
        zvol_token_of(token, node);
    return rc;
}

herr_t zvol_object_specific(void *obj, const H5VL_loc_params_t *lp, H5VL_object_specific_args_t *args, hid_t dxpl,
                            void **req)
{
    zh_error err = ZH_ERROR_INIT;
    herr_t result = 0;
    int rc = ZH_OK;

    if (zvol_is_native(obj))
        return zvol_native_object_specific(obj, lp, args, dxpl, req);
    switch (args->op_type) {
    case H5VL_OBJECT_EXISTS:
        rc = exists(obj, lp, args->args.exists.exists, &err);
        break;
    case H5VL_OBJECT_LOOKUP:
        rc = lookup(obj, lp, args->args.lookup.token_ptr, &err);
        break;
    case H5VL_OBJECT_VISIT:
        result = zvol_object_visit(obj, lp, &args->args.visit, &err);
        rc = err.code;
        break;
    case H5VL_OBJECT_FLUSH:
        rc = zvol_store_flush(zvol_file_of(obj)->store, &err);
        break;
    case H5VL_OBJECT_REFRESH:
        break;
    default:
        rc = zh_error_set(&err, ZH_UNSUPPORTED, "reference counts of objects cannot be changed in Zarr stores");
    }
    if (rc == ZH_OK)
        return result;
    ZVOL_PUSH_AT(H5E_OHDR_g, rc == ZH_NOTFOUND ? H5E_NOTFOUND_g : H5E_BADVALUE_g, &err, obj, lp, NULL);
    return -1;
}

herr_t zvol_object_optional(void *obj, const H5VL_loc_params_t *lp, H5VL_optional_args_t *args, hid_t dxpl, void **req)
{
    H5VL_native_object_optional_args_t *a = args->args;
    zh_error err = ZH_ERROR_INIT;

    if (zvol_is_native(obj))
        return zvol_native_object_optional(obj, lp, args, dxpl, req);
    switch (args->op_type) {
    case H5VL_NATIVE_OBJECT_GET_NATIVE_INFO: /* H5Oget_info1 asks; there are no object headers to tell of */
        memset(a->get_native_info.ninfo, 0, sizeof(*a->get_native_info.ninfo));
        return 0;
    case H5VL_NATIVE_OBJECT_GET_COMMENT:
        zvol_copy_name("", 0, a->get_comment.buf, a->get_comment.buf_size, a->get_comment.comment_len);
        return 0;
    default:
        zh_error_set(&err, ZH_UNSUPPORTED, "object operation %d does not exist for Zarr stores", args->op_type);
        ZVOL_PUSH_AT(H5E_OHDR_g, H5E_UNSUPPORTED_g, &err, obj, lp, NULL);
        return -1;
    }
}
