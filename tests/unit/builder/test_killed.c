/* test_killed.c - creations of every sort (deeds.h) that end at each call in turn: in a directory the process dies, and
 * in memory no call from that one on does anything. Promised is that readers then find each node as it was or as it is
 * to be, none lost, what is new whole or not at all (between.h), and every document whole; that zh_check mends what is
 * left, so that nothing more is found, and loses nothing; and that the creation can then be done.
 *
 * In place, and at the root in any case, zh_check cannot mend an array that has taken the place of a group whose
 * members are not erased yet, nor a v2 node that has both documents while its kind changes: the creation, done again,
 * does. */
#include "between.h"

#include <errno.h>
#include <sys/wait.h>

typedef struct trial {
    const deed *d;
    zh_format format;
    store_kind kind;
    char *wanted; /* nodes() when nothing dies */
    zh_store *s;  /* of one death */
    bool rooted;  /* without a root document a store may hold other stores: nothing is removed that could be one */
} trial;

static bool may_be_halfway(const trial *t)
{
    return t->d->overwrite && (is_in_place(t->kind) || strstr(t->d->name, "the root") != NULL);
}

static int all_repaired(void *payload, const zh_finding *finding)
{
    const trial *t = payload;
    const bool halfway = finding->kind == ZH_FOUND_INSIDE_ARRAY || finding->kind == ZH_FOUND_BOTH_KINDS;

    if (!finding->repaired && !(halfway && may_be_halfway(t)) && (t->rooted || finding->kind == ZH_FOUND_TEMPORARY))
        fail_msg("'%s' is not repaired: %s", finding->path, finding->message);
    return 0;
}

/* --- two ways to die; both answer whether it was that long --- */

static zh_store *open_directory(const char *path, zh_open_mode mode)
{
    zh_error err = ZH_ERROR_INIT;
    zh_store *inner, *s;

    assert_zh_ok(zh_store_dir_open(&inner, path, mode, &err), &err);
    assert_zh_ok(zh_store_fault_open(&s, inner, &err), &err);
    return s;
}

static bool dies_in_directory(trial *t, const char *path, unsigned long k)
{
    int status = 0;
    pid_t child;

    zh_store_close(t->s);
    child = fork();
    if (child == 0) {
        zh_error err = ZH_ERROR_INIT;
        zh_store *s = open_directory(path, ZH_OPEN_WRITE);

        if (is_in_place(t->kind))
            zh_store_fault_mask_caps(s, ZH_STORE_MOVE);
        if (t->kind == IN_DIRECTORY_NO_EXCHANGE)
            zh_store_fault_refuse_exchange(s);
        zh_store_fault_set_kill(s, ZH_OP_ALL, k);
        _exit(deed_run(s, t->format, t->d, 1, NULL, &err) == ZH_OK ? 0 : 2);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 42));
    t->s = open_directory(path, ZH_OPEN_WRITE);
    return WEXITSTATUS(status) != 0;
}

static bool dies_in_memory(trial *t, unsigned long k)
{
    zh_error err = ZH_ERROR_INIT;
    unsigned long seen;

    zh_store_fault_set(t->s, ZH_OP_ALL, k, EIO, true);
    (void)deed_run(t->s, t->format, t->d, 1, NULL, &err);
    seen = zh_store_fault_seen(t->s);
    zh_store_fault_set(t->s, ZH_OP_ALL, 0, 0, false);
    return seen >= k;
}

/* --- what is there then --- */

static void look(const trial *t, unsigned long k, const char *before, bool mended)
{
    const bool no_exchange = t->kind == IN_DIRECTORY_NO_EXCHANGE || t->kind == IN_MEMORY_NO_EXCHANGE;
    const bool may_be_away = no_exchange && !mended;
    const between b = {t->d, t->format, is_in_place(t->kind), may_be_away, before, t->wanted};
    const char *found = nodes(t->s, t->format);
    const char *why = not_between(&b, found);

    if (why != NULL)
        fail_msg("%s, %s, v%d: it died at call %lu%s: %s; there is:\n%s\nafter:\n%s", t->d->name, kind_name(t->kind),
                 (int)t->format, k, mended ? " and was mended" : "", why, found, before);
}

