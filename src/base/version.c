/* version.c - the version of the library itself, which may be another than that of the headers a program saw. */
#include "zh/zh.h"

const char *zh_version(void)
{
    return ZH_VERSION_STRING;
}
