/* native.c - HDF5 files behind our own connector: each callback handed on to HDF5's native connector.
 *
 * A handle is one native object and its kind. Two rules of HDF5 shape the code:
 *  - HDF5 wraps by itself what the native connector registers from inside (objects given to iteration operators, the
 * file of an object, the object under an id after H5Drefresh), through the wrap callbacks. So only what a callback
 * *returns* is wrapped here, and object.get GET_FILE is not: HDF5 compares its answer with get_object() results, and
 * wraps it if it is new.
 *  - A public HDF5 call empties the error stack on entry, the H5VL* ones do not. Where one follows a native call that
 * may have failed, the stack is saved across it.
 */
#include "native.h"

#include "base/alloc.h"
#include "err.h"

typedef struct zvol_native {
    zvol_base base;
    void *under; /* the native connector's object */
} zvol_native;

/* The native connector, held while any handle lives: connector ids are not stable for longer in HDF5 2.x. */
static struct {
    hid_t id;
    size_t users;
} connector;

/* What zvol_native_wrap_ctx points to. The native connector has no context of its own to remember. */
static char wrap_ctx;

static void *under(const void *obj)
{
    return obj ? ((const zvol_native *)obj)->under : NULL;
}

typedef struct automatic {
    H5E_auto2_t print; /* NULL: nothing to restore */
    void *data;
} automatic;

static automatic mute(void)
{
    automatic a = {NULL, NULL};
    unsigned is_v2 = 0;

    if (H5Eauto_is_v2(H5E_DEFAULT, &is_v2) >= 0 && is_v2 && H5Eget_auto2(H5E_DEFAULT, &a.print, &a.data) >= 0 &&
        a.print)
        H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    return a;
}

static void unmute(automatic a)
{
    if (a.print)
        H5Eset_auto2(H5E_DEFAULT, a.print, a.data);
}

/* The value of a call to the native connector. Each H5VL* function is an API function that prints the error stack when
 * it fails, and the application's own call prints it again a moment later: once is enough. Not used where operators of
 * the application run inside (their failures are theirs to see), nor where calls are many and do not fail. */
#define MUTED(call)                                                                                                    \
    __extension__({                                                                                                    \
        automatic saved_ = mute();                                                                                     \
        __typeof__(call) value_ = (call);                                                                              \
        unmute(saved_);                                                                                                \
        value_;                                                                                                        \
    })

static int connector_acquire(void)
{
    if (connector.users == 0) {
        connector.id = H5VLget_connector_id_by_name("native");
        if (connector.id < 0)
            return -1;
    }
    connector.users++;
    return 0;
}

static void connector_release(void)
{
    hid_t stack;

    if (--connector.users > 0)
        return;
    stack = H5Eget_current_stack();
    H5VLclose(connector.id);
    H5Eset_current_stack(stack);
}

static zvol_native *handle_new(void *native_obj, H5I_type_t type)
{
    zvol_native *h = zh_malloc(sizeof(*h));
    zh_error err = ZH_ERROR_INIT;

    if (!h) {
        zh_error_nomem(&err);
        ZVOL_PUSH(H5E_VOL, H5E_CANTALLOC, &err);
        return NULL;
    }
    if (connector_acquire() < 0) {
        zh_free(h);
        return NULL;
    }
    h->base = (zvol_base){.magic = ZVOL_MAGIC, .kind = (uint8_t)type, .native = true};
    h->under = native_obj;
    return h;
}

static void handle_free(zvol_native *h)
{
    h->base.magic = 0;
    zh_free(h);
    connector_release();
}

static herr_t close_under(void *obj, H5I_type_t type, hid_t dxpl, void **req)
{
    switch (type) {
    case H5I_FILE:
        return MUTED(H5VLfile_close(obj, connector.id, dxpl, req));
    case H5I_GROUP:
        return MUTED(H5VLgroup_close(obj, connector.id, dxpl, req));
    case H5I_DATASET:
        return MUTED(H5VLdataset_close(obj, connector.id, dxpl, req));
    case H5I_DATATYPE:
        return MUTED(H5VLdatatype_close(obj, connector.id, dxpl, req));
    case H5I_ATTR:
        return MUTED(H5VLattr_close(obj, connector.id, dxpl, req));
    default:
        return -1;
    }
}

