/* probe.c - what lies at a path, and the opening of a store whose kind is not known. Silent and bounded: looks at
 * names and a few bytes; only an archive whose first entry is not a root document has its directory read. */
#include "store/store_impl.h"
#include "base/error.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

/* Where HDF5 looks for its signature: at the start, then at 512 and its doublings. Further than this no user block
 * goes. */
#define HDF5_PROBES 9

/* --- directories --- */

static bool has_root_document(int dir)
{
    struct stat st;

    for (size_t i = 0; i < ZH_ROOT_DOCUMENTS; i++)
        if (fstatat(dir, zh_store__root_documents[i], &st, 0) == 0 && S_ISREG(st.st_mode))
            return true;
    return false;
}

/* Nothing in it, or what is left of a store that was never finished (store_dir.c). */
static bool may_be_created_in(int dir)
{
    struct stat st;
    DIR *d;
    const struct dirent *entry;
    bool empty = true;
    int fd;

    if (fstatat(dir, ZH_STORE_MARKER, &st, AT_SYMLINK_NOFOLLOW) == 0)
        return true;
    fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    d = fd < 0 ? NULL : fdopendir(fd);
    if (d == NULL) {
        if (fd >= 0)
            (void)close(fd);
        return false;
    }
    for (entry = readdir(d); entry != NULL && empty; entry = readdir(d))
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    (void)closedir(d);
    return empty;
}

static int probe_directory(zh_path_kind *out, const char *path, zh_error *err)
{
    const int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (dir < 0)
        return zh_error_sys(err, errno, "cannot look into '%s'", path);
    *out = ZH_PATH_OTHER_DIR;
    if (has_root_document(dir))
        *out = ZH_PATH_ZARR_DIR;
    else if (may_be_created_in(dir))
        *out = ZH_PATH_EMPTY_DIR;
    (void)close(dir);
    return ZH_OK;
}

/* --- files --- */

static bool is_zip(int fd)
{
    unsigned char head[4];

    return pread(fd, head, sizeof(head), 0) == (ssize_t)sizeof(head) &&
           (memcmp(head, "PK\3\4", 4) == 0 || memcmp(head, "PK\5\6", 4) == 0);
}

static bool is_hdf5(int fd)
{
    static const unsigned char signature[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
    off_t at = 0;

    for (int i = 0; i < HDF5_PROBES; i++) {
        unsigned char bytes[8];

        if (pread(fd, bytes, sizeof(bytes), at) != (ssize_t)sizeof(bytes))
            return false;
        if (memcmp(bytes, signature, sizeof(signature)) == 0)
            return true;
        at = at == 0 ? 512 : at * 2;
    }
    return false;
}

/* Our own archives, and most others' of Zarr, begin with the root's document: its local header says so. */
static bool begins_with_root_document(int fd)
{
    unsigned char head[30 + 16];
    size_t n;

    if (pread(fd, head, sizeof(head), 0) != (ssize_t)sizeof(head))
        return false;
    n = (size_t)(head[26] | head[27] << 8);
    for (size_t i = 0; i < ZH_ROOT_DOCUMENTS; i++)
        if (strlen(zh_store__root_documents[i]) == n && memcmp(head + 30, zh_store__root_documents[i], n) == 0)
            return true;
    return false;
}

static bool holds_root_document(const char *path)
{
    zip_t *archive = zip_open(path, ZIP_RDONLY, NULL);
    bool found = false;

    if (archive == NULL)
        return false;
    for (size_t i = 0; i < ZH_ROOT_DOCUMENTS && !found; i++)
        found = zip_name_locate(archive, zh_store__root_documents[i], 0) >= 0;
    zip_discard(archive);
    return found;
}

static int open_file(int *fd, const char *path, zh_error *err)
{
    *fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    return *fd < 0 ? zh_error_sys(err, errno, "cannot look into '%s'", path) : ZH_OK;
}

static int probe_file(zh_path_kind *out, const char *path, zh_error *err)
{
    int fd;
    const int rc = open_file(&fd, path, err);

    if (rc < 0)
        return rc;
    *out = ZH_PATH_OTHER_FILE;
    if (is_zip(fd)) {
        if (begins_with_root_document(fd) || holds_root_document(path))
            *out = ZH_PATH_ZARR_ZIP;
    } else if (is_hdf5(fd)) {
        *out = ZH_PATH_HDF5;
    }
    (void)close(fd);
    return ZH_OK;
}

int zh_path_probe(zh_path_kind *out, const char *path, zh_error *err)
{
    struct stat st;

    *out = ZH_PATH_ABSENT;
    if (stat(path, &st) != 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            return ZH_OK;
        return zh_error_sys(err, errno, "cannot look at '%s'", path);
    }
    if (S_ISDIR(st.st_mode))
        return probe_directory(out, path, err);
    if (S_ISREG(st.st_mode))
        return probe_file(out, path, err);
    *out = ZH_PATH_OTHER_FILE;
    return ZH_OK;
}

int zh_store_open(zh_store **out, const char *path, zh_open_mode mode, zh_error *err)
{
    struct stat st;
    bool zip = false;
    int fd;

    *out = NULL;
    if (mode != ZH_OPEN_READ && mode != ZH_OPEN_WRITE)
        return zh_error_set(err, ZH_INVALID, "only a store that exists can be opened without saying its kind");
    if (stat(path, &st) != 0)
        return zh_store__open_failed(err, errno, path);
    if (S_ISDIR(st.st_mode))
        return zh_store_dir_open(out, path, mode, err);
    if (S_ISREG(st.st_mode)) {
        const int rc = open_file(&fd, path, err);

        if (rc < 0)
            return rc;
        zip = is_zip(fd);
        (void)close(fd);
    }
    if (zip)
        return zh_store_zip_open(out, path, mode, err);
    return zh_error_set(err, ZH_NOTFOUND, "'%s' is neither a directory nor a zip archive", path);
}
