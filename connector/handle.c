/* handle.c - handles on objects, and telling ours from others. */
#include "handle.h"

#include "base/alloc.h"
#include "err.h"
#include "registry.h"

#include <string.h>

void *zvol_probe;

zvol_file *zvol_file_of(void *obj)
{
    zvol_base *b = obj;

    return b->kind == H5I_FILE ? (zvol_file *)obj : ((zvol_obj *)obj)->file;
}

zh_node *zvol_node_of(void *obj)
{
    zvol_base *b = obj;

    return b->kind == H5I_FILE ? zh_tree_root(((zvol_file *)obj)->store->tree) : ((zvol_obj *)obj)->node;
}

void *zvol_obj_new(void *from, H5I_type_t kind, zh_node *node, size_t size, zh_error *err)
{
    zvol_obj *o = zh_calloc(1, size);

    if (!o) {
        zh_error_nomem(err);
        return NULL;
    }
    o->base.magic = ZVOL_MAGIC;
    o->base.kind = (uint8_t)kind;
    o->file = zvol_file_of(from);
    o->node = node;
    zh_node_ref(node);
    o->file->objects++;
    o->file->nkind[kind]++;
    return o;
}

int zvol_obj_release(zvol_obj *o, zh_error *err)
{
    zvol_file *f = o->file;

    if (f->ids == 0 && f->objects == 1) {
        int rc = zvol_file_finish(f, err);

        if (rc < 0)
            return rc;
    }
    zh_node_unref(o->node);
    f->objects--;
    f->nkind[o->base.kind]--;
    /* HDF5 has the id of this object still, and closing the store's hidden native file makes it look at all of them. */
    o->file = NULL;
    zvol_file_drop(f);
    o->base.magic = 0;
    zh_free(o);
    return ZH_OK;
}

int zvol_check_writable(void *obj, zh_error *err)
{
    zvol_file *f = zvol_file_of(obj);

    if (f->flags & H5F_ACC_RDWR)
        return zvol_store_check_owner(f->store, err);
    return zh_error_set(err, ZH_READONLY, "%s is open for reading only", f->name);
}

int zvol_check_plist(hid_t plist, hid_t deflt, hid_t cls, const char *what, zh_error *err)
{
    if (plist == H5P_DEFAULT || plist == deflt)
        return ZH_OK;
    if (H5Pisa_class(plist, cls) > 0)
        return ZH_OK;
    return zh_error_set(err, ZH_INVALID, "not a %s property list", what);
}

H5I_type_t zvol_node_id_type(const zh_node *node)
{
    return node->kind == ZH_NODE_ARRAY ? H5I_DATASET : H5I_GROUP;
}

H5O_type_t zvol_node_object_type(const zh_node *node)
{
    return node->kind == ZH_NODE_ARRAY ? H5O_TYPE_DATASET : H5O_TYPE_GROUP;
}

void zvol_token_of(H5O_token_t *out, const zh_node *node)
{
    memset(out, 0, sizeof(*out));
    memcpy(out, &node->id, sizeof(node->id));
}

void *zvol_handle_of_id(hid_t id)
{
    zvol_probe = NULL;
    H5E_BEGIN_TRY
    {
        H5Iget_name(id, NULL, 0);
    }
    H5E_END_TRY
    return zvol_probe;
}

void zvol_copy_name(const char *text, size_t n, char *buf, size_t size, size_t *len)
{
    if (len)
        *len = n;
    if (buf && size) {
        size_t k = n < size - 1 ? n : size - 1;

        memcpy(buf, text, k);
        buf[k] = '\0';
    }
}

int zvol_take_id(hid_t *out, hid_t id, zh_error *err)
{
    *out = id;
    if (id >= 0)
        return ZH_OK;
    return err->code < 0 ? err->code : zvol_err_h5(err, ZH_INTERNAL, "no id");
}
