/* cmd_ls.c - `zh ls`: one line a node, in columns with -l. */
#include "cli/commands.h"

#include "cli/arguments.h"
#include "cli/listing.h"

#include <string.h>

enum { OPTION_DEPTH = CLI_OPTION };

typedef struct settings {
    bool is_long, recursive;
    unsigned depth; /* 0: not given */
    const char *path;
} settings;

static const struct option options[] = {
    {"long", no_argument, NULL, 'l'},
    {"recursive", no_argument, NULL, 'R'},
    {"depth", required_argument, NULL, OPTION_DEPTH},
    {NULL, 0, NULL, 0},
};

static int take(cli *c, void *payload, int option, const char *value)
{
    settings *s = payload;

    switch (option) {
    case 'l':
        s->is_long = true;
        return CLI_GO_ON;
    case 'R':
        s->recursive = true;
        return CLI_GO_ON;
    default:
        return cli_number(c, &s->depth, "depth", value);
    }
}

/* Of an array that was asked for itself, what it was called. */
static const char *name_of(const cli_members *m, const cli_member *it, const settings *s)
{
    if (m->is_array)
        return s->path != NULL && s->path[0] != '\0' ? s->path : "/";
    return cli_members_text(m, it->path);
}

static int show_long(cli *c, const cli_members *m, const settings *s, zh_error *err)
{
    zh_buf scratch = ZH_BUF_INIT(SIZE_MAX);
    int shape = 1, type = 1, rc = ZH_OK;
    const char *text;

    for (size_t i = 0; i < m->n; i++) {
        const cli_member *it = &m->item[i];

        if (it->code != ZH_OK || it->kind != ZH_NODE_ARRAY)
            continue;
        if ((int)strlen(cli_members_text(m, it->shape)) > shape)
            shape = (int)strlen(cli_members_text(m, it->shape));
        if ((int)strlen(cli_members_text(m, it->type)) > type)
            type = (int)strlen(cli_members_text(m, it->type));
    }
    for (size_t i = 0; rc == ZH_OK && c->out.failed == 0 && i < m->n; i++) {
        const cli_member *it = &m->item[i];
        const char *name = name_of(m, it, s);

        if (it->code != ZH_OK) {
            (void)cli_line(&c->out, "?     v%d %*s %*s %s", (int)it->format, -shape, "?", -type, "?", name);
        } else if (it->kind == ZH_NODE_GROUP) {
            (void)cli_line(&c->out, "group v%d %*s %*s %s", (int)it->format, -shape, "-", -type, "-", name);
        } else {
            rc = cli_shape(&text, m, it, &scratch, err);
            if (rc == ZH_OK)
                (void)cli_line(&c->out, "array v%d %*s %*s %s", (int)it->format, -shape, text, -type,
                               cli_members_text(m, it->type), name);
        }
    }
    zh_buf_dispose(&scratch);
    return rc;
}

static int show(cli *c, const cli_members *m, void *payload, zh_error *err)
{
    const settings *s = payload;

    if (s->is_long)
        return show_long(c, m, s, err);
    for (size_t i = 0; i < m->n && c->out.failed == 0; i++)
        (void)cli_line(&c->out, "%s", name_of(m, &m->item[i], s));
    return ZH_OK;
}

int cli_ls(cli *c, int argc, char **argv)
{
    static const cli_syntax syntax = {"lR", options, take, {"STORE", "PATH"}, 1};
    const char *operand[CLI_OPERANDS];
    settings s = {0};
    unsigned depth = 1;
    const int rc = cli_parse(c, &syntax, argc, argv, &s, operand);

    if (rc != CLI_GO_ON)
        return rc;
    if (s.recursive && s.depth > 0)
        return cli_usage(c, "--recursive and --depth exclude each other");
    if (s.recursive || s.depth > 0)
        depth = s.depth; /* 0: all levels */
    s.path = operand[1];
    return cli_list(c, operand[0], operand[1], depth, true, show, &s);
}
