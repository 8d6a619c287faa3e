/* atexit.c - programs that end without closing their files still leave complete stores.
 *
 * HDF5 would destroy types and spaces before it closes files; its H5atclose callbacks run before all that, with HDF5
 * fully usable. There everything of ours that is still open is closed, which publishes. A handler of the C library does
 * the same for programs that told HDF5 not to install its own.
 */
#include "base/alloc.h"
#include "callbacks.h"
#include "handle.h"
#include "log.h"
#include "registry.h"

#include <stdlib.h>

struct id_list {
    const zvol_file *file; /* only ids of objects opened through it; NULL: every one of ours */
    hid_t *ids;
    size_t n, cap;
};

static bool library_alive; /* between initialize and the H5atclose callback */

static herr_t collect(hid_t id, void *payload)
{
    struct id_list *l = payload;
    void *obj = zvol_handle_of_id(id);

    if (!obj || (l->file && zvol_file_of(obj) != l->file))
        return 0;
    if (l->n == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 64;
        hid_t *grown = zh_reallocarray(l->ids, cap, sizeof(*grown));

        if (!grown)
            return 0; /* closed by HDF5 itself later */
        l->ids = grown;
        l->cap = cap;
    }
    l->ids[l->n++] = id;
    return 0;
}

static void close_kind(H5I_type_t kind, const zvol_file *file)
{
    struct id_list l = {file, NULL, 0, 0};
    size_t i;

    H5Iiterate(kind, collect, &l);
    for (i = 0; i < l.n; i++)
        while (H5Iis_valid(l.ids[i]) > 0 && H5Idec_ref(l.ids[i]) > 0)
            ;
    zh_free(l.ids);
}

void zvol_close_objects_of(const zvol_file *file)
{
    close_kind(H5I_ATTR, file);
    close_kind(H5I_DATASET, file);
    close_kind(H5I_GROUP, file);
}

static void close_all(void)
{
    if (!library_alive)
        return;
    library_alive = false;
    if (!zvol_store_first())
        return;
    zvol_exiting = true;
    H5E_BEGIN_TRY
    {
        zvol_close_objects_of(NULL);
        close_kind(H5I_FILE, NULL);
    }
    H5E_END_TRY
    zvol_exiting = false;
}

static void at_close(void *payload)
{
    (void)payload;
    close_all();
}

herr_t zvol_initialize(hid_t vipl)
{
    static bool registered;
    /* HDF5 may be looking for a connector after a failure that its caller will read: calls from here would wipe the
     * record of it. */
    hid_t stack = H5Eget_current_stack();

    (void)vipl;
    if (!library_alive && H5atclose(at_close, NULL) < 0)
        zvol_log(ZVOL_LOG_WARN, "no H5atclose callback: files that are left open at exit may not be written");
    library_alive = true;
    zvol_watch_forks();
    if (!registered && atexit(close_all) == 0)
        registered = true;
    zvol_log(ZVOL_LOG_DEBUG, "connector initialised");
    if (stack >= 0)
        H5Eset_current_stack(stack);
    return 0;
}

herr_t zvol_terminate(void)
{
    library_alive = false;
    return 0;
}
