/* test_publish.c - what reaches the store, how often, in which order, and byte by byte. */
#include "hier_fixture.h"

#include "hier/publish.h"

typedef struct logged {
    zh_store *mem, *log;
    zh_tree *tree;
} logged;

static logged create_logged(zh_format format, unsigned threads)
{
    zh_error err = ZH_ERROR_INIT;
    logged l = {memory_store(), NULL, NULL};

    assert_zh_ok(zh_store_log_open(&l.log, borrow_store(l.mem), &err), &err);
    l.tree = create_tree(l.log, format, threads);
    return l;
}

static logged reopen_logged(logged l)
{
    zh_error err = ZH_ERROR_INIT;

    zh_tree_close(l.tree);
    assert_zh_ok(zh_store_log_open(&l.log, borrow_store(l.mem), &err), &err);
    l.tree = open_tree(l.log, 2);
    zh_store_log_clear(l.log);
    return l;
}

static void close_logged(logged l)
{
    zh_tree_close(l.tree);
    zh_store_close(l.mem);
}

/* Line number of the first "put <key> " in the log, -1 if there is none; *flags is what follows the key. */
static int line_of_put(const char *log, const char *key, char flags[64])
{
    const char *line = log;
    size_t n = strlen(key), i;
    int number = 0;

    for (; *line; line += strcspn(line, "\n") + 1, number++) {
        if (strncmp(line, "put ", 4) == 0 && strncmp(line + 4, key, n) == 0 && line[4 + n] == ' ') {
            for (i = 0; line[5 + n + i] != '\n' && i < 63; i++)
                flags[i] = line[5 + n + i];
            flags[i] = '\0';
            return number;
        }
    }
    return -1;
}

static void assert_stored(zh_store *s, const char *key, const char *want)
{
    char *got = stored_text(s, key);

    assert_non_null(got);
    assert_string_equal(got, want);
    free(got);
}

static void add_some(zh_tree *t)
{
    zh_error err = ZH_ERROR_INIT;
    char name[32];
    int i;

    (void)add_group(t, "/", "a");
    (void)add_group(t, "/a", "b");
    for (i = 0; i < 20; i++) {
        snprintf(name, sizeof(name), "x%d", i);
        (void)add_array(t, "/a/b", name, 3, 3);
    }
    assert_zh_ok(zh_node_set_attr(node_at(t, "/a"), "k", "1", NULL, &err), &err);
}

static void nothing_before_the_flush(void **state)
{
    logged l = create_logged(ZH_V3, 2);
    zh_publish_stats stats;
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    add_some(l.tree);
    assert_string_equal(zh_store_log_text(l.log), "");
    assert_true(zh_tree_dirty(l.tree));
    assert_zh_ok(zh_tree_flush(l.tree, &stats, &err), &err);
    assert_int_equal(zh_store_log_count(l.log, ZH_OP_PUT), 23);
    assert_int_equal(zh_store_log_count(l.log, ZH_OP_GET), 0);
    assert_int_equal(zh_store_log_count(l.log, ZH_OP_LIST), 0);
    assert_int_equal(zh_store_log_count(l.log, ZH_OP_ERASE), 0);
    assert_int_equal(zh_store_log_count(l.log, ZH_OP_FLUSH), 1);
    assert_int_equal(stats.nodes, 23);
    assert_int_equal(stats.documents, 23);
    assert_int_equal(stats.threads, 2);
    assert_true(stats.bytes > 23 * 40);
    assert_false(zh_tree_dirty(l.tree));
    zh_store_log_clear(l.log);
    assert_zh_ok(zh_tree_flush(l.tree, &stats, &err), &err);
    assert_int_equal(zh_store_log_count(l.log, ZH_OP_PUT), 0);
    assert_int_equal(stats.nodes, 0);
    close_logged(l);
}

