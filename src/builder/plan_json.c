/* plan_json.c - nodes given as JSON: the metadata of one, or a whole description.
 *
 * A document that is legal but has a type, codec or member that this library does not know is taken as it is: its
 * writer knows better. What breaks the format's own rules is refused. Numbers that JSON has no text for (NaN and the
 * infinities, which some writers use all the same) are not written into attributes.
 */
#include "builder/plan_internal.h"

#include "base/error.h"
#include "base/jsonw.h"
#include "meta/doc.h"

#include <string.h>

static bool is_one_of(const char *name, const char *const *list)
{
    for (; *list != NULL; list++)
        if (strcmp(name, *list) == 0)
            return true;
    return false;
}

static bool has_literal(const zh_json *j)
{
    char buf[40];
    const char *text = zh_json_number_text(j, buf);

    return text != NULL && (text[0] == 'N' || text[text[0] == '-'] == 'I');
}

/* Depth first without recursion is not worth it: the parser has capped the depth. */
static bool has_literal_in(const zh_json *j)
{
    if (has_literal(j))
        return true;
    for (const zh_json *e = zh_json_first(j); e != NULL; e = zh_json_next(e))
        if (has_literal_in(e))
            return true;
    return false;
}

static int keep_members(const char **out, uint32_t *len, zh_plan *p, const char *text, size_t n, zh_error *err)
{
    if (n == 0)
        return ZH_OK;
    *out = zh_plan__copy(p, text, n, err);
    *len = (uint32_t)n;
    return *out == NULL ? ZH_NOMEM : ZH_OK;
}

int zh_plan__members(const char **out, uint32_t *len, zh_plan *p, const zh_json *object, const char *const *skip,
                     zh_error *err)
{
    zh_buf *b = &p->scratch;
    bool any = false;
    int rc = ZH_OK;

    *out = NULL;
    *len = 0;
    b->len = 0;
    for (const zh_json *e = zh_json_first(object); rc == ZH_OK && e != NULL; e = zh_json_next(e)) {
        const char *name = zh_json_name(e);
        zh_jsonw w;

        if (zh_json_get(object, name) != e || is_one_of(name, skip))
            continue; /* of members with one name the last counts */
        zh_jsonw_init(&w, b, err);
        w.comma = any;
        zh_jsonw_key(&w, name);
        rc = zh_jsonw_finish(&w);
        if (rc == ZH_OK)
            rc = zh_json_print(b, e, err);
        any = true;
    }
    return rc < 0 ? rc : keep_members(out, len, p, (const char *)b->ptr, b->len, err);
}

/* j: the attributes object; NULL or null where there are none. */
static int take_attributes(zh_entry *e, zh_plan *p, const zh_json *j, zh_error *err)
{
    static const char *const none[] = {NULL};

    if (zh_json_typeof(j) == ZH_JSON_NULL)
        return ZH_OK;
    if (zh_json_typeof(j) != ZH_JSON_OBJECT)
        return zh_error_set(err, ZH_INVALID, "the attributes are not a JSON object");
    if (has_literal_in(j))
        return zh_error_set(err, ZH_INVALID, "the attributes hold a NaN or an infinity, which JSON has no number for");
    return zh_plan__members(&e->attributes, &e->attributes_len, p, j, none, err);
}

int zh_plan__attributes(zh_entry *e, zh_plan *p, const char *text, zh_error *err)
{
    const size_t n = strlen(text);
    zh_json *j = NULL;
    bool taken;
    int rc = zh_json_compact(&p->scratch, &taken, text, n, err);

    if (rc == ZH_OK && taken && p->scratch.ptr[0] == '{')
        return keep_members(&e->attributes, &e->attributes_len, p, (const char *)p->scratch.ptr + 1, p->scratch.len - 2,
                            err);
    if (rc == ZH_OK)
        rc = zh_json_parse(&j, text, n, err);
    if (rc < 0) {
        zh_error_prefix(err, "attributes");
        return rc;
    }
    rc = take_attributes(e, p, j, err);
    zh_json_free(j);
    return rc;
}

/* --- one node --- */

/* "{members}" as the document of e. */
static int take_document(zh_entry *e, zh_plan *p, const zh_json *j, const char *const *skip, zh_error *err)
{
    const char *members;
    uint32_t n;
    char *text;
    int rc = zh_plan__members(&members, &n, p, j, skip, err);

    if (rc < 0)
        return rc;
    p->scratch.len = 0;
    rc = zh_buf_putc(&p->scratch, '{', err);
    if (rc == ZH_OK)
        rc = zh_buf_append(&p->scratch, members, n, err);
    if (rc == ZH_OK)
        rc = zh_buf_putc(&p->scratch, '}', err);
    if (rc < 0)
        return rc;
    text = zh_plan__copy(p, (const char *)p->scratch.ptr, p->scratch.len, err);
    e->document = text;
    e->document_len = (uint32_t)p->scratch.len;
    return text == NULL ? ZH_NOMEM : ZH_OK;
}

