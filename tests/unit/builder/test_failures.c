/* test_failures.c - creations of every sort (deeds.h) in which calls fail: each one by itself, all of a kind from some
 * moment on, with one thread and with several; that are stopped by the caller; that run out of memory. Promised (W7,
 * W18) is the store as it was, byte for byte and without temporaries, or the new state; or ZH_PARTIAL, which tells what
 * could not be undone, and no node that cannot be read.
 *
 * The same for what reads, consolidates and checks.
 */
#include "between.h"

#include <pthread.h>

typedef struct trial {
    store_kind kind;
    zh_format format;
    const deed *d;
    unsigned mask; /* the calls that fail */
    bool persistent;
    unsigned requests;
    char *wanted, *wanted_nodes; /* when nothing fails */
} trial;

/* What cannot be removed stays, and is told by zh_check. */
static void strip_temporaries(char *text)
{
    static const char tail[] = "temporaries\n";
    const size_t n = strlen(text), m = sizeof(tail) - 1;

    if (n >= m && strcmp(text + n - m, tail) == 0)
        text[n - m] = '\0';
}

/* Not undone: because undoing failed too, or in place, when old chunks are gone. */
static void judge_partial(const trial *t, zh_store *s, unsigned long k, const zh_error *err, const char *nodes_before)
{
    const between b = {t->d, t->format, is_in_place(t->kind), false, nodes_before, t->wanted_nodes};
    const bool stays = strstr(err->message, "the new nodes stay") != NULL;
    const char *found = nodes(s, t->format);
    const char *why = neither(&b, found);

    if (why != NULL || (stays && strcmp(found, t->wanted_nodes) != 0))
        fail_msg("%s, %s, v%d: call %lu of %#x failed (%s), and there is:\n%s\n%s", t->d->name, kind_name(t->kind),
                 (int)t->format, k, t->mask, err->message, found, why == NULL ? "" : why);
    assert_true(strstr(err->message, "could not") != NULL || strstr(err->message, "are left") != NULL);
    assert_true(t->persistent || (stays && is_in_place(t->kind) && (t->d->old_chunks || t->d->key != NULL)));
}

/* The callback's own calls fail too: it stops the creation then. */
static void judge_failure(const trial *t, unsigned long k, int rc, const zh_error *err)
{
    const bool told = rc == ZH_IO && err->sys_errno == ENOSPC && err->message[0] != '\0';

    if (!told && !(rc == ZH_ABORTED && t->d->writes))
        fail_msg("%s, %s, v%d: call %lu of %#x failed: %s, errno %d, '%s'", t->d->name, kind_name(t->kind),
                 (int)t->format, k, t->mask, zh_code_name(rc), err->sys_errno, err->message);
}

static void judge(const trial *t, zh_store *s, unsigned long k, int rc, const zh_error *err, char *before,
                  const char *nodes_before)
{
    const bool may_litter = (t->mask & (ZH_OP_ERASE_PREFIX | ZH_OP_ERASE)) != 0;
    char *after = snapshot(s);

    if (may_litter)
        strip_temporaries(after);
    if (rc == ZH_PARTIAL)
        judge_partial(t, s, k, err, nodes_before);
    else if (strcmp(after, rc == ZH_OK ? t->wanted : before) != 0)
        fail_msg("%s, %s, v%d: call %lu of %#x failed (%s %s), and the store is:\n%s\nafter\n%s", t->d->name,
                 kind_name(t->kind), (int)t->format, k, t->mask, zh_code_name(rc), err->message, after, before);
    else if (rc < 0)
        judge_failure(t, k, rc, err);
    free(after);
}

/* Answers whether there was a call number k. */
static bool one_call(const trial *t, unsigned long k)
{
    zh_store *s = new_store(t->kind);
    zh_error err = ZH_ERROR_INIT;
    char *before, *nodes_before;
    unsigned long seen;
    int rc;

    deed_prepare(s, t->format, t->d);
    before = snapshot(s);
    nodes_before = strdup(nodes(s, t->format));
    zh_store_fault_set(s, t->mask, k, ENOSPC, t->persistent);
    rc = deed_run(s, t->format, t->d, t->requests, NULL, &err);
    seen = zh_store_fault_seen(s);
    zh_store_fault_set(s, ZH_OP_ALL, 0, 0, false);
    judge(t, s, k, rc, &err, before, nodes_before);
    free(before);
    free(nodes_before);
    zh_store_close(s);
    return k <= seen;
}

