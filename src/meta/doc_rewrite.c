/* doc_rewrite.c - a document changed in one or two members, the rest as somebody else wrote it. */
#include "meta/doc_parts.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

typedef struct changes {
    unsigned rank;
    const uint64_t *shape;      /* NULL: as it is */
    const zh_array_meta *names; /* NULL: dimension_names as they are */
    bool attributes;            /* to be replaced */
    zh_doc_attributes_fn fn;
    const void *payload;
} changes;

static void write_attributes(zh_jsonw *w, const changes *c)
{
    zh_jsonw_key(w, "attributes");
    zh_jsonw_begin_object(w);
    if (c->fn != NULL)
        c->fn(w, c->payload);
    zh_jsonw_end_object(w);
}

static void write_names(zh_jsonw *w, const changes *c)
{
    zh_jsonw_key(w, "dimension_names");
    zh_doc__write_names(w, c->names);
}

static void write_old(zh_jsonw *w, const zh_json *member, zh_error *err)
{
    zh_buf text = ZH_BUF_INIT(SIZE_MAX);
    int rc = zh_json_print(&text, member, err);

    zh_jsonw_key(w, zh_json_name(member));
    if (rc == ZH_OK)
        zh_jsonw_raw(w, (const char *)text.ptr, text.len);
    else if (w->rc == ZH_OK)
        w->rc = rc;
    zh_buf_dispose(&text);
}

static void write_members(zh_jsonw *w, const zh_json *j, const changes *c, zh_error *err)
{
    bool attributes_done = !c->attributes, names_done = c->names == NULL;

    for (const zh_json *e = zh_json_first(j); e != NULL; e = zh_json_next(e)) {
        const char *name = zh_json_name(e);

        if (zh_json_get(j, name) != e || strcmp(name, "consolidated_metadata") == 0)
            continue; /* of members with one name the last is the one that counts */
        if (c->attributes && strcmp(name, "attributes") == 0) {
            write_attributes(w, c);
            attributes_done = true;
        } else if (c->shape != NULL && strcmp(name, "shape") == 0) {
            zh_doc__write_lengths(w, "\"shape\":", c->shape, c->rank, "");
        } else if (c->names != NULL && strcmp(name, "dimension_names") == 0) {
            write_names(w, c);
            names_done = true;
        } else {
            write_old(w, e, err);
        }
    }
    if (!names_done)
        write_names(w, c);
    if (!attributes_done)
        write_attributes(w, c);
}

static int rewrite(zh_buf *out, const char *old_text, size_t n, zh_format format, const changes *c, zh_error *err)
{
    size_t start = out->len;
    zh_json *j = NULL;
    zh_jsonw w;
    int rc = zh_doc__open(&j, old_text, n, format, err);

    if (rc < 0)
        return rc;
    if (c->shape != NULL && zh_json_typeof(zh_json_get(j, "shape")) != ZH_JSON_ARRAY)
        rc = zh_error_set(err, ZH_INVALID, "a shape for a document that has none");
    else if (c->shape != NULL && zh_json_size(zh_json_get(j, "shape")) != c->rank)
        rc = zh_error_set(err, ZH_INVALID, "a shape of rank %u for a document of rank %zu", c->rank,
                          zh_json_size(zh_json_get(j, "shape")));
    if (rc == ZH_OK) {
        zh_jsonw_init(&w, out, err);
        zh_jsonw_begin_object(&w);
        write_members(&w, j, c, err);
        zh_jsonw_end_object(&w);
        rc = zh_doc__written(&w, ZH_OK, start);
    }
    zh_json_free(j);
    return rc;
}

int zh_doc_v3_rewrite(zh_buf *out, const char *old_text, size_t n, unsigned rank, const uint64_t *shape,
                      zh_doc_attributes_fn fn, const void *payload, zh_error *err)
{
    const changes c = {.rank = rank, .shape = shape, .attributes = true, .fn = fn, .payload = payload};

    return rewrite(out, old_text, n, ZH_V3, &c, err);
}

int zh_doc_v3_rewrite_array(zh_buf *out, const char *old_text, size_t n, const zh_array_meta *m,
                            zh_doc_attributes_fn fn, const void *payload, zh_error *err)
{
    const changes c = {.rank = m->rank,
                       .shape = m->shape,
                       .names = zh_doc__has_names(m) ? m : NULL,
                       .attributes = true,
                       .fn = fn,
                       .payload = payload};

    return rewrite(out, old_text, n, ZH_V3, &c, err);
}

int zh_doc_v2_rewrite(zh_buf *out, const char *old_text, size_t n, unsigned rank, const uint64_t *shape, zh_error *err)
{
    const changes c = {.rank = rank, .shape = shape};

    return rewrite(out, old_text, n, ZH_V2, &c, err);
}
