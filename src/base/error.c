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
