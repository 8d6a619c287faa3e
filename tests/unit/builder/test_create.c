/* test_create.c - creating hierarchies, on every kind of store and in both formats. Names end in the line of
 * zarr-python's tests (T) that they answer to, or in the number of its weakness (W). T1818 (equal signatures of the
 * async and the sync form) has no counterpart: there is one form. */
#include "builder_fixture.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static void nodes_five(store_kind kind, zh_format format)
{
    static const char lines[] = "g group {\"x\":1}\na group/array\na group/other/array {\"y\":[1,2]}\na array\ng ";
    zh_plan_options unchecked = ZH_PLAN_OPTIONS_INIT;
    zh_store *s = new_store(kind);
    zh_plan *p = make_plan(format, lines);
    zh_error err = ZH_ERROR_INIT;
    static report r;
    zh_create_options o = options_of(memset(&r, 0, sizeof(r)));

    unchecked.unchecked = true;
    assert_zh_ok(zh_plan_finish(p, &unchecked, &err), &err);
    assert_zh_ok(zh_create_nodes(s, p, &o, &err), &err);
    assert_string_equal(sorted(r.text), "a array\na group/array\na group/other/array\ng \ng group\n");
    assert_string_equal(members(s, format), "a array {}\ng group {\"x\":1}\na group/array {}\n");
    assert_true(has_key(s, document_key(format, ZH_NODE_ARRAY, "group/other/array")));
    assert_zh_ok(zh_create_nodes(s, p, &o, &err), &err); /* again: documents are replaced */
    assert_zh_code(zh_create_hierarchy(s, p, &o, &err), ZH_INVALID, &err);
    zh_plan_free(p);
    zh_store_close(s);
}

static void create_nodes__T1757(void **state)
{
    (void)state;
    for_each(nodes_five);
}

static void create_nodes_takes_mixed_formats__T1757(void **state)
{
    zh_plan_options unchecked = ZH_PLAN_OPTIONS_INIT;
    zh_store *s = new_store(IN_MEMORY);
    zh_plan *p = make_plan(ZH_V2, "a g/a\na b");
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    unchecked.unchecked = true;
    assert_zh_ok(zh_plan_add_group(p, ZH_V3, "g", 1, NULL, &err), &err);
    assert_zh_ok(zh_plan_finish(p, &unchecked, &err), &err);
    assert_zh_ok(zh_create_nodes(s, p, NULL, &err), &err);
    assert_true(has_key(s, "g/zarr.json") && has_key(s, "g/a/.zarray") && has_key(s, "b/.zarray"));
    zh_plan_free(p);
    zh_store_close(s);
}

static void create_nodes_leaves_no_store__W8(void **state)
{
    zh_plan_options unchecked = ZH_PLAN_OPTIONS_INIT;
    static const char *const keys[] = {"g ../x", "g a/../../x"};

    (void)state;
    unchecked.unchecked = true;
    for (size_t i = 0; i < 2; i++) {
        zh_plan *p = make_plan(ZH_V3, keys[i]);
        zh_error err = ZH_ERROR_INIT;

        assert_zh_code(zh_plan_finish(p, &unchecked, &err), ZH_KEY_DOT, &err);
        zh_plan_free(p);
    }
    {
        zh_plan *p = make_plan(ZH_V3, "g /tmp/x"); /* relative to the store, whatever it begins with */
        zh_store *s = new_store(IN_DIRECTORY);
        zh_error err = ZH_ERROR_INIT;

        assert_zh_ok(zh_plan_finish(p, &unchecked, &err), &err);
        assert_zh_ok(zh_create_nodes(s, p, NULL, &err), &err);
        assert_true(has_key(s, "tmp/x/zarr.json"));
        zh_plan_free(p);
        zh_store_close(s);
    }
}

static void hierarchy_with_existing(store_kind kind, zh_format format)
{
    static const char spec[] = "g group {\"name\":\"group\"}\na group/array\na group/subgroup/array\n";

    for (int overwrite = 0; overwrite <= 1; overwrite++) {
        zh_plan_options unchecked = ZH_PLAN_OPTIONS_INIT;
        zh_store *s = new_store(kind);
        zh_plan *before = make_plan(format, "g\ng group/extra {\"a\":10}");
        zh_error err = ZH_ERROR_INIT;
        const report *r;

        unchecked.unchecked = true;
        assert_zh_ok(zh_plan_finish(before, &unchecked, &err), &err);
        assert_zh_ok(zh_create_nodes(s, before, NULL, &err), &err);
        zh_plan_free(before);
        r = create_with(s, format, spec, overwrite != 0, ZH_OK);
        assert_string_equal(sorted(r->text), "a group/array\na group/subgroup/array\ng group\ng group/subgroup\n");
        assert_int_equal(has_key(s, document_key(format, ZH_NODE_GROUP, "group/extra")), !overwrite);
        assert_string_equal(members(s, format),
                            overwrite ? "g group {\"name\":\"group\"}\na group/array {}\ng group/subgroup {}\na "
                                        "group/subgroup/array {}\n"
                                      : "g group {\"name\":\"group\"}\na group/array {}\ng group/extra {\"a\":10}\ng "
                                        "group/subgroup {}\na group/subgroup/array {}\n");
        assert_false(has_temporaries(s));
        zh_store_close(s);
    }
}

