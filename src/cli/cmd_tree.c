/* cmd_tree.c - `zh tree`: the nodes below a group, drawn. Members come with each group before what is in it, so which
 * of them is the last in its group is found going backwards. */
#include "cli/commands.h"

#include "base/alloc.h"
#include "base/error.h"
#include "cli/arguments.h"
#include "cli/listing.h"

#include <inttypes.h>
#include <string.h>

enum { OPTION_ASCII = CLI_OPTION, OPTION_DEPTH };

typedef struct settings {
    bool ascii;
    unsigned depth; /* 0: all */
    const char *store;
} settings;

static const struct option options[] = {
    {"ascii", no_argument, NULL, OPTION_ASCII},
    {"depth", required_argument, NULL, OPTION_DEPTH},
    {NULL, 0, NULL, 0},
};

static int take(cli *c, void *payload, int option, const char *value)
{
    settings *s = payload;

    if (option == OPTION_DEPTH)
        return cli_number(c, &s->depth, "depth", value);
    s->ascii = true;
    return CLI_GO_ON;
}

typedef struct drawing {
    const cli_members *m;
    bool *last; /* of each member: nothing follows it in its group */
    bool *open; /* of each level: members follow in the group that the walk is in */
    size_t levels;
    zh_buf line, scratch;
} drawing;

static size_t level_of(const cli_members *m, size_t i)
{
    size_t level = 0;

    for (const char *p = cli_members_text(m, m->item[i].path); *p != '\0'; p++)
        level += *p == '/';
    return level;
}

static int prepare(drawing *d, zh_error *err)
{
    const size_t n = d->m->n;
    size_t deepest = 0;

    for (size_t i = 0; i < n; i++) {
        const size_t level = level_of(d->m, i);

        d->levels = level >= d->levels ? level + 1 : d->levels;
    }
    d->last = zh_calloc(n + 1, sizeof(*d->last));
    d->open = zh_calloc(d->levels + 1, sizeof(*d->open));
    if (d->last == NULL || d->open == NULL)
        return zh_error_nomem(err);
    for (size_t i = n; i-- > 0;) {
        const size_t level = level_of(d->m, i);

        for (; deepest > level; deepest--)
            d->open[deepest] = false; /* they were inside of this one */
        deepest = level;
        d->last[i] = !d->open[level];
        d->open[level] = true;
    }
    memset(d->open, 0, d->levels * sizeof(*d->open));
    return ZH_OK;
}

static int put_lines(drawing *d, size_t i, bool ascii, zh_error *err)
{
    const size_t level = level_of(d->m, i);
    int rc = ZH_OK;

    d->line.len = 0;
    for (size_t k = 0; rc == ZH_OK && k < level; k++)
        rc = zh_buf_puts(&d->line, !d->open[k] ? "    " : ascii ? "|   " : "│   ", err);
    d->open[level] = !d->last[i];
    if (rc == ZH_OK && d->last[i])
        rc = zh_buf_puts(&d->line, ascii ? "`-- " : "└── ", err);
    else if (rc == ZH_OK)
        rc = zh_buf_puts(&d->line, ascii ? "|-- " : "├── ", err);
    return rc;
}

static int draw(cli *c, drawing *d, size_t i, bool ascii, zh_error *err)
{
    const cli_member *it = &d->m->item[i];
    const char *path = cli_members_text(d->m, it->path), *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1, *lines, *shape;
    int rc = put_lines(d, i, ascii, err);

    lines = rc < 0 ? NULL : zh_buf_cstr(&d->line, err);
    if (lines == NULL)
        return ZH_NOMEM;
    if (it->code != ZH_OK) {
        (void)cli_line(&c->out, "%s%s [%s]", lines, name, cli_members_text(d->m, it->message));
    } else if (it->kind == ZH_NODE_GROUP) {
        (void)cli_line(&c->out, "%s%s", lines, name);
    } else {
        rc = cli_shape(&shape, d->m, it, &d->scratch, err);
        if (rc == ZH_OK)
            (void)cli_line(&c->out, "%s%s %s %s", lines, name, shape, cli_members_text(d->m, it->type));
    }
    return rc;
}

static int draw_all(cli *c, drawing *d, bool ascii, zh_error *err)
{
    int rc = prepare(d, err);

    for (size_t i = 0; rc == ZH_OK && i < d->m->n && c->out.failed == 0; i++)
        rc = draw(c, d, i, ascii, err);
    zh_free(d->last);
    zh_free(d->open);
    zh_buf_dispose(&d->line);
    zh_buf_dispose(&d->scratch);
    return rc;
}

static void count(cli *c, const cli_members *m)
{
    char broken[48] = "";

    if (m->broken > 0)
        (void)snprintf(broken, sizeof(broken), ", %" PRIu64 " broken", m->broken);
    (void)cli_line(&c->out, "%s", "");
    (void)cli_line(&c->out, "%" PRIu64 " group%s, %" PRIu64 " array%s%s", m->groups, m->groups == 1 ? "" : "s",
                   m->arrays, m->arrays == 1 ? "" : "s", broken);
}

static int show(cli *c, const cli_members *m, void *payload, zh_error *err)
{
    const settings *s = payload;
    const char *base = (const char *)m->base.ptr;
    drawing d = {.m = m, .line = ZH_BUF_INIT(SIZE_MAX), .scratch = ZH_BUF_INIT(SIZE_MAX)};
    const char *shape;
    int rc;

    if (m->is_array) {
        rc = cli_shape(&shape, m, &m->item[0], &d.scratch, err);
        if (rc == ZH_OK)
            (void)cli_line(&c->out, "%s:/%s %s %s", s->store, base, shape, cli_members_text(m, m->item[0].type));
        zh_buf_dispose(&d.scratch);
        return rc;
    }
    (void)cli_line(&c->out, "%s:/%s", s->store, base);
    rc = draw_all(c, &d, s->ascii, err);
    if (rc == ZH_OK && !c->quiet)
        count(c, m);
    return rc;
}

int cli_tree(cli *c, int argc, char **argv)
{
    static const cli_syntax syntax = {"", options, take, {"STORE", "PATH"}, 1};
    const char *operand[CLI_OPERANDS];
    settings s = {0};
    const int rc = cli_parse(c, &syntax, argc, argv, &s, operand);

    if (rc != CLI_GO_ON)
        return rc;
    s.store = operand[0];
    return cli_list(c, operand[0], operand[1], s.depth, false, show, &s);
}
