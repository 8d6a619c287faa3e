/* test_store_parts.c - the parts that the stores are made of: the ordered map against a naive one, the archive's file
 * against a plain buffer, the removal of trees, and the decorators of the tests themselves. */
#include "base/alloc.h"
#include "support.h"
#include "zh/buf.h"
#include "base/pool.h"
#include "store/dir_cache.h"
#include "store/dir_remove.h"
#include "store/keymap.h"
#include "store/store_impl.h"
#include "store/zip_file.h"
#include "store_fault.h"

#include <fcntl.h>
#include <sys/wait.h>

/* --- the ordered map --- */

enum { KEYS = 120 };

static void make_key(char key[32], unsigned i)
{
    static const char *const heads[] = {"", "a/", "a/b/", "a-b/", "a", "b/c/"};

    (void)snprintf(key, 32, "%s%u", heads[i % 6], i / 6);
}

static void map_is(zh_keymap *m, const bool there[KEYS], const unsigned value[KEYS])
{
    char last[32] = "";
    size_t n = 0;

    for (unsigned i = 0; i < KEYS; i++) {
        char key[32];
        const unsigned *v;

        make_key(key, i);
        v = zh_keymap_find(m, key);
        assert_int_equal(v != NULL, there[i]);
        if (v != NULL)
            assert_int_equal(*v, value[i]);
        n += there[i];
    }
    assert_int_equal(m->n, n);
    for (zh_keymap_node *node = zh_keymap_seek(m, ""); node != NULL; node = zh_keymap_next(node)) {
        assert_true(strcmp(last, zh_keymap_key(node)) < 0);
        (void)strcpy(last, zh_keymap_key(node));
        n--;
    }
    assert_int_equal(n, 0);
}

static void remove_prefix(zh_keymap *m, bool there[KEYS], const char *prefix)
{
    const size_t len = strlen(prefix);
    size_t n = 0;

    for (unsigned i = 0; i < KEYS; i++) {
        char key[32];

        make_key(key, i);
        if (!there[i] || (len > 0 && (strncmp(key, prefix, len) != 0 || key[len] != '/')))
            continue;
        there[i] = false;
        n++;
    }
    assert_int_equal(zh_keymap_remove_prefix(m, prefix), n);
}

static void the_map_does_what_a_naive_one_does(void **state)
{
    static const char *const prefixes[] = {"a", "a/b", "b", "c", ""};
    bool there[KEYS] = {false};
    unsigned value[KEYS] = {0};
    unsigned seed = 7;
    zh_keymap m;

    (void)state;
    zh_keymap_init(&m, sizeof(unsigned), NULL);
    assert_null(zh_keymap_seek(&m, ""));
    assert_false(zh_keymap_remove(&m, "a"));
    for (unsigned step = 0; step < 5000; step++) {
        const unsigned i = (unsigned)rand_r(&seed) % KEYS;
        bool is_new;
        char key[32];
        unsigned *v;

        make_key(key, i);
        if (step % 500 == 499) {
            remove_prefix(&m, there, prefixes[step / 500 % 5]);
        } else if (step % 3 == 0) {
            assert_int_equal(zh_keymap_remove(&m, key), there[i]);
            there[i] = false;
        } else {
            v = zh_keymap_insert(&m, key, &is_new);
            assert_int_equal(is_new, !there[i]);
            assert_int_equal(*v, is_new ? 0 : value[i]);
            *v = value[i] = step;
            there[i] = true;
        }
        if (step % 50 == 0 || step % 500 == 499)
            map_is(&m, there, value);
    }
    zh_keymap_dispose(&m);
}

/* --- an archive's file --- */

