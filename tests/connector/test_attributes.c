/* test_attributes.c - attributes of every supported type and shape, listed, renamed, deleted, before and after
 * reopening. */
#include "zt.h"

static hid_t file_with(const char *name)
{
    hid_t f = H5Fcreate(zt_path(name), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);

    OK(f);
    return f;
}

static void put(hid_t loc, const char *name, hid_t type, hid_t space, const void *data)
{
    hid_t a = H5Acreate2(loc, name, type, space, H5P_DEFAULT, H5P_DEFAULT);

    OK(a);
    OK(H5Awrite(a, type, data));
    OK(H5Aclose(a));
}

/* The attribute has this type and number of points, and these bytes in it. */
static void expect(hid_t loc, const char *name, hid_t type, hssize_t points, const void *data)
{
    hid_t a = H5Aopen(loc, name, H5P_DEFAULT);
    hid_t t;
    hid_t s;
    char back[512];
    size_t n;

    OK(a);
    t = H5Aget_type(a);
    s = H5Aget_space(a);
    if (H5Tequal(t, type) <= 0)
        fail_msg("attribute %s has another type", name);
    assert_int_equal(H5Sget_simple_extent_npoints(s), points);
    n = H5Tget_size(t) * (size_t)points;
    assert_true(n <= sizeof(back));
    OK(H5Aread(a, type, back));
    if (memcmp(back, data, n))
        fail_msg("attribute %s has another value", name);
    OK(H5Tclose(t));
    OK(H5Sclose(s));
    OK(H5Aclose(a));
}

