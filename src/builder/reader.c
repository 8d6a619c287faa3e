/* reader.c - nodes by path, and the members of a group. */
#include "builder/reader.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/key.h"
#include "builder/plan_internal.h"
#include "builder/tree_walk.h"

#include <errno.h>
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

int zh_readers_new(zh_reader **out, unsigned n, zh_error *err)
{
    *out = zh_calloc(n, sizeof(**out));
    if (*out == NULL)
        return zh_error_nomem(err);
    for (unsigned i = 0; i < n; i++)
        zh_reader_init(&(*out)[i]);
    return ZH_OK;
}

void zh_readers_free(zh_reader *readers, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        zh_reader_dispose(&readers[i]);
    zh_free(readers);
}

bool zh_reader_in_circles(const zh_error *why)
{
    return why->code == ZH_IO && why->sys_errno == ELOOP;
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

/* The reader leaves no message, and err may hold that of an earlier call. */
static int not_found(const zh_store *s, const char *path, int format, zh_error *err)
{
    if (format == 0)
        return zh_error_set(err, ZH_NOTFOUND, "no node at '/%.200s' in '%.200s'", path, zh_store_url(s));
    return zh_error_set(err, ZH_NOTFOUND, "no node of Zarr v%d at '/%.200s' in '%.200s'", format, path,
                        zh_store_url(s));
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
    if (rc == ZH_NOTFOUND)
        rc = not_found(s, normal, format, err);
    zh_free(normal);
    return rc;
}

/* --- members --- */

static void dispose_found(zh_found_member *m)
{
    zh_free(m->path);
    zh_free(m->error);
    zh_handle_close(m->handle);
}

void zh_members_dispose(zh_members *m)
{
    for (size_t i = 0; i < m->n; i++)
        dispose_found(&m->item[i]);
    zh_free(m->item);
    *m = (zh_members){NULL, 0, 0};
}

typedef struct member {
    zh_tree_item item;
    zh_found_member found;
    unsigned depth; /* 0: the group itself, which is listed only */
} member;

typedef struct listing {
    zh_store *store;
    zh_format format;
    const char *top; /* the group whose members are asked for */
    unsigned depth;  /* 0: no limit */
    zh_reader *readers;
    zh_member_taker fn;
    void *payload;
} listing;

static void dispose_member(zh_tree_item *item)
{
    dispose_found(&((member *)item)->found);
    zh_free(item);
}

static int new_member(member **out, const char *group, const char *name, unsigned depth, zh_error *err)
{
    zh_buf path = ZH_BUF_INIT(ZH_KEY_MAX);
    int rc = zh_key_join(&path, group, name, err);

    *out = rc < 0 ? NULL : zh_calloc(1, sizeof(**out));
    if (rc == ZH_OK && *out == NULL)
        rc = zh_error_nomem(err);
    if (*out != NULL) {
        (*out)->depth = depth;
        (*out)->found.path = zh_strndup((const char *)path.ptr, path.len);
        if ((*out)->found.path == NULL) {
            zh_free(*out);
            *out = NULL;
            rc = zh_error_nomem(err);
        }
    }
    zh_buf_dispose(&path);
    return rc;
}

static int add_candidates(member *m, const listing *l, const zh_key_list *names, zh_error *err)
{
    const size_t taken = strlen(l->top) + strlen(m->found.path) + ZH_PATH_ROOM;
    int rc = ZH_OK;

    for (size_t i = 0; rc == ZH_OK && i < names->n; i++) {
        member *below;

        if (!names->item[i].is_prefix || taken + strlen(names->item[i].name) >= ZH_KEY_MAX)
            continue;
        rc = new_member(&below, m->found.path, names->item[i].name, m->depth + 1, err);
        if (rc == ZH_OK)
            zh_tree_add(&m->item, &below->item);
    }
    return rc;
}

/* Why a member cannot be used is the member's; that memory is short, everybody's. */
static int take_error(member *m, const zh_error *why, zh_error *err)
{
    if (why->code == ZH_NOMEM)
        return zh_error_nomem(err);
    zh_handle_close(m->found.handle);
    m->found.handle = NULL;
    m->found.error = zh_memdup(why, sizeof(*why));
    return m->found.error == NULL ? zh_error_nomem(err) : ZH_OK;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const zh_key_entry *)a)->name, ((const zh_key_entry *)b)->name);
}

int zh_reader_list(zh_key_list *out, zh_store *s, const char *prefix, zh_error *err)
{
    const int rc = zh_key_list_load(out, s, prefix, err);

    if (rc == ZH_OK && out->n > 1) /* stores need not list in order */
        qsort(out->item, out->n, sizeof(*out->item), compare_names);
    return rc;
}

