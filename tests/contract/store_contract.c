/* store_contract.c - what every store promises (zh/store.h) of keys and values; store_contract_moves.c has the rest.
 * One suite that is run on each kind of store and on the decorators of the tests. No test asks which kind it has; it
 * may ask for a capability. */
#include "base/alloc.h"
#include "support.h"
#include "zh/buf.h"
#include "base/error.h"
#include "base/pool.h"
#include "store_kinds.h"

static uint8_t *make_bytes(size_t n, unsigned seed)
{
    uint8_t *p = malloc(n);

    assert_non_null(p);
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)(i * 31 + (i >> 8) + seed);
    return p;
}

/* --- values --- */

static void absent_is_an_answer(void **state)
{
    zh_store *s = open_store(ZH_CREATE_EXCL);

    (void)state;
    is_absent(s, "a");
    is_absent(s, "a/b/c");
    put(s, "a/b", "x");
    is_absent(s, "a");
    is_absent(s, "a/b/c");
    is_absent(s, "a/bb");
    zh_store_close(s);
}

static void gets_what_was_put(void **state)
{
    zh_store *s = open_store(ZH_CREATE_EXCL);
    const size_t sizes[] = {0, 1, 600, 4096, 65536, 3000001};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        uint8_t *p = make_bytes(sizes[i] + 1, (unsigned)i);
        char key[32];

        (void)snprintf(key, sizeof(key), "k/%zu", i);
        put_n(s, key, p, sizes[i], 0);
        value_is_n(s, key, p, sizes[i]);
        free(p);
    }
    put_n(s, "null", NULL, 0, 0);
    value_is(s, "null", "");
    zh_store_close(s);
}

static void get_appends(void **state)
{
    zh_store *s = open_store(ZH_CREATE_EXCL);
    zh_buf b = ZH_BUF_INIT(100);
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    put(s, "a", "one");
    put(s, "b", "two");
    assert_zh_ok(zh_store_get(s, "a", &b, &err), &err);
    assert_zh_ok(zh_store_get(s, "b", &b, &err), &err);
    assert_string_equal(zh_buf_cstr(&b, &err), "onetwo");
    zh_buf_dispose(&b);
    zh_store_close(s);
}

static void get_obeys_the_buffer(void **state)
{
    zh_store *s = open_store(ZH_CREATE_EXCL);
    zh_error err = ZH_ERROR_INIT;
    uint8_t *p = make_bytes(100000, 1);

    (void)state;
    put_n(s, "a", p, 100000, 0);
    for (int flushed = 0; flushed <= 1; flushed++) {
        zh_buf b = ZH_BUF_INIT(100002);

        assert_zh_ok(zh_buf_puts(&b, "old", &err), &err);
        assert_zh_code(zh_store_get(s, "a", &b, &err), ZH_RANGE, &err);
        assert_zh_message(&err, "limit");
        assert_string_equal(zh_buf_cstr(&b, &err), "old");
        b.len = 2;
        assert_zh_ok(zh_store_get(s, "a", &b, &err), &err);
        assert_int_equal(b.len, 100002);
        assert_memory_equal(b.ptr + 2, p, 100000);
        zh_buf_dispose(&b);
        assert_zh_ok(zh_store_flush(s, &err), &err);
    }
    free(p);
    zh_store_close(s);
}

static void put_replaces_the_whole_value(void **state)
{
    static const unsigned flags[] = {0, ZH_PUT_NEWDIR, ZH_PUT_PLAIN, ZH_PUT_PLAIN | ZH_PUT_NEWDIR};
    zh_store *s = open_store(ZH_CREATE_EXCL);

    (void)state;
    for (size_t i = 0; i < 4; i++)
        for (size_t k = 0; k < 4; k++) {
            put_n(s, "a/b", "a long value", 12, flags[i]);
            value_is(s, "a/b", "a long value");
            put_n(s, "a/b", "short", 5, flags[k]);
            value_is(s, "a/b", "short");
        }
    list_is(s, "a", "b ");
    zh_store_close(s);
}

