/* test_api.c - groups, datasets, selections, extents, listing through HDF5's C API, written and read back after
 * closing. */
#include "zt.h"

#include <sys/resource.h>

static hid_t create(const char *name)
{
    hid_t f = H5Fcreate(zt_path(name), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);

    OK(f);
    return f;
}

static hid_t reopen(const char *name, unsigned flags)
{
    hid_t f = H5Fopen(zt_path(name), flags, H5P_DEFAULT);

    OK(f);
    return f;
}

static hid_t chunked(int rank, const hsize_t *chunk, int deflate, int shuffle)
{
    hid_t dcpl = H5Pcreate(H5P_DATASET_CREATE);

    OK(H5Pset_chunk(dcpl, rank, chunk));
    if (shuffle)
        OK(H5Pset_shuffle(dcpl));
    if (deflate)
        OK(H5Pset_deflate(dcpl, (unsigned)deflate));
    return dcpl;
}

static void files_are_zarr_stores(void **state)
{
    const char *text;
    hid_t f = create("store.zarr");

    (void)state;
    OK(H5Gclose(H5Gcreate2(f, "g", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)));
    assert_null(zt_slurp(zt_path("store.zarr/zarr.json")));
    OK(H5Fclose(f));
    text = zt_slurp(zt_path("store.zarr/zarr.json"));
    assert_non_null(text);
    assert_non_null(strstr(text, "\"zarr_format\":3"));
    assert_non_null(strstr(text, "\"node_type\":\"group\""));
    assert_non_null(zt_slurp(zt_path("store.zarr/g/zarr.json")));
    assert_int_equal(H5Fis_accessible(zt_path("store.zarr"), H5P_DEFAULT), 1);
}

struct kind {
    const char *name;
    hid_t file, memory;
};

/* Values 0..n-1 written from int, read back as int, through every number type and byte order. */
static void numbers_of_every_type(void **state)
{
    const struct kind kinds[] = {
        {"i8", H5T_STD_I8LE, H5T_NATIVE_INT},     {"u8", H5T_STD_U8BE, H5T_NATIVE_INT},
        {"i16l", H5T_STD_I16LE, H5T_NATIVE_INT},  {"i16b", H5T_STD_I16BE, H5T_NATIVE_INT},
        {"u16l", H5T_STD_U16LE, H5T_NATIVE_INT},  {"u16b", H5T_STD_U16BE, H5T_NATIVE_INT},
        {"i32l", H5T_STD_I32LE, H5T_NATIVE_INT},  {"i32b", H5T_STD_I32BE, H5T_NATIVE_INT},
        {"u32l", H5T_STD_U32LE, H5T_NATIVE_INT},  {"u32b", H5T_STD_U32BE, H5T_NATIVE_INT},
        {"i64l", H5T_STD_I64LE, H5T_NATIVE_INT},  {"i64b", H5T_STD_I64BE, H5T_NATIVE_INT},
        {"u64l", H5T_STD_U64LE, H5T_NATIVE_INT},  {"u64b", H5T_STD_U64BE, H5T_NATIVE_INT},
        {"f32l", H5T_IEEE_F32LE, H5T_NATIVE_INT}, {"f32b", H5T_IEEE_F32BE, H5T_NATIVE_INT},
        {"f64l", H5T_IEEE_F64LE, H5T_NATIVE_INT}, {"f64b", H5T_IEEE_F64BE, H5T_NATIVE_INT},
    };
    const size_t nkinds = sizeof(kinds) / sizeof(kinds[0]);
    hsize_t dims[2] = {7, 9};
    hsize_t chunk[2] = {3, 4};
    hid_t space = H5Screate_simple(2, dims, NULL);
    hid_t f = create("numbers.zarr");
    int data[63];
    int back[63];
    size_t k;
    int i;
    int layout;

    (void)state;
    for (i = 0; i < 63; i++)
        data[i] = i;
    for (layout = 0; layout < 3; layout++) {
        hid_t dcpl = layout == 0 ? H5Pcreate(H5P_DATASET_CREATE) : chunked(2, chunk, layout == 2 ? 4 : 0, layout == 2);
        char name[32];

        for (k = 0; k < nkinds; k++) {
            hid_t d;

            snprintf(name, sizeof(name), "%s_%d", kinds[k].name, layout);
            d = H5Dcreate2(f, name, kinds[k].file, space, H5P_DEFAULT, dcpl, H5P_DEFAULT);
            OK(d);
            OK(H5Dwrite(d, kinds[k].memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, data));
            OK(H5Dclose(d));
        }
        OK(H5Pclose(dcpl));
    }
    OK(H5Fclose(f));
    f = reopen("numbers.zarr", H5F_ACC_RDONLY);
    for (layout = 0; layout < 3; layout++)
        for (k = 0; k < nkinds; k++) {
            char name[32];
            hid_t d;
            hid_t t;

            snprintf(name, sizeof(name), "%s_%d", kinds[k].name, layout);
            d = H5Dopen2(f, name, H5P_DEFAULT);
            OK(d);
            t = H5Dget_type(d);
            assert_true(H5Tequal(t, kinds[k].file) > 0);
            memset(back, 0, sizeof(back));
            OK(H5Dread(d, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, back));
            assert_memory_equal(back, data, sizeof(data));
            OK(H5Tclose(t));
            OK(H5Dclose(d));
        }
    OK(H5Fclose(f));
    OK(H5Sclose(space));
}