/* v2: groups without attributes have one document; arrays have two, because of their dimension names. */
static void v2_counts(void **state)
{
    logged l = create_logged(ZH_V2, 2);
    zh_error err = ZH_ERROR_INIT;
    zh_publish_stats stats;
    char flags[64];
    const char *log;

    (void)state;
    (void)add_group(l.tree, "/", "a");
    (void)add_group(l.tree, "/", "b");
    assert_zh_ok(zh_node_set_attr(node_at(l.tree, "/a"), "k", "1", NULL, &err), &err);
    assert_zh_ok(zh_tree_flush(l.tree, &stats, &err), &err);
    assert_int_equal(stats.nodes, 3);
    assert_int_equal(zh_store_log_count(l.log, ZH_OP_PUT), 4);
    log = zh_store_log_text(l.log);
    assert_true(line_of_put(log, "a/.zattrs", flags) < line_of_put(log, "a/.zgroup", flags));
    assert_int_equal(line_of_put(log, "b/.zattrs", flags), -1);

    zh_store_log_clear(l.log);
    (void)add_array(l.tree, "/b", "x", 4, 4);
    flush_tree(l.tree);
    log = zh_store_log_text(l.log);
    assert_true(line_of_put(log, "b/x/0", flags) >= 0); /* the chunk that must not be missing */
    assert_true(line_of_put(log, "b/x/0", flags) < line_of_put(log, "b/x/.zattrs", flags));
    assert_true(line_of_put(log, "b/x/.zattrs", flags) < line_of_put(log, "b/x/.zarray", flags));
    assert_int_equal(zh_store_log_count(l.log, ZH_OP_PUT), 3);
    assert_stored(l.mem, "b/x/.zattrs", "{\"_ARRAY_DIMENSIONS\":[\"phony_dim_4\"]}");

    /* an attribute alone rewrites .zattrs alone; the last one takes it away */
    zh_store_log_clear(l.log);
    assert_zh_ok(zh_node_set_attr(node_at(l.tree, "/a"), "k", "2", NULL, &err), &err);
    flush_tree(l.tree);
    assert_int_equal(zh_store_log_count(l.log, ZH_OP_PUT), 1);
    assert_stored(l.mem, "a/.zattrs", "{\"k\":2}");
    assert_zh_ok(zh_node_remove_attr(node_at(l.tree, "/a"), "k", &err), &err);
    flush_tree(l.tree);
    assert_false(is_stored(l.mem, "a/.zattrs"));
    assert_true(is_stored(l.mem, "a/.zgroup"));
    close_logged(l);
}

static void topmost_last(void **state)
{
    logged l = create_logged(ZH_V3, 2);
    char flags[64], key[64];
    const char *log;
    int i, root, a;

    (void)state;
    add_some(l.tree);
    flush_tree(l.tree);
    log = zh_store_log_text(l.log);
    root = line_of_put(log, "zarr.json", flags);
    assert_null(strstr(flags, "plain"));
    assert_int_equal(root, 23);
    (void)line_of_put(log, "a/zarr.json", flags);
    assert_non_null(strstr(flags, "plain"));

    /* a new subtree in a store that has a root: its top is the last, and the only one that is put atomically */
    l = reopen_logged(l);
    (void)add_group(l.tree, "/a", "new");
    (void)add_group(l.tree, "/a/new", "below");
    for (i = 0; i < 50; i++) {
        snprintf(key, sizeof(key), "x%d", i);
        (void)add_group(l.tree, "/a/new/below", key);
    }
    flush_tree(l.tree);
    log = zh_store_log_text(l.log);
    a = line_of_put(log, "a/new/zarr.json", flags);
    assert_null(strstr(flags, "plain"));
    for (i = 0; i < 50; i++) {
        snprintf(key, sizeof(key), "a/new/below/x%d/zarr.json", i);
        assert_in_range(line_of_put(log, key, flags), 0, a - 1);
        assert_non_null(strstr(flags, "plain"));
    }
    assert_int_equal(line_of_put(log, "zarr.json", flags), -1); /* the root has not changed */
    close_logged(l);
}