static int list_below(member *m, const listing *l, const char *path, zh_error *err)
{
    zh_key_list names = ZH_KEY_LIST_INIT;
    zh_error why = ZH_ERROR_INIT;
    int rc = zh_reader_list(&names, l->store, path, &why);

    if (rc == ZH_OK)
        rc = add_candidates(m, l, &names, err);
    else if (m->depth > 0 && zh_reader_in_circles(&why))
        rc = take_error(m, &why, err);
    else if (err != NULL)
        *err = why;
    zh_key_list_dispose(&names);
    return rc;
}

static int look_at_member(void *payload, zh_tree_item *item, unsigned worker, zh_error *err)
{
    const listing *l = payload;
    member *m = (member *)item;
    zh_buf path = ZH_BUF_INIT(ZH_KEY_MAX);
    zh_error why = ZH_ERROR_INIT;
    const char *text;
    int rc = *m->found.path == '\0' ? zh_buf_puts(&path, l->top, err) : zh_key_join(&path, l->top, m->found.path, err);

    text = rc < 0 ? NULL : zh_buf_cstr(&path, err);
    if (text == NULL)
        rc = ZH_NOMEM;
    else if (m->depth > 0)
        rc = zh_reader_node(&m->found.handle, &l->readers[worker], l->store, text, l->format, &why);
    if (text != NULL && rc < 0)
        rc = rc == ZH_NOTFOUND ? ZH_OK : take_error(m, &why, err);
    else if (rc == ZH_OK && (m->depth == 0 || m->found.handle->kind == ZH_NODE_GROUP) &&
             (l->depth == 0 || m->depth < l->depth))
        rc = list_below(m, l, text, err);
    zh_buf_dispose(&path);
    return rc;
}

static int deliver_member(void *payload, zh_tree_item *item, zh_error *err)
{
    const listing *l = payload;
    member *m = (member *)item;

    if (m->found.handle == NULL && m->found.error == NULL)
        return ZH_OK; /* the group itself, or a prefix without a document */
    return l->fn(l->payload, &m->found, err);
}

static int list_members(listing *l, zh_pool *pool, zh_error *err)
{
    const zh_tree tree = {look_at_member, deliver_member, dispose_member, l};
    member *top;
    int rc = zh_readers_new(&l->readers, zh_pool_width(pool), err);

    if (rc < 0)
        return rc;
    rc = new_member(&top, "", "", 0, err);
    if (rc == ZH_OK)
        rc = zh_tree_walk(&tree, &top->item, pool, err);
    zh_readers_free(l->readers, zh_pool_width(pool));
    return rc;
}

static int keep_member(void *payload, zh_found_member *m, zh_error *err)
{
    zh_members *out = payload;

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

int zh_members_load(zh_members *out, zh_store *s, zh_pool *pool, const char *path, zh_format format, unsigned depth,
                    zh_error *err)
{
    listing l = {s, format, path, depth, NULL, keep_member, out};
    int rc;

    *out = (zh_members){NULL, 0, 0};
    rc = list_members(&l, pool, err);
    if (rc < 0)
        zh_members_dispose(out);
    return rc;
}

typedef struct telling {
    zh_member_fn fn;
    void *payload;
} telling;

static int tell_member(void *payload, zh_found_member *m, zh_error *err)
{
    const telling *t = payload;
    const zh_node_kind kind = m->handle == NULL ? ZH_NODE_GROUP : m->handle->kind;

    if (t->fn(t->payload, m->path, kind, m->handle, m->error) == 0)
        return ZH_OK;
    return zh_error_set(err, ZH_ABORTED, "the caller asked to stop");
}

int zh_list_members(zh_store *s, const char *path, int format, unsigned depth, unsigned requests, zh_member_fn fn,
                    void *payload, zh_error *err)
{
    telling t = {fn, payload};
    listing l = {s, ZH_V3, NULL, depth, NULL, tell_member, &t};
    zh_handle *group = NULL;
    zh_pool *pool = NULL;
    int rc = zh_get_node(&group, s, path, format, err);

    if (rc < 0 || group == NULL)
        return rc;
    if (group->kind != ZH_NODE_GROUP)
        rc = zh_error_set(err, ZH_INVALID, "'/%.200s' is an array", group->path);
    else
        rc = zh_pool_new(&pool, requests > 0 ? requests : zh_store_depth(s), err);
    if (rc == ZH_OK) {
        l.format = group->format;
        l.top = group->path;
        rc = list_members(&l, pool, err);
        zh_pool_free(pool);
    }
    zh_handle_close(group);
    return rc;
}
