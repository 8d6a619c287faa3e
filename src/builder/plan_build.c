/* plan_build.c - filling a plan. What can be wrong with one node's metadata is found here; keys are looked at by
 * zh_plan_finish (plan_finish.c), when all of them are known. */
#include "builder/plan_internal.h"

#include "base/alloc.h"
#include "base/error.h"
#include "meta/doc.h"
#include "meta/fill.h"

#include <string.h>

int zh_plan_new(zh_plan **out, zh_error *err)
{
    zh_plan *p = zh_calloc(1, sizeof(*p));

    *out = p;
    if (p == NULL)
        return zh_error_nomem(err);
    zh_buf_init(&p->scratch, SIZE_MAX);
    return ZH_OK;
}

void zh_plan_free(zh_plan *p)
{
    if (p == NULL)
        return;
    for (uint32_t i = 0; i < p->n; i++)
        if (!p->entry[i].shares_meta)
            zh_array_meta_free(p->entry[i].meta);
    zh_free(p->entry);
    zh_arena_dispose(&p->arena);
    zh_buf_dispose(&p->scratch);
    zh_free(p->codecs_text);
    zh_free(p->codecs);
    zh_free(p);
}

char *zh_plan__copy(zh_plan *p, const char *text, size_t n, zh_error *err)
{
    char *copy = n >= UINT32_MAX ? NULL : zh_arena_alloc(&p->arena, n + 1);

    if (copy == NULL) {
        (void)zh_error_nomem(err);
        return NULL;
    }
    if (n > 0)
        memcpy(copy, text, n);
    copy[n] = '\0';
    return copy;
}

int zh_plan__new_entry(zh_entry **out, zh_plan *p, const char *key, size_t n, zh_error *err)
{
    char *copy;

    if (p->finished)
        return zh_error_set(err, ZH_INVALID, "a node for a plan that is finished");
    if (p->n == p->cap) {
        const uint32_t cap = p->cap == 0 ? 64 : p->cap * 2;
        zh_entry *grown;

        if (p->cap >= UINT32_MAX / 4)
            return zh_error_set(err, ZH_RANGE, "more than 2^30 nodes in a plan");
        grown = zh_reallocarray(p->entry, cap, sizeof(*grown));
        if (grown == NULL)
            return zh_error_nomem(err);
        p->entry = grown;
        p->cap = cap;
    }
    copy = zh_plan__copy(p, key, key == NULL ? 0 : n, err);
    if (copy == NULL)
        return ZH_NOMEM;
    *out = &p->entry[p->n];
    **out = (zh_entry){.path = copy, .given = copy, .path_len = key == NULL ? 0 : (uint32_t)n, .parent = ZH_ENTRY_NONE};
    return ZH_OK;
}

void zh_plan__commit(zh_plan *p)
{
    p->n++;
}

static int check_format(zh_format format, zh_error *err)
{
    if (format == ZH_V2 || format == ZH_V3)
        return ZH_OK;
    return zh_error_set(err, ZH_INVALID, "%d is no Zarr format", (int)format);
}

static int named(zh_error *err, int rc, const char *key, size_t n)
{
    if (rc < 0)
        zh_error_prefix(err, "'%.*s'", (int)(n > 200 ? 200 : n), key == NULL ? "" : key);
    return rc;
}

int zh_plan_add_group(zh_plan *p, zh_format format, const char *key, size_t n, const char *attributes, zh_error *err)
{
    zh_entry *e = NULL;
    int rc = check_format(format, err);

    if (rc == ZH_OK)
        rc = zh_plan__new_entry(&e, p, key, n, err);
    if (rc == ZH_OK && attributes != NULL)
        rc = zh_plan__attributes(e, p, attributes, err);
    if (rc < 0 || e == NULL)
        return named(err, rc, key, n);
    e->kind = ZH_NODE_GROUP;
    e->format = (uint8_t)format;
    zh_plan__commit(p);
    return ZH_OK;
}

/* --- an array from its spec --- */

