/* test_races.c - two creators at once (W21), as threads with one handle and as processes: which moments they meet at is
 * the system's choice here, and every one of them in turn in test_two_creators.c. */
#include "builder_fixture.h"

#include <pthread.h>
#include <sys/wait.h>

typedef struct creator {
    zh_store *store;
    zh_plan *plan;
    pthread_barrier_t *start;
    zh_create_options opts;
    int rc;
    zh_error err;
} creator;

static void *create_thread(void *payload)
{
    creator *c = payload;

    (void)pthread_barrier_wait(c->start);
    c->rc = zh_create_hierarchy(c->store, c->plan, &c->opts, &c->err);
    return NULL;
}

static void race(creator c[2])
{
    pthread_barrier_t start;
    pthread_t other;

    assert_int_equal(pthread_barrier_init(&start, NULL, 2), 0);
    for (int i = 0; i < 2; i++) {
        c[i].start = &start;
        c[i].err = (zh_error)ZH_ERROR_INIT;
        c[i].opts = (zh_create_options)ZH_CREATE_OPTIONS_INIT;
    }
    assert_int_equal(pthread_create(&other, NULL, create_thread, &c[1]), 0);
    (void)create_thread(&c[0]);
    assert_int_equal(pthread_join(other, NULL), 0);
    (void)pthread_barrier_destroy(&start);
}

static bool is_conflict(int rc)
{
    return rc == ZH_CONTAINS_GROUP || rc == ZH_CONTAINS_ARRAY || rc == ZH_RACE;
}

static void two_creators(store_kind kind, zh_format format)
{
    for (int round = 0; round < 30; round++) {
        const bool fresh = round % 2 == 0;
        zh_store *s = new_store(kind);
        creator c[2] = {{.store = s, .plan = plan_of(format, "g x {\"by\":0}\na x/a\na x/b/c\ng y")},
                        {.store = s, .plan = plan_of(format, "g y {\"by\":1}\ng x {\"by\":1}\na x/a\ng x/d")}};
        int winner;

        if (!fresh)
            create(s, format, "g old");
        race(c);
        winner = c[0].rc == ZH_OK ? 0 : 1;
        assert_zh_ok(c[winner].rc, &c[winner].err);
        if (!is_conflict(c[1 - winner].rc))
            fail_msg("%s v%d: the other got %s: %s", kind_name(kind), (int)format, zh_code_name(c[1 - winner].rc),
                     c[1 - winner].err.message);
        assert_non_null(strstr(members(s, format), winner == 0 ? "g x {\"by\":0}" : "g x {\"by\":1}"));
        assert_int_equal(strstr(members(s, format), "x/b/c") != NULL, winner == 0);
        assert_int_equal(strstr(members(s, format), "x/d") != NULL, winner == 1);
        assert_false(has_temporaries(s));
        zh_plan_free(c[0].plan);
        zh_plan_free(c[1].plan);
        zh_store_close(s);
    }
}

static void two_creators_one_wins__W21(void **state)
{
    (void)state;
    for_each(two_creators);
}

/* Only implicit groups in common: both come through. */
static void two_friends(store_kind kind, zh_format format)
{
    for (int round = 0; round < 20; round++) {
        zh_store *s = new_store(kind);
        creator c[2] = {{.store = s, .plan = plan_of(format, "a x/y/a\ng x/z/b")},
                        {.store = s, .plan = plan_of(format, "a x/y/c\ng w")}};

        race(c);
        assert_zh_ok(c[0].rc, &c[0].err);
        assert_zh_ok(c[1].rc, &c[1].err);
        assert_string_equal(members(s, format), "g w {}\ng x {}\ng x/y {}\na x/y/a {}\na x/y/c {}\ng x/z {}\ng x/z/b "
                                                "{}\n");
        assert_false(has_temporaries(s));
        zh_plan_free(c[0].plan);
        zh_plan_free(c[1].plan);
        zh_store_close(s);
    }
}

static void two_creators_with_groups_in_common(void **state)
{
    (void)state;
    for_each(two_friends);
}

static void two_processes_one_wins(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        zh_error err = ZH_ERROR_INIT;
        int status[2], codes = 0;
        pid_t child[2];
        zh_store *s;
        char path[32];

        (void)snprintf(path, sizeof(path), "processes%d", round);
        assert_zh_ok(zh_store_dir_open(&s, path, ZH_CREATE_EXCL, &err), &err);
        create(s, ZH_V3, "g old");
        zh_store_close(s);
        for (int i = 0; i < 2; i++) {
            child[i] = fork();
            if (child[i] == 0) {
                zh_plan *p = plan_of(ZH_V3, "g x\na x/a\na x/b\na z");

                if (zh_store_dir_open(&s, path, ZH_OPEN_WRITE, &err) < 0)
                    _exit(9);
                _exit(-zh_create_hierarchy(s, p, NULL, &err));
            }
        }
        for (int i = 0; i < 2; i++) {
            assert_int_equal(waitpid(child[i], &status[i], 0), child[i]);
            assert_true(WIFEXITED(status[i]));
            codes += WEXITSTATUS(status[i]) == 0;
        }
        assert_int_equal(codes, 1);
        assert_true(is_conflict(-WEXITSTATUS(status[0])) || is_conflict(-WEXITSTATUS(status[1])));
        assert_zh_ok(zh_store_dir_open(&s, path, ZH_OPEN_READ, &err), &err);
        assert_string_equal(members(s, ZH_V3), "g old {}\ng x {}\na x/a {}\na x/b {}\na z {}\n");
        zh_store_close(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        zh_sandbox_test(two_creators_one_wins__W21),
        zh_sandbox_test(two_creators_with_groups_in_common),
        zh_sandbox_test(two_processes_one_wins),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
