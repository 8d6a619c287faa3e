/* test_codec_contract.c - what every chain of codecs owes, for each line of codec_contract.tsv: round trips, specs that
 * survive their documents, damaged bytes that are refused or decoded but never more, no data of another size,
 * every failing allocation reported and nothing leaked. Argument: the table. */
#include "codec_cells.h"

static const char *table;

typedef struct chain {
    const char *text;
    zh_dtype t;
    unsigned rank;
    uint64_t shape[ZH_MAX_RANK];
    zh_codec_spec specs[SPECS_MAX];
    unsigned nspecs;
    zh_codec_plan *plan;
    zh_codec_scratch *scratch;
    size_t cells, bytes;
} chain;

static void chain_open(chain *c, char **columns)
{
    zh_error err = ZH_ERROR_INIT;

    c->text = columns[2];
    c->t = dtype_of(columns[0]);
    c->rank = shape_of(c->shape, columns[1]);
    c->nspecs = specs_of(c->specs, columns[2]);
    require_ok(zh_codec_bind(&c->plan, c->specs, c->nspecs, &c->t, c->rank, c->shape, &err), &err, c->text);
    require_ok(zh_codec_scratch_new(&c->scratch, &err), &err, c->text);
    c->cells = zh_codec_plan_cells(c->plan);
    c->bytes = zh_codec_plan_cell_bytes(c->plan);
}

static void chain_close(chain *c)
{
    zh_codec_scratch_free(c->scratch);
    zh_codec_plan_free(c->plan);
}

/* Decodes a copy that ends where its allocation ends. */
static int decode_copy(const chain *c, const void *in, size_t n, void *cells, zh_error *err)
{
    uint8_t *copy = malloc(n > 0 ? n : 1);
    int rc;

    assert_non_null(copy);
    memcpy(copy, in, n);
    rc = zh_codec_decode(c->plan, c->scratch, copy, n, cells, err);
    free(copy);
    return rc;
}

static void round_trip_row(char **columns, unsigned count)
{
    chain c;
    zh_error err = ZH_ERROR_INIT;

    assert_int_equal(count, 3);
    chain_open(&c, columns);
    for (int pattern = 0; pattern < PATTERNS; pattern++) {
        void *cells = cells_new(&c.t, c.cells, pattern), *back = malloc(c.bytes);
        zh_buf one = ZH_BUF_INIT(1 << 24), two = ZH_BUF_INIT(1 << 24);

        require_ok(zh_codec_encode(c.plan, c.scratch, cells, &one, &err), &err, c.text);
        require_ok(decode_copy(&c, one.ptr, one.len, back, &err), &err, c.text);
        assert_true(cells_equal(&c.t, cells, back, c.cells));
        require_ok(zh_codec_encode(c.plan, c.scratch, back, &two, &err), &err, c.text);
        assert_int_equal(one.len, two.len);
        assert_memory_equal(one.ptr, two.ptr, one.len);
        if (zh_codec_plan_is_identity(c.plan)) {
            assert_int_equal(one.len, c.bytes);
            assert_memory_equal(one.ptr, cells, c.bytes);
        }
        cells_free(&c.t, cells, c.cells);
        cells_free(&c.t, back, c.cells);
        zh_buf_dispose(&one);
        zh_buf_dispose(&two);
    }
    chain_close(&c);
}

