/* test_read.c - nodes read back, members, limits, consolidated metadata. Names end in the line of zarr-python's tests
 * (T: test_group.py, TC: test_consolidated.py) that they answer to, or in the number of its weakness.
 *
 * Lines without a counterpart here, since this library does not read through consolidated metadata, only writes and
 * checks them: TC120, TC125, TC587, TC667 (opening with and without them), TC388, TC411, TC509 (its objects in Python),
 * TC733 (members answered from them).
 */
#include "builder_fixture.h"

#include <malloc.h>
#include <time.h>

/* --- nodes --- */

static void get_node_by_path(store_kind kind, zh_format format)
{
    zh_store *s = new_store(kind);
    zh_error err = ZH_ERROR_INIT;
    zh_handle *h;

    create(s, format, "g {\"r\":1}\na a/b {\"x\":[1,2.5]}");
    assert_zh_ok(zh_get_node(&h, s, "//a//b/", 0, &err), &err);
    assert_string_equal(zh_handle_path(h), "a/b");
    assert_int_equal(zh_handle_format(h), format);
    assert_false(zh_handle_ambiguous(h));
    zh_handle_close(h);
    assert_zh_ok(zh_get_node(&h, s, NULL, (int)format, &err), &err);
    assert_int_equal(zh_handle_kind(h), ZH_NODE_GROUP);
    zh_handle_close(h);
    assert_int_equal(zh_get_node(&h, s, "a/c", 0, &err), ZH_NOTFOUND);
    assert_null(h);
    assert_int_equal(zh_get_node(&h, s, "a/b", format == ZH_V2 ? ZH_V3 : ZH_V2, &err), ZH_NOTFOUND);
    assert_zh_code(zh_get_node(&h, s, "a/../b", 0, &err), ZH_KEY_DOT, &err);
    assert_zh_code(zh_get_node(&h, s, "a", 5, &err), ZH_INVALID, &err);
    put_key(s, document_key(format, ZH_NODE_GROUP, "bad"), "{}");
    assert_zh_code(zh_get_node(&h, s, "bad", 0, &err), ZH_CORRUPT, &err);
    assert_zh_message(&err, "bad");
    zh_store_close(s);
}

/* An answer with a message of its own: err may hold that of another call. */
static void not_found_has_a_message(void **state)
{
    zh_store *s = new_store(IN_MEMORY);
    zh_error err = ZH_ERROR_INIT;
    zh_handle *h;

    (void)state;
    (void)snprintf(err.message, sizeof(err.message), "an older message");
    assert_int_equal(zh_get_node(&h, s, "no//where", 0, &err), ZH_NOTFOUND);
    assert_int_equal(err.code, ZH_NOTFOUND);
    assert_zh_message(&err, "no node at '/no/where' in '");
    assert_zh_message(&err, zh_store_url(s));
    create(s, ZH_V3, "g a");
    assert_int_equal(zh_get_node(&h, s, "a", ZH_V2, &err), ZH_NOTFOUND);
    assert_zh_message(&err, "v2 at '/a'");
    assert_int_equal(zh_list_members(s, "b", 0, 0, 0, NULL, NULL, &err), ZH_NOTFOUND);
    assert_zh_message(&err, "no node at '/b'");
    zh_store_close(s);
}

static void get_node__T2329(void **state)
{
    (void)state;
    for_each(get_node_by_path);
}

static void open_ambiguous_node__T1523(void **state)
{
    zh_store *s = new_store(IN_MEMORY);
    zh_error err = ZH_ERROR_INIT;
    zh_handle *h;

    (void)state;
    put_key(s, "a/zarr.json", "{\"zarr_format\":3,\"node_type\":\"group\"}");
    put_key(s, "a/.zgroup", "{\"zarr_format\":2}");
    assert_zh_ok(zh_get_node(&h, s, "a", 0, &err), &err);
    assert_true(zh_handle_ambiguous(h));
    assert_int_equal(zh_handle_format(h), ZH_V3);
    zh_handle_close(h);
    create(s, ZH_V2, "a b");
    put_key(s, "b/.zgroup", "{\"zarr_format\":2}");
    assert_zh_code(zh_get_node(&h, s, "b", 0, &err), ZH_AMBIGUOUS_NODE, &err);
    zh_store_close(s);
}

