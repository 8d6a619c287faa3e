/* error.c - see error.h. Formats into the fixed array of the error object; allocates nothing. */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A message is one line of text whatever went into it: names from outside may hold anything. */
static void make_one_line(char *s)
{
    for (; *s != '\0'; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7f)
            *s = '?';
}

int zh_error_set(zh_error *err, int code, const char *fmt, ...)
{
    va_list ap;

    if (err == NULL)
        return code;
    err->code = code;
    err->sys_errno = 0;
    va_start(ap, fmt);
    (void)vsnprintf(err->message, sizeof(err->message), fmt, ap);
    va_end(ap);
    make_one_line(err->message);
    return code;
}

/* ENOMEM is the only number with a code of its own that fits wherever it comes from. */
static int code_of_errno(int errnum)
{
    return errnum == ENOMEM ? ZH_NOMEM : ZH_IO;
}

int zh_error_sys(zh_error *err, int errnum, const char *fmt, ...)
{
    const int code = code_of_errno(errnum);
    char reason[128];
    va_list ap;
    size_t len;

    if (err == NULL)
        return code;
    err->code = code;
    err->sys_errno = errnum;
    va_start(ap, fmt);
    (void)vsnprintf(err->message, sizeof(err->message), fmt, ap);
    va_end(ap);
    len = strlen(err->message);
    (void)snprintf(err->message + len, sizeof(err->message) - len, ": %s", strerror_r(errnum, reason, sizeof(reason)));
    make_one_line(err->message);
    return code;
}

void zh_error_prefix(zh_error *err, const char *fmt, ...)
{
    char old[sizeof(err->message)];
    va_list ap;
    size_t len;

    if (err == NULL)
        return;
    memcpy(old, err->message, sizeof(old));
    va_start(ap, fmt);
    (void)vsnprintf(err->message, sizeof(err->message), fmt, ap);
    va_end(ap);
    len = strlen(err->message);
    (void)snprintf(err->message + len, sizeof(err->message) - len, ": %s", old);
    make_one_line(err->message);
}

int zh_error_nomem(zh_error *err)
{
    return zh_error_set(err, ZH_NOMEM, "out of memory");
}

void zh_error_clear(zh_error *err)
{
    if (err == NULL)
        return;
    err->code = ZH_OK;
    err->sys_errno = 0;
    err->message[0] = '\0';
}

const char *zh_code_name(int code)
{
    switch (code) {
#define NAME(c)                                                                                                        \
    case c:                                                                                                            \
        return #c
        NAME(ZH_OK);
        NAME(ZH_NOTFOUND);
        NAME(ZH_EXISTS);
        NAME(ZH_INVALID);
        NAME(ZH_UNSUPPORTED);
        NAME(ZH_RANGE);
        NAME(ZH_CORRUPT);
        NAME(ZH_IO);
        NAME(ZH_NOMEM);
        NAME(ZH_READONLY);
        NAME(ZH_INTERNAL);
        NAME(ZH_ABORTED);
        NAME(ZH_KEY_DOT);
        NAME(ZH_KEY_DUPLICATE);
        NAME(ZH_KEY_RESERVED);
        NAME(ZH_KEY_ENCODING);
        NAME(ZH_KEY_TOO_LONG);
        NAME(ZH_KEY_COLLISION);
        NAME(ZH_MIXED_FORMAT);
        NAME(ZH_NODE_INSIDE_ARRAY);
        NAME(ZH_NO_ROOT);
        NAME(ZH_MANY_ROOTS);
        NAME(ZH_NESTED_ROOT);
        NAME(ZH_FORMAT_MISMATCH);
        NAME(ZH_CONTAINS_GROUP);
        NAME(ZH_CONTAINS_ARRAY);
        NAME(ZH_CONTAINS_CHILDREN);
        NAME(ZH_CONTAINS_ORPHANS);
        NAME(ZH_CONTAINS_OTHER_FORMAT);
        NAME(ZH_AMBIGUOUS_NODE);
        NAME(ZH_RACE);
        NAME(ZH_PARTIAL);
#undef NAME
    default:
        return "ZH_?";
    }
}
