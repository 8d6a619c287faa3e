/* store_zip.c - a zip archive: one entry a key.
 *
 * States, and the functions that make the steps between them:
 *
 * - READING, by open_old: the archive's directory is in the index, values are read through libzip.
 * - WRITING, by open_old and open_new: values that were put since the last flush lie in the spill, an unnamed file
 *   beside the archive; the index says for each key whether it is there or in the archive.
 * - WRITING to WRITING, by zip_flush: a whole new archive is written beside the old one and renamed over it, which
 *   stays as it is until then; the spill is emptied, unless values under temporary keys wait in it, which no archive
 *   gets. A flush that fails changes nothing: what was put is still in the spill, and flush may be called again.
 * - closed, by zip_close_store: what was not flushed is dropped.
 *
 * A new archive has its documents first, entries stored without compression (chunks are compressed by their codecs),
 * each name once, and times that do not change. Entries of an old one are copied as they are. Names in a foreign
 * archive that are no keys (absolute, with "..", directories) are not seen and not kept; of two entries of one name the
 * last counts.
 *
 * libzip allows one call at a time an archive: the mutex guards everything in the struct.
 */
#include "store/file_io.h"
#include "store/keymap.h"
#include "store/zip_file.h"
#include "store/zip_write.h"
#include "base/alloc.h"
#include "zh/buf.h"
#include "base/error.h"
#include "base/key.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct zip_store {
    zh_store base;
    pthread_mutex_t creators; /* zh_store_lock; taken before the other */
    pthread_mutex_t mutex;
    int dir;                 /* the directory that the archive lies in (O_PATH), so that a chdir does no harm */
    char name[NAME_MAX + 1]; /* of the archive in it */
    int fd;                  /* the archive; -1: there is none yet */
    struct stat seen;        /* of fd, when it was opened or written here */
    zip_t *archive;          /* reads fd; NULL: none, or an empty one */
    int spill;               /* -1 when reading */
    uint64_t spill_end;
    zh_keymap index; /* of zh_zip_value */
    bool changed;    /* since the last flush */
    bool exclusive;  /* the first flush must not replace a file */
} zip_store;

static int failed(const zip_store *z, int errnum, const char *what, const char *key, zh_error *err)
{
    return zh_error_sys(err, errnum, "cannot %s '%s' in '%s'", what, key, z->base.url);
}

static int archive_failed(const zip_store *z, zip_error_t *why, const char *key, zh_error *err)
{
    const int code = zh_zip_failed(err, why, key);

    zh_error_prefix(err, "cannot read '%s'", z->base.url);
    return code;
}

/* --- reading --- */

/* The entry, opened, or NULL with err set. */
static zip_file_t *open_entry(zip_store *z, const char *key, const zh_zip_value *v, zh_error *err, int *code)
{
    zip_file_t *f = zip_fopen_index(z->archive, (zip_uint64_t)v->index, 0);

    *code = ZH_OK;
    if (f == NULL)
        *code = archive_failed(z, zip_get_error(z->archive), key, err);
    return f;
}

/* Reads until n bytes or the end. */
static int read_entry(const zip_store *z, zip_file_t *f, const char *key, uint8_t *p, size_t n, size_t *got,
                      zh_error *err)
{
    *got = 0;
    while (*got < n) {
        const zip_int64_t r = zip_fread(f, p + *got, n - *got);

        if (r < 0)
            return archive_failed(z, zip_file_get_error(f), key, err);
        if (r == 0)
            break;
        *got += (size_t)r;
    }
    return ZH_OK;
}

/* The whole entry. What its header promises is not believed: memory grows with what really comes. */
static int read_whole(const zip_store *z, zip_file_t *f, const char *key, const zh_zip_value *v, zh_buf *out,
                      zh_error *err)
{
    const size_t start = out->len;
    size_t step = 64 * 1024;
    size_t got = 1;
    int rc = ZH_OK;

    while (rc == ZH_OK && got > 0) {
        const uint64_t left = v->len - (out->len - start);
        size_t want = left < step ? (size_t)left : step;

        if (left == 0) {
            uint8_t more; /* one more byte: the end, where libzip compares the checksum */

            rc = read_entry(z, f, key, &more, 1, &got, err);
            if (rc == ZH_OK && got > 0)
                rc = zh_error_set(err, ZH_CORRUPT, "'%s' in '%s' is longer than it says", key, z->base.url);
            return rc;
        }
        rc = zh_buf_reserve(out, out->len + want, err);
        if (rc == ZH_OK)
            rc = read_entry(z, f, key, out->ptr + out->len, want, &got, err);
        if (rc == ZH_OK)
            out->len += got;
        step *= 2;
    }
    if (rc == ZH_OK)
        rc = zh_error_set(err, ZH_CORRUPT, "'%s' in '%s' is shorter than it says", key, z->base.url);
    return rc;
}

