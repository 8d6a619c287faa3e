/* model.c - see model.h. */
#include "model.h"

/* --- cells -------------------------------------------------------------------------------------------------- */

static void *checked(void *p)
{
    assert_non_null(p);
    return p;
}

static void copy_cell(const model *m, uint8_t *to, const uint8_t *from)
{
    zh_vlen v, old;

    if (!m->variable) {
        memcpy(to, from, m->cell);
        return;
    }
    memcpy(&old, to, sizeof(old));
    memcpy(&v, from, sizeof(v));
    free(old.data);
    old.data = NULL;
    if (v.len > 0)
        old.data = memcpy(checked(malloc(v.len)), v.data, v.len);
    old.len = v.len;
    memcpy(to, &old, sizeof(old));
}

static void free_cells(bool variable, uint8_t *cells, size_t n)
{
    for (size_t i = 0; variable && i < n; i++) {
        zh_vlen v;

        memcpy(&v, cells + i * sizeof(v), sizeof(v));
        free(v.data);
    }
    free(cells);
}

/* One fill cell into a place that holds zeros. */
static void put_fill(const model *m, uint8_t *to)
{
    zh_vlen v = {m->meta->fill, m->meta->fill_len};

    if (m->variable)
        copy_cell(m, to, (const uint8_t *)&v);
    else if (m->meta->fill)
        memcpy(to, m->meta->fill, m->cell);
}

static uint8_t *fill_block(const model *m, size_t n)
{
    uint8_t *cells = checked(calloc(n + 1, m->cell));

    for (size_t i = 0; i < n; i++)
        put_fill(m, cells + i * m->cell);
    return cells;
}

static size_t total_of(unsigned rank, const uint64_t *shape)
{
    uint64_t n = 1;

    for (unsigned i = 0; i < rank; i++)
        n *= shape[i];
    return (size_t)n;
}

void model_open(model *m, const zh_array_meta *meta)
{
    *m = (model){.meta = meta, .rank = meta->rank};
    m->cell = zh_dtype_cell_size(&meta->dtype);
    m->variable = zh_dtype_is_variable(&meta->dtype);
    if (m->rank > 0)
        memcpy(m->shape, meta->shape, m->rank * sizeof(uint64_t));
    m->n = total_of(m->rank, m->shape);
    m->cells = fill_block(m, m->n);
}

void model_close(model *m)
{
    free_cells(m->variable, m->cells, m->n);
}

void model_resize(model *m, const uint64_t *shape)
{
    size_t n = total_of(m->rank, shape);
    uint8_t *cells = fill_block(m, n);

    for (size_t i = 0; i < n; i++) {
        size_t left = i, old = 0, scale = 1;
        bool inside = true;

        for (unsigned k = m->rank; k-- > 0;) {
            size_t x = left % shape[k];

            left /= shape[k];
            inside = inside && x < m->shape[k];
            old += x * scale;
            scale *= m->shape[k];
        }
        if (inside)
            copy_cell(m, cells + i * m->cell, m->cells + old * m->cell);
    }
    free_cells(m->variable, m->cells, m->n);
    m->cells = cells;
    m->n = n;
    if (m->rank > 0)
        memcpy(m->shape, shape, m->rank * sizeof(uint64_t));
}

/* --- selections --------------------------------------------------------------------------------------------- */

typedef struct elements {
    size_t *at;
    size_t n;
} elements;

static void regular_elements(elements *e, const zh_sel *s, const uint64_t *shape, unsigned axis, size_t base)
{
    if (axis == s->rank) {
        e->at[e->n++] = base;
        return;
    }
    for (uint64_t c = 0; c < s->count[axis]; c++) {
        for (uint64_t b = 0; b < s->block[axis]; b++)
            regular_elements(e, s, shape, axis + 1, base * shape[axis] + s->start[axis] + c * s->stride[axis] + b);
    }
}

size_t selected(const zh_sel *s, const uint64_t *shape)
{
    uint64_t n = 0;

    assert_int_equal(zh_sel_npoints(s, shape, &n, NULL), ZH_OK);
    return (size_t)n;
}

