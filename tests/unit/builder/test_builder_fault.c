/* test_builder_fault.c - every store call that fails, every call at which the process dies, every allocation that
 * fails: what is promised then holds. And two creators at once. */
#include "builder_fixture.h"

#include <pthread.h>
#include <sys/wait.h>

/* What is there, what is created, and how. */
typedef struct scene {
    const char *before;
    const char *plan;
    bool overwrite;
    zh_consolidation consolidated;
} scene;

static const scene scenes[] = {
    {"", "a a/b/c {\"x\":1}\ng a {\"y\":1}\na d\ng e/f/g", false, ZH_CONSOLIDATE_DROP},
    {"", "g {\"z\":1}\na a\na b/c", false, ZH_CONSOLIDATE_WRITE},
    {"g a {\"old\":1}\na a/x\ng b", "a a/b/c\na a/d\ng b/x/y\ng new", false, ZH_CONSOLIDATE_KEEP},
    {"g a {\"old\":1}\na a/x {\"old\":1}\na b {\"old\":1}", "g a {\"new\":1}\na a/y\na b {\"new\":1}\ng new", true,
     ZH_CONSOLIDATE_DROP},
    {"g {\"old\":1}\ng a {\"old\":1}\na a/x\na b", "g {\"new\":1}\na a\ng c/d", true, ZH_CONSOLIDATE_WRITE},
};
#define SCENES (sizeof(scenes) / sizeof(scenes[0]))

static void prepare(zh_store *s, zh_format format, const scene *sc)
{
    if (*sc->before != '\0')
        create(s, format, sc->before);
}

static int run(zh_store *s, zh_format format, const scene *sc, zh_error *err)
{
    zh_create_options o = ZH_CREATE_OPTIONS_INIT;
    zh_plan *p = plan_of(format, sc->plan);
    int rc;

    o.overwrite = sc->overwrite;
    o.consolidated = sc->consolidated;
    o.requests = 1;
    rc = zh_create_hierarchy(s, p, &o, err);
    zh_plan_free(p);
    return rc;
}

/* --- failing calls --- */

