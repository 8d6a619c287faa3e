/* document.c - a node's attributes object, with the _HDF5 attribute at its end, and back.
 *
 *   "_HDF5": {"version":1, "for":{"dtype":…,"rank":…}, <facts>, "attrs":{name:{<h5>,"corder":n}},
 * "names":{segment:name}, "corder":n, "next":n, "track":{"links":n,"attrs":n}}
 *
 * in this order; each member only if it says something, and no _HDF5 at all if none does. facts and h5 are ready text
 * of others. Called by several threads at once for different nodes; reads the node, its parent and, for names, its
 * children.
 */
#include "hier/hier_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/error.h"

#define FRAME_VERSION 1u

static bool tracks_links(const zh_node *group)
{
    return (group->track & 3u) != 0;
}

static bool tracks_attrs(const zh_node *node)
{
    return (node->track & 12u) != 0;
}

/* The name of the element type that "for" records. */
static void guard_name(char out[32], const zh_array_meta *m)
{
    if (m->format == ZH_V3 && zh_dtype_format_v3(out, &m->dtype, NULL) == ZH_OK)
        return;
    if (zh_dtype_format_v2(out, &m->dtype, NULL) < 0)
        memcpy(out, "?", 2);
}

/* Writing. */

static bool has_attr_entries(const zh_node *node)
{
    size_t i;

    if (node->nattrs > 0 && tracks_attrs(node))
        return true;
    for (i = 0; i < node->nattrs; i++) {
        if (node->attrs[i].h5)
            return true;
    }
    return false;
}

static bool has_names(const zh_node *node)
{
    const zh_children *c = node->children;

    return c && (c->npending > 0 || zh_index_count(c->by_segment) > 0);
}

static bool records_corder(const zh_node *node)
{
    return node->parent && tracks_links(node->parent);
}

static bool has_frame(const zh_node *node)
{
    return node->facts || node->track || records_corder(node) || has_names(node) || has_attr_entries(node);
}

static void write_guard(zh_jsonw *w, const zh_array_meta *m)
{
    char dtype[32];

    guard_name(dtype, m);
    zh_jsonw_key(w, "for");
    zh_jsonw_begin_object(w);
    zh_jsonw_key(w, "dtype");
    zh_jsonw_str(w, dtype);
    zh_jsonw_key(w, "rank");
    zh_jsonw_u64(w, m->rank);
    zh_jsonw_end_object(w);
}

static void write_attr_entries(zh_jsonw *w, const zh_node *node)
{
    bool tracked = tracks_attrs(node);
    size_t i;

    zh_jsonw_key(w, "attrs");
    zh_jsonw_begin_object(w);
    for (i = 0; i < node->nattrs; i++) {
        const zh_attr *a = &node->attrs[i];

        if (!a->h5 && !tracked)
            continue;
        zh_jsonw_key(w, a->name);
        zh_jsonw_begin_object(w);
        if (a->h5)
            zh_jsonw_members(w, a->h5, strlen(a->h5));
        if (tracked) {
            zh_jsonw_key(w, "corder");
            zh_jsonw_u64(w, a->corder);
        }
        zh_jsonw_end_object(w);
    }
    zh_jsonw_end_object(w);
}

static int compare_pending(const void *a, const void *b)
{
    const zh_pending_name *x = a, *y = b;

    return strcmp(x->segment, y->segment);
}

/* An HDF5 name as JSON: a string, or {"base64":…} for bytes that are not UTF-8. */
static void write_name(zh_jsonw *w, const char *name)
{
    size_t n = strlen(name);
    zh_buf text = ZH_BUF_INIT(1 << 20);
    int rc;

    if (zh_utf8_valid(name, n)) {
        zh_jsonw_str_n(w, name, n);
        return;
    }
    rc = zh_base64_encode(&text, name, n, w->err);
    zh_jsonw_begin_object(w);
    zh_jsonw_key(w, "base64");
    zh_jsonw_str_n(w, (const char *)text.ptr, text.len);
    zh_jsonw_end_object(w);
    zh_buf_dispose(&text);
    if (rc < 0 && w->rc == ZH_OK)
        w->rc = rc;
}

/* The copy is the caller's; *out NULL: not a name. */
static int read_name(char **out, const zh_json *v, zh_error *err)
{
    const char *text = zh_json_str(v), *coded = zh_json_str(zh_json_get(v, "base64"));
    zh_buf bytes = ZH_BUF_INIT(1 << 20);
    int rc = ZH_OK;

    *out = NULL;
    if (text)
        rc = zh_buf_puts(&bytes, text, err);
    else if (coded && zh_base64_decode(&bytes, coded, strlen(coded), NULL) < 0)
        bytes.len = 0;
    if (rc == ZH_OK && bytes.len > 0 && !memchr(bytes.ptr, '/', bytes.len) && !memchr(bytes.ptr, '\0', bytes.len)) {
        *out = zh_strndup((const char *)bytes.ptr, bytes.len);
        rc = *out ? ZH_OK : zh_error_nomem(err);
    }
    zh_buf_dispose(&bytes);
    return rc;
}