/* The handle for what a native call returned; NULL for NULL. Without memory for it the native object is closed again.
 */
static void *wrap(void *native_obj, H5I_type_t type)
{
    zvol_native *h = native_obj ? handle_new(native_obj, type) : NULL;

    if (native_obj && !h)
        close_under(native_obj, type, H5P_DATASET_XFER_DEFAULT, NULL);
    return h;
}

static bool is_zarr(const void *obj)
{
    return obj && !zvol_is_native(obj);
}

static herr_t refuse_mix(hid_t maj, hid_t min, const char *verb)
{
    zh_error err = ZH_ERROR_INIT;

    zh_error_set(&err, ZH_UNSUPPORTED, "cannot %s between an HDF5 file and a Zarr store", verb);
    ZVOL_PUSH(maj, min, &err);
    return -1;
}

bool zvol_is_native_link(const H5VL_link_create_args_t *args, const void *obj)
{
    return zvol_is_native(obj) || (args->op_type == H5VL_LINK_CREATE_HARD && zvol_is_native(args->args.hard.curr_obj));
}

/* ---- files by name ---- */

/* The caller's fapl with the native connector in it, and the connector acquired. */
static hid_t native_fapl(hid_t fapl)
{
    hid_t copy;

    if (connector_acquire() < 0)
        return H5I_INVALID_HID;
    copy = H5Pcopy(fapl);
    if (copy >= 0 && H5Pset_vol(copy, connector.id, NULL) >= 0)
        return copy;
    if (copy >= 0)
        H5Pclose(copy);
    connector_release();
    return H5I_INVALID_HID;
}

/* The error stack is that of the call made with it. */
static void native_fapl_close(hid_t fapl)
{
    hid_t stack = H5Eget_current_stack();

    H5Pclose(fapl);
    H5Eset_current_stack(stack);
    connector_release();
}

void *zvol_native_file_create(const char *name, unsigned flags, hid_t fcpl, hid_t fapl, hid_t dxpl, void **req)
{
    hid_t own = native_fapl(fapl);
    void *h;

    if (own < 0)
        return NULL;
    h = wrap(MUTED(H5VLfile_create(name, flags, fcpl, own, dxpl, req)), H5I_FILE);
    native_fapl_close(own);
    return h;
}

void *zvol_native_file_open(const char *name, unsigned flags, hid_t fapl, hid_t dxpl, void **req)
{
    hid_t own = native_fapl(fapl);
    void *h;

    if (own < 0)
        return NULL;
    h = wrap(MUTED(H5VLfile_open(name, flags, own, dxpl, req)), H5I_FILE);
    native_fapl_close(own);
    return h;
}

herr_t zvol_native_file_accessible(const char *name, hid_t fapl, bool *accessible)
{
    hid_t own = native_fapl(fapl);
    H5VL_file_specific_args_t args = {.op_type = H5VL_FILE_IS_ACCESSIBLE};
    herr_t rc;

    *accessible = false;
    if (own < 0)
        return -1;
    args.args.is_accessible.filename = name;
    args.args.is_accessible.fapl_id = own;
    args.args.is_accessible.accessible = accessible;
    rc = MUTED(H5VLfile_specific(NULL, connector.id, &args, H5P_DATASET_XFER_DEFAULT, NULL));
    native_fapl_close(own);
    return rc;
}

herr_t zvol_native_file_delete(const char *name, hid_t fapl)
{
    hid_t own = native_fapl(fapl);
    H5VL_file_specific_args_t args = {.op_type = H5VL_FILE_DELETE};
    herr_t rc;

    if (own < 0)
        return -1;
    args.args.del.filename = name;
    args.args.del.fapl_id = own;
    rc = MUTED(H5VLfile_specific(NULL, connector.id, &args, H5P_DATASET_XFER_DEFAULT, NULL));
    native_fapl_close(own);
    return rc;
}

/* ---- files ---- */

herr_t zvol_native_file_get(void *obj, H5VL_file_get_args_t *args, hid_t dxpl, void **req)
{
    return MUTED(H5VLfile_get(under(obj), connector.id, args, dxpl, req));
}