/* Siblings come together, so that a store can keep their directory open. */
static void siblings_are_together(void **state)
{
    logged l = create_logged(ZH_V3, 1);
    char name[64], parent[64] = "", *log, *line, *save = NULL;
    int i, changes = 0;

    (void)state;
    for (i = 0; i < 10; i++) {
        snprintf(name, sizeof(name), "g%d", i);
        (void)add_group(l.tree, "/", name);
    }
    for (i = 0; i < 500; i++) {
        char at[32];

        snprintf(at, sizeof(at), "/g%d", i % 10);
        snprintf(name, sizeof(name), "x%d", i);
        (void)add_group(l.tree, at, name);
    }
    flush_tree(l.tree);
    log = strdup(zh_store_log_text(l.log));
    for (line = strtok_r(log, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        if (sscanf(line, "put %60[^/]/x", name) == 1 && strcmp(name, parent) != 0) {
            strcpy(parent, name);
            changes++;
        }
    }
    free(log);
    assert_in_range(changes, 10, 25);
    close_logged(l);
}

static void documents_byte_by_byte(void **state)
{
    const uint64_t shape[2] = {2, 2};
    zh_error err = ZH_ERROR_INIT;
    logged l = create_logged(ZH_V3, 1);
    zh_node *root = zh_tree_root(l.tree), *g, *x;

    (void)state;
    root->track = 1;
    assert_zh_ok(zh_node_new_group(&g, l.tree, root, "a\\b", 3, "\"comment\":\"hi\"", &err), &err);
    assert_zh_ok(zh_node_new_array(&x, l.tree, g, "x", 1, int_meta(ZH_V3, 2, shape, NULL),
                                   "\"space\":{\"maxdims\":[null,2]}", &err),
                 &err);
    x->track = 4;
    assert_zh_ok(zh_node_set_attr(x, "units", "\"m\"", "\"type\":\"t\"", &err), &err);
    assert_zh_ok(zh_node_set_attr(x, "n\"", "[1,2]", NULL, &err), &err);
    flush_tree(l.tree);
    assert_stored(l.mem, "zarr.json",
                  "{\"zarr_format\":3,\"node_type\":\"group\",\"attributes\":{\"_HDF5\":{\"version\":1,"
                  "\"names\":{\"a%5Cb\":\"a\\\\b\"},\"next\":1,\"track\":{\"links\":1}}}}");
    assert_stored(l.mem, "a%5Cb/zarr.json",
                  "{\"zarr_format\":3,\"node_type\":\"group\",\"attributes\":{\"_HDF5\":{\"version\":1,"
                  "\"comment\":\"hi\",\"corder\":0}}}");
    assert_stored(
        l.mem, "a%5Cb/x/zarr.json",
        "{\"zarr_format\":3,\"node_type\":\"array\",\"shape\":[2,2],\"data_type\":\"int32\",\"chunk_grid\":{\"name\":"
        "\"regular\",\"configuration\":{\"chunk_shape\":[2,2]}},\"chunk_key_encoding\":{\"name\":\"default\","
        "\"configuration\":{\"separator\":\"/\"}},\"fill_value\":0,\"codecs\":[{\"name\":\"bytes\",\"configuration\":"
        "{\"endian\":\"little\"}}],\"dimension_names\":[\"phony_dim_2\",\"phony_dim_2_2\"],\"attributes\":{\"units\":"
        "\"m\","
        "\"n\\\"\":[1,2],\"_HDF5\":{\"version\":1,\"for\":{\"dtype\":\"int32\",\"rank\":2},\"space\":{\"maxdims\":["
        "null,2]},"
        "\"attrs\":{\"units\":{\"type\":\"t\",\"corder\":0},\"n\\\"\":{\"corder\":1}},\"track\":{\"attrs\":1}}}}");
    close_logged(l);

    l = create_logged(ZH_V2, 1);
    (void)add_group(l.tree, "/", "g");
    assert_zh_ok(zh_node_set_facts(node_at(l.tree, "/g"), "\"comment\":\"hi\"", &err), &err);
    flush_tree(l.tree);
    assert_stored(l.mem, ".zgroup", "{\"zarr_format\":2}");
    assert_stored(l.mem, "g/.zgroup", "{\"zarr_format\":2}");
    assert_stored(l.mem, "g/.zattrs", "{\"_HDF5\":{\"version\":1,\"comment\":\"hi\"}}");
    assert_false(is_stored(l.mem, ".zattrs"));
    close_logged(l);
}

static void the_creator_is_named(void **state)
{
    const zh_tree_options opts = {.format = ZH_V3, .threads = 1, .creator = "a \"b\""};
    zh_store *mem = memory_store();
    zh_error err = ZH_ERROR_INIT;
    zh_tree *t;

    (void)state;
    assert_zh_ok(zh_tree_create(&t, borrow_store(mem), &opts, &err), &err);
    flush_tree(t);
    assert_stored(mem, "zarr.json",
                  "{\"zarr_format\":3,\"node_type\":\"group\",\"attributes\":{\"_HDF5\":{\"version\":1,"
                  "\"file\":{\"creator\":\"a \\\"b\\\"\"}}}}");
    zh_tree_close(t);
    zh_store_close(mem);
}

/* Removed and made again before and after a flush: the old chunks never come back. */
static void removal_and_creation(void **state)
{
    static const int32_t old[4] = {1, 2, 3, 4}, none[4] = {0, 0, 0, 0};
    const zh_sel first = {.kind = ZH_SEL_REGULAR, .rank = 1, .start = {0}, .stride = {1}, .count = {1}, .block = {1}};
    static const int32_t nine = 9;
    zh_error err = ZH_ERROR_INIT;
    logged l = create_logged(ZH_V3, 2);
    zh_array *array;
    int32_t got[4];
    char *keys;
    int later;

    (void)state;
    for (later = 0; later < 2; later++) {
        if (later)
            l = reopen_logged(l);
        else
            (void)add_group(l.tree, "/", "g");
        write_ints(add_array(l.tree, "/g", "x", 4, 1), old);
        flush_tree(l.tree);
        assert_zh_ok(zh_node_remove(node_at(l.tree, "/g/x"), &err), &err);
        assert_true(zh_tree_dirty(l.tree));
        assert_zh_code(zh_node_find(&(zh_node *){NULL}, node_at(l.tree, "/g"), "x", 1, &err), ZH_NOTFOUND, &err);
        (void)add_array(l.tree, "/g", "x", 4, 1);
        read_ints(node_at(l.tree, "/g/x"), got);
        assert_memory_equal(got, none, sizeof(none));
        assert_zh_ok(zh_node_array(&array, node_at(l.tree, "/g/x"), &err), &err);
        assert_zh_ok(zh_array_write(array, &first, &nine, &err), &err);
        flush_tree(l.tree);
        keys = stored_keys(l.mem);
        assert_string_equal(keys, "g/x/c/0\ng/x/zarr.json\ng/zarr.json\nzarr.json\n");
        free(keys);
        assert_zh_ok(zh_node_remove(node_at(l.tree, "/g/x"), &err), &err);
        flush_tree(l.tree);
    }
    /* a group and all that is below it, most of it never loaded; then an array of its name, where a child was named c
     */
    (void)add_group(l.tree, "/g", "c");
    (void)add_group(l.tree, "/g/c", "d");
    flush_tree(l.tree);
    l = reopen_logged(l);
    assert_zh_ok(zh_node_remove(node_at(l.tree, "/g/c/d"), &err), &err);
    assert_zh_ok(zh_node_remove(node_at(l.tree, "/g/c"), &err), &err);
    assert_zh_ok(zh_node_remove(node_at(l.tree, "/g"), &err), &err);
    write_ints(add_array(l.tree, "/", "g", 4, 4), old);
    flush_tree(l.tree);
    keys = stored_keys(l.mem);
    assert_string_equal(keys, "g/c/0\ng/zarr.json\nzarr.json\n");
    free(keys);
    close_logged(l);
}

static const char *line_of(const char *log, const char *line)
{
    const char *at = strstr(log, line);

    assert_non_null(at);
    return at;
}

/* The document goes before what it describes, and chunks of a node that readers know are never put in place. */
static void order_of_data_and_documents(void **state)
{
    static const int32_t values[4] = {1, 2, 3, 4};
    zh_error err = ZH_ERROR_INIT;
    logged l = create_logged(ZH_V3, 1);
    const char *log;
    char flags[64];

    (void)state;
    (void)add_group(l.tree, "/", "g");
    write_ints(add_array(l.tree, "/g", "x", 4, 4), values);
    flush_tree(l.tree);
    log = zh_store_log_text(l.log);
    assert_true(line_of_put(log, "g/x/c/0", flags) >= 0);
    assert_non_null(strstr(flags, "plain"));
    assert_true(line_of_put(log, "g/x/c/0", flags) < line_of_put(log, "g/x/zarr.json", flags));
    zh_store_log_clear(l.log);
    write_ints(node_at(l.tree, "/g/x"), values);
    flush_tree(l.tree);
    assert_true(line_of_put(zh_store_log_text(l.log), "g/x/c/0", flags) >= 0);
    assert_null(strstr(flags, "plain"));
    zh_store_log_clear(l.log);
    assert_zh_ok(zh_node_remove(node_at(l.tree, "/g"), &err), &err);
    flush_tree(l.tree);
    log = zh_store_log_text(l.log);
    assert_true(line_of(log, "erase g/zarr.json\n") < line_of(log, "erase_prefix g\n"));
    close_logged(l);
}

/* A name that was written with its group, of a child that was not and then went elsewhere. */
static void names_of_children_that_went(void **state)
{
    zh_store *mem = memory_store(), *fault;
    zh_error err = ZH_ERROR_INIT;
    zh_tree *t;

    (void)state;
    assert_zh_ok(zh_store_fault_open(&fault, borrow_store(mem), &err), &err);
    t = create_tree(fault, ZH_V3, 1);
    (void)add_group(t, "/", "g");
    (void)add_group(t, "/", "other");
    flush_tree(t);
    (void)add_group(t, "/g", "a\\b");
    zh_store_fault_set(fault, ZH_OP_PUT, 2, EIO, true);
    assert_zh_code(zh_tree_flush(t, NULL, &err), ZH_IO, &err);
    assert_zh_message(&err, "/g/a\\b");
    zh_store_fault_set(fault, 0, 0, 0, false);
    assert_zh_ok(zh_node_move(node_at(t, "/g/a\\b"), node_at(t, "/other"), "plain", 5, &err), &err);
    flush_tree(t);
    assert_stored(mem, "g/zarr.json", "{\"zarr_format\":3,\"node_type\":\"group\",\"attributes\":{}}");
    zh_tree_close(t);
    zh_store_close(mem);
}

/* Another program has made a node at the path of a new one: that one stays, and it is told until it is given way to. */
static void what_another_has_made_stays(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        const zh_format format = i % 2 == 0 ? ZH_V2 : ZH_V3;
        const bool with_member = i >= 2;
        const char *key = format == ZH_V3 ? "x/zarr.json" : "x/.zattrs";
        zh_store *mem = memory_store();
        zh_tree *first = create_tree(borrow_store(mem), format, 1), *second;
        zh_error err = ZH_ERROR_INIT;
        char *theirs;

        flush_tree(first);
        second = open_tree(borrow_store(mem), 1);
        (void)add_group(first, "/", "x");
        (void)add_group(first, "/", "free");
        if (with_member)
            (void)add_array(first, "/x", "member", 4, 4);
        assert_zh_ok(zh_node_set_attr(add_group(second, "/", "x"), "by", "\"second\"", NULL, &err), &err);
        flush_tree(second);
        theirs = stored_text(mem, key);
        for (int times = 0; times < 2; times++) {
            assert_zh_code(zh_tree_flush(first, NULL, &err), ZH_EXISTS, &err);
            assert_zh_message(&err, "/x");
        }
        assert_stored(mem, key, theirs);
        assert_false(is_stored(mem, format == ZH_V3 ? "x/member/zarr.json" : "x/member/.zarray"));
        assert_zh_ok(zh_node_move(node_at(first, "/x"), zh_tree_root(first), "mine", 4, &err), &err);
        flush_tree(first);
        assert_stored(mem, key, theirs);
        assert_int_equal(is_stored(mem, format == ZH_V3 ? "mine/member/zarr.json" : "mine/member/.zarray"),
                         with_member);
        free(theirs);
        zh_tree_close(first);
        zh_tree_close(second);
        zh_store_close(mem);
    }
}