static int get_from_archive(zip_store *z, const char *key, const zh_zip_value *v, zh_buf *out, zh_error *err)
{
    int rc;
    zip_file_t *f = open_entry(z, key, v, err, &rc);

    if (f == NULL)
        return rc;
    rc = read_whole(z, f, key, v, out, err);
    (void)zip_fclose(f);
    return rc;
}

static int get_from_spill(zip_store *z, const char *key, uint64_t offset, void *p, size_t n, zh_error *err)
{
    size_t got;
    const int rc = zh_io_pread(z->spill, p, n, offset, &got);

    if (rc != 0)
        return failed(z, rc, "read", key, err);
    return got == n ? ZH_OK : zh_error_set(err, ZH_INTERNAL, "'%s' is missing in the spill of '%s'", key, z->base.url);
}

static int get_value(zip_store *z, const char *key, const zh_zip_value *v, zh_buf *out, zh_error *err)
{
    const size_t start = out->len;
    int rc;

    if (v->len > out->max - start) {
        return zh_error_set(err, ZH_RANGE, "'%s' in '%s' has %llu bytes, more than the limit of %zu", key, z->base.url,
                            (unsigned long long)v->len, out->max - start);
    }
    if (v->index >= 0)
        return get_from_archive(z, key, v, out, err);
    rc = zh_buf_resize(out, start + (size_t)v->len, err);
    if (rc == ZH_OK && v->len > 0)
        rc = get_from_spill(z, key, v->offset, out->ptr + start, (size_t)v->len, err);
    return rc;
}

static int zip_get(zh_store *s, const char *key, zh_buf *out, zh_error *err)
{
    zip_store *z = (zip_store *)s;
    const zh_zip_value *v;
    int rc = ZH_NOTFOUND;

    (void)pthread_mutex_lock(&z->mutex);
    v = zh_keymap_find(&z->index, key);
    if (v != NULL)
        rc = get_value(z, key, v, out, err);
    (void)pthread_mutex_unlock(&z->mutex);
    return rc;
}

static bool is_stored(const zip_store *z, const zh_zip_value *v)
{
    zip_stat_t st;

    return zip_stat_index(z->archive, (zip_uint64_t)v->index, 0, &st) == 0 && (st.valid & ZIP_STAT_COMP_METHOD) != 0 &&
           st.comp_method == ZIP_CM_STORE;
}

/* Stored entries can be entered anywhere; compressed ones are read from their beginning. */
static int skip(const zip_store *z, zip_file_t *f, const char *key, const zh_zip_value *v, uint64_t offset,
                zh_error *err)
{
    uint8_t waste[4096];
    int rc = ZH_OK;

    if (offset > 0 && is_stored(z, v)) {
        if (zip_fseek(f, (zip_int64_t)offset, SEEK_SET) < 0)
            return archive_failed(z, zip_file_get_error(f), key, err);
        return ZH_OK;
    }
    while (rc == ZH_OK && offset > 0) {
        const size_t n = offset < sizeof(waste) ? (size_t)offset : sizeof(waste);
        size_t got;

        rc = read_entry(z, f, key, waste, n, &got, err);
        if (rc == ZH_OK && got < n)
            rc = zh_error_set(err, ZH_CORRUPT, "'%s' in '%s' is shorter than it says", key, z->base.url);
        offset -= n;
    }
    return rc;
}

static int range_from_archive(zip_store *z, const char *key, const zh_zip_value *v, uint64_t offset, void *p, size_t n,
                              zh_error *err)
{
    size_t got;
    int rc;
    zip_file_t *f = open_entry(z, key, v, err, &rc);

    if (f == NULL)
        return rc;
    rc = skip(z, f, key, v, offset, err);
    if (rc == ZH_OK)
        rc = read_entry(z, f, key, p, n, &got, err);
    if (rc == ZH_OK && got < n)
        rc = zh_error_set(err, ZH_CORRUPT, "'%s' in '%s' is shorter than it says", key, z->base.url);
    (void)zip_fclose(f);
    return rc;
}

