/* handle.h - what stands behind the ids that HDF5 gives out: open stores, files, objects.
 *
 * A zvol_store is one open Zarr store, shared by every file opened on it. A zvol_file is one H5Fcreate or H5Fopen; it
 * lives until its last id and the last object opened through it are gone (HDF5 closes files before their objects as it
 * likes). A zvol_obj is one open group, dataset or attribute and keeps its node alive.
 *
 * States of a store: OPEN (zvol_store_attach) -> FAILED once (a flush at the last close failed: the ids stay valid, so
 * that the application can make room and close again) -> gone (zvol_file_drop: flushed, or given up at the second
 * failure with a line to stderr).
 */
#ifndef ZVOL_HANDLE_H
#define ZVOL_HANDLE_H

#include "dset.h"
#include "h5value.h"
#include "handle_base.h"
#include "info.h"
#include "masquerade.h"

typedef struct zvol_store {
    struct zvol_store *next; /* in the list of open stores (registry.c) */
    zh_tree *tree;
    char *path; /* canonical */
    unsigned long fileno;
    unsigned owner;  /* count of forks at its opening: a forked child neither writes nor publishes */
    unsigned nfiles; /* zvol_files on it */
    bool rdwr;
    bool close_failed; /* the flush at last close failed once */
    zvol_options options;
    zvol_shadows shadows;
} zvol_store;

typedef struct zvol_file {
    zvol_base base;
    zvol_store *store;
    unsigned ids;               /* ids that HDF5 holds on it */
    unsigned objects;           /* open objects */
    unsigned nkind[H5I_NTYPES]; /* the same by kind */
    unsigned flags;             /* H5F_ACC_RDWR or 0 */
    char *name;                 /* as the application gave it */
    hid_t fapl, fcpl; /* own copies; fcpl is negative where the file was opened: a default one is made up on demand */
} zvol_file;

typedef struct zvol_obj {
    zvol_base base;
    zvol_file *file; /* NULL while the handle is being released */
    zh_node *node;   /* referenced */
} zvol_obj;

typedef struct zvol_dataset {
    zvol_obj obj;
    zvol_dset dset;
    hid_t dapl; /* own copy, or negative: default */
} zvol_dataset;

typedef struct zvol_attribute {
    zvol_obj obj;
    char *name; /* follows renames through this handle only */
    zvol_attr_form form;
} zvol_attribute;

/* The file of any of our objects. */
zvol_file *zvol_file_of(void *obj);
/* The node that obj stands for: the root for a file, the owner for an attribute. */
zh_node *zvol_node_of(void *obj);

/* New handle on node (takes a reference), of size bytes beginning with a zvol_obj, zeroed. NULL: out of memory, err
 * set. */
void *zvol_obj_new(void *from, H5I_type_t kind, zh_node *node, size_t size, zh_error *err);
/* Frees the handle; on the last object of the last file writes the store. ZH_OK, or the failure, and then the handle is
 * still valid. */
int zvol_obj_release(zvol_obj *o, zh_error *err);

/* Whether obj's file was opened for writing; sets err otherwise. */
int zvol_check_writable(void *obj, zh_error *err);

/* A property list argument has to be of the class: HDF5 does not check that for connectors. deflt is the default id of
 * that class. */
int zvol_check_plist(hid_t plist, hid_t deflt, hid_t cls, const char *what, zh_error *err);

/* H5I_GROUP or H5I_DATASET; H5O_TYPE_... */
H5I_type_t zvol_node_id_type(const zh_node *node);
H5O_type_t zvol_node_object_type(const zh_node *node);

void zvol_token_of(H5O_token_t *out, const zh_node *node);

/* Set by object.get NAME: how ids are told to be ours (see zvol_id_is_ours). */
extern void *zvol_probe;
/* The handle behind an id, or NULL if the id is not a Zarr object's. Does not touch the error stack. */
void *zvol_handle_of_id(hid_t id);

/* For queries that answer a new id: *out = id; a negative one is the failure in err, or else what HDF5 says. */
int zvol_take_id(hid_t *out, hid_t id, zh_error *err);

/* Copies text to a caller's buffer as HDF5's name calls want it: *len is the whole length, the copy is cut to size - 1
 * and terminated. */
void zvol_copy_name(const char *text, size_t n, char *buf, size_t size, size_t *len);

#endif
