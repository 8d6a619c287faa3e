/* test_tree.c - the tree in memory: names, order, references, attributes. Nothing here reads a store but where it says
 * so. */
#include "hier_fixture.h"

#include "base/key.h"

static void create_and_find(void **state)
{
    zh_tree *t = create_tree(memory_store(), ZH_V3, 1);
    zh_node *root = zh_tree_root(t), *g, *other;
    zh_error err = ZH_ERROR_INIT;
    zh_buf path = ZH_BUF_INIT(1000);

    (void)state;
    assert_int_equal(root->id, 1);
    assert_true(zh_tree_by_id(t, 1) == root);
    assert_zh_code(zh_node_child(&g, root, "a", 1, &err), ZH_NOTFOUND, &err);
    assert_string_equal(err.message, "");
    g = add_group(t, "/", "a");
    assert_true(zh_tree_by_id(t, g->id) == g);
    assert_true(node_at(t, "/a") == g);
    assert_zh_code(zh_node_new_group(&other, t, root, "a", 1, NULL, &err), ZH_EXISTS, &err);
    assert_zh_message(&err, "'/a'");
    assert_zh_code(zh_node_new_group(&other, t, root, "", 0, NULL, &err), ZH_INVALID, &err);
    assert_zh_code(zh_node_new_group(&other, t, root, "x/y", 3, NULL, &err), ZH_INVALID, &err);
    assert_zh_code(zh_node_new_group(&other, t, root, "x\0y", 3, NULL, &err), ZH_INVALID, &err);
    (void)add_array(t, "/a", "data", 3, 3);
    assert_zh_code(zh_node_new_group(&other, t, node_at(t, "/a/data"), "x", 1, NULL, &err), ZH_INVALID, &err);
    assert_zh_code(zh_node_child(&other, node_at(t, "/a/data"), "x", 1, &err), ZH_INVALID, &err);
    assert_zh_ok(zh_node_path(node_at(t, "/a/data"), &path, &err), &err);
    assert_memory_equal(path.ptr, "/a/data", path.len);
    assert_int_equal(path.len, 7);
    assert_null(zh_tree_by_id(t, 99));
    assert_null(zh_tree_by_id(t, 0));
    zh_buf_dispose(&path);
    zh_tree_close(t);
}

static void children_are_ordered(void **state)
{
    static const char *const names[] = {"m", "b", "z", "a", "k"}, *const sorted[] = {"a", "b", "k", "m", "z"};
    zh_tree *t = create_tree(memory_store(), ZH_V3, 1);
    zh_node *root = zh_tree_root(t), **list, *one;
    zh_error err = ZH_ERROR_INIT;
    size_t n, i;

    (void)state;
    for (i = 0; i < 5; i++)
        (void)add_group(t, "/", names[i]);
    assert_zh_ok(zh_node_children(&list, &n, root, false, &err), &err);
    assert_int_equal(n, 5);
    for (i = 0; i < 5; i++)
        assert_string_equal(list[i]->name, sorted[i]);
    zh_free(list);
    for (i = 0; i < 5; i++) {
        assert_zh_ok(zh_node_child_at(&one, root, i, true, &err), &err);
        assert_string_equal(one->name, names[i]);
    }
    assert_zh_code(zh_node_child_at(&one, root, 5, true, &err), ZH_RANGE, &err);
    assert_zh_ok(zh_node_remove(node_at(t, "/b"), &err), &err);
    (void)add_group(t, "/", "b");
    assert_zh_ok(zh_node_child_at(&one, root, 4, true, &err), &err);
    assert_string_equal(one->name, "b");
    assert_zh_ok(zh_node_child_count(&n, root, &err), &err);
    assert_int_equal(n, 5);
    zh_tree_close(t);
}

/* 10 000 children, every second one removed and some made again: against what they must be. */
static void a_large_group(void **state)
{
    zh_tree *t = create_tree(memory_store(), ZH_V3, 1);
    zh_error err = ZH_ERROR_INIT;
    zh_node *node;
    char name[32];
    size_t n;
    int i;

    (void)state;
    for (i = 0; i < 10000; i++) {
        snprintf(name, sizeof(name), "n%d", i);
        (void)add_group(t, "/", name);
    }
    for (i = 0; i < 10000; i += 2) {
        snprintf(name, sizeof(name), "n%d", i);
        assert_zh_ok(zh_node_remove(node_at(t, name), &err), &err);
    }
    for (i = 0; i < 10000; i += 6) {
        snprintf(name, sizeof(name), "n%d", i);
        (void)add_group(t, "/", name);
    }
    for (i = 0; i < 10000; i++) {
        bool is = i % 2 == 1 || i % 6 == 0;

        snprintf(name, sizeof(name), "n%d", i);
        assert_zh_code(zh_node_child(&node, zh_tree_root(t), name, strlen(name), &err), is ? ZH_OK : ZH_NOTFOUND, &err);
    }
    assert_zh_ok(zh_node_child_count(&n, zh_tree_root(t), &err), &err);
    assert_int_equal(n, 5000 + 1667);
    zh_tree_close(t);
}

