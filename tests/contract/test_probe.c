/* test_probe.c - zh_path_probe and zh_store_open on all that can lie at a path. */
#include "base/alloc.h"
#include "support.h"
#include "zip_maker.h"

#include "zh/store.h"

#include <sys/socket.h>
#include <sys/un.h>

static const char hdf5[] = "\x89HDF\r\n\x1a\n rest of the file";

static void is_kind(const char *path, zh_path_kind want)
{
    zh_error err = ZH_ERROR_INIT;
    zh_path_kind kind = (zh_path_kind)99;

    assert_zh_ok(zh_path_probe(&kind, path, &err), &err);
    if (kind != want)
        print_error("%s\n", path);
    assert_int_equal(kind, want);
    assert_string_equal(err.message, "");
}

static void make_dir(const char *path)
{
    assert_int_equal(mkdir(path, 0777), 0);
}

static void directories(void **state)
{
    (void)state;
    is_kind("absent", ZH_PATH_ABSENT);
    is_kind("absent/deeper", ZH_PATH_ABSENT);
    is_kind("", ZH_PATH_ABSENT);
    make_dir("empty");
    is_kind("empty", ZH_PATH_EMPTY_DIR);
    is_kind("empty/", ZH_PATH_EMPTY_DIR);
    make_dir("other");
    zh_write_file("other/file", "x", 1);
    is_kind("other", ZH_PATH_OTHER_DIR);
    is_kind("other/file/below", ZH_PATH_ABSENT);
    make_dir("other/zarr.json"); /* a directory is no document */
    is_kind("other", ZH_PATH_OTHER_DIR);
    make_dir("v3");
    zh_write_file("v3/zarr.json", "", 0);
    is_kind("v3", ZH_PATH_ZARR_DIR);
    make_dir("v2g");
    zh_write_file("v2g/.zgroup", "{}", 2);
    is_kind("v2g", ZH_PATH_ZARR_DIR);
    make_dir("v2a");
    zh_write_file("v2a/.zarray", "{}", 2);
    is_kind("v2a", ZH_PATH_ZARR_DIR);
    assert_int_equal(symlink("v3", "link"), 0);
    is_kind("link", ZH_PATH_ZARR_DIR);
    assert_int_equal(symlink("nowhere", "dangling"), 0);
    is_kind("dangling", ZH_PATH_ABSENT);
}

static void hdf5_files(void **state)
{
    (void)state;
    for (int i = 0; i < 12; i++) {
        const size_t offset = i == 0 ? 0 : (size_t)256 << i;
        char *p = calloc(1, offset + sizeof(hdf5));

        memcpy(p + offset, hdf5, sizeof(hdf5));
        zh_write_file("file", p, offset + sizeof(hdf5));
        is_kind("file", i <= 8 ? ZH_PATH_HDF5 : ZH_PATH_OTHER_FILE);
        zh_write_file("file", p, offset + 7);
        is_kind("file", ZH_PATH_OTHER_FILE);
        free(p);
    }
}

static void archives(void **state)
{
    static const char *const documents[] = {"zarr.json", ".zgroup", ".zarray"};
    zip_maker z;

    (void)state;
    for (size_t i = 0; i < 3; i++)
        for (int first = 0; first <= 1; first++) {
            zip_maker_init(&z);
            if (!first)
                zip_maker_add(&z, "c/0", "x", 1, false, NULL);
            zip_maker_add(&z, documents[i], "{}", 2, false, NULL);
            zip_maker_finish(&z, "x.zip", "");
            is_kind("x.zip", ZH_PATH_ZARR_ZIP);
        }
    zip_maker_init(&z);
    zip_maker_add(&z, "a/zarr.json", "{}", 2, false, NULL);
    zip_maker_add(&z, "zarr.jsonx", "{}", 2, false, NULL);
    zip_maker_finish(&z, "x.zip", "");
    is_kind("x.zip", ZH_PATH_OTHER_FILE);
    zip_maker_init(&z);
    zip_maker_finish(&z, "x.zip", "");
    is_kind("x.zip", ZH_PATH_OTHER_FILE);
    zh_write_file("x.zip", "PK\3\4", 4);
    is_kind("x.zip", ZH_PATH_OTHER_FILE);
}

static void other_things(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    zh_error err = ZH_ERROR_INIT;
    zh_path_kind kind;

    (void)state;
    zh_write_file("empty", "", 0);
    is_kind("empty", ZH_PATH_OTHER_FILE);
    zh_write_file("text", "hello", 5);
    is_kind("text", ZH_PATH_OTHER_FILE);
    assert_int_equal(mkfifo("fifo", 0666), 0);
    is_kind("fifo", ZH_PATH_OTHER_FILE);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    is_kind("socket", ZH_PATH_OTHER_FILE);
    assert_int_equal(close(fd), 0);
    is_kind("/dev/null", ZH_PATH_OTHER_FILE);
    assert_int_equal(symlink("loop", "loop"), 0);
    assert_zh_code(zh_path_probe(&kind, "loop", &err), ZH_IO, &err);
    assert_int_equal(err.sys_errno, ELOOP);
}

