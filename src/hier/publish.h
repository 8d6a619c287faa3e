/* publish.h - many nodes into a store: what is new through the hierarchy builder (zh/hierarchy.h), what has changed by
 * rewriting its documents.
 *
 * Order, so that no reader sees half of anything: of each *new subtree* (a new node whose parent is published) the
 * topmost document is written last, atomically and exclusively (ZH_EXISTS: another program has made a node there
 * meanwhile, which stays); everything below it is not reachable before that and is written plainly. Documents that
 * replace an older one are always put atomically. v2: .zattrs before .zgroup/.zarray. Documents are encoded by the
 * worker just before they are written, into that worker's buffer: memory does not grow with the batch. The first
 * failure stops new work; what is in flight is awaited; nodes written stay marked published, the others dirty.
 */
#ifndef ZH_HIER_PUBLISH_H
#define ZH_HIER_PUBLISH_H

#include "hier/tree.h"

/* nodes: dirty nodes, borrowed; any order. Marks them clean and published as they are stored. */
int zh_publish(zh_store *store, zh_pool *pool, zh_format format, zh_node **nodes, size_t n, zh_publish_stats *stats,
               zh_error *err);

#endif