static int zip_get_range(zh_store *s, const char *key, uint64_t offset, size_t len, void *out, size_t *got,
                         zh_error *err)
{
    zip_store *z = (zip_store *)s;
    const zh_zip_value *v;
    int rc = ZH_NOTFOUND;

    (void)pthread_mutex_lock(&z->mutex);
    v = zh_keymap_find(&z->index, key);
    if (v != NULL) {
        const uint64_t left = offset < v->len ? v->len - offset : 0;
        const size_t n = left < len ? (size_t)left : len;

        rc = ZH_OK;
        if (n > 0 && v->index >= 0)
            rc = range_from_archive(z, key, v, offset, out, n, err);
        else if (n > 0)
            rc = get_from_spill(z, key, v->offset + offset, out, n, err);
        if (rc == ZH_OK)
            *got = n;
    }
    (void)pthread_mutex_unlock(&z->mutex);
    return rc;
}

static int zip_size(zh_store *s, const char *key, uint64_t *out, zh_error *err)
{
    zip_store *z = (zip_store *)s;
    const zh_zip_value *v;

    (void)err;
    (void)pthread_mutex_lock(&z->mutex);
    v = zh_keymap_find(&z->index, key);
    if (v != NULL)
        *out = v->len;
    (void)pthread_mutex_unlock(&z->mutex);
    return v == NULL ? ZH_NOTFOUND : ZH_OK;
}

static int list(zh_store *s, const char *prefix, bool temporary, zh_list_fn fn, void *payload, zh_error *err)
{
    zip_store *z = (zip_store *)s;
    zh_names names = ZH_NAMES_INIT;
    int rc;

    (void)pthread_mutex_lock(&z->mutex);
    rc = zh_keymap_children(&z->index, prefix, &names, err);
    (void)pthread_mutex_unlock(&z->mutex);
    zh_names_keep(&names, temporary);
    if (rc == ZH_OK)
        rc = zh_names_deliver(&names, fn, payload, err);
    zh_names_dispose(&names);
    return rc;
}

static int zip_list(zh_store *s, const char *prefix, zh_list_fn fn, void *payload, zh_error *err)
{
    return list(s, prefix, false, fn, payload, err);
}

static int zip_list_temporary(zh_store *s, const char *prefix, zh_list_fn fn, void *payload, zh_error *err)
{
    return list(s, prefix, true, fn, payload, err);
}

/* --- writing --- */

/* Behind the spill's end, which only moves once the key is in the index. */
static int put_value(zip_store *z, const char *key, const void *p, size_t n, bool exclusive, zh_error *err)
{
    zh_zip_value *v = zh_keymap_find(&z->index, key);
    bool is_new;
    int rc;

    if (exclusive && v != NULL)
        return zh_store__key_exists(err, &z->base, key);
    rc = zh_io_pwrite(z->spill, p, n, z->spill_end);
    if (rc != 0) {
        (void)ftruncate(z->spill, (off_t)z->spill_end);
        return failed(z, rc, "write", key, err);
    }
    v = zh_keymap_insert(&z->index, key, &is_new);
    if (v == NULL)
        return zh_error_nomem(err);
    *v = (zh_zip_value){.index = -1, .offset = z->spill_end, .len = n};
    z->spill_end += n;
    z->changed = true;
    return ZH_OK;
}

static int zip_put(zh_store *s, const char *key, const void *p, size_t n, unsigned flags, zh_error *err)
{
    zip_store *z = (zip_store *)s;
    int rc;

    (void)pthread_mutex_lock(&z->mutex);
    rc = put_value(z, key, p, n, (flags & ZH_PUT_EXCL) != 0, err);
    (void)pthread_mutex_unlock(&z->mutex);
    return rc;
}

static int zip_erase(zh_store *s, const char *key, zh_error *err)
{
    zip_store *z = (zip_store *)s;

    (void)err;
    (void)pthread_mutex_lock(&z->mutex);
    if (zh_keymap_remove(&z->index, key))
        z->changed = true;
    (void)pthread_mutex_unlock(&z->mutex);
    return ZH_OK;
}

