/* test_hier_fault.c - the k-th store call fails, the k-th allocation fails, the program dies at the k-th store call:
 * what a reader of the store may see then, and that trying again works. */
#include "hier_fixture.h"

#include <sys/wait.h>

static const int32_t ones[4] = {1, 1, 1, 1}, twos[4] = {2, 2, 2, 2};

/* The store before: /keep, /keep/x, /gone, /gone/y, /change. */
static void make_old(zh_tree *t)
{
    zh_error err = ZH_ERROR_INIT;

    (void)add_group(t, "/", "keep");
    write_ints(add_array(t, "/keep", "x", 4, 2), ones);
    (void)add_group(t, "/", "gone");
    write_ints(add_array(t, "/gone", "y", 4, 2), ones);
    (void)add_group(t, "/", "change");
    assert_zh_ok(zh_node_set_attr(node_at(t, "/change"), "v", "1", NULL, &err), &err);
}

/* What is done to it: a removal, a replacement, a new subtree, changed attributes. Chunks of nodes that stay are left
 * alone. */
/* What an earlier, killed run left of the node stays if it is whole, and is made again if it is not. */
static bool is_left(zh_tree *t, const char *parent, const char *name)
{
    zh_error err = ZH_ERROR_INIT;
    zh_node *node;

    if (zh_node_find(&node, node_at(t, parent), name, strlen(name), &err) != ZH_OK)
        return false;
    if (!node->broken)
        return true;
    assert_zh_ok(zh_node_remove(node, &err), &err);
    return false;
}

static void make_new(zh_tree *t)
{
    zh_error err = ZH_ERROR_INIT;
    char name[16];
    int i;

    assert_zh_ok(zh_node_remove(node_at(t, "/gone"), &err), &err);
    assert_zh_ok(zh_node_set_attr(node_at(t, "/change"), "v", "2", NULL, &err), &err);
    if (!is_left(t, "/keep", "top"))
        (void)add_group(t, "/keep", "top");
    if (!is_left(t, "/keep/top", "mid"))
        (void)add_group(t, "/keep/top", "mid");
    for (i = 0; i < 8; i++) {
        snprintf(name, sizeof(name), "n%d", i);
        if (!is_left(t, "/keep/top/mid", name))
            (void)add_array(t, "/keep/top/mid", name, 4, 2);
    }
    (void)add_group(t, "/", "a\\b");
}

static bool has_line(const char *text, const char *line, size_t n)
{
    for (; *text; text += strcspn(text, "\n") + 1) {
        if (strncmp(text, line, n) == 0 && text[n] == '\n')
            return true;
    }
    return false;
}

static size_t lines_below(const char *text, const char *prefix)
{
    size_t n = 0;

    for (; *text; text += strcspn(text, "\n") + 1)
        n += strncmp(text, prefix, strlen(prefix)) == 0;
    return n;
}

/* Every node that is seen is one of the old state or one of the new state, whole; a new subtree is seen whole or not at
 * all. */
static void assert_between(const char *seen, const char *old, const char *new_text)
{
    const char *line;

    for (line = seen; *line; line += strcspn(line, "\n") + 1) {
        size_t n = strcspn(line, "\n");

        if (!has_line(old, line, n) && !has_line(new_text, line, n))
            fail_msg("neither old nor new: %.*s\nin\n%s", (int)n, line, seen);
    }
    if (lines_below(seen, "/keep/top") > 0)
        assert_int_equal(lines_below(seen, "/keep/top"), lines_below(new_text, "/keep/top"));
    if (lines_below(seen, "/gone ") > 0 && lines_below(old, "/gone ") > 0 && lines_below(new_text, "/gone ") == 0)
        assert_int_equal(lines_below(seen, "/keep "), 1);
}

/* What another program reads there now; NULL: no hierarchy. The caller frees. */
static char *seen_by_others(zh_store *store)
{
    const zh_tree_options opts = {.format = ZH_V3, .threads = 1};
    zh_error err = ZH_ERROR_INIT;
    char *text = NULL;
    zh_tree *t;
    int rc = zh_tree_open(&t, store, &opts, &err);

    if (rc == ZH_NOTFOUND) {
        zh_store_close(store);
        return NULL;
    }
    assert_zh_ok(rc, &err);
    text = tree_text(t);
    zh_tree_close(t);
    return text;
}

static char *expected_text(zh_format format, bool updated)
{
    zh_tree *t = create_tree(memory_store(), format, 1);
    char *text;

    make_old(t);
    if (updated)
        make_new(t);
    text = tree_text(t);
    zh_tree_close(t);
    return text;
}