static void exclusive_put_does_not_replace(void **state)
{
    static const unsigned flags[] = {0, ZH_PUT_NEWDIR, ZH_PUT_PLAIN, ZH_PUT_PLAIN | ZH_PUT_NEWDIR};
    zh_store *s = open_store(ZH_CREATE_EXCL);
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        char key[32];

        (void)snprintf(key, sizeof(key), "dir%zu/a", i);
        put_n(s, key, "first", 5, ZH_PUT_EXCL | flags[i]);
        for (size_t k = 0; k < 4; k++) {
            assert_zh_code(zh_store_put(s, key, "second", 6, ZH_PUT_EXCL | flags[k], &err), ZH_EXISTS, &err);
            assert_int_equal(err.sys_errno, EEXIST);
        }
        value_is(s, key, "first");
    }
    list_is(s, "dir0", "a ");
    zh_store_close(s);
}

static void ranges(void **state)
{
    zh_store *s = open_store(ZH_CREATE_EXCL);
    uint8_t *p = make_bytes(200000, 3);
    zh_error err = ZH_ERROR_INIT;
    uint8_t *out = malloc(200000);

    (void)state;
    put_n(s, "a/b", p, 200000, 0);
    put_n(s, "empty", "", 0, 0);
    for (int flushed = 0; flushed <= 1; flushed++) {
        static const struct {
            uint64_t offset;
            size_t len, got;
        } cases[] = {
            {0, 200000, 200000}, {0, 10, 10}, {199999, 1, 1},      {199990, 100, 10},   {200000, 5, 0},
            {1000000, 5, 0},     {5, 0, 0},   {70000, 9000, 9000}, {UINT64_MAX, 10, 0}, {UINT64_MAX - 5, 10, 0}};

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
            size_t got = 99;

            assert_zh_ok(zh_store_get_range(s, "a/b", cases[i].offset, cases[i].len, out, &got, &err), &err);
            assert_int_equal(got, cases[i].got);
            if (got > 0)
                assert_memory_equal(out, p + cases[i].offset, got);
        }
        for (uint64_t offset = 0; offset < 2; offset++) {
            size_t got = 99;

            assert_zh_ok(zh_store_get_range(s, "empty", offset, 5, out, &got, &err), &err);
            assert_int_equal(got, 0);
        }
        assert_zh_ok(zh_store_flush(s, &err), &err);
    }
    free(p);
    free(out);
    zh_store_close(s);
}

/* --- erasing and listing --- */

static void erase_takes_one_key(void **state)
{
    zh_store *s = open_store(ZH_CREATE_EXCL);
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    assert_zh_ok(zh_store_erase(s, "absent", &err), &err);
    assert_zh_ok(zh_store_erase(s, "a/b/absent", &err), &err);
    put(s, "a/b", "1");
    put(s, "a/c", "2");
    assert_zh_ok(zh_store_erase(s, "a", &err), &err); /* a prefix is no key */
    value_is(s, "a/b", "1");
    assert_zh_ok(zh_store_erase(s, "a/b", &err), &err);
    assert_zh_ok(zh_store_erase(s, "a/b", &err), &err);
    assert_zh_ok(zh_store_erase(s, "a/b/c", &err), &err);
    is_absent(s, "a/b");
    value_is(s, "a/c", "2");
    assert_zh_ok(zh_store_erase(s, "a/c", &err), &err);
    list_is(s, "", ""); /* no prefix is left without keys */
    put(s, "a/b", "3");
    value_is(s, "a/b", "3");
    zh_store_close(s);
}

static void erase_prefix_takes_what_is_below(void **state)
{
    zh_store *s = open_store(ZH_CREATE_EXCL);
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    put(s, "a/x", "1");
    put(s, "a/b/y", "2");
    put(s, "a/b/c/z", "3");
    put(s, "ab", "4");
    put(s, "a-b/x", "5");
    put(s, "k", "6");
    assert_zh_ok(zh_store_erase_prefix(s, "absent", &err), &err);
    assert_zh_ok(zh_store_erase_prefix(s, "a/absent/deep", &err), &err);
    assert_zh_ok(zh_store_erase_prefix(s, "k", &err), &err); /* the key itself is not below */
    value_is(s, "k", "6");
    assert_zh_ok(zh_store_erase_prefix(s, "a/b", &err), &err);
    is_absent(s, "a/b/y");
    is_absent(s, "a/b/c/z");
    value_is(s, "a/x", "1");
    list_is(s, "a", "x ");
    assert_zh_ok(zh_store_erase_prefix(s, "a", &err), &err);
    list_is(s, "", "a-b/ ab k ");
    assert_zh_ok(zh_store_erase_prefix(s, "", &err), &err);
    list_is(s, "", "");
    put(s, "a/b/new", "7");
    value_is(s, "a/b/new", "7");
    zh_store_close(s);
}