static void removed_while_referred_to(void **state)
{
    zh_tree *t = create_tree(memory_store(), ZH_V3, 1);
    zh_node *a, *b, *c, *found;
    zh_error err = ZH_ERROR_INIT;
    zh_buf path = ZH_BUF_INIT(100);
    zh_array *array;
    uint64_t id_b, id_c;

    (void)state;
    a = add_group(t, "/", "a");
    b = add_group(t, "/a", "b");
    c = add_array(t, "/a/b", "c", 3, 3);
    id_b = b->id;
    id_c = c->id;
    zh_node_ref(b);
    zh_node_ref(c);
    assert_zh_ok(zh_node_remove(a, &err), &err);
    assert_null(zh_tree_by_id(t, id_b));
    assert_null(b->parent);
    assert_zh_ok(zh_node_path(b, &path, &err), &err);
    assert_int_equal(path.len, 0);
    assert_zh_ok(zh_node_child(&found, b, "c", 1, &err), &err); /* still below the open group */
    assert_true(found == c);
    assert_zh_code(zh_node_array(&array, c, &err), ZH_UNSUPPORTED, &err);
    assert_zh_ok(zh_node_set_attr(b, "x", "1", NULL, &err), &err); /* allowed, and written nowhere */
    assert_zh_ok(zh_node_new_group(&found, t, b, "new", 3, NULL, &err), &err);
    assert_null(zh_tree_by_id(t, found->id));
    zh_node_unref(b); /* frees b and new; c is referred to */
    assert_null(c->parent);
    assert_null(zh_tree_by_id(t, id_c));
    flush_tree(t);
    assert_false(zh_tree_dirty(t));
    zh_node_unref(c);
    assert_zh_code(zh_node_remove(zh_tree_root(t), &err), ZH_INVALID, &err);
    zh_buf_dispose(&path);
    zh_tree_close(t);
}

/* What the caller forgot to release goes with the tree. */
static void closing_frees_all(void **state)
{
    zh_tree *t = create_tree(memory_store(), ZH_V3, 1);
    zh_error err = ZH_ERROR_INIT;
    zh_node *node;

    (void)state;
    node = add_group(t, "/", "a");
    zh_node_ref(node);
    assert_zh_ok(zh_node_remove(node, &err), &err);
    assert_zh_ok(zh_node_new_group(&node, t, NULL, NULL, 0, "\"comment\":\"none\"", &err), &err);
    zh_tree_close(t);
    zh_tree_close(NULL);
}

static void anonymous_nodes(void **state)
{
    static const int32_t values[4] = {4, 3, 2, 1};
    const uint64_t shape = 4, chunk = 2;
    zh_store *mem = memory_store();
    zh_tree *t = create_tree(borrow_store(mem), ZH_V3, 1);
    zh_error err = ZH_ERROR_INIT;
    zh_node *g, *a, *other;
    int32_t got[4];

    (void)state;
    assert_zh_ok(zh_node_new_group(&g, t, NULL, NULL, 0, NULL, &err), &err);
    zh_node_ref(g);
    assert_zh_ok(zh_node_new_array(&a, t, g, "inner", 5, int_meta(ZH_V3, 1, &shape, &chunk), NULL, &err), &err);
    write_ints(a, values);
    read_ints(a, got);
    assert_memory_equal(got, values, sizeof(values));
    flush_tree(t); /* has nothing to write of it, and keeps it */
    assert_true(is_stored(mem, "zarr.json"));
    assert_false(is_stored(mem, "inner/zarr.json"));
    (void)add_group(t, "/", "taken");
    assert_zh_code(zh_node_link(g, zh_tree_root(t), "taken", 5, &err), ZH_EXISTS, &err);
    assert_zh_ok(zh_node_link(g, zh_tree_root(t), "g", 1, &err), &err);
    assert_zh_code(zh_node_link(g, zh_tree_root(t), "h", 1, &err), ZH_INVALID, &err);
    read_ints(node_at(t, "/g/inner"), got);
    assert_memory_equal(got, values, sizeof(values));
    flush_tree(t);
    assert_true(is_stored(mem, "g/inner/c/1"));
    zh_node_unref(g);
    assert_true(node_at(t, "/g") == g);

    /* one that is never linked goes with its last reference */
    assert_zh_ok(zh_node_new_array(&other, t, NULL, NULL, 0, int_meta(ZH_V3, 1, &shape, &chunk), NULL, &err), &err);
    write_ints(other, values);
    zh_node_ref(other);
    zh_node_unref(other);
    zh_tree_close(t);
    zh_store_close(mem);
}

