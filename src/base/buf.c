/* buf.c - see buf.h. Grows by doubling, never past max, and keeps its content when it cannot grow. */
#include "zh/buf.h"
#include "base/alloc.h"
#include "base/error.h"

#include <string.h>

#define SMALLEST_CAP 128u

void zh_buf_init(zh_buf *b, size_t maximum)
{
    *b = (zh_buf)ZH_BUF_INIT(maximum);
}

void zh_buf_dispose(zh_buf *b)
{
    zh_free(b->ptr);
    zh_buf_init(b, b->max);
}

int zh_buf_reserve(zh_buf *b, size_t total, zh_error *err)
{
    size_t cap = SMALLEST_CAP;
    uint8_t *p;

    if (total <= b->cap)
        return ZH_OK;
    if (total > b->max)
        return zh_error_set(err, ZH_RANGE, "%zu bytes are more than the limit of %zu", total, b->max);
    if (b->cap != 0)
        cap = b->cap <= b->max / 2 ? b->cap * 2 : b->max;
    if (cap < total)
        cap = total;
    if (cap > b->max)
        cap = b->max;
    p = zh_realloc(b->ptr, cap);
    if (p == NULL)
        return zh_error_nomem(err);
    b->ptr = p;
    b->cap = cap;
    return ZH_OK;
}

/* Room for n more bytes behind len. */
static int grow(zh_buf *b, size_t n, zh_error *err)
{
    size_t total;

    if (n <= b->cap - b->len)
        return ZH_OK;
    if (!zh_add_size(b->len, n, &total))
        return zh_error_set(err, ZH_RANGE, "a buffer's length overflows");
    return zh_buf_reserve(b, total, err);
}

int zh_buf_append(zh_buf *b, const void *p, size_t n, zh_error *err)
{
    int rc = grow(b, n, err);

    if (rc < 0)
        return rc;
    if (n > 0)
        memcpy(b->ptr + b->len, p, n);
    b->len += n;
    return ZH_OK;
}

int zh_buf_puts(zh_buf *b, const char *s, zh_error *err)
{
    return zh_buf_append(b, s, strlen(s), err);
}

int zh_buf_putc(zh_buf *b, char c, zh_error *err)
{
    int rc = grow(b, 1, err);

    if (rc < 0)
        return rc;
    b->ptr[b->len++] = (uint8_t)c;
    return ZH_OK;
}

int zh_buf_resize(zh_buf *b, size_t n, zh_error *err)
{
    int rc = zh_buf_reserve(b, n, err);

    if (rc < 0)
        return rc;
    b->len = n;
    return ZH_OK;
}

char *zh_buf_cstr(zh_buf *b, zh_error *err)
{
    if (grow(b, 1, err) < 0)
        return NULL;
    b->ptr[b->len] = '\0';
    return (char *)b->ptr;
}
