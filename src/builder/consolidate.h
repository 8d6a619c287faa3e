/* consolidate.h - consolidated metadata: from a plan, or from a store. */
#ifndef ZH_BUILDER_CONSOLIDATE_H
#define ZH_BUILDER_CONSOLIDATE_H

#include "base/json.h"
#include "base/pool.h"
#include "builder/plan_internal.h"
#include "zh/store.h"

/* v3: the value of consolidated_metadata for the plan's root; v2: the content of .zmetadata. Appends. */
int zh_consolidate__plan(zh_buf *out, const zh_plan *p, zh_error *err);

/* What they would have to be for the group at path; v3: the value, v2: the content of .zmetadata. */
int zh_consolidate__store(zh_buf *out, zh_store *s, zh_pool *pool, const char *path, zh_format format, zh_error *err);

/* Writes those of the group at path anew. */
int zh_consolidate__write(zh_store *s, zh_pool *pool, const char *path, zh_format format, zh_error *err);

/* A v3 group's document with that value instead of the one that it has; NULL: without. Appends. */
int zh_consolidate__without(zh_buf *out, const zh_json *document, const zh_buf *value, zh_error *err);

#endif