static void hyperslabs_and_points(void **state)
{
    hsize_t dims[2] = {10, 12};
    hsize_t chunk[2] = {4, 5};
    hsize_t start[2] = {1, 2};
    hsize_t stride[2] = {3, 4};
    hsize_t count[2] = {3, 2};
    hsize_t block[2] = {2, 3};
    hsize_t coords[4][2] = {{0, 0}, {9, 11}, {4, 5}, {3, 7}};
    hsize_t n = 36;
    hsize_t four = 4;
    hid_t space = H5Screate_simple(2, dims, NULL);
    hid_t mem = H5Screate_simple(1, &n, NULL);
    hid_t mem4 = H5Screate_simple(1, &four, NULL);
    hid_t dcpl = chunked(2, chunk, 1, 0);
    hid_t f = create("slabs.zarr");
    hid_t d = H5Dcreate2(f, "d", H5T_NATIVE_INT, space, H5P_DEFAULT, dcpl, H5P_DEFAULT);
    int model[120];
    int back[120];
    int values[36];
    int points[4] = {-1, -2, -3, -4};
    int i;
    int j;
    int k = 0;

    (void)state;
    OK(d);
    memset(model, 0, sizeof(model));
    for (i = 0; i < 36; i++)
        values[i] = i + 1;
    for (i = 0; i < 10; i++)
        for (j = 0; j < 12; j++)
            if (i >= 1 && (i - 1) / 3 < 3 && (i - 1) % 3 < 2 && j >= 2 && (j - 2) / 4 < 2 && (j - 2) % 4 < 3)
                model[i * 12 + j] = values[k++];
    assert_int_equal(k, 36);
    OK(H5Sselect_hyperslab(space, H5S_SELECT_SET, start, stride, count, block));
    OK(H5Dwrite(d, H5T_NATIVE_INT, mem, space, H5P_DEFAULT, values));
    OK(H5Sselect_elements(space, H5S_SELECT_SET, 4, &coords[0][0]));
    OK(H5Dwrite(d, H5T_NATIVE_INT, mem4, space, H5P_DEFAULT, points));
    for (i = 0; i < 4; i++)
        model[coords[i][0] * 12 + coords[i][1]] = points[i];
    OK(H5Dclose(d));
    OK(H5Fclose(f));
    f = reopen("slabs.zarr", H5F_ACC_RDWR);
    d = H5Dopen2(f, "/d", H5P_DEFAULT);
    OK(H5Dread(d, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, back));
    assert_memory_equal(back, model, sizeof(model));
    memset(points, 0, sizeof(points));
    OK(H5Dread(d, H5T_NATIVE_INT, mem4, space, H5P_DEFAULT, points));
    assert_int_equal(points[1], -2);
    assert_int_equal(points[3], -4);
    OK(H5Dclose(d));
    OK(H5Fclose(f));
    OK(H5Sclose(space));
    OK(H5Sclose(mem));
    OK(H5Sclose(mem4));
    OK(H5Pclose(dcpl));
}

