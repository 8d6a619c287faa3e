/* rootless.c - see rootless.h. */
#include "cli/rootless.h"

#include "zh/buf.h"

#include <string.h>

typedef struct search {
    zh_buf waiting; /* prefixes to be looked at, each with a NUL behind it; the last one is the next */
    zh_buf at;      /* the one that is looked at, with a NUL */
    bool node;      /* it is a node */
    bool foreign;   /* it holds a file */
} search;

static int push(search *w, const char *name, zh_error *err)
{
    const char *at = (const char *)w->at.ptr;
    int rc = zh_buf_puts(&w->waiting, at, err);

    if (rc == ZH_OK && at[0] != '\0')
        rc = zh_buf_putc(&w->waiting, '/', err);
    return rc < 0 ? rc : zh_buf_append(&w->waiting, name, strlen(name) + 1, err);
}

static int pop(search *w, zh_error *err)
{
    size_t start = w->waiting.len - 1;
    int rc;

    while (start > 0 && w->waiting.ptr[start - 1] != '\0')
        start--;
    w->at.len = 0;
    rc = zh_buf_append(&w->at, w->waiting.ptr + start, w->waiting.len - start, err);
    w->waiting.len = start;
    return rc;
}

static int note(void *payload, const char *name, bool is_prefix, zh_error *err)
{
    search *w = payload;

    if (is_prefix)
        return push(w, name, err);
    if (strcmp(name, "zarr.json") == 0 || strcmp(name, ".zarray") == 0 || strcmp(name, ".zgroup") == 0)
        w->node = true;
    else
        w->foreign = true;
    return ZH_OK;
}

/* What is below a node belongs to it. */
static int look(search *w, zh_store *s, zh_error *err)
{
    const size_t waiting = w->waiting.len;
    int rc;

    w->node = w->foreign = false;
    rc = zh_store_list(s, (const char *)w->at.ptr, note, w, err);
    if (w->node)
        w->waiting.len = waiting;
    return rc;
}

int cli_is_rootless(bool *out, zh_store *s, zh_error *err)
{
    search w = {.waiting = ZH_BUF_INIT(SIZE_MAX), .at = ZH_BUF_INIT(SIZE_MAX)};
    bool nodes = false, others = false;
    int rc = zh_buf_putc(&w.at, '\0', err);

    if (rc == ZH_OK)
        rc = look(&w, s, err);
    others = w.node || w.foreign;
    while (rc == ZH_OK && !others && w.waiting.len > 0) {
        rc = pop(&w, err);
        if (rc == ZH_OK)
            rc = look(&w, s, err);
        nodes = nodes || w.node;
        others = w.foreign && !w.node;
    }
    *out = rc == ZH_OK && nodes && !others;
    zh_buf_dispose(&w.waiting);
    zh_buf_dispose(&w.at);
    return rc;
}
