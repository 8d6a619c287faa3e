/* vol_dataset.c - dataset callbacks. */
#include "base/error.h"
#include "base/alloc.h"
#include "callbacks.h"
#include "err.h"
#include "native.h"
#include "h5space.h"
#include "meta/grid.h"
#include "open.h"
#include "registry.h"

#include <string.h>

/* The node for H5Dcreate's arguments; fills dset. */
static zh_node *new_dataset(zvol_dset *dset, void *obj, const H5VL_loc_params_t *lp, const char *name, hid_t lcpl,
                            hid_t type, hid_t space, hid_t dcpl, zh_error *err)
{
    zh_tree *tree = zvol_file_of(obj)->store->tree;
    zvol_dset_options opts = {zh_tree_format(tree)};
    zh_buf facts = ZH_BUF_INIT((size_t)1 << 24);
    zh_array_meta *meta = NULL;
    zh_node *parent = NULL;
    zh_node *node = NULL;
    const char *last = NULL;
    const char *text;
    size_t n = 0;
    int rc;

    rc = zvol_dset_capture(dset, &meta, &facts, type, space, dcpl, &opts, err);
    if (rc < 0)
        goto out;
    /* The link last: making intermediate groups is not undone. */
    rc = name ? zvol_new_link(&parent, &last, &n, obj, lp, name, lcpl, err) : zvol_check_writable(obj, err);
    if (rc < 0)
        goto out;
    text = facts.len ? zh_buf_cstr(&facts, err) : NULL;
    if (facts.len && !text)
        goto out;
    rc = zh_node_new_array(&node, tree, parent, last, n, meta, text, err);
    if (rc == ZH_OK) {
        meta = NULL;
        node->track = (uint8_t)((dset->attr_track & 3u) << 2);
    }
out:
    zh_array_meta_free(meta);
    zh_buf_dispose(&facts);
    if (!node)
        zvol_dset_dispose(dset);
    return node;
}

static hid_t copy_dapl(hid_t dapl)
{
    return dapl == H5P_DEFAULT || dapl == H5P_LST_DATASET_ACCESS_ID_g ? H5I_INVALID_HID : H5Pcopy(dapl);
}

static int check_lists(hid_t dcpl, hid_t dapl, zh_error *err)
{
    int rc = zvol_check_plist(dcpl, H5P_LST_DATASET_CREATE_ID_g, H5P_CLS_DATASET_CREATE_ID_g, "dataset creation", err);

    return rc < 0 ? rc
                  : zvol_check_plist(dapl, H5P_LST_DATASET_ACCESS_ID_g, H5P_CLS_DATASET_ACCESS_ID_g, "dataset access",
                                     err);
}

void *zvol_dataset_create(void *obj, const H5VL_loc_params_t *lp, const char *name, hid_t lcpl, hid_t type, hid_t space,
                          hid_t dcpl, hid_t dapl, hid_t dxpl, void **req)
{
    zh_error err = ZH_ERROR_INIT;
    zvol_dataset *d = NULL;
    zh_node *node = NULL;
    zvol_dset dset;

    if (zvol_is_native(obj))
        return zvol_native_dataset_create(obj, lp, name, lcpl, type, space, dcpl, dapl, dxpl, req);
    memset(&dset, 0, sizeof(dset));
    if (check_lists(dcpl, dapl, &err) == ZH_OK)
        node = new_dataset(&dset, obj, lp, name, lcpl, type, space, dcpl, &err);
    if (node) {
        d = zvol_obj_new(obj, H5I_DATASET, node, sizeof(*d), &err);
        if (d) {
            d->dset = dset;
            d->dapl = copy_dapl(dapl);
        } else {
            zvol_dset_dispose(&dset);
        }
    }
    if (!d) {
        zh_error_prefix(&err, "unable to create %s", name ? "dataset" : "a dataset without a name");
        ZVOL_PUSH_AT(H5E_DATASET_g, H5E_CANTCREATE_g, &err, obj, lp, name);
    }
    return d;
}