static void create_hierarchy__T1847(void **state)
{
    (void)state;
    for_each(hierarchy_with_existing);
}

static void conflicts(store_kind kind, zh_format format)
{
    zh_store *s = new_store(kind);
    char *before, *after;
    const report *r;

    create(s, format, "g extant {\"old\":1}\na arr {\"old\":2}\na deep/arr");
    before = snapshot(s);
    (void)create_with(s, format, "g extant\ng new", false, ZH_CONTAINS_GROUP);
    (void)create_with(s, format, "a extant", false, ZH_CONTAINS_GROUP);
    (void)create_with(s, format, "g arr", false, ZH_CONTAINS_ARRAY);
    (void)create_with(s, format, "a arr", false, ZH_CONTAINS_ARRAY);
    r = create_with(s, format, "g extant\na arr\ng deep\na deep/arr\ng new", false, ZH_CONTAINS_ARRAY);
    assert_int_equal(r->problems[-ZH_CONTAINS_GROUP], 2); /* all of them, below an existing group too */
    assert_int_equal(r->problems[-ZH_CONTAINS_ARRAY], 2);
    after = snapshot(s);
    assert_string_equal(before, after);
    free(before);
    free(after);
    zh_store_close(s);
}

static void create_hierarchy_existing_nodes__T1899_T965(void **state)
{
    (void)state;
    for_each(conflicts);
}

static void below_array(store_kind kind, zh_format format)
{
    zh_store *s = new_store(kind);
    char *before, *after;

    create(s, format, "a arr\na g/arr");
    before = snapshot(s);
    for (int overwrite = 0; overwrite <= 1; overwrite++) {
        (void)create_with(s, format, "g arr/x", overwrite != 0, ZH_CONTAINS_ARRAY);
        (void)create_with(s, format, "a g/arr/x/y\ng z", overwrite != 0, ZH_CONTAINS_ARRAY);
    }
    after = snapshot(s);
    assert_string_equal(before, after);
    free(before);
    free(after);
    zh_store_close(s);
}

static void implicit_over_array__W6_T816_T2360(void **state)
{
    (void)state;
    for_each(below_array);
}

static void over_children(store_kind kind, zh_format format)
{
    zh_plan_options unchecked = ZH_PLAN_OPTIONS_INIT;
    zh_store *s = new_store(kind);
    zh_plan *p = make_plan(format, "g\ng x/child");
    zh_error err = ZH_ERROR_INIT;

    unchecked.unchecked = true;
    assert_zh_ok(zh_plan_finish(p, &unchecked, &err), &err);
    assert_zh_ok(zh_create_nodes(s, p, NULL, &err), &err);
    zh_plan_free(p);
    (void)create_with(s, format, "a x", false, ZH_CONTAINS_CHILDREN);
    (void)create_with(s, format, "a x", true, ZH_OK);
    assert_string_equal(members(s, format), "a x {}\n");
    assert_false(has_key(s, document_key(format, ZH_NODE_GROUP, "x/child")));
    zh_store_close(s);
}

static void array_over_documentless_parent__W2(void **state)
{
    (void)state;
    for_each(over_children);
}

static void over_chunks(store_kind kind, zh_format format)
{
    const char *chunk = format == ZH_V3 ? "x/c/0/0" : "x/0.0";
    zh_store *s = new_store(kind);

    create(s, format, "g");
    put_key(s, chunk, "stale");
    (void)create_with(s, format, "a x", false, ZH_CONTAINS_ORPHANS);
    assert_true(has_key(s, chunk));
    (void)create_with(s, format, "a x", true, ZH_OK);
    assert_false(has_key(s, chunk));
    assert_string_equal(members(s, format), "a x {}\n");
    zh_store_close(s);
}

static void stale_chunks__W3(void **state)
{
    (void)state;
    for_each(over_chunks);
}

static void over_other_format(store_kind kind, zh_format format)
{
    const zh_format other = format == ZH_V2 ? ZH_V3 : ZH_V2;
    zh_store *s = new_store(kind);
    char *before, *after;

    create(s, other, "g g\na a");
    before = snapshot(s);
    (void)create_with(s, format, "g new", false, ZH_CONTAINS_OTHER_FORMAT);
    (void)create_with(s, format, "a a\ng g", false, ZH_CONTAINS_OTHER_FORMAT);
    (void)create_with(s, format, "a a", true, ZH_CONTAINS_OTHER_FORMAT); /* the root is of the other format still */
    after = snapshot(s);
    assert_string_equal(before, after);
    (void)create_with(s, format, "g\na a", true, ZH_OK);
    assert_string_equal(members(s, format), "a a {}\n");
    assert_false(has_key(s, document_key(other, ZH_NODE_GROUP, "")));
    assert_false(has_key(s, document_key(other, ZH_NODE_ARRAY, "a")));
    free(before);
    free(after);
    zh_store_close(s);
}

