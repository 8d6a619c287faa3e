/* store_kinds.h - the kinds of stores that the contract is run on, and what its suites share. Header only; after
 * support.h. */
#ifndef ZH_TESTS_STORE_KINDS_H
#define ZH_TESTS_STORE_KINDS_H

#include "store_fault.h"
#include "support.h"
#include "zh/buf.h"

#define PATH "the-store"
#define ROOT "{\"zarr_format\":3}" /* a root document by which a store is known for one */

typedef struct kind {
    const char *name;
    int (*open)(zh_store **out, zh_open_mode mode, zh_error *err);
    bool persistent; /* can be opened again */
} kind;

static const kind *tested; /* the kind that the suite runs on */

ZH_TEST_HELPER int open_mem(zh_store **out, zh_open_mode mode, zh_error *err)
{
    (void)mode;
    return zh_store_mem_open(out, err);
}

ZH_TEST_HELPER int open_dir(zh_store **out, zh_open_mode mode, zh_error *err)
{
    return zh_store_dir_open(out, PATH, mode, err);
}

ZH_TEST_HELPER int open_zip(zh_store **out, zh_open_mode mode, zh_error *err)
{
    return zh_store_zip_open(out, PATH, mode, err);
}

ZH_TEST_HELPER int decorate(zh_store **out, int (*inner_open)(zh_store **, zh_open_mode, zh_error *),
                            int (*decorator)(zh_store **, zh_store *, zh_error *), zh_open_mode mode, zh_error *err)
{
    zh_store *inner;
    int rc = inner_open(&inner, mode, err);

    *out = NULL;
    if (rc < 0)
        return rc;
    rc = decorator(out, inner, err);
    if (rc < 0)
        zh_store_close(inner);
    return rc;
}

ZH_TEST_HELPER int open_fault_mem(zh_store **out, zh_open_mode mode, zh_error *err)
{
    return decorate(out, open_mem, zh_store_fault_open, mode, err);
}

ZH_TEST_HELPER int open_log_dir(zh_store **out, zh_open_mode mode, zh_error *err)
{
    return decorate(out, open_dir, zh_store_log_open, mode, err);
}

/* A store that has the least: the dispatcher does the rest. */
ZH_TEST_HELPER int open_least(zh_store **out, zh_open_mode mode, zh_error *err)
{
    static zh_store_ops least;
    zh_store *s;
    const int rc = open_mem(&s, mode, err);

    *out = NULL;
    if (rc < 0)
        return rc;
    least = *s->ops;
    least.get_range = NULL;
    least.size = NULL;
    least.flush = NULL;
    s->ops = &least;
    *out = s;
    return ZH_OK;
}

static const kind kinds[] = {
    {"memory", open_mem, false},
    {"directory", open_dir, true},
    {"zip", open_zip, true},
    {"fault(memory)", open_fault_mem, false},
    {"log(directory)", open_log_dir, true},
    {"least", open_least, false},
};

/* --- helpers --- */

ZH_TEST_HELPER zh_store *open_store(zh_open_mode mode)
{
    zh_error err = ZH_ERROR_INIT;
    zh_store *s;

    assert_zh_ok(tested->open(&s, mode, &err), &err);
    assert_non_null(s);
    return s;
}

ZH_TEST_HELPER void put_n(zh_store *s, const char *key, const void *p, size_t n, unsigned flags)
{
    zh_error err = ZH_ERROR_INIT;

    assert_zh_ok(zh_store_put(s, key, p, n, flags, &err), &err);
}

ZH_TEST_HELPER void put(zh_store *s, const char *key, const char *text)
{
    put_n(s, key, text, strlen(text), 0);
}

ZH_TEST_HELPER void value_is_n(zh_store *s, const char *key, const void *want, size_t n)
{
    zh_buf b = ZH_BUF_INIT(SIZE_MAX);
    zh_error err = ZH_ERROR_INIT;
    uint64_t size;

    assert_zh_ok(zh_store_get(s, key, &b, &err), &err);
    assert_int_equal(b.len, n);
    if (n > 0)
        assert_memory_equal(b.ptr, want, n);
    assert_zh_ok(zh_store_size(s, key, &size, &err), &err);
    assert_int_equal(size, n);
    zh_buf_dispose(&b);
}

ZH_TEST_HELPER void value_is(zh_store *s, const char *key, const char *want)
{
    value_is_n(s, key, want, strlen(want));
}

ZH_TEST_HELPER void is_absent(zh_store *s, const char *key)
{
    zh_buf b = ZH_BUF_INIT(100);
    zh_error err = ZH_ERROR_INIT;
    uint64_t size = 7;
    size_t got = 7;

    assert_zh_ok(zh_buf_puts(&b, "old", &err), &err);
    assert_int_equal(zh_store_get(s, key, &b, &err), ZH_NOTFOUND);
    assert_string_equal(err.message, "");
    assert_string_equal(zh_buf_cstr(&b, &err), "old");
    assert_int_equal(zh_store_size(s, key, &size, &err), ZH_NOTFOUND);
    assert_int_equal(zh_store_get_range(s, key, 0, 1, &got, &got, &err), ZH_NOTFOUND);
    assert_string_equal(err.message, "");
    zh_buf_dispose(&b);
}

ZH_TEST_HELPER int collect(void *payload, const char *name, bool is_prefix, zh_error *err)
{
    zh_buf *b = payload;

    assert_zh_ok(zh_buf_puts(b, name, err), err);
    return zh_buf_puts(b, is_prefix ? "/ " : " ", err);
}

/* The children as "name " and "prefix/ ", in order of name. */
ZH_TEST_HELPER void list_is(zh_store *s, const char *prefix, const char *want)
{
    zh_buf b = ZH_BUF_INIT(1 << 20);
    zh_error err = ZH_ERROR_INIT;

    assert_zh_ok(zh_store_list(s, prefix, collect, &b, &err), &err);
    assert_string_equal(zh_buf_cstr(&b, &err), want);
    zh_buf_dispose(&b);
}

/* Runs the tests on each kind, or on the one of that name. */
ZH_TEST_HELPER int run_on_all_kinds(const struct CMUnitTest *tests, size_t n, const char *only)
{
    int failed = 0;

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (only != NULL && strcmp(only, kinds[i].name) != 0)
            continue;
        tested = &kinds[i];
        failed += _cmocka_run_group_tests(tested->name, tests, n, NULL, NULL);
    }
    return failed;
}

#endif
