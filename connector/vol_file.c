/* vol_file.c - file callbacks. With the connector chosen for a process, every H5Fcreate and H5Fopen comes here: what is
 * an HDF5 file, or has to be one (another driver, a name exempted by native=), goes to the native connector through
 * native.h. */
#include "base/error.h"
#include "callbacks.h"
#include "err.h"
#include "log.h"
#include "native.h"
#include "open.h"
#include "registry.h"
#include "plugin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The options behind a file access list. */
static void options_of(zvol_options *out, hid_t fapl)
{
    void *info = NULL;

    if (H5Pget_vol_info(fapl, &info) < 0) {
        H5Eclear2(H5E_DEFAULT);
        info = NULL;
    }
    zvol_options_get(out, info);
    zvol_info_free(info);
}

/* Programs that ask for a driver of their own (core, split, family, Python file objects) mean the bytes of an HDF5
 * file. */
static bool plain_driver(hid_t fapl)
{
    hid_t driver = H5Pget_driver(fapl);

    return driver < 0 || driver == H5Pget_driver(H5P_LST_FILE_ACCESS_ID_g);
}

void *zvol_file_create(const char *name, unsigned flags, hid_t fcpl, hid_t fapl, hid_t dxpl, void **req)
{
    zh_error err = ZH_ERROR_INIT;
    zvol_options opts;
    zvol_file *f;

    options_of(&opts, fapl);
    if (!plain_driver(fapl) || zvol_options_native_name(&opts, name))
        return zvol_native_file_create(name, flags, fcpl, fapl, dxpl, req);
    f = zvol_options_check(&opts, &err) < 0 ? NULL : zvol_file_attach_new(name, flags, fcpl, fapl, &opts, &err);
    if (!f) {
        ZVOL_PUSH(H5E_FILE_g, err.code == ZH_EXISTS ? H5E_FILEEXISTS_g : H5E_CANTCREATE_g, &err);
        return NULL;
    }
    zh_tree_root(f->store->tree)->track = zvol_track_of(fcpl);
    return f;
}

static int probe(zh_path_kind *kind, const char *name, zh_error *err)
{
    int rc = zh_path_probe(kind, name, err);

    if (rc < 0)
        return rc;
    if (*kind == ZH_PATH_ABSENT) {
        zh_error_sys(err, ENOENT, "unable to open file: name = '%s'", name);
        return ZH_NOTFOUND;
    }
    return ZH_OK;
}

void *zvol_file_open(const char *name, unsigned flags, hid_t fapl, hid_t dxpl, void **req)
{
    zh_error err = ZH_ERROR_INIT;
    zvol_options opts;
    zvol_store *open_one;
    zh_path_kind kind;
    zvol_file *f = NULL;

    options_of(&opts, fapl);
    if (!plain_driver(fapl) || zvol_options_native_name(&opts, name))
        return zvol_native_file_open(name, flags, fapl, dxpl, req);
    open_one = zvol_store_find(name);
    if (!open_one) {
        if (probe(&kind, name, &err) < 0) {
            ZVOL_PUSH(H5E_FILE_g, H5E_CANTOPENFILE_g, &err);
            return NULL;
        }
        if (kind == ZH_PATH_HDF5)
            return zvol_native_file_open(name, flags, fapl, dxpl, req);
        if (kind != ZH_PATH_ZARR_DIR && kind != ZH_PATH_ZARR_ZIP) {
            zh_error_set(&err, ZH_INVALID, "unable to open file: name = '%s': neither a Zarr store nor an HDF5 file",
                         name);
            ZVOL_PUSH(H5E_FILE_g, H5E_NOTHDF5_g, &err);
            return NULL;
        }
    }
    f = zvol_options_check(&opts, &err) < 0 ? NULL : zvol_file_attach_existing(name, flags, fapl, &opts, &err);
    if (!f)
        ZVOL_PUSH(H5E_FILE_g, H5E_CANTOPENFILE_g, &err);
    return f;
}

/* H5Fget_obj_ids: HDF5 has no list by connector, so all ids of a kind are asked whose they are. */
struct id_search {
    const zvol_file *file;
    bool local; /* only objects opened through this very file; otherwise any on the same store */
    hid_t *out;
    size_t max, n;
};

