/* store_dir.c - a directory: one file a key.
 *
 * Values. A new value is written to a temporary file ".<unique>.zh-tmp" in its directory and renamed, so no reader ever
 * sees a part of it. With ZH_PUT_PLAIN the file is created under its own name (O_EXCL), in the fewest system calls
 * there are: mkdirat, openat, write, close; should the name be taken after all, the value goes the way of a rename. No
 * file is ever written over in place, so neither a link to a file elsewhere nor another's hard link changes what it
 * holds. A failure leaves neither a temporary nor a part of a file.
 *
 * Confinement. Writing and erasing go through dir_cache.c: no symbolic link is followed on the way, so nothing outside
 * the root changes. Reading does follow links, as other Zarr readers do: people link large arrays into their stores. A
 * link to a directory that it lies in is not listed through (ELOOP).
 *
 * A store that is being made holds the file ZH_STORE_MARKER from its creation to the put of its first root document,
 * locked by the process that makes it. So what a killed program leaves is known for ours and can be created over, while
 * what another program is just making cannot (dir_claim.c); and no other reader takes it for a Zarr store.
 * ZH_CREATE_TRUNC of a Zarr store: marker, then the root documents go, then the rest, so that at no moment a reader
 * finds a root document with half of its store behind it. The directory itself stays (its owner, mode, and mount
 * point), and a symbolic link to it too. What is a store is asked of the text of the root documents, not of their names
 * (dir_claim.c, root_document.c).
 *
 * Threads: the operations keep no state but the cache (locked there), a counter and two flags (atomic). A directory
 * that has become empty is removed, and one is moved, under `emptying`, held for writing; whoever is on the way through
 * directories holds it for reading, so that none is taken away under another thread of this store. Other processes do
 * not know of it: what they remove is made again, some times.
 */
#include "store/dir_cache.h"
#include "store/dir_claim.h"
#include "store/dir_folding.h"
#include "store/dir_remove.h"
#include "store/file_io.h"
#include "store/store_impl.h"
#include "base/alloc.h"
#include "zh/buf.h"
#include "base/error.h"
#include "base/key.h"
#include "base/keyed_hash.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct dir_store {
    zh_store base;
    int root; /* O_PATH; owned by the cache */
    zh_dir_cache *cache;
    pthread_rwlock_t emptying;
    pthread_mutex_t creators; /* zh_store_lock; guards lock_fd */
    int lock_fd;
    uint64_t salt; /* with the counter: names of temporary files */
    atomic_uint counter;
    int marker;             /* open and locked while `unfinished` */
    atomic_bool unfinished; /* the marker is there */
    atomic_bool used;       /* a put was tried */
    atomic_int folding;     /* 0: nobody has asked; 1: names are told apart; 2: some are not */
} dir_store;

static int failed(const zh_store *s, int errnum, const char *what, const char *key, zh_error *err)
{
    return zh_error_sys(err, errnum, "cannot %s '%s' in '%s'", what, key, s->url);
}

static int not_regular(const zh_store *s, const char *key, zh_error *err)
{
    return zh_error_set(err, ZH_IO, "'%s' in '%s' is neither a file nor a directory", key, s->url);
}

/* --- reading --- */

/* errno of a failed look-up that means "there is no such key". */
static bool is_absent(int errnum)
{
    return errnum == ENOENT || errnum == ENOTDIR;
}

