#include "base/alloc.h"
#include "support.h"
#include "base/error.h"
#include "base/pool.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

enum { N = 1000 };

typedef struct run {
    zh_pool *pool;
    unsigned width;
    atomic_uint done[N];
    atomic_bool busy[64]; /* by worker */
    size_t fail_from;     /* indices from here on fail */
    atomic_uint started;
    pthread_t caller;
    atomic_bool on_caller;
} run;

static int job(void *payload, size_t index, unsigned worker, zh_error *err)
{
    run *r = payload;
    sigset_t mask;

    assert_true(worker < r->width);
    assert_false(atomic_exchange(&r->busy[worker], true)); /* nobody else is this worker now */
    atomic_fetch_add(&r->done[index], 1);
    atomic_fetch_add(&r->started, 1);
    if (pthread_equal(pthread_self(), r->caller)) {
        atomic_store(&r->on_caller, true);
    } else {
        (void)pthread_sigmask(SIG_BLOCK, NULL, &mask);
        assert_true(sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGINT) == 1);
    }
    atomic_store(&r->busy[worker], false);
    if (index >= r->fail_from)
        return zh_error_set(err, ZH_CORRUPT, "job %zu", index);
    return ZH_OK;
}

static run *new_run(unsigned width)
{
    run *r = calloc(1, sizeof(*r));
    zh_error err = ZH_ERROR_INIT;

    assert_zh_ok(zh_pool_new(&r->pool, width, &err), &err);
    r->width = zh_pool_width(r->pool);
    r->fail_from = SIZE_MAX;
    r->caller = pthread_self();
    return r;
}

static void free_run(run *r)
{
    zh_pool_free(r->pool);
    free(r);
}

static void runs_each_index_once(void **state)
{
    static const unsigned widths[] = {1, 2, 4, 16};
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    for (size_t w = 0; w < sizeof(widths) / sizeof(widths[0]); w++) {
        run *r = new_run(widths[w]);

        assert_int_equal(zh_pool_width(r->pool), widths[w]);
        for (unsigned round = 1; round <= 50; round++) {
            const size_t n = round % 7 == 0 ? round % 3 : N;

            assert_zh_ok(zh_pool_run(r->pool, n, job, r, &err), &err);
            for (size_t i = 0; i < n; i++)
                assert_int_equal(atomic_exchange(&r->done[i], 0), 1);
        }
        free_run(r);
    }
}

static int in_order(void *payload, size_t index, unsigned worker, zh_error *err)
{
    size_t *next = payload;

    (void)err;
    assert_int_equal(worker, 0);
    assert_int_equal(index, (*next)++);
    return ZH_OK;
}

static void width_one_goes_in_order_without_threads(void **state)
{
    zh_error err = ZH_ERROR_INIT;
    size_t next = 0;
    zh_pool *p;

    (void)state;
    assert_zh_ok(zh_pool_new(&p, 1, &err), &err);
    assert_zh_ok(zh_pool_run(p, 100, in_order, &next, &err), &err);
    assert_int_equal(next, 100);
    zh_pool_free(p);
    zh_pool_free(NULL);
}

static void the_lowest_failure_is_the_result(void **state)
{
    static const unsigned widths[] = {1, 4};
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    for (size_t w = 0; w < 2; w++) {
        run *r = new_run(widths[w]);

        for (unsigned round = 0; round < 200; round++) {
            char want[32];
            unsigned lowest = 0;

            r->fail_from = round;
            atomic_store(&r->started, 0);
            assert_zh_code(zh_pool_run(r->pool, N, job, r, &err), ZH_CORRUPT, &err);
            /* All below the first failing one were handed out before it. */
            (void)snprintf(want, sizeof(want), "job %u", round);
            while (lowest < N && (lowest < round || atomic_load(&r->done[lowest]) == 0))
                lowest++;
            (void)snprintf(want, sizeof(want), "job %u", lowest);
            assert_string_equal(err.message, want);
            /* and after it hardly anything was started */
            assert_true(atomic_load(&r->started) <= round + 2 * r->width);
            for (size_t i = 0; i < N; i++)
                atomic_store(&r->done[i], 0);
            zh_error_clear(&err);
        }
        r->fail_from = SIZE_MAX;
        assert_zh_ok(zh_pool_run(r->pool, N, job, r, &err), &err);
        assert_int_equal(zh_pool_run(r->pool, 0, job, r, NULL), ZH_OK);
        r->fail_from = 0;
        assert_int_equal(zh_pool_run(r->pool, N, job, r, NULL), ZH_CORRUPT);
        free_run(r);
    }
}

