/* info.h - the connector string and the environment: what a user can choose.
 *
 * HDF5_VOL_CONNECTOR="zarr key=value;key=value". Each key can be set by the environment as well (H5VL_ZARR_FORMAT for
 * format, and so on); the string wins. An unknown key or a bad value cannot be refused while HDF5 reads the string: it
 * would fall back to writing native files without a word. It is remembered, and creating or opening a store is refused.
 */
#ifndef ZVOL_INFO_H
#define ZVOL_INFO_H

#include "h5.h"
#include "hier/tree.h"

typedef enum zvol_store_kind { ZVOL_STORE_AUTO, ZVOL_STORE_DIR, ZVOL_STORE_ZIP, ZVOL_STORE_MEMORY } zvol_store_kind;

typedef struct zvol_options {
    zh_format format;      /* format=2|3: of new stores */
    zvol_store_kind store; /* store=auto|dir|zip|memory: auto is zip for names ending in .zip */
    unsigned threads;      /* threads=N, 0: one per CPU */
    size_t cache_bytes;    /* cache=BYTES[K|M|G]: decoded chunks held */
    size_t batch_nodes;    /* batch=N: nodes held before they are published unasked; 0: no bound */
    bool masquerade;       /* masquerade=on|off */
    bool detect;           /* detect=on|off: HDF5 2.x only, see vol_file.c */
    char native[256];      /* native=GLOB[,GLOB]: names that are HDF5 files and stay so */
    char fault[160];       /* what is wrong with the string or the environment; "" if nothing is */
} zvol_options;

/* The object behind HDF5's "info" pointer. */
typedef struct zvol_info {
    char *text; /* as given; owned */
    zvol_options options;
} zvol_info;

/* Options for info, which may be NULL: defaults and environment. */
void zvol_options_get(zvol_options *out, const zvol_info *info);
/* ZH_INVALID with the fault, if there is one. */
int zvol_options_check(const zvol_options *o, zh_error *err);
/* Whether name matches the globs of options->native (whole name or its last component). */
bool zvol_options_native_name(const zvol_options *o, const char *name);

void *zvol_info_copy(const void *info);
herr_t zvol_info_cmp(int *cmp, const void *a, const void *b);
herr_t zvol_info_free(void *info);
herr_t zvol_info_to_str(const void *info, char **str);
herr_t zvol_info_from_str(const char *str, void **info);

#endif
