/* vol_attr.c - attribute callbacks. A value lives in the node as JSON text; a handle knows its type and shape. */
#include "base/alloc.h"
#include "zh/buf.h"
#include "base/error.h"
#include "callbacks.h"
#include "err.h"
#include "h5conv.h"
#include "h5space.h"
#include "native.h"
#include "open.h"

#include <stdlib.h>
#include <string.h>

/* An attribute larger than this as text is refused: its document could not be read back. */
#define VALUE_MAX ((size_t)1 << 28)

static bool non_ascii(const char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s >= 0x80)
            return true;
    return false;
}

/* Stores the value of form in the node. data NULL: zeros, of a new attribute. */
static int store_value(zh_node *node, const char *name, const zvol_attr_form *form, const void *data, zh_error *err)
{
    const zh_attr *old = data && zvol_attr_form_is_constant(form) ? zh_node_attr(node, name) : NULL;
    zh_buf json = ZH_BUF_INIT(VALUE_MAX);
    zh_buf h5 = ZH_BUF_INIT(VALUE_MAX);
    const char *entry = old ? old->h5 : NULL;
    const char *text = NULL;
    int rc = zvol_value_format(&json, form, data, err);

    if (rc == ZH_OK && !old)
        rc = zvol_attr_form_format(&h5, form, data, err);
    if (rc == ZH_OK)
        text = zh_buf_cstr(&json, err);
    if (text && h5.len)
        entry = zh_buf_cstr(&h5, err);
    if (rc == ZH_OK)
        rc = text && (entry || !h5.len) ? zh_node_set_attr(node, name, text, entry, err) : ZH_NOMEM;
    zh_buf_dispose(&json);
    zh_buf_dispose(&h5);
    return rc;
}

/* A handle; takes form on success. */
static zvol_attribute *attribute_new(void *from, zh_node *node, const char *name, const zvol_attr_form *form,
                                     zh_error *err)
{
    char *copy = zh_strdup(name);
    zvol_attribute *a = copy ? zvol_obj_new(from, H5I_ATTR, node, sizeof(*a), err) : NULL;

    if (!a) {
        zh_free(copy);
        if (!copy)
            zh_error_nomem(err);
        return NULL;
    }
    a->name = copy;
    a->form = *form;
    return a;
}

static int check_new_attr(zh_node *node, const char *name, zh_error *err)
{
    if (zh_attr_name_reserved(node->tree, name))
        return zh_error_set(err, ZH_UNSUPPORTED, "the attribute name '%s' is reserved in Zarr stores", name);
    if (zh_node_attr(node, name))
        return zh_error_set(err, ZH_EXISTS, "attribute '%s' already exists", name);
    return ZH_OK;
}

void *zvol_attr_create(void *obj, const H5VL_loc_params_t *lp, const char *name, hid_t type, hid_t space, hid_t acpl,
                       hid_t aapl, hid_t dxpl, void **req)
{
    zh_error err = ZH_ERROR_INIT;
    zvol_attribute *a = NULL;
    zh_node *node = NULL;
    zvol_attr_form form;
    int rc;

    if (zvol_is_native(obj))
        return zvol_native_attr_create(obj, lp, name, type, space, acpl, aapl, dxpl, req);
    memset(&form, 0, sizeof(form));
    rc = zvol_check_writable(obj, &err);
    if (rc == ZH_OK)
        rc = zvol_check_plist(acpl, H5P_LST_ATTRIBUTE_CREATE_ID_g, H5P_CLS_ATTRIBUTE_CREATE_ID_g, "attribute creation",
                              &err);
    if (rc == ZH_OK)
        rc = zvol_check_plist(aapl, H5P_LST_ATTRIBUTE_ACCESS_ID_g, H5P_CLS_ATTRIBUTE_ACCESS_ID_g, "attribute access",
                              &err);
    if (rc == ZH_OK)
        rc = zvol_locate(&node, obj, lp, &err);
    if (rc == ZH_OK)
        rc = check_new_attr(node, name, &err);
    if (rc == ZH_OK)
        rc = zvol_attr_form_capture(&form, type, space, &err);
    if (rc == ZH_OK)
        rc = store_value(node, name, &form, NULL, &err);
    if (rc == ZH_OK)
        a = attribute_new(obj, node, name, &form, &err);
    if (!a) {
        zvol_attr_form_dispose(&form);
        zh_error_prefix(&err, "unable to create attribute '%s'", name);
        ZVOL_PUSH_AT(H5E_ATTR_g, H5E_CANTCREATE_g, &err, obj, lp, NULL);
    }
    return a;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void free_names(char **names, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++)
        zh_free(names[i]);
    zh_free(names);
}

