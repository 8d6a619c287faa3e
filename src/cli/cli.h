/* cli.h - what the commands of the program zh share: settings, exit codes, the way errors are told. */
#ifndef ZH_CLI_CLI_H
#define ZH_CLI_CLI_H

#include "cli/stream.h"
#include "zh/zh.h"

typedef enum cli_exit {
    CLI_OK = 0,
    CLI_NO = 1,     /* the answer is no: conflicts, a description that is wrong, damage, findings that are left */
    CLI_USAGE = 2,  /* it was called wrongly */
    CLI_FAILED = 3, /* it could not do its work: no such store or node, input, output, memory */
    CLI_GO_ON = -1  /* nothing to end for: an answer of cli_parse */
} cli_exit;

typedef enum cli_when { CLI_AUTO, CLI_ALWAYS, CLI_NEVER } cli_when;

typedef struct cli {
    cli_stream out, err;
    const char *command; /* its name; NULL before it is known */
    bool quiet, json;
    cli_when progress;
    unsigned requests; /* 0: the store's own number */
} cli;

/* "zh: message" on stderr. */
void cli_error(cli *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* "zh: command: message; see 'zh help command'" on stderr; answers CLI_USAGE. */
int cli_usage(cli *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* What the exit code of a failure is that has the code. */
int cli_exit_of(int code);

/* A failure of the library: its message on stderr and, with --json, {"ok":false,"code":…,"message":…} on stdout.
 * Answers the exit code. */
int cli_fail(cli *c, const zh_error *err);

#endif
