/* members.c - see members.h. */
#include "cli/members.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "cli/find_node.h"

#include <string.h>

const char *cli_members_text(const cli_members *m, size_t offset)
{
    return (const char *)m->text.ptr + offset;
}

void cli_members_dispose(cli_members *m)
{
    zh_buf_dispose(&m->base);
    zh_buf_dispose(&m->text);
    zh_free(m->item);
    m->item = NULL;
}

static int add_text(size_t *out, cli_members *m, const char *text, zh_error *err)
{
    *out = m->text.len;
    return zh_buf_append(&m->text, text, strlen(text) + 1, err);
}

/* NULL: out of memory. Not counted in m->n yet. */
static cli_member *new_member(cli_members *m, const char *path, zh_error *err)
{
    if (m->n == m->cap) {
        const size_t cap = m->cap == 0 ? 64 : m->cap * 2;
        cli_member *grown = zh_reallocarray(m->item, cap, sizeof(*grown));

        if (grown == NULL) {
            (void)zh_error_nomem(err);
            return NULL;
        }
        m->item = grown;
        m->cap = cap;
    }
    m->item[m->n] = (cli_member){.format = m->format};
    return add_text(&m->item[m->n].path, m, path, err) < 0 ? NULL : &m->item[m->n];
}

/* --- arrays --- */

/* The text that ends the buffer gets its NUL, and is the one at *out. */
static int end_text(size_t *out, cli_members *m, size_t start, zh_error *err)
{
    *out = start;
    return zh_buf_putc(&m->text, '\0', err);
}

static int add_shape(cli_member *to, cli_members *m, const zh_array_info *info, zh_error *err)
{
    const size_t start = m->text.len;
    zh_jsonw w;

    zh_jsonw_init(&w, &m->text, err);
    zh_jsonw_begin_array(&w);
    for (unsigned i = 0; i < info->rank; i++)
        zh_jsonw_u64(&w, info->shape[i]);
    zh_jsonw_end_array(&w);
    return zh_jsonw_finish(&w) < 0 ? w.rc : end_text(&to->shape, m, start, err);
}

/* A name, or of v3 an object with a name; else the JSON that there is. */
static int add_foreign_type(cli_member *to, cli_members *m, const zh_json *type, zh_error *err)
{
    const char *name = zh_json_str(zh_json_typeof(type) == ZH_JSON_OBJECT ? zh_json_get(type, "name") : type);
    const size_t start = m->text.len;
    int rc;

    if (name != NULL || type == NULL)
        return add_text(&to->type, m, name != NULL ? name : "?", err);
    rc = zh_json_print(&m->text, type, err);
    return rc < 0 ? rc : end_text(&to->type, m, start, err);
}

static int add_foreign_shape(cli_member *to, cli_members *m, const zh_json *shape, zh_error *err)
{
    const size_t start = m->text.len;
    int rc;

    if (zh_json_typeof(shape) != ZH_JSON_ARRAY)
        return add_text(&to->shape, m, "?", err);
    rc = zh_json_print(&m->text, shape, err);
    return rc < 0 ? rc : end_text(&to->shape, m, start, err);
}

/* Of a type or codec that the library does not know: what its document says. */
static int describe_foreign(cli_member *to, cli_members *m, zh_handle *node, zh_error *err)
{
    zh_buf text = ZH_BUF_INIT(SIZE_MAX);
    zh_json *j = NULL;
    int rc = zh_handle_metadata(node, &text, err);

    if (rc == ZH_OK)
        rc = zh_json_parse(&j, (const char *)text.ptr, text.len, err);
    if (rc == ZH_OK)
        rc = add_foreign_shape(to, m, zh_json_get(j, "shape"), err);
    if (rc == ZH_OK)
        rc = add_foreign_type(to, m, zh_json_get(j, m->format == ZH_V3 ? "data_type" : "dtype"), err);
    zh_json_free(j);
    zh_buf_dispose(&text);
    return rc;
}

static int describe_array(cli_member *to, cli_members *m, zh_handle *node, zh_error *err)
{
    zh_array_info info;
    zh_error why = ZH_ERROR_INIT;
    int rc = zh_handle_array(node, &info, &why);

    if (rc == ZH_UNSUPPORTED)
        return describe_foreign(to, m, node, err);
    if (rc < 0) {
        *err = why;
        return rc;
    }
    rc = add_shape(to, m, &info, err);
    return rc < 0 ? rc : add_text(&to->type, m, info.data_type, err);
}

/* --- collecting --- */

static int add_node(cli_members *m, const char *path, zh_handle *node, zh_error *err)
{
    cli_member *to = new_member(m, path, err);
    int rc = ZH_OK;

    if (to == NULL)
        return ZH_NOMEM;
    to->kind = zh_handle_kind(node);
    if (to->kind == ZH_NODE_ARRAY)
        rc = describe_array(to, m, node, err);
    if (rc < 0)
        return rc;
    m->n++;
    m->groups += to->kind == ZH_NODE_GROUP;
    m->arrays += to->kind == ZH_NODE_ARRAY;
    return ZH_OK;
}

