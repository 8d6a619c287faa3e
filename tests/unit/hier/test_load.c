/* test_load.c - hierarchies that are opened: our own ones again, other writers' ones, damaged ones, the remains of
 * killed writers. */
#include "hier_fixture.h"

static const int32_t some_ints[5] = {5, -4, 3, -2, 1};

/* A tree with everything in it. */
static void populate(zh_tree *t)
{
    const uint64_t shape[3] = {2, 3, 2};
    zh_error err = ZH_ERROR_INIT;
    zh_array_meta *m;
    zh_node *g, *x;

    g = add_group(t, "/", "tracked");
    g->track = 1 | 2 | 4;
    (void)add_group(t, "/tracked", "z");
    (void)add_group(t, "/tracked", "m");
    (void)add_group(t, "/tracked", "a");
    assert_zh_ok(zh_node_set_attr(g, "z", "1", NULL, &err), &err);
    assert_zh_ok(zh_node_set_attr(g, "a", "2.5", "\"type\":\"H5T_IEEE_F32LE\"", &err), &err);
    (void)zh_node_take_corder(g); /* a soft link of the connector */
    write_ints(add_array(t, "/", "ints", 5, 2), some_ints);
    m = int_meta(zh_tree_format(t), 3, shape, NULL);
    assert_zh_ok(zh_array_meta_set_dim_name(m, 1, "middle", &err), &err);
    assert_zh_ok(
        zh_node_new_array(&x, t, zh_tree_root(t), "cube", 4, m, "\"layout\":{\"class\":\"H5D_COMPACT\"}", &err), &err);
    assert_zh_ok(zh_node_set_attr(x, "text", "\"\xc3\xa4\\n\\\"\"", NULL, &err), &err);
    assert_zh_ok(zh_node_set_attr(x, "big", "18446744073709551615", "\"type\":\"H5T_STD_U64LE\"", &err), &err);
    assert_zh_ok(zh_node_set_facts(zh_tree_root(t), "\"comment\":\"root\",\"unknown\":[1,{\"deep\":null}]", &err),
                 &err);
}

static void assert_same_tree(zh_tree *t, const char *want)
{
    char *text = tree_text(t);

    assert_string_equal(text, want);
    free(text);
}

typedef enum where { IN_MEMORY, IN_DIRECTORY, IN_ZIP } where;

static zh_store *open_at(zh_store *mem, where w, zh_open_mode mode)
{
    zh_error err = ZH_ERROR_INIT;
    zh_store *s;

    if (w == IN_MEMORY)
        return borrow_store(mem);
    if (w == IN_DIRECTORY)
        assert_zh_ok(zh_store_dir_open(&s, "store.zarr", mode, &err), &err);
    else
        assert_zh_ok(zh_store_zip_open(&s, "store.zip", mode, &err), &err);
    return s;
}

static void reopen_one(zh_format format, where w)
{
    zh_store *mem = memory_store();
    zh_tree *t = create_tree(open_at(mem, w, ZH_CREATE_EXCL), format, 2);
    zh_error err = ZH_ERROR_INIT;
    zh_node *node;
    char *text;

    populate(t);
    text = tree_text(t);
    flush_tree(t);
    assert_same_tree(t, text);
    zh_tree_close(t);

    t = open_tree(open_at(mem, w, ZH_OPEN_READ), 2);
    assert_int_equal(zh_tree_format(t), format);
    node = node_at(t, "/tracked"); /* lookup before listing */
    assert_int_equal(node->next_corder, 4);
    assert_zh_ok(zh_node_child_at(&node, node, 0, true, &err), &err);
    assert_string_equal(node->name, "z");
    assert_same_tree(t, text);
    if (w != IN_MEMORY) {
        assert_false(zh_tree_writable(t));
        assert_zh_code(zh_node_new_group(&node, t, zh_tree_root(t), "new", 3, NULL, &err), ZH_READONLY, &err);
        assert_zh_code(zh_node_set_attr(zh_tree_root(t), "new", "1", NULL, &err), ZH_READONLY, &err);
        assert_zh_ok(zh_tree_flush(t, NULL, &err), &err);
    }
    zh_tree_close(t);

    /* changed and reopened */
    free(text);
    t = open_tree(open_at(mem, w, ZH_OPEN_WRITE), 2);
    assert_zh_ok(zh_node_set_attr(node_at(t, "/ints"), "later", "[1,2]", NULL, &err), &err);
    assert_zh_ok(zh_node_remove(node_at(t, "/tracked/m"), &err), &err);
    (void)add_group(t, "/tracked", "after");
    (void)add_array(t, "/tracked/after", "data", 4, 4);
    text = tree_text(t);
    flush_tree(t);
    zh_tree_close(t);
    t = open_tree(open_at(mem, w, ZH_OPEN_READ), 2);
    assert_same_tree(t, text);
    zh_tree_close(t);
    free(text);
    zh_store_close(mem);
}

static void reopened_is_equal(void **state)
{
    where w;

    (void)state;
    for (w = IN_MEMORY; w <= IN_ZIP; w++) {
        reopen_one(ZH_V3, w);
        (void)remove("store.zip");
        if (w == IN_DIRECTORY)
            assert_int_equal(rename("store.zarr", "store3.zarr"), 0);
        reopen_one(ZH_V2, w);
    }
}

