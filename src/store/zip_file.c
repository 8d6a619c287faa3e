/* zip_file.c - see zip_file.h. Both sources are one callback over one struct; a slice is an archive's file that cannot
 * be written and begins and ends elsewhere. */
#include "store/zip_file.h"
#include "store/file_io.h"
#include "base/alloc.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define WINDOW_BYTES ((size_t)256 * 1024)
#define AHEAD_BYTES ((size_t)8 * 1024)

struct zh_zip_file {
    int fd;
    uint64_t start; /* of the source in the file */
    uint64_t size;  /* of the source */
    uint64_t at;    /* next byte to read, from start */
    zip_error_t error;
    bool write;
    /* While reading an archive: libzip asks for headers field by field. */
    uint8_t *ahead; /* NULL: nothing is read ahead */
    uint64_t ahead_at;
    size_t ahead_n;
    /* While writing: bytes [window_at, window_at + window_n) of the file are in the window, all before are in the file.
     */
    uint8_t *window;
    uint64_t window_at;
    size_t window_n;
    uint64_t write_at;
};

static zip_int64_t failed(zh_zip_file *f, int zip_code, int errnum)
{
    zip_error_set(&f->error, zip_code, errnum);
    return -1;
}

/* As zh_io_pread, but small pieces come out of what was read ahead. */
static int read_through(zh_zip_file *f, void *p, size_t n, uint64_t offset, size_t *got)
{
    int rc;

    if (f->ahead == NULL || n > AHEAD_BYTES / 2)
        return zh_io_pread(f->fd, p, n, offset, got);
    if (offset < f->ahead_at || offset + n > f->ahead_at + f->ahead_n) {
        f->ahead_at = offset;
        rc = zh_io_pread(f->fd, f->ahead, AHEAD_BYTES, offset, &f->ahead_n);
        if (rc != 0) {
            f->ahead_n = 0;
            return rc;
        }
    }
    *got = n < f->ahead_n - (size_t)(offset - f->ahead_at) ? n : f->ahead_n - (size_t)(offset - f->ahead_at);
    memcpy(p, f->ahead + (offset - f->ahead_at), *got);
    return 0;
}

static zip_int64_t read_some(zh_zip_file *f, void *data, zip_uint64_t len)
{
    const uint64_t left = f->size - f->at;
    const size_t want = (size_t)(len < left ? len : left);
    size_t got;
    const int rc = read_through(f, data, want, f->start + f->at, &got);

    if (rc != 0)
        return failed(f, ZIP_ER_READ, rc);
    if (got < want)
        return failed(f, ZIP_ER_EOF, 0);
    f->at += got;
    return (zip_int64_t)got;
}

/* --- writing --- */

static int empty_window(zh_zip_file *f)
{
    const int rc = zh_io_pwrite(f->fd, f->window, f->window_n, f->window_at);

    if (rc == 0) {
        f->window_at += f->window_n;
        f->window_n = 0;
    }
    return rc;
}

/* Into the window, at a place in it or right behind its bytes; returns how many fit. */
static size_t write_into_window(zh_zip_file *f, const uint8_t *p, size_t n)
{
    const size_t at = (size_t)(f->write_at - f->window_at);
    const size_t fit = n < WINDOW_BYTES - at ? n : WINDOW_BYTES - at;

    memcpy(f->window + at, p, fit);
    if (at + fit > f->window_n)
        f->window_n = at + fit;
    return fit;
}

static zip_int64_t write_some(zh_zip_file *f, const uint8_t *p, zip_uint64_t len)
{
    uint64_t left = len;
    int rc = 0;

    while (left > 0 && rc == 0) {
        size_t done = (size_t)left;

        if (f->write_at < f->window_at) {
            /* a header whose entry was longer than the window */
            if (done > f->window_at - f->write_at)
                done = (size_t)(f->window_at - f->write_at);
            rc = zh_io_pwrite(f->fd, p, done, f->write_at);
        } else if (f->write_at == f->window_at + WINDOW_BYTES) {
            rc = empty_window(f);
            continue;
        } else {
            done = write_into_window(f, p, done);
        }
        p += done;
        f->write_at += done;
        left -= done;
    }
    return rc == 0 ? (zip_int64_t)len : failed(f, ZIP_ER_WRITE, rc);
}

static zip_int64_t begin_write(zh_zip_file *f)
{
    if (f->window == NULL)
        f->window = zh_malloc(WINDOW_BYTES);
    f->window_at = 0;
    f->window_n = 0;
    f->write_at = 0;
    return f->window == NULL ? failed(f, ZIP_ER_MEMORY, 0) : 0;
}

static zip_int64_t commit_write(zh_zip_file *f)
{
    const int rc = empty_window(f);

    if (rc != 0)
        return failed(f, ZIP_ER_WRITE, rc);
    f->size = f->window_at;
    return 0;
}

