/* report.c - errors, for people on stderr and for programs on stdout; exit codes. */
#include "cli/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MESSAGE_MAX 2048 /* a path of PATH_MAX may be cut */

/* "zh: " and the message; on the stack, so that it is told also when there is no memory. */
static void put_error(cli *c, const char *fmt, va_list args)
{
    char line[MESSAGE_MAX] = "zh: ";

    (void)vsnprintf(line + 4, sizeof(line) - 4, fmt, args);
    (void)cli_line_n(&c->err, line, strlen(line));
}

void cli_error(cli *c, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    put_error(c, fmt, args);
    va_end(args);
}

int cli_usage(cli *c, const char *fmt, ...)
{
    char message[MESSAGE_MAX / 2];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(message, sizeof(message), fmt, args);
    va_end(args);
    if (c->command == NULL)
        cli_error(c, "%s; see 'zh help'", message);
    else
        cli_error(c, "%s: %s; see 'zh help %s'", c->command, message, c->command);
    return CLI_USAGE;
}

int cli_exit_of(int code)
{
    if (code == ZH_OK)
        return CLI_OK;
    if (code == ZH_EXISTS || code == ZH_CORRUPT || code == ZH_RACE)
        return CLI_NO;
    if (code <= ZH_KEY_COLLISION && code >= ZH_AMBIGUOUS_NODE)
        return CLI_NO;
    return CLI_FAILED;
}

const char *cli_message(const zh_error *err)
{
    if (err->message[0] != '\0')
        return err->message;
    return err->code == ZH_NOTFOUND ? "not found" : zh_code_name(err->code);
}

void cli_failure_members(zh_jsonw *w, const zh_error *err)
{
    zh_jsonw_key(w, "ok");
    zh_jsonw_bool(w, false);
    zh_jsonw_key(w, "code");
    zh_jsonw_str(w, zh_code_name(err->code));
    zh_jsonw_key(w, "message");
    zh_jsonw_str(w, cli_message(err));
}

int cli_put_object(cli *c, const zh_jsonw *w, zh_buf *text, int code)
{
    if (zh_jsonw_finish(w) == ZH_OK) {
        (void)cli_json(&c->out, text);
    } else {
        cli_error(c, "out of memory for the result");
        code = CLI_FAILED;
    }
    zh_buf_dispose(text);
    return code;
}

int cli_fail(cli *c, const zh_error *err)
{
    zh_buf text = ZH_BUF_INIT(1 << 16);
    zh_jsonw w;

    cli_error(c, "%s", cli_message(err));
    if (!c->json)
        return cli_exit_of(err->code);
    zh_jsonw_init(&w, &text, NULL);
    zh_jsonw_begin_object(&w);
    cli_failure_members(&w, err);
    zh_jsonw_end_object(&w);
    return cli_put_object(c, &w, &text, cli_exit_of(err->code));
}