/* One flush in which the k-th call fails. false: it needed fewer calls. */
static bool failing_flush(zh_format format, bool update, bool persistent, unsigned long k)
{
    char *old_text = expected_text(format, false), *new_text = expected_text(format, update), *seen;
    zh_store *mem = memory_store(), *fault;
    zh_error err = ZH_ERROR_INIT;
    bool failed;
    zh_tree *t;
    int rc;

    assert_zh_ok(zh_store_fault_open(&fault, borrow_store(mem), &err), &err);
    t = create_tree(fault, format, 2);
    make_old(t);
    if (update) {
        flush_tree(t);
        zh_tree_close(t);
        assert_zh_ok(zh_store_fault_open(&fault, borrow_store(mem), &err), &err);
        t = open_tree(fault, 2);
        make_new(t);
    }
    zh_store_fault_set(fault, ZH_OP_ALL, k, ENOSPC, persistent);
    rc = zh_tree_flush(t, NULL, &err);
    failed = zh_store_fault_seen(fault) >= k;
    assert_zh_code(rc, failed ? ZH_IO : ZH_OK, &err);
    if (failed) {
        assert_int_equal(err.sys_errno, ENOSPC);
        seen = seen_by_others(borrow_store(mem));
        if (update) {
            assert_non_null(seen);
            assert_between(seen, old_text, new_text);
        } else if (seen) {
            assert_string_equal(seen, new_text); /* the root comes last */
        }
        free(seen);
        zh_store_fault_set(fault, 0, 0, 0, false);
        err = (zh_error)ZH_ERROR_INIT;
        assert_zh_ok(zh_tree_flush(t, NULL, &err), &err);
    }
    zh_tree_close(t);
    seen = seen_by_others(borrow_store(mem));
    assert_string_equal(seen, new_text);
    free(seen);
    free(old_text);
    free(new_text);
    zh_store_close(mem);
    return failed;
}

static void store_calls_fail(void **state)
{
    zh_format format;
    unsigned long k;
    int way;

    (void)state;
    for (format = ZH_V2; format <= ZH_V3; format++) {
        for (way = 0; way < 4; way++) {
            for (k = 1; failing_flush(format, way & 1, way & 2, k); k++)
                ;
            assert_true(k > 7);
        }
    }
}

/* Reading: a failed call fails the operation, and the same operation works afterwards. */
static void reads_fail(void **state)
{
    zh_format format;
    unsigned long k;
    bool failed;

    (void)state;
    for (format = ZH_V2; format <= ZH_V3; format++) {
        zh_store *mem = memory_store(), *fault;
        char *want = expected_text(format, true), *got;
        zh_error err = ZH_ERROR_INIT;
        zh_node *keep, *node, **list;
        zh_tree *t = create_tree(borrow_store(mem), format, 1);
        size_t n;

        make_old(t);
        make_new(t);
        flush_tree(t);
        zh_tree_close(t);
        for (k = 1, failed = true; failed; k++) {
            int rc;

            assert_zh_ok(zh_store_fault_open(&fault, borrow_store(mem), &err), &err);
            t = open_tree(fault, 2);
            zh_store_fault_set(fault, ZH_OP_ALL, k, EIO, false);
            rc = zh_node_child(&keep, zh_tree_root(t), "keep", 4, &err);
            if (rc == ZH_OK)
                rc = zh_node_children(&list, &n, keep, false, &err);
            if (rc == ZH_OK) {
                zh_free(list);
                rc = zh_node_find(&node, keep, "absent", 6, &err);
                rc = rc == ZH_NOTFOUND ? ZH_OK : rc;
            }
            failed = zh_store_fault_seen(fault) >= k;
            assert_zh_code(rc, failed ? ZH_IO : ZH_OK, &err);
            zh_store_fault_set(fault, 0, 0, 0, false);
            got = tree_text(t);
            assert_string_equal(got, want);
            free(got);
            zh_tree_close(t);
        }
        free(want);
        zh_store_close(mem);
    }
}

/* --- dying --- */

static unsigned long calls_to_live;

static void die_in_time(void *payload)
{
    (void)payload;
    if (--calls_to_live == 0)
        _exit(7);
}

/* In a child process, on a directory. true: it died. */
static bool die_at(zh_format format, bool update, unsigned long k)
{
    zh_error err = ZH_ERROR_INIT;
    int status;
    pid_t pid;

    fflush(NULL);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        zh_store *dir, *view;
        zh_tree *t;

        if (zh_store_dir_open(&dir, "kill.zarr", update ? ZH_OPEN_WRITE : ZH_CREATE_TRUNC, &err) < 0)
            _exit(1);
        view = borrow_store(dir);
        t = update ? open_tree(view, 1) : create_tree(view, format, 1);
        if (update)
            make_new(t);
        else
            make_old(t);
        calls_to_live = k;
        borrow_store_set(view, die_in_time, NULL);
        _exit(zh_tree_flush(t, NULL, &err) == ZH_OK ? 0 : 2);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_true(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 7);
    return WEXITSTATUS(status) == 7;
}