/* The selected elements in order, by a naive loop. */
static elements list_elements(const zh_sel *s, const uint64_t *shape)
{
    elements e = {checked(malloc((selected(s, shape) + 1) * sizeof(size_t))), 0};

    if (s->kind == ZH_SEL_ALL) {
        for (; e.n < total_of(s->rank, shape); e.n++)
            e.at[e.n] = e.n;
    } else if (s->kind == ZH_SEL_REGULAR) {
        if (selected(s, shape) > 0)
            regular_elements(&e, s, shape, 0, 0);
    } else {
        for (size_t i = 0; i < s->nruns; i++) {
            for (uint64_t k = 0; k < s->runs[i].len; k++)
                e.at[e.n++] = (size_t)(s->runs[i].offset + k);
        }
    }
    return e;
}

static void random_axis(rng *r, zh_sel *s, unsigned i, uint64_t extent)
{
    uint64_t start = rng_below(r, extent), left = extent - start;
    uint64_t block = rng_chance(r, 50) ? 1 : rng_between(r, 1, left);
    uint64_t stride = rng_between(r, block, block + 3);

    if (rng_chance(r, 20)) { /* whole axis */
        start = 0;
        stride = block = 1;
        left = extent;
    }
    s->start[i] = start;
    s->block[i] = block;
    s->stride[i] = stride;
    s->count[i] = (left - block) / stride + 1;
    if (rng_chance(r, 40))
        s->count[i] = rng_between(r, 1, s->count[i]);
    if (rng_chance(r, 1))
        s->count[i] = 0;
}

static void random_runs(rng *r, zh_sel *s, size_t total, zh_run *runs, size_t most)
{
    s->runs = runs;
    s->nruns = rng_below(r, most + 1);
    for (size_t k = 0; k < s->nruns; k++) {
        size_t at = rng_below(r, total);
        size_t longest = total - at < 40 ? total - at : 40;

        runs[k] = (zh_run){at, rng_chance(r, 50) ? 1 : rng_below(r, longest + 1)};
        if (rng_chance(r, 3))
            runs[k].len = total - at;
    }
}

zh_sel random_selection(rng *r, unsigned rank, const uint64_t *shape, zh_run *runs, size_t most_runs)
{
    zh_sel s = {.kind = ZH_SEL_ALL, .rank = rank};
    size_t total = total_of(rank, shape);
    unsigned dice = (unsigned)rng_below(r, 100);

    if (total == 0 || dice < 10)
        return s;
    if (dice < 70) {
        s.kind = ZH_SEL_REGULAR;
        for (unsigned i = 0; i < rank; i++)
            random_axis(r, &s, i, shape[i]);
    } else {
        s.kind = ZH_SEL_RUNS;
        random_runs(r, &s, total, runs, most_runs);
    }
    return s;
}

/* --- comparing ---------------------------------------------------------------------------------------------- */

void model_write(model *m, const zh_sel *sel, const void *packed)
{
    elements e = list_elements(sel, m->shape);

    for (size_t i = 0; i < e.n; i++)
        copy_cell(m, m->cells + e.at[i] * m->cell, (const uint8_t *)packed + i * m->cell);
    free(e.at);
}

static bool same_cell(const model *m, const uint8_t *want, const uint8_t *got)
{
    zh_vlen w, g;

    if (!m->variable)
        return memcmp(want, got, m->cell) == 0;
    memcpy(&w, want, sizeof(w));
    memcpy(&g, got, sizeof(g));
    return w.len == g.len && g.data && (w.len == 0 || memcmp(w.data, g.data, w.len) == 0) && g.data[g.len] == '\0';
}

void model_compare(const model *m, zh_array *a, const zh_sel *sel)
{
    elements e = list_elements(sel, m->shape);
    uint8_t *got = checked(malloc(e.n * m->cell + 1));
    zh_arena strings = ZH_ARENA_INIT;
    zh_error err = ZH_ERROR_INIT;

    memset(got, 0xa5, e.n * m->cell + 1);
    assert_zh_ok(zh_array_read(a, sel, got, &strings, &err), &err);
    for (size_t i = 0; i < e.n; i++) {
        if (!same_cell(m, m->cells + e.at[i] * m->cell, got + i * m->cell))
            fail_msg("element %zu (cell %zu of %zu read) differs: %s", e.at[i], i, e.n, describe(m->meta));
    }
    assert_int_equal(got[e.n * m->cell], 0xa5);
    zh_arena_dispose(&strings);
    free(got);
    free(e.at);
}

