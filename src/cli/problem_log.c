/* problem_log.c - see problem_log.h. */
#include "cli/problem_log.h"

#include "cli/report.h"

#include <string.h>

#define TEXT_MAX ((size_t)4096) /* bytes; no key that can be created is longer */

void cli_problems_dispose(cli_problems *p)
{
    zh_buf_dispose(&p->json);
    zh_buf_dispose(&p->lines);
    p->n = 0;
}

/* A key may be of any length if that is what is wrong with it. Cut between characters. */
static size_t cut_length(const char *text)
{
    size_t n = strnlen(text, TEXT_MAX + 1);

    if (n <= TEXT_MAX)
        return n;
    for (n = TEXT_MAX; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80; n--)
        ;
    return n;
}

static void put_text(zh_jsonw *w, const char *name, const char *text)
{
    zh_jsonw_key(w, name);
    if (text == NULL)
        zh_jsonw_null(w);
    else
        zh_jsonw_str_n(w, text, cut_length(text));
}

void cli_problems_add(cli_problems *p, const zh_problem *problem)
{
    const size_t json = p->json.len, lines = p->lines.len;
    zh_jsonw w;

    zh_jsonw_init(&w, &p->json, NULL);
    w.comma = p->n > 0;
    zh_jsonw_begin_object(&w);
    put_text(&w, "code", zh_code_name(problem->code));
    put_text(&w, "key", problem->key);
    put_text(&w, "path", problem->path);
    put_text(&w, "other", problem->other);
    put_text(&w, "existing",
             problem->existing == ZH_NODE_GROUP   ? "group"
             : problem->existing == ZH_NODE_ARRAY ? "array"
                                                  : NULL);
    put_text(&w, "message", problem->message);
    zh_jsonw_end_object(&w);
    if (zh_jsonw_finish(&w) == ZH_OK &&
        zh_buf_append(&p->lines, problem->message, strlen(problem->message) + 1, NULL) == ZH_OK) {
        p->n++;
        return;
    }
    p->json.len = json;
    p->lines.len = lines;
    p->starved = true;
}

static int put_json(const cli_problems *p, cli *c, const zh_error *err, int code)
{
    zh_buf text = ZH_BUF_INIT(SIZE_MAX);
    zh_jsonw w;

    zh_jsonw_init(&w, &text, NULL);
    zh_jsonw_begin_object(&w);
    cli_failure_members(&w, err);
    zh_jsonw_key(&w, "problems");
    zh_jsonw_begin_array(&w);
    if (p->n > 0)
        zh_jsonw_raw(&w, (const char *)p->json.ptr, p->json.len);
    zh_jsonw_end_array(&w);
    zh_jsonw_end_object(&w);
    return cli_put_object(c, &w, &text, code);
}

int cli_problems_fail(const cli_problems *p, cli *c, const zh_error *err, int code)
{
    const char *line = (const char *)p->lines.ptr;

    /* The error is the first problem's, and says how many there are. */
    cli_error(c, "%s", cli_message(err));
    for (size_t i = 0; i < p->n; i++) {
        if (i > 0)
            cli_error(c, "%s", line);
        line += strlen(line) + 1;
    }
    if (p->starved) {
        cli_error(c, "out of memory: not all problems are told");
        code = CLI_FAILED;
    }
    return c->json ? put_json(p, c, err, code) : code;
}