/* Names that Zarr does not take, among them ones that look like escapes of others. */
static void names_with_escapes(void **state)
{
    static const char *const names[] = {
        "a\\b", "a%5Cb",    ".",         "..", "...",  "__x",  "zarr.json", ".zgroup",    ".zarray", "tab\there",
        "c",    "\xc3\xa4", "latin\xe4", "%",  "100%", "a%~b", " space ",   "\"quoted\"", "0",       "0.0"};
    static const size_t n = sizeof(names) / sizeof(names[0]);
    char longest[1001], text[32];
    zh_error err = ZH_ERROR_INIT;
    zh_store *mem;
    zh_node *node;
    zh_tree *t;
    zh_format format;
    size_t i, count;

    (void)state;
    memset(longest, 'n', 1000);
    longest[1000] = '\0';
    for (format = ZH_V2; format <= ZH_V3; format++) {
        mem = memory_store();
        t = create_tree(borrow_store(mem), format, 1);
        (void)add_group(t, "/", "g");
        for (i = 0; i < n; i++) {
            assert_zh_ok(zh_node_new_group(&node, t, node_at(t, "/g"), names[i], strlen(names[i]), NULL, &err), &err);
            snprintf(text, sizeof(text), "%zu", i);
            assert_zh_ok(zh_node_set_attr(node, "i", text, NULL, &err), &err);
        }
        (void)add_group(t, "/g", longest);
        assert_zh_ok(zh_node_remove(node_at(t, "/g/tab\there"), &err), &err);
        flush_tree(t);
        zh_tree_close(t);
        t = open_tree(borrow_store(mem), 1);
        for (i = 0; i < n; i++) {
            int rc = zh_node_child(&node, node_at(t, "/g"), names[i], strlen(names[i]), &err);

            assert_zh_code(rc, strchr(names[i], '\t') ? ZH_NOTFOUND : ZH_OK, &err);
            snprintf(text, sizeof(text), "%zu", i);
            if (rc == ZH_OK)
                assert_string_equal(zh_node_attr(node, "i")->json, text);
        }
        assert_non_null(node_at(t, "/g")->children);
        assert_zh_ok(zh_node_child_count(&count, node_at(t, "/g"), &err), &err);
        assert_int_equal(count, n);
        /* an attribute alone must not lose the names, not even when the children have not been looked at */
        zh_tree_close(t);
        t = open_tree(borrow_store(mem), 1);
        assert_zh_ok(zh_node_set_attr(node_at(t, "/g"), "x", "1", NULL, &err), &err);
        flush_tree(t);
        zh_tree_close(t);
        t = open_tree(borrow_store(mem), 1);
        assert_non_null(node_at(t, "/g")->children);
        assert_zh_ok(zh_node_find(&node, node_at(t, "/g"), "a\\b", 3, &err), &err);
        assert_zh_ok(zh_node_remove(node, &err), &err);
        flush_tree(t);
        zh_tree_close(t);
        t = open_tree(borrow_store(mem), 1);
        assert_zh_code(zh_node_find(&node, node_at(t, "/g"), "a\\b", 3, &err), ZH_NOTFOUND, &err);
        assert_zh_ok(zh_node_find(&node, node_at(t, "/g"), "a%5Cb", 5, &err), &err);
        zh_tree_close(t);
        zh_store_close(mem);
    }
}

/* Somebody else's name is what our escape of another one would be. */
static void foreign_names_that_look_escaped(void **state)
{
    zh_store *mem = memory_store();
    zh_error err = ZH_ERROR_INIT;
    zh_node *node;
    zh_tree *t;

    (void)state;
    store_text(mem, "zarr.json", "{\"zarr_format\":3,\"node_type\":\"group\"}");
    store_text(mem, "a%5Cb/zarr.json", "{\"zarr_format\":3,\"node_type\":\"group\",\"attributes\":{\"foreign\":1}}");
    store_text(mem, "__y/zarr.json", "{\"zarr_format\":3,\"node_type\":\"group\"}");
    t = open_tree(borrow_store(mem), 1);
    assert_non_null(zh_node_attr(node_at(t, "/a%5Cb"), "foreign"));
    assert_non_null(node_at(t, "/__y"));
    assert_zh_code(zh_node_find(&node, zh_tree_root(t), "a\\b", 3, &err), ZH_NOTFOUND, &err);
    zh_tree_close(t);
    t = open_tree(borrow_store(mem), 1);
    node = add_group(t, "/", "a\\b");
    assert_string_equal(node->segment, "a%5Cb%~1");
    flush_tree(t);
    zh_tree_close(t);
    t = open_tree(borrow_store(mem), 1);
    assert_non_null(node_at(t, "/a\\b"));
    assert_null(zh_node_attr(node_at(t, "/a\\b"), "foreign"));
    assert_non_null(zh_node_attr(node_at(t, "/a%5Cb"), "foreign"));
    zh_tree_close(t);
    zh_store_close(mem);
}

static const char foreign_v3[] =
    "{\n  \"shape\": [\n    4\n  ],\n  \"data_type\": \"int32\",\n  \"chunk_grid\": {\n    \"name\": \"regular\",\n"
    "    \"configuration\": {\n      \"chunk_shape\": [\n        2\n      ]\n    }\n  },\n  \"chunk_key_encoding\": {\n"
    "    \"name\": \"default\",\n    \"configuration\": {\n      \"separator\": \"/\"\n    }\n  },\n  \"fill_value\": "
    "7,\n"
    "  \"codecs\": [\n    {\n      \"name\": \"bytes\",\n      \"configuration\": {\n        \"endian\": \"little\"\n  "
    "    }\n"
    "    },\n    {\n      \"name\": \"zstd\",\n      \"configuration\": {\n        \"level\": 0,\n        "
    "\"checksum\": false\n"
    "      }\n    }\n  ],\n  \"attributes\": {\n    \"units\": \"m\",\n    \"big\": 12345678901234567890,\n    "
    "\"tiny\": 1e-300,\n"
    "    \"nested\": {\"a\": [1, {\"b\": null}]}\n  },\n  \"zarr_format\": 3,\n  \"node_type\": \"array\",\n"
    "  \"storage_transformers\": [],\n  \"extra\": {\"must_understand\": false, \"n\": 9007199254740993}\n}";