static bool has_lines(const char *text, const char *lines)
{
    char *copy = strdup(lines), *rest = NULL;
    bool all = true;

    for (char *line = strtok_r(copy, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
        all = all && strstr(text, line) != NULL;
    free(copy);
    return all;
}

static void one_scene_fails(store_kind kind, zh_format format, const scene *sc)
{
    char *wanted;
    unsigned long k = 0, calls;
    zh_store *s = new_store(kind);
    zh_error err = ZH_ERROR_INIT;

    prepare(s, format, sc);
    zh_store_fault_set(s, ZH_OP_ALL, 0, 0, false);
    assert_zh_ok(run(s, format, sc, &err), &err);
    calls = zh_store_fault_seen(s);
    wanted = strdup(members(s, format));
    zh_store_close(s);
    for (k = 1; k <= calls; k++) {
        char *before, *after;
        int rc;

        s = new_store(kind);
        prepare(s, format, sc);
        before = snapshot(s);
        zh_store_fault_set(s, ZH_OP_ALL, k, ENOSPC, false);
        err = (zh_error)ZH_ERROR_INIT;
        rc = run(s, format, sc, &err);
        after = snapshot(s);
        if (rc == ZH_OK || rc == ZH_PARTIAL) {
            /* Only the removal of what was replaced, or of the stage, failed. */
            if (!has_lines(members(s, format), wanted))
                fail_msg("%s v%d: call %lu failed, the answer was %s, and there is:\n%s", kind_name(kind), (int)format,
                         k, zh_code_name(rc), members(s, format));
        } else if (strcmp(before, after) != 0) {
            fail_msg("%s v%d: call %lu failed (%s), and the store has changed:\n%s\nfrom\n%s", kind_name(kind),
                     (int)format, k, err.message, after, before);
        } else {
            assert_int_equal(rc, ZH_IO);
            assert_int_equal(err.sys_errno, ENOSPC);
        }
        free(before);
        free(after);
        zh_store_close(s);
    }
    free(wanted);
}

static void each_call_fails(store_kind kind, zh_format format)
{
    for (size_t i = 0; i < SCENES; i++)
        one_scene_fails(kind, format, &scenes[i]);
}

static void failure_at_every_call__W7_W18(void **state)
{
    (void)state;
    for_each(each_call_fails);
}

/* From one call on everything fails, the way back too: that is said. */
static void persistent_failure_is_partial(void **state)
{
    zh_store *s = new_store(IN_DIRECTORY);
    zh_error err = ZH_ERROR_INIT;
    bool partial = false;

    (void)state;
    zh_store_close(s);
    for (unsigned long k = 1; !partial && k < 200; k++) {
        int rc;

        s = new_store(IN_DIRECTORY);
        prepare(s, ZH_V3, &scenes[3]);
        zh_store_fault_set(s, ZH_OP_ALL, k, EIO, true);
        rc = run(s, ZH_V3, &scenes[3], &err);
        partial = rc == ZH_PARTIAL;
        if (partial)
            assert_zh_message(&err, "could not be undone");
        zh_store_close(s);
    }
    assert_true(partial);
}

/* --- the process dies --- */

/* What a reader may find: each node as it was or as it is to be, every document whole. */
static int is_whole(void *payload, const char *path, zh_node_kind kind, zh_handle *node, const zh_error *error)
{
    (void)payload;
    (void)kind;
    if (error != NULL)
        fail_msg("'%s': %s", path, error->message);
    assert_non_null(node);
    return 0;
}

static void look(const char *path, zh_format format, bool may_be_nothing)
{
    zh_error err = ZH_ERROR_INIT;
    zh_store *s;
    int rc;

    assert_zh_ok(zh_store_dir_open(&s, path, ZH_OPEN_READ, &err), &err);
    rc = zh_list_members(s, "", (int)format, 0, 0, is_whole, NULL, &err);
    if (!(may_be_nothing && rc == ZH_NOTFOUND))
        assert_zh_ok(rc, &err);
    zh_store_close(s);
}

static int no_finding(void *payload, const zh_finding *finding)
{
    (void)payload;
    if (!finding->repaired)
        fail_msg("'%s' is not repaired: %s", finding->path, finding->message);
    return 0;
}

/* Checked and repaired, nothing is left to be found, and what failed can be done again. */
static void repair_and_repeat(const char *path, zh_format format, const scene *sc)
{
    zh_check_stats stats;
    zh_error err = ZH_ERROR_INIT;
    zh_store *s;
    int rc;

    assert_zh_ok(zh_store_dir_open(&s, path, ZH_OPEN_WRITE, &err), &err);
    rc = zh_check(s, true, no_finding, NULL, &stats, &err);
    assert_true(rc == ZH_OK || rc == ZH_NOTFOUND);
    rc = zh_check(s, false, NULL, NULL, &stats, &err);
    assert_true(rc == ZH_OK || rc == ZH_NOTFOUND);
    assert_int_equal(stats.findings, 0);
    if (sc->overwrite)
        assert_zh_ok(run(s, format, sc, &err), &err);
    zh_store_close(s);
}

static void dies(const char *path, zh_format format, const scene *sc, unsigned long k, bool in_place, int *status)
{
    const pid_t child = fork();

    if (child == 0) {
        zh_error err = ZH_ERROR_INIT;
        zh_store *inner, *s;

        if (zh_store_dir_open(&inner, path, ZH_OPEN_WRITE, &err) < 0 || zh_store_fault_open(&s, inner, &err) < 0)
            _exit(1);
        if (in_place)
            zh_store_fault_mask_caps(s, ZH_STORE_MOVE);
        zh_store_fault_set_kill(s, ZH_OP_ALL, k);
        _exit(run(s, format, sc, &err) == ZH_OK ? 0 : 2);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, status, 0), child);
    assert_true(WIFEXITED(*status));
}

static void scene_dies(zh_format format, const scene *sc, bool in_place)
{
    int status = 0;

    for (unsigned long k = 1; k < 500; k++) {
        zh_error err = ZH_ERROR_INIT;
        char path[64];
        zh_store *s;

        (void)snprintf(path, sizeof(path), "killed-%d-%d-%lu-%p", (int)format, in_place, k, (const void *)sc);
        assert_zh_ok(zh_store_dir_open(&s, path, ZH_CREATE_EXCL, &err), &err);
        if (*sc->before != '\0')
            create(s, format, sc->before);
        zh_store_close(s);
        dies(path, format, sc, k, in_place, &status);
        look(path, format, *sc->before == '\0');
        if (WEXITSTATUS(status) == 0)
            return; /* it came through */
        assert_int_equal(WEXITSTATUS(status), 42);
        repair_and_repeat(path, format, sc);
    }
    fail_msg("it never came through");
}

static void death_at_every_call(void **state)
{
    (void)state;
    for (size_t i = 0; i < SCENES; i++)
        for (int format = ZH_V2; format <= ZH_V3; format++)
            scene_dies((zh_format)format, &scenes[i], false);
}

/* In place, what is overwritten goes through states that are not one of the two; new nodes do not. */
static void death_at_every_call_in_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++)
        for (int format = ZH_V2; format <= ZH_V3; format++)
            scene_dies((zh_format)format, &scenes[i], true);
}