/* Opens the value for reading. A directory of that name is no key. */
static int open_value(int *fd, struct stat *st, zh_store *s, const char *key, zh_error *err)
{
    int rc = ZH_OK;

    /* O_NONBLOCK: not to hang on a FIFO that somebody has put here */
    *fd = openat(((dir_store *)s)->root, key, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (*fd < 0)
        return is_absent(errno) ? ZH_NOTFOUND : failed(s, errno, "open", key, err);
    if (fstat(*fd, st) != 0)
        rc = failed(s, errno, "look at", key, err);
    else if (S_ISDIR(st->st_mode))
        rc = ZH_NOTFOUND;
    else if (!S_ISREG(st->st_mode))
        rc = not_regular(s, key, err);
    if (rc < 0)
        (void)close(*fd);
    return rc;
}

static int dir_get(zh_store *s, const char *key, zh_buf *out, zh_error *err)
{
    struct stat st = {0};
    size_t got, total;
    int errnum;
    int fd = -1;
    int rc = open_value(&fd, &st, s, key, err);

    if (rc < 0)
        return rc;
    if (!zh_add_size(out->len, (size_t)st.st_size, &total))
        total = SIZE_MAX;
    rc = zh_buf_reserve(out, total, err);
    if (rc < 0) {
        zh_error_prefix(err, "'%s' in '%s'", key, s->url);
        goto out;
    }
    if (st.st_size == 0)
        goto out;
    errnum = zh_io_pread(fd, out->ptr + out->len, (size_t)st.st_size, 0, &got);
    if (errnum != 0)
        rc = failed(s, errnum, "read", key, err);
    else
        out->len += got;
out:
    (void)close(fd);
    return rc;
}

static int dir_get_range(zh_store *s, const char *key, uint64_t offset, size_t len, void *out, size_t *got,
                         zh_error *err)
{
    struct stat st = {0};
    int errnum;
    int fd = -1;
    int rc = open_value(&fd, &st, s, key, err);

    if (rc < 0)
        return rc;
    if (offset < (uint64_t)st.st_size) {
        errnum = zh_io_pread(fd, out, len, offset, got);
        if (errnum != 0)
            rc = failed(s, errnum, "read", key, err);
    }
    (void)close(fd);
    return rc;
}

static int dir_size(zh_store *s, const char *key, uint64_t *out, zh_error *err)
{
    struct stat st;

    if (fstatat(((dir_store *)s)->root, key, &st, 0) != 0)
        return is_absent(errno) ? ZH_NOTFOUND : failed(s, errno, "look at", key, err);
    if (S_ISDIR(st.st_mode))
        return ZH_NOTFOUND;
    if (!S_ISREG(st.st_mode))
        return not_regular(s, key, err);
    *out = (uint64_t)st.st_size;
    return ZH_OK;
}

/* --- listing --- */

typedef enum entry_kind { ENTRY_NEITHER, ENTRY_KEY, ENTRY_PREFIX } entry_kind;

static entry_kind kind_of(int dir, const struct dirent *entry)
{
    struct stat st;

    if (entry->d_type == DT_REG)
        return ENTRY_KEY;
    if (entry->d_type == DT_DIR)
        return ENTRY_PREFIX;
    if (entry->d_type != DT_LNK && entry->d_type != DT_UNKNOWN)
        return ENTRY_NEITHER;
    if (fstatat(dir, entry->d_name, &st, 0) != 0)
        return ENTRY_NEITHER;
    return S_ISREG(st.st_mode) ? ENTRY_KEY : S_ISDIR(st.st_mode) ? ENTRY_PREFIX : ENTRY_NEITHER;
}

/* Names that cannot be part of a key are not listed, nor is the mark of a store that is being made. */
static int add_entry(zh_names *names, int dir, const struct dirent *entry, zh_error *err)
{
    const size_t n = strlen(entry->d_name);
    entry_kind kind;

    if (zh_key_check(entry->d_name, n, NULL) != ZH_OK || strcmp(entry->d_name, ZH_STORE_MARKER) == 0)
        return ZH_OK;
    kind = kind_of(dir, entry);
    return kind == ENTRY_NEITHER ? ZH_OK : zh_names_add(names, entry->d_name, n, kind == ENTRY_PREFIX, err);
}

static int read_entries(zh_names *names, zh_store *s, DIR *dir, const char *prefix, zh_error *err)
{
    const struct dirent *entry;
    int rc = ZH_OK;

    while (rc == ZH_OK) {
        errno = 0;
        entry = readdir(dir);
        if (entry == NULL)
            return errno == 0 ? ZH_OK : failed(s, errno, "list", prefix, err);
        rc = add_entry(names, dirfd(dir), entry, err);
    }
    return rc;
}

/* ELOOP: the directory open as fd is one of those that prefix leads through. Two links to where they lie make paths
 * without end, and the system's limit, forty links, is reached by 2^40 of them. 0 or an errno. */
static int check_circle(const dir_store *d, const char *prefix, int fd)
{
    char path[ZH_KEY_MAX];
    struct stat here, above;
    size_t n = strlen(prefix);

    if (fstat(fd, &here) != 0)
        return errno;
    memcpy(path, prefix, n);
    do {
        n = zh_store__parent(path, n);
        path[n] = '\0';
        if (fstatat(d->root, n == 0 ? "." : path, &above, 0) != 0)
            return errno;
        if (here.st_dev == above.st_dev && here.st_ino == above.st_ino)
            return ELOOP;
    } while (n > 0);
    return 0;
}

/* Who goes in circles comes through the same link again, so only links are looked at. 0 or an errno. */
static int open_listed(int *fd, const dir_store *d, const char *prefix)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC;
    const char *path = prefix[0] == '\0' ? "." : prefix;
    int rc;

    *fd = openat(d->root, path, flags | O_NOFOLLOW);
    if (*fd >= 0)
        return 0;
    if (errno != ELOOP && errno != ENOTDIR)
        return errno;
    *fd = openat(d->root, path, flags);
    if (*fd < 0)
        return errno;
    rc = check_circle(d, prefix, *fd);
    if (rc != 0)
        (void)close(*fd);
    return rc;
}