static void each_call(trial t)
{
    deed_wanted(t.kind, t.format, t.d, &t.wanted, &t.wanted_nodes);
    for (unsigned long k = 1; one_call(&t, k); k++)
        assert_true(k < 2000);
    free(t.wanted);
    free(t.wanted_nodes);
}

/* Memory sees them all; where files are made, a fifth for each format, which is another fifth on another kind of store.
 */
static bool has_turn(store_kind kind, zh_format format, size_t i)
{
    return kind == IN_MEMORY || kind == IN_MEMORY_IN_PLACE || kind == IN_MEMORY_NO_EXCHANGE ||
           (i + (size_t)format + kind) % 5 == 0;
}

static void each_deed(store_kind kind, zh_format format, unsigned mask, bool persistent, unsigned requests)
{
    for (size_t i = 0; i < n_deeds; i++)
        if (has_turn(kind, format, i))
            each_call((trial){kind, format, &deeds[i], mask, persistent, requests, NULL, NULL});
}

static void one_fails(store_kind kind, zh_format format)
{
    each_deed(kind, format, ZH_OP_ALL & ~(unsigned)ZH_OP_ERASE_PREFIX, false, 1);
}

static void every_call_fails_once__W7_W18(void **state)
{
    (void)state;
    for_each(one_fails);
}

static void every_call_fails_once_without_exchange(void **state)
{
    (void)state;
    one_fails(IN_MEMORY_NO_EXCHANGE, ZH_V2);
    one_fails(IN_MEMORY_NO_EXCHANGE, ZH_V3);
}

static void one_fails_among_threads(store_kind kind, zh_format format)
{
    each_deed(kind, format, ZH_OP_PUT | ZH_OP_GET | ZH_OP_MOVE | ZH_OP_ERASE, false, 4);
}

static void every_call_fails_once_with_threads__W18(void **state)
{
    (void)state;
    for_each(one_fails_among_threads);
}

static void all_of_a_sort_fail(store_kind kind, zh_format format)
{
    static const unsigned masks[] = {ZH_OP_GET,  ZH_OP_SIZE, ZH_OP_PUT,   ZH_OP_ERASE, ZH_OP_ERASE_PREFIX,
                                     ZH_OP_LIST, ZH_OP_MOVE, ZH_OP_FLUSH, ZH_OP_LOCK};

    for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++)
        each_deed(kind, format, masks[i], true, 1);
}

static void all_calls_of_a_sort_fail_from_then_on(void **state)
{
    (void)state;
    for_each(all_of_a_sort_fail);
}

/* --- the caller stops it --- */

typedef struct stopper {
    size_t at, n;
    bool writes;
    pthread_t thread;
    zh_handle *kept[64];
} stopper;

static int stop(void *payload, const char *path, zh_node_kind kind, zh_handle *node)
{
    stopper *s = payload;

    (void)path;
    assert_true(pthread_equal(s->thread, pthread_self())); /* the caller's thread, and no other */
    zh_handle_keep(node);
    assert_true(s->n < 64);
    s->kept[s->n++] = node;
    if (s->writes && kind == ZH_NODE_ARRAY)
        assert_int_equal(write_elements(node, 7, NULL), ZH_OK);
    return s->n == s->at ? 7 : 0;
}

static int create_until(zh_store *s, zh_format format, const deed *d, bool ordered, stopper *st, zh_error *err)
{
    zh_create_options o = ZH_CREATE_OPTIONS_INIT;
    zh_plan *p = plan_of(format, d->plan);
    int rc;

    st->thread = pthread_self();
    st->writes = d->writes;
    o.created = stop;
    o.payload = st;
    o.overwrite = d->overwrite;
    o.consolidated = d->after;
    o.ordered = ordered;
    o.requests = 3;
    rc = d->how == UNDER ? zh_create_under(s, d->group, p, &o, err) : zh_create_hierarchy(s, p, &o, err);
    zh_plan_free(p);
    return rc;
}