static void foreign_v3_documents(void **state)
{
    zh_store *mem = memory_store();
    zh_error err = ZH_ERROR_INIT;
    int32_t got[4];
    zh_node *x;
    zh_tree *t;
    char *text;

    (void)state;
    store_text(mem, "zarr.json",
               "{\"attributes\": {}, \"zarr_format\": 3, \"consolidated_metadata\": {\"kind\": \"inline\", "
               "\"must_understand\": false,"
               " \"metadata\": {}}, \"node_type\": \"group\"}");
    store_text(mem, "x/zarr.json", foreign_v3);
    store_text(mem, "not a node/README", "hello");
    store_text(mem, "file", "hello");
    t = open_tree(borrow_store(mem), 2);
    x = node_at(t, "/x");
    read_ints(x, got);
    assert_int_equal(got[3], 7);
    assert_string_equal(zh_node_attr(x, "big")->json, "12345678901234567890");
    assert_string_equal(zh_node_attr(x, "nested")->json, "{\"a\":[1,{\"b\":null}]}");
    text = tree_text(t);
    assert_null(strstr(text, "not a node"));
    free(text);

    assert_zh_ok(zh_node_set_attr(x, "units", "\"km\"", NULL, &err), &err);
    flush_tree(t);
    text = stored_text(mem, "x/zarr.json");
    assert_non_null(strstr(
        text, "\"units\":\"km\",\"big\":12345678901234567890,\"tiny\":1e-300,\"nested\":{\"a\":[1,{\"b\":null}]}"));
    assert_non_null(strstr(text, "\"storage_transformers\":[]"));
    assert_non_null(strstr(text, "\"extra\":{\"must_understand\":false,\"n\":9007199254740993}"));
    assert_null(strstr(text, "dimension_names"));
    assert_null(strstr(text, "_HDF5"));
    free(text);
    /* the consolidated copy would now be wrong */
    text = stored_text(mem, "zarr.json");
    assert_null(strstr(text, "consolidated_metadata"));
    free(text);
    zh_tree_close(t);
    zh_store_close(mem);
}

static void foreign_v2_documents(void **state)
{
    zh_store *mem = memory_store();
    zh_error err = ZH_ERROR_INIT;
    int32_t got[4];
    zh_node *x;
    zh_tree *t;
    char *text;

    (void)state;
    store_text(mem, ".zgroup", "{\n    \"zarr_format\": 2\n}");
    store_text(mem, ".zmetadata", "{\"zarr_consolidated_format\":1,\"metadata\":{}}");
    store_text(mem, "x/.zarray",
               "{\n    \"chunks\": [\n        2\n    ],\n    \"compressor\": {\n        \"id\": \"zlib\",\n        "
               "\"level\": 1\n    },\n"
               "    \"dtype\": \"<i4\",\n    \"fill_value\": 7,\n    \"filters\": null,\n    \"order\": \"C\",\n"
               "    \"shape\": [\n        4\n    ],\n    \"zarr_format\": 2,\n    \"extra\": 1\n}");
    store_text(mem, "x/.zattrs", "{\n    \"_ARRAY_DIMENSIONS\": [\n        \"time\"\n    ],\n    \"units\": \"m\"\n}");
    store_text(mem, "y/.zarray",
               "{\"chunks\":[2],\"compressor\":null,\"dtype\":\"<i4\",\"fill_value\":null,\"filters\":null,\"order\":"
               "\"C\",\"shape\":[4],"
               "\"zarr_format\":2}");
    store_text(mem, "sub/.zgroup", "{\"zarr_format\":2}");
    store_text(mem, "sub/.zattrs", "{\"title\":\"t\"}");
    t = open_tree(borrow_store(mem), 2);
    assert_int_equal(zh_tree_format(t), ZH_V2);
    x = node_at(t, "/x");
    assert_string_equal(x->meta->dim_names[0], "time");
    assert_null(zh_node_attr(x, "_ARRAY_DIMENSIONS"));
    assert_non_null(zh_node_attr(node_at(t, "/sub"), "title"));
    read_ints(x, got);
    assert_int_equal(got[0], 7);
    assert_zh_ok(zh_node_set_attr(x, "more", "1", NULL, &err), &err);
    assert_zh_ok(zh_node_set_attr(node_at(t, "/y"), "more", "1", NULL, &err), &err);
    flush_tree(t);
    text = stored_text(mem, "x/.zattrs");
    assert_string_equal(text, "{\"_ARRAY_DIMENSIONS\":[\"time\"],\"units\":\"m\",\"more\":1}");
    free(text);
    text = stored_text(mem, "y/.zattrs");
    assert_string_equal(text, "{\"more\":1}"); /* no names are invented for somebody else's array */
    free(text);
    text = stored_text(mem, "x/.zarray");
    assert_non_null(strstr(text, "\n    \"extra\": 1\n")); /* not touched at all */
    free(text);
    assert_false(is_stored(mem, ".zmetadata"));
    assert_zh_ok(zh_node_resize(x, &(uint64_t){9}, &err), &err);
    flush_tree(t);
    text = stored_text(mem, "x/.zarray");
    assert_non_null(strstr(text, "\"shape\":[9]"));
    assert_non_null(strstr(text, "\"extra\":1"));
    free(text);
    zh_tree_close(t);
    zh_store_close(mem);
}