static herr_t collect_id(hid_t id, void *payload)
{
    struct id_search *s = payload;
    void *obj = s->n < s->max ? zvol_handle_of_id(id) : NULL;

    if (obj) {
        zvol_file *f = zvol_file_of(obj);

        if (s->local ? f == s->file : f->store == s->file->store)
            s->out[s->n++] = id;
    }
    return 0;
}

static const struct {
    unsigned flag;
    H5I_type_t kind;
} object_kinds[] = {
    {H5F_OBJ_FILE, H5I_FILE}, {H5F_OBJ_DATASET, H5I_DATASET}, {H5F_OBJ_GROUP, H5I_GROUP}, {H5F_OBJ_ATTR, H5I_ATTR}};
#define NKINDS (sizeof(object_kinds) / sizeof(object_kinds[0]))

static herr_t get_ids(zvol_file *f, H5VL_file_get_obj_ids_args_t *a)
{
    struct id_search s = {f, (a->types & H5F_OBJ_LOCAL) != 0, a->oid_list, a->max_objs, 0};
    size_t i;

    for (i = 0; i < NKINDS; i++)
        if (a->types & object_kinds[i].flag)
            H5Iiterate(object_kinds[i].kind, collect_id, &s);
    *a->count = s.n;
    return 0;
}

static size_t count_kind(const zvol_file *f, H5I_type_t kind)
{
    return kind == H5I_FILE ? f->ids : f->nkind[kind];
}

static herr_t count_id(hid_t id, void *payload)
{
    struct id_search *s = payload;
    void *obj = zvol_handle_of_id(id);

    if (obj && zvol_file_of(obj)->store == s->file->store)
        s->n++;
    return 0;
}

/* Counts of one file are kept; those of a whole store need the other files on it. */
static herr_t get_count(zvol_file *f, unsigned types, size_t *count)
{
    struct id_search s = {f, (types & H5F_OBJ_LOCAL) != 0, NULL, 0, 0};
    size_t i;

    *count = 0;
    for (i = 0; i < NKINDS; i++) {
        if (!(types & object_kinds[i].flag))
            continue;
        if (s.local || f->store->nfiles == 1) {
            *count += count_kind(f, object_kinds[i].kind);
            continue;
        }
        s.n = 0;
        H5Iiterate(object_kinds[i].kind, count_id, &s);
        *count += s.n;
    }
    return 0;
}

static herr_t get_cont_info(H5VL_file_cont_info_t *info)
{
    info->feature_flags = 0;
    info->token_size = 8; /* what the 1.10 API's addresses can carry */
    info->blob_id_size = 8;
    return 0;
}

herr_t zvol_file_get(void *obj, H5VL_file_get_args_t *args, hid_t dxpl, void **req)
{
    zvol_file *f;

    if (zvol_is_native(obj))
        return zvol_native_file_get(obj, args, dxpl, req);
    f = zvol_file_of(obj);
    switch (args->op_type) {
    case H5VL_FILE_GET_CONT_INFO:
        return get_cont_info(args->args.get_cont_info.info);
    case H5VL_FILE_GET_FAPL:
        args->args.get_fapl.fapl_id = H5Pcopy(f->fapl);
        return args->args.get_fapl.fapl_id < 0 ? -1 : 0;
    case H5VL_FILE_GET_FCPL:
        args->args.get_fcpl.fcpl_id = f->fcpl >= 0 ? H5Pcopy(f->fcpl) : H5Pcreate(H5P_CLS_FILE_CREATE_ID_g);
        return args->args.get_fcpl.fcpl_id < 0 ? -1 : 0;
    case H5VL_FILE_GET_FILENO:
        *args->args.get_fileno.fileno = f->store->fileno;
        return 0;
    case H5VL_FILE_GET_INTENT:
        *args->args.get_intent.flags = f->flags & H5F_ACC_RDWR ? H5F_ACC_RDWR : H5F_ACC_RDONLY;
        return 0;
    case H5VL_FILE_GET_NAME:
        zvol_copy_name(f->name, strlen(f->name), args->args.get_name.buf, args->args.get_name.buf_size,
                       args->args.get_name.file_name_len);
        return 0;
    case H5VL_FILE_GET_OBJ_COUNT:
        return get_count(f, args->args.get_obj_count.types, args->args.get_obj_count.count);
    case H5VL_FILE_GET_OBJ_IDS:
        return get_ids(f, &args->args.get_obj_ids);
    default:
        return -1;
    }
}