/* What was given is what is read back, those members too that nobody here knows. */
static void metadata_comes_back(void **state)
{
    static const char text[] = "{\"zarr_format\":3,\"node_type\":\"array\",\"shape\":[2],\"data_type\":{\"name\":\"x-"
                               "thing\",\"configuration\":{}},"
                               "\"chunk_grid\":{\"name\":\"regular\",\"configuration\":{\"chunk_shape\":[2]}},\"chunk_"
                               "key_encoding\":{\"name\":"
                               "\"default\"},\"fill_value\":12345678901234567890,\"codecs\":[{\"name\":\"bytes\"}],"
                               "\"attributes\":{\"a\":1e400}}";
    zh_store *s = new_store(IN_MEMORY);
    zh_buf out = ZH_BUF_INIT(4096);
    zh_error err = ZH_ERROR_INIT;
    zh_array_info info;
    zh_handle *h;
    zh_plan *p;

    (void)state;
    assert_zh_ok(zh_plan_new(&p, &err), &err);
    assert_zh_ok(zh_plan_add_json(p, "a", 1, text, strlen(text), &err), &err);
    assert_zh_ok(zh_plan_finish(p, NULL, &err), &err);
    assert_zh_ok(zh_create_hierarchy(s, p, NULL, &err), &err);
    assert_zh_ok(zh_get_node(&h, s, "a", 0, &err), &err);
    assert_int_equal(zh_handle_kind(h), ZH_NODE_ARRAY);
    assert_zh_ok(zh_handle_metadata(h, &out, &err), &err);
    assert_string_equal(zh_buf_cstr(&out, &err), text);
    assert_zh_code(zh_handle_array(h, &info, &err), ZH_UNSUPPORTED, &err);
    assert_zh_message(&err, "x-thing");
    zh_handle_close(h);
    zh_buf_dispose(&out);
    zh_plan_free(p);
    zh_store_close(s);
}

static int count_members(void *payload, const char *path, zh_node_kind kind, zh_handle *node, const zh_error *error)
{
    (void)path;
    (void)kind;
    (void)node;
    (void)error;
    return ++*(int *)payload == 3 ? 1 : 0;
}

static void members_by_depth_and_early_end(void **state)
{
    zh_store *s = new_store(IN_DIRECTORY);
    zh_error err = ZH_ERROR_INIT;
    int n = 0;

    (void)state;
    create(s, ZH_V3, "g a\ng a-b\na a/x\ng a/y/z");
    assert_string_equal(members(s, ZH_V3), "g a {}\na a/x {}\ng a/y {}\ng a/y/z {}\ng a-b {}\n");
    assert_zh_ok(zh_list_members(s, "", 0, 1, 0, count_members, &n, &err), &err);
    assert_int_equal(n, 2);
    assert_zh_code(zh_list_members(s, "a", 0, 0, 0, count_members, &n, &err), ZH_ABORTED, &err);
    assert_int_equal(n, 3);
    assert_zh_code(zh_list_members(s, "a/x", 0, 0, 0, count_members, &n, &err), ZH_INVALID, &err);
    assert_int_equal(zh_list_members(s, "no", 0, 0, 0, count_members, &n, &err), ZH_NOTFOUND);
    put_key(s, "a/y/zarr.json", "oops");
    assert_string_equal(members(s, ZH_V3), "g a {}\na a/x {}\n? a/y\ng a-b {}\n");
    zh_store_close(s);
}

typedef struct listed {
    char text[1 << 16];
    size_t n;
} listed;