static int parse_data_type(zh_dtype *out, const char *text, zh_error *err)
{
    if (text == NULL)
        return zh_error_set(err, ZH_INVALID, "an array without a data type");
    if (zh_dtype_parse_v3(out, text, NULL) == ZH_OK || zh_dtype_parse_v2(out, text, NULL) == ZH_OK)
        return ZH_OK;
    return zh_error_set(err, ZH_UNSUPPORTED, "data type \"%s\" is not supported", text);
}

static int parse_text(zh_json **out, const char *text, const char *what, zh_error *err)
{
    const int rc = zh_json_parse(out, text, strlen(text), err);

    if (rc < 0)
        zh_error_prefix(err, "%s", what);
    return rc;
}

static void remember_codecs(zh_plan *p, const zh_array_meta *m, const char *text)
{
    zh_codec_spec *copy = zh_memdup(m->codecs, m->ncodecs * sizeof(*copy));
    char *own = zh_strdup(text);

    zh_free(p->codecs_text);
    zh_free(p->codecs);
    p->codecs_text = NULL;
    p->codecs = NULL;
    if (copy == NULL || own == NULL) { /* the next array is parsed again */
        zh_free(copy);
        zh_free(own);
        return;
    }
    p->codecs_text = own;
    p->codecs = copy;
    p->ncodecs = m->ncodecs;
    p->codecs_format = (zh_format)m->format;
    p->codecs_order = m->dtype.order;
}

static int parse_codecs(zh_plan *p, zh_array_meta *m, const char *text, zh_error *err)
{
    zh_json *j = NULL;
    int rc;

    if (text == NULL)
        return ZH_OK;
    if (p->codecs_text != NULL && p->codecs_format == m->format && p->codecs_order == m->dtype.order &&
        strcmp(p->codecs_text, text) == 0) {
        rc = ZH_OK;
        for (unsigned i = 0; rc == ZH_OK && i < p->ncodecs; i++)
            rc = zh_array_meta_add_codec(m, &p->codecs[i], err);
        return rc;
    }
    rc = parse_text(&j, text, "codecs", err);
    if (rc < 0)
        return rc;
    rc = m->format == ZH_V3 ? zh_doc_v3_parse_codecs(m, j, false, err)
                            : zh_doc_v2_parse_codecs(m, zh_json_get(j, "filters"), zh_json_get(j, "compressor"), err);
    zh_json_free(j);
    if (rc == ZH_OK)
        remember_codecs(p, m, text);
    return rc;
}

static int parse_fill(zh_array_meta *m, const char *text, zh_error *err)
{
    zh_json *j = NULL;
    int rc;

    if (text == NULL)
        return ZH_OK;
    rc = parse_text(&j, text, "fill value", err);
    if (rc < 0)
        return rc;
    rc = zh_fill_parse(m, j, err);
    zh_json_free(j);
    return rc;
}

static int set_layout(zh_array_meta *m, const zh_array_spec *spec, zh_error *err)
{
    int rc = ZH_OK;

    m->phony_dims = false;
    if (spec->separator != 0 && spec->separator != '/' && spec->separator != '.')
        return zh_error_set(err, ZH_INVALID, "the separator of chunk keys is neither '/' nor '.'");
    if (spec->separator != 0)
        m->separator = spec->separator;
    for (unsigned i = 0; rc == ZH_OK && spec->dimension_names != NULL && i < spec->rank; i++)
        if (spec->dimension_names[i] != NULL)
            rc = zh_array_meta_set_dim_name(m, i, spec->dimension_names[i], err);
    return rc;
}

static int check_spec(const zh_array_spec *spec, zh_error *err)
{
    if (spec->version != ZH_ARRAY_SPEC_VERSION)
        return zh_error_set(err, ZH_INVALID, "version %u of zh_array_spec is not known here", spec->version);
    if (spec->rank > ZH_MAX_RANK)
        return zh_error_set(err, ZH_RANGE, "%u dimensions, and %d are the most", spec->rank, ZH_MAX_RANK);
    if (spec->rank > 0 && spec->shape == NULL)
        return zh_error_set(err, ZH_INVALID, "an array of rank %u without a shape", spec->rank);
    return ZH_OK;
}