/* Handles that were kept are of nodes that are gone, and say so. */
static void close_kept(stopper *st, bool gone)
{
    for (size_t i = 0; i < st->n; i++) {
        zh_buf b = ZH_BUF_INIT(1 << 16);
        zh_error err = ZH_ERROR_INIT;
        const int rc = zh_handle_attributes(st->kept[i], &b, &err);

        assert_int_equal(rc, gone ? ZH_NOTFOUND : ZH_OK);
        if (gone)
            assert_zh_message(&err, "creation failed");
        zh_buf_dispose(&b);
        zh_handle_close(st->kept[i]);
    }
}

/* The store is as it was; but not in place, when chunks of what is replaced had to go before the caller was told. */
static void judge_stopped(zh_store *s, store_kind kind, zh_format format, const deed *d, size_t k, const char *before,
                          int rc, zh_error *err)
{
    char *after = snapshot(s), *keys, *wanted;

    if (rc == ZH_PARTIAL && is_in_place(kind) && d->old_chunks) {
        deed_wanted(kind, format, d, &keys, &wanted);
        assert_string_equal(nodes(s, format), wanted);
        assert_zh_message(err, "the new nodes stay");
        free(keys);
        free(wanted);
    } else {
        assert_zh_code(rc, ZH_ABORTED, err);
        if (strcmp(before, after) != 0)
            fail_msg("%s, %s, v%d: stopped at %zu, and the store is\n%s\nafter\n%s", d->name, kind_name(kind),
                     (int)format, k, after, before);
    }
    free(after);
}

static bool stopped_at(store_kind kind, zh_format format, const deed *d, size_t k, bool ordered)
{
    zh_store *s = new_store(kind);
    zh_error err = ZH_ERROR_INIT;
    stopper st = {.at = k};
    char *before;
    int rc;

    deed_prepare(s, format, d);
    before = snapshot(s);
    rc = create_until(s, format, d, ordered, &st, &err);
    if (st.n < k) {
        assert_zh_ok(rc, &err);
        deed_check_elements(s, d, format);
    } else {
        assert_int_equal(st.n, k); /* never called again */
        judge_stopped(s, kind, format, d, k, before, rc, &err);
    }
    close_kept(&st, st.n == k);
    free(before);
    zh_store_close(s);
    return st.n == k;
}

static void stopped(store_kind kind, zh_format format)
{
    for (size_t i = 0; i < n_deeds; i++)
        for (int ordered = 0; ordered <= 1; ordered++)
            for (size_t k = 1; stopped_at(kind, format, &deeds[i], k, ordered != 0); k++)
                ;
}

static void abort_at_every_callback__W11(void **state)
{
    (void)state;
    for_each(stopped);
}

/* --- somebody else's doing --- */

static int note_temporary(void *payload, const char *name, bool is_prefix, zh_error *err)
{
    (void)is_prefix;
    (void)err;
    (void)snprintf(payload, 128, "%s", name);
    return ZH_OK;
}

static void remove_stage(void *payload)
{
    zh_error err = ZH_ERROR_INIT;
    char name[128] = "";

    assert_zh_ok(zh_store_list_temporary(payload, "", note_temporary, name, &err), &err);
    assert_true(zh_store_is_temporary(name));
    assert_zh_ok(zh_store_erase_prefix(payload, name, &err), &err);
}

/* As zh_check --repair does, which is not to be run while others write. */
static void stage_removed(store_kind kind, zh_format format)
{
    for (size_t i = 0; i < n_deeds; i++) {
        zh_store *s = new_store(kind);
        zh_error err = ZH_ERROR_INIT;
        char *before, *after;
        int rc;

        if (is_in_place(kind) || strstr(deeds[i].name, "array") != NULL) {
            zh_store_close(s);
            continue;
        }
        deed_prepare(s, format, &deeds[i]);
        before = snapshot(s);
        zh_store_fault_set_hook(s, ZH_OP_LOCK, 1, remove_stage, s);
        rc = deed_run(s, format, &deeds[i], 1, NULL, &err);
        if (rc != ZH_IO || strstr(err.message, "has been removed") == NULL)
            fail_msg("%s: %s '%s'", deeds[i].name, zh_code_name(rc), err.message);
        after = snapshot(s);
        assert_string_equal(before, after);
        free(before);
        free(after);
        zh_store_close(s);
    }
}

