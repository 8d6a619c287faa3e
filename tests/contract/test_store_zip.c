/* test_store_zip.c - what the zip store promises beyond the contract: the archives it writes, archives of others, and
 * what is left after a failure. The archives are looked at with libzip, not with the store. */
#include "base/alloc.h"
#include "support.h"
#include "zh/buf.h"
#include "zip_maker.h"

#include "zh/store.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <zip.h>

static zh_store *open_store(const char *path, zh_open_mode mode)
{
    zh_error err = ZH_ERROR_INIT;
    zh_store *s;

    assert_zh_ok(zh_store_zip_open(&s, path, mode, &err), &err);
    return s;
}

static void put(zh_store *s, const char *key, const char *text)
{
    zh_error err = ZH_ERROR_INIT;

    assert_zh_ok(zh_store_put(s, key, text, strlen(text), 0, &err), &err);
}

static void flush(zh_store *s)
{
    zh_error err = ZH_ERROR_INIT;

    assert_zh_ok(zh_store_flush(s, &err), &err);
}

static void value_is(zh_store *s, const char *key, const char *want)
{
    zh_buf b = ZH_BUF_INIT(1 << 24);
    zh_error err = ZH_ERROR_INIT;

    assert_zh_ok(zh_store_get(s, key, &b, &err), &err);
    assert_string_equal(zh_buf_cstr(&b, &err), want);
    zh_buf_dispose(&b);
}

static bool exists(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0;
}

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

/* The archive's entries in their order, "name:method ", libzip's consistency checks passed. */
static void archive_is(const char *path, const char *want)
{
    zip_t *z = zip_open(path, ZIP_RDONLY | ZIP_CHECKCONS, NULL);
    zh_buf b = ZH_BUF_INIT(1 << 20);

    assert_non_null(z);
    for (zip_int64_t i = 0; i < zip_get_num_entries(z, 0); i++) {
        char text[300];
        zip_stat_t st;

        assert_int_equal(zip_stat_index(z, (zip_uint64_t)i, 0, &st), 0);
        (void)snprintf(text, sizeof(text), "%s:%u ", st.name, st.comp_method);
        assert_int_equal(zh_buf_puts(&b, text, NULL), ZH_OK);
    }
    assert_string_equal(zh_buf_cstr(&b, NULL), want);
    zh_buf_dispose(&b);
    zip_discard(z);
}

/* --- the archives we write --- */

static void documents_come_first_breadth_first(void **state)
{
    static const char *const keys[] = {"b/c/0/1",         "b/zarr.json", "a/z/zarr.json",
                                       "zarr.json",       "b/c/0/0",     "a/zarr.json",
                                       "a/b/c/zarr.json", "z",           "\xc3\xa9/.zattrs"};
    zh_store *s = open_store("x.zip", ZH_CREATE_EXCL);

    (void)state;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        put(s, keys[i], keys[i]);
    assert_false(exists("x.zip"));
    flush(s);
    archive_is("x.zip",
               "zarr.json:0 a/zarr.json:0 b/zarr.json:0 \xc3\xa9/.zattrs:0 a/z/zarr.json:0 a/b/c/zarr.json:0 b/c/0/0:0 "
               "b/c/0/1:0 z:0 ");
    put(s, "c/zarr.json", "later");
    put(s, "z", "changed, and longer than before");
    flush(s);
    archive_is("x.zip", "zarr.json:0 a/zarr.json:0 b/zarr.json:0 c/zarr.json:0 \xc3\xa9/.zattrs:0 a/z/zarr.json:0 "
                        "a/b/c/zarr.json:0 b/c/0/0:0 b/c/0/1:0 z:0 ");
    value_is(s, "z", "changed, and longer than before");
    value_is(s, "b/c/0/1", "b/c/0/1");
    zh_store_close(s);
    assert_int_equal(entries("."), 1);
}

