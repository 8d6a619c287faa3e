/* pool.h - a bounded set of threads that runs an indexed loop.
 *
 * zh_pool_run(pool, n, job, payload) calls job(payload, i, worker) once for each
 * i in [0, n), in no order, on the pool's threads and on the calling thread, and
 * returns when all have ended. After the first failure no new index is started;
 * the result is the failure of the lowest index that failed, with its message.
 * `worker` is in [0, zh_pool_width), unique among the jobs running at one time, for
 * per-worker scratch. One run at a time a pool; a job must not call zh_pool_run
 * on the same pool. Threads are started at the first run that can use them, never
 * at creation, block on a condition variable between runs, have all signals blocked,
 * and survive nothing: after fork() in the child the pool works on the caller's thread only.
 * A pool of width 1 has no thread and calls everything in order.
 */
#ifndef ZH_BASE_POOL_H
#define ZH_BASE_POOL_H

#include "zh/zh.h"

typedef struct zh_pool zh_pool;
typedef int (*zh_pool_job)(void *payload, size_t index, unsigned worker, zh_error *err);

int zh_pool_new(zh_pool **out, unsigned width, zh_error *err); /* width 0: one per online CPU, at most 16 */
void zh_pool_free(zh_pool *p);                                 /* joins the threads; NULL is fine */
unsigned zh_pool_width(const zh_pool *p);
int zh_pool_run(zh_pool *p, size_t n, zh_pool_job job, void *payload, zh_error *err);

#endif
