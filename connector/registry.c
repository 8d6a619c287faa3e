/* registry.c - open stores and the files on them. Guarded by HDF5's own lock: every caller is a callback. */
#include "registry.h"

#include "base/alloc.h"
#include "err.h"
#include "log.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

bool zvol_exiting;

static zvol_store *stores;
static unsigned forks; /* how often this process descends by fork from the one that loaded the plug-in */

/* In the child. Asking for the process id at each call instead would be the dearest part of small ones. */
static void count_fork(void)
{
    forks++;
}

void zvol_watch_forks(void)
{
    static bool watching;

    if (!watching)
        watching = pthread_atfork(NULL, NULL, count_fork) == 0;
}
static unsigned long next_fileno = 1;

zvol_store *zvol_store_first(void)
{
    return stores;
}

/* The directory part resolved, the last component as it is: two names of one store that is not on disk yet compare
 * equal. */
static char *canonical(const char *name)
{
    char resolved[PATH_MAX];
    char *copy = zh_strdup(name);
    char *out = NULL;
    char *slash;
    size_t n;

    if (!copy)
        return NULL;
    for (n = strlen(copy); n > 1 && copy[n - 1] == '/'; n--)
        copy[n - 1] = '\0';
    slash = strrchr(copy, '/');
    if (slash == copy) {
        out = zh_strdup(copy);
    } else {
        if (slash)
            *slash = '\0';
        if (realpath(slash ? copy : ".", resolved)) {
            const char *last = slash ? slash + 1 : copy;

            out = zh_malloc(strlen(resolved) + strlen(last) + 2);
            if (out)
                sprintf(out, "%s/%s", resolved, last);
        } else {
            out = zh_strdup(name);
        }
    }
    zh_free(copy);
    return out;
}

/* Whether path names what st describes. Asked anew each time: a zip store is another file after each flush, and its old
 * inode may be anybody's. */
static bool is_same_file(const char *path, const struct stat *st)
{
    struct stat own;

    return stat(path, &own) == 0 && own.st_dev == st->st_dev && own.st_ino == st->st_ino;
}

zvol_store *zvol_store_find(const char *name)
{
    char *path = canonical(name);
    struct stat st;
    bool there = stat(name, &st) == 0;
    zvol_store *s;

    for (s = stores; s; s = s->next)
        if (s->options.store != ZVOL_STORE_MEMORY &&
            ((path && !strcmp(s->path, path)) || (there && is_same_file(s->path, &st))))
            break;
    zh_free(path);
    return s;
}

static zh_tree_options tree_options(const zvol_options *o)
{
    zh_tree_options t;

    memset(&t, 0, sizeof(t));
    t.format = o->format;
    t.threads = o->threads;
    t.cache_bytes = o->cache_bytes;
    t.batch_nodes = o->batch_nodes;
    return t;
}

/* A zvol_store without a tree, not in the list yet. */
static zvol_store *store_new(const char *name, bool rdwr, const zvol_options *opts, zh_error *err)
{
    zvol_store *s = zh_calloc(1, sizeof(*s));

    if (s)
        s->path = canonical(name);
    if (!s || !s->path) {
        zh_free(s);
        zh_error_nomem(err);
        return NULL;
    }
    s->rdwr = rdwr;
    s->options = *opts;
    s->fileno = next_fileno++;
    s->owner = forks;
    return s;
}

static void store_free(zvol_store *s)
{
    zvol_shadows_close(&s->shadows);
    zh_tree_close(s->tree);
    zh_free(s->path);
    zh_free(s);
}

static void store_enlist(zvol_store *s)
{
    zh_error err = ZH_ERROR_INIT;

    s->next = stores;
    stores = s;
    if (s->options.masquerade && zvol_masquerade_works() && zvol_shadows_open(&s->shadows, &err) < 0)
        zvol_log(ZVOL_LOG_WARN, "%s: no masquerade: %s", s->path, err.message);
}

zvol_file *zvol_file_attach(zvol_store *s, const char *name, unsigned flags, hid_t fcpl, hid_t fapl, zh_error *err)
{
    zvol_file *f = zh_calloc(1, sizeof(*f));

    if (f)
        f->name = zh_strdup(name);
    if (!f || !f->name) {
        zh_free(f);
        zh_error_nomem(err);
        return NULL;
    }
    f->base.magic = ZVOL_MAGIC;
    f->base.kind = H5I_FILE;
    f->store = s;
    f->ids = 1;
    f->flags = flags & H5F_ACC_RDWR;
    f->fapl = H5Pcopy(fapl);
    f->fcpl = fcpl >= 0 ? H5Pcopy(fcpl) : H5I_INVALID_HID;
    s->nfiles++;
    return f;
}

static bool ends_with(const char *text, const char *tail)
{
    size_t n = strlen(text);
    size_t k = strlen(tail);

    return n >= k && !strcasecmp(text + n - k, tail);
}

static int create_storage(zh_store **out, const char *name, unsigned flags, const zvol_options *opts, zh_error *err)
{
    zh_open_mode mode = flags & H5F_ACC_EXCL ? ZH_CREATE_EXCL : ZH_CREATE_TRUNC;

    switch (opts->store) {
    case ZVOL_STORE_MEMORY:
        return zh_store_mem_open(out, err);
    case ZVOL_STORE_ZIP:
        return zh_store_zip_open(out, name, mode, err);
    case ZVOL_STORE_DIR:
        return zh_store_dir_open(out, name, mode, err);
    default:
        return ends_with(name, ".zip") ? zh_store_zip_open(out, name, mode, err)
                                       : zh_store_dir_open(out, name, mode, err);
    }
}

