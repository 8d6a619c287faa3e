/* check_stale.c - are consolidated metadata those of the documents below their group? Compared member by member, and
 * without what writers may leave out: empty attributes, empty storage transformers, groups' own empty copies. */
#include "builder/check.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/json.h"
#include "builder/consolidate.h"
#include "store/key_list.h"

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

/* .zattrs may be absent where it is empty. */
static bool same_documents(const zh_json *a, const zh_json *b)
{
    for (const zh_json *e = zh_json_first(a); e != NULL; e = zh_json_next(e)) {
        const zh_json *other = zh_json_get(b, zh_json_name(e));

        if (other == NULL && zh_json_typeof(e) == ZH_JSON_OBJECT && zh_json_size(e) == 0)
            continue;
        if (other == NULL || !is_in(e, other) || !is_in(other, e))
            return false;
    }
    return true;
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
    *same = rc == ZH_OK;
    if (*same) {
        a = format == ZH_V3 ? zh_json_get(zh_json_get(is, "consolidated_metadata"), "metadata")
                            : zh_json_get(is, "metadata");
        b = zh_json_get(should, "metadata");
        *same = zh_json_typeof(a) == ZH_JSON_OBJECT && same_documents(a, b) && same_documents(b, a);
        zh_json_free(is);
    }
    zh_json_free(should);
    return rc == ZH_NOMEM ? zh_error_nomem(err) : ZH_OK;
}

static int carries(bool *yes, const zh_handle *group, zh_error *err)
{
    zh_json *j = NULL;
    int rc;

    *yes = false;
    if (strstr(group->document, "\"consolidated_metadata\"") == NULL)
        return ZH_OK;
    rc = zh_json_parse(&j, group->document, strlen(group->document), err);
    if (rc < 0)
        return rc;
    *yes = zh_json_typeof(zh_json_get(j, "consolidated_metadata")) == ZH_JSON_OBJECT;
    zh_json_free(j);
    return ZH_OK;
}

/* v2: .zmetadata. *has: there is one. */
static int load_zmetadata(zh_buf *out, bool *has, zh_checking *c, const char *path, zh_error *err)
{
    zh_buf key = ZH_BUF_INIT(1 << 16);
    const char *text;
    int rc = zh_key_join(&key, path, ".zmetadata", err);

    text = rc < 0 ? NULL : zh_buf_cstr(&key, err);
    rc = text == NULL ? ZH_NOMEM : zh_store_get(c->store, text, out, err);
    *has = rc == ZH_OK;
    zh_buf_dispose(&key);
    return rc == ZH_NOTFOUND ? ZH_OK : rc;
}

int zh_check_consolidated(zh_checking *c, zh_handle *group, zh_error *err)
{
    zh_buf text = ZH_BUF_INIT((size_t)1 << 30), value = ZH_BUF_INIT((size_t)1 << 30);
    zh_error why = ZH_ERROR_INIT;
    bool has = false, same = true;
    int rc = group->format == ZH_V2 ? load_zmetadata(&text, &has, c, group->path, err) : carries(&has, group, err);

    if (rc == ZH_OK && has && group->format == ZH_V3)
        rc = zh_buf_puts(&text, group->document, err);
    if (rc == ZH_OK && has) {
        rc = zh_consolidate__store(&value, c->store, c->pool, group->path, group->format, &why);
        if (rc == ZH_OK)
            rc = compare(&same, group->format, (const char *)text.ptr, text.len, &value, err);
        else if (rc == ZH_IO || rc == ZH_NOMEM)
            *(err == NULL ? &why : err) = why;
        else
            rc = ZH_OK; /* where a member's document is damaged nothing can be said */
    }
    if (rc == ZH_OK && !same) {
        if (c->repair)
            rc = zh_consolidate__write(c->store, c->pool, group->path, group->format, err);
        if (rc == ZH_OK)
            rc = zh_check_tell(c, ZH_FOUND_STALE_CONSOLIDATED, group->path, c->repair,
                               "consolidated metadata that are not those of the documents", err);
    }
    zh_buf_dispose(&text);
    zh_buf_dispose(&value);
    return rc;
}
