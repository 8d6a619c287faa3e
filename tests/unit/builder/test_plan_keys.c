/* test_plan_keys.c - plans without a store: keys, implicit groups, what a plan refuses. Names end in the line of
 * zarr-python's tests that they answer to (T: test_group.py, TS: test_store/test_core.py), or in the number of its
 * weakness.
 */
#include "builder_fixture.h"

/* The nodes of a finished plan: "g a\n", implicit ones "i a\n". */
static const char *nodes_of(zh_plan *p)
{
    static char out[1 << 16];
    zh_error err = ZH_ERROR_INIT;
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < zh_plan_size(p); i++) {
        zh_plan_node node;

        assert_zh_ok(zh_plan_get(p, i, &node, &err), &err);
        len += (size_t)snprintf(out + len, sizeof(out) - len, "%c %s\n",
                                node.implicit                ? 'i'
                                : node.kind == ZH_NODE_ARRAY ? 'a'
                                                             : 'g',
                                node.path);
    }
    return out;
}

static void plan_is(const char *lines, const char *want)
{
    for (int format = ZH_V2; format <= ZH_V3; format++) {
        zh_plan *p = plan_of((zh_format)format, lines);

        assert_string_equal(nodes_of(p), want);
        zh_plan_free(p);
    }
}

static void fails(const char *lines, int code, const char *text)
{
    plan_fails(ZH_V2, lines, code, text);
    plan_fails(ZH_V3, lines, code, text);
}

static void normed_keys__T2029_TS369(void **state)
{
    (void)state;
    plan_is("g a\ng /b\ng\na /a//c////", "g \ng a\na a/c\ng b\n");
}

static void empty__TestParseHierarchyDict(void **state)
{
    (void)state;
    plan_is("", "");
}

static void implicit_groups__TestParseHierarchyDict(void **state)
{
    (void)state;
    plan_is("a a/b/c", "i \ni a\ni a/b\na a/b/c\n");
    plan_is("a a/b/c\ng a\na a/b/d\na x", "i \ng a\ni a/b\na a/b/c\na a/b/d\na x\n");
}

static void normalize_path_valid__TS314(void **state)
{
    (void)state;
    plan_is("g /foo/bar", "i \ni foo\ng foo/bar\n");
    plan_is("g //foo/bar", "i \ni foo\ng foo/bar\n");
    plan_is("g foo///bar", "i \ni foo\ng foo/bar\n");
    plan_is("g foo/bar///", "i \ni foo\ng foo/bar\n");
}

static void normalize_path_none_and_root__TS323(void **state)
{
    zh_error err = ZH_ERROR_INIT;
    zh_plan *p;

    (void)state;
    assert_zh_ok(zh_plan_new(&p, &err), &err);
    assert_zh_ok(zh_plan_add_group(p, ZH_V3, NULL, 0, NULL, &err), &err);
    assert_zh_ok(zh_plan_finish(p, NULL, &err), &err);
    assert_string_equal(nodes_of(p), "g \n");
    zh_plan_free(p);
    plan_is("g /", "g \n");
    plan_is("a ", "a \n");
}

static void normalize_path_invalid_dots__TS328(void **state)
{
    (void)state;
    fails("g .", ZH_KEY_DOT, "'.'");
    fails("g ..", ZH_KEY_DOT, "'..'");
    fails("g foo/../bar", ZH_KEY_DOT, "foo/../bar");
    fails("g foo/./bar", ZH_KEY_DOT, "foo/./bar");
}

static void normalize_paths_invalid_duplicates__TS345(void **state)
{
    (void)state;
    fails("g\ng /", ZH_KEY_DUPLICATE, "are both the path");
    fails("g ///a\ng a", ZH_KEY_DUPLICATE, "'///a' and 'a'");
}

static void backslash_is_a_slash_only_by_option(void **state)
{
    zh_plan_options o = ZH_PLAN_OPTIONS_INIT;
    zh_plan *p = make_plan(ZH_V2, "g a\\b");
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    plan_is("g a\\b", "i \ng a\\b\n");
    o.backslash_is_slash = true;
    assert_zh_ok(zh_plan_finish(p, &o, &err), &err);
    assert_string_equal(nodes_of(p), "i \ni a\ng a/b\n");
    zh_plan_free(p);
}