static int add_broken(cli_members *m, const char *path, const zh_error *why, zh_error *err)
{
    cli_member *to = new_member(m, path, err);

    if (to == NULL || add_text(&to->message, m, why->message, err) < 0)
        return ZH_NOMEM;
    to->code = why->code;
    m->n++;
    m->broken++;
    return ZH_OK;
}

typedef struct collecting {
    cli_members *members;
    zh_error err; /* of what went wrong here */
} collecting;

static int collect(void *payload, const char *path, zh_node_kind kind, zh_handle *node, const zh_error *error)
{
    collecting *c = payload;

    (void)kind;
    return error != NULL ? add_broken(c->members, path, error, &c->err) : add_node(c->members, path, node, &c->err);
}

static int load_below(cli_members *m, zh_store *s, unsigned depth, unsigned requests, zh_error *err)
{
    collecting c = {m, ZH_ERROR_INIT};
    const int rc = zh_list_members(s, (const char *)m->base.ptr, (int)m->format, depth, requests, collect, &c, err);

    if (rc == ZH_ABORTED)
        *err = c.err;
    return rc == ZH_ABORTED ? c.err.code : rc;
}

int cli_members_load(cli_members *m, zh_store *s, const char *path, unsigned depth, unsigned requests, zh_error *err)
{
    zh_handle *node = NULL;
    int rc = cli_get_node(&node, s, path, err);

    if (rc < 0)
        return rc;
    m->format = zh_handle_format(node);
    m->ambiguous = zh_handle_ambiguous(node);
    m->is_array = zh_handle_kind(node) == ZH_NODE_ARRAY;
    rc = zh_buf_append(&m->base, zh_handle_path(node), strlen(zh_handle_path(node)) + 1, err);
    if (rc == ZH_OK && m->is_array)
        rc = add_node(m, "", node, err);
    else if (rc == ZH_OK)
        rc = load_below(m, s, depth, requests, err);
    zh_handle_close(node);
    return rc;
}

/* --- JSON --- */

static int put_path(zh_jsonw *w, const cli_members *m, const cli_member *it, zh_buf *scratch)
{
    const char *base = (const char *)m->base.ptr, *path = cli_members_text(m, it->path);
    int rc = ZH_OK;

    scratch->len = 0;
    rc = zh_buf_puts(scratch, base, w->err);
    if (rc == ZH_OK && base[0] != '\0' && path[0] != '\0')
        rc = zh_buf_putc(scratch, '/', w->err);
    if (rc == ZH_OK)
        rc = zh_buf_puts(scratch, path, w->err);
    zh_jsonw_key(w, "path");
    zh_jsonw_str_n(w, (const char *)scratch->ptr, scratch->len);
    return rc;
}

static void put_error(zh_jsonw *w, const cli_members *m, const cli_member *it)
{
    zh_jsonw_key(w, "error");
    zh_jsonw_begin_object(w);
    zh_jsonw_key(w, "code");
    zh_jsonw_str(w, zh_code_name(it->code));
    zh_jsonw_key(w, "message");
    zh_jsonw_str(w, cli_members_text(m, it->message));
    zh_jsonw_end_object(w);
}

static void put_array(zh_jsonw *w, const cli_members *m, const cli_member *it)
{
    const char *shape = cli_members_text(m, it->shape);

    zh_jsonw_key(w, "shape");
    if (shape[0] == '[')
        zh_jsonw_raw(w, shape, strlen(shape));
    else
        zh_jsonw_null(w);
    zh_jsonw_key(w, "data_type");
    zh_jsonw_str(w, cli_members_text(m, it->type));
}

static int put_member(zh_jsonw *w, const cli_members *m, const cli_member *it, zh_buf *scratch)
{
    int rc;

    zh_jsonw_begin_object(w);
    rc = put_path(w, m, it, scratch);
    if (it->code != ZH_OK) {
        put_error(w, m, it);
    } else {
        zh_jsonw_key(w, "kind");
        zh_jsonw_str(w, it->kind == ZH_NODE_GROUP ? "group" : "array");
        zh_jsonw_key(w, "zarr_format");
        zh_jsonw_u64(w, it->format);
        if (it->kind == ZH_NODE_ARRAY)
            put_array(w, m, it);
    }
    zh_jsonw_end_object(w);
    return rc < 0 ? rc : zh_jsonw_finish(w);
}

int cli_members_json(const cli_members *m, zh_buf *out, zh_error *err)
{
    zh_buf scratch = ZH_BUF_INIT(SIZE_MAX);
    zh_jsonw w;
    int rc = ZH_OK;

    zh_jsonw_init(&w, out, err);
    zh_jsonw_begin_object(&w);
    zh_jsonw_key(&w, "ok");
    zh_jsonw_bool(&w, m->broken == 0);
    zh_jsonw_key(&w, "path");
    zh_jsonw_str(&w, (const char *)m->base.ptr);
    zh_jsonw_key(&w, "nodes");
    zh_jsonw_begin_array(&w);
    for (size_t i = 0; rc == ZH_OK && i < m->n; i++)
        rc = put_member(&w, m, &m->item[i], &scratch);
    zh_jsonw_end_array(&w);
    zh_jsonw_end_object(&w);
    zh_buf_dispose(&scratch);
    return rc < 0 ? rc : zh_jsonw_finish(&w);
}
