/* target.h - the store that `zh create` writes into: opened or made, and removed again where nothing came into it. */
#ifndef ZH_CLI_TARGET_H
#define ZH_CLI_TARGET_H

#include "zh/store.h"

typedef enum cli_store_kind { CLI_STORE_ANY, CLI_STORE_DIR, CLI_STORE_ZIP } cli_store_kind;

typedef enum cli_origin {
    CLI_FOUND_STORE,
    CLI_FOUND_EMPTY, /* a directory */
    CLI_MADE
} cli_origin;

typedef struct cli_target {
    const char *path; /* borrowed */
    zh_store *store;
    cli_origin origin;
} cli_target;

/* What is there decides; kind, if it says one, must agree. An absent store is made: ANY is an archive for a name that
 * ends in ".zip", else a directory. A hierarchy without a root is a store too. ZH_EXISTS: there is something else, or
 * a store that is only being made; ZH_INVALID: a store of the other kind. */
int cli_target_open(cli_target *t, const char *path, cli_store_kind kind, zh_error *err);
/* keep false: there is nothing in the store; what was made is removed, what was found empty is empty again. */
void cli_target_close(cli_target *t, bool keep);

/* A directory that holds at most what a program left that was stopped making a store: true, and it is empty. */
bool cli_unmark(const char *path);

#endif
