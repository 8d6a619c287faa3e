/* codec.c - specs to and from documents, binding a chain of them, running it.
 *
 * A plan holds the steps that change bytes and no others: a codec that would hand on what it gets ("bytes" in the
 * stored order, a transpose of the axes to themselves) is dropped at bind. So a plan without steps is the
 * identity, and the first and last step work straight on the caller's memory; only what lies between goes
 * through the scratch's two buffers in turn.
 */
#include "codec/codec_ops.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

struct zh_codec_plan {
    zh_codec_repr cells; /* what a decoded chunk is */
    unsigned nsteps;
    zh_codec_step steps[]; /* in encoding order */
};

struct zh_codec_scratch {
    zh_buf tmp[2];
    void *state[]; /* zh_codec__count entries */
};

/* ---- specs and documents ---- */

static bool digits(const char *text, int64_t *out)
{
    size_t i = text[0] == '-' ? 1 : 0;
    int64_t value = 0;

    if (text[i] == '\0' || strlen(text + i) > 18)
        return false;
    for (; text[i] != '\0'; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        value = value * 10 + (text[i] - '0');
    }
    *out = text[0] == '-' ? -value : value;
    return true;
}

int zh_codec__get_int(int64_t *out, const zh_json *conf, const char *name, int64_t lo, int64_t hi, int64_t fallback,
                      zh_error *err)
{
    const zh_json *j = zh_json_get(conf, name);
    const char *text = zh_json_str(j);
    int64_t value = fallback;
    bool ok = true;

    if (text != NULL)
        ok = digits(text, &value);
    else if (zh_json_typeof(j) != ZH_JSON_NULL)
        ok = zh_json_i64(j, &value);
    if (!ok)
        return zh_error_set(err, ZH_CORRUPT, "'%s' is not an integer", name);
    *out = value < lo ? lo : value > hi ? hi : value;
    return ZH_OK;
}

static const zh_codec_ops *find(const char *name, bool v3)
{
    for (unsigned i = 0; i < zh_codec__count; i++) {
        const zh_codec_ops *ops = zh_codec__registry[i];
        const char *known = v3 ? ops->v3 : ops->v2;

        if (known != NULL && strcmp(known, name) == 0)
            return ops;
    }
    return NULL;
}

static int parse_with(zh_codec_spec *out, const zh_codec_ops *ops, const zh_json *conf, bool v3, zh_error *err)
{
    int rc = ZH_OK;

    memset(out, 0, sizeof(*out));
    out->ops = ops;
    if (ops->parse != NULL)
        rc = ops->parse(out, conf, v3, err);
    if (rc < 0)
        zh_error_prefix(err, "codec '%s'", ops->name);
    return rc;
}

int zh_codec_parse_v3(zh_codec_spec *out, const zh_json *j, zh_error *err)
{
    static const char prefix[] = "numcodecs.";
    const zh_json *conf = zh_json_get(j, "configuration");
    const char *name = zh_json_str(j);
    const zh_codec_ops *ops;

    if (name == NULL)
        name = zh_json_str(zh_json_get(j, "name"));
    if (name == NULL)
        return zh_error_set(err, ZH_CORRUPT, "a codec has no name");
    if (zh_json_typeof(conf) != ZH_JSON_NULL && zh_json_typeof(conf) != ZH_JSON_OBJECT)
        return zh_error_set(err, ZH_CORRUPT, "codec '%s': its configuration is not an object", name);
    ops = find(name, true);
    if (ops != NULL && strncmp(name, prefix, sizeof(prefix) - 1) != 0)
        return parse_with(out, ops, conf, true, err);
    if (strncmp(name, prefix, sizeof(prefix) - 1) == 0) {
        ops = find(name + sizeof(prefix) - 1, false);
        if (ops != NULL)
            return parse_with(out, ops, conf, false, err);
    }
    return zh_error_set(err, ZH_UNSUPPORTED, "codec '%s' is not supported", name);
}

int zh_codec_parse_v2(zh_codec_spec *out, const zh_json *j, zh_error *err)
{
    const char *id = zh_json_str(zh_json_get(j, "id"));
    const zh_codec_ops *ops;

    if (id == NULL)
        return zh_error_set(err, ZH_CORRUPT, "a codec has no id");
    ops = find(id, false);
    if (ops == NULL)
        return zh_error_set(err, ZH_UNSUPPORTED, "codec '%s' is not supported", id);
    return parse_with(out, ops, j, false, err);
}

