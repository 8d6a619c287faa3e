/* reader.c - nodes by path, and the members of a group. */
#include "builder/reader.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/key.h"
#include "builder/plan_internal.h"
#include "store/key_list.h"

#include <stdlib.h>
#include <string.h>

#define DOCUMENT_MAX ((size_t)1 << 30)

void zh_reader_init(zh_reader *r)
{
    zh_buf_init(&r->key, ZH_KEY_MAX);
    zh_buf_init(&r->text, DOCUMENT_MAX);
    zh_buf_init(&r->attrs, DOCUMENT_MAX);
}

void zh_reader_dispose(zh_reader *r)
{
    zh_buf_dispose(&r->key);
    zh_buf_dispose(&r->text);
    zh_buf_dispose(&r->attrs);
}

static int get(zh_buf *out, zh_reader *r, zh_store *s, const char *path, const char *document, zh_error *err)
{
    const char *key;
    int rc;

    r->key.len = out->len = 0;
    rc = zh_key_join(&r->key, path, document, err);
    if (rc < 0)
        return rc;
    key = zh_buf_cstr(&r->key, err);
    return key == NULL ? ZH_NOMEM : zh_store_get(s, key, out, err);
}

static int exists(bool *is, zh_reader *r, zh_store *s, const char *path, const char *document, zh_error *err)
{
    const char *key;
    uint64_t size;
    int rc;

    *is = false;
    r->key.len = 0;
    rc = zh_key_join(&r->key, path, document, err);
    if (rc < 0)
        return rc;
    key = zh_buf_cstr(&r->key, err);
    rc = key == NULL ? ZH_NOMEM : zh_store_size(s, key, &size, err);
    *is = rc == ZH_OK;
    return rc == ZH_NOTFOUND ? ZH_OK : rc;
}

static int parse(zh_handle **out, zh_reader *r, zh_store *s, const char *path, zh_format format, zh_node_kind kind,
                 bool has_attrs, zh_error *err)
{
    int rc = zh_handle__new(out, s, path, path, err);

    if (rc < 0)
        return rc;
    rc = zh_handle__parse(*out, format, kind, &r->text, has_attrs ? &r->attrs : NULL, err);
    if (rc < 0) {
        zh_error_prefix(err, "'/%.200s'", path);
        zh_handle_close(*out);
        *out = NULL;
    }
    return rc;
}

static int read_v2(zh_handle **out, zh_reader *r, zh_store *s, const char *path, zh_error *err)
{
    zh_node_kind kind = ZH_NODE_ARRAY;
    bool both = false, has_attrs;
    int rc = get(&r->text, r, s, path, ".zarray", err);

    if (rc == ZH_OK) {
        rc = exists(&both, r, s, path, ".zgroup", err);
        if (rc == ZH_OK && both)
            rc = zh_error_set(err, ZH_AMBIGUOUS_NODE, "'/%.200s' has a .zarray and a .zgroup", path);
    } else if (rc == ZH_NOTFOUND) {
        kind = ZH_NODE_GROUP;
        rc = get(&r->text, r, s, path, ".zgroup", err);
    }
    if (rc < 0)
        return rc;
    rc = get(&r->attrs, r, s, path, ".zattrs", err);
    has_attrs = rc == ZH_OK;
    if (rc < 0 && rc != ZH_NOTFOUND)
        return rc;
    return parse(out, r, s, path, ZH_V2, kind, has_attrs, err);
}

int zh_reader_node(zh_handle **out, zh_reader *r, zh_store *s, const char *path, zh_format format, zh_error *err)
{
    int rc;

    *out = NULL;
    if (format == ZH_V2)
        return read_v2(out, r, s, path, err);
    rc = get(&r->text, r, s, path, "zarr.json", err);
    return rc < 0 ? rc : parse(out, r, s, path, ZH_V3, ZH_NODE_GROUP, false, err);
}

static int get_any(zh_handle **out, zh_reader *r, zh_store *s, const char *path, zh_error *err)
{
    bool group, array = false;
    int rc = zh_reader_node(out, r, s, path, ZH_V3, err);

    if (rc == ZH_NOTFOUND)
        return zh_reader_node(out, r, s, path, ZH_V2, err);
    if (rc < 0)
        return rc;
    rc = exists(&group, r, s, path, ".zgroup", err);
    if (rc == ZH_OK && !group)
        rc = exists(&array, r, s, path, ".zarray", err);
    if (rc < 0) {
        zh_handle_close(*out);
        *out = NULL;
        return rc;
    }
    (*out)->ambiguous = group || array;
    return ZH_OK;
}

int zh_get_node(zh_handle **out, zh_store *s, const char *path, int format, zh_error *err)
{
    zh_reader r;
    char *normal;
    int rc;

    *out = NULL;
    if (format != 0 && format != ZH_V2 && format != ZH_V3)
        return zh_error_set(err, ZH_INVALID, "%d is no Zarr format", format);
    rc = zh_plan__path_of(&normal, path, err);
    if (rc < 0)
        return rc;
    zh_reader_init(&r);
    rc = format == 0 ? get_any(out, &r, s, normal, err) : zh_reader_node(out, &r, s, normal, (zh_format)format, err);
    zh_reader_dispose(&r);
    zh_free(normal);
    return rc;
}