/* Names that have been loaded and not been given to children yet, and those of the children, ordered by segment. */
static void write_names(zh_jsonw *w, const zh_children *c)
{
    size_t n = c->npending, i;
    zh_pending_name *all;
    uint32_t slot = 0, at;

    all = zh_malloc((n + zh_index_count(c->by_segment)) * sizeof(*all));
    if (!all) {
        w->rc = w->rc < 0 ? w->rc : zh_error_nomem(w->err);
        return;
    }
    if (n > 0)
        memcpy(all, c->pending, n * sizeof(*all));
    for (at = zh_index_each(c->by_segment, &slot); at != ZH_INDEX_NONE; at = zh_index_each(c->by_segment, &slot))
        all[n++] = (zh_pending_name){c->item[at]->segment, c->item[at]->name};
    qsort(all, n, sizeof(*all), compare_pending);
    zh_jsonw_key(w, "names");
    zh_jsonw_begin_object(w);
    for (i = 0; i < n; i++) {
        if (i > 0 && strcmp(all[i].segment, all[i - 1].segment) == 0)
            continue;
        zh_jsonw_key(w, all[i].segment);
        write_name(w, all[i].name);
    }
    zh_jsonw_end_object(w);
    zh_free(all);
}

static void write_track(zh_jsonw *w, const zh_node *node)
{
    zh_jsonw_key(w, "track");
    zh_jsonw_begin_object(w);
    if (tracks_links(node)) {
        zh_jsonw_key(w, "links");
        zh_jsonw_u64(w, node->track & 3u);
    }
    if (tracks_attrs(node)) {
        zh_jsonw_key(w, "attrs");
        zh_jsonw_u64(w, (node->track >> 2) & 3u);
    }
    zh_jsonw_end_object(w);
}

static void write_frame(zh_jsonw *w, const zh_node *node)
{
    zh_jsonw_key(w, "_HDF5");
    zh_jsonw_begin_object(w);
    zh_jsonw_key(w, "version");
    zh_jsonw_u64(w, FRAME_VERSION);
    if (node->facts && node->meta)
        write_guard(w, node->meta);
    if (node->facts)
        zh_jsonw_members(w, node->facts, strlen(node->facts));
    if (has_attr_entries(node))
        write_attr_entries(w, node);
    if (has_names(node))
        write_names(w, node->children);
    if (records_corder(node)) {
        zh_jsonw_key(w, "corder");
        zh_jsonw_u64(w, node->corder);
    }
    if (tracks_links(node) && node->kind == ZH_NODE_GROUP) {
        zh_jsonw_key(w, "next");
        zh_jsonw_u64(w, node->next_corder);
    }
    if (node->track)
        write_track(w, node);
    zh_jsonw_end_object(w);
}

void zh_document__attributes(zh_jsonw *w, const void *payload)
{
    const zh_node *node = payload;
    size_t i;

    for (i = 0; i < node->nattrs; i++) {
        zh_jsonw_key(w, node->attrs[i].name);
        zh_jsonw_raw(w, node->attrs[i].json, strlen(node->attrs[i].json));
    }
    if (has_frame(node))
        write_frame(w, node);
}

bool zh_document__has_attributes(const zh_node *node)
{
    return node->nattrs > 0 || has_frame(node);
}

/* Reading. */

static bool is_one_of(const char *name, const char *const *list)
{
    for (; *list; list++) {
        if (strcmp(name, *list) == 0)
            return true;
    }
    return false;
}

/* The members of object that are not in skip or skip_too, as text without braces. *out NULL: none. */
static int members_text(char **out, zh_buf *scratch, const zh_json *object, const char *const *skip,
                        const char *const *skip_too, zh_error *err)
{
    const zh_json *v;
    zh_jsonw w;
    int rc = ZH_OK;

    *out = NULL;
    scratch->len = 0;
    zh_jsonw_init(&w, scratch, err);
    for (v = zh_json_first(object); rc == ZH_OK && v; v = zh_json_next(v)) {
        if (is_one_of(zh_json_name(v), skip) || is_one_of(zh_json_name(v), skip_too))
            continue;
        zh_jsonw_key(&w, zh_json_name(v));
        rc = zh_jsonw_finish(&w);
        if (rc == ZH_OK)
            rc = zh_json_print(scratch, v, err);
        w.comma = true;
    }
    if (rc < 0 || scratch->len == 0)
        return rc;
    *out = zh_strndup((const char *)scratch->ptr, scratch->len);
    return *out ? ZH_OK : zh_error_nomem(err);
}

static int read_attr_entries(zh_node *node, zh_buf *scratch, const zh_json *entries, zh_error *err)
{
    static const char *const corder[] = {"corder", NULL}, *const none[] = {NULL};
    const zh_json *v;
    zh_attr *a;
    char *h5;
    int rc;

    if (zh_json_typeof(entries) != ZH_JSON_OBJECT)
        return ZH_OK;
    for (v = zh_json_first(entries); v; v = zh_json_next(v)) {
        a = zh_node_attr(node, zh_json_name(v));
        if (!a || zh_json_typeof(v) != ZH_JSON_OBJECT)
            continue;
        rc = members_text(&h5, scratch, v, corder, none, err);
        if (rc < 0)
            return rc;
        zh_free(a->h5);
        a->h5 = h5;
        (void)zh_json_u64(zh_json_get(v, "corder"), &a->corder);
    }
    return ZH_OK;
}

