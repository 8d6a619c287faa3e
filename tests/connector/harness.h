/* harness.h - for tests of the connector's own functions, linked with HDF5 and not loaded as a plug-in. */
#ifndef HARNESS_H
#define HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "zh/buf.h"
#include "h5.h"

/* Group setup: binds the table of HDF5 names to the library that the test is linked with. */
int harness_open(void **state);

/* Setup and teardown of one test: fails if it leaves an id of a type, space, property list or iterator open. */
int harness_mark_ids(void **state);
int harness_check_ids(void **state);
#define TEST(name) cmocka_unit_test_setup_teardown(name, harness_mark_ids, harness_check_ids)

/* Deterministic random numbers. */
uint64_t harness_random(uint64_t *seed);
unsigned harness_below(uint64_t *seed, unsigned n);

/* Microseconds since some moment. */
double harness_now(void);

/* expr is a zh result code; prints err.message unless it is ZH_OK. */
#define ZH(expr)                                                                                                       \
    do {                                                                                                               \
        zh_error err = ZH_ERROR_INIT;                                                                                  \
        int rc_ = (expr);                                                                                              \
        if (rc_ != ZH_OK)                                                                                              \
            fail_msg("%s: %d, %s", #expr, rc_, err.message);                                                           \
    } while (0)

/* expr must give this code, with a message that holds text. */
#define ZH_FAILS(code_, text_, expr)                                                                                   \
    do {                                                                                                               \
        zh_error err = ZH_ERROR_INIT;                                                                                  \
        int rc_ = (expr);                                                                                              \
        if (rc_ != (code_) || err.code != (code_) || !strstr(err.message, (text_)))                                    \
            fail_msg("%s: %d, '%s'", #expr, rc_, err.message);                                                         \
    } while (0)

#define H5(expr) assert_true((long long)(expr) >= 0)

/* The bytes of a buffer as text. */
const char *harness_text(zh_buf *b);

#endif
