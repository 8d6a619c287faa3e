/* buf.h - the only growable byte buffer. Its maximum is an argument of init, so
 * that no document or chunk from outside can make it grow without bound. */
#ifndef ZH_BUF_H
#define ZH_BUF_H

#include "zh/zh.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct zh_buf {
    uint8_t *ptr; /* NULL while cap == 0; owned by the buffer */
    size_t len;   /* bytes in use */
    size_t cap;   /* bytes allocated */
    size_t max;   /* cap never exceeds it */
} zh_buf;

#define ZH_BUF_INIT(maximum)                                                                                           \
    {                                                                                                                  \
        NULL, 0, 0, (maximum)                                                                                          \
    }

ZH_API void zh_buf_init(zh_buf *b, size_t maximum);
ZH_API void zh_buf_dispose(zh_buf *b);                             /* frees; the buffer may be used again */
ZH_API int zh_buf_reserve(zh_buf *b, size_t total, zh_error *err); /* cap >= total afterwards */
ZH_API int zh_buf_append(zh_buf *b, const void *p, size_t n, zh_error *err);
ZH_API int zh_buf_puts(zh_buf *b, const char *s, zh_error *err); /* without the NUL */
ZH_API int zh_buf_putc(zh_buf *b, char c, zh_error *err);
ZH_API int zh_buf_resize(zh_buf *b, size_t n, zh_error *err); /* len = n; new bytes are not set */
ZH_API char *zh_buf_cstr(zh_buf *b, zh_error *err);           /* NUL-terminates behind len; borrowed; NULL on failure */

#ifdef __cplusplus
}
#endif
#endif