void *zvol_dataset_open(void *obj, const H5VL_loc_params_t *lp, const char *name, hid_t dapl, hid_t dxpl, void **req)
{
    zh_error err = ZH_ERROR_INIT;
    zvol_dataset *d = NULL;

    if (zvol_is_native(obj))
        return zvol_native_dataset_open(obj, lp, name, dapl, dxpl, req);
    if (check_lists(H5P_DEFAULT, dapl, &err) == ZH_OK)
        d = zvol_open_path(obj, lp, name, ZH_NODE_ARRAY, &err);
    if (!d) {
        ZVOL_PUSH_AT(H5E_DATASET_g, H5E_CANTOPENOBJ_g, &err, obj, lp, name);
        return NULL;
    }
    d->dapl = copy_dapl(dapl);
    return d;
}

/* In a call on several datasets either all or none are Zarr's. */
static int check_one_kind(size_t count, void *dset[], zh_error *err)
{
    size_t i;

    for (i = 0; i < count; i++)
        if (zvol_is_native(dset[i]))
            return zh_error_set(err, ZH_UNSUPPORTED, "one call on datasets of HDF5 files and Zarr stores");
    return ZH_OK;
}

static int read_one(zvol_dataset *d, hid_t mem_type, hid_t mem_space, hid_t file_space, hid_t dxpl, void *buf,
                    zh_error *err)
{
    zh_array *a;
    int rc = zh_node_array(&a, d->obj.node, err);

    if (rc < 0)
        return rc;
    return zvol_dset_read(&d->dset, a, d->obj.node->meta->shape, mem_type, mem_space, file_space, dxpl, buf, err);
}

static int write_one(zvol_dataset *d, hid_t mem_type, hid_t mem_space, hid_t file_space, hid_t dxpl, const void *buf,
                     zh_error *err)
{
    zh_array *a = NULL;
    int rc = zvol_check_writable(d, err);

    if (rc == ZH_OK)
        rc = zh_node_array(&a, d->obj.node, err);
    if (rc < 0)
        return rc;
    return zvol_dset_write(&d->dset, a, d->obj.node->meta->shape, mem_type, mem_space, file_space, dxpl, buf, err);
}

herr_t zvol_dataset_read(size_t count, void *dset[], hid_t mem_type[], hid_t mem_space[], hid_t file_space[],
                         hid_t dxpl, void *buf[], void **req)
{
    zh_error err = ZH_ERROR_INIT;
    size_t i = 0;
    int rc;

    if (count && zvol_is_native(dset[0]))
        return zvol_native_dataset_read(count, dset, mem_type, mem_space, file_space, dxpl, buf, req);
    rc = check_one_kind(count, dset, &err);
    for (; rc == ZH_OK && i < count; i++)
        rc = read_one(dset[i], mem_type[i], mem_space[i], file_space[i], dxpl, buf[i], &err);
    if (rc == ZH_OK)
        return 0;
    ZVOL_PUSH_AT(H5E_DATASET_g, H5E_READERROR_g, &err, dset[i > 0 ? i - 1 : 0], NULL, NULL);
    return -1;
}

herr_t zvol_dataset_write(size_t count, void *dset[], hid_t mem_type[], hid_t mem_space[], hid_t file_space[],
                          hid_t dxpl, const void *buf[], void **req)
{
    zh_error err = ZH_ERROR_INIT;
    size_t i = 0;
    int rc;

    if (count && zvol_is_native(dset[0]))
        return zvol_native_dataset_write(count, dset, mem_type, mem_space, file_space, dxpl, buf, req);
    rc = check_one_kind(count, dset, &err);
    for (; rc == ZH_OK && i < count; i++)
        rc = write_one(dset[i], mem_type[i], mem_space[i], file_space[i], dxpl, buf[i], &err);
    if (rc == ZH_OK)
        return 0;
    ZVOL_PUSH_AT(H5E_DATASET_g, H5E_WRITEERROR_g, &err, dset[i > 0 ? i - 1 : 0], NULL, NULL);
    return -1;
}