static void damaged_children(void **state)
{
    zh_store *mem = memory_store();
    zh_error err = ZH_ERROR_INIT;
    zh_node *node, **list;
    zh_array *array;
    zh_tree *t;
    size_t n;

    (void)state;
    t = create_tree(borrow_store(mem), ZH_V3, 2);
    (void)add_group(t, "/", "g");
    (void)add_group(t, "/g", "good");
    write_ints(add_array(t, "/g", "also", 5, 2), some_ints);
    flush_tree(t);
    zh_tree_close(t);
    store_text(mem, "g/damaged/zarr.json", "{\"zarr_format\":3,");
    store_text(
        mem, "g/unknown/zarr.json",
        "{\"zarr_format\":3,\"node_type\":\"array\",\"shape\":[2],\"data_type\":\"float8_e4m3\",\"chunk_grid\":{"
        "\"name\":\"regular\","
        "\"configuration\":{\"chunk_shape\":[2]}},\"chunk_key_encoding\":{\"name\":\"default\"},\"fill_value\":0,"
        "\"codecs\":[{\"name\":\"bytes\"}]}");
    t = open_tree(borrow_store(mem), 2);
    assert_zh_code(zh_node_child(&node, node_at(t, "/g"), "damaged", 7, &err), ZH_CORRUPT, &err);
    assert_zh_message(&err, "/g/damaged");
    assert_null(node);
    assert_zh_ok(zh_node_children(&list, &n, node_at(t, "/g"), false, &err), &err);
    assert_int_equal(n, 4);
    assert_string_equal(list[0]->name, "also");
    assert_string_equal(list[1]->name, "damaged");
    assert_string_equal(list[3]->name, "unknown");
    zh_free(list);
    assert_zh_code(zh_node_child(&node, node_at(t, "/g"), "unknown", 7, &err), ZH_UNSUPPORTED, &err);
    assert_zh_message(&err, "float8_e4m3");
    assert_zh_message(&err, "/g/unknown");
    assert_zh_ok(zh_node_find(&node, node_at(t, "/g"), "unknown", 7, &err), &err);
    assert_int_equal(node->broken, ZH_UNSUPPORTED);
    assert_int_equal(node->kind, ZH_NODE_ARRAY);
    assert_zh_code(zh_node_array(&array, node, &err), ZH_UNSUPPORTED, &err);
    assert_zh_code(zh_node_set_attr(node, "x", "1", NULL, &err), ZH_UNSUPPORTED, &err);
    assert_zh_code(zh_node_find(&(zh_node *){NULL}, node, "x", 1, &err), ZH_UNSUPPORTED, &err);
    assert_zh_code(zh_node_new_group(&node, t, node_at(t, "/g"), "damaged", 7, NULL, &err), ZH_EXISTS, &err);
    /* it can be removed, and then made */
    assert_zh_ok(zh_node_find(&node, node_at(t, "/g"), "damaged", 7, &err), &err);
    assert_zh_ok(zh_node_remove(node, &err), &err);
    (void)add_group(t, "/g", "damaged");
    flush_tree(t);
    zh_tree_close(t);
    t = open_tree(borrow_store(mem), 2);
    assert_non_null(node_at(t, "/g/damaged"));
    zh_tree_close(t);
    zh_store_close(mem);
}

/* Only the way to its chunks is unknown: the node can be used, its data cannot, and its document keeps the codecs. */
static void unreadable_arrays(void **state)
{
    static const char v3[] =
        "{\"zarr_format\":3,\"node_type\":\"array\",\"shape\":[4],\"data_type\":\"int32\",\"chunk_grid\":{\"name\":"
        "\"regular\",\"configuration\":{\"chunk_shape\":[2]}},\"chunk_key_encoding\":{\"name\":\"default\"},"
        "\"fill_value\":0,\"codecs\":[{\"name\":\"sharding_indexed\",\"configuration\":{\"chunk_shape\":[1]}}]}";
    static const char v2[] = "{\"chunks\":[2],\"compressor\":{\"id\":\"bz2\",\"level\":1},\"dtype\":\"<i4\","
                             "\"fill_value\":null,\"filters\":null,\"order\":\"C\",\"shape\":[4],\"zarr_format\":2}";

    (void)state;
    for (int format = ZH_V2; format <= ZH_V3; format++) {
        zh_store *mem = memory_store();
        zh_error err = ZH_ERROR_INIT;
        zh_node *node;
        zh_array *array;
        zh_buf text = ZH_BUF_INIT(SIZE_MAX);
        zh_tree *t = create_tree(borrow_store(mem), (zh_format)format, 2);

        flush_tree(t);
        zh_tree_close(t);
        store_text(mem, format == ZH_V3 ? "a/zarr.json" : "a/.zarray", format == ZH_V3 ? v3 : v2);
        store_text(mem, format == ZH_V3 ? "a/c/0" : "a/0", "xx");
        t = open_tree(borrow_store(mem), 2);
        assert_zh_ok(zh_node_child(&node, zh_tree_root(t), "a", 1, &err), &err);
        assert_int_equal(node->kind, ZH_NODE_ARRAY);
        assert_int_equal(node->meta->shape[0], 4);
        assert_zh_code(zh_node_array(&array, node, &err), ZH_UNSUPPORTED, &err);
        assert_zh_message(&err, format == ZH_V3 ? "sharding_indexed" : "bz2");
        assert_zh_code(zh_node_resize(node, &(uint64_t){6}, &err), ZH_UNSUPPORTED, &err);
        assert_zh_ok(zh_node_set_attr(node, "x", "1", NULL, &err), &err);
        flush_tree(t);
        zh_tree_close(t);
        assert_zh_ok(zh_store_get(mem, format == ZH_V3 ? "a/zarr.json" : "a/.zarray", &text, &err), &err);
        assert_non_null(strstr(zh_buf_cstr(&text, NULL), format == ZH_V3 ? "\"sharding_indexed\"" : "\"bz2\""));
        zh_buf_dispose(&text);
        t = open_tree(borrow_store(mem), 2);
        assert_non_null(zh_node_attr(node_at(t, "/a"), "x"));
        assert_zh_ok(zh_node_remove(node_at(t, "/a"), &err), &err);
        flush_tree(t);
        assert_zh_code(zh_store_get(mem, format == ZH_V3 ? "a/c/0" : "a/0", &text, NULL), ZH_NOTFOUND, &err);
        zh_tree_close(t);
        zh_store_close(mem);
    }
}