/* HDF5 2.x crashes when auto-detection finds a connector that is not the default one (it registers our object under the
 * native one): say no there, unless the process has chosen us, or detect=on. */
static bool detection_is_safe(hid_t fapl)
{
    unsigned maj = 0;
    unsigned min = 0;
    unsigned rel = 0;
    const char *chosen = getenv("HDF5_VOL_CONNECTOR");
    size_t n = strlen(ZVOL_NAME);
    zvol_options opts;

    H5get_libversion(&maj, &min, &rel);
    if (maj < 2 || (chosen && !strncmp(chosen, ZVOL_NAME, n) && (!chosen[n] || chosen[n] == ' ' || chosen[n] == '\t')))
        return true;
    options_of(&opts, fapl);
    return opts.detect;
}

static int check_accessible(bool *out, const char *name, hid_t fapl, zh_error *err)
{
    zh_path_kind kind;
    bool native = false;
    int rc;

    *out = false;
    if (!name || !detection_is_safe(fapl))
        return ZH_OK;
    rc = probe(&kind, name, err);
    if (rc < 0)
        return rc;
    if (kind == ZH_PATH_HDF5 && zvol_native_file_accessible(name, fapl, &native) < 0)
        native = false;
    *out = native || kind == ZH_PATH_ZARR_DIR || kind == ZH_PATH_ZARR_ZIP;
    return ZH_OK;
}

/* Runs in any process that has the plug-in in its path, with any name. "No" is an answer; an absent name is an error,
 * but not where HDF5 asks because its own open has failed: then the records of that failure, which the caller will
 * read, are put back. */
static herr_t is_accessible(const char *name, hid_t fapl, hbool_t *out)
{
    zh_error err = ZH_ERROR_INIT;
    hid_t stack = H5Eget_current_stack();
    bool searching = stack >= 0 && H5Eget_num(stack) > 0;
    int rc = check_accessible(out, name, fapl, &err);

    if (searching) {
        H5Eset_current_stack(stack);
        return 0;
    }
    if (stack >= 0)
        H5Eclose_stack(stack);
    if (rc == ZH_OK)
        return 0;
    ZVOL_PUSH(H5E_FILE_g, H5E_CANTOPENFILE_g, &err);
    return -1;
}

static int delete_store(const char *name, zh_error *err)
{
    if (zvol_store_find(name))
        return zh_error_set(err, ZH_INVALID, "unable to delete %s: it is open", name);
    return zh_store_delete(name, err);
}

static herr_t delete_file(const char *name, hid_t fapl)
{
    zh_error err = ZH_ERROR_INIT;
    zh_path_kind kind = ZH_PATH_ABSENT;

    if (probe(&kind, name, &err) == ZH_OK) {
        if (kind == ZH_PATH_HDF5)
            return zvol_native_file_delete(name, fapl);
        if (kind != ZH_PATH_ZARR_DIR && kind != ZH_PATH_ZARR_ZIP)
            zh_error_set(&err, ZH_INVALID, "unable to delete %s: not a Zarr store", name);
        else if (delete_store(name, &err) == ZH_OK)
            return 0;
    }
    ZVOL_PUSH(H5E_FILE_g, H5E_CANTDELETEFILE_g, &err);
    return -1;
}

static herr_t reopen(zvol_file *f, void **out)
{
    zh_error err = ZH_ERROR_INIT;

    *out = zvol_file_attach(f->store, f->name, f->flags, f->fcpl, f->fapl, &err);
    if (*out)
        return 0;
    ZVOL_PUSH(H5E_FILE_g, H5E_CANTOPENFILE_g, &err);
    return -1;
}

/* obj2 went through wrap_cls.get_object: it can be a shadow, a native object of another file, or one of ours. */
static bool same_file(zvol_file *f, const void *obj2)
{
    zvol_store *s;

    if (obj2 == f->store->shadows.file && obj2)
        return true;
    for (s = zvol_store_first(); s; s = s->next)
        if (obj2 == s->shadows.file)
            return s == f->store;
    return f->store->shadows.file == NULL && ((const zvol_base *)obj2)->magic == ZVOL_MAGIC && !zvol_is_native(obj2) &&
           ((const zvol_file *)obj2)->store == f->store;
}