void zh_codec_format_v3(zh_jsonw *w, const zh_codec_spec *c)
{
    const zh_codec_ops *ops = c->ops;

    zh_jsonw_begin_object(w);
    zh_jsonw_key(w, "name");
    zh_jsonw_str(w, ops->v3 != NULL ? ops->v3 : ops->name);
    zh_jsonw_key(w, "configuration");
    zh_jsonw_begin_object(w);
    if (ops->format != NULL)
        ops->format(w, c, true);
    zh_jsonw_end_object(w);
    zh_jsonw_end_object(w);
}

void zh_codec_format_v2(zh_jsonw *w, const zh_codec_spec *c)
{
    const zh_codec_ops *ops = c->ops;

    zh_jsonw_begin_object(w);
    zh_jsonw_key(w, "id");
    zh_jsonw_str(w, ops->v2 != NULL ? ops->v2 : ops->name);
    if (ops->format != NULL)
        ops->format(w, c, false);
    zh_jsonw_end_object(w);
}

zh_codec_class zh_codec_class_of(const zh_codec_spec *c)
{
    return c->ops->cls;
}

const char *zh_codec_name(const zh_codec_spec *c)
{
    return c->ops->name;
}

bool zh_codec_is_compressor(const zh_codec_spec *c)
{
    return c->ops->compressor;
}

bool zh_codec_equal(const zh_codec_spec *a, const zh_codec_spec *b)
{
    size_t rank = a->rank <= ZH_MAX_RANK ? a->rank : 0;

    return a->ops == b->ops && a->level == b->level && a->elementsize == b->elementsize &&
           a->blocksize == b->blocksize && a->shuffle == b->shuffle && a->cname == b->cname && a->order == b->order &&
           a->kind == b->kind && a->checksum == b->checksum && a->rank == b->rank &&
           memcmp(a->perm, b->perm, rank) == 0;
}

/* ---- bind ---- */

int zh_codec__bind_compressor(zh_codec_step *step, zh_error *err)
{
    (void)err;
    step->out.exact = false;
    step->out.size = step->in.size + step->in.size / 8 + 65536;
    return ZH_OK;
}

void *zh_codec__state(void **state, size_t size)
{
    if (*state == NULL)
        *state = zh_calloc(1, size);
    return *state;
}

/* Sizes of the decoded chunk. */
static int bind_cells(zh_codec_repr *r, const zh_dtype *dtype, unsigned rank, const uint64_t *chunk, zh_error *err)
{
    uint64_t cells = 1, memory, stored;
    int rc = zh_dtype_check(dtype, err);

    if (rc < 0)
        return rc;
    if (rank > ZH_MAX_RANK)
        return zh_error_set(err, ZH_RANGE, "rank %u is above %d", rank, ZH_MAX_RANK);
    for (unsigned i = 0; i < rank; i++) {
        if (chunk[i] == 0)
            return zh_error_set(err, ZH_INVALID, "the chunk shape has a zero");
        if (!zh_mul_u64(cells, chunk[i], &cells))
            return zh_error_set(err, ZH_UNSUPPORTED, "the chunk shape overflows");
        r->shape[i] = chunk[i];
    }
    if (!zh_mul_u64(cells, zh_dtype_cell_size(dtype), &memory) ||
        !zh_mul_u64(cells, dtype->size > 0 ? dtype->size : 1, &stored) || memory > ZH_CODEC_MAX_CHUNK ||
        stored > ZH_CODEC_MAX_CHUNK)
        return zh_error_set(err, ZH_UNSUPPORTED, "a chunk is above the limit of %zu MiB", ZH_CODEC_MAX_CHUNK >> 20);
    r->is_cells = true;
    r->exact = true;
    r->size = (size_t)memory;
    r->item = dtype->size > 0 ? dtype->size : 1;
    r->dtype = *dtype;
    r->cells = (size_t)cells;
    r->rank = rank;
    return ZH_OK;
}

static unsigned slot_of(const zh_codec_ops *ops)
{
    unsigned i = 0;

    while (i < zh_codec__count && zh_codec__registry[i] != ops)
        i++;
    return i;
}

