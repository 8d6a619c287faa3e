/* target.c - see target.h. */
#include "cli/target.h"

#include "base/error.h"
#include "cli/rootless.h"

#include <string.h>
#include <unistd.h>

static bool ends_in_zip(const char *path)
{
    const size_t n = strlen(path);

    return n > 4 && strcmp(path + n - 4, ".zip") == 0;
}

static int refuse(zh_error *err, const char *path, const char *what)
{
    return zh_error_set(err, ZH_EXISTS, "'%.400s' %s", path, what);
}

/* Opens it for writing if it holds a hierarchy without a root; *t has no store if not. */
static int open_rootless(cli_target *t, zh_error *err)
{
    zh_store *s = NULL;
    bool is = false;
    int rc = zh_store_open(&s, t->path, ZH_OPEN_READ, err);

    if (rc == ZH_OK)
        rc = cli_is_rootless(&is, s, err);
    zh_store_close(s);
    return rc < 0 || !is ? rc : zh_store_open(&t->store, t->path, ZH_OPEN_WRITE, err);
}

/* Empty, or what a program left that was stopped making a store, or marked and with something in it: then it is one
 * that another program is making, unless it is a hierarchy that got no root. Two programs that create nodes in one
 * directory are kept apart by the library. */
static int claim(cli_target *t, zh_error *err)
{
    zh_error why = ZH_ERROR_INIT;
    int rc = zh_store_dir_open(&t->store, t->path, ZH_CREATE_EXCL, &why);

    t->origin = CLI_FOUND_EMPTY;
    if (rc == ZH_EXISTS) {
        t->origin = CLI_FOUND_STORE;
        rc = open_rootless(t, err);
        if (rc < 0 || t->store != NULL)
            return rc;
        rc = ZH_EXISTS;
    }
    if (rc < 0)
        *err = why;
    return rc;
}

/* A file that is no store with a root: of archives, one without is taken, and none that holds anything else. */
static int open_file(cli_target *t, cli_store_kind kind, zh_error *err)
{
    const int rc = kind == CLI_STORE_DIR ? ZH_NOTFOUND : open_rootless(t, err);

    if (rc == ZH_NOTFOUND || (rc == ZH_OK && t->store == NULL))
        return refuse(err, t->path, "is a file, and no Zarr store");
    return rc;
}

static int make(cli_target *t, bool zip, zh_error *err)
{
    t->origin = CLI_MADE;
    return zip ? zh_store_zip_open(&t->store, t->path, ZH_CREATE_EXCL, err)
               : zh_store_dir_open(&t->store, t->path, ZH_CREATE_EXCL, err);
}

/* Of a store that exists. */
static int check_kind(const char *path, zh_path_kind there, cli_store_kind kind, zh_error *err)
{
    const bool directory = there == ZH_PATH_EMPTY_DIR || there == ZH_PATH_ZARR_DIR;

    if (directory && kind == CLI_STORE_ZIP)
        return zh_error_set(err, ZH_INVALID, "'%.400s' is a directory, and --store=zip was given", path);
    if (there == ZH_PATH_ZARR_ZIP && kind == CLI_STORE_DIR)
        return zh_error_set(err, ZH_INVALID, "'%.400s' is a zip archive, and --store=dir was given", path);
    return ZH_OK;
}

int cli_target_open(cli_target *t, const char *path, cli_store_kind kind, zh_error *err)
{
    zh_path_kind there;
    int rc;

    *t = (cli_target){.path = path, .origin = CLI_FOUND_STORE};
    rc = zh_path_probe(&there, path, err);
    if (rc == ZH_OK)
        rc = check_kind(path, there, kind, err);
    if (rc < 0)
        return rc;
    switch (there) {
    case ZH_PATH_ABSENT:
        return make(t, kind == CLI_STORE_ZIP || (kind == CLI_STORE_ANY && ends_in_zip(path)), err);
    case ZH_PATH_EMPTY_DIR:
        return claim(t, err);
    case ZH_PATH_ZARR_DIR:
    case ZH_PATH_ZARR_ZIP:
        return zh_store_open(&t->store, path, ZH_OPEN_WRITE, err);
    case ZH_PATH_OTHER_DIR:
        return refuse(err, path, "is a directory that is neither empty nor a Zarr store");
    case ZH_PATH_HDF5:
        return refuse(err, path, "is an HDF5 file");
    case ZH_PATH_OTHER_FILE:
        break;
    }
    return open_file(t, kind, err);
}

bool cli_unmark(const char *path)
{
    zh_path_kind there;
    zh_store *s;

    /* A store that is made and closed with nothing put into it leaves an empty directory. */
    if (zh_path_probe(&there, path, NULL) < 0 || there != ZH_PATH_EMPTY_DIR ||
        zh_store_dir_open(&s, path, ZH_CREATE_EXCL, NULL) < 0)
        return false;
    zh_store_close(s);
    return true;
}

void cli_target_close(cli_target *t, bool keep)
{
    const bool empty = t->store != NULL && !keep && t->origin != CLI_FOUND_STORE;

    zh_store_close(t->store);
    t->store = NULL;
    /* An archive that was not flushed is not there. Neither call removes what has something in it. */
    if (empty && cli_unmark(t->path) && t->origin == CLI_MADE)
        (void)rmdir(t->path);
}
