/* pool.c - see pool.h.
 *
 * One mutex and two condition variables. A run puts `tickets` on the table, one for each thread that may help, and
 * wakes the threads; a thread takes a ticket under the mutex and is then counted in `active`. Indices are handed out by
 * an atomic counter, without the mutex. The calling thread works too; when it finds no index left it withdraws the
 * tickets that nobody took and waits until `active` is 0, so a run never waits for a thread that has not woken up yet.
 *
 * Guards: `mutex` guards tickets, active, quit, running, and failed_index/failure during a run; next and stop are
 * atomic; job, payload and n are written by the caller before it puts the tickets (under the mutex) and constant until
 * active is 0 again; all else belongs to the caller's thread. No other lock of the library is ever taken while this
 * mutex is held.
 *
 * After fork() the child has no threads, and the mutex may be in any state: a pool whose threads were started by
 * another process is never locked again, it calls the jobs itself.
 */
#include "base/pool.h"
#include "base/alloc.h"
#include "base/error.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#define MAX_DEFAULT_WIDTH 16u
#define MAX_WIDTH 1024u

typedef struct helper {
    pthread_t thread;
    zh_pool *pool;
    unsigned worker; /* 1.. */
} helper;

struct zh_pool {
    unsigned width;
    unsigned started; /* helpers that run */
    pid_t owner;      /* process that started them */
    helper *helpers;  /* width - 1 */
    pthread_mutex_t mutex;
    pthread_cond_t work; /* tickets or quit */
    pthread_cond_t done; /* active became 0 */
    unsigned tickets;
    unsigned active;
    bool quit;
    bool running;

    zh_pool_job job;
    void *payload;
    size_t n;
    atomic_size_t next;
    atomic_bool stop;    /* a job failed: no new index */
    size_t failed_index; /* n: none failed */
    int failed_rc;
    zh_error failure;
};

static unsigned default_width(void)
{
    const long cpus = sysconf(_SC_NPROCESSORS_ONLN);

    if (cpus < 1)
        return 1;
    return cpus < (long)MAX_DEFAULT_WIDTH ? (unsigned)cpus : MAX_DEFAULT_WIDTH;
}

int zh_pool_new(zh_pool **out, unsigned width, zh_error *err)
{
    zh_pool *p;

    *out = NULL;
    if (width > MAX_WIDTH)
        return zh_error_set(err, ZH_RANGE, "%u threads are more than the limit of %u", width, MAX_WIDTH);
    p = zh_calloc(1, sizeof(*p));
    if (p == NULL)
        return zh_error_nomem(err);
    p->width = width == 0 ? default_width() : width;
    p->helpers = zh_calloc(p->width, sizeof(*p->helpers));
    if (p->helpers == NULL) {
        zh_free(p);
        return zh_error_nomem(err);
    }
    /* With default attributes these three cannot fail on Linux. */
    (void)pthread_mutex_init(&p->mutex, NULL);
    (void)pthread_cond_init(&p->work, NULL);
    (void)pthread_cond_init(&p->done, NULL);
    p->owner = getpid();
    *out = p;
    return ZH_OK;
}

void zh_pool_free(zh_pool *p)
{
    if (p == NULL)
        return;
    if (p->started == 0 || p->owner == getpid()) {
        (void)pthread_mutex_lock(&p->mutex);
        p->quit = true;
        (void)pthread_cond_broadcast(&p->work);
        (void)pthread_mutex_unlock(&p->mutex);
        for (unsigned i = 0; i < p->started; i++)
            (void)pthread_join(p->helpers[i].thread, NULL);
        (void)pthread_cond_destroy(&p->done);
        (void)pthread_cond_destroy(&p->work);
        (void)pthread_mutex_destroy(&p->mutex);
    }
    zh_free(p->helpers);
    zh_free(p);
}

unsigned zh_pool_width(const zh_pool *p)
{
    return p->width;
}

static void record_failure(zh_pool *p, size_t index, int rc, const zh_error *failure)
{
    atomic_store(&p->stop, true);
    (void)pthread_mutex_lock(&p->mutex);
    if (index < p->failed_index) {
        p->failed_index = index;
        p->failed_rc = rc;
        p->failure = *failure;
    }
    (void)pthread_mutex_unlock(&p->mutex);
}