/* What was never stored is removed without a word to the store. */
static void removal_of_the_unpublished(void **state)
{
    zh_error err = ZH_ERROR_INIT;
    logged l = create_logged(ZH_V3, 2);

    (void)state;
    (void)add_group(l.tree, "/", "g");
    (void)add_group(l.tree, "/g", "h");
    assert_zh_ok(zh_node_remove(node_at(l.tree, "/g"), &err), &err);
    flush_tree(l.tree);
    assert_int_equal(zh_store_log_count(l.log, ZH_OP_ERASE), 0);
    assert_int_equal(zh_store_log_count(l.log, ZH_OP_ERASE_PREFIX), 0);
    assert_int_equal(zh_store_log_count(l.log, ZH_OP_PUT), 1);
    close_logged(l);
}

/* Automatic publication: everything but the root, which only an explicit flush writes. */
static void batches(void **state)
{
    const zh_tree_options opts = {.format = ZH_V3, .threads = 2, .batch_nodes = 100};
    zh_store *mem = memory_store(), *log;
    zh_error err = ZH_ERROR_INIT;
    char name[32];
    zh_tree *t;
    int i;

    (void)state;
    assert_zh_ok(zh_store_log_open(&log, borrow_store(mem), &err), &err);
    assert_zh_ok(zh_tree_create(&t, log, &opts, &err), &err);
    for (i = 0; i < 1050; i++) {
        snprintf(name, sizeof(name), "n%d", i);
        (void)add_group(t, "/", name);
    }
    assert_int_equal(zh_store_log_count(log, ZH_OP_PUT), 1000);
    assert_int_equal(zh_store_log_count(log, ZH_OP_FLUSH), 0);
    assert_false(is_stored(mem, "zarr.json"));
    assert_zh_ok(zh_node_set_attr(node_at(t, "/n3"), "late", "1", NULL, &err), &err);
    flush_tree(t);
    assert_int_equal(zh_store_log_count(log, ZH_OP_PUT), 1052);
    assert_true(is_stored(mem, "zarr.json"));
    assert_int_equal(zh_store_log_count(log, ZH_OP_FLUSH), 1);
    zh_tree_close(t);
    zh_store_close(mem);
}

