/* cmd_create.c - zh create. */
#include "cli.h"

#include "base/jsonw.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

typedef struct creating {
    globals *g;
    const char *under, *kind;
    bool rooted, unchecked, backslash, dry_run, verbose;
    zh_create_options opts;
    zh_create_stats stats;
    zh_buf nodes, problems; /* members of JSON arrays */
    size_t n_problems;
} creating;

enum {
    OVERWRITE,
    PURGE,
    ROOTED,
    UNDER,
    UNCHECKED,
    CONSOLIDATE,
    STORE,
    ORDERED,
    ALWAYS_ZATTRS,
    BACKSLASH,
    DRY_RUN,
    VERBOSE
};

static const option_spec specs[] = {
    {"--overwrite", 0, 0}, {"--purge", 0, 0},     {"--rooted", 0, 0},
    {"--under", 0, 1},     {"--unchecked", 0, 0}, {"--consolidate", 0, 2},
    {"--store", 0, 1},     {"--ordered", 0, 0},   {"--always-zattrs", 0, 0},
    {"--backslash", 0, 0}, {"--dry-run", 'n', 0}, {"--verbose", 'v', 0},
    {NULL, 0, 0},
};

static bool parse_consolidate(zh_consolidation *out_how, const char *text)
{
    static const char *const names[] = {"drop", "keep", "write"};

    if (text == NULL)
        text = "write";
    for (int i = 0; i < 3; i++)
        if (strcmp(text, names[i]) == 0) {
            *out_how = (zh_consolidation)i;
            return true;
        }
    complain("--consolidate is drop, keep or write, not '%s'", text);
    return false;
}

/* false: a mistake. */
static bool take_option(creating *c, int which, const char *argument)
{
    switch (which) {
    case OVERWRITE:
        c->opts.overwrite = true;
        break;
    case PURGE:
        c->opts.purge = true;
        break;
    case ROOTED:
        c->rooted = true;
        break;
    case UNDER:
        c->under = argument;
        break;
    case UNCHECKED:
        c->unchecked = true;
        break;
    case CONSOLIDATE:
        return parse_consolidate(&c->opts.consolidated, argument);
    case STORE:
        c->kind = argument;
        if (strcmp(argument, "dir") != 0 && strcmp(argument, "zip") != 0) {
            complain("--store is dir or zip, not '%s'", argument);
            return false;
        }
        break;
    case ORDERED:
        c->opts.ordered = true;
        break;
    case ALWAYS_ZATTRS:
        c->opts.always_zattrs = true;
        break;
    case BACKSLASH:
        c->backslash = true;
        break;
    case DRY_RUN:
        c->dry_run = true;
        break;
    default:
        c->verbose = true;
    }
    return true;
}

static bool parse_arguments(creating *c, int *argc, char **argv)
{
    const char *argument;
    int which;

    for (which = next_option(c->g, argc, argv, specs, &argument); which >= 0;
         which = next_option(c->g, argc, argv, specs, &argument))
        if (!take_option(c, which, argument))
            return false;
    if (which == -2 || !check_operands("create", *argc, c->dry_run ? 0 : 1, 2))
        return false;
    if (c->rooted + c->unchecked + (c->under != NULL) > 1) {
        complain("--rooted, --under and --unchecked exclude each other");
        return false;
    }
    return true;
}

/* --- callbacks --- */

static const char *kind_name(zh_node_kind kind)
{
    return kind == ZH_NODE_ARRAY ? "array" : "group";
}

static void add_node(creating *c, const char *path, const char *kind)
{
    zh_jsonw w;

    zh_jsonw_init(&w, &c->nodes, NULL);
    w.comma = c->nodes.len > 0;
    zh_jsonw_begin_object(&w);
    zh_jsonw_key(&w, "path");
    zh_jsonw_str(&w, path);
    zh_jsonw_key(&w, "kind");
    zh_jsonw_str(&w, kind);
    zh_jsonw_end_object(&w);
}

static int on_created(void *payload, const char *path, zh_node_kind kind, zh_handle *node)
{
    creating *c = payload;

    (void)node;
    if (c->g->json) {
        add_node(c, path, kind_name(kind));
    } else if (c->verbose) {
        out_format("%s /", kind_name(kind));
        out_name(path);
        out("\n");
    }
    progress_step();
    return 0;
}