static int zip_erase_prefix(zh_store *s, const char *prefix, zh_error *err)
{
    zip_store *z = (zip_store *)s;

    (void)err;
    (void)pthread_mutex_lock(&z->mutex);
    if (zh_keymap_remove_prefix(&z->index, prefix) > 0)
        z->changed = true;
    (void)pthread_mutex_unlock(&z->mutex);
    return ZH_OK;
}

/* --- archives and temporary files --- */

/* The files made here have no name where the file system can do that: whatever happens, nothing is left of them. */

#define TEMP_NAME 64

/* A file without a name in the archive's directory. Answers 0 or an errno; EOPNOTSUPP: not on this file system. */
static int open_unnamed(int *fd, int dir, mode_t mode)
{
    *fd = openat(dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
    if (*fd >= 0)
        return 0;
    return errno == EISDIR || errno == EINVAL || errno == ENOENT ? EOPNOTSUPP : errno;
}

/* The nth name to try for a temporary file. */
static void temporary_name(char name[TEMP_NAME], unsigned n)
{
    (void)snprintf(name, TEMP_NAME, ".%ld-%u.zh-tmp", (long)getpid(), n);
}

static int open_named(int *fd, int dir, char name[TEMP_NAME], mode_t mode)
{
    unsigned n = 0;

    do {
        temporary_name(name, n++);
        *fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    } while (*fd < 0 && errno == EEXIST);
    return *fd < 0 ? errno : 0;
}

/* A file that is gone as soon as fd is closed. Answers 0 or an errno. */
static int open_spill(int *fd, int dir)
{
    char name[TEMP_NAME];
    int rc = open_unnamed(fd, dir, 0600);

    if (rc != EOPNOTSUPP)
        return rc;
    rc = open_named(fd, dir, name, 0600);
    if (rc == 0)
        (void)unlinkat(dir, name, 0);
    return rc;
}

/* Where the process sees its own open file; an unnamed one gets its name through it. */
static void path_of_descriptor(char path[TEMP_NAME], int fd)
{
    (void)snprintf(path, TEMP_NAME, "/proc/self/fd/%d", fd);
}

/* A new file that will become the archive; name is "" if it has none yet. Answers 0 or an errno. */
static int open_temporary(int *fd, int dir, char name[TEMP_NAME])
{
    char path[TEMP_NAME];
    const int rc = open_unnamed(fd, dir, 0666);

    name[0] = '\0';
    if (rc == 0) {
        path_of_descriptor(path, *fd);
        if (access(path, F_OK) == 0)
            return 0;
        (void)close(*fd);
    }
    return rc == 0 || rc == EOPNOTSUPP ? open_named(fd, dir, name, 0666) : rc;
}

/* Gives an unnamed file a temporary name. Answers 0 or an errno. */
static int name_temporary(int fd, int dir, char name[TEMP_NAME])
{
    char path[TEMP_NAME];
    unsigned n = 0;
    int rc;

    path_of_descriptor(path, fd);
    do {
        temporary_name(name, n++);
        rc = linkat(AT_FDCWD, path, dir, name, AT_SYMLINK_FOLLOW) == 0 ? 0 : errno;
    } while (rc == EEXIST);
    if (rc != 0)
        name[0] = '\0';
    return rc;
}

/* Opens the archive in fd for reading; *out is NULL for one without entries. */
static int open_archive(zip_t **out, int fd, const char *url, zh_error *err)
{
    zip_error_t why;
    zip_source_t *source;
    int rc = ZH_OK;

    *out = NULL;
    zip_error_init(&why);
    source = zh_zip_file_source(fd, false, &why);
    if (source != NULL) {
        *out = zip_open_from_source(source, ZIP_RDONLY, &why);
        if (*out == NULL)
            zip_source_free(source);
    }
    if (*out == NULL) {
        rc = zh_zip_failed(err, &why, url);
        zh_error_prefix(err, "cannot open a zip archive");
    }
    zip_error_fini(&why);
    return rc;
}

static int rename_into_place(zip_store *z, const char *temp)
{
    if (z->exclusive)
        return zh_io_rename_new(z->dir, temp, z->name);
    return renameat(z->dir, temp, z->dir, z->name) == 0 ? 0 : errno;
}

static void drop_archive(zip_t *archive, int fd)
{
    if (archive != NULL)
        zip_discard(archive);
    if (fd >= 0)
        (void)close(fd);
}

/* The new file gets the old one's mode. */
static void keep_mode(int fd, int old)
{
    struct stat st;

    if (old >= 0 && fstat(old, &st) == 0)
        (void)fchmod(fd, st.st_mode & 07777);
}

/* Two who write one archive would each leave only what is theirs. False: it is not as it was when it was opened. */
static bool is_as_it_was(const zip_store *z)
{
    const struct stat *old = &z->seen;
    struct stat st;

    if (z->fd < 0 || fstatat(z->dir, z->name, &st, 0) != 0)
        return true; /* a new one; one that somebody has removed */
    return st.st_dev == old->st_dev && st.st_ino == old->st_ino && st.st_size == old->st_size &&
           st.st_mtim.tv_sec == old->st_mtim.tv_sec && st.st_mtim.tv_nsec == old->st_mtim.tv_nsec;
}

/* The archive is written, and opened for reading: puts it in its place. */
static int publish(zip_store *z, char temp[TEMP_NAME], int fd, zip_t *archive, zh_error *err)
{
    int rc = 0;

    if (!is_as_it_was(z))
        return zh_error_set(err, ZH_RACE, "'%s' has been changed by another program since it was opened", z->base.url);
    keep_mode(fd, z->fd);
    if (temp[0] == '\0')
        rc = name_temporary(fd, z->dir, temp);
    if (rc == 0)
        rc = rename_into_place(z, temp);
    if (rc != 0)
        return rc == EEXIST ? zh_store__open_failed(err, rc, z->base.url)
                            : zh_error_sys(err, rc, "cannot replace '%s'", z->base.url);
    drop_archive(z->archive, z->fd);
    z->archive = archive;
    z->fd = fd;
    (void)fstat(fd, &z->seen);
    return ZH_OK;
}

/* Names in the index only: the values stay where they are, in the old archive or in the spill. */
static int zip_move(zh_store *s, const char *from, const char *to, unsigned flags, zh_error *err)
{
    zip_store *z = (zip_store *)s;
    int rc;

    (void)pthread_mutex_lock(&z->mutex);
    rc = zh_keymap_move(&z->index, from, to, (flags & ZH_MOVE_EXCHANGE) != 0, err);
    z->changed = z->changed || rc == ZH_OK;
    (void)pthread_mutex_unlock(&z->mutex);
    return rc == ZH_EXISTS ? zh_store__key_exists(err, s, to) : rc;
}

/* The name of a new file is on the medium when its directory is. z->dir cannot be asked: it is a place, not a file. */
static int sync_directory(const zip_store *z, zh_error *err)
{
    const int fd = openat(z->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const int rc = fd >= 0 && fsync(fd) == 0 ? 0 : errno;

    if (fd >= 0)
        (void)close(fd);
    return rc == 0 ? ZH_OK : zh_error_sys(err, rc, "cannot sync the directory of '%s'", z->base.url);
}

/* durable: the archive lies on the medium before it takes the place of the old one. */
static int write_archive(zip_store *z, zh_zip_plan *plan, bool durable, zh_error *err)
{
    zip_t *archive = NULL;
    char temp[TEMP_NAME];
    int fd;
    int rc = open_temporary(&fd, z->dir, temp);

    if (rc != 0)
        return zh_error_sys(err, rc, "cannot write '%s'", z->base.url);
    rc = zh_zip_write(fd, plan, z->archive, z->spill, err);
    if (rc < 0)
        zh_error_prefix(err, "'%s'", z->base.url);
    if (rc == ZH_OK && durable && fsync(fd) != 0)
        rc = zh_error_sys(err, errno, "cannot sync '%s'", z->base.url);
    if (rc == ZH_OK)
        rc = open_archive(&archive, fd, z->base.url, err);
    if (rc == ZH_OK)
        rc = publish(z, temp, fd, archive, err);
    if (rc < 0) {
        drop_archive(archive, fd);
        if (temp[0] != '\0')
            (void)unlinkat(z->dir, temp, 0);
    }
    return rc;
}

/* The new archive has no temporary keys. What was put under them waits on in the spill, since whoever stages there may
 * not be the one who flushes; what was moved there from the old archive goes with it. True: something waits. */
static bool keep_temporaries(zip_store *z)
{
    zh_keymap_node *node = zh_keymap_seek(&z->index, "");
    bool waits = false;

    while (node != NULL) {
        const char *key = zh_keymap_key(node);
        const zh_zip_value *v = zh_keymap_value(node);

        node = zh_keymap_next(node);
        if (!zh_store__is_temporary_key(key))
            continue;
        if (v->index < 0)
            waits = true;
        else
            (void)zh_keymap_remove(&z->index, key);
    }
    return waits;
}

static int flush_locked(zip_store *z, bool durable, zh_error *err)
{
    zh_zip_plan plan = ZH_ZIP_PLAN_INIT;
    int rc = zh_zip_plan_make(&plan, &z->index, err);

    if (rc == ZH_OK)
        rc = write_archive(z, &plan, durable, err);
    if (rc == ZH_OK) {
        zh_zip_plan_settle(&plan);
        if (!keep_temporaries(z)) {
            (void)ftruncate(z->spill, 0);
            z->spill_end = 0;
        }
        z->changed = false;
        z->exclusive = false;
    }
    zh_zip_plan_dispose(&plan);
    return rc;
}

static int zip_flush(zh_store *s, zh_error *err)
{
    zip_store *z = (zip_store *)s;
    int rc = ZH_OK;

    (void)pthread_mutex_lock(&z->mutex);
    if (z->changed)
        rc = flush_locked(z, false, err);
    (void)pthread_mutex_unlock(&z->mutex);
    return rc;
}

static int zip_sync(zh_store *s, zh_error *err)
{
    zip_store *z = (zip_store *)s;
    int rc = ZH_OK;

    (void)pthread_mutex_lock(&z->mutex);
    if (z->changed)
        rc = flush_locked(z, true, err);
    else if (z->fd >= 0 && fsync(z->fd) != 0) /* by an earlier flush */
        rc = zh_error_sys(err, errno, "cannot sync '%s'", z->base.url);
    if (rc == ZH_OK && z->dir >= 0)
        rc = sync_directory(z, err);
    (void)pthread_mutex_unlock(&z->mutex);
    return rc;
}

static int zip_lock(zh_store *s, zh_error *err)
{
    return zh_store__lock_creators(&((zip_store *)s)->creators, s, err);
}

static void zip_unlock(zh_store *s)
{
    (void)pthread_mutex_unlock(&((zip_store *)s)->creators);
}

/* --- opening and closing --- */

static void zip_close_store(zh_store *s)
{
    zip_store *z = (zip_store *)s;

    drop_archive(z->archive, z->fd);
    if (z->spill >= 0)
        (void)close(z->spill);
    if (z->dir >= 0)
        (void)close(z->dir);
    zh_keymap_dispose(&z->index);
    (void)pthread_mutex_destroy(&z->mutex);
    (void)pthread_mutex_destroy(&z->creators);
    zh_store__dispose(s);
    zh_free(z);
}

static const zh_store_ops zip_ops = {
    .version = ZH_STORE_OPS_VERSION,
    .kind = "zip",
    .get = zip_get,
    .get_range = zip_get_range,
    .size = zip_size,
    .put = zip_put,
    .erase = zip_erase,
    .erase_prefix = zip_erase_prefix,
    .list = zip_list,
    .list_temporary = zip_list_temporary,
    .move = zip_move,
    .lock = zip_lock,
    .unlock = zip_unlock,
    .flush = zip_flush,
    .sync = zip_sync,
    .close = zip_close_store,
};

static int load_entry(zip_store *z, zip_uint64_t i, zh_error *err)
{
    const char *name = zip_get_name(z->archive, i, ZIP_FL_ENC_GUESS);
    zh_zip_value *v;
    zip_stat_t st;
    bool is_new;

    if (name == NULL || zip_stat_index(z->archive, i, 0, &st) != 0)
        return archive_failed(z, zip_get_error(z->archive), "its directory", err);
    if (zh_key_check(name, strlen(name), NULL) != ZH_OK || (st.valid & ZIP_STAT_SIZE) == 0)
        return ZH_OK;
    v = zh_keymap_insert(&z->index, name, &is_new);
    if (v == NULL)
        return zh_error_nomem(err);
    *v = (zh_zip_value){.index = (int64_t)i, .len = st.size};
    return ZH_OK;
}

static int load_index(zip_store *z, zh_error *err)
{
    const zip_int64_t n = zip_get_num_entries(z->archive, 0);
    int rc = ZH_OK;

    for (zip_int64_t i = 0; rc == ZH_OK && i < n; i++)
        rc = load_entry(z, (zip_uint64_t)i, err);
    return rc;
}

/* An archive that must be there. */
static int open_old(zip_store *z, const char *path, bool write, zh_error *err)
{
    struct stat st;
    int rc;

    z->fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (z->fd < 0 || fstat(z->fd, &st) != 0)
        return zh_store__open_failed(err, errno, path);
    if (S_ISDIR(st.st_mode))
        return zh_store__open_failed(err, EISDIR, path);
    z->seen = st;
    if (!S_ISREG(st.st_mode) || st.st_size == 0)
        return zh_error_set(err, ZH_CORRUPT, "'%s' is not a zip archive", path);
    if (write && faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) != 0)
        return zh_store__open_failed(err, errno, path);
    rc = open_archive(&z->archive, z->fd, path, err);
    return rc < 0 ? rc : load_index(z, err);
}

/* An archive to be made at the first flush. */
static int open_new(zip_store *z, const char *path, bool truncate, zh_error *err)
{
    struct stat st;

    z->changed = true; /* a new archive exists after a flush, even if it is empty */
    z->exclusive = !truncate;
    if (stat(path, &st) != 0)
        return errno == ENOENT ? ZH_OK : zh_store__open_failed(err, errno, path);
    if (!truncate)
        return zh_store__open_failed(err, EEXIST, path);
    if (S_ISREG(st.st_mode))
        return ZH_OK;
    return zh_store__not_replaced(err, path, "it is not a plain file");
}

/* Finds the directory and the name. A symbolic link to an archive is resolved, so that it stays a link. */
static int locate(zip_store *z, const char *path, zh_error *err)
{
    char whole[PATH_MAX];
    const char *slash;
    const char *name;

    if (realpath(path, whole) == NULL) {
        if (strlen(path) >= sizeof(whole))
            return zh_store__open_failed(err, ENAMETOOLONG, path);
        memcpy(whole, path, strlen(path) + 1);
    }
    slash = strrchr(whole, '/');
    name = slash == NULL ? whole : slash + 1;
    if (strlen(name) > NAME_MAX)
        return zh_store__open_failed(err, ENAMETOOLONG, path);
    if (name[0] == '\0')
        return zh_store__open_failed(err, EISDIR, path);
    memcpy(z->name, name, strlen(name) + 1);
    if (slash != NULL)
        whole[slash == whole ? 1 : slash - whole] = '\0';
    z->dir = open(slash == NULL ? "." : whole, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return z->dir < 0 ? zh_error_sys(err, errno, "cannot open the directory of '%s'", path) : ZH_OK;
}

static int open_store(zip_store *z, const char *path, zh_open_mode mode, zh_error *err)
{
    const bool write = mode != ZH_OPEN_READ;
    int rc;

    if (mode == ZH_CREATE_EXCL || mode == ZH_CREATE_TRUNC)
        rc = open_new(z, path, mode == ZH_CREATE_TRUNC, err);
    else
        rc = open_old(z, path, write, err);
    if (rc < 0 || !write)
        return rc;
    rc = locate(z, path, err);
    if (rc < 0)
        return rc;
    rc = open_spill(&z->spill, z->dir);
    return rc == 0 ? ZH_OK : zh_error_sys(err, rc, "cannot write beside '%s'", path);
}

int zh_store_zip_open(zh_store **out, const char *path, zh_open_mode mode, zh_error *err)
{
    const uint32_t caps = mode == ZH_OPEN_READ ? 0 : ZH_STORE_WRITE | ZH_STORE_ERASE | ZH_STORE_MOVE;
    zip_store *z;
    int rc;

    *out = NULL;
    if ((unsigned)mode > ZH_CREATE_TRUNC)
        return zh_error_set(err, ZH_INVALID, "%d is not a way to open a store", (int)mode);
    z = zh_calloc(1, sizeof(*z));
    if (z == NULL)
        return zh_error_nomem(err);
    if (zh_store__init(&z->base, &zip_ops, caps, 1, path, err) < 0) {
        zh_free(z);
        return ZH_NOMEM;
    }
    zh_store__init_creators(&z->creators);
    (void)pthread_mutex_init(&z->mutex, NULL);
    zh_keymap_init(&z->index, sizeof(zh_zip_value), NULL);
    z->dir = z->fd = z->spill = -1;
    rc = open_store(z, path, mode, err);
    if (rc < 0) {
        zip_close_store(&z->base);
        return rc;
    }
    *out = &z->base;
    return ZH_OK;
}