static void equal_stores_are_equal_archives(void **state)
{
    char *a, *b;
    size_t na, nb;

    (void)state;
    for (int i = 0; i < 2; i++) {
        zh_store *s = open_store(i == 0 ? "a.zip" : "b.zip", ZH_CREATE_EXCL);

        put(s, i == 0 ? "zarr.json" : "c/0", i == 0 ? "root" : "chunk");
        put(s, "c/0", "old");
        put(s, i == 0 ? "c/0" : "zarr.json", i == 0 ? "chunk" : "root");
        put(s, "c/0", "chunk");
        flush(s);
        zh_store_close(s);
        (void)setenv("TZ", "Pacific/Auckland", 1);
        tzset();
    }
    (void)unsetenv("TZ");
    tzset();
    a = zh_read_file("a.zip", &na);
    b = zh_read_file("b.zip", &nb);
    assert_int_equal(na, nb);
    assert_memory_equal(a, b, na);
    assert_non_null(memmem(a, na, "chunk", 5)); /* stored */
    free(a);
    free(b);
}

static void an_empty_store_is_an_empty_archive(void **state)
{
    zh_store *s = open_store("x.zip", ZH_CREATE_EXCL);
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    flush(s);
    archive_is("x.zip", "");
    put(s, "a", "1");
    flush(s);
    archive_is("x.zip", "a:0 ");
    assert_zh_ok(zh_store_erase(s, "a", &err), &err);
    flush(s);
    archive_is("x.zip", "");
    zh_store_close(s);
    s = open_store("x.zip", ZH_OPEN_WRITE);
    put(s, "b", "2");
    flush(s);
    archive_is("x.zip", "b:0 ");
    zh_store_close(s);
}

