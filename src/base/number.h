/* number.h - numbers and their decimal text, whatever locale the host has set. */
#ifndef ZH_BASE_NUMBER_H
#define ZH_BASE_NUMBER_H

#include "zh/zh.h"

/* The whole of text as a double: a JSON number, or NaN, Infinity, -Infinity. Too large for a double answers
 * an infinity, as every JSON reader does. false: not a number. */
bool zh_parse_f64(double *out, const char *text);

/* Decimal digits, no NUL; return how many: at most 20. */
size_t zh_format_u64(char *out, uint64_t v);
size_t zh_format_i64(char *out, int64_t v);

#endif
