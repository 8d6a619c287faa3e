/* codec_cells.h - cells of any type for the codec tests, and the columns of their tables. */
#ifndef CODEC_CELLS_H
#define CODEC_CELLS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "codec/codec.h"

enum { COLUMNS_MAX = 8, SPECS_MAX = 8 };

/* Fails the test with the library's message. */
void require_ok(int rc, const zh_error *err, const char *what);

/* "<f4", "|O" text, "|Ob" bytes. */
zh_dtype dtype_of(const char *text);
/* "2,3"; "" is a scalar. Answers the rank. */
unsigned shape_of(uint64_t shape[ZH_MAX_RANK], const char *text);
/* A v3 array of codecs, or "v2:" and an array of v2 ones. Answers how many. */
unsigned specs_of(zh_codec_spec specs[SPECS_MAX], const char *text);

enum { PATTERN_ZERO, PATTERN_RAMP, PATTERN_RANDOM, PATTERNS };
/* n cells; variable ones own their data. */
void *cells_new(const zh_dtype *t, size_t n, int pattern);
/* n cells from the "decoded" column. */
void *cells_from_hex(const zh_dtype *t, size_t n, const char *text);
void cells_free(const zh_dtype *t, void *cells, size_t n);
bool cells_equal(const zh_dtype *t, const void *a, const void *b, size_t n);
/* What a failed decode has to leave of variable cells: nothing. */
bool cells_empty(const zh_dtype *t, const void *cells, size_t n);

/* Bytes of hex digits up to '.', tab or the end; *n of them. The caller frees. */
uint8_t *hex_bytes(const char *text, size_t *n);

/* Calls row(columns, count) for every line that is not empty and no comment. Columns are split at tabs. */
void for_each_row(const char *path, void (*row)(char **columns, unsigned count));

#endif