static void a_flush_without_changes_writes_nothing(void **state)
{
    zh_store *s = open_store("x.zip", ZH_CREATE_EXCL);
    zh_error err = ZH_ERROR_INIT;
    struct stat before, after;

    (void)state;
    put(s, "a", "1");
    flush(s);
    assert_int_equal(stat("x.zip", &before), 0);
    assert_zh_ok(zh_store_erase(s, "absent", &err), &err);
    assert_zh_ok(zh_store_erase_prefix(s, "absent", &err), &err);
    flush(s);
    assert_int_equal(stat("x.zip", &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    zh_store_close(s);
}

static void large_values(void **state)
{
    enum { N = 3000000 };
    zh_store *s = open_store("x.zip", ZH_CREATE_EXCL);
    zh_error err = ZH_ERROR_INIT;
    char *p = malloc(N + 1);

    (void)state;
    for (size_t i = 0; i < N; i++)
        p[i] = (char)('a' + i * i % 23);
    p[N] = '\0';
    for (int i = 0; i < 5; i++) {
        char key[16];

        (void)snprintf(key, sizeof(key), "c/%d", i);
        assert_zh_ok(zh_store_put(s, key, p, (size_t)(N >> i), 0, &err), &err);
    }
    flush(s);
    put(s, "zarr.json", "{}");
    flush(s);
    archive_is("x.zip", "zarr.json:0 c/0:0 c/1:0 c/2:0 c/3:0 c/4:0 ");
    value_is(s, "c/0", p);
    p[N >> 3] = '\0';
    value_is(s, "c/3", p);
    free(p);
    zh_store_close(s);
}

/* --- archives of others --- */

static void others_archives_are_read(void **state)
{
    char *text = calloc(1, 300001);
    zh_error err = ZH_ERROR_INIT;
    zip_maker z;
    zh_store *s;
    size_t got;

    (void)state;
    for (size_t i = 0; i < 300000; i++)
        text[i] = (char)('a' + i % 17 + i / 5000 % 5);
    zip_maker_init(&z);
    zip_maker_add(&z, "a/", "", 0, false, NULL);
    zip_maker_add(&z, "zarr.json", "old", 3, false, NULL);
    zip_maker_add(&z, "a/deflated", text, 300000, true, NULL);
    zip_maker_add(&z, "a/empty", "", 0, true, NULL);
    zip_maker_add(&z, "zarr.json", "the last one wins", 17, true, NULL);
    zip_maker_finish(&z, "x.zip", "a comment");
    s = open_store("x.zip", ZH_OPEN_WRITE);
    value_is(s, "zarr.json", "the last one wins");
    value_is(s, "a/deflated", text);
    value_is(s, "a/empty", "");
    for (uint64_t offset = 0; offset < 300000; offset += 99999) {
        char part[1000];

        assert_zh_ok(zh_store_get_range(s, "a/deflated", offset, sizeof(part), part, &got, &err), &err);
        assert_int_equal(got, offset + 1000 <= 300000 ? 1000 : 300000 - offset);
        assert_memory_equal(part, text + offset, got);
    }
    /* What is not changed is copied as it is, and every name is there once. */
    put(s, "new", "value");
    flush(s);
    archive_is("x.zip", "zarr.json:8 a/deflated:8 a/empty:8 new:0 ");
    value_is(s, "a/deflated", text);
    value_is(s, "a/empty", "");
    zh_store_close(s);
    free(text);
    text = zh_read_file("x.zip", &got);
    assert_memory_equal(text + got - 9, "a comment", 9);
    free(text);
}

static int count(void *payload, const char *name, bool is_prefix, zh_error *err)
{
    (void)name;
    (void)is_prefix;
    (void)err;
    ++*(int *)payload;
    return ZH_OK;
}

static void names_that_are_no_keys_are_not_seen(void **state)
{
    static const char *const names[] = {"../evil", "/etc/passwd", "a/../../evil", "./x", "a//b", "dir/", "..",
                                        "",        "a/./b",       "C:/../x"};
    zh_error err = ZH_ERROR_INIT;
    zip_maker z;
    zh_store *s;
    int n = 0;

    (void)state;
    zip_maker_init(&z);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        zip_maker_add(&z, names[i], "evil", 4, false, NULL);
    zip_maker_add(&z, "good", "value", 5, false, NULL);
    zip_maker_finish(&z, "x.zip", "");
    s = open_store("x.zip", ZH_OPEN_WRITE);
    assert_zh_ok(zh_store_list(s, "", count, &n, &err), &err);
    assert_int_equal(n, 1);
    value_is(s, "good", "value");
    put(s, "zarr.json", "{}");
    flush(s);
    archive_is("x.zip", "zarr.json:0 good:0 ");
    zh_store_close(s);
}

static void damaged_and_lying_entries_are_refused(void **state)
{
    static const struct {
        const char *name;
        bool deflate;
        zip_lie lie;
        int code;
    } cases[] = {
        {"checksum", false, {0, 1, 0, 0}, ZH_CORRUPT},
        {"checksum of deflated", true, {0, 1, 0, 0}, ZH_CORRUPT},
        {"shorter than it says", true, {200000, 0, 0, 0}, ZH_CORRUPT},
        {"far shorter than it says", true, {0xfffffff0u, 0, 0, 0}, ZH_RANGE},
        {"longer than it says", true, {10, 0, 0, 0}, ZH_CORRUPT},
        {"unknown method", false, {0, 0, 0, 77}, ZH_UNSUPPORTED},
        {"encrypted", false, {0, 0, 1, 0}, ZH_UNSUPPORTED},
    };
    char *text = calloc(1, 100000);
    zh_error err = ZH_ERROR_INIT;
    zip_maker z;
    zh_store *s;

    (void)state;
    zip_maker_init(&z);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        zip_maker_add(&z, cases[i].name, text, 100000, cases[i].deflate, &cases[i].lie);
    zip_maker_add(&z, "good", "value", 5, false, NULL);
    zip_maker_finish(&z, "x.zip", "");
    s = open_store("x.zip", ZH_OPEN_READ);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        zh_buf b = ZH_BUF_INIT(1 << 24);
        const int rc = zh_store_get(s, cases[i].name, &b, &err);

        assert_zh_code(rc, cases[i].code, &err);
        assert_int_equal(b.len, 0);
        assert_true(b.cap <= 1 << 20); /* memory follows what comes, not what is claimed */
        assert_zh_message(&err, cases[i].name);
        assert_zh_message(&err, "x.zip");
        zh_buf_dispose(&b);
    }
    value_is(s, "good", "value");
    zh_store_close(s);
    free(text);
}

/* A megabyte of zeros for each kilobyte: the caller's buffer is the limit. */
static void a_bomb_does_not_go_off(void **state)
{
    const size_t n = 50000000;
    char *zeros = calloc(1, n);
    zh_error err = ZH_ERROR_INIT;
    zh_buf b = ZH_BUF_INIT(1 << 20);
    const zip_lie lie = {1000, 0, 0, 0};
    zip_maker z;
    zh_store *s;

    (void)state;
    zip_maker_init(&z);
    zip_maker_add(&z, "bomb", zeros, n, true, NULL);
    zip_maker_add(&z, "disguised", zeros, n, true, &lie);
    zip_maker_finish(&z, "x.zip", "");
    free(zeros);
    s = open_store("x.zip", ZH_OPEN_READ);
    assert_zh_code(zh_store_get(s, "bomb", &b, &err), ZH_RANGE, &err);
    assert_int_equal(b.cap, 0);
    assert_zh_code(zh_store_get(s, "disguised", &b, &err), ZH_CORRUPT, &err);
    zh_buf_dispose(&b);
    zh_store_close(s);
}

static void what_is_no_archive_is_refused(void **state)
{
    zh_error err = ZH_ERROR_INIT;
    zip_maker z;
    size_t n;
    char *p;
    zh_store *s;

    (void)state;
    zh_write_file("empty", "", 0);
    zh_write_file("text", "PK\3\4 is not enough", 19);
    assert_int_equal(mkdir("dir", 0777), 0);
    assert_int_equal(mkfifo("fifo", 0666), 0);
    assert_zh_code(zh_store_zip_open(&s, "empty", ZH_OPEN_READ, &err), ZH_CORRUPT, &err);
    assert_zh_code(zh_store_zip_open(&s, "text", ZH_OPEN_READ, &err), ZH_CORRUPT, &err);
    assert_zh_code(zh_store_zip_open(&s, "fifo", ZH_OPEN_READ, &err), ZH_CORRUPT, &err);
    assert_zh_code(zh_store_zip_open(&s, "dir", ZH_OPEN_READ, &err), ZH_IO, &err);
    assert_int_equal(err.sys_errno, EISDIR);
    /* Every truncation of an archive, and every byte of it damaged: an error or an answer, never a crash. */
    zip_maker_init(&z);
    zip_maker_add(&z, "zarr.json", "{\"zarr_format\":3}", 17, false, NULL);
    zip_maker_add(&z, "c/0", "chunk chunk chunk chunk", 23, true, NULL);
    zip_maker_finish(&z, "x.zip", "");
    p = zh_read_file("x.zip", &n);
    for (size_t i = 0; i < 2 * n; i++) {
        zh_buf b = ZH_BUF_INIT(1000);

        if (i >= n)
            p[i - n] = (char)(p[i - n] ^ (1 + (int)i % 255));
        zh_write_file("x.zip", p, i < n ? i : n);
        if (zh_store_zip_open(&s, "x.zip", ZH_OPEN_READ, &err) == ZH_OK) {
            (void)zh_store_get(s, "zarr.json", &b, &err);
            (void)zh_store_get(s, "c/0", &b, &err);
            zh_store_close(s);
        }
        if (i >= n)
            p[i - n] = (char)(p[i - n] ^ (1 + (int)i % 255));
        zh_buf_dispose(&b);
    }
    free(p);
}

/* --- places --- */

static void the_process_may_move(void **state)
{
    zh_store *s = open_store("x.zip", ZH_CREATE_EXCL);

    (void)state;
    assert_int_equal(mkdir("elsewhere", 0777), 0);
    assert_int_equal(chdir("elsewhere"), 0);
    put(s, "a", "1");
    flush(s);
    put(s, "b", "2");
    flush(s);
    zh_store_close(s);
    assert_int_equal(entries("."), 0);
    assert_int_equal(chdir(".."), 0);
    archive_is("x.zip", "a:0 b:0 ");
}

static void a_link_stays_a_link_and_modes_stay(void **state)
{
    zh_store *s = open_store("x.zip", ZH_CREATE_EXCL);
    struct stat st;

    (void)state;
    put(s, "a", "1");
    flush(s);
    zh_store_close(s);
    assert_int_equal(chmod("x.zip", 0640), 0);
    assert_int_equal(mkdir("dir", 0777), 0);
    assert_int_equal(symlink("../x.zip", "dir/link"), 0);
    s = open_store("dir/link", ZH_OPEN_WRITE);
    put(s, "b", "2");
    flush(s);
    zh_store_close(s);
    assert_int_equal(lstat("dir/link", &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(stat("x.zip", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    archive_is("x.zip", "a:0 b:0 ");
    assert_int_equal(entries("dir"), 1);
}

static void creating_replaces_files_only(void **state)
{
    zh_error err = ZH_ERROR_INIT;
    zh_store *s;
    char *text;

    (void)state;
    zh_write_file("x.zip", "anything", 8);
    assert_int_equal(mkdir("dir", 0777), 0);
    assert_int_equal(mkfifo("fifo", 0666), 0);
    assert_zh_code(zh_store_zip_open(&s, "dir", ZH_CREATE_TRUNC, &err), ZH_EXISTS, &err);
    assert_int_equal(err.sys_errno, EEXIST);
    assert_zh_code(zh_store_zip_open(&s, "fifo", ZH_CREATE_TRUNC, &err), ZH_EXISTS, &err);
    assert_zh_code(zh_store_zip_open(&s, "no/such/x.zip", ZH_CREATE_TRUNC, &err), ZH_IO, &err);
    assert_int_equal(err.sys_errno, ENOENT);
    assert_zh_code(zh_store_zip_open(&s, "dir/", ZH_CREATE_EXCL, &err), ZH_EXISTS, &err);
    s = open_store("x.zip", ZH_CREATE_TRUNC);
    put(s, "a", "1");
    zh_store_close(s); /* not flushed: the old file is as it was */
    text = zh_read_file("x.zip", NULL);
    assert_string_equal(text, "anything");
    free(text);
    s = open_store("x.zip", ZH_CREATE_TRUNC);
    flush(s);
    archive_is("x.zip", "");
    zh_store_close(s);
}

static void an_archive_that_another_made_meanwhile_is_not_replaced(void **state)
{
    zh_store *s = open_store("x.zip", ZH_CREATE_EXCL);
    zh_error err = ZH_ERROR_INIT;
    char *text;

    (void)state;
    put(s, "a", "1");
    zh_write_file("x.zip", "another's", 9);
    assert_zh_code(zh_store_flush(s, &err), ZH_EXISTS, &err);
    assert_int_equal(err.sys_errno, EEXIST);
    text = zh_read_file("x.zip", NULL);
    assert_string_equal(text, "another's");
    free(text);
    assert_int_equal(unlink("x.zip"), 0);
    flush(s);
    archive_is("x.zip", "a:0 ");
    zh_store_close(s);
    assert_int_equal(entries("."), 1);
}

static void an_unwritable_place_is_reported_at_once(void **state)
{
    zh_error err = ZH_ERROR_INIT;
    zh_store *s;

    (void)state;
    assert_int_equal(mkdir("dir", 0777), 0);
    s = open_store("dir/x.zip", ZH_CREATE_EXCL);
    flush(s);
    zh_store_close(s);
    assert_int_equal(chmod("dir", 0555), 0);
    if (access("dir", W_OK) == 0)
        skip(); /* the superuser may do all */
    assert_zh_code(zh_store_zip_open(&s, "dir/new.zip", ZH_CREATE_EXCL, &err), ZH_IO, &err);
    assert_int_equal(err.sys_errno, EACCES);
    assert_zh_code(zh_store_zip_open(&s, "dir/x.zip", ZH_OPEN_WRITE, &err), ZH_IO, &err);
    assert_int_equal(err.sys_errno, EACCES);
    s = open_store("dir/x.zip", ZH_OPEN_READ);
    zh_store_close(s);
    assert_int_equal(chmod("dir", 0755), 0);
}

/* --- failures --- */

static void set_file_size_limit(rlim_t bytes)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* In a child, because the limit, which stands for a full disk, hits all files. */
static int fail_and_go_on(void)
{
    char *big = calloc(1, 100000);
    zh_error err = ZH_ERROR_INIT;
    zh_store *s = open_store("x.zip", ZH_OPEN_WRITE);
    int bad = 0;

    (void)signal(SIGXFSZ, SIG_IGN);
    /* A put that does not fit fails at once, and the old value stays. */
    set_file_size_limit(60000);
    bad += zh_store_put(s, "a", big, 100000, 0, &err) != ZH_IO || err.sys_errno != EFBIG;
    value_is(s, "a", "old");
    bad += zh_store_put(s, "b", big, 40000, 0, &err) != ZH_OK;
    /* The archive does not fit: nothing is changed, nothing is left, nothing is lost. */
    set_file_size_limit(30000);
    for (int i = 0; i < 3; i++) {
        bad += zh_store_flush(s, &err) != ZH_IO || err.sys_errno != EFBIG || strstr(err.message, "x.zip") == NULL;
        bad += entries(".") != 1;
        archive_is("x.zip", "zarr.json:0 a:0 ");
    }
    value_is(s, "a", "old");
    set_file_size_limit(100000);
    bad += zh_store_flush(s, &err) != ZH_OK;
    zh_store_close(s);
    return bad;
}

static void a_failed_flush_can_be_repeated(void **state)
{
    zh_store *s = open_store("x.zip", ZH_CREATE_EXCL);
    int status;
    pid_t pid;

    (void)state;
    put(s, "zarr.json", "{}");
    put(s, "a", "old");
    flush(s);
    zh_store_close(s);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(fail_and_go_on());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    archive_is("x.zip", "zarr.json:0 a:0 b:0 ");
}

/* Readers keep what they opened while a writer replaces the archive. */
static void a_reader_keeps_its_archive(void **state)
{
    zh_store *w = open_store("x.zip", ZH_CREATE_EXCL);
    zh_store *r;

    (void)state;
    put(w, "a", "1");
    put(w, "b", "1");
    flush(w);
    r = open_store("x.zip", ZH_OPEN_READ);
    put(w, "a", "2, and longer");
    flush(w);
    value_is(r, "a", "1");
    value_is(r, "b", "1");
    value_is(w, "a", "2, and longer");
    zh_store_close(r);
    zh_store_close(w);
}

/* A forked child reads while the parent does; they share the descriptor, but not a position in it. */
static void parent_and_child_read_at_once(void **state)
{
    zh_store *s = open_store("x.zip", ZH_CREATE_EXCL);
    int status;
    pid_t pid;

    (void)state;
    for (int i = 0; i < 50; i++) {
        char key[16];

        (void)snprintf(key, sizeof(key), "k%d", i);
        put(s, key, key);
    }
    flush(s);
    pid = fork();
    assert_true(pid >= 0);
    for (int round = 0; round < 20; round++)
        for (int i = 0; i < 50; i++) {
            zh_buf b = ZH_BUF_INIT(100);
            char key[16];
            int rc;

            (void)snprintf(key, sizeof(key), "k%d", i);
            rc = zh_store_get(s, key, &b, NULL);
            if (pid == 0 && (rc != ZH_OK || b.len != strlen(key) || memcmp(b.ptr, key, b.len) != 0))
                _exit(1);
            assert_int_equal(rc, ZH_OK);
            assert_memory_equal(b.ptr, key, strlen(key));
            zh_buf_dispose(&b);
        }
    if (pid == 0)
        _exit(0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    zh_store_close(s);
}

static void temporaries_reach_no_archive(void **state)
{
    zh_store *s = open_store("a.zip", ZH_CREATE_EXCL);
    zh_error err = ZH_ERROR_INIT;
    uint64_t size;

    (void)state;
    assert_int_equal(zh_store_depth(s), 1);
    put(s, ".1.zh-tmp/x", "1");
    put(s, "a.zh-tmp", "2"); /* is none */
    put(s, "g/.2.zh-tmp/x", "3");
    put(s, "g/x", "4");
    flush(s);
    archive_is("a.zip", "a.zh-tmp:0 g/x:0 ");
    assert_zh_ok(zh_store_move(s, "g", ".1.zh-tmp/old", 0, &err), &err);
    put(s, "g/x", "new");
    flush(s);
    archive_is("a.zip", "a.zh-tmp:0 g/x:0 ");
    value_is(s, "g/x", "new");
    value_is(s, ".1.zh-tmp/x", "1");               /* waits in the spill */
    value_is(s, ".1.zh-tmp/old/.2.zh-tmp/x", "3"); /* and so does this */
    /* went with the archive that it was flushed to */
    assert_int_equal(zh_store_size(s, ".1.zh-tmp/old/x", &size, &err), ZH_NOTFOUND);
    zh_store_close(s);
}

/* Of two handles that write, the second would leave only its own. */
static void of_two_writers_one_wins(void **state)
{
    zh_error err = ZH_ERROR_INIT;
    zh_store *first, *second, *s;

    (void)state;
    s = open_store("a.zip", ZH_CREATE_EXCL);
    put(s, "zarr.json", "root");
    flush(s);
    zh_store_close(s);
    first = open_store("a.zip", ZH_OPEN_WRITE);
    second = open_store("a.zip", ZH_OPEN_WRITE);
    put(first, "x/zarr.json", "first");
    put(second, "y/zarr.json", "second");
    flush(first);
    put(first, "z/zarr.json", "first");
    flush(first); /* its own changes are no others' */
    for (int i = 0; i < 2; i++) {
        assert_zh_code(zh_store_flush(second, &err), ZH_RACE, &err);
        assert_zh_message(&err, "a.zip");
    }
    value_is(second, "y/zarr.json", "second");
    zh_store_close(first);
    zh_store_close(second);
    s = open_store("a.zip", ZH_OPEN_READ);
    value_is(s, "x/zarr.json", "first");
    value_is(s, "z/zarr.json", "first");
    value_is(s, "zarr.json", "root");
    zh_store_close(s);
    assert_int_equal(entries("."), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        zh_sandbox_test(documents_come_first_breadth_first),
        zh_sandbox_test(equal_stores_are_equal_archives),
        zh_sandbox_test(an_empty_store_is_an_empty_archive),
        zh_sandbox_test(a_flush_without_changes_writes_nothing),
        zh_sandbox_test(large_values),
        zh_sandbox_test(others_archives_are_read),
        zh_sandbox_test(names_that_are_no_keys_are_not_seen),
        zh_sandbox_test(damaged_and_lying_entries_are_refused),
        zh_sandbox_test(a_bomb_does_not_go_off),
        zh_sandbox_test(what_is_no_archive_is_refused),
        zh_sandbox_test(the_process_may_move),
        zh_sandbox_test(a_link_stays_a_link_and_modes_stay),
        zh_sandbox_test(creating_replaces_files_only),
        zh_sandbox_test(an_archive_that_another_made_meanwhile_is_not_replaced),
        zh_sandbox_test(an_unwritable_place_is_reported_at_once),
        zh_sandbox_test(a_failed_flush_can_be_repeated),
        zh_sandbox_test(a_reader_keeps_its_archive),
        zh_sandbox_test(parent_and_child_read_at_once),
        zh_sandbox_test(temporaries_reach_no_archive),
        zh_sandbox_test(of_two_writers_one_wins),
    };

    return cmocka_run_group_tests_name("store_zip", tests, NULL, NULL);
}
