/* consolidate.c - consolidated metadata: a copy of all documents below a group, in one. Members stand by depth, then by
 * path, as zarr-python writes them; readers do not care. Of v3 every group in it carries an empty one of its own, since
 * readers take its absence for "not consolidated". */
#include "builder/consolidate.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/jsonw.h"
#include "base/key.h"
#include "builder/entry_docs.h"
#include "builder/reader.h"
#include "store/key_list.h"

#include <stdlib.h>
#include <string.h>

#define VALUE_MAX ((size_t)1 << 30)

static const char v3_head[] = "{\"kind\":\"inline\",\"must_understand\":false,\"metadata\":{";
static const char v2_head[] = "{\"metadata\":{";
static const char v2_tail[] = "},\"zarr_consolidated_format\":1}";

int zh_consolidate__without(zh_buf *out, const zh_json *document, const zh_buf *value, zh_error *err)
{
    bool any = false;
    int rc = zh_buf_putc(out, '{', err);

    for (const zh_json *e = zh_json_first(document); rc == ZH_OK && e != NULL; e = zh_json_next(e)) {
        const char *name = zh_json_name(e);
        zh_jsonw w;

        if (strcmp(name, "consolidated_metadata") == 0 || zh_json_get(document, name) != e)
            continue;
        zh_jsonw_init(&w, out, err);
        w.comma = any;
        zh_jsonw_key(&w, name);
        rc = zh_jsonw_finish(&w);
        if (rc == ZH_OK)
            rc = zh_json_print(out, e, err);
        any = true;
    }
    if (rc == ZH_OK && value != NULL) {
        rc = zh_buf_puts(out, any ? ",\"consolidated_metadata\":" : "\"consolidated_metadata\":", err);
        if (rc == ZH_OK)
            rc = zh_buf_append(out, value->ptr, value->len, err);
    }
    return rc < 0 ? rc : zh_buf_putc(out, '}', err);
}

/* "path": or "path/document": with a comma before it unless it is the first. */
static int put_key(zh_buf *out, bool *any, const char *path, size_t n, const char *document, zh_error *err)
{
    zh_buf key = ZH_BUF_INIT(1 << 16);
    zh_jsonw w;
    int rc = zh_buf_append(&key, path, n, err);

    if (rc == ZH_OK && document != NULL && n > 0)
        rc = zh_buf_putc(&key, '/', err);
    if (rc == ZH_OK && document != NULL)
        rc = zh_buf_puts(&key, document, err);
    if (rc == ZH_OK) {
        zh_jsonw_init(&w, out, err);
        w.comma = *any;
        zh_jsonw_key_n(&w, (const char *)key.ptr, key.len);
        rc = zh_jsonw_finish(&w);
        *any = true;
    }
    zh_buf_dispose(&key);
    return rc;
}

static unsigned depth_of(const char *path, size_t n)
{
    unsigned depth = n > 0;

    for (size_t i = 0; i < n; i++)
        depth += path[i] == '/';
    return depth;
}

/* --- of a plan --- */

static int empty_consolidated(zh_buf *out, zh_error *err)
{
    const int rc = zh_buf_puts(out, v3_head, err);

    return rc < 0 ? rc : zh_buf_puts(out, "}}", err);
}

static int add_entry(zh_buf *out, bool *any, const zh_entry *e, const zh_buf *empty, zh_error *err)
{
    zh_document d[2];
    const unsigned n = zh_entry_documents(d, e, false);
    int rc = ZH_OK;

    for (unsigned k = n; rc == ZH_OK && k-- > 0;) { /* the one that makes the node first */
        rc = put_key(out, any, e->path, e->path_len, e->format == ZH_V3 ? NULL : zh_document_name(d[k]), err);
        if (rc == ZH_OK)
            rc = zh_entry_format(out, e, d[k], e->kind == ZH_NODE_GROUP ? empty : NULL, err);
    }
    return rc;
}

