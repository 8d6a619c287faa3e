/* cmd_check.c - `zh check`: what a hierarchy should not have, told and mended. */
#include "cli/commands.h"

#include "base/error.h"
#include "base/jsonw.h"
#include "cli/arguments.h"
#include "cli/report.h"
#include "cli/rootless.h"
#include "cli/target.h"
#include "cli/watched_store.h"
#include "zh/hierarchy.h"

#include <inttypes.h>

enum { OPTION_REPAIR = CLI_OPTION, OPTION_REMOVE };

static const struct option options[] = {
    {"repair", no_argument, NULL, OPTION_REPAIR},
    {"remove", no_argument, NULL, OPTION_REMOVE},
    {NULL, 0, NULL, 0},
};

static int take(cli *c, void *payload, int option, const char *value)
{
    zh_check_options *o = payload;

    (void)c;
    (void)value;
    *(option == OPTION_REMOVE ? &o->remove : &o->repair) = true;
    return CLI_GO_ON;
}

typedef struct checking {
    cli *c;
    const char *path;
    zh_check_options options;
    bool repair;  /* or more */
    bool emptied; /* it was the rest of a store, and is an empty directory now */
    bool starved; /* there was no memory for what was found */
    cli_progress progress;
    zh_buf found; /* JSON objects with commas between them */
    zh_check_stats stats;
} checking;

static const char *kind_name(zh_finding_kind kind)
{
    switch (kind) {
    case ZH_FOUND_TEMPORARY:
        return "temporary";
    case ZH_FOUND_UNREACHABLE:
        return "unreachable";
    case ZH_FOUND_HALF_NODE:
        return "half-node";
    case ZH_FOUND_ORPHAN_CHUNKS:
        return "orphan-chunks";
    case ZH_FOUND_BAD_DOCUMENT:
        return "bad-document";
    case ZH_FOUND_BOTH_KINDS:
        return "both-kinds";
    case ZH_FOUND_BOTH_FORMATS:
        return "both-formats";
    case ZH_FOUND_INSIDE_ARRAY:
        return "inside-array";
    case ZH_FOUND_STALE_CONSOLIDATED:
        return "stale-consolidated";
    case ZH_FOUND_LINK_LOOP:
        return "link-loop";
    }
    return "other";
}

/* --- findings --- */

static int add_json(checking *k, const zh_finding *f)
{
    const size_t before = k->found.len;
    zh_jsonw w;

    zh_jsonw_init(&w, &k->found, NULL);
    w.comma = k->found.len > 0;
    zh_jsonw_begin_object(&w);
    zh_jsonw_key(&w, "kind");
    zh_jsonw_str(&w, kind_name(f->kind));
    zh_jsonw_key(&w, "path");
    zh_jsonw_str(&w, f->path);
    zh_jsonw_key(&w, "repaired");
    zh_jsonw_bool(&w, f->repaired);
    zh_jsonw_key(&w, "message");
    zh_jsonw_str(&w, f->message);
    zh_jsonw_end_object(&w);
    if (zh_jsonw_finish(&w) < 0)
        k->found.len = before; /* the others are told */
    return zh_jsonw_finish(&w);
}

/* A repair goes on when nobody reads what it says. */
static int tell(void *payload, const zh_finding *f)
{
    checking *k = payload;

    if (k->c->json) {
        k->starved = add_json(k, f) < 0;
        return k->starved ? -1 : 0;
    }
    cli_progress_wipe(&k->progress);
    (void)cli_line(&k->c->out, "%s: /%s: %s%s", kind_name(f->kind), f->path, f->message,
                   f->repaired ? " (repaired)" : "");
    return k->repair || k->c->out.failed == 0 ? 0 : -1;
}

/* --- the end --- */

static void put_stats(zh_jsonw *w, const zh_check_stats *t)
{
    zh_jsonw_key(w, "stats");
    zh_jsonw_begin_object(w);
    zh_jsonw_key(w, "nodes");
    zh_jsonw_u64(w, t->nodes);
    zh_jsonw_key(w, "findings");
    zh_jsonw_u64(w, t->findings);
    zh_jsonw_key(w, "repaired");
    zh_jsonw_u64(w, t->repaired);
    zh_jsonw_end_object(w);
}

