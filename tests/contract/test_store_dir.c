/* test_store_dir.c - what the directory store promises beyond the contract: names on disk, confinement, no left-overs,
 * what may be created over, and how directories move. */
#include "base/alloc.h"
#include "support.h"
#include "zh/buf.h"

#include "zh/store.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define MARKER "s/.unfinished.zh-tmp"
#define V3 "{\"zarr_format\":3}" /* documents by which a store is known for one */
#define V2 "{\"zarr_format\":2}"

static zh_store *open_store(zh_open_mode mode)
{
    zh_error err = ZH_ERROR_INIT;
    zh_store *s;

    assert_zh_ok(zh_store_dir_open(&s, "s", mode, &err), &err);
    return s;
}

static void put(zh_store *s, const char *key, const char *text, unsigned flags)
{
    zh_error err = ZH_ERROR_INIT;

    assert_zh_ok(zh_store_put(s, key, text, strlen(text), flags, &err), &err);
}

static void file_is(const char *path, const char *want)
{
    char *text = zh_read_file(path, NULL);

    assert_string_equal(text, want);
    free(text);
}

static bool exists(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0;
}

/* Files and directories directly in path, without "." and "..". */
static unsigned entries(const char *path)
{
    DIR *d = opendir(path);
    unsigned n = 0;

    assert_non_null(d);
    while (readdir(d) != NULL)
        n++;
    assert_int_equal(closedir(d), 0);
    return n - 2;
}

static void make_dir(const char *path)
{
    assert_int_equal(mkdir(path, 0777), 0);
}

static void write_text(const char *path, const char *text)
{
    zh_write_file(path, text, strlen(text));
}

/* --- names and modes --- */