static void moving(void **state)
{
    static const int32_t values[4] = {4, 3, 2, 1};
    zh_store *mem = memory_store();
    zh_tree *t = create_tree(borrow_store(mem), ZH_V3, 1);
    zh_error err = ZH_ERROR_INIT;
    zh_node *g;
    int32_t got[4];
    char *keys;

    (void)state;
    (void)add_group(t, "/", "from");
    (void)add_group(t, "/from", "sub");
    (void)add_group(t, "/", "to");
    write_ints(add_array(t, "/from/sub", "x", 4, 2), values);
    g = node_at(t, "/from");
    assert_zh_code(zh_node_move(g, node_at(t, "/from/sub"), "f", 1, &err), ZH_INVALID, &err);
    assert_zh_code(zh_node_move(g, zh_tree_root(t), "to", 2, &err), ZH_EXISTS, &err);
    assert_zh_ok(zh_node_move(g, node_at(t, "/to"), "moved", 5, &err), &err);
    read_ints(node_at(t, "/to/moved/sub/x"), got);
    assert_memory_equal(got, values, sizeof(values));
    flush_tree(t);
    keys = stored_keys(mem);
    assert_string_equal(keys,
                        "to/moved/sub/x/c/0\nto/moved/sub/x/c/1\nto/moved/sub/x/zarr.json\nto/moved/sub/zarr.json\n"
                        "to/moved/zarr.json\nto/zarr.json\nzarr.json\n");
    free(keys);
    assert_zh_code(zh_node_move(g, zh_tree_root(t), "back", 4, &err), ZH_UNSUPPORTED, &err);

    /* chunks that went with an array into a group that is then removed */
    write_ints(add_array(t, "/", "y", 4, 2), values);
    (void)add_group(t, "/", "h");
    assert_zh_ok(zh_node_move(node_at(t, "/y"), node_at(t, "/h"), "z", 1, &err), &err);
    assert_zh_ok(zh_node_remove(node_at(t, "/h"), &err), &err);
    flush_tree(t);
    keys = stored_keys(mem);
    assert_null(strstr(keys, "h/"));
    assert_null(strstr(keys, "y/"));
    free(keys);
    zh_tree_close(t);
    zh_store_close(mem);
}

static void paths_that_are_too_long(void **state)
{
    zh_tree *t = create_tree(memory_store(), ZH_V3, 1);
    zh_node *at = zh_tree_root(t), *next;
    zh_error err = ZH_ERROR_INIT;
    char name[200];
    unsigned depth = 0;
    int rc;

    (void)state;
    memset(name, 'd', sizeof(name));
    for (;;) {
        rc = zh_node_new_group(&next, t, at, name, sizeof(name), NULL, &err);
        if (rc < 0)
            break;
        at = next;
        depth++;
    }
    assert_zh_code(rc, ZH_RANGE, &err);
    assert_int_equal(depth, (ZH_KEY_MAX - 16) / 201);
    flush_tree(t);
    zh_tree_close(t);
}

/* As deep as keys allow: no recursion anywhere. */
static void a_deep_tree(void **state)
{
    zh_store *mem = memory_store();
    zh_tree *t = create_tree(borrow_store(mem), ZH_V3, 2);
    zh_node *at = zh_tree_root(t), *next;
    zh_error err = ZH_ERROR_INIT;
    unsigned i, depth = (ZH_KEY_MAX - 20) / 2;

    (void)state;
    for (i = 0; i < depth; i++) {
        assert_zh_ok(zh_node_new_group(&next, t, at, "d", 1, NULL, &err), &err);
        at = next;
    }
    flush_tree(t);
    zh_tree_close(t);
    t = open_tree(borrow_store(mem), 2);
    at = zh_tree_root(t);
    for (i = 0; i < depth; i++)
        assert_zh_ok(zh_node_child(&at, at, "d", 1, &err), &err);
    assert_zh_ok(zh_node_remove(node_at(t, "/d"), &err), &err);
    flush_tree(t);
    zh_tree_close(t);
    zh_store_close(mem);
}

