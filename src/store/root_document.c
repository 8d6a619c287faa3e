/* root_document.c - is a directory a Zarr store, so surely that all in it may be removed? Its names alone do not say
 * so: the root document is read. */
#include "store/file_io.h"
#include "store/store_impl.h"
#include "zh/buf.h"
#include "base/error.h"
#include "base/json.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT_MAX ((size_t)1 << 30) /* as for the documents of nodes */

static int cannot_read(int errnum, const char *name, zh_error *err)
{
    return zh_error_sys(err, errnum, "cannot read '%s'", name);
}

/* The text of a regular file, or of one that a link leads to. ZH_NOTFOUND: there is neither. */
static int read_text(zh_buf *out, int dir, const char *name, zh_error *err)
{
    struct stat st;
    size_t got = 0;
    int fd, rc;

    if (fstatat(dir, name, &st, 0) != 0)
        return errno == ENOENT || errno == ELOOP ? ZH_NOTFOUND : cannot_read(errno, name, err);
    if (!S_ISREG(st.st_mode))
        return ZH_NOTFOUND;
    rc = zh_buf_resize(out, (size_t)st.st_size, err);
    if (rc < 0)
        return rc;
    fd = openat(dir, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return cannot_read(errno, name, err);
    rc = zh_io_pread(fd, out->ptr, out->len, 0, &got);
    (void)close(fd);
    out->len = got;
    return rc == 0 ? ZH_OK : cannot_read(rc, name, err);
}

/* An object whose zarr_format is that of documents of this name. */
static int check_text(bool *is_document, const zh_buf *text, const char *name, zh_error *err)
{
    const int64_t want = strcmp(name, "zarr.json") == 0 ? ZH_V3 : ZH_V2;
    zh_error why = ZH_ERROR_INIT;
    int64_t format;
    zh_json *j;
    const int rc = zh_json_parse(&j, (const char *)text->ptr, text->len, &why);

    if (rc == ZH_NOMEM)
        return zh_error_nomem(err);
    if (rc < 0)
        return ZH_OK;
    *is_document =
        zh_json_typeof(j) == ZH_JSON_OBJECT && zh_json_i64(zh_json_get(j, "zarr_format"), &format) && format == want;
    zh_json_free(j);
    return ZH_OK;
}

static int check(bool *is_document, int dir, const char *name, zh_error *err)
{
    zh_buf text = ZH_BUF_INIT(TEXT_MAX);
    int rc = read_text(&text, dir, name, err);

    *is_document = false;
    if (rc == ZH_OK && text.len > 0)
        rc = check_text(is_document, &text, name, err);
    zh_buf_dispose(&text);
    return rc == ZH_NOTFOUND ? ZH_OK : rc;
}

int zh_store__find_root_document(const char **out, int dir, zh_error *err)
{
    zh_error first = ZH_ERROR_INIT;
    int rc = ZH_OK;

    *out = NULL;
    for (size_t i = 0; i < ZH_ROOT_DOCUMENTS; i++) {
        bool is_document;
        const int one = check(&is_document, dir, zh_store__root_documents[i], rc == ZH_OK ? &first : NULL);

        if (is_document) {
            *out = zh_store__root_documents[i];
            return ZH_OK;
        }
        if (rc == ZH_OK)
            rc = one;
    }
    if (rc < 0 && err != NULL)
        *err = first;
    return rc;
}