static void extendible_series(void **state)
{
    hsize_t dims = 0;
    hsize_t max = H5S_UNLIMITED;
    hsize_t chunk = 8;
    hsize_t one = 1;
    hid_t space = H5Screate_simple(1, &dims, &max);
    hid_t mem = H5Screate_simple(1, &one, NULL);
    hid_t dcpl = chunked(1, &chunk, 4, 1);
    hid_t f = create("series.zarr");
    double fill = -1.5;
    double back[30];
    hid_t d;
    hid_t fs;
    hsize_t i;
    hsize_t got[1];
    hsize_t gotmax[1];

    (void)state;
    OK(H5Pset_fill_value(dcpl, H5T_NATIVE_DOUBLE, &fill));
    d = H5Dcreate2(f, "t", H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, dcpl, H5P_DEFAULT);
    OK(d);
    for (i = 0; i < 20; i++) {
        hsize_t size = i + 1;
        double v = (double)i / 4;

        OK(H5Dset_extent(d, &size));
        fs = H5Dget_space(d);
        OK(H5Sselect_hyperslab(fs, H5S_SELECT_SET, &i, NULL, &one, NULL));
        OK(H5Dwrite(d, H5T_NATIVE_DOUBLE, mem, fs, H5P_DEFAULT, &v));
        OK(H5Sclose(fs));
    }
    dims = 5;
    OK(H5Dset_extent(d, &dims));
    dims = 30;
    OK(H5Dset_extent(d, &dims));
    OK(H5Dclose(d));
    OK(H5Fclose(f));
    f = reopen("series.zarr", H5F_ACC_RDONLY);
    d = H5Dopen2(f, "t", H5P_DEFAULT);
    fs = H5Dget_space(d);
    assert_int_equal(H5Sget_simple_extent_dims(fs, got, gotmax), 1);
    assert_true(got[0] == 30 && gotmax[0] == H5S_UNLIMITED);
    OK(H5Dread(d, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, back));
    for (i = 0; i < 30; i++)
        assert_true(back[i] == (i < 5 ? (double)i / 4 : fill));
    FAILS(H5Dset_extent(d, &dims));
    zt_assert_error_has("reading only");
    OK(H5Sclose(fs));
    OK(H5Dclose(d));
    OK(H5Fclose(f));
    OK(H5Sclose(space));
    OK(H5Sclose(mem));
    OK(H5Pclose(dcpl));
}

/* Maximal extents are told by the extent while the two are equal: shrinking must not lose them. */
static void maximum_survives_shrinking(void **state)
{
    hsize_t dims = 10;
    hsize_t chunk = 4;
    hsize_t less = 3;
    hsize_t got;
    hsize_t max;
    hid_t space = H5Screate_simple(1, &dims, NULL);
    hid_t dcpl = chunked(1, &chunk, 0, 0);
    hid_t f = create("shrink.zarr");
    hid_t d = H5Dcreate2(f, "d", H5T_NATIVE_INT, space, H5P_DEFAULT, dcpl, H5P_DEFAULT);

    (void)state;
    OK(H5Dset_extent(d, &less));
    OK(H5Dclose(d));
    OK(H5Fclose(f));
    OK(H5Sclose(space));
    f = reopen("shrink.zarr", H5F_ACC_RDWR);
    d = H5Dopen2(f, "d", H5P_DEFAULT);
    space = H5Dget_space(d);
    OK(H5Sget_simple_extent_dims(space, &got, &max));
    assert_true(got == 3 && max == 10);
    OK(H5Dset_extent(d, &dims));
    OK(H5Dclose(d));
    OK(H5Fclose(f));
    OK(H5Sclose(space));
    OK(H5Pclose(dcpl));
}

