/* create_settings.h - the command line of `zh create`. */
#ifndef ZH_CLI_CREATE_SETTINGS_H
#define ZH_CLI_CREATE_SETTINGS_H

#include "cli/cli.h"
#include "cli/target.h"
#include "zh/hierarchy.h"

typedef struct create_settings {
    const char *store; /* NULL: a dry run without one */
    const char *file;  /* "-": standard input */
    const char *under; /* NULL: the whole store */
    cli_store_kind kind;
    zh_consolidation consolidated;
    bool overwrite, purge, durable, ordered, rooted, unchecked, always_zattrs, backslash, dry_run, verbose;
    bool consolidate_given;
} create_settings;

/* CLI_GO_ON or an exit code. What is in out is borrowed from argv. */
int create_settings_parse(create_settings *out, cli *c, int argc, char **argv);

#endif