static void the_window_writes_what_a_buffer_would(void **state)
{
    enum { N = 3000000 };
    uint8_t *model = calloc(1, N);
    uint8_t *p = malloc(700000);
    const int fd = open("file", O_RDWR | O_CREAT, 0666);
    zip_error_t error;
    zip_source_t *s;
    uint64_t at = 0, end = 0;
    unsigned seed = 3;
    size_t got;

    (void)state;
    zip_error_init(&error);
    s = zh_zip_file_source(fd, true, &error);
    assert_non_null(s);
    assert_int_equal(zip_source_begin_write(s), 0);
    for (size_t i = 0; i < 700000; i++)
        p[i] = (uint8_t)(i * 7 + i / 300);
    while (end < N - 800000) {
        const size_t n =
            (unsigned)rand_r(&seed) % 5 == 0 ? (unsigned)rand_r(&seed) % 700000u : (unsigned)rand_r(&seed) % 3000u;

        assert_int_equal(zip_source_write(s, p, n), n);
        memcpy(model + at, p, n);
        at += n;
        end = at > end ? at : end;
        assert_int_equal(zip_source_tell_write(s), at);
        if ((unsigned)rand_r(&seed) % 2 == 0) { /* back to complete a header, as far as to the start */
            at = (uint64_t)rand_r(&seed) % (end + 1);
            assert_int_equal(zip_source_seek_write(s, (zip_int64_t)at, SEEK_SET), 0);
            assert_int_equal(zip_source_write(s, "header", at + 6 <= end ? 6 : 0), at + 6 <= end ? 6 : 0);
            memcpy(model + at, "header", at + 6 <= end ? 6 : 0);
            at = end;
            assert_int_equal(zip_source_seek_write(s, (zip_int64_t)at, SEEK_SET), 0);
        }
    }
    assert_int_equal(zip_source_seek_write(s, (zip_int64_t)end + 1, SEEK_SET), -1);
    assert_int_equal(zip_source_commit_write(s), 0);
    zip_source_free(s);
    free(p);
    p = (uint8_t *)zh_read_file("file", &got);
    assert_int_equal(got, end);
    assert_memory_equal(p, model, got);
    free(p);
    free(model);
    assert_int_equal(close(fd), 0);
}

static void a_slice_reads_its_part(void **state)
{
    const int fd = open("file", O_RDWR | O_CREAT, 0666);
    zip_error_t error;
    zip_source_t *s;
    char text[20];

    (void)state;
    assert_int_equal(write(fd, "0123456789", 10), 10);
    zip_error_init(&error);
    s = zh_zip_slice_source(fd, 3, 4, &error);
    assert_non_null(s);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(zip_source_open(s), 0);
        assert_int_equal(zip_source_read(s, text, sizeof(text)), 4);
        assert_memory_equal(text, "3456", 4);
        assert_int_equal(zip_source_read(s, text, sizeof(text)), 0);
        assert_int_equal(zip_source_close(s), 0);
    }
    zip_source_free(s);
    s = zh_zip_slice_source(fd, 8, 4, &error); /* longer than the file */
    assert_int_equal(zip_source_open(s), 0);
    assert_int_equal(zip_source_read(s, text, sizeof(text)), -1);
    assert_int_equal(zip_source_close(s), 0);
    zip_source_free(s);
    assert_int_equal(close(fd), 0);
}

/* --- directories --- */

static void directories_are_reached_without_links(void **state)
{
    zh_dir_cache *c;
    zh_dir *d;
    char path[64];

    (void)state;
    c = zh_dir_cache_new(open(".", O_PATH | O_DIRECTORY | O_CLOEXEC));
    assert_int_equal(zh_dir_acquire(&d, c, "a/b", 3, false), ENOENT);
    assert_int_equal(zh_dir_acquire(&d, c, "a/b", 3, true), 0);
    assert_int_equal(mkdirat(zh_dir_fd(d), "c", 0777), 0);
    zh_dir_release(c, d);
    assert_int_equal(access("a/b/c", F_OK), 0);
    assert_int_equal(symlink("a", "link"), 0);
    assert_int_equal(zh_dir_acquire(&d, c, "link/b", 6, true), ELOOP);
    zh_write_file("file", "", 0);
    assert_int_equal(zh_dir_acquire(&d, c, "file/b", 6, true), ENOTDIR);
    assert_int_equal(zh_dir_acquire(&d, c, "", 0, false), 0);
    zh_dir_release(c, d);
    /* More than are kept, one of them in use all the time. */
    assert_int_equal(zh_dir_acquire(&d, c, "a/b/c", 5, false), 0);
    for (int i = 0; i < 100; i++) {
        zh_dir *other;

        (void)snprintf(path, sizeof(path), "many/%d", i % 70);
        assert_int_equal(zh_dir_acquire(&other, c, path, strlen(path), true), 0);
        zh_dir_release(c, other);
    }
    zh_dir_cache_forget(c, "a", 1);
    assert_int_equal(mkdirat(zh_dir_fd(d), "still open", 0777), 0);
    zh_dir_release(c, d);
    zh_dir_cache_free(c);
}