static void reserved_names__W22(void **state)
{
    (void)state;
    fails("g ...", ZH_KEY_RESERVED, "periods only");
    fails("g a/zarr.json", ZH_KEY_RESERVED, "zarr.json");
    fails("g .zgroup/a", ZH_KEY_RESERVED, ".zgroup");
    fails("g .x.zh-tmp", ZH_KEY_RESERVED, "temporary");
    plan_fails(ZH_V3, "g a/__x", ZH_KEY_RESERVED, "__");
    zh_plan_free(plan_of(ZH_V2, "g a/__x"));
}

static void utf8_and_long_names(void **state)
{
    char lines[9000];
    zh_error err = ZH_ERROR_INIT;
    zh_plan *p;

    (void)state;
    plan_is("g \xce\xb3\xce\xac\xce\xbc", "i \ng \xce\xb3\xce\xac\xce\xbc\n");
    fails("g a\xff", ZH_KEY_ENCODING, "UTF-8");
    assert_zh_ok(zh_plan_new(&p, &err), &err);
    assert_zh_ok(zh_plan_add_group(p, ZH_V3, "a\0b", 3, NULL, &err), &err);
    assert_zh_code(zh_plan_finish(p, NULL, &err), ZH_KEY_ENCODING, &err);
    zh_plan_free(p);
    memset(lines, 'x', sizeof(lines));
    memcpy(lines, "g ", 2);
    lines[2 + 255] = '\0';
    zh_plan_free(plan_of(ZH_V3, lines));
    lines[2 + 255] = 'x';
    lines[2 + 256] = '\0';
    fails(lines, ZH_KEY_TOO_LONG, "256");
}

static void key_of_depth_10000(void **state)
{
    char *lines = malloc(20004);
    zh_plan *p;

    (void)state;
    memcpy(lines, "g ", 2);
    for (size_t i = 0; i < 10000; i++)
        memcpy(lines + 2 + 2 * i, "a/", 2);
    lines[20001] = '\0';
    fails(lines, ZH_KEY_TOO_LONG, "19999");
    lines[2 + 3999] = '\0'; /* 2000 deep: all implicit groups are there, none of them twice */
    p = plan_of(ZH_V3, lines);
    assert_int_equal(zh_plan_size(p), 2001);
    zh_plan_free(p);
    free(lines);
}

static void invalid_nested__T2097(void **state)
{
    (void)state;
    fails("a a\na a/b", ZH_NODE_INSIDE_ARRAY, "only groups have members");
    fails("g a/b/c\na a/b", ZH_NODE_INSIDE_ARRAY, "'a/b/c'");
    fails("g a/b/c/d\na a", ZH_NODE_INSIDE_ARRAY, "array");
}

static void root_array_with_child__W1(void **state)
{
    (void)state;
    fails("a \ng a", ZH_NODE_INSIDE_ARRAY, "'a'");
    fails("a \ng a/b/c", ZH_NODE_INSIDE_ARRAY, "array");
}

static void invalid_mixed_format__T2126(void **state)
{
    zh_plan *p = make_plan(ZH_V2, "g a\na b");
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    assert_zh_ok(zh_plan_add_group(p, ZH_V3, "c", 1, NULL, &err), &err);
    assert_zh_code(zh_plan_finish(p, NULL, &err), ZH_MIXED_FORMAT, &err);
    assert_zh_message(&err, "v2 have the keys 'a', 'b'");
    assert_zh_message(&err, "v3 'c'");
    zh_plan_free(p);
}

static void stages_in_order(void **state)
{
    zh_plan *p = make_plan(ZH_V2, "a a\ng a/b\ng x/..");
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    assert_zh_ok(zh_plan_add_group(p, ZH_V3, "c", 1, NULL, &err), &err);
    assert_zh_code(zh_plan_finish(p, NULL, &err), ZH_KEY_DOT, &err); /* then the format, then the array */
    zh_plan_free(p);
}