static void other_format_present__W4(void **state)
{
    (void)state;
    for_each(over_other_format);
}

static void damaged(store_kind kind, zh_format format)
{
    zh_store *s = new_store(kind);

    create(s, format, "g a\ng b");
    put_key(s, document_key(format, ZH_NODE_GROUP, "a"), "{\"zarr_format\":");
    (void)create_with(s, format, "g a/x", false, ZH_CORRUPT);
    (void)create_with(s, format, "g a", true, ZH_OK);
    assert_string_equal(members(s, format), "g a {}\ng b {}\n");
    zh_store_close(s);
}

static void unreadable_document(void **state)
{
    (void)state;
    for_each(damaged);
}

static void parents(store_kind kind, zh_format format)
{
    zh_store *s = new_store(kind);

    create(s, format, "g a {\"key\":\"value\"}");
    create(s, format, "g a/b/c/d");
    assert_string_equal(members(s, format), "g a {\"key\":\"value\"}\ng a/b {}\ng a/b/c {}\ng a/b/c/d {}\n");
    zh_store_close(s);
}

static void create_creates_parents__T93(void **state)
{
    (void)state;
    for_each(parents);
}

/* Existing groups that stand for implicit ones are left byte for byte alone, and not reported. */
static void keeps_groups(store_kind kind, zh_format format)
{
    zh_store *s = new_store(kind);
    zh_buf old = ZH_BUF_INIT(4096), now = ZH_BUF_INIT(4096);
    const char *key;

    create(s, format, "g\ng a");
    key = document_key(format, ZH_NODE_GROUP, "a");
    put_key(s, key, format == ZH_V3 ? "{ \"zarr_format\": 3,\n\"node_type\": \"group\" }" : "{ \"zarr_format\": 2 }");
    assert_int_equal(zh_store_get(s, key, &old, NULL), ZH_OK);
    assert_string_equal(sorted(create_with(s, format, "a a/x\na a/y/z", true, ZH_OK)->text), "a a/x\na a/y/z\ng a/y\n");
    assert_int_equal(zh_store_get(s, document_key(format, ZH_NODE_GROUP, "a"), &now, NULL), ZH_OK);
    assert_int_equal(old.len, now.len);
    assert_memory_equal(old.ptr, now.ptr, old.len);
    zh_buf_dispose(&old);
    zh_buf_dispose(&now);
    zh_store_close(s);
}

static void implicit_groups_are_not_rewritten(void **state)
{
    (void)state;
    for_each(keeps_groups);
}

/* --- below a group --- */

static void under(store_kind kind, zh_format format)
{
    for (int at_root = 0; at_root <= 1; at_root++)
        for (int overwrite = 0; overwrite <= 1; overwrite++) {
            const char *group = at_root ? "" : "foo";
            zh_store *s = new_store(kind);
            zh_plan *p = plan_of(format, "g a\ng a/b\na a/b/c");
            zh_error err = ZH_ERROR_INIT;
            static report r;
            zh_create_options o = options_of(memset(&r, 0, sizeof(r)));

            create(s, format,
                   at_root ? "g {\"keep\":1}\ng b {\"before\":1}" : "g foo {\"keep\":1}\ng foo/b {\"before\":1}");
            o.overwrite = overwrite != 0;
            assert_zh_ok(zh_create_under(s, group, p, &o, &err), &err);
            assert_string_equal(sorted(r.text), "a a/b/c\ng a\ng a/b\n");
            assert_string_equal(members(s, format),
                                at_root ? "g a {}\ng a/b {}\na a/b/c {}\ng b {\"before\":1}\n"
                                        : "g foo {\"keep\":1}\ng foo/a {}\ng foo/a/b {}\na foo/a/b/c {}\ng foo/b "
                                          "{\"before\":1}\n");
            zh_plan_free(p);
            zh_store_close(s);
        }
}

static void group_create_hierarchy__T1957(void **state)
{
    (void)state;
    for_each(under);
}

static void under_fails(zh_store *s, zh_format format, const char *group, const char *lines, int code)
{
    zh_plan *p = plan_of(format, lines);
    zh_error err = ZH_ERROR_INIT;
    char *before = snapshot(s), *after;

    assert_zh_code(zh_create_under(s, group, p, NULL, &err), code, code == ZH_NOTFOUND ? &err : &err);
    after = snapshot(s);
    assert_string_equal(before, after);
    free(before);
    free(after);
    zh_plan_free(p);
}

