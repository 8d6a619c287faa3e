/* deeds.c - see deeds.h. */
#include "deeds.h"

const deed deeds[] = {
    {"fresh", "", NULL, NULL, false, HIERARCHY, NULL, "a a/b/c {\"x\":1}\ng a {\"y\":1}\na d\ng e/f/g", false,
     ZH_CONSOLIDATE_DROP},
    {"fresh, with consolidated metadata", "", NULL, NULL, false, HIERARCHY, NULL, "g {\"z\":1}\na a\na b/c", false,
     ZH_CONSOLIDATE_WRITE},
    {"fresh, an array", "", NULL, NULL, false, HIERARCHY, NULL, "a {\"z\":1}", false, ZH_CONSOLIDATE_DROP},
    {"merge", "g a {\"old\":1}\na a/x\ng b", NULL, NULL, false, HIERARCHY, NULL, "a a/b/c\na a/d\ng b/x/y\ng new",
     false, ZH_CONSOLIDATE_KEEP},
    {"merge, consolidated metadata stay", "g {\"r\":1}\ng a\na b", NULL, NULL, true, HIERARCHY, NULL,
     "a a/b/c\ng new {\"new\":1}", false, ZH_CONSOLIDATE_KEEP},
    {"merge, consolidated metadata go", "g {\"r\":1}\ng a\na b", NULL, NULL, true, HIERARCHY, NULL,
     "a a/b/c\ng new {\"new\":1}", false, ZH_CONSOLIDATE_DROP},
    {"merge, consolidated metadata come", "g {\"r\":1}\ng a\na b", NULL, NULL, false, HIERARCHY, NULL,
     "a a/b/c\ng new {\"new\":1}", false, ZH_CONSOLIDATE_WRITE},
    {"overwrite", "g a {\"old\":1}\na a/x {\"old\":1}\na b {\"old\":1}", NULL, "a/x/c/0/0", false, HIERARCHY, NULL,
     "g a {\"new\":1}\na a/y\na b {\"new\":1}\ng new", true, ZH_CONSOLIDATE_DROP},
    {"overwrite, kinds change", "g a {\"old\":1}\ng a/x\na b {\"old\":1}", NULL, "b/0.0", false, HIERARCHY, NULL,
     "a a\ng b\ng b/c", true, ZH_CONSOLIDATE_DROP},
    {"overwrite, the root", "g {\"old\":1}\ng a {\"old\":1}\na a/x\na b", NULL, "README", true, HIERARCHY, NULL,
     "g {\"new\":1}\na a\ng c/d", true, ZH_CONSOLIDATE_WRITE},
    {"below what has no document", "", "g\ng group/extra {\"old\":1}", NULL, false, HIERARCHY, NULL,
     "g group {\"new\":1}\na group/array\na group/sub/array", false, ZH_CONSOLIDATE_DROP},
    {"under", "g foo {\"old\":1}\ng foo/b", NULL, NULL, true, UNDER, "foo", "a a/b/c\ng a {\"new\":1}\na b/d", false,
     ZH_CONSOLIDATE_KEEP},
    {"under, overwrite", "g foo/b {\"old\":1}\na foo/b/x\na foo/c", NULL, NULL, false, UNDER, "foo",
     "g b {\"new\":1}\na b/y", true, ZH_CONSOLIDATE_WRITE},
    {"rooted", "g other {\"old\":1}", NULL, NULL, false, ROOTED, NULL, "g root {\"new\":1}\na root/a\ng root/b", false,
     ZH_CONSOLIDATE_DROP},
};
const size_t n_deeds = sizeof(deeds) / sizeof(deeds[0]);

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
        create(s, format, d->before);
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
    zh_create_options o = ZH_CREATE_OPTIONS_INIT;

    if (r != NULL)
        o = options_of(r);
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
    assert_zh_ok(rc, &err);
    assert_zh_ok(zh_handle_attributes(root, &attributes, &err), &err);
    (void)snprintf(out, sizeof(out), "%c / %s\n%s", zh_handle_kind(root) == ZH_NODE_ARRAY ? 'a' : 'g',
                   zh_buf_cstr(&attributes, &err), zh_handle_kind(root) == ZH_NODE_ARRAY ? "" : members(s, format));
    zh_buf_dispose(&attributes);
    zh_handle_close(root);
    return out;
}

void deed_wanted(store_kind kind, zh_format format, const deed *d, char **snapshot_after, char **nodes_after)
{
    zh_store *s = new_store(kind);
    zh_error err = ZH_ERROR_INIT;

    deed_prepare(s, format, d);
    assert_zh_ok(deed_run(s, format, d, 1, NULL, &err), &err);
    *snapshot_after = snapshot(s);
    *nodes_after = strdup(nodes(s, format));
    zh_store_close(s);
}

static bool has_line(const char *text, const char *line)
{
    const size_t n = strlen(line);

    for (const char *at = strstr(text, line); at != NULL; at = strstr(at + 1, line))
        if ((at == text || at[-1] == '\n') && (at[n] == '\n' || at[n] == '\0'))
            return true;
    return false;
}

bool lines_are_in(const char *text, const char *a, const char *b)
{
    char *copy = strdup(text), *rest = NULL;
    bool all = true;

    for (char *line = strtok_r(copy, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
        all = all && (has_line(a, line) || has_line(b, line));
    free(copy);
    return all;
}
