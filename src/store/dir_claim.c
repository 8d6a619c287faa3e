/* dir_claim.c - see dir_claim.h. */
#include "store/dir_claim.h"
#include "store/dir_remove.h"
#include "store/file_io.h"
#include "store/store_impl.h"
#include "base/error.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the directory holds, as far as creating a store in it asks. */
typedef struct content {
    bool anything;    /* besides these two: */
    bool temporaries; /* of this library */
    bool marker;      /* a store that was never finished */
} content;

static int look_into(content *c, int root)
{
    const int fd = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const struct dirent *entry;
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    int rc = errno;

    *c = (content){false, false, false};
    if (dir == NULL) {
        if (fd >= 0)
            (void)close(fd);
        return rc;
    }
    for (;;) {
        errno = 0;
        entry = readdir(dir);
        if (entry == NULL)
            break;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (strcmp(entry->d_name, ZH_STORE_MARKER) == 0)
            c->marker = true;
        else if (zh_store_is_temporary(entry->d_name))
            c->temporaries = true;
        else
            c->anything = true;
    }
    rc = errno;
    (void)closedir(dir);
    return rc;
}

/* --- the marker: whoever has it locked is making a store here --- */

/* Is what `marker` was opened as still the marker? */
static bool is_current(int root, int marker)
{
    struct stat mine, there;

    return fstat(marker, &mine) == 0 && fstatat(root, ZH_STORE_MARKER, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
           mine.st_ino == there.st_ino && mine.st_dev == there.st_dev;
}

/* 0 or an errno; EWOULDBLOCK: its maker is alive, or nobody can say. `lenient`: then it is taken for dead. */
static int lock_marker(int marker, bool lenient)
{
    const int rc = flock(marker, LOCK_EX | LOCK_NB) == 0 ? 0 : errno;

    if (rc != 0 && zh_io_has_no_locks(rc))
        return lenient ? 0 : EWOULDBLOCK;
    return rc;
}

/* A new marker, or that of a maker who is gone. 0 or an errno; EWOULDBLOCK: somebody is at it. */
static int take_marker(int *marker, bool *is_new, int root, bool lenient)
{
    int rc;

    for (;;) {
        *is_new = true;
        *marker = openat(root, ZH_STORE_MARKER, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (*marker < 0 && errno == EEXIST) {
            *is_new = false;
            *marker = openat(root, ZH_STORE_MARKER, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
        }
        if (*marker < 0 && errno == ENOENT)
            continue; /* gone between the two */
        if (*marker < 0)
            return errno;
        rc = lock_marker(*marker, lenient || *is_new);
        if (rc == 0 && is_current(root, *marker))
            return 0;
        (void)close(*marker);
        if (rc != 0)
            return rc;
    }
}

static int taken(zh_error *err, int rc, const char *path)
{
    if (rc != EWOULDBLOCK)
        return zh_store__open_failed(err, rc, path);
    rc = zh_error_set(err, ZH_EXISTS, "'%s': another program is making a store there", path);
    if (err != NULL)
        err->sys_errno = EEXIST;
    return rc;
}

static void give_back(int marker, bool is_new, int root)
{
    if (is_new)
        (void)unlinkat(root, ZH_STORE_MARKER, 0);
    (void)close(marker);
}

int zh_dir_claim_empty(int *marker, int root, const char *path, zh_error *err)
{
    content c;
    bool is_new;
    int rc = take_marker(marker, &is_new, root, false);

    if (rc != 0)
        return taken(err, rc, path);
    rc = look_into(&c, root);
    if (rc == 0 && (c.anything || (c.temporaries && is_new)))
        rc = EEXIST;
    if (rc == 0 && c.temporaries) /* what the maker of an old marker had begun */
        rc = zh_dir_remove_content(root, ".", ZH_STORE_MARKER);
    if (rc == 0)
        return ZH_OK;
    give_back(*marker, is_new, root);
    return zh_store__open_failed(err, rc, path);
}

/* Answers 0 or an errno; *some: one is gone. A directory of such a name is no document and goes with the rest. */
static int remove_documents(int root, bool *some)
{
    for (size_t i = 0; i < ZH_ROOT_DOCUMENTS; i++) {
        if (unlinkat(root, zh_store__root_documents[i], 0) == 0)
            *some = true;
        else if (errno != ENOENT && errno != EISDIR)
            return errno;
    }
    return 0;
}

/* Is it a store, or what was left of one? */
static int may_be_emptied(const content *c, int root, const char *path, zh_error *err)
{
    const char *document = NULL;
    int rc;

    if (c->marker || !(c->anything || c->temporaries))
        return ZH_OK;
    rc = zh_store__find_root_document(&document, root, err);
    if (rc < 0)
        zh_error_prefix(err, "'%s' cannot be replaced", path);
    else if (document == NULL)
        rc = zh_store__not_replaced(err, path, "the directory is not a Zarr store");
    return rc;
}

int zh_dir_claim_old(int *marker, int root, const char *path, zh_error *err)
{
    bool no_document = false, is_new;
    content c;
    int rc = look_into(&c, root);

    if (rc != 0)
        return zh_store__open_failed(err, rc, path);
    rc = may_be_emptied(&c, root, path, err);
    if (rc < 0)
        return rc;
    rc = take_marker(marker, &is_new, root, true);
    if (rc != 0)
        return taken(err, rc, path);
    if (c.anything || c.temporaries) {
        rc = remove_documents(root, &no_document);
        if (rc == 0)
            rc = zh_dir_remove_content(root, ".", ZH_STORE_MARKER);
    }
    if (rc == 0)
        return ZH_OK;
    /* A marker made here stays behind only where it stands for a root document. */
    give_back(*marker, is_new && !no_document, root);
    return zh_error_sys(err, rc, "cannot empty '%s'", path);
}
