/* test_root.c - a root replaced by another: what was the old one's goes, chunks first of all, and what is nobody's
 * stays (section 4); and a failure on the way leaves the old one. */
#include "builder_fixture.h"

static const char v3_array[] =
    "{\"zarr_format\":3,\"node_type\":\"array\",\"shape\":[4,6],\"data_type\":\"float32\",\"chunk_grid\":{\"name\":"
    "\"regular\",\"configuration\":{\"chunk_shape\":[2,3]}},\"chunk_key_encoding\":{\"name\":\"default\","
    "\"configuration\":{\"separator\":\"%c\"}},\"fill_value\":0,\"codecs\":[{\"name\":\"bytes\",\"configuration\":"
    "{\"endian\":\"little\"}}]}";
static const char v2_array[] =
    "{\"zarr_format\":2,\"shape\":[4,6],\"chunks\":[2,3],\"dtype\":\"<f4\",\"compressor\":null,"
    "\"fill_value\":0,\"order\":\"C\",\"filters\":null,\"dimension_separator\":\"%c\"}";
static const char chunk[25] = "old old old old old old ";

/* An array as the root, with two chunks and files that are nobody's. */
static void put_root_array(zh_store *s, zh_format format, char separator, bool damaged)
{
    char text[600], key[32];

    (void)snprintf(text, sizeof(text), format == ZH_V3 ? v3_array : v2_array, separator);
    put_key(s, format == ZH_V3 ? "zarr.json" : ".zarray", damaged ? "{\"zarr_for" : text);
    (void)snprintf(key, sizeof(key), "%s0%c0", format == ZH_V3 ? (separator == '/' ? "c/" : "c.") : "", separator);
    put_key(s, key, chunk);
    (void)snprintf(key, sizeof(key), "%s1%c1", format == ZH_V3 ? (separator == '/' ? "c/" : "c.") : "", separator);
    put_key(s, key, chunk);
    put_key(s, "README", "mine");
    put_key(s, "docs/1.0/notes", "mine");
    put_key(s, "photos/inner/zarr.json", "{\"zarr_format\":3,\"node_type\":\"group\"}"); /* no node: photos is none */
    put_key(s, "photos/p.jpg", "mine");
}

static int write_chunk(void *payload, const char *path, zh_node_kind kind, zh_handle *node)
{
    static const uint64_t start[] = {0, 0}, count[] = {2, 3};
    static const float values[6] = {1, 2, 3, 4, 5, 6};
    zh_error err = ZH_ERROR_INIT;

    (void)path;
    if (kind == ZH_NODE_ARRAY)
        assert_zh_ok(zh_handle_write(node, start, count, values, sizeof(values), &err), &err);
    return payload != NULL;
}

/* Everything is 0 but what the callback wrote. */
static void root_reads(zh_store *s, zh_format format, float first)
{
    static const uint64_t start[] = {0, 0}, count[] = {4, 6};
    zh_error err = ZH_ERROR_INIT;
    float values[24];
    zh_handle *h;

    assert_zh_ok(zh_get_node(&h, s, "", (int)format, &err), &err);
    assert_zh_ok(zh_handle_read(h, start, count, values, sizeof(values), &err), &err);
    assert_true(values[0] == first);
    assert_true(values[23] == 0); /* of the chunk that was not written */
    zh_handle_close(h);
}

static void files_stay(zh_store *s)
{
    assert_true(has_key(s, "README") && has_key(s, "docs/1.0/notes") && has_key(s, "photos/p.jpg") &&
                has_key(s, "photos/inner/zarr.json"));
    assert_false(has_temporaries(s));
}

static int replace(zh_store *s, zh_format format, const char *plan, bool stops, zh_error *err)
{
    zh_create_options o = ZH_CREATE_OPTIONS_INIT;
    zh_plan *p = plan_of(format, plan);
    int rc;

    o.overwrite = true;
    o.created = write_chunk;
    o.payload = stops ? &o : NULL;
    rc = zh_create_hierarchy(s, p, &o, err);
    zh_plan_free(p);
    return rc;
}

static bool is_staged(store_kind kind)
{
    return kind != IN_MEMORY_IN_PLACE && kind != IN_DIRECTORY_IN_PLACE;
}

/* Old array in each format and with each separator, new array in each format: no old chunk shows through. */
static void array_over_array(store_kind kind, zh_format format)
{
    for (int i = 0; i < 8 && is_staged(kind); i++) {
        const zh_format was = i % 2 == 0 ? ZH_V2 : ZH_V3;
        const char separator = (i & 2) != 0 ? '/' : '.';
        const bool damaged = (i & 4) != 0;
        zh_store *s = new_store(kind);
        zh_error err = ZH_ERROR_INIT;
        char *before, *after;

        put_root_array(s, was, separator, damaged);
        before = snapshot(s);
        assert_zh_code(replace(s, format, "a {\"new\":1}", true, &err), ZH_ABORTED, &err);
        after = snapshot(s);
        assert_string_equal(before, after);
        free(after);
        free(before);
        err = (zh_error)ZH_ERROR_INIT;
        assert_zh_ok(replace(s, format, "a {\"new\":1}", false, &err), &err);
        assert_int_equal(err.code, ZH_OK); /* nor anything left of a question that was answered */
        root_reads(s, format, 1);
        files_stay(s);
        assert_int_equal(has_key(s, "zarr.json"), format == ZH_V3);
        assert_int_equal(has_key(s, ".zarray"), format == ZH_V2);
        zh_store_close(s);
    }
}

static void old_chunks_do_not_show_through__W3(void **state)
{
    (void)state;
    for_each(array_over_array);
}

