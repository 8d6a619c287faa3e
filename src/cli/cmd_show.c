/* cmd_show.c - `zh show`: the metadata of one node. */
#include "cli/commands.h"

#include "cli/arguments.h"
#include "cli/indent.h"
#include "cli/find_node.h"
#include "cli/report.h"

enum { OPTION_ATTRIBUTES = CLI_OPTION };

static const struct option options[] = {
    {"attributes", no_argument, NULL, OPTION_ATTRIBUTES},
    {NULL, 0, NULL, 0},
};

static int take(cli *c, void *payload, int option, const char *value)
{
    (void)c;
    (void)option;
    (void)value;
    *(bool *)payload = true;
    return CLI_GO_ON;
}

static int put_json(cli *c, const zh_handle *node, bool attributes, const zh_buf *metadata)
{
    zh_buf text = ZH_BUF_INIT(SIZE_MAX);
    zh_jsonw w;

    zh_jsonw_init(&w, &text, NULL);
    zh_jsonw_begin_object(&w);
    zh_jsonw_key(&w, "ok");
    zh_jsonw_bool(&w, true);
    zh_jsonw_key(&w, "path");
    zh_jsonw_str(&w, zh_handle_path(node));
    zh_jsonw_key(&w, "kind");
    zh_jsonw_str(&w, zh_handle_kind(node) == ZH_NODE_GROUP ? "group" : "array");
    zh_jsonw_key(&w, "zarr_format");
    zh_jsonw_u64(&w, zh_handle_format(node));
    zh_jsonw_key(&w, "ambiguous");
    zh_jsonw_bool(&w, zh_handle_ambiguous(node));
    zh_jsonw_key(&w, attributes ? "attributes" : "metadata");
    zh_jsonw_raw(&w, (const char *)metadata->ptr, metadata->len);
    zh_jsonw_end_object(&w);
    return cli_put_object(c, &w, &text, CLI_OK);
}

static int put_text(cli *c, const zh_handle *node, const zh_buf *metadata, zh_error *err)
{
    zh_buf text = ZH_BUF_INIT(SIZE_MAX);
    const int rc = cli_indent(&text, (const char *)metadata->ptr, metadata->len, err);

    if (zh_handle_ambiguous(node) && !c->quiet)
        cli_error(c, "'/%s' has documents of Zarr v2 and v3, that of v3 is shown", zh_handle_path(node));
    if (rc == ZH_OK)
        (void)cli_json(&c->out, &text);
    zh_buf_dispose(&text);
    return rc < 0 ? cli_fail(c, err) : CLI_OK;
}

static int show(cli *c, zh_handle *node, bool attributes)
{
    zh_buf metadata = ZH_BUF_INIT(SIZE_MAX);
    zh_error err = ZH_ERROR_INIT;
    int rc = attributes ? zh_handle_attributes(node, &metadata, &err) : zh_handle_metadata(node, &metadata, &err);
    int code;

    if (rc < 0)
        code = cli_fail(c, &err);
    else
        code = c->json ? put_json(c, node, attributes, &metadata) : put_text(c, node, &metadata, &err);
    zh_buf_dispose(&metadata);
    return code;
}

int cli_show(cli *c, int argc, char **argv)
{
    static const cli_syntax syntax = {"", options, take, {"STORE", "PATH"}, 1};
    const char *operand[CLI_OPERANDS];
    bool attributes = false;
    zh_error err = ZH_ERROR_INIT;
    zh_store *s = NULL;
    zh_handle *node = NULL;
    int code = cli_parse(c, &syntax, argc, argv, &attributes, operand);
    int rc;

    if (code != CLI_GO_ON)
        return code;
    rc = zh_store_open(&s, operand[0], ZH_OPEN_READ, &err);
    if (rc == ZH_OK)
        rc = cli_get_node(&node, s, operand[1], &err);
    code = rc < 0 ? cli_fail(c, &err) : show(c, node, attributes);
    zh_handle_close(node);
    zh_store_close(s);
    return code;
}