/* --- allocations --- */

/* The store and the plan are made with all the memory there is; only the creation itself goes without. */
static void allocations(store_kind kind, zh_format format, const scene *sc)
{
    for (unsigned long k = 1; k < 20000; k++) {
        zh_create_options o = ZH_CREATE_OPTIONS_INIT;
        zh_alloc_fault f = {0, k, false};
        zh_store *s = new_store(kind);
        zh_error err = ZH_ERROR_INIT;
        static report r;
        char *before, *after;
        zh_plan *p;
        int rc;

        prepare(s, format, sc);
        before = snapshot(s);
        p = plan_of(format, sc->plan);
        o = options_of(memset(&r, 0, sizeof(r)));
        o.overwrite = sc->overwrite;
        o.consolidated = sc->consolidated;
        o.requests = 1;
        zh_alloc_set_hook(zh_alloc_fault_ask, &f);
        rc = zh_create_hierarchy(s, p, &o, &err);
        zh_alloc_set_hook(NULL, NULL);
        after = snapshot(s);
        if (rc != ZH_OK && rc != ZH_NOMEM)
            fail_msg("allocation %lu failed, and the answer is %s: %s", k, zh_code_name(rc), err.message);
        if (rc == ZH_NOMEM && strcmp(before, after) != 0)
            fail_msg("%s v%d: allocation %lu failed, and the store has changed:\n%s\nfrom\n%s", kind_name(kind),
                     (int)format, k, after, before);
        free(before);
        free(after);
        zh_plan_free(p);
        zh_store_close(s);
        if (f.seen < k)
            return;
    }
    fail_msg("it never had enough");
}

static void every_allocation_fails(void **state)
{
    (void)state;
    for (size_t i = 0; i < SCENES; i++) {
        allocations(IN_MEMORY, ZH_V3, &scenes[i]);
        allocations(IN_DIRECTORY, ZH_V2, &scenes[i]);
    }
}

/* --- two at once --- */

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
        zh_sandbox_test(failure_at_every_call__W7_W18),
        zh_sandbox_test(persistent_failure_is_partial),
        zh_sandbox_test(death_at_every_call),
        zh_sandbox_test(death_at_every_call_in_place),
        zh_sandbox_test(every_allocation_fails),
        zh_sandbox_test(two_creators_one_wins__W21),
        zh_sandbox_test(two_creators_with_groups_in_common),
        zh_sandbox_test(two_processes_one_wins),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