static void creation_lists_come_back(void **state)
{
    hsize_t dims[2] = {20, 30};
    hsize_t max[2] = {H5S_UNLIMITED, 60};
    hsize_t chunk[2] = {5, 30};
    hsize_t got[2];
    hid_t space = H5Screate_simple(2, dims, max);
    hid_t dcpl = chunked(2, chunk, 6, 1);
    short fill = 77;
    short back = 0;
    hid_t f = create("dcpl.zarr");
    hid_t d;
    H5D_fill_value_t status;
    unsigned flags;
    size_t ncd = 1;
    unsigned cd[4];
    int pass;

    (void)state;
    OK(H5Pset_fill_value(dcpl, H5T_NATIVE_SHORT, &fill));
    d = H5Dcreate2(f, "chunked", H5T_STD_I32BE, space, H5P_DEFAULT, dcpl, H5P_DEFAULT);
    OK(d);
    OK(H5Pclose(dcpl));
    for (pass = 0; pass < 2; pass++) {
        dcpl = H5Dget_create_plist(d);
        OK(dcpl);
        assert_int_equal(H5Pget_layout(dcpl), H5D_CHUNKED);
        assert_int_equal(H5Pget_chunk(dcpl, 2, got), 2);
        assert_true(got[0] == 5 && got[1] == 30);
        assert_int_equal(H5Pget_nfilters(dcpl), 2);
        assert_int_equal(H5Pget_filter2(dcpl, 0, &flags, &ncd, cd, 0, NULL, NULL), H5Z_FILTER_SHUFFLE);
        ncd = 4;
        assert_int_equal(H5Pget_filter2(dcpl, 1, &flags, &ncd, cd, 0, NULL, NULL), H5Z_FILTER_DEFLATE);
        assert_int_equal(cd[0], 6);
        OK(H5Pfill_value_defined(dcpl, &status));
        assert_int_equal(status, H5D_FILL_VALUE_USER_DEFINED);
        OK(H5Pget_fill_value(dcpl, H5T_NATIVE_SHORT, &back));
        assert_int_equal(back, 77);
        OK(H5Pclose(dcpl));
        OK(H5Dclose(d));
        if (pass == 0) {
            OK(H5Fclose(f));
            f = reopen("dcpl.zarr", H5F_ACC_RDONLY);
            d = H5Dopen2(f, "chunked", H5P_DEFAULT);
            OK(d);
        }
    }
    OK(H5Fclose(f));
    OK(H5Sclose(space));
}

static herr_t count_link(hid_t g, const char *name, const H5L_info2_t *info, void *payload)
{
    (void)g;
    assert_int_equal(info->type, H5L_TYPE_HARD);
    strcat(payload, name);
    strcat(payload, ",");
    return 0;
}

static herr_t count_object(hid_t g, const char *name, const H5O_info2_t *info, void *payload)
{
    (void)g;
    (void)info;
    strcat(payload, name);
    strcat(payload, ",");
    return 0;
}