static void all_problems_are_told_up_to_a_bound(void **state)
{
    zh_plan_options o = ZH_PLAN_OPTIONS_INIT;
    zh_plan *p = make_plan(ZH_V3, "g ..\ng a/..\ng b/..\ng c");
    zh_error err = ZH_ERROR_INIT;
    report r = {.n = 0};

    (void)state;
    o.problem = on_problem;
    o.payload = &r;
    o.max_problems = 2;
    assert_zh_code(zh_plan_finish(p, &o, &err), ZH_KEY_DOT, &err);
    assert_zh_message(&err, "and 2 more");
    assert_int_equal(r.problems[-ZH_KEY_DOT], 2);
    zh_plan_free(p);
}

static void build_metadata__T2329(void **state)
{
    static const char array[] =
        "{\"zarr_format\":3,\"node_type\":\"array\",\"shape\":[2],\"data_type\":\"int32\",\"chunk_grid\":{\"name\":"
        "\"regular\","
        "\"configuration\":{\"chunk_shape\":[2]}},\"chunk_key_encoding\":{\"name\":\"default\"},\"fill_value\":0,"
        "\"codecs\":[{\"name\":\"bytes\",\"configuration\":{\"endian\":\"little\"}}]}";
    static const char *const bad[] = {"{\"zarr_format\":3}",
                                      "{\"zarr_format\":3,\"node_type\":\"thing\"}",
                                      "{\"zarr_format\":4,\"node_type\":\"group\"}",
                                      "{\"zarr_format\":3,\"node_type\":\"array\"}",
                                      "{\"zarr_format\":2,\"shape\":[1]}",
                                      "[1]",
                                      "{"};
    zh_error err = ZH_ERROR_INIT;
    zh_plan *p;

    (void)state;
    assert_zh_ok(zh_plan_new(&p, &err), &err);
    assert_zh_ok(zh_plan_add_json(p, "a", 1, array, strlen(array), &err), &err);
    assert_zh_ok(zh_plan_add_json(p, "g", 1, "{\"zarr_format\":3,\"node_type\":\"group\"}", 37, &err), &err);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_zh_code(zh_plan_add_json(p, "x", 1, bad[i], strlen(bad[i]), &err), ZH_CORRUPT, &err);
        assert_zh_message(&err, "'x'");
    }
    assert_zh_ok(zh_plan_finish(p, NULL, &err), &err);
    assert_string_equal(nodes_of(p), "i \na a\ng g\n");
    zh_plan_free(p);
}

static void literals_that_json_lacks__W23(void **state)
{
    zh_error err = ZH_ERROR_INIT;
    zh_plan *p;

    (void)state;
    assert_zh_ok(zh_plan_new(&p, &err), &err);
    assert_zh_code(zh_plan_add_group(p, ZH_V3, "a", 1, "{\"x\":[NaN]}", &err), ZH_INVALID, &err);
    assert_zh_code(zh_plan_add_group(p, ZH_V3, "a", 1, "[1]", &err), ZH_INVALID, &err);
    assert_zh_code(zh_plan_add_group(p, ZH_V3, "a", 1, "{", &err), ZH_CORRUPT, &err);
    zh_plan_free(p);
}

static void add_json(zh_plan *p, const char *key, const char *text)
{
    zh_error err = ZH_ERROR_INIT;

    assert_zh_ok(zh_plan_add_json(p, key, strlen(key), text, strlen(text), &err), &err);
}

/* The document under a key of s, and the attributes of the node there. */
static void reads_as(zh_store *s, const char *path, const char *key, const char *document, const char *attributes)
{
    zh_buf text = ZH_BUF_INIT(1 << 16);
    zh_error err = ZH_ERROR_INIT;
    zh_handle *h;

    assert_zh_ok(zh_store_get(s, key, &text, &err), &err);
    assert_string_equal(zh_buf_cstr(&text, &err), document);
    text.len = 0;
    assert_zh_ok(zh_get_node(&h, s, path, 0, &err), &err);
    assert_zh_ok(zh_handle_attributes(h, &text, &err), &err);
    assert_string_equal(zh_buf_cstr(&text, &err), attributes);
    zh_handle_close(h);
    zh_buf_dispose(&text);
}

