/* test_killed.c - creations of every sort (deeds.h) whose process dies at each call in turn. Promised is that readers
 * then find each node as it was or as it is to be, a fresh hierarchy whole or not at all, and every document whole;
 * that zh_check mends what is left, so that nothing more is found, or, where the root was to come last, nothing but
 * what nobody comes to; and that the creation can then be done. */
#include "deeds.h"

#include <sys/wait.h>

typedef struct trial {
    const deed *d;
    zh_format format;
    bool in_place;
    char *wanted; /* nodes() when nothing dies */
} trial;

/* Without a root document a store may hold other stores, and nothing is removed that could be one. */
typedef struct leftovers {
    bool rooted;
    unsigned long kept;
} leftovers;

static int note_finding(void *payload, const zh_finding *finding)
{
    leftovers *l = payload;

    if (!finding->repaired && (l->rooted || finding->kind == ZH_FOUND_TEMPORARY))
        fail_msg("'%s' is not repaired: %s", finding->path, finding->message);
    l->kept += !finding->repaired;
    return 0;
}

static zh_store *open_log(const char *path, zh_open_mode mode)
{
    zh_error err = ZH_ERROR_INIT;
    zh_store *inner, *s;

    assert_zh_ok(zh_store_dir_open(&inner, path, mode, &err), &err);
    assert_zh_ok(zh_store_log_open(&s, inner, &err), &err);
    return s;
}

static void dies(const trial *t, const char *path, unsigned long k, int *status)
{
    const pid_t child = fork();

    if (child == 0) {
        zh_error err = ZH_ERROR_INIT;
        zh_store *inner, *s;

        if (zh_store_dir_open(&inner, path, ZH_OPEN_WRITE, &err) < 0 || zh_store_fault_open(&s, inner, &err) < 0)
            _exit(1);
        if (t->in_place)
            zh_store_fault_mask_caps(s, ZH_STORE_MOVE);
        zh_store_fault_set_kill(s, ZH_OP_ALL, k);
        _exit(deed_run(s, t->format, t->d, 1, NULL, &err) == ZH_OK ? 0 : 2);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, status, 0), child);
    assert_true(WIFEXITED(*status));
}

/* What a reader finds before anything is mended. */
static void look(const trial *t, const char *path, unsigned long k, const char *before)
{
    zh_store *s = open_log(path, ZH_OPEN_READ);
    const char *found = nodes(s, t->format);
    const bool fresh = *before == '\0';

    if (fresh ? *found != '\0' && strcmp(found, t->wanted) != 0 : !lines_are_in(found, before, t->wanted))
        fail_msg("%s, %sv%d: it died at call %lu, and there is:\n%s\nafter:\n%s", t->d->name,
                 t->in_place ? "in place, " : "", (int)t->format, k, found, before);
    zh_store_close(s);
}

static void check(zh_store *s, leftovers *l, zh_check_options *o)
{
    zh_error err = ZH_ERROR_INIT;
    const int rc = zh_check(s, o, &err);

    assert_zh_code(rc, l->rooted ? ZH_OK : ZH_NOTFOUND, &err);
}

/* Checked and repaired, nothing is left to be found, and what was stopped can be done. */
static void repair_and_repeat(const trial *t, const char *path, bool can_repeat)
{
    zh_error err = ZH_ERROR_INIT;
    zh_store *s = open_log(path, ZH_OPEN_WRITE);
    leftovers l = {has_key(s, document_key(t->format, ZH_NODE_GROUP, "")) ||
                       has_key(s, document_key(t->format, ZH_NODE_ARRAY, "")),
                   0};
    zh_check_options o = ZH_CHECK_OPTIONS_INIT;
    zh_check_stats stats;

    o.remove = true;
    o.finding = note_finding;
    o.payload = &l;
    o.stats = &stats;
    check(s, &l, &o);
    o.remove = false;
    o.finding = NULL;
    check(s, &l, &o);
    assert_int_equal(stats.findings, l.kept);
    if (l.kept > 0)
        assert_zh_ok(zh_store_erase_prefix(s, "", &err), &err);
    if (can_repeat) {
        assert_zh_ok(deed_run(s, t->format, t->d, 1, NULL, &err), &err);
        if (t->d->bare == NULL)
            assert_string_equal(nodes(s, t->format), t->wanted);
        else /* what lay below a prefix without a document was unreachable, and has been removed */
            assert_true(lines_are_in(nodes(s, t->format), t->wanted, ""));
    }
    zh_store_close(s);
}

/* Answers whether it died. */
static bool dies_at(const trial *t, unsigned long k)
{
    char path[64], *before, *after;
    int status = 0;
    zh_store *s;

    (void)snprintf(path, sizeof(path), "killed%lu", k);
    s = open_log(path, ZH_CREATE_EXCL);
    deed_prepare(s, t->format, t->d);
    before = strdup(nodes(s, t->format));
    zh_store_close(s);
    dies(t, path, k, &status);
    assert_true(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 42);
    look(t, path, k, before);
    s = open_log(path, ZH_OPEN_READ);
    after = strdup(nodes(s, t->format));
    zh_store_close(s);
    if (WEXITSTATUS(status) != 0)
        repair_and_repeat(t, path, t->d->overwrite || strcmp(after, before) == 0);
    free(before);
    free(after);
    return WEXITSTATUS(status) != 0;
}

static void each_call(const deed *d, zh_format format, bool in_place)
{
    trial t = {d, format, in_place, NULL};
    unsigned long k = 1;
    char *keys;

    assert_int_equal(zh_sandbox_enter(NULL), 0);
    deed_wanted(in_place ? IN_DIRECTORY_IN_PLACE : IN_DIRECTORY, format, d, &keys, &t.wanted);
    while (dies_at(&t, k))
        assert_true(k++ < 500);
    assert_true(k > 5);
    free(keys);
    free(t.wanted);
    assert_int_equal(zh_sandbox_leave(NULL), 0);
}

static void death_at_every_call(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_deeds; i++)
        for (int format = ZH_V2; format <= ZH_V3; format++)
            each_call(&deeds[i], (zh_format)format, false);
}

/* In place, what is overwritten goes through states that are neither of the two; new nodes do not. */
static void death_at_every_call_in_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_deeds; i++)
        for (int format = ZH_V2; format <= ZH_V3 && !deeds[i].overwrite; format++)
            each_call(&deeds[i], (zh_format)format, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(death_at_every_call),
        cmocka_unit_test(death_at_every_call_in_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
