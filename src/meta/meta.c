/* meta.c - the life of a zh_array_meta, and everything that can be wrong with one. */
#include "meta/meta.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/jsonw.h"
#include "base/number.h"

int zh_array_meta_new(zh_array_meta **out, zh_format format, const zh_dtype *dtype, unsigned rank,
                      const uint64_t *shape, const uint64_t *chunk, zh_error *err)
{
    zh_array_meta *m;

    *out = NULL;
    if (rank > ZH_MAX_RANK)
        return zh_error_set(err, ZH_RANGE, "rank %u is above %d", rank, ZH_MAX_RANK);
    if (format != ZH_V2 && format != ZH_V3)
        return zh_error_set(err, ZH_INVALID, "there is no Zarr format %d", (int)format);
    m = zh_calloc(1, sizeof(*m));
    if (m == NULL)
        return zh_error_nomem(err);
    m->shape = zh_malloc(2 * rank * sizeof(*m->shape));
    if (m->shape == NULL) {
        zh_array_meta_free(m);
        return zh_error_nomem(err);
    }
    m->chunk = m->shape + rank;
    m->format = (uint8_t)format;
    m->rank = (uint8_t)rank;
    m->keys = format == ZH_V2 ? ZH_KEYS_V2 : ZH_KEYS_DEFAULT;
    m->separator = format == ZH_V2 ? '.' : '/';
    m->dtype = *dtype;
    m->phony_dims = true;
    for (unsigned i = 0; i < rank; i++) {
        m->shape[i] = shape[i];
        m->chunk[i] = chunk != NULL ? chunk[i] : shape[i] > 0 ? shape[i] : 1;
    }
    *out = m;
    return ZH_OK;
}

void zh_array_meta_free(zh_array_meta *m)
{
    if (m == NULL)
        return;
    for (unsigned i = 0; m->dim_names != NULL && i < m->rank; i++)
        zh_free(m->dim_names[i]);
    zh_free(m->dim_names);
    zh_free(m->unreadable);
    zh_free(m->codecs);
    zh_free(m->fill);
    zh_free(m->shape);
    zh_free(m);
}

/* What meta_new does not: fill, codecs, names. */
static int copy_parts(zh_array_meta *to, const zh_array_meta *from, zh_error *err)
{
    int rc = ZH_OK;

    if (from->unreadable != NULL) {
        to->unreadable = zh_strdup(from->unreadable);
        rc = to->unreadable != NULL ? ZH_OK : zh_error_nomem(err);
    }
    if (from->fill != NULL && rc == ZH_OK)
        rc = zh_array_meta_set_fill(to, from->fill, from->fill_len, err);
    for (unsigned i = 0; i < from->ncodecs && rc == ZH_OK; i++)
        rc = zh_array_meta_add_codec(to, &from->codecs[i], err);
    for (unsigned i = 0; from->dim_names != NULL && i < from->rank && rc == ZH_OK; i++)
        rc = zh_array_meta_set_dim_name(to, i, from->dim_names[i], err);
    return rc;
}

int zh_array_meta_copy(zh_array_meta **out, const zh_array_meta *m, zh_error *err)
{
    zh_array_meta *copy;
    int rc = zh_array_meta_new(&copy, (zh_format)m->format, &m->dtype, m->rank, m->shape, m->chunk, err);

    *out = NULL;
    if (copy == NULL)
        return rc;
    rc = copy_parts(copy, m, err);
    if (rc < 0) {
        zh_array_meta_free(copy);
        return rc;
    }
    copy->keys = m->keys;
    copy->separator = m->separator;
    copy->order_f = m->order_f;
    copy->has_fill = m->has_fill;
    copy->v2_last_is_compressor = m->v2_last_is_compressor;
    copy->phony_dims = m->phony_dims;
    *out = copy;
    return ZH_OK;
}

int zh_array_meta_add_codec(zh_array_meta *m, const zh_codec_spec *c, zh_error *err)
{
    zh_codec_spec *codecs = zh_reallocarray(m->codecs, (size_t)m->ncodecs + 1, sizeof(*codecs));

    if (codecs == NULL)
        return zh_error_nomem(err);
    m->codecs = codecs;
    m->codecs[m->ncodecs++] = *c;
    m->v2_last_is_compressor = m->format == ZH_V2 && zh_codec_is_compressor(c);
    return ZH_OK;
}

