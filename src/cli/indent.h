/* indent.h - JSON text, indented for people. */
#ifndef ZH_CLI_INDENT_H
#define ZH_CLI_INDENT_H

#include "zh/buf.h"

/* Appends the value in n bytes of JSON with a member or element a line, but lists of numbers, strings and the like on
 * one line where they are short. Numbers as they are in the text. */
int cli_indent(zh_buf *out, const char *text, size_t n, zh_error *err);

#endif