static void lists_direct_children(void **state)
{
    zh_store *s = open_store(ZH_CREATE_EXCL);

    (void)state;
    list_is(s, "", "");
    list_is(s, "absent", "");
    list_is(s, "absent/deeper", "");
    put(s, "zarr.json", "1");
    put(s, "b/zarr.json", "2");
    put(s, "b/c/0/1", "3");
    put(s, "b/c/0/10", "3");
    put(s, "b/c/2/1", "4");
    put(s, "b-c", "5");
    put(s, "b.c/x", "5");
    put(s, "a b/\xc3\xa9", "6");
    list_is(s, "", "a b/ b/ b-c b.c/ zarr.json ");
    list_is(s, "b", "c/ zarr.json ");
    list_is(s, "b/c", "0/ 2/ ");
    list_is(s, "b/c/0", "1 10 ");
    list_is(s, "a b", "\xc3\xa9 ");
    list_is(s, "zarr.json", "");
    zh_store_close(s);
}

static int stop_at_second(void *payload, const char *name, bool is_prefix, zh_error *err)
{
    int *n = payload;

    (void)name;
    (void)is_prefix;
    return ++*n == 2 ? zh_error_set(err, ZH_ABORTED, "enough") : ZH_OK;
}

static int erase_it(void *payload, const char *name, bool is_prefix, zh_error *err)
{
    (void)is_prefix;
    return zh_store_erase(payload, name, err);
}

static void list_callbacks_may_stop_and_call_the_store(void **state)
{
    zh_store *s = open_store(ZH_CREATE_EXCL);
    zh_error err = ZH_ERROR_INIT;
    int n = 0;

    (void)state;
    put(s, "a", "1");
    put(s, "b", "2");
    put(s, "c", "3");
    assert_zh_code(zh_store_list(s, "", stop_at_second, &n, &err), ZH_ABORTED, &err);
    assert_int_equal(n, 2);
    assert_string_equal(err.message, "enough");
    assert_zh_ok(zh_store_list(s, "", erase_it, s, &err), &err);
    list_is(s, "", "");
    zh_store_close(s);
}

static void many_keys(void **state)
{
    enum { N = 1000 };
    zh_store *s = open_store(ZH_CREATE_EXCL);
    zh_buf b = ZH_BUF_INIT(1 << 20);
    zh_error err = ZH_ERROR_INIT;
    char key[64];

    (void)state;
    for (int i = 0; i < N; i++) {
        (void)snprintf(key, sizeof(key), "g/d%05d/zarr.json", i * 7919 % N);
        put_n(s, key, key, strlen(key), ZH_PUT_PLAIN | ZH_PUT_NEWDIR);
    }
    assert_zh_ok(zh_store_flush(s, &err), &err);
    assert_zh_ok(zh_store_list(s, "g", collect, &b, &err), &err);
    assert_int_equal(b.len, N * strlen("d00000/ "));
    for (int i = 0; i < N; i += 37) {
        (void)snprintf(key, sizeof(key), "g/d%05d/zarr.json", i);
        value_is(s, key, key);
    }
    zh_buf_dispose(&b);
    zh_store_close(s);
}

/* --- keys --- */

