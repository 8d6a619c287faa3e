/* test_errors.c - bad input: each a clear error that names the path and ends in errno, and nothing else touched. */
#include "zt.h"

#include <sys/mount.h>

static void unwritable_place(void **state)
{
    (void)state;
    FAILS(H5Fcreate("/proc/no-such-place/out.zarr", H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
    zt_assert_error_has("/proc/no-such-place/out.zarr");
    zt_assert_error_has("errno = 2");
    FAILS(H5Fcreate("/proc/no-such-place/out.zarr.zip", H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
    zt_assert_error_has("errno = 2");
}

static void missing_file(void **state)
{
    (void)state;
    FAILS(H5Fopen(zt_path("missing.zarr"), H5F_ACC_RDONLY, H5P_DEFAULT));
    zt_assert_error_has("missing.zarr");
    zt_assert_error_has("errno = 2, error message = 'No such file or directory'");
    FAILS(H5Fis_accessible(zt_path("missing.zarr"), H5P_DEFAULT));
}

static void exclusive_on_existing(void **state)
{
    hid_t f = H5Fcreate(zt_path("excl.zarr"), H5F_ACC_EXCL, H5P_DEFAULT, H5P_DEFAULT);

    (void)state;
    OK(H5Fclose(f));
    FAILS(H5Fcreate(zt_path("excl.zarr"), H5F_ACC_EXCL, H5P_DEFAULT, H5P_DEFAULT));
    zt_assert_error_has("excl.zarr");
    zt_assert_error_has("errno = 17");
    assert_non_null(zt_slurp(zt_path("excl.zarr/zarr.json")));
}

static void truncating_what_is_no_store(void **state)
{
    (void)state;
    OK(mkdir(zt_path("precious"), 0777));
    zt_write_file(zt_path("precious/thesis.txt"), "years of work");
    FAILS(H5Fcreate(zt_path("precious"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
    zt_assert_error_has("precious");
    assert_string_equal(zt_slurp(zt_path("precious/thesis.txt")), "years of work");
    zt_write_file(zt_path("precious/zarr.json"), "{\"a\":1}"); /* somebody else's */
    for (int again = 0; again < 2; again++) {
        FAILS(H5Fcreate(zt_path("precious"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
        zt_assert_error_has("precious");
        assert_string_equal(zt_slurp(zt_path("precious/thesis.txt")), "years of work");
    }
    FAILS(H5Fdelete(zt_path("precious"), H5P_DEFAULT));
    assert_string_equal(zt_slurp(zt_path("precious/thesis.txt")), "years of work");
    OK(unlink(zt_path("precious/zarr.json")));
    OK(mkdir(zt_path("precious/zarr.json"), 0777));
    for (int again = 0; again < 2; again++)
        FAILS(H5Fcreate(zt_path("precious"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
    assert_string_equal(zt_slurp(zt_path("precious/thesis.txt")), "years of work");
}

#define SAYS(call, where)                                                                                              \
    do {                                                                                                               \
        FAILS(call);                                                                                                   \
        zt_assert_error_has(where);                                                                                    \
    } while (0)

/* The store, the full path of what the call was about, and why; whichever way the path was given. */
static void errors_say_where(void **state)
{
    hid_t f = H5Fcreate(zt_path("where.zarr"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), s = H5Screate(H5S_SCALAR);
    hid_t outer = H5Gcreate2(f, "outer", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    hid_t g = H5Gcreate2(outer, "inner", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    hid_t pair = H5Tcreate(H5T_COMPOUND, 8);
    H5A_info_t info;

    (void)state;
    OK(H5Tinsert(pair, "a", 0, H5T_NATIVE_INT));
    SAYS(H5Dcreate2(g, "x", pair, s, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
         "where.zarr: /outer/inner/x: unable to create dataset: compound types are not supported");
    SAYS(H5Dcreate_anon(g, pair, s, H5P_DEFAULT, H5P_DEFAULT),
         "where.zarr: /outer/inner: unable to create a dataset without a name: compound types are not supported");
    SAYS(H5Acreate2(g, "at", pair, s, H5P_DEFAULT, H5P_DEFAULT),
         "where.zarr: /outer/inner: unable to create attribute 'at': compound types are not supported");
    SAYS(H5Acreate_by_name(f, ".//outer/./inner", "at", pair, s, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
         "where.zarr: /outer/inner: unable to create attribute 'at'");
    SAYS(H5Aopen(g, "nope", H5P_DEFAULT), "where.zarr: /outer/inner: can't locate attribute: 'nope'");
    SAYS(H5Aopen_by_idx(f, "outer/inner", H5_INDEX_NAME, H5_ITER_INC, 3, H5P_DEFAULT, H5P_DEFAULT),
         "where.zarr: /outer/inner: attribute index 3 is out of 0");
    SAYS(H5Aget_info_by_name(f, "outer", "nope", &info, H5P_DEFAULT), "where.zarr: /outer: can't locate attribute");
    SAYS(H5Adelete_by_name(g, "/outer", "nope", H5P_DEFAULT), "where.zarr: /outer: can't locate attribute: 'nope'");
    SAYS(H5Ldelete(g, "zz", H5P_DEFAULT), "where.zarr: /outer/inner/zz: no such link");
    SAYS(H5Gopen2(g, "nope/more", H5P_DEFAULT), "where.zarr: /outer/inner/nope/more: component 'nope' not found");
    SAYS(H5Gcreate2(outer, "inner", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
         "where.zarr: /outer/inner: unable to create group: name already exists");
    SAYS(H5Dopen2(f, "outer/inner", H5P_DEFAULT), "where.zarr: /outer/inner: it is a group, not a dataset");
    SAYS(H5Oopen(g, "nope", H5P_DEFAULT), "where.zarr: /outer/inner/nope: ");
    SAYS(H5Oopen_by_idx(outer, ".", H5_INDEX_NAME, H5_ITER_INC, 7, H5P_DEFAULT), "where.zarr: /outer: index 7 is out");
    SAYS(H5Lcreate_soft("/t", g, "soft", H5P_DEFAULT, H5P_DEFAULT), "where.zarr: /outer/inner/soft: a soft link");
    SAYS(H5Lcreate_hard(f, "outer", g, "hard", H5P_DEFAULT, H5P_DEFAULT), "where.zarr: /outer/inner/hard: a second");
    SAYS(H5Lmove(g, "nope", f, "n", H5P_DEFAULT, H5P_DEFAULT), "where.zarr: /outer/inner/nope: no such link");
    SAYS(H5Ocopy(outer, "inner", f, "n", H5P_DEFAULT, H5P_DEFAULT), "where.zarr: /outer/inner: H5Ocopy");
    SAYS(H5Tcommit2(g, "t", pair, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), "where.zarr: /outer/inner/t: committed");
    OK(H5Tclose(pair));
    OK(H5Sclose(s));
    OK(H5Gclose(g));
    OK(H5Gclose(outer));
    OK(H5Fclose(f));
}

/* Reading and writing, too, of the one dataset out of several that failed. */
static void transfers_say_where(void **state)
{
    const hsize_t two = 2, three = 3;
    hid_t f = H5Fcreate(zt_path("io.zarr"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t spaces[] = {H5Screate_simple(1, &two, NULL), H5Screate_simple(1, &three, NULL)};
    hid_t d[2], types[] = {H5T_NATIVE_INT, H5T_NATIVE_INT}, mem[] = {spaces[0], spaces[0]}, file[] = {H5S_ALL, H5S_ALL};
    int a[3] = {0}, b[3] = {0};
    const void *from[] = {a, b};
    void *to[] = {a, b};

    (void)state;
    d[0] = H5Dcreate2(f, "two", H5T_NATIVE_INT, spaces[0], H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    d[1] = H5Dcreate2(f, "three", H5T_NATIVE_INT, spaces[1], H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    SAYS(H5Dwrite_multi(2, d, types, mem, file, H5P_DEFAULT, from), "io.zarr: /three: 2 elements are selected");
    SAYS(H5Dread_multi(2, d, types, mem, file, H5P_DEFAULT, to), "io.zarr: /three: 2 elements are selected");
    for (int i = 0; i < 2; i++) {
        OK(H5Dclose(d[i]));
        OK(H5Sclose(spaces[i]));
    }
    OK(H5Fclose(f));
}

/* HDF5 closes a file when its last object goes: an id of ours is there then whose handle is on its way out. */
static void a_file_may_be_closed_before_its_objects(void **state)
{
    const hsize_t dims = 4;
    hid_t s = H5Screate_simple(1, &dims, NULL);

    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        hid_t f = H5Fcreate(zt_path("order.zarr"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), o, other;

        other = H5Dcreate2(f, "other", H5T_NATIVE_INT, s, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        OK(other);
        if (kind == 0)
            o = H5Dcreate2(f, "x", H5T_NATIVE_INT, s, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        else if (kind == 1)
            o = H5Gcreate2(f, "x", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        else
            o = H5Acreate2(f, "x", H5T_NATIVE_INT, s, H5P_DEFAULT, H5P_DEFAULT);
        OK(o);
        OK(H5Fclose(f));
        OK(H5Dclose(other));
        OK(H5Idec_ref(o));
        assert_non_null(zt_slurp(zt_path("order.zarr/zarr.json")));
    }
    OK(H5Sclose(s));
}

static void truncating_a_store(void **state)
{
    hid_t f = H5Fcreate(zt_path("trunc.zarr"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);

    (void)state;
    OK(H5Gclose(H5Gcreate2(f, "old", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)));
    OK(H5Fclose(f));
    f = H5Fcreate(zt_path("trunc.zarr"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    OK(f);
    OK(H5Fclose(f));
    assert_null(zt_slurp(zt_path("trunc.zarr/old/zarr.json")));
    assert_non_null(zt_slurp(zt_path("trunc.zarr/zarr.json")));
}

static herr_t append_object(hid_t loc, const char *name, const H5O_info2_t *info, void *payload)
{
    (void)loc;
    (void)info;
    strcat(payload, name);
    strcat(payload, ",");
    return 0;
}

static void damaged_document(void **state)
{
    hid_t f = H5Fcreate(zt_path("damaged.zarr"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    H5G_info_t info;
    char seen[64];

    (void)state;
    OK(H5Gclose(H5Gcreate2(f, "wreck", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)));
    OK(H5Gclose(H5Gcreate2(f, "good", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)));
    OK(H5Fclose(f));
    zt_write_file(zt_path("damaged.zarr/wreck/zarr.json"), "{\"zarr_format\":3,\"node_type\":\"gro");
    f = H5Fopen(zt_path("damaged.zarr"), H5F_ACC_RDONLY, H5P_DEFAULT);
    OK(f);
    OK(H5Gclose(H5Gopen2(f, "good", H5P_DEFAULT)));
    FAILS(H5Gopen2(f, "wreck", H5P_DEFAULT));
    zt_assert_error_has("wreck");
    zt_assert_error_has("damaged.zarr");
    OK(H5Gget_info(f, &info));
    assert_int_equal(info.nlinks, 2);
    assert_int_equal(H5Lexists(f, "wreck", H5P_DEFAULT), 1);
    seen[0] = '\0';
    OK(H5Ovisit3(f, H5_INDEX_NAME, H5_ITER_INC, append_object, seen, H5O_INFO_BASIC));
    assert_string_equal(seen, ".,good,wreck,");
    FAILS(H5Oopen_by_idx(f, ".", H5_INDEX_NAME, H5_ITER_INC, 1, H5P_DEFAULT));
    zt_assert_error_has("wreck");
    OK(H5Fclose(f));
    f = H5Fopen(zt_path("damaged.zarr"), H5F_ACC_RDWR, H5P_DEFAULT);
    FAILS(H5Gcreate2(f, "wreck", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    OK(H5Ldelete(f, "wreck", H5P_DEFAULT));
    OK(H5Gclose(H5Gcreate2(f, "wreck", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)));
    OK(H5Fclose(f));
    zt_write_file(zt_path("damaged.zarr/zarr.json"), "[]");
    FAILS(H5Fopen(zt_path("damaged.zarr"), H5F_ACC_RDONLY, H5P_DEFAULT));
    zt_assert_error_has("damaged.zarr");
}

static void damaged_chunk(void **state)
{
    hsize_t dims = 100;
    hsize_t chunk = 50;
    int data[100] = {0};
    hid_t space = H5Screate_simple(1, &dims, NULL);
    hid_t dcpl = H5Pcreate(H5P_DATASET_CREATE);
    hid_t f = H5Fcreate(zt_path("chunk.zarr"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t d;

    (void)state;
    OK(H5Pset_chunk(dcpl, 1, &chunk));
    OK(H5Pset_deflate(dcpl, 4));
    d = H5Dcreate2(f, "d", H5T_NATIVE_INT, space, H5P_DEFAULT, dcpl, H5P_DEFAULT);
    OK(H5Dwrite(d, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, data));
    OK(H5Dclose(d));
    OK(H5Fclose(f));
    zt_write_file(zt_path("chunk.zarr/d/c/1"), "not a gzip member");
    f = H5Fopen(zt_path("chunk.zarr"), H5F_ACC_RDONLY, H5P_DEFAULT);
    d = H5Dopen2(f, "d", H5P_DEFAULT);
    FAILS(H5Dread(d, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, data));
    zt_assert_error_has("chunk.zarr");
    zt_assert_error_has("'/d'");
    zt_assert_error_has("chunk (1)");
    OK(H5Dclose(d));
    OK(H5Fclose(f));
    OK(H5Sclose(space));
    OK(H5Pclose(dcpl));
}

static void unsupported_types(void **state)
{
    hid_t f = H5Fcreate(zt_path("types.zarr"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t scalar = H5Screate(H5S_SCALAR);
    hid_t vlen = H5Tvlen_create(H5T_NATIVE_INT);
    hid_t compound = H5Tcreate(H5T_COMPOUND, 16);
    H5G_info_t info;

    (void)state;
    OK(H5Tinsert(compound, "x", 0, H5T_NATIVE_DOUBLE));
    OK(H5Tinsert(compound, "n", 8, H5T_NATIVE_INT));
    FAILS(H5Dcreate2(f, "v", vlen, scalar, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    zt_assert_error_has("/v: ");
    FAILS(H5Dcreate2(f, "c", compound, scalar, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    zt_assert_error_has("compound");
    FAILS(H5Acreate2(f, "a", compound, scalar, H5P_DEFAULT, H5P_DEFAULT));
    zt_assert_error_has("compound");
    FAILS(H5Lcreate_soft("/x", f, "soft", H5P_DEFAULT, H5P_DEFAULT));
    zt_assert_error_has("soft");
    FAILS(H5Tcommit2(f, "t", compound, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    OK(H5Gget_info(f, &info));
    assert_int_equal(info.nlinks, 0);
    OK(H5Fclose(f));
    OK(H5Tclose(vlen));
    OK(H5Tclose(compound));
    OK(H5Sclose(scalar));
}

/* A mistake in the options is not a choice of the defaults. */
static void mistaken_options(void **state)
{
    static const char *const mistakes[][2] = {{"format=7", "format"},
                                              {"foo=bar", "foo"},
                                              {"cache=-1", "cache"},
                                              {"format", "key=value"},
                                              {"store=tape", "store"}};
    hid_t connector = H5VLget_connector_id_by_name("zarr");
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
        hid_t fapl = H5Pcreate(H5P_FILE_ACCESS);
        void *info = NULL;

        OK(H5VLconnector_str_to_info(mistakes[i][0], connector, &info));
        OK(H5Pset_vol(fapl, connector, info));
        OK(H5VLfree_connector_info(connector, info));
        FAILS(H5Fcreate(zt_path("mistake.zarr"), H5F_ACC_TRUNC, H5P_DEFAULT, fapl));
        zt_assert_error_has(mistakes[i][1]);
        OK(H5Pclose(fapl));
    }
    OK(H5VLclose(connector));
}

static void writing_to_a_reader(void **state)
{
    hid_t f = H5Fcreate(zt_path("ro.zarr"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);

    (void)state;
    OK(H5Fclose(f));
    f = H5Fopen(zt_path("ro.zarr"), H5F_ACC_RDONLY, H5P_DEFAULT);
    FAILS(H5Gcreate2(f, "g", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    zt_assert_error_has("reading only");
    OK(H5Fclose(f));
}

/* A name that leads out of the store stays a name inside it. */
static void names_cannot_leave_the_store(void **state)
{
    hid_t f = H5Fcreate(zt_path("inside.zarr"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    struct stat st;

    (void)state;
    OK(H5Gclose(H5Gcreate2(f, "..", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)));
    OK(H5Gclose(H5Gcreate2(f, "../escaped", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)));
    OK(H5Gclose(H5Gcreate2(f, "zarr.json", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)));
    OK(H5Fclose(f));
    assert_int_not_equal(stat(zt_path("escaped"), &st), 0);
    f = H5Fopen(zt_path("inside.zarr"), H5F_ACC_RDONLY, H5P_DEFAULT);
    assert_int_equal(H5Lexists(f, "../escaped", H5P_DEFAULT), 1);
    assert_int_equal(H5Lexists(f, "zarr.json", H5P_DEFAULT), 1);
    OK(H5Fclose(f));
}

/* A small tmpfs; false where this user may not mount. */
static int small_disk(const char *path)
{
    return mkdir(path, 0777) == 0 && mount("tmpfs", path, "tmpfs", 0, "size=256k") == 0;
}

/* Leaves the test out by name; with CI=true that is a failure. */
static void no_mount(const char *test)
{
    const char *ci = getenv("CI");

    if (ci && !strcmp(ci, "true"))
        fail_msg("%s needs the right to mount", test);
    print_message("left out: %s needs the right to mount\n", test);
    skip();
}

static void full_disk(void **state)
{
    static double data[65536];
    hsize_t n = 65536;
    hid_t space = H5Screate_simple(1, &n, NULL);
    const char *disk = zt_path("disk");
    hid_t f;
    hid_t d;
    herr_t written;

    (void)state;
    if (!small_disk(disk)) {
        no_mount("full_disk");
    }
    f = H5Fcreate(zt_path("disk/full.zarr"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    OK(f);
    d = H5Dcreate2(f, "d", H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    OK(d);
    H5E_BEGIN_TRY
    {
        written = H5Dwrite(d, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, data);
        zt_take_error();
    }
    H5E_END_TRY
    if (written >= 0)
        FAILS(H5Fflush(f, H5F_SCOPE_GLOBAL));
    zt_assert_error_has("full.zarr");
    zt_assert_error_has("errno = 28");
    OK(H5Dclose(d));
    H5E_BEGIN_TRY
    {
        if (H5Fclose(f) < 0)
            H5Fclose(f);
    }
    H5E_END_TRY
    OK(H5Sclose(space));
    assert_int_equal(umount2(disk, MNT_DETACH), 0);
}

/* Documents only: the error comes at close, the file stays open, and closing again after making room writes everything.
 */
static void full_disk_at_close_then_room(void **state)
{
    const char *disk = zt_path("disk2");
    char name[32];
    hid_t f;
    herr_t closed;
    int i;

    (void)state;
    if (!small_disk(disk)) {
        no_mount("full_disk_at_close_then_room");
    }
    f = H5Fcreate(zt_path("disk2/many.zarr"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    OK(f);
    for (i = 0; i < 500; i++) {
        snprintf(name, sizeof(name), "g%03d", i);
        OK(H5Gclose(H5Gcreate2(f, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)));
    }
    FAILS(H5Fclose(f));
    zt_assert_error_has("many.zarr");
    zt_assert_error_has("errno = 28");
    assert_true(H5Iis_valid(f) > 0);
    assert_null(zt_slurp(zt_path("disk2/many.zarr/zarr.json")));
    assert_int_equal(mount("tmpfs", disk, "tmpfs", MS_REMOUNT, "size=8m"), 0);
    closed = H5Fclose(f);
    assert_true(closed >= 0);
    assert_non_null(zt_slurp(zt_path("disk2/many.zarr/zarr.json")));
    assert_non_null(zt_slurp(zt_path("disk2/many.zarr/g499/zarr.json")));
    assert_int_equal(umount2(disk, MNT_DETACH), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unwritable_place),
        cmocka_unit_test(missing_file),
        cmocka_unit_test(exclusive_on_existing),
        cmocka_unit_test(truncating_what_is_no_store),
        cmocka_unit_test(errors_say_where),
        cmocka_unit_test(transfers_say_where),
        cmocka_unit_test(a_file_may_be_closed_before_its_objects),
        cmocka_unit_test(truncating_a_store),
        cmocka_unit_test(damaged_document),
        cmocka_unit_test(damaged_chunk),
        cmocka_unit_test(unsupported_types),
        cmocka_unit_test(mistaken_options),
        cmocka_unit_test(writing_to_a_reader),
        cmocka_unit_test(names_cannot_leave_the_store),
        cmocka_unit_test(full_disk),
        cmocka_unit_test(full_disk_at_close_then_room),
    };

    return cmocka_run_group_tests_name("errors", tests, NULL, NULL);
}
