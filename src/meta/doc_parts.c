/* doc_parts.c - see doc_parts.h. */
#include "meta/doc_parts.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/number.h"

int zh_doc__open(zh_json **out, const char *text, size_t n, zh_format format, zh_error *err)
{
    uint64_t found = 0;
    int rc = zh_json_parse(out, text, n, err);

    if (rc < 0) {
        *out = NULL;
        return rc;
    }
    if (zh_json_typeof(*out) == ZH_JSON_OBJECT && zh_json_u64(zh_json_get(*out, "zarr_format"), &found) &&
        found == (uint64_t)format)
        return ZH_OK;
    zh_json_free(*out);
    *out = NULL;
    return zh_error_set(err, ZH_CORRUPT, "not a Zarr document of format %d", (int)format);
}

int zh_doc__lengths(uint64_t out[ZH_MAX_RANK], unsigned *rank, const zh_json *j, const char *what, zh_error *err)
{
    unsigned i = 0;

    if (zh_json_typeof(j) != ZH_JSON_ARRAY)
        return zh_error_set(err, ZH_CORRUPT, "'%s' is not an array", what);
    if (zh_json_size(j) > ZH_MAX_RANK)
        return zh_error_set(err, ZH_UNSUPPORTED, "'%s' has %zu dimensions, more than %d", what, zh_json_size(j),
                            ZH_MAX_RANK);
    for (const zh_json *e = zh_json_first(j); e != NULL; e = zh_json_next(e)) {
        if (!zh_json_u64(e, &out[i]) || out[i] > INT64_MAX)
            return zh_error_set(err, ZH_CORRUPT, "'%s' holds what is not a length", what);
        i++;
    }
    *rank = i;
    return ZH_OK;
}

int zh_doc__new_meta(zh_array_meta **out, zh_format format, const zh_dtype *dtype, const zh_json *shape,
                     const zh_json *chunk, zh_error *err)
{
    const char *chunk_name = format == ZH_V2 ? "chunks" : "chunk_shape";
    uint64_t lengths[ZH_MAX_RANK], chunks[ZH_MAX_RANK];
    unsigned rank = 0, chunk_rank = 0;
    int rc = zh_doc__lengths(lengths, &rank, shape, "shape", err);

    *out = NULL;
    if (rc == ZH_OK)
        rc = zh_doc__lengths(chunks, &chunk_rank, chunk, chunk_name, err);
    if (rc < 0)
        return rc;
    if (dtype->size > ZH_ELEMENT_MAX)
        return zh_error_set(err, ZH_UNSUPPORTED, "an element of %u bytes is above the limit of %u", dtype->size,
                            ZH_ELEMENT_MAX);
    if (rank != chunk_rank)
        return zh_error_set(err, ZH_CORRUPT, "'%s' has %u dimensions, 'shape' %u", chunk_name, chunk_rank, rank);
    for (unsigned i = 0; i < rank; i++) {
        if (chunks[i] == 0 && lengths[i] > 0)
            return zh_error_set(err, ZH_CORRUPT, "'%s' holds a 0", chunk_name);
        chunks[i] = chunks[i] > 0 ? chunks[i] : 1;
    }
    rc = zh_array_meta_new(out, format, dtype, rank, lengths, chunks, err);
    if (rc == ZH_OK)
        (*out)->phony_dims = false; /* until the document's names say otherwise */
    return rc;
}

int zh_doc__chunks(zh_array_meta *m, bool any, int rc, const zh_error *why, zh_error *err)
{
    if (rc == ZH_OK)
        return ZH_OK;
    if (!any || rc != ZH_UNSUPPORTED) {
        if (err != NULL)
            *err = *why;
        return rc;
    }
    if (m->unreadable == NULL)
        m->unreadable = zh_strdup(why->message);
    zh_free(m->codecs);
    m->codecs = NULL;
    m->ncodecs = 0;
    m->v2_last_is_compressor = false;
    return m->unreadable != NULL ? ZH_OK : zh_error_nomem(err);
}

/* Invented names are taken back, so that they are invented again for the shape of the day. A null among the names is
 * somebody's decision: then all stay as they are. */