static void expect_unchangeable_root(zh_tree *t, zh_node *data)
{
    zh_error err = ZH_ERROR_INIT;
    zh_node *root = zh_tree_root(t), *node;

    assert_zh_code(zh_node_new_group(&node, t, root, "g", 1, NULL, &err), ZH_UNSUPPORTED, &err);
    assert_zh_message(&err, "the store is one array");
    assert_zh_code(zh_node_new_group(&node, t, root, "c", 1, NULL, &err), ZH_UNSUPPORTED, &err);
    assert_zh_code(zh_node_set_attr(root, "x", "1", NULL, &err), ZH_UNSUPPORTED, &err);
    assert_zh_code(zh_node_set_facts(root, "\"x\":1", &err), ZH_UNSUPPORTED, &err);
    assert_zh_code(zh_node_remove(data, &err), ZH_UNSUPPORTED, &err);
    assert_zh_code(zh_node_move(data, root, "other", 5, &err), ZH_UNSUPPORTED, &err);
    assert_zh_code(zh_node_child(&node, root, "c", 1, &err), ZH_NOTFOUND, &err);
}

/* Shown as the only member of a group that is not there. */
static void a_store_that_is_one_array(void **state)
{
    static const char v3[] =
        "{\"zarr_format\":3,\"node_type\":\"array\",\"shape\":[5],\"data_type\":\"int32\",\"chunk_grid\":{\"name\":"
        "\"regular\",\"configuration\":{\"chunk_shape\":[2]}},\"chunk_key_encoding\":{\"name\":\"default\"},"
        "\"fill_value\":0,\"codecs\":[{\"name\":\"bytes\",\"configuration\":{\"endian\":\"little\"}}]}";
    static const char v2[] = "{\"chunks\":[2],\"compressor\":null,\"dtype\":\"<i4\",\"fill_value\":0,\"filters\":null,"
                             "\"order\":\"C\",\"shape\":[5],\"zarr_format\":2}";

    (void)state;
    for (int format = ZH_V2; format <= ZH_V3; format++) {
        zh_store *mem = memory_store();
        zh_error err = ZH_ERROR_INIT;
        zh_buf text = ZH_BUF_INIT(SIZE_MAX);
        zh_node *data, **list;
        uint64_t size;
        zh_tree *t;
        size_t n;

        store_text(mem, format == ZH_V3 ? "zarr.json" : ".zarray", format == ZH_V3 ? v3 : v2);
        t = open_tree(borrow_store(mem), 2);
        assert_zh_ok(zh_node_children(&list, &n, zh_tree_root(t), false, &err), &err);
        assert_int_equal(n, 1);
        data = list[0];
        zh_free(list);
        assert_string_equal(data->name, ZH_ROOT_ARRAY_NAME);
        assert_int_equal(data->kind, ZH_NODE_ARRAY);
        expect_unchangeable_root(t, data);
        write_ints(data, some_ints);
        assert_zh_ok(zh_node_set_attr(data, "x", "1", NULL, &err), &err);
        assert_zh_ok(zh_node_resize(data, &(uint64_t){3}, &err), &err);
        flush_tree(t);
        zh_tree_close(t);
        assert_zh_ok(zh_store_size(mem, format == ZH_V3 ? "c/0" : "0", &size, &err), &err);
        assert_int_equal(size, 8);
        assert_zh_code(zh_store_size(mem, format == ZH_V3 ? "c/2" : "2", &size, &err), ZH_NOTFOUND, &err);
        assert_zh_code(zh_store_size(mem, ".zgroup", &size, &err), ZH_NOTFOUND, &err);
        assert_zh_ok(zh_store_get(mem, format == ZH_V3 ? "zarr.json" : ".zarray", &text, &err), &err);
        assert_null(strstr(zh_buf_cstr(&text, NULL), "group"));
        assert_non_null(strstr(zh_buf_cstr(&text, NULL), "\"shape\":[3]"));
        zh_buf_dispose(&text);
        t = open_tree(borrow_store(mem), 2);
        assert_non_null(zh_node_attr(node_at(t, "/" ZH_ROOT_ARRAY_NAME), "x"));
        zh_tree_close(t);
        zh_store_close(mem);
    }
}

