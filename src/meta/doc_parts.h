/* doc_parts.h - what both formats' documents have in common. Private to this folder. */
#ifndef ZH_META_DOC_PARTS_H
#define ZH_META_DOC_PARTS_H

#include "meta/doc.h"

/* Text of a document: an object whose zarr_format is format; ZH_CORRUPT otherwise. *out is the caller's. */
int zh_doc__open(zh_json **out, const char *text, size_t n, zh_format format, zh_error *err);

/* An array of at most ZH_MAX_RANK lengths. what names it in messages. */
int zh_doc__lengths(uint64_t out[ZH_MAX_RANK], unsigned *rank, const zh_json *j, const char *what, zh_error *err);

/* A meta from the members of that name; a chunk length of 0 along an axis of length 0 is taken as 1. */
int zh_doc__new_meta(zh_array_meta **out, zh_format format, const zh_dtype *dtype, const zh_json *shape,
                     const zh_json *chunk, zh_error *err);

/* What a step in reading how chunks are encoded answers. any: where it is ZH_UNSUPPORTED m becomes unreadable for that
 * reason, and ZH_OK is answered. */
int zh_doc__chunks(zh_array_meta *m, bool any, int rc, const zh_error *why, zh_error *err);

/* Dimension names if j is an array of m->rank strings and nulls; otherwise *fits is false and nothing is set. */
int zh_doc__names(zh_array_meta *m, const zh_json *j, bool *fits, zh_error *err);

/* zh_array_meta_check with the answers of a reader: ZH_CORRUPT or ZH_UNSUPPORTED. any: as zh_doc__chunks. */
int zh_doc__check(zh_array_meta *m, bool any, zh_error *err);

/* "<M8[ns]", ">m8": dates and durations of any unit, which are int64 here. */
bool zh_doc__is_v2_time(const char *dtype, zh_dtype *out);

/* One member of ready text around lengths, `"shape":` and `` or so, in one piece: this is the hot path. before and
 * after are at most 128 bytes together. */
#define ZH_DOC_LENGTHS_MAX (ZH_MAX_RANK * 21 + 2 + 128)
void zh_doc__write_lengths(zh_jsonw *w, const char *before, const uint64_t *values, unsigned n, const char *after);
/* ["x",null], the second one phony_dim_<length> if names are invented for m. */
bool zh_doc__has_names(const zh_array_meta *m);
void zh_doc__write_names(zh_jsonw *w, const zh_array_meta *m);

/* A parser's failure: out is emptied down to its kind. */
void zh_doc__fail(zh_doc *out);

/* The result of a writer: rc if that is a failure, else the sticky one; out is cut back to start after either. */
int zh_doc__written(zh_jsonw *w, int rc, size_t start);

/* "members" without the braces, for zh_jsonw_members. */
#define ZH_DOC_MEMBERS(w, text) zh_jsonw_members(w, text, sizeof(text) - 1)

#endif
