/* test_codec_golden.c - chunks made by zarr-python and numcodecs (golden.tsv, from make_golden.py) decode to what they
 * were made of, and where an encoding is determined, ours has the same bytes. Argument: the table. */
#include "codec_cells.h"

static const char *table;

static void golden_row(char **columns, unsigned count)
{
    const char *name = columns[0];
    bool exact = strcmp(columns[1], "exact") == 0;
    zh_dtype t = dtype_of(columns[2]);
    uint64_t shape[ZH_MAX_RANK];
    unsigned rank = shape_of(shape, columns[3]);
    zh_codec_spec specs[SPECS_MAX];
    unsigned n = specs_of(specs, columns[4]);
    zh_error err = ZH_ERROR_INIT;
    zh_codec_plan *plan;
    zh_codec_scratch *scratch;
    zh_buf out = ZH_BUF_INIT(1 << 20);
    size_t cells, encoded_size;
    uint8_t *encoded = hex_bytes(columns[6], &encoded_size);

    assert_int_equal(count, 7);
    require_ok(zh_codec_bind(&plan, specs, n, &t, rank, shape, &err), &err, name);
    require_ok(zh_codec_scratch_new(&scratch, &err), &err, name);
    cells = zh_codec_plan_cells(plan);
    void *want = cells_from_hex(&t, cells, columns[5]);
    void *got = calloc(1, zh_codec_plan_cell_bytes(plan));
    require_ok(zh_codec_decode(plan, scratch, encoded, encoded_size, got, &err), &err, name);
    if (!cells_equal(&t, got, want, cells))
        fail_msg("%s decodes to something else", name);
    require_ok(zh_codec_encode(plan, scratch, want, &out, &err), &err, name);
    if (exact && (out.len != encoded_size || memcmp(out.ptr, encoded, encoded_size) != 0))
        fail_msg("%s encodes to something else", name);
    cells_free(&t, want, cells);
    cells_free(&t, got, cells);
    zh_buf_dispose(&out);
    zh_codec_scratch_free(scratch);
    zh_codec_plan_free(plan);
    free(encoded);
}

static void test_golden(void **state)
{
    (void)state;
    for_each_row(table, golden_row);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden)};

    table = argc > 1 ? argv[1] : "golden.tsv";
    return cmocka_run_group_tests(tests, NULL, NULL);
}