static void under_refuses(store_kind kind, zh_format format)
{
    zh_store *s = new_store(kind);

    create(s, format, "g foo\na arr");
    under_fails(s, format, "foo", "g\ng a", ZH_NESTED_ROOT);
    under_fails(s, format == ZH_V2 ? ZH_V3 : ZH_V2, "foo", "g a", ZH_FORMAT_MISMATCH);
    under_fails(s, format, "nowhere", "g a", ZH_NOTFOUND);
    under_fails(s, format, "arr", "g a", ZH_CONTAINS_ARRAY);
    under_fails(s, format, "foo/..", "g a", ZH_KEY_DOT);
    zh_store_close(s);
}

static void group_create_hierarchy_refuses__T2014_T2075(void **state)
{
    (void)state;
    for_each(under_refuses);
}

/* The group's ancestors have no documents: they are made, and not reported. */
static void relative_names_only__W15(void **state)
{
    zh_plan_options unchecked = ZH_PLAN_OPTIONS_INIT;
    zh_store *s = new_store(IN_DIRECTORY);
    zh_plan *p = make_plan(ZH_V3, "g p/q"), *q = plan_of(ZH_V3, "g a");
    zh_error err = ZH_ERROR_INIT;
    static report r;
    zh_create_options o = options_of(memset(&r, 0, sizeof(r)));

    (void)state;
    unchecked.unchecked = true;
    assert_zh_ok(zh_plan_finish(p, &unchecked, &err), &err);
    assert_zh_ok(zh_create_nodes(s, p, NULL, &err), &err);
    assert_zh_ok(zh_create_under(s, "p/q", q, &o, &err), &err);
    assert_string_equal(r.text, "g a\n");
    assert_true(has_key(s, "p/zarr.json") && has_key(s, "zarr.json"));
    zh_plan_free(p);
    zh_plan_free(q);
    zh_store_close(s);
}

/* --- rooted --- */

static void rooted(store_kind kind, zh_format format)
{
    static const char *const plans[] = {"g {\"r\":1}\ng a\na a/b", "g root {\"r\":1}\ng root/a\na root/a/b",
                                        "g /root/ {\"r\":1}\na root//a"};

    for (size_t i = 0; i < 3; i++) {
        zh_store *s = new_store(kind);
        zh_plan *p = plan_of(format, plans[i]);
        zh_buf attributes = ZH_BUF_INIT(4096);
        zh_error err = ZH_ERROR_INIT;
        zh_handle *root;

        assert_zh_ok(zh_create_rooted(&root, s, p, NULL, &err), &err);
        assert_string_equal(zh_handle_path(root), i == 0 ? "" : "root");
        assert_int_equal(zh_handle_kind(root), ZH_NODE_GROUP);
        assert_zh_ok(zh_handle_attributes(root, &attributes, &err), &err);
        assert_string_equal(zh_buf_cstr(&attributes, &err), "{\"r\":1}");
        zh_buf_dispose(&attributes);
        zh_handle_close(root);
        zh_plan_free(p);
        zh_store_close(s);
    }
}

static void create_rooted_hierarchy_group__T2167_W12(void **state)
{
    (void)state;
    for_each(rooted);
}

static void create_rooted_hierarchy_array__T2218(void **state)
{
    zh_store *s = new_store(IN_MEMORY);
    zh_plan *p = plan_of(ZH_V3, "a root {\"x\":2}");
    zh_create_options o = ZH_CREATE_OPTIONS_INIT;
    zh_error err = ZH_ERROR_INIT;
    zh_array_info info;
    zh_handle *root;

    (void)state;
    o.overwrite = true;
    create(s, ZH_V3, "g root\ng root/x");
    assert_zh_ok(zh_create_rooted(&root, s, p, &o, &err), &err);
    assert_zh_ok(zh_handle_array(root, &info, &err), &err);
    assert_int_equal(info.rank, 2);
    assert_string_equal(info.data_type, "float32");
    zh_handle_close(root);
    assert_string_equal(members(s, ZH_V3), "a root {\"x\":2}\n");
    zh_plan_free(p);
    zh_store_close(s);
}

static void create_rooted_hierarchy_invalid__T2244_T2350_W13_W14(void **state)
{
    static const struct {
        const char *lines;
        int code;
    } cases[] = {{"g a\ng b", ZH_MANY_ROOTS}, {"g a\ng b/c", ZH_MANY_ROOTS}, {"", ZH_NO_ROOT}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        zh_store *s = new_store(IN_MEMORY);
        zh_plan *p = plan_of(ZH_V3, cases[i].lines);
        zh_error err = ZH_ERROR_INIT;
        zh_handle *root;

        assert_zh_code(zh_create_rooted(&root, s, p, NULL, &err), cases[i].code, &err);
        assert_null(root);
        assert_int_equal(zh_store_log_count(s, ZH_OP_GET) + zh_store_log_count(s, ZH_OP_LIST), 0);
        zh_plan_free(p);
        zh_store_close(s);
    }
}

/* --- callbacks and handles --- */