int zh_array_meta_set_fill(zh_array_meta *m, const void *value, size_t n, zh_error *err)
{
    char *fill;

    if (!zh_dtype_is_variable(&m->dtype) && n != m->dtype.size)
        return zh_error_set(err, ZH_INVALID, "a fill value of %zu bytes for elements of %u", n,
                            (unsigned)m->dtype.size);
    fill = zh_calloc(1, n + 1);
    if (fill == NULL)
        return zh_error_nomem(err);
    if (value != NULL && n > 0)
        memcpy(fill, value, n);
    zh_free(m->fill);
    m->fill = fill;
    m->fill_len = n;
    m->has_fill = true;
    return ZH_OK;
}

int zh_array_meta_set_dim_name(zh_array_meta *m, unsigned axis, const char *name, zh_error *err)
{
    char *copy = NULL;

    if (axis >= m->rank)
        return zh_error_set(err, ZH_INVALID, "axis %u of %u", axis, (unsigned)m->rank);
    if (m->dim_names == NULL)
        m->dim_names = zh_calloc(m->rank, sizeof(*m->dim_names));
    if (m->dim_names == NULL)
        return zh_error_nomem(err);
    if (name != NULL) {
        copy = zh_strdup(name);
        if (copy == NULL)
            return zh_error_nomem(err);
    }
    zh_free(m->dim_names[axis]);
    m->dim_names[axis] = copy;
    return ZH_OK;
}

int zh_array_meta_bind(zh_codec_plan **out, const zh_array_meta *m, zh_error *err)
{
    zh_codec_spec *specs;
    int rc;

    *out = NULL;
    if (m->unreadable != NULL)
        return zh_error_set(err, ZH_UNSUPPORTED, "%s", m->unreadable);
    if (!m->order_f)
        return zh_codec_bind(out, m->codecs, m->ncodecs, &m->dtype, m->rank, m->chunk, err);
    specs = zh_calloc((size_t)m->ncodecs + 1, sizeof(*specs));
    if (specs == NULL)
        return zh_error_nomem(err);
    specs[0] = zh_codec_transpose_f(m->rank);
    if (m->ncodecs > 0)
        memcpy(specs + 1, m->codecs, m->ncodecs * sizeof(*specs));
    rc = zh_codec_bind(out, specs, m->ncodecs + 1, &m->dtype, m->rank, m->chunk, err);
    zh_free(specs);
    return rc;
}

/* ---- check ---- */

static int check_shape(const zh_array_meta *m, zh_error *err)
{
    uint64_t cells = 1;
    bool empty = false, fits = true;

    for (unsigned i = 0; i < m->rank; i++) {
        if (m->chunk[i] == 0)
            return zh_error_set(err, ZH_INVALID, "the chunk length of axis %u is 0", i);
        if (m->shape[i] > INT64_MAX || m->chunk[i] > INT64_MAX)
            return zh_error_set(err, ZH_RANGE, "axis %u is longer than 2^63-1", i);
        empty = empty || m->shape[i] == 0;
        fits = fits && zh_mul_u64(cells, m->shape[i], &cells);
    }
    if (!empty && !fits)
        return zh_error_set(err, ZH_RANGE, "the shape has more than 2^64-1 elements");
    return ZH_OK;
}

static int check_names(const zh_array_meta *m, zh_error *err)
{
    for (unsigned i = 0; m->dim_names != NULL && i < m->rank; i++) {
        const char *name = m->dim_names[i];

        if (name != NULL && !zh_utf8_valid(name, strlen(name)))
            return zh_error_set(err, ZH_INVALID, "the name of dimension %u is not valid UTF-8", i);
    }
    return ZH_OK;
}

static int check_fill(const zh_array_meta *m, zh_error *err)
{
    bool variable = zh_dtype_is_variable(&m->dtype);

    if (m->fill == NULL)
        return ZH_OK;
    if (!variable && m->fill_len != m->dtype.size)
        return zh_error_set(err, ZH_INVALID, "a fill value of %zu bytes for elements of %u", m->fill_len,
                            (unsigned)m->dtype.size);
    if (variable && m->dtype.kind != ZH_K_VBYTES && !zh_utf8_valid(m->fill, m->fill_len))
        return zh_error_set(err, ZH_INVALID, "the fill value is not valid UTF-8");
    return ZH_OK;
}

