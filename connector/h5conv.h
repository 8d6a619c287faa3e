/* h5conv.h - converting elements between the application's memory type and a file type. */
#ifndef ZVOL_H5CONV_H
#define ZVOL_H5CONV_H

#include "h5type.h"

/* Converts n elements in place in buf, which holds n * max(size of both). bkg: as H5Tconvert, NULL when not needed.
 * Strings of variable size never come here. */
int zvol_convert(hid_t from, hid_t to, size_t n, void *buf, void *bkg, hid_t dxpl, zh_error *err);

/* H5Aread/H5Awrite: data is in file form as in h5value.h, buf in the application's mem_type. */
int zvol_attr_to_mem(const zvol_type *t, size_t n, const void *data, hid_t mem_type, void *buf, zh_error *err);
int zvol_attr_from_mem(const zvol_type *t, size_t n, void *data, hid_t mem_type, const void *buf,
                       zh_error *err); /* VSTRING: data gets borrowed char *s */

/* What zvol_type_equal says of t and mem_type; false also if mem_type is nothing that zvol_type can hold. */
bool zvol_type_is(const zvol_type *t, hid_t mem_type);

/* t is VSTRING: ZH_OK if mem_type is a variable-length string of the same character set, as HDF5 itself demands. */
int zvol_check_string_mem(const zvol_type *t, hid_t mem_type, zh_error *err);

/* Whether dxpl is HDF5's default one, about which nothing need be asked. */
bool zvol_dxpl_is_default(hid_t dxpl);

/* Memory that the application frees (H5Treclaim): by its transfer property list, otherwise the C library's. */
typedef struct zvol_app_memory {
    H5MM_allocate_t allocate; /* NULL: malloc */
    void *allocate_info;
    H5MM_free_t release; /* NULL: free */
    void *release_info;
} zvol_app_memory;

int zvol_app_memory_init(zvol_app_memory *m, hid_t dxpl, zh_error *err);
char *zvol_app_strndup(const zvol_app_memory *m, const char *s,
                       size_t n); /* s may be NULL if n is 0; NULL: out of memory */
void zvol_app_free(const zvol_app_memory *m, void *p);

#endif
