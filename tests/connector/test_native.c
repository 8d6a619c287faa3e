/* test_native.c - HDF5 files and Zarr stores side by side in one process: what the delegate to HDF5's native connector
 * has to get right that the tools do not touch, and the calls that would mix the two. */
#include "zt.h"

static hid_t hdf5_file(const char *name)
{
    hid_t f = H5Fcreate(zt_path(name), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);

    OK(f);
    return f;
}

static hid_t line_of(hsize_t n)
{
    hid_t space = H5Screate_simple(1, &n, NULL);

    OK(space);
    return space;
}

static hid_t dataset(hid_t f, const char *name, hid_t type)
{
    hid_t space = line_of(4);
    hid_t d = H5Dcreate2(f, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);

    OK(d);
    OK(H5Sclose(space));
    return d;
}

static void the_file_is_hdf5(void **state)
{
    hid_t f = hdf5_file("magic.h5");
    char connector[32];

    (void)state;
    assert_true(H5VLget_connector_name(f, connector, sizeof(connector)) > 0);
    assert_string_equal(connector, "zarr");
    OK(H5Fclose(f));
    assert_memory_equal(zt_slurp(zt_path("magic.h5")), "\211HDF", 4);
    assert_true(H5Fis_accessible(zt_path("magic.h5"), H5P_DEFAULT) > 0);
    OK(H5Fdelete(zt_path("magic.h5"), H5P_DEFAULT));
    assert_null(zt_slurp(zt_path("magic.h5")));
}

