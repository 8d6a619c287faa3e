/* open.c - see open.h. */
#include "open.h"

#include "base/alloc.h"
#include "err.h"

#include <string.h>

static void *open_dataset(void *from, zh_node *node, zh_error *err)
{
    zvol_dset dset;
    zvol_dataset *d;

    if (zvol_dset_load(&dset, node, err) < 0)
        return NULL;
    d = zvol_obj_new(from, H5I_DATASET, node, sizeof(*d), err);
    if (!d) {
        zvol_dset_dispose(&dset);
        return NULL;
    }
    d->dset = dset;
    d->dapl = H5I_INVALID_HID;
    return d;
}

void *zvol_open_node(void *from, zh_node *node, zh_error *err)
{
    if (zh_node_check(node, err) < 0)
        return NULL;
    if (node->kind == ZH_NODE_ARRAY)
        return open_dataset(from, node, err);
    return zvol_obj_new(from, H5I_GROUP, node, sizeof(zvol_obj), err);
}

void *zvol_open_path(void *obj, const H5VL_loc_params_t *lp, const char *name, zh_node_kind kind, zh_error *err)
{
    static const char *const kinds[] = {[ZH_NODE_GROUP] = "group", [ZH_NODE_ARRAY] = "dataset"};
    zh_node *node = NULL;
    int rc = zvol_locate(&node, obj, lp, err);

    if (rc == ZH_OK && name)
        rc = zvol_walk(&node, node, name, err);
    if (rc == ZH_OK)
        rc = zh_node_check(node, err);
    if (rc == ZH_OK && node->kind != kind)
        rc = zh_error_set(err, ZH_INVALID, "it is a %s, not a %s", kinds[node->kind], kinds[kind]);
    return rc == ZH_OK ? zvol_open_node(obj, node, err) : NULL;
}

int zvol_close_object(void *obj, zh_error *err)
{
    zvol_obj *o = obj;
    zvol_dset dset;
    zvol_attr_form form;
    char *name = NULL;
    hid_t dapl = H5I_INVALID_HID;
    H5I_type_t kind = (H5I_type_t)o->base.kind;
    int rc;

    /* What hangs on the handle is freed after it: a release that fails leaves the handle in use. */
    memset(&dset, 0, sizeof(dset));
    memset(&form, 0, sizeof(form));
    if (kind == H5I_DATASET) {
        dset = ((zvol_dataset *)obj)->dset;
        dapl = ((zvol_dataset *)obj)->dapl;
    } else if (kind == H5I_ATTR) {
        form = ((zvol_attribute *)obj)->form;
        name = ((zvol_attribute *)obj)->name;
    }
    rc = zvol_obj_release(o, err);
    if (rc < 0)
        return rc;
    if (kind == H5I_DATASET)
        zvol_dset_dispose(&dset);
    if (kind == H5I_ATTR)
        zvol_attr_form_dispose(&form);
    zh_free(name);
    if (dapl >= 0)
        H5Pclose(dapl);
    return ZH_OK;
}

hid_t zvol_register_node(void *from, zh_node *node, zh_error *err)
{
    zh_error ignored = ZH_ERROR_INIT;
    void *obj = zvol_open_node(from, node, err);
    hid_t id;

    if (!obj)
        return H5I_INVALID_HID;
    id = H5VLwrap_register(obj, zvol_node_id_type(node));
    if (id < 0) {
        zvol_close_object(obj, &ignored);
        zvol_err_h5(err, ZH_INTERNAL, "no id for the location");
    }
    return id;
}

int zvol_new_link(zh_node **group, const char **last, size_t *n, void *obj, const H5VL_loc_params_t *lp,
                  const char *name, hid_t lcpl, zh_error *err)
{
    unsigned make = 0;
    zh_node *start = NULL;
    zh_node *taken = NULL;
    int rc = zvol_check_writable(obj, err);

    if (rc == ZH_OK)
        rc = zvol_check_plist(lcpl, H5P_LST_LINK_CREATE_ID_g, H5P_CLS_LINK_CREATE_ID_g, "link creation", err);
    if (rc == ZH_OK)
        rc = zvol_locate(&start, obj, lp, err);
    if (rc < 0)
        return rc;
    if (lcpl != H5P_DEFAULT && lcpl != H5P_LST_LINK_CREATE_ID_g)
        H5Pget_create_intermediate_group(lcpl, &make);
    rc = zvol_walk_parent(group, last, n, start, name, make != 0, err);
    if (rc < 0)
        return rc;
    if (*n == 0)
        return zh_error_set(err, ZH_EXISTS, "name already exists");
    if ((*group)->kind != ZH_NODE_GROUP)
        return zh_error_set(err, ZH_INVALID, "a dataset has no members");
    rc = zh_node_find(&taken, *group, *last, *n, err);
    if (rc == ZH_OK)
        return zh_error_set(err, ZH_EXISTS, "name already exists");
    return rc == ZH_NOTFOUND ? ZH_OK : rc;
}

uint8_t zvol_track_of(hid_t gcpl)
{
    unsigned links = 0;
    unsigned attrs = 0;

    if (gcpl == H5P_DEFAULT || gcpl == H5P_LST_GROUP_CREATE_ID_g || gcpl == H5P_LST_FILE_CREATE_ID_g)
        return 0;
    H5Pget_link_creation_order(gcpl, &links);
    H5Pget_attr_creation_order(gcpl, &attrs);
    return (uint8_t)((links & 3u) | (attrs & 3u) << 2);
}
