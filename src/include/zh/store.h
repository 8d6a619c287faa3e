/* store.h - where keys and values live: directory, zip archive, memory.
 *
 * A store maps keys (see base/key.h: '/'-separated, relative) to byte values.
 * All stores answer the same contract, run by tests/contract/store_contract.c:
 *   - get of an absent key answers ZH_NOTFOUND without a message;
 *   - put replaces the whole value; no reader, in this process or another, ever sees
 *     a part of it, unless the caller waived that with ZH_PUT_PLAIN;
 *   - erase of an absent key is ZH_OK;
 *   - put, get, erase may be called from several threads at once for different keys
 *     when the store has ZH_STORE_CONCURRENT, otherwise the store serialises them itself
 *     (calls are always safe; the bit says that they overlap);
 *   - flush makes all that was put visible to other readers (zip: publishes the archive);
 *   - close flushes nothing by itself: unflushed values of a zip store are dropped.
 */
#ifndef ZH_STORE_H
#define ZH_STORE_H

#include "zh/zh.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct zh_store zh_store;
struct zh_buf;

/* Promises, positive only: the absence of a bit is always the safe reading. */
enum zh_store_caps {
    ZH_STORE_WRITE = 1u << 0,      /* opened for writing */
    ZH_STORE_CONCURRENT = 1u << 1, /* calls from several threads overlap */
    ZH_STORE_ERASE = 1u << 2,      /* values once flushed can be erased */
    ZH_STORE_IMMEDIATE = 1u << 3,  /* a put is visible to other readers without flush */
    ZH_STORE_MOVE = 1u << 4        /* zh_store_move */
};

enum zh_put_flags {
    ZH_PUT_PLAIN = 1u << 0,  /* nothing refers to this key yet: may be written in place, without rename */
    ZH_PUT_NEWDIR = 1u << 1, /* hint: the key's directory does probably not exist yet */
    ZH_PUT_EXCL = 1u << 2    /* ZH_EXISTS if the key exists; exclusive against other processes */
};

enum zh_move_flags {
    ZH_MOVE_EXCHANGE = 1u << 0 /* the two prefixes change places */
};

typedef enum zh_open_mode {
    ZH_OPEN_READ,   /* must exist */
    ZH_OPEN_WRITE,  /* must exist; read and write */
    ZH_CREATE_EXCL, /* must not exist (a directory may exist if it is empty) */
    ZH_CREATE_TRUNC /* an existing Zarr store or plain file of this name is emptied; anything else is refused */
} zh_open_mode;

/* A key found by zh_store_list: one direct child of the prefix. */
typedef int (*zh_list_fn)(void *payload, const char *name, bool is_prefix, zh_error *err);

/* For authors of stores. All but get, put, list and close may be NULL (ZH_UNSUPPORTED).
 * Called through the zh_store_* functions below only, which check arguments and caps once. */
typedef struct zh_store_ops {
    unsigned version; /* ZH_STORE_OPS_VERSION */
    const char *kind; /* "directory", "zip", "memory": for messages */
    int (*get)(zh_store *s, const char *key, struct zh_buf *out, zh_error *err);
    int (*get_range)(zh_store *s, const char *key, uint64_t offset, size_t len, void *out, size_t *got, zh_error *err);
    int (*size)(zh_store *s, const char *key, uint64_t *out, zh_error *err);
    int (*put)(zh_store *s, const char *key, const void *p, size_t n, unsigned flags, zh_error *err);
    int (*erase)(zh_store *s, const char *key, zh_error *err);
    int (*erase_prefix)(zh_store *s, const char *prefix, zh_error *err);
    int (*list)(zh_store *s, const char *prefix, zh_list_fn fn, void *payload, zh_error *err);
    int (*list_temporary)(zh_store *s, const char *prefix, zh_list_fn fn, void *payload, zh_error *err);
    int (*move)(zh_store *s, const char *from, const char *to, unsigned flags, zh_error *err);
    int (*lock)(zh_store *s, zh_error *err);
    void (*unlock)(zh_store *s);
    int (*flush)(zh_store *s, zh_error *err);
    int (*sync)(zh_store *s, zh_error *err);
    int (*folds_names)(zh_store *s, bool *out, zh_error *err);
    void (*close)(zh_store *s);
} zh_store_ops;
#define ZH_STORE_OPS_VERSION 3u

/* First member of every store's own struct. */
struct zh_store {
    const zh_store_ops *ops;
    uint32_t caps;  /* enum zh_store_caps; fixed once opened */
    unsigned depth; /* requests in flight that pay by default; 0: one per CPU */
    char *url;      /* the name given at opening, for messages; owned (zh_malloc family) */
};

/* Directory at path. Nothing outside it is ever touched: keys are resolved relative to the root's
 * descriptor. ZH_CREATE_*: the directory is made at once (parents are not). TRUNC removes the old content
 * of a directory only if it is empty, a store that was never finished, or one with a root document: a file
 * zarr.json, .zgroup or .zarray that holds a JSON object with the zarr_format of its name (3, 2, 2). Anything
 * else stays as it is: ZH_EXISTS. So does, for EXCL too, a directory in which somebody is making a store: one that was
 * created and has no root document yet, and whose handle is open in some process. */
ZH_API int zh_store_dir_open(zh_store **out, const char *path, zh_open_mode mode, zh_error *err);

