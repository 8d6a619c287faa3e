/* fill.h - fill values: JSON to cell bytes and back, both formats (FORMAT.md). */
#ifndef ZH_META_FILL_H
#define ZH_META_FILL_H

#include "meta/meta.h"

/* Appends the value of "fill_value" for m (v2: null when !has_fill; v3: always a value). */
void zh_fill_format(zh_jsonw *w, const zh_array_meta *m);

/* Sets m->fill and has_fill from the document's value. ZH_CORRUPT names the value. Lenient: takes all that writers are
 * known to write (hex strings, base64, "NaN", numbers for bool and complex, NCZarr's arrays of one, literals). */
int zh_fill_parse(zh_array_meta *m, const zh_json *value, zh_error *err);

/* Sets n cells to the fill value (variable kinds: the text is duplicated into each cell, zh_malloc). */
int zh_fill_cells(const zh_array_meta *m, void *cells, size_t n, zh_error *err);

#endif
