/* test_source.c - nodes whose documents are made when they are written (zh_plan_add_source), and what a caller may know
 * of readers (zh_reach): how the connector publishes. */
#include "builder_fixture.h"

#include <stdatomic.h>

#define NODES 300u

typedef struct source_node {
    unsigned number;
    zh_node_kind kind;
    atomic_uint asked, stored, failed;
} source_node;

typedef struct source {
    source_node node[NODES];
    unsigned fails_at; /* this node's document cannot be made; NODES: none */
} source;

static int make_document(void *payload, void *object, zh_document document, zh_buf *out, zh_error *err)
{
    const source *s = payload;
    source_node *n = object;
    char text[400];

    (void)atomic_fetch_add(&n->asked, 1);
    if (n->number == s->fails_at) {
        if (err != NULL)
            *err = (zh_error){ZH_UNSUPPORTED, 0, "no document for this one"};
        return ZH_UNSUPPORTED;
    }
    switch (document) {
    case ZH_DOC_ZATTRS:
        (void)snprintf(text, sizeof(text), "{\"n\":%u}", n->number);
        break;
    case ZH_DOC_ZGROUP:
        (void)snprintf(text, sizeof(text), "{\"zarr_format\":2}");
        break;
    case ZH_DOC_ZARRAY:
        (void)snprintf(text, sizeof(text),
                       "{\"zarr_format\":2,\"shape\":[%u],\"chunks\":[1],\"dtype\":\"<i4\",\"compressor\":null,"
                       "\"fill_value\":0,\"order\":\"C\",\"filters\":null}",
                       n->number);
        break;
    case ZH_DOC_ZARR_JSON:
        if (n->kind == ZH_NODE_GROUP)
            (void)snprintf(text, sizeof(text), "{\"zarr_format\":3,\"node_type\":\"group\",\"attributes\":{\"n\":%u}}",
                           n->number);
        else
            (void)snprintf(
                text, sizeof(text),
                "{\"zarr_format\":3,\"node_type\":\"array\",\"shape\":[%u],\"data_type\":\"int32\","
                "\"chunk_grid\":{\"name\":\"regular\",\"configuration\":{\"chunk_shape\":[1]}},"
                "\"chunk_key_encoding\":{\"name\":\"default\",\"configuration\":{\"separator\":\"/\"}},"
                "\"fill_value\":0,\"codecs\":[{\"name\":\"bytes\",\"configuration\":{\"endian\":\"little\"}}],"
                "\"attributes\":{\"n\":%u}}",
                n->number, n->number);
        break;
    }
    return zh_buf_puts(out, text, err);
}

static void is_stored(void *payload, void *object)
{
    (void)payload;
    (void)atomic_fetch_add(&((source_node *)object)->stored, 1);
}

static void has_failed(void *payload, void *object, zh_error *err)
{
    (void)payload;
    (void)atomic_fetch_add(&((source_node *)object)->failed, 1);
    (void)snprintf(err->message, sizeof(err->message), "number %u", ((source_node *)object)->number);
}

static source src;
static const zh_node_source interface = {make_document, is_stored, has_failed, &src};

/* Groups "g0", "g1"…, each followed by its arrays "g0/a1"…; every tenth is a group. Finished. */
static zh_plan *source_plan(zh_format format, bool unchecked)
{
    zh_plan_options opts = ZH_PLAN_OPTIONS_INIT;
    zh_error err = ZH_ERROR_INIT;
    unsigned group = 0;
    zh_plan *p;

    memset(&src, 0, sizeof(src));
    src.fails_at = NODES;
    assert_zh_ok(zh_plan_new(&p, &err), &err);
    for (unsigned i = 0; i < NODES; i++) {
        source_node *n = &src.node[i];
        char key[64];

        n->number = i;
        n->kind = i % 10 == 0 ? ZH_NODE_GROUP : ZH_NODE_ARRAY;
        if (n->kind == ZH_NODE_GROUP)
            (void)snprintf(key, sizeof(key), "g%03u", group = i);
        else
            (void)snprintf(key, sizeof(key), "g%03u/a%03u", group, i);
        assert_zh_ok(zh_plan_add_source(p, format, n->kind, key, strlen(key), true, &interface, n, &err), &err);
    }
    opts.unchecked = unchecked;
    assert_zh_ok(zh_plan_finish(p, &opts, &err), &err);
    return p;
}

static void node_has_number(zh_store *s, const char *path, unsigned number, zh_format format)
{
    zh_buf text = ZH_BUF_INIT(1 << 16);
    zh_error err = ZH_ERROR_INIT;
    char wanted[64];
    zh_handle *h;

    assert_zh_ok(zh_get_node(&h, s, path, (int)format, &err), &err);
    assert_zh_ok(zh_handle_attributes(h, &text, &err), &err);
    (void)snprintf(wanted, sizeof(wanted), "{\"n\":%u}", number);
    assert_string_equal(zh_buf_cstr(&text, &err), wanted);
    zh_buf_dispose(&text);
    zh_handle_close(h);
}

