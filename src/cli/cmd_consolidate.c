/* cmd_consolidate.c - `zh consolidate`: the consolidated metadata of one group, written anew. */
#include "cli/commands.h"

#include "cli/arguments.h"
#include "cli/find_node.h"
#include "cli/report.h"
#include "cli/watched_store.h"

static int put_json(cli *c, const char *path)
{
    zh_buf text = ZH_BUF_INIT(SIZE_MAX);
    zh_jsonw w;

    zh_jsonw_init(&w, &text, NULL);
    zh_jsonw_begin_object(&w);
    zh_jsonw_key(&w, "ok");
    zh_jsonw_bool(&w, true);
    zh_jsonw_key(&w, "path");
    zh_jsonw_str(&w, path);
    zh_jsonw_end_object(&w);
    return cli_put_object(c, &w, &text, CLI_OK);
}

static int tell(cli *c, const zh_handle *group)
{
    if (c->json)
        return put_json(c, zh_handle_path(group));
    if (!c->quiet)
        (void)cli_line(&c->out, "consolidated /%s", zh_handle_path(group));
    return CLI_OK;
}

/* The handle is for the normal form of the path. */
static int consolidate(zh_handle **group, cli *c, zh_store *s, const char *path, zh_error *err)
{
    const int rc = cli_get_node(group, s, path, err);

    return rc < 0 ? rc : zh_consolidate(s, path, c->requests, err);
}

int cli_consolidate(cli *c, int argc, char **argv)
{
    static const cli_syntax syntax = {.letters = "", .operands = {"STORE", "PATH"}, .least = 1};
    const char *operand[CLI_OPERANDS];
    zh_error err = ZH_ERROR_INIT;
    cli_progress progress;
    zh_handle *group = NULL;
    zh_store *s = NULL;
    int code = cli_parse(c, &syntax, argc, argv, NULL, operand);
    int rc;

    if (code != CLI_GO_ON)
        return code;
    cli_progress_start(&progress, c, "reads", 0);
    rc = zh_store_open(&s, operand[0], ZH_OPEN_WRITE, &err);
    if (rc == ZH_OK)
        rc = cli_watch(&s, &progress, &err);
    if (rc == ZH_OK)
        rc = consolidate(&group, c, s, operand[1], &err);
    cli_progress_wipe(&progress);
    code = rc < 0 ? cli_fail(c, &err) : tell(c, group);
    zh_handle_close(group);
    zh_store_close(s);
    cli_progress_end(&progress);
    return code;
}
