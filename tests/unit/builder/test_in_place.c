/* test_in_place.c - creation in stores that cannot move prefixes: what goes, in which order, and how many calls at
 * once. That failures and deaths leave what is promised is tested over all sorts of creations in test_failures.c and
 * test_killed.c. */
#include "builder_fixture.h"

#include <errno.h>

static zh_store *in_place(void)
{
    return new_store(IN_MEMORY_IN_PLACE);
}

static int overwrite(zh_store *s, zh_format format, const char *lines, bool purge, report *r, zh_error *err)
{
    zh_create_options o = options_of(r);
    zh_plan *p = plan_of(format, lines);
    int rc;

    o.overwrite = true;
    o.purge = purge;
    o.requests = 4;
    rc = zh_create_hierarchy(s, p, &o, err);
    zh_plan_free(p);
    return rc;
}

static void must_overwrite(zh_store *s, zh_format format, const char *lines, bool purge, float value)
{
    static report r;
    zh_error err = ZH_ERROR_INIT;

    memset(&r, 0, sizeof(r));
    r.value = value;
    assert_zh_ok(overwrite(s, format, lines, purge, &r, &err), &err);
}

static float elements_of(zh_store *s, const char *path)
{
    zh_error err = ZH_ERROR_INIT;
    zh_handle *h;
    float value;

    assert_zh_ok(zh_get_node(&h, s, path, 0, &err), &err);
    assert_zh_ok(read_elements(h, &value, &err), &err);
    zh_handle_close(h);
    return value;
}

/* --- what goes --- */

static void put_foreign(zh_store *s)
{
    put_key(s, "README.txt", "r");
    put_key(s, "docs/readme.txt", "d");
    put_key(s, "2024/12/photo.jpg", "p");
    put_key(s, "backup/photo.jpg", "p");
    put_key(s, "backup/old.zarr/zarr.json", "{\"zarr_format\":3,\"node_type\":\"group\"}");
    put_key(s, "older.zarr/.zgroup", "{\"zarr_format\":2}");
    put_key(s, "older.zarr/notes.txt", "n");
    put_key(s, "new/old.zarr/zarr.json", "{\"zarr_format\":3,\"node_type\":\"group\"}");
}

static void files_of_no_node_stay(void **state)
{
    (void)state;
    for (int format = ZH_V2; format <= ZH_V3; format++) {
        zh_store *s = in_place();

        create(s, (zh_format)format, "g {\"old\":1}\na a/b\ng c");
        put_foreign(s);
        must_overwrite(s, (zh_format)format, "g {\"new\":1}\ng new/x", false, 0);
        assert_string_equal(members(s, (zh_format)format), "g new {}\ng new/x {}\n");
        assert_true(has_key(s, "README.txt") && has_key(s, "docs/readme.txt") && has_key(s, "2024/12/photo.jpg"));
        assert_true(has_key(s, "backup/photo.jpg") && has_key(s, "backup/old.zarr/zarr.json"));
        assert_false(has_key(s, "older.zarr/.zgroup") || has_key(s, "older.zarr/notes.txt"));
        assert_false(has_key(s, "new/old.zarr/zarr.json")); /* it would be a member */
        assert_false(has_key(s, document_key((zh_format)format, ZH_NODE_ARRAY, "a/b")));
        must_overwrite(s, (zh_format)format, "g {\"new\":2}", true, 0);
        assert_false(has_key(s, "README.txt") || has_key(s, "docs/readme.txt"));
        zh_store_close(s);
    }
}

/* Numbers are chunks where there is an array, or one is to be, and names like others where there is none. */
static void keys_like_chunks_in_the_root(void **state)
{
    static const struct {
        const char *before, *document; /* document: put over the root's */
        const char *after;
        bool goes;
    } cases[] = {{"g", NULL, "g {\"new\":1}", false},
                 {"g", NULL, "a {\"new\":1}", true},
                 {"a", NULL, "g {\"new\":1}", true},
                 {"g", "{\"zarr_format\":3,\"node_type\":\"arr", "g {\"new\":1}", true}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        zh_store *s = in_place();

        create(s, ZH_V3, strcmp(cases[i].before, "a") == 0 ? "a {\"old\":1}" : "g {\"old\":1}");
        put_key(s, "c/0/1", "chunk");
        put_key(s, "0.1", "chunk");
        put_key(s, "2024/12", "chunk");
        if (cases[i].document != NULL)
            put_key(s, "zarr.json", cases[i].document);
        must_overwrite(s, ZH_V3, cases[i].after, false, 0);
        assert_true(has_key(s, "c/0/1") == !cases[i].goes && has_key(s, "0.1") == !cases[i].goes);
        assert_int_equal(has_key(s, "2024/12"), !cases[i].goes);
        zh_store_close(s);
    }
}

