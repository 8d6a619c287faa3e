/* store_delete.c - removing a whole store. A root document goes last, so that a removal cut short can be repeated. */
#include "store/dir_remove.h"
#include "store/store_impl.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* The root document to be removed last. */
static const char *last_document(int dir)
{
    struct stat st;

    for (size_t i = 0; i < ZH_ROOT_DOCUMENTS; i++)
        if (fstatat(dir, zh_store__root_documents[i], &st, AT_SYMLINK_NOFOLLOW) == 0)
            return zh_store__root_documents[i];
    return NULL;
}

/* Answers 0 or an errno. A symbolic link to a store is not followed: ELOOP or ENOTDIR. */
static int remove_directory(const char *path)
{
    const int dir = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int rc;

    if (dir < 0)
        return errno;
    rc = zh_dir_remove_content(dir, ".", last_document(dir));
    if (rc == 0)
        rc = zh_dir_remove_content(dir, ".", NULL);
    (void)close(dir);
    if (rc == 0 && rmdir(path) != 0)
        rc = errno;
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
        return zh_error_set(err, ZH_INVALID, "'%s' is not a Zarr store", path);
    rc = kind == ZH_PATH_ZARR_DIR ? remove_directory(path) : unlink(path) == 0 ? 0 : errno;
    return rc == 0 ? ZH_OK : zh_error_sys(err, rc, "cannot remove '%s'", path);
}