/* IS_EQUAL passes as it comes: HDF5 gives a get_object() result there, the native object itself. */
herr_t zvol_native_file_specific(void *obj, H5VL_file_specific_args_t *args, hid_t dxpl, void **req)
{
    herr_t rc = MUTED(H5VLfile_specific(under(obj), connector.id, args, dxpl, req));

    if (rc < 0 || args->op_type != H5VL_FILE_REOPEN)
        return rc;
    *args->args.reopen.file = wrap(*args->args.reopen.file, H5I_FILE);
    return *args->args.reopen.file ? rc : -1;
}

herr_t zvol_native_file_optional(void *obj, H5VL_optional_args_t *args, hid_t dxpl, void **req)
{
    return H5VLfile_optional(under(obj), connector.id, args, dxpl, req);
}

herr_t zvol_native_close(void *obj, hid_t dxpl, void **req)
{
    zvol_native *h = obj;
    herr_t rc = close_under(h->under, (H5I_type_t)h->base.kind, dxpl, req);

    if (rc >= 0)
        handle_free(h);
    return rc;
}

/* ---- groups ---- */

void *zvol_native_group_create(void *obj, const H5VL_loc_params_t *loc, const char *name, hid_t lcpl, hid_t gcpl,
                               hid_t gapl, hid_t dxpl, void **req)
{
    return wrap(MUTED(H5VLgroup_create(under(obj), loc, connector.id, name, lcpl, gcpl, gapl, dxpl, req)), H5I_GROUP);
}

void *zvol_native_group_open(void *obj, const H5VL_loc_params_t *loc, const char *name, hid_t gapl, hid_t dxpl,
                             void **req)
{
    return wrap(MUTED(H5VLgroup_open(under(obj), loc, connector.id, name, gapl, dxpl, req)), H5I_GROUP);
}

herr_t zvol_native_group_get(void *obj, H5VL_group_get_args_t *args, hid_t dxpl, void **req)
{
    return MUTED(H5VLgroup_get(under(obj), connector.id, args, dxpl, req));
}

herr_t zvol_native_group_specific(void *obj, H5VL_group_specific_args_t *args, hid_t dxpl, void **req)
{
    H5VL_group_specific_args_t own = *args;

    if (args->op_type == H5VL_GROUP_MOUNT) {
        if (is_zarr(args->args.mount.child_file))
            return refuse_mix(H5E_FILE, H5E_MOUNT, "mount");
        own.args.mount.child_file = under(args->args.mount.child_file);
    }
    return MUTED(H5VLgroup_specific(under(obj), connector.id, &own, dxpl, req));
}

herr_t zvol_native_group_optional(void *obj, H5VL_optional_args_t *args, hid_t dxpl, void **req)
{
    return H5VLgroup_optional(under(obj), connector.id, args, dxpl, req);
}

/* ---- datasets ---- */

void *zvol_native_dataset_create(void *obj, const H5VL_loc_params_t *loc, const char *name, hid_t lcpl, hid_t type,
                                 hid_t space, hid_t dcpl, hid_t dapl, hid_t dxpl, void **req)
{
    return wrap(
        MUTED(H5VLdataset_create(under(obj), loc, connector.id, name, lcpl, type, space, dcpl, dapl, dxpl, req)),
        H5I_DATASET);
}

void *zvol_native_dataset_open(void *obj, const H5VL_loc_params_t *loc, const char *name, hid_t dapl, hid_t dxpl,
                               void **req)
{
    return wrap(MUTED(H5VLdataset_open(under(obj), loc, connector.id, name, dapl, dxpl, req)), H5I_DATASET);
}

#define FEW 8 /* datasets in one call that need no memory of their own */

/* The native objects behind the handles, in few or in memory that is the caller's to free. NULL if refused. */
static void **under_all(size_t count, void *const objs[], void *few[FEW])
{
    void **all = few;
    zh_error err = ZH_ERROR_INIT;
    size_t i;

    for (i = 0; i < count; i++) {
        if (is_zarr(objs[i])) {
            refuse_mix(H5E_DATASET, H5E_UNSUPPORTED, "share one read or write");
            return NULL;
        }
    }
    if (count > FEW)
        all = zh_reallocarray(NULL, count, sizeof(*all));
    if (!all) {
        zh_error_nomem(&err);
        ZVOL_PUSH(H5E_DATASET, H5E_CANTALLOC, &err);
        return NULL;
    }
    for (i = 0; i < count; i++)
        all[i] = under(objs[i]);
    return all;
}