static void empty_plan_is_no_work(void **state)
{
    zh_store *s = new_store(IN_MEMORY);
    zh_plan *p = plan_of(ZH_V3, "");
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    assert_zh_ok(zh_create_hierarchy(s, p, NULL, &err), &err);
    assert_string_equal(zh_store_log_text(s), "");
    zh_plan_free(p);
    zh_store_close(s);
}

static void ordered(store_kind kind, zh_format format)
{
    zh_store *s = new_store(kind);
    zh_plan *p = plan_of(format, "a b/c\ng x\ng a\na a/y\na a/x");
    zh_error err = ZH_ERROR_INIT;
    static report r;
    zh_create_options o = options_of(memset(&r, 0, sizeof(r)));

    o.ordered = true;
    o.requests = 4;
    assert_zh_ok(zh_create_hierarchy(s, p, &o, &err), &err);
    assert_string_equal(r.text, "g \ng a\na a/x\na a/y\ng b\na b/c\ng x\n");
    zh_plan_free(p);
    zh_store_close(s);
}

static void callbacks_in_order(void **state)
{
    (void)state;
    for_each(ordered);
}

/* Each node once, v2 groups with consolidated metadata too. */
static void once(store_kind kind, zh_format format)
{
    zh_store *s = new_store(kind);
    zh_plan *p = plan_of(format, "g {\"x\":1}\ng a {\"y\":1}\na a/b");
    zh_error err = ZH_ERROR_INIT;
    static report r;
    zh_create_options o = options_of(memset(&r, 0, sizeof(r)));

    o.consolidated = ZH_CONSOLIDATE_WRITE;
    assert_zh_ok(zh_create_hierarchy(s, p, &o, &err), &err);
    assert_string_equal(sorted(r.text), "a a/b\ng \ng a\n");
    zh_plan_free(p);
    zh_store_close(s);
}

static void yields_once__W10(void **state)
{
    (void)state;
    for_each(once);
}

typedef struct kept {
    zh_handle *handle[8];
    size_t n;
} kept;

/* A handle may be used at once, and kept. */
static int write_at_once(void *payload, const char *path, zh_node_kind kind, zh_handle *node)
{
    static const uint64_t start[] = {1, 2}, count[] = {2, 2};
    const float values[] = {1, 2, 3, 4};
    zh_error err = ZH_ERROR_INIT;
    kept *k = payload;

    (void)path;
    if (kind == ZH_NODE_ARRAY)
        assert_zh_ok(zh_handle_write(node, start, count, values, sizeof(values), &err), &err);
    zh_handle_keep(node);
    k->handle[k->n++] = node;
    return 0;
}

static void at_once(store_kind kind, zh_format format)
{
    static const uint64_t start[] = {0, 0}, count[] = {4, 6};
    zh_store *s = new_store(kind);
    zh_plan *p = plan_of(format, "a g/a\na b");
    zh_create_options o = ZH_CREATE_OPTIONS_INIT;
    zh_error err = ZH_ERROR_INIT;
    kept k = {{NULL}, 0};
    float values[24];
    zh_handle *h;

    o.created = write_at_once;
    o.payload = &k;
    assert_zh_ok(zh_create_hierarchy(s, p, &o, &err), &err);
    assert_int_equal(k.n, 4);
    assert_zh_ok(zh_get_node(&h, s, "g/a", 0, &err), &err);
    assert_zh_ok(zh_handle_read(h, start, count, values, sizeof(values), &err), &err);
    assert_true(values[1 * 6 + 2] == 1 && values[2 * 6 + 3] == 4 && values[0] == 0);
    zh_handle_close(h);
    for (size_t i = 0; i < k.n; i++) {
        if (zh_handle_kind(k.handle[i]) == ZH_NODE_ARRAY) {
            assert_zh_ok(zh_handle_read(k.handle[i], start, count, values, sizeof(values), &err), &err);
            assert_true(values[1 * 6 + 3] == 2);
        }
        zh_handle_close(k.handle[i]);
    }
    zh_plan_free(p);
    zh_store_close(s);
}

static void handles_are_usable_at_once(void **state)
{
    (void)state;
    for_each(at_once);
}

static void aborted(store_kind kind, zh_format format)
{
    for (size_t k = 1; k <= 6; k++) {
        zh_store *s = new_store(kind);
        zh_plan *p = plan_of(format, "a g/a\na b\ng new/x/y");
        zh_error err = ZH_ERROR_INIT;
        char *before, *after;
        static report r;
        zh_create_options o = options_of(memset(&r, 0, sizeof(r)));

        create(s, format, "g old {\"x\":1}");
        before = snapshot(s);
        r.stop_at = k;
        assert_zh_code(zh_create_hierarchy(s, p, &o, &err), ZH_ABORTED, &err);
        assert_int_equal(r.n, k);
        after = snapshot(s);
        assert_string_equal(before, after);
        free(before);
        free(after);
        zh_plan_free(p);
        zh_store_close(s);
    }
}