void model_compare_all(const model *m, zh_array *a)
{
    zh_sel all = sel_all(m->rank);

    model_compare(m, a, &all);
}

/* --- values ------------------------------------------------------------------------------------------------- */

static size_t random_text(rng *r, char *out, size_t most_chars)
{
    static const char *const chars[] = {"a", "Z", " ", "\"", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "0"};
    size_t n = rng_below(r, most_chars + 1), len = 0;

    for (size_t i = 0; i < n; i++) {
        const char *c = chars[rng_below(r, sizeof(chars) / sizeof(chars[0]))];

        for (size_t k = 0; c[k] != '\0'; k++)
            out[len++] = c[k];
    }
    return len;
}

static void random_vlen(rng *r, const zh_dtype *t, zh_vlen *out)
{
    size_t most = t->kind == ZH_K_UTF32 ? t->size / 4 : rng_chance(r, 5) ? 300 : 12;
    char *text = checked(malloc(most * 4 + 1));

    if (t->kind == ZH_K_VBYTES) {
        out->len = rng_below(r, most + 1);
        for (size_t i = 0; i < out->len; i++)
            text[i] = (char)rng_next(r);
    } else {
        out->len = random_text(r, text, most);
    }
    if (out->len == 0 && rng_chance(r, 50)) {
        free(text);
        text = NULL;
    }
    out->data = text;
}

static void random_fixed(rng *r, const zh_dtype *t, uint8_t *out)
{
    for (uint32_t i = 0; i < t->size; i++)
        out[i] = (uint8_t)(t->kind == ZH_K_BOOL ? rng_next(r) >> 40 & 1 : rng_next(r) >> 40);
}

void *random_packed(rng *r, const zh_array_meta *meta, size_t n)
{
    size_t cell = zh_dtype_cell_size(&meta->dtype);
    uint8_t *packed = checked(malloc(n * cell + 1));

    for (size_t i = 0; i < n; i++) {
        zh_vlen v;

        if (!zh_dtype_is_variable(&meta->dtype)) {
            random_fixed(r, &meta->dtype, packed + i * cell);
            continue;
        }
        random_vlen(r, &meta->dtype, &v);
        memcpy(packed + i * cell, &v, sizeof(v));
    }
    return packed;
}

void model_free_packed(const zh_array_meta *meta, void *packed, size_t n)
{
    free_cells(zh_dtype_is_variable(&meta->dtype), packed, n);
}

/* --- arrays ------------------------------------------------------------------------------------------------- */

static zh_dtype random_dtype(rng *r)
{
    static const zh_dtype types[] = {
        {ZH_K_BOOL, ZH_ORDER_NONE, 1},  {ZH_K_INT, ZH_ORDER_NONE, 1},    {ZH_K_UINT, ZH_LITTLE, 2},
        {ZH_K_INT, ZH_BIG, 4},          {ZH_K_UINT, ZH_LITTLE, 8},       {ZH_K_FLOAT, ZH_LITTLE, 4},
        {ZH_K_FLOAT, ZH_BIG, 8},        {ZH_K_COMPLEX, ZH_LITTLE, 8},    {ZH_K_COMPLEX, ZH_LITTLE, 16},
        {ZH_K_BYTES, ZH_ORDER_NONE, 5}, {ZH_K_RAW, ZH_ORDER_NONE, 3},    {ZH_K_RAW, ZH_ORDER_NONE, 40},
        {ZH_K_UTF32, ZH_LITTLE, 28},    {ZH_K_STRING, ZH_ORDER_NONE, 0}, {ZH_K_STRING, ZH_ORDER_NONE, 0},
        {ZH_K_VBYTES, ZH_ORDER_NONE, 0}};

    return types[rng_below(r, sizeof(types) / sizeof(types[0]))];
}

static void add_codec(zh_array_meta *m, zh_codec_spec c)
{
    zh_error err = ZH_ERROR_INIT;

    assert_zh_ok(zh_array_meta_add_codec(m, &c, &err), &err);
}