static void created(store_kind kind, zh_format format)
{
    zh_store *s = new_store(kind);
    zh_plan *p = source_plan(format, false);
    zh_create_options o = ZH_CREATE_OPTIONS_INIT;
    zh_create_stats stats;
    zh_error err = ZH_ERROR_INIT;
    zh_check_stats found;
    zh_check_options check = ZH_CHECK_OPTIONS_INIT;
    static report r;

    o = options_of(memset(&r, 0, sizeof(r)));
    o.consolidated = ZH_CONSOLIDATE_WRITE;
    o.stats = &stats;
    assert_zh_ok(zh_create_hierarchy(s, p, &o, &err), &err);
    assert_int_equal(r.n, NODES + 1); /* and the root */
    assert_int_equal(stats.nodes, NODES + 1);
    for (unsigned i = 0; i < NODES; i++)
        assert_int_equal(atomic_load(&src.node[i].stored), 1);
    node_has_number(s, "g290", 290, format);
    node_has_number(s, "g290/a299", 299, format);
    check.stats = &found;
    assert_zh_ok(zh_check(s, &check, &err), &err);
    assert_int_equal(found.nodes, NODES + 1);
    assert_int_equal(found.findings, 0); /* the consolidated metadata are those of the documents */
    zh_plan_free(p);
    zh_store_close(s);
}

static void documents_come_from_the_source(void **state)
{
    (void)state;
    for_each(created);
}

static void a_document_fails(store_kind kind, zh_format format)
{
    zh_store *s = new_store(kind);
    zh_plan *p = source_plan(format, false);
    zh_error err = ZH_ERROR_INIT;
    char *before, *after;

    create(s, format, "g old");
    before = snapshot(s);
    src.fails_at = 155;
    assert_zh_code(zh_create_hierarchy(s, p, NULL, &err), ZH_UNSUPPORTED, &err);
    assert_string_equal(err.message, "number 155");
    assert_int_equal(atomic_load(&src.node[155].failed), 1);
    assert_int_equal(atomic_load(&src.node[155].stored), 0);
    after = snapshot(s);
    assert_string_equal(before, after);
    free(before);
    free(after);
    zh_plan_free(p);
    zh_store_close(s);
}

static void a_document_that_cannot_be_made_ends_it(void **state)
{
    (void)state;
    for_each(a_document_fails);
}

/* Nobody reads there: plainly, and no flush. */
static void out_of_reach(store_kind kind, zh_format format)
{
    zh_store *s = new_store(kind);
    zh_plan *p = source_plan(format, true);
    zh_create_options o = ZH_CREATE_OPTIONS_INIT;
    zh_error err = ZH_ERROR_INIT;
    const char *text;
    size_t puts = 0;

    zh_store_log_clear(s);
    o.reach = ZH_REACH_NONE;
    o.unflushed = true;
    assert_zh_ok(zh_create_nodes(s, p, &o, &err), &err);
    text = zh_store_log_text(s);
    for (const char *line = text; (line = strstr(line, "put ")) != NULL; line++, puts++)
        assert_true(strstr(line, " plain") != NULL && strstr(line, " plain") < strchr(line, '\n'));
    assert_int_equal(puts, format == ZH_V3 ? NODES : 2 * NODES);
    assert_null(strstr(text, "flush"));
    zh_plan_free(p);
    zh_store_close(s);
}

static void out_of_reach_is_written_plainly(void **state)
{
    (void)state;
    for_each(out_of_reach);
}

/* What is there already is not written over, and what was there before the failure is told node by node. */
static void new_ones(store_kind kind, zh_format format)
{
    zh_store *s = new_store(kind);
    zh_create_options o = ZH_CREATE_OPTIONS_INIT;
    zh_error err = ZH_ERROR_INIT;
    zh_plan *p;
    unsigned stored = 0;

    create(s, format, "g g150 {\"old\":1}");
    p = source_plan(format, true);
    o.reach = ZH_REACH_NEW;
    o.requests = 1;
    assert_zh_code(zh_create_nodes(s, p, &o, &err), ZH_EXISTS, &err);
    assert_string_equal(err.message, "number 150");
    for (unsigned i = 0; i < NODES; i++) {
        stored += atomic_load(&src.node[i].stored);
        assert_int_equal(atomic_load(&src.node[i].stored), i < 150);
    }
    assert_int_equal(stored, 150);
    assert_non_null(strstr(members(s, format), "g g150 {\"old\":1}"));
    zh_plan_free(p);
    zh_store_close(s);
}

static void new_ones_are_not_written_over(void **state)
{
    (void)state;
    for_each(new_ones);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        zh_sandbox_test(documents_come_from_the_source),
        zh_sandbox_test(a_document_that_cannot_be_made_ends_it),
        zh_sandbox_test(out_of_reach_is_written_plainly),
        zh_sandbox_test(new_ones_are_not_written_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