static void early_abort_removes_what_was_created__W11(void **state)
{
    (void)state;
    for_each(aborted);
}

/* --- overwriting --- */

static void replaced_root(store_kind kind, zh_format format)
{
    for (int purge = 0; purge <= 1; purge++) {
        zh_store *s = new_store(kind);
        zh_plan *p = plan_of(format, "g {\"new\":1}\ng a\na c");
        zh_create_options o = ZH_CREATE_OPTIONS_INIT;
        zh_error err = ZH_ERROR_INIT;

        create(s, format, "g {\"old\":1}\ng a {\"old\":1}\na a/old\na b");
        put_key(s, "README.txt", "words");
        o.overwrite = true;
        o.purge = purge != 0;
        assert_zh_ok(zh_create_hierarchy(s, p, &o, &err), &err);
        assert_string_equal(members(s, format), "g a {}\na c {}\n");
        assert_int_equal(has_key(s, "README.txt"), !purge);
        assert_false(has_temporaries(s));
        zh_plan_free(p);
        zh_store_close(s);
    }
}

static void overwritten_root_keeps_foreign_files(void **state)
{
    (void)state;
    for_each(replaced_root);
}

/* Chunks of what was replaced do not show in what replaces it. */
static void replaced_array(store_kind kind, zh_format format)
{
    static const uint64_t start[] = {0, 0}, count[] = {4, 6};
    zh_store *s = new_store(kind);
    zh_error err = ZH_ERROR_INIT;
    float values[24];
    zh_handle *h;

    for (size_t i = 0; i < 24; i++)
        values[i] = 7;
    create(s, format, "a g/a");
    assert_zh_ok(zh_get_node(&h, s, "g/a", 0, &err), &err);
    assert_zh_ok(zh_handle_write(h, start, count, values, sizeof(values), &err), &err);
    zh_handle_close(h);
    (void)create_with(s, format, "a g/a {\"x\":1}", true, ZH_OK);
    assert_zh_ok(zh_get_node(&h, s, "g/a", 0, &err), &err);
    assert_zh_ok(zh_handle_read(h, start, count, values, sizeof(values), &err), &err);
    assert_true(values[0] == 0 && values[23] == 0);
    zh_handle_close(h);
    zh_store_close(s);
}

static void overwritten_arrays_lose_their_chunks__T1743(void **state)
{
    (void)state;
    for_each(replaced_array);
}

static void zip_unopened_or_reading__W20(void **state)
{
    zh_error err = ZH_ERROR_INIT;
    zh_plan *p = plan_of(ZH_V3, "g a");
    zh_store *s;

    (void)state;
    assert_zh_ok(zh_store_zip_open(&s, "z.zip", ZH_CREATE_EXCL, &err), &err);
    assert_zh_ok(zh_create_hierarchy(s, p, NULL, &err), &err);
    zh_store_close(s);
    assert_zh_ok(zh_store_zip_open(&s, "z.zip", ZH_OPEN_READ, &err), &err);
    assert_zh_code(zh_create_hierarchy(s, p, NULL, &err), ZH_READONLY, &err);
    assert_string_equal(members(s, ZH_V3), "g a {}\n");
    zh_store_close(s);
    zh_plan_free(p);
}

static void always_zattrs_as_zarr_python_writes_them(void **state)
{
    zh_store *s = new_store(IN_MEMORY);
    zh_plan *p = plan_of(ZH_V2, "g a");
    zh_create_options o = ZH_CREATE_OPTIONS_INIT;
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    o.always_zattrs = true;
    assert_zh_ok(zh_create_hierarchy(s, p, &o, &err), &err);
    assert_true(has_key(s, ".zattrs") && has_key(s, "a/.zattrs"));
    zh_plan_free(p);
    zh_store_close(s);
}

/* The group is there and can be opened, what is above it not. */
static void above(store_kind kind, zh_format format)
{
    zh_store *s = new_store(kind);
    zh_create_options o = ZH_CREATE_OPTIONS_INIT;
    zh_plan *p = plan_of(format, "a x/y");
    zh_error err = ZH_ERROR_INIT;
    static report r;

    put_key(s, document_key(format, ZH_NODE_GROUP, "p/q/g"),
            format == ZH_V3 ? "{\"zarr_format\":3,\"node_type\":\"group\"}" : "{\"zarr_format\":2}");
    zh_store_fault_set(s, ZH_OP_FLUSH, 1, EIO, false);
    assert_zh_code(zh_create_under(s, "p/q/g", p, &o, &err), ZH_IO, &err);
    assert_false(has_key(s, document_key(format, ZH_NODE_GROUP, "p")));
    o = options_of(memset(&r, 0, sizeof(r)));
    assert_zh_ok(zh_create_under(s, "p/q/g", p, &o, &err), &err);
    assert_string_equal(sorted(r.text), "a x/y\ng x\n");
    assert_string_equal(members(s, format), "g p {}\ng p/q {}\ng p/q/g {}\ng p/q/g/x {}\na p/q/g/x/y {}\n");
    zh_store_close(s);
    s = new_store(kind);
    create(s, format, "a p");
    put_key(s, document_key(format, ZH_NODE_GROUP, "p/q/g"),
            format == ZH_V3 ? "{\"zarr_format\":3,\"node_type\":\"group\"}" : "{\"zarr_format\":2}");
    assert_zh_code(zh_create_under(s, "p/q/g", p, NULL, &err), ZH_CONTAINS_ARRAY, &err);
    zh_plan_free(p);
    zh_store_close(s);
}

