/* h5value.h - attribute values: elements of an HDF5 file type to JSON text and back (MAPPING.md, attributes). */
#ifndef ZVOL_H5VALUE_H
#define ZVOL_H5VALUE_H

#include "h5type.h"

/* Type and shape of an attribute. */
typedef struct zvol_attr_form {
    zvol_type type; /* owned */
    bool null_space;
    unsigned rank;
    hsize_t dims[H5S_MAX_RANK];
} zvol_attr_form;

void zvol_attr_form_dispose(zvol_attr_form *f);
int zvol_attr_form_capture(zvol_attr_form *out, hid_t type, hid_t space, zh_error *err);
size_t zvol_attr_form_npoints(const zvol_attr_form *f); /* 0 for a null space */

/* Appends the value as JSON. data: npoints elements of the file type, one after the other; VSTRING: char * each (NULL
 * is ""). NULL data: all zero. */
int zvol_value_format(zh_buf *json, const zvol_attr_form *f, const void *data, zh_error *err);

/* Whether what zvol_attr_form_format answers for f is the same for every value. */
bool zvol_attr_form_is_constant(const zvol_attr_form *f);

/* Appends the members of the attribute's entry in _HDF5.attrs ("type":…,"shape":…,"raw":…), or nothing where
 * zvol_attr_form_infer finds the same form and value from the JSON alone. */
int zvol_attr_form_format(zh_buf *h5, const zvol_attr_form *f, const void *data, zh_error *err);

/* The form of a stored attribute: json is its value's text, h5 the entry's members or NULL. A contradiction between the
 * two: h5 is ignored. */
int zvol_attr_form_infer(zvol_attr_form *out, const char *json, const char *h5, zh_error *err);

/* Decodes into data (npoints * type.size bytes, zeroed by the callee). VSTRING: each char * is from zh_strdup, freed by
 * zvol_value_free. */
int zvol_value_parse(void *data, const zvol_attr_form *f, const char *json, const char *h5, zh_error *err);
void zvol_value_free(void *data, const zvol_attr_form *f); /* frees the strings, not data */

/* Members of an object (an entry of _HDF5.attrs, a node's facts) as that object; NULL for NULL, damaged text, or out of
 * memory. */
zh_json *zvol_members_parse(const char *members);

#endif