static int note_path(void *payload, const char *path, zh_node_kind kind, zh_handle *node, const zh_error *error)
{
    listed *l = payload;
    const int n = snprintf(l->text + l->n, sizeof(l->text) - l->n, "%s%s\n", error != NULL ? "? " : "", path);

    (void)kind;
    assert_int_equal(node == NULL, error != NULL);
    assert_true(n > 0 && (size_t)n < sizeof(l->text) - l->n);
    l->n += (size_t)n;
    return 0;
}

static const char *list_with(zh_store *s, unsigned requests)
{
    static listed l;
    zh_error err = ZH_ERROR_INIT;

    l.n = 0;
    l.text[0] = '\0';
    assert_zh_ok(zh_list_members(s, "", 0, 0, requests, note_path, &l, &err), &err);
    return l.text;
}

/* The order of a plan, however many threads read, and however unlike the branches are. */
static void members_come_in_order_from_threads(void **state)
{
    static char lines[1 << 16], want[1 << 16];
    zh_store *s = new_store(IN_MEMORY);
    zh_plan *p;
    size_t n = 0, w = 0;

    (void)state;
    for (int i = 0; i < 700; i++)
        n += (size_t)snprintf(lines + n, sizeof(lines) - n, "g g%d%s/x%d%s\n", i % 7, i % 3 == 0 ? "-" : "", i,
                              i % 5 == 0 ? "/deep/deeper/deepest" : "");
    p = plan_of(ZH_V3, lines);
    create(s, ZH_V3, lines);
    for (size_t i = 1; i < zh_plan_size(p); i++) {
        zh_plan_node node;

        assert_int_equal(zh_plan_get(p, i, &node, NULL), ZH_OK);
        w += (size_t)snprintf(want + w, sizeof(want) - w, "%s\n", node.path);
    }
    for (unsigned requests = 1; requests < 40; requests += 13)
        assert_string_equal(list_with(s, requests), want);
    zh_plan_free(p);
    zh_store_close(s);
}

/* A link that leads around is told, not followed; arrays and groups that lie elsewhere are members. */
static void members_through_links(void **state)
{
    zh_error err = ZH_ERROR_INIT;
    zh_store *inner, *s;
    zh_handle *h;

    (void)state;
    assert_zh_ok(zh_store_dir_open(&inner, "big", ZH_CREATE_EXCL, &err), &err);
    create(inner, ZH_V3, "g\na x");
    zh_store_close(inner);
    assert_zh_ok(zh_store_dir_open(&inner, "s", ZH_CREATE_EXCL, &err), &err);
    assert_zh_ok(zh_store_log_open(&s, inner, &err), &err);
    create(s, ZH_V3, "g\ng g");
    assert_int_equal(symlink(".", "s/a") | symlink(".", "s/b") | symlink("..", "s/g/up"), 0);
    assert_int_equal(symlink("../../big", "s/g/big") | symlink("../big/x", "s/x"), 0);
    assert_int_equal(symlink("../s", "big/back"), 0);
    zh_store_log_clear(s);
    assert_string_equal(list_with(s, 4), "? a\n? b\ng\ng/big\n? g/big/back\ng/big/x\n? g/up\nx\n");
    assert_true(zh_store_log_count(s, ZH_OP_LIST) < 12);
    assert_zh_ok(zh_get_node(&h, s, "a/g/big/x", 0, &err), &err); /* whoever names it comes there */
    zh_handle_close(h);
    zh_store_close(s);
}

static void flat_group(zh_store *s, unsigned n)
{
    char key[64];

    put_key(s, "zarr.json", "{\"zarr_format\":3,\"node_type\":\"group\"}");
    for (unsigned i = 0; i < n; i++) {
        (void)snprintf(key, sizeof(key), "g%u/zarr.json", i);
        put_key(s, key, "{\"zarr_format\":3,\"node_type\":\"group\"}");
    }
}

/* --- limits --- */