static zh_store *created(zh_plan *p)
{
    zh_error err = ZH_ERROR_INIT;
    zh_store *s;

    assert_zh_ok(zh_plan_finish(p, NULL, &err), &err);
    assert_zh_ok(zh_store_mem_open(&s, &err), &err);
    assert_zh_ok(zh_create_hierarchy(s, p, NULL, &err), &err);
    zh_plan_free(p);
    return s;
}

/* As zarr-python reads it; never written. */
static void attributes_null_are_none(void **state)
{
    static const char v3[] = "{\"zarr_format\":3,\"node_type\":\"group\"}";
    static const char five[] = "{\"zarr_format\":3,\"node_type\":\"group\",\"attributes\":5}";
    zh_error err = ZH_ERROR_INIT;
    zh_plan *p;
    zh_store *s;

    (void)state;
    assert_zh_ok(zh_plan_new(&p, &err), &err);
    add_json(p, "", "{\"attributes\":{\"a\":1},\"zarr_format\":3,\"node_type\":\"group\",\"attributes\":null}");
    assert_zh_code(zh_plan_add_json(p, "b", 1, five, strlen(five), &err), ZH_CORRUPT, &err);
    s = created(p);
    reads_as(s, "", "zarr.json", v3, "{}");
    put_key(s, "b/zarr.json", "{\"zarr_format\":3,\"node_type\":\"group\",\"attributes\":null}");
    reads_as(s, "b", "b/zarr.json", "{\"zarr_format\":3,\"node_type\":\"group\",\"attributes\":null}", "{}");
    zh_store_close(s);

    assert_zh_ok(zh_plan_new(&p, &err), &err);
    add_json(p, "", "{\"zarr_format\":2,\"attributes\":null}");
    s = created(p);
    reads_as(s, "", ".zgroup", "{\"zarr_format\":2}", "{}");
    assert_false(has_key(s, ".zattrs"));
    zh_store_close(s);
}

/* Attributes "k0" to "k<n-1>", and before and after them others of the first one's name. */
static char *repeated_attributes(unsigned n)
{
    char *text = malloc((size_t)n * 16 + 64), *p = text;

    p += sprintf(p, "{\"k0\":[1],");
    for (unsigned i = 0; i < n; i++)
        p += sprintf(p, "\"k%u\":%u,", i, i);
    (void)sprintf(p, "\"k0\":{\"x\":1,\"x\":2}}");
    return text;
}

/* Where it stands; what lies deeper is left as it is. */
static void of_attributes_with_one_name_the_last_counts(void **state)
{
    (void)state;
    for (unsigned n = 1; n < 40; n++) {
        char *text = repeated_attributes(n), *want = malloc(strlen(text) + 64), *document = malloc(strlen(text) + 128);
        zh_error err = ZH_ERROR_INIT;
        char *rest = n > 1 ? strstr(text, "\"k1\"") : strstr(text, "\"k0\":{");
        zh_store *s;
        zh_plan *p;

        (void)sprintf(want, "{%s", rest);
        (void)sprintf(document, "{\"zarr_format\":3,\"node_type\":\"group\",\"attributes\":%s}", want);
        assert_zh_ok(zh_plan_new(&p, &err), &err);
        assert_zh_ok(zh_plan_add_group(p, ZH_V3, "", 0, text, &err), &err);
        s = created(p);
        reads_as(s, "", "zarr.json", document, want);
        zh_store_close(s);
        free(document);
        free(want);
        free(text);
    }
}