static void put_member(zh_jsonw *w, const char *name, const char *value)
{
    zh_jsonw_key(w, name);
    if (value == NULL)
        zh_jsonw_null(w);
    else
        zh_jsonw_str(w, value);
}

static void on_problem(void *payload, const zh_problem *p)
{
    creating *c = payload;
    zh_jsonw w;

    c->n_problems++;
    if (!c->g->json) {
        complain("%s", p->message);
        return;
    }
    zh_jsonw_init(&w, &c->problems, NULL);
    w.comma = c->problems.len > 0;
    zh_jsonw_begin_object(&w);
    put_member(&w, "code", zh_code_name(p->code));
    put_member(&w, "key", p->key);
    put_member(&w, "path", p->path);
    put_member(&w, "other", p->other);
    put_member(&w, "existing", p->existing < 0 ? NULL : kind_name((zh_node_kind)p->existing));
    put_member(&w, "message", p->message);
    zh_jsonw_end_object(&w);
}

/* --- the description --- */

static int read_all(zh_buf *text, const char *name, zh_error *err)
{
    FILE *f = name == NULL || strcmp(name, "-") == 0 ? stdin : fopen(name, "rb");
    char chunk[1 << 16];
    size_t n = 1;
    int rc = ZH_OK;

    if (f == NULL) {
        complain("cannot open '%s': %s", name, strerror(errno));
        err->code = ZH_IO;
        return ZH_IO;
    }
    while (rc == ZH_OK && n > 0) {
        n = fread(chunk, 1, sizeof(chunk), f);
        rc = zh_buf_append(text, chunk, n, err);
    }
    if (rc < 0) {
        (void)complain_error(err);
    } else if (ferror(f)) {
        complain("cannot read '%s': %s", name == NULL ? "standard input" : name, strerror(errno));
        err->code = rc = ZH_IO;
    }
    if (f != stdin)
        (void)fclose(f);
    return rc;
}

static int make_plan(zh_plan **plan, creating *c, const char *file, zh_error *err)
{
    zh_plan_options o = ZH_PLAN_OPTIONS_INIT;
    zh_buf text = ZH_BUF_INIT(SIZE_MAX);
    int rc = read_all(&text, file, err);

    *plan = NULL;
    o.backslash_is_slash = c->backslash;
    o.unchecked = c->unchecked;
    o.problem = on_problem;
    o.payload = c;
    if (rc < 0) {
        zh_buf_dispose(&text);
        return rc;
    }
    rc = zh_plan_new(plan, err);
    if (rc == ZH_OK)
        rc = zh_plan_add_description(*plan, (const char *)text.ptr, text.len, err);
    if (rc == ZH_OK)
        rc = zh_plan_finish(*plan, &o, err);
    zh_buf_dispose(&text);
    if (rc < 0 && c->n_problems == 0 && !c->g->json)
        (void)complain_error(err);
    return rc;
}

static int print_plan(creating *c, zh_plan *plan, zh_error *err)
{
    int rc = ZH_OK;

    for (size_t i = 0; rc == ZH_OK && i < zh_plan_size(plan); i++) {
        zh_plan_node node;

        rc = zh_plan_get(plan, i, &node, err);
        if (rc == ZH_OK && c->g->json)
            add_node(c, node.path, kind_name(node.kind));
        else if (rc == ZH_OK) {
            out_format("%s /", kind_name(node.kind));
            out_name(node.path);
            out(node.implicit ? " (implicit)\n" : "\n");
        }
    }
    return rc;
}

/* --- the work --- */

static int create(creating *c, zh_store *s, zh_plan *plan, zh_error *err)
{
    zh_handle *root = NULL;
    int rc;

    c->opts.created = on_created;
    c->opts.problem = on_problem;
    c->opts.payload = c;
    c->opts.stats = &c->stats;
    c->opts.requests = c->g->requests;
    progress_begin(c->g, "nodes", zh_plan_size(plan));
    if (c->unchecked)
        rc = zh_create_nodes(s, plan, &c->opts, err);
    else if (c->under != NULL)
        rc = zh_create_under(s, c->under, plan, &c->opts, err);
    else if (c->rooted)
        rc = zh_create_rooted(&root, s, plan, &c->opts, err);
    else
        rc = zh_create_hierarchy(s, plan, &c->opts, err);
    progress_end();
    zh_handle_close(root);
    return rc;
}