static void the_stage_is_removed_by_another(void **state)
{
    (void)state;
    for_each(stage_removed);
}

/* --- without memory --- */

static bool one_allocation(store_kind kind, zh_format format, const deed *d, unsigned long k, bool persistent,
                           const char *wanted)
{
    zh_alloc_fault fault = {0, k, persistent};
    zh_store *s = new_store(kind);
    zh_error err = ZH_ERROR_INIT;
    char *before, *after;
    int rc;

    deed_prepare(s, format, d);
    before = snapshot(s);
    rc = deed_run_without_memory(s, format, d, &fault, &err);
    after = snapshot(s);
    if (rc != ZH_OK && rc != ZH_NOMEM && rc != ZH_PARTIAL && !(rc == ZH_ABORTED && d->writes))
        fail_msg("%s: allocation %lu failed, and the answer is %s: %s", d->name, k, zh_code_name(rc), err.message);
    if (persistent || rc == ZH_PARTIAL)
        assert_true(persistent || is_in_place(kind));
    else if (strcmp(after, rc == ZH_OK ? wanted : before) != 0)
        fail_msg("%s, %s, v%d: allocation %lu failed (%s), and the store is\n%s\nafter\n%s", d->name, kind_name(kind),
                 (int)format, k, zh_code_name(rc), after, before);
    free(before);
    free(after);
    zh_store_close(s);
    return fault.seen >= k;
}

static void each_allocation(store_kind kind, zh_format format, bool persistent)
{
    for (size_t i = 0; i < n_deeds; i++) {
        char *wanted, *wanted_nodes;

        if (!has_turn(kind, format, i))
            continue;
        deed_wanted(kind, format, &deeds[i], &wanted, &wanted_nodes);
        for (unsigned long k = 1; one_allocation(kind, format, &deeds[i], k, persistent, wanted); k++)
            assert_true(k < 20000);
        free(wanted);
        free(wanted_nodes);
    }
}

static void every_allocation_fails_once(void **state)
{
    (void)state;
    for (int format = ZH_V2; format <= ZH_V3; format++) {
        each_allocation(IN_MEMORY, (zh_format)format, false);
        each_allocation(IN_MEMORY_IN_PLACE, (zh_format)format, false);
        each_allocation(IN_DIRECTORY, (zh_format)format, false);
    }
}

/* Nothing can be undone then; it ends with an error, and without a leak. */
static void memory_ends_for_good(void **state)
{
    (void)state;
    each_allocation(IN_MEMORY, ZH_V2, true);
    each_allocation(IN_MEMORY, ZH_V3, true);
}

/* --- reading, consolidating, checking --- */

static int count_member(void *payload, const char *path, zh_node_kind kind, zh_handle *node, const zh_error *error)
{
    (void)path;
    (void)kind;
    (void)node;
    if (error == NULL)
        ++*(size_t *)payload;
    return 0;
}

typedef struct readings {
    zh_store *s;
    zh_format format;
    size_t told; /* members that could be read */
    zh_error err;
} readings;

static int do_list(void *payload)
{
    readings *r = payload;

    r->told = 0;
    return zh_list_members(r->s, "", (int)r->format, 0, 1, count_member, &r->told, &r->err);
}

static int do_get(void *payload)
{
    readings *r = payload;
    zh_handle *h;
    const int rc = zh_get_node(&h, r->s, "a/b", 0, &r->err);

    assert_int_equal(h != NULL, rc == ZH_OK);
    zh_handle_close(h);
    return rc;
}

static int do_consolidate(void *payload)
{
    readings *r = payload;

    return zh_consolidate(r->s, "", 1, &r->err);
}

static int do_check(void *payload)
{
    readings *r = payload;
    zh_check_stats stats;
    zh_check_options o = ZH_CHECK_OPTIONS_INIT;
    int rc;

    o.requests = 1;
    o.stats = &stats;
    rc = zh_check(r->s, &o, &r->err);
    if (rc == ZH_OK)
        assert_int_equal(stats.findings, 0);
    return rc;
}

