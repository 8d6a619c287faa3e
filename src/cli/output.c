/* output.c - what goes to standard output and standard error. */
#include "cli.h"

#include "base/json.h"
#include "base/jsonw.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int write_errno; /* of the first write that failed */

static void note(bool fine)
{
    if (!fine && write_errno == 0)
        write_errno = errno != 0 ? errno : EIO;
}

void out_n(const char *text, size_t n)
{
    if (n > 0)
        note(fwrite(text, 1, n, stdout) == n);
}

void out(const char *text)
{
    out_n(text, strlen(text));
}

void out_format(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    note(vfprintf(stdout, fmt, args) >= 0);
    va_end(args);
}

void out_name(const char *name)
{
    static int terminal = -1;

    if (terminal < 0)
        terminal = isatty(STDOUT_FILENO);
    for (const char *p = name; *p != '\0'; p++) {
        const unsigned char c = (unsigned char)*p;

        if (terminal && (c < 0x20 || c == 0x7f))
            out_format("\\x%02x", c);
        else
            out_n(p, 1);
    }
}

int out_finish(int code)
{
    note(fflush(stdout) == 0);
    if (write_errno == 0)
        return code;
    complain("cannot write to standard output: %s", strerror(write_errno));
    return EXIT_FAILED;
}

void complain(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)fputs("zh: ", stderr);
    (void)vfprintf(stderr, fmt, args);
    (void)fputc('\n', stderr);
    va_end(args);
}

int exit_code_of(int code)
{
    switch (code) {
    case ZH_OK:
        return EXIT_FINE;
    case ZH_IO:
    case ZH_NOMEM:
    case ZH_INTERNAL:
    case ZH_PARTIAL:
        return EXIT_FAILED;
    default:
        return EXIT_PROBLEMS;
    }
}

int complain_error(const zh_error *err)
{
    complain("%s", err->message[0] != '\0' ? err->message : zh_code_name(err->code));
    return exit_code_of(err->code);
}

/* --- JSON to read --- */

static int pretty(const zh_json *j, unsigned depth, zh_error *err);

static void indent(unsigned depth)
{
    out_format("\n%*s", (int)(2 * depth), "");
}

static bool is_short(const zh_json *j)
{
    for (const zh_json *e = zh_json_first(j); e != NULL; e = zh_json_next(e))
        if (zh_json_typeof(e) == ZH_JSON_OBJECT || zh_json_typeof(e) == ZH_JSON_ARRAY)
            return false;
    return true;
}

static int print_compact(const zh_json *j, zh_error *err)
{
    zh_buf text = ZH_BUF_INIT(SIZE_MAX);
    const int rc = zh_json_print(&text, j, err);

    if (rc == ZH_OK)
        out_n((const char *)text.ptr, text.len);
    zh_buf_dispose(&text);
    return rc;
}

static int print_name(const zh_json *member, zh_error *err)
{
    zh_buf text = ZH_BUF_INIT(SIZE_MAX);
    zh_jsonw w;
    int rc;

    zh_jsonw_init(&w, &text, err);
    zh_jsonw_str(&w, zh_json_name(member));
    rc = zh_jsonw_finish(&w);
    if (rc == ZH_OK)
        out_n((const char *)text.ptr, text.len);
    zh_buf_dispose(&text);
    out(": ");
    return rc;
}

static int pretty_members(const zh_json *j, bool named, unsigned depth, zh_error *err)
{
    int rc = ZH_OK;

    out(named ? "{" : "[");
    for (const zh_json *e = zh_json_first(j); rc == ZH_OK && e != NULL; e = zh_json_next(e)) {
        indent(depth + 1);
        if (named)
            rc = print_name(e, err);
        if (rc == ZH_OK)
            rc = pretty(e, depth + 1, err);
        if (zh_json_next(e) != NULL)
            out(",");
    }
    indent(depth);
    out(named ? "}" : "]");
    return rc;
}

static int pretty(const zh_json *j, unsigned depth, zh_error *err)
{
    const zh_json_type type = zh_json_typeof(j);

    if ((type == ZH_JSON_OBJECT && zh_json_size(j) > 0) || (type == ZH_JSON_ARRAY && !is_short(j)))
        return pretty_members(j, type == ZH_JSON_OBJECT, depth, err);
    return print_compact(j, err);
}

int out_pretty(const zh_buf *text, zh_error *err)
{
    zh_json *j = NULL;
    int rc = zh_json_parse(&j, (const char *)text->ptr, text->len, err);

    if (rc < 0)
        return rc;
    rc = pretty(j, 0, err);
    out("\n");
    zh_json_free(j);
    return rc;
}
