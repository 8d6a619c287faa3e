/* dset_filters.h - HDF5 filter pipelines and Zarr codecs (MAPPING.md, filters). */
#ifndef ZVOL_DSET_FILTERS_H
#define ZVOL_DSET_FILTERS_H

#include "dset.h"

/* The pipeline of dcpl into d->filters. */
int zvol_filters_capture(zvol_dset *d, hid_t dcpl, zh_error *err);

/* Adds to meta the array-to-bytes codec of d->stored and codecs for d->filters. Refuses mandatory filters without a
 * counterpart. */
int zvol_filters_to_codecs(zh_array_meta *meta, zvol_dset *d, zh_error *err);

/* The pipeline that the codecs of meta alone tell; *out is freed with zh_free. */
int zvol_filters_infer(zvol_filter **out, unsigned *n, const zh_array_meta *meta, zh_error *err);
/* Names apart. */
bool zvol_filters_equal(const zvol_filter *a, unsigned na, const zvol_filter *b, unsigned nb);

/* _HDF5.filters. parse: ZH_UNSUPPORTED for what it does not understand. */
void zvol_filters_format(zh_jsonw *w, const zvol_dset *d);
int zvol_filters_parse(zvol_dset *d, const zh_json *list, zh_error *err);

/* Sets them in a property list; those that this HDF5 does not have are left out. */
void zvol_filters_set(hid_t dcpl, const zvol_dset *d);

#endif