static void consolidated_metadata_have_no_old_members(void **state)
{
    (void)state;
    for (int format = ZH_V2; format <= ZH_V3; format++) {
        zh_create_options o = ZH_CREATE_OPTIONS_INIT;
        zh_plan *p = plan_of((zh_format)format, "g a {\"new\":1}\na a/y");
        zh_store *s = in_place();
        zh_error err = ZH_ERROR_INIT;
        zh_check_options check = ZH_CHECK_OPTIONS_INIT;
        zh_check_stats stats;

        create(s, (zh_format)format, "g a {\"old\":1}\na a/x\ng b");
        assert_zh_ok(zh_consolidate(s, "", 1, &err), &err);
        o.overwrite = true;
        o.consolidated = ZH_CONSOLIDATE_KEEP;
        assert_zh_ok(zh_create_hierarchy(s, p, &o, &err), &err);
        check.stats = &stats;
        assert_zh_ok(zh_check(s, &check, &err), &err);
        assert_int_equal(stats.findings, 0);
        zh_plan_free(p);
        zh_store_close(s);
    }
}

/* --- chunks --- */

static void chunks_that_the_callback_writes_stay(void **state)
{
    (void)state;
    for (int format = ZH_V2; format <= ZH_V3; format++) {
        zh_store *s = in_place();

        must_overwrite(s, (zh_format)format, "g a\na a/x\nd b", false, 3);
        must_overwrite(s, (zh_format)format, "g a\na a/x\na b", false, 7);
        assert_true(elements_of(s, "a/x") == 7 && elements_of(s, "b") == 7);
        must_overwrite(s, (zh_format)format, "g a\na a/x\nd b", false, 0);
        assert_true(elements_of(s, "a/x") == 0 && elements_of(s, "b") == 0);
        zh_store_close(s);
    }
}

/* An undone array leaves nothing that would be in the next one's way. */
static void chunks_of_an_undone_array_go(void **state)
{
    static report r;

    (void)state;
    for (int format = ZH_V2; format <= ZH_V3; format++) {
        zh_store *s = in_place();
        zh_error err = ZH_ERROR_INIT;

        memset(&r, 0, sizeof(r));
        r.value = 7;
        r.stop_at = 3;
        assert_zh_code(overwrite(s, (zh_format)format, "a a/x\nd a/y\na b", false, &r, &err), ZH_ABORTED, &err);
        create(s, (zh_format)format, "a a/x\nd a/y\na b");
        assert_true(elements_of(s, "a/x") == 0 && elements_of(s, "a/y") == 0);
        zh_store_close(s);
    }
}

/* Chunks are neither read nor kept: only documents go into the journal. */
static void chunks_are_not_read(void **state)
{
    zh_store *s = in_place();
    const char *log;

    (void)state;
    must_overwrite(s, ZH_V2, "a {\"old\":1}", false, 3);
    zh_store_log_clear(s);
    must_overwrite(s, ZH_V2, "a {\"new\":1}", false, 0);
    log = zh_store_log_text(s);
    assert_null(strstr(log, "get 0.0"));
    assert_null(strstr(log, "get_range 0.0"));
    assert_non_null(strstr(log, "erase 0.0"));
    zh_store_close(s);
}

static void what_cannot_be_undone_is_told(void **state)
{
    static report r;
    zh_store *s = in_place();
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    must_overwrite(s, ZH_V3, "a a {\"old\":1}", false, 3);
    memset(&r, 0, sizeof(r));
    r.stop_at = 2;
    assert_zh_code(overwrite(s, ZH_V3, "a a {\"new\":1}\ng b", false, &r, &err), ZH_PARTIAL, &err);
    assert_zh_message(&err, "the new nodes stay");
    assert_zh_message(&err, "the caller asked to stop");
    assert_string_equal(members(s, ZH_V3), "a a {\"new\":1}\ng b {}\n");
    assert_true(elements_of(s, "a") == 0);
    zh_store_close(s);
}

/* --- order, calls --- */

static size_t at(const char *log, const char *call)
{
    const char *found = strstr(log, call);

    if (found == NULL)
        fail_msg("'%s' is not among\n%s", call, log);
    return (size_t)(found - log);
}