typedef int (*reading_fn)(void *payload);
static const reading_fn reading[] = {do_list, do_get, do_consolidate, do_check};

static void readings_fail(store_kind kind, zh_format format)
{
    zh_store *s = new_store(kind);
    readings r = {s, format, 0, ZH_ERROR_INIT};

    create(s, format, "g {\"r\":1}\na a/b {\"x\":1}\ng a/c\na d");
    assert_zh_ok(zh_consolidate(s, "", 1, &r.err), &r.err);
    for (size_t i = 0; i < sizeof(reading) / sizeof(reading[0]); i++) {
        char *before = snapshot(s), *after;
        unsigned long k = 0, seen = 0;

        while (k <= seen) {
            int rc;

            k++;
            zh_store_fault_set(s, ZH_OP_ALL, k, EIO, false);
            r.err = (zh_error)ZH_ERROR_INIT;
            rc = reading[i](&r);
            seen = zh_store_fault_seen(s);
            if (k > seen || (rc == ZH_OK && reading[i] == do_list))
                assert_true(rc == ZH_OK && (reading[i] != do_list || r.told == 4 || (k <= seen && r.told > 0)));
            else
                assert_zh_code(rc, ZH_IO, &r.err);
        }
        after = snapshot(s);
        assert_string_equal(before, after);
        free(before);
        free(after);
    }
    zh_store_close(s);
}

static void reading_consolidating_checking_fail(void **state)
{
    (void)state;
    for_each(readings_fail);
}

static void reading_consolidating_checking_without_memory(void **state)
{
    (void)state;
    for (int format = ZH_V2; format <= ZH_V3; format++) {
        zh_store *s = new_store(IN_DIRECTORY);
        readings r = {s, (zh_format)format, 0, ZH_ERROR_INIT};

        create(s, (zh_format)format, "g {\"r\":1}\na a/b {\"x\":1}\ng a/c\na d");
        assert_zh_ok(zh_consolidate(s, "", 1, &r.err), &r.err);
        for (size_t i = 0; i < sizeof(reading) / sizeof(reading[0]); i++)
            zh_each_allocation_fails(reading[i], &r);
        zh_store_close(s);
    }
}

/* No promise but an answer: what was written is told by the callback and the numbers. */
static void create_nodes_fails_where_it_stands(void **state)
{
    (void)state;
    for (unsigned long k = 1; k <= 4; k++) {
        zh_plan_options unchecked = ZH_PLAN_OPTIONS_INIT;
        zh_create_options o = ZH_CREATE_OPTIONS_INIT;
        zh_plan *p = make_plan(ZH_V3, "g a\na a/b\ng c\na d");
        zh_store *s = new_store(IN_MEMORY);
        zh_error err = ZH_ERROR_INIT;
        zh_create_stats stats;

        unchecked.unchecked = true;
        o.requests = 1;
        o.stats = &stats;
        assert_zh_ok(zh_plan_finish(p, &unchecked, &err), &err);
        zh_store_fault_set(s, ZH_OP_PUT, k, ENOSPC, true);
        assert_zh_code(zh_create_nodes(s, p, &o, &err), ZH_IO, &err);
        assert_int_equal(stats.documents, k - 1);
        assert_int_equal(zh_store_fault_seen(s), k); /* nothing new is begun */
        zh_plan_free(p);
        zh_store_close(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        zh_sandbox_test(every_call_fails_once__W7_W18),
        zh_sandbox_test(every_call_fails_once_without_exchange),
        zh_sandbox_test(every_call_fails_once_with_threads__W18),
        zh_sandbox_test(all_calls_of_a_sort_fail_from_then_on),
        zh_sandbox_test(abort_at_every_callback__W11),
        zh_sandbox_test(the_stage_is_removed_by_another),
        zh_sandbox_test(every_allocation_fails_once),
        zh_sandbox_test(memory_ends_for_good),
        zh_sandbox_test(reading_consolidating_checking_fail),
        zh_sandbox_test(reading_consolidating_checking_without_memory),
        zh_sandbox_test(create_nodes_fails_where_it_stands),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
