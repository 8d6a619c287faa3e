/* check.h - what the files of the checker share. */
#ifndef ZH_BUILDER_CHECK_H
#define ZH_BUILDER_CHECK_H

#include "base/pool.h"
#include "builder/reader.h"

typedef struct zh_checking {
    zh_store *store;
    zh_pool *pool;
    zh_reader reader;
    bool repair;
    zh_finding_fn fn;
    void *payload;
    zh_check_stats stats;
} zh_checking;

/* Tells one finding. ZH_ABORTED if the caller has seen enough. */
int zh_check_tell(zh_checking *c, zh_finding_kind kind, const char *path, bool repaired, const char *message,
                  zh_error *err);

/* check_stale.c: the consolidated metadata of a group that has some. */
int zh_check_consolidated(zh_checking *c, zh_handle *group, zh_error *err);

#endif