/* Takes indices until there are none. */
static void work_off(zh_pool *p, unsigned worker)
{
    while (!atomic_load_explicit(&p->stop, memory_order_relaxed)) {
        const size_t index = atomic_fetch_add_explicit(&p->next, 1, memory_order_relaxed);
        zh_error failure = ZH_ERROR_INIT;
        int rc;

        if (index >= p->n)
            break;
        rc = p->job(p->payload, index, worker, &failure);
        if (rc < 0)
            record_failure(p, index, rc, &failure);
    }
}

static void *helper_main(void *arg)
{
    const helper *h = arg;
    zh_pool *p = h->pool;

    (void)pthread_mutex_lock(&p->mutex);
    for (;;) {
        while (p->tickets == 0 && !p->quit)
            (void)pthread_cond_wait(&p->work, &p->mutex);
        if (p->quit)
            break;
        p->tickets--;
        p->active++;
        (void)pthread_mutex_unlock(&p->mutex);
        work_off(p, h->worker);
        (void)pthread_mutex_lock(&p->mutex);
        if (--p->active == 0)
            (void)pthread_cond_signal(&p->done);
    }
    (void)pthread_mutex_unlock(&p->mutex);
    return NULL;
}

/* Up to `wanted` helpers. Fewer are no error: the caller's thread does the rest. */
static void start_helpers(zh_pool *p, unsigned wanted)
{
    sigset_t all, before;

    if (p->started >= wanted)
        return;
    (void)sigfillset(&all);
    if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0)
        return;
    while (p->started < wanted) {
        helper *h = &p->helpers[p->started];

        h->pool = p;
        h->worker = p->started + 1;
        if (pthread_create(&h->thread, NULL, helper_main, h) != 0)
            break;
        p->started++;
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static int run_alone(size_t n, zh_pool_job job, void *payload, zh_error *err)
{
    for (size_t i = 0; i < n; i++) {
        zh_error failure = ZH_ERROR_INIT;
        const int rc = job(payload, i, 0, &failure);

        if (rc < 0) {
            if (err != NULL)
                *err = failure;
            return rc;
        }
    }
    return ZH_OK;
}

/* False if a run is going on: a job called zh_pool_run on its own pool. */
static bool begin_run(zh_pool *p, size_t n, zh_pool_job job, void *payload, unsigned helpers)
{
    bool free;

    (void)pthread_mutex_lock(&p->mutex);
    free = !p->running;
    if (free) {
        p->running = true;
        p->job = job;
        p->payload = payload;
        p->n = n;
        p->failed_index = n;
        atomic_store(&p->next, 0);
        atomic_store(&p->stop, false);
        p->tickets = helpers;
        (void)pthread_cond_broadcast(&p->work);
    }
    (void)pthread_mutex_unlock(&p->mutex);
    return free;
}

static int end_run(zh_pool *p, zh_error *err)
{
    int rc = ZH_OK;

    (void)pthread_mutex_lock(&p->mutex);
    p->tickets = 0;
    while (p->active > 0)
        (void)pthread_cond_wait(&p->done, &p->mutex);
    if (p->failed_index < p->n) {
        rc = p->failed_rc;
        if (err != NULL)
            *err = p->failure;
    }
    p->running = false;
    (void)pthread_mutex_unlock(&p->mutex);
    return rc;
}

int zh_pool_run(zh_pool *p, size_t n, zh_pool_job job, void *payload, zh_error *err)
{
    const size_t useful = n < p->width ? n : p->width;
    unsigned helpers;

    if (p->started > 0 && p->owner != getpid())
        return run_alone(n, job, payload, err);
    if (p->started == 0)
        p->owner = getpid();
    if (useful > 1)
        start_helpers(p, (unsigned)useful - 1);
    if (useful <= 1 || p->started == 0)
        return run_alone(n, job, payload, err);
    helpers = p->started < useful - 1 ? p->started : (unsigned)useful - 1;
    if (!begin_run(p, n, job, payload, helpers))
        return zh_error_set(err, ZH_INTERNAL, "a job ran the pool that it runs on");
    work_off(p, 0);
    return end_run(p, err);
}