/* HDF5 looks behind the id of a committed type for the native type itself. */
static void committed_types(void **state)
{
    hid_t f = hdf5_file("types.h5");
    hid_t committed = H5Tcopy(H5T_NATIVE_INT);
    hid_t opened, d, a, got, vlen, space;
    char name[16];
    int value[4] = {1, 2, 3, 4};

    (void)state;
    OK(H5Tcommit2(f, "t", committed, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    opened = H5Topen2(f, "t", H5P_DEFAULT);
    OK(opened);
    d = dataset(f, "by-committed", committed);
    OK(H5Dwrite(d, committed, H5S_ALL, H5S_ALL, H5P_DEFAULT, value));
    got = H5Dget_type(d);
    assert_true(H5Tcommitted(got) > 0 && H5Tequal(got, opened) > 0);
    OK(H5Iget_name(got, name, sizeof(name)));
    assert_string_equal(name, "/t");
    OK(H5Tclose(got));
    space = line_of(4);
    a = H5Acreate2(d, "a", opened, space, H5P_DEFAULT, H5P_DEFAULT);
    OK(a);
    OK(H5Awrite(a, opened, value));
    OK(H5Aclose(a));
    OK(H5Dclose(d));
    vlen = H5Tvlen_create(opened);
    d = dataset(f, "ragged", vlen);
    OK(H5Dclose(d));
    d = H5Dcreate_anon(f, opened, space, H5P_DEFAULT, H5P_DEFAULT);
    OK(d);
    OK(H5Olink(d, f, "named-later", H5P_DEFAULT, H5P_DEFAULT));
    OK(H5Dclose(d));
    OK(H5Sclose(space));
    OK(H5Tclose(vlen));
    OK(H5Tclose(opened));
    OK(H5Tclose(committed));
    OK(H5Fclose(f));
}

static void many_datasets_in_one_call(void **state)
{
    enum { N = 20 };
    hid_t f = hdf5_file("multi.h5");
    hid_t d[N], type[N], all[N];
    int data[N][4];
    void *in[N];
    const void *out[N];
    char name[8];
    int i, k;

    (void)state;
    for (i = 0; i < N; i++) {
        snprintf(name, sizeof(name), "d%d", i);
        d[i] = dataset(f, name, H5T_STD_I32BE);
        type[i] = H5T_NATIVE_INT;
        all[i] = H5S_ALL;
        out[i] = in[i] = data[i];
        for (k = 0; k < 4; k++)
            data[i][k] = 10 * i + k;
    }
    OK(H5Dwrite_multi(N, d, type, all, all, H5P_DEFAULT, out));
    memset(data, 0, sizeof(data));
    OK(H5Dread_multi(N, d, type, all, all, H5P_DEFAULT, in));
    assert_int_equal(data[N - 1][3], 10 * (N - 1) + 3);
    for (i = 0; i < N; i++)
        OK(H5Dclose(d[i]));
    OK(H5Fclose(f));
}

static void references(void **state)
{
    hid_t f = hdf5_file("refs.h5");
    hid_t g = H5Gcreate2(f, "g", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    hid_t d = dataset(f, "d", H5T_STD_REF);
    H5R_ref_t ref[4], back[4];
    char name[8];
    hid_t o;
    int i;

    (void)state;
    for (i = 0; i < 4; i++)
        OK(H5Rcreate_object(f, "g", H5P_DEFAULT, &ref[i]));
    OK(H5Dwrite(d, H5T_STD_REF, H5S_ALL, H5S_ALL, H5P_DEFAULT, ref));
    OK(H5Dread(d, H5T_STD_REF, H5S_ALL, H5S_ALL, H5P_DEFAULT, back));
    o = H5Ropen_object(&back[3], H5P_DEFAULT, H5P_DEFAULT);
    OK(o);
    OK(H5Iget_name(o, name, sizeof(name)));
    assert_string_equal(name, "/g");
    OK(H5Oclose(o));
    for (i = 0; i < 4; i++) {
        OK(H5Rdestroy(&ref[i]));
        OK(H5Rdestroy(&back[i]));
    }
    OK(H5Dclose(d));
    OK(H5Gclose(g));
    OK(H5Fclose(f));
}

static herr_t open_each(hid_t group, const char *name, const H5L_info2_t *info, void *count)
{
    hid_t o = H5Oopen(group, name, H5P_DEFAULT);
    hid_t f = H5Iget_file_id(o);

    (void)info;
    if (f >= 0 && H5Fclose(f) >= 0 && H5Oclose(o) >= 0)
        ++*(int *)count;
    return 0;
}

static void links_and_files(void **state)
{
    hid_t f = hdf5_file("links.h5");
    hid_t other = hdf5_file("other.h5");
    hid_t g = H5Gcreate2(f, "g", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    hid_t d = dataset(f, "d", H5T_NATIVE_INT);
    hid_t again, o;
    int visited = 0;

    (void)state;
    OK(H5Lcreate_hard(f, "d", H5L_SAME_LOC, "hard", H5P_DEFAULT, H5P_DEFAULT));
    OK(H5Lcreate_hard(H5L_SAME_LOC, "d", f, "hard2", H5P_DEFAULT, H5P_DEFAULT));
    OK(H5Lmove(f, "hard", H5L_SAME_LOC, "moved", H5P_DEFAULT, H5P_DEFAULT));
    OK(H5Lcopy(f, "moved", g, "copied", H5P_DEFAULT, H5P_DEFAULT));
    OK(H5Lcreate_soft("/d", g, "soft", H5P_DEFAULT, H5P_DEFAULT));
    OK(H5Lcreate_external("other.h5", "/copy", g, "external", H5P_DEFAULT, H5P_DEFAULT));
    OK(H5Ocopy(f, "g", other, "copy", H5P_DEFAULT, H5P_DEFAULT));
    OK(H5Literate2(g, H5_INDEX_NAME, H5_ITER_INC, NULL, open_each, &visited));
    assert_int_equal(visited, 3);
    OK(H5Fmount(f, "g", other, H5P_DEFAULT));
    o = H5Oopen(f, "g/copy/copied", H5P_DEFAULT);
    OK(o);
    OK(H5Oclose(o));
    OK(H5Funmount(f, "g"));
    again = H5Freopen(f);
    OK(again);
    OK(H5Fclose(again));
    assert_int_equal(H5Fget_obj_count(f, H5F_OBJ_ALL), 3);
    OK(H5Fclose(other));
    OK(H5Gclose(g));
    OK(H5Fclose(f));
    f = H5Iget_file_id(d);
    OK(f);
    OK(H5Fclose(f));
    OK(H5Dclose(d));
    assert_int_equal(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL), 0);
}

/* Refresh closes the object under its id and opens it again, also when nothing else holds the file. */
static void refresh(void **state)
{
    hid_t f = hdf5_file("refresh.h5");
    hid_t d = dataset(f, "d", H5T_NATIVE_INT);
    hid_t t = H5Tcopy(H5T_NATIVE_INT);
    int data[4] = {0};

    (void)state;
    OK(H5Tcommit2(f, "t", t, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    OK(H5Tclose(t));
    OK(H5Dclose(d));
    OK(H5Fclose(f));
    f = H5Fopen(zt_path("refresh.h5"), H5F_ACC_RDONLY, H5P_DEFAULT);
    OK(f);
    t = H5Topen2(f, "t", H5P_DEFAULT);
    d = H5Dopen2(f, "d", H5P_DEFAULT);
    OK(H5Drefresh(d));
    OK(H5Fclose(f));
    OK(H5Trefresh(t));
    OK(H5Tclose(t));
    OK(H5Drefresh(d));
    OK(H5Dread(d, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, data));
    OK(H5Dclose(d));
}

static herr_t count_call(hid_t stack, void *calls)
{
    (void)stack;
    ++*(int *)calls;
    return 0;
}

static void a_failure_is_printed_once(void **state)
{
    hid_t f = hdf5_file("print.h5");
    H5E_auto2_t print;
    void *data;
    int calls = 0;

    (void)state;
    OK(H5Eget_auto2(H5E_DEFAULT, &print, &data));
    OK(H5Eset_auto2(H5E_DEFAULT, count_call, &calls));
    assert_true(H5Dopen2(f, "nothing", H5P_DEFAULT) < 0);
    OK(H5Eset_auto2(H5E_DEFAULT, print, data));
    assert_int_equal(calls, 1);
    FAILS(H5Fopen(zt_path("missing.h5"), H5F_ACC_RDONLY, H5P_DEFAULT));
    zt_assert_error_has("missing.h5");
    zt_assert_error_has("errno = 2");
    OK(H5Fclose(f));
}

/* Both orders of each pair: HDF5 file and Zarr store, Zarr store and HDF5 file. */
static void mixing_is_refused(void **state)
{
    hid_t file[2];
    hid_t d[2], g[2], swapped[2];
    hid_t type[2] = {H5T_NATIVE_INT, H5T_NATIVE_INT}, all[2] = {H5S_ALL, H5S_ALL};
    int data[2][4] = {{1, 2, 3, 4}, {5, 6, 7, 8}};
    void *in[2] = {data[0], data[1]};
    const void *out[2] = {data[0], data[1]};
    int i;

    (void)state;
    file[0] = hdf5_file("mix.h5");
    file[1] = H5Fcreate(zt_path("mix.zarr"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    OK(file[1]);
    for (i = 0; i < 2; i++) {
        d[i] = dataset(file[i], "d", H5T_NATIVE_INT);
        g[i] = H5Gcreate2(file[i], "g", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        OK(g[i]);
    }
    for (i = 0; i < 2; i++) {
        FAILS(H5Ocopy(file[i], "d", file[1 - i], "new", H5P_DEFAULT, H5P_DEFAULT));
        zt_assert_error_has("cannot copy between an HDF5 file and a Zarr store");
        FAILS(H5Lcopy(file[i], "d", file[1 - i], "new", H5P_DEFAULT, H5P_DEFAULT));
        zt_assert_error_has("between an HDF5 file and a Zarr store");
        FAILS(H5Lmove(file[i], "d", file[1 - i], "new", H5P_DEFAULT, H5P_DEFAULT));
        zt_assert_error_has("between an HDF5 file and a Zarr store");
        FAILS(H5Lcreate_hard(file[i], "d", file[1 - i], "new", H5P_DEFAULT, H5P_DEFAULT));
        FAILS(H5Olink(d[i], file[1 - i], "new", H5P_DEFAULT, H5P_DEFAULT));
        FAILS(H5Fmount(file[i], "g", file[1 - i], H5P_DEFAULT));
        assert_int_equal(H5Lexists(file[1 - i], "new", H5P_DEFAULT), 0);
    }
    FAILS(H5Dwrite_multi(2, d, type, all, all, H5P_DEFAULT, out));
    FAILS(H5Dread_multi(2, d, type, all, all, H5P_DEFAULT, in));
    swapped[0] = d[1];
    swapped[1] = d[0];
    FAILS(H5Dread_multi(2, swapped, type, all, all, H5P_DEFAULT, in));
    for (i = 0; i < 2; i++) {
        OK(H5Dwrite(d[i], H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, data[i]));
        OK(H5Dclose(d[i]));
        OK(H5Gclose(g[i]));
        assert_int_equal(H5Fget_obj_count(file[i], H5F_OBJ_ALL), 1);
        OK(H5Fclose(file[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_file_is_hdf5),          cmocka_unit_test(committed_types),
        cmocka_unit_test(many_datasets_in_one_call), cmocka_unit_test(references),
        cmocka_unit_test(links_and_files),           cmocka_unit_test(refresh),
        cmocka_unit_test(a_failure_is_printed_once), cmocka_unit_test(mixing_is_refused),
    };

    /* Before HDF5 reads it: exempt names by option, not by what is in the file. */
    setenv("HDF5_VOL_CONNECTOR", "zarr native=*.h5", 1);
    return cmocka_run_group_tests_name("native", tests, NULL, NULL);
}