static void bad_keys_reach_no_store(void **state)
{
    static const char *const bad[] = {"", "/a", "a/", "a//b", "..", "../x", "a/../../x", ".", "a/./b", "\xff"};
    zh_store *s = open_store(ZH_CREATE_EXCL);
    zh_buf b = ZH_BUF_INIT(100);
    zh_error err = ZH_ERROR_INIT;
    uint64_t size;
    size_t got;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_zh_code(zh_store_get(s, bad[i], &b, &err), ZH_INVALID, &err);
        assert_zh_code(zh_store_get_range(s, bad[i], 0, 1, &got, &got, &err), ZH_INVALID, &err);
        assert_zh_code(zh_store_size(s, bad[i], &size, &err), ZH_INVALID, &err);
        assert_zh_code(zh_store_put(s, bad[i], "x", 1, 0, &err), ZH_INVALID, &err);
        assert_zh_code(zh_store_erase(s, bad[i], &err), ZH_INVALID, &err);
        if (bad[i][0] == '\0')
            continue;
        assert_zh_code(zh_store_list(s, bad[i], collect, &b, &err), ZH_INVALID, &err);
        assert_zh_code(zh_store_erase_prefix(s, bad[i], &err), ZH_INVALID, &err);
    }
    list_is(s, "", "");
    zh_store_close(s);
}

static void long_and_deep_keys(void **state)
{
    zh_store *s = open_store(ZH_CREATE_EXCL);
    zh_error err = ZH_ERROR_INIT;
    char key[4096];

    (void)state;
    memset(key, 'n', 255);
    key[255] = '\0';
    put(s, key, "255 bytes");
    value_is(s, key, "255 bytes");
    (void)strcpy(key + 255, "/x");
    assert_zh_ok(zh_store_erase_prefix(s, "", &err), &err);
    put_n(s, key, "in it", 5, ZH_PUT_PLAIN | ZH_PUT_NEWDIR);
    value_is(s, key, "in it");
    for (size_t i = 0; i < 400; i += 2)
        memcpy(key + i, "d/", 2);
    memset(key + 400, 'n', 3600);
    for (size_t i = 600; i < 4000; i += 200)
        key[i] = '/';
    (void)strcpy(key + 4000, "/leaf");
    put_n(s, key, "deep", 4, 0);
    value_is(s, key, "deep");
    assert_zh_ok(zh_store_flush(s, &err), &err);
    value_is(s, key, "deep");
    assert_zh_ok(zh_store_erase_prefix(s, "d", &err), &err);
    is_absent(s, key);
    put_n(s, key, "again", 5, ZH_PUT_PLAIN | ZH_PUT_NEWDIR);
    value_is(s, key, "again");
    assert_zh_ok(zh_store_erase(s, key, &err), &err);
    assert_zh_ok(zh_store_erase_prefix(s, "", &err), &err);
    zh_store_close(s);
}

/* --- opening again --- */

static zh_store *reopen(zh_store *s, zh_open_mode mode)
{
    zh_error err = ZH_ERROR_INIT;

    assert_zh_ok(zh_store_flush(s, &err), &err);
    zh_store_close(s);
    return open_store(mode);
}

static void flushed_values_stay(void **state)
{
    zh_store *s;
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    if (!tested->persistent)
        skip();
    s = open_store(ZH_CREATE_EXCL);
    put(s, "zarr.json", "root");
    put(s, "a/b", "one");
    put(s, "a/c", "two");
    put(s, "empty", "");
    s = reopen(s, ZH_OPEN_WRITE);
    value_is(s, "zarr.json", "root");
    value_is(s, "a/b", "one");
    value_is(s, "empty", "");
    put(s, "a/b", "one and a half");
    put(s, "a/d", "three");
    assert_zh_ok(zh_store_erase(s, "a/c", &err), &err);
    value_is(s, "a/b", "one and a half");
    is_absent(s, "a/c");
    list_is(s, "a", "b d ");
    assert_zh_ok(zh_store_flush(s, &err), &err);
    assert_zh_ok(zh_store_flush(s, &err), &err);
    put(s, "a/d", "3");
    s = reopen(s, ZH_OPEN_READ);
    value_is(s, "zarr.json", "root");
    value_is(s, "a/b", "one and a half");
    value_is(s, "a/d", "3");
    value_is(s, "empty", "");
    is_absent(s, "a/c");
    list_is(s, "", "a/ empty zarr.json ");
    zh_store_close(s);
}