static int make_meta(zh_array_meta **out, zh_plan *p, zh_format format, const zh_array_spec *spec, zh_error *err)
{
    zh_array_meta *m = NULL;
    zh_dtype dtype = {0};
    int rc = check_spec(spec, err);

    *out = NULL;
    if (rc == ZH_OK)
        rc = parse_data_type(&dtype, spec->data_type, err);
    if (rc == ZH_OK)
        rc = zh_array_meta_new(&m, format, &dtype, spec->rank, spec->shape, spec->chunk_shape, err);
    if (rc < 0 || m == NULL)
        return rc;
    rc = set_layout(m, spec, err);
    if (rc == ZH_OK)
        rc = parse_codecs(p, m, spec->codecs, err);
    if (rc == ZH_OK)
        rc = parse_fill(m, spec->fill_value, err);
    if (rc < 0)
        zh_array_meta_free(m);
    else
        *out = m;
    return rc;
}

int zh_plan_add_array(zh_plan *p, zh_format format, const char *key, size_t n, const zh_array_spec *spec,
                      const char *attributes, zh_error *err)
{
    zh_array_meta *m = NULL;
    zh_entry *e = NULL;
    bool like_last = false;
    int rc = check_format(format, err);

    if (rc == ZH_OK)
        rc = make_meta(&m, p, format, spec, err);
    if (rc == ZH_OK) {
        like_last = p->last_meta != NULL && zh_array_meta_equal(m, p->last_meta);
        rc = like_last ? ZH_OK : zh_array_meta_check(m, err); /* the last one has been checked */
    }
    if (rc == ZH_OK)
        rc = zh_plan__new_entry(&e, p, key, n, err);
    if (rc == ZH_OK && attributes != NULL)
        rc = zh_plan__attributes(e, p, attributes, err);
    if (rc < 0 || e == NULL) {
        zh_array_meta_free(m);
        return named(err, rc, key, n);
    }
    if (like_last)
        zh_array_meta_free(m);
    else
        p->last_meta = m;
    e->kind = ZH_NODE_ARRAY;
    e->format = (uint8_t)format;
    e->meta = p->last_meta;
    e->shares_meta = like_last;
    zh_plan__commit(p);
    return ZH_OK;
}

int zh_plan_add_source(zh_plan *p, zh_format format, zh_node_kind kind, const char *key, size_t n, bool attributes,
                       const zh_node_source *source, void *node, zh_error *err)
{
    zh_entry *e = NULL;
    int rc = check_format(format, err);

    if (rc == ZH_OK)
        rc = zh_plan__new_entry(&e, p, key, n, err);
    if (rc < 0 || e == NULL)
        return named(err, rc, key, n);
    e->kind = (uint8_t)kind;
    e->format = (uint8_t)format;
    e->from_source = true;
    e->has_attributes = attributes;
    e->source = source;
    e->node = node;
    zh_plan__commit(p);
    return ZH_OK;
}

/* --- looking at it --- */

size_t zh_plan_size(const zh_plan *p)
{
    return p->n;
}

int zh_plan_get(zh_plan *p, size_t index, zh_plan_node *out, zh_error *err)
{
    const zh_entry *e;
    int rc;

    if (!p->finished || p->broken)
        return zh_error_set(err, ZH_INVALID, "the plan is not finished");
    if (index >= p->n)
        return zh_error_set(err, ZH_RANGE, "node %zu of %u", index, p->n);
    e = &p->entry[index];
    p->scratch.len = 0;
    rc = zh_buf_append(&p->scratch, e->path, e->path_len, err);
    out->path = rc < 0 ? NULL : zh_buf_cstr(&p->scratch, err);
    if (out->path == NULL)
        return ZH_NOMEM;
    out->kind = (zh_node_kind)e->kind;
    out->format = (zh_format)e->format;
    out->implicit = e->given == NULL;
    return ZH_OK;
}