static int nested_job(void *payload, size_t index, unsigned worker, zh_error *err)
{
    zh_error inner = ZH_ERROR_INIT;
    run *r = payload;

    (void)worker;
    if (index == 0 && zh_pool_run(r->pool, 10, nested_job, r, &inner) != ZH_INTERNAL)
        return zh_error_set(err, ZH_INVALID, "a nested run was let through");
    return ZH_OK;
}

static void a_job_cannot_run_its_own_pool(void **state)
{
    zh_error err = ZH_ERROR_INIT;
    run *r = new_run(4);

    (void)state;
    assert_zh_ok(zh_pool_run(r->pool, 10, nested_job, r, &err), &err);
    free_run(r);
}

/* A job that runs another pool of its own. */
static int outer_job(void *payload, size_t index, unsigned worker, zh_error *err)
{
    run *inner = new_run(2);
    int rc;

    (void)payload;
    (void)index;
    (void)worker;
    rc = zh_pool_run(inner->pool, 100, job, inner, err);
    free_run(inner);
    return rc;
}

static void pools_can_be_nested(void **state)
{
    zh_error err = ZH_ERROR_INIT;
    run *r = new_run(3);

    (void)state;
    assert_zh_ok(zh_pool_run(r->pool, 20, outer_job, r, &err), &err);
    free_run(r);
}

/* After a fork the child has none of the threads; it must neither hang nor lose a job. */
static void works_alone_after_fork(void **state)
{
    zh_error err = ZH_ERROR_INIT;
    run *r = new_run(4);
    int status;
    pid_t pid;

    (void)state;
    assert_zh_ok(zh_pool_run(r->pool, N, job, r, &err), &err);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        size_t next = 0;
        const int rc = zh_pool_run(r->pool, 50, in_order, &next, NULL);

        zh_pool_free(r->pool);
        _exit(rc == ZH_OK && next == 50 ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_zh_ok(zh_pool_run(r->pool, N, job, r, &err), &err);
    free_run(r);
}

static void limits(void **state)
{
    zh_error err = ZH_ERROR_INIT;
    zh_pool *p;

    (void)state;
    assert_zh_ok(zh_pool_new(&p, 0, &err), &err);
    assert_true(zh_pool_width(p) >= 1 && zh_pool_width(p) <= 16);
    zh_pool_free(p);
    assert_zh_code(zh_pool_new(&p, 1000000, &err), ZH_RANGE, &err);
    assert_null(p);
}

static int open_and_run(void *payload)
{
    zh_error err = ZH_ERROR_INIT;
    zh_pool *p;
    size_t next = 0;
    int rc = zh_pool_new(&p, 1, &err);

    (void)payload;
    if (rc == ZH_OK)
        rc = zh_pool_run(p, 3, in_order, &next, &err);
    zh_pool_free(p);
    return rc;
}

static void survives_the_end_of_memory(void **state)
{
    (void)state;
    zh_each_allocation_fails(open_and_run, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_each_index_once),
        cmocka_unit_test(width_one_goes_in_order_without_threads),
        cmocka_unit_test(the_lowest_failure_is_the_result),
        cmocka_unit_test(a_job_cannot_run_its_own_pool),
        cmocka_unit_test(pools_can_be_nested),
        cmocka_unit_test(works_alone_after_fork),
        cmocka_unit_test(limits),
        cmocka_unit_test(survives_the_end_of_memory),
    };

    return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
