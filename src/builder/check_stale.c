/* check_stale.c - are consolidated metadata those of the documents below their group? Compared member by member, and
 * without what writers may leave out: empty attributes, empty storage transformers, groups' own empty copies. */
#include "builder/check.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/json.h"
#include "base/key.h"
#include "builder/consolidate.h"

#include <stdlib.h>
#include <string.h>

static bool is_left_out(const zh_json *member)
{
    const char *name = zh_json_name(member);

    if (strcmp(name, "consolidated_metadata") == 0)
        return true;
    return zh_json_size(member) == 0 &&
           ((strcmp(name, "attributes") == 0 && zh_json_typeof(member) == ZH_JSON_OBJECT) ||
            strcmp(name, "storage_transformers") == 0 || zh_json_typeof(member) == ZH_JSON_NULL);
}

/* Every member of a that counts stands in b. */
static bool is_in(const zh_json *a, const zh_json *b)
{
    for (const zh_json *e = zh_json_first(a); e != NULL; e = zh_json_next(e)) {
        const zh_json *other = zh_json_get(b, zh_json_name(e));

        if (!is_left_out(e) && (other == NULL || !zh_json_equal(e, other)))
            return false;
    }
    return true;
}

/* The members of an object by name. */
typedef struct named {
    const zh_json *member;
    size_t position;
} named;

typedef struct members {
    named *v;
    size_t n;
} members;

static int compare_named(const void *a, const void *b)
{
    const named *x = a, *y = b;
    const int by_name = strcmp(zh_json_name(x->member), zh_json_name(y->member));

    return by_name != 0 ? by_name : x->position < y->position ? -1 : 1;
}

/* Of two with one name the last one counts. */
static int sort_members(members *out, const zh_json *object, zh_error *err)
{
    size_t n = 0;

    out->v = zh_calloc(zh_json_size(object) + 1, sizeof(*out->v));
    out->n = 0;
    if (out->v == NULL)
        return zh_error_nomem(err);
    for (const zh_json *e = zh_json_first(object); e != NULL; e = zh_json_next(e), n++)
        out->v[n] = (named){e, n};
    if (n > 1)
        qsort(out->v, n, sizeof(*out->v), compare_named);
    for (size_t i = 0; i < n; i++) {
        if (out->n > 0 && strcmp(zh_json_name(out->v[out->n - 1].member), zh_json_name(out->v[i].member)) == 0)
            out->n--;
        out->v[out->n++] = out->v[i];
    }
    return ZH_OK;
}

static bool is_empty_object(const zh_json *j)
{
    return zh_json_typeof(j) == ZH_JSON_OBJECT && zh_json_first(j) == NULL;
}

/* Both in the order of names. .zattrs may be absent where it is empty. */
static bool same_members(const members *a, const members *b)
{
    size_t i = 0, k = 0;

    while (i < a->n || k < b->n) {
        const zh_json *x = i < a->n ? a->v[i].member : NULL, *y = k < b->n ? b->v[k].member : NULL;
        const int order = x == NULL   ? 1
                          : y == NULL ? -1
                                      : strcmp(zh_json_name(x), zh_json_name(y)); /* which name comes first */

        if (order == 0 ? !is_in(x, y) || !is_in(y, x) : !is_empty_object(order < 0 ? x : y))
            return false;
        i += order <= 0;
        k += order >= 0;
    }
    return true;
}

static int same_documents(bool *same, const zh_json *a, const zh_json *b, zh_error *err)
{
    members x = {NULL, 0}, y = {NULL, 0};
    int rc = sort_members(&x, a, err);

    if (rc == ZH_OK)
        rc = sort_members(&y, b, err);
    *same = rc == ZH_OK && same_members(&x, &y);
    zh_free(x.v);
    zh_free(y.v);
    return rc;
}

/* text: what the store has; value: what it should have. */
static int compare(bool *same, zh_format format, const char *text, size_t n, const zh_buf *value, zh_error *err)
{
    zh_json *is = NULL, *should = NULL;
    const zh_json *a, *b;
    int rc = zh_json_parse(&should, (const char *)value->ptr, value->len, err);

    if (rc < 0)
        return rc;
    rc = zh_json_parse(&is, text, n, NULL);
    *same = false;
    if (rc == ZH_OK) {
        a = format == ZH_V3 ? zh_json_get(zh_json_get(is, "consolidated_metadata"), "metadata")
                            : zh_json_get(is, "metadata");
        b = zh_json_get(should, "metadata");
        if (zh_json_typeof(a) == ZH_JSON_OBJECT)
            rc = same_documents(same, a, b, err);
        zh_json_free(is);
    }
    zh_json_free(should);
    return rc == ZH_NOMEM ? zh_error_nomem(err) : ZH_OK;
}

/* What the store has: v2 .zmetadata, v3 the group's document. ZH_NOTFOUND: nothing, any more. */
static int load(zh_buf *out, const zh_checking *c, const char *path, zh_format format, zh_error *err)
{
    zh_buf key = ZH_BUF_INIT(ZH_KEY_MAX);
    const char *text;
    int rc = zh_key_join(&key, path, format == ZH_V2 ? ".zmetadata" : "zarr.json", err);

    text = rc < 0 ? NULL : zh_buf_cstr(&key, err);
    rc = text == NULL ? ZH_NOMEM : zh_store_get(c->store, text, out, err);
    zh_buf_dispose(&key);
    return rc;
}

/* Can it not be said? A failure to read is one, unless links lead around. */
static bool says_nothing(int rc, const zh_error *why)
{
    return rc != ZH_NOMEM && (rc != ZH_IO || zh_reader_in_circles(why));
}

int zh_check_is_stale(bool *stale, zh_checking *c, const char *path, zh_format format, zh_error *err)
{
    zh_buf text = ZH_BUF_INIT((size_t)1 << 30), value = ZH_BUF_INIT((size_t)1 << 30);
    zh_error why = ZH_ERROR_INIT;
    bool same = true;
    int rc = load(&text, c, path, format, &why);

    if (rc == ZH_OK)
        rc = zh_consolidate__store(&value, c->store, c->pool, path, format, &why);
    if (rc == ZH_OK)
        rc = compare(&same, format, (const char *)text.ptr, text.len, &value, &why);
    *stale = !same;
    zh_buf_dispose(&text);
    zh_buf_dispose(&value);
    if (rc == ZH_OK || says_nothing(rc, &why))
        return ZH_OK;
    if (err != NULL)
        *err = why;
    return rc;
}