static herr_t flush(zvol_file *f)
{
    zh_error err = ZH_ERROR_INIT;

    if (zvol_store_flush(f->store, &err) == ZH_OK)
        return 0;
    ZVOL_PUSH(H5E_FILE_g, H5E_CANTFLUSH_g, &err);
    return -1;
}

herr_t zvol_file_specific(void *obj, H5VL_file_specific_args_t *args, hid_t dxpl, void **req)
{
    /* These two come with a name and no object. */
    if (args->op_type == H5VL_FILE_IS_ACCESSIBLE)
        return is_accessible(args->args.is_accessible.filename, args->args.is_accessible.fapl_id,
                             args->args.is_accessible.accessible);
    if (args->op_type == H5VL_FILE_DELETE)
        return delete_file(args->args.del.filename, args->args.del.fapl_id);
    if (zvol_is_native(obj))
        return zvol_native_file_specific(obj, args, dxpl, req);
    switch (args->op_type) {
    case H5VL_FILE_FLUSH:
        return flush(zvol_file_of(obj));
    case H5VL_FILE_REOPEN:
        return reopen(zvol_file_of(obj), args->args.reopen.file);
    case H5VL_FILE_IS_EQUAL:
        *args->args.is_equal.same_file =
            args->args.is_equal.obj2 && same_file(zvol_file_of(obj), args->args.is_equal.obj2);
        return 0;
    default:
        return -1;
    }
}

herr_t zvol_file_optional(void *obj, H5VL_optional_args_t *args, hid_t dxpl, void **req)
{
    H5VL_native_file_optional_args_t *a = args->args;
    zh_error err = ZH_ERROR_INIT;

    if (zvol_is_native(obj))
        return zvol_native_file_optional(obj, args, dxpl, req);
    switch (args->op_type) {
    case H5VL_NATIVE_FILE_GET_SIZE:
        *a->get_size.size = 0;
        return 0;
    case H5VL_NATIVE_FILE_GET_FREE_SPACE:
        *a->get_freespace.size = 0;
        return 0;
    /* Tuning of the native format: nothing to tune here, and programs set it without asking. */
    case H5VL_NATIVE_FILE_SET_LIBVER_BOUNDS:
    case H5VL_NATIVE_FILE_SET_MDC_CONFIG:
    case H5VL_NATIVE_FILE_GET_MIN_DSET_OHDR_FLAG:
    case H5VL_NATIVE_FILE_SET_MIN_DSET_OHDR_FLAG:
        return 0;
    default:
        zh_error_set(&err, ZH_UNSUPPORTED, "operation %d of HDF5's own file format does not exist for Zarr stores",
                     args->op_type);
        ZVOL_PUSH(H5E_VOL_g, H5E_UNSUPPORTED_g, &err);
        return -1;
    }
}

/* What H5Pset_fclose_degree asks for where objects are still open; the default is weak, as with HDF5's own driver. */
static int apply_close_degree(zvol_file *f, zh_error *err)
{
    H5F_close_degree_t degree = H5F_CLOSE_DEFAULT;

    if (f->objects == 0 || H5Pget_fclose_degree(f->fapl, &degree) < 0)
        return ZH_OK;
    if (degree == H5F_CLOSE_SEMI)
        return zh_error_set(err, ZH_INVALID, "%s: %u objects are open still", f->name, f->objects);
    if (degree == H5F_CLOSE_STRONG)
        zvol_close_objects_of(f);
    return ZH_OK;
}

herr_t zvol_file_close(void *file, hid_t dxpl, void **req)
{
    zh_error err = ZH_ERROR_INIT;
    zvol_file *f = file;

    if (zvol_is_native(file))
        return zvol_native_close(file, dxpl, req);
    /* Objects may still be open (weak close): what is there is written now, so that the caller hears of failures. */
    if (f->ids == 1 && (apply_close_degree(f, &err) < 0 || zvol_file_finish(f, &err) < 0)) {
        ZVOL_PUSH(H5E_FILE_g, H5E_CANTCLOSEFILE_g, &err);
        return -1;
    }
    f->ids--;
    zvol_file_drop(f);
    return 0;
}