/* What is added has nothing to do with what stood before it, alike or not, taken or refused. */
static void arrays_alike_and_not(void **state)
{
    static const uint64_t lengths[] = {4, 4, 5, 5, 4, 4};
    zh_array_spec spec = ZH_ARRAY_SPEC_INIT;
    zh_error err = ZH_ERROR_INIT;
    uint64_t shape;
    char key[2] = "a";
    zh_store *s;
    zh_plan *p;

    (void)state;
    assert_zh_ok(zh_plan_new(&p, &err), &err);
    spec.rank = 1;
    spec.shape = &shape;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++, key[0]++) {
        spec.data_type = "int16";
        spec.codecs = NULL;
        shape = lengths[i];
        assert_zh_ok(zh_plan_add_array(p, ZH_V3, key, 1, &spec, NULL, &err), &err);
        assert_zh_code(zh_plan_add_array(p, ZH_V3, "x", 1, &spec, "{", &err), ZH_CORRUPT, &err);
        shape = 6;
        assert_zh_code(zh_plan_add_array(p, ZH_V3, "x", 1, &spec, "{", &err), ZH_CORRUPT, &err);
        spec.codecs = "[{\"name\":\"bytes\"},{\"name\":\"bytes\"}]";
        shape = lengths[i];
        assert_true(zh_plan_add_array(p, ZH_V3, "x", 1, &spec, NULL, &err) < 0);
    }
    s = created(p);
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        zh_array_info info;
        zh_handle *h;

        key[0] = (char)('a' + i);
        assert_zh_ok(zh_get_node(&h, s, key, 0, &err), &err);
        assert_zh_ok(zh_handle_array(h, &info, &err), &err);
        assert_int_equal(info.shape[0], lengths[i]);
        zh_handle_close(h);
    }
    assert_false(has_key(s, "x/zarr.json"));
    zh_store_close(s);
}

static int plan_body(void *payload)
{
    zh_error err = ZH_ERROR_INIT;
    uint64_t shape = 4;
    zh_array_spec spec = ZH_ARRAY_SPEC_INIT;
    zh_plan *p = NULL;
    int rc = zh_plan_new(&p, &err);

    (void)payload;
    spec.rank = 1;
    spec.shape = &shape;
    spec.data_type = "int16";
    spec.codecs = "[{\"name\":\"gzip\",\"configuration\":{\"level\":1}}]";
    spec.fill_value = "3";
    for (unsigned i = 0; rc == ZH_OK && i < 40; i++) {
        char key[32];

        (void)snprintf(key, sizeof(key), "/g%u//x/a%u", i % 7, i);
        rc = zh_plan_add_array(p, ZH_V3, key, strlen(key), &spec, "{\"k\":[1,2]}", &err);
    }
    if (rc == ZH_OK)
        rc = zh_plan_finish(p, NULL, &err);
    zh_plan_free(p);
    return rc;
}

static void survives_the_end_of_memory(void **state)
{
    (void)state;
    zh_each_allocation_fails(plan_body, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(normed_keys__T2029_TS369),
        cmocka_unit_test(empty__TestParseHierarchyDict),
        cmocka_unit_test(implicit_groups__TestParseHierarchyDict),
        cmocka_unit_test(normalize_path_valid__TS314),
        cmocka_unit_test(normalize_path_none_and_root__TS323),
        cmocka_unit_test(normalize_path_invalid_dots__TS328),
        cmocka_unit_test(normalize_paths_invalid_duplicates__TS345),
        cmocka_unit_test(backslash_is_a_slash_only_by_option),
        cmocka_unit_test(reserved_names__W22),
        cmocka_unit_test(utf8_and_long_names),
        cmocka_unit_test(key_of_depth_10000),
        cmocka_unit_test(invalid_nested__T2097),
        cmocka_unit_test(root_array_with_child__W1),
        cmocka_unit_test(invalid_mixed_format__T2126),
        cmocka_unit_test(stages_in_order),
        cmocka_unit_test(all_problems_are_told_up_to_a_bound),
        cmocka_unit_test(build_metadata__T2329),
        cmocka_unit_test(literals_that_json_lacks__W23),
        cmocka_unit_test(attributes_null_are_none),
        cmocka_unit_test(of_attributes_with_one_name_the_last_counts),
        cmocka_unit_test(arrays_alike_and_not),
        cmocka_unit_test(survives_the_end_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
