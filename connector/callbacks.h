/* callbacks.h - the members of zvol_class. Each mirrors the callback of H5VL_class_t it is named after.
 *
 * Every one of them: hands objects of HDF5 files to native.h; otherwise checks the arguments HDF5 did not, works on the
 * tree, and on failure pushes one record with ZVOL_PUSH and answers -1 or NULL.
 */
#ifndef ZVOL_CALLBACKS_H
#define ZVOL_CALLBACKS_H

#include "h5.h"
#include "info.h"

#define LOC const H5VL_loc_params_t *

herr_t zvol_initialize(hid_t vipl);
herr_t zvol_terminate(void);

void *zvol_wrap_get_object(const void *obj);
herr_t zvol_wrap_get_ctx(const void *obj, void **ctx);
void *zvol_wrap_wrap(void *obj, H5I_type_t kind, void *ctx);
void *zvol_wrap_unwrap(void *obj);
herr_t zvol_wrap_free_ctx(void *ctx);

void *zvol_attr_create(void *obj, LOC lp, const char *name, hid_t type, hid_t space, hid_t acpl, hid_t aapl, hid_t dxpl,
                       void **req);
void *zvol_attr_open(void *obj, LOC lp, const char *name, hid_t aapl, hid_t dxpl, void **req);
herr_t zvol_attr_read(void *attr, hid_t mem_type, void *buf, hid_t dxpl, void **req);
herr_t zvol_attr_write(void *attr, hid_t mem_type, const void *buf, hid_t dxpl, void **req);
herr_t zvol_attr_get(void *obj, H5VL_attr_get_args_t *args, hid_t dxpl, void **req);
herr_t zvol_attr_specific(void *obj, LOC lp, H5VL_attr_specific_args_t *args, hid_t dxpl, void **req);
herr_t zvol_attr_optional(void *obj, H5VL_optional_args_t *args, hid_t dxpl, void **req);
herr_t zvol_attr_close(void *attr, hid_t dxpl, void **req);

void *zvol_dataset_create(void *obj, LOC lp, const char *name, hid_t lcpl, hid_t type, hid_t space, hid_t dcpl,
                          hid_t dapl, hid_t dxpl, void **req);
void *zvol_dataset_open(void *obj, LOC lp, const char *name, hid_t dapl, hid_t dxpl, void **req);
herr_t zvol_dataset_read(size_t count, void *dset[], hid_t mem_type[], hid_t mem_space[], hid_t file_space[],
                         hid_t dxpl, void *buf[], void **req);
herr_t zvol_dataset_write(size_t count, void *dset[], hid_t mem_type[], hid_t mem_space[], hid_t file_space[],
                          hid_t dxpl, const void *buf[], void **req);
herr_t zvol_dataset_get(void *dset, H5VL_dataset_get_args_t *args, hid_t dxpl, void **req);
herr_t zvol_dataset_specific(void *obj, H5VL_dataset_specific_args_t *args, hid_t dxpl, void **req);
herr_t zvol_dataset_optional(void *obj, H5VL_optional_args_t *args, hid_t dxpl, void **req);
herr_t zvol_dataset_close(void *dset, hid_t dxpl, void **req);

void *zvol_type_commit(void *obj, LOC lp, const char *name, hid_t type, hid_t lcpl, hid_t tcpl, hid_t tapl, hid_t dxpl,
                       void **req);
void *zvol_type_open(void *obj, LOC lp, const char *name, hid_t tapl, hid_t dxpl, void **req);
herr_t zvol_type_get(void *obj, H5VL_datatype_get_args_t *args, hid_t dxpl, void **req);
herr_t zvol_type_specific(void *obj, H5VL_datatype_specific_args_t *args, hid_t dxpl, void **req);
herr_t zvol_type_optional(void *obj, H5VL_optional_args_t *args, hid_t dxpl, void **req);
herr_t zvol_type_close(void *obj, hid_t dxpl, void **req);