herr_t zvol_native_dataset_read(size_t count, void *dset[], hid_t mem_type[], hid_t mem_space[], hid_t file_space[],
                                hid_t dxpl, void *buf[], void **req)
{
    void *few[FEW];
    void **all = under_all(count, dset, few);
    herr_t rc = -1;

    if (all)
        rc = MUTED(H5VLdataset_read(count, all, connector.id, mem_type, mem_space, file_space, dxpl, buf, req));
    if (all != few)
        zh_free(all);
    return rc;
}

herr_t zvol_native_dataset_write(size_t count, void *dset[], hid_t mem_type[], hid_t mem_space[], hid_t file_space[],
                                 hid_t dxpl, const void *buf[], void **req)
{
    void *few[FEW];
    void **all = under_all(count, dset, few);
    herr_t rc = -1;

    if (all)
        rc = MUTED(H5VLdataset_write(count, all, connector.id, mem_type, mem_space, file_space, dxpl, buf, req));
    if (all != few)
        zh_free(all);
    return rc;
}

herr_t zvol_native_dataset_get(void *obj, H5VL_dataset_get_args_t *args, hid_t dxpl, void **req)
{
    return MUTED(H5VLdataset_get(under(obj), connector.id, args, dxpl, req));
}

/* REFRESH closes obj's handle on the way, here and in groups, types and objects: it is not touched after the call. */
herr_t zvol_native_dataset_specific(void *obj, H5VL_dataset_specific_args_t *args, hid_t dxpl, void **req)
{
    return MUTED(H5VLdataset_specific(under(obj), connector.id, args, dxpl, req));
}

herr_t zvol_native_dataset_optional(void *obj, H5VL_optional_args_t *args, hid_t dxpl, void **req)
{
    return H5VLdataset_optional(under(obj), connector.id, args, dxpl, req);
}

/* ---- committed datatypes ---- */

void *zvol_native_type_commit(void *obj, const H5VL_loc_params_t *loc, const char *name, hid_t type, hid_t lcpl,
                              hid_t tcpl, hid_t tapl, hid_t dxpl, void **req)
{
    return wrap(MUTED(H5VLdatatype_commit(under(obj), loc, connector.id, name, type, lcpl, tcpl, tapl, dxpl, req)),
                H5I_DATATYPE);
}

void *zvol_native_type_open(void *obj, const H5VL_loc_params_t *loc, const char *name, hid_t tapl, hid_t dxpl,
                            void **req)
{
    return wrap(MUTED(H5VLdatatype_open(under(obj), loc, connector.id, name, tapl, dxpl, req)), H5I_DATATYPE);
}

herr_t zvol_native_type_get(void *obj, H5VL_datatype_get_args_t *args, hid_t dxpl, void **req)
{
    return MUTED(H5VLdatatype_get(under(obj), connector.id, args, dxpl, req));
}

herr_t zvol_native_type_specific(void *obj, H5VL_datatype_specific_args_t *args, hid_t dxpl, void **req)
{
    return MUTED(H5VLdatatype_specific(under(obj), connector.id, args, dxpl, req));
}

herr_t zvol_native_type_optional(void *obj, H5VL_optional_args_t *args, hid_t dxpl, void **req)
{
    return H5VLdatatype_optional(under(obj), connector.id, args, dxpl, req);
}

/* ---- attributes ---- */

void *zvol_native_attr_create(void *obj, const H5VL_loc_params_t *loc, const char *name, hid_t type, hid_t space,
                              hid_t acpl, hid_t aapl, hid_t dxpl, void **req)
{
    return wrap(MUTED(H5VLattr_create(under(obj), loc, connector.id, name, type, space, acpl, aapl, dxpl, req)),
                H5I_ATTR);
}

void *zvol_native_attr_open(void *obj, const H5VL_loc_params_t *loc, const char *name, hid_t aapl, hid_t dxpl,
                            void **req)
{
    return wrap(MUTED(H5VLattr_open(under(obj), loc, connector.id, name, aapl, dxpl, req)), H5I_ATTR);
}