static void roots(void **state)
{
    const zh_tree_options opts = {.format = ZH_V3, .threads = 1};
    zh_store *mem = memory_store(), *view = borrow_store(mem);
    zh_error err = ZH_ERROR_INIT;
    zh_tree *t;

    (void)state;
    assert_zh_code(zh_tree_open(&t, view, &opts, &err), ZH_NOTFOUND, &err);
    store_text(mem, "zarr.json", "{\"zarr_format\":3}");
    assert_zh_code(zh_tree_open(&t, view, &opts, &err), ZH_CORRUPT, &err);
    zh_store_close(view);
    zh_store_close(mem);
}

static void facts_that_speak_of_something_else(void **state)
{
    zh_store *mem = memory_store();
    zh_error err = ZH_ERROR_INIT;
    char *text, *at;
    zh_tree *t;

    (void)state;
    t = create_tree(borrow_store(mem), ZH_V3, 1);
    (void)add_array(t, "/", "x", 3, 3);
    assert_zh_ok(zh_node_set_facts(node_at(t, "/x"),
                                   "\"type\":{\"class\":\"H5T_ENUM\"},\"comment\":\"kept\",\"fill\":{},\"new\":[1]",
                                   &err),
                 &err);
    flush_tree(t);
    zh_tree_close(t);
    t = open_tree(borrow_store(mem), 1);
    assert_non_null(strstr(node_at(t, "/x")->facts, "H5T_ENUM"));
    zh_tree_close(t);
    text = stored_text(mem, "x/zarr.json");
    at = strstr(text, "\"dtype\":\"int32\"");
    assert_non_null(at);
    memcpy(at, "\"dtype\":\"int64\"", 15);
    store_text(mem, "x/zarr.json", text);
    free(text);
    t = open_tree(borrow_store(mem), 1);
    assert_string_equal(node_at(t, "/x")->facts, "\"comment\":\"kept\",\"new\":[1]");
    zh_tree_close(t);
    zh_store_close(mem);
}

static void a_later_version_is_not_changed(void **state)
{
    zh_store *mem = memory_store();
    zh_error err = ZH_ERROR_INIT;
    zh_node *node;
    zh_tree *t;

    (void)state;
    store_text(mem, "zarr.json", "{\"zarr_format\":3,\"node_type\":\"group\",\"attributes\":{}}");
    store_text(mem, "g/zarr.json",
               "{\"zarr_format\":3,\"node_type\":\"group\",\"attributes\":{\"_HDF5\":{\"version\":2,\"links\":5}}}");
    t = open_tree(borrow_store(mem), 1);
    assert_string_equal(node_at(t, "/g")->facts, "\"links\":5");
    assert_zh_code(zh_node_set_attr(node_at(t, "/g"), "x", "1", NULL, &err), ZH_READONLY, &err);
    assert_zh_code(zh_node_new_group(&node, t, node_at(t, "/g"), "x", 1, NULL, &err), ZH_READONLY, &err);
    (void)add_group(t, "/", "other");
    zh_tree_close(t);
    zh_store_close(mem);
}

/* An _HDF5 that nobody sane would write: nothing is lost, and nothing breaks. */
static void damaged_frames(void **state)
{
    static const char group[] = "{\"zarr_format\":3,\"node_type\":\"group\",\"attributes\":{}}";
    zh_store *mem = memory_store();
    zh_error err = ZH_ERROR_INIT;
    zh_node *node;
    zh_tree *t;
    size_t n;

    (void)state;
    store_text(mem, "zarr.json",
               "{\"zarr_format\":3,\"node_type\":\"group\",\"attributes\":{\"_HDF5\":{\"version\":\"x\",\"names\":{"
               "\"a\":\"same\","
               "\"b\":\"same\",\"c\":\"d\",\"e\":7,\"f\":{\"base64\":\"!\"},\"g\":\"x/y\",\"gone\":\"not "
               "there\"},\"track\":[],"
               "\"attrs\":{\"k\":1,\"none\":{}},\"next\":-1,\"corder\":\"x\"},\"k\":1}}");
    store_text(mem, "a/zarr.json", group);
    store_text(mem, "b/zarr.json", group);
    store_text(mem, "c/zarr.json", group);
    store_text(mem, "d/zarr.json", group);
    store_text(mem, "e/zarr.json", group);
    store_text(mem, "f/zarr.json", group);
    store_text(mem, "g/zarr.json", "{\"zarr_format\":3,\"node_type\":\"group\",\"attributes\":{\"_HDF5\":17}}");
    t = open_tree(borrow_store(mem), 2);
    assert_zh_code(zh_node_child(&node, zh_tree_root(t), "gone", 4, &err), ZH_NOTFOUND, &err);
    assert_zh_ok(zh_node_child_count(&n, zh_tree_root(t), &err), &err);
    assert_int_equal(n, 6); /* c is called d; what is stored as d cannot be named */
    assert_string_equal(node_at(t, "/same")->segment, "a");
    assert_zh_code(zh_node_child(&node, zh_tree_root(t), "b", 1, &err), ZH_CORRUPT, &err);
    assert_string_equal(node_at(t, "/d")->segment, "c");
    assert_non_null(node_at(t, "/e"));
    assert_non_null(node_at(t, "/g"));
    assert_string_equal(zh_node_attr(zh_tree_root(t), "k")->json, "1");
    zh_tree_close(t);
    zh_store_close(mem);
}

