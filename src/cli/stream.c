/* stream.c - see stream.h. */
#include "cli/stream.h"

#include "base/jsonw.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

void cli_stream_init(cli_stream *s, FILE *file)
{
    *s = (cli_stream){file, isatty(fileno(file)) == 1, 0};
}

static void note_failure(cli_stream *s, int errnum)
{
    if (s->failed == 0)
        s->failed = errnum == 0 ? EIO : errnum;
}

static void put(cli_stream *s, const char *text, size_t n)
{
    if (s->failed == 0 && n > 0 && fwrite(text, 1, n, s->file) != n)
        note_failure(s, errno);
}

/* --- escaping --- */

/* Bytes at p of one character, 0 if they are none in UTF-8. */
static size_t character_length(const char *p, size_t n)
{
    for (size_t len = 1; len <= 4 && len <= n; len++)
        if (zh_utf8_valid(p, len))
            return len;
    return 0;
}

/* Of one to three bytes: none of the harmful ones has four. */
static unsigned code_point(const char *p, size_t len)
{
    const unsigned char *u = (const unsigned char *)p;

    if (len == 1)
        return u[0];
    if (len == 2)
        return (u[0] & 0x1fu) << 6 | (u[1] & 0x3fu);
    return (u[0] & 0x0fu) << 12 | (u[1] & 0x3fu) << 6 | (u[2] & 0x3fu);
}

/* What a terminal could take for a command, or show as something else. */
static bool is_harmful(unsigned c)
{
    return c < 0x20 || (c >= 0x7f && c <= 0x9f)            /* C0, DEL, C1 */
           || c == 0x61c || c == 0x200e || c == 0x200f     /* marks of direction */
           || (c >= 0x2028 && c <= 0x202e)                 /* separators of lines; embeddings and overrides */
           || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff; /* isolates; a byte order mark */
}

static bool is_plain(char c)
{
    return c >= 0x20 && c < 0x7f && c != '\\';
}

static void put_code(cli_stream *s, unsigned c)
{
    static const char names[] = "abtnvfr"; /* of 7 to 13 */
    char text[8];
    int n;

    if (c >= 7 && c <= 13)
        n = snprintf(text, sizeof(text), "\\%c", names[c - 7]);
    else
        n = snprintf(text, sizeof(text), c < 0x80 ? "\\x%02x" : "\\u%04x", c);
    put(s, text, (size_t)n);
}

static void put_byte(cli_stream *s, unsigned char byte)
{
    char text[8];

    put(s, text, (size_t)snprintf(text, sizeof(text), "\\x%02x", byte));
}

static void put_text(cli_stream *s, const char *text, size_t n)
{
    size_t start = 0, at = 0;

    while (at < n) {
        const size_t len = is_plain(text[at]) ? 1 : character_length(text + at, n - at);

        if (len == 4 || (len > 0 && text[at] != '\\' && !is_harmful(code_point(text + at, len)))) {
            at += len;
            continue;
        }
        put(s, text + start, at - start);
        if (len == 0)
            put_byte(s, (unsigned char)text[at]);
        else if (text[at] == '\\')
            put(s, "\\\\", 2);
        else
            put_code(s, code_point(text + at, len));
        at += len > 0 ? len : 1;
        start = at;
    }
    put(s, text + start, n - start);
}

/* Outside of strings JSON has no harmful character but the line ends of indented text. */
static void put_json(cli_stream *s, const char *text, size_t n)
{
    size_t start = 0, at = 0;
    char escape[8];

    while (at < n) {
        const bool plain = is_plain(text[at]) || text[at] == '\\' || text[at] == '\n';
        const size_t len = plain ? 1 : character_length(text + at, n - at);

        if (plain || len == 0 || len == 4 || !is_harmful(code_point(text + at, len))) {
            at += len > 0 ? len : 1;
            continue;
        }
        put(s, text + start, at - start);
        put(s, escape, (size_t)snprintf(escape, sizeof(escape), "\\u%04x", code_point(text + at, len)));
        at += len;
        start = at;
    }
    put(s, text + start, n - start);
}

/* --- lines --- */

bool cli_line_n(cli_stream *s, const char *text, size_t n)
{
    put_text(s, text, n);
    put(s, "\n", 1);
    return s->failed == 0;
}

/* More than the stack has room for: n bytes. */
static void put_long_line(cli_stream *s, size_t n, const char *fmt, va_list args)
{
    zh_buf text = ZH_BUF_INIT(SIZE_MAX);

    if (zh_buf_resize(&text, n + 1, NULL) < 0) {
        note_failure(s, ENOMEM);
        return;
    }
    (void)vsnprintf((char *)text.ptr, n + 1, fmt, args);
    (void)cli_line_n(s, (const char *)text.ptr, n);
    zh_buf_dispose(&text);
}

bool cli_line(cli_stream *s, const char *fmt, ...)
{
    char text[1024];
    va_list args;
    int n;

    va_start(args, fmt);
    n = vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (n < 0) {
        note_failure(s, errno);
    } else if ((size_t)n < sizeof(text)) {
        (void)cli_line_n(s, text, (size_t)n);
    } else {
        va_start(args, fmt);
        put_long_line(s, (size_t)n, fmt, args);
        va_end(args);
    }
    return s->failed == 0;
}

bool cli_json(cli_stream *s, const zh_buf *text)
{
    put_json(s, (const char *)text->ptr, text->len);
    put(s, "\n", 1);
    return s->failed == 0;
}

void cli_raw(cli_stream *s, const char *text)
{
    put(s, text, strlen(text));
    if (s->failed == 0 && fflush(s->file) != 0)
        note_failure(s, errno);
}

int cli_stream_close(cli_stream *s)
{
    if (fflush(s->file) != 0)
        note_failure(s, errno);
    if (fclose(s->file) != 0)
        note_failure(s, errno);
    return s->failed;
}