static int list(zh_store *s, const char *prefix, bool temporary, zh_list_fn fn, void *payload, zh_error *err)
{
    zh_names names = ZH_NAMES_INIT;
    DIR *dir;
    int fd;
    int rc = open_listed(&fd, (dir_store *)s, prefix);

    if (rc != 0)
        return is_absent(rc) ? ZH_OK : failed(s, rc, "list", prefix, err);
    dir = fdopendir(fd);
    if (dir == NULL) {
        rc = failed(s, errno, "list", prefix, err);
        (void)close(fd);
        return rc;
    }
    rc = read_entries(&names, s, dir, prefix, err);
    (void)closedir(dir);
    zh_names_keep(&names, temporary);
    if (rc == ZH_OK)
        rc = zh_names_deliver(&names, fn, payload, err);
    zh_names_dispose(&names);
    return rc;
}

static int dir_list(zh_store *s, const char *prefix, zh_list_fn fn, void *payload, zh_error *err)
{
    return list(s, prefix, false, fn, payload, err);
}

static int dir_list_temporary(zh_store *s, const char *prefix, zh_list_fn fn, void *payload, zh_error *err)
{
    return list(s, prefix, true, fn, payload, err);
}

/* --- writing: the functions below answer 0 or an errno --- */

/* Where a value goes: `dir`, and the rest of the way below it, which is "" or the name of a directory just made. */
typedef struct place {
    zh_dir *dir;
    const char *name;                  /* last segment of the key */
    size_t n_sub;                      /* bytes of path before the name */
    char path[2 * ZH_SEGMENT_MAX + 3]; /* relative to dir: "name" or "sub/name" */
} place;

static void set_path(place *at, const char *sub, size_t n_sub)
{
    memcpy(at->path, sub, n_sub);
    if (n_sub > 0)
        at->path[n_sub++] = '/';
    at->n_sub = n_sub;
    memcpy(at->path + n_sub, at->name, strlen(at->name) + 1);
}

/* Makes the last directory of parent. EEXIST: it is there, and may be anything. */
static int make_place(place *at, dir_store *d, const char *parent, size_t n)
{
    const size_t n_grand = zh_store__parent(parent, n);
    const char *last = parent + n_grand + (n_grand > 0);
    char name[ZH_SEGMENT_MAX + 1];
    int rc = zh_dir_acquire(&at->dir, d->cache, parent, n_grand, true);

    if (rc != 0)
        return rc;
    set_path(at, last, (size_t)(parent + n - last));
    memcpy(name, last, (size_t)(parent + n - last));
    name[parent + n - last] = '\0';
    if (mkdirat(zh_dir_fd(at->dir), name, 0777) == 0)
        return 0;
    rc = errno;
    zh_dir_release(d->cache, at->dir);
    return rc;
}

/* A directory that was made here just now is no link and may be gone through by name, which saves opening it. */
static int find_place(place *at, dir_store *d, const char *key, unsigned flags)
{
    const size_t n = zh_store__parent(key, strlen(key));
    int rc = EEXIST;

    at->name = key + n + (n > 0);
    if (n > 0 && (flags & ZH_PUT_NEWDIR) != 0)
        rc = make_place(at, d, key, n);
    if (rc != EEXIST)
        return rc;
    rc = zh_dir_acquire(&at->dir, d->cache, key, n, true);
    if (rc == 0)
        set_path(at, "", 0);
    return rc;
}