/* Creation order as recorded, however the document lists the attributes and the store the children. */
static void recorded_order(void **state)
{
    zh_store *mem = memory_store();
    zh_error err = ZH_ERROR_INIT;
    zh_node *node;
    zh_tree *t;
    int i;

    (void)state;
    store_text(mem, "zarr.json",
               "{\"zarr_format\":3,\"node_type\":\"group\",\"attributes\":{\"_HDF5\":{\"version\":1,\"track\":{"
               "\"links\":3,\"attrs\":1},"
               "\"attrs\":{\"a\":{\"corder\":9},\"b\":{\"corder\":4},\"c\":{\"corder\":2},\"d\":{\"corder\":1},\"e\":{"
               "\"corder\":5},"
               "\"f\":{\"corder\":6},\"g\":{\"corder\":7},\"h\":{\"corder\":8},\"i\":{\"corder\":3}}},"
               "\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,\"h\":8,\"i\":9}}");
    store_text(mem, "x/zarr.json",
               "{\"zarr_format\":3,\"node_type\":\"group\",\"attributes\":{\"_HDF5\":{\"corder\":5}}}");
    store_text(mem, "y/zarr.json",
               "{\"zarr_format\":3,\"node_type\":\"group\",\"attributes\":{\"_HDF5\":{\"corder\":2}}}");
    t = open_tree(borrow_store(mem), 1);
    node = zh_tree_root(t);
    for (i = 0; i < 9; i++)
        assert_string_equal(node->attrs[i].name, (&"d\0c\0i\0b\0e\0f\0g\0h\0a"[2 * i]));
    assert_string_equal(zh_node_attr(node, "b")->json, "2");
    assert_zh_ok(zh_node_set_attr(node, "new", "1", NULL, &err), &err);
    assert_int_equal(zh_node_attr(node, "new")->corder, 10);
    assert_zh_ok(zh_node_child_at(&node, node, 0, true, &err), &err);
    assert_string_equal(node->name, "y");
    assert_int_equal(add_group(t, "/", "z")->corder, 6);
    zh_tree_close(t);
    zh_store_close(mem);
}

/* A store that takes nothing back: removals are refused when they are asked for, and .zattrs is emptied instead. */
static void stores_that_cannot_erase(void **state)
{
    zh_store *mem = memory_store(), *view = borrow_store(mem);
    zh_error err = ZH_ERROR_INIT;
    zh_tree *t;
    char *text;

    (void)state;
    view->caps &= ~(uint32_t)ZH_STORE_ERASE;
    t = create_tree(view, ZH_V2, 1);
    (void)add_group(t, "/", "g");
    assert_zh_ok(zh_node_set_attr(node_at(t, "/g"), "k", "1", NULL, &err), &err);
    flush_tree(t);
    assert_zh_code(zh_node_remove(node_at(t, "/g"), &err), ZH_UNSUPPORTED, &err);
    assert_zh_ok(zh_node_remove_attr(node_at(t, "/g"), "k", &err), &err);
    flush_tree(t);
    text = stored_text(mem, "g/.zattrs");
    assert_string_equal(text, "{}");
    free(text);
    (void)add_group(t, "/", "never stored");
    assert_zh_ok(zh_node_remove(node_at(t, "/never stored"), &err), &err);
    zh_tree_close(t);
    zh_store_close(mem);
}

/* Documents and chunks below a node that was never finished must not turn up in a new node of that name. */
static void remains_of_a_killed_writer(void **state)
{
    static const int32_t none[4] = {0, 0, 0, 0};
    zh_store *mem = memory_store();
    zh_error err = ZH_ERROR_INIT;
    int32_t got[4];
    zh_node *g;
    zh_tree *t;
    char *keys;
    int touch_data;

    (void)state;
    store_text(mem, "zarr.json", "{\"zarr_format\":3,\"node_type\":\"group\",\"attributes\":{}}");
    for (touch_data = 0; touch_data < 2; touch_data++) {
        store_text(mem, "g/a/zarr.json", "{\"zarr_format\":3,\"node_type\":\"group\",\"attributes\":{}}");
        store_text(mem, "g/b/c/zarr.json", "{\"zarr_format\":3,\"node_type\":\"group\",\"attributes\":{}}");
        store_text(mem, "g/x/c/0", "\1\0\0\0\1\0\0");
        store_text(mem, "g/README", "not ours");
        store_text(mem, "g/2024", "not ours");
        store_text(mem, "g/c/name", "not ours");
        t = open_tree(borrow_store(mem), 2);
        assert_zh_code(zh_node_find(&g, zh_tree_root(t), "g", 1, &err), ZH_NOTFOUND, &err);
        (void)add_group(t, "/", "g");
        assert_non_null(
            node_at(t, "/g/a")); /* nodes below a group without a document are its members, whoever made them */
        (void)add_array(t, "/g", "x", 4, 2);
        if (touch_data) {
            read_ints(node_at(t, "/g/x"), got);
            assert_memory_equal(got, none, sizeof(none));
        }
        flush_tree(t);
        keys = stored_keys(mem);
        assert_string_equal(
            keys,
            "g/2024\ng/README\ng/a/zarr.json\ng/b/c/zarr.json\ng/c/name\ng/x/zarr.json\ng/zarr.json\nzarr.json\n");
        free(keys);
        assert_zh_ok(zh_node_remove(node_at(t, "/g"), &err), &err);
        flush_tree(t);
        zh_tree_close(t);
    }
    zh_store_close(mem);
}

