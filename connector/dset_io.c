/* dset_io.c - H5Dread and H5Dwrite: selections, memory types and strings between the application's buffer and the
 * array.
 *
 * Where memory and file hold the same bytes in one run, the array works on the application's buffer. All else goes
 * through strips of at most STRIP_BYTES: gather, convert, make cells, write; or read, make elements, convert, scatter.
 * A strip ends at chunk borders where the selection allows, so that a chunk is not encoded twice.
 *
 * Stored text (Zarr strings) has no padding and is UTF-8; elements of HDF5's fixed strings get it stripped and restored
 * here.
 */
#include "dset.h"

#include "base/alloc.h"
#include "base/error.h"
#include "dset_mem.h"
#include "dset_strip.h"
#include "err.h"
#include "h5conv.h"
#include "h5space.h"

#include <string.h>

#define STRIP_BYTES ((uint64_t)64 << 20)

/* One transfer. Everything owned is released by io_dispose, whatever state it is in. */
typedef struct io {
    const zvol_dset *d;
    zh_array *a;
    zvol_xfer x;
    zvol_mem mem;
    zvol_mem old; /* a second walk over memory, for what it holds before the read */
    zvol_strips strips;
    hid_t mem_type, dxpl;
    hid_t file_type; /* negative: the memory holds the file's elements */
    size_t mem_size; /* bytes an element in memory, and in the file */
    size_t file_size;
    bool text;           /* the array's cells are zh_vlen */
    bool partial;        /* compound: H5Tconvert needs what is there already */
    uint8_t *elements;   /* a strip of elements of the larger size */
    uint8_t *background; /* partial */
    zh_vlen *cells;      /* text */
} io;

static void io_dispose(io *t)
{
    if (t->file_type >= 0)
        H5Tclose(t->file_type);
    zvol_mem_dispose(&t->mem);
    zvol_mem_dispose(&t->old);
    zvol_xfer_dispose(&t->x);
    zh_free(t->elements);
    zh_free(t->background);
    zh_free(t->cells);
}

static int check_dxpl(hid_t dxpl, zh_error *err)
{
    ssize_t n = -1;

    if (zvol_dxpl_is_default(dxpl))
        return ZH_OK;
    H5E_BEGIN_TRY
    {
        n = H5Pget_data_transform(dxpl, NULL, 0); /* fails where none is set */
    }
    H5E_END_TRY
    return n > 0 ? zh_error_set(err, ZH_UNSUPPORTED, "data transforms (H5Pset_data_transform) are not supported")
                 : ZH_OK;
}

static int resolve_type(io *t, zh_error *err)
{
    const zvol_type *file = &t->d->type;

    t->text = zh_dtype_is_variable(&t->d->stored);
    t->file_size = file->size;
    if (file->cls == ZVOL_T_VSTRING) {
        t->mem_size = sizeof(char *);
        return zvol_check_string_mem(file, t->mem_type, err);
    }
    t->mem_size = H5Tget_size(t->mem_type);
    if (t->mem_size == 0)
        return zvol_err_h5(err, ZH_INVALID, "not a memory datatype");
    if (zvol_type_is(file, t->mem_type))
        return ZH_OK;
    t->partial = file->cls == ZVOL_T_COMPLEX;
    t->file_type = zvol_type_make(file, err);
    return t->file_type < 0 ? ZH_INTERNAL : ZH_OK;
}

static int io_init(io *t, const zvol_dset *d, zh_array *a, const uint64_t *shape, hid_t mem_type, hid_t mem_space,
                   hid_t file_space, hid_t dxpl, zh_error *err)
{
    int rc;

    t->d = d;
    t->a = a;
    t->mem.iter = t->old.iter = -1;
    t->mem_type = mem_type;
    t->dxpl = dxpl;
    t->file_type = -1;
    t->partial = false;
    t->elements = t->background = NULL;
    t->cells = NULL;
    t->x.runs = NULL;
    rc = check_dxpl(dxpl, err);
    if (rc == ZH_OK)
        rc = zvol_xfer_init(&t->x, mem_space, file_space, d->rank, shape, d->null_space, err);
    if (rc == ZH_OK)
        rc = resolve_type(t, err);
    return rc;
}