/* A v2 array whose chunks would be too many or too large gets the fill value 0 instead. */
static void v2_too_many_chunks(void **state)
{
    static const int32_t one = 1;
    const zh_sel first = {.kind = ZH_SEL_REGULAR, .rank = 1, .start = {0}, .stride = {1}, .count = {1}, .block = {1}};
    zh_error err = ZH_ERROR_INIT;
    logged l = create_logged(ZH_V2, 2);
    zh_array *a;
    char *text;

    (void)state;
    (void)add_array(l.tree, "/", "many", 20000, 1);
    (void)add_array(l.tree, "/", "large", (uint64_t)1 << 40, (uint64_t)1 << 26);
    assert_zh_ok(zh_node_array(&a, add_array(l.tree, "/", "begun", 20000, 1), &err), &err);
    assert_zh_ok(zh_array_write(a, &first, &one, &err), &err);
    (void)add_array(l.tree, "/", "few", 3, 1);
    flush_tree(l.tree);
    text = stored_text(l.mem, "many/.zarray");
    assert_non_null(strstr(text, "\"fill_value\":0"));
    free(text);
    text = stored_text(l.mem, "large/.zarray");
    assert_non_null(strstr(text, "\"fill_value\":0"));
    free(text);
    text = stored_text(l.mem, "begun/.zarray");
    assert_non_null(strstr(text, "\"fill_value\":0"));
    free(text);
    text = stored_text(l.mem, "few/.zarray");
    assert_non_null(strstr(text, "\"fill_value\":null"));
    free(text);
    assert_true(is_stored(l.mem, "few/2"));
    assert_false(is_stored(l.mem, "many/2"));

    /* a later growth is filled as well, also of an array that is opened again */
    l = reopen_logged(l);
    assert_zh_ok(zh_node_resize(node_at(l.tree, "/few"), &(uint64_t){5}, &err), &err);
    flush_tree(l.tree);
    assert_true(is_stored(l.mem, "few/4"));
    assert_stored(l.mem, "few/.zattrs", "{\"_ARRAY_DIMENSIONS\":[\"phony_dim_5\"]}");
    close_logged(l);
}

