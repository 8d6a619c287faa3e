/* error.h - setting and prefixing the caller's error object. */
#ifndef ZH_BASE_ERROR_H
#define ZH_BASE_ERROR_H

#include "zh/zh.h"

/* Sets code and message; returns code, so that "return zh_error_set(...)" reads
 * well. err may be NULL. sys_errno of err is set to 0. */
int zh_error_set(zh_error *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The same for a failed system call: code is ZH_IO unless errnum says better
 * (ENOENT stays ZH_IO: "absent" answers are made by the caller), the message
 * gets ": <strerror>" appended and sys_errno is errnum. Returns the code. */
int zh_error_sys(zh_error *err, int errnum, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Puts "<context>: " in front of the message that is there. Never changes the code. */
void zh_error_prefix(zh_error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* "out of memory", code ZH_NOMEM. */
int zh_error_nomem(zh_error *err);

void zh_error_clear(zh_error *err);

#endif
