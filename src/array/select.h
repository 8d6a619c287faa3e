/* select.h - which elements of an array a read or write touches, and in which order.
 *
 * Data always travel *packed*: a buffer with the selected cells one after the other, in the selection's order.
 */
#ifndef ZH_ARRAY_SELECT_H
#define ZH_ARRAY_SELECT_H

#include "zh/zh.h"

/* A run of consecutive elements, by their index in the C-order array of the whole shape. */
typedef struct zh_run {
    uint64_t offset;
    uint64_t len;
} zh_run;

typedef enum zh_sel_kind {
    ZH_SEL_ALL,     /* every element, C order */
    ZH_SEL_REGULAR, /* start, stride, count, block on each axis, C order of the result */
    ZH_SEL_RUNS     /* any order, as listed: unions and points */
} zh_sel_kind;

typedef struct zh_sel {
    zh_sel_kind kind;
    unsigned rank;                                    /* of the array */
    uint64_t start[ZH_MAX_RANK], stride[ZH_MAX_RANK]; /* REGULAR; stride >= block unless count == 1 */
    uint64_t count[ZH_MAX_RANK], block[ZH_MAX_RANK];
    const zh_run *runs; /* RUNS; borrowed */
    size_t nruns;
} zh_sel;

/* Elements selected, for an array of this shape. */
int zh_sel_npoints(const zh_sel *s, const uint64_t *shape, uint64_t *out, zh_error *err);
/* ZH_RANGE unless everything selected lies inside shape. */
int zh_sel_check(const zh_sel *s, unsigned rank, const uint64_t *shape, zh_error *err);

#endif