static void sized_names_follow_the_shape(void **state)
{
    zh_error err = ZH_ERROR_INIT;
    logged l = create_logged(ZH_V3, 2);
    char *text;

    (void)state;
    (void)add_array(l.tree, "/", "x", 3, 3);
    flush_tree(l.tree);
    l = reopen_logged(l);
    assert_null(node_at(l.tree, "/x")->meta->dim_names);
    assert_zh_ok(zh_node_resize(node_at(l.tree, "/x"), &(uint64_t){7}, &err), &err);
    flush_tree(l.tree);
    text = stored_text(l.mem, "x/zarr.json");
    assert_non_null(strstr(text, "\"dimension_names\":[\"phony_dim_7\"]"));
    assert_non_null(strstr(text, "\"shape\":[7]"));
    free(text);
    close_logged(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_before_the_flush),
        cmocka_unit_test(v2_counts),
        cmocka_unit_test(topmost_last),
        cmocka_unit_test(siblings_are_together),
        cmocka_unit_test(documents_byte_by_byte),
        cmocka_unit_test(the_creator_is_named),
        cmocka_unit_test(removal_and_creation),
        cmocka_unit_test(order_of_data_and_documents),
        cmocka_unit_test(names_of_children_that_went),
        cmocka_unit_test(what_another_has_made_stays),
        cmocka_unit_test(removal_of_the_unpublished),
        cmocka_unit_test(batches),
        cmocka_unit_test(v2_too_many_chunks),
        cmocka_unit_test(sized_names_follow_the_shape),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