static void random_codecs(rng *r, zh_array_meta *m)
{
    const zh_dtype *t = &m->dtype;
    bool v3 = m->format == ZH_V3;
    uint32_t size = t->size > 0 ? t->size : 1;

    if (v3 && m->rank > 1 && rng_chance(r, 20))
        add_codec(m, zh_codec_transpose_f(m->rank));
    if (t->kind == ZH_K_STRING)
        add_codec(m, zh_codec_vlen_utf8());
    else if (t->kind == ZH_K_VBYTES)
        add_codec(m, zh_codec_vlen_bytes());
    else if (v3)
        add_codec(m, zh_codec_bytes((zh_order)t->order));
    if (rng_chance(r, 50))
        return;
    if (!v3 && rng_chance(r, 40))
        add_codec(m, zh_codec_shuffle(size));
    switch (rng_below(r, 4)) {
    case 0:
        add_codec(m, v3 ? zh_codec_gzip(1) : zh_codec_zlib(1));
        break;
    case 1:
        add_codec(m, zh_codec_zstd(1, false));
        break;
    case 2:
        add_codec(m, zh_codec_blosc("lz4", 3, 1, size));
        break;
    default:
        break;
    }
    if (v3 && rng_chance(r, 30))
        add_codec(m, zh_codec_crc32c());
}

static void random_fill(rng *r, zh_array_meta *m)
{
    zh_error err = ZH_ERROR_INIT;
    uint8_t cell[64];
    zh_vlen v;

    if (rng_chance(r, 40))
        return;
    if (!zh_dtype_is_variable(&m->dtype)) {
        random_fixed(r, &m->dtype, cell);
        assert_zh_ok(zh_array_meta_set_fill(m, cell, m->dtype.size, &err), &err);
        return;
    }
    random_vlen(r, &m->dtype, &v);
    if (m->dtype.kind != ZH_K_VBYTES)
        assert_zh_ok(zh_array_meta_set_fill(m, v.len ? v.data : "", v.len, &err), &err);
    free(v.data);
}

void random_shape(rng *r, const zh_array_meta *m, uint64_t *shape)
{
    static const uint64_t most[] = {1, 600, 40, 11, 6};

    for (unsigned i = 0; i < m->rank; i++) {
        shape[i] = rng_between(r, 1, most[m->rank]);
        if (rng_chance(r, 3))
            shape[i] = 0;
    }
}

zh_array_meta *random_meta(rng *r)
{
    zh_dtype dtype = random_dtype(r);
    zh_array_meta probe = {.rank = (uint8_t)rng_below(r, 5)}, *m;
    uint64_t shape[4], chunk[4];

    random_shape(r, &probe, shape);
    for (unsigned i = 0; i < probe.rank; i++)
        chunk[i] = rng_chance(r, 10) ? shape[i] + 3 : rng_between(r, 1, shape[i] / 2 + 1);
    m = make_meta(rng_chance(r, 50) ? ZH_V2 : ZH_V3, dtype, probe.rank, shape, chunk);
    if (m->format == ZH_V2)
        m->order_f = rng_chance(r, 25);
    else if (rng_chance(r, 25))
        m->keys = ZH_KEYS_V2;
    if (rng_chance(r, 25))
        m->separator = m->separator == '/' ? '.' : '/';
    random_codecs(r, m);
    random_fill(r, m);
    return m;
}

const char *describe(const zh_array_meta *m)
{
    static char text[400];
    int n;

    n = snprintf(text, sizeof(text), "v%d kind %d size %u order %d%s fill %zu", m->format, m->dtype.kind,
                 (unsigned)m->dtype.size, m->dtype.order, m->order_f ? " F" : "", m->fill_len);
    for (unsigned i = 0; i < m->rank; i++)
        n += snprintf(text + n, sizeof(text) - (size_t)n, " %llu/%llu", (unsigned long long)m->shape[i],
                      (unsigned long long)m->chunk[i]);
    for (unsigned i = 0; i < m->ncodecs; i++)
        n += snprintf(text + n, sizeof(text) - (size_t)n, " %s", zh_codec_name(&m->codecs[i]));
    return text;
}