/* The strips, and buffers for the largest of them. */
static int prepare_strips(io *t, const uint64_t *shape, zh_error *err)
{
    const uint64_t size = t->mem_size > t->file_size ? t->mem_size : t->file_size;
    const uint64_t each = size + (t->text ? sizeof(zh_vlen) : 0) + (t->partial ? size : 0);
    uint64_t n = STRIP_BYTES / each > 0 ? STRIP_BYTES / each : 1;

    zvol_strips_init(&t->strips, &t->x, shape, t->d->layout == H5D_CHUNKED ? t->d->chunk : NULL, n);
    if (n > t->x.npoints)
        n = t->x.npoints;
    t->elements = zh_reallocarray(NULL, n, size);
    if (t->partial)
        t->background = zh_reallocarray(NULL, n, size);
    if (t->text)
        t->cells = zh_reallocarray(NULL, n, sizeof(*t->cells));
    if (!t->elements || (t->partial && !t->background) || (t->text && !t->cells))
        return zh_error_nomem(err);
    return zvol_mem_init(&t->mem, &t->x, t->mem_size, err);
}

static int need_buffer(const io *t, const void *buf, zh_error *err)
{
    return buf || t->x.npoints == 0
               ? ZH_OK
               : zh_error_set(err, ZH_INVALID, "no buffer for %llu elements", (unsigned long long)t->x.npoints);
}

/* ---- text ---- */

static int not_utf8(uint64_t i, zh_error *err)
{
    return zh_error_set(err, ZH_UNSUPPORTED,
                        "string %llu of the selection is not valid UTF-8, which is all that Zarr strings can hold",
                        (unsigned long long)i);
}

/* Elements of the file type to cells that point into them. */
static int elements_to_cells(const io *t, uint64_t n, zh_error *err)
{
    const zvol_type *type = &t->d->type;

    for (uint64_t i = 0; i < n; i++) {
        char *s = (char *)t->elements + i * t->file_size;
        size_t len;

        if (type->cls == ZVOL_T_VSTRING) {
            memcpy(&s, t->elements + i * sizeof(s), sizeof(s));
            len = s ? strlen(s) : 0;
        } else {
            len = zvol_text_length(type, s);
        }
        if (len > 0 && !zh_utf8_valid(s, len))
            return not_utf8(i, err);
        t->cells[i] = (zh_vlen){len > 0 ? s : NULL, len};
    }
    return ZH_OK;
}

/* Cells to fixed strings; longer text is cut. */
static void cells_to_elements(const io *t, uint64_t n)
{
    const zvol_type *type = &t->d->type;

    for (uint64_t i = 0; i < n; i++) {
        uint8_t *p = t->elements + i * t->file_size;
        const size_t len = t->cells[i].len < t->file_size ? t->cells[i].len : t->file_size;

        if (len > 0)
            memcpy(p, t->cells[i].data, len);
        memset(p + len, type->strpad == H5T_STR_SPACEPAD ? ' ' : 0, t->file_size - len);
    }
}

/* ---- writing ---- */

static int write_strip(io *t, const zh_sel *sel, uint64_t n, const void *buf, zh_error *err)
{
    int rc = zvol_mem_gather(&t->mem, t->elements, buf, n, err);

    if (rc == ZH_OK && t->partial)
        rc = zh_array_read(t->a, sel, t->background, NULL, err);
    if (rc == ZH_OK && t->file_type >= 0)
        rc = zvol_convert(t->mem_type, t->file_type, n, t->elements, t->background, t->dxpl, err);
    if (rc == ZH_OK && t->text)
        rc = elements_to_cells(t, n, err);
    if (rc == ZH_OK)
        rc = zh_array_write(t->a, sel, t->text ? (const void *)t->cells : t->elements, err);
    return rc;
}

static int write_strips(io *t, const uint64_t *shape, const void *buf, zh_error *err)
{
    zh_sel sel;
    uint64_t n;
    int rc = prepare_strips(t, shape, err);

    while (rc == ZH_OK && zvol_strips_next(&t->strips, &sel, &n))
        rc = write_strip(t, &sel, n, buf, err);
    return rc;
}

int zvol_dset_write(const zvol_dset *d, zh_array *a, const uint64_t *shape, hid_t mem_type, hid_t mem_space,
                    hid_t file_space, hid_t dxpl, const void *buf, zh_error *err)
{
    io t;
    int rc = io_init(&t, d, a, shape, mem_type, mem_space, file_space, dxpl, err);

    if (rc == ZH_OK)
        rc = need_buffer(&t, buf, err);
    if (rc == ZH_OK && t.x.npoints > 0) {
        if (t.file_type < 0 && !t.text && t.x.mem_contiguous)
            rc = zh_array_write(a, &t.x.sel, (const uint8_t *)buf + t.x.mem_offset * t.mem_size, err);
        else
            rc = write_strips(&t, shape, buf, err);
    }
    io_dispose(&t);
    return rc;
}