static void listing_and_visiting(void **state)
{
    hid_t lcpl = H5Pcreate(H5P_LINK_CREATE);
    hid_t scalar = H5Screate(H5S_SCALAR);
    hid_t f = create("list.zarr");
    H5G_info_t info;
    H5O_info2_t oi;
    char seen[256];
    char name[16];
    int pass;

    (void)state;
    OK(H5Pset_create_intermediate_group(lcpl, 1));
    OK(H5Gclose(H5Gcreate2(f, "b/c/d", lcpl, H5P_DEFAULT, H5P_DEFAULT)));
    OK(H5Dclose(H5Dcreate2(f, "b/x", H5T_NATIVE_INT, scalar, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)));
    OK(H5Gclose(H5Gcreate2(f, "a", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)));
    FAILS(H5Gcreate2(f, "a", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    zt_assert_error_has("exists");
    FAILS(H5Gcreate2(f, "no/such", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    zt_assert_error_has("not found");
    FAILS(H5Gcreate2(f, "b/x/y", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    for (pass = 0; pass < 2; pass++) {
        seen[0] = '\0';
        OK(H5Literate2(f, H5_INDEX_NAME, H5_ITER_INC, NULL, count_link, seen));
        assert_string_equal(seen, "a,b,");
        seen[0] = '\0';
        OK(H5Lvisit2(f, H5_INDEX_NAME, H5_ITER_INC, count_link, seen));
        assert_string_equal(seen, "a,b,b/c,b/c/d,b/x,");
        seen[0] = '\0';
        OK(H5Ovisit3(f, H5_INDEX_NAME, H5_ITER_DEC, count_object, seen, H5O_INFO_BASIC));
        assert_string_equal(seen, ".,b,b/x,b/c,b/c/d,a,");
        OK(H5Gget_info_by_name(f, "b", &info, H5P_DEFAULT));
        assert_int_equal(info.nlinks, 2);
        assert_int_equal(H5Lexists(f, "b/c", H5P_DEFAULT), 1);
        assert_int_equal(H5Lexists(f, "b/q", H5P_DEFAULT), 0);
        FAILS(H5Lexists(f, "q/c", H5P_DEFAULT));
        OK(H5Oget_info_by_name3(f, "b/x", &oi, H5O_INFO_BASIC, H5P_DEFAULT));
        assert_int_equal(oi.type, H5O_TYPE_DATASET);
        assert_int_equal(H5Lget_name_by_idx(f, "b", H5_INDEX_NAME, H5_ITER_INC, 1, name, sizeof(name), H5P_DEFAULT), 1);
        assert_string_equal(name, "x");
        if (pass == 0) {
            OK(H5Fclose(f));
            f = reopen("list.zarr", H5F_ACC_RDONLY);
        }
    }
    OK(H5Fclose(f));
    OK(H5Sclose(scalar));
    OK(H5Pclose(lcpl));
}

static void deleting_and_creating_again(void **state)
{
    hid_t scalar = H5Screate(H5S_SCALAR);
    hid_t f = create("again.zarr");
    struct stat st;
    int value = 5;
    hid_t d;

    (void)state;
    OK(H5Gclose(H5Gcreate2(f, "g", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)));
    d = H5Dcreate2(f, "g/d", H5T_NATIVE_INT, scalar, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    OK(H5Dwrite(d, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, &value));
    OK(H5Dclose(d));
    OK(H5Fflush(f, H5F_SCOPE_GLOBAL));
    assert_int_equal(stat(zt_path("again.zarr/g/d/zarr.json"), &st), 0);
    OK(H5Ldelete(f, "g", H5P_DEFAULT));
    assert_int_equal(H5Lexists(f, "g", H5P_DEFAULT), 0);
    OK(H5Dclose(H5Dcreate2(f, "g", H5T_NATIVE_INT, scalar, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)));
    OK(H5Fclose(f));
    assert_int_not_equal(stat(zt_path("again.zarr/g/d"), &st), 0);
    f = reopen("again.zarr", H5F_ACC_RDONLY);
    d = H5Dopen2(f, "g", H5P_DEFAULT);
    OK(H5Dread(d, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, &value));
    assert_int_equal(value, 0);
    OK(H5Dclose(d));
    OK(H5Fclose(f));
    OK(H5Sclose(scalar));
}

static void objects_outlive_their_file(void **state)
{
    hid_t scalar = H5Screate(H5S_SCALAR);
    hid_t f = create("weak.zarr");
    hid_t d = H5Dcreate2(f, "d", H5T_NATIVE_INT, scalar, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    int value = 41;

    (void)state;
    assert_int_equal(H5Fget_obj_count(f, H5F_OBJ_ALL), 2);
    OK(H5Fclose(f));
    OK(H5Dwrite(d, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, &value));
    OK(H5Dclose(d));
    value = 0;
    f = reopen("weak.zarr", H5F_ACC_RDONLY);
    d = H5Dopen2(f, "d", H5P_DEFAULT);
    OK(H5Dread(d, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, &value));
    assert_int_equal(value, 41);
    OK(H5Dclose(d));
    OK(H5Fclose(f));
    OK(H5Sclose(scalar));
}

static void close_degrees(void **state)
{
    hid_t scalar = H5Screate(H5S_SCALAR);
    hid_t fapl = H5Pcreate(H5P_FILE_ACCESS);
    hid_t f;
    hid_t d;

    (void)state;
    OK(H5Pset_fclose_degree(fapl, H5F_CLOSE_STRONG));
    f = H5Fcreate(zt_path("strong.zarr"), H5F_ACC_TRUNC, H5P_DEFAULT, fapl);
    d = H5Dcreate2(f, "d", H5T_NATIVE_INT, scalar, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    OK(H5Fclose(f));
    assert_int_equal(H5Iis_valid(d), 0);
    OK(H5Pset_fclose_degree(fapl, H5F_CLOSE_SEMI));
    f = H5Fopen(zt_path("strong.zarr"), H5F_ACC_RDONLY, fapl);
    d = H5Dopen2(f, "d", H5P_DEFAULT);
    FAILS(H5Fclose(f));
    zt_assert_error_has("open still");
    OK(H5Dclose(d));
    OK(H5Fclose(f));
    OK(H5Pclose(fapl));
    OK(H5Sclose(scalar));
}

static void two_files_on_one_store(void **state)
{
    hid_t f = create("twice.zarr");
    hid_t g = H5Fopen(zt_path("twice.zarr"), H5F_ACC_RDONLY, H5P_DEFAULT);

    (void)state;
    OK(g);
    OK(H5Gclose(H5Gcreate2(f, "new", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)));
    assert_int_equal(H5Lexists(g, "new", H5P_DEFAULT), 1);
    FAILS(H5Gcreate2(g, "other", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    FAILS(H5Fcreate(zt_path("twice.zarr"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
    zt_assert_error_has("open already");
    OK(H5Fclose(f));
    OK(H5Fclose(g));
}

static void no_ids_are_left(void **state)
{
    (void)state;
    assert_int_equal(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL), 0);
}

static void native_files_still_open(void **state)
{
    hid_t fapl = H5Pcreate(H5P_FILE_ACCESS);
    hid_t native = H5VLget_connector_id_by_name("native");
    hid_t f;

    (void)state;
    OK(H5Pset_vol(fapl, native, NULL));
    f = H5Fcreate(zt_path("old.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, fapl);
    OK(f);
    OK(H5Gclose(H5Gcreate2(f, "inside", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)));
    OK(H5Fclose(f));
    f = reopen("old.h5", H5F_ACC_RDWR);
    assert_int_equal(H5Lexists(f, "inside", H5P_DEFAULT), 1);
    OK(H5Fclose(f));
    OK(H5VLclose(native));
    OK(H5Pclose(fapl));
}

static long most_memory(void)
{
    struct rusage usage;

    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_maxrss / 1024;
}

/* A transfer of a whole array makes no second copy of it: MiB beyond the program's own buffer. */
static void transfers_need_little_memory(void **state)
{
    const hsize_t dims[2] = {24 << 10, 1024}, chunk[2] = {1024, 1024}; /* 96 MiB */
    const struct {
        hid_t file, dcpl;
        long limit;
    } cases[] = {{H5T_NATIVE_INT, H5P_DEFAULT, 24},
                 {H5T_NATIVE_INT, chunked(2, chunk, 1, 0), 40},
                 {H5T_STD_I32BE, H5P_DEFAULT, 80}}; /* converted, a strip at a time */
    hid_t space = H5Screate_simple(2, dims, NULL);
    int *data = malloc(dims[0] * dims[1] * sizeof(*data));

    (void)state;
    assert_non_null(data);
    memset(data, 7, dims[0] * dims[1] * sizeof(*data));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const long before = most_memory();
        hid_t f = create("large.zarr");
        hid_t d = H5Dcreate2(f, "d", cases[i].file, space, H5P_DEFAULT, cases[i].dcpl, H5P_DEFAULT);

        OK(H5Dwrite(d, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, data));
        OK(H5Dread(d, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, data));
        OK(H5Dclose(d));
        OK(H5Fclose(f));
        if (most_memory() - before > cases[i].limit)
            fail_msg("case %zu took %ld MiB", i, most_memory() - before);
    }
    OK(H5Pclose(cases[1].dcpl));
    free(data);
    OK(H5Sclose(space));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_zarr_stores),        cmocka_unit_test(numbers_of_every_type),
        cmocka_unit_test(hyperslabs_and_points),        cmocka_unit_test(extendible_series),
        cmocka_unit_test(maximum_survives_shrinking),   cmocka_unit_test(creation_lists_come_back),
        cmocka_unit_test(listing_and_visiting),         cmocka_unit_test(deleting_and_creating_again),
        cmocka_unit_test(objects_outlive_their_file),   cmocka_unit_test(close_degrees),
        cmocka_unit_test(two_files_on_one_store),       cmocka_unit_test(native_files_still_open),
        cmocka_unit_test(transfers_need_little_memory), cmocka_unit_test(no_ids_are_left),
    };

    return cmocka_run_group_tests_name("api", tests, NULL, NULL);
}
