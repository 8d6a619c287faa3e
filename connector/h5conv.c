/* h5conv.c - element conversion, and the memory of strings that the application frees. See h5conv.h. */
#include "h5conv.h"

#include "base/alloc.h"
#include "base/error.h"
#include "err.h"

#include <stdlib.h>
#include <string.h>

int zvol_convert(hid_t from, hid_t to, size_t n, void *buf, void *bkg, hid_t dxpl, zh_error *err)
{
    int rc = ZH_OK;

    H5E_BEGIN_TRY
    {
        if (H5Tconvert(from, to, n, buf, bkg, dxpl) < 0)
            rc = zvol_err_h5(err, ZH_UNSUPPORTED, "no conversion between the memory type and the file type");
    }
    H5E_END_TRY
    return rc;
}

bool zvol_type_is(const zvol_type *t, hid_t mem_type)
{
    zvol_type mem;
    bool equal;

    if (zvol_type_capture(&mem, mem_type, NULL) < 0)
        return false;
    equal = zvol_type_equal(t, &mem);
    zvol_type_dispose(&mem);
    return equal;
}

int zvol_check_string_mem(const zvol_type *t, hid_t mem_type, zh_error *err)
{
    zvol_type mem;
    int rc = zvol_type_capture(&mem, mem_type, err);

    if (rc == ZH_OK && mem.cls != ZVOL_T_VSTRING)
        rc = zh_error_set(err, ZH_UNSUPPORTED, "no conversion between variable-length strings and another memory type");
    else if (rc == ZH_OK && mem.cset != t->cset)
        rc = zh_error_set(err, ZH_UNSUPPORTED, "no conversion between strings of character sets ASCII and UTF-8");
    zvol_type_dispose(&mem);
    return rc;
}

bool zvol_dxpl_is_default(hid_t dxpl)
{
    return dxpl == H5P_DEFAULT || dxpl == H5P_LST_DATASET_XFER_ID_g;
}

int zvol_app_memory_init(zvol_app_memory *m, hid_t dxpl, zh_error *err)
{
    memset(m, 0, sizeof(*m));
    if (zvol_dxpl_is_default(dxpl))
        return ZH_OK;
    if (H5Pget_vlen_mem_manager(dxpl, &m->allocate, &m->allocate_info, &m->release, &m->release_info) < 0)
        return zvol_err_h5(err, ZH_INVALID, "the transfer property list has no allocator for variable-length data");
    return ZH_OK;
}

/* The C library's own malloc: what HDF5's reclaiming functions and h5py free with. */
char *zvol_app_strndup(const zvol_app_memory *m, const char *s, size_t n)
{
    char *p = m->allocate ? m->allocate(n + 1, m->allocate_info) : malloc(n + 1);

    if (!p)
        return NULL;
    if (n > 0)
        memcpy(p, s, n);
    p[n] = '\0';
    return p;
}

void zvol_app_free(const zvol_app_memory *m, void *p)
{
    if (!p)
        return;
    if (m->release)
        m->release(p, m->release_info);
    else
        free(p);
}

static int check_buffer(const zvol_type *t, size_t n, hid_t mem_type, const void *buf, zh_error *err)
{
    if (!buf && n > 0)
        return zh_error_set(err, ZH_INVALID, "no buffer for %zu elements", n);
    return t->cls == ZVOL_T_VSTRING ? zvol_check_string_mem(t, mem_type, err) : ZH_OK;
}

static int copy_strings(size_t n, const void *data, void *buf, zh_error *err)
{
    const zvol_app_memory memory = {0};
    char *const *from = data;
    char **to = buf;

    for (size_t i = 0; i < n; i++) {
        to[i] = zvol_app_strndup(&memory, from[i], from[i] ? strlen(from[i]) : 0);
        if (to[i])
            continue;
        while (i-- > 0)
            zvol_app_free(&memory, to[i]);
        return zh_error_nomem(err);
    }
    return ZH_OK;
}

/* Converts through a buffer of its own: n elements at from, of from_type, to out. keep: compound members that are not
 * converted stay as out has them; otherwise they become zero. */
static int convert_copy(hid_t from_type, const void *from, hid_t to_type, void *out, bool keep, bool compound, size_t n,
                        zh_error *err)
{
    const size_t from_size = H5Tget_size(from_type), to_size = H5Tget_size(to_type);
    size_t bytes, to_bytes = n * to_size;
    void *buf = NULL, *bkg = NULL;
    int rc;

    if (from_size == 0 || to_size == 0)
        return zvol_err_h5(err, ZH_INVALID, "not a datatype");
    if (!zh_mul_size(n, from_size > to_size ? from_size : to_size, &bytes))
        return zh_error_nomem(err);
    buf = zh_malloc(bytes);
    if (compound)
        bkg = zh_calloc(1, to_bytes);
    if (buf && (bkg || !compound)) {
        memcpy(buf, from, n * from_size);
        if (bkg && keep)
            memcpy(bkg, out, to_bytes);
        rc = zvol_convert(from_type, to_type, n, buf, bkg, H5P_DEFAULT, err);
        if (rc == ZH_OK)
            memcpy(out, buf, to_bytes);
    } else {
        rc = zh_error_nomem(err);
    }
    zh_free(buf);
    zh_free(bkg);
    return rc;
}

int zvol_attr_to_mem(const zvol_type *t, size_t n, const void *data, hid_t mem_type, void *buf, zh_error *err)
{
    hid_t file_type;
    int rc = check_buffer(t, n, mem_type, buf, err);

    if (rc < 0 || n == 0)
        return rc;
    if (t->cls == ZVOL_T_VSTRING)
        return copy_strings(n, data, buf, err);
    if (zvol_type_is(t, mem_type)) {
        memcpy(buf, data, n * t->size);
        return ZH_OK;
    }
    file_type = zvol_type_make(t, err);
    if (file_type < 0)
        return ZH_INTERNAL;
    rc = convert_copy(file_type, data, mem_type, buf, true, t->cls == ZVOL_T_COMPLEX, n, err);
    H5Tclose(file_type);
    return rc;
}

int zvol_attr_from_mem(const zvol_type *t, size_t n, void *data, hid_t mem_type, const void *buf, zh_error *err)
{
    hid_t file_type;
    int rc = check_buffer(t, n, mem_type, buf, err);

    if (rc < 0 || n == 0)
        return rc;
    if (t->cls == ZVOL_T_VSTRING || zvol_type_is(t, mem_type)) {
        memcpy(data, buf, n * t->size);
        return ZH_OK;
    }
    file_type = zvol_type_make(t, err);
    if (file_type < 0)
        return ZH_INTERNAL;
    rc = convert_copy(mem_type, buf, file_type, data, false, t->cls == ZVOL_T_COMPLEX, n, err);
    H5Tclose(file_type);
    return rc;
}