static int create_in(creating *c, const char *path, zh_plan *plan, zh_error *err)
{
    bool made;
    zh_store *s;
    int rc = open_or_make_store(&s, &made, path, c->kind, err);

    if (rc < 0) {
        c->n_problems++; /* told */
        return rc;
    }
    rc = create(c, s, plan, err);
    zh_store_close(s);
    if (rc < 0 && made)
        unmake_store(path);
    return rc;
}

static void report_json(creating *c, int rc, const zh_error *err)
{
    zh_buf text = ZH_BUF_INIT(SIZE_MAX);
    zh_jsonw w;

    zh_jsonw_init(&w, &text, NULL);
    zh_jsonw_begin_object(&w);
    zh_jsonw_key(&w, "ok");
    zh_jsonw_bool(&w, rc == ZH_OK);
    if (rc < 0) {
        put_member(&w, "code", zh_code_name(rc));
        put_member(&w, "message", err->message);
        zh_jsonw_key(&w, "problems");
        zh_jsonw_begin_array(&w);
        zh_jsonw_members(&w, (const char *)c->problems.ptr, c->problems.len);
        zh_jsonw_end_array(&w);
    } else {
        zh_jsonw_key(&w, "nodes");
        zh_jsonw_begin_array(&w);
        zh_jsonw_members(&w, (const char *)c->nodes.ptr, c->nodes.len);
        zh_jsonw_end_array(&w);
        zh_jsonw_key(&w, "stats");
        zh_jsonw_begin_object(&w);
        zh_jsonw_key(&w, "nodes");
        zh_jsonw_u64(&w, c->stats.nodes);
        zh_jsonw_key(&w, "documents");
        zh_jsonw_u64(&w, c->stats.documents);
        zh_jsonw_key(&w, "bytes");
        zh_jsonw_u64(&w, c->stats.bytes);
        zh_jsonw_key(&w, "kept");
        zh_jsonw_u64(&w, c->stats.kept);
        zh_jsonw_key(&w, "replaced");
        zh_jsonw_u64(&w, c->stats.replaced);
        zh_jsonw_key(&w, "seconds");
        zh_jsonw_f64(&w, c->stats.seconds);
        zh_jsonw_key(&w, "requests");
        zh_jsonw_u64(&w, c->stats.requests);
        zh_jsonw_end_object(&w);
    }
    zh_jsonw_end_object(&w);
    out_n((const char *)text.ptr, text.len);
    out("\n");
    zh_buf_dispose(&text);
}

static void report(creating *c, int rc, const zh_error *err, bool told)
{
    if (c->g->json) {
        report_json(c, rc, err);
    } else if (rc < 0 && !told) {
        (void)complain_error(err);
    } else if (rc == ZH_OK && !c->g->quiet && !c->dry_run) {
        out_format("%llu nodes, %llu documents, %llu bytes in %.3f s", (unsigned long long)c->stats.nodes,
                   (unsigned long long)c->stats.documents, (unsigned long long)c->stats.bytes, c->stats.seconds);
        if (c->stats.replaced > 0)
            out_format("; %llu replaced", (unsigned long long)c->stats.replaced);
        out("\n");
    }
}

int run_create(globals *g, int argc, char **argv)
{
    creating c = {
        .g = g, .opts = ZH_CREATE_OPTIONS_INIT, .nodes = ZH_BUF_INIT(SIZE_MAX), .problems = ZH_BUF_INIT(SIZE_MAX)};
    zh_error err = ZH_ERROR_INIT;
    zh_plan *plan = NULL;
    const char *store, *file;
    bool told = true;
    int rc;

    if (!parse_arguments(&c, &argc, argv))
        return EXIT_USAGE;
    store = argc > 0 ? argv[0] : NULL;
    file = argc > 1 ? argv[1] : NULL;
    rc = make_plan(&plan, &c, file, &err);
    if (rc == ZH_OK && c.dry_run) {
        rc = print_plan(&c, plan, &err);
    } else if (rc == ZH_OK) {
        c.n_problems = 0;
        rc = create_in(&c, store, plan, &err);
        told = c.n_problems > 0;
    }
    report(&c, rc, &err, told);
    zh_plan_free(plan);
    zh_buf_dispose(&c.nodes);
    zh_buf_dispose(&c.problems);
    return exit_code_of(rc);
}