/* ---- reading ---- */

static int read_strip(io *t, const zh_sel *sel, uint64_t n, void *buf, zh_error *err)
{
    zh_arena strings = ZH_ARENA_INIT;
    int rc = zh_array_read(t->a, sel, t->text ? (void *)t->cells : t->elements, &strings, err);

    if (rc == ZH_OK && t->text)
        cells_to_elements(t, n);
    zh_arena_dispose(&strings);
    if (rc == ZH_OK && t->partial)
        rc = zvol_mem_gather(&t->old, t->background, buf, n, err);
    if (rc == ZH_OK && t->file_type >= 0)
        rc = zvol_convert(t->file_type, t->mem_type, n, t->elements, t->background, t->dxpl, err);
    if (rc == ZH_OK)
        rc = zvol_mem_scatter(&t->mem, buf, t->elements, n, err);
    return rc;
}

static int read_strips(io *t, const uint64_t *shape, void *buf, zh_error *err)
{
    zh_sel sel;
    uint64_t n;
    int rc = prepare_strips(t, shape, err);

    if (rc == ZH_OK && t->partial)
        rc = zvol_mem_init(&t->old, &t->x, t->mem_size, err);
    while (rc == ZH_OK && zvol_strips_next(&t->strips, &sel, &n))
        rc = read_strip(t, &sel, n, buf, err);
    return rc;
}

/* One strip of variable strings as new strings of the application; those made before a failure stay in `made`. */
static int make_strings(io *t, const zvol_app_memory *memory, char **made, const zh_sel *sel, uint64_t n, zh_error *err)
{
    zh_arena strings = ZH_ARENA_INIT;
    int rc = zh_array_read(t->a, sel, t->cells, &strings, err);

    for (uint64_t i = 0; i < n && rc == ZH_OK; i++) {
        made[i] = zvol_app_strndup(memory, t->cells[i].data, t->cells[i].len);
        if (!made[i])
            rc = zh_error_nomem(err);
    }
    zh_arena_dispose(&strings);
    return rc;
}

/* The application's buffer is touched only when all strings are there, so that a failure leaves nothing to be freed. */
static int read_strings(io *t, const uint64_t *shape, void *buf, zh_error *err)
{
    zvol_app_memory memory;
    char **made = zh_calloc(t->x.npoints, sizeof(*made));
    uint64_t done = 0, n;
    zh_sel sel;
    int rc = zvol_app_memory_init(&memory, t->dxpl, err);

    if (rc == ZH_OK && !made)
        rc = zh_error_nomem(err);
    if (rc == ZH_OK)
        rc = prepare_strips(t, shape, err);
    while (rc == ZH_OK && zvol_strips_next(&t->strips, &sel, &n)) {
        rc = make_strings(t, &memory, made + done, &sel, n, err);
        done += n;
    }
    if (rc == ZH_OK)
        rc = zvol_mem_scatter(&t->mem, buf, made, t->x.npoints, err);
    for (uint64_t i = 0; rc < 0 && made && i < t->x.npoints; i++)
        zvol_app_free(&memory, made[i]);
    zh_free(made);
    return rc;
}

/* One run of memory that has room for the file's elements: no other buffer is needed. */
static int read_in_place(io *t, void *buf, zh_error *err)
{
    uint8_t *p = (uint8_t *)buf + t->x.mem_offset * t->mem_size;
    int rc = zh_array_read(t->a, &t->x.sel, p, NULL, err);

    if (rc == ZH_OK && t->file_type >= 0)
        rc = zvol_convert(t->file_type, t->mem_type, t->x.npoints, p, NULL, t->dxpl, err);
    return rc;
}

int zvol_dset_read(const zvol_dset *d, zh_array *a, const uint64_t *shape, hid_t mem_type, hid_t mem_space,
                   hid_t file_space, hid_t dxpl, void *buf, zh_error *err)
{
    io t;
    int rc = io_init(&t, d, a, shape, mem_type, mem_space, file_space, dxpl, err);

    if (rc == ZH_OK)
        rc = need_buffer(&t, buf, err);
    if (rc == ZH_OK && t.x.npoints > 0) {
        if (d->type.cls == ZVOL_T_VSTRING)
            rc = read_strings(&t, shape, buf, err);
        else if (!t.text && !t.partial && t.x.mem_contiguous && t.mem_size >= t.file_size)
            rc = read_in_place(&t, buf, err);
        else
            rc = read_strips(&t, shape, buf, err);
    }
    io_dispose(&t);
    return rc;
}
