/* registry.h - the open stores of this process: opening one store twice shares one tree. */
#ifndef ZVOL_REGISTRY_H
#define ZVOL_REGISTRY_H

#include "handle.h"

/* An open store on the same path, or NULL. */
zvol_store *zvol_store_find(const char *path);

/* Opens or creates the store and a file on it. flags as HDF5 gives them (H5F_ACC_*). NULL with err set on failure. fcpl
 * negative: opening. */
zvol_file *zvol_file_attach_new(const char *name, unsigned flags, hid_t fcpl, hid_t fapl, const zvol_options *opts,
                                zh_error *err);
zvol_file *zvol_file_attach_existing(const char *name, unsigned flags, hid_t fapl, const zvol_options *opts,
                                     zh_error *err);
/* One more file on an open store (H5Freopen). */
zvol_file *zvol_file_attach(zvol_store *s, const char *name, unsigned flags, hid_t fcpl, hid_t fapl, zh_error *err);

/* From now on forks are counted; once a process. */
void zvol_watch_forks(void);
/* ZH_READONLY in a forked child of the process that opened the store. */
int zvol_store_check_owner(const zvol_store *s, zh_error *err);

/* Publishes all that is pending, with a line in the log. */
int zvol_store_flush(zvol_store *s, zh_error *err);

/* Before the last id or object of a file goes: publishes. The first failure of a store is answered, so that the
 * application can make room and try again; the second one, and any while exiting, is reported on stderr and swallowed,
 * because HDF5 would ask for ever. */
int zvol_file_finish(zvol_file *f, zh_error *err);
/* Frees the file if neither ids nor objects are left, and the store with its last file. Writes nothing. */
void zvol_file_drop(zvol_file *f);

/* The first open store, NULL if there is none (for the exit handler). */
zvol_store *zvol_store_first(void);

/* Closes every id on objects opened through file; NULL: on any store of ours (atexit.c). */
void zvol_close_objects_of(const zvol_file *file);

/* True inside the exit handlers: failures cannot be answered with "try again" any more. */
extern bool zvol_exiting;

#endif