/* --- members --- */

void zh_members_dispose(zh_members *m)
{
    for (size_t i = 0; i < m->n; i++) {
        zh_free(m->item[i].path);
        zh_free(m->item[i].error);
        zh_handle_close(m->item[i].handle);
    }
    zh_free(m->item);
    *m = (zh_members){NULL, 0, 0};
}

/* One level: the groups to be listed, then the candidates to be read. */
typedef struct level {
    zh_store *store;
    zh_format format;
    const char *top; /* the group whose members are asked for */
    zh_reader *readers;
    char **group; /* paths relative to top, "" is top itself */
    size_t n_groups;
    zh_key_list *names; /* of each group */
    zh_found_member *found;
    size_t n_found;
} level;

static int full_path(zh_buf *out, const level *l, const char *relative, zh_error *err)
{
    out->len = 0;
    if (*relative == '\0')
        return zh_buf_puts(out, l->top, err);
    return zh_key_join(out, l->top, relative, err);
}

static int list_group(void *payload, size_t index, unsigned worker, zh_error *err)
{
    level *l = payload;
    zh_buf *key = &l->readers[worker].key;
    const char *text;
    int rc = full_path(key, l, l->group[index], err);

    text = rc < 0 ? NULL : zh_buf_cstr(key, err);
    return text == NULL ? ZH_NOMEM : zh_key_list_load(&l->names[index], l->store, text, err);
}

static int read_member(void *payload, size_t index, unsigned worker, zh_error *err)
{
    level *l = payload;
    zh_found_member *m = &l->found[index];
    zh_buf path = ZH_BUF_INIT(ZH_KEY_MAX);
    zh_error why = ZH_ERROR_INIT;
    const char *text;
    int rc = full_path(&path, l, m->path, err);

    text = rc < 0 ? NULL : zh_buf_cstr(&path, err);
    if (text == NULL) {
        zh_buf_dispose(&path);
        return ZH_NOMEM;
    }
    rc = zh_reader_node(&m->handle, &l->readers[worker], l->store, text, l->format, &why);
    zh_buf_dispose(&path);
    if (rc == ZH_OK || rc == ZH_NOTFOUND)
        return ZH_OK;
    if (rc == ZH_NOMEM)
        return zh_error_nomem(err);
    m->error = zh_memdup(&why, sizeof(why));
    return m->error == NULL ? zh_error_nomem(err) : ZH_OK;
}

static bool is_candidate(const zh_key_entry *e, const char *group)
{
    return e->is_prefix && strlen(group) + strlen(e->name) + ZH_PATH_ROOM < ZH_KEY_MAX;
}

/* A place in l->found for every prefix that may be a node. */
static int collect(level *l, zh_error *err)
{
    zh_buf path = ZH_BUF_INIT(ZH_KEY_MAX);
    size_t total = 0;
    int rc = ZH_OK;

    for (size_t g = 0; g < l->n_groups; g++)
        total += l->names[g].n;
    l->found = zh_calloc(total > 0 ? total : 1, sizeof(*l->found));
    if (l->found == NULL)
        return zh_error_nomem(err);
    for (size_t g = 0; rc == ZH_OK && g < l->n_groups; g++)
        for (size_t k = 0; rc == ZH_OK && k < l->names[g].n; k++) {
            if (!is_candidate(&l->names[g].item[k], l->group[g]))
                continue;
            path.len = 0;
            rc = zh_key_join(&path, l->group[g], l->names[g].item[k].name, err);
            if (rc < 0)
                break;
            l->found[l->n_found].path = zh_strndup((const char *)path.ptr, path.len);
            if (l->found[l->n_found].path == NULL)
                rc = zh_error_nomem(err);
            else
                l->n_found++;
        }
    zh_buf_dispose(&path);
    return rc;
}

static int add_member(zh_members *out, zh_found_member *m, zh_error *err)
{
    if (out->n == out->cap) {
        const size_t cap = out->cap == 0 ? 64 : out->cap * 2;
        zh_found_member *grown = zh_reallocarray(out->item, cap, sizeof(*grown));

        if (grown == NULL)
            return zh_error_nomem(err);
        out->item = grown;
        out->cap = cap;
    }
    out->item[out->n++] = *m;
    *m = (zh_found_member){NULL, NULL, NULL};
    return ZH_OK;
}

/* What was found goes to out, the groups among it make the next level. */
static int take_found(level *l, zh_members *out, zh_error *err)
{
    char **groups = zh_calloc(l->n_found > 0 ? l->n_found : 1, sizeof(*groups));
    size_t n = 0;
    int rc = ZH_OK;

    if (groups == NULL)
        return zh_error_nomem(err);
    for (size_t i = 0; rc == ZH_OK && i < l->n_found; i++) {
        zh_found_member *m = &l->found[i];

        if (m->handle == NULL && m->error == NULL)
            continue; /* a prefix without a document */
        if (m->handle != NULL && m->handle->kind == ZH_NODE_GROUP) {
            groups[n] = zh_strdup(m->path);
            if (groups[n] == NULL) {
                rc = zh_error_nomem(err);
                break;
            }
            n++;
        }
        rc = add_member(out, m, err);
    }
    for (size_t g = 0; g < l->n_groups; g++)
        zh_free(l->group[g]);
    zh_free(l->group);
    l->group = groups;
    l->n_groups = n;
    return rc;
}