static void a_key_is_a_path(void **state)
{
    zh_store *s = open_store(ZH_CREATE_EXCL);
    struct stat st;

    (void)state;
    (void)umask(022);
    put(s, "zarr.json", "root", 0);
    put(s, "a/b/zarr.json", "node", ZH_PUT_PLAIN | ZH_PUT_NEWDIR);
    put(s, "a/b/c/0", "chunk", 0);
    put(s, "a/b/c/0", "chunk 2", 0);
    file_is("s/zarr.json", "root");
    file_is("s/a/b/zarr.json", "node");
    file_is("s/a/b/c/0", "chunk 2");
    assert_int_equal(entries("s"), 2);
    assert_int_equal(entries("s/a/b"), 2);
    assert_int_equal(entries("s/a/b/c"), 1);
    assert_int_equal(stat("s/a/b/c/0", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0644);
    assert_int_equal(stat("s/a/b/zarr.json", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0644);
    zh_store_close(s);
}

static void the_directory_may_move_and_the_process_too(void **state)
{
    zh_store *s = open_store(ZH_CREATE_EXCL);

    (void)state;
    put(s, "a/x", "1", 0);
    assert_int_equal(rename("s", "moved"), 0);
    make_dir("elsewhere");
    assert_int_equal(chdir("elsewhere"), 0);
    put(s, "a/y", "2", 0);
    put(s, "b/y", "3", ZH_PUT_PLAIN | ZH_PUT_NEWDIR);
    zh_store_close(s);
    assert_int_equal(chdir(".."), 0);
    file_is("moved/a/y", "2");
    file_is("moved/b/y", "3");
    assert_int_equal(entries("elsewhere"), 0);
}

static int count(void *payload, const char *name, bool is_prefix, zh_error *err)
{
    (void)name;
    (void)is_prefix;
    (void)err;
    ++*(int *)payload;
    return ZH_OK;
}

static void foreign_files_are_not_listed(void **state)
{
    zh_store *s = open_store(ZH_CREATE_EXCL);
    zh_error err = ZH_ERROR_INIT;
    int n = 0;

    (void)state;
    write_text("s/.12-34.zh-tmp", "x");
    write_text("s/\xff", "x");
    assert_int_equal(mkfifo("s/fifo", 0666), 0);
    assert_int_equal(symlink("nowhere", "s/dangling"), 0);
    assert_zh_ok(zh_store_list(s, "", count, &n, &err), &err);
    assert_int_equal(n, 0);
    write_text("s/a", "x");
    assert_int_equal(symlink("a", "s/link"), 0);
    assert_zh_ok(zh_store_list(s, "", count, &n, &err), &err);
    assert_int_equal(n, 2);
    zh_store_close(s);
}

static void odd_files_are_no_values(void **state)
{
    zh_store *s = open_store(ZH_CREATE_EXCL);
    zh_buf b = ZH_BUF_INIT(100);
    zh_error err = ZH_ERROR_INIT;
    uint64_t size;

    (void)state;
    assert_int_equal(mkfifo("s/fifo", 0666), 0);
    assert_zh_code(zh_store_get(s, "fifo", &b, &err), ZH_IO, &err);
    assert_zh_code(zh_store_size(s, "fifo", &size, &err), ZH_IO, &err);
    put(s, "fifo", "replaced, not written into", ZH_PUT_PLAIN);
    assert_zh_ok(zh_store_get(s, "fifo", &b, &err), &err);
    zh_buf_dispose(&b);
    zh_store_close(s);
}

/* --- confinement --- */

static void nothing_outside_is_written(void **state)
{
    static const unsigned flags[] = {0, ZH_PUT_NEWDIR, ZH_PUT_PLAIN, ZH_PUT_PLAIN | ZH_PUT_NEWDIR, ZH_PUT_EXCL};
    static const char *const keys[] = {"link/x", "link/sub/x", "a/up/x", "a/up/new/x", "abs/x"};
    zh_store *s = open_store(ZH_CREATE_EXCL);
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    make_dir("outside");
    make_dir("outside/sub");
    make_dir("s/a");
    write_text("outside/file", "precious");
    assert_int_equal(symlink("../outside", "s/link"), 0);
    assert_int_equal(symlink("../../outside", "s/a/up"), 0);
    assert_int_equal(symlink("/", "s/abs"), 0);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        for (size_t k = 0; k < sizeof(flags) / sizeof(flags[0]); k++) {
            assert_zh_code(zh_store_put(s, keys[i], "evil", 4, flags[k], &err), ZH_IO, &err);
            assert_int_equal(err.sys_errno, ELOOP);
        }
    assert_zh_code(zh_store_erase(s, "link/file", &err), ZH_IO, &err);
    assert_zh_code(zh_store_erase_prefix(s, "link/sub", &err), ZH_IO, &err);
    assert_int_equal(entries("outside"), 2);
    assert_int_equal(entries("outside/sub"), 0);
    file_is("outside/file", "precious");
    zh_store_close(s);
}

static void a_link_in_place_of_a_value_is_replaced_not_followed(void **state)
{
    static const unsigned flags[] = {0, ZH_PUT_PLAIN};
    zh_store *s = open_store(ZH_CREATE_EXCL);
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    write_text("outside", "precious");
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(symlink("../outside", "s/value"), 0);
        assert_int_equal(link("outside", "s/hard"), 0);
        put(s, "value", "new", flags[i]);
        put(s, "hard", "new", flags[i]);
        file_is("s/value", "new");
        file_is("s/hard", "new");
        file_is("outside", "precious");
        assert_zh_ok(zh_store_erase(s, "value", &err), &err);
        assert_zh_ok(zh_store_erase(s, "hard", &err), &err);
    }
    assert_int_equal(symlink("../outside", "s/value"), 0);
    assert_zh_code(zh_store_put(s, "value", "new", 3, ZH_PUT_EXCL, &err), ZH_EXISTS, &err);
    assert_zh_ok(zh_store_erase(s, "value", &err), &err);
    file_is("outside", "precious");
    zh_store_close(s);
}

static void removing_does_not_follow_links(void **state)
{
    zh_store *s = open_store(ZH_CREATE_EXCL);
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    make_dir("outside");
    write_text("outside/file", "precious");
    put(s, "a/b/x", "1", 0);
    assert_int_equal(symlink("../../../outside", "s/a/b/link"), 0);
    assert_int_equal(symlink("../outside", "s/linked"), 0);
    assert_zh_ok(zh_store_erase_prefix(s, "a", &err), &err);
    assert_false(exists("s/a"));
    assert_zh_ok(zh_store_erase_prefix(s, "linked", &err), &err);
    assert_false(exists("s/linked"));
    assert_int_equal(symlink("../outside", "s/linked"), 0);
    assert_zh_ok(zh_store_erase_prefix(s, "", &err), &err);
    assert_false(exists("s/linked"));
    file_is("outside/file", "precious");
    zh_store_close(s);
}

static void links_are_followed_for_reading(void **state)
{
    zh_store *s = open_store(ZH_CREATE_EXCL);
    zh_buf b = ZH_BUF_INIT(100);
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    make_dir("big");
    write_text("big/0", "elsewhere");
    assert_int_equal(symlink("../big", "s/c"), 0);
    assert_zh_ok(zh_store_get(s, "c/0", &b, &err), &err);
    assert_string_equal(zh_buf_cstr(&b, &err), "elsewhere");
    zh_buf_dispose(&b);
    zh_store_close(s);
}

static int count_names(void *payload, const char *name, bool is_prefix, zh_error *err)
{
    (void)name;
    (void)is_prefix;
    (void)err;
    ++*(int *)payload;
    return ZH_OK;
}

/* A walk through two links to where they lie would have 2^40 paths before the system stops it. */
static void links_that_lead_around_are_not_listed(void **state)
{
    static const char *const around[] = {"here", "a/up", "a/root", "out/back", "a/other/up"};
    static const char *const fine[] = {"a", "out", "a/other", "alias", "here/a"};
    zh_store *s = open_store(ZH_CREATE_EXCL);
    zh_error err = ZH_ERROR_INIT;
    int n;

    (void)state;
    put(s, "a/x", "1", 0);
    put(s, "b/x", "1", 0);
    make_dir("outside");
    write_text("outside/x", "elsewhere");
    assert_int_equal(symlink(".", "s/here") | symlink("..", "s/a/up") | symlink("../../s", "s/a/root"), 0);
    assert_int_equal(symlink("../outside", "s/out") | symlink("../s", "outside/back"), 0);
    assert_int_equal(symlink("../b", "s/a/other") | symlink("../a", "s/b/up") | symlink("a", "s/alias"), 0);
    for (size_t i = 0; i < 5; i++) {
        n = 0;
        assert_zh_code(zh_store_list(s, around[i], count_names, &n, &err), ZH_IO, &err);
        assert_int_equal(err.sys_errno, ELOOP);
        assert_zh_message(&err, around[i]);
        assert_int_equal(n, 0);
        assert_zh_ok(zh_store_list(s, fine[i], count_names, &n, &err), &err);
        assert_true(n > 0);
    }
    zh_store_close(s);
}

static void deep_trees_need_few_descriptors(void **state)
{
    struct rlimit old, few;
    zh_store *s = open_store(ZH_CREATE_EXCL);
    zh_error err = ZH_ERROR_INIT;
    char key[2100];

    (void)state;
    for (size_t i = 0; i < 2000; i += 2)
        memcpy(key + i, "d/", 2);
    (void)strcpy(key + 2000, "x");
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    few = old;
    few.rlim_cur = 60;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    put(s, key, "1000 deep", 0);
    put(s, "d/other", "1", 0);
    assert_zh_ok(zh_store_erase_prefix(s, "d", &err), &err);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_int_equal(entries("s"), 1); /* the marker */
    zh_store_close(s);
}

/* --- failures --- */

static void set_file_size_limit(rlim_t bytes)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* A write that fails half way, as on a full disk. In a child: the limit hits all files. */
static void a_failed_put_leaves_nothing(void **state)
{
    static const unsigned flags[] = {0, ZH_PUT_EXCL, ZH_PUT_PLAIN, ZH_PUT_PLAIN | ZH_PUT_NEWDIR};
    zh_store *s = open_store(ZH_CREATE_EXCL);
    int status;
    pid_t pid;

    (void)state;
    put(s, "old", "value", 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        char *big = calloc(1, 100000);
        int bad = 0;

        (void)signal(SIGXFSZ, SIG_IGN);
        set_file_size_limit(5000);
        for (size_t i = 0; i < 4; i++) {
            zh_error err = ZH_ERROR_INIT;
            char key[32];

            (void)snprintf(key, sizeof(key), "d%zu/x", i);
            bad += zh_store_put(s, key, big, 100000, flags[i], &err) != ZH_IO || err.sys_errno != EFBIG ||
                   strstr(err.message, key) == NULL || strstr(err.message, "'s'") == NULL;
        }
        bad += zh_store_put(s, "old", big, 100000, 0, NULL) != ZH_IO;
        bad += zh_store_put(s, "old", big, 100000, ZH_PUT_PLAIN, NULL) != ZH_IO;
        _exit(bad);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    file_is("s/old", "value");
    for (int i = 0; i < 4; i++) {
        char path[32];

        (void)snprintf(path, sizeof(path), "s/d%d", i);
        assert_int_equal(entries(path), 0);
    }
    assert_int_equal(entries("s"), 6); /* d0..d3, old, the marker */
    zh_store_close(s);
}

static void failures_name_key_store_and_reason(void **state)
{
    zh_store *s = open_store(ZH_CREATE_EXCL);
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    put(s, "a", "a file", 0);
    assert_zh_code(zh_store_put(s, "a/b", "x", 1, 0, &err), ZH_IO, &err);
    assert_int_equal(err.sys_errno, ENOTDIR);
    assert_zh_message(&err, "cannot write 'a/b' in 's': Not a directory");
    put(s, "d/x", "1", 0);
    assert_zh_code(zh_store_put(s, "d", "x", 1, 0, &err), ZH_IO, &err);
    assert_int_equal(err.sys_errno, EISDIR);
    assert_int_equal(entries("s"), 3);
    zh_store_close(s);
}

static void no_permission(void **state)
{
    zh_store *s = open_store(ZH_CREATE_EXCL);
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    put(s, "zarr.json", "{}", 0);
    assert_int_equal(chmod("s", 0555), 0);
    if (faccessat(AT_FDCWD, "s", W_OK, AT_EACCESS) == 0) {
        zh_store_close(s); /* the superuser may do all */
        skip();
    }
    assert_zh_code(zh_store_put(s, "a/b", "x", 1, ZH_PUT_PLAIN | ZH_PUT_NEWDIR, &err), ZH_IO, &err);
    assert_int_equal(err.sys_errno, EACCES);
    zh_store_close(s);
    assert_zh_code(zh_store_dir_open(&s, "s", ZH_OPEN_WRITE, &err), ZH_IO, &err);
    assert_int_equal(err.sys_errno, EACCES);
    assert_zh_code(zh_store_dir_open(&s, "s/new", ZH_CREATE_EXCL, &err), ZH_IO, &err);
    assert_int_equal(err.sys_errno, EACCES);
    assert_zh_code(zh_store_dir_open(&s, "s", ZH_CREATE_TRUNC, &err), ZH_IO, &err);
    file_is("s/zarr.json", "{}");
    assert_int_equal(chmod("s", 0755), 0);
}

/* --- creating --- */

static void the_marker_goes_with_the_first_root_document(void **state)
{
    static const char *const documents[] = {"zarr.json", ".zgroup", ".zarray"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        zh_store *s = open_store(ZH_CREATE_TRUNC);

        assert_true(exists(MARKER));
        put(s, "a/zarr.json", "x", 0);
        assert_true(exists(MARKER));
        put(s, documents[i], i == 0 ? V3 : V2, 0);
        assert_false(exists(MARKER));
        assert_int_equal(entries("s"), 2);
        zh_store_close(s);
    }
}

static void a_store_closed_unused_leaves_an_empty_directory(void **state)
{
    zh_store *s = open_store(ZH_CREATE_EXCL);

    (void)state;
    zh_store_close(s);
    assert_int_equal(entries("s"), 0);
    s = open_store(ZH_CREATE_EXCL); /* an empty directory may be there */
    zh_store_close(s);
}

/* A program that died before it wrote the root's document must be able to start again. */
static void what_a_killed_creation_left_can_be_created_over(void **state)
{
    zh_store *s = open_store(ZH_CREATE_EXCL);
    zh_error err = ZH_ERROR_INIT;
    zh_path_kind kind;
    zh_store *second;

    (void)state;
    put(s, "a/b/zarr.json", "x", ZH_PUT_PLAIN | ZH_PUT_NEWDIR);
    zh_store_close(s);
    assert_zh_ok(zh_path_probe(&kind, "s", &err), &err);
    assert_int_equal(kind, ZH_PATH_EMPTY_DIR);
    assert_zh_code(zh_store_dir_open(&second, "s", ZH_CREATE_EXCL, &err), ZH_EXISTS, &err);
    s = open_store(ZH_CREATE_TRUNC);
    assert_false(exists("s/a"));
    put(s, "zarr.json", "x", 0);
    assert_int_equal(entries("s"), 1);
    zh_store_close(s);
}

/* Nobody creates over what is just being made. */
static void only_one_creates(void **state)
{
    zh_store *s = open_store(ZH_CREATE_EXCL);
    zh_error err = ZH_ERROR_INIT;
    zh_store *second;

    (void)state;
    put(s, "a/zarr.json", "x", 0);
    for (int i = 0; i < 2; i++) {
        const zh_open_mode mode = i == 0 ? ZH_CREATE_EXCL : ZH_CREATE_TRUNC;

        assert_zh_code(zh_store_dir_open(&second, "s", mode, &err), ZH_EXISTS, &err);
        assert_zh_message(&err, "another program is making a store");
        assert_int_equal(err.sys_errno, EEXIST);
        assert_true(exists(MARKER)); /* the first one's */
        assert_true(exists("s/a/zarr.json"));
    }
    put(s, "zarr.json", V3, 0);
    assert_zh_code(zh_store_dir_open(&second, "s", ZH_CREATE_EXCL, &err), ZH_EXISTS, &err);
    assert_zh_ok(zh_store_dir_open(&second, "s", ZH_CREATE_TRUNC, &err), &err); /* finished, and so replaced */
    zh_store_close(second);
    zh_store_close(s);
}

/* In another process, which dies. */
static void begin_and_die(const char *key)
{
    const pid_t child = fork();
    zh_store *s;
    int status;

    if (child == 0) {
        if (zh_store_dir_open(&s, "s", ZH_CREATE_EXCL, NULL) != ZH_OK || zh_store_put(s, key, "x", 1, 0, NULL) != ZH_OK)
            _exit(1);
        (void)raise(SIGKILL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_true(exists(MARKER));
}

static void a_maker_who_died_is_succeeded(void **state)
{
    zh_error err = ZH_ERROR_INIT;
    zh_store *s;

    (void)state;
    begin_and_die(".0123456789abcdef.zh-tmp/0/zarr.json");
    s = open_store(ZH_CREATE_EXCL); /* only temporaries: as good as empty */
    assert_int_equal(entries("s"), 1);
    zh_store_close(s);
    assert_int_equal(entries("s"), 0);
    begin_and_die("a/zarr.json");
    assert_zh_code(zh_store_dir_open(&s, "s", ZH_CREATE_EXCL, &err), ZH_EXISTS, &err);
    assert_true(exists("s/a/zarr.json"));
    s = open_store(ZH_CREATE_TRUNC);
    assert_int_equal(entries("s"), 1);
    zh_store_close(s);
}

static void truncation_spares_what_is_not_a_store(void **state)
{
    zh_error err = ZH_ERROR_INIT;
    zh_store *s;

    (void)state;
    make_dir("s");
    write_text("s/thesis.tex", "precious");
    assert_zh_code(zh_store_dir_open(&s, "s", ZH_CREATE_TRUNC, &err), ZH_EXISTS, &err);
    assert_int_equal(err.sys_errno, EEXIST);
    assert_zh_message(&err, "not a Zarr store");
    file_is("s/thesis.tex", "precious");
    assert_int_equal(entries("s"), 1);
    assert_zh_code(zh_store_dir_open(&s, "s", ZH_CREATE_EXCL, &err), ZH_EXISTS, &err);
    assert_int_equal(entries("s"), 1);
    assert_int_equal(mkfifo("fifo", 0666), 0);
    assert_zh_code(zh_store_dir_open(&s, "fifo", ZH_CREATE_TRUNC, &err), ZH_EXISTS, &err);
    assert_true(exists("fifo"));
}

/* Names do not make a store: what lies there is read. */
static void truncation_spares_what_only_looks_like_a_store(void **state)
{
    static const char *const texts[] = {
        "{\"a\":1}", "", "[]", "hello", "{", "{\"zarr_format\":4}", "{\"zarr_format\":\"3\"}", "[{\"zarr_format\":3}]",
        V2,          V3};
    static const char *const documents[] = {"s/zarr.json", "s/.zgroup", "s/.zarray"};
    zh_error err = ZH_ERROR_INIT;
    zh_store *s;

    (void)state;
    make_dir("s");
    write_text("s/thesis.tex", "precious");
    for (size_t i = 0; i < 3; i++) {
        for (size_t k = 0; k < sizeof(texts) / sizeof(texts[0]); k++) {
            if (strcmp(texts[k], i == 0 ? V3 : V2) == 0)
                continue;
            write_text(documents[i], texts[k]);
            for (int again = 0; again < 2; again++) {
                assert_zh_code(zh_store_dir_open(&s, "s", ZH_CREATE_TRUNC, &err), ZH_EXISTS, &err);
                assert_zh_message(&err, "'s' cannot be replaced: the directory is not a Zarr store");
            }
            file_is("s/thesis.tex", "precious");
            file_is(documents[i], texts[k]);
            assert_int_equal(entries("s"), 2);
        }
        assert_int_equal(unlink(documents[i]), 0);
        make_dir(documents[i]);
        for (int again = 0; again < 2; again++)
            assert_zh_code(zh_store_dir_open(&s, "s", ZH_CREATE_TRUNC, &err), ZH_EXISTS, &err);
        assert_int_equal(entries("s"), 2);
        assert_int_equal(rmdir(documents[i]), 0);
        assert_int_equal(mkfifo(documents[i], 0666), 0);
        assert_zh_code(zh_store_dir_open(&s, "s", ZH_CREATE_TRUNC, &err), ZH_EXISTS, &err);
        assert_int_equal(unlink(documents[i]), 0);
    }
    file_is("s/thesis.tex", "precious");
    assert_int_equal(entries("s"), 1);
}

/* One whole document is enough, whatever else has its place; so is the marker of a creation that was cut short. */
static void truncation_knows_a_damaged_store_by_what_is_left(void **state)
{
    zh_store *s;

    (void)state;
    make_dir("s");
    make_dir("s/zarr.json");
    write_text("s/zarr.json/x", "x");
    write_text("s/.zarray", "{");
    write_text("s/.zgroup", V2);
    s = open_store(ZH_CREATE_TRUNC);
    assert_int_equal(entries("s"), 1);
    zh_store_close(s);
    write_text("s/zarr.json", "{\"zarr_for");
    write_text(MARKER, "");
    s = open_store(ZH_CREATE_TRUNC);
    assert_int_equal(entries("s"), 1);
    zh_store_close(s);
    assert_int_equal(entries("s"), 0);
}

/* What could not be emptied to the end: it was a store, and no reader takes it for one. The descriptors suffice for the
 * directory itself, not for one in it. */
static void a_truncation_cut_short_can_be_repeated(void **state)
{
    zh_error err = ZH_ERROR_INIT;
    struct rlimit old, few;
    zh_path_kind kind;
    zh_store *s;
    int fd;

    (void)state;
    make_dir("s");
    make_dir("s/a");
    write_text("s/zarr.json", V3);
    write_text("s/a/x", "x");
    fd = dup(0);
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    few = old;
    few.rlim_cur = (rlim_t)fd + 2;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    assert_zh_code(zh_store_dir_open(&s, "s", ZH_CREATE_TRUNC, &err), ZH_IO, &err);
    assert_int_equal(err.sys_errno, EMFILE);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_false(exists("s/zarr.json"));
    assert_true(exists("s/a/x"));
    assert_zh_ok(zh_path_probe(&kind, "s", &err), &err);
    assert_int_equal(kind, ZH_PATH_EMPTY_DIR);
    s = open_store(ZH_CREATE_TRUNC);
    assert_int_equal(entries("s"), 1);
    zh_store_close(s);
}

static void truncation_replaces_files_and_stores(void **state)
{
    static const char *const documents[] = {"s/zarr.json", "s/.zgroup", "s/.zarray"};
    zh_error err = ZH_ERROR_INIT;
    zh_store *s;

    (void)state;
    write_text("s", "\x89HDF\r\n\x1a\n");
    s = open_store(ZH_CREATE_TRUNC);
    put(s, "zarr.json", "x", 0);
    zh_store_close(s);
    for (size_t i = 0; i < 3; i++) {
        struct stat before, after;

        assert_int_equal(unlink(i == 0 ? "s/zarr.json" : documents[i - 1]) == 0 || errno == ENOENT, true);
        write_text(documents[i], i == 0 ? V3 : V2);
        make_dir("s/a");
        write_text("s/a/x", "x");
        write_text("s/other", "x");
        assert_int_equal(stat("s", &before), 0);
        s = open_store(ZH_CREATE_TRUNC);
        assert_int_equal(entries("s"), 1);
        zh_store_close(s);
        assert_int_equal(stat("s", &after), 0);
        assert_int_equal(before.st_ino, after.st_ino); /* the directory itself stays */
    }
    assert_int_equal(symlink("s", "link"), 0);
    write_text("s/zarr.json", V3);
    assert_zh_ok(zh_store_dir_open(&s, "link", ZH_CREATE_TRUNC, &err), &err);
    zh_store_close(s);
    assert_int_equal(entries("s"), 0);
    assert_true(exists("link"));
}

static void opening_what_cannot_be_opened(void **state)
{
    zh_error err = ZH_ERROR_INIT;
    zh_store *s;

    (void)state;
    write_text("file", "x");
    assert_zh_code(zh_store_dir_open(&s, "file", ZH_OPEN_READ, &err), ZH_IO, &err);
    assert_int_equal(err.sys_errno, ENOTDIR);
    assert_zh_code(zh_store_dir_open(&s, "file", ZH_CREATE_EXCL, &err), ZH_EXISTS, &err);
    assert_zh_code(zh_store_dir_open(&s, "no/such/parent", ZH_CREATE_EXCL, &err), ZH_IO, &err);
    assert_int_equal(err.sys_errno, ENOENT);
    assert_int_equal(symlink("loop", "loop"), 0);
    assert_zh_code(zh_store_dir_open(&s, "loop", ZH_OPEN_READ, &err), ZH_IO, &err);
    assert_int_equal(err.sys_errno, ELOOP);
    assert_int_equal(zh_store_dir_open(&s, "", ZH_OPEN_READ, &err), ZH_NOTFOUND);
}

/* Another process removes and makes directories that this one has open. */
static void directories_replaced_by_others(void **state)
{
    zh_store *s = open_store(ZH_CREATE_EXCL);
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    put(s, "a/b/x", "1", 0);
    assert_int_equal(system("rm -rf s/a"), 0);
    put(s, "a/b/x", "2", 0);
    file_is("s/a/b/x", "2");
    assert_int_equal(system("rm -rf s/a"), 0);
    put(s, "a/b/c/x", "3", ZH_PUT_PLAIN | ZH_PUT_NEWDIR);
    file_is("s/a/b/c/x", "3");
    assert_int_equal(system("mv s/a old && mkdir -p s/a/b && echo 4 > s/a/b/x && rm -rf old"), 0);
    assert_zh_ok(zh_store_erase(s, "a/b/x", &err), &err);
    assert_false(exists("s/a"));
    zh_store_close(s);
}

/* --- moving and locking --- */

static void move(zh_store *s, const char *from, const char *to, unsigned flags)
{
    zh_error err = ZH_ERROR_INIT;

    assert_zh_ok(zh_store_move(s, from, to, flags, &err), &err);
}

static void a_move_follows_no_links(void **state)
{
    static const char *const outside[] = {"link/sub", "a/up/sub", "abs/tmp", "link"};
    zh_store *s = open_store(ZH_CREATE_EXCL);
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    make_dir("outside");
    make_dir("outside/sub");
    write_text("outside/sub/file", "precious");
    put(s, "a/x", "1", 0);
    put(s, "b/x", "2", 0);
    assert_int_equal(symlink("../outside", "s/link"), 0);
    assert_int_equal(symlink("../../outside", "s/a/up"), 0);
    assert_int_equal(symlink("/", "s/abs"), 0);
    for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
        assert_zh_code(zh_store_move(s, outside[i], "n/m", 0, &err), ZH_IO, &err);
        assert_int_equal(err.sys_errno, ELOOP);
        assert_zh_code(zh_store_move(s, "b", outside[i], ZH_MOVE_EXCHANGE, &err), ZH_IO, &err);
        assert_int_equal(err.sys_errno, ELOOP);
        assert_zh_code(zh_store_move(s, outside[i], "b", ZH_MOVE_EXCHANGE, &err), ZH_IO, &err);
    }
    assert_zh_code(zh_store_move(s, "b", "link/new", 0, &err), ZH_IO, &err);
    assert_int_equal(err.sys_errno, ELOOP);
    assert_zh_code(zh_store_move(s, "b", "a/up/new/deep", 0, &err), ZH_IO, &err);
    assert_zh_code(zh_store_move(s, "b", "link", 0, &err), ZH_EXISTS, &err); /* a link is not replaced */
    assert_false(exists("s/n"));
    assert_int_equal(entries("outside"), 1);
    file_is("outside/sub/file", "precious");
    file_is("s/b/x", "2");
    move(s, "a", "c", 0); /* what lies in it goes with it as it is */
    file_is("s/c/x", "1");
    assert_true(exists("s/c/up"));
    assert_int_equal(entries("outside"), 1);
    zh_store_close(s);
}

static void an_empty_directory_is_nothing(void **state)
{
    zh_store *s = open_store(ZH_CREATE_EXCL);
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    put(s, "a/x", "1", 0);
    make_dir("s/empty");
    make_dir("s/empty too");
    move(s, "a", "empty", 0);
    file_is("s/empty/x", "1");
    assert_int_equal(zh_store_move(s, "empty too", "b", 0, &err), ZH_NOTFOUND);
    make_dir("s/empty too");
    assert_int_equal(zh_store_move(s, "empty", "empty too", ZH_MOVE_EXCHANGE, &err), ZH_NOTFOUND);
    assert_string_equal(err.message, "");
    file_is("s/empty/x", "1");
    assert_false(exists("s/b"));
    zh_store_close(s);
}

static void parents_are_made_and_empty_ones_removed(void **state)
{
    zh_store *s = open_store(ZH_CREATE_EXCL);
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    put(s, "a/b/c/x", "1", 0);
    put(s, "file", "2", 0);
    move(s, "a/b/c", "n/m/o", 0);
    assert_false(exists("s/a"));
    file_is("s/n/m/o/x", "1");
    assert_int_equal(zh_store_move(s, "absent", "p/q/r", 0, &err), ZH_NOTFOUND);
    assert_false(exists("s/p"));
    assert_zh_code(zh_store_move(s, "n", "file/below", 0, &err), ZH_IO, &err); /* as for a put there */
    assert_int_equal(err.sys_errno, ENOTDIR);
    assert_zh_message(&err, "cannot move 'n' to 'file/below' in 's'");
    file_is("s/n/m/o/x", "1");
    assert_int_equal(entries("s"), 3); /* n, file, the marker */
    zh_store_close(s);
}

/* The descriptors of a store lead to where its directories are now. */
static void puts_after_a_move_go_to_the_right_place(void **state)
{
    static const unsigned flags[] = {0, ZH_PUT_PLAIN, ZH_PUT_NEWDIR, ZH_PUT_PLAIN | ZH_PUT_NEWDIR};
    zh_store *s = open_store(ZH_CREATE_EXCL);
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        put(s, "a/b/c/x", "1", flags[i]);
        put(s, "o/b/c/x", "2", flags[i]);
        move(s, "a/b", "n/b", 0);
        put(s, "a/b/c/y", "3", flags[i]);
        put(s, "n/b/c/z", "4", flags[i]);
        assert_int_equal(entries("s/a/b/c"), 1);
        file_is("s/a/b/c/y", "3");
        assert_int_equal(entries("s/n/b/c"), 2);
        file_is("s/n/b/c/z", "4");
        move(s, "n", "o", ZH_MOVE_EXCHANGE);
        put(s, "n/b/c/w", "5", flags[i]);
        put(s, "o/b/c/w", "6", flags[i]);
        file_is("s/n/b/c/x", "2");
        file_is("s/n/b/c/w", "5");
        file_is("s/o/b/c/z", "4");
        file_is("s/o/b/c/w", "6");
        assert_zh_ok(zh_store_erase_prefix(s, "", &err), &err);
    }
    zh_store_close(s);
}

/* What this store has open, another process has removed, and made anew. */
static void moves_after_others_replaced_directories(void **state)
{
    zh_store *s = open_store(ZH_CREATE_EXCL);

    (void)state;
    put(s, "a/b/x", "1", 0);
    put(s, "n/m/x", "2", 0);
    assert_int_equal(system("rm -rf s/a s/n && mkdir -p s/a/b && echo -n 3 > s/a/b/x"), 0);
    move(s, "a/b", "n/m", 0);
    file_is("s/n/m/x", "3");
    put(s, "a/b/x", "4", 0);
    assert_int_equal(system("rm -rf s/a s/n && mkdir -p s/a/b s/n/m && echo -n 5 > s/a/b/x && echo -n 6 > s/n/m/x"), 0);
    move(s, "a/b", "n/m", ZH_MOVE_EXCHANGE);
    file_is("s/n/m/x", "5");
    file_is("s/a/b/x", "6");
    put(s, "to/deep/x", "7", 0);
    assert_int_equal(system("rm -rf s/to"), 0); /* where it is to go, and nothing else */
    move(s, "a/b", "to/deep/b", 0);
    file_is("s/to/deep/b/x", "6");
    assert_int_equal(system("rm -rf s/to"), 0);
    assert_int_equal(zh_store_move(s, "to/deep/b", "c", 0, NULL), ZH_NOTFOUND);
    zh_store_close(s);
}

/* In a child, whose mounts nobody else sees: 77 where that is not allowed, else what went wrong. */
static int move_over_a_mount_point(void)
{
    zh_error err = ZH_ERROR_INIT;
    zh_store *s;
    int bad;

    if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
        return 77;
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 || mount("none", "s/mount", "tmpfs", 0, NULL) != 0)
        return 77;
    if (zh_store_dir_open(&s, "s", ZH_OPEN_WRITE, &err) != ZH_OK) /* an older descriptor would not see the mount */
        return 1;
    bad = zh_store_put(s, "mount/d/x", "2", 1, 0, &err) != ZH_OK;
    if (zh_store_move(s, "a", "mount/a", 0, &err) != ZH_UNSUPPORTED || err.sys_errno != EXDEV ||
        err.code != ZH_UNSUPPORTED || strstr(err.message, "'mount/a'") == NULL)
        bad |= 2;
    if (zh_store_move(s, "mount/d", "a", ZH_MOVE_EXCHANGE, &err) != ZH_UNSUPPORTED || err.sys_errno != EXDEV)
        bad |= 4;
    if (zh_store_move(s, "mount", "b", 0, &err) != ZH_UNSUPPORTED || err.sys_errno != EBUSY)
        bad |= 8;
    if (zh_store_move(s, "mount/d", "mount/e", 0, &err) != ZH_OK || entries("s/mount") != 1)
        bad |= 16;
    zh_store_close(s);
    return bad;
}

static void mount_points_are_not_crossed(void **state)
{
    zh_store *s = open_store(ZH_CREATE_EXCL);
    int status;
    pid_t pid;

    (void)state;
    put(s, "a/x", "1", 0);
    make_dir("s/mount");
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(move_over_a_mount_point());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    file_is("s/a/x", "1");
    zh_store_close(s);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(status, 0);
}

static bool others_have_the_lock(void)
{
    const int fd = open("s", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool locked;

    assert_true(fd >= 0);
    locked = flock(fd, LOCK_EX | LOCK_NB) != 0;
    if (locked)
        assert_int_equal(errno, EWOULDBLOCK);
    assert_int_equal(close(fd), 0);
    return locked;
}

/* Programs that do not use this library can take part. */
static void the_lock_is_one_on_the_directory(void **state)
{
    zh_store *s = open_store(ZH_CREATE_EXCL);
    zh_error err = ZH_ERROR_INIT;
    int ends[2], status;
    pid_t pid;
    char c;

    (void)state;
    assert_int_equal(zh_store_depth(s), 0);
    assert_false(others_have_the_lock());
    assert_zh_ok(zh_store_lock(s, &err), &err);
    assert_true(others_have_the_lock());
    /* A child that was forked meanwhile has the descriptor, and must not keep the lock by it. */
    assert_int_equal(pipe(ends), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)close(ends[1]);
        _exit(read(ends[0], &c, 1) != 0);
    }
    assert_int_equal(close(ends[0]), 0);
    zh_store_unlock(s);
    assert_false(others_have_the_lock());
    assert_int_equal(close(ends[1]), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(entries("s"), 1); /* it leaves no file, only the marker is there */
    zh_store_close(s);
}

static void locks_and_moves_leave_no_descriptors(void **state)
{
    zh_store *s = open_store(ZH_CREATE_EXCL);
    const unsigned before = entries("/proc/self/fd");
    zh_error err = ZH_ERROR_INIT;
    struct rlimit old, none;

    (void)state;
    put(s, "a/x", "1", 0);
    assert_int_equal(symlink("a", "s/link"), 0);
    assert_zh_ok(zh_store_lock(s, &err), &err);
    zh_store_unlock(s);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    none = old;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    assert_zh_code(zh_store_lock(s, &err), ZH_IO, &err);
    assert_int_equal(err.sys_errno, EMFILE);
    assert_zh_message(&err, "cannot lock 's'");
    assert_zh_code(zh_store_move(s, "a", "n/m", 0, &err), ZH_IO, &err);
    assert_int_equal(err.sys_errno, EMFILE);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    file_is("s/a/x", "1");
    assert_false(exists("s/n"));
    assert_zh_ok(zh_store_lock(s, &err), &err); /* one that failed is not held */
    assert_zh_code(zh_store_move(s, "a", "link/x", 0, &err), ZH_IO, &err);
    assert_zh_code(zh_store_move(s, "a", "link", 0, &err), ZH_EXISTS, &err);
    assert_int_equal(zh_store_move(s, "absent", "b", 0, &err), ZH_NOTFOUND);
    move(s, "a", "b", 0);
    zh_store_unlock(s);
    assert_int_equal(entries("/proc/self/fd"), before);
    zh_store_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        zh_sandbox_test(a_key_is_a_path),
        zh_sandbox_test(the_directory_may_move_and_the_process_too),
        zh_sandbox_test(foreign_files_are_not_listed),
        zh_sandbox_test(odd_files_are_no_values),
        zh_sandbox_test(nothing_outside_is_written),
        zh_sandbox_test(a_link_in_place_of_a_value_is_replaced_not_followed),
        zh_sandbox_test(removing_does_not_follow_links),
        zh_sandbox_test(links_are_followed_for_reading),
        zh_sandbox_test(links_that_lead_around_are_not_listed),
        zh_sandbox_test(deep_trees_need_few_descriptors),
        zh_sandbox_test(a_failed_put_leaves_nothing),
        zh_sandbox_test(failures_name_key_store_and_reason),
        zh_sandbox_test(no_permission),
        zh_sandbox_test(the_marker_goes_with_the_first_root_document),
        zh_sandbox_test(a_store_closed_unused_leaves_an_empty_directory),
        zh_sandbox_test(what_a_killed_creation_left_can_be_created_over),
        zh_sandbox_test(only_one_creates),
        zh_sandbox_test(a_maker_who_died_is_succeeded),
        zh_sandbox_test(truncation_spares_what_is_not_a_store),
        zh_sandbox_test(truncation_spares_what_only_looks_like_a_store),
        zh_sandbox_test(truncation_knows_a_damaged_store_by_what_is_left),
        zh_sandbox_test(a_truncation_cut_short_can_be_repeated),
        zh_sandbox_test(truncation_replaces_files_and_stores),
        zh_sandbox_test(opening_what_cannot_be_opened),
        zh_sandbox_test(directories_replaced_by_others),
        zh_sandbox_test(a_move_follows_no_links),
        zh_sandbox_test(an_empty_directory_is_nothing),
        zh_sandbox_test(parents_are_made_and_empty_ones_removed),
        zh_sandbox_test(puts_after_a_move_go_to_the_right_place),
        zh_sandbox_test(moves_after_others_replaced_directories),
        zh_sandbox_test(mount_points_are_not_crossed),
        zh_sandbox_test(the_lock_is_one_on_the_directory),
        zh_sandbox_test(locks_and_moves_leave_no_descriptors),
    };

    return cmocka_run_group_tests_name("store_dir", tests, NULL, NULL);
}