/* A new file with the value; a file that cannot be filled is removed. EEXIST: there is something of this name. */
static int create_file(int dir, const char *path, const void *p, size_t n)
{
    const int fd = openat(dir, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    int rc;

    if (fd < 0)
        return errno;
    rc = zh_io_pwrite(fd, p, n, 0);
    if (close(fd) != 0 && rc == 0 && errno != EINTR)
        rc = errno;
    if (rc != 0)
        (void)unlinkat(dir, path, 0);
    return rc;
}

static int replace_file(dir_store *d, const place *at, const void *p, size_t n, bool exclusive)
{
    const int dir = zh_dir_fd(at->dir);
    char temp[ZH_SEGMENT_MAX + 64];
    int rc = EEXIST;

    while (rc == EEXIST) {
        (void)snprintf(temp, sizeof(temp), "%.*s.%016llx-%08x.zh-tmp", (int)at->n_sub, at->path,
                       (unsigned long long)d->salt, atomic_fetch_add(&d->counter, 1));
        rc = create_file(dir, temp, p, n);
    }
    if (rc != 0)
        return rc;
    if (exclusive)
        rc = zh_io_rename_new(dir, temp, at->path);
    else if (renameat(dir, temp, dir, at->path) != 0)
        rc = errno;
    if (rc != 0)
        (void)unlinkat(dir, temp, 0);
    return rc;
}

static int write_value_once(dir_store *d, const char *key, const void *p, size_t n, unsigned flags)
{
    const bool exclusive = (flags & ZH_PUT_EXCL) != 0;
    place at;
    int rc = find_place(&at, d, key, flags);

    if (rc != 0)
        return rc;
    rc = EEXIST;
    if ((flags & ZH_PUT_PLAIN) != 0)
        rc = create_file(zh_dir_fd(at.dir), at.path, p, n);
    if (rc == EEXIST && !((flags & ZH_PUT_PLAIN) != 0 && exclusive))
        rc = replace_file(d, &at, p, n, exclusive);
    zh_dir_release(d->cache, at.dir);
    return rc;
}

#define PUT_TRIES 64

/* ENOENT: another process removed a directory between its making and its use. EMFILE: the descriptors kept here may be
 * those that are missing. */
static int write_value(dir_store *d, const char *key, const void *p, size_t n, unsigned flags)
{
    int rc;

    (void)pthread_rwlock_rdlock(&d->emptying);
    rc = write_value_once(d, key, p, n, flags);
    for (int tries = 1; (rc == ENOENT && tries < PUT_TRIES) || (rc == EMFILE && tries < 2); tries++) {
        zh_dir_cache_forget(d->cache, "", 0);
        rc = write_value_once(d, key, p, n, flags);
    }
    (void)pthread_rwlock_unlock(&d->emptying);
    return rc;
}

/* The root's document is there: what the directory holds is a store now. */
static void finish(dir_store *d, const char *key)
{
    if (atomic_load_explicit(&d->unfinished, memory_order_relaxed) && zh_store__is_root_document(key) &&
        atomic_exchange(&d->unfinished, false)) {
        (void)unlinkat(d->root, ZH_STORE_MARKER, 0);
        (void)close(d->marker);
    }
}

static int put_failed(const zh_store *s, int errnum, const char *key, zh_error *err)
{
    if (errnum == EEXIST)
        return zh_store__key_exists(err, s, key);
    return failed(s, errnum, "write", key, err);
}

static int dir_put(zh_store *s, const char *key, const void *p, size_t n, unsigned flags, zh_error *err)
{
    dir_store *d = (dir_store *)s;
    int rc;

    /* Before the attempt: one that fails may leave directories. */
    if (!atomic_load_explicit(&d->used, memory_order_relaxed))
        atomic_store(&d->used, true);
    rc = write_value(d, key, p, n, flags);
    if (rc != 0)
        return put_failed(s, rc, key, err);
    finish(d, key);
    return ZH_OK;
}

/* --- erasing --- */

#define ERASE_TRIES 64

/* A cached descriptor may be of a directory that another thread or process has removed, while a new one of its name
 * holds the key. Then the descriptors are dropped, and it is worth trying again. */
static bool was_stale(dir_store *d, const char *path, int errnum)
{
    struct stat st;

    if (!is_absent(errnum) || fstatat(d->root, path, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return false;
    zh_dir_cache_forget(d->cache, "", 0);
    return true;
}

/* Calls f for the last segment of path in its directory; answers 0 or an errno. */
static int in_parent(dir_store *d, const char *path, int (*f)(int dir, const char *name))
{
    const size_t n = zh_store__parent(path, strlen(path));
    int rc = 0;

    for (int tries = 0; tries < ERASE_TRIES; tries++) {
        zh_dir *parent;

        rc = zh_dir_acquire(&parent, d->cache, path, n, false);
        if (rc == 0) {
            rc = f(zh_dir_fd(parent), path + n + (n > 0));
            zh_dir_release(d->cache, parent);
        }
        if (!was_stale(d, path, rc))
            break;
    }
    return rc;
}

static int remove_file(int dir, const char *name)
{
    return unlinkat(dir, name, 0) == 0 ? 0 : errno;
}

static int remove_directory(int dir, const char *name)
{
    return unlinkat(dir, name, AT_REMOVEDIR) == 0 ? 0 : errno;
}

/* Removes the parents of path as far as they are empty, but not the root. That one stays costs nothing, so no failure.
 * With `emptying` held for writing. */
static void remove_empty_parents_locked(dir_store *d, const char *path)
{
    char parent[ZH_KEY_MAX];
    size_t n = strlen(path);

    memcpy(parent, path, n);
    for (n = zh_store__parent(path, n); n > 0; n = zh_store__parent(path, n)) {
        parent[n] = '\0';
        if (in_parent(d, parent, remove_directory) != 0)
            break;
        zh_dir_cache_forget(d->cache, parent, n);
    }
}

static void remove_empty_parents(dir_store *d, const char *path)
{
    (void)pthread_rwlock_wrlock(&d->emptying);
    remove_empty_parents_locked(d, path);
    (void)pthread_rwlock_unlock(&d->emptying);
}

static int dir_erase(zh_store *s, const char *key, zh_error *err)
{
    dir_store *d = (dir_store *)s;
    int rc;

    (void)pthread_rwlock_rdlock(&d->emptying);
    rc = in_parent(d, key, remove_file);
    (void)pthread_rwlock_unlock(&d->emptying);
    if (rc == 0)
        remove_empty_parents(d, key);
    if (rc != 0 && rc != EISDIR && !is_absent(rc))
        return failed(s, rc, "erase", key, err);
    return ZH_OK;
}

/* The directory `name` with all that is in it. A link to a directory is removed itself. A file is a key, not a prefix.
 */
static int remove_tree(int at, const char *name)
{
    struct stat st;
    int rc;

    if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno;
    if (S_ISLNK(st.st_mode)) {
        if (fstatat(at, name, &st, 0) != 0 || !S_ISDIR(st.st_mode))
            return 0;
        return remove_file(at, name);
    }
    if (!S_ISDIR(st.st_mode))
        return 0;
    rc = zh_dir_remove_content(at, name, NULL);
    return rc == 0 ? remove_directory(at, name) : rc;
}

static int dir_erase_prefix(zh_store *s, const char *prefix, zh_error *err)
{
    dir_store *d = (dir_store *)s;
    const size_t n = strlen(prefix);
    int rc;

    /* Before, so that its descriptors are free for the walk; after, for what was opened meanwhile. */
    (void)pthread_rwlock_rdlock(&d->emptying);
    zh_dir_cache_forget(d->cache, prefix, n);
    rc = n == 0 ? zh_dir_remove_content(d->root, ".", ZH_STORE_MARKER) : in_parent(d, prefix, remove_tree);
    zh_dir_cache_forget(d->cache, prefix, n);
    (void)pthread_rwlock_unlock(&d->emptying);
    if (rc != 0 && !is_absent(rc))
        return failed(s, rc, "erase", n == 0 ? "/" : prefix, err);
    if (n > 0)
        remove_empty_parents(d, prefix);
    return ZH_OK;
}

/* --- moving: the functions below answer 0 or an errno --- */

/* ENOENT unless there is something below `name`. The question is put by trying to remove it: an empty directory is
 * nothing, and goes. A link to a directory is not moved: to where it points may depend on where it lies. */
static int check_prefix(int dir, const char *name)
{
    struct stat st;

    if (unlinkat(dir, name, AT_REMOVEDIR) == 0)
        return ENOENT;
    if (errno == ENOTEMPTY || errno == EEXIST)
        return 0;
    if (errno != ENOTDIR)
        return errno;
    return fstatat(dir, name, &st, 0) == 0 && S_ISDIR(st.st_mode) ? ELOOP : ENOENT;
}

/* EEXIST: there is a file, a link, or a directory that is not empty; one in which there is nothing but such is
 * replaced. ESTALE: what was there just now is gone. */
static int rename_prefix(int from_dir, const char *from, int to_dir, const char *to, bool exchange)
{
    int rc = exchange ? renameat2(from_dir, from, to_dir, to, RENAME_EXCHANGE) : renameat(from_dir, from, to_dir, to);

    if (rc != 0 && !exchange && (errno == ENOTEMPTY || errno == EEXIST)) {
        const int errnum = errno;

        if (zh_dir_remove_hollow(to_dir, to) == 0)
            rc = renameat(from_dir, from, to_dir, to);
        else
            errno = errnum;
    }
    if (rc == 0)
        return 0;
    if (errno == ENOENT)
        return ESTALE;
    return errno == ENOTEMPTY || (errno == ENOTDIR && !exchange) ? EEXIST : errno;
}

/* A file on the way to a prefix means that there is nothing below it. */
static int acquire_parent(zh_dir **out, dir_store *d, const char *path, size_t n, bool make)
{
    const int rc = zh_dir_acquire(out, d->cache, path, n, make);

    if (make)
        return rc == ENOENT ? ESTALE : rc;
    return rc == ENOTDIR ? ENOENT : rc;
}

/* With `emptying` held for writing. ENOENT: nothing to move. ESTALE: another process takes directories away. */
static int move_once(dir_store *d, const char *from, const char *to, bool exchange)
{
    const size_t n = zh_store__parent(from, strlen(from)), m = zh_store__parent(to, strlen(to));
    const char *from_name = from + n + (n > 0), *to_name = to + m + (m > 0);
    zh_dir *from_dir, *to_dir;
    int rc = acquire_parent(&from_dir, d, from, n, false);

    if (rc != 0)
        return rc;
    rc = check_prefix(zh_dir_fd(from_dir), from_name);
    if (rc == 0)
        rc = acquire_parent(&to_dir, d, to, m, !exchange);
    if (rc == 0) {
        if (exchange)
            rc = check_prefix(zh_dir_fd(to_dir), to_name);
        if (rc == 0)
            rc = rename_prefix(zh_dir_fd(from_dir), from_name, zh_dir_fd(to_dir), to_name, exchange);
        zh_dir_release(d->cache, to_dir);
    }
    zh_dir_release(d->cache, from_dir);
    return rc;
}

/* A cached descriptor may be of a directory that another process has removed, so ENOENT is believed when it comes
 * again. */
static int move_prefix(dir_store *d, const char *from, const char *to, bool exchange)
{
    int rc;

    (void)pthread_rwlock_wrlock(&d->emptying);
    rc = move_once(d, from, to, exchange);
    for (int tries = 1; (rc == ESTALE && tries < PUT_TRIES) || ((rc == ENOENT || rc == EMFILE) && tries < 2); tries++) {
        zh_dir_cache_forget(d->cache, "", 0);
        rc = move_once(d, from, to, exchange);
    }
    /* What is cached below either is at the other now. */
    zh_dir_cache_forget(d->cache, from, strlen(from));
    zh_dir_cache_forget(d->cache, to, strlen(to));
    if (!exchange)
        remove_empty_parents_locked(d, rc == 0 ? from : to);
    (void)pthread_rwlock_unlock(&d->emptying);
    return rc;
}

/* Mount points: EXDEV when one lies on the way, EBUSY when it is what is to be moved. */
static bool cannot_move(int errnum, bool exchange)
{
    return errnum == EXDEV || errnum == EBUSY ||
           (exchange && (errnum == EINVAL || errnum == ENOSYS || errnum == EOPNOTSUPP));
}

static int dir_move(zh_store *s, const char *from, const char *to, unsigned flags, zh_error *err)
{
    const bool exchange = (flags & ZH_MOVE_EXCHANGE) != 0;
    dir_store *d = (dir_store *)s;
    int rc, code;

    atomic_store(&d->used, true);
    rc = move_prefix(d, from, to, exchange);
    if (rc == 0)
        return ZH_OK;
    if (rc == ENOENT)
        return ZH_NOTFOUND;
    if (rc == EEXIST)
        return zh_store__key_exists(err, s, to);
    code = zh_error_sys(err, rc, "cannot move '%.150s' to '%.150s' in '%.100s'", from, to, s->url);
    if (cannot_move(rc, exchange))
        code = ZH_UNSUPPORTED;
    if (err != NULL)
        err->code = code;
    return code;
}

/* --- the lock between creators --- */

/* A descriptor of its own: the lock belongs to it, so that two stores on one directory exclude each other too.
 * *out is -1 where there are no locks. 0 or an errno. */
static int lock_root(int *out, int root)
{
    int rc;

    *out = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*out < 0)
        return errno;
    do
        rc = flock(*out, LOCK_EX) == 0 ? 0 : errno;
    while (rc == EINTR);
    if (rc == 0)
        return 0;
    (void)close(*out);
    *out = -1;
    return zh_io_has_no_locks(rc) ? 0 : rc;
}

static int dir_lock(zh_store *s, zh_error *err)
{
    dir_store *d = (dir_store *)s;
    int fd, rc = zh_store__lock_creators(&d->creators, s, err);

    if (rc < 0)
        return rc;
    rc = lock_root(&fd, d->root);
    if (rc == 0) {
        d->lock_fd = fd;
        zh_dir_cache_forget(d->cache, "", 0); /* the one who held it may have moved what is open here */
        return ZH_OK;
    }
    (void)pthread_mutex_unlock(&d->creators);
    return zh_error_sys(err, rc, "cannot lock '%s'", s->url);
}

static void dir_unlock(zh_store *s)
{
    dir_store *d = (dir_store *)s;

    if (d->lock_fd >= 0) {
        (void)flock(d->lock_fd, LOCK_UN); /* closing is not enough: a child may have been forked meanwhile */
        (void)close(d->lock_fd);
    }
    d->lock_fd = -1;
    (void)pthread_mutex_unlock(&d->creators);
}

/* --- the medium, and the names that it tells apart --- */

static int dir_sync(zh_store *s, zh_error *err)
{
    dir_store *d = (dir_store *)s;
    const int fd = openat(d->root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* root is a place, not a file */
    const int rc = fd >= 0 && syncfs(fd) == 0 ? 0 : errno;

    if (fd >= 0)
        (void)close(fd);
    return rc == 0 ? ZH_OK : zh_error_sys(err, rc, "cannot sync '%s'", s->url);
}

static int dir_folds_names(zh_store *s, bool *out, zh_error *err)
{
    enum { UNKNOWN, EXACT, FOLDS };
    dir_store *d = (dir_store *)s;
    int rc;

    *out = atomic_load(&d->folding) == FOLDS;
    if (atomic_load(&d->folding) != UNKNOWN)
        return ZH_OK;
    rc = zh_dir_ask_for_folding(out, s, d->root);
    if (rc != 0)
        return zh_error_sys(err, rc, "cannot make a temporary file in '%s'", s->url);
    atomic_store(&d->folding, *out ? FOLDS : EXACT);
    return ZH_OK;
}

/* --- opening and closing --- */

static void dir_close(zh_store *s)
{
    dir_store *d = (dir_store *)s;

    /* Nothing was ever put: an empty directory needs no mark. */
    if (atomic_load(&d->unfinished) && !atomic_load(&d->used))
        (void)unlinkat(d->root, ZH_STORE_MARKER, 0);
    if (atomic_load(&d->unfinished))
        (void)close(d->marker);
    zh_dir_cache_free(d->cache);
    (void)pthread_rwlock_destroy(&d->emptying);
    (void)pthread_mutex_destroy(&d->creators);
    zh_store__dispose(s);
    zh_free(d);
}

static const zh_store_ops dir_ops = {
    .version = ZH_STORE_OPS_VERSION,
    .kind = "directory",
    .get = dir_get,
    .get_range = dir_get_range,
    .size = dir_size,
    .put = dir_put,
    .erase = dir_erase,
    .erase_prefix = dir_erase_prefix,
    .list = dir_list,
    .list_temporary = dir_list_temporary,
    .move = dir_move,
    .lock = dir_lock,
    .unlock = dir_unlock,
    .sync = dir_sync,
    .folds_names = dir_folds_names,
    .close = dir_close,
};

/* root is taken on success, and so is marker; -1: the store is finished. */
static int make_store(zh_store **out, int root, const char *path, bool write, int marker, zh_error *err)
{
    const uint32_t caps =
        ZH_STORE_CONCURRENT | ZH_STORE_ERASE | ZH_STORE_IMMEDIATE | ZH_STORE_MOVE | (write ? ZH_STORE_WRITE : 0);
    dir_store *d = zh_calloc(1, sizeof(*d));

    if (d == NULL)
        return zh_error_nomem(err);
    if (zh_store__init(&d->base, &dir_ops, caps, 0, path, err) < 0) {
        zh_free(d);
        return ZH_NOMEM;
    }
    d->cache = zh_dir_cache_new(root);
    if (d->cache == NULL) {
        zh_store__dispose(&d->base);
        zh_free(d);
        return zh_error_nomem(err);
    }
    (void)pthread_rwlock_init(&d->emptying, NULL);
    zh_store__init_creators(&d->creators);
    d->lock_fd = -1;
    d->root = root;
    d->salt = zh_salt(d);
    atomic_init(&d->counter, 0);
    d->marker = marker;
    atomic_init(&d->unfinished, marker >= 0);
    atomic_init(&d->used, false);
    atomic_init(&d->folding, 0);
    *out = &d->base;
    return ZH_OK;
}

static int open_root(int *root, const char *path)
{
    *root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return *root < 0 ? errno : 0;
}

/* A store without a root that is written to keeps its mark until it gets one. */
static int open_existing(zh_store **out, const char *path, bool write, zh_error *err)
{
    int root, marker;
    int rc = open_root(&root, path);

    if (rc == 0 && write && faccessat(root, ".", W_OK | X_OK, AT_EACCESS) != 0) {
        rc = errno;
        (void)close(root);
    }
    if (rc != 0)
        return zh_store__open_failed(err, rc, path);
    marker = write ? openat(root, ZH_STORE_MARKER, O_WRONLY | O_NOFOLLOW | O_CLOEXEC) : -1;
    rc = make_store(out, root, path, write, marker, err);
    if (rc == ZH_OK) {
        atomic_store(&((dir_store *)*out)->used, true);
        return ZH_OK;
    }
    if (marker >= 0)
        (void)close(marker);
    (void)close(root);
    return rc;
}

/* TRUNC: a plain file of this name makes way. */
static int remove_plain_file(const char *path, zh_error *err)
{
    struct stat st;

    if (stat(path, &st) != 0 || S_ISDIR(st.st_mode))
        return ZH_OK; /* what is wrong, mkdir will say */
    if (!S_ISREG(st.st_mode))
        return zh_store__not_replaced(err, path, "it is neither a file nor a directory");
    return unlink(path) == 0 ? ZH_OK : zh_error_sys(err, errno, "cannot replace '%s'", path);
}

static int create(zh_store **out, const char *path, bool truncate, zh_error *err)
{
    bool made;
    int root, marker;
    int rc = truncate ? remove_plain_file(path, err) : ZH_OK;

    if (rc < 0)
        return rc;
    made = mkdir(path, 0777) == 0;
    if (!made && errno != EEXIST)
        return zh_error_sys(err, errno, "cannot create '%s'", path);
    rc = open_root(&root, path);
    if (rc != 0)
        return zh_store__open_failed(err, rc == ENOTDIR ? EEXIST : rc, path);
    rc = truncate ? zh_dir_claim_old(&marker, root, path, err) : zh_dir_claim_empty(&marker, root, path, err);
    if (rc == ZH_OK) {
        rc = make_store(out, root, path, true, marker, err);
        if (rc < 0) {
            (void)unlinkat(root, ZH_STORE_MARKER, 0);
            (void)close(marker);
        }
    }
    if (rc < 0) {
        (void)close(root);
        if (made)
            (void)rmdir(path);
    }
    return rc;
}

int zh_store_dir_open(zh_store **out, const char *path, zh_open_mode mode, zh_error *err)
{
    *out = NULL;
    switch (mode) {
    case ZH_OPEN_READ:
    case ZH_OPEN_WRITE:
        return open_existing(out, path, mode == ZH_OPEN_WRITE, err);
    case ZH_CREATE_EXCL:
    case ZH_CREATE_TRUNC:
        return create(out, path, mode == ZH_CREATE_TRUNC, err);
    }
    return zh_error_set(err, ZH_INVALID, "%d is not a way to open a store", (int)mode);
}