/* Copies of the attributes' names in the order asked for: the operator may create and delete. */
static char **snapshot(zh_node *node, H5_index_t index, H5_iter_order_t order, size_t *n, zh_error *err)
{
    char **names = zh_calloc(node->nattrs ? node->nattrs : 1, sizeof(*names));
    size_t i;

    *n = node->nattrs;
    for (i = 0; names && i < *n; i++) {
        names[i] = zh_strdup(node->attrs[i].name);
        if (!names[i]) {
            free_names(names, i);
            names = NULL;
        }
    }
    if (!names) {
        zh_error_nomem(err);
        return NULL;
    }
    if (index == H5_INDEX_NAME)
        qsort(names, *n, sizeof(*names), compare_names);
    for (i = 0; order == H5_ITER_DEC && i < *n / 2; i++) {
        char *swap = names[i];

        names[i] = names[*n - 1 - i];
        names[*n - 1 - i] = swap;
    }
    return names;
}

/* The i-th attribute in that order; NULL with err set if there is none. */
static const zh_attr *attr_at(zh_node *node, H5_index_t index, H5_iter_order_t order, hsize_t i, zh_error *err)
{
    const zh_attr *attr = NULL;
    char **names;
    size_t n;

    if (i >= node->nattrs) {
        zh_error_set(err, ZH_RANGE, "attribute index %llu is out of %zu", (unsigned long long)i, node->nattrs);
        return NULL;
    }
    names = snapshot(node, index, order, &n, err);
    if (names) {
        attr = zh_node_attr(node, names[i]);
        free_names(names, n);
    }
    return attr;
}

/* For messages, where the owner of an attribute is: an index in lp counts its attributes, not its members. */
static const H5VL_loc_params_t *owner_of(const H5VL_loc_params_t *lp, const char **below)
{
    if (lp->type != H5VL_OBJECT_BY_IDX)
        return lp;
    *below = lp->loc_data.loc_by_idx.name;
    return NULL;
}

/* The attribute that (lp, name) mean. For BY_IDX lp names the object and the index. */
static const zh_attr *find_attr(zh_node **node, void *obj, const H5VL_loc_params_t *lp, const char *name, zh_error *err)
{
    const zh_attr *attr = NULL;

    if (lp->type == H5VL_OBJECT_BY_IDX) {
        if (zvol_walk(node, zvol_node_of(obj), lp->loc_data.loc_by_idx.name, err) < 0)
            return NULL;
        return attr_at(*node, lp->loc_data.loc_by_idx.idx_type, lp->loc_data.loc_by_idx.order,
                       lp->loc_data.loc_by_idx.n, err);
    }
    if (zvol_locate(node, obj, lp, err) < 0)
        return NULL;
    attr = name ? zh_node_attr(*node, name) : NULL;
    if (!attr)
        zh_error_set(err, ZH_NOTFOUND, "can't locate attribute: '%s'", name ? name : "");
    return attr;
}

void *zvol_attr_open(void *obj, const H5VL_loc_params_t *lp, const char *name, hid_t aapl, hid_t dxpl, void **req)
{
    zh_error err = ZH_ERROR_INIT;
    zvol_attribute *a = NULL;
    const zh_attr *attr = NULL;
    const char *below = NULL;
    zh_node *node = NULL;
    zvol_attr_form form;

    if (zvol_is_native(obj))
        return zvol_native_attr_open(obj, lp, name, aapl, dxpl, req);
    if (zvol_check_plist(aapl, H5P_LST_ATTRIBUTE_ACCESS_ID_g, H5P_CLS_ATTRIBUTE_ACCESS_ID_g, "attribute access",
                         &err) == ZH_OK)
        attr = find_attr(&node, obj, lp, name, &err);
    if (attr && zvol_attr_form_infer(&form, attr->json, attr->h5, &err) == ZH_OK) {
        a = attribute_new(obj, node, attr->name, &form, &err);
        if (!a)
            zvol_attr_form_dispose(&form);
    }
    if (!a) {
        lp = owner_of(lp, &below);
        ZVOL_PUSH_AT(H5E_ATTR_g, H5E_CANTOPENOBJ_g, &err, obj, lp, below);
    }
    return a;
}