static void format_row(char **columns, unsigned count)
{
    bool v2 = strncmp(columns[2], "v2:", 3) == 0;
    zh_codec_spec specs[SPECS_MAX];
    unsigned n = specs_of(specs, columns[2]);
    zh_error err = ZH_ERROR_INIT;

    (void)count;
    for (unsigned i = 0; i < n; i++) {
        zh_buf text = ZH_BUF_INIT(4096);
        zh_codec_spec again;
        zh_json *j = NULL;
        zh_jsonw w;

        zh_jsonw_init(&w, &text, &err);
        if (v2)
            zh_codec_format_v2(&w, &specs[i]);
        else
            zh_codec_format_v3(&w, &specs[i]);
        require_ok(zh_jsonw_finish(&w), &err, columns[2]);
        require_ok(zh_json_parse(&j, (const char *)text.ptr, text.len, &err), &err, columns[2]);
        require_ok(v2 ? zh_codec_parse_v2(&again, j, &err) : zh_codec_parse_v3(&again, j, &err), &err, columns[2]);
        assert_true(zh_codec_equal(&again, &specs[i]));
        zh_json_free(j);
        zh_buf_dispose(&text);
    }
}

/* The answers that damaged bytes may get. */
static void try_damaged(const chain *c, const void *in, size_t n, bool must_fail)
{
    zh_error err = ZH_ERROR_INIT;
    void *cells = malloc(c->bytes);
    int rc = decode_copy(c, in, n, cells, &err);

    if (rc != ZH_OK && rc != ZH_CORRUPT)
        fail_msg("%s: %d: %s", c->text, rc, err.message);
    if (rc == ZH_OK && must_fail)
        fail_msg("%s: %zu damaged bytes were taken", c->text, n);
    if (rc != ZH_OK) {
        assert_true(err.message[0] != '\0');
        assert_true(cells_empty(&c->t, cells, c->cells));
    }
    cells_free(&c->t, cells, rc == ZH_OK ? c->cells : 0);
}