zvol_file *zvol_file_attach_new(const char *name, unsigned flags, hid_t fcpl, hid_t fapl, const zvol_options *opts,
                                zh_error *err)
{
    zh_tree_options topts = tree_options(opts);
    zh_store *storage = NULL;
    zvol_file *f = NULL;
    zvol_store *s;

    if (opts->store != ZVOL_STORE_MEMORY && zvol_store_find(name)) {
        zh_error_set(err, ZH_EXISTS, "unable to create %s: it is open already", name);
        return NULL;
    }
    s = store_new(name, true, opts, err);
    if (!s)
        return NULL;
    if (create_storage(&storage, name, flags, opts, err) < 0) {
        zh_error_prefix(err, "unable to create file: name = '%s'", name);
        store_free(s);
        return NULL;
    }
    if (zh_tree_create(&s->tree, storage, &topts, err) < 0)
        zh_store_close(storage);
    else
        f = zvol_file_attach(s, name, H5F_ACC_RDWR, fcpl, fapl, err);
    if (!f) {
        store_free(s);
        return NULL;
    }
    store_enlist(s);
    zvol_log(ZVOL_LOG_DEBUG, "created %s (%s, v%d)", s->path, zh_tree_store(s->tree)->ops->kind, (int)opts->format);
    return f;
}

static zvol_file *attach_opened(zvol_store *s, const char *name, unsigned flags, hid_t fapl, zh_error *err)
{
    if ((flags & H5F_ACC_RDWR) && !s->rdwr) {
        zh_error_set(err, ZH_READONLY, "unable to open file: name = '%s': it is open for reading only already", name);
        return NULL;
    }
    return zvol_file_attach(s, name, flags, H5I_INVALID_HID, fapl, err);
}

zvol_file *zvol_file_attach_existing(const char *name, unsigned flags, hid_t fapl, const zvol_options *opts,
                                     zh_error *err)
{
    bool rdwr = (flags & H5F_ACC_RDWR) != 0;
    zh_tree_options topts = tree_options(opts);
    zh_store *storage = NULL;
    zvol_file *f = NULL;
    zvol_store *s = zvol_store_find(name);

    if (s)
        return attach_opened(s, name, flags, fapl, err);
    s = store_new(name, rdwr, opts, err);
    if (!s)
        return NULL;
    if (zh_store_open(&storage, name, rdwr ? ZH_OPEN_WRITE : ZH_OPEN_READ, err) < 0) {
        zh_error_prefix(err, "unable to open file: name = '%s'", name);
        store_free(s);
        return NULL;
    }
    if (zh_tree_open(&s->tree, storage, &topts, err) < 0) {
        if (err->code == ZH_NOTFOUND)
            zh_error_set(err, ZH_INVALID, "%s is not a Zarr store: no zarr.json, .zgroup or .zarray in it", name);
        zh_error_prefix(err, "unable to open file: name = '%s'", name);
        zh_store_close(storage);
    } else {
        f = zvol_file_attach(s, name, flags, H5I_INVALID_HID, fapl, err);
    }
    if (!f) {
        store_free(s);
        return NULL;
    }
    store_enlist(s);
    return f;
}

int zvol_store_check_owner(const zvol_store *s, zh_error *err)
{
    if (s->owner == forks)
        return ZH_OK;
    zh_error_set(err, ZH_READONLY, "%s was opened by the parent process, which alone may write to it", s->path);
    return ZH_READONLY;
}

int zvol_store_flush(zvol_store *s, zh_error *err)
{
    zh_publish_stats stats;
    int rc;

    if (!s->rdwr)
        return ZH_OK;
    if (zvol_store_check_owner(s, err) < 0)
        return ZH_READONLY;
    memset(&stats, 0, sizeof(stats));
    rc = zh_tree_flush(s->tree, &stats, err);
    if (rc < 0) {
        zh_error_prefix(err, "%s", s->path);
        zvol_log(ZVOL_LOG_ERROR, "%s", err->message);
        return rc;
    }
    if (stats.documents || stats.erased)
        zvol_log(s->options.store == ZVOL_STORE_MEMORY ? ZVOL_LOG_DEBUG : ZVOL_LOG_INFO,
                 "published %s: %llu nodes, %llu documents, %llu bytes, %.6f s, %u threads", s->path,
                 (unsigned long long)stats.nodes, (unsigned long long)stats.documents, (unsigned long long)stats.bytes,
                 stats.seconds, stats.threads);
    return ZH_OK;
}

int zvol_file_finish(zvol_file *f, zh_error *err)
{
    zvol_store *s = f->store;
    zh_error local = ZH_ERROR_INIT;
    int rc;

    if (s->owner != forks)
        return ZH_OK; /* a forked child closes what it has inherited: the parent will write it */
    rc = zvol_store_flush(s, &local);
    if (rc == ZH_OK)
        return ZH_OK;
    if (!s->close_failed && !zvol_exiting) {
        s->close_failed = true;
        *err = local;
        return rc;
    }
    zvol_last_resort("%s: not everything was written: %s", f->name, local.message);
    return ZH_OK;
}

static void store_close(zvol_store *s)
{
    zvol_store **link = &stores;

    while (*link && *link != s)
        link = &(*link)->next;
    if (*link)
        *link = s->next;
    store_free(s);
}

void zvol_file_drop(zvol_file *f)
{
    zvol_store *s = f->store;

    if (f->ids || f->objects)
        return;
    if (f->fapl >= 0)
        H5Pclose(f->fapl);
    if (f->fcpl >= 0)
        H5Pclose(f->fcpl);
    /* The handle last: HDF5 has its id still, and looks at ids while the hidden native file is closed. */
    if (--s->nfiles == 0)
        store_close(s);
    zh_free(f->name);
    f->base.magic = 0;
    zh_free(f);
}
