/* zip_write.h - writing a whole archive from the entries of an older one and from values that wait in a spill file. */
#ifndef ZH_ZIP_WRITE_H
#define ZH_ZIP_WRITE_H

#include "store/keymap.h"

#include <zip.h>

/* Where a value of a zip store is. */
typedef struct zh_zip_value {
    int64_t index;   /* of the entry in the archive; -1: in the spill */
    uint64_t offset; /* in the spill */
    uint64_t len;    /* bytes of the value */
} zh_zip_value;

/* The keys in the order of the archive's entries. */
typedef struct zh_zip_plan {
    struct zh_zip_item *items;
    size_t n;
} zh_zip_plan;

#define ZH_ZIP_PLAN_INIT                                                                                               \
    {                                                                                                                  \
        NULL, 0                                                                                                        \
    }

/* Documents first, breadth-first, so that a reader on a slow medium finds the whole hierarchy at the front; then
 * chunks. In one order whatever order they were put in, so that equal stores are equal archives. index is borrowed by
 * the plan. */
int zh_zip_plan_make(zh_zip_plan *plan, const zh_keymap *index, zh_error *err);
void zh_zip_plan_dispose(zh_zip_plan *plan);

/* Writes the archive to fd, which is empty. old may be NULL; its entries are copied as they are, compressed or not. */
int zh_zip_write(int fd, const zh_zip_plan *plan, zip_t *old, int spill, zh_error *err);

/* Sets every value of the plan to its entry in the archive just written. */
void zh_zip_plan_settle(zh_zip_plan *plan);

/* Sets err from libzip's error: "<what>: <libzip's words>", sys_errno if a system call failed. Returns the code. */
int zh_zip_failed(zh_error *err, zip_error_t *why, const char *what);

#endif