/* The value in file form, of form's size; the strings in it belong to the caller. */
static int load_value(const zvol_attribute *a, void **out, zh_error *err)
{
    const zh_attr *attr = zh_node_attr(a->obj.node, a->name);
    size_t n = zvol_attr_form_npoints(&a->form);
    void *data;
    int rc;

    if (!attr)
        return zh_error_set(err, ZH_NOTFOUND, "attribute '%s' has been deleted", a->name);
    data = zh_calloc(n ? n : 1, a->form.type.size);
    if (!data)
        return zh_error_nomem(err);
    rc = zvol_value_parse(data, &a->form, attr->json, attr->h5, err);
    if (rc < 0) {
        zh_free(data);
        return rc;
    }
    *out = data;
    return ZH_OK;
}

static int read_attr(const zvol_attribute *a, hid_t mem_type, void *buf, zh_error *err)
{
    size_t n = zvol_attr_form_npoints(&a->form);
    void *data = NULL;
    int rc;

    if (n == 0)
        return ZH_OK;
    rc = load_value(a, &data, err);
    if (rc < 0)
        return rc;
    rc = zvol_attr_to_mem(&a->form.type, n, data, mem_type, buf, err);
    zvol_value_free(data, &a->form);
    zh_free(data);
    return rc;
}

herr_t zvol_attr_read(void *attr, hid_t mem_type, void *buf, hid_t dxpl, void **req)
{
    zh_error err = ZH_ERROR_INIT;

    if (zvol_is_native(attr))
        return zvol_native_attr_read(attr, mem_type, buf, dxpl, req);
    if (read_attr(attr, mem_type, buf, &err) == ZH_OK)
        return 0;
    ZVOL_PUSH_AT(H5E_ATTR_g, H5E_READERROR_g, &err, attr, NULL, NULL);
    return -1;
}

static int write_attr(zvol_attribute *a, hid_t mem_type, const void *buf, zh_error *err)
{
    size_t n = zvol_attr_form_npoints(&a->form);
    void *data;
    int rc = zvol_check_writable(a, err);

    if (rc < 0 || n == 0)
        return rc;
    if (!zh_node_attr(a->obj.node, a->name))
        return zh_error_set(err, ZH_NOTFOUND, "attribute '%s' has been deleted", a->name);
    data = zh_calloc(n, a->form.type.size);
    if (!data)
        return zh_error_nomem(err);
    rc = zvol_attr_from_mem(&a->form.type, n, data, mem_type, buf, err);
    if (rc == ZH_OK)
        rc = store_value(a->obj.node, a->name, &a->form, data, err);
    zh_free(data); /* variable strings in it are the application's */
    return rc;
}

herr_t zvol_attr_write(void *attr, hid_t mem_type, const void *buf, hid_t dxpl, void **req)
{
    zh_error err = ZH_ERROR_INIT;

    if (zvol_is_native(attr))
        return zvol_native_attr_write(attr, mem_type, buf, dxpl, req);
    if (write_attr(attr, mem_type, buf, &err) == ZH_OK)
        return 0;
    ZVOL_PUSH_AT(H5E_ATTR_g, H5E_WRITEERROR_g, &err, attr, NULL, NULL);
    return -1;
}

static void attr_info(H5A_info_t *out, const zh_node *node, const zh_attr *attr)
{
    zh_error ignored = ZH_ERROR_INIT;
    zvol_attr_form form;

    memset(out, 0, sizeof(*out));
    out->corder_valid = (node->track & (H5P_CRT_ORDER_TRACKED << 2)) != 0;
    out->corder = (H5O_msg_crt_idx_t)attr->corder;
    out->cset = non_ascii(attr->name) ? H5T_CSET_UTF8 : H5T_CSET_ASCII;
    if (zvol_attr_form_infer(&form, attr->json, attr->h5, &ignored) == ZH_OK) {
        out->data_size = zvol_attr_form_npoints(&form) * form.type.size;
        zvol_attr_form_dispose(&form);
    }
}

static int get_info(void *obj, H5VL_attr_get_info_args_t *g, zh_error *err)
{
    const zh_attr *attr;
    zh_node *node = NULL;
    /* By self the object is the attribute itself, otherwise an object and a name or index. */
    if (g->loc_params.type == H5VL_OBJECT_BY_SELF) {
        node = zvol_node_of(obj);
        attr = zh_node_attr(node, ((zvol_attribute *)obj)->name);
        if (!attr)
            return zh_error_set(err, ZH_NOTFOUND, "the attribute has been deleted");
    } else {
        attr = find_attr(&node, obj, &g->loc_params, g->attr_name, err);
    }
    if (!attr)
        return err->code;
    attr_info(g->ainfo, node, attr);
    return ZH_OK;
}