static void groups_above_are_made_and_arrays_refused__W15(void **state)
{
    (void)state;
    for_each(above);
}

/* A plan that was checked has implicit groups: what is there stands for them. */
static void nodes_of_checked_plan(store_kind kind, zh_format format)
{
    zh_store *s = new_store(kind);
    zh_plan *p = plan_of(format, "a g/new {\"n\":1}\na g/h/x\ng a\ng b");
    zh_error err = ZH_ERROR_INIT;

    create(s, format, "g {\"root\":1}\ng g {\"old\":1}\na a {\"old\":1}\ng b {\"old\":1}");
    assert_zh_ok(zh_create_nodes(s, p, NULL, &err), &err);
    assert_string_equal(members(s, format), "g a {}\ng b {}\ng g {\"old\":1}\ng g/h {}\na g/h/x {}\n"
                                            "a g/new {\"n\":1}\n");
    assert_false(has_key(s, "a/.zarray") || has_key(s, "a/.zattrs") || has_key(s, "b/.zattrs"));
    assert_int_equal(has_key(s, ".zattrs"), format == ZH_V2);
    zh_plan_free(p);
    zh_store_close(s);
}

static void create_nodes_keeps_groups_for_implicit_ones(void **state)
{
    (void)state;
    for_each(nodes_of_checked_plan);
}

static int consolidate_at_once(void *payload, const char *path, zh_node_kind kind, zh_handle *node)
{
    zh_error err = ZH_ERROR_INIT;
    const int rc = zh_consolidate(payload, "", 1, &err);

    (void)kind;
    (void)node;
    if (*path != '\0') /* the root comes when the store is locked */
        return 0;
    assert_zh_code(rc, ZH_INVALID, &err);
    assert_zh_message(&err, "locked by this very thread");
    return 0;
}

static void waits_for_itself(store_kind kind, zh_format format)
{
    zh_store *s = new_store(kind);
    zh_create_options o = ZH_CREATE_OPTIONS_INIT;
    zh_plan *p = plan_of(format, "g {\"old\":1}");
    zh_error err = ZH_ERROR_INIT;

    create(s, format, "g old");
    o.overwrite = true;
    o.created = consolidate_at_once;
    o.payload = s;
    assert_zh_ok(zh_create_hierarchy(s, p, &o, &err), &err);
    zh_plan_free(p);
    zh_store_close(s);
}

static void a_callback_does_not_wait_for_itself(void **state)
{
    (void)state;
    for_each(waits_for_itself);
}

/* Files and links that are no node are told as what they are; directories without a file are nothing. */
static void what_is_no_node(void **state)
{
    (void)state;
    for (int format = ZH_V2; format <= ZH_V3; format++) {
        zh_store *s = new_store(IN_DIRECTORY);
        char path[256];

        create(s, (zh_format)format, "g old");
        put_key(s, "file", "text");
        for (int overwrite = 0; overwrite <= 1; overwrite++) {
            (void)create_with(s, (zh_format)format, "g file", overwrite != 0, ZH_EXISTS);
            (void)create_with(s, (zh_format)format, "a file/x", overwrite != 0, ZH_EXISTS);
        }
        (void)snprintf(path, sizeof(path), "%s/link", zh_store_url(s));
        assert_int_equal(symlink("nowhere", path), 0);
        (void)create_with(s, (zh_format)format, "g link", false, ZH_RACE);
        (void)snprintf(path, sizeof(path), "%s/hollow", zh_store_url(s));
        assert_int_equal(mkdir(path, 0777), 0);
        (void)snprintf(path, sizeof(path), "%s/hollow/in", zh_store_url(s));
        assert_int_equal(mkdir(path, 0777), 0);
        (void)create_with(s, (zh_format)format, "a hollow", false, ZH_OK);
        assert_string_equal(members(s, (zh_format)format), "a hollow {}\ng old {}\n");
        zh_store_close(s);
    }
}

/* Another program, which takes no lock, has put a node into ours before we fail. */
static void join_in(void *payload)
{
    put_key(payload, "n/theirs/zarr.json", "{\"zarr_format\":3,\"node_type\":\"group\"}");
    put_key(payload, "n/a/c/notes", "mine");
}

