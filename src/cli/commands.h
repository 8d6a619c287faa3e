/* commands.h - the commands of zh. Each takes its part of the command line, argv[0] being its name, does its work,
 * tells what is to be told, and answers the exit code. */
#ifndef ZH_CLI_COMMANDS_H
#define ZH_CLI_COMMANDS_H

#include "cli/cli.h"

int cli_create(cli *c, int argc, char **argv);
int cli_ls(cli *c, int argc, char **argv);
int cli_tree(cli *c, int argc, char **argv);
int cli_show(cli *c, int argc, char **argv);
int cli_check(cli *c, int argc, char **argv);
int cli_consolidate(cli *c, int argc, char **argv);

#endif