/* Not more than the limit at one time, and as many as that. */
static void members_concurrency_limit__T2297(void **state)
{
    static const unsigned limits[] = {1, 3, 10};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        zh_store *s = new_store(IN_MEMORY);

        flat_group(s, 100);
        zh_store_fault_set_latency(s, 2000);
        zh_store_fault_set(s, ZH_OP_ALL, 0, 0, false);
        (void)list_with(s, limits[i]);
        assert_int_equal(zh_store_fault_max_in_flight(s), limits[i]);
        zh_store_close(s);
    }
}

static double seconds(void)
{
    struct timespec now;

    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &now), 0);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Ten at a time take less than a third of what they take one after the other. */
static void members_performance__T2266(void **state)
{
    zh_store *s = new_store(IN_MEMORY);
    double start, one, ten;

    (void)state;
    flat_group(s, 100);
    zh_store_fault_set_latency(s, 2000);
    start = seconds();
    (void)list_with(s, 1);
    one = seconds() - start;
    start = seconds();
    (void)list_with(s, 10);
    ten = seconds() - start;
    assert_true(one >= 0.4); /* a listing and a document each */
    assert_true(ten < one / 3);
    zh_store_close(s);
}

typedef struct first {
    zh_store *s;
    unsigned long reads;
} first;

static int stop_at_first(void *payload, const char *path, zh_node_kind kind, zh_handle *node, const zh_error *error)
{
    first *f = payload;

    (void)path;
    (void)kind;
    (void)node;
    (void)error;
    f->reads = zh_store_log_count(f->s, ZH_OP_GET);
    return 1;
}

static void members_are_told_while_others_are_read(void **state)
{
    first f = {new_store(IN_MEMORY), 0};
    zh_error err = ZH_ERROR_INIT;

    (void)state;
    flat_group(f.s, 3000);
    assert_zh_code(zh_list_members(f.s, "", 0, 0, 2, stop_at_first, &f, &err), ZH_ABORTED, &err);
    assert_true(f.reads > 0 && f.reads < 200);
    zh_store_close(f.s);
}

static void requests_in_flight(store_kind kind, zh_format format)
{
    static const unsigned limits[] = {1, 3, 10};
    char lines[8192] = "";

    for (int i = 0; i < 60; i++)
        (void)snprintf(lines + strlen(lines), sizeof(lines) - strlen(lines), "a g%d/x%d\n", i % 6, i);
    for (size_t i = 0; i < 3; i++) {
        zh_store *s = new_store(kind);
        zh_plan *p = plan_of(format, lines);
        zh_create_options o = ZH_CREATE_OPTIONS_INIT;
        zh_create_stats stats;
        zh_error err = ZH_ERROR_INIT;

        o.requests = limits[i];
        o.stats = &stats;
        zh_store_fault_set_latency(s, 300);
        zh_store_fault_set(s, ZH_OP_ALL, 0, 0, false);
        assert_zh_ok(zh_create_hierarchy(s, p, &o, &err), &err);
        assert_true(zh_store_fault_max_in_flight(s) <= limits[i]);
        if (limits[i] == 1)
            assert_int_equal(zh_store_fault_max_in_flight(s), 1);
        else
            assert_true(zh_store_fault_max_in_flight(s) > 1);
        assert_int_equal(stats.nodes, 67);
        zh_store_fault_set(s, ZH_OP_ALL, 0, 0, false);
        assert_zh_code(zh_create_hierarchy(s, p, &o, &err), ZH_CONTAINS_ARRAY, &err); /* reads only */
        assert_true(zh_store_fault_max_in_flight(s) <= limits[i]);
        o.overwrite = true;
        zh_store_fault_set(s, ZH_OP_ALL, 0, 0, false);
        assert_zh_ok(zh_create_hierarchy(s, p, &o, &err), &err);
        assert_true(zh_store_fault_max_in_flight(s) <= limits[i]);
        zh_plan_free(p);
        zh_store_close(s);
    }
}

static void concurrency_limit__T1782_W17(void **state)
{
    (void)state;
    for_each(requests_in_flight);
}