static void sync_is_a_flush(void **state)
{
    zh_store *s = open_store(ZH_CREATE_EXCL);
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    put(s, "zarr.json", "root");
    put(s, "a/b", "one");
    assert_zh_ok(zh_store_sync(s, &err), &err);
    assert_zh_ok(zh_store_sync(s, &err), &err); /* nothing has changed since */
    if (tested->persistent) {
        zh_store_close(s); /* drops what was not flushed */
        s = open_store(ZH_OPEN_WRITE);
    }
    value_is(s, "a/b", "one");
    assert_zh_ok(zh_store_sync(s, &err), &err);
    zh_store_close(s);
}

static int count_names(void *payload, const char *name, bool is_prefix, zh_error *err)
{
    (void)name;
    (void)is_prefix;
    (void)err;
    ++*(size_t *)payload;
    return ZH_OK;
}

/* What the store says of itself is true, and asking leaves nothing behind. */
static void names_are_told_apart(void **state)
{
    zh_store *s = open_store(ZH_CREATE_EXCL);
    zh_error err = ZH_ERROR_INIT;
    bool folds = true;
    size_t n = 0;

    (void)state;
    put(s, "zarr.json", "root");
    for (int i = 0; i < 2; i++)
        assert_zh_ok(zh_store_folds_names(s, &folds, &err), &err);
    assert_zh_ok(zh_store_list_temporary(s, "", count_names, &n, &err), &err);
    assert_int_equal(n, 0);
    put(s, "g/k\xc3\xa9", "small");
    put(s, "g/K\xc3\xa9", "large");
    put(s, "g/ke\xcc\x81", "two");
    assert_zh_ok(zh_store_list(s, "g", count_names, &n, &err), &err);
    assert_int_equal(folds, n < 3);
    zh_store_close(s);
}

static void reading_changes_nothing(void **state)
{
    zh_store *s;
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    if (!tested->persistent)
        skip();
    s = open_store(ZH_CREATE_EXCL);
    assert_true((zh_store_caps(s) & ZH_STORE_WRITE) != 0);
    put(s, "zarr.json", "root");
    s = reopen(s, ZH_OPEN_READ);
    assert_true((zh_store_caps(s) & ZH_STORE_WRITE) == 0);
    assert_zh_code(zh_store_put(s, "a", "x", 1, 0, &err), ZH_READONLY, &err);
    assert_zh_code(zh_store_erase(s, "zarr.json", &err), ZH_READONLY, &err);
    assert_zh_code(zh_store_erase_prefix(s, "", &err), ZH_READONLY, &err);
    assert_zh_ok(zh_store_flush(s, &err), &err);
    value_is(s, "zarr.json", "root");
    zh_store_close(s);
}

static void opening_follows_its_mode(void **state)
{
    zh_store *s = NULL;
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    if (!tested->persistent)
        skip();
    for (int mode = ZH_OPEN_READ; mode <= ZH_OPEN_WRITE; mode++) {
        assert_int_equal(tested->open(&s, (zh_open_mode)mode, &err), ZH_NOTFOUND);
        assert_null(s);
        assert_int_equal(err.code, ZH_NOTFOUND);
        assert_int_equal(err.sys_errno, ENOENT);
        assert_zh_message(&err, PATH);
    }
    s = open_store(ZH_CREATE_TRUNC);
    put(s, "zarr.json", ROOT);
    put(s, "a/b", "x");
    assert_zh_ok(zh_store_flush(s, &err), &err);
    zh_store_close(s);
    assert_zh_code(tested->open(&s, ZH_CREATE_EXCL, &err), ZH_EXISTS, &err);
    assert_int_equal(err.sys_errno, EEXIST);
    assert_null(s);
    s = open_store(ZH_CREATE_TRUNC);
    list_is(s, "", "");
    put(s, "zarr.json", "second");
    s = reopen(s, ZH_OPEN_READ);
    list_is(s, "", "zarr.json ");
    value_is(s, "zarr.json", "second");
    zh_store_close(s);
    assert_zh_code(tested->open(&s, (zh_open_mode)77, &err), ZH_INVALID, &err);
}