/* The plan's entries by depth, and in their order within one. *out is the caller's. */
static int order_by_depth(uint32_t **out, const zh_plan *p, zh_error *err)
{
    uint32_t start[ZH_KEY_MAX / 2 + 2] = {0}; /* of each depth; first the number of entries above it */
    uint32_t *order = zh_reallocarray(NULL, p->n, sizeof(*order));

    *out = order;
    if (order == NULL)
        return zh_error_nomem(err);
    for (uint32_t i = 0; i < p->n; i++)
        start[depth_of(p->entry[i].path, p->entry[i].path_len) + 1]++;
    for (size_t d = 1; d < sizeof(start) / sizeof(start[0]); d++)
        start[d] += start[d - 1];
    for (uint32_t i = 0; i < p->n; i++)
        order[start[depth_of(p->entry[i].path, p->entry[i].path_len)]++] = i;
    return ZH_OK;
}

int zh_consolidate__plan(zh_buf *out, const zh_plan *p, zh_error *err)
{
    zh_buf empty = ZH_BUF_INIT(1024);
    uint32_t *order = NULL;
    bool any = false;
    int rc = empty_consolidated(&empty, err);

    if (rc == ZH_OK)
        rc = order_by_depth(&order, p, err);
    if (rc == ZH_OK)
        rc = zh_buf_puts(out, p->format == ZH_V3 ? v3_head : v2_head, err);
    for (uint32_t i = 0; rc == ZH_OK && i < p->n; i++) {
        const zh_entry *e = &p->entry[order[i]];

        if (p->format == ZH_V2 || e->path_len > 0) /* v3's root carries it */
            rc = add_entry(out, &any, e, &empty, err);
    }
    if (rc == ZH_OK)
        rc = zh_buf_puts(out, p->format == ZH_V3 ? "}}" : v2_tail, err);
    zh_free(order);
    zh_buf_dispose(&empty);
    return rc;
}

/* --- of a store --- */

static int add_document(zh_buf *out, const char *text, const zh_buf *empty, zh_error *err)
{
    zh_json *j = NULL;
    int rc = zh_json_parse(&j, text, strlen(text), err);

    if (rc < 0)
        return rc;
    rc = zh_consolidate__without(out, j, empty, err);
    zh_json_free(j);
    return rc;
}

static int add_handle(zh_buf *out, bool *any, const char *path, const zh_handle *h, const zh_buf *empty, zh_error *err)
{
    const size_t n = strlen(path);
    int rc;

    if (h->format == ZH_V3) {
        rc = put_key(out, any, path, n, NULL, err);
        return rc < 0 ? rc : add_document(out, h->document, h->kind == ZH_NODE_GROUP ? empty : NULL, err);
    }
    rc = put_key(out, any, path, n, h->kind == ZH_NODE_ARRAY ? ".zarray" : ".zgroup", err);
    if (rc == ZH_OK)
        rc = h->document != NULL ? add_document(out, h->document, NULL, err)
                                 : zh_buf_puts(out, "{\"zarr_format\":2}", err);
    if (rc < 0 || h->attributes == NULL)
        return rc;
    rc = put_key(out, any, path, n, ".zattrs", err);
    if (rc == ZH_OK)
        rc = zh_buf_putc(out, '{', err);
    if (rc == ZH_OK)
        rc = zh_buf_puts(out, h->attributes, err);
    return rc < 0 ? rc : zh_buf_putc(out, '}', err);
}

static int compare_depth(const void *a, const void *b)
{
    const char *x = ((const zh_found_member *)a)->path, *y = ((const zh_found_member *)b)->path;
    const unsigned dx = depth_of(x, strlen(x)), dy = depth_of(y, strlen(y));

    return dx != dy ? (dx < dy ? -1 : 1) : strcmp(x, y);
}

static int format_members(zh_buf *out, zh_members *members, const zh_handle *group, zh_error *err)
{
    zh_buf empty = ZH_BUF_INIT(1024);
    bool any = false;
    int rc = empty_consolidated(&empty, err);

    if (members->n > 1)
        qsort(members->item, members->n, sizeof(*members->item), compare_depth);
    if (rc == ZH_OK)
        rc = zh_buf_puts(out, group->format == ZH_V3 ? v3_head : v2_head, err);
    if (rc == ZH_OK && group->format == ZH_V2)
        rc = add_handle(out, &any, "", group, NULL, err);
    for (size_t i = 0; rc == ZH_OK && i < members->n; i++) {
        const zh_found_member *m = &members->item[i];

        if (m->error != NULL) {
            rc = m->error->code;
            if (err != NULL)
                *err = *m->error;
        } else {
            rc = add_handle(out, &any, m->path, m->handle, &empty, err);
        }
    }
    if (rc == ZH_OK)
        rc = zh_buf_puts(out, group->format == ZH_V3 ? "}}" : v2_tail, err);
    zh_buf_dispose(&empty);
    return rc;
}