static int check_v3(const zh_entry *e, zh_error *err)
{
    zh_doc doc;
    const int rc = zh_doc_v3_parse(&doc, e->document, e->document_len, err);

    if (rc == ZH_OK)
        zh_doc_dispose(&doc);
    if (rc == ZH_UNSUPPORTED) {
        zh_error_clear(err);
        return ZH_OK;
    }
    return rc;
}

static int take_v3(zh_entry *e, zh_plan *p, const zh_json *j, zh_error *err)
{
    static const char *const skip[] = {"attributes", "consolidated_metadata", NULL};
    const char *type = zh_json_str(zh_json_get(j, "node_type"));
    const zh_json *attributes = zh_json_get(j, "attributes");
    int rc;

    if (type == NULL || (strcmp(type, "group") != 0 && strcmp(type, "array") != 0))
        return zh_error_set(err, ZH_CORRUPT, "'node_type' is neither \"group\" nor \"array\"");
    if (has_literal_in(attributes))
        return zh_error_set(err, ZH_INVALID, "the attributes hold a NaN or an infinity, which JSON has no number for");
    e->kind = type[0] == 'a' ? ZH_NODE_ARRAY : ZH_NODE_GROUP;
    /* Zarr v3 has no null there; some writers do, for none. */
    rc = take_document(e, p, j, zh_json_typeof(attributes) == ZH_JSON_NULL ? skip : skip + 1, err);
    return rc < 0 ? rc : check_v3(e, err);
}

static int check_v2(const zh_entry *e, zh_error *err)
{
    zh_doc doc;
    const int rc = zh_doc_v2_parse(&doc, (zh_node_kind)e->kind, e->document, e->document_len, NULL, 0, err);

    if (rc == ZH_OK)
        zh_doc_dispose(&doc);
    if (rc == ZH_UNSUPPORTED) {
        zh_error_clear(err);
        return ZH_OK;
    }
    return rc;
}

/* A group's document has nothing but its format: Zarr v2 allows no other member. */
static int take_v2(zh_entry *e, zh_plan *p, const zh_json *j, zh_error *err)
{
    static const char *const skip[] = {"attributes", "node_type", "consolidated_metadata", NULL};
    const char *type = zh_json_str(zh_json_get(j, "node_type"));
    int rc;

    e->kind = zh_json_get(j, "shape") != NULL ? ZH_NODE_ARRAY : ZH_NODE_GROUP;
    if (type != NULL && strcmp(type, e->kind == ZH_NODE_ARRAY ? "array" : "group") != 0)
        return zh_error_set(err, ZH_CORRUPT, "'node_type' says \"%.40s\", the other members say otherwise", type);
    rc = take_attributes(e, p, zh_json_get(j, "attributes"), err);
    if (rc < 0 || e->kind == ZH_NODE_GROUP)
        return rc;
    rc = take_document(e, p, j, skip, err);
    return rc < 0 ? rc : check_v2(e, err);
}

static int add_node(zh_plan *p, const char *key, size_t n, const zh_json *j, zh_error *err)
{
    uint64_t format = 0;
    zh_entry *e;
    int rc = zh_plan__new_entry(&e, p, key, n, err);

    if (rc < 0)
        return rc;
    if (zh_json_typeof(j) != ZH_JSON_OBJECT)
        return zh_error_set(err, ZH_CORRUPT, "the metadata are not a JSON object");
    if (!zh_json_u64(zh_json_get(j, "zarr_format"), &format) || (format != ZH_V2 && format != ZH_V3))
        return zh_error_set(err, ZH_CORRUPT, "'zarr_format' is neither 2 nor 3");
    e->format = (uint8_t)format;
    rc = format == ZH_V3 ? take_v3(e, p, j, err) : take_v2(e, p, j, err);
    if (rc == ZH_OK)
        zh_plan__commit(p);
    return rc;
}

int zh_plan_add_json(zh_plan *p, const char *key, size_t n, const char *text, size_t text_len, zh_error *err)
{
    zh_json *j = NULL;
    int rc = zh_json_parse(&j, text, text_len, err);

    if (rc == ZH_OK) {
        rc = add_node(p, key, n, j, err);
        zh_json_free(j);
    }
    if (rc < 0)
        zh_error_prefix(err, "'%.*s'", (int)(n > 200 ? 200 : n), key == NULL ? "" : key);
    return rc;
}

int zh_plan_add_description(zh_plan *p, const char *text, size_t n, zh_error *err)
{
    zh_json *j = NULL;
    int rc = zh_json_parse(&j, text, n, err);

    if (rc < 0)
        return rc;
    if (zh_json_typeof(j) != ZH_JSON_OBJECT)
        rc = zh_error_set(err, ZH_CORRUPT, "the description is not a JSON object");
    for (const zh_json *e = zh_json_first(j); rc == ZH_OK && e != NULL; e = zh_json_next(e)) {
        const char *key = zh_json_name(e);

        rc = add_node(p, key, strlen(key), e, err);
        if (rc < 0)
            zh_error_prefix(err, "'%.200s'", key);
    }
    zh_json_free(j);
    return rc;
}