static int get_name(void *obj, H5VL_attr_get_name_args_t *g, zh_error *err)
{
    const char *name;
    zh_node *node;

    if (g->loc_params.type == H5VL_OBJECT_BY_SELF) {
        name = ((zvol_attribute *)obj)->name;
    } else {
        const zh_attr *attr = find_attr(&node, obj, &g->loc_params, NULL, err);

        if (!attr)
            return err->code;
        name = attr->name;
    }
    zvol_copy_name(name, strlen(name), g->buf, g->buf_size, g->attr_name_len);
    return ZH_OK;
}

static hid_t make_acpl(const zvol_attribute *a)
{
    hid_t acpl = H5Pcreate(H5P_CLS_ATTRIBUTE_CREATE_ID_g);

    if (acpl >= 0 && non_ascii(a->name))
        H5Pset_char_encoding(acpl, H5T_CSET_UTF8);
    return acpl;
}

static int attr_get(void *obj, H5VL_attr_get_args_t *args, zh_error *err)
{
    zvol_attribute *a = obj; /* for INFO and NAME perhaps another object */

    switch (args->op_type) {
    case H5VL_ATTR_GET_ACPL:
        return zvol_take_id(&args->args.get_acpl.acpl_id, make_acpl(a), err);
    case H5VL_ATTR_GET_INFO:
        return get_info(obj, &args->args.get_info, err);
    case H5VL_ATTR_GET_NAME:
        return get_name(obj, &args->args.get_name, err);
    case H5VL_ATTR_GET_SPACE:
        return zvol_take_id(&args->args.get_space.space_id,
                            zvol_space_make(a->form.null_space, a->form.rank, a->form.dims, NULL, err), err);
    case H5VL_ATTR_GET_STORAGE_SIZE:
        *args->args.get_storage_size.data_size = zvol_attr_form_npoints(&a->form) * a->form.type.size;
        return ZH_OK;
    case H5VL_ATTR_GET_TYPE:
        return zvol_take_id(&args->args.get_type.type_id, zvol_type_make(&a->form.type, err), err);
    default:
        return zh_error_set(err, ZH_UNSUPPORTED, "unknown attribute query %d", (int)args->op_type);
    }
}

herr_t zvol_attr_get(void *obj, H5VL_attr_get_args_t *args, hid_t dxpl, void **req)
{
    zh_error err = ZH_ERROR_INIT;
    const H5VL_loc_params_t *lp = NULL;
    const char *below = NULL;

    if (zvol_is_native(obj))
        return zvol_native_attr_get(obj, args, dxpl, req);
    if (attr_get(obj, args, &err) == ZH_OK)
        return 0;
    if (args->op_type == H5VL_ATTR_GET_INFO)
        lp = owner_of(&args->args.get_info.loc_params, &below);
    else if (args->op_type == H5VL_ATTR_GET_NAME)
        lp = owner_of(&args->args.get_name.loc_params, &below);
    ZVOL_PUSH_AT(H5E_ATTR_g, H5E_CANTGET_g, &err, obj, lp, below);
    return -1;
}

static herr_t call_operator(hid_t id, zh_node *node, H5VL_attr_iterate_args_t *it, char **names, size_t n, hsize_t *i)
{
    herr_t result = 0;

    for (; *i < n && result == 0; (*i)++) {
        const zh_attr *attr = zh_node_attr(node, names[*i]);
        H5A_info_t info;

        if (!attr)
            continue; /* deleted by the operator */
        attr_info(&info, node, attr);
        result = it->op(id, names[*i], &info, it->op_data);
    }
    return result;
}

/* Answers the operator's value, so err is only set when the failure is ours. */
static herr_t iterate(void *obj, zh_node *node, H5VL_attr_iterate_args_t *it, zh_error *err)
{
    hsize_t i = it->idx ? *it->idx : 0;
    herr_t result = -1;
    char **names;
    size_t n;
    hid_t id;

    names = snapshot(node, it->idx_type, it->order, &n, err);
    if (!names)
        return -1;
    if (n && i >= n) {
        zh_error_set(err, ZH_RANGE, "attribute index %llu is out of %zu", (unsigned long long)i, n);
        free_names(names, n);
        return -1;
    }
    id = zvol_register_node(obj, node, err);
    if (id >= 0) {
        result = call_operator(id, node, it, names, n, &i);
        if (it->idx)
            *it->idx = i;
        H5Idec_ref(id);
    }
    free_names(names, n);
    return result;
}