/* Nodes of the other format stay as they are, with all that lies beside them. */
static void the_other_format(void **state)
{
    zh_store *mem = memory_store();
    zh_tree *t;
    char *keys;

    (void)state;
    store_text(mem, ".zgroup", "{\"zarr_format\":2}");
    store_text(mem, "g/zarr.json", "{\"zarr_format\":3,\"node_type\":\"group\",\"attributes\":{}}");
    store_text(mem, "g/x/zarr.json", "{\"zarr_format\":3,\"node_type\":\"group\",\"attributes\":{}}");
    store_text(mem, "g/x/c/0", "data");
    store_text(mem, "h/0.1", "left over");
    store_text(mem, "h/x/.zgroup", "{\"zarr_format\":2}");
    t = open_tree(borrow_store(mem), 2);
    (void)add_group(t, "/", "g");
    (void)add_group(t, "/", "h");
    flush_tree(t);
    keys = stored_keys(mem);
    assert_string_equal(keys,
                        ".zgroup\ng/.zgroup\ng/x/c/0\ng/x/zarr.json\ng/zarr.json\nh/.zgroup\nh/0.1\nh/x/.zgroup\n");
    free(keys);
    zh_tree_close(t);
    zh_store_close(mem);
}

/* On a directory a child may meet files of its name, and directories that may not be read. */
static void directories_are_not_asked_too_much(void **state)
{
    zh_error err = ZH_ERROR_INIT;
    zh_node *node, **list;
    zh_store *s;
    zh_tree *t;
    size_t n;

    (void)state;
    assert_zh_ok(zh_store_dir_open(&s, "d.zarr", ZH_CREATE_EXCL, &err), &err);
    t = create_tree(s, ZH_V3, 2);
    (void)add_group(t, "/", "g");
    flush_tree(t);
    zh_tree_close(t);
    zh_write_file("d.zarr/file", "x", 1);
    assert_int_equal(mkdir("d.zarr/dir", 0777), 0);
    assert_int_equal(mkdir("d.zarr/odd", 0777), 0);
    assert_int_equal(mkdir("d.zarr/odd/zarr.json", 0777), 0);
    assert_int_equal(mkdir("d.zarr/not \xff utf8", 0777), 0);
    assert_int_equal(mkdir("d.zarr/back\\slash", 0777), 0);
    assert_zh_ok(zh_store_dir_open(&s, "d.zarr", ZH_OPEN_WRITE, &err), &err);
    t = open_tree(s, 2);
    assert_zh_code(zh_node_find(&node, zh_tree_root(t), "file", 4, &err), ZH_NOTFOUND, &err);
    assert_zh_code(zh_node_find(&node, zh_tree_root(t), "zarr.json", 9, &err), ZH_NOTFOUND, &err);
    assert_zh_code(zh_node_find(&node, zh_tree_root(t), ".zgroup", 7, &err), ZH_NOTFOUND, &err);
    assert_zh_code(zh_node_find(&node, zh_tree_root(t), "dir", 3, &err), ZH_NOTFOUND, &err);
    assert_zh_code(zh_node_find(&node, zh_tree_root(t), "back\\slash", 10, &err), ZH_NOTFOUND, &err);
    assert_zh_code(zh_node_find(&node, zh_tree_root(t), ".", 1, &err), ZH_NOTFOUND, &err);
    assert_zh_code(zh_node_find(&node, zh_tree_root(t), "..", 2, &err), ZH_NOTFOUND, &err);
    assert_zh_ok(zh_node_children(&list, &n, zh_tree_root(t), false, &err), &err);
    assert_int_equal(n, 1);
    zh_free(list);
    zh_tree_close(t);
}

/* Attributes with as many entries as there may be: no quadratic reading. */
static void many_attributes(void **state)
{
    zh_store *mem = memory_store();
    zh_error err = ZH_ERROR_INIT;
    char name[32], *text;
    zh_tree *t;
    int i;

    (void)state;
    t = create_tree(borrow_store(mem), ZH_V3, 1);
    zh_tree_root(t)->track = 4;
    for (i = 0; i < 20000; i++) {
        snprintf(name, sizeof(name), "a%d", (i * 7919) % 20000);
        assert_zh_ok(zh_node_set_attr(zh_tree_root(t), name, "1", "\"t\":1", &err), &err);
    }
    text = tree_text(t);
    flush_tree(t);
    zh_tree_close(t);
    t = open_tree(borrow_store(mem), 1);
    assert_same_tree(t, text);
    free(text);
    zh_tree_close(t);
    zh_store_close(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        zh_sandbox_test(reopened_is_equal),
        cmocka_unit_test(names_with_escapes),
        cmocka_unit_test(foreign_names_that_look_escaped),
        cmocka_unit_test(foreign_v3_documents),
        cmocka_unit_test(foreign_v2_documents),
        cmocka_unit_test(damaged_children),
        cmocka_unit_test(unreadable_arrays),
        cmocka_unit_test(a_store_that_is_one_array),
        cmocka_unit_test(roots),
        cmocka_unit_test(facts_that_speak_of_something_else),
        cmocka_unit_test(a_later_version_is_not_changed),
        cmocka_unit_test(damaged_frames),
        cmocka_unit_test(recorded_order),
        cmocka_unit_test(stores_that_cannot_erase),
        cmocka_unit_test(remains_of_a_killed_writer),
        cmocka_unit_test(the_other_format),
        zh_sandbox_test(directories_are_not_asked_too_much),
        cmocka_unit_test(many_attributes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
