/* log.c - one line an event, written at once. The setting is read once a process. */
#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {"none", "error", "warn", "info", "debug"};

static int level = -1; /* not read yet */
static FILE *stream;
static char fault[160];

static void open_file(const char *name)
{
    FILE *f = fopen(name, "ae");

    if (!f) {
        snprintf(fault, sizeof(fault), "H5VL_ZARR_LOG: '%.80s' cannot be written: %s", name, strerror(errno));
        return;
    }
    setvbuf(f, NULL, _IOLBF, 0);
    stream = f;
}

static void read_setting(void)
{
    const char *text = getenv("H5VL_ZARR_LOG");
    const char *colon = text ? strchr(text, ':') : NULL;
    size_t n = text ? (colon ? (size_t)(colon - text) : strlen(text)) : 0;
    int i;

    level = ZVOL_LOG_NONE;
    for (i = ZVOL_LOG_ERROR; i <= ZVOL_LOG_DEBUG; i++)
        if (n && strlen(names[i]) == n && !strncmp(text, names[i], n))
            level = i;
    stream = stderr;
    if (level == ZVOL_LOG_NONE && text && *text)
        snprintf(fault, sizeof(fault),
                 "H5VL_ZARR_LOG: '%.60s' is none of error, warn, info, debug, with or without :file", text);
    else if (colon && colon[1])
        open_file(colon + 1);
}

const char *zvol_log_fault(void)
{
    zvol_log_enabled();
    return fault[0] ? fault : NULL;
}

zvol_log_level zvol_log_enabled(void)
{
    if (level < 0)
        read_setting();
    return (zvol_log_level)level;
}

static void put_line(FILE *f, const char *word, const char *fmt, va_list ap)
{
    char line[1024];

    vsnprintf(line, sizeof(line), fmt, ap);
    fprintf(f, "vol-zarr %s: %s\n", word, line);
}

void zvol_log(zvol_log_level at, const char *fmt, ...)
{
    va_list ap;

    if (at > zvol_log_enabled())
        return;
    va_start(ap, fmt);
    put_line(stream, names[at], fmt, ap);
    va_end(ap);
}

void zvol_last_resort(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    put_line(stderr, "error", fmt, ap);
    va_end(ap);
}