static void attributes(void **state)
{
    zh_tree *t = create_tree(memory_store(), ZH_V2, 1);
    zh_node *g = add_group(t, "/", "g");
    zh_error err = ZH_ERROR_INIT;
    zh_attr *a;
    char name[32], value[32];
    int i;

    (void)state;
    assert_null(zh_node_attr(g, "x"));
    assert_zh_code(zh_node_remove_attr(g, "x", &err), ZH_NOTFOUND, &err);
    for (i = 0; i < 1000; i++) {
        snprintf(name, sizeof(name), "a%d", i);
        snprintf(value, sizeof(value), "%d", i);
        assert_zh_ok(zh_node_set_attr(g, name, value, i % 3 ? NULL : "\"type\":1", &err), &err);
    }
    for (i = 0; i < 1000; i += 2) {
        snprintf(name, sizeof(name), "a%d", i);
        assert_zh_ok(zh_node_remove_attr(g, name, &err), &err);
    }
    assert_zh_ok(zh_node_set_attr(g, "a501", "\"new\"", NULL, &err), &err);
    assert_zh_ok(zh_node_rename_attr(g, "a503", "b", &err), &err);
    assert_zh_code(zh_node_rename_attr(g, "a505", "b", &err), ZH_EXISTS, &err);
    assert_zh_code(zh_node_rename_attr(g, "none", "c", &err), ZH_NOTFOUND, &err);
    for (i = 1; i < 1000; i += 2) {
        snprintf(name, sizeof(name), "a%d", i);
        snprintf(value, sizeof(value), "%d", i);
        a = zh_node_attr(g, i == 503 ? "b" : name);
        assert_non_null(a);
        assert_string_equal(a->json, i == 501 ? "\"new\"" : value);
        assert_int_equal(a->corder, i);
    }
    assert_int_equal(g->nattrs, 500);
    for (i = 1; i < 1000; i += 2) {
        snprintf(name, sizeof(name), "a%d", i);
        assert_zh_ok(zh_node_remove_attr(g, i == 503 ? "b" : name, &err), &err);
    }
    assert_int_equal(g->nattrs, 0);
    assert_zh_code(zh_node_set_attr(g, "_HDF5", "1", NULL, &err), ZH_INVALID, &err);
    assert_zh_code(zh_node_set_attr(g, "_ARRAY_DIMENSIONS", "1", NULL, &err), ZH_INVALID, &err);
    assert_zh_code(zh_node_set_attr(g, "\xff", "1", NULL, &err), ZH_UNSUPPORTED, &err);
    zh_tree_close(t);
}

static void arrays_are_checked_when_made(void **state)
{
    const uint64_t shape = 4;
    zh_tree *t = create_tree(memory_store(), ZH_V3, 1);
    zh_array_meta *m = int_meta(ZH_V2, 1, &shape, NULL);
    zh_error err = ZH_ERROR_INIT;
    zh_node *node;

    (void)state;
    assert_zh_code(zh_node_new_array(&node, t, zh_tree_root(t), "a", 1, m, NULL, &err), ZH_INVALID, &err);
    zh_array_meta_free(m);
    m = int_meta(ZH_V3, 1, &shape, NULL);
    m->chunk[0] = 0;
    assert_zh_code(zh_node_new_array(&node, t, zh_tree_root(t), "a", 1, m, NULL, &err), ZH_INVALID, &err);
    zh_array_meta_free(m);
    assert_zh_code(zh_node_child(&node, zh_tree_root(t), "a", 1, &err), ZH_NOTFOUND, &err);
    zh_tree_close(t);
}

/* Ids are never given twice, and their table does not grow with the dead. */
static void ids(void **state)
{
    zh_tree *t = create_tree(memory_store(), ZH_V3, 1);
    zh_error err = ZH_ERROR_INIT;
    uint64_t last = 1;
    zh_node *node;
    int i;

    (void)state;
    for (i = 0; i < 5000; i++) {
        node = add_group(t, "/", "same");
        assert_true(node->id > last);
        assert_true(zh_tree_by_id(t, node->id) == node);
        if (i > 0)
            assert_null(zh_tree_by_id(t, last));
        last = node->id;
        assert_zh_ok(zh_node_remove(node, &err), &err);
    }
    zh_tree_close(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(create_and_find),
        cmocka_unit_test(children_are_ordered),
        cmocka_unit_test(a_large_group),
        cmocka_unit_test(removed_while_referred_to),
        cmocka_unit_test(closing_frees_all),
        cmocka_unit_test(anonymous_nodes),
        cmocka_unit_test(moving),
        cmocka_unit_test(paths_that_are_too_long),
        cmocka_unit_test(a_deep_tree),
        cmocka_unit_test(attributes),
        cmocka_unit_test(arrays_are_checked_when_made),
        cmocka_unit_test(ids),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