static int delete_at(void *obj, zh_node *node, const H5VL_attr_delete_by_idx_args_t *d, zh_error *err)
{
    const zh_attr *attr;
    int rc = zvol_check_writable(obj, err);

    if (rc < 0)
        return rc;
    attr = attr_at(node, d->idx_type, d->order, d->n, err);
    return attr ? zh_node_remove_attr(node, attr->name, err) : err->code;
}

static int delete_named(void *obj, zh_node *node, const char *name, zh_error *err)
{
    int rc = zvol_check_writable(obj, err);

    if (rc == ZH_OK)
        rc = zh_node_remove_attr(node, name, err);
    return rc == ZH_NOTFOUND ? zh_error_set(err, rc, "can't locate attribute: '%s'", name) : rc;
}

static int rename_attr(void *obj, zh_node *node, const char *from, const char *to, zh_error *err)
{
    int rc = zvol_check_writable(obj, err);

    if (rc == ZH_OK && strcmp(from, to) != 0)
        rc = check_new_attr(node, to, err);
    if (rc == ZH_OK)
        rc = zh_node_rename_attr(node, from, to, err);
    return rc == ZH_NOTFOUND ? zh_error_set(err, rc, "can't locate attribute: '%s'", from) : rc;
}

herr_t zvol_attr_specific(void *obj, const H5VL_loc_params_t *lp, H5VL_attr_specific_args_t *args, hid_t dxpl,
                          void **req)
{
    zh_error err = ZH_ERROR_INIT;
    zh_node *node = NULL;
    herr_t result = 0;
    int rc;

    if (zvol_is_native(obj))
        return zvol_native_attr_specific(obj, lp, args, dxpl, req);
    rc = zvol_locate(&node, obj, lp, &err);
    if (rc == ZH_OK) {
        switch (args->op_type) {
        case H5VL_ATTR_DELETE:
            rc = delete_named(obj, node, args->args.del.name, &err);
            break;
        case H5VL_ATTR_DELETE_BY_IDX:
            rc = delete_at(obj, node, &args->args.delete_by_idx, &err);
            break;
        case H5VL_ATTR_EXISTS:
            *args->args.exists.exists = zh_node_attr(node, args->args.exists.name) != NULL;
            break;
        case H5VL_ATTR_ITER:
            result = iterate(obj, node, &args->args.iterate, &err);
            rc = err.code;
            break;
        case H5VL_ATTR_RENAME:
            rc = rename_attr(obj, node, args->args.rename.old_name, args->args.rename.new_name, &err);
            break;
        default:
            rc = zh_error_set(&err, ZH_UNSUPPORTED, "unknown attribute operation %d", (int)args->op_type);
        }
    }
    if (rc == ZH_OK)
        return result;
    ZVOL_PUSH_AT(H5E_ATTR_g, rc == ZH_NOTFOUND ? H5E_NOTFOUND_g : H5E_BADVALUE_g, &err, obj, lp, NULL);
    return -1;
}

herr_t zvol_attr_optional(void *obj, H5VL_optional_args_t *args, hid_t dxpl, void **req)
{
    zh_error err = ZH_ERROR_INIT;

    if (zvol_is_native(obj))
        return zvol_native_attr_optional(obj, args, dxpl, req);
    zh_error_set(&err, ZH_UNSUPPORTED, "attribute operation %d does not exist for Zarr stores", args->op_type);
    ZVOL_PUSH_AT(H5E_ATTR_g, H5E_UNSUPPORTED_g, &err, obj, NULL, NULL);
    return -1;
}

herr_t zvol_attr_close(void *attr, hid_t dxpl, void **req)
{
    zh_error err = ZH_ERROR_INIT;

    if (zvol_is_native(attr))
        return zvol_native_close(attr, dxpl, req);
    if (zvol_close_object(attr, &err) == ZH_OK)
        return 0;
    ZVOL_PUSH_AT(H5E_ATTR_g, H5E_CANTCLOSEOBJ_g, &err, attr, NULL, NULL);
    return -1;
}
