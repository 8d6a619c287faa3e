/* zh.h - version, result codes and the error object of the zh library.
 *
 * Every fallible function of the library returns an int: ZH_OK (0) or one of
 * the negative codes below. The message goes into a zh_error that the caller
 * owns (any err parameter may be NULL); it is set once, by the code that knows
 * most, and callers above may only put context in front of it.
 * Nothing in the library prints, exits or aborts.
 */
#ifndef ZH_ZH_H
#define ZH_ZH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ZH_VERSION_STRING "0.1.0"

/* Largest number of dimensions of an array: HDF5's own limit (H5S_MAX_RANK). */
#define ZH_MAX_RANK 32

enum zh_code {
    ZH_OK = 0,
    ZH_NOTFOUND = -1,    /* an answer, not a failure: no such key, node, attribute */
    ZH_EXISTS = -2,      /* the thing to be made is there already */
    ZH_INVALID = -3,     /* the caller's argument is wrong */
    ZH_UNSUPPORTED = -4, /* legal, but not done by this library or this store */
    ZH_RANGE = -5,       /* a size, count or index is out of its limits */
    ZH_CORRUPT = -6,     /* a document or chunk in the store is damaged */
    ZH_IO = -7,          /* the store failed; zh_error.sys_errno says how */
    ZH_NOMEM = -8,
    ZH_READONLY = -9,  /* a change was asked of something opened for reading */
    ZH_INTERNAL = -10, /* a bug of ours; never caused by data */
    ZH_ABORTED = -11   /* the caller's callback asked to stop */
};

/* Owned by the caller, fixed size, so that reporting ZH_NOMEM costs nothing. */
typedef struct zh_error {
    int code;          /* one of zh_code */
    int sys_errno;     /* errno of the failed system call, 0 if there was none */
    char message[500]; /* NUL-terminated, one line, "" if never set */
} zh_error;

#define ZH_ERROR_INIT                                                                                                  \
    {                                                                                                                  \
        0, 0,                                                                                                          \
        {                                                                                                              \
            0                                                                                                          \
        }                                                                                                              \
    }

#ifdef __cplusplus
}
#endif
#endif
