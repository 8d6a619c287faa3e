/* cmd_create.c - `zh create`: description, plan, store, nodes. */
#include "cli/commands.h"

#include "base/error.h"
#include "cli/create_report.h"
#include "cli/create_settings.h"
#include "cli/input.h"
#include "cli/interrupt.h"
#include "cli/target.h"

#include <string.h>

/* --- the plan --- */

/* A description that is wrong is a no, whatever the code. */
static int exit_of_plan(int code)
{
    return code == ZH_NOMEM || code == ZH_INTERNAL || code == ZH_IO ? CLI_FAILED : CLI_NO;
}

static int describe(zh_plan *plan, const char *file, zh_error *err)
{
    zh_buf text = ZH_BUF_INIT(SIZE_MAX);
    int rc = cli_read_all(&text, file, err);

    if (rc == ZH_OK) {
        rc = zh_plan_add_description(plan, (const char *)text.ptr, text.len, err);
        if (rc < 0)
            zh_error_prefix(err, "%s", strcmp(file, "-") == 0 ? "standard input" : file);
    }
    zh_buf_dispose(&text);
    return rc;
}

/* CLI_GO_ON, or an exit code and all is told. */
static int make_plan(zh_plan **out, create_report *r)
{
    const create_settings *s = r->settings;
    zh_plan_options options = ZH_PLAN_OPTIONS_INIT;
    zh_error err = ZH_ERROR_INIT;
    int rc = zh_plan_new(out, &err);

    options.backslash_is_slash = s->backslash;
    options.unchecked = s->unchecked;
    options.problem = create_report_problem;
    options.payload = r;
    if (rc == ZH_OK)
        rc = describe(*out, s->file, &err);
    if (rc == ZH_OK)
        rc = zh_plan_finish(*out, &options, &err);
    if (rc == ZH_OK)
        return CLI_GO_ON;
    return create_report_failed(r, &err, exit_of_plan(err.code));
}

/* --- the store --- */

static zh_create_options options_of(create_report *r)
{
    const create_settings *s = r->settings;
    zh_create_options o = ZH_CREATE_OPTIONS_INIT;

    o.overwrite = s->overwrite;
    o.purge = s->purge;
    o.durable = s->durable;
    o.ordered = s->ordered;
    o.always_zattrs = s->always_zattrs;
    o.consolidated = s->consolidated;
    o.requests = r->c->requests;
    o.created = create_report_node;
    o.problem = create_report_problem;
    o.payload = r;
    o.stats = &r->stats;
    return o;
}

/* Why the callback asked to stop. */
static void explain(const create_report *r, zh_error *err)
{
    if (r->starved)
        (void)zh_error_nomem(err);
    else
        (void)zh_error_set(err, ZH_ABORTED, "interrupted%s",
                           r->settings->unchecked ? ", some nodes may be there" : ", nothing was created");
}

static int create(zh_handle **root, zh_store *store, zh_plan *plan, create_report *r, zh_error *err)
{
    const create_settings *s = r->settings;
    const zh_create_options options = options_of(r);
    int rc;

    cli_progress_start(&r->progress, r->c, "nodes", zh_plan_size(plan));
    if (r->c->progress == CLI_AUTO && s->verbose && !r->c->json)
        r->progress.wanted = false; /* its lines say the same */
    if (s->unchecked)
        rc = zh_create_nodes(store, plan, &options, err);
    else if (s->under != NULL)
        rc = zh_create_under(store, s->under, plan, &options, err);
    else if (s->rooted)
        rc = zh_create_rooted(root, store, plan, &options, err);
    else
        rc = zh_create_hierarchy(store, plan, &options, err);
    cli_progress_end(&r->progress);
    if (rc == ZH_ABORTED)
        explain(r, err);
    return rc;
}

/* Together with the group that they are below, keys may be too long. */
static int exit_of_creation(int code)
{
    return code == ZH_KEY_TOO_LONG ? CLI_NO : cli_exit_of(code);
}

/* Before the program ends by the signal: what was told must have been written. */
static void obey_interrupt(create_report *r)
{
    cli_raw(&r->c->out, "");
    cli_interrupt_obey();
}

static int into_store(zh_plan *plan, create_report *r, zh_error *err)
{
    zh_handle *root = NULL;
    cli_target target;
    int rc, code;

    cli_interrupt_watch();
    rc = cli_target_open(&target, r->settings->store, r->settings->kind, err);
    if (rc == ZH_INVALID)
        return cli_usage(r->c, "%s", err->message);
    if (rc < 0)
        return create_report_failed(r, err, cli_exit_of(rc));
    rc = create(&root, target.store, plan, r, err);
    code = rc == ZH_OK ? create_report_done(r, root) : create_report_failed(r, err, exit_of_creation(rc));
    zh_handle_close(root);
    cli_target_close(&target, rc == ZH_OK && zh_plan_size(plan) > 0);
    if (rc == ZH_ABORTED)
        obey_interrupt(r);
    return code;
}

/* --- a dry run --- */

/* The group that --under names, of the plan's format. */
static int make_group(zh_handle **out, zh_store *store, const char *path, zh_plan *plan, zh_error *err)
{
    zh_plan *above = NULL;
    zh_plan_node first;
    int rc = zh_plan_get(plan, 0, &first, err);

    if (rc == ZH_OK)
        rc = zh_plan_new(&above, err);
    if (rc == ZH_OK)
        rc = zh_plan_add_group(above, first.format, path, strlen(path), NULL, err);
    if (rc == ZH_OK)
        rc = zh_plan_finish(above, NULL, err);
    if (rc == ZH_OK)
        rc = zh_create_hierarchy(store, above, NULL, err);
    if (rc == ZH_OK)
        rc = zh_get_node(out, store, path, 0, err);
    zh_plan_free(above);
    return rc;
}

/* The creation itself, in memory. */
static int into_memory(zh_plan *plan, create_report *r, zh_error *err)
{
    zh_handle *root = NULL, *under = NULL;
    zh_store *store = NULL;
    int rc = zh_store_mem_open(&store, err);
    int code;

    if (rc == ZH_OK && r->settings->under != NULL && zh_plan_size(plan) > 0)
        rc = make_group(&under, store, r->settings->under, plan, err);
    if (rc == ZH_OK)
        rc = create(&root, store, plan, r, err);
    if (rc == ZH_OK)
        code = create_report_planned(r, plan, under == NULL ? "" : zh_handle_path(under));
    else
        code = create_report_failed(r, err, exit_of_creation(rc));
    zh_handle_close(root);
    zh_handle_close(under);
    zh_store_close(store);
    return code;
}

int cli_create(cli *c, int argc, char **argv)
{
    create_settings settings;
    create_report report;
    zh_plan *plan = NULL;
    zh_error err = ZH_ERROR_INIT;
    int code = create_settings_parse(&settings, c, argc, argv);

    if (code != CLI_GO_ON)
        return code;
    create_report_init(&report, c, &settings);
    code = make_plan(&plan, &report);
    if (code == CLI_GO_ON)
        code = settings.dry_run ? into_memory(plan, &report, &err) : into_store(plan, &report, &err);
    zh_plan_free(plan);
    create_report_dispose(&report);
    return code;
}
