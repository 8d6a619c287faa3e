/* report.h - the JSON objects of --json: of a failure, and their end. */
#ifndef ZH_CLI_REPORT_H
#define ZH_CLI_REPORT_H

#include "base/jsonw.h"
#include "cli/cli.h"

/* Never empty; borrowed from err, or static. */
const char *cli_message(const zh_error *err);

/* "ok":false,"code":…,"message":… */
void cli_failure_members(zh_jsonw *w, const zh_error *err);

/* Writes the object that w was writing into text to stdout, and disposes of text. Answers code; CLI_FAILED, and it is
 * told, if memory did not suffice for the object. */
int cli_put_object(cli *c, const zh_jsonw *w, zh_buf *text, int code);

#endif
