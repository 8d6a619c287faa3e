/* store_fault.h - a store around another in which chosen calls fail, and one that counts and records them. */
#ifndef ZH_TESTS_STORE_FAULT_H
#define ZH_TESTS_STORE_FAULT_H

#include "zh/store.h"

enum zh_store_op {
    ZH_OP_GET = 1u << 0,
    ZH_OP_GET_RANGE = 1u << 1,
    ZH_OP_SIZE = 1u << 2,
    ZH_OP_PUT = 1u << 3,
    ZH_OP_ERASE = 1u << 4,
    ZH_OP_ERASE_PREFIX = 1u << 5,
    ZH_OP_LIST = 1u << 6,
    ZH_OP_FLUSH = 1u << 7,
    ZH_OP_MOVE = 1u << 8,
    ZH_OP_LOCK = 1u << 9,
    ZH_OP_SYNC = 1u << 10,
    ZH_OP_FOLDS_NAMES = 1u << 11,
    ZH_OP_ALL = 0xfffu
};

/* A store that passes everything on to inner, which it owns and closes (on success only). */
int zh_store_fault_open(zh_store **out, zh_store *inner, zh_error *err);

/* From now on: of the calls of the operations in mask the nth (from 1) fails with ZH_IO and errnum; persistent: all
 * after it too. nth 0: none fails. */
void zh_store_fault_set(zh_store *s, unsigned mask, unsigned long nth, int errnum, bool persistent);
/* Calls of the masked operations since zh_store_fault_set. */
unsigned long zh_store_fault_seen(zh_store *s);

/* The largest number of masked calls that were in flight at one time since zh_store_fault_set, which is called while
 * none is. */
unsigned zh_store_fault_max_in_flight(zh_store *s);

/* The largest number of bytes of values that were being put at one time since zh_store_fault_set. */
size_t zh_store_fault_max_bytes(zh_store *s);

/* From now on: before the nth call (from 1) of the operations in mask hook(payload) runs, once, on the thread that
 * calls. 0: never. */
void zh_store_fault_set_hook(zh_store *s, unsigned mask, unsigned long nth, void (*hook)(void *payload), void *payload);
/* Is zh_store_lock held through s? */
bool zh_store_fault_locked(zh_store *s);

/* From now on: the nth call (from 1) of the operations in mask ends the process with 42 instead (_exit). 0: none. */
void zh_store_fault_set_kill(zh_store *s, unsigned mask, unsigned long nth);
/* Every call waits so long before it is passed on. */
void zh_store_fault_set_latency(zh_store *s, unsigned microseconds);
/* From now on ZH_MOVE_EXCHANGE is ZH_UNSUPPORTED, as on a file system that cannot. */
void zh_store_fault_refuse_exchange(zh_store *s);
/* Takes capability bits away. */
void zh_store_fault_mask_caps(zh_store *s, uint32_t caps);

/* A store that passes everything on to inner, which it owns and closes (on success only), and counts. */
int zh_store_log_open(zh_store **out, zh_store *inner, zh_error *err);
/* Calls of one operation (zh_store_op). */
unsigned long zh_store_log_count(zh_store *s, unsigned op);
/* All calls so far, one a line: "put a/zarr.json 120 plain newdir\n", "get_range c/0 5+10\n", "move a b exchange\n".
 * Borrowed until the next call. */
const char *zh_store_log_text(zh_store *s);
void zh_store_log_clear(zh_store *s);

#endif
