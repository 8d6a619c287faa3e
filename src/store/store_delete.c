/* store_delete.c - removing a whole store. A root document goes last, so that a removal cut short can be repeated. */
#include "store/dir_remove.h"
#include "store/store_impl.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int not_a_store(const char *path, const char *why, zh_error *err)
{
    return zh_error_set(err, ZH_INVALID, "'%s' is not a Zarr store%s", path, why);
}

/* What shows that the directory is a store, to be removed last: a root document that is whole, or the marker. */
static int find_sign(const char **out, int dir, const char *path, zh_error *err)
{
    struct stat st;
    const bool marked = fstatat(dir, ZH_STORE_MARKER, &st, AT_SYMLINK_NOFOLLOW) == 0;
    const int rc = zh_store__find_root_document(out, dir, marked ? NULL : err);

    if (*out == NULL && marked) {
        *out = ZH_STORE_MARKER;
        return ZH_OK;
    }
    if (rc < 0)
        zh_error_prefix(err, "cannot remove '%s'", path);
    else if (*out == NULL)
        return not_a_store(path, ": its root document is damaged, or something else", err);
    return rc;
}

/* A symbolic link to a store is not followed: ELOOP or ENOTDIR. */
static int remove_directory(const char *path, zh_error *err)
{
    const int dir = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    const char *sign;
    int errnum, rc;

    if (dir < 0)
        return zh_error_sys(err, errno, "cannot remove '%s'", path);
    rc = find_sign(&sign, dir, path, err);
    if (rc == ZH_OK) {
        errnum = zh_dir_remove_content(dir, ".", sign);
        if (errnum == 0)
            errnum = zh_dir_remove_content(dir, ".", NULL);
        if (errnum == 0 && rmdir(path) != 0)
            errnum = errno;
        if (errnum != 0)
            rc = zh_error_sys(err, errnum, "cannot remove '%s'", path);
    }
    (void)close(dir);
    return rc;
}

int zh_store_delete(const char *path, zh_error *err)
{
    zh_path_kind kind;
    int rc = zh_path_probe(&kind, path, err);

    if (rc < 0)
        return rc;
    if (kind == ZH_PATH_ABSENT)
        return zh_store__open_failed(err, ENOENT, path);
    if (kind != ZH_PATH_ZARR_DIR && kind != ZH_PATH_ZARR_ZIP)
        return not_a_store(path, "", err);
    if (kind == ZH_PATH_ZARR_DIR)
        return remove_directory(path, err);
    return unlink(path) == 0 ? ZH_OK : zh_error_sys(err, errno, "cannot remove '%s'", path);
}