static void damaged_row(char **columns, unsigned count)
{
    bool crc = strstr(columns[2], "crc32c") != NULL;
    zh_error err = ZH_ERROR_INIT;
    zh_buf enc = ZH_BUF_INIT(1 << 24);
    void *cells;
    chain c;

    (void)count;
    chain_open(&c, columns);
    cells = cells_new(&c.t, c.cells, PATTERN_RAMP);
    require_ok(zh_codec_encode(c.plan, c.scratch, cells, &enc, &err), &err, c.text);
    for (size_t n = 0; n < enc.len; n += n < 600 ? 1 : 97)
        try_damaged(&c, enc.ptr, n, true);
    for (size_t bit = 0; bit < enc.len * 8; bit += bit < 1600 ? 1 : 101) {
        enc.ptr[bit / 8] ^= (uint8_t)(1 << bit % 8);
        try_damaged(&c, enc.ptr, enc.len, crc);
        enc.ptr[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t i = 0; i < enc.len && i < 40; i++) {
        uint8_t old = enc.ptr[i];

        enc.ptr[i] = 0xff;
        try_damaged(&c, enc.ptr, enc.len, crc && old != 0xff);
        enc.ptr[i] = 0;
        try_damaged(&c, enc.ptr, enc.len, crc && old != 0);
        enc.ptr[i] = old;
    }
    require_ok(zh_buf_append(&enc, "junk", 4, &err), &err, c.text);
    try_damaged(&c, enc.ptr, enc.len, true);
    cells_free(&c.t, cells, c.cells);
    zh_buf_dispose(&enc);
    chain_close(&c);
}

/* A chunk of another shape, whole in itself: too much (a bomb) and too little. */
static void other_size_row(char **columns, unsigned count)
{
    static const unsigned factors[] = {2, 1000};
    chain c;
    zh_error err = ZH_ERROR_INIT;

    (void)count;
    chain_open(&c, columns);
    for (unsigned i = 0; c.rank > 0 && i < 2; i++) {
        uint64_t shape[ZH_MAX_RANK];
        zh_codec_plan *plan;
        zh_buf enc = ZH_BUF_INIT(1 << 26);
        void *cells, *back;

        memcpy(shape, c.shape, sizeof(shape));
        shape[c.rank - 1] *= factors[i];
        require_ok(zh_codec_bind(&plan, c.specs, c.nspecs, &c.t, c.rank, shape, &err), &err, c.text);
        cells = cells_new(&c.t, zh_codec_plan_cells(plan), PATTERN_ZERO);
        require_ok(zh_codec_encode(plan, c.scratch, cells, &enc, &err), &err, c.text);
        try_damaged(&c, enc.ptr, enc.len, true);
        cells_free(&c.t, cells, zh_codec_plan_cells(plan));

        cells = cells_new(&c.t, c.cells, PATTERN_ZERO);
        require_ok(zh_codec_encode(c.plan, c.scratch, cells, &enc, &err), &err, c.text);
        back = calloc(1, zh_codec_plan_cell_bytes(plan));
        assert_int_equal(zh_codec_decode(plan, c.scratch, enc.ptr, enc.len, back, &err), ZH_CORRUPT);
        cells_free(&c.t, back, 0);
        cells_free(&c.t, cells, c.cells);
        zh_codec_plan_free(plan);
        zh_buf_dispose(&enc);
    }
    chain_close(&c);
}

static bool countdown(void *payload)
{
    long *left = payload;

    return (*left)-- > 0;
}

/* Binds, encodes and decodes with the allocation after `left` others failing, and all behind it. */
static int run_starved(char **columns, long left, const void *cells, void *back)
{
    zh_error err = ZH_ERROR_INIT;
    zh_buf enc = ZH_BUF_INIT(1 << 24);
    zh_codec_scratch *scratch = NULL;
    zh_codec_plan *plan = NULL;
    zh_codec_spec specs[SPECS_MAX];
    uint64_t shape[ZH_MAX_RANK];
    unsigned rank = shape_of(shape, columns[1]), n = specs_of(specs, columns[2]);
    zh_dtype t = dtype_of(columns[0]);
    int rc;

    zh_alloc_set_hook(countdown, &left);
    rc = zh_codec_bind(&plan, specs, n, &t, rank, shape, &err);
    if (rc == ZH_OK)
        rc = zh_codec_scratch_new(&scratch, &err);
    if (rc == ZH_OK)
        rc = zh_codec_encode(plan, scratch, cells, &enc, &err);
    if (rc == ZH_OK)
        rc = zh_codec_decode(plan, scratch, enc.ptr, enc.len, back, &err);
    zh_alloc_set_hook(NULL, NULL);
    assert_true(rc == ZH_OK || (rc == ZH_NOMEM && err.code == ZH_NOMEM));
    zh_buf_dispose(&enc);
    zh_codec_scratch_free(scratch);
    zh_codec_plan_free(plan);
    return rc;
}

static void starved_row(char **columns, unsigned count)
{
    chain c;
    void *cells;
    int rc = ZH_NOMEM;

    (void)count;
    chain_open(&c, columns);
    cells = cells_new(&c.t, c.cells, PATTERN_RAMP);
    for (long left = 0; rc != ZH_OK; left++) {
        void *back = calloc(1, c.bytes);

        rc = run_starved(columns, left, cells, back);
        if (rc == ZH_OK)
            assert_true(cells_equal(&c.t, cells, back, c.cells));
        else
            assert_true(cells_empty(&c.t, back, c.cells));
        cells_free(&c.t, back, c.cells);
        assert_true(left < 10000);
    }
    cells_free(&c.t, cells, c.cells);
    chain_close(&c);
}

static void test_round_trip(void **state)
{
    (void)state;
    for_each_row(table, round_trip_row);
}

static void test_specs_survive(void **state)
{
    (void)state;
    for_each_row(table, format_row);
}

static void test_damaged(void **state)
{
    (void)state;
    for_each_row(table, damaged_row);
}

static void test_other_size(void **state)
{
    (void)state;
    for_each_row(table, other_size_row);
}

static void test_starved(void **state)
{
    (void)state;
    for_each_row(table, starved_row);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_specs_survive), cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_other_size), cmocka_unit_test(test_starved),
    };

    table = argc > 1 ? argv[1] : "codec_contract.tsv";
    return cmocka_run_group_tests(tests, NULL, NULL);
}