/* Of an array that cannot be read it is not known. HDF5's tools pass over what takes no space: as if all of it were
 * there, then, so that they try, and fail. */
static int stored(zvol_dataset *d, uint64_t *bytes, uint64_t *chunks, zh_error *err)
{
    const zh_array_meta *meta = d->obj.node->meta;
    zh_array *a;
    int rc;

    if (meta->unreadable) {
        *chunks = UINT64_MAX;
        *bytes = zh_dtype_cell_size(&meta->dtype);
        for (unsigned i = 0; i < meta->rank; i++)
            if (!zh_mul_u64(*bytes, meta->shape[i], bytes))
                *bytes = UINT64_MAX;
        return ZH_OK;
    }
    rc = zh_node_array(&a, d->obj.node, err);
    return rc < 0 ? rc : zh_array_stored_bytes(a, bytes, chunks, err);
}

static int space_status(zvol_dataset *d, H5D_space_status_t *out, zh_error *err)
{
    uint64_t bytes;
    uint64_t chunks;
    uint64_t total = 0;
    int rc = stored(d, &bytes, &chunks, err);

    if (rc < 0)
        return rc;
    if (chunks == 0)
        *out = H5D_SPACE_STATUS_NOT_ALLOCATED;
    else
        *out = zh_grid_total(d->obj.node->meta, &total) && chunks >= total ? H5D_SPACE_STATUS_ALLOCATED
                                                                           : H5D_SPACE_STATUS_PART_ALLOCATED;
    return ZH_OK;
}

static int dataset_get(zvol_dataset *d, H5VL_dataset_get_args_t *args, zh_error *err)
{
    const zh_array_meta *meta = d->obj.node->meta;
    uint64_t chunks;
    uint64_t bytes;
    int rc;

    switch (args->op_type) {
    case H5VL_DATASET_GET_DAPL:
        return zvol_take_id(&args->args.get_dapl.dapl_id,
                            d->dapl >= 0 ? H5Pcopy(d->dapl) : H5Pcreate(H5P_CLS_DATASET_ACCESS_ID_g), err);
    case H5VL_DATASET_GET_DCPL:
        return zvol_take_id(&args->args.get_dcpl.dcpl_id, zvol_dset_make_dcpl(&d->dset, err), err);
    case H5VL_DATASET_GET_SPACE:
        return zvol_take_id(&args->args.get_space.space_id,
                            zvol_space_make(d->dset.null_space, d->dset.rank, meta->shape, d->dset.maxdims, err), err);
    case H5VL_DATASET_GET_SPACE_STATUS:
        return space_status(d, args->args.get_space_status.status, err);
    case H5VL_DATASET_GET_STORAGE_SIZE:
        rc = stored(d, &bytes, &chunks, err);
        if (rc == ZH_OK)
            *args->args.get_storage_size.storage_size = bytes;
        return rc;
    case H5VL_DATASET_GET_TYPE:
        return zvol_take_id(&args->args.get_type.type_id, zvol_type_make(&d->dset.type, err), err);
    default:
        return zh_error_set(err, ZH_UNSUPPORTED, "unknown dataset query %d", (int)args->op_type);
    }
}

herr_t zvol_dataset_get(void *dset, H5VL_dataset_get_args_t *args, hid_t dxpl, void **req)
{
    zh_error err = ZH_ERROR_INIT;

    if (zvol_is_native(dset))
        return zvol_native_dataset_get(dset, args, dxpl, req);
    if (dataset_get(dset, args, &err) == ZH_OK)
        return 0;
    ZVOL_PUSH_AT(H5E_DATASET_g, H5E_CANTGET_g, &err, dset, NULL, NULL);
    return -1;
}