static void a_store_is_opened_by_what_it_is(void **state)
{
    zh_error err = ZH_ERROR_INIT;
    zip_maker z;
    zh_store *s;

    (void)state;
    make_dir("dir");
    zip_maker_init(&z);
    zip_maker_add(&z, "zarr.json", "{}", 2, false, NULL);
    zip_maker_finish(&z, "zip", "");
    zh_write_file("text", "hello", 5);
    assert_zh_ok(zh_store_open(&s, "dir", ZH_OPEN_WRITE, &err), &err);
    assert_true((zh_store_caps(s) & ZH_STORE_IMMEDIATE) != 0);
    zh_store_close(s);
    assert_zh_ok(zh_store_open(&s, "zip", ZH_OPEN_READ, &err), &err);
    assert_true((zh_store_caps(s) & ZH_STORE_IMMEDIATE) == 0);
    assert_string_equal(zh_store_url(s), "zip");
    zh_store_close(s);
    assert_int_equal(zh_store_open(&s, "absent", ZH_OPEN_READ, &err), ZH_NOTFOUND);
    assert_int_equal(err.sys_errno, ENOENT);
    assert_null(s);
    assert_int_equal(zh_store_open(&s, "text", ZH_OPEN_READ, &err), ZH_NOTFOUND);
    assert_int_equal(err.sys_errno, 0);
    assert_zh_message(&err, "neither");
    assert_zh_code(zh_store_open(&s, "dir", ZH_CREATE_TRUNC, &err), ZH_INVALID, &err);
}

static void a_store_is_deleted_and_nothing_else(void **state)
{
    zh_error err = ZH_ERROR_INIT;
    zip_maker z;

    (void)state;
    assert_int_equal(zh_store_delete("absent", &err), ZH_NOTFOUND);
    assert_int_equal(err.code, ZH_NOTFOUND);
    assert_int_equal(err.sys_errno, ENOENT);
    assert_int_equal(system("mkdir -p dir/a/b other && touch dir/a/b/0 dir/x other/x text &&"
                            "echo '{\"zarr_format\":2}' > dir/.zgroup && echo '{\"zarr_format\":3}' > dir/zarr.json"),
                     0);
    assert_int_equal(symlink("dir", "link"), 0);
    assert_zh_code(zh_store_delete("other", &err), ZH_INVALID, &err);
    assert_zh_code(zh_store_delete("text", &err), ZH_INVALID, &err);
    assert_zh_code(zh_store_delete("link", &err), ZH_IO, &err);
    is_kind("dir", ZH_PATH_ZARR_DIR);
    assert_zh_ok(zh_store_delete("dir", &err), &err);
    is_kind("dir", ZH_PATH_ABSENT);
    zip_maker_init(&z);
    zip_maker_add(&z, "zarr.json", "{}", 2, false, NULL);
    zip_maker_finish(&z, "zip", "");
    assert_zh_ok(zh_store_delete("zip", &err), &err);
    is_kind("zip", ZH_PATH_ABSENT);
    is_kind("other", ZH_PATH_OTHER_DIR);
}

/* It can be opened, and says what is wrong with it; removing it unseen is another matter. */
static void a_damaged_store_is_not_deleted(void **state)
{
    static const char *const texts[] = {"", "{", "[]", "{\"a\":1}", "{\"zarr_format\":2}"};
    zh_error err = ZH_ERROR_INIT;
    zh_store *s;

    (void)state;
    make_dir("dir");
    zh_write_file("dir/thesis.tex", "precious", 8);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        zh_write_file("dir/zarr.json", texts[i], strlen(texts[i]));
        is_kind("dir", ZH_PATH_ZARR_DIR);
        assert_zh_code(zh_store_delete("dir", &err), ZH_INVALID, &err);
        assert_zh_message(&err, "'dir' is not a Zarr store");
        assert_int_equal(access("dir/thesis.tex", F_OK), 0);
        assert_zh_ok(zh_store_open(&s, "dir", ZH_OPEN_READ, &err), &err);
        zh_store_close(s);
    }
    zh_write_file("dir/.unfinished.zh-tmp", "", 0); /* ours, and never finished */
    assert_zh_ok(zh_store_delete("dir", &err), &err);
    is_kind("dir", ZH_PATH_ABSENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        zh_sandbox_test(directories),
        zh_sandbox_test(hdf5_files),
        zh_sandbox_test(archives),
        zh_sandbox_test(other_things),
        zh_sandbox_test(a_store_is_opened_by_what_it_is),
        zh_sandbox_test(a_store_is_deleted_and_nothing_else),
        zh_sandbox_test(a_damaged_store_is_not_deleted),
    };

    return cmocka_run_group_tests_name("probe", tests, NULL, NULL);
}