static uint64_t mend(trial *t)
{
    zh_check_options o = ZH_CHECK_OPTIONS_INIT;
    zh_check_stats stats;
    zh_error err = ZH_ERROR_INIT;
    int rc;

    t->rooted = has_key(t->s, document_key(t->format, ZH_NODE_GROUP, "")) ||
                has_key(t->s, document_key(t->format, ZH_NODE_ARRAY, ""));
    o.remove = true;
    o.finding = all_repaired;
    o.payload = t;
    o.stats = &stats;
    rc = zh_check(t->s, &o, &err);
    assert_zh_code(rc, t->rooted ? ZH_OK : ZH_NOTFOUND, &err);
    o.remove = false;
    o.finding = NULL;
    (void)zh_check(t->s, &o, &err);
    return stats.findings;
}

/* Checked and repaired, nothing is left to be found, and what was stopped can be done. */
static void repair_and_repeat(trial *t, unsigned long k, const char *before, bool can_repeat)
{
    zh_error err = ZH_ERROR_INIT;

    assert_true(mend(t) == 0 || may_be_halfway(t) || !t->rooted);
    look(t, k, before, true);
    if (!can_repeat)
        return;
    if (!t->rooted && *before == '\0') /* begun, and to be begun again: as a creation that empties a directory does */
        assert_zh_ok(zh_store_erase_prefix(t->s, "", &err), &err);
    assert_zh_ok(deed_run(t->s, t->format, t->d, 1, NULL, &err), &err);
    assert_int_equal(mend(t), 0);
    deed_check_elements(t->s, t->d, t->format);
    assert_true(t->d->key == NULL || has_key(t->s, t->d->key) == t->d->foreign);
    /* What lay below a prefix without a document was unreachable, and has been removed. */
    if (t->d->bare == NULL)
        assert_string_equal(nodes(t->s, t->format), t->wanted);
}

/* Answers whether it died. */
static bool dies_at(trial *t, unsigned long k)
{
    const bool in_memory =
        t->kind != IN_DIRECTORY && t->kind != IN_DIRECTORY_IN_PLACE && t->kind != IN_DIRECTORY_NO_EXCHANGE;
    char path[64], *before;
    bool died, changed;

    (void)snprintf(path, sizeof(path), "killed%lu", k);
    t->s = in_memory ? new_store(t->kind) : open_directory(path, ZH_CREATE_EXCL);
    deed_prepare(t->s, t->format, t->d);
    before = strdup(nodes(t->s, t->format));
    died = in_memory ? dies_in_memory(t, k) : dies_in_directory(t, path, k);
    look(t, k, before, false);
    changed = strcmp(nodes(t->s, t->format), before) != 0;
    if (died)
        repair_and_repeat(t, k, before, t->d->overwrite || !changed);
    free(before);
    zh_store_close(t->s);
    return died;
}

static void each_call(const deed *d, zh_format format, store_kind kind)
{
    trial t = {d, format, kind, NULL, NULL, false};
    unsigned long k = 1;
    char *keys;

    assert_int_equal(zh_sandbox_enter(NULL), 0);
    deed_wanted(kind, format, d, &keys, &t.wanted);
    while (dies_at(&t, k))
        assert_true(k++ < 500);
    assert_true(k > 5);
    free(keys);
    free(t.wanted);
    assert_int_equal(zh_sandbox_leave(NULL), 0);
}

/* All in memory, and a fifth of them, another one for each format, in a directory. */
static void each_deed(store_kind memory, store_kind directory)
{
    for (size_t i = 0; i < n_deeds; i++)
        for (int format = ZH_V2; format <= ZH_V3; format++) {
            each_call(&deeds[i], (zh_format)format, memory);
            if ((i + (size_t)format + directory) % 5 == 0)
                each_call(&deeds[i], (zh_format)format, directory);
        }
}

static void death_at_every_call(void **state)
{
    (void)state;
    each_deed(IN_MEMORY, IN_DIRECTORY);
}

static void death_at_every_call_without_exchange(void **state)
{
    (void)state;
    each_deed(IN_MEMORY_NO_EXCHANGE, IN_DIRECTORY_NO_EXCHANGE);
}

static void death_at_every_call_in_place(void **state)
{
    (void)state;
    each_deed(IN_MEMORY_IN_PLACE, IN_DIRECTORY_IN_PLACE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(death_at_every_call),
        cmocka_unit_test(death_at_every_call_without_exchange),
        cmocka_unit_test(death_at_every_call_in_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