static int read_names(zh_node *node, const zh_json *names, zh_error *err)
{
    size_t n = zh_json_size(names);
    const zh_json *v;
    zh_children *c;
    int rc;

    if (node->kind != ZH_NODE_GROUP || zh_json_typeof(names) != ZH_JSON_OBJECT || n == 0)
        return ZH_OK;
    rc = zh_children__ensure(node, err);
    if (rc < 0)
        return rc;
    c = node->children;
    zh_children__drop_pending(c);
    c->pending = zh_calloc(n, sizeof(*c->pending));
    if (!c->pending)
        return zh_error_nomem(err);
    for (v = zh_json_first(names); v && c->npending < n; v = zh_json_next(v)) {
        zh_pending_name *p = &c->pending[c->npending];

        rc = read_name(&p->name, v, err);
        if (rc < 0)
            return rc;
        if (!p->name)
            continue;
        c->npending++;
        p->segment = zh_strdup(zh_json_name(v));
        if (!p->segment)
            return zh_error_nomem(err);
    }
    qsort(c->pending, c->npending, sizeof(*c->pending), compare_pending);
    return ZH_OK;
}

/* Does "for" speak of this array? One that is absent does not contradict. */
static bool guard_holds(const zh_node *node, const zh_json *guard)
{
    const char *dtype = zh_json_str(zh_json_get(guard, "dtype"));
    uint64_t rank;
    char own[32];

    if (!node->meta || zh_json_typeof(guard) != ZH_JSON_OBJECT)
        return true;
    guard_name(own, node->meta);
    return dtype && strcmp(dtype, own) == 0 && zh_json_u64(zh_json_get(guard, "rank"), &rank) &&
           rank == node->meta->rank;
}

static int read_frame(zh_node *node, zh_buf *scratch, const zh_json *frame, zh_error *err)
{
    static const char *const own[] = {"version", "for", "attrs", "names", "corder", "next", "track", NULL};
    static const char *const guarded[] = {"type", "space", "fill", "layout", "filters", NULL}, *const none[] = {NULL};
    uint64_t version = FRAME_VERSION, links = 0, attrs = 0;
    const zh_json *track = zh_json_get(frame, "track");
    int rc;

    (void)zh_json_u64(zh_json_get(frame, "version"), &version);
    node->frozen = version > FRAME_VERSION;
    rc = members_text(&node->facts, scratch, frame, own, guard_holds(node, zh_json_get(frame, "for")) ? none : guarded,
                      err);
    if (rc == ZH_OK)
        rc = read_attr_entries(node, scratch, zh_json_get(frame, "attrs"), err);
    if (rc == ZH_OK)
        rc = read_names(node, zh_json_get(frame, "names"), err);
    if (rc < 0)
        return rc;
    (void)zh_json_u64(zh_json_get(frame, "corder"), &node->corder);
    (void)zh_json_u64(zh_json_get(frame, "next"), &node->next_corder);
    (void)zh_json_u64(zh_json_get(track, "links"), &links);
    (void)zh_json_u64(zh_json_get(track, "attrs"), &attrs);
    node->track = (uint8_t)((links & 3) | (attrs & 3) << 2);
    return ZH_OK;
}

static bool is_hidden(const zh_node *node, const char *name)
{
    if (strcmp(name, "_HDF5") == 0)
        return true;
    /* In an array's .zattrs they have become dim_names, if they are what they should be. */
    return node->tree->format == ZH_V2 && node->meta && (node->meta->dim_names || node->meta->phony_dims) &&
           strcmp(name, "_ARRAY_DIMENSIONS") == 0;
}

int zh_document__read(zh_node *node, const zh_json *attributes, zh_error *err)
{
    zh_buf scratch = ZH_BUF_INIT(ZH_DOCUMENT_MAX);
    const zh_json *v, *frame = NULL;
    const char *name;
    char *json;
    uint64_t i = 0;
    int rc = ZH_OK;

    for (v = zh_json_first(attributes); rc == ZH_OK && v; v = zh_json_next(v)) {
        name = zh_json_name(v);
        if (strcmp(name, "_HDF5") == 0)
            frame = v;
        if (is_hidden(node, name))
            continue;
        scratch.len = 0;
        rc = zh_json_print(&scratch, v, err);
        if (rc < 0)
            break;
        json = zh_strndup((const char *)scratch.ptr, scratch.len);
        rc = json ? zh_attrs__put(node, name, strlen(name), json, NULL, i++, err) : zh_error_nomem(err);
        if (rc < 0)
            zh_free(json);
    }
    if (rc == ZH_OK && zh_json_typeof(frame) == ZH_JSON_OBJECT)
        rc = read_frame(node, &scratch, frame, err);
    if (rc == ZH_OK)
        zh_attrs__sort(node);
    zh_buf_dispose(&scratch);
    return rc;
}
