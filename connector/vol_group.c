/* vol_group.c - group callbacks. */
#include "base/error.h"
#include "callbacks.h"
#include "err.h"
#include "native.h"
#include "open.h"
#include "registry.h"

#include <string.h>

static zh_node *new_group(void *obj, const H5VL_loc_params_t *lp, const char *name, hid_t lcpl, hid_t gcpl,
                          zh_error *err)
{
    zh_node *parent = NULL;
    zh_node *node = NULL;
    const char *last = NULL;
    size_t n = 0;

    if (zvol_check_plist(gcpl, H5P_LST_GROUP_CREATE_ID_g, H5P_CLS_GROUP_CREATE_ID_g, "group creation", err) < 0)
        return NULL;
    if (name) {
        if (zvol_new_link(&parent, &last, &n, obj, lp, name, lcpl, err) < 0)
            return NULL;
    } else if (zvol_check_writable(obj, err) < 0) {
        return NULL;
    }
    if (zh_node_new_group(&node, zvol_file_of(obj)->store->tree, parent, last, n, NULL, err) < 0)
        return NULL;
    node->track = zvol_track_of(gcpl);
    return node;
}

void *zvol_group_create(void *obj, const H5VL_loc_params_t *lp, const char *name, hid_t lcpl, hid_t gcpl, hid_t gapl,
                        hid_t dxpl, void **req)
{
    zh_error err = ZH_ERROR_INIT;
    zh_node *node;
    void *group = NULL;

    if (zvol_is_native(obj))
        return zvol_native_group_create(obj, lp, name, lcpl, gcpl, gapl, dxpl, req);
    if (zvol_check_plist(gapl, H5P_LST_GROUP_ACCESS_ID_g, H5P_CLS_GROUP_ACCESS_ID_g, "group access", &err) == ZH_OK) {
        node = new_group(obj, lp, name, lcpl, gcpl, &err);
        group = node ? zvol_open_node(obj, node, &err) : NULL;
    }
    if (!group) {
        zh_error_prefix(&err, "unable to create %s", name ? "group" : "a group without a name");
        ZVOL_PUSH_AT(H5E_SYM_g, H5E_CANTCREATE_g, &err, obj, lp, name);
    }
    return group;
}

void *zvol_group_open(void *obj, const H5VL_loc_params_t *lp, const char *name, hid_t gapl, hid_t dxpl, void **req)
{
    zh_error err = ZH_ERROR_INIT;
    void *group = NULL;

    if (zvol_is_native(obj))
        return zvol_native_group_open(obj, lp, name, gapl, dxpl, req);
    if (zvol_check_plist(gapl, H5P_LST_GROUP_ACCESS_ID_g, H5P_CLS_GROUP_ACCESS_ID_g, "group access", &err) == ZH_OK)
        group = zvol_open_path(obj, lp, name, ZH_NODE_GROUP, &err);
    if (!group)
        ZVOL_PUSH_AT(H5E_SYM_g, H5E_CANTOPENOBJ_g, &err, obj, lp, name);
    return group;
}

static int group_info(void *obj, const H5VL_loc_params_t *lp, H5G_info_t *out, zh_error *err)
{
    zh_node *node = NULL;
    size_t n = 0;
    int rc = zvol_locate(&node, obj, lp, err);

    if (rc == ZH_OK && node->kind != ZH_NODE_GROUP)
        rc = zh_error_set(err, ZH_INVALID, "not a group");
    if (rc == ZH_OK)
        rc = zh_node_child_count(&n, node, err);
    if (rc < 0)
        return rc;
    memset(out, 0, sizeof(*out));
    out->storage_type = H5G_STORAGE_TYPE_UNKNOWN;
    out->nlinks = n;
    out->max_corder = node->track & H5P_CRT_ORDER_TRACKED ? (int64_t)node->next_corder : 0;
    return ZH_OK;
}

static int make_gcpl(hid_t *out, const zh_node *node, zh_error *err)
{
    hid_t gcpl = H5Pcreate(node->parent ? H5P_CLS_GROUP_CREATE_ID_g : H5P_CLS_FILE_CREATE_ID_g);

    if (gcpl < 0)
        return zvol_err_h5(err, ZH_INTERNAL, "no property list");
    if ((node->track & 3u) && H5Pset_link_creation_order(gcpl, node->track & 3u) < 0)
        return zvol_err_h5(err, ZH_INTERNAL, "link creation order");
    if ((node->track >> 2) && H5Pset_attr_creation_order(gcpl, (unsigned)node->track >> 2) < 0)
        return zvol_err_h5(err, ZH_INTERNAL, "attribute creation order");
    *out = gcpl;
    return ZH_OK;
}