static void content_goes_and_the_directory_stays(void **state)
{
    (void)state;
    assert_int_equal(system("mkdir -p d/a/b/c && touch d/x d/keep d/a/keep d/a/b/y && mkdir -p d/" /* 40 levels */
                            "1/2/3/4/5/6/7/8/9/0/1/2/3/4/5/6/7/8/9/0/1/2/3/4/5/6/7/8/9/0/1/2/3/4/5/6/7/8/9/0"),
                     0);
    assert_int_equal(zh_dir_remove_content(AT_FDCWD, "d", "keep"), 0);
    assert_int_equal(system("test \"$(ls -A d)\" = keep"), 0);
    assert_int_equal(zh_dir_remove_content(AT_FDCWD, "d", NULL), 0);
    assert_int_equal(rmdir("d"), 0);
    assert_int_equal(zh_dir_remove_content(AT_FDCWD, "d", NULL), ENOENT);
}

/* --- the decorators --- */

static void the_nth_call_fails(void **state)
{
    zh_error err = ZH_ERROR_INIT;
    zh_store *inner, *s;

    (void)state;
    assert_zh_ok(zh_store_mem_open(&inner, &err), &err);
    assert_zh_ok(zh_store_fault_open(&s, inner, &err), &err);
    zh_store_fault_set(s, ZH_OP_PUT | ZH_OP_FLUSH, 2, ENOSPC, false);
    assert_zh_ok(zh_store_put(s, "a", "x", 1, 0, &err), &err);
    assert_zh_ok(zh_store_erase(s, "b", &err), &err);
    assert_zh_code(zh_store_flush(s, &err), ZH_IO, &err);
    assert_int_equal(err.sys_errno, ENOSPC);
    assert_zh_ok(zh_store_put(s, "c", "x", 1, 0, &err), &err);
    assert_int_equal(zh_store_fault_seen(s), 3);
    zh_store_fault_set(s, ZH_OP_PUT, 1, EIO, true);
    assert_zh_code(zh_store_put(s, "a", "x", 1, 0, &err), ZH_IO, &err);
    assert_zh_code(zh_store_put(s, "a", "x", 1, 0, &err), ZH_IO, &err);
    zh_store_close(s);
}

static void calls_are_recorded(void **state)
{
    zh_error err = ZH_ERROR_INIT;
    zh_store *inner, *s;
    char byte;
    size_t got;

    (void)state;
    assert_zh_ok(zh_store_mem_open(&inner, &err), &err);
    assert_zh_ok(zh_store_log_open(&s, inner, &err), &err);
    assert_zh_ok(zh_store_put(s, "a/b", "xyz", 3, ZH_PUT_PLAIN | ZH_PUT_NEWDIR, &err), &err);
    assert_zh_ok(zh_store_get_range(s, "a/b", 1, 1, &byte, &got, &err), &err);
    assert_string_equal(zh_store_log_text(s), "put a/b 3 plain newdir\nget_range a/b 1+1\n");
    assert_int_equal(zh_store_log_count(s, ZH_OP_PUT), 1);
    assert_int_equal(zh_store_log_count(s, ZH_OP_GET), 0);
    zh_store_log_clear(s);
    assert_string_equal(zh_store_log_text(s), "");
    zh_store_close(s);
}

static zh_store *open_fault(void)
{
    zh_error err = ZH_ERROR_INIT;
    zh_store *inner, *s;

    assert_zh_ok(zh_store_mem_open(&inner, &err), &err);
    assert_int_equal(zh_store_depth(inner), 1);
    assert_zh_ok(zh_store_fault_open(&s, inner, &err), &err);
    return s;
}

