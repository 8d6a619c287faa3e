/* listing.h - what `zh ls` and `zh tree` have in common: opening, loading, what is told in any case. */
#ifndef ZH_CLI_LISTING_H
#define ZH_CLI_LISTING_H

#include "cli/cli.h"
#include "cli/members.h"

/* Lists what is below path in the store, calls show unless --json asks for other output, and tells on stderr what is
 * broken if tell_broken. Answers the exit code. */
int cli_list(cli *c, const char *store, const char *path, unsigned depth, bool tell_broken,
             int (*show)(cli *c, const cli_members *m, void *payload, zh_error *err), void *payload);

/* "(2,3)" of the array. */
int cli_shape(const char **out, const cli_members *m, const cli_member *it, zh_buf *scratch, zh_error *err);

#endif