static int load_level(level *l, zh_members *out, zh_pool *pool, zh_error *err)
{
    const size_t groups = l->n_groups;
    int rc = ZH_OK;

    l->found = NULL;
    l->n_found = 0;
    l->names = zh_calloc(groups, sizeof(*l->names));
    if (l->names == NULL)
        return zh_error_nomem(err);
    rc = zh_pool_run(pool, groups, list_group, l, err);
    if (rc == ZH_OK)
        rc = collect(l, err);
    if (rc == ZH_OK)
        rc = zh_pool_run(pool, l->n_found, read_member, l, err);
    if (rc == ZH_OK)
        rc = take_found(l, out, err);
    for (size_t i = 0; l->found != NULL && i < l->n_found; i++) {
        zh_free(l->found[i].path);
        zh_free(l->found[i].error);
        zh_handle_close(l->found[i].handle);
    }
    zh_free(l->found);
    for (size_t g = 0; g < groups; g++)
        zh_key_list_dispose(&l->names[g]);
    zh_free(l->names);
    return rc;
}

/* '/' before every other byte, as in a plan. */
static int compare_members(const void *a, const void *b)
{
    const unsigned char *x = (const unsigned char *)((const zh_found_member *)a)->path;
    const unsigned char *y = (const unsigned char *)((const zh_found_member *)b)->path;

    while (*x != '\0' && *x == *y) {
        x++;
        y++;
    }
    if (*x == *y)
        return 0;
    if (*x == '\0' || *y == '\0')
        return *x == '\0' ? -1 : 1;
    return (*x == '/' ? 0 : *x) < (*y == '/' ? 0 : *y) ? -1 : 1;
}

int zh_members_load(zh_members *out, zh_store *s, zh_pool *pool, const char *path, zh_format format, unsigned depth,
                    zh_error *err)
{
    const unsigned width = zh_pool_width(pool);
    level l = {.store = s, .format = format, .top = path};
    int rc = ZH_OK;

    *out = (zh_members){NULL, 0, 0};
    l.readers = zh_calloc(width, sizeof(*l.readers));
    l.group = zh_calloc(1, sizeof(*l.group));
    if (l.group != NULL)
        l.group[0] = zh_strdup("");
    if (l.readers == NULL || l.group == NULL || l.group[0] == NULL)
        rc = zh_error_nomem(err);
    else
        l.n_groups = 1;
    for (unsigned i = 0; l.readers != NULL && i < width; i++)
        zh_reader_init(&l.readers[i]);
    for (unsigned d = 1; rc == ZH_OK && l.n_groups > 0 && (depth == 0 || d <= depth); d++)
        rc = load_level(&l, out, pool, err);
    for (size_t g = 0; g < l.n_groups; g++)
        zh_free(l.group[g]);
    zh_free(l.group);
    for (unsigned i = 0; l.readers != NULL && i < width; i++)
        zh_reader_dispose(&l.readers[i]);
    zh_free(l.readers);
    if (rc < 0)
        zh_members_dispose(out);
    else if (out->n > 1)
        qsort(out->item, out->n, sizeof(*out->item), compare_members);
    return rc;
}

static int tell(const zh_members *m, zh_member_fn fn, void *payload, zh_error *err)
{
    for (size_t i = 0; i < m->n; i++) {
        const zh_found_member *f = &m->item[i];
        const zh_node_kind kind = f->handle == NULL ? ZH_NODE_GROUP : f->handle->kind;

        if (fn(payload, f->path, kind, f->handle, f->error) != 0)
            return zh_error_set(err, ZH_ABORTED, "the caller asked to stop");
    }
    return ZH_OK;
}

int zh_list_members(zh_store *s, const char *path, int format, unsigned depth, unsigned requests, zh_member_fn fn,
                    void *payload, zh_error *err)
{
    zh_members members;
    zh_handle *group = NULL;
    zh_pool *pool = NULL;
    int rc = zh_get_node(&group, s, path, format, err);

    if (rc < 0 || group == NULL)
        return rc;
    if (group->kind != ZH_NODE_GROUP) {
        rc = zh_error_set(err, ZH_INVALID, "'/%.200s' is an array", group->path);
        zh_handle_close(group);
        return rc;
    }
    rc = zh_pool_new(&pool, requests > 0 ? requests : zh_store_depth(s), err);
    if (rc == ZH_OK) {
        rc = zh_members_load(&members, s, pool, group->path, group->format, depth, err);
        zh_pool_free(pool);
        if (rc == ZH_OK) {
            rc = tell(&members, fn, payload, err);
            zh_members_dispose(&members);
        }
    }
    zh_handle_close(group);
    return rc;
}