/* No key twice, no more reads than documents, and four calls for a store that is empty. */
static void reads_are_bounded__W17(void **state)
{
    (void)state;
    for (int format = ZH_V2; format <= ZH_V3; format++) {
        zh_store *s = new_store(IN_MEMORY);
        unsigned long reads;

        create(s, (zh_format)format, "g a\na a/x\na a/y\ng b\na b/x");
        reads =
            zh_store_log_count(s, ZH_OP_GET) + zh_store_log_count(s, ZH_OP_SIZE) + zh_store_log_count(s, ZH_OP_LIST);
        assert_true(reads <= (format == ZH_V3 ? 4 : 6));
        zh_store_log_clear(s);
        (void)create_with(s, (zh_format)format, "g a\na a/x\na a/y\ng b\na b/x", false, ZH_CONTAINS_GROUP);
        reads = zh_store_log_count(s, ZH_OP_GET) + zh_store_log_count(s, ZH_OP_SIZE);
        assert_true(reads <= (format == ZH_V3 ? 6u : 6u * 4));
        assert_int_equal(zh_store_log_count(s, ZH_OP_LIST), 0);
        assert_int_equal(zh_store_log_count(s, ZH_OP_PUT), 0);
        zh_store_close(s);
    }
}

/* Many new members of a group are looked up in one listing. */
static void one_listing_for_many_members(void **state)
{
    zh_store *s = new_store(IN_DIRECTORY);
    char lines[1 << 14] = "";

    (void)state;
    create(s, ZH_V3, "g a/b0050\na a/other");
    for (int i = 0; i < 200; i++)
        (void)snprintf(lines + strlen(lines), sizeof(lines) - strlen(lines), "a a/b%04d\n", i);
    zh_store_log_clear(s);
    (void)create_with(s, ZH_V3, lines, false, ZH_CONTAINS_GROUP);
    assert_true(zh_store_log_count(s, ZH_OP_GET) <= 4);
    assert_int_equal(zh_store_log_count(s, ZH_OP_LIST), 1);
    zh_store_close(s);
}

static zh_plan *big_plan(unsigned n)
{
    static const uint64_t shape[] = {100, 200}, chunk[] = {50, 200};
    zh_array_spec spec = ZH_ARRAY_SPEC_INIT;
    zh_error err = ZH_ERROR_INIT;
    zh_plan *p;
    char key[64];

    spec.rank = 2;
    spec.shape = shape;
    spec.chunk_shape = chunk;
    spec.data_type = "float64";
    spec.codecs = "[{\"name\":\"gzip\",\"configuration\":{\"level\":4}}]";
    assert_zh_ok(zh_plan_new(&p, &err), &err);
    for (unsigned i = 0; i < n; i++) {
        const int len = snprintf(key, sizeof(key), "group%04u/dataset%06u", i / 100, i);

        assert_zh_ok(zh_plan_add_array(p, ZH_V3, key, (size_t)len, &spec, "{\"units\":\"m s-1\"}", &err), &err);
    }
    assert_zh_ok(zh_plan_finish(p, NULL, &err), &err);
    return p;
}

/* Ten times the nodes: ten times the calls; less than 1 KiB of memory for each that waits. */
static void grows_in_proportion__W9(void **state)
{
    unsigned long calls[2];

    (void)state;
    for (unsigned i = 0, n = 1000; i < 2; i++, n *= 10) {
        const size_t before = mallinfo2().uordblks;
        zh_plan *p = big_plan(n);
        const size_t bytes = mallinfo2().uordblks - before;
        zh_store *s = new_store(IN_MEMORY);
        zh_error err = ZH_ERROR_INIT;

#ifndef __SANITIZE_ADDRESS__
#ifndef __SANITIZE_THREAD__
        assert_true(bytes < (size_t)1024 * zh_plan_size(p));
#endif
#endif
        (void)bytes;
        zh_store_fault_set(s, ZH_OP_ALL, 0, 0, false);
        assert_zh_ok(zh_create_hierarchy(s, p, NULL, &err), &err);
        calls[i] = zh_store_fault_seen(s);
        zh_plan_free(p);
        zh_store_close(s);
    }
    assert_true(calls[1] <= 10 * calls[0]);
}