static int bind_step(zh_codec_plan *p, zh_codec_repr *now, const zh_codec_spec *spec, zh_error *err)
{
    zh_codec_step *step = &p->steps[p->nsteps];
    const zh_codec_ops *ops = spec->ops;
    int rc = ZH_OK;

    if (ops == NULL)
        return zh_error_set(err, ZH_INVALID, "a codec spec is empty");
    if ((ops->cls == ZH_CODEC_BYTES_BYTES) == now->is_cells)
        return zh_error_set(err, ZH_INVALID, "codec '%s' stands on the wrong side of the array-to-bytes codec",
                            ops->name);
    if (ops->cls == ZH_CODEC_ARRAY_BYTES && now->dtype.kind == ZH_K_UTF32 && spec->ops == zh_codec_bytes(0).ops)
        ops = &zh_codec__fixed_utf32;
    step->ops = ops;
    step->slot = slot_of(ops);
    step->skip = false;
    step->spec = *spec;
    step->in = *now;
    step->out = *now;
    if (ops->cls == ZH_CODEC_ARRAY_BYTES)
        step->out.is_cells = false;
    if (ops->bind != NULL)
        rc = ops->bind(step, err);
    if (rc < 0) {
        zh_error_prefix(err, "codec '%s'", ops->name);
        return rc;
    }
    *now = step->out;
    if (!step->skip)
        p->nsteps++;
    return ZH_OK;
}

zh_codec_spec zh_codec_implied(const zh_dtype *t)
{
    if (t->kind == ZH_K_STRING)
        return zh_codec_vlen_utf8();
    if (t->kind == ZH_K_VBYTES)
        return zh_codec_vlen_bytes();
    return zh_codec_bytes((zh_order)t->order);
}

static int bind_steps(zh_codec_plan *p, const zh_codec_spec *specs, unsigned n, zh_error *err)
{
    zh_codec_spec implied = zh_codec_implied(&p->cells.dtype);
    zh_codec_repr now = p->cells;
    int rc = ZH_OK;

    for (unsigned i = 0; i < n && rc == ZH_OK; i++) {
        if (now.is_cells && specs[i].ops != NULL && specs[i].ops->cls == ZH_CODEC_BYTES_BYTES)
            rc = bind_step(p, &now, &implied, err);
        if (rc == ZH_OK)
            rc = bind_step(p, &now, &specs[i], err);
    }
    if (rc == ZH_OK && now.is_cells)
        rc = bind_step(p, &now, &implied, err);
    return rc;
}

int zh_codec_bind(zh_codec_plan **out, const zh_codec_spec *specs, unsigned n, const zh_dtype *dtype, unsigned rank,
                  const uint64_t *chunk, zh_error *err)
{
    zh_codec_plan *p;
    int rc;

    *out = NULL;
    if (n > 64)
        return zh_error_set(err, ZH_UNSUPPORTED, "%u codecs in a row", n);
    p = zh_calloc(1, sizeof(*p) + ((size_t)n + 1) * sizeof(p->steps[0]));
    if (p == NULL)
        return zh_error_nomem(err);
    rc = bind_cells(&p->cells, dtype, rank, chunk, err);
    if (rc == ZH_OK)
        rc = bind_steps(p, specs, n, err);
    if (rc < 0) {
        zh_codec_plan_free(p);
        return rc;
    }
    *out = p;
    return ZH_OK;
}

void zh_codec_plan_free(zh_codec_plan *p)
{
    zh_free(p);
}

size_t zh_codec_plan_cells(const zh_codec_plan *p)
{
    return p->cells.cells;
}

size_t zh_codec_plan_cell_bytes(const zh_codec_plan *p)
{
    return p->cells.size;
}

bool zh_codec_plan_is_identity(const zh_codec_plan *p)
{
    return p->nsteps == 0;
}

/* ---- encode, decode ---- */

int zh_codec_scratch_new(zh_codec_scratch **out, zh_error *err)
{
    zh_codec_scratch *s = zh_calloc(1, sizeof(*s) + zh_codec__count * sizeof(s->state[0]));

    *out = s;
    if (s == NULL)
        return zh_error_nomem(err);
    zh_buf_init(&s->tmp[0], SIZE_MAX);
    zh_buf_init(&s->tmp[1], SIZE_MAX);
    return ZH_OK;
}