static void moves_and_locks_fail_and_are_recorded(void **state)
{
    zh_store *s = open_fault(), *log;
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    assert_zh_ok(zh_store_log_open(&log, s, &err), &err);
    zh_store_fault_set(s, ZH_OP_MOVE | ZH_OP_LOCK, 2, EIO, false);
    assert_zh_ok(zh_store_put(log, "a/x", "1", 1, 0, &err), &err);
    assert_zh_ok(zh_store_lock(log, &err), &err);
    assert_zh_code(zh_store_move(log, "a", "b", 0, &err), ZH_IO, &err);
    assert_zh_ok(zh_store_move(log, "a", "b", 0, &err), &err);
    zh_store_unlock(log);
    assert_int_equal(zh_store_fault_seen(s), 3);
    zh_store_fault_set(s, ZH_OP_ALL, 1, EIO, true);
    assert_zh_code(zh_store_lock(log, &err), ZH_IO, &err); /* was not taken */
    zh_store_fault_set(s, ZH_OP_ALL, 0, 0, false);
    assert_zh_ok(zh_store_lock(log, &err), &err);
    zh_store_unlock(log);
    assert_int_equal(zh_store_log_count(log, ZH_OP_MOVE), 2);
    assert_int_equal(zh_store_log_count(log, ZH_OP_LOCK), 3);
    assert_non_null(strstr(zh_store_log_text(log), "move a b\n"));
    zh_store_close(log);
}

static void the_nth_call_kills(void **state)
{
    zh_store *s = open_fault();
    int status;
    pid_t pid;

    (void)state;
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        zh_store_fault_set_kill(s, ZH_OP_PUT, 2);
        (void)zh_store_erase(s, "a", NULL);
        if (zh_store_put(s, "a", "x", 1, 0, NULL) == ZH_OK)
            (void)zh_store_put(s, "b", "x", 1, 0, NULL);
        _exit(1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 42);
    zh_store_close(s);
}

static int slow_put(void *payload, size_t index, unsigned worker, zh_error *err)
{
    char key[16];

    (void)worker;
    (void)snprintf(key, sizeof(key), "%zu", index);
    return zh_store_put(payload, key, "x", 1, 0, err);
}

static void calls_in_flight_are_counted(void **state)
{
    zh_store *s = open_fault();
    zh_error err = ZH_ERROR_INIT;
    zh_pool *p;

    (void)state;
    zh_store_fault_set(s, ZH_OP_PUT, 0, 0, false);
    for (size_t i = 0; i < 3; i++)
        assert_zh_ok(slow_put(s, i, 0, &err), &err);
    assert_int_equal(zh_store_fault_max_in_flight(s), 1);
    zh_store_fault_set_latency(s, 50000); /* so long that others come meanwhile */
    assert_zh_ok(zh_pool_new(&p, 4, &err), &err);
    assert_zh_ok(zh_pool_run(p, 8, slow_put, s, &err), &err);
    assert_in_range(zh_store_fault_max_in_flight(s), 2, 4);
    zh_store_fault_set(s, ZH_OP_GET, 0, 0, false);
    assert_int_equal(zh_store_fault_max_in_flight(s), 0);
    assert_zh_ok(zh_pool_run(p, 4, slow_put, s, &err), &err);
    assert_int_equal(zh_store_fault_max_in_flight(s), 0); /* of others */
    zh_pool_free(p);
    zh_store_close(s);
}

static void temporary_segments_are_found(void **state)
{
    static const char *const yes[] = {".a.zh-tmp",   ".a.zh-tmp/x",    "x/.a.zh-tmp",       "x/.a.zh-tmp/y/z",
                                      "..zh-tmp/.x", ".zh-tmp.zh-tmp", "a.zh-tmp/.b.zh-tmp"};
    static const char *const no[] = {"a",         "a/b",        "a.zh-tmp",    ".zh-tmp",
                                     "x/.zh-tmp", ".a.zh-tmp2", ".a/b.zh-tmp", "x/a.zh-tmp/y"};

    (void)state;
    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
        assert_true(zh_store__is_temporary_key(yes[i]));
    for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
        char *exact = strdup(no[i]); /* with its end where a sanitizer sees it */

        assert_non_null(exact);
        assert_false(zh_store__is_temporary_key(exact));
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_map_does_what_a_naive_one_does),
        zh_sandbox_test(the_window_writes_what_a_buffer_would),
        zh_sandbox_test(a_slice_reads_its_part),
        zh_sandbox_test(directories_are_reached_without_links),
        zh_sandbox_test(content_goes_and_the_directory_stays),
        cmocka_unit_test(the_nth_call_fails),
        cmocka_unit_test(calls_are_recorded),
        cmocka_unit_test(moves_and_locks_fail_and_are_recorded),
        cmocka_unit_test(the_nth_call_kills),
        cmocka_unit_test(calls_in_flight_are_counted),
        cmocka_unit_test(temporary_segments_are_found),
    };

    return cmocka_run_group_tests_name("store_parts", tests, NULL, NULL);
}