/* --- consolidated metadata --- */

static char *consolidated_of(zh_store *s, zh_format format, const char *group)
{
    zh_buf b = ZH_BUF_INIT(1 << 20);
    char key[256];
    const char *found;
    char *out;

    (void)snprintf(key, sizeof(key), "%s%s%s", group, *group != '\0' ? "/" : "",
                   format == ZH_V3 ? "zarr.json" : ".zmetadata");
    if (zh_store_get(s, key, &b, NULL) < 0) {
        zh_buf_dispose(&b);
        return strdup("");
    }
    found = zh_buf_cstr(&b, NULL);
    if (format == ZH_V3)
        found = strstr(found, "\"consolidated_metadata\"");
    out = strdup(found == NULL ? "" : found);
    zh_buf_dispose(&b);
    return out;
}

static bool consolidated_has(zh_store *s, zh_format format, const char *group, const char *text)
{
    char *c = consolidated_of(s, format, group);
    const bool has = strstr(c, text) != NULL;

    free(c);
    return has;
}

static void create_consolidated(zh_store *s, zh_format format, const char *lines, zh_consolidation how)
{
    zh_create_options o = ZH_CREATE_OPTIONS_INIT;
    zh_plan *p = plan_of(format, lines);
    zh_error err = ZH_ERROR_INIT;

    o.consolidated = how;
    assert_zh_ok(zh_create_hierarchy(s, p, &o, &err), &err);
    zh_plan_free(p);
}

static zh_check_stats check(zh_store *s, bool repair)
{
    zh_check_options o = ZH_CHECK_OPTIONS_INIT;
    zh_error err = ZH_ERROR_INIT;
    zh_check_stats stats;

    o.repair = repair;
    o.stats = &stats;
    assert_zh_ok(zh_check(s, &o, &err), &err);
    return stats;
}

static unsigned long stale(zh_store *s)
{
    return (unsigned long)check(s, false).findings;
}

static void consolidation(store_kind kind, zh_format format)
{
    zh_store *s = new_store(kind);
    zh_error err = ZH_ERROR_INIT;
    char *from_plan, *from_store;

    create_consolidated(s, format, "g {\"r\":1}\na a/x {\"y\":1}\ng b", ZH_CONSOLIDATE_WRITE);
    from_plan = consolidated_of(s, format, "");
    assert_non_null(strstr(from_plan, format == ZH_V3 ? "\"a/x\":{" : "\"a/x/.zarray\":{"));
    assert_zh_ok(zh_consolidate(s, "", 0, &err), &err);
    from_store = consolidated_of(s, format, "");
    assert_string_equal(from_plan, from_store); /* from the same pass, or by reading it all: one text */
    free(from_plan);
    free(from_store);
    assert_int_equal(stale(s), 0);

    create_consolidated(s, format, "g c", ZH_CONSOLIDATE_KEEP);
    assert_true(consolidated_has(s, format, "", format == ZH_V3 ? "\"c\":{" : "\"c/.zgroup\""));
    assert_int_equal(stale(s), 0);
    create_consolidated(s, format, "g d", ZH_CONSOLIDATE_DROP);
    assert_false(consolidated_has(s, format, "", "metadata"));
    assert_string_equal(members(s, format), "g a {}\na a/x {\"y\":1}\ng b {}\ng c {}\ng d {}\n");
    zh_store_close(s);
}

static void consolidated_metadata__TC130_TC280_TC623_W16(void **state)
{
    (void)state;
    for_each(consolidation);
}

