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

/* The version of this header. CMake reads it here for the project, the package files and the shared library's name. */
#define ZH_VERSION_STRING "0.1.0"

/* What the shared library exports: everything in these headers, and nothing else. */
#if defined(__GNUC__)
#define ZH_API __attribute__((visibility("default")))
#else
#define ZH_API
#endif

/* The version of the library that the program runs with. Static. */
ZH_API const char *zh_version(void);

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
    ZH_ABORTED = -11,  /* the caller's callback asked to stop */

    /* Of hierarchies as a whole (zh/plan.h, zh/hierarchy.h). Found by looking at the plan alone: */
    ZH_KEY_DOT = -20,           /* a segment "." or ".." */
    ZH_KEY_DUPLICATE = -21,     /* two keys with one normal form */
    ZH_KEY_RESERVED = -22,      /* a name that a Zarr format or this library keeps for itself */
    ZH_KEY_ENCODING = -23,      /* NUL, or not UTF-8 */
    ZH_KEY_TOO_LONG = -24,      /* a segment or a whole key */
    ZH_KEY_COLLISION = -25,     /* siblings that the store cannot tell apart */
    ZH_MIXED_FORMAT = -26,      /* v2 and v3 in one hierarchy */
    ZH_NODE_INSIDE_ARRAY = -27, /* an array with something below it */
    ZH_NO_ROOT = -28,           /* no node that all others are below */
    ZH_MANY_ROOTS = -29,
    ZH_NESTED_ROOT = -30,     /* a root where nodes below a group were to be given */
    ZH_FORMAT_MISMATCH = -31, /* a node of another format than the group that it is to be below */
    /* Found by reading the store: */
    ZH_CONTAINS_GROUP = -40,
    ZH_CONTAINS_ARRAY = -41,
    ZH_CONTAINS_CHILDREN = -42,     /* nodes below what is to be an array, without a document at its own path */
    ZH_CONTAINS_ORPHANS = -43,      /* chunks of an array whose document is gone */
    ZH_CONTAINS_OTHER_FORMAT = -44, /* documents of the other Zarr format */
    ZH_AMBIGUOUS_NODE = -45,        /* two documents at one path that contradict each other */
    /* Found while writing: */
    ZH_RACE = -50,   /* another creator was there first */
    ZH_PARTIAL = -51 /* a failure, and what had been done could not be undone; the message says both */
};

/* The name of a code, "ZH_KEY_DOT"; "ZH_?" for a number that is none. Static. */
ZH_API const char *zh_code_name(int code);

typedef enum zh_format { ZH_V2 = 2, ZH_V3 = 3 } zh_format;

typedef enum zh_node_kind { ZH_NODE_GROUP, ZH_NODE_ARRAY } zh_node_kind;

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
