/* listing.c - see listing.h. */
#include "cli/listing.h"

#include "cli/watched_store.h"

#include <string.h>

int cli_shape(const char **out, const cli_members *m, const cli_member *it, zh_buf *scratch, zh_error *err)
{
    const char *text = cli_members_text(m, it->shape);
    char *copy;
    int rc;

    scratch->len = 0;
    rc = zh_buf_puts(scratch, text, err);
    copy = rc < 0 ? NULL : zh_buf_cstr(scratch, err);
    *out = copy;
    if (copy == NULL)
        return ZH_NOMEM;
    if (copy[0] == '[') {
        copy[0] = '(';
        copy[scratch->len - 1] = ')';
    }
    return ZH_OK;
}

static int put_json(cli *c, const cli_members *m, zh_error *err)
{
    zh_buf text = ZH_BUF_INIT(SIZE_MAX);
    const int rc = cli_members_json(m, &text, err);

    if (rc == ZH_OK)
        (void)cli_json(&c->out, &text);
    zh_buf_dispose(&text);
    return rc;
}

static int exit_of_members(cli *c, const cli_members *m, bool tell_broken)
{
    int code = CLI_OK;

    for (size_t i = 0; i < m->n; i++) {
        const cli_member *it = &m->item[i];
        const int one = it->code == ZH_OK ? CLI_OK : it->code == ZH_IO ? CLI_FAILED : CLI_NO;

        if (it->code != ZH_OK && tell_broken)
            cli_error(c, "%s", cli_members_text(m, it->message));
        code = one > code ? one : code;
    }
    return code;
}

int cli_list(cli *c, const char *store, const char *path, unsigned depth, bool tell_broken,
             int (*show)(cli *c, const cli_members *m, void *payload, zh_error *err), void *payload)
{
    zh_error err = ZH_ERROR_INIT;
    zh_store *s = NULL;
    cli_members m = CLI_MEMBERS_INIT;
    cli_progress progress;
    int code, rc;

    cli_progress_start(&progress, c, "reads", 0);
    rc = zh_store_open(&s, store, ZH_OPEN_READ, &err);
    if (rc == ZH_OK)
        rc = cli_watch(&s, &progress, &err);
    if (rc == ZH_OK)
        rc = cli_members_load(&m, s, path, depth, c->requests, &err);
    zh_store_close(s);
    cli_progress_end(&progress);
    if (rc == ZH_OK && m.ambiguous && !c->quiet)
        cli_error(c, "'/%s' has documents of Zarr v2 and v3, those of v3 are shown", (const char *)m.base.ptr);
    if (rc == ZH_OK)
        rc = c->json ? put_json(c, &m, &err) : show(c, &m, payload, &err);
    code = rc < 0 ? cli_fail(c, &err) : exit_of_members(c, &m, tell_broken);
    cli_members_dispose(&m);
    return code;
}
