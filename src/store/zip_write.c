/* zip_write.c - see zip_write.h. */
#include "store/zip_write.h"
#include "store/file_io.h"
#include "store/zip_file.h"
#include "base/alloc.h"
#include "base/error.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

struct zh_zip_item {
    const char *key;
    zh_zip_value *value;
    unsigned depth; /* segments before the last; documents only */
    bool document;
};

int zh_zip_failed(zh_error *err, zip_error_t *why, const char *what)
{
    const char *words = zip_error_strerror(why);
    const int errnum = zip_error_system_type(why) == ZIP_ET_SYS ? zip_error_code_system(why) : 0;
    int code = ZH_IO;

    switch (zip_error_code_zip(why)) {
    case ZIP_ER_MEMORY:
        code = ZH_NOMEM;
        break;
    case ZIP_ER_NOZIP:
    case ZIP_ER_INCONS:
    case ZIP_ER_CRC:
    case ZIP_ER_EOF:
    case ZIP_ER_ZLIB:
    case ZIP_ER_COMPRESSED_DATA:
        code = ZH_CORRUPT;
        break;
    case ZIP_ER_MULTIDISK:
    case ZIP_ER_COMPNOTSUPP:
    case ZIP_ER_ENCRNOTSUPP:
    case ZIP_ER_NOPASSWD:
    case ZIP_ER_WRONGPASSWD:
        code = ZH_UNSUPPORTED;
        break;
    default:
        break;
    }
    (void)zh_error_set(err, code, "%s: %s", what, words);
    if (err != NULL)
        err->sys_errno = errnum;
    return code;
}

/* --- the order --- */

static unsigned count_slashes(const char *s)
{
    unsigned n = 0;

    for (; *s != '\0'; s++)
        n += *s == '/';
    return n;
}

static int compare(const void *a, const void *b)
{
    const struct zh_zip_item *x = a;
    const struct zh_zip_item *y = b;

    if (x->document != y->document)
        return x->document ? -1 : 1;
    if (x->depth != y->depth)
        return x->depth < y->depth ? -1 : 1;
    return strcmp(x->key, y->key);
}

int zh_zip_plan_make(zh_zip_plan *plan, const zh_keymap *index, zh_error *err)
{
    size_t i = 0;

    plan->items = zh_calloc(index->n, sizeof(*plan->items));
    if (plan->items == NULL)
        return zh_error_nomem(err);
    for (zh_keymap_node *node = zh_keymap_seek(index, ""); node != NULL; node = zh_keymap_next(node)) {
        struct zh_zip_item *item = &plan->items[i];

        if (zh_store__is_temporary_key(zh_keymap_key(node)))
            continue;
        i++;

        item->key = zh_keymap_key(node);
        item->value = zh_keymap_value(node);
        item->document = zh_store__is_document_key(item->key);
        item->depth = item->document ? count_slashes(item->key) : 0;
    }
    plan->n = i;
    if (plan->n > 1)
        qsort(plan->items, plan->n, sizeof(*plan->items), compare);
    return ZH_OK;
}

void zh_zip_plan_dispose(zh_zip_plan *plan)
{
    zh_free(plan->items);
    *plan = (zh_zip_plan)ZH_ZIP_PLAN_INIT;
}

void zh_zip_plan_settle(zh_zip_plan *plan)
{
    for (size_t i = 0; i < plan->n; i++)
        plan->items[i].value->index = (int64_t)i;
}

/* --- the archive --- */

/* 1980-01-01 00:00:00, the first moment a zip archive can name: archives do not depend on when they were written. They
 * name local times, and libzip converts, so this is that moment here. */
static time_t first_moment(void)
{
    struct tm tm = {.tm_year = 80, .tm_mon = 0, .tm_mday = 1, .tm_isdst = -1};

    return mktime(&tm);
}

/* Both answer a source for the entry, or NULL with the error in `to`. */

static zip_source_t *pending_source(const struct zh_zip_item *item, zip_t *to, int spill)
{
    return zh_zip_slice_source(spill, item->value->offset, item->value->len, zip_get_error(to));
}

static zip_source_t *old_source(const struct zh_zip_item *item, zip_t *to, zip_t *old)
{
    return zip_source_zip(to, old, (zip_uint64_t)item->value->index, 0, 0, -1);
}

/* An entry that was stored stays stored; any other method stays by itself. */
static bool is_stored(zip_t *old, const struct zh_zip_item *item)
{
    zip_stat_t st;

    return zip_stat_index(old, (zip_uint64_t)item->value->index, 0, &st) == 0 &&
           (st.valid & ZIP_STAT_COMP_METHOD) != 0 && st.comp_method == ZIP_CM_STORE;
}

/* 0, or -1 with the error in `to`. */
static int add_item(zip_t *to, const struct zh_zip_item *item, zip_t *old, int spill, time_t time)
{
    const bool pending = item->value->index < 0;
    zip_source_t *source = pending ? pending_source(item, to, spill) : old_source(item, to, old);
    zip_int64_t index;

    if (source == NULL)
        return -1;
    index = zip_file_add(to, item->key, source, ZIP_FL_ENC_UTF_8);
    if (index < 0) {
        zip_source_free(source);
        return -1;
    }
    if (pending && zip_file_set_mtime(to, (zip_uint64_t)index, time, 0) < 0)
        return -1;
    if (pending || is_stored(old, item))
        return zip_set_file_compression(to, (zip_uint64_t)index, ZIP_CM_STORE, 0);
    return 0;
}

static int copy_comment(zip_t *to, zip_t *old)
{
    int n = 0;
    const char *comment = old == NULL ? NULL : zip_get_archive_comment(old, &n, ZIP_FL_ENC_RAW);

    if (comment == NULL || n <= 0)
        return 0;
    return zip_set_archive_comment(to, comment, (zip_uint16_t)n);
}

/* libzip writes no archive without entries. */
static int write_empty(int fd, zh_error *err)
{
    static const unsigned char end_of_directory[22] = {'P', 'K', 5, 6};
    const int rc = zh_io_pwrite(fd, end_of_directory, sizeof(end_of_directory), 0);

    return rc == 0 ? ZH_OK : zh_error_sys(err, rc, "cannot write an empty archive");
}

static int begin(zip_t **out, int fd, zh_error *err)
{
    zip_error_t why;
    zip_source_t *source;
    int rc = ZH_OK;

    *out = NULL;
    zip_error_init(&why);
    source = zh_zip_file_source(fd, true, &why);
    if (source != NULL) {
        *out = zip_open_from_source(source, ZIP_CREATE | ZIP_TRUNCATE, &why);
        if (*out == NULL)
            zip_source_free(source);
    }
    if (*out == NULL)
        rc = zh_zip_failed(err, &why, "cannot begin an archive");
    zip_error_fini(&why);
    return rc;
}

int zh_zip_write(int fd, const zh_zip_plan *plan, zip_t *old, int spill, zh_error *err)
{
    const time_t time = first_moment();
    zip_t *to;
    int rc;

    if (plan->n == 0)
        return write_empty(fd, err);
    rc = begin(&to, fd, err);
    if (rc < 0)
        return rc;
    rc = copy_comment(to, old);
    for (size_t i = 0; rc == 0 && i < plan->n; i++)
        rc = add_item(to, &plan->items[i], old, spill, time);
    if (rc == 0)
        rc = zip_close(to);
    if (rc == 0)
        return ZH_OK;
    rc = zh_zip_failed(err, zip_get_error(to), "cannot write the archive");
    zip_discard(to);
    return rc;
}
