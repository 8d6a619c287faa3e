/* base64.h - RFC 4648 standard alphabet, with padding. */
#ifndef ZH_BASE_BASE64_H
#define ZH_BASE_BASE64_H

#include "zh/buf.h"

int zh_base64_encode(zh_buf *out, const void *p, size_t n, zh_error *err);    /* appends */
int zh_base64_decode(zh_buf *out, const char *text, size_t n, zh_error *err); /* appends; ZH_CORRUPT on bad text */

#endif