void *zvol_file_create(const char *name, unsigned flags, hid_t fcpl, hid_t fapl, hid_t dxpl, void **req);
void *zvol_file_open(const char *name, unsigned flags, hid_t fapl, hid_t dxpl, void **req);
herr_t zvol_file_get(void *obj, H5VL_file_get_args_t *args, hid_t dxpl, void **req);
herr_t zvol_file_specific(void *obj, H5VL_file_specific_args_t *args, hid_t dxpl, void **req);
herr_t zvol_file_optional(void *obj, H5VL_optional_args_t *args, hid_t dxpl, void **req);
herr_t zvol_file_close(void *file, hid_t dxpl, void **req);

void *zvol_group_create(void *obj, LOC lp, const char *name, hid_t lcpl, hid_t gcpl, hid_t gapl, hid_t dxpl,
                        void **req);
void *zvol_group_open(void *obj, LOC lp, const char *name, hid_t gapl, hid_t dxpl, void **req);
herr_t zvol_group_get(void *obj, H5VL_group_get_args_t *args, hid_t dxpl, void **req);
herr_t zvol_group_specific(void *obj, H5VL_group_specific_args_t *args, hid_t dxpl, void **req);
herr_t zvol_group_optional(void *obj, H5VL_optional_args_t *args, hid_t dxpl, void **req);
herr_t zvol_group_close(void *group, hid_t dxpl, void **req);

herr_t zvol_link_create(H5VL_link_create_args_t *args, void *obj, LOC lp, hid_t lcpl, hid_t lapl, hid_t dxpl,
                        void **req);
herr_t zvol_link_copy(void *src, LOC lp1, void *dst, LOC lp2, hid_t lcpl, hid_t lapl, hid_t dxpl, void **req);
herr_t zvol_link_move(void *src, LOC lp1, void *dst, LOC lp2, hid_t lcpl, hid_t lapl, hid_t dxpl, void **req);
herr_t zvol_link_get(void *obj, LOC lp, H5VL_link_get_args_t *args, hid_t dxpl, void **req);
herr_t zvol_link_specific(void *obj, LOC lp, H5VL_link_specific_args_t *args, hid_t dxpl, void **req);
herr_t zvol_link_optional(void *obj, LOC lp, H5VL_optional_args_t *args, hid_t dxpl, void **req);

void *zvol_object_open(void *obj, LOC lp, H5I_type_t *opened, hid_t dxpl, void **req);
herr_t zvol_object_copy(void *src, LOC lp1, const char *src_name, void *dst, LOC lp2, const char *dst_name,
                        hid_t ocpypl, hid_t lcpl, hid_t dxpl, void **req);
herr_t zvol_object_get(void *obj, LOC lp, H5VL_object_get_args_t *args, hid_t dxpl, void **req);
herr_t zvol_object_specific(void *obj, LOC lp, H5VL_object_specific_args_t *args, hid_t dxpl, void **req);
herr_t zvol_object_optional(void *obj, LOC lp, H5VL_optional_args_t *args, hid_t dxpl, void **req);

herr_t zvol_introspect_get_conn_cls(void *obj, H5VL_get_conn_lvl_t lvl, const H5VL_class_t **cls);
herr_t zvol_introspect_get_cap_flags(const void *info, uint64_t *flags);
herr_t zvol_introspect_opt_query(void *obj, H5VL_subclass_t cls, int op, uint64_t *flags);

herr_t zvol_blob_put(void *obj, const void *buf, size_t size, void *id, void *ctx);
herr_t zvol_blob_get(void *obj, const void *id, void *buf, size_t size, void *ctx);
herr_t zvol_blob_specific(void *obj, void *id, H5VL_blob_specific_args_t *args);
herr_t zvol_blob_optional(void *obj, void *id, H5VL_optional_args_t *args);

herr_t zvol_token_cmp(void *obj, const H5O_token_t *a, const H5O_token_t *b, int *cmp);
herr_t zvol_token_to_str(void *obj, H5I_type_t kind, const H5O_token_t *token, char **str);
herr_t zvol_token_from_str(void *obj, H5I_type_t kind, const char *str, H5O_token_t *token);

herr_t zvol_optional(void *obj, H5VL_optional_args_t *args, hid_t dxpl, void **req);

#undef LOC

#endif