/* Zip archive at path; see store_zip.c for the states. Opened for reading: the archive's central directory.
 * Opened for writing: values wait in an unnamed temporary file beside the archive, and flush writes a whole new
 * archive (metadata documents first, breadth-first, then chunks; entries stored, no duplicate names) and renames it
 * over path; ZH_RACE, and nothing is written, if the archive is not the one that was opened any more. */
ZH_API int zh_store_zip_open(zh_store **out, const char *path, zh_open_mode mode, zh_error *err);

/* In memory; gone at close. */
ZH_API int zh_store_mem_open(zh_store **out, zh_error *err);

/* Existing stores by what they are: a directory, or a file that is a zip archive.
 * ZH_NOTFOUND: nothing there, or neither. */
ZH_API int zh_store_open(zh_store **out, const char *path, zh_open_mode mode, zh_error *err);

ZH_API int zh_store_get(zh_store *s, const char *key, struct zh_buf *out, zh_error *err); /* appends to out */
ZH_API int zh_store_get_range(zh_store *s, const char *key, uint64_t offset, size_t len, void *out, size_t *got,
                              zh_error *err);
ZH_API int zh_store_size(zh_store *s, const char *key, uint64_t *out, zh_error *err);
ZH_API int zh_store_put(zh_store *s, const char *key, const void *p, size_t n, unsigned flags, zh_error *err);
ZH_API int zh_store_erase(zh_store *s, const char *key, zh_error *err);
ZH_API int zh_store_erase_prefix(zh_store *s, const char *prefix,
                                 zh_error *err); /* all keys below prefix + "/"; "" is the whole store */
ZH_API int zh_store_list(zh_store *s, const char *prefix, zh_list_fn fn, void *payload,
                         zh_error *err); /* direct children; "" is the root; ZH_OK if none */

/* Names ".….zh-tmp" are this library's own, for what is not finished. A key may have such a segment, and all calls but
 * zh_store_list, which does not show it, work on it as on any other. No zip archive gets such keys: they stay with the
 * store that they were put into until they are moved, erased or the store is closed; flushed values that were moved to
 * one are gone after the next flush. */
ZH_API bool zh_store_is_temporary(const char *name);
ZH_API void zh_store_temporary_name(zh_store *s, char out[64]); /* one that nobody uses, in other processes either */
/* What zh_store_list hides, but the mark of a directory store that is being made. */
ZH_API int zh_store_list_temporary(zh_store *s, const char *prefix, zh_list_fn fn, void *payload, zh_error *err);

/* Moves all keys below the prefix `from` to below `to`, as one step for all readers; parents of `to` are made. Neither
 * may be the other or lie in it (ZH_INVALID). ZH_NOTFOUND without message: there is nothing below `from` (exchange: or
 * `to`). ZH_EXISTS: there is something at or below `to`. ZH_UNSUPPORTED: the store cannot, or not between these two
 * (file systems that cannot exchange, mount points; sys_errno says which). ZH_RANGE: a key would become too long; a
 * directory does not look, and such a key is out of reach then. After a failure all is as it was.
 *
 * Puts of other threads through this store go to one place or the other, whole. Those of another process that puts
 * below `from` or `to` at the same time may follow what is moved: zh_store_lock keeps such apart. */
ZH_API int zh_store_move(zh_store *s, const char *from, const char *to, unsigned flags, zh_error *err);

/* An advisory lock that keeps creators of nodes in one store apart: threads with one handle, handles, processes. Waits
 * until it is free, goes with the process that holds it, and is not recursive: ZH_INVALID for a thread
 * that has it through this handle already. Where a file system has no locks, and for a zip archive, which one handle
 * writes, it keeps apart those who use one handle. A child forked while it is held keeps it when its parent dies
 * without unlocking. */
ZH_API int zh_store_lock(zh_store *s, zh_error *err);
ZH_API void zh_store_unlock(zh_store *s);

ZH_API int zh_store_flush(zh_store *s, zh_error *err);
/* A flush that returns when everything lies on the medium: a loss of power takes nothing of it. Waits for what other
 * programs have written to the same file system, too. */
ZH_API int zh_store_sync(zh_store *s, zh_error *err);

/* Does the store take different names for one, such as "A" and "a", or two forms of one Unicode text? A directory asks
 * its file system, by a temporary file, the first time; false for a store that is open for reading. */
ZH_API int zh_store_folds_names(zh_store *s, bool *out, zh_error *err);

ZH_API void zh_store_close(zh_store *s); /* NULL is fine */

/* Removes the store at path whole: a directory with a root document as ZH_CREATE_TRUNC wants it (or a damaged one in a
 * store that was never finished), or a zip archive with an entry of such a name. Anything else, and an absent path, is
 * refused (ZH_INVALID, ZH_NOTFOUND). */
ZH_API int zh_store_delete(const char *path, zh_error *err);
ZH_API uint32_t zh_store_caps(const zh_store *s);
ZH_API unsigned zh_store_depth(const zh_store *s); /* how many requests in flight pay; 0: one per CPU */
ZH_API const char *zh_store_url(const zh_store *s);

/* What lies at path, cheaply and without opening a store. Never follows a whole tree. */
typedef enum zh_path_kind {
    ZH_PATH_ABSENT,
    ZH_PATH_ZARR_DIR,
    ZH_PATH_ZARR_ZIP,
    ZH_PATH_EMPTY_DIR,
    ZH_PATH_OTHER_DIR,
    ZH_PATH_HDF5,
    ZH_PATH_OTHER_FILE
} zh_path_kind;
ZH_API int zh_path_probe(zh_path_kind *out, const char *path, zh_error *err);

#ifdef __cplusplus
}
#endif
#endif
