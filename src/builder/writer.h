/* writer.h - many small values written by several threads, each with buffers of its own.
 *
 * A run calls a job for each index, in batches, so that a thread works where it has just been and two threads work far
 * apart. The first failure ends a run: nothing new is begun, what is in flight is awaited. The bytes of documents are
 * bounded: a thread waits before it makes a document that is larger than what is left, unless it is the only one.
 */
#ifndef ZH_BUILDER_WRITER_H
#define ZH_BUILDER_WRITER_H

#include "base/pool.h"
#include "zh/buf.h"
#include "zh/store.h"

typedef struct zh_writer zh_writer;

/* One thread's memory. Slot 0 is that of the thread that called zh_writer_run. */
typedef struct zh_slot {
    zh_writer *writer;
    unsigned number;
    zh_buf document; /* to be put */
    size_t room;     /* bytes that have been set aside for it; 0: it is so small that it needs no count */
    zh_buf old;      /* scratch */
    zh_buf key;
    const void *group; /* scratch of jobs: whose path stands at the head of key… */
    size_t group_len;  /* …and how long it is */
    uint64_t nodes, documents, bytes, erased;
    char apart[64]; /* two threads never share a cache line */
} zh_slot;

typedef int (*zh_writer_job)(void *payload, size_t index, zh_slot *slot, zh_error *err);

/* store and pool are borrowed. max_bytes 0: 64 MiB. */
int zh_writer_new(zh_writer **out, zh_store *store, zh_pool *pool, size_t max_bytes, zh_error *err);
void zh_writer_free(zh_writer *w); /* NULL is fine */
int zh_writer_run(zh_writer *w, size_t n, zh_writer_job job, void *payload, zh_error *err);

/* Empties slot->document, and waits until one of about n bytes may be made. What it turns out to have more is counted,
 * but not waited for; unless n was taken for small, or is 0: not known. */
int zh_slot_make_room(zh_slot *slot, size_t n, zh_error *err);
/* Puts slot->document under key, and gives its room back. */
int zh_slot_put(zh_slot *slot, const char *key, unsigned flags, zh_error *err);

/* Sums over all slots since the writer was made. */
typedef struct zh_writer_totals {
    uint64_t nodes, documents, bytes, erased;
} zh_writer_totals;
void zh_writer_totals_get(const zh_writer *w, zh_writer_totals *out);

#endif