/* A group's own, and those of groups above one that nodes are created under. */
static void non_root(store_kind kind, zh_format format)
{
    zh_store *s = new_store(kind);
    zh_error err = ZH_ERROR_INIT;
    zh_plan *p = plan_of(format, "a new");

    create(s, format, "a a/b/x\na z");
    assert_zh_ok(zh_consolidate(s, "a", 0, &err), &err);
    assert_true(consolidated_has(s, format, "a", format == ZH_V3 ? "\"b/x\"" : "\"b/x/.zarray\""));
    assert_false(consolidated_has(s, format, "", "metadata"));
    assert_zh_ok(zh_create_under(s, "a/b", p, NULL, &err), &err);
    assert_false(consolidated_has(s, format, "a", "metadata"));
    assert_int_equal(stale(s), 0);
    zh_plan_free(p);
    zh_store_close(s);
}

static void consolidated_non_root_node__TC374_TC761(void **state)
{
    (void)state;
    for_each(non_root);
}

static void stale_is_found_and_mended__TC711(void **state)
{
    (void)state;
    for (int format = ZH_V2; format <= ZH_V3; format++) {
        zh_store *s = new_store(IN_DIRECTORY);
        zh_error err = ZH_ERROR_INIT;
        zh_plan_options unchecked = ZH_PLAN_OPTIONS_INIT;
        zh_plan *p = make_plan((zh_format)format, "g later");

        unchecked.unchecked = true;
        create_consolidated(s, (zh_format)format, "a a", ZH_CONSOLIDATE_WRITE);
        assert_zh_ok(zh_plan_finish(p, &unchecked, &err), &err);
        assert_zh_ok(zh_create_nodes(s, p, NULL, &err), &err); /* does not look at anything */
        assert_int_equal(stale(s), 1);
        assert_int_equal(check(s, true).repaired, 1);
        assert_int_equal(stale(s), 0);
        assert_true(consolidated_has(s, (zh_format)format, "", "later"));
        zh_plan_free(p);
        zh_store_close(s);
    }
}

static void consolidating_refuses__TC368_TC817(void **state)
{
    zh_error err = ZH_ERROR_INIT;
    zh_store *s = new_store(IN_MEMORY);

    (void)state;
    assert_zh_code(zh_consolidate(s, "", 0, &err), ZH_NOTFOUND, &err);
    create(s, ZH_V3, "a a");
    assert_zh_code(zh_consolidate(s, "a", 0, &err), ZH_INVALID, &err);
    put_key(s, "a/zarr.json", "x");
    assert_zh_code(zh_consolidate(s, "", 0, &err), ZH_CORRUPT, &err);
    zh_store_close(s);
    s = new_store(IN_MEMORY);
    create(s, ZH_V3, "g");
    zh_store_fault_mask_caps(s, ZH_STORE_WRITE);
    assert_zh_code(zh_consolidate(s, "", 0, &err), ZH_READONLY, &err);
    zh_store_close(s);
}

/* By depth, then by path; child groups carry an empty one of their own, leaves too. */
static void order_and_empty_groups__TC55_TC521_TC550(void **state)
{
    static const char empty[] =
        "\"consolidated_metadata\":{\"kind\":\"inline\",\"must_understand\":false,\"metadata\":{}}";
    zh_store *s = new_store(IN_MEMORY);
    char *c, *at[4];

    (void)state;
    create_consolidated(s, ZH_V3, "g b\na a/z\ng a/y", ZH_CONSOLIDATE_WRITE);
    c = consolidated_of(s, ZH_V3, "");
    at[0] = strstr(c, "\"a\":{");
    at[1] = strstr(c, "\"b\":{");
    at[2] = strstr(c, "\"a/y\":{");
    at[3] = strstr(c, "\"a/z\":{");
    for (int i = 0; i < 4; i++)
        assert_non_null(at[i]);
    assert_true(at[0] < at[1] && at[1] < at[2] && at[2] < at[3]);
    assert_non_null(strstr(at[1], empty));
    free(c);
    zh_store_close(s);
}