static zip_int64_t seek_write(zh_zip_file *f, void *data, zip_uint64_t len)
{
    const zip_int64_t at =
        zip_source_seek_compute_offset(f->write_at, f->window_at + f->window_n, data, len, &f->error);

    if (at < 0)
        return -1;
    f->write_at = (uint64_t)at;
    return 0;
}

/* --- the callback --- */

static zip_int64_t seek(zh_zip_file *f, void *data, zip_uint64_t len)
{
    const zip_int64_t at = zip_source_seek_compute_offset(f->at, f->size, data, len, &f->error);

    if (at < 0)
        return -1;
    f->at = (uint64_t)at;
    return 0;
}

static zip_int64_t describe(const zh_zip_file *f, zip_stat_t *st)
{
    zip_stat_init(st);
    st->valid = ZIP_STAT_SIZE;
    st->size = f->size;
    return (zip_int64_t)sizeof(*st);
}

static zip_int64_t supports(const zh_zip_file *f)
{
    zip_int64_t map = zip_source_make_command_bitmap(ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE,
                                                     ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE,
                                                     ZIP_SOURCE_SEEK, ZIP_SOURCE_TELL, ZIP_SOURCE_SUPPORTS, -1);

    if (f->write)
        map |= zip_source_make_command_bitmap(ZIP_SOURCE_BEGIN_WRITE, ZIP_SOURCE_COMMIT_WRITE,
                                              ZIP_SOURCE_ROLLBACK_WRITE, ZIP_SOURCE_WRITE, ZIP_SOURCE_SEEK_WRITE,
                                              ZIP_SOURCE_TELL_WRITE, ZIP_SOURCE_REMOVE, -1);
    return map;
}

static zip_int64_t call_write(zh_zip_file *f, void *data, zip_uint64_t len, zip_source_cmd_t cmd)
{
    switch (cmd) {
    case ZIP_SOURCE_BEGIN_WRITE:
        return begin_write(f);
    case ZIP_SOURCE_WRITE:
        return write_some(f, data, len);
    case ZIP_SOURCE_SEEK_WRITE:
        return seek_write(f, data, len);
    case ZIP_SOURCE_TELL_WRITE:
        return (zip_int64_t)f->write_at;
    case ZIP_SOURCE_COMMIT_WRITE:
        return commit_write(f);
    case ZIP_SOURCE_ROLLBACK_WRITE:
    case ZIP_SOURCE_REMOVE:
        return 0; /* the file is its owner's to throw away */
    default:
        return failed(f, ZIP_ER_OPNOTSUPP, 0);
    }
}

static void free_file(zh_zip_file *f)
{
    zip_error_fini(&f->error);
    zh_free(f->ahead);
    zh_free(f->window);
    zh_free(f);
}

static zip_int64_t callback(void *userdata, void *data, zip_uint64_t len, zip_source_cmd_t cmd)
{
    zh_zip_file *f = userdata;

    switch (cmd) {
    case ZIP_SOURCE_SUPPORTS:
        return supports(f);
    case ZIP_SOURCE_OPEN:
        f->at = 0;
        return 0;
    case ZIP_SOURCE_READ:
        return read_some(f, data, len);
    case ZIP_SOURCE_SEEK:
        return seek(f, data, len);
    case ZIP_SOURCE_TELL:
        return (zip_int64_t)f->at;
    case ZIP_SOURCE_CLOSE:
        return 0;
    case ZIP_SOURCE_STAT:
        return describe(f, data);
    case ZIP_SOURCE_ERROR:
        return zip_error_to_data(&f->error, data, len);
    case ZIP_SOURCE_FREE:
        free_file(f);
        return 0;
    default:
        return call_write(f, data, len, cmd);
    }
}

/* f is taken, also on failure; NULL is a failed allocation. */
static zip_source_t *make_source(zh_zip_file *f, zip_error_t *error)
{
    zip_source_t *source;

    if (f == NULL) {
        zip_error_set(error, ZIP_ER_MEMORY, 0);
        return NULL;
    }
    source = zip_source_function_create(callback, f, error);
    if (source == NULL)
        free_file(f);
    return source;
}

static zh_zip_file *new_file(int fd, uint64_t start, uint64_t size)
{
    zh_zip_file *f = zh_calloc(1, sizeof(*f));

    if (f == NULL)
        return NULL;
    f->fd = fd;
    f->start = start;
    f->size = size;
    zip_error_init(&f->error);
    return f;
}

zip_source_t *zh_zip_file_source(int fd, bool write, zip_error_t *error)
{
    zh_zip_file *f;
    struct stat st;

    if (fstat(fd, &st) != 0) {
        zip_error_set(error, ZIP_ER_READ, errno);
        return NULL;
    }
    f = new_file(fd, 0, (uint64_t)st.st_size);
    if (f != NULL) {
        f->write = write;
        f->ahead = write ? NULL : zh_malloc(AHEAD_BYTES); /* does without */
    }
    return make_source(f, error);
}

zip_source_t *zh_zip_slice_source(int fd, uint64_t offset, uint64_t n, zip_error_t *error)
{
    return make_source(new_file(fd, offset, n), error);
}
