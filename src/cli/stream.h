/* stream.h - standard output and standard error.
 *
 * Names, documents and messages may hold any bytes. In text, control characters, marks that turn the direction of text,
 * line separators and what is not UTF-8 are written as \n, \x1b, \u202e and the like, and a backslash as two, so that
 * a line is a line and no terminal takes a name for a command. In JSON such characters become \u001b and the like,
 * which is the same JSON. It does not matter where the output goes. The first write that fails is remembered, and
 * nothing is written after it.
 */
#ifndef ZH_CLI_STREAM_H
#define ZH_CLI_STREAM_H

#include "zh/buf.h"

#include <stdio.h>

typedef struct cli_stream {
    FILE *file;
    bool terminal;
    int failed; /* errno of the first write that failed, else 0 */
} cli_stream;

void cli_stream_init(cli_stream *s, FILE *file);

/* One line of text; false: this or an earlier one could not be written. */
bool cli_line(cli_stream *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool cli_line_n(cli_stream *s, const char *text, size_t n); /* needs no memory */

/* Valid JSON, indented or not, and a newline. */
bool cli_json(cli_stream *s, const zh_buf *text);

/* Text as it is, at once. For help and progress. */
void cli_raw(cli_stream *s, const char *text);

/* Writes what is still in memory and closes. Answers 0 or the errno of the first failure. */
int cli_stream_close(cli_stream *s);

#endif