static void values_come_back(void **state)
{
    const int64_t i64[4] = {INT64_MIN, -1, 0, INT64_MAX};
    const uint64_t u64 = UINT64_MAX;
    const double f64[3] = {0.1, -0.0, 1e300};
    const float f32 = 0.1f;
    const short i16[6] = {1, -2, 3, -4, 5, -6};
    const unsigned char u8 = 255;
    const char *vlen = "\xc3\xa9t\xc3\xa9";
    hsize_t four = 4;
    hsize_t three = 3;
    hsize_t one = 1;
    hsize_t zero = 0;
    hsize_t two_three[2] = {2, 3};
    hid_t scalar = H5Screate(H5S_SCALAR);
    hid_t null = H5Screate(H5S_NULL);
    hid_t s1 = H5Screate_simple(1, &one, NULL);
    hid_t s3 = H5Screate_simple(1, &three, NULL);
    hid_t s4 = H5Screate_simple(1, &four, NULL);
    hid_t s0 = H5Screate_simple(1, &zero, NULL);
    hid_t s23 = H5Screate_simple(2, two_three, NULL);
    hid_t fixed = H5Tcopy(H5T_C_S1);
    hid_t padded = H5Tcopy(H5T_FORTRAN_S1);
    hid_t var = H5Tcopy(H5T_C_S1);
    hid_t a;
    char *got = NULL;
    hid_t f = file_with("attrs.zarr");
    hid_t g = H5Gcreate2(f, "g", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    int pass;

    (void)state;
    OK(H5Tset_size(fixed, 8));
    OK(H5Tset_size(padded, 5));
    OK(H5Tset_size(var, H5T_VARIABLE));
    OK(H5Tset_cset(var, H5T_CSET_UTF8));
    put(g, "i64", H5T_STD_I64LE, s4, i64);
    put(g, "u64", H5T_STD_U64LE, scalar, &u64);
    put(g, "f64", H5T_IEEE_F64LE, s3, f64);
    put(g, "f32", H5T_IEEE_F32LE, s1, &f32);
    put(g, "i16", H5T_STD_I16LE, s23, i16);
    put(g, "u8", H5T_STD_U8LE, scalar, &u8);
    put(g, "fixed", fixed, scalar, "units\0\0");
    put(g, "padded", padded, scalar, "ab   ");
    put(g, "vlen", var, scalar, &vlen);
    put(g, "empty", H5T_STD_I32LE, s0, i64);
    put(g, "null", H5T_STD_I32LE, null, i64);
    for (pass = 0; pass < 2; pass++) {
        expect(g, "i64", H5T_STD_I64LE, 4, i64);
        expect(g, "u64", H5T_STD_U64LE, 1, &u64);
        expect(g, "f64", H5T_IEEE_F64LE, 3, f64);
        expect(g, "f32", H5T_IEEE_F32LE, 1, &f32);
        expect(g, "i16", H5T_STD_I16LE, 6, i16);
        expect(g, "u8", H5T_STD_U8LE, 1, &u8);
        expect(g, "fixed", fixed, 1, "units\0\0");
        expect(g, "padded", padded, 1, "ab   ");
        expect(g, "empty", H5T_STD_I32LE, 0, "");
        expect(g, "null", H5T_STD_I32LE, 0, "");
        a = H5Aopen(g, "vlen", H5P_DEFAULT);
        OK(H5Aread(a, var, &got));
        assert_string_equal(got, vlen);
        OK(H5free_memory(got));
        OK(H5Aclose(a));
        OK(H5Gclose(g));
        OK(H5Fclose(f));
        if (pass == 0) {
            f = H5Fopen(zt_path("attrs.zarr"), H5F_ACC_RDONLY, H5P_DEFAULT);
            g = H5Gopen2(f, "g", H5P_DEFAULT);
        }
    }
    OK(H5Tclose(fixed));
    OK(H5Tclose(padded));
    OK(H5Tclose(var));
    OK(H5Sclose(scalar));
    OK(H5Sclose(null));
    OK(H5Sclose(s0));
    OK(H5Sclose(s1));
    OK(H5Sclose(s3));
    OK(H5Sclose(s4));
    OK(H5Sclose(s23));
}

static herr_t append_name(hid_t loc, const char *name, const H5A_info_t *info, void *payload)
{
    (void)loc;
    (void)info;
    strcat(payload, name);
    strcat(payload, ",");
    return 0;
}

static void listing_renaming_deleting(void **state)
{
    hid_t scalar = H5Screate(H5S_SCALAR);
    hid_t f = file_with("names.zarr");
    const int value = 3;
    char seen[128] = "";
    char name[16];
    hid_t a;

    (void)state;
    put(f, "c", H5T_NATIVE_INT, scalar, &value);
    put(f, "a", H5T_NATIVE_INT, scalar, &value);
    put(f, "b", H5T_NATIVE_INT, scalar, &value);
    FAILS(H5Acreate2(f, "a", H5T_NATIVE_INT, scalar, H5P_DEFAULT, H5P_DEFAULT));
    FAILS(H5Acreate2(f, "_HDF5", H5T_NATIVE_INT, scalar, H5P_DEFAULT, H5P_DEFAULT));
    zt_assert_error_has("reserved");
    OK(H5Aiterate2(f, H5_INDEX_NAME, H5_ITER_INC, NULL, append_name, seen));
    assert_string_equal(seen, "a,b,c,");
    OK(H5Arename(f, "b", "z"));
    FAILS(H5Arename(f, "nope", "y"));
    OK(H5Adelete(f, "a"));
    FAILS(H5Adelete(f, "a"));
    OK(H5Fflush(f, H5F_SCOPE_GLOBAL));
    OK(H5Adelete(f, "c"));
    OK(H5Fclose(f));
    f = H5Fopen(zt_path("names.zarr"), H5F_ACC_RDWR, H5P_DEFAULT);
    assert_int_equal(H5Aexists(f, "z"), 1);
    assert_int_equal(H5Aexists(f, "a"), 0);
    assert_int_equal(H5Aexists(f, "c"), 0);
    a = H5Aopen_by_idx(f, ".", H5_INDEX_NAME, H5_ITER_INC, 0, H5P_DEFAULT, H5P_DEFAULT);
    assert_int_equal(H5Aget_name(a, sizeof(name), name), 1);
    assert_string_equal(name, "z");
    OK(H5Aclose(a));
    OK(H5Fclose(f));
    OK(H5Sclose(scalar));
}

static void unwritten_is_zero(void **state)
{
    hid_t scalar = H5Screate(H5S_SCALAR);
    hid_t f = file_with("zero.zarr");
    const int zero = 0;

    (void)state;
    OK(H5Aclose(H5Acreate2(f, "n", H5T_NATIVE_INT, scalar, H5P_DEFAULT, H5P_DEFAULT)));
    expect(f, "n", H5T_NATIVE_INT, 1, &zero);
    OK(H5Fclose(f));
    OK(H5Sclose(scalar));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_back),
        cmocka_unit_test(listing_renaming_deleting),
        cmocka_unit_test(unwritten_is_zero),
    };

    return cmocka_run_group_tests_name("attributes", tests, NULL, NULL);
}
