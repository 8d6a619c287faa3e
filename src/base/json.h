/* json.h - reading JSON: the only user of cJSON.
 *
 * Exact where cJSON alone is not: integers keep 64 bits, number tokens keep their
 * text, so that what is printed again is what was read. Lenient where other
 * writers are: the literals NaN, Infinity and -Infinity are taken as numbers.
 * Nesting is capped at ZH_JSON_MAX_DEPTH, and a document must be valid UTF-8.
 */
#ifndef ZH_BASE_JSON_H
#define ZH_BASE_JSON_H

#include "zh/buf.h"

#define ZH_JSON_MAX_DEPTH 128

typedef struct zh_json zh_json; /* one value; children belong to their parent */

typedef enum zh_json_type {
    ZH_JSON_NULL,
    ZH_JSON_BOOL,
    ZH_JSON_NUMBER,
    ZH_JSON_STRING,
    ZH_JSON_ARRAY,
    ZH_JSON_OBJECT
} zh_json_type;

/* Parses exactly one value in n bytes. ZH_CORRUPT with the byte offset on bad text.
 * *out is freed with zh_json_free. */
int zh_json_parse(zh_json **out, const char *text, size_t n, zh_error *err);
void zh_json_free(zh_json *j);

/* All of these take NULL for j and answer as for a missing value. */
zh_json_type zh_json_typeof(const zh_json *j);                  /* NULL answers ZH_JSON_NULL */
const zh_json *zh_json_get(const zh_json *j, const char *name); /* member; last one wins on duplicates; NULL if none */
size_t zh_json_size(const zh_json *j);                          /* members or elements */
const zh_json *zh_json_first(const zh_json *j);                 /* iteration over members or elements */
const zh_json *zh_json_next(const zh_json *j);
const char *zh_json_name(const zh_json *j);       /* name of a member, else NULL; borrowed */
const char *zh_json_str(const zh_json *j);        /* NULL unless a string; borrowed. Strings with
                                                   * an escaped NUL are refused by the parser. */
bool zh_json_bool(const zh_json *j, bool *out);   /* false unless a boolean */
bool zh_json_is_integer(const zh_json *j);        /* a number token without '.', 'e', and finite */
bool zh_json_i64(const zh_json *j, int64_t *out); /* exact integer in range, else false */
bool zh_json_u64(const zh_json *j, uint64_t *out);
bool zh_json_double(const zh_json *j, double *out);              /* any number, NaN and infinities included */
const char *zh_json_number_text(const zh_json *j, char buf[40]); /* the token; NULL unless a number */

/* Equal values: members in any order, numbers by what they are (1 and 1.0 are equal). */
bool zh_json_equal(const zh_json *a, const zh_json *b);

/* Appends the value as compact JSON; numbers as they were read. */
int zh_json_print(zh_buf *out, const zh_json *j, zh_error *err);

/* The same from text to text, into out, which is emptied, where that needs no tree: *taken false, and out left empty,
 * where the text has escapes or literals that JSON lacks, is no JSON, or its outermost object one name twice or many.
 */
int zh_json_compact(zh_buf *out, bool *taken, const char *text, size_t n, zh_error *err);

#endif
