/* creation.c - paths and keys of a creation's entries. */
#include "builder/creation.h"

#include "base/key.h"

#include <stdio.h>
#include <string.h>

static int append_segmented(zh_buf *out, const char *tail, size_t n, zh_error *err)
{
    int rc = ZH_OK;

    if (n == 0)
        return ZH_OK;
    if (out->len > 0)
        rc = zh_buf_putc(out, '/', err);
    return rc < 0 ? rc : zh_buf_append(out, tail, n, err);
}

int zh_creation_path(const zh_creation *c, uint32_t i, zh_buf *out, zh_error *err)
{
    const zh_entry *e = &c->plan->entry[i];
    const int rc = zh_buf_append(out, c->group, c->group_len, err);

    return rc < 0 ? rc : append_segmented(out, e->path, e->path_len, err);
}

int zh_creation_place(const zh_creation *c, uint32_t i, zh_buf *out, zh_error *err)
{
    const zh_entry *e = &c->plan->entry[i], *top;
    char number[16];
    int rc;

    if (!c->staged || c->top[i] == ZH_ENTRY_NONE)
        return zh_creation_path(c, i, out, err);
    top = &c->plan->entry[c->tops[c->top[i]]];
    (void)snprintf(number, sizeof(number), "/%u", c->top[i]);
    rc = zh_buf_puts(out, c->stage, err);
    if (rc == ZH_OK)
        rc = zh_buf_puts(out, number, err);
    return rc < 0 ? rc : zh_buf_append(out, e->path + top->path_len, e->path_len - top->path_len, err);
}

const char *zh_creation_key(zh_buf *out, const char *document, zh_error *err)
{
    if (append_segmented(out, document, strlen(document), err) < 0)
        return NULL;
    return zh_buf_cstr(out, err);
}

uint32_t zh_creation_find(const zh_creation *c, const char *path, size_t n)
{
    uint32_t low = 0, high = c->plan->n;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        const zh_entry *e = &c->plan->entry[middle];
        const int order = zh_plan__compare(e->path, e->path_len, path, (uint32_t)n);

        if (order == 0)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return ZH_ENTRY_NONE;
}

int zh_creation_flush(const zh_creation *c, zh_error *err)
{
    return c->opts.durable ? zh_store_sync(c->store, err) : zh_store_flush(c->store, err);
}

uint32_t zh_creation_next_child(const zh_creation *c, uint32_t group, uint32_t child)
{
    const uint32_t next = child == 0 ? group + 1 : c->plan->entry[child].end;

    return next < c->plan->entry[group].end ? next : ZH_ENTRY_NONE;
}
