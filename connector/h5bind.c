/* h5bind.c - binds the table of HDF5 names to the library that loads the plug-in.
 *
 * The library is found from an address inside it, so that it is the right one also where two HDF5 libraries live in one
 * process, and although a Python wheel's libhdf5 is in nobody's global scope. Nothing is promoted to global scope.
 */
#include "h5.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

struct zvol_h5_table zvol_h5;

static void *bound_base; /* load address of the library that the table points into */

/* A handle on the object at di that really holds HDF5 (its own H5open), or NULL. */
static void *library_handle(const Dl_info *di)
{
    Dl_info found;
    void *symbol;
    void *h = dlopen(di->dli_fname, RTLD_NOLOAD | RTLD_LAZY);

    symbol = h ? dlsym(h, "H5open") : NULL;
    if (symbol && dladdr(symbol, &found) && found.dli_fbase == di->dli_fbase)
        return h;
    if (h)
        dlclose(h);
    /* HDF5 linked into the executable itself: visible if that was linked with -rdynamic. */
    h = dlopen(NULL, RTLD_LAZY);
    symbol = h ? dlsym(h, "H5open") : NULL;
    if (symbol && dladdr(symbol, &found) && found.dli_fbase == di->dli_fbase)
        return h;
    if (h)
        dlclose(h);
    return NULL;
}

/* A data symbol that the executable uses directly was copied into the executable when it started; the library
 * writes that copy only, and dlsym on the library's handle finds the stale original, which is not a valid id. */
static void *data_symbol(void *h, const char *name)
{
    void *own = dlsym(h, name);
    void *global = dlsym(RTLD_DEFAULT, name);

    if (global && global != own && *(hid_t *)global > 0 && (!own || *(hid_t *)own <= 0))
        return global;
    return own;
}

struct entry {
    const char *name;
    void **slot;
    int optional;
    int is_data;
};

#define ENTRY(name, optional, is_data) {#name, (void **)&zvol_h5.name##_, optional, is_data},
static const struct entry entries[] = {ZVOL_H5_ENTRIES(ENTRY)};
#undef ENTRY

int zvol_h5_bind(const void *caller, char *why, size_t nwhy)
{
    Dl_info di;
    void *h;
    size_t i;

    if (!dladdr(caller, &di)) {
        snprintf(why, nwhy, "the calling library cannot be identified");
        return -1;
    }
    if (bound_base)
        return bound_base == di.dli_fbase ? 0 : -2;
    h = library_handle(&di);
    if (!h) {
        snprintf(why, nwhy,
                 "the HDF5 symbols of %s are not visible; a program with HDF5 linked statically has to be linked with "
                 "-rdynamic",
                 di.dli_fname);
        return -1;
    }
    for (i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
        *entries[i].slot = entries[i].is_data ? data_symbol(h, entries[i].name) : dlsym(h, entries[i].name);
        if (!*entries[i].slot && !entries[i].optional) {
            snprintf(why, nwhy, "%s lacks %s; HDF5 1.14 or newer is needed", di.dli_fname, entries[i].name);
            return -1;
        }
    }
    bound_base = di.dli_fbase;
    return 0;
}
