/* native.h - HDF5 files behind our own connector.
 *
 * With HDF5_VOL_CONNECTOR=zarr every file of the process comes to us, also those that already are HDF5, that are exempt
 * by name, or that use a file driver of their own. For these zvol_native_file_open/create answer a delegate handle: a
 * thin wrapper of an object of HDF5's native connector. Each function below does for a delegate handle what the
 * callback of the same name in H5VL_class_t asks for, with the same parameters; zvol_is_native (handle_base.h) says
 * which handles are delegates.
 *
 * Errors: the native connector's own records stay on HDF5's error stack. Calls that mix the two kinds of handle are
 * refused here. Called under HDF5's global lock, as every callback is.
 */
#ifndef ZVOL_NATIVE_H
#define ZVOL_NATIVE_H

#include "h5.h"
#include "handle_base.h"

/* Whether link.create belongs here: either of its objects may be NULL (H5L_SAME_LOC). */
bool zvol_is_native_link(const H5VL_link_create_args_t *args, const void *obj);

/* Callbacks without an object: the caller has decided that the name is HDF5's. accessible and delete take the caller's
 * fapl as it is. */
void *zvol_native_file_create(const char *name, unsigned flags, hid_t fcpl, hid_t fapl, hid_t dxpl, void **req);
void *zvol_native_file_open(const char *name, unsigned flags, hid_t fapl, hid_t dxpl, void **req);
herr_t zvol_native_file_accessible(const char *name, hid_t fapl,
                                   bool *accessible); /* negative: no such file, or it cannot be opened */
herr_t zvol_native_file_delete(const char *name, hid_t fapl);

herr_t zvol_native_file_get(void *obj, H5VL_file_get_args_t *args, hid_t dxpl, void **req);
herr_t zvol_native_file_specific(void *obj, H5VL_file_specific_args_t *args, hid_t dxpl, void **req);
herr_t zvol_native_file_optional(void *obj, H5VL_optional_args_t *args, hid_t dxpl, void **req);

/* The close callback of all six classes. The handle is freed only if it succeeds: HDF5 keeps the id, and asks again, if
 * it fails. */
herr_t zvol_native_close(void *obj, hid_t dxpl, void **req);

void *zvol_native_group_create(void *obj, const H5VL_loc_params_t *loc, const char *name, hid_t lcpl, hid_t gcpl,
                               hid_t gapl, hid_t dxpl, void **req);
void *zvol_native_group_open(void *obj, const H5VL_loc_params_t *loc, const char *name, hid_t gapl, hid_t dxpl,
                             void **req);
herr_t zvol_native_group_get(void *obj, H5VL_group_get_args_t *args, hid_t dxpl, void **req);
herr_t zvol_native_group_specific(void *obj, H5VL_group_specific_args_t *args, hid_t dxpl, void **req);
herr_t zvol_native_group_optional(void *obj, H5VL_optional_args_t *args, hid_t dxpl, void **req);

void *zvol_native_dataset_create(void *obj, const H5VL_loc_params_t *loc, const char *name, hid_t lcpl, hid_t type,
                                 hid_t space, hid_t dcpl, hid_t dapl, hid_t dxpl, void **req);
void *zvol_native_dataset_open(void *obj, const H5VL_loc_params_t *loc, const char *name, hid_t dapl, hid_t dxpl,
                               void **req);
herr_t zvol_native_dataset_read(size_t count, void *dset[], hid_t mem_type[], hid_t mem_space[], hid_t file_space[],
                                hid_t dxpl, void *buf[], void **req);
herr_t zvol_native_dataset_write(size_t count, void *dset[], hid_t mem_type[], hid_t mem_space[], hid_t file_space[],
                                 hid_t dxpl, const void *buf[], void **req);
herr_t zvol_native_dataset_get(void *obj, H5VL_dataset_get_args_t *args, hid_t dxpl, void **req);
herr_t zvol_native_dataset_specific(void *obj, H5VL_dataset_specific_args_t *args, hid_t dxpl, void **req);
herr_t zvol_native_dataset_optional(void *obj, H5VL_optional_args_t *args, hid_t dxpl, void **req);

void *zvol_native_type_commit(void *obj, const H5VL_loc_params_t *loc, const char *name, hid_t type, hid_t lcpl,
                              hid_t tcpl, hid_t tapl, hid_t dxpl, void **req);
void *zvol_native_type_open(void *obj, const H5VL_loc_params_t *loc, const char *name, hid_t tapl, hid_t dxpl,
                            void **req);
herr_t zvol_native_type_get(void *obj, H5VL_datatype_get_args_t *args, hid_t dxpl, void **req);
herr_t zvol_native_type_specific(void *obj, H5VL_datatype_specific_args_t *args, hid_t dxpl, void **req);
herr_t zvol_native_type_optional(void *obj, H5VL_optional_args_t *args, hid_t dxpl, void **req);

