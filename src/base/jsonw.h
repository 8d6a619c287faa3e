/* jsonw.h - writing JSON: appends to a zh_buf, commas by itself, strings escaped,
 * numbers that read back to the same bits. The only printer and the only escaper.
 *
 * Errors are sticky: after the first failure all calls do nothing and
 * zh_jsonw_finish returns it, so ten calls need one check.
 */
#ifndef ZH_BASE_JSONW_H
#define ZH_BASE_JSONW_H

#include "zh/buf.h"

typedef struct zh_jsonw {
    zh_buf *out;   /* borrowed */
    zh_error *err; /* borrowed, may be NULL */
    int rc;        /* sticky */
    bool comma;    /* a value stands before the next one */
} zh_jsonw;

void zh_jsonw_init(zh_jsonw *w, zh_buf *out, zh_error *err);
void zh_jsonw_begin_object(zh_jsonw *w);
void zh_jsonw_end_object(zh_jsonw *w);
void zh_jsonw_begin_array(zh_jsonw *w);
void zh_jsonw_end_array(zh_jsonw *w);
void zh_jsonw_key(zh_jsonw *w, const char *name);
void zh_jsonw_key_n(zh_jsonw *w, const char *name, size_t n);
void zh_jsonw_str(zh_jsonw *w, const char *s);             /* NUL-terminated UTF-8 */
void zh_jsonw_str_n(zh_jsonw *w, const char *s, size_t n); /* invalid UTF-8 bytes become U+FFFD */
void zh_jsonw_i64(zh_jsonw *w, int64_t v);
void zh_jsonw_u64(zh_jsonw *w, uint64_t v);
/* Shortest digits that read back to the same double (float), always with '.' or 'e';
 * NaN and infinities as the strings "NaN", "Infinity", "-Infinity". */
void zh_jsonw_f64(zh_jsonw *w, double v);
void zh_jsonw_f32(zh_jsonw *w, float v);
void zh_jsonw_bool(zh_jsonw *w, bool v);
void zh_jsonw_null(zh_jsonw *w);
void zh_jsonw_raw(zh_jsonw *w, const char *json, size_t n); /* one ready value, appended as it is */
void zh_jsonw_members(zh_jsonw *w, const char *json,
                      size_t n);        /* ready members `"a":1,"b":2` inside an object; n may be 0 */
int zh_jsonw_finish(const zh_jsonw *w); /* the sticky result */

/* The same for text that is not part of a document: digits of v into buf. */
void zh_format_f64(char buf[32], double v); /* "1.0", "1e+300", "NaN"... without quotes */
void zh_format_f32(char buf[32], float v);

bool zh_utf8_valid(const char *s, size_t n);

#endif
