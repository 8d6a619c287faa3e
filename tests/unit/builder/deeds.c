/* deeds.c - see deeds.h. */
#include "deeds.h"

#define OLD_VALUE 3.0f
#define NEW_VALUE 7.0f

const deed deeds[] = {
    {.name = "fresh", .before = "", .plan = "a a/b/c {\"x\":1}\ng a {\"y\":1}\na d\ng e/f/g"},
    {.name = "fresh, with consolidated metadata",
     .before = "",
     .plan = "g {\"z\":1}\na a\na b/c",
     .after = ZH_CONSOLIDATE_WRITE},
    {.name = "fresh, an array", .before = "", .plan = "a {\"z\":1}"},
    {.name = "merge",
     .before = "g a {\"old\":1}\na a/x\ng b",
     .plan = "a a/b/c\na a/d\ng b/x/y\ng new",
     .after = ZH_CONSOLIDATE_KEEP},
    {.name = "merge, consolidated metadata stay",
     .before = "g {\"r\":1}\ng a\na b",
     .consolidated = true,
     .plan = "a a/b/c\ng new {\"new\":1}",
     .after = ZH_CONSOLIDATE_KEEP},
    {.name = "merge, consolidated metadata go",
     .before = "g {\"r\":1}\ng a\na b",
     .consolidated = true,
     .plan = "a a/b/c\ng new {\"new\":1}",
     .after = ZH_CONSOLIDATE_DROP},
    {.name = "merge, consolidated metadata come",
     .before = "g {\"r\":1}\ng a\na b",
     .plan = "a a/b/c\ng new {\"new\":1}",
     .after = ZH_CONSOLIDATE_WRITE},
    {.name = "overwrite",
     .before = "g a {\"old\":1}\na a/x {\"old\":1}\na b {\"old\":1}",
     .key = "a/x/c/0/0",
     .plan = "g a {\"new\":1}\na a/y\na b {\"new\":1}\ng new",
     .overwrite = true},
    {.name = "overwrite, kinds change",
     .before = "g a {\"old\":1}\ng a/x\na b {\"old\":1}",
     .key = "b/0.0",
     .plan = "a a\ng b\ng b/c",
     .overwrite = true},
    {.name = "overwrite, the root",
     .before = "g {\"old\":1}\ng a {\"old\":1}\na a/x\na b",
     .key = "README",
     .foreign = true,
     .consolidated = true,
     .plan = "g {\"new\":1}\na a\ng c/d",
     .overwrite = true,
     .after = ZH_CONSOLIDATE_WRITE},
    {.name = "below what has no document",
     .before = "",
     .bare = "g\ng group/extra {\"old\":1}",
     .plan = "g group {\"new\":1}\na group/array\na group/sub/array"},
    {.name = "under",
     .before = "g foo {\"old\":1}\ng foo/b",
     .consolidated = true,
     .how = UNDER,
     .group = "foo",
     .plan = "a a/b/c\ng a {\"new\":1}\na b/d",
     .after = ZH_CONSOLIDATE_KEEP},
    {.name = "under, overwrite",
     .before = "g foo/b {\"old\":1}\na foo/b/x\na foo/c",
     .how = UNDER,
     .group = "foo",
     .plan = "g b {\"new\":1}\na b/y",
     .overwrite = true,
     .after = ZH_CONSOLIDATE_WRITE},
    {.name = "rooted",
     .before = "g other {\"old\":1}",
     .how = ROOTED,
     .plan = "g root {\"new\":1}\na root/a\ng root/b"},
    {.name = "chunks", .before = "g a", .plan = "a a/b\nd a/c {\"x\":1}\na d", .writes = true},
    {.name = "chunks, of an array at the root", .before = "", .plan = "d {\"x\":1}", .writes = true},
    {.name = "chunks, overwritten",
     .before = "g a {\"old\":1}\na a/x {\"old\":1}\na a/y\nd b {\"old\":1}\nd c",
     .old_chunks = true,
     .plan = "g a {\"new\":1}\na a/x {\"new\":1}\na b\nd c {\"new\":1}",
     .overwrite = true,
     .writes = true},
    {.name = "chunks, overwritten, none in the way",
     .before = "g a {\"old\":1}\na a/x {\"old\":1}\ng b {\"old\":1}\nd b/z",
     .old_chunks = true,
     .plan = "g a {\"new\":1}\na a/y\na b",
     .overwrite = true,
     .writes = true},
    {.name = "chunks, overwritten, of an array at the root",
     .before = "d {\"old\":1}",
     .key = "docs/readme.txt",
     .foreign = true,
     .old_chunks = true,
     .plan = "a {\"new\":1}",
     .overwrite = true,
     .writes = true},
    {.name = "overwrite, the root, an array for a group",
     .before = "g {\"old\":1}\ng a\na b/c {\"old\":1}",
     .key = "docs/readme.txt",
     .foreign = true,
     .old_chunks = true,
     .plan = "a {\"new\":1}",
     .overwrite = true,
     .writes = true},
    {.name = "overwrite, the root, a group for an array",
     .before = "d {\"old\":1}",
     .key = "docs/readme.txt",
     .foreign = true,
     .old_chunks = true,
     .plan = "g {\"new\":1}\ng a\nd c/d",
     .overwrite = true,
     .writes = true},
};
const size_t n_deeds = sizeof(deeds) / sizeof(deeds[0]);