herr_t zvol_group_get(void *obj, H5VL_group_get_args_t *args, hid_t dxpl, void **req)
{
    zh_error err = ZH_ERROR_INIT;
    int rc;

    if (zvol_is_native(obj))
        return zvol_native_group_get(obj, args, dxpl, req);
    if (args->op_type == H5VL_GROUP_GET_GCPL)
        rc = make_gcpl(&args->args.get_gcpl.gcpl_id, zvol_node_of(obj), &err);
    else
        rc = group_info(obj, &args->args.get_info.loc_params, args->args.get_info.ginfo, &err);
    if (rc == ZH_OK)
        return 0;
    ZVOL_PUSH_AT(H5E_SYM_g, H5E_CANTGET_g, &err, obj,
                 args->op_type == H5VL_GROUP_GET_INFO ? &args->args.get_info.loc_params : NULL, NULL);
    return -1;
}

herr_t zvol_group_specific(void *obj, H5VL_group_specific_args_t *args, hid_t dxpl, void **req)
{
    zh_error err = ZH_ERROR_INIT;
    int rc = ZH_OK;

    if (zvol_is_native(obj))
        return zvol_native_group_specific(obj, args, dxpl, req);
    if (args->op_type == H5VL_GROUP_FLUSH)
        rc = zvol_store_flush(zvol_file_of(obj)->store, &err);
    else if (args->op_type != H5VL_GROUP_REFRESH)
        rc = zh_error_set(&err, ZH_UNSUPPORTED, "mounting files is not supported in Zarr stores");
    if (rc == ZH_OK)
        return 0;
    ZVOL_PUSH_AT(H5E_SYM_g, rc == ZH_UNSUPPORTED ? H5E_UNSUPPORTED_g : H5E_CANTFLUSH_g, &err, obj, NULL, NULL);
    return -1;
}

/* H5Gget_objinfo, which h5py's hash() and == use. */
static int object_stat(void *obj, H5VL_native_group_get_objinfo_t *a, zh_error *err)
{
    H5G_stat_t *s = a->statbuf;
    zh_node *node;
    int rc = zvol_locate(&node, obj, &a->loc_params, err);

    if (rc < 0 || !s)
        return rc;
    memset(s, 0, sizeof(*s));
    s->fileno[0] = zvol_file_of(obj)->store->fileno;
    s->objno[0] = (unsigned long)node->id;
    s->nlink = 1;
    s->type = node->kind == ZH_NODE_ARRAY ? H5G_DATASET : H5G_GROUP;
    return ZH_OK;
}

static herr_t iterate_old(void *obj, H5VL_native_group_iterate_old_t *a, zh_error *err)
{
    zh_node *group;
    zh_node **nodes;
    hid_t id;
    size_t n;
    size_t i;
    herr_t result = 0;

    if (zvol_locate(&group, obj, &a->loc_params, err) < 0 ||
        zvol_children(&nodes, &n, group, H5_INDEX_NAME, H5_ITER_INC, err) < 0)
        return -1;
    id = zvol_register_node(obj, group, err);
    for (i = (size_t)a->idx; id >= 0 && i < n && result == 0; i++)
        result = a->op(id, nodes[i]->name, a->op_data);
    if (a->last_obj)
        *a->last_obj = i;
    zvol_children_free(nodes, n);
    if (id < 0)
        return -1;
    H5Idec_ref(id);
    return result;
}

herr_t zvol_group_optional(void *obj, H5VL_optional_args_t *args, hid_t dxpl, void **req)
{
    H5VL_native_group_optional_args_t *a = args->args;
    zh_error err = ZH_ERROR_INIT;
    herr_t result;

    if (zvol_is_native(obj))
        return zvol_native_group_optional(obj, args, dxpl, req);
    if (args->op_type == H5VL_NATIVE_GROUP_GET_OBJINFO)
        result = object_stat(obj, &a->get_objinfo, &err) == ZH_OK ? 0 : -1;
    else if (args->op_type == H5VL_NATIVE_GROUP_ITERATE_OLD)
        result = iterate_old(obj, &a->iterate_old, &err);
    else
        result =
            zh_error_set(&err, ZH_UNSUPPORTED, "group operation %d does not exist for Zarr stores", args->op_type) < 0
                ? -1
                : 0;
    if (err.code < 0)
        ZVOL_PUSH_AT(H5E_SYM_g, H5E_UNSUPPORTED_g, &err, obj, NULL, NULL);
    return result;
}

herr_t zvol_group_close(void *group, hid_t dxpl, void **req)
{
    zh_error err = ZH_ERROR_INIT;

    if (zvol_is_native(group))
        return zvol_native_close(group, dxpl, req);
    if (zvol_close_object(group, &err) == ZH_OK)
        return 0;
    ZVOL_PUSH_AT(H5E_SYM_g, H5E_CANTCLOSEOBJ_g, &err, group, NULL, NULL);
    return -1;
}