static void group_over_array(store_kind kind, zh_format format)
{
    for (int i = 0; i < 4 && is_staged(kind); i++) {
        const zh_format was = i % 2 == 0 ? ZH_V2 : ZH_V3;
        zh_store *s = new_store(kind);
        zh_error err = ZH_ERROR_INIT;

        put_root_array(s, was, i >= 2 ? '/' : '.', false);
        assert_zh_ok(replace(s, format, "g {\"new\":1}\na c\na 0\ng x", false, &err), &err);
        assert_string_equal(members(s, format), "a 0 {}\na c {}\ng x {}\n");
        assert_false(has_key(s, "c.0.0") || has_key(s, "0.0") || has_key(s, "1/1") || has_key(s, "c.1.1"));
        files_stay(s);
        zh_store_close(s);
    }
}

static void a_group_over_an_array_loses_its_chunks__T1743(void **state)
{
    (void)state;
    for_each(group_over_array);
}

/* Its members go; a member may be named as a chunk is. */
static void array_over_group(store_kind kind, zh_format format)
{
    for (int was = ZH_V2; was <= ZH_V3 && is_staged(kind); was++) {
        zh_store *s = new_store(kind);
        zh_error err = ZH_ERROR_INIT;
        char *before, *after;

        create(s, (zh_format)was, "g {\"old\":1}\na c\na 0/1\ng x\na y");
        put_key(s, was == ZH_V3 ? "y/c/0/0" : "y/0.0", chunk);
        put_key(s, "1.1", chunk); /* of nobody, and in the way */
        put_key(s, "1/1", chunk);
        put_key(s, "c.1.1", chunk);
        put_key(s, "2024/1", "mine");
        put_key(s, "2024/report", "mine");
        put_key(s, "README", "mine");
        put_key(s, "docs/1.0/notes", "mine");
        before = snapshot(s);
        assert_zh_code(replace(s, format, "a {\"new\":1}", true, &err), ZH_ABORTED, &err);
        after = snapshot(s);
        assert_string_equal(before, after);
        free(before);
        free(after);
        assert_zh_ok(replace(s, format, "a {\"new\":1}", false, &err), &err);
        root_reads(s, format, 1);
        assert_false(has_key(s, was == ZH_V3 ? "x/zarr.json" : "x/.zgroup"));
        assert_true(has_key(s, "README") && has_key(s, "docs/1.0/notes") && has_key(s, "2024/1"));
        assert_false(has_key(s, "1.1") || has_key(s, "1/1") || has_key(s, "c.1.1"));
        assert_false(has_temporaries(s));
        zh_store_close(s);
    }
}

static void an_array_over_a_group_loses_its_members__T1743(void **state)
{
    (void)state;
    for_each(array_over_group);
}

/* Chunks that the caller wrote before it failed are the new array's. */
static void fresh_array(store_kind kind, zh_format format)
{
    zh_store *s = new_store(kind);
    zh_error err = ZH_ERROR_INIT;

    if (is_staged(kind)) {
        assert_zh_code(replace(s, format, "a", true, &err), ZH_ABORTED, &err);
        assert_false(has_key(s, format == ZH_V3 ? "c/0/0" : "0.0"));
        assert_zh_ok(replace(s, format, "a", false, &err), &err);
        root_reads(s, format, 1);
    }
    zh_store_close(s);
}

static void chunks_of_a_root_that_failed_go_with_it(void **state)
{
    (void)state;
    for_each(fresh_array);
}

static void consolidated_metadata_go_with_the_format__W16(void **state)
{
    zh_store *s = new_store(IN_MEMORY);
    zh_create_options o = ZH_CREATE_OPTIONS_INIT;
    zh_plan *p = plan_of(ZH_V3, "g {\"new\":1}\na b");
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    create(s, ZH_V2, "g {\"old\":1}\na a");
    assert_zh_ok(zh_consolidate(s, "", 1, &err), &err);
    assert_true(has_key(s, ".zmetadata"));
    o.overwrite = true;
    o.consolidated = ZH_CONSOLIDATE_WRITE;
    assert_zh_ok(zh_create_hierarchy(s, p, &o, &err), &err);
    assert_false(has_key(s, ".zmetadata") || has_key(s, ".zgroup") || has_key(s, ".zattrs"));
    zh_plan_free(p);
    zh_store_close(s);
}

/* Consolidated metadata of a root that is an array: there is nobody to tell of. */
static void array_root_consolidated(store_kind kind, zh_format format)
{
    zh_store *s = new_store(kind);
    zh_create_options o = ZH_CREATE_OPTIONS_INIT;
    zh_plan *p = plan_of(format, "a");
    zh_error err = ZH_ERROR_INIT;

    o.consolidated = ZH_CONSOLIDATE_WRITE;
    assert_zh_ok(zh_create_hierarchy(s, p, &o, &err), &err);
    assert_false(has_key(s, ".zmetadata"));
    root_reads(s, format, 0);
    zh_plan_free(p);
    zh_store_close(s);
}

static void an_array_has_none_consolidated(void **state)
{
    (void)state;
    for_each(array_root_consolidated);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        zh_sandbox_test(old_chunks_do_not_show_through__W3),
        zh_sandbox_test(a_group_over_an_array_loses_its_chunks__T1743),
        zh_sandbox_test(an_array_over_a_group_loses_its_members__T1743),
        zh_sandbox_test(chunks_of_a_root_that_failed_go_with_it),
        zh_sandbox_test(consolidated_metadata_go_with_the_format__W16),
        zh_sandbox_test(an_array_has_none_consolidated),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