static void an_immediate_store_needs_no_flush(void **state)
{
    zh_store *s, *other;

    (void)state;
    if (!tested->persistent)
        skip();
    s = open_store(ZH_CREATE_EXCL);
    if ((zh_store_caps(s) & ZH_STORE_IMMEDIATE) == 0) {
        put(s, "zarr.json", "x");
        zh_store_close(s); /* drops what was not flushed */
        assert_int_equal(tested->open(&s, ZH_OPEN_READ, NULL), ZH_NOTFOUND);
        return;
    }
    put(s, "a/b", "x");
    other = open_store(ZH_OPEN_READ);
    value_is(other, "a/b", "x");
    put(s, "a/b", "longer");
    value_is(other, "a/b", "longer");
    zh_store_close(other);
    zh_store_close(s);
}

/* --- threads --- */

enum { JOBS = 400 };

static int thread_job(void *payload, size_t index, unsigned worker, zh_error *err)
{
    zh_store *s = payload;
    zh_buf b = ZH_BUF_INIT(10000);
    char key[64], value[64];
    int rc;

    (void)worker;
    (void)snprintf(key, sizeof(key), "g%zu/h%zu/%zu", index % 5, index % 3, index);
    (void)snprintf(value, sizeof(value), "value %zu", index);
    rc = zh_store_put(s, key, "first", 5, index % 2 == 0 ? ZH_PUT_PLAIN | ZH_PUT_NEWDIR : 0, err);
    if (rc == ZH_OK)
        rc = zh_store_put(s, key, value, strlen(value), 0, err);
    if (rc == ZH_OK)
        rc = zh_store_get(s, key, &b, err);
    if (rc == ZH_OK && (b.len != strlen(value) || memcmp(b.ptr, value, b.len) != 0))
        rc = zh_error_set(err, ZH_CORRUPT, "'%s' holds another value", key);
    if (rc == ZH_OK && index % 7 == 0)
        rc = zh_store_erase(s, key, err);
    if (rc == ZH_OK && index % 11 == 0) {
        b.len = 0;
        rc = zh_store_list(s, "g0", collect, &b, err);
    }
    if (rc == ZH_OK && index % 50 == 0)
        rc = zh_store_flush(s, err);
    zh_buf_dispose(&b);
    return rc;
}

static void threads_may_call_at_once(void **state)
{
    zh_store *s = open_store(ZH_CREATE_EXCL);
    zh_error err = ZH_ERROR_INIT;
    zh_pool *p;

    (void)state;
    assert_zh_ok(zh_pool_new(&p, 4, &err), &err);
    assert_zh_ok(zh_pool_run(p, JOBS, thread_job, s, &err), &err);
    zh_pool_free(p);
    for (size_t i = 0; i < JOBS; i++) {
        char key[64], value[64];

        (void)snprintf(key, sizeof(key), "g%zu/h%zu/%zu", i % 5, i % 3, i);
        (void)snprintf(value, sizeof(value), "value %zu", i);
        if (i % 7 == 0)
            is_absent(s, key);
        else
            value_is(s, key, value);
    }
    zh_store_close(s);
}

/* Puts into a directory that other threads empty, and so remove, all the time. */
static int churn_job(void *payload, size_t index, unsigned worker, zh_error *err)
{
    zh_store *s = payload;
    char key[64];
    int rc;

    (void)worker;
    (void)snprintf(key, sizeof(key), "a/b/%zu", index % 3 == 0 ? index : index % 8);
    rc = zh_store_put(s, key, key, strlen(key), index % 2 == 0 ? ZH_PUT_PLAIN | ZH_PUT_NEWDIR : 0, err);
    return rc < 0 ? rc : zh_store_erase(s, key, err);
}

static void directories_may_come_and_go(void **state)
{
    zh_store *s = open_store(ZH_CREATE_EXCL);
    zh_error err = ZH_ERROR_INIT;
    zh_pool *p;

    (void)state;
    assert_zh_ok(zh_pool_new(&p, 4, &err), &err);
    assert_zh_ok(zh_pool_run(p, 2000, churn_job, s, &err), &err);
    zh_pool_free(p);
    list_is(s, "", "");
    zh_store_close(s);
}

static int excl_job(void *payload, size_t index, unsigned worker, zh_error *err)
{
    static const unsigned flags[] = {0, ZH_PUT_PLAIN, ZH_PUT_NEWDIR, ZH_PUT_PLAIN | ZH_PUT_NEWDIR};
    zh_store **s = payload;
    char key[32];
    int rc;

    (void)worker;
    (void)snprintf(key, sizeof(key), "x/%zu", index / 4);
    rc = zh_store_put(*s, key, key, strlen(key), ZH_PUT_EXCL | flags[index % 4], err);
    return rc == ZH_EXISTS ? ZH_OK : rc;
}

