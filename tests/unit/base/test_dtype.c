#include "support.h"
#include "base/dtype.h"

static const struct {
    const char *v2; /* NULL: none */
    const char *v3;
    zh_dtype t;
} types[] = {
    {"|b1", "bool", {ZH_K_BOOL, ZH_ORDER_NONE, 1}},
    {"|i1", "int8", {ZH_K_INT, ZH_ORDER_NONE, 1}},
    {"<i2", "int16", {ZH_K_INT, ZH_LITTLE, 2}},
    {"<i4", "int32", {ZH_K_INT, ZH_LITTLE, 4}},
    {"<i8", "int64", {ZH_K_INT, ZH_LITTLE, 8}},
    {"|u1", "uint8", {ZH_K_UINT, ZH_ORDER_NONE, 1}},
    {"<u2", "uint16", {ZH_K_UINT, ZH_LITTLE, 2}},
    {"<u4", "uint32", {ZH_K_UINT, ZH_LITTLE, 4}},
    {"<u8", "uint64", {ZH_K_UINT, ZH_LITTLE, 8}},
    {"<f2", "float16", {ZH_K_FLOAT, ZH_LITTLE, 2}},
    {"<f4", "float32", {ZH_K_FLOAT, ZH_LITTLE, 4}},
    {"<f8", "float64", {ZH_K_FLOAT, ZH_LITTLE, 8}},
    {"<c8", "complex64", {ZH_K_COMPLEX, ZH_LITTLE, 8}},
    {"<c16", "complex128", {ZH_K_COMPLEX, ZH_LITTLE, 16}},
    {">f8", NULL, {ZH_K_FLOAT, ZH_BIG, 8}},
    {">u2", NULL, {ZH_K_UINT, ZH_BIG, 2}},
    {"|S1", NULL, {ZH_K_BYTES, ZH_ORDER_NONE, 1}},
    {"|S4294967295", NULL, {ZH_K_BYTES, ZH_ORDER_NONE, UINT32_MAX}},
    {"|V16", "r128", {ZH_K_RAW, ZH_ORDER_NONE, 16}},
    {"|V4294967295", "r34359738360", {ZH_K_RAW, ZH_ORDER_NONE, UINT32_MAX}},
    {"<U5", NULL, {ZH_K_UTF32, ZH_LITTLE, 20}},
    {">U1073741823", NULL, {ZH_K_UTF32, ZH_BIG, 4294967292u}},
    {"|O", "string", {ZH_K_STRING, ZH_ORDER_NONE, 0}},
    {NULL, "bytes", {ZH_K_VBYTES, ZH_ORDER_NONE, 0}},
};
#define N_TYPES (sizeof(types) / sizeof(types[0]))

static void names_go_both_ways(void **state)
{
    zh_error err = ZH_ERROR_INIT;
    char name[32];
    zh_dtype t;

    (void)state;
    for (size_t i = 0; i < N_TYPES; i++) {
        if (types[i].v2 != NULL) {
            assert_zh_ok(zh_dtype_parse_v2(&t, types[i].v2, &err), &err);
            assert_true(zh_dtype_equal(&t, &types[i].t));
            assert_zh_ok(zh_dtype_format_v2(name, &t, &err), &err);
            assert_string_equal(name, types[i].v2);
        }
        if (types[i].v3 != NULL) {
            assert_zh_ok(zh_dtype_parse_v3(&t, types[i].v3, &err), &err);
            assert_true(zh_dtype_equal(&t, &types[i].t));
            assert_zh_ok(zh_dtype_format_v3(name, &t, &err), &err);
            assert_string_equal(name, types[i].v3);
        }
        assert_zh_ok(zh_dtype_check(&types[i].t, &err), &err);
    }
}

static void takes_what_others_write(void **state)
{
    zh_error err = ZH_ERROR_INIT;
    zh_dtype t;

    (void)state;
    assert_zh_ok(zh_dtype_parse_v2(&t, "<i1", &err), &err);
    assert_int_equal(t.order, ZH_ORDER_NONE);
    assert_zh_ok(zh_dtype_parse_v2(&t, "<S3", &err), &err);
    assert_int_equal(t.order, ZH_ORDER_NONE);
    assert_zh_ok(zh_dtype_parse_v3(&t, "variable_length_bytes", &err), &err);
    assert_int_equal(t.kind, ZH_K_VBYTES);
}

