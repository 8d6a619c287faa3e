/* vol_link.c - link callbacks. Every link of a Zarr store is the one hard link of its node so far; soft, external and
 * further hard links are refused. */
#include "base/alloc.h"
#include "base/error.h"
#include "callbacks.h"
#include "err.h"
#include "native.h"
#include "open.h"
#include "visit.h"

#include <string.h>

static int create_hard(void *obj, const H5VL_loc_params_t *lp, H5VL_link_create_args_t *args, hid_t lcpl, zh_error *err)
{
    void *current = args->args.hard.curr_obj ? args->args.hard.curr_obj : obj;
    void *base = obj ? obj : current;
    H5VL_loc_params_t self;
    zh_node *target = NULL;
    zh_node *group = NULL;
    const char *last = NULL;
    size_t n = 0;
    int rc;

    memset(&self, 0, sizeof(self));
    self.type = H5VL_OBJECT_BY_SELF;
    rc = zvol_locate(&target, current, &args->args.hard.curr_loc_params, err);
    if (rc == ZH_OK)
        rc = zvol_new_link(&group, &last, &n, base, &self, lp->loc_data.loc_by_name.name, lcpl, err);
    if (rc != ZH_OK)
        return rc;
    if (group->tree != target->tree)
        return zh_error_set(err, ZH_INVALID, "source and destination are not in the same store");
    /* Only an object made without a name (H5Dcreate_anon) has no link yet. */
    if (target->parent || target == zh_tree_root(target->tree))
        return zh_error_set(err, ZH_UNSUPPORTED,
                            "a second hard link to one object is not supported in Zarr stores yet");
    return zh_node_link(target, group, last, n, err);
}

herr_t zvol_link_create(H5VL_link_create_args_t *args, void *obj, const H5VL_loc_params_t *lp, hid_t lcpl, hid_t lapl,
                        hid_t dxpl, void **req)
{
    zh_error err = ZH_ERROR_INIT;
    int rc;

    if (zvol_is_native_link(args, obj))
        return zvol_native_link_create(args, obj, lp, lcpl, lapl, dxpl, req);
    if (args->op_type == H5VL_LINK_CREATE_HARD)
        rc = create_hard(obj, lp, args, lcpl, &err);
    else if (args->op_type == H5VL_LINK_CREATE_SOFT)
        rc = zh_error_set(&err, ZH_UNSUPPORTED, "a soft link is not supported in Zarr stores yet");
    else
        rc = zh_error_set(&err, ZH_UNSUPPORTED, "an external or user-defined link is not supported in Zarr stores yet");
    if (rc == ZH_OK)
        return 0;
    ZVOL_PUSH_AT(H5E_LINK_g, H5E_CANTCREATE_g, &err, obj ? obj : args->args.hard.curr_obj, lp, NULL);
    return -1;
}

herr_t zvol_link_copy(void *src, const H5VL_loc_params_t *lp1, void *dst, const H5VL_loc_params_t *lp2, hid_t lcpl,
                      hid_t lapl, hid_t dxpl, void **req)
{
    zh_error err = ZH_ERROR_INIT;

    if (zvol_is_native(src) || zvol_is_native(dst))
        return zvol_native_link_copy(src, lp1, dst, lp2, lcpl, lapl, dxpl, req);
    zh_error_set(&err, ZH_UNSUPPORTED, "copying a hard link would make a second one: not supported in Zarr stores yet");
    ZVOL_PUSH_AT(H5E_LINK_g, H5E_CANTCOPY_g, &err, src ? src : dst, lp1, NULL);
    return -1;
}

/* The node at the end of a link, whether or not its document can be used: a damaged one can be told of and deleted. */
static int named_node(zh_node **out, void *obj, const char *path, zh_error *err)
{
    zh_node *group = NULL;
    const char *last = NULL;
    size_t n = 0;
    int rc = zvol_walk_parent(&group, &last, &n, zvol_node_of(obj), path, false, err);

    if (rc != ZH_OK)
        return rc;
    if (n == 0)
        *out = group;
    else if (group->kind != ZH_NODE_GROUP)
        rc = ZH_NOTFOUND;
    else
        rc = zh_node_find(out, group, last, n, err);
    return rc == ZH_NOTFOUND ? zh_error_set(err, rc, "no such link") : rc;
}

static int link_node(zh_node **out, void *obj, const H5VL_loc_params_t *lp, zh_error *err)
{
    int rc;

    *out = NULL;
    rc = lp->type == H5VL_OBJECT_BY_NAME ? named_node(out, obj, lp->loc_data.loc_by_name.name, err)
                                         : zvol_locate(out, obj, lp, err);
    if (rc != ZH_OK)
        return rc;
    if (*out && (*out)->parent)
        return ZH_OK;
    zh_error_set(err, ZH_INVALID, "the root and unnamed objects have no link");
    return ZH_INVALID;
}