/* What a format's documents cannot say. */
static int check_format(const zh_array_meta *m, zh_error *err)
{
    if (m->separator != '/' && m->separator != '.')
        return zh_error_set(err, ZH_INVALID, "a chunk key separator other than '/' and '.'");
    if (m->format == ZH_V2 && m->keys != ZH_KEYS_V2)
        return zh_error_set(err, ZH_INVALID, "Zarr v2 has no other chunk keys than its own");
    if (m->format == ZH_V3 && m->order_f)
        return zh_error_set(err, ZH_INVALID, "Zarr v3 says order F by a transpose codec");
    for (unsigned i = 0; i < m->ncodecs; i++) {
        const char *name;

        if (m->codecs[i].ops == NULL)
            return zh_error_set(err, ZH_INVALID, "codec %u is empty", i);
        name = zh_codec_name(&m->codecs[i]);
        if ((m->format == ZH_V2 && strcmp(name, "transpose") == 0) ||
            (m->format == ZH_V3 && strcmp(name, "vlen-array") == 0))
            return zh_error_set(err, ZH_INVALID, "Zarr v%u has no codec '%s'", (unsigned)m->format, name);
    }
    return ZH_OK;
}

int zh_array_meta_check(const zh_array_meta *m, zh_error *err)
{
    zh_codec_plan *plan = NULL;
    int rc = zh_dtype_check(&m->dtype, err);

    if (rc == ZH_OK && m->dtype.size > ZH_ELEMENT_MAX)
        rc = zh_error_set(err, ZH_UNSUPPORTED, "an element of %u bytes is above the limit of %u", m->dtype.size,
                          ZH_ELEMENT_MAX);
    if (rc == ZH_OK)
        rc = check_format(m, err);
    if (rc == ZH_OK)
        rc = check_shape(m, err);
    if (rc == ZH_OK)
        rc = check_fill(m, err);
    if (rc == ZH_OK)
        rc = check_names(m, err);
    if (rc == ZH_OK && m->unreadable == NULL)
        rc = zh_array_meta_bind(&plan, m, err);
    zh_codec_plan_free(plan);
    return rc;
}

/* ---- equality ---- */

static bool same_fill(const zh_array_meta *a, const zh_array_meta *b)
{
    static const char none[16] = {0};
    size_t n = a->fill != NULL ? a->fill_len : b->fill_len;
    const char *x = a->fill, *y = b->fill;

    if (a->has_fill != b->has_fill)
        return false;
    if (x == NULL && y == NULL)
        return true;
    if (x != NULL && y != NULL)
        return a->fill_len == b->fill_len && memcmp(x, y, n) == 0;
    for (size_t i = 0; i < n; i++) { /* NULL is all zero, or no text */
        if ((x != NULL ? x[i] : none[0]) != (y != NULL ? y[i] : none[0]) || zh_dtype_is_variable(&a->dtype))
            return false;
    }
    return true;
}

static bool same_names(const zh_array_meta *a, const zh_array_meta *b)
{
    if (a->phony_dims != b->phony_dims)
        return false;
    if (a->dim_names == NULL || b->dim_names == NULL)
        return a->dim_names == b->dim_names;
    for (unsigned i = 0; i < a->rank; i++) {
        const char *x = a->dim_names[i], *y = b->dim_names[i];

        if (x == NULL || y == NULL ? x != y : strcmp(x, y) != 0)
            return false;
    }
    return true;
}

bool zh_array_meta_equal(const zh_array_meta *a, const zh_array_meta *b)
{
    if (a->unreadable != NULL || b->unreadable != NULL || a->format != b->format || a->rank != b->rank ||
        a->keys != b->keys || a->separator != b->separator || a->order_f != b->order_f || a->ncodecs != b->ncodecs ||
        a->v2_last_is_compressor != b->v2_last_is_compressor || !zh_dtype_equal(&a->dtype, &b->dtype))
        return false;
    if (memcmp(a->shape, b->shape, 2 * a->rank * sizeof(*a->shape)) != 0)
        return false;
    for (unsigned i = 0; i < a->ncodecs; i++) {
        if (!zh_codec_equal(&a->codecs[i], &b->codecs[i]))
            return false;
    }
    return same_fill(a, b) && same_names(a, b);
}

void zh_phony_dim_name(char out[48], const uint64_t *shape, unsigned axis)
{
    static const char prefix[] = "phony_dim_";
    size_t n = sizeof(prefix) - 1;
    unsigned same = 1;

    for (unsigned i = 0; i < axis; i++)
        same += shape[i] == shape[axis];
    memcpy(out, prefix, n);
    n += zh_format_u64(out + n, shape[axis]);
    if (same > 1) {
        out[n++] = '_';
        n += zh_format_u64(out + n, same);
    }
    out[n] = '\0';
}