static void forget_phony(zh_array_meta *m)
{
    unsigned given = 0;
    char phony[48];

    for (unsigned i = 0; i < m->rank; i++) {
        if (m->dim_names[i] == NULL)
            return;
    }
    for (unsigned i = 0; i < m->rank; i++) {
        zh_phony_dim_name(phony, m->shape, i);
        if (strcmp(m->dim_names[i], phony) == 0) {
            zh_free(m->dim_names[i]);
            m->dim_names[i] = NULL;
            m->phony_dims = true;
        } else {
            given++;
        }
    }
    if (given == 0) {
        zh_free(m->dim_names);
        m->dim_names = NULL;
        m->phony_dims = true; /* also for no dimensions at all */
    }
}

int zh_doc__names(zh_array_meta *m, const zh_json *j, bool *fits, zh_error *err)
{
    unsigned axis = 0;

    *fits = zh_json_typeof(j) == ZH_JSON_ARRAY && zh_json_size(j) == m->rank;
    for (const zh_json *e = zh_json_first(j); *fits && e != NULL; e = zh_json_next(e))
        *fits = zh_json_str(e) != NULL || zh_json_typeof(e) == ZH_JSON_NULL;
    if (!*fits)
        return ZH_OK;
    for (const zh_json *e = zh_json_first(j); e != NULL; e = zh_json_next(e)) {
        int rc = zh_array_meta_set_dim_name(m, axis++, zh_json_str(e), err);

        if (rc < 0)
            return rc;
    }
    forget_phony(m);
    return ZH_OK;
}

static int check(const zh_array_meta *m, zh_error *err)
{
    int rc = zh_array_meta_check(m, err);

    if (rc == ZH_INVALID)
        rc = ZH_CORRUPT;
    else if (rc == ZH_RANGE)
        rc = ZH_UNSUPPORTED;
    if (rc < 0)
        err->code = rc;
    return rc;
}

int zh_doc__check(zh_array_meta *m, bool any, zh_error *err)
{
    zh_error why = ZH_ERROR_INIT;
    int rc = zh_doc__chunks(m, any, check(m, &why), &why, err);

    if (rc < 0 || m->unreadable == NULL)
        return rc;
    /* Was that the codecs' fault? What else can be wrong still is. */
    rc = check(m, &why);
    if (rc < 0 && err != NULL)
        *err = why;
    return rc;
}

bool zh_doc__is_v2_time(const char *dtype, zh_dtype *out)
{
    if ((dtype[0] != '<' && dtype[0] != '>') || (dtype[1] != 'M' && dtype[1] != 'm') || dtype[2] != '8' ||
        (dtype[3] != '\0' && dtype[3] != '['))
        return false;
    *out = (zh_dtype){ZH_K_INT, dtype[0] == '<' ? ZH_LITTLE : ZH_BIG, 8};
    return true;
}

void zh_doc__write_lengths(zh_jsonw *w, const char *before, const uint64_t *values, unsigned n, const char *after)
{
    char text[ZH_DOC_LENGTHS_MAX];
    size_t at = (size_t)(stpcpy(text, before) - text);

    text[at++] = '[';
    for (unsigned i = 0; i < n; i++) {
        if (i > 0)
            text[at++] = ',';
        at += zh_format_u64(text + at, values[i]);
    }
    text[at++] = ']';
    at = (size_t)(stpcpy(text + at, after) - text);
    zh_jsonw_members(w, text, at);
}

bool zh_doc__has_names(const zh_array_meta *m)
{
    return m->dim_names != NULL || m->phony_dims;
}

void zh_doc__write_names(zh_jsonw *w, const zh_array_meta *m)
{
    char phony[48];

    zh_jsonw_begin_array(w);
    for (unsigned i = 0; i < m->rank; i++) {
        if (m->dim_names != NULL && m->dim_names[i] != NULL) {
            zh_jsonw_str(w, m->dim_names[i]);
        } else if (m->phony_dims) {
            zh_phony_dim_name(phony, m->shape, i);
            zh_jsonw_str(w, phony);
        } else {
            zh_jsonw_null(w);
        }
    }
    zh_jsonw_end_array(w);
}

int zh_doc__written(zh_jsonw *w, int rc, size_t start)
{
    if (rc == ZH_OK)
        rc = zh_jsonw_finish(w);
    if (rc < 0)
        w->out->len = start;
    return rc;
}

void zh_doc__fail(zh_doc *out)
{
    const zh_node_kind kind = out->kind;

    zh_doc_dispose(out);
    out->kind = kind;
}

void zh_doc_dispose(zh_doc *d)
{
    zh_array_meta_free(d->meta);
    zh_json_free(d->json);
    memset(d, 0, sizeof(*d));
}
