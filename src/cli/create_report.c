/* create_report.c - see create_report.h. */
#include "cli/create_report.h"

#include "base/error.h"
#include "cli/interrupt.h"
#include "cli/report.h"

#include <inttypes.h>
#include <string.h>

void create_report_init(create_report *r, cli *c, const create_settings *settings)
{
    *r = (create_report){.c = c, .settings = settings, .problems = CLI_PROBLEMS_INIT};
    zh_buf_init(&r->nodes, SIZE_MAX);
}

void create_report_dispose(create_report *r)
{
    cli_problems_dispose(&r->problems);
    zh_buf_dispose(&r->nodes);
}

static const char *kind_name(zh_node_kind kind)
{
    return kind == ZH_NODE_GROUP ? "group" : "array";
}

/* implicit NULL: nothing is said of it. */
static int add_json(create_report *r, const char *path, zh_node_kind kind, zh_format format, const bool *implicit)
{
    zh_jsonw w;

    zh_jsonw_init(&w, &r->nodes, NULL);
    w.comma = r->nodes.len > 0;
    zh_jsonw_begin_object(&w);
    zh_jsonw_key(&w, "path");
    zh_jsonw_str(&w, path);
    zh_jsonw_key(&w, "kind");
    zh_jsonw_str(&w, kind_name(kind));
    zh_jsonw_key(&w, "zarr_format");
    zh_jsonw_u64(&w, format);
    if (implicit != NULL) {
        zh_jsonw_key(&w, "implicit");
        zh_jsonw_bool(&w, *implicit);
    }
    zh_jsonw_end_object(&w);
    return zh_jsonw_finish(&w);
}

int create_report_node(void *payload, const char *path, zh_node_kind kind, zh_handle *node)
{
    create_report *r = payload;

    (void)path; /* relative to the group of --under; the handle's is not */
    r->groups += kind == ZH_NODE_GROUP;
    r->arrays += kind == ZH_NODE_ARRAY;
    /* A dry run tells of its nodes at the end. */
    if (!r->settings->dry_run) {
        r->starved = r->c->json && add_json(r, zh_handle_path(node), kind, zh_handle_format(node), NULL) < 0;
        if (!r->c->json && r->settings->verbose)
            (void)cli_line(&r->c->out, "%s /%s", kind_name(kind), zh_handle_path(node));
    }
    cli_progress_step(&r->progress);
    return cli_interrupted() || r->starved ? -1 : 0;
}

void create_report_problem(void *payload, const zh_problem *problem)
{
    create_report *r = payload;

    cli_problems_add(&r->problems, problem);
}

int create_report_failed(create_report *r, const zh_error *err, int code)
{
    return cli_problems_fail(&r->problems, r->c, err, code);
}

/* --- done --- */

static const char *plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

static void summarise(const create_report *r)
{
    const zh_create_stats *t = &r->stats;

    if (r->c->quiet)
        return;
    (void)cli_line(&r->c->out,
                   "%s %" PRIu64 " node%s (%" PRIu64 " group%s, %" PRIu64 " array%s), %" PRIu64
                   " document%s of %" PRIu64 " bytes; %" PRIu64 " kept, %" PRIu64 " replaced; %.3f s",
                   r->settings->dry_run ? "would create" : "created", t->nodes, plural(t->nodes), r->groups,
                   plural(r->groups), r->arrays, plural(r->arrays), t->documents, plural(t->documents), t->bytes,
                   t->kept, t->replaced, t->seconds);
}

static void put_stats(zh_jsonw *w, const zh_create_stats *t)
{
    zh_jsonw_key(w, "stats");
    zh_jsonw_begin_object(w);
    zh_jsonw_key(w, "nodes");
    zh_jsonw_u64(w, t->nodes);
    zh_jsonw_key(w, "documents");
    zh_jsonw_u64(w, t->documents);
    zh_jsonw_key(w, "bytes");
    zh_jsonw_u64(w, t->bytes);
    zh_jsonw_key(w, "kept");
    zh_jsonw_u64(w, t->kept);
    zh_jsonw_key(w, "replaced");
    zh_jsonw_u64(w, t->replaced);
    zh_jsonw_key(w, "seconds");
    zh_jsonw_f64(w, t->seconds);
    zh_jsonw_key(w, "requests");
    zh_jsonw_u64(w, t->requests);
    zh_jsonw_end_object(w);
}

static int put_json(const create_report *r, const zh_handle *root)
{
    zh_buf text = ZH_BUF_INIT(SIZE_MAX);
    zh_jsonw w;

    zh_jsonw_init(&w, &text, NULL);
    zh_jsonw_begin_object(&w);
    zh_jsonw_key(&w, "ok");
    zh_jsonw_bool(&w, true);
    if (r->settings->dry_run) {
        zh_jsonw_key(&w, "dry_run");
        zh_jsonw_bool(&w, true);
    }
    if (root != NULL) {
        zh_jsonw_key(&w, "root");
        zh_jsonw_str(&w, zh_handle_path(root));
    }
    zh_jsonw_key(&w, "nodes");
    zh_jsonw_begin_array(&w);
    if (r->nodes.len > 0)
        zh_jsonw_raw(&w, (const char *)r->nodes.ptr, r->nodes.len);
    zh_jsonw_end_array(&w);
    put_stats(&w, &r->stats);
    zh_jsonw_end_object(&w);
    return cli_put_object(r->c, &w, &text, CLI_OK);
}

int create_report_done(create_report *r, const zh_handle *root)
{
    if (r->c->json)
        return put_json(r, root);
    summarise(r);
    return CLI_OK;
}

/* --- a dry run --- */

static int plan_path(zh_buf *out, const char *base, const char *path, zh_error *err)
{
    int rc;

    out->len = 0;
    rc = zh_buf_puts(out, base, err);
    if (rc == ZH_OK && base[0] != '\0' && path[0] != '\0')
        rc = zh_buf_putc(out, '/', err);
    return rc < 0 ? rc : zh_buf_append(out, path, strlen(path) + 1, err);
}

static int add_planned(create_report *r, const zh_plan_node *node, const char *path, zh_error *err)
{
    if (r->c->json)
        return add_json(r, path, node->kind, node->format, &node->implicit) < 0 ? zh_error_nomem(err) : ZH_OK;
    (void)cli_line(&r->c->out, "%s v%d /%s%s", kind_name(node->kind), (int)node->format, path,
                   node->implicit ? " (implicit)" : "");
    return ZH_OK;
}

int create_report_planned(create_report *r, zh_plan *plan, const char *base)
{
    zh_error err = ZH_ERROR_INIT;
    zh_buf path = ZH_BUF_INIT(SIZE_MAX);
    zh_plan_node node;
    int rc = ZH_OK;

    for (size_t i = 0; rc == ZH_OK && r->c->out.failed == 0 && i < zh_plan_size(plan); i++) {
        rc = zh_plan_get(plan, i, &node, &err);
        if (rc == ZH_OK && node.path[0] == '\0' && r->settings->under != NULL)
            continue; /* the group itself, which is there */
        if (rc == ZH_OK)
            rc = plan_path(&path, base, node.path, &err);
        if (rc == ZH_OK)
            rc = add_planned(r, &node, (const char *)path.ptr, &err);
    }
    zh_buf_dispose(&path);
    return rc < 0 ? cli_fail(r->c, &err) : create_report_done(r, NULL);
}