void *zvol_native_attr_create(void *obj, const H5VL_loc_params_t *loc, const char *name, hid_t type, hid_t space,
                              hid_t acpl, hid_t aapl, hid_t dxpl, void **req);
void *zvol_native_attr_open(void *obj, const H5VL_loc_params_t *loc, const char *name, hid_t aapl, hid_t dxpl,
                            void **req);
herr_t zvol_native_attr_read(void *obj, hid_t mem_type, void *buf, hid_t dxpl, void **req);
herr_t zvol_native_attr_write(void *obj, hid_t mem_type, const void *buf, hid_t dxpl, void **req);
herr_t zvol_native_attr_get(void *obj, H5VL_attr_get_args_t *args, hid_t dxpl, void **req);
herr_t zvol_native_attr_specific(void *obj, const H5VL_loc_params_t *loc, H5VL_attr_specific_args_t *args, hid_t dxpl,
                                 void **req);
herr_t zvol_native_attr_optional(void *obj, H5VL_optional_args_t *args, hid_t dxpl, void **req);

herr_t zvol_native_link_create(H5VL_link_create_args_t *args, void *obj, const H5VL_loc_params_t *loc, hid_t lcpl,
                               hid_t lapl, hid_t dxpl, void **req);
herr_t zvol_native_link_copy(void *src, const H5VL_loc_params_t *src_loc, void *dst, const H5VL_loc_params_t *dst_loc,
                             hid_t lcpl, hid_t lapl, hid_t dxpl, void **req);
herr_t zvol_native_link_move(void *src, const H5VL_loc_params_t *src_loc, void *dst, const H5VL_loc_params_t *dst_loc,
                             hid_t lcpl, hid_t lapl, hid_t dxpl, void **req);
herr_t zvol_native_link_get(void *obj, const H5VL_loc_params_t *loc, H5VL_link_get_args_t *args, hid_t dxpl,
                            void **req);
herr_t zvol_native_link_specific(void *obj, const H5VL_loc_params_t *loc, H5VL_link_specific_args_t *args, hid_t dxpl,
                                 void **req);
herr_t zvol_native_link_optional(void *obj, const H5VL_loc_params_t *loc, H5VL_optional_args_t *args, hid_t dxpl,
                                 void **req);

void *zvol_native_object_open(void *obj, const H5VL_loc_params_t *loc, H5I_type_t *opened_type, hid_t dxpl, void **req);
herr_t zvol_native_object_copy(void *src, const H5VL_loc_params_t *src_loc, const char *src_name, void *dst,
                               const H5VL_loc_params_t *dst_loc, const char *dst_name, hid_t ocpypl, hid_t lcpl,
                               hid_t dxpl, void **req);
herr_t zvol_native_object_get(void *obj, const H5VL_loc_params_t *loc, H5VL_object_get_args_t *args, hid_t dxpl,
                              void **req);
herr_t zvol_native_object_specific(void *obj, const H5VL_loc_params_t *loc, H5VL_object_specific_args_t *args,
                                   hid_t dxpl, void **req);
herr_t zvol_native_object_optional(void *obj, const H5VL_loc_params_t *loc, H5VL_optional_args_t *args, hid_t dxpl,
                                   void **req);

/* LVL_TERM: the native class. LVL_CURR is the caller's to answer. */
herr_t zvol_native_introspect_term_cls(void *obj, const H5VL_class_t **cls);
herr_t zvol_native_introspect_opt_query(void *obj, H5VL_subclass_t subclass, int opt_type, uint64_t *flags);

herr_t zvol_native_blob_put(void *obj, const void *buf, size_t size, void *blob_id, void *ctx);
herr_t zvol_native_blob_get(void *obj, const void *blob_id, void *buf, size_t size, void *ctx);
herr_t zvol_native_blob_specific(void *obj, void *blob_id, H5VL_blob_specific_args_t *args);
herr_t zvol_native_blob_optional(void *obj, void *blob_id, H5VL_optional_args_t *args);

herr_t zvol_native_token_cmp(void *obj, const H5O_token_t *a, const H5O_token_t *b, int *cmp);
herr_t zvol_native_token_to_str(void *obj, H5I_type_t type, const H5O_token_t *token, char **str);
herr_t zvol_native_token_from_str(void *obj, H5I_type_t type, const char *str, H5O_token_t *token);

herr_t zvol_native_optional(void *obj, H5VL_optional_args_t *args, hid_t dxpl, void **req);

/* wrap_cls. The context is not NULL for delegates, which is how HDF5 tells apart what has to be wrapped; nothing has to
 * be freed. */
void *zvol_native_get_object(const void *obj);
void *zvol_native_wrap_ctx(void);
void *zvol_native_wrap_object(void *native_obj, H5I_type_t type);
void *zvol_native_unwrap_object(void *obj); /* frees the handle, answers the native object */

#endif
