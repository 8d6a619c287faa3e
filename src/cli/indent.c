/* indent.c - see indent.h. Recursion is as deep as the parser allows. */
#include "cli/indent.h"

#include "base/json.h"
#include "base/jsonw.h"

#define STEP 2u
#define SHORT 80u /* bytes of a list on one line */

typedef struct indenting {
    zh_buf *out;
    zh_error *err;
    int rc; /* sticky */
} indenting;

static void put(indenting *in, const char *text)
{
    if (in->rc == ZH_OK)
        in->rc = zh_buf_puts(in->out, text, in->err);
}

static void new_line(indenting *in, unsigned level)
{
    put(in, "\n");
    for (unsigned i = 0; i < level * STEP; i++)
        put(in, " ");
}

static void put_compact(indenting *in, const zh_json *j)
{
    if (in->rc == ZH_OK)
        in->rc = zh_json_print(in->out, j, in->err);
}

static void put_name(indenting *in, const zh_json *j)
{
    zh_jsonw w;

    if (in->rc < 0)
        return;
    zh_jsonw_init(&w, in->out, in->err);
    zh_jsonw_str(&w, zh_json_name(j));
    in->rc = zh_jsonw_finish(&w);
    put(in, ": ");
}

static bool has_parts(const zh_json *j)
{
    return (zh_json_typeof(j) == ZH_JSON_ARRAY || zh_json_typeof(j) == ZH_JSON_OBJECT) && zh_json_first(j) != NULL;
}

static bool is_flat(const zh_json *j)
{
    if (zh_json_typeof(j) != ZH_JSON_ARRAY)
        return false;
    for (const zh_json *e = zh_json_first(j); e != NULL; e = zh_json_next(e))
        if (has_parts(e))
            return false;
    return true;
}

/* On one line, if it is short. */
static bool put_flat(indenting *in, const zh_json *j)
{
    const size_t start = in->out->len;

    put(in, "[");
    for (const zh_json *e = zh_json_first(j); e != NULL && in->rc == ZH_OK; e = zh_json_next(e)) {
        put(in, e == zh_json_first(j) ? "" : ", ");
        put_compact(in, e);
        if (in->out->len - start > SHORT) {
            in->out->len = start;
            return false;
        }
    }
    put(in, "]");
    return true;
}

static void put_value(indenting *in, const zh_json *j, unsigned level)
{
    const bool object = zh_json_typeof(j) == ZH_JSON_OBJECT;

    if (!has_parts(j)) {
        put_compact(in, j);
        return;
    }
    if (is_flat(j) && put_flat(in, j))
        return;
    put(in, object ? "{" : "[");
    for (const zh_json *e = zh_json_first(j); e != NULL && in->rc == ZH_OK; e = zh_json_next(e)) {
        new_line(in, level + 1);
        if (object)
            put_name(in, e);
        put_value(in, e, level + 1);
        put(in, zh_json_next(e) == NULL ? "" : ",");
    }
    new_line(in, level);
    put(in, object ? "}" : "]");
}

int cli_indent(zh_buf *out, const char *text, size_t n, zh_error *err)
{
    indenting in = {out, err, ZH_OK};
    zh_json *j = NULL;
    const int rc = zh_json_parse(&j, text, n, err);

    if (rc < 0)
        return rc;
    put_value(&in, j, 0);
    zh_json_free(j);
    return in.rc;
}
