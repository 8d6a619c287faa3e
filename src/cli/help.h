/* help.h - what `zh help` and `zh --version` write. */
#ifndef ZH_CLI_HELP_H
#define ZH_CLI_HELP_H

#include "cli/cli.h"

/* command NULL: the list of commands. Answers an exit code. */
int cli_help(cli *c, const char *command);
int cli_version(cli *c);

#endif