static void successors_are_stored_first_the_topmost_last(void **state)
{
    zh_store *s = in_place();
    const char *log;

    (void)state;
    create(s, ZH_V3, "g {\"old\":1}\ng a {\"old\":1}\na a/x\ng b");
    zh_store_log_clear(s);
    must_overwrite(s, ZH_V3, "g {\"new\":1}\ng a {\"new\":1}\ng a/n\na a/n/x\ng c", false, 0);
    log = zh_store_log_text(s);
    assert_true(at(log, "put a/n/x/zarr.json") < at(log, "put a/n/zarr.json"));
    assert_true(at(log, "put a/n/zarr.json") < at(log, "put a/zarr.json"));
    assert_true(at(log, "put a/zarr.json") < at(log, "put zarr.json"));
    assert_true(at(log, "put c/zarr.json") < at(log, "put zarr.json"));
    assert_true(at(log, "put zarr.json") < at(log, "erase a/x/zarr.json"));
    assert_true(at(log, "put zarr.json") < at(log, "erase b/zarr.json"));
    zh_store_close(s);
}

static zh_plan *many(const char *prefix)
{
    zh_plan *p;
    zh_error err = ZH_ERROR_INIT;

    assert_zh_ok(zh_plan_new(&p, &err), &err);
    for (unsigned i = 0; i < 100; i++) {
        char key[64];

        (void)snprintf(key, sizeof(key), "%s%u/n%02u", prefix, i % 4, i);
        assert_zh_ok(zh_plan_add_group(p, ZH_V3, key, strlen(key), NULL, &err), &err);
    }
    assert_zh_ok(zh_plan_add_group(p, ZH_V3, "", 0, NULL, &err), &err);
    assert_zh_ok(zh_plan_finish(p, NULL, &err), &err);
    return p;
}

static void calls_in_flight(unsigned requests)
{
    zh_plan *first = many("a"), *second = many("b");
    zh_create_options o = ZH_CREATE_OPTIONS_INIT;
    zh_store *s = in_place();
    zh_error err = ZH_ERROR_INIT;

    o.requests = requests;
    assert_zh_ok(zh_create_hierarchy(s, first, &o, &err), &err);
    o.overwrite = true;
    zh_store_fault_set_latency(s, 1000);
    for (int same = 1; same >= 0; same--) {
        static const unsigned ops[] = {ZH_OP_PUT, ZH_OP_LIST, ZH_OP_GET, ZH_OP_ERASE, ZH_OP_ALL};

        for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
            const bool none = same && ops[i] == ZH_OP_ERASE;

            zh_store_fault_set(s, ops[i], 0, 0, false);
            assert_zh_ok(zh_create_hierarchy(s, same || i % 2 != 0 ? first : second, &o, &err), &err);
            assert_int_equal(zh_store_fault_max_in_flight(s), none ? 0 : requests);
        }
    }
    zh_plan_free(first);
    zh_plan_free(second);
    zh_store_close(s);
}

/* Overwriting keeps as many requests in flight as it may, and no more. */
static void overwriting_is_concurrent(void **state)
{
    (void)state;
    calls_in_flight(1);
    calls_in_flight(4);
}

/* One listing of each prefix tells all that is to be known: no document is looked for in vain. */
static void calls_of_overwriting(void **state)
{
    zh_plan *p = many("a");
    zh_create_options o = ZH_CREATE_OPTIONS_INIT;
    zh_store *s = in_place();
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    assert_zh_ok(zh_create_hierarchy(s, p, &o, &err), &err);
    zh_store_log_clear(s);
    o.overwrite = true;
    assert_zh_ok(zh_create_hierarchy(s, p, &o, &err), &err);
    assert_int_equal(zh_store_log_count(s, ZH_OP_PUT), 105);
    assert_int_equal(zh_store_log_count(s, ZH_OP_LIST), 105);
    assert_true(zh_store_log_count(s, ZH_OP_GET) <= 105 + 2); /* the root's is also looked at before */
    assert_int_equal(zh_store_log_count(s, ZH_OP_ERASE), 0);
    zh_plan_free(p);
    zh_store_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_of_no_node_stay),
        cmocka_unit_test(keys_like_chunks_in_the_root),
        cmocka_unit_test(consolidated_metadata_have_no_old_members),
        cmocka_unit_test(chunks_that_the_callback_writes_stay),
        cmocka_unit_test(chunks_of_an_undone_array_go),
        cmocka_unit_test(chunks_are_not_read),
        cmocka_unit_test(what_cannot_be_undone_is_told),
        cmocka_unit_test(successors_are_stored_first_the_topmost_last),
        cmocka_unit_test(overwriting_is_concurrent),
        cmocka_unit_test(calls_of_overwriting),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
