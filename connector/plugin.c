/* plugin.c - the two functions HDF5 looks for, and the connector's class.
 *
 * Both functions run in every process that searches any plug-in in our folder: they bind the table of HDF5 names, call
 * nothing in HDF5, and stay silent unless logging is asked for. A second HDF5 library in the same process gets an
 * instance of its own: the plug-in's file is copied to memory and loaded again, because one table can serve one library
 * only.
 */
#include "plugin.h"

#include "callbacks.h"
#include "log.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define INSTANCES_MAX 8

typedef const void *(*class_for_fn)(const void *caller);

struct instance {
    const void *caller_base; /* the HDF5 library it serves */
    const void *cls;
};

static struct instance instances[INSTANCES_MAX];
static unsigned ninstances;

const H5VL_class_t zvol_class = {
    H5VL_VERSION,
    ZVOL_VALUE,
    ZVOL_NAME,
    ZVOL_VERSION,
    ZVOL_CAP_FLAGS,
    zvol_initialize,
    zvol_terminate,
    {sizeof(zvol_info), zvol_info_copy, zvol_info_cmp, zvol_info_free, zvol_info_to_str, zvol_info_from_str},
    {zvol_wrap_get_object, zvol_wrap_get_ctx, zvol_wrap_wrap, zvol_wrap_unwrap, zvol_wrap_free_ctx},
    {zvol_attr_create, zvol_attr_open, zvol_attr_read, zvol_attr_write, zvol_attr_get, zvol_attr_specific,
     zvol_attr_optional, zvol_attr_close},
    {zvol_dataset_create, zvol_dataset_open, zvol_dataset_read, zvol_dataset_write, zvol_dataset_get,
     zvol_dataset_specific, zvol_dataset_optional, zvol_dataset_close},
    {zvol_type_commit, zvol_type_open, zvol_type_get, zvol_type_specific, zvol_type_optional, zvol_type_close},
    {zvol_file_create, zvol_file_open, zvol_file_get, zvol_file_specific, zvol_file_optional, zvol_file_close},
    {zvol_group_create, zvol_group_open, zvol_group_get, zvol_group_specific, zvol_group_optional, zvol_group_close},
    {zvol_link_create, zvol_link_copy, zvol_link_move, zvol_link_get, zvol_link_specific, zvol_link_optional},
    {zvol_object_open, zvol_object_copy, zvol_object_get, zvol_object_specific, zvol_object_optional},
    {zvol_introspect_get_conn_cls, zvol_introspect_get_cap_flags, zvol_introspect_opt_query},
    {NULL, NULL, NULL, NULL, NULL, NULL},
    {zvol_blob_put, zvol_blob_get, zvol_blob_specific, zvol_blob_optional},
    {zvol_token_cmp, zvol_token_to_str, zvol_token_from_str},
    zvol_optional,
};

/* Copies this plug-in's own file into an anonymous one and loads that. NULL: no /proc, no memfd, or no memory. */
static void *load_copy(void)
{
    Dl_info self;
    char path[64];
    char chunk[65536];
    ssize_t n = -1;
    void *h = NULL;
    int in = -1;
    int fd = -1;

    if (!dladdr((const void *)&zvol_class, &self))
        return NULL;
    in = open(self.dli_fname, O_RDONLY | O_CLOEXEC);
    fd = memfd_create("hdf5_vol_zarr", MFD_CLOEXEC);
    if (in < 0 || fd < 0)
        goto out;
    for (;;) {
        n = read(in, chunk, sizeof(chunk));
        if (n <= 0 || write(fd, chunk, (size_t)n) != n)
            break;
    }
    if (n != 0)
        goto out;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    h = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
out:
    if (in >= 0)
        close(in);
    if (fd >= 0)
        close(fd);
    return h;
}

static const void *class_for(const void *caller);

/* class_for of the instance loaded as h. It is the same file as this one, so it lies where ours does relative to an
 * exported function. */
static class_for_fn class_for_of(void *h)
{
    const char *theirs = dlsym(h, "H5PLget_plugin_info");
    ptrdiff_t distance = (const char *)&class_for - (const char *)&H5PLget_plugin_info;

    return theirs ? (class_for_fn)(uintptr_t)(theirs + distance) : NULL;
}

/* The class of an instance of its own for the HDF5 library that holds caller. */
static const void *other_instance(const void *caller)
{
    class_for_fn theirs;
    const void *cls;
    Dl_info di;
    void *h;
    unsigned i;

    if (!dladdr(caller, &di))
        return NULL;
    for (i = 0; i < ninstances; i++)
        if (instances[i].caller_base == di.dli_fbase)
            return instances[i].cls;
    h = ninstances < INSTANCES_MAX ? load_copy() : NULL;
    theirs = h ? class_for_of(h) : NULL;
    cls = theirs ? theirs(caller) : NULL;
    if (!cls) {
        zvol_log(ZVOL_LOG_ERROR, "cannot load for a second HDF5 library in this process (%s)", di.dli_fname);
        if (h)
            dlclose(h);
        return NULL;
    }
    instances[ninstances].caller_base = di.dli_fbase;
    instances[ninstances++].cls = cls;
    return cls;
}

/* The class to hand to the HDF5 library that holds caller; NULL if it cannot be served. */
static const void *class_for(const void *caller)
{
    char why[512] = "";
    int rc = zvol_h5_bind(caller, why, sizeof(why));

    if (rc == 0)
        return &zvol_class;
    if (rc == -2)
        return other_instance(caller);
    zvol_log(ZVOL_LOG_ERROR, "cannot load: %s", why);
    return NULL;
}

__attribute__((visibility("default"))) H5PL_type_t H5PLget_plugin_type(void)
{
    return H5PL_TYPE_VOL;
}

__attribute__((visibility("default"))) const void *H5PLget_plugin_info(void)
{
    return class_for(__builtin_return_address(0));
}
