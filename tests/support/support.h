/* support.h - what all test programs share: cmocka's includes in its order, checks that print the library's own
 * message, an empty directory for each test, allocations that fail. Header only; include it first. */
#ifndef ZH_TESTS_SUPPORT_H
#define ZH_TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "zh/zh.h"

#define ZH_TEST_HELPER __attribute__((unused)) static

/* expr is a call that was given the zh_error at e. */
#define assert_zh_ok(expr, e) zh_check_code((expr), ZH_OK, (e), #expr, __FILE__, __LINE__)
#define assert_zh_code(expr, code, e) zh_check_code((expr), (code), (e), #expr, __FILE__, __LINE__)
/* The message of the error at e contains the text. */
#define assert_zh_message(e, text) zh_check_message((e), (text), __FILE__, __LINE__)

/* A failure other than NOTFOUND must come with its code and a message; then the error is cleared for the next call. */
ZH_TEST_HELPER void zh_check_code(int got, int want, zh_error *e, const char *expr, const char *file, int line)
{
    if (got != want) {
        print_error("%s:%d: %s gave %d, not %d: '%s' (errno %d)\n", file, line, expr, got, want, e->message,
                    e->sys_errno);
        _fail(file, line);
    }
    if (got < 0 && got != ZH_NOTFOUND && (e->code != got || e->message[0] == '\0')) {
        print_error("%s:%d: %s gave %d, but the error object says %d '%s'\n", file, line, expr, got, e->code,
                    e->message);
        _fail(file, line);
    }
}

ZH_TEST_HELPER void zh_check_message(const zh_error *e, const char *text, const char *file, int line)
{
    if (strstr(e->message, text) == NULL) {
        print_error("%s:%d: '%s' is not in the message '%s'\n", file, line, text, e->message);
        _fail(file, line);
    }
}

/* --- an empty current directory for each test: cmocka_unit_test_setup_teardown(f, zh_sandbox_enter, zh_sandbox_leave)
 * --- */

static char zh_sandbox_home[4096];
static char zh_sandbox_path[4096];

ZH_TEST_HELPER int zh_sandbox_enter(void **state)
{
    (void)state;
    if (getcwd(zh_sandbox_home, sizeof(zh_sandbox_home)) == NULL)
        return -1;
    (void)strcpy(zh_sandbox_path, "sandbox-XXXXXX");
    if (mkdtemp(zh_sandbox_path) == NULL || chdir(zh_sandbox_path) != 0)
        return -1;
    return getcwd(zh_sandbox_path, sizeof(zh_sandbox_path)) == NULL ? -1 : 0;
}

ZH_TEST_HELPER int zh_sandbox_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

ZH_TEST_HELPER int zh_sandbox_leave(void **state)
{
    (void)state;
    if (chdir(zh_sandbox_home) != 0)
        return -1;
    return nftw(zh_sandbox_path, zh_sandbox_remove, 16, FTW_DEPTH | FTW_PHYS);
}

#define zh_sandbox_test(f) cmocka_unit_test_setup_teardown(f, zh_sandbox_enter, zh_sandbox_leave)

ZH_TEST_HELPER void zh_write_file(const char *path, const void *p, size_t n)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(p, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

/* The file's bytes and a NUL; the caller frees. */
ZH_TEST_HELPER char *zh_read_file(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    struct stat st;
    char *p;

    assert_non_null(f);
    assert_int_equal(fstat(fileno(f), &st), 0);
    p = malloc((size_t)st.st_size + 1);
    assert_non_null(p);
    assert_int_equal(fread(p, 1, (size_t)st.st_size, f), st.st_size);
    p[st.st_size] = '\0';
    if (n != NULL)
        *n = (size_t)st.st_size;
    assert_int_equal(fclose(f), 0);
    return p;
}

/* --- allocations that fail; needs base/alloc.h before this header --- */
#ifdef ZH_BASE_ALLOC_H

/* Allocation number fail_at (from 1) fails, and with `persistent` all after it. */
typedef struct zh_alloc_fault {
    unsigned long seen;
    unsigned long fail_at;
    bool persistent;
} zh_alloc_fault;

ZH_TEST_HELPER bool zh_alloc_fault_ask(void *payload)
{
    zh_alloc_fault *f = payload;

    f->seen++;
    return f->persistent ? f->seen < f->fail_at : f->seen != f->fail_at;
}

/* Runs body(payload) with allocation 1, 2, 3... failing, until one run needs no more of them. body answers the result
 * code of what it tried and cleans up itself; a run in which an allocation failed must answer ZH_OK (it did without) or
 * ZH_NOMEM. */
ZH_TEST_HELPER void zh_each_allocation_fails(int (*body)(void *payload), void *payload)
{
    for (int persistent = 0; persistent <= 1; persistent++) {
        zh_alloc_fault f = {0, 0, persistent != 0};
        int rc;

        do {
            f.seen = 0;
            f.fail_at++;
            zh_alloc_set_hook(zh_alloc_fault_ask, &f);
            rc = body(payload);
            zh_alloc_set_hook(NULL, NULL);
            if (rc != ZH_OK && rc != ZH_NOMEM) {
                print_error("allocation %lu failed, and the result is %d\n", f.fail_at, rc);
                fail();
            }
        } while (f.seen >= f.fail_at);
        assert_int_equal(rc, ZH_OK);
        assert_true(f.fail_at > 1);
    }
}
#endif

#endif