static void special_fill_values__TC777(void **state)
{
    static const uint64_t shape = 2;
    zh_array_spec spec = ZH_ARRAY_SPEC_INIT;
    zh_create_options o = ZH_CREATE_OPTIONS_INIT;
    zh_store *s = new_store(IN_MEMORY);
    zh_error err = ZH_ERROR_INIT;
    zh_plan *p;

    (void)state;
    spec.rank = 1;
    spec.shape = &shape;
    spec.data_type = "float64";
    spec.fill_value = "\"NaN\"";
    o.consolidated = ZH_CONSOLIDATE_WRITE;
    assert_zh_ok(zh_plan_new(&p, &err), &err);
    assert_zh_ok(zh_plan_add_array(p, ZH_V3, "nan", 3, &spec, NULL, &err), &err);
    spec.fill_value = "\"-Infinity\"";
    assert_zh_ok(zh_plan_add_array(p, ZH_V3, "inf", 3, &spec, NULL, &err), &err);
    assert_zh_ok(zh_plan_finish(p, NULL, &err), &err);
    assert_zh_ok(zh_create_hierarchy(s, p, &o, &err), &err);
    assert_true(consolidated_has(s, ZH_V3, "", "\"fill_value\":\"NaN\""));
    assert_true(consolidated_has(s, ZH_V3, "", "\"fill_value\":\"-Infinity\""));
    assert_int_equal(stale(s), 0);
    zh_plan_free(p);
    zh_store_close(s);
}

/* Another writer's: in another order, without empty .zattrs, with the members that zarr-python adds to groups. */
static void others_are_not_stale__TC611_TC857(void **state)
{
    zh_store *s = new_store(IN_MEMORY);

    (void)state;
    create(s, ZH_V2, "g {\"x\":1}\ng a");
    put_key(s, "a/.zattrs", "{}");
    put_key(s, ".zmetadata",
            "{\"zarr_consolidated_format\":1,\"metadata\":{\"a/.zgroup\":{\"zarr_format\":2,\"consolidated_metadata\":{"
            "\"kind\":\"inline\",\"metadata\":{}}},\".zattrs\":{\"x\":1},\".zgroup\":{\"zarr_format\":2}}}");
    assert_int_equal(stale(s), 0);
    put_key(s, ".zattrs", "{\"x\":2}");
    assert_int_equal(stale(s), 1);
    zh_store_close(s);
}

static void case_differing_siblings__TC876(void **state)
{
    zh_store *s = new_store(IN_MEMORY);

    (void)state;
    create_consolidated(s, ZH_V3, "g a {\"n\":1}\ng A {\"n\":2}\na a/x\na A/x", ZH_CONSOLIDATE_WRITE);
    assert_true(consolidated_has(s, ZH_V3, "", "\"a\":{") && consolidated_has(s, ZH_V3, "", "\"A\":{"));
    assert_int_equal(stale(s), 0);
    zh_store_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        zh_sandbox_test(get_node__T2329),
        zh_sandbox_test(not_found_has_a_message),
        zh_sandbox_test(open_ambiguous_node__T1523),
        zh_sandbox_test(metadata_comes_back),
        zh_sandbox_test(members_by_depth_and_early_end),
        zh_sandbox_test(members_come_in_order_from_threads),
        zh_sandbox_test(members_through_links),
        zh_sandbox_test(members_concurrency_limit__T2297),
        zh_sandbox_test(members_performance__T2266),
        zh_sandbox_test(members_are_told_while_others_are_read),
        zh_sandbox_test(concurrency_limit__T1782_W17),
        zh_sandbox_test(reads_are_bounded__W17),
        zh_sandbox_test(one_listing_for_many_members),
        zh_sandbox_test(grows_in_proportion__W9),
        zh_sandbox_test(consolidated_metadata__TC130_TC280_TC623_W16),
        zh_sandbox_test(consolidated_non_root_node__TC374_TC761),
        zh_sandbox_test(stale_is_found_and_mended__TC711),
        zh_sandbox_test(consolidating_refuses__TC368_TC817),
        zh_sandbox_test(order_and_empty_groups__TC55_TC521_TC550),
        zh_sandbox_test(special_fill_values__TC777),
        zh_sandbox_test(others_are_not_stale__TC611_TC857),
        zh_sandbox_test(case_differing_siblings__TC876),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