static void nodes_of_others_stay_when_ours_go(void **state)
{
    zh_store *s = new_store(IN_MEMORY);
    zh_create_options o = ZH_CREATE_OPTIONS_INIT;
    zh_plan *p = plan_of(ZH_V3, "g n {\"mine\":1}\na n/a\na z");
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    create(s, ZH_V3, "g old");
    o.requests = 1;
    zh_store_fault_set_hook(s, ZH_OP_MOVE, 2, join_in, s);
    zh_store_fault_set(s, ZH_OP_MOVE, 2, ENOSPC, false);
    assert_zh_code(zh_create_hierarchy(s, p, &o, &err), ZH_PARTIAL, &err);
    assert_zh_message(&err, "others have put 2 keys there");
    assert_true(has_key(s, "n/theirs/zarr.json") && has_key(s, "n/a/c/notes"));
    assert_false(has_key(s, "n/zarr.json") || has_key(s, "n/a/zarr.json") || has_key(s, "z/zarr.json"));
    assert_false(has_temporaries(s));
    zh_plan_free(p);
    zh_store_close(s);
}

/* The stage lies on the medium before it is moved to where readers see it, and all of it at the end. */
static void durable(store_kind kind, zh_format format)
{
    zh_store *s = new_store(kind);
    zh_create_options o = ZH_CREATE_OPTIONS_INIT;
    zh_plan *p = plan_of(format, "a a/b\ng c");
    zh_error err = ZH_ERROR_INIT;
    const unsigned syncs = kind == IN_MEMORY || kind == IN_DIRECTORY ? 2 : 1;
    const char *last, *text;
    char *before, *after;

    create(s, format, "g old");
    before = snapshot(s);
    for (unsigned k = 1; k <= syncs; k++) {
        o.durable = true;
        zh_store_fault_set(s, ZH_OP_SYNC, k, EIO, false);
        assert_zh_code(zh_create_hierarchy(s, p, &o, &err), ZH_IO, &err);
        after = snapshot(s);
        assert_string_equal(before, after);
        free(after);
    }
    zh_store_log_clear(s);
    assert_zh_ok(zh_create_hierarchy(s, p, &o, &err), &err);
    assert_int_equal(zh_store_log_count(s, ZH_OP_SYNC), syncs);
    text = zh_store_log_text(s);
    last = strstr(text, "sync");
    if (syncs == 2) {
        assert_true(last < strstr(text, "move"));
        last = strstr(last + 1, "sync");
    }
    assert_null(strstr(last, "put"));
    assert_null(strstr(last, "move"));
    free(before);
    zh_plan_free(p);
    zh_store_close(s);
}

static void durable_is_synced_before_it_is_seen(void **state)
{
    (void)state;
    for_each(durable);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        zh_sandbox_test(create_nodes__T1757),
        zh_sandbox_test(create_nodes_takes_mixed_formats__T1757),
        zh_sandbox_test(create_nodes_leaves_no_store__W8),
        zh_sandbox_test(create_hierarchy__T1847),
        zh_sandbox_test(create_hierarchy_existing_nodes__T1899_T965),
        zh_sandbox_test(implicit_over_array__W6_T816_T2360),
        zh_sandbox_test(array_over_documentless_parent__W2),
        zh_sandbox_test(stale_chunks__W3),
        zh_sandbox_test(other_format_present__W4),
        zh_sandbox_test(unreadable_document),
        zh_sandbox_test(create_creates_parents__T93),
        zh_sandbox_test(implicit_groups_are_not_rewritten),
        zh_sandbox_test(group_create_hierarchy__T1957),
        zh_sandbox_test(group_create_hierarchy_refuses__T2014_T2075),
        zh_sandbox_test(relative_names_only__W15),
        zh_sandbox_test(create_rooted_hierarchy_group__T2167_W12),
        zh_sandbox_test(create_rooted_hierarchy_array__T2218),
        zh_sandbox_test(create_rooted_hierarchy_invalid__T2244_T2350_W13_W14),
        zh_sandbox_test(empty_plan_is_no_work),
        zh_sandbox_test(callbacks_in_order),
        zh_sandbox_test(yields_once__W10),
        zh_sandbox_test(handles_are_usable_at_once),
        zh_sandbox_test(early_abort_removes_what_was_created__W11),
        zh_sandbox_test(overwritten_root_keeps_foreign_files),
        zh_sandbox_test(overwritten_arrays_lose_their_chunks__T1743),
        zh_sandbox_test(zip_unopened_or_reading__W20),
        zh_sandbox_test(always_zattrs_as_zarr_python_writes_them),
        zh_sandbox_test(durable_is_synced_before_it_is_seen),
        zh_sandbox_test(groups_above_are_made_and_arrays_refused__W15),
        zh_sandbox_test(create_nodes_keeps_groups_for_implicit_ones),
        zh_sandbox_test(a_callback_does_not_wait_for_itself),
        zh_sandbox_test(what_is_no_node),
        zh_sandbox_test(nodes_of_others_stay_when_ours_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