static zh_store *kill_store(zh_open_mode mode)
{
    zh_error err = ZH_ERROR_INIT;
    zh_store *s;

    assert_zh_ok(zh_store_dir_open(&s, "kill.zarr", mode, &err), &err);
    return s;
}

static void killed_while_creating(void **state)
{
    zh_format format;
    unsigned long k;
    char *want, *seen;
    bool died;

    (void)state;
    for (format = ZH_V2; format <= ZH_V3; format++) {
        want = expected_text(format, false);
        for (k = 1, died = true; died; k++) {
            died = die_at(format, false, k);
            seen = seen_by_others(kill_store(ZH_OPEN_READ));
            if (seen || !died)
                assert_string_equal(seen, want);
            free(seen);
        }
        assert_true(k > 7);
        free(want);
    }
}

static void killed_while_updating(void **state)
{
    zh_format format;
    unsigned long k;
    bool died;

    (void)state;
    for (format = ZH_V2; format <= ZH_V3; format++) {
        char *old_text = expected_text(format, false), *new_text = expected_text(format, true), *seen;

        for (k = 1, died = true; died; k++) {
            zh_error err = ZH_ERROR_INIT;
            zh_node *gone;
            zh_tree *t;

            t = create_tree(kill_store(ZH_CREATE_TRUNC), format, 1);
            make_old(t);
            flush_tree(t);
            zh_tree_close(t);
            died = die_at(format, true, k);
            seen = seen_by_others(kill_store(ZH_OPEN_READ));
            assert_non_null(seen);
            assert_between(seen, old_text, new_text);
            if (!died)
                assert_string_equal(seen, new_text);
            if (died && lines_below(seen, "/keep/top") == 0) {
                /* the program is started again: what it left must not disturb */
                t = open_tree(kill_store(ZH_OPEN_WRITE), 2);
                if (zh_node_find(&gone, zh_tree_root(t), "gone", 4, &err) == ZH_NOTFOUND)
                    (void)add_group(t, "/", "gone");
                if (zh_node_find(&gone, zh_tree_root(t), "a\\b", 3, &err) == ZH_OK)
                    assert_zh_ok(zh_node_remove(gone, &err), &err);
                make_new(t);
                flush_tree(t);
                zh_tree_close(t);
                free(seen);
                seen = seen_by_others(kill_store(ZH_OPEN_READ));
                assert_string_equal(seen, new_text);
            }
            free(seen);
        }
        assert_true(k > 7);
        free(old_text);
        free(new_text);
    }
}

/* --- allocations --- */

/* Everything, with the results handed on. A call that failed for want of memory is made once more when `again`. */
typedef struct script {
    zh_format format;
    zh_store *mem;
    bool again;
    char *text; /* what was there at the end */
} script;

#define TRY(call)                                                                                                      \
    do {                                                                                                               \
        rc = (call);                                                                                                   \
        if (rc == ZH_NOMEM && s->again)                                                                                \
            rc = (call);                                                                                               \
        if (rc < 0)                                                                                                    \
            goto out;                                                                                                  \
    } while (0)

static int new_array(zh_node **out, zh_tree *t, zh_node *parent, const char *name, const char *facts)
{
    const zh_dtype dtype = {ZH_K_INT, ZH_LITTLE, 4};
    const uint64_t shape = 4, chunk = 2;
    zh_array_meta *m;
    int rc = zh_array_meta_new(&m, zh_tree_format(t), &dtype, 1, &shape, &chunk, NULL);

    if (rc < 0)
        return rc;
    rc = zh_node_new_array(out, t, parent, parent ? name : NULL, parent ? strlen(name) : 0, m, facts, NULL);
    if (rc < 0)
        zh_array_meta_free(m);
    return rc;
}

static int new_group(zh_node **out, zh_tree *t, zh_node *parent, const char *name)
{
    return zh_node_new_group(out, t, parent, name, strlen(name), "\"comment\":\"c\"", NULL);
}

static int list_all(zh_node *g)
{
    zh_node **list;
    size_t n;
    int rc = zh_node_children(&list, &n, g, true, NULL);

    zh_free(list);
    return rc;
}

static int write_some(zh_node *node, const int32_t *values)
{
    const zh_sel all = {.kind = ZH_SEL_ALL, .rank = 1};
    zh_array *a;
    int rc = zh_node_array(&a, node, NULL);

    return rc < 0 ? rc : zh_array_write(a, &all, values, NULL);
}