static void create_old(zh_store *s, zh_format format, const deed *d)
{
    static report r;
    zh_error err = ZH_ERROR_INIT;
    zh_plan *p = plan_of(format, d->before);
    zh_create_options o;

    memset(&r, 0, sizeof(r));
    o = options_of(&r);
    r.value = d->old_chunks ? OLD_VALUE : 0;
    assert_zh_ok(zh_create_hierarchy(s, p, &o, &err), &err);
    zh_plan_free(p);
}

void deed_prepare(zh_store *s, zh_format format, const deed *d)
{
    zh_error err = ZH_ERROR_INIT;

    if (d->bare != NULL) {
        zh_plan_options unchecked = ZH_PLAN_OPTIONS_INIT;
        zh_plan *p = make_plan(format, d->bare);

        unchecked.unchecked = true;
        assert_zh_ok(zh_plan_finish(p, &unchecked, &err), &err);
        assert_zh_ok(zh_create_nodes(s, p, NULL, &err), &err);
        zh_plan_free(p);
    }
    if (*d->before != '\0')
        create_old(s, format, d);
    if (d->key != NULL)
        put_key(s, d->key, "chunk");
    if (d->consolidated)
        assert_zh_ok(zh_consolidate(s, "", 1, &err), &err);
}

static int run_plan(zh_store *s, zh_plan *p, const deed *d, const zh_create_options *o, zh_error *err)
{
    zh_handle *root = NULL;
    int rc;

    switch (d->how) {
    case HIERARCHY:
        return zh_create_hierarchy(s, p, o, err);
    case UNDER:
        return zh_create_under(s, d->group, p, o, err);
    case ROOTED:
        break;
    }
    rc = zh_create_rooted(&root, s, p, o, err);
    assert_int_equal(root != NULL, rc == ZH_OK);
    zh_handle_close(root);
    return rc;
}

static zh_create_options options(const deed *d, unsigned requests, report *r)
{
    static report own;
    zh_create_options o = ZH_CREATE_OPTIONS_INIT;

    if (r == NULL && d->writes)
        r = memset(&own, 0, sizeof(own));
    if (r != NULL) {
        o = options_of(r);
        r->value = d->writes ? NEW_VALUE : 0;
    }
    o.overwrite = d->overwrite;
    o.consolidated = d->after;
    o.requests = requests;
    return o;
}

int deed_run(zh_store *s, zh_format format, const deed *d, unsigned requests, report *r, zh_error *err)
{
    const zh_create_options o = options(d, requests, r);
    zh_plan *p = plan_of(format, d->plan);
    const int rc = run_plan(s, p, d, &o, err);

    zh_plan_free(p);
    return rc;
}

int deed_run_without_memory(zh_store *s, zh_format format, const deed *d, zh_alloc_fault *fault, zh_error *err)
{
    static report r;
    const zh_create_options o = options(d, 1, memset(&r, 0, sizeof(r)));
    zh_plan *p = plan_of(format, d->plan);
    int rc;

    zh_alloc_set_hook(zh_alloc_fault_ask, fault);
    rc = run_plan(s, p, d, &o, err);
    zh_alloc_set_hook(NULL, NULL);
    zh_plan_free(p);
    return rc;
}

const char *nodes(zh_store *s, zh_format format)
{
    static char out[1 << 16];
    zh_buf attributes = ZH_BUF_INIT(1 << 16);
    zh_error err = ZH_ERROR_INIT;
    zh_handle *root;
    int rc = zh_get_node(&root, s, "", (int)format, &err);

    out[0] = '\0';
    if (rc == ZH_NOTFOUND)
        return out;
    if (rc == ZH_AMBIGUOUS_NODE)
        return "? /\n";
    assert_zh_ok(rc, &err);
    assert_zh_ok(zh_handle_attributes(root, &attributes, &err), &err);
    (void)snprintf(out, sizeof(out), "%c / %s\n%s", zh_handle_kind(root) == ZH_NODE_ARRAY ? 'a' : 'g',
                   zh_buf_cstr(&attributes, &err), zh_handle_kind(root) == ZH_NODE_ARRAY ? "" : members(s, format));
    zh_buf_dispose(&attributes);
    zh_handle_close(root);
    return out;
}

void deed_check_elements(zh_store *s, const deed *d, zh_format format)
{
    zh_plan *p = plan_of(format, d->plan);
    zh_error err = ZH_ERROR_INIT;

    for (size_t i = 0; i < zh_plan_size(p); i++) {
        zh_plan_node node;
        char path[256];
        zh_handle *h;
        float value;

        assert_zh_ok(zh_plan_get(p, i, &node, &err), &err);
        if (node.kind != ZH_NODE_ARRAY)
            continue;
        (void)snprintf(path, sizeof(path), "%s/%s", d->how == UNDER ? d->group : "", node.path);
        assert_zh_ok(zh_get_node(&h, s, path, (int)format, &err), &err);
        assert_zh_ok(read_elements(h, &value, &err), &err);
        if (value != (d->writes ? NEW_VALUE : 0.0f))
            fail_msg("%s, v%d: the elements of '%s' are %g", d->name, (int)format, path, (double)value);
        zh_handle_close(h);
    }
    zh_plan_free(p);
}

void deed_wanted(store_kind kind, zh_format format, const deed *d, char **snapshot_after, char **nodes_after)
{
    zh_store *s = new_store(kind);
    zh_error err = ZH_ERROR_INIT;

    deed_prepare(s, format, d);
    assert_zh_ok(deed_run(s, format, d, 1, NULL, &err), &err);
    deed_check_elements(s, d, format);
    assert_true(d->key == NULL || has_key(s, d->key) == d->foreign);
    *snapshot_after = snapshot(s);
    *nodes_after = strdup(nodes(s, format));
    zh_store_close(s);
}