static void refuses_other_names_by_name(void **state)
{
    static const char *const v2[] = {"",
                                     "f8",
                                     "<",
                                     "<f",
                                     "<f3",
                                     "<f16",
                                     "<M8[ns]",
                                     "|b2",
                                     "|f8",
                                     "<i4 ",
                                     "<i04",
                                     "<i-4",
                                     "|S0",
                                     "|V0",
                                     "|U3",
                                     "<U0",
                                     "=f8",
                                     "<i99999999999999999999",
                                     "|S4294967296",
                                     ">U1073741824",
                                     "|OO",
                                     "<c4"};
    static const char *const v3[] = {"",    "int",          "float128", "r",   "r0",        "r7",
                                     "r-8", "r34359738368", "Int8",     "r8x", "datetime64"};
    zh_error err = ZH_ERROR_INIT;
    zh_dtype t;

    (void)state;
    for (size_t i = 0; i < sizeof(v2) / sizeof(v2[0]); i++) {
        assert_zh_code(zh_dtype_parse_v2(&t, v2[i], &err), ZH_UNSUPPORTED, &err);
        assert_zh_message(&err, v2[i]);
    }
    for (size_t i = 0; i < sizeof(v3) / sizeof(v3[0]); i++) {
        assert_zh_code(zh_dtype_parse_v3(&t, v3[i], &err), ZH_UNSUPPORTED, &err);
        assert_zh_message(&err, v3[i]);
    }
}

static void checks_sizes_and_orders(void **state)
{
    static const zh_dtype bad[] = {
        {ZH_K_BOOL, 0, 2},
        {ZH_K_INT, ZH_LITTLE, 3},
        {ZH_K_INT, ZH_ORDER_NONE, 4},
        {ZH_K_INT, ZH_LITTLE, 1},
        {ZH_K_FLOAT, ZH_LITTLE, 1},
        {ZH_K_COMPLEX, 0, 8},
        {ZH_K_BYTES, 0, 0},
        {ZH_K_BYTES, ZH_BIG, 5},
        {ZH_K_RAW, 0, 0},
        {ZH_K_UTF32, 1, 6},
        {ZH_K_STRING, 0, 1},
        {ZH_K_VBYTES, 1, 0},
        {99, 0, 1},
        {ZH_K_INT, 7, 4},
        {ZH_K_INT, 7, 1},
    };
    zh_error err = ZH_ERROR_INIT;
    char name[32];

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_zh_code(zh_dtype_check(&bad[i], &err), ZH_INVALID, &err);
        assert_zh_code(zh_dtype_format_v2(name, &bad[i], &err), ZH_INVALID, &err);
        assert_zh_code(zh_dtype_format_v3(name, &bad[i], &err), ZH_INVALID, &err);
    }
    assert_zh_code(zh_dtype_format_v3(name, &(zh_dtype){ZH_K_BYTES, 0, 5}, &err), ZH_UNSUPPORTED, &err);
}

static void knows_its_cells(void **state)
{
    (void)state;
    assert_int_equal(zh_dtype_cell_size(&(zh_dtype){ZH_K_INT, ZH_LITTLE, 4}), 4);
    assert_int_equal(zh_dtype_cell_size(&(zh_dtype){ZH_K_UTF32, ZH_LITTLE, 20}), sizeof(zh_vlen));
    assert_int_equal(zh_dtype_cell_size(&(zh_dtype){ZH_K_STRING, 0, 0}), sizeof(zh_vlen));
    assert_true(zh_dtype_is_variable(&(zh_dtype){ZH_K_VBYTES, 0, 0}));
    assert_false(zh_dtype_is_variable(&(zh_dtype){ZH_K_BYTES, 0, 3}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_go_both_ways),
        cmocka_unit_test(takes_what_others_write),
        cmocka_unit_test(refuses_other_names_by_name),
        cmocka_unit_test(checks_sizes_and_orders),
        cmocka_unit_test(knows_its_cells),
    };

    return cmocka_run_group_tests_name("dtype", tests, NULL, NULL);
}