static int create_script(script *s)
{
    const zh_tree_options opts = {.format = s->format, .threads = 1, .creator = "test"};
    zh_store *view = borrow_store(s->mem);
    zh_node *g, *x, *y, *z;
    char name[16];
    zh_tree *t = NULL;
    int rc, i;

    TRY(zh_tree_create(&t, view, &opts, NULL));
    view = NULL;
    TRY(new_group(&g, t, zh_tree_root(t), "g"));
    g->track = 5;
    for (i = 0; i < 12; i++) {
        snprintf(name, sizeof(name), "n\\%d", i);
        TRY(new_group(&x, t, g, name));
        snprintf(name, sizeof(name), "k%d", i);
        TRY(zh_node_set_attr(g, name, "1", "\"type\":1", NULL));
    }
    TRY(zh_node_rename_attr(g, "k3", "renamed", NULL));
    TRY(zh_node_remove_attr(g, "k5", NULL));
    TRY(new_array(&x, t, g, "x", "\"layout\":{}"));
    TRY(write_some(x, ones));
    TRY(new_array(&y, t, NULL, NULL, NULL));
    TRY(write_some(y, twos));
    TRY(zh_node_link(y, g, "y", 1, NULL));
    TRY(new_group(&z, t, zh_tree_root(t), "z"));
    TRY(zh_node_move(y, z, "moved", 5, NULL));
    TRY(zh_node_set_facts(z, "\"links\":[]", NULL));
    TRY(zh_tree_flush(t, NULL, NULL));
    TRY(zh_node_remove(x, NULL));
    TRY(new_group(&x, t, g, "x"));
    TRY(list_all(g));
    TRY(zh_tree_flush(t, NULL, NULL));
out:
    zh_tree_close(t);
    zh_store_close(view);
    return rc;
}

static int open_script(script *s)
{
    const zh_tree_options opts = {.format = s->format, .threads = 1};
    zh_store *view = borrow_store(s->mem);
    zh_tree *t = NULL;
    zh_node *g, *x;
    int rc;

    TRY(zh_tree_open(&t, view, &opts, NULL));
    view = NULL;
    TRY(zh_node_child(&g, zh_tree_root(t), "g", 1, NULL));
    TRY(zh_node_child(&x, g, "n\\7", 3, NULL));
    TRY(list_all(zh_tree_root(t)));
    TRY(zh_node_child(&g, zh_tree_root(t), "z", 1, NULL));
    TRY(zh_node_child(&x, g, "moved", 5, NULL));
    TRY(zh_node_resize(x, &(uint64_t){6}, NULL));
    TRY(zh_node_remove(node_at(t, "/g/n\\3"), NULL));
    TRY(zh_tree_flush(t, NULL, NULL));
out:
    zh_tree_close(t);
    zh_store_close(view);
    return rc;
}

static int both_scripts(void *payload)
{
    script *s = payload;
    int rc;

    s->mem = NULL;
    rc = zh_store_mem_open(&s->mem, NULL);
    if (rc < 0)
        return rc;
    rc = create_script(s);
    if (rc == ZH_OK)
        rc = open_script(s);
    if (rc == ZH_OK) {
        zh_alloc_set_hook(NULL, NULL); /* what is looked at now is not under test */
        free(s->text);
        s->text = seen_by_others(borrow_store(s->mem));
    }
    zh_store_close(s->mem);
    return rc;
}

static void allocations_fail(void **state)
{
    zh_format format;

    (void)state;
    for (format = ZH_V2; format <= ZH_V3; format++) {
        script s = {format, NULL, false, NULL};

        zh_each_allocation_fails(both_scripts, &s);
        free(s.text);
    }
}

/* One allocation fails, the call is repeated: the end must be the same as if nothing had happened. */
static void allocations_fail_once(void **state)
{
    zh_format format;

    (void)state;
    for (format = ZH_V2; format <= ZH_V3; format++) {
        zh_alloc_fault f = {0, 0, false};
        script s = {format, NULL, true, NULL};
        char *want;

        assert_int_equal(both_scripts(&s), ZH_OK);
        want = s.text;
        s.text = NULL;
        do {
            int rc;

            f.seen = 0;
            f.fail_at++;
            zh_alloc_set_hook(zh_alloc_fault_ask, &f);
            rc = both_scripts(&s);
            zh_alloc_set_hook(NULL, NULL);
            if (rc < 0)
                assert_true(rc == ZH_NOMEM && f.fail_at < 10); /* the store itself could not be opened */
            else
                assert_string_equal(s.text, want);
        } while (f.seen >= f.fail_at);
        assert_true(f.fail_at > 100);
        free(s.text);
        free(want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(store_calls_fail),     cmocka_unit_test(reads_fail),
        zh_sandbox_test(killed_while_creating), zh_sandbox_test(killed_while_updating),
        cmocka_unit_test(allocations_fail),     cmocka_unit_test(allocations_fail_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
