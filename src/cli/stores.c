/* stores.c - the store that a command names. */
#include "cli.h"

#include <string.h>
#include <unistd.h>

int open_store(zh_store **s, const char *path, zh_open_mode mode, zh_error *err)
{
    const int rc = zh_store_open(s, path, mode, err);

    if (rc == ZH_NOTFOUND && err->message[0] == '\0')
        complain("'%s' is neither a directory nor a zip archive", path);
    else if (rc < 0)
        (void)complain_error(err);
    return rc;
}

static bool is_zip_name(const char *path)
{
    const size_t n = strlen(path);

    return n > 4 && strcmp(path + n - 4, ".zip") == 0;
}

/* Names without a store around them say nothing: what looks like a stray chunk there is somebody's file. */
int open_store_to_repair(zh_store **s, const char *path, zh_error *err)
{
    zh_path_kind there;
    const int rc = zh_path_probe(&there, path, err);

    if (rc < 0) {
        (void)complain_error(err);
        return rc;
    }
    if (there == ZH_PATH_OTHER_DIR || there == ZH_PATH_OTHER_FILE || there == ZH_PATH_HDF5) {
        complain("'%s' is no Zarr store (its root has no document); nothing is repaired there", path);
        return ZH_INVALID;
    }
    return open_store(s, path, ZH_OPEN_WRITE, err);
}

int open_or_make_store(zh_store **s, bool *made, const char *path, const char *kind, zh_error *err)
{
    const bool zip = kind == NULL ? is_zip_name(path) : strcmp(kind, "zip") == 0;
    zh_path_kind there;
    int rc = zh_path_probe(&there, path, err);

    *made = false;
    if (rc == ZH_OK && (there == ZH_PATH_ZARR_DIR || there == ZH_PATH_ZARR_ZIP)) {
        rc = zh_store_open(s, path, ZH_OPEN_WRITE, err);
    } else if (rc == ZH_OK && there != ZH_PATH_ABSENT && there != ZH_PATH_EMPTY_DIR) {
        complain("'%s' is there, and is no Zarr store", path);
        err->code = ZH_EXISTS;
        return ZH_EXISTS;
    } else if (rc == ZH_OK) {
        *made = there == ZH_PATH_ABSENT;
        rc = zip ? zh_store_zip_open(s, path, ZH_CREATE_EXCL, err) : zh_store_dir_open(s, path, ZH_CREATE_EXCL, err);
    }
    /* What was begun may be a creation that another process is at: nothing of it is removed here. */
    if (rc == ZH_EXISTS && there == ZH_PATH_EMPTY_DIR)
        complain("a store is being created in '%s', or was never finished; in the latter case, remove it", path);
    else if (rc < 0)
        (void)complain_error(err);
    return rc;
}

/* An empty directory; an archive is not there before it is written. */
void unmake_store(const char *path)
{
    (void)rmdir(path);
}