/* The facts again: the maximal extent was told by the extent alone, which has changed. */
static int keep_facts(zvol_dataset *d, zh_error *err)
{
    zh_buf facts = ZH_BUF_INIT((size_t)1 << 24);
    const char *text = NULL;
    int rc = zvol_dset_format_facts(&facts, &d->dset, d->obj.node->meta, err);

    if (rc == ZH_OK && facts.len)
        text = zh_buf_cstr(&facts, err);
    if (rc == ZH_OK)
        rc = text || !facts.len ? zh_node_set_facts(d->obj.node, text, err) : ZH_NOMEM;
    zh_buf_dispose(&facts);
    return rc;
}

static int set_extent(zvol_dataset *d, const hsize_t *size, zh_error *err)
{
    uint64_t shape[ZH_MAX_RANK];
    bool at_maximum = true;
    unsigned i;
    int rc = zvol_check_writable(d, err);

    if (rc < 0)
        return rc;
    if (d->dset.layout != H5D_CHUNKED)
        return zh_error_set(err, ZH_INVALID, "the dataset is not chunked: its extent cannot change");
    for (i = 0; i < d->dset.rank; i++) {
        if (d->dset.maxdims[i] != H5S_UNLIMITED && size[i] > d->dset.maxdims[i])
            return zh_error_set(err, ZH_RANGE, "dimension %u: %llu exceeds the maximal size %llu", i,
                                (unsigned long long)size[i], (unsigned long long)d->dset.maxdims[i]);
        at_maximum = at_maximum && d->obj.node->meta->shape[i] == d->dset.maxdims[i];
        shape[i] = size[i];
    }
    rc = zh_node_resize(d->obj.node, shape, err);
    return rc == ZH_OK && at_maximum ? keep_facts(d, err) : rc;
}

herr_t zvol_dataset_specific(void *obj, H5VL_dataset_specific_args_t *args, hid_t dxpl, void **req)
{
    zh_error err = ZH_ERROR_INIT;
    int rc = ZH_OK;

    if (zvol_is_native(obj))
        return zvol_native_dataset_specific(obj, args, dxpl, req);
    if (args->op_type == H5VL_DATASET_SET_EXTENT)
        rc = set_extent(obj, args->args.set_extent.size, &err);
    else if (args->op_type == H5VL_DATASET_FLUSH)
        rc = zvol_store_flush(zvol_file_of(obj)->store, &err);
    if (rc == ZH_OK)
        return 0;
    ZVOL_PUSH_AT(H5E_DATASET_g, args->op_type == H5VL_DATASET_FLUSH ? H5E_CANTFLUSH_g : H5E_CANTSET_g, &err, obj, NULL,
                 NULL);
    return -1;
}

herr_t zvol_dataset_optional(void *obj, H5VL_optional_args_t *args, hid_t dxpl, void **req)
{
    zh_error err = ZH_ERROR_INIT;

    if (zvol_is_native(obj))
        return zvol_native_dataset_optional(obj, args, dxpl, req);
    zh_error_set(&err, ZH_UNSUPPORTED,
                 "dataset operation %d (direct chunk access and the like) is not supported for Zarr stores yet",
                 args->op_type);
    ZVOL_PUSH_AT(H5E_DATASET_g, H5E_UNSUPPORTED_g, &err, obj, NULL, NULL);
    return -1;
}

herr_t zvol_dataset_close(void *dset, hid_t dxpl, void **req)
{
    zh_error err = ZH_ERROR_INIT;

    if (zvol_is_native(dset))
        return zvol_native_close(dset, dxpl, req);
    if (zvol_close_object(dset, &err) == ZH_OK)
        return 0;
    ZVOL_PUSH_AT(H5E_DATASET_g, H5E_CANTCLOSEOBJ_g, &err, dset, NULL, NULL);
    return -1;
}