static int of_group(zh_buf *out, zh_handle **group, zh_store *s, zh_pool *pool, const char *path, zh_format format,
                    zh_error *err)
{
    zh_members members;
    int rc = zh_get_node(group, s, path, (int)format, err);

    if (rc == ZH_NOTFOUND)
        return zh_error_set(err, ZH_NOTFOUND, "there is no group '/%.200s'", path);
    if (rc < 0)
        return rc;
    if ((*group)->kind != ZH_NODE_GROUP)
        return zh_error_set(err, ZH_INVALID, "'/%.200s' is an array", path);
    rc = zh_members_load(&members, s, pool, (*group)->path, format, 0, err);
    if (rc < 0)
        return rc;
    rc = format_members(out, &members, *group, err);
    zh_members_dispose(&members);
    return rc;
}

int zh_consolidate__store(zh_buf *out, zh_store *s, zh_pool *pool, const char *path, zh_format format, zh_error *err)
{
    zh_handle *group = NULL;
    const int rc = of_group(out, &group, s, pool, path, format, err);

    zh_handle_close(group);
    return rc;
}

static int put(zh_store *s, const char *path, const char *document, const zh_buf *text, zh_error *err)
{
    zh_buf key = ZH_BUF_INIT(1 << 16);
    const char *k;
    int rc = zh_key_join(&key, path, document, err);

    k = rc < 0 ? NULL : zh_buf_cstr(&key, err);
    rc = k == NULL ? ZH_NOMEM : zh_store_put(s, k, text->ptr, text->len, 0, err);
    zh_buf_dispose(&key);
    return rc;
}

int zh_consolidate__write(zh_store *s, zh_pool *pool, const char *path, zh_format format, zh_error *err)
{
    zh_buf value = ZH_BUF_INIT(VALUE_MAX), text = ZH_BUF_INIT(VALUE_MAX);
    zh_handle *group = NULL;
    zh_json *j = NULL;
    int rc = of_group(&value, &group, s, pool, path, format, err);

    if (rc == ZH_OK && format == ZH_V2) {
        rc = put(s, group->path, ".zmetadata", &value, err);
    } else if (rc == ZH_OK) {
        rc = zh_json_parse(&j, group->document, strlen(group->document), err);
        if (rc == ZH_OK) {
            rc = zh_consolidate__without(&text, j, &value, err);
            zh_json_free(j);
        }
        if (rc == ZH_OK)
            rc = put(s, group->path, "zarr.json", &text, err);
    }
    zh_handle_close(group);
    zh_buf_dispose(&value);
    zh_buf_dispose(&text);
    return rc;
}

int zh_consolidate(zh_store *s, const char *path, unsigned requests, zh_error *err)
{
    zh_handle *group = NULL;
    zh_pool *pool = NULL;
    int rc = zh_get_node(&group, s, path, 0, err);

    if (rc == ZH_NOTFOUND)
        return zh_error_set(err, ZH_NOTFOUND, "there is no group '/%.200s'", path == NULL ? "" : path);
    if (rc < 0)
        return rc;
    rc = zh_pool_new(&pool, requests > 0 ? requests : zh_store_depth(s), err);
    if (rc == ZH_OK)
        rc = zh_store_lock(s, err); /* no node may come between the reading and the writing */
    if (rc == ZH_OK) {
        rc = zh_consolidate__write(s, pool, group->path, group->format, err);
        if (rc == ZH_OK)
            rc = zh_store_flush(s, err);
        zh_store_unlock(s);
    }
    zh_pool_free(pool);
    zh_handle_close(group);
    return rc;
}