herr_t zvol_link_move(void *src, const H5VL_loc_params_t *lp1, void *dst, const H5VL_loc_params_t *lp2, hid_t lcpl,
                      hid_t lapl, hid_t dxpl, void **req)
{
    void *from = src ? src : dst;
    void *to = dst ? dst : src;
    zh_error err = ZH_ERROR_INIT;
    H5VL_loc_params_t self;
    zh_node *group = NULL;
    zh_node *node = NULL;
    const char *last = NULL;
    size_t n = 0;
    int rc;

    if (zvol_is_native(from) || zvol_is_native(to))
        return zvol_native_link_move(src, lp1, dst, lp2, lcpl, lapl, dxpl, req);
    memset(&self, 0, sizeof(self));
    self.type = H5VL_OBJECT_BY_SELF;
    rc = link_node(&node, from, lp1, &err);
    if (rc == ZH_OK)
        rc = zvol_new_link(&group, &last, &n, to, &self, lp2->loc_data.loc_by_name.name, lcpl, &err);
    if (rc == ZH_OK && group->tree != node->tree)
        rc = zh_error_set(&err, ZH_INVALID, "source and destination are not in the same store");
    if (rc == ZH_OK)
        rc = zh_node_move(node, group, last, n, &err);
    if (rc == ZH_OK)
        return 0;
    ZVOL_PUSH_AT(H5E_LINK_g, H5E_CANTMOVE_g, &err, from, lp1, NULL);
    return -1;
}

static int link_get(void *obj, const H5VL_loc_params_t *lp, H5VL_link_get_args_t *args, zh_error *err)
{
    zh_node *node = NULL;
    int rc = link_node(&node, obj, lp, err);

    if (rc != ZH_OK)
        return rc;
    switch (args->op_type) {
    case H5VL_LINK_GET_INFO:
        zvol_link_info(args->args.get_info.linfo, node);
        return ZH_OK;
    case H5VL_LINK_GET_NAME:
        zvol_copy_name(node->name, strlen(node->name), args->args.get_name.name, args->args.get_name.name_size,
                       args->args.get_name.name_len);
        return ZH_OK;
    default:
        return zh_error_set(err, ZH_INVALID, "a hard link has no value");
    }
}

herr_t zvol_link_get(void *obj, const H5VL_loc_params_t *lp, H5VL_link_get_args_t *args, hid_t dxpl, void **req)
{
    zh_error err = ZH_ERROR_INIT;

    if (zvol_is_native(obj))
        return zvol_native_link_get(obj, lp, args, dxpl, req);
    if (link_get(obj, lp, args, &err) == ZH_OK)
        return 0;
    ZVOL_PUSH_AT(H5E_LINK_g, H5E_CANTGET_g, &err, obj, lp, NULL);
    return -1;
}

/* A missing last component is "no"; a missing one before it is an error, as in native HDF5. */
static int link_exists(void *obj, const H5VL_loc_params_t *lp, hbool_t *out, zh_error *err)
{
    zh_node *group;
    zh_node *node;
    const char *last;
    size_t n;
    int rc = zvol_walk_parent(&group, &last, &n, zvol_node_of(obj), lp->loc_data.loc_by_name.name, false, err);

    if (rc < 0)
        return rc;
    if (n == 0) {
        *out = true;
        return ZH_OK;
    }
    if (group->kind != ZH_NODE_GROUP)
        return zh_error_set(err, ZH_NOTFOUND, "a dataset has no members");
    rc = zh_node_find(&node, group, last, n, err);
    *out = rc == ZH_OK;
    return rc == ZH_NOTFOUND ? ZH_OK : rc;
}

static int delete_link(void *obj, const H5VL_loc_params_t *lp, zh_error *err)
{
    zh_node *node = NULL;
    int rc = zvol_check_writable(obj, err);

    if (rc == ZH_OK)
        rc = link_node(&node, obj, lp, err);
    return rc < 0 ? rc : zh_node_remove(node, err);
}

herr_t zvol_link_specific(void *obj, const H5VL_loc_params_t *lp, H5VL_link_specific_args_t *args, hid_t dxpl,
                          void **req)
{
    zh_error err = ZH_ERROR_INIT;
    herr_t result = 0;
    int rc;

    if (zvol_is_native(obj))
        return zvol_native_link_specific(obj, lp, args, dxpl, req);
    switch (args->op_type) {
    case H5VL_LINK_DELETE:
        rc = delete_link(obj, lp, &err);
        break;
    case H5VL_LINK_EXISTS:
        rc = link_exists(obj, lp, args->args.exists.exists, &err);
        break;
    case H5VL_LINK_ITER:
        result = zvol_link_iterate(obj, lp, &args->args.iterate, &err);
        rc = err.code;
        break;
    default:
        rc = zh_error_set(&err, ZH_UNSUPPORTED, "unknown link operation %d", (int)args->op_type);
    }
    if (rc == ZH_OK)
        return result;
    ZVOL_PUSH_AT(H5E_LINK_g, rc == ZH_NOTFOUND ? H5E_NOTFOUND_g : H5E_BADITER_g, &err, obj, lp, NULL);
    return -1;
}

herr_t zvol_link_optional(void *obj, const H5VL_loc_params_t *lp, H5VL_optional_args_t *args, hid_t dxpl, void **req)
{
    zh_error err = ZH_ERROR_INIT;

    if (zvol_is_native(obj))
        return zvol_native_link_optional(obj, lp, args, dxpl, req);
    zh_error_set(&err, ZH_UNSUPPORTED, "link operation %d does not exist for Zarr stores", args->op_type);
    ZVOL_PUSH_AT(H5E_LINK_g, H5E_UNSUPPORTED_g, &err, obj, lp, NULL);
    return -1;
}