herr_t zvol_native_attr_read(void *obj, hid_t mem_type, void *buf, hid_t dxpl, void **req)
{
    return MUTED(H5VLattr_read(under(obj), connector.id, mem_type, buf, dxpl, req));
}

herr_t zvol_native_attr_write(void *obj, hid_t mem_type, const void *buf, hid_t dxpl, void **req)
{
    return MUTED(H5VLattr_write(under(obj), connector.id, mem_type, buf, dxpl, req));
}

herr_t zvol_native_attr_get(void *obj, H5VL_attr_get_args_t *args, hid_t dxpl, void **req)
{
    return MUTED(H5VLattr_get(under(obj), connector.id, args, dxpl, req));
}

herr_t zvol_native_attr_specific(void *obj, const H5VL_loc_params_t *loc, H5VL_attr_specific_args_t *args, hid_t dxpl,
                                 void **req)
{
    return H5VLattr_specific(under(obj), loc, connector.id, args, dxpl, req);
}

herr_t zvol_native_attr_optional(void *obj, H5VL_optional_args_t *args, hid_t dxpl, void **req)
{
    return H5VLattr_optional(under(obj), connector.id, args, dxpl, req);
}

/* ---- links ---- */

herr_t zvol_native_link_create(H5VL_link_create_args_t *args, void *obj, const H5VL_loc_params_t *loc, hid_t lcpl,
                               hid_t lapl, hid_t dxpl, void **req)
{
    H5VL_link_create_args_t own = *args;

    if (args->op_type == H5VL_LINK_CREATE_HARD) {
        if (is_zarr(obj) || is_zarr(args->args.hard.curr_obj))
            return refuse_mix(H5E_LINK, H5E_CANTCREATE, "link");
        own.args.hard.curr_obj = under(args->args.hard.curr_obj);
    }
    return MUTED(H5VLlink_create(&own, under(obj), loc, connector.id, lcpl, lapl, dxpl, req));
}

herr_t zvol_native_link_copy(void *src, const H5VL_loc_params_t *src_loc, void *dst, const H5VL_loc_params_t *dst_loc,
                             hid_t lcpl, hid_t lapl, hid_t dxpl, void **req)
{
    if (is_zarr(src) || is_zarr(dst))
        return refuse_mix(H5E_LINK, H5E_CANTCOPY, "copy a link");
    return MUTED(H5VLlink_copy(under(src), src_loc, under(dst), dst_loc, connector.id, lcpl, lapl, dxpl, req));
}

herr_t zvol_native_link_move(void *src, const H5VL_loc_params_t *src_loc, void *dst, const H5VL_loc_params_t *dst_loc,
                             hid_t lcpl, hid_t lapl, hid_t dxpl, void **req)
{
    if (is_zarr(src) || is_zarr(dst))
        return refuse_mix(H5E_LINK, H5E_CANTMOVE, "move a link");
    return MUTED(H5VLlink_move(under(src), src_loc, under(dst), dst_loc, connector.id, lcpl, lapl, dxpl, req));
}

herr_t zvol_native_link_get(void *obj, const H5VL_loc_params_t *loc, H5VL_link_get_args_t *args, hid_t dxpl, void **req)
{
    return MUTED(H5VLlink_get(under(obj), loc, connector.id, args, dxpl, req));
}

herr_t zvol_native_link_specific(void *obj, const H5VL_loc_params_t *loc, H5VL_link_specific_args_t *args, hid_t dxpl,
                                 void **req)
{
    return H5VLlink_specific(under(obj), loc, connector.id, args, dxpl, req);
}

herr_t zvol_native_link_optional(void *obj, const H5VL_loc_params_t *loc, H5VL_optional_args_t *args, hid_t dxpl,
                                 void **req)
{
    return H5VLlink_optional(under(obj), loc, connector.id, args, dxpl, req);
}

/* ---- objects ---- */

void *zvol_native_object_open(void *obj, const H5VL_loc_params_t *loc, H5I_type_t *opened_type, hid_t dxpl, void **req)
{
    void *opened = MUTED(H5VLobject_open(under(obj), loc, connector.id, opened_type, dxpl, req));

    return opened ? wrap(opened, *opened_type) : NULL;
}

