/* writer.c - see writer.h. `mutex` guards in_flight; stop is atomic; a slot is one thread's during a run. */
#include "builder/writer.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/key.h"

#include <pthread.h>
#include <stdatomic.h>

#define BATCH_MAX 64u
#define DEFAULT_BYTES ((size_t)64 << 20)
#define DOCUMENT_MAX ((size_t)1 << 30)
#define KEEP_MAX                                                                                                       \
    ((size_t)1 << 20) /* a buffer that has grown beyond is given back, or beyond the size of a small one               \
                       */

struct zh_writer {
    zh_store *store;
    zh_pool *pool;
    zh_slot *slot;
    unsigned width;

    pthread_mutex_t mutex;
    pthread_cond_t room;
    size_t in_flight, max_bytes; /* of large documents */
    size_t small; /* so small that all threads together cannot fill the other half of the bytes: they need no count */

    /* of the run that goes on */
    zh_writer_job job;
    void *payload;
    size_t n, batch, batches, lanes;
    atomic_bool stop;
};

int zh_writer_new(zh_writer **out, zh_store *store, zh_pool *pool, size_t max_bytes, zh_error *err)
{
    zh_writer *w = zh_calloc(1, sizeof(*w));

    *out = NULL;
    if (w != NULL)
        w->slot = zh_calloc(zh_pool_width(pool), sizeof(*w->slot));
    if (w == NULL || w->slot == NULL) {
        zh_free(w);
        return zh_error_nomem(err);
    }
    w->store = store;
    w->pool = pool;
    w->width = zh_pool_width(pool);
    w->max_bytes = (max_bytes == 0 ? DEFAULT_BYTES : max_bytes) / 2;
    w->small = w->width > 1 ? w->max_bytes / w->width : SIZE_MAX;
    (void)pthread_mutex_init(&w->mutex, NULL);
    (void)pthread_cond_init(&w->room, NULL);
    atomic_init(&w->stop, false);
    for (unsigned i = 0; i < w->width; i++) {
        w->slot[i].writer = w;
        w->slot[i].number = i;
        zh_buf_init(&w->slot[i].document, DOCUMENT_MAX);
        zh_buf_init(&w->slot[i].old, DOCUMENT_MAX);
        zh_buf_init(&w->slot[i].key, ZH_KEY_MAX);
    }
    *out = w;
    return ZH_OK;
}

void zh_writer_free(zh_writer *w)
{
    if (w == NULL)
        return;
    for (unsigned i = 0; i < w->width; i++) {
        zh_buf_dispose(&w->slot[i].document);
        zh_buf_dispose(&w->slot[i].old);
        zh_buf_dispose(&w->slot[i].key);
    }
    (void)pthread_cond_destroy(&w->room);
    (void)pthread_mutex_destroy(&w->mutex);
    zh_free(w->slot);
    zh_free(w);
}

static void take_room(zh_slot *slot, size_t n)
{
    zh_writer *w = slot->writer;

    (void)pthread_mutex_lock(&w->mutex);
    while (w->in_flight > 0 && w->in_flight + n > w->max_bytes)
        (void)pthread_cond_wait(&w->room, &w->mutex);
    w->in_flight += n;
    (void)pthread_mutex_unlock(&w->mutex);
    slot->room = n;
}

/* Its memory is taken already: to wait for room would give nothing back. */
static void take_more_room(zh_slot *slot, size_t n)
{
    zh_writer *w = slot->writer;

    (void)pthread_mutex_lock(&w->mutex);
    w->in_flight += n - slot->room;
    (void)pthread_mutex_unlock(&w->mutex);
    slot->room = n;
}

static void give_room(zh_slot *slot)
{
    zh_writer *w = slot->writer;

    if (slot->room == 0)
        return;
    (void)pthread_mutex_lock(&w->mutex);
    w->in_flight -= slot->room;
    (void)pthread_cond_broadcast(&w->room);
    (void)pthread_mutex_unlock(&w->mutex);
    slot->room = 0;
}

static void trim(const zh_writer *w, zh_buf *b)
{
    if (b->cap > (w->small < KEEP_MAX ? w->small : KEEP_MAX))
        zh_buf_dispose(b);
}

/* A large buffer goes before its room does. */
static void let_go(zh_slot *slot)
{
    trim(slot->writer, &slot->document);
    give_room(slot);
}

/* Jobs 0, 1, 2… are spread over the lanes: two threads begin in different places. */
static int run_batch(void *payload, size_t index, unsigned worker, zh_error *err)
{
    zh_writer *w = payload;
    const size_t lane = index % w->lanes, in_lane = index / w->lanes;
    const size_t full = w->batches / w->lanes, extra = w->batches % w->lanes;
    const size_t batch = lane * full + (lane < extra ? lane : extra) + in_lane;
    const size_t begin = batch * w->batch;
    const size_t end = begin + w->batch < w->n ? begin + w->batch : w->n;
    int rc = ZH_OK;

    for (size_t i = begin; i < end && !atomic_load_explicit(&w->stop, memory_order_relaxed); i++) {
        rc = w->job(w->payload, i, &w->slot[worker], err);
        if (rc < 0) {
            let_go(&w->slot[worker]); /* others wait for its room */
            atomic_store(&w->stop, true);
            break;
        }
    }
    return rc;
}

int zh_writer_run(zh_writer *w, size_t n, zh_writer_job job, void *payload, zh_error *err)
{
    const size_t batch = n / ((size_t)w->width * 8) + 1;

    if (n == 0)
        return ZH_OK;
    w->job = job;
    w->payload = payload;
    w->n = n;
    w->batch = batch > BATCH_MAX ? BATCH_MAX : batch;
    w->batches = (n + w->batch - 1) / w->batch;
    w->lanes = w->width < w->batches ? w->width : w->batches;
    atomic_store(&w->stop, false);
    return zh_pool_run(w->pool, w->batches, run_batch, w, err);
}

int zh_slot_make_room(zh_slot *slot, size_t n, zh_error *err)
{
    trim(slot->writer, &slot->old);
    let_go(slot);
    slot->document.len = 0;
    if (n > slot->writer->small)
        take_room(slot, n);
    return zh_buf_reserve(&slot->document, n, err);
}

int zh_slot_put(zh_slot *slot, const char *key, unsigned flags, zh_error *err)
{
    zh_writer *w = slot->writer;
    const size_t n = slot->document.len;
    int rc;

    if (slot->room > 0 && n > slot->room)
        take_more_room(slot, n);
    else if (slot->room == 0 && n > w->small)
        take_room(slot, n);
    rc = zh_store_put(w->store, key, slot->document.ptr, n, flags, err);
    if (rc == ZH_OK) {
        slot->documents++;
        slot->bytes += n;
    }
    let_go(slot);
    return rc;
}

void zh_writer_totals_get(const zh_writer *w, zh_writer_totals *out)
{
    *out = (zh_writer_totals){0, 0, 0, 0};
    for (unsigned i = 0; i < w->width; i++) {
        out->nodes += w->slot[i].nodes;
        out->documents += w->slot[i].documents;
        out->bytes += w->slot[i].bytes;
        out->erased += w->slot[i].erased;
    }
}
