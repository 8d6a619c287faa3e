/* dir_claim.c - see dir_claim.h. */
#include "store/dir_claim.h"
#include "store/dir_remove.h"
#include "store/store_impl.h"
#include "base/error.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* What the directory holds, as far as creating a store in it asks. */
typedef struct content {
    bool anything; /* besides the marker */
    bool marker;   /* a store that was never finished */
} content;

static int look_into(content *c, int root)
{
    const int fd = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const struct dirent *entry;
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    int rc = errno;

    *c = (content){false, false};
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
        else
            c->anything = true;
    }
    rc = errno;
    (void)closedir(dir);
    return rc;
}

/* 0 or an errno; EEXIST: it is there already. */
static int make_marker(int root)
{
    const int fd = openat(root, ZH_STORE_MARKER, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);

    if (fd < 0)
        return errno;
    (void)close(fd);
    return 0;
}

/* The marker decides between two that try it at once. */
int zh_dir_claim_empty(int root, const char *path, zh_error *err)
{
    content c;
    int rc = make_marker(root);

    if (rc != 0)
        return zh_store__open_failed(err, rc, path);
    rc = look_into(&c, root);
    if (rc == 0 && c.anything)
        rc = EEXIST;
    if (rc == 0)
        return ZH_OK;
    (void)unlinkat(root, ZH_STORE_MARKER, 0);
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

/* Answers 0 or an errno. A marker made here stays behind only where it stands for a root document. */
static int empty_out(int root, const content *c)
{
    bool no_document = false, made = false;
    int rc = c->marker ? 0 : make_marker(root);

    made = rc == 0 && !c->marker;
    if (rc == EEXIST)
        rc = 0;
    if (rc == 0 && c->anything) {
        rc = remove_documents(root, &no_document);
        if (rc == 0)
            rc = zh_dir_remove_content(root, ".", ZH_STORE_MARKER);
    }
    if (rc != 0 && made && !no_document)
        (void)unlinkat(root, ZH_STORE_MARKER, 0);
    return rc;
}

int zh_dir_claim_old(int root, const char *path, zh_error *err)
{
    const char *document = NULL;
    content c;
    int rc = look_into(&c, root);

    if (rc != 0)
        return zh_store__open_failed(err, rc, path);
    if (c.anything && !c.marker) {
        rc = zh_store__find_root_document(&document, root, err);
        if (rc < 0) {
            zh_error_prefix(err, "'%s' cannot be replaced", path);
            return rc;
        }
        if (document == NULL)
            return zh_store__not_replaced(err, path, "the directory is not a Zarr store");
    }
    rc = empty_out(root, &c);
    return rc == 0 ? ZH_OK : zh_error_sys(err, rc, "cannot empty '%s'", path);
}