herr_t zvol_native_object_copy(void *src, const H5VL_loc_params_t *src_loc, const char *src_name, void *dst,
                               const H5VL_loc_params_t *dst_loc, const char *dst_name, hid_t ocpypl, hid_t lcpl,
                               hid_t dxpl, void **req)
{
    if (is_zarr(src) || is_zarr(dst))
        return refuse_mix(H5E_OHDR, H5E_CANTCOPY, "copy");
    return MUTED(H5VLobject_copy(under(src), src_loc, src_name, under(dst), dst_loc, dst_name, connector.id, ocpypl,
                                 lcpl, dxpl, req));
}

herr_t zvol_native_object_get(void *obj, const H5VL_loc_params_t *loc, H5VL_object_get_args_t *args, hid_t dxpl,
                              void **req)
{
    return MUTED(H5VLobject_get(under(obj), loc, connector.id, args, dxpl, req));
}

herr_t zvol_native_object_specific(void *obj, const H5VL_loc_params_t *loc, H5VL_object_specific_args_t *args,
                                   hid_t dxpl, void **req)
{
    return H5VLobject_specific(under(obj), loc, connector.id, args, dxpl, req);
}

herr_t zvol_native_object_optional(void *obj, const H5VL_loc_params_t *loc, H5VL_optional_args_t *args, hid_t dxpl,
                                   void **req)
{
    return H5VLobject_optional(under(obj), loc, connector.id, args, dxpl, req);
}

/* ---- introspection, blobs, tokens ---- */

herr_t zvol_native_introspect_term_cls(void *obj, const H5VL_class_t **cls)
{
    return H5VLintrospect_get_conn_cls(under(obj), connector.id, H5VL_GET_CONN_LVL_TERM, cls);
}

herr_t zvol_native_introspect_opt_query(void *obj, H5VL_subclass_t subclass, int opt_type, uint64_t *flags)
{
    return H5VLintrospect_opt_query(under(obj), connector.id, subclass, opt_type, flags);
}

herr_t zvol_native_blob_put(void *obj, const void *buf, size_t size, void *blob_id, void *ctx)
{
    return H5VLblob_put(under(obj), connector.id, buf, size, blob_id, ctx);
}

herr_t zvol_native_blob_get(void *obj, const void *blob_id, void *buf, size_t size, void *ctx)
{
    return H5VLblob_get(under(obj), connector.id, blob_id, buf, size, ctx);
}

herr_t zvol_native_blob_specific(void *obj, void *blob_id, H5VL_blob_specific_args_t *args)
{
    return H5VLblob_specific(under(obj), connector.id, blob_id, args);
}

herr_t zvol_native_blob_optional(void *obj, void *blob_id, H5VL_optional_args_t *args)
{
    return H5VLblob_optional(under(obj), connector.id, blob_id, args);
}

herr_t zvol_native_token_cmp(void *obj, const H5O_token_t *a, const H5O_token_t *b, int *cmp)
{
    return H5VLtoken_cmp(under(obj), connector.id, a, b, cmp);
}

herr_t zvol_native_token_to_str(void *obj, H5I_type_t type, const H5O_token_t *token, char **str)
{
    return H5VLtoken_to_str(under(obj), type, connector.id, token, str);
}

herr_t zvol_native_token_from_str(void *obj, H5I_type_t type, const char *str, H5O_token_t *token)
{
    return H5VLtoken_from_str(under(obj), type, connector.id, str, token);
}

herr_t zvol_native_optional(void *obj, H5VL_optional_args_t *args, hid_t dxpl, void **req)
{
    return H5VLoptional(under(obj), connector.id, args, dxpl, req);
}

/* ---- wrapping ---- */

void *zvol_native_get_object(const void *obj)
{
    return under(obj);
}

void *zvol_native_wrap_ctx(void)
{
    return &wrap_ctx;
}

void *zvol_native_wrap_object(void *native_obj, H5I_type_t type)
{
    return handle_new(native_obj, type);
}

void *zvol_native_unwrap_object(void *obj)
{
    void *native_obj = under(obj);

    handle_free(obj);
    return native_obj;
}