static void one_of_many_exclusive_puts_wins(void **state)
{
    zh_store *s = open_store(ZH_CREATE_EXCL);
    zh_error err = ZH_ERROR_INIT;
    zh_pool *p;

    (void)state;
    assert_zh_ok(zh_pool_new(&p, 4, &err), &err);
    assert_zh_ok(zh_pool_run(p, 400, excl_job, &s, &err), &err);
    zh_pool_free(p);
    for (int i = 0; i < 100; i++) {
        char key[32];

        (void)snprintf(key, sizeof(key), "x/%d", i);
        value_is(s, key, key);
    }
    zh_store_close(s);
}

/* --- the end of memory --- */

static int use_store(void *payload)
{
    zh_buf b = ZH_BUF_INIT(10000);
    zh_error err = ZH_ERROR_INIT;
    zh_store *s;
    int rc = tested->open(&s, ZH_CREATE_TRUNC, &err);

    (void)payload;
    if (rc < 0)
        return rc;
    rc = zh_store_put(s, "a/b/c", "value", 5, ZH_PUT_PLAIN | ZH_PUT_NEWDIR, &err);
    if (rc == ZH_OK)
        rc = zh_store_put(s, "zarr.json", ROOT, strlen(ROOT), 0, &err);
    if (rc == ZH_OK)
        rc = zh_store_flush(s, &err);
    if (rc == ZH_OK)
        rc = zh_store_get(s, "a/b/c", &b, &err);
    if (rc == ZH_OK)
        rc = zh_store_list(s, "a", stop_at_second, &(int){0}, &err);
    if (rc == ZH_OK)
        rc = zh_store_erase_prefix(s, "a", &err);
    if (rc == ZH_OK)
        rc = zh_store_flush(s, &err);
    assert_int_equal(rc, err.code);
    zh_buf_dispose(&b);
    zh_store_close(s);
    return rc;
}

static void survives_the_end_of_memory(void **state)
{
    (void)state;
    zh_each_allocation_fails(use_store, NULL);
}

static void has_a_name(void **state)
{
    zh_store *s = open_store(ZH_CREATE_EXCL);

    (void)state;
    assert_non_null(zh_store_url(s));
    assert_true(strlen(zh_store_url(s)) > 0);
    zh_store_close(s);
    zh_store_close(NULL);
}

static const struct CMUnitTest tests[] = {
    zh_sandbox_test(absent_is_an_answer),
    zh_sandbox_test(gets_what_was_put),
    zh_sandbox_test(get_appends),
    zh_sandbox_test(get_obeys_the_buffer),
    zh_sandbox_test(put_replaces_the_whole_value),
    zh_sandbox_test(exclusive_put_does_not_replace),
    zh_sandbox_test(ranges),
    zh_sandbox_test(erase_takes_one_key),
    zh_sandbox_test(erase_prefix_takes_what_is_below),
    zh_sandbox_test(lists_direct_children),
    zh_sandbox_test(list_callbacks_may_stop_and_call_the_store),
    zh_sandbox_test(many_keys),
    zh_sandbox_test(bad_keys_reach_no_store),
    zh_sandbox_test(long_and_deep_keys),
    zh_sandbox_test(flushed_values_stay),
    zh_sandbox_test(sync_is_a_flush),
    zh_sandbox_test(names_are_told_apart),
    zh_sandbox_test(reading_changes_nothing),
    zh_sandbox_test(opening_follows_its_mode),
    zh_sandbox_test(an_immediate_store_needs_no_flush),
    zh_sandbox_test(threads_may_call_at_once),
    zh_sandbox_test(directories_may_come_and_go),
    zh_sandbox_test(one_of_many_exclusive_puts_wins),
    zh_sandbox_test(survives_the_end_of_memory),
    zh_sandbox_test(has_a_name),
};

int main(int argc, char **argv)
{
    return run_on_all_kinds(tests, sizeof(tests) / sizeof(tests[0]), argc > 1 ? argv[1] : NULL);
}
