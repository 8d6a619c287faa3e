/* watched_store.h - a store in front of another one, that tells how far work is which has no callback of its own. */
#ifndef ZH_CLI_WATCHED_STORE_H
#define ZH_CLI_WATCHED_STORE_H

#include "cli/progress.h"
#include "zh/store.h"

/* *s becomes a store that passes all calls on to what *s was, and counts reads as steps of progress; closing it closes
 * both. p must outlive it. *s is left alone if no progress is wanted, and after a failure. */
int cli_watch(zh_store **s, cli_progress *p, zh_error *err);

#endif