/* err: what ended it, NULL if it came to its end. Answers the exit code. */
static int put_json(const checking *k, int code, const zh_error *err)
{
    zh_buf text = ZH_BUF_INIT(SIZE_MAX);
    zh_jsonw w;

    zh_jsonw_init(&w, &text, NULL);
    zh_jsonw_begin_object(&w);
    if (err != NULL) {
        cli_failure_members(&w, err);
    } else {
        zh_jsonw_key(&w, "ok");
        zh_jsonw_bool(&w, code == CLI_OK);
    }
    zh_jsonw_key(&w, "findings");
    zh_jsonw_begin_array(&w);
    if (k->found.len > 0)
        zh_jsonw_raw(&w, (const char *)k->found.ptr, k->found.len);
    zh_jsonw_end_array(&w);
    put_stats(&w, &k->stats);
    zh_jsonw_end_object(&w);
    return cli_put_object(k->c, &w, &text, code);
}

static void summarise(const checking *k)
{
    const zh_check_stats *t = &k->stats;

    (void)cli_line(&k->c->out, "%" PRIu64 " node%s, %" PRIu64 " finding%s, %" PRIu64 " repaired%s", t->nodes,
                   t->nodes == 1 ? "" : "s", t->findings, t->findings == 1 ? "" : "s", t->repaired,
                   k->emptied ? "; nothing is left in the directory" : "");
}

/* Findings that are left count for more than that there is no hierarchy. */
static int finish(const checking *k, int rc, const zh_error *err)
{
    const bool left = k->stats.findings > k->stats.repaired;
    const bool none = rc == ZH_NOTFOUND && !k->emptied;
    const bool failed = (rc < 0 && rc != ZH_NOTFOUND) || none;
    const int code = failed && !(none && left) ? cli_exit_of(rc) : left ? CLI_NO : CLI_OK;

    if (failed && k->c->out.failed == 0) /* else that is what is told */
        cli_error(k->c, "%s", cli_message(err));
    if (k->c->json)
        return put_json(k, code, failed ? err : NULL);
    if (!failed && !k->c->quiet)
        summarise(k);
    return code;
}

/* Repairing removes things: only from what shows that it is a store. */
static int check_place(const checking *k, zh_path_kind kind, zh_error *err)
{
    if (k->repair && (kind == ZH_PATH_OTHER_DIR || kind == ZH_PATH_OTHER_FILE || kind == ZH_PATH_HDF5))
        return zh_error_set(err, ZH_INVALID, "'%.400s' is not a Zarr store, nothing is repaired in it", k->path);
    return ZH_OK;
}

/* In a hierarchy without a root no node can be reached, but that is what it was made like. */
static int check_root(const checking *k, zh_store *s, zh_error *err)
{
    bool rootless = false;
    const int rc = k->repair ? cli_is_rootless(&rootless, s, err) : ZH_OK;

    if (rc < 0 || !rootless)
        return rc;
    return zh_error_set(err, ZH_INVALID, "'%.350s' has nodes, but none at the root: create that before it is repaired",
                        k->path);
}

static int run(checking *k, zh_error *err)
{
    zh_path_kind kind;
    zh_store *s = NULL;
    int rc = zh_path_probe(&kind, k->path, err);

    if (rc == ZH_OK)
        rc = check_place(k, kind, err);
    if (rc == ZH_OK)
        rc = zh_store_open(&s, k->path, k->repair ? ZH_OPEN_WRITE : ZH_OPEN_READ, err);
    if (rc == ZH_OK)
        rc = check_root(k, s, err);
    if (rc == ZH_OK)
        rc = cli_watch(&s, &k->progress, err);
    if (rc == ZH_OK) {
        rc = zh_check(s, &k->options, err);
        if (rc == ZH_NOTFOUND && k->repair && kind == ZH_PATH_EMPTY_DIR)
            k->emptied = cli_unmark(k->path);
    }
    zh_store_close(s);
    return k->starved ? zh_error_nomem(err) : rc;
}

int cli_check(cli *c, int argc, char **argv)
{
    static const cli_syntax syntax = {"", options, take, {"STORE", NULL}, 1};
    checking k = {.c = c, .options = ZH_CHECK_OPTIONS_INIT, .found = ZH_BUF_INIT(SIZE_MAX)};
    const char *operand[CLI_OPERANDS];
    zh_error err = ZH_ERROR_INIT;
    int rc, code = cli_parse(c, &syntax, argc, argv, &k.options, operand);

    if (code != CLI_GO_ON)
        return code;
    k.path = operand[0];
    k.repair = k.options.repair || k.options.remove;
    k.options.requests = c->requests;
    k.options.finding = tell;
    k.options.payload = &k;
    k.options.stats = &k.stats;
    cli_progress_start(&k.progress, c, "reads", 0);
    rc = run(&k, &err);
    cli_progress_end(&k.progress);
    code = finish(&k, rc, &err);
    zh_buf_dispose(&k.found);
    return code;
}