void zh_codec_scratch_free(zh_codec_scratch *s)
{
    if (s == NULL)
        return;
    for (unsigned i = 0; i < zh_codec__count; i++) {
        if (s->state[i] != NULL && zh_codec__registry[i]->state_free != NULL)
            zh_codec__registry[i]->state_free(s->state[i]);
    }
    zh_buf_dispose(&s->tmp[0]);
    zh_buf_dispose(&s->tmp[1]);
    zh_free(s);
}

int zh_codec_encode(const zh_codec_plan *p, zh_codec_scratch *s, const void *cells, zh_buf *out, zh_error *err)
{
    const void *now = cells;
    size_t n = p->cells.size;

    out->len = 0;
    if (p->nsteps == 0)
        return zh_buf_append(out, cells, n, err);
    for (unsigned i = 0; i < p->nsteps; i++) {
        const zh_codec_step *step = &p->steps[i];
        zh_buf *to = i + 1 == p->nsteps ? out : &s->tmp[i & 1];
        int rc;

        to->len = 0;
        rc = step->ops->encode(step, &s->state[step->slot], now, n, to, err);
        if (rc < 0) {
            zh_error_prefix(err, "codec '%s'", step->ops->name);
            out->len = 0;
            return rc;
        }
        now = to->ptr;
        n = to->len;
    }
    return ZH_OK;
}

/* One step backwards. Cells of a variable kind that it got and could not hand on are freed. */
static int decode_step(const zh_codec_step *step, zh_codec_scratch *s, void *in, size_t n, zh_buf *to, zh_error *err)
{
    int rc;

    to->len = 0;
    rc = step->ops->decode(step, &s->state[step->slot], in, n, to, err);
    if (rc == ZH_OK && step->in.exact && to->len != step->in.size)
        rc = zh_error_set(err, ZH_CORRUPT, "%zu bytes where %zu were expected", to->len, step->in.size);
    if (rc < 0) {
        zh_error_prefix(err, "codec '%s'", step->ops->name);
        if (step->out.is_cells && zh_dtype_is_variable(&step->out.dtype))
            zh_codec__free_cells(in, n / sizeof(zh_vlen));
    }
    return rc;
}

int zh_codec_decode(const zh_codec_plan *p, zh_codec_scratch *s, const void *in, size_t n, void *cells, zh_error *err)
{
    zh_buf last = {cells, 0, p->cells.size, p->cells.size};
    /* Only cells that an earlier step made are ever changed through this pointer, never the caller's bytes. */
    void *now = (void *)(uintptr_t)in;
    int rc = ZH_OK;

    if (p->nsteps == 0) {
        if (n != p->cells.size)
            return zh_error_set(err, ZH_CORRUPT, "a chunk of %zu bytes where %zu were expected", n, p->cells.size);
        memcpy(cells, in, n);
        return ZH_OK;
    }
    for (unsigned i = p->nsteps; i-- > 0 && rc == ZH_OK;) {
        zh_buf *to = i == 0 ? &last : &s->tmp[i & 1];

        rc = decode_step(&p->steps[i], s, now, n, to, err);
        now = to->ptr;
        n = to->len;
    }
    if (rc < 0 && zh_dtype_is_variable(&p->cells.dtype))
        memset(cells, 0, p->cells.size);
    return rc;
}

int zh_codec__decode_into(const zh_codec_step *step, void *state, zh_codec_attempt attempt, const void *in, size_t n,
                          size_t hint, zh_buf *out, zh_error *err)
{
    size_t limit = step->in.size;
    size_t room = step->in.exact || hint > limit ? limit : hint < 4096 ? 4096 : hint;

    for (;;) {
        zh_codec_result result;
        size_t made = 0;
        int rc;

        room = room < limit ? room : limit;
        rc = zh_buf_reserve(out, room, err);
        if (rc < 0)
            return rc;
        result = attempt(state, in, n, out->ptr, room, &made);
        if (result == ZH_CODEC_DONE) {
            out->len = made;
            return ZH_OK;
        }
        if (result == ZH_CODEC_DAMAGED)
            return zh_error_set(err, ZH_CORRUPT, "the %zu bytes are damaged", n);
        if (room == limit)
            return zh_error_set(err, ZH_CORRUPT, "decodes to more than %zu bytes", limit);
        room *= 2;
    }
}
