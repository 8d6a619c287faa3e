/* input.h - reading a file or standard input to its end. */
#ifndef ZH_CLI_INPUT_H
#define ZH_CLI_INPUT_H

#include "zh/buf.h"

/* name: a path, or "-" for standard input. Appends; memory is the only bound. ZH_IO, ZH_NOTFOUND, ZH_NOMEM. */
int cli_read_all(zh_buf *out, const char *name, zh_error *err);

#endif
