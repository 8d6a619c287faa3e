/* vol_misc.c - introspection, wrapping, tokens, blobs. */
#include "base/error.h"
#include "callbacks.h"
#include "err.h"
#include "handle.h"
#include "native.h"
#include "plugin.h"
#include "registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

herr_t zvol_introspect_get_conn_cls(void *obj, H5VL_get_conn_lvl_t lvl, const H5VL_class_t **cls)
{
    *cls = &zvol_class;
    if (lvl != H5VL_GET_CONN_LVL_TERM)
        return 0;
    if (zvol_is_native(obj))
        return zvol_native_introspect_term_cls(obj, cls);
    if (obj && zvol_file_of(obj)->store->shadows.file)
        *cls = zvol_native_class();
    return 0;
}

herr_t zvol_introspect_get_cap_flags(const void *info, uint64_t *flags)
{
    (void)info;
    *flags = ZVOL_CAP_FLAGS;
    return 0;
}

herr_t zvol_introspect_opt_query(void *obj, H5VL_subclass_t cls, int op, uint64_t *flags)
{
    if (zvol_is_native(obj))
        return zvol_native_introspect_opt_query(obj, cls, op, flags);
    *flags = 0;
    return 0;
}

/* HDF5 takes what this answers for the native object behind the id: see masquerade.h. Where a store has no shadows and
 * native code compares it with its own objects (H5Fget_obj_count on an HDF5 file walks all ids), it reads a little of
 * it: of zeros, then. */
void *zvol_wrap_get_object(const void *obj)
{
    static const uint64_t nothing[128];
    const zvol_base *b = obj;
    const zvol_file *file;
    void *shadow;

    if (zvol_is_native(obj))
        return zvol_native_get_object(obj);
    if (!zvol_is_handle(obj))
        return (void *)(uintptr_t)obj;
    file = zvol_file_of((void *)(uintptr_t)obj);
    shadow = file ? zvol_shadow_of(&file->store->shadows, (H5I_type_t)b->kind) : NULL;
    if (shadow)
        return shadow;
    return b->kind == H5I_FILE ? (void *)(uintptr_t)obj : (void *)(uintptr_t)nothing;
}

/* Only objects of HDF5 files are wrapped: there the object handed to an application's operator is native's own. */
herr_t zvol_wrap_get_ctx(const void *obj, void **ctx)
{
    *ctx = zvol_is_native(obj) ? zvol_native_wrap_ctx() : NULL;
    return 0;
}

void *zvol_wrap_wrap(void *obj, H5I_type_t kind, void *ctx)
{
    return ctx ? zvol_native_wrap_object(obj, kind) : obj;
}

void *zvol_wrap_unwrap(void *obj)
{
    return zvol_is_native(obj) ? zvol_native_unwrap_object(obj) : obj;
}

herr_t zvol_wrap_free_ctx(void *ctx)
{
    (void)ctx;
    return 0;
}

herr_t zvol_token_cmp(void *obj, const H5O_token_t *a, const H5O_token_t *b, int *cmp)
{
    if (zvol_is_native(obj))
        return zvol_native_token_cmp(obj, a, b, cmp);
    *cmp = memcmp(a, b, sizeof(*a));
    return 0;
}

herr_t zvol_token_to_str(void *obj, H5I_type_t kind, const H5O_token_t *token, char **str)
{
    uint64_t id;

    if (zvol_is_native(obj))
        return zvol_native_token_to_str(obj, kind, token, str);
    memcpy(&id, token, sizeof(id));
    *str = H5allocate_memory(24, false);
    if (!*str)
        return -1;
    snprintf(*str, 24, "%llu", (unsigned long long)id);
    return 0;
}

herr_t zvol_token_from_str(void *obj, H5I_type_t kind, const char *str, H5O_token_t *token)
{
    uint64_t id;

    if (zvol_is_native(obj))
        return zvol_native_token_from_str(obj, kind, str, token);
    id = strtoull(str, NULL, 10);
    memset(token, 0, sizeof(*token));
    memcpy(token, &id, sizeof(id));
    return 0;
}

static herr_t no_blobs(void)
{
    zh_error err = ZH_ERROR_INIT;

    zh_error_set(&err, ZH_UNSUPPORTED, "variable-length data of this type is not supported in Zarr stores yet");
    ZVOL_PUSH(H5E_VOL_g, H5E_UNSUPPORTED_g, &err);
    return -1;
}

herr_t zvol_blob_put(void *obj, const void *buf, size_t size, void *id, void *ctx)
{
    return zvol_is_native(obj) ? zvol_native_blob_put(obj, buf, size, id, ctx) : no_blobs();
}

herr_t zvol_blob_get(void *obj, const void *id, void *buf, size_t size, void *ctx)
{
    return zvol_is_native(obj) ? zvol_native_blob_get(obj, id, buf, size, ctx) : no_blobs();
}

herr_t zvol_blob_specific(void *obj, void *id, H5VL_blob_specific_args_t *args)
{
    return zvol_is_native(obj) ? zvol_native_blob_specific(obj, id, args) : no_blobs();
}

herr_t zvol_blob_optional(void *obj, void *id, H5VL_optional_args_t *args)
{
    return zvol_is_native(obj) ? zvol_native_blob_optional(obj, id, args) : no_blobs();
}

herr_t zvol_optional(void *obj, H5VL_optional_args_t *args, hid_t dxpl, void **req)
{
    zh_error err = ZH_ERROR_INIT;

    if (zvol_is_native(obj))
        return zvol_native_optional(obj, args, dxpl, req);
    zh_error_set(&err, ZH_UNSUPPORTED, "operation %d does not exist for Zarr stores", args->op_type);
    ZVOL_PUSH(H5E_VOL_g, H5E_UNSUPPORTED_g, &err);
    return -1;
}
